//! Signed messages that stand beside the file they sign.

use gm::Digest;

use crate::{
    Certificate, CmsDeviation, ContentHasher, ContentToSign, HashAlgorithm, SignedAttributes, SignedData,
    SignerFacts, SignerInfo, verify_any_signer, verify_signer,
};

/// How a SignedData is bound to a file that stands beside it, such as the Signature.xml of an OFD signature of
/// Type=Sign.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum FileBinding {
    /// Shape A: the content is the SM3 value of the file, and is signed.
    DigestIsContent,
    /// Shape B: the messageDigest attribute is the SM3 value of the file, which itself is kept elsewhere.
    DigestIsAttribute,
    /// The content is the file itself.
    FileIsContent,
    /// There is neither content nor attribute: the signature is over the file.
    FileIsSigned,
    /// The message speaks of something else.
    OtherFile,
}

/// One signer of a file.
#[derive(Clone, Debug)]
pub struct FileSigner {
    /// How the message is bound to the file.
    pub binding: FileBinding,
    /// The signer's certificate: the one that the SignerInfo names; else, when the message carries just one,
    /// that one, and [`SignerFacts::certificate`] fails.
    pub certificate: Option<Certificate>,
    /// What was found; none without a certificate.
    pub facts: Option<SignerFacts>,
}

impl FileSigner {
    /// Whether the owner of the certificate's key signed exactly this file.
    pub fn is_intact(&self) -> bool {
        self.binding != FileBinding::OtherFile && self.facts.as_ref().is_some_and(SignerFacts::is_intact)
    }
}

/// Says of each signer whether it signed `file`, in any of the shapes met in OFD (Type=Sign) and PDF documents.
/// Empty when the message has no signer: then nothing is signed.
///
/// `others` are certificates to look the signers' up in, beside those in the message.
pub fn verify_signed_file(
    signed: &SignedData,
    file: ContentToSign<'_>,
    others: &[Certificate],
) -> Vec<FileSigner> {
    let digests = Digests {
        file: file.digest(),
        content: signed.content().map(gm::sm3),
    };
    let check = |signer: &SignerInfo| {
        let binding = bind(signed, signer, &digests);
        let certificate = probable_certificate(signed, signer, others);
        let facts = certificate.map(|certificate| {
            let content = content_of(signed, signer, binding, file, &digests);
            let mut facts = verify_signer(signer, certificate, content);
            if binding == FileBinding::DigestIsAttribute && digests.content.is_some() {
                facts.deviations.push(CmsDeviation::ContentNotDigested);
            }
            facts
        });
        FileSigner {
            binding,
            certificate: certificate.cloned(),
            facts,
        }
    };
    signed.signers().iter().map(check).collect()
}

/// Like [`verify_signed_file`], for a file too large to be held twice, signed with any algorithm that is known here
/// (see [`verify_any_signer`]).
pub fn verify_any_signed_file(
    signed: &SignedData,
    file: ContentHasher<'_>,
    others: &[Certificate],
) -> Vec<FileSigner> {
    let check = |signer: &SignerInfo| {
        let hash = HashAlgorithm::of(signer.digest_algorithm()).unwrap_or(HashAlgorithm::Sm3);
        let binding = bind_any(signed.content(), signer, hash, file);
        let certificate = probable_certificate(signed, signer, others);
        let content = match (binding, signed.content()) {
            (FileBinding::DigestIsAttribute, _) | (_, None) => ContentToSign::Hashed(file),
            (_, Some(content)) => ContentToSign::Bytes(content),
        };
        let facts = certificate.map(|certificate| {
            let mut facts = verify_any_signer(signer, certificate, content);
            if binding == FileBinding::DigestIsAttribute && signed.content().is_some() {
                facts.deviations.push(CmsDeviation::ContentNotDigested);
            }
            facts
        });
        FileSigner {
            binding,
            certificate: certificate.cloned(),
            facts,
        }
    };
    signed.signers().iter().map(check).collect()
}

fn bind_any(
    content: Option<&[u8]>,
    signer: &SignerInfo,
    hash: HashAlgorithm,
    file: ContentHasher<'_>,
) -> FileBinding {
    let attribute = signer.signed_attributes().map(SignedAttributes::message_digest);
    let digest = (file.0)(hash, &[]);
    match (content, attribute) {
        // Whatever the signer's own digest is, the form adbe.pkcs7.sha1 has SHA-1 as its content.
        (Some(content), _) if content == digest || content == (file.0)(HashAlgorithm::Sha1, &[]) => {
            FileBinding::DigestIsContent
        }
        (Some(content), _) if hash.digest(content) == digest => FileBinding::FileIsContent,
        (_, Some(Some(stated))) if stated == digest => FileBinding::DigestIsAttribute,
        (None, None) => FileBinding::FileIsSigned,
        _ => FileBinding::OtherFile,
    }
}

/// SM3 values, made once for all signers.
struct Digests {
    file: Digest,
    content: Option<Digest>,
}

/// What this signer signed: the file or the content, its digest where that is enough.
fn content_of<'a>(
    signed: &'a SignedData,
    signer: &SignerInfo,
    binding: FileBinding,
    file: ContentToSign<'a>,
    digests: &Digests,
) -> ContentToSign<'a> {
    let has_attributes = signer.signed_attributes().is_some();
    match (binding, signed.content(), digests.content) {
        (FileBinding::DigestIsAttribute, _, _) => ContentToSign::Digest(digests.file),
        (_, Some(_), Some(digest)) if has_attributes => ContentToSign::Digest(digest),
        (_, Some(content), _) => ContentToSign::Bytes(content),
        (_, None, _) => file,
    }
}

/// The certificate that the signer names, or the only one in the message.
pub(crate) fn probable_certificate<'a>(
    signed: &'a SignedData,
    signer: &SignerInfo,
    others: &'a [Certificate],
) -> Option<&'a Certificate> {
    match (signed.certificate_of(signer, others), signed.certificates()) {
        (Some(named), _) => Some(named),
        (None, [only]) => Some(only),
        (None, _) => None,
    }
}

fn bind(signed: &SignedData, signer: &SignerInfo, digests: &Digests) -> FileBinding {
    let file = &digests.file;
    let attribute = signer.signed_attributes().map(SignedAttributes::message_digest);
    if signed.content() == Some(&file.0) && attribute != Some(Some(&file.0)) {
        FileBinding::DigestIsContent
    } else if digests.content.as_ref() == Some(file) {
        FileBinding::FileIsContent
    } else if attribute == Some(Some(&file.0)) {
        FileBinding::DigestIsAttribute
    } else if attribute.is_none() && digests.content.is_none() {
        FileBinding::FileIsSigned
    } else {
        FileBinding::OtherFile
    }
}
