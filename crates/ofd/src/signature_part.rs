//! `Signature.xml`: what one signature protects, where its stamps stand (GB/T 33190-2016 18.2, GM/T 0099-2020).

use std::collections::HashSet;

use base64::Engine;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use roxmltree::Node;

use crate::document::within;
use crate::finding::{Finding, FindingKind};
use crate::geometry::Box;
use crate::ofd_xml::broken;
use crate::package::shorten;
use crate::path::{BadLoc, Link, PartPath};
use crate::reading::{Reading, at_most_one, blame, number};
use crate::{Error, Package, SchemaFault, xml};

/// `Signature`: description of one signature.
///
/// ```xml
/// <ofd:Signature xmlns:ofd="http://www.ofdspec.org/2016">
///   <ofd:SignedInfo>
///     <ofd:Provider ProviderName="…" Version="1.0" Company="…"/>
///     <ofd:SignatureMethod>1.2.156.10197.1.501</ofd:SignatureMethod>
///     <ofd:SignatureDateTime>20260101000000Z</ofd:SignatureDateTime>
///     <ofd:References CheckMethod="1.2.156.10197.1.401">
///       <ofd:Reference FileRef="/OFD.xml"><ofd:CheckValue>…</ofd:CheckValue></ofd:Reference>
///     </ofd:References>
///     <ofd:StampAnnot ID="s001" PageRef="1" Boundary="140 230 42 42" Clip="0 0 21 42"/>
///     <ofd:Seal><ofd:BaseLoc>Seal.esl</ofd:BaseLoc></ofd:Seal>
///   </ofd:SignedInfo>
///   <ofd:SignedValue>SignedValue.dat</ofd:SignedValue>
/// </ofd:Signature>
/// ```
#[derive(Clone, Debug)]
pub struct SignaturePart {
    /// The part this was read from: its bytes are what `dataHash` covers.
    pub path: PartPath,
    /// `Provider`.
    pub provider: Provider,
    /// `SignatureMethod`, as it stands.
    pub method: Option<String>,
    /// `SignatureDateTime`, as it stands; not authoritative.
    pub date_time: Option<String>,
    /// `Parameters/Parameter` (GM/T 0099): name, type, value.
    pub parameters: Vec<Parameter>,
    /// `References/@CheckMethod`, as it stands; `None` when it is missing, which GB/T 33190 reads as MD5.
    pub check_method: Option<String>,
    /// `Reference` elements, in order.
    pub references: Vec<Reference>,
    /// `StampAnnot` elements, in order.
    pub stamps: Vec<StampAnnot>,
    /// `Seal/BaseLoc`: the seal by itself; most tax invoices have none.
    pub seal: Option<Link>,
    /// `Seal/ImageLoc` (GM/T 0099).
    pub seal_image: Option<Link>,
    /// `SignedValue`: the signature data. Missing is a fault.
    pub signed_value: Option<Link>,
    /// What makes the part ambiguous or incomplete: never plainly acceptable.
    pub faults: Vec<Error>,
}

/// `Provider`: the program that signed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Provider {
    /// `ProviderName`.
    pub name: Option<String>,
    /// `Version`.
    pub version: Option<String>,
    /// `Company`.
    pub company: Option<String>,
    /// `ProtocolVer` (GM/T 0099).
    pub protocol_version: Option<String>,
}

/// `Parameter` of GM/T 0099.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Parameter {
    /// `Name`.
    pub name: String,
    /// `Type`.
    pub kind: Option<String>,
    /// The text.
    pub value: String,
}

/// `Reference`: a part and its digest.
#[derive(Clone, Debug)]
pub struct Reference {
    /// `FileRef`: the part, or why there is none.
    pub file_ref: Link,
    /// `CheckValue`, decoded.
    pub check_value: Result<Vec<u8>, BadCheckValue>,
}

/// Why there is no digest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadCheckValue {
    /// No `CheckValue`, or an empty one.
    #[error("the reference has no CheckValue")]
    Missing,
    /// More than one `CheckValue`.
    #[error("the reference has more than one CheckValue")]
    Repeated,
    /// Not base64.
    #[error("the CheckValue is not base64")]
    NotBase64,
}

/// `StampAnnot`: where the seal is shown.
#[derive(Clone, Debug, PartialEq)]
pub struct StampAnnot {
    /// `ID`, as it stands.
    pub id: Option<String>,
    /// `PageRef`: the ID of a page. `None`, with a fault, where it is missing or no number.
    pub page_ref: Option<u32>,
    /// `Boundary` on the page, in mm. `None`, with a fault, where it is missing or no box.
    pub boundary: Option<Box>,
    /// `Clip`: the part of the seal that is shown, in mm from the boundary's corner.
    pub clip: Option<Box>,
}

