//! From what `pki` found about certificates and timestamps to reasons.

use jiff::Timestamp;
use pki::{
    Certificate, Crl, KeyFault, OcspResponse, PathFault, PathReport, Revocation, SignatureFact, SignerFault,
    TimestampFault, TimestampReport, revocation_by,
};

use crate::code::{Check, Code};
use crate::report::Findings;

/// Reasons (RFC 5280 §5.3.1: unspecified, affiliationChanged, superseded, cessationOfOperation) that leave older
/// timestamps in force; after any other one, or none, everything that the key stamped is void (RFC 3161 §4).
const HARMLESS_REASONS: [u8; 4] = [0, 3, 4, 5];

/// What says whether certificates were revoked.
#[derive(Clone, Copy)]
pub(super) struct Lists<'a> {
    pub(super) crls: &'a [Crl],
    pub(super) responses: &'a [OcspResponse],
}

impl Lists<'_> {
    pub(super) fn ask(self, certificate: &Certificate, issuer: &Certificate, at: Timestamp) -> Revocation {
        revocation_by(certificate, issuer, self.crls, self.responses, at)
    }
}

/// Judges a path; `trusts_anyone` is false when the caller gave no anchors for this purpose.
pub(super) fn judge_path(findings: &mut Findings, check: Check, report: &PathReport, trusts_anyone: bool) {
    findings.checked(check);
    if !trusts_anyone {
        findings.add(check, Code::NoTrustAnchors);
    }
    for fault in &report.faults {
        let code = match fault {
            PathFault::UntrustedSelfSigned { .. } | PathFault::NoIssuer { .. } if !trusts_anyone => continue,
            fault => path_code(fault),
        };
        explain_path(findings, check, code, fault);
    }
}

/// Names the certificate concerned.
fn explain_path(findings: &mut Findings, check: Check, code: Code, fault: &PathFault) {
    let subject = fault.certificate().subject().to_string();
    findings.explain(check, code, vec![subject], vec![fault.to_string()]);
}

fn path_code(fault: &PathFault) -> Code {
    match fault {
        PathFault::UntrustedSelfSigned { .. } => Code::Untrusted,
        PathFault::NoIssuer { .. } => Code::PathNotFound,
        PathFault::SignatureInvalid { .. } => Code::PathSignatureInvalid,
        PathFault::AlgorithmUnknown { .. } => Code::CertificateAlgorithm,
        PathFault::BadPublicKey {
            fault: KeyFault::NotSm2 { .. },
            ..
        } => Code::CertificateAlgorithm,
        PathFault::BadPublicKey { .. } => Code::KeyInvalid,
        PathFault::Expired { .. } => Code::CertificateExpired,
        PathFault::NotYetValid { .. } => Code::CertificateNotYetValid,
        PathFault::NotCa { .. } | PathFault::PathLengthExceeded { .. } => Code::IssuerNotCa,
        PathFault::KeyUsageMissing { .. }
        | PathFault::ExtendedKeyUsageMissing { .. }
        | PathFault::ExtendedKeyUsageMixed { .. } => Code::KeyUsageMissing,
        PathFault::LimitReached { .. } => Code::PathLimit,
        _ => Code::CertificateConstraint,
    }
}

/// Judges revocation of every certificate of `chain` below its anchor.
///
/// A certificate that was revoked after signing does not harm the signature when a timestamp proves the order;
/// without one, whoever holds the revoked key could have set an earlier time.
pub(super) fn judge_revocation(
    findings: &mut Findings,
    check: Check,
    chain: &[pki::Certificate],
    lists: Lists<'_>,
    signed_at: Timestamp,
    time_is_proved: bool,
) {
    for (index, pair) in chain.windows(2).enumerate() {
        findings.checked(check);
        let [certificate, issuer] = pair else { continue };
        let subject = certificate.subject();
        match lists.ask(certificate, issuer, signed_at) {
            Revocation::Good { .. } => {}
            Revocation::Revoked { at, .. } => {
                let code = match (at <= signed_at, time_is_proved) {
                    (true, _) => Code::RevokedBefore,
                    (false, true) => Code::RevokedAfter,
                    (false, false) => Code::RevokedNoProof,
                };
                findings.add_with(check, code, vec![format!("{subject}: {at}")]);
            }
            Revocation::Unknown { why } if index == 0 => {
                findings.explain(check, Code::RevocationUnknown, Vec::new(), vec![why.to_string()]);
            }
            Revocation::Unknown { .. } => {}
        }
    }
}

