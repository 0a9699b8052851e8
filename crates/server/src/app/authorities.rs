//! Authorities: entering one below another, what becomes of it, reading them.
//!
//! A use case is one function: fresh identifiers, then one write that loads the facts, asks the registry, and
//! keeps events with their entries, or the refusal with its entry.

use std::collections::BTreeMap;
use std::sync::Arc;

use registry::profile::DocumentTypeRow;
use registry::{
    Authority, AuthorityCommand, AuthorityFacts, AuthorityId, AuthorityStatus, Level, ProfileId, RegionCode,
    Role, authority,
};
use store::Page;

use super::accounts::profile_of;
use super::act::{Caller, entries, in_order, recorded, refused};
use super::once::{self, Once};
use super::{Error, Service};

/// An authority to be entered.
#[derive(Clone, Debug)]
pub(crate) struct NewAuthority {
    pub(crate) parent: AuthorityId,
    pub(crate) name: String,
    pub(crate) region: RegionCode,
    pub(crate) level: Level,
    pub(crate) profile: ProfileId,
}

/// What becomes of an authority.
#[derive(Clone, Debug)]
pub(crate) enum AuthorityStep {
    FileDesignation { document: String },
    Rename { name: String },
    SetProfile { profile: ProfileId },
    Close { reason: String },
}

impl Service {
    /// Enters an authority below another one (R10, R11).
    pub(crate) async fn establish_authority(
        &self,
        caller: &Caller,
        new: NewAuthority,
        once: Once,
    ) -> Result<Vec<u8>, Error> {
        let (id, refusal_id, now) = (AuthorityId(self.new_id()), self.new_id(), self.outside.now());
        let (caller, profiles) = (caller.clone(), Arc::clone(&self.profiles));
        let decided = self.store.write(move |change| {
            let (caller, new, once) = (caller.clone(), new.clone(), once.clone());
            let profiles = Arc::clone(&profiles);
            Box::pin(async move {
                once.check(change).await?;
                let parent = change.authority(new.parent).await?.state;
                let governing = parent.as_ref().map_or(&new.profile, |parent| &parent.profile);
                let facts = AuthorityFacts {
                    profile: &profiles.in_force(governing, now)?,
                    acting: &caller.acting,
                    parent: parent.as_ref(),
                    lineage: &change.lineage(new.parent).await?,
                    dependants: 0,
                };
                // The profile that it is to work under must exist.
                profiles.in_force(&new.profile, now)?;
                let command = AuthorityCommand::Establish {
                    id,
                    parent: Some(new.parent),
                    name: new.name,
                    region: new.region,
                    level: new.level,
                    profile: new.profile,
                };
                let current = change.authority(id).await?;
                match authority::decide(current.state.as_ref(), &facts, &command, now) {
                    Ok(events) => {
                        let recorded = recorded(&caller.acting, now);
                        let after = change.record_authority(id, current, &events, &recorded).await?;
                        let kept = once.keep(change, &after.state, now).await?;
                        Ok((Ok(kept), in_order(entries(&caller.acting, id, &events, now)?)?))
                    }
                    Err(refusal) => {
                        let told = (command.name(), &refusal);
                        let entries =
                            refused(change, refusal_id, &caller.acting, new.parent, told, now).await?;
                        Ok((Err(refusal), entries))
                    }
                }
            })
        });
        once::outcome(decided.await)
    }

    /// Files an authority's designation (R10), renames it, puts it under another profile, or closes it (R11).
    pub(crate) async fn change_authority(
        &self,
        caller: &Caller,
        id: AuthorityId,
        step: AuthorityStep,
        once: Once,
    ) -> Result<Vec<u8>, Error> {
        let command = match step {
            AuthorityStep::FileDesignation { document } => AuthorityCommand::FileDesignation { document },
            AuthorityStep::Rename { name } => AuthorityCommand::Rename { name },
            AuthorityStep::SetProfile { profile } => AuthorityCommand::SetProfile { profile },
            AuthorityStep::Close { reason } => AuthorityCommand::Close { reason },
        };
        let (case, profiles) = (self.case(caller, once), Arc::clone(&self.profiles));
        let decided = self.store.write(move |change| {
            let (case, command, profiles) = (case.clone(), command.clone(), Arc::clone(&profiles));
            Box::pin(async move {
                case.check(change).await?;
                let current = change.authority(id).await?;
                let found = current
                    .state
                    .as_ref()
                    .ok_or(Error::NotFound { what: "authority" })?;
                if let AuthorityCommand::SetProfile { profile } = &command {
                    // The profile that it is to work under must exist.
                    profiles.in_force(profile, case.now)?;
                }
                let mut lineage = change.lineage(id).await?;
                lineage.retain(|above| *above != id);
                let parent = match found.parent {
                    Some(parent) => change.authority(parent).await?.state,
                    None => None,
                };
                let facts = AuthorityFacts {
                    profile: &profile_of(change, &profiles, id, case.now).await?,
                    acting: &case.acting,
                    parent: parent.as_ref(),
                    lineage: &lineage,
                    dependants: change.dependants(id).await?,
                };
                match authority::decide(current.state.as_ref(), &facts, &command, case.now) {
                    Ok(events) => {
                        let after = change
                            .record_authority(id, current, &events, &case.recorded())
                            .await?;
                        case.done(change, &after.state, (id, &events)).await
                    }
                    Err(refusal) => case.refused(change, id, command.name(), refusal).await,
                }
            })
        });
        once::outcome(decided.await)
    }

    /// An authority.
    pub(crate) async fn authority(&self, id: AuthorityId) -> Result<Authority, Error> {
        let found = self.store.read().await?.authority(id).await?.state;
        found.ok_or(Error::NotFound { what: "authority" })
    }

    /// The types of documents that are known under an authority's profile now.
    pub(crate) async fn document_types(&self, id: AuthorityId) -> Result<Vec<DocumentTypeRow>, Error> {
        let authority = self.authority(id).await?;
        let profile = self.profiles.in_force(&authority.profile, self.outside.now())?;
        Ok(profile.document_types)
    }

    /// The authorities directly below one, or the roots.
    pub(crate) async fn authorities(
        &self,
        parent: Option<AuthorityId>,
        page: Page<AuthorityId>,
    ) -> Result<Vec<Authority>, Error> {
        Ok(self.store.read().await?.authorities_below(parent, page).await?)
    }

    /// The authorities that may make seals and for which the caller is a reviewer, there or above, by name.
    pub(crate) async fn reviewed_authorities(&self, caller: &Caller) -> Result<Vec<Authority>, Error> {
        let now = self.outside.now();
        let mut reader = self.store.read().await?;
        let (mut after, mut all) = (None, BTreeMap::new());
        loop {
            let look = Page {
                after,
                limit: store::PAGE_MAX,
            };
            let found = reader.authorities(look).await?;
            after = found.last().map(|last| last.id);
            let full = found.len() as u64 == u64::from(store::PAGE_MAX);
            all.extend(found.into_iter().map(|one| (one.id, one)));
            if !full {
                break;
            }
        }
        let above = |one: &AuthorityId| all.get(one).and_then(|one| one.parent);
        let reviewed = |one: &&Authority| {
            // A ring in damaged data ends.
            let line = std::iter::successors(Some(one.id), above).take(all.len());
            let line: Vec<_> = line.collect();
            one.status == AuthorityStatus::Designated && caller.acting.holds_in(&[Role::Reviewer], &line, now)
        };
        let mut found: Vec<_> = all.values().filter(reviewed).cloned().collect();
        found.sort_by(|one, other| one.name.cmp(&other.name));
        Ok(found)
    }
}
