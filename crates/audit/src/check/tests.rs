//! What is done to a log, and what the check says.

use gm::{Signer as _, SigningKey};
use proptest::prelude::*;
use serde_json::json;
use testkit::SeededRng;

use super::*;
use crate::entry::act;
use crate::{Actor, ActorKind, ExportWriter, Subject};

const ORIGIN: &str = "yinxin.example.gov.cn/audit";

fn signing_key(seed: u64) -> SigningKey {
    SigningKey::generate(&mut SeededRng::new(seed))
}

fn log_key(seed: u64) -> LogKey {
    LogKey::new(ORIGIN, signing_key(seed).public_key().clone()).unwrap()
}

fn time(second: u64) -> Timestamp {
    testkit::time("2026-11-22T02:00:00Z") + SignedDuration::from_secs(second as i64)
}

fn entry(second: u64, act: &str, kind: &str, id: &str) -> Entry {
    Entry {
        time: time(second),
        actor: Actor {
            kind: ActorKind::Person,
            id: "p1".into(),
            role: Some("custodian".into()),
            unit: Some("u1".into()),
        },
        act: act.into(),
        subject: Subject {
            kind: kind.into(),
            id: id.into(),
        },
        details: json!({"second": second}).as_object().unwrap().clone(),
        commitments: BTreeMap::new(),
    }
}

/// A seal, then uses: entries 1 and 2, 3 and 4, …
fn honest_entries(uses: u64) -> Vec<Entry> {
    let mut entries = vec![entry(0, act::SEAL_MADE, "seal", "s1")];
    for number in 1..=uses {
        let id = format!("use-{number}");
        entries.push(entry(2 * number - 1, act::USE_INTENDED, "use_record", &id));
        entries.push(entry(2 * number, act::USE_OUTCOME, "use_record", &id));
    }
    entries
}

fn checkpoint(entries: &[Vec<u8>], signed_at: u64, seed: u64) -> SignedCheckpoint {
    let mut frontier = Frontier::new();
    entries.iter().for_each(|bytes| {
        frontier.append(leaf_digest(bytes));
    });
    let checkpoint = Checkpoint {
        origin: ORIGIN.into(),
        size: frontier.size(),
        root: frontier.root(),
        time: time(signed_at),
    };
    checkpoint.sign(ORIGIN, &signing_key(seed)).unwrap()
}

/// A log as it is stored: entries' bytes and checkpoints.
#[derive(Clone)]
struct Stored {
    entries: Vec<Vec<u8>>,
    checkpoints: Vec<SignedCheckpoint>,
}

impl Stored {
    /// With a checkpoint behind every fourth entry and the last one.
    fn new(entries: &[Entry]) -> Self {
        let entries: Vec<Vec<u8>> = entries.iter().map(|entry| entry.to_bytes().unwrap()).collect();
        let sizes = (1..=entries.len()).filter(|size| size % 4 == 0 || *size == entries.len());
        let signed = |size: usize| checkpoint(&entries[..size], size as u64, 1);
        let checkpoints = sizes.map(signed).collect();
        Self { entries, checkpoints }
    }

    fn export(&self) -> Vec<u8> {
        let mut writer = ExportWriter::new(Vec::new(), ORIGIN, &[log_key(1)]).unwrap();
        let mut checkpoints = self.checkpoints.iter().peekable();
        for bytes in &self.entries {
            writer.entry(bytes).unwrap();
            while let Some(next) = checkpoints.next_if(|next| next.claimed().size <= writer.size()) {
                writer.checkpoint(&next.to_text()).unwrap();
            }
        }
        checkpoints.for_each(|left| writer.checkpoint(&left.to_text()).unwrap());
        writer.finish().unwrap()
    }
}

fn checked(export: &[u8], saved: &[SignedCheckpoint]) -> Report {
    let against = Against {
        keys: &[log_key(1)],
        saved,
        now: time(100_000),
        salt: [3; 16],
    };
    check(|| Ok(export), against).unwrap()
}

