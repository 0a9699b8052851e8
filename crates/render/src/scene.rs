//! A page as a list of shapes: what both the SVG and the PNG are made from.
//!
//! All coordinates are mm of the page, from its top left corner, y downwards.

use std::collections::BTreeSet;
use std::sync::Arc;

use tiny_skia::{FillRule, Path, PathBuilder, Rect, Stroke, Transform};

use crate::picture::Image;
use crate::{Error, Limits, Warning};

/// Every shape and every clip counts as this many points more.
const SHAPE_POINTS: u64 = 8;
/// Warnings that are kept for one page.
const WARNINGS_MAX: usize = 256;

/// One page, laid out: [`Scene::to_svg`] and [`Scene::to_pixels`] draw it.
#[derive(Clone, Debug)]
pub struct Scene {
    /// Width of the page in mm.
    pub width_mm: f64,
    /// Height of the page in mm.
    pub height_mm: f64,
    /// What was drawn otherwise than the document asks.
    pub warnings: BTreeSet<Warning>,
    /// From the first drawn to the last.
    pub(crate) items: Vec<Item>,
    pub(crate) clips: Vec<Clip>,
    pub(crate) limits: Limits,
    points: u64,
}

/// A shape, and what is cut off from it.
#[derive(Clone, Debug)]
pub(crate) struct Item {
    pub(crate) shape: Shape,
    pub(crate) clip: Option<ClipId>,
}

#[derive(Clone, Debug)]
pub(crate) enum Shape {
    Fill {
        path: Arc<Path>,
        transform: Transform,
        rule: FillRule,
        paint: Paint,
    },
    Stroke {
        path: Arc<Path>,
        transform: Transform,
        line: Line,
        paint: Paint,
    },
    /// `transform` leads from the unit square to the page.
    Image {
        image: Arc<Image>,
        transform: Transform,
        alpha: f32,
    },
}

/// How a line looks. The dashes stand beside the stroke, which does not give them back.
#[derive(Clone, Debug, Default)]
pub(crate) struct Line {
    pub(crate) stroke: Stroke,
    /// Lengths of dashes and gaps, by turns.
    pub(crate) dashes: Vec<f32>,
    pub(crate) dash_offset: f32,
}

impl Line {
    /// A plain line of this width.
    pub(crate) fn of(width: f32) -> Self {
        Self {
            stroke: Stroke {
                width,
                ..Stroke::default()
            },
            ..Self::default()
        }
    }
}

#[derive(Clone, Debug)]
pub(crate) enum Paint {
    Color(Rgba),
    /// In the coordinates of the path, before the shape's transform.
    Gradient(Arc<Gradient>),
}

/// Red, green, blue, and how opaque: 0 to 1.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Rgba {
    pub(crate) rgb: [u8; 3],
    pub(crate) alpha: f32,
}

impl Rgba {
    pub(crate) const BLACK: Self = Self {
        rgb: [0; 3],
        alpha: 1.0,
    };
}

#[derive(Clone, Debug)]
pub(crate) struct Gradient {
    pub(crate) kind: GradientKind,
    /// Offsets from 0 to 1, ascending.
    pub(crate) stops: Vec<(f32, Rgba)>,
    pub(crate) spread: tiny_skia::SpreadMode,
    /// From the gradient's coordinates to those of the path.
    pub(crate) transform: Transform,
}

#[derive(Clone, Copy, Debug)]
pub(crate) enum GradientKind {
    Linear {
        start: (f32, f32),
        end: (f32, f32),
    },
    Radial {
        start: (f32, f32),
        start_radius: f32,
        end: (f32, f32),
        end_radius: f32,
    },
}

/// Index into [`Scene::clips`].
pub(crate) type ClipId = usize;

/// What lies inside one of the areas, and inside the parent.
#[derive(Clone, Debug)]
pub(crate) struct Clip {
    pub(crate) parent: Option<ClipId>,
    pub(crate) areas: Vec<ClipArea>,
    /// Around all areas and inside the parent's; `None` where nothing is left.
    pub(crate) bounds: Option<Rect>,
}

#[derive(Clone, Debug)]
pub(crate) struct ClipArea {
    pub(crate) path: Arc<Path>,
    pub(crate) transform: Transform,
    pub(crate) rule: FillRule,
}

impl Scene {
    pub(crate) fn new(width_mm: f64, height_mm: f64, limits: &Limits) -> Self {
        Self {
            width_mm,
            height_mm,
            warnings: BTreeSet::new(),
            items: Vec::new(),
            clips: Vec::new(),
            limits: limits.clone(),
            points: 0,
        }
    }

    /// How many shapes it has: none means a blank page.
    pub fn len(&self) -> usize {
        self.items.len()
    }

    /// Nothing is drawn.
    pub fn is_empty(&self) -> bool {
        self.items.is_empty()
    }

    pub(crate) fn warn(&mut self, warning: Warning) {
        if self.warnings.len() < WARNINGS_MAX {
            self.warnings.insert(warning);
        }
    }

