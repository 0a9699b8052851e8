//! Seal signatures: read twice alike, and nothing is proved that the sealer did not sign.
#![no_main]

use std::collections::HashSet;
use std::sync::LazyLock;

use fuzz::scene::{ORIGINAL, SCENE, Scene, definite};
use libfuzzer_sys::{fuzz_mutator, fuzz_target, fuzzer_mutate};
use pki::{PathCache, Purpose, validate};
use ses::{Original, SealCache, SealSignature, check_signature};

/// What the sealer has signed.
static KNOWN: LazyLock<HashSet<Vec<u8>>> = LazyLock::new(|| {
    let read = |bytes: Vec<u8>| SealSignature::read(&bytes, &SealCache::default()).expect("a seal signature");
    SCENE
        .signatures()
        .into_iter()
        .map(|bytes| read(bytes).tbs_bytes().to_vec())
        .collect()
});

fuzz_mutator!(|data: &mut [u8], size: usize, max_size: usize, seed: u32| {
    fuzz::der::mutate(data, size, max_size, seed, fuzzer_mutate)
});

fuzz_target!(|data: &[u8]| {
    let _ = (SealSignature::looks_like(data), gm::Signature::read(data));
    let cache = SealCache::default();
    let Ok(signature) = SealSignature::read(data, &cache) else {
        return;
    };
    assert_eq!(signature.bytes(), data);
    let again = SealSignature::read(data, &cache).expect("read once, readable again");
    assert_eq!(
        (again.tbs_bytes(), again.seal()),
        (signature.tbs_bytes(), signature.seal())
    );
    for deviation in signature.deviations() {
        let _ = (deviation.code(), deviation.to_string());
    }
    let scene = &*SCENE;
    if is_proved(scene, &signature, ORIGINAL) {
        assert!(
            KNOWN.contains(&definite(signature.tbs_bytes())),
            "a forged seal signature is believed"
        );
    }
    assert!(!is_proved(scene, &signature, b"something else"));
});

/// The sealer, certified by a trusted CA, has signed `original` with a seal that may be used.
fn is_proved(scene: &Scene, signature: &SealSignature, original: &[u8]) -> bool {
    let paths = PathCache::default();
    let facts = check_signature(
        signature,
        Some(Original::of(original)),
        &scene.context(&scene.trust, &paths),
    );
    for fault in facts.faults() {
        let _ = (fault.code(), fault.to_string());
    }
    facts.faults().is_empty()
        && facts.seal.verified().is_some()
        && signature.sealer().is_ok_and(|sealer| {
            validate(&scene.query(sealer, Purpose::Signer), &paths)
                .path
                .is_some()
        })
}
