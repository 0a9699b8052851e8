//! What is drawn on a page: the objects, and their XML.

use std::fmt::Display;

use crate::geometry::{Box, Ctm, Point, length};
use crate::page::natural_width;
use crate::xml_writer::XmlWriter;

/// Objects in the order in which they are drawn.
#[derive(Clone, Debug, Default)]
pub struct Drawing {
    objects: Vec<Object>,
}

#[derive(Clone, Debug)]
enum Object {
    Text(Text),
    Image {
        resource_id: u32,
        place: Box,
    },
    Path {
        boundary: Box,
        data: String,
        stroke: Option<[u8; 3]>,
        fill: Option<[u8; 3]>,
    },
}

/// One text object with one text code.
///
/// `Text { steps: Steps::Down(6.0), ..Text::new(font, 5.0, 20.0, 30.0, "备注") }` changes what is special.
#[derive(Clone, Debug, PartialEq)]
pub struct Text {
    /// ID of the font.
    pub font: u32,
    /// Font size in mm.
    pub size: f64,
    /// Place of the first character's base line on the page, in mm.
    pub x: f64,
    /// The same downwards.
    pub y: f64,
    /// What is written.
    pub characters: String,
    /// How far it is from character to character, in the object's space.
    pub steps: Steps,
    /// Turn and scale; the shift follows from the place.
    pub ctm: Ctm,
    /// Width of the glyphs relative to the font's.
    pub h_scale: f64,
    /// Red, green, blue; `None` is the default, black.
    pub color: Option<[u8; 3]>,
    /// `Visible`.
    pub visible: bool,
}

/// How characters follow each other.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Steps {
    /// To the right by the font size times `h_scale`, half of it for narrow scripts.
    Natural,
    /// To the right by so many mm each.
    Right(f64),
    /// Downwards by so many mm each.
    Down(f64),
}

impl Text {
    /// Black text to the right with natural steps.
    pub fn new(font: u32, size: f64, x: f64, y: f64, characters: &str) -> Self {
        Self {
            font,
            size,
            x,
            y,
            characters: characters.to_owned(),
            steps: Steps::Natural,
            ctm: Ctm::IDENTITY,
            h_scale: 1.0,
            color: None,
            visible: true,
        }
    }
}

impl Drawing {
    /// Nothing yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Black text to the right; `x` and `y` say where its base line begins. All in mm.
    #[must_use]
    pub fn text(self, font: u32, size: f64, x: f64, y: f64, characters: &str) -> Self {
        self.styled_text(Text::new(font, size, x, y, characters))
    }

    /// Text as you like it.
    #[must_use]
    pub fn styled_text(self, text: Text) -> Self {
        self.with(Object::Text(text))
    }

    /// Text as many producers write it: an object for each character.
    #[must_use]
    pub fn single_characters(mut self, text: &Text) -> Self {
        for (character, at) in text.places() {
            let Point { x, y } = text.ctm.apply_vector(at);
            let (x, y) = (text.x + x, text.y + y);
            self = self.styled_text(Text {
                x,
                y,
                characters: character.to_string(),
                ..text.clone()
            });
        }
        self
    }

    /// An image that fills the box.
    #[must_use]
    pub fn image(self, resource_id: u32, place: Box) -> Self {
        self.with(Object::Image { resource_id, place })
    }

    /// A path: `data` are operators (GB/T 33190-2016 9.1) with numbers relative to the boundary.
    #[must_use]
    pub fn path(self, boundary: Box, data: &str, stroke: Option<[u8; 3]>, fill: Option<[u8; 3]>) -> Self {
        self.with(Object::Path {
            boundary,
            data: data.to_owned(),
            stroke,
            fill,
        })
    }

    /// The outline of the box, or its area, or both.
    #[must_use]
    pub fn rectangle(self, place: Box, stroke: Option<[u8; 3]>, fill: Option<[u8; 3]>) -> Self {
        let (width, height) = (length(place.width), length(place.height));
        self.path(
            place,
            &format!("M 0 0 L {width} 0 L {width} {height} L 0 {height} C"),
            stroke,
            fill,
        )
    }

    /// How many objects, and so identifiers.
    pub(super) fn len(&self) -> u32 {
        u32::try_from(self.objects.len()).unwrap_or(u32::MAX)
    }

    /// `Content.xml`. Identifiers follow `last_id`, which is moved on.
    pub(super) fn page_xml(
        &self,
        (width, height): (f64, f64),
        templates: &[u32],
        last_id: &mut u32,
    ) -> Vec<u8> {
        let mut xml = XmlWriter::new("Page", &[]);
        for template in templates {
            xml.empty("Template", &[("TemplateID", template)]);
        }
        xml.open("Area", &[]);
        xml.leaf("PhysicalBox", &[], &Box::new(0.0, 0.0, width, height));
        xml.close();
        xml.open("Content", &[]);
        *last_id += 1;
        xml.open("Layer", &[("ID", last_id), ("Type", &"Body")]);
        self.write(&mut xml, last_id);
        xml.finish()
    }

