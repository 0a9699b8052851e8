//! An OFD with all its signatures.

use std::collections::{HashMap, HashSet};
use std::io;
use std::sync::Arc;

use gm::{DEFAULT_ID, Digest};
use jiff::Timestamp;
use ofd::{
    Document, Ofd, Package, PartPath, Shown, SignatureEntry, SignatureList, SignaturePart, shown_parts,
};
use pki::Certificate;

use super::coverage::{Signed, judge_coverage};
use super::parts::hash_part;
use super::signed_value::Judged;
use super::{Digests, Verifier, disk_failure, explain_ofd, hash_parts, ofd_code, rejected, signature_report};
use crate::code::{Check, Code};
use crate::report::{
    Conclusion, DocumentSummary, Findings, InputKind, REPORT_SCHEMA, Report, SignatureKind, SignatureReport,
    StampSummary, conclusion_of,
};

/// A stamp may differ from its seal by this much, in mm, before it is remarked: rounding by producers.
const STAMP_TOLERANCE_MM: f64 = 1.0;

/// How the parts are protected.
#[derive(Clone, Copy, PartialEq, Eq)]
enum CheckMethod {
    Sm3,
    Weak,
    Unknown,
}

impl CheckMethod {
    /// The spellings met in real files; GB/T 33190-2016 takes MD5 when none is stated.
    fn of(text: Option<&str>) -> Self {
        match text.map(|text| text.trim().to_ascii_lowercase()).as_deref() {
            Some("1.2.156.10197.1.401" | "1.2.156.10197.1.401.1" | "1.2.156.10197.1.401.2" | "sm3") => {
                Self::Sm3
            }
            None | Some("" | "md5" | "sha1" | "sha-1" | "1.2.840.113549.2.5" | "1.3.14.3.2.26") => Self::Weak,
            Some(_) => Self::Unknown,
        }
    }
}

impl Verifier {
    pub(super) fn verify_package(&self, package: &Package, name: &str, at: Timestamp) -> io::Result<Report> {
        match self.judge_package(package, name, at) {
            Ok(report) => Ok(report),
            Err(error) => match disk_failure(&error) {
                Some(failure) => Err(failure),
                None => Ok(rejected(&error, name, at)),
            },
        }
    }

    fn judge_package(&self, package: &Package, name: &str, at: Timestamp) -> Result<Report, ofd::Error> {
        let ofd = Ofd::read(package)?;
        let mut findings = Findings::default();
        note_findings(&mut findings, package, &ofd);
        let lists = read_lists(package, &ofd, &mut findings)?;
        let shown = shown_parts(package, &ofd, &lists)?;
        note_shown(&mut findings, &shown);
        let signatures = self.judge_signatures(package, &ofd, &lists, &shown, at)?;
        if signatures.is_empty() {
            judge_stripped(&mut findings, package, &shown);
        }
        let mut conclusion = conclusion_of(findings.worst());
        for signature in &signatures {
            conclusion = conclusion.max(signature.conclusion);
        }
        if signatures.is_empty() && conclusion == Conclusion::Passed {
            findings.add(Check::Format, Code::NoSignature);
            conclusion = Conclusion::Unsigned;
        }
        Ok(Report {
            schema: REPORT_SCHEMA,
            file: name.into(),
            kind: InputKind::Ofd,
            conclusion,
            at,
            document: Some(summary(package, &ofd)),
            signatures,
            reasons: findings.reasons,
        })
    }

    fn judge_signatures(
        &self,
        package: &Package,
        ofd: &Ofd,
        lists: &[SignatureList],
        shown: &Shown,
        at: Timestamp,
    ) -> Result<Vec<SignatureReport>, ofd::Error> {
        let entries: Vec<_> = lists
            .iter()
            .flat_map(|list| list.entries.iter().map(move |entry| (list, entry)))
            .collect();
        let digests = hash_parts(package, referenced(&entries), self.threads);
        if let Some(Err(error)) = digests
            .values()
            .find(|digest| matches!(digest, Err(e) if disk_failure(e).is_some()))
        {
            return Err(error.clone());
        }
        let mut judged = Vec::with_capacity(entries.len());
        for (_, entry) in &entries {
            judged.push(self.judge_entry(package, entry, &digests, at)?);
        }
        let signed: Vec<Signed<'_>> = entries
            .iter()
            .zip(&judged)
            .map(|((_, entry), judged)| Signed::of(entry, judged))
            .collect();
        let mut coverage: Vec<Findings> = Vec::with_capacity(entries.len());
        for index in 0..signed.len() {
            let mut findings = Findings::default();
            judge_coverage(&mut findings, package, ofd, shown, &signed, index);
            coverage.push(findings);
        }
        drop(signed);
        let reports = entries.iter().zip(judged).zip(coverage);
        Ok(reports
            .map(|(((list, entry), judged), coverage)| entry_report(ofd, list, entry, judged, coverage))
            .collect())
    }

