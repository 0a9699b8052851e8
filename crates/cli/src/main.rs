//! The one binary `yinxin`, a file per command.
//!
//! Only this file reads the clock, the environment and the system's randomness; commands get them in a
//! [`Context`].

mod audit;
mod backup;
mod ca;
mod changed_pages;
mod common;
mod foreign_key;
mod impression;
mod key;
mod key_store;
mod outline;
mod pin;
mod place;
mod render;
mod render_pdf;
mod sample;
mod seal;
mod serve;
mod show;
mod stamp;
mod stamp_pdf;
mod text;
mod trust;
mod tsa;
mod tsa_client;
mod verify;
mod words;

use std::cell::RefCell;
use std::ffi::OsString;
use std::process::ExitCode;

use clap::{Parser, Subcommand};
use getrandom::SysRng;
use gm::SelfTestFailed;
use jiff::Timestamp;
use rand_core::UnwrapErr;
use server::Outside;
use zeroize::Zeroizing;

use crate::common::{Context, Failure, Lang};

/// 印信：制作电子印章、加盖、验证（GB/T 38540, GB/T 33190）。
/// Yinxin: make electronic seals, apply them to documents, verify what others sealed.
#[derive(Parser)]
#[command(name = "yinxin", version, arg_required_else_help = true)]
struct Cli {
    /// 输出语言 / language of messages and reports
    #[arg(long, global = true, value_enum, default_value_t = Lang::Zh)]
    lang: Lang,
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    Verify(verify::Args),
    Stamp(stamp::Args),
    Seal(seal::Args),
    Key(key::Args),
    Ca(ca::Args),
    Tsa(tsa::Args),
    Serve(serve::Args),
    Audit(audit::Args),
    Backup(backup::BackupArgs),
    Restore(backup::RestoreArgs),
    Impression(impression::Args),
    Show(show::Args),
    Render(render::Args),
    #[command(name = render_pdf::COMMAND, hide = true)]
    RenderPdfPage(render_pdf::Args),
    Text(text::Args),
    Sample(sample::Args),
}

fn main() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => {
            let _ = error.print();
            return if error.use_stderr() {
                ExitCode::from(64)
            } else {
                ExitCode::SUCCESS
            };
        }
    };
    let context = context(cli.lang);
    let outcome = after(gm::self_test(), || run(cli.command, &context));
    outcome.unwrap_or_else(|failure| failure.print(context.language))
}

/// A program whose self-test failed serves nothing, signs nothing and judges nothing.
fn after(
    self_test: Result<(), SelfTestFailed>,
    run: impl FnOnce() -> Result<ExitCode, Failure>,
) -> Result<ExitCode, Failure> {
    self_test.map_err(Failure::self_test)?;
    run()
}

fn run(command: Command, context: &Context) -> Result<ExitCode, Failure> {
    match command {
        Command::Verify(args) => verify::run(&args, context),
        Command::Stamp(args) => stamp::run(&args, context),
        Command::Seal(args) => seal::run(&args, context),
        Command::Key(args) => key::run(&args, context),
        Command::Ca(args) => ca::run(&args, context),
        Command::Tsa(args) => tsa::run(&args, context),
        Command::Serve(args) => serve::run(&args, context),
        Command::Audit(args) => audit::run(&args, context),
        Command::Backup(args) => backup::run(&args, context),
        Command::Restore(args) => backup::run_restore(&args, context),
        Command::Impression(args) => impression::run(&args, context),
        Command::Show(args) => show::run(&args, context),
        Command::Render(args) => render::run(&args, context),
        Command::RenderPdfPage(args) => render_pdf::run(&args, context),
        Command::Text(args) => text::run(&args, context),
        Command::Sample(args) => sample::run(&args, context),
    }
}

/// A variable that is text; what is none is none of ours.
fn utf8((name, value): (OsString, OsString)) -> Option<(String, String)> {
    Some((name.into_string().ok()?, value.into_string().ok()?))
}

#[expect(
    clippy::disallowed_methods,
    reason = "main is where clock and environment are read"
)]
fn context(lang: Lang) -> Context {
    Context {
        now: Timestamp::now(),
        clock: Timestamp::now,
        language: lang.into(),
        rng: RefCell::new(Box::new(UnwrapErr(SysRng))),
        variables: || std::env::vars_os().filter_map(utf8).collect(),
        outside: || Outside::new(Timestamp::now, UnwrapErr(SysRng)),
        pin: std::env::var("YINXIN_PIN").ok().map(Zeroizing::new),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_program_whose_self_test_failed_does_nothing() {
        let failed = SelfTestFailed {
            algorithm: "SM2 signing",
        };
        let failure = after(Err(failed), || unreachable!("nothing is served")).unwrap_err();
        assert_eq!(failure.print(Lang::En.into()), ExitCode::from(70));
        assert!(failure.zh.contains("SM2 signing"), "{}", failure.zh);
        let served = ExitCode::from(3);
        assert_eq!(after(Ok(()), || Ok(served)).unwrap(), served);
    }
}
