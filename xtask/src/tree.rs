//! The repository as a value: every file's path, and the text of those that are text.

use std::collections::BTreeMap;
use std::path::Path;
use std::{fs, io};

/// Folders that hold no sources, by path from the root.
const SKIPPED: [&str; 8] = [
    ".git",
    "ct/target",
    "target",
    "demo",
    "fuzz/target",
    "fuzz/artifacts",
    "fuzz/corpus",
    "node_modules",
];
/// Files with these endings are read as text; of all others only the name is known.
const TEXT: [&str; 6] = ["md", "py", "rs", "sh", "toml", "txt"];

/// Paths are relative to the root, with `/` on every system.
pub(crate) struct Tree {
    files: BTreeMap<String, Option<String>>,
}

impl Tree {
    /// Reads the folder `root` and everything below it.
    pub(crate) fn read(root: &Path) -> io::Result<Tree> {
        let mut files = BTreeMap::new();
        let mut folders = vec![String::new()];
        while let Some(folder) = folders.pop() {
            for entry in fs::read_dir(root.join(&folder))? {
                let entry = entry?;
                let Ok(name) = entry.file_name().into_string() else {
                    continue;
                };
                let path = if folder.is_empty() {
                    name
                } else {
                    format!("{folder}/{name}")
                };
                if entry.file_type()?.is_dir() {
                    if !SKIPPED.contains(&path.as_str()) {
                        folders.push(path);
                    }
                } else {
                    let text = if is_text(&path) {
                        Some(fs::read_to_string(entry.path())?)
                    } else {
                        None
                    };
                    files.insert(path, text);
                }
            }
        }
        Ok(Tree { files })
    }

    /// A tree from (path, text) pairs, for the rules' own tests.
    #[cfg(test)]
    pub(crate) fn of(files: &[(&str, &str)]) -> Tree {
        let files = files
            .iter()
            .map(|(path, text)| ((*path).to_owned(), Some((*text).to_owned())));
        Tree {
            files: files.collect(),
        }
    }

    pub(crate) fn len(&self) -> usize {
        self.files.len()
    }

    /// Is there such a file or folder?
    pub(crate) fn has(&self, path: &str) -> bool {
        let folder = format!("{path}/");
        path.is_empty()
            || self.files.contains_key(path)
            || self
                .files
                .range(folder.clone()..)
                .next()
                .is_some_and(|(next, _)| next.starts_with(&folder))
    }

    /// The text of one file, if it exists and is text.
    pub(crate) fn text(&self, path: &str) -> Option<&str> {
        self.files.get(path)?.as_deref()
    }

    /// All text files, by path.
    pub(crate) fn texts(&self) -> impl Iterator<Item = (&str, &str)> {
        self.files
            .iter()
            .filter_map(|(path, text)| Some((path.as_str(), text.as_deref()?)))
    }

    /// Rust files, by path.
    pub(crate) fn rust(&self) -> impl Iterator<Item = (&str, &str)> {
        self.texts().filter(|(path, _)| path.ends_with(".rs"))
    }

    /// Markdown files, by path.
    pub(crate) fn markdown(&self) -> impl Iterator<Item = (&str, &str)> {
        self.texts().filter(|(path, _)| path.ends_with(".md"))
    }

    /// Names of the folders directly in `crates/`.
    pub(crate) fn crates(&self) -> Vec<&str> {
        let mut names: Vec<&str> = self
            .files
            .keys()
            .filter_map(|path| Some(path.strip_prefix("crates/")?.split_once('/')?.0))
            .collect();
        names.dedup();
        names
    }
}

/// Text by its ending; scripts have none.
fn is_text(path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or(path);
    match name.rsplit_once('.') {
        Some((stem, ending)) if !stem.is_empty() => TEXT.contains(&ending),
        _ => path.starts_with("script/") || path.starts_with(".ci/"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folders_and_files_are_found() {
        let tree = Tree::of(&[
            ("crates/gm/src/lib.rs", ""),
            ("crates/gm/Cargo.toml", ""),
            ("crates/ofd/a", ""),
        ]);
        assert_eq!(tree.crates(), ["gm", "ofd"]);
        assert!(tree.has("crates/gm") && tree.has("crates/gm/Cargo.toml") && tree.has(""));
        assert!(!tree.has("crates/g") && !tree.has("crates/gm/src/lib"));
    }

    #[test]
    fn scripts_without_an_ending_are_text() {
        assert!(is_text("script/test") && is_text(".ci/run") && is_text("crates/gm/src/lib.rs"));
        assert!(!is_text("fixtures/seal.png") && !is_text("LICENSE") && !is_text(".gitignore"));
    }
}
