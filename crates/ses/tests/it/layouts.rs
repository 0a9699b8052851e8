//! Every layout is told by its structure, read, and verified over the bytes that its standard names.

use pki::asn1::write;
use ses::{Layout, MakerRange, Seal, SealerList, SignatureCheck, TimeInfo, check_seal, check_signature};

use crate::bytes::{SealForm, SignatureForm, generalized, utc};
use crate::fixture::*;

#[track_caller]
fn check_seal_form(form: &SealForm, layout: Layout, deviations: &[&str]) -> Seal {
    let bytes = form.bytes();
    assert!(Seal::looks_like(&bytes));
    let seal = Seal::read(&bytes).unwrap();
    assert_eq!(seal.layout(), layout);
    assert_eq!(fault_codes(seal.deviations()), deviations);
    assert_eq!(seal.bytes(), bytes);
    let facts = check_seal(&seal, &context(now()));
    assert!(facts.maker_signature.is_valid(), "{}", facts.maker_signature);
    assert_eq!(fault_codes(&facts.faults()), [""; 0]);
    assert_eq!(
        facts.verified().map(|verified| verified.seal().clone()),
        Some(seal.clone())
    );
    seal
}

#[track_caller]
fn check_signature_form(form: &SignatureForm, layout: Layout, deviations: &[&str]) {
    let bytes = form.bytes();
    assert!(ses::SealSignature::looks_like(&bytes));
    let signature = read_signature(&bytes);
    assert_eq!(signature.layout(), layout);
    assert_eq!(fault_codes(signature.deviations()), deviations);
    assert_eq!(signature.tbs_bytes(), form.tbs());
    assert_eq!(signature.seal().bytes(), form.seal.bytes());
    assert_eq!(signature.signing_time(), Some(now()));
    let facts = check_signature(&signature, Some(ses::Original::of(ORIGINAL)), &context(now()));
    assert_eq!(fault_codes(&facts.faults()), [""; 0]);
    assert_eq!(fault_codes(&facts.seal.faults()), [""; 0]);
}

#[test]
fn v4() {
    let seal = check_seal_form(&SealForm::default(), Layout::V4, &[]);
    assert_eq!(seal.header().id, "ES");
    assert_eq!(seal.header().version, 4);
    assert_eq!(seal.header().vendor_id, "TEST");
    assert_eq!(seal.seal_id(), "37010000000001");
    assert_eq!(seal.seal_type(), 1);
    assert_eq!(seal.name(), "测试市数据局");
    assert_eq!(seal.list_type(), Some(1));
    let SealerList::Certificates(list) = seal.sealers() else {
        panic!("digests")
    };
    assert_eq!(*list, [PKI.sealer.certificate.der()]);
    assert_eq!(seal.created().timestamp(), Some(time("2024-02-01")));
    assert_eq!(seal.valid_start().timestamp(), Some(time("2024-02-01")));
    assert_eq!(seal.valid_end().timestamp(), Some(time("2030-01-01")));
    let picture = seal.picture();
    assert_eq!((picture.declared_type, picture.data), ("PNG", PNG));
    assert_eq!((picture.width_mm, picture.height_mm), (40, 40));
    assert_eq!(seal.maker(), Ok(&PKI.maker.certificate));
    assert_eq!(seal.maker_ranges(), [MakerRange::SealInfo]);
    assert_eq!(
        &*seal.maker_bytes(MakerRange::SealInfo),
        SealForm::default().info()
    );
    check_signature_form(&SignatureForm::default(), Layout::V4, &[]);
}

#[test]
fn v5_with_and_without_timestamps() {
    let plain = SealForm {
        version: write::unsigned(5),
        ..SealForm::default()
    };
    check_seal_form(&plain, Layout::V5, &[]);
    check_signature_form(
        &SignatureForm {
            seal: plain.clone(),
            version: 5,
            ..SignatureForm::default()
        },
        Layout::V5,
        &[],
    );

    // What a token covers is the value, which does not depend on the token.
    let unstamped = Seal::read(&plain.bytes()).unwrap();
    let stamp = token(unstamped.signature_value(), time("2024-02-02"));
    let stamped = SealForm {
        timestamp: write::explicit(0, &write::bit_string(&stamp)),
        ..plain
    };
    let seal = check_seal_form(&stamped, Layout::V5, &[]);
    assert_eq!(seal.timestamp(), Some(&stamp[..]));
    let facts = check_seal(&seal, &context(now()));
    let report = facts.timestamp.unwrap().unwrap();
    assert_eq!(report.verified().unwrap().gen_time(), time("2024-02-02"));

    let form = SignatureForm {
        seal: stamped,
        version: 5,
        ..SignatureForm::default()
    };
    let stamp = token(read_signature(&form.bytes()).signature_value(), now());
    let timestamp = write::explicit(0, &write::bit_string(&stamp));
    check_signature_form(&SignatureForm { timestamp, ..form }, Layout::V5, &[]);
}

#[test]
fn v5_signature_with_an_older_seal() {
    let form = SignatureForm {
        version: 5,
        ..SignatureForm::default()
    };
    check_signature_form(&form, Layout::V5, &["VERSION_OLDER_SEAL"]);
}

#[test]
fn v1() {
    let seal = check_seal_form(&SealForm::v1(), Layout::V1, &[]);
    assert_eq!(seal.list_type(), None);
    assert_eq!(seal.maker_ranges(), [MakerRange::SealInfoCertAlgorithm]);
    for version in [2, 3, 11] {
        check_seal_form(
            &SealForm {
                version: write::unsigned(version),
                ..SealForm::v1()
            },
            Layout::V1,
            &[],
        );
    }
    check_signature_form(&SignatureForm::v1(), Layout::V1, &["TIME_TEXT"]);
}

