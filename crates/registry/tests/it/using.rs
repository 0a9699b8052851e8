//! A7: policies, approvals bound to bytes, sealing by custodian, holder or grant, batches.

use registry::grant::GrantTerms;
use registry::seal::Pin;
use registry::usage::{
    ApprovalRule, Approver, Basis, Batch, Binding, Content, Deputy, DocumentType, Outcome, Placement,
    Separation, Step, UseStatus,
};
use registry::*;

use crate::world::*;

pub(crate) fn world(id: &str) -> World {
    World::new(id).in_use(spec(SealKind::LegalName))
}

/// The sample request, changed.
pub(crate) fn asking(change: impl FnOnce(&mut Wanted)) -> UseCommand {
    let mut wanted = Wanted::default();
    change(&mut wanted);
    UseCommand::Request {
        id: use_id(),
        seal: seal_id(),
        purpose: wanted.purpose,
        document_type: DocumentType(wanted.document_type),
        amount_fen: wanted.amount_fen,
        content: wanted.content,
        classified: wanted.classified,
        grant: wanted.grant,
    }
}

pub(crate) struct Wanted {
    pub(crate) purpose: String,
    pub(crate) document_type: String,
    pub(crate) amount_fen: Option<u64>,
    pub(crate) content: Content,
    pub(crate) classified: bool,
    pub(crate) grant: Option<GrantId>,
}

impl Default for Wanted {
    fn default() -> Wanted {
        Wanted {
            purpose: text("核发许可证"),
            document_type: text("licence"),
            amount_fen: None,
            content: Content::Document {
                digest: digest(0x77),
                placement: placement(),
            },
            classified: false,
            grant: None,
        }
    }
}

pub(crate) fn approve(binding: Binding) -> UseCommand {
    UseCommand::Approve {
        binding,
        for_person: None,
    }
}

/// The world whose unit has these rules.
fn with_rules(id: &str, rules: Vec<ApprovalRule>) -> World {
    let world = world(id);
    let policy = world.by(Who::Principal).do_policy(None, &adopt(rules)).unwrap();
    world.with(|world| world.policy = Some(policy))
}

#[test]
fn r6_every_use_names_a_document_type_of_the_catalogue() {
    let world = world("xian");
    let result = world
        .by(Who::Agent)
        .do_use(None, &asking(|wanted| wanted.document_type = text("poem")));
    refused(result, Code::DocumentTypeUnknown, "R6", "第四条");
    let rules = vec![ApprovalRule {
        document_types: vec![DocumentType(text("poem"))],
        ..plain_rules().remove(0)
    }];
    let result = world.by(Who::Principal).do_policy(None, &adopt(rules));
    refused(result, Code::DocumentTypeUnknown, "R6", "第四条");
    let none = GrantCommand::Apply {
        id: grant_id(),
        terms: GrantTerms {
            document_types: vec![],
            ..terms()
        },
    };
    refused(
        world.by(Who::Agent).do_grant(None, &none),
        Code::DocumentTypesMissing,
        "R6",
        "第四条",
    );
}

#[test]
fn r8_state_secrets_are_kept_out() {
    let result = world("wuhu")
        .by(Who::Agent)
        .do_use(None, &asking(|wanted| wanted.classified = true));
    refused(result, Code::Classified, "R8", "第二十八条");
}

#[test]
fn r45_an_old_password_opens_nothing() {
    let base = world("xian");
    let seal_since = |changed_at: &str, must_change: bool| {
        let approved = base.use_in(UseStatus::Approved);
        let world = base.by(Who::Custodian).with(|world| {
            world.seal.as_mut().unwrap().pin = Pin {
                changed_at: at(changed_at),
                must_change,
            };
        });
        world.do_use(Some(approved), &begin())
    };
    let ninety_days_ago = "2026-08-24T02:00:00Z";
    refused(
        seal_since(ninety_days_ago, false),
        Code::PasswordTooOld,
        "R45",
        "第二十五条",
    );
    refused(seal_since(NOW, true), Code::PasswordTooOld, "R45", "第二十五条");
    assert!(seal_since("2026-08-24T02:00:01Z", false).is_ok());
}

