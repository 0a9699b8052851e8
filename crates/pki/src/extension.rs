//! Certificate and list extensions (RFC 5280 §4.2, §5.2).

use std::collections::HashSet;
use std::fmt;

use const_oid::ObjectIdentifier;

use crate::asn1::{self, Element};
use crate::certificate::Deviation;
use crate::{Error, Name, oid};

/// Most extensions that one certificate, list or request may have.
const EXTENSIONS_MAX: usize = 128;
/// Most entries of a list inside an extension: key purposes, distribution points, subtrees.
const LIST_ENTRIES_MAX: usize = 256;

/// One extension, as received.
///
/// ```text
/// Extension ::= SEQUENCE { extnID OBJECT IDENTIFIER, critical BOOLEAN DEFAULT FALSE, extnValue OCTET STRING }
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Extension {
    /// Its kind.
    pub oid: ObjectIdentifier,
    /// Whether a verifier that does not know it must refuse.
    pub critical: bool,
    /// The contents of `extnValue`.
    pub value: Vec<u8>,
}

/// What a key may be used for (RFC 5280 §4.2.1.3). Prints as the names of the standard.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct KeyUsage(u16);

impl KeyUsage {
    /// digitalSignature
    pub const DIGITAL_SIGNATURE: Self = Self(1);
    /// nonRepudiation, also called contentCommitment
    pub const NON_REPUDIATION: Self = Self(1 << 1);
    /// keyEncipherment
    pub const KEY_ENCIPHERMENT: Self = Self(1 << 2);
    /// dataEncipherment
    pub const DATA_ENCIPHERMENT: Self = Self(1 << 3);
    /// keyAgreement
    pub const KEY_AGREEMENT: Self = Self(1 << 4);
    /// keyCertSign
    pub const KEY_CERT_SIGN: Self = Self(1 << 5);
    /// cRLSign
    pub const CRL_SIGN: Self = Self(1 << 6);
    /// encipherOnly
    pub const ENCIPHER_ONLY: Self = Self(1 << 7);
    /// decipherOnly
    pub const DECIPHER_ONLY: Self = Self(1 << 8);

    /// Whether at least one usage of `other` is allowed.
    pub fn allows_any(self, other: Self) -> bool {
        self.0 & other.0 != 0
    }

    /// The bits, digitalSignature being the lowest.
    pub(crate) fn bits(self) -> u32 {
        u32::from(self.0)
    }

    fn read(value: &[u8]) -> Result<Self, Error> {
        let what = "keyUsage";
        let (bytes, unused) = asn1::read_single(value, asn1::BIT_STRING, what)?.bits(what)?;
        let word = u16::from_be_bytes([0, 1].map(|i| bytes.get(i).copied().unwrap_or(0)));
        // The unused bits of the last byte mean nothing, whatever they are.
        let kept = (bytes.len() * 8 - usize::from(unused)).min(9) as u32;
        let mask = u16::MAX.checked_shl(16 - kept).unwrap_or(0);
        Ok(Self((word & mask).reverse_bits()))
    }
}

impl std::ops::BitOr for KeyUsage {
    type Output = Self;

    fn bitor(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }
}

impl fmt::Display for KeyUsage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const NAMES: [&str; 9] = [
            "digitalSignature",
            "nonRepudiation",
            "keyEncipherment",
            "dataEncipherment",
            "keyAgreement",
            "keyCertSign",
            "cRLSign",
            "encipherOnly",
            "decipherOnly",
        ];
        let set = NAMES.iter().enumerate().filter(|(bit, _)| self.0 >> bit & 1 == 1);
        for (i, (_, name)) in set.enumerate() {
            write!(f, "{}{name}", if i == 0 { "" } else { ", " })?;
        }
        Ok(())
    }
}

impl fmt::Debug for KeyUsage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "KeyUsage({self})")
    }
}

/// Whether the subject may issue certificates (RFC 5280 §4.2.1.9).
///
/// ```text
/// BasicConstraints ::= SEQUENCE { cA BOOLEAN DEFAULT FALSE, pathLenConstraint INTEGER (0..MAX) OPTIONAL }
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BasicConstraints {
    /// Whether it may.
    pub ca: bool,
    /// How many further CA certificates may stand between it and an end certificate; `None`: any number.
    pub path_len: Option<u32>,
}

