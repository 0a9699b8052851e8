//! Every state with every command, given by whoever may give it, in one table.
//!
//! Samples come from exhaustive matches: a new command or state does not compile until it is in the table.

use std::fmt::Write;

use expect_test::expect_file;
use registry::application::{ApplicationStatus, Ask, MaterialKind};
use registry::filing::{FilingBody, FilingOccasion, FilingStatus};
use registry::grant::GrantStatus;
use registry::seal::{NameMatch, OldDevice, Reason};
use registry::usage::{Deputy, UseStatus};
use registry::*;

use crate::world::*;

/// All values, each one named by the one before it.
fn chain<C>(next: impl Fn(Option<&C>) -> Option<C>) -> Vec<C> {
    let mut all: Vec<C> = Vec::new();
    while let Some(one) = next(all.last()) {
        all.push(one);
    }
    all
}

/// What came of it: the names of the events, or the refusal.
fn outcome<E>(result: Result<Vec<E>, Refusal>, name: impl Fn(&E) -> &'static str) -> String {
    match result {
        Ok(events) => format!("→ {}", events.iter().map(name).collect::<Vec<_>>().join(", ")),
        Err(refusal) => format!("✗ {} {}", refusal.rule, refusal.code.name()),
    }
}

fn row(table: &mut String, state: &str, command: &str, outcome: &str) {
    writeln!(table, "  {state:<14} {command:<22} {outcome}").unwrap();
}

#[test]
fn every_state_with_every_command() {
    let mut table = String::new();
    authorities(&mut table);
    units(&mut table);
    people(&mut table);
    applications(&mut table);
    seals(&mut table);
    policies(&mut table);
    uses(&mut table);
    grants(&mut table);
    filings(&mut table);
    expect_file!["table.txt"].assert_eq(&table);
}

fn authorities(table: &mut String) {
    let commands = chain(|after: Option<&AuthorityCommand>| {
        Some(match after {
            None => AuthorityCommand::Establish {
                id: city(),
                parent: Some(region()),
                name: text("示例市大数据局"),
                region: RegionCode::try_from(text("610100")).unwrap(),
                level: Level::City,
                profile: ProfileId(text("cn")),
            },
            Some(AuthorityCommand::Establish { .. }) => AuthorityCommand::FileDesignation {
                document: text("1 号"),
            },
            Some(AuthorityCommand::FileDesignation { .. }) => AuthorityCommand::Rename {
                name: text("数据局"),
            },
            Some(AuthorityCommand::Rename { .. }) => AuthorityCommand::SetProfile {
                profile: ProfileId(text("xian")),
            },
            Some(AuthorityCommand::SetProfile { .. }) => AuthorityCommand::Close {
                reason: text("机构改革"),
            },
            Some(AuthorityCommand::Close { .. }) => return None,
        })
    });
    let states = chain(|after| {
        Some(match after {
            None => AuthorityStatus::Entered,
            Some(AuthorityStatus::Entered) => AuthorityStatus::Designated,
            Some(AuthorityStatus::Designated) => AuthorityStatus::Closed,
            Some(AuthorityStatus::Closed) => return None,
        })
    });
    let world = World::new("cn");
    let parent = region_authority();
    table.push_str("authority\n");
    for state in std::iter::once(None).chain(states.into_iter().map(Some)) {
        let authority = state.map(city_authority);
        for command in &commands {
            let acting = match command {
                AuthorityCommand::SetProfile { .. } => acting(Who::SecurityAdministrator),
                _ => acting(Who::SystemAdministrator),
            };
            let facts = AuthorityFacts {
                profile: &world.profile,
                acting: &acting,
                parent: Some(&parent),
                lineage: &[region()],
                dependants: 0,
            };
            let result = authority::decide(authority.as_ref(), &facts, command, world.now);
            let state = state.map_or(text("(none)"), |state| {
                serde_json::to_value(state).unwrap().as_str().unwrap().to_owned()
            });
            row(
                table,
                &state,
                command.name(),
                &outcome(result, AuthorityEvent::name),
            );
        }
    }
}

