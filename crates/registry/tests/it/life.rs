//! A6, A9: custody, renewing, changing, ending.

use registry::application::{Ask, Claim, SealSpec};
use registry::filing::{FilingBody, FilingOccasion};
use registry::seal::{OldDevice, Reason};
use registry::*;

use crate::making::{approved, made, report};
use crate::world::*;

/// The world in which the seal is in that state.
pub(crate) fn sealed(id: &str, status: SealStatus) -> World {
    let world = World::new(id);
    let seal = world.seal_in(status, spec(SealKind::LegalName));
    world.with(|world| world.seal = Some(seal))
}

/// The approved application of that kind, carried out by the maker.
pub(crate) fn carried_out(world: &World, ask: Ask, command: &SealCommand) -> Result<SealRecord, Refusal> {
    let application = world.approved(ask);
    world
        .by(Who::Maker)
        .with(|world| world.application = Some(application))
        .do_seal(world.seal.clone(), command)
}

#[test]
fn r41_what_was_made_stays_in_the_record() {
    let world = sealed("cn", SealStatus::Active).when("2028-12-01T00:00:00Z");
    let (new, certificate) = next_edition();
    let world = world.with(|world| world.certificate = Some(certificate));
    let command = SealCommand::Renew {
        application: application_id(),
        edition: new,
    };
    let renewed = carried_out(&world, Ask::Renew { seal: seal_id() }, &command).unwrap();
    let numbers: Vec<u32> = renewed.editions.iter().map(|edition| edition.number).collect();
    assert_eq!(numbers, [1, 2]);
    assert_eq!(renewed.editions[0].certificate, digest(3));
    assert!(
        renewed.pin.must_change,
        "the new key has a password that somebody else set"
    );
}

#[test]
fn r43_every_seal_has_a_custodian_of_the_unit() {
    let world = approved("xian").with(|world| world.receiver_is_custodian = false);
    refused(
        made(&world, report()),
        Code::NotACustodian,
        "R43",
        "第二十一条、第三十七条",
    );
    let active = sealed("xian", SealStatus::Active).with(|world| world.receiver_is_custodian = false);
    let over = SealCommand::HandOver {
        to: Who::Stranger.id(),
    };
    let result = active.by(Who::Principal).do_seal(active.seal.clone(), &over);
    refused(result, Code::NotACustodian, "R43", "第二十一条、第三十七条");
    let result = active
        .by(Who::Agent)
        .do_seal(active.seal.clone(), &SealCommand::ChangePin);
    refused(result, Code::NotTheCustodian, "R43", "第二十一条、第三十七条");
}

#[test]
fn r44_custody_changes_by_hand_over_only() {
    let world = sealed("xian", SealStatus::Active);
    let article = "第三十七条";
    let over = SealCommand::HandOver {
        to: Who::SecondCustodian.id(),
    };
    refused(
        world.by(Who::Agent).do_seal(world.seal.clone(), &over),
        Code::NotPermitted,
        "R12",
        "R12",
    );
    let offered = world
        .by(Who::Custodian)
        .do_seal(world.seal.clone(), &over)
        .unwrap();
    assert_eq!(
        offered.custodian,
        Some(Who::Custodian.id()),
        "it stays where it is until it is taken"
    );
    let taken = world
        .by(Who::Agent)
        .do_seal(Some(offered.clone()), &SealCommand::AcceptCustody);
    refused(taken, Code::NotTheReceiver, "R44", article);
    let taken = world
        .by(Who::SecondCustodian)
        .do_seal(Some(offered), &SealCommand::AcceptCustody)
        .unwrap();
    assert_eq!(
        (taken.custodian, taken.offered_to),
        (Some(Who::SecondCustodian.id()), None)
    );
    assert!(taken.pin.must_change);
    let again = world.by(Who::Principal).do_seal(Some(taken), &over);
    refused(again, Code::IsCustodianAlready, "R44", article);
    // A seal that nobody collected yet is collected by whom it was made for.
    let filed = sealed("xian", SealStatus::Filed);
    let collect = SealCommand::Activate {
        old_device: OldDevice::None,
    };
    let result = filed
        .by(Who::SecondCustodian)
        .do_seal(filed.seal.clone(), &collect);
    refused(result, Code::NotTheReceiver, "R44", article);
}

