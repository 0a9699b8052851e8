//! More of the pages in a real Chromium: without scripts, in English, PDF, and every kind of file at `/verify`.

use ofd::{Package, PartPath, Update};
use serde_json::json;
use testkit::{Bureau, TestPki};

use crate::browser::Office;
use crate::life::PIN;
use crate::town::Town;
use crate::world::{ofd, pdf};

/// A town whose seal is in force, under a policy of one approver, who is the principal.
fn town(bureau: &Bureau) -> Town {
    let mut town = Town::making(bureau);
    town.active();
    town.morning();
    let policy = json!({ "rules": [{ "steps": [{ "role": "principal" }] }], "approval_days_max": 7 });
    let adopted = town.post("principal", &format!("/api/units/{}/policy", town.unit), &policy);
    assert_eq!(adopted.status, 201, "{}", adopted.text());
    town
}

/// The agent asks for a seal on a document, typing where it goes; where the request is.
fn ask(office: &mut Office<'_>, name: &str, document: &[u8]) -> String {
    office.sign_in("agent");
    office.browser.go("/uses/new");
    let document = office.file(name, document);
    office.browser.upload("#file", &document);
    office.browser.click("main button.main");
    office.browser.fill("x_mm", "100");
    office.browser.fill("y_mm", "200");
    office.browser.fill("purpose", "印发通知");
    office.browser.click("[name=unclassified]");
    office.browser.click("main form.card button.main");
    office.shows("待审批");
    office.browser.place()
}

/// The sealed document of a request, as the browser would save it.
fn saved(office: &Office<'_>) -> Vec<u8> {
    let link = "return document.querySelector(\"a[href$='/sealed']\").getAttribute('href')";
    let link = office.browser.run(link).as_str().unwrap().to_owned();
    let cookie = office.browser.cookie();
    let sealed = office.town.scene.server.get(&link, &[("cookie", &cookie)]);
    assert_eq!(sealed.status, 200);
    assert!(
        sealed
            .header("content-disposition")
            .unwrap()
            .starts_with("attachment")
    );
    sealed.body
}

/// Sends a file to `/verify` as anybody.
fn judge(office: &Office<'_>, name: &str, bytes: &[u8]) {
    let file = office.file(name, bytes);
    office.browser.forget();
    office.browser.go("/verify");
    office.browser.upload("#file", &file);
    office.browser.click("main button.main");
}

#[test]
fn a_use_is_asked_approved_sealed_and_saved_without_scripts() {
    let bureau = Bureau::open();
    let town = town(&bureau);
    let Some(mut office) = Office::open(&town) else {
        return;
    };
    office.browser.allow_scripts(false);
    let place = ask(&mut office, "通知.ofd", &ofd("关于不用脚本的通知"));
    // Nothing of ours ran: the mark that scripts put on the page is not there, and times stand as they were sent.
    let ran = "return document.querySelector('.ghost') !== null || document.querySelector('[data-zone]').textContent !== '北京时间'";
    assert_eq!(office.browser.run(ran), false);
    office.sign_in("principal");
    office.browser.go(&place);
    office.browser.click("form[action$='/approve'] button");
    office.shows("已批准");
    office.sign_in("custodian");
    office.browser.go(&place);
    office.browser.fill("pin", PIN);
    office.browser.click("form[action$='/stamp'] button");
    office.shows("已盖章");
    let sealed = saved(&office);
    judge(&office, "盖章.ofd", &sealed);
    office.shows("通过");
    office.shows("测试市大数据局");
    assert_eq!(office.browser.run(ran), false);
}

#[test]
fn refusals_say_what_happened_what_to_do_and_on_which_rule_they_rest() {
    let bureau = Bureau::open();
    let town = town(&bureau);
    let Some(mut office) = Office::open(&town) else {
        return;
    };
    let alert = "return document.querySelector('[role=alert]').innerText";
    // A blank document.
    office.sign_in("agent");
    office.browser.go("/uses/new");
    let blank = office.file("空白.ofd", &ofd(""));
    office.browser.upload("#file", &blank);
    office.browser.click("main button.main");
    office.browser.fill("purpose", "印发通知");
    office.browser.click("[name=unclassified]");
    office.browser.click("main form.card button.main");
    let told = office.browser.run(alert);
    for words in ["空白", "R49", "BLANK_DOCUMENT"] {
        assert!(told.as_str().unwrap().contains(words), "{told}");
    }
    let kept = "return document.querySelector('[name=purpose]').value";
    assert_eq!(office.browser.run(kept), "印发通知");
    // A decision without a reason, and the same in English.
    let place = ask(&mut office, "通知.ofd", &ofd("关于拒绝的通知"));
    office.sign_in("principal");
    office.browser.go(&place);
    office.browser.click("button[name=language]");
    office
        .browser
        .run("document.querySelector('[name=reason]').required = false");
    office.browser.click("form[action$='/decline'] button");
    let told = office.browser.run(alert);
    for words in ["reason", "fill it in", "TEXT_MISSING"] {
        assert!(told.as_str().unwrap().contains(words), "{told}");
    }
    // A wrong PIN says how many tries are left.
    office.browser.click("form[action$='/approve'] button");
    office.sign_in("custodian");
    office.browser.go(&place);
    office.browser.fill("pin", "wrong horse 9");
    office.browser.click("form[action$='/stamp'] button");
    let told = office.browser.run(alert);
    assert!(
        told.as_str().unwrap().contains("口令") && told.as_str().unwrap().contains("次"),
        "{told}"
    );
}