    /// The objects. Identifiers follow `last_id`, which is moved on.
    pub(super) fn write(&self, xml: &mut XmlWriter, last_id: &mut u32) {
        for object in &self.objects {
            *last_id += 1;
            match object {
                Object::Text(text) => text.write(xml, *last_id),
                Object::Image { resource_id, place } => {
                    let ctm = Ctm {
                        a: place.width,
                        d: place.height,
                        ..Ctm::IDENTITY
                    };
                    xml.empty(
                        "ImageObject",
                        &[
                            ("ID", last_id),
                            ("Boundary", place),
                            ("CTM", &ctm),
                            ("ResourceID", resource_id),
                        ],
                    );
                }
                Object::Path {
                    boundary,
                    data,
                    stroke,
                    fill,
                } => {
                    let (strokes, fills) = (stroke.is_some(), fill.is_some());
                    xml.open(
                        "PathObject",
                        &[
                            ("ID", last_id),
                            ("Boundary", boundary),
                            ("Stroke", &strokes),
                            ("Fill", &fills),
                        ],
                    );
                    color(xml, "StrokeColor", *stroke);
                    color(xml, "FillColor", *fill);
                    xml.leaf("AbbreviatedData", &[], data);
                    xml.close();
                }
            }
        }
    }

    fn with(mut self, object: Object) -> Self {
        self.objects.push(object);
        self
    }
}

impl Text {
    fn write(&self, xml: &mut XmlWriter, id: u32) {
        let boundary = self.boundary();
        let origin = Point {
            x: self.x - boundary.x,
            y: self.y - boundary.y,
        };
        let plain = Ctm {
            e: 0.0,
            f: 0.0,
            ..self.ctm
        } == Ctm::IDENTITY;
        // A shift within the boundary stands in the code of straight text, in the CTM of turned text.
        let ctm = Ctm {
            e: origin.x,
            f: origin.y,
            ..self.ctm
        };
        let start = if plain { origin } else { Point::default() };
        let size = length(self.size);
        let h_scale = length(self.h_scale);

        let mut attributes: Vec<(&'static str, &dyn Display)> = vec![("ID", &id), ("Boundary", &boundary)];
        if !self.visible {
            attributes.push(("Visible", &false));
        }
        if !plain {
            attributes.push(("CTM", &ctm));
        }
        attributes.extend([("Font", &self.font as &dyn Display), ("Size", &size)]);
        if self.h_scale != 1.0 {
            attributes.push(("HScale", &h_scale));
        }
        xml.open("TextObject", &attributes);
        color(xml, "FillColor", self.color);
        let (x, y) = (length(start.x), length(start.y));
        let (name, deltas) = self.deltas();
        let mut attributes: Vec<(&'static str, &dyn Display)> = vec![("X", &x), ("Y", &y)];
        if !deltas.is_empty() {
            attributes.push((name, &deltas));
        }
        xml.leaf("TextCode", &attributes, &self.characters);
        xml.close();
    }

    /// The characters, each with the start of its base line in the object's space, relative to the first.
    fn places(&self) -> Vec<(char, Point)> {
        let mut at = Point::default();
        let mut places = Vec::new();
        for character in self.characters.chars() {
            places.push((character, at));
            match self.steps {
                Steps::Natural => at.x += natural_width(self.size, self.h_scale, character),
                Steps::Right(step) => at.x += step,
                Steps::Down(step) => at.y += step,
            }
        }
        places
    }

    /// The smallest box around all glyphs on the page, and half a font size more on each side.
    fn boundary(&self) -> Box {
        let width = self.size * self.h_scale.max(1.0);
        let mut corners = Vec::new();
        for (_, at) in self.places() {
            for (x, y) in [
                (0.0, -self.size),
                (width, -self.size),
                (0.0, 0.3 * self.size),
                (width, 0.3 * self.size),
            ] {
                let Point { x, y } = self.ctm.apply_vector(Point {
                    x: at.x + x,
                    y: at.y + y,
                });
                corners.push(Point {
                    x: self.x + x,
                    y: self.y + y,
                });
            }
        }
        let Box { x, y, width, height } = Box::around(&corners).unwrap_or(Box::new(self.x, self.y, 1.0, 1.0));
        Box::new(x, y, width, height)
    }

    /// The name and the value of the attribute that holds the steps, equal ones counted.
    fn deltas(&self) -> (&'static str, String) {
        let places = self.places();
        let steps = places.windows(2).map(|pair| match self.steps {
            Steps::Down(_) => length(pair[1].1.y - pair[0].1.y),
            Steps::Natural | Steps::Right(_) => length(pair[1].1.x - pair[0].1.x),
        });
        let mut counted: Vec<(String, usize)> = Vec::new();
        for step in steps {
            match counted.last_mut() {
                Some((last, count)) if *last == step => *count += 1,
                _ => counted.push((step, 1)),
            }
        }
        let words = counted.iter().map(|(step, count)| match count {
            1 => step.clone(),
            2 => format!("{step} {step}"),
            _ => format!("g {count} {step}"),
        });
        let name = if matches!(self.steps, Steps::Down(_)) {
            "DeltaY"
        } else {
            "DeltaX"
        };
        (name, words.collect::<Vec<_>>().join(" "))
    }
}

fn color(xml: &mut XmlWriter, name: &'static str, color: Option<[u8; 3]>) {
    if let Some([red, green, blue]) = color {
        xml.empty(name, &[("Value", &format!("{red} {green} {blue}"))]);
    }
}
