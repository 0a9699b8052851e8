//! The SM2 signature value and its encodings (GB/T 35276-2017 §7.3).

use std::fmt;

use crate::BadSignature;
use crate::sm2::Scalar;

const INTEGER: u8 = 0x02;
const SEQUENCE: u8 = 0x30;

/// Longest encoding that is looked at, in bytes: a SEQUENCE of two 33-byte INTEGERs takes 72; real deviations
/// stay below this.
const ENCODING_BYTES_MAX: usize = 128;

/// An SM2 signature: two numbers r and s, both in 1 … n−1 by construction.
///
/// ```text
/// SM2Signature ::= SEQUENCE { R INTEGER, S INTEGER }
/// ```
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Signature {
    r: Scalar,
    s: Scalar,
}

/// How a signature value was written. Only [`Der`](Self::Der) conforms to GB/T 35276; the others are met in
/// sealed documents of certain vendors.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum SignatureEncoding {
    /// `SEQUENCE { INTEGER, INTEGER }` in DER.
    Der,
    /// 64 bytes r‖s without any ASN.1.
    Raw,
    /// An INTEGER with superfluous leading zeros, or lengths in a longer form than needed.
    NonMinimalInteger,
    /// An INTEGER whose leading zero is missing, so that it reads as a negative number.
    NegativeInteger,
    /// DER whose last byte, a zero, was cut off.
    TrailingZeroStripped,
}

impl Signature {
    /// From r‖s, both big-endian. Fails unless both lie in 1 … n−1.
    pub fn from_raw(bytes: &[u8; 64]) -> Result<Self, BadSignature> {
        let (numbers, _) = bytes.as_chunks();
        let number = |bytes| Scalar::from_be(bytes).filter(|number| !number.is_zero());
        match [number(&numbers[0]), number(&numbers[1])] {
            [Some(r), Some(s)] => Ok(Self { r, s }),
            _ => Err(BadSignature::OutOfRange),
        }
    }

    /// r‖s, both big-endian.
    pub fn to_raw(&self) -> [u8; 64] {
        let mut raw = [0; 64];
        raw[..32].copy_from_slice(&self.r.to_be());
        raw[32..].copy_from_slice(&self.s.to_be());
        raw
    }

    /// The DER form of GB/T 35276: 8 to 72 bytes.
    pub fn to_der(&self) -> Vec<u8> {
        let raw = self.to_raw();
        let (r, s) = raw.split_at(32);
        let mut body = Vec::with_capacity(70);
        for number in [r, s] {
            let digits = strip_zeros(number);
            let sign = usize::from(digits[0] >= 0x80);
            body.extend([INTEGER, (digits.len() + sign) as u8]);
            body.extend(&[0u8][..sign]);
            body.extend(digits);
        }
        let mut der = vec![SEQUENCE, body.len() as u8];
        der.append(&mut body);
        der
    }

    /// Reads the DER form and nothing else.
    pub fn from_der(bytes: &[u8]) -> Result<Self, BadSignature> {
        match Self::read(bytes)? {
            (signature, SignatureEncoding::Der) => Ok(signature),
            _ => Err(BadSignature::Malformed),
        }
    }

    /// Reads any encoding met in real documents and says which it was.
    ///
    /// Every accepted form determines r and s without guessing: what differs is only how they are written.
    pub fn read(bytes: &[u8]) -> Result<(Self, SignatureEncoding), BadSignature> {
        if bytes.len() > ENCODING_BYTES_MAX {
            return Err(BadSignature::Malformed);
        }
        if let Some((r, s)) = split_sequence(bytes) {
            return Self::from_integers(r, s, bytes);
        }
        if let Ok(raw) = <&[u8; 64]>::try_from(bytes) {
            return Ok((Self::from_raw(raw)?, SignatureEncoding::Raw));
        }
        let mut restored = bytes.to_vec();
        restored.push(0);
        let (r, s) = split_sequence(&restored).ok_or(BadSignature::Malformed)?;
        let (signature, _) = Self::from_integers(r, s, &restored)?;
        Ok((signature, SignatureEncoding::TrailingZeroStripped))
    }

    fn from_integers(r: &[u8], s: &[u8], whole: &[u8]) -> Result<(Self, SignatureEncoding), BadSignature> {
        let mut raw = [0; 64];
        for (number, field) in [r, s].into_iter().zip(raw.chunks_exact_mut(32)) {
            let digits = strip_zeros(number);
            let start = 32usize
                .checked_sub(digits.len())
                .ok_or(BadSignature::OutOfRange)?;
            field[start..].copy_from_slice(digits);
        }
        let signature = Self::from_raw(&raw)?;
        let encoding = if signature.to_der() == whole {
            SignatureEncoding::Der
        } else if [r, s].iter().any(|number| number[0] >= 0x80) {
            SignatureEncoding::NegativeInteger
        } else {
            SignatureEncoding::NonMinimalInteger
        };
        Ok((signature, encoding))
    }

    /// Neither is zero: the caller has just computed them.
    pub(crate) fn new(r: Scalar, s: Scalar) -> Self {
        Self { r, s }
    }

    pub(crate) fn r(&self) -> &Scalar {
        &self.r
    }

