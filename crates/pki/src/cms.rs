//! Signed messages: SignedData of GB/T 35275 (GM/T 0010) and of RFC 5652, read.
//!
//! Checking a signer is in `cms_verify`, writing in `cms_write`.

use std::fmt;

use const_oid::ObjectIdentifier;

use crate::asn1::{self, Element, Encoding, Reader};
use crate::certificate::split_algorithm;
use crate::signer_info::{SignerInfo, read_signer};
use crate::{Certificate, Crl, Error, oid};

/// The largest ContentInfo that is read.
pub const SIGNED_DATA_BYTES_MAX: usize = 16 * 1024 * 1024;
/// How many certificates a SignedData may carry.
pub const SIGNED_DATA_CERTIFICATES_MAX: usize = 64;
/// How many CRLs a SignedData may carry.
pub const SIGNED_DATA_CRLS_MAX: usize = 64;
/// How many signers a SignedData may have.
pub const SIGNED_DATA_SIGNERS_MAX: usize = 16;

/// A signed message: ContentInfo with SignedData (GB/T 35275-2017 §8, RFC 5652 §5).
///
/// ```text
/// ContentInfo ::= SEQUENCE { contentType OBJECT IDENTIFIER, content [0] EXPLICIT ANY OPTIONAL }
/// SignedData ::= SEQUENCE {
///     version          INTEGER,
///     digestAlgorithms SET OF AlgorithmIdentifier,
///     contentInfo      ContentInfo,                     -- RFC 5652: EncapsulatedContentInfo
///     certificates     [0] IMPLICIT SET OF Certificate OPTIONAL,
///     crls             [1] IMPLICIT SET OF CertificateRevocationList OPTIONAL,
///     signerInfos      SET OF SignerInfo }
/// ```
#[derive(Clone, Debug)]
pub struct SignedData {
    der: Vec<u8>,
    arc: SignedDataArc,
    version: u32,
    digest_algorithms: Vec<ObjectIdentifier>,
    content_type: ObjectIdentifier,
    content: Option<Vec<u8>>,
    certificates: Vec<Certificate>,
    crls: Vec<Crl>,
    signers: Vec<SignerInfo>,
    deviations: Vec<CmsDeviation>,
}

/// Whose object identifiers name the message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum SignedDataArc {
    /// 1.2.156.10197.6.1.4.2 of GB/T 35275 (GM/T 0010).
    Gm,
    /// 1.2.840.113549.1.7 of PKCS#7 and RFC 5652.
    Pkcs7,
}

/// What differs from the standard's form and was tolerated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CmsDeviation {
    /// The message is BER, not DER: it was read with definite lengths and whole strings.
    Ber(Encoding),
    /// Octets after the message; PDF pads with zeros.
    TrailingBytes {
        /// How many.
        count: usize,
    },
    /// The content is not an OCTET STRING.
    ContentNotOctetString,
    /// Entries of `certificates` that are no readable X.509 certificate; they are left out.
    CertificatesUnreadable {
        /// How many.
        count: usize,
    },
    /// Entries of `crls` that are no readable CRL; they are left out.
    CrlsUnreadable {
        /// How many.
        count: usize,
    },
    /// The signed attributes do not stand in DER's order; the signature was checked over them as received.
    AttributesNotInDerOrder,
    /// The contentType attribute names `data` by the other arc than the message does.
    ContentTypeOfOtherArc,
    /// The messageDigest attribute is the digest of a file kept elsewhere, although the message has a content.
    ContentNotDigested,
    /// The signature value is not the DER of GB/T 35276.
    SignatureEncoding(gm::SignatureEncoding),
    /// An ESSCertID of version 1 holds 32 octets, taken for SM3, instead of SHA-1.
    EssCertIdNotSha1,
}

impl CmsDeviation {
    /// A stable name.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Ber(_) => "cms_ber",
            Self::TrailingBytes { .. } => "cms_trailing_bytes",
            Self::ContentNotOctetString => "cms_content_not_octet_string",
            Self::CertificatesUnreadable { .. } => "cms_certificates_unreadable",
            Self::CrlsUnreadable { .. } => "cms_crls_unreadable",
            Self::AttributesNotInDerOrder => "cms_attributes_not_in_der_order",
            Self::ContentTypeOfOtherArc => "cms_content_type_of_other_arc",
            Self::ContentNotDigested => "cms_content_not_digested",
            Self::SignatureEncoding(_) => "cms_signature_encoding",
            Self::EssCertIdNotSha1 => "cms_ess_cert_id_not_sha1",
        }
    }
}

