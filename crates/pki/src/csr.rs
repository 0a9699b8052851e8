//! Certificate requests: PKCS#10 with SM2 (RFC 2986, GM/T 0092-2020).

use gm::{PublicKey, Signature, SignatureEncoding, Signer, Verifier as _};

use crate::asn1::{self, Element, Reader, write};
use crate::build::{self, subject_public_key_info};
use crate::certificate::{definite_form, read_public_key, split_algorithm};
use crate::signer_info::read_attributes;
use crate::{CmsAttribute, Deviation, Error, Name, PemBlock, oid, read_pem, write_pem};

/// The largest request that is read, as DER or PEM.
pub const CERTIFICATE_REQUEST_BYTES_MAX: usize = 64 * 1024;

/// A request whose sender has shown that it holds the private key.
///
/// ```text
/// CertificationRequest ::= SEQUENCE {
///     certificationRequestInfo CertificationRequestInfo,
///     signatureAlgorithm       AlgorithmIdentifier,     -- SM2-with-SM3
///     signature                BIT STRING }
/// CertificationRequestInfo ::= SEQUENCE {
///     version       INTEGER { v1(0) },
///     subject       Name,
///     subjectPKInfo SubjectPublicKeyInfo,
///     attributes    [0] IMPLICIT SET OF Attribute }
/// ```
#[derive(Clone, Debug)]
pub struct CertificateRequest {
    der: Vec<u8>,
    subject: Name,
    public_key: PublicKey,
    attributes: Vec<CmsAttribute>,
    deviations: Vec<Deviation>,
}

impl CertificateRequest {
    /// Makes a request for `subject` with the public half of the signer's key, without attributes.
    ///
    /// # Errors
    /// When the key does not sign.
    pub fn sign(subject: &Name, signer: &dyn Signer) -> Result<Self, Error> {
        let info = write::sequence(&[
            &write::unsigned(0),
            subject.der(),
            &subject_public_key_info(signer.public_key()),
            &write::explicit(0, &[]),
        ]);
        let der = build::sign(&info, signer)?;
        Ok(Self {
            der,
            subject: subject.clone(),
            public_key: signer.public_key().clone(),
            attributes: Vec::new(),
            deviations: Vec::new(),
        })
    }

    /// Reads DER or PEM, and checks that the request is signed with the key that it asks to certify.
    ///
    /// # Errors
    /// When it is broken, larger than [`CERTIFICATE_REQUEST_BYTES_MAX`], not for SM2, or not signed with its key.
    pub fn read(bytes: &[u8]) -> Result<Self, Error> {
        if bytes.len() > CERTIFICATE_REQUEST_BYTES_MAX {
            return Err(Error::TooLarge {
                what: "certificate request (bytes)",
                found: bytes.len(),
                max: CERTIFICATE_REQUEST_BYTES_MAX,
            });
        }
        if bytes.first() == Some(&asn1::SEQUENCE) {
            return Self::read_der(bytes);
        }
        let blocks = read_pem(bytes)?;
        let is_request = |block: &&PemBlock| PEM_LABELS.contains(&block.label.as_str());
        let (expected, found) = ("a certificate request in DER or PEM", "something else");
        let block = blocks
            .iter()
            .find(is_request)
            .ok_or(Error::WrongKind { expected, found })?;
        Self::read_der(&block.der)
    }

    fn read_der(received: &[u8]) -> Result<Self, Error> {
        let (rewritten, mut deviations) = definite_form(received, WHAT)?;
        let der = rewritten.as_deref().unwrap_or(received);
        let mut parts = asn1::read_single(der, asn1::SEQUENCE, WHAT)?.children();
        let info = parts.expect(asn1::SEQUENCE, WHAT)?;
        check_algorithm(parts.next("signatureAlgorithm")?, &mut deviations)?;
        let signature = parts
            .next("signature of the request")?
            .bit_bytes("signature of the request")?;
        parts.end(WHAT)?;
        let (subject, public_key, attributes) = read_info(info.children(), &mut deviations)?;
        let (signature, encoding) = Signature::read(signature).map_err(Error::ProofOfPossession)?;
        if encoding != SignatureEncoding::Der {
            deviations.push(Deviation::Signature(encoding));
        }
        public_key
            .verify(info.raw, &signature)
            .map_err(Error::ProofOfPossession)?;
        Ok(Self {
            der: der.to_vec(),
            subject,
            public_key,
            attributes,
            deviations,
        })
    }

    /// The DER.
    pub fn der(&self) -> &[u8] {
        &self.der
    }

    /// The name asked for. Nobody has checked it.
    pub fn subject(&self) -> &Name {
        &self.subject
    }

    /// The key to certify.
    pub fn public_key(&self) -> &PublicKey {
        &self.public_key
    }

    /// What else is asked for, such as extensionRequest.
    pub fn attributes(&self) -> &[CmsAttribute] {
        &self.attributes
    }

    /// What deviates from the standards and was tolerated.
    pub fn deviations(&self) -> &[Deviation] {
        &self.deviations
    }

    /// PEM text (RFC 7468 §7).
    pub fn to_pem(&self) -> String {
        write_pem(PEM_LABELS[0], &self.der)
    }
}

/// The label, and that of old software.
const PEM_LABELS: [&str; 2] = ["CERTIFICATE REQUEST", "NEW CERTIFICATE REQUEST"];

const WHAT: &str = "certificate request";

fn check_algorithm(element: Element<'_>, deviations: &mut Vec<Deviation>) -> Result<(), Error> {
    let (algorithm, parameters) = split_algorithm(element)?;
    if algorithm != oid::SM2_WITH_SM3 {
        let found = "a certificate request signed with another algorithm";
        return Err(Error::WrongKind {
            expected: "one signed with SM2-with-SM3",
            found,
        });
    }
    match parameters {
        [] => {}
        [asn1::NULL, 0] => deviations.push(Deviation::AlgorithmWithNull),
        _ => {
            return Err(Error::Malformed {
                what: WHAT,
                problem: "its algorithm has parameters",
            });
        }
    }
    Ok(())
}

fn read_info(
    mut fields: Reader<'_>,
    deviations: &mut Vec<Deviation>,
) -> Result<(Name, PublicKey, Vec<CmsAttribute>), Error> {
    let version = fields
        .next("version of the request")?
        .unsigned("version of the request")?;
    if version != 0 {
        return Err(Error::Malformed {
            what: WHAT,
            problem: "its version is not v1(0)",
        });
    }
    let subject = Name::read(fields.next("subject")?.raw)?;
    let public_key = read_public_key(fields.next("subjectPKInfo")?, deviations)?.map_err(|_| {
        let found = "a certificate request for a key of another algorithm";
        Error::WrongKind {
            expected: "one for an SM2 key",
            found,
        }
    })?;
    let attributes = match fields.optional(asn1::constructed(0), "attributes of the request")? {
        Some(set) => read_attributes(set.children(), "attributes of the request")?,
        None => Vec::new(),
    };
    fields.end(WHAT)?;
    Ok((subject, public_key, attributes))
}