/// The extensions that path validation and revocation understand.
#[derive(Default)]
pub(crate) struct Known {
    pub(crate) key_usage: Option<KeyUsage>,
    pub(crate) extended_key_usage: Option<Vec<ObjectIdentifier>>,
    pub(crate) basic_constraints: Option<BasicConstraints>,
    pub(crate) subject_key_identifier: Option<Vec<u8>>,
    pub(crate) authority_key_identifier: Option<Vec<u8>>,
    pub(crate) name_constraints: Option<NameConstraints>,
    /// The names in subjectAltName.
    pub(crate) alternative_names: Vec<GeneralName>,
    /// The full names of all cRLDistributionPoints.
    pub(crate) distribution_points: Vec<GeneralName>,
}

/// ```text
/// NameConstraints ::= SEQUENCE {
///     permittedSubtrees [0] GeneralSubtrees OPTIONAL,
///     excludedSubtrees  [1] GeneralSubtrees OPTIONAL }
/// GeneralSubtree ::= SEQUENCE { base GeneralName, minimum [0] DEFAULT 0, maximum [1] OPTIONAL }
/// ```
pub(crate) struct NameConstraints {
    pub(crate) permitted: Vec<GeneralName>,
    pub(crate) excluded: Vec<GeneralName>,
}

/// `GeneralName` (RFC 5280 §4.2.1.6): directory names are understood, the others compared by their bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum GeneralName {
    Directory(Name),
    Other { tag: u8, value: Vec<u8> },
}

/// `rfc822Name`.
pub(crate) const RFC822_NAME: u8 = asn1::primitive(1);
/// `uniformResourceIdentifier`.
pub(crate) const URI: u8 = asn1::primitive(6);

impl Extension {
    /// Reads `Extensions ::= SEQUENCE SIZE (1..MAX) OF Extension`.
    pub(crate) fn read_all(list: Element<'_>, deviations: &mut Vec<Deviation>) -> Result<Vec<Self>, Error> {
        let mut extensions: Vec<Self> = Vec::new();
        let mut seen = HashSet::new();
        let mut items = list.children();
        while !items.is_empty() {
            if extensions.len() == EXTENSIONS_MAX {
                let found = EXTENSIONS_MAX + 1;
                return Err(Error::TooLarge {
                    what: "extensions (count)",
                    found,
                    max: EXTENSIONS_MAX,
                });
            }
            let extension = Self::read(items.expect(asn1::SEQUENCE, "extension")?, deviations)?;
            if !seen.insert(extension.oid) {
                deviations.push(Deviation::DuplicateExtension(extension.oid));
            }
            extensions.push(extension);
        }
        Ok(extensions)
    }

    pub(crate) fn read(element: Element<'_>, deviations: &mut Vec<Deviation>) -> Result<Self, Error> {
        let what = "extension";
        let mut parts = element.children();
        let oid = parts.next(what)?.oid(what)?;
        let critical = match parts.optional(asn1::BOOLEAN, what)? {
            None => false,
            Some(flag) => {
                let critical = flag.boolean(what)?;
                if !critical {
                    deviations.push(Deviation::ExplicitNotCritical(oid));
                }
                critical
            }
        };
        let value = parts.next(what)?.octets(what)?.to_vec();
        parts.end(what)?;
        Ok(Self { oid, critical, value })
    }
}

impl Known {
    /// Reads those that are there, the first of each kind; what cannot be read is noted and left out.
    pub(crate) fn read(extensions: &[Extension], deviations: &mut Vec<Deviation>) -> Self {
        let mut known = Self::default();
        let mut seen = HashSet::new();
        for extension in extensions {
            if seen.insert(extension.oid) && known.read_one(extension).is_err() {
                deviations.push(Deviation::UnreadableExtension(extension.oid));
            }
        }
        known
    }

