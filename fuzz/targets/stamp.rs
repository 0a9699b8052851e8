//! Sealing documents of others: what we seal verifies, or we say why we do not seal it.
#![no_main]

use fuzz::package::{limits, open};
use fuzz::scene::SCENE;
use libfuzzer_sys::{fuzz_mutator, fuzz_target, fuzzer_mutate};
use sealing::{Edge, Effect, Mode, PageSelection, Position, Reason, Trust, Verifier};
use testkit::now;

fuzz_mutator!(|data: &mut [u8], size: usize, max_size: usize, seed: u32| {
    fuzz::package::mutate(data, size, max_size, seed, fuzzer_mutate)
});

fuzz_target!(|data: &[u8]| {
    let Ok(package) = open(data) else { return };
    let positions = [
        Position::Point {
            pages: PageSelection::All,
            x_mm: 20.0,
            y_mm: 20.0,
        },
        Position::Keyword {
            text: "盖章".into(),
            nth: None,
            pages: PageSelection::All,
        },
        Position::Straddle {
            edge: Edge::Right,
            middle_mm: None,
            group: None,
        },
    ];
    let choice = data.len();
    let mode = if choice % 2 == 0 {
        Mode::Continue
    } else {
        Mode::Lock
    };
    let result = SCENE.stamp(
        &package,
        &SCENE.seals[choice % 3],
        &positions[choice / 2 % 3],
        mode,
    );
    let (document, sealed) = match result {
        Ok(made) => made,
        Err(error) => return drop(error.to_string()),
    };
    assert_eq!(document.len() as u64, sealed.bytes);
    let trust = Trust::for_all(SCENE.trust.anchors().to_vec());
    let verifier = Verifier::new(trust, SCENE.intermediates.clone(), Vec::new());
    let verifier = verifier.with_limits(limits()).with_threads(1);
    let report = verifier
        .verify(document, "fuzz", now())
        .expect("memory does not fail");
    let ours = report
        .signatures
        .iter()
        .find(|signature| signature.id.as_ref() == Some(&sealed.id));
    let against = |reason: &&Reason| reason.effect != Effect::Note;
    let reasons: Vec<_> = ours
        .iter()
        .flat_map(|ours| &ours.reasons)
        .filter(against)
        .collect();
    assert!(
        reasons.is_empty() && ours.is_some(),
        "{} does not pass: {reasons:#?}",
        sealed.id
    );
});
