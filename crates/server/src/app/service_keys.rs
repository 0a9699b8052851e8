//! Service keys: copies of seals' keys with which business systems seal under grants, without a person's PIN.
//!
//! A copy is made when the custodian opens a grant with the PIN, lies under a PIN that only this installation can
//! derive from its master key, and is given up with the last grant on its seal. Keys that were opened stay in
//! memory, so that sealing does not pay for the derivation each time.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};

use jiff::Timestamp;
use keys::{Kdf, KeyId, KeyStore, NewKey, Options, UnlockedKey};
use registry::SealId;
use store::PersonalKey;
use zeroize::Zeroizing;

use super::custody::{Custody, CustodyFault};
use crate::outside::Outside;

/// Keys that stay open in memory at most; the one that was opened first goes first.
const OPEN_KEYS_MAX: usize = 256;
/// The PIN has 256 random bits, so that deriving from it need not be dear.
const CHEAP: Kdf = Kdf {
    memory_kib: 64,
    passes: 1,
    lanes: 1,
};

/// The copies.
pub(crate) struct ServiceKeys {
    store: KeyStore,
    personal: Arc<PersonalKey>,
    open: Mutex<VecDeque<Arc<UnlockedKey>>>,
}

impl ServiceKeys {
    /// Copies in this folder, bound to this master key.
    pub(crate) fn new(folder: &std::path::Path, personal: Arc<PersonalKey>) -> Result<Self, keys::Error> {
        let options = Options {
            kdf: CHEAP,
            ..Options::default()
        };
        Ok(Self {
            store: KeyStore::open_with(folder, options)?,
            personal,
            open: Mutex::default(),
        })
    }

    /// Makes the copy of a seal's key with its custodian's PIN. One that is there already stays.
    pub(crate) fn deposit(
        &self,
        custody: &Custody,
        (seal, id): (SealId, KeyId),
        pin: &str,
        now: Timestamp,
        outside: &Outside,
    ) -> Result<(), CustodyFault> {
        if self.store.find(&id.to_string()).is_ok() {
            // The PIN is asked all the same.
            return custody.unlock(id, pin).map(drop);
        }
        // The seal first, so that a copy tells whose it is; the key makes it unique.
        let (label, service_pin) = (format!("{seal} {}", short(id)), self.pin(id));
        let new = NewKey {
            label: &label,
            pin: &service_pin,
            now,
        };
        custody.copy_to(id, pin, (&self.store, &new), outside)
    }

    /// The copy, opened; nothing when there is none. May take the time of a derivation.
    pub(crate) fn unlock(&self, id: KeyId) -> Result<Option<Arc<UnlockedKey>>, CustodyFault> {
        if let Some(key) = self.opened(id) {
            return Ok(Some(key));
        }
        let key = match self.store.unlock(id, &self.pin(id)) {
            Ok(key) => Arc::new(key),
            Err(keys::Error::NoSuchKey(_)) => return Ok(None),
            Err(error) => return Err(error.into()),
        };
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        if open.len() >= OPEN_KEYS_MAX {
            open.pop_front();
        }
        open.push_back(Arc::clone(&key));
        Ok(Some(key))
    }

    /// The copy, if it is in memory.
    pub(crate) fn opened(&self, id: KeyId) -> Option<Arc<UnlockedKey>> {
        let open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        open.iter().find(|key| key.id() == id).cloned()
    }

    /// Gives the copy up, on the disk and in memory.
    pub(crate) fn give_up(&self, id: KeyId) -> Result<(), CustodyFault> {
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        open.retain(|key| key.id() != id);
        drop(open);
        match self.store.remove_copy(id) {
            Ok(()) | Err(keys::Error::NoSuchKey(_)) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }

    /// The copies that there are: whose seal's, and of which key.
    pub(crate) fn copies(&self) -> Result<Vec<(SealId, KeyId)>, CustodyFault> {
        let copies = self.store.list()?.into_iter().flatten();
        let named = copies.filter_map(|copy| {
            let (seal, _) = copy.label.split_once(' ')?;
            Some((seal.parse().ok()?, copy.id))
        });
        Ok(named.collect())
    }

    fn pin(&self, id: KeyId) -> Zeroizing<String> {
        Zeroizing::new(self.personal.digest("service key", &id.to_string()).to_string())
    }
}

/// Enough of a key's name to tell it from its seal's other keys; a label has 64 characters at most.
fn short(id: KeyId) -> String {
    id.to_string().chars().take(16).collect()
}
