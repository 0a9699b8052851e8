//! Real certificates, read in place. Nothing personal of them is printed.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use pki::{Certificate, Purpose, read_certificates};

use crate::support::{codes, time, validate, validate_for};

/// The corpus, or a loud word that it is missing.
pub(crate) fn corpus() -> Option<PathBuf> {
    #[expect(clippy::disallowed_methods, reason = "a test is told where the corpus lies")]
    let folder = std::env::var_os("YINXIN_CORPUS").map_or_else(
        || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/corpus"),
        PathBuf::from,
    );
    if folder.is_dir() {
        return Some(folder);
    }
    eprintln!("SKIPPED: corpus not found at {}", folder.display());
    None
}

fn read_folder(folder: &Path) -> BTreeMap<String, Certificate> {
    let mut found = BTreeMap::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let mut certificates = read_certificates(&std::fs::read(&path).unwrap()).unwrap();
        assert_eq!(certificates.len(), 1, "{}", path.display());
        let file = path.file_stem().unwrap().to_string_lossy().into_owned();
        found.insert(file, certificates.remove(0));
    }
    found
}

#[test]
fn certificates_of_licensed_cas_are_sound_anchors() {
    let Some(corpus) = corpus() else { return };
    let certificates = read_folder(&corpus.join("trust/nrcac"));
    assert_eq!(certificates.len(), 86);
    for (file, certificate) in &certificates {
        assert_eq!(
            certificate.serial_hex(),
            file.trim_start_matches('0'),
            "files are named by serial number"
        );
        assert!(certificate.public_key().is_ok(), "{file}");
        assert!(
            certificate
                .basic_constraints()
                .is_some_and(|constraints| constraints.ca),
            "{file}"
        );
        assert!(!certificate.is_self_issued(), "{file}");
        assert_eq!(certificate.deviations(), [], "{file}");
        assert!(
            certificate
                .crl_addresses()
                .iter()
                .any(|address| address.starts_with("http")),
            "{file}"
        );
    }
    // Where one is the issuer of another, its signature must hold.
    for certificate in certificates.values() {
        for issuer in certificates
            .values()
            .filter(|issuer| issuer.subject() == certificate.issuer())
        {
            let key = issuer.public_key().unwrap();
            assert_eq!(
                certificate.verify_issued_by(key),
                Ok(()),
                "{}",
                certificate.serial_hex()
            );
        }
    }
}

#[test]
fn pki_of_the_hostile_files() {
    let Some(corpus) = corpus() else { return };
    let certificates = read_folder(&corpus.join("trust/hostile-pki"));
    let [root, sub] = ["root", "sub"].map(|file| &certificates[file]);
    let at = time("2024-06-01T00:00:00Z");
    for (file, purpose, expected) in [
        ("signer", Purpose::Signer, &[][..]),
        ("signer2", Purpose::Signer, &[]),
        ("maker", Purpose::SealMaker, &[]),
        ("expired", Purpose::Signer, &["expired"]),
        ("rogue", Purpose::SealMaker, &["untrusted_self_signed"]),
    ] {
        let certificate = &certificates[file];
        assert_eq!(certificate.deviations(), [], "{file}");
        let report = validate_for(purpose, at, certificate, &[root], &[sub]);
        assert_eq!(codes(&report), expected, "{file}");
    }
    // Issued under the rogue's name, which is the maker's: whoever is known, there is no path.
    let others = [sub, &certificates["maker"], &certificates["rogue"]];
    for file in ["rogues", "samepub"] {
        let report = validate_for(Purpose::Signer, at, &certificates[file], &[root], &others);
        assert!(report.path.is_none(), "{file}");
        assert!(codes(&report).contains(&"not_ca"), "{file}: {:?}", codes(&report));
        let report = validate_for(Purpose::Signer, at, &certificates[file], &[root], &[sub]);
        assert_eq!(codes(&report), ["no_issuer"], "{file}");
    }
}

#[test]
fn anchors_of_the_ofdrw_samples() {
    let Some(corpus) = corpus() else { return };
    let read =
        |file: &str| read_certificates(&std::fs::read(corpus.join("trust").join(file)).unwrap()).unwrap();
    let (root, user) = (&read("ofdrw-root.pem")[0], &read("ofdrw-user.pem")[0]);
    let report = validate_for(Purpose::Signer, time("2020-06-01T00:00:00Z"), user, &[root], &[]);
    assert_eq!(codes(&report), [""; 0]);
    assert_eq!(
        codes(&validate(user, &[], &[root])).last(),
        Some(&"untrusted_self_signed")
    );
}
