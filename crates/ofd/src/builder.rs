//! Making OFD documents from nothing: for fixtures, demonstrations, benches and tests of the whole system.
//!
//! What comes out is valid under the schemas of GB/T 33190-2016, and equal calls give equal bytes: there is no
//! clock, no randomness, and identifiers are counted in the order of the calls.
//!
//! ```
//! use ofd::builder::{A4, DocumentBuilder, Drawing};
//!
//! let mut document = DocumentBuilder::new("9b0b8d3ac6e34b0c8a5a5f0e7d1c2b3a");
//! let song = document.font("宋体");
//! document.title("证明").creation_date("2026-01-01");
//! document.page(A4, Drawing::new().text(song, 5.6444, 20.0, 30.0, "请在此处盖章"));
//! let bytes = document.build()?;
//! assert!(bytes.starts_with(b"PK"));
//! # Ok::<(), ofd::Error>(())
//! ```

mod drawing;
mod parts;

use std::cmp::Ordering;
use std::io::Write;

pub use drawing::{Drawing, Steps, Text};
use parts::Part;

use crate::Error;
use crate::geometry::Box;
use crate::xml_writer::XmlWriter;
use crate::zip_writer::{Method, ZipWriter};

/// Width and height of a sheet of A4, in mm.
pub const A4: (f64, f64) = (210.0, 297.0);

/// A package: one document or more (`DocBody`), and how its entries are written.
pub struct PackageBuilder {
    documents: Vec<DocumentBuilder>,
    entries: Vec<(String, Vec<u8>)>,
    stored: Vec<String>,
    order: Option<fn(&str, &str) -> Ordering>,
}

impl PackageBuilder {
    /// A package of one document, all entries deflated, `OFD.xml` first.
    pub fn new(document: DocumentBuilder) -> Self {
        Self {
            documents: vec![document],
            entries: Vec::new(),
            stored: Vec::new(),
            order: None,
        }
    }

    /// One more document.
    #[must_use]
    pub fn document(mut self, document: DocumentBuilder) -> Self {
        self.documents.push(document);
        self
    }

    /// One more entry, at the end, that no part of the document knows.
    #[must_use]
    pub fn entry(mut self, name: &str, bytes: Vec<u8>) -> Self {
        self.entries.push((name.to_owned(), bytes));
        self
    }

    /// Entries whose name ends so are stored, not deflated; "" means all.
    #[must_use]
    pub fn store(mut self, suffix: &str) -> Self {
        self.stored.push(suffix.to_owned());
        self
    }

    /// Entries are written in this order of their names; equal ones stay as they are.
    #[must_use]
    pub fn order(mut self, order: fn(&str, &str) -> Ordering) -> Self {
        self.order = Some(order);
        self
    }

    /// The package in memory. Fails only for an entry name of more than 65 535 bytes.
    pub fn build(&self) -> Result<Vec<u8>, Error> {
        let mut out = Vec::new();
        self.write(&mut out)?;
        Ok(out)
    }

    /// Writes the package entry by entry; beside what the documents hold, one deflated entry is in memory.
    pub fn write(&self, out: &mut dyn Write) -> Result<(), Error> {
        let mut parts = vec![Part::new("OFD.xml".to_owned(), self.ofd_xml())];
        for (index, document) in self.documents.iter().enumerate() {
            document.add_parts(&format!("Doc_{index}"), &mut parts);
        }
        parts.extend(
            self.entries
                .iter()
                .map(|(name, bytes)| Part::new(name.clone(), bytes.as_slice())),
        );
        if let Some(order) = self.order {
            parts.sort_by(|one, other| order(&one.name, &other.name));
        }
        let mut zip = ZipWriter::new(out);
        for part in &parts {
            let stored = self
                .stored
                .iter()
                .any(|suffix| part.name.ends_with(suffix.as_str()));
            let method = if stored { Method::Stored } else { Method::Deflated };
            zip.add(&part.name, &part.bytes, method)?;
        }
        zip.finish()?;
        Ok(())
    }

