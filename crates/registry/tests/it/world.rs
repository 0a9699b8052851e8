//! A small world: one city with a county, one unit, its people, and every state of every noun, reached by the
//! commands themselves.

use std::sync::LazyLock;

use jiff::Timestamp;
use registry::application::{ApplicationStatus, Ask, Claim, MaterialKind, RegisteredImpression, SealSpec};
use registry::filing::{FilingBody, FilingOccasion, FilingStatus};
use registry::grant::GrantStatus;
use registry::seal::{CertificateFacts, NameMatch, OldDevice, Owner, Reason};
use registry::usage::{DocumentFacts, UseStatus};
use registry::*;
use uuid::Uuid;

pub(crate) use crate::samples::*;

pub(crate) const NOW: &str = "2026-11-22T02:00:00Z";
pub(crate) const BEGIN: &str = "2026-01-01T00:00:00Z";
pub(crate) const END: &str = "2029-01-01T00:00:00Z";

pub(crate) fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

pub(crate) fn uuid(number: u128) -> Uuid {
    Uuid::from_u128(number)
}

pub(crate) fn digest(byte: u8) -> Digest32 {
    Digest32([byte; 32])
}

pub(crate) fn text(text: &str) -> String {
    text.to_owned()
}

pub(crate) fn region() -> AuthorityId {
    AuthorityId(uuid(0xA0))
}

pub(crate) fn city() -> AuthorityId {
    AuthorityId(uuid(0xA1))
}

pub(crate) fn neighbour() -> AuthorityId {
    AuthorityId(uuid(0xA2))
}

pub(crate) fn unit_id() -> UnitId {
    UnitId(uuid(0xB0))
}

pub(crate) fn seal_id() -> SealId {
    SealId(uuid(0xC0))
}

pub(crate) fn application_id() -> ApplicationId {
    ApplicationId(uuid(0xD0))
}

pub(crate) fn system_id() -> SystemId {
    SystemId(uuid(0xE0))
}

pub(crate) fn use_id() -> UseId {
    UseId(uuid(0xF0))
}

pub(crate) fn grant_id() -> GrantId {
    GrantId(uuid(0xF1))
}

/// Who is who.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Who {
    Agent,
    Principal,
    Approver,
    SecondApprover,
    Custodian,
    SecondCustodian,
    Holder,
    Reviewer,
    SecondReviewer,
    Maker,
    Neighbour,
    Owner,
    SystemAdministrator,
    SecurityAdministrator,
    Stranger,
}

impl Who {
    pub(crate) fn id(self) -> PersonId {
        PersonId(uuid(self as u128 + 1))
    }

    fn roles(self) -> Vec<(Role, Scope)> {
        let unit = Scope::Unit(unit_id());
        let office = Scope::Authority(city());
        match self {
            Who::Agent => vec![(Role::Agent, unit)],
            Who::Principal => vec![(Role::Principal, unit)],
            Who::Approver | Who::SecondApprover => vec![(Role::Approver, unit)],
            Who::Custodian | Who::SecondCustodian => vec![(Role::Custodian, unit)],
            Who::Reviewer | Who::SecondReviewer => vec![(Role::Reviewer, office)],
            Who::Maker => vec![(Role::Maker, office)],
            Who::Neighbour => [Role::Reviewer, Role::Maker, Role::SecurityAdministrator]
                .map(|role| (role, Scope::Authority(neighbour())))
                .to_vec(),
            Who::Owner => vec![(Role::PlatformOwner, Scope::System(system_id()))],
            Who::SystemAdministrator => vec![(Role::SystemAdministrator, Scope::Authority(region()))],
            Who::SecurityAdministrator => vec![(Role::SecurityAdministrator, office)],
            Who::Holder | Who::Stranger => vec![],
        }
    }
}

pub(crate) fn acting(who: Who) -> Acting {
    let appointed = |(role, scope)| Appointment {
        role,
        scope,
        from: at(BEGIN),
        until: None,
    };
    Acting {
        actor: Actor::Person(who.id()),
        appointments: who.roles().into_iter().map(appointed).collect(),
        network: Network::GovernmentExtranet,
        dedicated_device: true,
        blocked: false,
    }
}

/// Read once: reading four regulations takes longer than a decision.
static PROFILES: LazyLock<Profiles> = LazyLock::new(|| Profiles::new([]).unwrap());

pub(crate) fn profile(id: &str, when: &str) -> Profile {
    PROFILES.in_force(&ProfileId(text(id)), at(when)).unwrap()
}

