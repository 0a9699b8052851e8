//! Checks an export: everything is derived again from the file alone.
//!
//! Nothing ends a check early, so that all findings are told. One line is in memory at a time, besides the tree's
//! edge and eight bytes for each entry that has a rule with others ([`subjects`]).

mod subjects;

use std::collections::{BTreeMap, HashMap};
use std::io::{self, BufRead};
use std::mem::Discriminant;

use gm::Digest;
use jiff::{SignedDuration, Timestamp};
use serde::Serialize;

use crate::export::{Line, Lines};
use crate::finding::{hex, with_words};
use crate::{Checkpoint, Effect, Entry, Finding, Frontier, LogKey, SignedCheckpoint, leaf_digest};

use subjects::Subjects;

/// Seconds by which clocks may differ, and an entry wait for those before it, without being found.
pub const CLOCK_DIFFERENCE_SECONDS_MAX: i64 = 60;

/// Findings of one kind that are listed; more are only counted.
pub const FINDINGS_MAX: u64 = 100;

/// What an export is checked against.
#[derive(Clone, Copy, Debug)]
pub struct Against<'a> {
    /// Whose checkpoints are believed.
    pub keys: &'a [LogKey],
    /// Checkpoints that were saved before, elsewhere.
    pub saved: &'a [SignedCheckpoint],
    /// The time of the check.
    pub now: Timestamp,
    /// Random bytes, with which subjects are fingerprinted in memory.
    pub salt: [u8; 16],
}

/// What a check concludes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Conclusion {
    /// Everything fits, and signatures cover all of it.
    Passed,
    /// Something was changed, is missing or against the rules.
    Failed,
    /// Nothing is wrong, but not everything is proved.
    Indeterminate,
}

/// The name and version of a report's JSON form; a consumer refuses what it does not know.
pub const REPORT_SCHEMA: &str = "yinxin-audit-report-1";

/// What a check found out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Report {
    /// Always [`REPORT_SCHEMA`].
    pub schema: &'static str,
    /// From the findings.
    pub conclusion: Conclusion,
    /// Which log it says it is.
    pub origin: Option<String>,
    /// How many entries there are.
    pub entries: u64,
    /// The root over them.
    #[serde(serialize_with = "hex")]
    pub root: Digest,
    /// Time of the first entry that could be read.
    pub first_time: Option<Timestamp>,
    /// The latest time of an entry.
    pub latest_time: Option<Timestamp>,
    /// Checkpoints in the export that are signed by the keys given and fit the entries.
    pub sound_checkpoints: u64,
    /// How many of the first entries are covered by a checkpoint that is signed and fits.
    pub covered: u64,
    /// Saved checkpoints that are signed and fit.
    pub sound_saved: u64,
    /// How often each act stands in the log. Beyond a thousand names, the rest is counted as `*`.
    pub acts: BTreeMap<String, u64>,
    /// All that was found.
    #[serde(flatten)]
    pub findings: Findings,
}

/// All that was found, in the order in which it was.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Findings {
    /// At most [`FINDINGS_MAX`] of each kind.
    #[serde(rename = "findings", serialize_with = "with_words")]
    list: Vec<Finding>,
    /// How many more there were.
    #[serde(rename = "unlisted_findings")]
    unlisted: u64,
    #[serde(skip)]
    counts: HashMap<Discriminant<Finding>, u64>,
    #[serde(skip)]
    worst: Option<Effect>,
}

impl Findings {
    /// At most [`FINDINGS_MAX`] of each kind.
    pub fn list(&self) -> &[Finding] {
        &self.list
    }

    /// How many more there were.
    pub fn unlisted(&self) -> u64 {
        self.unlisted
    }

    fn push(&mut self, finding: Finding) {
        self.worst = self.worst.max(Some(finding.effect()));
        let count = self.counts.entry(std::mem::discriminant(&finding)).or_default();
        *count += 1;
        if *count <= FINDINGS_MAX {
            self.list.push(finding);
        } else {
            self.unlisted += 1;
        }
    }

    fn conclusion(&self) -> Conclusion {
        match self.worst {
            Some(Effect::Failed) => Conclusion::Failed,
            Some(Effect::Indeterminate) => Conclusion::Indeterminate,
            Some(Effect::Notice) | None => Conclusion::Passed,
        }
    }
}

