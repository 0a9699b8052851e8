//! `yinxin impression compare`.

use std::fmt::Write as _;
use std::path::PathBuf;
use std::process::ExitCode;

use impression::{Comparison, Impression, ReportTitles, Verdict, compare, report};
use sealing::Language;
use serde::Serialize;

use crate::common::{Context, Failure, print, read_small, refuse_existing, write_bytes};

use super::words::failure;

/// 比对送审印模与备案印模（R33、R34）。
/// Compare a submitted impression with the registered one.
///
/// 图像可为 PNG、JPEG、BMP、TIFF、GIF、SVG；扫描件、照片或绘制的图像均可，任意旋转和大小。
/// 退出码 / exit status: 0 相同 same; 1 不同 different; 2 请人工核对 look yourself.
#[derive(clap::Args)]
pub(super) struct Args {
    /// 备案印模 / the registered impression
    registered: PathBuf,
    /// 送审印模 / the submitted impression
    submitted: PathBuf,
    /// 写出自包含的 HTML 报告 / write a report as one HTML file
    #[arg(long, value_name = "FILE")]
    report: Option<PathBuf>,
    /// 输出一行 JSON / print one line of JSON
    #[arg(long)]
    json: bool,
    /// 备案图像的分辨率，文件中没有时 / resolution of the registered image
    #[arg(long, value_name = "DPI")]
    registered_dpi: Option<f64>,
    /// 送审图像的分辨率，文件中没有时 / resolution of the submitted image
    #[arg(long, value_name = "DPI")]
    submitted_dpi: Option<f64>,
    /// 文件已存在时覆盖 / overwrite an existing report
    #[arg(long)]
    force: bool,
}

/// What programs read.
#[derive(Serialize)]
struct Line<'a> {
    format: &'static str,
    registered: String,
    submitted: String,
    comparison: &'a Comparison,
}

/// Runs the command.
pub(super) fn run(args: &Args, context: &Context) -> Result<ExitCode, Failure> {
    if let Some(path) = &args.report {
        refuse_existing(path, args.force)?;
    }
    let read =
        |path: &PathBuf, dpi| Impression::read(&read_small(path)?, dpi).map_err(|error| failure(&error));
    let registered = read(&args.registered, args.registered_dpi)?;
    let submitted = read(&args.submitted, args.submitted_dpi)?;
    let comparison = compare(&registered, &submitted);
    let names = (
        args.registered.display().to_string(),
        args.submitted.display().to_string(),
    );
    if let Some(path) = &args.report {
        let titles = ReportTitles {
            registered: &names.0,
            submitted: &names.1,
        };
        let html = report(&comparison, &registered, &submitted, titles);
        write_bytes(path, html.map_err(|error| failure(&error))?.as_bytes())?;
    }
    if args.json {
        let line = Line {
            format: "yinxin.impression-comparison/1",
            registered: names.0,
            submitted: names.1,
            comparison: &comparison,
        };
        let json = serde_json::to_string(&line).map_err(Failure::software)?;
        print(&format!("{json}\n"))?;
    } else {
        print(&text(&comparison, context.language))?;
    }
    Ok(ExitCode::from(match comparison.verdict {
        Verdict::Same => 0,
        Verdict::Different => 1,
        Verdict::Look => 2,
    }))
}

fn text(comparison: &Comparison, language: Language) -> String {
    let word = |verdict| match verdict {
        Verdict::Same => language.pick("相同", "same"),
        Verdict::Look => language.pick("请人工核对", "look yourself"),
        Verdict::Different => language.pick("不同", "different"),
    };
    let mut out = String::new();
    let similarity = comparison.similarity;
    let (verdict, label) = (word(comparison.verdict), language.pick("相似度", "similarity"));
    let _ = writeln!(out, "{verdict}  {label} {similarity:.2}");
    for measure in comparison
        .measures
        .iter()
        .filter(|measure| measure.verdict() != Verdict::Same)
    {
        let (what, says) = (
            super::words::measure(measure.kind, language),
            word(measure.verdict()),
        );
        let _ = writeln!(out, "  {what} {:.2} → {says}", measure.value);
    }
    for place in &comparison.regions {
        let (zh, en) = place.words();
        let _ = writeln!(out, "  {}", language.pick(zh, en));
    }
    out
}
