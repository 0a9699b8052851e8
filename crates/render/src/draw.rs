//! From the objects of a page to shapes (GB/T 33190-2016 8 to 13).

use std::sync::Arc;

use ofd::Element;
use ofd::geometry::{Ctm, number};
use tiny_skia::{FillRule, Path, Rect, Transform};

use crate::color::ColorSpace;
use crate::document::Document;
use crate::resources::{Resources, boolean};
use crate::scene::{ClipArea, ClipId, Line, Paint, Rgba, Scene, Shape, rectangle};
use crate::shading;
use crate::unit::{Frame, Unit, param_id, path_of, transform};
use crate::{Error, Warning};

/// Draws the objects of one page into a scene.
pub(crate) struct Painter<'s, 'a> {
    pub(crate) document: &'s Document<'a>,
    pub(crate) resources: Resources<'s>,
    pub(crate) scene: Scene,
    objects: u64,
    cells: u64,
}

/// What an area or a line is painted with.
pub(crate) enum Ink<'e> {
    Paint(Paint),
    Pattern(&'e Element),
}

impl<'s, 'a> Painter<'s, 'a> {
    pub(crate) fn new(document: &'s Document<'a>, resources: Resources<'s>, scene: Scene) -> Self {
        Self {
            document,
            resources,
            scene,
            objects: 0,
            cells: 0,
        }
    }

