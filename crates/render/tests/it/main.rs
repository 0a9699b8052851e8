//! Pages drawn as people see them.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

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
mod font;
mod limits;
mod pdf;
mod reference;
mod sample;
