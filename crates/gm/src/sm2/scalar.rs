//! Integers modulo n, the order of the base point: [`Scalar`] for what everyone may know, [`SecretScalar`] for
//! keys and nonces.

use std::ops::{Add, Sub};

use zeroize::{Zeroize, ZeroizeOnDrop};

use super::field::Field;
use super::inverse::Modulus;
use super::limbs::{self, Limbs, WideLimbs, add_carry, multiply};

/// A public integer below n.
#[derive(Clone, Copy, PartialEq, Eq)]
#[cfg_attr(test, derive(Debug))]
pub(crate) struct Scalar(Limbs);

/// A secret integer below n, wiped when dropped. It never meets a branch or an index; what leaves this type
/// leaves it by a function whose name says so.
#[derive(Clone, Zeroize, ZeroizeOnDrop)]
pub(crate) struct SecretScalar(Limbs);

/// n (GB/T 32918.5-2017).
pub(super) const N: Limbs = [
    0x53bb_f409_39d5_4123,
    0x7203_df6b_21c6_052b,
    0xffff_ffff_ffff_ffff,
    0xffff_fffe_ffff_ffff,
];

impl Scalar {
    /// From 32 bytes big-endian; `None` unless below n.
    pub(crate) fn from_be(bytes: &[u8; 32]) -> Option<Self> {
        let a = limbs::from_be(bytes);
        (limbs::sub(&a, &N).1 == 1).then_some(Self(a))
    }

    /// 32 bytes, big-endian, modulo n.
    pub(crate) fn from_be_reduced(bytes: &[u8; 32]) -> Self {
        // 2²⁵⁶ < 2n, so one subtraction is enough.
        Self(limbs::reduce_once(&limbs::from_be(bytes), 0, &N))
    }

    /// A field element modulo n.
    pub(super) fn reduce(x: &Field) -> Self {
        Self(limbs::reduce_once(&x.to_limbs(), 0, &N))
    }

    /// 32 bytes, big-endian.
    pub(crate) fn to_be(self) -> [u8; 32] {
        limbs::to_be(&self.0)
    }

    pub(crate) fn is_zero(self) -> bool {
        self.0 == [0; 4]
    }

    /// As a secret, to compute with secrets.
    pub(crate) fn to_secret(self) -> SecretScalar {
        SecretScalar(self.0)
    }

    pub(super) fn limbs(&self) -> &Limbs {
        &self.0
    }
}

impl Add for Scalar {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self(limbs::add_mod(&self.0, &other.0, &N))
    }
}

impl Sub for Scalar {
    type Output = Self;

    fn sub(self, other: Self) -> Self {
        Self(limbs::sub_mod(&self.0, &other.0, &N))
    }
}

impl SecretScalar {
    pub(crate) const ONE: Self = Self([1, 0, 0, 0]);

    /// From 32 bytes big-endian; `None` unless in 1 … n−1. Whether it is becomes public.
    pub(crate) fn from_be(bytes: &[u8; 32]) -> Option<Self> {
        let a = Self(limbs::from_be(bytes));
        let below = limbs::sub(&a.0, &N).1;
        let valid = u64::from(below).wrapping_neg() & !limbs::zero_mask(&a.0);
        declassify(valid).then_some(a)
    }

    /// 32 bytes, big-endian; the caller wipes them.
    pub(crate) fn to_be(&self) -> [u8; 32] {
        limbs::to_be(&self.0)
    }

    pub(crate) fn add(&self, other: &Self) -> Self {
        Self(limbs::add_mod(&self.0, &other.0, &N))
    }

    pub(crate) fn sub(&self, other: &Self) -> Self {
        Self(limbs::sub_mod(&self.0, &other.0, &N))
    }

    pub(crate) fn mul(&self, other: &Self) -> Self {
        Self(montgomery_mul(&montgomery_mul(&self.0, &other.0), &R_SQUARED))
    }

    /// a⁻¹ mod n; zero for zero.
    pub(crate) fn invert(&self) -> Self {
        Self(MODULUS.invert(&self.0))
    }

