//! The value of a PDF signature: seal-signature data, a signed message, or a timestamp.

use gm::Digest;
use jiff::Timestamp;
use pdf::{ByteRange, Signature};
use pki::{
    Certificate, ContentHasher, ContentToSign, DigestAlgorithm, FileBinding, FileSigner, HashAlgorithm,
    PathQuery, Purpose, SignedData, SignerFault, SignerInfo, TimestampReport, TimestampToken, foreign_key,
    oid, validate, verify_any_signed_file, verify_token_over,
};
use ses::{Original, SealSignature};

use super::super::Verifier;
use super::super::paths::{
    encoding_of, judge_encoding, judge_path, judge_revocation, judge_signer, judge_timestamp,
    judge_timestamp_revocation,
};
use super::super::signed_value::{CLOCK_TOLERANCE, Judged, judge_claimed_time, judge_message};
use super::ranges::RangeDigests;
use crate::code::{Check, Code};
use crate::pdf_date::read_date;
use crate::report::{Findings, SignatureKind, TimeSource};

/// Forms that hold a signed message (ISO 32000-2 table 255; the national ones of vendors).
const MESSAGE_FORMS: [&str; 5] = [
    "adbe.pkcs7.detached",
    "adbe.pkcs7.sha1",
    "ETSI.CAdES.detached",
    "GM.sm2cms.detached",
    "GM.sm2seal",
];

/// The times that a signature is judged by.
#[derive(Clone, Copy)]
struct Times {
    /// Of verification.
    at: Timestamp,
    /// What the signature dictionary says.
    stated: Option<Timestamp>,
}

impl Verifier {
    /// Judges the signature value by what it is; the form that is stated has to be one that is known.
    pub(super) fn judge_pdf_value(
        &self,
        signature: &Signature,
        digests: &RangeDigests<'_>,
        at: Timestamp,
    ) -> Judged {
        let mut judged = Judged::nothing(SignatureKind::Sign);
        let Some(contents) = &signature.contents else {
            judged.findings.add(Check::Format, Code::SignedValueMissing);
            return judged;
        };
        let value = match split_padding(&contents.bytes) {
            Some(value) => value,
            None => {
                judged.findings.add(Check::Format, Code::SignedValueUnreadable);
                return judged;
            }
        };
        let Ok(range) = signature.byte_range else {
            // What it says of the file is not known, only that it does not say it of these bytes.
            judged.findings.checked(Check::Format);
            return judged;
        };
        let form = signature.sub_filter.as_deref().unwrap_or_default();
        let stated = signature.claimed_time.as_deref().and_then(read_date);
        let mut judged = if signature.is_timestamp {
            self.judge_document_timestamp(value.0, range, digests, at)
        } else if MESSAGE_FORMS.contains(&form) {
            self.judge_pdf_message(value.0, range, digests, Times { at, stated })
        } else {
            judged
                .findings
                .add_with(Check::Format, Code::PdfFormUnknown, vec![form.to_owned()]);
            judged
        };
        if !value.1.iter().all(|byte| *byte == 0) {
            judged.findings.add(Check::Format, Code::PdfPadding);
        }
        judged
    }

    fn judge_pdf_message(
        &self,
        value: &[u8],
        range: ByteRange,
        digests: &RangeDigests<'_>,
        times: Times,
    ) -> Judged {
        if SealSignature::looks_like(value)
            && let Ok(seal) = SealSignature::read(value, &self.seals)
        {
            let digest = digests.digest(HashAlgorithm::Sm3, &[], range);
            let digest = Digest(digest.try_into().unwrap_or([0; 32]));
            return self.judge_seal_signature(&seal, Some(Original { digest, bytes: None }), times.at);
        }
        let mut judged = Judged::nothing(SignatureKind::Sign);
        let signed = match SignedData::read(value) {
            Ok(signed) => signed,
            Err(error) => {
                let said = vec![error.to_string()];
                judged
                    .findings
                    .explain(Check::Format, Code::SignedValueUnreadable, Vec::new(), said);
                return judged;
            }
        };
        judge_message(&mut judged.findings, &signed);
        let known = self.known_certificates(signed.certificates());
        let hash = |algorithm: HashAlgorithm, before: &[u8]| digests.digest(algorithm, before, range);
        let signers = verify_any_signed_file(&signed, ContentHasher(&hash), &known);
        for (info, signer) in signed.signers().iter().zip(signers) {
            self.judge_pdf_signer(&mut judged, info, &signer, &known, times);
        }
        judged
    }

