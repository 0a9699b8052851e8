//! Tolerant reading of the few ASN.1 types that seals are made of. What is unusual is noted, never repaired.

use std::ops::Range;

use const_oid::ObjectIdentifier;
use pki::asn1::{
    BIT_STRING, BMP_STRING, Element, IA5_STRING, INTEGER, OBJECT_IDENTIFIER, OCTET_STRING, PRINTABLE_STRING,
    Reader, SEQUENCE, TELETEX_STRING, UTF8_STRING, VISIBLE_STRING, definite, survey,
};

use crate::check_value::AlgorithmKind;
use crate::error::{Deviation, DeviationKind, Error};

/// Longest seal or signature that is read, in bytes. Real ones are below 300 KB; the picture takes most of it.
pub const SES_BYTES_MAX: usize = 16 << 20;

/// More unknown elements than this in one structure are no extension of a standard but an attack.
const EXTRA_FIELDS_MAX: usize = 16;

/// What was unusual, collected while reading.
#[derive(Default)]
pub(crate) struct Notes(pub(crate) Vec<Deviation>);

impl Notes {
    /// A hostile list could deviate in every entry: the same note is kept once, and never more than this many.
    const NOTES_MAX: usize = 64;

    pub(crate) fn add(&mut self, part: &'static str, kind: DeviationKind) {
        let note = Deviation { part, kind };
        if self.0.len() < Self::NOTES_MAX && !self.0.contains(&note) {
            self.0.push(note);
        }
    }
}

/// The first element of `bytes` as received, except that BER is brought into DER.
pub(crate) fn received_element(
    bytes: &[u8],
    part: &'static str,
    notes: &mut Notes,
) -> Result<Vec<u8>, Error> {
    if bytes.len() > SES_BYTES_MAX {
        return Err(Error::TooLarge {
            bytes: bytes.len(),
            max: SES_BYTES_MAX,
        });
    }
    // An indefinite length shows where it ends only after rewriting.
    let first = Reader::new(bytes).next(part).map_or(bytes, |element| element.raw);
    let encoding = survey(first, part)?;
    let whole = definite(first, part)?;
    let element = Reader::new(&whole).expect(SEQUENCE, part)?;
    let trailing = (bytes.len() - first.len()) + (whole.len() - element.raw.len());
    if encoding.needs_rewriting() {
        notes.add(part, DeviationKind::Ber);
    } else if encoding.long_lengths {
        notes.add(part, DeviationKind::LengthNotMinimal);
    }
    if trailing > 0 {
        notes.add(part, DeviationKind::TrailingBytes { count: trailing });
    }
    Ok(element.raw.to_vec())
}

/// The first element of BER and its content, as received, end-of-contents octets included. Iterative; only for
/// bytes that [`received_element`] accepted.
pub(crate) fn first_element(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let (start, length) = ber_header(bytes)?;
    let mut position = start;
    let mut open = usize::from(length.is_none());
    position += length.unwrap_or(0);
    while open > 0 {
        let rest = bytes.get(position..)?;
        if rest.starts_with(&[0, 0]) {
            position += 2;
            open -= 1;
            continue;
        }
        let (header, length) = ber_header(rest)?;
        position = position.checked_add(header)?.checked_add(length.unwrap_or(0))?;
        open += usize::from(length.is_none());
    }
    let whole = bytes.get(..position)?;
    Some((whole, &whole[start..]))
}

/// Whether an element as received is this one in DER: two ways of finding it must agree.
pub(crate) fn is_same_in_der(received: &[u8], der: &[u8]) -> bool {
    definite(received, "BER").is_ok_and(|rewritten| rewritten == der)
}

/// How many octets identifier and length take, and the length, `None` when indefinite.
fn ber_header(bytes: &[u8]) -> Option<(usize, Option<usize>)> {
    match *bytes.get(1)? {
        0x80 => Some((2, None)),
        first if first < 0x80 => Some((2, Some(first.into()))),
        first => {
            let digits = bytes
                .get(2..2 + usize::from(first & 0x7f))
                .filter(|digits| digits.len() <= 4)?;
            let length = digits
                .iter()
                .fold(0, |length, digit| length << 8 | usize::from(*digit));
            Some((2 + digits.len(), Some(length)))
        }
    }
}

