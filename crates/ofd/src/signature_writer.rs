//! Writing what a new signature needs: its `Signature.xml`, its line in `Signatures.xml`, the link in `OFD.xml`.
//!
//! New parts are written in the order of GB/T 33190. Parts that exist are edited as text: other signatures may
//! protect them, or have been made over them, so nothing changes that need not.

use std::ops::Range;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use roxmltree::Node;

use crate::geometry::Box;
use crate::path::PartPath;
use crate::signature_part::Provider;
use crate::signatures::{SignatureKind, number_in};
use crate::xml_writer::{XmlWriter, escape};
use crate::{Error, Limits, Package, SchemaFault, xml};

/// UTF-8 byte order mark.
const BOM: &[u8] = b"\xEF\xBB\xBF";

/// Content of a new `Signature.xml`.
#[derive(Clone, Debug)]
pub struct NewSignaturePart<'a> {
    /// The program that signs.
    pub provider: &'a Provider,
    /// `SignatureMethod`, an OID.
    pub method: &'a str,
    /// `SignatureDateTime`.
    pub date_time: &'a str,
    /// `CheckMethod`, an OID.
    pub check_method: &'a str,
    /// Every protected part with its digest, in the order to be written.
    pub references: &'a [(PartPath, &'a [u8])],
    /// Where the seal is shown; none for a signature without a seal.
    pub stamps: &'a [NewStamp],
    /// The seal by itself (`Seal.esl`).
    pub seal: Option<&'a PartPath>,
    /// Where the signature data will stand (`SignedValue.dat`).
    pub signed_value: &'a PartPath,
}

/// A stamp to be written; its identifier comes from its place in the list.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct NewStamp {
    /// ID of the page.
    pub page_ref: u32,
    /// Place on the page, in mm.
    pub boundary: Box,
    /// The part of the seal that is shown, in mm from the boundary's corner; `None` shows all of it.
    pub clip: Option<Box>,
}

/// A line to be added to a signature list.
#[derive(Clone, Debug)]
pub struct NewListEntry<'a> {
    /// `Type`.
    pub kind: SignatureKind,
    /// `BaseLoc`: the new `Signature.xml`.
    pub base_loc: &'a PartPath,
    /// `Relative` (GM/T 0099): the ID of the signature that this one builds on.
    pub relative: Option<&'a str>,
}

/// The bytes of a new `Signature.xml`. They are what is hashed: write them into the package as they are.
pub fn write_signature_part(part: &NewSignaturePart<'_>) -> Vec<u8> {
    let mut xml = XmlWriter::new("Signature", &[]);
    xml.open("SignedInfo", &[]);
    let text = |value: &Option<String>| value.clone().unwrap_or_default();
    let provider = part.provider;
    let (name, version, company) = (
        text(&provider.name),
        text(&provider.version),
        text(&provider.company),
    );
    match &provider.protocol_version {
        None => xml.empty(
            "Provider",
            &[
                ("ProviderName", &name),
                ("Version", &version),
                ("Company", &company),
            ],
        ),
        Some(protocol) => xml.empty(
            "Provider",
            &[
                ("ProviderName", &name),
                ("Version", &version),
                ("Company", &company),
                ("ProtocolVer", protocol),
            ],
        ),
    }
    xml.leaf("SignatureMethod", &[], &part.method);
    xml.leaf("SignatureDateTime", &[], &part.date_time);
    xml.open("References", &[("CheckMethod", &part.check_method)]);
    for (path, digest) in part.references {
        xml.open("Reference", &[("FileRef", path)]);
        xml.leaf("CheckValue", &[], &STANDARD.encode(digest));
        xml.close();
    }
    xml.close();
    for (index, stamp) in part.stamps.iter().enumerate() {
        let id = identifier(index as u64 + 1);
        match &stamp.clip {
            None => xml.empty(
                "StampAnnot",
                &[
                    ("ID", &id),
                    ("PageRef", &stamp.page_ref),
                    ("Boundary", &stamp.boundary),
                ],
            ),
            Some(clip) => xml.empty(
                "StampAnnot",
                &[
                    ("ID", &id),
                    ("PageRef", &stamp.page_ref),
                    ("Boundary", &stamp.boundary),
                    ("Clip", clip),
                ],
            ),
        }
    }
    if let Some(seal) = part.seal {
        xml.open("Seal", &[]);
        xml.leaf("BaseLoc", &[], seal);
        xml.close();
    }
    xml.close();
    xml.leaf("SignedValue", &[], part.signed_value);
    xml.finish()
}

