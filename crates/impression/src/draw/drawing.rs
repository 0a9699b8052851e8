//! A drawn seal: its rim and its pieces in mm, as SVG and as PNG.

use std::fmt::Write as _;

use resvg::tiny_skia::{FillRule, Paint, Path, PathBuilder, Pixmap, PremultipliedColorU8, Stroke, Transform};

use crate::error::{Error, Part};
use crate::geometry::{Bounds, Outline, Point, Segment, boxes_overlap, number};

/// Finest picture that is made, in dots per inch.
pub const DPI_MAX: u32 = 2400;
const DPI_MIN: u32 = 72;
const MM_PER_INCH: f64 = 25.4;
/// Least space between the pieces and the rim, in mm.
const RIM_GAP_MM: f64 = 0.15;

/// The colour of a seal: red, green, blue.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ink(pub [u8; 3]);

impl Ink {
    /// Pure red, which pictures of government seals have.
    pub const RED: Self = Self([255, 0, 0]);
}

/// A seal, drawn.
#[derive(Clone, Debug)]
pub struct Drawing {
    /// Across, in mm.
    pub width_mm: f64,
    /// Down, in mm.
    pub height_mm: f64,
    /// The border.
    pub rim: Rim,
    /// Characters, star, emblem, in drawing order.
    pub pieces: Vec<Piece>,
    /// Its colour.
    pub ink: Ink,
}

/// The border of a seal.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Rim {
    /// An ellipse; width in mm.
    Ellipse(f64),
    /// A rectangle; width in mm.
    Rectangle(f64),
    /// A red field from which the characters are left out.
    Field,
}

/// One filled part of a seal.
#[derive(Clone, Debug)]
pub struct Piece {
    /// What it belongs to.
    pub part: Part,
    /// Which character it is.
    pub character: Option<char>,
    /// Its contours, filled by the non-zero rule.
    pub outline: Outline,
    /// The corners of its box, which is turned with it.
    pub corners: [Point; 4],
}

impl Piece {
    /// A piece whose box stands upright.
    pub(super) fn upright(part: Part, outline: Outline) -> Option<Self> {
        let corners = outline.bounds()?.corners();
        Some(Self {
            part,
            character: None,
            outline,
            corners,
        })
    }
}

impl Drawing {
    /// Whether two pieces overlap, or a piece the rim: then nothing is drawn.
    pub(super) fn refuse_overlaps(&self) -> Result<(), Error> {
        for (index, piece) in self.pieces.iter().enumerate() {
            if !self.is_inside_rim(piece) {
                return Err(Error::DoesNotFit {
                    part: piece.part,
                    other: Part::Border,
                });
            }
            let later = &self.pieces[index + 1..];
            // An emblem's outlines belong together.
            let same_emblem = |other: &Piece| piece.part == Part::Emblem && other.part == Part::Emblem;
            let hit = later
                .iter()
                .find(|other| !same_emblem(other) && boxes_overlap(&piece.corners, &other.corners));
            if let Some(other) = hit {
                return Err(Error::DoesNotFit {
                    part: piece.part,
                    other: other.part,
                });
            }
        }
        Ok(())
    }

    /// Whether the whole box stands inside the rim with a little space.
    pub fn is_inside_rim(&self, piece: &Piece) -> bool {
        let (rx, ry) = (self.width_mm / 2.0, self.height_mm / 2.0);
        piece.corners.iter().all(|(x, y)| match self.rim {
            Rim::Ellipse(width) => {
                let inset = width + RIM_GAP_MM;
                (x / (rx - inset)).powi(2) + (y / (ry - inset)).powi(2) <= 1.0
            }
            Rim::Rectangle(width) => x.abs() <= rx - width && y.abs() <= ry - width,
            Rim::Field => x.abs() < rx && y.abs() < ry,
        })
    }

