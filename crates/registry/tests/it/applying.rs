//! A2, A3: who may apply for what, with which documents, and who decides.

use registry::application::{
    ApplicationStatus, Ask, Claim, Material, MaterialKind, MaterialSource, RegisteredImpression, SealSpec,
};
use registry::seal::{ImpressionSource, Owner, Reason};
use registry::*;

use crate::world::*;

/// A draft with documents, ready to be handed in.
fn ready(world: &World, who: Who, ask: Ask, materials: &[MaterialKind]) -> Application {
    let unit = (who != Who::Holder).then(unit_id);
    let agent = world.by(who);
    let draft = ApplicationCommand::Draft {
        id: application_id(),
        authority: city(),
        unit,
        ask,
    };
    let mut state = agent.apply_for(None, &draft).unwrap();
    for kind in materials {
        let command = ApplicationCommand::AddMaterial {
            material: material(*kind),
        };
        state = agent.apply_for(Some(state), &command).unwrap();
    }
    state
}

fn submit(world: &World, state: Application) -> Result<Application, Refusal> {
    let who = if state.unit.is_some() {
        Who::Agent
    } else {
        Who::Holder
    };
    world.by(who).apply_for(
        Some(state),
        &ApplicationCommand::Submit {
            declaration: Some(digest(9)),
        },
    )
}

/// Hand in an application for a seal like this with every document.
fn submit_spec(world: &World, spec: SealSpec) -> Result<Application, Refusal> {
    submit(
        world,
        ready(world, Who::Agent, Ask::Make { seal: spec }, &all_materials()),
    )
}

fn draft(world: &World, who: Who, ask: Ask) -> Result<Application, Refusal> {
    let command = ApplicationCommand::Draft {
        id: application_id(),
        authority: city(),
        unit: Some(unit_id()),
        ask,
    };
    world.by(who).apply_for(None, &command)
}

fn claim(kind: SealKind, impression: u8, code: Option<&str>) -> Claim {
    Claim {
        subject: SealId(uuid(0x300)).into(),
        kind,
        holder: None,
        impression: Some(digest(impression)),
        code: code.map(text),
        likeness: registry::application::Likeness::NotCompared,
        waiting: false,
    }
}

#[test]
fn r2_the_owner_fits_the_kind() {
    let world = World::new("xian");
    let held = Owner::Position {
        unit: unit_id(),
        holder: Who::Holder.id(),
    };
    for (kind, owner) in [
        (SealKind::LegalName, held),
        (SealKind::Finance, held),
        (SealKind::FinanceHead, Owner::Unit { unit: unit_id() }),
        (SealKind::Personal, Owner::Unit { unit: unit_id() }),
    ] {
        let ask = Ask::Make {
            seal: SealSpec { owner, ..spec(kind) },
        };
        refused(
            draft(&world, Who::Agent, ask),
            Code::OwnerDoesNotFit,
            "R2",
            "第三条",
        );
    }
}

#[test]
fn r7_only_in_the_network_and_on_the_computers_of_the_place() {
    let world = World::new("inner-mongolia");
    let ask = || make(SealKind::LegalName);
    let from = |network, dedicated_device| {
        let mut world = world.by(Who::Agent);
        world.acting.network = network;
        world.acting.dedicated_device = dedicated_device;
        let command = ApplicationCommand::Draft {
            id: application_id(),
            authority: city(),
            unit: Some(unit_id()),
            ask: ask(),
        };
        world.apply_for(None, &command)
    };
    refused(
        from(Network::Internet, true),
        Code::NetworkNotAllowed,
        "R7",
        "第三条",
    );
    refused(
        from(Network::Office, false),
        Code::DeviceNotDedicated,
        "R7",
        "第三条",
    );
    assert!(from(Network::Office, true).is_ok());
}

