//! Killed with SIGKILL at any moment: what clients were told before stands afterwards, and every use has its outcome.
//!
//! A child process (this test program again) is the service, with a fixed clock that its standard input sets. Business
//! systems seal under a grant and people bring, request, approve, seal and withdraw, all over HTTP, until it is killed.
//! `YINXIN_CRASHES=200` kills it 200 times on each engine, where the suite does it a few times.

use std::io::{BufRead as _, BufReader, Write as _};
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread::{Scope, ScopedJoinHandle};
use std::time::Duration;

use audit::{Conclusion, LogKey, SignedCheckpoint};
use gm::{Digest, sm3};
use jiff::{SignedDuration, Timestamp};
use rand_core::Rng as _;
use registry::usage::{Outcome, UseStatus};
use registry::{Digest32, UnitId, UseId};
use serde_json::{Value, json};
use store::{Database, Documents, Page, Reader, Store, StoreConfig, UseRecord};
use tempfile::TempDir;
use testkit::{PrivatePostgres, SeededRng};

use crate::support::{Answer, Clock, Running, audited, request};
use crate::world::{PIN, QUERY, UNIT, Who, World, id, ofd, session, sign};

const FOLDER: &str = "YINXIN_CRASH_FOLDER";
const LINES: &str = "YINXIN_CRASH_LINES";
const SEED: &str = "YINXIN_CRASH_SEED";
const TIME: &str = "YINXIN_CRASH_TIME";
/// Kills on each engine when nothing else is asked for.
const KILLS: u64 = 8;
/// Business systems that seal at once; people do so beside them.
const SYSTEMS: usize = 6;
/// A round of the test is so much later than the one before that what was left open is settled.
const ROUND_SECONDS: i64 = 901;
/// The reason of a use that a killed process left open.
const INTERRUPTED: &str = "interrupted";

#[expect(
    clippy::disallowed_methods,
    reason = "the test talks to its own child, and to whoever wants it long"
)]
fn environment(name: &str) -> Option<String> {
    std::env::var(name).ok()
}

/// Does nothing unless it is the child of the tests below.
#[test]
fn child_that_serves_until_it_is_killed() {
    let Some(folder) = environment(FOLDER) else { return };
    let number = |name| environment(name).unwrap().parse::<i64>().unwrap();
    let clock = Clock::at(Timestamp::from_second(number(TIME)).unwrap());
    let lines = environment(LINES).unwrap();
    let running = Running::start(Path::new(&folder), &lines, &clock, number(SEED) as u64);
    let line = format!("\nserving {}\n", running.address);
    std::io::stdout().lock().write_all(line.as_bytes()).unwrap();
    // A line sets the clock; the end of the lines is the order to stop.
    for second in std::io::stdin().lines() {
        clock.set(second.unwrap().parse().unwrap());
    }
    running.stop.send(()).unwrap();
    assert!(running.thread.join().unwrap());
}

/// An installation: its folder, its database, a policy, and a grant that is open.
struct Site {
    folder: TempDir,
    database: Database,
    lines: String,
    /// Path of the grant.
    grant: String,
}

impl Site {
    fn new(url: Option<String>) -> Self {
        let world = World::on(url, "documents.settle_seconds = 1\n");
        world.adopt();
        let (grant, lines) = (world.granted(10_000_000), world.lines.clone());
        assert_eq!(world.open(&grant, PIN).status, 204);
        let (folder, database) = world.stopped();
        Self {
            folder,
            database,
            lines,
            grant,
        }
    }

    fn postgres() -> Option<Self> {
        Some(Self::new(Some(PrivatePostgres::shared()?.database())))
    }

    /// Starts the service; a seed makes its identifiers, so each start has another one.
    fn spawn(&self, seed: u64, at: Timestamp) -> Child {
        Command::new(std::env::current_exe().unwrap())
            .args([
                "--exact",
                "crash::child_that_serves_until_it_is_killed",
                "--nocapture",
            ])
            .env(FOLDER, self.folder.path())
            .env(LINES, &self.lines)
            .env(SEED, (1000 + seed).to_string())
            .env(TIME, at.as_second().to_string())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap()
    }

