//! Incremental updates: what is new goes behind the file, and no earlier byte is touched (ISO 32000-1 §7.5.6).

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::ops::Range;

use crate::document::Document;
use crate::encryption::Opened;
use crate::error::{Error, structure};
use crate::object::{Dictionary, Object, ObjectId};
use crate::syntax::Parser;
use crate::write::{put_dictionary, put_object};
use crate::xref::Entry;

/// Digits of a position in a byte range: enough for every file that is read.
const POSITION_DIGITS: usize = 10;

/// An update of a document, until it is written.
pub struct Update<'d, 'a> {
    document: &'d Document<'a>,
    objects: BTreeMap<u32, (u16, Body)>,
    next: u32,
}

enum Body {
    Value(Object),
    Stream(Dictionary, Vec<u8>),
    /// A signature dictionary whose value has room for this many bytes.
    Signature(Dictionary, usize),
}

/// What is appended, with the places that the signature still has to fill. Positions count from the start of the
/// appended bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Appended {
    /// The bytes that go behind the file.
    pub bytes: Vec<u8>,
    /// Where `/Contents` stands, from its `<` to behind its `>`.
    pub hole: Range<usize>,
    /// Length of the file before the update.
    base: usize,
}

impl<'d, 'a> Update<'d, 'a> {
    /// Begins an update.
    ///
    /// # Errors
    /// A file that is locked is not updated, nor one that was read by guesswork, unless that was
    /// [accepted](Document::accept_repair).
    pub fn new(document: &'d Document<'a>) -> Result<Self, Error> {
        if document.is_locked() {
            return Err(Error::Encrypted);
        }
        if document.is_repaired() && !document.lists_anew() {
            return structure(
                "file",
                "it is damaged, and what it shows is a guess: it takes no update",
            );
        }
        Ok(Self {
            document,
            objects: BTreeMap::new(),
            next: document.size(),
        })
    }

    /// Adds an object.
    pub fn add(&mut self, object: Object) -> ObjectId {
        self.insert(Body::Value(object))
    }

    /// Adds a stream; its length is set when it is written.
    pub fn add_stream(&mut self, dictionary: Dictionary, data: Vec<u8>) -> ObjectId {
        self.insert(Body::Stream(dictionary, data))
    }

    /// Adds a signature dictionary with room for a value of this many bytes; `/ByteRange` and `/Contents` are set
    /// when it is written.
    pub fn add_signature(&mut self, dictionary: Dictionary, value_bytes: usize) -> ObjectId {
        self.insert(Body::Signature(dictionary, value_bytes))
    }

    fn insert(&mut self, body: Body) -> ObjectId {
        let id = ObjectId {
            number: self.next,
            generation: 0,
        };
        self.next += 1;
        self.objects.insert(id.number, (0, body));
        id
    }

    /// Gives an object a new value.
    pub fn replace(&mut self, id: ObjectId, object: Object) {
        self.objects
            .insert(id.number, (id.generation, Body::Value(object)));
    }

    /// An object as it will be: the value given to it here, or the document's.
    pub fn current(&self, id: ObjectId) -> Result<Object, Error> {
        match self.objects.get(&id.number) {
            Some((_, Body::Value(object))) => Ok(object.clone()),
            _ => Ok((*self.document.object(id.number)?).clone()),
        }
    }

    /// The bytes to append. `file_id` is the second half of the file's `/ID`, which changes with every update.
    ///
    /// # Errors
    /// When no signature dictionary was added, or the trailer cannot be followed.
    pub fn write(self, file_id: &[u8]) -> Result<Appended, Error> {
        let base = self.document.bytes().len();
        let (mut bytes, hole) = self.put(file_id)?;
        let Some((range, hole)) = hole else {
            return structure("update", "it holds no signature");
        };
        let total = base + bytes.len();
        let numbers = [0, base + hole.start, base + hole.end, total - base - hole.end];
        let text = byte_range(numbers);
        bytes[range.start..range.start + text.len()].copy_from_slice(text.as_bytes());
        Ok(Appended { bytes, hole, base })
    }

    /// As [`write`](Self::write), for an update without a signature. Nothing when nothing changes.
    pub fn write_unsigned(self, file_id: &[u8]) -> Result<Vec<u8>, Error> {
        if self.objects.is_empty() {
            return Ok(Vec::new());
        }
        let (bytes, hole) = self.put(file_id)?;
        if hole.is_some() {
            return structure("update", "it holds a signature");
        }
        Ok(bytes)
    }

