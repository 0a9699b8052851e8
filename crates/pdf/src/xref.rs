//! Cross-reference tables and streams, and hybrids of both (ISO 32000-1 §7.5.4, §7.5.8).

use std::collections::{HashMap, HashSet};

use crate::document::Budget;
use crate::error::{Error, limit};
use crate::filter::decode;
use crate::limits::{OBJECT_NUMBER_MAX, TAIL_BYTES, XREF_ENTRIES_MAX, XREF_SECTIONS_MAX};
use crate::object::{Dictionary, Object};
use crate::syntax::{Parser, is_white};

/// Where an object is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Entry {
    /// Nowhere: the number is free.
    Free,
    /// At this byte of the file.
    At(usize),
    /// Inside of an object stream, at this index.
    Inside {
        /// The object stream's number.
        stream: u32,
        /// Which of its objects.
        index: usize,
    },
}

/// What the cross-reference data of one revision says, newest section first.
#[derive(Debug)]
pub(crate) struct Xref {
    pub(crate) entries: HashMap<u32, Entry>,
    /// Of the newest section.
    pub(crate) trailer: Dictionary,
    /// Where the newest section begins.
    pub(crate) start: usize,
    /// The newest section is a stream.
    pub(crate) is_stream: bool,
}

type Entries = HashMap<u32, Entry>;

/// Reads the cross-reference data that the end of `bytes` leads to.
pub(crate) fn read_xref(bytes: &[u8], budget: &Budget) -> Result<Xref, Error> {
    let start = find_start(bytes)?;
    let mut xref = Xref {
        entries: Entries::new(),
        trailer: Dictionary::default(),
        start,
        is_stream: false,
    };
    let mut seen = HashSet::new();
    let mut count = 0;
    let mut next = Some(start);
    while let Some(at) = next {
        if !seen.insert(at) {
            return fault(at, "the sections form a ring");
        }
        limit(seen.len(), XREF_SECTIONS_MAX, "cross-reference sections")?;
        let section = read_section(bytes, at, &mut count, budget)?;
        next = offset(&section.trailer, "Prev", at)?;
        for (number, entry) in section.entries {
            xref.entries.entry(number).or_insert(entry);
        }
        if at == start {
            xref.is_stream = section.trailer.is_type("XRef");
            xref.trailer = section.trailer;
        }
    }
    if !xref.trailer.contains("Root") {
        return fault(start, "the trailer names no /Root");
    }
    Ok(xref)
}

/// The number behind the last `startxref`.
fn find_start(bytes: &[u8]) -> Result<usize, Error> {
    let tail = bytes.len().saturating_sub(TAIL_BYTES);
    let Some(word) = memchr::memmem::rfind(&bytes[tail..], b"startxref") else {
        return fault(bytes.len(), "startxref is missing");
    };
    let mut parser = Parser::in_file(bytes, tail + word + b"startxref".len());
    let start = parser.unsigned()?;
    match usize::try_from(start).ok().filter(|start| *start < bytes.len()) {
        Some(start) => Ok(start),
        None => fault(tail + word, "startxref leads out of the file"),
    }
}

fn fault<T>(at: usize, problem: &'static str) -> Result<T, Error> {
    Err(Error::Xref { at, problem })
}

fn offset(trailer: &Dictionary, key: &str, at: usize) -> Result<Option<usize>, Error> {
    match trailer.get(key) {
        None | Some(Object::Null) => Ok(None),
        Some(Object::Integer(offset)) if *offset >= 0 => Ok(Some(*offset as usize)),
        Some(_) => fault(at, "/Prev or /XRefStm is no position"),
    }
}

struct Section {
    entries: Entries,
    trailer: Dictionary,
}

fn read_section(bytes: &[u8], at: usize, count: &mut usize, budget: &Budget) -> Result<Section, Error> {
    if at >= bytes.len() {
        return fault(at, "a section lies outside of the file");
    }
    let mut parser = Parser::in_file(bytes, at);
    if !parser.keyword("xref") {
        return read_stream(bytes, at, count, budget);
    }
    let (mut entries, trailer) = read_table(&mut parser, at, count)?;
    // Objects hidden from old readers: free or absent in the table, listed in the stream (§7.5.8.4).
    if let Some(hidden) = offset(&trailer, "XRefStm", at)? {
        let stream = read_stream(bytes, hidden, count, budget)?;
        for (number, entry) in stream.entries {
            let visible = entries.entry(number).or_insert(Entry::Free);
            if *visible == Entry::Free {
                *visible = entry;
            }
        }
    }
    Ok(Section { entries, trailer })
}

