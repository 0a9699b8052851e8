//! Killed at any moment: no signature without its record, no lost acknowledgement, a log that holds.
//!
//! A child process (this test program again) stamps with several tasks at once. It says `signed N` when the
//! signature of use N has left it, and `done N` when its outcome was acknowledged. It is killed with SIGKILL at
//! random moments; then what it said is compared with what the database says. `YINXIN_CRASHES=200` kills it 200
//! times on each engine, where the suite does it a few times.

use std::collections::BTreeSet;
use std::io::{BufRead as _, BufReader, Write as _};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use rand_core::Rng as _;
use registry::UseId;
use registry::usage::Outcome;
use testkit::SeededRng;

use super::examples::{begun, failed, id, recorded, requested, stamped};
use super::nouns::record;
use super::{Place, now, run};
use crate::sql::Sql;
use crate::{Database, Page, Store, StoreConfig};

const DATABASE: &str = "YINXIN_CRASH_DATABASE";
const ROUND: &str = "YINXIN_CRASH_ROUND";
const AT: &str = "2026-06-10T00:00:00Z";
/// Kills on each engine when nothing else is asked for.
const CRASHES: u64 = 5;
/// Tasks that stamp at once.
const TASKS: u64 = 6;
/// Numbers of uses that belong to one round.
const ROUND_USES: u64 = 1_000_000;

#[expect(
    clippy::disallowed_methods,
    reason = "the test talks to its own child, and to whoever wants it long"
)]
fn environment(name: &str) -> Option<String> {
    std::env::var(name).ok()
}

/// Does nothing unless it is the child of the tests below.
#[test]
fn child_that_stamps_until_it_is_killed() {
    let (Some(database), Some(round)) = (environment(DATABASE), environment(ROUND)) else {
        return;
    };
    let round: u64 = round.parse().unwrap();
    run(async move {
        let store = Store::open(&StoreConfig::new(database.parse().unwrap()))
            .await
            .unwrap();
        let tasks = (0..TASKS).map(|task| {
            let store = store.clone();
            tokio::spawn(async move {
                for number in (0..).map(|i| round * ROUND_USES + i * TASKS + task) {
                    stamp(&store, number).await;
                }
            })
        });
        for task in tasks.collect::<Vec<_>>() {
            task.await.unwrap();
        }
    });
}

/// What a service does: the intent, durably; the key; the outcome.
async fn stamp(store: &Store, number: u64) {
    let use_id = UseId(id(number));
    record!(
        store,
        usage,
        record_usage,
        use_id,
        [requested(number, 20), begun(AT)]
    )
    .unwrap();
    say("signed", number);
    record!(store, usage, record_usage, use_id, [stamped(AT)]).unwrap();
    say("done", number);
}

/// One write for one line, so that a line is whole or is not there.
fn say(what: &str, number: u64) {
    let line = format!("{what} {number}\n");
    let mut out = std::io::stdout().lock();
    out.write_all(line.as_bytes()).unwrap();
    out.flush().unwrap();
}

/// A running child, and the lines that it says.
struct Stamping {
    child: Child,
    lines: Receiver<(String, u64)>,
}

impl Stamping {
    fn start(place: &Place, round: u64) -> Stamping {
        let database = match &place.config.database {
            Database::Sqlite(path) => path.display().to_string(),
            Database::Postgres(url) => url.clone(),
        };
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args([
                "--exact",
                "tests::crash::child_that_stamps_until_it_is_killed",
                "--nocapture",
            ])
            .env(DATABASE, database)
            .env(ROUND, round.to_string())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let out = BufReader::new(child.stdout.take().unwrap());
        let (sender, lines) = channel();
        std::thread::spawn(move || {
            for line in out.split(b'\n').map_while(Result::ok) {
                let line = String::from_utf8_lossy(&line).into_owned();
                let said = line
                    .split_once(' ')
                    .filter(|(what, _)| ["signed", "done"].contains(what));
                if let Some((what, Ok(number))) = said.map(|(what, number)| (what, number.parse())) {
                    let _ = sender.send((what.to_owned(), number));
                }
            }
        });
        Stamping { child, lines }
    }

    /// Waits for a line, so that the child is known to work.
    fn wait(&self) -> (String, u64) {
        self.lines
            .recv_timeout(Duration::from_secs(60))
            .expect("the child says something")
    }

    /// SIGKILL; what it said until then.
    fn kill(mut self, said: &mut Vec<(String, u64)>) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
        said.extend(self.lines.iter());
    }
}