#[test]
fn r10_an_authority_decides_only_once_its_designation_is_filed() {
    let world = World::new("xian").with(|world| world.authority = city_authority(AuthorityStatus::Entered));
    let result = draft(&world, Who::Agent, make(SealKind::LegalName));
    refused(result, Code::AuthorityNotDesignated, "R10", "第七条");
}

#[test]
fn r12_nobody_acts_outside_their_part_of_the_tree() {
    let world = World::new("inner-mongolia");
    let elsewhere = world.with(|world| world.lineage = vec![neighbour(), region()]);
    let result = draft(&elsewhere, Who::Agent, make(SealKind::LegalName));
    refused(result, Code::OutsideSubtree, "R12", "第六条");
    let consented = world.application_in(ApplicationStatus::Consented, make(SealKind::LegalName));
    let result = world
        .by(Who::Neighbour)
        .apply_for(Some(consented.clone()), &ApplicationCommand::TakeUp);
    refused(result, Code::OutsideSubtree, "R12", "第六条");
    let result = world
        .by(Who::Stranger)
        .apply_for(Some(consented), &ApplicationCommand::TakeUp);
    refused(result, Code::NotPermitted, "R12", "第六条");
}

#[test]
fn r16_who_uses_applies() {
    let world = World::new("xian");
    let result = draft(&world, Who::Stranger, make(SealKind::LegalName));
    refused(result, Code::NotPermitted, "R12", "R12");
    let other = Owner::Unit {
        unit: UnitId(uuid(0xBB)),
    };
    let ask = Ask::Make {
        seal: SealSpec {
            owner: other,
            ..spec(SealKind::LegalName)
        },
    };
    refused(
        draft(&world, Who::Agent, ask),
        Code::NotOwnSeal,
        "R16",
        "第十条、第十一条",
    );
    // A person's own name seal is asked for by that person.
    let ask = make(SealKind::Personal);
    let command = ApplicationCommand::Draft {
        id: application_id(),
        authority: city(),
        unit: None,
        ask,
    };
    let result = world.by(Who::Stranger).apply_for(None, &command);
    refused(result, Code::NotOwnSeal, "R16", "第十条、第十一条");
}

#[test]
fn r18_identity_of_unit_agent_and_holder() {
    let world = World::new("xian");
    let without = |kind: SealKind, missing: MaterialKind| {
        let mut materials = all_materials();
        materials.retain(|kind| *kind != missing);
        let who = if kind == SealKind::Personal {
            Who::Holder
        } else {
            Who::Agent
        };
        submit(&world, ready(&world, who, make(kind), &materials))
    };
    for (kind, missing) in [
        (SealKind::LegalName, MaterialKind::UnitIdentity),
        (SealKind::Finance, MaterialKind::AgentIdentity),
        (SealKind::FinanceHead, MaterialKind::UnitIdentity),
        (SealKind::FinanceHead, MaterialKind::AgentIdentity),
        (SealKind::FinanceHead, MaterialKind::HolderIdentity),
        (SealKind::Personal, MaterialKind::HolderIdentity),
    ] {
        refused(without(kind, missing), Code::IdentityMissing, "R18", "第十五条");
    }
    assert!(without(SealKind::LegalName, MaterialKind::HolderIdentity).is_ok());
    assert!(without(SealKind::Personal, MaterialKind::UnitIdentity).is_ok());
}

#[test]
fn r19_the_physical_seal_comes_first() {
    let world = World::new("xian");
    let without = SealSpec {
        physical: None,
        ..spec(SealKind::LegalName)
    };
    refused(
        submit_spec(&world, without),
        Code::PhysicalSealMissing,
        "R19",
        "第十六条",
    );
    let mut tomorrow = spec(SealKind::LegalName);
    tomorrow.physical.as_mut().unwrap().engraved_on = "2026-11-23".parse().unwrap();
    refused(
        submit_spec(&world, tomorrow),
        Code::PhysicalSealMissing,
        "R19",
        "第十六条",
    );
    let mut materials = all_materials();
    materials.retain(|kind| *kind != MaterialKind::EngravingProof);
    let state = ready(&world, Who::Agent, make(SealKind::LegalName), &materials);
    refused(
        submit(&world, state),
        Code::EngravingProofMissing,
        "R19",
        "第十六条",
    );
    // Position seals have no engraved model that must exist.
    let position = SealSpec {
        physical: None,
        ..spec(SealKind::FinanceHead)
    };
    assert!(submit_spec(&world, position).is_ok());
}

