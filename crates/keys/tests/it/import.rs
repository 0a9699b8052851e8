use crate::der::{as_old_ber, is_sequence, sequence, split, value};
use crate::openssl::{OpenSsl, skipped};
use crate::support::TestStore;
use keys::Error;

const PASSWORD: &str = "file-password";

/// Imports the PKCS#8 file `NAME` and signs; OpenSSL verifies under `a.pub`.
#[track_caller]
fn signs(openssl: &OpenSsl, point: &[u8], file: &[u8], password: Option<&str>) {
    let store = TestStore::new();
    let id = store.import(file, password).unwrap();
    assert_eq!(store.store.find("imported").unwrap().public_key.to_sec1(), point);
    assert!(openssl.verifies("a", b"message", &store.sign(id, b"message")));
}

#[test]
fn plain_keys_of_openssl_are_imported_and_sign() {
    let Some(openssl) = OpenSsl::find() else { return };
    let point = openssl.key("a");
    openssl.run("pkcs8 -topk8 -nocrypt -in a.pem -outform DER -out a.der");
    openssl.run("ec -in a.pem -out bare.pem");
    openssl.run("ec -in a.pem -outform DER -out bare.der");
    openssl.run("ec -in a.pem -no_public -out half.pem");
    for name in ["a.pem", "a.der", "bare.pem", "bare.der", "half.pem"] {
        signs(&openssl, &point, &openssl.read(name), None);
    }
    // Parameters before the key, Windows line ends, text around the blocks.
    let parameters =
        b"-----BEGIN SM2 PARAMETERS-----\r\nBggqgRzPVQGCLQ==\r\n-----END SM2 PARAMETERS-----\r\n";
    let key = String::from_utf8(openssl.read("bare.pem"))
        .unwrap()
        .replace('\n', "\r\n");
    signs(
        &openssl,
        &point,
        &[b"key of the unit\n", &parameters[..], key.as_bytes(), b"end"].concat(),
        None,
    );
}

#[test]
fn encrypted_keys_of_openssl_are_imported_and_sign() {
    let Some(openssl) = OpenSsl::find() else { return };
    let point = openssl.key("a");
    let mut options = Vec::new();
    for cipher in ["aes-128-cbc", "aes-192-cbc", "aes-256-cbc", "sm4-cbc", "des3"] {
        for prf in ["hmacWithSHA1", "hmacWithSHA256"] {
            options.push(format!("-v2 {cipher} -v2prf {prf}"));
        }
    }
    for prf in ["hmacWithSHA224", "hmacWithSHA384", "hmacWithSHA512"] {
        options.push(format!("-v2 aes-256-cbc -v2prf {prf} -iter 10000"));
    }
    options.push("-v1 PBE-SHA1-3DES".into());
    options.push("-v1 PBE-SHA1-2DES".into());
    for legacy in ["PBE-SHA1-RC2-128", "PBE-SHA1-RC2-40"] {
        options.push(format!("-v1 {legacy} -provider legacy -provider default"));
    }
    for option in options {
        for form in ["PEM", "DER"] {
            let made = openssl.try_run(&format!(
                "pkcs8 -topk8 {option} -in a.pem -outform {form} -passout pass:{PASSWORD} -out e"
            ));
            if let Err(error) = made {
                assert!(option.contains("legacy"), "{option}: {error}");
                skipped("openssl without its legacy provider");
                continue;
            }
            let file = openssl.read("e");
            signs(&openssl, &point, &file, Some(PASSWORD));
            let store = TestStore::new();
            let wrong = store.import(&file, Some("another password")).unwrap_err();
            assert!(matches!(wrong, Error::WrongPassword), "{option}: {wrong}");
            assert!(matches!(store.import(&file, None), Err(Error::PasswordNeeded)));
            assert!(store.store.list().unwrap().is_empty());
        }
    }
}

