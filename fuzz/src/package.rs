//! Packages: limits for fuzzing, a mutator that changes a part and packs it again, everything read, a second
//! opinion on the archive.

use std::collections::HashSet;
use std::io::Read as _;
use std::sync::LazyLock;

use ofd::page::PageContent;
use ofd::{Limits, Ofd, Package, PartKind, PartPath, Shown, SignatureList, Update, shown_parts, text};

use crate::dice::Dice;
use crate::{Flat, der, scene};

/// What one part may grow by.
const GROWTH_BYTES_MAX: usize = 256;
/// What a keyword search looks for: in the seeds, it is there.
const KEYWORD: &str = "盖章";

/// The default limits with less memory: what is bigger is refused at once, and many small inputs show more.
pub fn limits() -> Limits {
    const KIB: u64 = 1 << 10;
    Limits {
        entries_max: 1024,
        entry_bytes_max: 256 * KIB,
        package_bytes_max: 1024 * KIB,
        ratio_free_bytes: 64 * KIB,
        ..Limits::default()
    }
}

/// The package in `bytes`, if they are one.
pub fn open(bytes: &[u8]) -> Result<Package, ofd::Error> {
    Package::open(bytes.to_vec(), limits())
}

/// A sealed document into which other XML is put, and its XML parts.
static HOST: LazyLock<(Package, Vec<PartPath>)> = LazyLock::new(|| {
    let package = open(&scene::stored_sealed_document()).expect("a package");
    let parts = package.parts().map(|entry| entry.path().clone());
    let parts = parts.filter(|part| part.file_name().ends_with(".xml")).collect();
    (package, parts)
});

/// Input for [`host`]: a byte that says which part of the sealed document `xml` stands for, then the XML.
pub fn xml_input(part: &PartPath, xml: &[u8]) -> Vec<u8> {
    let same_name = |known: &PartPath| known.file_name() == part.file_name();
    let selector = HOST.1.iter().position(same_name).unwrap_or_default() as u8;
    [&[selector], xml].concat()
}

/// The sealed document with this XML in the place of the part.
pub fn host_as(part: &PartPath, xml: &[u8]) -> Option<Package> {
    host(HOST.1.iter().position(|known| known == part)? as u8, xml)
}

/// The sealed document with this XML in the place of one of its parts.
pub fn host(selector: u8, xml: &[u8]) -> Option<Package> {
    let (package, parts) = &*HOST;
    let mut update = Update::new(package);
    update
        .replace(&parts[usize::from(selector) % parts.len()], xml)
        .ok()?;
    let mut out = Vec::new();
    update.write(&mut out).ok()?;
    Some(open(&out).expect("what we write, we accept"))
}

/// For `fuzz_mutator!`: changes the archive, or a part of it with all check sums made anew.
pub fn mutate(data: &mut [u8], size: usize, max_size: usize, seed: u32, flat: Flat) -> usize {
    let mut dice = Dice::new(seed);
    if !dice.one_in(3)
        && let Some(changed) = change_part(&data[..size], &mut dice, flat)
        && changed.len() <= max_size
    {
        data[..changed.len()].copy_from_slice(&changed);
        return changed.len();
    }
    flat(data, size, max_size)
}

fn change_part(bytes: &[u8], dice: &mut Dice, flat: Flat) -> Option<Vec<u8>> {
    let package = open(bytes).ok()?;
    let parts: Vec<_> = package.parts().map(|entry| entry.path().clone()).collect();
    if parts.is_empty() {
        return None;
    }
    let part = &parts[dice.below(parts.len())];
    let old = package.read(part).ok()?;
    let new = match dice.below(8) {
        0 => package.read(&parts[dice.below(parts.len())]).ok()?.to_vec(),
        1..=4 => der::change(&old, dice, 32, flat).unwrap_or_else(|| scramble(&old, flat)),
        _ => scramble(&old, flat),
    };
    let mut update = Update::new(&package);
    update.replace(part, new).ok()?;
    let mut out = Vec::new();
    update.write(&mut out).ok()?;
    Some(out)
}

