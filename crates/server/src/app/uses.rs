//! Requests to use a seal: asked, approved, declined, withdrawn (R49–R53).

use std::collections::BTreeMap;
use std::sync::Arc;

use audit::{Entry, act, commitment};
use gm::Digest;
use jiff::Timestamp;
use registry::usage::{
    Approver, Basis, Batch, Binding, Content, DocumentFacts, DocumentType, Placement, UseFacts, UseStatus,
    decide_request,
};
use registry::{
    Acting, Appointment, AuthorityId, Digest32, Grant, GrantId, PersonId, Profile, Profiles, Refusal, Scope,
    SealId, SealRecord, UnitId, UseCommand, UseEvent, UseId, UsePolicy, UseRequest,
};
use serde_json::Value;
use store::{Change, Current, Page, Reader, UseRecord};
use uuid::Uuid;

use super::act::{Caller, entry, entry_about, in_order, recorded, refused};
use super::batches::root_of;
use super::documents::whose;
use super::networks::{elsewhere, not_from};
use super::once::{self, Once};
use super::policies::{OFFICER_ROLES, UNIT_ROLES};
use super::{Error, Service, documents};

/// Kind of the subject of a use record in the log: one for each time that a key is used.
pub(crate) const USE_RECORD: &str = "use_record";

/// A use that is asked for.
#[derive(Clone, Debug)]
pub(crate) struct NewUse {
    pub(crate) seal: SealId,
    pub(crate) purpose: String,
    pub(crate) document_type: DocumentType,
    pub(crate) amount_fen: Option<u64>,
    pub(crate) wanted: Wanted,
    pub(crate) placement: Placement,
    pub(crate) classified: bool,
}

/// The documents of a use.
#[derive(Clone, Debug)]
pub(crate) enum Wanted {
    Document(Digest32),
    /// Many under one decision, in order.
    Batch(Vec<Digest32>),
}

impl Wanted {
    fn documents(&self) -> &[Digest32] {
        match self {
            Self::Document(document) => std::slice::from_ref(document),
            Self::Batch(documents) => documents,
        }
    }

    fn content(&self, placement: Placement) -> Content {
        match self {
            Self::Document(digest) => Content::Document {
                digest: *digest,
                placement,
            },
            Self::Batch(documents) => Content::Batch(Batch {
                root: root_of(documents),
                count: u32::try_from(documents.len()).unwrap_or(u32::MAX),
                placement,
            }),
        }
    }
}

/// What is asked of a request that exists.
#[derive(Clone, Debug)]
pub(crate) enum UseOrder {
    Approve {
        binding: Binding,
        for_person: Option<PersonId>,
    },
    Decline {
        reason: String,
    },
    Withdraw,
}

/// Which requests.
#[derive(Clone, Copy, Debug)]
pub(crate) enum UseList {
    /// Those of a unit's seals.
    Unit(UnitId, Option<UseStatus>),
    /// Those that the caller made.
    Own,
}

/// What is known about a use beside the request itself.
pub(crate) struct Known {
    pub(crate) profile: Profile,
    pub(crate) seal: SealRecord,
    pub(crate) policy: Option<UsePolicy>,
    pub(crate) grant: Option<Grant>,
    pub(crate) grant_used: u64,
    pub(crate) deputised: Vec<Appointment>,
}

impl Known {
    /// Looks everything up; `for_person` is the one in whose place somebody approves.
    pub(crate) async fn load(
        reader: &mut Reader,
        profiles: &Profiles,
        seal: SealId,
        grant: Option<GrantId>,
        for_person: Option<PersonId>,
        now: Timestamp,
    ) -> Result<Self, Error> {
        let seal = reader
            .seal(seal)
            .await?
            .state
            .ok_or(Error::NotFound { what: "seal" })?;
        let authority = reader.authority(seal.authority).await?.state;
        let authority = authority.ok_or(Error::Damaged {
            what: "a seal's authority",
        })?;
        let policy = match seal.owner.unit() {
            Some(unit) if grant.is_none() => reader.policy_of_unit(unit).await?,
            _ => None,
        };
        let grant = match grant {
            Some(grant) => reader.grant(grant).await?.state,
            None => None,
        };
        let grant_used = match &grant {
            Some(grant) => reader.grant_used(grant.id, grant.period_began(now)).await?,
            None => 0,
        };
        let deputised = match for_person {
            Some(person) => reader
                .person(person)
                .await?
                .state
                .map(|person| person.appointments),
            None => None,
        };
        Ok(Self {
            profile: profiles.in_force(&authority.profile, now)?,
            seal,
            policy,
            grant,
            grant_used,
            deputised: deputised.unwrap_or_default(),
        })
    }

