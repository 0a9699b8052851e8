//! Asking for a use: places are tried out before anything is asked for, and what is shown is what is sealed.

use crate::uses::place;
use crate::web::{PARTS, field, parts};
use crate::world::{PIN, SEAL, Who, World, id, ofd};

const NAMES: [&str; 4] = ["示例单位", "公文", "合同", "通知"];

fn brought(world: &World, bytes: &[u8]) -> String {
    let desk = world.desk(Who::Agent);
    let token = field(desk.get("/uses/new").text(), "token");
    let cookie = format!("yinxin={}", Who::Agent.token());
    let body = parts(&[("token", &token)], Some(("通知.ofd", bytes)));
    let sent = world
        .server
        .post("/uses/new", &[PARTS, ("cookie", &cookie)], &body);
    assert_eq!(sent.status, 303, "{}", sent.text());
    sent.header("location").unwrap().to_owned()
}

fn fields<'a>(seal: &'a str, how: &[(&'a str, &'a str)]) -> Vec<(&'a str, &'a str)> {
    let mut all = vec![
        ("seal", seal),
        ("purpose", "印发通知"),
        ("document_type", "official_document"),
    ];
    all.extend(how);
    all.push(("unclassified", "yes"));
    all
}

#[test]
fn a_place_is_tried_out_before_anything_is_asked_for() {
    let world = World::with_policy();
    let (desk, seal) = (world.desk(Who::Agent), id(SEAL).to_string());
    let page = brought(&world, &ofd("关于试用电子印章的通知"));
    let preview = format!("{page}/preview");
    let tried = |how: &[(&str, &str)]| desk.send(&page, &preview, &fields(&seal, how));
    let point = tried(&[("place", "point"), ("page", "1"), ("x_mm", "30"), ("y_mm", "40")]);
    assert_eq!(point.status, 200, "{}", point.text());
    assert!(
        point.text().contains("预览：印章出现 1 处") && point.text().contains("距左 30.0"),
        "{}",
        point.text()
    );
    assert!(point.text().contains("value=\"印发通知\""));
    let at = point.text().find("src=\"/documents/").unwrap() + 5;
    let picture = point.text()[at..]
        .split('"')
        .next()
        .unwrap()
        .replace("&amp;", "&");
    let drawn = desk.get(&picture);
    assert!(drawn.text().contains("盖章位置"), "{picture}");
    let words = tried(&[("place", "keyword"), ("keyword", "通知")]);
    assert!(words.text().contains("预览：印章出现 1 处"), "{}", words.text());
    // What cannot be placed is told, in the words of the reader, and what was typed stays.
    let missing = tried(&[("place", "keyword"), ("keyword", "公告")]);
    assert_eq!(missing.status, 422, "{}", missing.text());
    assert!(missing.text().contains("文件中没有“公告”") && missing.text().contains("value=\"公告\""));
    let single = tried(&[("place", "none"), ("straddle", "right")]);
    assert!(single.text().contains("至少需要两页"), "{}", single.text());
    let nothing = tried(&[("place", "none"), ("straddle", "")]);
    assert_eq!(nothing.status, 400, "{}", nothing.text());
    desk.page(&page, &NAMES);
    // Nobody looks at what somebody else brought.
    assert_eq!(world.desk(Who::Custodian).get(&picture).status, 404);
}

#[test]
fn sealed_uses_show_the_sealed_document() {
    let world = World::with_policy();
    let asked = world.ask(&ofd("通知")).json();
    let approved = world.approve(Who::Approver, &asked);
    assert_eq!(approved.status, 201, "{}", approved.text());
    let page = place(&asked).replace("/api", "");
    let desk = world.desk(Who::Custodian);
    let before = desk.get(&format!("{page}/pages/1"));
    assert!(before.text().contains("盖章位置"));
    let stamped = world.stamp(Who::Custodian, &asked, PIN);
    assert_eq!(stamped.status, 201, "{}", stamped.text());
    let after = desk.get(&format!("{page}/pages/1"));
    assert!(!after.text().contains("盖章位置") && after.body != before.body);
    assert!(
        desk.page(&page, &["示例单位", "发布通知", "印发通知", "通知"])
            .contains("已盖章文件第 1 页")
    );
}
