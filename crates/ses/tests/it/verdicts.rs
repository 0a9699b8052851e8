//! Facts stand each for itself: one thing wrong, one fault, everything else still told.

use gm::{Signer, sm3};
use jiff::Timestamp;
use pki::asn1::write;
use pki::{Crl, CrlTemplate, Purpose, Revocation, RevokedCertificate, TrustStore, issue_crl};
use ses::{
    Covers, DataHashCheck, Listed, Original, Period, Seal, SealContext, SealFacts, SignatureCheck,
    check_seal, check_signature, make_seal, make_signature,
};

use crate::bytes::{SealForm, SignatureForm, extension, generalized, picture};
use crate::fixture::*;

fn facts(form: &SealForm, at: Timestamp) -> SealFacts {
    check_seal(&Seal::read(&form.bytes()).unwrap(), &context(at))
}

#[track_caller]
fn check(form: &SealForm, at: Timestamp, codes: &[&str]) {
    let facts = facts(form, at);
    assert_eq!(fault_codes(&facts.faults()), codes);
    assert_eq!(facts.verified().is_some(), codes.is_empty());
    assert!(facts.faults().iter().all(|fault| !fault.to_string().is_empty()));
}

#[test]
fn seal_period() {
    let form = SealForm::default();
    check(&form, time("2024-02-01"), &[]);
    check(&form, time("2030-01-01"), &[]);
    check(&form, time("2030-01-01T00:00:01Z"), &["SEAL_EXPIRED"]);
    check(
        &form,
        time("2024-01-31"),
        &["SEAL_NOT_YET_VALID", "SEAL_CREATED_AFTER_SIGNING"],
    );
    let times = |created: &str, start: &str, end: &str| SealForm {
        times: [generalized(created), generalized(start), generalized(end)],
        ..SealForm::default()
    };
    let (a, b) = ("20240201000000Z", "20300101000000Z");
    check(&times(a, b, a), now(), &["SEAL_PERIOD_INVALID"]);
    check(&times(a, "junk", b), now(), &["SEAL_PERIOD_INVALID"]);
    check(&times("junk", a, b), now(), &["SEAL_CREATION_UNREADABLE"]);
    assert_eq!(facts(&times(a, "junk", b), now()).period, Period::Unreadable);
}

#[test]
fn maker_certificate_expired_at_use_forbids_version_4_but_not_version_5() {
    let later = time("2033-06-01");
    let long = |version| SealForm {
        version: write::unsigned(version),
        times: ["20240201000000Z", "20240201000000Z", "20400101000000Z"].map(generalized),
        ..SealForm::default()
    };
    let v4 = facts(&long(4), later);
    assert!(v4.maker_at_creation.as_ref().unwrap().path.is_some());
    assert!(v4.maker_at_use.as_ref().unwrap().path.is_none());
    assert!(v4.verified().is_none());
    let v5 = facts(&long(5), later);
    assert_eq!(fault_codes(&v4.faults()), fault_codes(&v5.faults()));
    assert_eq!(v5.verified().map(ses::VerifiedSeal::at), Some(later));
}

#[test]
fn maker_certificate_not_valid_at_creation() {
    let times = ["20220201000000Z", "20240201000000Z", "20300101000000Z"].map(generalized);
    let facts = facts(
        &SealForm {
            times,
            ..SealForm::default()
        },
        now(),
    );
    assert!(facts.maker_at_use.as_ref().unwrap().path.is_some());
    assert_eq!(facts.faults().len(), 1);
    assert!(facts.verified().is_none());
}

#[test]
fn maker_untrusted() {
    let nobody = TrustStore::default();
    let seal = Seal::read(&SealForm::default().bytes()).unwrap();
    let facts = check_seal(
        &seal,
        &SealContext {
            makers: &nobody,
            ..context(now())
        },
    );
    assert!(facts.maker_signature.is_valid());
    assert!(facts.verified().is_none());
    // Once for each moment.
    assert_eq!(facts.faults().len(), 2);
}

