//! Time stamps: asked for, issued, answered, changed, put together wrongly.

use std::time::Duration;

use gm::Signer as _;
use jiff::Timestamp;
use pki::asn1::{self, write};
use pki::{
    Certificate, CertificateTemplate, CmsDeviation, Error, Fact, FailureInfo, ImprintFact, Issuer, Name,
    ObjectIdentifier, PathCache, PathFault, PkiStatus, SignerFault, TimestampDeviation, TimestampFault,
    TimestampReport, TimestampRequest, TimestampResponse, TimestampToken, TrustStore, TsaName,
    answer_request, issue, issue_token, oid, reject, verify_token,
};
use proptest::prelude::*;

use crate::fixture::{TestPki, every_changed_octet, find, noon};
use crate::support::{Identity, key, time};

const POLICY: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.3.4.5");
const STAMPED: &[u8] = b"a signature value";
const SHA1: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.14.3.2.26");
const SHA256: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.16.840.1.101.3.4.2.1");

fn answer(pki: &TestPki, request: &TimestampRequest, when: Timestamp) -> Vec<u8> {
    let chain = [pki.root.certificate.clone()];
    issue_token(
        request,
        &[0x90, 1],
        when,
        &POLICY,
        &pki.tsa.certificate,
        &chain,
        &pki.tsa.key,
    )
    .unwrap()
}

fn token(pki: &TestPki) -> TimestampToken {
    let request = TimestampRequest::new(STAMPED, Some(77), true);
    let response = TimestampResponse::read(&answer(pki, &request, noon())).unwrap();
    response.granted(&request).unwrap()
}

fn verify(pki: &TestPki, token: &TimestampToken) -> TimestampReport {
    let trust = TrustStore::new(vec![pki.root.certificate.clone()]);
    verify_token(token, STAMPED, &trust, &[], &PathCache::default())
}

#[test]
fn a_request_reads_back() {
    for (nonce, cert_req) in [
        (None, false),
        (Some(0), true),
        (Some(u64::MAX), true),
        (Some(0x80), false),
    ] {
        let request = TimestampRequest::new(STAMPED, nonce, cert_req);
        let read = TimestampRequest::read(request.der()).unwrap();
        assert_eq!(read, request);
        assert_eq!(read.imprint().digest, gm::sm3(STAMPED).0);
        assert_eq!(
            (read.cert_req(), read.policy(), read.refusal(&POLICY)),
            (cert_req, None, None)
        );
    }
}

#[test]
fn a_token_is_granted_and_verified() {
    let pki = TestPki::new();
    let when = time("2026-03-04T04:00:00.1205Z");
    let request = TimestampRequest::new(STAMPED, Some(0xfedc_ba98_7654_3210), true);
    let response = TimestampResponse::read(&answer(&pki, &request, when)).unwrap();
    assert_eq!(
        (response.status(), response.failure()),
        (PkiStatus::Granted, None)
    );
    let token = response.granted(&request).unwrap();
    assert_eq!(token.signed().arc(), pki::SignedDataArc::Gm);
    assert_eq!(token.signed().content_type(), oid::TST_INFO);
    assert_eq!(token.certificates().len(), 2);
    let info = token.info();
    assert_eq!(
        (info.policy, info.gen_time, &info.serial[..]),
        (POLICY, when, &[0, 0x90, 1][..])
    );
    assert_eq!(
        info.tsa,
        Some(TsaName::Directory(pki.tsa.certificate.subject().clone()))
    );
    assert_eq!((info.accuracy, info.ordering), (None, false));
    let report = verify(&pki, &token);
    assert_eq!(report.faults(), []);
    assert_eq!(report.deviations, []);
    assert_eq!((report.imprint, report.tsa), (ImprintFact::Matches, Fact::Holds));
    let signer = report.signer.as_ref().unwrap();
    assert_eq!(
        (signer.signing_certificate, signer.message_digest),
        (Fact::Holds, Fact::Holds)
    );
    let verified = report.verified().unwrap();
    assert_eq!((verified.gen_time(), verified.accuracy()), (when, None));
    assert_eq!(verified.path().leaf(), &pki.tsa.certificate);
}