#[test]
fn r49_blank_documents_and_silent_purposes() {
    let world = world("inner-mongolia");
    let blank = world.by(Who::Agent).with(|world| world.document.blank = true);
    refused(
        blank.do_use(None, &request()),
        Code::BlankDocument,
        "R49",
        "第十四条",
    );
    let blank = world.by(Who::Custodian).with(|world| world.document.blank = true);
    let result = blank.do_use(Some(world.use_in(UseStatus::Approved)), &begin());
    refused(result, Code::BlankDocument, "R49", "第十四条");
    for purpose in ["", "  \n", &"x".repeat(2001)] {
        let result = world
            .by(Who::Agent)
            .do_use(None, &asking(|wanted| wanted.purpose = text(purpose)));
        refused(result, Code::PurposeMissing, "R49", "第十四条");
    }
}

#[test]
fn r49_an_approval_is_for_these_bytes_this_seal_and_this_place() {
    let world = world("inner-mongolia");
    let requested = world.use_in(UseStatus::Requested);
    let right = requested.binding();
    let elsewhere = Placement::try_from(text("page 2")).unwrap();
    for binding in [
        Binding {
            document: digest(0x76),
            ..right.clone()
        },
        Binding {
            seal: SealId(uuid(0xCC)),
            ..right.clone()
        },
        Binding {
            placement: elsewhere.clone(),
            ..right.clone()
        },
    ] {
        let result = world
            .by(Who::Approver)
            .do_use(Some(requested.clone()), &approve(binding));
        refused(result, Code::BindingDiffers, "R49", "第十四条");
    }
    let approved = world.use_in(UseStatus::Approved);
    assert_eq!(approved.approvals[0].binding, right);
    for command in [
        UseCommand::Begin {
            item: 0,
            document: digest(0x76),
            placement: placement(),
        },
        UseCommand::Begin {
            item: 0,
            document: digest(0x77),
            placement: elsewhere,
        },
        UseCommand::Begin {
            item: 1,
            document: digest(0x77),
            placement: placement(),
        },
    ] {
        let result = world.by(Who::Custodian).do_use(Some(approved.clone()), &command);
        refused(result, Code::BindingDiffers, "R49", "第十四条");
    }
    assert!(world.by(Who::Custodian).do_use(Some(approved), &begin()).is_ok());
}

#[test]
fn r49_one_approval_is_for_one_sealing() {
    let world = world("inner-mongolia");
    let custodian = world.by(Who::Custodian);
    let begun = custodian
        .do_use(Some(world.use_in(UseStatus::Approved)), &begin())
        .unwrap();
    refused(
        custodian.do_use(Some(begun.clone()), &begin()),
        Code::OutcomeUnknown,
        "R53",
        "R53",
    );
    // It failed before a signature left: the same item may be tried again.
    let failed = UseCommand::Finish {
        item: 0,
        outcome: Outcome::Failed {
            reason: text("口令错误"),
        },
    };
    let failed = world.by_service().do_use(Some(begun), &failed).unwrap();
    assert_eq!((failed.status, failed.failed.len()), (UseStatus::Approved, 1));
    let again = custodian.do_use(Some(failed), &begin()).unwrap();
    let done = world.by_service().do_use(Some(again), &finish()).unwrap();
    assert_eq!(
        (done.status, done.failed.len(), done.stamped.len()),
        (UseStatus::Completed, 0, 1)
    );
    refused(
        custodian.do_use(Some(done), &begin()),
        Code::NotInThisState,
        "R80",
        "R80",
    );
}

