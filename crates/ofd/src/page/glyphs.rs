//! Where the characters of a text object stand on the page (GB/T 33190-2016 11.2 to 11.4).

use std::iter::Peekable;
use std::str::{Chars, SplitAsciiWhitespace};

use super::{TextCode, TextObject};
use crate::geometry::{Box, Point, number};

/// Height of a glyph box above the base line, as a part of the font size. No font is opened; Chinese fonts have
/// values near these.
const ASCENT: f64 = 0.86;
/// Depth of a glyph box below the base line, as a part of the font size.
const DESCENT: f64 = 0.14;

/// A character on the page; all lengths in mm.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Glyph {
    /// As it stands in the `TextCode`.
    pub character: char,
    /// Which [`TextCode`] of the object.
    pub code: u32,
    /// Where its base line begins.
    pub origin: Point,
    /// Advance along the base line.
    pub width: f64,
    /// The box around it: from its origin to its advance, as high as the font size.
    pub bounds: Box,
}

impl TextObject {
    /// The characters in the order in which they are written, hidden ones too.
    ///
    /// Steps come from `DeltaX` and `DeltaY`. Where `DeltaX` ends early or is missing, and there is no `DeltaY`,
    /// the step is the character's natural width: the font size times `HScale`, half of it for narrow scripts.
    /// A glyph is as wide as the step to the next one, at most its natural width.
    pub fn glyphs(&self) -> GlyphLayout<'_> {
        GlyphLayout {
            object: self,
            next_code: 0,
            start: Point::default(),
            row: None,
        }
    }

    /// From the object's space to the page.
    pub fn to_page(&self, point: Point) -> Point {
        let at = self.ctm.apply(point);
        let origin = self.boundary.unwrap_or_default();
        Point {
            x: origin.x + at.x,
            y: origin.y + at.y,
        }
    }

    /// Length on the page, in mm, of the step (1, 0) of the object's space.
    pub(crate) fn scale_x(&self) -> f64 {
        let step = self.ctm.apply_vector(Point { x: 1.0, y: 0.0 });
        step.x.hypot(step.y)
    }

    fn glyph(&self, code: u32, character: char, at: Point, width: f64) -> Glyph {
        let (top, bottom) = (-ASCENT * self.size, DESCENT * self.size);
        let corners = [(0.0, top), (width, top), (0.0, bottom), (width, bottom)].map(|(x, y)| {
            let (x, y) = match self.char_quarters {
                1 => (-y, x),
                2 => (-x, -y),
                3 => (y, -x),
                _ => (x, y),
            };
            self.to_page(Point {
                x: at.x + x,
                y: at.y + y,
            })
        });
        Glyph {
            character,
            code,
            origin: self.to_page(at),
            width: width * self.scale_x(),
            bounds: Box::around(&corners).unwrap_or_default(),
        }
    }
}

/// Iterator of [`TextObject::glyphs`].
pub struct GlyphLayout<'a> {
    object: &'a TextObject,
    next_code: usize,
    /// Origin of the code that is being laid out; later codes inherit what they do not say.
    start: Point,
    row: Option<Row<'a>>,
}

/// The code that is being laid out.
struct Row<'a> {
    characters: Peekable<Chars<'a>>,
    at: Point,
    steps_x: Deltas<'a>,
    steps_y: Deltas<'a>,
    has_steps_y: bool,
}

impl Iterator for GlyphLayout<'_> {
    type Item = Glyph;

    fn next(&mut self) -> Option<Glyph> {
        loop {
            if let Some(glyph) = self
                .row
                .as_mut()
                .and_then(|row| row.next(self.object, self.next_code))
            {
                return Some(glyph);
            }
            let code = self.object.codes.get(self.next_code)?;
            self.next_code += 1;
            self.start = Point {
                x: code.x.unwrap_or(self.start.x),
                y: code.y.unwrap_or(self.start.y),
            };
            self.row = Some(Row::new(code, self.start));
        }
    }
}

