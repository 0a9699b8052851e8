//! Where stamps on turned, cropped and scaled pages are seen, as poppler renders them.

use std::fs;
use std::process::Command;

use ofd::builder::{DocumentBuilder, Drawing, ImageFormat};
use ofd::geometry::Box as MmBox;
use pki::{MessageKey, Purpose};
use sealing::{
    BlankPages, Conclusion, Edge, Mode, PageSelection, PdfForm, PdfLevel, PdfSealError, PdfSealOrder,
    Position, Shown, seal_pdf,
};
use ses::{ListKind, SealVersion};
use testkit::now;

use crate::scene::{Scene, codes};

/// A seal of 40 mm: the left half red, its upper quarter blue, the right half clear.
const SVG: &str = "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"40mm\" height=\"40mm\" viewBox=\"0 0 40 40\">\
    <rect width=\"20\" height=\"40\" fill=\"#ff0000\"/><path d=\"M0 0H20V10H0Z\" fill=\"#0000ff\"/></svg>";

/// The same in pixels.
fn png() -> Vec<u8> {
    let pixels = image::RgbaImage::from_fn(8, 8, |x, y| match (x, y) {
        (4.., _) => image::Rgba([0; 4]),
        (_, 0..2) => image::Rgba([0, 0, 255, 255]),
        _ => image::Rgba([255, 0, 0, 255]),
    });
    let mut bytes = Vec::new();
    pixels
        .write_to(&mut std::io::Cursor::new(&mut bytes), image::ImageFormat::Png)
        .unwrap();
    bytes
}

/// The same as an OFD document of one page, drawn or with the pixels as an image.
fn ofd(is_drawn: bool) -> Vec<u8> {
    let mut document = DocumentBuilder::new("0123456789abcdef0123456789abcdef");
    let all = MmBox::new(0.0, 0.0, 40.0, 40.0);
    let drawing = if is_drawn {
        let upper = MmBox::new(0.0, 0.0, 20.0, 10.0);
        Drawing::new()
            .rectangle(MmBox::new(0.0, 0.0, 20.0, 40.0), None, Some([255, 0, 0]))
            .rectangle(upper, None, Some([0, 0, 255]))
    } else {
        Drawing::new().image(document.image(ImageFormat::Png, png()), all)
    };
    document.page((40.0, 40.0), drawing);
    document.build().unwrap()
}

/// Two pages with these attributes, and a word to stamp on.
fn document(attributes: &str) -> Vec<u8> {
    let contents = "BT /F 10 Tf 200 400 Td (Seal here) Tj ET";
    let page =
        format!("<</Type/Page/Parent 2 0 R/Resources<</Font<</F 6 0 R>>>>/Contents 5 0 R{attributes}>>");
    let objects = [
        "<</Type/Catalog/Pages 2 0 R>>".to_owned(),
        "<</Type/Pages/Kids[3 0 R 4 0 R]/Count 2/MediaBox[0 0 600 800]>>".to_owned(),
        page.clone(),
        page,
        format!("<</Length {}>>stream\n{contents}\nendstream", contents.len()),
        "<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>".to_owned(),
    ];
    let mut bytes = b"%PDF-1.7\n".to_vec();
    let mut table = "xref\n0 7\n0000000000 65535 f \n".to_owned();
    for (index, body) in objects.iter().enumerate() {
        table.push_str(&format!("{:010} 00000 n \n", bytes.len()));
        bytes.extend_from_slice(format!("{} 0 obj\n{body}\nendobj\n", index + 1).as_bytes());
    }
    let start = bytes.len();
    bytes.extend_from_slice(
        format!("{table}trailer\n<</Size 7/Root 1 0 R>>\nstartxref\n{start}\n%%EOF\n").as_bytes(),
    );
    bytes
}