/// Hostile file h16: self-signed, with the maker's name.
#[test]
fn maker_with_a_stolen_name() {
    let name = PKI.maker.certificate.subject().to_string();
    let rogue = holder(
        33,
        &name,
        None,
        "2023-01-01",
        "2033-01-01",
        CertificateTemplateKind::Signer,
    );
    let form = SealForm::default();
    let info = form.info();
    let bytes = write::sequence(&[
        &info,
        &write::octet_string(rogue.certificate.der()),
        &form.algorithm,
        &write::bit_string(&rogue.key.sign(&info).unwrap().to_der()),
    ]);
    let facts = check_seal(&Seal::read(&bytes).unwrap(), &context(now()));
    assert!(facts.maker_signature.is_valid());
    assert!(facts.verified().is_none());
}

fn crl(revoked_at: Timestamp) -> Crl {
    let revoked = vec![RevokedCertificate {
        serial: PKI.maker.certificate.serial().to_vec(),
        at: revoked_at,
        reason: None,
    }];
    let template = CrlTemplate {
        this_update: now(),
        next_update: Some(time("2025-07-01")),
        number: 1,
        revoked,
        extensions: Vec::new(),
    };
    issue_crl(&template, &PKI.ca.certificate, &PKI.ca.key).unwrap()
}

#[test]
fn maker_certificate_revoked() {
    for (revoked_at, version, code, usable) in [
        ("2024-03-01", 4, "MAKER_REVOKED_AFTER_CREATION", false),
        ("2024-03-01", 5, "MAKER_REVOKED_AFTER_CREATION", true),
        ("2024-01-01", 5, "MAKER_REVOKED_BEFORE_CREATION", false),
    ] {
        let crls = [crl(time(revoked_at))];
        let form = SealForm {
            version: write::unsigned(version),
            ..SealForm::default()
        };
        let seal = Seal::read(&form.bytes()).unwrap();
        let facts = check_seal(
            &seal,
            &SealContext {
                crls: &crls,
                ..context(now())
            },
        );
        assert_eq!(fault_codes(&facts.faults()), [code]);
        assert_eq!(facts.verified().is_some(), usable);
        assert!(matches!(facts.maker_revocation, Some(Revocation::Revoked { .. })));
    }
}

#[test]
fn seal_timestamp() {
    let plain = SealForm {
        version: write::unsigned(5),
        ..SealForm::default()
    };
    let value = Seal::read(&plain.bytes()).unwrap().signature_value().to_vec();
    let stamped = |token: &[u8]| SealForm {
        timestamp: write::explicit(0, &write::bit_string(token)),
        ..plain.clone()
    };
    check(&stamped(&token(&value, time("2024-02-02"))), now(), &[]);
    check(
        &stamped(&token(&value, time("2024-01-31"))),
        now(),
        &["SEAL_CREATED_AFTER_TIMESTAMP"],
    );
    check(&stamped(b"junk"), now(), &["TIMESTAMP_UNREADABLE"]);
    let other = facts(&stamped(&token(b"something else", time("2024-02-02"))), now());
    assert_eq!(other.faults().len(), 1);
    assert!(other.verified().is_none());
}

#[test]
fn extensions_that_must_be_known() {
    let with = |oid, critical| SealForm {
        extensions: write::sequence(&[&extension(oid, critical, b"x")]),
        ..SealForm::default()
    };
    check(&with("1.2.3.4", None), now(), &[]);
    check(&with("1.2.3.4", Some(true)), now(), &["SEAL_EXTENSION_UNKNOWN"]);
    let kinsec = facts(&with("2.36.97.103", Some(true)), now());
    assert_eq!(fault_codes(&kinsec.faults()), ["SEAL_EXTENSION_VENDOR"]);
    assert!(kinsec.verified().is_some());
    let extensions = write::explicit(0, &write::sequence(&[&extension("1.2.3.4", Some(true), b"x")]));
    let signature = read_signature(
        &SignatureForm {
            extensions,
            ..SignatureForm::default()
        }
        .bytes(),
    );
    let facts = check_signature(&signature, None, &context(now()));
    assert_eq!(fault_codes(&facts.faults()), ["SIGNATURE_EXTENSION_UNKNOWN"]);
}

