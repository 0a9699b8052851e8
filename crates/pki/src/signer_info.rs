//! One signer of a SignedData, with its attributes, read.

use const_oid::ObjectIdentifier;
use jiff::Timestamp;

use crate::asn1::{self, Element, Reader};
use crate::certificate::split_algorithm;
use crate::cms::{limit, same_number};
use crate::ess::{self, EssCertId};
use crate::{Certificate, Error, Name, oid};

/// How many attributes a signer or a request may have, and how many values an attribute.
pub const ATTRIBUTES_MAX: usize = 64;

/// One signer (GB/T 35275-2017 §8.1, RFC 5652 §5.3).
///
/// ```text
/// SignerInfo ::= SEQUENCE {
///     version                   INTEGER,
///     issuerAndSerialNumber     IssuerAndSerialNumber,   -- RFC 5652: or [0] SubjectKeyIdentifier
///     digestAlgorithm           AlgorithmIdentifier,
///     authenticatedAttributes   [0] IMPLICIT SET OF Attribute OPTIONAL,
///     digestEncryptionAlgorithm AlgorithmIdentifier,
///     encryptedDigest           OCTET STRING,
///     unauthenticatedAttributes [1] IMPLICIT SET OF Attribute OPTIONAL }
/// ```
#[derive(Clone, Debug)]
pub struct SignerInfo {
    version: u32,
    identifier: SignerIdentifier,
    digest_algorithm: ObjectIdentifier,
    signed_attributes: Option<SignedAttributes>,
    signature_algorithm: ObjectIdentifier,
    signature_parameters: Vec<u8>,
    signature: Vec<u8>,
    unsigned_attributes: Vec<CmsAttribute>,
    /// contentInfo.contentType of the message, which the contentType attribute must repeat.
    content_type: ObjectIdentifier,
}

impl SignerInfo {
    /// The syntax version: 1, or 3 with a key identifier.
    pub fn version(&self) -> u32 {
        self.version
    }

    /// How the signer's certificate is named.
    pub fn identifier(&self) -> &SignerIdentifier {
        &self.identifier
    }

    /// The digest algorithm of content and attributes.
    pub fn digest_algorithm(&self) -> ObjectIdentifier {
        self.digest_algorithm
    }

    /// The signature algorithm.
    pub fn signature_algorithm(&self) -> ObjectIdentifier {
        self.signature_algorithm
    }

    /// The encoded parameters of the signature algorithm; empty when absent.
    pub(crate) fn signature_parameters(&self) -> &[u8] {
        &self.signature_parameters
    }

    /// The signature value as received.
    pub fn signature(&self) -> &[u8] {
        &self.signature
    }

    /// What is signed in place of the content, with its digest.
    pub fn signed_attributes(&self) -> Option<&SignedAttributes> {
        self.signed_attributes.as_ref()
    }

    /// What was added after signing; nothing protects it.
    pub fn unsigned_attributes(&self) -> &[CmsAttribute] {
        &self.unsigned_attributes
    }

    pub(crate) fn content_type(&self) -> ObjectIdentifier {
        self.content_type
    }
}

/// How a SignerInfo names its certificate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SignerIdentifier {
    /// By the issuer's name and the serial number.
    IssuerAndSerial {
        /// The issuer's name.
        issuer: Name,
        /// The serial number's octets, big-endian, as received.
        serial: Vec<u8>,
    },
    /// By the value of the certificate's subjectKeyIdentifier extension.
    SubjectKeyIdentifier(Vec<u8>),
}

impl SignerIdentifier {
    /// Whether it names `certificate`.
    pub fn names(&self, certificate: &Certificate) -> bool {
        match self {
            Self::IssuerAndSerial { issuer, serial } => {
                issuer == certificate.issuer() && same_number(serial, certificate.serial())
            }
            Self::SubjectKeyIdentifier(identifier) => {
                certificate.subject_key_identifier() == Some(identifier.as_slice())
            }
        }
    }
}

/// The signed attributes of one signer, with the octets that the signature covers.
#[derive(Clone, Debug)]
pub struct SignedAttributes {
    der: Vec<u8>,
    attributes: Vec<CmsAttribute>,
}

impl SignedAttributes {
    /// The octets that are signed: those received, with the tag of SET OF (0x31) in place of `[0]`.
    pub fn der(&self) -> &[u8] {
        &self.der
    }

    /// All of them, in the message's order.
    pub fn attributes(&self) -> &[CmsAttribute] {
        &self.attributes
    }

    /// Whether the attributes stand in DER's order of SET OF (X.690 §11.6).
    pub fn is_in_der_order(&self) -> bool {
        self.attributes.is_sorted_by(|a, b| a.der <= b.der)
    }

    /// The contentType attribute, if there is exactly one, with one value.
    pub fn content_type(&self) -> Option<ObjectIdentifier> {
        let value = self.single(&oid::CONTENT_TYPE)?;
        Reader::new(value)
            .next("contentType")
            .ok()?
            .oid("contentType")
            .ok()
    }

    /// The messageDigest attribute, if there is exactly one, with one value.
    pub fn message_digest(&self) -> Option<&[u8]> {
        let value = self.single(&oid::MESSAGE_DIGEST)?;
        Reader::new(value)
            .next("messageDigest")
            .ok()?
            .octets("messageDigest")
            .ok()
    }