    pub(crate) fn s(&self) -> &Scalar {
        &self.s
    }
}

impl fmt::Debug for Signature {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Signature(")?;
        self.to_raw()
            .iter()
            .try_for_each(|byte| write!(f, "{byte:02x}"))?;
        f.write_str(")")
    }
}

/// The contents of the two INTEGERs, both at least one byte, when `bytes` is one SEQUENCE of them and no more.
fn split_sequence(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let (body, rest) = take(bytes, SEQUENCE)?;
    let (r, after_r) = take(body, INTEGER)?;
    let (s, after_s) = take(after_r, INTEGER)?;
    (rest.is_empty() && after_s.is_empty() && !r.is_empty() && !s.is_empty()).then_some((r, s))
}

/// The contents of the element with this tag at the front, and what follows it.
fn take(bytes: &[u8], tag: u8) -> Option<(&[u8], &[u8])> {
    let (&[found, first], rest) = bytes.split_first_chunk()?;
    let (length, rest) = match first {
        0..=0x7f => (usize::from(first), rest),
        0x81 => rest
            .split_first()
            .map(|(length, rest)| (usize::from(*length), rest))?,
        _ => return None,
    };
    (found == tag).then(|| rest.split_at_checked(length))?
}

/// Without leading zeros, but never empty.
fn strip_zeros(number: &[u8]) -> &[u8] {
    let zeros = number.iter().take_while(|byte| **byte == 0).count();
    &number[zeros.min(number.len() - 1)..]
}

#[cfg(test)]
mod tests {
    use super::*;

    /// n − 1, the largest value of r and s.
    const LARGEST: [u8; 32] = [
        0xff, 0xff, 0xff, 0xfe, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x72,
        0x03, 0xdf, 0x6b, 0x21, 0xc6, 0x05, 0x2b, 0x53, 0xbb, 0xf4, 0x09, 0x39, 0xd5, 0x41, 0x22,
    ];

    fn raw(r: &[u8], s: &[u8]) -> [u8; 64] {
        let mut raw = [0; 64];
        raw[32 - r.len()..32].copy_from_slice(r);
        raw[64 - s.len()..].copy_from_slice(s);
        raw
    }

    fn der(r: &[u8], s: &[u8]) -> Vec<u8> {
        let integer = |number: &[u8]| [&[INTEGER, number.len() as u8], number].concat();
        let body = [integer(r), integer(s)].concat();
        [&[SEQUENCE, body.len() as u8], &body[..]].concat()
    }

    #[track_caller]
    fn check(bytes: &[u8], expected: Result<(&[u8], &[u8], SignatureEncoding), BadSignature>) {
        let found = Signature::read(bytes).map(|(signature, encoding)| (signature.to_raw(), encoding));
        assert_eq!(found, expected.map(|(r, s, encoding)| (raw(r, s), encoding)));
    }

    #[test]
    fn der_with_and_without_sign_byte() {
        check(&der(&[1], &[0x7f]), Ok((&[1], &[0x7f], SignatureEncoding::Der)));
        check(
            &der(&[0, 0x80], &[1]),
            Ok((&[0x80], &[1], SignatureEncoding::Der)),
        );
        let long = [&[0][..], &LARGEST].concat();
        check(
            &der(&long, &long),
            Ok((&LARGEST, &LARGEST, SignatureEncoding::Der)),
        );
    }

    #[test]
    fn deviations_are_named() {
        check(&raw(&[5], &[6]), Ok((&[5], &[6], SignatureEncoding::Raw)));
        check(
            &der(&LARGEST, &[1]),
            Ok((&LARGEST, &[1], SignatureEncoding::NegativeInteger)),
        );
        check(
            &der(&[0, 0, 9], &[1]),
            Ok((&[9], &[1], SignatureEncoding::NonMinimalInteger)),
        );
        check(
            &[0x30, 0x81, 6, 2, 1, 1, 2, 1, 1],
            Ok((&[1], &[1], SignatureEncoding::NonMinimalInteger)),
        );
        let mut cut = der(&[1], &[1, 0]);
        cut.pop();
        check(&cut, Ok((&[1], &[1, 0], SignatureEncoding::TrailingZeroStripped)));
    }

    #[test]
    fn out_of_range_is_refused() {
        let mut order = LARGEST;
        order[31] += 1;
        for bad in [&[0][..], &order, &[0xff; 32]] {
            let number = [&[0][..], bad].concat();
            check(&der(&number, &[1]), Err(BadSignature::OutOfRange));
            check(&der(&[1], &number), Err(BadSignature::OutOfRange));
            check(&raw(bad, &[1]), Err(BadSignature::OutOfRange));
        }
        check(&der(&[1; 34], &[1]), Err(BadSignature::OutOfRange));
    }

    #[test]
    fn malformed_is_refused() {
        let trailing = [der(&[1], &[1]), vec![0]].concat();
        for bad in [
            &[][..],
            &[0x30],
            &[0x30, 0],
            &[0xcc; 110],
            &[0; 500],
            &trailing,
            &der(&[], &[1]),
        ] {
            check(bad, Err(BadSignature::Malformed));
        }
        assert_eq!(
            Signature::from_der(&raw(&[1], &[1])),
            Err(BadSignature::Malformed)
        );
    }
}
