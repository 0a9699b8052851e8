//! Which certificate a signer meant: the attributes SigningCertificate and SigningCertificateV2 (RFC 5035).

use const_oid::ObjectIdentifier;
use sha1::Digest as _;

use crate::asn1::{self, Element, Reader, write};
use crate::certificate::split_algorithm;
use crate::cms::same_number;
use crate::signer_info::SignedAttributes;
use crate::{Certificate, Error, HashAlgorithm, Name, oid};

/// The identifier of the signer's certificate, as the signer signed it: it stops an attacker from putting
/// another certificate with the same key in its place.
///
/// ```text
/// ESSCertID   ::= SEQUENCE { certHash OCTET STRING, issuerSerial IssuerSerial OPTIONAL }   -- SHA-1
/// ESSCertIDv2 ::= SEQUENCE { hashAlgorithm AlgorithmIdentifier DEFAULT {id-sha256},
///                            certHash OCTET STRING, issuerSerial IssuerSerial OPTIONAL }
/// IssuerSerial ::= SEQUENCE { issuer GeneralNames, serialNumber INTEGER }
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EssCertId {
    /// Whether it is an ESSCertID (1) or an ESSCertIDv2 (2).
    pub version: u8,
    /// What the certificate's DER was hashed with.
    pub algorithm: EssHash,
    /// The digest of the certificate's DER.
    pub hash: Vec<u8>,
    /// The directory names of the issuer and the serial number's octets, where given.
    pub issuer_serial: Option<(Vec<Name>, Vec<u8>)>,
}

/// The hash algorithm of an [`EssCertId`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum EssHash {
    /// SM3.
    Sm3,
    /// SHA-1, the only one of version 1.
    Sha1,
    /// SHA-256, the one of version 2 when none is named.
    Sha256,
    /// Another, which may not be known here.
    Other(ObjectIdentifier),
}

impl EssCertId {
    /// Whether it names `certificate`; none when the hash algorithm is not known here.
    pub fn names(&self, certificate: &Certificate) -> Option<bool> {
        let hash_matches = match self.algorithm {
            EssHash::Sm3 => self.hash == certificate.digest().0,
            EssHash::Sha1 => self.hash[..] == sha1::Sha1::digest(certificate.der())[..],
            EssHash::Sha256 => self.hash[..] == sha2::Sha256::digest(certificate.der())[..],
            EssHash::Other(algorithm) => self.hash == HashAlgorithm::of(algorithm)?.digest(certificate.der()),
        };
        let issuer_matches = self.issuer_serial.as_ref().is_none_or(|(issuers, serial)| {
            same_number(serial, certificate.serial())
                && (issuers.is_empty() || issuers.contains(certificate.issuer()))
        });
        Some(hash_matches && issuer_matches)
    }
}

/// The first identifier, which is the signer's, of each of the two attributes that is there.
pub(crate) fn read(attributes: &SignedAttributes) -> Result<Vec<EssCertId>, Error> {
    let mut identifiers = Vec::new();
    for (version, attribute) in [(1, oid::SIGNING_CERTIFICATE), (2, oid::SIGNING_CERTIFICATE_V2)] {
        if !attributes.contains(&attribute) {
            continue;
        }
        let problem = "the attribute is repeated or has not exactly one value";
        let value = attributes
            .single(&attribute)
            .ok_or(Error::Malformed { what: WHAT, problem })?;
        let mut certificates = asn1::read_single(value, asn1::SEQUENCE, WHAT)?.children();
        let first = certificates
            .expect(asn1::SEQUENCE, WHAT)?
            .children()
            .expect(asn1::SEQUENCE, WHAT)?;
        identifiers.push(read_identifier(first.children(), version)?);
    }
    Ok(identifiers)
}

/// A SigningCertificateV2 attribute value that names `certificate` by its digest, issuer and serial number.
pub(crate) fn write_signing_certificate_v2(certificate: &Certificate, hash: HashAlgorithm) -> Vec<u8> {
    // SHA-256 is the default, which DER leaves out.
    let algorithm = match hash {
        HashAlgorithm::Sha256 => Vec::new(),
        other => write::sequence(&[&write::oid(&other.oid())]),
    };
    let hash = write::octet_string(&hash.digest(certificate.der()));
    let issuer = write::sequence(&[&write::explicit(DIRECTORY_NAME, certificate.issuer().der())]);
    let serial = write::integer(certificate.serial());
    let issuer_serial = write::sequence(&[&issuer, &serial]);
    let identifier = write::sequence(&[&algorithm, &hash, &issuer_serial]);
    write::sequence(&[&write::sequence(&[&identifier])])
}

/// `directoryName [4] Name` of GeneralName (RFC 5280 §4.2.1.6).
pub(crate) const DIRECTORY_NAME: u8 = 4;
const WHAT: &str = "ESS certificate identifier";
const SHA1: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.14.3.2.26");
const SHA256: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.16.840.1.101.3.4.2.1");
const SM3_BYTES: usize = 32;

fn read_identifier(mut fields: Reader<'_>, version: u8) -> Result<EssCertId, Error> {
    let announced = match fields.peek() {
        Some(asn1::SEQUENCE) => Some(split_algorithm(fields.next(WHAT)?)?.0),
        _ => None,
    };
    let hash = fields.next(WHAT)?.octets(WHAT)?.to_vec();
    let issuer_serial = match fields.optional(asn1::SEQUENCE, WHAT)? {
        Some(element) => Some(read_issuer_serial(element.children())?),
        None => None,
    };
    fields.end(WHAT)?;
    let algorithm = match announced {
        Some(oid::SM3 | oid::SM3_UNKEYED) => EssHash::Sm3,
        Some(SHA1) => EssHash::Sha1,
        Some(SHA256) => EssHash::Sha256,
        Some(other) => EssHash::Other(other),
        None if version == 2 => EssHash::Sha256,
        // Version 1 knows SHA-1 alone; authorities that sign with SM2 put SM3 there.
        None if hash.len() == SM3_BYTES => EssHash::Sm3,
        None => EssHash::Sha1,
    };
    Ok(EssCertId {
        version,
        algorithm,
        hash,
        issuer_serial,
    })
}

fn read_issuer_serial(mut fields: Reader<'_>) -> Result<(Vec<Name>, Vec<u8>), Error> {
    let mut names = fields.expect(asn1::SEQUENCE, WHAT)?.children();
    let mut issuers = Vec::new();
    while !names.is_empty() {
        issuers.extend(directory_name(names.next(WHAT)?));
    }
    let serial = fields.next(WHAT)?.integer(WHAT)?.to_vec();
    fields.end(WHAT)?;
    Ok((issuers, serial))
}

/// The name in `directoryName [4] Name`. Some authorities write the tag as if it were IMPLICIT. A name that cannot
/// be read is passed over: the hash is what counts.
fn directory_name(name: Element<'_>) -> Option<Name> {
    if name.tag != asn1::constructed(DIRECTORY_NAME) {
        return None;
    }
    Name::read(name.value)
        .or_else(|_| Name::read(&write::tlv(asn1::SEQUENCE, name.value)))
        .ok()
}
