//! The sandbox as a user runs it: it lives its whole story, and leaves nothing running however it ends.

use std::io::{BufRead as _, BufReader};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use tempfile::TempDir;

/// The sandbox in this folder. The program `yinxin` stands beside it.
fn sandbox(city: &Path) -> Command {
    let program = Path::new(env!("CARGO_BIN_EXE_sandbox"));
    let yinxin = program.with_file_name("yinxin");
    assert!(yinxin.is_file(), "build yinxin first: cargo build -p cli");
    let mut command = Command::new(program);
    command.args(["run", "--once", "--city"]).arg(city);
    // Passwords and PINs that cost as little as may be.
    command
        .env("YINXIN__KEYS__KDF_MEMORY_KIB", "64")
        .stdin(Stdio::null());
    command
}

fn said(output: &Output) -> String {
    format!(
        "{}{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    )
}

/// The addresses that were told to run: nobody answers there any more.
#[track_caller]
fn check_stopped(told: &str) {
    let lines = told.lines().filter_map(|line| line.split_once("http://"));
    let addresses = lines.filter_map(|(_, rest)| rest.split('/').next());
    let mut count = 0;
    for address in addresses {
        assert!(TcpStream::connect(address).is_err(), "{address}\n{told}");
        count += 1;
    }
    assert!(count > 0, "{told}");
}

#[test]
fn r80_one_whole_life_through_the_interface() {
    let folder = TempDir::new().unwrap();
    let city = folder.path().join("city");
    let output = sandbox(&city).output().unwrap();
    let told = said(&output);
    assert!(output.status.success(), "{told}");
    for chapter in ["一、", "二、", "三、", "四、", "五、", "六、", "七、", "八、"] {
        assert!(told.contains(&format!("==> {chapter}")), "{chapter}\n{told}");
    }
    check_stopped(&told);
    let program = env!("CARGO_BIN_EXE_sandbox");
    let code = |account: &str| {
        let mut command = Command::new(program);
        command
            .args(["code", account, "--city"])
            .arg(&city)
            .output()
            .unwrap()
    };
    let shown = code("bureau.agent");
    let digits = String::from_utf8(shown.stdout).unwrap();
    assert!(
        digits.trim_end().len() == 6 && digits.trim_end().parse::<u32>().is_ok(),
        "{digits}"
    );
    let unknown = code("nobody");
    assert_eq!(unknown.status.code(), Some(1));
    assert!(said(&unknown).contains("bureau.custodian"), "{}", said(&unknown));
}

#[test]
fn an_interrupted_sandbox_leaves_nothing_running() {
    let folder = TempDir::new().unwrap();
    let mut child = sandbox(folder.path()).stdout(Stdio::piped()).spawn().unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let mut told = String::new();
    while !told.contains("首次启动") {
        told += &(lines.next().expect("the story goes on").unwrap() + "\n");
    }
    let id = child.id().to_string();
    assert!(
        Command::new("kill")
            .args(["-TERM", &id])
            .status()
            .unwrap()
            .success()
    );
    // Its line may end in the middle when it goes.
    for _ in lines {}
    assert_eq!(child.wait().unwrap().code(), Some(130), "{told}");
    check_stopped(&told);
}

#[test]
fn a_step_that_fails_ends_the_story_with_its_problem() {
    let folder = TempDir::new().unwrap();
    let mut command = sandbox(folder.path());
    // Nobody may set up from here.
    let output = command
        .env("YINXIN__HTTP__OPERATIONS", "[\"192.0.2.0/24\"]")
        .output()
        .unwrap();
    let told = said(&output);
    assert_eq!(output.status.code(), Some(1), "{told}");
    assert!(
        told.contains("POST /api/set-up") && told.contains("\"status\":403"),
        "{told}"
    );
    check_stopped(&told);
}

#[test]
fn a_folder_with_other_things_is_left_alone() {
    let folder = TempDir::new().unwrap();
    let file = folder.path().join("thesis.txt");
    std::fs::write(&file, "mine").unwrap();
    let output = sandbox(folder.path()).output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert!(said(&output).contains("不是沙箱目录"), "{}", said(&output));
    assert_eq!(std::fs::read(&file).unwrap(), b"mine");
}
