//! Every page of every real OFD: read, searched, asked whether it is blank. No text of theirs is printed.

use std::collections::{BTreeMap, HashSet};
use std::path::Path;

use ofd::page::PageContent;
use ofd::{Document, Limits, Ofd, Package, text};

/// What the pages of the corpus hold, counted.
#[derive(Debug, Default)]
struct Count {
    pages: usize,
    blank: BTreeMap<String, usize>,
    characters: usize,
    /// Files in which a generic word was found.
    found: BTreeMap<&'static str, HashSet<String>>,
}

/// Words that stand on forms of all kinds.
const WORDS: [&str; 5] = ["发票", "备注", "金额", "日期", "的"];

#[test]
fn pages_of_real_documents_are_read_and_searched() {
    let Some(corpus) = super::corpus() else { return };
    let mut count = Count::default();
    let mut paths: Vec<_> = std::fs::read_dir(corpus.join("ofd"))
        .unwrap()
        .map(|file| file.unwrap().path())
        .collect();
    paths.sort();
    for path in paths {
        let Ok(package) = Package::open(std::fs::File::open(&path).unwrap(), Limits::default()) else {
            continue;
        };
        let Ok(ofd) = Ofd::read(&package) else { continue };
        for body in &ofd.bodies {
            if let Ok(document) = &body.document {
                count_document(&short(&path), &package, document, &mut count);
            }
        }
    }
    println!(
        "{} pages, {} characters, blank: {:?}",
        count.pages, count.characters, count.blank
    );
    assert_eq!(count.pages, 515);
    // Two white sheets for seal samples, and the empty second page of a document: looked at by eye.
    let blank = [("5545df63", 1), ("b6cd505c", 1), ("fb834ffc", 1)];
    assert_eq!(
        count.blank,
        blank.map(|(file, pages)| (file.to_owned(), pages)).into()
    );
    // A search in the bare text of the same pages, in the order of the XML, finds the words in the same files.
    let files: BTreeMap<_, _> = count
        .found
        .iter()
        .map(|(word, files)| (*word, files.len()))
        .collect();
    assert_eq!(
        files,
        [("发票", 10), ("备注", 13), ("日期", 18), ("的", 15), ("金额", 17)].into()
    );
}

fn count_document(file: &str, package: &Package, document: &Document, count: &mut Count) {
    let read = |link: &ofd::Link| {
        let bytes = package.read(link.path()?).ok()?;
        Some(PageContent::read(&bytes, package.limits()).unwrap())
    };
    for page in &document.pages {
        let Some(content) = read(&page.loc) else { continue };
        let drawn = |id: u32| document.templates.iter().find(|template| template.id == Some(id));
        let templates: Vec<_> = content
            .templates
            .iter()
            .filter_map(|used| read(&drawn(used.template_id)?.loc))
            .collect();
        let templates: Vec<_> = templates.iter().collect();
        count.pages += 1;
        let shown = text::plain_text(&content, &templates);
        count.characters += shown
            .chars()
            .filter(|character| !character.is_whitespace())
            .count();
        if content.is_blank(page.physical_box.as_ref(), &templates) {
            *count.blank.entry(file.to_owned()).or_default() += 1;
        }
        for word in WORDS {
            for hit in text::find(&content, &templates, word) {
                assert!(hit.bounds.has_area(), "{file}");
                count.found.entry(word).or_default().insert(file.to_owned());
            }
        }
    }
}

/// The digest that the name begins with.
fn short(path: &Path) -> String {
    let name = path.file_name().unwrap().to_string_lossy();
    name.split('-').next().unwrap().to_owned()
}
