//! Every page of the table as everybody: who sees what, and that guessing identifiers leads nobody to others' things.

use std::collections::BTreeMap;
use std::time::Instant;

use expect_test::expect_file;
use gm::sm3;
use serde_json::{Value, json};
use testkit::Bureau;

use crate::life::PIN;
use crate::support::{Answer, TestServer};
use crate::town::Town;
use crate::uses::placement;
use crate::web::field;
use crate::world::ofd;

#[path = "../../benches/load/fill.rs"]
mod fill;

/// A row of the table of pages.
#[derive(Debug)]
pub(crate) struct Row {
    pub(crate) method: &'static str,
    pub(crate) path: &'static str,
}

/// The table, read from its source, so that no page can be left out here.
pub(crate) fn rows() -> Vec<Row> {
    let source = include_str!("../../src/web/pages.rs");
    let parts = source
        .lines()
        .filter(|line| line.trim_start().starts_with("page!(\"page_"));
    let row = |line: &'static str| {
        let mut quoted = line.split('"');
        let method = quoted.nth(2).unwrap().trim_matches([',', ' ']);
        Row {
            method,
            path: quoted.next().unwrap(),
        }
    };
    parts.map(row).collect()
}

/// Whoever walks, by the cookie of their session.
type Walker = (&'static str, Option<String>);

fn cookie(bearer: &str) -> String {
    format!("yinxin={}", bearer.strip_prefix("Bearer ").unwrap())
}

/// A town in which everything happened that has a page, and strangers in it.
struct Scenery {
    town: Town,
    ids: BTreeMap<&'static str, String>,
}

impl Scenery {
    fn new(bureau: &Bureau) -> Self {
        let mut town = Town::making(bureau);
        let unit = json!({ "kind": "unit", "id": town.unit });
        town.settle("approver", "approver", &unit);
        let root = json!({ "kind": "authority", "id": town.authority });
        town.settle("supervisor", "supervisor", &root);
        let other = town.post("reviewer", "/api/units", &town.unit_order("91110000600037341L"));
        assert_eq!(other.status, 201, "{}", other.text());
        let other = json!({ "kind": "unit", "id": other.json()["id"] });
        for (name, role) in [
            ("agent.b", "agent"),
            ("principal.b", "principal"),
            ("custodian.b", "custodian"),
        ] {
            town.settle(name, role, &other);
        }
        let system = town.scene.sign_in(0);
        let county = json!({ "parent": town.authority, "name": "测试县行政审批局", "region": "610122",
            "level": "county", "profile": "xian" });
        let county = town.by(&system, "/api/authorities", &county);
        assert_eq!(county.status, 201, "{}", county.text());
        let county = json!({ "kind": "authority", "id": county.json()["id"] });
        for (name, role) in [
            ("reviewer.c", "reviewer"),
            ("security.c", "security_administrator"),
            ("audit.c", "audit_administrator"),
        ] {
            town.settle(name, role, &county);
        }
        // All that took time; those who sat idle sign in again.
        town.morning();
        let ids = BTreeMap::new();
        let mut scenery = Self { town, ids };
        scenery.live();
        scenery
    }

    /// A seal lives, and is used.
    fn live(&mut self) {
        let town = &self.town;
        let seal = town.active();
        let record = town.seal(&seal);
        let application = record["application"].as_str().unwrap().to_owned();
        let policy = json!({ "rules": [{ "steps": [{ "role": "principal" }] }], "approval_days_max": 7 });
        let path = format!("/api/units/{}/policy", town.unit);
        let adopted = town.post("principal", &path, &policy);
        assert_eq!(adopted.status, 201, "{}", adopted.text());
        let document = ofd("关于漫步的通知");
        let sent = town.send("agent", "/api/documents", &document);
        assert_eq!(sent.status, 201, "{}", sent.text());
        let asked = json!({ "seal": seal, "purpose": "印发通知", "document_type": "official_document",
            "document": sm3(&document).to_string(), "placement": placement() });
        let asked = town.post("agent", "/api/uses", &asked);
        assert_eq!(asked.status, 201, "{}", asked.text());
        let asked = asked.json();
        let place = format!("/api/uses/{}", asked["id"].as_str().unwrap());
        let binding =
            json!({ "document": asked["document"], "seal": asked["seal"], "placement": asked["placement"] });
        let approved = town.post("principal", &format!("{place}/approvals"), &binding);
        assert_eq!(approved.status, 201, "{}", approved.text());
        let stamped = town.post("custodian", &format!("{place}/stamp"), &json!({ "pin": PIN }));
        assert_eq!(stamped.status, 201, "{}", stamped.text());
        let shown = town
            .get("reviewer", &format!("/api/applications/{application}"))
            .json();
        let material = |kind: &str| {
            let mut all = shown["materials"].as_array().unwrap().iter();
            all.find(|one| one["kind"] == kind).unwrap()["digest"]
                .as_str()
                .unwrap()
                .to_owned()
        };
        let record = stamped
            .header("location")
            .unwrap()
            .split('/')
            .nth(5)
            .unwrap()
            .to_owned();
        self.ids.extend([
            ("seal", seal.clone()),
            ("application", application.clone()),
            ("digest", material("impression_sheet")),
            ("unit", town.unit.clone()),
            ("document", sm3(&document).to_string()),
            ("use", asked["id"].as_str().unwrap().to_owned()),
            ("record", record),
            ("number", "1".to_owned()),
            ("person", town.id("agent").to_owned()),
            ("authority", town.authority.clone()),
            ("profile", "cn".to_owned()),
            (
                "filing",
                town.filings(&seal)[0]["id"].as_str().unwrap().to_owned(),
            ),
            ("item", "0".to_owned()),
            ("picture", "overlay".to_owned()),
            ("affair", "cancel".to_owned()),
            ("grant", "00000000-0000-7000-8000-000000000000".to_owned()),
            ("index", "3".to_owned()),
            ("client", "00000000-0000-7000-8000-000000000000".to_owned()),
            ("name", "nothing.css".to_owned()),
            ("verified", "0".repeat(32)),
        ]);
    }

    fn walkers(&self) -> Vec<Walker> {
        let town = &self.town;
        let one = |name: &'static str| (name, Some(cookie(&town.session(name))));
        let of_all = [
            "agent",
            "principal",
            "approver",
            "custodian",
            "reviewer",
            "maker",
            "supervisor",
        ];
        let mut walkers: Vec<Walker> = vec![("nobody", None)];
        walkers.extend(of_all.map(one));
        for (at, name) in ["sys.admin", "sec.admin", "aud.admin"].into_iter().enumerate() {
            walkers.push((name, Some(cookie(&town.scene.sign_in(at)))));
        }
        walkers.extend(STRANGERS.map(one));
        walkers
    }

    /// An address of the table with everything filled in.
    fn place(&self, path: &str) -> String {
        let parts = path.split('/').map(|part| match part.strip_prefix('{') {
            Some(name) => {
                let name = name.trim_end_matches('}');
                let known = self.ids.get(name);
                known
                    .unwrap_or_else(|| panic!("no identifier for {{{name}}} of {path}"))
                    .as_str()
            }
            None => part,
        });
        parts.collect::<Vec<_>>().join("/")
    }

    fn get(&self, walker: &Walker, place: &str) -> Answer {
        let headers: Vec<_> = walker
            .1
            .iter()
            .map(|cookie| ("cookie", cookie.as_str()))
            .collect();
        self.town.scene.server.get(place, &headers)
    }

    /// A form without anything in it but the marks of the walker's own session.
    fn post(&self, walker: &Walker, place: &str) -> Answer {
        let page = self.get(walker, "/help");
        let body = format!("token={}&once={}", field(page.text(), "token"), self.town.next());
        let form = ("content-type", "application/x-www-form-urlencoded");
        let mut headers = vec![form];
        headers.extend(walker.1.iter().map(|cookie| ("cookie", cookie.as_str())));
        self.town.scene.server.post(place, &headers, body.as_bytes())
    }
}

/// People of another unit, and officers of another authority.
const STRANGERS: [&str; 6] = [
    "agent.b",
    "principal.b",
    "custodian.b",
    "reviewer.c",
    "security.c",
    "audit.c",
];
/// What a stranger may do with a form of their own: it is about themselves.
const OWN_FORMS: [&str; 2] = ["/language", "/sign-out"];

#[test]
fn who_sees_which_page_stands_in_a_table() {
    let bureau = Bureau::open();
    let scenery = Scenery::new(&bureau);
    let walkers = scenery.walkers();
    let mut table = format!("{:58}", "page");
    for (name, _) in &walkers {
        table += &format!(" {name:>11}");
    }
    table += "\n";
    for row in rows().iter().filter(|row| row.method == "GET") {
        let place = scenery.place(row.path);
        table += &format!("{:58}", row.path);
        for walker in &walkers {
            let answer = scenery.get(walker, &place);
            table += &format!(" {:>11}", answer.status);
            check_leaks(walker, row, &answer);
            check_weight(&scenery, row, &answer);
        }
        table += "\n";
    }
    expect_file!["walk.txt"].assert_eq(&table);
}

/// What a stranger gets holds nothing of the unit's, whatever its status is.
#[track_caller]
fn check_leaks(walker: &Walker, row: &Row, answer: &Answer) {
    // Every page carries the safe headers; downloads say that they are no pages.
    assert_eq!(
        answer.header("x-content-type-options"),
        Some("nosniff"),
        "{row:?}"
    );
    assert!(answer.header("cache-control").is_some(), "{row:?}");
    assert!(answer.header("content-security-policy").is_some(), "{row:?}");
    if walker.0 != "nobody" && !STRANGERS.contains(&walker.0) {
        return;
    }
    let body = String::from_utf8_lossy(&answer.body);
    for text in ["印发通知", "欧阳测试"] {
        assert!(!body.contains(text), "{} sees {text} on {}", walker.0, row.path);
    }
}

/// A page with its styles and scripts, without the images of documents, has less than 150 KB.
#[track_caller]
fn check_weight(scenery: &Scenery, row: &Row, answer: &Answer) -> usize {
    let is_page = answer
        .header("content-type")
        .is_some_and(|kind| kind.starts_with("text/html"));
    if !is_page {
        return 0;
    }
    let mut bytes = answer.body.len();
    for part in answer.text().split("\"/assets/").skip(1) {
        let name = part.split('"').next().unwrap();
        bytes += scenery
            .town
            .scene
            .server
            .get(&format!("/assets/{name}"), &[])
            .body
            .len();
    }
    assert!(bytes < PAGE_BYTES_MAX, "{} has {bytes} bytes", row.path);
    bytes
}

/// Bytes of a page without the images of documents (issue 6).
const PAGE_BYTES_MAX: usize = 150 * 1024;
/// Milliseconds in which a page is answered on SQLite with 100 000 seals (issue 6).
const PAGE_MILLIS_MAX: f64 = 100.0;
const SEALS: u64 = 100_000;
const RECORDS: u64 = 100_000;
const ENTRIES: u64 = 100_000;

impl Scenery {
    /// The same town, with many more seals, uses and acts.
    fn crowded(mut self, bureau: &Bureau) -> Self {
        let second = self.town.scene.server.clock.now().as_second();
        let server = std::mem::replace(&mut self.town.scene.server, TestServer::start());
        let folder = server.stopped();
        let file = folder.path().join("data/yinxin.db");
        let runtime = tokio::runtime::Runtime::new().unwrap();
        runtime.block_on(async {
            append(&file).await;
            let filling = fill::Filling {
                seals: SEALS,
                single: RECORDS,
                batched: 0,
            };
            fill::fill(None, &file, filling).await;
        });
        self.town.scene.server = TestServer::in_folder(folder, &crate::life::making(bureau));
        self.town.scene.server.clock.set(second);
        self.town.morning();
        self
    }
}

/// Real entries of the log, which searches go through.
async fn append(file: &std::path::Path) {
    let database = store::Database::Sqlite(file.to_owned());
    let store = store::Store::open(&store::StoreConfig::new(database))
        .await
        .unwrap();
    for round in 0..ENTRIES / 500 {
        let entry = move |number: u64| audit::Entry {
            time: testkit::now(),
            actor: audit::Actor {
                kind: audit::ActorKind::System,
                id: "yinxin".to_owned(),
                role: None,
                unit: None,
            },
            act: "reminder.raised".to_owned(),
            subject: audit::Subject {
                kind: "seal".to_owned(),
                id: format!("filled {round} {number}"),
            },
            details: json!({ "note": "one of many acts, as long as most of them are in a real log" })
                .as_object()
                .unwrap()
                .clone(),
            commitments: BTreeMap::new(),
        };
        let write = store.write::<_, store::Error, _>(move |_| {
            let first = store::Entries::from(entry(0));
            let entries = (1..500).fold(first, |entries, number| entries.and(entry(number)));
            Box::pin(async move { Ok(((), entries)) })
        });
        write.await.unwrap();
    }
    store.close().await;
}

/// With `--release -- --ignored --nocapture`, it prints the table of docs/benchmarks.md.
#[test]
#[ignore = "fills a database with 100 000 seals and as many uses and acts"]
fn pages_arrive_in_time_among_a_hundred_thousand_seals() {
    let bureau = Bureau::open();
    let scenery = Scenery::new(&bureau).crowded(&bureau);
    let walkers = scenery.walkers();
    let mut slow = Vec::new();
    println!("| page | as | ms | KB |\n| --- | --- | --- | --- |");
    for row in rows().iter().filter(|row| row.method == "GET") {
        let place = scenery.place(row.path);
        for walker in &walkers {
            let answer = scenery.get(walker, &place);
            let bytes = check_weight(&scenery, row, &answer);
            // Pictures are drawn and files are sent for each who asks; they are no pages.
            if answer.status != 200 || bytes == 0 {
                continue;
            }
            let mut times: Vec<f64> = (0..7)
                .map(|_| {
                    let begun = Instant::now();
                    scenery.get(walker, &place);
                    begun.elapsed().as_secs_f64() * 1000.0
                })
                .collect();
            times.sort_by(f64::total_cmp);
            println!(
                "| `{}` | {} | {:.1} | {} |",
                row.path,
                walker.0,
                times[3],
                bytes.div_ceil(1024)
            );
            if times[3] > PAGE_MILLIS_MAX {
                slow.push(format!("{} as {}: {:.0} ms", row.path, walker.0, times[3]));
            }
        }
    }
    assert!(slow.is_empty(), "{slow:#?}");
}

#[test]
fn no_form_lets_strangers_do_anything_to_what_is_not_theirs() {
    let bureau = Bureau::open();
    let scenery = Scenery::new(&bureau);
    let before = state(&scenery);
    let strangers: Vec<_> = scenery.walkers();
    let strangers = strangers
        .iter()
        .filter(|walker| walker.0 == "nobody" || STRANGERS.contains(&walker.0));
    let forms: Vec<_> = rows().into_iter().filter(|row| row.method == "POST").collect();
    let mut done = Vec::new();
    for walker in strangers {
        for row in forms.iter().filter(|row| !OWN_FORMS.contains(&row.path)) {
            let answer = scenery.post(walker, &scenery.place(row.path));
            if answer.status < 400 {
                done.push(format!("{} {} {}", walker.0, row.path, answer.status));
            }
        }
    }
    assert_eq!(done, Vec::<String>::new());
    assert_eq!(state(&scenery), before);
}

/// What strangers must not change.
fn state(scenery: &Scenery) -> Value {
    let get = |name: &str, path: String| scenery.town.get(name, &path).json();
    let id = |name: &str| scenery.ids[name].as_str();
    json!([
        get("reviewer", format!("/api/seals/{}", id("seal")))["seal"],
        get("reviewer", format!("/api/applications/{}", id("application"))),
        get("agent", format!("/api/uses/{}", id("use"))),
        get("principal", format!("/api/units/{}/policy", id("unit"))),
        get("reviewer", format!("/api/people/{}", id("person"))),
        get("reviewer", format!("/api/authorities/{}", id("authority"))),
    ])
}
