//! The revocation list of the sandbox issuer (R59): which of its certificates count no longer, because their seal was
//! cancelled or their key put on another device.
//!
//! The list follows from the seals' events and is kept nowhere: it is made when somebody asks, anew after every end
//! and in any case before it grows old. Verification here uses the same list.

use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use gm::Digest;
use jiff::{SignedDuration, Timestamp};
use pki::{Certificate, Crl, CrlTemplate, RevokedCertificate};
use registry::{SealEvent, SealId, SealRecord, SealStatus};
use sealing::Verifier;
use store::Reader;
use tokio::sync::Mutex;

use super::making::Maker;
use super::{Error, Service};

/// Hours for which a list serves.
const LIST_HOURS: i64 = 24;
/// Hours after which it is made anew, though nothing changed.
const REISSUE_HOURS: i64 = 12;
/// Seconds after which the events of other processes are looked at again.
const LOOK_SECONDS: i64 = 1;
/// Seconds by which the record of an event may come later than its time.
const LATE_SECONDS: i64 = 600;
/// Longest certificate that is read, in bytes.
const CERTIFICATE_BYTES_MAX: usize = 64 * 1024;

/// What is known of revocations, and the list that was made of it.
#[derive(Debug, Default)]
pub(crate) struct Revocations {
    /// Something ended here since the last look.
    ended: AtomicBool,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    /// When events were last looked at.
    looked_at: Option<Timestamp>,
    /// Serial numbers of the issuer's certificates, and since when they count no longer.
    revoked: BTreeMap<Vec<u8>, Timestamp>,
    /// Certificates that were looked at already.
    seen: HashSet<Digest>,
    issued: Option<Issued>,
}

/// A list, and a verifier that knows it.
#[derive(Clone, Debug)]
struct Issued {
    crl: Crl,
    at: Timestamp,
    entries: usize,
    /// The last time at which one of its certificates was revoked.
    last: Option<Timestamp>,
    verifier: Arc<Verifier>,
}

impl Revocations {
    /// A seal or a device ended, so that the list must be made anew.
    pub(crate) fn note(&self) {
        self.ended.store(true, Ordering::SeqCst);
    }
}

impl Service {
    /// The list as it stands now.
    pub(crate) async fn crl(&self) -> Result<Crl, Error> {
        Ok(self.issued_list().await?.crl)
    }

    /// The verifier, with the list of what was revoked here by `at`: who asks what a document proved at a time in the
    /// past is answered with the list of that time.
    pub(crate) async fn informed_verifier(&self, at: Timestamp) -> Arc<Verifier> {
        let Some(maker) = &self.maker else {
            return Arc::clone(&self.verifier);
        };
        match self.issued_list().await {
            Ok(issued) if issued.last.is_none_or(|last| last <= at) => issued.verifier,
            Ok(issued) => {
                let mut then = self.revocations.state.lock().await.revoked.clone();
                then.retain(|_, since| *since <= at);
                match self.issue_list(maker, &then, at) {
                    Ok(list) => list.verifier,
                    Err(_) => issued.verifier,
                }
            }
            Err(reason) => {
                // Verifying needs no database otherwise: the last list is better than none.
                tracing::error!(%reason, "the revocation list could not be made");
                let state = self.revocations.state.lock().await;
                state.issued.as_ref().map_or_else(
                    || Arc::clone(&self.verifier),
                    |issued| Arc::clone(&issued.verifier),
                )
            }
        }
    }

    async fn issued_list(&self) -> Result<Issued, Error> {
        let maker = self.maker.as_ref().ok_or(Error::MakingNotConfigured)?;
        let now = self.outside.now();
        let mut state = self.revocations.state.lock().await;
        let ended = self.revocations.ended.swap(false, Ordering::SeqCst);
        let look = SignedDuration::from_secs(LOOK_SECONDS);
        if ended || state.looked_at.is_none_or(|at| now.duration_since(at) >= look) {
            if let Err(error) = self.look(&mut state, maker, now).await {
                self.revocations.note();
                return Err(error);
            }
            state.looked_at = Some(now);
        }
        let reissue = SignedDuration::from_hours(REISSUE_HOURS);
        let fresh = |issued: &&Issued| {
            issued.entries == state.revoked.len() && now.duration_since(issued.at) < reissue
        };
        if let Some(issued) = state.issued.as_ref().filter(fresh) {
            return Ok(issued.clone());
        }
        let issued = self.issue_list(maker, &state.revoked, now)?;
        state.issued = Some(issued.clone());
        Ok(issued)
    }

