//! Names as text (RFC 4514), and strings of all ASN.1 types.

use std::fmt::{self, Write as _};

use const_oid::ObjectIdentifier;

use super::{Attribute, EMAIL_ADDRESS};
use crate::Error;
use crate::asn1::{self, write};

/// Short names of attribute types (RFC 4519, RFC 2985, X.520); the first of several is the one that is written.
const ATTRIBUTE_NAMES: [(&str, ObjectIdentifier); 22] = [
    ("C", ObjectIdentifier::new_unwrap("2.5.4.6")),
    ("ST", ObjectIdentifier::new_unwrap("2.5.4.8")),
    ("S", ObjectIdentifier::new_unwrap("2.5.4.8")),
    ("L", ObjectIdentifier::new_unwrap("2.5.4.7")),
    ("street", ObjectIdentifier::new_unwrap("2.5.4.9")),
    ("O", super::ORGANIZATION),
    ("OU", ObjectIdentifier::new_unwrap("2.5.4.11")),
    ("CN", super::COMMON_NAME),
    ("SN", ObjectIdentifier::new_unwrap("2.5.4.4")),
    ("GN", ObjectIdentifier::new_unwrap("2.5.4.42")),
    ("title", ObjectIdentifier::new_unwrap("2.5.4.12")),
    ("serialNumber", SERIAL_NUMBER),
    ("postalCode", ObjectIdentifier::new_unwrap("2.5.4.17")),
    ("telephoneNumber", ObjectIdentifier::new_unwrap("2.5.4.20")),
    ("businessCategory", ObjectIdentifier::new_unwrap("2.5.4.15")),
    ("description", ObjectIdentifier::new_unwrap("2.5.4.13")),
    ("x500UniqueIdentifier", ObjectIdentifier::new_unwrap("2.5.4.45")),
    ("organizationIdentifier", ObjectIdentifier::new_unwrap("2.5.4.97")),
    ("emailAddress", EMAIL_ADDRESS),
    ("E", EMAIL_ADDRESS),
    ("DC", DOMAIN_COMPONENT),
    ("UID", ObjectIdentifier::new_unwrap("0.9.2342.19200300.100.1.1")),
];

const COUNTRY: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.4.6");
const SERIAL_NUMBER: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.4.5");
const DOMAIN_COMPONENT: ObjectIdentifier = ObjectIdentifier::new_unwrap("0.9.2342.19200300.100.1.25");

/// The short name of an attribute type, such as `CN`; its dotted object identifier when it has none.
pub fn attribute_name(oid: &ObjectIdentifier) -> String {
    let found = ATTRIBUTE_NAMES.iter().find(|(_, known)| known == oid);
    found.map_or_else(|| oid.to_string(), |(name, _)| (*name).to_owned())
}

/// The text of a string element of any type. Eight-bit strings are read as UTF-8, whatever their tag says: that is
/// what is met where a PrintableString or TeletexString holds Chinese text.
pub(super) fn decode(tag: u8, contents: &[u8]) -> Option<String> {
    match tag {
        asn1::UTF8_STRING
        | asn1::PRINTABLE_STRING
        | asn1::IA5_STRING
        | asn1::TELETEX_STRING
        | asn1::NUMERIC_STRING
        | asn1::VISIBLE_STRING => std::str::from_utf8(contents).ok().map(str::to_owned),
        asn1::BMP_STRING => {
            let (units, []) = contents.as_chunks::<2>() else {
                return None;
            };
            char::decode_utf16(units.iter().map(|unit| u16::from_be_bytes(*unit)))
                .collect::<Result<_, _>>()
                .ok()
        }
        asn1::UNIVERSAL_STRING => {
            let (units, []) = contents.as_chunks::<4>() else {
                return None;
            };
            units
                .iter()
                .map(|unit| char::from_u32(u32::from_be_bytes(*unit)))
                .collect()
        }
        _ => None,
    }
}

/// Lower case, white space trimmed and collapsed.
pub(super) fn normalise(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for word in text.split_whitespace() {
        if !out.is_empty() {
            out.push(' ');
        }
        out.extend(word.chars().flat_map(char::to_lowercase));
    }
    out
}

/// Writes `type=value`.
pub(super) fn write_attribute(f: &mut fmt::Formatter<'_>, attribute: &Attribute) -> fmt::Result {
    write!(f, "{}=", attribute_name(&attribute.oid))?;
    let Some(text) = &attribute.text else {
        f.write_char('#')?;
        return attribute
            .value
            .iter()
            .try_for_each(|byte| write!(f, "{byte:02x}"));
    };
    let last = text.chars().count().saturating_sub(1);
    for (i, c) in text.chars().enumerate() {
        let at_the_edge = (i == 0 && matches!(c, ' ' | '#')) || (i == last && c == ' ');
        if at_the_edge || matches!(c, ',' | '+' | '"' | '\\' | '<' | '>' | ';') {
            write!(f, "\\{c}")?;
        } else if disguises(c) {
            let mut buffer = [0; 4];
            c.encode_utf8(&mut buffer)
                .bytes()
                .try_for_each(|byte| write!(f, "\\{byte:02X}"))?;
        } else {
            f.write_char(c)?;
        }
    }
    Ok(())
}

/// Controls, invisible characters, and those that change the direction of writing.
fn disguises(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
}

/// Splits text into RDNs of encoded attributes.
pub(super) fn parse(text: &str) -> Result<Vec<Vec<Vec<u8>>>, Error> {
    let mut rdns: Vec<Vec<Vec<u8>>> = Vec::new();
    if trim(text).is_empty() {
        return Ok(rdns);
    }
    let mut joined = false;
    for (part, separator) in split_unescaped(text) {
        let attribute = parse_attribute(part)?;
        match rdns.last_mut() {
            Some(rdn) if joined => rdn.push(attribute),
            _ => rdns.push(vec![attribute]),
        }
        joined = separator == Some('+');
    }
    Ok(rdns)
}

