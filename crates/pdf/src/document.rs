//! One revision of a file: its objects, found through its own cross-reference data and nothing else.

use std::borrow::Cow;
use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, HashMap};
use std::ops::Deref;
use std::rc::Rc;

use crate::encryption::{Cipher, Encryption, Opened, read_encryption};
use crate::error::{Error, limit, structure};
use crate::filter::decode;
use crate::limits::{
    DECODED_BYTES_MAX, DECODED_BYTES_TOTAL_MAX, OBJECT_STREAM_ENTRIES_MAX, PDF_BYTES_MAX, REFERENCE_CHAIN_MAX,
};
use crate::object::{Dictionary, Object, ObjectId, Stream};
use crate::repair::scan;
use crate::syntax::Parser;
use crate::xref::{Entry, Xref, ends_with_eof, read_xref};

/// Bytes that may be parsed beside twice the file's own.
const PARSE_BYTES_SPARE: usize = 64 << 10;

/// One revision: the file from its first byte to an end of the caller's choice, which later bytes cannot change.
pub struct Document<'a> {
    bytes: &'a [u8],
    xref: Xref,
    repaired: bool,
    /// Updates list all objects anew, so that what was found by guesswork can be found by everybody.
    lists_anew: bool,
    opened: Option<Opened>,
    budget: Budget,
    objects: RefCell<HashMap<u32, Rc<Object>>>,
    object_streams: RefCell<HashMap<u32, Rc<ObjectStream>>>,
    /// Bytes that may still be searched for the ends of streams with a wrong length.
    search_left: Cell<usize>,
    /// Bytes that may still be parsed: objects that overlap would cost the square of the file.
    parse_left: Cell<usize>,
    lengths_wrong: Cell<bool>,
}

/// How many bytes may still be decoded: for one revision, and for the file over all of them.
#[derive(Clone, Debug)]
pub(crate) struct Budget {
    own: Rc<Cell<usize>>,
    shared: Rc<Cell<usize>>,
}

impl Budget {
    #[cfg(test)]
    pub(crate) fn of(bytes: usize) -> Self {
        Self {
            own: Rc::new(Cell::new(bytes)),
            shared: Rc::new(Cell::new(bytes)),
        }
    }

    fn fresh() -> Self {
        Self {
            own: Rc::new(Cell::new(DECODED_BYTES_MAX)),
            shared: Rc::new(Cell::new(DECODED_BYTES_TOTAL_MAX)),
        }
    }

    fn for_revision(&self) -> Self {
        Self {
            own: Rc::new(Cell::new(DECODED_BYTES_MAX)),
            shared: Rc::clone(&self.shared),
        }
    }

    pub(crate) fn left(&self) -> usize {
        self.own.get().min(self.shared.get())
    }

    pub(crate) fn take(&self, bytes: usize) -> Result<(), Error> {
        if bytes > self.left() {
            return Err(Error::Limit {
                what: "decoded bytes",
                max: DECODED_BYTES_MAX,
            });
        }
        self.own.set(self.own.get() - bytes);
        self.shared.set(self.shared.get() - bytes);
        Ok(())
    }
}

/// A value that a reference may have led to.
pub enum Resolved<'o> {
    /// The value itself.
    Here(&'o Object),
    /// An indirect object.
    There(Rc<Object>),
}

impl Deref for Resolved<'_> {
    type Target = Object;

    fn deref(&self) -> &Object {
        match self {
            Self::Here(object) => object,
            Self::There(object) => object,
        }
    }
}

/// The decoded objects of one object stream.
struct ObjectStream {
    data: Vec<u8>,
    /// Number and position of each.
    index: Vec<(u32, usize)>,
}

impl<'a> Document<'a> {
    /// The revision that ends where `bytes` end.
    ///
    /// # Errors
    /// When the cross-reference data cannot be followed to the last entry; see [`repair`](Self::repair).
    pub fn open(bytes: &'a [u8]) -> Result<Self, Error> {
        Self::open_within(bytes, Budget::fresh())
    }