    /// The objects of a layer, a page block, an appearance or a cell, in their order.
    pub(crate) fn objects<'e>(&mut self, group: &'e Element, frame: &Frame) -> Result<(), Error>
    where
        's: 'e,
    {
        for object in &group.children {
            self.objects += 1;
            if self.objects > self.document.limits.objects_max {
                return Err(Error::TooMuch {
                    what: "the number of objects on a page",
                    max: self.document.limits.objects_max,
                });
            }
            match object.name.as_str() {
                "PageBlock" => {
                    let frame = self.deeper(frame)?;
                    self.objects(object, &frame)?;
                }
                "TextObject" | "PathObject" | "ImageObject" | "CompositeObject" => {
                    if let Some(unit) = Unit::new(object, frame, self.resources) {
                        let clip = self.clips(object, &unit, frame)?;
                        match object.name.as_str() {
                            "TextObject" => self.text(object, &unit, clip)?,
                            "PathObject" => self.path(object, &unit, clip, frame)?,
                            "ImageObject" => self.image(object, &unit, clip)?,
                            _ => self.composite(object, &unit, clip, frame)?,
                        }
                    }
                }
                _ => {}
            }
        }
        Ok(())
    }

    fn deeper(&self, frame: &Frame) -> Result<Frame, Error> {
        let max = self.document.limits.nesting_max;
        if frame.depth >= max {
            return Err(Error::TooMuch {
                what: "the nesting of page blocks, composites and patterns",
                max: u64::from(max),
            });
        }
        Ok(Frame {
            depth: frame.depth + 1,
            ..*frame
        })
    }

    /// `Clips`: what lies inside every `Clip`, each of them the union of its areas.
    fn clips(&mut self, object: &Element, unit: &Unit<'_>, frame: &Frame) -> Result<Option<ClipId>, Error> {
        let mut clip = frame.clip;
        for clips in object.children_named("Clips") {
            // Clips lie in the object's space, or beside it where its CTM is said not to reach them.
            let reached = clips.attribute("TransFlag").and_then(boolean) != Some(false);
            let base = if reached { unit.transform } else { unit.before_ctm };
            for each in clips.children_named("Clip") {
                let mut areas = Vec::new();
                for area in each.children_named("Area") {
                    if area.child("Text").is_some() {
                        self.scene.warn(Warning::NotDrawn {
                            what: "a clip made of text",
                        });
                        return Ok(clip);
                    }
                    areas.extend(clip_area(area, base));
                }
                if !areas.is_empty() {
                    clip = Some(self.scene.clip(clip, areas)?);
                }
            }
        }
        Ok(clip)
    }

    fn path<'e>(
        &mut self,
        object: &'e Element,
        unit: &Unit<'e>,
        clip: Option<ClipId>,
        frame: &Frame,
    ) -> Result<(), Error>
    where
        's: 'e,
    {
        let Some(path) = path_of(object) else {
            return Ok(());
        };
        let rule = match object.attribute("Rule").map(str::trim) {
            Some("Even-Odd") => FillRule::EvenOdd,
            _ => FillRule::Winding,
        };
        if unit.flag("Fill", false)
            && let Some(color) = unit.color("FillColor")
        {
            match self.ink(color, unit.alpha) {
                Ink::Paint(paint) => {
                    let shape = Shape::Fill {
                        path: Arc::clone(&path),
                        transform: unit.transform,
                        rule,
                        paint,
                    };
                    self.push(shape, unit, clip, 0.0)?;
                }
                Ink::Pattern(pattern) => self.pattern(pattern, &path, rule, unit, clip, frame)?,
            }
        }
        if unit.flag("Stroke", true) {
            self.stroke(path, unit, clip, frame)?;
        }
        Ok(())
    }

    fn stroke<'e>(
        &mut self,
        path: Arc<Path>,
        unit: &Unit<'e>,
        clip: Option<ClipId>,
        frame: &Frame,
    ) -> Result<(), Error>
    where
        's: 'e,
    {
        let line = unit.line();
        // Producers draw the boundary around the line's middle: its width is no reason to cut it.
        let slack = line.stroke.width * line.stroke.miter_limit;
        let ink = match unit.color("StrokeColor") {
            Some(color) => self.ink(color, unit.alpha),
            None => Ink::Paint(Paint::Color(faded(Rgba::BLACK, unit.alpha))),
        };
        match ink {
            Ink::Paint(paint) => {
                let transform = unit.transform;
                let shape = Shape::Stroke {
                    path,
                    transform,
                    line,
                    paint,
                };
                self.push(shape, unit, clip, slack)
            }
            Ink::Pattern(pattern) => match path.stroke(&line.stroke, 1.0) {
                Some(outline) => {
                    self.pattern(pattern, &Arc::new(outline), FillRule::Winding, unit, clip, frame)
                }
                None => Ok(()),
            },
        }
    }

    /// Adds a shape, cut at the boundary where it reaches beyond it by more than `slack` mm.
    pub(crate) fn push(
        &mut self,
        shape: Shape,
        unit: &Unit<'_>,
        clip: Option<ClipId>,
        slack: f32,
    ) -> Result<(), Error> {
        let clip = match unit.window_for(shape.bounds(), slack) {
            Some(window) => Some(self.scene.clip(clip, vec![window])?),
            None => clip,
        };
        self.scene.push(shape, clip)
    }

    /// A `CT_Color`: a value, a shading or a pattern.
    pub(crate) fn ink<'e>(&mut self, color: &'e Element, alpha: f32) -> Ink<'e> {
        for child in &color.children {
            match child.name.as_str() {
                "Pattern" => return Ink::Pattern(child),
                "AxialShd" | "RadialShd" => {
                    let own = color.attribute("Alpha").and_then(number).unwrap_or(255.0) / 255.0;
                    let alpha = alpha * own.clamp(0.0, 1.0) as f32;
                    if let Some(shading) = shading::read(child, |stop| faded(self.color(stop), alpha)) {
                        return Ink::Paint(Paint::Gradient(shading));
                    }
                }
                "GouraudShd" | "LaGouraudShd" | "LaGourandShd" => {
                    self.scene.warn(Warning::NotDrawn {
                        what: "a Gouraud shading",
                    });
                    let point = child
                        .children_named("Point")
                        .find_map(|point| point.child("Color"));
                    if let Some(point) = point {
                        return Ink::Paint(Paint::Color(faded(self.color(point), alpha)));
                    }
                }
                _ => {}
            }
        }
        Ink::Paint(Paint::Color(faded(self.color(color), alpha)))
    }

    fn color(&self, color: &Element) -> Rgba {
        let space = param_id(color, "ColorSpace").and_then(|id| self.resources.space(id));
        space.unwrap_or(&ColorSpace::RGB).color(color)
    }

    fn image(&mut self, object: &Element, unit: &Unit<'_>, clip: Option<ClipId>) -> Result<(), Error> {
        let Some(id) = param_id(object, "ResourceID") else {
            return Ok(());
        };
        // The unit square fills the boundary where nothing else is said.
        let transform = if unit.has_ctm {
            unit.transform
        } else {
            unit.transform
                .pre_scale(unit.boundary.width as f32, unit.boundary.height as f32)
        };
        let mask = param_id(object, "ImageMask").and_then(|mask| self.resources.media(mask));
        // Other readers leave out an image that no resource defines; some producers mean the seal's place by it.
        let Some(link) = self.resources.media(id) else {
            self.scene.warn(Warning::ResourceMissing { kind: "image", id });
            return Ok(());
        };
        let decoded = match mask {
            Some(mask) => self.document.masked_image(link, mask),
            None => self.document.image(link),
        };
        let image = match decoded {
            Ok(image) => image,
            Err(reason) => {
                self.scene.warn(Warning::Image { id: Some(id), reason });
                return self.scene.placeholder(transform, clip);
            }
        };
        let alpha = unit.alpha;
        let shape = Shape::Image {
            image,
            transform,
            alpha,
        };
        self.push(shape, unit, clip, 0.0)?;
        self.border(object, unit, clip)
    }

    /// `Border` of an image: its boundary as a line.
    fn border(&mut self, object: &Element, unit: &Unit<'_>, clip: Option<ClipId>) -> Result<(), Error> {
        let (Some(border), Some(window)) = (object.child("Border"), &unit.window) else {
            return Ok(());
        };
        let width = border.attribute("LineWidth").and_then(number).unwrap_or(0.353);
        let color = border
            .child("BorderColor")
            .map_or(Rgba::BLACK, |color| self.color(color));
        let shape = Shape::Stroke {
            path: Arc::clone(&window.path),
            transform: window.transform,
            line: Line::of(width.abs() as f32),
            paint: Paint::Color(faded(color, unit.alpha)),
        };
        self.scene.push(shape, clip)
    }

    fn composite<'e>(
        &mut self,
        object: &'e Element,
        unit: &Unit<'e>,
        clip: Option<ClipId>,
        frame: &Frame,
    ) -> Result<(), Error> {
        let Some(id) = param_id(object, "ResourceID") else {
            return Ok(());
        };
        let resources = self.resources;
        let Some(content) = resources.unit(id).map(|found| found.child("Content")) else {
            self.scene.warn(Warning::ResourceMissing {
                kind: "composite graphic unit",
                id,
            });
            return Ok(());
        };
        let clip = match &unit.window {
            Some(window) => Some(self.scene.clip(clip, vec![window.clone()])?),
            None => clip,
        };
        let inner = Frame {
            transform: unit.transform,
            clip,
            alpha: unit.alpha,
            ..self.deeper(frame)?
        };
        content.map_or(Ok(()), |content| self.objects(content, &inner))
    }

    /// The cells of a pattern, as many as the area needs, cut at the area.
    fn pattern<'e>(
        &mut self,
        pattern: &'e Element,
        path: &Arc<Path>,
        rule: FillRule,
        unit: &Unit<'e>,
        clip: Option<ClipId>,
        frame: &Frame,
    ) -> Result<(), Error>
    where
        's: 'e,
    {
        let area = ClipArea {
            path: Arc::clone(path),
            transform: unit.transform,
            rule,
        };
        let outer = self.scene.clip(clip, vec![area])?;
        let (Some(cells), Some(content)) = (Cells::read(pattern, frame, unit), pattern.child("CellContent"))
        else {
            return Ok(());
        };
        let Some(bounds) = self.scene.clips[outer].bounds else {
            return Ok(());
        };
        let Some((columns, rows)) = cells.needed(&bounds) else {
            return Ok(());
        };
        let count = u64::from(columns.end.abs_diff(columns.start)) * u64::from(rows.end.abs_diff(rows.start));
        self.cells = self.cells.saturating_add(count);
        if self.cells > self.document.limits.cells_max {
            return Err(Error::TooMuch {
                what: "the number of cells of all patterns on a page",
                max: self.document.limits.cells_max,
            });
        }
        let inner = Frame {
            clip: Some(outer),
            alpha: unit.alpha,
            ..self.deeper(frame)?
        };
        for row in rows {
            for column in columns.clone() {
                let transform = cells.transform(column, row);
                self.objects(content, &Frame { transform, ..inner })?;
            }
        }
        Ok(())
    }
}

