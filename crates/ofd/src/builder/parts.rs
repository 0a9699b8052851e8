//! The parts of a document, in the order of the schemas.

use std::borrow::Cow;
use std::fmt::Display;

use super::{A4, Annotation, DocumentBuilder, Page, Permissions};
use crate::geometry::Box;
use crate::xml_writer::XmlWriter;

/// One entry of the package.
pub(super) struct Part<'a> {
    pub(super) name: String,
    pub(super) bytes: Cow<'a, [u8]>,
}

impl<'a> Part<'a> {
    pub(super) fn new(name: String, bytes: impl Into<Cow<'a, [u8]>>) -> Self {
        Self {
            name,
            bytes: bytes.into(),
        }
    }
}

impl DocumentBuilder {
    /// `DocBody` in `OFD.xml`.
    pub(super) fn write_body(&self, xml: &mut XmlWriter, folder: &str) {
        xml.open("DocBody", &[]);
        xml.open("DocInfo", &[]);
        xml.leaf("DocID", &[], &self.doc_id);
        let infos = [
            ("Title", &self.title),
            ("Author", &self.author),
            ("CreationDate", &self.creation_date),
            ("Creator", &self.creator),
        ];
        for (name, value) in infos {
            if let Some(value) = value {
                xml.leaf(name, &[], value);
            }
        }
        if !self.custom_data.is_empty() {
            xml.open("CustomDatas", &[]);
            for (name, value) in &self.custom_data {
                xml.leaf("CustomData", &[("Name", name)], value);
            }
            xml.close();
        }
        xml.close();
        xml.leaf("DocRoot", &[], &format!("{folder}/Document.xml"));
        xml.close();
    }