fn units(table: &mut String) {
    let sample = unit();
    let commands = chain(|after: Option<&UnitCommand>| {
        Some(match after {
            None => UnitCommand::Register {
                id: sample.id,
                authority: sample.authority,
                parent: None,
                code: sample.code.clone(),
                name: sample.name.clone(),
                kind: sample.kind,
                region: sample.region.clone(),
                level: sample.level,
            },
            Some(UnitCommand::Register { .. }) => UnitCommand::Rename {
                name: text("示例市档案中心"),
            },
            Some(UnitCommand::Rename { .. }) => UnitCommand::Move { authority: city() },
            Some(UnitCommand::Move { .. }) => UnitCommand::End {
                reason: UnitEnd::Merged,
            },
            Some(UnitCommand::End { .. }) => return None,
        })
    });
    let ended = Unit {
        ended: Some(UnitEnd::Dissolved),
        ..unit()
    };
    let world = World::new("cn").by(Who::Reviewer);
    table.push_str("unit\n");
    for (name, state) in [
        ("(none)", None),
        ("registered", Some(unit())),
        ("ended", Some(ended)),
    ] {
        for command in &commands {
            let result = unit::decide(state.as_ref(), &world.unit_facts(), command, world.now);
            row(table, name, command.name(), &outcome(result, UnitEvent::name));
        }
    }
}

fn people(table: &mut String) {
    let scope = Scope::Unit(unit_id());
    let commands = chain(|after: Option<&PersonCommand>| {
        Some(match after {
            None => PersonCommand::Register {
                id: Who::Agent.id(),
                commitment: digest(8),
            },
            Some(PersonCommand::Register { .. }) => PersonCommand::Correct {
                commitment: digest(9),
            },
            Some(PersonCommand::Correct { .. }) => PersonCommand::Appoint {
                appointment: Appointment {
                    role: Role::Custodian,
                    scope,
                    from: at(NOW),
                    until: None,
                },
            },
            Some(PersonCommand::Appoint { .. }) => PersonCommand::Dismiss {
                role: Role::Agent,
                scope,
            },
            Some(PersonCommand::Dismiss { .. }) => PersonCommand::Block {
                reason: text("离职")
            },
            Some(PersonCommand::Block { .. }) => PersonCommand::Unblock,
            Some(PersonCommand::Unblock) => return None,
        })
    });
    let blocked = Person {
        blocked: Some(at(BEGIN)),
        ..person(Who::Agent)
    };
    let world = World::new("cn").by(Who::SecurityAdministrator);
    table.push_str("person\n");
    for (name, state) in [
        ("(none)", None),
        ("active", Some(person(Who::Agent))),
        ("blocked", Some(blocked)),
    ] {
        for command in &commands {
            let result = person::decide(state.as_ref(), &world.person_facts(), command, world.now);
            row(table, name, command.name(), &outcome(result, PersonEvent::name));
        }
    }
}

