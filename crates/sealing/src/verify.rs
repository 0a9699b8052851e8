//! Says what a file proves: an OFD or PDF with its signatures, a seal, or a signed value by itself.

mod coverage;
mod document;
mod evidence;
mod parts;
mod paths;
mod pdf;
mod signed_value;

use std::fs::File;
use std::io;
use std::path::Path;
use std::sync::Arc;

use jiff::Timestamp;
use ofd::{Limits, Package, Source};
use pki::{
    Certificate, Crl, OcspResponse, PathCache, PathQuery, Purpose, TrustStore, VerifiedPath, validate,
};
use ses::{SES_BYTES_MAX, Seal, SealCache, VerifiedSeal};

pub(crate) use self::parts::{Digests, hash_parts};
use self::paths::{Lists, judge_path, judge_revocation};
use self::signed_value::Judged;
use crate::code::{Check, Code, Effect};
use crate::pdf_picture::PictureCache;
use crate::report::{
    CertificateSummary, Conclusion, Findings, InputKind, REPORT_SCHEMA, Reason, Report, SealSummary,
    SignatureReport,
};
use zeroize::Zeroizing;

/// Bytes at the start of a file that tell what it is.
const SNIFF_BYTES: usize = 4;

/// Anchors, kept apart by what they are trusted for.
#[derive(Clone, Debug, Default)]
pub struct Trust {
    /// For seal makers (制章者).
    pub makers: TrustStore,
    /// For sealers and signers (签章人).
    pub signers: TrustStore,
    /// For timestamp authorities.
    pub tsa: TrustStore,
}

impl Trust {
    /// The same anchors for everything.
    pub fn for_all(anchors: Vec<Certificate>) -> Self {
        let store = TrustStore::new(anchors);
        Self {
            makers: store.clone(),
            signers: store.clone(),
            tsa: store,
        }
    }
}

/// Verifies files with fixed trust. Remembers seals and certificate signatures it has seen, so one verifier
/// serves many files, from many threads.
#[derive(Clone, Debug)]
pub struct Verifier {
    trust: Trust,
    intermediates: Vec<Certificate>,
    crls: Vec<Crl>,
    responses: Vec<OcspResponse>,
    limits: Limits,
    /// Opens encrypted PDF files.
    password: Option<Zeroizing<String>>,
    /// As given, else as many as the machine has.
    threads: Option<usize>,
    paths: Arc<PathCache>,
    seals: Arc<SealCache>,
    pub(crate) pictures: Arc<PictureCache>,
}

impl Verifier {
    /// Relies on these anchors; `intermediates` and `crls` help to decide but are not trusted.
    pub fn new(trust: Trust, intermediates: Vec<Certificate>, crls: Vec<Crl>) -> Self {
        Self {
            trust,
            intermediates,
            crls,
            responses: Vec::new(),
            limits: Limits::default(),
            password: None,
            threads: None,
            paths: Arc::default(),
            seals: Arc::default(),
            pictures: Arc::default(),
        }
    }

    /// With one more revocation list. A clone shares what it remembers, so this costs little.
    #[must_use]
    pub fn with_crl(mut self, crl: Crl) -> Self {
        self.crls.push(crl);
        self
    }

    /// With OCSP responses beside the revocation lists.
    #[must_use]
    pub fn with_responses(mut self, responses: Vec<OcspResponse>) -> Self {
        self.responses = responses;
        self
    }

    /// With a password for encrypted PDF files; those that open without one need none.
    #[must_use]
    pub fn with_pdf_password(mut self, password: Zeroizing<String>) -> Self {
        self.password = Some(password);
        self
    }

