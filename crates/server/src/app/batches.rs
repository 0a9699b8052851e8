//! Batches: many documents under one decision over the root of their digests, sealed with one entry of the PIN (R51).
//!
//! A run seals what is not sealed yet, document by document: each has its own use record before the key is used, and
//! its own outcome. When a run ends early (the service stops, the approval lapses, the seal is suspended), what is done
//! stays done; the custodian enters the PIN again, and the rest goes on. Nothing is kept that could go on without them.

use std::sync::{Arc, PoisonError};

use audit::{Frontier, leaf_digest};
use keys::UnlockedKey;
use registry::seal::Edition;
use registry::usage::{Content, DocumentFacts, Outcome, Placement};
use registry::{Code, Digest32, UseId, UseRequest};
use serde_json::Map;
use store::{Page, UseRecord};
use tokio::sync::OwnedSemaphorePermit;
use tokio::task::JoinSet;
use zeroize::Zeroizing;

use super::act::{Caller, Decided, entry};
use super::documents::Spooled;
use super::once::{self, Once};
use super::placement::StampPlace;
use super::stamping::{BeginOrder, Prepared};
use super::{Error, Service};

/// Why a document was not sealed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Failure {
    BlankPage,
    NoPlace,
    Locked,
    Changed,
    SealRefuses,
    Unsealable,
    /// Its bytes are not there any more as they were brought.
    Unreadable,
    /// The seal was renewed during the run.
    Renewed,
    Service,
    Interrupted,
}

impl Failure {
    const ALL: [Failure; 10] = [
        Failure::BlankPage,
        Failure::NoPlace,
        Failure::Locked,
        Failure::Changed,
        Failure::SealRefuses,
        Failure::Unsealable,
        Failure::Unreadable,
        Failure::Renewed,
        Failure::Service,
        Failure::Interrupted,
    ];

    /// What people call it, in Chinese and in English; the English words are recorded, and stay as they are.
    pub(crate) fn words(self) -> (&'static str, &'static str) {
        match self {
            Self::BlankPage => ("页面是空白的，不能盖章", "the page is blank"),
            Self::NoPlace => ("文件中没有这个盖章位置", "the seal has no place there"),
            Self::Locked => ("文件已锁定，不能再盖章", "the document is locked"),
            Self::Changed => ("文件在盖章后被改动过", "the document was changed after sealing"),
            Self::SealRefuses => ("印章不能用于这次盖章", "the seal refuses this use"),
            Self::Unsealable => ("文件不规范，不能盖章", "the document cannot be sealed as it is"),
            Self::Unreadable => (
                "文件已不是上传时的内容，读不出来",
                "the document cannot be read as it was brought",
            ),
            Self::Renewed => ("盖章期间印章已续期", "the seal was renewed meanwhile"),
            Self::Service => ("系统未能完成盖章", "the service could not seal"),
            Self::Interrupted => (
                "中断：系统在记下结果前停止，没有给出盖章文件",
                "interrupted: the service ended before the outcome was recorded; nothing was given out",
            ),
        }
    }

    /// As it is recorded.
    pub(super) fn recorded(self) -> &'static str {
        self.words().1
    }

    /// What was recorded so; none for words of another version.
    fn of(recorded: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|one| one.recorded() == recorded)
    }
}

/// How far a batch is, and a part of its documents.
pub(crate) struct BatchPart {
    pub(crate) request: UseRequest,
    /// Whether this process is sealing it now.
    pub(crate) running: bool,
    pub(crate) items: Vec<BatchItem>,
}

/// One document of a batch.
pub(crate) struct BatchItem {
    /// Its number, from 0.
    pub(crate) item: u32,
    pub(crate) document: Digest32,
    /// The newest use record, if it was tried.
    pub(crate) record: Option<UseRecord>,
}

impl BatchItem {
    /// Why it failed, if it did, in Chinese and in English.
    pub(crate) fn failed(&self) -> Option<(&str, &str)> {
        match self.record.as_ref()?.outcome.as_ref()? {
            (_, Outcome::Failed { reason }) => {
                let known = Failure::of(reason).map(Failure::words);
                Some(known.unwrap_or(("原因见英文记录", reason)))
            }
            _ => None,
        }
    }
}