impl fmt::Display for CmsDeviation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Ber(_) => f.write_str("the message is written in BER, not in DER"),
            Self::TrailingBytes { count } => write!(f, "{count} bytes follow the message"),
            Self::ContentNotOctetString => f.write_str("the content is not an OCTET STRING"),
            Self::CertificatesUnreadable { count } => write!(f, "{count} of the certificates cannot be read"),
            Self::CrlsUnreadable { count } => write!(f, "{count} of the revocation lists cannot be read"),
            Self::AttributesNotInDerOrder => f.write_str("the signed attributes are not in the order of DER"),
            Self::ContentTypeOfOtherArc => {
                f.write_str("the contentType attribute names data by the other standard's identifier")
            }
            Self::ContentNotDigested => f.write_str("the signed digest is not that of the content beside it"),
            Self::SignatureEncoding(encoding) => {
                write!(f, "the signature value is not DER but {encoding:?}")
            }
            Self::EssCertIdNotSha1 => f.write_str("the ESSCertID holds SM3 instead of SHA-1"),
        }
    }
}

impl SignedData {
    /// Reads DER, or BER. Object identifiers of both arcs are taken, in any mixture.
    ///
    /// # Errors
    /// When the structure is broken, is no SignedData, or passes a limit. Whether signatures hold is the
    /// question of [`verify_signer`](crate::verify_signer).
    pub fn read(bytes: &[u8]) -> Result<Self, Error> {
        if bytes.len() > SIGNED_DATA_BYTES_MAX {
            return Err(Error::TooLarge {
                what: "SignedData (bytes)",
                found: bytes.len(),
                max: SIGNED_DATA_BYTES_MAX,
            });
        }
        let (received, trailing) = asn1::split_first(bytes, WHAT)?;
        let mut deviations = Vec::new();
        match asn1::survey(received, WHAT)? {
            encoding if encoding == Encoding::default() => {}
            encoding => deviations.push(CmsDeviation::Ber(encoding)),
        }
        if !trailing.is_empty() {
            deviations.push(CmsDeviation::TrailingBytes {
                count: trailing.len(),
            });
        }
        let der = asn1::definite(received, WHAT)?.into_owned();
        let mut signed = Self::read_content_info(&der, deviations)?;
        signed.der = der;
        Ok(signed)
    }

    fn read_content_info(der: &[u8], deviations: Vec<CmsDeviation>) -> Result<Self, Error> {
        let mut content_info = asn1::read_single(der, asn1::SEQUENCE, WHAT)?.children();
        let arc = match content_info.next("contentType")?.oid("contentType")? {
            oid::GM_SIGNED_DATA => SignedDataArc::Gm,
            oid::SIGNED_DATA => SignedDataArc::Pkcs7,
            _ => {
                return Err(Error::WrongKind {
                    expected: "a SignedData",
                    found: "another message",
                });
            }
        };
        let content = content_info.expect(asn1::constructed(0), WHAT)?;
        content_info.end(WHAT)?;
        let fields = asn1::read_single(content.value, asn1::SEQUENCE, WHAT)?.children();
        Self::read_fields(fields, arc, deviations)
    }

    fn read_fields(
        mut fields: Reader<'_>,
        arc: SignedDataArc,
        mut deviations: Vec<CmsDeviation>,
    ) -> Result<Self, Error> {
        let version = fields
            .next("version of SignedData")?
            .unsigned("version of SignedData")?;
        let digest_algorithms = read_algorithms(fields.expect(asn1::SET, "digestAlgorithms")?)?;
        let (content_type, content) =
            read_content(fields.expect(asn1::SEQUENCE, "contentInfo")?, &mut deviations)?;
        let certificates = match fields.optional(asn1::constructed(0), "certificates")? {
            Some(set) => read_certificates(set, &mut deviations)?,
            None => Vec::new(),
        };
        let crls = match fields.optional(asn1::constructed(1), "crls")? {
            Some(set) => read_crls(set, &mut deviations)?,
            None => Vec::new(),
        };
        let signers = read_signers(fields.expect(asn1::SET, "signerInfos")?, content_type)?;
        fields.end(WHAT)?;
        Ok(Self {
            der: Vec::new(),
            arc,
            version,
            digest_algorithms,
            content_type,
            content,
            certificates,
            crls,
            signers,
            deviations,
        })
    }

    /// The message as received, in definite lengths and without what trailed it.
    pub fn der(&self) -> &[u8] {
        &self.der
    }

    /// Whose object identifier says that this is a SignedData.
    pub fn arc(&self) -> SignedDataArc {
        self.arc
    }

    /// The syntax version: 1 in GB/T 35275, 1 to 5 in RFC 5652.
    pub fn version(&self) -> u32 {
        self.version
    }

    /// The digest algorithms announced ahead of the content. Nothing protects this list.
    pub fn digest_algorithms(&self) -> &[ObjectIdentifier] {
        &self.digest_algorithms
    }

    /// What the content is: [`oid::GM_DATA`], [`oid::DATA`], or another type.
    pub fn content_type(&self) -> ObjectIdentifier {
        self.content_type
    }

    /// The octets of the content, without tag and length; none when the content is kept elsewhere.
    pub fn content(&self) -> Option<&[u8]> {
        self.content.as_deref()
    }

    /// The certificates that the message carries, in its order.
    pub fn certificates(&self) -> &[Certificate] {
        &self.certificates
    }

    /// The CRLs that the message carries, in its order.
    pub fn crls(&self) -> &[Crl] {
        &self.crls
    }

