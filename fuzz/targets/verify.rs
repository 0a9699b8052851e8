//! Whole files: every one gets a report, and what passes shows only what the sealer has sealed.
#![no_main]

use std::collections::HashSet;
use std::sync::LazyLock;

use fuzz::package::{limits, open};
use fuzz::scene::{SCENE, known_shown, sealed_documents, shown_digests};
use gm::Digest;
use libfuzzer_sys::{fuzz_mutator, fuzz_target, fuzzer_mutate};
use ofd::PartPath;
use sealing::{Conclusion, Depth, InputKind, Language, Report, Trust, Verifier, render};
use testkit::now;

/// What the sealer has sealed.
static KNOWN: LazyLock<HashSet<(PartPath, Digest)>> = LazyLock::new(|| known_shown(&sealed_documents()));

fuzz_mutator!(|data: &mut [u8], size: usize, max_size: usize, seed: u32| {
    fuzz::package::mutate(data, size, max_size, seed, fuzzer_mutate)
});

fuzz_target!(|data: &[u8]| {
    let report = verify(data, Trust::for_all(SCENE.trust.anchors().to_vec()));
    let worst = report
        .signatures
        .iter()
        .map(|signature| signature.conclusion)
        .max();
    assert!(worst.is_none_or(|worst| worst <= report.conclusion), "{report:?}");
    if report.conclusion == Conclusion::Passed && report.kind == InputKind::Ofd {
        let shown = open(data)
            .ok()
            .and_then(|package| shown_digests(&package))
            .expect("a sound document");
        for part in shown {
            assert!(KNOWN.contains(&part), "{} was not sealed", part.0);
        }
    }
    let untrusting = verify(data, Trust::default());
    assert_ne!(untrusting.conclusion, Conclusion::Passed);
});

fn verify(data: &[u8], trust: Trust) -> Report {
    let verifier = Verifier::new(trust, SCENE.intermediates.clone(), vec![SCENE.crl.clone()]);
    let verifier = verifier.with_limits(limits()).with_threads(1);
    let report = verifier
        .verify(data.to_vec(), "fuzz", now())
        .expect("memory does not fail");
    serde_json::to_string(&report).expect("a report is JSON");
    for language in [Language::Zh, Language::En] {
        assert!(!render(&report, Depth::Full, language).is_empty());
    }
    report
}
