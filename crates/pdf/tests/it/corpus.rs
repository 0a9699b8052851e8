//! Every PDF of the corpus, read in place; files are named by the first part of their name only.

use std::path::PathBuf;

use pdf::{ByteRangeFault, ChangeKind, Document, changes, pages, signatures, signed_revision, unlisted};

/// Files whose cross-reference data is damaged: read only when repaired.
const DAMAGED: [&str; 8] = [
    "2c4df250", "6a753309", "72f806d3", "7b36c32e", "b7d314b9", "cfbe042c", "eb3691f9", "fd344b5b",
];

/// Where the corpus is; absence is said loudly.
fn corpus() -> Option<PathBuf> {
    #[expect(
        clippy::disallowed_methods,
        reason = "where the corpus lies is the caller's to say"
    )]
    let named = std::env::var_os("YINXIN_CORPUS").map(PathBuf::from);
    let default = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../shared/corpus");
    let folder = named.unwrap_or(default);
    if !folder.is_dir() {
        eprintln!(
            "SKIPPED: corpus not found at {} (set YINXIN_CORPUS)",
            folder.display()
        );
        return None;
    }
    Some(folder)
}

pub(crate) fn files(folder: &str) -> Vec<(String, Vec<u8>)> {
    let Some(corpus) = corpus() else {
        return Vec::new();
    };
    let entries = std::fs::read_dir(corpus.join(folder)).unwrap();
    let paths = entries.map(|entry| entry.unwrap().path());
    let mut files: Vec<_> = paths
        .filter(|path| path.extension().is_some_and(|extension| extension == "pdf"))
        .map(|path| {
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            (
                name.split('-').next().unwrap().to_owned(),
                std::fs::read(&path).unwrap(),
            )
        })
        .collect();
    files.sort();
    files
}

fn file(start: &str) -> Option<Vec<u8>> {
    let folder = if start.starts_with('p') { "hostile" } else { "pdf" };
    files(folder)
        .into_iter()
        .find(|(name, _)| name == start)
        .map(|(_, bytes)| bytes)
}

/// The kinds of changes after the first signature.
fn kinds(start: &str) -> Option<Vec<ChangeKind>> {
    let bytes = file(start)?;
    let document = Document::open(&bytes).unwrap();
    let signature = signatures(&document).unwrap().remove(0);
    let range = signature.byte_range.unwrap();
    let before = signed_revision(&document, &signature, range).unwrap();
    let mut kinds: Vec<_> = changes(&before, &document)
        .unwrap()
        .into_iter()
        .map(|change| change.kind)
        .collect();
    kinds.dedup();
    Some(kinds)
}

#[test]
fn every_file_is_read_or_refused_for_a_reason() {
    for (name, bytes) in files("pdf").into_iter().chain(files("hostile")) {
        let strict = Document::open(&bytes);
        let document = match &strict {
            Ok(document) => document,
            Err(_) => &Document::repair(&bytes).unwrap(),
        };
        let refused = strict.is_err() || document.is_encrypted();
        assert_eq!(
            refused,
            DAMAGED.contains(&name.as_str()),
            "{name}: {:?}",
            strict.as_ref().err()
        );
        let found = signatures(document).unwrap_or_default();
        let known = found.len() + unlisted(&bytes, &found).len();
        assert!(known > 0, "{name}: a signature is somewhere in every file");
    }
}

#[test]
fn attacks_of_the_literature_are_seen() {
    use ChangeKind::{AnnotationAdded, CatalogChanged, PageContentChanged, PagesChanged};
    let expected = [
        ("aba2994f", PageContentChanged),
        ("fdee4b52", PageContentChanged),
        ("0e41604c", AnnotationAdded),
        ("4737544a", CatalogChanged),
        ("6069dfde", PageContentChanged),
        ("c4589715", PageContentChanged),
        ("p20", PagesChanged),
        ("p21", PageContentChanged),
    ];
    for (name, kind) in expected {
        let Some(kinds) = kinds(name) else { continue };
        assert!(kinds.contains(&kind), "{name}: {kinds:?}");
    }
}

#[test]
fn honest_updates_are_nothing_else() {
    use ChangeKind::{Metadata, SecurityStore, SignatureAdded, TimestampAdded, Version};
    let honest = [
        "1cf0494e", "178b741c", "3f75b59d", "495b2eef", "748c5e2e", "9adfd231", "9fe38025", "a2fb9fe4",
        "cdec9347", "36b4294a", "6a8e2b85", "9aad3553", "f09a3650", "1804be7a", "p01", "p00",
    ];
    for name in honest {
        let Some(kinds) = kinds(name) else { continue };
        let harmless = |kind: &ChangeKind| {
            matches!(
                kind,
                SecurityStore | Metadata | Version | SignatureAdded | TimestampAdded
            )
        };
        assert!(kinds.iter().all(harmless), "{name}: {kinds:?}");
    }
}

#[test]
fn byte_ranges_that_deceive() {
    let expected = [
        ("p30", ByteRangeFault::BehindEnd),
        ("p32", ByteRangeFault::NotFourNumbers),
        ("9b5dadd1", ByteRangeFault::NotFourNumbers),
        ("d4e0170c", ByteRangeFault::HoleIsNotContents),
        ("dd476d4b", ByteRangeFault::BehindEnd),
    ];
    for (name, fault) in expected {
        let Some(bytes) = file(name) else { continue };
        let document = Document::open(&bytes).unwrap();
        assert_eq!(signatures(&document).unwrap()[0].byte_range, Err(fault), "{name}");
    }
}

#[test]
fn pages_have_sizes() {
    for (name, bytes) in files("pdf") {
        let Ok(document) = Document::open(&bytes) else {
            continue;
        };
        for page in pages(&document).unwrap_or_default() {
            let (width, height) = page.view(&document).size_mm();
            assert!(
                (10.0..3000.0).contains(&width) && (10.0..3000.0).contains(&height),
                "{name}: {width} × {height}"
            );
        }
    }
}