#[test]
fn r50_a_unit_has_a_policy_that_can_be_carried_out() {
    let world = world("xian");
    let without = world.by(Who::Agent).with(|world| world.policy = None);
    refused(
        without.do_use(None, &request()),
        Code::PolicyMissing,
        "R50",
        "第二十一条",
    );
    let principal = world.by(Who::Principal);
    for rules in [
        vec![],
        vec![rule(vec![])],
        vec![rule(vec![Step {
            needed: 0,
            ..step(Approver::Role(Role::Approver))
        }])],
    ] {
        refused(
            principal.do_policy(None, &adopt(rules)),
            Code::RulesMissing,
            "R50",
            "第二十一条",
        );
    }
    for approver in [Approver::Role(Role::Agent), Approver::Role(Role::Reviewer)] {
        let result = principal.do_policy(None, &adopt(vec![rule(vec![step(approver)])]));
        refused(result, Code::ApproverDoesNotFit, "R50", "第二十一条");
    }
    let result = world.by(Who::Agent).do_policy(None, &adopt(plain_rules()));
    refused(result, Code::NotPermitted, "R12", "R12");
    let first = principal.do_policy(None, &adopt(plain_rules())).unwrap();
    let second = principal
        .do_policy(Some(first.clone()), &adopt(plain_rules()))
        .unwrap();
    assert_eq!((first.version, second.version), (1, 2));
}

#[test]
fn r51_sealing_only_after_approval_and_only_by_the_custodian() {
    let world = world("xian");
    let custodian = world.by(Who::Custodian);
    let early = custodian.do_use(Some(world.use_in(UseStatus::Requested)), &begin());
    refused(early, Code::NotInThisState, "R80", "R80");
    let approved = world.use_in(UseStatus::Approved);
    for who in [Who::Agent, Who::Approver, Who::SecondCustodian] {
        let result = world.by(who).do_use(Some(approved.clone()), &begin());
        refused(result, Code::NotTheCustodian, "R43", "第二十一条、第三十七条");
    }
    let lapsed = custodian
        .when("2026-12-02T02:00:00Z")
        .do_use(Some(approved.clone()), &begin());
    refused(lapsed, Code::ApprovalLapsed, "R51", "第二十一条");
    let result = world.by_service().do_use(Some(approved), &UseCommand::Lapse);
    refused(result, Code::ApprovalStillHolds, "R51", "第二十一条");
}

#[test]
fn r51_only_the_approver_of_the_step() {
    let two = vec![rule(vec![
        step(Approver::Role(Role::Approver)),
        step(Approver::Role(Role::Principal)),
    ])];
    let world = with_rules("xian", two);
    let requested = world.use_in_unapproved();
    let command = approve(requested.binding());
    for who in [Who::Stranger, Who::Principal] {
        let result = world.by(who).do_use(Some(requested.clone()), &command);
        refused(result, Code::NotTheApprover, "R51", "第二十一条");
    }
    let half = world.by(Who::Approver).do_use(Some(requested), &command).unwrap();
    assert_eq!(half.status, UseStatus::Requested);
    refused(
        world.by(Who::Custodian).do_use(Some(half.clone()), &begin()),
        Code::NotInThisState,
        "R80",
        "R80",
    );
    let whole = world.by(Who::Principal).do_use(Some(half), &command).unwrap();
    assert_eq!(whole.status, UseStatus::Approved);
}

impl World {
    /// The sample request, with no approval yet, whatever the policy.
    fn use_in_unapproved(&self) -> UseRequest {
        self.by(Who::Agent).do_use(None, &request()).unwrap()
    }
}

#[test]
fn r51_thresholds_say_who_approves() {
    let principal = vec![step(Approver::Role(Role::Principal))];
    let approver = vec![step(Approver::Role(Role::Approver))];
    let rules = vec![
        ApprovalRule {
            amount_from_fen: Some(10_000_000),
            ..rule(principal.clone())
        },
        ApprovalRule {
            documents_from: Some(50),
            ..rule(principal.clone())
        },
        ApprovalRule {
            document_types: vec![licence()],
            ..rule(approver.clone())
        },
    ];
    let world = with_rules("xian", rules);
    let steps = |change: fn(&mut Wanted)| {
        let state = world.by(Who::Agent).do_use(None, &asking(change))?;
        let Basis::Policy { rule, version: 1 } = state.basis else {
            panic!("{:?}", state.basis)
        };
        Ok(rule.steps)
    };
    assert_eq!(steps(|wanted| wanted.amount_fen = Some(9_999_999)), Ok(approver));
    assert_eq!(
        steps(|wanted| wanted.amount_fen = Some(10_000_000)),
        Ok(principal.clone())
    );
    let batch = |wanted: &mut Wanted| {
        wanted.amount_fen = Some(0);
        wanted.content = Content::Batch(Batch {
            root: digest(0x70),
            count: 50,
            placement: placement(),
        });
    };
    assert_eq!(steps(batch), Ok(principal));
    refused(steps(|_| {}), Code::AmountMissing, "R51", "第二十一条");
    let other = |wanted: &mut Wanted| {
        wanted.amount_fen = Some(1);
        wanted.document_type = text("agreement");
    };
    refused(steps(other), Code::NoRuleFits, "R51", "第二十一条");
}