    fn start(&self, seed: u64, at: Timestamp) -> Service {
        let mut child = self.spawn(seed, at);
        let mut output = BufReader::new(child.stdout.take().unwrap());
        let mut lines = (&mut output).lines().map_while(Result::ok);
        let address = lines.find_map(|line| line.strip_prefix("serving ")?.parse().ok());
        Service {
            input: child.stdin.take().unwrap(),
            _output: output,
            child,
            address: address.expect("the service starts"),
        }
    }

    /// Does something with the database while no service needs it for itself.
    fn with_store<T>(&self, work: impl AsyncFnOnce(&Store) -> T) -> T {
        tokio::runtime::Runtime::new().unwrap().block_on(async {
            let store = Store::open(&StoreConfig::new(self.database.clone()))
                .await
                .unwrap();
            let done = work(&store).await;
            store.close().await;
            done
        })
    }

    /// Begins sessions of those who act in a round.
    fn sign_in(&self, round: u64, at: Timestamp) {
        self.with_store(async |store| {
            for who in [Who::Agent, Who::Approver, Who::Custodian] {
                let session = session(who, &token(round, who), at);
                let begun = store.chore(move |chore| {
                    let session = session.clone();
                    Box::pin(async move { chore.begin_session(&session, 99).await })
                });
                begun.await.unwrap();
            }
        });
    }

    /// The use records without outcome.
    fn open(&self) -> Vec<UseRecord> {
        self.with_store(async |store| open_uses(store).await)
    }

    /// Waits until every use has its outcome; on a database of its own, a start that serves has seen to it.
    fn wait_until_settled(&self) {
        let settled = self.with_store(async |store| {
            let tries = if store.engine() == "sqlite" { 1 } else { 200 };
            for _ in 0..tries {
                if open_uses(store).await.is_empty() {
                    return true;
                }
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
            false
        });
        assert!(settled, "uses stay open: {:?}", self.open());
    }

    /// Starts one more service, and kills it under load; what its clients were told.
    fn kill_one(&self, round: u64, at: Timestamp) -> Vec<Told> {
        self.sign_in(round, at);
        let one = self.start(round, at);
        let load = Load::new(&one, &self.grant, round, at);
        std::thread::scope(|scope| {
            load.wait(20, &load.run(scope));
            one.kill();
        });
        load.told.into_inner().unwrap()
    }

    /// Compares what clients were told with what stands in the database and in the folder.
    fn compare(&self, told: &[Told]) {
        let documents = Documents::open(&self.folder.path().join("data/documents")).unwrap();
        self.with_store(async |store| {
            let mut reader = store.read().await.unwrap();
            for told in told {
                told.compare(&mut reader, &documents).await;
            }
        });
    }

    /// Starts it for the last time, compares everything, stops it, and checks its log as an auditor would.
    fn end(&self, at: Timestamp, told: &[Told], saved: &[SignedCheckpoint]) -> String {
        let service = self.start(0, at);
        self.wait_until_settled();
        self.compare(told);
        let key = service.get("/api/log/key").unwrap();
        service.stop();
        let key = LogKey::parse(key.text()).unwrap();
        let report = audited(self.database.clone(), &key, saved, at);
        assert_eq!(report.conclusion, Conclusion::Passed, "{:?}", report.findings);
        assert!(report.findings.list().is_empty(), "{:?}", report.findings);
        let sealed = |told: &&Told| matches!(told, Told::Sealed { .. });
        let (mut stamped, mut failed) = (0, 0);
        let records = self.with_store(async |store| all_records(store).await);
        for record in &records {
            match &record.outcome {
                Some((_, Outcome::Stamped { .. })) => stamped += 1,
                Some((_, Outcome::Failed { reason })) if reason.starts_with(INTERRUPTED) => failed += 1,
                other => panic!("{other:?}"),
            }
        }
        format!(
            "{} acknowledged acts, {} of them sealed documents; {stamped} use records of sealed documents and \
             {failed} of interrupted ones; log of {} entries consistent with {} checkpoints",
            told.len(),
            told.iter().filter(sealed).count(),
            report.entries,
            saved.len()
        )
    }
}

async fn open_uses(store: &Store) -> Vec<UseRecord> {
    let mut reader = store.read().await.unwrap();
    reader.unresolved_intents(Timestamp::MAX, 500).await.unwrap()
}

/// The use records of all requests for the unit's seal.
async fn all_records(store: &Store) -> Vec<UseRecord> {
    let mut reader = store.snapshot().await.unwrap();
    let (mut page, mut all) = (Page::first(store::PAGE_MAX), Vec::new());
    loop {
        let found = reader.usages_of_unit(UnitId(id(UNIT)), None, page).await.unwrap();
        let Some(last) = found.last() else { return all };
        page = Page::after(last.id, store::PAGE_MAX);
        for request in found {
            all.extend(reader.use_records(request.id, Page::first(9)).await.unwrap());
        }
    }
}

/// Somebody's token in a round.
fn token(round: u64, who: Who) -> String {
    format!("{:043}", 1000 * (round + 1) + who as u64)
}

/// A running service.
struct Service {
    child: Child,
    input: ChildStdin,
    /// Open for what the test program says at its end.
    _output: BufReader<ChildStdout>,
    address: SocketAddr,
}

impl Service {
    fn get(&self, path: &str) -> Option<Answer> {
        request(self.address, "GET", path, &[], b"")
    }