/// A new or longer `Signatures.xml`, and the ID that the new signature has in it.
///
/// # Errors
/// The errors of reading `existing` as a signature list.
pub fn append_to_signature_list(
    existing: Option<&[u8]>,
    entry: &NewListEntry<'_>,
    limits: &Limits,
) -> Result<(Vec<u8>, String), Error> {
    let Some(existing) = existing else {
        let id = identifier(1);
        let mut xml = XmlWriter::new("Signatures", &[]);
        xml.leaf("MaxSignId", &[], &1);
        let mut bytes = xml.finish();
        let line = list_line("ofd:", &id, entry);
        let end = bytes.len() - "</ofd:Signatures>".len();
        bytes.splice(end..end, line.into_bytes());
        return Ok((bytes, id));
    };
    let text = xml::text(existing, limits)?;
    let document = xml::parse(text, "Signatures", limits)?;
    let root = document.root_element();
    let number = next_number(root);
    let id = identifier(number);
    let prefix = prefix(text, root);
    let line = list_line(prefix, &id, entry);

    let mut edits = Vec::new();
    let counters: Vec<_> = xml::children(root, "MaxSignId").collect();
    for counter in &counters {
        let value = like(&xml::content(*counter), number);
        edits.push(set_text(text, *counter, &value));
    }
    let mut inner = String::new();
    if counters.is_empty() {
        inner = format!("<{prefix}MaxSignId>{number}</{prefix}MaxSignId>");
    }
    match xml::children(root, "Signature")
        .last()
        .or(counters.last().copied())
    {
        Some(last) => {
            let end = last.range().end;
            edits.push((end..end, line));
            if !inner.is_empty() {
                edits.push(insert_first(text, root, &inner));
            }
        }
        None => edits.push(insert_first(text, root, &(inner + &line))),
    }
    Ok((apply(existing, text, edits), id))
}

/// `OFD.xml` in which the body with this index links to the signature list `loc`.
///
/// # Errors
/// The errors of reading `OFD.xml`; [`SchemaFault::RepeatedElement`] when the body links to another list already.
pub fn link_signature_list(
    ofd_xml: &[u8],
    body: usize,
    loc: &PartPath,
    limits: &Limits,
) -> Result<Vec<u8>, Error> {
    let text = xml::text(ofd_xml, limits)?;
    let document = xml::parse(text, "OFD", limits)?;
    let root = document.root_element();
    let missing = |parent, name| Error::from(SchemaFault::MissingElement { parent, name });
    let body = xml::children(root, "DocBody")
        .nth(body)
        .ok_or_else(|| missing("OFD", "DocBody"))?;
    if let Some(link) = xml::child(body, "Signatures") {
        let known = xml::content(link);
        if known.trim().is_empty() {
            return Ok(apply(ofd_xml, text, vec![set_text(text, link, loc.as_str())]));
        }
        if crate::path::join("/", &known).is_ok_and(|known| known == *loc) {
            return Ok(ofd_xml.to_vec());
        }
        return Err(SchemaFault::RepeatedElement {
            parent: "DocBody",
            name: "Signatures",
        }
        .into());
    }
    let before = xml::children(body, "Versions").chain(xml::children(body, "DocRoot"));
    let at = before
        .map(|node| node.range().end)
        .max()
        .ok_or_else(|| missing("DocBody", "DocRoot"))?;
    let prefix = prefix(text, body);
    let mut element = format!("<{prefix}Signatures>");
    escape(&mut element, loc.as_str(), false);
    element.push_str(&format!("</{prefix}Signatures>"));
    Ok(apply(ofd_xml, text, vec![(at..at, element)]))
}

/// Where the signature list of a document stands by convention: `/Doc_0/Signs/Signatures.xml`.
pub fn signature_list_path(document: &PartPath) -> PartPath {
    under(document.folder(), "Signs/Signatures.xml")
}

/// Path of a part in a folder for a new signature beside the list: the first `Sign_N` that has no entries yet.
///
/// `file_name` is "Signature.xml", "Seal.esl" or "SignedValue.dat".
pub fn signature_part_path(package: &Package, list: &PartPath, file_name: &str) -> PartPath {
    let folder = list.folder().to_lowercase();
    let used: std::collections::HashSet<u64> = package
        .entries()
        .iter()
        .filter_map(|entry| {
            let path = entry.path().as_str().to_lowercase();
            let rest = path.strip_prefix(&folder)?.strip_prefix("sign_")?;
            rest.split('/').next()?.parse().ok()
        })
        .collect();
    let number = (0..).find(|number| !used.contains(number)).unwrap_or_default();
    under(list.folder(), &format!("Sign_{number}/{file_name}"))
}

/// A path in a folder of the package.
fn under(folder: &str, name: &str) -> PartPath {
    // Neither climbs, so that it cannot fail; the root is never used.
    PartPath::new(&format!("{folder}{name}")).unwrap_or_else(|_| PartPath::root())
}

