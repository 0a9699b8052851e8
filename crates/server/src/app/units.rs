//! Units: registering one, what becomes of it, finding it.

use std::sync::Arc;

use registry::{
    AuthorityId, CreditCode, Level, RegionCode, Unit, UnitCommand, UnitEnd, UnitFacts, UnitId, UnitKind, unit,
};
use store::Page;

use super::accounts::profile_of;
use super::act::Caller;
use super::once::{self, Once};
use super::{Error, Service};

/// A unit to be registered.
#[derive(Clone, Debug)]
pub(crate) struct NewUnit {
    pub(crate) authority: AuthorityId,
    pub(crate) parent: Option<UnitId>,
    pub(crate) code: CreditCode,
    pub(crate) name: String,
    pub(crate) kind: UnitKind,
    pub(crate) region: RegionCode,
    pub(crate) level: Level,
}

/// What becomes of a unit.
#[derive(Clone, Debug)]
pub(crate) enum UnitStep {
    Rename { name: String },
    Move { authority: AuthorityId },
    End { reason: UnitEnd },
}

/// Which units.
#[derive(Clone, Debug)]
pub(crate) enum UnitSearch {
    OfAuthority(AuthorityId),
    Below(UnitId),
    /// The unit with this credit code that has not ended.
    Coded(CreditCode),
    /// Those whose name begins so.
    Named(String),
}

impl Service {
    /// Registers a unit (R16).
    pub(crate) async fn register_unit(
        &self,
        caller: &Caller,
        new: NewUnit,
        once: Once,
    ) -> Result<Vec<u8>, Error> {
        let id = UnitId(self.new_id());
        let authority = new.authority;
        let command = UnitCommand::Register {
            id,
            authority,
            parent: new.parent,
            code: new.code,
            name: new.name,
            kind: new.kind,
            region: new.region,
            level: new.level,
        };
        self.command_unit(caller, id, Some(authority), command, once)
            .await
    }

    /// Renames, moves or ends a unit.
    pub(crate) async fn change_unit(
        &self,
        caller: &Caller,
        id: UnitId,
        step: UnitStep,
        once: Once,
    ) -> Result<Vec<u8>, Error> {
        let (to, command) = match step {
            UnitStep::Rename { name } => (None, UnitCommand::Rename { name }),
            UnitStep::Move { authority } => (Some(authority), UnitCommand::Move { authority }),
            UnitStep::End { reason } => (None, UnitCommand::End { reason }),
        };
        self.command_unit(caller, id, to, command, once).await
    }

    async fn command_unit(
        &self,
        caller: &Caller,
        id: UnitId,
        to: Option<AuthorityId>,
        command: UnitCommand,
        once: Once,
    ) -> Result<Vec<u8>, Error> {
        let case = self.case(caller, once);
        let profiles = Arc::clone(&self.profiles);
        let decided = self.store.write(move |change| {
            let (case, command, profiles) = (case.clone(), command.clone(), Arc::clone(&profiles));
            Box::pin(async move {
                case.check(change).await?;
                let current = change.unit(id).await?;
                let present = current.state.as_ref().map(|unit| unit.authority);
                let asked = to.or(present).ok_or(Error::NotFound { what: "unit" })?;
                let authority = change.authority(asked).await?.state;
                let taken = match &command {
                    UnitCommand::Register { code, .. } => change.unit_by_code(code).await?,
                    _ => None,
                };
                let present_lineage = match present {
                    Some(present) => change.lineage(present).await?,
                    None => Vec::new(),
                };
                let facts = UnitFacts {
                    profile: &profile_of(change, &profiles, present.unwrap_or(asked), case.now).await?,
                    acting: &case.acting,
                    authority: authority.as_ref(),
                    lineage: &change.lineage(asked).await?,
                    present_lineage: &present_lineage,
                    code_taken_by: taken.map(|unit| unit.id),
                };
                match unit::decide(current.state.as_ref(), &facts, &command, case.now) {
                    Ok(events) => {
                        let after = change.record_unit(id, current, &events, &case.recorded()).await?;
                        case.done(change, &after.state, (id, &events)).await
                    }
                    Err(refusal) => case.refused(change, id, command.name(), refusal).await,
                }
            })
        });
        once::outcome(decided.await)
    }

    /// A unit.
    pub(crate) async fn unit(&self, id: UnitId) -> Result<Unit, Error> {
        let found = self.store.read().await?.unit(id).await?.state;
        found.ok_or(Error::NotFound { what: "unit" })
    }

    /// Units, by one thing that is known of them. `after` is the last one of the page before.
    pub(crate) async fn units(
        &self,
        search: &UnitSearch,
        after: Option<UnitId>,
        limit: u32,
    ) -> Result<Vec<Unit>, Error> {
        let mut reader = self.store.read().await?;
        let page = Page { after, limit };
        match search {
            UnitSearch::OfAuthority(authority) => Ok(reader.units_of_authority(*authority, page).await?),
            UnitSearch::Below(parent) => Ok(reader.units_below(*parent, page).await?),
            UnitSearch::Coded(code) => Ok(reader.unit_by_code(code).await?.into_iter().collect()),
            UnitSearch::Named(start) => {
                let last = match after {
                    Some(after) => reader.unit(after).await?.state.map(|unit| unit.name),
                    None => None,
                };
                let page = Page {
                    after: last.as_deref(),
                    limit,
                };
                Ok(reader.units_named(start, page).await?)
            }
        }
    }
}
