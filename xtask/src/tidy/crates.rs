//! Rules about crates: who imports whom, names, manifests, test binaries.

use std::collections::{BTreeMap, BTreeSet};

use super::Finding;
use crate::markdown;
use crate::tree::Tree;

const ARCHITECTURE: &str = "ARCHITECTURE.md";
/// Names that say nothing: such a crate would collect what has no place.
const NAMELESS: [&str; 8] = [
    "base", "common", "core", "helpers", "shared", "types", "util", "utils",
];
/// What any crate may use in its tests.
const FOR_TESTS: [&str; 2] = ["ofd", "testkit"];
/// Crates that know nothing of a matter, the dependencies that would bring it in, and the sentence that says so.
const BOUNDARIES: [(&[&str], &[&str], &str); 2] = [
    (
        &["ofd"],
        &[
            "aes-gcm",
            "md-5",
            "rsa",
            "sha1",
            "sha2",
            "signature",
            "sm2",
            "sm3",
            "sm4",
        ],
        "documents know no cryptography: give the parts to hash and a hole to fill",
    ),
    (
        &["gm", "keys", "ofd", "pki", "sealing", "ses"],
        &["clap", "getrandom", "indicatif", "ureq"],
        "arguments, randomness, terminal and network belong to the program",
    ),
];

/// The import table and the manifests say the same, in both directions.
pub(super) fn imports(tree: &Tree) -> Vec<Finding> {
    let crates = tree.crates();
    let table = match import_table(tree) {
        Ok(table) => table,
        Err(finding) => {
            return if crates.is_empty() {
                Vec::new()
            } else {
                vec![finding]
            };
        }
    };
    let mut found = Vec::new();
    for name in table.keys().filter(|name| !crates.contains(&name.as_str())) {
        found.push(Finding::new(
            ARCHITECTURE,
            0,
            format!("the import table names `{name}`, which is no crate"),
        ));
    }
    for name in crates.iter().copied() {
        let manifest = format!("crates/{name}/Cargo.toml");
        let Some(may) = table.get(name) else {
            found.push(Finding::new(
                ARCHITECTURE,
                0,
                format!("the import table lacks `{name}`"),
            ));
            continue;
        };
        let ours = |section: &str| ours_in(tree.text(&manifest).unwrap_or(""), section, &crates);
        let does: BTreeSet<_> = ours("dependencies")
            .union(&ours("build-dependencies"))
            .copied()
            .collect();
        if may.contains("any") {
            continue;
        }
        for other in does.iter().filter(|other| !may.contains(**other)) {
            found.push(Finding::new(
                &manifest,
                0,
                format!("`{name}` imports `{other}` against the import table"),
            ));
        }
        for other in may.iter().filter(|other| !does.contains(other.as_str())) {
            found.push(Finding::new(
                &manifest,
                0,
                format!("`{name}` no longer imports `{other}`: mend the table"),
            ));
        }
        for other in ours("dev-dependencies") {
            if !may.contains(other) && !FOR_TESTS.contains(&other) {
                found.push(Finding::new(
                    &manifest,
                    0,
                    format!("tests of `{name}` may not import `{other}`"),
                ));
            }
        }
    }
    found
}

/// What a crate must not know does not come in as a dependency either; tests may use it.
pub(super) fn boundaries(tree: &Tree) -> Vec<Finding> {
    let mut found = Vec::new();
    for (path, text) in manifests(tree) {
        let name = path.split('/').nth(1).unwrap_or("");
        for (_, banned, why) in BOUNDARIES.iter().filter(|(crates, _, _)| crates.contains(&name)) {
            for (line, entry) in section_lines(text, "dependencies") {
                let package = entry.split(['.', ' ', '=']).next().unwrap_or("");
                if banned.contains(&package) {
                    found.push(Finding::new(
                        path,
                        line,
                        format!("`{name}` uses `{package}`: {why}"),
                    ));
                }
            }
        }
    }
    found
}

/// Every dependency takes version or path from the workspace, and every crate its lints.
pub(super) fn dependencies(tree: &Tree) -> Vec<Finding> {
    let mut found = Vec::new();
    for (path, text) in manifests(tree) {
        for section in ["dependencies", "dev-dependencies", "build-dependencies"] {
            for (line, entry) in section_lines(text, section) {
                if !entry.contains("workspace = true") {
                    found.push(Finding::new(
                        path,
                        line,
                        format!("write `workspace = true`: {entry}"),
                    ));
                }
            }
        }
        if !section_lines(text, "lints").any(|(_, entry)| entry == "workspace = true") {
            found.push(Finding::new(path, 0, "add `[lints] workspace = true`"));
        }
    }
    found
}