/// Marks a batch as being sealed by this process, as long as it lives.
struct Running {
    service: Arc<Service>,
    id: UseId,
}

impl Drop for Running {
    fn drop(&mut self) {
        let batches = &self.service.batches;
        let mut batches = batches.lock().unwrap_or_else(PoisonError::into_inner);
        batches.remove(&self.id);
    }
}

/// What a run works with.
struct Run {
    caller: Caller,
    id: UseId,
    documents: Vec<Digest32>,
    /// The root that the documents have; what is sealed must be of the root that was approved.
    root: Digest32,
    placement: Placement,
    place: StampPlace,
    edition: Edition,
    key: Arc<UnlockedKey>,
    permit: Arc<OwnedSemaphorePermit>,
    _running: Running,
}

/// The root of the Merkle tree over digests in order, of the shape of RFC 6962 with SM3.
pub(crate) fn root_of(documents: &[Digest32]) -> Digest32 {
    let mut tree = Frontier::new();
    for document in documents {
        tree.append(leaf_digest(&document.0));
    }
    Digest32(tree.root().0)
}

impl Service {
    /// Begins to seal what is not sealed yet of an approved batch; the answer does not wait for the end.
    pub(crate) async fn stamp_batch(
        self: &Arc<Self>,
        caller: &Caller,
        id: UseId,
        pin: Zeroizing<String>,
        once: Once,
    ) -> Result<Vec<u8>, Error> {
        let permit = Arc::new(self.document_place().ok_or(Error::Busy)?);
        let (request, documents) = self.batch_of(caller, id).await?;
        if let Some(answer) = self.answered_before(&once).await? {
            return Ok(answer);
        }
        let running = self.begin_running(id)?;
        let root = root_of(&documents);
        let waiting = waiting(&request);
        let first = waiting.first().copied().unwrap_or_default();
        let placement = request.content.placement().clone();
        let document = documents.get(first as usize).copied();
        let order = BeginOrder {
            caller: caller.clone(),
            id,
            item: first,
            document: document.ok_or(Error::Damaged { what: "a batch" })?,
            placement: placement.clone(),
            facts: DocumentFacts {
                blank: false,
                proved_under: Some(root),
            },
        };
        // The rules first: a PIN is not even tried for somebody who may not seal.
        let known = self.may_begin(&order).await?;
        let edition = known.seal.edition().cloned();
        let edition = edition.ok_or(Error::Damaged { what: "a seal" })?;
        let key = self.unlock_noted(caller, &order, &edition, pin).await?;
        self.prove(&edition).await?;
        let place = StampPlace::read(&placement).ok_or(Error::Damaged { what: "a placement" })?;
        let kept = self.note_run(caller, &request, waiting.len(), once).await?;
        let run = Run {
            caller: caller.clone(),
            id,
            documents,
            root,
            placement,
            place,
            edition,
            key: Arc::new(key),
            permit,
            _running: running,
        };
        tokio::spawn(Arc::clone(self).run(Arc::new(run), waiting));
        Ok(kept)
    }

    /// How far a batch is that the caller may see, and what became of its documents.
    pub(crate) async fn batch(
        &self,
        caller: &Caller,
        id: UseId,
        page: Page<u32>,
    ) -> Result<BatchPart, Error> {
        // First of all: whoever hears that nothing runs any more also hears every outcome.
        let running = self.is_running(id);
        let (request, documents) = self.batch_of(caller, id).await?;
        let from = page.after.map_or(0, |after| after.saturating_add(1));
        let until = from.saturating_add(page.limit).min(request.content.count());
        let mut reader = self.store.read().await?;
        let records = reader.use_records_of_items(id, from..until).await?;
        let numbered = (0_u32..).zip(documents);
        let items = numbered.skip(from as usize).take(page.limit as usize);
        let items = items.map(|(item, document)| BatchItem {
            item,
            document,
            record: records.iter().rev().find(|record| record.item == item).cloned(),
        });
        Ok(BatchPart {
            items: items.collect(),
            request,
            running,
        })
    }

