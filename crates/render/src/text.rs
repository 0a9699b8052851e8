//! Text objects (GB/T 33190-2016 11): characters and glyphs, placed one by one.

use std::sync::Arc;

use ofd::Element;
use ofd::geometry::number;
use ofd::page::Deltas;
use tiny_skia::{FillRule, LineJoin, Path, Transform};

use crate::draw::{Ink, Painter, faded, missing_glyph};
use crate::face::{Face, Glyph};
use crate::font::FontUse;
use crate::scene::{ClipId, Line, Paint, Rgba, Shape};
use crate::unit::Unit;
use crate::{Error, Warning};

/// Glyphs of one `CGTransform`.
const RUN_GLYPHS_MAX: usize = 100_000;
/// Weight from which text is bold.
const BOLD_WEIGHT: f64 = 600.0;
/// Width of the line that makes a face bold, as a part of the font size.
const BOLD_LINE: f32 = 0.03;
/// Tangent of the angle by which an upright face is slanted: 12 degrees.
const SLANT: f32 = 0.2126;
/// A stand-in face may be squeezed to this part of its width to keep its place.
const SQUEEZE_MIN: f32 = 0.5;

/// How the characters of one object look.
struct Style {
    font: Arc<FontUse>,
    size: f32,
    h_scale: f32,
    /// Turn of each glyph, clockwise, in degrees.
    turn: f32,
    /// Direction in which characters follow each other where no steps are given.
    direction: (f32, f32),
    bold: bool,
    italic: bool,
    fill: Option<Paint>,
    stroke: Option<(Paint, Line)>,
}

/// `CGTransform`.
struct Run {
    first: usize,
    codes: usize,
    glyphs: Vec<u32>,
}

/// One glyph with the place of its origin in the object's space.
struct Placed<'a> {
    face: &'a Face,
    glyph: Glyph,
    x: f32,
    y: f32,
    /// Part of its width that it keeps.
    squeeze: f32,
}

impl Painter<'_, '_> {
    pub(crate) fn text(
        &mut self,
        object: &Element,
        unit: &Unit<'_>,
        clip: Option<ClipId>,
    ) -> Result<(), Error> {
        let Some(style) = self.style(unit) else {
            return Ok(());
        };
        let mut runs: Vec<Run> = Vec::new();
        let mut start = (0.0, 0.0);
        for child in &object.children {
            match child.name.as_str() {
                "CGTransform" => runs.push(Run::read(child)),
                "TextCode" => {
                    start = (
                        child.attribute("X").and_then(number).unwrap_or(start.0),
                        child.attribute("Y").and_then(number).unwrap_or(start.1),
                    );
                    self.code(child, start, &runs, &style, unit, clip)?;
                    runs.clear();
                }
                _ => {}
            }
        }
        Ok(())
    }

    /// `None` where nothing would be seen.
    fn style(&mut self, unit: &Unit<'_>) -> Option<Style> {
        let size = unit.number("Size").filter(|size| *size > 0.0)? as f32;
        let weight = unit.number("Weight").unwrap_or(400.0);
        let (bold, italic) = (weight >= BOLD_WEIGHT, unit.flag("Italic", false));
        let id = unit.attribute("Font").and_then(|id| id.trim().parse().ok());
        let font = id.and_then(|id| self.resources.font(id));
        if let (Some(id), None) = (id, font) {
            self.scene.warn(Warning::ResourceMissing { kind: "font", id });
        }
        let font = self.document.font(font, bold, italic);
        font.warnings
            .iter()
            .for_each(|warning| self.scene.warn(warning.clone()));
        let fill = unit.flag("Fill", true).then(|| match unit.color("FillColor") {
            Some(color) => self.text_ink(color, unit.alpha),
            None => Paint::Color(faded(Rgba::BLACK, unit.alpha)),
        });
        let stroke = unit.flag("Stroke", false).then(|| {
            let paint = match unit.color("StrokeColor") {
                Some(color) => self.text_ink(color, unit.alpha),
                None => Paint::Color(faded(Rgba::BLACK, unit.alpha)),
            };
            (paint, unit.line())
        });
        if fill.is_none() && stroke.is_none() {
            return None;
        }
        Some(Style {
            font,
            size,
            h_scale: unit.number("HScale").unwrap_or(1.0) as f32,
            turn: unit.number("CharDirection").unwrap_or(0.0).rem_euclid(360.0) as f32,
            direction: match unit.number("ReadDirection").unwrap_or(0.0).rem_euclid(360.0) as u32 {
                90 => (0.0, 1.0),
                180 => (-1.0, 0.0),
                270 => (0.0, -1.0),
                _ => (1.0, 0.0),
            },
            bold,
            italic,
            fill,
            stroke,
        })
    }

