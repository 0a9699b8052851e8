//! Signed messages, written as GB/T 35275 (GM/T 0010) asks.

use const_oid::ObjectIdentifier;
use gm::{Digest, Signer};
use jiff::Timestamp;

use crate::asn1::{self, write};
use crate::{Certificate, Error, oid};

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
    draft.sign(signer)
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
    /// The ContentInfo in DER.
    pub(crate) fn sign(&self, signer: &dyn Signer) -> Result<Vec<u8>, Error> {
        if self.certificate.public_key().ok() != Some(signer.public_key()) {
            return Err(Error::WrongKey {
                issuer: self.certificate.subject().to_string(),
            });
        }
        let attributes = self.attributes.clone().map(write::set_of);
        let message = attributes.as_deref().or(self.content).unwrap_or_default();
        let signature = signer.sign(message)?;
        let signer_info = self.signer_info(attributes, &signature.to_der());
        let content = self
            .content
            .map(|content| write::explicit(0, &write::octet_string(content)));
        let content_info = write::sequence(&[&write::oid(&self.content_type), &content.unwrap_or_default()]);
        let signed_data = write::sequence(&[
            &write::unsigned(1),
            &write::set_of(vec![algorithm(&oid::SM3)]),
            &content_info,
            &self.certificates(),
            &write::set_of(vec![signer_info]),
        ]);
        Ok(write::sequence(&[
            &write::oid(&oid::GM_SIGNED_DATA),
            &write::explicit(0, &signed_data),
        ]))
    }

    fn signer_info(&self, attributes: Option<Vec<u8>>, signature: &[u8]) -> Vec<u8> {
        let serial = write::integer(self.certificate.serial());
        let mut attributes = attributes.unwrap_or_default();
        if let Some(tag) = attributes.first_mut() {
            *tag = asn1::constructed(0);
        }
        write::sequence(&[
            &write::unsigned(1),
            &write::sequence(&[self.certificate.issuer().der(), &serial]),
            &algorithm(&oid::SM3),
            &attributes,
            &algorithm(&oid::SM2_SIGN),
            &write::octet_string(signature),
        ])
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
