//! SM2 (GB/T 32918-2016): the curve, its arithmetic, and the two computations of a signature.
//!
//! Plain safe Rust over 64-bit limbs. What is secret and what is public are different types ([`SecretScalar`],
//! [`Scalar`]), and only functions for the latter look at its bits: the fast way cannot take a secret by mistake.
//! Nothing here knows of bytes on the wire, identities or hashing; `sign.rs` does.

mod comb;
mod field;
mod inverse;
mod limbs;
mod nonce;
mod point;
mod prepared;
mod scalar;
#[cfg(test)]
mod test_support;
#[cfg(target_arch = "x86_64")]
pub(crate) mod x86;

pub(crate) use nonce::Nonces;
pub(crate) use point::Affine;
pub(crate) use scalar::{Scalar, SecretScalar, declassify_byte, declassify_zero};

use comb::GENERATOR;
use point::SecretJacobian;
use zeroize::Zeroizing;

/// The public point P = \[d\]G.
pub(crate) fn public_point(d: &SecretScalar) -> Option<Affine> {
    GENERATOR.mul_secret(d).to_affine_secret().map(Affine::publish)
}

/// \[k\]P for a public point, of which the coordinates stay secret: x and y, big-endian. k is not zero.
pub(crate) fn shared_point(point: &Affine, k: &SecretScalar) -> Option<([u8; 32], [u8; 32])> {
    let shared = Zeroizing::new(SecretJacobian::multiple(point, k).to_affine_secret()?);
    Some(shared.to_be())
}

/// GB/T 32918.2-2016 §6.1, steps A4 to A6, for one nonce: r and s, or `None` when another nonce is needed.
///
/// `inverse` is (1+d)⁻¹ mod n. The standard's s = (1+d)⁻¹·(k − r·d) is computed as (1+d)⁻¹·(k + r) − r, which
/// is the same number and uses d only through its inverse.
pub(crate) fn sign(inverse: &SecretScalar, e: &Scalar, k: &SecretScalar) -> Option<(Scalar, Scalar)> {
    // x1 = r − e, so it is public once r is; a nonce for which there is no signature is thrown away.
    let x1 = public_point(k)?.x();
    let r = *e + Scalar::reduce(&x1);
    let k_plus_r = k.add(&r.to_secret());
    // r = 0, r + k = n and s = 0 ask for another nonce; they do not happen in the life of a universe.
    if r.is_zero() || k_plus_r.is_zero() {
        return None;
    }
    let s = inverse.mul(&k_plus_r).sub(&r.to_secret()).publish();
    (!s.is_zero()).then_some((r, s))
}

/// GB/T 32918.2-2016 §7.1, steps B5 to B7; r and s lie in 1 … n−1 by their construction. Variable time.
pub(crate) fn verify(key: &Affine, e: &Scalar, r: &Scalar, s: &Scalar) -> bool {
    let t = *r + *s;
    if t.is_zero() {
        return false;
    }
    let t_p = prepared::mul_public(key, &t);
    let point = GENERATOR.mul_add_public(s, t_p);
    // R = (e + x1) mod n equals r just when x1 ≡ r − e; compared without an inversion.
    point.x_is_congruent_to(&(*r - *e))
}