    /// The revision of the same file that ends at byte `end`.
    pub fn revision(&self, end: usize) -> Result<Document<'a>, Error> {
        let bytes = self.bytes.get(..end).ok_or(Error::Structure {
            what: "revision",
            problem: "it ends behind the file",
        })?;
        let mut revision = Self::open_within(bytes, self.budget.for_revision())?;
        // A revision with another encryption stays closed: one password opens one of them.
        if let Some(opened) = &self.opened
            && revision.encryption()?.as_ref() == Some(&opened.encryption)
        {
            revision.opened = Some(opened.clone());
            revision.forget();
        }
        Ok(revision)
    }

    /// What the file says about its encryption by the standard handler; none when it is not encrypted.
    pub fn encryption(&self) -> Result<Option<Encryption>, Error> {
        read_encryption(self)
    }

    /// Opens an encrypted file: `cipher` has its key. What was read before is read again.
    pub fn open_with(&mut self, encryption: Encryption, cipher: Rc<dyn Cipher>) {
        self.opened = Some(Opened::new(self, encryption, cipher));
        self.forget();
    }

    fn forget(&mut self) {
        self.objects.borrow_mut().clear();
        self.object_streams.borrow_mut().clear();
    }

    /// Allows updates of a [repaired](Self::repair) file: they list every object that was found, so that everybody
    /// reads the same from then on.
    pub fn accept_repair(&mut self) {
        self.lists_anew = self.repaired;
    }

    /// Reads a damaged file by looking for its objects; the last one of each number counts. What is shown then is
    /// a guess that other readers may not share.
    pub fn repair(bytes: &'a [u8]) -> Result<Self, Error> {
        check_size(bytes)?;
        let budget = Budget::fresh();
        let mut document = Self::with(bytes, scan(bytes)?, budget);
        document.repaired = true;
        let streams: Vec<u32> = document.numbers().collect();
        for number in streams {
            let Ok(object) = document.object(number) else {
                continue;
            };
            let is_object_stream =
                matches!(&*object, Object::Stream(stream) if stream.dictionary.is_type("ObjStm"));
            if let (true, Ok(inside)) = (is_object_stream, document.object_stream(number)) {
                for (index, (inner, _)) in inside.index.iter().enumerate() {
                    let entry = Entry::Inside {
                        stream: number,
                        index,
                    };
                    document.xref.entries.entry(*inner).or_insert(entry);
                }
            }
        }
        document.objects.borrow_mut().clear();
        document.find_root()?;
        Ok(document)
    }

    fn open_within(bytes: &'a [u8], budget: Budget) -> Result<Self, Error> {
        check_size(bytes)?;
        if !bytes.starts_with(b"%PDF-") {
            return Err(Error::NotPdf);
        }
        let xref = read_xref(bytes, &budget)?;
        Ok(Self::with(bytes, xref, budget))
    }

    fn with(bytes: &'a [u8], xref: Xref, budget: Budget) -> Self {
        Self {
            bytes,
            xref,
            repaired: false,
            lists_anew: false,
            opened: None,
            budget,
            objects: RefCell::default(),
            object_streams: RefCell::default(),
            search_left: Cell::new(bytes.len().saturating_mul(2)),
            parse_left: Cell::new(bytes.len().saturating_mul(2).saturating_add(PARSE_BYTES_SPARE)),
            lengths_wrong: Cell::new(false),
        }
    }

    /// The trailer of a repaired file may be lost; its catalogue is the last one.
    fn find_root(&mut self) -> Result<(), Error> {
        if self.catalog().is_ok() {
            return Ok(());
        }
        let mut numbers: Vec<u32> = self.numbers().collect();
        numbers.sort_unstable();
        for number in numbers.into_iter().rev() {
            let object = self.object(number);
            if object.is_ok_and(|object| {
                object
                    .as_dictionary()
                    .is_some_and(|found| found.is_type("Catalog"))
            }) {
                let id = ObjectId {
                    number,
                    generation: 0,
                };
                self.xref.trailer.set("Root", Object::Reference(id));
                return Ok(());
            }
        }
        structure("catalogue", "the file has none")
    }

    /// All bytes of this revision.
    pub fn bytes(&self) -> &'a [u8] {
        self.bytes
    }

    /// The trailer dictionary of the newest section.
    pub fn trailer(&self) -> &Dictionary {
        &self.xref.trailer
    }

    /// Whether it was [repaired](Self::repair).
    pub fn is_repaired(&self) -> bool {
        self.repaired
    }

    /// Whether `/Encrypt` is there: then strings and streams mean nothing without the password.
    pub fn is_encrypted(&self) -> bool {
        self.xref
            .trailer
            .get("Encrypt")
            .is_some_and(|entry| *entry != Object::Null)
    }

    /// Encrypted, and not opened: then it cannot be said what it shows.
    pub fn is_locked(&self) -> bool {
        self.is_encrypted() && self.opened.is_none()
    }

    pub(crate) fn opened(&self) -> Option<&Opened> {
        self.opened.as_ref()
    }

    pub(crate) fn lists_anew(&self) -> bool {
        self.lists_anew
    }

    /// Where every object is, in the order of their numbers.
    pub(crate) fn all_places(&self) -> BTreeMap<u32, Entry> {
        self.xref
            .entries
            .iter()
            .map(|(number, entry)| (*number, *entry))
            .collect()
    }

    /// Whether the bytes end as a revision has to: `%%EOF`, then white space at most.
    pub fn ends_properly(&self) -> bool {
        ends_with_eof(self.bytes)
    }

    /// Whether a stream that was used had another length than it says.
    pub fn has_wrong_lengths(&self) -> bool {
        self.lengths_wrong.get()
    }

    /// Where the newest cross-reference section begins; 0 in a repaired file.
    pub fn xref_start(&self) -> usize {
        self.xref.start
    }

    pub(crate) fn xref_is_stream(&self) -> bool {
        self.xref.is_stream
    }

    /// One above the highest number that any section lists.
    pub(crate) fn size(&self) -> u32 {
        let stated = self
            .xref
            .trailer
            .get("Size")
            .and_then(Object::as_integer)
            .unwrap_or(0);
        let listed = self.xref.entries.keys().max().map_or(1, |highest| highest + 1);
        listed.max(u32::try_from(stated).unwrap_or(0))
    }

    /// Numbers of the objects that exist, in no order.
    pub(crate) fn numbers(&self) -> impl Iterator<Item = u32> {
        let used = self
            .xref
            .entries
            .iter()
            .filter(|(_, entry)| **entry != Entry::Free);
        used.map(|(number, _)| *number)
    }

    pub(crate) fn place(&self, number: u32) -> Option<Entry> {
        self.xref.entries.get(&number).copied()
    }

    /// An indirect object; null when there is none of this number.
    pub fn object(&self, number: u32) -> Result<Rc<Object>, Error> {
        if let Some(object) = self.objects.borrow().get(&number) {
            return Ok(Rc::clone(object));
        }
        let object = Rc::new(match self.xref.entries.get(&number) {
            None | Some(Entry::Free) => Object::Null,
            Some(Entry::At(at)) => self.object_at(number, *at)?,
            Some(Entry::Inside { stream, index }) => self.object_inside(number, *stream, *index)?,
        });
        self.objects.borrow_mut().insert(number, Rc::clone(&object));
        Ok(object)
    }

    fn object_at(&self, number: u32, at: usize) -> Result<Object, Error> {
        let not_there = Error::NotThere { number, at };
        if at >= self.bytes.len() {
            return Err(not_there);
        }
        let left = self.parse_left.get();
        let mut parser = Parser::in_file(&self.bytes[..self.bytes.len().min(at.saturating_add(left))], at);
        let object = match parser.object_head() {
            Ok(id) if id.number == number => parser
                .indirect_value()
                .map(|object| self.plain_object(id, object)),
            _ => Err(not_there),
        };
        self.parse_left.set(left.saturating_sub(parser.pos() - at));
        object
    }

    fn plain_object(&self, id: ObjectId, mut object: Object) -> Object {
        if let Object::Stream(stream) = &mut object {
            stream.id = Some(id);
        }
        if let Some(opened) = &self.opened {
            opened.decrypt_strings(id, &mut object);
        }
        object
    }

    fn object_inside(&self, number: u32, stream: u32, index: usize) -> Result<Object, Error> {
        let objects = self.object_stream(stream)?;
        match objects.index.get(index) {
            Some((found, at)) if *found == number => Parser::in_stream(&objects.data, *at).object(),
            _ => Err(Error::NotThere { number, at: 0 }),
        }
    }

    fn object_stream(&self, number: u32) -> Result<Rc<ObjectStream>, Error> {
        const WHAT: &str = "object stream";
        if let Some(objects) = self.object_streams.borrow().get(&number) {
            return Ok(Rc::clone(objects));
        }
        if !matches!(self.xref.entries.get(&number), Some(Entry::At(_))) {
            return structure(WHAT, "it is itself inside of an object stream, or missing");
        }
        let object = self.object(number)?;
        let Object::Stream(stream) = &*object else {
            return structure(WHAT, "it is no stream");
        };
        let data = self.decoded(stream)?;
        let integer = |key| stream.dictionary.get(key).and_then(Object::as_integer);
        let (Some(count @ 0..), Some(first @ 0..)) = (integer("N"), integer("First")) else {
            return structure(WHAT, "/N or /First is missing");
        };
        limit(
            count as usize,
            OBJECT_STREAM_ENTRIES_MAX,
            "objects in one object stream",
        )?;
        let mut parser = Parser::in_stream(&data, 0);
        let mut index = Vec::new();
        for _ in 0..count {
            let number = parser.unsigned()?;
            let at = (first as u64).saturating_add(parser.unsigned()?);
            index.push((u32::try_from(number).unwrap_or(u32::MAX), at as usize));
        }
        let objects = Rc::new(ObjectStream { data, index });
        self.object_streams
            .borrow_mut()
            .insert(number, Rc::clone(&objects));
        Ok(objects)
    }

    /// Follows a reference, or references to references, to a value.
    pub fn resolve<'o>(&self, object: &'o Object) -> Result<Resolved<'o>, Error> {
        let Object::Reference(id) = object else {
            return Ok(Resolved::Here(object));
        };
        let mut found = self.object(id.number)?;
        for _ in 0..REFERENCE_CHAIN_MAX {
            let Object::Reference(id) = *found else {
                return Ok(Resolved::There(found));
            };
            found = self.object(id.number)?;
        }
        structure("reference", "it leads to references without end")
    }

    /// The value of a key, references followed; none when it is missing or null.
    pub fn get<'o>(&self, dictionary: &'o Dictionary, key: &str) -> Result<Option<Resolved<'o>>, Error> {
        let Some(value) = dictionary.get(key) else {
            return Ok(None);
        };
        let value = self.resolve(value)?;
        Ok(match *value {
            Object::Null => None,
            _ => Some(value),
        })
    }

    /// The catalogue (ISO 32000-1 §7.7.2).
    pub fn catalog(&self) -> Result<Dictionary, Error> {
        let root = self.get(&self.xref.trailer, "Root")?;
        match root.as_deref() {
            Some(Object::Dictionary(catalog)) => Ok(catalog.clone()),
            _ => structure("catalogue", "/Root leads to no dictionary"),
        }
    }

    /// The data of a stream as it stands in the file.
    pub fn raw(&self, stream: &Stream) -> Result<&'a [u8], Error> {
        let length = self.get(&stream.dictionary, "Length")?;
        let length = length.as_deref().and_then(Object::as_integer).unwrap_or(-1);
        let end = usize::try_from(length)
            .ok()
            .and_then(|length| stream.start.checked_add(length));
        if let Some(data) = end.and_then(|end| self.bytes.get(stream.start..end))
            && Parser::in_file(self.bytes, stream.start + data.len()).keyword("endstream")
        {
            return Ok(data);
        }
        self.lengths_wrong.set(true);
        self.search_end(stream.start)
    }

    fn search_end(&self, start: usize) -> Result<&'a [u8], Error> {
        let rest = self.bytes.get(start..).unwrap_or_default();
        let window = &rest[..rest.len().min(self.search_left.get())];
        let Some(length) = memchr::memmem::find(window, b"endstream") else {
            self.search_left.set(self.search_left.get() - window.len());
            return structure("stream", "it does not end");
        };
        self.search_left.set(self.search_left.get() - length);
        let data = &rest[..length];
        let data = data.strip_suffix(b"\n").unwrap_or(data);
        Ok(data.strip_suffix(b"\r").unwrap_or(data))
    }

    /// The data of a stream, its filters undone; pictures' filters are not.
    pub fn decoded(&self, stream: &Stream) -> Result<Vec<u8>, Error> {
        if self.is_locked() {
            return Err(Error::Encrypted);
        }
        let mut plain = stream.dictionary.clone();
        for key in ["Filter", "DecodeParms"] {
            if let Some(value) = self.get(&stream.dictionary, key)? {
                plain.set(key, self.flat(&value)?);
            }
        }
        decode(&plain, &self.plain(stream)?, &self.budget)
    }

    /// The data of a stream, decrypted, with its filters.
    pub(crate) fn plain(&self, stream: &Stream) -> Result<Cow<'a, [u8]>, Error> {
        let raw = self.raw(stream)?;
        match &self.opened {
            Some(opened) => {
                self.budget.take(raw.len())?;
                opened.decrypt_stream(stream, raw)
            }
            None => Ok(Cow::Borrowed(raw)),
        }
    }

    /// An array with its elements' references followed.
    fn flat(&self, value: &Object) -> Result<Object, Error> {
        let Object::Array(elements) = value else {
            return Ok(value.clone());
        };
        let flat: Result<Vec<Object>, Error> = elements
            .iter()
            .map(|element| Ok(self.resolve(element)?.clone()))
            .collect();
        Ok(Object::Array(flat?))
    }
}

fn check_size(bytes: &[u8]) -> Result<(), Error> {
    limit(bytes.len(), PDF_BYTES_MAX, "bytes of a file")
}
