//! Invariants under random commands by random people at growing times.

use proptest::prelude::*;
use registry::application::{Ask, Claim, MaterialKind, SealSpec};
use registry::filing::{FilingBody, FilingOccasion};
use registry::seal::{NameMatch, OldDevice, Reason};
use registry::usage::{
    ApprovalRule, Approver, Basis, Batch, Binding, Content, DocumentFacts, Outcome, Step, UseStatus,
};
use registry::*;

use crate::world::*;

const PEOPLE: [Who; 9] = [
    Who::Agent,
    Who::Principal,
    Who::Approver,
    Who::SecondApprover,
    Who::Custodian,
    Who::SecondCustodian,
    Who::Reviewer,
    Who::Maker,
    Who::Stranger,
];

/// Days after the first instant at which something happens; they pass the end of the certificate.
fn later(step: usize, stride: u16) -> jiff::Timestamp {
    let hours = i64::try_from(step).unwrap() * i64::from(stride);
    at(NOW) + jiff::SignedDuration::from_hours(hours)
}

/// A use under two approvals, and what was done to it.
struct Use {
    world: World,
    batch: bool,
    events: Vec<UseEvent>,
}

fn contents(batch: bool) -> Content {
    if batch {
        Content::Batch(Batch {
            root: digest(0x70),
            count: 3,
            placement: placement(),
        })
    } else {
        Content::Document {
            digest: digest(0x77),
            placement: placement(),
        }
    }
}

fn use_command(number: u8, batch: bool, detail: u8) -> UseCommand {
    let document = if batch { digest(0x70) } else { digest(0x77) };
    let document = if detail.is_multiple_of(5) {
        digest(detail)
    } else {
        document
    };
    let item = u32::from(detail % 4);
    match number % 8 {
        0 => UseCommand::Request {
            id: use_id(),
            seal: seal_id(),
            purpose: text("核发许可证"),
            document_type: licence(),
            amount_fen: None,
            content: contents(batch),
            classified: false,
            grant: None,
        },
        1 | 2 => UseCommand::Approve {
            binding: Binding {
                document,
                seal: seal_id(),
                placement: placement(),
            },
            for_person: None,
        },
        3 | 4 => UseCommand::Begin {
            item: if batch { item } else { 0 },
            document,
            placement: placement(),
        },
        5 => UseCommand::Finish {
            item: if batch { item } else { 0 },
            outcome: match detail % 3 {
                0 => Outcome::Failed {
                    reason: text("失败")
                },
                _ => Outcome::Stamped {
                    sealed: digest(detail),
                },
            },
        },
        6 if detail < 16 => UseCommand::Withdraw,
        6 => UseCommand::Lapse,
        _ if detail < 16 => UseCommand::Decline {
            reason: text("不合适"),
        },
        _ => use_command(detail % 6, batch, detail),
    }
}

fn use_rules() -> Vec<ApprovalRule> {
    vec![rule(vec![
        step(Approver::Role(Role::Approver)),
        Step {
            needed: 1,
            ..step(Approver::Role(Role::Principal))
        },
    ])]
}

/// What must be true after every event of a use.
fn check_use(used: &Use) -> Result<(), TestCaseError> {
    let state = used.events.iter().fold(None, usage::apply_request);
    let Some(state) = state else { return Ok(()) };
    let Basis::Policy { rule, .. } = &state.basis else {
        panic!("{:?}", state.basis)
    };
    let begun = used
        .events
        .iter()
        .any(|event| matches!(event, UseEvent::Begun { .. }));
    if begun || state.status == UseStatus::Approved {
        // Nothing is begun without every approval, each bound to the same bytes, seal and place.
        prop_assert_eq!(state.approvals.len(), rule.steps.len());
        prop_assert!(
            state
                .approvals
                .iter()
                .all(|approval| approval.binding == state.binding())
        );
        let mut approvers: Vec<PersonId> = state.approvals.iter().map(|approval| approval.by).collect();
        approvers.dedup();
        prop_assert_eq!(approvers.len(), rule.steps.len());
        prop_assert!(!approvers.contains(&Who::Agent.id()) && !approvers.contains(&Who::Custodian.id()));
    }
    let mut stamped = std::collections::BTreeSet::new();
    for event in &used.events {
        match event {
            UseEvent::Begun {
                document, item, by, ..
            } => {
                prop_assert_eq!(*by, Actor::Person(Who::Custodian.id()));
                prop_assert!(!stamped.contains(item), "an item is sealed once");
                if !used.batch {
                    prop_assert_eq!(*document, state.binding().document);
                }
            }
            UseEvent::Finished {
                item,
                outcome: Outcome::Stamped { .. },
                ..
            } => {
                prop_assert!(stamped.insert(*item));
            }
            _ => {}
        }
    }
    prop_assert_eq!(state.stamped.len() as usize, stamped.len());
    let complete = stamped.len() == state.content.count() as usize;
    prop_assert_eq!(complete, state.status == UseStatus::Completed);
    prop_assert!(!state.status.is_end() || state.open.is_empty());
    Ok(())
}

