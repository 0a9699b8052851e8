//! XML parts as trees: UTF-8 only, no document type declaration, limits met before anything is built.
//!
//! Names are compared without their namespace: real files use `http://www.ofdspec.org/2016`, the older
//! `http://www.ofdspec.org`, both in one package, and others. What is not 2016 becomes a finding.

use std::borrow::Cow;

use memchr::memmem;
use roxmltree::{Document, Node, ParsingOptions};

use crate::finding::FindingKind;
use crate::{Error, Limits};

/// GB/T 33190-2016 clause 6.3.
const NAMESPACE: &str = "http://www.ofdspec.org/2016";
/// Drafts before 2016, and producers that never moved on.
const NAMESPACE_OLD: &str = "http://www.ofdspec.org";

/// The text of a part, without the byte order mark that some producers write.
pub(crate) fn text<'a>(bytes: &'a [u8], limits: &Limits) -> Result<&'a str, Error> {
    if bytes.len() as u64 > limits.xml_bytes_max {
        return Err(Error::TooMuch {
            what: "the size of the XML in bytes",
            max: limits.xml_bytes_max,
        });
    }
    if bytes.starts_with(b"\xFF\xFE") || bytes.starts_with(b"\xFE\xFF") {
        return Err(Error::Encoding {
            encoding: "UTF-16".to_owned(),
        });
    }
    let bytes = bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(bytes);
    let declared = declared_encoding(bytes);
    match std::str::from_utf8(bytes) {
        // In ASCII every encoding that a producer may declare means the same.
        Ok(text) => match declared {
            Some(encoding) if !is_utf8(encoding) && !bytes.is_ascii() => Err(Error::Encoding {
                encoding: encoding.to_owned(),
            }),
            _ => Ok(text),
        },
        Err(error) => Err(match declared {
            Some(encoding) if !is_utf8(encoding) => Error::Encoding {
                encoding: encoding.to_owned(),
            },
            _ => Error::NotUtf8 {
                offset: error.valid_up_to() as u64,
            },
        }),
    }
}

/// Parses what [`text`] returned, and checks that the root element has this local name.
pub(crate) fn parse<'a>(text: &'a str, root: &'static str, limits: &Limits) -> Result<Document<'a>, Error> {
    scan(text, limits)?;
    // The tree counts the root, and the texts between elements, which are about as many again.
    let nodes_limit = limits.xml_nodes_max.saturating_mul(2).saturating_add(2);
    let options = ParsingOptions {
        allow_dtd: false,
        nodes_limit,
        ..ParsingOptions::default()
    };
    let document = Document::parse_with_options(text, options).map_err(|error| match error {
        roxmltree::Error::NodesLimitReached => too_many_nodes(limits),
        roxmltree::Error::DtdDetected => Error::Doctype { offset: 0 },
        other => Error::BadXml {
            offset: offset_of(text, other.pos()),
            reason: crate::package::shorten(&other.to_string()),
        },
    })?;
    let found = document.root_element().tag_name().name();
    if found != root {
        return Err(Error::WrongRoot {
            found: crate::package::shorten(found),
            expected: root,
        });
    }
    Ok(document)
}

/// Row and column, both from 1 and in characters, as bytes from the start of the text.
fn offset_of(text: &str, place: roxmltree::TextPos) -> u64 {
    let (row, column) = (
        place.row.saturating_sub(1) as usize,
        place.col.saturating_sub(1) as usize,
    );
    let start = match row {
        0 => 0,
        row => memchr::memchr_iter(b'\n', text.as_bytes())
            .nth(row - 1)
            .map_or(text.len(), |end| end + 1),
    };
    let line = &text[start..]; // a line begins at a character
    (start + line.char_indices().nth(column).map_or(line.len(), |(at, _)| at)) as u64
}