    pub(crate) fn facts<'a>(&'a self, acting: &'a Acting, document: DocumentFacts) -> UseFacts<'a> {
        UseFacts {
            profile: &self.profile,
            acting,
            seal: Some(&self.seal),
            policy: self.policy.as_ref(),
            grant: self.grant.as_ref(),
            grant_used: self.grant_used,
            deputised: &self.deputised,
            elsewhere: None,
            document,
        }
    }

    /// Why the PIN may not be entered from where the caller is: neither the place nor the unit lets it (R7).
    pub(crate) fn not_from_there(&self, caller: &Caller) -> Option<Refusal> {
        let network = caller.acting.network;
        if !self.profile.networks.contains(&network) {
            return Some(not_from(&self.profile, network.name().to_owned()));
        }
        let networks = &self.policy.as_ref()?.networks;
        elsewhere(networks, caller.address).map(|address| not_from(&self.profile, address))
    }

    /// As [`facts`](Self::facts), for somebody who comes from somewhere.
    pub(crate) fn facts_for<'a>(&'a self, caller: &'a Caller, document: DocumentFacts) -> UseFacts<'a> {
        let person = caller.acting.person().is_some();
        let policy = self.policy.as_ref().filter(|_| person);
        UseFacts {
            elsewhere: policy.and_then(|policy| elsewhere(&policy.networks, caller.address)),
            ..self.facts(&caller.acting, document)
        }
    }
}

impl Service {
    /// Asks for a use of a seal on documents that the caller brought.
    pub(crate) async fn request_use(
        &self,
        caller: &Caller,
        new: NewUse,
        once: Once,
    ) -> Result<Vec<u8>, Error> {
        let (id, refusal_id, now) = (UseId(self.new_id()), self.new_id(), self.outside.now());
        let hidden = self.hidden(id, "purpose", &new.purpose);
        let blank = self.all_brought(caller, new.wanted.documents()).await?;
        let (caller, profiles) = (caller.clone(), Arc::clone(&self.profiles));
        let decided = self.store.write(move |change| {
            let (caller, new, once, hidden) = (caller.clone(), new.clone(), once.clone(), hidden.clone());
            let profiles = Arc::clone(&profiles);
            Box::pin(async move {
                once.check(change).await?;
                let facts = DocumentFacts {
                    blank,
                    proved_under: None,
                };
                let known = Known::load(change, &profiles, new.seal, None, None, now).await?;
                let command = UseCommand::Request {
                    id,
                    seal: new.seal,
                    purpose: new.purpose,
                    document_type: new.document_type,
                    amount_fen: new.amount_fen,
                    content: new.wanted.content(new.placement),
                    classified: new.classified,
                    grant: None,
                };
                let none = Current {
                    version: 0,
                    state: None,
                };
                let case = Case {
                    caller: &caller,
                    id,
                    refusal_id,
                    now,
                    hidden: &hidden,
                };
                let facts = known.facts_for(&caller, facts);
                let decided = case.decide(change, none, &facts, &command, &once).await?;
                if let (Wanted::Batch(documents), Ok(_)) = (&new.wanted, &decided.0) {
                    change.add_batch(id, documents).await?;
                }
                Ok(decided)
            })
        });
        once::outcome(decided.await)
    }

    /// The caller brought all of these; whether one of them is blank.
    async fn all_brought(&self, caller: &Caller, wanted: &[Digest32]) -> Result<bool, Error> {
        let (by, bytes_max) = (whose(caller.acting.actor), self.config.documents.batch_bytes_max);
        let (mut blank, mut bytes) = (false, 0_u64);
        let mut reader = self.store.read().await?;
        for document in wanted {
            let brought = reader.upload(by, &Digest(document.0)).await?;
            let brought = brought.ok_or(Error::NotFound { what: "document" })?;
            blank |= documents::known(&brought)?.blank;
            bytes = bytes.saturating_add(brought.bytes);
        }
        if wanted.len() > 1 && bytes > bytes_max {
            return Err(Error::TooLarge { bytes_max });
        }
        Ok(blank)
    }

