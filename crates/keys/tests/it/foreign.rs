//! RSA and ECDSA keys of OpenSSL, and what they sign, judged by OpenSSL.

use keys::{Error, ForeignKey, ForeignKind, RsaPadding};

use crate::openssl::OpenSsl;
use crate::support::rng;

const PASSWORD: &str = "file-password";

/// OpenSSL accepts what the key of this file signs, in every way that it can sign.
#[track_caller]
fn signs(openssl: &OpenSsl, kind: ForeignKind, file: &[u8], password: Option<&str>) {
    let (key, _) = ForeignKey::read(file, password).unwrap();
    assert_eq!(key.kind(), kind);
    openssl.write("message", b"message");
    let paddings = match kind {
        ForeignKind::Rsa => &[RsaPadding::Pkcs1, RsaPadding::Pss][..],
        _ => &[RsaPadding::Pkcs1],
    };
    for hash in ["sha256", "sha384", "sha512"] {
        let digest = openssl.run(&format!("dgst -{hash} -binary message"));
        for padding in paddings {
            let signature = key.sign(&digest, *padding, &mut rng()).unwrap();
            openssl.write("signature", &signature);
            let option = match padding {
                RsaPadding::Pkcs1 => "",
                RsaPadding::Pss => "-sigopt rsa_padding_mode:pss -sigopt rsa_pss_saltlen:digest",
            };
            openssl.run(&format!(
                "dgst -{hash} {option} -verify a.pub -signature signature message"
            ));
        }
    }
    assert!(
        matches!(
            key.sign(&[0; 20], RsaPadding::Pss, &mut rng()),
            Err(Error::Malformed(_))
        ) || kind != ForeignKind::Rsa
    );
}

#[test]
fn keys_of_every_kind_sign_what_openssl_verifies() {
    let Some(openssl) = OpenSsl::find() else { return };
    let kinds = [
        (ForeignKind::Rsa, "RSA -pkeyopt rsa_keygen_bits:2048"),
        (ForeignKind::P256, "EC -pkeyopt ec_paramgen_curve:P-256"),
        (ForeignKind::P384, "EC -pkeyopt ec_paramgen_curve:P-384"),
    ];
    for (kind, options) in kinds {
        openssl.run(&format!("genpkey -algorithm {options} -out a.pem"));
        openssl.run("pkey -in a.pem -pubout -out a.pub");
        openssl.run("pkey -in a.pem -traditional -out bare.pem");
        openssl.run(&format!(
            "pkcs8 -topk8 -in a.pem -outform DER -v2 aes-256-cbc -iter 2000 -passout pass:{PASSWORD} -out a.p8"
        ));
        openssl.run("req -new -x509 -key a.pem -subj /CN=Unit -days 30 -out a.cer");
        openssl.run(&format!(
            "pkcs12 -export -inkey a.pem -in a.cer -passout pass:{PASSWORD} -out a.p12"
        ));
        signs(&openssl, kind, &openssl.read("a.pem"), None);
        signs(&openssl, kind, &openssl.read("bare.pem"), None);
        signs(&openssl, kind, &openssl.read("a.p8"), Some(PASSWORD));
        let file = openssl.read("a.p12");
        signs(&openssl, kind, &file, Some(PASSWORD));
        let (_, certificates) = ForeignKey::read(&file, Some(PASSWORD)).unwrap();
        assert_eq!(certificates, [openssl.run("x509 -in a.cer -outform DER")]);
        assert!(matches!(
            ForeignKey::read(&file, None),
            Err(Error::PasswordNeeded)
        ));
        assert!(matches!(
            ForeignKey::read(&file, Some("wrong")),
            Err(Error::WrongPassword)
        ));
    }
}

#[test]
fn keys_that_do_not_sign_here_are_refused() {
    let Some(openssl) = OpenSsl::find() else { return };
    for options in [
        "RSA -pkeyopt rsa_keygen_bits:1024",
        "EC -pkeyopt ec_paramgen_curve:P-521",
        "SM2",
        "ED25519",
    ] {
        openssl.run(&format!("genpkey -algorithm {options} -out a.pem"));
        let refused = ForeignKey::read(&openssl.read("a.pem"), None);
        assert!(matches!(refused, Err(Error::Unsupported { .. })), "{options}");
    }
    let mut key = openssl.run("genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:2048 -outform DER");
    let last = key.len() - 400;
    key[last] ^= 1;
    assert!(
        ForeignKey::read(&key, None).is_err(),
        "a number of the key was changed"
    );
    for bytes in [
        &b""[..],
        b"0",
        b"\x30\x80",
        b"-----BEGIN PRIVATE KEY-----\n-----END PRIVATE KEY-----\n",
    ] {
        assert!(ForeignKey::read(bytes, Some("x")).is_err());
    }
}
