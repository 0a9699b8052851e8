//! What a time-stamp token proves.

use std::fmt;
use std::time::Duration;

use const_oid::ObjectIdentifier;
use jiff::Timestamp;

use crate::signed_file::probable_certificate;
use crate::{
    Certificate, CmsDeviation, ContentToSign, DigestAlgorithm, Fact, HashAlgorithm, PathCache, PathFault,
    PathQuery, PathReport, Purpose, SignerFacts, SignerFault, TimeDeviation, TimestampToken, TrustStore,
    TsaName, VerifiedPath, oid, validate, verify_any_signer, verify_signer,
};

/// What was found about a token, each fact on its own.
#[derive(Clone, Debug)]
pub struct TimestampReport {
    /// The imprint is the SM3 value of what should have been stamped.
    pub imprint: ImprintFact,
    /// The authority's certificate: the one that the token names; else the only one in it.
    pub certificate: Option<Certificate>,
    /// The signature, the attributes, the ESS certificate identifier; none without a certificate.
    pub signer: Option<SignerFacts>,
    /// The name in the token is the certificate's subject.
    pub tsa: Fact,
    /// The path to an anchor at the time stated; none without a certificate.
    pub path: Option<PathReport>,
    /// What was tolerated.
    pub deviations: Vec<TimestampDeviation>,
    /// Critical extensions of the statement; none is known here.
    pub critical_extensions: Vec<ObjectIdentifier>,
    verified: Option<VerifiedTimestamp>,
}

/// Whether a token is about what it should be about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ImprintFact {
    /// The imprint is the SM3 value.
    Matches,
    /// It is not.
    Differs,
    /// The imprint is made with a broken algorithm.
    WeakDigest(ObjectIdentifier),
    /// The imprint is made with another algorithm than SM3.
    Unknown(ObjectIdentifier),
}

/// What differs from the standard's form and was tolerated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TimestampDeviation {
    /// In the signed message.
    Cms(CmsDeviation),
    /// In the writing of the time stated.
    Time(TimeDeviation),
    /// The extended key usage of the authority is not critical (RFC 3161 §2.3).
    ExtendedKeyUsageNotCritical,
    /// The authority's key has other extended usages beside time stamping (RFC 3161 §2.3).
    ExtendedKeyUsageNotSole,
}

impl TimestampDeviation {
    /// A stable name.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Cms(deviation) => deviation.code(),
            Self::Time(_) => "timestamp_time_form",
            Self::ExtendedKeyUsageNotCritical => "timestamp_eku_not_critical",
            Self::ExtendedKeyUsageNotSole => "timestamp_eku_not_sole",
        }
    }
}

impl fmt::Display for TimestampDeviation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Cms(deviation) => deviation.fmt(f),
            Self::Time(deviation) => deviation.fmt(f),
            Self::ExtendedKeyUsageNotCritical => f.write_str("the key usage timeStamping is not critical"),
            Self::ExtendedKeyUsageNotSole => f.write_str("the key has other purposes than time stamping"),
        }
    }
}

/// What stands against a token.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TimestampFault {
    /// The token is about something else.
    #[error("the token is about something else")]
    ImprintDiffers,
    /// The imprint is made with a broken algorithm.
    #[error("the token is about a digest of the broken algorithm {0}")]
    ImprintWeakDigest(ObjectIdentifier),
    /// The imprint is made with another algorithm than SM3.
    #[error("the token is about a digest of algorithm {0}, not SM3")]
    ImprintDigestUnknown(ObjectIdentifier),
    /// The certificate of the authority is not at hand.
    #[error("the certificate of the time-stamp authority is not at hand")]
    NoCertificate,
    /// The signature or its attributes.
    #[error("{0}")]
    Signer(SignerFault),
    /// There is no ESS certificate identifier, which every token must have.
    #[error("the token does not say which certificate signed it")]
    SigningCertificateMissing,
    /// The name in the token is not the certificate's.
    #[error("the token names another authority than its certificate")]
    TsaDiffers,
    /// An extension that a verifier must know or refuse.
    #[error("the token has the critical extension {0}, which is not known here")]
    UnknownCriticalExtension(ObjectIdentifier),
    /// The way to a trusted anchor.
    #[error("{0}")]
    Path(PathFault),
}

