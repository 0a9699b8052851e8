//! SM2 signatures (GB/T 32918.2-2016) with the conventions of GB/T 35276-2017.

use std::fmt;
use std::hash::{Hash, Hasher};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use rand_core::CryptoRng;
use zeroize::Zeroizing;

use crate::sm2::{self, Affine, Nonces, Scalar, SecretScalar};
use crate::{Digest, Signature, Sm3};

/// The user identity when nothing else was agreed (GB/T 35276-2017 §10).
pub const DEFAULT_ID: &[u8] = b"1234567812345678";

/// Signs with a private key that may live anywhere.
///
/// Devices sign e = SM3(Z‖M), so that is the primitive; [`sign`](Self::sign) adds the first step.
pub trait Signer {
    /// The public half of the key that signs.
    fn public_key(&self) -> &PublicKey;

    /// Signs e = SM3(Z‖M).
    fn sign_digest(&self, e: &Digest) -> Result<Signature, SignError>;

    /// Signs `message` under the default identity.
    fn sign(&self, message: &[u8]) -> Result<Signature, SignError> {
        self.sign_digest(&self.public_key().message_digest(message))
    }
}

/// Checks signatures of one key.
pub trait Verifier {
    /// Checks a signature over e = SM3(Z‖M).
    fn verify_digest(&self, e: &Digest, signature: &Signature) -> Result<(), BadSignature>;

    /// Checks a signature over `message` under the default identity.
    fn verify(&self, message: &[u8], signature: &Signature) -> Result<(), BadSignature>;
}

/// A point of the SM2 curve, not infinity: checked when it is made. Cheap to clone.
///
/// A key that verifies again and again becomes faster by itself: the process remembers the tables of busy keys.
#[derive(Clone)]
pub struct PublicKey(Arc<Prepared>);

struct Prepared {
    sec1: [u8; 65],
    z: Digest,
    point: Affine,
}

impl PublicKey {
    /// From `04‖X‖Y` (65 bytes) or the compressed form (33 bytes).
    pub fn from_sec1(bytes: &[u8]) -> Result<Self, BadPublicKey> {
        let point = match bytes.split_first() {
            Some((4, coordinates)) => match coordinates.as_chunks() {
                ([x, y], []) => Affine::from_be(x, y),
                _ => None,
            },
            Some((tag @ (2 | 3), x)) => x
                .try_into()
                .ok()
                .and_then(|x| Affine::from_compressed(x, *tag == 3)),
            _ => None,
        };
        point.map(Self::from_point).ok_or(BadPublicKey)
    }

    pub(crate) fn point(&self) -> &Affine {
        &self.0.point
    }

    pub(crate) fn from_point(point: Affine) -> Self {
        let (x, y) = point.to_be();
        let mut sec1 = [4; 65];
        sec1[1..33].copy_from_slice(&x);
        sec1[33..].copy_from_slice(&y);
        let z = identity_hash(DEFAULT_ID, &sec1);
        Self(Arc::new(Prepared { sec1, z, point }))
    }

    /// `04‖X‖Y`.
    pub fn to_sec1(&self) -> [u8; 65] {
        self.0.sec1
    }

    /// Z = SM3(ENTL‖ID‖a‖b‖xG‖yG‖xA‖yA) (GB/T 32918.2-2016 §5.5). `id` of at most 8191 bytes.
    pub fn z(&self, id: &[u8]) -> Digest {
        if id == DEFAULT_ID {
            self.0.z
        } else {
            identity_hash(id, &self.0.sec1)
        }
    }

    /// e = SM3(Z‖M) under the default identity.
    pub fn message_digest(&self, message: &[u8]) -> Digest {
        let mut hasher = Sm3::new();
        hasher.update(&self.0.z.0);
        hasher.update(message);
        hasher.finish()
    }
}

