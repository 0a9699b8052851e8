//! Pictures of seals as operators of PDF: outlines in plain colours stay outlines (ISO 32000-1 §8.5).

use std::fmt::Write as _;

use resvg::usvg::{self, ImageHrefResolver, Node, Options, Tree, roxmltree};
use tiny_skia::{FillRule, LineCap, LineJoin, Path, PathSegment, Transform};

use crate::decimal::Decimal;
use crate::scene::{self, ClipId, Scene, Shape};

/// Largest SVG that is read, in bytes.
const SVG_BYTES_MAX: usize = 4 << 20;
/// Most nodes of an SVG.
const SVG_NODES_MAX: u32 = 100_000;
/// Elements inside each other.
const SVG_DEPTH_MAX: usize = 32;
/// Largest drawing that is written, in bytes.
const CONTENT_BYTES_MAX: usize = 16 << 20;
const NOT_PLAIN: &str = "only plain colours that cover are drawn";
/// What may stand in it: shapes, and what holds or describes them. Without references nothing multiplies.
const ELEMENTS: [&str; 13] = [
    "svg", "g", "path", "rect", "circle", "ellipse", "line", "polyline", "polygon", "title", "desc",
    "metadata", "defs",
];

/// A picture that is nothing but outlines in plain colours.
#[derive(Clone, Debug, PartialEq)]
pub struct Outlines {
    /// Width and height in its own units, counted from the upper left corner, y downwards.
    pub size: (f64, f64),
    /// Operators of a content stream that need no resources (ISO 32000-1 §8).
    pub content: String,
}

impl Outlines {
    /// The outlines of an SVG, or why it cannot be drawn as it is meant.
    pub fn of_svg(bytes: &[u8]) -> Result<Self, String> {
        if bytes.len() > SVG_BYTES_MAX {
            return Err(format!("it has more than {SVG_BYTES_MAX} bytes"));
        }
        let text = std::str::from_utf8(bytes).map_err(|_| "it is not UTF-8".to_owned())?;
        let tree = read(text)?;
        let mut content = String::new();
        put_group(&mut content, tree.root())?;
        let size = (f64::from(tree.size().width()), f64::from(tree.size().height()));
        Ok(Self { size, content })
    }

    /// The outlines of a page without its paper, or what on it is none: images, gradients, what is seen through.
    pub fn of_scene(scene: &Scene) -> Result<Self, String> {
        let mut content = String::new();
        for item in &scene.items {
            content.push_str("q ");
            if let Some(clip) = item.clip {
                put_clips(&mut content, scene, clip)?;
            }
            put_shape(&mut content, &item.shape)?;
            content.push_str("Q\n");
            check_size(&content)?;
        }
        let size = (scene.width_mm, scene.height_mm);
        Ok(Self { size, content })
    }
}

/// What is cut off, from the outside inwards; the order does not matter.
fn put_clips(content: &mut String, scene: &Scene, id: ClipId) -> Result<(), String> {
    let mut next = Some(id);
    while let Some(clip) = next.and_then(|id| scene.clips.get(id)) {
        let [area] = &clip.areas[..] else {
            return Err("several areas together cut it".into());
        };
        if let Some(path) = area.path.as_ref().clone().transform(area.transform) {
            put_outline(content, &path);
        }
        content.push_str(match area.rule {
            FillRule::Winding => "W n ",
            FillRule::EvenOdd => "W* n ",
        });
        next = clip.parent;
    }
    Ok(())
}

fn put_shape(content: &mut String, shape: &Shape) -> Result<(), String> {
    match shape {
        Shape::Fill {
            path,
            transform,
            rule,
            paint,
        } => {
            put_transform(content, *transform);
            put_plain(content, paint, "rg")?;
            put_fill(content, path, *rule);
        }
        Shape::Stroke {
            path,
            transform,
            line,
            paint,
        } => {
            put_transform(content, *transform);
            put_plain(content, paint, "RG")?;
            let stroke = &line.stroke;
            put_stroke(
                content,
                path,
                &Pen {
                    width: stroke.width,
                    miter_limit: stroke.miter_limit,
                    cap: stroke.line_cap,
                    join: stroke.line_join,
                    dashes: &line.dashes,
                    dash_offset: line.dash_offset,
                },
            );
        }
        Shape::Image { .. } => return Err("only shapes are drawn".into()),
    }
    Ok(())
}

fn put_plain(content: &mut String, paint: &scene::Paint, operator: &str) -> Result<(), String> {
    match paint {
        scene::Paint::Color(color) => put_color(content, color.rgb, color.alpha, operator),
        scene::Paint::Gradient(_) => Err(NOT_PLAIN.into()),
    }
}

