//! The desks of a unit: its people, deputies, grants, handing seals over, and what can be applied for.

use serde_json::json;
use testkit::Bureau;

use crate::life::PIN;
use crate::town::Town;
use crate::web::field;
use crate::world::{SEAL, UNIT, Who, World, id, ofd};

/// Names that people gave, which no language changes.
const NAMES: [&str; 13] = [
    "测试业务系统",
    "发布通知",
    "签订",
    "测试市大数据局",
    "欧阳测试",
    "测试市档案馆",
    "测试市图书馆",
    "示例单位",
    "号",
    "印信",
    "自动出具证明",
    "核发证照",
    "测试市档",
];

#[test]
fn r16_a_reviewer_registers_a_unit_and_names_its_principal_who_names_the_others() {
    let town = Town::new();
    let reviewer = town.desk("reviewer");
    let page = reviewer.page("/units", &NAMES);
    assert!(
        page.contains("测试市大数据局") && page.contains("登记单位"),
        "{page}"
    );
    let fields = |code| {
        [
            ("name", "测试市档案馆"),
            ("code", code),
            ("kind", "institution"),
            ("region", "610100"),
            ("level", "city"),
        ]
    };
    let bad = reviewer.send("/units/new", "/units/new", &fields("12345"));
    assert_eq!(bad.status, 400);
    assert!(
        bad.text().contains("统一社会信用代码”未填写或无法识别")
            && bad.text().contains("value=\"测试市档案馆\"")
    );
    let unit = reviewer.done("/units/new", "/units/new", &fields("12610100MB2A00011R"));
    let page = reviewer.page(&unit, &NAMES);
    assert!(
        page.contains("还没有人员") && page.contains("还没有印章"),
        "{page}"
    );
    let found = reviewer.page("/units?q=%E6%B5%8B%E8%AF%95%E5%B8%82%E6%A1%A3", &NAMES);
    assert!(found.contains("测试市档案馆") && !found.contains(">测试市大数据局<"));
    assert!(
        reviewer
            .page("/units?q=%E6%B2%A1%E6%9C%89", &["没有"])
            .contains("没有找到")
    );
    // Whoever is new is registered and appointed with one form.
    let person = town.person_order();
    let (name, number) = (
        person["name"].as_str().unwrap(),
        person["identity_number"].as_str().unwrap(),
    );
    let people = format!("{unit}/people");
    let appoint = [
        ("type", "appoint"),
        ("role", "principal"),
        ("name", name),
        ("identity_number", number),
    ];
    assert_eq!(reviewer.done(&unit, &people, &appoint), unit);
    let page = reviewer.page(&unit, &NAMES);
    assert!(page.contains(name) && page.contains("主要负责人"), "{page}");
    assert!(!page.contains(number));
    // A reviewer names nobody else, and is told the rule.
    let agent = [
        ("type", "appoint"),
        ("role", "agent"),
        ("name", name),
        ("identity_number", number),
    ];
    let refused = reviewer.send(&unit, &people, &agent);
    assert_eq!(refused.status, 403, "{}", refused.text());
    assert!(refused.text().contains("依据：") && refused.text().contains(&format!("value=\"{name}\"")));
    let changes = format!("{unit}/changes");
    reviewer.done(
        &unit,
        &changes,
        &[("type", "rename"), ("new_name", "测试市图书馆")],
    );
    assert!(reviewer.page(&unit, &NAMES).contains("<h1>测试市图书馆"));
    let end = [("type", "end"), ("reason", "dissolved"), ("sure", "yes")];
    reviewer.done(&unit, &changes, &end);
    assert!(reviewer.page(&unit, &NAMES).contains("已撤销"));
    // Another unit's people do not see it.
    assert_eq!(town.desk("agent").get(&unit).status, 404);
    assert_eq!(town.desk("agent").get("/units").status, 404);
}

