//! The desks of the issuing authority: filings, calendar, statistics.

use serde_json::json;
use testkit::{Bureau, BureauFault};

use crate::applications::PICTURE;
use crate::town::Town;
use crate::visitor::Desk;

const NAMES: [&str; 3] = ["测试市大数据局", "测试市政务服务中心", "印信"];

#[test]
fn r39_the_desk_of_filings_shows_what_is_overdue_first_and_files_again() {
    let bureau = Bureau::open();
    let town = Town::making(&bureau);
    bureau.switch(BureauFault::OutOfOrder);
    let made = town.make(&town.approved(&town.ask()));
    assert_eq!(made.status, 201, "{}", made.text());
    let seal = made.json()["id"].as_str().unwrap().to_owned();
    let maker = town.desk("maker");
    town.wait("a failed filing", || town.filings(&seal)[0]["tries"] != 0);
    let page = maker.page("/filings", &NAMES);
    assert!(
        page.contains("立即重报") && page.contains("剩 ") && !page.contains("已逾期"),
        "{page}"
    );
    // Why, in the reader's language.
    assert!(page.contains("备案机关答复 HTTP 状态 "), "{page}");
    for (fault, said) in [
        (BureauFault::HangsUp, "与备案机关的连接失败（"),
        (BureauFault::SendsBack, "备案机关说："),
        (BureauFault::Thinks, "已送达，等待答复"),
        (BureauFault::Thinks, "备案机关已收到，尚未答复"),
    ] {
        bureau.switch(fault);
        town.scene.server.clock.advance(600);
        town.wait(said, || maker.get("/filings").text().contains(said));
    }
    let page = maker.page("/filings", &NAMES);
    assert!(page.contains("尚未答复"), "{page}");
    town.scene.server.clock.advance(25 * 3600 - 4 * 600);
    town.sign_all_in(None);
    let maker = town.desk("maker");
    let page = maker.page("/filings", &NAMES);
    assert!(page.contains("已逾期") && page.contains("逾期 1 小时"), "{page}");
    bureau.switch(BureauFault::None);
    let id = town.filings(&seal)[0]["id"].as_str().unwrap().to_owned();
    let place = format!("/filings/{id}/retry");
    assert_eq!(maker.done("/filings", &place, &[]), "/filings");
    town.wait("the filing", || town.seal(&seal)["status"] == "filed");
    let page = maker.page("/filings?show=accepted", &NAMES);
    assert!(page.contains("逾期") && page.contains("回执"), "{page}");
    // People of the unit neither see nor hasten filings.
    let agent = town.desk("agent");
    assert_eq!(agent.get("/filings").status, 404);
    assert_eq!(agent.send("/", &place, &[]).status, 404);
}

#[test]
fn r26_the_queue_lists_the_overdue_first_says_who_is_in_charge_and_is_narrowed() {
    let bureau = Bureau::open();
    let town = Town::making(&bureau);
    // Seals of one kind have different impressions (R28).
    let contract = |code: &str| {
        let picture = [PICTURE, format!("<!-- {code} -->").as_bytes()].concat();
        let id = town.with_materials(&town.contract(&picture, code), &picture);
        assert_eq!(town.submit(&id).status, 200);
        id
    };
    let late = contract("6101000000011");
    town.steps(
        &late,
        &[
            ("principal", json!({ "type": "consent" })),
            ("reviewer", json!({ "type": "take_up" })),
        ],
    );
    let approved = town.approved(&town.ask());
    // Days on, `late` is over, what is approved is decided, and what comes then has its days before it.
    town.scene.server.clock.advance(30 * 24 * 3600);
    town.sign_all_in(None);
    let early = contract("6101000000013");
    town.steps(&early, &[("principal", json!({ "type": "consent" }))]);
    let reviewer = town.desk("reviewer");
    let in_charge = town.name_of("reviewer");
    let names = [in_charge.as_str(), "测试市大数据局", "合同专用章"];
    let page = reviewer.page("/applications", &names);
    let at = |id: &str| {
        page.find(&format!("/applications/{id}\""))
            .unwrap_or_else(|| panic!("{page}"))
    };
    assert!(at(&late) < at(&early), "{page}");
    assert!(!page.contains(&approved), "{page}");
    assert!(
        page.contains("有 1 件已逾期") && page.matches(">逾期<").count() == 1,
        "{page}"
    );
    assert!(page.contains(&in_charge) && page.contains("待受理"), "{page}");
    assert!(page.contains("lang=\"zh-CN\">印信系统规则R26<"), "{page}");
    let lists = |desk: &Desk<'_>, query: &str, id: &str| {
        let page = desk.get(&format!("/applications?{query}"));
        assert_eq!(page.status, 200, "{query}");
        page.text().contains(&format!("/applications/{id}\""))
    };
    for (query, late_too, early_too) in [
        ("kind=make", true, true),
        ("kind=renew", false, false),
        ("state=under_review", true, false),
        ("state=consented", false, true),
        ("unit=%E5%A4%A7%E6%95%B0%E6%8D%AE", true, true),
        ("unit=nowhere", false, false),
        ("kind=nonsense", false, false),
    ] {
        let found = (lists(&reviewer, query, &late), lists(&reviewer, query, &early));
        assert_eq!(found, (late_too, early_too), "{query}");
    }
    // What was typed stays, and the way back is there.
    let none = reviewer.get("/applications?unit=nowhere&kind=renew");
    assert!(
        none.text().contains("value=\"nowhere\"")
            && none.text().contains("value=\"renew\" selected")
            && none.text().contains("显示全部"),
        "{}",
        none.text()
    );
    // What is approved waits for the maker, and is never overdue for being decided.
    let maker = town.desk("maker");
    assert!(lists(&maker, "state=approved", &approved));
    let page = maker.page("/applications", &names);
    assert!(page.contains("已决定") && !page.contains("逾期"), "{page}");
}

#[test]
fn r60_the_calendar_and_the_statistics_say_what_ends_and_how_it_stands() {
    let bureau = Bureau::open();
    let town = Town::making(&bureau);
    let reviewer = town.desk("reviewer");
    for place in ["/calendar", "/statistics"] {
        reviewer.page(place, &NAMES);
    }
    let seal = town.active();
    let ends = town.seal(&seal)["edition"]["not_after"]
        .as_str()
        .map(|text| text[..7].to_owned());
    let ends = ends.unwrap_or_else(|| {
        let shown = town.seal(&seal);
        shown["editions"][0]["not_after"].as_str().unwrap()[..7].to_owned()
    });
    let page = reviewer.page(&format!("/calendar?month={ends}"), &NAMES);
    assert!(
        page.contains("测试市大数据局") && page.contains("续期窗口"),
        "{page}"
    );
    let page = reviewer.page("/statistics", &NAMES);
    assert!(
        page.contains("<svg") && page.contains("<table") && page.contains("有效"),
        "{page}"
    );
    let bad = reviewer.get("/statistics?from=2026-03-02&until=2026-03-01");
    assert_eq!(bad.status, 400);
    assert!(bad.text().contains("先后颠倒") && bad.text().contains("value=\"2026-03-02\""));
    assert_eq!(town.desk("custodian").get("/calendar").status, 404);
}
