//! From XML to [`PageContent`], in one pass and without recursion.

use std::borrow::Cow;

use quick_xml::events::{BytesStart, Event};

use super::{
    GraphicKind, GraphicObject, PAGE_CHARACTERS_MAX, PAGE_GRAPHICS_MAX, PAGE_TEXTS_MAX, PageArea,
    PageContent, TemplateRef, TextCode, TextObject,
};
use crate::geometry::{Box, Ctm, number};
use crate::walk::Walk;
use crate::{Error, Limits, xml};

pub(super) fn read(xml: &[u8], limits: &Limits) -> Result<PageContent, Error> {
    let mut page = PageReader {
        walk: Walk::new(xml::text(xml, limits)?, limits),
        content: PageContent::default(),
        depth_max: limits.xml_depth_max,
        graphics: 0,
        texts: 0,
        characters: 0,
    };
    page.read()?;
    Ok(page.content)
}

struct PageReader<'a> {
    walk: Walk<'a>,
    content: PageContent,
    depth_max: u32,
    graphics: u64,
    texts: u64,
    characters: u64,
}

impl<'a> PageReader<'a> {
    fn read(&mut self) -> Result<(), Error> {
        loop {
            match self.walk.event()? {
                Event::Start(start) if start.local_name().as_ref() == "Page" => return self.page(),
                Event::Start(start) => {
                    let found = start.local_name().as_ref().chars().take(64).collect();
                    return Err(Error::WrongRoot {
                        found,
                        expected: "Page",
                    });
                }
                Event::Eof => return Err(self.walk.broken("there is no element")),
                _ => {}
            }
        }
    }

    fn page(&mut self) -> Result<(), Error> {
        while let Some(child) = self.child()? {
            match child.local_name().as_ref() {
                "Template" => self.template(&child)?,
                "PageRes" => {
                    let link = self.walk.text()?.trim().to_owned();
                    self.content.resources.push(link);
                }
                "Area" => {
                    let area = self.area()?;
                    self.content.area = Some(area);
                }
                "Content" => self.objects()?,
                _ => self.skip()?,
            }
        }
        Ok(())
    }

    fn template(&mut self, start: &BytesStart<'_>) -> Result<(), Error> {
        let (mut id, mut foreground) = (None, false);
        self.attributes(start, |name, value| match name {
            "TemplateID" => id = value.trim().parse().ok(),
            "ZOrder" => foreground = value.trim() == "Foreground",
            _ => {}
        })?;
        self.count_graphic()?;
        self.content.templates.extend(id.map(|template_id| TemplateRef {
            template_id,
            foreground,
        }));
        self.skip()
    }

    fn area(&mut self) -> Result<PageArea, Error> {
        let mut area = PageArea::default();
        while let Some(child) = self.child()? {
            let field = match child.local_name().as_ref() {
                "PhysicalBox" => &mut area.physical_box,
                "ApplicationBox" => &mut area.application_box,
                "ContentBox" => &mut area.content_box,
                "BleedBox" => &mut area.bleed_box,
                _ => {
                    self.skip()?;
                    continue;
                }
            };
            *field = Box::parse(&self.walk.text()?);
        }
        Ok(area)
    }

    /// The objects of `Content`: layers and page blocks only group them.
    fn objects(&mut self) -> Result<(), Error> {
        let mut groups: u32 = 0;
        loop {
            let Some(child) = self.child()? else {
                if groups == 0 {
                    return Ok(());
                }
                groups -= 1;
                continue;
            };
            match child.local_name().as_ref() {
                "Layer" | "PageBlock" => {
                    groups += 1;
                    within(
                        "the nesting of page blocks",
                        u64::from(groups),
                        u64::from(self.depth_max),
                    )?;
                }
                "TextObject" => self.text_object(&child)?,
                "PathObject" => self.graphic(GraphicKind::Path, &child)?,
                "ImageObject" => self.graphic(GraphicKind::Image, &child)?,
                "CompositeObject" => self.graphic(GraphicKind::Composite, &child)?,
                _ => self.skip()?,
            }
        }
    }

