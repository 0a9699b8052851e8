//! Signed messages, written as GB/T 35275 (GM/T 0010) and as ETSI EN 319 122-1 (CAdES) ask.

use const_oid::ObjectIdentifier;
use gm::{Digest, Signer};
use jiff::Timestamp;

use crate::asn1::{self, write};
use crate::ess::write_signing_certificate_v2;
use crate::foreign::{ForeignAlgorithm, holds_under};
use crate::{Certificate, Error, HashAlgorithm, oid};

/// The two shapes of an OFD signature of Type=Sign, both with the object identifiers of GB/T 35275.
#[derive(Clone, Copy, Debug)]
pub enum SignedDataShape<'a> {
    /// Shape A: the content stands in the message, and the signature is over the content. For OFD the content is
    /// the SM3 value of Signature.xml.
    Content(&'a [u8]),
    /// Shape B: the content is kept elsewhere, and the signature is over attributes that give its digest. For OFD
    /// the content is Signature.xml.
    Attributes {
        /// The SM3 value of the content.
        content_digest: Digest,
        /// What the signer says of the time; seconds count.
        signing_time: Timestamp,
    },
}

/// Signs a digest, or says why not.
pub type SignDigest<'a> = dyn Fn(&[u8]) -> Result<Vec<u8>, String> + 'a;

/// What signs a message.
#[derive(Clone, Copy)]
pub enum MessageKey<'a> {
    /// SM2 with SM3.
    Sm2(&'a dyn Signer),
    /// A key of another suite.
    Foreign {
        /// How it signs.
        algorithm: ForeignAlgorithm,
        /// Signs a digest that way: an RSA signature, or the DER of an ECDSA one.
        sign: &'a SignDigest<'a>,
    },
}

impl MessageKey<'_> {
    /// What the content is to be hashed with.
    pub fn hash(&self) -> HashAlgorithm {
        match self {
            Self::Sm2(_) => HashAlgorithm::Sm3,
            Self::Foreign { algorithm, .. } => algorithm.hash(),
        }
    }
}

/// Signs with the key of `certificate`, which goes into the message together with `chain`. The DER of the
/// ContentInfo.
///
/// # Errors
/// When the key is not the certificate's, or does not sign.
pub fn write_signed_data(
    shape: SignedDataShape<'_>,
    certificate: &Certificate,
    chain: &[Certificate],
    signer: &dyn Signer,
) -> Result<Vec<u8>, Error> {
    Ok(sign_data(shape, certificate, chain, signer)?.finish(None))
}

/// As [`write_signed_data`], for a message that may still get a timestamp.
pub fn sign_data(
    shape: SignedDataShape<'_>,
    certificate: &Certificate,
    chain: &[Certificate],
    signer: &dyn Signer,
) -> Result<SignedMessage, Error> {
    let (content, attributes) = match shape {
        SignedDataShape::Content(content) => (Some(content), None),
        SignedDataShape::Attributes {
            content_digest,
            signing_time,
        } => (
            None,
            Some(basic_attributes(&oid::GM_DATA, &content_digest, signing_time)),
        ),
    };
    let draft = Draft {
        content_type: oid::GM_DATA,
        content,
        attributes,
        certificate,
        included: std::iter::once(certificate).chain(chain).collect(),
    };
    draft.sign_by(MessageKey::Sm2(signer), Dialect::Gm)
}

/// Signs a content that is kept elsewhere, as CAdES baseline signatures in PDF are (ETSI EN 319 142-1 §6.3):
/// attributes for the type and the digest of the content and for the certificate, and no signing time, which the
/// PDF states itself. `digest` is made with [`MessageKey::hash`].
///
/// # Errors
/// When the key is not the certificate's, is too weak, or does not sign.
pub fn sign_cades(
    digest: &[u8],
    certificate: &Certificate,
    chain: &[Certificate],
    key: MessageKey<'_>,
) -> Result<SignedMessage, Error> {
    let attributes = vec![
        attribute(&oid::CONTENT_TYPE, write::oid(&oid::DATA)),
        attribute(&oid::MESSAGE_DIGEST, write::octet_string(digest)),
        attribute(
            &oid::SIGNING_CERTIFICATE_V2,
            write_signing_certificate_v2(certificate, key.hash()),
        ),
    ];
    let draft = Draft {
        content_type: oid::DATA,
        content: None,
        attributes: Some(attributes),
        certificate,
        included: std::iter::once(certificate).chain(chain).collect(),
    };
    draft.sign_by(key, Dialect::Rfc5652)
}

/// A signed message before a timestamp is put into it, or none.
#[derive(Clone, Debug)]
pub struct SignedMessage {
    signed_data: ObjectIdentifier,
    /// The fields of SignedData before signerInfos.
    head: Vec<u8>,
    /// The fields of SignerInfo before the signature.
    signer_head: Vec<u8>,
    value: Vec<u8>,
}

impl SignedMessage {
    /// The signature value, over which a timestamp is to be asked for.
    pub fn signature_value(&self) -> &[u8] {
        &self.value
    }

    /// The DER of the ContentInfo, with a timestamp token over the signature value (RFC 3161 appendix A).
    pub fn finish(&self, timestamp: Option<&[u8]>) -> Vec<u8> {
        let unsigned = match timestamp {
            Some(token) => write::explicit(1, &attribute(&oid::TIMESTAMP_TOKEN, token.to_vec())),
            None => Vec::new(),
        };
        let signer_info = write::sequence(&[&self.signer_head, &write::octet_string(&self.value), &unsigned]);
        let signed_data = write::sequence(&[&self.head, &write::set_of(vec![signer_info])]);
        write::sequence(&[&write::oid(&self.signed_data), &write::explicit(0, &signed_data)])
    }
}