    /// The signers, in the message's order.
    pub fn signers(&self) -> &[SignerInfo] {
        &self.signers
    }

    /// What was tolerated when reading.
    pub fn deviations(&self) -> &[CmsDeviation] {
        &self.deviations
    }

    /// The certificate that `signer` names, out of the message's own and then out of `others`.
    pub fn certificate_of<'a>(
        &'a self,
        signer: &SignerInfo,
        others: &'a [Certificate],
    ) -> Option<&'a Certificate> {
        let mut known = self.certificates.iter().chain(others);
        known.find(|certificate| signer.identifier().names(certificate))
    }
}

/// Whether two INTEGERs are the same number, however many zeros lead them.
pub(crate) fn same_number(a: &[u8], b: &[u8]) -> bool {
    asn1::strip_zeros(a) == asn1::strip_zeros(b)
}

const WHAT: &str = "SignedData";

fn read_algorithms(set: Element<'_>) -> Result<Vec<ObjectIdentifier>, Error> {
    let mut members = set.children();
    let mut algorithms = Vec::new();
    while !members.is_empty() {
        limit(
            algorithms.len(),
            SIGNED_DATA_SIGNERS_MAX,
            "digest algorithms (count)",
        )?;
        algorithms.push(split_algorithm(members.next("digestAlgorithms")?)?.0);
    }
    Ok(algorithms)
}

/// GB/T 35275 gives the content any type, RFC 5652 an OCTET STRING. Digests cover the octets without tag and
/// length in either case.
fn read_content(
    content_info: Element<'_>,
    deviations: &mut Vec<CmsDeviation>,
) -> Result<(ObjectIdentifier, Option<Vec<u8>>), Error> {
    const WHAT: &str = "content of SignedData";
    let mut fields = content_info.children();
    let content_type = fields.next(WHAT)?.oid(WHAT)?;
    let explicit = fields.optional(asn1::constructed(0), WHAT)?;
    fields.end(WHAT)?;
    let Some(explicit) = explicit else {
        return Ok((content_type, None));
    };
    let mut inner = explicit.children();
    let content = inner.next(WHAT)?;
    inner.end(WHAT)?;
    if content.tag != asn1::OCTET_STRING {
        deviations.push(CmsDeviation::ContentNotOctetString);
    }
    Ok((content_type, Some(content.value.to_vec())))
}

fn read_certificates(
    set: Element<'_>,
    deviations: &mut Vec<CmsDeviation>,
) -> Result<Vec<Certificate>, Error> {
    const WHAT: &str = "certificates in SignedData (count)";
    let (certificates, unreadable) =
        read_members(set, SIGNED_DATA_CERTIFICATES_MAX, WHAT, Certificate::read)?;
    if unreadable > 0 {
        deviations.push(CmsDeviation::CertificatesUnreadable { count: unreadable });
    }
    Ok(certificates)
}

fn read_crls(set: Element<'_>, deviations: &mut Vec<CmsDeviation>) -> Result<Vec<Crl>, Error> {
    const WHAT: &str = "CRLs in SignedData (count)";
    let (crls, unreadable) = read_members(set, SIGNED_DATA_CRLS_MAX, WHAT, Crl::read)?;
    if unreadable > 0 {
        deviations.push(CmsDeviation::CrlsUnreadable { count: unreadable });
    }
    Ok(crls)
}

/// The readable members of a set, and how many others there are: one bad certificate beside the signer's does
/// not make the message unreadable.
fn read_members<T>(
    set: Element<'_>,
    count_max: usize,
    what: &'static str,
    read: impl Fn(&[u8]) -> Result<T, Error>,
) -> Result<(Vec<T>, usize), Error> {
    let mut elements = set.children();
    let (mut members, mut unreadable) = (Vec::new(), 0);
    while !elements.is_empty() {
        limit(members.len() + unreadable, count_max, what)?;
        let element = elements.next(what)?;
        // Attribute certificates and other kinds of revocation data have tags of their own.
        match Some(element.raw)
            .filter(|_| element.tag == asn1::SEQUENCE)
            .map(&read)
        {
            Some(Ok(member)) => members.push(member),
            Some(Err(_)) | None => unreadable += 1,
        }
    }
    Ok((members, unreadable))
}

fn read_signers(set: Element<'_>, content_type: ObjectIdentifier) -> Result<Vec<SignerInfo>, Error> {
    let mut elements = set.children();
    let mut signers = Vec::new();
    while !elements.is_empty() {
        limit(
            signers.len(),
            SIGNED_DATA_SIGNERS_MAX,
            "signers of SignedData (count)",
        )?;
        signers.push(read_signer(
            elements.expect(asn1::SEQUENCE, "SignerInfo")?,
            content_type,
        )?);
    }
    Ok(signers)
}

pub(crate) fn limit(count: usize, max: usize, what: &'static str) -> Result<(), Error> {
    if count < max {
        Ok(())
    } else {
        Err(Error::TooLarge {
            what,
            found: count + 1,
            max,
        })
    }
}