    fn ofd_xml(&self) -> Vec<u8> {
        let mut xml = XmlWriter::new("OFD", &[("Version", &"1.0"), ("DocType", &"OFD")]);
        for (index, document) in self.documents.iter().enumerate() {
            document.write_body(&mut xml, &format!("Doc_{index}"));
        }
        xml.finish()
    }
}

/// One document: what it says about itself, its resources, templates, pages and the rest.
///
/// Methods that add a thing with an identifier return that identifier (`ST_ID`).
#[derive(Clone, Debug)]
pub struct DocumentBuilder {
    doc_id: String,
    title: Option<String>,
    author: Option<String>,
    creator: Option<String>,
    creation_date: Option<String>,
    custom_data: Vec<(String, String)>,
    last_id: u32,
    fonts: Vec<Font>,
    images: Vec<Image>,
    templates: Vec<Page>,
    pages: Vec<Page>,
    annotations: Vec<(u32, u32, Annotation)>,
    attachments: Vec<Attachment>,
    custom_tags: Vec<(String, Vec<u8>)>,
    permissions: Option<Permissions>,
}

#[derive(Clone, Debug)]
struct Font {
    id: u32,
    name: String,
    /// Extension and bytes of the font file.
    file: Option<(String, Vec<u8>)>,
}

#[derive(Clone, Debug)]
struct Image {
    id: u32,
    format: ImageFormat,
    bytes: Vec<u8>,
}

/// A page or a template page.
#[derive(Clone, Debug)]
struct Page {
    id: u32,
    content: Vec<u8>,
}

#[derive(Clone, Debug)]
struct Attachment {
    name: String,
    format: String,
    bytes: Vec<u8>,
}

/// What the bytes of an image are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ImageFormat {
    /// Portable Network Graphics.
    Png,
    /// JPEG.
    Jpeg,
}

/// `Annot`: a note on a page that is no content.
#[derive(Clone, Debug)]
pub struct Annotation {
    /// Which kind.
    pub kind: AnnotationKind,
    /// Who made it.
    pub creator: String,
    /// `xs:date`, as "2026-01-01".
    pub last_mod_date: String,
    /// Place of the appearance on the page, in mm.
    pub boundary: Box,
    /// What it says in words.
    pub remark: Option<String>,
    /// Names and values.
    pub parameters: Vec<(String, String)>,
    /// What is drawn, relative to the boundary.
    pub appearance: Drawing,
}

/// `Annot/@Type`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AnnotationKind {
    /// A link.
    Link,
    /// A figure.
    Path,
    /// Marked text.
    Highlight,
    /// A picture of a stamp; no seal in the sense of GB/T 38540.
    Stamp,
    /// A watermark.
    Watermark,
}

/// `Permissions`; what is `None` is not written and then allowed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Permissions {
    /// Editing.
    pub edit: Option<bool>,
    /// Annotating.
    pub annot: Option<bool>,
    /// Signing, and so stamping.
    pub signature: Option<bool>,
    /// Start and end of `ValidPeriod`: `xs:dateTime`, as "2026-01-01T00:00:00".
    pub valid_period: Option<(String, String)>,
}

impl DocumentBuilder {
    /// An empty document. `doc_id` is 32 hexadecimal digits.
    pub fn new(doc_id: &str) -> Self {
        Self {
            doc_id: doc_id.to_owned(),
            title: None,
            author: None,
            creator: None,
            creation_date: None,
            custom_data: Vec::new(),
            last_id: 0,
            fonts: Vec::new(),
            images: Vec::new(),
            templates: Vec::new(),
            pages: Vec::new(),
            annotations: Vec::new(),
            attachments: Vec::new(),
            custom_tags: Vec::new(),
            permissions: None,
        }
    }

    /// `Title`.
    pub fn title(&mut self, title: &str) -> &mut Self {
        self.title = Some(title.to_owned());
        self
    }

    /// `Author`.
    pub fn author(&mut self, author: &str) -> &mut Self {
        self.author = Some(author.to_owned());
        self
    }

    /// `Creator`: the program that made it.
    pub fn creator(&mut self, creator: &str) -> &mut Self {
        self.creator = Some(creator.to_owned());
        self
    }