impl TimestampFault {
    /// A stable name.
    pub fn code(&self) -> &'static str {
        match self {
            Self::ImprintDiffers => "timestamp_imprint_differs",
            Self::ImprintWeakDigest(_) => "timestamp_imprint_weak_digest",
            Self::ImprintDigestUnknown(_) => "timestamp_imprint_digest_unknown",
            Self::NoCertificate => "timestamp_no_certificate",
            Self::Signer(fault) => fault.code(),
            Self::SigningCertificateMissing => "timestamp_signing_certificate_missing",
            Self::TsaDiffers => "timestamp_tsa_differs",
            Self::UnknownCriticalExtension(_) => "timestamp_unknown_critical_extension",
            Self::Path(fault) => fault.code(),
        }
    }
}

/// Proof that a trusted authority stated a time for what was stamped. Only [`verify_token`] makes it.
#[derive(Clone, Debug)]
pub struct VerifiedTimestamp {
    gen_time: Timestamp,
    accuracy: Option<Duration>,
    path: VerifiedPath,
}

impl VerifiedTimestamp {
    /// The time stated.
    pub fn gen_time(&self) -> Timestamp {
        self.gen_time
    }

    /// By how much it may be wrong, if the authority says.
    pub fn accuracy(&self) -> Option<Duration> {
        self.accuracy
    }

    /// The way from the authority to its anchor.
    pub fn path(&self) -> &VerifiedPath {
        &self.path
    }
}

impl TimestampReport {
    /// The proof, when nothing stands against the token.
    pub fn verified(&self) -> Option<&VerifiedTimestamp> {
        self.verified.as_ref()
    }

    /// Whether the token was signed, as it is, for what was stamped. Says nothing about trust.
    pub fn is_intact(&self) -> bool {
        self.faults()
            .iter()
            .all(|fault| matches!(fault, TimestampFault::Path(_)))
    }

    /// Everything that stands against the token.
    pub fn faults(&self) -> Vec<TimestampFault> {
        let mut faults = Vec::new();
        match self.imprint {
            ImprintFact::Matches => {}
            ImprintFact::Differs => faults.push(TimestampFault::ImprintDiffers),
            ImprintFact::WeakDigest(algorithm) => faults.push(TimestampFault::ImprintWeakDigest(algorithm)),
            ImprintFact::Unknown(algorithm) => faults.push(TimestampFault::ImprintDigestUnknown(algorithm)),
        }
        match &self.signer {
            None => faults.push(TimestampFault::NoCertificate),
            Some(signer) => {
                faults.extend(signer.faults().into_iter().map(TimestampFault::Signer));
                if signer.signing_certificate == Fact::Absent {
                    faults.push(TimestampFault::SigningCertificateMissing);
                }
            }
        }
        if self.tsa == Fact::Fails {
            faults.push(TimestampFault::TsaDiffers);
        }
        faults.extend(
            self.critical_extensions
                .iter()
                .copied()
                .map(TimestampFault::UnknownCriticalExtension),
        );
        if let Some(path) = &self.path {
            faults.extend(path.faults.iter().cloned().map(TimestampFault::Path));
        }
        faults
    }
}

/// Checks a token over `stamped`, by its SM3 value, with the path of the authority at the time stated (RFC 3161
/// §2.3, §2.4.2; GM/T 0033-2014).
///
/// Revocation of the authority is not looked at; see [`revocation`](crate::revocation).
/// `trust` holds the anchors for time stamping. `intermediates` complete the certificates in the token; the
/// authority's own may be among them.
pub fn verify_token(
    token: &TimestampToken,
    stamped: &[u8],
    trust: &TrustStore,
    intermediates: &[Certificate],
    cache: &PathCache,
) -> TimestampReport {
    verify_token_over(token, ContentToSign::Bytes(stamped), trust, intermediates, cache)
}

