//! Reading of foreign ASN.1: BER made DER once, PEM armour taken off, then fields one after the other.

use crate::Error;
use base64::Engine as _;
use der::asn1::{AnyRef, ObjectIdentifier};
use der::{Reader as _, SliceReader, Tag, TagNumber};
use zeroize::Zeroizing;

/// Deepest nesting of foreign ASN.1; real files stay below 12.
const DEPTH_MAX: usize = 24;

/// Rewrites BER as DER as far as reading needs it: definite minimal lengths, strings in one piece.
///
/// PKCS#12 files from older tools use indefinite lengths and segmented OCTET STRINGs. What is inside an OCTET
/// STRING is left alone. The result may hold a private key, so it is wiped when dropped.
pub(crate) fn to_der(bytes: &[u8]) -> Result<Zeroizing<Vec<u8>>, Error> {
    let mut out = Zeroizing::new(Vec::with_capacity(bytes.len() + 16));
    let rest = rewrite(bytes, &mut out, 0)?;
    if rest.is_empty() {
        Ok(out)
    } else {
        Err(Error::Malformed("bytes follow the end of the structure"))
    }
}

/// The bytes as they are, or without their PEM armour: the first block whose label `wanted` accepts.
pub(crate) fn dearmour(bytes: &[u8], wanted: impl Fn(&str) -> bool) -> Result<Zeroizing<Vec<u8>>, Error> {
    // DER of every structure read here starts with a SEQUENCE.
    if bytes.first() == Some(&0x30) {
        return Ok(Zeroizing::new(bytes.to_vec()));
    }
    let text = std::str::from_utf8(bytes).map_err(|_| Error::Malformed("it is neither PEM nor DER"))?;
    for (label, body) in pem_blocks(text) {
        if wanted(label) {
            return pem_body(body);
        }
    }
    Err(Error::Malformed("it is neither PEM with a private key nor DER"))
}

/// Label and body of every PEM block (RFC 7468), in order; what stands between blocks is skipped.
pub(crate) fn pem_blocks(text: &str) -> impl Iterator<Item = (&str, &str)> {
    let mut rest = text;
    std::iter::from_fn(move || {
        let (_, after) = rest.split_once("-----BEGIN ")?;
        let (label, after) = after.split_once("-----")?;
        let (body, after) = after.split_once("-----END ")?;
        rest = after;
        Some((label, body))
    })
}

/// The bytes of a PEM body, whatever its line width.
pub(crate) fn pem_body(body: &str) -> Result<Zeroizing<Vec<u8>>, Error> {
    if body.contains("DEK-Info:") {
        return Err(Error::Unsupported {
            what: "the old PEM encryption (DEK-Info); convert it with `openssl pkcs8 -topk8`",
            oid: None,
        });
    }
    let packed: Zeroizing<String> =
        Zeroizing::new(body.chars().filter(|c| !c.is_ascii_whitespace()).collect());
    base64::engine::general_purpose::STANDARD
        .decode(packed.as_bytes())
        .map(Zeroizing::new)
        .map_err(|_| Error::Malformed("the PEM block is not Base64"))
}

/// The fields of one SEQUENCE or SET, read in order.
#[derive(Clone)]
pub(crate) struct Fields<'a>(SliceReader<'a>);

impl<'a> Fields<'a> {
    /// The fields of the SEQUENCE that `bytes` consist of.
    pub(crate) fn of(bytes: &'a [u8]) -> Result<Self, Error> {
        let mut outer = Self::inside(bytes)?;
        let fields = outer.sequence()?;
        if outer.is_empty() {
            Ok(fields)
        } else {
            Err(Error::Malformed("bytes follow the end of the structure"))
        }
    }

    /// The values that stand one after the other in `contents`.
    pub(crate) fn inside(contents: &'a [u8]) -> Result<Self, Error> {
        SliceReader::new(contents).map(Self).map_err(bad)
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_finished()
    }

    /// The tag of the next field, if there is one.
    pub(crate) fn peek(&self) -> Option<Tag> {
        Tag::peek(&self.0).ok()
    }

    pub(crate) fn any(&mut self) -> Result<AnyRef<'a>, Error> {
        self.0.decode().map_err(bad)
    }

    /// The next field with its header.
    pub(crate) fn encoded(&mut self) -> Result<&'a [u8], Error> {
        self.0.tlv_bytes().map_err(bad)
    }

    pub(crate) fn sequence(&mut self) -> Result<Fields<'a>, Error> {
        Fields::inside(self.tagged(Tag::Sequence)?)
    }

    pub(crate) fn octets(&mut self) -> Result<&'a [u8], Error> {
        self.tagged(Tag::OctetString)
    }

    pub(crate) fn oid(&mut self) -> Result<ObjectIdentifier, Error> {
        self.0.decode().map_err(bad)
    }

    pub(crate) fn number(&mut self) -> Result<u32, Error> {
        self.0.decode().map_err(bad)
    }

    /// The contents of the next field, which must have this tag.
    pub(crate) fn tagged(&mut self, tag: Tag) -> Result<&'a [u8], Error> {
        let any = self.any()?;
        any.header().tag().assert_eq(tag).map_err(bad)?;
        Ok(any.value())
    }

    /// The contents of `[number]`, constructed, if it comes next.
    pub(crate) fn explicit(&mut self, number: u32) -> Result<Option<&'a [u8]>, Error> {
        let tag = Tag::ContextSpecific {
            constructed: true,
            number: TagNumber(number),
        };
        if self.peek() == Some(tag) {
            self.tagged(tag).map(Some)
        } else {
            Ok(None)
        }
    }
}