    fn judge_pdf_signer(
        &self,
        judged: &mut Judged,
        info: &SignerInfo,
        signer: &FileSigner,
        known: &[Certificate],
        times: Times,
    ) {
        let Times { at, stated } = times;
        let findings = &mut judged.findings;
        findings.checked(Check::DataHash);
        let known_digest = HashAlgorithm::of(info.digest_algorithm()).is_some();
        if signer.binding == FileBinding::OtherFile && known_digest {
            findings.add(Check::DataHash, Code::DataHashMismatch);
        }
        let (Some(certificate), Some(facts)) = (&signer.certificate, &signer.facts) else {
            return findings.add(Check::SealerSignature, Code::NoCertificate);
        };
        judge_faults(findings, &facts.faults());
        if let Some(encoding) = encoding_of(&facts.signature) {
            judge_encoding(findings, Check::SealerSignature, encoding);
        }
        judge_strength(
            findings,
            Check::SealerSignature,
            certificate,
            &facts.digest_algorithm,
        );
        // PAdES leaves the signing time to the signature dictionary, which is signed too (EN 319 142-1 §6.3).
        let claimed = facts.signing_time.or(stated);
        let proved = self.judge_signature_timestamp(findings, info, known);
        match proved {
            Some(proved) if claimed.is_some_and(|claimed| proved + CLOCK_TOLERANCE < claimed) => {
                findings.add_with(Check::Timestamp, Code::TimestampOrder, vec![proved.to_string()]);
            }
            Some(_) => {}
            None => judge_claimed_time(findings, claimed, at),
        }
        (judged.signed_at, judged.time_source) = match (proved, claimed) {
            (Some(_), _) => (proved, TimeSource::Timestamp),
            (None, Some(_)) => (claimed, TimeSource::Claimed),
            (None, None) => (None, TimeSource::None),
        };
        // Without any time the message is judged for the time of verification.
        let signed_at = proved.or(claimed).unwrap_or(at);
        self.judge_pdf_path(findings, certificate, known, signed_at, proved.is_some());
        judged.sealer.get_or_insert_with(|| certificate.clone());
    }

    fn judge_pdf_path(
        &self,
        findings: &mut Findings,
        leaf: &Certificate,
        known: &[Certificate],
        at: Timestamp,
        time_is_proved: bool,
    ) {
        let trust = self.trust.signers.clone().with_foreign_algorithms();
        let query = PathQuery {
            leaf,
            purpose: Purpose::Signer,
            at,
            trust: &trust,
            intermediates: known,
        };
        let report = validate(&query, &self.paths);
        judge_path(findings, Check::SealerPath, &report, !trust.is_empty());
        judge_revocation(
            findings,
            Check::SealerRevocation,
            &report.chain,
            self.lists(),
            at,
            time_is_proved,
        );
    }

    /// The time of the signature timestamp, when it proves one (ETSI EN 319 122-1 §5.3).
    fn judge_signature_timestamp(
        &self,
        findings: &mut Findings,
        info: &SignerInfo,
        known: &[Certificate],
    ) -> Option<Timestamp> {
        let attribute = info
            .unsigned_attributes()
            .iter()
            .find(|found| found.oid == oid::TIMESTAMP_TOKEN)?;
        let token = attribute.values.first().map(|value| TimestampToken::read(value));
        match token {
            Some(Ok(token)) => {
                let stamped = ContentToSign::Bytes(info.signature());
                self.judge_token(findings, Check::Timestamp, &token, stamped, known)
                    .1
            }
            Some(Err(error)) => {
                let said = vec![error.to_string()];
                findings.explain(Check::Timestamp, Code::TimestampUnreadable, Vec::new(), said);
                None
            }
            None => None,
        }
    }

