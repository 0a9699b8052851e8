//! A small reader of ASN.1 elements, tolerant where real files deviate from DER, and a [writer](mod@write) of DER.
//!
//! The derived types of the `der` crate refuse much of what sealed documents really hold (times, lengths, explicit
//! defaults); this reader gives the received bytes of every element and leaves judging to the caller.
//! Nothing is copied, nothing recurses: a caller descends only as deep as the structure it knows.
//! Indefinite lengths are first rewritten by [`definite`].

use const_oid::ObjectIdentifier;

use crate::Error;

mod ber;
pub mod write;

pub use ber::{Encoding, definite, split_first, survey};

/// BOOLEAN.
pub const BOOLEAN: u8 = 0x01;
/// INTEGER.
pub const INTEGER: u8 = 0x02;
/// BIT STRING.
pub const BIT_STRING: u8 = 0x03;
/// OCTET STRING.
pub const OCTET_STRING: u8 = 0x04;
/// NULL.
pub const NULL: u8 = 0x05;
/// OBJECT IDENTIFIER.
pub const OBJECT_IDENTIFIER: u8 = 0x06;
/// ENUMERATED.
pub const ENUMERATED: u8 = 0x0a;
/// UTF8String.
pub const UTF8_STRING: u8 = 0x0c;
/// NumericString.
pub const NUMERIC_STRING: u8 = 0x12;
/// PrintableString.
pub const PRINTABLE_STRING: u8 = 0x13;
/// TeletexString, also called T61String.
pub const TELETEX_STRING: u8 = 0x14;
/// IA5String.
pub const IA5_STRING: u8 = 0x16;
/// UTCTime.
pub const UTC_TIME: u8 = 0x17;
/// GeneralizedTime.
pub const GENERALIZED_TIME: u8 = 0x18;
/// VisibleString.
pub const VISIBLE_STRING: u8 = 0x1a;
/// UniversalString.
pub const UNIVERSAL_STRING: u8 = 0x1c;
/// BMPString.
pub const BMP_STRING: u8 = 0x1e;
/// SEQUENCE and SEQUENCE OF.
pub const SEQUENCE: u8 = 0x30;
/// SET and SET OF.
pub const SET: u8 = 0x31;

/// `[n]` holding other elements: EXPLICIT, or IMPLICIT over a constructed type. `n` below 31.
pub const fn constructed(n: u8) -> u8 {
    0xa0 | n
}

/// `[n] IMPLICIT` over a primitive type. `n` below 31.
pub const fn primitive(n: u8) -> u8 {
    0x80 | n
}

/// One element: identifier octet, contents, and the whole as received.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Element<'a> {
    /// The identifier octet: class, constructed bit, number.
    pub tag: u8,
    /// The contents.
    pub value: &'a [u8],
    /// Identifier, length and contents, as received.
    pub raw: &'a [u8],
}

