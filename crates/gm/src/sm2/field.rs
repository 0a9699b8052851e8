//! GF(p), the field of the curve, in Montgomery form: a is kept as a·2²⁵⁶ mod p, always below p.
//!
//! p = 2²⁵⁶ − 2²²⁴ − 2⁹⁶ + 2⁶⁴ − 1 (GB/T 32918.5-2017). Because −p⁻¹ mod 2⁶⁴ = 1, reduction multiplies nothing.

use std::ops::{Add, Mul, Neg, Sub};

use zeroize::Zeroize;

use super::inverse::Modulus;
use super::limbs::{self, Limbs, WideLimbs, add_carry, sub_borrow};

/// An element of GF(p). Every operation takes the same time for all values, except `==`, which is for public
/// values.
#[derive(Clone, Copy, PartialEq, Eq, Zeroize)]
#[cfg_attr(test, derive(Debug))]
pub(crate) struct Field(Limbs);

pub(super) const P: Limbs = [
    0xffff_ffff_ffff_ffff,
    0xffff_ffff_0000_0000,
    0xffff_ffff_ffff_ffff,
    0xffff_fffe_ffff_ffff,
];

impl Field {
    pub(super) const ZERO: Self = Self([0; 4]);
    pub(super) const ONE: Self = Self::constant(&[1, 0, 0, 0]);

    /// a, from its limbs below p, when the program is compiled.
    pub(super) const fn constant(a: &Limbs) -> Self {
        Self(limbs::shifted(a, 256, &P))
    }

    /// a, from its limbs below p.
    pub(super) fn from_limbs(a: &Limbs) -> Self {
        Self(reduce(&limbs::mul_wide(a, &R_SQUARED)))
    }

    /// a, from 32 bytes big-endian; `None` unless a < p. The answer is taken to be public.
    pub(super) fn from_be(bytes: &[u8; 32]) -> Option<Self> {
        let a = limbs::from_be(bytes);
        (limbs::sub(&a, &P).1 == 1).then(|| Self::from_limbs(&a))
    }

    /// a as limbs below p.
    pub(super) fn to_limbs(self) -> Limbs {
        let [a0, a1, a2, a3] = self.0;
        reduce(&[a0, a1, a2, a3, 0, 0, 0, 0])
    }

    /// a as 32 bytes, big-endian.
    pub(super) fn to_be(self) -> [u8; 32] {
        limbs::to_be(&self.to_limbs())
    }

    #[inline(always)]
    pub(super) fn square(self) -> Self {
        Self(reduce(&limbs::square_wide(&self.0)))
    }

    #[inline(always)]
    pub(super) fn double(self) -> Self {
        self + self
    }

    /// a/2.
    #[inline(always)]
    pub(super) fn halve(self) -> Self {
        // p is odd: a or a + p is even.
        let mask = (self.0[0] & 1).wrapping_neg();
        let ([r0, r1, r2, r3], top) = limbs::add(&self.0, &P.map(|limb| limb & mask));
        let top = u64::from(top);
        Self([
            r0 >> 1 | r1 << 63,
            r1 >> 1 | r2 << 63,
            r2 >> 1 | r3 << 63,
            r3 >> 1 | top << 63,
        ])
    }

    /// self^(2^times).
    #[inline(never)]
    fn square_times(self, times: u32) -> Self {
        (0..times).fold(self, |a, _| a.square())
    }

    /// a⁻¹; zero for zero.
    pub(super) fn invert(self) -> Self {
        // (a·R)⁻¹·R³·R⁻¹ = a⁻¹·R with R = 2²⁵⁶.
        Self(reduce(&limbs::mul_wide(&MODULUS.invert(&self.0), &R_CUBED)))
    }

    /// A square root, if there is one: a^((p+1)/4), as p ≡ 3 mod 4. For public values.
    pub(super) fn square_root(self) -> Option<Self> {
        // (p + 1)/4 = 3fffffff bfffffff ffffffff ffffffff ffffffff c0000000 40000000 00000000: in bits, from the
        // top, 31 ones, a zero, 128 ones, 31 zeros, a one, 62 zeros; ones_k = a^(2^k − 1).
        let Ones { ones_31, ones_32 } = self.ones();
        let mut r = ones_31.square();
        for _ in 0..4 {
            r = r.square_times(32) * ones_32;
        }
        let root = (r.square_times(32) * self).square_times(62);
        (root.square() == self).then_some(root)
    }

