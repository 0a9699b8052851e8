//! Seals that were read before: one seal stamps thousands of documents.

use std::collections::HashMap;
use std::hash::{BuildHasher as _, RandomState};
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::error::Error;
use crate::seal::Seal;

/// Most bytes of seals that one cache holds, in each of its two generations.
const CACHE_BYTES_MAX: usize = 16 << 20;

/// Remembers seals by their bytes, and with each seal whether its maker's signature holds. Thread-safe, bounded.
///
/// Bytes are compared, not digests of them: that is faster, and nothing has to be believed of a hash.
#[derive(Default)]
pub struct SealCache {
    /// Secret, so that nobody can make seals that push each other out.
    hashing: RandomState,
    generations: Mutex<Generations>,
}

/// A seal not asked for while a whole generation filled up is forgotten. By the hash of the bytes: two seals
/// with the same one take turns.
#[derive(Default)]
struct Generations {
    young: HashMap<u64, Seal>,
    old: HashMap<u64, Seal>,
    young_bytes: usize,
}

impl SealCache {
    /// The seal with these bytes: remembered, or read now. Errors are not remembered.
    pub fn read(&self, bytes: &[u8]) -> Result<Seal, Error> {
        let hash = self.hashing.hash_one(bytes);
        if let Some(seal) = self.lock().get(hash, bytes) {
            return Ok(seal);
        }
        let seal = Seal::read(bytes)?;
        self.lock().insert(hash, seal.clone());
        Ok(seal)
    }

    /// How many seals are remembered.
    pub fn len(&self) -> usize {
        let generations = self.lock();
        generations.young.len() + generations.old.len()
    }

    /// Whether no seal is remembered.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Whatever happened to a thread that held the lock, the maps are whole: every change is one call.
    fn lock(&self) -> MutexGuard<'_, Generations> {
        self.generations.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Generations {
    fn get(&mut self, hash: u64, bytes: &[u8]) -> Option<Seal> {
        if let Some(seal) = self.young.get(&hash) {
            return (seal.bytes() == bytes).then(|| seal.clone());
        }
        let seal = self.old.remove(&hash).filter(|seal| seal.bytes() == bytes)?;
        self.insert(hash, seal.clone());
        Some(seal)
    }

    fn insert(&mut self, hash: u64, seal: Seal) {
        let bytes = seal.bytes().len();
        if self.young_bytes + bytes > CACHE_BYTES_MAX {
            self.old = std::mem::take(&mut self.young);
            self.young_bytes = 0;
        }
        if bytes <= CACHE_BYTES_MAX {
            let replaced = self.young.insert(hash, seal);
            let replaced = replaced.map_or(0, |seal| seal.bytes().len());
            self.young_bytes = self.young_bytes + bytes - replaced;
        }
    }
}

impl std::fmt::Debug for SealCache {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SealCache").field("seals", &self.len()).finish()
    }
}
