//! A private PostgreSQL for tests: made with `initdb`, reached through a Unix socket only, gone with the test.

use std::io::{self, BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};

/// A running server. It stops, and its folder goes, when this process ends in whatever way.
pub struct PrivatePostgres {
    socket_folder: String,
    programs: PathBuf,
    databases: AtomicU32,
    /// Its standard input is the thread the server's life hangs by.
    _keeper: Child,
}

impl PrivatePostgres {
    /// The server of this test program, started by whoever asks first. None, said loudly, where PostgreSQL is
    /// not installed.
    ///
    /// It does not wait for the disk, since tests kill programs and not machines.
    pub fn shared() -> Option<&'static PrivatePostgres> {
        static SERVER: OnceLock<Option<PrivatePostgres>> = OnceLock::new();
        SERVER
            .get_or_init(|| PrivatePostgres::start(&["fsync=off", "max_connections=300"]))
            .as_ref()
    }

    /// Starts a server with more settings, each `name=value`.
    ///
    /// # Panics
    ///
    /// When PostgreSQL is installed and does not start: the message has its words.
    pub fn start(settings: &[&str]) -> Option<PrivatePostgres> {
        let Some(programs) = programs() else {
            eprintln!("SKIPPED: PostgreSQL is not installed; script/setup installs it");
            return None;
        };
        let mut keeper = keeper(&programs, settings).expect("a shell starts");
        let mut lines = BufReader::new(keeper.stdout.take().expect("it is piped")).lines();
        let mut said = Vec::new();
        while let Some(Ok(line)) = lines.next() {
            if let Some(folder) = line.strip_prefix("ready ") {
                return Some(PrivatePostgres {
                    socket_folder: folder.to_owned(),
                    programs,
                    databases: AtomicU32::new(0),
                    _keeper: keeper,
                });
            }
            said.push(line);
        }
        let _ = keeper.wait();
        panic!("PostgreSQL did not start: {}", said.join("\n"));
    }

    /// The address of a new, empty database.
    ///
    /// # Panics
    ///
    /// When it cannot be made.
    pub fn database(&self) -> String {
        let name = format!("test_{}", self.databases.fetch_add(1, Ordering::Relaxed));
        let made = Command::new(self.programs.join("createdb"))
            .args([
                "-h",
                &self.socket_folder,
                "-U",
                "postgres",
                "-T",
                "template0",
                &name,
            ])
            .output()
            .expect("createdb starts");
        assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
        format!("postgres://postgres@localhost/{name}?host={}", self.socket_folder)
    }
}

/// Where the server's programs are: Debian keeps each version in a folder of its own, and the newest is taken.
fn programs() -> Option<PathBuf> {
    let versions = std::fs::read_dir("/usr/lib/postgresql").ok()?;
    let newest = versions
        .flatten()
        .filter_map(|entry| entry.file_name().to_str()?.parse::<u32>().ok())
        .max()?;
    let folder = Path::new("/usr/lib/postgresql")
        .join(newest.to_string())
        .join("bin");
    folder.join("initdb").is_file().then_some(folder)
}

/// A shell that starts the server, says `ready FOLDER`, waits for the end of its input, and clears up.
/// PostgreSQL refuses to run as root, so root becomes `postgres`.
fn keeper(programs: &Path, settings: &[&str]) -> io::Result<Child> {
    let options: Vec<String> = settings.iter().map(|setting| format!("-c {setting}")).collect();
    let shell = ["/bin/sh", "-c", KEEPER, "keeper"].map(str::to_owned);
    let is_root =
        std::fs::metadata("/proc/self").is_ok_and(|own| std::os::unix::fs::MetadataExt::uid(&own) == 0);
    let mut words: Vec<String> = Vec::new();
    if is_root {
        words.extend(
            [
                "setpriv",
                "--reuid=postgres",
                "--regid=postgres",
                "--clear-groups",
            ]
            .map(str::to_owned),
        );
    }
    words.extend(shell);
    words.extend([programs.display().to_string(), options.join(" ")]);
    Command::new(&words[0])
        .args(&words[1..])
        .current_dir("/")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
}

/// `$1` is the folder of the programs, `$2` the server's options. Interrupts of the terminal do not reach the
/// shell before it has cleared up.
const KEEPER: &str = r#"
trap '' INT TERM HUP
exec 2>&1
programs=$1 options=$2
folder=$(mktemp -d /tmp/yinxin-pg-XXXXXX) || exit 1
"$programs/initdb" -D "$folder/data" -U postgres -A trust -E UTF8 --locale=C --no-sync >"$folder/log" 2>&1 &&
"$programs/pg_ctl" -D "$folder/data" -l "$folder/log" -w -t 60 \
    -o "-k $folder -c listen_addresses= $options" start >>"$folder/log" 2>&1 || {
    cat "$folder/log"
    rm -rf "$folder"
    exit 1
}
echo "ready $folder"
cat >/dev/null
"$programs/pg_ctl" -D "$folder/data" -m immediate stop >/dev/null 2>&1
rm -rf "$folder"
"#;