    /// The seal as SVG: exact mm, outlines instead of text, transparent background.
    pub fn svg(&self) -> String {
        let (width, height) = (self.width_mm, self.height_mm);
        let Ink([red, green, blue]) = self.ink;
        let mut svg = format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{w}mm\" height=\"{h}mm\" \
             viewBox=\"{x} {y} {w} {h}\" fill=\"#{red:02x}{green:02x}{blue:02x}\">\n",
            w = number(width),
            h = number(height),
            x = number(-width / 2.0),
            y = number(-height / 2.0),
        );
        let colour = format!("fill=\"none\" stroke=\"#{red:02x}{green:02x}{blue:02x}\"");
        match self.rim {
            Rim::Ellipse(border) => {
                let (rx, ry) = (number((width - border) / 2.0), number((height - border) / 2.0));
                let border = number(border);
                let _ = writeln!(
                    svg,
                    "<ellipse rx=\"{rx}\" ry=\"{ry}\" {colour} stroke-width=\"{border}\"/>"
                );
            }
            Rim::Rectangle(border) => {
                let (x, y) = ((border - width) / 2.0, (border - height) / 2.0);
                let _ = writeln!(
                    svg,
                    "<rect x=\"{}\" y=\"{}\" width=\"{}\" height=\"{}\" {colour} stroke-width=\"{}\"/>",
                    number(x),
                    number(y),
                    number(-2.0 * x),
                    number(-2.0 * y),
                    number(border)
                );
            }
            Rim::Field => {
                let data = self.field().svg_data();
                let _ = writeln!(svg, "<path fill-rule=\"evenodd\" d=\"{data}\"/>\n</svg>");
                return svg;
            }
        }
        for piece in &self.pieces {
            let _ = writeln!(svg, "<path d=\"{}\"/>", piece.outline.svg_data());
        }
        svg.push_str("</svg>\n");
        svg
    }

    /// The red field with the characters as holes, by the even-odd rule.
    fn field(&self) -> Outline {
        let half = (self.width_mm / 2.0, self.height_mm / 2.0);
        let field = Bounds {
            min: (-half.0, -half.1),
            max: half,
        };
        let mut segments = Outline::polygon(&field.corners()).0;
        segments.extend(
            self.pieces
                .iter()
                .flat_map(|piece| piece.outline.0.iter().copied()),
        );
        Outline(segments)
    }

    /// The seal as PNG: a palette of one colour from transparent to opaque, and its resolution.
    ///
    /// # Errors
    ///
    /// `dpi` is not between 72 and [`DPI_MAX`].
    pub fn png(&self, dpi: u32) -> Result<Vec<u8>, Error> {
        let pixels = self.opacity(dpi)?;
        let mut bytes = Vec::new();
        let mut encoder = png::Encoder::new(&mut bytes, pixels.width, pixels.height);
        encoder.set_color(png::ColorType::Indexed);
        encoder.set_depth(png::BitDepth::Eight);
        encoder.set_palette(self.ink.0.repeat(256));
        encoder.set_trns((0..=255).collect::<Vec<u8>>());
        let per_metre = (f64::from(dpi) / MM_PER_INCH * 1000.0).round() as u32;
        encoder.set_pixel_dims(Some(png::PixelDimensions {
            xppu: per_metre,
            yppu: per_metre,
            unit: png::Unit::Meter,
        }));
        let failed = |error: png::EncodingError| Error::Encoding {
            detail: error.to_string(),
        };
        let mut writer = encoder.write_header().map_err(failed)?;
        writer.write_image_data(&pixels.values).map_err(failed)?;
        writer.finish().map_err(failed)?;
        Ok(bytes)
    }

    /// How opaque each pixel is at a resolution.
    ///
    /// # Errors
    ///
    /// As [`Drawing::png`].
    pub fn opacity(&self, dpi: u32) -> Result<Opacity, Error> {
        if !(DPI_MIN..=DPI_MAX).contains(&dpi) {
            return Err(Error::Encoding {
                detail: format!("{dpi} dpi are not between {DPI_MIN} and {DPI_MAX}"),
            });
        }
        let pixels = |mm: f64| (mm / MM_PER_INCH * f64::from(dpi)).round().max(1.0) as u32;
        let (width, height) = (pixels(self.width_mm), pixels(self.height_mm));
        let mut pixmap = Pixmap::new(width, height).ok_or_else(|| Error::Encoding {
            detail: format!("{width} × {height} pixels"),
        })?;
        let scale = (
            (f64::from(width) / self.width_mm) as f32,
            (f64::from(height) / self.height_mm) as f32,
        );
        let middle = (width as f32 / 2.0, height as f32 / 2.0);
        self.paint(
            &mut pixmap,
            Transform::from_row(scale.0, 0.0, 0.0, scale.1, middle.0, middle.1),
        );
        let values = pixmap
            .pixels()
            .iter()
            .map(|pixel: &PremultipliedColorU8| pixel.alpha());
        Ok(Opacity {
            width,
            height,
            values: values.collect(),
        })
    }

    fn paint(&self, pixmap: &mut Pixmap, to_pixels: Transform) {
        let mut paint = Paint::default();
        paint.set_color_rgba8(255, 0, 0, 255);
        paint.anti_alias = true;
        let half = (self.width_mm / 2.0, self.height_mm / 2.0);
        let rect = |inset: f64| {
            resvg::tiny_skia::Rect::from_ltrb(
                (inset - half.0) as f32,
                (inset - half.1) as f32,
                (half.0 - inset) as f32,
                (half.1 - inset) as f32,
            )
        };
        let mut stroke = |path: Option<Path>, width: f64| {
            let stroke = Stroke {
                width: width as f32,
                ..Stroke::default()
            };
            if let Some(path) = path {
                pixmap.stroke_path(&path, &paint, &stroke, to_pixels, None);
            }
        };
        match self.rim {
            Rim::Ellipse(width) => stroke(rect(width / 2.0).and_then(PathBuilder::from_oval), width),
            Rim::Rectangle(width) => stroke(rect(width / 2.0).map(PathBuilder::from_rect), width),
            Rim::Field => {
                if let Some(path) = path(&self.field()) {
                    pixmap.fill_path(&path, &paint, FillRule::EvenOdd, to_pixels, None);
                }
                return;
            }
        }
        for piece in &self.pieces {
            if let Some(path) = path(&piece.outline) {
                pixmap.fill_path(&path, &paint, FillRule::Winding, to_pixels, None);
            }
        }
    }
}

/// How opaque each pixel of a drawing is.
#[derive(Clone, Debug)]
pub struct Opacity {
    /// Pixels in a row.
    pub width: u32,
    /// Rows.
    pub height: u32,
    /// From 0 to 255, row by row.
    pub values: Vec<u8>,
}

fn path(outline: &Outline) -> Option<Path> {
    let mut builder = PathBuilder::new();
    let at = |(x, y): Point| (x as f32, y as f32);
    for segment in &outline.0 {
        match *segment {
            Segment::Move(end) => builder.move_to(at(end).0, at(end).1),
            Segment::Line(end) => builder.line_to(at(end).0, at(end).1),
            Segment::Quad(control, end) => {
                let (control, end) = (at(control), at(end));
                builder.quad_to(control.0, control.1, end.0, end.1);
            }
            Segment::Cubic(first, second, end) => {
                let (first, second, end) = (at(first), at(second), at(end));
                builder.cubic_to(first.0, first.1, second.0, second.1, end.0, end.1);
            }
            Segment::Close => builder.close(),
        }
    }
    builder.finish()
}
