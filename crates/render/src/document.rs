//! Pages of an OFD document, put together: templates, layers, annotations, stamps.

use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::sync::Arc;

use ofd::geometry::Box;
use ofd::{Element, Link, Package, PartPath};
use tiny_skia::Transform;

use crate::draw::Painter;
use crate::face::Face;
use crate::font::FontUse;
use crate::library::FontLibrary;
use crate::picture::{self, Image};
use crate::resources::{Font, ResourceSet, Resources, boolean};
use crate::scene::Scene;
use crate::stamp::Stamp;
use crate::unit::{Frame, param_id};
use crate::{Error, Limits, Warning};

/// Templates that draw templates.
const TEMPLATE_DEPTH_MAX: u32 = 8;
/// Templates drawn on one page.
const TEMPLATES_MAX: usize = 64;

/// A document that is drawn page by page; fonts and resources are read once.
pub struct Document<'a> {
    pub(crate) package: &'a Package,
    document: &'a ofd::Document,
    pub(crate) fonts: &'a FontLibrary,
    pub(crate) limits: Limits,
    /// Documents that this one is the picture of a stamp in.
    pub(crate) nesting: u32,
    shared: ResourceSet,
    faces: RefCell<HashMap<PartPath, Option<Arc<Face>>>>,
    uses: RefCell<HashMap<UseKey, Arc<FontUse>>>,
    images: RefCell<HashMap<PartPath, Decoded>>,
    masked: RefCell<HashMap<(PartPath, PartPath), Decoded>>,
    pub(crate) stamps: RefCell<HashMap<*const u8, Drawn>>,
    image_pixels: Cell<u64>,
}

type Decoded = Result<Arc<Image>, String>;

/// The picture of a stamp, ready to be placed.
#[derive(Clone)]
pub(crate) enum Drawn {
    Image(Arc<Image>),
    Page(Arc<Scene>),
    Broken(String),
}

/// Address of the resource, bold, italic.
type UseKey = (usize, bool, bool);

/// What is shown beside the page's own content.
#[derive(Clone, Copy, Debug)]
pub struct View<'a> {
    /// Stamps of all pages; each is drawn on its own page only.
    pub stamps: &'a [Stamp],
    /// Annotations.
    pub annotations: bool,
}

impl Default for View<'_> {
    fn default() -> Self {
        Self {
            stamps: &[],
            annotations: true,
        }
    }
}

/// A page or a template with its own resources.
struct Sheet {
    content: Element,
    resources: ResourceSet,
    foreground: bool,
}

impl<'a> Document<'a> {
    /// Reads the document's resources. Parts that cannot be read become warnings of the pages.
    pub fn new(
        package: &'a Package,
        document: &'a ofd::Document,
        fonts: &'a FontLibrary,
        limits: Limits,
    ) -> Self {
        let mut shared = ResourceSet::default();
        for link in document.public_res.iter().chain(&document.document_res) {
            shared.add(package, link);
        }
        Self {
            package,
            document,
            fonts,
            limits,
            nesting: 0,
            shared,
            faces: RefCell::default(),
            uses: RefCell::default(),
            images: RefCell::default(),
            masked: RefCell::default(),
            stamps: RefCell::default(),
            image_pixels: Cell::new(0),
        }
    }

    /// How many pages there are.
    pub fn page_count(&self) -> usize {
        self.document.pages.len()
    }

    /// Lays out a page; the first is 1.
    ///
    /// What is missing or broken on the page becomes a warning; an error says that there is no page, that it
    /// cannot be read at all, or that it is above a limit.
    pub fn scene(&self, number: usize, view: &View<'_>) -> Result<Scene, Error> {
        let found = number
            .checked_sub(1)
            .and_then(|index| self.document.pages.get(index));
        let page = found.ok_or(Error::NoPage {
            wanted: number,
            pages: self.page_count(),
        })?;
        let sheet_box = self.page_box(page)?;
        self.forget();
        let mut scene = Scene::new(sheet_box.width, sheet_box.height, &self.limits);
        for warning in &self.shared.warnings {
            scene.warn(warning.clone());
        }
        let mut sheets = Vec::new();
        self.templates(&page.templates, 0, &mut sheets, &mut scene);
        let own = self.sheet(&page.loc, &page.resources)?;
        let origin = Transform::from_translate(-sheet_box.x as f32, -sheet_box.y as f32);
        for sheet in sheets.iter().filter(|sheet| !sheet.foreground) {
            scene = self.layers(scene, sheet, origin, |_| true)?;
        }
        scene = self.layers(scene, &own, origin, |order| order < FOREGROUND)?;
        for sheet in sheets.iter().filter(|sheet| sheet.foreground) {
            scene = self.layers(scene, sheet, origin, |_| true)?;
        }
        scene = self.layers(scene, &own, origin, |order| order == FOREGROUND)?;
        if view.annotations {
            scene = self.annotations(scene, &own, page.id, origin)?;
        }
        for stamp in view.stamps.iter().filter(|stamp| stamp.page == number) {
            crate::stamp::draw(self, &mut scene, stamp, origin)?;
        }
        Ok(scene)
    }