    fn text_ink(&mut self, color: &Element, alpha: f32) -> Paint {
        match self.ink(color, alpha) {
            Ink::Paint(paint) => paint,
            Ink::Pattern(_) => {
                self.scene.warn(Warning::NotDrawn {
                    what: "a pattern in text",
                });
                Paint::Color(faded(Rgba::BLACK, alpha))
            }
        }
    }

    /// One `TextCode`: steps belong to its characters, whatever glyphs stand for them.
    fn code(
        &mut self,
        code: &Element,
        (x, y): (f64, f64),
        runs: &[Run],
        style: &Style,
        unit: &Unit<'_>,
        clip: Option<ClipId>,
    ) -> Result<(), Error> {
        let delta_x = code.attribute("DeltaX").unwrap_or_default();
        let delta_y = code.attribute("DeltaY").unwrap_or_default();
        let (mut steps_x, mut steps_y) = (Deltas::new(delta_x), Deltas::new(delta_y));
        let has_steps_y = !delta_y.trim().is_empty();
        let (mut x, mut y) = (x as f32, y as f32);
        let mut run: Option<(&Run, usize)> = None;
        let mut runs = runs.iter().peekable();
        let mut characters = code.text.chars().enumerate().peekable();
        while let Some((index, character)) = characters.next() {
            if let Some(next) = runs.next_if(|next| next.first <= index) {
                run = Some((next, index));
            }
            run = run.filter(|(run, first)| index - first < run.codes);
            let step_x = steps_x.next().map(|step| step as f32);
            let step_y = steps_y.next().map(|step| step as f32);
            let mut advance = 0.0;
            match run {
                Some((run, first)) => {
                    let at = index - first;
                    // The last code of a run takes the glyphs that are left.
                    let end = if at + 1 == run.codes {
                        run.glyphs.len()
                    } else {
                        at + 1
                    };
                    for id in run.glyphs.get(at..end).unwrap_or_default() {
                        advance += self.glyph(*id, x + advance, y, style, unit, clip)?;
                    }
                }
                None => {
                    let room = step_x.filter(|_| characters.peek().is_some());
                    advance = self.character(character, x, y, room, style, unit, clip)?;
                }
            }
            let natural = (style.direction.0 * advance, style.direction.1 * advance);
            x += step_x.unwrap_or(if has_steps_y { 0.0 } else { natural.0 });
            y += step_y.unwrap_or(if step_x.is_some() { 0.0 } else { natural.1 });
        }
        Ok(())
    }

    /// Draws a glyph that the font is asked for by its number; gives its advance.
    fn glyph(
        &mut self,
        id: u32,
        x: f32,
        y: f32,
        style: &Style,
        unit: &Unit<'_>,
        clip: Option<ClipId>,
    ) -> Result<f32, Error> {
        // Numbers mean nothing in another font.
        let Some(face) = &style.font.embedded else {
            return Ok(style.size * style.h_scale);
        };
        let placed = Placed {
            glyph: face.glyph(id),
            face,
            x,
            y,
            squeeze: 1.0,
        };
        self.place(&placed, style, unit, clip)
    }

    /// Draws a character, from the embedded font or a stand-in; gives its advance.
    #[expect(clippy::too_many_arguments, reason = "one place calls it")]
    fn character(
        &mut self,
        character: char,
        x: f32,
        y: f32,
        room: Option<f32>,
        style: &Style,
        unit: &Unit<'_>,
        clip: Option<ClipId>,
    ) -> Result<f32, Error> {
        let embedded = style.font.embedded.as_ref();
        let own = embedded.and_then(|face| Some((face, face.glyph_id(character)?)));
        if let Some((face, id)) = own {
            let placed = Placed {
                glyph: face.glyph(id),
                face,
                x,
                y,
                squeeze: 1.0,
            };
            return self.place(&placed, style, unit, clip);
        }
        let natural =
            ofd::page::natural_width(f64::from(style.size), f64::from(style.h_scale), character) as f32;
        if character.is_whitespace() || character.is_control() || is_invisible(character) {
            return Ok(natural);
        }
        let Some(face) = self.document.fonts.face_for(&style.font.candidates, character) else {
            self.scene.warn(Warning::GlyphMissing { character });
            self.missing(x, y, natural, style, unit, clip)?;
            return Ok(natural);
        };
        let glyph = face.glyph_id(character).map(|id| face.glyph(id));
        let Some(glyph) = glyph else { return Ok(natural) };
        let width = glyph.advance * style.size / face.units_per_em * style.h_scale;
        let squeeze = room
            .filter(|room| *room > 0.0 && width > *room)
            .map_or(1.0, |room| (room / width).max(SQUEEZE_MIN));
        let placed = Placed {
            glyph,
            face: &face,
            x,
            y,
            squeeze,
        };
        self.place(&placed, style, unit, clip)
    }

