//! GHASH with the carry-less products of x86-64: many blocks are multiplied by powers of H before one reduction.
//! The representation is that of `ghash.rs`.
//!
//! Safe code for certain processors; `simd.rs` calls it on those.

use std::arch::x86_64::*;

use super::ghash::{POWERS, Powers};
use crate::simd::{load_128, load_512};

/// The lowest `count` of H¹⁶ … H¹, and zeros for the others.
#[target_feature(enable = "avx2,pclmulqdq")]
pub(crate) fn powers(h: u128, count: usize) -> Powers {
    let mut powers = [0; 16 * POWERS];
    let h = from_u128(h);
    let mut power = h;
    let kept = powers.as_chunks_mut::<16>().0.iter_mut().rev().take(count);
    for (i, bytes) in kept.enumerate() {
        if i > 0 {
            power = reduce(multiply(power, h));
        }
        *bytes = to_u128(power).to_le_bytes();
    }
    powers
}

/// Y after `blocks`, with vectors of one block.
#[target_feature(enable = "avx2,pclmulqdq")]
pub(crate) fn update(powers: &Powers, y: u128, blocks: &[[u8; 16]]) -> u128 {
    let powers = powers.as_chunks::<16>().0;
    let mut y = from_u128(y);
    for blocks in blocks.chunks(POWERS) {
        let mut sum = [_mm_setzero_si128(); 3];
        for (block, power) in blocks.iter().zip(&powers[POWERS - blocks.len()..]) {
            let x = _mm_xor_si128(reverse(load_128(block)), y);
            // Y goes into the first only.
            y = _mm_setzero_si128();
            let product = multiply(x, load_128(power));
            for (sum, part) in sum.iter_mut().zip(product) {
                *sum = _mm_xor_si128(*sum, part);
            }
        }
        y = reduce(sum);
    }
    to_u128(y)
}

/// Y after `blocks`, with vectors of four blocks.
#[target_feature(enable = "avx512f,avx512bw,avx512vl,avx2,vpclmulqdq,pclmulqdq")]
pub(crate) fn update_wide(powers: &Powers, y: u128, blocks: &[[u8; 16]]) -> u128 {
    let order = _mm512_broadcast_i32x4(reversed());
    let mut y = y;
    let (chunks, rest) = blocks.as_chunks::<POWERS>();
    for chunk in chunks {
        let mut carried = _mm512_zextsi128_si512(from_u128(y));
        let mut sum = [_mm512_setzero_si512(); 3];
        let pairs = chunk
            .as_flattened()
            .as_chunks::<64>()
            .0
            .iter()
            .zip(powers.as_chunks::<64>().0);
        for (blocks, powers) in pairs {
            let x = _mm512_xor_si512(_mm512_shuffle_epi8(load_512(blocks), order), carried);
            carried = _mm512_setzero_si512();
            let h = load_512(powers);
            let middle = (
                _mm512_clmulepi64_epi128::<0x01>(x, h),
                _mm512_clmulepi64_epi128::<0x10>(x, h),
            );
            sum[0] = _mm512_xor_si512(sum[0], _mm512_clmulepi64_epi128::<0x00>(x, h));
            sum[1] = _mm512_ternarylogic_epi32::<0x96>(sum[1], middle.0, middle.1);
            sum[2] = _mm512_xor_si512(sum[2], _mm512_clmulepi64_epi128::<0x11>(x, h));
        }
        y = to_u128(reduce(sum.map(|x| add_lanes(x))));
    }
    if rest.is_empty() {
        y
    } else {
        update(powers, y, rest)
    }
}

/// The four 128-bit parts, added.
#[target_feature(enable = "avx512f,avx2")]
#[inline]
fn add_lanes(x: __m512i) -> __m128i {
    let x = _mm256_xor_si256(_mm512_castsi512_si256(x), _mm512_extracti64x4_epi64::<1>(x));
    _mm_xor_si128(_mm256_castsi256_si128(x), _mm256_extracti128_si256::<1>(x))
}

/// The product of polynomials: low, middle and high, which overlap by 64 bits.
#[target_feature(enable = "avx2,pclmulqdq")]
#[inline]
fn multiply(a: __m128i, b: __m128i) -> [__m128i; 3] {
    let middle = (
        _mm_clmulepi64_si128::<0x01>(a, b),
        _mm_clmulepi64_si128::<0x10>(a, b),
    );
    [
        _mm_clmulepi64_si128::<0x00>(a, b),
        _mm_xor_si128(middle.0, middle.1),
        _mm_clmulepi64_si128::<0x11>(a, b),
    ]
}

/// A product times x⁻¹²⁸, modulo x¹²⁸ + x¹²⁷ + x¹²⁶ + x¹²¹ + 1.
#[target_feature(enable = "avx2,pclmulqdq")]
#[inline]
fn reduce([low, middle, high]: [__m128i; 3]) -> __m128i {
    let low = _mm_xor_si128(low, _mm_slli_si128::<8>(middle));
    let high = _mm_xor_si128(high, _mm_srli_si128::<8>(middle));
    // Twice: the lowest 64 bits m leave as m·(x¹²⁸ + x¹²⁷ + x¹²⁶ + x¹²¹)/x⁶⁴; what was above comes down.
    _mm_xor_si128(high, fold(fold(low)))
}

#[target_feature(enable = "avx2,pclmulqdq")]
#[inline]
fn fold(low: __m128i) -> __m128i {
    let tail = _mm_set_epi64x(0, 0xc200_0000_0000_0000_u64 as i64);
    let swapped = _mm_shuffle_epi32::<0x4e>(low);
    _mm_xor_si128(swapped, _mm_clmulepi64_si128::<0x00>(low, tail))
}

#[target_feature(enable = "avx2")]
#[inline]
fn reverse(block: __m128i) -> __m128i {
    _mm_shuffle_epi8(block, reversed())
}

#[target_feature(enable = "avx2")]
#[inline]
fn reversed() -> __m128i {
    _mm_set_epi8(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15)
}

#[target_feature(enable = "avx2")]
#[inline]
fn from_u128(x: u128) -> __m128i {
    _mm_set_epi64x((x >> 64) as i64, x as i64)
}

#[target_feature(enable = "avx2")]
#[inline]
fn to_u128(x: __m128i) -> u128 {
    let (low, high) = (_mm_cvtsi128_si64(x) as u64, _mm_extract_epi64::<1>(x) as u64);
    u128::from(high) << 64 | u128::from(low)
}
