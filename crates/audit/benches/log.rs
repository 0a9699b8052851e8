//! Appending, proving and checking, beside what hashing alone takes.
//!
//! Times are CPU time of the thread, since a shared machine makes the time on the wall useless.
//!
//! `cargo bench -p audit --bench log` prints the table of docs/benchmarks.md; a number after `--` is the number of
//! entries, one million without it.

#![expect(clippy::print_stdout, reason = "the table is what this program is for")]

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::hint::black_box;
use std::io::{BufRead as _, BufReader, BufWriter};
use std::path::Path;
use std::time::Duration;

use audit::{
    Actor, ActorKind, Against, Checkpoint, Conclusion, Entry, ExportWriter, Frontier, LogKey,
    SignedCheckpoint, Subject, TILE_HEIGHT, Tile, act, check, commitment, inclusion_nodes, inclusion_proof,
    leaf_digest, reader, tiles_of, verify_inclusion,
};
use gm::{Digest, Signer as _, SigningKey};
use jiff::{SignedDuration, Timestamp};
use testkit::SeededRng;

const ORIGIN: &str = "bench.example/audit";
const ENTRIES: u64 = 1_000_000;
const PROOFS: u64 = 2_000;
/// Entries between checkpoints: one a minute at sixteen entries a second.
const CHECKPOINT_EVERY: u64 = 1_000;

type Tiles = BTreeMap<Tile, Vec<Digest>>;

fn main() {
    let asked = std::env::args()
        .filter_map(|argument| argument.parse().ok())
        .next();
    let entries: u64 = asked.unwrap_or(ENTRIES);
    let export = std::env::temp_dir().join(format!("yinxin-bench-{}.export", std::process::id()));
    let key = SigningKey::generate(&mut SeededRng::new(1));
    let log_key = LogKey::new(ORIGIN, key.public_key().clone()).expect("a name");

    println!("| work | count | CPU s | each µs |");
    println!("|---|---|---|---|");
    let tiles = append(entries);
    prove(entries, &tiles);
    drop(tiles);
    let saved = write_export(&export, entries, &key, &log_key);
    let bytes = fs::metadata(&export).expect("the export").len();
    hash(&export, entries);
    let before = peak_mib();
    let mut report = None;
    row("check the export", entries, || {
        let against = Against {
            keys: std::slice::from_ref(&log_key),
            saved: std::slice::from_ref(&saved),
            now: time(entries),
            salt: [3; 16],
        };
        let open = || Ok(BufReader::with_capacity(1 << 20, File::open(&export)?));
        report = Some(check(open, against).expect("the export can be read"));
    });
    let report = report.expect("a report");
    assert_eq!(
        report.conclusion,
        Conclusion::Passed,
        "{:?}",
        report.findings.list()
    );
    println!(
        "\n{bytes} bytes of export; peak resident set {before} MiB before the check, {} MiB after it",
        peak_mib()
    );
    fs::remove_file(&export).expect("removing our own file");
}

fn entry(index: u64) -> Entry {
    let name = if index.is_multiple_of(2) {
        act::USE_INTENDED
    } else {
        act::USE_OUTCOME
    };
    let id = |salt: u64| format!("0193a7c2-{:04x}-7000-8000-{index:012x}", salt & 0xffff);
    let mut details = serde_json::Map::new();
    for (name, value) in [
        ("document", gm::sm3(&index.to_be_bytes()).to_string()),
        ("seal", id(2)),
    ] {
        details.insert(name.to_owned(), value.into());
    }
    Entry {
        time: time(index),
        actor: Actor {
            kind: ActorKind::Person,
            id: id(3),
            role: Some("custodian".into()),
            unit: Some(id(4)),
        },
        act: name.into(),
        subject: Subject {
            kind: "use_record".into(),
            id: format!("0193a7c2-0001-7000-8000-{:012x}", index / 2),
        },
        details,
        commitments: [("custodian.name".to_owned(), commitment(&[7; 16], b"name"))].into(),
    }
}

fn time(index: u64) -> Timestamp {
    Timestamp::UNIX_EPOCH + SignedDuration::from_millis(1_800_000_000_000 + 60 * index as i64)
}