/// Everything that facts are made of; a test changes what its case is about.
#[derive(Clone)]
pub(crate) struct World {
    pub(crate) now: Timestamp,
    pub(crate) profile: Profile,
    pub(crate) acting: Acting,
    pub(crate) authority: Authority,
    pub(crate) lineage: Vec<AuthorityId>,
    pub(crate) unit: Unit,
    pub(crate) seal: Option<SealRecord>,
    pub(crate) other: Option<SealRecord>,
    pub(crate) application: Option<Application>,
    pub(crate) claims: Vec<Claim>,
    pub(crate) connector: Vec<MaterialKind>,
    pub(crate) registered: RegisteredImpression,
    pub(crate) certificate: Option<CertificateFacts>,
    pub(crate) receiver_is_custodian: bool,
    pub(crate) policy: Option<UsePolicy>,
    pub(crate) grant: Option<Grant>,
    pub(crate) grant_used: u64,
    pub(crate) deputised: Vec<Appointment>,
    pub(crate) elsewhere: Option<String>,
    pub(crate) document: DocumentFacts,
    pub(crate) taken_by: bool,
    pub(crate) dependants: u64,
}

fn fold<S, E>(
    state: Option<S>,
    events: Result<Vec<E>, Refusal>,
    apply: impl Fn(Option<S>, &E) -> Option<S>,
) -> Result<S, Refusal> {
    Ok(events?.iter().fold(state, apply).unwrap())
}

impl World {
    pub(crate) fn new(profile_id: &str) -> World {
        let when = if profile_id == "wuhu" {
            "2022-06-01T00:00:00Z"
        } else {
            NOW
        };
        World {
            now: at(NOW),
            profile: profile(profile_id, when),
            acting: acting(Who::Stranger),
            authority: city_authority(AuthorityStatus::Designated),
            lineage: vec![city(), region()],
            unit: unit(),
            seal: None,
            other: None,
            application: None,
            claims: Vec::new(),
            connector: Vec::new(),
            registered: RegisteredImpression::Fetched {
                digest: digest(1),
                code: Some(text("6101000000001")),
            },
            certificate: Some(certificate()),
            receiver_is_custodian: true,
            policy: None,
            grant: None,
            grant_used: 0,
            deputised: Vec::new(),
            elsewhere: None,
            document: DocumentFacts::default(),
            taken_by: false,
            dependants: 0,
        }
    }

    pub(crate) fn by(&self, who: Who) -> World {
        World {
            acting: acting(who),
            ..self.clone()
        }
    }

    pub(crate) fn by_service(&self) -> World {
        World {
            acting: Acting::service(),
            ..self.clone()
        }
    }

    pub(crate) fn by_system(&self) -> World {
        World {
            acting: Acting::system(system_id(), Network::GovernmentExtranet),
            ..self.clone()
        }
    }

    pub(crate) fn when(&self, now: &str) -> World {
        World {
            now: at(now),
            ..self.clone()
        }
    }

    pub(crate) fn with(&self, change: impl FnOnce(&mut World)) -> World {
        let mut world = self.clone();
        change(&mut world);
        world
    }