    fn checkpoint(&self) -> SignedCheckpoint {
        let answer = self.get("/api/log/checkpoint").unwrap();
        SignedCheckpoint::parse(answer.text()).unwrap()
    }

    fn set_clock(&mut self, at: Timestamp) {
        writeln!(self.input, "{}", at.as_second()).unwrap();
    }

    /// SIGKILL.
    fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// The orderly way.
    fn stop(mut self) {
        drop(self.input);
        assert!(self.child.wait().unwrap().success());
    }
}

/// What a client was told.
#[derive(Debug)]
enum Told {
    /// A document was received.
    Received { document: Digest },
    /// A request was made, or is in a further state.
    Request { id: UseId, status: UseStatus },
    /// A sealed document came back, or at least the head of the answer with it.
    Sealed {
        request: UseId,
        record: i64,
        document: Digest,
        sealed: String,
    },
}

impl Told {
    async fn compare(&self, reader: &mut Reader, documents: &Documents) {
        match self {
            Told::Received { document } => {
                let upload = reader.upload(Who::Agent.id(), document).await.unwrap();
                assert!(upload.is_some(), "an acknowledged document was forgotten");
                assert!(documents.has(document).await.unwrap(), "its bytes are gone");
            }
            Told::Request { id, status } => {
                let state = reader.usage(*id).await.unwrap().state;
                let state = state.expect("an acknowledged request was forgotten");
                match status {
                    UseStatus::Approved => assert_eq!(state.approvals.len(), 1, "an approval was forgotten"),
                    UseStatus::Withdrawn => assert_eq!(state.status, *status, "a withdrawal was forgotten"),
                    _ => {}
                }
            }
            Told::Sealed {
                request,
                record,
                document,
                sealed,
            } => {
                let found = reader.use_record(*request, *record).await.unwrap();
                let found = found.expect("a sealed document left the process without its use record");
                assert_eq!(found.document, Digest32(document.0));
                let Some((_, Outcome::Stamped { sealed: recorded })) = found.outcome else {
                    panic!("a sealed document left the process without its outcome: {found:?}");
                };
                assert_eq!(&Digest(recorded.0).to_string(), sealed);
            }
        }
    }
}

/// Clients of one service, who go on until it is gone or they are told to stop.
struct Load<'a> {
    address: SocketAddr,
    grant: &'a str,
    round: u64,
    at: Timestamp,
    count: AtomicU64,
    stop: AtomicBool,
    told: Mutex<Vec<Told>>,
}

impl<'a> Load<'a> {
    fn new(service: &Service, grant: &'a str, round: u64, at: Timestamp) -> Self {
        Self {
            address: service.address,
            grant,
            round,
            at,
            count: AtomicU64::new(0),
            stop: AtomicBool::new(false),
            told: Mutex::default(),
        }
    }

