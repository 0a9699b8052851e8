//! Rules about documents: links, decisions, and tests that are named as proof.

use std::collections::{BTreeMap, BTreeSet};

use super::Finding;
use crate::code::{blank, test_names, words};
use crate::tree::Tree;
use crate::{markdown, pages};

const ARCHITECTURE: &str = "ARCHITECTURE.md";
const DECISIONS: &str = "docs/decisions/";
const DECISION_HEADINGS: [&str; 3] = ["Context", "Decision", "Consequences"];
/// Tables here have a column "test"; what it names must exist.
const STANDARDS: &str = "docs/standards/";

/// Relative links, and anchors in our own documents, resolve.
pub(super) fn links(tree: &Tree) -> Vec<Finding> {
    let mut found = Vec::new();
    for (path, text) in tree.markdown() {
        for (line, target) in markdown::links(text) {
            if target.contains("://") || target.starts_with("mailto:") {
                continue;
            }
            let (file, anchor) = target.split_once('#').unwrap_or((&target, ""));
            let file = if file.is_empty() {
                path.to_owned()
            } else {
                resolve(path, file)
            };
            let leads = tree.has(&file)
                && (anchor.is_empty()
                    || tree.text(&file).is_some_and(|text| {
                        markdown::headings(text).any(|heading| markdown::anchor(heading) == anchor)
                    }));
            if !leads {
                found.push(Finding::new(
                    path,
                    line,
                    format!("the link to {target} leads nowhere"),
                ));
            }
        }
    }
    found
}

/// `NNNN-what-was-decided.md`, numbers used once, with context, decision and consequences.
pub(super) fn decisions(tree: &Tree) -> Vec<Finding> {
    let mut found = Vec::new();
    let mut numbers = BTreeSet::new();
    for (path, text) in tree.markdown() {
        let Some(name) = path.strip_prefix(DECISIONS).filter(|name| *name != "README.md") else {
            continue;
        };
        let number = name.split('-').next().unwrap_or("");
        if number.len() != 4 || !number.bytes().all(|byte| byte.is_ascii_digit()) {
            found.push(Finding::new(path, 0, "name it NNNN-what-was-decided.md"));
        } else if !numbers.insert(number.to_owned()) {
            found.push(Finding::new(path, 0, format!("the number {number} is taken")));
        }
        for heading in DECISION_HEADINGS {
            if !markdown::headings(text).any(|name| name == heading) {
                found.push(Finding::new(
                    path,
                    0,
                    format!("there is no heading \"## {heading}\""),
                ));
            }
        }
    }
    found
}

/// Every numbered sentence under "Invariants" in ARCHITECTURE.md ends by naming its test.
pub(super) fn invariants(tree: &Tree) -> Vec<Finding> {
    let Some(text) = tree.text(ARCHITECTURE) else {
        return Vec::new();
    };
    let Some(section) = markdown::section(text, "Invariants") else {
        return vec![Finding::new(
            ARCHITECTURE,
            0,
            "there is no heading \"Invariants\"",
        )];
    };
    let mut items: Vec<String> = Vec::new();
    for line in section.lines() {
        let digits = line.bytes().take_while(u8::is_ascii_digit).count();
        if digits > 0 && line[digits..].starts_with(". ") {
            items.push(String::new());
        }
        if let Some(item) = items.last_mut() {
            item.push_str(line);
            item.push('\n');
        }
    }
    let unnamed = items.iter().filter(|item| tests_named(item).is_empty());
    unnamed
        .map(|item| {
            let start: String = item.chars().take(50).collect();
            Finding::new(
                ARCHITECTURE,
                0,
                format!("the invariant \"{}…\" names no test", start.trim_end()),
            )
        })
        .collect()
}

