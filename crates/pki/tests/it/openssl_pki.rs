//! What we make, as OpenSSL sees it. Skipped loudly where there is no OpenSSL.

use std::path::Path;
use std::process::Command;

use pki::{Certificate, CertificateTemplate, CrlTemplate, RevokedCertificate, issue_crl, write_pem};
use tempfile::TempDir;

use crate::support::{chain, name, now, time, validity};

/// Standard output and whether it succeeded; `None` when there is no OpenSSL.
pub(crate) fn openssl(folder: &Path, arguments: &[&str]) -> Option<(String, bool)> {
    match Command::new("openssl")
        .args(arguments)
        .current_dir(folder)
        .output()
    {
        Ok(output) => {
            let text = [output.stdout, output.stderr].concat();
            Some((
                String::from_utf8_lossy(&text).into_owned(),
                output.status.success(),
            ))
        }
        Err(_) => {
            eprintln!("SKIPPED: openssl not found");
            None
        }
    }
}

fn write(folder: &TempDir, file: &str, certificate: &Certificate) {
    std::fs::write(
        folder.path().join(file),
        write_pem("CERTIFICATE", certificate.der()),
    )
    .unwrap();
}

const VERIFY: [&str; 6] = [
    "verify",
    "-partial_chain",
    "-vfyopt",
    "distid:1234567812345678",
    "-attime",
    "1781496000",
];

#[test]
fn chains_verify() {
    let pki = chain();
    let folder = TempDir::new().unwrap();
    write(&folder, "root.pem", &pki.root.certificate);
    write(&folder, "sub.pem", &pki.sub.certificate);
    write(&folder, "leaf.pem", &pki.leaf.certificate);
    let below_root = pki.root.issues_signer("leaf below root", 7);
    write(&folder, "below-root.pem", &below_root.certificate);
    assert_eq!(now().as_second(), 1_781_496_000);
    // OpenSSL 3.0 sets the identity for the last certificate only, so the steps are checked one by one.
    for (arguments, expected) in [
        (&["-CAfile", "root.pem", "below-root.pem"][..], true),
        (&["-CAfile", "root.pem", "sub.pem"], true),
        (&["-CAfile", "sub.pem", "leaf.pem"], true),
        (&["-CAfile", "root.pem", "leaf.pem"], false),
    ] {
        let Some((text, good)) = openssl(folder.path(), &[&VERIFY, arguments].concat()) else {
            return;
        };
        assert_eq!(good, expected, "{arguments:?}: {text}");
    }
}

#[test]
fn certificates_print() {
    let pki = chain();
    let folder = TempDir::new().unwrap();
    let mut template = CertificateTemplate::timestamping(name("TSA"), &[0xab, 0xcd], validity());
    template.crl_addresses = vec!["http://example.cn/1.crl".into()];
    write(&folder, "tsa.pem", &pki.sub.issues(template, 7).certificate);
    let ca = CertificateTemplate::ca(name("CA"), &[9], validity(), Some(2));
    write(&folder, "ca.pem", &pki.root.issues(ca, 8).certificate);
    let print = [
        "x509",
        "-noout",
        "-text",
        "-nameopt",
        "utf8,sep_comma_plus_space",
        "-in",
    ];
    let Some((text, good)) = openssl(folder.path(), &[&print[..], &["tsa.pem"]].concat()) else {
        return;
    };
    assert!(good, "{text}");
    for expected in [
        "Version: 3 (0x2)",
        "Serial Number: 43981 (0xabcd)",
        "Signature Algorithm: SM2-with-SM3",
        "Issuer: C=CN, O=印信测试, CN=Issuing CA",
        "Not Before: Jan  1 00:00:00 2020 GMT",
        "Not After : Jan  1 00:00:00 2040 GMT",
        "ASN1 OID: SM2",
        "X509v3 Key Usage: critical\n                Digital Signature, Non Repudiation",
        "X509v3 Extended Key Usage: critical\n                Time Stamping",
        "X509v3 Basic Constraints: critical\n                CA:FALSE",
        "URI:http://example.cn/1.crl",
        "X509v3 Authority Key Identifier",
        "X509v3 Subject Key Identifier",
    ] {
        assert!(text.contains(expected), "{expected} is missing in\n{text}");
    }
    let (text, _) = openssl(folder.path(), &[&print[..], &["ca.pem"]].concat()).unwrap();
    assert!(text.contains("CA:TRUE, pathlen:2"), "{text}");
    assert!(text.contains("Certificate Sign, CRL Sign"), "{text}");
}

#[test]
fn lists_print() {
    let pki = chain();
    let folder = TempDir::new().unwrap();
    let template = CrlTemplate {
        this_update: time("2026-06-01T00:00:00Z"),
        next_update: Some(time("2026-07-01T00:00:00Z")),
        number: 300,
        revoked: vec![RevokedCertificate {
            serial: vec![0xab, 0xcd],
            at: time("2026-05-01T00:00:00Z"),
            reason: Some(1),
        }],
        extensions: vec![],
    };
    let crl = issue_crl(&template, &pki.sub.certificate, &pki.sub.key).unwrap();
    std::fs::write(folder.path().join("crl.pem"), write_pem("X509 CRL", crl.der())).unwrap();
    let Some((text, good)) = openssl(folder.path(), &["crl", "-noout", "-text", "-in", "crl.pem"]) else {
        return;
    };
    assert!(good, "{text}");
    for expected in [
        "Version 2 (0x1)",
        "Signature Algorithm: SM2-with-SM3",
        "Last Update: Jun  1 00:00:00 2026 GMT",
        "Next Update: Jul  1 00:00:00 2026 GMT",
        "X509v3 CRL Number: \n                300",
        "Serial Number: ABCD",
        "Revocation Date: May  1 00:00:00 2026 GMT",
        "Key Compromise",
    ] {
        assert!(text.contains(expected), "{expected} is missing in\n{text}");
    }
}