#[test]
fn r20_the_impression_is_supplied() {
    let world = World::new("xian");
    let without = SealSpec {
        impression: None,
        ..spec(SealKind::LegalName)
    };
    refused(
        submit_spec(&world, without),
        Code::ImpressionMissing,
        "R20",
        "第十七条",
    );
}

#[test]
fn r21_a_local_certificate_replaces_evidence_of_identity() {
    let world = World::new("wuhu");
    let materials = [
        MaterialKind::HeldCertificate,
        MaterialKind::ApplicationForm,
        MaterialKind::EngravingProof,
    ];
    assert!(
        submit(
            &world,
            ready(&world, Who::Agent, make(SealKind::LegalName), &materials)
        )
        .is_ok()
    );
    let state = ready(&world, Who::Agent, make(SealKind::LegalName), &materials[1..]);
    refused(submit(&world, state), Code::IdentityMissing, "R18", "第八条");
}

#[test]
fn r22_form_seal_on_it_and_consent() {
    let world = World::new("inner-mongolia");
    for missing in [MaterialKind::ApplicationForm, MaterialKind::SealedForm] {
        let mut materials = all_materials();
        materials.retain(|kind| *kind != missing);
        let state = ready(&world, Who::Agent, make(SealKind::LegalName), &materials);
        refused(submit(&world, state), Code::FormMissing, "R22", "第八条");
    }
    let submitted = world.application_in(ApplicationStatus::Submitted, make(SealKind::LegalName));
    let result = world
        .by(Who::Reviewer)
        .apply_for(Some(submitted.clone()), &ApplicationCommand::TakeUp);
    refused(result, Code::ConsentMissing, "R22", "第八条");
    let result = world
        .by(Who::Agent)
        .apply_for(Some(submitted.clone()), &ApplicationCommand::Consent);
    refused(result, Code::NotPermitted, "R12", "第六条");
    let refusing = ApplicationCommand::RefuseConsent {
        reason: text("不同意"),
    };
    let ended = world
        .by(Who::Principal)
        .apply_for(Some(submitted), &refusing)
        .unwrap();
    assert_eq!(
        (ended.status, ended.reasons),
        (ApplicationStatus::Withdrawn, vec![text("不同意")])
    );
}

#[test]
fn r23_what_the_platform_has_is_not_asked_again() {
    let world = World::new("wuhu").with(|world| world.connector = vec![MaterialKind::UnitIdentity]);
    let mut materials = all_materials();
    materials.retain(|kind| *kind != MaterialKind::UnitIdentity);
    assert!(
        submit(
            &world,
            ready(&world, Who::Agent, make(SealKind::LegalName), &materials)
        )
        .is_ok()
    );
    let review = world.application_in(ApplicationStatus::UnderReview, make(SealKind::LegalName));
    let asking = ApplicationCommand::Return {
        materials: vec![MaterialKind::UnitIdentity],
        reasons: vec![text("请补充")],
    };
    let result = world.by(Who::Reviewer).apply_for(Some(review), &asking);
    refused(result, Code::ConnectorSupplies, "R23", "第三十条");
    // Only the service can say that something was fetched.
    let fetched = Material {
        source: MaterialSource::DataSharing,
        ..material(MaterialKind::UnitIdentity)
    };
    let state = ready(&world, Who::Agent, make(SealKind::LegalName), &[]);
    let command = ApplicationCommand::AddMaterial { material: fetched };
    let result = world.by(Who::Agent).apply_for(Some(state.clone()), &command);
    refused(result, Code::NotPermitted, "R12", "R12");
    assert!(world.by_service().apply_for(Some(state), &command).is_ok());
}