/// What documents name as a test is a test of that crate.
pub(super) fn claims(tree: &Tree) -> Vec<Finding> {
    let mut known: BTreeMap<&str, BTreeSet<String>> = BTreeMap::new();
    for (path, text) in tree.rust() {
        let path = path.strip_prefix("crates/").unwrap_or(path);
        let names = known.entry(path.split('/').next().unwrap_or("")).or_default();
        names.extend(test_names(&blank(text)).into_iter().map(str::to_owned));
    }
    let exists = |claim: &str| {
        let (owner, name) = (
            claim.split("::").next().unwrap_or(""),
            claim.rsplit("::").next().unwrap_or(""),
        );
        known.get(owner).is_some_and(|names| names.contains(name))
    };
    let mut found = Vec::new();
    for (path, text) in tree.markdown() {
        let lines = text.lines().enumerate();
        let mut named: Vec<(usize, String)> = lines
            .flat_map(|(index, line)| {
                tests_named(line)
                    .into_iter()
                    .map(move |name| (index + 1, name.to_owned()))
            })
            .collect();
        if path.starts_with(STANDARDS) {
            named.extend(in_column(text, "test"));
        }
        for (line, name) in named.into_iter().filter(|(_, name)| !exists(name)) {
            found.push(Finding::new(
                path,
                line,
                format!("there is no test `{name}`; write crate::test_name"),
            ));
        }
    }
    found
}

/// Names in a table's column "Rust" stand in the sources of their crate, those in "reason code" in the catalogue.
pub(super) fn names(tree: &Tree) -> Vec<Finding> {
    let mut code: BTreeMap<&str, String> = BTreeMap::new();
    for (path, text) in tree.rust() {
        if let Some((owner, _)) = path
            .strip_prefix("crates/")
            .and_then(|path| path.split_once("/src/"))
        {
            code.entry(owner).or_default().push_str(text);
        }
    }
    let exists = |name: &str| {
        let (owner, rest) = name.split_once("::").unwrap_or(("", name));
        code.get(owner)
            .is_some_and(|code| rest.split("::").all(|part| words(code, part).next().is_some()))
    };
    let catalogue = tree.text(pages::reasons::CATALOGUE).unwrap_or("");
    let is_reason = |code: &str| catalogue.contains(&format!("\"{code}\""));
    let mut found = Vec::new();
    for (path, text) in tree.markdown() {
        for (line, name) in in_column(text, "Rust") {
            if !exists(&name) {
                let message = format!("there is no `{name}`; write crate::Name");
                found.push(Finding::new(path, line, message));
            }
        }
        for (line, name) in in_column(text, "reason code") {
            if !is_reason(&name) {
                let message = format!("there is no reason `{name}` in the catalogue");
                found.push(Finding::new(path, line, message));
            }
        }
    }
    found
}

/// Pages that are made from the sources are what the sources make.
pub(super) fn pages(tree: &Tree) -> Vec<Finding> {
    let mut found = Vec::new();
    for page in pages::PAGES {
        match (page.make)(tree) {
            Ok(text) if Some(text.as_str()) == tree.text(page.path) => {}
            Ok(_) => found.push(Finding::new(
                page.path,
                0,
                "not what the sources say: run `cargo xtask pages`",
            )),
            Err(error) => found.push(Finding::new(page.path, 0, error)),
        }
    }
    found
}

/// Code spans after "Test:" or "Tests:".
fn tests_named(text: &str) -> Vec<&str> {
    let named = text.split_once("Test: ").or_else(|| text.split_once("Tests: "));
    named
        .map(|(_, rest)| markdown::code_spans(rest).collect())
        .unwrap_or_default()
}

/// Code spans in the columns headed `title`, with their lines.
fn in_column(text: &str, title: &str) -> Vec<(usize, String)> {
    let mut named = Vec::new();
    for table in markdown::tables(text) {
        let Some(column) = table.head.iter().position(|head| head == title) else {
            continue;
        };
        for row in &table.rows {
            let cell = row.cells.get(column).map_or("", String::as_str);
            named.extend(markdown::code_spans(cell).map(|name| (row.line, name.to_owned())));
        }
    }
    named
}

/// The path that `target` means in the file `from`.
fn resolve(from: &str, target: &str) -> String {
    let mut parts: Vec<&str> = from.split('/').collect();
    parts.pop();
    for part in target.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop();
            }
            part => parts.push(part),
        }
    }
    parts.join("/")
}

