//! `yinxin audit`: what an export of the audit log, or a proof from it, proves; without the server.

use std::fmt::Write as _;
use std::fs::File;
use std::io::{self, BufReader, BufWriter, Read};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use ::audit::{
    Against, CHECKPOINT_BYTES_MAX, Checkpoint, Conclusion, Effect, Entry, Error, Finding, LogKey,
    PROOF_FILE_BYTES_MAX, ProofFile, Report, SignedCheckpoint, check,
};
use clap::Subcommand;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use rand_core::Rng as _;
use sealing::{Language, beijing_time, conclusion_word};
use serde_json::json;

use crate::backup::run_to_end;
use crate::common::{Context, Failure, print, refuse_existing, write_whole};
use crate::outline::printable;
use crate::serve::read_config;

/// 核查审计日志：每一行为都在册、未改动、未删减，不需要服务器。
/// Check the audit log: every act is there, unchanged and complete; without the server.
#[derive(clap::Args)]
pub(crate) struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    Check(CheckArgs),
    Export(ExportArgs),
    Proof(ProofArgs),
}

/// 由导出文件重新推算整个日志，与签名的检查点比对。
/// Derive the whole log again from its export, and compare it with signed checkpoints.
///
/// 退出码 / exit status: 0 通过 passed; 1 未通过 failed; 2 无法确定 indeterminate;
/// 64 以上 用法或磁盘错误 usage or disk error.
#[derive(clap::Args)]
struct CheckArgs {
    /// 导出文件 / the export
    #[arg(value_name = "EXPORT")]
    export: PathBuf,
    #[command(flatten)]
    keys: KeyArgs,
    /// 以前在别处保存的检查点，可多次给出 / checkpoints that you saved elsewhere before; may be repeated
    #[arg(long, value_name = "SAVED", num_args = 1..)]
    checkpoint: Vec<PathBuf>,
    /// 输出 JSON / print JSON
    #[arg(long)]
    json: bool,
}

/// 从服务的数据库导出整个日志及其检查点；服务可以同时运行。
/// Export the whole log with its checkpoints from the service's database; the service may run meanwhile.
#[derive(clap::Args)]
struct ExportArgs {
    /// 服务的配置文件 / configuration of the service
    #[arg(long, value_name = "FILE")]
    config: PathBuf,
    /// 写到此文件 / file to write
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
    /// 文件已存在时覆盖 / overwrite an existing file
    #[arg(long)]
    force: bool,
}

/// 验证一条记录在日志中的证明。
/// Verify the proof that one entry stands in the log.
///
/// 退出码 / exit status: 0 通过 passed; 1 未通过 failed; 64 以上 用法或磁盘错误 usage or disk error.
#[derive(clap::Args)]
struct ProofArgs {
    /// 证明文件 / the proof
    #[arg(value_name = "FILE")]
    proof: PathBuf,
    #[command(flatten)]
    keys: KeyArgs,
    /// 输出 JSON / print JSON
    #[arg(long)]
    json: bool,
}

#[derive(clap::Args)]
struct KeyArgs {
    /// 日志公钥文件，每行一个，从可信的途径取得；可多次给出
    /// files with the log's keys, one a line, that you have from a source you trust; may be repeated
    #[arg(long = "key", value_name = "FILE", required = true, num_args = 1..)]
    files: Vec<PathBuf>,
}

impl KeyArgs {
    fn read(&self) -> Result<Vec<LogKey>, Failure> {
        let mut keys = Vec::new();
        for path in &self.files {
            let text = read_text(path, CHECKPOINT_BYTES_MAX)?;
            for line in text.lines().filter(|line| !line.trim().is_empty()) {
                keys.push(LogKey::parse(line).map_err(|error| unreadable(path, &error))?);
            }
        }
        Ok(keys)
    }
}

/// Runs the command.
pub(crate) fn run(args: &Args, context: &Context) -> Result<ExitCode, Failure> {
    match &args.command {
        Command::Check(args) => run_check(args, context),
        Command::Export(args) => run_export(args, context),
        Command::Proof(args) => run_proof(args, context),
    }
}

fn run_check(args: &CheckArgs, context: &Context) -> Result<ExitCode, Failure> {
    let keys = args.keys.read()?;
    let mut saved = Vec::new();
    for path in &args.checkpoint {
        let text = read_text(path, CHECKPOINT_BYTES_MAX)?;
        saved.push(SignedCheckpoint::parse(&text).map_err(|error| unreadable(path, &error))?);
    }
    let mut salt = [0; 16];
    context.rng().fill_bytes(&mut salt);
    let against = Against {
        keys: &keys,
        saved: &saved,
        now: context.now,
        salt,
    };
    let progress = ProgressBar::with_draw_target(None, ProgressDrawTarget::hidden());
    let open = || {
        let file = File::open(&args.export)?;
        show_progress(&progress, file.metadata()?.len());
        Ok(BufReader::with_capacity(READ_BYTES, progress.wrap_read(file)))
    };
    let report = check(open, against);
    progress.finish_and_clear();
    let report = report.map_err(|error| Failure::input(&args.export, &error))?;
    if args.json {
        print(&format!("{}\n", to_json(&report)?))?;
    } else {
        print(&report_text(&args.export, &report, context.language))?;
    }
    Ok(exit_code(report.conclusion))
}