/// A policy with everything that one can say goes through its form without loss, and is changed there rule by rule.
#[test]
fn r50_a_policy_goes_through_its_form_whole() {
    let bureau = Bureau::open();
    let town = Town::making(&bureau);
    let place = format!("/api/units/{}/policy", town.unit);
    let whole = json!({
        "rules": [
            { "document_types": ["licence", "agreement"], "seal_kinds": ["contract", "finance"],
              "amount_from_fen": 1_000_050, "documents_from": 20,
              "steps": [{ "role": "approver", "needed": 2 }, { "person": town.id("agent"), "needed": 1 }] },
            { "document_types": [], "seal_kinds": [], "amount_from_fen": null, "documents_from": null,
              "steps": [{ "role": "principal", "needed": 1 }] },
        ],
        "separation": { "requester_may_approve": true, "custodian_may_approve": false, "approver_may_repeat": true },
        "approval_days_max": 3,
        "networks": ["127.0.0.0/8", "10.1.0.0/16"],
    });
    let adopted = town.post("principal", &place, &whole);
    assert_eq!(adopted.status, 201, "{}", adopted.text());
    let Some(mut office) = Office::open(&town) else {
        return;
    };
    let in_force = || {
        let mut policy = town.get("principal", &place).json();
        let version = policy["version"].take();
        let kept: Vec<_> = ["rules", "separation", "approval_days_max", "networks"]
            .map(|name| (name.to_owned(), policy[name].take()))
            .into();
        (version, serde_json::Value::Object(kept.into_iter().collect()))
    };
    assert_eq!(in_force(), (json!(1), whole.clone()));
    office.sign_in("principal");
    office.browser.allow_scripts(false);
    office.browser.go(&format!("/policies/{}", town.unit));
    office.shows(
        "证照、批文、合同、协议；合同专用章、财务专用章；10000.50 元以上；一次 20 份以上：审批人 × 2，然后 ",
    );
    // Without scripts nothing says that a form is on its way.
    let until = |condition: &str| office.browser.until(condition);
    let includes = |text: &str| until(&format!("document.body.innerText.includes('{text}')"));
    office.browser.click("main button.main");
    includes("第 2 版");
    assert_eq!(in_force(), (json!(2), whole.clone()));
    // Rules and steps come, go and move, and nothing is in force before it is put in force.
    let button = |value: &str| format!("#rules button[value='{value}']");
    office.browser.click(&button("step 1"));
    until("!!document.querySelector('[name=who_1_1]')");
    office.browser.choose("who_1_1", "approver");
    office.browser.click(&button("rule"));
    until("!!document.querySelector('[name=amount_2]')");
    office.browser.fill("amount_2", "12.3");
    office.browser.click(&button("rule-up 2"));
    until("document.querySelector('[name=amount_1]').value === '12.3'");
    office.browser.click(&button("step-away 0 0"));
    until("!document.querySelector('[name=who_0_1]')");
    office.browser.fill("days", "2");
    assert_eq!(in_force(), (json!(2), whole.clone()));
    office.browser.fill("networks", "10.1.0.0/16 nonsense");
    office.browser.click("main button.main");
    includes("“nonsense”不是网段");
    office.browser.fill("networks", "127.0.0.1");
    office.browser.fill("amount_1", "12.345");
    office.browser.click("main button.main");
    includes("规则 2 的金额无法识别");
    office.browser.fill("amount_1", "12.3");
    office.browser.type_into("[name=amount_1]", "\u{e007}");
    includes("第 3 版");
    let mut changed = whole;
    changed["approval_days_max"] = json!(2);
    changed["networks"] = json!(["127.0.0.1/32"]);
    changed["rules"][0]["steps"] = json!([{ "person": town.id("agent"), "needed": 1 }]);
    let anyone = json!({ "role": "principal", "needed": 1 });
    changed["rules"][1]["steps"] = json!([anyone, { "role": "approver", "needed": 1 }]);
    changed["rules"].as_array_mut().unwrap().insert(
        1,
        json!({ "document_types": [], "seal_kinds": [], "amount_from_fen": 1230, "documents_from": null, "steps": [anyone] }),
    );
    assert_eq!(in_force(), (json!(3), changed));
    office.shows(&town.name_of("principal"));
}