#[test]
fn a_token_without_certificates_needs_them_from_elsewhere() {
    let pki = TestPki::new();
    let request = TimestampRequest::new(STAMPED, None, false);
    let response = TimestampResponse::read(&answer(&pki, &request, noon())).unwrap();
    let token = response.granted(&request).unwrap();
    assert_eq!(token.certificates(), []);
    let report = verify(&pki, &token);
    assert_eq!(report.faults(), [TimestampFault::NoCertificate]);
    assert!(report.verified().is_none());
    let trust = TrustStore::new(vec![pki.root.certificate.clone()]);
    let known = [pki.tsa.certificate.clone()];
    let report = verify_token(&token, STAMPED, &trust, &known, &PathCache::default());
    assert!(report.verified().is_some());
}

#[test]
fn other_bytes_are_not_stamped() {
    let pki = TestPki::new();
    let trust = TrustStore::new(vec![pki.root.certificate.clone()]);
    let report = verify_token(&token(&pki), b"other bytes", &trust, &[], &PathCache::default());
    assert_eq!(report.faults(), [TimestampFault::ImprintDiffers]);
    assert!(report.verified().is_none());
}

#[test]
fn an_authority_that_nobody_trusts_is_intact_but_not_verified() {
    let pki = TestPki::new();
    let token = token(&pki);
    let report = verify_token(
        &token,
        STAMPED,
        &TrustStore::default(),
        &[],
        &PathCache::default(),
    );
    assert!(report.is_intact() && report.verified().is_none());
    assert!(matches!(report.faults()[..], [TimestampFault::Path(_)]));
}

#[test]
fn an_answer_to_another_request_is_refused() {
    let pki = TestPki::new();
    let request = TimestampRequest::new(STAMPED, Some(5), true);
    let response = TimestampResponse::read(&answer(&pki, &request, noon())).unwrap();
    let mismatch = |request: &TimestampRequest| match response.granted(request) {
        Err(Error::TimestampMismatch { what }) => what,
        other => panic!("{other:?}"),
    };
    assert_eq!(
        mismatch(&TimestampRequest::new(b"other", Some(5), true)),
        "the digest of what was stamped"
    );
    assert_eq!(
        mismatch(&TimestampRequest::new(STAMPED, Some(6), true)),
        "the nonce"
    );
    let without_nonce = answer(&pki, &TimestampRequest::new(STAMPED, None, true), noon());
    let response = TimestampResponse::read(&without_nonce).unwrap();
    assert!(matches!(
        response.granted(&request),
        Err(Error::TimestampMismatch { what: "the nonce" })
    ));
    let without_certificate = answer(&pki, &TimestampRequest::new(STAMPED, Some(5), false), noon());
    let response = TimestampResponse::read(&without_certificate).unwrap();
    assert!(matches!(
        response.granted(&request),
        Err(Error::TimestampMismatch { .. })
    ));
}

/// A request put together by hand.
fn request(
    version: u64,
    algorithm: &[u8],
    digest: &[u8],
    policy: Option<ObjectIdentifier>,
    tail: &[u8],
) -> Vec<u8> {
    write::sequence(&[
        &write::unsigned(version),
        &write::sequence(&[algorithm, &write::octet_string(digest)]),
        &policy.map(|policy| write::oid(&policy)).unwrap_or_default(),
        tail,
    ])
}

