//! SM2, SM3 and SM4, and the [`Signer`], [`Verifier`] and [`Digest`] that everything else signs and hashes
//! through.
//!
//! The arithmetic of SM2 is our own (`sm2.rs`), checked against RustCrypto's in the tests; nothing of either
//! shows in this crate's surface, so that a device can stand behind the same names. [`self_test`] compares it
//! with known answers and is called once at the start of every program.

#[cfg(feature = "constant-time-check")]
pub mod constant_time;
mod encrypt;
mod self_test;
mod sign;
mod signature;
mod simd;
mod sm2;
mod sm3;
pub mod sm4;
#[cfg(test)]
mod without_vectors;

#[cfg(test)]
extern crate self as gm;

pub use encrypt::{BadEncryption, Ciphertext, DecryptionKey};
pub use self_test::{SelfTestFailed, self_test};
pub use sign::{
    BadPublicKey, BadSecretKey, BadSignature, DEFAULT_ID, PublicKey, SignError, Signer, SigningKey, Verifier,
};
pub use signature::{Signature, SignatureEncoding};
pub use sm3::{Digest, Sm3, sm3, sm3_many, sm3_update_many};