    fn read_one(&mut self, extension: &Extension) -> Result<(), Error> {
        let value = &extension.value;
        match extension.oid {
            oid::KEY_USAGE => self.key_usage = Some(KeyUsage::read(value)?),
            oid::EXTENDED_KEY_USAGE => self.extended_key_usage = Some(read_purposes(value)?),
            oid::BASIC_CONSTRAINTS => self.basic_constraints = Some(read_basic_constraints(value)?),
            oid::SUBJECT_KEY_IDENTIFIER => {
                let what = "subjectKeyIdentifier";
                let identifier = asn1::read_single(value, asn1::OCTET_STRING, what)?.value;
                self.subject_key_identifier = Some(identifier.to_vec());
            }
            oid::AUTHORITY_KEY_IDENTIFIER => {
                let what = "authorityKeyIdentifier";
                let mut parts = asn1::read_single(value, asn1::SEQUENCE, what)?.children();
                let identifier = parts.optional(asn1::primitive(0), what)?;
                self.authority_key_identifier = identifier.map(|identifier| identifier.value.to_vec());
            }
            oid::NAME_CONSTRAINTS => self.name_constraints = Some(read_name_constraints(value)?),
            oid::SUBJECT_ALT_NAME => {
                let names = asn1::read_single(value, asn1::SEQUENCE, "subjectAltName")?;
                self.alternative_names = GeneralName::read_all(names.value)?;
            }
            oid::CRL_DISTRIBUTION_POINTS => self.distribution_points = read_distribution_points(value)?,
            _ => {}
        }
        Ok(())
    }
}

impl GeneralName {
    fn read(element: &Element<'_>) -> Result<Self, Error> {
        if element.tag == asn1::constructed(4) {
            // Name is a CHOICE, so its tag is EXPLICIT.
            return Ok(Self::Directory(Name::read(element.value)?));
        }
        Ok(Self::Other {
            tag: element.tag,
            value: element.value.to_vec(),
        })
    }

    /// Reads the contents of `GeneralNames`.
    pub(crate) fn read_all(contents: &[u8]) -> Result<Vec<Self>, Error> {
        let mut reader = asn1::Reader::new(contents);
        let mut names = Vec::new();
        while !reader.is_empty() {
            limit(names.len(), "general names (count)")?;
            names.push(Self::read(&reader.next("general name")?)?);
        }
        Ok(names)
    }

    pub(crate) fn uri(&self) -> Option<&str> {
        match self {
            Self::Other { tag: URI, value } => std::str::from_utf8(value).ok(),
            _ => None,
        }
    }
}

fn limit(count: usize, what: &'static str) -> Result<(), Error> {
    if count < LIST_ENTRIES_MAX {
        Ok(())
    } else {
        Err(Error::TooLarge {
            what,
            found: count + 1,
            max: LIST_ENTRIES_MAX,
        })
    }
}

fn read_purposes(value: &[u8]) -> Result<Vec<ObjectIdentifier>, Error> {
    let what = "extKeyUsage";
    let mut reader = asn1::read_single(value, asn1::SEQUENCE, what)?.children();
    let mut purposes = Vec::new();
    while !reader.is_empty() {
        limit(purposes.len(), "key purposes (count)")?;
        purposes.push(reader.next(what)?.oid(what)?);
    }
    Ok(purposes)
}

fn read_basic_constraints(value: &[u8]) -> Result<BasicConstraints, Error> {
    let what = "basicConstraints";
    let mut parts = asn1::read_single(value, asn1::SEQUENCE, what)?.children();
    let ca = match parts.optional(asn1::BOOLEAN, what)? {
        Some(flag) => flag.boolean(what)?,
        None => false,
    };
    let path_len = match parts.optional(asn1::INTEGER, what)? {
        Some(number) => Some(number.unsigned(what)?),
        None => None,
    };
    parts.end(what)?;
    Ok(BasicConstraints { ca, path_len })
}

fn read_name_constraints(value: &[u8]) -> Result<NameConstraints, Error> {
    let what = "nameConstraints";
    let mut parts = asn1::read_single(value, asn1::SEQUENCE, what)?.children();
    let permitted = parts.optional(asn1::constructed(0), what)?;
    let excluded = parts.optional(asn1::constructed(1), what)?;
    parts.end(what)?;
    let subtrees = |list: Option<Element<'_>>| list.map_or(Ok(Vec::new()), |list| read_subtrees(list.value));
    Ok(NameConstraints {
        permitted: subtrees(permitted)?,
        excluded: subtrees(excluded)?,
    })
}

