//! Chores of this repository, written in its own language with the standard library only.
//!
//! `cargo xtask tidy` checks the rules of the house that no compiler checks; the same check runs as a test
//! with `cargo test -p xtask`. `cargo xtask pages` writes the pages that are made from the sources.

mod code;
mod contact_sheet;
mod markdown;
mod pages;
mod tidy;
mod tree;

use std::path::Path;
use std::process::ExitCode;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match arguments
        .iter()
        .map(String::as_str)
        .collect::<Vec<_>>()
        .as_slice()
    {
        ["tidy"] => tidy_command(),
        ["pages"] => pages_command(),
        ["contact-sheet", folder, out] => contact_sheet_command(Path::new(folder), Path::new(out)),
        _ => {
            eprintln!("Usage: cargo xtask contact-sheet FOLDER OUT | pages | tidy\n");
            eprintln!(
                "  contact-sheet  draw all OFD files of a folder on one HTML page (build yinxin first)"
            );
            eprintln!("  pages  write what is made from the sources:");
            for page in pages::PAGES {
                eprintln!("    {}", page.path);
            }
            eprintln!("  tidy   check that:");
            for rule in tidy::RULES {
                eprintln!("    {:<16} {}", rule.name, rule.says);
            }
            ExitCode::from(64)
        }
    }
}

fn contact_sheet_command(folder: &Path, out: &Path) -> ExitCode {
    // The program stands beside this one, where cargo builds both.
    let yinxin = std::env::current_exe().map(|own| own.with_file_name("yinxin"));
    match yinxin.and_then(|yinxin| contact_sheet::draw(&yinxin, folder, out)) {
        Ok(sheet) => {
            let page = out.join("index.html");
            eprintln!(
                "contact sheet: {} pages drawn, {} documents without any; see {}",
                sheet.pages,
                sheet.failed,
                page.display()
            );
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!(
                "error: {error}; build the program with `cargo build -p cli` and name a folder of OFD files"
            );
            ExitCode::from(74)
        }
    }
}

fn tidy_command() -> ExitCode {
    let tree = match tree::Tree::read(root()) {
        Ok(tree) => tree,
        Err(error) => {
            eprintln!("error: the repository cannot be read: {error}");
            return ExitCode::from(74);
        }
    };
    let findings = tidy::check(&tree);
    for finding in &findings {
        eprintln!("{finding}");
    }
    match findings.len() {
        0 => {
            eprintln!(
                "tidy: {} rules, {} files, nothing found",
                tidy::RULES.len(),
                tree.len()
            );
            ExitCode::SUCCESS
        }
        n => {
            eprintln!(
                "tidy: {n} found. hint: mend them; an exception needs a reason in {}",
                tidy::EXCEPTIONS
            );
            ExitCode::FAILURE
        }
    }
}

fn pages_command() -> ExitCode {
    let write = |page: &pages::Page| {
        let tree = tree::Tree::read(root()).map_err(|error| error.to_string())?;
        let text = (page.make)(&tree)?;
        std::fs::write(root().join(page.path), text).map_err(|error| error.to_string())
    };
    for page in pages::PAGES {
        if let Err(error) = write(page) {
            eprintln!("error: {}: {error}", page.path);
            return ExitCode::FAILURE;
        }
    }
    ExitCode::SUCCESS
}

/// The repository's root folder: the parent of this crate.
fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .unwrap_or(Path::new("."))
}