/// xs:ID wants a letter first.
fn identifier(number: u64) -> String {
    format!("s{number:03}")
}

fn next_number(root: Node<'_, '_>) -> u64 {
    let counters = xml::children(root, "MaxSignId").filter_map(|node| number_in(&xml::content(node)));
    let ids = xml::children(root, "Signature").filter_map(|node| number_in(xml::attribute(node, "ID")?));
    counters.chain(ids).max().map_or(1, |used| u64::from(used) + 1)
}

/// The number in the manner of the value before: "5" for "4", "s005" for "s004", "006" for "005".
fn like(before: &str, number: u64) -> String {
    let before = before.trim();
    let digits = before.bytes().rev().take_while(u8::is_ascii_digit).count();
    let (letters, width) = if digits == 0 {
        ("", 1)
    } else {
        (&before[..before.len() - digits], digits)
    };
    let width = width.min(20);
    format!("{letters}{number:0width$}")
}

fn list_line(prefix: &str, id: &str, entry: &NewListEntry<'_>) -> String {
    let kind = match entry.kind {
        SignatureKind::Seal => "Seal",
        SignatureKind::Sign => "Sign",
    };
    let mut line = format!("<{prefix}Signature ID=\"{id}\" Type=\"{kind}\" BaseLoc=\"");
    escape(&mut line, entry.base_loc.as_str(), true);
    if let Some(relative) = entry.relative {
        line.push_str("\" Relative=\"");
        escape(&mut line, relative, true);
    }
    line.push_str("\"/>");
    line
}

/// The prefix of an element with its colon, or nothing.
fn prefix<'a>(text: &'a str, node: Node<'_, '_>) -> &'a str {
    let name = tag_name(text, node);
    name.find(':').map_or("", |colon| &name[..=colon])
}

/// The name of an element as it stands, prefix included.
fn tag_name<'a>(text: &'a str, node: Node<'_, '_>) -> &'a str {
    let tag = &text[node.range().start + 1..]; // an element begins with "<"
    let end = tag.find(|character: char| character.is_ascii_whitespace() || matches!(character, '/' | '>'));
    &tag[..end.unwrap_or(tag.len())]
}

type Edit = (Range<usize>, String);

/// Gives an element this text and nothing else, its tags staying as they are.
fn set_text(text: &str, node: Node<'_, '_>, value: &str) -> Edit {
    let mut escaped = String::new();
    escape(&mut escaped, value, false);
    match (node.first_child(), node.last_child()) {
        (Some(first), Some(last)) => (first.range().start..last.range().end, escaped),
        _ => insert_first(text, node, &escaped),
    }
}

/// Puts `inner` right behind the start tag of an element; an empty-element tag is opened for it.
fn insert_first(text: &str, node: Node<'_, '_>, inner: &str) -> Edit {
    let range = node.range();
    if let Some(first) = node.first_child() {
        let start = first.range().start;
        return (start..start, inner.to_owned());
    }
    let name = tag_name(text, node);
    let element = &text[range.clone()];
    match element.strip_suffix("/>") {
        Some(open) => (range.start + open.len()..range.end, format!(">{inner}</{name}>")),
        None => {
            // "<a></a>": the end tag is the only "</".
            let end = element.rfind("</").map_or(range.end, |at| range.start + at);
            (end..end, inner.to_owned())
        }
    }
}

