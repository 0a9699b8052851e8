//! Signed messages: written, read back, changed, put together wrongly.

use gm::Signer as _;
use pki::asn1::{self, write};
use pki::{
    CmsDeviation, ContentToSign, CrlTemplate, Error, Fact, FileBinding, SignatureFact, SignedData,
    SignedDataArc, SignedDataShape, SignerFault, issue_crl, oid, verify_signed_file, write_signed_data,
};
use proptest::prelude::*;

use crate::fixture::{TestPki, every_changed_octet, find, noon};
use crate::support::time;

const FILE: &[u8] = "<ofd:Signature>印信</ofd:Signature>".as_bytes();

fn shape_a(pki: &TestPki, file: &[u8]) -> Vec<u8> {
    let digest = gm::sm3(file);
    let shape = SignedDataShape::Content(digest.as_bytes());
    write_signed_data(shape, &pki.signer.certificate, &[], &pki.signer.key).unwrap()
}

fn shape_b(pki: &TestPki, file: &[u8]) -> Vec<u8> {
    let shape = SignedDataShape::Attributes {
        content_digest: gm::sm3(file),
        signing_time: noon(),
    };
    let chain = [pki.root.certificate.clone()];
    write_signed_data(shape, &pki.signer.certificate, &chain, &pki.signer.key).unwrap()
}

/// Reads and checks against [`FILE`]: the binding and what stands against the only signer.
fn check(der: &[u8]) -> (FileBinding, Vec<SignerFault>) {
    let signed = SignedData::read(der).unwrap();
    let [signer] = verify_signed_file(&signed, ContentToSign::Bytes(FILE), &[])
        .try_into()
        .unwrap();
    (signer.binding, signer.facts.unwrap().faults())
}

#[test]
fn shape_a_reads_back() {
    let pki = TestPki::new();
    let der = shape_a(&pki, FILE);
    let signed = SignedData::read(&der).unwrap();
    assert_eq!(signed.der(), der);
    assert_eq!((signed.arc(), signed.version()), (SignedDataArc::Gm, 1));
    assert_eq!(signed.content_type(), oid::GM_DATA);
    assert_eq!(signed.content(), Some(&gm::sm3(FILE).0[..]));
    assert_eq!(
        signed.certificates(),
        std::slice::from_ref(&pki.signer.certificate)
    );
    assert_eq!(signed.deviations(), []);
    let [signer] = signed.signers() else {
        panic!("one signer")
    };
    assert!(signer.signed_attributes().is_none());
    assert_eq!(signer.digest_algorithm(), oid::SM3);
    assert_eq!(signer.signature_algorithm(), oid::SM2_SIGN);
    assert_eq!(check(&der), (FileBinding::DigestIsContent, vec![]));
}

#[test]
fn shape_b_reads_back() {
    let pki = TestPki::new();
    let der = shape_b(&pki, FILE);
    let signed = SignedData::read(&der).unwrap();
    assert_eq!((signed.content(), signed.certificates().len()), (None, 2));
    let attributes = signed.signers()[0].signed_attributes().unwrap();
    assert_eq!(attributes.content_type(), Some(oid::GM_DATA));
    assert_eq!(attributes.signing_time(), Some(noon()));
    assert!(attributes.is_in_der_order());
    assert_eq!(check(&der), (FileBinding::DigestIsAttribute, vec![]));
    let [checked] = verify_signed_file(&signed, ContentToSign::Digest(gm::sm3(FILE)), &[])
        .try_into()
        .unwrap();
    assert!(checked.is_intact(), "the digest of the file is enough");
    let facts = checked.facts.unwrap();
    assert_eq!(
        (facts.content_type, facts.message_digest),
        (Fact::Holds, Fact::Holds)
    );
    assert_eq!(
        (facts.signing_certificate, facts.signing_time),
        (Fact::Absent, Some(noon()))
    );
    assert_eq!(facts.deviations, []);
}