fn applications(table: &mut String) {
    let ask = || make(SealKind::LegalName);
    let commands = chain(|after: Option<&ApplicationCommand>| {
        Some(match after {
            None => ApplicationCommand::Draft {
                id: application_id(),
                authority: city(),
                unit: Some(unit_id()),
                ask: ask(),
            },
            Some(ApplicationCommand::Draft { .. }) => ApplicationCommand::Amend { ask: ask() },
            Some(ApplicationCommand::Amend { .. }) => ApplicationCommand::AddMaterial {
                material: material(MaterialKind::UnitIdentity),
            },
            Some(ApplicationCommand::AddMaterial { .. }) => ApplicationCommand::Submit {
                declaration: Some(digest(9)),
            },
            Some(ApplicationCommand::Submit { .. }) => ApplicationCommand::Consent,
            Some(ApplicationCommand::Consent) => ApplicationCommand::RefuseConsent {
                reason: text("不同意"),
            },
            Some(ApplicationCommand::RefuseConsent { .. }) => ApplicationCommand::TakeUp,
            Some(ApplicationCommand::TakeUp) => ApplicationCommand::Return {
                materials: vec![],
                reasons: vec![text("看不清")],
            },
            Some(ApplicationCommand::Return { .. }) => ApplicationCommand::Approve { checked: vec![] },
            Some(ApplicationCommand::Approve { .. }) => ApplicationCommand::Reject {
                reasons: vec![text("不符")],
            },
            Some(ApplicationCommand::Reject { .. }) => ApplicationCommand::RecordDelivery,
            Some(ApplicationCommand::RecordDelivery) => ApplicationCommand::Complete,
            Some(ApplicationCommand::Complete) => ApplicationCommand::Withdraw,
            Some(ApplicationCommand::Withdraw) => return None,
        })
    });
    let states = chain(|after| {
        Some(match after {
            None => ApplicationStatus::Draft,
            Some(ApplicationStatus::Draft) => ApplicationStatus::Submitted,
            Some(ApplicationStatus::Submitted) => ApplicationStatus::Consented,
            Some(ApplicationStatus::Consented) => ApplicationStatus::UnderReview,
            Some(ApplicationStatus::UnderReview) => ApplicationStatus::Returned,
            Some(ApplicationStatus::Returned) => ApplicationStatus::Approved,
            Some(ApplicationStatus::Approved) => ApplicationStatus::Completed,
            Some(ApplicationStatus::Completed) => ApplicationStatus::Rejected,
            Some(ApplicationStatus::Rejected) => ApplicationStatus::Withdrawn,
            Some(ApplicationStatus::Withdrawn) => return None,
        })
    });
    assert_eq!(states, ApplicationStatus::ALL);
    let world = World::new("cn");
    table.push_str("application\n");
    for status in std::iter::once(None).chain(states.into_iter().map(Some)) {
        let state = status.map(|status| world.application_in(status, ask()));
        for command in &commands {
            let who = match command {
                ApplicationCommand::Consent | ApplicationCommand::RefuseConsent { .. } => Who::Principal,
                ApplicationCommand::TakeUp
                | ApplicationCommand::Return { .. }
                | ApplicationCommand::Approve { .. }
                | ApplicationCommand::Reject { .. }
                | ApplicationCommand::RecordDelivery => Who::Reviewer,
                ApplicationCommand::Complete => Who::Maker,
                _ => Who::Agent,
            };
            let command = match (command, &state) {
                (ApplicationCommand::Approve { .. }, Some(state)) => &approve_all(state),
                _ => command,
            };
            let world = world.by(who);
            let result = application::decide(state.as_ref(), &world.application_facts(), command, world.now);
            let name = status.map_or("(none)", ApplicationStatus::name);
            row(
                table,
                name,
                command.name(),
                &outcome(result, ApplicationEvent::name),
            );
        }
    }
}

/// Commands about seals, each with the world in which nothing but the state can stand against it.
fn seal_command(world: &World, command: &SealCommand) -> World {
    let live = world.seal_in(SealStatus::Active, spec(SealKind::LegalName));
    let suspended = world.seal_in(SealStatus::Suspended, spec(SealKind::LegalName));
    let reviewed = |ask: Ask, seal: &SealRecord, now: &str| {
        let world = world.when(now).with(|world| world.seal = Some(seal.clone()));
        world.approved(ask)
    };
    let seal = seal_id();
    let reason = Reason::KeyLeaked;
    let late = "2028-11-22T02:00:00Z"; // within three months before the end
    let (who, application, now) = match command {
        SealCommand::Make { .. } => (Who::Maker, Some(world.approved(make(SealKind::LegalName))), NOW),
        SealCommand::RecordFiling { .. } => (Who::Maker, None, NOW),
        SealCommand::Activate { .. } => (Who::Custodian, None, NOW),
        SealCommand::Suspend { .. } => (
            Who::Maker,
            Some(reviewed(Ask::Suspend { seal, reason }, &live, NOW)),
            NOW,
        ),
        SealCommand::Resume { .. } => (
            Who::Maker,
            Some(reviewed(Ask::Resume { seal }, &suspended, NOW)),
            NOW,
        ),
        SealCommand::Renew { .. } => (Who::Maker, Some(reviewed(Ask::Renew { seal }, &live, late)), late),
        SealCommand::ReplaceDevice { .. } => {
            let device = live.edition().unwrap().device.id;
            let ask = Ask::ReplaceDevice {
                seal,
                reason: Reason::DeviceDamaged,
                device,
            };
            (Who::Maker, Some(reviewed(ask, &live, NOW)), NOW)
        }
        SealCommand::ScheduleCancellation { .. } => {
            let ask = Ask::Change {
                seal,
                reason: Reason::UnitNameChanged,
                scheduled: true,
            };
            (Who::Maker, Some(reviewed(ask, &live, NOW)), NOW)
        }
        SealCommand::Cancel { .. } => (
            Who::Maker,
            Some(reviewed(Ask::Cancel { seal, reason }, &live, NOW)),
            NOW,
        ),
        SealCommand::CancelExOfficio { .. } => (Who::Reviewer, None, NOW),
        SealCommand::Expire => (Who::Maker, None, END),
        SealCommand::HandOver { .. } => (Who::Principal, None, NOW),
        SealCommand::AcceptCustody => (Who::SecondCustodian, None, NOW),
        SealCommand::ChangePin => (Who::Custodian, None, NOW),
        SealCommand::ResetPin { .. } => (
            Who::Maker,
            Some(reviewed(Ask::ResetPin { seal }, &live, NOW)),
            NOW,
        ),
    };
    let mut world = world
        .by(who)
        .when(now)
        .with(|world| world.application = application);
    if matches!(command, SealCommand::Expire) {
        world = world.by_service();
    }
    if matches!(
        command,
        SealCommand::Renew { .. } | SealCommand::ReplaceDevice { .. }
    ) {
        world.certificate = Some(next_edition().1);
    }
    world
}