/// Applies edits that do not overlap; those at one place in their order. The byte order mark stays.
fn apply(bytes: &[u8], text: &str, mut edits: Vec<Edit>) -> Vec<u8> {
    edits.sort_by_key(|(range, _)| range.start);
    let mut out = Vec::with_capacity(bytes.len() + 256);
    if bytes.starts_with(BOM) {
        out.extend(BOM);
    }
    let mut at = 0;
    for (range, with) in edits {
        out.extend(&text.as_bytes()[at..range.start]);
        out.extend(with.as_bytes());
        at = range.end;
    }
    out.extend(&text.as_bytes()[at..]);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn append(existing: &str, expected: &str) {
        let base_loc = PartPath::new("/Doc_0/Signs/Sign_1/Signature.xml").unwrap();
        let entry = NewListEntry {
            kind: SignatureKind::Seal,
            base_loc: &base_loc,
            relative: None,
        };
        let (bytes, _) =
            append_to_signature_list(Some(existing.as_bytes()), &entry, &Limits::default()).unwrap();
        let line = "Type=\"Seal\" BaseLoc=\"/Doc_0/Signs/Sign_1/Signature.xml\"/>";
        assert_eq!(String::from_utf8(bytes).unwrap(), expected.replace("…", line));
    }

    #[test]
    fn list_grows_and_nothing_else_changes() {
        append(
            "<o:Signatures xmlns:o='x'>\n <o:MaxSignId>1</o:MaxSignId>\n <o:Signature ID='1'\tBaseLoc='a' />\n</o:Signatures>\n",
            "<o:Signatures xmlns:o='x'>\n <o:MaxSignId>2</o:MaxSignId>\n <o:Signature ID='1'\tBaseLoc='a' /><o:Signature ID=\"s002\" …\n</o:Signatures>\n",
        );
        append(
            "\u{feff}<Signatures><Signature ID='004' BaseLoc='a'></Signature><MaxSignId>005</MaxSignId></Signatures>",
            "\u{feff}<Signatures><Signature ID='004' BaseLoc='a'></Signature><Signature ID=\"s006\" …<MaxSignId>006</MaxSignId></Signatures>",
        );
        append(
            "<Signatures><MaxSignId>s4</MaxSignId><Signature ID='2' BaseLoc='a'/><Signature ID='4' BaseLoc='b'/></Signatures>",
            "<Signatures><MaxSignId>s5</MaxSignId><Signature ID='2' BaseLoc='a'/><Signature ID='4' BaseLoc='b'/><Signature ID=\"s005\" …</Signatures>",
        );
    }

    #[test]
    fn list_without_counter_or_signatures() {
        append(
            "<o:Signatures xmlns:o='x'/>",
            "<o:Signatures xmlns:o='x'><o:MaxSignId>1</o:MaxSignId><o:Signature ID=\"s001\" …</o:Signatures>",
        );
        append(
            "<Signatures></Signatures>",
            "<Signatures><MaxSignId>1</MaxSignId><Signature ID=\"s001\" …</Signatures>",
        );
        append(
            "<Signatures><MaxSignId/></Signatures>",
            "<Signatures><MaxSignId>1</MaxSignId><Signature ID=\"s001\" …</Signatures>",
        );
        append(
            "<Signatures>\n<Signature ID='s007'/></Signatures>",
            "<Signatures><MaxSignId>8</MaxSignId>\n<Signature ID='s007'/><Signature ID=\"s008\" …</Signatures>",
        );
    }

    #[test]
    fn counters_keep_their_manner() {
        for (before, expected) in [
            ("1", "7"),
            ("001", "007"),
            ("s4", "s7"),
            ("s004", "s007"),
            ("", "7"),
            ("s", "7"),
        ] {
            assert_eq!(like(before, 7), expected);
        }
    }

    fn link(xml: &str, body: usize) -> Result<String, Error> {
        let loc = PartPath::new("/Doc_0/Signs/Signatures.xml").unwrap();
        let bytes = link_signature_list(xml.as_bytes(), body, &loc, &Limits::default())?;
        Ok(String::from_utf8(bytes).unwrap())
    }

    #[test]
    fn link_comes_behind_root_and_versions() {
        let one =
            "<o:OFD xmlns:o='x'>\n<o:DocBody><o:DocInfo/> <o:DocRoot>a</o:DocRoot>\n</o:DocBody></o:OFD>";
        let element = "<o:Signatures>/Doc_0/Signs/Signatures.xml</o:Signatures>";
        assert_eq!(
            link(one, 0).unwrap(),
            one.replace("</o:DocRoot>", &format!("</o:DocRoot>{element}"))
        );
        let two = "<OFD><DocBody><DocRoot>a</DocRoot></DocBody><DocBody><DocRoot>b</DocRoot><Versions/></DocBody></OFD>";
        let element = "<Signatures>/Doc_0/Signs/Signatures.xml</Signatures>";
        assert_eq!(
            link(two, 1).unwrap(),
            two.replace("<Versions/>", &format!("<Versions/>{element}"))
        );
        assert!(link(two, 2).is_err());
    }

    #[test]
    fn link_that_is_there_stays() {
        let xml = "<OFD><DocBody><DocRoot>a</DocRoot><Signatures>Doc_0/Signs/Signatures.xml</Signatures></DocBody></OFD>";
        assert_eq!(link(xml, 0).unwrap(), xml);
        assert_eq!(
            link(&xml.replace("Doc_0", "Doc_1"), 0).unwrap_err().code(),
            "SCHEMA"
        );
        let empty = "<OFD><DocBody><DocRoot>a</DocRoot><Signatures/></DocBody></OFD>";
        let expected = empty.replace(
            "<Signatures/>",
            "<Signatures>/Doc_0/Signs/Signatures.xml</Signatures>",
        );
        assert_eq!(link(empty, 0).unwrap(), expected);
    }
}
