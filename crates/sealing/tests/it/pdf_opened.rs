//! Encrypted PDF files, opened by a password, and damaged ones, sealed when that is asked for. The files come from
//! qpdf, which also looks at what becomes of them.

use std::fs;
use std::path::Path;
use std::process::Command;

use pki::{MessageKey, Purpose};
use sealing::{
    BlankPages, Conclusion, Mode, PageSelection, PdfForm, PdfLevel, PdfSealError, PdfSealOrder, Report,
    Shown, Trust, Verifier, document_facts, seal_pdf,
};
use ses::{ListKind, SealVersion};
use testkit::now;

use crate::pdf_round_trip::{document, picture, point};
use crate::scene::{Scene, codes};

/// How qpdf encrypts: revisions 2, 3, 4 (RC4 and AES-128), 5 and 6.
const WAYS: [&str; 7] = [
    "user owner 40",
    "user owner 128",
    "user owner 128 --force-V4",
    "user owner 128 --use-aes=y",
    "user owner 128 --use-aes=y --cleartext-metadata",
    "user owner 256 --force-R5",
    "user owner 256",
];

fn has_qpdf() -> bool {
    let found = Command::new("qpdf").arg("--version").output().is_ok();
    if !found {
        println!("SKIPPED: qpdf is not installed");
    }
    found
}

#[track_caller]
fn qpdf(folder: &Path, line: &str) {
    let output = Command::new("qpdf")
        .args(
            line.split_whitespace()
                .map(|word| if word == "''" { "" } else { word }),
        )
        .current_dir(folder)
        .output()
        .unwrap();
    let said =
        String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
    assert!(
        output.status.success() && !said.contains("WARNING"),
        "qpdf {line}\n{said}"
    );
}

fn verifier(scene: &Scene, password: &str) -> Verifier {
    let trust = Trust::for_all(scene.pki.trust().anchors().to_vec());
    let lists = vec![scene.pki.crl(&[], testkit::time("2026-06-01T00:00:00Z"))];
    Verifier::new(trust, scene.pki.intermediates(), lists).with_pdf_password(password.to_owned().into())
}

fn stamp(scene: &Scene, document: Vec<u8>, password: &str, repair: bool) -> Result<Vec<u8>, PdfSealError> {
    let seal = scene
        .pki
        .seal(SealVersion::V4, ListKind::Certificates, &picture());
    let verified = scene.verified(&seal);
    let sealer = scene.path(&scene.pki.sealer, Purpose::Signer);
    let order = PdfSealOrder {
        shown: Shown::Seal(&verified),
        sealer: &sealer,
        positions: &[point(PageSelection::All)],
        mode: Mode::Continue,
        blank_pages: BlankPages::Refuse,
        repair,
        time: now(),
        form: PdfForm::Seal,
        level: PdfLevel::B,
        verifier: &verifier(scene, password),
    };
    let mut out = Vec::new();
    seal_pdf(
        document,
        &order,
        MessageKey::Sm2(&scene.pki.sealer.key),
        None,
        &mut out,
    )?;
    Ok(out)
}

fn judge(scene: &Scene, password: &str, bytes: &[u8]) -> Report {
    verifier(scene, password)
        .verify(bytes.to_vec(), "x.pdf", now())
        .unwrap()
}

#[test]
fn r54_encrypted_files_open_with_a_password() {
    if !has_qpdf() {
        return;
    }
    let scene = Scene::new();
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    fs::write(path("plain.pdf"), document(2)).unwrap();
    for (way, objects) in WAYS.iter().flat_map(|way| [(way, "disable"), (way, "generate")]) {
        let options = format!("--object-streams={objects} --allow-weak-crypto --encrypt {way} --");
        qpdf(folder.path(), &format!("{options} plain.pdf locked.pdf"));
        let locked = fs::read(path("locked.pdf")).unwrap();
        for wrong in ["", "wrong"] {
            let refused = stamp(&scene, locked.clone(), wrong, false);
            assert!(
                matches!(refused, Err(PdfSealError::Encrypted)),
                "{way}: {refused:?}"
            );
        }
        // The user stamps, then the owner.
        let once = stamp(&scene, locked.clone(), "user", false).unwrap();
        let twice = stamp(&scene, once.clone(), "owner", false).unwrap();
        assert!(once.starts_with(&locked) && twice.starts_with(&once), "{way}");
        for password in ["user", "owner"] {
            let report = judge(&scene, password, &twice);
            let found = (report.conclusion, report.signatures.len());
            assert_eq!(
                found,
                (Conclusion::Passed, 2),
                "{way} {objects}: {:?}",
                codes(&report)
            );
        }
        let report = judge(&scene, "wrong", &twice);
        assert_ne!(report.conclusion, Conclusion::Passed, "{way}");
        assert!(codes(&report).contains(&"PDF_ENCRYPTED"), "{way}");
        fs::write(path("sealed.pdf"), &twice).unwrap();
        qpdf(folder.path(), "--check --password=user sealed.pdf");
        // Decrypted by others, the picture is the seal's: one pixel of red, one that is clear.
        qpdf(
            folder.path(),
            "--password=user --decrypt --stream-data=uncompress --object-streams=disable sealed.pdf open.pdf",
        );
        let open = fs::read(path("open.pdf")).unwrap();
        let image = b"stream\n\xFF\x00\x00\x00\x00\x00endstream";
        assert!(
            open.windows(image.len()).any(|window| window == image),
            "{way} {objects}"
        );
    }
}