#[test]
fn requests_are_refused_with_the_right_failure() {
    let pki = TestPki::new();
    let sm3 = write::sequence(&[&write::oid(&oid::SM3)]);
    let sm3_null = write::sequence(&[&write::oid(&oid::SM3), &write::null()]);
    let sm3_odd = write::sequence(&[&write::oid(&oid::SM3), &write::octet_string(&[])]);
    let sha256 = write::sequence(&[&write::oid(&SHA256)]);
    let digest = [7; 32];
    let extension = write::sequence(&[&write::oid(&oid::KEY_USAGE), &write::octet_string(b"x")]);
    let extensions = write::explicit(0, &extension);
    let other = ObjectIdentifier::new_unwrap("1.2.3.4.6");
    let junk = b"GET / HTTP/1.1";
    let trailing = [request(1, &sm3, &digest, None, &[]), vec![0]].concat();
    for (bytes, expected) in [
        (request(1, &sm3, &digest, None, &[]), None),
        (
            request(1, &sm3_null, &digest, Some(POLICY), &write::boolean(false)),
            None,
        ),
        (
            request(2, &sm3, &digest, None, &[]),
            Some(FailureInfo::BadRequest),
        ),
        (request(1, &sha256, &digest, None, &[]), Some(FailureInfo::BadAlg)),
        (
            request(1, &sm3_odd, &digest, None, &[]),
            Some(FailureInfo::BadAlg),
        ),
        (
            request(1, &sm3, &digest[1..], None, &[]),
            Some(FailureInfo::BadDataFormat),
        ),
        (
            request(1, &sm3, &digest, Some(other), &[]),
            Some(FailureInfo::UnacceptedPolicy),
        ),
        (
            request(1, &sm3, &digest, None, &extensions),
            Some(FailureInfo::UnacceptedExtension),
        ),
        (junk.to_vec(), Some(FailureInfo::BadDataFormat)),
        (trailing, Some(FailureInfo::BadDataFormat)),
        (Vec::new(), Some(FailureInfo::BadDataFormat)),
        (
            request(1, &sm3, &digest, None, &write::tlv(2, &[1; 65])),
            Some(FailureInfo::BadDataFormat),
        ),
    ] {
        let answer = answer_request(
            &bytes,
            &[1],
            noon(),
            &POLICY,
            &pki.tsa.certificate,
            &[],
            &pki.tsa.key,
        )
        .unwrap();
        let response = TimestampResponse::read(&answer).unwrap();
        assert_eq!(response.failure(), expected, "{bytes:02x?}");
        let status = if expected.is_some() {
            PkiStatus::Rejection
        } else {
            PkiStatus::Granted
        };
        assert_eq!(
            (response.status(), response.token().is_some()),
            (status, expected.is_none())
        );
    }
}

#[test]
fn refusals_read_back_and_are_errors_for_the_client() {
    for failure in [
        FailureInfo::BadAlg,
        FailureInfo::BadRequest,
        FailureInfo::BadDataFormat,
        FailureInfo::TimeNotAvailable,
        FailureInfo::UnacceptedPolicy,
        FailureInfo::UnacceptedExtension,
        FailureInfo::AddInfoNotAvailable,
        FailureInfo::SystemFailure,
    ] {
        let response = TimestampResponse::read(&reject(failure, "无法受理")).unwrap();
        assert_eq!(
            (response.failure(), response.texts()),
            (Some(failure), &["无法受理".to_owned()][..])
        );
        let refused = response
            .granted(&TimestampRequest::new(STAMPED, None, false))
            .unwrap_err();
        let expected = Error::TimestampRefused {
            status: PkiStatus::Rejection,
            failure: Some(failure),
            text: "无法受理".into(),
        };
        assert_eq!(refused, expected);
    }
}

#[test]
fn a_refusal_does_not_smuggle_a_token_in() {
    let pki = TestPki::new();
    let rejection = write::sequence(&[&write::unsigned(2)]);
    let response = write::sequence(&[&rejection, token(&pki).signed().der()]);
    let response = TimestampResponse::read(&response).unwrap();
    let request = TimestampRequest::new(STAMPED, Some(77), true);
    assert!(matches!(
        response.granted(&request),
        Err(Error::TimestampRefused { .. })
    ));
    let granted_nothing = write::sequence(&[&write::sequence(&[&write::unsigned(0)])]);
    let response = TimestampResponse::read(&granted_nothing).unwrap();
    assert!(matches!(response.granted(&request), Err(Error::Missing { .. })));
}

