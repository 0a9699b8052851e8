//! Tests of the whole crate over real and hostile documents.

#![expect(clippy::unwrap_used, reason = "a test may stop at once, in its helpers too")]

#[expect(clippy::disallowed_methods, reason = "tests may be told where the corpus is")]
fn corpus() -> Option<std::path::PathBuf> {
    let folder = std::env::var_os("YINXIN_CORPUS").map_or_else(
        || std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/corpus"),
        std::path::PathBuf::from,
    );
    if folder.join("README.md").is_file() {
        return Some(folder);
    }
    eprintln!("SKIPPED: corpus not found at {}", folder.display());
    None
}

mod corpus;
mod documents;
mod pages;
