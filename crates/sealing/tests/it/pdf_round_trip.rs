//! What is stamped on a PDF verifies, for us and for others, and no changed byte goes unseen.

use std::process::Command;

use ofd::geometry::Box as MmBox;
use pki::{MessageKey, Purpose};
use proptest::prelude::*;
use sealing::{
    BlankPages, Code, Conclusion, Edge, Fold, Mode, PageSelection, PdfForm, PdfLevel, PdfSealError,
    PdfSealOrder, Position, PositionError, SealedPdf, Shown, SignatureKind, seal_pdf,
};
use ses::{ListKind, SealVersion};
use testkit::now;

use crate::scene::{Scene, codes};

/// A PNG of one red and one clear pixel.
pub(crate) fn picture() -> Vec<u8> {
    let mut bytes = Vec::new();
    let pixels = image::RgbaImage::from_raw(2, 1, vec![255, 0, 0, 255, 0, 0, 0, 0]).unwrap();
    pixels
        .write_to(&mut std::io::Cursor::new(&mut bytes), image::ImageFormat::Png)
        .unwrap();
    bytes
}

/// Pages of A4, the second one turned by 90 degrees, each with a line.
pub(crate) fn document(pages: usize) -> Vec<u8> {
    let mut objects = vec![(1, "<</Type/Catalog/Pages 2 0 R>>".to_owned())];
    let kids: Vec<String> = (0..pages).map(|page| format!("{} 0 R", 3 + 2 * page)).collect();
    objects.push((
        2,
        format!(
            "<</Type/Pages/Kids[{}]/Count {pages}/MediaBox[0 0 595.276 841.89]>>",
            kids.join(" ")
        ),
    ));
    for page in 0..pages {
        let rotate = if page == 1 { "/Rotate 90" } else { "" };
        objects.push((
            3 + 2 * page,
            format!(
                "<</Type/Page/Parent 2 0 R/Resources<<>>/Contents {} 0 R{rotate}>>",
                4 + 2 * page
            ),
        ));
        objects.push((
            4 + 2 * page,
            "<</Length 20>>stream\n0 0 m 100 100 l S  \n\nendstream".to_owned(),
        ));
    }
    let mut bytes = b"%PDF-1.7\n".to_vec();
    let mut table = format!("xref\n0 {}\n0000000000 65535 f \n", objects.len() + 1);
    for (number, body) in &objects {
        table.push_str(&format!("{:010} 00000 n \n", bytes.len()));
        bytes.extend_from_slice(format!("{number} 0 obj\n{body}\nendobj\n").as_bytes());
    }
    let start = bytes.len();
    table.push_str(&format!(
        "trailer\n<</Size {}/Root 1 0 R>>\nstartxref\n{start}\n%%EOF\n",
        objects.len() + 1
    ));
    bytes.extend_from_slice(table.as_bytes());
    bytes
}

fn stamp(
    scene: &Scene,
    document: &[u8],
    positions: &[Position],
    mode: Mode,
    form: PdfForm,
) -> Result<(Vec<u8>, SealedPdf), PdfSealError> {
    let seal = scene
        .pki
        .seal(SealVersion::V4, ListKind::Certificates, &picture());
    let verified = scene.verified(&seal);
    let sealer = scene.path(&scene.pki.sealer, Purpose::Signer);
    let order = PdfSealOrder {
        shown: Shown::Seal(&verified),
        sealer: &sealer,
        positions,
        mode,
        blank_pages: BlankPages::Refuse,
        repair: false,
        time: now(),
        form,
        level: PdfLevel::B,
        verifier: &scene.verifier(),
    };
    let mut out = Vec::new();
    let key = MessageKey::Sm2(&scene.pki.sealer.key);
    let sealed = seal_pdf(document.to_vec(), &order, key, None, &mut out)?;
    Ok((out, sealed))
}

pub(crate) fn point(pages: PageSelection) -> Position {
    Position::Point {
        pages,
        x_mm: 120.0,
        y_mm: 150.0,
    }
}