impl Verifier for PublicKey {
    fn verify_digest(&self, e: &Digest, signature: &Signature) -> Result<(), BadSignature> {
        let holds = sm2::verify(
            &self.0.point,
            &Scalar::from_be_reduced(&e.0),
            signature.r(),
            signature.s(),
        );
        if holds {
            Ok(())
        } else {
            Err(BadSignature::Mismatch)
        }
    }

    fn verify(&self, message: &[u8], signature: &Signature) -> Result<(), BadSignature> {
        self.verify_digest(&self.message_digest(message), signature)
    }
}

impl PartialEq for PublicKey {
    fn eq(&self, other: &Self) -> bool {
        self.0.sec1 == other.0.sec1
    }
}

impl Eq for PublicKey {}

impl Hash for PublicKey {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.0.sec1.hash(state);
    }
}

impl fmt::Debug for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PublicKey(")?;
        self.0.sec1.iter().try_for_each(|byte| write!(f, "{byte:02x}"))?;
        f.write_str(")")
    }
}

/// A private key in memory, wiped when dropped.
///
/// What is kept is wiped; copies that arithmetic leaves on the stack for a moment are not. Nothing that is done
/// with it takes a time that depends on it.
#[derive(Clone)]
pub struct SigningKey {
    /// d.
    secret: SecretScalar,
    /// (1+d)⁻¹ mod n: a function of the key alone, so it is computed once.
    inverse: SecretScalar,
    public: PublicKey,
    hedge: Option<Arc<Hedge>>,
}

/// Randomness for nonces. Clones of a key share it, so that no two signatures see the same count.
struct Hedge {
    seed: Zeroizing<[u8; 32]>,
    signatures: AtomicU64,
}

impl SigningKey {
    /// A new key from `rng`.
    pub fn generate(rng: &mut dyn CryptoRng) -> Self {
        let mut secret = Zeroizing::new([0; 32]);
        loop {
            rng.fill_bytes(&mut secret[..]);
            if let Ok(key) = Self::from_bytes(&secret) {
                return key;
            }
        }
    }

    /// From d, big-endian, in 1 … n−2 (GB/T 32918.1-2016 §6.1).
    pub fn from_bytes(bytes: &[u8; 32]) -> Result<Self, BadSecretKey> {
        let secret = SecretScalar::from_be(bytes).ok_or(BadSecretKey)?;
        // d = n−1 has no inverse of 1+d: such a key cannot sign.
        let plus_one = secret.add(&SecretScalar::ONE);
        if plus_one.is_zero() {
            return Err(BadSecretKey);
        }
        let point = sm2::public_point(&secret).ok_or(BadSecretKey)?;
        Ok(Self {
            inverse: plus_one.invert(),
            public: PublicKey::from_point(point),
            secret,
            hedge: None,
        })
    }

    /// The same key, whose nonces from now on also depend on `rng` and on how many signatures were made
    /// (RFC 6979 §3.6), so that signing the same twice gives two signatures. Without it the same message gives
    /// the same signature, and whoever can disturb the computation can learn from the difference.
    pub fn hedged(self, rng: &mut dyn CryptoRng) -> Self {
        let mut seed = Zeroizing::new([0; 32]);
        rng.fill_bytes(&mut seed[..]);
        let hedge = Hedge {
            seed,
            signatures: AtomicU64::new(0),
        };
        Self {
            hedge: Some(Arc::new(hedge)),
            ..self
        }
    }

    /// d, big-endian. Only key stores call this.
    pub fn to_bytes(&self) -> Zeroizing<[u8; 32]> {
        Zeroizing::new(self.secret.to_be())
    }

    /// The nonces for e: with fresh randomness if the key is hedged.
    fn nonces(&self, e: &Scalar) -> Nonces {
        let Some(hedge) = &self.hedge else {
            return Nonces::new(&self.secret, e, b"");
        };
        let mut fresh = Zeroizing::new([0; 40]);
        fresh[..32].copy_from_slice(&hedge.seed[..]);
        let count = hedge.signatures.fetch_add(1, Ordering::Relaxed);
        fresh[32..].copy_from_slice(&count.to_be_bytes());
        Nonces::new(&self.secret, e, &fresh[..])
    }
}

