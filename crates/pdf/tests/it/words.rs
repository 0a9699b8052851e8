//! Keywords on pages: made by hand, and where poppler sees them.

use std::fs;
use std::process::Command;

use pdf::{Document, Error, find_words, pages};
use proptest::prelude::*;

use crate::corpus::files;
use crate::made::Made;

/// One page with these contents; the font F has a character map, G is Helvetica, H says GBK.
fn page(contents: &str, attributes: &str) -> Vec<u8> {
    let map = "1 begincodespacerange <0000> <FFFF> endcodespacerange 1 beginbfrange <0001> <0003> [<76D6> <7AE0> \
               <5904>] endbfrange";
    let stream = |text: &str| format!("<</Length {}>>stream\n{text}\nendstream", text.len());
    Made::new(&[
        (1, "<</Type/Catalog/Pages 2 0 R>>"),
        (2, &format!("<</Type/Pages/Kids[3 0 R]/Count 1/MediaBox[0 0 200 300]{attributes}>>")),
        (
            3,
            "<</Type/Page/Parent 2 0 R/Contents 4 0 R/Resources<</Font<</F 5 0 R/G 8 0 R/H 9 0 R>>/XObject<</X 10 0 R>>>>>>",
        ),
        (4, &stream(contents)),
        (5, "<</Type/Font/Subtype/Type0/Encoding/Identity-H/DescendantFonts[6 0 R]/ToUnicode 7 0 R>>"),
        (6, "<</Type/Font/Subtype/CIDFontType2/DW 1000/FontDescriptor<</Ascent 900/Descent -100>>>>"),
        (7, &stream(map)),
        (8, "<</Type/Font/Subtype/Type1/BaseFont/Helvetica/FirstChar 65/Widths[600 600 600]>>"),
        (9, "<</Type/Font/Subtype/Type0/Encoding/GBK-EUC-H/DescendantFonts[6 0 R]>>"),
        (
            10,
            "<</Subtype/Form/Matrix[1 0 0 1 100 0]/Length 31>>stream\nBT /G 10 Tf 5 50 Td (ABC) Tj ET\nendstream",
        ),
    ])
    .bytes
}

/// The boxes of hits in units, rounded: left, upper, width, height.
fn find(file: &[u8], words: &str) -> Vec<[i32; 4]> {
    let document = Document::open(file).unwrap();
    let pages = pages(&document).unwrap();
    let found = find_words(&document, &pages[0], words).unwrap();
    found
        .iter()
        .map(|area| area.map(|mm| (mm * 72.0 / 25.4).round() as i32))
        .collect()
}

#[test]
fn words_by_character_maps_encodings_and_charsets() {
    let contents = "BT /F 10 Tf 20 200 Td <000100020003> Tj ET\n\
                    BT /G 10 Tf 1 0 0 1 20 100 Tm [(A) 100 (BC)] TJ ET\n\
                    BT /H 10 Tf 20 150 Td <B8C7D5C2> Tj ET /X Do";
    let file = page(contents, "");
    assert_eq!(find(&file, "盖章处"), [[20, 91, 30, 10]]);
    assert_eq!(find(&file, "章 处"), [[30, 91, 20, 10]]);
    // Helvetica says nothing of its height; A B C are 6 wide each, and B is moved back by 1.
    assert_eq!(find(&file, "ABC"), [[20, 191, 17, 10], [105, 241, 18, 10]]);
    assert_eq!(find(&file, "盖章"), [[20, 91, 20, 10], [20, 141, 20, 10]]);
    assert_eq!(find(&file, "章盖"), [] as [[i32; 4]; 0]);
}

#[test]
fn words_on_turned_and_cropped_pages() {
    let contents = "BT /F 10 Tf 20 200 Td <000100020003> Tj ET";
    let cropped = page(contents, "/CropBox[10 0 200 250]");
    assert_eq!(find(&cropped, "盖章处"), [[10, 41, 30, 10]]);
    // Clockwise by 90: what was above is at the right.
    let turned = page(contents, "/Rotate 90");
    assert_eq!(find(&turned, "盖章处"), [[199, 20, 10, 30]]);
    let scaled = page(&format!("q 2 0 0 2 0 -200 cm {contents} Q"), "");
    assert_eq!(find(&scaled, "盖章处"), [[40, 82, 60, 20]]);
}

