//! Every real and hostile OFD, read in place; names are printed by their digest only.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use ofd::{Limits, Package};

fn files(folder: &Path) -> Vec<PathBuf> {
    let mut files: Vec<_> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    files.retain(|path| path.extension().is_some_and(|extension| extension == "ofd"));
    files.sort();
    files
}

/// The first part of the name: digest or number, never a person's or a company's name.
fn short(path: &Path) -> String {
    let name = path.file_name().unwrap().to_string_lossy();
    name.split('-').next().unwrap().to_owned()
}

/// Opens the package and inflates everything: the code of the first refusal.
fn refusal(path: &Path) -> Result<Package, &'static str> {
    let file = std::fs::File::open(path).unwrap();
    let package = Package::open(file, Limits::default()).map_err(|error| error.code())?;
    for entry in package.parts() {
        package
            .stream(entry.path(), &mut |_| {})
            .map_err(|error| error.code())?;
    }
    Ok(package)
}

#[test]
fn real_packages_open_and_inflate() {
    let Some(corpus) = super::corpus() else { return };
    let mut refused = BTreeMap::new();
    for path in files(&corpus.join("ofd")) {
        match refusal(&path) {
            Ok(package) => {
                for f in package.findings() {
                    println!("{} {:?} {}", short(&path), f.kind, f.detail)
                }
            }
            Err(code) => {
                refused.insert(short(&path), code);
            }
        }
    }
    assert_eq!(
        refused,
        BTreeMap::from([("2593c004".to_owned(), "ZIP_MALFORMED")])
    );
}

#[test]
fn hostile_packages_are_refused_by_code() {
    let Some(corpus) = super::corpus() else { return };
    let mut refused = BTreeMap::new();
    for path in files(&corpus.join("hostile")) {
        if let Err(code) = refusal(&path) {
            refused.insert(short(&path), code);
        }
    }
    let expected = [
        ("h70", "ZIP_DUPLICATE"),
        ("h72", "ZIP_INCONSISTENT"),
        ("h76", "ZIP_BOMB"),
        ("h78", "ZIP_MALFORMED"),
        ("h80", "ZIP_ENCRYPTED"),
        ("h82", "ZIP_DUPLICATE"),
        ("h84", "ZIP_MALFORMED"),
    ];
    assert_eq!(
        refused,
        expected.map(|(name, code)| (name.to_owned(), code)).into()
    );
}