fn seals(table: &mut String) {
    let application = application_id();
    let commands = chain(|after: Option<&SealCommand>| {
        Some(match after {
            None => SealCommand::Make {
                id: seal_id(),
                application,
                edition: edition(),
                comparison: Some(comparison()),
                names: NameMatch::Equal,
                custodian: Who::Custodian.id(),
            },
            Some(SealCommand::Make { .. }) => SealCommand::RecordFiling {
                filing: FilingId(uuid(0x1FF)),
                body: FilingBody::PublicSecurity,
                occasion: FilingOccasion::Made,
            },
            Some(SealCommand::RecordFiling { .. }) => SealCommand::Activate {
                old_device: OldDevice::None,
            },
            Some(SealCommand::Activate { .. }) => SealCommand::Suspend {
                reason: Reason::KeyLeaked,
                application: Some(application),
            },
            Some(SealCommand::Suspend { .. }) => SealCommand::Resume { application },
            Some(SealCommand::Resume { .. }) => SealCommand::Renew {
                application,
                edition: next_edition().0,
            },
            Some(SealCommand::Renew { .. }) => SealCommand::ReplaceDevice {
                application,
                edition: next_edition().0,
                old_device: OldDevice::Returned,
            },
            Some(SealCommand::ReplaceDevice { .. }) => SealCommand::ScheduleCancellation { application },
            Some(SealCommand::ScheduleCancellation { .. }) => SealCommand::Cancel { application },
            Some(SealCommand::Cancel { .. }) => SealCommand::CancelExOfficio {
                reason: Reason::UnitEnded,
                decision: text("1 号"),
            },
            Some(SealCommand::CancelExOfficio { .. }) => SealCommand::Expire,
            Some(SealCommand::Expire) => SealCommand::HandOver {
                to: Who::SecondCustodian.id(),
            },
            Some(SealCommand::HandOver { .. }) => SealCommand::AcceptCustody,
            Some(SealCommand::AcceptCustody) => SealCommand::ChangePin,
            Some(SealCommand::ChangePin) => SealCommand::ResetPin { application },
            Some(SealCommand::ResetPin { .. }) => return None,
        })
    });
    let states = chain(|after| {
        Some(match after {
            None => SealStatus::Made,
            Some(SealStatus::Made) => SealStatus::Filed,
            Some(SealStatus::Filed) => SealStatus::Active,
            Some(SealStatus::Active) => SealStatus::Suspended,
            Some(SealStatus::Suspended) => SealStatus::Expired,
            Some(SealStatus::Expired) => SealStatus::Cancelled,
            Some(SealStatus::Cancelled) => return None,
        })
    });
    assert_eq!(states, SealStatus::ALL);
    // A profile that allows the cancellation of a change to wait, so that the command can be seen.
    let world = World::new("inner-mongolia");
    table.push_str("seal\n");
    for status in std::iter::once(None).chain(states.into_iter().map(Some)) {
        let mut state = status.map(|status| world.seal_in(status, spec(SealKind::LegalName)));
        for command in &commands {
            let world = seal_command(&world, command);
            if let (SealCommand::AcceptCustody, Some(seal)) = (command, &mut state) {
                seal.offered_to = Some(Who::SecondCustodian.id());
            }
            let result = seal::decide(state.as_ref(), &world.seal_facts(), command, world.now);
            let name = status.map_or("(none)", SealStatus::name);
            row(table, name, command.name(), &outcome(result, SealEvent::name));
        }
    }
}

