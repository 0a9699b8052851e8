use crate::der::{sequence, value};
use crate::openssl::OpenSsl;
use crate::support::{PIN, TestStore};
use keys::{Error, IMPORT_BYTES_MAX};
use proptest::prelude::*;
use std::fs;
use std::time::{Duration, Instant};

const PASSWORD: &str = "file-password";

/// An EncryptedPrivateKeyInfo that asks for so many iterations.
fn costly(iterations: u32) -> Vec<u8> {
    let oid = |hex: &str| value(0x06, &hex::decode(hex).unwrap());
    let parameters = sequence(&[
        &value(0x04, b"saltsalt"),
        &value(
            0x02,
            &u64::from(iterations).to_be_bytes()[(u64::from(iterations).leading_zeros() as usize - 1) / 8..],
        ),
        &sequence(&[&oid("2a864886f70d0209")]),
    ]);
    let scheme = sequence(&[
        &sequence(&[&oid("2a864886f70d01050c"), &parameters]),
        &sequence(&[&oid("60864801650304012a"), &value(0x04, &[0; 16])]),
    ]);
    sequence(&[
        &sequence(&[&oid("2a864886f70d01050d"), &scheme]),
        &value(0x04, &[0; 32]),
    ])
}

#[test]
fn endless_key_derivations_are_refused_at_once() {
    let store = TestStore::new();
    let begun = Instant::now();
    for iterations in [10_000_001, 0x0100_0000, 0x7fff_ffff] {
        let refusal = store.import(&costly(iterations), Some(PASSWORD)).unwrap_err();
        assert!(
            matches!(refusal, Error::TooManyIterations),
            "{iterations}: {refusal}"
        );
    }
    assert!(begun.elapsed() < Duration::from_secs(1));
    assert!(matches!(
        store.import(&costly(0), Some(PASSWORD)),
        Err(Error::Malformed(_))
    ));
    assert!(matches!(
        store.import(&costly(1), Some(PASSWORD)),
        Err(Error::WrongPassword)
    ));
}

#[test]
fn files_beyond_the_limit_are_not_even_looked_at() {
    let store = TestStore::new();
    let big = vec![0x30; IMPORT_BYTES_MAX + 1];
    assert!(matches!(store.import(&big, None), Err(Error::TooBig { .. })));
    assert!(matches!(
        store.import_pkcs12(&big, PASSWORD),
        Err(Error::TooBig { .. })
    ));
    let begun = Instant::now();
    for filling in [0x30, 0x24, 0x80, 0x00, 0xff, b'-'] {
        let full = vec![filling; IMPORT_BYTES_MAX];
        assert!(store.import(&full, None).is_err());
        assert!(store.import_pkcs12(&full, PASSWORD).is_err());
    }
    let pem = "-----BEGIN X-----".repeat(IMPORT_BYTES_MAX / 17);
    assert!(store.import(pem.as_bytes(), None).is_err());
    assert!(begun.elapsed() < Duration::from_secs(5), "{:?}", begun.elapsed());
}

#[test]
fn every_altered_or_cut_import_is_an_answer_and_no_panic() {
    let Some(openssl) = OpenSsl::find() else { return };
    openssl.key("a");
    openssl.certificates("a");
    openssl.run("pkcs8 -topk8 -nocrypt -in a.pem -outform DER -out a.der");
    openssl.run(&format!(
        "pkcs8 -topk8 -iter 1 -in a.pem -outform DER -passout pass:{PASSWORD} -out e.der"
    ));
    openssl.run(&format!(
        "pkcs12 -export -nomac -iter 1 -inkey a.pem -in a.cer -certfile root.cer \
         -passout pass:{PASSWORD} -out a.p12"
    ));
    let store = TestStore::new();
    let bad = |store: &TestStore, file: &[u8]| {
        // A key that came through, altered where nothing depends on it, goes so that the next one can come.
        let done = [
            store.import(file, Some(PASSWORD)),
            store.import_pkcs12(file, PASSWORD),
        ];
        for id in done.into_iter().flatten() {
            assert!(store.store.unlock(id, PIN).is_ok());
            fs::remove_file(store.path(id, "key")).unwrap();
        }
    };
    for name in ["a.der", "a.pem", "e.der", "a.p12"] {
        let file = openssl.read(name);
        for index in 0..file.len() {
            bad(&store, &file[..index]);
            for byte in [0x00, 0x80, 0xff, file[index] ^ 1, file[index] ^ 0x20] {
                let mut altered = file.clone();
                altered[index] = byte;
                bad(&store, &altered);
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn random_bytes_are_refused(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
        let store = TestStore::new();
        prop_assert!(store.import(&bytes, Some(PASSWORD)).is_err());
        prop_assert!(store.import_pkcs12(&bytes, PASSWORD).is_err());
    }

    #[test]
    fn random_key_mark_and_certificate_files_are_refused(
        bytes in proptest::collection::vec(any::<u8>(), 0..400),
        extension in prop_oneof!["key", "mark", "cer"],
    ) {
        let store = TestStore::new();
        let id = store.create("one");
        fs::write(store.path(id, &extension), &bytes).unwrap();
        let _ = store.store.list().unwrap();
        let _ = store.store.certificates(id);
        let opened = store.store.unlock(id, PIN);
        // A mark that happens to be a small number is one, certificates are no part of unlocking.
        prop_assert!(opened.is_err() || extension != "key");
        prop_assert!(store.store.set_certificate(id, &[bytes]).is_err());
    }
}

#[test]
fn altered_key_files_spend_no_try_and_are_refused() {
    let store = TestStore::new();
    let id = store.create("one");
    let file = fs::read(store.path(id, "key")).unwrap();
    for index in 0..file.len() {
        let mut altered = file.clone();
        altered[index] ^= 0x04;
        fs::write(store.path(id, "key"), &altered).unwrap();
        let refusal = store.store.unlock(id, PIN).unwrap_err();
        assert!(
            matches!(refusal, Error::Damaged { .. } | Error::NewerVersion { .. }),
            "byte {index}: {refusal}"
        );
        assert_eq!(fs::read(store.path(id, "key")).unwrap(), altered);
    }
    fs::write(store.path(id, "key"), &file).unwrap();
    assert!(store.store.unlock(id, PIN).is_ok());
}
