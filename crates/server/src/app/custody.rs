//! Custody of the keys of seals: a folder of keys, each under the PIN of the seal's custodian.
//!
//! What opens a key file is not the PIN but a keyed digest (HMAC-SM3) of it under the installation's master key, so
//! that whoever copies the folder cannot try PINs out without that key. Between making and collecting, a key lies
//! under a digest that only this installation can derive; collecting puts the custodian's PIN in its place, and from
//! then on nobody opens it without the custodian (R45).

use std::sync::Arc;

use gm::PublicKey;
use jiff::Timestamp;
use keys::{KeyId, KeyStore, NewKey, PinFault, UnlockedKey, check_pin};
use registry::seal::Edition;
use store::PersonalKey;
use zeroize::Zeroizing;

use super::{Error, Service};
use crate::outside::Outside;

/// The keys of seals.
pub(crate) struct Custody {
    store: KeyStore,
    personal: Arc<PersonalKey>,
}

/// Why a key does not open, or a PIN is not taken.
#[derive(Debug, thiserror::Error)]
pub(crate) enum CustodyFault {
    /// The PIN is wrong.
    #[error("the PIN is wrong; {left} tries are left")]
    WrongPin {
        /// Tries before the key locks.
        left: u32,
    },
    /// Too many wrong PINs.
    #[error("the key is locked after wrong PINs")]
    Locked,
    /// A new PIN is too weak.
    #[error("the new PIN is too weak: {0}")]
    Weak(PinFault),
    /// A new PIN is the old one.
    #[error("the new PIN is the old one")]
    SamePin,
    /// The folder of keys failed.
    #[error("a seal's key cannot be used: {0}")]
    Keys(keys::Error),
}

impl From<keys::Error> for CustodyFault {
    fn from(error: keys::Error) -> Self {
        match error {
            keys::Error::WrongPin { left, .. } => Self::WrongPin { left },
            keys::Error::Locked { .. } => Self::Locked,
            keys::Error::WeakPin(fault) => Self::Weak(fault),
            keys::Error::SamePin => Self::SamePin,
            error => Self::Keys(error),
        }
    }
}

impl Custody {
    /// Keys in this folder, bound to this master key.
    pub(crate) fn new(store: KeyStore, personal: Arc<PersonalKey>) -> Self {
        Self { store, personal }
    }

    /// Makes a key that waits to be collected; `label` is its name, unique for ever. Takes a good part of a second.
    pub(crate) fn create(
        &self,
        label: &str,
        now: Timestamp,
        outside: &Outside,
    ) -> Result<(KeyId, PublicKey), CustodyFault> {
        let pin = self.uncollected(label);
        let new = NewKey {
            label,
            pin: &pin,
            now,
        };
        let id = outside.with_rng(|rng| self.store.create(&new, rng))?;
        Ok((id, self.store.find(&id.to_string())?.public_key))
    }

    /// Puts the custodian's PIN in the place of what a new key lay under.
    pub(crate) fn collect(
        &self,
        id: KeyId,
        pin: &str,
        now: Timestamp,
        outside: &Outside,
    ) -> Result<(), CustodyFault> {
        check_pin(pin).map_err(CustodyFault::Weak)?;
        let bound = self.bound(pin);
        let info = self.store.find(&id.to_string())?;
        // A collection that was cut off after this step is repeated: the key already has this PIN then.
        if info.pin_changed > info.created && self.store.unlock(id, &bound).is_ok() {
            return Ok(());
        }
        let waiting = self.uncollected(&info.label);
        Ok(outside.with_rng(|rng| self.store.change_pin(id, &waiting, &bound, now, rng))?)
    }

    /// Opens a key with the custodian's PIN. A wrong one is counted on disk before it is tried.
    pub(crate) fn unlock(&self, id: KeyId, pin: &str) -> Result<UnlockedKey, CustodyFault> {
        Ok(self.store.unlock(id, &self.bound(pin))?)
    }

