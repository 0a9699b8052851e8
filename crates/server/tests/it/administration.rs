//! The administrators' pages, as a browser without scripts sends their forms.

use serde_json::json;
use testkit::Bureau;

use crate::support::{Answer, pki};
use crate::town::Town;
use crate::web::field;

const FORM: (&str, &str) = ("content-type", "application/x-www-form-urlencoded");

/// Somebody's session in a browser.
struct Desk<'a> {
    town: &'a Town,
    cookie: String,
}

impl<'a> Desk<'a> {
    /// Of the administrators: 0 system, 1 security, 2 audit.
    fn of(town: &'a Town, administrator: usize) -> Self {
        Self::by(town, &town.scene.sign_in(administrator))
    }

    fn by(town: &'a Town, session: &str) -> Self {
        let cookie = format!("yinxin={}", session.strip_prefix("Bearer ").unwrap());
        Self { town, cookie }
    }

    fn see(&self, place: &str) -> Answer {
        self.town.scene.server.get(place, &[("cookie", &self.cookie)])
    }

    /// Sends a form of a page with these fields.
    fn send(&self, page: &str, action: &str, fields: &[(&str, &str)]) -> Answer {
        let shown = self.see(page);
        assert!(
            shown.text().contains(action),
            "{action} is not on {page}: {}",
            shown.text()
        );
        let (token, once) = (field(shown.text(), "token"), field(shown.text(), "once"));
        let authority = field(shown.text(), "authority");
        let mut pairs = vec![("token", token.as_str()), ("once", once.as_str())];
        if !fields.iter().any(|(name, _)| *name == "authority") {
            pairs.push(("authority", authority.as_str()));
        }
        pairs.extend(fields);
        let body = serde_urlencoded::to_string(&pairs).unwrap();
        self.town
            .scene
            .server
            .post(action, &[FORM, ("cookie", &self.cookie)], body.as_bytes())
    }

    /// The same, and where it leads.
    #[track_caller]
    fn done(&self, page: &str, action: &str, fields: &[(&str, &str)]) -> String {
        let answer = self.send(page, action, fields);
        assert_eq!(answer.status, 303, "{}", answer.text());
        answer.header("location").unwrap().to_owned()
    }
}

#[test]
fn a_security_administrator_looks_after_accounts_from_first_to_last() {
    let town = Town::new();
    let desk = Desk::of(&town, 1);
    let order = town.person_order();
    let (name, number) = (
        order["name"].as_str().unwrap(),
        order["identity_number"].as_str().unwrap(),
    );
    let wrong = desk.send(
        "/accounts/new",
        "/accounts/new",
        &[("name", name), ("identity", "1")],
    );
    assert_eq!(wrong.status, 400);
    assert!(wrong.text().contains(name), "what was typed is kept");
    let place = desk.done(
        "/accounts/new",
        "/accounts/new",
        &[("name", name), ("identity", number)],
    );
    let form = |step: &str| format!("{place}/{step}");
    let nowhere = [("role", "approver"), ("place", "91110000600037341L")];
    assert_eq!(desk.send(&place, &form("appoint"), &nowhere).status, 404);
    desk.done(
        &place,
        &form("appoint"),
        &[("role", "approver"), ("place", "91350100M000100Y43")],
    );
    let fields = [("account", "newcomer"), ("new_password", "First-given-1")];
    let opened = desk.send(&place, &form("open"), &fields);
    assert_eq!(opened.status, 200, "{}", opened.text());
    assert!(opened.text().contains("otpauth://") && opened.text().contains("只显示这一次"));
    let shown = desk.see(&place);
    assert!(
        !shown.text().contains("otpauth://") && shown.text().contains("审批人"),
        "{}",
        shown.text()
    );
    // Found by its name, and listed with its unit.
    assert_eq!(
        desk.see("/accounts?account=newcomer").header("location"),
        Some(place.as_str())
    );
    assert!(
        desk.see(&format!("/accounts?unit={}", town.unit))
            .text()
            .contains("newcomer")
    );
    assert_eq!(desk.see("/accounts?account=nobody.there").status, 404);
    // Another password, another authenticator.
    let reset = desk.send(
        &place,
        &form("reset"),
        &[("new_password", "Second-given-2"), ("authenticator", "yes")],
    );
    assert!(reset.text().contains("otpauth://"), "{}", reset.text());
    desk.done(&place, &form("block"), &[("reason", "调离")]);
    assert!(desk.see(&place).text().contains("已停止办事"));
    desk.done(&place, &form("unblock"), &[]);
    let scope = format!("unit={}", town.unit);
    desk.done(
        &place,
        &form("dismiss"),
        &[("role", "approver"), ("scope", &scope)],
    );
    desk.done(&place, &form("close"), &[]);
    assert!(desk.see(&place).text().contains("未开通"));
}

