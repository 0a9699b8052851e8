//! What a check of an export finds, in Chinese and English.

use gm::Digest;
use jiff::Timestamp;
use serde::{Serialize, Serializer};

use crate::Error;

/// What a finding means for the conclusion.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Effect {
    /// Worth knowing.
    Notice,
    /// Something is not proved.
    Indeterminate,
    /// Something is wrong.
    Failed,
}

/// One thing that was found. As JSON, `code` names the variant.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "code", rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Finding {
    /// The file does not begin as an export does.
    NotAnExport,
    /// A line that is not of an export, or not in this place.
    LineUnknown {
        /// From 1.
        line: u64,
    },
    /// A line longer than any that we write.
    LineTooLong {
        /// From 1.
        line: u64,
    },
    /// A line names a key that is none.
    KeyMalformed {
        /// From 1.
        line: u64,
        /// What is wrong with it.
        #[serde(serialize_with = "display")]
        why: Error,
    },
    /// The file ends without its last line.
    CutOff {
        /// Entries until there.
        entries: u64,
    },
    /// The last line counts otherwise.
    CountDiffers {
        /// What the last line says.
        said: u64,
        /// What is there.
        found: u64,
    },
    /// An entry that has no or another canonical form.
    EntryMalformed {
        /// From 0.
        index: u64,
        /// What is wrong with it.
        #[serde(serialize_with = "display")]
        why: Error,
    },
    /// An entry is earlier than one before it, by more than clocks differ.
    TimeBackwards {
        /// From 0.
        index: u64,
        /// Its time.
        time: Timestamp,
        /// The latest time before.
        latest: Timestamp,
    },
    /// An entry is later than now.
    TimeAhead {
        /// From 0.
        index: u64,
        /// Its time.
        time: Timestamp,
    },
    /// An act that names a new subject names one that was there.
    SubjectRepeated {
        /// From 0.
        index: u64,
        /// The act.
        act: String,
        /// Its subject.
        subject: String,
        /// The entry that named it first.
        first: u64,
    },
    /// An outcome of a use that was not intended before.
    OutcomeWithoutIntent {
        /// From 0.
        index: u64,
        /// The use record.
        subject: String,
    },
    /// A second outcome of the same use.
    OutcomeRepeated {
        /// From 0.
        index: u64,
        /// The use record.
        subject: String,
        /// The entry with the first outcome.
        first: u64,
    },
    /// A use was intended and has no outcome.
    OutcomeMissing {
        /// From 0.
        index: u64,
        /// The use record.
        subject: String,
    },
    /// More uses without outcome than are kept in memory.
    OutcomesUnnamed {
        /// How many more.
        count: u64,
    },
    /// More broken subjects than are kept in memory.
    SubjectsUnnamed {
        /// How many more.
        count: u64,
    },
    /// A line holds no checkpoint.
    CheckpointMalformed {
        /// From 1.
        line: u64,
        /// What is wrong with it.
        #[serde(serialize_with = "display")]
        why: Error,
    },
    /// A checkpoint of another log.
    CheckpointOrigin {
        /// Entries that it covers.
        size: u64,
        /// What it says.
        origin: String,
    },
    /// A checkpoint stands behind another number of entries than it covers.
    CheckpointPlace {
        /// Entries that it covers.
        size: u64,
        /// Entries before it.
        found: u64,
    },
    /// A checkpoint that is not signed by a key that was given, or whose signature is broken.
    CheckpointUnproved {
        /// Entries that it covers.
        size: u64,
        /// What is wrong with it.
        #[serde(serialize_with = "display")]
        why: Error,
    },
    /// A signed checkpoint has another root than the entries.
    CheckpointRoot {
        /// Entries that it covers.
        size: u64,
        /// The largest size before it whose signed root fits the entries.
        sound: u64,
        /// The signed root.
        #[serde(serialize_with = "hex")]
        signed: Digest,
        /// The root of the entries.
        #[serde(serialize_with = "hex")]
        computed: Digest,
    },
    /// A checkpoint is earlier than an entry that it covers, or than a checkpoint before it.
    CheckpointTime {
        /// Entries that it covers.
        size: u64,
        /// When it was signed.
        time: Timestamp,
        /// What it should not be earlier than.
        latest: Timestamp,
    },
    /// A checkpoint that was saved is of another log.
    SavedOrigin {
        /// Entries that it covers.
        size: u64,
        /// What it says.
        origin: String,
    },
    /// A checkpoint that was saved is not signed by a key that was given, or its signature is broken.
    SavedUnproved {
        /// Entries that it covers.
        size: u64,
        /// What is wrong with it.
        #[serde(serialize_with = "display")]
        why: Error,
    },
    /// The log is another one than when the checkpoint was saved.
    SavedRoot {
        /// Entries that it covers.
        size: u64,
        /// The saved root.
        #[serde(serialize_with = "hex")]
        saved: Digest,
        /// The root of the entries.
        #[serde(serialize_with = "hex")]
        computed: Digest,
    },
    /// The log is shorter than when the checkpoint was saved.
    SavedBeyondEnd {
        /// Entries that it covers.
        size: u64,
        /// Entries that are there.
        entries: u64,
    },
    /// Nothing signed fits the entries.
    NoCheckpoint,
    /// Entries behind the last sound checkpoint.
    TailUncovered {
        /// First of them.
        from: u64,
        /// Entries of the log.
        entries: u64,
    },
    /// No checkpoint from outside was compared.
    NothingSaved,
}

