//! Digest algorithms of documents that others signed.

use std::fmt;

use const_oid::ObjectIdentifier;
use sha1::Digest as _;

use crate::oid;

/// A digest algorithm that is computed here. Only SM3 is used for what we sign.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum HashAlgorithm {
    /// SM3 (GB/T 32905-2016).
    Sm3,
    /// SHA-256 (FIPS 180-4).
    Sha256,
    /// SHA-384 (FIPS 180-4).
    Sha384,
    /// SHA-512 (FIPS 180-4).
    Sha512,
    /// SHA-224 (FIPS 180-4).
    Sha224,
    /// SHA-1: broken.
    Sha1,
    /// MD5: broken.
    Md5,
}

/// Identifier, digest, prefix of PKCS#1 (the DER of DigestInfo before the value; RFC 8017 §9.2 note 1).
const TABLE: [(ObjectIdentifier, HashAlgorithm, &[u8]); 8] = {
    use HashAlgorithm::{Md5, Sha1, Sha224, Sha256, Sha384, Sha512, Sm3};
    [
        (
            oid::SM3,
            Sm3,
            &[
                0x30, 0x30, 0x30, 0x0c, 6, 8, 0x2a, 0x81, 0x1c, 0xcf, 0x55, 1, 0x83, 0x11, 5, 0, 4, 0x20,
            ],
        ),
        (oid::SM3_UNKEYED, Sm3, &[]),
        (
            ObjectIdentifier::new_unwrap("2.16.840.1.101.3.4.2.1"),
            Sha256,
            &[
                0x30, 0x31, 0x30, 0x0d, 6, 9, 0x60, 0x86, 0x48, 1, 0x65, 3, 4, 2, 1, 5, 0, 4, 0x20,
            ],
        ),
        (
            ObjectIdentifier::new_unwrap("2.16.840.1.101.3.4.2.2"),
            Sha384,
            &[
                0x30, 0x41, 0x30, 0x0d, 6, 9, 0x60, 0x86, 0x48, 1, 0x65, 3, 4, 2, 2, 5, 0, 4, 0x30,
            ],
        ),
        (
            ObjectIdentifier::new_unwrap("2.16.840.1.101.3.4.2.3"),
            Sha512,
            &[
                0x30, 0x51, 0x30, 0x0d, 6, 9, 0x60, 0x86, 0x48, 1, 0x65, 3, 4, 2, 3, 5, 0, 4, 0x40,
            ],
        ),
        (
            ObjectIdentifier::new_unwrap("2.16.840.1.101.3.4.2.4"),
            Sha224,
            &[
                0x30, 0x2d, 0x30, 0x0d, 6, 9, 0x60, 0x86, 0x48, 1, 0x65, 3, 4, 2, 4, 5, 0, 4, 0x1c,
            ],
        ),
        (
            ObjectIdentifier::new_unwrap("1.3.14.3.2.26"),
            Sha1,
            &[0x30, 0x21, 0x30, 9, 6, 5, 0x2b, 0x0e, 3, 2, 0x1a, 5, 0, 4, 0x14],
        ),
        (
            ObjectIdentifier::new_unwrap("1.2.840.113549.2.5"),
            Md5,
            &[
                0x30, 0x20, 0x30, 0x0c, 6, 8, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 2, 5, 5, 0, 4, 0x10,
            ],
        ),
    ]
};

impl HashAlgorithm {
    /// By its identifier; none for an algorithm that is not computed here.
    pub fn of(algorithm: ObjectIdentifier) -> Option<Self> {
        TABLE
            .iter()
            .find(|(oid, ..)| *oid == algorithm)
            .map(|(_, hash, _)| *hash)
    }

    /// Its identifier.
    pub(crate) fn oid(self) -> ObjectIdentifier {
        let row = TABLE.iter().find(|(_, hash, _)| *hash == self);
        row.map_or(oid::SM3, |(oid, ..)| *oid)
    }

    /// Whether documents with the same digest can be made.
    pub fn is_weak(self) -> bool {
        matches!(self, Self::Sha1 | Self::Md5)
    }