    fn text_object(&mut self, start: &BytesStart<'_>) -> Result<(), Error> {
        self.count_text()?;
        let mut unit = Unit {
            fill: true,
            ..Unit::default()
        };
        let (mut font, mut size, mut h_scale, mut char_quarters) = (None, 0.0, 1.0, 0);
        self.attributes(start, |name, value| match name {
            "Font" => font = value.trim().parse().ok(),
            "Size" => size = number(value).unwrap_or(0.0),
            "HScale" => h_scale = number(value).unwrap_or(1.0),
            "CharDirection" => char_quarters = quarters(value),
            _ => unit.attribute(name, value),
        })?;
        let mut codes = Vec::new();
        let mut has_glyph_transform = false;
        while let Some(child) = self.child()? {
            match child.local_name().as_ref() {
                "FillColor" => unit.fill_paint = self.paint(&child)?,
                "StrokeColor" => unit.stroke_paint = self.paint(&child)?,
                "CGTransform" => {
                    has_glyph_transform = true;
                    self.skip()?;
                }
                "TextCode" => codes.push(self.text_code(&child)?),
                _ => self.skip()?,
            }
        }
        let (visible, white) = unit.appearance();
        let Unit {
            id, boundary, ctm, ..
        } = unit;
        self.content.texts.push(TextObject {
            id,
            boundary,
            ctm,
            font,
            size,
            h_scale,
            char_quarters,
            visible: visible && size > 0.0,
            white,
            has_glyph_transform,
            codes,
        });
        Ok(())
    }

    fn text_code(&mut self, start: &BytesStart<'_>) -> Result<TextCode, Error> {
        self.count_text()?;
        let mut code = TextCode::default();
        self.attributes(start, |name, value| match name {
            "X" => code.x = number(value),
            "Y" => code.y = number(value),
            "DeltaX" => code.delta_x = value.trim().to_owned(),
            "DeltaY" => code.delta_y = value.trim().to_owned(),
            _ => {}
        })?;
        code.text = self.walk.text()?;
        self.characters += code.text.chars().count() as u64;
        within(
            "the number of characters on a page",
            self.characters,
            PAGE_CHARACTERS_MAX,
        )?;
        Ok(code)
    }

    fn graphic(&mut self, kind: GraphicKind, start: &BytesStart<'_>) -> Result<(), Error> {
        self.count_graphic()?;
        let mut unit = Unit {
            stroke: true,
            ..Unit::default()
        };
        let mut resource_id = None;
        self.attributes(start, |name, value| match name {
            "ResourceID" => resource_id = value.trim().parse().ok(),
            _ => unit.attribute(name, value),
        })?;
        let mut has_lines = false;
        while let Some(child) = self.child()? {
            match (kind, child.local_name().as_ref()) {
                (GraphicKind::Path, "FillColor") => unit.fill_paint = self.paint(&child)?,
                (GraphicKind::Path, "StrokeColor") => unit.stroke_paint = self.paint(&child)?,
                (GraphicKind::Path, "AbbreviatedData") => has_lines |= draws_lines(&self.walk.text()?),
                _ => self.skip()?,
            }
        }
        let (painted, white) = unit.appearance();
        let (visible, white) = match kind {
            GraphicKind::Path => (painted && has_lines, white),
            GraphicKind::Image | GraphicKind::Composite => (unit.shown, false),
        };
        let Unit { id, boundary, .. } = unit;
        self.content.graphics.push(GraphicObject {
            kind,
            id,
            boundary,
            resource_id,
            visible,
            white,
        });
        Ok(())
    }

    /// `CT_Color`: only white and fully transparent are told from the rest.
    fn paint(&mut self, start: &BytesStart<'_>) -> Result<Paint, Error> {
        let (mut white, mut transparent) = (false, false);
        self.attributes(start, |name, value| match name {
            "Value" => white = is_white(value),
            "Alpha" => transparent = is_transparent(value),
            _ => {}
        })?;
        while self.child()?.is_some() {
            white = false; // a pattern or a shading
            self.skip()?;
        }
        Ok(match (transparent, white) {
            (true, _) => Paint::None,
            (false, true) => Paint::White,
            (false, false) => Paint::Ink,
        })
    }

    fn count_graphic(&mut self) -> Result<(), Error> {
        self.graphics += 1;
        within(
            "the number of graphic objects on a page",
            self.graphics,
            PAGE_GRAPHICS_MAX,
        )
    }

    fn count_text(&mut self) -> Result<(), Error> {
        self.texts += 1;
        within(
            "the number of text objects and text codes on a page",
            self.texts,
            PAGE_TEXTS_MAX,
        )
    }
}

