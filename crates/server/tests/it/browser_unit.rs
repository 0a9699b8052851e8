//! The desks of a unit in a real Chromium: a batch sealed with one PIN, and stamps across edges and on words that are
//! tried out before they are asked for.

use serde_json::json;
use testkit::Bureau;

use crate::browser::Office;
use crate::life::PIN;
use crate::town::Town;
use crate::world::{ofd, ofd_of, system};

/// A town whose unit has a seal in force, and a policy of one approver.
fn town(bureau: &Bureau) -> Town {
    let mut town = Town::making(bureau);
    town.active();
    town.morning();
    let policy = json!({ "rules": [{ "steps": [{ "role": "principal" }] }], "approval_days_max": 7 });
    let adopted = town.post("principal", &format!("/api/units/{}/policy", town.unit), &policy);
    assert_eq!(adopted.status, 201, "{}", adopted.text());
    town
}

#[test]
fn a_batch_is_sealed_with_one_pin_and_shows_how_far_it_is() {
    let bureau = Bureau::open();
    let town = town(&bureau);
    let Some(mut office) = Office::open(&town) else {
        return;
    };
    office.sign_in("agent");
    office.browser.go("/uses/batch");
    let files: Vec<_> = (1..=100)
        .map(|number| {
            office.file(
                &format!("第{number}号通知.ofd"),
                &ofd(&format!("第{number}号通知")),
            )
        })
        .collect();
    let all: Vec<_> = files.iter().map(|file| file.to_str().unwrap()).collect();
    office.browser.type_into("#file", &all.join("\n"));
    office.browser.fill("purpose", "印发一百份通知");
    office.browser.click("[name=unclassified]");
    office.browser.click("main form.card button.main");
    office.shows("待审批");
    office.shows("查看第 6 份");
    let place = office.browser.place();
    office.sign_in("principal");
    office.browser.go(&place);
    office.browser.click("a[href$='/items/5']");
    office.shows("第 6 份，共 100 份");
    office.browser.go(&place);
    office.browser.click("form[action$='/approve'] button");
    office.shows("已批准");
    office.sign_in("custodian");
    office.browser.go(&place);
    office.browser.fill("pin", PIN);
    office.browser.click("form[action$='/batch'] button");
    // The page is there before a hundred are sealed, looks how far it is, and loads itself anew at the end.
    office
        .browser
        .until("document.querySelectorAll('a[href$=\"/sealed\"]').length === 50 && !document.querySelector('[data-running]')");
    office.shows("全部 100 份已盖章");
}

#[test]
fn stamps_across_edges_and_on_words_are_tried_out_before_they_are_asked_for() {
    let bureau = Bureau::open();
    let town = town(&bureau);
    let Some(mut office) = Office::open(&town) else {
        return;
    };
    office.sign_in("agent");
    office.browser.go("/uses/new");
    let document = office.file("合同.ofd", &ofd_of(&["甲方", "乙方", "签章"]));
    office.browser.upload("#file", &document);
    office.browser.click("main button.main");
    office.browser.choose("place", "keyword");
    // Where the stamp goes by words, none is moved about on the pages.
    assert_eq!(
        office
            .browser
            .run("return document.querySelector('.ghost:not([hidden])')"),
        json!(null)
    );
    office.browser.fill("keyword", "签章");
    office.browser.choose("straddle", "right");
    office.browser.fill("purpose", "签订合同");
    office.browser.click("button[formaction]");
    office.shows("预览：印章出现 4 处");
    office.shows("第 3 页");
    let drawn = "const done = arguments[arguments.length - 1]; \
        Promise.all([...document.images].map((one) => one.decode())).then(() => done(document.images.length), String)";
    assert!(office.browser.wait_for(drawn).as_u64().unwrap() >= 3);
    office.browser.fill("keyword", "丙方");
    office.browser.click("button[formaction]");
    office.shows("文件中没有“丙方”");
    office.browser.fill("keyword", "签章");
    office.browser.click("[name=unclassified]");
    office.browser.click("main form.card button.main");
    office.shows("待审批");
    let place = office.browser.place();
    office.approve_and_seal(&place);
    office.shows("已盖章文件第 1 页");
}

/// Looks in at every desk of the unit and of the issuing authority, once there is a seal in force; where it is.
pub(crate) fn look_in(office: &mut Office<'_>, seal: &str) {
    let unit = format!("/units/{}", office.town.unit);
    office.sign_in("agent");
    for (name, place) in [
        ("affairs", format!("{seal}/affairs")),
        ("affair", format!("{seal}/affairs/replace_device")),
        ("batch-new", "/uses/batch".to_owned()),
        ("unit", unit.clone()),
    ] {
        office.browser.go(&place);
        office.seen(name);
    }
    let pem = pki::write_pem("CERTIFICATE", system().certificate.der());
    let order = json!({ "authority": office.town.authority, "name": "审批平台", "certificate": pem });
    let entered = office.town.by(&office.town.security, "/api/clients", &order);
    assert_eq!(entered.status, 201, "{}", entered.text());
    office.browser.go(&format!("{unit}/grants"));
    office.browser.fill("purpose", "自动出具证明");
    office.browser.click("[name=document_type]");
    office.browser.run("document.querySelector('[name=from]').value = document.querySelector('[name=until]').value = '2099-01-01'");
    office.browser.fill("documents_max", "20");
    office.browser.click("main form.card button.main");
    office.shows("待负责人同意");
    let grant = office.browser.place();
    batch(office);
    office.sign_in("principal");
    for (name, place) in [
        ("grant", grant),
        ("grants", format!("{unit}/grants")),
        ("deputies", format!("{unit}/deputies")),
        ("unit", unit.clone()),
        ("seal-hand-over", seal.to_owned()),
    ] {
        office.browser.go(&place);
        office.seen(name);
    }
    office.sign_in("reviewer");
    for (name, place) in [
        ("filings", "/filings"),
        ("filings-accepted", "/filings?show=accepted"),
        ("calendar", "/calendar"),
        ("statistics", "/statistics"),
        ("units", "/units"),
        ("unit-new", "/units/new"),
        ("unit", &unit),
    ] {
        office.browser.go(place);
        office.seen(name);
    }
}

/// Three documents are asked for together.
fn batch(office: &mut Office<'_>) {
    office.browser.go("/uses/batch");
    let files: Vec<_> = (1..=3)
        .map(|number| office.file(&format!("{number}.ofd"), &ofd(&format!("第{number}号通知"))))
        .collect();
    let all: Vec<_> = files.iter().map(|file| file.to_str().unwrap()).collect();
    office.browser.type_into("#file", &all.join("\n"));
    office.browser.fill("purpose", "印发三份通知");
    office.browser.click("[name=unclassified]");
    office.browser.click("main form.card button.main");
    office.shows("查看第 3 份");
    office.seen("batch");
    office.browser.click("a[href$='/items/1']");
    office.shows("第 2 份，共 3 份");
    office.seen("batch-item");
}
