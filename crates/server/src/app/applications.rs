//! Applications: from draft to decision. What a decision rests on is loaded in the write that decides.

use std::sync::Arc;

use gm::sm3;
use registry::application::Claim;
use registry::application::{
    ApplicationStatus, Ask, Material, MaterialKind, MaterialSource, RegisteredImpression,
};
use registry::seal::Owner;
use registry::{
    Acting, Application, ApplicationCommand, ApplicationFacts, ApplicationId, Authority, AuthorityId,
    Digest32, Profile, Profiles, Role, Scope, SealId, SealRecord, Unit, UnitId, application,
};
use serde_json::json;
use store::{Change, Page, Reader};

use super::accounts::profile_of;
use super::act::{Caller, Case, entries, recorded};
use super::once::{self, Once};
use super::registered;
use super::{Error, Service};

/// An application to be drafted.
#[derive(Clone, Debug)]
pub(crate) struct NewApplication {
    pub(crate) authority: AuthorityId,
    pub(crate) unit: Option<UnitId>,
    pub(crate) ask: Ask,
}

/// What becomes of an application.
#[derive(Clone, Debug)]
pub(crate) enum ApplicationStep {
    Amend {
        ask: Ask,
    },
    /// With the text by which the agent answers for what was handed in (R24).
    Submit {
        declaration: String,
    },
    Consent,
    RefuseConsent {
        reason: String,
    },
    TakeUp,
    Return {
        materials: Vec<MaterialKind>,
        reasons: Vec<String>,
    },
    Approve {
        checked: Vec<Digest32>,
    },
    Reject {
        reasons: Vec<String>,
    },
    Withdraw,
}

/// Which applications.
#[derive(Clone, Copy, Debug)]
pub(crate) enum ApplicationSearch {
    ToAuthority(AuthorityId, ApplicationStatus),
    OfUnit(UnitId),
    AboutSeal(SealId),
    /// Of whoever asks.
    Own,
}

/// The roles of an authority that may read what stands below it.
const READERS: [Role; 6] = [
    Role::Reviewer,
    Role::Maker,
    Role::SystemAdministrator,
    Role::SecurityAdministrator,
    Role::AuditAdministrator,
    Role::Supervisor,
];
/// The roles of a unit that may read what concerns it.
const INSIDERS: [Role; 4] = [Role::Agent, Role::Principal, Role::Approver, Role::Custodian];
/// Longest text of a declaration, in bytes.
const DECLARATION_BYTES_MAX: usize = 64 * 1024;

impl Service {
    /// Drafts an application (R16, R18).
    pub(crate) async fn draft_application(
        &self,
        caller: &Caller,
        new: NewApplication,
        once: Once,
    ) -> Result<Vec<u8>, Error> {
        let id = ApplicationId(self.new_id());
        let case = self.case(caller, once);
        let about = (id, new.authority, "draft");
        let ask = match self.with_commitment(&case, about, new.ask).await {
            Err(Error::DoneBefore { answer }) => return Ok(answer),
            ask => ask?,
        };
        let command = ApplicationCommand::Draft {
            id,
            authority: new.authority,
            unit: new.unit,
            ask,
        };
        self.command_application(case, id, command).await
    }

    /// Takes an application a step further (R22, R24 to R26).
    pub(crate) async fn step_application(
        &self,
        caller: &Caller,
        id: ApplicationId,
        step: ApplicationStep,
        once: Once,
    ) -> Result<Vec<u8>, Error> {
        let case = self.case(caller, once);
        let command = match step {
            ApplicationStep::Amend { ask } => {
                let found = self.readable_application(caller, id).await?;
                let about = (id, found.authority, "amend");
                match self.with_commitment(&case, about, ask).await {
                    Err(Error::DoneBefore { answer }) => return Ok(answer),
                    ask => ApplicationCommand::Amend { ask: ask? },
                }
            }
            ApplicationStep::Submit { declaration } => {
                self.pull_materials(caller, id).await?;
                self.ask_registered(caller, id).await?;
                ApplicationCommand::Submit {
                    declaration: self.declared(id, declaration).await?,
                }
            }
            ApplicationStep::Consent => ApplicationCommand::Consent,
            ApplicationStep::RefuseConsent { reason } => ApplicationCommand::RefuseConsent { reason },
            ApplicationStep::TakeUp => ApplicationCommand::TakeUp,
            ApplicationStep::Return { materials, reasons } => {
                ApplicationCommand::Return { materials, reasons }
            }
            ApplicationStep::Approve { checked } => ApplicationCommand::Approve { checked },
            ApplicationStep::Reject { reasons } => ApplicationCommand::Reject { reasons },
            ApplicationStep::Withdraw => ApplicationCommand::Withdraw,
        };
        self.command_application(case, id, command).await
    }