#[test]
fn a_principal_names_and_ends_custodians_by_name() {
    let town = Town::new();
    let principal = town.desk("principal");
    let unit = format!("/units/{}", town.unit);
    let page = principal.page(&unit, &NAMES);
    assert!(
        page.contains(&town.name_of("custodian")) && page.contains("任命人员"),
        "{page}"
    );
    let people = format!("{unit}/people");
    let stranger = town.person_order();
    let (name, number) = (
        stranger["name"].as_str().unwrap(),
        stranger["identity_number"].as_str().unwrap(),
    );
    let appoint = [
        ("type", "appoint"),
        ("role", "custodian"),
        ("name", name),
        ("identity_number", number),
    ];
    let unknown = principal.send(&unit, &people, &appoint);
    assert_eq!(unknown.status, 400, "{}", unknown.text());
    assert!(unknown.text().contains("没有登记这个人"));
    let registered = town.by(&town.security, "/api/people", &stranger);
    assert_eq!(registered.status, 201, "{}", registered.text());
    let wrong = [
        ("type", "appoint"),
        ("role", "custodian"),
        ("name", "别人"),
        ("identity_number", number),
    ];
    assert_eq!(principal.send(&unit, &people, &wrong).status, 400);
    principal.done(&unit, &people, &appoint);
    assert!(principal.page(&unit, &NAMES).contains(name));
    let person = registered.json()["id"].as_str().unwrap().to_owned();
    let end = [
        ("type", "dismiss"),
        ("role", "custodian"),
        ("person", person.as_str()),
    ];
    principal.done(&unit, &people, &end);
    assert!(!principal.page(&unit, &NAMES).contains(name));
    // The agent sees who is who, and names nobody.
    let agent = town.desk("agent");
    assert!(!agent.page(&unit, &NAMES).contains("任命人员"));
    assert_eq!(agent.send(&unit, &people, &appoint).status, 403);
}

#[test]
fn r50_deputies_are_named_for_a_time_and_ended() {
    let world = World::new();
    let (principal, page) = (
        world.desk(Who::Principal),
        format!("/units/{}/deputies", id(UNIT)),
    );
    assert!(principal.page(&page, &NAMES).contains("先发布规则"));
    world.adopt();
    assert!(principal.page(&page, &NAMES).contains("没有代理人"));
    let (of, deputy) = (Who::Approver.id().to_string(), Who::Deputy.id().to_string());
    let today = world.server.clock.now().to_string()[..10].to_owned();
    let order = |until: &'static str| -> Vec<(&'static str, String)> {
        vec![
            ("type", "appoint".into()),
            ("of", of.clone()),
            ("deputy", deputy.clone()),
            ("from", today.clone()),
            ("until", until.into()),
            ("amount", "500".into()),
            ("document_type", "official_document".into()),
        ]
    };
    let send = |fields: &[(&'static str, String)]| {
        let fields: Vec<_> = fields
            .iter()
            .map(|(name, value)| (*name, value.as_str()))
            .collect();
        principal.send(&page, &page, &fields)
    };
    let backwards = send(&order("2020-01-01"));
    assert_eq!(backwards.status, 422, "{}", backwards.text());
    assert!(backwards.text().contains("value=\"500\"") && backwards.text().contains("依据："));
    assert_eq!(send(&order("2099-01-01")).status, 303);
    let shown = principal.page(&page, &NAMES);
    assert!(
        shown.contains("正在代理") && shown.contains("不超过 500 元"),
        "{shown}"
    );
    let end = [
        ("type", "dismiss"),
        ("of", of.as_str()),
        ("deputy", deputy.as_str()),
    ];
    principal.done(&page, &page, &end);
    assert!(principal.page(&page, &NAMES).contains("没有代理人"));
    // Another unit's people see nothing.
    assert_eq!(world.desk(Who::Stranger).get(&page).status, 404);
}

