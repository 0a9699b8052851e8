//! Certificates as they should be and as they are found.

use gm::{SignatureEncoding, Signer as _, SigningKey};
use pki::asn1::{self, write};
use pki::{
    Algorithm, Certificate, CertificateTemplate, Deviation, Error, Extension, KeyFault, KeyUsage,
    ObjectIdentifier, TimeDeviation, oid,
};

use crate::support::{Identity, chain, name, now, part, recut, split, time, validate, validity};

#[test]
fn what_is_issued_reads_back() {
    let pki = chain();
    let mut template = CertificateTemplate::timestamping(name("TSA"), &[0xff, 1], validity());
    template.crl_addresses = vec!["http://a/1.crl".into(), "ldap://b/2".into()];
    let tsa = pki.sub.issues(template, 7);
    let certificate = &tsa.certificate;
    assert_eq!(certificate.subject(), &name("TSA"));
    assert_eq!(certificate.issuer(), &name("Issuing CA"));
    assert_eq!(
        (certificate.serial(), certificate.serial_hex().as_str()),
        (&[0xff, 1][..], "FF01")
    );
    assert_eq!((certificate.not_before(), certificate.not_after()), validity());
    assert_eq!(certificate.public_key(), Ok(tsa.key.public_key()));
    assert_eq!(certificate.signature_algorithm(), Algorithm::Sm2Sm3);
    assert_eq!(
        certificate.key_usage(),
        Some(KeyUsage::DIGITAL_SIGNATURE | KeyUsage::NON_REPUDIATION)
    );
    assert_eq!(certificate.extended_key_usage(), Some(&[oid::TIME_STAMPING][..]));
    assert!(certificate.extension(&oid::EXTENDED_KEY_USAGE).unwrap().critical);
    assert_eq!(certificate.crl_addresses(), ["http://a/1.crl", "ldap://b/2"]);
    assert_eq!(
        certificate.authority_key_identifier(),
        pki.sub.certificate.subject_key_identifier()
    );
    assert_eq!(certificate.deviations(), []);
    assert!(!certificate.is_self_issued());
    assert!(pki.root.certificate.is_self_issued());
    assert_eq!(certificate.verify_issued_by(pki.sub.key.public_key()), Ok(()));
    assert!(certificate.verify_issued_by(pki.root.key.public_key()).is_err());
    assert_eq!(certificate.digest(), gm::sm3(certificate.der()));
    assert_eq!(Certificate::read(certificate.der()).unwrap(), *certificate);
}

/// Reads what the edit makes of a signer's certificate, expects these deviations, and a path all the same.
#[track_caller]
fn tolerated(edit: impl FnOnce(&mut Vec<Vec<u8>>), expected: &[Deviation]) -> Certificate {
    let pki = chain();
    let der = recut(&pki.leaf.certificate, &pki.sub.key, edit);
    let certificate = Certificate::read(&der).unwrap();
    assert_eq!(certificate.deviations(), expected);
    assert_eq!(certificate.der(), der);
    let report = validate(&certificate, &[&pki.root.certificate], &[&pki.sub.certificate]);
    assert_eq!(report.faults, []);
    certificate
}

fn validity_of(tag: u8, not_before: &str, not_after: &str) -> Vec<u8> {
    write::sequence(&[
        &write::tlv(tag, not_before.as_bytes()),
        &write::tlv(tag, not_after.as_bytes()),
    ])
}

#[test]
fn odd_times_are_tolerated_and_named() {
    let time_deviations = |deviations: &[TimeDeviation]| -> Vec<Deviation> {
        deviations
            .iter()
            .map(|deviation| Deviation::Time(*deviation))
            .collect()
    };
    for (tag, not_before, not_after, expected) in [
        (
            asn1::UTC_TIME,
            "2001010000Z",
            "4001010000Z",
            vec![TimeDeviation::MissingSeconds],
        ),
        (
            asn1::UTC_TIME,
            "20200101080000",
            "20400101080000",
            vec![TimeDeviation::WrongTag, TimeDeviation::MissingZone],
        ),
        (
            asn1::GENERALIZED_TIME,
            "20200101000000.5Z",
            "20400101000000.5Z",
            vec![TimeDeviation::Fraction],
        ),
        (
            asn1::GENERALIZED_TIME,
            "20200101080000+0800",
            "20400101080000+0800",
            vec![TimeDeviation::Offset],
        ),
    ] {
        let certificate = tolerated(
            |parts| parts[part::VALIDITY] = validity_of(tag, not_before, not_after),
            &time_deviations(&expected),
        );
        assert_eq!(certificate.not_before().as_second(), validity().0.as_second());
    }
}

