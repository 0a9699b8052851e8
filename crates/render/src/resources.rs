//! Resource parts (GB/T 33190-2016 7.9): fonts, colour spaces, drawing parameters, media, composite units.

use std::collections::HashMap;

use ofd::{Element, Link, Package, PartPath};

use crate::Warning;
use crate::color::ColorSpace;

/// What one group of resource parts defines. A later definition of an ID does not replace an earlier one.
#[derive(Default)]
pub(crate) struct ResourceSet {
    pub(crate) fonts: HashMap<u32, Font>,
    pub(crate) spaces: HashMap<u32, ColorSpace>,
    pub(crate) params: HashMap<u32, Element>,
    pub(crate) media: HashMap<u32, Link>,
    pub(crate) units: HashMap<u32, Element>,
    pub(crate) warnings: Vec<Warning>,
}

/// `Font`.
pub(crate) struct Font {
    pub(crate) name: String,
    pub(crate) family: String,
    pub(crate) bold: bool,
    pub(crate) italic: bool,
    pub(crate) serif: bool,
    pub(crate) fixed: bool,
    /// `FontFile`.
    pub(crate) file: Option<Link>,
}

impl ResourceSet {
    /// Adds what the part behind `link` defines.
    pub(crate) fn add(&mut self, package: &Package, link: &Link) {
        let Some(path) = link.path() else {
            return self.unreadable(&link.loc);
        };
        let read = package
            .read(path)
            .and_then(|bytes| Element::read(&bytes, &["Res"], package.limits()));
        match read {
            Ok(root) => self.add_root(package, path, root),
            Err(error) => self.unreadable(&error.to_string()),
        }
    }

    fn unreadable(&mut self, reason: &str) {
        self.warnings.push(Warning::PartUnreadable {
            what: "a resource part",
            reason: reason.to_owned(),
        });
    }

    fn add_root(&mut self, package: &Package, path: &PartPath, root: Element) {
        let base = root.attribute("BaseLoc").unwrap_or_default().to_owned();
        for group in root.children {
            for item in group.children {
                let Some(id) = id(&item) else { continue };
                match item.name.as_str() {
                    "Font" => {
                        let font = font(package, path, &base, &item);
                        self.fonts.entry(id).or_insert(font);
                    }
                    "ColorSpace" => {
                        self.spaces.entry(id).or_insert_with(|| ColorSpace::read(&item));
                    }
                    "DrawParam" => {
                        self.params.entry(id).or_insert(item);
                    }
                    "MultiMedia" => {
                        if let Some(file) = item.child("MediaFile") {
                            let link = package.resolve_resource(&base, &file.text, path);
                            self.media.entry(id).or_insert(link);
                        }
                    }
                    "CompositeGraphicUnit" => {
                        self.units.entry(id).or_insert(item);
                    }
                    _ => {}
                }
            }
        }
    }
}

fn font(package: &Package, path: &PartPath, base: &str, item: &Element) -> Font {
    let text = |name| item.attribute(name).unwrap_or_default().trim().to_owned();
    let flag = |name| {
        item.attribute(name)
            .is_some_and(|value| boolean(value) == Some(true))
    };
    Font {
        name: text("FontName"),
        family: text("FamilyName"),
        bold: flag("Bold"),
        italic: flag("Italic"),
        serif: flag("Serif"),
        fixed: flag("FixedWidth"),
        file: item
            .child("FontFile")
            .map(|file| package.resolve_resource(base, &file.text, path)),
    }
}

/// The attribute `ID`.
fn id(element: &Element) -> Option<u32> {
    element.attribute("ID")?.trim().parse().ok()
}

/// The sets that are looked into, first the page's own.
#[derive(Clone, Copy)]
pub(crate) struct Resources<'a> {
    pub(crate) page: &'a ResourceSet,
    pub(crate) document: &'a ResourceSet,
}

impl<'a> Resources<'a> {
    pub(crate) fn font(&self, id: u32) -> Option<&'a Font> {
        self.page.fonts.get(&id).or_else(|| self.document.fonts.get(&id))
    }

    pub(crate) fn space(&self, id: u32) -> Option<&'a ColorSpace> {
        self.page
            .spaces
            .get(&id)
            .or_else(|| self.document.spaces.get(&id))
    }

    pub(crate) fn param(&self, id: u32) -> Option<&'a Element> {
        self.page
            .params
            .get(&id)
            .or_else(|| self.document.params.get(&id))
    }

    pub(crate) fn media(&self, id: u32) -> Option<&'a Link> {
        self.page.media.get(&id).or_else(|| self.document.media.get(&id))
    }

    pub(crate) fn unit(&self, id: u32) -> Option<&'a Element> {
        self.page.units.get(&id).or_else(|| self.document.units.get(&id))
    }
}

/// `xs:boolean`, and the capitals that some producers write.
pub(crate) fn boolean(value: &str) -> Option<bool> {
    match value.trim().to_ascii_lowercase().as_str() {
        "true" | "1" => Some(true),
        "false" | "0" => Some(false),
        _ => None,
    }
}