    /// Judges one signature, coverage apart.
    fn judge_entry(
        &self,
        package: &Package,
        entry: &SignatureEntry,
        digests: &Digests,
        at: Timestamp,
    ) -> Result<Judged, ofd::Error> {
        let part = match &entry.part {
            Ok(part) => part,
            Err(error) => {
                let code = match ofd_code(error) {
                    Code::DocumentBroken | Code::PartMissing => Code::SignaturePartBroken,
                    code => code,
                };
                return Ok(broken(entry, code, error.to_string()));
            }
        };
        let mut judged = match read_signed_value(package, part)? {
            Err((code, detail)) => broken(entry, code, detail),
            Ok(value) => self.judge_signed_value(&value, Some(&package.read(&part.path)?), at),
        };
        for fault in &part.faults {
            explain_ofd(
                &mut judged.findings,
                Check::Format,
                Code::SignaturePartBroken,
                fault,
            );
        }
        note_kind(&mut judged, entry);
        judge_references(package, part, digests, &mut judged)?;
        judge_seal_file(package, part, &mut judged)?;
        if let Some(stated) = &judged.property_info
            && !names_part(stated, &part.path)
        {
            judged
                .findings
                .add_with(Check::DataHash, Code::PropertyInfoDiffers, vec![stated.clone()]);
        }
        Ok(judged)
    }
}

/// A document without signatures whose package still holds whole ones was unsigned by somebody.
fn judge_stripped(findings: &mut Findings, package: &Package, shown: &Shown) {
    let whole = |part: &&PartPath| {
        part.file_name().eq_ignore_ascii_case("Signature.xml") && SignaturePart::read(package, part).is_ok()
    };
    let stripped: Vec<String> = shown
        .unlisted_signatures()
        .filter(whole)
        .map(PartPath::to_string)
        .collect();
    if !stripped.is_empty() {
        findings.add_with(Check::Format, Code::SignaturesStripped, stripped);
    }
}

/// Reads the signature list of every body. Only limits and the disk make this fail.
fn read_lists(
    package: &Package,
    ofd: &Ofd,
    findings: &mut Findings,
) -> Result<Vec<SignatureList>, ofd::Error> {
    let mut lists: Vec<SignatureList> = Vec::new();
    for link in ofd.bodies.iter().filter_map(|body| body.signatures.as_ref()) {
        let path = match &link.target {
            Ok(path) if lists.iter().any(|list| list.path == *path) => continue,
            Ok(path) => path,
            Err(why) => {
                let loc = link.loc.trim().to_owned();
                findings.explain(
                    Check::Format,
                    Code::SignatureListMissing,
                    vec![loc],
                    vec![why.to_string()],
                );
                continue;
            }
        };
        match SignatureList::read(package, path) {
            Ok(list) => {
                for fault in &list.faults {
                    explain_ofd(findings, Check::Format, Code::SignaturePartBroken, fault);
                }
                lists.push(list);
            }
            Err(error) if disk_failure(&error).is_some() => return Err(error),
            Err(error) => explain_ofd(findings, Check::Format, ofd_code(&error), &error),
        }
    }
    Ok(lists)
}

/// Every part that some signature compares with SM3.
fn referenced(entries: &[(&SignatureList, &SignatureEntry)]) -> Vec<PartPath> {
    let parts = entries.iter().filter_map(|(_, entry)| entry.part.as_ref().ok());
    let with_sm3 = parts.filter(|part| CheckMethod::of(part.check_method.as_deref()) == CheckMethod::Sm3);
    with_sm3
        .flat_map(|part| &part.references)
        .filter_map(|reference| reference.file_ref.path().cloned())
        .collect()
}