#[test]
fn r24_the_agent_declares_that_everything_is_authentic() {
    let world = World::new("xian");
    let state = ready(&world, Who::Agent, make(SealKind::LegalName), &all_materials());
    let silent = ApplicationCommand::Submit { declaration: None };
    let result = world.by(Who::Agent).apply_for(Some(state), &silent);
    refused(result, Code::DeclarationMissing, "R24", "第十八条、第三十八条");
    let submitted = world.application_in(ApplicationStatus::Submitted, make(SealKind::LegalName));
    let declaration = submitted.declaration.unwrap();
    assert_eq!((declaration.by, declaration.text), (Who::Agent.id(), digest(9)));
}

#[test]
fn r25_every_document_is_checked_by_somebody_else() {
    let world = World::new("wuhu");
    let review = world.application_in(ApplicationStatus::UnderReview, make(SealKind::LegalName));
    let ApplicationCommand::Approve { mut checked } = approve_all(&review) else {
        unreachable!()
    };
    checked.pop();
    let some = ApplicationCommand::Approve { checked };
    let result = world.by(Who::Reviewer).apply_for(Some(review.clone()), &some);
    refused(result, Code::MaterialUnchecked, "R25", "第九条");
    let result = world
        .by(Who::SecondReviewer)
        .apply_for(Some(review.clone()), &approve_all(&review));
    refused(result, Code::NotTheReviewer, "R25", "第九条");
    let mut own = world.application_in(ApplicationStatus::Consented, make(SealKind::LegalName));
    own.agent = Who::Reviewer.id();
    let result = world
        .by(Who::Reviewer)
        .apply_for(Some(own), &ApplicationCommand::TakeUp);
    refused(result, Code::OwnApplication, "R25", "第九条");
}

#[test]
fn r26_whoever_is_rejected_is_told_why_and_promptly() {
    let world = World::new("xian");
    let review = world.application_in(ApplicationStatus::UnderReview, make(SealKind::LegalName));
    for reasons in [vec![], vec![text("")], vec![text("不符"), text("  ")]] {
        let rejecting = ApplicationCommand::Reject {
            reasons: reasons.clone(),
        };
        let result = world
            .by(Who::Reviewer)
            .apply_for(Some(review.clone()), &rejecting);
        refused(result, Code::ReasonsMissing, "R26", "第十八条");
        let returning = ApplicationCommand::Return {
            materials: vec![],
            reasons,
        };
        let result = world
            .by(Who::Reviewer)
            .apply_for(Some(review.clone()), &returning);
        refused(result, Code::ReasonsMissing, "R26", "第十八条");
    }
    assert_eq!(
        review.due,
        Some(at("2026-11-27T02:00:00Z")),
        "five days after it was handed in"
    );
    let rejected = world.application_in(ApplicationStatus::Rejected, make(SealKind::LegalName));
    let told = world
        .by_service()
        .apply_for(Some(rejected), &ApplicationCommand::RecordDelivery)
        .unwrap();
    assert_eq!(told.delivered_at, Some(at(NOW)));
    let again = world
        .by_service()
        .apply_for(Some(told), &ApplicationCommand::RecordDelivery);
    refused(again, Code::NotInThisState, "R80", "R80");
}

#[test]
fn r26_what_was_asked_in_addition_must_come() {
    let world = World::new("xian");
    // The same kind of document was there before: the reviewer wants a better one.
    let returned = world.application_in(ApplicationStatus::Returned, make(SealKind::LegalName));
    refused(
        submit(&world, returned.clone()),
        Code::IdentityMissing,
        "R18",
        "第十五条",
    );
    let better = Material {
        digest: digest(0x99),
        ..material(MaterialKind::UnitIdentity)
    };
    let command = ApplicationCommand::AddMaterial { material: better };
    let better = world.by(Who::Agent).apply_for(Some(returned), &command).unwrap();
    let submitted = submit(&world, better).unwrap();
    assert_eq!(
        (submitted.status, submitted.consent),
        (ApplicationStatus::Submitted, None)
    );
}