/// The conclusion, and the kinds of findings that are more than notices, each once.
fn verdict(report: &Report) -> (Conclusion, Vec<String>) {
    let mut codes: Vec<String> = Vec::new();
    for finding in report.findings.list() {
        let code = serde_json::to_value(finding).unwrap()["code"]
            .as_str()
            .unwrap()
            .to_owned();
        assert!(!finding.zh().is_empty() && !finding.en().is_empty());
        if finding.effect() > Effect::Notice && !codes.contains(&code) {
            codes.push(code);
        }
    }
    (report.conclusion, codes)
}

/// Changes the stored log, exports and checks it, with the checkpoint of the first eight entries saved.
fn found(change: impl FnOnce(&mut Stored)) -> Vec<String> {
    let honest = Stored::new(&honest_entries(8));
    let saved = checkpoint(&honest.entries[..8], 8, 1);
    let mut stored = honest.clone();
    change(&mut stored);
    let (conclusion, codes) = verdict(&checked(&stored.export(), &[saved]));
    assert_eq!(conclusion, Conclusion::Failed);
    codes
}

#[test]
fn an_honest_log_passes_and_is_described() {
    let stored = Stored::new(&honest_entries(8));
    let saved = [checkpoint(&[], 0, 1), checkpoint(&stored.entries[..5], 9, 1)];
    let report = checked(&stored.export(), &saved);
    assert_eq!(verdict(&report), (Conclusion::Passed, vec![]));
    assert!(report.findings.list().is_empty());
    assert_eq!((report.entries, report.covered), (17, 17));
    assert_eq!((report.sound_checkpoints, report.sound_saved), (5, 2));
    assert_eq!(report.root, stored.checkpoints[4].claimed().root);
    assert_eq!(report.acts[act::USE_INTENDED], 8);
    assert_eq!(
        (report.first_time, report.latest_time),
        (Some(time(0)), Some(time(16)))
    );
}

#[test]
fn without_saved_checkpoints_it_is_said_what_that_leaves_open() {
    let report = checked(&Stored::new(&honest_entries(2)).export(), &[]);
    assert_eq!(report.conclusion, Conclusion::Passed);
    assert_eq!(report.findings.list(), [Finding::NothingSaved]);
}

#[test]
fn a_changed_entry_is_found_with_the_place_between_checkpoints() {
    let stored = Stored::new(&honest_entries(8));
    let mut changed = stored.clone();
    let text = String::from_utf8(changed.entries[9].clone()).unwrap();
    changed.entries[9] = text.replace("\"p1\"", "\"p2\"").into_bytes();
    let report = checked(&changed.export(), &[]);
    let place = |finding: &Finding| match finding {
        Finding::CheckpointRoot { size, sound, .. } => Some((*sound, *size)),
        _ => None,
    };
    let places: Vec<_> = report.findings.list().iter().filter_map(place).collect();
    assert_eq!(places, [(8, 12), (8, 16), (8, 17)]);
    assert_eq!(report.conclusion, Conclusion::Failed);
}

#[test]
fn removed_reordered_and_inserted_entries_are_found() {
    let removed = found(|stored| drop(stored.entries.remove(9)));
    let expected = [
        "CHECKPOINT_ROOT",
        "CHECKPOINT_PLACE",
        "TAIL_UNCOVERED",
        "OUTCOME_WITHOUT_INTENT",
    ];
    assert_eq!(removed, expected);
    let reordered = found(|stored| stored.entries.swap(9, 10));
    assert_eq!(
        reordered,
        ["CHECKPOINT_ROOT", "TAIL_UNCOVERED", "OUTCOME_WITHOUT_INTENT"]
    );
    let inserted = found(|stored| {
        let more = entry(9, act::USE_REFUSED, "use_record", "x").to_bytes().unwrap();
        stored.entries.insert(9, more);
    });
    assert_eq!(inserted, ["CHECKPOINT_ROOT", "TAIL_UNCOVERED"]);
    let in_the_saved_part = found(|stored| drop(stored.entries.remove(0)));
    assert!(in_the_saved_part.contains(&"SAVED_ROOT".to_owned()));
}