impl Finding {
    /// What it means for the conclusion.
    pub fn effect(&self) -> Effect {
        match self {
            Self::NothingSaved | Self::OutcomeMissing { .. } | Self::OutcomesUnnamed { .. } => Effect::Notice,
            Self::NoCheckpoint | Self::TailUncovered { .. } => Effect::Indeterminate,
            // Clocks do go wrong, and a log cannot be corrected afterwards; the order itself is signed.
            Self::TimeBackwards { .. } | Self::TimeAhead { .. } | Self::CheckpointTime { .. } => {
                Effect::Indeterminate
            }
            _ => Effect::Failed,
        }
    }

    /// What was found and what to do, in Chinese.
    #[rustfmt::skip]
    pub fn zh(&self) -> String {
        match self {
            Self::NotAnExport => "不是审计日志导出文件：请用 yinxin 导出的文件".into(),
            Self::LineUnknown { line } => format!("第 {line} 行不属于导出文件：文件被改动或损坏"),
            Self::LineTooLong { line } => format!("第 {line} 行过长：文件被改动或损坏"),
            Self::KeyMalformed { line, why } => format!("第 {line} 行不是日志公钥（{}）", why.zh()),
            Self::CutOff { entries } => format!("文件在 {entries} 条之后中断，缺少结束行：请重新导出，仍如此则日志被截断"),
            Self::CountDiffers { said, found } => format!("结束行记有 {said} 条，实有 {found} 条：有条目被删除或插入"),
            Self::EntryMalformed { index, why } => format!("第 {index} 条不是规范的条目（{}）：该条被改动", why.zh()),
            Self::TimeBackwards { index, time, latest } => format!("第 {index} 条的时间 {time} 早于此前的 {latest}：条目被调换，或时钟有误"),
            Self::TimeAhead { index, time } => format!("第 {index} 条的时间 {time} 晚于现在：时钟有误，或时间被改动"),
            Self::SubjectRepeated { index, act, subject, first } => format!("第 {index} 条 {act} 的对象 {subject} 在第 {first} 条已经出现：标识重复"),
            Self::OutcomeWithoutIntent { index, subject } => format!("第 {index} 条记有用印 {subject} 的结果，此前没有用印意图：意图被删除，或绕过了记录"),
            Self::OutcomeRepeated { index, subject, first } => format!("第 {index} 条再次记录用印 {subject} 的结果，第 {first} 条已有：标识重复"),
            Self::OutcomeMissing { index, subject } => format!("第 {index} 条的用印 {subject} 尚无结果：导出时正在进行，或程序中断后尚未处理"),
            Self::OutcomesUnnamed { count } => format!("另有 {count} 次用印尚无结果，未逐一列出"),
            Self::SubjectsUnnamed { count } => format!("另有 {count} 个对象的条目不合规则，未逐一列出"),
            Self::CheckpointMalformed { line, why } => format!("第 {line} 行不是检查点（{}）", why.zh()),
            Self::CheckpointOrigin { size, origin } => format!("{size} 条处的检查点属于另一日志 {origin}"),
            Self::CheckpointPlace { size, found } => format!("涵盖 {size} 条的检查点出现在 {found} 条之后：有条目被删除或插入"),
            Self::CheckpointUnproved { size, why } => format!("{size} 条处的检查点没有得到证明（{}）：检查点被伪造，或请给出其公钥", why.zh()),
            Self::CheckpointRoot { size, sound, signed, computed } => format!("{size} 条处签名的根 {signed} 与条目算出的 {computed} 不符：第 {sound} 条至第 {} 条之间有改动", size.saturating_sub(1)),
            Self::CheckpointTime { size, time, latest } => format!("{size} 条处检查点的时间 {time} 早于 {latest}：时钟有误，或检查点是事后补签的"),
            Self::SavedOrigin { size, origin } => format!("所存的检查点（{size} 条）属于另一日志 {origin}：请给出本日志的检查点"),
            Self::SavedUnproved { size, why } => format!("所存的检查点（{size} 条）没有得到证明（{}）", why.zh()),
            Self::SavedRoot { size, saved, computed } => format!("日志前 {size} 条与当时所存的检查点不符（当时 {saved}，现在 {computed}）：日志被改写"),
            Self::SavedBeyondEnd { size, entries } => format!("当时所存的检查点涵盖 {size} 条，现在只有 {entries} 条：日志被截断"),
            Self::NoCheckpoint => "没有任何有效的检查点与条目相符：条目的完整性没有得到证明".into(),
            Self::TailUncovered { from, entries } => format!("第 {from} 条至第 {} 条在最后一个有效检查点之后，没有签名涵盖：请在签发检查点后再导出", entries.saturating_sub(1)),
            Self::NothingSaved => "没有与外部保存的检查点比对：持有签名密钥的人若重写整个日志，仅凭导出文件看不出来；请用 --checkpoint 给出以前保存的检查点".into(),
        }
    }

