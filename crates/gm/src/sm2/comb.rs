//! Multiples of a fixed point by a table of its multiples: no doublings at all.
//!
//! A scalar is written in Booth's signed digits, k = Σ dᵢ·2^(W·i) with −2^(W−1) ≤ dᵢ ≤ 2^(W−1), and the table holds
//! j·2^(W·i)·P for every window i and 1 ≤ j ≤ 2^(W−1), so that \[k\]P is a sum of one table entry per window.

use std::sync::LazyLock;

use super::limbs::{Limbs, opaque, word_zero_mask};
use super::point::{Affine, Jacobian, SecretJacobian};
use super::scalar::{Scalar, SecretScalar};
use crate::simd;

/// The table of the base point, computed at its first use.
pub(super) static GENERATOR: LazyLock<Comb<7>> = LazyLock::new(|| Comb::new(&Affine::GENERATOR));

/// The table of one point: (256/W + 1)·2^(W−1) affine points of 64 bytes, in Montgomery form.
pub(super) struct Comb<const W: usize> {
    /// Window after window.
    entries: Box<[[u64; 8]]>,
}

impl<const W: usize> Comb<W> {
    /// Enough windows for 256 bits and the last carry.
    const WINDOWS: usize = 256 / W + 1;
    const ENTRIES_PER_WINDOW: usize = 1 << (W - 1);

    /// For public points.
    pub(super) fn new(point: &Affine) -> Self {
        let mut bases = Vec::with_capacity(Self::WINDOWS);
        let mut base = Jacobian::from(*point);
        for _ in 0..Self::WINDOWS {
            bases.push(base);
            base = (0..W).fold(base, |base, _| base.double());
        }
        let bases = Jacobian::to_affine_all(&bases);
        let mut points = Vec::with_capacity(Self::WINDOWS * Self::ENTRIES_PER_WINDOW);
        for base in bases {
            let first = points.len();
            points.push(Jacobian::from(base));
            for j in 2..=Self::ENTRIES_PER_WINDOW {
                let half = points[first + j / 2 - 1];
                let before = points[first + j - 2];
                points.push(if j % 2 == 0 {
                    half.double()
                } else {
                    before.add_affine_public(&base)
                });
            }
        }
        let entries = Jacobian::to_affine_all(&points).into_iter().map(Affine::to_words);
        Self {
            entries: entries.collect(),
        }
    }

    /// \[k\]P. No branch and no address depends on k.
    #[inline(never)]
    pub(super) fn mul_secret(&self, k: &SecretScalar) -> SecretJacobian {
        // The sum so far is s·P with |s| < 2^(W·i), and the next term is ±d·2^(W·i)·P or nothing, so the two are
        // never equal or opposite as integers; modulo n they could only be so if k ≡ 0 or k > n.
        simd::with_long_arithmetic(|| {
            let mut sum = SecretJacobian::infinity();
            for (i, window) in self.entries.chunks_exact(Self::ENTRIES_PER_WINDOW).enumerate() {
                let (negative, magnitude) = booth_digit::<W>(k.limbs(), i);
                let entry = Affine::from_words(&select(window, magnitude)).neg_secret(negative);
                sum.add_affine(&entry, word_zero_mask(magnitude));
            }
            sum
        })
    }

    /// `start` + \[k\]P. Variable time.
    #[inline(never)]
    pub(super) fn mul_add_public(&self, k: &Scalar, start: Jacobian) -> Jacobian {
        simd::with_long_arithmetic(|| {
            let mut sum = start;
            for (i, window) in self.entries.chunks_exact(Self::ENTRIES_PER_WINDOW).enumerate() {
                let (negative, magnitude) = booth_digit::<W>(k.limbs(), i);
                if magnitude != 0 {
                    let entry = Affine::from_words(&window[magnitude as usize - 1]);
                    sum = sum.add_affine_public(&entry.neg_public(negative != 0));
                }
            }
            sum
        })
    }
}

/// The i-th digit: all ones when it is negative, and its magnitude.
#[inline(always)]
pub(super) fn booth_digit<const W: usize>(k: &Limbs, i: usize) -> (u64, u64) {
    // Bits W·i − 1 to W·i + W − 1: the digit's own bits above the highest bit of the digit before.
    let bits = if i == 0 {
        k[0] << 1
    } else {
        let (limb, shift) = ((W * i - 1) / 64, (W * i - 1) % 64);
        let above = if limb < 3 { k[limb + 1] } else { 0 };
        // Two shifts, because a shift by 64 is none.
        k[limb] >> shift | above << 1 << (63 - shift)
    } & ((1 << (W + 1)) - 1);
    let negative = opaque((bits >> W).wrapping_neg());
    let flipped = ((1 << (W + 1)) - 1) - bits;
    let digit = (flipped & negative) | (bits & !negative);
    (negative, (digit >> 1) + (digit & 1))
}

/// Entry `magnitude` of a window, counted from 1, or zeros for 0. Reads every entry.
#[inline(always)]
pub(super) fn select(window: &[[u64; 8]], magnitude: u64) -> [u64; 8] {
    simd::sm2_select(window, magnitude).unwrap_or_else(|| select_portable(window, magnitude))
}