#[test]
fn forms_that_draw_themselves_and_images_end() {
    let file = page("BI /W 1 /H 1 ID (EI EI BT /G 10 Tf (ABC) Tj ET", "");
    assert_eq!(find(&file, "ABC").len(), 1);
    let many = page(&"/X Do ".repeat(2001), "");
    let document = Document::open(&many).unwrap();
    let refused = find_words(&document, &pages(&document).unwrap()[0], "x");
    assert!(matches!(refused, Err(Error::Limit { .. })), "{refused:?}");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn any_contents_are_read_or_refused(tokens in prop::collection::vec(prop::sample::select(vec![
        "BT", "ET", "/F", "/G", "/H", "/X", "10", "-1e9", "Tf", "Td", "TD", "Tm", "Tj", "TJ", "'", "\"", "q", "Q",
        "cm", "Do", "(AB", ")", "<0001", ">", "[", "]", "<<", ">>", "BI", "ID", "EI", "1", "0", "99999999999999999999",
    ]), 0..60)) {
        let file = page(&tokens.join(" "), "");
        let document = Document::open(&file).unwrap();
        let _ = find_words(&document, &pages(&document).unwrap()[0], "盖章");
    }
}

/// Of a line of `pdftotext -bbox`: left, upper, right, lower in points, and the word.
fn bbox(line: &str) -> Option<([f64; 4], String)> {
    let rest = line.trim().strip_prefix("<word ")?;
    let (attributes, rest) = rest.split_once('>')?;
    let mut numbers = attributes
        .split('"')
        .skip(1)
        .step_by(2)
        .map(|number| number.parse::<f64>().ok());
    let area = [
        numbers.next()??,
        numbers.next()??,
        numbers.next()??,
        numbers.next()??,
    ];
    Some((area, rest.split_once("</word>")?.0.to_owned()))
}

fn memchr_all(bytes: &[u8], word: &[u8]) -> Vec<usize> {
    let ends = bytes.windows(word.len()).enumerate();
    ends.filter(|(_, window)| *window == word)
        .map(|(at, _)| at)
        .collect()
}

#[test]
fn words_of_real_files_stand_where_poppler_sees_them() {
    if Command::new("pdftotext").arg("-v").output().is_err() {
        println!("SKIPPED: pdftotext (poppler-utils) is not installed");
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("x.pdf");
    let (mut words, mut agreed) = (0, 0);
    for (name, bytes) in files("pdf") {
        let Ok(document) = Document::open(&bytes) else {
            continue;
        };
        let Ok(pages) = pages(&document) else { continue };
        if document.is_encrypted() || pages.is_empty() {
            continue;
        }
        // Poppler also reads what annotations show, which is no word of the page.
        let mut without = bytes.clone();
        for at in memchr_all(&bytes, b"/Annots") {
            without[at + 1] = b'Z';
        }
        fs::write(&path, &without).unwrap();
        let output = Command::new("pdftotext")
            .args(["-bbox", "-l", "1"])
            .arg(&path)
            .arg("-")
            .output()
            .unwrap();
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        let view = pages[0].view(&document);
        let plain = |word: &str| word.chars().count() >= 3 && word.chars().all(char::is_alphanumeric);
        let before = agreed;
        let asked = words;
        for (area, word) in text
            .lines()
            .filter_map(bbox)
            .filter(|(_, word)| plain(word))
            .take(20)
        {
            let mm = area.map(|points| points * view.unit_mm);
            let found = find_words(&document, &pages[0], &word).unwrap_or_default();
            let near = found.iter().any(|[x, y, width, height]| {
                let middle = (x + width / 2.0, y + height / 2.0);
                let theirs = ((mm[0] + mm[2]) / 2.0, (mm[1] + mm[3]) / 2.0);
                (middle.0 - theirs.0).abs() < 3.0 && (middle.1 - theirs.1).abs() < 3.0
            });
            words += 1;
            agreed += usize::from(near);
        }
        if agreed - before < words - asked {
            println!("{name}: {} of {} words", agreed - before, words - asked);
        }
    }
    assert!(
        words == 0 || words > 300 && agreed * 100 >= words * 98,
        "{agreed} of {words}"
    );
}
