//! Where private keys live: the software store.
//!
//! A private key enters a [`KeyStore`] by being made or imported there and never leaves it: what comes out is
//! an [`UnlockedKey`], which signs through [`gm::Signer`] and is wiped when dropped. Key devices (PKCS#11,
//! SDF, SKF) and sign servers (GB/T 38629) will stand beside [`store`](KeyStore) as modules of their own,
//! behind the same `Signer`.
//!
//! # What a software store can and cannot promise (R38, R45)
//!
//! * A key at rest is SM4-GCM under a key derived from the PIN with Argon2id. Nobody reads it without the
//!   PIN, and no field of the file can be altered unnoticed.
//! * Wrong PINs are counted durably before the answer is given, and the key locks. The count stands inside
//!   the key file, chained so that it cannot be turned back by hand unnoticed, and a second file remembers
//!   how far it got: putting back an older key file is refused.
//! * It cannot keep someone who reads the folder from guessing PINs on a copy, where nothing counts, nor
//!   notice that the whole folder was put back to an earlier state. Against the first stand the cost of
//!   Argon2id and the PIN policy; against both only a device helps.

mod asn1;
mod certificate;
mod disk;
mod error;
mod foreign;
mod kdf;
mod key_file;
mod pbe;
mod pin;
mod pkcs12;
mod pkcs8;
mod store;
#[cfg(test)]
mod test_support;

pub use certificate::{CERTIFICATE_BYTES_MAX, CHAIN_CERTIFICATES_MAX};
pub use error::Error;
pub use foreign::{ForeignKey, ForeignKind, RsaPadding};
pub use kdf::{KDF_LANES_MAX, KDF_MEMORY_KIB_MAX, KDF_PASSES_MAX, Kdf};
pub use key_file::{Algorithm, KeyId, LABEL_CHARS_MAX, PIN_TRIES_MAX};
pub use pbe::ITERATIONS_MAX;
pub use pin::{PIN_CHARS_MAX, PIN_CHARS_MIN, PinFault, check as check_pin};
pub use store::{IMPORT_BYTES_MAX, KeyInfo, KeyStore, NewKey, Options, PIN_TRIES_DEFAULT, UnlockedKey};