    /// Keeps what is declared, with the materials that it is said of; none when there is no text.
    async fn declared(&self, id: ApplicationId, text: String) -> Result<Option<Digest32>, Error> {
        if text.trim().is_empty() || text.len() > DECLARATION_BYTES_MAX {
            return Ok(None);
        }
        let application = self.store.read().await?.application(id).await?.state;
        let application = application.ok_or(Error::NotFound { what: "application" })?;
        let declared = json!({ "application": id, "text": text, "materials": application.materials });
        let stored = self.keep_document(declared.to_string().into_bytes()).await?;
        Ok(Some(stored))
    }

    pub(crate) async fn command_application(
        &self,
        case: Case,
        id: ApplicationId,
        command: ApplicationCommand,
    ) -> Result<Vec<u8>, Error> {
        let profiles = Arc::clone(&self.profiles);
        let decided = self.store.write(move |change| {
            let (case, command, profiles) = (case.clone(), command.clone(), Arc::clone(&profiles));
            Box::pin(async move {
                case.check(change).await?;
                let current = change.application(id).await?;
                let loaded = match (&command, &current.state) {
                    (
                        ApplicationCommand::Draft {
                            authority, unit, ask, ..
                        },
                        None,
                    ) => Loaded::new(change, &profiles, &case, (*authority, *unit, ask)).await?,
                    (ApplicationCommand::Amend { ask }, Some(found)) => {
                        Loaded::new(change, &profiles, &case, (found.authority, found.unit, ask)).await?
                    }
                    (_, Some(found)) => Loaded::of(change, &profiles, &case, found).await?,
                    (_, None) => return Err(Error::NotFound { what: "application" }),
                };
                let unasked =
                    |found| registered::asks(&case.acting, found).is_some() && loaded.registered.is_none();
                if matches!(command, ApplicationCommand::Submit { .. })
                    && current.state.as_ref().is_some_and(unasked)
                {
                    // Somebody amended it since public security was asked.
                    return Err(Error::Store(store::Error::Conflict {
                        what: "application",
                        key: id.to_string(),
                        expected: current.version,
                    }));
                }
                let facts = loaded.facts(&case.acting);
                match application::decide(current.state.as_ref(), &facts, &command, case.now) {
                    Ok(events) => {
                        let after = change
                            .record_application(id, current, &events, &case.recorded())
                            .await?;
                        case.done(change, &after.state, (id, &events)).await
                    }
                    Err(refusal) => case.refused(change, id, command.name(), refusal).await,
                }
            })
        });
        once::outcome(decided.await)
    }

    /// An application, for those whom it concerns. When its agent reads the reasons of a decision, it is noted that
    /// they were delivered (R26).
    pub(crate) async fn application(&self, caller: &Caller, id: ApplicationId) -> Result<Application, Error> {
        let found = self.readable_application(caller, id).await?;
        let decided = matches!(
            found.status,
            ApplicationStatus::Rejected | ApplicationStatus::Returned
        );
        let agent = caller.acting.person() == Some(found.agent);
        if !(decided && agent && found.delivered_at.is_none()) {
            return Ok(found);
        }
        let (now, profiles) = (self.outside.now(), Arc::clone(&self.profiles));
        self.store
            .write(move |change| {
                let profiles = Arc::clone(&profiles);
                Box::pin(async move { deliver(change, &profiles, id, now).await })
            })
            .await
    }