    fn place(
        &mut self,
        placed: &Placed<'_>,
        style: &Style,
        unit: &Unit<'_>,
        clip: Option<ClipId>,
    ) -> Result<f32, Error> {
        let face = placed.face;
        let scale = style.size / face.units_per_em;
        let advance = placed.glyph.advance * scale * style.h_scale * placed.squeeze;
        let Some(path) = &placed.glyph.path else {
            return Ok(advance);
        };
        let slant = if style.italic && !face.is_italic {
            SLANT
        } else {
            0.0
        };
        let turned =
            Transform::from_translate(placed.x, placed.y).pre_concat(Transform::from_rotate(style.turn));
        let local = turned
            .pre_scale(scale * style.h_scale * placed.squeeze, -scale)
            .pre_concat(Transform::from_row(1.0, 0.0, slant, 1.0, 0.0, 0.0));
        let embolden = style.font.wants_bold(style.bold, face);
        self.outline(path, local, face.units_per_em, embolden, style, unit, clip)?;
        Ok(advance)
    }

    fn missing(
        &mut self,
        x: f32,
        y: f32,
        width: f32,
        style: &Style,
        unit: &Unit<'_>,
        clip: Option<ClipId>,
    ) -> Result<(), Error> {
        let Some(path) = missing_glyph(1.0) else {
            return Ok(());
        };
        let local = Transform::from_translate(x, y)
            .pre_concat(Transform::from_rotate(style.turn))
            .pre_scale(width, -style.size);
        let shape = Shape::Fill {
            path,
            transform: unit.transform.pre_concat(local),
            rule: FillRule::EvenOdd,
            paint: Paint::Color(faded(Rgba::BLACK, unit.alpha)),
        };
        self.scene.push(shape, clip)
    }

    /// Fills and strokes an outline; `local` leads from its units to the object's space.
    #[expect(clippy::too_many_arguments, reason = "one place calls it")]
    fn outline(
        &mut self,
        path: &Arc<Path>,
        local: Transform,
        units_per_em: f32,
        embolden: bool,
        style: &Style,
        unit: &Unit<'_>,
        clip: Option<ClipId>,
    ) -> Result<(), Error> {
        if let Some(paint) = &style.fill {
            // A shading lies in the object's space, and so must the outline then.
            let (path, transform) = match paint {
                Paint::Color(_) => (Arc::clone(path), unit.transform.pre_concat(local)),
                Paint::Gradient(_) => match (**path).clone().transform(local) {
                    Some(path) => (Arc::new(path), unit.transform),
                    None => return Ok(()),
                },
            };
            if embolden && let Paint::Color(_) = paint {
                let mut line = Line::of(units_per_em * BOLD_LINE);
                line.stroke.line_join = LineJoin::Round;
                let shape = Shape::Stroke {
                    path: Arc::clone(&path),
                    transform,
                    line,
                    paint: paint.clone(),
                };
                self.scene.push(shape, clip)?;
            }
            let shape = Shape::Fill {
                path,
                transform,
                rule: FillRule::Winding,
                paint: paint.clone(),
            };
            self.scene.push(shape, clip)?;
        }
        if let Some((paint, line)) = &style.stroke
            && let Some(path) = (**path).clone().transform(local)
        {
            let shape = Shape::Stroke {
                path: Arc::new(path),
                transform: unit.transform,
                line: line.clone(),
                paint: paint.clone(),
            };
            self.scene.push(shape, clip)?;
        }
        Ok(())
    }
}

impl Run {
    fn read(element: &Element) -> Self {
        let count = |name| {
            element
                .attribute(name)
                .and_then(|value| value.trim().parse::<usize>().ok())
        };
        let glyphs = element.child("Glyphs").map_or("", |glyphs| glyphs.text.as_str());
        let words = glyphs.split_ascii_whitespace().take(RUN_GLYPHS_MAX);
        let mut glyphs: Vec<u32> = words.map(|word| word.parse().unwrap_or(0)).collect();
        glyphs.truncate(count("GlyphCount").unwrap_or(RUN_GLYPHS_MAX).max(1));
        Self {
            first: count("CodePosition").unwrap_or(0),
            codes: count("CodeCount").unwrap_or(1).max(1),
            glyphs,
        }
    }
}

fn is_invisible(character: char) -> bool {
    matches!(
        character,
        '\u{AD}' | '\u{200B}'..='\u{200F}' | '\u{2060}' | '\u{FEFF}' | '\u{FFFE}' | '\u{FFFF}'
    )
}