    /// All entries of the document, below `folder`.
    pub(super) fn add_parts<'a>(&'a self, folder: &str, parts: &mut Vec<Part<'a>>) {
        let mut add =
            |name: String, bytes: Cow<'a, [u8]>| parts.push(Part::new(format!("{folder}/{name}"), bytes));
        add("Document.xml".to_owned(), self.document_xml().into());
        if !self.fonts.is_empty() {
            add("PublicRes.xml".to_owned(), self.public_res_xml().into());
        }
        if !self.images.is_empty() {
            add("DocumentRes.xml".to_owned(), self.document_res_xml().into());
        }
        for font in &self.fonts {
            if let Some((extension, bytes)) = &font.file {
                add(format!("Res/Font_{}.{extension}", font.id), bytes.into());
            }
        }
        for image in &self.images {
            add(
                format!("Res/Image_{}.{}", image.id, image.format.extension()),
                (&image.bytes).into(),
            );
        }
        for (index, template) in self.templates.iter().enumerate() {
            add(
                format!("Tpls/Tpl_{index}/Content.xml"),
                (&template.content).into(),
            );
        }
        for (index, page) in self.pages.iter().enumerate() {
            add(format!("Pages/Page_{index}/Content.xml"), (&page.content).into());
        }
        if !self.annotations.is_empty() {
            add("Annots/Annotations.xml".to_owned(), self.annotations_xml().into());
            for (index, page) in self.annotated_pages() {
                add(
                    format!("Annots/Page_{index}/Annotation.xml"),
                    self.page_annot_xml(page).into(),
                );
            }
        }
        if !self.attachments.is_empty() {
            add(
                "Attachs/Attachments.xml".to_owned(),
                self.attachments_xml().into(),
            );
            for (index, attachment) in self.attachments.iter().enumerate() {
                add(
                    format!("Attachs/Attach_{index}.{}", attachment.format),
                    (&attachment.bytes).into(),
                );
            }
        }
        if !self.custom_tags.is_empty() {
            add("Tags/CustomTags.xml".to_owned(), self.custom_tags_xml().into());
            for (index, (_, bytes)) in self.custom_tags.iter().enumerate() {
                add(format!("Tags/Tag_{index}.xml"), bytes.into());
            }
        }
    }

    fn document_xml(&self) -> Vec<u8> {
        let mut xml = XmlWriter::new("Document", &[]);
        xml.open("CommonData", &[]);
        xml.leaf("MaxUnitID", &[], &self.last_id);
        xml.open("PageArea", &[]);
        xml.leaf("PhysicalBox", &[], &Box::new(0.0, 0.0, A4.0, A4.1));
        xml.close();
        if !self.fonts.is_empty() {
            xml.leaf("PublicRes", &[], &"PublicRes.xml");
        }
        if !self.images.is_empty() {
            xml.leaf("DocumentRes", &[], &"DocumentRes.xml");
        }
        for (index, template) in self.templates.iter().enumerate() {
            let loc = format!("Tpls/Tpl_{index}/Content.xml");
            xml.empty(
                "TemplatePage",
                &[("ID", &template.id), ("ZOrder", &"Background"), ("BaseLoc", &loc)],
            );
        }
        xml.close();
        xml.open("Pages", &[]);
        for (index, page) in self.pages.iter().enumerate() {
            xml.empty(
                "Page",
                &[
                    ("ID", &page.id),
                    ("BaseLoc", &format!("Pages/Page_{index}/Content.xml")),
                ],
            );
        }
        xml.close();
        if let Some(permissions) = &self.permissions {
            permissions.write(&mut xml);
        }
        let links = [
            (
                "Annotations",
                "Annots/Annotations.xml",
                self.annotations.is_empty(),
            ),
            ("CustomTags", "Tags/CustomTags.xml", self.custom_tags.is_empty()),
            (
                "Attachments",
                "Attachs/Attachments.xml",
                self.attachments.is_empty(),
            ),
        ];
        for (name, loc, _) in links.into_iter().filter(|(_, _, is_empty)| !is_empty) {
            xml.leaf(name, &[], &loc);
        }
        xml.finish()
    }

    fn public_res_xml(&self) -> Vec<u8> {
        let mut xml = XmlWriter::new("Res", &[("BaseLoc", &"Res")]);
        xml.open("Fonts", &[]);
        for font in &self.fonts {
            let attributes: [(&'static str, &dyn Display); 2] = [("ID", &font.id), ("FontName", &font.name)];
            match &font.file {
                None => xml.empty("Font", &attributes),
                Some((extension, _)) => {
                    xml.open("Font", &attributes);
                    xml.leaf("FontFile", &[], &format!("Font_{}.{extension}", font.id));
                    xml.close();
                }
            }
        }
        xml.finish()
    }

    fn document_res_xml(&self) -> Vec<u8> {
        let mut xml = XmlWriter::new("Res", &[("BaseLoc", &"Res")]);
        xml.open("MultiMedias", &[]);
        for image in &self.images {
            let format = image.format;
            xml.open(
                "MultiMedia",
                &[("ID", &image.id), ("Type", &"Image"), ("Format", &format.name())],
            );
            xml.leaf(
                "MediaFile",
                &[],
                &format!("Image_{}.{}", image.id, format.extension()),
            );
            xml.close();
        }
        xml.finish()
    }

    /// Index and page of every page with annotations.
    fn annotated_pages(&self) -> impl Iterator<Item = (usize, &Page)> {
        let pages = self.pages.iter().enumerate();
        pages.filter(|(_, page)| self.annotations.iter().any(|(on, _, _)| *on == page.id))
    }

    fn annotations_xml(&self) -> Vec<u8> {
        let mut xml = XmlWriter::new("Annotations", &[]);
        for (index, page) in self.annotated_pages() {
            xml.open("Page", &[("PageID", &page.id)]);
            xml.leaf("FileLoc", &[], &format!("Page_{index}/Annotation.xml"));
            xml.close();
        }
        xml.finish()
    }

    fn page_annot_xml(&self, page: &Page) -> Vec<u8> {
        let mut xml = XmlWriter::new("PageAnnot", &[]);
        for (_, id, annotation) in self.annotations.iter().filter(|(on, _, _)| *on == page.id) {
            annotation.write(&mut xml, *id);
        }
        xml.finish()
    }

    fn attachments_xml(&self) -> Vec<u8> {
        let mut xml = XmlWriter::new("Attachments", &[]);
        for (index, attachment) in self.attachments.iter().enumerate() {
            // The identifier is an xs:ID here, and the size is in KB.
            let id = format!("a{index}");
            let size = format!("{:.3}", attachment.bytes.len() as f64 / 1024.0);
            xml.open(
                "Attachment",
                &[
                    ("ID", &id),
                    ("Name", &attachment.name),
                    ("Format", &attachment.format),
                    ("Size", &size),
                ],
            );
            xml.leaf("FileLoc", &[], &format!("Attach_{index}.{}", attachment.format));
            xml.close();
        }
        xml.finish()
    }

    fn custom_tags_xml(&self) -> Vec<u8> {
        let mut xml = XmlWriter::new("CustomTags", &[]);
        for (index, (namespace, _)) in self.custom_tags.iter().enumerate() {
            xml.open("CustomTag", &[("NameSpace", namespace)]);
            xml.leaf("FileLoc", &[], &format!("Tag_{index}.xml"));
            xml.close();
        }
        xml.finish()
    }
}

impl Annotation {
    fn write(&self, xml: &mut XmlWriter, id: u32) {
        xml.open(
            "Annot",
            &[
                ("ID", &id),
                ("Type", &self.kind.name()),
                ("Creator", &self.creator),
                ("LastModDate", &self.last_mod_date),
            ],
        );
        if let Some(remark) = &self.remark {
            xml.leaf("Remark", &[], remark);
        }
        if !self.parameters.is_empty() {
            xml.open("Parameters", &[]);
            for (name, value) in &self.parameters {
                xml.leaf("Parameter", &[("Name", name)], value);
            }
            xml.close();
        }
        xml.open("Appearance", &[("Boundary", &self.boundary)]);
        let mut last_id = id; // numbered on when the annotation was added
        self.appearance.write(xml, &mut last_id);
        xml.close();
        xml.close();
    }
}

impl Permissions {
    fn write(&self, xml: &mut XmlWriter) {
        xml.open("Permissions", &[]);
        for (name, value) in [
            ("Edit", self.edit),
            ("Annot", self.annot),
            ("Signature", self.signature),
        ] {
            if let Some(value) = value {
                xml.leaf(name, &[], &value);
            }
        }
        if let Some((start, end)) = &self.valid_period {
            xml.empty("ValidPeriod", &[("StartDate", start), ("EndDate", end)]);
        }
        xml.close();
    }
}
