//! Square and rectangular seals: each character fills its cell of a grid.

use crate::error::{Error, Part};
use crate::font::Font;
use crate::geometry::Affine;

use super::design::{Arrangement, NAME_CHARS_MAX, NameSeal, NameSuffix, Relief, SEAL_MM_MAX, SEAL_MM_MIN};
use super::design::{checked_mm, checked_text};
use super::drawing::{Drawing, Ink, Piece, Rim};

/// Space between characters, for a seal whose shorter side is 1.
const GAP: f64 = 0.045;
/// Space between characters and rim, for a seal whose shorter side is 1.
const MARGIN: f64 = 0.05;
/// A character may grow by this to fill its cell: 口 does, 一 stays a stroke.
const GROWTH_MAX: f64 = 1.2;
/// Height and width of the ink of a full character, for an em of 1.
const FULL_INK: f64 = 0.93;

pub(super) fn draw(seal: &NameSeal, font: &Font) -> Result<Drawing, Error> {
    checked_mm(Part::Seal, seal.width_mm, SEAL_MM_MIN, SEAL_MM_MAX)?;
    checked_mm(Part::Seal, seal.height_mm, SEAL_MM_MIN, SEAL_MM_MAX)?;
    let side = seal.width_mm.min(seal.height_mm);
    checked_mm(Part::Border, seal.border_mm, 0.1, side / 6.0)?;
    checked_text(Part::Name, &seal.name, NAME_CHARS_MAX)?;
    let text: Vec<char> = seal.name.chars().chain(seal.suffix.text().chars()).collect();
    let edge = seal.border_mm + MARGIN * side;
    let (width, height) = (seal.width_mm - 2.0 * edge, seal.height_mm - 2.0 * edge);
    let lines = lines(seal, &text, width / height);
    let gap = GAP * side;
    let pieces = cells(&lines, seal.arrangement, (width, height), gap)
        .into_iter()
        .map(|(character, cell)| filling(character, cell, font))
        .collect::<Result<_, Error>>()?;
    Ok(Drawing {
        width_mm: seal.width_mm,
        height_mm: seal.height_mm,
        rim: match seal.relief {
            Relief::Raised => Rim::Rectangle(seal.border_mm),
            Relief::Intaglio => Rim::Field,
        },
        pieces,
        ink: Ink::RED,
    })
}

/// The text in its columns or rows, in reading order.
fn lines(seal: &NameSeal, text: &[char], proportion: f64) -> Vec<Vec<char>> {
    let count = text.len();
    let along = match seal.arrangement {
        Arrangement::Columns => 1.0 / proportion,
        Arrangement::Rows => proportion,
    };
    // A line as long as the field is wide three times takes all of a name.
    let number = match count {
        _ if along >= 1.6 && count <= 6 => 1,
        0..=1 => 1,
        // Two characters below each other; a name of three has its surname on the right alone.
        2 if seal.suffix == NameSuffix::None => 1,
        2..=5 => 2,
        _ => ((count as f64 / along).sqrt().ceil() as usize).clamp(2, count),
    };
    let per_line = count.div_ceil(number);
    // The first lines are the shorter ones: 姓 | 名名, 姓名 | 名之印.
    let full = number - (number * per_line - count);
    let mut rest = text;
    let mut lines = Vec::new();
    for line in 0..number {
        let short = count <= 6 && line < number - full || count > 6 && line >= full;
        let (now, later) = rest.split_at((per_line - usize::from(short)).min(rest.len()));
        lines.push(now.to_vec());
        rest = later;
    }
    lines
}

/// A cell: left, top, width, height, in mm.
type Cell = (f64, f64, f64, f64);

fn cells(
    lines: &[Vec<char>],
    arrangement: Arrangement,
    (width, height): (f64, f64),
    gap: f64,
) -> Vec<(char, Cell)> {
    let mut cells = Vec::new();
    let split = |whole: f64, parts: usize| (whole - gap * (parts as f64 - 1.0)) / parts as f64;
    for (line, characters) in lines.iter().enumerate() {
        for (index, character) in characters.iter().enumerate() {
            let cell = match arrangement {
                Arrangement::Columns => {
                    let (w, h) = (split(width, lines.len()), split(height, characters.len()));
                    let right = width / 2.0 - line as f64 * (w + gap);
                    (right - w, -height / 2.0 + index as f64 * (h + gap), w, h)
                }
                Arrangement::Rows => {
                    let (w, h) = (split(width, characters.len()), split(height, lines.len()));
                    let left = -width / 2.0 + index as f64 * (w + gap);
                    (left, -height / 2.0 + line as f64 * (h + gap), w, h)
                }
            };
            cells.push((*character, cell));
        }
    }
    cells
}

/// The character stretched to fill its cell.
fn filling(character: char, (left, top, width, height): Cell, font: &Font) -> Result<Piece, Error> {
    let glyph = font.glyph(character)?;
    let scale = |cell: f64, ink: f64| (cell / ink).min(cell / FULL_INK * GROWTH_MAX);
    let (sx, sy) = (scale(width, glyph.ink.width()), scale(height, glyph.ink.height()));
    let middle = glyph.ink.middle();
    let to_middle = Affine::placed(1.0, 1.0, 0.0, (-middle.0, -middle.1));
    let place = Affine::placed(sx, sy, 0.0, (left + width / 2.0, top + height / 2.0));
    let outline = glyph.outline.mapped(&to_middle).mapped(&place);
    let piece = Piece::upright(Part::Name, outline).ok_or(Error::GlyphMissing {
        character,
        font: font.family().into(),
    })?;
    Ok(Piece {
        character: Some(character),
        ..piece
    })
}