    /// Images count for the page that shows them, and font resources of pages live no longer than it.
    fn forget(&self) {
        self.uses.borrow_mut().clear();
        self.images.borrow_mut().clear();
        self.masked.borrow_mut().clear();
        self.stamps.borrow_mut().clear();
        self.image_pixels.set(0);
    }

    fn page_box(&self, page: &ofd::Page) -> Result<Box, Error> {
        let area = &self.document.area;
        [
            page.physical_box,
            area.physical_box,
            area.application_box,
            area.content_box,
        ]
        .into_iter()
        .flatten()
        .find(Box::has_area)
        .ok_or(Error::NoSize)
    }

    fn sheet(&self, loc: &Link, links: &[Link]) -> Result<Sheet, Error> {
        let path = loc
            .path()
            .ok_or_else(|| Error::PageMissing { loc: loc.loc.clone() })?;
        let bytes = self.package.read(path)?;
        let content = Element::read(&bytes, &["Page"], self.package.limits())?;
        let mut resources = ResourceSet::default();
        for link in links {
            resources.add(self.package, link);
        }
        Ok(Sheet {
            content,
            resources,
            foreground: false,
        })
    }

    /// Templates in the order of drawing; those that a template draws come before it.
    fn templates(
        &self,
        refs: &[ofd::page::TemplateRef],
        depth: u32,
        sheets: &mut Vec<Sheet>,
        scene: &mut Scene,
    ) {
        for used in refs {
            if depth > TEMPLATE_DEPTH_MAX || sheets.len() >= TEMPLATES_MAX {
                return scene.warn(Warning::NotDrawn {
                    what: "a web of templates",
                });
            }
            let templates = &self.document.templates;
            let Some(template) = templates
                .iter()
                .find(|template| template.id == Some(used.template_id))
            else {
                scene.warn(Warning::ResourceMissing {
                    kind: "template",
                    id: used.template_id,
                });
                continue;
            };
            self.templates(&template.templates, depth + 1, sheets, scene);
            match self.sheet(&template.loc, &template.resources) {
                Ok(sheet) => sheets.push(Sheet {
                    foreground: used.foreground || template.foreground,
                    ..sheet
                }),
                Err(error) => scene.warn(Warning::PartUnreadable {
                    what: "a template",
                    reason: error.to_string(),
                }),
            }
        }
    }

    fn layers(
        &self,
        scene: Scene,
        sheet: &Sheet,
        transform: Transform,
        wanted: impl Fn(u8) -> bool,
    ) -> Result<Scene, Error> {
        let resources = self.resources(sheet);
        let mut painter = Painter::new(self, resources, scene);
        for warning in &sheet.resources.warnings {
            painter.scene.warn(warning.clone());
        }
        let contents = sheet.content.children_named("Content");
        let mut layers: Vec<&Element> = contents
            .flat_map(|content| content.children_named("Layer"))
            .collect();
        layers.sort_by_key(|layer| layer_order(layer));
        for layer in layers.into_iter().filter(|layer| wanted(layer_order(layer))) {
            let frame = Frame {
                transform,
                clip: None,
                alpha: 1.0,
                param: param_id(layer, "DrawParam"),
                depth: 0,
            };
            painter.objects(layer, &frame)?;
        }
        Ok(painter.scene)
    }

    fn resources<'s>(&'s self, sheet: &'s Sheet) -> Resources<'s> {
        Resources {
            page: &sheet.resources,
            document: &self.shared,
        }
    }

    /// Annotations of the page, in their order (GB/T 33190-2016 15).
    fn annotations(
        &self,
        scene: Scene,
        sheet: &Sheet,
        page: Option<u32>,
        origin: Transform,
    ) -> Result<Scene, Error> {
        let mut painter = Painter::new(self, self.resources(sheet), scene);
        let parts = match self.annotation_parts(page) {
            Ok(parts) => parts,
            Err(error) => {
                painter.scene.warn(Warning::PartUnreadable {
                    what: "the annotations",
                    reason: error.to_string(),
                });
                Vec::new()
            }
        };
        for part in &parts {
            for annotation in part.children_named("Annot") {
                if annotation.attribute("Visible").and_then(boolean) == Some(false) {
                    continue;
                }
                let Some(appearance) = annotation.child("Appearance") else {
                    continue;
                };
                let place = appearance
                    .attribute("Boundary")
                    .and_then(Box::parse)
                    .unwrap_or_default();
                let frame = Frame {
                    transform: origin.pre_translate(place.x as f32, place.y as f32),
                    clip: None,
                    alpha: 1.0,
                    param: None,
                    depth: 0,
                };
                painter.objects(appearance, &frame)?;
            }
        }
        Ok(painter.scene)
    }

