//! What is compiled for processors that have more than the baseline, and chosen when the program runs.
//!
//! The only unsafe code of this crate. A function that uses certain instructions may be called on processors
//! that have them; each call stands here behind the question whether this one does. What such functions do is
//! safe code; only the loads and stores of whole vectors, which know memory by its address, stand here too.

#![cfg_attr(
    target_arch = "x86_64",
    expect(
        unsafe_code,
        reason = "calling functions for certain processors, and their loads and stores; each says why it may"
    )
)]

use crate::sm3;

#[cfg(target_arch = "x86_64")]
pub(crate) use x86::*;

/// Whether this processor has all these instructions; tests also do without them.
#[cfg(target_arch = "x86_64")]
macro_rules! has {
    ($($feature:tt),+) => { !is_only_portable() && $(std::arch::is_x86_feature_detected!($feature))&&+ };
}

#[cfg(any(test, feature = "constant-time-check"))]
thread_local! {
    static ONLY_PORTABLE: std::cell::Cell<bool> = const { std::cell::Cell::new(false) };
}

/// From now on this thread computes as on a processor of which nothing is known.
#[cfg(any(test, feature = "constant-time-check"))]
pub(crate) fn use_only_portable() {
    ONLY_PORTABLE.set(true);
}

#[cfg(all(target_arch = "x86_64", any(test, feature = "constant-time-check")))]
fn is_only_portable() -> bool {
    ONLY_PORTABLE.get()
}

#[cfg(all(target_arch = "x86_64", not(any(test, feature = "constant-time-check"))))]
#[inline(always)]
fn is_only_portable() -> bool {
    false
}

/// Does `work`, compiled for processors that have what long multiplications and choices from tables gain from: MULX,
/// ADX and AVX2.
#[inline(always)]
pub(crate) fn with_long_arithmetic<T>(work: impl FnOnce() -> T) -> T {
    #[cfg(target_arch = "x86_64")]
    if has!("bmi2", "adx", "avx2") {
        // SAFETY: the processor has the instructions for which the function was compiled; it is safe code
        // otherwise.
        return unsafe { x86::with_long_arithmetic(work) };
    }
    work()
}

/// Entry `magnitude` of a table of SM2, counted from 1, or zeros for 0, if this processor has vectors for it.
#[inline(always)]
pub(crate) fn sm2_select(window: &[[u64; 8]], magnitude: u64) -> Option<[u64; 8]> {
    #[cfg(target_arch = "x86_64")]
    if has!("avx2") {
        // SAFETY: as above.
        return Some(unsafe { crate::sm2::x86::select(window, magnitude) });
    }
    #[cfg(not(target_arch = "x86_64"))]
    let _ = (window, magnitude);
    None
}

/// V of SM3 after `blocks`.
pub(crate) fn sm3_update(v: &mut [u32; 8], blocks: &[[u8; 64]]) {
    #[cfg(target_arch = "x86_64")]
    if has!("bmi1", "bmi2") {
        // SAFETY: the processor has the instructions for which the function was compiled; it is safe code
        // otherwise.
        return unsafe { sm3::x86::bmi::update(v, blocks) };
    }
    sm3::portable::update(v, blocks);
}

/// How SM3 goes on from V of some messages by blocks of each.
pub(crate) type Sm3Update<const LANES: usize> = fn(&mut sm3::State<LANES>, &[&[[u8; 64]]; LANES]);

/// SM3 of 16 messages side by side, if this processor can: AVX-512.
pub(crate) fn sm3_update_16() -> Option<Sm3Update<16>> {
    #[cfg(target_arch = "x86_64")]
    if has!("avx512f", "avx512bw") {
        // SAFETY: as above; the function is given away only here.
        return Some(|state, messages| unsafe { sm3::x86::wide::update(state, messages) });
    }
    None
}

/// SM3 of 8 messages side by side, if this processor can: AVX-512, for which that is about as much work as one
/// message alone.
pub(crate) fn sm3_update_8_at_once() -> Option<Sm3Update<8>> {
    #[cfg(target_arch = "x86_64")]
    if has!("avx2", "avx512f", "avx512vl") {
        // SAFETY: as above.
        return Some(|state, messages| unsafe { sm3::x86::narrow::update(state, messages) });
    }
    None
}

