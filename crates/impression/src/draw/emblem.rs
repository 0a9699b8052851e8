//! SVG from outside: what may stand in it, and an emblem's outlines.
//!
//! Only shapes are let through. Text would need fonts, images and links would fetch, `use` and filters multiply work,
//! and scripts act: a seal needs none of them.

use resvg::tiny_skia::{self, PathSegment};
use resvg::usvg::{self, ImageHrefResolver, Node, Options, Paint, Tree};

use crate::error::{Error, Part};
use crate::geometry::{Affine, Outline, Point, Segment};

use super::drawing::Piece;

/// Largest SVG that is read, in bytes.
const SVG_BYTES_MAX: usize = 8 << 20;
/// Most elements of an SVG.
const SVG_ELEMENTS_MAX: usize = 20_000;
/// Deepest nesting of elements.
const SVG_DEPTH_MAX: usize = 64;
/// Most points of an emblem's outlines.
const EMBLEM_POINTS_MAX: usize = 200_000;

/// Elements that may stand in an SVG.
const SHAPES: [&str; 14] = [
    "svg", "g", "path", "rect", "circle", "ellipse", "line", "polyline", "polygon", "defs", "title", "desc",
    "metadata", "clipPath",
];

/// What the SVG is for.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum SvgKind {
    /// An emblem: one colour.
    Emblem,
    /// A whole impression.
    Impression,
}

/// Reads an SVG that has nothing but shapes.
pub(crate) fn checked_svg(text: &str, kind: SvgKind) -> Result<Tree, Error> {
    let refuse = |detail: String| Err(Error::Svg { detail });
    if text.len() > SVG_BYTES_MAX {
        return refuse(format!("{} bytes are more than {SVG_BYTES_MAX}", text.len()));
    }
    let limits = roxmltree::ParsingOptions {
        nodes_limit: 4 * SVG_ELEMENTS_MAX as u32,
        ..Default::default()
    };
    let document = match roxmltree::Document::parse_with_options(text, limits) {
        Ok(document) => document,
        Err(error) => return refuse(error.to_string()),
    };
    let mut elements = 0;
    // (node, depth): a stack of its own, for the document may be deep.
    let mut open = vec![(document.root_element(), 1)];
    while let Some((node, depth)) = open.pop() {
        elements += 1;
        if elements > SVG_ELEMENTS_MAX || depth > SVG_DEPTH_MAX {
            return refuse(format!(
                "more than {SVG_ELEMENTS_MAX} elements, or nested deeper than {SVG_DEPTH_MAX}"
            ));
        }
        let name = node.tag_name().name();
        if name == "metadata" {
            continue;
        }
        if !SHAPES.contains(&name) {
            return refuse(format!(
                "<{name}> is not allowed: only shapes are; turn text into outlines"
            ));
        }
        if let Some(attribute) = node.attributes().find(|attribute| is_refused(attribute)) {
            return refuse(format!("the attribute {} is not allowed", attribute.name()));
        }
        open.extend(
            node.children()
                .filter(roxmltree::Node::is_element)
                .map(|child| (child, depth + 1)),
        );
    }
    let options = Options {
        image_href_resolver: ImageHrefResolver {
            resolve_data: Box::new(|_, _, _| None),
            resolve_string: Box::new(|_, _| None),
        },
        ..Options::default()
    };
    let tree = Tree::from_xmltree(&document, &options).map_err(|error| Error::Svg {
        detail: error.to_string(),
    })?;
    if kind == SvgKind::Emblem && !tree.root().has_children() {
        return refuse("it shows nothing".into());
    }
    Ok(tree)
}

/// Links, scripts and references that make work: a mask or filter has no element to refer to, but says so politely.
fn is_refused(attribute: &roxmltree::Attribute<'_, '_>) -> bool {
    let name = attribute.name();
    matches!(
        name,
        "href" | "filter" | "mask" | "marker" | "marker-start" | "marker-mid" | "marker-end"
    ) || name.starts_with("on")
        || attribute.value().contains("url(") && name != "clip-path"
}