    /// Approves, declines or withdraws a request that the caller may see.
    pub(crate) async fn change_use(
        &self,
        caller: &Caller,
        id: UseId,
        order: UseOrder,
        once: Once,
    ) -> Result<Vec<u8>, Error> {
        let (refusal_id, now) = (self.new_id(), self.outside.now());
        let hidden = match &order {
            UseOrder::Decline { reason } => self.hidden(id, "reason", reason),
            UseOrder::Approve { .. } | UseOrder::Withdraw => BTreeMap::new(),
        };
        let (caller, profiles) = (caller.clone(), Arc::clone(&self.profiles));
        let decided = self.store.write(move |change| {
            let (caller, order, once, hidden) = (caller.clone(), order.clone(), once.clone(), hidden.clone());
            let profiles = Arc::clone(&profiles);
            Box::pin(async move {
                once.check(change).await?;
                let current = change.usage(id).await?;
                let missing = Error::NotFound { what: "use" };
                let Some(request) = current.state.as_ref() else {
                    return Err(missing);
                };
                let for_person = match &order {
                    UseOrder::Approve { for_person, .. } => *for_person,
                    UseOrder::Decline { .. } | UseOrder::Withdraw => None,
                };
                let known = Known::load(change, &profiles, request.seal, None, for_person, now).await?;
                if !sees(change, &caller.acting, request, &known, now).await?.request {
                    return Err(missing);
                }
                let command = match order {
                    UseOrder::Approve { binding, for_person } => UseCommand::Approve { binding, for_person },
                    UseOrder::Decline { reason } => UseCommand::Decline { reason },
                    UseOrder::Withdraw => UseCommand::Withdraw,
                };
                let facts = known.facts_for(&caller, DocumentFacts::default());
                let case = Case {
                    caller: &caller,
                    id,
                    refusal_id,
                    now,
                    hidden: &hidden,
                };
                case.decide(change, current, &facts, &command, &once).await
            })
        });
        once::outcome(decided.await)
    }

    /// A request that the caller may see, and whether its documents are theirs to read.
    pub(crate) async fn use_request(&self, caller: &Caller, id: UseId) -> Result<(UseRequest, bool), Error> {
        let mut reader = self.store.read().await?;
        let missing = Error::NotFound { what: "use" };
        let Some(request) = reader.usage(id).await?.state else {
            return Err(missing);
        };
        let now = self.outside.now();
        let known = Known::load(&mut reader, &self.profiles, request.seal, None, None, now).await?;
        let seen = sees(&mut reader, &caller.acting, &request, &known, now).await?;
        if seen.request {
            Ok((request, seen.documents))
        } else {
            Err(missing)
        }
    }

    /// Requests, the newest first.
    pub(crate) async fn uses(
        &self,
        caller: &Caller,
        list: UseList,
        page: Page<UseId>,
    ) -> Result<Vec<UseRequest>, Error> {
        let mut reader = self.store.read().await?;
        match list {
            UseList::Unit(unit, status) => {
                self.let_see_unit(&mut reader, &caller.acting, unit).await?;
                Ok(reader.usages_of_unit(unit, status, page).await?)
            }
            UseList::Own => {
                let person = PersonId(whose(caller.acting.actor));
                Ok(reader.usages_of_person(person, page).await?)
            }
        }
    }

    /// The use records of a request that the caller may see.
    pub(crate) async fn use_records(
        &self,
        caller: &Caller,
        id: UseId,
        page: Page<i64>,
    ) -> Result<Vec<UseRecord>, Error> {
        self.use_request(caller, id).await?;
        Ok(self.store.read().await?.use_records(id, page).await?)
    }

    /// One use record of a request that the caller may see, and whether its documents are theirs to read.
    pub(crate) async fn use_record(
        &self,
        caller: &Caller,
        id: UseId,
        sequence: i64,
    ) -> Result<(UseRecord, bool), Error> {
        let (_, readable) = self.use_request(caller, id).await?;
        let found = self.store.read().await?.use_record(id, sequence).await?;
        let found = found.ok_or(Error::NotFound { what: "use record" })?;
        Ok((found, readable))
    }

    /// The proof that a use record's newest entry stands in the log.
    pub(crate) async fn use_proof(&self, caller: &Caller, id: UseId, sequence: i64) -> Result<String, Error> {
        self.use_record(caller, id, sequence).await?;
        Ok(self.proof_of(&use_record(id, sequence)).await?.to_text())
    }

    /// In the log stands a commitment in the place of what people write freely: it may be personal.
    pub(crate) fn hidden(&self, id: UseId, field: &str, text: &str) -> BTreeMap<String, Digest> {
        let salt = self.personal.digest("salt", &format!("use/{id}/{field}"));
        let salt = std::array::from_fn(|at| salt.0[at]);
        BTreeMap::from([(field.to_owned(), commitment(&salt, text.as_bytes()))])
    }
}