#[test]
fn r46_only_a_maker_resets_a_password_after_an_application() {
    let world = sealed("wuhu", SealStatus::Active);
    let command = SealCommand::ResetPin {
        application: application_id(),
    };
    let result = world.by(Who::Maker).do_seal(world.seal.clone(), &command);
    refused(result, Code::DoesNotExist, "R80", "第七条");
    let reset = carried_out(&world, Ask::ResetPin { seal: seal_id() }, &command).unwrap();
    assert!(reset.pin.must_change);
    let changed = world
        .by(Who::Custodian)
        .do_seal(Some(reset), &SealCommand::ChangePin)
        .unwrap();
    assert!(!changed.pin.must_change);
}

#[test]
fn r47_the_old_device_is_handed_back() {
    let world = sealed("inner-mongolia", SealStatus::Active);
    let (edition, certificate) = next_edition();
    let world = world.with(|world| world.certificate = Some(certificate));
    let device = DeviceId(uuid(0x200));
    let replace = |reason, old_device| {
        let command = SealCommand::ReplaceDevice {
            application: application_id(),
            edition: edition.clone(),
            old_device,
        };
        carried_out(
            &world,
            Ask::ReplaceDevice {
                seal: seal_id(),
                reason,
                device,
            },
            &command,
        )
    };
    let article = "第七条、第九条、第十条";
    for old in [OldDevice::None, OldDevice::Lost] {
        refused(
            replace(Reason::DeviceDamaged, old),
            Code::OldDeviceMissing,
            "R47",
            article,
        );
    }
    assert!(replace(Reason::DeviceDamaged, OldDevice::Returned).is_ok());
    assert!(replace(Reason::DeviceLost, OldDevice::Lost).is_ok());
}

#[test]
fn r60_renewal_opens_three_months_before_the_end() {
    let (new, certificate) = next_edition();
    let world = sealed("xian", SealStatus::Active).with(|world| world.certificate = Some(certificate));
    let renew = |application: Application, now: &str| {
        let command = SealCommand::Renew {
            application: application_id(),
            edition: new.clone(),
        };
        world
            .by(Who::Maker)
            .when(now)
            .with(|world| world.application = Some(application))
            .do_seal(world.seal.clone(), &command)
    };
    let (opens, ends) = ("2028-10-01T00:00:00Z", "2029-01-01T00:00:00Z");
    let application = world.when(opens).approved(Ask::Renew { seal: seal_id() });
    assert!(renew(application.clone(), opens).is_ok());
    assert!(renew(application.clone(), "2028-12-31T23:59:59Z").is_ok());
    let early = renew(application.clone(), "2028-09-30T23:59:59.999999Z");
    refused(early, Code::RenewalTooEarly, "R60", "第二十八条");
    refused(
        renew(application, ends),
        Code::RenewalTooLate,
        "R60",
        "第二十八条",
    );
}

#[test]
fn r60_the_picture_stays_and_the_period_grows() {
    let (new, certificate) = next_edition();
    let world = sealed("xian", SealStatus::Active).when("2028-12-01T00:00:00Z");
    let world = world.with(|world| world.certificate = Some(certificate));
    let renew = |world: &World, edition| {
        let command = SealCommand::Renew {
            application: application_id(),
            edition,
        };
        carried_out(world, Ask::Renew { seal: seal_id() }, &command)
    };
    let mut other = new.clone();
    other.picture = digest(0x33);
    refused(renew(&world, other), Code::PictureChanged, "R60", "第二十八条");
    let same = world.with(|world| world.certificate = Some(crate::world::certificate()));
    refused(
        renew(&same, edition()),
        Code::PeriodNotLonger,
        "R60",
        "第二十八条",
    );
}

