//! Commands as the documents show them: they exist, with every option.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use crate::support::Place;

fn documents(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            documents(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "md") {
            found.push(path);
        }
    }
}

/// The command lines of `yinxin` in the fenced blocks of shell of a document.
fn commands(text: &str) -> Vec<String> {
    let blocks = text.split("```").skip(1).step_by(2);
    let shell = blocks.filter(|block| ["sh\n", "console\n"].iter().any(|kind| block.starts_with(kind)));
    let joined: Vec<String> = shell.map(|block| block.replace("\\\n", " ")).collect();
    let lines = joined.iter().flat_map(|block| block.lines());
    lines
        .filter_map(|line| {
            let line = line
                .trim_start_matches("$ ")
                .trim_start_matches("sudo -u yinxin ");
            let command = line.strip_prefix("yinxin ")?;
            let end = command.find(['|', '>', '#', ';', '&']).unwrap_or(command.len());
            Some(command[..end].trim().to_owned())
        })
        .collect()
}

#[test]
fn documented_commands_and_options_exist() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let mut paths = vec![root.join("README.md")];
    documents(&root.join("docs"), &mut paths);
    let texts = paths.iter().map(|path| fs::read_to_string(path).unwrap());
    let lines: BTreeSet<String> = texts.flat_map(|text| commands(&text)).collect();
    assert!(lines.len() > 20, "{lines:?}");
    let place = Place::new();
    for line in lines {
        let words: Vec<&str> = line.split_whitespace().collect();
        let (options, others): (Vec<&str>, Vec<&str>) = words.iter().partition(|word| word.starts_with("--"));
        // What stands before the first option names the command; the values of options name nothing.
        let named = words.iter().take_while(|word| !word.starts_with('-')).count();
        let shown = place
            .command()
            .args(&others[..named])
            .arg("--help")
            .output()
            .unwrap();
        let help = String::from_utf8_lossy(&shown.stdout).into_owned();
        assert!(shown.status.success(), "yinxin {line}");
        for option in options {
            let name = option.split('=').next().unwrap();
            assert!(help.contains(name), "yinxin {line}: {name}");
        }
    }
}