#[test]
fn an_authority_must_be_one() {
    let pki = TestPki::new();
    let request = TimestampRequest::new(STAMPED, None, true);
    let issue = |serial: &[u8], when, holder: &Identity| {
        issue_token(
            &request,
            serial,
            when,
            &POLICY,
            &holder.certificate,
            &[],
            &holder.key,
        )
    };
    assert!(matches!(
        issue(&[1], noon(), &pki.signer),
        Err(Error::BadTemplate { .. })
    ));
    assert!(matches!(
        issue(&[1], time("2024-12-31T00:00:00Z"), &pki.tsa),
        Err(Error::BadTemplate { .. })
    ));
    assert!(matches!(
        issue(&[], noon(), &pki.tsa),
        Err(Error::BadTemplate { .. })
    ));
    assert!(matches!(
        issue(&[0], noon(), &pki.tsa),
        Err(Error::BadTemplate { .. })
    ));
    assert!(matches!(
        issue(&[1; 21], noon(), &pki.tsa),
        Err(Error::BadTemplate { .. })
    ));
    let stranger = Identity {
        key: key(9),
        certificate: pki.tsa.certificate.clone(),
    };
    assert!(matches!(
        issue(&[1], noon(), &stranger),
        Err(Error::WrongKey { .. })
    ));
}

/// A token put together by hand, so that each part can be wrong.
struct Parts<'a> {
    holder: &'a Identity,
    version: u64,
    imprint_algorithm: ObjectIdentifier,
    gen_time: Vec<u8>,
    after_time: Vec<u8>,
    signing_certificate: Vec<u8>,
    arc: ObjectIdentifier,
}

impl<'a> Parts<'a> {
    fn new(holder: &'a Identity) -> Self {
        let signing_certificate = ess(oid::SIGNING_CERTIFICATE_V2, &[&ess_id_v2(&holder.certificate)]);
        Self {
            holder,
            version: 1,
            imprint_algorithm: oid::SM3,
            gen_time: write::generalized_time(noon()),
            after_time: Vec::new(),
            signing_certificate,
            arc: oid::GM_SIGNED_DATA,
        }
    }

    fn der(&self) -> Vec<u8> {
        let imprint = [
            write::sequence(&[&write::oid(&self.imprint_algorithm)]),
            write::octet_string(gm::sm3(STAMPED).as_bytes()),
        ];
        let info = write::sequence(&[
            &write::unsigned(self.version),
            &write::oid(&POLICY),
            &write::sequence(&[&imprint.concat()]),
            &write::unsigned(1),
            &self.gen_time,
            &self.after_time,
        ]);
        let digest = write::octet_string(gm::sm3(&info).as_bytes());
        let attributes = write::set_of(vec![
            attribute(oid::CONTENT_TYPE, write::oid(&oid::TST_INFO)),
            attribute(oid::MESSAGE_DIGEST, digest),
            self.signing_certificate.clone(),
        ]);
        let signature = self.holder.key.sign(&attributes).unwrap().to_der();
        let certificate = &self.holder.certificate;
        let sm3 = write::sequence(&[&write::oid(&oid::SM3)]);
        let signer = write::sequence(&[
            &write::unsigned(1),
            &write::sequence(&[certificate.issuer().der(), &write::integer(certificate.serial())]),
            &sm3,
            &[&[0xa0], &attributes[1..]].concat(),
            &write::sequence(&[&write::oid(&oid::SM2_SIGN)]),
            &write::octet_string(&signature),
        ]);
        let content = write::explicit(0, &write::octet_string(&info));
        let signed = write::sequence(&[
            &write::unsigned(3),
            &write::set_of(vec![sm3]),
            &write::sequence(&[&write::oid(&oid::TST_INFO), &content]),
            &write::explicit(0, certificate.der()),
            &write::set_of(vec![signer]),
        ]);
        write::sequence(&[&write::oid(&self.arc), &write::explicit(0, &signed)])
    }

    fn report(&self, pki: &TestPki) -> TimestampReport {
        verify(pki, &TimestampToken::read(&self.der()).unwrap())
    }
}

fn attribute(kind: ObjectIdentifier, value: Vec<u8>) -> Vec<u8> {
    write::sequence(&[&write::oid(&kind), &write::set_of(vec![value])])
}

