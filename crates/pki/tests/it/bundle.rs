//! Files of certificates in all their forms.

use base64::Engine as _;
use pki::asn1::{self, write};
use pki::{Certificate, Error, oid, read_certificates, write_pem};

use crate::support::{Chain, chain};

fn certificates(pki: &Chain) -> Vec<Certificate> {
    [&pki.root, &pki.sub, &pki.leaf]
        .map(|identity| identity.certificate.clone())
        .to_vec()
}

fn bundle(kind: &pki::ObjectIdentifier, certificates: &[Certificate]) -> Vec<u8> {
    let set: Vec<u8> = certificates
        .iter()
        .flat_map(|certificate| certificate.der().to_vec())
        .collect();
    let signed_data = write::sequence(&[
        &write::unsigned(1),
        &write::set_of(vec![]),
        &write::sequence(&[&write::oid(&oid::DATA)]),
        &write::explicit(0, &set),
        &write::set_of(vec![]),
    ]);
    write::sequence(&[&write::oid(kind), &write::explicit(0, &signed_data)])
}

#[test]
fn all_forms_are_read() {
    let expected = certificates(&chain());
    let der: Vec<u8> = expected
        .iter()
        .flat_map(|certificate| certificate.der().to_vec())
        .collect();
    let pem: String = expected
        .iter()
        .map(|certificate| write_pem("CERTIFICATE", certificate.der()))
        .collect();
    let windows = format!("\u{feff}subject=x\r\n{}", pem.replace('\n', "\r\n"));
    let p7b = bundle(&oid::SIGNED_DATA, &expected);
    let gm = bundle(&oid::GM_SIGNED_DATA, &expected);
    let p7b_pem = write_pem("PKCS7", &p7b);
    let ber = [&[0x30, 0x80][..], &p7b[4..], &[0, 0]].concat();
    for file in [
        &der[..],
        pem.as_bytes(),
        windows.as_bytes(),
        &p7b,
        &gm,
        p7b_pem.as_bytes(),
        &ber,
    ] {
        assert_eq!(read_certificates(file).unwrap(), expected);
    }
    let base64 = base64::engine::general_purpose::STANDARD.encode(expected[0].der());
    assert_eq!(read_certificates(base64.as_bytes()).unwrap(), expected[..1]);
}

#[track_caller]
fn wrong(file: &[u8], expected: &str) {
    match read_certificates(file).unwrap_err() {
        Error::WrongKind { found, .. } => assert_eq!(found, expected),
        other => panic!("{other}"),
    }
}

#[test]
fn other_files_are_called_by_their_name() {
    let pki = chain();
    wrong(b"hello world, this is no certificate", "something else");
    wrong(
        &bundle(&oid::SIGNED_DATA, &[]),
        "a signed message without certificates",
    );
    wrong(write_pem("EC PRIVATE KEY", &[1]).as_bytes(), "a private key");
    wrong(
        write_pem("CERTIFICATE REQUEST", &[1]).as_bytes(),
        "a certificate request",
    );
    let template = pki::CrlTemplate {
        this_update: pki.root.certificate.not_before(),
        next_update: None,
        number: 1,
        revoked: vec![],
        extensions: vec![],
    };
    let crl = pki::issue_crl(&template, &pki.root.certificate, &pki.root.key).unwrap();
    wrong(crl.der(), "a revocation list");
    let request = write::sequence(&[
        &write::sequence(&[
            &write::unsigned(0),
            pki.leaf.certificate.subject().der(),
            &write::sequence(&[]),
            &write::explicit(0, &[]),
        ]),
        &write::sequence(&[]),
    ]);
    wrong(&request, "a certificate request");
    wrong(
        &write::sequence(&[&write::unsigned(3), &write::null()]),
        "a private key or a PKCS#12 file",
    );
    assert_eq!(
        read_certificates(&[]),
        Err(Error::Empty {
            what: "the file of certificates"
        })
    );
}

#[test]
fn a_damaged_certificate_says_what_is_wrong() {
    let pki = chain();
    let mut der = pki.leaf.certificate.der().to_vec();
    der.truncate(der.len() - 1);
    assert!(matches!(read_certificates(&der), Err(Error::Truncated { .. })));
    let pem = write_pem("CERTIFICATE", &write::tlv(asn1::SEQUENCE, &[5, 0]));
    let error = read_certificates(pem.as_bytes()).unwrap_err();
    assert!(
        matches!(
            error,
            Error::UnexpectedTag {
                what: "TBSCertificate",
                ..
            }
        ),
        "{error}"
    );
}