/// Pages of people in English have no Chinese word but names and what people typed.
#[test]
fn desks_speak_english_throughout() {
    let bureau = Bureau::open();
    let town = town(&bureau);
    let Some(mut office) = Office::open(&town) else {
        return;
    };
    let used = ask(&mut office, "notice.ofd", &ofd("关于英文的通知"));
    office.browser.click("button[name=language]");
    let agent = format!("/accounts/{}", town.id("agent"));
    let root = format!("/authorities/{}", town.authority);
    let policy = format!("/policies/{}", town.unit);
    let desks: [(&'static str, &[&str]); 6] = [
        (
            "agent",
            &[
                "/",
                "/uses",
                &used,
                "/uses/new",
                "/seals",
                "/applications",
                "/applications/new",
            ],
        ),
        ("principal", &["/", &used, &policy, "/applications"]),
        ("maker", &["/", "/seals", "/applications"]),
        (
            "sec.admin",
            &[
                "/",
                "/accounts",
                "/accounts/new",
                &agent,
                "/clients",
                "/clients/new",
            ],
        ),
        ("sys.admin", &["/", "/authorities", &root, "/installation"]),
        (
            "aud.admin",
            &["/", "/audit", "/audit/entries/7", "/audit/checkpoints"],
        ),
    ];
    let names = [
        "测试市大数据局",
        "印发通知",
        "中文",
        "测公刻",
        "测政发",
        "印信测试",
        "测试市电子印章制作系统",
        "测试制章",
        "测试根",
        "测试签发",
        "仅供测试",
        "国办发",
        "示例",
        "（",
        "）",
        "〔",
        "〕",
    ];
    let mut found = Vec::new();
    for (who, places) in desks {
        office.browser.forget();
        office.browser.go("/");
        office.browser.click("button[name=language][value=en]");
        office.enter(who);
        for place in places {
            office.browser.go(place);
            let text = "const body = document.body.cloneNode(true); \
                body.querySelectorAll('option, .data').forEach((one) => one.remove()); return body.innerText";
            let mut text = office.browser.run(text).as_str().unwrap().to_owned();
            assert!(text.contains("Sign out"), "{who} on {place}: {text}");
            for name in names {
                text = text.replace(name, "");
            }
            text = text.replace(&town.name_of("agent"), "");
            let chinese: String = text
                .chars()
                .filter(|c| ('\u{4e00}'..='\u{9fff}').contains(c))
                .collect();
            if !chinese.is_empty() {
                found.push(format!("{who} on {place}: {chinese}"));
            }
        }
    }
    assert!(found.is_empty(), "{}", found.join("\n"));
}

#[test]
fn valid_tampered_expired_and_foreign_files_get_their_conclusions() {
    let bureau = Bureau::open();
    let town = town(&bureau);
    let Some(office) = Office::open(&town) else {
        return;
    };
    let sealed = crate::support::pki().sealed_document();
    judge(&office, "通知.ofd", &sealed);
    office.shows("✓");
    office.shows("通过");
    // One word of the page is another one.
    let package = Package::open(sealed.clone(), ofd::Limits::default()).unwrap();
    let content = PartPath::new("/Doc_0/Pages/Page_0/Content.xml").unwrap();
    let text = String::from_utf8(package.read(&content).unwrap().to_vec()).unwrap();
    assert!(text.contains("测试"));
    let mut update = Update::new(&package);
    update.replace(&content, text.replace("测试", "涨价")).unwrap();
    let mut tampered = Vec::new();
    update.write(&mut tampered).unwrap();
    judge(&office, "改动.ofd", &tampered);
    office.shows("✗");
    office.shows("未通过");
    office.shows("DIGEST_MISMATCH");
    // Of an authority that nobody here trusts.
    judge(&office, "外来.ofd", &TestPki::new(2).sealed_document());
    office.shows("无法确定");
    office.shows("PATH_NOT_FOUND");
    // No words of a command line for people at a page.
    let text = office.browser.text();
    assert!(!text.contains("--"), "{text}");
    // Years later, when seal and certificates are over, it is still true that it was sealed in time; that this time is
    // the sealer's own claim is said. What is sealed then is refused, see the tests of `sealing`.
    town.scene.server.clock.advance(20 * 366 * 86_400);
    judge(&office, "过期.ofd", &sealed);
    office.shows("SEAL_EXPIRED_SINCE");
    office.shows("签章者声称");
    office.shows("TIMESTAMP_ABSENT");
}

#[test]
fn a_pdf_is_placed_approved_sealed_and_verified_on_the_pages() {
    let bureau = Bureau::open();
    let town = town(&bureau);
    let Some(mut office) = Office::open(&town) else {
        return;
    };
    let place = ask(&mut office, "contract.pdf", &pdf(&[true, true]));
    office.sign_in("principal");
    office.browser.go(&place);
    if crate::support::draws_pdf() {
        let drawn = "const done = arguments[arguments.length - 1]; const images = [...document.querySelectorAll('figure img')]; \
            images.forEach((image) => { image.loading = 'eager'; }); \
            Promise.all(images.map((image) => image.decode())).then(() => done(images.length), (error) => done(String(error)))";
        assert_eq!(office.browser.wait_for(drawn), 2);
    } else {
        eprintln!("SKIPPED: pages of PDF files are not drawn, target has no yinxin; run cargo build -p cli");
    }
    office.approve_and_seal(&place);
    let sealed = saved(&office);
    assert!(sealed.starts_with(b"%PDF"));
    judge(&office, "contract.pdf", &sealed);
    office.shows("通过");
    office.shows("测试市大数据局");
}