fn ess(kind: ObjectIdentifier, ids: &[&[u8]]) -> Vec<u8> {
    attribute(kind, write::sequence(&[&write::sequence(ids)]))
}

fn ess_id_v2(certificate: &Certificate) -> Vec<u8> {
    let sm3 = write::sequence(&[&write::oid(&oid::SM3)]);
    write::sequence(&[&sm3, &write::octet_string(certificate.digest().as_bytes())])
}

#[test]
fn tokens_of_both_arcs_verify() {
    let pki = TestPki::new();
    let mut parts = Parts::new(&pki.tsa);
    for arc in [oid::GM_SIGNED_DATA, oid::SIGNED_DATA] {
        parts.arc = arc;
        let report = parts.report(&pki);
        assert_eq!(report.faults(), []);
        assert_eq!(report.tsa, Fact::Absent);
    }
}

#[test]
fn imprints_by_other_algorithms_are_named() {
    let pki = TestPki::new();
    let mut parts = Parts::new(&pki.tsa);
    parts.imprint_algorithm = SHA1;
    assert_eq!(
        parts.report(&pki).faults(),
        [TimestampFault::ImprintWeakDigest(SHA1)]
    );
    parts.imprint_algorithm = SHA256;
    assert_eq!(
        parts.report(&pki).faults(),
        [TimestampFault::ImprintDigestUnknown(SHA256)]
    );
}

#[test]
fn certificate_identifiers_of_every_kind() {
    use sha1::Digest as _;
    let pki = TestPki::new();
    let certificate = &pki.tsa.certificate;
    let other = &pki.root.certificate;
    let id = |hash: &[u8]| write::sequence(&[&write::octet_string(hash)]);
    let sha1_id = id(&sha1::Sha1::digest(certificate.der()));
    let sha256_id = id(&sha2::Sha256::digest(certificate.der()));
    let sm3_id = id(certificate.digest().as_bytes());
    let v1 = |ids: &[&[u8]]| ess(oid::SIGNING_CERTIFICATE, ids);
    let v2 = |ids: &[&[u8]]| ess(oid::SIGNING_CERTIFICATE_V2, ids);
    let directory = write::sequence(&[&write::explicit(4, certificate.issuer().der())]);
    let with_serial = |serial: u64| {
        let issuer_serial = write::sequence(&[&directory, &write::unsigned(serial)]);
        write::sequence(&[
            &write::octet_string(certificate.digest().as_bytes()),
            &issuer_serial,
        ])
    };
    // The tag of the directory name as if it were IMPLICIT.
    let name = asn1::read_single(certificate.issuer().der(), asn1::SEQUENCE, "name").unwrap();
    let implicit = write::sequence(&[&write::explicit(4, name.value)]);
    let implicit = write::sequence(&[&implicit, &write::unsigned(3)]);
    let implicit = write::sequence(&[&write::octet_string(certificate.digest().as_bytes()), &implicit]);
    let other_issuer = write::sequence(&[&write::explicit(4, certificate.subject().der())]);
    let other_issuer = write::sequence(&[&other_issuer, &write::unsigned(3)]);
    let other_issuer = write::sequence(&[
        &write::octet_string(certificate.digest().as_bytes()),
        &other_issuer,
    ]);
    let unknown = ObjectIdentifier::new_unwrap("2.16.840.1.101.3.4.2.10");
    let unknown_id = write::sequence(&[
        &write::sequence(&[&write::oid(&unknown)]),
        &write::octet_string(&[1; 64]),
    ]);
    let differs = Some(TimestampFault::Signer(SignerFault::SigningCertificateDiffers));
    for (attribute, fault) in [
        (v1(&[&sha1_id]), None),
        (v1(&[&sm3_id]), None),
        (v1(&[&with_serial(3)]), None),
        (v1(&[&implicit]), None),
        (v1(&[&with_serial(4)]), differs.clone()),
        (v1(&[&other_issuer]), differs.clone()),
        (v1(&[&sha256_id]), differs.clone()),
        (v2(&[&sha256_id]), None),
        (v2(&[&sha256_id, &id(b"of the chain")]), None),
        (v2(&[&ess_id_v2(other)]), differs.clone()),
        (v2(&[&ess_id_v2(other), &ess_id_v2(certificate)]), differs.clone()),
        (v2(&[]), differs.clone()),
        (
            [v1(&[&sha1_id]), v2(&[&ess_id_v2(other)])].concat(),
            differs.clone(),
        ),
        ([v2(&[&sha256_id]), v2(&[&sha256_id])].concat(), differs),
        (
            v2(&[&unknown_id]),
            Some(TimestampFault::Signer(SignerFault::SigningCertificateNotChecked)),
        ),
        (Vec::new(), Some(TimestampFault::SigningCertificateMissing)),
    ] {
        let mut parts = Parts::new(&pki.tsa);
        parts.signing_certificate = attribute;
        let report = parts.report(&pki);
        assert_eq!(report.faults(), fault.into_iter().collect::<Vec<_>>());
    }
    let mut parts = Parts::new(&pki.tsa);
    parts.signing_certificate = v1(&[&sm3_id]);
    let ess_deviation = TimestampDeviation::Cms(CmsDeviation::EssCertIdNotSha1);
    assert!(parts.report(&pki).deviations.contains(&ess_deviation));
}

