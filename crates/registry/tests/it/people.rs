//! A2, A10, A11: authorities, units, people and the roles that are kept apart.

use registry::*;

use crate::world::*;

fn appointment(role: Role, scope: Scope) -> Appointment {
    Appointment {
        role,
        scope,
        from: at(NOW),
        until: None,
    }
}

fn appoint(world: &World, state: Person, appointment: Appointment) -> Result<Person, Refusal> {
    world.do_person(Some(state), &PersonCommand::Appoint { appointment })
}

#[test]
fn r11_each_level_stands_below_the_next() {
    let world = World::new("inner-mongolia");
    let establish = |level| {
        let command = AuthorityCommand::Establish {
            id: city(),
            parent: Some(region()),
            name: text("示例市大数据局"),
            region: RegionCode::try_from(text("150100")).unwrap(),
            level,
            profile: ProfileId(text("inner-mongolia")),
        };
        world.by(Who::SystemAdministrator).do_authority(None, &command)
    };
    refused(
        establish(Level::Region),
        Code::LevelNotBelow,
        "R11",
        "第六条、第十六条",
    );
    assert!(establish(Level::City).is_ok());
    let busy = world
        .by(Who::SystemAdministrator)
        .with(|world| world.dependants = 3);
    let close = AuthorityCommand::Close {
        reason: text("机构改革"),
    };
    let result = busy.do_authority(Some(city_authority(AuthorityStatus::Designated)), &close);
    refused(result, Code::UnitsRemain, "R11", "第六条、第十六条");
}

#[test]
fn r12_the_root_is_entered_by_the_service_and_others_from_above() {
    let world = World::new("inner-mongolia");
    let root = AuthorityCommand::Establish {
        id: region(),
        parent: None,
        name: text("自治区大数据局"),
        region: RegionCode::try_from(text("150000")).unwrap(),
        level: Level::Region,
        profile: ProfileId(text("inner-mongolia")),
    };
    refused(
        world.by(Who::SystemAdministrator).do_authority(None, &root),
        Code::NotPermitted,
        "R12",
        "第六条",
    );
    assert!(world.by_service().do_authority(None, &root).is_ok());
    let designation = AuthorityCommand::FileDesignation {
        document: text("1 号"),
    };
    let entered = Some(city_authority(AuthorityStatus::Entered));
    // Nobody files their own designation.
    refused(
        world.by(Who::Reviewer).do_authority(entered, &designation),
        Code::OutsideSubtree,
        "R12",
        "第六条",
    );
}

#[test]
fn r3_a_unit_is_registered_once_and_by_its_authority() {
    let world = World::new("xian");
    let unit = unit();
    let register = UnitCommand::Register {
        id: unit.id,
        authority: unit.authority,
        parent: None,
        code: unit.code.clone(),
        name: unit.name.clone(),
        kind: unit.kind,
        region: unit.region.clone(),
        level: unit.level,
    };
    let taken = world.by(Who::Reviewer).with(|world| world.taken_by = true);
    refused(
        taken.do_unit(None, &register),
        Code::UnitCodeTaken,
        "R3",
        "第三条、第二十条",
    );
    refused(
        world.by(Who::Neighbour).do_unit(None, &register),
        Code::OutsideSubtree,
        "R12",
        "R12",
    );
    assert_eq!(
        world.by(Who::Reviewer).do_unit(None, &register).unwrap(),
        Unit {
            registered_at: at(NOW),
            ..unit
        }
    );
}

#[test]
fn r18_one_identity_is_one_person() {
    let world = World::new("xian")
        .by(Who::Reviewer)
        .with(|world| world.taken_by = true);
    let register = PersonCommand::Register {
        id: Who::Holder.id(),
        commitment: digest(8),
    };
    refused(
        world.do_person(None, &register),
        Code::PersonTaken,
        "R18",
        "第十五条",
    );
}

#[test]
fn r12_roles_have_their_scopes_and_their_appointers() {
    let world = World::new("inner-mongolia");
    let (unit, office) = (Scope::Unit(unit_id()), Scope::Authority(city()));
    for role in Role::ALL {
        for scope in [unit, office, Scope::System(system_id())] {
            let result = appoint(
                &world.by_service(),
                person(Who::Stranger),
                appointment(role, scope),
            );
            if role.fits(scope) {
                assert!(result.is_ok(), "{role:?} in {scope:?}");
            } else {
                refused(result, Code::RoleDoesNotFit, "R12", "第六条");
            }
        }
    }
    let by = |who: Who, role| appoint(&world.by(who), person(Who::Stranger), appointment(role, unit));
    assert!(by(Who::Principal, Role::Custodian).is_ok());
    refused(
        by(Who::Principal, Role::Principal),
        Code::NotPermitted,
        "R12",
        "第六条",
    );
    refused(
        by(Who::Agent, Role::Custodian),
        Code::NotPermitted,
        "R12",
        "第六条",
    );
    refused(
        by(Who::Neighbour, Role::Custodian),
        Code::OutsideSubtree,
        "R12",
        "第六条",
    );
    assert!(by(Who::SecurityAdministrator, Role::Principal).is_ok());
    let own = appoint(
        &world.by(Who::SecurityAdministrator),
        person(Who::SecurityAdministrator),
        appointment(Role::Maker, office),
    );
    refused(own, Code::OwnAppointment, "R12", "第六条");
}

