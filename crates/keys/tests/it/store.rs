use crate::openssl::OpenSsl;
use crate::support::{OTHER_PIN, PIN, TestStore, new, open, rng, time};
use gm::{Signer as _, Verifier as _};
use keys::{
    Error, KDF_MEMORY_KIB_MAX, Kdf, KeyId, KeyStore, NewKey, Options, PIN_TRIES_DEFAULT, PIN_TRIES_MAX,
    PinFault,
};
use std::fs;

#[test]
fn a_created_key_is_listed_found_unlocked_and_signs() {
    let store = TestStore::new();
    let ids = [store.create("合同专用章"), store.create("财务专用章")];
    let infos: Vec<_> = store
        .reopened()
        .list()
        .unwrap()
        .into_iter()
        .map(Result::unwrap)
        .collect();
    assert_eq!(infos.len(), 2);
    for (id, label) in ids.into_iter().zip(["合同专用章", "财务专用章"]) {
        let info = store.store.find(label).unwrap();
        assert_eq!(info, store.store.find(&id.to_string()).unwrap());
        assert!(infos.contains(&info));
        assert_eq!((info.id, info.tries_left), (id, PIN_TRIES_DEFAULT));
        assert_eq!(info.created, time("2026-11-21T08:00:00Z"));
        assert_eq!(KeyId::of(&info.public_key), id);
        store.sign(id, b"message");
    }
    assert!(matches!(store.store.find("公章"), Err(Error::NoSuchKey(_))));
    assert!(matches!(
        store.store.find(&"0".repeat(32)),
        Err(Error::NoSuchKey(_))
    ));
    let debug = format!("{:?}", store.store.unlock(ids[0], PIN).unwrap());
    assert_eq!(debug, format!("UnlockedKey {{ id: KeyId({}), .. }}", ids[0]));
}

#[test]
fn a_hedged_key_signs_the_same_message_in_two_ways() {
    let store = TestStore::new();
    let id = store.create("one");
    let key = store.store.unlock(id, PIN).unwrap().hedged(&mut rng());
    let signatures = [key.sign(b"message").unwrap(), key.sign(b"message").unwrap()];
    assert_ne!(signatures[0], signatures[1]);
    for signature in signatures {
        key.public_key().verify(b"message", &signature).unwrap();
    }
}

#[test]
fn the_default_cost_is_64_mib_and_three_passes() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("keys");
    let store = KeyStore::open(&path).unwrap();
    let id = store.create(&new("one"), &mut rng()).unwrap();
    let text = fs::read_to_string(path.join(format!("{id}.key"))).unwrap();
    for field in [
        r#""name": "argon2id""#,
        r#""memory_kib": 65536"#,
        r#""passes": 3"#,
        r#""lanes": 1"#,
    ] {
        assert!(text.contains(field), "{text}");
    }
    assert!(store.unlock(id, PIN).is_ok());
    // A store that makes cheap keys opens dear ones: the cost stands in the file.
    assert!(open(&path).unlock(id, PIN).is_ok());
}

#[test]
fn wrong_pins_count_over_all_openings_of_the_store_and_lock_the_key() {
    let store = TestStore::new();
    let id = store.create("one");
    for left in (0..PIN_TRIES_DEFAULT).rev() {
        match store.reopened().unlock(id, OTHER_PIN) {
            Err(Error::WrongPin {
                left: said,
                tries_max: PIN_TRIES_DEFAULT,
            }) => assert_eq!(said, left),
            other => panic!("{other:?}"),
        }
        assert_eq!(store.store.find("one").unwrap().tries_left, left);
    }
    // Not even the right PIN opens it now, nor a change of PIN.
    let locked = store.store.unlock(id, PIN).unwrap_err();
    assert!(
        locked.to_string().contains("apply to the issuing authority"),
        "{locked}"
    );
    assert!(matches!(locked, Error::Locked { .. }));
    let change = store
        .store
        .change_pin(id, PIN, OTHER_PIN, time("2026-12-01T00:00:00Z"), &mut rng());
    assert!(matches!(change, Err(Error::Locked { .. })));
}