#[test]
fn r51_whoever_asks_keeps_or_approved_does_not_approve() {
    let world = world("xian");
    let requested = world.use_in(UseStatus::Requested);
    let command = approve(requested.binding());
    let as_approver = |who: Who| {
        let mut world = world.by(who);
        world.acting.appointments.push(Appointment {
            role: Role::Approver,
            scope: Scope::Unit(unit_id()),
            from: at(BEGIN),
            until: None,
        });
        world
    };
    for who in [Who::Agent, Who::Custodian] {
        let result = as_approver(who).do_use(Some(requested.clone()), &command);
        refused(result, Code::DutiesTogether, "R51", "第二十一条");
        let mut allowing = as_approver(who);
        allowing.policy.as_mut().unwrap().separation = Separation {
            requester_may_approve: true,
            custodian_may_approve: true,
            approver_may_repeat: false,
        };
        assert!(allowing.do_use(Some(requested.clone()), &command).is_ok());
    }
    let twice = vec![rule(vec![Step {
        needed: 2,
        ..step(Approver::Role(Role::Approver))
    }])];
    let world = with_rules("xian", twice);
    let requested = world.use_in_unapproved();
    let command = approve(requested.binding());
    let one = world.by(Who::Approver).do_use(Some(requested), &command).unwrap();
    let again = world.by(Who::Approver).do_use(Some(one.clone()), &command);
    refused(again, Code::DutiesTogether, "R51", "第二十一条");
    let two = world.by(Who::SecondApprover).do_use(Some(one), &command).unwrap();
    assert_eq!(two.status, UseStatus::Approved);
}

#[test]
fn r51_a_deputy_within_period_and_scope() {
    let world = world("xian");
    let deputy = |document_types: Vec<DocumentType>, amount_max_fen| Deputy {
        of: Who::Approver.id(),
        deputy: Who::Stranger.id(),
        from: at(NOW),
        until: at("2026-11-25T00:00:00Z"),
        document_types,
        amount_max_fen,
    };
    let approving = |deputy: Deputy, now: &str, appointed: bool| {
        let command = UsePolicyCommand::AppointDeputy { deputy };
        let policy = world
            .by(Who::Approver)
            .do_policy(world.policy.clone(), &command)
            .unwrap();
        let world = world.by(Who::Stranger).when(now).with(|world| {
            world.policy = Some(policy);
            world.deputised = if appointed {
                acting(Who::Approver).appointments
            } else {
                vec![]
            };
        });
        let state = world
            .by(Who::Agent)
            .do_use(None, &asking(|wanted| wanted.amount_fen = Some(500)))
            .unwrap();
        let command = UseCommand::Approve {
            binding: state.binding(),
            for_person: Some(Who::Approver.id()),
        };
        world.do_use(Some(state), &command)
    };
    let done = approving(deputy(vec![licence()], Some(500)), NOW, true).unwrap();
    assert_eq!(done.approvals[0].for_person, Some(Who::Approver.id()));
    let article = "第二十一条";
    let over = approving(deputy(vec![], None), "2026-11-25T00:00:00Z", true);
    refused(over, Code::NotADeputy, "R51", article);
    let other = approving(deputy(vec![DocumentType(text("agreement"))], None), NOW, true);
    refused(other, Code::NotADeputy, "R51", article);
    refused(
        approving(deputy(vec![], Some(499)), NOW, true),
        Code::NotADeputy,
        "R51",
        article,
    );
    // Standing in for somebody who is no approver any more gives nothing.
    refused(
        approving(deputy(vec![], None), NOW, false),
        Code::NotTheApprover,
        "R51",
        article,
    );
}

