//! `yinxin render` and `yinxin text`.

use serde_json::Value;

use crate::support::Place;

/// Width and height from the header of a PNG.
fn size(png: &[u8]) -> (u32, u32) {
    let number = |at: usize| u32::from_be_bytes(png[at..at + 4].try_into().unwrap());
    (number(16), number(20))
}

#[test]
fn a_page_with_its_stamp_and_without_it() {
    let place = Place::with_ca();
    place.ok("sample .");
    place.ok(
        "seal make --picture seal.png --size 42x42 --code 99010000000001 --name 测试市测试局 --holder office.pem \
         --maker maker --trust ca/trust --certs ca/certs --out office.esl",
    );
    place.ok(
        "stamp sample.ofd --seal office.esl --key office --keyword 盖章处 --trust ca/trust --certs ca/certs --out sealed.ofd",
    );
    let said = place.ok("render sealed.ofd --page 2 --dpi 25.4 -o with.png");
    assert_eq!(said, "with.png：第 2 页，共 2 页，210 × 297 mm，印章 1 处\n");
    place.ok("render sealed.ofd --page 2 --dpi 25.4 --no-stamps -o without.png");
    assert_eq!(size(&place.read("with.png")), (210, 297));
    assert_ne!(place.read("with.png"), place.read("without.png"));
    let said = place.ok("--lang en render sealed.ofd --page 2 -o page.svg");
    assert_eq!(said, "page.svg: page 2 of 2, 210 x 297 mm, 1 stamps\n");
    let svg = String::from_utf8(place.read("page.svg")).unwrap();
    assert!(svg.contains("<image") && svg.ends_with("</svg>\n"));
}

#[test]
fn what_cannot_be_drawn_says_what_to_do() {
    let place = Place::new();
    place.ok("sample .");
    let said = place.line("render sample.ofd --page 3 -o page.png").failure(65);
    assert_eq!(said, "错误：没有第 3 页：文档共 2 页\n");
    let said = place.line("render sample.ofd -o page.gif").failure(64);
    assert!(said.contains(".png 或 .svg"), "{said}");
    let said = place.line("render seal.png -o page.svg").failure(66);
    assert!(said.contains("seal.png"), "{said}");
    place.write("page.png", "mine");
    let said = place.line("render sample.ofd -o page.png").failure(65);
    assert!(said.contains("--force"), "{said}");
    assert_eq!(place.read("page.png"), b"mine");
}

#[test]
fn text_with_its_places() {
    let place = Place::new();
    place.ok("sample .");
    let said = place.ok("text sample.ofd --page 2");
    assert!(
        said.starts_with("第 2 页\n") && said.contains("特此证明。"),
        "{said}"
    );
    let said = place.ok("text sample.ofd --json");
    let pages: Vec<Value> = said
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert_eq!(pages.len(), 2);
    let lines = pages[1]["lines"].as_array().unwrap();
    let line = lines.iter().find(|line| line["text"] == "（盖章处）").unwrap();
    assert_eq!(
        (line["x"].as_f64(), pages[1]["page"].as_u64()),
        (Some(130.0), Some(2))
    );
    let said = place.line("text sample.ofd --page 9").failure(65);
    assert_eq!(said, "错误：没有第 9 页：文档共 2 页\n");
}

#[test]
fn a_page_of_a_pdf_with_its_seal_and_without_it() {
    let place = crate::engine::with_seal();
    place.write("letter.pdf", crate::pdf::document());
    place.ok(
        "stamp letter.pdf --seal seal.esl --key office --out sealed.pdf --trust ca/trust --certs ca/certs --point 1:120,200",
    );
    let said = place.ok("render sealed.pdf --dpi 25.4 -o with.png");
    assert_eq!(said, "with.png：第 1 页，共 1 页，210 × 297 mm\n");
    place.ok("render sealed.pdf --dpi 25.4 --no-annotations -o without.png");
    assert_eq!(size(&place.read("with.png")), (210, 297));
    place.ok("render letter.pdf --dpi 25.4 -o before.png");
    assert_eq!(place.read("without.png"), place.read("before.png"));
    assert_ne!(place.read("with.png"), place.read("before.png"));
    let said = place.ok("--lang en render sealed.pdf -o page.svg");
    assert_eq!(said, "page.svg: page 1 of 1, 210 x 297 mm\n");
    let svg = String::from_utf8(place.read("page.svg")).unwrap();
    assert!(svg.contains("<image"), "{svg}");
}

#[test]
fn a_pdf_that_cannot_be_drawn_says_what_to_do() {
    let place = Place::new();
    place.write("letter.pdf", crate::pdf::document());
    let said = place.line("render letter.pdf --page 3 -o page.png").failure(65);
    assert_eq!(said, "错误：没有第 3 页：文档共 1 页\n");
    let said = place
        .line("render letter.pdf --no-stamps -o page.png")
        .failure(64);
    assert!(said.contains("--no-annotations"), "{said}");
    place.write("broken.pdf", "%PDF-1.7 and nothing else");
    let said = place.line("render broken.pdf -o page.png").failure(65);
    assert!(said.contains("已损坏"), "{said}");
}

/// Where the system gives less memory than a picture takes, the process that draws ends, and the program says so.
#[test]
#[cfg(unix)]
fn a_pdf_that_takes_too_much_ends_what_draws_it_alone() {
    let place = Place::new();
    place.write("letter.pdf", crate::pdf::document());
    let program = env!("CARGO_BIN_EXE_yinxin");
    let script =
        format!("ulimit -v 250000; exec {program} --lang en render letter.pdf --dpi 900 -o page.png");
    let ended = std::process::Command::new("sh")
        .args(["-c", &script])
        .current_dir(place.path(""))
        .output()
        .unwrap();
    let said = String::from_utf8(ended.stderr).unwrap();
    assert_eq!(ended.status.code(), Some(65), "{said}");
    assert!(said.contains("lower the resolution"), "{said}");
    assert!(!place.path("page.png").exists());
}
