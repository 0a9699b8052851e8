//! Rules about source files: lengths, unsafe code, ambient inputs, banned words.

use super::Finding;
use crate::code::{self, blank, blank_with_tests};
use crate::tree::Tree;

const FILE_LINES_MAX: usize = 900;
const FUNCTION_LINES_MAX: usize = 70;
const LINE_COLUMNS_MAX: usize = 120;

/// Where `unsafe` may stand: what is compiled for certain processors, and the marks of the checker of constant
/// time, which is no part of any program. `keys` (the C interfaces of devices) is the only other place that the
/// architecture allows, by a change to this list.
const UNSAFE_MAY: [&str; 2] = ["crates/gm/src/simd.rs", "ct/src/main.rs"];

/// Calls that read the clock, the environment or the system's randomness.
const AMBIENT: [&str; 12] = [
    "Instant::now",
    "OsRng",
    "SysRng",
    "SystemTime::now",
    "Timestamp::now",
    "Zoned::now",
    "env::args",
    "env::temp_dir",
    "env::var",
    "env::vars",
    "getrandom::",
    "thread_rng",
];

/// Code that must not stay, with what to do instead.
const BANNED_CODE: [(&str, &str); 4] = [
    ("todo!", "finish it, or leave it out"),
    ("unimplemented!", "finish it, or leave it out"),
    ("dbg!", "remove it"),
    ("#[ignore]", "say why: #[ignore = \"reason\"]"),
];
/// Attributes that silence a lint; each gives its reason.
const SILENCING: [&str; 4] = ["#[allow(", "#![allow(", "#[expect(", "#![expect("];
/// Notes that must not stay, comments included; spelled in halves, so that this file may hold them.
const BANNED_NOTES: [&str; 2] = [concat!("FIX", "ME"), concat!("XX", "X:")];

/// Files fit into a head.
pub(super) fn file_length(tree: &Tree) -> Vec<Finding> {
    let long = sources(tree).map(|(path, text)| (path, text.lines().count()));
    let long = long.filter(|(_, lines)| *lines > FILE_LINES_MAX);
    long.map(|(path, lines)| Finding::new(path, 0, format!("{lines} lines, at most {FILE_LINES_MAX}")))
        .collect()
}

/// Functions fit on a screen; tests may be longer.
pub(super) fn function_length(tree: &Tree) -> Vec<Finding> {
    let mut found = Vec::new();
    for (path, text) in sources(tree).filter(|(path, _)| !is_test_file(tree, path)) {
        for function in code::functions(&blank_with_tests(text)) {
            if function.lines > FUNCTION_LINES_MAX {
                let message = format!("{} lines, at most {FUNCTION_LINES_MAX}", function.lines);
                found.push(Finding::new(
                    format!("{path}::{}", function.name),
                    function.line,
                    message,
                ));
            }
        }
    }
    found
}

/// Lines fit into a window. A text in quotes may be longer: a message reads better in one piece.
pub(super) fn columns(tree: &Tree) -> Vec<Finding> {
    let mut found = Vec::new();
    for (path, text) in sources(tree) {
        for (index, line) in code::without_literals(text).lines().enumerate() {
            let columns = line.chars().count();
            if columns > LINE_COLUMNS_MAX {
                let message = format!("{columns} columns, at most {LINE_COLUMNS_MAX}");
                found.push(Finding::new(path, index + 1, message));
            }
        }
    }
    found
}

/// The lint denies it; this says so even where somebody allowed the lint.
pub(super) fn unsafe_code(tree: &Tree) -> Vec<Finding> {
    let mut found = Vec::new();
    for (path, text) in tree.rust().filter(|(path, _)| !UNSAFE_MAY.contains(path)) {
        let code = blank(text);
        for at in code::words(&code, "unsafe") {
            found.push(Finding::new(
                path,
                code::line_of(&code, at),
                "unsafe code is not allowed here",
            ));
        }
    }
    found
}

/// Time, randomness and environment are arguments of libraries; a second net under `clippy.toml`.
pub(super) fn ambient(tree: &Tree) -> Vec<Finding> {
    let mut found = Vec::new();
    for (path, text) in sources(tree) {
        let Some((name, _)) = path
            .strip_prefix("crates/")
            .and_then(|path| path.split_once("/src/"))
        else {
            continue;
        };
        if !tree.has(&format!("crates/{name}/src/lib.rs")) || is_test_file(tree, path) {
            continue;
        }
        let code = blank_with_tests(text);
        for call in AMBIENT {
            for at in code.match_indices(call).map(|(at, _)| at) {
                let message = format!("`{call}` in a library: let the caller pass it");
                found.push(Finding::new(path, code::line_of(&code, at), message));
            }
        }
    }
    found
}