/// What somebody may see of a use.
struct Sees {
    request: bool,
    documents: bool,
}

/// Whoever has a part in it sees everything; officers above see that it happened, not the document (R75).
async fn sees(
    reader: &mut Reader,
    acting: &Acting,
    request: &UseRequest,
    known: &Known,
    now: Timestamp,
) -> Result<Sees, Error> {
    let person = acting.person();
    let in_unit = request.unit.is_some_and(|unit| {
        UNIT_ROLES
            .iter()
            .any(|role| acting.holds(*role, Scope::Unit(unit), now))
    });
    let named = |person: PersonId| {
        let approver = match &request.basis {
            Basis::Policy { rule, .. } => rule
                .steps
                .iter()
                .any(|step| step.approver == Approver::Person(person)),
            Basis::Grant { .. } | Basis::Holder { .. } => false,
        };
        let deputies = known.policy.iter().flat_map(|policy| &policy.deputies);
        let mut standing_in = deputies.filter(|deputy| deputy.from <= now && now < deputy.until);
        approver
            || known.seal.custodian == Some(person)
            || known.seal.owner.holder() == Some(person)
            || standing_in.any(|deputy| deputy.deputy == person)
    };
    if acting.actor == request.requester || in_unit || person.is_some_and(named) {
        return Ok(Sees {
            request: true,
            documents: true,
        });
    }
    let lineage: Vec<AuthorityId> = reader.lineage(known.seal.authority).await?;
    Ok(Sees {
        request: acting.holds_in(&OFFICER_ROLES, &lineage, now),
        documents: false,
    })
}

/// One command on its way into the store.
struct Case<'a> {
    caller: &'a Caller,
    id: UseId,
    refusal_id: Uuid,
    now: Timestamp,
    hidden: &'a BTreeMap<String, Digest>,
}

impl Case<'_> {
    async fn decide(
        &self,
        change: &mut Change,
        current: Current<UseRequest>,
        facts: &UseFacts<'_>,
        command: &UseCommand,
        once: &Once,
    ) -> Result<(Result<Vec<u8>, Refusal>, store::Entries), Error> {
        let acting = &self.caller.acting;
        match decide_request(current.state.as_ref(), facts, command, self.now) {
            Ok(events) => {
                let version = current.version;
                let recorded = recorded(acting, self.now);
                let after = change.record_usage(self.id, current, &events, &recorded).await?;
                let kept = once.keep(change, &after.state, self.now).await?;
                let log = use_entries(acting, self.id, (version, None), &events, self.hidden, self.now)?;
                Ok((Ok(kept), in_order(log)?))
            }
            Err(refusal) => {
                let told = (command.name(), &refusal);
                let entries = refused(change, self.refusal_id, acting, self.id, told, self.now).await?;
                Ok((Err(refusal), entries))
            }
        }
    }
}

/// The entries of a use: intent and outcome are about the use record, whose number is that of the event that
/// began it; `open` is the one that an outcome belongs to.
pub(crate) fn use_entries(
    acting: &Acting,
    id: UseId,
    (version_before, open): (i64, Option<i64>),
    events: &[UseEvent],
    hidden: &BTreeMap<String, Digest>,
    now: Timestamp,
) -> Result<Vec<Entry>, Error> {
    let mut log = Vec::new();
    for (sequence, event) in (version_before + 1..).zip(events) {
        let Ok(Value::Object(mut details)) = serde_json::to_value(event) else {
            return Err(Error::NothingHappened);
        };
        let about_record = match (event, open) {
            (UseEvent::Begun { .. }, _) => Some((act::USE_INTENDED, sequence)),
            (UseEvent::Finished { .. }, Some(open)) => Some((act::USE_OUTCOME, open)),
            _ => None,
        };
        if let Some((act, record)) = about_record {
            log.push(entry_about(acting, act, use_record(id, record), details, now));
            continue;
        }
        hidden.keys().for_each(|field| drop(details.remove(field)));
        let act = format!("use.{}", event.name());
        let mut entry = entry(acting, &act, id, details, now);
        if matches!(event, UseEvent::Requested { .. } | UseEvent::Declined { .. }) {
            entry.commitments = hidden.clone();
        }
        log.push(entry);
    }
    Ok(log)
}

/// The subject of a use record's entries.
pub(crate) fn use_record(id: UseId, sequence: i64) -> audit::Subject {
    audit::Subject {
        kind: USE_RECORD.to_owned(),
        id: format!("{id}/{sequence}"),
    }
}
