//! Bytes made to hurt: an error or a result, never a panic, an exhausted stack or a long wait.

use pki::asn1::write;
use proptest::prelude::*;
use ses::{Error, Original, SES_BYTES_MAX, Seal, SealCache, SealSignature, check_seal, check_signature};

use crate::bytes::{SealForm, SignatureForm, extension};
use crate::fixture::*;

/// Everything a stranger's bytes could go through.
fn exercise(bytes: &[u8]) {
    let _ = Seal::looks_like(bytes);
    let _ = SealSignature::looks_like(bytes);
    if let Ok(seal) = Seal::read(bytes) {
        judge(&seal);
    }
    if let Ok(signature) = SealSignature::read(bytes, &SealCache::default()) {
        let facts = check_signature(&signature, Some(Original::of(ORIGINAL)), &context(now()));
        assert!(
            facts
                .faults()
                .iter()
                .all(|fault| !fault.code().is_empty() && !fault.to_string().is_empty())
        );
        judge(signature.seal());
    }
}

fn judge(seal: &Seal) {
    let facts = check_seal(seal, &context(now()));
    assert!(
        facts
            .faults()
            .iter()
            .all(|fault| !fault.code().is_empty() && !fault.to_string().is_empty())
    );
    assert!(
        seal.deviations()
            .iter()
            .all(|note| !note.code().is_empty() && !note.to_string().is_empty())
    );
}

#[test]
fn one_hundred_thousand_nested_sequences() {
    for opening in [
        &[0x30, 0x80][..],
        &[0xa0, 0x80],
        &[0x24, 0x80],
        &[0x30, 0x84, 0, 0xff, 0xff, 0xff],
    ] {
        let bytes = opening.repeat(100_000);
        assert!(Seal::read(&bytes).is_err());
        assert!(SealSignature::read(&bytes, &SealCache::default()).is_err());
        exercise(&bytes);
    }
    // Closed properly, and in definite lengths, from the inside out.
    let closed = [[0x30, 0x80].repeat(100_000), [0, 0].repeat(100_000)].concat();
    assert!(Seal::read(&closed).is_err());
    let mut definite = vec![5, 0];
    for _ in 0..200 {
        definite = write::sequence(&[&definite]);
    }
    assert!(Seal::read(&definite).is_err());
}

#[test]
fn lengths_of_four_gigabytes_and_more() {
    for length in [
        &[0x84, 0xff, 0xff, 0xff, 0xff][..],
        &[0x88; 9],
        &[0x8f; 16],
        &[0xff; 200],
    ] {
        let bytes = [&[0x30], length, &[0x30], length].concat();
        assert!(Seal::read(&bytes).is_err());
        exercise(&bytes);
    }
}

#[test]
fn lists_without_end() {
    let entry = write::octet_string(b"x");
    let list = write::sequence(&[&entry.repeat(ses::LIST_ENTRIES_MAX + 1)]);
    let form = SealForm {
        list,
        ..SealForm::default()
    };
    let too_many = Error::TooMany {
        part: "eseal.property.certList",
        max: ses::LIST_ENTRIES_MAX,
    };
    assert_eq!(Seal::read(&form.bytes()).err(), Some(too_many));
    let one = extension("1.2.3", Some(true), b"x");
    let extensions = write::sequence(&[&one.repeat(ses::EXTENSIONS_MAX + 1)]);
    let form = SealForm {
        extensions,
        ..SealForm::default()
    };
    let too_many = Error::TooMany {
        part: "eseal.extDatas",
        max: ses::EXTENSIONS_MAX,
    };
    assert_eq!(Seal::read(&form.bytes()).err(), Some(too_many));
    let extensions = write::null().repeat(1000);
    assert!(
        Seal::read(
            &SealForm {
                extensions,
                ..SealForm::default()
            }
            .bytes()
        )
        .is_err()
    );
}

#[test]
fn more_bytes_than_any_seal_has() {
    let bytes = vec![0x30; SES_BYTES_MAX + 1];
    let too_large = Error::TooLarge {
        bytes: SES_BYTES_MAX + 1,
        max: SES_BYTES_MAX,
    };
    assert_eq!(Seal::read(&bytes).err(), Some(too_large.clone()));
    assert_eq!(
        SealSignature::read(&bytes, &SealCache::default()).err(),
        Some(too_large)
    );
}

#[test]
fn what_is_neither_seal_nor_signature() {
    let signed_data = write::sequence(&[&write::oid(&pki::oid::GM_SIGNED_DATA), &write::explicit(0, &[])]);
    let bare = write::sequence(&[&write::unsigned(1), &write::unsigned(2)]);
    for other in [&b""[..], b"\x30", b"\x30\x00", b"MIIB", &signed_data, &bare] {
        assert!(!Seal::looks_like(other) && !SealSignature::looks_like(other));
        assert!(Seal::read(other).is_err());
        assert!(SealSignature::read(other, &SealCache::default()).is_err());
    }
    let (seal, signature) = (SealForm::default().bytes(), SignatureForm::default().bytes());
    assert!(!SealSignature::looks_like(&seal) && !Seal::looks_like(&signature));
    assert!(SealSignature::read(&seal, &SealCache::default()).is_err());
    assert!(Seal::read(&signature).is_err());
}

#[test]
fn cut_anywhere() {
    for whole in [
        SealForm::v1().bytes(),
        SignatureForm::default().bytes(),
        SignatureForm::v1().bytes(),
    ] {
        for end in 0..whole.len() {
            assert!(Seal::read(&whole[..end]).is_err());
            assert!(SealSignature::read(&whole[..end], &SealCache::default()).is_err());
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn random_bytes(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
        exercise(&bytes);
        exercise(&[&[0x30, 0x80], &bytes[..]].concat());
    }

    #[test]
    fn mutated_signatures(
        old in any::<bool>(),
        edits in proptest::collection::vec((any::<proptest::sample::Index>(), any::<u8>(), 0u8..4), 1..6),
    ) {
        let form = if old { SignatureForm::v1() } else { SignatureForm::default() };
        let mut bytes = form.bytes();
        for (at, value, kind) in edits {
            let at = at.index(bytes.len());
            match kind {
                0 => bytes[at] = value,
                1 => bytes.insert(at, value),
                2 => drop(bytes.remove(at)),
                _ => bytes[at] ^= 1 << (value % 8),
            }
            if bytes.is_empty() {
                break;
            }
        }
        exercise(&bytes);
        if let Some(seal) = bytes.get(8..) {
            exercise(seal);
        }
    }
}
