//! Every real and hostile OFD, read in place; files are named by the first part of their name only.

use std::path::{Path, PathBuf};

use ofd::{Ofd, Package};
use render::{Document, Error, FontLibrary, Limits, Scene, View, Warning};

/// Real files that are no packages, or have no document.
const NO_DOCUMENT: [&str; 2] = ["2593c004", "84ed6644"];
/// Real pages on which nothing is drawn but white: the file, and the page.
const BLANK: [(&str, usize); 2] = [("b6cd505c", 1), ("fb834ffc", 2)];
/// Pages of one real file that are looked at: the longest ones repeat themselves.
const PAGES_MAX: usize = 3;
/// Low, so that the whole corpus is quick: 36 dpi.
const DPI: f64 = 36.0;

fn files(folder: &Path) -> Vec<(String, PathBuf)> {
    let paths = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path());
    let mut files: Vec<_> = paths
        .filter(|path| path.extension().is_some_and(|extension| extension == "ofd"))
        .map(|path| (short(&path), path))
        .collect();
    files.sort();
    files
}

/// The digest or the number that a name begins with: the rest may name a person or a company.
fn short(path: &Path) -> String {
    let name = path.file_name().unwrap().to_string_lossy();
    name.split(['-', '_']).next().unwrap().to_owned()
}

fn fonts() -> FontLibrary {
    FontLibrary::from_folders(&["/usr/share/fonts"])
}

/// Calls `take` with every page of the file, up to `PAGES_MAX`; the number of documents.
fn pages(path: &Path, fonts: &FontLibrary, mut take: impl FnMut(usize, Result<Scene, Error>)) -> usize {
    let Ok(package) = Package::open(std::fs::File::open(path).unwrap(), ofd::Limits::default()) else {
        return 0;
    };
    let Ok(ofd) = Ofd::read(&package) else { return 0 };
    let mut documents = 0;
    for body in &ofd.bodies {
        let Ok(document) = &body.document else { continue };
        documents += 1;
        let drawn = Document::new(&package, document, fonts, Limits::default());
        for page in 1..=drawn.page_count().min(PAGES_MAX) {
            take(page, drawn.scene(page, &View::default()));
        }
    }
    documents
}

#[test]
fn every_real_page_is_drawn_and_not_blank() {
    let Some(corpus) = crate::corpus() else { return };
    let fonts = fonts();
    let mut seen = 0;
    for (name, path) in files(&corpus.join("ofd")) {
        let documents = pages(&path, &fonts, |page, scene| {
            let scene = scene.unwrap_or_else(|error| panic!("{name} page {page}: {error}"));
            let pixels = scene.to_pixels(DPI).unwrap();
            let is_blank = pixels.rgba().iter().all(|byte| *byte == 255);
            assert_eq!(
                is_blank,
                BLANK.contains(&(name.as_str(), page)),
                "{name} page {page}"
            );
            assert!(scene.to_svg().unwrap().ends_with("</svg>\n"));
            if !fonts.is_empty() {
                let broken = scene
                    .warnings
                    .iter()
                    .find(|warning| matches!(warning, Warning::FontBroken { .. }));
                assert_eq!(broken, None, "{name} page {page}");
            }
            seen += 1;
        });
        assert_eq!(documents == 0, NO_DOCUMENT.contains(&name.as_str()), "{name}");
    }
    assert!(seen >= 51, "only {seen} pages were there");
}

#[test]
fn hostile_files_are_drawn_or_refused() {
    let Some(corpus) = crate::corpus() else { return };
    let fonts = FontLibrary::default();
    let mut seen = 0;
    for (_, path) in files(&corpus.join("hostile")) {
        pages(&path, &fonts, |_, scene| {
            seen += 1;
            if let Ok(scene) = scene {
                let _ = (scene.to_pixels(DPI), scene.to_svg());
            }
        });
    }
    assert!(seen >= 20, "only {seen} pages were there");
}