#[test]
fn another_file_is_not_signed() {
    let pki = TestPki::new();
    for der in [shape_a(&pki, b"another"), shape_b(&pki, b"another")] {
        let signed = SignedData::read(&der).unwrap();
        let [signer] = verify_signed_file(&signed, ContentToSign::Bytes(FILE), &[])
            .try_into()
            .unwrap();
        assert_eq!(signer.binding, FileBinding::OtherFile);
        assert!(!signer.is_intact());
    }
}

#[test]
fn the_file_itself_as_content() {
    let pki = TestPki::new();
    let shape = SignedDataShape::Content(FILE);
    let der = write_signed_data(shape, &pki.signer.certificate, &[], &pki.signer.key).unwrap();
    assert_eq!(check(&der), (FileBinding::FileIsContent, vec![]));
}

#[test]
fn the_key_must_be_the_certificates() {
    let pki = TestPki::new();
    let shape = SignedDataShape::Content(FILE);
    let error = write_signed_data(shape, &pki.signer.certificate, &[], &pki.tsa.key).unwrap_err();
    assert!(matches!(error, Error::WrongKey { .. }), "{error}");
}

/// A message put together by hand, so that each part can be wrong.
struct Parts {
    content_type: Vec<u8>,
    content: Vec<u8>,
    certificates: Vec<u8>,
    identifier: Vec<u8>,
    digest_algorithm: Vec<u8>,
    attributes: Vec<Vec<u8>>,
    signature_algorithm: Vec<u8>,
    signature: Vec<u8>,
}

impl Parts {
    fn new(pki: &TestPki, attributes: Vec<Vec<u8>>) -> Self {
        let certificate = &pki.signer.certificate;
        let message = if attributes.is_empty() {
            FILE.to_vec()
        } else {
            write::tlv(0x31, &attributes.concat())
        };
        Self {
            content_type: write::oid(&oid::GM_SIGNED_DATA),
            content: Vec::new(),
            certificates: write::explicit(0, certificate.der()),
            identifier: write::sequence(&[certificate.issuer().der(), &write::integer(certificate.serial())]),
            digest_algorithm: write::sequence(&[&write::oid(&oid::SM3)]),
            attributes,
            signature_algorithm: write::sequence(&[&write::oid(&oid::SM2_WITH_SM3)]),
            signature: pki.signer.key.sign(&message).unwrap().to_der(),
        }
    }

    fn der(&self) -> Vec<u8> {
        let attributes = match self.attributes.concat() {
            attributes if attributes.is_empty() => attributes,
            attributes => write::explicit(0, &attributes),
        };
        let signer = write::sequence(&[
            &write::unsigned(1),
            &self.identifier,
            &self.digest_algorithm,
            &attributes,
            &self.signature_algorithm,
            &write::octet_string(&self.signature),
        ]);
        let signed = write::sequence(&[
            &write::unsigned(1),
            &write::set_of(vec![self.digest_algorithm.clone()]),
            &write::sequence(&[&write::oid(&oid::GM_DATA), &self.content]),
            &self.certificates,
            &write::set_of(vec![signer]),
        ]);
        write::sequence(&[&self.content_type, &write::explicit(0, &signed)])
    }

    fn check(&self) -> (FileBinding, Vec<SignerFault>) {
        check(&self.der())
    }
}

fn attribute(kind: &pki::ObjectIdentifier, values: &[Vec<u8>]) -> Vec<u8> {
    write::sequence(&[&write::oid(kind), &write::set_of(values.to_vec())])
}

fn content_type() -> Vec<u8> {
    attribute(&oid::CONTENT_TYPE, &[write::oid(&oid::GM_DATA)])
}

fn message_digest() -> Vec<u8> {
    attribute(
        &oid::MESSAGE_DIGEST,
        &[write::octet_string(gm::sm3(FILE).as_bytes())],
    )
}

