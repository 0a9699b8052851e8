//! What can go wrong in this crate.

use std::io;
use std::sync::Arc;

use crate::path::PartPath;

/// Why bytes are no OFD, or why one cannot be written. Offsets count bytes from the start of the part.
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The XML of a part is broken.
    #[error("the XML is not well-formed at byte {offset} ({reason}); ask the producer for an intact file")]
    BadXml {
        /// Where the reader stopped.
        offset: u64,
        /// What it met.
        reason: String,
    },
    /// XML must be UTF-8 (GB/T 33190-2016 7.1).
    #[error("the XML is not UTF-8 at byte {offset}; OFD allows no other encoding")]
    NotUtf8 {
        /// Where the first wrong byte stands.
        offset: u64,
    },
    /// A document type declaration could define entities.
    #[error("the XML has a document type declaration at byte {offset}, which no OFD part may have")]
    Doctype {
        /// Where it ends.
        offset: u64,
    },
    /// The part is another one than the link promised.
    #[error("the part is a <{found}>, not a <{expected}>")]
    WrongRoot {
        /// The local name that was found.
        found: String,
        /// The local name of the part.
        expected: &'static str,
    },
    /// A limit of this crate or of the ZIP format.
    #[error("{what} is above the limit of {max}")]
    TooMuch {
        /// What was counted, with its unit.
        what: &'static str,
        /// The limit.
        max: u64,
    },
    /// The output did not take the bytes.
    #[error("the package could not be written")]
    Write(#[source] Arc<io::Error>),
    /// The disk did not give the bytes.
    #[error("the package could not be read")]
    Read(#[source] Arc<io::Error>),
    /// No ZIP archive, or a damaged one.
    #[error(
        "the file is no intact ZIP archive at byte {offset}: {what}; ask the sender for the original file"
    )]
    ZipMalformed {
        /// Where in the file.
        offset: u64,
        /// What is wrong there.
        what: &'static str,
    },
    /// Two places of the archive contradict each other, so that two readers may see two documents.
    #[error("the archive contradicts itself about the entry {entry:?}: {what}")]
    ZipInconsistent {
        /// The entry.
        entry: String,
        /// What differs.
        what: &'static str,
    },
    /// Two entries of one name, also when only case, slashes or dots tell them apart.
    #[error("the archive holds the entry {entry:?} more than once; readers would show different ones")]
    ZipDuplicate {
        /// The later of the two.
        entry: String,
    },
    /// Two entries share bytes.
    #[error("the entries {entry:?} and {other:?} overlap in the archive")]
    ZipOverlap {
        /// The first in the file.
        entry: String,
        /// The one that begins within it.
        other: String,
    },
    /// Archive records that the central directory does not know.
    #[error("the archive hides records at byte {offset}, which some readers would show")]
    ZipHidden {
        /// Where in the file.
        offset: u64,
    },
    /// Encrypted by ZIP, which OFD does not allow.
    #[error("the entry {entry:?} is encrypted; ask for a copy without a password")]
    ZipEncrypted {
        /// The entry.
        entry: String,
    },
    /// Encrypted as GM/T 0099-2020 describes: this part tells how.
    #[error("the package is encrypted (GM/T 0099-2020, {part}); ask for the decrypted original")]
    Encrypted {
        /// `Encryptions.xml`.
        part: PartPath,
    },
    /// Neither stored nor deflated.
    #[error("the entry {entry:?} is compressed with method {method}; OFD knows only 0 and 8")]
    ZipMethod {
        /// The entry.
        entry: String,
        /// The number in the directory.
        method: u16,
    },
    /// A name that leaves the package or cannot be read.
    #[error("the archive has an entry named {name:?}, which is not acceptable: {what}")]
    ZipName {
        /// The name, unreadable bytes replaced.
        name: String,
        /// What is wrong with it.
        what: &'static str,
    },
    /// More bytes come out of an entry than can honestly be in it.
    #[error("the entry {entry:?} is a compression bomb: {what}")]
    ZipBomb {
        /// The entry.
        entry: String,
        /// How it gave itself away.
        what: &'static str,
    },
    /// The compressed bytes are damaged.
    #[error("the entry {entry:?} is damaged: {what}; ask the sender for the original file")]
    ZipDamaged {
        /// The entry.
        entry: String,
        /// What is wrong.
        what: &'static str,
    },
    /// There is no such part.
    #[error("the package has no part {part}")]
    NoPart {
        /// The part.
        part: PartPath,
    },
    /// The XML declares an encoding other than UTF-8.
    #[error("the XML is encoded in {encoding:?}; OFD allows UTF-8 only (GB/T 33190-2016 7.1)")]
    Encoding {
        /// As declared.
        encoding: String,
    },
    /// Well-formed XML that the standard forbids, in a way that makes its meaning doubtful.
    #[error("{0}")]
    Schema(SchemaFault),
    /// One of the above, in this part.
    #[error("{part}: {fault}")]
    InPart {
        /// The part.
        part: PartPath,
        /// What is wrong there.
        fault: Box<Error>,
    },
}