#[test]
fn a_right_pin_sets_the_count_back() {
    let store = TestStore::new();
    let id = store.create("one");
    for _ in 0..3 {
        for _ in 0..PIN_TRIES_DEFAULT - 1 {
            assert!(matches!(
                store.store.unlock(id, OTHER_PIN),
                Err(Error::WrongPin { .. })
            ));
        }
        assert!(store.store.unlock(id, PIN).is_ok());
        assert_eq!(store.store.find("one").unwrap().tries_left, PIN_TRIES_DEFAULT);
    }
}

#[test]
fn many_at_once_have_no_more_tries_than_one() {
    let store = TestStore::new();
    let id = store.create("one");
    let answers: Vec<Result<_, Error>> = std::thread::scope(|scope| {
        let tries: Vec<_> = (0..24)
            .map(|index| {
                let other = store.reopened();
                scope.spawn(move || other.unlock(id, &format!("wrong PIN {index}")))
            })
            .collect();
        tries.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    let wrong = answers
        .iter()
        .filter(|answer| matches!(answer, Err(Error::WrongPin { .. })))
        .count();
    let locked = answers
        .iter()
        .filter(|answer| matches!(answer, Err(Error::Locked { .. })))
        .count();
    assert_eq!(
        (wrong, locked),
        (PIN_TRIES_DEFAULT as usize, 24 - PIN_TRIES_DEFAULT as usize)
    );
}

#[test]
fn many_right_pins_at_once_all_open() {
    let store = TestStore::new();
    let id = store.create("one");
    std::thread::scope(|scope| {
        for _ in 0..8 {
            let other = store.reopened();
            scope.spawn(move || assert!(other.unlock(id, PIN).is_ok()));
        }
    });
    assert_eq!(store.store.find("one").unwrap().tries_left, PIN_TRIES_DEFAULT);
}

#[test]
fn many_at_once_make_one_key_of_a_label() {
    let store = TestStore::new();
    let made = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..8)
            .map(|_| {
                let other = store.reopened();
                scope.spawn(move || other.create(&new("one"), &mut rng()).is_ok())
            })
            .collect();
        threads
            .into_iter()
            .filter(|_| true)
            .map(|thread| thread.join().unwrap())
            .filter(|made| *made)
            .count()
    });
    assert_eq!((made, store.store.list().unwrap().len()), (1, 1));
}

#[test]
fn an_older_key_file_gives_no_fresh_tries() {
    let store = TestStore::new();
    let id = store.create("one");
    let fresh = fs::read(store.path(id, "key")).unwrap();
    for _ in 0..3 {
        let _ = store.store.unlock(id, OTHER_PIN);
    }
    fs::write(store.path(id, "key"), &fresh).unwrap();
    for pin in [PIN, OTHER_PIN] {
        let refusal = store.store.unlock(id, pin).unwrap_err();
        assert!(matches!(refusal, Error::OlderCopy { .. }), "{refusal}");
    }
}

#[test]
fn an_older_key_file_does_not_bring_back_an_older_pin() {
    let store = TestStore::new();
    let id = store.create("one");
    let old_file = fs::read(store.path(id, "key")).unwrap();
    store
        .store
        .change_pin(id, PIN, OTHER_PIN, time("2026-12-01T00:00:00Z"), &mut rng())
        .unwrap();
    fs::write(store.path(id, "key"), old_file).unwrap();
    assert!(matches!(
        store.store.unlock(id, PIN),
        Err(Error::OlderCopy { .. })
    ));
}

#[test]
fn an_older_or_missing_mark_gives_no_fresh_tries() {
    let store = TestStore::new();
    let id = store.create("one");
    let fresh = fs::read(store.path(id, "mark")).unwrap();
    let _ = store.store.unlock(id, OTHER_PIN);
    fs::write(store.path(id, "mark"), &fresh).unwrap();
    assert!(matches!(
        store.store.unlock(id, OTHER_PIN),
        Err(Error::WrongPin { left: 4, .. })
    ));
    for broken in [&b""[..], b"-1\n", b"x\n", b"5", b"99999999999999999999999999\n"] {
        fs::write(store.path(id, "mark"), broken).unwrap();
        assert!(matches!(store.store.unlock(id, PIN), Err(Error::Damaged { .. })));
    }
    fs::remove_file(store.path(id, "mark")).unwrap();
    assert!(matches!(store.store.unlock(id, PIN), Err(Error::Damaged { .. })));
}