fn signing_time() -> Vec<u8> {
    attribute(&oid::SIGNING_TIME, &[write::time(noon())])
}

#[test]
fn detached_without_attributes() {
    let pki = TestPki::new();
    let parts = Parts::new(&pki, vec![]);
    assert_eq!(parts.check(), (FileBinding::FileIsSigned, vec![]));
    let signed = SignedData::read(&parts.der()).unwrap();
    let digest = ContentToSign::Digest(gm::sm3(FILE));
    let [signer] = verify_signed_file(&signed, digest, &[]).try_into().unwrap();
    assert_eq!(signer.facts.unwrap().signature, SignatureFact::NoContent);
}

#[test]
fn pkcs7_identifiers_and_sm2_as_signature_algorithm() {
    let pki = TestPki::new();
    let mut parts = Parts::new(&pki, vec![content_type(), message_digest()]);
    parts.content_type = write::oid(&oid::SIGNED_DATA);
    for algorithm in [oid::SM2, oid::SM2_SIGN, oid::SM2_WITH_SM3] {
        parts.signature_algorithm = write::sequence(&[&write::oid(&algorithm), &write::null()]);
        assert_eq!(parts.check(), (FileBinding::DigestIsAttribute, vec![]));
    }
    let signed = SignedData::read(&parts.der()).unwrap();
    assert_eq!(signed.arc(), SignedDataArc::Pkcs7);
}

#[test]
fn content_type_of_the_other_arc_is_a_deviation() {
    let pki = TestPki::new();
    let pkcs7 = attribute(&oid::CONTENT_TYPE, &[write::oid(&oid::DATA)]);
    let parts = Parts::new(&pki, vec![pkcs7, message_digest()]);
    let signed = SignedData::read(&parts.der()).unwrap();
    let [signer] = verify_signed_file(&signed, ContentToSign::Bytes(FILE), &[])
        .try_into()
        .unwrap();
    assert!(signer.is_intact());
    assert_eq!(
        signer.facts.unwrap().deviations,
        [CmsDeviation::ContentTypeOfOtherArc]
    );
}

#[test]
fn attributes_out_of_order_are_checked_as_received() {
    let pki = TestPki::new();
    let parts = Parts::new(&pki, vec![message_digest(), signing_time(), content_type()]);
    let signed = SignedData::read(&parts.der()).unwrap();
    let [signer] = verify_signed_file(&signed, ContentToSign::Bytes(FILE), &[])
        .try_into()
        .unwrap();
    assert!(signer.is_intact());
    assert_eq!(
        signer.facts.unwrap().deviations,
        [CmsDeviation::AttributesNotInDerOrder]
    );
}

#[test]
fn attributes_missing_repeated_or_wrong() {
    let pki = TestPki::new();
    let other_type = attribute(&oid::CONTENT_TYPE, &[write::oid(&oid::TST_INFO)]);
    let wrong = attribute(&oid::MESSAGE_DIGEST, &[write::octet_string(&[0; 32])]);
    let twice = attribute(
        &oid::MESSAGE_DIGEST,
        &[
            write::octet_string(gm::sm3(FILE).as_bytes()),
            write::octet_string(&[0; 32]),
        ],
    );
    let type_differs = || vec![SignerFault::ContentTypeDiffers];
    let digest_differs = || vec![SignerFault::MessageDigestDiffers];
    for (attributes, faults) in [
        (vec![message_digest()], type_differs()),
        (vec![other_type.clone(), message_digest()], type_differs()),
        (
            vec![content_type(), content_type(), message_digest()],
            type_differs(),
        ),
        (vec![content_type()], digest_differs()),
        (vec![content_type(), wrong.clone()], digest_differs()),
        (vec![content_type(), wrong, message_digest()], digest_differs()),
        (vec![content_type(), twice], digest_differs()),
    ] {
        let (binding, found) = Parts::new(&pki, attributes).check();
        assert_eq!(found, faults);
        assert!(faults == type_differs() || binding == FileBinding::OtherFile);
    }
}