    /// Business systems and people, each until something does not come back.
    fn run<'s>(&'s self, scope: &'s Scope<'s, '_>) -> Vec<ScopedJoinHandle<'s, ()>> {
        let go = |client: fn(&Self) -> Option<()>| {
            scope.spawn(move || {
                let more = || !self.stop.load(Ordering::SeqCst) && client(self).is_some();
                std::iter::repeat_with(more).take_while(|more| *more).count();
            })
        };
        let systems = (0..SYSTEMS).map(|_| go(Self::seal_under_grant));
        systems.chain([go(Self::seal_with_approval)]).collect()
    }

    /// A number and a document that were not there before.
    fn next(&self) -> (String, Vec<u8>) {
        let number = self.count.fetch_add(1, Ordering::SeqCst);
        let number = format!("{:08}{number:08}", self.round);
        let document = ofd(&format!("第{number}号"));
        (number, document)
    }

    /// Waits until clients were told so much more, or one of them ended.
    fn wait(&self, more: usize, clients: &[ScopedJoinHandle<'_, ()>]) {
        let told = || self.told.lock().unwrap().len();
        let enough = told() + more;
        while told() < enough && clients.iter().all(|client| !client.is_finished()) {
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    fn tell(&self, told: Told) {
        self.told.lock().unwrap().push(told);
    }

    fn seal_under_grant(&self) -> Option<()> {
        let (nonce, document) = self.next();
        let path = format!("{}/stamp", self.grant);
        let headers = sign(self.at, (&path, QUERY), &document, &nonce);
        let headers: Vec<_> = headers.iter().map(|(name, value)| (&**name, &**value)).collect();
        let answer = request(
            self.address,
            "POST",
            &format!("{path}?{QUERY}"),
            &headers,
            &document,
        )?;
        assert_eq!(answer.status, 200, "{}", answer.text());
        let sealed = answer.header("x-yinxin-sealed").unwrap().to_owned();
        self.tell(Told::Sealed {
            request: answer.header("x-yinxin-use").unwrap().parse().unwrap(),
            record: answer.header("x-yinxin-record").unwrap().parse().unwrap(),
            document: sm3(&document),
            sealed: sealed.clone(),
        });
        // What broke off is no sealed document, but it had its record.
        (sm3(&answer.body).to_string() == sealed).then_some(())
    }

    /// A change by somebody, under a new idempotency key.
    fn change(&self, who: Who, path: &str, body: &[u8]) -> Option<Value> {
        let session = format!("Bearer {}", token(self.round, who));
        let key = format!(
            "{path}-{}-{}",
            self.round,
            self.count.fetch_add(1, Ordering::SeqCst)
        );
        let key = sm3(key.as_bytes()).to_string();
        let headers = [("authorization", &*session), ("idempotency-key", &*key)];
        let answer = request(self.address, "POST", path, &headers, body)?;
        assert_eq!(answer.status, 201, "{path}: {}", answer.text());
        serde_json::from_slice(&answer.body).ok()
    }

    fn seal_with_approval(&self) -> Option<()> {
        let (number, document) = self.next();
        self.change(Who::Agent, "/api/documents", &document)?;
        let digest = sm3(&document);
        self.tell(Told::Received { document: digest });
        let order = crate::uses::order(&document).to_string();
        let asked = self.change(Who::Agent, "/api/uses", order.as_bytes())?;
        let (place, id) = (crate::uses::place(&asked), asked["id"].as_str().unwrap());
        let id: UseId = id.parse().unwrap();
        let step = |status| self.tell(Told::Request { id, status });
        step(UseStatus::Requested);
        if number.ends_with('7') {
            self.change(Who::Agent, &format!("{place}/withdraw"), b"{}")?;
            step(UseStatus::Withdrawn);
            return Some(());
        }
        let binding = json!({ "document": asked["document"], "seal": asked["seal"],
            "placement": asked["placement"] });
        let approvals = format!("{place}/approvals");
        self.change(Who::Approver, &approvals, binding.to_string().as_bytes())?;
        step(UseStatus::Approved);
        let pin = json!({ "pin": PIN }).to_string();
        let stamped = self.change(Who::Custodian, &format!("{place}/stamp"), pin.as_bytes())?;
        self.tell(Told::Sealed {
            request: id,
            record: stamped["sequence"].as_i64().unwrap(),
            document: digest,
            sealed: stamped["sealed"].as_str().unwrap().to_owned(),
        });
        Some(())
    }
}

/// Ends a load, whatever happens.
struct Stop<'a>(&'a AtomicBool);

impl Drop for Stop<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::SeqCst);
    }
}