    /// Adds what ended since the last look.
    async fn look(&self, state: &mut State, maker: &Maker, now: Timestamp) -> Result<(), Error> {
        let late = SignedDuration::from_secs(LATE_SECONDS);
        let from = state.looked_at.and_then(|at| at.checked_sub(late).ok());
        let mut after = (from.unwrap_or(Timestamp::UNIX_EPOCH), SealId(uuid::Uuid::nil()));
        let until = now.checked_add(late).unwrap_or(Timestamp::MAX);
        let mut reader = self.store.read().await?;
        loop {
            let ended = reader.seals_ended(after, until, store::PAGE_MAX).await?;
            let Some(last) = ended.last() else {
                return Ok(());
            };
            after = *last;
            for (_, id) in ended {
                self.look_at(state, maker, (&mut reader, id)).await?;
            }
        }
    }

    async fn look_at(
        &self,
        state: &mut State,
        maker: &Maker,
        (reader, id): (&mut Reader, SealId),
    ) -> Result<(), Error> {
        let Some(seal) = reader.seal(id).await?.state else {
            return Ok(());
        };
        let events = reader.seal_events(id).await?;
        let events: Vec<_> = events.into_iter().map(|recorded| recorded.event).collect();
        for (certificate, since) in ended(&seal, &events) {
            if !state.seen.insert(certificate) {
                continue;
            }
            let der = self.documents.read(&certificate, CERTIFICATE_BYTES_MAX).await?;
            let Ok(certificate) = Certificate::read(&der) else {
                continue;
            };
            // Of another issuer, from before the configuration changed: its list is not ours to make.
            if certificate.issuer() == maker.issuer().subject() {
                state.revoked.insert(certificate.serial().to_vec(), since);
            }
        }
        Ok(())
    }

    fn issue_list(
        &self,
        maker: &Maker,
        revoked: &BTreeMap<Vec<u8>, Timestamp>,
        now: Timestamp,
    ) -> Result<Issued, Error> {
        let entry = |(serial, since): (&Vec<u8>, &Timestamp)| RevokedCertificate {
            serial: serial.clone(),
            at: *since,
            reason: None,
        };
        let template = CrlTemplate {
            this_update: now,
            next_update: now.checked_add(SignedDuration::from_hours(LIST_HOURS)).ok(),
            // Rises from list to list without being kept anywhere.
            number: u64::try_from(now.as_millisecond()).unwrap_or_default(),
            revoked: revoked.iter().map(entry).collect(),
            extensions: Vec::new(),
        };
        let crl = maker.issue_crl(&template).map_err(|error| Error::NotMade {
            reason: error.to_string(),
        })?;
        let verifier = Verifier::clone(&self.verifier).with_crl(crl.clone());
        Ok(Issued {
            crl,
            at: now,
            entries: revoked.len(),
            last: revoked.values().max().copied(),
            verifier: Arc::new(verifier),
        })
    }
}

/// The certificates of a seal that count no longer, and since when: all of a cancelled one, and those whose device was
/// replaced. A seal that was renewed keeps the certificate that it had until its period is over.
fn ended(seal: &SealRecord, events: &[SealEvent]) -> Vec<(Digest, Timestamp)> {
    let mut found = Vec::new();
    for event in events {
        let until = match event {
            SealEvent::DeviceReplaced { edition, .. } => edition.number,
            _ => continue,
        };
        let at = event.effective_at();
        let replaced = seal.editions.iter().filter(|edition| edition.number < until);
        found.extend(replaced.map(|edition| (Digest(edition.certificate.0), at)));
    }
    if let Some(standing) = seal
        .standing
        .as_ref()
        .filter(|_| seal.status == SealStatus::Cancelled)
    {
        let all = seal.editions.iter();
        found.extend(all.map(|edition| (Digest(edition.certificate.0), standing.at)));
    }
    found
}
