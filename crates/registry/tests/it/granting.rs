//! A7: grants and batches.

use registry::grant::{GrantStatus, GrantTerms, Period, Volume};
use registry::usage::{Batch, Content, DocumentFacts, Outcome, UseStatus};
use registry::*;

use crate::using::{Wanted, approve, asking, world};
use crate::world::*;

#[test]
fn r15_a_grant_is_applied_for_consented_to_and_authorised() {
    let world = world("wuhu");
    let apply = |terms| GrantCommand::Apply {
        id: grant_id(),
        terms,
    };
    let agent = world.by(Who::Agent);
    let empty = GrantTerms {
        volume: Volume {
            documents_max: 0,
            per: Period::Day,
        },
        ..terms()
    };
    refused(
        agent.do_grant(None, &apply(empty)),
        Code::VolumeMissing,
        "R15",
        "第五条、第十七条",
    );
    let over = GrantTerms {
        until: at(NOW),
        ..terms()
    };
    refused(
        agent.do_grant(None, &apply(over)),
        Code::PeriodEmpty,
        "R50",
        "第二十一条",
    );
    let other = GrantTerms {
        unit: UnitId(uuid(0xBB)),
        ..terms()
    };
    refused(
        agent.do_grant(None, &apply(other)),
        Code::NotPermitted,
        "R12",
        "R12",
    );
    let consented = world.grant_in(GrantStatus::Consented);
    let result = world
        .by(Who::Principal)
        .do_grant(Some(consented), &GrantCommand::Authorise);
    refused(result, Code::NotPermitted, "R12", "R12");
    let authorised = world.grant_in(GrantStatus::Authorised);
    let revoke = GrantCommand::Revoke {
        reason: text("异常用印"),
    };
    for who in [Who::Principal, Who::Owner, Who::Reviewer] {
        assert!(world.by(who).do_grant(Some(authorised.clone()), &revoke).is_ok());
    }
    assert!(
        world
            .by_service()
            .do_grant(Some(authorised.clone()), &revoke)
            .is_ok()
    );
    refused(
        world.by(Who::Agent).do_grant(Some(authorised), &revoke),
        Code::NotPermitted,
        "R12",
        "R12",
    );
}

#[test]
fn r52_no_grant_for_position_seals() {
    let world = World::new("wuhu").in_use(spec(SealKind::FinanceHead));
    let apply = GrantCommand::Apply {
        id: grant_id(),
        terms: terms(),
    };
    refused(
        world.by(Who::Agent).do_grant(None, &apply),
        Code::HolderOnly,
        "R52",
        "第十八条",
    );
}

/// The world in which the system has its grant.
fn granted(id: &str, status: GrantStatus) -> World {
    let world = world(id);
    let grant = world.grant_in(status);
    world.by_system().with(|world| world.grant = Some(grant))
}

#[test]
fn r15_a_system_seals_what_its_grant_names() {
    let world = granted("wuhu", GrantStatus::Authorised);
    let article = "第五条、第十七条";
    let named = |change: fn(&mut Wanted)| {
        asking(|wanted| {
            wanted.grant = Some(grant_id());
            change(wanted);
        })
    };
    refused(world.do_use(None, &request()), Code::GrantMissing, "R15", article);
    refused(
        world.do_use(None, &named(|wanted| wanted.purpose = text("其他"))),
        Code::OutsideGrant,
        "R15",
        article,
    );
    let other = named(|wanted| wanted.document_type = text("agreement"));
    refused(world.do_use(None, &other), Code::OutsideGrant, "R15", article);
    let stranger = world.with(|world| {
        world.acting = Acting::system(SystemId(uuid(0xEE)), Network::GovernmentExtranet);
    });
    refused(
        stranger.do_use(None, &named(|_| {})),
        Code::OutsideGrant,
        "R15",
        article,
    );
    let ready = world.do_use(None, &named(|_| {})).unwrap();
    assert_eq!(
        (ready.status, ready.lapses_at),
        (UseStatus::Approved, Some(terms().until))
    );
    let begun = world.do_use(Some(ready.clone()), &begin()).unwrap();
    assert_eq!(
        world.do_use(Some(begun), &finish()).unwrap().status,
        UseStatus::Completed
    );
    refused(
        stranger.do_use(Some(ready.clone()), &begin()),
        Code::NotPermitted,
        "R12",
        "R12",
    );
    refused(
        world.by(Who::Custodian).do_use(Some(ready), &begin()),
        Code::NotPermitted,
        "R12",
        "R12",
    );
}

#[test]
fn r15_a_grant_works_in_its_period_and_until_it_is_revoked() {
    let article = "第五条、第十七条";
    let named = asking(|wanted| wanted.grant = Some(grant_id()));
    for status in GrantStatus::ALL {
        let world = granted("wuhu", status);
        if status == GrantStatus::Authorised {
            assert!(world.do_use(None, &named).is_ok());
            let over = world.when("2027-11-01T00:00:00Z").do_use(None, &named);
            refused(over, Code::GrantNotInForce, "R15", article);
        } else {
            refused(world.do_use(None, &named), Code::GrantNotInForce, "R15", article);
        }
    }
    // Revoked between the request and the use.
    let world = granted("wuhu", GrantStatus::Authorised);
    let ready = world.do_use(None, &named).unwrap();
    let revoked = granted("wuhu", GrantStatus::Revoked);
    refused(
        revoked.do_use(Some(ready), &begin()),
        Code::GrantNotInForce,
        "R15",
        article,
    );
}