fn select_portable(window: &[[u64; 8]], magnitude: u64) -> [u64; 8] {
    let mut found = [0; 8];
    for (j, entry) in (1..).zip(window) {
        let mask = word_zero_mask(magnitude ^ j);
        for (word, candidate) in found.iter_mut().zip(entry) {
            *word |= mask & candidate;
        }
    }
    found
}

#[cfg(test)]
pub(super) mod tests {
    use proptest::prelude::*;

    use super::super::limbs::{self, from_be};
    use super::super::scalar::N;
    use super::super::test_support::{below, from_reference, reference_multiple, reference_point};
    use super::*;

    /// 0, ±1, ±2, … and every power of two with its neighbours: where digits are zero, or carry into the next.
    pub(in super::super) fn edges() -> Vec<Limbs> {
        let mut edges = vec![];
        for small in 0..80 {
            edges.push([small, 0, 0, 0]);
            edges.push(limbs::sub(&N, &[small + 1, 0, 0, 0]).0);
        }
        for bit in 6..256 {
            let mut power = [0; 4];
            power[bit / 64] = 1 << (bit % 64);
            for near in [
                power,
                limbs::sub(&power, &[1, 0, 0, 0]).0,
                limbs::add(&power, &[1, 0, 0, 0]).0,
            ] {
                edges.push(limbs::reduce_once(&near, 0, &N));
            }
        }
        edges
    }

    #[track_caller]
    fn check(k: &Limbs) {
        let expected = from_reference(&reference_multiple(k));
        let k = Scalar::from_be(&limbs::to_be(k)).unwrap();
        assert_eq!(
            GENERATOR.mul_secret(&k.to_secret()).to_affine_secret(),
            expected,
            "secret {k:?}"
        );
        let public = GENERATOR.mul_add_public(&k, Jacobian::INFINITY);
        assert_eq!(public.to_affine_public(), expected, "public {k:?}");
    }

    #[test]
    fn multiples_of_the_base_point_at_edges() {
        edges().iter().for_each(check);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(300))]

        #[test]
        fn multiples_of_the_base_point(k in below(N)) {
            check(&k);
        }

        #[test]
        fn digits_add_up(k in below(N)) {
            digits_of_width::<5>(&k);
            digits_of_width::<6>(&k);
            digits_of_width::<7>(&k);
        }
    }

    #[track_caller]
    fn digits_of_width<const W: usize>(k: &Limbs) {
        // By Horner's rule modulo n.
        let two_to_w = SecretScalar::from_be(&limbs::to_be(&[1 << W, 0, 0, 0])).unwrap();
        let mut sum = Scalar::from_be(&[0; 32]).unwrap().to_secret();
        for i in (0..Comb::<W>::WINDOWS).rev() {
            let (negative, magnitude) = booth_digit::<W>(k, i);
            assert!(magnitude <= 1 << (W - 1) && [0, u64::MAX].contains(&negative));
            let magnitude = Scalar::from_be(&limbs::to_be(&[magnitude, 0, 0, 0]))
                .unwrap()
                .to_secret();
            sum = sum.mul(&two_to_w);
            sum = if negative == 0 {
                sum.add(&magnitude)
            } else {
                sum.sub(&magnitude)
            };
        }
        assert_eq!(from_be(&sum.to_be()), *k);
    }

    /// Where the first addition doubles, or ends in infinity.
    #[test]
    fn sums_with_a_start_that_collides() {
        for start in 0..40 {
            for k in 0..40 {
                for negative in [false, true] {
                    let begin = reference_multiple(&[start, 0, 0, 0]);
                    let begin = if negative { -begin } else { begin };
                    let term = reference_multiple(&[k, 0, 0, 0]);
                    let first = from_reference(&begin).map_or(Jacobian::INFINITY, Jacobian::from);
                    let k = Scalar::from_be(&limbs::to_be(&[k, 0, 0, 0])).unwrap();
                    let sum = GENERATOR.mul_add_public(&k, first).to_affine_public();
                    assert_eq!(sum, from_reference(&(begin + term)), "{start} {k:?} {negative}");
                }
            }
        }
    }

    #[test]
    fn entries_are_chosen_alike() {
        let window: Vec<[u64; 8]> = (0..64).map(|i| std::array::from_fn(|j| !i << j)).collect();
        for magnitude in 0..70usize {
            let entry = window.get(magnitude.wrapping_sub(1)).copied().unwrap_or([0; 8]);
            assert_eq!(select(&window, magnitude as u64), entry);
            assert_eq!(select_portable(&window, magnitude as u64), entry);
        }
    }

    #[test]
    fn tables_hold_the_multiples() {
        let comb = Comb::<5>::new(&Affine::GENERATOR);
        let mut base = reference_point(&Affine::GENERATOR);
        for window in comb.entries.chunks_exact(16) {
            let mut multiple = base;
            for entry in window {
                assert_eq!(Some(Affine::from_words(entry)), from_reference(&multiple));
                multiple += base;
            }
            base = (0..5).fold(base, |base, _| base + base);
        }
        assert_eq!(comb.entries.len(), 52 * 16);
    }
}
