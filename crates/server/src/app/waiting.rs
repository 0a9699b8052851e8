//! What waits for somebody: requests that they may approve now, and approved ones that they are to seal.
//!
//! Whether it waits for them is what the rules would answer, so that this list and the rules never differ.

use std::collections::BTreeSet;

use jiff::Timestamp;
use registry::usage::{DocumentFacts, UseStatus, decide_request};
use registry::{Acting, PersonId, Scope, UnitId, UseCommand, UseId, UseRequest};
use store::{Page, Reader};

use super::act::Caller;
use super::uses::Known;
use super::{Error, Service};

/// Requests that are looked at for one answer, at most.
const LOOKED_AT_MAX: u32 = 500;

/// What one request waits for from one person.
#[derive(Default)]
pub(crate) struct Awaited {
    /// To be approved: in their own right (none), or in somebody's place.
    pub(crate) approval_for: Vec<Option<PersonId>>,
    /// To be sealed.
    pub(crate) seal: bool,
}

impl Service {
    /// In the units where the caller has a role, and on the seals that they keep; the newest first.
    pub(crate) async fn waiting_uses(
        &self,
        caller: &Caller,
        page: Page<UseId>,
    ) -> Result<Vec<UseRequest>, Error> {
        let (acting, now) = (&caller.acting, self.outside.now());
        let Some(person) = acting.person() else {
            return Ok(Vec::new());
        };
        let mut reader = self.store.read().await?;
        let mut units: BTreeSet<UnitId> = BTreeSet::new();
        for held in acting.appointments.iter().filter(|held| held.holds(now)) {
            if let Scope::Unit(unit) = held.scope {
                units.insert(unit);
            }
        }
        let mut candidates: Vec<UseRequest> = Vec::new();
        for unit in units {
            for status in [UseStatus::Requested, UseStatus::Approved] {
                let look = Page {
                    after: page.after,
                    limit: LOOKED_AT_MAX,
                };
                candidates.extend(reader.usages_of_unit(unit, Some(status), look).await?);
            }
        }
        candidates.sort_by_key(|request| std::cmp::Reverse(request.id));
        let mut waiting = Vec::new();
        for request in candidates {
            if waiting.len() as u64 == u64::from(page.limit) {
                break;
            }
            let awaited = self.awaited(&mut reader, acting, person, &request, now).await?;
            if awaited.seal || !awaited.approval_for.is_empty() {
                waiting.push(request);
            }
        }
        Ok(waiting)
    }

    /// What a request waits for from the caller.
    pub(crate) async fn awaited_of(&self, caller: &Caller, request: &UseRequest) -> Result<Awaited, Error> {
        let (acting, now) = (&caller.acting, self.outside.now());
        let Some(person) = acting.person() else {
            return Ok(Awaited::default());
        };
        let mut reader = self.store.read().await?;
        self.awaited(&mut reader, acting, person, request, now).await
    }

    async fn awaited(
        &self,
        reader: &mut Reader,
        acting: &Acting,
        person: PersonId,
        request: &UseRequest,
        now: Timestamp,
    ) -> Result<Awaited, Error> {
        let mut awaited = Awaited::default();
        if !matches!(request.status, UseStatus::Requested | UseStatus::Approved) {
            return Ok(awaited);
        }
        let mut known = Known::load(reader, &self.profiles, request.seal, None, None, now).await?;
        if request.status == UseStatus::Approved {
            let seals = known.seal.owner.holder().or(known.seal.custodian);
            let open = request.lapses_at.is_some_and(|lapses| now < lapses);
            awaited.seal = seals == Some(person) && open;
            return Ok(awaited);
        }
        let deputies = known.policy.iter().flat_map(|policy| policy.deputies.clone());
        let represented: Vec<PersonId> = deputies
            .filter(|held| held.deputy == person && held.from <= now && now < held.until)
            .map(|held| held.of)
            .collect();
        for for_person in [None].into_iter().chain(represented.into_iter().map(Some)) {
            if let Some(other) = for_person {
                let other = reader.person(other).await?.state;
                known.deputised = other.map(|other| other.appointments).unwrap_or_default();
            }
            let command = UseCommand::Approve {
                binding: request.binding(),
                for_person,
            };
            let facts = known.facts(acting, DocumentFacts::default());
            if decide_request(Some(request), &facts, &command, now).is_ok() {
                awaited.approval_for.push(for_person);
            }
        }
        Ok(awaited)
    }
}