#[test]
fn r27_at_most_one_legal_name_seal() {
    let held = claim(SealKind::LegalName, 0x55, None);
    let world = World::new("xian").with(|world| world.claims = vec![held]);
    let result = submit_spec(&world, spec(SealKind::LegalName));
    refused(result, Code::LegalNameSealExists, "R27", "第十九条");
    // Also when the other one came in between.
    let free = World::new("xian");
    let review = free.application_in(ApplicationStatus::UnderReview, make(SealKind::LegalName));
    let result = world
        .by(Who::Reviewer)
        .apply_for(Some(review.clone()), &approve_all(&review));
    refused(result, Code::LegalNameSealExists, "R27", "第十九条");
    // Seals of other kinds do not matter.
    let other = free.with(|world| world.claims = vec![claim(SealKind::Finance, 1, None)]);
    assert!(submit_spec(&other, spec(SealKind::LegalName)).is_ok());
}

#[test]
fn q5_a_place_is_held_in_every_state_that_is_no_end() {
    let world = World::new("cn");
    let held: Vec<bool> = SealStatus::ALL
        .into_iter()
        .map(|status| world.seal_in(status, spec(SealKind::LegalName)).holds_place())
        .collect();
    assert_eq!(held, [true, true, true, true, false, false]);
    let pending: Vec<&str> = ApplicationStatus::ALL
        .into_iter()
        .filter(|status| {
            world
                .application_in(*status, make(SealKind::LegalName))
                .holds_place()
        })
        .map(ApplicationStatus::name)
        .collect();
    assert_eq!(
        pending,
        ["submitted", "consented", "under_review", "returned", "approved"]
    );
}

#[test]
fn r28_several_business_seals_with_different_impressions() {
    let world = |claims: Vec<Claim>| World::new("xian").with(|world| world.claims = claims);
    let finance = |impression, code| claim(SealKind::Finance, impression, code);
    let taken = |claims| {
        let result = submit_spec(&world(claims), spec(SealKind::Finance));
        refused(result, Code::ImpressionTaken, "R28", "第十九条");
    };
    taken(vec![finance(1, None)]);
    taken(vec![finance(0x55, Some("6101000000001"))]);
    taken(vec![Claim {
        likeness: registry::application::Likeness::Same,
        ..finance(0x55, Some("6101000000002"))
    }]);
    let undecided = vec![Claim {
        likeness: registry::application::Likeness::Undecided,
        ..finance(0x55, Some("6101000000002"))
    }];
    let result = submit_spec(&world(undecided), spec(SealKind::Finance));
    refused(result, Code::LikenessUndecided, "R28", "第十九条");
    let free = vec![
        finance(0x55, Some("6101000000002")),
        claim(SealKind::Contract, 1, Some("6101000000001")),
    ];
    assert!(submit_spec(&world(free), spec(SealKind::Finance)).is_ok());
}

#[test]
fn r28_position_seals_of_several_holders() {
    let other = Claim {
        holder: Some(Who::Stranger.id()),
        ..claim(SealKind::FinanceHead, 1, None)
    };
    let own = Claim {
        holder: Some(Who::Holder.id()),
        ..other.clone()
    };
    let world = World::new("xian").with(|world| world.claims = vec![other]);
    assert!(submit_spec(&world, spec(SealKind::FinanceHead)).is_ok());
    let world = World::new("xian").with(|world| world.claims = vec![own]);
    let result = submit_spec(&world, spec(SealKind::FinanceHead));
    refused(result, Code::ImpressionTaken, "R28", "第十九条");
}