/// The bytes of SignedValue, or why there are none: a code and a sentence.
type SignedValue = Result<Arc<[u8]>, (Code, String)>;

fn read_signed_value(package: &Package, part: &SignaturePart) -> Result<SignedValue, ofd::Error> {
    let path = match part.signed_value.as_ref().map(|link| &link.target) {
        Some(Ok(path)) => path,
        Some(Err(why)) => return Ok(Err((Code::SignedValueMissing, why.to_string()))),
        None => return Ok(Err((Code::SignedValueMissing, String::new()))),
    };
    if package
        .entry(path)
        .is_some_and(|entry| entry.size() > ses::SES_BYTES_MAX as u64)
    {
        return Ok(Err((
            Code::SignedValueUnreadable,
            format!("larger than {} bytes", ses::SES_BYTES_MAX),
        )));
    }
    match package.read(path) {
        Ok(bytes) => Ok(Ok(bytes)),
        Err(error) if disk_failure(&error).is_some() => Err(error),
        Err(error) => Ok(Err((Code::SignedValueUnreadable, error.to_string()))),
    }
}

fn broken(entry: &SignatureEntry, code: Code, detail: String) -> Judged {
    let kind = match entry.kind {
        Some(ofd::SignatureKind::Sign) => SignatureKind::Sign,
        _ => SignatureKind::Seal,
    };
    let mut judged = Judged::nothing(kind);
    let technical = Some(detail).filter(|detail| !detail.is_empty());
    judged
        .findings
        .explain(Check::Format, code, Vec::new(), technical.into_iter().collect());
    judged
}

fn note_kind(judged: &mut Judged, entry: &SignatureEntry) {
    let agrees = match entry.kind {
        Some(ofd::SignatureKind::Seal) => judged.kind == SignatureKind::Seal,
        Some(ofd::SignatureKind::Sign) => judged.kind == SignatureKind::Sign,
        None => false,
    };
    if !agrees && !judged.findings.has(Code::SignedValueUnreadable) {
        let stated = entry.stated_kind.as_deref().unwrap_or("-");
        judged
            .findings
            .add_with(Check::Format, Code::Tolerated, vec![format!("Type: {stated}")]);
    }
}

/// Compares every reference with the part it names.
fn judge_references(
    package: &Package,
    part: &SignaturePart,
    digests: &Digests,
    judged: &mut Judged,
) -> Result<(), ofd::Error> {
    let findings = &mut judged.findings;
    findings.checked(Check::References);
    if part.references.is_empty() {
        findings.add(Check::Coverage, Code::ReferencesEmpty);
    }
    let stated = part.check_method.clone().unwrap_or_else(|| "MD5".into());
    match CheckMethod::of(part.check_method.as_deref()) {
        CheckMethod::Sm3 => {}
        CheckMethod::Weak => {
            findings.add_with(Check::References, Code::WeakDigest, vec![stated]);
            return Ok(());
        }
        CheckMethod::Unknown => {
            findings.add_with(Check::References, Code::DigestUnknown, vec![stated]);
            return Ok(());
        }
    }
    let mut missing = Vec::new();
    let mut malformed = Vec::new();
    let mut changed = Vec::new();
    for reference in &part.references {
        let loc = reference.file_ref.loc.trim().to_owned();
        match (&reference.file_ref.target, &reference.check_value) {
            (Err(_), _) => missing.push(loc),
            (_, Err(_)) => malformed.push(loc),
            (Ok(path), Ok(value)) => match digests.get(path) {
                Some(Ok(digest)) if value[..] == digest.0 => {}
                Some(Ok(_)) => changed.push((path.clone(), value)),
                Some(Err(error)) => explain_ofd(findings, Check::References, ofd_code(error), error),
                None => missing.push(loc),
            },
        }
    }
    for (code, details) in [
        (Code::ReferenceMissing, missing),
        (Code::ReferenceDigestMalformed, malformed),
    ] {
        if !details.is_empty() {
            findings.add_with(Check::References, code, details);
        }
    }
    judge_changed(package, part, changed, judged)
}