fn seal_command(number: u8, detail: u8) -> SealCommand {
    let application = application_id();
    let reason = Reason::ALL[usize::from(detail) % Reason::ALL.len()];
    let edition = if detail.is_multiple_of(4) {
        edition()
    } else {
        next_edition().0
    };
    match number % 15 {
        0 => SealCommand::Make {
            id: seal_id(),
            application,
            edition,
            comparison: Some(comparison()),
            names: NameMatch::Equal,
            custodian: Who::Custodian.id(),
        },
        1 => SealCommand::RecordFiling {
            filing: FilingId(uuid(u128::from(detail))),
            body: FilingBody::PublicSecurity,
            occasion: FilingOccasion::Made,
        },
        2 => SealCommand::Activate {
            old_device: OldDevice::None,
        },
        3 => SealCommand::Suspend {
            reason,
            application: detail.is_multiple_of(2).then_some(application),
        },
        4 => SealCommand::Resume { application },
        5 => SealCommand::Renew { application, edition },
        6 => SealCommand::ReplaceDevice {
            application,
            edition,
            old_device: OldDevice::Returned,
        },
        7 => SealCommand::ScheduleCancellation { application },
        8 => SealCommand::Cancel { application },
        9 => SealCommand::CancelExOfficio {
            reason,
            decision: text("1 号"),
        },
        10 => SealCommand::Expire,
        11 => SealCommand::HandOver {
            to: PEOPLE[usize::from(detail) % PEOPLE.len()].id(),
        },
        12 => SealCommand::AcceptCustody,
        13 => SealCommand::ChangePin,
        _ => SealCommand::ResetPin { application },
    }
}

/// The application that would let the command through, approved for this seal.
fn application_for(command: &SealCommand, sample: &Application) -> Option<Application> {
    let seal = seal_id();
    let ask = match command {
        SealCommand::Make { .. } => make(SealKind::LegalName),
        SealCommand::Suspend { reason, .. } => Ask::Suspend {
            seal,
            reason: *reason,
        },
        SealCommand::Resume { .. } => Ask::Resume { seal },
        SealCommand::Renew { .. } => Ask::Renew { seal },
        SealCommand::ReplaceDevice { .. } => Ask::ReplaceDevice {
            seal,
            reason: Reason::DeviceDamaged,
            device: DeviceId(uuid(0x200)),
        },
        SealCommand::ScheduleCancellation { .. } => Ask::Change {
            seal,
            reason: Reason::UnitNameChanged,
            scheduled: true,
        },
        SealCommand::Cancel { .. } => Ask::Cancel {
            seal,
            reason: Reason::KeyLeaked,
        },
        SealCommand::ResetPin { .. } => Ask::ResetPin { seal },
        _ => return None,
    };
    Some(Application {
        ask,
        ..sample.clone()
    })
}

/// A unit's applications and seals, as a store would keep them.
struct Office {
    world: World,
    applications: Vec<Application>,
    seals: Vec<SealRecord>,
}

impl Office {
    /// What holds a place, without one application.
    fn claims(&self, without: Option<ApplicationId>) -> Vec<Claim> {
        let sealed = self.seals.iter().filter_map(Claim::of_seal);
        let pending = self.applications.iter().filter(|one| Some(one.id) != without);
        sealed.chain(pending.filter_map(Claim::of_application)).collect()
    }

    /// One random act: drive an application on, make a seal from it, or cancel one. Refusals change nothing.
    fn act(&mut self, number: u8, which: u8, kind: SealKind, impression: u8) {
        let world = self.world.clone();
        let index = usize::from(which) % (self.applications.len() + 1);
        let Some(state) = self.applications.get(index).cloned() else {
            return self.draft(&world, kind, impression);
        };
        let world = world.with(|world| world.claims = self.claims(Some(state.id)));
        let (who, command) = match number % 6 {
            0 => (
                Who::Agent,
                ApplicationCommand::Submit {
                    declaration: Some(digest(9)),
                },
            ),
            1 => (Who::Principal, ApplicationCommand::Consent),
            2 => (Who::Reviewer, ApplicationCommand::TakeUp),
            3 => (Who::Reviewer, approve_all(&state)),
            4 => return self.make(&world, index),
            _ => return self.cancel(&world, which),
        };
        if let Ok(next) = world.by(who).apply_for(Some(state), &command) {
            self.applications[index] = next;
        }
    }

