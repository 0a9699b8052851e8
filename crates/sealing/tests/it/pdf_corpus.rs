//! Every PDF of the corpus against its truth table. The tables judge everything but trust; so do these tests.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;

use sealing::{Check, Code, Effect, Reason, Report, Trust, Verifier};
use serde_json::Value;

use crate::corpus::corpus;

/// What the table expects of a file, trust apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Expected {
    Holds,
    /// Holds as arithmetic, with algorithms or keys that are too weak to rely on.
    Weak,
    Fails,
    Open,
}

fn expected(truth: &Value) -> Expected {
    let codes: Vec<&str> = truth["codes"]
        .as_array()
        .unwrap()
        .iter()
        .map(|code| code.as_str().unwrap())
        .collect();
    match truth["verdict"].as_str().unwrap() {
        "VALID" | "VALID_WITH_LATER_UPDATES" if codes.iter().any(|code| code.starts_with("WEAK")) => {
            Expected::Weak
        }
        "VALID" | "VALID_WITH_LATER_UPDATES" => Expected::Holds,
        "INVALID" => Expected::Fails,
        "INDETERMINATE" => Expected::Open,
        other => panic!("{other}"),
    }
}

/// The reasons that the tables judge too: not whom to trust, when, and for how long.
fn judged(report: &Report) -> Vec<&Reason> {
    let of_signatures = report.signatures.iter().flat_map(|signature| &signature.reasons);
    let trust = [
        Check::SealerPath,
        Check::MakerPath,
        Check::SealerRevocation,
        Check::MakerRevocation,
        Check::SealPeriod,
        Check::Timestamp,
    ];
    let kept = |reason: &&Reason| {
        !trust.contains(&reason.check)
            || matches!(reason.code, Code::TimestampImprint | Code::TimestampUnreadable)
    };
    report.reasons.iter().chain(of_signatures).filter(kept).collect()
}

fn found(report: &Report) -> Expected {
    let deciding: Vec<&Reason> = judged(report)
        .into_iter()
        .filter(|reason| reason.effect > Effect::Note)
        .collect();
    match deciding.iter().map(|reason| reason.effect).max() {
        None if report.signatures.is_empty() => Expected::Open,
        None => Expected::Holds,
        Some(Effect::Failed) => Expected::Fails,
        Some(_) if deciding.iter().all(|reason| reason.code == Code::WeakAlgorithm) => Expected::Weak,
        Some(_) => Expected::Open,
    }
}

fn exceptions() -> BTreeMap<String, String> {
    let lines = include_str!("pdf-exceptions.txt").lines();
    lines
        .filter(|line| !line.starts_with('#') && !line.is_empty())
        .map(|line| line.split_once(" | ").expect("file | reason"))
        .map(|(file, reason)| (file.to_owned(), reason.to_owned()))
        .collect()
}

#[test]
fn r58_every_pdf_agrees_with_its_truth_table() {
    let Some(corpus) = corpus() else { return };
    let verifier = Verifier::new(Trust::default(), Vec::new(), Vec::new());
    let exceptions = exceptions();
    let mut used = BTreeSet::new();
    let mut differences = Vec::new();
    let mut compared = 0;
    for table in ["pdf-truth.json", "hostile-truth.json"] {
        let table: Value = serde_json::from_slice(&fs::read(corpus.join(table)).unwrap()).unwrap();
        for (name, truth) in table["files"].as_object().unwrap() {
            if !name.ends_with(".pdf") {
                continue;
            }
            let path = if name.contains('/') {
                corpus.join(name)
            } else {
                corpus.join("hostile").join(name)
            };
            let short = name
                .rsplit('/')
                .next()
                .unwrap()
                .split('-')
                .next()
                .unwrap()
                .to_owned();
            let report = verifier
                .verify(fs::read(path).unwrap(), "file.pdf", testkit::now())
                .unwrap();
            let (expected, found) = (expected(truth), found(&report));
            compared += 1;
            // Whatever the exceptions say: nothing that the table rejects is free of objections.
            if expected == Expected::Fails && found == Expected::Holds && !exceptions.contains_key(&short) {
                differences.push(format!("{short}: PASSES"));
            }
            if expected == found {
                continue;
            }
            if exceptions.contains_key(&short) {
                used.insert(short);
                continue;
            }
            let codes: Vec<_> = judged(&report).iter().map(|reason| reason.code.name()).collect();
            differences.push(format!(
                "{short}: expected {expected:?}, found {found:?} {codes:?}"
            ));
        }
    }
    assert!(compared >= 90, "{compared}");
    assert!(differences.is_empty(), "{}", differences.join("\n"));
    let unused: Vec<_> = exceptions.keys().filter(|file| !used.contains(*file)).collect();
    assert!(unused.is_empty(), "exceptions that except nothing: {unused:?}");
}

#[test]
fn r58_attacks_are_named() {
    let Some(corpus) = corpus() else { return };
    let verifier = Verifier::new(Trust::default(), Vec::new(), Vec::new());
    let attacks = [
        ("pdf/aba2994f-hide.pdf", Code::PdfContentChanged),
        (
            "pdf/fdee4b52-hide-and-replace-shadow-file-signed-2.pdf",
            Code::PdfContentChanged,
        ),
        (
            "pdf/4737544a-form-update-override-appearance-stream-sneaky.pdf",
            Code::PdfStructureChanged,
        ),
        ("pdf/2c4df250-isa_F.pdf", Code::PdfContentChanged),
        ("pdf/eb3691f9-siwa_B.pdf", Code::PdfByteRange),
        ("pdf/d4e0170c-siwa_D.pdf", Code::PdfByteRange),
        ("pdf/20561be3-tail-uncovered.pdf", Code::PdfNoRevision),
        ("pdf/9b5dadd1-one-byterange.pdf", Code::PdfByteRange),
        ("hostile/p11-sm2-content-byte.pdf", Code::DataHashMismatch),
        ("hostile/p20-incremental-page-added.pdf", Code::PdfPagesChanged),
        ("hostile/p21-incremental-overlay.pdf", Code::PdfContentChanged),
        ("hostile/p30-byterange-huge.pdf", Code::PdfByteRange),
        ("hostile/p34-contents-zeroed.pdf", Code::SignedValueUnreadable),
        ("hostile/p36-appended-junk.pdf", Code::PdfBytesUncovered),
    ];
    for (name, code) in attacks {
        let report = verifier
            .verify(fs::read(corpus.join(name)).unwrap(), "file.pdf", testkit::now())
            .unwrap();
        let codes: Vec<Code> = judged(&report).iter().map(|reason| reason.code).collect();
        assert!(codes.contains(&code), "{name}: {codes:?}");
        assert_eq!(report.conclusion, sealing::Conclusion::Failed, "{name}");
    }
}
