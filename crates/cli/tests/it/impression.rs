//! `yinxin impression`.

use serde_json::Value;

use crate::support::Place;

/// What script/setup installs; without it the tests of drawing say so and stop.
fn font_is_missing() -> bool {
    let missing = !std::path::Path::new("/usr/share/fonts/opentype/noto/NotoSerifCJK-Regular.ttc").exists();
    if missing {
        eprintln!("SKIPPED: fonts-noto-cjk is not installed: run script/setup");
    }
    missing
}

const TOWN: &str = "impression draw official --level township --name 示例县示例镇人民政府";

#[test]
fn r4_a_drawn_seal_is_the_same_as_itself_and_not_as_another() {
    if font_is_missing() {
        return;
    }
    let place = Place::new();
    let said = place.ok(&format!("{TOWN} --out a.png"));
    assert_eq!(said, "印章图像：a.png（42 × 42 mm）\n");
    let said = place.ok(&format!("--lang en {TOWN} --out a.svg"));
    assert_eq!(said, "picture of the seal: a.svg (42 × 42 mm)\n");
    // One character of the name is another one.
    place.ok("impression draw official --level township --name 示例县示列镇人民政府 --out b.png");

    let said = place.ok("impression compare a.png a.svg --report same.html");
    assert!(said.starts_with("相同"), "{said}");
    let html = String::from_utf8(place.read("same.html")).unwrap();
    assert!(html.starts_with("<!DOCTYPE html>") && html.contains("a.png") && !html.contains("src=\"http"));

    let run = place.line("impression compare a.png b.png");
    assert_eq!(run.status(), Some(1), "{}", run.errors());
    assert!(run.output().starts_with("不同"), "{}", run.output());
    // The places of the changed character are named, and marked in the report.
    assert!(
        run.output().contains("点钟方向") && run.output().contains("多出墨迹"),
        "{}",
        run.output()
    );
    let run = place.line("--lang en impression compare a.png b.png --report other.html");
    assert!(
        run.output().contains("o'clock") && run.output().contains("too much ink"),
        "{}",
        run.output()
    );
    let html = String::from_utf8(place.read("other.html")).unwrap();
    assert!(html.contains("标记处") && html.contains("o'clock"));
    let run = place.line("impression compare a.png b.png --json");
    assert_eq!(run.status(), Some(1), "{}", run.errors());
    let line: Value = serde_json::from_str(&run.output()).unwrap();
    assert_eq!(line["format"], "yinxin.impression-comparison/1");
    assert_eq!(
        (&line["registered"], &line["submitted"]),
        (&"a.png".into(), &"b.png".into())
    );
    assert_eq!(line["comparison"]["verdict"], "different");
    let said = place.line(&format!("{TOWN} --out a.png")).failure(65);
    assert!(said.contains("--force"), "{said}");
}

#[test]
fn every_kind_of_seal_is_drawn() {
    if font_is_missing() {
        return;
    }
    let place = Place::new();
    for (kind, size) in [
        ("special --name 示例市数据局 --caption 行政审批专用章", "40 × 40"),
        (
            "contract --name 示例市远大信息技术有限公司 --code 3201000012345",
            "38 × 38",
        ),
        ("finance --name 示例市远大信息技术有限公司 --star", "38 × 38"),
        (
            "invoice --name 示例市远大信息技术有限公司 --number 91320100MA1XXXXX5L",
            "40 × 30",
        ),
        ("oval --name 示例市远大公司 --second-name YUANDA", "45 × 30"),
        ("name --name 王示例 --suffix zhi-yin --intaglio", "20 × 20"),
        ("name --name 李示 --size 18x18 --rows", "18 × 18"),
    ] {
        let said = place.ok(&format!("impression draw {kind} --out x.svg --force"));
        assert_eq!(said, format!("印章图像：x.svg（{size} mm）\n"), "{kind}");
        let svg = String::from_utf8(place.read("x.svg")).unwrap();
        // Outlines only: what the reader's machine has for fonts does not matter.
        assert!(svg.contains("<path") && !svg.contains("<text"), "{kind}");
    }
}

#[test]
fn what_cannot_be_drawn_says_what_to_do() {
    if font_is_missing() {
        return;
    }
    let place = Place::new();
    for (line, status, says) in [
        (
            "official --level ministry --name 示例部 --out x.png",
            64,
            "--emblem",
        ),
        ("special --name 示例局 --out x.png", 64, "--caption"),
        ("contract --name 示例公司 --out x.gif", 64, ".svg 或 .png"),
        ("name --name 王示例 --size 20 --out x.png", 64, "20x20"),
        ("name --name 王\u{e123}例 --out x.png", 65, "U+E123"),
        ("name --name 王示例 --font none.ttf --out x.png", 66, "none.ttf"),
        ("contract --name 示例公司 --diameter 9000 --out x.png", 65, "mm"),
    ] {
        let said = place.line(&format!("impression draw {line}")).failure(status);
        assert!(said.contains(says), "{line}: {said}");
        assert!(!place.path("x.png").exists(), "{line}");
    }
}

#[test]
fn what_cannot_be_compared_says_why() {
    let place = Place::new();
    place.ok("sample .");
    place.write("noise.png", "\u{89}PNG is not this");
    let said = place.line("impression compare seal.png noise.png").failure(65);
    assert!(said.starts_with("错误：图像无法读取"), "{said}");
    let said = place.line("impression compare seal.png none.png").failure(66);
    assert!(said.contains("none.png"), "{said}");
    place.write("report.html", "mine");
    let said = place
        .line("impression compare seal.png seal.png --report report.html")
        .failure(65);
    assert!(said.contains("--force"), "{said}");
    assert_eq!(place.read("report.html"), b"mine");
}
