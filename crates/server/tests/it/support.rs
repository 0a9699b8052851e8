//! A server on a free port with a fixed clock, and a client that speaks HTTP to it.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::thread::JoinHandle;

use gm::Signer as _;
use jiff::Timestamp;
use keys::{Kdf, KeyStore, NewKey, Options};
use pki::{Certificate, CertificateTemplate, Issuer, Name};
use sealing::{Trust, Verifier};
use serde_json::Value;
use server::{Config, Outside, Server};
use store::{Database, Store, StoreConfig};
use tempfile::TempDir;
use testkit::{SeededRng, TestPki, now, time};
use tokio::sync::oneshot;

/// The PKI that the servers of tests trust.
pub(crate) fn pki() -> TestPki {
    TestPki::new(1)
}

/// A clock that tests can move.
#[derive(Clone)]
pub(crate) struct Clock(Arc<AtomicI64>);

impl Clock {
    pub(crate) fn at(time: Timestamp) -> Self {
        Self(Arc::new(AtomicI64::new(time.as_second())))
    }

    pub(crate) fn now(&self) -> Timestamp {
        Timestamp::from_second(self.0.load(Ordering::SeqCst)).unwrap()
    }

    pub(crate) fn advance(&self, seconds: i64) {
        self.0.fetch_add(seconds, Ordering::SeqCst);
    }

    pub(crate) fn set(&self, second: i64) {
        self.0.store(second, Ordering::SeqCst);
    }
}

/// What every server of a test is told.
const CONFIG: &str = "data = \"data\"\nhttp.listen = \"127.0.0.1:0\"\naudit.origin = \"test/audit\"\n\
    audit.checkpoint_seconds = 1\nkeys.pin_file = \"pin\"\n\
    keys.kdf_memory_kib = 64\nnetworks.government = [\"127.0.0.1\"]\n";

/// The configuration of a sandbox maker.
pub(crate) const MAKING: &str = "making.keys = \"making/keys\"\nmaking.pin_file = \"pin\"\n\
    making.maker = \"maker\"\nmaking.maker_certificate = \"making/maker.pem\"\nmaking.issuer = \"issuer\"\n\
    making.issuer_certificate = \"making/issuer.pem\"\nmaking.days = 365\nmaking.e_government = true\n";

/// Keys and certificates of a sandbox maker below the root of the tests; the issuer's certificate.
fn lay_out_making(pki: &TestPki, folder: &Path) -> Certificate {
    let certificate = |name: &str| folder.join(format!("{name}.pem"));
    if let Ok(bytes) = std::fs::read(certificate("issuer")) {
        return pki::read_certificates(&bytes).unwrap().remove(0);
    }
    let kdf = Kdf {
        memory_kib: 8,
        passes: 1,
        lanes: 1,
    };
    std::fs::create_dir_all(folder).unwrap();
    let options = Options {
        kdf,
        ..Options::default()
    };
    let store = KeyStore::open_with(&folder.join("keys"), options).unwrap();
    let mut rng = SeededRng::new(11);
    let mut key = |label| {
        let id = store
            .create(
                &NewKey {
                    label,
                    pin: "correct horse",
                    now: now(),
                },
                &mut rng,
            )
            .unwrap();
        store.unlock(id, "correct horse").unwrap()
    };
    let (issuing, making) = (key("issuer"), key("maker"));
    let validity = (time("2025-01-01T00:00:00Z"), time("2035-01-01T00:00:00Z"));
    let name = |name: &str| Name::parse(&format!("C=CN, O=印信测试（仅供测试）, CN={name}")).unwrap();
    let template = CertificateTemplate::ca(name("测试制章 CA"), &[21], validity, Some(0));
    let root = Issuer::Certificate(&pki.root.certificate);
    let issuer = pki::issue(&template, issuing.public_key(), root, &pki.root.key).unwrap();
    let template = CertificateTemplate::signer(name("测试市电子印章制作系统"), &[22], validity);
    let maker = pki::issue(
        &template,
        making.public_key(),
        Issuer::Certificate(&issuer),
        &issuing,
    )
    .unwrap();
    std::fs::write(certificate("issuer"), pki::write_pem("CERTIFICATE", issuer.der())).unwrap();
    std::fs::write(certificate("maker"), pki::write_pem("CERTIFICATE", maker.der())).unwrap();
    issuer
}

