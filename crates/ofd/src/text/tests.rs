//! Words in hand-written pages: one object, many objects, turned, upright, doubled.

use super::*;
use crate::Limits;
use proptest::prelude::*;
use std::fmt::Write as _;

fn page(objects: &str) -> PageContent {
    let xml = format!("<Page><Content><Layer>{objects}</Layer></Content></Page>");
    PageContent::read(xml.as_bytes(), &Limits::default()).unwrap()
}

/// A text object of size 4 at a place, written with these attributes of its one code.
fn text(id: u32, x: f64, y: f64, code: &str, characters: &str) -> String {
    format!(
        "<TextObject ID='{id}' Boundary='{x} {y} 100 5' Size='4'><TextCode X='0' Y='4' {code}>{characters}</TextCode></TextObject>"
    )
}

/// One object for each character, 4 mm apart.
fn singles(x: f64, y: f64, step: (f64, f64), characters: &str) -> String {
    let mut all = String::new();
    for (index, character) in characters.chars().enumerate() {
        let index = index as f64;
        all += &text(
            index as u32,
            x + index * step.0,
            y + index * step.1,
            "",
            &character.to_string(),
        );
    }
    all
}

/// The bounds of the hits, rounded to hundredths of a millimetre.
fn bounds(objects: &str, keyword: &str) -> Vec<String> {
    let hits = find(&page(objects), &[], keyword);
    let round = |value: f64| (value * 100.0).round() / 100.0;
    let rounded = hits.iter().map(|hit| {
        let Box { x, y, width, height } = hit.bounds;
        Box::new(round(x), round(y), round(width), round(height)).to_string()
    });
    rounded.collect()
}

fn check(objects: &str, keyword: &str, expected: &[&str]) {
    assert_eq!(bounds(objects, keyword), expected, "{keyword} in {objects}");
}

#[test]
fn word_within_one_object() {
    // The base line is 4 mm below the boundary, a glyph reaches from 0.86 above to 0.14 below it.
    let line = text(7, 20.0, 30.0, "DeltaX='g 5 4'", "请在此处盖章");
    check(&line, "盖章", &["36 30.56 8 4"]);
    check(&line, "请", &["20 30.56 4 4"]);
    check(&line, "章盖", &[]);
    check(&line, "", &[]);
    check(&line, " \u{3000}", &[]);
    assert_eq!(find(&page(&line), &[], "盖章")[0].text_object_id, Some(7));
}

#[test]
fn word_across_white_space_and_forms() {
    let line = text(1, 0.0, 0.0, "DeltaX='g 9 4'", "盖 章（ＡＢ）：");
    check(&line, "盖章", &["0 0.56 12 4"]);
    check(&line, "盖　章(AB):", &["0 0.56 32 4"]);
    check(&line, "(ＡB)", &["12 0.56 16 4"]);
    check(&line, "(ab)", &[]);
}

#[test]
fn radicals_count_as_the_characters_they_look_like() {
    let line = text(1, 0.0, 0.0, "DeltaX='4'", "\u{2F00}\u{2FD5}");
    check(&line, "一龠", &["0 0.56 8 4"]);
    assert_eq!(KANGXI.chars().count(), 214);
}

#[test]
fn every_hit_in_reading_order() {
    let lines = [
        text(1, 50.0, 100.0, "DeltaX='4'", "盖章"),
        text(2, 50.0, 20.0, "DeltaX='4'", "盖章"),
        text(3, 10.0, 20.5, "DeltaX='g 3 4'", "盖章盖章"),
    ];
    check(
        &lines.concat(),
        "盖章",
        &["10 21.06 8 4", "18 21.06 8 4", "50 20.56 8 4", "50 100.56 8 4"],
    );
}

#[test]
fn word_across_codes_and_line_breaks_of_one_object() {
    let codes = "<TextObject Boundary='10 10 50 50' Size='4'><TextCode X='0' Y='4'>合同专</TextCode><TextCode X='20' Y='14'>用章</TextCode></TextObject>";
    check(codes, "专用章", &["18 10.56 20 14"]);
    let wrapped = text(1, 10.0, 10.0, "DeltaX='4 4 -8' DeltaY='0 0 5'", "合同专用");
    check(&wrapped, "专用", &["10 10.56 12 9"]);
}