/// PBES2 with PBKDF2-HMAC-SM3 and SM4-CBC, which OpenSSL 3.0 computes but does not write.
#[test]
fn keys_encrypted_in_the_manner_of_gmssl_are_imported_and_sign() {
    let Some(openssl) = OpenSsl::find() else { return };
    let point = openssl.key("a");
    openssl.run("pkcs8 -topk8 -nocrypt -in a.pem -outform DER -out a.der");
    let (salt, iv, iterations) = ("0102030405060708", "000102030405060708090a0b0c0d0e0f", 65536);
    let key = openssl.run(&format!(
        "kdf -keylen 16 -kdfopt digest:SM3 -kdfopt pass:{PASSWORD} -kdfopt hexsalt:{salt} \
         -kdfopt iter:{iterations} \
         PBKDF2"
    ));
    let key: String = String::from_utf8(key).unwrap().trim().replace(':', "");
    openssl.run(&format!("enc -sm4-cbc -K {key} -iv {iv} -in a.der -out a.sm4"));
    let oid = |hex: &str| value(0x06, &hex::decode(hex).unwrap());
    let (pbes2, pbkdf2) = (oid("2a864886f70d01050d"), oid("2a864886f70d01050c"));
    let (gm_pbes2, gm_pbkdf2) = (oid("2a811ccf55060104010502"), oid("2a811ccf55060104010501"));
    // HMAC-SM3 as GM/T 0091 and OpenSSL, as GmSSL, and as others number it.
    for prf in ["2a811ccf550183110301", "2a811ccf5501831102", "2a811ccf55018311"] {
        for (scheme, derivation) in [(&pbes2, &pbkdf2), (&gm_pbes2, &gm_pbkdf2)] {
            for key_length in [&b""[..], &[0x02, 1, 16]] {
                let parameters = sequence(&[
                    &value(0x04, &hex::decode(salt).unwrap()),
                    &[0x02, 3, 1, 0, 0],
                    key_length,
                    &sequence(&[&oid(prf)]),
                ]);
                let cipher = sequence(&[&oid("2a811ccf55016802"), &value(0x04, &hex::decode(iv).unwrap())]);
                let file = sequence(&[
                    &sequence(&[
                        scheme,
                        &sequence(&[&sequence(&[derivation, &parameters]), &cipher]),
                    ]),
                    &value(0x04, &openssl.read("a.sm4")),
                ]);
                signs(&openssl, &point, &file, Some(PASSWORD));
            }
        }
    }
}

/// GM/T 0009 knows the private key as an INTEGER; some toolkits put that in the place of the ECPrivateKey.
#[test]
fn a_bare_integer_in_pkcs8_is_imported() {
    let Some(openssl) = OpenSsl::find() else { return };
    let point = openssl.key("a");
    let der = openssl.run("pkcs8 -topk8 -nocrypt -in a.pem -outform DER");
    let (_, fields, _) = split(&der);
    let (_, _, after_version) = split(fields);
    let (_, algorithm, after_algorithm) = split(after_version);
    let (_, ec_key, _) = split(after_algorithm);
    let (_, ec_fields, _) = split(ec_key);
    let (_, secret, _) = split(split(ec_fields).2);
    let number = value(0x02, &[&[0], secret].concat());
    let sm2 = sequence(&[&value(0x06, &hex::decode("2a811ccf5501822d").unwrap())]);
    for algorithm in [value(0x30, algorithm), sm2] {
        let file = sequence(&[&[0x02, 1, 0], &algorithm, &value(0x04, &number)]);
        signs(&openssl, &point, &file, None);
    }
}

#[test]
fn keys_that_are_not_sm2_are_named_and_refused() {
    let Some(openssl) = OpenSsl::find() else { return };
    let store = TestStore::new();
    openssl.run("genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out p256.pem");
    openssl.run("genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:2048 -out rsa.pem");
    openssl.run("genpkey -algorithm ed25519 -out ed.pem");
    for (name, oid) in [
        ("p256", "1.2.840.10045.3.1.7"),
        ("rsa", "1.2.840.113549.1.1.1"),
        ("ed", "1.3.101.112"),
    ] {
        let refusal = store
            .import(&openssl.read(&format!("{name}.pem")), None)
            .unwrap_err();
        assert!(
            matches!(&refusal, Error::NotSm2(named) if named == oid),
            "{name}: {refusal}"
        );
    }
}