    /// Puts a copy of a key into another store, with the custodian's PIN; a wrong one counts.
    pub(crate) fn copy_to(
        &self,
        id: KeyId,
        pin: &str,
        (other, new): (&KeyStore, &NewKey<'_>),
        outside: &Outside,
    ) -> Result<(), CustodyFault> {
        let bound = self.bound(pin);
        Ok(outside.with_rng(|rng| self.store.copy_to(id, &bound, other, new, rng))?)
    }

    /// Another PIN for a key; a wrong old one counts.
    pub(crate) fn change_pin(
        &self,
        id: KeyId,
        (old, new): (&str, &str),
        now: Timestamp,
        outside: &Outside,
    ) -> Result<(), CustodyFault> {
        check_pin(new).map_err(CustodyFault::Weak)?;
        let (old, new) = (self.bound(old), self.bound(new));
        Ok(outside.with_rng(|rng| self.store.change_pin(id, &old, &new, now, rng))?)
    }

    /// Keeps a certificate chain beside its key.
    pub(crate) fn set_certificate(&self, id: KeyId, chain: &[Vec<u8>]) -> Result<(), CustodyFault> {
        Ok(self.store.set_certificate(id, chain)?)
    }

    /// What opens a key instead of the PIN: 64 hexadecimal digits.
    fn bound(&self, pin: &str) -> Zeroizing<String> {
        Zeroizing::new(self.personal.digest("pin of a seal's key", pin).to_string())
    }

    fn uncollected(&self, label: &str) -> Zeroizing<String> {
        Zeroizing::new(
            self.personal
                .digest("seal's key to be collected", label)
                .to_string(),
        )
    }
}

/// The key of an edition.
pub(crate) fn key_of(edition: &Edition) -> Result<KeyId, Error> {
    edition.device.serial.parse().map_err(|_| Error::Damaged {
        what: "the name of a seal's key",
    })
}

impl Service {
    /// Opens the key of an edition with its custodian's PIN, on a thread of its own.
    pub(crate) async fn unlock_key(
        self: &Arc<Self>,
        edition: &Edition,
        pin: Zeroizing<String>,
    ) -> Result<UnlockedKey, Error> {
        let (id, service) = (key_of(edition)?, Arc::clone(self));
        let key = self.hashing(move || service.custody.unlock(id, &pin)).await??;
        Ok(self.outside.with_rng(|rng| key.hedged(rng)))
    }
}

#[cfg(test)]
mod tests {
    use gm::Signer as _;
    use keys::{Kdf, Options};
    use testkit::{SeededRng, now};

    use super::*;

    fn custody(folder: &std::path::Path, master: u8) -> Custody {
        let kdf = Kdf {
            memory_kib: 8,
            passes: 1,
            lanes: 1,
        };
        let options = Options {
            kdf,
            ..Options::default()
        };
        let store = KeyStore::open_with(folder, options).unwrap();
        Custody::new(store, Arc::new(PersonalKey::new(&[master; 32])))
    }

    #[test]
    fn r45_a_key_is_its_custodians_from_collection_on() {
        let folder = tempfile::tempdir().unwrap();
        let outside = Outside::new(now, SeededRng::new(1));
        let custody = custody(&folder.path().join("seals"), 7);
        let (id, public) = custody.create("one", now(), &outside).unwrap();
        let weak = custody.collect(id, "11111111", now(), &outside);
        assert!(matches!(weak, Err(CustodyFault::Weak(PinFault::AllTheSame))));
        custody.collect(id, "correct horse", now(), &outside).unwrap();
        let key = custody.unlock(id, "correct horse").unwrap();
        assert_eq!(*key.public_key(), public);
        assert!(matches!(
            custody.unlock(id, "wrong horse"),
            Err(CustodyFault::WrongPin { .. })
        ));
        let again = custody.collect(id, "another horse", now(), &outside);
        assert!(matches!(again, Err(CustodyFault::WrongPin { .. })));
        custody
            .change_pin(id, ("correct horse", "another horse"), now(), &outside)
            .unwrap();
        assert!(custody.unlock(id, "another horse").is_ok());
        assert!(custody.unlock(id, "correct horse").is_err());
    }

    #[test]
    fn a_copied_folder_opens_with_no_pin_under_another_master_key() {
        let folder = tempfile::tempdir().unwrap();
        let outside = Outside::new(now, SeededRng::new(1));
        let path = folder.path().join("seals");
        let (id, _) = custody(&path, 7).create("one", now(), &outside).unwrap();
        custody(&path, 7)
            .collect(id, "correct horse", now(), &outside)
            .unwrap();
        let elsewhere = custody(&path, 8).unlock(id, "correct horse");
        assert!(matches!(elsewhere, Err(CustodyFault::WrongPin { .. })));
        // Nor is the PIN itself what opens the file.
        let store = KeyStore::open(&path).unwrap();
        assert!(matches!(
            store.unlock(id, "correct horse"),
            Err(keys::Error::WrongPin { .. })
        ));
    }
}