    fn ones(self) -> Ones {
        let ones_2 = self.square() * self;
        let ones_4 = ones_2.square_times(2) * ones_2;
        let ones_6 = ones_4.square_times(2) * ones_2;
        let ones_7 = ones_6.square() * self;
        let ones_14 = ones_7.square_times(7) * ones_7;
        let ones_15 = ones_14.square() * self;
        let ones_30 = ones_15.square_times(15) * ones_15;
        let ones_31 = ones_30.square() * self;
        let ones_32 = ones_31.square() * self;
        Ones { ones_31, ones_32 }
    }

    /// Whether a is even, as a number below p. For public values.
    pub(super) fn is_even(self) -> bool {
        self.to_limbs()[0] & 1 == 0
    }

    pub(super) fn is_zero(self) -> bool {
        self == Self::ZERO
    }

    /// All ones when a is zero, else zero.
    #[inline(always)]
    pub(super) fn zero_mask(self) -> u64 {
        limbs::zero_mask(&self.0)
    }

    /// a where `mask` is all ones, b where it is zero.
    #[inline(always)]
    pub(super) fn select(mask: u64, a: Self, b: Self) -> Self {
        Self(limbs::select(mask, &a.0, &b.0))
    }

    /// The limbs of the Montgomery form, for tables.
    #[inline(always)]
    pub(super) const fn as_montgomery(&self) -> &Limbs {
        &self.0
    }

    /// From the limbs of the Montgomery form, for tables.
    #[inline(always)]
    pub(super) const fn from_montgomery(limbs: Limbs) -> Self {
        Self(limbs)
    }
}

/// a^(2^k − 1) for k = 31, 32.
struct Ones {
    ones_31: Field,
    ones_32: Field,
}

impl Add for Field {
    type Output = Self;

    #[inline(always)]
    fn add(self, other: Self) -> Self {
        Self(limbs::add_mod(&self.0, &other.0, &P))
    }
}

impl Sub for Field {
    type Output = Self;

    #[inline(always)]
    fn sub(self, other: Self) -> Self {
        Self(limbs::sub_mod(&self.0, &other.0, &P))
    }
}

impl Mul for Field {
    type Output = Self;

    #[inline(always)]
    fn mul(self, other: Self) -> Self {
        Self(reduce(&limbs::mul_wide(&self.0, &other.0)))
    }
}

impl Neg for Field {
    type Output = Self;

    #[inline(always)]
    fn neg(self) -> Self {
        Self::ZERO - self
    }
}

const MODULUS: Modulus = Modulus::new(&P);

/// 2⁷⁶⁸ mod p.
const R_CUBED: Limbs = limbs::shifted(&[1, 0, 0, 0], 768, &P);

/// 2⁵¹² mod p.
const R_SQUARED: Limbs = limbs::shifted(&[1, 0, 0, 0], 512, &P);

/// t·2⁻²⁵⁶ mod p, for t below p·2²⁵⁶.
#[inline(always)]
fn reduce(t: &WideLimbs) -> Limbs {
    let a = fold([t[0], t[1], t[2], t[3]]);
    let a = fold(a);
    let a = fold(a);
    let a = fold(a);
    let (sum, carry) = limbs::add(&a, &[t[4], t[5], t[6], t[7]]);
    limbs::reduce_once(&sum, carry, &P)
}