/// SM3 of 8 messages side by side, if this processor can: AVX2.
pub(crate) fn sm3_update_8() -> Option<Sm3Update<8>> {
    #[cfg(target_arch = "x86_64")]
    if has!("avx2") {
        // SAFETY: as above.
        return Some(|state, messages| unsafe { sm3::x86::avx2::update(state, messages) });
    }
    None
}

/// Vectors of this processor for SM4 and GHASH: only [`detect`](Self::detect) makes one, so having it proves that
/// the processor has the instructions.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Sm4Vectors(Kind);

#[cfg(target_arch = "x86_64")]
#[derive(Clone, Copy, Debug)]
enum Kind {
    /// AVX-512, GFNI, VPCLMULQDQ.
    Wide,
    /// AVX2, GFNI, PCLMULQDQ.
    Gfni,
    /// AVX2, AES-NI, PCLMULQDQ.
    Aes,
}

#[cfg(not(target_arch = "x86_64"))]
#[derive(Clone, Copy, Debug)]
enum Kind {}

#[cfg(target_arch = "x86_64")]
impl Sm4Vectors {
    /// What this processor has, the fastest first.
    pub(crate) fn detect() -> impl Iterator<Item = Self> {
        let avx2 = has!("avx2", "pclmulqdq");
        let gfni = avx2 && has!("gfni");
        let avx512 = has!("avx512f", "avx512bw", "avx512vl", "vpclmulqdq");
        let kinds = [
            (Kind::Wide, gfni && avx512),
            (Kind::Gfni, gfni),
            (Kind::Aes, avx2 && has!("aes")),
        ];
        kinds
            .into_iter()
            .filter_map(|(kind, here)| here.then_some(Self(kind)))
    }

    /// See `sm4/engine.rs`.
    pub(crate) fn sm4_round_keys(self, key: &[u8; 16]) -> [u32; 32] {
        use crate::sm4::x86;
        // SAFETY: the processor has the instructions of each kind, which is made nowhere but in `detect`; the
        // functions are safe code otherwise.
        unsafe {
            match self.0 {
                Kind::Wide => x86::wide::round_keys(key),
                Kind::Gfni => x86::gfni::round_keys(key),
                Kind::Aes => x86::aes::round_keys(key),
            }
        }
    }

    /// See `sm4/engine.rs`.
    pub(crate) fn crypt_blocks(self, round_keys: &[u32; 32], blocks: &mut [[u8; 16]]) {
        use crate::sm4::x86;
        // SAFETY: as above.
        unsafe {
            match self.0 {
                Kind::Wide => x86::wide::crypt_blocks(round_keys, blocks),
                Kind::Gfni => x86::gfni::crypt_blocks(round_keys, blocks),
                Kind::Aes => x86::aes::crypt_blocks(round_keys, blocks),
            }
        }
    }

    /// See `sm4/engine.rs`.
    pub(crate) fn xor_key_stream(self, round_keys: &[u32; 32], counter: &[u8; 16], data: &mut [u8]) {
        use crate::sm4::x86;
        // SAFETY: as above.
        unsafe {
            match self.0 {
                Kind::Wide => x86::wide::xor_key_stream(round_keys, counter, data),
                Kind::Gfni => x86::gfni::xor_key_stream(round_keys, counter, data),
                Kind::Aes => x86::aes::xor_key_stream(round_keys, counter, data),
            }
        }
    }

    /// See `sm4/engine.rs`.
    pub(crate) fn ghash_powers(self, h: u128, count: usize) -> crate::sm4::Powers {
        // SAFETY: every kind has AVX2 and PCLMULQDQ.
        unsafe { crate::sm4::x86_ghash::powers(h, count) }
    }

    /// See `sm4/engine.rs`.
    pub(crate) fn ghash(self, powers: &crate::sm4::Powers, y: u128, blocks: &[[u8; 16]]) -> u128 {
        use crate::sm4::x86_ghash;
        // SAFETY: as above; `Wide` also has AVX-512 and VPCLMULQDQ.
        unsafe {
            match self.0 {
                Kind::Wide => x86_ghash::update_wide(powers, y, blocks),
                Kind::Gfni | Kind::Aes => x86_ghash::update(powers, y, blocks),
            }
        }
    }
}

/// Other processors: there is no kind, so nothing is detected and nothing here is ever called.
#[cfg(not(target_arch = "x86_64"))]
impl Sm4Vectors {
    pub(crate) fn detect() -> impl Iterator<Item = Self> {
        std::iter::empty()
    }

    pub(crate) fn sm4_round_keys(self, _: &[u8; 16]) -> [u32; 32] {
        match self.0 {}
    }

