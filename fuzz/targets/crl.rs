//! Revocation lists: every entry is found again, and no list but the CA's own decides anything.
#![no_main]

use fuzz::scene::{SCENE, signed_part};
use libfuzzer_sys::{fuzz_mutator, fuzz_target, fuzzer_mutate};
use pki::{Crl, Revocation, revocation};
use testkit::now;

/// How many entries are looked up in one list.
const LOOKUPS_MAX: usize = 100;

fuzz_mutator!(|data: &mut [u8], size: usize, max_size: usize, seed: u32| {
    fuzz::der::mutate(data, size, max_size, seed, fuzzer_mutate)
});

fuzz_target!(|data: &[u8]| {
    let Ok(crl) = Crl::read(data) else { return };
    let again = Crl::read(crl.der()).expect("read once, readable again");
    assert_eq!(
        (again.der(), again.len(), again.issuer()),
        (crl.der(), crl.len(), crl.issuer())
    );
    assert_eq!(crl.entries().count(), crl.len());
    for entry in crl.entries().take(LOOKUPS_MAX) {
        assert!(
            crl.find(entry.serial)
                .any(|found| found.serial == entry.serial && found.at == entry.at)
        );
    }
    assert!(crl.find(&[0x7f; 21]).all(|found| found.serial.len() >= 21));
    let _ = (
        format!("{crl:?}"),
        crl.next_update(),
        crl.authority_key_identifier(),
    );
    let pki = &SCENE.pki;
    let issuing = &pki.issuing.certificate;
    for certificate in [&pki.sealer.certificate, &pki.tsa.certificate] {
        match revocation(certificate, issuing, std::slice::from_ref(&crl), now()) {
            Revocation::Unknown { why } => drop((why.code(), why.to_string())),
            decided => {
                let (signed, own) = (signed_part(crl.der()), pki.crl(&[], now()));
                let known = [signed_part(SCENE.crl.der()), signed_part(own.der())];
                assert!(known.contains(&signed), "a forged list decides: {decided:?}");
            }
        }
    }
});