/// What a store does for each entry, without the database.
fn append(entries: u64) -> Tiles {
    let mut tiles = Tiles::new();
    let mut frontier = Frontier::new();
    let all: Vec<Entry> = (0..entries.min(100_000)).map(entry).collect();
    row("encode, hash and append an entry", entries, || {
        for index in 0..entries {
            let bytes = all[index as usize % all.len()].to_bytes().expect("an entry");
            frontier.append_with(leaf_digest(&bytes), |node, digest| {
                if node.level.is_multiple_of(TILE_HEIGHT) {
                    tiles.entry(Tile::of(node)).or_default().push(digest);
                }
            });
        }
    });
    tiles
}

/// Proofs of entries all over the log, from the few tiles that a store would fetch for each.
fn prove(entries: u64, tiles: &Tiles) {
    let indexes: Vec<u64> = (0..PROOFS).map(|n| n * 7919 % entries).collect();
    let read = reader(tiles);
    let mut proofs = Vec::new();
    let mut reads = 0;
    row("make an inclusion proof", PROOFS, || {
        for index in &indexes {
            reads += tiles_of(&inclusion_nodes(*index, entries).expect("an index")).len();
            proofs.push(inclusion_proof(*index, entries, &read).expect("all tiles"));
        }
    });
    let root = audit::root_at(entries, &read).expect("all tiles");
    row("verify an inclusion proof", PROOFS, || {
        for (index, proof) in indexes.iter().zip(&proofs) {
            let tile = Tile {
                level: 0,
                index: index / 256,
            };
            let leaf = tiles[&tile][*index as usize % 256];
            verify_inclusion(*index, entries, &leaf, proof, &root).expect("a proof that holds");
        }
    });
    println!(
        "| tiles read for a proof, on average | | | {:.1} tiles |",
        reads as f64 / PROOFS as f64
    );
}

/// Entries with a checkpoint behind every thousand; returns the last one.
fn write_export(path: &Path, entries: u64, key: &SigningKey, log_key: &LogKey) -> SignedCheckpoint {
    let out = BufWriter::with_capacity(1 << 20, File::create(path).expect("room for the export"));
    let mut writer = ExportWriter::new(out, ORIGIN, std::slice::from_ref(log_key)).expect("a writer");
    let mut frontier = Frontier::new();
    let mut newest = None;
    for index in 0..entries {
        let bytes = entry(index).to_bytes().expect("an entry");
        frontier.append(leaf_digest(&bytes));
        writer.entry(&bytes).expect("room for the export");
        if frontier.size().is_multiple_of(CHECKPOINT_EVERY) || frontier.size() == entries {
            let checkpoint = Checkpoint {
                origin: ORIGIN.into(),
                size: frontier.size(),
                root: frontier.root(),
                time: time(index),
            };
            let signed = checkpoint.sign(ORIGIN, key).expect("a key in memory");
            writer.checkpoint(&signed.to_text()).expect("room for the export");
            newest = Some(signed);
        }
    }
    writer.finish().expect("room for the export");
    newest.expect("an entry at least")
}

/// The floor of the check: reading the lines, and the tree over them.
fn hash(path: &Path, entries: u64) {
    row("floor: read the export and hash the tree", entries, || {
        let mut lines = BufReader::with_capacity(1 << 20, File::open(path).expect("the export"));
        let mut frontier = Frontier::new();
        let mut line = Vec::new();
        while lines.read_until(b'\n', &mut line).expect("the export") > 0 {
            if line.starts_with(b"entry ") {
                frontier.append(leaf_digest(&line[6..line.len() - 1]));
            }
            line.clear();
        }
        black_box(frontier.root());
    });
}

fn row(work: &str, count: u64, run: impl FnOnce()) {
    let before = cpu_time();
    run();
    let taken = cpu_time() - before;
    let each = taken.as_secs_f64() * 1e6 / count as f64;
    println!("| {work} | {count} | {:.2} | {each:.2} |", taken.as_secs_f64());
}

fn cpu_time() -> Duration {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::ThreadCPUTime);
    Duration::new(time.tv_sec as u64, time.tv_nsec as u32)
}

fn peak_mib() -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kib = line.and_then(|line| line.split_whitespace().next()?.parse::<u64>().ok());
    kib.unwrap_or_default() / 1024
}
