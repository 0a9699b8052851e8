//! How many documents a business system has sealed in a second, with everything that the rules ask for: a signed
//! request, the grant, a durable use record with its log entry before the key is used, the sealed document, and the
//! durable outcome. And how many anybody has verified.
//!
//! Server and clients share this process and machine; a closed loop of clients, each request on a new connection.
//! `cargo bench -p server --bench load [-- CLIENTS SECONDS]` prints the table of docs/benchmarks.md.

#![expect(clippy::print_stdout, reason = "the table is what this program is for")]
#![expect(clippy::unwrap_used, reason = "a measurement that cannot go on has failed")]

#[path = "../tests/it/support.rs"]
#[expect(dead_code, reason = "tests need more of it")]
mod support;
#[path = "../tests/it/world.rs"]
#[expect(dead_code, reason = "tests need more of it")]
mod world;

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use serde_json::json;

use world::{PIN, SEAL, SYSTEM, UNIT, Who, World, id, ofd};

/// A seal in the middle of the first page, as a query writes it.
const QUERY: &str = "document_type=licence&placement=%7B%22positions%22%3A%5B%7B%22kind%22%3A%22point%22%2C\
    %22pages%22%3A%5B1%5D%2C%22x_mm%22%3A100%2C%22y_mm%22%3A200%7D%5D%7D";

fn main() {
    let mut numbers = std::env::args().filter_map(|argument| argument.parse::<u64>().ok());
    let (clients, seconds) = (numbers.next().unwrap_or(16), numbers.next().unwrap_or(10));
    let world = World::new();
    let place = open_grant(&world);
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
    println!("SQLite, {clients} clients, {seconds} s, {} bytes", document.len());
    println!("| what | per second | p50 ms | p99 ms | longest ms |\n|---|---|---|---|---|");
    measure("stamp", (clients, seconds), &stamp);
    measure("verify", (clients, seconds), &verify);
}

/// A grant for as many documents as there may be, opened by the custodian.
fn open_grant(world: &World) -> String {
    let order = json!({ "unit": id(UNIT), "seal": id(SEAL), "system": id(SYSTEM), "purpose": "核发证照",
        "document_types": ["licence"], "from": "2026-06-15T00:00:00Z", "until": "2026-07-15T00:00:00Z",
        "documents_max": 10_000_000, "per": "day" });
    let asked = world.change(Who::Agent, "/api/grants", &order);
    let place = format!("/api/grants/{}", asked.json()["id"].as_str().unwrap());
    for (who, step, body) in [
        (Who::Principal, "consent", json!({})),
        (Who::PlatformOwner, "authorise", json!({})),
        (Who::Custodian, "key", json!({ "pin": PIN })),
    ] {
        let given = world.change(who, &format!("{place}/{step}"), &body);
        assert!((200..300).contains(&given.status), "{}", given.text());
    }
    place
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
