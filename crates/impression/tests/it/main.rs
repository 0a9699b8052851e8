//! Seals drawn and looked at; impressions compared as scanners and cameras bring them.

#![expect(clippy::unwrap_used, reason = "a test may stop at once, in its helpers too")]
#![allow(unreachable_pub, reason = "the modules of a test are private to it")]

mod comparing;
mod drawing;
mod hostile;
mod specimens;

use std::path::Path;

use impression::Font;

/// Where script/setup puts the Song face.
const FOLDER: &str = "/usr/share/fonts/opentype/noto";

/// A face of the package fonts-noto-cjk; `None`, and a loud line, where it is missing.
fn face(file: &str, family: &str) -> Option<Font> {
    match std::fs::read(Path::new(FOLDER).join(file)) {
        Ok(bytes) => Some(Font::read(bytes, Some(family)).unwrap()),
        Err(error) => {
            eprintln!("SKIPPED: {file} not found ({error}): run script/setup");
            None
        }
    }
}

fn serif() -> Option<Font> {
    face("NotoSerifCJK-Regular.ttc", "Noto Serif CJK SC")
}