/// Where `part`, a slice of `whole`, lies in it.
pub(crate) fn range_in(whole: &[u8], part: &[u8]) -> Range<usize> {
    let start = (part.as_ptr() as usize).saturating_sub(whole.as_ptr() as usize);
    start..start + part.len()
}

/// Walks the fields of one structure.
#[derive(Clone)]
pub(crate) struct Fields<'a> {
    reader: Reader<'a>,
    part: &'static str,
}

impl<'a> Fields<'a> {
    /// The fields inside a constructed element; `part` names it in errors and notes.
    pub(crate) fn inside(element: &Element<'a>, part: &'static str) -> Self {
        Self {
            reader: element.children(),
            part,
        }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.reader.is_empty()
    }

    pub(crate) fn peek(&self) -> Option<u8> {
        self.reader.peek()
    }

    pub(crate) fn take(&mut self, part: &'static str) -> Result<Element<'a>, Error> {
        Ok(self.reader.next(part)?)
    }

    pub(crate) fn expect(&mut self, tag: u8, part: &'static str) -> Result<Element<'a>, Error> {
        Ok(self.reader.expect(tag, part)?)
    }

    /// A SEQUENCE, entered.
    pub(crate) fn sequence(&mut self, part: &'static str) -> Result<Fields<'a>, Error> {
        Ok(Fields::inside(&self.expect(SEQUENCE, part)?, part))
    }

    /// All that is left, at most `max` elements.
    pub(crate) fn rest(&mut self, max: usize) -> Result<Vec<Element<'a>>, Error> {
        let mut elements = Vec::new();
        while !self.is_empty() {
            if elements.len() == max {
                return Err(Error::TooMany { part: self.part, max });
            }
            elements.push(self.take(self.part)?);
        }
        Ok(elements)
    }

    /// Notes what follows the last field that the standard knows.
    pub(crate) fn finish(mut self, notes: &mut Notes) -> Result<(), Error> {
        let count = self.rest(EXTRA_FIELDS_MAX)?.len();
        if count > 0 {
            notes.add(self.part, DeviationKind::ExtraFields { count });
        }
        Ok(())
    }

    /// An INTEGER; one of more than 15 octets is cut to the largest that is handled.
    pub(crate) fn integer(&mut self, part: &'static str, notes: &mut Notes) -> Result<i128, Error> {
        integer(&self.expect(INTEGER, part)?, part, notes)
    }

    /// A version, code or kind: an INTEGER that has to fit 64 bits, cut otherwise.
    pub(crate) fn small_integer(&mut self, part: &'static str, notes: &mut Notes) -> Result<i64, Error> {
        let value = self.integer(part, notes)?;
        Ok(i64::try_from(value).unwrap_or_else(|_| {
            notes.add(part, DeviationKind::IntegerTooLarge);
            if value < 0 { i64::MIN } else { i64::MAX }
        }))
    }

    /// A string of characters, of whatever string type; `expected` is the tag that the standard demands.
    pub(crate) fn text(
        &mut self,
        expected: u8,
        part: &'static str,
        notes: &mut Notes,
    ) -> Result<String, Error> {
        text(&self.take(part)?, expected, part, notes)
    }

    /// The octets of a BIT STRING.
    pub(crate) fn bits(&mut self, part: &'static str, notes: &mut Notes) -> Result<&'a [u8], Error> {
        bits(&self.take(part)?, part, notes)
    }

    /// A signature algorithm: a bare OID; an AlgorithmIdentifier in its place is tolerated.
    /// Returns the whole element too, as received.
    pub(crate) fn algorithm(
        &mut self,
        part: &'static str,
        notes: &mut Notes,
    ) -> Result<(ObjectIdentifier, Element<'a>), Error> {
        let element = self.take(part)?;
        let oid = match element.tag {
            SEQUENCE => {
                notes.add(part, DeviationKind::AlgorithmIdentifier);
                element.children().expect(OBJECT_IDENTIFIER, part)?.oid(part)?
            }
            _ => element.oid(part)?,
        };
        if AlgorithmKind::of(&oid) == AlgorithmKind::Alias {
            notes.add(part, DeviationKind::AlgorithmAlias { oid });
        }
        Ok((oid, element))
    }
}

fn integer(element: &Element<'_>, part: &'static str, notes: &mut Notes) -> Result<i128, Error> {
    let content = element.integer(part)?;
    let is_negative = content[0] >= 0x80;
    let filler = if is_negative { 0xff } else { 0 };
    if let [first, second, ..] = content
        && *first == filler
        && (*second >= 0x80) == is_negative
    {
        notes.add(part, DeviationKind::IntegerNotMinimal);
    }
    let digits = &content[content.iter().take_while(|octet| **octet == filler).count()..];
    if digits.len() > 15 {
        notes.add(part, DeviationKind::IntegerTooLarge);
        return Ok(if is_negative { i128::MIN } else { i128::MAX });
    }
    let start = if is_negative { -1 } else { 0 };
    Ok(digits
        .iter()
        .fold(start, |value: i128, digit| value << 8 | i128::from(*digit)))
}

pub(crate) fn text(
    element: &Element<'_>,
    expected: u8,
    part: &'static str,
    notes: &mut Notes,
) -> Result<String, Error> {
    let tag = element.tag;
    match tag {
        UTF8_STRING | PRINTABLE_STRING | TELETEX_STRING | IA5_STRING | VISIBLE_STRING | BMP_STRING
        | OCTET_STRING => {}
        found => return Err(Error::WrongTag { part, found }),
    }
    if tag != expected {
        let expected = match expected {
            UTF8_STRING => "UTF8String",
            PRINTABLE_STRING => "PrintableString",
            _ => "IA5String",
        };
        notes.add(part, DeviationKind::TagUnexpected { expected, found: tag });
    }
    let decoded = if tag == BMP_STRING && element.value.len().is_multiple_of(2) {
        let units = element
            .value
            .chunks_exact(2)
            .map(|pair| u16::from_be_bytes([pair[0], pair[1]]));
        char::decode_utf16(units).collect::<Result<String, _>>().ok()
    } else {
        std::str::from_utf8(element.value).ok().map(str::to_owned)
    };
    let text = decoded.unwrap_or_else(|| {
        notes.add(part, DeviationKind::TextNotUtf8);
        String::from_utf8_lossy(element.value).into_owned()
    });
    if expected != UTF8_STRING && !text.is_ascii() {
        notes.add(part, DeviationKind::TextNotAscii);
    }
    Ok(text)
}

/// The octets of a BIT STRING, all of them: vendors declare unused bits in values of whole octets, some because
/// the value ends in zero bits, some at random. An OCTET STRING in its place is tolerated.
pub(crate) fn bits<'a>(
    element: &Element<'a>,
    part: &'static str,
    notes: &mut Notes,
) -> Result<&'a [u8], Error> {
    match (element.tag, element.value) {
        (BIT_STRING, [unused, octets @ ..]) => {
            if *unused != 0 {
                notes.add(part, DeviationKind::UnusedBits { declared: *unused });
            }
            Ok(octets)
        }
        (OCTET_STRING, octets) => {
            notes.add(
                part,
                DeviationKind::TagUnexpected {
                    expected: "BIT STRING",
                    found: OCTET_STRING,
                },
            );
            Ok(octets)
        }
        (BIT_STRING, []) => Err(pki::Error::Missing { what: part }.into()),
        (found, _) => Err(Error::WrongTag { part, found }),
    }
}

/// A BOOLEAN; anything but 00 is true.
pub(crate) fn boolean(element: &Element<'_>, part: &'static str, notes: &mut Notes) -> bool {
    let is_true = element.value.iter().any(|octet| *octet != 0);
    if !matches!(element.value, [0 | 0xff]) {
        notes.add(part, DeviationKind::BooleanNotCanonical);
    }
    is_true
}

#[cfg(test)]
mod tests {
    use super::*;