/// How the program draws a page of a PDF file in a process of its own.
const PDF_PAGES: [&str; 2] = ["render-pdf-page", "-"];

/// The program beside the tests, which is there when the workspace was built.
fn program() -> std::path::PathBuf {
    let mut path = std::env::current_exe().unwrap();
    path.pop();
    path.pop();
    path.join("yinxin")
}

/// Are pages of PDF files drawn?
pub(crate) fn draws_pdf() -> bool {
    program().is_file()
}

/// A server on a thread of its own.
pub(crate) struct Running {
    pub(crate) address: SocketAddr,
    pub(crate) stop: oneshot::Sender<()>,
    /// Did all requests finish?
    pub(crate) thread: JoinHandle<bool>,
}

impl Running {
    /// Starts one in a folder; different seeds give different identifiers.
    pub(crate) fn start(folder: &Path, lines: &str, clock: &Clock, seed: u64) -> Self {
        let text = format!("{CONFIG}{lines}");
        std::fs::write(folder.join("pin"), "correct horse").unwrap();
        let config = Config::read(&text, folder, []).unwrap();
        let pki = pki();
        let trust = Trust::for_all(pki.trust().anchors().to_vec());
        let mut intermediates = pki.intermediates();
        if lines.contains("making.") {
            intermediates.push(lay_out_making(&pki, &folder.join("making")));
        }
        let verifier = Verifier::new(trust, intermediates, Vec::new());
        let time = clock.clone();
        let (stop, stopped) = oneshot::channel();
        let (tell, told) = std::sync::mpsc::channel();
        let thread = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_multi_thread()
                .worker_threads(2)
                .enable_all()
                .build()
                .unwrap();
            runtime.block_on(async {
                let mut outside = Outside::new(move || time.now(), SeededRng::new(seed));
                if draws_pdf() {
                    outside = outside.with_pdf_pages(server::PageProcess {
                        program: program(),
                        arguments: PDF_PAGES.map(str::to_owned).to_vec(),
                    });
                }
                let server = Server::start(config, verifier, outside).await.unwrap();
                tell.send(server.address()).unwrap();
                server
                    .run(async {
                        let _ = stopped.await;
                    })
                    .await
            })
        });
        Self {
            address: told.recv().unwrap(),
            stop,
            thread,
        }
    }
}

/// A running server; it stops when dropped.
pub(crate) struct TestServer {
    pub(crate) address: SocketAddr,
    pub(crate) clock: Clock,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<bool>>,
    folder: Option<TempDir>,
}

impl TestServer {
    pub(crate) fn start() -> Self {
        Self::with("")
    }

    /// With these lines of configuration.
    pub(crate) fn with(lines: &str) -> Self {
        let folder = TempDir::new().unwrap();
        Self::in_folder(folder, lines)
    }

    /// In a folder where a server may have run before.
    pub(crate) fn in_folder(folder: TempDir, lines: &str) -> Self {
        let clock = Clock::at(now());
        let running = Running::start(folder.path(), lines, &clock, 7);
        Self {
            address: running.address,
            clock,
            stop: Some(running.stop),
            thread: Some(running.thread),
            folder: Some(folder),
        }
    }

    /// Its data folder.
    pub(crate) fn data(&self) -> std::path::PathBuf {
        self.folder.as_ref().unwrap().path().join("data")
    }

    /// Asks it to stop; running requests go on.
    pub(crate) fn begin_stopping(&mut self) {
        let _ = self.stop.take().unwrap().send(());
    }