#[test]
fn the_end_of_time_is_no_end() {
    let far = |parts: &mut Vec<Vec<u8>>| {
        parts[part::VALIDITY] = validity_of(asn1::GENERALIZED_TIME, "20200101000000Z", "99991231235959Z");
    };
    assert!(tolerated(far, &[]).is_valid_at(time("9990-01-01T00:00:00Z")));
}

#[test]
fn odd_serial_numbers_are_tolerated_and_named() {
    let certificate = tolerated(
        |parts| parts[part::SERIAL] = vec![2, 1, 0x80],
        &[Deviation::NegativeSerial],
    );
    assert_eq!(certificate.serial_hex(), "80");
    let long = write::tlv(asn1::INTEGER, &[7; 33]);
    tolerated(|parts| parts[part::SERIAL] = long, &[Deviation::LongSerial(33)]);
    tolerated(|parts| parts[part::SERIAL] = vec![2, 1, 0], &[]);
}

#[test]
fn odd_versions_are_tolerated_and_named() {
    let version = |number: u8| write::explicit(0, &[2, 1, number]);
    tolerated(
        |parts| parts[part::VERSION] = version(0),
        &[Deviation::ExplicitVersion1, Deviation::ExtensionsInVersion(1)],
    );
    tolerated(
        |parts| parts[part::VERSION] = version(1),
        &[Deviation::ExtensionsInVersion(2)],
    );
    tolerated(
        |parts| parts[part::VERSION] = version(3),
        &[Deviation::UnknownVersion(4)],
    );
    tolerated(
        |parts| drop(parts.remove(part::VERSION)),
        &[Deviation::ExtensionsInVersion(1)],
    );
}

#[test]
fn algorithm_with_null_is_as_good() {
    let with_null = write::sequence(&[&write::oid(&oid::SM2_WITH_SM3), &write::null()]);
    tolerated(|parts| parts[part::ALGORITHM] = with_null, &[]);
}

#[test]
fn explicit_default_of_critical_is_tolerated_and_named() {
    let kind = ObjectIdentifier::new_unwrap("1.2.3");
    let extension = write::sequence(&[
        &write::oid(&kind),
        &write::boolean(false),
        &write::octet_string(&[]),
    ]);
    let expected = [Deviation::ExplicitNotCritical(kind)];
    tolerated(
        |parts| parts[part::EXTENSIONS] = write::explicit(3, &write::sequence(&[&extension])),
        &expected,
    );
}

#[test]
fn ber_is_tolerated_and_named() {
    let pki = chain();
    let parts = split(pki.leaf.certificate.der());
    // The TBSCertificate stays as it was signed, what is around it is indefinite.
    let ber = [&[0x30, 0x80][..], &parts.concat(), &[0, 0]].concat();
    let certificate = Certificate::read(&ber).unwrap();
    assert_eq!(certificate.deviations(), [Deviation::NotDefinite]);
    assert_eq!(certificate.der(), ber);
    assert_eq!(certificate.verify_issued_by(pki.sub.key.public_key()), Ok(()));

    let body = parts.concat();
    let long = [&[0x30, 0x84, 0, 0][..], &(body.len() as u16).to_be_bytes(), &body].concat();
    let certificate = Certificate::read(&long).unwrap();
    assert_eq!(certificate.deviations(), [Deviation::LongLength]);
    assert_eq!(certificate.verify_issued_by(pki.sub.key.public_key()), Ok(()));
}

fn with_signature(certificate: &Certificate, signature: &[u8]) -> Vec<u8> {
    let parts = split(certificate.der());
    write::sequence(&[&parts[0], &parts[1], &write::bit_string(signature)])
}

