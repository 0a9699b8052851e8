//! The one error of this crate: bytes that cannot be read, or something that cannot be made.
//!
//! A certificate that is read but cannot be trusted is no error: see [`PathReport`](crate::PathReport) and
//! [`Revocation`](crate::Revocation).

/// Why something could not be read or made. Every message says what happened; `what` names the ASN.1 part.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The input is empty.
    #[error("there is nothing to read: {what} is empty")]
    Empty {
        /// What was expected.
        what: &'static str,
    },
    /// An element announces more bytes than there are.
    #[error("{what} is cut off: {announced} bytes announced, {left} left")]
    Truncated {
        /// The part concerned.
        what: &'static str,
        /// The length that the element announces, in bytes.
        announced: usize,
        /// The bytes that are left.
        left: usize,
    },
    /// Another ASN.1 tag stands where one was needed.
    #[error("{what} should have ASN.1 tag {expected:#04x}, but has {found:#04x}")]
    UnexpectedTag {
        /// The part concerned.
        what: &'static str,
        /// The identifier octet that was needed.
        expected: u8,
        /// The identifier octet that was found.
        found: u8,
    },
    /// A mandatory part is not there.
    #[error("{what} is missing")]
    Missing {
        /// The part concerned.
        what: &'static str,
    },
    /// Bytes follow where the part should end.
    #[error("{what} is followed by {count} bytes that do not belong to it")]
    TrailingBytes {
        /// The part concerned.
        what: &'static str,
        /// The number of bytes.
        count: usize,
    },
    /// An element breaks a rule of its own type.
    #[error("{what} is malformed: {problem}")]
    Malformed {
        /// The part concerned.
        what: &'static str,
        /// What is wrong with it.
        problem: &'static str,
    },
    /// A limit of this crate was met before memory was.
    #[error("{what} is too large: {found}, at most {max} allowed")]
    TooLarge {
        /// What was counted, with its unit.
        what: &'static str,
        /// What was found.
        found: usize,
        /// The limit.
        max: usize,
    },
    /// The input is something else than was asked for.
    #[error("this is {found}, but {expected} is needed")]
    WrongKind {
        /// What was asked for.
        expected: &'static str,
        /// What it is.
        found: &'static str,
    },
    /// A PEM block whose text is no base64, or that has no end.
    #[error("the PEM text is damaged: {problem}")]
    BadPem {
        /// What is wrong with it.
        problem: &'static str,
    },
    /// A text that is no distinguished name.
    #[error(
        "\"{text}\" is no distinguished name: {problem}; write for example C=CN, O=Example, CN=Example Seal"
    )]
    BadName {
        /// The text, or the part that is wrong.
        text: String,
        /// What is wrong with it.
        problem: &'static str,
    },
    /// A template asks for something that no certificate, list or token may have.
    #[error("{what} cannot be made: {problem}")]
    BadTemplate {
        /// What was to be made.
        what: &'static str,
        /// What is wrong with the template.
        problem: &'static str,
    },
    /// The signer's key is not the key of the certificate under whose name it signs.
    #[error("the signing key does not belong to the certificate of {issuer}")]
    WrongKey {
        /// The subject of the certificate.
        issuer: String,
    },
    /// A certificate request whose sender has not shown that it holds the private key.
    #[error("the certificate request is not signed with the key that it asks to certify: {0}")]
    ProofOfPossession(gm::BadSignature),
    /// The time-stamp authority did not grant the request.
    #[error("the time-stamp authority refused the request with {status:?} ({failure:?}): {text}")]
    TimestampRefused {
        /// How it decided.
        status: crate::PkiStatus,
        /// Why, if it says so in a way that the standard knows.
        failure: Option<crate::FailureInfo>,
        /// What it says in its own words.
        text: String,
    },
    /// The token that came back is not the one that was asked for.
    #[error("the time-stamp token does not answer the request: {what} does not fit")]
    TimestampMismatch {
        /// What does not fit.
        what: &'static str,
    },
    /// A key of another suite than SM2 did not sign.
    #[error("the key did not sign: {0}")]
    ForeignKey(String),
    /// The key, or the device that holds it, did not sign.
    #[error(transparent)]
    Sign(#[from] gm::SignError),
}