/// What is odd about the namespace of the root element.
pub(crate) fn namespace_oddity(document: &Document<'_>) -> Option<(FindingKind, String)> {
    match document.root_element().tag_name().namespace() {
        Some(NAMESPACE) => None,
        Some(NAMESPACE_OLD) => Some((FindingKind::NamespaceOld, NAMESPACE_OLD.to_owned())),
        other => Some((
            FindingKind::NamespaceOdd,
            crate::package::shorten(other.unwrap_or("none")),
        )),
    }
}

/// The child elements with this local name.
pub(crate) fn children<'a, 'i: 'a>(
    node: Node<'a, 'i>,
    name: &'static str,
) -> impl Iterator<Item = Node<'a, 'i>> {
    node.children()
        .filter(move |child| child.is_element() && child.tag_name().name() == name)
}

/// The first child element with this local name.
pub(crate) fn child<'a, 'i: 'a>(node: Node<'a, 'i>, name: &'static str) -> Option<Node<'a, 'i>> {
    children(node, name).next()
}

/// The attribute with this local name, one without a namespace first.
pub(crate) fn attribute<'a>(node: Node<'a, '_>, name: &str) -> Option<&'a str> {
    let attribute = node.attribute(name);
    attribute.or_else(|| {
        node.attributes()
            .find(|other| other.name() == name)
            .map(|other| other.value())
    })
}

/// All text directly inside the element, comments left out.
pub(crate) fn content<'a>(node: Node<'a, '_>) -> Cow<'a, str> {
    let mut texts = node
        .children()
        .filter(Node::is_text)
        .filter_map(|child| child.text());
    let first = texts.next().unwrap_or_default();
    match texts.next() {
        None => Cow::Borrowed(first),
        Some(second) => {
            let mut all = format!("{first}{second}");
            texts.for_each(|text| all.push_str(text));
            Cow::Owned(all)
        }
    }
}

/// The text of the first child element with this name, without white space around it; `None` when it is empty.
pub(crate) fn child_text(node: Node<'_, '_>, name: &'static str) -> Option<String> {
    let text = content(child(node, name)?).trim().to_owned();
    (!text.is_empty()).then_some(text)
}

/// The encoding that the XML declaration names.
fn declared_encoding(bytes: &[u8]) -> Option<&str> {
    const DECLARATION_BYTES_MAX: usize = 256;
    let head = &bytes[..bytes.len().min(DECLARATION_BYTES_MAX)];
    let head = head.strip_prefix(b"<?xml")?;
    let head = &head[..memmem::find(head, b"?>")?];
    let value = &head[memmem::find(head, b"encoding")? + b"encoding".len()..];
    let value = std::str::from_utf8(value)
        .ok()?
        .trim_start()
        .strip_prefix('=')?
        .trim_start();
    let quote = value.chars().next().filter(|quote| matches!(quote, '"' | '\''))?;
    value[1..].split(quote).next()
}

fn is_utf8(encoding: &str) -> bool {
    ["utf-8", "utf8", "us-ascii"]
        .iter()
        .any(|known| encoding.eq_ignore_ascii_case(known))
}