/// What GB/T 33190 or GM/T 0099 forbids, and no reader should guess about.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SchemaFault {
    /// An element that must be there.
    #[error("<{parent}> has no <{name}>")]
    MissingElement {
        /// The element that should hold it.
        parent: &'static str,
        /// The element that is missing.
        name: &'static str,
    },
    /// An attribute that must be there.
    #[error("<{element}> has no attribute {name}")]
    MissingAttribute {
        /// The element.
        element: &'static str,
        /// The attribute that is missing.
        name: &'static str,
    },
    /// An element that may stand once only.
    #[error("<{parent}> has more than one <{name}>, and readers would choose differently")]
    RepeatedElement {
        /// The element that holds it.
        parent: &'static str,
        /// The element that stands more than once.
        name: &'static str,
    },
    /// Two things of one kind with one identifier.
    #[error("{what} {id:?} stands more than once")]
    RepeatedId {
        /// What the identifier names: "the signature", "the page", "the reference to".
        what: &'static str,
        /// The identifier.
        id: String,
    },
    /// A value that cannot be read.
    #[error("{what} is {value:?}, which cannot be read")]
    BadValue {
        /// Which value.
        what: &'static str,
        /// As it stands, shortened.
        value: String,
    },
    /// A link that leads nowhere.
    #[error("<{element}> links to {loc:?}: {why}")]
    BrokenLink {
        /// The element that holds the link.
        element: &'static str,
        /// As it stands, shortened.
        loc: String,
        /// Why it leads nowhere.
        why: crate::path::BadLoc,
    },
}

impl Error {
    /// A stable name for logs, reports and catalogues of messages.
    pub fn code(&self) -> &'static str {
        match self {
            Self::BadXml { .. } => "XML_MALFORMED",
            Self::NotUtf8 { .. } | Self::Encoding { .. } => "XML_ENCODING",
            Self::Doctype { .. } => "XML_DTD",
            Self::WrongRoot { .. } | Self::Schema(_) => "SCHEMA",
            Self::TooMuch { .. } => "LIMIT",
            Self::Write(_) => "IO_WRITE",
            Self::Read(_) => "IO_READ",
            Self::ZipMalformed { .. } => "ZIP_MALFORMED",
            Self::ZipInconsistent { .. } => "ZIP_INCONSISTENT",
            Self::ZipDuplicate { .. } => "ZIP_DUPLICATE",
            Self::ZipOverlap { .. } => "ZIP_OVERLAP",
            Self::ZipHidden { .. } => "ZIP_HIDDEN",
            Self::ZipEncrypted { .. } => "ZIP_ENCRYPTED",
            Self::Encrypted { .. } => "ENCRYPTED",
            Self::ZipMethod { .. } => "ZIP_METHOD",
            Self::ZipName { .. } => "ZIP_NAME",
            Self::ZipBomb { .. } => "ZIP_BOMB",
            Self::ZipDamaged { .. } => "ZIP_DAMAGED",
            Self::NoPart { .. } => "PART_MISSING",
            Self::InPart { fault, .. } => fault.code(),
        }
    }

    /// The same, saying where; an error that says it already stays as it is.
    #[must_use]
    pub fn in_part(self, part: &PartPath) -> Self {
        match self {
            Self::BadXml { .. }
            | Self::NotUtf8 { .. }
            | Self::Encoding { .. }
            | Self::Doctype { .. }
            | Self::WrongRoot { .. }
            | Self::Schema(_)
            | Self::TooMuch { .. } => Self::InPart {
                part: part.clone(),
                fault: Box::new(self),
            },
            told => told,
        }
    }

    /// The part that [`Error::in_part`] named.
    pub fn part(&self) -> Option<&PartPath> {
        match self {
            Self::InPart { part, .. } | Self::NoPart { part } => Some(part),
            _ => None,
        }
    }

    pub(crate) fn read(error: io::Error) -> Self {
        Self::Read(Arc::new(error))
    }
}

impl From<io::Error> for Error {
    /// What `?` meets in this crate are outputs; reading goes through `Error::read`.
    fn from(error: io::Error) -> Self {
        Self::Write(Arc::new(error))
    }
}

impl From<SchemaFault> for Error {
    fn from(fault: SchemaFault) -> Self {
        Self::Schema(fault)
    }
}