#[test]
fn a_role_may_have_an_end_and_is_listed_until_then() {
    let town = Town::new();
    let desk = Desk::of(&town, 1);
    let place = format!("/accounts/{}", town.register());
    let appoint = format!("{place}/appoint");
    let until = |day: &'static str| {
        [
            ("role", "approver"),
            ("place", "91350100M000100Y43"),
            ("until", day),
        ]
    };
    let no_day = desk.send(&place, &appoint, &until("2099-13-01"));
    assert_eq!(no_day.status, 400, "{}", no_day.text());
    assert!(
        no_day.text().contains("value=\"91350100M000100Y43\"") && no_day.text().contains("日期无法识别"),
        "what was typed is kept: {}",
        no_day.text()
    );
    let past = desk.send(&place, &appoint, &until("2001-01-01"));
    assert_eq!(past.status, 422, "{}", past.text());
    assert!(past.text().contains("PERIOD_EMPTY"), "{}", past.text());
    desk.done(&place, &appoint, &until("2099-12-31"));
    for shown in [place.clone(), format!("/accounts?unit={}", town.unit)] {
        let page = desk.see(&shown);
        assert!(
            page.text().contains("审批人") && page.text().contains("2100-01-01 00:00"),
            "{}",
            page.text()
        );
    }
}

#[test]
fn an_administrator_of_two_authorities_chooses_between_them() {
    let mut town = Town::new();
    let system = town.scene.sign_in(0);
    let county = json!({
        "parent": town.authority, "name": "测试县行政审批局", "region": "610122",
        "level": "county", "profile": "xian",
    });
    let county = town.by(&system, "/api/authorities", &county);
    assert_eq!(county.status, 201, "{}", county.text());
    let county = county.json()["id"].as_str().unwrap().to_owned();
    let scope = |id: &str| json!({ "kind": "authority", "id": id });
    town.settle("both", "security_administrator", &scope(&town.authority.clone()));
    town.appoint(town.id("both"), "security_administrator", &scope(&county));
    let desk = Desk::by(&town, &town.session("both"));
    let list = desk.see("/accounts");
    assert!(
        list.text().contains(&format!("/accounts?authority={county}"))
            && list.text().contains("测试县行政审批局"),
        "{}",
        list.text()
    );
    for page in ["/accounts/new", "/clients/new"] {
        let shown = desk.see(page);
        assert!(
            shown.text().contains("<select id=\"authority\"") && shown.text().contains(&county),
            "{}",
            shown.text()
        );
    }
    let order = town.person_order();
    let (name, number) = (
        order["name"].as_str().unwrap(),
        order["identity_number"].as_str().unwrap(),
    );
    let fields = [
        ("name", name),
        ("identity", number),
        ("authority", county.as_str()),
    ];
    let place = desk.done("/accounts/new", "/accounts/new", &fields);
    let role = [("role", "reviewer"), ("authority", county.as_str())];
    desk.done(&place, &format!("{place}/appoint"), &role);
    assert!(desk.see(&place).text().contains("测试县行政审批局"));
    let person = place.rsplit('/').next().unwrap();
    assert!(
        desk.see(&format!("/accounts?authority={county}"))
            .text()
            .contains(person)
    );
    assert!(
        !desk
            .see(&format!("/accounts?authority={}", town.authority))
            .text()
            .contains(person)
    );
}

#[test]
fn sessions_are_seen_and_ended_and_nobody_keeps_their_own_account() {
    let town = Town::new();
    let desk = Desk::of(&town, 1);
    let place = format!("/accounts/{}", town.id("agent"));
    let agent = Desk::by(&town, &town.session("agent"));
    assert_eq!(agent.see("/uses").status, 200);
    assert!(desk.see(&place).text().contains("动态口令"));
    desk.done(&place, &format!("{place}/sessions"), &[]);
    assert_eq!(agent.see("/uses").status, 303);
    assert!(desk.see(&place).text().contains("现在没有登录"));
    // The auditor looks on and has no forms; the security administrator has none for their own account.
    let auditor = Desk::of(&town, 2);
    let seen = auditor.see(&place);
    assert!(seen.status == 200 && !seen.text().contains(&format!("{place}/reset")));
    let own = format!(
        "/accounts/{}",
        town.scene.made["administrators"][1]["person"].as_str().unwrap()
    );
    assert!(!desk.see(&own).text().contains("/reset"));
    // The system administrator has nothing to do with accounts.
    assert_eq!(Desk::of(&town, 0).see(&place).status, 404);
}