#[test]
fn what_follows_the_time() {
    let pki = TestPki::new();
    let mut parts = Parts::new(&pki.tsa);
    let read = |parts: &Parts<'_>| TimestampToken::read(&parts.der()).map(|token| token.info().clone());
    let accuracy = write::sequence(&[
        &write::unsigned(2),
        &write::tlv(0x80, &[0x01, 0xf4]),
        &write::tlv(0x81, &[9]),
    ]);
    let tsa = write::explicit(0, &write::explicit(4, pki.tsa.certificate.subject().der()));
    let extension = write::sequence(&[&write::oid(&oid::KEY_USAGE), &write::octet_string(b"x")]);
    parts.after_time = [
        accuracy,
        write::boolean(true),
        write::integer(&[0xff; 20]),
        tsa,
        write::explicit(1, &extension),
    ]
    .concat();
    let info = read(&parts).unwrap();
    assert_eq!(info.accuracy, Some(Duration::from_micros(2_500_009)));
    assert!(info.ordering);
    assert_eq!(info.nonce.unwrap().len(), 21);
    assert_eq!(
        info.tsa,
        Some(TsaName::Directory(pki.tsa.certificate.subject().clone()))
    );
    assert_eq!(info.extensions[0].oid, oid::KEY_USAGE);
    assert_eq!(parts.report(&pki).faults(), []);
    for broken in [
        write::sequence(&[&write::tlv(0x80, &[0x03, 0xe8])]),
        write::sequence(&[&write::tlv(0x80, &[0xff])]),
        write::sequence(&[&write::tlv(0x82, &[1])]),
        write::explicit(0, &[]),
        write::integer(&[1; 65]),
        write::null(),
    ] {
        parts.after_time = broken;
        assert!(read(&parts).is_err());
    }
    parts.after_time = Vec::new();
    parts.version = 2;
    assert!(read(&parts).is_err());
}

#[test]
fn unknown_critical_extensions_and_foreign_names_stand_against_a_token() {
    let pki = TestPki::new();
    let mut parts = Parts::new(&pki.tsa);
    let critical = write::sequence(&[
        &write::oid(&oid::KEY_USAGE),
        &write::boolean(true),
        &write::octet_string(b"x"),
    ]);
    parts.after_time = write::explicit(1, &critical);
    assert_eq!(
        parts.report(&pki).faults(),
        [TimestampFault::UnknownCriticalExtension(oid::KEY_USAGE)]
    );
    parts.after_time = write::explicit(0, &write::explicit(4, pki.root.certificate.subject().der()));
    assert_eq!(parts.report(&pki).faults(), [TimestampFault::TsaDiffers]);
    parts.after_time = write::explicit(0, &write::tlv(0x86, b"http://tsa.test"));
    assert_eq!(
        (parts.report(&pki).tsa, parts.report(&pki).faults()),
        (Fact::NotChecked, vec![])
    );
}

