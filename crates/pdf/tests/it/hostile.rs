//! Any bytes: an answer or an error, soon.

use std::fmt::Write;
use std::time::{Duration, Instant};

use pdf::{Document, Error, changes, fields, pages, signatures, signed_revision, unlisted};
use proptest::prelude::*;

use crate::made::{Made, signed};

/// Everything that can be asked of a file.
pub(crate) fn ask_everything(bytes: &[u8]) {
    for document in [Document::open(bytes), Document::repair(bytes)]
        .into_iter()
        .flatten()
    {
        for page in pages(&document).unwrap_or_default() {
            page.view(&document).size_mm();
        }
        let _ = fields(&document);
        let found = signatures(&document).unwrap_or_default();
        let _ = unlisted(bytes, &found);
        for signature in &found {
            if let Ok(range) = signature.byte_range
                && let Ok(before) = signed_revision(&document, signature, range)
            {
                let _ = changes(&before, &document);
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn any_bytes(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
        ask_everything(&[b"%PDF-1.7\n1 0 obj".as_slice(), &bytes].concat());
    }

    #[test]
    fn any_change_of_a_signed_file(at in 0_usize..2000, byte in any::<u8>(), cut in 0_usize..4000) {
        let mut made = signed("");
        made.append(&[(4, "<</Length 3>>stream\nabc\nendstream")], "");
        let at = at % made.bytes.len();
        made.bytes[at] = byte;
        made.bytes.truncate(cut);
        ask_everything(&made.bytes);
    }

    #[test]
    fn any_tokens(tokens in proptest::collection::vec(prop_oneof![
        Just("<<"), Just(">>"), Just("["), Just("]"), Just("("), Just("<"), Just("/Kids"), Just("/Parent"),
        Just("1 0 R"), Just("2 0 R"), Just("7 0 R"), Just("99999999999"), Just("stream\n"), Just("endobj\n"),
    ], 0..60)) {
        let mut made = signed("");
        let body = tokens.join(" ");
        made.append(&[(2, &body), (5, &body), (7, &body)], "");
        ask_everything(&made.bytes);
    }
}

fn soon(what: &str, bytes: &[u8]) {
    let start = Instant::now();
    ask_everything(bytes);
    // Quadratic work on these sizes takes minutes.
    assert!(
        start.elapsed() < Duration::from_secs(20),
        "{what} took {:?}",
        start.elapsed()
    );
}

#[test]
fn rings_end() {
    let made = Made::new(&[
        (1, "<</Type/Catalog/Pages 2 0 R/AcroForm<</Fields[5 0 R]>>>>"),
        (2, "<</Kids[2 0 R]>>"),
        (5, "<</T(a)/Kids[5 0 R 6 0 R]>>"),
        (6, "7 0 R"),
        (7, "6 0 R"),
    ]);
    let document = Document::open(&made.bytes).unwrap();
    assert!(matches!(pages(&document), Err(Error::Structure { .. })));
    assert!(fields(&document).is_err());
    soon("a ring", &made.bytes);
    let text = String::from_utf8(made.bytes).unwrap();
    let start = text.rfind("startxref\n").unwrap() + 10;
    let at: usize = text[start..].split('\n').next().unwrap().parse().unwrap();
    let ring = text.replace("/Size 100", &format!("/Size 100/Prev {at}"));
    assert!(matches!(Document::open(ring.as_bytes()), Err(Error::Xref { .. })));
}

#[test]
fn overlapping_objects_do_not_cost_the_square() {
    let mut file = String::from("%PDF-1.7\n");
    for number in 1..60_000 {
        write!(file, "{number} 0 obj(").unwrap();
    }
    soon("strings in strings", file.as_bytes());
    soon(
        "byte ranges that do not end",
        "%PDF-1.7 1 0 obj /ByteRange[( ".repeat(20_000).as_bytes(),
    );
    soon(
        "trailers that do not end",
        "%PDF-1.7 1 0 obj trailer<</A(".repeat(20_000).as_bytes(),
    );
    let streams = "%PDF-1.7 ".to_owned()
        + &(1..20_000).fold(String::new(), |mut text, number| {
            writeln!(text, "{number} 0 obj<</Type/ObjStm/N 1/First 1>>stream").unwrap();
            text
        });
    soon("streams that do not end", streams.as_bytes());
}

#[test]
fn deep_nesting_is_refused() {
    let deep = format!("<</Type/Catalog/Pages 2 0 R/X {}", "[".repeat(100_000));
    let made = Made::new(&[(1, &deep)]);
    let document = Document::open(&made.bytes).unwrap();
    assert!(matches!(document.catalog(), Err(Error::Limit { .. })));
}

#[test]
fn entries_that_lead_to_other_objects_are_refused() {
    let made = signed("");
    let text = String::from_utf8(made.bytes).unwrap();
    let other = text
        .replacen("4 0 obj", "44 0 obj", 1)
        .replacen("(pay 100)", "(pay 90)", 1);
    let document = Document::open(other.as_bytes()).unwrap();
    assert!(matches!(
        document.object(4),
        Err(Error::NotThere { number: 4, .. })
    ));
}