#[test]
fn q1_late_renewal_where_the_place_allows_it_and_the_seat_is_free() {
    let (new, certificate) = next_edition();
    let late = "2029-02-01T00:00:00Z";
    let mut world = sealed("wuhu", SealStatus::Expired).when(late);
    world.certificate = Some(certificate);
    let renew = |world: &World| {
        let command = SealCommand::Renew {
            application: application_id(),
            edition: new.clone(),
        };
        carried_out(world, Ask::Renew { seal: seal_id() }, &command)
    };
    assert_eq!(renew(&world).unwrap().status, SealStatus::Active);
    let application = world.approved(Ask::Renew { seal: seal_id() });
    let taken = world.by(Who::Maker).with(|world| {
        world.application = Some(application);
        world.claims = vec![registry::application::Claim {
            subject: SealId(uuid(0x300)).into(),
            kind: SealKind::LegalName,
            holder: None,
            impression: None,
            code: None,
            likeness: registry::application::Likeness::NotCompared,
            waiting: false,
        }];
    });
    let command = SealCommand::Renew {
        application: application_id(),
        edition: new.clone(),
    };
    let result = taken.do_seal(world.seal.clone(), &command);
    refused(result, Code::LegalNameSealExists, "R27", "R27");
    let result = taken
        .when("2029-04-01T00:00:00Z")
        .do_seal(world.seal.clone(), &command);
    refused(result, Code::RenewalTooLate, "R60", "第十四条、第二十二条");
}

#[test]
fn r61_change_is_cancel_first_then_apply() {
    let world = sealed("xian", SealStatus::Active);
    let ask = Ask::Change {
        seal: seal_id(),
        reason: Reason::UnitNameChanged,
        scheduled: false,
    };
    let cancelled = carried_out(
        &world,
        ask,
        &SealCommand::Cancel {
            application: application_id(),
        },
    )
    .unwrap();
    assert_eq!(cancelled.status, SealStatus::Cancelled);
    let successor = SealSpec {
        replaces: Some(seal_id()),
        ..spec(SealKind::LegalName)
    };
    let submit = |seal: SealRecord| {
        let world = world.by(Who::Agent).with(|world| world.seal = Some(seal));
        let ask = Ask::Make {
            seal: successor.clone(),
        };
        let draft = ApplicationCommand::Draft {
            id: application_id(),
            authority: city(),
            unit: Some(unit_id()),
            ask,
        };
        let mut state = world.apply_for(None, &draft).unwrap();
        for kind in all_materials() {
            let command = ApplicationCommand::AddMaterial {
                material: material(kind),
            };
            state = world.apply_for(Some(state), &command).unwrap();
        }
        world.apply_for(
            Some(state),
            &ApplicationCommand::Submit {
                declaration: Some(digest(9)),
            },
        )
    };
    refused(
        submit(world.seal.clone().unwrap()),
        Code::CancelFirst,
        "R61",
        "第十一条",
    );
    assert!(submit(cancelled).is_ok());
    let schedule = SealCommand::ScheduleCancellation {
        application: application_id(),
    };
    let result = world.by(Who::Maker).do_seal(world.seal.clone(), &schedule);
    refused(result, Code::ChangeIsCancelFirst, "R61", "第十一条");
}

#[test]
fn q4_the_old_seal_may_wait_for_its_successor_where_the_place_swaps() {
    let world = sealed("inner-mongolia", SealStatus::Active);
    let ask = Ask::Change {
        seal: seal_id(),
        reason: Reason::UnitNameChanged,
        scheduled: true,
    };
    let change = world.approved(ask);
    let world = world
        .by(Who::Maker)
        .with(|world| world.application = Some(change));
    let schedule = SealCommand::ScheduleCancellation {
        application: application_id(),
    };
    let waiting = world.do_seal(world.seal.clone(), &schedule).unwrap();
    assert!(waiting.usable(world.now) && !waiting.holds_place());
    // It leaves its place to its successor and to nobody else.
    let claim = Claim::of_seal(&waiting).unwrap();
    let making = approved("inner-mongolia").with(|world| world.claims = vec![claim]);
    refused(made(&making, report()), Code::LegalNameSealExists, "R27", "R27");
    let mut succeeding = making.clone();
    if let Ask::Make { seal } = &mut succeeding.application.as_mut().unwrap().ask {
        seal.replaces = Some(seal_id());
    }
    assert!(made(&succeeding, report()).is_ok());
    let cancel = SealCommand::Cancel {
        application: application_id(),
    };
    let early = world.do_seal(Some(waiting.clone()), &cancel);
    refused(early, Code::SuccessorNotInForce, "R61", "R61");
    let successor = SealRecord {
        id: SealId(uuid(0xC1)),
        replaces: Some(seal_id()),
        ..waiting.clone()
    };
    let filed = SealRecord {
        status: SealStatus::Filed,
        ..successor.clone()
    };
    let early = world
        .with(|world| world.other = Some(filed))
        .do_seal(Some(waiting.clone()), &cancel);
    refused(early, Code::SuccessorNotInForce, "R61", "R61");
    let world = world.with(|world| world.other = Some(successor));
    // In the instant of the hand-over the service does it, but nothing that was not put off.
    let service = world.by_service();
    let swapped = service.do_seal(Some(waiting.clone()), &cancel).unwrap();
    assert_eq!(swapped.status, SealStatus::Cancelled);
    let refusal = service.do_seal(world.seal.clone(), &cancel);
    refused(refusal, Code::NotPermitted, "R12", "第六条");
    assert_eq!(
        world.do_seal(Some(waiting), &cancel).unwrap().status,
        SealStatus::Cancelled
    );
}

