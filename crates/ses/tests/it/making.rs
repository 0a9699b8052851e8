//! What is not made, and the rule behind each refusal.

use gm::{Digest, PublicKey, SignError, Signer};
use pki::{ObjectIdentifier, Purpose};
use ses::{
    Extension, PictureFault, Refusal, Seal, SealTemplate, SealVersion, SealWarning, SignatureTemplate,
    make_seal, make_signature,
};

use crate::bytes::{SealForm, indefinite};
use crate::fixture::*;

#[track_caller]
fn refused(template: &SealTemplate<'_>, code: &str, rule: &str) {
    let refusal = make(template).expect_err("a refusal");
    assert_eq!((refusal.code(), refusal.rule()), (code, rule), "{refusal}");
    assert!(!refusal.clause().is_empty());
}

#[test]
fn r1_a_seal_with_a_part_missing() {
    refused(
        &SealTemplate {
            name: " ",
            ..template()
        },
        "REFUSED_MISSING_PART",
        "R1",
    );
    refused(
        &SealTemplate {
            seal_id: "",
            ..template()
        },
        "REFUSED_MISSING_PART",
        "R1",
    );
    refused(
        &SealTemplate {
            vendor_id: "",
            ..template()
        },
        "REFUSED_MISSING_PART",
        "R1",
    );
    refused(
        &SealTemplate {
            picture: b"",
            ..template()
        },
        "REFUSED_MISSING_PART",
        "R1",
    );
    let maker = path(&PKI.maker, Purpose::SealMaker, template().created);
    let nobody = make_seal(&template(), &maker, &[], &PKI.maker.key);
    assert_eq!(nobody.err().map(|refusal| refusal.rule()), Some("R1"));
    let holder = path(&PKI.sealer, Purpose::Signer, template().created);
    let wrong_key = make_seal(&template(), &maker, &[holder], &PKI.sealer.key);
    assert_eq!(
        wrong_key.err().map(|refusal| refusal.code()),
        Some("REFUSED_WRONG_KEY")
    );
}

#[test]
fn r4_a_picture_that_is_none_or_not_its_own_size() {
    let svg = b"<svg xmlns='http://www.w3.org/2000/svg' onload='x()'/>";
    let huge = [PNG, &vec![0; ses::PICTURE_BYTES_MAX]].concat();
    refused(
        &SealTemplate {
            picture: b"%PDF-1.7",
            ..template()
        },
        "REFUSED_PICTURE",
        "R4",
    );
    refused(
        &SealTemplate {
            picture: b"II*\0tiff",
            ..template()
        },
        "REFUSED_PICTURE",
        "R4",
    );
    refused(
        &SealTemplate {
            picture: &PNG[..20],
            ..template()
        },
        "REFUSED_PICTURE",
        "R4",
    );
    refused(
        &SealTemplate {
            picture: svg,
            ..template()
        },
        "REFUSED_PICTURE",
        "R4",
    );
    refused(
        &SealTemplate {
            picture: &huge,
            ..template()
        },
        "REFUSED_PICTURE_TOO_LARGE",
        "R4",
    );
    refused(
        &SealTemplate {
            width_mm: 0,
            ..template()
        },
        "REFUSED_PICTURE",
        "R4",
    );
    refused(
        &SealTemplate {
            height_mm: 201,
            ..template()
        },
        "REFUSED_PICTURE",
        "R4",
    );
    let quiet = b"<svg xmlns='http://www.w3.org/2000/svg'><circle r='20'/></svg>";
    let seal = seal(&SealTemplate {
        picture: quiet,
        ..template()
    });
    assert_eq!(seal.picture().declared_type, "SVG");
    let absurd = make(&SealTemplate {
        width_mm: u32::MAX,
        ..template()
    })
    .expect_err("a refusal");
    assert!(matches!(
        absurd,
        Refusal::Picture(PictureFault::SizeAbsurd { .. })
    ));
}

#[test]
fn r29_a_certificate_verified_for_another_time() {
    let made = template().created;
    for (maker_at, holder_at) in [(now(), made), (made, now())] {
        let maker = path(&PKI.maker, Purpose::SealMaker, maker_at);
        let holder = path(&PKI.sealer, Purpose::Signer, holder_at);
        let refusal = make_seal(&template(), &maker, &[holder], &PKI.maker.key).expect_err("a refusal");
        assert_eq!(
            (refusal.code(), refusal.rule()),
            ("REFUSED_CERTIFICATE_TIME", "R29")
        );
    }
}