/// One piece of a clip; `base` leads from where it lies to the page.
fn clip_area(area: &Element, base: Transform) -> Option<ClipArea> {
    let path = area.child("Path")?;
    let outer = area.attribute("CTM").and_then(Ctm::parse).unwrap_or_default();
    let inner = path.attribute("CTM").and_then(Ctm::parse).unwrap_or_default();
    let origin = path
        .attribute("Boundary")
        .and_then(ofd::geometry::Box::parse)
        .unwrap_or_default();
    Some(ClipArea {
        path: path_of(path)?,
        transform: base
            .pre_concat(transform(outer))
            .pre_translate(origin.x as f32, origin.y as f32)
            .pre_concat(transform(inner)),
        rule: match path.attribute("Rule").map(str::trim) {
            Some("Even-Odd") => FillRule::EvenOdd,
            _ => FillRule::Winding,
        },
    })
}

/// Where the cells of a `Pattern` lie.
struct Cells {
    /// From the pattern's space to the page.
    transform: Transform,
    width: f32,
    height: f32,
    x_step: f32,
    y_step: f32,
    mirror_columns: bool,
    mirror_rows: bool,
}

impl Cells {
    fn read(pattern: &Element, frame: &Frame, unit: &Unit<'_>) -> Option<Self> {
        let value = |name| {
            pattern
                .attribute(name)
                .and_then(number)
                .map(|value: f64| value as f32)
        };
        let (width, height) = (value("Width")?, value("Height")?);
        let reflect = pattern
            .attribute("ReflectMethod")
            .map(str::trim)
            .unwrap_or_default();
        let base = match pattern.attribute("RelativeTo").map(str::trim) {
            Some("Page") => frame.transform,
            _ => unit.transform,
        };
        let ctm = pattern.attribute("CTM").and_then(Ctm::parse).unwrap_or_default();
        let cells = Self {
            transform: base.pre_concat(transform(ctm)),
            width,
            height,
            x_step: value("XStep").unwrap_or(width).max(width),
            y_step: value("YStep").unwrap_or(height).max(height),
            mirror_columns: matches!(reflect, "Column" | "RowAndColumn"),
            mirror_rows: matches!(reflect, "Row" | "RowAndColumn"),
        };
        (width > 0.0 && height > 0.0).then_some(cells)
    }

