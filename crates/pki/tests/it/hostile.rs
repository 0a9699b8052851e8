//! Bytes that nobody meant: no panic, and no path.

use std::sync::LazyLock;

use gm::Signer as _;
use pki::{
    Certificate, Crl, CrlTemplate, Name, RevokedCertificate, asn1, issue_crl, read_certificates, read_time,
};
use proptest::prelude::*;

use crate::support::{Chain, chain, codes, now, validate};

static PKI: LazyLock<Chain> = LazyLock::new(chain);

static LIST: LazyLock<Crl> = LazyLock::new(|| {
    let revoked = (1..20).map(|serial| RevokedCertificate {
        serial: vec![serial],
        at: now(),
        reason: Some(1),
    });
    let template = CrlTemplate {
        this_update: now(),
        next_update: Some(now()),
        number: 1,
        revoked: revoked.collect(),
        extensions: vec![],
    };
    issue_crl(&template, &PKI.sub.certificate, &PKI.sub.key).unwrap()
});

/// Everything that a reader of certificates may be given.
fn read_all(bytes: &[u8]) {
    if let Ok(certificate) = Certificate::read(bytes) {
        let _ = (
            certificate.subject().to_string(),
            certificate.deviations().len(),
            certificate.crl_addresses(),
        );
        let report = validate(&certificate, &[&PKI.root.certificate], &[&PKI.sub.certificate]);
        for fault in &report.faults {
            let _ = fault.to_string();
        }
    }
    let _ = read_certificates(bytes);
    if let Ok(crl) = Crl::read(bytes) {
        let _ = (crl.entries().count(), crl.find(&[3]).count());
    }
    let _ = Name::read(bytes).map(|name| name.to_string());
    let _ = (
        asn1::survey(bytes, "it"),
        asn1::definite(bytes, "it"),
        read_time(asn1::UTC_TIME, bytes),
    );
}

/// Random changes: bytes overwritten, removed, repeated.
fn mutations() -> impl Strategy<Value = Vec<(prop::sample::Index, u8, u8)>> {
    prop::collection::vec((any::<prop::sample::Index>(), any::<u8>(), 0..4u8), 1..6)
}

fn mutate(bytes: &[u8], changes: &[(prop::sample::Index, u8, u8)]) -> Vec<u8> {
    let mut bytes = bytes.to_vec();
    for (index, byte, kind) in changes {
        let at = index.index(bytes.len());
        match kind {
            0 => bytes[at] = *byte,
            1 => bytes[at] = bytes[at].wrapping_add(1),
            2 if bytes.len() > 1 => drop(bytes.remove(at)),
            _ => bytes.insert(at, *byte),
        }
    }
    bytes
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn random_bytes_do_not_panic(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        read_all(&bytes);
    }

    #[test]
    fn random_elements_do_not_panic(tags in prop::collection::vec(
        (prop::sample::select(vec![0x30u8, 0x31, 0x02, 0x03, 0x04, 0x05, 0x06, 0x17, 0x18, 0xa0, 0xa3]), 0..40u8),
        0..60,
    )) {
        let bytes: Vec<u8> = tags.into_iter().flat_map(|(tag, length)| [tag, length]).collect();
        read_all(&bytes);
    }

    #[test]
    fn mutated_certificates_do_not_panic(changes in mutations()) {
        read_all(&mutate(PKI.leaf.certificate.der(), &changes));
    }

    #[test]
    fn mutated_lists_do_not_panic(changes in mutations()) {
        read_all(&mutate(LIST.der(), &changes));
    }

    #[test]
    fn names_survive_their_text(texts in prop::collection::vec(".{0,20}", 0..5)) {
        let name = Name::from_pairs(texts.iter().map(|text| ("CN", text.as_str()))).unwrap();
        let again = Name::parse(&name.to_string()).unwrap();
        prop_assert_eq!(again.der(), name.der());
    }

    #[test]
    fn names_are_never_a_panic_to_parse(text in ".{0,40}") {
        let _ = Name::parse(&text);
    }
}

/// Every byte of leaf and issuing CA, in three ways each.
#[test]
fn no_single_changed_byte_leaves_a_verified_path() {
    let pki = &*PKI;
    let mut read = 0;
    for original in [&pki.leaf.certificate, &pki.sub.certificate] {
        for (i, change) in (0..original.der().len()).flat_map(|i| [(i, 1), (i, 0x80), (i, 0xff)]) {
            let mut der = original.der().to_vec();
            der[i] ^= change;
            let Ok(changed) = Certificate::read(&der) else {
                continue;
            };
            read += 1;
            let (leaf, sub) = match original == &pki.leaf.certificate {
                true => (&changed, &pki.sub.certificate),
                false => (&pki.leaf.certificate, &changed),
            };
            let report = validate(leaf, &[&pki.root.certificate], &[sub]);
            assert!(
                report.path.is_none(),
                "byte {i} ^ {change:#x}: {:?}",
                codes(&report)
            );
        }
    }
    assert!(
        read > 1000,
        "only {read} changed certificates could be read: the test has lost its point"
    );
}

/// The same for a revocation list: no changed byte is believed.
#[test]
fn no_single_changed_byte_leaves_a_verified_list() {
    let pki = &*PKI;
    for (i, change) in (0..LIST.der().len()).flat_map(|i| [(i, 1), (i, 0x80), (i, 0xff)]) {
        let mut der = LIST.der().to_vec();
        der[i] ^= change;
        let Ok(changed) = Crl::read(&der) else { continue };
        assert!(
            changed.verify_issued_by(pki.sub.key.public_key()).is_err(),
            "byte {i} ^ {change:#x}"
        );
    }
}