    /// All bytes, and where a signature's byte range and value stand.
    fn put(&self, file_id: &[u8]) -> Result<(Vec<u8>, Option<SignaturePlace>), Error> {
        let base = self.document.bytes().len();
        let mut bytes = Vec::new();
        if !self.document.bytes().ends_with(b"\n") {
            bytes.push(b'\n');
        }
        let mut rows = if self.document.lists_anew() {
            self.old_rows()
        } else {
            BTreeMap::new()
        };
        let mut hole = None;
        for (number, (generation, body)) in &self.objects {
            rows.insert(*number, Row::at(base + bytes.len(), *generation));
            bytes.extend_from_slice(format!("{number} {generation} obj\n").as_bytes());
            let id = ObjectId {
                number: *number,
                generation: *generation,
            };
            if let Some(place) = put_body(&mut bytes, self.document.opened(), id, body) {
                hole = Some(place);
            }
            bytes.extend_from_slice(b"\nendobj\n");
        }
        self.put_xref(&mut bytes, base, rows, file_id)?;
        Ok((bytes, hole))
    }

    /// Where the objects of a repaired file are.
    fn old_rows(&self) -> BTreeMap<u32, Row> {
        let bytes = self.document.bytes();
        let rows = self.document.all_places().into_iter();
        rows.filter_map(|(number, entry)| match entry {
            Entry::Free => None,
            Entry::At(at) => {
                let id = Parser::in_file(bytes, at).object_head().ok()?;
                Some((number, Row::at(at, id.generation)))
            }
            Entry::Inside { stream, index } => {
                let third = u16::try_from(index).ok()?;
                let second = u64::from(stream);
                Some((
                    number,
                    Row {
                        kind: 2,
                        second,
                        third,
                    },
                ))
            }
        })
        .collect()
    }

    fn trailer(&self, file_id: &[u8]) -> Result<Dictionary, Error> {
        let old = self.document.trailer();
        let mut trailer = Dictionary::default();
        trailer.set("Size", Object::Integer(i64::from(self.next)));
        if !self.document.lists_anew() {
            trailer.set("Prev", Object::Integer(self.document.xref_start() as i64));
        }
        for key in ["Root", "Info", "Encrypt"] {
            if let Some(value) = old.get(key) {
                trailer.set(key, value.clone());
            }
        }
        if let Some(ids) = self.document.get(old, "ID")?
            && let Some(first) = ids.as_array().and_then(<[Object]>::first)
        {
            let first = self.document.resolve(first)?.clone();
            trailer.set("ID", Object::Array(vec![first, Object::text(file_id)]));
        }
        Ok(trailer)
    }

    /// Cross-reference data of the kind that the file has.
    fn put_xref(
        &self,
        bytes: &mut Vec<u8>,
        base: usize,
        mut rows: BTreeMap<u32, Row>,
        file_id: &[u8],
    ) -> Result<(), Error> {
        let mut trailer = self.trailer(file_id)?;
        let start = base + bytes.len();
        // Only a stream says that an object is inside of another one.
        if self.document.xref_is_stream() || rows.values().any(|row| row.kind == 2) {
            let number = self.next;
            rows.insert(number, Row::at(start, 0));
            trailer.set("Size", Object::Integer(i64::from(number) + 1));
            trailer.set("Type", Object::name("XRef"));
            trailer.set("W", Object::Array([1, 8, 2].map(Object::Integer).to_vec()));
            let index = rows
                .keys()
                .flat_map(|number| [Object::Integer(i64::from(*number)), Object::Integer(1)]);
            trailer.set("Index", Object::Array(index.collect()));
            let mut data = Vec::with_capacity(rows.len() * 11);
            for row in rows.values() {
                data.push(row.kind);
                data.extend_from_slice(&row.second.to_be_bytes());
                data.extend_from_slice(&row.third.to_be_bytes());
            }
            trailer.set("Length", Object::Integer(data.len() as i64));
            bytes.extend_from_slice(format!("{number} 0 obj\n").as_bytes());
            put_dictionary(bytes, &trailer);
            bytes.extend_from_slice(b"\nstream\n");
            bytes.extend_from_slice(&data);
            bytes.extend_from_slice(b"\nendstream\nendobj\n");
        } else {
            bytes.extend_from_slice(b"xref\n");
            if self.document.lists_anew() {
                bytes.extend_from_slice(b"0 1\n0000000000 65535 f \n");
            }
            for (number, Row { second, third, .. }) in &rows {
                bytes.extend_from_slice(format!("{number} 1\n{second:010} {third:05} n \n").as_bytes());
            }
            bytes.extend_from_slice(b"trailer\n");
            put_dictionary(bytes, &trailer);
            bytes.push(b'\n');
        }
        bytes.extend_from_slice(format!("startxref\n{start}\n%%EOF\n").as_bytes());
        Ok(())
    }
}