impl<'a> Row<'a> {
    fn new(code: &'a TextCode, at: Point) -> Self {
        Self {
            characters: code.text.chars().peekable(),
            at,
            steps_x: Deltas::new(&code.delta_x),
            steps_y: Deltas::new(&code.delta_y),
            has_steps_y: !code.delta_y.is_empty(),
        }
    }

    /// `next_code` is the number of the code after this one.
    fn next(&mut self, object: &TextObject, next_code: usize) -> Option<Glyph> {
        let character = self.characters.next()?;
        let natural = natural_width(object.size, object.h_scale, character);
        let at = self.at;
        let mut width = natural;
        if self.characters.peek().is_some() {
            let step_x = self
                .steps_x
                .next()
                .unwrap_or(if self.has_steps_y { 0.0 } else { natural });
            let step_y = self.steps_y.next().unwrap_or(0.0);
            if step_x > 0.0 {
                width = natural.min(step_x);
            }
            self.at = Point {
                x: at.x + step_x,
                y: at.y + step_y,
            };
        }
        // A page has fewer codes than PAGE_TEXTS_MAX, so the number fits.
        Some(object.glyph((next_code - 1) as u32, character, at, width))
    }
}

/// The numbers of `DeltaX` and `DeltaY`: "g 3 5.6 1.2" is 5.6 5.6 5.6 1.2. What is no number counts as 0.
///
/// A count is not checked against anything: take no more steps than there are characters.
pub struct Deltas<'a> {
    words: SplitAsciiWhitespace<'a>,
    value: f64,
    /// How often `value` comes once more.
    left: u64,
}

impl<'a> Deltas<'a> {
    /// The steps in this value of an attribute.
    pub fn new(text: &'a str) -> Self {
        Self {
            words: text.split_ascii_whitespace(),
            value: 0.0,
            left: 0,
        }
    }
}

impl Iterator for Deltas<'_> {
    type Item = f64;

    fn next(&mut self) -> Option<f64> {
        while self.left == 0 {
            let word = self.words.next()?;
            if !word.eq_ignore_ascii_case("g") {
                return Some(number(word).unwrap_or(0.0));
            }
            // Negative and fractional counts are cut to whole ones; the cast saturates.
            self.left = number(self.words.next()?).unwrap_or(0.0) as u64;
            self.value = number(self.words.next()?).unwrap_or(0.0);
        }
        self.left -= 1;
        Some(self.value)
    }
}

/// Advance of a glyph where nobody says it, in the object's space: the font size times `HScale`, half of it for
/// narrow scripts.
pub fn natural_width(size: f64, h_scale: f64, character: char) -> f64 {
    let full = (size * h_scale).abs();
    if is_narrow(character) { full / 2.0 } else { full }
}