    pub(crate) fn crypt_blocks(self, _: &[u32; 32], _: &mut [[u8; 16]]) {
        match self.0 {}
    }

    pub(crate) fn xor_key_stream(self, _: &[u32; 32], _: &[u8; 16], _: &mut [u8]) {
        match self.0 {}
    }

    pub(crate) fn ghash_powers(self, _: u128, _: usize) -> crate::sm4::Powers {
        match self.0 {}
    }

    pub(crate) fn ghash(self, _: &crate::sm4::Powers, _: u128, _: &[[u8; 16]]) -> u128 {
        match self.0 {}
    }
}

#[cfg(target_arch = "x86_64")]
mod x86 {
    use std::arch::x86_64::*;

    #[target_feature(enable = "bmi2,adx,avx2")]
    pub(super) fn with_long_arithmetic<T>(work: impl FnOnce() -> T) -> T {
        work()
    }

    #[target_feature(enable = "avx2")]
    #[inline]
    pub(crate) fn load_128(bytes: &[u8; 16]) -> __m128i {
        // SAFETY: the reference is to 16 bytes that may be read; this load asks for no alignment.
        unsafe { _mm_loadu_si128(bytes.as_ptr().cast()) }
    }

    #[target_feature(enable = "avx2")]
    #[inline]
    pub(crate) fn load_256(bytes: &[u8; 32]) -> __m256i {
        // SAFETY: as above, 32 bytes.
        unsafe { _mm256_loadu_si256(bytes.as_ptr().cast()) }
    }

    #[target_feature(enable = "avx512f")]
    #[inline]
    pub(crate) fn load_512(bytes: &[u8; 64]) -> __m512i {
        // SAFETY: as above, 64 bytes.
        unsafe { _mm512_loadu_si512(bytes.as_ptr().cast()) }
    }

    #[target_feature(enable = "avx2")]
    #[inline]
    pub(crate) fn store_256(bytes: &mut [u8; 32], x: __m256i) {
        // SAFETY: the reference is to 32 bytes that may be written; this store asks for no alignment.
        unsafe { _mm256_storeu_si256(bytes.as_mut_ptr().cast(), x) }
    }

    #[target_feature(enable = "avx512f")]
    #[inline]
    pub(crate) fn store_512(bytes: &mut [u8; 64], x: __m512i) {
        // SAFETY: as above, 64 bytes.
        unsafe { _mm512_storeu_si512(bytes.as_mut_ptr().cast(), x) }
    }

    #[target_feature(enable = "avx2")]
    #[inline]
    pub(crate) fn load_limbs_256(limbs: &[u64; 4]) -> __m256i {
        // SAFETY: the reference is to 32 bytes that may be read; this load asks for no alignment.
        unsafe { _mm256_loadu_si256(limbs.as_ptr().cast()) }
    }

    #[target_feature(enable = "avx2")]
    #[inline]
    pub(crate) fn store_limbs_256(limbs: &mut [u64; 4], x: __m256i) {
        // SAFETY: the reference is to 32 bytes that may be written; this store asks for no alignment.
        unsafe { _mm256_storeu_si256(limbs.as_mut_ptr().cast(), x) }
    }

    #[target_feature(enable = "avx2")]
    #[inline]
    pub(crate) fn load_words_256(words: &[u32; 8]) -> __m256i {
        // SAFETY: the reference is to 32 bytes that may be read; this load asks for no alignment.
        unsafe { _mm256_loadu_si256(words.as_ptr().cast()) }
    }

    #[target_feature(enable = "avx512f")]
    #[inline]
    pub(crate) fn load_words_512(words: &[u32; 16]) -> __m512i {
        // SAFETY: as above, 64 bytes.
        unsafe { _mm512_loadu_si512(words.as_ptr().cast()) }
    }

    #[target_feature(enable = "avx2")]
    #[inline]
    pub(crate) fn store_words_256(words: &mut [u32; 8], x: __m256i) {
        // SAFETY: the reference is to 32 bytes that may be written; this store asks for no alignment.
        unsafe { _mm256_storeu_si256(words.as_mut_ptr().cast(), x) }
    }

    #[target_feature(enable = "avx512f")]
    #[inline]
    pub(crate) fn store_words_512(words: &mut [u32; 16], x: __m512i) {
        // SAFETY: as above, 64 bytes.
        unsafe { _mm512_storeu_si512(words.as_mut_ptr().cast(), x) }
    }
}
