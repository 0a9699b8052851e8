//! A folder to work in, the binary run in it, and what it said.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::OnceLock;

use tempfile::TempDir;

/// The PIN of every key, unless a test says otherwise.
pub(crate) const PIN: &str = "correct horse";

/// A folder of its own for a test.
pub(crate) struct Place(TempDir);

impl Place {
    /// An empty folder.
    pub(crate) fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    /// A folder with the test CA `ca` and the keys `maker`, `office` and `clock`, certified; made once for all tests.
    pub(crate) fn with_ca() -> Self {
        static MADE: OnceLock<Place> = OnceLock::new();
        let made = MADE.get_or_init(|| {
            let place = Place::new();
            place.ok("ca init ca");
            place.certified("maker", "maker", "C=CN,O=测试市,CN=测试市电子印章制作系统");
            place.certified("office", "signer", "C=CN,O=测试市测试局,CN=99010000000001");
            place.certified("clock", "tsa", "C=CN,O=测试市,CN=测试时间戳服务");
            place
        });
        let place = Place::new();
        copy(&made.path(""), &place.path(""));
        place
    }

    /// Makes a key and has the CA certify it; leaves `LABEL.csr` and `LABEL.pem`.
    pub(crate) fn certified(&self, label: &str, profile: &str, subject: &str) {
        self.ok(&format!("key create {label}"));
        self.run(&[
            "key",
            "csr",
            label,
            "--subject",
            subject,
            "--out",
            &format!("{label}.csr"),
        ])
        .success();
        self.ok(&format!(
            "ca issue ca --csr {label}.csr --profile {profile} --out {label}.pem"
        ));
        self.ok(&format!("key certify {label} {label}.pem"));
    }

    /// A file or folder in it.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    /// Writes a file.
    pub(crate) fn write(&self, name: &str, bytes: impl AsRef<[u8]>) {
        fs::write(self.path(name), bytes).unwrap();
    }

    /// Reads a file.
    #[track_caller]
    pub(crate) fn read(&self, name: &str) -> Vec<u8> {
        fs::read(self.path(name)).unwrap()
    }

    /// The file of the only key in the store `keys`.
    pub(crate) fn key_file(&self) -> PathBuf {
        let files = fs::read_dir(self.path("keys")).unwrap();
        let mut files = files.map(|entry| entry.unwrap().path());
        files
            .find(|path| path.extension().is_some_and(|extension| extension == "key"))
            .unwrap()
    }

    /// The binary in this folder, with the PIN in the environment.
    pub(crate) fn command(&self) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_yinxin"));
        command
            .current_dir(self.0.path())
            .env("YINXIN_PIN", PIN)
            .stdin(Stdio::null());
        command
    }

    /// Runs with these arguments.
    pub(crate) fn run(&self, arguments: &[&str]) -> Run {
        Run(self.command().args(arguments).output().unwrap())
    }

    /// Runs with the words of `line` as arguments.
    pub(crate) fn line(&self, line: &str) -> Run {
        self.run(&line.split(' ').collect::<Vec<_>>())
    }

    /// Runs with the words of `line`, which must succeed; what was printed, redacted.
    #[track_caller]
    pub(crate) fn ok(&self, line: &str) -> String {
        self.line(line).success()
    }

    /// Runs without a PIN in the environment and without a terminal to ask at.
    pub(crate) fn without_terminal(&self, line: &str) -> Run {
        let binary = env!("CARGO_BIN_EXE_yinxin");
        let mut command = Command::new("setsid");
        command
            .arg("--wait")
            .arg(binary)
            .args(line.split(' '))
            .current_dir(self.0.path());
        Run(command
            .env_remove("YINXIN_PIN")
            .stdin(Stdio::null())
            .output()
            .unwrap())
    }

    /// Runs with text on standard input and without a PIN in the environment.
    pub(crate) fn piped(&self, line: &str, input: &str) -> Run {
        self.write("piped input", input);
        let mut command = self.command();
        command.args(line.split(' ')).env_remove("YINXIN_PIN");
        Run(command
            .stdin(fs::File::open(self.path("piped input")).unwrap())
            .output()
            .unwrap())
    }

    /// What OpenSSL prints in this folder, errors included, and whether it succeeded; `None`, and a loud line, where
    /// it is missing.
    pub(crate) fn openssl(&self, line: &str) -> Option<(String, bool)> {
        match Command::new("openssl")
            .args(line.split(' '))
            .current_dir(self.0.path())
            .output()
        {
            Ok(output) => Some((
                text(&output.stdout) + &text(&output.stderr),
                output.status.success(),
            )),
            Err(error) => {
                eprintln!("SKIPPED: openssl not found ({error})");
                None
            }
        }
    }
}