/// The signature over the attributes of one message is a signature over their encoding; who passes that off as
/// the content of a message without attributes has forged a content that nobody signed.
#[test]
fn attributes_passed_off_as_content() {
    let pki = TestPki::new();
    let mut parts = Parts::new(&pki, vec![content_type(), message_digest()]);
    let signed_bytes = write::tlv(asn1::SET, &std::mem::take(&mut parts.attributes).concat());
    parts.content = write::explicit(0, &write::octet_string(&signed_bytes));
    let signed = SignedData::read(&parts.der()).unwrap();
    let [signer] = verify_signed_file(&signed, ContentToSign::Bytes(&signed_bytes), &[])
        .try_into()
        .unwrap();
    assert_eq!(signer.binding, FileBinding::FileIsContent);
    assert_eq!(signer.facts.unwrap().faults(), [SignerFault::AttributesAsContent]);
}

#[test]
fn content_beside_a_digest_of_another_file_is_a_deviation() {
    let pki = TestPki::new();
    let mut parts = Parts::new(&pki, vec![content_type(), message_digest()]);
    parts.content = write::explicit(0, &write::octet_string(b"something else"));
    let signed = SignedData::read(&parts.der()).unwrap();
    let [signer] = verify_signed_file(&signed, ContentToSign::Bytes(FILE), &[])
        .try_into()
        .unwrap();
    assert_eq!(signer.binding, FileBinding::DigestIsAttribute);
    assert_eq!(
        signer.facts.unwrap().deviations,
        [CmsDeviation::ContentNotDigested]
    );
}

#[test]
fn foreign_algorithms_are_named() {
    let pki = TestPki::new();
    let sha1 = pki::ObjectIdentifier::new_unwrap("1.3.14.3.2.26");
    let sha256 = pki::ObjectIdentifier::new_unwrap("2.16.840.1.101.3.4.2.1");
    let rsa = pki::ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.1");
    let mut parts = Parts::new(&pki, vec![content_type(), message_digest()]);
    parts.digest_algorithm = write::sequence(&[&write::oid(&sha1)]);
    assert_eq!(
        parts.check().1,
        [SignerFault::WeakDigest(sha1), SignerFault::ContentNotChecked]
    );
    parts.digest_algorithm = write::sequence(&[&write::oid(&sha256)]);
    assert_eq!(
        parts.check().1,
        [SignerFault::DigestUnknown(sha256), SignerFault::ContentNotChecked]
    );
    let mut parts = Parts::new(&pki, vec![content_type(), message_digest()]);
    parts.signature_algorithm = write::sequence(&[&write::oid(&rsa)]);
    assert_eq!(parts.check().1, [SignerFault::SignatureUnknown(rsa)]);
}

#[test]
fn signer_named_by_key_identifier() {
    let pki = TestPki::new();
    let mut parts = Parts::new(&pki, vec![content_type(), message_digest()]);
    let own = pki.signer.certificate.subject_key_identifier().unwrap();
    parts.identifier = write::tlv(asn1::primitive(0), own);
    assert_eq!(parts.check().1, []);
    parts.identifier = write::tlv(asn1::primitive(0), &[1; 20]);
    assert_eq!(parts.check().1, [SignerFault::CertificateNotNamed]);
}

#[test]
fn a_certificate_that_is_not_named_is_tried_but_does_not_count() {
    let pki = TestPki::new();
    let mut parts = Parts::new(&pki, vec![content_type(), message_digest()]);
    let issuer = pki.signer.certificate.issuer().der();
    parts.identifier = write::sequence(&[issuer, &write::unsigned(99)]);
    assert_eq!(parts.check().1, [SignerFault::CertificateNotNamed]);
}