#[test]
fn a_log_that_was_cut_is_found() {
    let with_its_checkpoints = found(|stored| stored.entries.truncate(12));
    assert_eq!(with_its_checkpoints, ["CHECKPOINT_PLACE"]);
    // Together with its checkpoints, a shorter log is a log: only who saved a checkpoint notices.
    let mut honest = Stored::new(&honest_entries(8));
    let saved = honest.checkpoints.pop().unwrap();
    honest.entries.truncate(16);
    assert_eq!(checked(&honest.export(), &[]).conclusion, Conclusion::Passed);
    let (conclusion, codes) = verdict(&checked(&honest.export(), &[saved]));
    assert_eq!(
        (conclusion, codes),
        (Conclusion::Failed, vec!["SAVED_BEYOND_END".to_owned()])
    );
}

#[test]
fn a_file_that_was_cut_is_found() {
    let export = Stored::new(&honest_entries(2)).export();
    let near_the_end = export.len() - 20;
    for length in (0..near_the_end).step_by(7).chain(near_the_end..export.len()) {
        let report = checked(&export[..length], &[]);
        assert_eq!(report.conclusion, Conclusion::Failed, "{length}");
    }
    let longer = [&export[..], b"entry {}\n"].concat();
    assert_eq!(verdict(&checked(&longer, &[])).1, ["LINE_UNKNOWN"]);
}

#[test]
fn a_rewritten_log_is_found() {
    let forge = |stored: &mut Stored, seed: u64| {
        let text = String::from_utf8(stored.entries[3].clone()).unwrap();
        stored.entries[3] = text.replace("\"p1\"", "\"p2\"").into_bytes();
        for old in &mut stored.checkpoints {
            let size = old.claimed().size as usize;
            *old = checkpoint(&stored.entries[..size], size as u64, seed);
        }
    };
    let with_another_key = found(|stored| forge(stored, 2));
    assert_eq!(
        with_another_key,
        ["CHECKPOINT_UNPROVED", "SAVED_ROOT", "NO_CHECKPOINT"]
    );
    let with_the_key_itself = found(|stored| forge(stored, 1));
    assert_eq!(with_the_key_itself, ["SAVED_ROOT"]);
}

#[test]
fn forged_checkpoints_are_found() {
    let foreign = found(|stored| stored.checkpoints[1] = checkpoint(&stored.entries[..8], 8, 2));
    assert_eq!(foreign, ["CHECKPOINT_UNPROVED"]);
    let of_another_log = found(|stored| {
        let mut other = stored.checkpoints[1].claimed().clone();
        other.origin = "other.example/audit".into();
        stored.checkpoints[1] = other.sign(ORIGIN, &signing_key(1)).unwrap();
    });
    assert_eq!(of_another_log, ["CHECKPOINT_ORIGIN"]);
    let text = String::from_utf8(Stored::new(&honest_entries(8)).export()).unwrap();
    let cases = [
        ("checkpoint \"", "checkpoint  \"", "CHECKPOINT_MALFORMED"),
        ("audit\\n8\\n", "audit\\n7\\n", "CHECKPOINT_UNPROVED"),
        ("audit\\n8\\n", "audit\\n08\\n", "CHECKPOINT_MALFORMED"),
        ("audit\\n8\\n", "audit\\u000a8\\n", "CHECKPOINT_MALFORMED"),
    ];
    for (from, to, code) in cases {
        let forged = text.replacen(from, to, 1);
        assert_ne!(forged, text);
        let report = checked(forged.as_bytes(), &[]);
        assert!(verdict(&report).1.contains(&code.to_owned()), "{to}");
        assert_eq!(report.conclusion, Conclusion::Failed);
    }
}