/// Walking the XML.
impl<'a> PageReader<'a> {
    /// The next child element of the element that is open, or `None` once that has ended.
    fn child(&mut self) -> Result<Option<BytesStart<'a>>, Error> {
        loop {
            match self.walk.event()? {
                Event::Start(start) => return Ok(Some(start)),
                Event::End(_) => return Ok(None),
                Event::Eof => return Err(self.walk.broken("an element has no end")),
                _ => {}
            }
        }
    }

    /// Passes over the rest of the element that is open.
    fn skip(&mut self) -> Result<(), Error> {
        let mut open: u64 = 1;
        while open > 0 {
            match self.child()? {
                Some(_) => open += 1,
                None => open -= 1,
            }
        }
        Ok(())
    }

    /// Calls `take` with the local name and the value of every attribute.
    fn attributes(&self, start: &BytesStart<'_>, mut take: impl FnMut(&str, &str)) -> Result<(), Error> {
        let max = self.walk.attributes_max();
        // Counted as they come: the reader's search for doubled ones takes quadratic time.
        for (count, attribute) in start.attributes().enumerate() {
            within(
                "the number of attributes of an XML element",
                count as u64 + 1,
                max,
            )?;
            let attribute = attribute.map_err(|error| self.walk.broken(&error.to_string()))?;
            let value = if attribute.value.contains('&') {
                quick_xml::escape::unescape(&attribute.value)
                    .map_err(|error| self.walk.broken(&error.to_string()))?
            } else {
                Cow::Borrowed(&*attribute.value)
            };
            take(attribute.key.local_name().as_ref(), &value);
        }
        Ok(())
    }
}

fn within(what: &'static str, count: u64, max: u64) -> Result<(), Error> {
    if count > max {
        Err(Error::TooMuch { what, max })
    } else {
        Ok(())
    }
}

/// What all graphic units have in common (`CT_GraphicUnit`), and how text and paths are painted.
struct Unit {
    id: Option<u32>,
    boundary: Option<Box>,
    ctm: Ctm,
    /// Neither `Visible="false"` nor `Alpha="0"`.
    shown: bool,
    fill: bool,
    stroke: bool,
    fill_paint: Paint,
    stroke_paint: Paint,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Paint {
    None,
    White,
    Ink,
}

impl Default for Unit {
    fn default() -> Self {
        Self {
            id: None,
            boundary: None,
            ctm: Ctm::IDENTITY,
            shown: true,
            fill: false,
            stroke: false,
            fill_paint: Paint::Ink,
            stroke_paint: Paint::Ink,
        }
    }
}

impl Unit {
    fn attribute(&mut self, name: &str, value: &str) {
        match name {
            "ID" => self.id = value.trim().parse().ok(),
            "Boundary" => self.boundary = Box::parse(value),
            "CTM" => self.ctm = Ctm::parse(value).unwrap_or_default(),
            "Visible" => self.shown &= boolean(value) != Some(false),
            "Alpha" => self.shown &= !is_transparent(value),
            "Fill" => self.fill = boolean(value).unwrap_or(self.fill),
            "Stroke" => self.stroke = boolean(value).unwrap_or(self.stroke),
            _ => {}
        }
    }

    /// Whether something is painted, and whether all that is painted is white.
    fn appearance(&self) -> (bool, bool) {
        let fill = if self.fill { self.fill_paint } else { Paint::None };
        let stroke = if self.stroke {
            self.stroke_paint
        } else {
            Paint::None
        };
        let painted = self.shown && (fill != Paint::None || stroke != Paint::None);
        (painted, fill != Paint::Ink && stroke != Paint::Ink)
    }
}

/// `xs:boolean`, and the capitals that some producers write.
fn boolean(value: &str) -> Option<bool> {
    let value = value.trim();
    if value == "1" || value.eq_ignore_ascii_case("true") {
        Some(true)
    } else if value == "0" || value.eq_ignore_ascii_case("false") {
        Some(false)
    } else {
        None
    }
}

fn is_transparent(alpha: &str) -> bool {
    number(alpha).is_some_and(|alpha| alpha <= 0.0)
}

/// White as a value of GRAY (one channel), RGB (three) or CMYK (four) with 8 bits; "#FF" is hexadecimal.
fn is_white(value: &str) -> bool {
    let channels: Option<Vec<f64>> = value
        .split_ascii_whitespace()
        .take(5)
        .map(|channel| match channel.strip_prefix('#') {
            Some(hex) => u8::from_str_radix(hex, 16).ok().map(f64::from),
            None => number(channel),
        })
        .collect();
    match channels.as_deref() {
        Some([_] | [_, _, _]) => channels.iter().flatten().all(|channel| *channel >= 255.0),
        Some([_, _, _, _]) => channels.iter().flatten().all(|channel| *channel <= 0.0),
        _ => false,
    }
}

/// The path does more than move: one of L, Q, B, A, or an SVG operator of its kind.
fn draws_lines(abbreviated_data: &str) -> bool {
    abbreviated_data.bytes().any(|byte| {
        matches!(
            byte,
            b'L' | b'Q' | b'B' | b'A' | b'H' | b'V' | b'l' | b'q' | b'b' | b'a' | b'h' | b'v' | b'c'
        )
    })
}

/// 0, 90, 180 or 270 degrees as quarters; anything else is 0.
fn quarters(value: &str) -> u8 {
    match value.trim() {
        "90" => 1,
        "180" => 2,
        "270" => 3,
        _ => 0,
    }
}
