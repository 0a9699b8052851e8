//! A signature field with its appearances, as an incremental update.

use std::collections::BTreeMap;

use crate::document::Document;
use crate::error::{Error, structure};
use crate::field::{fields, form};
use crate::filter::deflate;
use crate::object::{Dictionary, Object, ObjectId};
use crate::page::{Page, pages};
use crate::update::{Appended, Update};
use crate::write::number_text;

/// A signature to be added.
pub struct NewSignature<'a> {
    /// `/Filter`, the name of the handler.
    pub filter: &'a str,
    /// `/SubFilter`, the form of the value.
    pub sub_filter: &'a str,
    /// Room for the value, in bytes.
    pub value_bytes: usize,
    /// `/M`, a PDF date.
    pub time: &'a str,
    /// `/Name`, who signs; may be any text.
    pub name: &'a str,
    /// Certifies the document (DocMDP) and permits this much afterwards: 1, 2 or 3.
    pub certify: Option<u8>,
    /// What is shown.
    pub picture: &'a Picture,
    /// Where it is shown; one appearance each.
    pub appearances: &'a [Appearance],
    /// The new second half of the file's identifier.
    pub file_id: &'a [u8],
}

/// What is shown of a seal.
#[derive(Clone, Debug, PartialEq)]
pub enum Picture {
    /// Pixels.
    Pixels {
        /// In pixels.
        width: u32,
        /// In pixels.
        height: u32,
        /// Red, green, blue for each pixel, deflated (zlib).
        colours: Vec<u8>,
        /// Opacity of each pixel, deflated (zlib).
        opacity: Vec<u8>,
    },
    /// Outlines.
    Drawing(Drawing),
}

impl Picture {
    /// What it takes in memory and in a file, in bytes.
    pub fn size_bytes(&self) -> usize {
        match self {
            Self::Pixels { colours, opacity, .. } => colours.len() + opacity.len(),
            Self::Drawing(drawing) => drawing.content.len(),
        }
    }
}

/// A drawing of lines and areas.
#[derive(Clone, Debug, PartialEq)]
pub struct Drawing {
    /// Width and height in its own units, counted from the upper left corner.
    pub size: (f64, f64),
    /// Operators of a content stream that need no resources (ISO 32000-1 §8).
    pub content: Vec<u8>,
}

/// One appearance. Boxes are left, upper, width, height in mm from the upper left corner.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Appearance {
    /// Index of the page, from 0.
    pub page: usize,
    /// The whole seal on the page as seen.
    pub seal: [f64; 4],
    /// The part of the seal that shows, in the seal's own coordinates.
    pub part: [f64; 4],
}

/// The update that adds a signature, its value still to be filled in.
pub fn add_signature(document: &Document<'_>, new: &NewSignature<'_>) -> Result<Appended, Error> {
    let pages = pages(document)?;
    let mut update = Update::new(document)?;
    let value = update.add_signature(signature_dictionary(new), new.value_bytes);
    let image = add_picture(&mut update, new.picture);
    let field = update.add(Object::Null);
    let mut widgets: BTreeMap<usize, Vec<Object>> = BTreeMap::new();
    let mut own = Vec::new();
    for appearance in new.appearances {
        let page = match pages.get(appearance.page) {
            Some(page) if page.id.is_some() => page,
            _ => return structure("page", "it does not exist, or is no object of its own"),
        };
        let widget = widget(&mut update, document, page, appearance, image);
        own.push((appearance.page, widget));
    }
    let mut dictionary = Dictionary::default();
    if let [(page, widget)] = &own[..] {
        // One widget stands in its field: some readers, poppler among them, take a widget of its own for a field.
        dictionary = widget.clone();
        widgets.insert(*page, vec![Object::Reference(field)]);
    } else {
        let mut kids = Vec::new();
        for (page, mut widget) in own {
            widget.set("Parent", Object::Reference(field));
            let widget = Object::Reference(update.add(Object::Dictionary(widget)));
            widgets.entry(page).or_default().push(widget.clone());
            kids.push(widget);
        }
        dictionary.set("Kids", Object::Array(kids));
    }
    dictionary.set("FT", Object::name("Sig"));
    dictionary.set("T", Object::text(free_name(document, "Seal")?.as_bytes()));
    dictionary.set("V", Object::Reference(value));
    update.replace(field, Object::Dictionary(dictionary));
    for (page, added) in widgets {
        add_annotations(&mut update, document, &pages[page], added)?;
    }
    add_to_form(&mut update, document, field, new.certify.map(|_| value))?;
    update.write(new.file_id)
}