fn policies(table: &mut String) {
    let (of, deputy) = (Who::Approver.id(), Who::SecondApprover.id());
    let commands = chain(|after: Option<&UsePolicyCommand>| {
        Some(match after {
            None => adopt(plain_rules()),
            Some(UsePolicyCommand::Adopt { .. }) => UsePolicyCommand::AppointDeputy {
                deputy: Deputy {
                    of,
                    deputy,
                    from: at(NOW),
                    until: at(END),
                    document_types: vec![],
                    amount_max_fen: None,
                },
            },
            Some(UsePolicyCommand::AppointDeputy { .. }) => UsePolicyCommand::DismissDeputy { of, deputy },
            Some(UsePolicyCommand::DismissDeputy { .. }) => return None,
        })
    });
    let world = World::new("cn").by(Who::Principal);
    let adopted = world.do_policy(None, &commands[0]).unwrap();
    let deputised = world.do_policy(Some(adopted.clone()), &commands[1]).unwrap();
    table.push_str("policy\n");
    for (name, state) in [
        ("(none)", None),
        ("adopted", Some(adopted)),
        ("with deputy", Some(deputised)),
    ] {
        for command in &commands {
            let result = usage::decide_policy(state.as_ref(), &world.policy_facts(), command, world.now);
            row(
                table,
                name,
                command.name(),
                &outcome(result, UsePolicyEvent::name),
            );
        }
    }
}

fn uses(table: &mut String) {
    let world = World::new("cn").in_use(spec(SealKind::LegalName));
    let binding = world.use_in(UseStatus::Requested).binding();
    let commands = chain(|after: Option<&UseCommand>| {
        Some(match after {
            None => request(),
            Some(UseCommand::Request { .. }) => UseCommand::Approve {
                binding: binding.clone(),
                for_person: None,
            },
            Some(UseCommand::Approve { .. }) => UseCommand::Decline {
                reason: text("不合适"),
            },
            Some(UseCommand::Decline { .. }) => UseCommand::Withdraw,
            Some(UseCommand::Withdraw) => begin(),
            Some(UseCommand::Begin { .. }) => finish(),
            Some(UseCommand::Finish { .. }) => UseCommand::Lapse,
            Some(UseCommand::Lapse) => return None,
        })
    });
    let states = chain(|after| {
        Some(match after {
            None => UseStatus::Requested,
            Some(UseStatus::Requested) => UseStatus::Approved,
            Some(UseStatus::Approved) => UseStatus::Completed,
            Some(UseStatus::Completed) => UseStatus::Declined,
            Some(UseStatus::Declined) => UseStatus::Withdrawn,
            Some(UseStatus::Withdrawn) => UseStatus::Lapsed,
            Some(UseStatus::Lapsed) => return None,
        })
    });
    assert_eq!(states, UseStatus::ALL);
    let begun = world
        .by(Who::Custodian)
        .do_use(Some(world.use_in(UseStatus::Approved)), &begin())
        .unwrap();
    let mut samples = vec![("(none)", None)];
    samples.extend(
        states
            .into_iter()
            .map(|status| (status.name(), Some(world.use_in(status)))),
    );
    samples.push(("approved, open", Some(begun)));
    table.push_str("use\n");
    for (name, state) in samples {
        for command in &commands {
            let world = match command {
                UseCommand::Request { .. } | UseCommand::Withdraw => world.by(Who::Agent),
                UseCommand::Approve { .. } | UseCommand::Decline { .. } => world.by(Who::Approver),
                UseCommand::Begin { .. } => world.by(Who::Custodian),
                UseCommand::Finish { .. } => world.by_service(),
                UseCommand::Lapse => world.by_service().when("2027-11-22T02:00:00Z"),
            };
            let result = usage::decide_request(state.as_ref(), &world.use_facts(), command, world.now);
            row(table, name, command.name(), &outcome(result, UseEvent::name));
        }
    }
}

