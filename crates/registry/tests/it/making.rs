//! A4, A5: making and filing.

use registry::application::{ApplicationStatus, Ask};
use registry::filing::{FilingBody, FilingOccasion, FilingStatus};
use registry::seal::{
    CertificateFacts, Comparison, DeviceKind, ImpressionSource, NameMatch, OldDevice, Verdict,
};
use registry::*;

use crate::life::sealed;
use crate::world::*;

/// What a maker reports; a case changes one thing of it.
#[derive(Clone)]
pub(crate) struct Report {
    pub(crate) edition: registry::seal::NewEdition,
    pub(crate) comparison: Option<Comparison>,
    pub(crate) names: NameMatch,
    pub(crate) custodian: PersonId,
}

pub(crate) fn report() -> Report {
    Report {
        edition: edition(),
        comparison: Some(comparison()),
        names: NameMatch::Equal,
        custodian: Who::Custodian.id(),
    }
}

pub(crate) fn made(world: &World, report: Report) -> Result<SealRecord, Refusal> {
    let Report {
        edition,
        comparison,
        names,
        custodian,
    } = report;
    let command = SealCommand::Make {
        id: seal_id(),
        application: application_id(),
        edition,
        comparison,
        names,
        custodian,
    };
    world.by(Who::Maker).do_seal(None, &command)
}

/// The world in which a legal-name seal is approved and to be made.
pub(crate) fn approved(id: &str) -> World {
    let world = World::new(id);
    let application = world.approved(make(SealKind::LegalName));
    world.with(|world| world.application = Some(application))
}

#[test]
fn r1_certificate_key_and_picture_belong_together() {
    let world = approved("xian");
    let bare = world.with(|world| world.certificate = None);
    refused(made(&bare, report()), Code::CertificateMissing, "R1", "第二条");
    let mut other = report();
    other.edition.certificate = digest(0x33);
    refused(made(&world, other), Code::CertificateMissing, "R1", "第二条");
}

#[test]
fn r4_the_picture_is_the_approved_impression() {
    let world = approved("xian");
    let mut other = report();
    other.edition.picture = digest(0x33);
    refused(made(&world, other), Code::PictureDiffers, "R4", "第五条");
}

#[test]
fn r12_only_a_maker_of_the_authority_makes() {
    let world = approved("inner-mongolia");
    let command = |who: Who| {
        let report = report();
        let command = SealCommand::Make {
            id: seal_id(),
            application: application_id(),
            edition: report.edition,
            comparison: report.comparison,
            names: report.names,
            custodian: report.custodian,
        };
        world.by(who).do_seal(None, &command)
    };
    refused(command(Who::Neighbour), Code::OutsideSubtree, "R12", "第六条");
    refused(command(Who::Reviewer), Code::NotPermitted, "R12", "第六条");
}

#[test]
fn r22_only_what_was_approved_is_made() {
    let mut world = approved("inner-mongolia");
    world.application = Some(world.application_in(ApplicationStatus::UnderReview, make(SealKind::LegalName)));
    refused(
        made(&world, report()),
        Code::ApplicationNotApproved,
        "R22",
        "第八条",
    );
    let active = sealed("inner-mongolia", SealStatus::Active);
    world.application = Some(active.approved(Ask::ResetPin { seal: seal_id() }));
    refused(
        made(&world, report()),
        Code::ApplicationForAnother,
        "R22",
        "第八条",
    );
    world.application = None;
    refused(made(&world, report()), Code::DoesNotExist, "R80", "R80");
}

#[test]
fn r27_no_second_legal_name_seal_is_made() {
    let world = approved("xian");
    let held = registry::application::Claim {
        subject: SealId(uuid(0x300)).into(),
        kind: SealKind::LegalName,
        holder: None,
        impression: None,
        code: None,
        likeness: registry::application::Likeness::NotCompared,
        waiting: false,
    };
    let world = world.with(|world| world.claims = vec![held]);
    refused(
        made(&world, report()),
        Code::LegalNameSealExists,
        "R27",
        "第十九条",
    );
}

#[test]
fn r29_r30_the_certificate_is_valid_and_from_a_lawful_agency() {
    let world = approved("wuhu");
    let with = |certificate: CertificateFacts| {
        let mut report = report();
        report.edition.not_before = certificate.not_before;
        report.edition.not_after = certificate.not_after;
        made(&world.with(|world| world.certificate = Some(certificate)), report)
    };
    let over = CertificateFacts {
        not_after: at(NOW),
        ..certificate()
    };
    refused(with(over), Code::CertificateNotValid, "R29", "第十条");
    let early = CertificateFacts {
        not_before: at("2026-11-22T02:00:01Z"),
        ..certificate()
    };
    refused(with(early), Code::CertificateNotValid, "R29", "第十条");
    let revoked = CertificateFacts {
        not_revoked: false,
        ..certificate()
    };
    refused(with(revoked), Code::CertificateRevoked, "R29", "第十条");
    let unknown = CertificateFacts {
        trusted: false,
        ..certificate()
    };
    refused(with(unknown), Code::CertificateNotTrusted, "R30", "第三条");
    let begins_now = CertificateFacts {
        not_before: at(NOW),
        ..certificate()
    };
    assert!(with(begins_now).is_ok());
}

