//! Stamps of signatures on a page: the seal's picture at its place, cut by its clip (GB/T 33190-2016 18.2.3).

use std::sync::Arc;

use ofd::geometry::Box;
use ofd::{Ofd, Package};
use resvg::usvg;
use tiny_skia::{FillRule, Pixmap, Transform};

use crate::document::{Document, Drawn, View};
use crate::picture::Image;
use crate::scene::{Clip, ClipArea, ClipId, Scene, Shape, rectangle};
use crate::{Error, Warning};

/// Resolution at which an SVG seal becomes pixels.
const SVG_DPI: f64 = 600.0;
/// Pixels of an SVG seal in one direction.
const SVG_PIXELS_MAX: f64 = 4096.0;
/// Bytes of an SVG seal.
const SVG_BYTES_MAX: usize = 4 << 20;
/// Elements of an SVG seal.
const SVG_NODES_MAX: usize = 20_000;
/// Layers of an SVG seal: groups with opacity, masks or clips.
const SVG_LAYERS_MAX: usize = 32;
/// Different pictures of the stamps of one page.
const PICTURES_MAX: usize = 64;
/// Seals that are OFD documents with seals that are OFD documents.
const NESTING_MAX: u32 = 1;

/// A stamp to draw on a page.
#[derive(Clone, Debug)]
pub struct Stamp {
    /// Number of the page, from 1.
    pub page: usize,
    /// Place of the whole picture, in mm of the page.
    pub boundary: Box,
    /// Which part of it is shown, in mm from the boundary's top left corner.
    pub clip: Option<Box>,
    /// The picture's file: PNG, JPEG, BMP, GIF, SVG or a one-page OFD package.
    pub picture: Arc<[u8]>,
}

pub(crate) fn draw(
    document: &Document<'_>,
    scene: &mut Scene,
    stamp: &Stamp,
    origin: Transform,
) -> Result<(), Error> {
    let place = stamp.boundary;
    if !place.has_area() {
        scene.warn(Warning::NotDrawn {
            what: "a stamp without size",
        });
        return Ok(());
    }
    let corner = origin.pre_translate(place.x as f32, place.y as f32);
    let clip = match stamp.clip.and_then(|clip| {
        rectangle(
            clip.x as f32,
            clip.y as f32,
            clip.width as f32,
            clip.height as f32,
        )
    }) {
        Some(path) => {
            let area = ClipArea {
                path,
                transform: corner,
                rule: FillRule::Winding,
            };
            Some(scene.clip(None, vec![area])?)
        }
        None => None,
    };
    let transform = corner.pre_scale(place.width as f32, place.height as f32);
    match picture_of(document, stamp) {
        Drawn::Page(page) => append(scene, &page, transform, clip),
        Drawn::Image(image) => {
            let alpha = 1.0;
            scene.push(
                Shape::Image {
                    image,
                    transform,
                    alpha,
                },
                clip,
            )
        }
        Drawn::Broken(reason) => {
            scene.warn(Warning::Image { id: None, reason });
            scene.placeholder(transform, clip)
        }
    }
}

/// The picture, made once a page however many stamps show it.
fn picture_of(document: &Document<'_>, stamp: &Stamp) -> Drawn {
    let key = stamp.picture.as_ptr();
    if let Some(known) = document.stamps.borrow().get(&key) {
        return known.clone();
    }
    let drawn = if document.stamps.borrow().len() >= PICTURES_MAX {
        Err(format!("the page has more than {PICTURES_MAX} different stamps"))
    } else if stamp.picture.starts_with(b"PK\x03\x04") {
        nested(document, &stamp.picture).map(|page| Drawn::Page(Arc::new(page)))
    } else if is_xml(&stamp.picture) {
        svg(document, &stamp.picture, stamp.boundary).map(|image| Drawn::Image(Arc::new(image)))
    } else {
        let image = document.decode(&stamp.picture).map(Image::without_white);
        image.map(|image| Drawn::Image(Arc::new(image)))
    };
    let drawn = drawn.unwrap_or_else(Drawn::Broken);
    document.stamps.borrow_mut().insert(key, drawn.clone());
    drawn
}

