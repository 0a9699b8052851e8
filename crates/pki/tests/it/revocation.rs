//! Revocation lists: good, forged, stale, of others, and what they say.

use gm::Signer as _;
use jiff::Timestamp;
use pki::asn1::{self, write};
use pki::{
    CertificateTemplate, Crl, CrlTemplate, Error, Extension, KeyUsage, ObjectIdentifier, Revocation,
    RevokedCertificate, UnknownWhy, issue_crl, oid, revocation, write_pem,
};

use crate::support::{Chain, Identity, chain, name, now, split, time, validity};

const LEAF_SERIAL: [u8; 1] = [3];

fn revoked(serial: &[u8], at: &str, reason: Option<u8>) -> RevokedCertificate {
    RevokedCertificate {
        serial: serial.to_vec(),
        at: time(at),
        reason,
    }
}

fn template(revoked: Vec<RevokedCertificate>) -> CrlTemplate {
    CrlTemplate {
        this_update: time("2026-06-01T00:00:00Z"),
        next_update: Some(time("2026-07-01T00:00:00Z")),
        number: 7,
        revoked,
        extensions: Vec::new(),
    }
}

fn list(issuer: &Identity, template: &CrlTemplate) -> Crl {
    issue_crl(template, &issuer.certificate, &issuer.key).unwrap()
}

fn ask(pki: &Chain, crls: &[Crl], at: Timestamp) -> Revocation {
    revocation(&pki.leaf.certificate, &pki.sub.certificate, crls, at)
}

#[track_caller]
fn unknown(found: Revocation, expected: UnknownWhy) {
    assert_eq!(found, Revocation::Unknown { why: expected });
}

#[test]
fn what_is_issued_reads_back() {
    let pki = chain();
    let entries = vec![
        revoked(&[0xff, 0xff], "2026-01-01T00:00:00Z", Some(4)),
        revoked(&[5], "2055-01-01T00:00:00Z", None),
    ];
    let crl = list(&pki.sub, &template(entries));
    assert_eq!(crl.issuer(), &name("Issuing CA"));
    assert_eq!(crl.this_update(), time("2026-06-01T00:00:00Z"));
    assert_eq!(crl.next_update(), Some(time("2026-07-01T00:00:00Z")));
    let found: Vec<_> = crl
        .entries()
        .map(|entry| (entry.serial.to_vec(), entry.at, entry.reason))
        .collect();
    assert_eq!(found[0], (vec![5], time("2055-01-01T00:00:00Z"), None));
    assert_eq!(
        found[1],
        (vec![0xff, 0xff], time("2026-01-01T00:00:00Z"), Some(4))
    );
    assert_eq!(crl.verify_issued_by(pki.sub.key.public_key()), Ok(()));
    assert_eq!(crl.verify_issued_by(pki.sub.key.public_key()), Ok(()));
    assert!(crl.verify_issued_by(pki.root.key.public_key()).is_err());
    assert_eq!(crl.deviations(), []);
    let again = Crl::read(write_pem("X509 CRL", crl.der()).as_bytes()).unwrap();
    assert_eq!(again.der(), crl.der());
}

#[test]
fn not_listed_is_good() {
    let pki = chain();
    let crl = list(
        &pki.sub,
        &template(vec![revoked(&[4], "2026-01-01T00:00:00Z", None)]),
    );
    let this_update = crl.this_update();
    assert_eq!(ask(&pki, &[crl], now()), Revocation::Good { this_update });
    let empty = list(&pki.sub, &template(vec![]));
    assert_eq!(ask(&pki, &[empty], now()), Revocation::Good { this_update });
}

#[test]
fn listed_is_revoked_with_its_date_before_and_after_the_asked_time() {
    let pki = chain();
    let crl = list(
        &pki.sub,
        &template(vec![revoked(&LEAF_SERIAL, "2026-01-01T00:00:00Z", Some(1))]),
    );
    let expected = Revocation::Revoked {
        at: time("2026-01-01T00:00:00Z"),
        reason: Some(1),
    };
    for at in [
        "2025-01-01T00:00:00Z",
        "2026-06-15T00:00:00Z",
        "2030-01-01T00:00:00Z",
    ] {
        assert_eq!(ask(&pki, std::slice::from_ref(&crl), time(at)), expected);
    }
}