    /// The digest of a batch's document, if the caller may read it.
    pub(crate) async fn batch_document(
        &self,
        caller: &Caller,
        id: UseId,
        item: u32,
    ) -> Result<Digest32, Error> {
        let (_, readable) = self.use_request(caller, id).await?;
        let (_, documents) = self.batch_of(caller, id).await?;
        let document = documents.get(item as usize).copied().filter(|_| readable);
        document.ok_or(Error::NotFound { what: "document" })
    }

    async fn batch_of(&self, caller: &Caller, id: UseId) -> Result<(UseRequest, Vec<Digest32>), Error> {
        let (request, _) = self.use_request(caller, id).await?;
        if !matches!(request.content, Content::Batch(_)) {
            return Err(Error::NotFound { what: "batch" });
        }
        let documents = self.store.read().await?.batch(id).await?;
        Ok((request, documents.ok_or(Error::Damaged { what: "a batch" })?))
    }

    fn begin_running(self: &Arc<Self>, id: UseId) -> Result<Running, Error> {
        let mut batches = self.batches.lock().unwrap_or_else(PoisonError::into_inner);
        if !batches.insert(id) {
            return Err(Error::BatchRunning);
        }
        Ok(Running {
            service: Arc::clone(self),
            id,
        })
    }

    fn is_running(&self, id: UseId) -> bool {
        let batches = self.batches.lock().unwrap_or_else(PoisonError::into_inner);
        batches.contains(&id)
    }

    /// That the PIN was entered for so many documents is an act.
    async fn note_run(
        &self,
        caller: &Caller,
        request: &UseRequest,
        documents: usize,
        once: Once,
    ) -> Result<Vec<u8>, Error> {
        let (case, request) = (self.case(caller, once), request.clone());
        let written = self.store.write(move |change| {
            let (case, request) = (case.clone(), request.clone());
            Box::pin(async move {
                case.check(change).await?;
                let details = Map::from_iter([("documents".to_owned(), documents.into())]);
                let log = entry(&case.acting, "use.batch_begun", request.id, details, case.now);
                case.logged(change, &request, vec![log]).await
            })
        });
        let decided: Result<Decided, Error> = written.await;
        once::outcome(decided)
    }

    /// Works the items off, some at the same time, until they are done or there is a reason to stop.
    async fn run(self: Arc<Self>, run: Arc<Run>, waiting: Vec<u32>) {
        let at_once = usize::try_from(self.config.documents.concurrent_max).unwrap_or(1) * 2;
        let (mut waiting, mut working) = (waiting.into_iter(), JoinSet::new());
        let mut reason = None;
        loop {
            while reason.is_none() && !self.is_stopping() && working.len() < at_once {
                let Some(item) = waiting.next() else { break };
                let (service, run) = (Arc::clone(&self), Arc::clone(&run));
                working.spawn(async move { service.seal_item(&run, item).await });
            }
            match working.join_next().await {
                None => break,
                Some(Ok(Ok(()))) => {}
                Some(Ok(Err(error))) => reason = Some(error.to_string()),
                Some(Err(_)) => reason = Some(Error::Ended.to_string()),
            }
        }
        if reason.is_none() && waiting.len() > 0 {
            reason = Some("the service is stopping".to_owned());
        }
        if let Err(error) = self.note_end(&run, reason.as_deref()).await {
            tracing::error!(%error, "noting the end of a batch failed");
        }
    }

    async fn note_end(&self, run: &Run, reason: Option<&str>) -> Result<(), Error> {
        match reason {
            Some(reason) => tracing::warn!(batch = %run.id, reason, "a batch stopped before its end"),
            None => tracing::info!(batch = %run.id, "a batch was worked off"),
        }
        let stopped = reason.map_or(serde_json::Value::Null, Into::into);
        let details = Map::from_iter([("stopped".to_owned(), stopped)]);
        let ended = entry(
            &run.caller.acting,
            "use.batch_ended",
            run.id,
            details,
            self.outside.now(),
        );
        let written = self.store.write(move |_| {
            let ended = ended.clone();
            Box::pin(async move { Ok::<_, Error>(((), ended.into())) })
        });
        written.await
    }

