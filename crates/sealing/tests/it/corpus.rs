//! Every file of the corpus against its table of truth.
//!
//! The tables were made by an independent checker that judges cryptography and structure, not trust and not
//! coverage. Where our verdict differs for such a reason, `corpus-exceptions.txt` says why; an exception that is
//! no longer needed fails the test too.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use sealing::{Code, Conclusion, Effect, Reason, Report, SignatureReport, Trust, Verifier};
use serde_json::Value;

/// The corpus, or `None` after saying loudly that it is not there.
pub(crate) fn corpus() -> Option<PathBuf> {
    #[expect(
        clippy::disallowed_methods,
        reason = "where the corpus lies is the caller's to say"
    )]
    let named = std::env::var_os("YINXIN_CORPUS").map(PathBuf::from);
    let default = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/corpus");
    let folder = named.unwrap_or(default);
    if folder.is_dir() {
        return Some(folder);
    }
    println!(
        "SKIPPED: corpus not found at {} (set YINXIN_CORPUS)",
        folder.display()
    );
    None
}

fn certificates(folder: &Path) -> Vec<pki::Certificate> {
    let paths: Vec<PathBuf> = if folder.is_dir() {
        fs::read_dir(folder)
            .unwrap()
            .map(|entry| entry.unwrap().path())
            .collect()
    } else {
        vec![folder.to_owned()]
    };
    paths
        .iter()
        .filter_map(|path| pki::read_certificates(&fs::read(path).unwrap()).ok())
        .flatten()
        .collect()
}

fn table(corpus: &Path, name: &str) -> Value {
    serde_json::from_slice(&fs::read(corpus.join(name)).unwrap()).unwrap()
}

/// What the table expects of one signature or file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Expected {
    Passed,
    Failed,
    Indeterminate,
    Unsigned,
    /// Nothing against it but the missing issuer.
    OnlyTrustOpen,
}

impl Expected {
    fn met_by(self, conclusion: Conclusion, reasons: &[Reason]) -> bool {
        match self {
            Expected::Passed => conclusion == Conclusion::Passed,
            Expected::Failed => conclusion == Conclusion::Failed,
            Expected::Indeterminate => conclusion == Conclusion::Indeterminate,
            Expected::Unsigned => conclusion == Conclusion::Unsigned,
            Expected::OnlyTrustOpen => {
                let open = [Code::PathNotFound, Code::NoTrustAnchors, Code::OriginalNotGiven];
                conclusion == Conclusion::Indeterminate
                    && reasons
                        .iter()
                        .all(|reason| reason.effect == Effect::Note || open.contains(&reason.code))
            }
        }
    }
}

/// Exceptions by "file#signature": reason.
fn exceptions() -> BTreeMap<String, String> {
    let lines = include_str!("corpus-exceptions.txt")
        .lines()
        .filter(|line| !line.starts_with('#') && !line.is_empty());
    lines
        .map(|line| line.split_once(" | ").expect("file#signature | reason"))
        .map(|(k, v)| (k.into(), v.into()))
        .collect()
}

/// Compares and collects; an exception turns a difference into an expected one, and must be needed.
struct Comparison {
    exceptions: BTreeMap<String, String>,
    used: Vec<String>,
    differences: Vec<String>,
    compared: usize,
}

impl Comparison {
    fn new() -> Self {
        Self {
            exceptions: exceptions(),
            used: Vec::new(),
            differences: Vec::new(),
            compared: 0,
        }
    }

    fn compare(&mut self, key: String, expected: Expected, conclusion: Conclusion, reasons: &[Reason]) {
        self.compared += 1;
        if expected.met_by(conclusion, reasons) {
            return;
        }
        if self.exceptions.contains_key(&key) {
            self.used.push(key);
            return;
        }
        let codes: Vec<_> = reasons
            .iter()
            .filter(|r| r.effect > Effect::Note)
            .map(|r| r.code.name())
            .collect();
        self.differences.push(format!(
            "{key}: expected {expected:?}, found {conclusion:?} {codes:?}"
        ));
    }

    #[track_caller]
    fn finish(self, prefix: &str) {
        let unused = self
            .exceptions
            .keys()
            .filter(|key| key.starts_with(prefix) && !self.used.contains(key));
        let unused: Vec<_> = unused
            .map(|key| format!("exception no longer needed: {key}"))
            .collect();
        let all = [self.differences, unused].concat();
        assert!(
            all.is_empty(),
            "{} of {} differ:\n{}",
            all.len(),
            self.compared,
            all.join("\n")
        );
        println!(
            "{prefix}: {} verdicts agree, {} by exception",
            self.compared - self.used.len(),
            self.used.len()
        );
    }
}

fn expected_signature(truth: &Value) -> Expected {
    let chains = |role: &str| match truth["trust"][role].as_str() {
        Some(text) => text.starts_with("chains to"),
        None => true,
    };
    match truth["verdict"].as_str().unwrap() {
        "VALID" if chains("signer") && chains("maker") => Expected::Passed,
        "VALID" => Expected::OnlyTrustOpen,
        "INVALID" => Expected::Failed,
        "NONCONFORMANT" | "INDETERMINATE" => Expected::Indeterminate,
        other => panic!("unknown verdict {other}"),
    }
}