#[test]
fn word_of_single_characters() {
    check(
        &singles(20.0, 30.0, (4.0, 0.0), "请在此处盖章"),
        "处盖章",
        &["32 30.56 12 4"],
    );
    check(
        &singles(20.0, 30.0, (7.5, 0.0), "盖章"),
        "盖章",
        &["20 30.56 11.5 4"],
    );
    check(&singles(20.0, 30.0, (40.0, 0.0), "盖章"), "盖章", &[]);
    // Labels of forms are spread; pieces of several characters that far apart are two cells.
    check(
        &singles(20.0, 92.0, (14.0, 0.0), "合计"),
        "合计",
        &["20 92.56 18 4"],
    );
    let cells = text(1, 10.0, 10.0, "DeltaX='4'", "甲方") + &text(2, 28.0, 10.0, "DeltaX='4'", "盖章");
    check(&cells, "方盖", &[]);
    // Written from the right to the left: still read from the left.
    check(
        &singles(20.0, 30.0, (-4.0, 0.0), "章盖"),
        "盖章",
        &["16 30.56 8 4"],
    );
}

#[test]
fn word_of_several_pieces() {
    let pieces = text(1, 10.0, 10.0, "DeltaX='4'", "甲方") + &text(2, 18.2, 10.1, "DeltaX='4'", "盖章");
    check(&pieces, "方盖", &["14 10.56 8.2 4.1"]);
}

#[test]
fn neighbouring_rows_are_not_mixed() {
    let rows = singles(20.0, 30.0, (4.0, 0.0), "甲乙丙") + &singles(20.0, 35.0, (4.0, 0.0), "丁戊己");
    check(&rows, "甲丁", &[]);
    check(&rows, "丙丁", &[]);
    check(&rows, "戊己", &["24 35.56 8 4"]);
}

#[test]
fn upright_words() {
    check(
        &text(1, 20.0, 30.0, "DeltaY='5 5'", "购买方"),
        "购买方",
        &["20 30.56 4 14"],
    );
    check(
        &singles(20.0, 30.0, (0.0, 5.0), "购买方"),
        "买方",
        &["20 35.56 4 9"],
    );
    check(
        &singles(20.0, 30.0, (0.0, 14.0), "备注"),
        "备注",
        &["20 30.56 4 18"],
    );
    let beside = singles(20.0, 30.0, (0.0, 5.0), "备注") + &text(9, 26.0, 30.0, "", "银行账号");
    check(&beside, "备注", &["20 30.56 4 9"]);
}

#[test]
fn turned_words() {
    let turned = |ctm: &str| {
        format!(
            "<TextObject Boundary='100 100 50 50' CTM='{ctm}' Size='4'><TextCode X='0' Y='0' DeltaX='4 4'>请盖章</TextCode></TextObject>"
        )
    };
    check(&turned("0 1 -1 0 0 0"), "盖章", &["99.44 104 4 8"]);
    check(&turned("-1 0 0 -1 0 0"), "盖章", &["88 99.44 8 4"]);
    check(&turned("0.5 0 0 0.5 10 10"), "盖章", &["112 108.28 4 2"]);
    // By 45 degrees: the box around the slanted word.
    let half = std::f64::consts::FRAC_1_SQRT_2;
    let found = find(
        &page(&turned(&format!("{half} {half} -{half} {half} 0 0"))),
        &[],
        "盖章",
    );
    let bounds = found[0].bounds;
    assert!((bounds.width - 12.0 * half).abs() < 1e-6 && (bounds.height - 12.0 * half).abs() < 1e-6);
}

#[test]
fn turned_single_characters_stand_on_one_line() {
    let half = std::f64::consts::FRAC_1_SQRT_2;
    let mut objects = String::new();
    for (index, character) in "请盖章".chars().enumerate() {
        let at = 100.0 + 4.0 * half * index as f64;
        let _ = write!(
            objects,
            "<TextObject Boundary='{at} {at} 50 50' CTM='{half} {half} -{half} {half} 0 0' Size='4'><TextCode X='0' Y='0'>{character}</TextCode></TextObject>"
        );
    }
    assert_eq!(find(&page(&objects), &[], "请盖章").len(), 1);
}

