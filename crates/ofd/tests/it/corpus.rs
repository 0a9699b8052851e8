//! Every real and hostile OFD, read in place; files are named by the first part of their name only.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use ofd::{Limits, Ofd, Package, SignatureKind, SignatureList, Update, shown_parts};
use serde_json::Value;

/// Real files that are no packages: a text file with an .ofd name.
const NO_PACKAGE: &str = "2593c004";
/// `DocRoot` links to a folder, and the signature list is empty and not linked.
const NO_DOCUMENT: &str = "84ed6644";
/// Hostile files that are refused when they are opened.
const REFUSED_PACKAGES: [(&str, &str); 7] = [
    ("h70", "ZIP_DUPLICATE"),
    ("h72", "ZIP_INCONSISTENT"),
    ("h76", "ZIP_BOMB"),
    ("h78", "ZIP_MALFORMED"),
    ("h80", "ZIP_ENCRYPTED"),
    ("h82", "ZIP_DUPLICATE"),
    ("h84", "ZIP_MALFORMED"),
];
/// Hostile files of which a part is refused.
const REFUSED_PARTS: [(&str, &str); 3] = [("h60", "XML_DTD"), ("h62", "XML_DTD"), ("h64", "LIMIT")];

fn files(folder: &Path) -> Vec<(String, PathBuf)> {
    let paths = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path());
    let mut files: Vec<_> = paths
        .filter(|path| path.extension().is_some_and(|extension| extension == "ofd"))
        .map(|path| (short(&path.file_name().unwrap().to_string_lossy()), path))
        .collect();
    files.sort();
    files
}

/// The digest or the number that a name begins with: the rest may name a person or a company.
fn short(name: &str) -> String {
    name.rsplit('/')
        .next()
        .unwrap()
        .split('-')
        .next()
        .unwrap()
        .to_owned()
}

fn open(path: &Path) -> Result<Package, ofd::Error> {
    let package = Package::open(std::fs::File::open(path).unwrap(), Limits::default())?;
    for entry in package.parts() {
        package.stream(entry.path(), &mut |_| {})?;
    }
    Ok(package)
}

/// All lists that can be read, and the first refusal of a list or of a signature part.
fn lists(package: &Package, ofd: &Ofd) -> (Vec<SignatureList>, Option<ofd::Error>) {
    let mut lists = Vec::new();
    let mut refusal = None;
    for link in ofd.bodies.iter().filter_map(|body| body.signatures.as_ref()) {
        match link.path().map(|path| SignatureList::read(package, path)) {
            Some(Ok(list)) => {
                let part = list
                    .entries
                    .iter()
                    .find_map(|entry| entry.part.as_ref().err().cloned());
                refusal = refusal.or(part);
                lists.push(list);
            }
            Some(Err(error)) => refusal = refusal.or(Some(error)),
            None => {}
        }
    }
    (lists, refusal)
}

fn truth(corpus: &Path, name: &str) -> BTreeMap<String, Value> {
    let text = std::fs::read_to_string(corpus.join(name)).unwrap();
    let truth: Value = serde_json::from_str(&text).unwrap();
    truth["files"]
        .as_object()
        .unwrap()
        .iter()
        .map(|(name, value)| (short(name), value.clone()))
        .collect()
}

#[test]
fn hostile_files_are_refused_by_code() {
    let Some(corpus) = super::corpus() else { return };
    let truth = truth(&corpus, "hostile-truth.json");
    let mut packages = Vec::new();
    let mut parts = Vec::new();
    let mut seen = 0;
    for (name, path) in files(&corpus.join("hostile")) {
        seen += 1;
        let refused = match open(&path) {
            Err(error) => {
                packages.push((name.clone(), error.code()));
                Some(error.code())
            }
            Ok(package) => {
                let refusal = part_refusal(&package);
                parts.extend(refusal.map(|code| (name.clone(), code)));
                refusal
            }
        };
        let expected = &truth[&name];
        let refuse = expected["verdict"] == "REJECT_INPUT";
        assert_eq!(refused.is_some(), refuse, "{name}: {refused:?}");
        if let Some(code) = refused {
            assert!(
                expected["codes"]
                    .as_array()
                    .unwrap()
                    .iter()
                    .any(|known| known == code),
                "{name}: {code}"
            );
        }
    }
    assert!(seen > 0);
    let expected = |codes: &[(&str, &'static str)]| -> Vec<_> {
        codes
            .iter()
            .map(|(name, code)| ((*name).to_owned(), *code))
            .collect()
    };
    assert_eq!(packages, expected(&REFUSED_PACKAGES));
    assert_eq!(parts, expected(&REFUSED_PARTS));
}

/// What makes a file that opens unfit to be judged.
fn part_refusal(package: &Package) -> Option<&'static str> {
    let ofd = match Ofd::read(package) {
        Ok(ofd) => ofd,
        Err(error) => return Some(error.code()),
    };
    let documents = ofd
        .bodies
        .iter()
        .find_map(|body| body.document.as_ref().err().cloned());
    let (_, signatures) = lists(package, &ofd);
    documents.or(signatures).map(|error| error.code())
}