fn sealed(pages: usize) -> (Scene, Vec<u8>) {
    let scene = Scene::new();
    let (bytes, _) = stamp(
        &scene,
        &document(pages),
        &[point(PageSelection::Last)],
        Mode::Continue,
        PdfForm::Seal,
    )
    .unwrap();
    (scene, bytes)
}

#[test]
fn r54_a_stamped_pdf_verifies() {
    for form in [PdfForm::Seal, PdfForm::Message, PdfForm::Cades] {
        let scene = Scene::new();
        let original = document(2);
        let (bytes, result) = stamp(
            &scene,
            &original,
            &[point(PageSelection::All)],
            Mode::Continue,
            form,
        )
        .unwrap();
        assert!(bytes.starts_with(&original), "every earlier byte is kept");
        assert_eq!(result.bytes, bytes.len());
        let report = scene.verify(&bytes);
        assert_eq!(report.conclusion, Conclusion::Passed, "{:?}", codes(&report));
        let signature = &report.signatures[0];
        assert_eq!(signature.stamps.len(), 2);
        for stamp in &signature.stamps {
            assert_eq!((stamp.x_mm, stamp.y_mm), (120.0, 150.0), "page {:?}", stamp.page);
            assert_eq!((stamp.width_mm, stamp.height_mm), (40.0, 40.0));
        }
        let kind = if form == PdfForm::Seal {
            SignatureKind::Seal
        } else {
            SignatureKind::Sign
        };
        assert_eq!(signature.kind, kind);
    }
}

/// A list in the file's security store counts for the seal's form as for the others, and is not trusted: one that
/// somebody else signed says nothing.
#[test]
fn r59_revocation_that_the_file_brings_along_is_seen() {
    let (scene, bytes) = sealed(1);
    let before = scene.verify(&bytes);
    assert_eq!(before.conclusion, Conclusion::Passed);
    assert!(
        codes(&before).contains(&Code::RevocationUnknown.name()),
        "{:?}",
        codes(&before)
    );
    let early = testkit::time("2026-01-02T00:00:00Z");
    let revoked = scene
        .pki
        .crl(&[(&scene.pki.sealer.certificate, early, None)], early);
    let others = testkit::TestPki::new(2).crl(&[(&scene.pki.sealer.certificate, early, None)], early);
    for (list, conclusion) in [(revoked, Conclusion::Failed), (others, Conclusion::Passed)] {
        let evidence = pdf::SecurityStore {
            crls: vec![list.der().to_vec()],
            ..pdf::SecurityStore::default()
        };
        let document = pdf::Document::open(&bytes).unwrap();
        let store = pdf::add_security_store(&document, &evidence, b"id").unwrap();
        let report = scene.verify(&[&bytes[..], &store].concat());
        assert_eq!(report.conclusion, conclusion, "{:?}", codes(&report));
        assert_eq!(
            codes(&report).contains(&Code::RevokedBefore.name()),
            conclusion == Conclusion::Failed
        );
    }
}

#[test]
fn r59_straddling_and_facing_seals_are_cut() {
    let scene = Scene::new();
    let straddle = Position::Straddle {
        edge: Edge::Right,
        middle_mm: None,
        group: None,
    };
    let facing = Position::Facing {
        fold: Fold::LeftRight,
        middle_mm: None,
    };
    for (position, width) in [(straddle, 10.0), (facing, 20.0)] {
        let (bytes, _) = stamp(&scene, &document(4), &[position], Mode::Continue, PdfForm::Seal).unwrap();
        let report = scene.verify(&bytes);
        assert_eq!(report.conclusion, Conclusion::Passed, "{:?}", codes(&report));
        let stamps = &report.signatures[0].stamps;
        assert_eq!(stamps.len(), 4);
        assert!(
            stamps
                .iter()
                .all(|stamp| stamp.clipped && (stamp.width_mm - width).abs() < 0.02),
            "{stamps:?}"
        );
    }
}