#[cfg(test)]
mod tests {
    use super::super::tests::places;
    use super::*;

    #[test]
    fn a_link_to_nothing_is_found() {
        let text = "# A\n[here](b.md) [site](https://example.org) [part](b.md#the-part) [self](#a)\n\
            [gone](c.md)\n[no part](b.md#x)\n[up](../ARCHITECTURE.md) [folder](sub)\n";
        let files = [
            ("docs/a.md", text),
            ("docs/b.md", "## The part\n"),
            (ARCHITECTURE, ""),
            ("docs/sub/c.md", ""),
        ];
        assert_eq!(places(links, &files), ["docs/a.md:3", "docs/a.md:4"]);
    }

    #[test]
    fn a_decision_without_its_headings_is_found() {
        let whole = "# Title\n## Context\n## Decision\n## Consequences\n";
        let files = [
            ("docs/decisions/0001-a.md", whole),
            ("docs/decisions/0001-b.md", whole),
            ("docs/decisions/0002-c.md", "# Title\n## Context\n## Decision\n"),
            ("docs/decisions/README.md", ""),
            ("docs/decisions/note.md", whole),
        ];
        let expected = [
            "docs/decisions/0001-b.md:0",
            "docs/decisions/0002-c.md:0",
            "docs/decisions/note.md:0",
        ];
        assert_eq!(places(decisions, &files), expected);
    }

    #[test]
    fn an_invariant_without_a_test_is_found() {
        let text = "## Invariants\n\n1. One. Test: `a::b`.\n2. Two\n   goes on.\n3. Three.\n   Tests: `a::c`, `a::d`.\n";
        let found = invariants(&Tree::of(&[(ARCHITECTURE, text)]));
        assert_eq!(found.len(), 1);
        assert!(found[0].message.contains("2. Two"));
    }

    #[test]
    fn a_claimed_test_that_does_not_exist_is_found() {
        let code = "#[cfg(test)]\nmod tests {\n    #[test]\n    fn sealed() {}\n    fn helper() {}\n}\n";
        let table = "| clause | test |\n| - | - |\n| 6.1 | `ses::sealed`, `ses::tests::sealed` |\n| 6.2 | `ses::helper` |\n\
            | 6.3 | `pki::sealed` |\n| 6.4 | – |\n";
        let files = [
            ("crates/ses/src/lib.rs", code),
            ("docs/standards/a.md", table),
            (ARCHITECTURE, "Test: `ses::sealed`.\nTests: `ses::gone`.\n"),
        ];
        assert_eq!(
            places(claims, &files),
            [
                "ARCHITECTURE.md:2",
                "docs/standards/a.md:4",
                "docs/standards/a.md:5"
            ]
        );
    }

    #[test]
    fn a_word_without_its_type_is_found() {
        let table = "| word | Rust |\n| - | - |\n| seal | `ses::Seal` |\n| stamp | `ses::Stamp`, `ses::Seal::Gone` |\n";
        let files = [
            ("docs/glossary.md", table),
            ("crates/ses/src/lib.rs", "pub struct Seal;"),
            ("crates/ofd/src/a.rs", "Stamp"),
        ];
        assert_eq!(
            places(names, &files),
            ["docs/glossary.md:4", "docs/glossary.md:4"]
        );
    }

    #[test]
    fn a_page_that_is_not_made_from_the_sources_is_found() {
        let rows =
            "\ncodes! {\n    A \"A\" Note None,\n        zh \"甲\" / \"\",\n        en \"a\" / \"\";\n}\n";
        let sources = Tree::of(&[(pages::reasons::CATALOGUE, rows)]);
        let made: Vec<_> = pages::PAGES
            .iter()
            .map(|page| (page.path, (page.make)(&sources).unwrap()))
            .collect();
        let mut files = vec![(pages::reasons::CATALOGUE, rows)];
        files.extend(made.iter().map(|(path, text)| (*path, text.as_str())));
        assert!(places(super::pages, &files).is_empty());
        files[1].1 = "old";
        assert_eq!(places(super::pages, &files), [format!("{}:0", files[1].0)]);
    }
}
