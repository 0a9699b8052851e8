//! Private keys in the files of others.

use std::path::Path;
use std::process::{Command, Stdio};

use ::keys::{Kdf, KeyStore, NewKey, Options};
use gm::Signer as _;
use pki::asn1::write;
use pki::{oid, write_pem};
use testkit::{SeededRng, now};

use crate::scene::SCENE;

/// The password of the encrypted seeds.
pub const PASSWORD: &str = "file-password";
/// The label of the only key in [`store`].
pub const LABEL: &str = "taken";
/// The PIN of every key.
pub const PIN: &str = "correct horse";

/// A key store in which [`LABEL`] is taken, so that an import that succeeds is refused before it writes.
pub fn store(folder: &Path) -> KeyStore {
    let options = Options {
        kdf: Kdf {
            memory_kib: 8,
            passes: 1,
            lanes: 1,
        },
        ..Options::default()
    };
    let store = KeyStore::open_with(folder, options).expect("a folder");
    store
        .create(
            &NewKey {
                label: LABEL,
                pin: PIN,
                now: now(),
            },
            &mut SeededRng::new(1),
        )
        .expect("a key");
    store
}

/// Key files: plain of our own, encrypted by OpenSSL, and one of a store.
pub fn seeds() -> Vec<Vec<u8>> {
    let plain = plain();
    let folder = tempfile::tempdir().expect("a temporary folder");
    let keys = folder.path().join("keys");
    let id = store(&keys).find(LABEL).expect("the key").id;
    let stored = std::fs::read(keys.join(format!("{id}.key"))).expect("its file");
    let mut seeds = encrypted(&plain);
    if seeds.is_empty() {
        eprintln!("SKIPPED: no OpenSSL that knows SM2; no seeds of encrypted keys");
    }
    seeds.extend([write_pem("PRIVATE KEY", &plain).into_bytes(), plain, stored]);
    seeds
}

/// `PrivateKeyInfo` (RFC 5958) of the sealer's key, with its public half.
fn plain() -> Vec<u8> {
    let key = &SCENE.pki.sealer.key;
    let public = write::explicit(1, &write::bit_string(&key.public_key().to_sec1()));
    let inner = write::sequence(&[
        &write::unsigned(1),
        &write::octet_string(&*key.to_bytes()),
        &public,
    ]);
    let algorithm = write::sequence(&[&write::oid(&oid::EC_PUBLIC_KEY), &write::oid(&oid::SM2)]);
    write::sequence(&[&write::unsigned(0), &algorithm, &write::octet_string(&inner)])
}

/// The same key as OpenSSL encrypts it, with few iterations.
fn encrypted(plain: &[u8]) -> Vec<Vec<u8>> {
    const COMMANDS: [&str; 5] = [
        "pkcs8 -topk8 -inform DER -in plain.der -outform DER -v2 sm4-cbc -iter 2 -passout pass:file-password -out out",
        "pkcs8 -topk8 -inform DER -in plain.der -outform DER -v2 aes-256-cbc -v2prf hmacWithSHA512 -iter 2 -passout pass:file-password -out out",
        "pkcs8 -topk8 -inform DER -in plain.der -outform DER -v1 PBE-SHA1-3DES -iter 2 -passout pass:file-password -out out",
        "pkcs12 -export -inkey plain.pem -in certificate.pem -iter 2 -passout pass:file-password -out out",
        "pkcs12 -export -inkey plain.pem -in certificate.pem -nomac -keypbe NONE -certpbe NONE -passout pass:file-password -out out",
    ];
    let folder = tempfile::tempdir().expect("a temporary folder");
    let put = |name: &str, bytes: &[u8]| std::fs::write(folder.path().join(name), bytes).expect("a file");
    put("plain.der", plain);
    put("plain.pem", write_pem("PRIVATE KEY", plain).as_bytes());
    put(
        "certificate.pem",
        write_pem("CERTIFICATE", SCENE.pki.sealer.certificate.der()).as_bytes(),
    );
    let made = COMMANDS.iter().filter_map(|arguments| {
        let mut openssl = Command::new("openssl");
        let openssl = openssl
            .args(arguments.split(' '))
            .current_dir(folder.path())
            .stdin(Stdio::null());
        let success = openssl
            .stderr(Stdio::null())
            .status()
            .is_ok_and(|status| status.success());
        success
            .then(|| std::fs::read(folder.path().join("out")).ok())
            .flatten()
    });
    made.collect()
}