/// (a + m·p)/2⁶⁴ with m the lowest limb of a, which makes the sum divisible. It stays below 2²⁵⁶.
#[inline(always)]
fn fold(a: Limbs) -> Limbs {
    // m·p = m·2²⁵⁶ − m·2²²⁴ − m·2⁹⁶ + m·2⁶⁴ − m; the last term cancels the lowest limb, and what remains, divided
    // by 2⁶⁴, is d = m·(2¹⁹² − 2¹⁶⁰ − 2³² + 1).
    let m = a[0];
    let (low, high) = (m << 32, m >> 32);
    let (d0, b) = sub_borrow(m, low, 0);
    let (d1, b) = sub_borrow(0, high, b);
    let (d2, b) = sub_borrow(0, low, b);
    let (d3, _) = sub_borrow(m, high, b);
    let (r0, c) = add_carry(a[1], d0, 0);
    let (r1, c) = add_carry(a[2], d1, c);
    let (r2, c) = add_carry(a[3], d2, c);
    let (r3, _) = add_carry(d3, 0, c);
    [r0, r1, r2, r3]
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::test_support::{Modulus as Bignum, below, uint};
    use super::*;

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2000))]

        #[test]
        fn arithmetic_agrees_with_a_bignum(a in below(P), b in below(P)) {
            let p = Bignum::new(&P);
            let (x, y) = (Field(a), Field(b));
            let (a, b) = (uint(&a), uint(&b));
            prop_assert_eq!(uint(&(x + y).0), a.add_mod(&b, &p.m));
            prop_assert_eq!(uint(&(x - y).0), a.sub_mod(&b, &p.m));
            prop_assert_eq!(uint(&(-x).0), a.neg_mod(&p.m));
            prop_assert_eq!(uint(&x.double().0), a.add_mod(&a, &p.m));
            prop_assert_eq!(x.halve() + x.halve(), x);
            prop_assert_eq!(uint(&(x * y).0), p.unmont(&p.mul(&a, &b)));
            prop_assert_eq!(uint(&x.square().0), p.unmont(&p.mul(&a, &a)));
            prop_assert_eq!(uint(&x.to_limbs()), p.unmont(&a));
            prop_assert_eq!(Field::from_limbs(&x.to_limbs()), x);
            prop_assert_eq!(Field::from_be(&x.to_be()), Some(x));
            prop_assert_eq!(x.zero_mask() == u64::MAX, x.is_zero());
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(200))]

        #[test]
        fn inverses_and_roots_agree_with_a_bignum(a in below(P)) {
            let p = Bignum::new(&P);
            let x = Field::from_limbs(&a);
            prop_assert_eq!(uint(&x.invert().to_limbs()), p.invert(&uint(&a)));
            let square = x.square();
            let root = square.square_root().unwrap();
            prop_assert!(root == x || root == -x);
            // −1 is no square modulo p, so of x² and −x² only one is.
            prop_assert_eq!((-square).square_root().is_some(), x.is_zero());
        }
    }

    /// By repeated multiplication from edges, so that no time goes into making numbers.
    #[test]
    #[ignore = "a minute and more; run once after a change of the arithmetic, with --release"]
    fn ten_million_operations_agree_with_a_bignum() {
        let p = Bignum::new(&P);
        let edges = [
            0,
            1,
            2,
            u64::MAX,
            u64::MAX - 1,
            1 << 63,
            1 << 32,
            (1 << 32) - 1,
            1 << 31,
        ];
        let (mut a, mut state) = (Field([3, 0, 0, 0]), 1u64);
        for round in 0..2_500_000u32 {
            // A linear congruential generator chooses which limbs become edges.
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            let mut b = a.0;
            for (i, limb) in b.iter_mut().enumerate() {
                if state >> (i * 8 + 20) & 3 == 0 {
                    *limb = edges[(state >> (i * 8 + 22)) as usize % edges.len()];
                }
            }
            let b = Field(limbs::reduce_once(&b, 0, &P));
            let (x, y) = (uint(&a.0), uint(&b.0));
            assert_eq!(
                uint(&(a + b).0),
                x.add_mod(&y, &p.m),
                "round {round}: {a:?} {b:?}"
            );
            assert_eq!(
                uint(&(a - b).0),
                x.sub_mod(&y, &p.m),
                "round {round}: {a:?} {b:?}"
            );
            let product = a * b;
            // Montgomery's product times 2²⁵⁶ is the product: one modular product of the bignum for each of ours.
            assert_eq!(
                p.mul(&uint(&product.0), &p.r),
                p.mul(&x, &y),
                "round {round}: {a:?} {b:?}"
            );
            assert_eq!(
                p.mul(&uint(&b.square().0), &p.r),
                p.mul(&y, &y),
                "round {round}: {b:?}"
            );
            a = if product.is_zero() {
                a + Field::ONE
            } else {
                product
            };
        }
    }

    #[test]
    fn numbers_from_p_on_are_no_elements() {
        let p_plus = |small| limbs::to_be(&limbs::add(&P, &[small, 0, 0, 0]).0);
        assert_eq!(Field::from_be(&p_plus(0)), None);
        assert_eq!(Field::from_be(&p_plus(1)), None);
        assert_eq!(Field::from_be(&[0xff; 32]), None);
        assert_eq!(Field::from_be(&[0; 32]), Some(Field::ZERO));
    }
}
