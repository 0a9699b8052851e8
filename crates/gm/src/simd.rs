//! What is compiled for processors that have more than the baseline, and chosen when the program runs.
//!
//! The only unsafe code of this crate. A function that uses certain instructions may be called on processors
//! that have them; each call stands here behind the question whether this one does.

#![expect(
    unsafe_code,
    reason = "calling functions for certain processors; each call says why it may"
)]

use crate::sm3_lanes::{State, Words, compress};

/// Whether [`sm3_compress_16`] may be called: AVX-512.
pub(crate) fn has_16_lanes() -> bool {
    #[cfg(target_arch = "x86_64")]
    return std::arch::is_x86_feature_detected!("avx512f")
        && std::arch::is_x86_feature_detected!("avx512bw")
        && std::arch::is_x86_feature_detected!("avx512vl");
    #[cfg(not(target_arch = "x86_64"))]
    false
}

/// Whether [`sm3_compress_8`] is fast: AVX2.
pub(crate) fn has_8_lanes() -> bool {
    #[cfg(target_arch = "x86_64")]
    return std::arch::is_x86_feature_detected!("avx2");
    #[cfg(not(target_arch = "x86_64"))]
    false
}

/// One block of 16 messages.
pub(crate) fn sm3_compress_16(state: &mut State<16>, block: &[Words<16>; 16]) {
    #[cfg(target_arch = "x86_64")]
    if has_16_lanes() {
        // SAFETY: the processor has the instructions for which the function was compiled; it is safe code
        // otherwise.
        return unsafe { x86::sm3_compress_16(state, block) };
    }
    compress(state, block);
}

/// One block of 8 messages.
pub(crate) fn sm3_compress_8(state: &mut State<8>, block: &[Words<8>; 16]) {
    #[cfg(target_arch = "x86_64")]
    if has_8_lanes() {
        // SAFETY: as above.
        return unsafe { x86::sm3_compress_8(state, block) };
    }
    compress(state, block);
}

#[cfg(target_arch = "x86_64")]
mod x86 {
    use super::{State, Words, compress};

    #[target_feature(enable = "avx512f,avx512bw,avx512vl")]
    pub(super) fn sm3_compress_16(state: &mut State<16>, block: &[Words<16>; 16]) {
        compress(state, block);
    }

    #[target_feature(enable = "avx2")]
    pub(super) fn sm3_compress_8(state: &mut State<8>, block: &[Words<8>; 16]) {
        compress(state, block);
    }
}
