//! SM3 with the instructions of x86-64: one message with three-operand rotations, or 8 or 16 messages side by side,
//! lane i of every vector belonging to message i. Eight lanes exist twice: AVX-512 also knows rotations and functions
//! of three operands for vectors of half its width.
//!
//! Safe code for certain processors; `simd.rs` calls it on those.

use std::arch::x86_64::*;

use super::lanes::State;
use super::rounds::{compression, rounds, scalar};
use crate::simd::{load_256, load_512, load_words_256, load_words_512, store_words_256, store_words_512};

/// BMI.
pub(crate) mod bmi {
    use super::*;

    scalar!(#[target_feature(enable = "bmi1,bmi2")]);
}

/// AVX-512.
pub(crate) mod wide {
    use super::*;

    compression!(
        #[target_feature(enable = "avx512f,avx512bw")]
        __m512i
    );

    /// V of 16 messages after their blocks, of which each has as many.
    #[target_feature(enable = "avx512f,avx512bw")]
    pub(crate) fn update(state: &mut State<16>, messages: &[&[[u8; 64]]; 16]) {
        let mut v = [_mm512_setzero_si512(); 8];
        for (v, words) in v.iter_mut().zip(&*state) {
            *v = load_words_512(words);
        }
        for at in 0..messages[0].len() {
            let mut rows = [_mm512_setzero_si512(); 16];
            for (row, blocks) in rows.iter_mut().zip(messages) {
                *row = swap_bytes(load_512(&blocks[at]));
            }
            compress(&mut v, transpose(rows));
        }
        for (words, v) in state.iter_mut().zip(v) {
            store_words_512(words, v);
        }
    }

    /// From 16 words of each message to the same word of 16 messages.
    #[target_feature(enable = "avx512f")]
    #[inline]
    fn transpose(rows: [__m512i; 16]) -> [__m512i; 16] {
        let mut quads = [_mm512_setzero_si512(); 16];
        for (i, [a, b, c, d]) in rows.as_chunks::<4>().0.iter().enumerate() {
            let (ab, ab_high) = (_mm512_unpacklo_epi32(*a, *b), _mm512_unpackhi_epi32(*a, *b));
            let (cd, cd_high) = (_mm512_unpacklo_epi32(*c, *d), _mm512_unpackhi_epi32(*c, *d));
            // Lane l of quads[4i + j]: word 4l + j of messages 4i … 4i + 3.
            quads[4 * i] = _mm512_unpacklo_epi64(ab, cd);
            quads[4 * i + 1] = _mm512_unpackhi_epi64(ab, cd);
            quads[4 * i + 2] = _mm512_unpacklo_epi64(ab_high, cd_high);
            quads[4 * i + 3] = _mm512_unpackhi_epi64(ab_high, cd_high);
        }
        let mut words = [_mm512_setzero_si512(); 16];
        for j in 0..4 {
            let [a, b, c, d] = [quads[j], quads[4 + j], quads[8 + j], quads[12 + j]];
            let (ab, ab_high) = (
                _mm512_shuffle_i32x4::<0x44>(a, b),
                _mm512_shuffle_i32x4::<0xee>(a, b),
            );
            let (cd, cd_high) = (
                _mm512_shuffle_i32x4::<0x44>(c, d),
                _mm512_shuffle_i32x4::<0xee>(c, d),
            );
            words[j] = _mm512_shuffle_i32x4::<0x88>(ab, cd);
            words[4 + j] = _mm512_shuffle_i32x4::<0xdd>(ab, cd);
            words[8 + j] = _mm512_shuffle_i32x4::<0x88>(ab_high, cd_high);
            words[12 + j] = _mm512_shuffle_i32x4::<0xdd>(ab_high, cd_high);
        }
        words
    }

