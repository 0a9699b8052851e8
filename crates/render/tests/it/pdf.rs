//! Pages of PDF files, beside those that poppler draws.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;
use std::sync::Arc;

use render::{Error, FontLibrary, Limits, PdfDocument};

/// Pixels of the blocks whose means are compared: letters may be thicker here or there, but stand in their places.
const BLOCK: usize = 8;
/// Two blocks differ when their means do by this much, of 255.
const DIFFERENT: f64 = 40.0;
/// Blocks of a page that may differ. The worst file of the corpus has 0.016.
const SHARE_MAX: f64 = 0.03;
/// What poppler draws nothing of.
const NOT_POPPLERS: [&str; 1] = ["e2ec919e-poppler-395-0-fuzzed.pdf"];

fn read(bytes: &[u8]) -> Result<PdfDocument, Error> {
    let fonts = Arc::new(FontLibrary::default());
    PdfDocument::read(bytes.to_vec(), None, fonts, Limits::default())
}

/// Width, height, red, green and blue of the first page at 50 dpi, as poppler has it.
fn popplers(file: &Path) -> Option<(usize, usize, Vec<u8>)> {
    let drawn = Command::new("pdftoppm")
        .args(["-r", "50", "-f", "1", "-singlefile"])
        .arg(file)
        .output()
        .ok()?;
    let bytes = drawn.stdout;
    let mut words = bytes.split(|byte| byte.is_ascii_whitespace());
    let mut number = || str::from_utf8(words.next()?).ok()?.parse().ok();
    let _magic: Option<usize> = number();
    let (width, height): (usize, usize) = (number()?, number()?);
    let start = bytes.len().checked_sub(width * height * 3)?;
    Some((width, height, bytes[start..].to_vec()))
}

/// Means of blocks, by their place.
fn blocks(
    (width, height): (usize, usize),
    row: usize,
    pixel: usize,
    bytes: &[u8],
) -> BTreeMap<(usize, usize), f64> {
    let mut means = BTreeMap::new();
    for y in (0..height.saturating_sub(BLOCK - 1)).step_by(BLOCK) {
        for x in (0..width.saturating_sub(BLOCK - 1)).step_by(BLOCK) {
            let mut sum = 0;
            for line in y..y + BLOCK {
                for column in x..x + BLOCK {
                    let at = (line * row + column) * pixel;
                    sum += bytes[at..at + 3].iter().map(|byte| u64::from(*byte)).sum::<u64>();
                }
            }
            means.insert((x, y), sum as f64 / (BLOCK * BLOCK * 3) as f64);
        }
    }
    means
}

#[test]
fn pages_of_real_files_look_as_poppler_draws_them() {
    let Some(corpus) = crate::corpus() else { return };
    if Command::new("pdftoppm").arg("-v").output().is_err() {
        return eprintln!("SKIPPED: pdftoppm is not installed: run script/setup");
    }
    let mut count = 0;
    for folder in ["pdf", "hostile"] {
        let Ok(entries) = std::fs::read_dir(corpus.join(folder)) else {
            continue;
        };
        for entry in entries {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            if path.extension().is_none_or(|extension| extension != "pdf") {
                continue;
            }
            let document =
                read(&std::fs::read(&path).unwrap()).unwrap_or_else(|error| panic!("{name}: {error}"));
            let ours = document
                .to_pixels(1, true, 50.0)
                .unwrap_or_else(|error| panic!("{name}: {error}"));
            count += 1;
            let Some((width, height, theirs)) = popplers(&path) else {
                assert!(NOT_POPPLERS.contains(&&*name), "{name}: nothing from poppler");
                continue;
            };
            let pixels = ours.picture;
            let size = (pixels.width() as usize, pixels.height() as usize);
            assert!(
                size.0.abs_diff(width) <= 1 && size.1.abs_diff(height) <= 1,
                "{name}: {size:?}"
            );
            let both = (size.0.min(width), size.1.min(height));
            let (ours, theirs) = (
                blocks(both, size.0, 4, pixels.rgba()),
                blocks(both, width, 3, &theirs),
            );
            let different = ours
                .iter()
                .filter(|(place, mean)| (**mean - theirs[place]).abs() > DIFFERENT)
                .count();
            let share = different as f64 / ours.len() as f64;
            assert!(share <= SHARE_MAX, "{name}: {share} of the page looks different");
        }
    }
    assert!(count > 95, "only {count} files");
}

/// A file with a page of this size in points.
fn page(width: f64, height: f64) -> Vec<u8> {
    let content = "1 0 0 rg 10 10 20 20 re f";
    let objects = [
        "<</Type/Catalog/Pages 2 0 R>>".to_owned(),
        format!("<</Type/Pages/Kids[3 0 R]/Count 1/MediaBox[0 0 {width} {height}]>>"),
        "<</Type/Page/Parent 2 0 R/Resources<<>>/Contents 4 0 R>>".to_owned(),
        format!("<</Length {}>>stream\n{content}\nendstream", content.len()),
    ];
    let mut bytes = b"%PDF-1.7\n".to_vec();
    let mut table = "xref\n0 5\n0000000000 65535 f \n".to_owned();
    for (index, body) in objects.iter().enumerate() {
        table += &format!("{:010} 00000 n \n", bytes.len());
        bytes.extend(format!("{} 0 obj\n{body}\nendobj\n", index + 1).bytes());
    }
    let start = bytes.len();
    bytes.extend(format!("{table}trailer\n<</Size 5/Root 1 0 R>>\nstartxref\n{start}\n%%EOF\n").bytes());
    bytes
}

#[test]
fn a_page_has_its_size_and_its_colours() {
    let document = read(&page(100.0, 50.0)).unwrap();
    let drawn = document.to_pixels(1, true, 72.0).unwrap();
    let pixels = drawn.picture;
    assert_eq!((pixels.width(), pixels.height()), (100, 50));
    let at = |x: usize, y: usize| &pixels.rgba()[(y * 100 + x) * 4..][..4];
    assert_eq!((at(20, 30), at(50, 30)), (&[255, 0, 0, 255][..], &[255; 4][..]));
    assert!((drawn.width_mm - 35.28).abs() < 0.01 && drawn.warnings.is_empty());
    let svg = document.to_svg(1, true).unwrap().picture;
    assert!(svg.starts_with("<svg") && svg.contains("#ff0000"), "{svg}");
}

#[test]
fn what_is_no_page_is_said() {
    assert!(matches!(read(b"%PDF-1.7 and nothing else"), Err(Error::Pdf)));
    let small = read(&page(100.0, 50.0)).unwrap();
    let missing = small.to_pixels(2, true, 72.0).unwrap_err();
    assert!(matches!(missing, Error::NoPage { wanted: 2, pages: 1 }));
    assert!(matches!(small.to_svg(0, true), Err(Error::NoPage { .. })));
    let vague = small.to_pixels(1, true, f64::NAN).unwrap_err();
    assert!(matches!(vague, Error::BadResolution { .. }));
    // A page of 70 m, which hayro alone stops at in a panic.
    let vast = read(&page(200_000.0, 200_000.0)).unwrap();
    assert!(matches!(
        vast.to_pixels(1, true, 72.0),
        Err(Error::TooMuch { .. })
    ));
    assert!(matches!(vast.to_svg(1, true), Err(Error::TooMuch { .. })));
    let large = read(&page(14_000.0, 14_000.0)).unwrap();
    assert!(matches!(
        large.to_pixels(1, true, 600.0),
        Err(Error::TooMuch { .. })
    ));
}
