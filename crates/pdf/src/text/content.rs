//! What a content stream shows as text, and where (ISO 32000-1 §8.4, §9.4).

use std::collections::HashMap;
use std::rc::Rc;

use super::font::Font;
use super::{Glyph, contents};
use crate::document::Document;
use crate::error::{Error, limit};
use crate::limits::{CONTENT_BYTES_MAX, CONTENT_FORMS_MAX, CONTENT_GLYPHS_MAX};
use crate::object::{Dictionary, Object, ObjectId};
use crate::page::Page;
use crate::syntax::Parser;

/// Forms inside each other.
const FORM_DEPTH_MAX: usize = 8;
/// Saved graphics states; more are not saved.
const STATES_MAX: usize = 256;
/// Operands of one operator; those before the last ones are dropped.
const OPERANDS_MAX: usize = 64;

/// A transformation: a b c d e f (ISO 32000-1 §8.3.4).
type Matrix = [f64; 6];

const IDENTITY: Matrix = [1.0, 0.0, 0.0, 1.0, 0.0, 0.0];

/// First `one`, then `other`.
fn concatenated(one: &Matrix, other: &Matrix) -> Matrix {
    let [a, b, c, d, e, f] = *one;
    let [g, h, i, j, k, l] = *other;
    [
        a * g + b * i,
        a * h + b * j,
        c * g + d * i,
        c * h + d * j,
        e * g + f * i + k,
        e * h + f * j + l,
    ]
}

#[derive(Clone)]
struct State {
    ctm: Matrix,
    font: Option<Rc<Font>>,
    size: f64,
    character_spacing: f64,
    word_spacing: f64,
    /// Horizontal scaling, 1 for 100 %.
    stretch: f64,
    leading: f64,
    rise: f64,
}

/// Collects the glyphs of a page.
pub(super) struct Reader<'d, 'a> {
    document: &'d Document<'a>,
    fonts: HashMap<ObjectId, Rc<Font>>,
    pub(super) glyphs: Vec<Glyph>,
    forms: usize,
    bytes: usize,
}

/// What belongs to one content stream.
struct Run {
    resources: Dictionary,
    /// Those of this stream, by their names.
    fonts: HashMap<Vec<u8>, Rc<Font>>,
    state: State,
    saved: Vec<State>,
    text: Matrix,
    line: Matrix,
    depth: usize,
}

impl<'d, 'a> Reader<'d, 'a> {
    pub(super) fn new(document: &'d Document<'a>) -> Self {
        Self {
            document,
            fonts: HashMap::new(),
            glyphs: Vec::new(),
            forms: 0,
            bytes: 0,
        }
    }

    pub(super) fn read_page(&mut self, page: &Page) -> Result<(), Error> {
        let bytes = contents(self.document, page)?;
        let resources = self.dictionary(&page.dictionary, "Resources").unwrap_or_default();
        let state = State {
            ctm: IDENTITY,
            font: None,
            size: 0.0,
            character_spacing: 0.0,
            word_spacing: 0.0,
            stretch: 1.0,
            leading: 0.0,
            rise: 0.0,
        };
        self.read_stream(&bytes, resources, state, 0)
    }

    fn dictionary(&self, from: &Dictionary, key: &str) -> Option<Dictionary> {
        let found = self.document.get(from, key).ok()??;
        found.as_dictionary().cloned()
    }

    fn read_stream(
        &mut self,
        bytes: &[u8],
        resources: Dictionary,
        state: State,
        depth: usize,
    ) -> Result<(), Error> {
        self.bytes += bytes.len();
        limit(self.bytes, CONTENT_BYTES_MAX, "bytes of a page's contents")?;
        let mut run = Run {
            resources,
            fonts: HashMap::new(),
            state,
            saved: Vec::new(),
            text: IDENTITY,
            line: IDENTITY,
            depth,
        };
        let mut parser = Parser::in_stream(bytes, 0);
        let mut operands: Vec<Object> = Vec::new();
        while let Some(token) = parser.content_token() {
            match token {
                Ok(object) => {
                    if operands.len() == OPERANDS_MAX {
                        operands.remove(0);
                    }
                    operands.push(object);
                }
                Err(b"BI") => {
                    parser.skip_inline_image();
                    operands.clear();
                }
                Err(operator) => {
                    self.operate(&mut run, operator, &operands)?;
                    operands.clear();
                }
            }
        }
        Ok(())
    }