fn grants(table: &mut String) {
    let commands = chain(|after: Option<&GrantCommand>| {
        Some(match after {
            None => GrantCommand::Apply {
                id: grant_id(),
                terms: terms(),
            },
            Some(GrantCommand::Apply { .. }) => GrantCommand::Consent,
            Some(GrantCommand::Consent) => GrantCommand::Authorise,
            Some(GrantCommand::Authorise) => GrantCommand::Decline {
                reason: text("不需要"),
            },
            Some(GrantCommand::Decline { .. }) => GrantCommand::Revoke {
                reason: text("项目结束"),
            },
            Some(GrantCommand::Revoke { .. }) => return None,
        })
    });
    let states = chain(|after| {
        Some(match after {
            None => GrantStatus::Applied,
            Some(GrantStatus::Applied) => GrantStatus::Consented,
            Some(GrantStatus::Consented) => GrantStatus::Authorised,
            Some(GrantStatus::Authorised) => GrantStatus::Declined,
            Some(GrantStatus::Declined) => GrantStatus::Revoked,
            Some(GrantStatus::Revoked) => return None,
        })
    });
    assert_eq!(states, GrantStatus::ALL);
    let world = World::new("cn").in_use(spec(SealKind::LegalName));
    table.push_str("grant\n");
    for status in std::iter::once(None).chain(states.into_iter().map(Some)) {
        let state = status.map(|status| world.grant_in(status));
        for command in &commands {
            let who = match (command, status) {
                (GrantCommand::Apply { .. }, _) => Who::Agent,
                (GrantCommand::Decline { .. }, Some(GrantStatus::Consented)) => Who::Owner,
                (GrantCommand::Consent | GrantCommand::Decline { .. }, _) => Who::Principal,
                (GrantCommand::Authorise | GrantCommand::Revoke { .. }, _) => Who::Owner,
            };
            let world = world.by(who);
            let result = grant::decide(state.as_ref(), &world.grant_facts(), command, world.now);
            let name = status.map_or("(none)", GrantStatus::name);
            row(table, name, command.name(), &outcome(result, GrantEvent::name));
        }
    }
}

fn filings(table: &mut String) {
    let commands = chain(|after: Option<&FilingCommand>| {
        Some(match after {
            None => open_filing(),
            Some(FilingCommand::Open { .. }) => FilingCommand::RecordSent,
            Some(FilingCommand::RecordSent) => FilingCommand::RecordFailure {
                reason: text("连接超时"),
            },
            Some(FilingCommand::RecordFailure { .. }) => accept_filing(),
            Some(FilingCommand::Accept { .. }) => FilingCommand::Return {
                reason: text("缺少编码"),
            },
            Some(FilingCommand::Return { .. }) => FilingCommand::Escalate,
            Some(FilingCommand::Escalate) => return None,
        })
    });
    let states = chain(|after| {
        Some(match after {
            None => FilingStatus::Open,
            Some(FilingStatus::Open) => FilingStatus::Sent,
            Some(FilingStatus::Sent) => FilingStatus::Accepted,
            Some(FilingStatus::Accepted) => return None,
        })
    });
    assert_eq!(states, FilingStatus::ALL);
    let world = World::new("cn").by_service();
    let overdue = world.when("2026-11-23T02:00:01Z");
    table.push_str("filing\n");
    for status in std::iter::once(None).chain(states.into_iter().map(Some)) {
        let state = status.map(|status| world.filing_in(status));
        for command in &commands {
            let world = if *command == FilingCommand::Escalate {
                &overdue
            } else {
                &world
            };
            let result = filing::decide(state.as_ref(), &world.filing_facts(), command, world.now);
            let name = status.map_or("(none)", FilingStatus::name);
            row(table, name, command.name(), &outcome(result, FilingEvent::name));
        }
    }
}
