//! A PDF with all its signatures.

mod changes;
mod ranges;
mod value;

use std::borrow::Cow;
use std::io;

use jiff::Timestamp;
use ofd::Source;
use pdf::{ByteRange, Document, PDF_BYTES_MAX, SecurityStore, Signature};
use pki::{Certificate, Crl, OcspResponse};

use self::changes::judge_changes;
use self::ranges::RangeDigests;
use super::signed_value::Judged;
use super::{Trust, Verifier, read_up_to, signature_report};
use crate::code::{Check, Code};
use crate::pdf_password;
use crate::report::{
    Conclusion, DocumentSummary, Findings, InputKind, REPORT_SCHEMA, Report, SignatureKind, SignatureReport,
    StampSummary, conclusion_of,
};

/// A stamp may be smaller than its seal by this much, in mm, before it counts as a part of it.
const PART_TOLERANCE_MM: f64 = 1.0;

impl Verifier {
    /// One that asks of integrity alone.
    pub(crate) fn trusting_nobody(&self) -> Self {
        let mut nobody = Self::new(Trust::default(), Vec::new(), Vec::new());
        nobody.password.clone_from(&self.password);
        nobody
    }

    /// A PDF file, opened by the password if it is encrypted.
    pub(crate) fn open_pdf<'a>(&self, bytes: &'a [u8]) -> Result<Document<'a>, pdf::Error> {
        let mut document = Document::open(bytes)?;
        self.unlock(&mut document)?;
        Ok(document)
    }

    fn unlock(&self, document: &mut Document<'_>) -> Result<(), pdf::Error> {
        pdf_password::open(document, self.password.as_ref().map(|password| password.as_str()))
    }

    pub(super) fn verify_pdf(&self, source: &impl Source, name: &str, at: Timestamp) -> io::Result<Report> {
        let length = source.len();
        if length > PDF_BYTES_MAX as u64 {
            let error = pdf::Error::Limit {
                what: "bytes of a file",
                max: PDF_BYTES_MAX,
            };
            return Ok(refused(&error, name, at));
        }
        if let Some(bytes) = source.in_memory() {
            return Ok(self.judge_pdf(bytes, name, at));
        }
        let mut bytes = vec![0; length as usize];
        let got = read_up_to(source, &mut bytes)?;
        bytes.truncate(got);
        Ok(self.judge_pdf(&bytes, name, at))
    }

    pub(crate) fn judge_pdf(&self, bytes: &[u8], name: &str, at: Timestamp) -> Report {
        let mut findings = Findings::default();
        findings.checked(Check::Format);
        let mut document = match Document::open(bytes) {
            Ok(document) => document,
            Err(error) => match Document::repair(bytes) {
                Ok(document) => {
                    findings.explain(
                        Check::Format,
                        Code::PdfDamaged,
                        Vec::new(),
                        vec![error.to_string()],
                    );
                    document
                }
                Err(_) => return refused(&error, name, at),
            },
        };
        // An encryption that is not supported leaves it locked, like a password that does not fit.
        let opened = self.unlock(&mut document);
        if document.is_locked() {
            let said = opened.err().map(|error| error.to_string());
            findings.explain(
                Check::Format,
                Code::PdfEncrypted,
                Vec::new(),
                said.into_iter().collect(),
            );
        }
        let signatures = match pdf::signatures(&document) {
            Ok(signatures) => signatures,
            Err(error) => {
                let code = pdf_code(&error);
                findings.explain(Check::Format, code, Vec::new(), vec![error.to_string()]);
                Vec::new()
            }
        };
        judge_unlisted(&mut findings, bytes, &signatures);
        let reports = self.judge_pdf_signatures(&document, &signatures, at);
        let mut conclusion = conclusion_of(findings.worst());
        for signature in &reports {
            conclusion = conclusion.max(signature.conclusion);
        }
        if reports.is_empty() && conclusion == Conclusion::Passed {
            findings.add(Check::Format, Code::NoSignature);
            conclusion = Conclusion::Unsigned;
        }
        Report {
            schema: REPORT_SCHEMA,
            file: name.into(),
            kind: InputKind::Pdf,
            conclusion,
            at,
            document: Some(summary(&document)),
            signatures: reports,
            reasons: findings.reasons,
        }
    }

    /// With the certificates, lists and responses that the document's security store brings along and that can be
    /// read: they help to decide, and are not trusted.
    fn informed_by(&self, document: &Document<'_>) -> Cow<'_, Self> {
        let store = pdf::security_store(document).unwrap_or_default();
        if store == SecurityStore::default() {
            return Cow::Borrowed(self);
        }
        let mut informed = self.clone();
        let certificates = store.certificates.iter();
        informed
            .intermediates
            .extend(certificates.filter_map(|der| Certificate::read(der).ok()));
        informed
            .crls
            .extend(store.crls.iter().filter_map(|der| Crl::read(der).ok()));
        let responses = store.ocsps.iter();
        informed
            .responses
            .extend(responses.filter_map(|der| OcspResponse::read(der).ok()));
        Cow::Owned(informed)
    }

    fn judge_pdf_signatures(
        &self,
        document: &Document<'_>,
        signatures: &[Signature],
        at: Timestamp,
    ) -> Vec<SignatureReport> {
        let informed = self.informed_by(document);
        let ranges = signatures
            .iter()
            .filter_map(|signature| signature.byte_range.ok());
        let digests = RangeDigests::new(document.bytes(), ranges.collect());
        let last_end = signatures
            .iter()
            .filter_map(|signature| signature.byte_range.ok())
            .map(|range| range.end)
            .max();
        let mut reports = Vec::with_capacity(signatures.len());
        for signature in signatures {
            let mut judged = informed.judge_pdf_value(signature, &digests, at);
            match signature.byte_range {
                Ok(range) => {
                    let is_last = last_end == Some(range.end);
                    judge_range(&mut judged.findings, document, signature, range, is_last);
                }
                Err(fault) => {
                    let said = vec![fault.to_string()];
                    judged
                        .findings
                        .explain(Check::Coverage, Code::PdfByteRange, Vec::new(), said);
                }
            }
            let stamps = stamps(document, signature, &mut judged);
            reports.push(SignatureReport {
                id: Some(signature.field.clone()),
                part: signature.sub_filter.clone(),
                stamps,
                locks: signature.permits == Some(1),
                ..signature_report(judged)
            });
        }
        reports
    }
}