#[test]
fn r30_a_certificate_verified_for_another_purpose() {
    let made = template().created;
    for (maker_for, holder_for) in [
        (Purpose::Signer, Purpose::Signer),
        (Purpose::SealMaker, Purpose::SealMaker),
    ] {
        let maker = path(&PKI.maker, maker_for, made);
        let holder = path(&PKI.sealer, holder_for, made);
        let refusal = make_seal(&template(), &maker, &[holder], &PKI.maker.key).expect_err("a refusal");
        assert_eq!(
            (refusal.code(), refusal.rule()),
            ("REFUSED_CERTIFICATE_PURPOSE", "R30")
        );
    }
}

#[test]
fn r31_what_the_data_format_has_no_place_for() {
    refused(
        &SealTemplate {
            seal_id: "印章一",
            ..template()
        },
        "REFUSED_NOT_ASCII",
        "R31",
    );
    refused(
        &SealTemplate {
            vendor_id: "厂商",
            ..template()
        },
        "REFUSED_NOT_ASCII",
        "R31",
    );
    let long = "长".repeat(ses::TEXT_CHARS_MAX + 1);
    refused(
        &SealTemplate {
            name: &long,
            ..template()
        },
        "REFUSED_TOO_LONG",
        "R31",
    );
    let oid = ObjectIdentifier::new_unwrap("1.2.3");
    let extensions = vec![
        Extension {
            oid,
            critical: false,
            value: vec![]
        };
        ses::EXTENSIONS_MAX + 1
    ];
    refused(
        &SealTemplate {
            extensions,
            ..template()
        },
        "REFUSED_TOO_LONG",
        "R31",
    );
    let stamped = make(&template()).unwrap().finish(Some(b"token"));
    assert_eq!(stamped.err(), Some(Refusal::TimestampInVersion4));
}

#[test]
fn r32_a_period_outside_the_certificates() {
    let (start, end) = (time("2024-02-01"), time("2030-01-01"));
    let code = "REFUSED_PERIOD_OUTSIDE_CERTIFICATE";
    refused(
        &SealTemplate {
            valid_start: time("2023-12-31"),
            ..template()
        },
        code,
        "R32",
    );
    refused(
        &SealTemplate {
            valid_end: time("2030-01-01T00:00:01Z"),
            ..template()
        },
        code,
        "R32",
    );
    refused(
        &SealTemplate {
            valid_start: end,
            valid_end: start,
            ..template()
        },
        "REFUSED_PERIOD_REVERSED",
        "R32",
    );
    refused(
        &SealTemplate {
            valid_start: end,
            valid_end: end,
            ..template()
        },
        "REFUSED_PERIOD_REVERSED",
        "R32",
    );
    let shorter = make(&SealTemplate {
        valid_end: time("2029-01-01"),
        ..template()
    })
    .unwrap();
    assert_eq!(
        shorter
            .warnings()
            .iter()
            .map(SealWarning::code)
            .collect::<Vec<_>>(),
        ["PERIOD_SHORTER"]
    );
}

#[test]
fn r35_a_name_that_is_not_the_one_in_the_certificate() {
    let other = SealTemplate {
        name: "测试市财政局",
        ..template()
    };
    refused(&other, "REFUSED_NAME_DISAGREES", "R35");
    refused(
        &SealTemplate {
            name_reason: Some(" "),
            ..other.clone()
        },
        "REFUSED_NAME_DISAGREES",
        "R35",
    );
    let made = make(&SealTemplate {
        name_reason: Some("former name"),
        ..other
    })
    .unwrap();
    assert_eq!(
        made.warnings().iter().map(SealWarning::code).collect::<Vec<_>>(),
        ["NAME_OVERRIDDEN"]
    );
    for name in [
        "测试市数据局（合同专用章）",
        "测试市数据局财务专用章",
        "测试市数据局",
    ] {
        assert_eq!(make(&SealTemplate { name, ..template() }).unwrap().warnings(), []);
    }
}

#[test]
fn numbers_and_pictures_that_only_deserve_a_warning() {
    let warnings = |template| -> Vec<&'static str> {
        make(&template)
            .unwrap()
            .warnings()
            .iter()
            .map(SealWarning::code)
            .collect()
    };
    assert_eq!(
        warnings(SealTemplate {
            seal_id: "A-1",
            ..template()
        }),
        ["SEAL_ID_FORM"]
    );
    assert_eq!(
        warnings(SealTemplate {
            seal_id: "37010000000009",
            ..template()
        }),
        ["SEAL_ID_NOT_COMMON_NAME"]
    );
    let mut coarse = PNG.to_vec();
    coarse[18] = 1;
    assert_eq!(
        warnings(SealTemplate {
            picture: &coarse,
            ..template()
        }),
        ["PICTURE_RESOLUTION_LOW"]
    );
}

