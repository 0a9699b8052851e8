//! Genuine impressions as scanners and cameras bring them, and forgeries.

use impression::{
    Design, Impression, NameSeal, OfficialLevel, OvalSeal, ReportTitles, RoundSeal, ShapeKind, Verdict,
    compare, differ, draw, report,
};

use crate::specimens::{Capture, FORGERIES, Faces, Forgery, Rng, captured, fonts, forged, registered};
use crate::{face, serif};

fn faces() -> Option<Faces> {
    Some(Faces {
        serif: serif()?,
        others: vec![face("NotoSansCJK-Regular.ttc", "Noto Sans CJK SC")?],
    })
}

fn designs() -> [Design; 3] {
    [
        Design::Round(RoundSeal::official(
            OfficialLevel::Township,
            "大王镇人民政府办公室",
            None,
        )),
        Design::Oval(OvalSeal::invoice("东山市中天商贸有限公司", "913201000000000000")),
        Design::Name(NameSeal::square("王天水", 20.0)),
    ]
}

#[test]
fn r34_the_registered_impression_is_the_same_as_itself() {
    let Some(font) = serif() else { return };
    let kinds = [ShapeKind::Circle, ShapeKind::Ellipse, ShapeKind::Rectangle];
    for (design, kind) in designs().iter().zip(kinds) {
        let drawing = draw(design, fonts(&font)).unwrap();
        let one = Impression::read(&registered(&drawing), None).unwrap();
        assert_eq!(one.shape(), kind);
        let (long, short) = one.size_mm().unwrap();
        assert!(
            (long - drawing.width_mm).abs() < 0.3 && (short - drawing.height_mm).abs() < 0.3,
            "{long} {short}"
        );
        // An SVG has another raster, and says its size in mm as well.
        let other = Impression::read(drawing.svg().as_bytes(), None).unwrap();
        let comparison = compare(&one, &other);
        assert_eq!(comparison.verdict, Verdict::Same, "{:?}", comparison.measures);
    }
}

#[test]
fn r34_scans_and_photos_of_the_registered_impression_are_never_called_different() {
    let Some(font) = serif() else { return };
    let mut rng = Rng(34);
    for design in designs() {
        let drawing = draw(&design, fonts(&font)).unwrap();
        let one = Impression::read(&registered(&drawing), None).unwrap();
        for capture in [Capture::Scan, Capture::Photo] {
            let other = Impression::read(&captured(&drawing, 1.0, capture, &mut rng), None).unwrap();
            let comparison = compare(&one, &other);
            assert_ne!(
                comparison.verdict,
                Verdict::Different,
                "{capture:?} {:?}",
                comparison.measures
            );
        }
    }
}

#[test]
fn r34_no_forgery_is_called_the_same() {
    let Some(faces) = faces() else { return };
    let [design, ..] = designs();
    let drawing = draw(&design, fonts(&faces.serif)).unwrap();
    let one = Impression::read(&registered(&drawing), None).unwrap();
    let mut rng = Rng(4);
    for forgery in FORGERIES {
        let Some((drawing, stretch)) = forged(&design, forgery, &faces, &mut rng) else {
            assert!(
                matches!(forgery, Forgery::OneCharacter | Forgery::Spacing),
                "{forgery:?}"
            );
            continue;
        };
        let file = captured(&drawing, stretch, Capture::Scan, &mut rng);
        let comparison = compare(&one, &Impression::read(&file, None).unwrap());
        assert_ne!(
            comparison.verdict,
            Verdict::Same,
            "{forgery:?} {:?}",
            comparison.measures
        );
    }
}

#[test]
fn r28_two_business_seals_that_differ_in_their_number_differ() {
    let Some(font) = serif() else { return };
    let seal = |purpose: &str| {
        let design = Design::Round(RoundSeal::special(38.0, "东山市中天商贸有限公司", purpose));
        Impression::read(&registered(&draw(&design, fonts(&font)).unwrap()), None).unwrap()
    };
    let (one, two) = (seal("合同专用章（1）"), seal("合同专用章（2）"));
    assert_eq!(differ(&one, &one), Some(false));
    assert_ne!(differ(&one, &two), Some(false));
    assert_eq!(differ(&one, &seal("财务专用章")), Some(true));
}

#[test]
fn q6_the_report_shows_everything_and_needs_nothing() {
    let Some(font) = serif() else { return };
    let [design, ..] = designs();
    let drawing = draw(&design, fonts(&font)).unwrap();
    let one = Impression::read(&registered(&drawing), None).unwrap();
    let comparison = compare(&one, &one);
    let titles = ReportTitles {
        registered: "<备案>&.png",
        submitted: "b.png",
    };
    let html = report(&comparison, &one, &one, titles).unwrap();
    assert_eq!(html.matches("<img ").count(), 6);
    assert_eq!(html.matches("data:image/png;base64,").count(), 6);
    assert!(html.contains("&lt;备案&gt;&amp;.png") && html.contains("相同") && html.contains("same"));
    for banned in ["<script", "http://", "https://", "url("] {
        assert!(!html.contains(banned), "{banned}");
    }
}
