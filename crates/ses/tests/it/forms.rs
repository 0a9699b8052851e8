//! Deviating encodings, each alone: read, named, and verified over the received bytes.

use gm::Signer;
use pki::asn1::{self, write};
use ses::{Layout, Seal, SealSignature, SealerList, SignatureCheck, check_seal, check_signature};

use crate::bytes::{SealForm, SignatureForm, extension, generalized, indefinite, picture};
use crate::fixture::*;

#[track_caller]
fn check_seal_form(form: SealForm, deviations: &[&str]) -> Seal {
    let seal = Seal::read(&form.bytes()).unwrap();
    assert_eq!(fault_codes(seal.deviations()), deviations);
    assert!(seal.maker_signature().is_valid(), "{}", seal.maker_signature());
    seal
}

#[track_caller]
fn check_signature_form(form: SignatureForm, deviations: &[&str]) -> SealSignature {
    let signature = read_signature(&form.bytes());
    assert_eq!(fault_codes(signature.deviations()), deviations);
    let facts = check_signature(&signature, None, &context(now()));
    assert!(facts.signature.is_valid(), "{}", facts.signature);
    signature
}

#[test]
fn ber_is_verified_as_received_or_in_its_der_form() {
    for form in [SealForm::default(), SealForm::v1()] {
        let der = form.bytes();
        let seal = Seal::read(&indefinite(&der)).unwrap();
        assert_eq!(fault_codes(seal.deviations()), ["BER_ENCODING"]);
        assert_eq!((seal.der(), seal.bytes()), (&der[..], &indefinite(&der)[..]));
        assert!(check_seal(&seal, &context(now())).verified().is_some());
    }
    // So did ofdrw in 2020: the maker signs the BER (corpus esl/d6d62da6-UserV4.esl).
    let form = SealForm::default();
    let info = indefinite(&form.info());
    let seal = write::sequence(&[
        &info,
        &write::octet_string(PKI.maker.certificate.der()),
        &form.algorithm,
        &write::bit_string(&PKI.maker.key.sign(&info).unwrap().to_der()),
    ]);
    let seal = Seal::read(&seal).unwrap();
    assert_eq!(&*seal.maker_bytes(ses::MakerRange::SealInfo), info);
    assert!(check_seal(&seal, &context(now())).verified().is_some());

    let form = SignatureForm::default();
    for signed in [form.tbs(), indefinite(&form.tbs())] {
        let value = PKI.sealer.key.sign(&signed).unwrap().to_der();
        let signature = read_signature(&indefinite(&form.with_value(&value)));
        assert_eq!(fault_codes(signature.deviations()), ["BER_ENCODING"]);
        assert_eq!(signature.tbs_bytes(), indefinite(&form.tbs()));
        assert_eq!(signature.seal().bytes(), indefinite(&form.seal.bytes()));
        let facts = check_signature(&signature, None, &context(now()));
        assert!(facts.signature.is_valid() && facts.seal.maker_signature.is_valid());
    }
}

#[test]
fn bytes_after_the_end() {
    let bytes = [&SealForm::default().bytes()[..], b"\0\0extra"].concat();
    let seal = Seal::read(&bytes).unwrap();
    assert_eq!(fault_codes(seal.deviations()), ["TRAILING_BYTES"]);
    assert_eq!(
        (seal.bytes(), seal.der()),
        (&bytes[..], &SealForm::default().bytes()[..])
    );
    let bytes = [&SignatureForm::default().bytes()[..], b"\n"].concat();
    assert_eq!(
        fault_codes(read_signature(&bytes).deviations()),
        ["TRAILING_BYTES"]
    );
}

#[test]
fn lengths_and_numbers_in_superfluous_form() {
    let version = vec![asn1::INTEGER, 0x81, 2, 0, 4];
    check_seal_form(
        SealForm {
            version,
            ..SealForm::default()
        },
        &["LENGTH_NOT_MINIMAL", "INTEGER_NOT_MINIMAL"],
    );
    let version = write::tlv(asn1::INTEGER, &[0x7f; 12]);
    let form = SealForm {
        version,
        ..SealForm::default()
    };
    assert_eq!(
        check_seal_form(form, &["INTEGER_TOO_LARGE"]).header().version,
        i64::MAX
    );
}

#[test]
fn header_and_list_that_deviate() {
    check_seal_form(
        SealForm {
            header_id: "es",
            ..SealForm::default()
        },
        &["HEADER_ID"],
    );
    let sealer = PKI.sealer.certificate.der();
    let list = write::sequence(&[sealer]);
    let seal = check_seal_form(
        SealForm {
            list,
            ..SealForm::default()
        },
        &["CERTIFICATE_NOT_WRAPPED"],
    );
    assert_eq!(*seal.sealers(), SealerList::Certificates(vec![sealer.to_vec()]));
    let list = write::octet_string(sealer);
    let seal = check_seal_form(
        SealForm {
            list,
            ..SealForm::default()
        },
        &["TAG_UNEXPECTED"],
    );
    assert_eq!(*seal.sealers(), SealerList::Certificates(vec![sealer.to_vec()]));
    // GreenPaper writes 3.
    check_seal_form(
        SealForm {
            list_type: Some(3),
            ..SealForm::default()
        },
        &["CERT_LIST_TYPE_UNKNOWN"],
    );
    check_seal_form(
        SealForm {
            list_type: Some(2),
            ..SealForm::default()
        },
        &["CERT_LIST_SHAPE"],
    );
    // dms360 writes the text "1".
    let list = write::sequence(&[&write::ia5_string("1")]);
    let seal = check_seal_form(
        SealForm {
            list,
            ..SealForm::default()
        },
        &["CERT_LIST_ENTRY_UNKNOWN"],
    );
    assert!(seal.sealers().is_empty());
}

