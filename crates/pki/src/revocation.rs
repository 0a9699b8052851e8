//! Whether a certificate was revoked, as far as revocation lists tell.

use std::fmt;

use const_oid::ObjectIdentifier;
use jiff::Timestamp;

use crate::crl::Scope;
use crate::foreign::verify_signed;
use crate::{Algorithm, Certificate, Crl, KeyUsage, OcspResponse, foreign_key};

/// certificateHold: the only reason that can be taken back (RFC 5280 §5.3.1).
const CERTIFICATE_HOLD: u8 = 6;
/// removeFromCRL: an entry of delta lists that takes a hold back.
const REMOVE_FROM_CRL: u8 = 8;

/// What the lists say about a certificate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Revocation {
    /// Not revoked, by a list that speaks for the asked time.
    Good {
        /// When that list was issued.
        this_update: Timestamp,
    },
    /// Revoked. Whether that was before or after a signature is for the caller to judge.
    Revoked {
        /// When the CA revoked it.
        at: Timestamp,
        /// The reason (RFC 5280 §5.3.1), when the list names one; 6 (certificateHold) may be taken back later.
        reason: Option<u8>,
    },
    /// No list answers.
    Unknown {
        /// Why the list that came nearest does not.
        why: UnknownWhy,
    },
}

/// Why a list does not answer; ordered from the farthest to the nearest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum UnknownWhy {
    /// The certificate that was given as issuer does not have the issuer's name.
    NotItsIssuer,
    /// There is no list of this issuer.
    NoList,
    /// The issuer's public key cannot be used.
    BadIssuerKey,
    /// The issuer's key usage does not allow cRLSign.
    IssuerMayNotSign,
    /// The list is signed with an algorithm that is not verified here.
    AlgorithmUnknown {
        /// The algorithm.
        algorithm: ObjectIdentifier,
    },
    /// The list's signature does not hold under the issuer's key.
    SignatureInvalid,
    /// The OCSP response is not signed by the issuer, nor by somebody whom it certified for that.
    ResponderNotAuthorised,
    /// The OCSP responder does not know the certificate.
    ResponderDoesNotKnow,
    /// The list may speak for other issuers too, which is not supported.
    Indirect,
    /// The list has a critical extension that is not understood.
    UnknownCriticalExtension {
        /// The extension.
        oid: ObjectIdentifier,
    },
    /// The list is only a difference to another one, which is not supported.
    Delta,
    /// The list speaks for other certificates of the issuer.
    OutOfScope,
    /// The list names only some reasons.
    OnlySomeReasons,
    /// The list was issued before the asked time, and a newer one was due by then.
    Stale {
        /// When a newer one was due; `None` when the list does not say.
        next_update: Option<Timestamp>,
    },
    /// The list was issued after the certificate had expired, when its entry may already have been removed.
    IssuedAfterExpiry {
        /// When the certificate expired.
        not_after: Timestamp,
    },
}

/// Asks `crls` about `certificate`, whose issuer is `issuer`: the next certificate of its path, already judged.
///
/// `at` is the time the answer is wanted for. A list answers "good" when it was current at `at`, or was issued
/// later but before the certificate expired. "Revoked" stands whatever the age of the list, unless a newer list
/// takes a hold back. Lists of other issuers are passed over, also those of another key of the same issuer, if
/// their key identifier says so.
pub fn revocation(
    certificate: &Certificate,
    issuer: &Certificate,
    crls: &[Crl],
    at: Timestamp,
) -> Revocation {
    revocation_by(certificate, issuer, crls, &[], at)
}