    fn lists(&self) -> Lists<'_> {
        Lists {
            crls: &self.crls,
            responses: &self.responses,
        }
    }

    /// With other limits than the default ones.
    #[must_use]
    pub fn with_limits(mut self, limits: Limits) -> Self {
        self.limits = limits;
        self
    }

    /// With this many threads for the parts of one document.
    #[must_use]
    pub fn with_threads(mut self, threads: usize) -> Self {
        self.threads = Some(threads.max(1));
        self
    }

    /// Verifies a file of the disk as of `at`. An error means that the disk failed, never that the file is bad.
    pub fn verify_file(&self, path: &Path, at: Timestamp) -> io::Result<Report> {
        self.verify(File::open(path)?, &path.display().to_string(), at)
    }

    /// Verifies what `source` holds as of `at`; `name` is only repeated in the report.
    pub fn verify(&self, source: impl Source + 'static, name: &str, at: Timestamp) -> io::Result<Report> {
        let mut head = [0; SNIFF_BYTES];
        let got = read_up_to(&source, &mut head)?;
        // DER begins with a SEQUENCE; what little begins with "0" otherwise is refused there just as well.
        if got > 0 && head[0] == 0x30 && source.len() <= SES_BYTES_MAX as u64 {
            let mut bytes = vec![0; source.len() as usize];
            let got = read_up_to(&source, &mut bytes)?;
            bytes.truncate(got);
            return Ok(self.verify_der(&bytes, name, at));
        }
        if head.starts_with(b"%PDF") {
            return self.verify_pdf(&source, name, at);
        }
        match Package::open(source, self.limits.clone()) {
            Ok(package) => self.verify_package(&package, name, at),
            Err(ofd::Error::Read(error)) => Err(io::Error::new(error.kind(), error)),
            Err(error) => Ok(rejected(&error, name, at)),
        }
    }

    /// The anchors that are relied on.
    pub fn trust(&self) -> &Trust {
        &self.trust
    }

    /// Certificates that help to find paths.
    pub fn intermediates(&self) -> &[Certificate] {
        &self.intermediates
    }

    /// Revocation lists that were given.
    pub fn crls(&self) -> &[Crl] {
        &self.crls
    }

    /// The path of a certificate that is to sign at `at`: valid, trusted, not known to be revoked
    /// (GB/T 38540-2020 6.2 a, 7.2 a). Otherwise the reasons, those that decide first.
    pub fn proved_path(
        &self,
        leaf: &Certificate,
        purpose: Purpose,
        at: Timestamp,
    ) -> Result<VerifiedPath, Vec<Reason>> {
        let trust = match purpose {
            Purpose::SealMaker => &self.trust.makers,
            Purpose::Signer => &self.trust.signers,
            Purpose::Timestamping => &self.trust.tsa,
        };
        self.prove(leaf, purpose, trust, at)
    }

    /// As [`proved_path`](Self::proved_path), for a signer whose path may hold RSA, ECDSA or Ed25519: such keys sign
    /// PDF documents without a seal.
    pub fn proved_foreign_signer(
        &self,
        leaf: &Certificate,
        at: Timestamp,
    ) -> Result<VerifiedPath, Vec<Reason>> {
        let trust = self.trust.signers.clone().with_foreign_algorithms();
        self.prove(leaf, Purpose::Signer, &trust, at)
    }

    fn prove(
        &self,
        leaf: &Certificate,
        purpose: Purpose,
        trust: &TrustStore,
        at: Timestamp,
    ) -> Result<VerifiedPath, Vec<Reason>> {
        let (path_check, revocation_check) = match purpose {
            Purpose::SealMaker => (Check::MakerPath, Check::MakerRevocation),
            Purpose::Signer => (Check::SealerPath, Check::SealerRevocation),
            Purpose::Timestamping => (Check::Timestamp, Check::Timestamp),
        };
        let query = PathQuery {
            leaf,
            purpose,
            at,
            trust,
            intermediates: &self.intermediates,
        };
        let report = validate(&query, &self.paths);
        let mut findings = Findings::default();
        judge_path(&mut findings, path_check, &report, !trust.is_empty());
        judge_revocation(
            &mut findings,
            revocation_check,
            &report.chain,
            self.lists(),
            at,
            false,
        );
        match (report.path, findings.conclusion()) {
            (Some(path), Conclusion::Passed) => Ok(path),
            _ => Err(deciding(findings)),
        }
    }

    /// A seal that may be used at `at` (GB/T 38540-2020 6.3). Otherwise the reasons, those that decide first.
    pub fn proved_seal(&self, seal: &Seal, at: Timestamp) -> Result<VerifiedSeal, Vec<Reason>> {
        let mut judged = self.judge_seal(seal, at);
        let facts = ses::check_seal(seal, &self.seal_context(at));
        match (facts.verified(), judged.findings.conclusion()) {
            (Some(verified), Conclusion::Passed) => Ok(verified.clone()),
            (Some(_), _) => Err(deciding(judged.findings)),
            (None, _) => {
                // Verifying old documents forgives what must not be forgiven when sealing new ones.
                let codes = facts.faults().iter().map(|fault| fault.code().into()).collect();
                let strict = facts.faults().iter().map(ToString::to_string).collect();
                judged
                    .findings
                    .explain(Check::MakerSignature, Code::SealNotUsable, codes, strict);
                Err(deciding(judged.findings))
            }
        }
    }

    fn verify_der(&self, bytes: &[u8], name: &str, at: Timestamp) -> Report {
        let mut report = Report {
            schema: REPORT_SCHEMA,
            file: name.into(),
            kind: InputKind::Unknown,
            conclusion: Conclusion::Failed,
            at,
            document: None,
            signatures: Vec::new(),
            reasons: Vec::new(),
        };
        let judged = match Seal::looks_like(bytes).then(|| self.seals.read(bytes)) {
            Some(Ok(seal)) => {
                report.kind = InputKind::Seal;
                self.judge_seal(&seal, at)
            }
            Some(Err(error)) => {
                report.kind = InputKind::Seal;
                let mut findings = Findings::default();
                findings.explain(
                    Check::Format,
                    Code::SealUnreadable,
                    Vec::new(),
                    vec![error.to_string()],
                );
                report.reasons = findings.reasons;
                return report;
            }
            None => {
                report.kind = InputKind::SignedValue;
                self.judge_signed_value(bytes, None, at)
            }
        };
        let signature = signature_report(judged);
        report.conclusion = signature.conclusion;
        report.signatures.push(signature);
        report
    }
}

