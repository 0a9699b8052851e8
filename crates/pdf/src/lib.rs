//! PDF files (ISO 32000): objects, revisions, signature fields, what changed between revisions, and incremental
//! updates. Bytes in, bytes out: no cryptography, no clock, no disk.
//!
//! A file is read the way it was written: each revision is the file from its first byte to an end of file, found
//! through its own cross-reference data ([`Document`]). A signature covers one revision exactly ([`signatures`],
//! [`signed_revision`]), and what is shown differs from it by [`changes`].

mod compare;
mod document;
mod encryption;
mod error;
mod field;
mod filter;
mod limits;
mod long_term;
mod object;
mod page;
mod repair;
mod security_store;
mod sign;
mod signature;
mod syntax;
mod text;
mod update;
mod write;
mod xref;

pub use compare::{Change, ChangeKind, changes};
pub use document::{Document, Resolved};
pub use encryption::{Cipher, CryptMethod, Encryption};
pub use error::Error;
pub use field::{Field, Place, Widget, fields, form, places};
pub use filter::deflate;
pub use limits::*;
pub use long_term::{add_document_timestamp, add_security_store};
pub use object::{Dictionary, Object, ObjectId, PdfString, Stream, text_of};
pub use page::{Page, View, pages};
pub use security_store::{SecurityStore, security_store};
pub use sign::{Appearance, Drawing, NewSignature, Picture, add_signature};
pub use signature::{
    ByteRange, ByteRangeFault, FieldLock, RevisionFault, Signature, signatures, signed_revision, unlisted,
};
pub use text::find_words;
pub use update::{Appended, Update};