/// A bar on the terminal, when it takes long enough for one to be missed.
fn show_progress(bar: &ProgressBar, bytes: u64) {
    if bytes > PROGRESS_BYTES_MIN {
        bar.set_length(bytes);
        bar.set_position(0);
        bar.set_draw_target(ProgressDrawTarget::stderr());
        if let Ok(style) = ProgressStyle::with_template("{wide_bar} {bytes}/{total_bytes} {eta}") {
            bar.set_style(style);
        }
    }
}

const PROGRESS_BYTES_MIN: u64 = 64 << 20;
const READ_BYTES: usize = 1 << 20;

fn exit_code(conclusion: Conclusion) -> ExitCode {
    ExitCode::from(match conclusion {
        Conclusion::Passed => 0,
        Conclusion::Failed => 1,
        Conclusion::Indeterminate => 2,
    })
}

fn word(conclusion: Conclusion, language: Language) -> &'static str {
    let conclusion = match conclusion {
        Conclusion::Passed => sealing::Conclusion::Passed,
        Conclusion::Failed => sealing::Conclusion::Failed,
        Conclusion::Indeterminate => sealing::Conclusion::Indeterminate,
    };
    conclusion_word(conclusion, language)
}

fn report_text(export: &Path, report: &Report, language: Language) -> String {
    let (zh, en) = match report.conclusion {
        Conclusion::Passed => ("日志完整，未改动", "the log is complete and unchanged"),
        Conclusion::Failed => (
            "日志有改动、缺失或违规",
            "the log was changed, lacks something or breaks a rule",
        ),
        Conclusion::Indeterminate => (
            "没有发现改动，但并非全部得到证明",
            "no change was found, but not all is proved",
        ),
    };
    let mut text = headline(report.conclusion, export, zh, en, language);
    let mut line = |zh: String, en: String| {
        let _ = writeln!(text, "  {}", printable(&language.pick(zh, en)));
    };
    if let Some(origin) = &report.origin {
        line(format!("日志：{origin}"), format!("log: {origin}"));
    }
    let (entries, covered) = (report.entries, report.covered);
    line(
        format!("条目：{entries} 条（编号从 0 起），其中前 {covered} 条有签名涵盖"),
        format!("entries: {entries} (numbered from 0), of which signatures cover the first {covered}"),
    );
    if let (Some(first), Some(latest)) = (report.first_time, report.latest_time) {
        let (first, latest) = (beijing_time(first, language), beijing_time(latest, language));
        line(
            format!("时间：{first} 至 {latest}"),
            format!("time: {first} to {latest}"),
        );
    }
    line(format!("根：{}", report.root), format!("root: {}", report.root));
    let (inside, saved) = (report.sound_checkpoints, report.sound_saved);
    line(
        format!("相符的检查点：导出文件中 {inside} 个，以前保存的 {saved} 个"),
        format!("checkpoints that fit: {inside} in the export, {saved} saved before"),
    );
    for (act, count) in &report.acts {
        line(format!("行为 {act}：{count} 条"), format!("act {act}: {count}"));
    }
    let findings = &report.findings;
    for finding in findings.list() {
        line(
            finding_text(finding, Language::Zh),
            finding_text(finding, Language::En),
        );
    }
    if findings.unlisted() > 0 {
        let more = findings.unlisted();
        line(
            format!("同类发现另有 {more} 项，未列出"),
            format!("{more} more findings of these kinds are not listed"),
        );
    }
    text
}

fn headline(conclusion: Conclusion, file: &Path, zh: &str, en: &str, language: Language) -> String {
    let file = printable(&file.display().to_string());
    let (word, separator) = (word(conclusion, language), language.pick("：", ": "));
    format!("{word}  {file}{separator}{}\n", language.pick(zh, en))
}

fn finding_text(finding: &Finding, language: Language) -> String {
    let (zh, en) = match finding.effect() {
        Effect::Failed => ("未通过", "failed"),
        Effect::Indeterminate => ("无法确定", "indeterminate"),
        Effect::Notice => ("提示", "note"),
    };
    language.pick(
        format!("[{zh}] {}", finding.zh()),
        format!("[{en}] {}", finding.en()),
    )
}

fn run_export(args: &ExportArgs, context: &Context) -> Result<ExitCode, Failure> {
    refuse_existing(&args.out, args.force)?;
    let config = read_config(&args.config, context)?;
    let mut size = 0;
    let mut refused = None;
    let written = write_whole(&args.out, |file| {
        let writer = BufWriter::with_capacity(READ_BYTES, file);
        match run_to_end(server::export_log(&config, writer)) {
            Ok(count) => size = count,
            Err(failure) => refused = Some(failure),
        }
        // Why it failed is said better than by the system.
        refused
            .is_none()
            .then_some(())
            .ok_or_else(|| io::Error::other("export"))
    });
    if let Some(refused) = refused {
        return Err(refused);
    }
    written?;
    let out = args.out.display();
    print(&context.language.pick(
        format!("审计日志：{size} 条，已写入 {out}\n"),
        format!("the log of acts: {size} entries, written to {out}\n"),
    ))?;
    Ok(ExitCode::SUCCESS)
}

