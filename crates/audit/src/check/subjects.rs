//! The rules between entries about the same subject, for logs of any length in little memory.
//!
//! Of each entry that has a rule eight bytes are kept: a fingerprint of its subject, and which rule. Sorted, they
//! show the subjects whose entries do not fit; only these are looked at again, in a second reading, which finds
//! out what exactly is wrong. The fingerprint is keyed, so that nobody can make two subjects look like one.

use std::collections::{BTreeMap, HashSet};

use gm::Sm3;

use crate::check::Findings;
use crate::entry::act;
use crate::{Entry, Finding};

/// Subjects of either kind that are looked at again, at most. Of more it is only counted how many there are.
const SUSPECTS_MAX: u64 = 10_000;

/// What was noted in the first reading.
#[derive(Debug)]
pub(crate) struct Subjects {
    key: [u8; 16],
    noted: Vec<u64>,
}

/// Which rule an entry falls under.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Rule {
    /// Its subject is new.
    New,
    /// Its subject is new, and an outcome follows.
    Intent,
    /// An intent with the same subject stands before it, and no other outcome.
    Outcome,
}

impl Rule {
    fn of(entry: &Entry) -> Option<Rule> {
        match entry.act.as_str() {
            act::SEAL_MADE | act::KEY_CREATED => Some(Rule::New),
            act::USE_INTENDED => Some(Rule::Intent),
            act::USE_OUTCOME => Some(Rule::Outcome),
            _ => None,
        }
    }
}

impl Subjects {
    pub(crate) fn new(key: [u8; 16]) -> Self {
        Self {
            key,
            noted: Vec::new(),
        }
    }

    pub(crate) fn note(&mut self, entry: &Entry) {
        if let Some(rule) = Rule::of(entry) {
            self.noted.push(self.fingerprint(rule, entry) | rule as u64);
        }
    }

    /// 62 bits of a keyed digest, the two lowest free. Intent and outcome of one subject have the same.
    fn fingerprint(&self, rule: Rule, entry: &Entry) -> u64 {
        let scope = if rule == Rule::New {
            entry.act.as_str()
        } else {
            "use"
        };
        let mut hasher = Sm3::new();
        hasher.update(&self.key);
        // Names and identifiers have no control characters, so the separator is unambiguous.
        for part in [scope, &entry.subject.kind, &entry.subject.id] {
            hasher.update(part.as_bytes());
            hasher.update(&[0]);
        }
        let digest = hasher.finish().0;
        u64::from_be_bytes(std::array::from_fn(|at| digest[at])) & !RULE_BITS
    }

    /// The subjects whose entries do not fit.
    pub(crate) fn suspects(&mut self) -> Suspects {
        // Stable: the entries of one subject stay in their order.
        self.noted.sort_by_key(|noted| noted & !RULE_BITS);
        let mut suspects = Suspects {
            subjects: Subjects::new(self.key),
            fingerprints: HashSet::new(),
            broken: 0,
            open: 0,
            histories: BTreeMap::new(),
        };
        for group in self.noted.chunk_by(|a, b| a & !RULE_BITS == b & !RULE_BITS) {
            let [first, rest @ ..] = group else { continue };
            let count = match (first & RULE_BITS, rest) {
                (NEW, []) => continue,
                (INTENT, [second]) if second & RULE_BITS == OUTCOME => continue,
                (INTENT, []) => &mut suspects.open,
                _ => &mut suspects.broken,
            };
            *count += 1;
            if *count <= SUSPECTS_MAX {
                suspects.fingerprints.insert(first & !RULE_BITS);
            }
        }
        self.noted = Vec::new();
        suspects
    }
}

const RULE_BITS: u64 = 3;
const NEW: u64 = Rule::New as u64;
const INTENT: u64 = Rule::Intent as u64;
const OUTCOME: u64 = Rule::Outcome as u64;

/// What the second reading looks for.
#[derive(Debug)]
pub(crate) struct Suspects {
    subjects: Subjects,
    fingerprints: HashSet<u64>,
    /// Subjects whose entries are against a rule.
    broken: u64,
    /// Uses without outcome.
    open: u64,
    /// Act (an outcome counts as its intent), kind and identifier → what happened.
    histories: BTreeMap<(&'static str, String, String), History>,
}

/// The first entries about one subject.
#[derive(Debug, Default)]
struct History {
    first: Option<u64>,
    outcome: Option<u64>,
}

impl Suspects {
    pub(crate) fn is_empty(&self) -> bool {
        self.fingerprints.is_empty()
    }

    /// Looks at an entry again.
    pub(crate) fn look(&mut self, index: u64, entry: &Entry, findings: &mut Findings) {
        let Some(rule) = Rule::of(entry) else { return };
        if !self
            .fingerprints
            .contains(&self.subjects.fingerprint(rule, entry))
        {
            return;
        }
        let act = match entry.act.as_str() {
            act::SEAL_MADE => act::SEAL_MADE,
            act::KEY_CREATED => act::KEY_CREATED,
            _ => act::USE_INTENDED,
        };
        let key = (act, entry.subject.kind.clone(), entry.subject.id.clone());
        let subject = entry.subject.id.clone();
        let history = self.histories.entry(key).or_default();
        match (rule, history.first, history.outcome) {
            (Rule::New | Rule::Intent, None, _) => history.first = Some(index),
            (Rule::New | Rule::Intent, Some(first), _) => findings.push(Finding::SubjectRepeated {
                index,
                act: act.to_owned(),
                subject,
                first,
            }),
            (Rule::Outcome, _, Some(first)) => findings.push(Finding::OutcomeRepeated {
                index,
                subject,
                first,
            }),
            (Rule::Outcome, None, None) => findings.push(Finding::OutcomeWithoutIntent { index, subject }),
            (Rule::Outcome, Some(_), None) => history.outcome = Some(index),
        }
    }

    /// What is missing at the end.
    pub(crate) fn finish(self, findings: &mut Findings) {
        let mut open: Vec<(u64, String)> = Vec::new();
        for ((act, _, subject), history) in self.histories {
            if let (act::USE_INTENDED, Some(index), None) = (act, history.first, history.outcome) {
                open.push((index, subject));
            }
        }
        open.sort();
        for (index, subject) in open {
            findings.push(Finding::OutcomeMissing { index, subject });
        }
        let unnamed = |count: u64| count.saturating_sub(SUSPECTS_MAX);
        if unnamed(self.broken) > 0 {
            findings.push(Finding::SubjectsUnnamed {
                count: unnamed(self.broken),
            });
        }
        if unnamed(self.open) > 0 {
            findings.push(Finding::OutcomesUnnamed {
                count: unnamed(self.open),
            });
        }
    }
}
