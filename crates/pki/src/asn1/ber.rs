//! What of BER is met in real files: lengths longer than needed, indefinite lengths, strings in pieces.

use std::borrow::Cow;

use super::{BIT_STRING, Header, SEQUENCE, SET, write};
use crate::Error;

/// Deepest nesting of constructed elements that is followed, in levels. Certificates and seals need below 20.
const DEPTH_MAX: usize = 32;

const CONSTRUCTED: u8 = 0x20;
const CLASS: u8 = 0xc0;
const END_OF_CONTENTS: [u8; 2] = [0, 0];

/// In which ways an encoding is no DER.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Encoding {
    /// A length is written in more bytes than needed.
    pub long_lengths: bool,
    /// A length is indefinite.
    pub indefinite_lengths: bool,
    /// A string is split into pieces.
    pub split_strings: bool,
}

impl Encoding {
    /// Whether [`definite`] has to rewrite it before it can be read.
    pub fn needs_rewriting(&self) -> bool {
        self.indefinite_lengths || self.split_strings
    }
}

/// Walks through all elements of `bytes` (linear time, at most 32 levels) and says how they are encoded.
///
/// The contents of primitive elements, such as OCTET STRINGs holding other structures, are not looked into.
pub fn survey(bytes: &[u8], what: &'static str) -> Result<Encoding, Error> {
    let mut encoding = Encoding::default();
    let mut rest = bytes;
    while !rest.is_empty() {
        rest = survey_element(rest, what, 0, &mut encoding)?;
    }
    Ok(encoding)
}

/// The first element of `bytes`, of whatever length form, and what follows it.
pub fn split_first<'a>(bytes: &'a [u8], what: &'static str) -> Result<(&'a [u8], &'a [u8]), Error> {
    let rest = survey_element(bytes, what, 0, &mut Encoding::default())?;
    Ok(bytes.split_at(bytes.len() - rest.len()))
}

/// `bytes` with definite lengths of the shortest form and whole strings; borrowed when they already are.
///
/// SETs are not sorted and values not changed: the result of a faithful BER encoding is its DER encoding, over
/// which signatures are computed (RFC 5280 §4.1.1.3, RFC 5652 §5.4).
pub fn definite<'a>(bytes: &'a [u8], what: &'static str) -> Result<Cow<'a, [u8]>, Error> {
    if !survey(bytes, what)?.needs_rewriting() {
        return Ok(Cow::Borrowed(bytes));
    }
    let mut out = Vec::with_capacity(bytes.len());
    let mut rest = bytes;
    while !rest.is_empty() {
        rest = rewrite(rest, what, 0, &mut out)?;
    }
    Ok(Cow::Owned(out))
}

/// Looks at the first element and returns what follows it.
fn survey_element<'a>(
    bytes: &'a [u8],
    what: &'static str,
    depth: usize,
    encoding: &mut Encoding,
) -> Result<&'a [u8], Error> {
    let (header, body, after) = split(bytes, what, depth)?;
    encoding.indefinite_lengths |= header.length.is_none();
    encoding.long_lengths |= header.length.is_some() && !header.minimal;
    if header.tag & CONSTRUCTED == 0 {
        return Ok(after);
    }
    encoding.split_strings |= is_split_string(header.tag);
    let mut rest = body;
    loop {
        match after_contents(rest, &header, after, what)? {
            Some(after) => return Ok(after),
            None => rest = survey_element(rest, what, depth + 1, encoding)?,
        }
    }
}

/// Appends the first element of `bytes` in definite form and returns what follows it.
fn rewrite<'a>(
    bytes: &'a [u8],
    what: &'static str,
    depth: usize,
    out: &mut Vec<u8>,
) -> Result<&'a [u8], Error> {
    let (header, body, after) = split(bytes, what, depth)?;
    if header.tag & CONSTRUCTED == 0 {
        out.extend(write::tlv(header.tag, body));
        return Ok(after);
    }
    let mut contents = Vec::new();
    let mut rest = body;
    let after = loop {
        match after_contents(rest, &header, after, what)? {
            Some(after) => break after,
            None => rest = rewrite(rest, what, depth + 1, &mut contents)?,
        }
    };
    if is_split_string(header.tag) {
        out.extend(join_string(header.tag & !CONSTRUCTED, &contents, what)?);
    } else {
        out.extend(write::tlv(header.tag, &contents));
    }
    Ok(after)
}

/// Header, contents and what follows. Of an indefinite element the contents run to the end of `bytes`, and what
/// follows is only known after they are read.
fn split<'a>(
    bytes: &'a [u8],
    what: &'static str,
    depth: usize,
) -> Result<(Header, &'a [u8], &'a [u8]), Error> {
    if depth > DEPTH_MAX {
        return Err(Error::TooLarge {
            what,
            found: depth,
            max: DEPTH_MAX,
        });
    }
    let header = Header::read(bytes, what)?;
    let body = &bytes[header.bytes..];
    match header.length {
        Some(length) => {
            let truncated = Error::Truncated {
                what,
                announced: length,
                left: body.len(),
            };
            let (body, after) = body.split_at_checked(length).ok_or(truncated)?;
            Ok((header, body, after))
        }
        None if header.tag & CONSTRUCTED == 0 => Err(Error::Malformed {
            what,
            problem: "an indefinite length of a primitive element",
        }),
        None => Ok((header, body, &[])),
    }
}