/// Counts everything that could make parsing expensive, in one pass and without building anything.
///
/// Where this pass and the parser see a different structure, the text is not well-formed and the parser says so.
fn scan(text: &str, limits: &Limits) -> Result<(), Error> {
    let bytes = text.as_bytes();
    let mut nodes: u32 = 0;
    // For each open element the namespaces that it declares; all of them together are in force.
    let mut open: Vec<u32> = Vec::new();
    let mut namespaces: u32 = 0;
    let mut at = 0;
    while let Some(found) = memchr::memchr(b'<', &bytes[at..]) {
        let start = at + found;
        let rest = &bytes[start..];
        let (end, tag) = match rest.get(1) {
            Some(b'!') => (skip_markup(rest, start)?, None),
            Some(b'?') => (find(rest, b"?>", 2)?, None),
            Some(b'/') => {
                namespaces -= open.pop().unwrap_or_default();
                (find(rest, b">", 2)?, None)
            }
            _ => {
                let tag = read_tag(rest)?;
                (tag.end, Some(tag))
            }
        };
        at = start + end;
        let Some(tag) = tag else { continue };
        nodes = nodes.saturating_add(1 + tag.attributes);
        if nodes > limits.xml_nodes_max {
            return Err(too_many_nodes(limits));
        }
        if tag.attributes > limits.xml_attributes_max {
            let max = u64::from(limits.xml_attributes_max);
            return Err(Error::TooMuch {
                what: "the number of attributes of an XML element",
                max,
            });
        }
        if namespaces + tag.namespaces > limits.xml_namespaces_max {
            let max = u64::from(limits.xml_namespaces_max);
            return Err(Error::TooMuch {
                what: "the number of namespaces in force in the XML",
                max,
            });
        }
        if !tag.empty {
            namespaces += tag.namespaces;
            open.push(tag.namespaces);
            if open.len() > limits.xml_depth_max as usize {
                let max = u64::from(limits.xml_depth_max);
                return Err(Error::TooMuch {
                    what: "the depth of the XML in elements",
                    max,
                });
            }
        }
    }
    Ok(())
}

/// A start tag, or an empty-element tag.
struct Tag {
    /// Bytes up to and with the closing bracket.
    end: usize,
    attributes: u32,
    namespaces: u32,
    empty: bool,
}

fn read_tag(rest: &[u8]) -> Result<Tag, Error> {
    let mut tag = Tag {
        end: 0,
        attributes: 0,
        namespaces: 0,
        empty: false,
    };
    let mut at = 1;
    while let Some(found) = memchr::memchr3(b'"', b'\'', b'>', &rest[at..]) {
        let here = at + found;
        if rest[here] == b'>' {
            tag.end = here + 1;
            tag.empty = rest[here - 1] == b'/';
            return Ok(tag);
        }
        tag.attributes = tag.attributes.saturating_add(1);
        if rest[at..here].trim_ascii_start().starts_with(b"xmlns") {
            tag.namespaces = tag.namespaces.saturating_add(1);
        } else if tag.attributes == 1 && memmem::find(&rest[at..here], b"xmlns").is_some() {
            tag.namespaces = tag.namespaces.saturating_add(1); // the element's name stands before it
        }
        at = match memchr::memchr(rest[here], &rest[here + 1..]) {
            Some(length) => here + 1 + length + 1,
            None => break,
        };
    }
    Err(cut_off())
}

/// Comments and CDATA; nothing else may begin with "<!" in a part.
fn skip_markup(rest: &[u8], start: usize) -> Result<usize, Error> {
    if rest.starts_with(b"<!--") {
        find(rest, b"-->", 4)
    } else if rest.starts_with(b"<![CDATA[") {
        find(rest, b"]]>", 9)
    } else {
        Err(Error::Doctype { offset: start as u64 })
    }
}

/// Where `needle`, looked for after the first `skip` bytes, ends.
fn find(rest: &[u8], needle: &[u8], skip: usize) -> Result<usize, Error> {
    let found = rest.get(skip..).and_then(|rest| memmem::find(rest, needle));
    found.map(|found| skip + found + needle.len()).ok_or_else(cut_off)
}

fn cut_off() -> Error {
    Error::BadXml {
        offset: 0,
        reason: "it ends in the middle of a tag".to_owned(),
    }
}

