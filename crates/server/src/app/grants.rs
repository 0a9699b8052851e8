//! Grants: a business system may use a unit's seal within terms; sealing under one (R15, R53).

use std::collections::BTreeMap;
use std::sync::Arc;

use gm::Digest;
use keys::UnlockedKey;
use registry::grant::{GrantFacts, GrantTerms, decide};
use registry::usage::{Content, DocumentFacts, DocumentType, apply_request, decide_request};
use registry::{
    Digest32, Grant, GrantCommand, GrantId, Refusal, SealId, SystemId, UnitId, UseCommand, UseId,
};
use serde_json::Map;
use store::{Current, Page};
use tokio::sync::OwnedSemaphorePermit;
use zeroize::Zeroizing;

use super::accounts::profile_of;
use super::act::{Caller, entry, in_order, recorded, refused};
use super::custody::{CustodyFault, key_of};
use super::documents::{Spooled, kind_name};
use super::once::{self, Once};
use super::placement::StampPlace;
use super::stamping::{Intent, Prepared, SealedFile, Stamped};
use super::uses::{Known, use_entries};
use super::{Error, Service};

/// What is asked of a grant.
#[derive(Clone, Debug)]
pub(crate) enum GrantOrder {
    Consent,
    Authorise,
    Decline { reason: String },
    Revoke { reason: String },
}

/// A document that a business system wants sealed under a grant.
pub(crate) struct GrantStamp {
    pub(crate) grant: GrantId,
    pub(crate) document_type: DocumentType,
    pub(crate) place: StampPlace,
    pub(crate) document: Spooled,
    pub(crate) permit: OwnedSemaphorePermit,
}

/// What must be durable before the key is used.
#[derive(Clone)]
struct Beginning {
    caller: Caller,
    use_id: UseId,
    refusal: uuid::Uuid,
    grant: GrantId,
    request: UseCommand,
    begin: UseCommand,
    facts: DocumentFacts,
    hidden: BTreeMap<String, Digest>,
    now: jiff::Timestamp,
}

impl Service {
    /// Asks for a grant.
    pub(crate) async fn apply_for_grant(
        &self,
        caller: &Caller,
        terms: GrantTerms,
        once: Once,
    ) -> Result<Vec<u8>, Error> {
        let id = GrantId(self.new_id());
        let seal = terms.seal;
        self.command_grant(caller, id, Some(seal), GrantCommand::Apply { id, terms }, once)
            .await
    }

    /// Consents, authorises, declines or revokes.
    pub(crate) async fn change_grant(
        &self,
        caller: &Caller,
        id: GrantId,
        order: GrantOrder,
        once: Once,
    ) -> Result<Vec<u8>, Error> {
        let command = match order {
            GrantOrder::Consent => GrantCommand::Consent,
            GrantOrder::Authorise => GrantCommand::Authorise,
            GrantOrder::Decline { reason } => GrantCommand::Decline { reason },
            GrantOrder::Revoke { reason } => GrantCommand::Revoke { reason },
        };
        let revokes = matches!(command, GrantCommand::Revoke { .. });
        let kept = self.command_grant(caller, id, None, command, once).await?;
        if revokes {
            let grant: Grant = serde_json::from_slice(&kept).map_err(|_| Error::NothingHappened)?;
            self.give_up_key(grant.terms.seal).await?;
        }
        Ok(kept)
    }