/// Checks the export that `open` gives. It is opened a second time if the subjects of some entries do not fit, to
/// find out why.
///
/// Fails only where reading fails.
pub fn check<R: BufRead>(
    mut open: impl FnMut() -> io::Result<R>,
    against: Against<'_>,
) -> io::Result<Report> {
    let mut reading = Reading::new(against);
    let mut lines = Lines::new(open()?);
    let mut is_export = matches!(lines.next()?, Some(Line::First));
    if let (true, Some(Line::Origin(origin))) = (is_export, lines.next()?) {
        reading.begin(origin);
    } else {
        is_export = false;
        reading.findings.push(Finding::NotAnExport);
    }
    while is_export && reading.line(&mut lines)? {}
    if is_export {
        reading.end();
        look_again(&mut open, &mut reading)?;
    }
    Ok(reading.report())
}

fn look_again<R: BufRead>(
    open: &mut impl FnMut() -> io::Result<R>,
    reading: &mut Reading<'_>,
) -> io::Result<()> {
    let mut suspects = reading.subjects.suspects();
    if suspects.is_empty() {
        return Ok(());
    }
    let mut lines = Lines::new(open()?);
    let mut index = 0;
    while let Some(line) = lines.next()? {
        if let Line::Entry(bytes) = line
            && let Ok(entry) = Entry::from_bytes(bytes)
        {
            suspects.look(index, &entry, &mut reading.findings);
        }
        index += u64::from(matches!(line, Line::Entry(_)));
    }
    suspects.finish(&mut reading.findings);
    Ok(())
}

/// What is known after some lines.
struct Reading<'a> {
    against: Against<'a>,
    origin: Option<String>,
    frontier: Frontier,
    findings: Findings,
    subjects: Subjects,
    /// Saved checkpoints that are signed and of this log, the smallest last.
    saved: Vec<&'a Checkpoint>,
    first_time: Option<Timestamp>,
    latest_time: Option<Timestamp>,
    /// When the latest sound checkpoint was signed.
    signed: Option<Timestamp>,
    sound_checkpoints: u64,
    covered: u64,
    sound_saved: u64,
    acts: BTreeMap<String, u64>,
    is_in_head: bool,
    is_ended: bool,
}

impl<'a> Reading<'a> {
    fn new(against: Against<'a>) -> Self {
        Self {
            against,
            origin: None,
            frontier: Frontier::new(),
            findings: Findings::default(),
            subjects: Subjects::new(against.salt),
            saved: Vec::new(),
            first_time: None,
            latest_time: None,
            signed: None,
            sound_checkpoints: 0,
            covered: 0,
            sound_saved: 0,
            acts: BTreeMap::new(),
            is_in_head: true,
            is_ended: false,
        }
    }

    fn begin(&mut self, origin: &str) {
        self.origin = Some(origin.to_owned());
        for saved in self.against.saved {
            let claimed = saved.claimed();
            let size = claimed.size;
            if claimed.origin != origin {
                let origin = claimed.origin.clone();
                self.findings.push(Finding::SavedOrigin { size, origin });
            }
            match saved.verify(self.against.keys) {
                Ok(checkpoint) if checkpoint.origin == origin => self.saved.push(checkpoint),
                Ok(_) => {}
                Err(why) => {
                    self.findings.push(Finding::SavedUnproved { size, why });
                }
            }
        }
        self.saved.sort_by_key(|saved| std::cmp::Reverse(saved.size));
        self.compare_saved();
    }

    /// Takes the next line. False at the end.
    fn line<R: BufRead>(&mut self, lines: &mut Lines<R>) -> io::Result<bool> {
        let number = lines.number + 1;
        let Some(line) = lines.next()? else {
            return Ok(false);
        };
        if self.is_ended {
            self.findings.push(Finding::LineUnknown { line: number });
            return Ok(true);
        }
        let is_in_head = std::mem::replace(&mut self.is_in_head, false);
        match line {
            Line::Key(key) if is_in_head => {
                self.is_in_head = true;
                if let Err(why) = key {
                    self.findings.push(Finding::KeyMalformed { line: number, why });
                }
            }
            Line::Entry(bytes) => self.entry(bytes),
            Line::Checkpoint(Ok(checkpoint)) => self.checkpoint(&checkpoint),
            Line::Checkpoint(Err(why)) => {
                self.findings
                    .push(Finding::CheckpointMalformed { line: number, why });
            }
            Line::End(said) => {
                self.is_ended = true;
                let found = self.frontier.size();
                if said != found {
                    self.findings.push(Finding::CountDiffers { said, found });
                }
            }
            Line::TooLong => self.findings.push(Finding::LineTooLong { line: number }),
            Line::First | Line::Origin(_) | Line::Key(_) | Line::Unknown => {
                self.findings.push(Finding::LineUnknown { line: number });
            }
        }
        Ok(true)
    }