    /// An application, if whoever asks may read it; it does not exist for others.
    pub(crate) async fn readable_application(
        &self,
        caller: &Caller,
        id: ApplicationId,
    ) -> Result<Application, Error> {
        let mut reader = self.store.read().await?;
        let missing = Error::NotFound { what: "application" };
        let found = reader.application(id).await?.state.ok_or(missing)?;
        let own = caller.acting.person() == Some(found.agent);
        let now = self.outside.now();
        if own || may_read(&mut reader, &caller.acting, (found.unit, found.authority), now).await? {
            return Ok(found);
        }
        Err(Error::NotFound { what: "application" })
    }

    /// Applications, by one thing that is known of them, as far as whoever asks may read them.
    pub(crate) async fn applications(
        &self,
        caller: &Caller,
        search: ApplicationSearch,
        page: Page<ApplicationId>,
    ) -> Result<Vec<Application>, Error> {
        let mut reader = self.store.read().await?;
        let (acting, now) = (&caller.acting, self.outside.now());
        let readable = match search {
            ApplicationSearch::ToAuthority(authority, _) => {
                may_read(&mut reader, acting, (None, authority), now).await?
            }
            ApplicationSearch::OfUnit(unit) => {
                let found = reader
                    .unit(unit)
                    .await?
                    .state
                    .ok_or(Error::NotFound { what: "unit" })?;
                may_read(&mut reader, acting, (Some(unit), found.authority), now).await?
            }
            ApplicationSearch::AboutSeal(seal) => {
                let found = reader
                    .seal(seal)
                    .await?
                    .state
                    .ok_or(Error::NotFound { what: "seal" })?;
                let holds = acting.person().is_some() && found.owner.holder() == acting.person();
                holds || may_read(&mut reader, acting, (found.owner.unit(), found.authority), now).await?
            }
            ApplicationSearch::Own => true,
        };
        if !readable {
            return Ok(Vec::new());
        }
        Ok(match search {
            ApplicationSearch::ToAuthority(authority, status) => {
                reader.applications_to_authority(authority, status, page).await?
            }
            ApplicationSearch::OfUnit(unit) => reader.applications_of_unit(unit, page).await?,
            ApplicationSearch::AboutSeal(seal) => reader.applications_about_seal(seal, page).await?,
            ApplicationSearch::Own => match acting.person() {
                Some(person) => reader.applications_of_agent(person, page).await?,
                None => Vec::new(),
            },
        })
    }
}

/// The service notes that the reasons reached the agent.
async fn deliver(
    change: &mut Change,
    profiles: &Profiles,
    id: ApplicationId,
    now: jiff::Timestamp,
) -> Result<(Application, store::Entries), Error> {
    let acting = Acting::service();
    let current = change.application(id).await?;
    let found = current
        .state
        .clone()
        .ok_or(Error::NotFound { what: "application" })?;
    let profile = profile_of(change, profiles, found.authority, now).await?;
    let loaded = Loaded {
        profile,
        authority: None,
        lineage: Vec::new(),
        unit: None,
        seal: None,
        claims: Vec::new(),
        connector: Vec::new(),
        registered: None,
    };
    let command = ApplicationCommand::RecordDelivery;
    let events = application::decide(Some(&found), &loaded.facts(&acting), &command, now)?;
    let after = change
        .record_application(id, current, &events, &recorded(&acting, now))
        .await?;
    let log = super::act::in_order(entries(&acting, id, &events, now)?)?;
    Ok((after.state.ok_or(Error::NothingHappened)?, log))
}

/// Whether somebody may read what concerns a unit, or an authority: those inside, and the officers above.
pub(crate) async fn may_read(
    reader: &mut Reader,
    acting: &Acting,
    (unit, authority): (Option<UnitId>, AuthorityId),
    now: jiff::Timestamp,
) -> Result<bool, Error> {
    let inside = |unit: UnitId| {
        INSIDERS
            .iter()
            .any(|role| acting.holds(*role, Scope::Unit(unit), now))
    };
    if unit.is_some_and(inside) {
        return Ok(true);
    }
    let lineage = reader.lineage(authority).await?;
    Ok(acting.holds_in(&READERS, &lineage, now))
}

