//! `yinxin backup`, `yinxin restore`, `yinxin audit export`: beside a running service, onto another engine, and what
//! is refused.

use std::fs;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::process::{Child, Command, Stdio};

use testkit::PrivatePostgres;

use crate::support::{PIN, Place};

/// What a set-up asks for; the identity numbers are invented, with sound check digits.
const SET_UP: &str = r#"{"authority":{"name":"测试市大数据局","region":"610100","level":"city","profile":"cn",
    "designation":"测政发〔2026〕1号"},"administrators":[
    {"role":"system_administrator","account":"sys.admin","password":"Correct-horse-1","name":"甲","identity_number":"11010519491231002X"},
    {"role":"security_administrator","account":"sec.admin","password":"Correct-horse-1","name":"乙","identity_number":"440524188001010014"},
    {"role":"audit_administrator","account":"aud.admin","password":"Correct-horse-1","name":"丙","identity_number":"11010519900307857X"}]}"#;

/// A running service, ended with the test.
struct Running {
    child: Child,
    address: String,
}

impl Running {
    fn start(place: &Place, config: &str) -> Self {
        let mut command = place.command();
        command.args(["serve", "--config", config]);
        let mut child = command
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut url = String::new();
        let output = child.stdout.take().unwrap();
        BufReader::new(output).read_line(&mut url).unwrap();
        let address = url
            .trim()
            .trim_start_matches("http://")
            .trim_end_matches('/')
            .to_owned();
        assert!(!address.is_empty(), "{config} does not start");
        Self { child, address }
    }

    /// The body of the answer, which must be a 2xx.
    fn ask(&self, method: &str, path: &str, body: &str) -> String {
        let mut stream = TcpStream::connect(&self.address).unwrap();
        let length = body.len();
        let head = format!(
            "{method} {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: {length}\r\n\r\n"
        );
        stream.write_all((head + body).as_bytes()).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        assert!(answer.starts_with("HTTP/1.1 20"), "{answer}");
        answer.split_once("\r\n\r\n").unwrap().1.to_owned()
    }

