//! Choosing from a table with the vectors of x86-64. Safe code; `simd.rs` calls it on processors that have them.

use std::arch::x86_64::*;

use crate::simd::{load_limbs_256, store_limbs_256};

/// As `comb::select`: reads every entry.
#[target_feature(enable = "avx2")]
pub(crate) fn select(window: &[[u64; 8]], magnitude: u64) -> [u64; 8] {
    let wanted = _mm256_set1_epi64x(magnitude as i64);
    let (mut at, one) = (_mm256_setzero_si256(), _mm256_set1_epi64x(1));
    let mut found = [_mm256_setzero_si256(); 2];
    for entry in window {
        at = _mm256_add_epi64(at, one);
        let mask = _mm256_cmpeq_epi64(at, wanted);
        for (found, limbs) in found.iter_mut().zip(entry.as_chunks::<4>().0) {
            *found = _mm256_or_si256(*found, _mm256_and_si256(mask, load_limbs_256(limbs)));
        }
    }
    let mut entry = [0; 8];
    for (limbs, found) in entry.as_chunks_mut::<4>().0.iter_mut().zip(found) {
        store_limbs_256(limbs, found);
    }
    entry
}