    async fn command_grant(
        &self,
        caller: &Caller,
        id: GrantId,
        seal: Option<SealId>,
        command: GrantCommand,
        once: Once,
    ) -> Result<Vec<u8>, Error> {
        let case = self.case(caller, once);
        let profiles = Arc::clone(&self.profiles);
        let decided = self.store.write(move |change| {
            let (case, command, profiles) = (case.clone(), command.clone(), Arc::clone(&profiles));
            Box::pin(async move {
                case.check(change).await?;
                let current = change.grant(id).await?;
                let seal = seal.or(current.state.as_ref().map(|grant| grant.terms.seal));
                let seal = change
                    .seal(seal.ok_or(Error::NotFound { what: "grant" })?)
                    .await?
                    .state;
                let seal = seal.ok_or(Error::NotFound { what: "seal" })?;
                let facts = GrantFacts {
                    profile: &profile_of(change, &profiles, seal.authority, case.now).await?,
                    acting: &case.acting,
                    seal: Some(&seal),
                    lineage: &change.lineage(seal.authority).await?,
                };
                match decide(current.state.as_ref(), &facts, &command, case.now) {
                    Ok(events) => {
                        let after = change
                            .record_grant(id, current, &events, &case.recorded())
                            .await?;
                        case.done(change, &after.state, (id, &events)).await
                    }
                    Err(refusal) => case.refused(change, id, command.name(), refusal).await,
                }
            })
        });
        once::outcome(decided.await)
    }

    /// The custodian opens a grant with the PIN: a copy of the key is kept for it.
    pub(crate) async fn open_grant(
        self: &Arc<Self>,
        caller: &Caller,
        id: GrantId,
        pin: Zeroizing<String>,
    ) -> Result<(), Error> {
        let now = self.outside.now();
        let mut reader = self.store.read().await?;
        let missing = || Error::NotFound { what: "grant" };
        let grant = reader.grant(id).await?.state.ok_or_else(missing)?;
        let seal = reader.seal(grant.terms.seal).await?.state.ok_or_else(missing)?;
        let known = Known::load(&mut reader, &self.profiles, seal.id, None, None, now).await?;
        drop(reader);
        let person = caller.acting.person().filter(|_| !caller.acting.blocked);
        if person.is_none() || seal.custodian != person || !seal.usable(now) {
            return Err(missing());
        }
        if let Some(refusal) = known.not_from_there(caller) {
            return self.record_refusal(&caller.acting, id, ("open", refusal)).await;
        }
        if !grant.in_force(now) {
            return Err(Error::GrantNotOpen);
        }
        let key = (seal.id, key_of(seal.edition().ok_or_else(missing)?)?);
        let service = Arc::clone(self);
        let deposited = self.hashing(move || {
            let (keys, custody) = (&service.service_keys, &service.custody);
            keys.deposit(custody, key, &pin, now, &service.outside)
        });
        let deposited = deposited.await?;
        let act = match &deposited {
            Ok(()) => "grant.key_deposited",
            Err(CustodyFault::WrongPin { .. } | CustodyFault::Locked) => "grant.pin_refused",
            Err(_) => return deposited.map_err(Error::from),
        };
        let acting = caller.acting.clone();
        let written = self.store.write(move |_| {
            let entry = entry(&acting, act, id, Map::new(), now);
            Box::pin(async move { Ok::<_, Error>(((), entry.into())) })
        });
        written.await?;
        deposited.map_err(Error::from)
    }

    /// With the last grant on a seal, its service keys go: on the disk and in memory.
    async fn give_up_key(&self, seal: SealId) -> Result<(), Error> {
        for (owner, key) in self.service_keys.copies()? {
            if owner == seal && !self.is_needed(seal, key).await? {
                self.service_keys.give_up(key)?;
            }
        }
        Ok(())
    }

    /// Gives up the copies of keys whose grants are over, or whose seal has another key by now; how many there were.
    pub(crate) async fn give_up_keys(&self) -> Result<u64, Error> {
        let mut given_up = 0;
        for (seal, key) in self.service_keys.copies()? {
            if self.is_needed(seal, key).await? {
                continue;
            }
            self.service_keys.give_up(key)?;
            given_up += 1;
            let (acting, now) = (registry::Acting::service(), self.outside.now());
            let details = Map::from_iter([("key".to_owned(), key.to_string().into())]);
            let entry = entry(&acting, "seal.service_key_given_up", seal, details, now);
            let written = self.store.write(move |_| {
                let entry = entry.clone();
                Box::pin(async move { Ok::<_, Error>(((), entry.into())) })
            });
            written.await?;
        }
        Ok(given_up)
    }