fn copy(from: &Path, to: &Path) {
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            fs::create_dir(&target).unwrap();
            fs::set_permissions(&target, entry.metadata().unwrap().permissions()).unwrap();
            copy(&entry.path(), &target);
        } else {
            fs::copy(entry.path(), target).unwrap();
        }
    }
}

/// How a call ended.
pub(crate) struct Run(Output);

impl Run {
    /// What it printed, redacted, when it ended well.
    #[track_caller]
    pub(crate) fn success(&self) -> String {
        assert!(
            self.0.status.success(),
            "{:?}\n{}",
            self.0.status,
            text(&self.0.stderr)
        );
        redact(&text(&self.0.stdout))
    }

    /// What it complained about, redacted, when it ended with this status and printed nothing else.
    #[track_caller]
    pub(crate) fn failure(&self, status: i32) -> String {
        assert_eq!(
            self.status(),
            Some(status),
            "{}{}",
            text(&self.0.stdout),
            text(&self.0.stderr)
        );
        assert_eq!(text(&self.0.stdout), "");
        redact(&text(&self.0.stderr))
    }

    /// The exit status.
    pub(crate) fn status(&self) -> Option<i32> {
        self.0.status.code()
    }

    /// Standard output as it is.
    pub(crate) fn output(&self) -> String {
        text(&self.0.stdout)
    }

    /// Standard error, redacted.
    pub(crate) fn errors(&self) -> String {
        redact(&text(&self.0.stderr))
    }
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

/// Puts `HEX` for keys, serial numbers and digests, `TIME` for times, `SIZE` for the lengths of signatures, which
/// differ from run to run.
pub(crate) fn redact(text: &str) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let hex = rest.bytes().take_while(u8::is_ascii_hexdigit).count();
        let time = time_length(rest);
        let starts_word = !out.ends_with(|last: char| last.is_ascii_alphanumeric());
        let length = match (hex, time) {
            (_, Some(length)) => {
                out.push_str("TIME");
                length
            }
            (16.., None) if starts_word => {
                out.push_str("HEX");
                hex + abbreviation_length(&rest[hex..])
            }
            _ => {
                out.push(first);
                first.len_utf8()
            }
        };
        rest = &rest[length..];
    }
    out
}

/// The length of `…00112233 (71 B)`, or nothing.
fn abbreviation_length(text: &str) -> usize {
    let Some(tail) = text.strip_prefix('…') else {
        return 0;
    };
    let hex = tail.bytes().take_while(u8::is_ascii_hexdigit).count();
    let Some(size) = tail[hex..].strip_prefix(" (") else {
        return 0;
    };
    let digits = size.bytes().take_while(u8::is_ascii_digit).count();
    if size[digits..].starts_with(" B)") {
        '…'.len_utf8() + hex + " (".len() + digits + " B)".len()
    } else {
        0
    }
}

/// The length of `2026-01-31 12:00:00` with what follows: ` +08:00` or （北京时间）.
fn time_length(text: &str) -> Option<usize> {
    const PATTERN: &[u8] = b"0000-00-00 00:00:00";
    let stamp = text.as_bytes().get(..PATTERN.len())?;
    let fits = |(byte, pattern): (&u8, &u8)| {
        if *pattern == b'0' {
            byte.is_ascii_digit()
        } else {
            byte == pattern
        }
    };
    if !stamp.iter().zip(PATTERN).all(fits) {
        return None;
    }
    let zone = [" +08:00", "（北京时间）"]
        .into_iter()
        .find(|zone| text[PATTERN.len()..].starts_with(zone));
    Some(PATTERN.len() + zone.map_or(0, str::len))
}

#[test]
fn redaction_leaves_words_alone() {
    assert_eq!(
        redact(
            "a 0123456789abcdef0123… b 2026-01-31 12:00:00（北京时间） deadbeef 00ff00ff00ff00ff00ff…00112233 (71 B)."
        ),
        "a HEX… b TIME deadbeef HEX."
    );
}