/// Whose object identifiers a message has.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Dialect {
    /// GB/T 35275.
    Gm,
    /// RFC 5652.
    Rfc5652,
}

/// A message before it is signed.
pub(crate) struct Draft<'a> {
    pub(crate) content_type: ObjectIdentifier,
    pub(crate) content: Option<&'a [u8]>,
    /// Encoded attributes; none means that the signature is over the content.
    pub(crate) attributes: Option<Vec<Vec<u8>>>,
    /// The signer's.
    pub(crate) certificate: &'a Certificate,
    /// The certificates to put into the message.
    pub(crate) included: Vec<&'a Certificate>,
}

impl Draft<'_> {
    /// The ContentInfo of GB/T 35275 in DER.
    pub(crate) fn sign(&self, signer: &dyn Signer) -> Result<Vec<u8>, Error> {
        Ok(self.sign_by(MessageKey::Sm2(signer), Dialect::Gm)?.finish(None))
    }

    fn sign_by(&self, key: MessageKey<'_>, dialect: Dialect) -> Result<SignedMessage, Error> {
        let attributes = self.attributes.clone().map(write::set_of);
        let message = attributes.as_deref().or(self.content).unwrap_or_default();
        let value = self.value(key, message)?;
        let (hash, signature) = match (key, dialect) {
            (MessageKey::Sm2(_), Dialect::Gm) => (algorithm(&oid::SM3), algorithm(&oid::SM2_SIGN)),
            (MessageKey::Sm2(_), Dialect::Rfc5652) => (algorithm(&oid::SM3), algorithm(&oid::SM2_WITH_SM3)),
            (MessageKey::Foreign { algorithm: how, .. }, _) => {
                (algorithm(&how.hash().oid()), how.identifier())
            }
        };
        let content = self
            .content
            .map(|content| write::explicit(0, &write::octet_string(content)));
        let content_info = write::sequence(&[&write::oid(&self.content_type), &content.unwrap_or_default()]);
        let head = [
            write::unsigned(1),
            write::set_of(vec![hash.clone()]),
            content_info,
            self.certificates(),
        ];
        let mut attributes = attributes.unwrap_or_default();
        if let Some(tag) = attributes.first_mut() {
            *tag = asn1::constructed(0);
        }
        let serial = write::integer(self.certificate.serial());
        let signer_head = [
            write::unsigned(1),
            write::sequence(&[self.certificate.issuer().der(), &serial]),
            hash,
            attributes,
            signature,
        ];
        Ok(SignedMessage {
            signed_data: match dialect {
                Dialect::Gm => oid::GM_SIGNED_DATA,
                Dialect::Rfc5652 => oid::SIGNED_DATA,
            },
            head: head.concat(),
            signer_head: signer_head.concat(),
            value,
        })
    }

    /// The signature value over `message`, which holds under the certificate.
    fn value(&self, key: MessageKey<'_>, message: &[u8]) -> Result<Vec<u8>, Error> {
        let wrong_key = || Error::WrongKey {
            issuer: self.certificate.subject().to_string(),
        };
        match key {
            MessageKey::Sm2(signer) => {
                if self.certificate.public_key().ok() != Some(signer.public_key()) {
                    return Err(wrong_key());
                }
                Ok(signer.sign(message)?.to_der())
            }
            MessageKey::Foreign { algorithm, sign } => {
                let digest = algorithm.hash().digest(message);
                let value = sign(&digest).map_err(Error::ForeignKey)?;
                // A key that is not the certificate's, or that erred, must put nothing into the world.
                if holds_under(self.certificate, algorithm, &digest, &value)? {
                    Ok(value)
                } else {
                    Err(wrong_key())
                }
            }
        }
    }

    /// `[0] IMPLICIT SET OF Certificate`, each once; nothing when there are none.
    fn certificates(&self) -> Vec<u8> {
        let mut certificates: Vec<&[u8]> = self
            .included
            .iter()
            .map(|certificate| certificate.der())
            .collect();
        certificates.sort_unstable();
        certificates.dedup();
        if certificates.is_empty() {
            Vec::new()
        } else {
            write::explicit(0, &certificates.concat())
        }
    }
}

/// contentType, messageDigest and signingTime.
pub(crate) fn basic_attributes(
    content_type: &ObjectIdentifier,
    content_digest: &Digest,
    signing_time: Timestamp,
) -> Vec<Vec<u8>> {
    vec![
        attribute(&oid::CONTENT_TYPE, write::oid(content_type)),
        attribute(
            &oid::MESSAGE_DIGEST,
            write::octet_string(content_digest.as_bytes()),
        ),
        attribute(&oid::SIGNING_TIME, write::time(signing_time)),
    ]
}

/// An attribute with one value.
pub(crate) fn attribute(oid: &ObjectIdentifier, value: Vec<u8>) -> Vec<u8> {
    write::sequence(&[&write::oid(oid), &write::set_of(vec![value])])
}

/// An AlgorithmIdentifier without parameters.
pub(crate) fn algorithm(oid: &ObjectIdentifier) -> Vec<u8> {
    write::sequence(&[&write::oid(oid)])
}