    /// Seals one document. What is wrong with it alone is recorded and no error; an error ends the run.
    async fn seal_item(self: &Arc<Self>, run: &Run, item: u32) -> Result<(), Error> {
        let document = run.documents.get(item as usize).copied();
        let document = document.ok_or(Error::Damaged { what: "a batch" })?;
        let caller = self.as_of_now(&run.caller).await?;
        let read = self.read_item(document).await;
        let proved = self.proved_now(&run.edition).await?;
        let order = BeginOrder {
            caller: caller.clone(),
            id: run.id,
            item,
            document,
            placement: run.placement.clone(),
            facts: DocumentFacts {
                blank: read.as_ref().is_ok_and(|(_, blank)| *blank),
                proved_under: Some(run.root),
            },
        };
        let begun = match self.begin_use(order, None).await {
            Ok(begun) => begun.map_err(|_| Error::NothingHappened)?,
            Err(Error::Refused(refusal)) if is_of_item(refusal.code) => return Ok(()),
            Err(error) => return Err(error),
        };
        let (intent, known) = (begun.intent, Arc::new(begun.known));
        let renewed = known.seal.edition() != Some(&run.edition);
        let file = match read {
            Ok((document, _)) if !renewed => document.file,
            _ => {
                let failure = if renewed {
                    Failure::Renewed
                } else {
                    Failure::Unreadable
                };
                return self.record_failed(&caller.acting, &known, intent, failure).await;
            }
        };
        let prepared = Prepared {
            acting: caller.acting,
            known,
            proved,
            key: Arc::clone(&run.key),
            place: run.place.clone(),
            document: file,
            _place: Arc::clone(&run.permit),
        };
        match self.carry_out(prepared, intent, None).await {
            Ok(_) | Err(Error::NotSealed(_)) => Ok(()),
            Err(error) => Err(error),
        }
    }

    /// The caller with what they may do by now: a run is long, and rights end.
    async fn as_of_now(&self, caller: &Caller) -> Result<Caller, Error> {
        let mut caller = caller.clone();
        if let Some(person) = caller.acting.person() {
            let found = self.store.read().await?.person(person).await?.state;
            let found = found.ok_or(Error::NotFound { what: "person" })?;
            caller.acting.blocked = found.blocked.is_some();
            caller.acting.appointments = found.appointments;
        }
        Ok(caller)
    }

    /// The document and whether it is blank.
    async fn read_item(&self, document: Digest32) -> Result<(Spooled, bool), Error> {
        let document = self.take_out(document).await?;
        let blank = self.facts_of(&document.file).await?.blank;
        Ok((document, blank))
    }
}

/// Numbers of the documents that are neither sealed nor being sealed.
fn waiting(request: &UseRequest) -> Vec<u32> {
    let open = |item: &u32| !request.stamped.contains(*item) && !request.open.contains_key(item);
    (0..request.content.count()).filter(open).collect()
}

/// Refusals that concern one document, not those after it.
fn is_of_item(code: Code) -> bool {
    matches!(
        code,
        Code::BlankDocument | Code::StampedAlready | Code::OutcomeUnknown
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn r51_the_root_binds_documents_their_order_and_their_number() {
        let digest = |byte| Digest32([byte; 32]);
        let root = root_of(&[digest(1), digest(2), digest(3)]);
        let inner = audit::node_digest(&leaf_digest(&[1; 32]), &leaf_digest(&[2; 32]));
        assert_eq!(root.0, audit::node_digest(&inner, &leaf_digest(&[3; 32])).0);
        for other in [
            &[digest(1), digest(3), digest(2)][..],
            &[digest(1), digest(2)],
            &[digest(1), digest(2), digest(3), digest(3)],
            &[digest(1), digest(2), digest(4)],
        ] {
            assert_ne!(root_of(other), root, "{other:?}");
        }
    }
}