#[test]
fn r50_deputies_are_named_by_those_they_stand_in_for() {
    let world = world("xian");
    let deputy = Deputy {
        of: Who::Approver.id(),
        deputy: Who::Stranger.id(),
        from: at(NOW),
        until: at(END),
        document_types: vec![],
        amount_max_fen: None,
    };
    let appoint = |who: Who, deputy: Deputy| {
        world
            .by(who)
            .do_policy(world.policy.clone(), &UsePolicyCommand::AppointDeputy { deputy })
    };
    refused(
        appoint(Who::SecondApprover, deputy.clone()),
        Code::NotPermitted,
        "R12",
        "R12",
    );
    assert!(appoint(Who::Principal, deputy.clone()).is_ok());
    let own = Deputy {
        deputy: Who::Approver.id(),
        ..deputy.clone()
    };
    refused(appoint(Who::Approver, own), Code::OwnAppointment, "R12", "R12");
    let empty = Deputy {
        until: at(NOW),
        ..deputy.clone()
    };
    refused(
        appoint(Who::Approver, empty),
        Code::PeriodEmpty,
        "R50",
        "第二十一条",
    );
    let past = Deputy {
        from: at(BEGIN),
        ..deputy
    };
    refused(appoint(Who::Approver, past), Code::Backdated, "R66", "第三十四条");
}

#[test]
fn r52_position_and_personal_seals_are_used_by_their_holder_only() {
    for kind in [SealKind::FinanceHead, SealKind::Personal] {
        let world = World::new("wuhu").in_use(spec(kind));
        for who in [Who::Agent, Who::Principal, Who::Custodian] {
            refused(
                world.by(who).do_use(None, &request()),
                Code::HolderOnly,
                "R52",
                "第十八条",
            );
        }
        let holder = world.by(Who::Holder);
        let ready = holder.do_use(None, &request()).unwrap();
        assert_eq!(
            (ready.status, &ready.basis),
            (
                UseStatus::Approved,
                &Basis::Holder {
                    holder: Who::Holder.id()
                }
            )
        );
        let result = world.by(Who::Custodian).do_use(Some(ready.clone()), &begin());
        refused(result, Code::HolderOnly, "R52", "第十八条");
        let done = holder
            .do_use(Some(holder.do_use(Some(ready), &begin()).unwrap()), &finish())
            .unwrap();
        assert_eq!(done.status, UseStatus::Completed);
        // No system either.
        let system = world
            .by_system()
            .do_use(None, &asking(|wanted| wanted.grant = Some(grant_id())));
        refused(system, Code::HolderOnly, "R52", "第十八条");
    }
}

#[test]
fn r52_a_unit_may_want_approvals_for_position_seals() {
    let mut world = World::new("wuhu").in_use(spec(SealKind::FinanceHead));
    let rules = vec![ApprovalRule {
        seal_kinds: vec![SealKind::FinanceHead],
        ..plain_rules().remove(0)
    }];
    world.policy = Some(world.by(Who::Principal).do_policy(None, &adopt(rules)).unwrap());
    let requested = world.by(Who::Holder).do_use(None, &request()).unwrap();
    assert_eq!(requested.status, UseStatus::Requested);
    let approved = world
        .by(Who::Approver)
        .do_use(Some(requested.clone()), &approve(requested.binding()))
        .unwrap();
    assert!(
        world
            .by(Who::Holder)
            .do_use(Some(approved.clone()), &begin())
            .is_ok()
    );
    let result = world.by(Who::Custodian).do_use(Some(approved), &begin());
    refused(result, Code::NotTheCustodian, "R43", "第二十一条");
}