fn all_reasons(report: &Report) -> Vec<Reason> {
    let of_signatures = report
        .signatures
        .iter()
        .flat_map(|signature: &SignatureReport| signature.reasons.clone());
    report.reasons.iter().cloned().chain(of_signatures).collect()
}

fn verifier(corpus: &Path) -> Verifier {
    let mut anchors = certificates(&corpus.join("trust/nrcac"));
    anchors.extend(certificates(&corpus.join("trust/ofdrw-root.pem")));
    Verifier::new(Trust::for_all(anchors), Vec::new(), Vec::new())
}

#[test]
fn every_real_document_gets_its_verdict() {
    let Some(corpus) = corpus() else { return };
    let verifier = verifier(&corpus);
    let mut comparison = Comparison::new();
    for (name, truth) in table(&corpus, "ofd-truth.json")["files"].as_object().unwrap() {
        let report = verifier
            .verify_file(&corpus.join(name), testkit::time("2026-11-21T00:00:00Z"))
            .unwrap();
        if truth["verdict"] == "UNSIGNED" {
            comparison.compare(
                name.clone(),
                Expected::Unsigned,
                report.conclusion,
                &all_reasons(&report),
            );
            continue;
        }
        if truth["signatures"].as_array().is_none_or(Vec::is_empty) {
            comparison.compare(
                name.clone(),
                Expected::Failed,
                report.conclusion,
                &all_reasons(&report),
            );
            continue;
        }
        for (index, expected) in truth["signatures"].as_array().unwrap().iter().enumerate() {
            let key = format!("{name}#{}", expected["id"].as_str().unwrap());
            match report.signatures.get(index) {
                Some(found) => {
                    comparison.compare(
                        key,
                        expected_signature(expected),
                        found.conclusion,
                        &found.reasons,
                    );
                }
                None => comparison.compare(
                    key,
                    expected_signature(expected),
                    report.conclusion,
                    &all_reasons(&report),
                ),
            }
        }
    }
    comparison.finish("ofd/");
}

#[test]
fn every_seal_and_signed_value_gets_its_verdict() {
    let Some(corpus) = corpus() else { return };
    let verifier = verifier(&corpus);
    let mut comparison = Comparison::new();
    for (name, truth) in table(&corpus, "ofd-truth.json")["seal_files"]
        .as_object()
        .unwrap()
    {
        let report = verifier
            .verify_file(&corpus.join(name), testkit::time("2026-11-21T00:00:00Z"))
            .unwrap();
        let reasons = all_reasons(&report);
        match truth["verdict"].as_str().unwrap() {
            // A seal is judged for use today; the table judges the seal itself.
            "VALID" => {
                let now = [Code::SealExpired, Code::CertificateExpired];
                let kept: Vec<_> = reasons
                    .iter()
                    .filter(|reason| !now.contains(&reason.code))
                    .cloned()
                    .collect();
                let worst = kept.iter().map(|reason| reason.effect).max();
                let conclusion = match worst {
                    Some(Effect::Failed) => Conclusion::Failed,
                    Some(Effect::Indeterminate) => Conclusion::Indeterminate,
                    _ => Conclusion::Passed,
                };
                let expected = match conclusion {
                    Conclusion::Passed => Expected::Passed,
                    _ => Expected::OnlyTrustOpen,
                };
                comparison.compare(name.clone(), expected, conclusion, &kept);
            }
            _ => comparison.compare(name.clone(), Expected::Failed, report.conclusion, &reasons),
        }
    }
    comparison.finish("esl/");
}

#[test]
fn no_hostile_document_passes_and_every_honest_control_does() {
    let Some(corpus) = corpus() else { return };
    let root = certificates(&corpus.join("trust/hostile-pki/root.pem"));
    let intermediates = certificates(&corpus.join("trust/hostile-pki/sub.pem"));
    let verifier = Verifier::new(Trust::for_all(root), intermediates, Vec::new());
    let mut comparison = Comparison::new();
    for (name, truth) in table(&corpus, "hostile-truth.json")["files"].as_object().unwrap() {
        if !name.ends_with(".ofd") {
            continue;
        }
        let path = corpus.join("hostile").join(name);
        let report = verifier
            .verify_file(&path, testkit::time("2026-11-21T00:00:00Z"))
            .unwrap();
        let key = format!("hostile/{name}");
        let expected = match truth["verdict"].as_str().unwrap() {
            "VALID" => Expected::Passed,
            "UNSIGNED" => Expected::Unsigned,
            _ => Expected::Failed,
        };
        comparison.compare(key.clone(), expected, report.conclusion, &all_reasons(&report));
        for (index, expected) in truth["per_signature"]
            .as_array()
            .into_iter()
            .flatten()
            .enumerate()
        {
            let expected = if expected == "VALID" {
                Expected::Passed
            } else {
                Expected::Failed
            };
            let found = &report.signatures[index];
            comparison.compare(
                format!("{key}#{index}"),
                expected,
                found.conclusion,
                &found.reasons,
            );
        }
    }
    comparison.finish("hostile/");
}