    /// Columns and rows that touch these bounds of the page.
    fn needed(&self, bounds: &Rect) -> Option<(std::ops::Range<i32>, std::ops::Range<i32>)> {
        let area = bounds.transform(self.transform.invert()?)?;
        let first = |low: f32, step: f32| (low / step).floor() as i32;
        // Casts saturate; what is too much is refused by its number.
        let range = |low: f32, high: f32, step: f32| first(low, step)..first(high, step).saturating_add(1);
        Some((
            range(area.left(), area.right(), self.x_step),
            range(area.top(), area.bottom(), self.y_step),
        ))
    }

    fn transform(&self, column: i32, row: i32) -> Transform {
        let moved = self
            .transform
            .pre_translate(column as f32 * self.x_step, row as f32 * self.y_step);
        let (flip_x, flip_y) = (
            self.mirror_columns && column.rem_euclid(2) == 1,
            self.mirror_rows && row.rem_euclid(2) == 1,
        );
        let moved = if flip_x {
            moved.pre_translate(self.width, 0.0).pre_scale(-1.0, 1.0)
        } else {
            moved
        };
        if flip_y {
            moved.pre_translate(0.0, self.height).pre_scale(1.0, -1.0)
        } else {
            moved
        }
    }
}

pub(crate) fn faded(color: Rgba, alpha: f32) -> Rgba {
    Rgba {
        alpha: color.alpha * alpha,
        ..color
    }
}

/// The box that is drawn for a character that no font has, in a square of `units`, y upwards.
pub(crate) fn missing_glyph(units: f32) -> Option<Arc<Path>> {
    let outer = rectangle(0.08 * units, -0.08 * units, 0.84 * units, 0.84 * units)?;
    let inner = rectangle(0.13 * units, -0.03 * units, 0.74 * units, 0.74 * units)?;
    let mut builder = tiny_skia::PathBuilder::new();
    builder.push_path(&outer);
    builder.push_path(&inner);
    builder.finish().map(Arc::new)
}