#[test]
fn unsupported_protections_are_named() {
    let Some(openssl) = OpenSsl::find() else { return };
    openssl.key("a");
    let store = TestStore::new();
    openssl.run(&format!(
        "pkcs8 -topk8 -scrypt -in a.pem -passout pass:{PASSWORD} -out scrypt.pem"
    ));
    let refusal = store
        .import(&openssl.read("scrypt.pem"), Some(PASSWORD))
        .unwrap_err();
    assert_eq!(
        refusal.to_string(),
        "the key file uses something not supported: key derivation 1.3.6.1.4.1.11591.4.11"
    );
    openssl.run(&format!(
        "ec -in a.pem -aes128 -passout pass:{PASSWORD} -out old.pem"
    ));
    let refusal = store
        .import(&openssl.read("old.pem"), Some(PASSWORD))
        .unwrap_err();
    assert!(refusal.to_string().contains("openssl pkcs8 -topk8"), "{refusal}");
}

#[test]
fn a_key_whose_halves_differ_is_refused() {
    let Some(openssl) = OpenSsl::find() else { return };
    let point = openssl.key("a");
    let other = openssl.key("b");
    let der = openssl.run("pkey -in a.pem -outform DER");
    let start = der.windows(65).position(|window| window == point).unwrap();
    let mut mixed = der.clone();
    mixed[start..start + 65].copy_from_slice(&other);
    assert!(matches!(
        TestStore::new().import(&mixed, None),
        Err(Error::HalvesDiffer)
    ));
}

#[test]
fn the_same_key_is_not_taken_twice() {
    let Some(openssl) = OpenSsl::find() else { return };
    openssl.key("a");
    let store = TestStore::new();
    let id = store.import(&openssl.read("a.pem"), None).unwrap();
    match store.import(&openssl.read("a.pem"), None) {
        Err(Error::KeyExists { id: existing, label }) => {
            assert_eq!((existing, label.as_str()), (id, "imported"))
        }
        other => panic!("{other:?}"),
    }
}

/// Imports, signs and compares the chain.
#[track_caller]
fn pkcs12_signs(openssl: &OpenSsl, file: &[u8], password: &str, chain: &[Vec<u8>]) {
    let store = TestStore::new();
    let id = store.import_pkcs12(file, password).unwrap();
    assert!(openssl.verifies("a", b"message", &store.sign(id, b"message")));
    assert_eq!(store.store.certificates(id).unwrap(), chain);
}

const PKCS12_OPTIONS: [&str; 8] = [
    "",
    "-legacy",
    "-legacy -keypbe PBE-SHA1-RC2-128 -certpbe PBE-SHA1-3DES",
    "-keypbe PBE-SHA1-3DES -certpbe PBE-SHA1-2DES -macalg sha1",
    "-keypbe sm4-cbc -certpbe sm4-cbc -macalg sm3",
    "-keypbe aes-128-cbc -certpbe NONE -macalg sha512 -iter 1 -maciter",
    "-macalg sha384 -iter 5000",
    "-nomac",
];

#[test]
fn pkcs12_files_of_openssl_are_imported_with_their_chain_and_sign() {
    let Some(openssl) = OpenSsl::find() else { return };
    openssl.key("a");
    let chain = openssl.certificates("a");
    for option in PKCS12_OPTIONS {
        for with_root in [true, false] {
            let more = if with_root { "-certfile root.cer" } else { "" };
            let made = openssl.try_run(&format!(
                "pkcs12 -export {option} -inkey a.pem -in a.cer {more} -passout pass:{PASSWORD} -out a.p12"
            ));
            if let Err(error) = made {
                assert!(option.contains("legacy"), "{option}: {error}");
                skipped("openssl without its legacy provider");
                continue;
            }
            let file = openssl.read("a.p12");
            let expected = if with_root { &chain[..] } else { &chain[..1] };
            pkcs12_signs(&openssl, &file, PASSWORD, expected);
            // As tools wrote it that stream: indefinite lengths and strings in segments.
            pkcs12_signs(&openssl, &as_old_ber(&file, &|_| false), PASSWORD, expected);
            let store = TestStore::new();
            let wrong = store.import_pkcs12(&file, "another password").unwrap_err();
            assert!(matches!(wrong, Error::WrongPassword), "{option}: {wrong}");
            assert_eq!(std::fs::read_dir(store.folder()).unwrap().count(), 0);
        }
    }
}