/// Nothing unfinished is kept, and nothing is silenced without saying why.
pub(super) fn words(tree: &Tree) -> Vec<Finding> {
    let mut found = Vec::new();
    for (path, text) in tree.rust() {
        let code = blank(text);
        for (word, hint) in BANNED_CODE {
            for (at, _) in code.match_indices(word) {
                let message = format!("`{word}`: {hint}");
                found.push(Finding::new(path, code::line_of(&code, at), message));
            }
        }
        for (at, attribute) in SILENCING
            .iter()
            .flat_map(|attribute| code.match_indices(attribute))
        {
            let length = code[at..].find(")]").unwrap_or(0);
            if !code[at..at + length].contains("reason =") {
                let message = format!("`{attribute}…)]`: say why: reason = \"…\"");
                found.push(Finding::new(path, code::line_of(&code, at), message));
            }
        }
    }
    for (path, text) in tree.texts() {
        for word in BANNED_NOTES {
            for (at, _) in text.match_indices(word) {
                let message = format!("`{word}`: mend it now, or open an issue");
                found.push(Finding::new(path, code::line_of(text, at), message));
            }
        }
    }
    found
}

/// Rust files of the workspace.
fn sources(tree: &Tree) -> impl Iterator<Item = (&str, &str)> {
    tree.rust()
        .filter(|(path, _)| path.starts_with("crates/") || path.starts_with("xtask/"))
}

/// Does the whole file stand under `#[cfg(test)]`, or in a folder of tests or benches?
fn is_test_file(tree: &Tree, path: &str) -> bool {
    if ["/tests/", "/benches/"]
        .iter()
        .any(|folder| path.contains(folder))
        || path.ends_with("/tests.rs")
    {
        return true;
    }
    let (folder, file) = path.rsplit_once('/').unwrap_or(("", path));
    let stem = file.trim_end_matches(".rs");
    let parents = ["lib.rs", "main.rs", "mod.rs"].map(|name| format!("{folder}/{name}"));
    let parents = parents.into_iter().chain([format!("{folder}.rs")]);
    let mut texts = parents.filter_map(|parent| tree.text(&parent));
    texts.any(|text| text.contains("cfg(") && code::test_modules(&blank(text)).contains(&stem))
}

#[cfg(test)]
mod tests {
    use super::super::tests::places;
    use super::*;

    #[test]
    fn a_long_file_is_found() {
        let (long, fits) = ("\n".repeat(901), "\n".repeat(900));
        let files = [
            ("crates/a/src/long.rs", long.as_str()),
            ("crates/a/src/fits.rs", fits.as_str()),
        ];
        assert_eq!(places(file_length, &files), ["crates/a/src/long.rs:0"]);
    }

    #[test]
    fn a_long_function_is_found_but_not_a_long_test() {
        let function = |name: &str, lines: usize| format!("fn {name}() {{{}}}\n", "\n".repeat(lines - 1));
        let source = format!("{}{}", function("fits", 70), function("long", 71));
        let tests = format!("#[cfg(test)]\nmod tests {{\n{}}}\n", function("case", 80));
        let files = [
            (
                "crates/a/src/lib.rs",
                format!("{source}{tests}#[cfg(test)]\nmod cases;\n"),
            ),
            ("crates/a/src/cases.rs", function("case", 80)),
            ("crates/a/tests/it/main.rs", function("case", 80)),
        ];
        let files = files.each_ref().map(|(path, text)| (*path, text.as_str()));
        assert_eq!(places(function_length, &files), ["crates/a/src/lib.rs::long:71"]);
    }

    #[test]
    fn a_long_line_is_found_and_characters_count_once() {
        let text = format!("// {}\n// {}\n", "印".repeat(117), "印".repeat(118));
        assert_eq!(
            places(columns, &[("crates/a/src/lib.rs", &text)]),
            ["crates/a/src/lib.rs:2"]
        );
    }

    #[test]
    fn unsafe_code_is_found_but_not_the_word() {
        let text = "#![forbid(unsafe_code)] // unsafe\nfn f() {\n    unsafe { g(\"unsafe\") }\n}\n";
        assert_eq!(
            places(unsafe_code, &[("crates/a/src/lib.rs", text)]),
            ["crates/a/src/lib.rs:3"]
        );
    }

    #[test]
    fn the_clock_is_found_in_libraries_only() {
        let call =
            "fn f() {\n    Timestamp::now();\n}\n#[cfg(test)]\nmod tests { fn g() { env::var(\"A\"); } }\n";
        let files = [
            ("crates/a/src/lib.rs", ""),
            ("crates/a/src/b.rs", call),
            ("crates/cli/src/main.rs", call),
        ];
        assert_eq!(places(ambient, &files), ["crates/a/src/b.rs:2"]);
    }

    #[test]
    fn unfinished_work_is_found() {
        let text =
            "fn f() {\n    todo!()\n}\n#[ignore]\nfn g() {}\n#[ignore = \"an hour long\"]\nfn h() {}\n";
        let note = format!("# a {}\n", BANNED_NOTES[0]);
        let files = [("crates/a/src/lib.rs", text), ("script/test", note.as_str())];
        assert_eq!(
            places(words, &files),
            ["crates/a/src/lib.rs:2", "crates/a/src/lib.rs:4", "script/test:1"]
        );
        assert_eq!(
            places(words, &[("fuzz/x.rs", "#[allow(dead_code)]\nfn f() {}")]),
            ["fuzz/x.rs:1"]
        );
    }
}
