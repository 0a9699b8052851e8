//! Stamping: the use record is durable before the key is used, the outcome before the sealed bytes leave (R51, R53).
//!
//! What happens between the two goes on when the client goes away, and whoever stops the service waits for it. An
//! intent that a crash left without outcome never let sealed bytes out, so [`Service::settle`] records that it
//! failed.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, BufWriter, Seek as _, SeekFrom, Write};
use std::sync::{Arc, PoisonError};

use gm::{Digest, Sm3};
use jiff::Timestamp;
use keys::UnlockedKey;
use pki::{Certificate, Purpose, VerifiedPath};
use registry::seal::Edition;
use registry::usage::{Content, DocumentFacts, Outcome, Placement, decide_request};
use registry::{Acting, Digest32, UseCommand, UseEvent, UseId};
use sealing::{DocumentKind, Reason, StampError, StampOrder, stamp};
use serde::{Deserialize, Serialize};
use serde_json::Map;
use ses::{SES_BYTES_MAX, Seal, VerifiedSeal};
use store::{Change, Current, Entries};
use tokio::sync::OwnedSemaphorePermit;
use zeroize::Zeroizing;

use super::act::{Caller, entry, in_order, recorded, refused};
use super::batches::Failure;
use super::custody::CustodyFault;
use super::documents::kind_name;
use super::once::Once;
use super::placement::StampPlace;
use super::uses::{Known, use_entries};
use super::{Error, Service};

/// Intents that are settled in one go.
const SETTLED_AT_ONCE_MAX: u32 = 200;

/// What became of a stamping that succeeded.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Stamped {
    pub(crate) request: UseId,
    /// Names the use record together with the request.
    pub(crate) sequence: i64,
    pub(crate) item: u32,
    /// SM3 over the sealed document.
    pub(crate) sealed: Digest32,
    /// `ofd` or `pdf`.
    pub(crate) kind: String,
}

/// A seal and its sealer, proved for one instant.
#[derive(Clone)]
pub(crate) struct Proved {
    pub(crate) seal: VerifiedSeal,
    pub(crate) sealer: VerifiedPath,
    /// In whole seconds.
    pub(crate) time: Timestamp,
}

/// A document that is going to be sealed as soon as its use record is durable.
pub(crate) struct Prepared {
    pub(crate) acting: Acting,
    pub(crate) known: Arc<Known>,
    pub(crate) proved: Proved,
    pub(crate) key: Arc<UnlockedKey>,
    pub(crate) place: StampPlace,
    pub(crate) document: File,
    /// Given back when everything is over.
    pub(crate) _place: Arc<OwnedSemaphorePermit>,
}

/// A use record that waits for its outcome.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Intent {
    pub(crate) request: UseId,
    pub(crate) item: u32,
    pub(crate) sequence: i64,
    /// In whole microseconds, as the record has it.
    pub(crate) begun_at: Timestamp,
}

/// Sealed bytes, which leave only after their outcome was recorded.
pub(crate) struct SealedFile {
    pub(crate) file: File,
    pub(crate) kind: DocumentKind,
    pub(crate) digest: Digest,
}

impl Service {
    /// Seals the document of an approved request with the PIN of whoever seals.
    pub(crate) async fn stamp_use(
        self: &Arc<Self>,
        caller: &Caller,
        id: UseId,
        pin: Zeroizing<String>,
        once: Once,
    ) -> Result<Vec<u8>, Error> {
        let permit = self.document_place().ok_or(Error::Busy)?;
        let (request, _) = self.use_request(caller, id).await?;
        if let Some(answer) = self.answered_before(&once).await? {
            return Ok(answer);
        }
        let Content::Document { digest, placement } = request.content.clone() else {
            return Err(Error::NotFound { what: "document" });
        };
        let document = self.take_out(digest).await?;
        let order = BeginOrder {
            caller: caller.clone(),
            id,
            item: 0,
            document: digest,
            placement: placement.clone(),
            facts: DocumentFacts {
                blank: self.facts_of(&document.file).await?.blank,
                proved_under: None,
            },
        };
        // The rules first: a PIN is not even tried for somebody who may not seal.
        let known = self.may_begin(&order).await?;
        let edition = known
            .seal
            .edition()
            .ok_or(Error::Damaged { what: "a seal" })?
            .clone();
        let key = self.unlock_noted(caller, &order, &edition, pin).await?;
        let proved = self.prove(&edition).await?;
        let place = StampPlace::read(&placement).ok_or(Error::Damaged { what: "a placement" })?;
        let begun = self.begin_use(order, Some(once.clone())).await?;
        let Begun { intent, known } = match begun {
            Ok(begun) => begun,
            Err(answer) => return Ok(answer),
        };
        let prepared = Prepared {
            acting: caller.acting.clone(),
            known: Arc::new(known),
            proved,
            key: Arc::new(key),
            place,
            document: document.file,
            _place: Arc::new(permit),
        };
        self.carry_out(prepared, intent, Some(once)).await
    }

