//! Seals drawn from their data: shapes and sizes after 国发〔1999〕25号 and 税务总局公告 2011年第7号.

mod design;
mod drawing;
mod emblem;
mod name_seal;
mod oval;
mod ring;
mod round;
mod text;

pub use design::{
    Arrangement, Centre, Design, NAME_CHARS_MAX, NameSeal, NameSuffix, OfficialLevel, OvalSeal, Relief,
    RoundSeal, SEAL_MM_MAX, SEAL_MM_MIN,
};
pub use drawing::{DPI_MAX, Drawing, Ink, Opacity, Piece, Rim};
pub(crate) use emblem::{SvgKind, checked_svg};

use crate::error::Error;
use crate::font::Font;

/// The faces that a seal is drawn with.
#[derive(Clone, Copy, Debug)]
pub struct Fonts<'a> {
    /// For names and captions: a Song face.
    pub text: &'a Font,
    /// For numbers and codes; `None` for the same as `text`.
    pub digits: Option<&'a Font>,
}

/// Draws a seal.
///
/// # Errors
///
/// A measure or a text is outside its limits, the font lacks a character, or a part has no room: nothing is ever
/// drawn over something else.
pub fn draw(design: &Design, fonts: Fonts<'_>) -> Result<Drawing, Error> {
    let drawing = match design {
        Design::Round(seal) => round::draw(seal, fonts),
        Design::Oval(seal) => oval::draw(seal, fonts),
        Design::Name(seal) => name_seal::draw(seal, fonts.text),
    }?;
    drawing.refuse_overlaps()?;
    Ok(drawing)
}
