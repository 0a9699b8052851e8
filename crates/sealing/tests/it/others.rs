//! What others say of our files: an independent checker in Python, and OpenSSL.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use gm::Verifier as _;
use sealing::{Edge, Fold, Mode, PageSelection, Position};
use serde_json::Value;
use ses::{ListKind, SealSignature, SealVersion};
use testkit::time;

use crate::scene::{Scene, document, open, point};

/// A Python that has lxml, and the independent checker; `None` after saying loudly what is missing.
fn checker() -> Option<(&'static str, PathBuf)> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/tools/ofdcheck.py");
    let has_lxml = |python: &&str| {
        let run = Command::new(python).args(["-c", "import lxml"]).output();
        run.is_ok_and(|output| output.status.success())
    };
    let python = ["python3", "/usr/bin/python3"].into_iter().find(has_lxml);
    if python.is_none() || !path.is_file() {
        println!(
            "SKIPPED: no Python with lxml, or no independent checker at {}",
            path.display()
        );
        return None;
    }
    Some((python?, path))
}

/// Every kind of stamp that is written, by name.
fn every_kind(scene: &Scene) -> Vec<(&'static str, Vec<u8>)> {
    let by = |version, list, positions: &[Position], mode| {
        let seal = scene.verified(&scene.seal(version, list));
        scene
            .seal_by(&document(4), positions, mode, &seal, None)
            .unwrap()
            .0
    };
    let certificates = ListKind::Certificates;
    let straddle = |edge| Position::Straddle {
        edge,
        middle_mm: None,
        group: None,
    };
    let facing = Position::Facing {
        fold: Fold::LeftRight,
        middle_mm: None,
    };
    let keyword = Position::Keyword {
        text: "盖章处".into(),
        nth: None,
        pages: PageSelection::All,
    };
    let v4 = by(SealVersion::V4, certificates, &[point(1)], Mode::Continue);
    let mut ask = |value: &[u8]| Ok(scene.token(value, time("2026-06-15T04:00:05Z")));
    let seal = scene.verified(&scene.seal(SealVersion::V4, certificates));
    let stamped = scene
        .seal_by(&document(1), &[point(1)], Mode::Continue, &seal, Some(&mut ask))
        .unwrap()
        .0;
    vec![
        ("two-seals", scene.seal_at(&v4, &[point(2)]).unwrap()),
        ("v4", v4),
        (
            "v5",
            by(SealVersion::V5, certificates, &[point(1)], Mode::Continue),
        ),
        (
            "digest-list",
            by(SealVersion::V4, ListKind::Digests, &[point(1)], Mode::Continue),
        ),
        (
            "straddle-right",
            by(
                SealVersion::V4,
                certificates,
                &[straddle(Edge::Right)],
                Mode::Continue,
            ),
        ),
        (
            "straddle-top",
            by(
                SealVersion::V4,
                certificates,
                &[straddle(Edge::Top)],
                Mode::Continue,
            ),
        ),
        (
            "facing",
            by(SealVersion::V4, certificates, &[facing], Mode::Continue),
        ),
        (
            "keyword",
            by(SealVersion::V4, certificates, &[keyword], Mode::Continue),
        ),
        (
            "locked",
            by(
                SealVersion::V4,
                certificates,
                &[point(1), straddle(Edge::Left)],
                Mode::Lock,
            ),
        ),
        ("timestamp", stamped),
    ]
}