fn stamped(scene: &Scene, document: Vec<u8>, picture: &[u8], position: Position) -> Vec<u8> {
    let out = stamp(scene, document, picture, position).unwrap();
    let report = scene.verify(&out);
    assert_eq!(report.conclusion, Conclusion::Passed, "{:?}", codes(&report));
    out
}

fn stamp(
    scene: &Scene,
    document: Vec<u8>,
    picture: &[u8],
    position: Position,
) -> Result<Vec<u8>, PdfSealError> {
    let seal = scene.pki.seal(SealVersion::V4, ListKind::Certificates, picture);
    let verified = scene.verified(&seal);
    let sealer = scene.path(&scene.pki.sealer, Purpose::Signer);
    let order = PdfSealOrder {
        shown: Shown::Seal(&verified),
        sealer: &sealer,
        positions: &[position],
        mode: Mode::Continue,
        blank_pages: BlankPages::Refuse,
        repair: false,
        time: now(),
        form: PdfForm::Seal,
        level: PdfLevel::B,
        verifier: &scene.verifier(),
    };
    let mut out = Vec::new();
    let key = MessageKey::Sm2(&scene.pki.sealer.key);
    seal_pdf(document, &order, key, None, &mut out)?;
    Ok(out)
}

/// The page as it is seen, a pixel for each quarter of a mm; `None` after saying loudly what is missing.
fn rendered(file: &[u8], page: usize) -> Option<image::RgbImage> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("x.pdf");
    fs::write(&path, file).unwrap();
    let page = page.to_string();
    let output = Command::new("pdftoppm")
        .args([
            "-r",
            "101.6",
            "-cropbox",
            "-png",
            "-singlefile",
            "-f",
            &page,
            "-l",
            &page,
        ])
        .arg(&path)
        .arg(folder.path().join("page"))
        .output();
    if output.is_err() {
        println!("SKIPPED: pdftoppm (poppler-utils) is not installed");
        return None;
    }
    let bytes = fs::read(folder.path().join("page.png")).unwrap();
    Some(image::load_from_memory(&bytes).unwrap().into_rgb8())
}

/// What is seen at a point in mm.
fn color(picture: &image::RgbImage, x_mm: f64, y_mm: f64) -> &'static str {
    match picture.get_pixel((x_mm * 4.0) as u32, (y_mm * 4.0) as u32).0 {
        [200..=255, 0..50, 0..50] => "red",
        [0..50, 0..50, 200..=255] => "blue",
        [200..=255, 200..=255, 200..=255] => "white",
        _ => "other",
    }
}

const PAGES: [&str; 7] = [
    "",
    "/Rotate 90",
    "/Rotate 180",
    "/Rotate 270",
    "/CropBox[100 150 550 700]",
    "/Rotate 90/CropBox[100 150 550 700]",
    "/Rotate 270/CropBox[100 150 550 700]",
];

#[test]
fn r54_stamps_are_seen_upright_where_they_were_put() {
    let scene = Scene::new();
    for picture in [SVG.as_bytes(), &png(), &ofd(true), &ofd(false)] {
        for attributes in PAGES {
            let position = Position::Point {
                pages: PageSelection::Pages(vec![1]),
                x_mm: 30.0,
                y_mm: 50.0,
            };
            let file = stamped(&scene, document(attributes), picture, position);
            let Some(seen) = rendered(&file, 1) else { return };
            let at = |x, y| color(&seen, x, y);
            for (x, y, expected) in [
                (31.0, 51.0, "blue"),
                (49.0, 58.5, "blue"),
                (31.0, 61.5, "red"),
                (49.0, 89.0, "red"),
                (51.0, 70.0, "white"),
                (29.0, 70.0, "white"),
                (40.0, 49.0, "white"),
                (40.0, 91.0, "white"),
            ] {
                assert_eq!(at(x, y), expected, "{attributes:?} at {x}, {y}");
            }
        }
    }
}