#[test]
fn r58_changes_in_encrypted_files_are_seen() {
    if !has_qpdf() {
        return;
    }
    let scene = Scene::new();
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    fs::write(path("plain.pdf"), document(1)).unwrap();
    // Whoever may only print needs no password to look, and none is needed to verify.
    qpdf(folder.path(), "--encrypt '' owner 256 -- plain.pdf locked.pdf");
    let sealed = stamp(&scene, fs::read(path("locked.pdf")).unwrap(), "", false).unwrap();
    fs::write(path("sealed.pdf"), &sealed).unwrap();
    assert!(document_facts(fs::File::open(path("sealed.pdf")).unwrap()).is_ok());
    assert_eq!(judge(&scene, "", &sealed).conclusion, Conclusion::Passed);
    // The page's content in a new object of the same number.
    let text = String::from_utf8_lossy(&sealed).into_owned();
    let start = text.rfind("startxref").unwrap() + "startxref".len();
    let previous = text[start..].split_whitespace().next().unwrap();
    let content = "4 0 obj\n<</Length 32>>stream\n0123456789abcdef0123456789abcdef\nendstream\nendobj\n";
    let (at, table) = (sealed.len(), sealed.len() + content.len());
    let trailer = trailer_entries(&text);
    let update = format!(
        "{content}xref\n4 1\n{at:010} 00000 n \ntrailer\n<</Size 100/Root 1 0 R/Prev {previous}{trailer}>>\n\
         startxref\n{table}\n%%EOF\n"
    );
    let changed = [sealed, update.into_bytes()].concat();
    let report = judge(&scene, "", &changed);
    assert!(
        codes(&report).contains(&"PDF_CONTENT_CHANGED"),
        "{:?}",
        codes(&report)
    );
    assert!(
        !codes(&report).contains(&"PDF_NO_REVISION"),
        "it was read with its password"
    );
}

/// `/Encrypt` and `/ID` of the last trailer.
fn trailer_entries(text: &str) -> String {
    let from = |key: &str, end: char| {
        let entry = &text[text.rfind(key).unwrap()..];
        entry[..=entry.find(end).unwrap()].to_owned()
    };
    from("/Encrypt", 'R') + &from("/ID", ']')
}

#[test]
fn r54_damaged_files_are_sealed_only_when_asked() {
    let scene = Scene::new();
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    let mut sound = vec![document(2)];
    if has_qpdf() {
        fs::write(path("plain.pdf"), document(2)).unwrap();
        qpdf(folder.path(), "--object-streams=generate plain.pdf packed.pdf");
        sound.push(fs::read(path("packed.pdf")).unwrap());
    }
    for sound in sound {
        let mut damaged = sound;
        let word = damaged
            .windows(9)
            .rposition(|window| window == b"startxref")
            .unwrap();
        damaged.truncate(word);
        let refused = stamp(&scene, damaged.clone(), "", false);
        assert!(matches!(refused, Err(PdfSealError::Document(_))), "{refused:?}");
        let report = judge(&scene, "", &damaged);
        assert!(codes(&report).contains(&"PDF_DAMAGED"), "read all the same");
        let sealed = stamp(&scene, damaged.clone(), "", true).unwrap();
        assert!(sealed.starts_with(&damaged), "no byte is touched");
        let report = judge(&scene, "", &sealed);
        assert_eq!(report.conclusion, Conclusion::Passed, "{:?}", codes(&report));
        let again = stamp(&scene, sealed, "", false).unwrap();
        let report = judge(&scene, "", &again);
        assert_eq!(
            (report.conclusion, report.signatures.len()),
            (Conclusion::Passed, 2)
        );
        if has_qpdf() {
            fs::write(path("sealed.pdf"), &again).unwrap();
            qpdf(folder.path(), "--check sealed.pdf");
        }
    }
}

#[test]
fn a_sealed_file_that_was_damaged_is_not_sealed_again() {
    let scene = Scene::new();
    let mut sealed = stamp(&scene, document(1), "", false).unwrap();
    let word = sealed
        .windows(9)
        .rposition(|window| window == b"startxref")
        .unwrap();
    sealed.truncate(word);
    let refused = stamp(&scene, sealed, "", true);
    assert!(
        matches!(refused, Err(PdfSealError::ExistingBroken { .. })),
        "{refused:?}"
    );
}