#[test]
fn serial_numbers_compare_as_numbers() {
    let pki = chain();
    let crl = list(
        &pki.sub,
        &template(vec![revoked(&LEAF_SERIAL, "2026-01-01T00:00:00Z", None)]),
    );
    let padded = recut(&crl, &pki.sub, |parts| {
        let at = write::time(time("2026-01-01T00:00:00Z"));
        let entry = write::sequence(&[&write::tlv(asn1::INTEGER, &[0, 0, 3]), &at]);
        parts[5] = write::sequence(&[&entry]);
    });
    assert!(matches!(
        ask(&pki, &[Crl::read(&padded).unwrap()], now()),
        Revocation::Revoked { .. }
    ));
}

/// The list with other parts, signed again. 0 version, 1 algorithm, 2 issuer, 3 thisUpdate, 4 nextUpdate,
/// 5 entries, 6 extensions.
fn recut(crl: &Crl, issuer: &Identity, edit: impl FnOnce(&mut Vec<Vec<u8>>)) -> Vec<u8> {
    let outer = split(crl.der());
    let mut parts = split(&outer[0]);
    edit(&mut parts);
    let tbs = write::tlv(asn1::SEQUENCE, &parts.concat());
    let signature = issuer.key.sign(&tbs).unwrap().to_der();
    write::sequence(&[&tbs, &outer[1], &write::bit_string(&signature)])
}

#[test]
fn a_later_list_answers_for_earlier_times() {
    let pki = chain();
    let crl = list(&pki.sub, &template(vec![]));
    let good = Revocation::Good {
        this_update: crl.this_update(),
    };
    assert_eq!(ask(&pki, &[crl], time("2022-01-01T00:00:00Z")), good);
}

#[test]
fn stale_list_does_not_clear_but_still_revokes() {
    let pki = chain();
    let next_update = Some(time("2026-07-01T00:00:00Z"));
    let at = time("2026-07-01T00:00:01Z");
    unknown(
        ask(&pki, &[list(&pki.sub, &template(vec![]))], at),
        UnknownWhy::Stale { next_update },
    );
    let mut endless = template(vec![]);
    endless.next_update = None;
    unknown(
        ask(&pki, &[list(&pki.sub, &endless)], now()),
        UnknownWhy::Stale { next_update: None },
    );
    let revoking = list(
        &pki.sub,
        &template(vec![revoked(&LEAF_SERIAL, "2026-01-01T00:00:00Z", None)]),
    );
    assert!(matches!(ask(&pki, &[revoking], at), Revocation::Revoked { .. }));
}

#[test]
fn list_after_the_end_of_the_certificate_does_not_clear() {
    let pki = chain();
    let mut late = template(vec![]);
    late.this_update = time("2040-01-02T00:00:00Z");
    late.next_update = Some(time("2040-02-01T00:00:00Z"));
    let not_after = validity().1;
    unknown(
        ask(&pki, &[list(&pki.sub, &late)], now()),
        UnknownWhy::IssuedAfterExpiry { not_after },
    );
}

#[test]
fn forged_lists_are_not_believed() {
    let pki = chain();
    let crl = list(
        &pki.sub,
        &template(vec![revoked(&LEAF_SERIAL, "2026-01-01T00:00:00Z", None)]),
    );
    // Signed by another key in the issuer's name, which claims to be the issuer's.
    let rogue = pki.root.issues_ca("Issuing CA", 9);
    let forged = Crl::read(&recut(&crl, &rogue, |_| {})).unwrap();
    unknown(
        ask(&pki, std::slice::from_ref(&forged), now()),
        UnknownWhy::SignatureInvalid,
    );
    // One byte of an entry changed.
    let mut tampered = crl.der().to_vec();
    let date = tampered
        .windows(13)
        .position(|window| window == b"260101000000Z")
        .unwrap();
    tampered[date] = b'3';
    unknown(
        ask(&pki, &[Crl::read(&tampered).unwrap()], now()),
        UnknownWhy::SignatureInvalid,
    );
    // The genuine one beside them decides.
    assert!(matches!(
        ask(&pki, &[forged, crl], now()),
        Revocation::Revoked { .. }
    ));
}