#[test]
fn r33_the_impression_is_the_one_on_file() {
    let world = World::new("xian");
    let from = |source| {
        let mut spec = spec(SealKind::LegalName);
        spec.impression.as_mut().unwrap().source = source;
        spec
    };
    let article = "第十七条";
    let own = submit_spec(&world, from(ImpressionSource::Applicant));
    refused(own, Code::ImpressionIsFiled, "R33", article);
    let drawn = submit_spec(&world, from(ImpressionSource::Drawn));
    refused(drawn, Code::ImpressionNotRegistered, "R33", article);
    for answer in [
        RegisteredImpression::Fetched {
            digest: digest(0x55),
            code: None,
        },
        RegisteredImpression::NoneRegistered,
        RegisteredImpression::Unreachable,
    ] {
        let world = world.with(|world| world.registered = answer.clone());
        let claimed = submit_spec(&world, from(ImpressionSource::PublicSecurity));
        refused(claimed, Code::ImpressionNotTheFiled, "R33", article);
        if !matches!(answer, RegisteredImpression::Fetched { .. }) {
            assert!(submit_spec(&world, from(ImpressionSource::Applicant)).is_ok());
        }
    }
    // R36: the style of position seals is free.
    let mut free = spec(SealKind::FinanceHead);
    free.impression.as_mut().unwrap().source = ImpressionSource::Drawn;
    assert!(submit_spec(&world, free).is_ok());
}

#[test]
fn r63_a_unit_that_ended_may_only_cancel() {
    let seal = World::new("xian").seal_in(SealStatus::Active, spec(SealKind::LegalName));
    let world = World::new("xian").with(|world| {
        world.unit.ended = Some(UnitEnd::Merged);
        world.seal = Some(seal);
    });
    let result = draft(&world, Who::Agent, make(SealKind::Finance));
    refused(result, Code::UnitHasEnded, "R63", "第二十六条");
    let ask = Ask::Cancel {
        seal: seal_id(),
        reason: Reason::UnitEnded,
    };
    assert!(submit(&world, ready(&world, Who::Agent, ask, &all_materials())).is_ok());
}

#[test]
fn r64_evidence_for_ending_a_seal() {
    let mut world = World::new("xian");
    world.seal = Some(world.seal_in(SealStatus::Active, spec(SealKind::LegalName)));
    for missing in [
        MaterialKind::UnitIdentity,
        MaterialKind::AgentIdentity,
        MaterialKind::ChangeProof,
    ] {
        let mut materials = all_materials();
        materials.retain(|kind| *kind != missing);
        let ask = Ask::Cancel {
            seal: seal_id(),
            reason: Reason::UnitNameChanged,
        };
        let state = ready(&world, Who::Agent, ask, &materials);
        refused(
            submit(&world, state),
            Code::EndingEvidenceMissing,
            "R64",
            "第十一条",
        );
    }
}

#[test]
fn r46_a_password_is_reset_on_lawful_evidence() {
    let mut world = World::new("wuhu");
    world.seal = Some(world.seal_in(SealStatus::Active, spec(SealKind::LegalName)));
    let ask = Ask::ResetPin { seal: seal_id() };
    let state = ready(
        &world,
        Who::Agent,
        ask,
        &[MaterialKind::ApplicationForm, MaterialKind::UnitIdentity],
    );
    refused(
        submit(&world, state),
        Code::ResetEvidenceMissing,
        "R46",
        "第二十一条",
    );
}

#[test]
fn r48_a_lost_device_is_reported_in_writing() {
    let mut world = World::new("inner-mongolia");
    world.seal = Some(world.seal_in(SealStatus::Active, spec(SealKind::LegalName)));
    let mut materials = all_materials();
    materials.retain(|kind| *kind != MaterialKind::CustodianReport);
    for ask in [
        Ask::Cancel {
            seal: seal_id(),
            reason: Reason::DeviceLost,
        },
        Ask::Change {
            seal: seal_id(),
            reason: Reason::DeviceStolen,
            scheduled: false,
        },
    ] {
        let state = ready(&world, Who::Agent, ask, &materials);
        refused(
            submit(&world, state),
            Code::CustodianReportMissing,
            "R48",
            "第十一条",
        );
    }
}