#[test]
fn certificates_may_come_from_elsewhere() {
    let pki = TestPki::new();
    let mut parts = Parts::new(&pki, vec![content_type(), message_digest()]);
    parts.certificates = Vec::new();
    let signed = SignedData::read(&parts.der()).unwrap();
    let [without] = verify_signed_file(&signed, ContentToSign::Bytes(FILE), &[])
        .try_into()
        .unwrap();
    assert!(without.certificate.is_none() && without.facts.is_none() && !without.is_intact());
    let others = [pki.root.certificate.clone(), pki.signer.certificate.clone()];
    let [with] = verify_signed_file(&signed, ContentToSign::Bytes(FILE), &others)
        .try_into()
        .unwrap();
    assert!(with.is_intact());
}

#[test]
fn unreadable_certificates_are_counted_and_left_out() {
    let pki = TestPki::new();
    let mut parts = Parts::new(&pki, vec![]);
    let junk = write::sequence(&[&write::null()]);
    let attribute_certificate = write::explicit(1, &write::null());
    parts.certificates = write::explicit(
        0,
        &[&junk[..], pki.signer.certificate.der(), &attribute_certificate].concat(),
    );
    let signed = SignedData::read(&parts.der()).unwrap();
    assert_eq!(
        signed.deviations(),
        [CmsDeviation::CertificatesUnreadable { count: 2 }]
    );
    assert_eq!(
        signed.certificates(),
        std::slice::from_ref(&pki.signer.certificate)
    );
}

#[test]
fn raw_signature_values_are_deviations() {
    let pki = TestPki::new();
    let mut parts = Parts::new(&pki, vec![]);
    let signature = gm::Signature::from_der(&parts.signature).unwrap();
    parts.signature = signature.to_raw().to_vec();
    let signed = SignedData::read(&parts.der()).unwrap();
    let [signer] = verify_signed_file(&signed, ContentToSign::Bytes(FILE), &[])
        .try_into()
        .unwrap();
    assert!(signer.is_intact());
    let raw = CmsDeviation::SignatureEncoding(gm::SignatureEncoding::Raw);
    assert_eq!(signer.facts.unwrap().deviations, [raw]);
}

/// `der` with every length of the outer three levels made indefinite.
fn indefinite(der: &[u8], depth: usize) -> Vec<u8> {
    let element = asn1::Reader::new(der).next("it").unwrap();
    if depth == 0 || element.tag & 0x20 == 0 {
        return element.raw.to_vec();
    }
    let mut out = vec![element.tag, 0x80];
    let mut children = element.children();
    while !children.is_empty() {
        out.extend(indefinite(children.next("child").unwrap().raw, depth - 1));
    }
    out.extend([0, 0]);
    out
}

#[test]
fn indefinite_lengths_and_padding_are_deviations() {
    let pki = TestPki::new();
    let der = shape_b(&pki, FILE);
    for depth in 1..8 {
        let mut ber = indefinite(&der, depth);
        ber.extend([0; 5]);
        let signed = SignedData::read(&ber).unwrap();
        assert_eq!(signed.der(), der);
        assert!(matches!(signed.deviations()[0], CmsDeviation::Ber(how) if how.indefinite_lengths));
        assert_eq!(signed.deviations()[1], CmsDeviation::TrailingBytes { count: 5 });
        assert_eq!(check(&ber), (FileBinding::DigestIsAttribute, vec![]));
    }
}

#[test]
fn other_messages_are_named() {
    let data = write::sequence(&[
        &write::oid(&oid::DATA),
        &write::explicit(0, &write::octet_string(b"x")),
    ]);
    let error = SignedData::read(&data).unwrap_err();
    assert!(matches!(error, Error::WrongKind { .. }), "{error}");
    for bytes in [&b""[..], b"0", b"\x30\x80", b"-----BEGIN PKCS7-----"] {
        assert!(SignedData::read(bytes).is_err());
    }
}