    /// Whether this is zero becomes public; nothing else does.
    pub(crate) fn is_zero(&self) -> bool {
        declassify(limbs::zero_mask(&self.0))
    }

    /// From now on everyone may know the value: s of a signature.
    pub(crate) fn publish(&self) -> Scalar {
        Scalar(public(self.0))
    }

    pub(super) fn limbs(&self) -> &Limbs {
        &self.0
    }
}

/// A secret yes (all ones) or no (zero) becomes a public one.
#[inline(always)]
pub(super) fn declassify(mask: u64) -> bool {
    public([mask]) != [0]
}

/// The same words, which are public from here on: the only places where a secret becomes a public value.
#[inline(always)]
#[cfg_attr(
    not(feature = "constant-time-check"),
    expect(unused_mut, reason = "marked in place for the checker")
)]
pub(super) fn public<const WORDS: usize>(mut words: [u64; WORDS]) -> [u64; WORDS] {
    #[cfg(feature = "constant-time-check")]
    crate::constant_time::publish(&mut words);
    words
}

/// Whether a secret word is zero becomes public.
pub(crate) fn declassify_zero(word: u64) -> bool {
    declassify(limbs::word_zero_mask(word))
}

/// A secret byte becomes public.
pub(crate) fn declassify_byte(byte: u8) -> u8 {
    public([byte.into()])[0] as u8
}

/// −n⁻¹ mod 2⁶⁴, by Newton's iteration, which doubles the number of right bits: 3, 6, 12, 24, 48, 96.
const N_NEGATIVE_INVERSE: u64 = {
    let mut inverse = N[0];
    let mut i = 0;
    while i < 5 {
        inverse = inverse.wrapping_mul(2u64.wrapping_sub(N[0].wrapping_mul(inverse)));
        i += 1;
    }
    inverse.wrapping_neg()
};

const MODULUS: Modulus = Modulus::new(&N);

/// 2⁵¹² mod n.
const R_SQUARED: Limbs = limbs::shifted(&[1, 0, 0, 0], 512, &N);

