//! `OFD.xml`, the entry point: the documents of a package (GB/T 33190-2016 7.4, OFD.xsd).

use std::sync::Arc;

use roxmltree::Node;

use crate::document::{self, Document};
use crate::finding::Finding;
use crate::path::{BadLoc, Link, PartPath};
use crate::reading::{Reading, at_most_one, blame};
use crate::{Error, Package, SchemaFault, xml};

/// `OFD`: everything that a package says about its documents.
///
/// ```xml
/// <ofd:OFD xmlns:ofd="http://www.ofdspec.org/2016" Version="1.0" DocType="OFD">
///   <ofd:DocBody>
///     <ofd:DocInfo><ofd:DocID>…</ofd:DocID> …</ofd:DocInfo>
///     <ofd:DocRoot>Doc_0/Document.xml</ofd:DocRoot>
///     <ofd:Versions>…</ofd:Versions>
///     <ofd:Signatures>/Doc_0/Signs/Signatures.xml</ofd:Signatures>
///   </ofd:DocBody>
/// </ofd:OFD>
/// ```
#[derive(Clone, Debug)]
pub struct Ofd {
    /// `Version`: "1.0", "1.1", "1.2" occur.
    pub version: Option<String>,
    /// `DocType`: "OFD", or "OFD-A" for archives (GB/T 42133).
    pub doc_type: Option<String>,
    /// One for each document; readers show the first, some offer the others.
    pub bodies: Vec<DocBody>,
    /// What is wrong with OFD.xml itself.
    pub faults: Vec<Error>,
    /// What was forgiven in all parts that were read.
    pub findings: Vec<Finding>,
}

/// `DocBody`: one document.
#[derive(Clone, Debug)]
pub struct DocBody {
    /// Title, author and so on.
    pub info: DocInfo,
    /// `DocRoot`; missing is the same as empty.
    pub doc_root: Link,
    /// `Version` elements of `Versions`.
    pub versions: Vec<DocVersion>,
    /// `Signatures`: the list of signatures. A second element is a fault.
    pub signatures: Option<Link>,
    /// What `DocRoot` leads to, or why it could not be read.
    pub document: Result<Arc<Document>, Error>,
    /// What is wrong with the body.
    pub faults: Vec<Error>,
}

/// `DocInfo` (`CT_DocInfo`), as it stands.
#[derive(Clone, Debug, Default)]
pub struct DocInfo {
    /// `DocID`: 32 hexadecimal digits by the standard, anything in practice.
    pub doc_id: Option<String>,
    /// `Title`.
    pub title: Option<String>,
    /// `Author`.
    pub author: Option<String>,
    /// `Subject`.
    pub subject: Option<String>,
    /// `Abstract`.
    pub summary: Option<String>,
    /// `CreationDate`.
    pub creation_date: Option<String>,
    /// `ModDate`.
    pub mod_date: Option<String>,
    /// `DocUsage`.
    pub doc_usage: Option<String>,
    /// `Cover`: a picture of the document.
    pub cover: Vec<Link>,
    /// `Keywords/Keyword`.
    pub keywords: Vec<String>,
    /// `Creator`: the program.
    pub creator: Option<String>,
    /// `CreatorVersion`.
    pub creator_version: Option<String>,
    /// `CustomDatas/CustomData`: name and value, in order.
    pub custom_data: Vec<(String, String)>,
}

/// `Version` of `Versions`, with the `DocVersion` part that it links to (GB/T 33190-2016 clause 19).
#[derive(Clone, Debug)]
pub struct DocVersion {
    /// `ID`.
    pub id: Option<String>,
    /// `Index`.
    pub index: Option<String>,
    /// `Current="true"`: the version that readers show.
    pub current: bool,
    /// `BaseLoc`: the `DocVersion` part.
    pub loc: Link,
    /// `DocRoot` of that part.
    pub doc_root: Option<Link>,
    /// `FileList/File` of that part.
    pub files: Vec<Link>,
    /// What its `DocRoot` leads to.
    pub document: Option<Result<Arc<Document>, Error>>,
    /// Why the part could not be read.
    pub fault: Option<Error>,
}

impl Ofd {
    /// Reads `OFD.xml`, every document, and the heads of all pages.
    ///
    /// Fails only when `OFD.xml` cannot be read, a limit is met, or the package is encrypted; a broken document is
    /// a fault in the result.
    pub fn read(package: &Package) -> Result<Self, Error> {
        if let Some(part) = encryptions(package) {
            return Err(Error::Encrypted { part });
        }
        let mut reading = Reading::new(package);
        let part = PartPath::root();
        let mut ofd = reading.tree(&part, "OFD", read_ofd)?;
        ofd.findings = reading.findings;
        Ok(ofd)
    }
}

/// The part by which a package says that it is encrypted (GM/T 0099-2020). It stands beside `OFD.xml`, which may
/// be encrypted like every other part; so may the parts that signatures name, and nothing can be said of them.
fn encryptions(package: &Package) -> Option<PartPath> {
    let is_it = |part: &&PartPath| part.as_str().eq_ignore_ascii_case("/Encryptions.xml");
    package.parts().map(|entry| entry.path()).find(is_it).cloned()
}

