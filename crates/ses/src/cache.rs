//! Seals that were read before: one seal stamps thousands of documents.

use std::borrow::Borrow;
use std::collections::HashSet;
use std::hash::{Hash, Hasher};
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
    generations: Mutex<Generations>,
}

/// A seal not asked for while a whole generation filled up is forgotten.
#[derive(Default)]
struct Generations {
    young: HashSet<ByBytes>,
    old: HashSet<ByBytes>,
    young_bytes: usize,
}

/// A seal that is looked up by the bytes it was read from.
struct ByBytes(Seal);

impl Borrow<[u8]> for ByBytes {
    fn borrow(&self) -> &[u8] {
        self.0.bytes()
    }
}

impl Hash for ByBytes {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.0.bytes().hash(state);
    }
}

impl PartialEq for ByBytes {
    fn eq(&self, other: &Self) -> bool {
        self.0.bytes() == other.0.bytes()
    }
}

impl Eq for ByBytes {}

impl SealCache {
    /// The seal with these bytes: remembered, or read now. Errors are not remembered.
    pub fn read(&self, bytes: &[u8]) -> Result<Seal, Error> {
        if let Some(seal) = self.lock().get(bytes) {
            return Ok(seal);
        }
        let seal = Seal::read(bytes)?;
        self.lock().insert(seal.clone());
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

    /// Whatever happened to a thread that held the lock, the sets are whole: every change is one call.
    fn lock(&self) -> MutexGuard<'_, Generations> {
        self.generations.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Generations {
    fn get(&mut self, bytes: &[u8]) -> Option<Seal> {
        if let Some(ByBytes(seal)) = self.young.get(bytes) {
            return Some(seal.clone());
        }
        let ByBytes(seal) = self.old.take(bytes)?;
        self.insert(seal.clone());
        Some(seal)
    }

    fn insert(&mut self, seal: Seal) {
        let bytes = seal.bytes().len();
        if self.young_bytes + bytes > CACHE_BYTES_MAX {
            self.old = std::mem::take(&mut self.young);
            self.young_bytes = 0;
        }
        if bytes <= CACHE_BYTES_MAX && self.young.insert(ByBytes(seal)) {
            self.young_bytes += bytes;
        }
    }
}

impl std::fmt::Debug for SealCache {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SealCache").field("seals", &self.len()).finish()
    }
}