#[test]
fn pictures() {
    let with = |label, data| SealForm {
        picture: picture(label, data, 40, 40),
        ..SealForm::default()
    };
    let active = b"<svg xmlns='http://www.w3.org/2000/svg'><script/></svg>";
    check(&with("SVG", active), now(), &["PICTURE_ACTIVE_CONTENT"]);
    check(&with("PNG", b"junk"), now(), &["PICTURE_TYPE_UNKNOWN"]);
    let mislabelled = facts(&with("bmp", PNG), now());
    assert_eq!(fault_codes(&mislabelled.faults()), ["PICTURE_TYPE_MISMATCH"]);
    assert!(mislabelled.verified().is_some());
}

#[test]
fn a_list_of_nobody() {
    let form = SealForm {
        list: write::sequence(&[]),
        ..SealForm::default()
    };
    check(&form, now(), &["SEALER_LIST_EMPTY"]);
    let signature = read_signature(
        &SignatureForm {
            seal: form,
            ..SignatureForm::default()
        }
        .bytes(),
    );
    let facts = check_signature(&signature, None, &context(now()));
    assert_eq!(fault_codes(&facts.faults()), ["SEALER_NOT_LISTED"]);
}

#[test]
fn everything_wrong_at_once_is_told_at_once() {
    let form = SealForm {
        header_id: "XX",
        version: write::unsigned(9),
        list: write::sequence(&[]),
        times: ["20250101000000Z", "20240101000000Z", "20240201000000Z"].map(generalized),
        picture: picture("PNG", b"junk", 0, 0),
        extensions: write::sequence(&[&extension("1.2.3.4", Some(true), b"x")]),
        signs_all: true,
        ..SealForm::default()
    };
    let codes = [
        "VERSION_MISMATCH",
        "SEAL_SIGNATURE_OTHER_RANGE",
        "SEAL_EXPIRED",
        "SEALER_LIST_EMPTY",
        "SEAL_EXTENSION_UNKNOWN",
        "PICTURE_TYPE_UNKNOWN",
        "SEAL_SIZE_ABSURD",
    ];
    check(&form, now(), &codes);
}

/// Hostile files h12 and h18, and test matrix 15.
#[test]
fn sealer_that_the_seal_does_not_list() {
    for (holder, listed, code) in [
        (&PKI.stranger, Listed::No { renewed: false }, "SEALER_NOT_LISTED"),
        (&PKI.renewed, Listed::No { renewed: true }, "SEALER_RENEWED"),
    ] {
        let form = SignatureForm {
            cert: write::octet_string(holder.certificate.der()),
            ..SignatureForm::default()
        };
        let value = holder.key.sign(&form.tbs()).unwrap().to_der();
        let facts = check_signature(&read_signature(&form.with_value(&value)), None, &context(now()));
        assert!(facts.signature.is_valid());
        assert_eq!(facts.listed, listed);
        assert_eq!(fault_codes(&facts.faults()), [code]);
    }
}