#[test]
fn r66_three_administrators_are_three_people() {
    let world = World::new("xian").by_service();
    let office = Scope::Authority(city());
    let administrators = Role::ALL.into_iter().filter(|role| role.is_administrator());
    for held in administrators.clone() {
        let state = appoint(&world, person(Who::Stranger), appointment(held, office)).unwrap();
        for wanted in administrators.clone() {
            let result = appoint(&world, state.clone(), appointment(wanted, office));
            if wanted == held {
                assert!(result.is_ok());
            } else {
                let auditor = Role::AuditAdministrator;
                let audits = held == auditor || wanted == auditor;
                let code = if audits {
                    Code::AuditorApart
                } else {
                    Code::AdministratorsApart
                };
                refused(result, code, "R66", "第三十四条");
            }
        }
    }
}

#[test]
fn q13_an_auditor_is_nothing_else_at_the_same_time() {
    let world = World::new("xian").by_service();
    let office = Scope::Authority(city());
    let auditor = appointment(Role::AuditAdministrator, office);
    let state = appoint(&world, person(Who::Stranger), auditor).unwrap();
    let result = appoint(
        &world,
        state.clone(),
        appointment(Role::Agent, Scope::Unit(unit_id())),
    );
    refused(result, Code::AuditorApart, "R66", "第三十四条");
    // Afterwards is another matter.
    let ended = PersonCommand::Dismiss {
        role: Role::AuditAdministrator,
        scope: office,
    };
    let free = world.do_person(Some(state), &ended).unwrap();
    assert!(appoint(&world, free, appointment(Role::Agent, Scope::Unit(unit_id()))).is_ok());
}

#[test]
fn r66_nothing_takes_effect_in_the_past() {
    let world = World::new("xian").by_service();
    let scope = Scope::Unit(unit_id());
    let past = Appointment {
        from: at("2026-11-22T01:59:59Z"),
        ..appointment(Role::Agent, scope)
    };
    refused(
        appoint(&world, person(Who::Stranger), past),
        Code::Backdated,
        "R66",
        "第三十四条",
    );
    let empty = Appointment {
        until: Some(at(NOW)),
        ..appointment(Role::Agent, scope)
    };
    refused(
        appoint(&world, person(Who::Stranger), empty),
        Code::PeriodEmpty,
        "R50",
        "第二十一条",
    );
}

#[test]
fn r12_a_blocked_person_does_nothing_whatever_their_roles() {
    let world = World::new("inner-mongolia");
    let blocked = Person {
        blocked: Some(at(BEGIN)),
        ..person(Who::Reviewer)
    };
    let mut world = world.by(Who::Reviewer);
    world.acting = Acting::of(&blocked, Network::GovernmentExtranet, true);
    let rename = UnitCommand::Rename {
        name: text("新名称")
    };
    refused(
        world.do_unit(Some(unit()), &rename),
        Code::PersonBlocked,
        "R12",
        "第六条",
    );
}

#[test]
fn a_dismissal_ends_a_role_at_that_instant() {
    let scope = Scope::Unit(unit_id());
    let world = World::new("cn").by(Who::Principal);
    let state = world.do_person(
        Some(person(Who::Agent)),
        &PersonCommand::Dismiss {
            role: Role::Agent,
            scope,
        },
    );
    let state = state.unwrap();
    assert!(state.holds(Role::Agent, scope, at("2026-11-22T01:59:59Z")));
    assert!(!state.holds(Role::Agent, scope, at(NOW)));
    let again = world.do_person(
        Some(state),
        &PersonCommand::Dismiss {
            role: Role::Agent,
            scope,
        },
    );
    refused(again, Code::NotAppointed, "R12", "R12");
}

#[test]
fn r12_a_unit_is_moved_by_somebody_over_both_authorities() {
    let world = World::new("inner-mongolia").by(Who::Reviewer);
    let there = [neighbour(), region()];
    let facts = UnitFacts {
        present_lineage: &there,
        ..world.unit_facts()
    };
    let result = unit::decide(
        Some(&unit()),
        &facts,
        &UnitCommand::Move { authority: city() },
        world.now,
    );
    refused(result, Code::OutsideSubtree, "R12", "第六条");
}