    /// What stands before the value in a PKCS#1 signature.
    pub(crate) fn pkcs1_prefix(self) -> &'static [u8] {
        TABLE
            .iter()
            .find(|(_, hash, _)| *hash == self)
            .map_or(&[], |(.., prefix)| prefix)
    }

    /// The digest of some bytes.
    pub fn digest(self, bytes: &[u8]) -> Vec<u8> {
        let mut hasher = Hasher::new(self);
        hasher.update(bytes);
        hasher.finish()
    }
}

/// A running digest; a copy goes on by itself.
#[derive(Clone)]
pub struct Hasher(State);

#[derive(Clone)]
enum State {
    Sm3(gm::Sm3),
    Sha256(sha2::Sha256),
    Sha384(sha2::Sha384),
    Sha512(sha2::Sha512),
    Sha224(sha2::Sha224),
    Sha1(sha1::Sha1),
    Md5(md5::Md5),
}

impl Hasher {
    /// Begins with no input.
    pub fn new(algorithm: HashAlgorithm) -> Self {
        Self(match algorithm {
            HashAlgorithm::Sm3 => State::Sm3(gm::Sm3::new()),
            HashAlgorithm::Sha256 => State::Sha256(sha2::Sha256::new()),
            HashAlgorithm::Sha384 => State::Sha384(sha2::Sha384::new()),
            HashAlgorithm::Sha512 => State::Sha512(sha2::Sha512::new()),
            HashAlgorithm::Sha224 => State::Sha224(sha2::Sha224::new()),
            HashAlgorithm::Sha1 => State::Sha1(sha1::Sha1::new()),
            HashAlgorithm::Md5 => State::Md5(md5::Md5::new()),
        })
    }

    /// Appends bytes.
    pub fn update(&mut self, bytes: &[u8]) {
        match &mut self.0 {
            State::Sm3(state) => state.update(bytes),
            State::Sha256(state) => state.update(bytes),
            State::Sha384(state) => state.update(bytes),
            State::Sha512(state) => state.update(bytes),
            State::Sha224(state) => state.update(bytes),
            State::Sha1(state) => state.update(bytes),
            State::Md5(state) => state.update(bytes),
        }
    }

    /// The digest.
    pub fn finish(self) -> Vec<u8> {
        match self.0 {
            State::Sm3(state) => state.finish().0.to_vec(),
            State::Sha256(state) => state.finalize().to_vec(),
            State::Sha384(state) => state.finalize().to_vec(),
            State::Sha512(state) => state.finalize().to_vec(),
            State::Sha224(state) => state.finalize().to_vec(),
            State::Sha1(state) => state.finalize().to_vec(),
            State::Md5(state) => state.finalize().to_vec(),
        }
    }
}

impl fmt::Debug for Hasher {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Hasher")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_answers() {
        // FIPS 180-4 and RFC 1321: "abc".
        let hex = |bytes: Vec<u8>| bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
        let known = [
            (HashAlgorithm::Md5, "900150983cd24fb0d6963f7d28e17f72"),
            (HashAlgorithm::Sha1, "a9993e364706816aba3e25717850c26c9cd0d89d"),
            (
                HashAlgorithm::Sha256,
                "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
            ),
            (
                HashAlgorithm::Sm3,
                "66c7f0f462eeedd9d1f2d46bdc10e4e24167c4875cf2f7a2297da02b8f4ba8e0",
            ),
        ];
        for (algorithm, expected) in known {
            assert_eq!(hex(algorithm.digest(b"abc")), expected);
        }
    }

    #[test]
    fn prefixes_announce_the_length() {
        for (_, hash, prefix) in TABLE.iter().filter(|(.., prefix)| !prefix.is_empty()) {
            let value = hash.digest(b"");
            assert_eq!(usize::from(prefix[1]), prefix.len() - 2 + value.len(), "{hash:?}");
            assert_eq!(usize::from(prefix[prefix.len() - 1]), value.len(), "{hash:?}");
        }
    }
}
