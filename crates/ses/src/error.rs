//! Why bytes are no seal or seal signature, and what was tolerated in those that are.

use std::fmt;

use const_oid::ObjectIdentifier;

/// The bytes cannot be read as a seal or a seal signature.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// An ASN.1 element is missing, cut off, nested too deep or of the wrong type.
    #[error(transparent)]
    Asn1(#[from] pki::Error),
    /// The input is too long to be looked at.
    #[error("{bytes} bytes are more than the {max} allowed for seal data")]
    TooLarge {
        /// Length of the input.
        bytes: usize,
        /// The limit, in bytes.
        max: usize,
    },
    /// A list has too many entries.
    #[error("{part} has more than {max} entries")]
    TooMany {
        /// The list, named as in the standard.
        part: &'static str,
        /// The limit, in entries.
        max: usize,
    },
    /// An element of a type stands here that no layout has at this place.
    #[error("{part} has tag {found:#04x}, which no seal format has there")]
    WrongTag {
        /// The element, named as in the standard.
        part: &'static str,
        /// The identifier octet found.
        found: u8,
    },
}

/// Something the standard forbids or does not know, which was nevertheless read without guessing.
///
/// Signatures are checked over the received bytes, so a deviation never changes what a signature covers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Deviation {
    /// The element, named as in the standard: `eseal.property.createDate`.
    pub part: &'static str,
    /// What is unusual about it.
    pub kind: DeviationKind,
}

/// The kinds of [`Deviation`], each with its stable code.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DeviationKind {
    /// A SEQUENCE AlgorithmIdentifier instead of the bare OBJECT IDENTIFIER.
    AlgorithmIdentifier,
    /// BER (indefinite lengths, constructed strings): a signature may cover it as received or in its DER form.
    Ber,
    /// A BOOLEAN true that is not written FF.
    BooleanNotCanonical,
    /// A certificate that stands bare instead of inside an OCTET STRING.
    CertificateNotWrapped,
    /// `critical` FALSE is written out although it is the default.
    DefaultEncoded,
    /// Extensions inside a context tag that the standard does not have, or without the one that it has.
    ExtensionsTagging,
    /// An extension that is no `ExtData`: nobody can say whether it is critical.
    ExtensionUnreadable,
    /// More elements than the standard knows.
    ExtraFields {
        /// How many.
        count: usize,
    },
    /// The header's ID is not "ES".
    HeaderId,
    /// A number with superfluous leading octets.
    IntegerNotMinimal,
    /// A number too large to be meant, cut to the largest that is handled.
    IntegerTooLarge,
    /// A length in a longer form than needed.
    LengthNotMinimal,
    /// An entry of the certificate list that is neither a certificate nor a digest.
    ListEntryUnknown {
        /// The tag octet found.
        found: u8,
    },
    /// The entries of the list are not what certListType says.
    ListShape {
        /// The value of certListType.
        declared: i64,
    },
    /// A certListType other than 1 and 2.
    ListTypeUnknown {
        /// The value found.
        declared: i64,
    },
    /// A time at which the structure of another generation is used.
    TagUnexpected {
        /// The type the standard demands.
        expected: &'static str,
        /// The tag octet found.
        found: u8,
    },
    /// Characters outside ASCII in a string that allows only ASCII.
    TextNotAscii,
    /// A string that is not UTF-8; unreadable octets were replaced.
    TextNotUtf8,
    /// Seconds since 1970 instead of an ASN.1 time.
    TimeEpoch,
    /// A time in a form other than the one DER prescribes (fraction, offset, missing seconds, other year).
    TimeForm,
    /// A time as free text instead of an ASN.1 time.
    TimeText,
    /// A time that cannot be read at all.
    TimeUnreadable,
    /// A time without zone, read as China Standard Time.
    TimeWithoutZone,
    /// Octets after the end of the structure: nothing protects them.
    TrailingBytes {
        /// How many.
        count: usize,
    },
    /// A BIT STRING of whole octets that declares unused bits; all octets were taken.
    UnusedBits {
        /// The declared number.
        declared: u8,
    },
    /// Version 4 is declared in the structure of another generation, consistently throughout.
    VersionNotOfLayout {
        /// The version number found.
        version: i64,
    },
    /// A version 4 seal inside a version 5 signature.
    VersionOlderSeal,
    /// The signature algorithm is named by an identifier that means something related.
    AlgorithmAlias {
        /// The identifier found.
        oid: ObjectIdentifier,
    },
}