#[test]
fn lists_of_digests() {
    let digest = gm::sm3(PKI.sealer.certificate.der());
    let entry = |kind: &[u8]| write::sequence(&[&write::sequence(&[kind, &write::octet_string(&digest.0)])]);
    for (kind, text, codes) in [
        (write::printable_string("SM3"), "SM3", &[][..]),
        (write::utf8_string("SM3"), "SM3", &["TAG_UNEXPECTED"][..]),
        (write::oid(&pki::oid::SM3), "1.2.156.10197.1.401", &[][..]),
    ] {
        let form = SealForm {
            list_type: Some(2),
            list: entry(&kind),
            ..SealForm::default()
        };
        let seal = check_seal_form(form.clone(), codes);
        let SealerList::Digests(list) = seal.sealers() else {
            panic!("certificates")
        };
        assert_eq!((&list[0].kind[..], &list[0].value[..]), (text, &digest.0[..]));
        let facts = check_signature(
            &read_signature(
                &SignatureForm {
                    seal: form,
                    ..SignatureForm::default()
                }
                .bytes(),
            ),
            None,
            &context(now()),
        );
        assert_eq!(facts.listed, ses::Listed::Digest);
    }
    let list = entry(&write::printable_string("SM3"));
    check_seal_form(
        SealForm {
            list_type: Some(1),
            list,
            ..SealForm::default()
        },
        &["CERT_LIST_SHAPE"],
    );
}

#[test]
fn extensions_however_tagged() {
    let one = extension("1.2.3", None, b"value");
    let written_out = extension("1.2.3", Some(false), b"value");
    let list = |entry: &[u8]| write::sequence(&[entry]);
    let tagging = &["EXTENSIONS_TAGGING"][..];
    for (extensions, codes) in [
        (list(&one), &[][..]),
        (list(&written_out), &["DEFAULT_ENCODED"][..]),
        (write::explicit(0, &list(&one)), tagging),
        (write::explicit(0, &one), tagging),
    ] {
        let seal = check_seal_form(
            SealForm {
                extensions,
                ..SealForm::default()
            },
            codes,
        );
        assert_eq!(seal.extensions().len(), 1);
        assert_eq!(
            (&seal.extensions()[0].value[..], seal.extensions()[0].critical),
            (&b"value"[..], false)
        );
    }
    assert!(
        check_seal_form(
            SealForm {
                extensions: list(b""),
                ..SealForm::default()
            },
            &[]
        )
        .extensions()
        .is_empty()
    );
    for (extensions, codes) in [
        (write::explicit(0, &list(&one)), &[][..]),
        (list(&one), tagging),
        (write::explicit(0, &one), tagging),
    ] {
        let signature = check_signature_form(
            SignatureForm {
                extensions,
                ..SignatureForm::default()
            },
            codes,
        );
        assert_eq!(signature.tbs().extensions.len(), 1);
    }
    let extensions = list(&write::utf8_string("no extension"));
    let seal = check_seal_form(
        SealForm {
            extensions,
            ..SealForm::default()
        },
        &["EXTENSION_UNREADABLE"],
    );
    let facts = check_seal(&seal, &context(now()));
    assert_eq!(fault_codes(&facts.faults()), ["SEAL_EXTENSION_UNREADABLE"]);
}

#[test]
fn algorithms_however_written() {
    let alias = |oid: &str| write::oid(&pki::ObjectIdentifier::new_unwrap(oid));
    let identifier = write::sequence(&[&write::oid(&pki::oid::SM2_WITH_SM3), &write::null()]);
    for (algorithm, codes) in [
        (identifier, &["ALGORITHM_IDENTIFIER"]),
        (alias("1.2.156.10197.1.301.1"), &["ALGORITHM_ALIAS"]),
        // easyofd
        (alias("1.2.156.10197.6.1.4.2.2"), &["ALGORITHM_ALIAS"]),
    ] {
        check_seal_form(
            SealForm {
                algorithm: algorithm.clone(),
                ..SealForm::default()
            },
            codes,
        );
        check_signature_form(
            SignatureForm {
                algorithm,
                ..SignatureForm::default()
            },
            codes,
        );
    }
    for (algorithm, code) in [
        ("1.2.3.4.5", "ALGORITHM_UNKNOWN"),
        ("1.2.840.113549.1.1.5", "ALGORITHM_UNSUPPORTED"),
    ] {
        let algorithm = alias(algorithm);
        let form = SignatureForm {
            algorithm,
            ..SignatureForm::default()
        };
        let facts = check_signature(&read_signature(&form.bytes()), None, &context(now()));
        assert_eq!(fault_codes(&facts.faults()), [code]);
    }
}

