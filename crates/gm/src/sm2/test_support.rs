//! For the tests of this module: numbers at the edges, a bignum, and RustCrypto's curve.

use crypto_bigint::{NonZero, Odd, U256};
use elliptic_curve::point::AffineCoordinates as _;
use elliptic_curve::sec1::FromSec1Point as _;
use elliptic_curve::{Group as _, PrimeField as _};
use proptest::prelude::*;

use super::limbs::{self, Limbs};
use super::point::Affine;

/// Numbers below `m`, mostly with limbs where carries begin and end, or close to zero or to `m`.
pub(super) fn below(m: Limbs) -> impl Strategy<Value = Limbs> {
    const EDGE: [u64; 10] = [
        0,
        1,
        2,
        0xffff_ffff,
        1 << 32,
        (1 << 32) + 1,
        1 << 63,
        (1 << 63) - 1,
        u64::MAX - 1,
        u64::MAX,
    ];
    let limb = prop_oneof![prop::sample::select(&EDGE[..]).boxed(), any::<u64>().boxed()];
    let near_zero = (0..40u64).prop_map(|small| [small, 0, 0, 0]);
    let near_m = (1..40u64).prop_map(move |small| limbs::sub(&m, &[small, 0, 0, 0]).0);
    prop_oneof![
        8 => [limb.clone(), limb.clone(), limb.clone(), limb],
        1 => near_zero,
        1 => near_m,
    ]
    .prop_map(move |a| limbs::reduce_once(&a, 0, &m))
}

pub(super) fn uint(a: &Limbs) -> U256 {
    U256::from_be_slice(&limbs::to_be(a))
}

/// A modulus with its Montgomery factor.
pub(super) struct Modulus {
    pub(super) m: NonZero<U256>,
    /// 2²⁵⁶ mod m.
    pub(super) r: U256,
    /// 2⁻²⁵⁶ mod m.
    pub(super) r_inverse: U256,
}

impl Modulus {
    pub(super) fn new(m: &Limbs) -> Self {
        let odd = Odd::new(uint(m)).unwrap();
        // 2²⁵⁶ mod m, since m > 2²⁵⁵.
        let r = U256::ZERO.wrapping_sub(&uint(m));
        let r_inverse = r.invert_odd_mod(&odd).unwrap();
        Self {
            m: NonZero::new(uint(m)).unwrap(),
            r,
            r_inverse,
        }
    }

    /// a·b mod m.
    pub(super) fn mul(&self, a: &U256, b: &U256) -> U256 {
        a.mul_mod(b, &self.m)
    }

    /// a·2⁻²⁵⁶ mod m.
    pub(super) fn unmont(&self, a: &U256) -> U256 {
        self.mul(a, &self.r_inverse)
    }

    /// a⁻¹ mod m; zero for zero.
    pub(super) fn invert(&self, a: &U256) -> U256 {
        let odd = Odd::new(*self.m.as_ref()).unwrap();
        Option::from(a.invert_odd_mod(&odd)).unwrap_or(U256::ZERO)
    }
}

pub(super) fn reference_scalar(k: &Limbs) -> sm2::Scalar {
    sm2::Scalar::from_repr(limbs::to_be(k).into()).unwrap()
}

/// [k]G.
pub(super) fn reference_multiple(k: &Limbs) -> sm2::ProjectivePoint {
    sm2::ProjectivePoint::mul_by_generator(&reference_scalar(k))
}

pub(super) fn reference_point(point: &Affine) -> sm2::ProjectivePoint {
    let (x, y) = point.to_be();
    let sec1 = sm2::Sec1Point::from_affine_coordinates(&x.into(), &y.into(), false);
    sm2::AffinePoint::from_sec1_point(&sec1).unwrap().into()
}

/// Our form of RustCrypto's point; `None` for infinity.
pub(super) fn from_reference(point: &sm2::ProjectivePoint) -> Option<Affine> {
    let affine = point.to_affine();
    (affine != sm2::AffinePoint::IDENTITY)
        .then(|| Affine::from_be(&affine.x().into(), &affine.y().into()).unwrap())
}
