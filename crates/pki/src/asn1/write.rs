//! Writes DER (X.690 §10). Every function returns one whole element.

use const_oid::ObjectIdentifier;
use jiff::Timestamp;

use super::{
    BIT_STRING, BOOLEAN, ENUMERATED, GENERALIZED_TIME, IA5_STRING, INTEGER, NULL, OBJECT_IDENTIFIER,
    OCTET_STRING, PRINTABLE_STRING, SEQUENCE, SET, UTC_TIME, UTF8_STRING, strip_zeros,
};

/// Any element from its identifier octet and contents.
pub fn tlv(tag: u8, value: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(value.len() + 6);
    out.push(tag);
    match value.len() {
        length @ 0..=0x7f => out.push(length as u8),
        length => {
            let bytes = (length as u64).to_be_bytes();
            let digits = strip_zeros(&bytes);
            out.push(0x80 | digits.len() as u8);
            out.extend(digits);
        }
    }
    out.extend(value);
    out
}

/// SEQUENCE of elements that are already encoded. Empty parts stand for absent optional ones.
pub fn sequence(parts: &[&[u8]]) -> Vec<u8> {
    tlv(SEQUENCE, &parts.concat())
}

/// SET OF: the elements are sorted as DER wants it.
pub fn set_of(mut elements: Vec<Vec<u8>>) -> Vec<u8> {
    elements.sort();
    tlv(SET, &elements.concat())
}

/// `[n] EXPLICIT`, around elements that are already encoded.
pub fn explicit(n: u8, contents: &[u8]) -> Vec<u8> {
    tlv(super::constructed(n), contents)
}

/// OBJECT IDENTIFIER.
pub fn oid(oid: &ObjectIdentifier) -> Vec<u8> {
    tlv(OBJECT_IDENTIFIER, oid.as_bytes())
}

/// INTEGER that is not negative, from its big-endian magnitude of any length.
pub fn integer(magnitude: &[u8]) -> Vec<u8> {
    let digits = if magnitude.is_empty() {
        &[0]
    } else {
        strip_zeros(magnitude)
    };
    let sign: &[u8] = if digits[0] >= 0x80 { &[0] } else { &[] };
    tlv(INTEGER, &[sign, digits].concat())
}

/// INTEGER from a number.
pub fn unsigned(number: u64) -> Vec<u8> {
    integer(&number.to_be_bytes())
}

/// ENUMERATED, for values below 128.
pub fn enumerated(number: u8) -> Vec<u8> {
    debug_assert!(number < 0x80);
    tlv(ENUMERATED, &[number])
}

/// BOOLEAN.
pub fn boolean(value: bool) -> Vec<u8> {
    tlv(BOOLEAN, &[if value { 0xff } else { 0 }])
}

/// NULL.
pub fn null() -> Vec<u8> {
    tlv(NULL, &[])
}

/// OCTET STRING.
pub fn octet_string(bytes: &[u8]) -> Vec<u8> {
    tlv(OCTET_STRING, bytes)
}

/// BIT STRING of whole bytes.
pub fn bit_string(bytes: &[u8]) -> Vec<u8> {
    tlv(BIT_STRING, &[&[0], bytes].concat())
}

/// BIT STRING of named bits (X.690 §11.2.2): bit `i` of the list is set when bit `i` of `bits` is; trailing zeros
/// are left out.
pub fn named_bits(bits: u32) -> Vec<u8> {
    let used = 32 - bits.leading_zeros();
    let bytes: Vec<u8> = bits.reverse_bits().to_be_bytes()[..used.div_ceil(8) as usize].to_vec();
    let unused = (8 - used % 8) % 8;
    tlv(BIT_STRING, &[&[unused as u8], &bytes[..]].concat())
}

/// UTF8String.
pub fn utf8_string(text: &str) -> Vec<u8> {
    tlv(UTF8_STRING, text.as_bytes())
}

/// PrintableString; the caller has checked the characters.
pub fn printable_string(text: &str) -> Vec<u8> {
    tlv(PRINTABLE_STRING, text.as_bytes())
}

/// IA5String; the caller has checked the characters.
pub fn ia5_string(text: &str) -> Vec<u8> {
    tlv(IA5_STRING, text.as_bytes())
}

/// Time as certificates want it: UTCTime through the year 2049, GeneralizedTime from 2050 (RFC 5280 §4.1.2.5).
/// Fractions of a second are dropped. Years 0 to 9999.
pub fn time(at: Timestamp) -> Vec<u8> {
    let year = at.to_zoned(jiff::tz::TimeZone::UTC).year();
    if (1950..2050).contains(&year) {
        tlv(UTC_TIME, at.strftime("%y%m%d%H%M%SZ").to_string().as_bytes())
    } else {
        generalized_time(at)
    }
}

/// GeneralizedTime `YYYYMMDDHHMMSSZ`. Fractions of a second are dropped. Years 0 to 9999.
pub fn generalized_time(at: Timestamp) -> Vec<u8> {
    tlv(
        GENERALIZED_TIME,
        at.strftime("%Y%m%d%H%M%SZ").to_string().as_bytes(),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_are_of_the_shortest_form() {
        for (length, header) in [
            (0, vec![4, 0]),
            (127, vec![4, 127]),
            (128, vec![4, 0x81, 128]),
            (256, vec![4, 0x82, 1, 0]),
            (65_536, vec![4, 0x83, 1, 0, 0]),
        ] {
            let element = octet_string(&vec![0; length]);
            assert_eq!(element[..header.len()], header);
            assert_eq!(element.len(), header.len() + length);
        }
    }

    #[test]
    fn integers_are_minimal_and_positive() {
        assert_eq!(unsigned(0), [2, 1, 0]);
        assert_eq!(unsigned(127), [2, 1, 127]);
        assert_eq!(unsigned(128), [2, 2, 0, 128]);
        assert_eq!(integer(&[0, 0, 1]), [2, 1, 1]);
        assert_eq!(integer(&[]), [2, 1, 0]);
    }

    #[test]
    fn named_bits_end_at_the_last_set_one() {
        assert_eq!(named_bits(0), [3, 1, 0]);
        assert_eq!(named_bits(0b11), [3, 2, 6, 0xc0]);
        assert_eq!(named_bits(0b110_0000), [3, 2, 1, 0x06]);
        assert_eq!(named_bits(1 << 8), [3, 3, 7, 0, 0x80]);
    }

    #[test]
    fn times_change_type_in_2050() {
        let at = |text: &str| text.parse::<Timestamp>().unwrap();
        assert_eq!(time(at("2049-12-31T23:59:59.9Z"))[2..], *b"491231235959Z");
        assert_eq!(time(at("2050-01-01T00:00:00Z"))[2..], *b"20500101000000Z");
        assert_eq!(time(at("1949-01-01T00:00:00Z"))[2..], *b"19490101000000Z");
        assert_eq!(
            generalized_time(at("2024-02-29T08:00:00+08:00"))[2..],
            *b"20240229000000Z"
        );
    }

    #[test]
    fn sets_are_sorted() {
        assert_eq!(set_of(vec![vec![5, 0], vec![2, 1, 1]]), [0x31, 5, 2, 1, 1, 5, 0]);
    }
}
