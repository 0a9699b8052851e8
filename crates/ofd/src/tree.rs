//! XML parts as plain trees, for readers outside of this crate that need every attribute: drawing, tags.
//!
//! ```
//! use ofd::{Element, Limits};
//!
//! let xml = b"<o:Page xmlns:o='x'><o:Area Unit='mm'>A4</o:Area></o:Page>";
//! let page = Element::read(xml, &["Page"], &Limits::default())?;
//! assert_eq!(page.child("Area").and_then(|area| area.attribute("Unit")), Some("mm"));
//! # Ok::<(), ofd::Error>(())
//! ```

use quick_xml::events::{BytesStart, Event};

use crate::walk::Walk;
use crate::{Error, Limits, xml};

/// Elements and attributes of one tree, for each that [`Limits::xml_nodes_max`] allows: pages are larger than
/// other parts.
const NODES_FACTOR: u64 = 4;

/// An element with everything inside it. Names are local names: prefixes and namespaces are left out.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Element {
    /// Local name.
    pub name: String,
    /// Local names and values, in their order.
    pub attributes: Vec<(String, String)>,
    /// Child elements, in their order.
    pub children: Vec<Element>,
    /// All text directly inside the element, comments left out.
    pub text: String,
}

impl Element {
    /// Reads a part whose root element has one of these local names.
    ///
    /// Fails when the XML is broken, has a document type declaration, has another root, or is above a limit.
    pub fn read(bytes: &[u8], roots: &[&'static str], limits: &Limits) -> Result<Self, Error> {
        let mut builder = Builder {
            walk: Walk::new(xml::text(bytes, limits)?, limits),
            nodes_left: u64::from(limits.xml_nodes_max) * NODES_FACTOR,
            nodes_max: u64::from(limits.xml_nodes_max) * NODES_FACTOR,
            depth_max: limits.xml_depth_max,
        };
        let root = builder.build()?;
        match roots.first() {
            Some(expected) if !roots.contains(&root.name.as_str()) => Err(Error::WrongRoot {
                found: crate::package::shorten(&root.name),
                expected,
            }),
            _ => Ok(root),
        }
    }

    /// The value of the first attribute with this local name.
    pub fn attribute(&self, name: &str) -> Option<&str> {
        let found = self.attributes.iter().find(|(known, _)| known == name);
        found.map(|(_, value)| value.as_str())
    }

    /// The first child element with this local name.
    pub fn child(&self, name: &str) -> Option<&Self> {
        self.children.iter().find(|child| child.name == name)
    }

    /// All child elements with this local name.
    pub fn children_named(&self, name: &str) -> impl Iterator<Item = &Self> {
        self.children.iter().filter(move |child| child.name == name)
    }
}

struct Builder<'a> {
    walk: Walk<'a>,
    nodes_left: u64,
    nodes_max: u64,
    depth_max: u32,
}

impl Builder<'_> {
    fn build(&mut self) -> Result<Element, Error> {
        // Open elements, outermost first: nothing recurses.
        let mut open: Vec<Element> = Vec::new();
        loop {
            match self.walk.event()? {
                Event::Start(start) => {
                    if open.len() >= self.depth_max as usize {
                        return Err(too_much(
                            "the depth of the XML in elements",
                            self.depth_max.into(),
                        ));
                    }
                    open.push(self.element(&start)?);
                }
                Event::End(_) => {
                    let Some(mut done) = open.pop() else { continue };
                    if !done.children.is_empty() && done.text.trim_ascii().is_empty() {
                        done.text.clear(); // white space between elements
                    }
                    match open.last_mut() {
                        Some(parent) => parent.children.push(done),
                        None => return Ok(done),
                    }
                }
                Event::Text(part) => append(&mut open, &part),
                Event::CData(part) => append(&mut open, &part),
                Event::GeneralRef(reference) => {
                    let value = format!("&{};", &*reference);
                    let value = quick_xml::escape::unescape(&value);
                    append(
                        &mut open,
                        &value.map_err(|error| self.walk.broken(&error.to_string()))?,
                    );
                }
                Event::Eof => return Err(self.walk.broken("an element has no end")),
                _ => {}
            }
        }
    }

    fn element(&mut self, start: &BytesStart<'_>) -> Result<Element, Error> {
        self.count()?;
        let mut attributes = Vec::new();
        // Counted as they come: the reader's own search for doubled ones takes quadratic time.
        for attribute in start.attributes().with_checks(false) {
            if attributes.len() as u64 >= self.walk.attributes_max() {
                return Err(too_much(
                    "the number of attributes of an XML element",
                    self.walk.attributes_max(),
                ));
            }
            self.count()?;
            let attribute = attribute.map_err(|error| self.walk.broken(&error.to_string()))?;
            let value = quick_xml::escape::unescape(&attribute.value)
                .map_err(|error| self.walk.broken(&error.to_string()))?;
            let name = attribute.key.local_name().as_ref().to_owned();
            attributes.push((name, value.into_owned()));
        }
        Ok(Element {
            name: start.local_name().as_ref().to_owned(),
            attributes,
            ..Element::default()
        })
    }

    fn count(&mut self) -> Result<(), Error> {
        let left = self.nodes_left.checked_sub(1);
        self.nodes_left = left.ok_or_else(|| too_much("the number of XML nodes", self.nodes_max))?;
        Ok(())
    }
}

fn append(open: &mut [Element], text: &str) {
    if let Some(element) = open.last_mut() {
        element.text.push_str(text);
    }
}

fn too_much(what: &'static str, max: u64) -> Error {
    Error::TooMuch { what, max }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn check(xml: &str, expected: Result<&str, &str>) {
        let limits = Limits {
            xml_depth_max: 4,
            xml_nodes_max: 3, // 12 nodes
            xml_attributes_max: 3,
            ..Limits::default()
        };
        let read = Element::read(xml.as_bytes(), &["a"], &limits);
        let read = read.map(|root| outline(&root)).map_err(|error| error.code());
        assert_eq!(read.as_deref().map_err(|code| *code), expected, "{xml}");
    }

    fn outline(element: &Element) -> String {
        let attributes = element
            .attributes
            .iter()
            .map(|(name, value)| format!(" {name}={value}"));
        let attributes: String = attributes.collect();
        let children: String = element.children.iter().map(outline).collect();
        format!("({}{attributes}:{}{children})", element.name, element.text)
    }

    #[test]
    fn trees_keep_names_values_and_text() {
        check("<a/>", Ok("(a:)"));
        check("<a> </a>", Ok("(a: )"));
        check(
            "<o:a xmlns:o='u' o:b='1&lt;2'> <o:c>x<!-- y --> &amp; <![CDATA[<]]></o:c> </o:a>",
            Ok("(a o=u b=1<2:(c:x & <))"),
        );
    }

    #[test]
    fn trees_meet_limits() {
        check("<a><a><a><a/></a></a></a>", Ok("(a:(a:(a:(a:))))"));
        check("<a><a><a><a><a/></a></a></a></a>", Err("LIMIT"));
        check("<a b='' c='' d='' e=''/>", Err("LIMIT"));
        check(&format!("<a>{}</a>", "<b/>".repeat(12)), Err("LIMIT"));
        check("<b/>", Err("SCHEMA"));
        check("<a>", Err("XML_MALFORMED"));
        check("<!DOCTYPE a><a/>", Err("XML_DTD"));
    }

    proptest! {
        #[test]
        fn any_text_is_read_without_panic(xml in "[<>/a!?\\-\\[\\]'\"= &;xmlns:]{0,60}") {
            let _ = Element::read(xml.as_bytes(), &["a"], &Limits::default());
        }
    }
}
