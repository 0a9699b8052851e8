//! Signature fields: what they sign, exactly (ISO 32000-1 §12.8).

use std::ops::Range;

use crate::document::Document;
use crate::error::{Error, limit};
use crate::field::{Field, Widget, fields};
use crate::limits::{CONTENTS_BYTES_MAX, SIGNATURES_MAX};
use crate::object::{Dictionary, Object, ObjectId, PdfString, text_of};
use crate::syntax::Parser;

/// Longest array of a byte range, in bytes.
const BYTE_RANGE_BYTES_MAX: usize = 256;

/// A signature in a field of a document.
#[derive(Clone, Debug, PartialEq)]
pub struct Signature {
    /// The full name of its field.
    pub field: String,
    /// The signature dictionary's object; absent when it stands directly in the field.
    pub id: Option<ObjectId>,
    /// `/Type /DocTimeStamp`, or a sub-filter that says the same.
    pub is_timestamp: bool,
    /// `/Filter`.
    pub filter: Option<String>,
    /// `/SubFilter`.
    pub sub_filter: Option<String>,
    /// `/Contents`: the signature value with its padding. Absent when it is missing or no string.
    pub contents: Option<PdfString>,
    /// `/ByteRange` as it stands; empty when it is missing or holds other things than whole numbers.
    pub stated_range: Vec<i64>,
    /// What it covers, or why that cannot be said.
    pub byte_range: Result<ByteRange, ByteRangeFault>,
    /// `/M`, the time that the signer claims, as it stands.
    pub claimed_time: Option<String>,
    /// `/Reason`.
    pub reason: Option<String>,
    /// `/Name`.
    pub name: Option<String>,
    /// What the signer permits afterwards: `/P` of a DocMDP transform (1, 2 or 3).
    pub permits: Option<u8>,
    /// The fields that the signer locks.
    pub locks: Vec<FieldLock>,
    /// Where it appears.
    pub widgets: Vec<Widget>,
    /// A key stands in the dictionary twice: readers differ in which one counts.
    pub repeats: bool,
}

/// The bytes that a signature covers: all of a revision but the signature value itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct ByteRange {
    /// The first byte that is left out: where `/Contents` begins with its `<`.
    pub hole_start: usize,
    /// The first byte behind its `>`.
    pub hole_end: usize,
    /// The first byte that is not covered any more: the end of the revision.
    pub end: usize,
}

impl ByteRange {
    /// The two covered runs of bytes.
    pub fn covered(&self) -> [Range<usize>; 2] {
        [0..self.hole_start, self.hole_end..self.end]
    }
}

/// Why a byte range is not what it must be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, thiserror::Error)]
pub enum ByteRangeFault {
    /// There is none.
    #[error("/ByteRange is missing")]
    Missing,
    /// It is not four whole numbers that are not negative.
    #[error("/ByteRange is not four whole numbers of zero or more")]
    NotFourNumbers,
    /// It does not begin with the file.
    #[error("/ByteRange leaves out the beginning of the file")]
    NotFromStart,
    /// Its runs overlap.
    #[error("the runs of /ByteRange overlap")]
    Overlap,
    /// It reaches behind the end of the file.
    #[error("/ByteRange reaches behind the end of the file")]
    BehindEnd,
    /// `/Contents` is missing, or is not written in hexadecimal in the file itself.
    #[error("/Contents is missing or is no hexadecimal string of the file")]
    NoContents,
    /// The hole is not exactly the value of `/Contents`.
    #[error("the gap of /ByteRange is not exactly the value of /Contents")]
    HoleIsNotContents,
    /// Other bytes than hexadecimal digits stand in the hole.
    #[error("the gap of /ByteRange holds more than hexadecimal digits")]
    HoleHoldsMore,
}

/// Fields that must not change after signing (ISO 32000-1 §12.8.2.4).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FieldLock {
    /// All of them.
    All,
    /// These, and the ones below them.
    Include(Vec<String>),
    /// All but these and the ones below them.
    Exclude(Vec<String>),
}

impl FieldLock {
    /// Whether the field of this full name is locked.
    pub fn locks(&self, field: &str) -> bool {
        let within = |names: &[String]| {
            names.iter().any(|name| {
                field == name
                    || field
                        .strip_prefix(name.as_str())
                        .is_some_and(|rest| rest.starts_with('.'))
            })
        };
        match self {
            Self::All => true,
            Self::Include(names) => within(names),
            Self::Exclude(names) => !within(names),
        }
    }
}

/// Why the bytes that a signature covers are not a revision that holds it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RevisionFault {
    /// They cannot be read as a document.
    #[error("the signed bytes are no readable document: {0}")]
    Unreadable(Error),
    /// They do not end with an end of file.
    #[error("the signed bytes do not end with %%EOF")]
    EndsEarly,
    /// The signature is not in them: it was moved to its field later.
    #[error("the signed bytes do not hold the signature in this field")]
    SignatureNotInIt,
}