impl Signer for SigningKey {
    fn public_key(&self) -> &PublicKey {
        &self.public
    }

    /// GB/T 32918.2-2016 §6.1, steps A3 to A7, with the nonces of RFC 6979 over SM3.
    fn sign_digest(&self, e: &Digest) -> Result<Signature, SignError> {
        let e = Scalar::from_be_reduced(&e.0);
        let mut nonces = self.nonces(&e);
        loop {
            if let Some((r, s)) = sm2::sign(&self.inverse, &e, &nonces.next_nonce()) {
                return Ok(Signature::new(r, s));
            }
        }
    }
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SigningKey")
            .field("public", &self.public)
            .finish_non_exhaustive()
    }
}

/// a‖b‖xG‖yG of the curve (GB/T 32918.5-2017).
const CURVE: [u8; 128] = *b"\
\xff\xff\xff\xfe\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\x00\x00\x00\x00\xff\xff\xff\xff\xff\xff\xff\xfc\
\x28\xe9\xfa\x9e\x9d\x9f\x5e\x34\x4d\x5a\x9e\x4b\xcf\x65\x09\xa7\xf3\x97\x89\xf5\x15\xab\x8f\x92\xdd\xbc\xbd\x41\x4d\x94\x0e\x93\
\x32\xc4\xae\x2c\x1f\x19\x81\x19\x5f\x99\x04\x46\x6a\x39\xc9\x94\x8f\xe3\x0b\xbf\xf2\x66\x0b\xe1\x71\x5a\x45\x89\x33\x4c\x74\xc7\
\xbc\x37\x36\xa2\xf4\xf6\x77\x9c\x59\xbd\xce\xe3\x6b\x69\x21\x53\xd0\xa9\x87\x7c\xc6\x2a\x47\x40\x02\xdf\x32\xe5\x21\x39\xf0\xa0";

fn identity_hash(id: &[u8], sec1: &[u8; 65]) -> Digest {
    let bits = (id.len() as u16).wrapping_mul(8);
    let mut hasher = Sm3::new();
    hasher.update(&bits.to_be_bytes());
    hasher.update(id);
    hasher.update(&CURVE);
    hasher.update(&sec1[1..]);
    hasher.finish()
}

/// The bytes are no point of the SM2 curve.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the public key is not a point of the SM2 curve")]
pub struct BadPublicKey;

/// The bytes are no private key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the private key is not a number between 1 and n-2")]
pub struct BadSecretKey;

/// Why a signature does not hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadSignature {
    /// No known encoding of r and s.
    #[error("the signature value is in no known encoding")]
    Malformed,
    /// The equation does not hold.
    #[error("the signature does not match the message and key")]
    Mismatch,
    /// r or s is not in 1 … n−1.
    #[error("the signature value is out of range")]
    OutOfRange,
}

/// The key, or the device that holds it, did not sign; the text says why.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("signing failed: {0}")]
pub struct SignError(pub String);

#[cfg(test)]
mod tests {
    use super::*;

    fn hex32(text: &str) -> [u8; 32] {
        std::array::from_fn(|i| u8::from_str_radix(&text[2 * i..2 * i + 2], 16).unwrap())
    }

    /// The example of GB/T 32918.5-2017 annex A.
    fn example_key() -> SigningKey {
        let d = hex32("3945208F7B2144B13F36E38AC6D39F95889393692860B51A42FB81EF4DF7C5B8");
        SigningKey::from_bytes(&d).unwrap()
    }

