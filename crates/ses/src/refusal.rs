//! Why a seal or a signature is not made, and the rule behind it.

use jiff::Timestamp;

use crate::layout::Layout;
use crate::picture::PictureFault;

/// Why a seal or a seal signature is not made. Names the rule it rests on and what to do.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Refusal {
    /// A certificate whose key is no SM2 key.
    #[error("the key of {subject} is no SM2 key; use a certificate with an SM2 key")]
    AlgorithmNotSm2 {
        /// Subject of the certificate.
        subject: String,
    },
    /// A certificate was verified for another purpose.
    #[error(
        "the certificate of {subject} was not verified for this purpose; it must be a {needed}'s certificate"
    )]
    CertificatePurpose {
        /// Subject of the certificate.
        subject: String,
        /// What it must be verified for.
        needed: &'static str,
    },
    /// A certificate was verified for another time than that of making.
    #[error(
        "the certificate of {subject} was verified for {verified_at}, not for {needed_at}; verify it again"
    )]
    CertificateTime {
        /// Subject of the certificate.
        subject: String,
        /// When it was valid.
        verified_at: Timestamp,
        /// When it has to be valid.
        needed_at: Timestamp,
    },
    /// Something mandatory is empty.
    #[error("the {part} is missing; a seal is certificate, key and picture together")]
    MissingPart {
        /// What is missing.
        part: &'static str,
    },
    /// The seal's name is not the name in the certificate.
    #[error(
        "the seal is named {seal_name:?}, but the certificate belongs to {subject}; correct one of them, or give the reason why they differ"
    )]
    NameDisagrees {
        /// Name of the seal.
        seal_name: String,
        /// Subject of the certificate.
        subject: String,
    },
    /// A string that must be ASCII is not.
    #[error("the {part} {text:?} has characters outside ASCII")]
    NotAscii {
        /// Which string.
        part: &'static str,
        /// The string.
        text: String,
    },
    /// The seal does not list the sealer.
    #[error(
        "the seal does not list the certificate of {subject}; use a listed certificate, or have the seal remade"
    )]
    NotListed {
        /// Subject of the sealer's certificate.
        subject: String,
    },
    /// The seal would be valid when a certificate is not.
    #[error(
        "the seal's period {start} to {end} is not within {not_before} to {not_after}, the validity of the certificate of {subject}; shorten it"
    )]
    PeriodOutsideCertificate {
        /// Beginning of the seal's period.
        start: Timestamp,
        /// End of the seal's period.
        end: Timestamp,
        /// Beginning of the certificate's validity.
        not_before: Timestamp,
        /// End of the certificate's validity.
        not_after: Timestamp,
        /// Subject of the certificate.
        subject: String,
    },
    /// The period ends before it begins.
    #[error("the seal's period ends at {end}, before it begins at {start}")]
    PeriodReversed {
        /// Beginning of the seal's period.
        start: Timestamp,
        /// End of the seal's period.
        end: Timestamp,
    },
    /// The picture cannot be used.
    #[error("{0}; use a PNG, JPG, GIF, BMP, SVG or OFD file of the seal's real size")]
    Picture(PictureFault),
    /// The picture is too large.
    #[error("the picture has {bytes} bytes, more than {max}; save it with fewer colours or pixels")]
    PictureTooLarge {
        /// Size of the picture, in bytes.
        bytes: usize,
        /// The limit, in bytes.
        max: usize,
    },
    /// The seal is BER: its maker may have signed bytes that no signature in DER can hold.
    #[error("the seal is encoded in BER; have it remade in DER after GB/T 38540-2020")]
    SealNotDer,
    /// The seal was verified for another time than that of signing.
    #[error("the seal was verified for {verified_at}, not for the signing time {needed_at}; verify it again")]
    SealTime {
        /// When it was valid.
        verified_at: Timestamp,
        /// The signing time.
        needed_at: Timestamp,
    },
    /// A seal of an old standard is not used for new signatures.
    #[error("the seal is of {}; have it remade after GB/T 38540-2020", layout.standard())]
    SealTooOld {
        /// Its layout.
        layout: Layout,
    },
    /// The key did not sign.
    #[error(transparent)]
    Sign(#[from] gm::SignError),
    /// The key signed, but the signature does not hold: the device is broken.
    #[error("the key returned a signature that does not hold; have the key device examined")]
    SignatureDoesNotHold,
    /// A timestamp in a seal of version 4.
    #[error("a seal of version 4 has no place for a timestamp; make a seal of version 5")]
    TimestampInVersion4,
    /// A string or list is too long.
    #[error("the {part} has {found}, more than the {max} allowed")]
    TooLong {
        /// What is too long.
        part: &'static str,
        /// Its length, in characters or entries.
        found: usize,
        /// The limit, in characters or entries.
        max: usize,
    },
    /// The signing key is not the one in the certificate.
    #[error("the key does not belong to the certificate of {subject}; choose the matching key")]
    WrongKey {
        /// Subject of the certificate.
        subject: String,
    },
}