#[test]
fn r15_a_grant_is_asked_for_consented_opened_and_revoked() {
    let world = World::with_policy();
    let (agent, page) = (world.desk(Who::Agent), format!("/units/{}/grants", id(UNIT)));
    assert!(agent.page(&page, &NAMES).contains("没有授权"));
    let system = world.granted(10);
    let listed = agent.page(&page, &NAMES);
    assert!(
        listed.contains("有效") && listed.contains("data-label=\"业务系统\">测试业务系统</td>"),
        "{listed}"
    );
    assert!(listed.contains("<select id=\"system\"") && listed.contains(">测试业务系统</option>"));
    let known = world.get(Who::Agent, &system).json();
    let today = world.server.clock.now().to_string()[..10].to_owned();
    let seal = id(SEAL).to_string();
    let order = |purpose: &'static str| {
        vec![
            ("seal", seal.clone()),
            ("system", known["system"].as_str().unwrap().to_owned()),
            ("purpose", purpose.to_owned()),
            ("document_type", "official_document".to_owned()),
            ("from", today.clone()),
            ("until", "2099-01-01".to_owned()),
            ("documents_max", "20".to_owned()),
            ("per", "day".to_owned()),
        ]
    };
    let send = |fields: Vec<(&'static str, String)>| {
        let fields: Vec<_> = fields
            .iter()
            .map(|(name, value)| (*name, value.as_str()))
            .collect();
        agent.send(&page, &page, &fields)
    };
    let empty = send(order(""));
    assert!(
        empty.status >= 400 && empty.text().contains("value=\"20\""),
        "{}",
        empty.text()
    );
    let asked = send(order("自动出具证明"));
    assert_eq!(asked.status, 303, "{}", asked.text());
    let grant = asked.header("location").unwrap().to_owned();
    let steps = format!("{grant}/steps");
    let principal = world.desk(Who::Principal);
    let shown = principal.page(&grant, &NAMES);
    assert!(shown.contains("测试业务系统"), "{shown}");
    assert!(
        shown.contains("同意授权") && shown.contains("每日 20 份"),
        "{shown}"
    );
    // Whoever may not decide is told so.
    assert_eq!(agent.send(&grant, &steps, &[("step", "consent")]).status, 403);
    principal.done(&grant, &steps, &[("step", "consent")]);
    world
        .desk(Who::PlatformOwner)
        .done(&grant, &steps, &[("step", "authorise")]);
    let custodian = world.desk(Who::Custodian);
    let opening = format!("{grant}/opening");
    let wrong = custodian.send(&grant, &opening, &[("pin", "wrong horse")]);
    assert!(
        wrong.status >= 400 && wrong.text().contains("role=\"alert\""),
        "{}",
        wrong.text()
    );
    assert!(!wrong.text().contains("wrong horse"));
    custodian.done(&grant, &opening, &[("pin", crate::world::PIN)]);
    principal.done(&grant, &steps, &[("step", "revoke"), ("reason", "不再需要")]);
    assert!(principal.page(&grant, &NAMES).contains("已撤销"));
    assert_eq!(world.desk(Who::Stranger).get(&grant).status, 404);
}

#[test]
fn a_seal_is_handed_over_by_name_and_taken_over() {
    let bureau = Bureau::open();
    let mut town = Town::making(&bureau);
    let seal = format!("/seals/{}", town.active());
    let unit = serde_json::json!({ "kind": "unit", "id": town.unit });
    town.settle("second", "custodian", &unit);
    let principal = town.desk("principal");
    let page = principal.page(&seal, &NAMES);
    assert!(
        page.contains("移交保管") && page.contains(&town.name_of("second")),
        "{page}"
    );
    let custody = format!("{seal}/custody");
    let second = town.id("second").to_owned();
    principal.done(&seal, &custody, &[("step", "offer"), ("to", second.as_str())]);
    assert!(town.desk("custodian").page(&seal, &NAMES).contains("等待接收"));
    assert_eq!(
        town.desk("custodian")
            .send(&seal, &custody, &[("step", "accept")])
            .status,
        422
    );
    let receiver = town.desk("second");
    receiver.done(&seal, &custody, &[("step", "accept")]);
    let page = receiver.page(&seal, &NAMES);
    assert!(
        page.contains("接收保管") && page.contains("更换保护口令"),
        "{page}"
    );
    receiver.done(
        &seal,
        &format!("{seal}/pin"),
        &[
            ("old_pin", PIN),
            ("new_pin", "Other-pin-58"),
            ("new_pin_again", "Other-pin-58"),
        ],
    );
}

