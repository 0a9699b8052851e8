//! Points of the curve y² = x³ − 3x + b (GB/T 32918.5-2017): checked affine points, and sums in Jacobian
//! coordinates.
//!
//! Functions named `_public` look at their arguments (variable time); `_secret` ones use masks only.

use zeroize::{Zeroize, ZeroizeOnDrop};

use super::comb::{booth_digit, select};
use super::field::{Field, P};
use super::limbs;
use super::scalar::{N, Scalar, SecretScalar, declassify, public};

/// A point of the curve other than infinity.
#[derive(Clone, Copy, PartialEq, Eq, Zeroize)]
#[cfg_attr(test, derive(Debug))]
pub(crate) struct Affine {
    x: Field,
    y: Field,
}

/// (X : Y : Z), which is the point (X/Z², Y/Z³), or infinity when Z is zero.
#[derive(Clone, Copy)]
pub(super) struct Jacobian {
    x: Field,
    y: Field,
    z: Field,
}

/// A sum that depends on a secret, wiped when dropped: Z tells something about the way that led to the point.
#[derive(Zeroize, ZeroizeOnDrop)]
pub(super) struct SecretJacobian {
    x: Field,
    y: Field,
    z: Field,
}

const THREE: Field = Field::constant(&[3, 0, 0, 0]);

/// b of the curve.
const B: Field = Field::constant(&[
    0xddbc_bd41_4d94_0e93,
    0xf397_89f5_15ab_8f92,
    0x4d5a_9e4b_cf65_09a7,
    0x28e9_fa9e_9d9f_5e34,
]);

impl Affine {
    /// The base point G.
    pub(super) const GENERATOR: Self = Self {
        x: Field::constant(&[
            0x715a_4589_334c_74c7,
            0x8fe3_0bbf_f266_0be1,
            0x5f99_0446_6a39_c994,
            0x32c4_ae2c_1f19_8119,
        ]),
        y: Field::constant(&[
            0x02df_32e5_2139_f0a0,
            0xd0a9_877c_c62a_4740,
            0x59bd_cee3_6b69_2153,
            0xbc37_36a2_f4f6_779c,
        ]),
    };

    /// From coordinates, big-endian; `None` unless both lie below p and the point is on the curve. The curve's
    /// order is prime, so every such point has order n.
    pub(crate) fn from_be(x: &[u8; 32], y: &[u8; 32]) -> Option<Self> {
        let (x, y) = (Field::from_be(x)?, Field::from_be(y)?);
        (y.square() == right_side(x)).then_some(Self { x, y })
    }

    /// From x, big-endian, and whether y is odd (GB/T 32918.1-2016 §4.2.10, compressed form).
    pub(crate) fn from_compressed(x: &[u8; 32], y_is_odd: bool) -> Option<Self> {
        let x = Field::from_be(x)?;
        let y = right_side(x).square_root()?;
        // The curve has no point of order two, so y is not zero.
        let y = if y.is_even() == y_is_odd { -y } else { y };
        Some(Self { x, y })
    }

    pub(crate) fn x(&self) -> Field {
        self.x
    }

    /// The coordinates x and y, big-endian.
    pub(crate) fn to_be(self) -> ([u8; 32], [u8; 32]) {
        (self.x.to_be(), self.y.to_be())
    }

    #[inline(always)]
    pub(super) fn neg_public(self, negative: bool) -> Self {
        let y = if negative { -self.y } else { self.y };
        Self { x: self.x, y }
    }

    /// The same point, which is public from here on: a public key, C1 of a ciphertext, \[k\]G of a signature.
    pub(super) fn publish(self) -> Self {
        Self::from_words(&public(self.to_words()))
    }

    /// −self where `mask` is all ones, self where it is zero.
    #[inline(always)]
    pub(super) fn neg_secret(self, mask: u64) -> Self {
        let y = Field::select(mask, -self.y, self.y);
        Self { x: self.x, y }
    }

    /// For tables: x and y in Montgomery form.
    #[inline(always)]
    pub(super) fn to_words(self) -> [u64; 8] {
        let [x0, x1, x2, x3] = *self.x.as_montgomery();
        let [y0, y1, y2, y3] = *self.y.as_montgomery();
        [x0, x1, x2, x3, y0, y1, y2, y3]
    }

    /// What [`to_words`](Self::to_words) gave, or eight zeros, which stand for nothing.
    #[inline(always)]
    pub(super) fn from_words(words: &[u64; 8]) -> Self {
        let [x0, x1, x2, x3, y0, y1, y2, y3] = *words;
        Self {
            x: Field::from_montgomery([x0, x1, x2, x3]),
            y: Field::from_montgomery([y0, y1, y2, y3]),
        }
    }
}

/// x³ − 3x + b.
fn right_side(x: Field) -> Field {
    (x.square() - THREE) * x + B
}

