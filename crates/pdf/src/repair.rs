//! Finds the objects of a file whose cross-reference data is damaged.

use std::collections::HashMap;

use crate::error::{Error, limit, structure};
use crate::limits::{OBJECT_NUMBER_MAX, XREF_ENTRIES_MAX};
use crate::object::{Dictionary, Object};
use crate::syntax::{Parser, is_white};
use crate::xref::{Entry, Xref};

/// How far the number and generation before `obj` may reach back, in bytes.
const HEAD_BYTES_MAX: usize = 24;

/// Trailers that are looked at, from the end of the file.
const TRAILERS_MAX: usize = 64;
/// Longest trailer, in bytes.
const TRAILER_BYTES_MAX: usize = 64 << 10;

/// Every `N G obj` of the file, the last of each number, and what trailers say.
pub(crate) fn scan(bytes: &[u8]) -> Result<Xref, Error> {
    let mut entries = HashMap::new();
    for word in memchr::memmem::find_iter(bytes, b"obj") {
        if let Some((number, at)) = head_before(bytes, word) {
            entries.insert(number, Entry::At(at));
            limit(entries.len(), XREF_ENTRIES_MAX, "objects")?;
        }
    }
    if entries.is_empty() {
        return structure("file", "it holds no objects");
    }
    let mut trailer = Dictionary::default();
    for word in memchr::memmem::rfind_iter(bytes, b"trailer").take(TRAILERS_MAX) {
        let mut parser = Parser::in_file(window(bytes, word), word + b"trailer".len());
        if let Ok(Object::Dictionary(found)) = parser.object() {
            take_over(&mut trailer, &found);
        }
    }
    let mut heads: Vec<usize> = entries.values().filter_map(|entry| position(*entry)).collect();
    heads.sort_unstable();
    for word in memchr::memmem::rfind_iter(bytes, b"/XRef").take(TRAILERS_MAX) {
        let before = heads.partition_point(|at| *at < word);
        let Some(at) = before.checked_sub(1).map(|last| heads[last]) else {
            continue;
        };
        let mut parser = Parser::in_file(window(bytes, at), at);
        if parser.object_head().is_ok()
            && let Ok(Object::Stream(stream)) = parser.indirect_value()
        {
            take_over(&mut trailer, &stream.dictionary);
        }
    }
    Ok(Xref {
        entries,
        trailer,
        start: 0,
        is_stream: false,
    })
}

/// The file up to where a trailer that begins at `at` must have ended.
fn window(bytes: &[u8], at: usize) -> &[u8] {
    &bytes[..bytes.len().min(at.saturating_add(TRAILER_BYTES_MAX))]
}

fn position(entry: Entry) -> Option<usize> {
    match entry {
        Entry::At(at) => Some(at),
        _ => None,
    }
}

fn take_over(trailer: &mut Dictionary, found: &Dictionary) {
    for key in ["Root", "Info", "ID", "Encrypt"] {
        // The newest comes first.
        if let Some(value) = found.get(key).filter(|_| !trailer.contains(key)) {
            trailer.set(key, value.clone());
        }
    }
}

/// The number and position of the object whose keyword `obj` stands at `word`.
fn head_before(bytes: &[u8], word: usize) -> Option<(u32, usize)> {
    let start = word.saturating_sub(HEAD_BYTES_MAX);
    let window = &bytes[start..word];
    let behind = |end: usize| {
        window[..end]
            .iter()
            .rposition(|byte| !byte.is_ascii_digit())
            .map_or(0, |at| at + 1)
    };
    let white = |end: usize| {
        window[..end]
            .iter()
            .rposition(|byte| !is_white(*byte))
            .map_or(0, |at| at + 1)
    };
    let generation_end = white(window.len());
    let generation = behind(generation_end);
    let number_end = white(generation);
    let number = behind(number_end);
    if generation == generation_end || number == number_end || number_end == generation {
        return None;
    }
    let value: u32 = std::str::from_utf8(&window[number..number_end])
        .ok()?
        .parse()
        .ok()?;
    (value <= OBJECT_NUMBER_MAX).then_some((value, start + number))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn heads_are_found_backwards() {
        assert_eq!(head_before(b"x 12 0 obj", 7), Some((12, 2)));
        assert_eq!(head_before(b"endobj", 3), None);
        assert_eq!(head_before(b"120 obj", 4), None);
        assert_eq!(head_before(b"7 0\r\nobj", 5), Some((7, 0)));
    }

    #[test]
    fn the_last_object_of_a_number_counts() {
        let file = b"1 0 obj 5 endobj 1 0 obj 6 endobj trailer <</Root 1 0 R>>";
        let xref = scan(file).unwrap();
        assert_eq!(xref.entries[&1], Entry::At(17));
        assert!(xref.trailer.contains("Root"));
    }
}