/// A row of cross-reference data (ISO 32000-1 table 18).
struct Row {
    kind: u8,
    second: u64,
    third: u16,
}

impl Row {
    fn at(at: usize, generation: u16) -> Self {
        Self {
            kind: 1,
            second: at as u64,
            third: generation,
        }
    }
}

/// Writes what stands in an object, encrypted where the file is; where a signature has its places.
fn put_body(
    bytes: &mut Vec<u8>,
    opened: Option<&Opened>,
    id: ObjectId,
    body: &Body,
) -> Option<SignaturePlace> {
    let encrypted = |object: Object| {
        let mut object = object;
        if let Some(opened) = opened {
            opened.encrypt_strings(id, &mut object);
        }
        object
    };
    match body {
        Body::Value(object) => put_object(bytes, &encrypted(object.clone())),
        Body::Stream(dictionary, data) => {
            let data = match opened {
                Some(opened) => opened.encrypt_stream(id, dictionary, data),
                None => Cow::Borrowed(&data[..]),
            };
            let mut dictionary = dictionary.clone();
            dictionary.set("Length", Object::Integer(data.len() as i64));
            put_object(bytes, &encrypted(Object::Dictionary(dictionary)));
            bytes.extend_from_slice(b"\nstream\n");
            bytes.extend_from_slice(&data);
            bytes.extend_from_slice(b"\nendstream");
        }
        Body::Signature(dictionary, room) => {
            if let Object::Dictionary(dictionary) = encrypted(Object::Dictionary(dictionary.clone())) {
                return Some(put_signature(bytes, &dictionary, *room));
            }
        }
    }
    None
}

impl Appended {
    /// The byte range of the finished file.
    pub fn byte_range(&self) -> [usize; 4] {
        let (start, end) = (self.base + self.hole.start, self.base + self.hole.end);
        [0, start, end, self.base + self.bytes.len() - end]
    }

    /// Puts the signature value into its place, the rest of which stays zeros.
    ///
    /// # Errors
    /// When there is less room.
    pub fn fill(&mut self, value: &[u8]) -> Result<(), Error> {
        let room = (self.hole.len() - 2) / 2;
        if value.len() > room {
            return Err(Error::Limit {
                what: "bytes of the signature value",
                max: room,
            });
        }
        let place = &mut self.bytes[self.hole.start + 1..];
        for (index, byte) in value.iter().enumerate() {
            place[2 * index] = DIGITS[usize::from(byte >> 4)];
            place[2 * index + 1] = DIGITS[usize::from(byte & 15)];
        }
        Ok(())
    }
}

const DIGITS: &[u8; 16] = b"0123456789abcdef";

/// Where a byte range and a signature value stand in appended bytes.
type SignaturePlace = (Range<usize>, Range<usize>);

/// Writes a signature dictionary; where its byte range and its value stand.
fn put_signature(bytes: &mut Vec<u8>, dictionary: &Dictionary, room: usize) -> SignaturePlace {
    put_dictionary(bytes, dictionary);
    bytes.truncate(bytes.len() - 2);
    bytes.extend_from_slice(b"/ByteRange");
    let range = bytes.len();
    bytes.extend_from_slice(byte_range([0; 4]).as_bytes());
    let range = range..bytes.len();
    bytes.extend_from_slice(b"/Contents");
    let hole = bytes.len();
    bytes.push(b'<');
    bytes.resize(bytes.len() + 2 * room, b'0');
    bytes.push(b'>');
    let hole = hole..bytes.len();
    bytes.extend_from_slice(b">>");
    (range, hole)
}

/// Always as long, whatever the numbers.
fn byte_range([zero, start, end, length]: [usize; 4]) -> String {
    const WIDTH: usize = POSITION_DIGITS;
    format!("[{zero} {start:0WIDTH$} {end:0WIDTH$} {length:0WIDTH$}]")
}