impl SignaturePart {
    /// Reads one signature part by itself.
    pub fn read(package: &Package, path: &PartPath) -> Result<Self, Error> {
        let mut reading = Reading::new(package);
        reading.tree(path, "Signature", |reading, node| read_part(reading, node, path))
    }

    /// The parts that this one names as its own: seal, seal image, signature value.
    pub(crate) fn plumbing(&self) -> impl Iterator<Item = &PartPath> {
        [&self.seal, &self.seal_image, &self.signed_value]
            .into_iter()
            .flatten()
            .filter_map(Link::path)
    }
}

/// Reads the part that `link`, found in `holder`, leads to.
pub(crate) fn follow(
    reading: &mut Reading<'_>,
    link: &Link,
    holder: &PartPath,
) -> Result<SignaturePart, Error> {
    match &link.target {
        Ok(path) => reading.tree(path, "Signature", |reading, node| read_part(reading, node, path)),
        Err(BadLoc::Missing(part)) => Err(Error::NoPart { part: part.clone() }),
        Err(why) => Err(broken(link, "Signature", why, holder)),
    }
}

fn read_part(reading: &mut Reading<'_>, node: Node<'_, '_>, path: &PartPath) -> Result<SignaturePart, Error> {
    let mut part = SignaturePart {
        path: path.clone(),
        provider: Provider::default(),
        method: None,
        date_time: None,
        parameters: Vec::new(),
        check_method: None,
        references: Vec::new(),
        stamps: Vec::new(),
        seal: None,
        seal_image: None,
        signed_value: first_link(reading, node, "SignedValue", path)?,
        faults: Vec::new(),
    };
    at_most_one(
        node,
        "Signature",
        &["SignedInfo", "SignedValue"],
        &mut part.faults,
        path,
    );
    let mut missing = |name| {
        blame(
            &mut part.faults,
            SchemaFault::MissingElement {
                parent: "Signature",
                name,
            },
            path,
        );
    };
    if part.signed_value.is_none() {
        missing("SignedValue");
    }
    let mut elements = node
        .children()
        .filter(Node::is_element)
        .map(|child| child.tag_name().name());
    if elements.next() == Some("SignedValue") {
        reading.note(Finding::in_part(
            FindingKind::Shape,
            path,
            "SignedValue before SignedInfo",
        ));
    }
    match xml::child(node, "SignedInfo") {
        Some(info) => read_info(reading, info, &mut part)?,
        None => missing("SignedInfo"),
    }
    Ok(part)
}

fn read_info(reading: &mut Reading<'_>, node: Node<'_, '_>, part: &mut SignaturePart) -> Result<(), Error> {
    let path = part.path.clone();
    let once = [
        "Provider",
        "SignatureMethod",
        "SignatureDateTime",
        "Parameters",
        "References",
        "Seal",
    ];
    at_most_one(node, "SignedInfo", &once, &mut part.faults, &path);
    if let Some(provider) = xml::child(node, "Provider") {
        part.provider = read_provider(reading, provider, &path);
    }
    part.method = xml::child_text(node, "SignatureMethod");
    part.date_time = xml::child_text(node, "SignatureDateTime");
    for parameter in xml::children(node, "Parameters").flat_map(|list| xml::children(list, "Parameter")) {
        part.parameters.push(Parameter {
            name: xml::attribute(parameter, "Name").unwrap_or_default().to_owned(),
            kind: xml::attribute(parameter, "Type").map(str::to_owned),
            value: xml::content(parameter).into_owned(),
        });
    }
    match xml::child(node, "References") {
        Some(references) => read_references(reading, references, part)?,
        None => {
            let fault = SchemaFault::MissingElement {
                parent: "SignedInfo",
                name: "References",
            };
            blame(&mut part.faults, fault, &path);
        }
    }
    let max = reading.package.limits().stamps_max;
    for stamp in xml::children(node, "StampAnnot") {
        within(part.stamps.len(), max, "the number of stamps of a signature")?;
        let stamp = read_stamp(reading, stamp, &mut part.faults, &path);
        part.stamps.push(stamp);
    }
    if let Some(seal) = xml::child(node, "Seal") {
        part.seal = first_link(reading, seal, "BaseLoc", &path)?;
        part.seal_image = first_link(reading, seal, "ImageLoc", &path)?;
        at_most_one(seal, "Seal", &["BaseLoc", "ImageLoc"], &mut part.faults, &path);
    }
    Ok(())
}

