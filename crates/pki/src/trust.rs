//! What is trusted without proof, and what was proved before.

use std::collections::{HashMap, HashSet};
use std::fmt;
use std::sync::{Mutex, PoisonError};

use gm::{Digest, PublicKey};

use crate::{Certificate, Name};

/// Most signatures that a [`PathCache`] remembers; each takes about 130 bytes.
const CACHED_SIGNATURES_MAX: usize = 16_384;

/// Trust anchors: certificates that are trusted because someone decided so, self-signed or not.
#[derive(Clone, Default)]
pub struct TrustStore {
    anchors: Vec<Certificate>,
    known: HashSet<Certificate>,
    by_subject: HashMap<Name, Vec<usize>>,
    takes_foreign: bool,
}

impl TrustStore {
    /// From anchors; repeated ones are kept once.
    pub fn new(anchors: Vec<Certificate>) -> Self {
        let mut store = Self::default();
        for anchor in anchors {
            if store.known.insert(anchor.clone()) {
                let indexes = store.by_subject.entry(anchor.subject().clone()).or_default();
                indexes.push(store.anchors.len());
                store.anchors.push(anchor);
            }
        }
        store
    }

    /// Also for paths whose signatures are RSA, ECDSA or Ed25519 with SHA-2: what others signed under other laws.
    /// Without this, SM2 alone counts.
    #[must_use]
    pub fn with_foreign_algorithms(mut self) -> Self {
        self.takes_foreign = true;
        self
    }

    pub(crate) fn takes_foreign(&self) -> bool {
        self.takes_foreign
    }

    /// The anchors in their order.
    pub fn anchors(&self) -> &[Certificate] {
        &self.anchors
    }

    /// Whether nothing is trusted.
    pub fn is_empty(&self) -> bool {
        self.anchors.is_empty()
    }

    /// Whether this very certificate is an anchor.
    pub fn contains(&self, certificate: &Certificate) -> bool {
        self.known.contains(certificate)
    }

    /// The anchors of this name.
    pub fn named<'a>(&'a self, subject: &Name) -> impl Iterator<Item = &'a Certificate> {
        let indexes = self.by_subject.get(subject).map_or(&[][..], Vec::as_slice);
        indexes.iter().map(|i| &self.anchors[*i])
    }
}

impl fmt::Debug for TrustStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("TrustStore").field(&self.anchors).finish()
    }
}

/// Remembers which certificates were signed with which keys, so that the same CA certificates are not checked for
/// every document. Shared between threads; when full it starts anew.
///
/// Only the arithmetic is remembered, never a verdict: times, usages and trust are judged anew for every question.
#[derive(Default)]
pub struct PathCache(Mutex<HashMap<(Digest, [u8; 65]), bool>>);

impl PathCache {
    /// Whether `certificate` was signed with `key`.
    pub(crate) fn is_signed_with(&self, certificate: &Certificate, key: &PublicKey) -> bool {
        let question = (certificate.digest(), key.to_sec1());
        if let Some(answer) = self.entries().get(&question) {
            return *answer;
        }
        // Not under the lock: a signature takes longer than everything else here.
        let answer = certificate.verify_issued_by(key).is_ok();
        let mut entries = self.entries();
        if entries.len() >= CACHED_SIGNATURES_MAX {
            entries.clear();
        }
        entries.insert(question, answer);
        answer
    }

    /// How many signatures are remembered.
    pub fn len(&self) -> usize {
        self.entries().len()
    }

    /// Whether nothing is remembered.
    pub fn is_empty(&self) -> bool {
        self.entries().is_empty()
    }

    fn entries(&self) -> std::sync::MutexGuard<'_, HashMap<(Digest, [u8; 65]), bool>> {
        // Every entry is whole at any time, so a panic elsewhere leaves nothing broken.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for PathCache {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PathCache({} signatures)", self.len())
    }
}