    /// Whether a grant that is not over seals with this copy: a seal that ended has none.
    async fn is_needed(&self, seal: SealId, key: keys::KeyId) -> Result<bool, Error> {
        let now = self.outside.now();
        let mut reader = self.store.read().await?;
        let record = reader.seal(seal).await?.state;
        let live = record.filter(|record| !record.status.is_end());
        let present = live.and_then(|record| record.edition().map(key_of));
        if present.transpose()? != Some(key) {
            return Ok(false);
        }
        let mut page = Page::first(store::PAGE_MAX);
        loop {
            let grants = reader.grants_of_seal(seal, page).await?;
            let still = |grant: &Grant| {
                grant.status == registry::grant::GrantStatus::Authorised && now < grant.terms.until
            };
            if grants.iter().any(still) {
                return Ok(true);
            }
            match grants.last() {
                Some(last) if grants.len() as u64 == u64::from(store::PAGE_MAX) => {
                    page = Page::after(last.id, store::PAGE_MAX);
                }
                _ => return Ok(false),
            }
        }
    }

    /// A grant, for the unit's people, officers above it, and its system.
    pub(crate) async fn grant(&self, caller: &Caller, id: GrantId) -> Result<Grant, Error> {
        let mut reader = self.store.read().await?;
        let missing = || Error::NotFound { what: "grant" };
        let grant = reader.grant(id).await?.state.ok_or_else(missing)?;
        let owner = registry::Scope::System(grant.terms.system);
        let owns = caller
            .acting
            .holds(registry::Role::PlatformOwner, owner, self.outside.now());
        if !owns {
            let seen = self
                .let_see_unit(&mut reader, &caller.acting, grant.terms.unit)
                .await;
            seen.map_err(|_| missing())?;
        }
        Ok(grant)
    }

    /// The grants of a unit's seals, the newest first.
    pub(crate) async fn grants(
        &self,
        caller: &Caller,
        unit: UnitId,
        page: Page<GrantId>,
    ) -> Result<Vec<Grant>, Error> {
        let mut reader = self.store.read().await?;
        self.let_see_unit(&mut reader, &caller.acting, unit).await?;
        Ok(reader.grants_of_unit(unit, page).await?)
    }

    /// Seals a document under a grant. Nothing of the document is kept here but its record.
    pub(crate) async fn stamp_under_grant(
        self: &Arc<Self>,
        caller: &Caller,
        order: GrantStamp,
    ) -> Result<(SealedFile, Stamped), Error> {
        let registry::Actor::System(system) = caller.acting.actor else {
            return Err(Error::NotFound { what: "grant" });
        };
        let (grant, edition) = self.grant_of(system, order.grant).await?;
        let key = self.service_key(&edition).await?;
        let placement = order
            .place
            .canonical()
            .ok_or(Error::Damaged { what: "a placement" })?;
        let facts = self.facts_of(&order.document.file).await?;
        let proved = self.proved_now(&edition).await?;
        let (use_id, digest) = (UseId(self.new_id()), Digest32(order.document.digest.0));
        let beginning = Beginning {
            caller: caller.clone(),
            use_id,
            refusal: self.new_id(),
            grant: grant.id,
            hidden: self.hidden(use_id, "purpose", &grant.terms.purpose),
            request: UseCommand::Request {
                id: use_id,
                seal: grant.terms.seal,
                purpose: grant.terms.purpose.clone(),
                document_type: order.document_type,
                amount_fen: None,
                content: Content::Document {
                    digest,
                    placement: placement.clone(),
                },
                classified: false,
                grant: Some(grant.id),
            },
            begin: UseCommand::Begin {
                item: 0,
                document: digest,
                placement,
            },
            facts: DocumentFacts {
                blank: facts.blank,
                proved_under: None,
            },
            now: self.outside.now(),
        };
        let seal = grant.terms.seal;
        let service = Arc::clone(self);
        // What was begun is finished, also when nobody waits any more.
        let work = tokio::spawn(async move {
            let acting = beginning.caller.acting.clone();
            let (known, intent) = service.begin_under_grant(seal, beginning).await?;
            let prepared = Prepared {
                acting,
                known: Arc::new(known),
                proved,
                key,
                place: order.place,
                document: order.document.file,
                _place: Arc::new(order.permit),
            };
            service.finish_under_grant(prepared, intent).await
        });
        work.await.map_err(|_| Error::Ended)?
    }

