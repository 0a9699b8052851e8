//! `Signatures.xml`, the list of signatures of a document (GB/T 33190-2016 clause 18.1, GM/T 0099-2020).

use std::collections::HashSet;

use roxmltree::Node;

use crate::document::within;
use crate::finding::{Finding, FindingKind};
use crate::package::shorten;
use crate::path::{Link, PartPath};
use crate::reading::{Reading, blame};
use crate::signature_part::{self, SignaturePart};
use crate::{Error, Package, SchemaFault, xml};

/// `Signatures`: the signatures of one document, each with its part.
///
/// ```xml
/// <ofd:Signatures xmlns:ofd="http://www.ofdspec.org/2016">
///   <ofd:MaxSignId>2</ofd:MaxSignId>
///   <ofd:Signature ID="s001" Type="Seal" BaseLoc="/Doc_0/Signs/Sign_0/Signature.xml"/>
///   <ofd:Signature ID="s002" Type="Sign" BaseLoc="Sign_1/Signature.xml" Relative="s001"/>
/// </ofd:Signatures>
/// ```
#[derive(Clone, Debug)]
pub struct SignatureList {
    /// The part this was read from.
    pub path: PartPath,
    /// `MaxSignId`, as it stands: "2", "s4", "005" occur.
    pub max_sign_id: Option<String>,
    /// In the order of the list.
    pub entries: Vec<SignatureEntry>,
    /// What is wrong with the list.
    pub faults: Vec<Error>,
    /// What was forgiven in the list.
    pub findings: Vec<Finding>,
}

/// `Signature` of the list.
#[derive(Clone, Debug)]
pub struct SignatureEntry {
    /// `ID`; empty where it is missing, which is a fault of the list.
    pub id: String,
    /// `Type`, when it is stated and known.
    pub kind: Option<SignatureKind>,
    /// `Type`, as it stands.
    pub stated_kind: Option<String>,
    /// `BaseLoc`: the `Signature.xml`.
    pub base_loc: Link,
    /// `Relative` (GM/T 0099): the ID of the signature that this one builds on.
    pub relative: Option<String>,
    /// What `BaseLoc` leads to, or why it could not be read.
    pub part: Result<SignaturePart, Error>,
}

/// `Type` of a signature. Where it is missing, `Seal` is the default.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum SignatureKind {
    /// An electronic seal: GB/T 38540 or GM/T 0031 signature data.
    Seal,
    /// A digital signature: GB/T 35275 signed data.
    Sign,
}

impl SignatureList {
    /// Reads the list and every signature part that it names; a broken part is an error in its entry only.
    pub fn read(package: &Package, path: &PartPath) -> Result<Self, Error> {
        let mut reading = Reading::new(package);
        let mut list = reading.tree(path, "Signatures", |reading, node| read_list(reading, node, path))?;
        list.findings = reading.findings;
        Ok(list)
    }

    /// The parts that make up the signatures: the list, the signature parts, seals and signature values.
    pub fn plumbing(&self) -> impl Iterator<Item = &PartPath> {
        let parts = self.entries.iter().filter_map(|entry| entry.part.as_ref().ok());
        let inner = parts.flat_map(SignaturePart::plumbing);
        let outer = self.entries.iter().filter_map(|entry| entry.base_loc.path());
        std::iter::once(&self.path).chain(outer).chain(inner)
    }
}

fn read_list(reading: &mut Reading<'_>, node: Node<'_, '_>, path: &PartPath) -> Result<SignatureList, Error> {
    let mut list = SignatureList {
        path: path.clone(),
        max_sign_id: xml::child_text(node, "MaxSignId"),
        entries: Vec::new(),
        faults: Vec::new(),
        findings: Vec::new(),
    };
    // Only writers use it, and one product writes it anew at every seal.
    if xml::children(node, "MaxSignId").nth(1).is_some() {
        reading.note(Finding::in_part(
            FindingKind::Shape,
            path,
            "MaxSignId more than once",
        ));
    }
    let mut ids = HashSet::new();
    let mut places = HashSet::new();
    let max = reading.package.limits().signatures_max;
    for signature in xml::children(node, "Signature") {
        within(list.entries.len(), max, "the number of signatures")?;
        let entry = read_entry(reading, signature, &mut list.faults, path)?;
        if !ids.insert(entry.id.clone()) {
            let fault = SchemaFault::RepeatedId {
                what: "the signature",
                id: shorten(&entry.id),
            };
            blame(&mut list.faults, fault, path);
        }
        if let Some(place) = entry.base_loc.path()
            && !places.insert(place.clone())
        {
            let fault = SchemaFault::RepeatedId {
                what: "the signature part",
                id: place.to_string(),
            };
            blame(&mut list.faults, fault, path);
        }
        list.entries.push(entry);
    }
    Ok(list)
}

fn read_entry(
    reading: &mut Reading<'_>,
    node: Node<'_, '_>,
    faults: &mut Vec<Error>,
    path: &PartPath,
) -> Result<SignatureEntry, Error> {
    let attribute = |name| xml::attribute(node, name).map(str::trim);
    let id = attribute("ID").unwrap_or_default();
    if id.is_empty() {
        blame(
            faults,
            SchemaFault::MissingAttribute {
                element: "Signature",
                name: "ID",
            },
            path,
        );
    }
    let stated_kind = attribute("Type");
    let kind = match stated_kind {
        Some("Seal") => Some(SignatureKind::Seal),
        Some("Sign") => Some(SignatureKind::Sign),
        None => {
            reading.note(Finding::in_part(FindingKind::Missing, path, "Type"));
            None
        }
        Some(other) => {
            let fault = SchemaFault::BadValue {
                what: "the type of a signature",
                value: shorten(other),
            };
            blame(faults, fault, path);
            None
        }
    };
    let base_loc = reading.link(attribute("BaseLoc").unwrap_or_default(), path)?;
    let part = signature_part::follow(reading, &base_loc, path);
    Ok(SignatureEntry {
        id: id.to_owned(),
        kind,
        stated_kind: stated_kind.map(str::to_owned),
        base_loc,
        relative: attribute("Relative").map(str::to_owned),
        part,
    })
}

/// The digits at the end of an identifier: 4 in "s004".
pub(crate) fn number_in(id: &str) -> Option<u32> {
    let id = id.trim();
    let digits = id.len() - id.bytes().rev().take_while(u8::is_ascii_digit).count();
    id[digits..].parse().ok()
}