/// The outlines of an emblem, scaled so that its longer side is `size_mm`, around a point.
pub(super) fn outlines(svg: &str, size_mm: f64, at: Point) -> Result<Vec<Piece>, Error> {
    let tree = checked_svg(svg, SvgKind::Emblem)?;
    let mut shapes = Vec::new();
    collect(tree.root(), &mut shapes)?;
    let whole = Outline(shapes.iter().flat_map(|shape| shape.0.iter().copied()).collect());
    if whole.0.len() > EMBLEM_POINTS_MAX {
        return Err(Error::Svg {
            detail: format!("more than {EMBLEM_POINTS_MAX} points"),
        });
    }
    let bounds = whole
        .bounds()
        .filter(|bounds| bounds.width().max(bounds.height()) > 0.0);
    let Some(bounds) = bounds else {
        return Err(Error::Svg {
            detail: "it shows nothing".into(),
        });
    };
    let middle = bounds.middle();
    let scale = size_mm / bounds.width().max(bounds.height());
    let to_middle = Affine::placed(1.0, 1.0, 0.0, (-middle.0, -middle.1));
    let place = Affine::placed(scale, scale, 0.0, at);
    let pieces = shapes
        .iter()
        .filter_map(|shape| Piece::upright(Part::Emblem, shape.mapped(&to_middle).mapped(&place)));
    Ok(pieces.collect())
}

fn collect(group: &usvg::Group, shapes: &mut Vec<Outline>) -> Result<(), Error> {
    let refuse = |detail: &str| {
        Err(Error::Svg {
            detail: detail.into(),
        })
    };
    // Only clips and see-through groups end here; depth was limited when the document was read.
    if group.clip_path().is_some() || group.opacity().get() < 1.0 {
        return refuse("an emblem is one colour without clips: merge its shapes into outlines");
    }
    for node in group.children() {
        match node {
            Node::Group(group) => collect(group, shapes)?,
            Node::Path(path) if !path.is_visible() => {}
            Node::Path(path) => {
                let map = path.abs_transform();
                if let Some(fill) = path.fill() {
                    if is_paper(fill.paint()) {
                        return refuse("an emblem has no white areas: cut them out as holes");
                    }
                    if fill.rule() == usvg::FillRule::EvenOdd
                        && path.data().segments().filter(is_move).count() > 1
                    {
                        return refuse("fill-rule evenodd is not kept: use nonzero outlines");
                    }
                    shapes.push(outline(path.data(), map));
                }
                if let Some(stroke) = path.stroke() {
                    if is_paper(stroke.paint()) {
                        return refuse("an emblem has no white lines: cut them out as holes");
                    }
                    let stroked = path.data().stroke(&stroke.to_tiny_skia(), 8.0);
                    shapes.extend(stroked.map(|stroked| outline(&stroked, map)));
                }
            }
            Node::Image(_) | Node::Text(_) => return refuse("only shapes are allowed"),
        }
    }
    Ok(())
}

fn is_move(segment: &PathSegment) -> bool {
    matches!(segment, PathSegment::MoveTo(_))
}

fn is_paper(paint: &Paint) -> bool {
    match paint {
        Paint::Color(color) => color.red.min(color.green).min(color.blue) > 200,
        _ => true,
    }
}

fn outline(path: &tiny_skia::Path, map: tiny_skia::Transform) -> Outline {
    let place = |point: tiny_skia::Point| {
        let mut point = point;
        map.map_point(&mut point);
        (f64::from(point.x), f64::from(point.y))
    };
    let segments = path.segments().map(|segment| match segment {
        PathSegment::MoveTo(end) => Segment::Move(place(end)),
        PathSegment::LineTo(end) => Segment::Line(place(end)),
        PathSegment::QuadTo(control, end) => Segment::Quad(place(control), place(end)),
        PathSegment::CubicTo(first, second, end) => Segment::Cubic(place(first), place(second), place(end)),
        PathSegment::Close => Segment::Close,
    });
    Outline(segments.collect())
}