#[test]
fn r54_seals_in_turn_leave_the_earlier_ones_valid() {
    let (scene, first) = sealed(1);
    let (second, _) = stamp(
        &scene,
        &first,
        &[point(PageSelection::Last)],
        Mode::Continue,
        PdfForm::Message,
    )
    .unwrap();
    let report = scene.verify(&second);
    assert_eq!(report.conclusion, Conclusion::Passed, "{:?}", codes(&report));
    assert_eq!(report.signatures.len(), 2);
    assert!(codes(&report).contains(&"PDF_SIGNED_LATER"));
}

#[test]
fn a_locked_document_takes_no_further_seal() {
    let scene = Scene::new();
    let at = [point(PageSelection::Last)];
    let (locked, _) = stamp(&scene, &document(1), &at, Mode::Lock, PdfForm::Seal).unwrap();
    let report = scene.verify(&locked);
    assert_eq!(report.conclusion, Conclusion::Passed, "{:?}", codes(&report));
    assert!(report.signatures[0].locks);
    let result = stamp(&scene, &locked, &at, Mode::Continue, PdfForm::Seal);
    assert!(matches!(result, Err(PdfSealError::Locked { .. })));
    let (_, open) = sealed(1);
    let result = stamp(&scene, &open, &at, Mode::Lock, PdfForm::Seal);
    assert!(matches!(result, Err(PdfSealError::LockAfterSignature)));
}

#[test]
fn what_is_refused() {
    let scene = Scene::new();
    let at = [point(PageSelection::Last)];
    let (_, sealed) = sealed(1);
    let mut tampered = sealed.clone();
    let place = tampered.windows(5).position(|window| window == b"100 l").unwrap();
    tampered[place] = b'9';
    let result = stamp(&scene, &tampered, &at, Mode::Continue, PdfForm::Seal);
    assert!(matches!(result, Err(PdfSealError::ExistingBroken { .. })));
    let keyword = Position::Keyword {
        text: "x".into(),
        nth: None,
        pages: PageSelection::All,
    };
    let result = stamp(&scene, &document(1), &[keyword], Mode::Continue, PdfForm::Seal);
    assert!(matches!(
        result,
        Err(PdfSealError::Position(PositionError::KeywordNotFound { .. }))
    ));
    let blank = String::from_utf8(document(1))
        .unwrap()
        .replace("0 0 m 100 100 l S", "                 ");
    let result = stamp(&scene, blank.as_bytes(), &at, Mode::Continue, PdfForm::Seal);
    assert!(matches!(result, Err(PdfSealError::BlankPage { page: 1 })));
    let damaged = String::from_utf8(document(1))
        .unwrap()
        .replace("startxref\n", "startxref\n1");
    let result = stamp(&scene, damaged.as_bytes(), &at, Mode::Continue, PdfForm::Seal);
    assert!(matches!(result, Err(PdfSealError::Document(_))));
}

#[test]
fn qpdf_finds_nothing_wrong() {
    let (_, bytes) = sealed(2);
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("sealed.pdf");
    std::fs::write(&path, bytes).unwrap();
    let Ok(output) = Command::new("qpdf").arg("--check").arg(&path).output() else {
        println!("SKIPPED: qpdf is not installed");
        return;
    };
    let text =
        String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success() && !text.contains("WARNING"), "{text}");
}

