//! Why a use case was not carried out.

use std::io;

use registry::Refusal;
use sealing::StampError;

use super::clients::SignatureFault;
use super::custody::CustodyFault;
use super::sign_in::SignInFault;

/// For the log; `http` has the words for people.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    /// It is not there.
    #[error("there is no such {what}")]
    NotFound {
        /// What was looked for.
        what: &'static str,
    },
    /// The rules forbid it; recorded.
    #[error("{0}")]
    Refused(Box<Refusal>),
    /// Nobody is signed in, or nobody can be.
    #[error("not signed in: {0:?}")]
    SignIn(SignInFault),
    /// A seal's key does not open, or a PIN cannot be taken.
    #[error(transparent)]
    Custody(#[from] CustodyFault),
    /// The account's name is taken, or the person has an account already.
    #[error("the name is taken, or the person has an account")]
    AccountExists,
    /// A picture cannot be used.
    #[error("the picture cannot be used: {reason}")]
    Picture {
        /// What is wrong with it.
        reason: String,
    },
    /// The configuration names no maker.
    #[error("nothing is made here: the configuration has no section making")]
    MakingNotConfigured,
    /// An application of this kind makes nothing.
    #[error("the application asks for nothing that is made")]
    NothingToMake,
    /// A certificate that is to be used does not lead to a trusted one.
    #[error("the certificate of {subject} cannot be used: {reason}")]
    CertificateNotProved {
        /// Whose.
        subject: String,
        /// Why.
        reason: String,
    },
    /// Seal data or certificate were not made.
    #[error("the seal was not made: {reason}")]
    NotMade {
        /// Why, with the rule.
        reason: String,
    },
    /// It would be done; nothing was written.
    #[error("only asked whether it would be done")]
    Rehearsed,
    /// There is an authority already.
    #[error("the set-up was made before")]
    SetUpBefore,
    /// A set-up names each of the three administrators once.
    #[error("a set-up needs a system, a security and an audit administrator, each once")]
    NotThreeAdministrators,
    /// It was done before under the same idempotency key.
    #[error("done before under the same idempotency key")]
    DoneBefore {
        /// What was answered then.
        answer: Vec<u8>,
    },
    /// The idempotency key was used for something else.
    #[error("the idempotency key was used for another request")]
    KeyReused,
    /// No such regulation profile.
    #[error("the regulation profile cannot be used: {0}")]
    Profile(#[from] registry::profile::ProfileFault),
    /// What stands in the database is not what this program writes.
    #[error("{what} in the database cannot be read")]
    Damaged {
        /// Which datum.
        what: &'static str,
    },
    /// A rule gave neither an event nor a refusal, or an event has no JSON form: a fault of the program.
    #[error("an act led to nothing that could be recorded")]
    NothingHappened,
    /// A thread ended without a result.
    #[error("work was ended without a result")]
    Ended,
    /// A proof was asked for a size that the log never had, or in the wrong order.
    #[error("the log has no {size} entries, or the earlier size is the larger one")]
    OutsideLog {
        /// The size asked for.
        size: u64,
    },
    /// What was sent is more than is taken.
    #[error("more than {bytes_max} bytes were sent")]
    TooLarge {
        /// The limit.
        bytes_max: u64,
    },
    /// The connection ended before everything was there.
    #[error("an upload was interrupted")]
    Interrupted,
    /// The document cannot be read, or may not be sealed as asked.
    #[error("the document cannot be sealed: {0}")]
    NotSealed(Box<StampError>),
    /// No picture of a page could be made.
    #[error("a page cannot be drawn: {reason}")]
    PageNotDrawn {
        /// Why, for the log.
        reason: String,
    },
    /// A request's signature is not believed.
    #[error("the signature of the request is not believed: {0:?}")]
    Signature(SignatureFault),
    /// The grant is not in force, or its custodian did not open it.
    #[error("the grant has no key: it is not in force, or the custodian did not open it")]
    GrantNotOpen,
    /// The batch is being sealed already.
    #[error("the batch is being sealed already")]
    BatchRunning,
    /// The record was settled as cut off, and the item begun again: its outcome is another record's.
    #[error("the use was settled as cut off and begun again meanwhile")]
    BegunAgain,
    /// As many documents as can be handled are being handled.
    #[error("all places for documents are taken")]
    Busy,
    /// Seal or certificate do not pass their checks now.
    #[error("the seal cannot be used now: {codes:?}")]
    SealUnusable {
        /// Codes of the catalogue, those that decide first.
        codes: Vec<&'static str>,
    },
    /// The database's log belongs to another key.
    #[error(
        "the log in the database is signed with another key: copy the folder keys from where the service ran before"
    )]
    OtherLogKey,
    /// The database.
    #[error("{}", with_source(.0))]
    Store(#[from] store::Error),
    /// The log.
    #[error(transparent)]
    Audit(#[from] audit::Error),
    /// The data folder.
    #[error("the data folder fails: {0}")]
    Disk(io::Error),
}

impl From<SignatureFault> for Error {
    fn from(fault: SignatureFault) -> Self {
        Self::Signature(fault)
    }
}

impl From<SignInFault> for Error {
    fn from(fault: SignInFault) -> Self {
        Self::SignIn(fault)
    }
}

impl From<StampError> for Error {
    fn from(error: StampError) -> Self {
        match error {
            StampError::Disk(error) => Self::Disk(error),
            error => Self::NotSealed(Box::new(error)),
        }
    }
}

impl From<Refusal> for Error {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(Box::new(refusal))
    }
}

/// The store's message and the driver's behind it.
fn with_source(error: &store::Error) -> String {
    match std::error::Error::source(error) {
        Some(source) => format!("{error}: {source}"),
        None => error.to_string(),
    }
}