#[test]
fn times_with_and_without_fraction_and_odd_ones() {
    let pki = TestPki::new();
    let mut parts = Parts::new(&pki.tsa);
    for (text, expected, odd) in [
        ("20260304040000Z", "2026-03-04T04:00:00Z", false),
        ("20260304040000.5Z", "2026-03-04T04:00:00.5Z", false),
        (
            "20260304040000.123456789Z",
            "2026-03-04T04:00:00.123456789Z",
            false,
        ),
        ("20260304120000+0800", "2026-03-04T04:00:00Z", true),
        ("20260304120000", "2026-03-04T04:00:00Z", true),
    ] {
        parts.gen_time = write::tlv(asn1::GENERALIZED_TIME, text.as_bytes());
        let report = parts.report(&pki);
        assert_eq!(report.verified().unwrap().gen_time(), time(expected));
        let named = report
            .deviations
            .iter()
            .any(|found| matches!(found, TimestampDeviation::Time(_)));
        assert_eq!(named, odd, "{text}");
    }
    for text in ["20261304040000Z", "20260304040000.Z", "now", ""] {
        parts.gen_time = write::tlv(asn1::GENERALIZED_TIME, text.as_bytes());
        assert!(TimestampToken::read(&parts.der()).is_err(), "{text}");
    }
    parts.gen_time = write::time(noon());
    assert!(
        TimestampToken::read(&parts.der()).is_err(),
        "UTCTime is not allowed"
    );
}

#[test]
fn the_time_stated_must_lie_in_the_authoritys_validity() {
    let pki = TestPki::new();
    let mut parts = Parts::new(&pki.tsa);
    parts.gen_time = write::generalized_time(time("2031-01-01T00:00:00Z"));
    let report = parts.report(&pki);
    assert!(report.is_intact());
    assert!(matches!(
        report.faults()[..],
        [TimestampFault::Path(PathFault::Expired { .. }), ..]
    ));
}

#[test]
fn a_signer_of_documents_is_no_authority() {
    let pki = TestPki::new();
    let report = Parts::new(&pki.signer).report(&pki);
    let [TimestampFault::Path(PathFault::ExtendedKeyUsageMissing { .. })] = report.faults()[..] else {
        panic!("{:?}", report.faults())
    };
    let token = Parts::new(&pki.signer).der();
    let response = write::sequence(&[&write::sequence(&[&write::unsigned(0)]), &token]);
    let response = TimestampResponse::read(&response).unwrap();
    let refused = response
        .granted(&TimestampRequest::new(STAMPED, None, true))
        .unwrap_err();
    assert!(matches!(refused, Error::TimestampMismatch { .. }), "{refused}");
}

#[test]
fn an_authority_with_other_purposes_is_a_deviation() {
    let pki = TestPki::new();
    let validity = (time("2025-01-01T00:00:00Z"), time("2029-12-31T23:59:59Z"));
    let name = Name::from_pairs([("CN", "Busy TSA")]).unwrap();
    let mut template = CertificateTemplate::timestamping(name, &[9], validity);
    template
        .extended_key_usage
        .push(ObjectIdentifier::new_unwrap("1.3.6.1.5.5.7.3.4"));
    let key = key(9);
    let issuer = Issuer::Certificate(&pki.root.certificate);
    let certificate = issue(&template, key.public_key(), issuer, &pki.root.key).unwrap();
    let report = Parts::new(&Identity { key, certificate }).report(&pki);
    let expected = [
        TimestampDeviation::ExtendedKeyUsageNotCritical,
        TimestampDeviation::ExtendedKeyUsageNotSole,
    ];
    assert_eq!(report.deviations, expected);
}

#[test]
fn other_messages_are_no_tokens() {
    let pki = TestPki::new();
    let shape = pki::SignedDataShape::Content(b"content");
    let message = pki::write_signed_data(shape, &pki.tsa.certificate, &[], &pki.tsa.key).unwrap();
    assert!(matches!(
        TimestampToken::read(&message),
        Err(Error::WrongKind { .. })
    ));
}