    fn codes(notes: &Notes) -> Vec<&'static str> {
        notes.0.iter().map(Deviation::code).collect()
    }

    #[track_caller]
    fn check_integer(content: &[u8], expected: i128, expected_codes: &[&str]) {
        let bytes = [&[INTEGER, content.len() as u8], content].concat();
        let mut notes = Notes::default();
        let element = Reader::new(&bytes).next("n").unwrap();
        assert_eq!(integer(&element, "n", &mut notes), Ok(expected));
        assert_eq!(codes(&notes), expected_codes);
    }

    #[test]
    fn integers_of_every_size() {
        check_integer(&[0], 0, &[]);
        check_integer(&[0x7f], 127, &[]);
        check_integer(&[0, 0x80], 128, &[]);
        check_integer(&[0xff], -1, &[]);
        check_integer(&[0x80], -128, &[]);
        check_integer(&[0xfe, 0xff], -257, &[]);
        check_integer(&[0, 0x80, 0, 0, 0, 0, 0, 0, 0], 1 << 63, &[]);
        check_integer(&[0, 0, 5], 5, &["INTEGER_NOT_MINIMAL"]);
        check_integer(&[0xff, 0xff], -1, &["INTEGER_NOT_MINIMAL"]);
        check_integer(&[0x7f; 16], i128::MAX, &["INTEGER_TOO_LARGE"]);
        check_integer(&[0x80; 40], i128::MIN, &["INTEGER_TOO_LARGE"]);
    }