/// What a decision about an application rests on.
pub(crate) struct Loaded {
    pub(crate) profile: Profile,
    pub(crate) authority: Option<Authority>,
    pub(crate) lineage: Vec<AuthorityId>,
    pub(crate) unit: Option<Unit>,
    pub(crate) seal: Option<SealRecord>,
    pub(crate) claims: Vec<Claim>,
    /// What the data-sharing platform supplied (R23).
    connector: Vec<MaterialKind>,
    /// What public security answered to what is asked for (R33); none when it was not asked that.
    registered: Option<RegisteredImpression>,
}

impl Loaded {
    async fn of(
        change: &mut Change,
        profiles: &Profiles,
        case: &Case,
        found: &Application,
    ) -> Result<Self, Error> {
        let mut loaded = Self::new(change, profiles, case, (found.authority, found.unit, &found.ask)).await?;
        loaded.claims.retain(|claim| claim.subject != found.id.into());
        let shared = |material: &&Material| material.source == MaterialSource::DataSharing;
        loaded.connector = found
            .materials
            .iter()
            .filter(shared)
            .map(|one| one.kind)
            .collect();
        loaded.registered = registered::known(change, found).await?;
        Ok(loaded)
    }

    async fn new(
        change: &mut Change,
        profiles: &Profiles,
        case: &Case,
        (authority, unit, ask): (AuthorityId, Option<UnitId>, &Ask),
    ) -> Result<Self, Error> {
        let profile = profile_of(change, profiles, authority, case.now).await?;
        let unit = match unit {
            Some(unit) => change.unit(unit).await?.state,
            None => None,
        };
        let over = unit.as_ref().map_or(authority, |unit| unit.authority);
        let about = match ask {
            Ask::Make { seal } => seal.replaces,
            _ => ask.seal(),
        };
        let seal = match about {
            Some(seal) => change.seal(seal).await?.state,
            None => None,
        };
        let owner = match (ask, &seal) {
            (Ask::Make { seal }, _) => Some(seal.owner),
            (_, Some(seal)) => Some(seal.owner),
            (_, None) => None,
        };
        let claims = match owner {
            Some(owner) => claims(change, owner, about.filter(|_| !matches!(ask, Ask::Make { .. }))).await?,
            None => Vec::new(),
        };
        Ok(Self {
            profile,
            authority: change.authority(authority).await?.state,
            lineage: change.lineage(over).await?,
            unit,
            seal,
            claims,
            connector: Vec::new(),
            registered: None,
        })
    }

    fn facts<'a>(&'a self, acting: &'a Acting) -> ApplicationFacts<'a> {
        ApplicationFacts {
            profile: &self.profile,
            acting,
            authority: self.authority.as_ref(),
            lineage: &self.lineage,
            unit: self.unit.as_ref(),
            seal: self.seal.as_ref(),
            claims: &self.claims,
            connector: &self.connector,
            registered: self
                .registered
                .as_ref()
                .unwrap_or(&RegisteredImpression::Unreachable),
        }
    }
}

/// What holds a place among an owner's seals, without the seal that is decided about.
pub(crate) async fn claims(
    reader: &mut Reader,
    owner: Owner,
    without: Option<SealId>,
) -> Result<Vec<Claim>, Error> {
    let seals = reader.seals_not_ended(owner).await?;
    let seals = seals.iter().filter(|seal| Some(seal.id) != without);
    let mut claims: Vec<Claim> = seals.filter_map(Claim::of_seal).collect();
    let agent = owner.holder().unwrap_or(registry::PersonId(uuid::Uuid::nil()));
    let pending = reader.applications_holding_place(owner.unit(), agent).await?;
    claims.extend(pending.iter().filter_map(Claim::of_application));
    Ok(claims)
}

/// SM3 as the registry knows it.
pub(crate) fn digest_of(bytes: &[u8]) -> Digest32 {
    Digest32(sm3(bytes).0)
}