    fn draft(&mut self, world: &World, kind: SealKind, impression: u8) {
        let id = ApplicationId(uuid(0x1000 + self.applications.len() as u128));
        let mut wanted: SealSpec = spec(kind);
        let own = wanted.impression.as_mut().unwrap();
        own.digest = digest(impression);
        own.code = None;
        own.source = registry::seal::ImpressionSource::Applicant;
        let ask = Ask::Make { seal: wanted };
        let command = ApplicationCommand::Draft {
            id,
            authority: city(),
            unit: Some(unit_id()),
            ask,
        };
        let agent = world.by(Who::Agent);
        let mut state = agent.apply_for(None, &command).unwrap();
        let needed = [
            MaterialKind::UnitIdentity,
            MaterialKind::AgentIdentity,
            MaterialKind::ApplicationForm,
            MaterialKind::EngravingProof,
        ];
        for kind in needed {
            let command = ApplicationCommand::AddMaterial {
                material: material(kind),
            };
            state = agent.apply_for(Some(state), &command).unwrap();
        }
        self.applications.push(state);
    }

    fn make(&mut self, world: &World, index: usize) {
        let application = self.applications[index].clone();
        let Ask::Make {
            seal: SealSpec {
                impression: Some(impression),
                ..
            },
        } = &application.ask
        else {
            return;
        };
        let mut new = edition();
        new.picture = impression.digest;
        let mut compared = comparison();
        compared.submitted = impression.digest;
        let command = SealCommand::Make {
            id: SealId(uuid(0x2000 + self.seals.len() as u128)),
            application: application.id,
            edition: new,
            comparison: Some(compared),
            names: NameMatch::Equal,
            custodian: Who::Custodian.id(),
        };
        let maker = world
            .by(Who::Maker)
            .with(|world| world.application = Some(application.clone()));
        if let Ok(seal) = maker.do_seal(None, &command) {
            self.seals.push(seal);
            let done = world
                .by_service()
                .apply_for(Some(application), &ApplicationCommand::Complete);
            self.applications[index] = done.unwrap();
        }
    }