#[test]
fn r51_killed_at_any_moment_the_service_loses_nothing_on_sqlite() {
    kill_often(&Site::new(None));
}

#[test]
fn r51_killed_at_any_moment_the_service_loses_nothing_on_postgresql() {
    if let Some(site) = Site::postgres() {
        kill_often(&site);
    }
}

fn kill_often(site: &Site) {
    let kills = environment("YINXIN_CRASHES").map_or(KILLS, |count| count.parse().unwrap());
    let at = |round: u64| testkit::now() + SignedDuration::from_secs(ROUND_SECONDS * round as i64);
    let mut rng = SeededRng::new(kills);
    let mut pause = |millis: u64| {
        let micros = u64::from(rng.next_u32()) % (1000 * millis);
        std::thread::sleep(Duration::from_micros(micros));
    };
    let (mut told, mut saved, mut left) = (Vec::new(), Vec::new(), 0);
    for round in 1..=kills {
        site.sign_in(round, at(round));
        if round % 8 == 0 {
            // While it starts, settles and signs.
            let mut child = site.spawn(round, at(round));
            pause(400);
            child.kill().unwrap();
            child.wait().unwrap();
            continue;
        }
        let service = site.start(round, at(round));
        site.wait_until_settled();
        saved.push(service.checkpoint());
        let load = Load::new(&service, &site.grant, round, at(round));
        std::thread::scope(|scope| {
            load.wait(3, &load.run(scope));
            pause(300);
            service.kill();
        });
        left += site.open().len();
        let news = load.told.into_inner().unwrap();
        site.compare(&news);
        told.extend(news);
    }
    let counts = site.end(at(kills + 1), &told, &saved);
    eprintln!(
        "{:?}: killed {kills} times; {left} uses open after kills; {counts}",
        site.database
    );
    let sealed = told.iter().filter(|told| matches!(told, Told::Sealed { .. }));
    assert!(
        sealed.count() as u64 > kills,
        "the service was killed before it worked"
    );
}

#[test]
fn r51_of_two_services_on_one_database_one_is_killed_and_the_other_goes_on() {
    let Some(site) = Site::postgres() else { return };
    let begun = testkit::now();
    site.sign_in(1, begun);
    site.sign_in(2, begun);
    let mut told = Vec::new();
    let mut other = site.start(2, begun);
    let busy = Load::new(&other, &site.grant, 2, begun);
    let left = std::thread::scope(|scope| {
        let clients = busy.run(scope);
        let _end = Stop(&busy.stop);
        // Until one was killed between a use record and its outcome.
        for round in 10.. {
            told.extend(site.kill_one(round, begun));
            let open = site.open();
            busy.wait(50, &clients);
            assert!(
                clients.iter().all(|client| !client.is_finished()),
                "a client of the other one was let down"
            );
            let later = site.open();
            let left: Vec<_> = open.into_iter().filter(|one| later.contains(one)).collect();
            if !left.is_empty() {
                return left;
            }
        }
        Vec::new()
    });
    told.extend(busy.told.into_inner().unwrap());
    // Its own uses have their outcome; those of the killed one stay for a quarter of an hour.
    let open = site.open();
    other.set_clock(begun + SignedDuration::from_secs(900));
    std::thread::sleep(Duration::from_millis(1500));
    assert_eq!(site.open(), open);
    assert!(left.iter().all(|one| open.contains(one)));
    let late = begun + SignedDuration::from_secs(901);
    other.set_clock(late);
    site.wait_until_settled();
    let saved = other.checkpoint();
    other.kill();
    let counts = site.end(late, &told, &[saved]);
    eprintln!(
        "two services: {} uses left open by the killed one; {counts}",
        open.len()
    );
}