    fn entry(&mut self, bytes: &[u8]) {
        let index = self.frontier.append(leaf_digest(bytes));
        match Entry::from_bytes(bytes) {
            Ok(entry) => {
                self.time(index, entry.time);
                self.subjects.note(&entry);
                self.count(entry.act);
            }
            Err(why) => {
                self.findings.push(Finding::EntryMalformed { index, why });
            }
        }
        self.compare_saved();
    }

    fn time(&mut self, index: u64, time: Timestamp) {
        if is_before(self.against.now, time) {
            self.findings.push(Finding::TimeAhead { index, time });
        }
        if let Some(latest) = self.latest_time.filter(|latest| is_before(time, *latest)) {
            self.findings.push(Finding::TimeBackwards { index, time, latest });
        }
        self.first_time = self.first_time.or(Some(time));
        self.latest_time = self.latest_time.max(Some(time));
    }

    fn count(&mut self, act: String) {
        let is_listed = self.acts.len() < ACTS_MAX || self.acts.contains_key(&act);
        let name = if is_listed { act } else { "*".to_owned() };
        *self.acts.entry(name).or_default() += 1;
    }

    fn checkpoint(&mut self, signed: &SignedCheckpoint) {
        let (size, found) = (signed.claimed().size, self.frontier.size());
        let before = self.findings.counts.values().sum::<u64>();
        if Some(&signed.claimed().origin) != self.origin.as_ref() {
            let origin = signed.claimed().origin.clone();
            self.findings.push(Finding::CheckpointOrigin { size, origin });
        }
        if size != found {
            self.findings.push(Finding::CheckpointPlace { size, found });
        }
        let checkpoint = match signed.verify(self.against.keys) {
            Ok(checkpoint) => checkpoint,
            Err(why) => {
                self.findings.push(Finding::CheckpointUnproved { size, why });
                return;
            }
        };
        let computed = self.frontier.root();
        if size == found && checkpoint.root != computed {
            let (signed, sound) = (checkpoint.root, self.covered);
            self.findings.push(Finding::CheckpointRoot {
                size,
                sound,
                signed,
                computed,
            });
        }
        if self.findings.counts.values().sum::<u64>() == before {
            self.sound_checkpoints += 1;
            self.covered = size;
        }
        let time = checkpoint.time;
        let latest = self.latest_time.max(self.signed);
        if let Some(latest) = latest.filter(|latest| is_before(time, *latest)) {
            self.findings.push(Finding::CheckpointTime { size, time, latest });
        }
        self.signed = self.signed.max(Some(time));
    }

    /// Compares the saved checkpoints of the size that is reached.
    fn compare_saved(&mut self) {
        let size = self.frontier.size();
        while let Some(saved) = self.saved.pop_if(|saved| saved.size == size) {
            let (saved, computed) = (saved.root, self.frontier.root());
            if saved == computed {
                self.sound_saved += 1;
                self.covered = size;
            } else {
                self.findings.push(Finding::SavedRoot {
                    size,
                    saved,
                    computed,
                });
            }
        }
    }

    fn end(&mut self) {
        let entries = self.frontier.size();
        if !self.is_ended {
            self.findings.push(Finding::CutOff { entries });
        }
        while let Some(saved) = self.saved.pop() {
            let size = saved.size;
            self.findings.push(Finding::SavedBeyondEnd { size, entries });
        }
        if self.sound_checkpoints + self.sound_saved == 0 {
            self.findings.push(Finding::NoCheckpoint);
        } else if self.covered < entries {
            let from = self.covered;
            self.findings.push(Finding::TailUncovered { from, entries });
        }
        if self.against.saved.is_empty() {
            self.findings.push(Finding::NothingSaved);
        }
    }

    fn report(self) -> Report {
        Report {
            schema: REPORT_SCHEMA,
            conclusion: self.findings.conclusion(),
            origin: self.origin,
            entries: self.frontier.size(),
            root: self.frontier.root(),
            first_time: self.first_time,
            latest_time: self.latest_time,
            sound_checkpoints: self.sound_checkpoints,
            covered: self.covered,
            sound_saved: self.sound_saved,
            acts: self.acts,
            findings: self.findings,
        }
    }
}

/// Different names of acts that are counted, at most.
const ACTS_MAX: usize = 1000;

/// Whether `time` is before `other` by more than clocks differ.
fn is_before(time: Timestamp, other: Timestamp) -> bool {
    other.duration_since(time) > SignedDuration::from_secs(CLOCK_DIFFERENCE_SECONDS_MAX)
}

#[cfg(test)]
mod tests;