/// Every element is looked at before the library sees it, because it drops what it does not know.
fn read(text: &str) -> Result<Tree, String> {
    let options = roxmltree::ParsingOptions {
        nodes_limit: SVG_NODES_MAX,
        ..roxmltree::ParsingOptions::default()
    };
    let document =
        roxmltree::Document::parse_with_options(text, options).map_err(|error| error.to_string())?;
    let mut open = vec![(document.root_element(), 0)];
    while let Some((node, depth)) = open.pop() {
        let name = node.tag_name().name();
        if depth > SVG_DEPTH_MAX {
            return Err("its elements are nested too deeply".into());
        }
        if name == "metadata" {
            continue;
        }
        if !ELEMENTS.contains(&name) {
            return Err(format!(
                "<{name}> is not drawn: turn text into outlines, and use plain shapes"
            ));
        }
        if let Some(attribute) = node.attributes().find(|attribute| refers(attribute)) {
            return Err(format!("the attribute {} is not drawn", attribute.name()));
        }
        let children = node.children().filter(roxmltree::Node::is_element);
        open.extend(children.map(|child| (child, depth + 1)));
    }
    let options = Options {
        image_href_resolver: ImageHrefResolver {
            resolve_data: Box::new(|_, _, _| None),
            resolve_string: Box::new(|_, _| None),
        },
        ..Options::default()
    };
    Tree::from_xmltree(&document, &options).map_err(|error| error.to_string())
}

fn refers(attribute: &roxmltree::Attribute<'_, '_>) -> bool {
    let name = attribute.name();
    name == "href" || name.starts_with("on") || attribute.value().contains("url(")
}

fn put_group(content: &mut String, group: &usvg::Group) -> Result<(), String> {
    if group.opacity().get() < 1.0 || group.should_isolate() {
        return Err("see-through groups are not drawn".into());
    }
    for node in group.children() {
        match node {
            Node::Group(inner) => put_group(content, inner)?,
            Node::Path(path) if !path.is_visible() => {}
            Node::Path(path) => put_path(content, path)?,
            Node::Image(_) | Node::Text(_) => return Err("only shapes are drawn".into()),
        }
        check_size(content)?;
    }
    Ok(())
}

fn check_size(content: &str) -> Result<(), String> {
    if content.len() > CONTENT_BYTES_MAX {
        return Err("it is too large a drawing".into());
    }
    Ok(())
}

fn put_path(content: &mut String, path: &usvg::Path) -> Result<(), String> {
    content.push_str("q ");
    put_transform(content, path.abs_transform());
    if let Some(fill) = path.fill() {
        put_paint(content, fill.paint(), fill.opacity().get(), "rg")?;
        let rule = match fill.rule() {
            usvg::FillRule::NonZero => FillRule::Winding,
            usvg::FillRule::EvenOdd => FillRule::EvenOdd,
        };
        put_fill(content, path.data(), rule);
    }
    if let Some(stroke) = path.stroke() {
        put_paint(content, stroke.paint(), stroke.opacity().get(), "RG")?;
        let pen = Pen {
            width: stroke.width().get(),
            miter_limit: stroke.miterlimit().get(),
            cap: match stroke.linecap() {
                usvg::LineCap::Butt => LineCap::Butt,
                usvg::LineCap::Round => LineCap::Round,
                usvg::LineCap::Square => LineCap::Square,
            },
            join: match stroke.linejoin() {
                usvg::LineJoin::Miter | usvg::LineJoin::MiterClip => LineJoin::Miter,
                usvg::LineJoin::Round => LineJoin::Round,
                usvg::LineJoin::Bevel => LineJoin::Bevel,
            },
            dashes: stroke.dasharray().unwrap_or_default(),
            dash_offset: stroke.dashoffset(),
        };
        put_stroke(content, path.data(), &pen);
    }
    content.push_str("Q\n");
    Ok(())
}

fn put_paint(content: &mut String, paint: &usvg::Paint, opacity: f32, operator: &str) -> Result<(), String> {
    match paint {
        usvg::Paint::Color(color) => {
            put_color(content, [color.red, color.green, color.blue], opacity, operator)
        }
        _ => Err(NOT_PLAIN.into()),
    }
}

fn put_color(content: &mut String, rgb: [u8; 3], opacity: f32, operator: &str) -> Result<(), String> {
    if opacity < 1.0 {
        return Err(NOT_PLAIN.into());
    }
    put_numbers(content, &rgb.map(|part| f32::from(part) / 255.0), operator);
    Ok(())
}

fn put_transform(content: &mut String, transform: Transform) {
    let Transform {
        sx,
        ky,
        kx,
        sy,
        tx,
        ty,
    } = transform;
    put_numbers(content, &[sx, ky, kx, sy, tx, ty], "cm");
}