/// All signatures in the fields of a document.
pub fn signatures(document: &Document<'_>) -> Result<Vec<Signature>, Error> {
    signatures_in(document, |_| true)
}

/// The signatures in those fields whose full name is wanted.
pub(crate) fn signatures_in(
    document: &Document<'_>,
    is_wanted: impl Fn(&str) -> bool,
) -> Result<Vec<Signature>, Error> {
    let mut signatures = Vec::new();
    for field in fields(document)? {
        if !field.is_signature() || !is_wanted(&field.name) {
            continue;
        }
        let Some(signature) = read(document, field)? else {
            continue;
        };
        // Several fields that hold one signature are its appearances.
        let twin = signatures
            .iter_mut()
            .find(|known: &&mut Signature| is_same(known, &signature));
        match twin {
            Some(twin) => twin.widgets.extend(signature.widgets),
            None => signatures.push(signature),
        }
        limit(signatures.len(), SIGNATURES_MAX, "signatures")?;
    }
    // In the order of signing; what cannot be ordered stands last.
    signatures.sort_by_key(|signature| signature.byte_range.map_or(usize::MAX, |range| range.end));
    Ok(signatures)
}

/// Whether a field holds a signature, whatever it says.
pub(crate) fn is_signed(document: &Document<'_>, field: &Field) -> Result<bool, Error> {
    if !field.is_signature() {
        return Ok(false);
    }
    let value = document.get(&field.dictionary, "V")?;
    Ok(value.is_some_and(|value| value.as_dictionary().is_some()))
}

fn is_same(one: &Signature, other: &Signature) -> bool {
    let span = |signature: &Signature| {
        signature
            .contents
            .as_ref()
            .and_then(|contents| contents.span.clone())
    };
    span(one).is_some() && span(one) == span(other) && one.field == other.field
}

fn read(document: &Document<'_>, field: Field) -> Result<Option<Signature>, Error> {
    let Some(value) = document.get(&field.dictionary, "V")? else {
        return Ok(None);
    };
    let Some(dictionary) = value.as_dictionary() else {
        return Ok(None);
    };
    let name = |key| entry(document, dictionary, key).and_then(|value| value.as_name().map(lossy));
    let text = |key| {
        entry(document, dictionary, key).and_then(|text| text.as_text().map(|text| text_of(&text.bytes)))
    };
    let contents = entry(document, dictionary, "Contents").and_then(|contents| contents.as_text().cloned());
    let sub_filter = name("SubFilter");
    let (permits, mut locks) = transforms(document, dictionary);
    let lock = entry(document, &field.dictionary, "Lock");
    locks.extend(
        lock.as_ref()
            .and_then(|lock| read_lock(document, lock.as_dictionary()?)),
    );
    let lock_permits = lock.and_then(|lock| permission(document, lock.as_dictionary()?));
    Ok(Some(Signature {
        field: field.name,
        id: field.dictionary.get("V").and_then(Object::as_reference),
        is_timestamp: dictionary.is_type("DocTimeStamp") || sub_filter.as_deref() == Some("ETSI.RFC3161"),
        filter: name("Filter"),
        sub_filter,
        stated_range: entry(document, dictionary, "ByteRange")
            .map(|range| stated(&range))
            .unwrap_or_default(),
        byte_range: read_byte_range(document, dictionary, contents.as_ref()),
        contents: contents.filter(|contents| contents.bytes.len() <= CONTENTS_BYTES_MAX),
        claimed_time: text("M"),
        reason: text("Reason"),
        name: text("Name"),
        permits: permits.or(lock_permits),
        locks,
        widgets: field.widgets,
        repeats: dictionary.repeats(),
    }))
}