    fn annotation_parts(&self, page: Option<u32>) -> Result<Vec<Element>, ofd::Error> {
        let limits = self.package.limits();
        let mut parts = Vec::new();
        for path in self.document.annotations.iter().filter_map(Link::path) {
            let list = Element::read(&self.package.read(path)?, &["Annotations"], limits)?;
            for entry in list
                .children_named("Page")
                .filter(|entry| param_id(entry, "PageID") == page)
            {
                let loc = entry.child("FileLoc").map_or("", |loc| loc.text.as_str());
                if let Some(part) = self.package.resolve(loc, path).path() {
                    parts.push(Element::read(&self.package.read(part)?, &["PageAnnot"], limits)?);
                }
            }
        }
        Ok(parts)
    }

    /// An image of the package, decoded once a page.
    pub(crate) fn image(&self, link: &Link) -> Decoded {
        let path = link.path().ok_or("the file is missing in the package")?;
        if let Some(known) = self.images.borrow().get(path) {
            return known.clone();
        }
        let bytes = self.package.read(path).map_err(|error| error.to_string());
        let decoded = bytes.and_then(|bytes| self.decode(&bytes)).map(Arc::new);
        self.images.borrow_mut().insert(path.clone(), decoded.clone());
        decoded
    }

    /// An image with another one as its mask, made once a page.
    pub(crate) fn masked_image(&self, link: &Link, mask: &Link) -> Decoded {
        let image = self.image(link)?;
        let (Some(path), Some(mask_path), Ok(mask)) = (link.path(), mask.path(), self.image(mask)) else {
            return Ok(image);
        };
        let key = (path.clone(), mask_path.clone());
        if let Some(known) = self.masked.borrow().get(&key) {
            return known.clone();
        }
        let made = self
            .charge(image.pixel_count())
            .map(|()| Arc::new(image.masked_by(&mask)));
        self.masked.borrow_mut().insert(key, made.clone());
        made
    }

    /// Decodes an image within what the page may still have.
    pub(crate) fn decode(&self, bytes: &Arc<[u8]>) -> Result<Image, String> {
        let left = self
            .limits
            .images_pixels_max
            .saturating_sub(self.image_pixels.get());
        let limits = Limits {
            image_pixels_max: self.limits.image_pixels_max.min(left),
            ..self.limits.clone()
        };
        let image = picture::decode(bytes, &limits)?;
        self.charge(image.pixel_count())?;
        Ok(image)
    }

    pub(crate) fn charge(&self, pixels: u64) -> Result<(), String> {
        let sum = self.image_pixels.get().saturating_add(pixels);
        if sum > self.limits.images_pixels_max {
            let max = self.limits.images_pixels_max;
            return Err(format!(
                "the pixels of all images of the page are above the limit of {max}"
            ));
        }
        self.image_pixels.set(sum);
        Ok(())
    }

    /// The font of a text object.
    pub(crate) fn font(&self, font: Option<&Font>, bold: bool, italic: bool) -> Arc<FontUse> {
        let key = (
            font.map_or(0, |font| std::ptr::from_ref(font) as usize),
            bold,
            italic,
        );
        if let Some(known) = self.uses.borrow().get(&key) {
            return Arc::clone(known);
        }
        let file = font
            .and_then(|font| font.file.as_ref())
            .map(|link| link.path().and_then(|path| self.face(path)));
        let made = Arc::new(FontUse::new(font, file, bold, italic, self.fonts));
        self.uses.borrow_mut().insert(key, Arc::clone(&made));
        made
    }

    fn face(&self, path: &PartPath) -> Option<Arc<Face>> {
        if let Some(known) = self.faces.borrow().get(path) {
            return known.clone();
        }
        let small = self
            .package
            .entry(path)
            .is_some_and(|entry| entry.size() <= self.limits.font_bytes_max);
        let bytes = small.then(|| self.package.read(path).ok()).flatten();
        let face = bytes.and_then(|bytes| Face::new(bytes.to_vec(), 0));
        let face = face.map(Arc::new);
        self.faces.borrow_mut().insert(path.clone(), face.clone());
        face
    }
}

const FOREGROUND: u8 = 2;

/// Background, body, foreground.
fn layer_order(layer: &Element) -> u8 {
    match layer.attribute("Type").map(str::trim) {
        Some("Background") => 0,
        Some("Foreground") => FOREGROUND,
        _ => 1,
    }
}