    fn operate(&mut self, run: &mut Run, operator: &[u8], operands: &[Object]) -> Result<(), Error> {
        let numbers: Vec<f64> = operands.iter().filter_map(Object::as_number).collect();
        let number = numbers.first().copied().filter(|number| number.is_finite());
        let matrix = <Matrix>::try_from(numbers.as_slice()).ok();
        match operator {
            b"q" if run.saved.len() < STATES_MAX => run.saved.push(run.state.clone()),
            b"Q" => run.state = run.saved.pop().unwrap_or_else(|| run.state.clone()),
            b"cm" => {
                if let Some(matrix) = matrix {
                    run.state.ctm = concatenated(&matrix, &run.state.ctm);
                }
            }
            b"BT" => (run.text, run.line) = (IDENTITY, IDENTITY),
            b"Tf" => {
                let name = operands.first().and_then(Object::as_name);
                run.state.font = name.and_then(|name| self.font(run, name));
                run.state.size = number.unwrap_or(0.0);
            }
            b"Tc" => run.state.character_spacing = number.unwrap_or(0.0),
            b"Tw" => run.state.word_spacing = number.unwrap_or(0.0),
            b"Tz" => run.state.stretch = number.unwrap_or(100.0) / 100.0,
            b"TL" => run.state.leading = number.unwrap_or(0.0),
            b"Ts" => run.state.rise = number.unwrap_or(0.0),
            b"Tm" => {
                if let Some(matrix) = matrix {
                    (run.text, run.line) = (matrix, matrix);
                }
            }
            b"Td" | b"TD" => {
                if let [x, y] = numbers[..] {
                    if operator == b"TD" {
                        run.state.leading = -y;
                    }
                    run.next_line(x, y);
                }
            }
            b"T*" => run.next_line(0.0, -run.state.leading),
            b"Tj" => self.show(run, operands.first())?,
            b"'" => {
                run.next_line(0.0, -run.state.leading);
                self.show(run, operands.first())?;
            }
            b"\"" => {
                if let [word, character, ..] = numbers[..] {
                    (run.state.word_spacing, run.state.character_spacing) = (word, character);
                }
                run.next_line(0.0, -run.state.leading);
                self.show(run, operands.last())?;
            }
            b"TJ" => {
                for element in operands.first().and_then(Object::as_array).unwrap_or_default() {
                    match element.as_number() {
                        Some(back) => run.advance(-back / 1000.0 * run.state.size),
                        None => self.show(run, Some(element))?,
                    }
                }
            }
            b"Do" => {
                if let Some(name) = operands.first().and_then(Object::as_name) {
                    self.read_form(run, name)?;
                }
            }
            _ => {}
        }
        Ok(())
    }

    fn font(&mut self, run: &mut Run, name: &[u8]) -> Option<Rc<Font>> {
        if let Some(known) = run.fonts.get(name) {
            return Some(Rc::clone(known));
        }
        let fonts = self.document.get(&run.resources, "Font").ok()??;
        let place = fonts.as_dictionary()?.value(name)?;
        let id = place.as_reference();
        let font = match id.and_then(|id| self.fonts.get(&id)) {
            Some(known) => Rc::clone(known),
            None => {
                let found = self.document.resolve(place).ok()?;
                Rc::new(Font::read(self.document, found.as_dictionary()?))
            }
        };
        if let Some(id) = id {
            self.fonts.insert(id, Rc::clone(&font));
        }
        run.fonts.insert(name.to_vec(), Rc::clone(&font));
        Some(font)
    }