#[test]
fn a_backup_of_the_whole_folder_opens() {
    let store = TestStore::new();
    let id = store.create("one");
    let _ = store.store.unlock(id, OTHER_PIN);
    let elsewhere = tempfile::tempdir().unwrap();
    let copy = open(&elsewhere.path().join("keys"));
    for entry in fs::read_dir(store.folder()).unwrap() {
        let entry = entry.unwrap();
        fs::copy(
            entry.path(),
            elsewhere.path().join("keys").join(entry.file_name()),
        )
        .unwrap();
    }
    assert!(copy.unlock(id, PIN).is_ok());
}

#[test]
fn a_changed_pin_takes_the_place_of_the_old_one() {
    let store = TestStore::new();
    let id = store.create("one");
    let later = time("2026-12-01T00:00:00Z");
    let wrong = store
        .store
        .change_pin(id, "some other PIN", OTHER_PIN, later, &mut rng());
    assert!(matches!(wrong, Err(Error::WrongPin { left: 5, .. })));
    store
        .store
        .change_pin(id, PIN, OTHER_PIN, later, &mut rng())
        .unwrap();
    assert!(matches!(
        store.store.unlock(id, PIN),
        Err(Error::WrongPin { left: 5, .. })
    ));
    assert!(store.store.unlock(id, OTHER_PIN).is_ok());
    let info = store.store.find("one").unwrap();
    assert_eq!(
        (info.created, info.pin_changed),
        (time("2026-11-21T08:00:00Z"), later)
    );
    assert!(matches!(
        store
            .store
            .change_pin(id, OTHER_PIN, OTHER_PIN, later, &mut rng()),
        Err(Error::SamePin)
    ));
    assert!(matches!(
        store
            .store
            .change_pin(id, OTHER_PIN, "12345678", later, &mut rng()),
        Err(Error::WeakPin(PinFault::Sequence))
    ));
    // Refusals of the new PIN cost no try.
    assert_eq!(store.store.find("one").unwrap().tries_left, PIN_TRIES_DEFAULT);
}

#[test]
fn weak_pins_bad_labels_and_taken_labels_are_refused_and_leave_nothing() {
    let store = TestStore::new();
    let create = |label, pin| {
        let new = NewKey {
            label,
            pin,
            now: time("2026-11-21T08:00:00Z"),
        };
        store.store.create(&new, &mut rng())
    };
    let weak = create("one", "short").unwrap_err();
    assert_eq!(
        weak.to_string(),
        "the new PIN is too weak: it has 5 characters, at least 8 are needed; choose another"
    );
    assert!(matches!(create("", PIN), Err(Error::BadLabel(_))));
    assert!(matches!(create("a\nb", PIN), Err(Error::BadLabel(_))));
    assert_eq!(fs::read_dir(store.folder()).unwrap().count(), 0);
    create("one", PIN).unwrap();
    assert!(matches!(create("one", PIN), Err(Error::LabelTaken(_))));
    assert_eq!(store.store.list().unwrap().len(), 1);
}

#[test]
fn options_that_files_could_not_carry_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let default = Options::default();
    let dear = Kdf {
        memory_kib: KDF_MEMORY_KIB_MAX + 1,
        ..Kdf::default()
    };
    let none = Kdf {
        memory_kib: 0,
        passes: 0,
        lanes: 0,
    };
    for options in [
        Options { kdf: dear, ..default },
        Options { kdf: none, ..default },
        Options {
            tries_max: 0,
            ..default
        },
        Options {
            tries_max: PIN_TRIES_MAX + 1,
            ..default
        },
    ] {
        let refusal = KeyStore::open_with(&folder.path().join("keys"), options);
        assert!(matches!(refusal, Err(Error::BadOptions(_))), "{options:?}");
    }
}

#[test]
fn one_damaged_file_does_not_hide_the_other_keys() {
    let store = TestStore::new();
    let (damaged, whole) = (store.create("one"), store.create("two"));
    fs::write(store.path(damaged, "key"), b"{}").unwrap();
    fs::write(store.folder().join("notes.key"), b"not a key").unwrap();
    let list = store.store.list().unwrap();
    assert_eq!(list.len(), 2);
    assert_eq!(list[0].as_ref().unwrap().id, whole);
    assert!(matches!(list[1], Err(Error::Damaged { .. })));
    assert!(store.store.find("two").is_ok());
    assert!(matches!(
        store.store.unlock(damaged, PIN),
        Err(Error::Damaged { .. })
    ));
}