#[test]
fn v1_with_a_token_in_place_of_the_time() {
    let time = write::bit_string(&token(b"anything", now()));
    let form = SignatureForm {
        time,
        ..SignatureForm::v1()
    };
    check_signature_form(&form, Layout::V1, &[]);
    let signature = read_signature(&form.bytes());
    assert!(matches!(signature.tbs().time_info, TimeInfo::Token { .. }));
}

#[test]
fn v1_with_generalized_time() {
    let times = ["20240201000000Z", "20240201000000Z", "20300101000000Z"].map(generalized);
    check_seal_form(
        &SealForm {
            times,
            ..SealForm::v1()
        },
        Layout::V1,
        &["TAG_UNEXPECTED"],
    );
    let form = SignatureForm {
        time: generalized("20250601000000Z"),
        ..SignatureForm::v1()
    };
    check_signature_form(&form, Layout::V1, &["TAG_UNEXPECTED"]);
}

/// S-YJ: certListType and UTCTime, `SES_SignInfo`, the maker signs as in 2014.
#[test]
fn hybrid_of_2018_with_sign_info() {
    let form = SealForm {
        version: write::unsigned(4),
        list_type: Some(1),
        ..SealForm::v1()
    };
    check_seal_form(&form, Layout::Government2018, &[]);
    let signature = SignatureForm {
        seal: form.clone(),
        version: 4,
        ..SignatureForm::v1()
    };
    check_signature_form(&signature, Layout::Government2018, &["TIME_TEXT"]);
    check_seal_form(
        &SealForm {
            signs_all: false,
            ..form
        },
        Layout::Government2018,
        &[],
    );
}

/// OFD_ZWFW: a flat seal with UTCTime inside a signature of two elements.
#[test]
fn hybrid_of_2018_flat() {
    let times = ["240201000000Z", "240201000000Z", "300101000000Z"].map(utc);
    let form = SealForm {
        times,
        ..SealForm::default()
    };
    check_seal_form(&form, Layout::Government2018, &[]);
    check_seal_form(
        &SealForm {
            signs_all: true,
            ..form.clone()
        },
        Layout::Government2018,
        &[],
    );
    let signature = SignatureForm {
        seal: form,
        inside: true,
        ..SignatureForm::default()
    };
    check_signature_form(&signature, Layout::Government2018, &["TAG_UNEXPECTED"]);
}

/// FJSEAL: version 4 in header and TBS, structure of 2014.
#[test]
fn version_4_throughout_in_the_structure_of_2014_is_tolerated() {
    let seal = SealForm {
        version: write::unsigned(4),
        ..SealForm::v1()
    };
    check_seal_form(&seal, Layout::V1, &["VERSION_NOT_OF_LAYOUT"]);
    let form = SignatureForm {
        seal,
        version: 4,
        ..SignatureForm::v1()
    };
    check_signature_form(&form, Layout::V1, &["TIME_TEXT", "VERSION_NOT_OF_LAYOUT"]);
}

#[test]
fn versions_that_contradict_each_other() {
    let v4 = SignatureForm::default;
    let seal = |version| SealForm {
        version: write::unsigned(version),
        ..SealForm::default()
    };
    let old_seal = |version| SealForm {
        version: write::unsigned(version),
        ..SealForm::v1()
    };
    for (case, form) in [
        (
            "h32: 1 in a v4 signature with a v4 seal",
            SignatureForm { version: 1, ..v4() },
        ),
        (
            "1 throughout in the structure of v4",
            SignatureForm {
                version: 1,
                seal: seal(1),
                ..v4()
            },
        ),
        (
            "4 with a seal that says 1",
            SignatureForm {
                seal: seal(1),
                ..v4()
            },
        ),
        (
            "4 with a v5 seal",
            SignatureForm {
                seal: seal(5),
                ..v4()
            },
        ),
        ("6", SignatureForm { version: 6, ..v4() }),
        (
            "4 in a v1 signature with a seal that says 1",
            SignatureForm {
                version: 4,
                ..SignatureForm::v1()
            },
        ),
        (
            "1 in a v1 signature with a seal that says 4",
            SignatureForm {
                seal: old_seal(4),
                ..SignatureForm::v1()
            },
        ),
        (
            "5 throughout in the structure of v1",
            SignatureForm {
                version: 5,
                seal: old_seal(5),
                ..SignatureForm::v1()
            },
        ),
    ] {
        let facts = check_signature(&read_signature(&form.bytes()), None, &context(now()));
        assert!(
            fault_codes(&facts.faults()).contains(&"VERSION_MISMATCH"),
            "{case}"
        );
        assert!(facts.signature.is_valid(), "{case}");
    }
    let facts = check_seal(&Seal::read(&seal(1).bytes()).unwrap(), &context(now()));
    assert_eq!(fault_codes(&facts.faults()), ["VERSION_MISMATCH"]);
    assert!(facts.verified().is_none());
}

#[test]
fn a_maker_who_signs_the_range_of_another_layout_is_named() {
    for (form, range) in [
        (
            SealForm {
                signs_all: true,
                ..SealForm::default()
            },
            MakerRange::SealInfoCertAlgorithm,
        ),
        (
            SealForm {
                signs_all: false,
                ..SealForm::v1()
            },
            MakerRange::SealInfo,
        ),
    ] {
        let facts = check_seal(&Seal::read(&form.bytes()).unwrap(), &context(now()));
        let covers = ses::Covers::OtherRange(range);
        assert!(
            matches!(facts.maker_signature, SignatureCheck::ValidOverOther { covers: found, .. } if found == covers)
        );
        assert_eq!(fault_codes(&facts.faults()), ["SEAL_SIGNATURE_OTHER_RANGE"]);
        assert!(facts.verified().is_none());
    }
}