/// Scripts before Hangul Jamo (Latin, Greek, Cyrillic, …) and the half-width forms take half a square.
fn is_narrow(character: char) -> bool {
    character < '\u{1100}' || ('\u{FF61}'..='\u{FFDC}').contains(&character)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::geometry::Ctm;

    #[test]
    fn delta_lists() {
        let check = |text: &str, expected: &[f64]| {
            assert_eq!(Deltas::new(text).take(8).collect::<Vec<_>>(), expected, "{text}");
        };
        check("", &[]);
        check("1 2.5 -3", &[1.0, 2.5, -3.0]);
        check("g 3 5.6", &[5.6, 5.6, 5.6]);
        check("1.5875 g 3 0 1.5", &[1.5875, 0.0, 0.0, 0.0, 1.5]);
        check("g 2 1 -7 g 2 3", &[1.0, 1.0, -7.0, 3.0, 3.0]);
        check("g 0 9 1", &[1.0]);
        check("g -4 9 1", &[1.0]);
        check("g 2", &[]);
        check("g", &[]);
        check("g 2 g 1 1", &[0.0, 0.0, 1.0, 1.0]);
        check("x NaN inf 1e308", &[0.0; 4]);
        check("g 18446744073709551615 1", &[]);
        check("g 999999999 1", &[1.0; 8]);
    }

    fn object(codes: &[(&str, &str, &str)]) -> TextObject {
        let codes = codes
            .iter()
            .enumerate()
            .map(|(index, (text, delta_x, delta_y))| TextCode {
                text: (*text).to_owned(),
                x: (index == 0).then_some(1.0),
                y: Some(5.0 + index as f64 * 10.0),
                delta_x: (*delta_x).to_owned(),
                delta_y: (*delta_y).to_owned(),
            });
        TextObject {
            id: None,
            boundary: Some(Box::new(20.0, 30.0, 100.0, 50.0)),
            ctm: Ctm::IDENTITY,
            font: None,
            size: 4.0,
            h_scale: 1.0,
            char_quarters: 0,
            visible: true,
            white: false,
            has_glyph_transform: false,
            codes: codes.collect(),
        }
    }

    fn origins(object: &TextObject) -> Vec<(f64, f64)> {
        object
            .glyphs()
            .map(|glyph| (glyph.origin.x, glyph.origin.y))
            .collect()
    }

    #[test]
    fn steps_follow_the_deltas() {
        assert_eq!(
            origins(&object(&[("甲乙丙", "4 5", "")])),
            [(21.0, 35.0), (25.0, 35.0), (30.0, 35.0)]
        );
        assert_eq!(
            origins(&object(&[("甲乙丙", "", "6 6")])),
            [(21.0, 35.0), (21.0, 41.0), (21.0, 47.0)]
        );
    }

    #[test]
    fn without_deltas_the_natural_width_counts() {
        assert_eq!(
            origins(&object(&[("甲a乙", "", "")])),
            [(21.0, 35.0), (25.0, 35.0), (27.0, 35.0)]
        );
        assert_eq!(
            origins(&object(&[("甲乙丙", "9", "")])),
            [(21.0, 35.0), (30.0, 35.0), (34.0, 35.0)]
        );
    }

    #[test]
    fn later_codes_inherit_their_place() {
        let object = object(&[("甲", "", ""), ("乙", "", "")]);
        assert_eq!(origins(&object), [(21.0, 35.0), (21.0, 45.0)]);
        assert_eq!(
            object.glyphs().map(|glyph| glyph.code).collect::<Vec<_>>(),
            [0, 1]
        );
    }

    #[test]
    fn glyph_is_as_wide_as_its_step_at_most_natural() {
        let widths: Vec<_> = object(&[("甲乙丙丁", "3 20 -10", "")])
            .glyphs()
            .map(|glyph| glyph.width)
            .collect();
        assert_eq!(widths, [3.0, 4.0, 4.0, 4.0]);
    }

    #[test]
    fn bounds_turn_with_the_ctm_and_the_character() {
        let near = |one: Box, other: Box| {
            for (one, other) in [
                (one.x, other.x),
                (one.y, other.y),
                (one.width, other.width),
                (one.height, other.height),
            ] {
                assert!((one - other).abs() < 1e-9, "{one} {other}");
            }
        };
        let mut text = object(&[("甲", "", "")]);
        near(
            text.glyphs().next().unwrap().bounds,
            Box::new(21.0, 31.56, 4.0, 4.0),
        );
        text.char_quarters = 1;
        near(
            text.glyphs().next().unwrap().bounds,
            Box::new(20.44, 35.0, 4.0, 4.0),
        );
        text.char_quarters = 0;
        text.ctm = Ctm::parse("0 1 -1 0 50 0").unwrap();
        near(
            text.glyphs().next().unwrap().bounds,
            Box::new(64.44, 31.0, 4.0, 4.0),
        );
    }

    #[test]
    fn largest_numbers_stay_finite() {
        let mut text = object(&[("甲乙丙", "1000000000 1000000000", "1000000000")]);
        text.ctm = Ctm {
            a: 1e9,
            b: 1e9,
            c: -1e9,
            d: 1e9,
            e: 1e9,
            f: 1e9,
        };
        text.size = 1e9;
        text.h_scale = 1e9;
        for glyph in text.glyphs() {
            assert!(glyph.bounds.right().is_finite() && glyph.bounds.bottom().is_finite());
        }
    }
}