    pub(crate) fn application_facts(&self) -> ApplicationFacts<'_> {
        ApplicationFacts {
            profile: &self.profile,
            acting: &self.acting,
            authority: Some(&self.authority),
            lineage: &self.lineage,
            unit: Some(&self.unit),
            seal: self.seal.as_ref(),
            claims: &self.claims,
            connector: &self.connector,
            registered: &self.registered,
        }
    }

    pub(crate) fn apply_for(
        &self,
        state: Option<Application>,
        command: &ApplicationCommand,
    ) -> Result<Application, Refusal> {
        let events = application::decide(state.as_ref(), &self.application_facts(), command, self.now);
        fold(state, events, application::apply)
    }

    pub(crate) fn seal_facts(&self) -> SealFacts<'_> {
        SealFacts {
            profile: &self.profile,
            acting: &self.acting,
            lineage: &self.lineage,
            application: self.application.as_ref(),
            unit: Some(&self.unit),
            claims: &self.claims,
            certificate: self.certificate.as_ref(),
            receiver_is_custodian: self.receiver_is_custodian,
            other: self.other.as_ref(),
        }
    }

    pub(crate) fn do_seal(
        &self,
        state: Option<SealRecord>,
        command: &SealCommand,
    ) -> Result<SealRecord, Refusal> {
        let events = seal::decide(state.as_ref(), &self.seal_facts(), command, self.now);
        fold(state, events, seal::apply)
    }

    pub(crate) fn use_facts(&self) -> UseFacts<'_> {
        UseFacts {
            profile: &self.profile,
            acting: &self.acting,
            seal: self.seal.as_ref(),
            policy: self.policy.as_ref(),
            grant: self.grant.as_ref(),
            grant_used: self.grant_used,
            deputised: &self.deputised,
            elsewhere: self.elsewhere.clone(),
            document: self.document,
        }
    }

    pub(crate) fn do_use(
        &self,
        state: Option<UseRequest>,
        command: &UseCommand,
    ) -> Result<UseRequest, Refusal> {
        let events = usage::decide_request(state.as_ref(), &self.use_facts(), command, self.now);
        fold(state, events, usage::apply_request)
    }

    pub(crate) fn policy_facts(&self) -> UsePolicyFacts<'_> {
        UsePolicyFacts {
            profile: &self.profile,
            acting: &self.acting,
        }
    }

    pub(crate) fn do_policy(
        &self,
        state: Option<UsePolicy>,
        command: &UsePolicyCommand,
    ) -> Result<UsePolicy, Refusal> {
        let events = usage::decide_policy(state.as_ref(), &self.policy_facts(), command, self.now);
        fold(state, events, usage::apply_policy)
    }

    pub(crate) fn grant_facts(&self) -> GrantFacts<'_> {
        GrantFacts {
            profile: &self.profile,
            acting: &self.acting,
            seal: self.seal.as_ref(),
            lineage: &self.lineage,
        }
    }

    pub(crate) fn do_grant(&self, state: Option<Grant>, command: &GrantCommand) -> Result<Grant, Refusal> {
        let events = grant::decide(state.as_ref(), &self.grant_facts(), command, self.now);
        fold(state, events, grant::apply)
    }

    pub(crate) fn filing_facts(&self) -> FilingFacts<'_> {
        FilingFacts {
            profile: &self.profile,
            acting: &self.acting,
            lineage: &self.lineage,
        }
    }

    pub(crate) fn do_filing(
        &self,
        state: Option<Filing>,
        command: &FilingCommand,
    ) -> Result<Filing, Refusal> {
        let events = filing::decide(state.as_ref(), &self.filing_facts(), command, self.now);
        fold(state, events, filing::apply)
    }

    pub(crate) fn person_facts(&self) -> PersonFacts<'_> {
        PersonFacts {
            profile: &self.profile,
            acting: &self.acting,
            lineage: &self.lineage,
            identity_taken_by: self.taken_by.then(|| Who::Stranger.id()),
        }
    }

    pub(crate) fn do_person(
        &self,
        state: Option<Person>,
        command: &PersonCommand,
    ) -> Result<Person, Refusal> {
        let events = person::decide(state.as_ref(), &self.person_facts(), command, self.now);
        fold(state, events, person::apply)
    }

    pub(crate) fn unit_facts(&self) -> UnitFacts<'_> {
        UnitFacts {
            profile: &self.profile,
            acting: &self.acting,
            authority: Some(&self.authority),
            lineage: &self.lineage,
            present_lineage: &self.lineage,
            code_taken_by: self.taken_by.then(unit_id),
        }
    }

    pub(crate) fn do_unit(&self, state: Option<Unit>, command: &UnitCommand) -> Result<Unit, Refusal> {
        let events = unit::decide(state.as_ref(), &self.unit_facts(), command, self.now);
        fold(state, events, unit::apply)
    }

    /// The facts about the city, whose parent is the region.
    pub(crate) fn do_authority(
        &self,
        state: Option<Authority>,
        command: &AuthorityCommand,
    ) -> Result<Authority, Refusal> {
        let parent = region_authority();
        let facts = AuthorityFacts {
            profile: &self.profile,
            acting: &self.acting,
            parent: Some(&parent),
            lineage: &[region()],
            dependants: self.dependants,
        };
        let events = authority::decide(state.as_ref(), &facts, command, self.now);
        fold(state, events, authority::apply)
    }

    /// An application that went through consent and review.
    pub(crate) fn approved(&self, ask: Ask) -> Application {
        self.application_in(ApplicationStatus::Approved, ask)
    }

    /// An application in that state, reached by the commands.
    pub(crate) fn application_in(&self, status: ApplicationStatus, ask: Ask) -> Application {
        let personal = self.seal_owner(&ask).unit().is_none();
        let agent = self.by(if personal { Who::Holder } else { Who::Agent });
        let reviewer = self.by(Who::Reviewer);
        let unit = (!personal).then(unit_id);
        let draft = ApplicationCommand::Draft {
            id: application_id(),
            authority: city(),
            unit,
            ask,
        };
        let mut state = agent.apply_for(None, &draft).unwrap();
        if status == ApplicationStatus::Draft {
            return state;
        }
        for kind in all_materials() {
            let command = ApplicationCommand::AddMaterial {
                material: material(kind),
            };
            state = agent.apply_for(Some(state), &command).unwrap();
        }
        let next = |world: &World, state: Application, command: ApplicationCommand| {
            world.apply_for(Some(state), &command).unwrap()
        };
        state = next(
            &agent,
            state,
            ApplicationCommand::Submit {
                declaration: Some(digest(9)),
            },
        );
        if status == ApplicationStatus::Submitted {
            return state;
        }
        if status == ApplicationStatus::Withdrawn {
            return next(&agent, state, ApplicationCommand::Withdraw);
        }
        if !personal {
            state = next(&self.by(Who::Principal), state, ApplicationCommand::Consent);
        }
        if status == ApplicationStatus::Consented {
            return state;
        }
        state = next(&reviewer, state, ApplicationCommand::TakeUp);
        let reasons = vec![text("看不清")];
        let command = match status {
            ApplicationStatus::UnderReview => return state,
            ApplicationStatus::Returned => ApplicationCommand::Return {
                materials: vec![MaterialKind::UnitIdentity],
                reasons,
            },
            ApplicationStatus::Rejected => ApplicationCommand::Reject { reasons },
            _ => approve_all(&state),
        };
        state = next(&reviewer, state, command);
        if status == ApplicationStatus::Completed {
            return next(&self.by_service(), state, ApplicationCommand::Complete);
        }
        state
    }

    fn seal_owner(&self, ask: &Ask) -> Owner {
        match ask {
            Ask::Make { seal } => seal.owner,
            _ => self.seal.as_ref().unwrap().owner,
        }
    }

    /// A seal in that state, reached by the commands.
    pub(crate) fn seal_in(&self, status: SealStatus, spec: SealSpec) -> SealRecord {
        let holder = spec.owner.holder().is_some();
        let mut world = self.clone();
        world.application = Some(self.approved(Ask::Make { seal: spec.clone() }));
        let make = SealCommand::Make {
            id: seal_id(),
            application: application_id(),
            edition: edition(),
            comparison: Some(comparison()),
            names: NameMatch::Equal,
            custodian: if holder {
                Who::Holder.id()
            } else {
                Who::Custodian.id()
            },
        };
        let mut seal = world.by(Who::Maker).do_seal(None, &make).unwrap();
        if status == SealStatus::Made {
            return seal;
        }
        for (number, body) in [FilingBody::PublicSecurity, FilingBody::CompetentDepartment]
            .into_iter()
            .enumerate()
        {
            let filing = FilingId(uuid(0x100 + number as u128));
            let command = SealCommand::RecordFiling {
                filing,
                body,
                occasion: FilingOccasion::Made,
            };
            seal = world.by_service().do_seal(Some(seal), &command).unwrap();
        }
        if status == SealStatus::Filed {
            return seal;
        }
        let keeper = world.by(if holder { Who::Holder } else { Who::Custodian });
        let activate = SealCommand::Activate {
            old_device: OldDevice::None,
        };
        seal = keeper.do_seal(Some(seal), &activate).unwrap();
        match status {
            SealStatus::Suspended => {
                let command = SealCommand::Suspend {
                    reason: Reason::KeyLeaked,
                    application: None,
                };
                keeper.do_seal(Some(seal), &command).unwrap()
            }
            SealStatus::Expired => world
                .when(END)
                .by_service()
                .do_seal(Some(seal), &SealCommand::Expire)
                .unwrap(),
            SealStatus::Cancelled => {
                let command = SealCommand::CancelExOfficio {
                    reason: Reason::UnitEnded,
                    decision: text("1 号"),
                };
                world.by(Who::Reviewer).do_seal(Some(seal), &command).unwrap()
            }
            SealStatus::Made | SealStatus::Filed | SealStatus::Active => seal,
        }
    }

    /// A world in which the seal is in force and the unit has a policy.
    pub(crate) fn in_use(&self, spec: SealSpec) -> World {
        let seal = self.seal_in(SealStatus::Active, spec);
        let policy = self
            .by(Who::Principal)
            .do_policy(None, &adopt(plain_rules()))
            .unwrap();
        World {
            seal: Some(seal),
            policy: Some(policy),
            ..self.clone()
        }
    }

    /// A request in that state, reached by the commands.
    pub(crate) fn use_in(&self, status: UseStatus) -> UseRequest {
        let state = self.by(Who::Agent).do_use(None, &request()).unwrap();
        let next = |world: World, state: UseRequest, command: UseCommand| {
            world.do_use(Some(state), &command).unwrap()
        };
        let binding = state.binding();
        match status {
            UseStatus::Requested => return state,
            UseStatus::Declined => {
                return next(
                    self.by(Who::Approver),
                    state,
                    UseCommand::Decline {
                        reason: text("不合适"),
                    },
                );
            }
            UseStatus::Withdrawn => return next(self.by(Who::Agent), state, UseCommand::Withdraw),
            UseStatus::Approved | UseStatus::Completed | UseStatus::Lapsed => {}
        }
        let command = UseCommand::Approve {
            binding,
            for_person: None,
        };
        let state = next(self.by(Who::Approver), state, command);
        match status {
            UseStatus::Completed => {
                let state = next(self.by(Who::Custodian), state, begin());
                next(self.by_service(), state, finish())
            }
            UseStatus::Lapsed => next(
                self.when("2027-11-22T02:00:00Z").by_service(),
                state,
                UseCommand::Lapse,
            ),
            _ => state,
        }
    }

    /// A grant in that state, reached by the commands.
    pub(crate) fn grant_in(&self, status: GrantStatus) -> Grant {
        let apply = GrantCommand::Apply {
            id: grant_id(),
            terms: terms(),
        };
        let state = self.by(Who::Agent).do_grant(None, &apply).unwrap();
        let next = |who: Who, state: Grant, command: GrantCommand| {
            self.by(who).do_grant(Some(state), &command).unwrap()
        };
        match status {
            GrantStatus::Applied => return state,
            GrantStatus::Declined => {
                return next(
                    Who::Principal,
                    state,
                    GrantCommand::Decline {
                        reason: text("不需要"),
                    },
                );
            }
            _ => {}
        }
        let state = next(Who::Principal, state, GrantCommand::Consent);
        if status == GrantStatus::Consented {
            return state;
        }
        let state = next(Who::Owner, state, GrantCommand::Authorise);
        if status == GrantStatus::Authorised {
            return state;
        }
        next(
            Who::Owner,
            state,
            GrantCommand::Revoke {
                reason: text("项目结束"),
            },
        )
    }

    /// A filing in that state, reached by the commands.
    pub(crate) fn filing_in(&self, status: FilingStatus) -> Filing {
        let service = self.by_service();
        let state = service.do_filing(None, &open_filing()).unwrap();
        match status {
            FilingStatus::Open => state,
            FilingStatus::Sent => service
                .do_filing(Some(state), &FilingCommand::RecordSent)
                .unwrap(),
            FilingStatus::Accepted => service.do_filing(Some(state), &accept_filing()).unwrap(),
        }
    }
}

/// It is refused with this code, by this rule, on the ground of this article.
#[track_caller]
pub(crate) fn refused<T>(result: Result<T, Refusal>, code: Code, rule: &str, article: &str) {
    let Err(refusal) = result else {
        panic!("it was done, and should have been refused: {}", code.name())
    };
    assert_eq!(
        (refusal.code, refusal.rule.to_string().as_str()),
        (code, rule),
        "{refusal}"
    );
    assert_eq!(refusal.article.article, article, "{refusal}");
    for language in [Language::Zh, Language::En] {
        // Identifiers, and what somebody wrote, are shown as they are.
        let given = ["by", "type"].map(|name| refusal.values.get(name).map_or("-", String::as_str));
        let words = refusal.what(language) + &refusal.advice(language);
        let words = given.iter().fold(words, |words, given| words.replace(given, ""));
        assert!(!words.contains(['?', '{', '}']), "a value is missing: {words}");
        assert!(!words.contains('_'), "a stable name is no word: {words}");
        let letters = words.chars().any(|letter| letter.is_ascii_lowercase());
        assert!(language == Language::En || !letters, "not in Chinese: {words}");
    }
}
