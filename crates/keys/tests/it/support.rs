//! A store in a temporary folder, seeded randomness, a fixed clock.

use gm::{Signature, Signer as _, Verifier as _};
use jiff::Timestamp;
use keys::{Error, Kdf, KeyId, KeyStore, NewKey, Options};
use rand_core::{TryCryptoRng, TryRng};
use std::convert::Infallible;
use std::path::{Path, PathBuf};
use tempfile::TempDir;

pub(crate) const PIN: &str = "correct horse";
pub(crate) const OTHER_PIN: &str = "battery staple";

/// A store that derives keys cheaply.
pub(crate) struct TestStore {
    temporary: TempDir,
    pub(crate) store: KeyStore,
}

impl TestStore {
    pub(crate) fn new() -> Self {
        let temporary = tempfile::tempdir().unwrap();
        let store = open(&temporary.path().join("keys"));
        Self { temporary, store }
    }

    pub(crate) fn folder(&self) -> PathBuf {
        self.temporary.path().join("keys")
    }

    /// The same folder, as another process opens it.
    pub(crate) fn reopened(&self) -> KeyStore {
        open(&self.folder())
    }

    pub(crate) fn path(&self, id: KeyId, extension: &str) -> PathBuf {
        self.folder().join(format!("{id}.{extension}"))
    }

    pub(crate) fn create(&self, label: &str) -> KeyId {
        self.store.create(&new(label), &mut rng()).unwrap()
    }

    pub(crate) fn import(&self, file: &[u8], password: Option<&str>) -> Result<KeyId, Error> {
        self.store
            .import_pkcs8(file, password, &new("imported"), &mut rng())
    }

    pub(crate) fn import_pkcs12(&self, file: &[u8], password: &str) -> Result<KeyId, Error> {
        self.store
            .import_pkcs12(file, password, &new("imported"), &mut rng())
    }

    /// Unlocks the key and signs; the signature holds under the public half that the store shows.
    #[track_caller]
    pub(crate) fn sign(&self, id: KeyId, message: &[u8]) -> Signature {
        let info = self.store.find(&id.to_string()).unwrap();
        let key = self.store.unlock(id, PIN).unwrap();
        assert_eq!((key.id(), key.public_key()), (id, &info.public_key));
        let signature = key.sign(message).unwrap();
        info.public_key.verify(message, &signature).unwrap();
        signature
    }
}

pub(crate) fn open(folder: &Path) -> KeyStore {
    let kdf = Kdf {
        memory_kib: 8,
        passes: 1,
        lanes: 1,
    };
    KeyStore::open_with(
        folder,
        Options {
            kdf,
            ..Options::default()
        },
    )
    .unwrap()
}

pub(crate) fn new(label: &str) -> NewKey<'_> {
    NewKey {
        label,
        pin: PIN,
        now: time("2026-11-21T08:00:00Z"),
    }
}

pub(crate) fn time(text: &str) -> Timestamp {
    text.parse().unwrap()
}

/// A different stream at every call within a test run, so that keys differ.
pub(crate) fn rng() -> SeededRng {
    use std::sync::atomic::{AtomicU64, Ordering};
    static SEEDS: AtomicU64 = AtomicU64::new(0);
    SeededRng {
        seed: SEEDS.fetch_add(1, Ordering::Relaxed),
        counter: 0,
    }
}

/// SM3 of a seed and a counter.
pub(crate) struct SeededRng {
    seed: u64,
    counter: u64,
}

impl TryRng for SeededRng {
    type Error = Infallible;

    fn try_next_u32(&mut self) -> Result<u32, Infallible> {
        let mut bytes = [0; 4];
        self.try_fill_bytes(&mut bytes)?;
        Ok(u32::from_le_bytes(bytes))
    }

    fn try_next_u64(&mut self) -> Result<u64, Infallible> {
        let mut bytes = [0; 8];
        self.try_fill_bytes(&mut bytes)?;
        Ok(u64::from_le_bytes(bytes))
    }

    fn try_fill_bytes(&mut self, out: &mut [u8]) -> Result<(), Infallible> {
        for chunk in out.chunks_mut(32) {
            self.counter += 1;
            let block = gm::sm3(&[self.seed.to_be_bytes(), self.counter.to_be_bytes()].concat());
            chunk.copy_from_slice(&block.0[..chunk.len()]);
        }
        Ok(())
    }
}

impl TryCryptoRng for SeededRng {}