#[test]
fn r30_organs_need_an_e_government_certificate() {
    let world = approved("cn").with(|world| {
        world.unit.kind = UnitKind::StateOrgan;
        world.certificate = Some(CertificateFacts {
            e_government: false,
            ..certificate()
        });
    });
    refused(
        made(&world, report()),
        Code::CertificateNotGovernment,
        "R30",
        "第十二条",
    );
    let enterprise = world.with(|world| world.unit.kind = UnitKind::Enterprise);
    assert!(made(&enterprise, report()).is_ok());
}

#[test]
fn r32_the_seals_period_is_the_certificates() {
    let world = approved("xian");
    let mut longer = report();
    longer.edition.not_after = at("2029-01-01T00:00:01Z");
    refused(made(&world, longer), Code::PeriodsDiffer, "R32", "第十四条");
}

#[test]
fn r34_the_impression_was_compared_by_a_person() {
    let world = approved("wuhu");
    let with = |comparison| {
        made(
            &world,
            Report {
                comparison,
                ..report()
            },
        )
    };
    refused(with(None), Code::ComparisonMissing, "R34", "第十二条");
    // The filed impression itself is put into the seal, and the applicant's sheet was compared with it.
    let sheet = Comparison {
        submitted: digest(0x33),
        ..comparison()
    };
    assert!(with(Some(sheet.clone())).is_ok());
    let other = Comparison {
        registered: digest(0x33),
        ..comparison()
    };
    refused(with(Some(other)), Code::ComparisonOfAnother, "R34", "第十二条");
    // Where it could not be fetched, the applicant's is, and it is what was compared.
    let applicants = world.with(|world| {
        if let Ask::Make { seal } = &mut world.application.as_mut().unwrap().ask {
            seal.impression.as_mut().unwrap().source = ImpressionSource::Applicant;
        }
    });
    let result = made(
        &applicants,
        Report {
            comparison: Some(sheet),
            ..report()
        },
    );
    refused(result, Code::ComparisonOfAnother, "R34", "第十二条");
    // However high the score: a person decides (Q6).
    let different = Comparison {
        verdict: Verdict::Different,
        score_per_mille: Some(1000),
        ..comparison()
    };
    refused(
        with(Some(different)),
        Code::ImpressionsDisagree,
        "R34",
        "第十二条",
    );
    let unmeasured = Comparison {
        score_per_mille: None,
        evidence: None,
        ..comparison()
    };
    assert!(with(Some(unmeasured)).is_ok());
}

#[test]
fn r35_impression_and_certificate_bear_one_name() {
    let world = approved("wuhu");
    let with = |names| made(&world, Report { names, ..report() });
    refused(with(NameMatch::Different), Code::NamesDisagree, "R35", "第十二条");
    refused(
        with(NameMatch::Explained { reason: text(" ") }),
        Code::TextMissing,
        "R22",
        "R22",
    );
    assert!(with(NameMatch::Normalised).is_ok());
    assert!(
        with(NameMatch::Explained {
            reason: text("印模为蒙汉双文")
        })
        .is_ok()
    );
}

#[test]
fn r36_no_comparison_where_the_style_is_free() {
    let world = World::new("wuhu");
    let mut free = spec(SealKind::Personal);
    free.impression.as_mut().unwrap().source = registry::seal::ImpressionSource::Drawn;
    let application = world.approved(Ask::Make { seal: free });
    let world = world.with(|world| world.application = Some(application));
    let custodian = Who::Holder.id();
    assert!(
        made(
            &world,
            Report {
                comparison: None,
                custodian,
                ..report()
            }
        )
        .is_ok()
    );
}

#[test]
fn r38_only_devices_that_the_rules_allow() {
    let mut mobile = report();
    mobile.edition.device.kind = DeviceKind::MobileModule;
    assert!(made(&approved("xian"), mobile.clone()).is_ok());
    refused(
        made(&approved("inner-mongolia"), mobile),
        Code::DeviceKindNotAllowed,
        "R38",
        "第二条",
    );
}

