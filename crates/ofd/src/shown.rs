//! Everything in a package that is shown, or could be shown, to a person: what a signature has to cover.
//!
//! Links are followed from OFD.xml on, through every document, version, page, template, resource file,
//! annotation, attachment, tag and extension. What no link reaches is stray.

use std::collections::HashSet;

use crate::document::Document;
use crate::ofd_xml::DocBody;
use crate::path::{BadLoc, Link, PartPath};
use crate::reading::{Reading, blame};
use crate::signatures::SignatureList;
use crate::walk::Walk;
use crate::{Error, Finding, Ofd, Package, xml};

/// The list of all entries that GM/T 0099 puts beside OFD.xml.
const ENTRIES_LIST: &str = "/OFDEntries.xml";

/// File names that parts of a signature bear by convention.
const SIGNATURE_FILES: [&str; 5] = [
    "Signatures.xml",
    "Signature.xml",
    "Seal.esl",
    "SignedValue.dat",
    "SignValue.dat",
];

/// What [`shown_parts`] found.
#[derive(Clone, Debug, Default)]
pub struct Shown {
    /// Each part once, OFD.xml first; for a part with several links, the first in the order of [`PartKind`].
    pub parts: Vec<ShownPart>,
    /// Links that lead nowhere.
    pub broken: Vec<BrokenLink>,
    /// Parts that serve signatures and integrity, and are not shown.
    pub plumbing: Vec<PartPath>,
    /// Parts that nothing links to.
    pub stray: Vec<PartPath>,
    /// Parts that could not be read, so that links may be unknown.
    pub faults: Vec<Error>,
    /// What was forgiven in resource files and lists.
    pub findings: Vec<Finding>,
}

impl Shown {
    /// Stray parts that bear the name of a part of a signature: of one that was stripped, or never listed.
    pub fn unlisted_signatures(&self) -> impl Iterator<Item = &PartPath> {
        self.stray.iter().filter(|path| {
            SIGNATURE_FILES
                .iter()
                .any(|name| path.file_name().eq_ignore_ascii_case(name))
        })
    }
}

/// A part that is, or could be, shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ShownPart {
    /// The part.
    pub path: PartPath,
    /// What it is.
    pub kind: PartKind,
    /// The part that links to it; OFD.xml is its own holder.
    pub holder: PartPath,
}

/// A link to a part that does not exist.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BrokenLink {
    /// What the part would be.
    pub kind: PartKind,
    /// As it stands.
    pub loc: String,
    /// The part that holds the link.
    pub holder: PartPath,
    /// Why it leads nowhere.
    pub why: BadLoc,
}

/// What a shown part is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum PartKind {
    /// OFD.xml.
    Entry,
    /// A `Document.xml`.
    Document,
    /// `Content.xml` of a page.
    Page,
    /// `Content.xml` of a template that some page draws.
    Template,
    /// `Content.xml` of a template that no page draws.
    UnusedTemplate,
    /// `PublicRes`, `DocumentRes`, `PageRes`.
    Resource,
    /// `FontFile`.
    Font,
    /// `MediaFile`: an image, a sound, a film.
    Media,
    /// `ColorSpace/@Profile`.
    ColorProfile,
    /// `Cover`.
    Cover,
    /// `Annotations.xml`.
    Annotations,
    /// The annotations of one page.
    PageAnnotations,
    /// `Attachments.xml`.
    Attachments,
    /// A file that is attached.
    Attachment,
    /// `CustomTags.xml`.
    CustomTags,
    /// `SchemaLoc` of a tag.
    TagSchema,
    /// `FileLoc` of a tag: business data.
    Tag,
    /// `Extensions.xml`.
    Extensions,
    /// `ExtendData`.
    ExtensionData,
    /// A `DocVersion` part.
    Version,
    /// A file that a version lists.
    VersionFile,
}

/// Follows every link of the package.
///
/// `lists` are its signature lists: their parts count as plumbing, unless they are shown too.
pub fn shown_parts(package: &Package, ofd: &Ofd, lists: &[SignatureList]) -> Result<Shown, Error> {
    let mut closure = Closure::new(package);
    let root = PartPath::root();
    closure.part(PartKind::Entry, &root, &root);
    let documents = documents(ofd);
    for (document, _) in &documents {
        closure.document(document)?;
    }
    for (document, _) in &documents {
        closure.lists(document)?;
    }
    for body in &ofd.bodies {
        closure.body(body, &root);
        // Also a list that could not be read is known to be one.
        closure
            .shown
            .plumbing
            .extend(body.signatures.iter().filter_map(|link| link.path().cloned()));
    }
    closure.integrity()?;
    closure.finish(lists)
}

/// Every document once, with the part that links to it.
fn documents(ofd: &Ofd) -> Vec<(&Document, PartPath)> {
    let mut seen = HashSet::new();
    let mut found = Vec::new();
    for body in &ofd.bodies {
        let own = body
            .document
            .as_ref()
            .ok()
            .map(|document| (&**document, PartPath::root()));
        let older = body.versions.iter().filter_map(|version| {
            let document = version.document.as_ref()?.as_ref().ok()?;
            Some((&**document, version.loc.path()?.clone()))
        });
        found.extend(
            own.into_iter()
                .chain(older)
                .filter(|(document, _)| seen.insert(&document.path)),
        );
    }
    found
}