/// Judges a timestamp; whether its authority was revoked follows.
pub(super) fn judge_timestamp(findings: &mut Findings, report: &TimestampReport, trusts_anyone: bool) {
    let check = Check::Timestamp;
    findings.checked(check);
    for fault in report.faults() {
        match fault {
            TimestampFault::Path(_) => {}
            TimestampFault::ImprintDiffers => findings.add(check, Code::TimestampImprint),
            TimestampFault::NoCertificate => findings.add(check, Code::TimestampUntrusted),
            _ => findings.add_with(check, Code::TimestampInvalid, vec![fault.code().into()]),
        }
    }
    if let Some(path) = &report.path {
        judge_timestamp_path(findings, path, trusts_anyone);
    }
}

/// Judges revocation of the authority that stated `time`, and of those above it. True when the timestamp still
/// counts: nothing was revoked, or later and for one of [`HARMLESS_REASONS`].
pub(super) fn judge_timestamp_revocation(
    findings: &mut Findings,
    report: &TimestampReport,
    lists: Lists<'_>,
    time: Timestamp,
) -> bool {
    let mut counts = true;
    let chain = report.path.iter().flat_map(|path| path.chain.windows(2));
    for (index, pair) in chain.enumerate() {
        let [certificate, issuer] = pair else { continue };
        match lists.ask(certificate, issuer, time) {
            Revocation::Good { .. } => {}
            Revocation::Revoked { at, reason } => {
                let harmless = at > time && reason.is_some_and(|reason| HARMLESS_REASONS.contains(&reason));
                counts &= harmless;
                let code = if harmless {
                    Code::TimestampAuthorityEnded
                } else {
                    Code::TimestampRevoked
                };
                let detail = format!("{}: {at}", certificate.subject());
                findings.add_with(Check::Timestamp, code, vec![detail]);
            }
            Revocation::Unknown { why } if index == 0 => {
                let said = vec![why.to_string()];
                findings.explain(Check::Timestamp, Code::RevocationUnknown, Vec::new(), said);
            }
            Revocation::Unknown { .. } => {}
        }
    }
    counts
}

/// An authority that is merely unknown leaves the time unproved; one that is unfit makes the timestamp bad.
fn judge_timestamp_path(findings: &mut Findings, path: &PathReport, trusts_anyone: bool) {
    for fault in &path.faults {
        let code = match fault {
            PathFault::NoIssuer { .. } | PathFault::LimitReached { .. } => Code::TimestampUntrusted,
            PathFault::UntrustedSelfSigned { .. } if !trusts_anyone => Code::TimestampUntrusted,
            _ => Code::TimestampInvalid,
        };
        explain_path(findings, Check::Timestamp, code, fault);
    }
}

/// Judges the signature of a signed message (GB/T 35275).
pub(super) fn judge_signer(findings: &mut Findings, faults: &[SignerFault]) {
    findings.checked(Check::SealerSignature);
    findings.checked(Check::DataHash);
    for fault in faults {
        let (check, code) = match fault {
            SignerFault::MessageDigestDiffers => (Check::DataHash, Code::DataHashMismatch),
            SignerFault::WeakDigest(_) => (Check::DataHash, Code::WeakDigest),
            SignerFault::DigestUnknown(_) => (Check::DataHash, Code::DigestUnknown),
            SignerFault::SignatureUnknown(_) => (Check::SealerSignature, Code::AlgorithmUnknown),
            SignerFault::BadKey(_) => (Check::SealerSignature, Code::KeyInvalid),
            _ => (Check::SealerSignature, Code::SignatureInvalid),
        };
        findings.add_with(check, code, vec![fault.code().into()]);
    }
}

/// Notes how a signature value that holds was written.
pub(super) fn judge_encoding(findings: &mut Findings, check: Check, encoding: gm::SignatureEncoding) {
    use gm::SignatureEncoding as Encoding;
    let code = match encoding {
        Encoding::Der => return,
        Encoding::Raw | Encoding::NonMinimalInteger => Code::SignatureEncodingTolerated,
        Encoding::NegativeInteger | Encoding::TrailingZeroStripped => Code::SignatureEncodingDeviates,
    };
    findings.add_with(check, code, vec![format!("{encoding:?}")]);
}

/// The encoding of a signature that holds.
pub(super) fn encoding_of(fact: &SignatureFact) -> Option<gm::SignatureEncoding> {
    match fact {
        SignatureFact::Valid(encoding) => Some(*encoding),
        _ => None,
    }
}
