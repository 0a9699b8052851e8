//! What is sealed verifies; whatever is changed afterwards is found.

use ofd::builder::{Annotation, AnnotationKind, DocumentBuilder, Drawing, PackageBuilder, Permissions};
use ofd::geometry::Box as MmBox;
use ofd::{PartPath, Update};
use proptest::prelude::*;
use sealing::{
    BlankPages, Conclusion, Edge, Fold, Mode, PageSelection, Position, SealError, SealOrder, TimeSource, seal,
};
use ses::{ListKind, SealVersion};
use testkit::{now, time};

use crate::scene::{Scene, codes, document, open, point, reasons};

fn part(path: &str) -> PartPath {
    PartPath::new(path).unwrap()
}

fn rewritten(package: &[u8], change: impl FnOnce(&mut Update<'_>)) -> Vec<u8> {
    let package = open(package);
    let mut update = Update::new(&package);
    change(&mut update);
    let mut out = Vec::new();
    update.write(&mut out).unwrap();
    out
}

#[track_caller]
fn passes(scene: &Scene, sealed: &[u8]) {
    let report = scene.verify(sealed);
    assert_eq!(report.conclusion, Conclusion::Passed, "{:?}", codes(&report));
}

#[track_caller]
fn fails_with(scene: &Scene, sealed: &[u8], code: &str) {
    let report = scene.verify(sealed);
    assert_eq!(report.conclusion, Conclusion::Failed, "{:?}", codes(&report));
    assert!(
        codes(&report).contains(&code),
        "{code} not in {:?}",
        codes(&report)
    );
}

#[test]
fn every_kind_of_position_verifies_in_both_versions() {
    let scene = Scene::new();
    let straddle = |edge| Position::Straddle {
        edge,
        middle_mm: None,
        group: Some(2),
    };
    let positions = [
        point(1),
        Position::Point {
            pages: PageSelection::All,
            x_mm: 10.0,
            y_mm: 10.0,
        },
        Position::Keyword {
            text: "盖章处".into(),
            nth: None,
            pages: PageSelection::All,
        },
        Position::Keyword {
            text: "盖章处".into(),
            nth: Some(2),
            pages: PageSelection::All,
        },
        straddle(Edge::Left),
        straddle(Edge::Right),
        straddle(Edge::Top),
        straddle(Edge::Bottom),
        Position::Facing {
            fold: Fold::LeftRight,
            middle_mm: Some(100.0),
        },
        Position::Facing {
            fold: Fold::TopBottom,
            middle_mm: None,
        },
    ];
    for version in [SealVersion::V4, SealVersion::V5] {
        for position in &positions {
            let asked = std::slice::from_ref(position);
            let (sealed, done) = scene
                .seal_with(&document(4), asked, Mode::Continue, version)
                .unwrap();
            let report = scene.verify(&sealed);
            assert_eq!(
                report.conclusion,
                Conclusion::Passed,
                "{position:?} {:?}",
                codes(&report)
            );
            assert_eq!(report.signatures[0].stamps.len(), done.placements.len());
            for (stamp, placed) in report.signatures[0].stamps.iter().zip(&done.placements) {
                assert_eq!(
                    (stamp.width_mm, stamp.height_mm),
                    (40.0, 40.0),
                    "the seal appears 1:1"
                );
                assert_eq!(stamp.page, Some(placed.page + 1));
            }
        }
        let (sealed, _) = scene
            .seal_with(&document(4), &positions, Mode::Lock, version)
            .unwrap();
        passes(&scene, &sealed);
    }
}

#[test]
fn several_seals_each_protect_what_stands_before_them() {
    let scene = Scene::new();
    let once = scene.seal_at(&document(2), &[point(1)]).unwrap();
    let twice = scene.seal_at(&once, &[point(2)]).unwrap();
    let thrice = scene.seal_at(&twice, &[point(1), point(2)]).unwrap();
    let report = scene.verify(&thrice);
    assert_eq!(report.conclusion, Conclusion::Passed, "{:?}", codes(&report));
    let protected: Vec<_> = report
        .signatures
        .iter()
        .map(|signature| signature.parts_protected)
        .collect();
    assert_eq!(report.signatures.len(), 3);
    assert!(
        protected.is_sorted() && protected[0] < protected[2],
        "{protected:?}"
    );
    let ids: Vec<_> = report
        .signatures
        .iter()
        .map(|signature| signature.id.as_deref().unwrap())
        .collect();
    assert_eq!(ids, ["s001", "s002", "s003"]);
}

#[test]
fn a_locked_document_takes_no_further_seal() {
    let scene = Scene::new();
    let (locked, _) = scene
        .seal_with(&document(1), &[point(1)], Mode::Lock, SealVersion::V4)
        .unwrap();
    let refused = scene.seal_at(&locked, &[point(1)]);
    assert!(
        matches!(refused, Err(SealError::Locked { ref id }) if id == "s001"),
        "{refused:?}"
    );
    assert!(scene.verify(&locked).signatures[0].locks);
}

#[test]
fn a_document_that_was_tampered_with_takes_no_further_seal() {
    let scene = Scene::new();
    let sealed = scene.seal_at(&document(2), &[point(1)]).unwrap();
    let content = part("/Doc_0/Pages/Page_0/Content.xml");
    let original = open(&sealed).read(&content).unwrap().to_vec();
    let tampered = rewritten(&sealed, |update| {
        let text = String::from_utf8(original).unwrap().replace("通知", "通告");
        update.replace(&content, text).unwrap();
    });
    fails_with(&scene, &tampered, "REFERENCE_DIGEST_MISMATCH");
    let refused = scene.seal_at(&tampered, &[point(1)]);
    assert!(
        matches!(refused, Err(SealError::ExistingBroken { .. })),
        "{refused:?}"
    );
}

#[test]
fn a_document_whose_seals_are_no_longer_listed_fails() {
    let scene = Scene::new();
    let sealed = scene.seal_at(&document(1), &[point(1)]).unwrap();
    let root = PartPath::root();
    let xml = String::from_utf8(open(&sealed).read(&root).unwrap().to_vec()).unwrap();
    let (before, after) = xml.split_once("<ofd:Signatures>").unwrap();
    let after = after.split_once("</ofd:Signatures>").unwrap().1;
    let unlinked = format!("{before}{after}");
    let stripped = rewritten(&sealed, |update| update.replace(&root, unlinked).unwrap());
    fails_with(&scene, &stripped, "SIGNATURES_STRIPPED");
}

/// Found by fuzzing: a damaged part was left out of the references, and the seal did not protect it.
#[test]
fn a_document_with_a_damaged_part_is_not_sealed() {
    let scene = Scene::new();
    let mut builder = DocumentBuilder::new("0123456789abcdef0123456789abcdef");
    let font = builder.font("宋体");
    for text in ["第一页", "DAMAGE ME"] {
        builder.page((210.0, 297.0), Drawing::new().text(font, 5.0, 30.0, 40.0, text));
    }
    let mut bytes = PackageBuilder::new(builder).store("").build().unwrap();
    assert!(scene.seal_at(&bytes, &[point(1)]).is_ok());
    let at = bytes
        .windows(9)
        .position(|window| window == b"DAMAGE ME")
        .unwrap();
    bytes[at] ^= 1;
    let refused = scene.seal_at(&bytes, &[point(1)]);
    assert!(matches!(refused, Err(SealError::Document(_))), "{refused:?}");
}

#[test]
fn a_timestamp_proves_the_time() {
    let scene = Scene::new();
    let seal = scene.verified(&scene.seal(SealVersion::V4, ListKind::Certificates));
    let stamped_at = time("2026-06-15T04:00:05Z");
    let mut ask = |value: &[u8]| Ok(scene.token(value, stamped_at));
    let (sealed, _) = scene
        .seal_by(&document(1), &[point(1)], Mode::Continue, &seal, Some(&mut ask))
        .unwrap();
    let report = scene.verify(&sealed);
    assert_eq!(report.conclusion, Conclusion::Passed, "{:?}", codes(&report));
    assert_eq!(report.signatures[0].time_source, TimeSource::Timestamp);
    assert_eq!(report.signatures[0].signed_at, Some(stamped_at));
}

#[test]
fn a_revoked_timestamp_authority_proves_no_time() {
    let scene = Scene::new();
    let seal = scene.verified(&scene.seal(SealVersion::V4, ListKind::Certificates));
    let mut ask = |value: &[u8]| Ok(scene.token(value, time("2026-06-15T04:00:05Z")));
    let (sealed, _) = scene
        .seal_by(&document(1), &[point(1)], Mode::Continue, &seal, Some(&mut ask))
        .unwrap();
    let judged = |revoked_at: &str, reason: Option<u8>| {
        let tsa = &scene.pki.tsa.certificate;
        let revoked = [(tsa, time(revoked_at), reason)];
        let crl = scene.pki.crl(&revoked, time("2026-08-01T00:00:00Z"));
        let trust = sealing::Trust::for_all(scene.pki.trust().anchors().to_vec());
        let verifier = sealing::Verifier::new(trust, scene.pki.intermediates(), vec![crl]);
        let at = time("2026-09-01T00:00:00Z");
        let report = verifier.verify(sealed.clone(), "test.ofd", at).unwrap();
        let told = codes(&report)
            .into_iter()
            .find(|code| code.starts_with("TIMESTAMP"));
        (report.conclusion, report.signatures[0].time_source, told)
    };
    let unproved = (
        Conclusion::Indeterminate,
        TimeSource::Claimed,
        Some("TIMESTAMP_AUTHORITY_REVOKED"),
    );
    let cessation = Some(5);
    assert_eq!(
        judged("2026-06-01T00:00:00Z", cessation),
        unproved,
        "before the token"
    );
    assert_eq!(
        judged("2026-07-01T00:00:00Z", Some(1)),
        unproved,
        "its key was lost: any token may be false"
    );
    assert_eq!(
        judged("2026-07-01T00:00:00Z", None),
        unproved,
        "no reason is the worst reason"
    );
    let ended = "TIMESTAMP_AUTHORITY_ENDED";
    assert_eq!(
        judged("2026-07-01T00:00:00Z", cessation),
        (Conclusion::Passed, TimeSource::Timestamp, Some(ended))
    );
}

#[test]
fn revocation_before_and_after_signing() {
    let scene = Scene::new();
    let sealed = scene.seal_at(&document(1), &[point(1)]).unwrap();
    let judged = |revoked_at: &str| {
        let sealer = &scene.pki.sealer.certificate;
        let crl = scene
            .pki
            .crl(&[(sealer, time(revoked_at), None)], time("2026-08-01T00:00:00Z"));
        let trust = sealing::Trust::for_all(scene.pki.trust().anchors().to_vec());
        let verifier = sealing::Verifier::new(trust, scene.pki.intermediates(), vec![crl]);
        let report = verifier
            .verify(sealed.clone(), "test.ofd", time("2026-09-01T00:00:00Z"))
            .unwrap();
        (report.conclusion, codes(&report))
    };
    let (conclusion, codes) = judged("2026-01-01T00:00:00Z");
    assert_eq!(conclusion, Conclusion::Failed);
    assert!(codes.contains(&"REVOKED_BEFORE_SIGNING"), "{codes:?}");
    let (conclusion, codes) = judged("2026-07-01T00:00:00Z");
    assert_eq!(
        conclusion,
        Conclusion::Indeterminate,
        "nothing but the sealer's word says that it came first"
    );
    assert!(codes.contains(&"REVOKED_NO_PROOF_OF_TIME"), "{codes:?}");
}

#[test]
fn a_blank_page_is_refused_unless_a_reason_is_given() {
    let scene = Scene::new();
    let mut builder = DocumentBuilder::new("0123456789abcdef0123456789abcdef");
    builder.page((210.0, 297.0), Drawing::new());
    let blank = builder.build().unwrap();
    let refused = scene.seal_at(&blank, &[point(1)]);
    assert!(
        matches!(refused, Err(SealError::BlankPage { page: 1 })),
        "{refused:?}"
    );
    let verified = scene.verified(&scene.seal(SealVersion::V4, ListKind::Certificates));
    let sealer = scene.path(&scene.pki.sealer, pki::Purpose::Signer);
    let mut order = SealOrder {
        seal: &verified,
        sealer: &sealer,
        positions: &[point(1)],
        mode: Mode::Continue,
        blank_pages: BlankPages::Allow { reason: " " },
        time: now(),
        threads: 1,
    };
    let mut out = Vec::new();
    let key = &scene.pki.sealer.key;
    assert!(matches!(
        seal(&open(&blank), &order, key, None, &mut out),
        Err(SealError::NoReason)
    ));
    assert!(out.is_empty(), "nothing is written when nothing is sealed");
    order.blank_pages = BlankPages::Allow {
        reason: "附件封底"
    };
    seal(&open(&blank), &order, key, None, &mut out).unwrap();
    passes(&scene, &out);
}

#[test]
fn permissions_forbid_and_periods_end() {
    let scene = Scene::new();
    let with = |permissions: Permissions| {
        let mut builder = DocumentBuilder::new("0123456789abcdef0123456789abcdef");
        let font = builder.font("宋体");
        builder.page((210.0, 297.0), Drawing::new().text(font, 5.0, 30.0, 40.0, "正文"));
        builder.permissions(permissions);
        scene.seal_at(&builder.build().unwrap(), &[point(1)])
    };
    let forbidden = with(Permissions {
        signature: Some(false),
        ..Permissions::default()
    });
    assert!(matches!(forbidden, Err(SealError::NotPermitted)), "{forbidden:?}");
    let period = |from: &str, to: &str| {
        with(Permissions {
            valid_period: Some((from.into(), to.into())),
            ..Permissions::default()
        })
    };
    assert!(period("2026-01-01T00:00:00", "2026-12-31T00:00:00").is_ok());
    assert!(matches!(
        period("2025-01-01T00:00:00", "2026-06-15T11:00:00"),
        Err(SealError::OutsideValidPeriod { .. })
    ));
    assert!(matches!(
        period("2026-06-16T00:00:00", "2027-01-01T00:00:00"),
        Err(SealError::OutsideValidPeriod { .. })
    ));
}

#[test]
fn an_annotation_added_afterwards_is_not_covered() {
    let scene = Scene::new();
    // A document whose Document.xml already points to annotations that only appear after sealing.
    let mut builder = DocumentBuilder::new("0123456789abcdef0123456789abcdef");
    let font = builder.font("宋体");
    let page = builder.page((210.0, 297.0), Drawing::new().text(font, 5.0, 30.0, 40.0, "正文"));
    builder.annotation(
        page,
        Annotation {
            kind: AnnotationKind::Path,
            creator: "test".into(),
            last_mod_date: "2026-06-15".into(),
            boundary: MmBox::new(0.0, 0.0, 210.0, 297.0),
            remark: None,
            parameters: Vec::new(),
            appearance: Drawing::new(),
        },
    );
    let sealed = scene.seal_at(&builder.build().unwrap(), &[point(1)]).unwrap();
    passes(&scene, &sealed);
    let stray = rewritten(&sealed, |update| {
        update
            .add(part("/Doc_0/Annots/Page_1/Annotation.xml"), *b"<x/>")
            .unwrap()
    });
    let report = scene.verify(&stray);
    assert_eq!(report.conclusion, Conclusion::Passed);
    assert!(codes(&report).contains(&"STRAY_PARTS"), "{:?}", codes(&report));
}

#[test]
fn a_second_document_added_afterwards_is_not_covered() {
    let scene = Scene::new();
    let sealed = scene.seal_at(&document(1), &[point(1)]).unwrap();
    let root = PartPath::root();
    let xml = String::from_utf8(open(&sealed).read(&root).unwrap().to_vec()).unwrap();
    let added = xml.replace("</ofd:OFD>", "<ofd:DocBody><ofd:DocInfo><ofd:DocID>1</ofd:DocID></ofd:DocInfo><ofd:DocRoot>Doc_1/Document.xml</ofd:DocRoot></ofd:DocBody></ofd:OFD>");
    let tampered = rewritten(&sealed, |update| update.replace(&root, added).unwrap());
    fails_with(&scene, &tampered, "REFERENCE_DIGEST_MISMATCH");
}

/// GM/T 0099-2020: whatever else is in such a package, nothing is concluded from it, and no seal is put on it.
#[test]
fn an_encrypted_document_is_neither_judged_nor_sealed() {
    let scene = Scene::new();
    let sealed = scene.seal_at(&document(1), &[point(1)]).unwrap();
    for name in ["/Encryptions.xml", "/encryptions.XML"] {
        let encrypted = rewritten(&sealed, |update| {
            update.add(part(name), b"<Encryptions/>".to_vec()).unwrap();
        });
        let report = scene.verify(&encrypted);
        assert_eq!(report.conclusion, Conclusion::Indeterminate);
        assert_eq!(codes(&report), ["OFD_ENCRYPTED"]);
        let refused = scene.seal_at(&encrypted, &[point(1)]);
        assert!(
            matches!(refused, Err(SealError::Document(ofd::Error::Encrypted { .. }))),
            "{refused:?}"
        );
    }
    // Deeper in the package the name says nothing.
    let plain = rewritten(&document(1), |update| {
        update
            .add(part("/Doc_0/Encryptions.xml"), b"<x/>".to_vec())
            .unwrap();
    });
    passes(&scene, &scene.seal_at(&plain, &[point(1)]).unwrap());
}

#[test]
fn an_unsigned_document_is_said_to_be_unsigned() {
    let scene = Scene::new();
    let report = scene.verify(&document(1));
    assert_eq!(report.conclusion, Conclusion::Unsigned);
    assert!(codes(&report).contains(&"NO_SIGNATURE"));
}

#[test]
fn a_document_with_two_bodies_is_sealed_as_a_whole() {
    let scene = Scene::new();
    let body = |id: &str| {
        let mut builder = DocumentBuilder::new(id);
        let font = builder.font("宋体");
        builder.page((210.0, 297.0), Drawing::new().text(font, 5.0, 30.0, 40.0, "正文"));
        builder
    };
    let two = PackageBuilder::new(body("0123456789abcdef0123456789abcdef"))
        .document(body("fedcba9876543210fedcba9876543210"))
        .build()
        .unwrap();
    passes(&scene, &scene.seal_at(&two, &[point(1)]).unwrap());
}

#[test]
fn bare_seals_and_signed_values_are_judged_too() {
    let scene = Scene::new();
    let seal = scene.seal(SealVersion::V4, ListKind::Digests);
    let report = scene.verify(seal.bytes());
    assert_eq!(
        (report.conclusion, report.kind),
        (Conclusion::Passed, sealing::InputKind::Seal)
    );
    let sealed = scene.seal_at(&document(1), &[point(1)]).unwrap();
    let value = open(&sealed)
        .read(&part("/Doc_0/Signs/Sign_0/SignedValue.dat"))
        .unwrap()
        .to_vec();
    let report = scene.verify(&value);
    assert_eq!(
        (report.conclusion, report.kind),
        (Conclusion::Indeterminate, sealing::InputKind::SignedValue)
    );
    assert!(codes(&report).contains(&"ORIGINAL_NOT_GIVEN"));
    for cut in [0, 1, 4, 40, value.len() - 1] {
        assert_eq!(scene.verify(&value[..cut]).conclusion, Conclusion::Failed);
    }
}

/// A random document: pages of several sizes with text, and where to seal them.
fn arbitrary_document() -> impl Strategy<Value = (Vec<u8>, Position)> {
    let page = (100.0..400.0, 100.0..400.0, "[一-龥a-z0-9]{1,30}");
    proptest::collection::vec(page, 1..6).prop_flat_map(|pages| {
        let mut builder = DocumentBuilder::new("0123456789abcdef0123456789abcdef");
        let font = builder.font("宋体");
        let count = pages.len();
        for (width, height, text) in pages {
            builder.page((width, height), Drawing::new().text(font, 4.0, 10.0, 20.0, &text));
        }
        let document = builder.build().unwrap();
        let edge = prop_oneof![
            Just(Edge::Left),
            Just(Edge::Right),
            Just(Edge::Top),
            Just(Edge::Bottom)
        ];
        let at_point = (1..=count, 0.0..90.0, 0.0..90.0).prop_map(|(page, x_mm, y_mm)| Position::Point {
            pages: PageSelection::Pages(vec![page]),
            x_mm,
            y_mm,
        });
        let straddle = (edge, 40.0..80.0).prop_map(|(edge, middle)| Position::Straddle {
            edge,
            middle_mm: Some(middle),
            group: None,
        });
        let position = if count > 1 {
            prop_oneof![at_point, straddle].boxed()
        } else {
            at_point.boxed()
        };
        (Just(document), position)
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    #[test]
    fn random_documents_and_placements_verify((document, position) in arbitrary_document()) {
        let scene = Scene::new();
        let sealed = scene.seal_at(&document, &[position]).unwrap();
        prop_assert_eq!(scene.verify(&sealed).conclusion, Conclusion::Passed);
    }

    /// Any single changed byte in a protected part fails.
    #[test]
    fn one_changed_byte_in_a_protected_part_fails(
        which in any::<prop::sample::Index>(),
        at in any::<prop::sample::Index>(),
        flip in 1u8..,
    ) {
        let scene = Scene::new();
        let sealed = scene.seal_at(&document(2), &[point(1)]).unwrap();
        let package = open(&sealed);
        let parts: Vec<_> = package.parts().map(|entry| entry.path().clone()).collect();
        let parts: Vec<_> = parts.iter().filter(|part| part.file_name() != "Signatures.xml").collect();
        let part = which.get(&parts);
        let mut bytes = package.read(part).unwrap().to_vec();
        let at = at.index(bytes.len());
        bytes[at] ^= flip;
        let tampered = rewritten(&sealed, |update| update.replace(part, bytes).unwrap());
        let report = scene.verify(&tampered);
        // Real vendors write any number there: the count of unused bits of the signature value, which means nothing.
        let is_unused_bits = part.file_name() == "SignedValue.dat"
            && reasons(&report).any(|reason| reason.details.iter().any(|detail| detail.ends_with("UNUSED_BITS")));
        prop_assert!(
            report.conclusion == Conclusion::Failed || is_unused_bits,
            "byte {} of {}: {:?}", at, part, report.conclusion
        );
    }
}