    #[target_feature(enable = "avx512f,avx512bw")]
    #[inline]
    fn swap_bytes(x: __m512i) -> __m512i {
        let order = _mm_set_epi8(12, 13, 14, 15, 8, 9, 10, 11, 4, 5, 6, 7, 0, 1, 2, 3);
        _mm512_shuffle_epi8(x, _mm512_broadcast_i32x4(order))
    }

    #[target_feature(enable = "avx512f")]
    #[inline]
    fn add(a: __m512i, b: __m512i) -> __m512i {
        _mm512_add_epi32(a, b)
    }

    #[target_feature(enable = "avx512f")]
    #[inline]
    fn xor(a: __m512i, b: __m512i) -> __m512i {
        _mm512_xor_si512(a, b)
    }

    #[target_feature(enable = "avx512f")]
    #[inline]
    fn xor3(a: __m512i, b: __m512i, c: __m512i) -> __m512i {
        _mm512_ternarylogic_epi32::<0x96>(a, b, c)
    }

    #[target_feature(enable = "avx512f")]
    #[inline]
    fn rotate<const BITS: i32>(a: __m512i) -> __m512i {
        _mm512_rol_epi32::<BITS>(a)
    }

    #[target_feature(enable = "avx512f")]
    #[inline]
    fn splat(number: u32) -> __m512i {
        _mm512_set1_epi32(number as i32)
    }

    #[target_feature(enable = "avx512f")]
    #[inline]
    fn majority(a: __m512i, b: __m512i, c: __m512i) -> __m512i {
        _mm512_ternarylogic_epi32::<0xe8>(a, b, c)
    }

    #[target_feature(enable = "avx512f")]
    #[inline]
    fn choose(a: __m512i, b: __m512i, c: __m512i) -> __m512i {
        _mm512_ternarylogic_epi32::<0xca>(a, b, c)
    }
}

/// Eight lanes: what both kinds share; they differ in `xor3`, `rotate`, `majority` and `choose`.
macro_rules! eight_lanes {
    ($features:literal) => {
        compression!(
            #[target_feature(enable = $features)]
            __m256i
        );

        /// V of 8 messages after their blocks, of which each has as many.
        #[target_feature(enable = $features)]
        pub(crate) fn update(state: &mut State<8>, messages: &[&[[u8; 64]]; 8]) {
            let mut v = [_mm256_setzero_si256(); 8];
            for (v, words) in v.iter_mut().zip(&*state) {
                *v = load_words_256(words);
            }
            for at in 0..messages[0].len() {
                let mut words = [_mm256_setzero_si256(); 16];
                for half in 0..2 {
                    let mut rows = [_mm256_setzero_si256(); 8];
                    for (row, blocks) in rows.iter_mut().zip(messages) {
                        *row = swap_bytes(load_256(&blocks[at].as_chunks().0[half]));
                    }
                    words[8 * half..][..8].copy_from_slice(&transpose(rows));
                }
                compress(&mut v, words);
            }
            for (words, v) in state.iter_mut().zip(v) {
                store_words_256(words, v);
            }
        }

        /// From 8 words of each message to the same word of 8 messages.
        #[target_feature(enable = $features)]
        #[inline]
        fn transpose(rows: [__m256i; 8]) -> [__m256i; 8] {
            let mut quads = [_mm256_setzero_si256(); 8];
            for (i, [a, b, c, d]) in rows.as_chunks::<4>().0.iter().enumerate() {
                let (ab, ab_high) = (_mm256_unpacklo_epi32(*a, *b), _mm256_unpackhi_epi32(*a, *b));
                let (cd, cd_high) = (_mm256_unpacklo_epi32(*c, *d), _mm256_unpackhi_epi32(*c, *d));
                // Lane l of quads[4i + j]: word 4l + j of messages 4i … 4i + 3.
                quads[4 * i] = _mm256_unpacklo_epi64(ab, cd);
                quads[4 * i + 1] = _mm256_unpackhi_epi64(ab, cd);
                quads[4 * i + 2] = _mm256_unpacklo_epi64(ab_high, cd_high);
                quads[4 * i + 3] = _mm256_unpackhi_epi64(ab_high, cd_high);
            }
            let mut words = [_mm256_setzero_si256(); 8];
            for j in 0..4 {
                words[j] = _mm256_permute2x128_si256::<0x20>(quads[j], quads[4 + j]);
                words[4 + j] = _mm256_permute2x128_si256::<0x31>(quads[j], quads[4 + j]);
            }
            words
        }

        #[target_feature(enable = $features)]
        #[inline]
        fn swap_bytes(x: __m256i) -> __m256i {
            let order = _mm_set_epi8(12, 13, 14, 15, 8, 9, 10, 11, 4, 5, 6, 7, 0, 1, 2, 3);
            _mm256_shuffle_epi8(x, _mm256_broadcastsi128_si256(order))
        }

        #[target_feature(enable = $features)]
        #[inline]
        fn add(a: __m256i, b: __m256i) -> __m256i {
            _mm256_add_epi32(a, b)
        }

        #[target_feature(enable = $features)]
        #[inline]
        fn xor(a: __m256i, b: __m256i) -> __m256i {
            _mm256_xor_si256(a, b)
        }

        #[target_feature(enable = $features)]
        #[inline]
        fn splat(number: u32) -> __m256i {
            _mm256_set1_epi32(number as i32)
        }
    };
}

/// AVX2.
pub(crate) mod avx2 {
    use super::*;