    /// The signingTime attribute, if there is exactly one, with one readable value. It is what the signer
    /// claims, not what anybody proved.
    pub fn signing_time(&self) -> Option<Timestamp> {
        let value = self.single(&oid::SIGNING_TIME)?;
        let element = Reader::new(value).next("signingTime").ok()?;
        crate::read_time(element.tag, element.value)
            .ok()
            .map(|(at, _)| at)
    }

    /// What the attributes SigningCertificate and SigningCertificateV2 (RFC 5035) say of the signer's own
    /// certificate; empty when there is neither.
    ///
    /// # Errors
    /// When such an attribute is broken or repeated.
    pub fn signing_certificates(&self) -> Result<Vec<EssCertId>, Error> {
        ess::read(self)
    }

    /// The only value of the only attribute of this type.
    pub(crate) fn single(&self, oid: &ObjectIdentifier) -> Option<&[u8]> {
        let mut matching = self.attributes.iter().filter(|attribute| attribute.oid == *oid);
        let attribute = matching.next()?;
        match (attribute.values.as_slice(), matching.next()) {
            ([value], None) => Some(value),
            _ => None,
        }
    }

    /// Whether there is an attribute of this type at all.
    pub(crate) fn contains(&self, oid: &ObjectIdentifier) -> bool {
        self.attributes.iter().any(|attribute| attribute.oid == *oid)
    }
}

/// `Attribute ::= SEQUENCE { type OBJECT IDENTIFIER, values SET OF ANY }`
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CmsAttribute {
    /// The type.
    pub oid: ObjectIdentifier,
    /// The values, each a whole element as received.
    pub values: Vec<Vec<u8>>,
    der: Vec<u8>,
}

impl CmsAttribute {
    /// The attribute as received.
    pub fn der(&self) -> &[u8] {
        &self.der
    }
}

/// Reads one SignerInfo of a message with contents of type `content_type`.
pub(crate) fn read_signer(signer: Element<'_>, content_type: ObjectIdentifier) -> Result<SignerInfo, Error> {
    let mut fields = signer.children();
    let version = fields
        .next("version of SignerInfo")?
        .unsigned("version of SignerInfo")?;
    let identifier = read_identifier(fields.next("signer identifier")?)?;
    let (digest_algorithm, _) = split_algorithm(fields.next("digestAlgorithm")?)?;
    let signed_attributes = match fields.optional(asn1::constructed(0), "signed attributes")? {
        Some(set) => Some(read_signed_attributes(set)?),
        None => None,
    };
    let (signature_algorithm, parameters) = split_algorithm(fields.next("signatureAlgorithm")?)?;
    let signature = fields
        .next("signature value")?
        .octets("signature value")?
        .to_vec();
    let unsigned_attributes = match fields.optional(asn1::constructed(1), "unsigned attributes")? {
        Some(set) => read_attributes(set.children(), "unsigned attributes")?,
        None => Vec::new(),
    };
    fields.end("SignerInfo")?;
    Ok(SignerInfo {
        version,
        identifier,
        digest_algorithm,
        signed_attributes,
        signature_algorithm,
        signature_parameters: parameters.to_vec(),
        signature,
        unsigned_attributes,
        content_type,
    })
}

fn read_identifier(element: Element<'_>) -> Result<SignerIdentifier, Error> {
    const WHAT: &str = "signer identifier";
    if element.tag == asn1::primitive(0) {
        return Ok(SignerIdentifier::SubjectKeyIdentifier(element.value.to_vec()));
    }
    element.need(asn1::SEQUENCE, WHAT)?;
    let mut fields = element.children();
    let issuer = Name::read(fields.next(WHAT)?.raw)?;
    let serial = fields.next(WHAT)?.integer(WHAT)?.to_vec();
    fields.end(WHAT)?;
    Ok(SignerIdentifier::IssuerAndSerial { issuer, serial })
}

fn read_signed_attributes(set: Element<'_>) -> Result<SignedAttributes, Error> {
    let mut der = set.raw.to_vec();
    der[0] = asn1::SET; // an element has at least its identifier octet
    Ok(SignedAttributes {
        der,
        attributes: read_attributes(set.children(), "signed attributes")?,
    })
}

/// Reads the contents of a SET OF Attribute.
pub(crate) fn read_attributes(mut set: Reader<'_>, what: &'static str) -> Result<Vec<CmsAttribute>, Error> {
    let mut attributes = Vec::new();
    while !set.is_empty() {
        limit(attributes.len(), ATTRIBUTES_MAX, "attributes (count)")?;
        let element = set.expect(asn1::SEQUENCE, what)?;
        let mut parts = element.children();
        let oid = parts.next(what)?.oid(what)?;
        let mut members = parts.expect(asn1::SET, what)?.children();
        parts.end(what)?;
        let mut values = Vec::new();
        while !members.is_empty() {
            limit(values.len(), ATTRIBUTES_MAX, "attribute values (count)")?;
            values.push(members.next(what)?.raw.to_vec());
        }
        attributes.push(CmsAttribute {
            oid,
            values,
            der: element.raw.to_vec(),
        });
    }
    Ok(attributes)
}