/// Like [`verify_token`], over content that may be too large to be held. Trust that takes
/// [foreign algorithms](TrustStore::with_foreign_algorithms) takes them in the token too.
pub fn verify_token_over(
    token: &TimestampToken,
    stamped: ContentToSign<'_>,
    trust: &TrustStore,
    intermediates: &[Certificate],
    cache: &PathCache,
) -> TimestampReport {
    let info = token.info();
    let verify = if trust.takes_foreign() {
        verify_any_signer
    } else {
        verify_signer
    };
    let certificate = probable_certificate(token.signed(), token.signer(), intermediates).cloned();
    let content = ContentToSign::Bytes(token.signed().content().unwrap_or_default());
    let signer = certificate
        .as_ref()
        .map(|certificate| verify(token.signer(), certificate, content));
    let known: Vec<Certificate> = token
        .certificates()
        .iter()
        .chain(intermediates)
        .cloned()
        .collect();
    let path = certificate.as_ref().map(|leaf| {
        let (purpose, at) = (Purpose::Timestamping, info.gen_time);
        validate(
            &PathQuery {
                leaf,
                purpose,
                at,
                trust,
                intermediates: &known,
            },
            cache,
        )
    });
    let mut report = TimestampReport {
        imprint: verify_imprint(token, stamped, trust.takes_foreign()),
        tsa: verify_tsa(info.tsa.as_ref(), certificate.as_ref()),
        deviations: deviations(token, certificate.as_ref(), signer.as_ref()),
        critical_extensions: info
            .extensions
            .iter()
            .filter(|extension| extension.critical)
            .map(|extension| extension.oid)
            .collect(),
        certificate,
        signer,
        path,
        verified: None,
    };
    if report.faults().is_empty()
        && let Some(path) = report.path.as_ref().and_then(|path| path.path.clone())
    {
        report.verified = Some(VerifiedTimestamp {
            gen_time: info.gen_time,
            accuracy: info.accuracy,
            path,
        });
    }
    report
}

fn verify_imprint(token: &TimestampToken, stamped: ContentToSign<'_>, foreign: bool) -> ImprintFact {
    let imprint = &token.info().imprint;
    let known = HashAlgorithm::of(imprint.algorithm).filter(|hash| foreign && !hash.is_weak());
    if let Some(digest) = known.and_then(|hash| stamped.digest_by(hash)) {
        return if imprint.digest == digest {
            ImprintFact::Matches
        } else {
            ImprintFact::Differs
        };
    }
    match DigestAlgorithm::of(imprint.algorithm) {
        DigestAlgorithm::Sm3 if imprint.digest == stamped.digest().0 => ImprintFact::Matches,
        DigestAlgorithm::Sm3 => ImprintFact::Differs,
        DigestAlgorithm::Foreign(_) => ImprintFact::Unknown(imprint.algorithm),
        DigestAlgorithm::WeakDigest(algorithm) => ImprintFact::WeakDigest(algorithm),
        DigestAlgorithm::Unknown(algorithm) => ImprintFact::Unknown(algorithm),
    }
}

fn verify_tsa(tsa: Option<&TsaName>, certificate: Option<&Certificate>) -> Fact {
    match (tsa, certificate) {
        (None, _) => Fact::Absent,
        (Some(TsaName::Directory(name)), Some(certificate)) if name == certificate.subject() => Fact::Holds,
        (Some(TsaName::Directory(_)), Some(_)) => Fact::Fails,
        (Some(TsaName::Other), _) | (Some(_), None) => Fact::NotChecked,
    }
}

fn deviations(
    token: &TimestampToken,
    certificate: Option<&Certificate>,
    signer: Option<&SignerFacts>,
) -> Vec<TimestampDeviation> {
    let signed = token.signed().deviations().iter();
    let attributes = signer.iter().flat_map(|signer| &signer.deviations);
    let mut found: Vec<_> = signed
        .chain(attributes)
        .copied()
        .map(TimestampDeviation::Cms)
        .collect();
    found.extend(
        token
            .info()
            .time_deviations
            .iter()
            .copied()
            .map(TimestampDeviation::Time),
    );
    let usage = certificate.and_then(|certificate| certificate.extension(&oid::EXTENDED_KEY_USAGE));
    if usage.is_some_and(|extension| !extension.critical) {
        found.push(TimestampDeviation::ExtendedKeyUsageNotCritical);
    }
    let usages = certificate.and_then(Certificate::extended_key_usage);
    if usages.is_some_and(|usages| usages.len() > 1) {
        found.push(TimestampDeviation::ExtendedKeyUsageNotSole);
    }
    found
}