/// The parts between `,` and `+` that no `\` stands before, each with the separator after it.
fn split_unescaped(text: &str) -> Vec<(&str, Option<char>)> {
    let mut parts = Vec::new();
    let (mut start, mut escaped) = (0, false);
    for (i, c) in text.char_indices() {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            ',' | '+' => {
                parts.push((&text[start..i], Some(c)));
                start = i + 1;
            }
            _ => {}
        }
    }
    parts.push((&text[start..], None));
    parts
}

/// `type=value`, with escapes.
fn parse_attribute(part: &str) -> Result<Vec<u8>, Error> {
    let bad = |problem| Error::BadName {
        text: trim(part).to_owned(),
        problem,
    };
    let (kind, value) = part.split_once('=').ok_or(bad("there is no = in it"))?;
    let value = trim_value(value);
    if let Some(hex) = value.strip_prefix('#') {
        let bytes = decode_hex(hex).ok_or(bad("after # stands no hexadecimal"))?;
        asn1::Reader::new(&bytes)
            .next("value")
            .ok()
            .filter(|element| element.raw.len() == bytes.len())
            .ok_or(bad("after # stands no ASN.1 element"))?;
        return Ok(write::sequence(&[
            &write::oid(&attribute_oid(trim(kind))?),
            &bytes,
        ]));
    }
    encode_attribute(
        kind.trim(),
        &unescape(value).ok_or(bad("a \\ escapes nothing readable"))?,
    )
}

/// Without blanks and line ends around it. Other white space belongs to the value: it is written as it is.
fn trim(text: &str) -> &str {
    text.trim_matches(|c: char| c.is_ascii_whitespace())
}

/// Trimmed, but with a blank that is escaped at the end.
fn trim_value(value: &str) -> &str {
    let value = value.trim_start_matches(|c: char| c.is_ascii_whitespace());
    let trimmed = trim(value);
    let backslashes = trimmed.chars().rev().take_while(|c| *c == '\\').count();
    let kept = if backslashes % 2 == 1 && trimmed.len() < value.len() {
        trimmed.len() + 1
    } else {
        trimmed.len()
    };
    value.get(..kept).unwrap_or(trimmed)
}

/// Resolves `\c` and `\HH`.
fn unescape(value: &str) -> Option<String> {
    let mut out = Vec::with_capacity(value.len());
    let mut rest = value.as_bytes();
    while let [byte, after @ ..] = rest {
        rest = after;
        if *byte != b'\\' {
            out.push(*byte);
        } else if let Some(code) = rest
            .get(..2)
            .and_then(|pair| decode_hex(std::str::from_utf8(pair).ok()?))
        {
            out.extend(code);
            rest = &rest[2..];
        } else {
            let (escaped, after) = rest.split_first()?;
            out.push(*escaped);
            rest = after;
        }
    }
    String::from_utf8(out).ok()
}

fn decode_hex(text: &str) -> Option<Vec<u8>> {
    let digits: Vec<u8> = text
        .chars()
        .map(|c| c.to_digit(16).map(|digit| digit as u8))
        .collect::<Option<_>>()?;
    let (pairs, []) = digits.as_chunks::<2>() else {
        return None;
    };
    (!pairs.is_empty()).then(|| pairs.iter().map(|[high, low]| high << 4 | low).collect())
}

fn attribute_oid(kind: &str) -> Result<ObjectIdentifier, Error> {
    let known = ATTRIBUTE_NAMES
        .iter()
        .find(|(name, _)| name.eq_ignore_ascii_case(kind));
    if let Some((_, oid)) = known {
        return Ok(*oid);
    }
    let problem = "the type before = is neither a known short name nor an object identifier";
    ObjectIdentifier::new(kind).map_err(|_| Error::BadName {
        text: kind.to_owned(),
        problem,
    })
}

/// `AttributeTypeAndValue` with the string type that RFC 5280 §4.1.2.4 wants.
pub(super) fn encode_attribute(kind: &str, value: &str) -> Result<Vec<u8>, Error> {
    let oid = attribute_oid(kind)?;
    let value = match oid {
        COUNTRY | SERIAL_NUMBER if value.bytes().all(is_printable) => write::printable_string(value),
        EMAIL_ADDRESS | DOMAIN_COMPONENT if value.is_ascii() => write::ia5_string(value),
        _ => write::utf8_string(value),
    };
    Ok(write::sequence(&[&write::oid(&oid), &value]))
}

/// Characters of a PrintableString (X.680 §41.4).
fn is_printable(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b" '()+,-./:=?".contains(&byte)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strings_of_all_types_are_read() {
        assert_eq!(
            decode(asn1::BMP_STRING, &[0x53, 0x70, 0x7a, 0xe0]).as_deref(),
            Some("印章")
        );
        assert_eq!(decode(asn1::BMP_STRING, &[0x53]), None);
        assert_eq!(decode(asn1::BMP_STRING, &[0xd8, 0x00]), None);
        assert_eq!(
            decode(asn1::UNIVERSAL_STRING, &[0, 0, 0x53, 0x70]).as_deref(),
            Some("印")
        );
        assert_eq!(decode(asn1::UNIVERSAL_STRING, &[0, 0xff, 0, 0]), None);
        assert_eq!(
            decode(asn1::TELETEX_STRING, "印".as_bytes()).as_deref(),
            Some("印")
        );
        assert_eq!(decode(asn1::PRINTABLE_STRING, &[0xd6, 0xd0]), None);
        assert_eq!(decode(asn1::BIT_STRING, &[0]), None);
    }
}