fn put_fill(content: &mut String, path: &Path, rule: FillRule) {
    put_outline(content, path);
    content.push_str(match rule {
        FillRule::Winding => "f\n",
        FillRule::EvenOdd => "f*\n",
    });
}

/// How a line is drawn (ISO 32000-1 §8.4.3).
struct Pen<'a> {
    width: f32,
    miter_limit: f32,
    cap: LineCap,
    join: LineJoin,
    dashes: &'a [f32],
    dash_offset: f32,
}

fn put_stroke(content: &mut String, path: &Path, pen: &Pen<'_>) {
    let cap = match pen.cap {
        LineCap::Butt => 0,
        LineCap::Round => 1,
        LineCap::Square => 2,
    };
    let join = match pen.join {
        LineJoin::Miter | LineJoin::MiterClip => 0,
        LineJoin::Round => 1,
        LineJoin::Bevel => 2,
    };
    put_numbers(content, &[pen.width], "w");
    put_numbers(content, &[pen.miter_limit], "M");
    let _ = write!(content, "{cap} J {join} j ");
    if !pen.dashes.is_empty() {
        content.push('[');
        put_numbers(content, pen.dashes, "]");
        put_numbers(content, &[pen.dash_offset], "d");
    }
    put_outline(content, path);
    content.push_str("S\n");
}

fn put_outline(content: &mut String, path: &Path) {
    let mut last = (0.0, 0.0);
    for segment in path.segments() {
        match segment {
            PathSegment::MoveTo(to) => {
                put_numbers(content, &[to.x, to.y], "m");
                last = (to.x, to.y);
            }
            PathSegment::LineTo(to) => {
                put_numbers(content, &[to.x, to.y], "l");
                last = (to.x, to.y);
            }
            PathSegment::QuadTo(by, to) => {
                // A quadratic curve as a cubic one.
                let third = |from: f32, by: f32| from + (by - from) * 2.0 / 3.0;
                let control = [
                    third(last.0, by.x),
                    third(last.1, by.y),
                    third(to.x, by.x),
                    third(to.y, by.y),
                ];
                put_numbers(content, &control, "");
                put_numbers(content, &[to.x, to.y], "c");
                last = (to.x, to.y);
            }
            PathSegment::CubicTo(one, two, to) => {
                put_numbers(content, &[one.x, one.y, two.x, two.y, to.x, to.y], "c");
                last = (to.x, to.y);
            }
            PathSegment::Close => content.push_str("h "),
        }
    }
}

/// Without exponents, which PDF does not know.
fn put_numbers(content: &mut String, numbers: &[f32], operator: &str) {
    for number in numbers {
        let _ = write!(content, "{} ", Decimal(*number, 5));
    }
    content.push_str(operator);
    content.push(' ');
}

#[cfg(test)]
mod tests {
    use super::*;

    fn drawn(body: &str) -> Result<String, String> {
        let svg =
            format!("<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"40\" height=\"40\">{body}</svg>");
        Outlines::of_svg(svg.as_bytes()).map(|drawn| drawn.content)
    }

    #[test]
    fn shapes_become_operators() {
        let content = drawn("<path d=\"M0 0 Q 3 0 3 3 Z\" fill=\"#f00\" fill-rule=\"evenodd\"/>").unwrap();
        assert_eq!(
            content,
            "q 1 0 0 1 0 0 cm 1 0 0 rg 0 0 m 2 0 3 1  3 3 c h f*\nQ\n"
        );
        let content = drawn(
            "<g transform=\"translate(5 5)\"><line fill=\"none\" x1=\"0\" x2=\"9\" stroke=\"#00f\" stroke-width=\"2\" \
             stroke-dasharray=\"1 2\" stroke-linecap=\"round\"/></g>",
        );
        let expected = "q 1 0 0 1 5 5 cm 0 0 1 RG 2 w 4 M 1 J 0 j [1 2 ] 0 d 0 0 m 9 0 l S\nQ\n";
        assert_eq!(content.unwrap(), expected);
    }

    #[test]
    fn what_would_be_lost_is_refused() {
        for body in [
            "<text>印</text>",
            "<image href=\"x.png\"/>",
            "<use href=\"#a\"/>",
            "<rect width=\"9\" height=\"9\" fill=\"url(#a)\"/>",
            "<rect width=\"9\" height=\"9\" fill-opacity=\"0.5\"/>",
            "<g opacity=\"0.5\"><rect width=\"9\" height=\"9\"/></g>",
            "<script/>",
            "<style>rect { fill: url(#x) }</style>",
        ] {
            assert!(drawn(body).is_err(), "{body}");
        }
        let deep = format!("{}{}", "<g>".repeat(100), "</g>".repeat(100));
        assert!(drawn(&deep).is_err());
        assert!(Outlines::of_svg(b"\xff").is_err() && Outlines::of_svg(b"<svg").is_err());
    }
}