    /// Waits until it has stopped; did all requests finish?
    pub(crate) fn wait(&mut self) -> bool {
        self.thread.take().unwrap().join().unwrap()
    }

    /// The names in its data folder.
    pub(crate) fn files(&self) -> Vec<String> {
        let folder = self.folder.as_ref().unwrap().path().join("data");
        let names = std::fs::read_dir(folder).unwrap();
        let mut names: Vec<_> = names
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        names
    }

    /// The bytes of a file in its data folder.
    pub(crate) fn file(&self, name: &str) -> Vec<u8> {
        std::fs::read(self.folder.as_ref().unwrap().path().join("data").join(name)).unwrap()
    }

    /// Stops it, and checks the export of its log as an auditor would; the log is in this database, or in its file.
    pub(crate) fn stopped_and_checked(self, database: Option<&str>) -> audit::Report {
        self.stopped_and_exported(database).0
    }

    /// The same, with the whole log as it was exported.
    pub(crate) fn stopped_and_exported(mut self, database: Option<&str>) -> (audit::Report, Vec<u8>) {
        let key = audit::LogKey::parse(self.get("/api/log/key", &[]).text()).unwrap();
        // What an auditor kept from the day before, so to speak.
        let saved = audit::SignedCheckpoint::parse(self.get("/api/log/checkpoint", &[]).text()).unwrap();
        self.begin_stopping();
        assert!(self.wait());
        let path = self.folder.as_ref().unwrap().path().join("data/yinxin.db");
        let database = database.map_or(Database::Sqlite(path), |address| address.parse().unwrap());
        let export = exported(database, &key);
        let report = checked(&export, &key, &[saved], self.clock.now());
        (report, export)
    }

    /// Stops it; a server with the same data runs in its place.
    pub(crate) fn restarted(self, lines: &str) -> Self {
        Self::in_folder(self.stopped(), lines)
    }

    /// Stops it; what it leaves.
    pub(crate) fn stopped(mut self) -> TempDir {
        self.begin_stopping();
        assert!(self.wait());
        self.folder.take().unwrap()
    }

    pub(crate) fn get(&self, path: &str, headers: &[(&str, &str)]) -> Answer {
        self.request("GET", path, headers, b"")
    }

    pub(crate) fn post(&self, path: &str, headers: &[(&str, &str)], body: &[u8]) -> Answer {
        self.request("POST", path, headers, body)
    }

    /// One request on a connection of its own.
    pub(crate) fn request(&self, method: &str, path: &str, headers: &[(&str, &str)], body: &[u8]) -> Answer {
        request(self.address, method, path, headers, body).unwrap()
    }

    /// A connection on which the head of a request was sent.
    pub(crate) fn open(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        length: Option<usize>,
    ) -> TcpStream {
        open(self.address, method, path, headers, length).unwrap()
    }
}

impl Drop for TestServer {
    fn drop(&mut self) {
        if let Some(stop) = self.stop.take() {
            let _ = stop.send(());
        }
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// What an auditor finds in the export of a log, with checkpoints that were kept.
pub(crate) fn audited(
    database: Database,
    key: &audit::LogKey,
    saved: &[audit::SignedCheckpoint],
    now: Timestamp,
) -> audit::Report {
    checked(&exported(database, key), key, saved, now)
}

/// The whole log of a database that no server uses.
fn exported(database: Database, key: &audit::LogKey) -> Vec<u8> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(async {
        let store = Store::open(&StoreConfig::new(database)).await.unwrap();
        let mut writer = audit::ExportWriter::new(Vec::new(), key.name(), std::slice::from_ref(key)).unwrap();
        let mut reader = store.snapshot().await.unwrap();
        reader.export_log(&mut writer).await.unwrap();
        drop(reader);
        store.close().await;
        writer.finish().unwrap()
    })
}

fn checked(
    export: &[u8],
    key: &audit::LogKey,
    saved: &[audit::SignedCheckpoint],
    now: Timestamp,
) -> audit::Report {
    let against = audit::Against {
        keys: std::slice::from_ref(key),
        saved,
        now,
        salt: [7; 16],
    };
    audit::check(|| Ok(export), against).unwrap()
}

/// What came back.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    head: String,
    pub(crate) body: Vec<u8>,
}

