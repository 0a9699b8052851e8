//! What all graphic units share (`CT_GraphicUnit`, GB/T 33190-2016 8.5): place, transformation, clips, alpha, and
//! the drawing parameters they inherit.

use std::sync::Arc;

use ofd::Element;
use ofd::geometry::{Box, Ctm, number};
use tiny_skia::{FillRule, LineCap, LineJoin, Path, Rect, Stroke, StrokeDash, Transform};

use crate::resources::{Resources, boolean};
use crate::scene::{ClipArea, ClipId, Line, contains, rectangle};

/// Parameters that inherit from each other (`Relative`).
const PARAMS_MAX: usize = 16;
/// Numbers of a dash pattern.
const DASHES_MAX: usize = 64;
/// Default `LineWidth` in mm.
const LINE_WIDTH_MM: f32 = 0.353;
/// Default `MiterLimit`: the schema's value.
const MITER_LIMIT: f32 = 4.234;

/// Where objects are drawn: a layer, a page block, a composite, a cell of a pattern.
#[derive(Clone, Copy)]
pub(crate) struct Frame {
    /// From its space to the page.
    pub(crate) transform: Transform,
    pub(crate) clip: Option<ClipId>,
    pub(crate) alpha: f32,
    /// `DrawParam` of the layer.
    pub(crate) param: Option<u32>,
    pub(crate) depth: u32,
}

/// One object, placed.
pub(crate) struct Unit<'e> {
    /// Where attributes are looked for: the object, its drawing parameters, those of its layer.
    chain: Vec<&'e Element>,
    pub(crate) boundary: Box,
    /// From the object's space to the page.
    pub(crate) transform: Transform,
    /// From the boundary's corner to the page: without the object's own transformation.
    pub(crate) before_ctm: Transform,
    pub(crate) has_ctm: bool,
    pub(crate) alpha: f32,
    /// Outside of it nothing is drawn; `None` for a boundary without area, which real lines have.
    pub(crate) window: Option<ClipArea>,
}

impl<'e> Unit<'e> {
    /// `None` for an object that is hidden or transparent.
    pub(crate) fn new(object: &'e Element, frame: &Frame, resources: Resources<'e>) -> Option<Self> {
        if object.attribute("Visible").and_then(boolean) == Some(false) {
            return None;
        }
        let own = object.attribute("Alpha").and_then(number).unwrap_or(255.0) / 255.0;
        let alpha = frame.alpha * own.clamp(0.0, 1.0) as f32;
        if alpha <= 0.0 {
            return None;
        }
        let boundary = object
            .attribute("Boundary")
            .and_then(Box::parse)
            .unwrap_or_default();
        let ctm = object.attribute("CTM").and_then(Ctm::parse);
        let (x, y) = (boundary.x as f32, boundary.y as f32);
        let window = boundary
            .has_area()
            .then(|| rectangle(x, y, boundary.width as f32, boundary.height as f32))
            .flatten();
        let before_ctm = frame.transform.pre_translate(x, y);
        Some(Self {
            chain: chain(object, frame.param, resources),
            boundary,
            transform: before_ctm.pre_concat(transform(ctm.unwrap_or_default())),
            before_ctm,
            has_ctm: ctm.is_some(),
            alpha,
            window: window.map(|path| ClipArea {
                path,
                transform: frame.transform,
                rule: FillRule::Winding,
            }),
        })
    }

