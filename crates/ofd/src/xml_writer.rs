//! Writing XML parts: UTF-8, prefix `ofd`, the namespace of GB/T 33190-2016, no white space between elements.

use std::fmt::{Display, Write as _};

/// Namespace of every element of ours (GB/T 33190-2016 7.1).
pub(crate) const NAMESPACE: &str = "http://www.ofdspec.org/2016";

/// Names and values of attributes, in the order in which they are written.
pub(crate) type Attributes<'a> = &'a [(&'static str, &'a dyn Display)];

/// One part, written from its start to its end.
pub(crate) struct XmlWriter {
    text: String,
    open: Vec<&'static str>,
}

impl XmlWriter {
    /// A part with this root element, which is open.
    pub(crate) fn new(root: &'static str, attributes: Attributes<'_>) -> Self {
        let text = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n".to_owned();
        let mut xml = Self {
            text,
            open: Vec::new(),
        };
        xml.tag(root, &[("xmlns:ofd", &NAMESPACE)]);
        xml.attributes(attributes);
        xml.text.push('>');
        xml.open.push(root);
        xml
    }

    /// Opens an element.
    pub(crate) fn open(&mut self, name: &'static str, attributes: Attributes<'_>) {
        self.tag(name, attributes);
        self.text.push('>');
        self.open.push(name);
    }

    /// Closes the element opened last.
    pub(crate) fn close(&mut self) {
        if let Some(name) = self.open.pop() {
            self.end(name);
        }
    }

    /// An element without content.
    pub(crate) fn empty(&mut self, name: &'static str, attributes: Attributes<'_>) {
        self.tag(name, attributes);
        self.text.push_str("/>");
    }

    /// An element with text.
    pub(crate) fn leaf(&mut self, name: &'static str, attributes: Attributes<'_>, text: &dyn Display) {
        self.tag(name, attributes);
        self.text.push('>');
        escape(&mut self.text, &text.to_string(), false);
        self.end(name);
    }

    /// Closes what is open; the bytes of the part.
    pub(crate) fn finish(mut self) -> Vec<u8> {
        while !self.open.is_empty() {
            self.close();
        }
        self.text.into_bytes()
    }

    fn tag(&mut self, name: &'static str, attributes: Attributes<'_>) {
        self.text.push_str("<ofd:");
        self.text.push_str(name);
        self.attributes(attributes);
    }

    fn attributes(&mut self, attributes: Attributes<'_>) {
        for (name, value) in attributes {
            self.text.push(' ');
            self.text.push_str(name);
            self.text.push_str("=\"");
            escape(&mut self.text, &value.to_string(), true);
            self.text.push('"');
        }
    }

    fn end(&mut self, name: &'static str) {
        self.text.push_str("</ofd:");
        self.text.push_str(name);
        self.text.push('>');
    }
}

/// What XML 1.0 (2.2) cannot hold at all becomes U+FFFD; what a reader would normalise becomes a reference.
pub(crate) fn escape(out: &mut String, text: &str, in_attribute: bool) {
    for character in text.chars() {
        match character {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' if in_attribute => out.push_str("&quot;"),
            '\t' | '\n' if !in_attribute => out.push(character),
            '\t' | '\n' | '\r' => {
                let _ = write!(out, "&#{};", character as u32); // a String takes everything
            }
            '\0'..='\u{1F}' | '\u{FFFE}' | '\u{FFFF}' => out.push('\u{FFFD}'),
            _ => out.push(character),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn part_is_written_in_one_form() {
        let mut xml = XmlWriter::new("Page", &[("A", &1)]);
        xml.open("Content", &[]);
        xml.empty("Layer", &[("ID", &2), ("Name", &"\"a\"")]);
        xml.leaf("Text", &[], &"<&>");
        let expected = concat!(
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n",
            "<ofd:Page xmlns:ofd=\"http://www.ofdspec.org/2016\" A=\"1\"><ofd:Content>",
            "<ofd:Layer ID=\"2\" Name=\"&quot;a&quot;\"/><ofd:Text>&lt;&amp;&gt;</ofd:Text>",
            "</ofd:Content></ofd:Page>"
        );
        assert_eq!(String::from_utf8(xml.finish()).unwrap(), expected);
    }

    proptest! {
        #[test]
        fn another_reader_finds_the_same_text(text in any::<String>(), value in any::<String>()) {
            let mut xml = XmlWriter::new("Page", &[("A", &value)]);
            xml.leaf("T", &[], &text);
            let xml = String::from_utf8(xml.finish()).unwrap();
            let read = roxmltree::Document::parse(&xml).unwrap();
            let kept = |text: &str| text.replace(|c: char| c < ' ' && !"\t\n\r".contains(c) || matches!(c, '\u{FFFE}' | '\u{FFFF}'), "\u{FFFD}");
            prop_assert_eq!(read.root_element().attribute("A").unwrap(), kept(&value));
            prop_assert_eq!(read.root_element().first_element_child().unwrap().text().unwrap_or_default(), kept(&text));
        }
    }
}