impl Refusal {
    /// The requirement that forbids it, or the standard where no regulation does.
    pub fn rule(&self) -> &'static str {
        match self {
            Self::AlgorithmNotSm2 { .. } | Self::NotAscii { .. } | Self::TooLong { .. } => "R31",
            Self::SealNotDer | Self::SealTooOld { .. } | Self::TimestampInVersion4 => "R31",
            Self::CertificatePurpose { .. } => "R30",
            Self::CertificateTime { .. } => "R29",
            Self::MissingPart { .. } | Self::WrongKey { .. } => "R1",
            Self::NameDisagrees { .. } => "R35",
            Self::NotListed { .. } | Self::SealTime { .. } => "R59",
            Self::PeriodOutsideCertificate { .. } | Self::PeriodReversed { .. } => "R32",
            Self::Picture(_) | Self::PictureTooLarge { .. } => "R4",
            Self::Sign(_) | Self::SignatureDoesNotHold => "R38",
        }
    }

    /// The clause of the technical standard, or the article of the measures, that the rule rests on.
    pub fn clause(&self) -> &'static str {
        match self {
            Self::AlgorithmNotSm2 { .. } => "GB/T 38540-2020 6.1, GB/T 35276-2017",
            Self::CertificatePurpose { .. } => "GB/T 38540-2020 6.2 a), 芜湖 art. 3",
            Self::CertificateTime { .. } => "GB/T 38540-2020 6.2 a), 芜湖 art. 10",
            Self::MissingPart { .. } => "西安 art. 2, 芜湖 art. 3",
            Self::NameDisagrees { .. } => "芜湖 art. 12",
            Self::NotAscii { .. } | Self::SealNotDer | Self::TooLong { .. } => "GB/T 38540-2020 6.1",
            Self::NotListed { .. } => "GB/T 38540-2020 7.2 a) 3)",
            Self::PeriodOutsideCertificate { .. } | Self::PeriodReversed { .. } => {
                "西安 art. 14, 芜湖 art. 14"
            }
            Self::Picture(_) | Self::PictureTooLarge { .. } => "西安 art. 5, 芜湖 art. 4",
            Self::SealTime { .. } => "GB/T 38540-2020 7.2 a) 1)",
            Self::SealTooOld { .. } => "西安 art. 14",
            Self::Sign(_) | Self::SignatureDoesNotHold => "西安 art. 32, 芜湖 art. 13",
            Self::TimestampInVersion4 => "GM/T 0031-2025",
            Self::WrongKey { .. } => "GB/T 38540-2020 6.2 c)",
        }
    }

    /// A name that never changes.
    pub fn code(&self) -> &'static str {
        match self {
            Self::AlgorithmNotSm2 { .. } => "REFUSED_ALGORITHM",
            Self::CertificatePurpose { .. } => "REFUSED_CERTIFICATE_PURPOSE",
            Self::CertificateTime { .. } => "REFUSED_CERTIFICATE_TIME",
            Self::MissingPart { .. } => "REFUSED_MISSING_PART",
            Self::NameDisagrees { .. } => "REFUSED_NAME_DISAGREES",
            Self::NotAscii { .. } => "REFUSED_NOT_ASCII",
            Self::NotListed { .. } => "REFUSED_NOT_LISTED",
            Self::PeriodOutsideCertificate { .. } => "REFUSED_PERIOD_OUTSIDE_CERTIFICATE",
            Self::PeriodReversed { .. } => "REFUSED_PERIOD_REVERSED",
            Self::Picture(_) => "REFUSED_PICTURE",
            Self::PictureTooLarge { .. } => "REFUSED_PICTURE_TOO_LARGE",
            Self::SealNotDer => "REFUSED_SEAL_NOT_DER",
            Self::SealTime { .. } => "REFUSED_SEAL_TIME",
            Self::SealTooOld { .. } => "REFUSED_SEAL_TOO_OLD",
            Self::Sign(_) => "REFUSED_BY_KEY",
            Self::SignatureDoesNotHold => "REFUSED_SIGNATURE_DOES_NOT_HOLD",
            Self::TimestampInVersion4 => "REFUSED_TIMESTAMP_IN_VERSION_4",
            Self::TooLong { .. } => "REFUSED_TOO_LONG",
            Self::WrongKey { .. } => "REFUSED_WRONG_KEY",
        }
    }
}