#[test]
fn a_list_of_another_key_of_the_issuer_is_passed_over() {
    let pki = chain();
    let namesake = pki.root.issues_ca("Issuing CA", 9);
    let crl = list(
        &namesake,
        &template(vec![revoked(&LEAF_SERIAL, "2026-01-01T00:00:00Z", None)]),
    );
    unknown(ask(&pki, &[crl], now()), UnknownWhy::NoList);
}

#[test]
fn lists_of_others_are_passed_over() {
    let pki = chain();
    let of_root = list(
        &pki.root,
        &template(vec![revoked(&LEAF_SERIAL, "2026-01-01T00:00:00Z", None)]),
    );
    unknown(ask(&pki, &[of_root], now()), UnknownWhy::NoList);
    unknown(ask(&pki, &[], now()), UnknownWhy::NoList);
    let wrong_issuer = revocation(&pki.leaf.certificate, &pki.root.certificate, &[], now());
    unknown(wrong_issuer, UnknownWhy::NotItsIssuer);
}

#[test]
fn issuer_needs_the_right_to_sign_lists() {
    let root = Identity::root("Root", 1);
    let mut without = CertificateTemplate::ca(name("Issuing CA"), &[2], validity(), None);
    without.key_usage = Some(KeyUsage::KEY_CERT_SIGN);
    let sub = root.issues(without, 2);
    let leaf = sub.issues_signer("leaf", 3);
    let crl = list(&sub, &template(vec![]));
    unknown(
        revocation(&leaf.certificate, &sub.certificate, &[crl], now()),
        UnknownWhy::IssuerMayNotSign,
    );
}

#[test]
fn of_several_lists_the_earliest_revocation_counts() {
    let pki = chain();
    let early = template(vec![revoked(&LEAF_SERIAL, "2026-01-01T00:00:00Z", None)]);
    let mut late = template(vec![revoked(&LEAF_SERIAL, "2026-02-01T00:00:00Z", None)]);
    late.this_update = time("2026-06-10T00:00:00Z");
    let mut clean = template(vec![]);
    clean.this_update = time("2026-06-12T00:00:00Z");
    let crls = [clean, late, early].map(|template| list(&pki.sub, &template));
    let expected = Revocation::Revoked {
        at: time("2026-01-01T00:00:00Z"),
        reason: None,
    };
    assert_eq!(ask(&pki, &crls, now()), expected);
}

#[test]
fn hold_is_taken_back_by_a_newer_list_only() {
    let pki = chain();
    let held = template(vec![revoked(&LEAF_SERIAL, "2026-05-01T00:00:00Z", Some(6))]);
    let mut newer = template(vec![]);
    newer.this_update = time("2026-06-10T00:00:00Z");
    let mut older = template(vec![]);
    older.this_update = time("2026-04-01T00:00:00Z");
    let [held, newer, older] = [held, newer, older].map(|template| list(&pki.sub, &template));
    let good = Revocation::Good {
        this_update: newer.this_update(),
    };
    assert_eq!(ask(&pki, &[held.clone(), newer], now()), good);
    let on_hold = Revocation::Revoked {
        at: time("2026-05-01T00:00:00Z"),
        reason: Some(6),
    };
    assert_eq!(ask(&pki, &[held, older], now()), on_hold);
}

fn with_extension(oid: ObjectIdentifier, value: Vec<u8>, entries: Vec<RevokedCertificate>) -> CrlTemplate {
    CrlTemplate {
        extensions: vec![Extension {
            oid,
            critical: true,
            value,
        }],
        ..template(entries)
    }
}

fn distribution(parts: &[&[u8]]) -> CrlTemplate {
    with_extension(oid::ISSUING_DISTRIBUTION_POINT, write::sequence(parts), vec![])
}

#[test]
fn lists_of_limited_scope_do_not_clear() {
    let pki = chain();
    let flag = |n: u8| write::tlv(asn1::primitive(n), &[0xff]);
    let ask_with = |template: &CrlTemplate| ask(&pki, &[list(&pki.sub, template)], now());
    let good = Revocation::Good {
        this_update: template(vec![]).this_update,
    };
    assert_eq!(ask_with(&distribution(&[&flag(1)])), good);
    unknown(ask_with(&distribution(&[&flag(2)])), UnknownWhy::OutOfScope);
    unknown(ask_with(&distribution(&[&flag(4)])), UnknownWhy::Indirect);
    unknown(ask_with(&distribution(&[&flag(5)])), UnknownWhy::OutOfScope);
    let reasons = write::tlv(asn1::primitive(3), &[6, 0x40]);
    unknown(ask_with(&distribution(&[&reasons])), UnknownWhy::OnlySomeReasons);
    unknown(
        ask_with(&with_extension(
            oid::DELTA_CRL_INDICATOR,
            write::unsigned(1),
            vec![],
        )),
        UnknownWhy::Delta,
    );
    let private = ObjectIdentifier::new_unwrap("1.2.3.4");
    let expected = UnknownWhy::UnknownCriticalExtension { oid: private };
    unknown(ask_with(&with_extension(private, vec![], vec![])), expected);
}