fn read_subtrees(contents: &[u8]) -> Result<Vec<GeneralName>, Error> {
    let what = "subtree of nameConstraints";
    let mut reader = asn1::Reader::new(contents);
    let mut bases = Vec::new();
    while !reader.is_empty() {
        limit(bases.len(), "subtrees (count)")?;
        let mut parts = reader.expect(asn1::SEQUENCE, what)?.children();
        let base = GeneralName::read(&parts.next(what)?)?;
        // minimum must be 0 and maximum absent (RFC 5280 §4.2.1.10); an explicit 0 is harmless.
        if let Some(minimum) = parts.optional(asn1::primitive(0), what)?
            && minimum.value.iter().any(|byte| *byte != 0)
        {
            return Err(Error::Malformed {
                what,
                problem: "its minimum is not 0",
            });
        }
        parts.end(what)?;
        bases.push(base);
    }
    Ok(bases)
}

/// ```text
/// CRLDistributionPoints ::= SEQUENCE OF DistributionPoint
/// DistributionPoint ::= SEQUENCE {
///     distributionPoint [0] DistributionPointName OPTIONAL,
///     reasons           [1] ReasonFlags OPTIONAL,
///     cRLIssuer         [2] GeneralNames OPTIONAL }
/// ```
fn read_distribution_points(value: &[u8]) -> Result<Vec<GeneralName>, Error> {
    let what = "cRLDistributionPoints";
    let mut points = asn1::read_single(value, asn1::SEQUENCE, what)?.children();
    let mut names = Vec::new();
    while !points.is_empty() {
        let mut parts = points.expect(asn1::SEQUENCE, what)?.children();
        if let Some(point) = parts.optional(asn1::constructed(0), what)? {
            names.extend(read_distribution_point_name(point.value)?);
        }
        limit(names.len(), "distribution points (count)")?;
    }
    Ok(names)
}

/// The names of `DistributionPointName ::= CHOICE { fullName [0] GeneralNames, nameRelativeToCRLIssuer [1] … }`;
/// none for the second, which is not supported.
pub(crate) fn read_distribution_point_name(contents: &[u8]) -> Result<Vec<GeneralName>, Error> {
    let choice = asn1::Reader::new(contents).next("distribution point")?;
    if choice.tag == asn1::constructed(0) {
        GeneralName::read_all(choice.value)
    } else {
        Ok(Vec::new())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn key_usage_bits_are_counted_from_the_left() {
        let read = |value: &[u8]| KeyUsage::read(value);
        assert_eq!(
            read(&[3, 2, 6, 0xc0]),
            Ok(KeyUsage::DIGITAL_SIGNATURE | KeyUsage::NON_REPUDIATION)
        );
        assert_eq!(
            read(&[3, 2, 1, 6]),
            Ok(KeyUsage::KEY_CERT_SIGN | KeyUsage::CRL_SIGN)
        );
        assert_eq!(read(&[3, 3, 7, 0, 0x80]), Ok(KeyUsage::DECIPHER_ONLY));
        assert_eq!(read(&[3, 1, 0]), Ok(KeyUsage::default()));
        assert_eq!(
            read(&[3, 2, 6, 0xff]),
            Ok(KeyUsage::DIGITAL_SIGNATURE | KeyUsage::NON_REPUDIATION)
        );
        assert_eq!(read(&[3, 5, 0, 0, 0, 0xff, 0xff]), Ok(KeyUsage::default()));
        assert!(read(&[3, 2, 9, 0xc0]).is_err());
        assert!(read(&[4, 2, 6, 0xc0]).is_err());
    }

    #[test]
    fn key_usage_prints_its_names() {
        let usage = KeyUsage::KEY_CERT_SIGN | KeyUsage::CRL_SIGN;
        assert_eq!(usage.to_string(), "keyCertSign, cRLSign");
    }

    #[test]
    fn basic_constraints_of_all_shapes() {
        let read = |value: &[u8]| read_basic_constraints(value).map(|found| (found.ca, found.path_len));
        assert_eq!(read(&[0x30, 0]), Ok((false, None)));
        assert_eq!(read(&[0x30, 3, 1, 1, 0xff]), Ok((true, None)));
        assert_eq!(read(&[0x30, 3, 1, 1, 0]), Ok((false, None)));
        assert_eq!(read(&[0x30, 6, 1, 1, 0xff, 2, 1, 0]), Ok((true, Some(0))));
        assert!(read(&[0x30, 6, 1, 1, 0xff, 2, 1, 0xff]).is_err());
        assert!(read(&[0x31, 0]).is_err());
    }
}