#[test]
fn raw_signature_is_tolerated_and_named() {
    let pki = chain();
    let tbs = split(pki.leaf.certificate.der()).remove(0);
    let raw = pki.sub.key.sign(&tbs).unwrap().to_raw();
    let certificate = Certificate::read(&with_signature(&pki.leaf.certificate, &raw)).unwrap();
    assert_eq!(
        certificate.deviations(),
        [Deviation::Signature(SignatureEncoding::Raw)]
    );
    assert_eq!(certificate.verify_issued_by(pki.sub.key.public_key()), Ok(()));
}

#[test]
fn garbage_as_signature_does_not_verify() {
    let pki = chain();
    for garbage in [&[][..], &[0xcc; 110], &[0; 64]] {
        let certificate = Certificate::read(&with_signature(&pki.leaf.certificate, garbage)).unwrap();
        assert!(certificate.verify_issued_by(pki.sub.key.public_key()).is_err());
    }
}

/// SubjectPublicKeyInfo.
fn key_info(algorithm: &[ObjectIdentifier], point: &[u8]) -> Vec<u8> {
    let algorithm: Vec<Vec<u8>> = algorithm.iter().map(write::oid).collect();
    write::sequence(&[
        &write::sequence(&[&algorithm.concat()]),
        &write::bit_string(point),
    ])
}

#[test]
fn unusual_forms_of_the_key_are_tolerated_and_named() {
    let sec1 = chain().leaf.key.public_key().to_sec1();
    let compressed = [&[2 + (sec1[64] & 1)][..], &sec1[1..33]].concat();
    let info = key_info(&[oid::EC_PUBLIC_KEY, oid::SM2], &compressed);
    tolerated(|parts| parts[part::KEY] = info, &[Deviation::CompressedKey]);
    let info = key_info(&[oid::EC_PUBLIC_KEY, oid::SM2_SIGN], &sec1);
    tolerated(|parts| parts[part::KEY] = info, &[Deviation::KeyCurveSm2Sign]);
    let info = key_info(&[oid::SM2], &sec1);
    tolerated(|parts| parts[part::KEY] = info, &[Deviation::KeyAlgorithmSm2]);
}

#[test]
fn keys_that_are_no_sm2_key_are_named() {
    let p256 = ObjectIdentifier::new_unwrap("1.2.840.10045.3.1.7");
    let rsa = ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.1");
    let sec1 = chain().leaf.key.public_key().to_sec1();
    let mut off_curve = sec1;
    off_curve[64] ^= 1;
    for (info, expected) in [
        (
            key_info(&[oid::EC_PUBLIC_KEY, p256], &sec1),
            KeyFault::NotSm2 { oid: p256 },
        ),
        (key_info(&[rsa], &[1; 256]), KeyFault::NotSm2 { oid: rsa }),
        (
            key_info(&[oid::EC_PUBLIC_KEY], &sec1),
            KeyFault::NotSm2 {
                oid: oid::EC_PUBLIC_KEY,
            },
        ),
        (
            key_info(&[oid::EC_PUBLIC_KEY, oid::SM2], &off_curve),
            KeyFault::BadPoint,
        ),
        (key_info(&[oid::EC_PUBLIC_KEY, oid::SM2], &[]), KeyFault::BadPoint),
        (
            key_info(&[oid::EC_PUBLIC_KEY, oid::SM2], &[0]),
            KeyFault::BadPoint,
        ),
    ] {
        let pki = chain();
        let der = recut(&pki.leaf.certificate, &pki.sub.key, |parts| {
            parts[part::KEY] = info
        });
        assert_eq!(Certificate::read(&der).unwrap().public_key(), Err(&expected));
    }
}

#[track_caller]
fn refused(key: &SigningKey, certificate: &Certificate, edit: impl FnOnce(&mut Vec<Vec<u8>>)) -> Error {
    Certificate::read(&recut(certificate, key, edit)).unwrap_err()
}

