//! XML parts as a stream of tags, for parts that may be large: pages and resource files.

use quick_xml::Reader;
use quick_xml::events::{BytesStart, Event};

use crate::{Error, Limits};

/// A place in the XML; nothing is built and nothing recurses.
pub(crate) struct Walk<'a> {
    reader: Reader<&'a [u8]>,
    depth: u32,
    attributes_max: usize,
}

impl<'a> Walk<'a> {
    /// At the start of what `xml::text` returned.
    pub(crate) fn new(text: &'a str, limits: &Limits) -> Self {
        let mut reader = Reader::from_str(text);
        reader.config_mut().expand_empty_elements = true;
        Self {
            reader,
            depth: 0,
            attributes_max: limits.xml_attributes_max as usize,
        }
    }

    /// Open elements; after a start tag its own element is one of them.
    pub(crate) fn depth(&self) -> u32 {
        self.depth
    }

    /// Bytes that were read so far.
    pub(crate) fn position(&self) -> usize {
        self.reader.buffer_position() as usize
    }

    /// The next start tag anywhere, `depth` counting its element; `None` at the end.
    pub(crate) fn next_start(&mut self) -> Result<Option<BytesStart<'a>>, Error> {
        loop {
            match self.event()? {
                Event::Start(start) => return Ok(Some(start)),
                Event::Eof if self.depth == 0 => return Ok(None),
                Event::Eof => return Err(self.broken("an element has no end")),
                _ => {}
            }
        }
    }

    /// The text of the element that is open, up to its end.
    pub(crate) fn text(&mut self) -> Result<String, Error> {
        let outside = self.depth - 1; // called with an element open
        let mut text = String::new();
        loop {
            match self.event()? {
                Event::Text(part) => text.push_str(&part),
                Event::CData(part) => text.push_str(&part),
                Event::GeneralRef(reference) => {
                    let value = format!("&{};", &*reference);
                    let value = quick_xml::escape::unescape(&value);
                    text.push_str(&value.map_err(|error| self.broken(&error.to_string()))?);
                }
                Event::End(_) if self.depth == outside => return Ok(text),
                Event::Eof => return Err(self.broken("an element has no end")),
                _ => {}
            }
        }
    }

    /// Most attributes of one element.
    pub(crate) fn attributes_max(&self) -> u64 {
        self.attributes_max as u64
    }

    /// The attributes with these local names, in their order; one that stands twice breaks the XML.
    pub(crate) fn attributes<const N: usize>(
        &self,
        start: &BytesStart<'_>,
        names: [&str; N],
    ) -> Result<[Option<String>; N], Error> {
        let mut values = [const { None }; N];
        // The reader's own search for doubled attributes takes quadratic time: so it is off, and bounded here.
        for (count, attribute) in start.attributes().with_checks(false).enumerate() {
            if count >= self.attributes_max {
                let max = self.attributes_max as u64;
                return Err(Error::TooMuch {
                    what: "the number of attributes of an XML element",
                    max,
                });
            }
            let attribute = attribute.map_err(|error| self.broken(&error.to_string()))?;
            let name = attribute.key.local_name();
            let Some(index) = names.iter().position(|wanted| *wanted == name.as_ref()) else {
                continue;
            };
            let value = quick_xml::escape::unescape(&attribute.value);
            let value = value
                .map_err(|error| self.broken(&error.to_string()))?
                .into_owned();
            if values[index].replace(value).is_some() {
                return Err(self.broken("an attribute stands twice"));
            }
        }
        Ok(values)
    }

    /// The next event, `depth` kept; a document type declaration is refused.
    pub(crate) fn event(&mut self) -> Result<Event<'a>, Error> {
        let event = self.reader.read_event();
        match &event {
            Ok(Event::Start(_)) => self.depth = self.depth.saturating_add(1),
            Ok(Event::End(_)) => self.depth = self.depth.saturating_sub(1),
            Ok(Event::DocType(_)) => {
                return Err(Error::Doctype {
                    offset: self.reader.buffer_position(),
                });
            }
            _ => {}
        }
        event.map_err(|error| Error::BadXml {
            offset: self.reader.error_position(),
            reason: error.to_string(),
        })
    }

    pub(crate) fn broken(&self, reason: &str) -> Error {
        Error::BadXml {
            offset: self.reader.buffer_position(),
            reason: reason.to_owned(),
        }
    }
}