impl DeviationKind {
    /// A name that never changes, for machines and message catalogues.
    pub fn code(&self) -> &'static str {
        match self {
            Self::AlgorithmAlias { .. } => "ALGORITHM_ALIAS",
            Self::AlgorithmIdentifier => "ALGORITHM_IDENTIFIER",
            Self::Ber => "BER_ENCODING",
            Self::BooleanNotCanonical => "BOOLEAN_NOT_CANONICAL",
            Self::CertificateNotWrapped => "CERTIFICATE_NOT_WRAPPED",
            Self::DefaultEncoded => "DEFAULT_ENCODED",
            Self::ExtensionsTagging => "EXTENSIONS_TAGGING",
            Self::ExtensionUnreadable => "EXTENSION_UNREADABLE",
            Self::ExtraFields { .. } => "EXTRA_FIELDS",
            Self::HeaderId => "HEADER_ID",
            Self::IntegerNotMinimal => "INTEGER_NOT_MINIMAL",
            Self::IntegerTooLarge => "INTEGER_TOO_LARGE",
            Self::LengthNotMinimal => "LENGTH_NOT_MINIMAL",
            Self::ListEntryUnknown { .. } => "CERT_LIST_ENTRY_UNKNOWN",
            Self::ListShape { .. } => "CERT_LIST_SHAPE",
            Self::ListTypeUnknown { .. } => "CERT_LIST_TYPE_UNKNOWN",
            Self::TagUnexpected { .. } => "TAG_UNEXPECTED",
            Self::TextNotAscii => "TEXT_NOT_ASCII",
            Self::TextNotUtf8 => "TEXT_NOT_UTF8",
            Self::TimeEpoch => "TIME_EPOCH",
            Self::TimeForm => "TIME_FORM",
            Self::TimeText => "TIME_TEXT",
            Self::TimeUnreadable => "TIME_UNREADABLE",
            Self::TimeWithoutZone => "TIME_WITHOUT_ZONE",
            Self::TrailingBytes { .. } => "TRAILING_BYTES",
            Self::UnusedBits { .. } => "UNUSED_BITS",
            Self::VersionNotOfLayout { .. } => "VERSION_NOT_OF_LAYOUT",
            Self::VersionOlderSeal => "VERSION_OLDER_SEAL",
        }
    }
}

impl Deviation {
    /// The code of [`kind`](Self::kind).
    pub fn code(&self) -> &'static str {
        self.kind.code()
    }
}

impl fmt::Display for Deviation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.part, self.kind)
    }
}

impl fmt::Display for DeviationKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::AlgorithmAlias { oid } => {
                write!(f, "the algorithm is named {oid} and taken as SM2 with SM3")
            }
            Self::AlgorithmIdentifier => {
                f.write_str("an AlgorithmIdentifier stands in place of the bare OID")
            }
            Self::Ber => f.write_str("BER instead of DER"),
            Self::BooleanNotCanonical => f.write_str("a BOOLEAN true is not written FF"),
            Self::CertificateNotWrapped => f.write_str("the certificate is not wrapped in an OCTET STRING"),
            Self::DefaultEncoded => f.write_str("the default value FALSE is written out"),
            Self::ExtensionsTagging => {
                f.write_str("the extensions are tagged otherwise than the standard says")
            }
            Self::ExtensionUnreadable => f.write_str("an extension cannot be read"),
            Self::ExtraFields { count } => write!(f, "{count} elements that the standard does not know"),
            Self::HeaderId => f.write_str("the header ID is not \"ES\""),
            Self::IntegerNotMinimal => f.write_str("a number is written with superfluous octets"),
            Self::IntegerTooLarge => f.write_str("a number is too large to be meant"),
            Self::LengthNotMinimal => f.write_str("a length is written in a longer form than needed"),
            Self::ListEntryUnknown { found } => write!(f, "an entry with tag {found:#04x} was left out"),
            Self::ListShape { declared } => {
                write!(f, "the entries are not what certListType {declared} says")
            }
            Self::ListTypeUnknown { declared } => write!(f, "certListType {declared} is not defined"),
            Self::TagUnexpected { expected, found } => write!(f, "tag {found:#04x} in place of {expected}"),
            Self::TextNotAscii => f.write_str("the string has characters outside ASCII"),
            Self::TextNotUtf8 => f.write_str("the string is not UTF-8"),
            Self::TimeEpoch => f.write_str("the time is given as seconds since 1970"),
            Self::TimeForm => f.write_str("the time is not in the form that DER prescribes"),
            Self::TimeText => f.write_str("the time is free text"),
            Self::TimeUnreadable => f.write_str("the time cannot be read"),
            Self::TimeWithoutZone => f.write_str("the time has no zone and was read as UTC+8"),
            Self::TrailingBytes { count } => write!(f, "{count} bytes follow the end"),
            Self::UnusedBits { declared } => write!(f, "{declared} unused bits are declared in whole octets"),
            Self::VersionNotOfLayout { version } => {
                write!(
                    f,
                    "version {version} is declared, but the structure is that of another version"
                )
            }
            Self::VersionOlderSeal => f.write_str("a version 4 seal stands in a version 5 signature"),
        }
    }
}