#[test]
fn business_systems_are_entered_changed_and_blocked() {
    let town = Town::new();
    let desk = Desk::of(&town, 1);
    let pki = pki();
    let pem = pki::write_pem("CERTIFICATE", pki.sealer.certificate.der());
    let fields = [
        ("name", "审批平台"),
        ("networks", "10.0.0.0/8\n127.0.0.1"),
        ("certificate", pem.as_str()),
    ];
    let bad = desk.send(
        "/clients/new",
        "/clients/new",
        &[("name", "审批平台"), ("networks", "everywhere")],
    );
    assert!(
        bad.status == 400 && bad.text().contains("everywhere"),
        "{}",
        bad.text()
    );
    let place = desk.done("/clients/new", "/clients/new", &fields);
    assert!(desk.see("/clients").text().contains("审批平台"));
    desk.done(&place, &format!("{place}/rename"), &[("name", "政务审批平台")]);
    desk.done(
        &place,
        &format!("{place}/networks"),
        &[("networks", "192.168.0.0/16")],
    );
    let shown = desk.see(&place);
    assert!(shown.text().contains("政务审批平台") && shown.text().contains("192.168.0.0/16"));
    desk.done(&place, &format!("{place}/block"), &[]);
    assert!(desk.see(&place).text().contains("已停用"));
    let agent = Desk::by(&town, &town.session("agent"));
    assert_eq!(agent.see(&place).status, 404);
}

#[test]
fn a_system_administrator_enters_and_changes_authorities() {
    let town = Town::new();
    let desk = Desk::of(&town, 0);
    let root = format!("/authorities/{}", town.authority);
    let fields = [
        ("new_name", "测试县审批局"),
        ("region", "61012"),
        ("level", "county"),
        ("new_profile", "xian"),
    ];
    let bad = desk.send(&root, &format!("{root}/below"), &fields);
    assert!(
        bad.status == 400 && bad.text().contains("测试县审批局"),
        "{}",
        bad.text()
    );
    let fields = [
        ("new_name", "测试县审批局"),
        ("region", "610122"),
        ("level", "county"),
        ("new_profile", "xian"),
    ];
    let county = desk.done(&root, &format!("{root}/below"), &fields);
    assert!(desk.see("/authorities").text().contains("测试县审批局"));
    desk.done(
        &county,
        &format!("{county}/rename"),
        &[("name", "测试县行政审批局")],
    );
    // Which profile holds is for the security administrator.
    assert!(!desk.see(&county).text().contains(&format!("{county}/profile")));
    let security = Desk::of(&town, 1);
    security.done(&county, &format!("{county}/profile"), &[("profile", "wuhu")]);
    let shown = desk.see(&county);
    assert!(
        shown.text().contains("测试县行政审批局") && shown.text().contains("wuhu"),
        "{}",
        shown.text()
    );
    for place in ["/profiles", "/profiles/xian", "/installation"] {
        assert_eq!(desk.see(place).status, 200, "{place}");
    }
    for profile in ["cn", "xian", "wuhu", "inner-mongolia"] {
        let page = desk.see(&format!("/profiles/{profile}"));
        let note = page.text().split("<dt>说明</dt><dd lang=\"zh-CN\">").nth(1);
        let note = note.unwrap_or_else(|| panic!("{profile}: {}", page.text()));
        assert!(
            note.starts_with(|first: char| !first.is_ascii_alphabetic()),
            "{profile}: {note}"
        );
    }
    assert!(desk.see("/installation").text().contains("test/audit"));
    assert_eq!(desk.see("/profiles/nowhere").status, 404);
    let agent = Desk::by(&town, &town.session("agent"));
    for place in ["/profiles", "/installation", &root] {
        assert_eq!(agent.see(place).status, 404, "{place}");
    }
}

