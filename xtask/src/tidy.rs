//! The rules of the house that no compiler checks.
//!
//! Each rule is one function from the repository to what it found, and has a test that shows it catching a
//! violation. An exception stands in `xtask/exceptions.txt` with its reason; one that excepts nothing is
//! itself a finding, so the list can only be honest.

mod crates;
mod documents;
mod sources;

use std::fmt;

use crate::tree::Tree;

/// A rule: its name in findings and exceptions, its sentence, and the check.
pub(crate) struct Rule {
    pub(crate) name: &'static str,
    pub(crate) says: &'static str,
    check: fn(&Tree) -> Vec<Finding>,
}

/// All rules, in the order in which their findings are shown.
#[rustfmt::skip]
pub(crate) const RULES: &[Rule] = &[
    Rule { name: "imports", says: "crates import ours by the table in ARCHITECTURE.md", check: crates::imports },
    Rule { name: "boundaries", says: "what a crate must not know is no dependency of it", check: crates::boundaries },
    Rule { name: "dependencies", says: "versions, paths and lints stand in the root", check: crates::dependencies },
    Rule { name: "crate-names", says: "a crate is its folder's name and a thing", check: crates::names },
    Rule { name: "crate-docs", says: "a crate opens with a paragraph on what it is for", check: crates::docs },
    Rule { name: "test-binaries", says: "at most one integration test per crate", check: crates::test_binaries },
    Rule { name: "file-length", says: "a file has at most 900 lines", check: sources::file_length },
    Rule { name: "function-length", says: "a function has at most 70 lines", check: sources::function_length },
    Rule { name: "columns", says: "a line has at most 120 columns", check: sources::columns },
    Rule { name: "unsafe", says: "unsafe code stands only where it is allowed", check: sources::unsafe_code },
    Rule { name: "ambient", says: "libraries take time and randomness as arguments", check: sources::ambient },
    Rule { name: "words", says: "nothing unfinished, nothing silenced without a reason", check: sources::words },
    Rule { name: "links", says: "links in Markdown lead somewhere", check: documents::links },
    Rule { name: "decisions", says: "a decision has its headings", check: documents::decisions },
    Rule { name: "invariants", says: "an invariant names its test", check: documents::invariants },
    Rule { name: "claims", says: "a test that a document names exists", check: documents::claims },
    Rule { name: "names", says: "names and reasons in tables exist", check: documents::names },
    Rule { name: "pages", says: "pages made from the sources are up to date", check: documents::pages },
];

/// Where exceptions stand.
pub(crate) const EXCEPTIONS: &str = "xtask/exceptions.txt";

/// One violation of one rule.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Finding {
    rule: &'static str,
    /// A file or folder, with `::item` where it is about one item. Exceptions name this.
    place: String,
    /// 1-based; zero where no line is meant.
    line: usize,
    message: String,
}

impl Finding {
    fn new(place: impl Into<String>, line: usize, message: impl Into<String>) -> Finding {
        Finding {
            rule: "",
            place: place.into(),
            line,
            message: message.into(),
        }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.place)?;
        if self.line > 0 {
            write!(f, ":{}", self.line)?;
        }
        write!(f, ": {} [{}]", self.message, self.rule)
    }
}

/// Everything that breaks a rule and is not excepted, and every exception that excepts nothing.
pub(crate) fn check(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    for rule in RULES {
        findings.extend((rule.check)(tree).into_iter().map(|found| Finding {
            rule: rule.name,
            ..found
        }));
    }
    let mut stale = Vec::new();
    for (index, line) in tree.text(EXCEPTIONS).unwrap_or("").lines().enumerate() {
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        let before = findings.len();
        match line.split('|').map(str::trim).collect::<Vec<_>>().as_slice() {
            [rule, place, reason] if !reason.is_empty() => {
                findings.retain(|found| (found.rule, found.place.as_str()) != (*rule, *place));
            }
            _ => stale.push((index, "write: rule | place | reason")),
        }
        if findings.len() == before && stale.last().is_none_or(|(at, _)| *at != index) {
            stale.push((index, "this exception excepts nothing any more: remove it"));
        }
    }
    let stale = stale
        .into_iter()
        .map(|(index, message)| Finding::new(EXCEPTIONS, index + 1, message));
    findings.extend(stale.map(|found| Finding {
        rule: "exceptions",
        ..found
    }));
    findings
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What a rule says about a few files, as "place:line".
    pub(super) fn places(rule: fn(&Tree) -> Vec<Finding>, files: &[(&str, &str)]) -> Vec<String> {
        rule(&Tree::of(files))
            .iter()
            .map(|found| format!("{}:{}", found.place, found.line))
            .collect()
    }

    #[test]
    fn the_repository_is_tidy() {
        let findings = check(&Tree::read(crate::root()).expect("the repository can be read"));
        let list: Vec<String> = findings.iter().map(Finding::to_string).collect();
        assert!(list.is_empty(), "\n{}\n", list.join("\n"));
    }

    #[test]
    fn an_exception_needs_a_finding_and_a_reason() {
        let long = format!("//{}", "x".repeat(200));
        let check_with = |exceptions: &str| {
            let tree = Tree::of(&[("xtask/src/long.rs", &long), (EXCEPTIONS, exceptions)]);
            let found = check(&tree)
                .into_iter()
                .filter(|f| matches!(f.rule, "columns" | "exceptions"));
            found.map(|f| f.rule).collect::<Vec<_>>()
        };
        assert_eq!(check_with("# none\n"), ["columns"]);
        assert_eq!(
            check_with("columns | xtask/src/long.rs | a table that reads better whole\n"),
            [""; 0]
        );
        assert_eq!(
            check_with("columns | xtask/src/long.rs |\n"),
            ["columns", "exceptions"]
        );
        assert_eq!(
            check_with("columns | xtask/src/other.rs | gone\n"),
            ["columns", "exceptions"]
        );
    }
}