    /// Seals, keeps the sealed document, records the outcome; goes on when nobody waits any more.
    pub(super) async fn carry_out(
        self: &Arc<Self>,
        prepared: Prepared,
        intent: Intent,
        once: Option<Once>,
    ) -> Result<Vec<u8>, Error> {
        let service = Arc::clone(self);
        let work = tokio::spawn(async move {
            let (prepared, sealed) = service.seal_one(prepared).await?;
            let kept = match sealed {
                Ok(sealed) => service.keep_sealed(sealed).await,
                Err(error) => Err(error),
            };
            let stamped = match kept {
                Ok((digest, kind)) => Stamped {
                    request: intent.request,
                    sequence: intent.sequence,
                    item: intent.item,
                    sealed: Digest32(digest.0),
                    kind: kind_name(kind).to_owned(),
                },
                Err(error) => {
                    service.record_failure(&prepared, intent, &error).await?;
                    return Err(error);
                }
            };
            service.record_stamped(&prepared, intent, stamped, once).await
        });
        work.await.map_err(|_| Error::Ended)?
    }

    async fn keep_sealed(&self, sealed: SealedFile) -> Result<(Digest, DocumentKind), Error> {
        let kept = self.keep(sealed.file).await?;
        if kept == sealed.digest {
            Ok((kept, sealed.kind))
        } else {
            Err(Error::Disk(io::Error::other(
                "the sealed file changed on the disk",
            )))
        }
    }

    /// Uses the key, on a thread of its own.
    pub(crate) async fn seal_one(
        self: &Arc<Self>,
        prepared: Prepared,
    ) -> Result<(Prepared, Result<SealedFile, Error>), Error> {
        let turn = self.document_turn().await?;
        let service = Arc::clone(self);
        let work = tokio::task::spawn_blocking(move || {
            let sealed = service.seal_now(&prepared);
            drop(turn);
            (prepared, sealed)
        });
        work.await.map_err(|_| Error::Ended)
    }

    fn seal_now(&self, prepared: &Prepared) -> Result<SealedFile, Error> {
        let positions = prepared.place.positions();
        let order = StampOrder {
            seal: &prepared.proved.seal,
            sealer: &prepared.proved.sealer,
            positions: &positions,
            mode: prepared.place.mode(),
            time: prepared.proved.time,
            verifier: &self.verifier,
        };
        let document = prepared.document.try_clone().map_err(Error::Disk)?;
        let mut out = Hashing {
            file: BufWriter::new(self.temporary_file().map_err(Error::Disk)?),
            digest: Sm3::new(),
        };
        let kind = stamp(document, &order, &*prepared.key, &mut out)?;
        let mut file = out
            .file
            .into_inner()
            .map_err(|error| Error::Disk(error.into_error()))?;
        file.seek(SeekFrom::Start(0)).map_err(Error::Disk)?;
        Ok(SealedFile {
            file,
            kind,
            digest: out.digest.finish(),
        })
    }

    /// Records that an intent led to a sealed document; an answer under a key is kept with it.
    pub(crate) async fn record_stamped(
        &self,
        prepared: &Prepared,
        intent: Intent,
        stamped: Stamped,
        once: Option<Once>,
    ) -> Result<Vec<u8>, Error> {
        let outcome = Outcome::Stamped {
            sealed: stamped.sealed,
        };
        let answer = serde_json::to_vec(&stamped).map_err(|_| Error::NothingHappened)?;
        let keep = once.map(|once| (once, stamped));
        self.finish(&prepared.acting, &prepared.known, intent, outcome, keep)
            .await?;
        self.metrics.stamped("stamped");
        Ok(answer)
    }

    /// Records that an intent led to nothing.
    pub(crate) async fn record_failure(
        &self,
        prepared: &Prepared,
        intent: Intent,
        error: &Error,
    ) -> Result<(), Error> {
        let failure = match error {
            Error::NotSealed(error) => failure_of(error),
            _ => Failure::Service,
        };
        self.record_failed(&prepared.acting, &prepared.known, intent, failure)
            .await
    }