/// Parts whose digest differs: changed, or hashed in a vendor's own way.
fn judge_changed(
    package: &Package,
    part: &SignaturePart,
    changed: Vec<(PartPath, &Vec<u8>)>,
    judged: &mut Judged,
) -> Result<(), ofd::Error> {
    if changed.is_empty() {
        return Ok(());
    }
    let z = judged
        .sealer
        .as_ref()
        .and_then(|sealer| Some(sealer.public_key().ok()?.z(DEFAULT_ID)));
    let mut with_z = Vec::new();
    let mut different = Vec::new();
    for (path, value) in changed {
        if different.is_empty() && matches_with_z(package, &path, value, z.as_ref())? {
            with_z.push(path.to_string());
        } else {
            different.push(path);
        }
    }
    let only_list = different.len() == 1 && different.iter().all(|path| path.file_name() == "Signatures.xml");
    let findings = &mut judged.findings;
    if !with_z.is_empty() {
        findings.add_with(Check::References, Code::DigestWithZ, with_z);
    }
    if !different.is_empty() {
        let details = different.iter().map(PartPath::to_string).collect();
        findings.add_with(Check::References, Code::ReferenceDigestMismatch, details);
    }
    if only_list && part.references.len() > 1 {
        findings.add(Check::References, Code::OnlySignatureListChanged);
    }
    Ok(())
}

fn matches_with_z(
    package: &Package,
    path: &PartPath,
    value: &[u8],
    z: Option<&Digest>,
) -> Result<bool, ofd::Error> {
    match z.map(|z| hash_part(package, path, Some(z))) {
        Some(Ok(digest)) => Ok(value == digest.0),
        Some(Err(error)) if disk_failure(&error).is_some() => Err(error),
        Some(Err(_)) | None => Ok(false),
    }
}

/// Seal.esl, where present, must be the seal inside the signed value.
fn judge_seal_file(package: &Package, part: &SignaturePart, judged: &mut Judged) -> Result<(), ofd::Error> {
    let (Some(seal), Some(path)) = (&judged.seal, part.seal.as_ref().and_then(|link| link.path())) else {
        return Ok(());
    };
    let same = match package.read(path) {
        Ok(bytes) => bytes[..] == *seal.bytes(),
        Err(error) if disk_failure(&error).is_some() => return Err(error),
        Err(_) => false,
    };
    if !same {
        judged.findings.add_with(
            Check::MakerSignature,
            Code::SealFileDiffers,
            vec![path.to_string()],
        );
    }
    Ok(())
}

/// propertyInfo names the signature part by its absolute path; some products write a map around it.
fn names_part(stated: &str, path: &PartPath) -> bool {
    let wanted = path.as_str();
    stated == wanted
        || stated.trim_start_matches('/') == wanted.trim_start_matches('/')
        || stated.contains(wanted)
}

fn entry_report(
    ofd: &Ofd,
    list: &SignatureList,
    entry: &SignatureEntry,
    mut judged: Judged,
    mut coverage: Findings,
) -> SignatureReport {
    let part = entry.part.as_ref().ok();
    let locks = part.is_some_and(|part| {
        part.references
            .iter()
            .any(|r| r.file_ref.path() == Some(&list.path))
    });
    let stamps = part
        .map(|part| stamps(ofd, part, &mut judged))
        .unwrap_or_default();
    if locks {
        judged.findings.add(Check::Coverage, Code::Locked);
    }
    for reason in coverage.reasons.drain(..) {
        judged.findings.checked(reason.check);
        judged.findings.reasons.push(reason);
    }
    if part.is_some() {
        judged.findings.checked(Check::Coverage);
    }
    let parts: HashSet<_> = part
        .iter()
        .flat_map(|part| &part.references)
        .filter_map(|r| r.file_ref.path())
        .collect();
    SignatureReport {
        id: Some(entry.id.clone()).filter(|id| !id.is_empty()),
        part: entry.base_loc.path().map(PartPath::to_string),
        stamps,
        parts_protected: parts.len(),
        locks,
        ..signature_report(judged)
    }
}

