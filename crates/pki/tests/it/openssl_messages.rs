//! What we write, judged by OpenSSL 3.

use std::path::Path;

use gm::Signer as _;
use pki::asn1::{self, write};
use pki::{
    CertificateRequest, Name, ObjectIdentifier, SignedData, SignedDataShape, TimestampRequest, issue_token,
    oid, write_signed_data,
};

use crate::fixture::{TestPki, noon};
use crate::support::key;

/// Runs openssl in `folder`: its output and errors as text, and whether it succeeded. None when there is none.
fn openssl(folder: &Path, arguments: &str) -> Option<(String, bool)> {
    crate::openssl_pki::openssl(folder, &arguments.split(' ').collect::<Vec<_>>())
}

/// A folder with these files in it.
fn folder(files: &[(&str, &[u8])]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (name, bytes) in files {
        std::fs::write(folder.path().join(name), bytes).unwrap();
    }
    folder
}

#[test]
fn openssl_verifies_our_certificate_request() {
    let subject = Name::from_pairs([("C", "CN"), ("O", "测试机构"), ("CN", "11010500000001")]).unwrap();
    let request = CertificateRequest::sign(&subject, &key(7)).unwrap();
    let folder = folder(&[("request.pem", request.to_pem().as_bytes())]);
    let arguments = "req -in request.pem -verify -vfyopt distid:1234567812345678 -noout -text";
    let Some((text, success)) = openssl(folder.path(), arguments) else {
        return;
    };
    assert!(success && text.contains("verify OK"), "{text}");
    assert!(text.contains("Signature Algorithm: SM2-with-SM3"), "{text}");
}

#[test]
fn openssl_reads_our_time_stamp_request() {
    let request = TimestampRequest::new(b"stamped", Some(0x1234), true);
    let folder = folder(&[("request.tsq", request.der())]);
    let Some((text, success)) = openssl(folder.path(), "ts -query -in request.tsq -text") else {
        return;
    };
    assert!(success, "{text}");
    assert!(
        text.contains("Hash Algorithm: sm3") && text.contains("Nonce: 0x1234"),
        "{text}"
    );
}

/// OpenSSL takes no token with the object identifier of GB/T 35275, which nothing signs: it is replaced.
#[test]
fn openssl_reads_our_time_stamp_response() {
    let pki = TestPki::new();
    let request = TimestampRequest::new(b"stamped", Some(0x1234), true);
    let policy = ObjectIdentifier::new_unwrap("1.2.3.4.5");
    let (tsa, tsa_key) = (&pki.tsa.certificate, &pki.tsa.key);
    let chain = [pki.root.certificate.clone()];
    let response = issue_token(&request, &[0x77], noon(), &policy, tsa, &chain, tsa_key).unwrap();
    let mut fields = asn1::read_single(&response, asn1::SEQUENCE, "response")
        .unwrap()
        .children();
    let status = fields.next("status").unwrap();
    let mut token = fields.next("token").unwrap().children();
    assert_eq!(token.next("type").unwrap().oid("type"), Ok(oid::GM_SIGNED_DATA));
    let token = write::sequence(&[&write::oid(&oid::SIGNED_DATA), token.rest()]);
    let response_pkcs7 = write::sequence(&[status.raw, &token]);
    let folder = folder(&[("response.tsr", &response_pkcs7), ("response.der", &response)]);
    let Some((text, success)) = openssl(folder.path(), "ts -reply -in response.tsr -text") else {
        return;
    };
    assert!(success, "{text}");
    for line in [
        "Status: Granted.",
        "Policy OID: 1.2.3.4.5",
        "Hash Algorithm: sm3",
        "Serial number: 0x77",
        "Time stamp: Mar  4 04:00:00 2026 GMT",
        "Nonce: 0x1234",
        "TSA: DirName:/C=CN",
    ] {
        assert!(text.contains(line), "{line} is missing in {text}");
    }
    let (text, success) = openssl(folder.path(), "asn1parse -inform DER -in response.der").unwrap();
    assert!(success && text.contains(":1.2.156.10197.6.1.4.2.2"), "{text}");
    assert!(
        text.contains(":id-smime-ct-TSTInfo") && text.contains(":id-smime-aa-signingCertificateV2"),
        "{text}"
    );
}

/// OpenSSL has no SM2 in CMS, so it is given the signed bytes themselves.
#[test]
fn openssl_verifies_the_signature_of_our_message() {
    let pki = TestPki::new();
    let shape = SignedDataShape::Attributes {
        content_digest: gm::sm3(b"file"),
        signing_time: noon(),
    };
    let message = write_signed_data(shape, &pki.signer.certificate, &[], &pki.signer.key).unwrap();
    let signed = SignedData::read(&message).unwrap();
    let signer = &signed.signers()[0];
    let certificate = pki::write_pem("CERTIFICATE", pki.signer.certificate.der());
    let folder = folder(&[
        ("attributes", signer.signed_attributes().unwrap().der()),
        ("signature", signer.signature()),
        ("certificate.pem", certificate.as_bytes()),
    ]);
    let arguments = "x509 -in certificate.pem -noout -pubkey -out key.pem";
    let Some((text, success)) = openssl(folder.path(), arguments) else {
        return;
    };
    assert!(success, "{text}");
    let arguments = "pkeyutl -verify -pubin -inkey key.pem -rawin -digest sm3 -in attributes -sigfile signature \
                     -pkeyopt distid:1234567812345678";
    let (text, success) = openssl(folder.path(), arguments).unwrap();
    assert!(success && text.contains("Verified Successfully"), "{text}");
    assert_eq!(
        pki.signer.certificate.public_key(),
        Ok(pki.signer.key.public_key())
    );
}
