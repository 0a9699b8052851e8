//! `yinxin backup` and `yinxin restore`: database, documents and keys of the service, into folders and back.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use server::{KeepError, Kept};

use crate::common::{Context, Failure, print};
use crate::serve::read_config;
use crate::words::io_words;

/// 备份服务的数据库和文件（密钥另存）；服务可以同时运行。
/// Back up the service's database and documents, and the keys apart from them; the service may run meanwhile.
///
/// 请用正在运行的版本备份。/ Take the version that runs.
#[derive(clap::Args)]
pub(crate) struct BackupArgs {
    /// 服务的配置文件 / configuration of the service
    #[arg(long, value_name = "FILE")]
    config: PathBuf,
    /// 备份到此目录，须不存在或为空 / folder to back up to, new or empty
    #[arg(long, value_name = "FOLDER")]
    out: PathBuf,
    /// 密钥备份到此目录，请与备份分开保管 / folder to back the keys up to; keep it apart from the other
    #[arg(long, value_name = "FOLDER")]
    keys: Option<PathBuf>,
}

/// 把备份恢复到空的数据库（SQLite 或 PostgreSQL，本机或另一台机器）和数据目录。
/// Restore a backup into an empty database, of either engine, on this machine or another, and the data folder.
#[derive(clap::Args)]
pub(crate) struct RestoreArgs {
    /// 备份的目录 / folder of the backup
    #[arg(value_name = "FOLDER")]
    backup: PathBuf,
    /// 恢复后的服务的配置文件 / configuration of the service that is to run on it
    #[arg(long, value_name = "FILE")]
    config: PathBuf,
    /// 密钥备份的目录；不给则数据目录中须已有密钥 / folder of the keys' backup, unless they are in place already
    #[arg(long, value_name = "FOLDER")]
    keys: Option<PathBuf>,
}

/// Runs `yinxin backup`.
pub(crate) fn run(args: &BackupArgs, context: &Context) -> Result<ExitCode, Failure> {
    let config = read_config(&args.config, context)?;
    let kept = run_to_end(server::back_up(&config, &args.out, args.keys.as_deref()))?;
    tell(&kept, ("已备份到", "backed up to"), &args.out, context)
}

/// Runs `yinxin restore`.
pub(crate) fn run_restore(args: &RestoreArgs, context: &Context) -> Result<ExitCode, Failure> {
    let config = read_config(&args.config, context)?;
    let kept = run_to_end(server::restore(&config, &args.backup, args.keys.as_deref()))?;
    tell(&kept, ("已恢复", "restored"), &args.backup, context)
}

fn tell(kept: &Kept, (zh, en): (&str, &str), folder: &Path, context: &Context) -> Result<ExitCode, Failure> {
    let Kept {
        rows,
        log_size,
        log_root,
        documents,
        keys,
    } = kept;
    let folder = folder.display();
    print(&context.language.pick(
        format!(
            "{zh} {folder}：{rows} 行，文件 {documents} 个，密钥文件 {keys} 个\n\
             审计日志：{log_size} 条，根 {log_root}\n"
        ),
        format!(
            "{en} {folder}: {rows} rows, {documents} documents, {keys} files of keys\n\
             log of acts: {log_size} entries, root {log_root}\n"
        ),
    ))?;
    Ok(ExitCode::SUCCESS)
}

/// Runs what needs the database.
pub(crate) fn run_to_end<T>(work: impl Future<Output = Result<T, KeepError>>) -> Result<T, Failure> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    let runtime = runtime.map_err(Failure::software)?;
    runtime.block_on(work).map_err(|error| words(&error))
}

fn words(error: &KeepError) -> Failure {
    let en = with_reasons(error);
    match error {
        KeepError::Exists(path) => {
            let path = path.display();
            Failure::refused(
                format!("{path} 已存在且不是空目录：请换一个目录，已有的内容不会被覆盖"),
                en,
            )
        }
        KeepError::NoDatabase(path) => {
            let path = path.display();
            Failure::refused(
                format!("没有数据库 {path}：请检查 data 和 database.url，或先启动一次服务"),
                en,
            )
        }
        KeepError::NoBackup(path) => {
            let path = path.display();
            Failure::refused(
                format!("{path} 不是完整的备份：缺少 database.backup，备份完成时才有该文件"),
                en,
            )
        }
        KeepError::NoKeys(path) => {
            let path = path.display();
            Failure::refused(
                format!("{path} 中没有服务的密钥（log 和 master.json）：请用 --keys 指定密钥备份的目录"),
                en,
            )
        }
        KeepError::OtherKeys(path) => {
            let path = path.display();
            Failure::refused(
                format!("{path} 中的密钥或 audit.origin 与备份中的日志不符：请使用与备份配套的密钥和名称"),
                en,
            )
        }
        KeepError::Damaged(path) => {
            let path = path.display();
            Failure::refused(
                format!("{path} 已被改动：内容与其名称（SM3）不符，请使用另一份备份"),
                en,
            )
        }
        KeepError::File { path, source } => {
            Failure::unavailable(format!("{}：{}", path.display(), io_words(source)), en)
        }
        error => Failure::unavailable(
            format!(
                "数据库或备份不能使用，什么也没有写入：{en}",
                en = with_reasons(error)
            ),
            en,
        ),
    }
}

/// What happened, with what lies behind it.
fn with_reasons(error: &KeepError) -> String {
    let mut text = error.to_string();
    let mut source = std::error::Error::source(error);
    while let Some(reason) = source {
        let reason_text = reason.to_string();
        if !text.contains(&reason_text) {
            text = format!("{text}: {reason_text}");
        }
        source = reason.source();
    }
    text
}