impl Answer {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let mut lines = self.head.lines().filter_map(|line| line.split_once(": "));
        lines
            .find(|(found, _)| found.eq_ignore_ascii_case(name))
            .map(|(_, value)| value)
    }

    #[track_caller]
    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap()
    }

    #[track_caller]
    pub(crate) fn text(&self) -> &str {
        str::from_utf8(&self.body).unwrap()
    }

    /// A problem with this status and code, that says everything a problem has to say.
    #[track_caller]
    pub(crate) fn check_problem(&self, status: u16, code: &str) -> Value {
        assert_eq!(self.status, status, "{}", String::from_utf8_lossy(&self.body));
        assert_eq!(self.header("content-type"), Some("application/problem+json"));
        let problem = self.json();
        assert_eq!(problem["code"], code);
        assert_eq!(problem["status"], status);
        assert_eq!(problem["type"], format!("urn:yinxin:problem:{code}"));
        assert_eq!(problem["request_id"].as_str(), self.header("x-request-id"));
        assert!(problem["title"].as_str().is_some_and(|title| !title.is_empty()));
        assert!(
            problem["detail"]
                .as_str()
                .is_some_and(|detail| !detail.is_empty())
        );
        problem
    }
}

/// One request on a connection of its own; nothing when it broke before the head of the answer was there.
pub(crate) fn request(
    address: SocketAddr,
    method: &str,
    path: &str,
    headers: &[(&str, &str)],
    body: &[u8],
) -> Option<Answer> {
    let mut stream = open(address, method, path, headers, Some(body.len())).ok()?;
    // The server may refuse before it has read everything.
    let _ = stream.write_all(body);
    try_read_answer(stream)
}

fn open(
    address: SocketAddr,
    method: &str,
    path: &str,
    headers: &[(&str, &str)],
    length: Option<usize>,
) -> std::io::Result<TcpStream> {
    let mut stream = TcpStream::connect(address)?;
    let mut head = format!("{method} {path} HTTP/1.1\r\nHost: test\r\nConnection: close\r\n");
    for (name, value) in headers {
        head += &format!("{name}: {value}\r\n");
    }
    if let Some(length) = length {
        head += &format!("Content-Length: {length}\r\n");
    }
    stream.write_all(format!("{head}\r\n").as_bytes())?;
    Ok(stream)
}

pub(crate) fn read_answer(stream: TcpStream) -> Answer {
    try_read_answer(stream).unwrap()
}

fn try_read_answer(mut stream: TcpStream) -> Option<Answer> {
    let mut bytes = Vec::new();
    let _ = stream.read_to_end(&mut bytes);
    let end = bytes.windows(4).position(|window| window == b"\r\n\r\n")?;
    let head = String::from_utf8(bytes[..end].to_vec()).unwrap();
    let status = head[9..12].parse().unwrap();
    let mut body = bytes[end + 4..].to_vec();
    if head.to_ascii_lowercase().contains("transfer-encoding: chunked") {
        body = unchunk(&body);
    }
    Some(Answer { status, head, body })
}

/// What came of a chunked body, which may have broken off.
fn unchunk(mut rest: &[u8]) -> Vec<u8> {
    let mut body = Vec::new();
    loop {
        let end = rest.windows(2).position(|window| window == b"\r\n");
        let Some(end) = end.filter(|end| *end > 0) else {
            return body;
        };
        let length = usize::from_str_radix(str::from_utf8(&rest[..end]).unwrap(), 16).unwrap();
        let there = rest.len().min(end + 2 + length);
        body.extend_from_slice(&rest[end + 2..there]);
        rest = rest.get(end + 4 + length..).unwrap_or_default();
    }
}