    #[test]
    fn elements_of_ber_as_received() {
        let inner = [0x30, 0x80, 2, 1, 5, 0x30, 0x80, 0, 0, 0x04, 2, 0, 0, 0, 0];
        let bytes = [&[0x30, 0x80][..], &inner, &[5, 0, 0, 0, 9, 9]].concat();
        let (whole, content) = first_element(&bytes).unwrap();
        assert_eq!(whole, &bytes[..bytes.len() - 2]);
        let (first, _) = first_element(content).unwrap();
        assert_eq!(first, inner);
        assert_eq!(
            first_element(&content[inner.len()..]),
            Some((&[5, 0][..], &[][..]))
        );
        assert_eq!(
            first_element(&[0x30, 0x81, 1, 7, 9]),
            Some((&[0x30, 0x81, 1, 7][..], &[7][..]))
        );
        for end in 0..whole.len() {
            assert_eq!(first_element(&bytes[..end]), None);
        }
        assert_eq!(first_element(&[0x30, 0x84, 0xff, 0xff, 0xff, 0xff]), None);
        assert_eq!(first_element(&[0x30, 0x80].repeat(100_000)), None);
    }

    #[track_caller]
    fn check_received(bytes: &[u8], expected: &[u8], expected_codes: &[&str]) {
        let mut notes = Notes::default();
        assert_eq!(received_element(bytes, "it", &mut notes).as_deref(), Ok(expected));
        assert_eq!(codes(&notes), expected_codes);
    }

    #[test]
    fn received_elements() {
        check_received(&[0x30, 3, 2, 1, 5], &[0x30, 3, 2, 1, 5], &[]);
        check_received(
            &[0x30, 0x81, 3, 2, 1, 5],
            &[0x30, 0x81, 3, 2, 1, 5],
            &["LENGTH_NOT_MINIMAL"],
        );
        check_received(
            &[0x30, 3, 2, 1, 5, 0xee],
            &[0x30, 3, 2, 1, 5],
            &["TRAILING_BYTES"],
        );
        check_received(
            &[0x30, 0x80, 2, 1, 5, 0, 0],
            &[0x30, 3, 2, 1, 5],
            &["BER_ENCODING"],
        );
        let trailing = &["BER_ENCODING", "TRAILING_BYTES"];
        check_received(&[0x30, 0x80, 2, 1, 5, 0, 0, 5, 0], &[0x30, 3, 2, 1, 5], trailing);
        let mut notes = Notes::default();
        assert!(received_element(&[0x31, 0], "it", &mut notes).is_err());
        assert!(received_element(&[], "it", &mut notes).is_err());
        assert!(received_element(&[0x30, 0x80, 2, 1, 5], "it", &mut notes).is_err());
        assert!(received_element(&vec![0x30; SES_BYTES_MAX + 1], "it", &mut notes).is_err());
    }
}