#[test]
fn what_has_no_meaning_is_refused() {
    let Identity { key, certificate } = chain().leaf;
    let twelve_months = validity_of(asn1::UTC_TIME, "201301000000Z", "401301000000Z");
    assert!(matches!(
        refused(&key, &certificate, |parts| parts[part::VALIDITY] = twelve_months),
        Error::Malformed { .. }
    ));
    assert!(matches!(
        refused(&key, &certificate, |parts| drop(parts.remove(part::SERIAL))),
        Error::UnexpectedTag {
            what: "serialNumber",
            ..
        }
    ));
    assert!(matches!(
        refused(&key, &certificate, |parts| parts.push(vec![5, 0])),
        Error::TrailingBytes { .. }
    ));
    let parameters = write::sequence(&[&write::oid(&oid::SM2_WITH_SM3), &write::unsigned(1)]);
    assert!(matches!(
        refused(&key, &certificate, |parts| parts[part::ALGORITHM] = parameters),
        Error::Malformed {
            what: "signatureAlgorithm",
            ..
        }
    ));
    assert_eq!(Certificate::read(&[]), Err(Error::Empty { what: "certificate" }));
    assert!(matches!(
        Certificate::read(&vec![0x30; pki::CERTIFICATE_BYTES_MAX + 1]),
        Err(Error::TooLarge { .. })
    ));
    let trailing = [certificate.der(), &[0]].concat();
    assert!(Certificate::read(&trailing).is_err());
}

#[test]
fn algorithms_inside_and_outside_must_agree() {
    let Identity { certificate, .. } = chain().leaf;
    let parts = split(certificate.der());
    let other = write::sequence(&[&write::oid(&oid::SM3)]);
    let der = write::sequence(&[&parts[0], &other, &parts[2]]);
    assert!(matches!(
        Certificate::read(&der),
        Err(Error::Malformed {
            what: "signatureAlgorithm",
            ..
        })
    ));
    let with_null = write::sequence(&[&write::oid(&oid::SM2_WITH_SM3), &write::null()]);
    let der = write::sequence(&[&parts[0], &with_null, &parts[2]]);
    let expected = [Deviation::AlgorithmParametersDiffer];
    assert_eq!(Certificate::read(&der).unwrap().deviations(), expected);
}

#[test]
fn too_many_extensions_are_refused() {
    let pki = chain();
    let mut template = CertificateTemplate::signer(name("leaf"), &[7], validity());
    let extension = |i: u32| Extension {
        oid: ObjectIdentifier::from_arcs([1, 2, 3, i]).unwrap(),
        critical: false,
        value: Vec::new(),
    };
    template.extensions = (0..200).map(extension).collect();
    let issuer = pki::Issuer::Certificate(&pki.sub.certificate);
    let error = pki::issue(&template, pki.leaf.key.public_key(), issuer, &pki.sub.key).unwrap_err();
    assert!(matches!(error, Error::TooLarge { .. }), "{error}");
}

#[test]
fn templates_that_make_no_sense_are_refused() {
    let key = crate::support::key(1);
    let issue = |template: &CertificateTemplate| {
        pki::issue(template, key.public_key(), pki::Issuer::SelfSigned, &key).unwrap_err()
    };
    for serial in [&[][..], &[0, 0], &[0x80; 20], &[1; 21]] {
        let error = issue(&CertificateTemplate::signer(name("x"), serial, validity()));
        assert!(matches!(error, Error::BadTemplate { .. }), "{error}");
    }
    let backwards = (validity().1, validity().0);
    assert!(matches!(
        issue(&CertificateTemplate::signer(name("x"), &[1], backwards)),
        Error::BadTemplate { .. }
    ));
}

#[test]
fn validity_after_2050_is_written_as_generalized_time() {
    let late = (time("2049-12-31T23:59:59Z"), time("2050-01-01T00:00:00Z"));
    let root = Identity::root_with(CertificateTemplate::ca(name("Root"), &[1], late, None), 1);
    assert_eq!(
        (root.certificate.not_before(), root.certificate.not_after()),
        late
    );
    assert_eq!(root.certificate.deviations(), []);
    assert!(!root.certificate.is_valid_at(now()));
}
