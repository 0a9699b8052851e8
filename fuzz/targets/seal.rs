//! Seals: read twice alike, and none is proved that the maker did not make.
#![no_main]

use std::collections::HashSet;
use std::sync::LazyLock;

use fuzz::scene::{SCENE, definite};
use libfuzzer_sys::{fuzz_mutator, fuzz_target, fuzzer_mutate};
use pki::PathCache;
use ses::{MakerRange, Seal, SealCache, check_seal};

/// What the maker has signed.
static KNOWN: LazyLock<HashSet<Vec<u8>>> = LazyLock::new(|| {
    let seals = SCENE
        .seals
        .iter()
        .chain([&SCENE.old_seal])
        .map(|bytes| Seal::read(bytes).expect("a seal"));
    seals
        .map(|seal| seal.maker_bytes(MakerRange::SealInfo).into_owned())
        .collect()
});

fuzz_mutator!(|data: &mut [u8], size: usize, max_size: usize, seed: u32| {
    fuzz::der::mutate(data, size, max_size, seed, fuzzer_mutate)
});

fuzz_target!(|data: &[u8]| {
    let _ = Seal::looks_like(data);
    let Ok(seal) = Seal::read(data) else { return };
    assert_eq!(seal.bytes(), data);
    assert_eq!(Seal::read(seal.bytes()).as_ref(), Ok(&seal));
    assert_eq!(SealCache::default().read(data).as_ref(), Ok(&seal));
    Seal::read(seal.der()).expect("its DER form is a seal too");
    for deviation in seal.deviations() {
        let _ = (deviation.code(), deviation.to_string());
    }
    let scene = &*SCENE;
    let paths = PathCache::default();
    let facts = check_seal(&seal, &scene.context(&scene.trust, &paths));
    for fault in facts.faults() {
        let _ = (fault.code(), fault.to_string());
    }
    if let Some(verified) = facts.verified() {
        assert_eq!(verified.seal(), &seal);
        assert!(
            KNOWN.contains(&definite(&seal.maker_bytes(MakerRange::SealInfo))),
            "a forged seal is believed"
        );
    }
    assert!(
        check_seal(&seal, &scene.context(&scene.no_trust, &paths))
            .verified()
            .is_none()
    );
});