#[test]
fn double_prints_count_once() {
    let twice = text(1, 10.0, 10.0, "DeltaX='4'", "盖章") + &text(2, 10.1, 10.1, "DeltaX='4'", "盖章");
    check(&twice, "盖章", &["10 10.56 8 4"]);
    let singles = singles(10.0, 10.0, (4.0, 0.0), "盖章") + &singles(10.1, 10.1, (4.0, 0.0), "盖章");
    check(&singles, "盖章", &["10 10.56 8 4"]);
}

#[test]
fn hidden_text_is_found_and_marked() {
    let hidden = "<TextObject Boundary='0 0 9 9' Size='4' Alpha='0'><TextCode X='0' Y='4'>盖章</TextCode></TextObject>";
    let hits = find(&page(hidden), &[], "盖章");
    assert_eq!((hits.len(), hits[0].visible), (1, false));
}

#[test]
fn text_of_templates_is_found_and_marked() {
    let template = page(&text(5, 10.0, 10.0, "DeltaX='4'", "发票"));
    let own = page(&text(6, 18.0, 10.0, "DeltaX='4'", "号码"));
    let hits = find(&own, &[&page(""), &template], "发票号");
    assert_eq!(
        (hits.len(), hits[0].template, hits[0].text_object_id),
        (1, Some(1), Some(5))
    );
    assert_eq!(find(&own, &[], "发票号"), []);
}

#[test]
fn plain_text_has_rows_and_spaces() {
    let objects = [
        text(1, 100.0, 10.0, "DeltaX='4'", "右边"),
        text(2, 10.0, 10.2, "DeltaX='4'", "左边"),
        text(3, 10.0, 50.0, "DeltaX='4 4 -8 4' DeltaY='0 0 5 0'", "第一行第二"),
        singles(10.0, 30.0, (4.0, 0.0), "逐字"),
        text(4, 20.0, 30.0, "", "  a  b "),
    ];
    assert_eq!(
        plain_text(&page(&objects.concat()), &[]),
        "左边 右边\n逐字 a b\n第一行\n第二"
    );
    assert_eq!(plain_text(&page(""), &[]), "");
}

proptest! {
    #[test]
    fn odd_numbers_give_finite_places(
        objects in prop::collection::vec(
            (prop::collection::vec(prop::sample::select(ODD_NUMBERS.to_vec()), 16), "[盖章a ]{0,4}"), 0..8)
    ) {
        let mut xml = String::new();
        for (n, characters) in objects {
            let _ = write!(
                xml,
                "<TextObject Boundary='{} {} {} {}' CTM='{} {} {} {} {} {}' Size='{}' HScale='{}' CharDirection='{}'>\
                 <TextCode X='{}' Y='{}' DeltaX='g 2 {}' DeltaY='{}'>{characters}</TextCode></TextObject>",
                n[0], n[1], n[2], n[3], n[4], n[5], n[6], n[7], n[8], n[9], n[10], n[11], n[12], n[13], n[14], n[15],
                n[2]
            );
        }
        let page = page(&xml);
        plain_text(&page, &[&page]);
        for hit in find(&page, &[&page], "盖") {
            prop_assert!(hit.bounds.right().is_finite() && hit.bounds.bottom().is_finite());
        }
    }
}

/// What attributes may hold: ordinary numbers, extreme ones, and what is none.
const ODD_NUMBERS: [&str; 14] = [
    "0", "1", "-1", "0.5", "4", "90", "270", "1e9", "-1e9", "1e-300", "1e308", "NaN", "inf", "",
];

#[test]
fn many_overlapping_objects_take_linear_time() {
    let mut xml = "<Page><Content>".to_owned();
    for index in 0..20_000 {
        let character = if index % 2 == 0 { 'a' } else { 'b' };
        let _ = write!(
            xml,
            "<TextObject Size='4'><TextCode X='0' Y='0'>{character}{index}</TextCode></TextObject>"
        );
    }
    xml += "</Content></Page>";
    let page = PageContent::read(xml.as_bytes(), &Limits::default()).unwrap();
    assert_eq!(find(&page, &[], "b19999").len(), 1);
    assert!(plain_text(&page, &[]).contains("b19999"));
}

#[test]
fn one_endless_object_takes_linear_time() {
    let characters = "盖".repeat(400_000);
    let objects = text(1, 0.0, 0.0, "DeltaX='g 999999999 0'", &characters);
    assert_eq!(find(&page(&objects), &[], &"盖".repeat(1000)).len(), 1);
    assert_eq!(plain_text(&page(&objects), &[]).chars().count(), 400_000);
}
