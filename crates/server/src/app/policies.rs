//! Policies of use: a unit says who approves what (R50, R51).

use std::sync::Arc;

use registry::usage::{ApprovalRule, Deputy, Separation, UsePolicyFacts, apply_policy, decide_policy};
use registry::{
    Acting, PersonId, PolicyId, Refusal, Role, Scope, Unit, UnitId, UsePolicy, UsePolicyCommand,
    UsePolicyEvent,
};
use store::RecordedEvent;

use super::act::{Caller, entries, in_order, recorded, refused};
use super::applications::may_read;
use super::networks::{elsewhere, not_from};
use super::once::{self, Once};
use super::{Error, Service};

/// Roles of a unit, whoever holds one of which sees how the unit uses its seals.
pub(crate) const UNIT_ROLES: [Role; 4] = [Role::Agent, Role::Principal, Role::Approver, Role::Custodian];
/// Roles of an authority that look at the units below it.
pub(crate) const OFFICER_ROLES: [Role; 4] = [
    Role::Reviewer,
    Role::Supervisor,
    Role::SecurityAdministrator,
    Role::AuditAdministrator,
];

/// What is asked of a unit's policy.
#[derive(Clone, Debug)]
pub(crate) enum PolicyOrder {
    /// Put a version in force.
    Adopt {
        rules: Vec<ApprovalRule>,
        separation: Separation,
        approval_days_max: u16,
        networks: Vec<String>,
    },
    /// Let somebody stand in.
    AppointDeputy(Deputy),
    /// No longer.
    DismissDeputy { of: PersonId, deputy: PersonId },
}

/// A version of a policy, and who put it in force.
pub(crate) struct PolicyVersion {
    pub(crate) policy: UsePolicy,
    pub(crate) by: PersonId,
}

impl Service {
    /// Changes the policy of a unit.
    pub(crate) async fn change_policy(
        &self,
        caller: &Caller,
        unit: UnitId,
        order: PolicyOrder,
        once: Once,
    ) -> Result<Vec<u8>, Error> {
        let (fresh, refusal_id, now) = (PolicyId(self.new_id()), self.new_id(), self.outside.now());
        let (caller, profiles) = (caller.clone(), Arc::clone(&self.profiles));
        let decided = self.store.write(move |change| {
            let (caller, order, once) = (caller.clone(), order.clone(), once.clone());
            let profiles = Arc::clone(&profiles);
            Box::pin(async move {
                once.check(change).await?;
                let found = change
                    .unit(unit)
                    .await?
                    .state
                    .ok_or(Error::NotFound { what: "unit" })?;
                let authority = change.authority(found.authority).await?.state;
                let authority = authority.ok_or(Error::NotFound { what: "authority" })?;
                let facts = UsePolicyFacts {
                    profile: &profiles.in_force(&authority.profile, now)?,
                    acting: &caller.acting,
                };
                let id = change
                    .policy_of_unit(unit)
                    .await?
                    .map_or(fresh, |policy| policy.id);
                let current = change.policy(id).await?;
                let command = command(id, unit, order);
                let decided = decide_policy(current.state.as_ref(), &facts, &command, now);
                match decided.and_then(|events| not_locked_out(&facts, &command, &caller).map(|()| events)) {
                    Ok(events) => {
                        let recorded = recorded(&caller.acting, now);
                        let after = change.record_policy(id, current, &events, &recorded).await?;
                        let kept = once.keep(change, &after.state, now).await?;
                        Ok((Ok(kept), in_order(entries(&caller.acting, id, &events, now)?)?))
                    }
                    Err(refusal) => {
                        let told = (command.name(), &refusal);
                        let entries = refused(change, refusal_id, &caller.acting, unit, told, now).await?;
                        Ok((Err(refusal), entries))
                    }
                }
            })
        });
        once::outcome(decided.await)
    }

    /// The policy of a unit as it stands.
    pub(crate) async fn policy(&self, caller: &Caller, unit: UnitId) -> Result<UsePolicy, Error> {
        let mut reader = self.store.read().await?;
        self.let_see_unit(&mut reader, &caller.acting, unit).await?;
        let found = reader.policy_of_unit(unit).await?;
        found.ok_or(Error::NotFound { what: "policy" })
    }

    /// Every version that was in force, oldest first; with the deputies as they were at its end.
    pub(crate) async fn policy_versions(
        &self,
        caller: &Caller,
        unit: UnitId,
    ) -> Result<Vec<PolicyVersion>, Error> {
        let policy = self.policy(caller, unit).await?;
        let events: Vec<RecordedEvent<UsePolicyEvent>> =
            self.store.read().await?.policy_events(policy.id).await?;
        let mut versions: Vec<PolicyVersion> = Vec::new();
        for recorded in &events {
            let before = versions.last().map(|version| version.policy.clone());
            let Some(policy) = apply_policy(before, &recorded.event) else {
                continue;
            };
            match (&recorded.event, versions.last_mut()) {
                (UsePolicyEvent::Adopted { by, .. }, _) => versions.push(PolicyVersion { policy, by: *by }),
                (_, Some(last)) => last.policy = policy,
                (_, None) => {}
            }
        }
        Ok(versions)
    }

    /// A unit, for its people and for those who look at it from above.
    pub(crate) async fn see_unit(&self, caller: &Caller, id: UnitId) -> Result<Unit, Error> {
        let mut reader = self.store.read().await?;
        let missing = || Error::NotFound { what: "unit" };
        let found = reader.unit(id).await?.state.ok_or_else(missing)?;
        let (acting, now) = (&caller.acting, self.outside.now());
        if !may_read(&mut reader, acting, (Some(id), found.authority), now).await? {
            self.let_see_unit(&mut reader, acting, id).await?;
        }
        Ok(found)
    }

    /// For people of the unit and officers above it; for others it does not exist.
    pub(crate) async fn let_see_unit(
        &self,
        reader: &mut store::Reader,
        acting: &Acting,
        unit: UnitId,
    ) -> Result<(), Error> {
        let now = self.outside.now();
        if UNIT_ROLES
            .iter()
            .any(|role| acting.holds(*role, Scope::Unit(unit), now))
        {
            return Ok(());
        }
        let missing = Error::NotFound { what: "unit" };
        let Some(found) = reader.unit(unit).await?.state else {
            return Err(missing);
        };
        let lineage = reader.lineage(found.authority).await?;
        if acting.holds_in(&OFFICER_ROLES, &lineage, now) {
            return Ok(());
        }
        Err(missing)
    }
}

/// Nobody adopts networks that they are not in themselves: the unit could not mend it.
fn not_locked_out(
    facts: &UsePolicyFacts<'_>,
    command: &UsePolicyCommand,
    caller: &Caller,
) -> Result<(), Refusal> {
    let UsePolicyCommand::Adopt { networks, .. } = command else {
        return Ok(());
    };
    match elsewhere(networks, caller.address) {
        Some(address) => Err(not_from(facts.profile, address)),
        None => Ok(()),
    }
}

fn command(id: PolicyId, unit: UnitId, order: PolicyOrder) -> UsePolicyCommand {
    match order {
        PolicyOrder::Adopt {
            rules,
            separation,
            approval_days_max,
            networks,
        } => UsePolicyCommand::Adopt {
            id,
            unit,
            rules,
            separation,
            approval_days_max,
            networks,
        },
        PolicyOrder::AppointDeputy(deputy) => UsePolicyCommand::AppointDeputy { deputy },
        PolicyOrder::DismissDeputy { of, deputy } => UsePolicyCommand::DismissDeputy { of, deputy },
    }
}