fn scramble(old: &[u8], flat: Flat) -> Vec<u8> {
    let mut buffer = old.to_vec();
    buffer.resize(old.len() + GROWTH_BYTES_MAX, 0);
    let room = buffer.len();
    let size = flat(&mut buffer, old.len(), room);
    buffer.truncate(size);
    buffer
}

/// Reads all that `ofd` can read of a package, and checks what must hold of any.
pub fn explore(package: &Package) {
    let Ok(ofd) = Ofd::read(package) else { return };
    let links = ofd
        .bodies
        .iter()
        .filter_map(|body| body.signatures.as_ref()?.path());
    let lists: Vec<_> = links
        .filter_map(|path| SignatureList::read(package, path).ok())
        .collect();
    let Ok(shown) = shown_parts(package, &ofd, &lists) else {
        return;
    };
    partition(package, &shown);
    let contents = shown.parts.iter().filter(|part| {
        matches!(
            part.kind,
            PartKind::Page | PartKind::Template | PartKind::UnusedTemplate
        )
    });
    let contents = contents.filter_map(|part| package.read(&part.path).ok());
    let pages: Vec<_> = contents
        .filter_map(|xml| PageContent::read(&xml, package.limits()).ok())
        .collect();
    for page in &pages {
        look_at(page, &pages.iter().take(2).collect::<Vec<_>>());
    }
}

/// Every part is shown, serves signatures, or is stray: none is forgotten, none counted twice.
fn partition(package: &Package, shown: &Shown) {
    let mut seen = HashSet::new();
    let kinds = shown
        .parts
        .iter()
        .map(|part| &part.path)
        .chain(&shown.plumbing)
        .chain(&shown.stray);
    for path in kinds {
        assert!(package.contains(path), "{path} is no part");
        assert!(seen.insert(path), "{path} counts twice");
    }
    assert_eq!(
        seen.len(),
        package.parts().count(),
        "parts are forgotten: {shown:?}"
    );
}

/// Asks everything that can be asked of a page.
pub fn look_at(page: &PageContent, templates: &[&PageContent]) {
    page.is_blank(None, templates);
    let text = text::plain_text(page, templates);
    let first: String = text.chars().filter(|c| !c.is_whitespace()).take(2).collect();
    for keyword in [KEYWORD, &first] {
        for hit in text::find(page, templates, keyword) {
            let bounds = hit.bounds;
            let numbers = [bounds.x, bounds.y, bounds.width, bounds.height];
            assert!(numbers.iter().all(|number| number.is_finite()), "{hit:?}");
            assert!(bounds.width >= 0.0 && bounds.height >= 0.0, "{hit:?}");
        }
    }
}

/// Another reader must find the same entries with the same bytes, or refuse: an archive that we accept reads in
/// one way only.
pub fn second_opinion(bytes: &[u8], package: &Package) {
    let Ok(archive) = rawzip::ZipArchive::from_slice(bytes) else {
        return;
    };
    let mut found = 0;
    let mut entries = archive.entries();
    while let Ok(Some(record)) = entries.next_entry() {
        let Some(ours) = package.entries().get(found) else {
            panic!("another reader finds more than {found} entries");
        };
        found += 1;
        assert_eq!(ours.size(), record.uncompressed_size_hint(), "{}", ours.path());
        assert_eq!(
            ours.compressed_size(),
            record.compressed_size_hint(),
            "{}",
            ours.path()
        );
        if ours.is_directory() {
            continue;
        }
        let Ok(bytes) = package.read(ours.path()) else {
            continue;
        };
        let Ok(entry) = archive.get_entry(record.wayfinder()) else {
            continue;
        };
        let mut other = Vec::new();
        match record.compression_method() {
            rawzip::CompressionMethod::STORE => other.extend_from_slice(entry.data()),
            _ => drop(flate2::read::DeflateDecoder::new(entry.data()).read_to_end(&mut other)),
        }
        assert!(
            *bytes == other[..],
            "another reader finds other bytes in {}",
            ours.path()
        );
    }
}