#[test]
fn each_affair_says_what_it_takes_and_is_drafted_from_there() {
    let bureau = Bureau::open();
    let town = Town::making(&bureau);
    let seal = format!("/seals/{}", town.active());
    let agent = town.desk("agent");
    let list = agent.page(&format!("{seal}/affairs"), &NAMES);
    assert!(
        list.contains("续期")
            && list.contains("挂失")
            && list.contains("依据：")
            && !list.contains("恢复使用"),
        "{list}"
    );
    for affair in [
        "renew",
        "change",
        "suspend",
        "reset_pin",
        "replace_device",
        "cancel",
    ] {
        let page = agent.page(&format!("{seal}/affairs/{affair}"), &NAMES);
        assert!(
            page.contains("需要的材料") && page.contains("起草，继续提交材料"),
            "{affair}: {page}"
        );
    }
    let cancel = format!("{seal}/affairs/cancel");
    let nothing = agent.send(&cancel, &cancel, &[]);
    assert_eq!(nothing.status, 400);
    assert!(nothing.text().contains("请选择原因"));
    let case = agent.done(&cancel, &cancel, &[("reason", "seal_no_longer_used")]);
    let page = agent.page(&case, &NAMES);
    assert!(
        page.contains("办理经过") && page.contains("起草") && page.contains(&town.name_of("agent")),
        "{page}"
    );
    for affair in ["reset_pin", "replace_device", "change"] {
        let place = format!("{seal}/affairs/{affair}");
        let reason = match affair {
            "replace_device" => "device_damaged",
            _ => "unit_name_changed",
        };
        agent.done(&place, &place, &[("reason", reason)]);
    }
    // What comes too early is refused with its article.
    let renew = format!("{seal}/affairs/renew");
    let drafted = agent.send(&renew, &renew, &[]);
    assert!(
        drafted.status == 303 || drafted.text().contains("依据："),
        "{}",
        drafted.text()
    );
    assert_eq!(agent.get(&format!("{seal}/affairs/make")).status, 404);
    let custodian = town.desk("custodian");
    assert!(!custodian.page(&cancel, &NAMES).contains("起草，继续提交材料"));
}

#[test]
fn r51_a_deputy_approves_on_the_page_in_whose_place_it_says() {
    let world = World::new();
    world.adopt();
    let deputy = json!({ "of": Who::Approver.id(), "deputy": Who::Principal.id(),
        "from": "2026-06-15T04:00:00Z", "until": "2026-07-01T00:00:00Z" });
    let path = format!("{}/deputies", crate::policies::path());
    assert_eq!(world.change(Who::Approver, &path, &deputy).status, 201);
    let asked = world.ask(&ofd("关于代理的通知")).json();
    let place = format!("/uses/{}", asked["id"].as_str().unwrap());
    let desk = world.desk(Who::Principal);
    let page = desk.page(&place, &NAMES);
    let capacity = format!("<option value=\"{}\" selected>代 ", Who::Approver.id());
    assert!(page.contains(&capacity) && page.contains("公文"), "{page}");
    // In their own right they may not, and are not offered to decline.
    assert!(
        !page.contains("以本人身份") && !page.contains("/decline"),
        "{page}"
    );
    let document = field(&page, "document");
    let placement = field(&page, "placement").replace("&quot;", "\"");
    let mut fields = vec![("document", document.as_str()), ("placement", placement.as_str())];
    let approve = format!("{place}/approve");
    let refused = desk.send(&place, &approve, &fields);
    assert_eq!(refused.status, 422, "{}", refused.text());
    let approver = Who::Approver.id().to_string();
    fields.push(("for_person", &approver));
    desk.done(&place, &approve, &fields);
    let approved = world.get(Who::Agent, &format!("/api{place}")).json();
    assert_eq!(approved["approvals"][0]["for_person"], json!(Who::Approver.id()));
    let page = desk.page(&place, &NAMES);
    assert!(page.contains("已批准") && page.contains("代 "), "{page}");
}

/// The oldest of many requests is approved as well as the newest.
#[test]
fn r51_what_waits_behind_many_others_is_approved_on_its_page() {
    let world = World::new();
    world.adopt();
    let first = world.ask(&ofd("第一份")).json();
    for number in 0..55 {
        assert_eq!(world.ask(&ofd(&format!("第{number}份"))).status, 201);
    }
    let page = world
        .desk(Who::Approver)
        .page(&format!("/uses/{}", first["id"].as_str().unwrap()), &NAMES);
    assert!(
        page.contains("/approve\"") && page.contains("/decline\""),
        "{page}"
    );
}