    /// `CreationDate`: `xs:date`, as "2026-01-01".
    pub fn creation_date(&mut self, date: &str) -> &mut Self {
        self.creation_date = Some(date.to_owned());
        self
    }

    /// One more `CustomData`.
    pub fn custom_data(&mut self, name: &str, value: &str) -> &mut Self {
        self.custom_data.push((name.to_owned(), value.to_owned()));
        self
    }

    /// `Permissions`.
    pub fn permissions(&mut self, permissions: Permissions) -> &mut Self {
        self.permissions = Some(permissions);
        self
    }

    /// A font that readers must have.
    pub fn font(&mut self, name: &str) -> u32 {
        let id = self.next_id();
        self.fonts.push(Font {
            id,
            name: name.to_owned(),
            file: None,
        });
        id
    }

    /// A font whose file travels in the package; `extension` is "ttf" or "otf".
    pub fn embedded_font(&mut self, name: &str, extension: &str, bytes: Vec<u8>) -> u32 {
        let id = self.next_id();
        self.fonts.push(Font {
            id,
            name: name.to_owned(),
            file: Some((extension.to_owned(), bytes)),
        });
        id
    }

    /// An image as a resource; [`Drawing::image`] puts it on a page.
    pub fn image(&mut self, format: ImageFormat, bytes: Vec<u8>) -> u32 {
        let id = self.next_id();
        self.images.push(Image { id, format, bytes });
        id
    }

    /// A template page of this width and height, in mm.
    pub fn template(&mut self, size: (f64, f64), drawing: Drawing) -> u32 {
        let id = self.next_id();
        let content = drawing.page_xml(size, &[], &mut self.last_id);
        self.templates.push(Page { id, content });
        id
    }

    /// A page of this width and height, in mm; blank with an empty drawing.
    pub fn page(&mut self, size: (f64, f64), drawing: Drawing) -> u32 {
        self.page_on(size, &[], drawing)
    }

    /// A page on templates, which are drawn before it.
    pub fn page_on(&mut self, size: (f64, f64), templates: &[u32], drawing: Drawing) -> u32 {
        let id = self.next_id();
        let content = drawing.page_xml(size, templates, &mut self.last_id);
        self.pages.push(Page { id, content });
        id
    }

    /// An annotation on the page with this identifier.
    pub fn annotation(&mut self, page: u32, annotation: Annotation) -> u32 {
        let id = self.next_id();
        self.annotations.push((page, id, annotation));
        // Its objects are numbered when they are written, right after it.
        self.last_id += self
            .annotations
            .last()
            .map_or(0, |(_, _, annotation)| annotation.appearance.len());
        id
    }

    /// A file that travels with the document; `format` is its extension.
    pub fn attachment(&mut self, name: &str, format: &str, bytes: Vec<u8>) -> &mut Self {
        self.attachments.push(Attachment {
            name: name.to_owned(),
            format: format.to_owned(),
            bytes,
        });
        self
    }

    /// Structured data of a business, as XML of its own namespace.
    pub fn custom_tag(&mut self, namespace: &str, xml: Vec<u8>) -> &mut Self {
        self.custom_tags.push((namespace.to_owned(), xml));
        self
    }

    /// The package of this document alone: see [`PackageBuilder::build`].
    pub fn build(self) -> Result<Vec<u8>, Error> {
        PackageBuilder::new(self).build()
    }

    fn next_id(&mut self) -> u32 {
        self.last_id += 1;
        self.last_id
    }
}

impl ImageFormat {
    fn name(self) -> &'static str {
        match self {
            Self::Png => "PNG",
            Self::Jpeg => "JPEG",
        }
    }

    fn extension(self) -> &'static str {
        match self {
            Self::Png => "png",
            Self::Jpeg => "jpg",
        }
    }
}

impl AnnotationKind {
    fn name(self) -> &'static str {
        match self {
            Self::Link => "Link",
            Self::Path => "Path",
            Self::Highlight => "Highlight",
            Self::Stamp => "Stamp",
            Self::Watermark => "Watermark",
        }
    }
}

#[cfg(test)]
mod tests;