fn read_table(parser: &mut Parser<'_>, at: usize, count: &mut usize) -> Result<(Entries, Dictionary), Error> {
    let mut entries = Entries::new();
    while !parser.keyword("trailer") {
        let first = parser.unsigned()?;
        let length = parser.unsigned()?;
        for index in 0..length {
            *count += 1;
            limit(*count, XREF_ENTRIES_MAX, "cross-reference entries")?;
            let position = parser.unsigned()?;
            let _generation = parser.unsigned()?;
            let entry = if parser.keyword("n") {
                Entry::At(position as usize)
            } else if parser.keyword("f") {
                Entry::Free
            } else {
                return fault(parser.pos(), "an entry is neither n nor f");
            };
            let number = object_number(first.saturating_add(index))?;
            // Zero is where the file's header is: such entries are free in practice.
            let entry = if entry == Entry::At(0) { Entry::Free } else { entry };
            if entries.insert(number, entry).is_some() {
                return fault(at, "a table lists an object twice");
            }
        }
    }
    match parser.object()? {
        Object::Dictionary(trailer) => Ok((entries, trailer)),
        _ => fault(at, "the trailer is no dictionary"),
    }
}

fn object_number(number: u64) -> Result<u32, Error> {
    match u32::try_from(number)
        .ok()
        .filter(|number| *number <= OBJECT_NUMBER_MAX)
    {
        Some(number) => Ok(number),
        None => Err(Error::Limit {
            what: "object number",
            max: OBJECT_NUMBER_MAX as usize,
        }),
    }
}

fn read_stream(bytes: &[u8], at: usize, count: &mut usize, budget: &Budget) -> Result<Section, Error> {
    if at >= bytes.len() {
        return fault(at, "a section lies outside of the file");
    }
    let mut parser = Parser::in_file(bytes, at);
    if parser.object_head().is_err() {
        return fault(at, "neither a table nor a stream begins here");
    }
    let Object::Stream(stream) = parser.indirect_value()? else {
        return fault(at, "neither a table nor a stream begins here");
    };
    if !stream.dictionary.is_type("XRef") {
        return fault(at, "the stream is no cross-reference stream");
    }
    let length = stream.dictionary.get("Length").and_then(Object::as_integer);
    let end = length.and_then(|length| stream.start.checked_add(usize::try_from(length).ok()?));
    let Some(raw) = end.and_then(|end| bytes.get(stream.start..end)) else {
        return fault(at, "the length of the stream is missing or wrong");
    };
    let data = decode(&stream.dictionary, raw, budget)?;
    let entries = read_stream_entries(&stream.dictionary, &data, at, count)?;
    Ok(Section {
        entries,
        trailer: stream.dictionary,
    })
}

fn read_stream_entries(
    dictionary: &Dictionary,
    data: &[u8],
    at: usize,
    count: &mut usize,
) -> Result<Entries, Error> {
    let integers = |key| -> Option<Vec<u64>> {
        let elements = dictionary.get(key)?.as_array()?;
        elements
            .iter()
            .map(|element| u64::try_from(element.as_integer()?).ok())
            .collect()
    };
    let Some(&[kind, second, third]) = integers("W").as_deref() else {
        return fault(at, "/W is not three widths");
    };
    if kind > 4 || second > 8 || third > 8 || kind + second + third == 0 {
        return fault(at, "/W has widths that are not usable");
    }
    let (kind, second, third) = (kind as usize, second as usize, third as usize);
    let size = dictionary
        .get("Size")
        .and_then(Object::as_integer)
        .unwrap_or(0)
        .max(0) as u64;
    let index = integers("Index").unwrap_or_else(|| vec![0, size]);
    let mut rows = data.chunks_exact(kind + second + third);
    let mut entries = Entries::new();
    for range in index.chunks(2) {
        let &[first, length] = range else {
            return fault(at, "/Index is not made of pairs");
        };
        for offset in 0..length {
            let Some(row) = rows.next() else {
                return fault(at, "the stream has fewer entries than /Index says");
            };
            *count += 1;
            limit(*count, XREF_ENTRIES_MAX, "cross-reference entries")?;
            let number = object_number(first.saturating_add(offset))?;
            let (head, tail) = row.split_at(kind);
            let (middle, last) = tail.split_at(second);
            let entry = match if kind == 0 { 1 } else { big_endian(head) } {
                0 => Entry::Free,
                1 if big_endian(middle) == 0 => Entry::Free,
                1 => Entry::At(usize::try_from(big_endian(middle)).unwrap_or(usize::MAX)),
                2 => Entry::Inside {
                    stream: object_number(big_endian(middle))?,
                    index: usize::try_from(big_endian(last)).unwrap_or(usize::MAX),
                },
                // Unknown types are references to null (§7.5.8.3).
                _ => Entry::Free,
            };
            if entries.insert(number, entry).is_some() {
                return fault(at, "a stream lists an object twice");
            }
        }
    }
    Ok(entries)
}

fn big_endian(bytes: &[u8]) -> u64 {
    bytes
        .iter()
        .fold(0, |number, byte| number << 8 | u64::from(*byte))
}

/// Whether only the end of a revision stands in `tail`: `%%EOF` with white space behind it.
pub(crate) fn ends_with_eof(bytes: &[u8]) -> bool {
    let end = bytes
        .iter()
        .rposition(|byte| !is_white(*byte))
        .map_or(0, |last| last + 1);
    bytes[..end].ends_with(b"%%EOF")
}