#[test]
fn lines_of_another_kind_are_found() {
    let text = String::from_utf8(Stored::new(&honest_entries(2)).export()).unwrap();
    let key = format!("key {}\n", log_key(1));
    let long = format!("entry {}\nend", "x".repeat(2 * EXPORT_LINE_BYTES));
    let cases = [
        ("yinxin-audit-export/1", "yinxin-audit-export/2", "NOT_AN_EXPORT"),
        ("origin ", "origin  ", "NOT_AN_EXPORT"),
        ("\nend", "\n\nend", "LINE_UNKNOWN"),
        ("\nend", &format!("\n{key}end"), "LINE_UNKNOWN"),
        ("\nend", "\nyinxin-audit-export/1\nend", "LINE_UNKNOWN"),
        ("\nend", "\n\u{ff}end", "LINE_UNKNOWN"),
        ("end 5", "end 05", "LINE_UNKNOWN"),
        ("end 5", "end 4", "COUNT_DIFFERS"),
        ("end", &long, "LINE_TOO_LONG"),
        ("\"v\":1}", "\"v\":1} ", "ENTRY_MALFORMED"),
        (&key, "key nonsense\n", "KEY_MALFORMED"),
    ];
    for (from, to, code) in cases {
        let changed = text.replacen(from, to, 1);
        assert_ne!(changed, text, "{from}");
        let report = checked(changed.as_bytes(), &[]);
        assert!(
            verdict(&report).1.contains(&code.to_owned()),
            "{code}: {report:?}"
        );
        assert_eq!(report.conclusion, Conclusion::Failed);
    }
}

const EXPORT_LINE_BYTES: usize = crate::EXPORT_LINE_BYTES_MAX;

#[test]
fn entries_that_nothing_covers_are_not_proved() {
    let mut stored = Stored::new(&honest_entries(2));
    stored.checkpoints.pop();
    let codes = |stored: &Stored| verdict(&checked(&stored.export(), &[]));
    assert_eq!(
        codes(&stored),
        (Conclusion::Indeterminate, vec!["TAIL_UNCOVERED".to_owned()])
    );
    stored.checkpoints.clear();
    assert_eq!(
        codes(&stored),
        (Conclusion::Indeterminate, vec!["NO_CHECKPOINT".to_owned()])
    );
}

#[test]
fn saved_checkpoints_must_be_signed_and_of_this_log() {
    let stored = Stored::new(&honest_entries(2));
    let unsigned = checkpoint(&stored.entries, 9, 2);
    assert_eq!(
        verdict(&checked(&stored.export(), &[unsigned])).1,
        ["SAVED_UNPROVED"]
    );
    let mut other = stored.checkpoints[0].claimed().clone();
    other.origin = "other.example/audit".into();
    let other = other.sign(ORIGIN, &signing_key(1)).unwrap();
    assert_eq!(verdict(&checked(&stored.export(), &[other])).1, ["SAVED_ORIGIN"]);
}

/// The rules between entries, in logs whose signatures are all in order.
#[test]
fn entries_against_the_rules_are_found() {
    let subject = |act: &str, id: &str| entry(20, act, "use_record", id);
    let said = |more: &[Entry]| {
        let entries = [&honest_entries(2), more].concat();
        let report = checked(&Stored::new(&entries).export(), &[]);
        report
            .findings
            .list()
            .iter()
            .filter(|f| **f != Finding::NothingSaved)
            .cloned()
            .collect::<Vec<_>>()
    };
    let id = |id: &str| id.to_owned();
    assert_eq!(
        said(&[subject(act::USE_OUTCOME, "x")]),
        [Finding::OutcomeWithoutIntent {
            index: 5,
            subject: id("x")
        }]
    );
    assert_eq!(
        said(&[subject(act::USE_OUTCOME, "use-1")]),
        [Finding::OutcomeRepeated {
            index: 5,
            subject: id("use-1"),
            first: 2
        }]
    );
    assert_eq!(
        said(&[subject(act::USE_INTENDED, "use-2")]),
        [Finding::SubjectRepeated {
            index: 5,
            act: id(act::USE_INTENDED),
            subject: id("use-2"),
            first: 3
        }]
    );
    assert_eq!(
        said(&[entry(20, act::SEAL_MADE, "seal", "s1")]),
        [Finding::SubjectRepeated {
            index: 5,
            act: id(act::SEAL_MADE),
            subject: id("s1"),
            first: 0
        }]
    );
    assert_eq!(
        said(&[subject(act::USE_INTENDED, "x")]),
        [Finding::OutcomeMissing {
            index: 5,
            subject: id("x")
        }]
    );
    assert_eq!(
        said(&[subject(act::USE_OUTCOME, "x"), subject(act::USE_INTENDED, "x")]),
        [
            Finding::OutcomeWithoutIntent {
                index: 5,
                subject: id("x")
            },
            Finding::OutcomeMissing {
                index: 6,
                subject: id("x")
            },
        ]
    );
    // Another kind of thing, or another act, may have the same identifier.
    assert_eq!(
        said(&[
            entry(20, act::KEY_CREATED, "seal", "s1"),
            entry(20, act::SEAL_MADE, "key", "s1")
        ]),
        []
    );
}