    /// What was found and what to do, in English.
    #[rustfmt::skip]
    pub fn en(&self) -> String {
        match self {
            Self::NotAnExport => "this is no export of an audit log: give a file that yinxin exported".into(),
            Self::LineUnknown { line } => format!("line {line} does not belong to an export: the file was changed or is damaged"),
            Self::LineTooLong { line } => format!("line {line} is too long: the file was changed or is damaged"),
            Self::KeyMalformed { line, why } => format!("line {line} is no key of a log ({why})"),
            Self::CutOff { entries } => format!("the file breaks off after {entries} entries: export again; if it stays so, the log was cut"),
            Self::CountDiffers { said, found } => format!("the last line counts {said} entries, there are {found}: entries were removed or inserted"),
            Self::EntryMalformed { index, why } => format!("entry {index} is not in its canonical form ({why}): it was changed"),
            Self::TimeBackwards { index, time, latest } => format!("entry {index} is of {time}, earlier than {latest} before it: entries were reordered, or a clock was wrong"),
            Self::TimeAhead { index, time } => format!("entry {index} is of {time}, later than now: a clock was wrong, or the time was changed"),
            Self::SubjectRepeated { index, act, subject, first } => format!("entry {index}, {act}, names the new subject {subject}, which entry {first} named already"),
            Self::OutcomeWithoutIntent { index, subject } => format!("entry {index} is the outcome of use {subject}, which was not intended before: the intent was removed, or the record was bypassed"),
            Self::OutcomeRepeated { index, subject, first } => format!("entry {index} is another outcome of use {subject}, which has one in entry {first}"),
            Self::OutcomeMissing { index, subject } => format!("use {subject}, intended in entry {index}, has no outcome: it was going on during the export, or a crash was not resolved yet"),
            Self::OutcomesUnnamed { count } => format!("{count} more uses have no outcome, they are not listed"),
            Self::SubjectsUnnamed { count } => format!("{count} more subjects have entries against the rules, they are not listed"),
            Self::CheckpointMalformed { line, why } => format!("line {line} is no checkpoint ({why})"),
            Self::CheckpointOrigin { size, origin } => format!("the checkpoint of {size} entries is of another log, {origin}"),
            Self::CheckpointPlace { size, found } => format!("the checkpoint of {size} entries stands behind {found}: entries were removed or inserted"),
            Self::CheckpointUnproved { size, why } => format!("the checkpoint of {size} entries is not proved ({why}): it is forged, or its key was not given"),
            Self::CheckpointRoot { size, sound, signed, computed } => format!("the root signed for {size} entries is {signed}, the entries give {computed}: something between entries {sound} and {} was changed", size.saturating_sub(1)),
            Self::CheckpointTime { size, time, latest } => format!("the checkpoint of {size} entries was signed at {time}, before {latest}: a clock was wrong, or it was signed afterwards"),
            Self::SavedOrigin { size, origin } => format!("the saved checkpoint of {size} entries is of another log, {origin}: give one of this log"),
            Self::SavedUnproved { size, why } => format!("the saved checkpoint of {size} entries is not proved ({why})"),
            Self::SavedRoot { size, saved, computed } => format!("the first {size} entries are not those of the saved checkpoint (it has {saved}, they give {computed}): the log was rewritten"),
            Self::SavedBeyondEnd { size, entries } => format!("the saved checkpoint covers {size} entries, now there are {entries}: the log was cut"),
            Self::NoCheckpoint => "no checkpoint that holds fits the entries: nothing proves that they are complete".into(),
            Self::TailUncovered { from, entries } => format!("entries {from} to {} stand behind the last checkpoint that holds, no signature covers them: sign a checkpoint, then export again", entries.saturating_sub(1)),
            Self::NothingSaved => "no checkpoint from outside was compared: whoever has the signing key could have rewritten the whole log, and the export alone would not show it; give checkpoints that you saved with --checkpoint".into(),
        }
    }
}

/// A digest as hexadecimal digits.
pub(crate) fn hex<S: Serializer>(digest: &Digest, to: S) -> Result<S::Ok, S::Error> {
    to.collect_str(digest)
}

/// With what it means and its words, so that a program can show it as it is.
pub(crate) fn with_words<S: Serializer>(findings: &[Finding], to: S) -> Result<S::Ok, S::Error> {
    #[derive(Serialize)]
    struct Shown<'f> {
        #[serde(flatten)]
        finding: &'f Finding,
        effect: Effect,
        zh: String,
        en: String,
    }
    to.collect_seq(findings.iter().map(|finding| Shown {
        finding,
        effect: finding.effect(),
        zh: finding.zh(),
        en: finding.en(),
    }))
}

fn display<S: Serializer>(error: &Error, to: S) -> Result<S::Ok, S::Error> {
    to.collect_str(error)
}