/// Does the signature cover one revision, and what became of the document since?
fn judge_range(
    findings: &mut Findings,
    document: &Document<'_>,
    signature: &Signature,
    range: ByteRange,
    is_last: bool,
) {
    findings.checked(Check::References);
    findings.checked(Check::Coverage);
    if signature.repeats {
        let said = "a key of the signature dictionary stands in it twice".to_owned();
        findings.explain(Check::Coverage, Code::PdfByteRange, Vec::new(), vec![said]);
    }
    if signature.permits == Some(1) {
        findings.add(Check::Coverage, Code::Locked);
    }
    let revision = match pdf::signed_revision(document, signature, range) {
        Ok(revision) => revision,
        Err(fault) => {
            return findings.explain(
                Check::Coverage,
                Code::PdfNoRevision,
                Vec::new(),
                vec![fault.to_string()],
            );
        }
    };
    let behind = &document.bytes()[range.end..];
    let blank = behind
        .iter()
        .all(|byte| matches!(byte, b' ' | b'\t' | b'\r' | b'\n' | 0));
    // Behind the last signature only a further revision may stand, and it has to be the one that is shown.
    if is_last && !blank && (!document.ends_properly() || document.xref_start() < range.end) {
        findings.add(Check::Coverage, Code::PdfBytesUncovered);
    }
    if !blank {
        judge_changes(findings, signature, pdf::changes(&revision, document));
    }
}

fn judge_unlisted(findings: &mut Findings, bytes: &[u8], signatures: &[Signature]) {
    let unlisted = pdf::unlisted(bytes, signatures);
    if !unlisted.is_empty() {
        let places = unlisted.iter().map(|at| format!("byte {at}")).collect();
        findings.add_with(Check::Format, Code::PdfSignaturesUnlisted, places);
    }
}

fn pdf_code(error: &pdf::Error) -> Code {
    match error {
        pdf::Error::Limit { .. } => Code::LimitExceeded,
        pdf::Error::Encrypted => Code::PdfEncrypted,
        _ => Code::DocumentBroken,
    }
}

/// The report on a file of which nothing can be read.
fn refused(error: &pdf::Error, name: &str, at: Timestamp) -> Report {
    let mut findings = Findings::default();
    findings.explain(
        Check::Format,
        pdf_code(error),
        Vec::new(),
        vec![error.to_string()],
    );
    Report {
        schema: REPORT_SCHEMA,
        file: name.into(),
        kind: InputKind::Pdf,
        conclusion: Conclusion::Failed,
        at,
        document: None,
        signatures: Vec::new(),
        reasons: findings.reasons,
    }
}

fn summary(document: &Document<'_>) -> DocumentSummary {
    let trailer = document.trailer();
    let title = document.get(trailer, "Info").ok().flatten().and_then(|info| {
        let title = document.get(info.as_dictionary()?, "Title").ok()??;
        Some(pdf::text_of(&title.as_text()?.bytes))
    });
    let id = document.get(trailer, "ID").ok().flatten().and_then(|ids| {
        let first = ids.as_array()?.first()?.as_text()?;
        Some(first.bytes.iter().map(|byte| format!("{byte:02x}")).collect())
    });
    DocumentSummary {
        title: title.filter(|title| !title.is_empty()),
        id,
        pages: pdf::pages(document).map_or(0, |pages| pages.len()),
        parts: 0,
    }
}

/// Where the signature is seen.
fn stamps(document: &Document<'_>, signature: &Signature, judged: &mut Judged) -> Vec<StampSummary> {
    let size = judged
        .seal
        .as_ref()
        .map(|seal| (seal.picture().width_mm as f64, seal.picture().height_mm as f64));
    let stamps: Vec<StampSummary> = pdf::places(document, &signature.widgets)
        .into_iter()
        .map(|place| {
            let [x_mm, y_mm, width_mm, height_mm] = place.seen.map(|mm| (mm * 100.0).round() / 100.0);
            let clipped = size.is_some_and(|(width, height)| {
                width_mm + PART_TOLERANCE_MM < width || height_mm + PART_TOLERANCE_MM < height
            });
            StampSummary {
                page: place.page.map(|page| page + 1),
                x_mm,
                y_mm,
                width_mm,
                height_mm,
                clipped,
            }
        })
        .collect();
    if judged.kind == SignatureKind::Seal && stamps.is_empty() {
        judged.findings.add(Check::Stamp, Code::StampAbsent);
    }
    if stamps.iter().any(|stamp| stamp.page.is_none()) {
        judged.findings.add(Check::Stamp, Code::StampPageUnknown);
    }
    stamps
}
