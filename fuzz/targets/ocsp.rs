//! OCSP responses: nobody but the CA says what it revoked.
#![no_main]

use fuzz::scene::SCENE;
use libfuzzer_sys::{fuzz_mutator, fuzz_target, fuzzer_mutate};
use pki::{OcspResponse, Revocation, revocation_by};
use testkit::now;

fuzz_mutator!(|data: &mut [u8], size: usize, max_size: usize, seed: u32| {
    fuzz::der::mutate(data, size, max_size, seed, fuzzer_mutate)
});

fuzz_target!(|data: &[u8]| {
    let Ok(response) = OcspResponse::read(data) else {
        return;
    };
    assert_eq!(response.der(), data);
    let pki = &SCENE.pki;
    let (certificate, issuer) = (&pki.sealer.certificate, &pki.issuing.certificate);
    // No seed is signed by this CA, so nothing may be believed.
    let answer = revocation_by(certificate, issuer, &[], &[response], now());
    assert!(matches!(answer, Revocation::Unknown { .. }), "{answer:?}");
});