/// As [`revocation`], asking OCSP responses too (RFC 6960). A response counts when the issuer signed it, or somebody
/// whom the issuer certified for OCSP (§4.2.2.2); it is fresh under the rules for lists.
pub fn revocation_by(
    certificate: &Certificate,
    issuer: &Certificate,
    crls: &[Crl],
    responses: &[OcspResponse],
    at: Timestamp,
) -> Revocation {
    if certificate.issuer() != issuer.subject() {
        return Revocation::Unknown {
            why: UnknownWhy::NotItsIssuer,
        };
    }
    let own = crls
        .iter()
        .filter(|crl| crl.issuer() == issuer.subject() && !is_of_another_key(crl, issuer));
    let answers: Vec<(Timestamp, Revocation)> = own
        .map(|crl| (crl.this_update(), ask(certificate, issuer, crl, at)))
        .chain(
            responses
                .iter()
                .filter_map(|response| response.ask(certificate, issuer, crls, at)),
        )
        .collect();
    let good = latest(&answers, |answer| matches!(answer, Revocation::Good { .. }));
    let revoked = answers.iter().filter(|(issued, answer)| match answer {
        Revocation::Revoked {
            reason: Some(CERTIFICATE_HOLD),
            ..
        } => good.is_none_or(|(newer, _)| issued >= newer),
        Revocation::Revoked { .. } => true,
        _ => false,
    });
    // The earliest date counts: a CA that later names another one has known of it before.
    let revoked = revoked
        .map(|(_, answer)| answer)
        .min_by_key(|answer| match answer {
            Revocation::Revoked { at, .. } => *at,
            _ => Timestamp::MAX,
        });
    if let Some(answer) = revoked.or(good.map(|(_, answer)| answer)) {
        return answer.clone();
    }
    let why = answers.into_iter().filter_map(|(_, answer)| match answer {
        Revocation::Unknown { why } => Some(why),
        _ => None,
    });
    Revocation::Unknown {
        why: why.max().unwrap_or(UnknownWhy::NoList),
    }
}

fn is_of_another_key(crl: &Crl, issuer: &Certificate) -> bool {
    match (crl.authority_key_identifier(), issuer.subject_key_identifier()) {
        (Some(wanted), Some(found)) => wanted != found,
        _ => false,
    }
}

/// The answer of the newest list among those that pass.
fn latest(
    answers: &[(Timestamp, Revocation)],
    pass: impl Fn(&Revocation) -> bool,
) -> Option<&(Timestamp, Revocation)> {
    answers
        .iter()
        .filter(|(_, answer)| pass(answer))
        .max_by_key(|(issued, _)| *issued)
}

/// The answer of one list of the issuer.
fn ask(certificate: &Certificate, issuer: &Certificate, crl: &Crl, at: Timestamp) -> Revocation {
    let scope = crl.scope();
    if let Some(why) = not_authentic(issuer, crl).or_else(|| not_understood(scope)) {
        return Revocation::Unknown { why };
    }
    let entries = crl
        .find(certificate.serial())
        .filter(|entry| entry.reason != Some(REMOVE_FROM_CRL));
    // A final revocation outweighs a hold.
    let entry = entries.min_by_key(|entry| (entry.reason == Some(CERTIFICATE_HOLD), entry.at));
    if let Some(entry) = entry {
        return Revocation::Revoked {
            at: entry.at,
            reason: entry.reason,
        };
    }
    match not_conclusive(certificate, crl, at) {
        Some(why) => Revocation::Unknown { why },
        None => Revocation::Good {
            this_update: crl.this_update(),
        },
    }
}

/// Why the list is not known to come from the issuer.
fn not_authentic(issuer: &Certificate, crl: &Crl) -> Option<UnknownWhy> {
    if issuer.public_key().is_err() && foreign_key(issuer).is_none() {
        return Some(UnknownWhy::BadIssuerKey);
    }
    if issuer
        .key_usage()
        .is_some_and(|usage| !usage.allows_any(KeyUsage::CRL_SIGN))
    {
        return Some(UnknownWhy::IssuerMayNotSign);
    }
    let holds = match (crl.signature_algorithm(), issuer.public_key()) {
        (Algorithm::Other(algorithm), _) => match verify_signed(crl.der(), issuer) {
            Some(holds) => holds,
            None => return Some(UnknownWhy::AlgorithmUnknown { algorithm }),
        },
        (Algorithm::Sm2Sm3, Ok(key)) => crl.verify_issued_by(key).is_ok(),
        (Algorithm::Sm2Sm3, Err(_)) => false,
    };
    (!holds).then_some(UnknownWhy::SignatureInvalid)
}

/// Why not even an entry of the list could be believed.
fn not_understood(scope: &Scope) -> Option<UnknownWhy> {
    if scope.indirect {
        return Some(UnknownWhy::Indirect);
    }
    scope
        .unknown_critical
        .map(|oid| UnknownWhy::UnknownCriticalExtension { oid })
}