#[test]
fn a_message_without_signers_signs_nothing() {
    let signed = write::sequence(&[
        &write::unsigned(1),
        &write::set_of(vec![]),
        &write::sequence(&[&write::oid(&oid::GM_DATA)]),
        &write::set_of(vec![]),
    ]);
    let der = write::sequence(&[&write::oid(&oid::GM_SIGNED_DATA), &write::explicit(0, &signed)]);
    let signed = SignedData::read(&der).unwrap();
    assert!(verify_signed_file(&signed, ContentToSign::Bytes(FILE), &[]).is_empty());
}

#[test]
fn revocation_lists_are_read() {
    let pki = TestPki::new();
    let template = CrlTemplate {
        this_update: noon(),
        next_update: None,
        number: 1,
        revoked: vec![],
        extensions: vec![],
    };
    let crl = issue_crl(&template, &pki.root.certificate, &pki.root.key).unwrap();
    let other_revocation_data = write::explicit(1, &write::null());
    let mut parts = Parts::new(&pki, vec![]);
    parts
        .certificates
        .extend(write::explicit(1, &[crl.der(), &other_revocation_data].concat()));
    let signed = SignedData::read(&parts.der()).unwrap();
    assert_eq!((signed.crls().len(), signed.crls()[0].der()), (1, crl.der()));
    assert_eq!(signed.deviations(), [CmsDeviation::CrlsUnreadable { count: 1 }]);
    assert_eq!(parts.check().1, []);
}

#[test]
fn too_many_signers_are_refused() {
    let pki = TestPki::new();
    let der = Parts::new(&pki, vec![]).der();
    let signer = SignedData::read(&der).unwrap();
    assert_eq!(signer.signers().len(), 1);
    let signers = vec![write::sequence(&[]); pki::SIGNED_DATA_SIGNERS_MAX + 1];
    let signed = write::sequence(&[
        &write::unsigned(1),
        &write::set_of(vec![]),
        &write::sequence(&[&write::oid(&oid::GM_DATA)]),
        &write::set_of(signers),
    ]);
    let der = write::sequence(&[&write::oid(&oid::GM_SIGNED_DATA), &write::explicit(0, &signed)]);
    assert!(SignedData::read(&der).is_err());
    let many = vec![write::sequence(&[&write::oid(&oid::SM3)]); pki::SIGNED_DATA_SIGNERS_MAX + 1];
    let signed = write::sequence(&[&write::unsigned(1), &write::set_of(many)]);
    let der = write::sequence(&[&write::oid(&oid::GM_SIGNED_DATA), &write::explicit(0, &signed)]);
    assert!(matches!(SignedData::read(&der), Err(Error::TooLarge { .. })));
}

/// Every changed octet makes a message that cannot be read or does not count, unless it lies in one of the parts
/// that nothing protects, listed here. The signer's certificate is among them: its path protects it.
#[test]
fn every_changed_octet_of_a_message_counts() {
    let pki = TestPki::new();
    for (der, binding) in [
        (shape_a(&pki, FILE), FileBinding::DigestIsContent),
        (shape_b(&pki, FILE), FileBinding::DigestIsAttribute),
    ] {
        let signed = SignedData::read(&der).unwrap();
        let certificates: Vec<_> = signed
            .certificates()
            .iter()
            .map(|certificate| find(&der, certificate.der()))
            .collect();
        let certificate_digests = signed.certificates().to_vec();
        for (position, changed) in every_changed_octet(&der) {
            let Ok(read) = SignedData::read(&changed) else {
                continue;
            };
            let signers = verify_signed_file(&read, ContentToSign::Bytes(FILE), &[]);
            let intact = signers.iter().any(|signer| signer.is_intact());
            if !intact {
                continue;
            }
            assert_eq!(signers[0].binding, binding);
            let harmless = certificates.iter().any(|range| range.contains(&position))
                || differs_in_unprotected_part(&signed, &read, &certificate_digests);
            assert!(
                harmless,
                "a changed octet at {position} of {} is not seen",
                der.len()
            );
        }
    }
}

