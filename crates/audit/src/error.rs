//! Everything that this crate refuses, with the values that show why.

use gm::{BadSignature, SignError};
use jiff::Timestamp;

use crate::entry::{
    COMMITMENTS_MAX, DETAILS_BYTES_MAX, DETAILS_DEPTH_MAX, ENTRY_BYTES_MAX, ID_BYTES_MAX, NAME_BYTES_MAX,
};
use crate::note::CHECKPOINT_BYTES_MAX;

/// Why an entry, a checkpoint, a key or a proof is refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// The entry is longer than the limit.
    #[error(
        "the entry has {bytes} bytes, the limit is {ENTRY_BYTES_MAX}: put large things elsewhere and log their digest"
    )]
    EntryTooLong {
        /// Bytes of the canonical form.
        bytes: usize,
    },
    /// The details are longer than the limit.
    #[error(
        "the details have {bytes} bytes, the limit is {DETAILS_BYTES_MAX}: put large things elsewhere and log their digest"
    )]
    DetailsTooLong {
        /// Bytes of the canonical form of the details.
        bytes: usize,
    },
    /// The details are nested deeper than the limit.
    #[error("the details are nested deeper than {DETAILS_DEPTH_MAX} levels: make them flatter")]
    DetailsTooDeep,
    /// A number in the details is not an integer that every reader understands alike (RFC 7493 §2.2).
    #[error("the number {number} is not an integer between -(2^53-1) and 2^53-1: write it as a string")]
    Number {
        /// The number as it would be printed.
        number: String,
    },
    /// More commitments than the limit.
    #[error("the entry has {count} commitments, the limit is {COMMITMENTS_MAX}")]
    TooManyCommitments {
        /// How many there are.
        count: usize,
    },
    /// A stable name is not made of `a-z`, `0-9`, `_`, `-` and single dots, or too long.
    #[error(
        "{field} {text:?} is not a name of a-z, 0-9, _, - and single dots with at most {NAME_BYTES_MAX} bytes"
    )]
    BadName {
        /// Which field.
        field: &'static str,
        /// What stands there.
        text: String,
    },
    /// An identifier is empty, too long, or has control characters.
    #[error("{field} {text:?} is empty, longer than {ID_BYTES_MAX} bytes, or has control characters")]
    BadId {
        /// Which field.
        field: &'static str,
        /// What stands there.
        text: String,
    },
    /// The time does not fit the form.
    #[error("the time {time} lies before the year 0: the clock is wrong")]
    Time {
        /// What the clock said.
        time: Timestamp,
    },
    /// The bytes are not an entry.
    #[error("the bytes are not an entry: {why}")]
    EntryMalformed {
        /// What the reader said.
        why: String,
    },
    /// The bytes say what an entry says, but not in the one canonical form.
    #[error("the entry is not in its canonical form: expected {expected:?} from byte {at}, found {found:?}")]
    NotCanonical {
        /// First differing byte.
        at: usize,
        /// A few characters of the canonical form from there.
        expected: String,
        /// A few characters of what stands there.
        found: String,
    },
    /// A frontier's bytes do not fit its size.
    #[error("the frontier is damaged: {bytes} bytes do not hold a size and its peaks")]
    FrontierMalformed {
        /// How many bytes there are.
        bytes: usize,
    },
    /// The position or the size asked for is not in the tree.
    #[error("there is no proof from {from} to size {size}: the first must be {rule} the second")]
    OutOfRange {
        /// Index or earlier size.
        from: u64,
        /// Size of the tree.
        size: u64,
        /// "below" or "at most".
        rule: &'static str,
    },
    /// The store has no hash for a node that the proof needs.
    #[error("the node at level {level}, index {index} is missing in the store: the log is damaged")]
    NodeMissing {
        /// Height above the leaves.
        level: u32,
        /// Position in its level.
        index: u64,
    },
    /// The proof has another number of hashes than its sizes ask for.
    #[error("the proof has {found} hashes, its sizes do not fit: it is damaged or made for other sizes")]
    ProofLength {
        /// How many hashes were given.
        found: usize,
    },
    /// The proof leads to another root.
    #[error("the proof leads to another root: the entry or the log is not the one that was signed")]
    ProofMismatch,
    /// The text is not a proof file.
    #[error("the text is not a proof of an entry: {why}")]
    ProofMalformed {
        /// Which line or rule.
        why: &'static str,
    },
    /// The text is not a signed checkpoint.
    #[error("the text is not a signed checkpoint: {why}")]
    CheckpointMalformed {
        /// Which line or rule.
        why: &'static str,
    },
    /// A checkpoint longer than any that we would write.
    #[error("the checkpoint has {bytes} bytes, the limit is {CHECKPOINT_BYTES_MAX}")]
    CheckpointTooLong {
        /// How many bytes there are.
        bytes: usize,
    },
    /// None of the signatures is by a key that was given.
    #[error("the checkpoint is signed by {signers}, and by none of the keys given")]
    CheckpointSigner {
        /// Names and identifiers of who signed.
        signers: String,
    },
    /// A signature by a key that was given does not hold.
    #[error("the checkpoint's signature by {signer} does not hold ({why}): text or signature was changed")]
    CheckpointSignature {
        /// Name of the key.
        signer: String,
        /// What the arithmetic said.
        why: BadSignature,
    },
    /// The text is not a key of a log.
    #[error("the text is not a log's key NAME+ID+BASE64: {why}")]
    KeyMalformed {
        /// Which part.
        why: &'static str,
    },
    /// The key did not sign.
    #[error("the checkpoint was not signed: {0}")]
    Sign(#[from] SignError),
}
