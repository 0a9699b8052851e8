//! Which face the text of a font resource is drawn with.

use std::sync::Arc;

use crate::Warning;
use crate::face::Face;
use crate::library::{FontLibrary, Wanted};
use crate::resources::Font;

/// A font resource in use.
#[derive(Default)]
pub(crate) struct FontUse {
    /// From the package.
    pub(crate) embedded: Option<Arc<Face>>,
    /// Stand-ins, the best first.
    pub(crate) candidates: Vec<usize>,
    /// What a person should know about the choice.
    pub(crate) warnings: Vec<Warning>,
    /// The resource asks for a bold face.
    bold: bool,
}

impl FontUse {
    /// `file` is the font file of the package: `Some(None)` where it is named but cannot be read.
    pub(crate) fn new(
        font: Option<&Font>,
        file: Option<Option<Arc<Face>>>,
        bold: bool,
        italic: bool,
        library: &FontLibrary,
    ) -> Self {
        let wanted = wanted(font, bold, italic);
        let embedded = file.clone().flatten();
        let candidates = library.candidates(&wanted);
        let mut warnings = Vec::new();
        if file.is_some() && embedded.is_none() {
            let name = wanted.name.clone();
            warnings.push(Warning::FontBroken { name });
        }
        if embedded.is_none() && !library.is_exact(&candidates, &wanted) {
            let used = candidates.first().map(|first| library.family(*first).to_owned());
            let name = wanted.name.clone();
            warnings.push(Warning::FontSubstituted { name, used });
        }
        Self {
            embedded,
            candidates,
            warnings,
            bold: wanted.bold,
        }
    }

    /// The face has to be made bold. An embedded one is what its resource asks for.
    pub(crate) fn wants_bold(&self, object_bold: bool, face: &Face) -> bool {
        let is_embedded = self
            .embedded
            .as_ref()
            .is_some_and(|own| std::ptr::eq(&**own, face));
        !face.is_bold && (object_bold || (self.bold && !is_embedded))
    }
}

fn wanted(font: Option<&Font>, bold: bool, italic: bool) -> Wanted {
    let Some(font) = font else {
        return Wanted {
            bold,
            italic,
            ..Wanted::default()
        };
    };
    let lower = font.name.to_ascii_lowercase();
    Wanted {
        name: font.name.clone(),
        family: font.family.clone(),
        bold: bold || font.bold || lower.contains("bold"),
        italic: italic || font.italic || lower.contains("italic") || lower.contains("oblique"),
        serif: font.serif,
        fixed: font.fixed,
    }
}
