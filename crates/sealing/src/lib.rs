//! Put a seal on a document; say what a sealed document proves.

mod code;
mod report;
mod text;

pub use code::{Check, Code, Effect, Language, SubIndication, Words};
pub use report::{
    CertificateSummary, CheckResult, Conclusion, DocumentSummary, InputKind, Outcome, REPORT_SCHEMA, Reason,
    Report, SealSummary, SignatureKind, SignatureReport, StampSummary, TimeSource, report_schema,
};
pub use text::{Depth, beijing_time, conclusion_word, render};
