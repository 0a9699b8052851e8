//! What reading the XML parts of one document has in common: budgets, findings, no part parsed twice.

use std::collections::HashMap;
use std::sync::Arc;

use roxmltree::Node;

use crate::document::Document;
use crate::finding::{self, Finding, FindingKind, NOTES_MAX};
use crate::package::shorten;
use crate::page_head::PageHead;
use crate::path::{Link, PartPath};
use crate::{Error, Package, SchemaFault, xml};

/// One pass over the XML parts of a package.
pub(crate) struct Reading<'p> {
    pub(crate) package: &'p Package,
    pub(crate) findings: Vec<Finding>,
    pub(crate) documents: HashMap<PartPath, Result<Arc<Document>, Error>>,
    heads: HashMap<PartPath, Result<Arc<PageHead>, Error>>,
    xml_bytes_left: u64,
    links_left: usize,
}

impl<'p> Reading<'p> {
    pub(crate) fn new(package: &'p Package) -> Self {
        Self {
            package,
            findings: Vec::new(),
            documents: HashMap::new(),
            heads: HashMap::new(),
            xml_bytes_left: package.limits().xml_total_bytes_max,
            links_left: package.limits().links_max,
        }
    }

    /// Parses the part, whose root element must be `root`, and hands the tree to `take`.
    ///
    /// Every error says in which part it is.
    pub(crate) fn tree<T>(
        &mut self,
        part: &PartPath,
        root: &'static str,
        take: impl FnOnce(&mut Self, Node<'_, '_>) -> Result<T, Error>,
    ) -> Result<T, Error> {
        let bytes = self.bytes(part)?;
        let limits = self.package.limits();
        let text = xml::text(&bytes, limits).map_err(|error| error.in_part(part))?;
        let document = xml::parse(text, root, limits).map_err(|error| error.in_part(part))?;
        if let Some((kind, detail)) = xml::namespace_oddity(&document) {
            self.note(Finding::in_part(kind, part, detail));
        }
        take(self, document.root_element()).map_err(|error| error.in_part(part))
    }

    /// The head of a page or a template page; each is read once, however often it is linked.
    pub(crate) fn head(&mut self, part: &PartPath) -> Result<Arc<PageHead>, Error> {
        if let Some(known) = self.heads.get(part) {
            return known.clone();
        }
        let bytes = self.bytes(part);
        let limits = self.package.limits();
        let head =
            bytes.and_then(|bytes| PageHead::read(&bytes, limits).map_err(|error| error.in_part(part)));
        let head = head.map(Arc::new);
        self.heads.insert(part.clone(), head.clone());
        head
    }

    /// Resolves a link found in `holder`.
    pub(crate) fn link(&mut self, loc: &str, holder: &PartPath) -> Result<Link, Error> {
        self.count_link()?;
        let link = self.package.resolve(loc, holder);
        Ok(self.noted(link, holder))
    }

    /// Resolves the file of a resource, named in the resource part `holder` whose `BaseLoc` is `base`.
    pub(crate) fn resource_link(&mut self, base: &str, file: &str, holder: &PartPath) -> Result<Link, Error> {
        self.count_link()?;
        let link = self.package.resolve_resource(base, file, holder);
        Ok(self.noted(link, holder))
    }

    fn count_link(&mut self) -> Result<(), Error> {
        let max = self.package.limits().links_max as u64;
        let too_many = Error::TooMuch {
            what: "the number of links in the package",
            max,
        };
        self.links_left = self.links_left.checked_sub(1).ok_or(too_many)?;
        Ok(())
    }

    fn noted(&mut self, link: Link, holder: &PartPath) -> Link {
        if !link.oddities.is_empty() {
            self.note(Finding::in_part(FindingKind::Link, holder, shorten(&link.loc)));
        }
        link
    }

    /// Resolves the text of every child element called `name`.
    pub(crate) fn child_links(
        &mut self,
        node: Node<'_, '_>,
        name: &'static str,
        holder: &PartPath,
    ) -> Result<Vec<Link>, Error> {
        xml::children(node, name)
            .map(|child| self.link(&xml::content(child), holder))
            .collect()
    }

    /// Keeps a finding, while there is room.
    pub(crate) fn note(&mut self, finding: Finding) {
        finding::note(&mut self.findings, finding);
    }

    /// The bytes of an XML part, within the budget.
    pub(crate) fn bytes(&mut self, part: &PartPath) -> Result<Arc<[u8]>, Error> {
        let limits = self.package.limits();
        let entry = self
            .package
            .entry(part)
            .ok_or_else(|| Error::NoPart { part: part.clone() })?;
        if entry.size() > limits.xml_bytes_max {
            let what = "the size of the XML in bytes";
            return Err(Error::TooMuch {
                what,
                max: limits.xml_bytes_max,
            }
            .in_part(part));
        }
        let max = limits.xml_total_bytes_max;
        let too_much = Error::TooMuch {
            what: "the size of all XML parts in bytes",
            max,
        };
        self.xml_bytes_left = self.xml_bytes_left.checked_sub(entry.size()).ok_or(too_much)?;
        self.package.read(part)
    }
}

/// Keeps a fault, while there is room: the first ones are enough to refuse.
pub(crate) fn blame(faults: &mut Vec<Error>, fault: impl Into<Error>, part: &PartPath) {
    if faults.len() < NOTES_MAX {
        faults.push(fault.into().in_part(part));
    }
}

/// A fault for an element that may stand once, and does not.
pub(crate) fn at_most_one(
    node: Node<'_, '_>,
    parent: &'static str,
    names: &[&'static str],
    faults: &mut Vec<Error>,
    part: &PartPath,
) {
    for &name in names {
        if xml::children(node, name).nth(1).is_some() {
            blame(faults, SchemaFault::RepeatedElement { parent, name }, part);
        }
    }
}

/// A number that is missing, or cannot be read: then a fault says so.
pub(crate) fn number(
    text: Option<&str>,
    what: &'static str,
    faults: &mut Vec<Error>,
    part: &PartPath,
) -> Option<u32> {
    let text = text?.trim();
    let value = text.parse().ok();
    if value.is_none() {
        blame(
            faults,
            SchemaFault::BadValue {
                what,
                value: shorten(text),
            },
            part,
        );
    }
    value
}