/// What follows the element when `rest` of its contents shows that it ends here.
fn after_contents<'a>(
    rest: &'a [u8],
    header: &Header,
    after: &'a [u8],
    what: &'static str,
) -> Result<Option<&'a [u8]>, Error> {
    match header.length {
        Some(_) if rest.is_empty() => Ok(Some(after)),
        Some(_) => Ok(None),
        None if rest.is_empty() => Err(Error::Malformed {
            what,
            problem: "an indefinite length without its end",
        }),
        None => Ok(rest.strip_prefix(&END_OF_CONTENTS)),
    }
}

/// Whether a universal tag is that of a string type in constructed form.
fn is_split_string(tag: u8) -> bool {
    tag & CLASS == 0 && tag & CONSTRUCTED != 0 && tag != SEQUENCE && tag != SET
}

/// One primitive string out of the already rewritten pieces.
fn join_string(tag: u8, pieces: &[u8], what: &'static str) -> Result<Vec<u8>, Error> {
    let mut reader = super::Reader::new(pieces);
    let mut joined = Vec::with_capacity(pieces.len());
    let mut unused = 0;
    while !reader.is_empty() {
        let piece = reader.expect(tag, what)?;
        if unused != 0 {
            return Err(Error::Malformed {
                what,
                problem: "unused bits before the last piece of a BIT STRING",
            });
        }
        if tag == BIT_STRING {
            let (bytes, bits) = piece.bits(what)?;
            unused = bits;
            joined.extend(bytes);
        } else {
            joined.extend(piece.value);
        }
    }
    if tag == BIT_STRING {
        joined.insert(0, unused);
    }
    Ok(write::tlv(tag, &joined))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(bytes: &[u8], expected: &[u8]) {
        assert_eq!(definite(bytes, "it").unwrap(), expected);
    }

    #[test]
    fn der_is_borrowed() {
        assert!(matches!(
            definite(&[0x30, 3, 2, 1, 5], "it"),
            Ok(Cow::Borrowed(_))
        ));
    }

    #[test]
    fn indefinite_and_long_lengths_become_short() {
        check(&[0x30, 0x80, 2, 1, 5, 0, 0], &[0x30, 3, 2, 1, 5]);
        check(
            &[0x30, 0x80, 0xa0, 0x80, 2, 0x81, 1, 5, 0, 0, 0, 0],
            &[0x30, 5, 0xa0, 3, 2, 1, 5],
        );
        check(&[0x30, 0x80, 0, 0, 5, 0], &[0x30, 0, 5, 0]);
        check(&[0x30, 6, 0x30, 0x80, 5, 0, 0, 0], &[0x30, 4, 0x30, 2, 5, 0]);
    }

    #[test]
    fn split_strings_are_joined() {
        check(&[0x24, 0x80, 4, 1, 1, 4, 2, 2, 3, 0, 0], &[4, 3, 1, 2, 3]);
        check(&[0x24, 6, 0x24, 4, 4, 2, 8, 9], &[4, 2, 8, 9]);
        check(&[0x23, 7, 3, 2, 0, 0xab, 3, 1, 0], &[3, 2, 0, 0xab]);
        check(&[0x23, 8, 3, 2, 0, 0xab, 3, 2, 4, 0xc0], &[3, 3, 4, 0xab, 0xc0]);
        assert!(definite(&[0x24, 3, 2, 1, 0], "it").is_err());
    }

    #[test]
    fn the_first_element_ends_where_its_contents_do() {
        let padded = [0x30, 0x80, 2, 1, 5, 0, 0, 0, 0, 0];
        assert_eq!(split_first(&padded, "it"), Ok((&padded[..7], &padded[7..])));
        assert_eq!(split_first(&[5, 0, 9], "it"), Ok((&[5, 0][..], &[9][..])));
        assert!(split_first(&[0x30, 2, 5], "it").is_err());
    }

    #[test]
    fn survey_tells_the_deviations() {
        let long = Encoding {
            long_lengths: true,
            ..Encoding::default()
        };
        assert_eq!(survey(&[0x30, 0x81, 0], "it"), Ok(long));
        assert!(survey(&[0x30, 0x82, 0, 1, 0], "it").is_err());
        assert_eq!(survey(&[4, 1, 0], "it"), Ok(Encoding::default()));
    }

    #[test]
    fn unterminated_and_deep_input_is_refused() {
        assert!(survey(&[0x30, 0x80, 2, 1, 5], "it").is_err());
        assert!(survey(&[0x02, 0x80, 0, 0], "it").is_err());
        let deep = [0x30, 0x80].repeat(100_000);
        assert!(matches!(survey(&deep, "it"), Err(Error::TooLarge { .. })));
        assert!(matches!(definite(&deep, "it"), Err(Error::TooLarge { .. })));
    }
}
