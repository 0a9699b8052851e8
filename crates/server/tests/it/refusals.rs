//! Every refusal of the requirements A3 to A9 (R18 to R65): the act that is refused is done over HTTP, and what comes
//! back stands in `refusals.txt`, with the article that it rests on.
//!
//! A code of those requirements that has no row there fails the test, unless [`NOT_ASKED_OVER_HTTP`] says why nobody
//! can bring it about.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::sync::Mutex;

use expect_test::expect_file;
use registry::Code;
use serde_json::{Value, json};
use testkit::{Bureau, BureauFault};

use crate::applications::{PICTURE, other_picture, worn_picture};
use crate::life::{PIN, making};
use crate::policies;
use crate::set_up::order;
use crate::support::{Answer, TestServer};
use crate::town::Town;
use crate::uses::{self, place};
use crate::world::{self, SEAL, Who, World, id, ofd};

/// Codes that no request over HTTP can bring about, and why. The rules are asked all the same, in the snapshots of
/// `registry`.
const NOT_ASKED_OVER_HTTP: &[(&[Code], &str)] = &[
    (
        &[
            Code::CertificateNotValid,
            Code::CertificateRevoked,
            Code::CertificateNotTrusted,
            Code::PeriodsDiffer,
            Code::PeriodNotLonger,
        ],
        "the service binds the certificate that its issuer made a moment before, for the seal's period",
    ),
    (
        &[
            Code::FilingNotAsked,
            Code::FiledAlready,
            Code::NotOverdue,
            Code::NotYetHappened,
            Code::PeriodNotOver,
            Code::ApprovalStillHolds,
            Code::NotBegun,
        ],
        "only the service's own jobs do this",
    ),
    (
        &[Code::ComparisonOfAnother],
        "the service compares the image that goes into the seal",
    ),
    (
        &[Code::PictureChanged],
        "the service puts the seal's own image into its next edition",
    ),
    (
        &[Code::DeviceKindNotAllowed],
        "the service makes keys on its server, which every profile allows",
    ),
    (
        &[Code::DeviceIsTheOldOne],
        "the service makes a key on another device each time",
    ),
    (
        &[Code::PeriodOver],
        "the job that ends such a seal comes first, but for a second",
    ),
    (
        &[Code::NotInBatch],
        "only a forged database brings it about, as `batches` shows",
    ),
    (
        &[Code::StampedAlready],
        "a batch leaves out what is sealed, and a sealed request is completed",
    ),
    (
        &[Code::BatchSize],
        "no documents, or more than 10 000, are no request (BAD_BODY)",
    ),
    (&[Code::SuspensionNotOffered], "every profile has suspension"),
    (
        &[Code::OnApplicationOnly],
        "every profile has cancellation ex officio",
    ),
];

/// The regulations, as the profiles have them. Those of Wuhu are over (their article 31), so that the national base is
/// cited in their place; `registry` looks at the time when they were in force.
const PROFILES: [&str; 4] = ["cn", "xian", "wuhu", "inner-mongolia"];

/// What was done, and the article that each profile names.
type Acts = BTreeMap<String, BTreeSet<String>>;

/// What was refused: by requirement and code, what was done and what it rests on under each profile.
#[derive(Default)]
struct Table {
    rows: Mutex<BTreeMap<(u8, &'static str), Acts>>,
    /// Answers that were not the refusal that the act deserves.
    wrong: Mutex<Vec<String>>,
}

impl Table {
    /// Notes an answer, which must be this refusal and say everything that a refusal has to say.
    fn refused(&self, profile: &str, what: &str, code: Code, answer: &Answer) {
        let problem = serde_json::from_slice(&answer.body).unwrap_or(Value::Null);
        let said = |name: &str| problem[name].as_str().unwrap_or_default();
        // Every blank of the sentences was filled in.
        let whole = |text: &str| !text.is_empty() && !text.contains('?');
        let right = (400..500).contains(&answer.status)
            && said("code") == code.name()
            && said("rule") == code.rule().to_string()
            && whole(said("title"))
            && whole(said("detail"))
            && !said("article").is_empty();
        if !right {
            let came = format!("{what} ({profile}): {} {problem}", answer.status);
            self.wrong.lock().unwrap().push(came);
            return;
        }
        let mut rows = self.rows.lock().unwrap();
        let row = rows.entry((code.rule().number(), code.name())).or_default();
        row.entry(format!("{what} ({})", answer.status))
            .or_default()
            .insert(format!("{profile}: {}", said("article")));
    }