#[test]
fn r62_r63_each_reason_leads_to_its_process() {
    let asks = |id: &str, scheduled: bool| {
        let mut world = World::new(id);
        world.seal = Some(world.seal_in(SealStatus::Active, spec(SealKind::LegalName)));
        let reason = Reason::PhysicalSealDamaged;
        let seal = seal_id();
        let ask = if scheduled {
            Ask::Change {
                seal,
                reason,
                scheduled: false,
            }
        } else {
            Ask::Cancel { seal, reason }
        };
        draft(&world, Who::Agent, ask)
    };
    refused(asks("xian", true), Code::ReasonNotForThis, "R63", "第二十六条");
    assert!(asks("xian", false).is_ok());
    refused(asks("wuhu", false), Code::ReasonNotForThis, "R63", "第二十三条");
    assert!(asks("wuhu", true).is_ok());
}

#[test]
fn r65_the_device_to_be_replaced_is_the_one_in_use() {
    let mut world = World::new("inner-mongolia");
    world.seal = Some(world.seal_in(SealStatus::Active, spec(SealKind::LegalName)));
    let device = DeviceId(uuid(0x2FF));
    let ask = Ask::ReplaceDevice {
        seal: seal_id(),
        reason: Reason::DeviceDamaged,
        device,
    };
    let state = ready(&world, Who::Agent, ask, &all_materials());
    refused(submit(&world, state), Code::DeviceUnknown, "R65", "第十条");
}

#[test]
fn what_is_asked_fits_the_state_of_the_seal() {
    let base = World::new("cn");
    let seal = seal_id();
    for (status, ask) in [
        (SealStatus::Active, Ask::Resume { seal }),
        (
            SealStatus::Suspended,
            Ask::Suspend {
                seal,
                reason: Reason::KeyLeaked,
            },
        ),
        (SealStatus::Filed, Ask::ResetPin { seal }),
        (
            SealStatus::Cancelled,
            Ask::Cancel {
                seal,
                reason: Reason::KeyLeaked,
            },
        ),
        (SealStatus::Cancelled, Ask::Renew { seal }),
    ] {
        let world = base.with(|world| world.seal = Some(base.seal_in(status, spec(SealKind::LegalName))));
        let state = ready(&world, Who::Agent, ask, &all_materials());
        refused(submit(&world, state), Code::SealNotInThisState, "R80", "R80");
    }
}

#[test]
fn r20_a_sheet_that_the_reviewer_asked_for() {
    let world = World::new("xian");
    let review = world.application_in(ApplicationStatus::UnderReview, make(SealKind::LegalName));
    let asking = ApplicationCommand::Return {
        materials: vec![MaterialKind::ImpressionSheet],
        reasons: vec![text("印模不清晰")],
    };
    let returned = world.by(Who::Reviewer).apply_for(Some(review), &asking).unwrap();
    refused(
        submit(&world, returned),
        Code::ImpressionSheetMissing,
        "R20",
        "第十七条",
    );
}

#[test]
fn lists_have_an_end() {
    let world = World::new("inner-mongolia");
    let many = vec![MaterialKind::UnitIdentity; 64];
    let full = ready(&world, Who::Agent, make(SealKind::LegalName), &many);
    let one_more = ApplicationCommand::AddMaterial {
        material: material(MaterialKind::UnitIdentity),
    };
    let result = world.by(Who::Agent).apply_for(Some(full), &one_more);
    refused(result, Code::TooMany, "R22", "第八条");
    let review = world.application_in(ApplicationStatus::UnderReview, make(SealKind::LegalName));
    let rejecting = ApplicationCommand::Reject {
        reasons: vec![text("不符"); 33],
    };
    let result = world.by(Who::Reviewer).apply_for(Some(review), &rejecting);
    refused(result, Code::TooMany, "R22", "第八条");
}