/// Whether two messages differ in: the version of SignedData, the list of digest algorithms, the version of the
/// signer, the letter case of the issuer's name, the choice among the object identifiers that mean the same
/// algorithm, the type of the content where no attribute repeats it, in which certificates are readable, or in
/// something that is named as a deviation.
fn differs_in_unprotected_part(a: &SignedData, b: &SignedData, certificates: &[pki::Certificate]) -> bool {
    let (before, after) = (&a.signers()[0], &b.signers()[0]);
    a.version() != b.version()
        || a.digest_algorithms() != b.digest_algorithms()
        || before.version() != after.version()
        || issuer(before) != issuer(after)
        || before.digest_algorithm() != after.digest_algorithm()
        || before.signature_algorithm() != after.signature_algorithm()
        || before.signed_attributes().is_none() && a.content_type() != b.content_type()
        || b.certificates() != certificates
        || !b.deviations().is_empty()
}

/// The octets of the issuer's name that the signer gives.
fn issuer(signer: &pki::SignerInfo) -> &[u8] {
    match signer.identifier() {
        pki::SignerIdentifier::IssuerAndSerial { issuer, .. } => issuer.der(),
        pki::SignerIdentifier::SubjectKeyIdentifier(identifier) => identifier,
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn any_file_and_time_reads_back(
        file in proptest::collection::vec(any::<u8>(), 0..2000),
        seconds in 0..2_000_000_000i64,
    ) {
        let pki = TestPki::new();
        let signing_time = jiff::Timestamp::from_second(seconds).unwrap();
        for shape in [
            SignedDataShape::Content(&gm::sm3(&file).0),
            SignedDataShape::Content(&file),
            SignedDataShape::Attributes { content_digest: gm::sm3(&file), signing_time },
        ] {
            let der = write_signed_data(shape, &pki.signer.certificate, &[], &pki.signer.key).unwrap();
            let signed = SignedData::read(&der).unwrap();
            let [signer] = verify_signed_file(&signed, ContentToSign::Bytes(&file), &[]).try_into().unwrap();
            prop_assert!(signer.is_intact());
            let facts = signer.facts.unwrap();
            prop_assert!(facts.signing_time.is_none_or(|time| time == signing_time));
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn arbitrary_bytes_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..600)) {
        let _ = SignedData::read(&bytes);
    }

    #[test]
    fn mutated_messages_never_panic(
        changes in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..6),
        cut in any::<prop::sample::Index>(),
    ) {
        static MESSAGES: std::sync::LazyLock<[Vec<u8>; 3]> = std::sync::LazyLock::new(|| {
            let pki = TestPki::new();
            [shape_a(&pki, FILE), shape_b(&pki, FILE), indefinite(&shape_b(&pki, FILE), 4)]
        });
        for message in &*MESSAGES {
            let mut bytes = message.clone();
            for (index, value) in &changes {
                let position = index.index(bytes.len());
                bytes[position] = *value;
            }
            for bytes in [&bytes[..], &bytes[..cut.index(bytes.len())]] {
                if let Ok(signed) = SignedData::read(bytes) {
                    let _ = verify_signed_file(&signed, ContentToSign::Bytes(FILE), &[]);
                }
            }
        }
    }
}

#[test]
fn signing_time_after_2049_reads_back() {
    let pki = TestPki::new();
    let signing_time = time("2061-07-08T09:10:11Z");
    let shape = SignedDataShape::Attributes {
        content_digest: gm::sm3(FILE),
        signing_time,
    };
    let der = write_signed_data(shape, &pki.signer.certificate, &[], &pki.signer.key).unwrap();
    let signed = SignedData::read(&der).unwrap();
    assert_eq!(
        signed.signers()[0].signed_attributes().unwrap().signing_time(),
        Some(signing_time)
    );
}