/// Folder, package and import are one name, and the name is a thing.
pub(super) fn names(tree: &Tree) -> Vec<Finding> {
    let mut found = Vec::new();
    for name in tree.crates() {
        let place = format!("crates/{name}");
        let manifest = tree.text(&format!("{place}/Cargo.toml")).unwrap_or("");
        let package = section_lines(manifest, "package").find_map(|(_, entry)| entry.strip_prefix("name = "));
        if package.map(|quoted| quoted.trim_matches('"')) != Some(name) {
            found.push(Finding::new(&place, 0, "the package's name is not its folder's"));
        }
        if NAMELESS.contains(&name) {
            found.push(Finding::new(
                &place,
                0,
                "such a crate collects what has no place: name the thing",
            ));
        }
    }
    found
}

/// `lib.rs` or `main.rs` opens with `//!` and at least one whole sentence.
pub(super) fn docs(tree: &Tree) -> Vec<Finding> {
    let mut found = Vec::new();
    for name in tree.crates() {
        let roots = ["lib.rs", "main.rs"].map(|file| format!("crates/{name}/src/{file}"));
        for (path, text) in roots.iter().filter_map(|path| Some((path, tree.text(path)?))) {
            let paragraph: String = text.lines().map_while(|line| line.strip_prefix("//!")).collect();
            if paragraph.trim().len() < 40 || !paragraph.contains('.') {
                found.push(Finding::new(
                    path,
                    1,
                    "open with a `//!` paragraph: what is it for, what is not here",
                ));
            }
        }
    }
    found
}

/// Test binaries are linked one by one, so a crate has one, with modules.
pub(super) fn test_binaries(tree: &Tree) -> Vec<Finding> {
    let mut binaries: BTreeMap<&str, usize> = BTreeMap::new();
    for (path, _) in tree.rust() {
        let Some((name, file)) = path
            .strip_prefix("crates/")
            .and_then(|path| path.split_once("/tests/"))
        else {
            continue;
        };
        let is_binary = match file.split_once('/') {
            None => true,
            Some((_, inner)) => inner == "main.rs",
        };
        *binaries.entry(name).or_default() += usize::from(is_binary && !name.contains('/'));
    }
    let many = binaries.into_iter().filter(|(_, count)| *count > 1);
    many.map(|(name, count)| {
        let message = format!("{count} integration tests: make them modules of tests/it/main.rs");
        Finding::new(format!("crates/{name}/tests"), 0, message)
    })
    .collect()
}

/// The table under "Import table": crate (first column), what it may import (last column; – is nothing).
fn import_table(tree: &Tree) -> Result<BTreeMap<String, BTreeSet<String>>, Finding> {
    let text = tree.text(ARCHITECTURE).unwrap_or("");
    let tables = markdown::tables(markdown::section(text, "Import table").unwrap_or(""));
    let Some(table) = tables.first() else {
        return Err(Finding::new(
            ARCHITECTURE,
            0,
            "there is no table under the heading \"Import table\"",
        ));
    };
    let words = |cell: &str| -> BTreeSet<String> {
        let words = cell
            .split([',', ' '])
            .map(|word| word.trim_matches('`').to_owned());
        words.filter(|word| !word.is_empty() && word != "–").collect()
    };
    let row = |row: &markdown::Row| Some((words(row.cells.first()?).pop_first()?, words(row.cells.last()?)));
    Ok(table.rows.iter().filter_map(row).collect())
}

/// Our crates among the entries of one section.
fn ours_in<'a>(manifest: &str, section: &str, crates: &[&'a str]) -> BTreeSet<&'a str> {
    let lines = section_lines(manifest, section);
    let names = lines.filter_map(|(_, entry)| Some(entry.split(['.', ' ', '=']).next()?.to_owned()));
    names
        .filter_map(|name| crates.iter().copied().find(|ours| *ours == name))
        .collect()
}

/// Entries of one section of a manifest, each with its 1-based line; `[target.….section]` counts too.
fn section_lines<'a>(text: &'a str, section: &'a str) -> impl Iterator<Item = (usize, &'a str)> {
    let mut inside = false;
    text.lines().enumerate().filter_map(move |(index, line)| {
        let line = line.trim();
        if let Some(name) = line.strip_prefix('[') {
            let name = name.trim_end_matches(']');
            inside =
                name == section || (name.starts_with("target.") && name.ends_with(&format!(".{section}")));
            return None;
        }
        (inside && !line.is_empty() && !line.starts_with('#')).then_some((index + 1, line))
    })
}

/// Manifests of the workspace's members.
fn manifests(tree: &Tree) -> impl Iterator<Item = (&str, &str)> {
    tree.texts().filter(|(path, _)| {
        let member = path.strip_prefix("crates/").and_then(|path| path.split_once('/'));
        *path == "xtask/Cargo.toml" || member.is_some_and(|(_, file)| file == "Cargo.toml")
    })
}