/// `AlgorithmIdentifier ::= SEQUENCE { algorithm OBJECT IDENTIFIER, parameters ANY DEFINED BY algorithm
/// OPTIONAL }` (RFC 5280 §4.1.1.2).
pub(crate) struct AlgorithmIdentifier<'a> {
    pub(crate) oid: ObjectIdentifier,
    pub(crate) parameters: Option<AnyRef<'a>>,
}

impl<'a> AlgorithmIdentifier<'a> {
    pub(crate) fn read(fields: &mut Fields<'a>) -> Result<Self, Error> {
        let mut inner = fields.sequence()?;
        let oid = inner.oid()?;
        let parameters = if inner.is_empty() {
            None
        } else {
            Some(inner.any()?)
        };
        Ok(Self { oid, parameters })
    }

    /// The parameters as the SEQUENCE they have to be.
    pub(crate) fn parameter_fields(&self) -> Result<Fields<'a>, Error> {
        match self.parameters {
            Some(any) if any.header().tag() == Tag::Sequence => Fields::inside(any.value()),
            _ => Err(Error::Malformed("an algorithm lacks its parameters")),
        }
    }
}

/// `RSAPublicKey ::= SEQUENCE { modulus INTEGER, publicExponent INTEGER }` (RFC 8017 §A.1.1) of two big-endian numbers.
pub(crate) fn rsa_public_key(modulus: &[u8], exponent: &[u8]) -> Vec<u8> {
    let mut inner = Vec::new();
    for number in [modulus, exponent] {
        let zeros = number.iter().take_while(|byte| **byte == 0).count();
        let digits = &number[zeros..];
        // A number whose first bit is set would be negative.
        let sign: &[u8] = if digits.first().is_none_or(|first| *first >= 0x80) {
            &[0]
        } else {
            &[]
        };
        write(INTEGER, &[sign, digits].concat(), &mut inner);
    }
    let mut out = Vec::new();
    write(SEQUENCE, &inner, &mut out);
    out
}

fn bad(_: der::Error) -> Error {
    Error::Malformed("its ASN.1 structure is broken")
}

const BROKEN: Error = Error::Malformed("its ASN.1 structure is broken");
const INTEGER: u8 = 0x02;
const OCTET_STRING: u8 = 0x04;
const SEQUENCE: u8 = 0x30;
const CONSTRUCTED: u8 = 0x20;

/// Rewrites the first value of `bytes` and returns what follows it.
fn rewrite<'a>(bytes: &'a [u8], out: &mut Vec<u8>, depth: usize) -> Result<&'a [u8], Error> {
    let (tag, length, contents) = header(bytes)?;
    if tag & CONSTRUCTED == 0 {
        let length = length.ok_or(BROKEN)?;
        write(tag, &contents[..length], out);
        return Ok(&contents[length..]);
    }
    if depth == DEPTH_MAX {
        return Err(Error::Malformed("it is nested too deeply"));
    }
    let mut inner = Zeroizing::new(Vec::new());
    let rest = rewrite_contents(contents, length, &mut inner, depth)?;
    if tag == OCTET_STRING | CONSTRUCTED {
        let whole = join_segments(&inner)?;
        write(OCTET_STRING, &whole, out);
    } else {
        write(tag, &inner, out);
    }
    Ok(rest)
}

fn rewrite_contents<'a>(
    contents: &'a [u8],
    length: Option<usize>,
    out: &mut Vec<u8>,
    depth: usize,
) -> Result<&'a [u8], Error> {
    if let Some(length) = length {
        let (mut inside, rest) = contents.split_at(length);
        while !inside.is_empty() {
            inside = rewrite(inside, out, depth + 1)?;
        }
        return Ok(rest);
    }
    let mut rest = contents;
    loop {
        // Two zero bytes end a value of indefinite length (X.690 §8.1.5).
        if let Some(after) = rest.strip_prefix(&[0, 0]) {
            return Ok(after);
        }
        rest = rewrite(rest, out, depth + 1)?;
    }
}