fn lossy(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// A value that is as good as missing when it cannot be read.
fn entry(document: &Document<'_>, dictionary: &Dictionary, key: &str) -> Option<Object> {
    document
        .get(dictionary, key)
        .ok()
        .flatten()
        .map(|value| value.clone())
}

fn read_byte_range(
    document: &Document<'_>,
    dictionary: &Dictionary,
    contents: Option<&PdfString>,
) -> Result<ByteRange, ByteRangeFault> {
    use ByteRangeFault as Fault;
    let numbers = entry(document, dictionary, "ByteRange").ok_or(Fault::Missing)?;
    let numbers = numbers.as_array().ok_or(Fault::NotFourNumbers)?;
    let whole = |number: &Object| usize::try_from(document.resolve(number).ok()?.as_integer()?).ok();
    let numbers: Option<Vec<usize>> = numbers.iter().map(whole).collect();
    let Some(&[start, first, hole_end, second]) = numbers.as_deref() else {
        return Err(Fault::NotFourNumbers);
    };
    if start != 0 {
        return Err(Fault::NotFromStart);
    }
    let end = hole_end.checked_add(second).ok_or(Fault::BehindEnd)?;
    let bytes = document.bytes();
    if hole_end < first {
        return Err(Fault::Overlap);
    }
    if end > bytes.len() {
        return Err(Fault::BehindEnd);
    }
    let token = contents
        .filter(|contents| contents.hexadecimal)
        .and_then(|contents| contents.span.clone());
    let token = token.ok_or(Fault::NoContents)?;
    if token != (first..hole_end) {
        return Err(Fault::HoleIsNotContents);
    }
    // Without a way out in the middle, so that many bytes are looked at together.
    let digits = &bytes[first + 1..hole_end - 1];
    if !digits
        .iter()
        .fold(true, |all, byte| all & byte.is_ascii_hexdigit())
    {
        return Err(Fault::HoleHoldsMore);
    }
    Ok(ByteRange {
        hole_start: first,
        hole_end,
        end,
    })
}

/// What the `/Reference` array says: the permission of DocMDP, the locks of FieldMDP.
fn transforms(document: &Document<'_>, dictionary: &Dictionary) -> (Option<u8>, Vec<FieldLock>) {
    let mut permits = None;
    let mut locks = Vec::new();
    let references = entry(document, dictionary, "Reference");
    let references = references.as_ref().and_then(Object::as_array).unwrap_or_default();
    for reference in references {
        let Ok(reference) = document.resolve(reference) else {
            continue;
        };
        let Some(reference) = reference.as_dictionary() else {
            continue;
        };
        let method = entry(document, reference, "TransformMethod");
        let parameters = entry(document, reference, "TransformParams");
        let parameters = parameters.as_ref().and_then(Object::as_dictionary);
        match method.as_ref().and_then(Object::as_name) {
            // The default is form filling and signing (ISO 32000-1 table 254).
            Some(b"DocMDP") => {
                permits = Some(
                    parameters
                        .and_then(|found| permission(document, found))
                        .unwrap_or(2),
                );
            }
            Some(b"FieldMDP") => {
                locks.push(
                    parameters
                        .and_then(|found| read_lock(document, found))
                        .unwrap_or(FieldLock::All),
                );
            }
            _ => {}
        }
    }
    (permits, locks)
}

fn permission(document: &Document<'_>, dictionary: &Dictionary) -> Option<u8> {
    match entry(document, dictionary, "P")?.as_integer()? {
        // What is not defined permits nothing.
        2 => Some(2),
        3 => Some(3),
        _ => Some(1),
    }
}

fn read_lock(document: &Document<'_>, dictionary: &Dictionary) -> Option<FieldLock> {
    let names = entry(document, dictionary, "Fields");
    let names = names.as_ref().and_then(Object::as_array).unwrap_or_default();
    let names = names
        .iter()
        .filter_map(|name| Some(text_of(&document.resolve(name).ok()?.as_text()?.bytes)));
    match entry(document, dictionary, "Action")?.as_name()? {
        b"Include" => Some(FieldLock::Include(names.collect())),
        b"Exclude" => Some(FieldLock::Exclude(names.collect())),
        _ => Some(FieldLock::All),
    }
}

/// The revision that a signature covers. It has to be a document of its own, which holds this very signature in
/// this field.
pub fn signed_revision<'a>(
    document: &Document<'a>,
    signature: &Signature,
    range: ByteRange,
) -> Result<Document<'a>, RevisionFault> {
    let revision = document.revision(range.end).map_err(RevisionFault::Unreadable)?;
    if !revision.ends_properly() {
        return Err(RevisionFault::EndsEarly);
    }
    let then = signatures_in(&revision, |name| name == signature.field);
    let then = then.map_err(RevisionFault::Unreadable)?;
    if then.iter().any(|then| then.byte_range == Ok(range)) {
        Ok(revision)
    } else {
        Err(RevisionFault::SignatureNotInIt)
    }
}

fn stated(range: &Object) -> Vec<i64> {
    let numbers: Option<Vec<i64>> = range
        .as_array()
        .unwrap_or_default()
        .iter()
        .map(Object::as_integer)
        .collect();
    numbers.unwrap_or_default()
}

/// Positions of byte ranges that no field of the document leads to: somebody may have taken them out.
pub fn unlisted(bytes: &[u8], listed: &[Signature]) -> Vec<usize> {
    let known: Vec<&[i64]> = listed
        .iter()
        .map(|signature| signature.stated_range.as_slice())
        .collect();
    let mut found = Vec::new();
    for word in memchr::memmem::find_iter(bytes, b"/ByteRange") {
        let start = word + b"/ByteRange".len();
        let window = &bytes[..bytes.len().min(start + BYTE_RANGE_BYTES_MAX)];
        let Ok(range) = Parser::in_file(window, start).object() else {
            continue;
        };
        let range = stated(&range);
        // A place that was only held free for a signature has no end yet.
        if range.len() >= 2 && range[1] > 0 && !known.contains(&range.as_slice()) {
            found.push(word);
        }
        if found.len() >= SIGNATURES_MAX {
            break;
        }
    }
    found
}