#[cfg(test)]
mod tests {
    use super::super::tests::places;
    use super::*;

    const TABLE: &str = "## Import table\n\n| crate | sentence | may import (ours) |\n| - | - | - |\n\
        | `gm` | a | – |\n| `pki` | b | `gm` |\n| `testkit` | c | any |\n";

    fn check_imports(pki: &str) -> Vec<String> {
        let files = [
            (ARCHITECTURE, TABLE),
            ("crates/gm/Cargo.toml", "[dependencies]\nsm2.workspace = true\n"),
            ("crates/pki/Cargo.toml", pki),
            (
                "crates/testkit/Cargo.toml",
                "[dependencies]\ngm.workspace = true\npki.workspace = true\n",
            ),
        ];
        imports(&Tree::of(&files))
            .into_iter()
            .map(|found| found.message)
            .collect()
    }

    #[test]
    fn imports_follow_the_table() {
        assert!(check_imports("[dependencies]\ngm.workspace = true\n").is_empty());
        assert!(
            check_imports(
                "[dependencies]\ngm = { workspace = true }\n[dev-dependencies]\ntestkit.workspace = true\n"
            )
            .is_empty()
        );
    }

    #[test]
    fn an_import_against_the_table_is_found() {
        let found = check_imports("[dependencies]\ngm.workspace = true\ntestkit.workspace = true\n");
        assert_eq!(found, ["`pki` imports `testkit` against the import table"]);
    }

    #[test]
    fn an_import_that_ended_is_found() {
        assert_eq!(
            check_imports("[dependencies]\n"),
            ["`pki` no longer imports `gm`: mend the table"]
        );
    }

    #[test]
    fn a_crate_and_the_table_need_each_other() {
        let files = [
            (ARCHITECTURE, TABLE),
            ("crates/gm/Cargo.toml", ""),
            ("crates/ofd/Cargo.toml", ""),
        ];
        let found: Vec<_> = imports(&Tree::of(&files))
            .into_iter()
            .map(|found| found.message)
            .collect();
        let expected = [
            "the import table names `pki`, which is no crate",
            "the import table names `testkit`, which is no crate",
            "the import table lacks `ofd`",
        ];
        assert_eq!(found, expected);
        assert_eq!(
            places(imports, &[("crates/gm/Cargo.toml", "")]),
            ["ARCHITECTURE.md:0"]
        );
    }

    #[test]
    fn cryptography_in_documents_is_found() {
        let manifest = "[dependencies]\nsm3.workspace = true\n[dev-dependencies]\nsm2.workspace = true\n";
        let files = [
            ("crates/ofd/Cargo.toml", manifest),
            ("crates/gm/Cargo.toml", manifest),
        ];
        assert_eq!(places(boundaries, &files), ["crates/ofd/Cargo.toml:2"]);
    }

    #[test]
    fn a_version_in_a_crate_is_found() {
        let manifest = "[dependencies]\na.workspace = true\nb = \"1\"\n[lints]\nworkspace = true\n";
        assert_eq!(
            places(dependencies, &[("crates/gm/Cargo.toml", manifest)]),
            ["crates/gm/Cargo.toml:3"]
        );
        assert_eq!(
            places(dependencies, &[("crates/gm/Cargo.toml", "")]),
            ["crates/gm/Cargo.toml:0"]
        );
    }

    #[test]
    fn a_crate_named_otherwise_or_nothing_is_found() {
        let files = [
            ("crates/gm/Cargo.toml", "[package]\nname = \"gm\"\n"),
            ("crates/ofd/Cargo.toml", "[package]\nname = \"yinxin-ofd\"\n"),
            ("crates/utils/Cargo.toml", "[package]\nname = \"utils\"\n"),
        ];
        assert_eq!(places(names, &files), ["crates/ofd:0", "crates/utils:0"]);
    }

    #[test]
    fn a_crate_without_a_paragraph_is_found() {
        let files = [
            (
                "crates/a/src/lib.rs",
                "//! SM2, SM3 and SM4, and the traits that all else signs through.\n",
            ),
            ("crates/b/src/lib.rs", "//! SM2.\n"),
            ("crates/c/src/main.rs", "fn main() {}\n"),
        ];
        assert_eq!(
            places(docs, &files),
            ["crates/b/src/lib.rs:1", "crates/c/src/main.rs:1"]
        );
    }

    #[test]
    fn a_second_test_binary_is_found() {
        let one = [
            ("crates/a/tests/it/main.rs", ""),
            ("crates/a/tests/it/more.rs", ""),
        ];
        assert!(places(test_binaries, &one).is_empty());
        let two = [("crates/a/tests/it/main.rs", ""), ("crates/a/tests/other.rs", "")];
        assert_eq!(places(test_binaries, &two), ["crates/a/tests:0"]);
    }
}