impl<'a> Element<'a> {
    /// A reader over the contents, for constructed elements.
    pub fn children(&self) -> Reader<'a> {
        Reader::new(self.value)
    }

    /// The value of an OBJECT IDENTIFIER.
    pub fn oid(&self, what: &'static str) -> Result<ObjectIdentifier, Error> {
        self.need(OBJECT_IDENTIFIER, what)?;
        let problem = "not an object identifier, or one longer than 39 bytes";
        let read = ObjectIdentifier::from_bytes(self.value).ok();
        read.filter(|_| has_plain_arcs(self.value))
            .ok_or(Error::Malformed { what, problem })
    }

    /// The contents of an INTEGER: two's complement, big-endian, at least one byte, not checked for minimality.
    pub fn integer(&self, what: &'static str) -> Result<&'a [u8], Error> {
        self.need(INTEGER, what)?;
        if self.value.is_empty() {
            return Err(Error::Malformed {
                what,
                problem: "an INTEGER without contents",
            });
        }
        Ok(self.value)
    }

    /// The value of an INTEGER that should be small and not negative: a version, a count.
    pub fn unsigned(&self, what: &'static str) -> Result<u32, Error> {
        let bytes = self.integer(what)?;
        let digits = strip_zeros(bytes);
        if bytes[0] >= 0x80 || digits.len() > 4 {
            return Err(Error::Malformed {
                what,
                problem: "not a number between 0 and 4294967295",
            });
        }
        Ok(digits
            .iter()
            .fold(0, |number, byte| number << 8 | u32::from(*byte)))
    }

    /// The value of a BOOLEAN; any byte but zero is true, as in BER.
    pub fn boolean(&self, what: &'static str) -> Result<bool, Error> {
        self.need(BOOLEAN, what)?;
        match self.value {
            [byte] => Ok(*byte != 0),
            _ => Err(Error::Malformed {
                what,
                problem: "a BOOLEAN is one byte",
            }),
        }
    }

    /// The contents of an OCTET STRING.
    pub fn octets(&self, what: &'static str) -> Result<&'a [u8], Error> {
        self.need(OCTET_STRING, what)?;
        Ok(self.value)
    }

    /// The bytes of a BIT STRING and the number of unused bits in the last one (0 to 7).
    pub fn bits(&self, what: &'static str) -> Result<(&'a [u8], u8), Error> {
        self.need(BIT_STRING, what)?;
        match self.value {
            [unused, bytes @ ..] if *unused < 8 && (*unused == 0 || !bytes.is_empty()) => {
                Ok((bytes, *unused))
            }
            _ => Err(Error::Malformed {
                what,
                problem: "a BIT STRING with a wrong count of unused bits",
            }),
        }
    }

    /// The bytes of a BIT STRING that holds whole bytes.
    pub fn bit_bytes(&self, what: &'static str) -> Result<&'a [u8], Error> {
        match self.bits(what)? {
            (bytes, 0) => Ok(bytes),
            _ => Err(Error::Malformed {
                what,
                problem: "a BIT STRING that does not hold whole bytes",
            }),
        }
    }

    /// Fails unless the element has this tag.
    pub fn need(&self, tag: u8, what: &'static str) -> Result<(), Error> {
        if self.tag == tag {
            Ok(())
        } else {
            Err(Error::UnexpectedTag {
                what,
                expected: tag,
                found: self.tag,
            })
        }
    }
}

/// Reads elements one after the other. Lengths may be longer than needed, not indefinite.
#[derive(Clone, Debug)]
pub struct Reader<'a> {
    rest: &'a [u8],
}

impl<'a> Reader<'a> {
    /// Begins at the first of `bytes`.
    pub fn new(bytes: &'a [u8]) -> Self {
        Self { rest: bytes }
    }

    /// Whether nothing is left.
    pub fn is_empty(&self) -> bool {
        self.rest.is_empty()
    }

    /// What has not been read.
    pub fn rest(&self) -> &'a [u8] {
        self.rest
    }

    /// The identifier octet of the next element.
    pub fn peek(&self) -> Option<u8> {
        self.rest.first().copied()
    }

    /// The next element, whatever it is.
    pub fn next(&mut self, what: &'static str) -> Result<Element<'a>, Error> {
        if self.rest.is_empty() {
            return Err(Error::Missing { what });
        }
        let header = Header::read(self.rest, what)?;
        let Some(length) = header.length else {
            return Err(Error::Malformed {
                what,
                problem: "an indefinite length",
            });
        };
        let left = self.rest.len() - header.bytes;
        if length > left {
            return Err(Error::Truncated {
                what,
                announced: length,
                left,
            });
        }
        let (raw, rest) = self.rest.split_at(header.bytes + length);
        self.rest = rest;
        Ok(Element {
            tag: header.tag,
            value: &raw[header.bytes..],
            raw,
        })
    }

    /// The next element, which must have this tag.
    pub fn expect(&mut self, tag: u8, what: &'static str) -> Result<Element<'a>, Error> {
        let element = self.next(what)?;
        element.need(tag, what)?;
        Ok(element)
    }

    /// The next element if it has this tag.
    pub fn optional(&mut self, tag: u8, what: &'static str) -> Result<Option<Element<'a>>, Error> {
        if self.peek() == Some(tag) {
            self.next(what).map(Some)
        } else {
            Ok(None)
        }
    }

    /// Fails unless everything was read.
    pub fn end(&self, what: &'static str) -> Result<(), Error> {
        if self.rest.is_empty() {
            Ok(())
        } else {
            Err(Error::TrailingBytes {
                what,
                count: self.rest.len(),
            })
        }
    }
}

/// The single element that `bytes` holds, which must have this tag.
pub fn read_single<'a>(bytes: &'a [u8], tag: u8, what: &'static str) -> Result<Element<'a>, Error> {
    let mut reader = Reader::new(bytes);
    let element = reader.expect(tag, what)?;
    reader.end(what)?;
    Ok(element)
}

/// The magnitude without leading zeros; one zero byte stays of zero. `number` is not empty.
pub(crate) fn strip_zeros(number: &[u8]) -> &[u8] {
    let zeros = number.iter().take_while(|byte| **byte == 0).count();
    &number[zeros.min(number.len().saturating_sub(1))..]
}

/// Whether no number of an OBJECT IDENTIFIER is padded in front (X.690 8.19.2) or above 32 bits: an identifier with
/// such a number would print like another one and still not be equal to it.
fn has_plain_arcs(oid: &[u8]) -> bool {
    let mut number = None;
    oid.iter().all(|octet| {
        let is_padded = number.is_none() && *octet == 0x80;
        let value = number.unwrap_or(0u64) << 7 | u64::from(octet & 0x7f);
        number = (octet & 0x80 != 0).then_some(value);
        !is_padded && u32::try_from(value).is_ok()
    })
}

/// Identifier and length octets.
struct Header {
    tag: u8,
    /// Bytes of the header itself.
    bytes: usize,
    /// Bytes of the contents; `None` when indefinite.
    length: Option<usize>,
    /// Whether the length is written as DER wants it.
    minimal: bool,
}

impl Header {
    fn read(bytes: &[u8], what: &'static str) -> Result<Self, Error> {
        let malformed = |problem| Error::Malformed { what, problem };
        let truncated = Error::Truncated {
            what,
            announced: 2,
            left: bytes.len(),
        };
        let &[tag, first] = bytes.first_chunk().ok_or(truncated)?;
        if tag & 0x1f == 0x1f {
            return Err(malformed("a tag number above 30"));
        }
        match first {
            0..=0x7f => Ok(Self {
                tag,
                bytes: 2,
                length: Some(usize::from(first)),
                minimal: true,
            }),
            0x80 => Ok(Self {
                tag,
                bytes: 2,
                length: None,
                minimal: false,
            }),
            0x81..=0x84 => {
                let count = usize::from(first & 0x7f);
                let left = bytes.len() - 2;
                let digits = bytes.get(2..2 + count).ok_or(Error::Truncated {
                    what,
                    announced: count,
                    left,
                })?;
                let length = digits
                    .iter()
                    .fold(0usize, |length, byte| length << 8 | usize::from(*byte));
                let minimal = length >= 0x80 && digits[0] != 0;
                Ok(Self {
                    tag,
                    bytes: 2 + count,
                    length: Some(length),
                    minimal,
                })
            }
            _ => Err(malformed("a length of more than 4 bytes")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn elements_come_one_after_the_other_with_their_received_bytes() {
        let bytes = [0x30, 0x03, 0x02, 0x01, 0x05, 0x81, 0x81, 0x01, 0xff];
        let mut reader = Reader::new(&bytes);
        let sequence = reader.expect(SEQUENCE, "first").unwrap();
        assert_eq!(sequence.raw, &bytes[..5]);
        assert_eq!(
            sequence.children().next("number").unwrap().unsigned("number"),
            Ok(5)
        );
        let tagged = reader.optional(primitive(1), "second").unwrap().unwrap();
        assert_eq!((tagged.value, tagged.raw), (&[0xff][..], &bytes[5..]));
        assert_eq!(reader.end("all"), Ok(()));
        assert_eq!(reader.next("third"), Err(Error::Missing { what: "third" }));
    }

    #[track_caller]
    fn refused(bytes: &[u8], expected: Error) {
        assert_eq!(Reader::new(bytes).next("it"), Err(expected));
    }

    #[test]
    fn bad_headers_are_refused() {
        let what = "it";
        refused(
            &[0x30],
            Error::Truncated {
                what,
                announced: 2,
                left: 1,
            },
        );
        refused(
            &[0x30, 0x05, 0x00],
            Error::Truncated {
                what,
                announced: 5,
                left: 1,
            },
        );
        refused(
            &[0x30, 0x82, 0x01],
            Error::Truncated {
                what,
                announced: 2,
                left: 1,
            },
        );
        refused(
            &[0x30, 0x84, 0xff, 0xff, 0xff, 0xff],
            Error::Truncated {
                what,
                announced: 0xffff_ffff,
                left: 0,
            },
        );
        refused(
            &[0x1f, 0x81, 0x01, 0x00],
            Error::Malformed {
                what,
                problem: "a tag number above 30",
            },
        );
        refused(
            &[0x30, 0x85, 0, 0, 0, 0, 1, 0],
            Error::Malformed {
                what,
                problem: "a length of more than 4 bytes",
            },
        );
        refused(
            &[0x30, 0x80, 0, 0],
            Error::Malformed {
                what,
                problem: "an indefinite length",
            },
        );
    }

    #[test]
    fn object_identifiers_are_written_in_one_way_only() {
        let oid = |bytes: &'static [u8]| Reader::new(bytes).next("it").unwrap().oid("it");
        assert_eq!(oid(&[6, 3, 0x55, 4, 3]).unwrap().to_string(), "2.5.4.3");
        assert_eq!(oid(&[6, 3, 0x2a, 0x81, 0x00]).unwrap().to_string(), "1.2.128");
        assert!(oid(&[6, 4, 0x55, 0x80, 4, 3]).is_err());
        assert!(oid(&[6, 4, 0x80, 0x55, 4, 3]).is_err());
        assert!(oid(&[6, 6, 0x2a, 0x8f, 0xff, 0xff, 0xff, 0x7f]).is_ok());
        assert!(oid(&[6, 6, 0x2a, 0x90, 0x80, 0x80, 0x80, 0x00]).is_err());
        assert!(oid(&[6, 7, 0x2a, 0x82, 0x80, 0x80, 0x80, 0x80, 0x03]).is_err());
    }

    #[test]
    fn numbers_and_bits() {
        let single = |bytes: &'static [u8]| Reader::new(bytes).next("it").unwrap();
        assert_eq!(
            single(&[2, 5, 0, 0xff, 0xff, 0xff, 0xff]).unsigned("it"),
            Ok(u32::MAX)
        );
        assert!(single(&[2, 5, 1, 0, 0, 0, 0]).unsigned("it").is_err());
        assert!(single(&[2, 1, 0x80]).unsigned("it").is_err());
        assert!(single(&[2, 0]).integer("it").is_err());
        assert_eq!(single(&[3, 2, 7, 0x80]).bits("it"), Ok((&[0x80][..], 7)));
        assert!(single(&[3, 2, 7, 0x80]).bit_bytes("it").is_err());
        assert!(single(&[3, 1, 1]).bits("it").is_err());
        assert!(single(&[3, 2, 8, 0]).bits("it").is_err());
        assert!(single(&[3, 0]).bits("it").is_err());
        assert_eq!(single(&[1, 1, 1]).boolean("it"), Ok(true));
        assert!(single(&[1, 0]).boolean("it").is_err());
    }
}
