//! What is made is read and holds; what is changed does not hold.

use std::ops::Range;

use gm::{Signer, Verifier as _};
use pki::Purpose;
use proptest::prelude::*;
use ses::{
    Extension, Layout, ListKind, Original, Seal, SealCache, SealSignature, SealTemplate, SealVersion,
    SealerList, SignatureTemplate, check_seal, check_signature, make_seal, make_signature,
};

use crate::bytes::{SealForm, SignatureForm};
use crate::fixture::*;

/// The parse tree of GB/T 38540-2020, byte for byte as it is written by hand.
#[test]
fn what_is_made_is_the_canonical_der_of_the_standard() {
    let form = SealForm::default();
    let template = SealTemplate {
        vendor_id: "TEST",
        ..template()
    };
    let made = seal(&template);
    assert_eq!(&*made.maker_bytes(ses::MakerRange::SealInfo), form.info());
    assert_eq!(made.der(), form.bytes());
    assert_eq!(fault_codes(made.deviations()), [""; 0]);
    let signature = SignatureForm {
        seal: form,
        ..SignatureForm::default()
    };
    assert_eq!(signature_bytes(&made), signature.bytes());
}

#[test]
fn version_5_and_digests() {
    let template = SealTemplate {
        version: SealVersion::V5,
        list: ListKind::Digests,
        ..template()
    };
    let signed = make(&template).unwrap();
    let stamp = token(signed.signature_value(), time("2024-02-02"));
    let seal = signed.finish(Some(&stamp)).unwrap();
    assert_eq!(seal.layout(), Layout::V5);
    assert_eq!(seal.timestamp(), Some(&stamp[..]));
    let SealerList::Digests(list) = seal.sealers() else {
        panic!("certificates")
    };
    assert_eq!(list[0].value, gm::sm3(PKI.sealer.certificate.der()).0);

    let (at, sealer) = (now(), &PKI.sealer);
    let sealer_path = path(sealer, Purpose::Signer, at);
    let signed = make_signature(
        &verified(&seal, at),
        &sealer_path,
        &signature_template(at),
        &sealer.key,
    )
    .unwrap();
    let stamp = token(signed.signature_value(), time("2025-06-01T00:00:05Z"));
    let signature = read_signature(&signed.finish(Some(&stamp)));
    assert_eq!(signature.layout(), Layout::V5);
    assert_eq!(fault_codes(signature.deviations()), [""; 0]);
    let facts = check_signature(&signature, Some(Original::of(ORIGINAL)), &context(at));
    assert_eq!(fault_codes(&facts.faults()), [""; 0]);
    let report = facts.timestamp.unwrap().unwrap();
    assert_eq!(
        report.verified().unwrap().gen_time(),
        time("2025-06-01T00:00:05Z")
    );
}

/// Every byte that a signature protects, changed in one way or another.
fn changes(bytes: &[u8], protected: Range<usize>) -> impl Iterator<Item = Vec<u8>> {
    protected.map(move |at| {
        let mut changed = bytes.to_vec();
        changed[at] ^= [0x01, 0x80, 0xff, 0x20, 0x04][at % 5];
        changed
    })
}

fn find(whole: &[u8], part: &[u8]) -> Range<usize> {
    let start = whole
        .windows(part.len())
        .position(|window| window == part)
        .unwrap();
    start..start + part.len()
}

#[test]
fn any_changed_byte_of_a_seal_breaks_it() {
    for form in [SealForm::default(), SealForm::v1()] {
        let bytes = form.bytes();
        let mut parts = vec![form.info()];
        if form.signs_all {
            let cert = pki::asn1::write::octet_string(PKI.maker.certificate.der());
            parts.push([&cert[..], &form.algorithm].concat());
        }
        for part in parts {
            for changed in changes(&bytes, find(&bytes, &part)) {
                let holds = Seal::read(&changed).is_ok_and(|seal| seal.maker_signature().is_valid());
                assert!(!holds);
            }
        }
    }
}

#[test]
fn any_changed_byte_of_a_signature_breaks_it() {
    for form in [SignatureForm::default(), SignatureForm::v1()] {
        let bytes = form.bytes();
        for changed in changes(&bytes, find(&bytes, &form.tbs())) {
            let signature = SealSignature::read(&changed, &SealCache::default());
            let holds = signature.is_ok_and(|signature| {
                check_signature(&signature, None, &context(now()))
                    .signature
                    .is_valid()
            });
            assert!(!holds);
        }
    }
}