fn read_ofd(reading: &mut Reading<'_>, node: Node<'_, '_>) -> Result<Ofd, Error> {
    let part = PartPath::root();
    let mut ofd = Ofd {
        version: xml::attribute(node, "Version").map(str::to_owned),
        doc_type: xml::attribute(node, "DocType").map(str::to_owned),
        bodies: Vec::new(),
        faults: Vec::new(),
        findings: Vec::new(),
    };
    let max = reading.package.limits().bodies_max;
    for body in xml::children(node, "DocBody") {
        if ofd.bodies.len() == max {
            return Err(Error::TooMuch {
                what: "the number of documents",
                max: max as u64,
            });
        }
        ofd.bodies.push(read_body(reading, body, &part)?);
    }
    if ofd.bodies.is_empty() {
        let fault = SchemaFault::MissingElement {
            parent: "OFD",
            name: "DocBody",
        };
        blame(&mut ofd.faults, fault, &part);
    }
    Ok(ofd)
}

fn read_body(reading: &mut Reading<'_>, node: Node<'_, '_>, part: &PartPath) -> Result<DocBody, Error> {
    let mut faults = Vec::new();
    let once = ["DocInfo", "DocRoot", "Versions", "Signatures"];
    at_most_one(node, "DocBody", &once, &mut faults, part);
    let info = match xml::child(node, "DocInfo") {
        Some(info) => read_info(reading, info, part)?,
        None => DocInfo::default(),
    };
    let doc_root = xml::child(node, "DocRoot").map(xml::content).unwrap_or_default();
    let doc_root = reading.link(&doc_root, part)?;
    let document = document::follow(reading, &doc_root, part)?;
    let mut versions = Vec::new();
    let max = reading.package.limits().bodies_max;
    for version in xml::children(node, "Versions").flat_map(|list| xml::children(list, "Version")) {
        if versions.len() == max {
            return Err(Error::TooMuch {
                what: "the number of versions",
                max: max as u64,
            });
        }
        versions.push(read_version(reading, version, part)?);
    }
    let signatures = match xml::child(node, "Signatures") {
        Some(child) => Some(reading.link(&xml::content(child), part)?),
        None => None,
    };
    Ok(DocBody {
        info,
        doc_root,
        versions,
        signatures,
        document,
        faults,
    })
}

fn read_info(reading: &mut Reading<'_>, node: Node<'_, '_>, part: &PartPath) -> Result<DocInfo, Error> {
    let text = |name| xml::child_text(node, name);
    let custom = xml::children(node, "CustomDatas").flat_map(|list| xml::children(list, "CustomData"));
    let keywords = xml::children(node, "Keywords").flat_map(|list| xml::children(list, "Keyword"));
    Ok(DocInfo {
        doc_id: text("DocID"),
        title: text("Title"),
        author: text("Author"),
        subject: text("Subject"),
        summary: text("Abstract"),
        creation_date: text("CreationDate"),
        mod_date: text("ModDate"),
        doc_usage: text("DocUsage"),
        cover: reading.child_links(node, "Cover", part)?,
        keywords: keywords
            .map(|keyword| xml::content(keyword).trim().to_owned())
            .collect(),
        creator: text("Creator"),
        creator_version: text("CreatorVersion"),
        custom_data: custom
            .map(|data| {
                let name = xml::attribute(data, "Name").unwrap_or_default().to_owned();
                (name, xml::content(data).trim().to_owned())
            })
            .collect(),
    })
}

fn read_version(reading: &mut Reading<'_>, node: Node<'_, '_>, part: &PartPath) -> Result<DocVersion, Error> {
    let attribute = |name| xml::attribute(node, name).map(str::to_owned);
    let mut version = DocVersion {
        id: attribute("ID"),
        index: attribute("Index"),
        current: xml::attribute(node, "Current").is_some_and(|value| matches!(value.trim(), "true" | "1")),
        loc: reading.link(xml::attribute(node, "BaseLoc").unwrap_or_default(), part)?,
        doc_root: None,
        files: Vec::new(),
        document: None,
        fault: None,
    };
    let Some(path) = version.loc.path().cloned() else {
        return Ok(version);
    };
    let read = reading.tree(&path, "DocVersion", |reading, node| {
        let root = xml::child(node, "DocRoot").map(xml::content).unwrap_or_default();
        let doc_root = reading.link(&root, &path)?;
        let mut files = Vec::new();
        for list in xml::children(node, "FileList") {
            files.append(&mut reading.child_links(list, "File", &path)?);
        }
        let document = document::follow(reading, &doc_root, &path)?;
        Ok((doc_root, files, document))
    });
    match read {
        Ok((doc_root, files, document)) => {
            version.doc_root = Some(doc_root);
            version.files = files;
            version.document = Some(document);
        }
        Err(fault) => version.fault = Some(fault),
    }
    Ok(version)
}

/// The error for a link that leads nowhere.
pub(crate) fn broken(link: &Link, element: &'static str, why: &BadLoc, part: &PartPath) -> Error {
    let loc = crate::package::shorten(&link.loc);
    Error::from(SchemaFault::BrokenLink {
        element,
        loc,
        why: why.clone(),
    })
    .in_part(part)
}