impl From<Affine> for Jacobian {
    fn from(point: Affine) -> Self {
        Self {
            x: point.x,
            y: point.y,
            z: Field::ONE,
        }
    }
}

impl Jacobian {
    pub(super) const INFINITY: Self = Self {
        x: Field::ONE,
        y: Field::ONE,
        z: Field::ZERO,
    };

    /// 2·self, for a = −3: 4 products, 4 squares. Takes infinity to infinity.
    ///
    /// With M = 3(X − Z²)(X + Z²) and S = 4XY²: X' = M² − 2S, Y' = M(S − X') − 8Y⁴, Z' = 2YZ.
    #[inline(always)]
    pub(super) fn double(&self) -> Self {
        let y_2 = self.y.double();
        let z = y_2 * self.z;
        let zz = self.z.square();
        let yy_4 = y_2.square();
        let third = (self.x - zz) * (self.x + zz);
        let m = third.double() + third;
        let s = self.x * yy_4;
        let yyyy_8 = yy_4.square().halve();
        let x = m.square() - s.double();
        let y = m * (s - x) - yyyy_8;
        Self { x, y, z }
    }

    /// self + other.
    #[inline(always)]
    pub(super) fn add_public(&self, other: &Self) -> Self {
        if self.z.is_zero() {
            return *other;
        }
        if other.z.is_zero() {
            return *self;
        }
        let (sum, h, r) = self.add_distinct(other);
        match (h.is_zero(), r.is_zero()) {
            (false, _) => sum,
            (true, true) => self.double(),
            (true, false) => Self::INFINITY,
        }
    }

    /// self + other, when neither is infinity and they have different x: 12 products, 4 squares. Also says
    /// h = X2·Z1² − X1·Z2² and r = Y2·Z1³ − Y1·Z2³, which are zero when the points share x and y.
    #[inline(always)]
    fn add_distinct(&self, other: &Self) -> (Self, Field, Field) {
        let z1z1 = self.z.square();
        let z2z2 = other.z.square();
        let u1 = self.x * z2z2;
        let s1 = self.y * other.z * z2z2;
        let h = other.x * z1z1 - u1;
        let r = other.y * self.z * z1z1 - s1;
        let hh = h.square();
        let hhh = h * hh;
        let v = u1 * hh;
        let x = r.square() - hhh - v.double();
        let y = r * (v - x) - s1 * hhh;
        let z = self.z * other.z * h;
        (Self { x, y, z }, h, r)
    }

    /// self + other.
    #[inline(always)]
    pub(super) fn add_affine_public(&self, other: &Affine) -> Self {
        if self.z.is_zero() {
            return (*other).into();
        }
        let (sum, h, r) = self.add_affine_distinct(other);
        match (h.is_zero(), r.is_zero()) {
            (false, _) => sum,
            (true, true) => self.double(),
            (true, false) => Self::INFINITY,
        }
    }

    /// As [`add_distinct`](Self::add_distinct) with Z2 = 1: 8 products, 3 squares.
    #[inline(always)]
    fn add_affine_distinct(&self, other: &Affine) -> (Self, Field, Field) {
        let z1z1 = self.z.square();
        let h = other.x * z1z1 - self.x;
        let r = other.y * self.z * z1z1 - self.y;
        let hh = h.square();
        let hhh = h * hh;
        let v = self.x * hh;
        let x = r.square() - hhh - v.double();
        let y = r * (v - x) - self.y * hhh;
        let z = self.z * h;
        (Self { x, y, z }, h, r)
    }

    /// −self when `negative`.
    #[inline(always)]
    pub(super) fn neg_public(self, negative: bool) -> Self {
        let y = if negative { -self.y } else { self.y };
        Self { y, ..self }
    }

    /// Whether x of the point is v or v + n, the two numbers below p that are v modulo n. False for infinity.
    pub(super) fn x_is_congruent_to(&self, v: &Scalar) -> bool {
        if self.z.is_zero() {
            return false;
        }
        let zz = self.z.square();
        if Field::from_limbs(v.limbs()) * zz == self.x {
            return true;
        }
        let (plus_n, carry) = limbs::add(v.limbs(), &N);
        let below_p = carry == 0 && limbs::sub(&plus_n, &P).1 == 1;
        below_p && Field::from_limbs(&plus_n) * zz == self.x
    }

    /// The affine forms of points of which none is infinity, with one inversion for all.
    pub(super) fn to_affine_all(points: &[Self]) -> Vec<Affine> {
        // products[i] is the product of all Z before i.
        let mut product = Field::ONE;
        let products: Vec<Field> = points
            .iter()
            .map(|point| {
                let before = product;
                product = before * point.z;
                before
            })
            .collect();
        let mut inverse = product.invert();
        let mut affine: Vec<Affine> = points
            .iter()
            .zip(products)
            .rev()
            .map(|(point, before)| {
                let z_inverse = inverse * before;
                inverse = inverse * point.z;
                point.scale(z_inverse)
            })
            .collect();
        affine.reverse();
        affine
    }