/// The first page of a package inside the seal.
fn nested(document: &Document<'_>, bytes: &[u8]) -> Result<Scene, String> {
    if document.nesting >= NESTING_MAX {
        return Err("it is a document in a document in a document".to_owned());
    }
    let package = Package::open(bytes.to_vec(), document.package.limits().clone());
    let package = package.map_err(|error| error.to_string())?;
    let ofd = Ofd::read(&package).map_err(|error| error.to_string())?;
    let body = ofd.bodies.first().ok_or("it has no document")?;
    let inner = body.document.as_ref().map_err(ToString::to_string)?;
    let mut inner = Document::new(&package, inner, document.fonts, document.limits.clone());
    inner.nesting = document.nesting + 1;
    inner
        .scene(1, &View::default())
        .map_err(|error| error.to_string())
}

/// Adds the shapes of `picture`, its page stretched over the unit square behind `unit`.
fn append(scene: &mut Scene, picture: &Scene, unit: Transform, clip: Option<ClipId>) -> Result<(), Error> {
    let transform = unit.pre_scale(1.0 / picture.width_mm as f32, 1.0 / picture.height_mm as f32);
    for warning in &picture.warnings {
        scene.warn(warning.clone());
    }
    let mut ids = Vec::with_capacity(picture.clips.len());
    for Clip { parent, areas, .. } in &picture.clips {
        let areas = areas.iter().map(|area| ClipArea {
            transform: transform.pre_concat(area.transform),
            ..area.clone()
        });
        // A parent stands before its children.
        let parent = parent.map_or(clip, |parent: ClipId| ids.get(parent).copied());
        ids.push(scene.clip(parent, areas.collect())?);
    }
    for item in &picture.items {
        let mut shape = item.shape.clone();
        match &mut shape {
            Shape::Fill { transform: own, .. }
            | Shape::Stroke { transform: own, .. }
            | Shape::Image { transform: own, .. } => *own = transform.pre_concat(*own),
        }
        let clip = item.clip.map_or(clip, |own| ids.get(own).copied());
        scene.push(shape, clip)?;
    }
    Ok(())
}

fn is_xml(bytes: &[u8]) -> bool {
    let bytes = bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(bytes);
    bytes.trim_ascii_start().starts_with(b"<")
}

/// Outlines only: no text, no links, no images from elsewhere.
fn svg(document: &Document<'_>, bytes: &[u8], place: Box) -> Result<Image, String> {
    if bytes.len() > SVG_BYTES_MAX {
        return Err(format!(
            "its {} bytes are above the limit of {SVG_BYTES_MAX}",
            bytes.len()
        ));
    }
    let tree = usvg::Tree::from_data(bytes, &usvg::Options::default()).map_err(|error| error.to_string())?;
    if !is_plain(&tree) {
        return Err("it has filters, patterns or too many layers for a seal".to_owned());
    }
    let size = tree.size();
    let pixels = |mm: f64| (mm / 25.4 * SVG_DPI).clamp(1.0, SVG_PIXELS_MAX).round() as u32;
    let (width, height) = (pixels(place.width), pixels(place.height));
    document.charge(u64::from(width) * u64::from(height))?;
    let mut pixmap = Pixmap::new(width, height).ok_or("it has no pixels")?;
    let transform = Transform::from_scale(width as f32 / size.width(), height as f32 / size.height());
    resvg::render(&tree, transform, &mut pixmap.as_mut());
    Ok(Image {
        pixels: pixmap,
        file: None,
    })
}

/// Nothing in it costs much more than its outlines: seals are drawings of a few hundred paths.
fn is_plain(tree: &usvg::Tree) -> bool {
    let mut groups = vec![tree.root()];
    let (mut nodes, mut layers) = (0, 0);
    while let Some(group) = groups.pop() {
        layers += usize::from(group.should_isolate());
        for node in group.children() {
            nodes += 1;
            if let usvg::Node::Group(inner) = node {
                groups.push(inner);
            }
            if nodes > SVG_NODES_MAX || layers > SVG_LAYERS_MAX {
                return false;
            }
        }
    }
    tree.filters().is_empty() && tree.patterns().is_empty()
}