/// Where the seal is shown, and what is odd about it.
fn stamps(ofd: &Ofd, part: &SignaturePart, judged: &mut Judged) -> Vec<StampSummary> {
    let mut pages = HashMap::new();
    for document in documents(ofd) {
        for (index, page) in document.pages.iter().enumerate() {
            if let Some(id) = page.id {
                pages.entry(id).or_insert(index + 1);
            }
        }
    }
    let findings = &mut judged.findings;
    if judged.kind == SignatureKind::Seal && part.stamps.is_empty() {
        findings.add(Check::Stamp, Code::StampAbsent);
    }
    let mut stamps = Vec::with_capacity(part.stamps.len());
    for stamp in &part.stamps {
        let page = stamp.page_ref.and_then(|id| pages.get(&id).copied());
        if page.is_none() {
            let named = stamp.page_ref.map_or_else(|| "?".into(), |id| id.to_string());
            findings.add_with(Check::Stamp, Code::StampPageUnknown, vec![named]);
        }
        let Some(boundary) = stamp.boundary else { continue };
        if let Some(seal) = &judged.seal
            && !findings.has(Code::SealSizeAbsurd)
            && !findings.has(Code::StampSizeDiffers)
        {
            let picture = seal.picture();
            let differs = |mm: f64, declared: i128| (mm - declared as f64).abs() > STAMP_TOLERANCE_MM;
            if differs(boundary.width, picture.width_mm) || differs(boundary.height, picture.height_mm) {
                let (width, height) = (boundary.width, boundary.height);
                let detail = format!(
                    "{width} × {height} ≠ {} × {} mm",
                    picture.width_mm, picture.height_mm
                );
                findings.add_with(Check::Stamp, Code::StampSizeDiffers, vec![detail]);
            }
        }
        stamps.push(StampSummary {
            page,
            x_mm: boundary.x,
            y_mm: boundary.y,
            width_mm: boundary.width,
            height_mm: boundary.height,
            clipped: stamp.clip.is_some(),
        });
    }
    stamps
}

fn documents(ofd: &Ofd) -> impl Iterator<Item = &Document> {
    ofd.bodies.iter().filter_map(|body| body.document.as_deref().ok())
}

fn note_findings(findings: &mut Findings, package: &Package, ofd: &Ofd) {
    let found = package.findings().iter().chain(&ofd.findings);
    let details: Vec<String> = found
        .map(|finding| match &finding.part {
            Some(part) => format!("{part}: {} {}", finding.kind.code(), finding.detail),
            None => format!("{} {}", finding.kind.code(), finding.detail),
        })
        .collect();
    let bodies = ofd.bodies.iter().flat_map(|body| {
        let document = body.document.as_ref();
        let inside = document
            .map(|document| document.faults.as_slice())
            .unwrap_or_default();
        body.faults.iter().chain(inside).chain(document.err())
    });
    let technical: Vec<String> = ofd.faults.iter().chain(bodies).map(ToString::to_string).collect();
    if !details.is_empty() || !technical.is_empty() {
        findings.explain(Check::Format, Code::Tolerated, details, technical);
    }
}

fn note_shown(findings: &mut Findings, shown: &Shown) {
    let details: Vec<String> = shown
        .broken
        .iter()
        .map(|link| format!("{}: {}", link.holder, link.loc))
        .collect();
    let technical: Vec<String> = shown.faults.iter().map(ToString::to_string).collect();
    if !details.is_empty() || !technical.is_empty() {
        findings.explain(Check::Format, Code::Tolerated, details, technical);
    }
    let unlisted: Vec<String> = shown.unlisted_signatures().map(PartPath::to_string).collect();
    if !unlisted.is_empty() {
        findings.add_with(Check::Format, Code::SignaturesUnlisted, unlisted);
    }
}

fn summary(package: &Package, ofd: &Ofd) -> DocumentSummary {
    let info = ofd.bodies.first().map(|body| &body.info);
    DocumentSummary {
        title: info.and_then(|info| info.title.clone()),
        id: info.and_then(|info| info.doc_id.clone()),
        pages: documents(ofd).map(|document| document.pages.len()).sum(),
        parts: package.parts().count(),
    }
}

/// Who signed, for comparing signatures with each other.
pub(super) fn same_sealer(one: Option<&Certificate>, other: Option<&Certificate>) -> bool {
    one.is_some() && one == other
}
