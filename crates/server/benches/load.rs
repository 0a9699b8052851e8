//! How many documents a business system has sealed in a second, with everything that the rules ask for: a signed
//! request, the grant, a durable use record with its log entry before the key is used, the sealed document, and the
//! durable outcome. And how many anybody has verified.
//!
//! Server and clients share this process and machine; a closed loop of clients, each request on a new connection.
//! `cargo bench -p server --bench load -- [postgres] [CLIENTS] [SECONDS]` prints the table of docs/benchmarks.md, on
//! SQLite or on a private PostgreSQL that waits for its disk. With three more numbers it measures, fills the database
//! with so many seals, use records of single documents and use records of batches, and measures again.

#![expect(clippy::print_stdout, reason = "the table is what this program is for")]
#![expect(clippy::unwrap_used, reason = "a measurement that cannot go on has failed")]

#[path = "load/fill.rs"]
mod fill;
#[path = "../tests/it/support.rs"]
#[expect(dead_code, reason = "tests need more of it")]
mod support;
#[path = "../tests/it/world.rs"]
#[expect(dead_code, reason = "tests need more of it")]
mod world;

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use testkit::PrivatePostgres;

use world::{PIN, QUERY, World, ofd};

fn main() {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let mut numbers = words.iter().filter_map(|word| word.parse::<u64>().ok());
    let (clients, seconds) = (numbers.next().unwrap_or(16), numbers.next().unwrap_or(10));
    let postgres = words.iter().any(|word| word == "postgres");
    let server = postgres.then(|| PrivatePostgres::start(&["max_connections=50"]).unwrap());
    let world = World::on(server.as_ref().map(PrivatePostgres::database), "");
    let place = world.granted(10_000_000);
    assert_eq!(world.open(&place, PIN).status, 204);
    let path = format!("{place}/stamp");
    let document = ofd("证照：持证人可以凭此办理有关事项。");
    let nonce = AtomicU64::new(1);
    let stamp = || {
        let nonce = format!("{:016}", nonce.fetch_add(1, Ordering::Relaxed));
        let headers = world.sign(&path, QUERY, &document, &nonce);
        let answer = world.post_with(&path, QUERY, &headers, &document);
        assert_eq!(answer.status, 200, "{}", answer.text());
        answer.body
    };
    let sealed = stamp();
    let verify = || {
        let answer = world.server.post("/api/verify", &[], &sealed);
        assert_eq!(answer.status, 200, "{}", answer.text());
        answer.body
    };
    let engine = if postgres { "PostgreSQL" } else { "SQLite" };
    println!(
        "{engine}, {clients} clients, {seconds} s, {} bytes",
        document.len()
    );
    let measure_both = || {
        println!("| what | per second | p50 ms | p99 ms | longest ms |\n|---|---|---|---|---|");
        measure("stamp", (clients, seconds), &stamp);
        measure("verify", (clients, seconds), &verify);
    };
    measure_both();
    if let (Some(seals), Some(single), Some(batched)) = (numbers.next(), numbers.next(), numbers.next()) {
        let begun = Instant::now();
        let (url, file) = (world.database.as_deref(), world.server.data().join("yinxin.db"));
        let runtime = tokio::runtime::Runtime::new().unwrap();
        runtime.block_on(fill::fill(
            url,
            &file,
            fill::Filling {
                seals,
                single,
                batched,
            },
        ));
        println!(
            "{seals} seals and {single} + {batched} use records filled in in {:.0?}",
            begun.elapsed()
        );
        // What the first ones find on the disk is in memory afterwards.
        (0..200).for_each(|_| drop(stamp()));
        measure_both();
    }
}

fn measure(what: &str, (clients, seconds): (u64, u64), act: &(impl Fn() -> Vec<u8> + Sync)) {
    let (begun, end) = (Instant::now(), Duration::from_secs(seconds));
    let mut times = Vec::new();
    std::thread::scope(|scope| {
        let client = || {
            let mut times = Vec::new();
            while begun.elapsed() < end {
                let one = Instant::now();
                std::hint::black_box(act());
                times.push(one.elapsed());
            }
            times
        };
        let threads: Vec<_> = (0..clients).map(|_| scope.spawn(client)).collect();
        for thread in threads {
            times.extend(thread.join().unwrap());
        }
    });
    let took = begun.elapsed().as_secs_f64();
    times.sort();
    let at = |share: f64| times[((times.len() - 1) as f64 * share) as usize].as_secs_f64() * 1e3;
    println!(
        "| {what} | {:.0} | {:.1} | {:.1} | {:.1} |",
        times.len() as f64 / took,
        at(0.5),
        at(0.99),
        at(1.0)
    );
}