/// Where the rules ask how much is at stake, the pages ask as well, and who approves sees it.
#[test]
fn r51_the_amount_at_stake_is_asked_and_shown() {
    let world = World::new();
    let policy = json!({ "approval_days_max": 7, "rules": [
        { "amount_from_fen": 100_000, "steps": [{ "role": "principal" }] },
        { "steps": [{ "role": "approver" }] },
    ] });
    assert_eq!(
        world
            .change(Who::Principal, &crate::policies::path(), &policy)
            .status,
        201
    );
    let document = ofd("关于金额的通知");
    let sent = world.send(Who::Agent, "/api/documents", &document).json();
    let page = format!("/uses/new/{}", sent["document"].as_str().unwrap());
    let desk = world.desk(Who::Agent);
    let seal = id(SEAL).to_string();
    let ask = |amount| {
        let fields = [
            ("seal", seal.as_str()),
            ("purpose", "签订"),
            ("document_type", "agreement"),
            ("place", "point"),
            ("page", "1"),
            ("x_mm", "100"),
            ("y_mm", "200"),
            ("unclassified", "yes"),
            ("amount", amount),
        ];
        desk.send(&page, &page, &fields)
    };
    let missing = ask("");
    assert!(missing.text().contains("AMOUNT_MISSING"), "{}", missing.text());
    let unread = ask("1,000");
    assert!(
        unread.text().contains("“金额”无法识别") && unread.text().contains("value=\"1,000\""),
        "{}",
        unread.text()
    );
    let asked = ask("1000.5");
    assert_eq!(asked.status, 303, "{}", asked.text());
    let place = asked.header("location").unwrap();
    let page = world.desk(Who::Principal).page(place, &NAMES);
    assert!(
        page.contains("1000.50 元") && page.contains("合同、协议"),
        "{page}"
    );
    assert!(page.contains("/approve\""), "{page}");
    let page = world.desk(Who::Approver).page(place, &NAMES);
    assert!(!page.contains("/approve\""), "{page}");
}

/// The fields of the form of a policy as a browser sends them: what is ticked, chosen and typed.
fn filled_in(page: &str) -> Vec<(String, String)> {
    let form = page.split("id=\"rules\"").nth(1).unwrap();
    let form = form.split("</form>").next().unwrap();
    let value = |tag: &str, name: &str| {
        let at = tag.split(&format!(" {name}=\"")).nth(1)?;
        Some(
            at.split('"')
                .next()?
                .replace("&quot;", "\"")
                .replace("&amp;", "&"),
        )
    };
    let mut fields = Vec::new();
    let mut chosen_of = String::new();
    for part in form.split('<').skip(1) {
        let (tag, text) = part.split_once('>').unwrap();
        let name = value(tag, "name").unwrap_or_default();
        let given = value(tag, "value").unwrap_or_default();
        match tag.split(' ').next().unwrap() {
            "input" if tag.contains("checkbox") && !tag.contains(" checked") => {}
            "input" if !matches!(name.as_str(), "token" | "once") => fields.push((name, given)),
            "textarea" => fields.push((name, text.to_owned())),
            "select" => chosen_of = name,
            "option" if tag.contains(" selected") => fields.push((chosen_of.clone(), given)),
            _ => {}
        }
    }
    fields
}

fn borrowed(fields: &[(String, String)]) -> Vec<(&str, &str)> {
    fields
        .iter()
        .map(|(name, value)| (name.as_str(), value.as_str()))
        .collect()
}