    fn stop(mut self) {
        let id = self.child.id().to_string();
        assert!(
            Command::new("kill")
                .args(["-TERM", &id])
                .status()
                .unwrap()
                .success()
        );
        assert!(self.child.wait().unwrap().success());
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Writes `NAME.toml` for a service that keeps its things in the folder `NAME`.
fn configure(place: &Place, name: &str, lines: &str) {
    let text = format!(
        "data = \"{name}\"\naudit.origin = \"test/audit\"\naudit.checkpoint_seconds = 1\nkeys.pin_file = \"pin\"\n\
         keys.kdf_memory_kib = 64\nhttp.listen = \"127.0.0.1:0\"\n{lines}"
    );
    place.write(&format!("{name}.toml"), text);
    place.write("pin", PIN);
}

/// A place where a service was set up, and still runs.
fn with_service() -> (Place, Running) {
    let place = Place::new();
    configure(&place, "first", "");
    let running = Running::start(&place, "first.toml");
    running.ask("POST", "/api/set-up", SET_UP);
    (place, running)
}

/// The line with size and root of the log that a command printed.
#[track_caller]
fn root(place: &Place, line: &str) -> String {
    let output = place.command().args(line.split(' ')).output().unwrap();
    let said = String::from_utf8([output.stdout, output.stderr].concat()).unwrap();
    assert!(output.status.success(), "{said}");
    let found = said.lines().find(|line| line.contains("根 "));
    found.unwrap_or_else(|| panic!("{said}")).to_owned()
}

/// Size and root are equal, the service starts on it, and its log is sound.
#[track_caller]
fn check_restored(place: &Place, name: &str, expected: &str) {
    let line = format!("restore copy --config {name}.toml --keys apart");
    assert_eq!(root(place, &line), expected, "{name}");
    let running = Running::start(place, &format!("{name}.toml"));
    place.write("log.key", running.ask("GET", "/api/log/key", ""));
    // The start stands in the log; the next checkpoint covers it.
    let export = format!("audit export --config {name}.toml --out {name}.export --force");
    let sound = (0..100).any(|_| {
        std::thread::sleep(std::time::Duration::from_millis(100));
        place.line(&export).success();
        let check = format!("audit check {name}.export --key log.key");
        let checked = place.command().args(check.split(' ')).output().unwrap();
        checked.status.code() == Some(0)
    });
    assert!(sound, "{name}");
    running.stop();
}

#[test]
fn r67_a_backup_of_a_running_service_is_restored_onto_either_engine() {
    let (place, running) = with_service();
    // Materials and documents stand by their SM3.
    let document = b"a document";
    let digest = gm::sm3(document).to_string();
    let folder = place.path(&format!("first/documents/sm3/{}", &digest[..2]));
    fs::create_dir_all(&folder).unwrap();
    fs::write(folder.join(&digest), document).unwrap();
    let backup = root(&place, "backup --config first.toml --out copy --keys apart");
    running.stop();
    configure(&place, "second", "");
    check_restored(&place, "second", &backup);
    let restored = place.read(&format!("second/documents/sm3/{}/{digest}", &digest[..2]));
    assert_eq!(restored, document);
    if let Some(server) = PrivatePostgres::shared() {
        configure(
            &place,
            "third",
            &format!("database.url = \"{}\"\n", server.database()),
        );
        check_restored(&place, "third", &backup);
        // And back again, from the other engine.
        root(&place, "backup --config third.toml --out copy-2 --keys apart-2");
        configure(&place, "fourth", "");
        root(&place, "restore copy-2 --config fourth.toml --keys apart-2");
    }
}

#[test]
fn r67_nothing_is_overwritten_and_half_a_backup_is_refused() {
    let (place, running) = with_service();
    root(&place, "backup --config first.toml --out copy --keys apart");
    let again = place.line("backup --config first.toml --out copy").failure(65);
    assert!(again.starts_with("错误：copy 已存在且不是空目录"), "{again}");
    let in_use = place
        .line("--lang en restore copy --config first.toml")
        .failure(69);
    assert!(in_use.contains("the store is not empty"), "{in_use}");
    running.stop();

    configure(&place, "second", "");
    let keyless = place.line("restore copy --config second.toml").failure(65);
    assert!(keyless.contains("中没有服务的密钥"), "{keyless}");
    let no_backup = place
        .line("restore apart --config second.toml --keys apart")
        .failure(65);
    assert!(no_backup.contains("缺少 database.backup"), "{no_backup}");

    let whole = place.read("copy/database.backup");
    place.write("copy/database.backup", &whole[..whole.len() - 20]);
    let cut = place
        .line("restore copy --config second.toml --keys apart")
        .failure(69);
    assert!(cut.contains("cut off"), "{cut}");
    assert!(!place.path("second/keys").exists());
    place.write("copy/database.backup", &whole);

    let digest = gm::sm3(b"a document").to_string();
    fs::create_dir_all(place.path("copy/documents/sm3/00")).unwrap();
    place.write(&format!("copy/documents/sm3/00/{digest}"), "another document");
    let changed = place
        .line("restore copy --config second.toml --keys apart")
        .failure(65);
    assert!(changed.contains("已被改动"), "{changed}");
    fs::remove_file(place.path(&format!("copy/documents/sm3/00/{digest}"))).unwrap();
    root(&place, "restore copy --config second.toml --keys apart");
}

#[test]
fn a_database_that_is_not_there_or_not_known_is_named() {
    let place = Place::new();
    configure(&place, "first", "");
    let missing = place.line("backup --config first.toml --out copy").failure(65);
    assert!(missing.contains("中没有服务的密钥"), "{missing}");
    let missing = place
        .line("audit export --config first.toml --out log.export")
        .failure(65);
    assert!(missing.contains("没有数据库"), "{missing}");
    assert!(!place.path("log.export").exists());
    configure(&place, "other", "database.url = \"mysql://localhost/yinxin\"\n");
    let unknown = place
        .line("audit export --config other.toml --out log.export")
        .failure(69);
    assert!(
        unknown.contains("neither a file's path nor a postgres:// address"),
        "{unknown}"
    );
}

#[test]
fn r67_keys_of_another_installation_are_refused() {
    let (place, running) = with_service();
    root(&place, "backup --config first.toml --out copy --keys apart");
    running.stop();
    configure(&place, "stranger", "");
    Running::start(&place, "stranger.toml").stop();
    root(
        &place,
        "backup --config stranger.toml --out copy-2 --keys apart-2",
    );
    configure(&place, "second", "");
    let other = place
        .line("restore copy --config second.toml --keys apart-2")
        .failure(65);
    assert!(other.contains("不符"), "{other}");
    assert!(!place.path("second/keys").exists());
}
