//! Documents that somebody had verified, kept for a few minutes so that they see the pages and take the report
//! with them. They are files without a name, known by a random one, and gone with the service.

use std::collections::VecDeque;
use std::fs::File;
use std::sync::{Arc, Mutex, PoisonError};

use jiff::{SignedDuration, Timestamp};
use sealing::Report;

use super::Service;

/// How long they are kept, in minutes.
const MINUTES_MAX: i64 = 15;
/// How many are kept.
const DOCUMENTS_MAX: usize = 256;
/// How large they are together, in bytes.
const BYTES_MAX: u64 = 1 << 30;

/// A document with its report.
#[derive(Debug)]
pub(crate) struct Verified {
    id: String,
    pub(crate) report: Report,
    pub(crate) file: Arc<Mutex<File>>,
    bytes: u64,
    pub(crate) ends_at: Timestamp,
}

/// Those that are kept, oldest first.
#[derive(Debug, Default)]
pub(crate) struct VerifiedShelf(Mutex<VecDeque<Arc<Verified>>>);

impl VerifiedShelf {
    fn add(&self, new: Verified, now: Timestamp) {
        let mut shelf = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        shelf.push_back(Arc::new(new));
        let mut bytes: u64 = shelf.iter().map(|kept| kept.bytes).sum();
        while let Some(oldest) = shelf.front()
            && (oldest.ends_at <= now || shelf.len() > DOCUMENTS_MAX || bytes > BYTES_MAX)
        {
            bytes -= oldest.bytes;
            shelf.pop_front();
        }
    }

    fn find(&self, id: &str, now: Timestamp) -> Option<Arc<Verified>> {
        let shelf = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let mut kept = shelf.iter().filter(|kept| now < kept.ends_at);
        kept.find(|kept| kept.id == id).map(Arc::clone)
    }
}

impl Service {
    /// Keeps a document with its report for a while; its name here.
    pub(crate) fn keep_verified(&self, report: Report, (file, bytes): (File, u64)) -> String {
        let (id, now) = (hex::encode(self.outside.random::<16>()), self.outside.now());
        let verified = Verified {
            id: id.clone(),
            report,
            file: Arc::new(Mutex::new(file)),
            bytes,
            ends_at: now
                .checked_add(SignedDuration::from_mins(MINUTES_MAX))
                .unwrap_or(Timestamp::MAX),
        };
        self.verified.add(verified, now);
        id
    }

    /// A document that is still kept.
    pub(crate) fn verified(&self, id: &str) -> Option<Arc<Verified>> {
        self.verified.find(id, self.outside.now())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kept(id: u32, bytes: u64, ends_at: Timestamp) -> Verified {
        let trust = sealing::Trust::for_all(Vec::new());
        let verifier = sealing::Verifier::new(trust, Vec::new(), Vec::new());
        let file = tempfile::tempfile().unwrap();
        let report = verifier.verify(file.try_clone().unwrap(), "x", ends_at).unwrap();
        Verified {
            id: id.to_string(),
            report,
            file: Arc::new(Mutex::new(file)),
            bytes,
            ends_at,
        }
    }

    #[test]
    fn what_is_old_or_too_much_goes() {
        let (now, shelf) = (Timestamp::UNIX_EPOCH, VerifiedShelf::default());
        let later = now + SignedDuration::from_mins(1);
        shelf.add(kept(0, 1, later), now);
        assert!(shelf.find("0", now).is_some());
        assert!(shelf.find("0", later).is_none());
        shelf.add(kept(1, BYTES_MAX, later), now);
        assert!(shelf.find("0", now).is_none() && shelf.find("1", now).is_some());
        shelf.add(kept(2, 1, later), now);
        assert!(shelf.find("1", now).is_none() && shelf.find("2", now).is_some());
    }
}