#[test]
fn auditors_find_acts_follow_them_and_see_them_proved() {
    let bureau = Bureau::open();
    let mut town = Town::making(&bureau);
    let seal = town.active();
    town.morning();
    let code = town.seal(&seal)["editions"][0]["seal_code"]
        .as_str()
        .unwrap()
        .to_owned();
    let desk = Desk::of(&town, 2);
    let found = desk.see(&format!("/audit?about={code}&act=seal.made"));
    assert!(found.text().contains("本页 1 条"), "{}", found.text());
    let index = found.text().split("/audit/entries/").nth(1).unwrap();
    let index = index.split(['?', '"']).next().unwrap();
    let entry = desk.see(&format!("/audit/entries/{index}"));
    for words in ["✓ 证明成立", "制作印章", "领取印章", "yinxin-audit-proof/1"] {
        assert!(entry.text().contains(words), "{words}: {}", entry.text());
    }
    // By whom, and when.
    let by = desk.see("/audit?actor=maker");
    let table = by.text().split("<tbody>").nth(1).unwrap();
    assert!(
        table.contains("制作印章") && !table.contains("起草申请"),
        "{table}"
    );
    let day = |at: jiff::Timestamp| at.strftime("%Y-%m-%d").to_string();
    let today = day(town.scene.server.clock.now());
    assert!(
        desk.see(&format!("/audit?act=seal.made&from={today}&until={today}"))
            .text()
            .contains("本页 1 条")
    );
    assert!(
        desk.see("/audit?act=seal.made&until=2020-01-01")
            .text()
            .contains("没有符合条件")
    );
    assert!(
        desk.see("/audit?about=nothing-known")
            .text()
            .contains("没有符合条件")
    );
    assert_eq!(desk.see("/audit?from=yesterday").status, 400);
    // Fifty on a page, and on.
    let first = desk.see("/audit");
    let older = first
        .text()
        .split("rel=\"next\" href=\"")
        .nth(1)
        .expect("more than one page");
    let older = older.split('"').next().unwrap().replace("&amp;", "&");
    let second = desk.see(&older);
    assert!(
        second.status == 200 && second.text().contains("服务启动"),
        "{}",
        second.text()
    );
    assert_eq!(desk.see("/audit/entries/99999999").status, 404);
}

#[test]
fn the_log_is_exported_and_checked_by_auditors_of_the_root_only() {
    let mut town = Town::new();
    let system = town.scene.sign_in(0);
    let county = json!({ "parent": town.authority, "name": "测试县行政审批局", "region": "610122",
        "level": "county", "profile": "xian" });
    let county = town.by(&system, "/api/authorities", &county).json();
    let scope = json!({ "kind": "authority", "id": county["id"] });
    town.settle("audit.c", "audit_administrator", &scope);
    let below = Desk::by(&town, &town.session("audit.c"));
    for place in ["/audit", "/audit/export", "/audit?about=91350100M000100Y43"] {
        assert_eq!(below.see(place).status, 403, "{place}");
    }
    // What is theirs they do see.
    let own = below.see("/audit?about=audit.c");
    assert!(
        own.status == 200 && own.text().contains("开通账号"),
        "{}",
        own.text()
    );
    let desk = Desk::of(&town, 2);
    let exported = desk.see("/audit/export");
    assert_eq!(exported.status, 200);
    assert!(
        exported
            .header("content-disposition")
            .unwrap()
            .starts_with("attachment")
    );
    let key = audit::LogKey::parse(town.scene.server.get("/api/log/key", &[]).text()).unwrap();
    let against = audit::Against {
        keys: std::slice::from_ref(&key),
        saved: &[],
        now: town.scene.server.clock.now(),
        salt: [1; 16],
    };
    let report = audit::check(|| Ok(exported.body.as_slice()), against).unwrap();
    assert_ne!(report.conclusion, audit::Conclusion::Failed, "{report:?}");
    assert!(
        report.acts["log.exported"] == 1 && report.acts["authority.refused"] >= 3,
        "{report:?}"
    );
    let checked = desk.send("/audit", "/audit/check", &[]);
    assert_eq!(checked.status, 200, "{}", checked.text());
    assert!(
        checked.text().contains("account.opened") && !checked.text().contains("✗"),
        "{}",
        checked.text()
    );
    let checkpoints = desk.see("/audit/checkpoints");
    assert!(checkpoints.text().contains("✓ 有效") && !checkpoints.text().contains("✗"));
}