#[test]
fn r15_a_grant_has_a_volume() {
    let world = granted("wuhu", GrantStatus::Authorised);
    let article = "第五条、第十七条";
    let named = asking(|wanted| wanted.grant = Some(grant_id()));
    let used = |used| world.with(|world| world.grant_used = used);
    let ready = used(9).do_use(None, &named).unwrap();
    refused(
        used(10).do_use(None, &named),
        Code::VolumeExceeded,
        "R15",
        article,
    );
    refused(
        used(10).do_use(Some(ready.clone()), &begin()),
        Code::VolumeExceeded,
        "R15",
        article,
    );
    assert!(used(9).do_use(Some(ready), &begin()).is_ok());
    let batch = asking(|wanted| {
        wanted.grant = Some(grant_id());
        wanted.content = Content::Batch(Batch {
            root: digest(1),
            count: 11,
            placement: placement(),
        });
    });
    refused(used(0).do_use(None, &batch), Code::VolumeExceeded, "R15", article);
    let grant = world.grant.clone().unwrap();
    let began = |per, now: &str| {
        let mut grant = grant.clone();
        grant.terms.volume.per = per;
        grant.period_began(at(now)).to_string()
    };
    // 2026-11-30T17:00Z is the 1st of December in China.
    assert_eq!(began(Period::Day, "2026-11-30T17:00:00Z"), "2026-11-30T16:00:00Z");
    assert_eq!(
        began(Period::Month, "2026-11-30T17:00:00Z"),
        "2026-11-30T16:00:00Z"
    );
    assert_eq!(
        began(Period::Month, "2026-11-30T15:00:00Z"),
        "2026-11-01T00:00:00Z"
    );
    assert_eq!(
        began(Period::Grant, "2026-11-30T17:00:00Z"),
        "2026-11-01T00:00:00Z"
    );
}

#[test]
fn r51_a_batch_is_one_decision_with_results_for_each() {
    let world = world("inner-mongolia");
    let root = digest(0x70);
    let content = Content::Batch(Batch {
        root,
        count: 3,
        placement: placement(),
    });
    let requested = world
        .by(Who::Agent)
        .do_use(None, &asking(|wanted| wanted.content = content))
        .unwrap();
    assert_eq!(requested.binding().document, root);
    let mut state = world
        .by(Who::Approver)
        .do_use(Some(requested.clone()), &approve(requested.binding()))
        .unwrap();
    let begin = |item: u32| UseCommand::Begin {
        item,
        document: digest(item as u8),
        placement: placement(),
    };
    let proved = |under| {
        world.by(Who::Custodian).with(|world| {
            world.document = DocumentFacts {
                blank: false,
                proved_under: under,
            };
        })
    };
    for under in [None, Some(digest(0x71))] {
        refused(
            proved(under).do_use(Some(state.clone()), &begin(0)),
            Code::NotInBatch,
            "R49",
            "第十四条",
        );
    }
    refused(
        proved(Some(root)).do_use(Some(state.clone()), &begin(3)),
        Code::BindingDiffers,
        "R49",
        "第十四条",
    );
    for (item, outcome) in [
        (0, Outcome::Stamped { sealed: digest(0x80) }),
        (
            2,
            Outcome::Failed {
                reason: text("页面损坏"),
            },
        ),
    ] {
        state = proved(Some(root)).do_use(Some(state), &begin(item)).unwrap();
        state = world
            .by_service()
            .do_use(Some(state), &UseCommand::Finish { item, outcome })
            .unwrap();
    }
    assert_eq!(state.stamped.iter().collect::<Vec<_>>(), [(0, 0)]);
    assert_eq!(state.failed.iter().collect::<Vec<_>>(), [(2, 2)]);
    let again = proved(Some(root)).do_use(Some(state.clone()), &begin(0));
    refused(again, Code::StampedAlready, "R49", "第十四条");
    // It goes on where it stopped, and ends when every document is sealed.
    for item in [2, 1] {
        assert_eq!(state.status, UseStatus::Approved);
        state = proved(Some(root)).do_use(Some(state), &begin(item)).unwrap();
        let outcome = Outcome::Stamped { sealed: digest(0x80) };
        state = world
            .by_service()
            .do_use(Some(state), &UseCommand::Finish { item, outcome })
            .unwrap();
    }
    assert_eq!(
        (state.status, state.stamped.iter().collect::<Vec<_>>()),
        (UseStatus::Completed, vec![(0, 2)])
    );
    for count in [0, 100_001] {
        let content = Content::Batch(Batch {
            root,
            count,
            placement: placement(),
        });
        let result = world
            .by(Who::Agent)
            .do_use(None, &asking(|wanted| wanted.content = content));
        refused(result, Code::BatchSize, "R51", "R51");
    }
}