    #[test]
    fn standard_example_z_e_and_signature() {
        let key = example_key();
        let x = hex32("09F9DF311E5421A150DD7D161E4BC5C672179FAD1833FC076BB08FF356F35020");
        let y = hex32("CCEA490CE26775A52DC6EA718CC1AA600AED05FBF35E084A6632F6072DA9AD13");
        assert_eq!(key.public_key().to_sec1()[1..], [x, y].concat());
        let z = key.public_key().z(DEFAULT_ID);
        assert_eq!(
            z.0,
            hex32("B2E14C5C79C6DF5B85F4FE7ED8DB7A262B9DA7E07CCB0EA9F4747B8CCDA8A4F3")
        );
        let e = key.public_key().message_digest(b"message digest");
        assert_eq!(
            e.0,
            hex32("F0B43E94BA45ACCAACE692ED534382EB17E6AB5A19CE7B31F4486FDFC0D28640")
        );
        let r = hex32("F5A03B0648D2C4630EEAC513E1BB81A15944DA3827D5B74143AC7EACEEE720B3");
        let s = hex32("B1B6AA29DF212FD8763182BC0D421CA1BB9038FD1F7F42D4840B69C485BBC1AA");
        let signature = Signature::from_raw(&[r, s].concat().try_into().unwrap()).unwrap();
        assert_eq!(key.public_key().verify(b"message digest", &signature), Ok(()));
    }

    #[test]
    fn what_is_signed_verifies_and_nothing_else_does() {
        let key = example_key();
        let signature = key.sign(b"message").unwrap();
        assert_eq!(key.public_key().verify(b"message", &signature), Ok(()));
        assert_eq!(
            key.public_key().verify(b"massage", &signature),
            Err(BadSignature::Mismatch)
        );
        for bit in 0..512 {
            let mut raw = signature.to_raw();
            raw[bit / 8] ^= 1 << (bit % 8);
            let verdict = Signature::from_raw(&raw).and_then(|s| key.public_key().verify(b"message", &s));
            assert!(verdict.is_err(), "bit {bit}");
        }
    }

    /// The library signs the same way; it only computes the inverse anew each time.
    #[test]
    fn signs_as_the_library_does() {
        use signature::hazmat::PrehashSigner as _;
        let key = example_key();
        let theirs = ::sm2::dsa::SigningKey::from_slice("", &key.to_bytes()[..]).unwrap();
        for message in [&b"a"[..], b"message digest", &[0; 100]] {
            let e = key.public_key().message_digest(message);
            let expected: ::sm2::dsa::Signature = theirs.sign_prehash(&e.0).unwrap();
            assert_eq!(key.sign_digest(&e).unwrap().to_raw()[..], expected.to_bytes()[..]);
        }
    }

    #[test]
    fn another_identity_does_not_verify() {
        let key = example_key();
        let mut hasher = Sm3::new();
        hasher.update(&key.public_key().z(b"ALICE123@YAHOO.COM").0);
        hasher.update(b"message");
        let signature = key.sign_digest(&hasher.finish()).unwrap();
        assert_eq!(
            key.public_key().verify(b"message", &signature),
            Err(BadSignature::Mismatch)
        );
    }

    #[test]
    fn bad_points_are_refused() {
        let mut off_curve = example_key().public_key().to_sec1();
        off_curve[64] ^= 1;
        for bad in [&[][..], &[0], &[4; 65], &off_curve, &[5; 33]] {
            assert_eq!(PublicKey::from_sec1(bad).err(), Some(BadPublicKey));
        }
    }

    #[test]
    fn bad_secrets_are_refused() {
        let n_minus_1 = "FFFFFFFEFFFFFFFFFFFFFFFFFFFFFFFF7203DF6B21C6052B53BBF40939D54122";
        let n = "FFFFFFFEFFFFFFFFFFFFFFFFFFFFFFFF7203DF6B21C6052B53BBF40939D54123";
        for bad in [[0; 32], hex32(n_minus_1), hex32(n), [0xff; 32]] {
            assert_eq!(SigningKey::from_bytes(&bad).err(), Some(BadSecretKey));
        }
    }
}