/// Without a MAC nothing depends on the bytes inside, so that they can be reshaped as well.
#[test]
fn ber_inside_a_pkcs12_file_is_read() {
    let Some(openssl) = OpenSsl::find() else { return };
    openssl.key("a");
    let chain = openssl.certificates("a");
    openssl.run(&format!(
        "pkcs12 -export -nomac -certpbe NONE -inkey a.pem -in a.cer -passout pass:{PASSWORD} -out a.p12"
    ));
    // Certificates stay as they were signed; salts, identifiers and ciphertext are random, and can begin like a
    // SEQUENCE.
    let inside = |contents: &[u8]| is_sequence(contents) && !chain.iter().any(|der| der == contents);
    pkcs12_signs(
        &openssl,
        &as_old_ber(&openssl.read("a.p12"), &inside),
        PASSWORD,
        &chain[..1],
    );
}

#[test]
fn empty_and_chinese_passwords_open_pkcs12_files() {
    let Some(openssl) = OpenSsl::find() else { return };
    openssl.key("a");
    let chain = openssl.certificates("a");
    for password in ["", "口令", "pässwörd"] {
        for option in ["", "-keypbe PBE-SHA1-3DES -certpbe PBE-SHA1-3DES"] {
            openssl.run(&format!(
                "pkcs12 -export {option} -inkey a.pem -in a.cer -passout pass:{password} -out a.p12"
            ));
            pkcs12_signs(&openssl, &openssl.read("a.p12"), password, &chain[..1]);
        }
    }
}

#[test]
fn pkcs12_files_without_a_usable_key_are_told_apart() {
    let Some(openssl) = OpenSsl::find() else { return };
    openssl.key("a");
    openssl.certificates("a");
    let store = TestStore::new();
    openssl.run(&format!(
        "pkcs12 -export -nokeys -in a.cer -passout pass:{PASSWORD} -out none.p12"
    ));
    assert!(matches!(
        store.import_pkcs12(&openssl.read("none.p12"), PASSWORD),
        Err(Error::NoKey)
    ));
    openssl.run("req -x509 -newkey rsa:2048 -nodes -keyout rsa.pem -subj /CN=rsa -out rsa.cer");
    openssl.run(&format!(
        "pkcs12 -export -inkey rsa.pem -in rsa.cer -passout pass:{PASSWORD} -out rsa.p12"
    ));
    assert!(matches!(
        store.import_pkcs12(&openssl.read("rsa.p12"), PASSWORD),
        Err(Error::NotSm2(_))
    ));
    assert!(matches!(
        store.import_pkcs12(&openssl.read("a.pem"), PASSWORD),
        Err(Error::Malformed(_))
    ));
}

#[test]
fn a_pkcs12_file_altered_anywhere_under_its_mac_is_refused() {
    let Some(openssl) = OpenSsl::find() else { return };
    openssl.key("a");
    openssl.certificates("a");
    openssl.run(&format!(
        "pkcs12 -export -iter 1 -inkey a.pem -in a.cer -passout pass:{PASSWORD} -out a.p12"
    ));
    let file = openssl.read("a.p12");
    let (_, fields, _) = split(&file);
    let (_, safe, _) = split(split(fields).2);
    let start = file
        .windows(safe.len())
        .position(|window| window == safe)
        .unwrap();
    let store = TestStore::new();
    for index in start..start + safe.len() {
        let mut altered = file.clone();
        altered[index] ^= 1;
        assert!(store.import_pkcs12(&altered, PASSWORD).is_err(), "byte {index}");
    }
}