fn signature_dictionary(new: &NewSignature<'_>) -> Dictionary {
    let mut dictionary = Dictionary::default();
    dictionary.set("Type", Object::name("Sig"));
    dictionary.set("Filter", Object::name(new.filter));
    dictionary.set("SubFilter", Object::name(new.sub_filter));
    dictionary.set("M", Object::text(new.time.as_bytes()));
    dictionary.set("Name", Object::text(&utf16(new.name)));
    if let Some(permits) = new.certify {
        let mut parameters = Dictionary::default();
        parameters.set("Type", Object::name("TransformParams"));
        parameters.set("P", Object::Integer(i64::from(permits)));
        parameters.set("V", Object::name("1.2"));
        let mut reference = Dictionary::default();
        reference.set("Type", Object::name("SigRef"));
        reference.set("TransformMethod", Object::name("DocMDP"));
        reference.set("TransformParams", Object::Dictionary(parameters));
        dictionary.set("Reference", Object::Array(vec![Object::Dictionary(reference)]));
    }
    dictionary
}

/// Text for people (ISO 32000-1 §7.9.2.2).
fn utf16(text: &str) -> Vec<u8> {
    if text.is_ascii() {
        return text.as_bytes().to_vec();
    }
    [0xFE, 0xFF]
        .into_iter()
        .chain(text.encode_utf16().flat_map(u16::to_be_bytes))
        .collect()
}

/// An object that fills the square from 0 to 1 when it is drawn.
fn add_picture(update: &mut Update<'_, '_>, picture: &Picture) -> ObjectId {
    match picture {
        Picture::Pixels {
            width,
            height,
            colours,
            opacity,
        } => {
            let mask = update.add_stream(image("DeviceGray", *width, *height), opacity.clone());
            let mut dictionary = image("DeviceRGB", *width, *height);
            dictionary.set("SMask", Object::Reference(mask));
            update.add_stream(dictionary, colours.clone())
        }
        Picture::Drawing(drawing) => {
            let (width, height) = drawing.size;
            let mut dictionary = Dictionary::default();
            dictionary.set("Type", Object::name("XObject"));
            dictionary.set("Subtype", Object::name("Form"));
            dictionary.set("BBox", numbers(&[0.0, 0.0, width, height]));
            dictionary.set(
                "Matrix",
                numbers(&[1.0 / width, 0.0, 0.0, -1.0 / height, 0.0, 1.0]),
            );
            dictionary.set("Resources", Object::Dictionary(Dictionary::default()));
            dictionary.set("Filter", Object::name("FlateDecode"));
            update.add_stream(dictionary, deflate(&drawing.content))
        }
    }
}

fn image(space: &str, width: u32, height: u32) -> Dictionary {
    let mut dictionary = Dictionary::default();
    dictionary.set("Type", Object::name("XObject"));
    dictionary.set("Subtype", Object::name("Image"));
    dictionary.set("Width", Object::Integer(i64::from(width)));
    dictionary.set("Height", Object::Integer(i64::from(height)));
    dictionary.set("ColorSpace", Object::name(space));
    dictionary.set("BitsPerComponent", Object::Integer(8));
    dictionary.set("Filter", Object::name("FlateDecode"));
    dictionary
}

