//! RSA and ECDSA: what OpenSSL signs is verified, and nothing else is. OpenSSL 3.0 makes no messages with Ed25519;
//! the corpus has one.

use std::path::Path;

use pki::{
    Certificate, ContentHasher, Crl, HashAlgorithm, PathCache, PathQuery, Purpose, Revocation, SignatureFact,
    SignedData, TrustStore, revocation, validate, verify_any_signed_file, verify_signed_file,
};

use crate::openssl_pki::openssl;

const CONTENT: &[u8] = b"what is signed";

fn run(folder: &Path, command: &str) -> Option<()> {
    let (text, success) = openssl(folder, &command.split(' ').collect::<Vec<_>>())?;
    assert!(success, "openssl {command}: {text}");
    Some(())
}

/// A CA and a signer with these keys, and a message over [`CONTENT`].
fn message(new_key: &str, cms_options: &str) -> Option<(tempfile::TempDir, Vec<u8>)> {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    std::fs::write(at.join("content"), CONTENT).unwrap();
    std::fs::write(
        at.join("leaf.ext"),
        "keyUsage=digitalSignature\nsubjectKeyIdentifier=hash\nauthorityKeyIdentifier=keyid\n",
    )
    .unwrap();
    run(
        at,
        &format!("req -x509 -newkey {new_key} -nodes -keyout ca.key -out ca.pem -subj /CN=CA -days 30"),
    )?;
    run(
        at,
        &format!("req -new -newkey {new_key} -nodes -keyout leaf.key -out leaf.csr -subj /CN=Leaf"),
    )?;
    run(
        at,
        "x509 -req -in leaf.csr -CA ca.pem -CAkey ca.key -CAcreateserial -out leaf.pem -days 30 -extfile leaf.ext",
    )?;
    run(
        at,
        &format!(
            "cms -sign -binary -in content -signer leaf.pem -inkey leaf.key -outform DER -out out.der {cms_options}"
        ),
    )?;
    let message = std::fs::read(at.join("out.der")).unwrap();
    Some((folder, message))
}

fn certificate(folder: &Path, name: &str) -> Certificate {
    pki::read_certificates(&std::fs::read(folder.join(name)).unwrap())
        .unwrap()
        .remove(0)
}

/// Whether the only signer signed `content`.
fn is_intact(message: &[u8], content: &[u8]) -> bool {
    let signed = SignedData::read(message).unwrap();
    let hasher = |algorithm: HashAlgorithm, before: &[u8]| algorithm.digest(&[before, content].concat());
    let signers = verify_any_signed_file(&signed, ContentHasher(&hasher), &[]);
    assert_eq!(signers.len(), 1);
    signers[0].is_intact()
}

#[test]
fn messages_of_openssl() {
    let kinds = [
        ("rsa:2048", "-cades -md sha256"),
        ("rsa:2048", "-md sha512 -keyopt rsa_padding_mode:pss"),
        ("rsa:2048", "-md sha1"),
        ("rsa:2048", "-md sha384 -noattr"),
        ("ec -pkeyopt ec_paramgen_curve:P-256", "-md sha256"),
        ("ec -pkeyopt ec_paramgen_curve:P-384", "-md sha384"),
        ("ec -pkeyopt ec_paramgen_curve:P-521", "-md sha512"),
    ];
    for (key, options) in kinds {
        let Some((_folder, message)) = message(key, options) else {
            return;
        };
        assert!(is_intact(&message, CONTENT), "{key} {options}");
        assert!(!is_intact(&message, b"something else"), "{key} {options}");
        let mut broken = message.clone();
        *broken.last_mut().unwrap() ^= 1;
        assert!(
            !is_intact(&broken, CONTENT),
            "{key} {options}: the signature value was changed"
        );
    }
}

#[test]
fn what_is_not_asked_to_take_foreign_algorithms_does_not() {
    let Some((folder, message)) = message("rsa:2048", "-md sha256") else {
        return;
    };
    let signed = SignedData::read(&message).unwrap();
    let signers = verify_signed_file(&signed, pki::ContentToSign::Bytes(CONTENT), &[]);
    let facts = signers[0].facts.as_ref().unwrap();
    assert!(matches!(facts.signature, SignatureFact::AlgorithmUnknown(_)));
    let (leaf, ca) = (
        certificate(folder.path(), "leaf.pem"),
        certificate(folder.path(), "ca.pem"),
    );
    let at = leaf.not_before();
    let ask = |trust: &TrustStore| {
        let query = PathQuery {
            leaf: &leaf,
            purpose: Purpose::Signer,
            at,
            trust,
            intermediates: &[],
        };
        validate(&query, &PathCache::default()).path.is_some()
    };
    let trust = TrustStore::new(vec![ca]);
    assert!(!ask(&trust));
    assert!(ask(&trust.with_foreign_algorithms()));
}

#[test]
fn paths_need_a_signature_that_holds() {
    let Some((one, _)) = message("ec -pkeyopt ec_paramgen_curve:P-256", "-md sha256") else {
        return;
    };
    let Some((other, _)) = message("ec -pkeyopt ec_paramgen_curve:P-256", "-md sha256") else {
        return;
    };
    let leaf = certificate(one.path(), "leaf.pem");
    let ask = |anchor: Certificate| {
        let query = PathQuery {
            leaf: &leaf,
            purpose: Purpose::Signer,
            at: leaf.not_before(),
            trust: &TrustStore::new(vec![anchor]).with_foreign_algorithms(),
            intermediates: &[],
        };
        validate(&query, &PathCache::default())
    };
    assert!(ask(certificate(one.path(), "ca.pem")).path.is_some());
    let report = ask(certificate(other.path(), "ca.pem"));
    assert!(
        report.path.is_none() && !report.faults.is_empty(),
        "a CA of the same name with another key"
    );
}

#[test]
fn revocation_lists_signed_with_rsa() {
    let Some((folder, _)) = message("rsa:2048", "-md sha256") else {
        return;
    };
    let at = folder.path();
    std::fs::write(at.join("index.txt"), "").unwrap();
    std::fs::write(at.join("number"), "01\n").unwrap();
    let configuration = "[ca]\ndefault_ca=d\n[d]\ndatabase=index.txt\ncrlnumber=number\ndefault_md=sha256\n\
        default_crl_days=30\n";
    std::fs::write(at.join("ca.cnf"), configuration).unwrap();
    run(
        at,
        "ca -config ca.cnf -revoke leaf.pem -keyfile ca.key -cert ca.pem",
    );
    run(
        at,
        "ca -config ca.cnf -gencrl -keyfile ca.key -cert ca.pem -out crl.pem",
    );
    let crl = Crl::read(
        &pki::read_pem(&std::fs::read(at.join("crl.pem")).unwrap())
            .unwrap()
            .remove(0)
            .der,
    )
    .unwrap();
    let (leaf, ca) = (certificate(at, "leaf.pem"), certificate(at, "ca.pem"));
    let now = crl.this_update();
    let answer = revocation(&leaf, &ca, std::slice::from_ref(&crl), now);
    assert!(matches!(answer, Revocation::Revoked { .. }), "{answer:?}");
    let Some((other, _)) = message("rsa:2048", "-md sha256") else {
        return;
    };
    let answer = revocation(&leaf, &certificate(other.path(), "ca.pem"), &[crl], now);
    assert!(
        matches!(answer, Revocation::Unknown { .. }),
        "the list of a namesake: {answer:?}"
    );
}