fn too_many_nodes(limits: &Limits) -> Error {
    Error::TooMuch {
        what: "the number of XML nodes",
        max: u64::from(limits.xml_nodes_max),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn check(xml: &str, expected: &str) {
        let limits = Limits {
            xml_depth_max: 4,
            xml_nodes_max: 12,
            xml_attributes_max: 3,
            xml_namespaces_max: 2,
            ..Limits::default()
        };
        let code = match text(xml.as_bytes(), &limits).and_then(|text| parse(text, "a", &limits).map(|_| ()))
        {
            Ok(()) => "",
            Err(error) => error.code(),
        };
        assert_eq!(code, expected, "{xml}");
    }

    #[test]
    fn well_formed_parts_are_read() {
        check("<a/>", "");
        check(
            "\u{feff}<?xml version='1.0' encoding='utf-8'?><o:a xmlns:o='x'>1<!-- <a> --></o:a>",
            "",
        );
        check(
            "<a b='>' c=\"'<\"/>"
                .replace('<', "&lt;")
                .replacen("&lt;", "<", 1)
                .as_str(),
            "",
        );
        check("<a><![CDATA[<<<<<<]]></a>", "");
    }

    #[test]
    fn document_types_are_refused() {
        check("<!DOCTYPE a><a/>", "XML_DTD");
        check(
            "<!DOCTYPE a [<!ENTITY x SYSTEM 'file:///etc/passwd'>]><a>&x;</a>",
            "XML_DTD",
        );
        check("<a>&x;</a>", "XML_MALFORMED");
    }

    #[test]
    fn broken_parts_are_refused() {
        for xml in [
            "",
            "a",
            "<a>",
            "<a></b>",
            "<a/><a/>",
            "<a b='1' b='2'/>",
            "<a",
            "<a b='",
            "<!--",
            "<p:a/>",
        ] {
            check(xml, "XML_MALFORMED");
        }
        check("<b/>", "SCHEMA");
    }

    #[test]
    fn errors_say_where() {
        let limits = Limits::default();
        let error = parse("<a>\n印 <b></c></a>", "a", &limits).unwrap_err();
        assert!(matches!(error, Error::BadXml { offset: 11, .. }), "{error:?}");
    }

    #[test]
    fn encodings_other_than_utf8_are_refused() {
        let gbk = b"<?xml version='1.0' encoding='GBK'?><a>\xD3\xA1</a>";
        assert_eq!(text(gbk, &Limits::default()).unwrap_err().code(), "XML_ENCODING");
        assert_eq!(
            text(b"<a>\xFF</a>", &Limits::default()).unwrap_err().code(),
            "XML_ENCODING"
        );
        assert_eq!(
            text(b"\xFF\xFE<\0a\0", &Limits::default()).unwrap_err().code(),
            "XML_ENCODING"
        );
        check("<?xml version='1.0' encoding='GB2312'?><a>ascii only</a>", "");
        check("<?xml version='1.0' encoding='GB2312'?><a>印</a>", "XML_ENCODING");
    }

    #[test]
    fn limits_hold() {
        check("<a><a><a><a/></a></a></a>", "");
        check("<a><a><a><a><a></a></a></a></a></a>", "LIMIT");
        check("<a b='' c='' d=''/>", "");
        check("<a b='' c='' d='' e=''/>", "LIMIT");
        check(&format!("<a>{}</a>", "<b/>".repeat(11)), "");
        check(&format!("<a>{}</a>", "<b/>".repeat(12)), "LIMIT");
        check("<a xmlns='1'><b xmlns:p='2'/><c xmlns:q='2'/></a>", "");
        check("<a xmlns='1'><b xmlns:p='2'><c xmlns:q='2'/></b></a>", "LIMIT");
    }

    #[test]
    fn nesting_costs_no_stack() {
        let deep = format!("{}{}", "<a>".repeat(200_000), "</a>".repeat(200_000));
        let limits = Limits {
            xml_depth_max: 300_000,
            xml_nodes_max: 300_000,
            ..Limits::default()
        };
        assert!(parse(&deep, "a", &limits).is_ok());
    }

    proptest! {
        #[test]
        fn any_text_is_parsed_without_panic(xml in "[<>/a!?\\-\\[\\]'\"= &;xmlns:]{0,60}") {
            let _ = parse(&xml, "a", &Limits::default());
        }

        #[test]
        fn any_bytes_are_read_without_panic(bytes in prop::collection::vec(any::<u8>(), 0..64)) {
            let _ = text(&bytes, &Limits::default());
        }
    }
}
