//! Why a PDF is not sealed.

use crate::pdf_seal::PdfLevel;
use crate::position::PositionError;

/// Why a PDF is not sealed. Nothing was written, unless the disk failed while writing.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PdfSealError {
    /// The document cannot be read, or takes no update.
    #[error("the document cannot be sealed as it is: {0}")]
    Document(#[from] pdf::Error),
    /// No password that was given opens it.
    #[error("the document is encrypted, and was not opened: give its password")]
    Encrypted,
    /// A signature in the document forbids further ones.
    #[error("the signature in field {field} locks the document: a further seal would break it")]
    Locked {
        /// The field.
        field: String,
    },
    /// Locking certifies a document, and that only its first signature can do (ISO 32000-1 §12.8.4).
    #[error("the document is signed already: only the first seal can lock it")]
    LockAfterSignature,
    /// A signature in the document does not hold.
    #[error(
        "a signature in the document is already broken ({detail}): the document was changed after sealing"
    )]
    ExistingBroken {
        /// What does not hold: codes of the catalogue.
        detail: String,
    },
    /// A blank page would be sealed.
    #[error(
        "page {page} is blank: sealing blank pages is forbidden (R49); state a reason to make an exception"
    )]
    BlankPage {
        /// From 1.
        page: usize,
    },
    /// An exception without a reason.
    #[error("sealing blank pages needs a reason (R49)")]
    NoReason,
    /// No position was given.
    #[error("no position was given for the seal")]
    NoPosition,
    /// A position that cannot be used.
    #[error(transparent)]
    Position(#[from] PositionError),
    /// A picture that cannot be put on a page.
    #[error("the seal's picture cannot be put into a PDF: {0}")]
    Picture(String),
    /// The level asks for something that the form cannot hold.
    #[error("signatures of the form {form} cannot have the level {level}")]
    LevelForm {
        /// `/SubFilter`.
        form: &'static str,
        /// The level.
        level: PdfLevel,
    },
    /// A level above B rests on a timestamp, and B has none.
    #[error("the level {level} {}", if *.has_source { "has no timestamp" } else { "needs a timestamp authority" })]
    TimestampLevel {
        /// The level.
        level: PdfLevel,
        /// Whether an authority was named.
        has_source: bool,
    },
    /// What is shown or what signs does not fit the form.
    #[error("the form {form} {needs}")]
    FormNeeds {
        /// `/SubFilter`.
        form: &'static str,
        /// What it needs.
        needs: &'static str,
    },
    /// The sealer's path was verified for something else.
    #[error("the signer's certificate was not verified for signing at this time")]
    SignerNotVerified,
    /// Later verification could not show that a certificate was not revoked.
    #[error(
        "nothing shows that the certificate of {subject} is not revoked: {why}; give its revocation list"
    )]
    EvidenceMissing {
        /// The certificate.
        subject: String,
        /// Why the lists do not answer.
        why: String,
    },
    /// The authority of the timestamp is not trusted, so that its evidence cannot be put together.
    #[error("the timestamp does not lead to a trusted authority: {0}")]
    TimestampNotProved(String),
    /// The seal or its use is refused.
    #[error("{0} (rule {rule})", rule = .0.rule())]
    Refused(#[source] ses::Refusal),
    /// The key did not sign.
    #[error("the key did not sign: {0}")]
    Key(#[source] pki::Error),
    /// The timestamp could not be had.
    #[error("the timestamp could not be obtained: {0}")]
    Timestamp(String),
    /// The disk.
    #[error("the sealed document cannot be written: {0}")]
    Write(#[source] std::io::Error),
}