/// Pages, and up to three seals in turn: the forms of their signatures, and where each appears.
fn arbitrary_seals() -> impl Strategy<Value = (usize, Vec<(PdfForm, Vec<Position>)>)> {
    (1_usize..6).prop_flat_map(|count| {
        let at_point = (1..=count, 0.0..160.0, 0.0..160.0).prop_map(|(page, x_mm, y_mm)| Position::Point {
            pages: PageSelection::Pages(vec![page]),
            x_mm,
            y_mm,
        });
        let edges = vec![Edge::Left, Edge::Right, Edge::Top, Edge::Bottom];
        let straddle =
            (prop::sample::select(edges), 40.0..160.0).prop_map(|(edge, middle)| Position::Straddle {
                edge,
                middle_mm: Some(middle),
                group: None,
            });
        let position = if count > 1 {
            prop_oneof![at_point, straddle].boxed()
        } else {
            at_point.boxed()
        };
        let forms = vec![PdfForm::Seal, PdfForm::Message, PdfForm::Cades];
        let seal = (prop::sample::select(forms), prop::collection::vec(position, 1..3));
        (Just(count), prop::collection::vec(seal, 1..4))
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn r54_random_seals_in_turn_verify((pages, seals) in arbitrary_seals()) {
        let scene = Scene::new();
        let mut bytes = document(pages);
        for (count, (form, positions)) in (1..).zip(&seals) {
            let (sealed, done) = stamp(&scene, &bytes, positions, Mode::Continue, *form).unwrap();
            prop_assert!(sealed.starts_with(&bytes));
            let report = scene.verify(&sealed);
            prop_assert_eq!(report.conclusion, Conclusion::Passed, "{:?}", codes(&report));
            prop_assert_eq!(report.signatures.len(), count);
            let stamps = &report.signatures[count - 1].stamps;
            prop_assert_eq!(stamps.len(), done.placements.len());
            for placed in &done.placements {
                let (whole, page) = (&placed.bounds, Some(placed.page + 1));
                let part = placed.clip.unwrap_or(MmBox::new(0.0, 0.0, whole.width, whole.height));
                let area = [whole.x + part.x, whole.y + part.y, part.width, part.height];
                let is_there = stamps.iter().any(|stamp| {
                    let seen = [stamp.x_mm, stamp.y_mm, stamp.width_mm, stamp.height_mm];
                    stamp.page == page && seen.iter().zip(area).all(|(seen, area)| (seen - area).abs() < 0.02)
                });
                prop_assert!(is_there, "{:?} {:?}", placed, stamps);
            }
            bytes = sealed;
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn r58_any_changed_byte_is_seen(
        at in any::<prop::sample::Index>(),
        flip in 1_u8..=255,
        form in prop::sample::select(vec![PdfForm::Seal, PdfForm::Message, PdfForm::Cades]),
    ) {
        let scene = Scene::new();
        let at_last = [point(PageSelection::Last)];
        let (mut bytes, result) = stamp(&scene, &document(1), &at_last, Mode::Continue, form).unwrap();
        let at = at.index(bytes.len());
        let [_, start, end, _] = result.byte_range;
        // A message carries certificates that nobody signed there, and that the verifier may have from elsewhere.
        prop_assume!(form == PdfForm::Seal || !(start + 1..end - 1).contains(&at));
        // The case of a hexadecimal digit of the signature value means nothing.
        let same_digit = (start..end).contains(&at) && flip == 0x20 && bytes[at].is_ascii_alphabetic();
        bytes[at] ^= flip;
        let report = scene.verify(&bytes);
        prop_assert_eq!(report.conclusion == Conclusion::Passed, same_digit, "byte {}", at);
    }
}

#[test]
fn an_update_that_changes_the_page_is_named() {
    let (scene, mut bytes) = sealed(1);
    let text = String::from_utf8_lossy(&bytes).into_owned();
    let previous: usize = text
        .rsplit("startxref\n")
        .next()
        .unwrap()
        .split('\n')
        .next()
        .unwrap()
        .parse()
        .unwrap();
    let at = bytes.len();
    let object = "4 0 obj\n<</Length 3>>stream\n0 g\nendstream\nendobj\n";
    let start = at + object.len();
    let update = format!(
        "{object}xref\n4 1\n{at:010} 00000 n \ntrailer\n<</Size 99/Root 1 0 R/Prev {previous}>>\nstartxref\n{start}\n%%EOF\n"
    );
    bytes.extend_from_slice(update.as_bytes());
    let report = scene.verify(&bytes);
    assert_eq!(report.conclusion, Conclusion::Failed);
    assert!(
        codes(&report).contains(&Code::PdfContentChanged.name()),
        "{:?}",
        codes(&report)
    );
}