    fn cancel(&mut self, world: &World, which: u8) {
        let count = self.seals.len().max(1);
        let Some(seal) = self.seals.get_mut(usize::from(which) % count) else {
            return;
        };
        let command = SealCommand::CancelExOfficio {
            reason: Reason::UnitEnded,
            decision: text("1 号"),
        };
        if let Ok(ended) = world.by(Who::Reviewer).do_seal(Some(seal.clone()), &command) {
            *seal = ended;
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn no_sealing_without_approvals_of_the_same_bytes(
        batch in any::<bool>(),
        acts in prop::collection::vec((any::<u8>(), any::<u8>(), 0..PEOPLE.len()), 1..120),
    ) {
        let mut world = World::new("cn").in_use(spec(SealKind::LegalName));
        world.policy = Some(world.by(Who::Principal).do_policy(None, &adopt(use_rules())).unwrap());
        world.document = DocumentFacts { blank: false, proved_under: Some(digest(0x70)) };
        let mut used = Use { world, batch, events: Vec::new() };
        for (turn, (number, detail, who)) in acts.into_iter().enumerate() {
            let state = used.events.iter().fold(None, usage::apply_request);
            let command = use_command(number, batch, detail);
            let by_service = matches!(command, UseCommand::Finish { .. } | UseCommand::Lapse);
            // Half of the time by whom it belongs to, so that something happens.
            let right = match command {
                UseCommand::Request { .. } | UseCommand::Withdraw => Who::Agent,
                UseCommand::Begin { .. } => Who::Custodian,
                _ if number.is_multiple_of(2) => Who::Approver,
                _ => Who::Principal,
            };
            let who = if detail.is_multiple_of(2) { right } else { PEOPLE[who] };
            let mut world = if by_service { used.world.by_service() } else { used.world.by(who) };
            world.now = later(turn, 1);
            let before = state.clone();
            match usage::decide_request(state.as_ref(), &world.use_facts(), &command, world.now) {
                Ok(events) => {
                    prop_assert!(!events.is_empty());
                    used.events.extend(events);
                }
                Err(_) => prop_assert_eq!(used.events.iter().fold(None, usage::apply_request), before),
            }
            if state.is_some_and(|state| state.status.is_end()) {
                let now = used.events.iter().fold(None, usage::apply_request).unwrap();
                prop_assert!(now.status.is_end(), "an end is an end");
            }
            check_use(&used)?;
        }
    }

    #[test]
    fn a_seal_lives_by_its_life_cycle(
        place in prop::sample::select(vec!["cn", "xian", "wuhu", "inner-mongolia"]),
        stride in 1_u16..2000,
        acts in prop::collection::vec((any::<u8>(), any::<u8>(), 0..PEOPLE.len()), 1..150),
    ) {
        let base = World::new(place);
        let sample = base.approved(make(SealKind::LegalName));
        let mut events: Vec<SealEvent> = Vec::new();
        let mut state: Option<SealRecord> = None;
        for (turn, (number, detail, who)) in acts.into_iter().enumerate() {
            let command = seal_command(if turn == 0 { 0 } else { number }, detail);
            let right = match command {
                SealCommand::CancelExOfficio { .. } => Who::Reviewer,
                SealCommand::Activate { .. } | SealCommand::ChangePin => Who::Custodian,
                SealCommand::AcceptCustody => Who::SecondCustodian,
                SealCommand::HandOver { .. } => Who::Principal,
                _ => Who::Maker,
            };
            let who = if detail % 3 > 0 { right } else { PEOPLE[who] };
            let service = matches!(command, SealCommand::Expire | SealCommand::RecordFiling { .. });
            let mut world = if service { base.by_service() } else { base.by(who) };
            world.now = later(turn, stride);
            world.application = application_for(&command, &sample);
            world.certificate =
                Some(if detail.is_multiple_of(4) { certificate() } else { next_edition().1 });
            let decided = seal::decide(state.as_ref(), &world.seal_facts(), &command, world.now);
            let Ok(new) = decided else { continue };
            let next = new.iter().fold(state.clone(), seal::apply);
            events.extend(new);
            check_life(state.as_ref(), next.as_ref().unwrap(), &command)?;
            state = next;
        }
        // The fold of all events is the state, and goes through JSON unharmed.
        prop_assert_eq!(&events.iter().fold(None, seal::apply), &state);
        prop_assert_eq!(&as_of(&events, SealEvent::effective_at, seal::apply, jiff::Timestamp::MAX), &state);
        let json = serde_json::to_string(&events).unwrap();
        prop_assert_eq!(serde_json::from_str::<Vec<SealEvent>>(&json).unwrap(), events);
    }

    #[test]
    fn at_most_one_legal_name_seal_whatever_the_order(
        acts in prop::collection::vec((any::<u8>(), any::<u8>(), any::<bool>(), 1_u8..4), 1..120),
    ) {
        let mut world = World::new("cn");
        world.registered = registry::application::RegisteredImpression::Unreachable;
        let mut office = Office { world, applications: Vec::new(), seals: Vec::new() };
        for (number, which, legal, impression) in acts {
            let kind = if legal { SealKind::LegalName } else { SealKind::Finance };
            office.act(number, which, kind, impression);
            let held = office.claims(None);
            let legal = held.iter().filter(|claim| claim.kind == SealKind::LegalName).count();
            prop_assert!(legal <= 1, "{legal} hold the place of the legal-name seal");
            let mut impressions: Vec<_> =
                held.iter().filter(|claim| claim.kind == SealKind::Finance).map(|claim| claim.impression).collect();
            let count = impressions.len();
            impressions.sort_unstable();
            impressions.dedup();
            prop_assert_eq!(impressions.len(), count, "impressions of one kind differ");
        }
    }
}

/// What must be true of every step in the life of a seal.
fn check_life(
    before: Option<&SealRecord>,
    after: &SealRecord,
    command: &SealCommand,
) -> Result<(), TestCaseError> {
    prop_assert!(!after.editions.is_empty());
    let pictures = before.is_none_or(|before| before.impression == after.impression);
    prop_assert!(pictures, "the impression never changes");
    let active = matches!(after.status, SealStatus::Active | SealStatus::Suspended);
    prop_assert!(
        !active || after.custodian.is_some(),
        "a seal in force has a custodian"
    );
    let Some(before) = before else {
        prop_assert_eq!(after.status, SealStatus::Made);
        return Ok(());
    };
    prop_assert!(
        after.editions.starts_with(&before.editions),
        "what was made stays"
    );
    prop_assert!(after.filings.starts_with(&before.filings));
    if before.status == SealStatus::Cancelled {
        prop_assert_eq!(after.status, SealStatus::Cancelled);
        let filing = matches!(command, SealCommand::RecordFiling { .. });
        prop_assert!(filing, "a cancelled seal is filed and nothing else");
    }
    if before.status == SealStatus::Expired && after.status != SealStatus::Expired {
        let late = matches!(command, SealCommand::Renew { .. });
        prop_assert!(
            late && after.status == SealStatus::Active,
            "only a late renewal leads out of expiry"
        );
    }
    if after.status == SealStatus::Active && before.status == SealStatus::Made {
        return Err(TestCaseError::fail("in force before it was filed"));
    }
    if before.custodian != after.custodian && before.custodian.is_some() {
        prop_assert!(
            matches!(command, SealCommand::AcceptCustody),
            "custody changes by hand-over only"
        );
        prop_assert_eq!(before.offered_to, after.custodian);
    }
    Ok(())
}
