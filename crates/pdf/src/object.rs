//! The kinds of values that a PDF is made of (ISO 32000-1 §7.3).

use std::collections::BTreeMap;
use std::fmt;
use std::ops::Range;

/// One value.
#[derive(Clone, Debug, PartialEq)]
pub enum Object {
    /// `null`, and everything that does not exist.
    Null,
    /// `true` or `false`.
    Boolean(bool),
    /// A whole number.
    Integer(i64),
    /// A number with a fraction.
    Real(f64),
    /// A name without its slash, `#` escapes resolved.
    Name(Vec<u8>),
    /// A string.
    Text(PdfString),
    /// An array.
    Array(Vec<Object>),
    /// A dictionary.
    Dictionary(Dictionary),
    /// A stream.
    Stream(Stream),
    /// A reference to an indirect object.
    Reference(ObjectId),
}

/// The number and generation of an indirect object.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ObjectId {
    /// From 1.
    pub number: u32,
    /// 0 unless the number was used before.
    pub generation: u16,
}

impl fmt::Display for ObjectId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {} R", self.number, self.generation)
    }
}

/// A string, and where it stands in the file.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct PdfString {
    /// Its bytes, escapes resolved.
    pub bytes: Vec<u8>,
    /// The token with its delimiters, in bytes of the file; absent inside of object streams.
    pub span: Option<Range<usize>>,
    /// Whether it is written in hexadecimal, `<…>`.
    pub hexadecimal: bool,
}

/// A dictionary. A key that is repeated keeps its last value, and is remembered.
#[derive(Clone, Debug, PartialEq, Default)]
pub struct Dictionary {
    entries: BTreeMap<Vec<u8>, Object>,
    repeats: bool,
}

/// A stream: its dictionary, and where its data begins in the file. Its length is found when it is used, because
/// it may stand in another object.
#[derive(Clone, Debug, PartialEq)]
pub struct Stream {
    /// Its dictionary.
    pub dictionary: Dictionary,
    /// First byte of the data.
    pub start: usize,
    /// The object that it is; absent while it is no object of a document.
    pub id: Option<ObjectId>,
}

impl Object {
    /// A name from text.
    pub fn name(name: &str) -> Self {
        Self::Name(name.as_bytes().to_vec())
    }

    /// A string that will be written in parentheses or in hexadecimal, as fits.
    pub fn text(bytes: &[u8]) -> Self {
        Self::Text(PdfString {
            bytes: bytes.to_vec(),
            ..PdfString::default()
        })
    }

    /// The name, if it is one.
    pub fn as_name(&self) -> Option<&[u8]> {
        match self {
            Self::Name(name) => Some(name),
            _ => None,
        }
    }

    /// The whole number, if it is one.
    pub fn as_integer(&self) -> Option<i64> {
        match self {
            Self::Integer(number) => Some(*number),
            _ => None,
        }
    }

    /// The number, whole or not.
    pub fn as_number(&self) -> Option<f64> {
        match self {
            Self::Integer(number) => Some(*number as f64),
            Self::Real(number) => Some(*number),
            _ => None,
        }
    }

    /// The string, if it is one.
    pub fn as_text(&self) -> Option<&PdfString> {
        match self {
            Self::Text(text) => Some(text),
            _ => None,
        }
    }

    /// The elements, if it is an array.
    pub fn as_array(&self) -> Option<&[Object]> {
        match self {
            Self::Array(elements) => Some(elements),
            _ => None,
        }
    }

    /// The dictionary, of a stream too.
    pub fn as_dictionary(&self) -> Option<&Dictionary> {
        match self {
            Self::Dictionary(dictionary) => Some(dictionary),
            Self::Stream(stream) => Some(&stream.dictionary),
            _ => None,
        }
    }

    /// What it refers to, if it is a reference.
    pub fn as_reference(&self) -> Option<ObjectId> {
        match self {
            Self::Reference(id) => Some(*id),
            _ => None,
        }
    }
}

impl Dictionary {
    /// The value of a key as it stands; a reference is not followed.
    pub fn get(&self, key: &str) -> Option<&Object> {
        self.entries.get(key.as_bytes())
    }

    /// Whether the key is there.
    pub fn contains(&self, key: &str) -> bool {
        self.entries.contains_key(key.as_bytes())
    }

    /// Keys and values in the order of the keys' bytes.
    pub fn iter(&self) -> impl Iterator<Item = (&[u8], &Object)> {
        self.entries.iter().map(|(key, value)| (key.as_slice(), value))
    }

    /// Sets a value. A key that was there already counts as repeated only while parsing.
    pub fn set(&mut self, key: &str, value: Object) {
        self.entries.insert(key.as_bytes().to_vec(), value);
    }

    /// Removes a key.
    pub fn remove(&mut self, key: &str) -> Option<Object> {
        self.entries.remove(key.as_bytes())
    }

    /// Whether a key stood in it more than once: readers differ in which one counts.
    pub fn repeats(&self) -> bool {
        self.repeats
    }

    /// Whether `/Type` is this name.
    pub fn is_type(&self, name: &str) -> bool {
        self.get("Type").and_then(Object::as_name) == Some(name.as_bytes())
    }

    pub(crate) fn values_mut(&mut self) -> impl Iterator<Item = (&[u8], &mut Object)> {
        self.entries
            .iter_mut()
            .map(|(key, value)| (key.as_slice(), value))
    }

    pub(crate) fn value(&self, key: &[u8]) -> Option<&Object> {
        self.entries.get(key)
    }

    pub(crate) fn insert_parsed(&mut self, key: Vec<u8>, value: Object) {
        self.repeats |= self.entries.insert(key, value).is_some();
    }
}

/// Name, date or text for people, out of PDFDocEncoding (its ASCII part), UTF-16 or UTF-8 (ISO 32000-2 §7.9.2.2).
pub fn text_of(bytes: &[u8]) -> String {
    if let Some(units) = bytes.strip_prefix(&[0xFE, 0xFF]) {
        let units: Vec<u16> = units
            .chunks_exact(2)
            .map(|pair| u16::from_be_bytes([pair[0], pair[1]]))
            .collect();
        return String::from_utf16_lossy(&units);
    }
    let plain = bytes.strip_prefix(&[0xEF, 0xBB, 0xBF]).unwrap_or(bytes);
    String::from_utf8_lossy(plain).into_owned()
}