/// a·b·2⁻²⁵⁶ mod n, for a·b below n·2²⁵⁶.
fn montgomery_mul(a: &Limbs, b: &Limbs) -> Limbs {
    let t: WideLimbs = limbs::mul_wide(a, b);
    let mut low = [t[0], t[1], t[2], t[3]];
    // Each turn adds the multiple of n that makes the lowest limb zero, and drops that limb; what is carried out
    // of `low` has the weight of the limb of t that is added next.
    let mut carry = 0u8;
    for high in [t[4], t[5], t[6], t[7]] {
        let m = low[0].wrapping_mul(N_NEGATIVE_INVERSE);
        let (l0, h0) = multiply(m, N[0]);
        let (l1, h1) = multiply(m, N[1]);
        let (l2, h2) = multiply(m, N[2]);
        let (l3, h3) = multiply(m, N[3]);
        let (_, c) = add_carry(low[0], l0, 0);
        let (r1, c) = add_carry(low[1], l1, c);
        let (r2, c) = add_carry(low[2], l2, c);
        let (r3, top) = add_carry(low[3], l3, c);
        let (r1, c) = add_carry(r1, h0, 0);
        let (r2, c) = add_carry(r2, h1, c);
        let (r3, c) = add_carry(r3, h2, c);
        // h3 + top + c + high + carry < 2⁶⁴ · 3: two limbs.
        let (r4, c1) = add_carry(h3, top.into(), c);
        let (r4, c2) = add_carry(r4, high, carry);
        low = [r1, r2, r3, r4];
        carry = c1 + c2;
    }
    limbs::reduce_once(&low, carry, &N)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::test_support::{Modulus as Bignum, below, uint};
    use super::*;

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2000))]

        #[test]
        fn arithmetic_agrees_with_a_bignum(a in below(N), b in below(N), any in any::<[u8; 32]>()) {
            let n = Bignum::new(&N);
            let (x, y) = (SecretScalar(a), SecretScalar(b));
            let (u, v) = (uint(&a), uint(&b));
            prop_assert_eq!(uint(&x.add(&y).0), u.add_mod(&v, &n.m));
            prop_assert_eq!(uint(&x.sub(&y).0), u.sub_mod(&v, &n.m));
            prop_assert_eq!(uint(&x.mul(&y).0), n.mul(&u, &v));
            prop_assert_eq!(uint(&montgomery_mul(&a, &b)), n.unmont(&n.mul(&u, &v)));
            prop_assert_eq!(uint(&(Scalar(a) + Scalar(b)).0), u.add_mod(&v, &n.m));
            prop_assert_eq!(uint(&(Scalar(a) - Scalar(b)).0), u.sub_mod(&v, &n.m));
            prop_assert_eq!(Scalar::from_be(&Scalar(a).to_be()), Some(Scalar(a)));
            let reduced = crypto_bigint::U256::from_be_slice(&any).rem_vartime(&n.m);
            prop_assert_eq!(uint(&Scalar::from_be_reduced(&any).0), reduced);
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(100))]

        #[test]
        fn inverses_agree_with_a_bignum(a in below(N)) {
            let n = Bignum::new(&N);
            prop_assert_eq!(uint(&SecretScalar(a).invert().0), n.invert(&uint(&a)));
        }
    }

    /// As in `field.rs`.
    #[test]
    #[ignore = "a minute and more; run once after a change of the arithmetic, with --release"]
    fn ten_million_operations_agree_with_a_bignum() {
        let n = Bignum::new(&N);
        let edges = [
            0,
            1,
            2,
            u64::MAX,
            u64::MAX - 1,
            1 << 63,
            1 << 32,
            (1 << 32) - 1,
            N[0],
            N[1],
        ];
        let (mut a, mut state) = ([3, 0, 0, 0], 1u64);
        for round in 0..3_400_000u32 {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            let mut b = a;
            for (i, limb) in b.iter_mut().enumerate() {
                if state >> (i * 8 + 20) & 3 == 0 {
                    *limb = edges[(state >> (i * 8 + 22)) as usize % edges.len()];
                }
            }
            let b = limbs::reduce_once(&b, 0, &N);
            let (x, y) = (uint(&a), uint(&b));
            assert_eq!(
                uint(&limbs::add_mod(&a, &b, &N)),
                x.add_mod(&y, &n.m),
                "round {round}: {a:?} {b:?}"
            );
            assert_eq!(
                uint(&limbs::sub_mod(&a, &b, &N)),
                x.sub_mod(&y, &n.m),
                "round {round}: {a:?} {b:?}"
            );
            let product = montgomery_mul(&a, &b);
            assert_eq!(
                n.mul(&uint(&product), &n.r),
                n.mul(&x, &y),
                "round {round}: {a:?} {b:?}"
            );
            a = if product == [0; 4] {
                limbs::add_mod(&a, &[1, 0, 0, 0], &N)
            } else {
                product
            };
        }
    }

    #[test]
    fn only_numbers_below_n_are_scalars_and_zero_is_no_secret() {
        let n_plus = |small| limbs::to_be(&limbs::add(&N, &[small, 0, 0, 0]).0);
        let n_minus_1 = limbs::to_be(&limbs::sub(&N, &[1, 0, 0, 0]).0);
        for bad in [n_plus(0), n_plus(1), [0xff; 32]] {
            assert_eq!(Scalar::from_be(&bad), None);
            assert!(SecretScalar::from_be(&bad).is_none());
        }
        assert_eq!(Scalar::from_be(&[0; 32]), Some(Scalar([0; 4])));
        assert!(SecretScalar::from_be(&[0; 32]).is_none());
        assert_eq!(SecretScalar::from_be(&n_minus_1).unwrap().to_be(), n_minus_1);
        assert!(!SecretScalar::from_be(&n_minus_1).unwrap().is_zero());
        assert!(
            SecretScalar::from_be(&n_minus_1)
                .unwrap()
                .add(&SecretScalar::ONE)
                .is_zero()
        );
    }
}