#[test]
fn signature_values_however_encoded() {
    let form = SignatureForm::default();
    let signature = PKI.sealer.key.sign(&form.tbs()).unwrap();
    let raw = signature.to_raw();
    let (r, s) = raw.split_at(32);
    let integer = |number: &[u8]| write::tlv(asn1::INTEGER, number);
    let padded = |number: &[u8]| integer(&[&[0, 0], number].concat());
    for (value, encoding) in [
        (raw.to_vec(), gm::SignatureEncoding::Raw),
        (
            write::sequence(&[&padded(r), &padded(s)]),
            gm::SignatureEncoding::NonMinimalInteger,
        ),
    ] {
        let facts = check_signature(&read_signature(&form.with_value(&value)), None, &context(now()));
        assert_eq!(facts.signature, SignatureCheck::Valid { encoding });
    }
    for value in [&b""[..], &[0xcc; 110], &raw[..63], &[0xff; 64]] {
        let facts = check_signature(&read_signature(&form.with_value(value)), None, &context(now()));
        assert!(matches!(facts.signature, SignatureCheck::Unreadable(_)));
        assert_eq!(fault_codes(&facts.faults()), ["SIGNATURE_INVALID"]);
    }
}

#[test]
fn bit_strings_of_whole_octets_that_declare_unused_bits() {
    let digest = gm::sm3(ORIGINAL).0;
    for (data_hash, codes) in [
        (
            write::tlv(asn1::BIT_STRING, &[&[7], &digest[..]].concat()),
            &["UNUSED_BITS"],
        ),
        // KingGrid writes any number.
        (
            write::tlv(asn1::BIT_STRING, &[&[64], &digest[..]].concat()),
            &["UNUSED_BITS"],
        ),
        (write::octet_string(&digest), &["TAG_UNEXPECTED"]),
    ] {
        let signature = check_signature_form(
            SignatureForm {
                data_hash,
                ..SignatureForm::default()
            },
            codes,
        );
        assert_eq!(signature.tbs().data_hash, digest);
    }
}

#[test]
fn times_that_deviate() {
    let at = |text: &str| Some(time(text));
    for (element, codes, expected) in [
        (
            generalized("20250601080000"),
            &["TIME_WITHOUT_ZONE"][..],
            at("2025-06-01"),
        ),
        (generalized("250601000000Z"), &["TIME_FORM"], at("2025-06-01")),
        (generalized("20259999999999Z"), &["TIME_UNREADABLE"], None),
        (
            write::bit_string(b"2025-06-01 08:00:00"),
            &["TAG_UNEXPECTED", "TIME_TEXT", "TIME_WITHOUT_ZONE"],
            at("2025-06-01"),
        ),
        (
            write::octet_string(b"1748736000"),
            &["TAG_UNEXPECTED", "TAG_UNEXPECTED", "TIME_EPOCH"],
            at("2025-06-01"),
        ),
        (
            write::ia5_string("20250601000000Z"),
            &["TAG_UNEXPECTED", "TIME_TEXT"],
            at("2025-06-01"),
        ),
    ] {
        let signature = check_signature_form(
            SignatureForm {
                time: element,
                ..SignatureForm::default()
            },
            codes,
        );
        assert_eq!(signature.signing_time(), expected);
        let facts = check_signature(&signature, None, &context(now()));
        let faults = fault_codes(&facts.faults());
        assert_eq!(faults.contains(&"SIGNING_TIME_UNREADABLE"), expected.is_none());
    }
}

#[test]
fn fields_that_no_standard_knows() {
    let mut form = SealForm::default();
    form.picture.extend(write::null());
    check_seal_form(form, &["EXTRA_FIELDS"]);
    let mut form = SealForm {
        timestamp: write::explicit(0, &write::bit_string(b"x")),
        ..SealForm::default()
    };
    form.timestamp.extend(write::null());
    let seal = check_seal_form(form, &["EXTRA_FIELDS", "VERSION_NOT_OF_LAYOUT"]);
    assert_eq!(seal.layout(), Layout::V5);
}

#[test]
fn numbers_of_any_size_in_the_picture() {
    let form = SealForm {
        picture: picture("PNG", PNG, 1 << 63, 1 << 63),
        ..SealForm::default()
    };
    let seal = check_seal_form(form, &[]);
    assert_eq!(
        (seal.picture().width_mm, seal.picture().height_mm),
        (1 << 63, 1 << 63)
    );
    let facts = check_seal(&seal, &context(now()));
    assert_eq!(fault_codes(&facts.faults()), ["SEAL_SIZE_ABSURD"]);
    assert!(facts.verified().is_none());
}