    eight_lanes!("avx2");

    #[target_feature(enable = "avx2")]
    #[inline]
    fn xor3(a: __m256i, b: __m256i, c: __m256i) -> __m256i {
        xor(a, xor(b, c))
    }

    #[target_feature(enable = "avx2")]
    #[inline]
    fn rotate<const BITS: u32>(a: __m256i) -> __m256i {
        let (left, right) = (
            _mm_cvtsi32_si128(BITS as i32),
            _mm_cvtsi32_si128(32 - BITS as i32),
        );
        _mm256_or_si256(_mm256_sll_epi32(a, left), _mm256_srl_epi32(a, right))
    }

    #[target_feature(enable = "avx2")]
    #[inline]
    fn majority(a: __m256i, b: __m256i, c: __m256i) -> __m256i {
        let either = _mm256_and_si256(c, _mm256_or_si256(a, b));
        _mm256_or_si256(_mm256_and_si256(a, b), either)
    }

    #[target_feature(enable = "avx2")]
    #[inline]
    fn choose(a: __m256i, b: __m256i, c: __m256i) -> __m256i {
        _mm256_or_si256(_mm256_and_si256(a, b), _mm256_andnot_si256(a, c))
    }
}

/// AVX-512 on vectors of 256 bits: about as fast as one message alone.
pub(crate) mod narrow {
    use super::*;

    eight_lanes!("avx2,avx512f,avx512vl");

    #[target_feature(enable = "avx2,avx512f,avx512vl")]
    #[inline]
    fn xor3(a: __m256i, b: __m256i, c: __m256i) -> __m256i {
        _mm256_ternarylogic_epi32::<0x96>(a, b, c)
    }

    #[target_feature(enable = "avx2,avx512f,avx512vl")]
    #[inline]
    fn rotate<const BITS: i32>(a: __m256i) -> __m256i {
        _mm256_rol_epi32::<BITS>(a)
    }

    #[target_feature(enable = "avx2,avx512f,avx512vl")]
    #[inline]
    fn majority(a: __m256i, b: __m256i, c: __m256i) -> __m256i {
        _mm256_ternarylogic_epi32::<0xe8>(a, b, c)
    }

    #[target_feature(enable = "avx2,avx512f,avx512vl")]
    #[inline]
    fn choose(a: __m256i, b: __m256i, c: __m256i) -> __m256i {
        _mm256_ternarylogic_epi32::<0xca>(a, b, c)
    }
}