    fn read_form(&mut self, run: &Run, name: &[u8]) -> Result<(), Error> {
        if run.depth == FORM_DEPTH_MAX {
            return Ok(());
        }
        let forms = self.document.get(&run.resources, "XObject")?;
        let forms = forms.as_ref().and_then(|forms| forms.as_dictionary());
        let Some(place) = forms.and_then(|forms| forms.value(name)) else {
            return Ok(());
        };
        let found = self.document.resolve(place)?;
        let Object::Stream(stream) = &*found else {
            return Ok(());
        };
        if stream.dictionary.get("Subtype").and_then(Object::as_name) != Some(b"Form") {
            return Ok(());
        }
        self.forms += 1;
        limit(self.forms, CONTENT_FORMS_MAX, "forms drawn on a page")?;
        let bytes = self.document.decoded(stream)?;
        let own = self.dictionary(&stream.dictionary, "Resources");
        let mut state = run.state.clone();
        let matrix = self.document.get(&stream.dictionary, "Matrix").ok().flatten();
        let matrix = matrix.and_then(|matrix| {
            let numbers: Option<Vec<f64>> = matrix.as_array()?.iter().map(Object::as_number).collect();
            Matrix::try_from(numbers?).ok()
        });
        if let Some(matrix) = matrix {
            state.ctm = concatenated(&matrix, &state.ctm);
        }
        let resources = own.unwrap_or_else(|| run.resources.clone());
        self.read_stream(&bytes, resources, state, run.depth + 1)
    }

    fn show(&mut self, run: &mut Run, text: Option<&Object>) -> Result<(), Error> {
        let (Some(font), Some(text)) = (run.state.font.clone(), text.and_then(Object::as_text)) else {
            return Ok(());
        };
        let mut rest = &text.bytes[..];
        while !rest.is_empty() {
            let code = font.next_code(rest);
            rest = &rest[code.length..];
            let width = code.width * font.scale * run.state.size;
            let area = run.area(&font, width);
            limit(self.glyphs.len() + 1, CONTENT_GLYPHS_MAX, "characters of a page")?;
            if area.iter().all(|number| number.is_finite()) {
                self.glyphs.push(Glyph {
                    text: code.text,
                    area,
                });
            }
            let spacing = run.state.character_spacing
                + if code.is_blank {
                    run.state.word_spacing
                } else {
                    0.0
                };
            if font.is_vertical {
                run.text = concatenated(&[1.0, 0.0, 0.0, 1.0, 0.0, spacing - run.state.size], &run.text);
            } else {
                run.advance(width + spacing);
            }
        }
        Ok(())
    }
}

impl Run {
    fn next_line(&mut self, x: f64, y: f64) {
        self.line = concatenated(&[1.0, 0.0, 0.0, 1.0, x, y], &self.line);
        self.text = self.line;
    }

    /// Moves along the line, before stretching.
    fn advance(&mut self, by: f64) {
        let by = by * self.state.stretch;
        self.text = concatenated(&[1.0, 0.0, 0.0, 1.0, by, 0.0], &self.text);
    }

    /// The box of a glyph in user space.
    fn area(&self, font: &Font, width: f64) -> [f64; 4] {
        let state = &self.state;
        let matrix = concatenated(&self.text, &state.ctm);
        let (ascent, descent) = font.height;
        let em = state.size / 1000.0;
        // Written downwards, a glyph hangs below its origin, centred on it.
        let (left, lower, right, upper) = if font.is_vertical {
            (-width / 2.0, -state.size, width / 2.0, 0.0)
        } else {
            (0.0, descent * em, width * state.stretch, ascent * em)
        };
        let corners = [(left, lower), (right, lower), (left, upper), (right, upper)];
        let corners = corners.map(|(x, y)| {
            let y = y + state.rise;
            (
                matrix[0] * x + matrix[2] * y + matrix[4],
                matrix[1] * x + matrix[3] * y + matrix[5],
            )
        });
        let fold = |pick: fn(&(f64, f64)) -> f64, better: fn(f64, f64) -> f64| {
            corners.iter().map(pick).reduce(better).unwrap_or(f64::NAN)
        };
        [
            fold(|corner| corner.0, f64::min),
            fold(|corner| corner.1, f64::min),
            fold(|corner| corner.0, f64::max),
            fold(|corner| corner.1, f64::max),
        ]
    }
}
