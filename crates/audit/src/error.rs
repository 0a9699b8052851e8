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

impl Error {
    /// The same sentence in Chinese; [`Display`](std::fmt::Display) is English.
    #[rustfmt::skip]
    pub fn zh(&self) -> String {
        match self {
            Self::EntryTooLong { bytes } => format!("条目有 {bytes} 字节，超过上限 {ENTRY_BYTES_MAX}：请另存大的内容，只记其杂凑值"),
            Self::DetailsTooLong { bytes } => format!("条目的细节有 {bytes} 字节，超过上限 {DETAILS_BYTES_MAX}：请另存大的内容，只记其杂凑值"),
            Self::DetailsTooDeep => format!("条目的细节嵌套超过 {DETAILS_DEPTH_MAX} 层"),
            Self::Number { number } => format!("数字 {number} 不是 ±(2^53-1) 之间的整数：请写成字符串"),
            Self::TooManyCommitments { count } => format!("条目有 {count} 个承诺值，超过上限 {COMMITMENTS_MAX}"),
            Self::BadName { field, text } => format!("{field} 的值 {text:?} 不是由 a-z、0-9、_、- 和单个点组成的 {NAME_BYTES_MAX} 字节以内的名称"),
            Self::BadId { field, text } => format!("{field} 的值 {text:?} 为空、超过 {ID_BYTES_MAX} 字节或含有控制字符"),
            Self::Time { time } => format!("时间 {time} 早于公元 0 年：时钟有误"),
            Self::EntryMalformed { .. } => "内容不是条目".into(),
            Self::NotCanonical { at, expected, found } => format!("条目不是规范形式：第 {at} 字节起应为 {expected:?}，实为 {found:?}"),
            Self::FrontierMalformed { bytes } => format!("日志的前沿已损坏：{bytes} 字节与其大小不符"),
            Self::OutOfRange { from, size, .. } => format!("没有从 {from} 到 {size} 条的证明：前者超出后者"),
            Self::NodeMissing { level, index } => format!("存储中缺少第 {level} 层第 {index} 个节点：日志已损坏"),
            Self::ProofLength { found } => format!("证明有 {found} 个杂凑值，与条数不符：证明已损坏，或属于其他条数"),
            Self::ProofMismatch => "证明得出另一个根：条目或日志不是当时签名的".into(),
            Self::ProofMalformed { .. } => "内容不是条目的证明".into(),
            Self::CheckpointMalformed { .. } => "内容不是签名的检查点".into(),
            Self::CheckpointTooLong { bytes } => format!("检查点有 {bytes} 字节，超过上限 {CHECKPOINT_BYTES_MAX}"),
            Self::CheckpointSigner { signers } => format!("检查点由 {signers} 签名，不是所给的公钥"),
            Self::CheckpointSignature { signer, .. } => format!("{signer} 对检查点的签名无效：内容或签名被改动"),
            Self::KeyMalformed { .. } => "内容不是“名称+标识+BASE64”形式的日志公钥".into(),
            Self::Sign(_) => "密钥没有完成对检查点的签名".into(),
        }
    }
}