    fn judge_token(
        &self,
        findings: &mut Findings,
        check: Check,
        token: &TimestampToken,
        stamped: ContentToSign<'_>,
        known: &[Certificate],
    ) -> (TimestampReport, Option<Timestamp>) {
        let trust = self.trust.tsa.clone().with_foreign_algorithms();
        let report = verify_token_over(token, stamped, &trust, known, &self.paths);
        judge_timestamp(findings, &report, !trust.is_empty());
        let lists = self.lists();
        let proved = report.verified().map(|verified| verified.gen_time());
        let mut proved = proved.filter(|time| judge_timestamp_revocation(findings, &report, lists, *time));
        if let (Some(authority), Some(signer)) = (&report.certificate, &report.signer)
            && !judge_strength(findings, check, authority, &signer.digest_algorithm)
        {
            // What anybody could have made proves no time.
            proved = None;
        }
        (report, proved)
    }

    /// A document timestamp signs the whole revision by itself (ETSI EN 319 142-1 §5.4.3).
    fn judge_document_timestamp(
        &self,
        value: &[u8],
        range: ByteRange,
        digests: &RangeDigests<'_>,
        at: Timestamp,
    ) -> Judged {
        let mut judged = Judged::nothing(SignatureKind::Sign);
        let findings = &mut judged.findings;
        findings.checked(Check::Format);
        findings.checked(Check::DataHash);
        let token = match TimestampToken::read(value) {
            Ok(token) => token,
            Err(error) => {
                let said = vec![error.to_string()];
                findings.explain(Check::Timestamp, Code::TimestampUnreadable, Vec::new(), said);
                return judged;
            }
        };
        if HashAlgorithm::of(token.info().imprint.algorithm).is_some_and(HashAlgorithm::is_weak) {
            findings.add(Check::DataHash, Code::WeakAlgorithm);
        }
        let known = self.known_certificates(&[]);
        let hash = |algorithm: HashAlgorithm, before: &[u8]| digests.digest(algorithm, before, range);
        let stamped = ContentToSign::Hashed(ContentHasher(&hash));
        let (report, proved) = self.judge_token(findings, Check::SealerSignature, &token, stamped, &known);
        let stated = token.gen_time();
        judged.signed_at = Some(stated);
        judged.time_source = match proved {
            Some(_) => TimeSource::Timestamp,
            None => TimeSource::Claimed,
        };
        if stated > at + CLOCK_TOLERANCE {
            findings.add_with(Check::Timestamp, Code::TimeInFuture, vec![stated.to_string()]);
        }
        judged.sealer = report.certificate;
        judged
    }

    fn known_certificates(&self, carried: &[Certificate]) -> Vec<Certificate> {
        carried.iter().chain(&self.intermediates).cloned().collect()
    }
}

/// What this program does not compute is left open; everything else is judged as in other messages.
fn judge_faults(findings: &mut Findings, faults: &[SignerFault]) {
    let unsupported = |fault: &&SignerFault| {
        matches!(
            fault,
            SignerFault::SignatureUnknown(_) | SignerFault::DigestUnknown(_)
        )
    };
    let open: Vec<String> = faults
        .iter()
        .filter(unsupported)
        .map(ToString::to_string)
        .collect();
    if open.is_empty() {
        return judge_signer(findings, faults);
    }
    findings.explain(
        Check::SealerSignature,
        Code::AlgorithmUnsupported,
        Vec::new(),
        open,
    );
    let others = faults
        .iter()
        .filter(|fault| !unsupported(fault) && **fault != SignerFault::ContentNotChecked);
    judge_signer(findings, &others.copied().collect::<Vec<_>>());
}

/// Broken digests and short keys hold as arithmetic, and prove little. True when there are none.
fn judge_strength(
    findings: &mut Findings,
    check: Check,
    certificate: &Certificate,
    digest: &DigestAlgorithm,
) -> bool {
    let mut weak = Vec::new();
    if let DigestAlgorithm::Foreign(hash) = digest
        && hash.is_weak()
    {
        weak.push(format!("{hash:?}"));
    }
    if foreign_key(certificate).is_some_and(|key| key.is_weak()) {
        weak.push("RSA < 2048".to_owned());
    }
    if !weak.is_empty() {
        findings.add_with(check, Code::WeakAlgorithm, weak);
        return false;
    }
    true
}

/// The signature value and what stands behind it in its place.
fn split_padding(contents: &[u8]) -> Option<(&[u8], &[u8])> {
    pki::asn1::split_first(contents, "signature value").ok()
}
