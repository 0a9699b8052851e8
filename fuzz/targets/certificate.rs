//! Certificates, bundles of them, names: read twice alike, and nobody is vouched for whom the CA did not certify.
#![no_main]

use std::collections::HashSet;
use std::sync::LazyLock;

use fuzz::scene::{SCENE, Scene, signed_part, signer};
use libfuzzer_sys::{fuzz_mutator, fuzz_target, fuzzer_mutate};
use pki::{Certificate, Name, PathCache, Purpose, TrustStore, read_certificates, revocation, validate};
use testkit::now;

/// What the CAs have signed.
static KNOWN: LazyLock<HashSet<Vec<u8>>> = LazyLock::new(|| {
    let pki = &SCENE.pki;
    let mut template = signer("CN=有吊销列表地址的人", 9);
    template.crl_addresses = vec!["http://example.org/ca.crl".into()];
    let leaf = pki.leaf(&template, 9);
    let all = [&pki.root, &pki.issuing, &pki.maker, &pki.sealer, &pki.tsa, &leaf];
    all.map(|identity| signed_part(identity.certificate.der())).into()
});

fuzz_mutator!(|data: &mut [u8], size: usize, max_size: usize, seed: u32| {
    fuzz::der::mutate(data, size, max_size, seed, fuzzer_mutate)
});

fuzz_target!(|data: &[u8]| {
    if let Ok(certificate) = Certificate::read(data) {
        check(&certificate);
    }
    for certificate in read_certificates(data).into_iter().flatten() {
        read_again(&certificate);
    }
    if let Ok(name) = Name::read(data) {
        print_and_parse(&name);
    }
    if let Ok(Ok(name)) = std::str::from_utf8(data).map(Name::parse) {
        assert_eq!(Name::read(name.der()), Ok(name.clone()));
        print_and_parse(&name);
    }
});

fn check(certificate: &Certificate) {
    read_again(certificate);
    print_and_parse(certificate.subject());
    print_and_parse(certificate.issuer());
    let scene = &*SCENE;
    for purpose in [Purpose::SealMaker, Purpose::Signer, Purpose::Timestamping] {
        let query = scene.query(certificate, purpose);
        let report = validate(&query, &PathCache::default());
        assert_eq!(report.path.is_some(), report.faults.is_empty());
        for fault in &report.faults {
            let _ = (fault.code(), fault.to_string());
        }
        if report.path.is_some() {
            assert!(
                KNOWN.contains(&signed_part(certificate.der())),
                "a forged certificate is vouched for"
            );
        }
        let untrusting = pki::PathQuery {
            trust: &scene.no_trust,
            ..query
        };
        assert!(validate(&untrusting, &PathCache::default()).path.is_none());
    }
    helpers_do_no_harm(scene, certificate);
    let _ = revocation(
        certificate,
        &scene.pki.issuing.certificate,
        std::slice::from_ref(&scene.crl),
        now(),
    );
}

/// A certificate that is only at hand never takes a path away; as an anchor, it gives one only to its own.
fn helpers_do_no_harm(scene: &Scene, certificate: &Certificate) {
    let sealer = &scene.pki.sealer.certificate;
    let intermediates = [certificate.clone(), scene.pki.issuing.certificate.clone()];
    let query = pki::PathQuery {
        intermediates: &intermediates,
        ..scene.query(sealer, Purpose::Signer)
    };
    assert!(
        validate(&query, &PathCache::default()).path.is_some(),
        "a stray certificate breaks a good path"
    );
    let trust = TrustStore::new(vec![certificate.clone()]);
    let report = validate(
        &pki::PathQuery {
            trust: &trust,
            ..query
        },
        &PathCache::default(),
    );
    if let Some(path) = report.path {
        assert_eq!(path.anchor(), certificate);
        let keys = [&scene.pki.root, &scene.pki.issuing].map(|ca| ca.certificate.public_key());
        assert!(certificate == sealer || keys.contains(&certificate.public_key()));
    }
}

fn read_again(certificate: &Certificate) {
    let again = Certificate::read(certificate.der());
    assert_eq!(again.as_ref(), Ok(certificate));
    let _ = (
        certificate.crl_addresses(),
        certificate.serial_hex(),
        format!("{certificate:?}"),
    );
    for deviation in certificate.deviations() {
        let _ = deviation.to_string();
    }
}

/// What a name prints as is text of that name.
fn print_and_parse(name: &Name) {
    assert_eq!(Name::read(name.der()).as_ref(), Ok(name));
    assert_eq!(Name::parse(&name.to_string()).as_ref(), Ok(name));
}