/// The contents of the OCTET STRINGs that stand one after the other in `der`.
pub(crate) fn join_segments(der: &[u8]) -> Result<Zeroizing<Vec<u8>>, Error> {
    let mut segments = Fields::inside(der)?;
    let mut whole = Zeroizing::new(Vec::with_capacity(der.len()));
    while !segments.is_empty() {
        whole.extend_from_slice(segments.octets()?);
    }
    Ok(whole)
}

/// Tag byte, length (none: indefinite) and everything behind the header; a given length lies within it.
fn header(bytes: &[u8]) -> Result<(u8, Option<usize>, &[u8]), Error> {
    let (&tag, rest) = bytes.split_first().ok_or(BROKEN)?;
    let (&first, rest) = rest.split_first().ok_or(BROKEN)?;
    // Tags above 30 take more bytes and occur in none of the structures read here.
    if tag & 0x1f == 0x1f || tag == 0 {
        return Err(BROKEN);
    }
    let (length, rest) = match first {
        0..0x80 => (usize::from(first), rest),
        0x80 => return Ok((tag, None, rest)),
        _ => {
            let count = usize::from(first & 0x7f);
            let digits = rest.get(..count).ok_or(BROKEN)?;
            let significant = digits.iter().skip_while(|byte| **byte == 0).count();
            if significant > 4 {
                return Err(BROKEN);
            }
            let length = digits
                .iter()
                .fold(0u64, |sum, byte| (sum << 8) | u64::from(*byte));
            (usize::try_from(length).map_err(|_| BROKEN)?, &rest[count..])
        }
    };
    if length > rest.len() {
        return Err(Error::Malformed("it ends too early"));
    }
    Ok((tag, Some(length), rest))
}

fn write(tag: u8, contents: &[u8], out: &mut Vec<u8>) {
    out.push(tag);
    let length = contents.len();
    if let Ok(short @ 0..0x80) = u8::try_from(length) {
        out.push(short);
    } else {
        let digits = length.to_be_bytes();
        let zeros = digits.iter().take_while(|byte| **byte == 0).count();
        // At most 8 digits of a usize: the count fits.
        out.push(0x80 | (digits.len() - zeros) as u8);
        out.extend_from_slice(&digits[zeros..]);
    }
    out.extend_from_slice(contents);
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[track_caller]
    fn check(ber: &str, der: &str) {
        let ber = hex::decode(ber.replace(' ', "")).unwrap();
        assert_eq!(hex::encode(&*to_der(&ber).unwrap()), der.replace(' ', ""));
    }

    #[test]
    fn der_stays_as_it_is() {
        check("30 06 02 01 05 04 01 ff", "30 06 02 01 05 04 01 ff");
    }

    #[test]
    fn indefinite_lengths_become_definite() {
        check("30 80 02 01 05 30 80 00 00 00 00", "30 05 02 01 05 30 00");
    }

    #[test]
    fn long_form_lengths_become_minimal() {
        check("30 84 00 00 00 03 02 01 05", "30 03 02 01 05");
    }

    #[test]
    fn segmented_octet_strings_become_one() {
        check("24 80 04 02 aa bb 24 03 04 01 cc 00 00", "04 03 aa bb cc");
    }

    #[test]
    fn nesting_is_bounded() {
        let mut deep = [0x30, 0x80].repeat(100_000);
        deep.extend(vec![0; 200_000]);
        assert!(matches!(
            to_der(&deep),
            Err(Error::Malformed("it is nested too deeply"))
        ));
    }

    #[test]
    fn truncated_values_are_refused() {
        for broken in [
            "30",
            "3005020105",
            "3080020105",
            "30ffffffffffff",
            "1f8101",
            "0500 00",
            "2400",
        ] {
            let bytes = hex::decode(broken.replace(' ', "")).unwrap();
            let fine = broken == "2400";
            assert_eq!(to_der(&bytes).is_ok(), fine, "{broken}");
        }
    }

    #[test]
    fn pem_of_any_line_width_is_read_and_the_wanted_block_chosen() {
        let text = "\u{feff}junk\r\n-----BEGIN EC PARAMETERS-----\nBggq\n-----END EC PARAMETERS-----\r\n\
                    -----BEGIN PRIVATE KEY-----\r\nMA\r\nMC\r\nAQU=\r\n-----END PRIVATE KEY-----\r\n";
        let body = dearmour(text.as_bytes(), |label| label.ends_with("PRIVATE KEY")).unwrap();
        assert_eq!(*body, [0x30, 0x03, 0x02, 0x01, 0x05]);
        assert!(dearmour(b"-----BEGIN X-----", |_| true).is_err());
    }

    proptest! {
        #[test]
        fn any_bytes_are_rewritten_or_refused(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            if let Ok(der) = to_der(&bytes) {
                // What came out is DER: it is read again as itself.
                prop_assert_eq!(&*to_der(&der).unwrap(), &*der);
            }
            let _ = dearmour(&bytes, |_| true);
        }
    }
}