    /// The attribute of the object, or the nearest inherited one.
    pub(crate) fn attribute(&self, name: &str) -> Option<&'e str> {
        self.chain.iter().find_map(|element| element.attribute(name))
    }

    /// The colour of the object, or the nearest inherited one.
    pub(crate) fn color(&self, name: &str) -> Option<&'e Element> {
        self.chain.iter().find_map(|element| element.child(name))
    }

    pub(crate) fn flag(&self, name: &str, default: bool) -> bool {
        self.attribute(name).and_then(boolean).unwrap_or(default)
    }

    pub(crate) fn number(&self, name: &str) -> Option<f64> {
        self.attribute(name).and_then(number)
    }

    /// How lines look.
    pub(crate) fn line(&self) -> Line {
        let width = self
            .number("LineWidth")
            .map_or(LINE_WIDTH_MM, |width| width.abs() as f32);
        let miter_limit = self
            .number("MiterLimit")
            .map_or(MITER_LIMIT, |limit| limit as f32);
        let (dashes, dash_offset) = self.dashes();
        let stroke = Stroke {
            width,
            miter_limit: miter_limit.clamp(1.0, 1000.0),
            line_cap: match self.attribute("Cap").map(str::trim) {
                Some("Round") => LineCap::Round,
                Some("Square") => LineCap::Square,
                _ => LineCap::Butt,
            },
            line_join: match self.attribute("Join").map(str::trim) {
                Some("Round") => LineJoin::Round,
                Some("Bevel") => LineJoin::Bevel,
                _ => LineJoin::Miter,
            },
            // `None` for a pattern that makes no dashes.
            dash: StrokeDash::new(dashes.clone(), dash_offset),
        };
        let dashes = if stroke.dash.is_some() { dashes } else { Vec::new() };
        Line {
            stroke,
            dashes,
            dash_offset,
        }
    }

    /// Lengths, an even number of them, and where in the pattern the line begins.
    fn dashes(&self) -> (Vec<f32>, f32) {
        let pattern = self.attribute("DashPattern").unwrap_or_default();
        let words = pattern.split_ascii_whitespace().take(DASHES_MAX);
        let mut lengths: Vec<f32> = words.map_while(number).map(|length| length as f32).collect();
        if lengths.len() % 2 == 1 {
            lengths.extend_from_within(..);
        }
        let offset = self.number("DashOffset").unwrap_or(0.0) as f32;
        (lengths, offset)
    }

    /// The boundary as a clip, where a shape around `bounds` (in mm of the page) may reach beyond it by more than
    /// `slack` mm.
    pub(crate) fn window_for(&self, bounds: Option<Rect>, slack: f32) -> Option<ClipArea> {
        let window = self.window.as_ref()?;
        let is_upright = !window.transform.has_skew();
        let around = window.path.bounds();
        let grown = Rect::from_ltrb(
            around.left() - slack,
            around.top() - slack,
            around.right() + slack,
            around.bottom() + slack,
        )?;
        let page = grown.transform(window.transform)?;
        if is_upright && bounds.is_some_and(|bounds| contains(&page, &bounds)) {
            return None;
        }
        Some(ClipArea {
            path: rectangle(grown.x(), grown.y(), grown.width(), grown.height())?,
            ..window.clone()
        })
    }
}

/// The object, its drawing parameters with what they inherit, and those of the layer.
fn chain<'e>(object: &'e Element, layer: Option<u32>, resources: Resources<'e>) -> Vec<&'e Element> {
    let mut chain = vec![object];
    for first in [param_id(object, "DrawParam"), layer] {
        let mut next = first;
        while let Some(param) = next.and_then(|id| resources.param(id)) {
            let is_known = chain.iter().any(|known| std::ptr::eq(*known, param));
            if is_known || chain.len() > PARAMS_MAX {
                break;
            }
            chain.push(param);
            next = param_id(param, "Relative");
        }
    }
    chain
}

/// An attribute that refers to a `DrawParam`.
pub(crate) fn param_id(element: &Element, name: &str) -> Option<u32> {
    element.attribute(name)?.trim().parse().ok()
}

pub(crate) fn transform(ctm: Ctm) -> Transform {
    Transform::from_row(
        ctm.a as f32,
        ctm.b as f32,
        ctm.c as f32,
        ctm.d as f32,
        ctm.e as f32,
        ctm.f as f32,
    )
}

/// The path of a piece of a clip or an object: `AbbreviatedData`.
pub(crate) fn path_of(element: &Element) -> Option<Arc<Path>> {
    crate::path_data::parse(&element.child("AbbreviatedData")?.text).map(Arc::new)
}
