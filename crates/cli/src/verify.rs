//! `yinxin verify`: what sealed files prove.

use std::collections::BTreeMap;
use std::io::{self, Write as _};
use std::num::NonZero;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc;
use std::thread;

use clap::ValueEnum;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use jiff::Timestamp;
use sealing::{Conclusion, Depth, Report, Verifier, render};
use zeroize::Zeroizing;

use crate::changed_pages;
use crate::common::{Context, Failure, files_below};
use crate::stamp_pdf::PdfPasswordArgs;
use crate::trust::TrustArgs;

/// 验证 OFD 文件、电子印章（.esl）和电子签章数据（SignedValue.dat）。
/// Verify OFD files, seals (.esl) and seal-signature data (SignedValue.dat).
///
/// 退出码 / exit status: 0 全部通过 all passed; 1 有未通过 some failed; 2 有无法确定 some indeterminate;
/// 3 有无签章文件，其余通过 some unsigned, the rest passed; 64 以上 用法或磁盘错误 usage or disk error.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// 文件或文件夹 / files or folders
    #[arg(required = true)]
    files: Vec<PathBuf>,
    #[command(flatten)]
    trust: TrustArgs,
    #[command(flatten)]
    password: PdfPasswordArgs,
    /// 按此时间判断，如 2026-01-31T12:00:00+08:00 / judge for this time instead of now
    #[arg(long, value_name = "TIME")]
    at: Option<Timestamp>,
    /// 每个文件输出一行 JSON / one JSON object per file and line
    #[arg(long)]
    json: bool,
    /// 报告详细程度 / how much to print
    #[arg(long, value_enum, default_value_t = Detail::Reasons, conflicts_with = "json")]
    detail: Detail,
    /// 把 PDF 签章之后改动的页面画到此目录：签章时与现在并排 /
    /// draw the pages of PDFs that changed after sealing into this folder, as signed beside as shown now
    #[arg(long, value_name = "DIR")]
    pages: Option<PathBuf>,
    /// 同时验证的文件数 / how many files at once
    #[arg(long, value_name = "N")]
    jobs: Option<NonZero<usize>>,
}

/// How much of each report to print.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Detail {
    /// 一行结论 / one line
    Line,
    /// 原因与建议 / reasons and what to do
    Reasons,
    /// 全部事实与条款 / every fact with its clause
    Full,
}

impl From<Detail> for Depth {
    fn from(detail: Detail) -> Self {
        match detail {
            Detail::Line => Depth::Line,
            Detail::Reasons => Depth::Reasons,
            Detail::Full => Depth::Full,
        }
    }
}

/// Runs the command.
pub(crate) fn run(args: &Args, context: &Context) -> Result<ExitCode, Failure> {
    let verifier = args.trust.verifier()?;
    let password = args.password.read()?;
    let verifier = match &password {
        Some(password) => verifier.with_pdf_password(password.clone()),
        None => verifier,
    };
    let files = files_below(&args.files)?;
    let at = args.at.unwrap_or(context.now);
    let progress = progress_bar(files.len());
    let mut tally = Tally::default();
    let outcome = verify_all(&verifier, &files, at, jobs(args.jobs), |path, report| {
        progress.inc(1);
        match report {
            Ok(report) => {
                tally.add(report.conclusion);
                progress.suspend(|| {
                    print_report(args, context, &report)?;
                    match &args.pages {
                        Some(folder) => draw_pages(args, context, path, folder, &verifier, password.as_ref()),
                        None => Ok(()),
                    }
                })
            }
            Err(error) => {
                tally.unreadable += 1;
                let failure = Failure::input(path, &error);
                progress.suspend(|| failure.print(context.language));
                Ok(())
            }
        }
    });
    progress.finish_and_clear();
    match outcome {
        // The reader of a pipe went away: nothing more to say.
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(ExitCode::from(74)),
        Err(error) => Err(Failure::output(Path::new("-"), &error)),
        Ok(()) => Ok(tally.exit_code()),
    }
}

