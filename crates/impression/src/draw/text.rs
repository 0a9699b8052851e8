//! Characters of one text with common measures: how wide each is, and where its ink's middle lies.

use crate::error::{Error, Part};
use crate::font::{Font, Glyph};
use crate::geometry::{Affine, Point};

use super::drawing::Piece;

/// Height and width of the ink of a full Chinese character, for an em of 1.
const FULL_INK: f64 = 0.93;
/// Middle of a Chinese character above the baseline, for an em of 1.
const FULL_MIDDLE: f64 = -0.38;

/// A text whose characters stand in cells of height 1; a full Chinese character is 1 wide.
pub(super) struct Text {
    part: Part,
    cells: Vec<Cell>,
    /// From baseline to the middle of the cells, and their height, for an em of 1.
    middle: f64,
    height: f64,
}

struct Cell {
    character: char,
    glyph: Glyph,
    /// In units of a full character's width.
    width: f64,
}

impl Text {
    /// Looks up all characters.
    pub(super) fn new(part: Part, text: &str, font: &Font) -> Result<Self, Error> {
        let mut cells = Vec::new();
        for character in text.chars() {
            if needs_shaping(character) {
                return Err(Error::NeedsShaping { character });
            }
            let glyph = font.glyph(character)?;
            let width = if is_full(character) {
                1.0
            } else {
                (glyph.ink.width() / FULL_INK).min(1.0)
            };
            cells.push(Cell {
                character,
                glyph,
                width,
            });
        }
        let full = cells.iter().any(|cell| is_full(cell.character));
        let (mut top, mut bottom) = (f64::INFINITY, f64::NEG_INFINITY);
        for cell in cells.iter().filter(|cell| !cell.character.is_whitespace()) {
            (top, bottom) = (top.min(cell.glyph.ink.min.1), bottom.max(cell.glyph.ink.max.1));
        }
        let (middle, height) = match full {
            // Every text with a Chinese character keeps the same measures, whatever its characters.
            true => (FULL_MIDDLE, FULL_INK),
            false if top < bottom => ((top + bottom) / 2.0, bottom - top),
            false => (FULL_MIDDLE, FULL_INK),
        };
        Ok(Self {
            part,
            cells,
            middle,
            height,
        })
    }

    pub(super) fn part(&self) -> Part {
        self.part
    }

    pub(super) fn len(&self) -> usize {
        self.cells.len()
    }

    /// Widths of all cells together.
    pub(super) fn widths(&self) -> f64 {
        self.cells.iter().map(|cell| cell.width).sum()
    }

    /// The middles of the cells along a line that begins at 0, for full characters of `width` and a `gap` between
    /// cells; and the whole length.
    pub(super) fn middles(&self, width: f64, gap: f64) -> (Vec<f64>, f64) {
        let mut at = 0.0;
        let middles = self
            .cells
            .iter()
            .map(|cell| {
                let middle = at + cell.width * width / 2.0;
                at += cell.width * width + gap;
                middle
            })
            .collect();
        (middles, (at - gap).max(0.0))
    }

    /// One character with the middle of its cell at `at`, turned by `angle`: the middle of its ink stands there
    /// from side to side, so that brackets and narrow characters look centred.
    pub(super) fn piece(
        &self,
        index: usize,
        (width, height): (f64, f64),
        angle: f64,
        at: Point,
    ) -> Option<Piece> {
        let cell = self.cells.get(index)?;
        if cell.character.is_whitespace() {
            return None;
        }
        let (sx, sy) = (width / FULL_INK, height / self.height);
        let middle = Affine::placed(1.0, 1.0, 0.0, (-cell.glyph.ink.middle().0, -self.middle));
        let turn = Affine::placed(sx, sy, angle, at);
        let place = |point| turn.apply(middle.apply(point));
        let (outline, corners) = (&cell.glyph.outline, cell.glyph.ink.corners());
        Some(Piece {
            part: self.part,
            character: Some(cell.character),
            outline: outline.mapped(&middle).mapped(&turn),
            corners: corners.map(place),
        })
    }
}

/// Characters that fill a cell: Chinese, Yi, Hangul, kana. Brackets and punctuation take what their ink takes.
fn is_full(character: char) -> bool {
    matches!(u32::from(character),
        0x2e80..=0x2fdf | 0x3005..=0x3007 | 0x3041..=0x30ff | 0x3400..=0x9fff | 0xa000..=0xa4cf | 0xac00..=0xd7a3
        | 0xf900..=0xfaff | 0x20000..=0x3ffff)
}

/// Scripts whose letters join, stack or run downwards.
fn needs_shaping(character: char) -> bool {
    matches!(u32::from(character),
        0x0300..=0x036f | 0x0590..=0x0dff | 0x0e00..=0x109f | 0x1780..=0x18af | 0x1950..=0x1aaf | 0xa840..=0xa87f
        | 0xfb1d..=0xfdff | 0xfe70..=0xfeff | 0x11660..=0x1167f | 0x200c..=0x200f)
}