#[test]
fn killed_at_any_moment_nothing_is_lost() {
    let crashes = environment("YINXIN_CRASHES").map_or(CRASHES, |count| count.parse().unwrap());
    for place in [Some(Place::sqlite()), Place::postgres()].into_iter().flatten() {
        let mut rng = SeededRng::new(crashes);
        let (mut signed, mut unresolved) = (0, 0);
        for round in 1..=crashes {
            let stamping = Stamping::start(&place, round);
            let mut said = vec![stamping.wait()];
            std::thread::sleep(Duration::from_micros(u64::from(rng.next_u32() % 60_000)));
            stamping.kill(&mut said);
            let (records, intents) = run(compare(&place, round, &said));
            signed += records;
            unresolved += intents;
        }
        run(check_log(&place));
        eprintln!(
            "{:?}: killed {crashes} times, {signed} use records, {unresolved} intents resolved afterwards",
            place.config.database
        );
        assert!(signed > crashes, "the child was killed before it worked");
    }
}

/// Compares what a round said with what stands in the database, then resolves its intents as a start does. How
/// many records there are, and how many intents were open.
async fn compare(place: &Place, round: u64, said: &[(String, u64)]) -> (u64, u64) {
    let store = place.open().await;
    let mut reader = store.read().await.unwrap();
    let mut records = BTreeSet::new();
    for (what, number) in said {
        let found = reader
            .use_records(UseId(id(*number)), Page::first(9))
            .await
            .unwrap();
        assert_eq!(
            found.len(),
            1,
            "round {round}: a signature left the process without its record"
        );
        let stamped = matches!(found[0].outcome, Some((_, Outcome::Stamped { .. })));
        assert!(
            what == "signed" || stamped,
            "round {round}: an acknowledged outcome was lost"
        );
        records.insert(*number);
    }
    let open = reader.unresolved_intents(now(), 500).await.unwrap();
    assert!(
        open.len() as u64 <= TASKS,
        "round {round}: {} open intents",
        open.len()
    );
    for intent in &open {
        record!(store, usage, record_usage, intent.request, [failed(AT)]).unwrap();
    }
    assert_eq!(reader.unresolved_intents(now(), 500).await.unwrap(), []);
    drop(reader);
    store.close().await;
    (records.len() as u64, open.len() as u64)
}

const COUNT: Sql = Sql::new("SELECT COUNT(*), COUNT(outcome) FROM use_records", &[]);

/// The log's head is that of its entries, which are without gap; every record has its intent and its outcome in it.
async fn check_log(place: &Place) {
    let store = place.open().await;
    let mut reader = store.snapshot().await.unwrap();
    let mut frontier = audit::Frontier::new();
    loop {
        let entries = reader.log_entries(frontier.size(), 1000).await.unwrap();
        if entries.is_empty() {
            break;
        }
        for entry in &entries {
            assert_eq!(entry.index, frontier.size());
            frontier.append(audit::leaf_digest(&entry.bytes));
        }
    }
    assert_eq!(reader.log_frontier().await.unwrap(), frontier);
    let size = frontier.size();
    assert_eq!(reader.log_root_at(size).await.unwrap(), frontier.root());
    let counted = reader.conn().row(COUNT, &[]).await.unwrap().unwrap();
    let (records, outcomes) = (counted.int(0).unwrap() as u64, counted.int(1).unwrap() as u64);
    assert_eq!(
        (records, outcomes),
        (size / 2, size / 2),
        "an entry for each intent and each outcome"
    );
}

#[test]
fn of_two_processes_one_is_killed_and_the_other_goes_on() {
    let Some(place) = Place::postgres() else { return };
    let (one, other) = (Stamping::start(&place, 1), Stamping::start(&place, 2));
    let mut said = Vec::new();
    for _ in 0..20 {
        said.extend([one.wait(), other.wait()]);
    }
    one.kill(&mut said);
    let until_then = said
        .iter()
        .filter(|(_, number)| *number >= 2 * ROUND_USES)
        .count();
    for _ in 0..100 {
        said.push(other.wait());
    }
    assert!(said.len() - until_then >= 100);
    other.kill(&mut said);
    run(compare_both(&place, &said));
    run(check_log(&place));
}

async fn compare_both(place: &Place, said: &[(String, u64)]) {
    let store = place.open().await;
    let open = store
        .read()
        .await
        .unwrap()
        .unresolved_intents(now(), 500)
        .await
        .unwrap();
    assert!(open.len() as u64 <= 2 * TASKS);
    for intent in &open {
        record!(store, usage, record_usage, intent.request, [failed(AT)]).unwrap();
    }
    store.close().await;
    let (records, _) = compare(place, 1, said).await;
    assert!(records >= 60, "{records}");
}