    /// Records why an intent led to nothing.
    pub(super) async fn record_failed(
        &self,
        acting: &Acting,
        known: &Arc<Known>,
        intent: Intent,
        failure: Failure,
    ) -> Result<(), Error> {
        let outcome = Outcome::Failed {
            reason: failure.recorded().to_owned(),
        };
        self.metrics.stamped("failed");
        self.finish(acting, known, intent, outcome, None).await
    }

    async fn finish(
        &self,
        acting: &Acting,
        known: &Arc<Known>,
        intent: Intent,
        outcome: Outcome,
        keep: Option<(Once, Stamped)>,
    ) -> Result<(), Error> {
        let now = self.outside.now();
        let (acting, known) = (acting.clone(), Arc::clone(known));
        let written = self.store.write(move |change| {
            let (acting, known) = (acting.clone(), Arc::clone(&known));
            let (outcome, keep) = (outcome.clone(), keep.clone());
            Box::pin(async move {
                let current = change.usage(intent.request).await?;
                let open = current
                    .state
                    .as_ref()
                    .and_then(|state| state.open.get(&intent.item));
                if open.is_some_and(|open| open.at.as_microsecond() != intent.begun_at.as_microsecond()) {
                    return Err(Error::BegunAgain);
                }
                let facts = known.facts(&acting, DocumentFacts::default());
                let command = UseCommand::Finish {
                    item: intent.item,
                    outcome,
                };
                let events = decide_request(current.state.as_ref(), &facts, &command, now)?;
                if let Some((once, stamped)) = &keep {
                    once.keep(change, stamped, now).await?;
                }
                let log = record(change, &acting, intent, current, &events, now).await?;
                Ok::<_, Error>(((), log))
            })
        });
        written.await
    }

    /// What the rules say before anything is begun; a refusal is recorded.
    pub(super) async fn may_begin(&self, order: &BeginOrder) -> Result<Known, Error> {
        let now = self.outside.now();
        let mut reader = self.store.read().await?;
        let current = reader.usage(order.id).await?;
        let request = current.state.ok_or(Error::NotFound { what: "use" })?;
        let known = Known::load(&mut reader, &self.profiles, request.seal, None, None, now).await?;
        drop(reader);
        let facts = known.facts_for(&order.caller, order.facts);
        match decide_request(Some(&request), &facts, &order.command(), now) {
            Ok(_) => Ok(known),
            Err(refusal) => {
                let (id, refusal_id) = (order.id, self.new_id());
                let (acting, told) = (order.caller.acting.clone(), refusal.clone());
                let written = self.store.write(move |change| {
                    let (acting, told) = (acting.clone(), told.clone());
                    Box::pin(async move {
                        let told = ("begin", &told);
                        let entries = refused(change, refusal_id, &acting, id, told, now).await?;
                        Ok::<_, Error>(((), entries))
                    })
                });
                written.await?;
                Err(refusal.into())
            }
        }
    }

    /// Opens the key; a wrong PIN is an entry in the log (R45).
    pub(super) async fn unlock_noted(
        self: &Arc<Self>,
        caller: &Caller,
        order: &BeginOrder,
        edition: &Edition,
        pin: Zeroizing<String>,
    ) -> Result<UnlockedKey, Error> {
        let unlocked = self.unlock_key(edition, pin).await;
        let fault = match &unlocked {
            Err(Error::Custody(CustodyFault::WrongPin { .. })) => "wrong",
            Err(Error::Custody(CustodyFault::Locked)) => "locked",
            _ => return unlocked,
        };
        let (acting, id, now) = (caller.acting.clone(), order.id, self.outside.now());
        let written = self.store.write(move |_| {
            let details = Map::from_iter([("pin".to_owned(), fault.into())]);
            let entry = entry(&acting, "use.pin_refused", id, details, now);
            Box::pin(async move { Ok::<_, Error>(((), entry.into())) })
        });
        written.await?;
        unlocked
    }

    /// The seal and its sealer's certificate as they may be used now, or why not (R59).
    pub(crate) async fn prove(&self, edition: &Edition) -> Result<Proved, Error> {
        let read = async |digest: &Digest32| self.documents.read(&Digest(digest.0), SES_BYTES_MAX).await;
        let (seal, certificate) = (read(&edition.seal_data).await?, read(&edition.certificate).await?);
        let damaged = |what| move |_| Error::Damaged { what };
        let seal = Seal::read(&seal).map_err(|_| Error::Damaged {
            what: "a seal's data",
        })?;
        let certificate = Certificate::read(&certificate).map_err(damaged("a seal's certificate"))?;
        let now = self.outside.now();
        let time = Timestamp::from_second(now.as_second()).unwrap_or(now);
        let unusable = |reasons: Vec<Reason>| Error::SealUnusable {
            codes: reasons.iter().map(|reason| reason.code.name()).collect(),
        };
        Ok(Proved {
            seal: self.verifier.proved_seal(&seal, time).map_err(unusable)?,
            sealer: self
                .verifier
                .proved_path(&certificate, Purpose::Signer, time)
                .map_err(unusable)?,
            time,
        })
    }