/// Attributes by the standard, child elements in one product.
fn read_provider(reading: &mut Reading<'_>, node: Node<'_, '_>, path: &PartPath) -> Provider {
    let mut as_elements = false;
    let mut value = |name| {
        xml::attribute(node, name).map(str::to_owned).or_else(|| {
            let text = xml::child_text(node, name);
            as_elements |= text.is_some();
            text
        })
    };
    let provider = Provider {
        name: value("ProviderName"),
        version: value("Version"),
        company: value("Company"),
        protocol_version: value("ProtocolVer"),
    };
    if as_elements {
        reading.note(Finding::in_part(
            FindingKind::Shape,
            path,
            "Provider with child elements",
        ));
    }
    provider
}

fn read_references(
    reading: &mut Reading<'_>,
    node: Node<'_, '_>,
    part: &mut SignaturePart,
) -> Result<(), Error> {
    part.check_method = xml::attribute(node, "CheckMethod").map(|method| method.trim().to_owned());
    let limits = reading.package.limits();
    // More references than entries: doubled or missing ones, and a few of them are told well enough.
    let max = limits
        .references_max
        .min(reading.package.entries().len() + limits.references_slack);
    let mut seen: HashSet<String> = HashSet::new();
    for reference in xml::children(node, "Reference") {
        within(
            part.references.len(),
            max,
            "the number of references of a signature",
        )?;
        let text = xml::attribute(reference, "FileRef");
        if text.is_none() {
            let fault = SchemaFault::MissingAttribute {
                element: "Reference",
                name: "FileRef",
            };
            blame(&mut part.faults, fault, &part.path);
        }
        let file_ref = reading.link(text.unwrap_or_default(), &part.path)?;
        let name = file_ref
            .path()
            .map_or_else(|| file_ref.loc.clone(), PartPath::to_string);
        if !seen.insert(name) {
            let fault = SchemaFault::RepeatedId {
                what: "the reference to",
                id: shorten(&file_ref.loc),
            };
            blame(&mut part.faults, fault, &part.path);
        }
        part.references.push(Reference {
            file_ref,
            check_value: read_check_value(reference),
        });
    }
    Ok(())
}

fn read_check_value(node: Node<'_, '_>) -> Result<Vec<u8>, BadCheckValue> {
    let mut values = xml::children(node, "CheckValue");
    let value = values.next().ok_or(BadCheckValue::Missing)?;
    if values.next().is_some() {
        return Err(BadCheckValue::Repeated);
    }
    let text = xml::content(value);
    let compact: String = text.split_ascii_whitespace().collect();
    if compact.is_empty() {
        return Err(BadCheckValue::Missing);
    }
    let config = GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent);
    let engine = GeneralPurpose::new(&base64::alphabet::STANDARD, config);
    engine.decode(compact).map_err(|_| BadCheckValue::NotBase64)
}

fn read_stamp(
    reading: &mut Reading<'_>,
    node: Node<'_, '_>,
    faults: &mut Vec<Error>,
    path: &PartPath,
) -> StampAnnot {
    let id = xml::attribute(node, "ID").map(|id| id.trim().to_owned());
    if id.is_none() {
        reading.note(Finding::in_part(
            FindingKind::Missing,
            path,
            "the ID of a StampAnnot",
        ));
    }
    for name in ["PageRef", "Boundary"] {
        if xml::attribute(node, name).is_none() {
            blame(
                faults,
                SchemaFault::MissingAttribute {
                    element: "StampAnnot",
                    name,
                },
                path,
            );
        }
    }
    let mut read_box = |name, what| {
        let text = xml::attribute(node, name)?;
        let value = Box::parse(text);
        if value.is_none() {
            blame(
                faults,
                SchemaFault::BadValue {
                    what,
                    value: shorten(text),
                },
                path,
            );
        }
        value
    };
    let boundary = read_box("Boundary", "the boundary of a stamp");
    let clip = read_box("Clip", "the clip of a stamp");
    let page_ref = number(
        xml::attribute(node, "PageRef"),
        "the page of a stamp",
        faults,
        path,
    );
    StampAnnot {
        id,
        page_ref,
        boundary,
        clip,
    }
}

fn first_link(
    reading: &mut Reading<'_>,
    node: Node<'_, '_>,
    name: &'static str,
    path: &PartPath,
) -> Result<Option<Link>, Error> {
    xml::child(node, name)
        .map(|child| reading.link(&xml::content(child), path))
        .transpose()
}
