//! Why a seal is not drawn, or an image not looked at.

/// What went wrong, with the values and what to do.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The font lacks a character: it would show as an empty box.
    #[error("the font {font:?} has no character {character:?} (U+{:04X}): choose a font that has it", u32::from(*character))]
    GlyphMissing {
        /// The character.
        character: char,
        /// Family name of the font.
        font: String,
    },
    /// The font file has no face of that family.
    #[error("the font file has no face {family:?}, only: {has}")]
    FaceMissing {
        /// What was asked for.
        family: String,
        /// The families in the file.
        has: String,
    },
    /// The font file is damaged, too large or no font.
    #[error("the font cannot be read: {detail}")]
    FontUnreadable {
        /// What is wrong.
        detail: String,
    },
    /// Letters of this script change with their neighbours, and are not drawn one by one.
    #[error(
        "{character:?} belongs to a script whose letters join or stack, which are not drawn: leave it out"
    )]
    NeedsShaping {
        /// The first such character.
        character: char,
    },
    /// A text has no characters or too many.
    #[error("{part} has {chars} characters, and must have {min} to {max}")]
    TextLength {
        /// Which text.
        part: Part,
        /// How many it has.
        chars: usize,
        /// Fewest.
        min: usize,
        /// Most.
        max: usize,
    },
    /// A measure is outside what seals have.
    #[error("{part} is {value_mm} mm, and must be {min_mm} to {max_mm} mm")]
    Measure {
        /// Which measure.
        part: Part,
        /// What was given.
        value_mm: f64,
        /// Least.
        min_mm: f64,
        /// Greatest.
        max_mm: f64,
    },
    /// An angle that a text cannot take.
    #[error("{part} takes {value_deg} degrees, and must take {min_deg} to {max_deg} degrees")]
    Angle {
        /// Which text.
        part: Part,
        /// What was given.
        value_deg: f64,
        /// Least.
        min_deg: f64,
        /// Greatest.
        max_deg: f64,
    },
    /// A part does not fit, even at its smallest size.
    #[error("{part} does not fit without touching {other}: shorten it, or choose a larger seal")]
    DoesNotFit {
        /// What has no room.
        part: Part,
        /// What is in the way.
        other: Part,
    },
    /// An SVG has what no seal may have, or cannot be read.
    #[error("the SVG cannot be used: {detail}")]
    Svg {
        /// What is wrong with it.
        detail: String,
    },
    /// An image is of no known format, damaged, or beyond a limit.
    #[error("the image cannot be read: {detail}")]
    Image {
        /// What is wrong.
        detail: String,
    },
    /// The image shows nothing that could be an impression.
    #[error("no impression was found in the image: {detail}")]
    NoImpression {
        /// What was looked for.
        detail: &'static str,
    },
    /// A picture cannot be encoded.
    #[error("the picture cannot be written: {detail}")]
    Encoding {
        /// What the encoder says.
        detail: String,
    },
}

/// Parts of a seal, as errors name them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Part {
    /// The rim.
    Border,
    /// The name along the arc, or in the square.
    Name,
    /// The ring of the second language.
    SecondName,
    /// The text below the middle: 合同专用章.
    Caption,
    /// The number in the middle of an invoice seal.
    Number,
    /// The anti-counterfeit code at the lower rim.
    Code,
    /// The five-pointed star.
    Star,
    /// The emblem in the middle.
    Emblem,
    /// The whole seal.
    Seal,
}

impl std::fmt::Display for Part {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Border => "the border",
            Self::Name => "the name",
            Self::SecondName => "the second name",
            Self::Caption => "the caption",
            Self::Number => "the number",
            Self::Code => "the code",
            Self::Star => "the star",
            Self::Emblem => "the emblem",
            Self::Seal => "the seal",
        })
    }
}