#[test]
fn times_that_cannot_be_are_found() {
    let said = |times: &[u64], signed: u64| {
        let made =
            |(at, second): (usize, &u64)| entry(*second, act::USE_REFUSED, "use_record", &at.to_string());
        let entries: Vec<Entry> = times.iter().enumerate().map(made).collect();
        let mut stored = Stored::new(&entries);
        stored.checkpoints = vec![checkpoint(&stored.entries, signed, 1)];
        verdict(&checked(&stored.export(), &[]))
    };
    assert_eq!(said(&[100, 40, 100], 40), (Conclusion::Passed, vec![]));
    let code = |code: &str| (Conclusion::Indeterminate, vec![code.to_owned()]);
    assert_eq!(said(&[100, 39], 100), code("TIME_BACKWARDS"));
    assert_eq!(said(&[100], 39), code("CHECKPOINT_TIME"));
    assert_eq!(said(&[100_061], 100_061), code("TIME_AHEAD"));
}

#[test]
fn findings_are_listed_up_to_a_limit_and_counted_beyond() {
    let uses = (0..150).map(|n| entry(n, act::USE_OUTCOME, "use_record", &n.to_string()));
    let report = checked(&Stored::new(&uses.collect::<Vec<_>>()).export(), &[]);
    assert_eq!(report.findings.list().len() as u64, FINDINGS_MAX + 1);
    assert_eq!(report.findings.unlisted(), 50);
    assert_eq!(report.conclusion, Conclusion::Failed);
    let json = serde_json::to_value(&report).unwrap();
    assert_eq!(json["unlisted_findings"], 50);
    assert_eq!(json["findings"][1]["code"], "OUTCOME_WITHOUT_INTENT");
}

#[test]
fn names_of_acts_are_counted_up_to_a_limit() {
    let made = |n: u64| entry(n, &format!("a.{n}"), "x", "x");
    let entries: Vec<Entry> = (0..ACTS_MAX as u64 + 5).map(made).collect();
    let mut stored = Stored::new(&entries[..1]);
    stored.entries = entries.iter().map(|entry| entry.to_bytes().unwrap()).collect();
    let report = checked(&stored.export(), &[]);
    assert_eq!((report.acts.len(), report.acts["*"]), (ACTS_MAX + 1, 5));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    /// Whatever byte of an export is changed, it does not pass; the lines that name keys prove nothing.
    #[test]
    fn a_changed_byte_never_passes(at in any::<prop::sample::Index>(), by in 1u8..=255) {
        let mut export = Stored::new(&honest_entries(2)).export();
        let keys = export.windows(5).position(|bytes| bytes == b"\nkey ").unwrap();
        let entries = export.windows(7).position(|bytes| bytes == b"\nentry ").unwrap();
        let at = at.index(export.len());
        prop_assume!(!(keys..=entries).contains(&at));
        export[at] ^= by;
        prop_assert_eq!(checked(&export, &[]).conclusion, Conclusion::Failed);
    }

    #[test]
    fn any_lines_are_read_without_panic(lines in prop::collection::vec("(end|key|entry|origin|checkpoint)? ?.{0,20}", 0..20)) {
        let export = format!("yinxin-audit-export/1\norigin a\n{}", lines.join("\n"));
        let report = checked(export.as_bytes(), &[]);
        prop_assert_ne!(report.conclusion, Conclusion::Passed);
    }
}