/// Every changed octet makes a token that cannot be read or is not verified, unless it lies in one of the parts
/// that nothing protects: the version and the digest algorithms of SignedData, the version of SignerInfo, the
/// letter case of the issuer's name in it, the choice among object identifiers that mean SM3 or SM2, certificates
/// that the path does not need.
#[test]
fn every_changed_octet_of_a_token_counts() {
    let pki = TestPki::new();
    let token = token(&pki);
    let der = token.signed().der();
    let needless = find(der, pki.root.certificate.der());
    let (signed, before) = (token.signed(), &token.signed().signers()[0]);
    for (position, changed) in every_changed_octet(der) {
        let Ok(read) = TimestampToken::read(&changed) else {
            continue;
        };
        if verify(&pki, &read).verified().is_none() {
            continue;
        }
        let after = &read.signed().signers()[0];
        let harmless = needless.contains(&position)
            || read.signed().version() != signed.version()
            || read.signed().digest_algorithms() != signed.digest_algorithms()
            || after.version() != before.version()
            || issuer(after) != issuer(before)
            || after.digest_algorithm() != before.digest_algorithm()
            || after.signature_algorithm() != before.signature_algorithm();
        assert!(
            harmless,
            "a changed octet at {position} of {} is not seen",
            der.len()
        );
        assert_eq!(read.info(), token.info());
    }
}

/// The octets of the issuer's name that the signer gives.
fn issuer(signer: &pki::SignerInfo) -> &[u8] {
    match signer.identifier() {
        pki::SignerIdentifier::IssuerAndSerial { issuer, .. } => issuer.der(),
        pki::SignerIdentifier::SubjectKeyIdentifier(identifier) => identifier,
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn arbitrary_bytes_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..600)) {
        let _ = TimestampToken::read(&bytes);
        let _ = TimestampRequest::read(&bytes);
        let _ = TimestampResponse::read(&bytes);
    }

    #[test]
    fn mutated_answers_never_panic(
        changes in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..6),
        cut in any::<prop::sample::Index>(),
    ) {
        static ANSWER: std::sync::LazyLock<(TestPki, Vec<u8>)> = std::sync::LazyLock::new(|| {
            let pki = TestPki::new();
            let answer = answer(&pki, &TimestampRequest::new(STAMPED, Some(77), true), noon());
            (pki, answer)
        });
        let (pki, answer) = &*ANSWER;
        let mut bytes = answer.clone();
        for (index, value) in changes {
            let position = index.index(bytes.len());
            bytes[position] = value;
        }
        for bytes in [&bytes[..], &bytes[..cut.index(bytes.len())]] {
            let Ok(response) = TimestampResponse::read(bytes) else { continue };
            let _ = response.granted(&TimestampRequest::new(STAMPED, Some(77), true));
            if let Some(token) = response.token() {
                let _ = verify(pki, token);
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn any_time_nonce_and_serial_come_back(
        nanoseconds in 1_735_700_000_000_000_000i128..1_893_400_000_000_000_000,
        nonce in proptest::option::of(any::<u64>()),
        mut serial in proptest::collection::vec(any::<u8>(), 1..=20),
        stamped in proptest::collection::vec(any::<u8>(), 0..200),
    ) {
        serial[0] |= 1;
        let pki = TestPki::new();
        let when = Timestamp::from_nanosecond(nanoseconds).unwrap();
        let request = TimestampRequest::new(&stamped, nonce, true);
        let (tsa, trust) = (&pki.tsa, TrustStore::new(vec![pki.root.certificate.clone()]));
        let answer = issue_token(&request, &serial, when, &POLICY, &tsa.certificate, &[], &tsa.key).unwrap();
        let token = TimestampResponse::read(&answer).unwrap().granted(&request).unwrap();
        prop_assert_eq!(token.gen_time(), when);
        let report = verify_token(&token, &stamped, &trust, &[], &PathCache::default());
        prop_assert_eq!(report.verified().unwrap().gen_time(), when);
    }
}