#[test]
fn any_changed_byte_of_the_certificate_outside_is_noticed() {
    let bytes = signature_bytes(&seal(&template()));
    let sealer = PKI.sealer.certificate.der();
    // The certificate stands in the seal's list and again behind TBS_Sign.
    let last = bytes
        .windows(sealer.len())
        .rposition(|window| window == sealer)
        .unwrap();
    for changed in changes(&bytes, last..last + sealer.len()) {
        let Ok(signature) = SealSignature::read(&changed, &SealCache::default()) else {
            continue;
        };
        let facts = check_signature(&signature, None, &context(now()));
        assert!(!facts.listed.is_listed() || !facts.signature.is_valid());
    }
}

#[test]
fn a_seal_of_one_document_does_not_hold_on_another() {
    let signature = read_signature(&signature_bytes(&seal(&template())));
    let facts = check_signature(
        &signature,
        Some(Original::of(b"<ofd:Signature />")),
        &context(now()),
    );
    assert_eq!(fault_codes(&facts.faults()), ["DATA_HASH_MISMATCH"]);
}

#[test]
fn seals_are_read_once() {
    let cache = SealCache::default();
    let bytes = seal(&template()).bytes().to_vec();
    let first = cache.read(&bytes).unwrap();
    assert_eq!(cache.len(), 1);
    assert_eq!(cache.read(&bytes).unwrap(), first);
    // The same clone answers: what it worked out is remembered.
    assert!(std::ptr::eq(cache.read(&bytes).unwrap().bytes(), first.bytes()));
    let signature = SealSignature::read(&signature_bytes(&first), &cache).unwrap();
    assert!(std::ptr::eq(signature.seal().bytes(), first.bytes()));
    assert!(cache.read(b"junk").is_err());
    let mut changed = bytes.clone();
    changed[40] ^= 1;
    let _ = cache.read(&changed);
    assert!(std::ptr::eq(cache.read(&bytes).unwrap().bytes(), first.bytes()));
}

/// What is remembered of a seal's hash must not change what is signed: other sealers, times, lengths, in turns.
#[test]
fn many_signatures_with_one_seal_are_each_over_their_own_bytes() {
    let (at, later) = (now(), now() + jiff::SignedDuration::from_hours(1));
    let sealers = [&PKI.sealer, &PKI.renewed];
    let made = template().created;
    let seal = make_seal(
        &template(),
        &path(&PKI.maker, Purpose::SealMaker, made),
        &sealers.map(|sealer| path(sealer, Purpose::Signer, made)),
        &PKI.maker.key,
    );
    let seal = seal.unwrap().finish(None).unwrap();
    let cache = SealCache::default();
    for (round, property_info) in ["/a.xml", "/b.xml", "/Doc_0/Signs/Sign_12/Signature.xml", "/a.xml"]
        .into_iter()
        .enumerate()
    {
        for (sealer, at) in sealers
            .into_iter()
            .flat_map(|sealer| [(sealer, at), (sealer, later)])
        {
            let template = SignatureTemplate {
                property_info,
                data_hash: gm::sm3(&[round as u8]),
                ..signature_template(at)
            };
            let signer = path(sealer, Purpose::Signer, at);
            let signed = make_signature(&verified(&seal, at), &signer, &template, &sealer.key).unwrap();
            let bytes = signed.finish(None);
            let signature = SealSignature::read(&bytes, &cache).unwrap();
            let value = gm::Signature::read(signature.signature_value()).unwrap().0;
            let key = sealer.key.public_key();
            // Over the bytes as they stand, all at once.
            key.verify(signature.tbs_bytes(), &value).unwrap();
            let facts = check_signature(&signature, None, &context(at));
            assert_eq!(fault_codes(&facts.faults()), [""; 0]);
            let mut changed = bytes.clone();
            let place = find(&changed, property_info.as_bytes()).start;
            changed[place + 1] ^= 1;
            let signature = SealSignature::read(&changed, &cache).unwrap();
            let facts = check_signature(&signature, None, &context(at));
            assert_eq!(fault_codes(&facts.faults()), ["SIGNATURE_INVALID"]);
        }
    }
}