struct Closure<'p> {
    reading: Reading<'p>,
    shown: Shown,
    known: HashSet<PartPath>,
    resources: HashSet<PartPath>,
}

impl<'p> Closure<'p> {
    fn new(package: &'p Package) -> Self {
        Self {
            reading: Reading::new(package),
            shown: Shown::default(),
            known: HashSet::new(),
            resources: HashSet::new(),
        }
    }

    /// What is drawn: the document, its pages, templates and resources.
    fn document(&mut self, document: &Document) -> Result<(), Error> {
        let holder = &document.path;
        self.part(PartKind::Document, holder, &PartPath::root());
        for page in &document.pages {
            self.link(PartKind::Page, &page.loc, holder);
        }
        let used = document.used_templates();
        for template in &document.templates {
            let used = template.id.is_some_and(|id| used.contains(&id));
            let kind = if used {
                PartKind::Template
            } else {
                PartKind::UnusedTemplate
            };
            self.link(kind, &template.loc, holder);
        }
        for link in document.public_res.iter().chain(&document.document_res) {
            self.resource(link, holder)?;
        }
        let pages = document.pages.iter().map(|page| (&page.loc, &page.resources));
        let templates = document
            .templates
            .iter()
            .map(|template| (&template.loc, &template.resources));
        for (loc, resources) in pages.chain(templates) {
            let Some(page) = loc.path() else { continue };
            for link in resources {
                self.resource(link, page)?;
            }
        }
        let pages = document.pages.iter().filter_map(|page| page.fault.as_ref());
        let templates = document
            .templates
            .iter()
            .filter_map(|template| template.fault.as_ref());
        for fault in pages.chain(templates) {
            blame(&mut self.shown.faults, fault.clone(), holder);
        }
        Ok(())
    }

    /// What comes beside the pages.
    fn lists(&mut self, document: &Document) -> Result<(), Error> {
        let holder = &document.path;
        let annotations = [("FileLoc", PartKind::PageAnnotations)];
        let list = ListShape {
            kind: PartKind::Annotations,
            root: "Annotations",
            item: "Page",
            links: &annotations,
        };
        self.list(&document.annotations, holder, list)?;
        let attachments = [("FileLoc", PartKind::Attachment)];
        let list = ListShape {
            kind: PartKind::Attachments,
            root: "Attachments",
            item: "Attachment",
            links: &attachments,
        };
        self.list(&document.attachments, holder, list)?;
        let tags = [("FileLoc", PartKind::Tag), ("SchemaLoc", PartKind::TagSchema)];
        let list = ListShape {
            kind: PartKind::CustomTags,
            root: "CustomTags",
            item: "CustomTag",
            links: &tags,
        };
        self.list(&document.custom_tags, holder, list)?;
        let data = [("ExtendData", PartKind::ExtensionData)];
        let list = ListShape {
            kind: PartKind::Extensions,
            root: "Extensions",
            item: "Extension",
            links: &data,
        };
        self.list(&document.extensions, holder, list)
    }

    /// Cover and versions.
    fn body(&mut self, body: &DocBody, root: &PartPath) {
        self.link(PartKind::Document, &body.doc_root, root);
        for cover in &body.info.cover {
            self.link(PartKind::Cover, cover, root);
        }
        for version in &body.versions {
            self.link(PartKind::Version, &version.loc, root);
            if let Some(fault) = &version.fault {
                blame(&mut self.shown.faults, fault.clone(), root);
            }
            let Some(holder) = version.loc.path() else {
                continue;
            };
            if let Some(doc_root) = &version.doc_root {
                self.link(PartKind::Document, doc_root, holder);
            }
            for file in &version.files {
                self.link(PartKind::VersionFile, file, holder);
            }
        }
    }

    /// The list of GM/T 0099 and its signature value.
    fn integrity(&mut self) -> Result<(), Error> {
        let Ok(path) = PartPath::new(ENTRIES_LIST) else {
            return Ok(());
        };
        if !self.reading.package.contains(&path) {
            return Ok(());
        }
        let values = self.reading.tree(&path, "DocEntries", |reading, node| {
            reading.child_links(node, "SignedValueLoc", &path)
        });
        self.shown.plumbing.push(path.clone());
        match values {
            Ok(links) => self
                .shown
                .plumbing
                .extend(links.into_iter().filter_map(|link| link.target.ok())),
            Err(fault) => self.fault(fault, &path)?,
        }
        Ok(())
    }

