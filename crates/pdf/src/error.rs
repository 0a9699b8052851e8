//! What is wrong with a file.

/// Why something in a PDF cannot be read or written. Positions are bytes from the start of the file.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// The file does not begin with a PDF header.
    #[error("the file does not begin with %PDF-")]
    NotPdf,
    /// A limit of this crate.
    #[error("{what}: more than {max}")]
    Limit {
        /// What there is too much of, with its unit.
        what: &'static str,
        /// The limit.
        max: usize,
    },
    /// Bytes that are no PDF syntax.
    #[error("byte {at}: {problem}")]
    Syntax {
        /// Where.
        at: usize,
        /// What was expected.
        problem: &'static str,
    },
    /// The cross-reference data does not lead to the objects.
    #[error("cross-reference data at byte {at}: {problem}")]
    Xref {
        /// Where.
        at: usize,
        /// What is wrong.
        problem: &'static str,
    },
    /// An entry of the cross-reference data leads to another object, or to none.
    #[error("object {number} is not where the cross-reference data says (byte {at})")]
    NotThere {
        /// Its number.
        number: u32,
        /// Where it should be.
        at: usize,
    },
    /// An object is not of the kind that its place asks for.
    #[error("{what}: {problem}")]
    Structure {
        /// Which entry.
        what: &'static str,
        /// What is wrong with it.
        problem: &'static str,
    },
    /// A stream that cannot be decoded.
    #[error("a stream cannot be decoded: {0}")]
    Filter(&'static str),
    /// The file is encrypted: what it says cannot be read without its password.
    #[error("the file is encrypted")]
    Encrypted,
}

impl Error {
    /// A stable name.
    pub fn code(&self) -> &'static str {
        match self {
            Self::NotPdf => "PDF_HEADER",
            Self::Limit { .. } => "LIMIT",
            Self::Syntax { .. } => "PDF_SYNTAX",
            Self::Xref { .. } => "PDF_XREF",
            Self::NotThere { .. } => "PDF_OBJECT_NOT_THERE",
            Self::Structure { .. } => "PDF_STRUCTURE",
            Self::Filter(_) => "PDF_FILTER",
            Self::Encrypted => "PDF_ENCRYPTED",
        }
    }
}

pub(crate) fn structure<T>(what: &'static str, problem: &'static str) -> Result<T, Error> {
    Err(Error::Structure { what, problem })
}

pub(crate) fn limit(count: usize, max: usize, what: &'static str) -> Result<(), Error> {
    if count > max {
        return Err(Error::Limit { what, max });
    }
    Ok(())
}