    /// As [`prove`](Self::prove), remembered within the second for which it was proved.
    pub(crate) async fn proved_now(&self, edition: &Edition) -> Result<Proved, Error> {
        let now = self.outside.now().as_second();
        let remembered = {
            let proofs = self.proofs.lock().unwrap_or_else(PoisonError::into_inner);
            proofs
                .get(&edition.seal_data)
                .filter(|proved| proved.time.as_second() == now)
                .cloned()
        };
        if let Some(proved) = remembered {
            return Ok(proved);
        }
        let proved = self.prove(edition).await?;
        let mut proofs = self.proofs.lock().unwrap_or_else(PoisonError::into_inner);
        proofs.retain(|_, proved| proved.time.as_second() >= now);
        proofs.insert(edition.seal_data, proved.clone());
        Ok(proved)
    }

    /// Writes the use record, after which the key may be used; or the answer that was given before.
    pub(super) async fn begin_use(
        &self,
        order: BeginOrder,
        once: Option<Once>,
    ) -> Result<Result<Begun, Vec<u8>>, Error> {
        let (refusal_id, now) = (self.new_id(), self.outside.now());
        let profiles = Arc::clone(&self.profiles);
        let written = self.store.write(move |change| {
            let (order, once, profiles) = (order.clone(), once.clone(), Arc::clone(&profiles));
            Box::pin(async move {
                if let Some(once) = &once {
                    once.check(change).await?;
                }
                let current = change.usage(order.id).await?;
                let request = current.state.as_ref().ok_or(Error::NotFound { what: "use" })?;
                let known = Known::load(change, &profiles, request.seal, None, None, now).await?;
                let facts = known.facts_for(&order.caller, order.facts);
                match decide_request(current.state.as_ref(), &facts, &order.command(), now) {
                    Ok(events) => {
                        let intent = Intent {
                            request: order.id,
                            item: order.item,
                            sequence: current.version + 1,
                            begun_at: now,
                        };
                        let log = record(change, &order.caller.acting, intent, current, &events, now).await?;
                        Ok((Ok(Begun { intent, known }), log))
                    }
                    Err(refusal) => {
                        let told = ("begin", &refusal);
                        let acting = &order.caller.acting;
                        let entries = refused(change, refusal_id, acting, order.id, told, now).await?;
                        Ok((Err(refusal), entries))
                    }
                }
            })
        });
        match written.await {
            Ok(Ok(begun)) => Ok(Ok(begun)),
            Ok(Err(refusal)) => Err(Error::Refused(Box::new(refusal))),
            Err(Error::DoneBefore { answer }) => Ok(Err(answer)),
            Err(error) => Err(error),
        }
    }

    pub(super) async fn answered_before(&self, once: &Once) -> Result<Option<Vec<u8>>, Error> {
        let kept = self
            .store
            .read()
            .await?
            .kept_response(&once.scope, &once.key)
            .await?;
        Ok(kept
            .filter(|kept| kept.request == once.request)
            .map(|kept| kept.body))
    }

    /// Gives every intent that was begun before an instant and has no outcome the one that is true: nothing left
    /// the service. How many there were.
    pub(crate) async fn settle(&self, begun_before: Timestamp) -> Result<u64, Error> {
        let mut settled = 0;
        loop {
            let before = settled;
            let mut reader = self.store.read().await?;
            let open = reader
                .unresolved_intents(begun_before, SETTLED_AT_ONCE_MAX)
                .await?;
            drop(reader);
            if open.is_empty() {
                return Ok(settled);
            }
            for left in open {
                let now = self.outside.now();
                let mut reader = self.store.read().await?;
                let known = Known::load(&mut reader, &self.profiles, left.seal, None, None, now).await?;
                drop(reader);
                let intent = Intent {
                    request: left.request,
                    item: left.item,
                    sequence: left.sequence,
                    begun_at: left.begun_at,
                };
                let outcome = Outcome::Failed {
                    reason: Failure::Interrupted.recorded().to_owned(),
                };
                match self
                    .finish(&Acting::service(), &Arc::new(known), intent, outcome, None)
                    .await
                {
                    Ok(()) => settled += 1,
                    // Its outcome was recorded meanwhile, so it is not among those that are open next time.
                    Err(Error::Refused(_) | Error::BegunAgain) => {}
                    Err(error) => return Err(error),
                }
            }
            if settled == before {
                return Ok(settled);
            }
        }
    }