fn run_proof(args: &ProofArgs, context: &Context) -> Result<ExitCode, Failure> {
    let keys = args.keys.read()?;
    let text = read_text(&args.proof, PROOF_FILE_BYTES_MAX)?;
    let proof = ProofFile::parse(&text).map_err(|error| unreadable(&args.proof, &error))?;
    let outcome = proof.verify(&keys);
    let conclusion = match outcome {
        Ok(_) => Conclusion::Passed,
        Err(_) => Conclusion::Failed,
    };
    if args.json {
        print(&format!("{}\n", proof_json(&proof, &outcome)))?;
    } else {
        let (zh, en) = match &outcome {
            Ok(_) => ("条目在日志中".into(), "the entry stands in the log".into()),
            Err(error) => (error.zh(), error.to_string()),
        };
        let (zh, en) = (printable(&zh), printable(&en));
        let mut text = headline(conclusion, &args.proof, &zh, &en, context.language);
        if let Ok((entry, checkpoint)) = &outcome {
            push_entry(&mut text, proof.index, entry, checkpoint, context.language);
        }
        print(&text)?;
    }
    Ok(exit_code(conclusion))
}

fn push_entry(text: &mut String, index: u64, entry: &Entry, checkpoint: &Checkpoint, language: Language) {
    let mut line = |zh: String, en: String| {
        let _ = writeln!(text, "  {}", printable(&language.pick(zh, en)));
    };
    let (origin, size, signed) = (
        &checkpoint.origin,
        checkpoint.size,
        beijing_time(checkpoint.time, language),
    );
    line(
        format!("日志：{origin}，第 {index} 条（从 0 起）；检查点涵盖 {size} 条，签于 {signed}"),
        format!(
            "log: {origin}, entry {index} (from 0); the checkpoint covers {size} entries, signed {signed}"
        ),
    );
    let time = beijing_time(entry.time, language);
    line(format!("时间：{time}"), format!("time: {time}"));
    let (act, kind, id) = (&entry.act, &entry.subject.kind, &entry.subject.id);
    line(
        format!("行为：{act}，对象 {kind} {id}"),
        format!("act: {act}, of {kind} {id}"),
    );
    let actor = &entry.actor.id;
    let also = |zh: &str, en: &str, value: &Option<String>| match value {
        Some(value) => (format!("，{zh} {value}"), format!(", {en} {value}")),
        None => Default::default(),
    };
    let role = also("角色", "role", &entry.actor.role);
    let unit = also("单位", "unit", &entry.actor.unit);
    line(
        format!("行为人：{actor}{}{}", role.0, unit.0),
        format!("by: {actor}{}{}", role.1, unit.1),
    );
    for (name, value) in &entry.details {
        line(format!("{name}：{value}"), format!("{name}: {value}"));
    }
    for (name, digest) in &entry.commitments {
        line(
            format!("承诺值 {name}：{digest}"),
            format!("commitment {name}: {digest}"),
        );
    }
}

fn proof_json(proof: &ProofFile, outcome: &Result<(Entry, &Checkpoint), Error>) -> serde_json::Value {
    match outcome {
        Ok((entry, checkpoint)) => json!({
            "schema": PROOF_SCHEMA,
            "conclusion": Conclusion::Passed,
            "origin": checkpoint.origin,
            "index": proof.index,
            "size": checkpoint.size,
            "signed_at": checkpoint.time,
            "entry": entry,
        }),
        Err(error) => json!({
            "schema": PROOF_SCHEMA,
            "conclusion": Conclusion::Failed,
            "zh": error.zh(),
            "en": error.to_string(),
        }),
    }
}

/// The name and version of the JSON form.
const PROOF_SCHEMA: &str = "yinxin-audit-proof-report-1";

fn to_json(report: &Report) -> Result<String, Failure> {
    serde_json::to_string(report).map_err(Failure::software)
}

/// Reads a small text whole.
fn read_text(path: &Path, bytes_max: usize) -> Result<String, Failure> {
    let mut bytes = Vec::new();
    let file = File::open(path).map_err(|error| Failure::input(path, &error))?;
    let read = file.take(bytes_max as u64 + 1).read_to_end(&mut bytes);
    read.map_err(|error| Failure::input(path, &error))?;
    if bytes.len() > bytes_max {
        let (zh, en) = (
            format!("超过上限 {bytes_max} 字节"),
            format!("larger than {bytes_max} bytes"),
        );
        return Err(Failure::unreadable(path, &zh, en));
    }
    String::from_utf8(bytes).map_err(|error| Failure::unreadable(path, "不是 UTF-8 文本", error))
}

fn unreadable(path: &Path, error: &Error) -> Failure {
    Failure::unreadable(path, &printable(&error.zh()), printable(&error.to_string()))
}
