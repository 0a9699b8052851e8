//! A city to try things in: the service with simulated counterparts, authorities, units, people, seals and documents,
//! all entered through the HTTP interface alone, while one whole life of a seal is told line by line.
//!
//! Only this file reads the clock.

mod city;
mod failure;
mod founding;
mod people;
mod programs;
mod proof;
mod seals;
mod service;
mod story;
mod system;
mod uses;

use std::io::{self, IsTerminal as _, Write as _};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use clap::{Parser, Subcommand};
use jiff::Timestamp;
use tokio::signal::unix::{SignalKind, signal};

use crate::city::City;
use crate::failure::Failure;
use crate::programs::Programs;
use crate::story::Story;

/// 沙箱：一座供试用的城市，含模拟的公安、主管部门和时间戳服务；仅供测试。
/// A city to try things in, with simulated counterparts; for tests only.
#[derive(Parser)]
#[command(name = "sandbox", version, arg_required_else_help = true)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// 重建城市，启动服务，办一遍全部业务 / make the city anew, start the service, live one whole life in it
    Run(RunArgs),
    /// 某账户的动态码，供登录网页或接口 / the next code of an account's authenticator, to sign in with
    Code(CodeArgs),
}

#[derive(clap::Args)]
struct RunArgs {
    /// 城市的目录，其中以前的沙箱会被清空 / folder of the city; a former sandbox in it is emptied
    #[arg(long, value_name = "FOLDER", default_value = "demo/city")]
    city: PathBuf,
    /// 程序 yinxin，默认与本程序同目录 / the program yinxin, by default the one beside this one
    #[arg(long, value_name = "FILE")]
    yinxin: Option<PathBuf>,
    /// 办完即停止，不等待 Ctrl-C / stop at the end instead of running until Ctrl-C
    #[arg(long)]
    once: bool,
}

#[derive(clap::Args)]
struct CodeArgs {
    /// 账户名 / name of the account
    account: String,
    /// 城市的目录 / folder of the city
    #[arg(long, value_name = "FOLDER", default_value = "demo/city")]
    city: PathBuf,
}

fn main() -> ExitCode {
    let done = match Cli::parse().command {
        Command::Run(args) => run(&args),
        Command::Code(args) => show_code(&args),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            let _ = writeln!(io::stderr(), "错误 / error: {failure}");
            ExitCode::FAILURE
        }
    }
}

fn run(args: &RunArgs) -> Result<(), Failure> {
    let yinxin = match &args.yinxin {
        Some(path) => path.clone(),
        None => beside_this("yinxin")?,
    };
    let yinxin = yinxin.canonicalize().map_err(Failure::file(&yinxin))?;
    let (programs, told) = (Programs::default(), Arc::new(AtomicBool::new(false)));
    stop_on_signals(programs.clone(), Arc::clone(&told)).map_err(Failure::file(Path::new("signals")))?;
    let lived = live(args, &yinxin, &programs, &told);
    if !programs.stop() {
        // A signal stopped them, so what failed here is its echo; the thread that got it ends this program.
        loop {
            std::thread::park();
        }
    }
    lived
}

fn live(args: &RunArgs, yinxin: &Path, programs: &Programs, told: &AtomicBool) -> Result<(), Failure> {
    let city = City::found(&args.city, yinxin, programs)?;
    story::say_line(&format!("服务已启动 / the service runs: {}", city.url));
    let mut story = Story::begin(&city, now)?;
    story.tell()?;
    story.close()?;
    story::show_city(&city, &story.people, &args.city);
    told.store(true, Ordering::SeqCst);
    if args.once || !io::stdin().is_terminal() {
        return Ok(());
    }
    story::say_line("按 Ctrl-C 停止一切 / Ctrl-C stops everything");
    loop {
        std::thread::sleep(Duration::from_secs(1));
        if let Some(ended) = programs.ended() {
            return Err(ended);
        }
    }
}

/// A signal stops every program and then this one, wherever it is.
fn stop_on_signals(programs: Programs, told: Arc<AtomicBool>) -> io::Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let (mut interrupt, mut terminate, mut hang_up) = {
        let _inside = runtime.enter();
        (
            signal(SignalKind::interrupt())?,
            signal(SignalKind::terminate())?,
            signal(SignalKind::hangup())?,
        )
    };
    std::thread::spawn(move || {
        runtime.block_on(async {
            tokio::select! {
                _ = interrupt.recv() => {}
                _ = terminate.recv() => {}
                _ = hang_up.recv() => {}
            }
        });
        programs.stop();
        // 128 and SIGINT, unless the story was over and nothing was cut off.
        std::process::exit(if told.load(Ordering::SeqCst) { 0 } else { 130 });
    });
    Ok(())
}

fn show_code(args: &CodeArgs) -> Result<(), Failure> {
    let mut people = people::read_accounts(&args.city)?;
    let Some(person) = people.iter_mut().find(|person| person.account == args.account) else {
        let accounts: Vec<_> = people.iter().map(|person| person.account.as_str()).collect();
        return Err(Failure::Untrue(format!(
            "没有账户 {0} / there is no account {0}: {1}",
            args.account,
            accounts.join(", ")
        )));
    };
    let (code, from) = person.next_code(now());
    people::write_accounts(&args.city, &people)?;
    // Each code serves once, so the next one may still be some seconds away.
    let wait = from.duration_since(now());
    if wait.is_positive() {
        let _ = writeln!(io::stderr(), "{} s …", wait.as_secs() + 1);
        std::thread::sleep(wait.unsigned_abs());
    }
    story::say_line(&code);
    Ok(())
}

fn beside_this(name: &str) -> Result<PathBuf, Failure> {
    let this = std::env::current_exe().map_err(Failure::file(Path::new("sandbox")))?;
    Ok(this.with_file_name(name))
}

#[expect(clippy::disallowed_methods, reason = "main is where the clock is read")]
fn now() -> Timestamp {
    Timestamp::now()
}