/// A device with this key that signs something else, or nothing.
struct Broken<'a>(&'a gm::SigningKey, Option<u8>);

impl Signer for Broken<'_> {
    fn public_key(&self) -> &PublicKey {
        self.0.public_key()
    }

    fn sign_digest(&self, _: &Digest) -> Result<gm::Signature, SignError> {
        let n = self.1.ok_or(SignError("no card".into()))?;
        self.0.sign_digest(&Digest([n; 32]))
    }
}

#[test]
fn r38_a_key_device_that_does_not_do_its_work() {
    let maker = path(&PKI.maker, Purpose::SealMaker, template().created);
    let holder = path(&PKI.sealer, Purpose::Signer, template().created);
    let made = |answer| {
        let device = Broken(&PKI.maker.key, answer);
        make_seal(&template(), &maker, std::slice::from_ref(&holder), &device).map(|_| ())
    };
    let no_card = Err(Refusal::Sign(SignError("no card".into())));
    assert_eq!(made(None), no_card);
    assert_eq!(made(Some(1)), Err(Refusal::SignatureDoesNotHold));

    let seal = verified(&seal(&template()), now());
    let sealer = path(&PKI.sealer, Purpose::Signer, now());
    let signed = |answer| {
        let device = Broken(&PKI.sealer.key, answer);
        make_signature(&seal, &sealer, &signature_template(now()), &device).map(|_| ())
    };
    assert_eq!(signed(None), no_card);
    assert_eq!(signed(Some(1)), Err(Refusal::SignatureDoesNotHold));
}

#[track_caller]
fn refused_signature(
    seal: &Seal,
    holder: &Holder,
    change: impl FnOnce(&mut SignatureTemplate<'static>),
    code: &str,
) {
    let at = now();
    let mut template = signature_template(at);
    change(&mut template);
    let sealer = path(holder, Purpose::Signer, at);
    let refusal =
        make_signature(&verified(seal, at), &sealer, &template, &holder.key).expect_err("a refusal");
    assert_eq!(refusal.code(), code, "{refusal}");
}

#[test]
fn r59_signatures_that_nobody_could_verify() {
    let seal = seal(&template());
    let sealer = &PKI.sealer;
    refused_signature(&seal, &PKI.stranger, |_| {}, "REFUSED_NOT_LISTED");
    refused_signature(&seal, &PKI.renewed, |_| {}, "REFUSED_NOT_LISTED");
    refused_signature(
        &seal,
        sealer,
        |t| t.time = time("2025-06-02"),
        "REFUSED_SEAL_TIME",
    );
    refused_signature(&seal, sealer, |t| t.property_info = "", "REFUSED_MISSING_PART");
    refused_signature(
        &seal,
        sealer,
        |t| t.property_info = "/文档/Signature.xml",
        "REFUSED_NOT_ASCII",
    );
    let old = Seal::read(&SealForm::v1().bytes()).unwrap();
    refused_signature(&old, sealer, |_| {}, "REFUSED_SEAL_TOO_OLD");
    let ber = Seal::read(&indefinite(&SealForm::default().bytes())).unwrap();
    refused_signature(&ber, sealer, |_| {}, "REFUSED_SEAL_NOT_DER");

    let (verified, template) = (verified(&seal, now()), signature_template(now()));
    let sealer_path = path(sealer, Purpose::Signer, now());
    let wrong_key = make_signature(&verified, &sealer_path, &template, &PKI.stranger.key);
    assert_eq!(
        wrong_key.err().map(|refusal| refusal.code()),
        Some("REFUSED_WRONG_KEY")
    );
    let earlier = path(sealer, Purpose::Signer, time("2025-01-01"));
    let wrong_time = make_signature(&verified, &earlier, &template, &sealer.key);
    assert_eq!(
        wrong_time.err().map(|refusal| refusal.code()),
        Some("REFUSED_CERTIFICATE_TIME")
    );
}

#[test]
fn version_5_takes_the_timestamp_that_version_4_has_no_place_for() {
    let signed = make(&SealTemplate {
        version: SealVersion::V5,
        ..template()
    })
    .unwrap();
    let seal = signed.clone().finish(None).unwrap();
    assert_eq!((seal.header().version, seal.timestamp()), (5, None));
    assert_eq!(
        signed.finish(Some(b"token")).unwrap().timestamp(),
        Some(&b"token"[..])
    );
}