    /// The affine form; `None` for infinity.
    #[cfg(test)]
    pub(super) fn to_affine_public(self) -> Option<Affine> {
        (!self.z.is_zero()).then(|| self.scale(self.z.invert()))
    }

    /// The affine form, given 1/Z.
    fn scale(&self, z_inverse: Field) -> Affine {
        let zz = z_inverse.square();
        Affine {
            x: self.x * zz,
            y: self.y * zz * z_inverse,
        }
    }
}

impl SecretJacobian {
    pub(super) const fn infinity() -> Self {
        let Jacobian { x, y, z } = Jacobian::INFINITY;
        Self { x, y, z }
    }

    fn value(&self) -> Jacobian {
        Jacobian {
            x: self.x,
            y: self.y,
            z: self.z,
        }
    }

    fn set(&mut self, Jacobian { x, y, z }: Jacobian) {
        (self.x, self.y, self.z) = (x, y, z);
    }

    /// Adds `other` unless `skip` is all ones. Right for self = infinity; self must not be ±`other`.
    #[inline(always)]
    pub(super) fn add_affine(&mut self, other: &Affine, skip: u64) {
        let old = self.value();
        let (sum, _, _) = old.add_affine_distinct(other);
        let was_infinity = old.z.zero_mask();
        let sum = Jacobian::select(was_infinity, &(*other).into(), &sum);
        self.set(Jacobian::select(skip, &old, &sum));
    }

    /// As [`add_affine`](Self::add_affine), and right for every self and `other`.
    #[inline(always)]
    fn add_affine_complete(&mut self, other: &Affine, skip: u64) {
        let old = self.value();
        let (sum, h, r) = old.add_affine_distinct(other);
        // Opposite points need nothing: their sum has Z = 0.
        let equal = h.zero_mask() & r.zero_mask();
        let sum = Jacobian::select(equal, &old.double(), &sum);
        let was_infinity = old.z.zero_mask();
        let sum = Jacobian::select(was_infinity, &(*other).into(), &sum);
        self.set(Jacobian::select(skip, &old, &sum));
    }

    /// \[k\]P for a public point and a secret number, by Booth's digits of width 5 from the top. No branch and no
    /// address depends on k.
    pub(super) fn multiple(point: &Affine, k: &SecretScalar) -> Self {
        const W: usize = 5;
        // entries[j − 1] = j·P
        let mut multiples = vec![Jacobian::from(*point)];
        for _ in 1..1 << (W - 1) {
            multiples.push(multiples[multiples.len() - 1].add_affine_public(point));
        }
        let entries = Jacobian::to_affine_all(&multiples);
        let entries: Vec<[u64; 8]> = entries.into_iter().map(Affine::to_words).collect();
        let mut sum = Self::infinity();
        for i in (0..=256 / W).rev() {
            for _ in 0..W {
                sum.set(sum.value().double());
            }
            let (negative, magnitude) = booth_digit::<W>(k.limbs(), i);
            let entry = Affine::from_words(&select(&entries, magnitude)).neg_secret(negative);
            sum.add_affine_complete(&entry, limbs::word_zero_mask(magnitude));
        }
        sum
    }

    /// The affine form, or `None` for infinity; whether it is infinity becomes public.
    pub(super) fn to_affine_secret(&self) -> Option<Affine> {
        let affine = self.value().scale(self.z.invert());
        (!declassify(self.z.zero_mask())).then_some(affine)
    }
}

impl Jacobian {
    /// a where `mask` is all ones, b where it is zero.
    #[inline(always)]
    fn select(mask: u64, a: &Self, b: &Self) -> Self {
        Self {
            x: Field::select(mask, a.x, b.x),
            y: Field::select(mask, a.y, b.y),
            z: Field::select(mask, a.z, b.z),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::test_support::{
        below, from_reference, reference_multiple, reference_point, reference_scalar,
    };
    use super::*;

    #[track_caller]
    fn check(point: &Affine, k: &limbs::Limbs) {
        let expected = from_reference(&(reference_point(point) * reference_scalar(k)));
        let k = Scalar::from_be(&limbs::to_be(k)).unwrap().to_secret();
        assert_eq!(SecretJacobian::multiple(point, &k).to_affine_secret(), expected);
    }

    /// Near n the last additions meet equal or opposite points: n − 6 doubles, for one.
    #[test]
    fn secret_multiples_at_edges() {
        for small in 0..70 {
            check(&Affine::GENERATOR, &[small, 0, 0, 0]);
            check(
                &Affine::GENERATOR,
                &limbs::sub_mod(&[0; 4], &[small, 0, 0, 0], &N),
            );
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(100))]

        #[test]
        fn secret_multiples_of_any_point(d in below(N), k in below(N)) {
            if let Some(point) = from_reference(&reference_multiple(&d)) {
                check(&point, &k);
            }
        }
    }
}
