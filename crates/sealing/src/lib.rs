//! Put a seal on a document; say what a sealed document proves.

mod code;
mod document;
mod pdf_date;
mod pdf_password;
mod pdf_picture;
mod pdf_place;
mod pdf_refusal;
mod pdf_revisions;
mod pdf_seal;
mod position;
mod report;
mod seal;
mod stamps;
mod text;
mod verify;

pub use code::{Check, Code, Effect, Language, SubIndication, Words};
pub use document::{DocumentFacts, DocumentKind, StampError, StampOrder, document_facts, placements, stamp};
pub use pdf::PDF_BYTES_MAX;
pub use pdf_refusal::PdfSealError;
pub use pdf_revisions::{SignedRevision, changed_revisions};
pub use pdf_seal::{DigestTimestampSource, PdfForm, PdfLevel, PdfSealOrder, SealedPdf, Shown, seal_pdf};
pub use position::{
    Edge, Fold, PLACEMENTS_MAX, PageSelection, PageSizes, Placement, Position, PositionError, SLICE_MM_MIN,
    place,
};
pub use report::{
    CertificateSummary, CheckResult, Conclusion, DocumentSummary, InputKind, Outcome, REPORT_SCHEMA, Reason,
    Report, SealSummary, SignatureKind, SignatureReport, StampSummary, TimeSource, report_schema,
};
pub use seal::{BlankPages, Mode, SealError, SealOrder, Sealed, TimestampSource, seal};
pub use stamps::{SHOWN_STAMPS_MAX, ShownStamp, shown_stamps};
pub use text::{Depth, beijing_time, conclusion_word, render};
pub use verify::{Trust, Verifier};