/// The reasons that are no mere notes, the worst first.
fn deciding(findings: Findings) -> Vec<Reason> {
    let mut reasons: Vec<_> = findings
        .reasons
        .into_iter()
        .filter(|reason| reason.effect > Effect::Note)
        .collect();
    reasons.sort_by_key(|reason| std::cmp::Reverse(reason.effect));
    reasons
}

/// A report on one judged value that stands alone.
fn signature_report(judged: Judged) -> SignatureReport {
    SignatureReport {
        id: None,
        kind: judged.kind,
        part: None,
        conclusion: judged.findings.conclusion(),
        signed_at: judged.signed_at,
        time_source: judged.time_source,
        sealer: judged.sealer.as_ref().map(CertificateSummary::of),
        seal: judged.seal.as_ref().map(SealSummary::of),
        stamps: Vec::new(),
        parts_protected: 0,
        locks: false,
        checks: judged.findings.results(),
        reasons: judged.findings.reasons,
    }
}

/// The report on a file that is refused before any signature could be looked at.
fn rejected(error: &ofd::Error, name: &str, at: Timestamp) -> Report {
    let mut findings = Findings::default();
    explain_ofd(&mut findings, Check::Format, ofd_code(error), error);
    Report {
        schema: REPORT_SCHEMA,
        file: name.into(),
        kind: InputKind::Ofd,
        conclusion: findings.conclusion(),
        at,
        document: None,
        signatures: Vec::new(),
        reasons: findings.reasons,
    }
}

/// A reason that `ofd` gave: the part concerned, and its sentence.
fn explain_ofd(findings: &mut Findings, check: Check, code: Code, error: &ofd::Error) {
    let part = error.part().map(ToString::to_string).into_iter().collect();
    findings.explain(check, code, part, vec![error.to_string()]);
}

/// Our code for what `ofd` refused.
fn ofd_code(error: &ofd::Error) -> Code {
    match error.code() {
        "XML_DTD" => Code::XmlDtd,
        "XML_MALFORMED" | "XML_ENCODING" => Code::XmlMalformed,
        "LIMIT" => Code::LimitExceeded,
        "ZIP_MALFORMED" | "ZIP_DAMAGED" => Code::NotAPackage,
        "ZIP_INCONSISTENT" | "ZIP_OVERLAP" | "ZIP_HIDDEN" => Code::ZipInconsistent,
        "ZIP_DUPLICATE" => Code::ZipDuplicate,
        "ZIP_ENCRYPTED" => Code::ZipEncrypted,
        "ENCRYPTED" => Code::OfdEncrypted,
        "ZIP_METHOD" => Code::UnsupportedZip,
        "ZIP_NAME" => Code::UnsafeName,
        "ZIP_BOMB" => Code::ZipBomb,
        "PART_MISSING" => Code::PartMissing,
        _ => Code::DocumentBroken,
    }
}

/// The disk's own failures, which are no verdict on the file.
fn disk_failure(error: &ofd::Error) -> Option<io::Error> {
    match error {
        ofd::Error::Read(error) => Some(io::Error::new(error.kind(), error.clone())),
        ofd::Error::InPart { fault, .. } => disk_failure(fault),
        _ => None,
    }
}

/// Reads from the start until `buffer` is full or the source ends.
fn read_up_to(source: &impl Source, buffer: &mut [u8]) -> io::Result<usize> {
    let mut filled = 0;
    while filled < buffer.len() {
        match source.read_at(&mut buffer[filled..], filled as u64)? {
            0 => break,
            read => filled += read,
        }
    }
    Ok(filled)
}