/// A widget without its field.
fn widget(
    update: &mut Update<'_, '_>,
    document: &Document<'_>,
    page: &Page,
    appearance: &Appearance,
    image: ObjectId,
) -> Dictionary {
    let view = page.view(document);
    let [x, y, width, height] = appearance.seal;
    let [part_x, part_y, part_width, part_height] = appearance.part;
    let rectangle = view.to_user_space([x + part_x, y + part_y, part_width, part_height]);
    let units = |mm: f64| mm / view.unit_mm;
    // The box is the part that shows; the whole seal is drawn, and what lies outside of the box is cut off.
    let content = format!(
        "q {} 0 0 {} {} {} cm /Seal Do Q",
        number_text(units(width)),
        number_text(units(height)),
        number_text(units(-part_x)),
        number_text(units(part_y + part_height - height)),
    );
    let mut images = Dictionary::default();
    images.set("Seal", Object::Reference(image));
    let mut resources = Dictionary::default();
    resources.set("XObject", Object::Dictionary(images));
    let mut drawing = Dictionary::default();
    drawing.set("Type", Object::name("XObject"));
    drawing.set("Subtype", Object::name("Form"));
    drawing.set(
        "BBox",
        numbers(&[0.0, 0.0, units(part_width), units(part_height)]),
    );
    drawing.set("Matrix", numbers(&view.upright()));
    drawing.set("Resources", Object::Dictionary(resources));
    let drawing = update.add_stream(drawing, content.into_bytes());
    let mut normal = Dictionary::default();
    normal.set("N", Object::Reference(drawing));
    let mut widget = Dictionary::default();
    widget.set("Type", Object::name("Annot"));
    widget.set("Subtype", Object::name("Widget"));
    widget.set("Rect", numbers(&rectangle));
    // Print, and locked: nobody moves it by accident (ISO 32000-1 table 165).
    widget.set("F", Object::Integer(132));
    widget.set("AP", Object::Dictionary(normal));
    if let Some(id) = page.id {
        widget.set("P", Object::Reference(id));
    }
    widget
}

fn numbers(numbers: &[f64]) -> Object {
    Object::Array(numbers.iter().copied().map(Object::Real).collect())
}

/// A name that no field of the document has.
pub(crate) fn free_name(document: &Document<'_>, stem: &str) -> Result<String, Error> {
    let taken: Vec<String> = fields(document)?.into_iter().map(|field| field.name).collect();
    let mut number = 1;
    loop {
        let name = format!("{stem}{number}");
        // A field below another one would have the other one's name before a dot.
        if !taken
            .iter()
            .any(|other| *other == name || other.starts_with(&format!("{name}.")))
        {
            return Ok(name);
        }
        number += 1;
    }
}

pub(crate) fn add_annotations(
    update: &mut Update<'_, '_>,
    document: &Document<'_>,
    page: &Page,
    added: Vec<Object>,
) -> Result<(), Error> {
    let Some(id) = page.id else {
        return structure("page", "it is no object of its own");
    };
    let Object::Dictionary(mut dictionary) = update.current(id)? else {
        return structure("page", "it is no dictionary");
    };
    let list = dictionary.get("Annots").cloned();
    let mut annotations = match document.get(&dictionary, "Annots")? {
        Some(annotations) => annotations.as_array().unwrap_or_default().to_vec(),
        None => Vec::new(),
    };
    annotations.extend(added);
    match list {
        Some(Object::Reference(list)) => update.replace(list, Object::Array(annotations)),
        _ => {
            dictionary.set("Annots", Object::Array(annotations));
            update.replace(id, Object::Dictionary(dictionary));
        }
    }
    Ok(())
}

/// The form gains the field; the catalogue changes only where it has to.
pub(crate) fn add_to_form(
    update: &mut Update<'_, '_>,
    document: &Document<'_>,
    field: ObjectId,
    certified_by: Option<ObjectId>,
) -> Result<(), Error> {
    let Some(root) = document.trailer().get("Root").and_then(Object::as_reference) else {
        return structure("catalogue", "/Root is no reference");
    };
    let Object::Dictionary(mut catalog) = update.current(root)? else {
        return structure("catalogue", "it is no dictionary");
    };
    let place = catalog.get("AcroForm").and_then(Object::as_reference);
    let mut dictionary = form(document)?.unwrap_or_default();
    let list = dictionary.get("Fields").and_then(Object::as_reference);
    let mut roots = match document.get(&dictionary, "Fields")? {
        Some(roots) => roots.as_array().unwrap_or_default().to_vec(),
        None => Vec::new(),
    };
    roots.push(Object::Reference(field));
    match list {
        Some(list) => update.replace(list, Object::Array(roots)),
        None => dictionary.set("Fields", Object::Array(roots)),
    }
    // Signatures exist, and only appending keeps them (ISO 32000-1 table 219).
    dictionary.set("SigFlags", Object::Integer(3));
    match place {
        Some(place) => update.replace(place, Object::Dictionary(dictionary)),
        None => catalog.set("AcroForm", Object::Dictionary(dictionary)),
    }
    if let Some(value) = certified_by {
        let mut permissions = Dictionary::default();
        permissions.set("DocMDP", Object::Reference(value));
        catalog.set("Perms", Object::Dictionary(permissions));
    }
    if place.is_none() || certified_by.is_some() {
        update.replace(root, Object::Dictionary(catalog));
    }
    Ok(())
}
