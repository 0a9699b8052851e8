//! Incremental updates: what is new goes behind the file, and no earlier byte is touched (ISO 32000-1 §7.5.6).

use std::collections::BTreeMap;
use std::ops::Range;

use crate::document::Document;
use crate::error::{Error, structure};
use crate::object::{Dictionary, Object, ObjectId};
use crate::write::{put_dictionary, put_object};

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
    /// A file that is encrypted or was read by guesswork is not updated.
    pub fn new(document: &'d Document<'a>) -> Result<Self, Error> {
        if document.is_encrypted() {
            return Err(Error::Encrypted);
        }
        if document.is_repaired() {
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
        let mut places = BTreeMap::new();
        let mut hole = None;
        for (number, (generation, body)) in &self.objects {
            places.insert(*number, (base + bytes.len(), *generation));
            bytes.extend_from_slice(format!("{number} {generation} obj\n").as_bytes());
            match body {
                Body::Value(object) => put_object(&mut bytes, object),
                Body::Stream(dictionary, data) => {
                    let mut dictionary = dictionary.clone();
                    dictionary.set("Length", Object::Integer(data.len() as i64));
                    put_dictionary(&mut bytes, &dictionary);
                    bytes.extend_from_slice(b"\nstream\n");
                    bytes.extend_from_slice(data);
                    bytes.extend_from_slice(b"\nendstream");
                }
                Body::Signature(dictionary, room) => {
                    hole = Some(put_signature(&mut bytes, dictionary, *room))
                }
            }
            bytes.extend_from_slice(b"\nendobj\n");
        }
        self.put_xref(&mut bytes, base, places, file_id)?;
        Ok((bytes, hole))
    }

    fn trailer(&self, file_id: &[u8]) -> Result<Dictionary, Error> {
        let old = self.document.trailer();
        let mut trailer = Dictionary::default();
        trailer.set("Size", Object::Integer(i64::from(self.next)));
        trailer.set("Prev", Object::Integer(self.document.xref_start() as i64));
        for key in ["Root", "Info"] {
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
        mut places: BTreeMap<u32, (usize, u16)>,
        file_id: &[u8],
    ) -> Result<(), Error> {
        let mut trailer = self.trailer(file_id)?;
        let start = base + bytes.len();
        if self.document.xref_is_stream() {
            let number = self.next;
            places.insert(number, (start, 0));
            trailer.set("Size", Object::Integer(i64::from(number) + 1));
            trailer.set("Type", Object::name("XRef"));
            trailer.set("W", Object::Array([1, 8, 2].map(Object::Integer).to_vec()));
            let index = places
                .keys()
                .flat_map(|number| [Object::Integer(i64::from(*number)), Object::Integer(1)]);
            trailer.set("Index", Object::Array(index.collect()));
            let mut rows = Vec::with_capacity(places.len() * 11);
            for (at, generation) in places.values() {
                rows.push(1);
                rows.extend_from_slice(&(*at as u64).to_be_bytes());
                rows.extend_from_slice(&generation.to_be_bytes());
            }
            trailer.set("Length", Object::Integer(rows.len() as i64));
            bytes.extend_from_slice(format!("{number} 0 obj\n").as_bytes());
            put_dictionary(bytes, &trailer);
            bytes.extend_from_slice(b"\nstream\n");
            bytes.extend_from_slice(&rows);
            bytes.extend_from_slice(b"\nendstream\nendobj\n");
        } else {
            bytes.extend_from_slice(b"xref\n");
            for (number, (at, generation)) in &places {
                bytes.extend_from_slice(format!("{number} 1\n{at:010} {generation:05} n \n").as_bytes());
            }
            bytes.extend_from_slice(b"trailer\n");
            put_dictionary(bytes, &trailer);
            bytes.push(b'\n');
        }
        bytes.extend_from_slice(format!("startxref\n{start}\n%%EOF\n").as_bytes());
        Ok(())
    }
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