#[test]
fn a_cache_forgets_before_it_grows_without_bound() {
    let cache = SealCache::default();
    let mut picture = PNG.to_vec();
    picture.resize(3 << 20, 0);
    for n in 0..30u8 {
        picture.push(n);
        let form = SealForm {
            picture: crate::bytes::picture("PNG", &picture, 40, 40),
            ..SealForm::default()
        };
        cache.read(&form.bytes()).unwrap();
        assert!(cache.len() <= 10, "{}", cache.len());
    }
}

fn any_text() -> impl Strategy<Value = String> {
    "[\\PC]{1,40}".prop_filter("not blank", |text| !text.trim().is_empty())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn whatever_is_made_is_read_and_holds(
        (vendor, id) in ("[ -~]{0,20}x", "[0-9A-Za-z{}-]{1,40}"),
        name in any_text(),
        seal_type in 0u32..200,
        (width_mm, height_mm) in (1u32..=200, 1u32..=200),
        picture_tail in proptest::collection::vec(any::<u8>(), 0..300),
        (is_v5, by_digest) in any::<(bool, bool)>(),
        extension in proptest::option::of((any::<bool>(), proptest::collection::vec(any::<u8>(), 0..200))),
        data_hash in any::<[u8; 32]>(),
        property_info in "/[ -~]{1,200}",
    ) {
        let picture = [PNG, &picture_tail].concat();
        let oid = pki::ObjectIdentifier::new_unwrap("1.2.156.112600.7.1");
        let extensions: Vec<Extension> =
            extension.into_iter().map(|(critical, value)| Extension { oid, critical, value }).collect();
        let template = SealTemplate {
            version: if is_v5 { SealVersion::V5 } else { SealVersion::V4 },
            list: if by_digest { ListKind::Digests } else { ListKind::Certificates },
            vendor_id: &vendor,
            seal_id: &id,
            name: &name,
            name_reason: Some("property test"),
            seal_type,
            width_mm,
            height_mm,
            picture: &picture,
            extensions: extensions.clone(),
            ..template()
        };
        let seal = seal(&template);
        prop_assert_eq!(fault_codes(seal.deviations()), [""; 0]);
        prop_assert_eq!(seal.name(), &name);
        prop_assert_eq!(seal.seal_id(), &id);
        prop_assert_eq!(&seal.header().vendor_id, &vendor);
        prop_assert_eq!(seal.seal_type(), i64::from(seal_type));
        prop_assert_eq!(seal.picture().data, &picture[..]);
        prop_assert_eq!(seal.picture().width_mm, i128::from(width_mm));
        prop_assert_eq!(seal.extensions(), &extensions[..]);
        let critical = extensions.iter().any(|extension| extension.critical);
        let facts = check_seal(&seal, &context(now()));
        prop_assert_eq!(facts.verified().is_some(), !critical);
        if critical {
            return Ok(());
        }
        let signed = make_signature(
            facts.verified().unwrap(),
            &path(&PKI.sealer, Purpose::Signer, now()),
            &SignatureTemplate {
                time: now(),
                data_hash: gm::Digest(data_hash),
                property_info: &property_info,
                extensions: &extensions,
            },
            &PKI.sealer.key,
        );
        let signature = read_signature(&signed.unwrap().finish(None));
        prop_assert_eq!(fault_codes(signature.deviations()), [""; 0]);
        prop_assert_eq!(&signature.tbs().property_info, &property_info);
        let original = Original { digest: gm::Digest(data_hash), bytes: None };
        let facts = check_signature(&signature, Some(original), &context(now()));
        prop_assert_eq!(fault_codes(&facts.faults()), [""; 0]);
        prop_assert_eq!(PKI.sealer.key.public_key(), signature.sealer().unwrap().public_key().unwrap());
    }

    #[test]
    fn a_byte_changed_at_random_breaks_seal_and_signature(at in any::<prop::sample::Index>(), mask in 1u8..) {
        let form = SignatureForm::default();
        let (bytes, tbs) = (form.bytes(), form.tbs());
        let protected = find(&bytes, &tbs);
        let mut changed = bytes.clone();
        changed[protected.start + at.index(tbs.len())] ^= mask;
        let signature = SealSignature::read(&changed, &SealCache::default());
        let facts = signature.map(|signature| check_signature(&signature, None, &context(now())));
        prop_assert!(!facts.is_ok_and(|facts| facts.signature.is_valid()));
    }
}
