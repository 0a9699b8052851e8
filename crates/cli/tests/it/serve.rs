//! `yinxin serve`: from a configuration file to answers, and to a graceful end.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::process::{Command, Stdio};

use crate::support::{PIN, Place};

const SOUND: &str = "data = \"data\"\naudit.origin = \"test/audit\"\nkeys.pin_file = \"pin\"\n";

#[test]
fn it_serves_until_it_is_told_to_stop() {
    let place = Place::new();
    place.write("yinxin.toml", SOUND);
    place.write("pin", PIN);
    let mut command = place.command();
    command
        .args(["serve", "--config", "yinxin.toml"])
        .env("YINXIN__HTTP__LISTEN", "127.0.0.1:0");
    let mut child = command
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut url = String::new();
    BufReader::new(child.stdout.take().unwrap())
        .read_line(&mut url)
        .unwrap();
    let address = url.trim().strip_prefix("http://").unwrap().trim_end_matches('/');
    let mut stream = TcpStream::connect(address).unwrap();
    stream
        .write_all(b"GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        .unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    assert!(
        answer.starts_with("HTTP/1.1 200 OK\r\n") && answer.ends_with("ok\n"),
        "{answer}"
    );
    let kill = Command::new("kill")
        .args(["-TERM", &child.id().to_string()])
        .status()
        .unwrap();
    assert!(kill.success());
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success());
    let log = String::from_utf8(output.stderr).unwrap();
    let lines: Vec<_> = log
        .lines()
        .map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap())
        .collect();
    assert!(
        lines
            .iter()
            .any(|line| line["operation"] == "healthz" && line["status"] == 200),
        "{log}"
    );
}

#[test]
fn what_is_wrong_with_the_configuration_is_said_with_its_key() {
    let place = Place::new();
    place.write("yinxin.toml", SOUND.to_owned() + "[http]\nport = 8080\n");
    let said = place.line("serve --config yinxin.toml").failure(64);
    assert!(
        said.starts_with("错误：yinxin.toml：配置项 http.port："),
        "{said}"
    );
    place.write("yinxin.toml", SOUND);
    assert_eq!(place.ok("serve --config yinxin.toml --check"), "配置正确\n");
    let said = place.line("--lang en serve --config nowhere.toml").failure(66);
    assert!(said.starts_with("error: cannot read nowhere.toml: "), "{said}");
}