#[test]
fn r53_nothing_ends_while_an_outcome_is_unknown() {
    let world = world("wuhu");
    let begun = world
        .by(Who::Custodian)
        .do_use(Some(world.use_in(UseStatus::Approved)), &begin())
        .unwrap();
    let article = "第二十四条";
    let result = world
        .by(Who::Agent)
        .do_use(Some(begun.clone()), &UseCommand::Withdraw);
    refused(result, Code::OutcomeUnknown, "R53", article);
    let late = world.by_service().when("2027-11-22T02:00:00Z");
    refused(
        late.do_use(Some(begun.clone()), &UseCommand::Lapse),
        Code::OutcomeUnknown,
        "R53",
        article,
    );
    // The outcome can be recorded however late it is, and by nobody else than those who seal.
    let result = world.by(Who::Agent).do_use(Some(begun.clone()), &finish());
    refused(result, Code::NotPermitted, "R12", "R12");
    let done = late.do_use(Some(begun), &finish()).unwrap();
    refused(late.do_use(Some(done), &finish()), Code::NotBegun, "R53", article);
}

#[test]
fn r59_only_a_seal_that_is_in_force_seals() {
    let base = world("xian");
    let approved = base.use_in(UseStatus::Approved);
    for status in SealStatus::ALL {
        let seal = World::new("xian").seal_in(status, spec(SealKind::LegalName));
        let world = base.with(|world| {
            let keeper = world.seal.as_ref().unwrap().custodian;
            world.seal = Some(SealRecord {
                custodian: keeper,
                ..seal
            });
        });
        let begun = world.by(Who::Custodian).do_use(Some(approved.clone()), &begin());
        let asked = world.by(Who::Agent).do_use(None, &request());
        if status == SealStatus::Active {
            assert!(begun.is_ok() && asked.is_ok());
        } else {
            refused(begun, Code::SealNotInForce, "R59", "R59");
            refused(asked, Code::SealNotInForce, "R59", "R59");
        }
    }
}

#[test]
fn a_refusal_is_a_record_too() {
    let world = world("xian")
        .by(Who::Agent)
        .with(|world| world.document.blank = true);
    let refusal = world.do_use(None, &request()).unwrap_err();
    let record = RefusalRecord {
        at: world.now,
        actor: world.acting.actor,
        subject: use_id().into(),
        command: text(request().name()),
        refusal,
    };
    let event = Event::from(record);
    assert_eq!(
        (event.name(), event.subject_kind(), event.effective_at()),
        ("refused", SubjectKind::Use, at(NOW))
    );
    let json = serde_json::to_string(&event).unwrap();
    assert_eq!(serde_json::from_str::<Event>(&json).unwrap(), event);
    assert!(
        json.contains("\"BLANK_DOCUMENT\"") && json.contains("\"R49\""),
        "{json}"
    );
}

#[test]
fn r7_a_units_seals_are_used_from_where_its_policy_says() {
    let world = world("xian");
    let request = world.by(Who::Agent).do_use(None, &asking(|_| {})).unwrap();
    let away = |who| {
        world
            .by(who)
            .with(|world| world.elsewhere = Some("192.0.2.7".to_owned()))
    };
    let binding = request.binding();
    for (who, state, command) in [
        (Who::Agent, None, asking(|_| {})),
        (Who::Approver, Some(request.clone()), approve(binding.clone())),
        (Who::Agent, Some(request.clone()), UseCommand::Withdraw),
    ] {
        let refusal = away(who).do_use(state, &command).unwrap_err();
        assert_eq!(
            (refusal.code, refusal.rule.to_string().as_str()),
            (Code::NetworkNotAllowed, "R7")
        );
        assert_eq!(refusal.values["network"], "192.0.2.7");
    }
    let approved = world
        .by(Who::Approver)
        .do_use(Some(request), &approve(binding.clone()))
        .unwrap();
    let begin = UseCommand::Begin {
        item: 0,
        document: binding.document,
        placement: binding.placement,
    };
    let refused = away(Who::Custodian).do_use(Some(approved.clone()), &begin);
    assert_eq!(refused.unwrap_err().code, Code::NetworkNotAllowed);
    let begun = world.by(Who::Custodian).do_use(Some(approved), &begin).unwrap();
    // What is true is recorded from everywhere.
    let finish = UseCommand::Finish {
        item: 0,
        outcome: Outcome::Failed {
            reason: text("the page is blank"),
        },
    };
    away(Who::Custodian).do_use(Some(begun), &finish).unwrap();
}