#[test]
fn r63_no_seal_for_a_unit_that_ended_or_was_not_looked_up() {
    let world = approved("xian");
    let ended = world.with(|world| world.unit.ended = Some(UnitEnd::Revoked));
    refused(made(&ended, report()), Code::UnitHasEnded, "R63", "第二十六条");
    let other = world.with(|world| world.unit.id = UnitId(uuid(0xBB)));
    refused(made(&other, report()), Code::DoesNotExist, "R80", "R80");
}

#[test]
fn r39_filed_within_24_hours_and_before_it_is_collected() {
    let world = sealed("wuhu", SealStatus::Made);
    let collect = SealCommand::Activate {
        old_device: OldDevice::None,
    };
    let result = world.by(Who::Custodian).do_seal(world.seal.clone(), &collect);
    refused(result, Code::NotFiledYet, "R39", "第十五条");
    // An operator's profile may say otherwise (Q3).
    let mut early = world.by(Who::Custodian);
    early.profile.use_before_filing = true;
    assert_eq!(
        early.do_seal(world.seal.clone(), &collect).unwrap().status,
        SealStatus::Active
    );

    let filing = world.filing_in(FilingStatus::Open);
    assert_eq!(filing.due, Some(at("2026-11-23T02:00:00Z")));
    let escalate = |now| {
        world
            .by_service()
            .when(now)
            .do_filing(Some(filing.clone()), &FilingCommand::Escalate)
    };
    refused(
        escalate("2026-11-23T02:00:00Z"),
        Code::NotOverdue,
        "R39",
        "第十五条",
    );
    assert!(escalate("2026-11-23T02:00:00.000001Z").unwrap().escalated);
    let accept = |now| {
        world
            .by_service()
            .when(now)
            .do_filing(Some(filing.clone()), &accept_filing())
            .unwrap()
    };
    assert_eq!(accept("2026-11-23T02:00:00Z").in_time(), Some(true));
    assert_eq!(accept("2026-11-23T02:00:01Z").in_time(), Some(false));
    assert_eq!(filing.in_time(), None);
}

#[test]
fn r39_an_outage_is_proved_by_its_tries() {
    let world = World::new("wuhu").by_service();
    let mut filing = world.filing_in(FilingStatus::Open);
    for _ in 0..3 {
        let failed = FilingCommand::RecordFailure {
            reason: text("连接超时"),
        };
        filing = world.do_filing(Some(filing), &failed).unwrap();
    }
    assert_eq!((filing.tries, filing.status), (3, FilingStatus::Open));
    filing = world.do_filing(Some(filing), &FilingCommand::RecordSent).unwrap();
    filing = world
        .do_filing(
            Some(filing),
            &FilingCommand::Return {
                reason: text("缺少编码"),
            },
        )
        .unwrap();
    assert_eq!(
        (filing.tries, filing.status, filing.last_failure),
        (4, FilingStatus::Open, Some(text("缺少编码")))
    );
}

#[test]
fn r39_nothing_is_filed_before_it_happened_or_where_nobody_asks() {
    let world = World::new("wuhu").by_service();
    let open = |body, since| {
        let command = FilingCommand::Open {
            id: FilingId(uuid(1)),
            seal: seal_id(),
            body,
            occasion: FilingOccasion::Made,
            since: at(since),
        };
        world.do_filing(None, &command)
    };
    let nobody = open(FilingBody::CompetentDepartment, NOW);
    refused(nobody, Code::FilingNotAsked, "R39", "第十五条");
    let future = open(FilingBody::PublicSecurity, "2026-11-22T02:00:01Z");
    refused(future, Code::NotYetHappened, "R39", "第十五条");
}

#[test]
fn r40_xian_wants_the_competent_department_told_too() {
    let world = sealed("xian", SealStatus::Made).by_service();
    let file = |seal: SealRecord, number: u128, body| {
        let filing = FilingId(uuid(number));
        world.do_seal(
            Some(seal),
            &SealCommand::RecordFiling {
                filing,
                body,
                occasion: FilingOccasion::Made,
            },
        )
    };
    let one = file(world.seal.clone().unwrap(), 1, FilingBody::PublicSecurity).unwrap();
    assert_eq!(one.status, SealStatus::Made);
    let again = file(one.clone(), 1, FilingBody::CompetentDepartment);
    refused(again, Code::FiledAlready, "R39", "第十七条");
    let both = file(one, 2, FilingBody::CompetentDepartment).unwrap();
    assert_eq!(both.status, SealStatus::Filed);
}

#[test]
fn r12_no_seal_by_an_authority_that_the_unit_has_left() {
    let moved = approved("inner-mongolia").with(|world| world.lineage = vec![neighbour(), region()]);
    refused(made(&moved, report()), Code::OutsideSubtree, "R12", "第六条");
}