    /// The copy of the key, opened.
    async fn service_key(
        self: &Arc<Self>,
        edition: &registry::seal::Edition,
    ) -> Result<Arc<UnlockedKey>, Error> {
        let id = key_of(edition)?;
        if let Some(key) = self.service_keys.opened(id) {
            return Ok(key);
        }
        let service = Arc::clone(self);
        let opened = self.hashing(move || service.service_keys.unlock(id)).await??;
        opened.ok_or(Error::GrantNotOpen)
    }

    /// The grant, if it is this system's, and the edition of its seal.
    async fn grant_of(
        &self,
        system: SystemId,
        id: GrantId,
    ) -> Result<(Grant, registry::seal::Edition), Error> {
        let mut reader = self.store.read().await?;
        let grant = reader.grant(id).await?.state;
        let grant = grant.filter(|grant| grant.terms.system == system);
        let grant = grant.ok_or(Error::NotFound { what: "grant" })?;
        let seal = reader.seal(grant.terms.seal).await?.state;
        let edition = seal.and_then(|seal| seal.edition().cloned());
        Ok((grant, edition.ok_or(Error::Damaged { what: "a seal" })?))
    }

    /// Request and use record in one durable change, or the refusal.
    async fn begin_under_grant(&self, seal: SealId, beginning: Beginning) -> Result<(Known, Intent), Error> {
        let profiles = Arc::clone(&self.profiles);
        let written = self.store.write(move |change| {
            let (new, profiles) = (beginning.clone(), Arc::clone(&profiles));
            Box::pin(async move {
                let (acting, now) = (&new.caller.acting, new.now);
                let known = Known::load(change, &profiles, seal, Some(new.grant), None, now).await?;
                let facts = known.facts(acting, new.facts);
                let (mut state, mut events) = (None, Vec::new());
                for command in [&new.request, &new.begin] {
                    let decided = match decide_request(state.as_ref(), &facts, command, now) {
                        Ok(decided) => decided,
                        Err(refusal) => {
                            let told = (command.name(), &refusal);
                            let entries = refused(change, new.refusal, acting, new.grant, told, now).await?;
                            return Ok((Err(refusal), entries));
                        }
                    };
                    state = decided.iter().fold(state, apply_request);
                    events.extend(decided);
                }
                let log = use_entries(acting, new.use_id, (0, None), &events, &new.hidden, now)?;
                let nothing = Current {
                    version: 0,
                    state: None,
                };
                let recorded = recorded(acting, now);
                let current = change
                    .record_usage(new.use_id, nothing, &events, &recorded)
                    .await?;
                let intent = Intent {
                    request: new.use_id,
                    item: 0,
                    sequence: current.version,
                    begun_at: now,
                };
                Ok::<_, Error>((Ok::<_, Refusal>((known, intent)), in_order(log)?))
            })
        });
        Ok(written.await??)
    }

    async fn finish_under_grant(
        self: &Arc<Self>,
        prepared: Prepared,
        intent: Intent,
    ) -> Result<(SealedFile, Stamped), Error> {
        let (prepared, sealed) = self.seal_one(prepared).await?;
        match sealed {
            Ok(sealed) => {
                let stamped = Stamped {
                    request: intent.request,
                    sequence: intent.sequence,
                    item: intent.item,
                    sealed: Digest32(sealed.digest.0),
                    kind: kind_name(sealed.kind).to_owned(),
                };
                self.record_stamped(&prepared, intent, stamped.clone(), None)
                    .await?;
                Ok((sealed, stamped))
            }
            Err(error) => {
                self.record_failure(&prepared, intent, &error).await?;
                Err(error)
            }
        }
    }
}
