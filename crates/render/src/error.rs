//! What can go wrong in this crate, and what was drawn otherwise than the document asks.

use std::fmt;

/// Why there is no picture of a page.
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The document has fewer pages.
    #[error("there is no page {wanted}: the document has {pages} pages")]
    NoPage {
        /// Number of the page, from 1.
        wanted: usize,
        /// Pages of the document.
        pages: usize,
    },
    /// The page cannot be read.
    #[error("the page cannot be read: {0}")]
    Page(#[from] ofd::Error),
    /// The link to the page leads nowhere.
    #[error("the page is missing in the package: its link {loc:?} leads to no part")]
    PageMissing {
        /// The link as it stands.
        loc: String,
    },
    /// The page says no size, and neither does the document.
    #[error("the page has no size, so it cannot be drawn: neither page nor document has a PhysicalBox")]
    NoSize,
    /// A limit of [`Limits`](crate::Limits).
    #[error("{what} is above the limit of {max}; a lower resolution may help, or the page is made to hurt")]
    TooMuch {
        /// What was counted, with its unit.
        what: &'static str,
        /// The limit.
        max: u64,
    },
    /// The bytes are no PDF file, or one that cannot be mended.
    #[error("this is no PDF file, or it is broken beyond repair; ask for the original")]
    Pdf,
    /// The PDF file is encrypted.
    #[error("the PDF file opens with a password only, and not with this one")]
    PdfPassword,
    /// The resolution is no positive number.
    #[error("{dpi} dpi is no usable resolution: give a number from 1 to 4800")]
    BadResolution {
        /// What was asked for.
        dpi: f64,
    },
    /// The PNG could not be written.
    #[error("the PNG could not be written: {0}")]
    Png(String),
}

/// Something that was drawn otherwise than the document asks, or not at all.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Warning {
    /// The font is not in the package and no folder has it: another one was used.
    FontSubstituted {
        /// `FontName`.
        name: String,
        /// The family that was used; `None` where no font was found at all.
        used: Option<String>,
    },
    /// The font file of the package cannot be read.
    FontBroken {
        /// `FontName`.
        name: String,
    },
    /// No font has this character: an empty box stands in its place.
    GlyphMissing {
        /// The character.
        character: char,
    },
    /// An image cannot be decoded: a crossed box stands in its place.
    Image {
        /// ID of the resource; `None` for the picture of a stamp.
        id: Option<u32>,
        /// What is wrong with it.
        reason: String,
    },
    /// A resource is missing, or of another kind.
    ResourceMissing {
        /// What was looked for.
        kind: &'static str,
        /// Its ID.
        id: u32,
    },
    /// A part is missing or broken.
    PartUnreadable {
        /// What it is.
        what: &'static str,
        /// Why.
        reason: String,
    },
    /// Something this crate does not draw, or draws more simply.
    NotDrawn {
        /// What.
        what: &'static str,
    },
}

impl fmt::Display for Warning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::FontSubstituted {
                name,
                used: Some(used),
            } => {
                write!(
                    f,
                    "the font {name:?} is not embedded and not installed: {used} was used"
                )
            }
            Self::FontSubstituted { name, used: None } => {
                write!(
                    f,
                    "the font {name:?} is not embedded, and no font folder has one for it"
                )
            }
            Self::FontBroken { name } => write!(f, "the embedded font {name:?} cannot be read"),
            Self::GlyphMissing { character } => write!(
                f,
                "no font has the character U+{:04X}: a box stands in its place",
                u32::from(*character)
            ),
            Self::Image { id: Some(id), reason } => {
                write!(
                    f,
                    "the image with the ID {id} cannot be shown ({reason}): a crossed box stands in its place"
                )
            }
            Self::Image { id: None, reason } => {
                write!(
                    f,
                    "the picture of a stamp cannot be shown ({reason}): a crossed box stands in its place"
                )
            }
            Self::ResourceMissing { kind, id } => write!(f, "there is no {kind} with the ID {id}"),
            Self::PartUnreadable { what, reason } => write!(f, "{what} cannot be read: {reason}"),
            Self::NotDrawn { what } => write!(f, "{what} is not drawn as the standard says"),
        }
    }
}