    /// Adds a shape, if it can be seen at all.
    pub(crate) fn push(&mut self, shape: Shape, clip: Option<ClipId>) -> Result<(), Error> {
        let points = match &shape {
            Shape::Fill { path, .. } | Shape::Stroke { path, .. } => path.len() as u64,
            Shape::Image { .. } => 4,
        };
        self.count_points(points)?;
        if clip.is_some_and(|clip| self.clips[clip].bounds.is_none()) {
            return Ok(());
        }
        self.items.push(Item { shape, clip });
        Ok(())
    }

    /// A clip inside `parent`: `areas` are what stays.
    pub(crate) fn clip(&mut self, parent: Option<ClipId>, areas: Vec<ClipArea>) -> Result<ClipId, Error> {
        self.count_points(areas.iter().map(|area| area.path.len() as u64).sum())?;
        let around = areas
            .iter()
            .filter_map(|area| area.path.bounds().transform(area.transform))
            .reduce(|one, other| union(&one, &other));
        let bounds = match (around, parent) {
            (Some(around), Some(parent)) => self.clips[parent]
                .bounds
                .and_then(|outer| intersect(&outer, &around)),
            (around, None) => around,
            (None, Some(_)) => None,
        };
        self.clips.push(Clip {
            parent,
            areas,
            bounds,
        });
        Ok(self.clips.len() - 1)
    }

    /// A crossed box over the unit square, in place of an image that cannot be shown.
    pub(crate) fn placeholder(&mut self, transform: Transform, clip: Option<ClipId>) -> Result<(), Error> {
        const GRAY: Rgba = Rgba {
            rgb: [128; 3],
            alpha: 1.0,
        };
        let Some(path) = crate::path_data::parse("M 0 0 L 1 0 L 1 1 L 0 1 C M 0 0 L 1 1 M 1 0 L 0 1") else {
            return Ok(());
        };
        // Stroked on the page, so that the line is as thin across as it is along.
        let Some(path) = path.transform(transform) else {
            return Ok(());
        };
        let shape = Shape::Stroke {
            path: Arc::new(path),
            transform: Transform::identity(),
            line: Line::of(0.2),
            paint: Paint::Color(GRAY),
        };
        self.push(shape, clip)
    }

    fn count_points(&mut self, points: u64) -> Result<(), Error> {
        self.points += points + SHAPE_POINTS;
        if self.points > self.limits.points_max {
            return Err(Error::TooMuch {
                what: "the number of points of all paths on a page",
                max: self.limits.points_max,
            });
        }
        Ok(())
    }
}

impl Shape {
    /// Around everything that it may touch, in mm of the page.
    pub(crate) fn bounds(&self) -> Option<Rect> {
        match self {
            Self::Fill { path, transform, .. } => path.bounds().transform(*transform),
            Self::Stroke {
                path,
                transform,
                line: Line { stroke, .. },
                ..
            } => {
                let reach = if stroke.line_join == tiny_skia::LineJoin::Miter {
                    stroke.width * stroke.miter_limit.max(1.5)
                } else {
                    stroke.width * 1.5
                };
                let bounds = path.bounds();
                let grown = Rect::from_ltrb(
                    bounds.left() - reach,
                    bounds.top() - reach,
                    bounds.right() + reach,
                    bounds.bottom() + reach,
                )?;
                grown.transform(*transform)
            }
            Self::Image { transform, .. } => Rect::from_xywh(0.0, 0.0, 1.0, 1.0)?.transform(*transform),
        }
    }
}

/// The path of a rectangle; `None` where it is no rectangle.
pub(crate) fn rectangle(x: f32, y: f32, width: f32, height: f32) -> Option<Arc<Path>> {
    let rect = Rect::from_xywh(x, y, width, height)?;
    Some(Arc::new(PathBuilder::from_rect(rect)))
}

pub(crate) fn union(one: &Rect, other: &Rect) -> Rect {
    // Both are valid, so their union is.
    Rect::from_ltrb(
        one.left().min(other.left()),
        one.top().min(other.top()),
        one.right().max(other.right()),
        one.bottom().max(other.bottom()),
    )
    .unwrap_or(*one)
}

pub(crate) fn intersect(one: &Rect, other: &Rect) -> Option<Rect> {
    Rect::from_ltrb(
        one.left().max(other.left()),
        one.top().max(other.top()),
        one.right().min(other.right()),
        one.bottom().min(other.bottom()),
    )
}

/// `inner` lies inside `outer`, a hundredth of a mm forgiven.
pub(crate) fn contains(outer: &Rect, inner: &Rect) -> bool {
    const SLACK_MM: f32 = 0.01;
    inner.left() >= outer.left() - SLACK_MM
        && inner.top() >= outer.top() - SLACK_MM
        && inner.right() <= outer.right() + SLACK_MM
        && inner.bottom() <= outer.bottom() + SLACK_MM
}
