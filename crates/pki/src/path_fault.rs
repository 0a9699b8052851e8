//! What can be wrong with a certification path, each fact on its own.

use const_oid::ObjectIdentifier;
use jiff::Timestamp;

use crate::{Certificate, KeyFault, KeyUsage, Name};

/// One reason why a path is not verified; names the certificate concerned and carries the values.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PathFault {
    /// The path ends in a certificate that signed itself and is no anchor.
    #[error("{} signed itself and is not trusted", .certificate.subject())]
    UntrustedSelfSigned {
        /// The certificate concerned.
        certificate: Certificate,
    },
    /// No certificate of the issuer is known.
    #[error("no certificate of {issuer} is known, which issued {}", .certificate.subject())]
    NoIssuer {
        /// The certificate concerned.
        certificate: Certificate,
        /// The issuer's name.
        issuer: Name,
    },
    /// The issuer did not sign it.
    #[error("{} was not signed with the key of {}", .certificate.subject(), .issuer.subject())]
    SignatureInvalid {
        /// The certificate concerned.
        certificate: Certificate,
        /// The one that bears the issuer's name.
        issuer: Certificate,
    },
    /// It is signed with an algorithm that is not verified here.
    #[error("{} is signed with {algorithm}, which is not verified", .certificate.subject())]
    AlgorithmUnknown {
        /// The certificate concerned.
        certificate: Certificate,
        /// The algorithm.
        algorithm: ObjectIdentifier,
    },
    /// Its public key cannot be used.
    #[error("{}: {fault}", .certificate.subject())]
    BadPublicKey {
        /// The certificate concerned.
        certificate: Certificate,
        /// What is wrong with the key.
        fault: KeyFault,
    },
    /// It had expired at the asked time.
    #[error("{} expired on {not_after}", .certificate.subject())]
    Expired {
        /// The certificate concerned.
        certificate: Certificate,
        /// End of its validity.
        not_after: Timestamp,
        /// The asked time.
        at: Timestamp,
    },
    /// Its validity had not begun at the asked time.
    #[error("{} is not valid before {not_before}", .certificate.subject())]
    NotYetValid {
        /// The certificate concerned.
        certificate: Certificate,
        /// Start of its validity.
        not_before: Timestamp,
        /// The asked time.
        at: Timestamp,
    },
    /// It stands as an issuer but is no CA: basicConstraints with cA is missing (RFC 5280 §6.1.4 (k)).
    #[error("{} issued a certificate but is no CA", .certificate.subject())]
    NotCa {
        /// The certificate concerned.
        certificate: Certificate,
    },
    /// More CA certificates stand below it than it allows (RFC 5280 §6.1.4 (l)).
    #[error("{} allows {allowed} CA certificates below it, there are {found}", .certificate.subject())]
    PathLengthExceeded {
        /// The certificate concerned.
        certificate: Certificate,
        /// How many it allows.
        allowed: u32,
        /// How many there are.
        found: u32,
    },
    /// Its key usage does not allow what it is used for.
    #[error("{} may not be used for {needed}, only for {found}", .certificate.subject())]
    KeyUsageMissing {
        /// The certificate concerned.
        certificate: Certificate,
        /// The usages of which at least one is needed.
        needed: KeyUsage,
        /// The usages it has.
        found: KeyUsage,
    },
    /// Its extended key usage does not name the needed purpose.
    #[error("{} does not have the extended key usage {needed}", .certificate.subject())]
    ExtendedKeyUsageMissing {
        /// The certificate concerned.
        certificate: Certificate,
        /// The needed purpose.
        needed: ObjectIdentifier,
    },
    /// A timestamp authority's certificate names other purposes beside timeStamping (RFC 3161 §2.3).
    #[error("{} has the extended key usage {other} beside timeStamping", .certificate.subject())]
    ExtendedKeyUsageMixed {
        /// The certificate concerned.
        certificate: Certificate,
        /// One of the other purposes.
        other: ObjectIdentifier,
    },
    /// It has a critical extension that is not understood (RFC 5280 §4.2).
    #[error("{} has the critical extension {oid}, which is not understood", .certificate.subject())]
    UnknownCriticalExtension {
        /// The certificate concerned.
        certificate: Certificate,
        /// The extension.
        oid: ObjectIdentifier,
    },
    /// An extension of a known kind cannot be read, or stands twice (RFC 5280 §4.2).
    #[error("the extension {oid} of {} cannot be read or stands twice", .certificate.subject())]
    BadExtension {
        /// The certificate concerned.
        certificate: Certificate,
        /// The extension.
        oid: ObjectIdentifier,
    },
    /// A name is not one that a CA above may give (RFC 5280 §4.2.1.10), or is of a kind that cannot be judged.
    #[error("{} bears a name that {} may not give: {name}", .certificate.subject(), .by.subject())]
    NameConstraintViolated {
        /// The certificate concerned.
        certificate: Certificate,
        /// The CA certificate with the constraint.
        by: Certificate,
        /// The name, or its kind.
        name: String,
    },
    /// Building the path took more than is allowed.
    #[error("the path of {} takes more than {max} {what}", .certificate.subject())]
    LimitReached {
        /// The certificate that was reached.
        certificate: Certificate,
        /// What was counted.
        what: &'static str,
        /// The limit.
        max: usize,
    },
}

impl PathFault {
    /// A stable name for programs.
    pub fn code(&self) -> &'static str {
        match self {
            Self::UntrustedSelfSigned { .. } => "untrusted_self_signed",
            Self::NoIssuer { .. } => "no_issuer",
            Self::SignatureInvalid { .. } => "signature_invalid",
            Self::AlgorithmUnknown { .. } => "algorithm_unknown",
            Self::BadPublicKey { .. } => "bad_public_key",
            Self::Expired { .. } => "expired",
            Self::NotYetValid { .. } => "not_yet_valid",
            Self::NotCa { .. } => "not_ca",
            Self::PathLengthExceeded { .. } => "path_length_exceeded",
            Self::KeyUsageMissing { .. } => "key_usage_missing",
            Self::ExtendedKeyUsageMissing { .. } => "extended_key_usage_missing",
            Self::ExtendedKeyUsageMixed { .. } => "extended_key_usage_mixed",
            Self::UnknownCriticalExtension { .. } => "unknown_critical_extension",
            Self::BadExtension { .. } => "bad_extension",
            Self::NameConstraintViolated { .. } => "name_constraint_violated",
            Self::LimitReached { .. } => "limit_reached",
        }
    }

    /// The certificate concerned.
    pub fn certificate(&self) -> &Certificate {
        match self {
            Self::UntrustedSelfSigned { certificate }
            | Self::NoIssuer { certificate, .. }
            | Self::SignatureInvalid { certificate, .. }
            | Self::AlgorithmUnknown { certificate, .. }
            | Self::BadPublicKey { certificate, .. }
            | Self::Expired { certificate, .. }
            | Self::NotYetValid { certificate, .. }
            | Self::NotCa { certificate }
            | Self::PathLengthExceeded { certificate, .. }
            | Self::KeyUsageMissing { certificate, .. }
            | Self::ExtendedKeyUsageMissing { certificate, .. }
            | Self::ExtendedKeyUsageMixed { certificate, .. }
            | Self::UnknownCriticalExtension { certificate, .. }
            | Self::BadExtension { certificate, .. }
            | Self::NameConstraintViolated { certificate, .. }
            | Self::LimitReached { certificate, .. } => certificate,
        }
    }
}