#[test]
fn r47_the_successor_is_collected_against_the_old_device() {
    let world = World::new("inner-mongolia");
    let old = world.seal_in(SealStatus::Cancelled, spec(SealKind::LegalName));
    let mut new = world.seal_in(SealStatus::Filed, spec(SealKind::LegalName));
    (new.id, new.replaces) = (SealId(uuid(0xC1)), Some(old.id));
    let world = world.by(Who::Custodian).with(|world| world.other = Some(old));
    let collect = |old_device| world.do_seal(Some(new.clone()), &SealCommand::Activate { old_device });
    refused(
        collect(OldDevice::None),
        Code::OldDeviceMissing,
        "R47",
        "第七条、第九条、第十条",
    );
    assert!(collect(OldDevice::Returned).is_ok());
}

#[test]
fn r63_ex_officio_when_the_owner_does_not_apply() {
    let world = sealed("cn", SealStatus::Active);
    let command = SealCommand::CancelExOfficio {
        reason: Reason::UnitEnded,
        decision: text("决定 1 号"),
    };
    let done = world
        .by(Who::Reviewer)
        .do_seal(world.seal.clone(), &command)
        .unwrap();
    let standing = done.standing.unwrap();
    assert_eq!(
        (standing.decision, standing.application),
        (Some(text("决定 1 号")), None)
    );
    let result = world.by(Who::Agent).do_seal(world.seal.clone(), &command);
    refused(result, Code::NotPermitted, "R12", "R12");
    let mut silent = world.by(Who::Reviewer);
    silent.profile.ex_officio = false;
    refused(
        silent.do_seal(world.seal.clone(), &command),
        Code::OnApplicationOnly,
        "R64",
        "R64",
    );
}

#[test]
fn q12_a_loss_is_reported_at_once_and_from_anywhere() {
    let world = sealed("inner-mongolia", SealStatus::Active);
    let report = |who: Who, reason| {
        let mut world = world.by(who);
        world.acting.network = Network::Internet;
        world.do_seal(
            world.seal.clone(),
            &SealCommand::Suspend {
                reason,
                application: None,
            },
        )
    };
    for who in [Who::Custodian, Who::Principal] {
        assert_eq!(
            report(who, Reason::DeviceLost).unwrap().status,
            SealStatus::Suspended
        );
    }
    refused(
        report(Who::Stranger, Reason::DeviceLost),
        Code::NetworkNotAllowed,
        "R7",
        "第三条",
    );
    let planned = report(Who::Custodian, Reason::SealNoLongerUsed);
    refused(planned, Code::ApplicationMissing, "R64", "R64");
    let mut without = world.by(Who::Custodian);
    without.profile.suspension = false;
    let command = SealCommand::Suspend {
        reason: Reason::DeviceLost,
        application: None,
    };
    refused(
        without.do_seal(world.seal.clone(), &command),
        Code::SuspensionNotOffered,
        "R42",
        "第十七条",
    );
}