#[test]
fn real_files_read_as_the_truth_table_says() {
    let Some(corpus) = super::corpus() else { return };
    let truth = truth(&corpus, "ofd-truth.json");
    let mut seen = 0;
    for (name, path) in files(&corpus.join("ofd")) {
        let expected = &truth[&name];
        if name == NO_PACKAGE {
            assert_eq!(open(&path).unwrap_err().code(), "ZIP_MALFORMED");
            continue;
        }
        let package = open(&path).unwrap_or_else(|error| panic!("{name}: {error}"));
        let ofd = Ofd::read(&package).unwrap_or_else(|error| panic!("{name}: {error}"));
        assert_eq!(ofd.bodies.len() as u64, expected["docbodies"], "{name}");
        let (lists, refusal) = lists(&package, &ofd);
        assert!(refusal.is_none(), "{name}: {refusal:?}");
        let signatures: Vec<_> = lists.iter().flat_map(|list| &list.entries).collect();
        assert_eq!(signatures.len() as u64, expected["n_signatures"], "{name}");
        let shown = shown_parts(&package, &ofd, &lists).unwrap();
        assert!(shown.faults.is_empty(), "{name}: {:?}", shown.faults);
        if name == NO_DOCUMENT {
            assert!(ofd.bodies[0].document.is_err());
            continue;
        }
        let pages: usize = ofd
            .bodies
            .iter()
            .map(|body| body.document.as_ref().unwrap().pages.len())
            .sum();
        assert_eq!(pages as u64, expected["pages"], "{name}");
        for (entry, expected) in signatures.iter().zip(expected["signatures"].as_array().unwrap()) {
            check_signature(&name, entry, expected);
            seen += 1;
        }
    }
    assert!(seen > 40, "{seen} signatures");
}

fn check_signature(name: &str, entry: &ofd::SignatureEntry, expected: &Value) {
    let part = entry.part.as_ref().unwrap();
    assert_eq!(entry.id, expected["id"].as_str().unwrap_or_default(), "{name}");
    let kind = match entry.kind {
        Some(SignatureKind::Sign) => "Sign",
        _ => "Seal",
    };
    if let Some(stated) = expected["type"].as_str() {
        assert_eq!(kind, stated, "{name}");
    }
    assert_eq!(part.references.len() as u64, expected["n_refs"], "{name}");
    let text = |value: &Option<String>| value.clone().map_or(Value::Null, Value::from);
    assert_eq!(text(&part.check_method), expected["checkMethod"], "{name}");
    assert_eq!(text(&part.method), expected["signatureMethod"], "{name}");
    assert_eq!(
        part.stamps.len(),
        expected["stamps"].as_array().map_or(0, Vec::len),
        "{name}"
    );
    if expected["truth"]["a_references"] == true {
        let sound = |reference: &&ofd::Reference| {
            reference.file_ref.target.is_ok()
                && reference
                    .check_value
                    .as_ref()
                    .is_ok_and(|value| value.len() >= 16)
        };
        assert_eq!(
            part.references.iter().filter(sound).count(),
            part.references.len(),
            "{name}"
        );
        assert!(part.faults.is_empty(), "{name}: {:?}", part.faults);
    }
}

#[test]
fn real_files_are_copied_part_for_part() {
    let Some(corpus) = super::corpus() else { return };
    for (name, path) in files(&corpus.join("ofd")) {
        let Ok(old) = open(&path) else { continue };
        let mut bytes = Vec::new();
        Update::new(&old).write(&mut bytes).unwrap();
        let new =
            Package::open(bytes.clone(), Limits::default()).unwrap_or_else(|error| panic!("{name}: {error}"));
        assert_eq!(old.entries().len(), new.entries().len());
        for (one, other) in old.entries().iter().zip(new.entries()) {
            assert_eq!(one.path(), other.path(), "{name}");
            assert_eq!(one.compressed_size(), other.compressed_size(), "{name}");
            assert_eq!(one.method(), other.method(), "{name}");
            if !one.is_directory() {
                assert_eq!(
                    old.read(one.path()).unwrap(),
                    new.read(one.path()).unwrap(),
                    "{name}"
                );
            }
        }
        let mut again = Vec::new();
        Update::new(&new).write(&mut again).unwrap();
        assert!(bytes == again, "{name}: a copy of a copy is the same");
        let count = rawzip::ZipArchive::from_slice(&bytes).unwrap().entries().count();
        assert_eq!(count, new.entries().len(), "{name}: another reader finds as many");
    }
}