    fn finished(self) -> String {
        let wrong = self.wrong.into_inner().unwrap();
        assert!(
            wrong.is_empty(),
            "these were not refused so:\n{}",
            wrong.join("\n")
        );
        let rows = self.rows.into_inner().unwrap();
        let mut text = String::new();
        for ((rule, code), acts) in &rows {
            writeln!(text, "R{rule} {code}").unwrap();
            for (act, articles) in acts {
                writeln!(text, "    {act}").unwrap();
                for article in articles {
                    writeln!(text, "        {article}").unwrap();
                }
            }
        }
        let shown = |code: &Code| rows.keys().any(|(_, name)| *name == code.name());
        let excepted: Vec<&Code> = NOT_ASKED_OVER_HTTP.iter().flat_map(|(codes, _)| *codes).collect();
        let missing: Vec<&Code> = Code::ALL
            .iter()
            .filter(|code| (18..=65).contains(&code.rule().number()))
            .filter(|code| !shown(code) && !excepted.contains(code))
            .collect();
        assert!(missing.is_empty(), "no row shows these refusals: {missing:?}");
        let superfluous: Vec<_> = excepted.into_iter().filter(|code| shown(code)).collect();
        assert!(superfluous.is_empty(), "these can be shown: {superfluous:?}");
        text
    }
}

#[test]
fn r18_to_r65_every_refusal_names_its_article() {
    // Only there does a use without outcome outlive a start.
    let Some(postgres) = testkit::PrivatePostgres::shared() else {
        return;
    };
    let table = Table::default();
    std::thread::scope(|scope| {
        let table = &table;
        for profile in PROFILES {
            scope.spawn(move || applications(table, profile));
            scope.spawn(move || seals(table, profile));
        }
        scope.spawn(|| devices(table));
        scope.spawn(|| business_seals(table));
        scope.spawn(|| registered_impressions(table));
        scope.spawn(|| makers(table));
        scope.spawn(|| periods(table));
        scope.spawn(|| uses(table, postgres.database()));
        scope.spawn(|| approvals_that_lapse(table));
    });
    expect_file!["refusals.txt"].assert_eq(&table.finished());
}

/// A town under these regulations, where seals are made and filed with this body.
fn town(profile: &str, bureau: &Bureau, lines: &str) -> Town {
    let mut root = order();
    root["authority"]["profile"] = profile.into();
    let lines = format!(
        "{}networks.dedicated = [\"127.0.0.1\"]\nfiling.competent_department = \"{}\"\n{lines}",
        making(bureau),
        bureau.url()
    );
    Town::under(TestServer::with(&lines), &root)
}

fn declared(text: &str) -> Value {
    json!({ "type": "submit", "declaration": text })
}

/// Applying and reviewing (A3).
fn applications(table: &Table, profile: &str) {
    let bureau = Bureau::open();
    let mut town = town(profile, &bureau, "");
    let refused = |what, code, answer: &Answer| table.refused(profile, what, code, answer);
    let somebody = town.person_order();
    assert_eq!(town.by(&town.security, "/api/people", &somebody).status, 201);
    refused(
        "registering a person twice",
        Code::PersonTaken,
        &town.by(&town.security, "/api/people", &somebody),
    );

    // What is missing is named, one after the other.
    let drafted = |ask: &Value| {
        let drafted = town.draft(ask);
        assert_eq!(drafted.status, 201, "{}", drafted.text());
        drafted.json()["id"].as_str().unwrap().to_owned()
    };
    let id = drafted(&town.ask());
    let what = "handing in an application without declaration";
    refused(
        what,
        Code::DeclarationMissing,
        &town.step("agent", &id, &declared(" ")),
    );
    let what = "handing in an application without evidence of identity";
    refused(what, Code::IdentityMissing, &town.submit(&id));
    for kind in ["unit_identity", "agent_identity", "agent_authorisation"] {
        town.hand_in(&id, kind, kind.as_bytes());
    }
    for kind in ["application_form", "sealed_form"] {
        town.hand_in(&id, kind, kind.as_bytes());
    }
    let what = "asking for a seal without proof of engraving";
    refused(what, Code::EngravingProofMissing, &town.submit(&id));
    town.hand_in(&id, "engraving_proof", b"proof");
    let what = "asking for a seal without the sheet of its impression";
    refused(what, Code::ImpressionSheetMissing, &town.submit(&id));
    let formless = drafted(&town.ask());
    for kind in [
        "unit_identity",
        "agent_identity",
        "agent_authorisation",
        "engraving_proof",
        "impression_sheet",
    ] {
        town.hand_in(&formless, kind, kind.as_bytes());
    }
    let what = "handing in an application without its form";
    refused(what, Code::FormMissing, &town.submit(&formless));
    let mut ask = town.ask();
    ask["seal"]["impression"] = json!(null);
    let what = "asking for a seal without its impression";
    refused(what, Code::ImpressionMissing, &town.submit(&drafted(&ask)));
    ask = town.ask();
    ask["seal"]["physical"] = json!(null);
    let what = "asking for a seal that was not engraved";
    refused(what, Code::PhysicalSealMissing, &town.submit(&drafted(&ask)));
    ask = town.ask();
    ask["seal"]["impression"]["source"] = "drawn".into();
    let what = "asking for a legal-name seal with a drawn impression";
    refused(what, Code::ImpressionNotRegistered, &town.submit(&drafted(&ask)));
    ask = town.ask();
    ask["seal"]["name"] = " ".into();
    refused(
        "asking for a seal without name",
        Code::TextMissing,
        &town.draft(&ask),
    );

    // Consent, review and reasons.
    let id = town.submitted(&town.ask());
    let again = town.with_materials(&town.ask(), PICTURE);
    let what = "asking for a second legal-name seal";
    refused(what, Code::LegalNameSealExists, &town.submit(&again));
    let take_up = json!({ "type": "take_up" });
    let what = "reviewing before the principal consented";
    refused(what, Code::ConsentMissing, &town.step("reviewer", &id, &take_up));
    town.steps(&id, &[("principal", json!({ "type": "consent" }))]);
    let authority = json!({ "kind": "authority", "id": town.authority });
    town.settle("second", "reviewer", &authority);
    let (agent, scope) = (town.id("agent").to_owned(), authority);
    town.appoint(&agent, "reviewer", &scope);
    let refused = |what, code, answer: &Answer| table.refused(profile, what, code, answer);
    let what = "reviewing one's own application";
    refused(what, Code::OwnApplication, &town.step("agent", &id, &take_up));
    town.steps(&id, &[("reviewer", take_up)]);
    let approval = town.approval(&id);
    let what = "approving what another reviewer took up";
    refused(what, Code::NotTheReviewer, &town.step("second", &id, &approval));
    let what = "approving without having checked the materials";
    let unchecked = json!({ "type": "approve", "checked": [] });
    refused(
        what,
        Code::MaterialUnchecked,
        &town.step("reviewer", &id, &unchecked),
    );
    let reject = |reasons: &[&str]| json!({ "type": "reject", "reasons": reasons });
    let what = "rejecting without reasons";
    refused(
        what,
        Code::ReasonsMissing,
        &town.step("reviewer", &id, &reject(&[])),
    );
    let what = "rejecting with more reasons than anybody reads";
    refused(
        what,
        Code::TooMany,
        &town.step("reviewer", &id, &reject(&["理由"; 33])),
    );
}

/// Making, filing, keeping and ending a legal-name seal (A4 to A6, A9).
fn seals(table: &Table, profile: &str) {
    let bureau = Bureau::open();
    let town = town(profile, &bureau, "");
    let refused = |what, code, answer: &Answer| table.refused(profile, what, code, answer);
    let id = town.submitted(&town.ask());
    let path = format!("/api/applications/{id}/making");
    let make = |order: &Value| town.post("maker", &path, order);
    let what = "making what was not approved";
    refused(what, Code::ApplicationNotApproved, &make(&town.making_order()));
    town.consent_and_approve(&id);
    let what = "making without having compared the impressions";
    refused(what, Code::ComparisonMissing, &make(&town.making_order()));
    let comparison = format!("/api/applications/{id}/comparison");
    assert_eq!(town.send("maker", &comparison, PICTURE).status, 201);
    let mut order = town.making_order();
    order["verdict"] = "different".into();
    let what = "making a seal whose impression is another one than the registered";
    refused(what, Code::ImpressionsDisagree, &make(&order));
    order = town.making_order();
    order["custodian"] = town.id("agent").into();
    let what = "making a seal for somebody who is no custodian";
    refused(what, Code::NotACustodian, &make(&order));
    bureau.switch(BureauFault::OutOfOrder);
    let made = make(&town.making_order());
    assert_eq!(made.status, 201, "{}", made.text());
    let seal = made.json()["id"].as_str().unwrap().to_owned();
    let collect = |who: &str| {
        let path = format!("/api/seals/{seal}/collection");
        town.post(who, &path, &json!({ "pin": PIN }))
    };
    let what = "collecting a seal before it is filed";
    refused(what, Code::NotFiledYet, &collect("custodian"));
    bureau.switch(BureauFault::None);
    town.wait("the filing", || {
        town.scene.server.clock.advance(1);
        town.seal(&seal)["status"] == "filed"
    });
    let what = "collecting somebody else's seal";
    refused(what, Code::NotTheReceiver, &collect("agent"));
    assert_eq!(collect("custodian").status, 200);

    // Keeping it.
    let pin = json!({ "old_pin": PIN, "new_pin": "another pin 88" });
    let what = "changing the password of somebody else's seal";
    let path = format!("/api/seals/{seal}/pin");
    refused(what, Code::NotTheCustodian, &town.post("agent", &path, &pin));
    let give = |to: &str| json!({ "type": "hand_over", "to": town.id(to) });
    let what = "handing a seal over to its custodian";
    let step = town.seal_step("principal", &seal, &give("custodian"));
    refused(what, Code::IsCustodianAlready, &step);
    let what = "resetting a password without evidence";
    let bare = |ask: &Value| town.draft(ask).json()["id"].as_str().unwrap().to_owned();
    let reset = bare(&json!({ "kind": "reset_pin", "seal": seal }));
    refused(what, Code::ResetEvidenceMissing, &town.submit(&reset));
    let unknown = json!({ "kind": "replace_device", "seal": seal, "reason": "device_damaged",
        "device": "00000000-0000-7000-8000-000000000000" });
    let what = "replacing a device that holds no key of the seal";
    let unknown = town.with_materials(&unknown, PICTURE);
    refused(what, Code::DeviceUnknown, &town.submit(&unknown));

    // Renewing and changing it.
    let what = "renewing more than three months before the end";
    let renew = town.with_materials(&json!({ "kind": "renew", "seal": seal }), PICTURE);
    refused(what, Code::RenewalTooEarly, &town.submit(&renew));
    let mut successor = town.ask();
    successor["seal"]["replaces"] = seal.as_str().into();
    let what = "asking for the successor of a seal that is not cancelled";
    let successor = town.with_materials(&successor, PICTURE);
    refused(what, Code::CancelFirst, &town.submit(&successor));
    let later =
        json!({ "kind": "change", "seal": seal, "reason": "physical_seal_changed", "scheduled": true });
    let change = town.with_materials(&later, PICTURE);
    if profile == "inner-mongolia" {
        // Here the old seal may wait for the new one, and then must.
        assert_eq!(town.submit(&change).status, 200);
        town.consent_and_approve(&change);
        let schedule = json!({ "type": "schedule_cancellation", "application": change });
        assert_eq!(town.seal_step("maker", &seal, &schedule).status, 200);
        let what = "cancelling a seal before the successor that it waits for is in force";
        let cancel = json!({ "type": "cancel", "application": change });
        let step = town.seal_step("maker", &seal, &cancel);
        refused(what, Code::SuccessorNotInForce, &step);
        return;
    }
    let what = "changing a seal while it stays in force";
    refused(what, Code::ChangeIsCancelFirst, &town.submit(&change));

    // Suspending and ending it.
    let ask = json!({ "kind": "suspend", "seal": seal, "reason": "unit_ended" });
    let what = "suspending for a reason that ends a seal";
    refused(what, Code::ReasonNotForThis, &town.draft(&ask));
    let suspend = json!({ "type": "suspend", "reason": "seal_no_longer_used" });
    let what = "suspending without application where nothing is urgent";
    let step = town.seal_step("custodian", &seal, &suspend);
    refused(what, Code::ApplicationMissing, &step);
    let what = "ending a seal without evidence";
    let cancel = bare(&json!({ "kind": "cancel", "seal": seal, "reason": "seal_no_longer_used" }));
    refused(what, Code::EndingEvidenceMissing, &town.submit(&cancel));
    let suspension = town.approved(&json!({ "kind": "suspend", "seal": seal, "reason": "key_leaked" }));
    let cancel = json!({ "type": "cancel", "application": suspension });
    let what = "cancelling a seal on an application for something else";
    let step = town.seal_step("maker", &seal, &cancel);
    refused(what, Code::ApplicationForAnother, &step);
    let suspended = json!({ "type": "suspend", "reason": "key_leaked" });
    assert_eq!(town.seal_step("custodian", &seal, &suspended).status, 200);
    let end = json!({ "type": "end", "reason": "dissolved" });
    let path = format!("/api/units/{}/changes", town.unit);
    assert_eq!(town.post("reviewer", &path, &end).status, 200);
    let what = "applying for a unit that has ended";
    let resume = json!({ "kind": "resume", "seal": seal });
    refused(what, Code::UnitHasEnded, &town.draft(&resume));
}

/// Devices that a custodian carries (A6).
fn devices(table: &Table) {
    let profile = "inner-mongolia";
    let bureau = Bureau::open();
    let town = town(profile, &bureau, "");
    let refused = |what, code, answer: &Answer| table.refused(profile, what, code, answer);
    let old = town.active();
    town.put_on_smart_key(&old);
    let what = "cancelling a seal whose device was lost without its custodian's report";
    let lost = json!({ "kind": "cancel", "seal": old, "reason": "device_lost" });
    let lost = town.with_materials(&lost, PICTURE);
    refused(what, Code::CustodianReportMissing, &town.submit(&lost));
    let change =
        json!({ "kind": "change", "seal": old, "reason": "physical_seal_changed", "scheduled": false });
    town.cancelled_on(&old, &change);
    let new = town.successor(&old);
    let collect = json!({ "pin": PIN, "old_device": "none" });
    let what = "collecting a new seal without handing the old device back";
    let collected = town.post("custodian", &format!("/api/seals/{new}/collection"), &collect);
    refused(what, Code::OldDeviceMissing, &collected);
}

/// Several seals of one kind, seals of office holders, and names (A3, A4, A7).
fn business_seals(table: &Table) {
    let bureau = Bureau::open();
    let town = town("cn", &bureau, "");
    let refused = |what, code, answer: &Answer| table.refused("cn", what, code, answer);
    let first = town.approved(&town.contract(PICTURE, "6101000000002"));
    let mut named = town.making_order();
    named["name_reason"] = "业务专用章，含单位名称".into();
    let made = town.make_of(&first, PICTURE, &named);
    assert_eq!(made.status, 201, "{}", made.text());
    let what = "asking for a second business seal with the same impression";
    let second = town.with_materials(&town.contract(PICTURE, "6101000000003"), PICTURE);
    refused(what, Code::ImpressionTaken, &town.submit(&second));
    let worn = worn_picture();
    let third = town.with_materials(&town.contract(&worn, "6101000000004"), &worn);
    assert_eq!(town.submit(&third).status, 200);
    town.consent_and_approve(&third);
    let what = "making a business seal that may be the same as another one";
    refused(
        what,
        Code::LikenessUndecided,
        &town.make_of(&third, &worn, &named),
    );
    let another = other_picture(2);
    let fourth = town.with_materials(&town.contract(&another, "6101000000005"), &another);
    assert_eq!(town.submit(&fourth).status, 200);
    town.consent_and_approve(&fourth);
    let rename = json!({ "type": "rename", "name": "测试市数据局" });
    let renamed = town.post("reviewer", &format!("/api/units/{}/changes", town.unit), &rename);
    assert_eq!(renamed.status, 200, "{}", renamed.text());
    let what = "making a seal whose name is not the one in the certificate";
    let made = town.make_of(&fourth, &another, &town.making_order());
    refused(what, Code::NamesDisagree, &made);
    let mut ask = town.ask();
    ask["seal"]["kind"] = "principal".into();
    ask["seal"]["name"] = "测试市大数据局局长之印".into();
    ask["seal"]["physical"] = json!(null);
    ask["seal"]["owner"] = json!({ "kind": "position", "unit": town.unit, "holder": town.id("principal") });
    ask["seal"]["impression"]["source"] = "drawn".into();
    ask["seal"]["impression"]["code"] = json!(null);
    let office = town.approved(&ask);
    let what = "making an office holder's seal for somebody else";
    let made = town.post("maker", &format!("/api/applications/{office}/making"), &named);
    refused(what, Code::HolderOnly, &made);
}

/// What public security and the data-sharing platform have (A3, A4).
fn registered_impressions(table: &Table) {
    let bureau = Bureau::open();
    let lines = format!(
        "impressions.public_security = \"{0}\"\nimpressions.timeout_seconds = 1\nsharing.platform = \"{0}\"\n\
         sharing.timeout_seconds = 1\n",
        bureau.questions_url()
    );
    let town = town("cn", &bureau, &lines);
    let refused = |what, code, answer: &Answer| table.refused("cn", what, code, answer);
    bureau.hold("kind=unit_identity", b"the register of units says so");
    let id = town.draft(&town.ask()).json()["id"].as_str().unwrap().to_owned();
    for kind in ["agent_identity", "application_form", "engraving_proof"] {
        town.hand_in(&id, kind, kind.as_bytes());
    }
    town.hand_in(&id, "impression_sheet", PICTURE);
    let mut ask = town.ask();
    ask["seal"]["impression"]["source"] = "public_security".into();
    town.steps(&id, &[("agent", json!({ "type": "amend", "ask": ask }))]);
    let what = "naming an impression that public security does not have";
    refused(what, Code::ImpressionNotTheFiled, &town.submit(&id));
    town.steps(&id, &[("agent", json!({ "type": "amend", "ask": town.ask() }))]);
    let submitted = town.submit(&id);
    assert_eq!(submitted.status, 200, "{}", submitted.text());
    town.steps(
        &id,
        &[
            ("principal", json!({ "type": "consent" })),
            ("reviewer", json!({ "type": "take_up" })),
        ],
    );
    let what = "asking the applicant for what the data-sharing platform supplies";
    let back = json!({ "type": "return", "materials": ["unit_identity"], "reasons": ["请补交"] });
    refused(what, Code::ConnectorSupplies, &town.step("reviewer", &id, &back));
    town.steps(&id, &[("agent", json!({ "type": "withdraw" }))]);
    bureau.hold("code=6101000000001", PICTURE);
    let own = town.with_materials(&town.ask(), PICTURE);
    let what = "handing an impression in that public security has";
    refused(what, Code::ImpressionIsFiled, &town.submit(&own));
}

/// Certificates that a seal must not be made with (A4).
fn makers(table: &Table) {
    let bureau = Bureau::open();
    let lines = making(&bureau).replace("making.e_government = true", "making.e_government = false");
    let town = Town::on(TestServer::with(&lines));
    let made = town.make(&town.approved(&town.ask()));
    let what = "making a government's seal with a certificate that is not for e-government";
    table.refused("cn", what, Code::CertificateNotGovernment, &made);
}

/// Seals whose period is over (A9).
fn periods(table: &Table) {
    let bureau = Bureau::open();
    let town = Town::making(&bureau);
    let seal = town.active();
    town.scene.server.clock.advance(366 * 24 * 3600);
    town.sign_all_in(Some("Own-choice-78"));
    town.wait("the expiry", || town.seal(&seal)["status"] == "expired");
    let what = "renewing a seal whose period is over";
    let renew = town.with_materials(&json!({ "kind": "renew", "seal": seal }), PICTURE);
    table.refused("cn", what, Code::RenewalTooLate, &town.submit(&renew));
}

/// Policies, requests, approvals, sealing (A6 to A8).
fn uses(table: &Table, database: String) {
    let world = World::on(Some(database), "");
    let refused = |what, code, answer: &Answer| table.refused("cn", what, code, answer);
    let notice = ofd("通知");
    let what = "asking for a use where the unit has no policy";
    refused(what, Code::PolicyMissing, &world.ask(&notice));
    let adopt = |policy: &Value| world.change(Who::Principal, &policies::path(), policy);
    let steps = |steps: Value| json!({ "rules": [{ "steps": steps }], "approval_days_max": 7 });
    let what = "adopting a policy without rules";
    let bare = json!({ "rules": [], "approval_days_max": 7 });
    refused(what, Code::RulesMissing, &adopt(&bare));
    let what = "adopting a policy whose approver is an agent";
    refused(
        what,
        Code::ApproverDoesNotFit,
        &adopt(&steps(json!([{ "role": "agent" }]))),
    );
    let mut over = steps(json!([{ "role": "approver" }]));
    over["approval_days_max"] = 0.into();
    let what = "adopting a policy whose approvals hold for no time";
    refused(what, Code::PeriodEmpty, &adopt(&over));
    let dear = json!({ "rules": [{ "document_types": ["official_document"], "amount_from_fen": 100,
        "steps": [{ "role": "approver" }] }], "approval_days_max": 7 });
    assert_eq!(adopt(&dear).status, 201);
    let what = "asking for a use without the amount that the policy asks for";
    refused(
        what,
        Code::AmountMissing,
        &world.change(Who::Agent, "/api/uses", &uses::order(&notice)),
    );
    let what = "asking for a use that the policy has no rule for";
    let mut cheap = uses::order(&notice);
    cheap["amount_fen"] = 1.into();
    refused(
        what,
        Code::NoRuleFits,
        &world.change(Who::Agent, "/api/uses", &cheap),
    );

    assert_eq!(adopt(&steps(json!([{ "person": Who::Agent.id() }]))).status, 201);
    let own = world.ask(&ofd("自己的")).json();
    let what = "approving what one asked for oneself";
    refused(what, Code::DutiesTogether, &world.approve(Who::Agent, &own));
    assert_eq!(adopt(&policies::simple()).status, 201);
    let asked = world.ask(&ofd("公告"));
    assert_eq!(asked.status, 201, "{}", asked.text());
    let asked = asked.json();
    let approvals = format!("{}/approvals", place(&asked));
    let mut body =
        json!({ "document": asked["document"], "seal": asked["seal"], "placement": asked["placement"] });
    let what = "approving without being the approver";
    refused(what, Code::NotTheApprover, &world.approve(Who::Custodian, &asked));
    body["for_person"] = json!(Who::Approver.id());
    let what = "approving in the place of somebody whose deputy one is not";
    refused(
        what,
        Code::NotADeputy,
        &world.change(Who::Deputy, &approvals, &body),
    );
    body["for_person"] = json!(null);
    body["document"] = gm::sm3(b"other").to_string().into();
    let what = "approving another document than what was asked for";
    refused(
        what,
        Code::BindingDiffers,
        &world.change(Who::Approver, &approvals, &body),
    );
    let what = "asking for a blank document to be sealed";
    refused(what, Code::BlankDocument, &world.ask(&ofd("")));
    let mut silent = uses::order(&notice);
    silent["purpose"] = " ".into();
    let what = "asking for a use without purpose";
    refused(
        what,
        Code::PurposeMissing,
        &world.change(Who::Agent, "/api/uses", &silent),
    );

    // Sealing.
    let approved = world.approved("通知");
    let what = "sealing without keeping the seal";
    refused(
        what,
        Code::NotTheCustodian,
        &world.stamp(Who::Agent, &approved, world::PIN),
    );
    let world = world.cut_off(&approved);
    let refused = |what, code, answer: &Answer| table.refused("cn", what, code, answer);
    let what = "sealing while nobody knows what came of sealing it before";
    refused(
        what,
        Code::OutcomeUnknown,
        &world.stamp(Who::Custodian, &approved, world::PIN),
    );
    let suspend = json!({ "type": "suspend", "reason": "key_leaked" });
    let path = format!("/api/seals/{}/steps", id(SEAL));
    let suspended = world.change(Who::Custodian, &path, &suspend);
    assert_eq!(suspended.status, 200, "{}", suspended.text());
    let what = "asking for the use of a suspended seal";
    refused(what, Code::SealNotInForce, &world.ask(&ofd("再通知")));
}

/// Approvals that were not used in time, and passwords that were not changed in time (A6, A7).
fn approvals_that_lapse(table: &Table) {
    // Nobody notes meanwhile that they lapsed.
    let world = World::with("documents.settle_seconds = 86400\n");
    let refused = |what, code, answer: &Answer| table.refused("cn", what, code, answer);
    world.adopt();
    let approved = world.approved("通知");
    world.days(8);
    let what = "sealing on an approval that has lapsed";
    refused(
        what,
        Code::ApprovalLapsed,
        &world.stamp(Who::Custodian, &approved, world::PIN),
    );
    world.days(90);
    let fresh = world.approved("再通知");
    let what = "sealing with a password that was not changed in time";
    refused(
        what,
        Code::PasswordTooOld,
        &world.stamp(Who::Custodian, &fresh, world::PIN),
    );
}