/// Why the absence of an entry says nothing.
fn not_conclusive(certificate: &Certificate, crl: &Crl, at: Timestamp) -> Option<UnknownWhy> {
    let scope = crl.scope();
    if scope.delta {
        return Some(UnknownWhy::Delta);
    }
    if !covers(scope, certificate) {
        return Some(UnknownWhy::OutOfScope);
    }
    if scope.only_some_reasons {
        return Some(UnknownWhy::OnlySomeReasons);
    }
    if crl.this_update() < at && crl.next_update().is_none_or(|next| next < at) {
        return Some(UnknownWhy::Stale {
            next_update: crl.next_update(),
        });
    }
    let not_after = certificate.not_after();
    (crl.this_update() > not_after).then_some(UnknownWhy::IssuedAfterExpiry { not_after })
}

/// Whether the list speaks for this kind of certificate and for its distribution point.
fn covers(scope: &Scope, certificate: &Certificate) -> bool {
    let is_ca = certificate
        .basic_constraints()
        .is_some_and(|constraints| constraints.ca);
    let excluded = if is_ca {
        scope.only_user_certificates
    } else {
        scope.only_ca_certificates
    };
    if excluded || scope.only_attribute_certificates {
        return false;
    }
    let points = &certificate.known().distribution_points;
    scope
        .points
        .as_ref()
        .is_none_or(|names| names.iter().any(|name| points.contains(name)))
}

impl UnknownWhy {
    /// A stable name for programs.
    pub fn code(&self) -> &'static str {
        match self {
            Self::NotItsIssuer => "not_its_issuer",
            Self::NoList => "no_list",
            Self::BadIssuerKey => "bad_issuer_key",
            Self::IssuerMayNotSign => "issuer_may_not_sign",
            Self::AlgorithmUnknown { .. } => "algorithm_unknown",
            Self::SignatureInvalid => "signature_invalid",
            Self::ResponderNotAuthorised => "responder_not_authorised",
            Self::ResponderDoesNotKnow => "responder_does_not_know",
            Self::Indirect => "indirect",
            Self::UnknownCriticalExtension { .. } => "unknown_critical_extension",
            Self::Delta => "delta",
            Self::OutOfScope => "out_of_scope",
            Self::OnlySomeReasons => "only_some_reasons",
            Self::Stale { .. } => "stale",
            Self::IssuedAfterExpiry { .. } => "issued_after_expiry",
        }
    }
}

impl fmt::Display for UnknownWhy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotItsIssuer => f.write_str("the certificate was not issued under this issuer's name"),
            Self::NoList => f.write_str("there is no revocation list of the issuer"),
            Self::BadIssuerKey => f.write_str("the issuer's public key cannot be used"),
            Self::IssuerMayNotSign => f.write_str("the issuer's key usage does not allow cRLSign"),
            Self::AlgorithmUnknown { algorithm } => {
                write!(
                    f,
                    "the revocation list is signed with {algorithm}, which is not verified"
                )
            }
            Self::SignatureInvalid => f.write_str("the revocation list was not signed by the issuer"),
            Self::ResponderNotAuthorised => {
                f.write_str("the OCSP response was not signed by the issuer or a responder of it")
            }
            Self::ResponderDoesNotKnow => f.write_str("the OCSP responder does not know the certificate"),
            Self::Indirect => f.write_str("the revocation list is indirect, which is not supported"),
            Self::UnknownCriticalExtension { oid } => {
                write!(
                    f,
                    "the revocation list has the critical extension {oid}, which is not understood"
                )
            }
            Self::Delta => f.write_str("the revocation list is a delta, which is not supported"),
            Self::OutOfScope => f.write_str("the revocation list speaks for other certificates"),
            Self::OnlySomeReasons => f.write_str("the revocation list names only some reasons"),
            Self::Stale {
                next_update: Some(next),
            } => {
                write!(f, "the revocation list is stale: a newer one was due {next}")
            }
            Self::Stale { next_update: None } => f.write_str(
                "the revocation list is older than the asked time and does not say how long it holds",
            ),
            Self::IssuedAfterExpiry { not_after } => {
                write!(
                    f,
                    "the revocation list was issued after the certificate had expired ({not_after})"
                )
            }
        }
    }
}
