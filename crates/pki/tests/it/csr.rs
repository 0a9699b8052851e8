//! Certificate requests: written, read back, changed.

use gm::Signer as _;
use pki::asn1::write;
use pki::{CertificateRequest, Deviation, Error, Name, oid};
use proptest::prelude::*;

use crate::fixture::every_changed_octet;
use crate::support::key;

fn subject() -> Name {
    Name::from_pairs([("C", "CN"), ("O", "测试机构"), ("CN", "11010500000001")]).unwrap()
}

/// A request put together by hand, signed with `key(7)`, holding the key of `key(holder)`.
fn by_hand(version: u64, holder: u8, attributes: &[u8], algorithm: &[u8]) -> Vec<u8> {
    let key_algorithm = write::sequence(&[&write::oid(&oid::EC_PUBLIC_KEY), &write::oid(&oid::SM2)]);
    let public_key = write::bit_string(&key(holder).public_key().to_sec1());
    let info = write::sequence(&[
        &write::unsigned(version),
        subject().der(),
        &write::sequence(&[&key_algorithm, &public_key]),
        attributes,
    ]);
    let signature = key(7).sign(&info).unwrap().to_der();
    write::sequence(&[&info, algorithm, &write::bit_string(&signature)])
}

fn sm2_with_sm3() -> Vec<u8> {
    write::sequence(&[&write::oid(&oid::SM2_WITH_SM3)])
}

#[test]
fn a_request_reads_back_as_der_and_pem() {
    let request = CertificateRequest::sign(&subject(), &key(7)).unwrap();
    assert!(
        request
            .to_pem()
            .starts_with("-----BEGIN CERTIFICATE REQUEST-----\n")
    );
    let old = request
        .to_pem()
        .replace("CERTIFICATE REQUEST", "NEW CERTIFICATE REQUEST");
    for bytes in [request.der(), request.to_pem().as_bytes(), old.as_bytes()] {
        let read = CertificateRequest::read(bytes).unwrap();
        assert_eq!(read.der(), request.der());
        assert_eq!(read.subject(), &subject());
        assert_eq!(read.public_key(), key(7).public_key());
        assert_eq!((read.attributes(), read.deviations()), (&[][..], &[][..]));
    }
}

#[test]
fn the_proof_of_possession_must_hold() {
    let error =
        CertificateRequest::read(&by_hand(0, 8, &write::explicit(0, &[]), &sm2_with_sm3())).unwrap_err();
    assert_eq!(error, Error::ProofOfPossession(gm::BadSignature::Mismatch));
}

#[test]
fn attributes_are_read_and_may_be_missing() {
    let value = write::octet_string(b"x");
    let attribute = write::sequence(&[
        &write::oid(&oid::EXTENSION_REQUEST),
        &write::set_of(vec![value.clone()]),
    ]);
    let read =
        CertificateRequest::read(&by_hand(0, 7, &write::explicit(0, &attribute), &sm2_with_sm3())).unwrap();
    assert_eq!(read.attributes()[0].oid, oid::EXTENSION_REQUEST);
    assert_eq!(read.attributes()[0].values, [value]);
    assert!(CertificateRequest::read(&by_hand(0, 7, &[], &sm2_with_sm3())).is_ok());
}

#[test]
fn null_parameters_are_a_deviation() {
    let algorithm = write::sequence(&[&write::oid(&oid::SM2_WITH_SM3), &write::null()]);
    let read = CertificateRequest::read(&by_hand(0, 7, &write::explicit(0, &[]), &algorithm)).unwrap();
    assert_eq!(read.deviations(), [Deviation::AlgorithmWithNull]);
}

#[test]
fn indefinite_lengths_are_a_deviation() {
    let request = CertificateRequest::sign(&subject(), &key(7)).unwrap();
    let contents = pki::asn1::read_single(request.der(), 0x30, "request")
        .unwrap()
        .value;
    let ber = [&[0x30, 0x80], contents, &[0, 0]].concat();
    let read = CertificateRequest::read(&ber).unwrap();
    assert_eq!(
        (read.der(), read.deviations()),
        (request.der(), &[Deviation::NotDefinite][..])
    );
}

#[test]
fn other_versions_and_algorithms_are_refused() {
    let none = write::explicit(0, &[]);
    assert!(matches!(
        CertificateRequest::read(&by_hand(1, 7, &none, &sm2_with_sm3())),
        Err(Error::Malformed { .. })
    ));
    let ecdsa = pki::ObjectIdentifier::new_unwrap("1.2.840.10045.4.3.2");
    let algorithm = write::sequence(&[&write::oid(&ecdsa)]);
    let error = CertificateRequest::read(&by_hand(0, 7, &none, &algorithm)).unwrap_err();
    assert!(matches!(error, Error::WrongKind { .. }), "{error}");
    let pem = pki::write_pem("CERTIFICATE", &by_hand(0, 7, &none, &sm2_with_sm3()));
    assert!(matches!(
        CertificateRequest::read(pem.as_bytes()),
        Err(Error::WrongKind { .. })
    ));
    let large = vec![0x30; pki::CERTIFICATE_REQUEST_BYTES_MAX + 1];
    assert!(matches!(
        CertificateRequest::read(&large),
        Err(Error::TooLarge { .. })
    ));
}

/// No octet of a request is without protection: the signature covers the one half, and stands in the other.
#[test]
fn every_changed_octet_is_refused() {
    let request = CertificateRequest::sign(&subject(), &key(7)).unwrap();
    for (position, changed) in every_changed_octet(request.der()) {
        assert!(
            CertificateRequest::read(&changed).is_err(),
            "a changed octet at {position} is not seen"
        );
    }
}

proptest! {
    #[test]
    fn arbitrary_bytes_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
        prop_assert!(CertificateRequest::read(&bytes).is_err());
    }

    #[test]
    fn any_name_and_key_reads_back(common in "[^\\p{C}]{1,64}", seed in 1..200u8) {
        let subject = Name::from_pairs([("CN", common.as_str())]).unwrap();
        let request = CertificateRequest::sign(&subject, &key(seed)).unwrap();
        let read = CertificateRequest::read(request.der()).unwrap();
        prop_assert_eq!(read.subject(), &subject);
    }
}