/// A file whose pages cannot be drawn has its report all the same; why is said on standard error.
fn draw_pages(
    args: &Args,
    context: &Context,
    path: &Path,
    folder: &Path,
    verifier: &Verifier,
    password: Option<&Zeroizing<String>>,
) -> io::Result<()> {
    match changed_pages::draw(path, folder, verifier, password, context) {
        Ok(Some(index)) if !args.json => {
            let label = context.language.pick("改动的页面：", "changed pages: ");
            writeln!(io::stdout().lock(), "{label}{}", index.display())
        }
        Ok(_) => Ok(()),
        Err(failure) => {
            failure.print(context.language);
            Ok(())
        }
    }
}

fn print_report(args: &Args, context: &Context, report: &Report) -> io::Result<()> {
    let mut out = io::stdout().lock();
    if args.json {
        serde_json::to_writer(&mut out, report)?;
        return writeln!(out);
    }
    out.write_all(render(report, args.detail.into(), context.language).as_bytes())
}

fn jobs(asked: Option<NonZero<usize>>) -> usize {
    let cores = thread::available_parallelism().map_or(1, NonZero::get);
    asked.map_or(cores, NonZero::get).min(64)
}

/// Verifies on several threads; hands over the reports in the order of `files`, and stops when `take` fails.
fn verify_all(
    verifier: &Verifier,
    files: &[PathBuf],
    at: Timestamp,
    jobs: usize,
    mut take: impl FnMut(&Path, io::Result<Report>) -> io::Result<()>,
) -> io::Result<()> {
    let next = AtomicUsize::new(0);
    thread::scope(|scope| {
        // A bounded channel: workers wait for the printer rather than pile up reports.
        let (sender, receiver) = mpsc::sync_channel(2 * jobs);
        for _ in 0..jobs.min(files.len()) {
            let (sender, next) = (sender.clone(), &next);
            scope.spawn(move || {
                while let Some((index, path)) = claim(next, files) {
                    let report = verifier.verify_file(path, at);
                    if sender.send((index, report)).is_err() {
                        return;
                    }
                }
            });
        }
        drop(sender);
        let mut waiting = BTreeMap::new();
        let mut printed = 0;
        for (index, report) in receiver {
            waiting.insert(index, report);
            while let Some(report) = waiting.remove(&printed) {
                take(&files[printed], report)?;
                printed += 1;
            }
        }
        Ok(())
    })
}

fn claim<'a>(next: &AtomicUsize, files: &'a [PathBuf]) -> Option<(usize, &'a Path)> {
    let index = next.fetch_add(1, Ordering::Relaxed);
    files.get(index).map(|path| (index, path.as_path()))
}

/// On a terminal and for more than a handful of files; otherwise nothing.
fn progress_bar(files: usize) -> ProgressBar {
    let target = if files > 8 {
        ProgressDrawTarget::stderr()
    } else {
        ProgressDrawTarget::hidden()
    };
    let bar = ProgressBar::with_draw_target(Some(files as u64), target);
    if let Ok(style) = ProgressStyle::with_template("{wide_bar} {pos}/{len} {eta}") {
        bar.set_style(style);
    }
    bar
}

#[derive(Default)]
struct Tally {
    failed: usize,
    indeterminate: usize,
    unsigned: usize,
    unreadable: usize,
}

impl Tally {
    fn add(&mut self, conclusion: Conclusion) {
        match conclusion {
            Conclusion::Passed => {}
            Conclusion::Failed => self.failed += 1,
            Conclusion::Indeterminate => self.indeterminate += 1,
            Conclusion::Unsigned => self.unsigned += 1,
        }
    }

    fn exit_code(&self) -> ExitCode {
        ExitCode::from(match self {
            Tally { unreadable: 1.., .. } => 66,
            Tally { failed: 1.., .. } => 1,
            Tally {
                indeterminate: 1.., ..
            } => 2,
            Tally { unsigned: 1.., .. } => 3,
            _ => 0,
        })
    }
}