#[test]
fn every_kind_of_stamp_is_true_for_the_independent_checker() {
    let Some((python, checker)) = checker() else {
        return;
    };
    let scene = Scene::new();
    let folder = tempfile::tempdir().unwrap();
    for (name, bytes) in every_kind(&scene) {
        let path = folder.path().join(format!("{name}.ofd"));
        fs::write(&path, bytes).unwrap();
        let output = Command::new(python).arg(&checker).arg(&path).output().unwrap();
        assert!(
            output.status.success(),
            "{}",
            String::from_utf8_lossy(&output.stderr)
        );
        let result: Value = serde_json::from_slice(&output.stdout).expect("JSON from the checker");
        let result = result
            .get(0)
            .or_else(|| result.as_object()?.values().next().filter(|v| v.is_object()))
            .unwrap_or(&result);
        let signatures = result["signatures"].as_array().expect("signatures");
        assert_eq!(
            signatures.len(),
            if name == "two-seals" { 2 } else { 1 },
            "{name}"
        );
        for signature in signatures {
            let checks = &signature["checks"];
            for fact in [
                "a_references",
                "b_datahash",
                "c_signature",
                "d_seal_signature",
                "e_cert_in_list",
            ] {
                assert_eq!(checks[fact], Value::Bool(true), "{name}: {fact}: {checks}");
            }
            for fact in [
                "seal_valid_at_sign",
                "signer_cert_valid_at_sign",
                "maker_valid_at_create",
            ] {
                assert_eq!(checks["f_times"][fact], Value::Bool(true), "{name}: {fact}");
            }
            assert_eq!(signature["uncovered_files"], Value::Array(Vec::new()), "{name}");
        }
    }
}

#[test]
fn signature_values_are_true_for_openssl() {
    let has_sm2 = Command::new("openssl")
        .args(["list", "-public-key-algorithms"])
        .output();
    if !has_sm2.is_ok_and(|output| String::from_utf8_lossy(&output.stdout).contains("SM2")) {
        println!("SKIPPED: no openssl with SM2");
        return;
    }
    let scene = Scene::new();
    let folder = tempfile::tempdir().unwrap();
    for (name, bytes) in every_kind(&scene) {
        let package = open(&bytes);
        let path = ofd::PartPath::new("/Doc_0/Signs/Sign_0/SignedValue.dat").unwrap();
        let value = package.read(&path).unwrap();
        let signature = SealSignature::read(&value, &ses::SealCache::default()).unwrap();
        let sealer = signature.sealer().unwrap();
        openssl_verifies(
            folder.path(),
            name,
            sealer,
            signature.tbs_bytes(),
            signature.signature_value(),
        );
        let seal = signature.seal();
        let range = seal.maker_bytes(seal.maker_ranges()[0]);
        openssl_verifies(
            folder.path(),
            name,
            seal.maker().unwrap(),
            &range,
            seal.signature_value(),
        );
    }
}

#[track_caller]
fn openssl_verifies(
    folder: &Path,
    name: &str,
    certificate: &pki::Certificate,
    message: &[u8],
    signature: &[u8],
) {
    let file = |suffix: &str| folder.join(format!("{name}.{suffix}"));
    fs::write(file("cer"), certificate.der()).unwrap();
    fs::write(file("tbs"), message).unwrap();
    fs::write(file("sig"), signature).unwrap();
    let run = |arguments: &[&str]| {
        let output = Command::new("openssl")
            .args(arguments)
            .current_dir(folder)
            .output()
            .unwrap();
        (
            output.status.success(),
            String::from_utf8_lossy(&output.stdout).into_owned(),
            output.stderr,
        )
    };
    let cer = format!("{name}.cer");
    let (ok, key, _) = run(&["x509", "-inform", "DER", "-in", &cer, "-noout", "-pubkey"]);
    assert!(ok);
    fs::write(file("pem"), key).unwrap();
    let (pem, sig, tbs) = (
        format!("{name}.pem"),
        format!("{name}.sig"),
        format!("{name}.tbs"),
    );
    let verify = |message: &str| {
        run(&[
            "dgst",
            "-sm3",
            "-verify",
            &pem,
            "-sigopt",
            "distid:1234567812345678",
            "-signature",
            &sig,
            message,
        ])
    };
    let (ok, out, err) = verify(&tbs);
    assert!(ok, "{name}: {out} {}", String::from_utf8_lossy(&err));
    let key = certificate.public_key().unwrap();
    assert!(
        key.verify(message, &gm::Signature::from_der(signature).unwrap())
            .is_ok()
    );
    // The check can fail: another message does not verify.
    assert!(!verify(&sig).0);
}