    /// A resource file, and the files that it names.
    fn resource(&mut self, link: &Link, holder: &PartPath) -> Result<(), Error> {
        self.link(PartKind::Resource, link, holder);
        let Some(path) = link.path() else { return Ok(()) };
        if !self.resources.insert(path.clone()) {
            return Ok(());
        }
        match read_resource(&mut self.reading, path) {
            Ok(links) => links.iter().for_each(|(kind, link)| self.link(*kind, link, path)),
            Err(fault) => self.fault(fault, path)?,
        }
        Ok(())
    }

    /// A part whose items hold links to further parts.
    fn list(&mut self, links: &[Link], holder: &PartPath, shape: ListShape<'_>) -> Result<(), Error> {
        for link in links {
            self.link(shape.kind, link, holder);
            let Some(path) = link.path() else { continue };
            if !self.resources.insert(path.clone()) {
                continue;
            }
            let read = self.reading.tree(path, shape.root, |reading, node| {
                let mut found = Vec::new();
                for item in xml::children(node, shape.item) {
                    for &(name, kind) in shape.links {
                        let links = reading.child_links(item, name, path)?;
                        found.extend(links.into_iter().map(|link| (kind, link)));
                    }
                }
                Ok(found)
            });
            match read {
                Ok(found) => found.iter().for_each(|(kind, link)| self.link(*kind, link, path)),
                Err(fault) => self.fault(fault, path)?,
            }
        }
        Ok(())
    }

    fn link(&mut self, kind: PartKind, link: &Link, holder: &PartPath) {
        match &link.target {
            Ok(path) => self.part(kind, path, holder),
            Err(why) => self.shown.broken.push(BrokenLink {
                kind,
                loc: link.loc.clone(),
                holder: holder.clone(),
                why: why.clone(),
            }),
        }
    }

    fn part(&mut self, kind: PartKind, path: &PartPath, holder: &PartPath) {
        if self.known.insert(path.clone()) {
            self.shown.parts.push(ShownPart {
                path: path.clone(),
                kind,
                holder: holder.clone(),
            });
        }
    }

    /// A limit stops everything, anything else only hides links.
    fn fault(&mut self, fault: Error, path: &PartPath) -> Result<(), Error> {
        if fault.code() == "LIMIT" {
            return Err(fault);
        }
        blame(&mut self.shown.faults, fault, path);
        Ok(())
    }

    fn finish(mut self, lists: &[SignatureList]) -> Result<Shown, Error> {
        let mut explained: HashSet<&PartPath> = self.shown.plumbing.iter().collect();
        explained.extend(lists.iter().flat_map(SignatureList::plumbing));
        let parts = self.reading.package.parts().map(|entry| entry.path());
        let stray = parts.filter(|path| !self.known.contains(*path) && !explained.contains(path));
        self.shown.stray = stray.cloned().collect();
        self.shown.plumbing = explained
            .into_iter()
            .filter(|path| !self.known.contains(*path))
            .cloned()
            .collect();
        self.shown.plumbing.sort_unstable();
        self.shown.findings = self.reading.findings;
        Ok(self.shown)
    }
}

/// How a part lists links to other parts.
#[derive(Clone, Copy)]
struct ListShape<'a> {
    kind: PartKind,
    root: &'static str,
    item: &'static str,
    links: &'a [(&'static str, PartKind)],
}

/// The files that a `Res` part names, each from the folder of `BaseLoc` (GB/T 33190-2016 7.9).
fn read_resource(reading: &mut Reading<'_>, path: &PartPath) -> Result<Vec<(PartKind, Link)>, Error> {
    let bytes = reading.bytes(path)?;
    let limits = reading.package.limits();
    let named = xml::text(&bytes, limits).and_then(|text| resource_files(text, limits));
    let (base, files) = named.map_err(|error| error.in_part(path))?;
    files
        .into_iter()
        .map(|(kind, file)| Ok((kind, reading.resource_link(&base, &file, path)?)))
        .collect()
}

/// `BaseLoc`, and kind and text of each file name. Composite units, which may be large, are passed over.
fn resource_files(text: &str, limits: &crate::Limits) -> Result<(String, Vec<(PartKind, String)>), Error> {
    let mut walk = Walk::new(text, limits);
    let mut base = String::new();
    let mut files = Vec::new();
    while let Some(start) = walk.next_start()? {
        let name = start.local_name();
        match (walk.depth(), name.as_ref()) {
            (1, "Res") => {
                let [loc] = walk.attributes(&start, ["BaseLoc"])?;
                base = loc.unwrap_or_default();
            }
            (1, found) => {
                return Err(Error::WrongRoot {
                    found: crate::package::shorten(found),
                    expected: "Res",
                });
            }
            (4, "FontFile") => files.push((PartKind::Font, walk.text()?)),
            (4, "MediaFile") => files.push((PartKind::Media, walk.text()?)),
            (3, "ColorSpace") => {
                let [profile] = walk.attributes(&start, ["Profile"])?;
                files.extend(profile.map(|profile| (PartKind::ColorProfile, profile)));
            }
            _ => {}
        }
        if files.len() > limits.links_max {
            return Err(Error::TooMuch {
                what: "the number of links",
                max: limits.links_max as u64,
            });
        }
    }
    Ok((base, files))
}