#[test]
fn a_partial_list_speaks_for_the_certificates_that_point_to_it() {
    let pki = chain();
    let mut pointing = CertificateTemplate::signer(name("leaf"), &[8], validity());
    pointing.crl_addresses = vec!["http://a/1.crl".into(), "http://a/2.crl".into()];
    let leaf = pki.sub.issues(pointing, 8);
    let part = |address: &[u8]| {
        let uri = write::tlv(asn1::primitive(6), address);
        list(
            &pki.sub,
            &distribution(&[&write::explicit(0, &write::explicit(0, &uri))]),
        )
    };
    let ask = |crl: Crl| revocation(&leaf.certificate, &pki.sub.certificate, &[crl], now());
    assert!(matches!(ask(part(b"http://a/2.crl")), Revocation::Good { .. }));
    unknown(ask(part(b"http://a/3.crl")), UnknownWhy::OutOfScope);
}

#[test]
fn entries_of_other_issuers_make_a_list_indirect() {
    let pki = chain();
    let crl = list(
        &pki.sub,
        &template(vec![revoked(&[9], "2026-01-01T00:00:00Z", None)]),
    );
    let der = recut(&crl, &pki.sub, |parts| {
        let value = write::sequence(&[&write::explicit(4, name("Other").der())]);
        let kind = write::oid(&oid::CERTIFICATE_ISSUER);
        let extension = write::sequence(&[&kind, &write::boolean(true), &write::octet_string(&value)]);
        let at = write::time(time("2026-01-01T00:00:00Z"));
        let entry = write::sequence(&[
            &write::integer(&LEAF_SERIAL),
            &at,
            &write::sequence(&[&extension]),
        ]);
        parts[5] = write::sequence(&[&entry]);
    });
    unknown(
        ask(&pki, &[Crl::read(&der).unwrap()], now()),
        UnknownWhy::Indirect,
    );
}

#[test]
fn other_kinds_of_input_are_refused() {
    let pki = chain();
    assert!(matches!(Crl::read(&[]), Err(Error::Empty { .. })));
    assert!(Crl::read(pki.leaf.certificate.der()).is_err());
    let pem = write_pem("CERTIFICATE", pki.leaf.certificate.der());
    assert!(matches!(Crl::read(pem.as_bytes()), Err(Error::WrongKind { .. })));
    assert!(matches!(Crl::read(b"hello"), Err(Error::WrongKind { .. })));
    let reason = revoked(&[1], "2026-01-01T00:00:00Z", Some(7));
    let made = issue_crl(&template(vec![reason]), &pki.sub.certificate, &pki.sub.key);
    assert!(matches!(made, Err(Error::BadTemplate { .. })));
}

#[test]
fn a_list_of_ten_megabytes_is_searched_quickly() {
    let pki = chain();
    let at = "2026-01-01T00:00:00Z";
    // Serial numbers of 16 bytes in no order, as CAs choose them.
    let serial = |i: u64| [&gm::sm3(&i.to_be_bytes()).0[..15], &[1]].concat();
    let entries: Vec<_> = (0..250_000).map(|i| revoked(&serial(i), at, Some(4))).collect();
    let made = list(&pki.sub, &template(entries));
    assert!(made.der().len() > 10_000_000, "{}", made.der().len());
    let crl = Crl::read(made.der()).unwrap();
    assert_eq!(crl.len(), 250_000);
    for i in (0..250_000).step_by(1000) {
        assert_eq!(crl.find(&serial(i)).count(), 1);
        assert_eq!(crl.find(&serial(i + 1_000_000)).count(), 0);
    }
    assert!(matches!(ask(&pki, &[crl], now()), Revocation::Good { .. }));
}
