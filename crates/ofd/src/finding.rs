//! What was forgiven while reading: deviations that do not change what the document means.

use crate::path::PartPath;

/// One deviation, and where it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// What kind of deviation.
    pub kind: FindingKind,
    /// The part it stands in; `None` for the archive itself.
    pub part: Option<PartPath>,
    /// The value, the count of bytes or the text that deviates; may be empty.
    pub detail: String,
}

impl Finding {
    pub(crate) fn in_archive(kind: FindingKind, detail: impl Into<String>) -> Self {
        Self {
            kind,
            part: None,
            detail: detail.into(),
        }
    }

    pub(crate) fn in_part(kind: FindingKind, part: &PartPath, detail: impl Into<String>) -> Self {
        Self {
            kind,
            part: Some(part.clone()),
            detail: detail.into(),
        }
    }
}

/// Findings, and faults, that are kept of one reading; more of them say nothing new, and take memory.
pub(crate) const NOTES_MAX: usize = 256;

/// Keeps a finding, while there is room.
pub(crate) fn note(findings: &mut Vec<Finding>, finding: Finding) {
    if findings.len() < NOTES_MAX {
        findings.push(finding);
    }
}

/// The deviations that are forgiven.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum FindingKind {
    /// The archive has a comment.
    ZipComment,
    /// Bytes follow the end record.
    ZipTail,
    /// Bytes precede the first entry.
    ZipPrefix,
    /// Bytes between two entries belong to none.
    ZipGap,
    /// An entry announces a data descriptor that is not there.
    ZipNoDescriptor,
    /// A name outside ASCII is not marked as UTF-8.
    ZipNameUnmarked,
    /// A name is in GBK.
    ZipNameGbk,
    /// A name has backslashes, "." or empty segments.
    ZipNameShape,
    /// The namespace is `http://www.ofdspec.org`, that of drafts before 2016.
    NamespaceOld,
    /// Another namespace, or none.
    NamespaceOdd,
    /// A link has a deviation that [`LinkOddity`](crate::LinkOddity) names.
    Link,
    /// An element that may be missing by practice, not by the standard, is missing.
    Missing,
    /// Elements stand in another order, or attributes as elements.
    Shape,
    /// A value that does not matter for what is shown cannot be read.
    BadValue,
}

impl FindingKind {
    /// A stable name for reports and catalogues of messages.
    pub fn code(self) -> &'static str {
        match self {
            Self::ZipComment => "ZIP_COMMENT",
            Self::ZipTail => "ZIP_TAIL",
            Self::ZipPrefix => "ZIP_PREFIX",
            Self::ZipGap => "ZIP_GAP",
            Self::ZipNoDescriptor => "ZIP_NO_DESCRIPTOR",
            Self::ZipNameUnmarked => "ZIP_NAME_UNMARKED",
            Self::ZipNameGbk => "ZIP_NAME_GBK",
            Self::ZipNameShape => "ZIP_NAME_SHAPE",
            Self::NamespaceOld => "NAMESPACE_OLD",
            Self::NamespaceOdd => "NAMESPACE_ODD",
            Self::Link => "LINK_ODD",
            Self::Missing => "MISSING",
            Self::Shape => "SHAPE",
            Self::BadValue => "BAD_VALUE",
        }
    }
}