#[test]
fn r32_a_seal_is_over_when_its_period_is() {
    let world = sealed("xian", SealStatus::Active);
    let expire = |now| {
        world
            .by_service()
            .when(now)
            .do_seal(world.seal.clone(), &SealCommand::Expire)
    };
    refused(
        expire("2028-12-31T23:59:59Z"),
        Code::PeriodNotOver,
        "R32",
        "第十四条",
    );
    assert_eq!(expire(END).unwrap().status, SealStatus::Expired);
    let suspended = sealed("xian", SealStatus::Suspended);
    let application = suspended.approved(Ask::Resume { seal: seal_id() });
    let world = suspended
        .by(Who::Maker)
        .when(END)
        .with(|world| world.application = Some(application));
    let result = world.do_seal(
        suspended.seal.clone(),
        &SealCommand::Resume {
            application: application_id(),
        },
    );
    refused(result, Code::PeriodOver, "R32", "第十四条");
    let active = suspended.seal_in(SealStatus::Active, spec(SealKind::LegalName));
    assert!(
        active.usable(at("2028-12-31T23:59:59Z")) && !active.usable(at(END)),
        "the job need not have run"
    );
}

#[test]
fn r65_the_new_device_is_another_one() {
    let mut world = sealed("inner-mongolia", SealStatus::Active);
    let (mut edition, certificate) = next_edition();
    edition.device.id = DeviceId(uuid(0x200));
    world.certificate = Some(certificate);
    let (seal, device) = (seal_id(), edition.device.id);
    let command = SealCommand::ReplaceDevice {
        application: application_id(),
        edition,
        old_device: OldDevice::Returned,
    };
    let ask = Ask::ReplaceDevice {
        seal,
        reason: Reason::DeviceDamaged,
        device,
    };
    refused(
        carried_out(&world, ask, &command),
        Code::DeviceIsTheOldOne,
        "R65",
        "第十条",
    );
}

#[test]
fn r52_position_and_personal_seals_stay_with_their_holder() {
    for kind in [SealKind::FinanceHead, SealKind::Personal] {
        let world = World::new("wuhu");
        let application = world.approved(make(kind));
        let to_make = world.with(|world| world.application = Some(application));
        refused(made(&to_make, report()), Code::HolderOnly, "R52", "第十八条");
        let seal = world.seal_in(SealStatus::Active, spec(kind));
        let over = SealCommand::HandOver {
            to: Who::SecondCustodian.id(),
        };
        let result = world.by(Who::Holder).do_seal(Some(seal), &over);
        refused(result, Code::HolderOnly, "R52", "第十八条");
    }
}

#[test]
fn the_state_as_of_any_instant_is_a_fold() {
    let world = World::new("cn");
    let application = world.approved(make(SealKind::LegalName));
    let mut world = world.with(|world| world.application = Some(application));
    let mut events: Vec<SealEvent> = Vec::new();
    let mut run = |world: &World, command: &SealCommand| {
        let state = as_of(&events, SealEvent::effective_at, seal::apply, world.now);
        events.extend(seal::decide(state.as_ref(), &world.seal_facts(), command, world.now).unwrap());
    };
    let report = report();
    let make = SealCommand::Make {
        id: seal_id(),
        application: application_id(),
        edition: report.edition,
        comparison: report.comparison,
        names: report.names,
        custodian: report.custodian,
    };
    run(&world.by(Who::Maker), &make);
    let filing = FilingId(uuid(0x100));
    let (body, occasion) = (FilingBody::PublicSecurity, FilingOccasion::Made);
    world = world.when("2026-11-22T12:00:00Z");
    run(
        &world.by_service(),
        &SealCommand::RecordFiling {
            filing,
            body,
            occasion,
        },
    );
    world = world.when("2026-11-23T01:00:00Z");
    run(
        &world.by(Who::Custodian),
        &SealCommand::Activate {
            old_device: OldDevice::None,
        },
    );
    world = world.when("2026-12-01T00:00:00Z");
    run(
        &world.by(Who::Custodian),
        &SealCommand::Suspend {
            reason: Reason::DeviceLost,
            application: None,
        },
    );
    let status =
        |then: &str| as_of(&events, SealEvent::effective_at, seal::apply, at(then)).map(|seal| seal.status);
    assert_eq!(status("2026-11-22T01:59:59Z"), None);
    assert_eq!(status(NOW), Some(SealStatus::Made));
    assert_eq!(status("2026-11-22T12:00:00Z"), Some(SealStatus::Filed));
    assert_eq!(status("2026-11-30T23:59:59Z"), Some(SealStatus::Active));
    assert_eq!(status("2027-01-01T00:00:00Z"), Some(SealStatus::Suspended));
}