/// Outlines stay outlines; words in a font that the picture does not bring would look otherwise on every machine.
#[test]
fn pictures_that_are_ofd_documents_stay_outlines_or_are_refused() {
    let scene = Scene::new();
    let at = Position::Point {
        pages: PageSelection::Pages(vec![1]),
        x_mm: 30.0,
        y_mm: 50.0,
    };
    let outlines = stamped(&scene, document(""), &ofd(true), at.clone());
    let pixels = stamped(&scene, document(""), &ofd(false), at.clone());
    let is_image = |file: &[u8]| file.windows(15).any(|bytes| bytes == b"/Subtype /Image");
    assert!(!is_image(&outlines) && is_image(&pixels));

    let mut worded = DocumentBuilder::new("0123456789abcdef0123456789abcdef");
    let font = worded.font("宋体");
    worded.page((40.0, 40.0), Drawing::new().text(font, 4.0, 5.0, 20.0, "印信"));
    for (picture, why) in [(worded.build().unwrap(), "宋体"), (ofd(true)[..200].to_vec(), "")] {
        let refused = stamp(&scene, document(""), &picture, at.clone());
        let Err(PdfSealError::Picture(said)) = refused else {
            panic!("{refused:?}")
        };
        assert!(said.contains(why), "{said}");
    }
}

#[test]
fn r59_halves_of_a_straddling_seal_are_seen_at_the_edges() {
    let scene = Scene::new();
    for attributes in PAGES {
        let position = Position::Straddle {
            edge: Edge::Right,
            middle_mm: Some(60.0),
            group: None,
        };
        let file = stamped(&scene, document(attributes), SVG.as_bytes(), position);
        let (Some(first), Some(second)) = (rendered(&file, 1), rendered(&file, 2)) else {
            return;
        };
        let right = f64::from(first.width()) / 4.0;
        assert_eq!(color(&first, right - 18.0, 41.5), "blue", "{attributes:?}");
        assert_eq!(color(&first, right - 2.0, 78.0), "red", "{attributes:?}");
        assert_eq!(color(&first, right - 21.5, 60.0), "white", "{attributes:?}");
        // The right half is clear.
        assert_eq!(color(&second, right - 10.0, 60.0), "white", "{attributes:?}");
    }
}

#[test]
fn keywords_are_stamped_where_they_are_seen() {
    let scene = Scene::new();
    for attributes in PAGES {
        let position = Position::Keyword {
            text: "Sealhere".into(),
            nth: None,
            pages: PageSelection::Pages(vec![1]),
        };
        let file = stamped(&scene, document(attributes), SVG.as_bytes(), position.clone());
        let report = scene.verify(&file);
        let [stamp] = &report.signatures[0].stamps[..] else {
            unreachable!("one stamp")
        };
        let Some(seen) = rendered(&file, 1) else { return };
        assert_eq!(
            color(&seen, stamp.x_mm + 10.0, stamp.y_mm + 5.0),
            "blue",
            "{attributes:?}"
        );
        assert_eq!(
            color(&seen, stamp.x_mm + 1.0, stamp.y_mm + 39.0),
            "red",
            "{attributes:?}"
        );
        // The word, 44 points long, is in the middle: its beginning is under the stamp, its end in the clear half.
        let plain = rendered(&document(attributes), 1).unwrap();
        let dark = plain.enumerate_pixels().filter(|(_, _, pixel)| pixel.0[0] < 128);
        let (mut left, mut right, mut upper, mut lower) = (u32::MAX, 0, u32::MAX, 0);
        for (x, y, _) in dark {
            (left, right) = (left.min(x), right.max(x));
            (upper, lower) = (upper.min(y), lower.max(y));
        }
        let middle = (f64::from(left + right) / 8.0, f64::from(upper + lower) / 8.0);
        let center = (stamp.x_mm + 20.0, stamp.y_mm + 20.0);
        assert!(
            (middle.0 - center.0).abs() < 1.5 && (middle.1 - center.1).abs() < 1.5,
            "{attributes:?}: {middle:?} {center:?}"
        );
    }
}