/// HNCA, dms360: the digest is SM3(Z‖original), the signature covers the data hash and not TBS_Sign.
#[test]
fn vendors_who_do_not_sign_tbs_are_named_and_never_valid() {
    let key = &PKI.sealer.key;
    let with_z = key.public_key().message_digest(ORIGINAL);
    let form = SignatureForm {
        data_hash: write::bit_string(&with_z.0),
        ..SignatureForm::default()
    };
    let plain = SignatureForm::default();
    let digest = sm3(ORIGINAL);
    for (form, signature, covers, codes) in [
        (
            &form,
            key.sign_digest(&with_z),
            Covers::DataHashAsDigest,
            &["SIGNATURE_NOT_OVER_TBS", "DATA_HASH_WITH_Z"][..],
        ),
        (
            &form,
            key.sign(&with_z.0),
            Covers::DataHash,
            &["SIGNATURE_NOT_OVER_TBS", "DATA_HASH_WITH_Z"],
        ),
        (
            &plain,
            key.sign(ORIGINAL),
            Covers::Original,
            &["SIGNATURE_NOT_OVER_TBS"],
        ),
        (
            &plain,
            key.sign(&digest.0),
            Covers::DataHash,
            &["SIGNATURE_NOT_OVER_TBS"],
        ),
    ] {
        let signature = read_signature(&form.with_value(&signature.unwrap().to_der()));
        let facts = check_signature(&signature, Some(Original::of(ORIGINAL)), &context(now()));
        assert!(
            matches!(facts.signature, SignatureCheck::ValidOverOther { covers: found, .. } if found == covers)
        );
        assert_eq!(fault_codes(&facts.faults()), codes);
    }
    let other_hash = SignatureForm {
        data_hash: write::bit_string(&[1; 32]),
        ..SignatureForm::default()
    };
    let value = key.sign(&digest.0).unwrap().to_der();
    let facts = check_signature(
        &read_signature(&other_hash.with_value(&value)),
        Some(Original::of(ORIGINAL)),
        &context(now()),
    );
    assert_eq!(facts.data_hash, Some(DataHashCheck::Differs));
    assert_eq!(
        fault_codes(&facts.faults()),
        ["SIGNATURE_NOT_OVER_TBS", "DATA_HASH_MISMATCH"]
    );
}

#[test]
fn signature_timestamp_over_something_else() {
    let form = SignatureForm {
        timestamp: write::explicit(0, &write::bit_string(&token(b"something else", now()))),
        ..SignatureForm::default()
    };
    let facts = check_signature(&read_signature(&form.bytes()), None, &context(now()));
    assert_eq!(facts.faults().len(), 1);
    assert!(facts.timestamp.unwrap().unwrap().verified().is_none());
}

#[test]
fn certificates_that_cannot_be_read() {
    let form = SignatureForm {
        cert: write::octet_string(b"junk"),
        ..SignatureForm::default()
    };
    let facts = check_signature(&read_signature(&form.bytes()), None, &context(now()));
    assert_eq!(
        fault_codes(&facts.faults()),
        ["CERTIFICATE_UNREADABLE", "SEALER_NOT_LISTED"]
    );
    let form = SealForm::default();
    let bytes = write::sequence(&[
        &form.info(),
        &write::octet_string(b""),
        &form.algorithm,
        &write::bit_string(b"value"),
    ]);
    let facts = check_seal(&Seal::read(&bytes).unwrap(), &context(now()));
    assert_eq!(fault_codes(&facts.faults()), ["CERTIFICATE_UNREADABLE"]);
    assert!(facts.verified().is_none());
}

#[test]
fn several_sealers_share_a_seal() {
    let made = template().created;
    let maker = path(&PKI.maker, Purpose::SealMaker, made);
    let holders = [&PKI.sealer, &PKI.renewed].map(|holder| path(holder, Purpose::Signer, made));
    let seal = make_seal(&template(), &maker, &holders, &PKI.maker.key)
        .unwrap()
        .finish(None)
        .unwrap();
    assert_eq!(seal.sealers().len(), 2);
    for holder in [&PKI.sealer, &PKI.renewed] {
        let sealer = path(holder, Purpose::Signer, now());
        let signed = make_signature(
            &verified(&seal, now()),
            &sealer,
            &signature_template(now()),
            &holder.key,
        );
        let signature = read_signature(&signed.unwrap().finish(None));
        let facts = check_signature(&signature, Some(Original::of(ORIGINAL)), &context(now()));
        assert_eq!(fault_codes(&facts.faults()), [""; 0]);
    }
}