/// A policy that says everything is opened on the page and sent as it is: the next version says the same.
#[test]
fn r50_a_policy_that_is_sent_as_the_page_shows_it_stays_the_same() {
    let world = World::new();
    let whole = json!({
        "rules": [
            { "document_types": ["licence", "agreement"], "seal_kinds": ["contract", "finance"],
              "amount_from_fen": 1_000_050, "documents_from": 20,
              "steps": [{ "role": "approver", "needed": 2 }, { "person": Who::Principal.id(), "needed": 1 }] },
            { "document_types": [], "seal_kinds": [], "amount_from_fen": null, "documents_from": null,
              "steps": [{ "role": "principal", "needed": 1 }] },
        ],
        "separation": { "requester_may_approve": true, "custodian_may_approve": true, "approver_may_repeat": true },
        "approval_days_max": 3,
        "networks": ["127.0.0.0/8", "10.1.0.0/16"],
    });
    let api = crate::policies::path();
    assert_eq!(world.change(Who::Principal, &api, &whole).status, 201);
    let place = format!("/policies/{}", id(UNIT));
    let desk = world.desk(Who::Principal);
    let fields = filled_in(desk.get(&place).text());
    desk.done(&place, &place, &borrowed(&fields));
    let kept = world.get(Who::Principal, &api).json();
    assert_eq!(kept["version"], 2);
    for part in ["rules", "separation", "approval_days_max", "networks"] {
        assert_eq!(kept[part], whole[part], "{part}");
    }
    let page = desk.get(&place);
    assert!(page.text().contains("各版规则"), "{}", page.text());
}

/// A type that has left the catalogue since: a rule that lost it would be for every document.
#[test]
fn r50_a_type_that_has_left_the_catalogue_does_not_leave_its_rule_unseen() {
    let world = World::new();
    world.adopt();
    let place = format!("/policies/{}", id(UNIT));
    let desk = world.desk(Who::Principal);
    let mut fields = filled_in(desk.get(&place).text());
    fields.push(("type_0".to_owned(), "left".to_owned()));
    let version = || world.get(Who::Principal, &crate::policies::path()).json()["version"].clone();
    let before = version();
    fields.push(("change".to_owned(), "rule".to_owned()));
    let redrawn = desk.send(&place, &place, &borrowed(&fields));
    let again = filled_in(redrawn.text());
    assert!(
        again.contains(&("type_0".to_owned(), "left".to_owned())),
        "{}",
        redrawn.text()
    );
    assert!(
        redrawn.text().contains("left（已不在目录中）"),
        "{}",
        redrawn.text()
    );
    let refused = desk.send(&place, &place, &borrowed(&again));
    assert!(
        refused.text().contains("DOCUMENT_TYPE_UNKNOWN"),
        "{}",
        refused.text()
    );
    assert_eq!(version(), before);
}

#[test]
fn r16_a_reviewer_corrects_a_persons_name_and_number_on_the_page() {
    let town = Town::new();
    let (reviewer, unit) = (town.desk("reviewer"), format!("/units/{}", town.unit));
    let people = format!("{unit}/people");
    let before = town.name_of("custodian");
    assert!(reviewer.page(&unit, &NAMES).contains("更正姓名或号码"));
    let number = town.person_order()["identity_number"]
        .as_str()
        .unwrap()
        .to_owned();
    let person = town.id("custodian").to_owned();
    let right = |number| {
        [
            ("type", "correct"),
            ("person", person.as_str()),
            ("name", "欧阳更正"),
            ("identity_number", number),
        ]
    };
    let bad = reviewer.send(&unit, &people, &right("110105199001011"));
    assert_eq!(bad.status, 400);
    assert!(bad.text().contains("value=\"欧阳更正\"") && bad.text().contains("“公民身份号码”无法识别"));
    // Nobody of the unit corrects, and a number that is somebody else's is refused.
    let principal = town.desk("principal");
    assert!(!principal.page(&unit, &NAMES).contains("更正姓名或号码"));
    let refused = principal.send(&unit, &people, &right(&number));
    assert_eq!(refused.status, 403, "{}", refused.text());
    let other = town.person_order();
    assert_eq!(town.post("reviewer", "/api/people", &other).status, 201);
    let taken = reviewer.send(&unit, &people, &right(other["identity_number"].as_str().unwrap()));
    assert!(taken.text().contains("PERSON_TAKEN"), "{}", taken.text());
    reviewer.done(&unit, &people, &right(&number));
    let page = principal.page(&unit, &[&NAMES[..], &["欧阳更正"]].concat());
    assert!(
        page.contains("欧阳更正") && !page.contains(&before) && !page.contains(&number),
        "{page}"
    );
    assert_eq!(
        town.desk("agent").send(&unit, &people, &right(&number)).status,
        403
    );
}