#[test]
fn a_key_file_under_another_keys_name_is_refused() {
    let store = TestStore::new();
    let (one, two) = (store.create("one"), store.create("two"));
    fs::copy(store.path(one, "key"), store.path(two, "key")).unwrap();
    assert!(matches!(store.store.unlock(two, PIN), Err(Error::Damaged { .. })));
}

#[test]
fn the_private_key_is_nowhere_in_the_folder_in_clear() {
    let Some(openssl) = OpenSsl::find() else { return };
    openssl.key("a");
    let store = TestStore::new();
    let id = store.import(&openssl.read("a.pem"), None).unwrap();
    store.sign(id, b"message");
    let text = String::from_utf8(openssl.run("pkey -in a.pem -noout -text")).unwrap();
    let digits: String = text
        .split("pub:")
        .next()
        .unwrap()
        .split("priv:")
        .nth(1)
        .unwrap()
        .split([':', ' ', '\n'])
        .collect();
    let secret = hex::decode(&digits).unwrap();
    assert_eq!(secret.len(), 32);
    for entry in fs::read_dir(store.folder()).unwrap() {
        let bytes = fs::read(entry.unwrap().path()).unwrap();
        let text = String::from_utf8_lossy(&bytes).to_lowercase();
        // Whole or in eight-byte pieces, as bytes or as hex.
        for piece in secret.chunks(8) {
            assert!(!bytes.windows(8).any(|window| window == piece));
            assert!(!text.contains(&hex::encode(piece)));
        }
    }
}

#[test]
fn a_certificate_is_kept_only_with_its_own_key() {
    let Some(openssl) = OpenSsl::find() else { return };
    openssl.key("a");
    let chain = openssl.certificates("a");
    let store = TestStore::new();
    let id = store.import(&openssl.read("a.pem"), None).unwrap();
    let other = store.create("other");
    assert!(store.store.certificates(id).unwrap().is_empty());
    store.store.set_certificate(id, &chain).unwrap();
    assert_eq!(store.reopened().certificates(id).unwrap(), chain);
    // Renewal puts the new chain in the place of the old one.
    store.store.set_certificate(id, &chain[..1]).unwrap();
    assert_eq!(store.store.certificates(id).unwrap(), chain[..1]);

    assert!(matches!(
        store.store.set_certificate(other, &chain),
        Err(Error::CertificateOfAnotherKey)
    ));
    let swapped = [chain[1].clone(), chain[0].clone()];
    assert!(matches!(
        store.store.set_certificate(id, &swapped),
        Err(Error::CertificateOfAnotherKey)
    ));
    let junk = [chain[0].clone(), b"junk".to_vec()];
    assert!(matches!(
        store.store.set_certificate(id, &junk),
        Err(Error::BadCertificate { index: 1 })
    ));
    assert!(matches!(
        store.store.set_certificate(id, &[]),
        Err(Error::BadChain)
    ));
    assert!(matches!(
        store.store.set_certificate(id, &vec![chain[0].clone(); 17]),
        Err(Error::BadChain)
    ));

    fs::copy(store.path(id, "cer"), store.path(other, "cer")).unwrap();
    assert!(matches!(
        store.store.certificates(other),
        Err(Error::Damaged { .. })
    ));
    assert!(store.store.unlock(other, PIN).unwrap().sign(b"message").is_ok());
}

#[test]
fn every_error_has_its_own_code() {
    let errors = [
        Error::NoKey,
        Error::PasswordNeeded,
        Error::WrongPassword,
        Error::SamePin,
        Error::BadChain,
        Error::HalvesDiffer,
        Error::TooManyIterations,
        Error::CertificateOfAnotherKey,
        Error::WeakPin(PinFault::Sequence),
    ];
    let codes: std::collections::BTreeSet<_> = errors.iter().map(Error::code).collect();
    assert_eq!(codes.len(), errors.len());
}