    /// Ends the approvals whose time to be used is over. How many there were.
    pub(crate) async fn lapse_uses(&self) -> Result<u64, Error> {
        let now = self.outside.now();
        let over = self
            .store
            .read()
            .await?
            .usages_lapsing(now, SETTLED_AT_ONCE_MAX)
            .await?;
        let mut lapsed = 0;
        for request in over.into_iter().filter(|request| request.open.is_empty()) {
            let profiles = Arc::clone(&self.profiles);
            let written = self.store.write(move |change| {
                let profiles = Arc::clone(&profiles);
                Box::pin(async move {
                    let acting = Acting::service();
                    let current = change.usage(request.id).await?;
                    let known = Known::load(change, &profiles, request.seal, None, None, now).await?;
                    let facts = known.facts(&acting, DocumentFacts::default());
                    let events = decide_request(current.state.as_ref(), &facts, &UseCommand::Lapse, now)?;
                    let recorded = recorded(&acting, now);
                    let numbers = (current.version, None);
                    change
                        .record_usage(request.id, current, &events, &recorded)
                        .await?;
                    let log = use_entries(&acting, request.id, numbers, &events, &BTreeMap::new(), now)?;
                    Ok::<_, Error>(((), in_order(log)?))
                })
            });
            match written.await {
                Ok(()) => lapsed += 1,
                // It was sealed or withdrawn meanwhile.
                Err(Error::Refused(_)) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(lapsed)
    }

    /// Waits until nothing is being sealed any more, and lets nothing new begin.
    pub(crate) async fn finish_stamping(&self) {
        let all = u32::try_from(self.config.documents.places_max).unwrap_or(u32::MAX);
        if let Ok(places) = self.document_places.acquire_many(all).await {
            places.forget();
        }
    }
}

/// An item that is to be sealed.
#[derive(Clone)]
pub(crate) struct BeginOrder {
    pub(crate) caller: Caller,
    pub(crate) id: UseId,
    pub(crate) item: u32,
    pub(crate) document: Digest32,
    pub(crate) placement: Placement,
    pub(crate) facts: DocumentFacts,
}

impl BeginOrder {
    pub(crate) fn command(&self) -> UseCommand {
        UseCommand::Begin {
            item: self.item,
            document: self.document,
            placement: self.placement.clone(),
        }
    }
}

/// A document whose use record is durable.
pub(super) struct Begun {
    pub(super) intent: Intent,
    pub(super) known: Known,
}

/// Keeps the events of a use with their entries.
async fn record(
    change: &mut Change,
    acting: &Acting,
    intent: Intent,
    current: Current<registry::UseRequest>,
    events: &[UseEvent],
    now: Timestamp,
) -> Result<Entries, Error> {
    let numbers = (current.version, Some(intent.sequence));
    let recorded = recorded(acting, now);
    change
        .record_usage(intent.request, current, events, &recorded)
        .await?;
    in_order(use_entries(
        acting,
        intent.request,
        numbers,
        events,
        &BTreeMap::new(),
        now,
    )?)
}

/// Stable words for the log, without anything from the document.
fn failure_of(error: &StampError) -> Failure {
    use sealing::{PdfSealError, SealError};
    match error {
        StampError::Ofd(SealError::BlankPage { .. }) | StampError::Pdf(PdfSealError::BlankPage { .. }) => {
            Failure::BlankPage
        }
        StampError::Ofd(SealError::Position(_)) | StampError::Pdf(PdfSealError::Position(_)) => {
            Failure::NoPlace
        }
        StampError::Ofd(SealError::Locked { .. }) | StampError::Pdf(PdfSealError::Locked { .. }) => {
            Failure::Locked
        }
        StampError::Ofd(SealError::ExistingBroken { .. })
        | StampError::Pdf(PdfSealError::ExistingBroken { .. }) => Failure::Changed,
        StampError::Ofd(SealError::Refused(_)) | StampError::Pdf(PdfSealError::Refused(_)) => {
            Failure::SealRefuses
        }
        _ => Failure::Unsealable,
    }
}

/// Hashes what it writes.
struct Hashing {
    file: BufWriter<File>,
    digest: Sm3,
}

impl Write for Hashing {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let count = self.file.write(bytes)?;
        self.digest.update(&bytes[..count]);
        Ok(count)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}
