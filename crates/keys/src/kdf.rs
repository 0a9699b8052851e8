//! From a PIN to keys: Argon2id (RFC 9106), with limits on what a file may ask for.

use crate::Error;
use argon2::{Argon2, Block};
use hmac::{Hmac, KeyInit as _, Mac as _};
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

/// Most memory a key file may ask for, in KiB.
pub const KDF_MEMORY_KIB_MAX: u32 = 256 * 1024;
/// Most passes over that memory a key file may ask for.
pub const KDF_PASSES_MAX: u32 = 16;
/// Most lanes a key file may ask for.
pub const KDF_LANES_MAX: u32 = 8;

/// What deriving a key from a PIN costs: the parameters of Argon2id.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Kdf {
    /// Memory in KiB; 65536 by default.
    pub memory_kib: u32,
    /// Passes over it; 3 by default.
    pub passes: u32,
    /// Lanes; 1 by default.
    pub lanes: u32,
}

impl Default for Kdf {
    fn default() -> Self {
        Self {
            memory_kib: 64 * 1024,
            passes: 3,
            lanes: 1,
        }
    }
}

impl Kdf {
    /// Whether the cost is within the limits of this module and of Argon2 itself.
    pub(crate) fn is_within_limits(self) -> bool {
        self.params().is_some()
    }

    fn params(self) -> Option<argon2::Params> {
        if self.memory_kib > KDF_MEMORY_KIB_MAX || self.passes > KDF_PASSES_MAX || self.lanes > KDF_LANES_MAX
        {
            return None;
        }
        argon2::Params::new(self.memory_kib, self.passes, self.lanes, Some(KEYS_BYTES)).ok()
    }
}

/// A derivation as a key file names it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct KdfRecord {
    name: KdfName,
    pub(crate) memory_kib: u32,
    pub(crate) passes: u32,
    pub(crate) lanes: u32,
    #[serde(with = "hex::serde")]
    pub(crate) salt: [u8; 16],
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
enum KdfName {
    #[serde(rename = "argon2id")]
    Argon2id,
}

/// The two keys that come of a PIN.
pub(crate) struct PinKeys {
    /// Seals the private key.
    pub(crate) sm4: Zeroizing<[u8; 16]>,
    /// Of the HMAC-SM3 that vouches for the count of wrong PINs.
    pub(crate) counter: Zeroizing<[u8; 32]>,
}

const KEYS_BYTES: usize = 16 + 32;

impl KdfRecord {
    pub(crate) fn new(kdf: Kdf, salt: [u8; 16]) -> Self {
        let Kdf {
            memory_kib,
            passes,
            lanes,
        } = kdf;
        Self {
            name: KdfName::Argon2id,
            memory_kib,
            passes,
            lanes,
            salt,
        }
    }

    pub(crate) fn kdf(&self) -> Kdf {
        Kdf {
            memory_kib: self.memory_kib,
            passes: self.passes,
            lanes: self.lanes,
        }
    }

    /// The keys of this PIN. The caller has made sure that the cost is within limits.
    pub(crate) fn derive(&self, pin: &str) -> Result<PinKeys, Error> {
        let params = self
            .kdf()
            .params()
            .expect("costs are checked when a file is read and when a store is opened");
        let too_little_memory = |_| Error::TooLittleMemory {
            memory_kib: self.memory_kib,
        };
        let mut blocks = Vec::new();
        blocks
            .try_reserve_exact(params.block_count())
            .map_err(too_little_memory)?;
        blocks.resize(params.block_count(), Block::default());
        // The last block alone gives the keys away.
        let mut blocks = Zeroizing::new(blocks);
        let mut keys = Zeroizing::new([0; KEYS_BYTES]);
        Argon2::new(argon2::Algorithm::Argon2id, argon2::Version::V0x13, params)
            .hash_password_into_with_memory(pin.as_bytes(), &self.salt, &mut *keys, &mut **blocks)
            .expect("Argon2 refuses only salts below 8 bytes and PINs beyond 4 GiB");
        let (mut sm4, mut counter) = (Zeroizing::new([0; 16]), Zeroizing::new([0; 32]));
        sm4.copy_from_slice(&keys[..16]);
        counter.copy_from_slice(&keys[16..]);
        Ok(PinKeys { sm4, counter })
    }
}

impl PinKeys {
    /// What vouches for a count of `checks` PIN checks, the last `wrong` of them failed; see the file's
    /// description.
    pub(crate) fn chain(&self, checks: u64, wrong: u32) -> [u8; 32] {
        let mut hmac = Hmac::<sm3::Sm3>::new_from_slice(&*self.counter).expect("HMAC takes any key");
        hmac.update(&checks.saturating_sub(u64::from(wrong)).to_be_bytes());
        let start: [u8; 32] = hmac.finalize().into_bytes().into();
        (0..wrong).fold(start, |chain, _| gm::sm3(&chain).0)
    }
}
