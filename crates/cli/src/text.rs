//! `yinxin text`: the text of an OFD document with its places, as the placing by keyword sees it.

use std::collections::HashSet;
use std::fmt::Write as _;
use std::path::PathBuf;
use std::process::ExitCode;

use ofd::page::PageContent;
use ofd::text::{TextLine, rows};
use ofd::{Document, Package, PartPath};
use serde_json::json;

use crate::common::{Context, Failure, print};
use crate::render::{document, open};
use crate::words::ofd_words;

/// Name and version of the JSON form.
const SCHEMA: &str = "yinxin-text/1";
/// Templates of one page that are read, those of templates included.
const TEMPLATES_MAX: usize = 64;

/// 列出 OFD 文件中的文字及其位置（毫米），与按关键字盖章所见一致。
/// List the text of an OFD document with its places in mm, as placing a stamp by keyword sees it.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// OFD 文件 / the document
    file: PathBuf,
    /// 只要这一页 / only this page
    #[arg(long, value_name = "N")]
    page: Option<usize>,
    /// 每页一个 JSON 对象，一行一个 / one JSON object a page and line
    #[arg(long)]
    json: bool,
}

/// Runs the command.
pub(crate) fn run(args: &Args, context: &Context) -> Result<ExitCode, Failure> {
    let (package, ofd) = open(&args.file)?;
    for (number, body) in ofd.bodies.iter().enumerate() {
        let document = document(body, &args.file)?;
        if let Some(page) = args.page
            && !(1..=document.pages.len()).contains(&page)
        {
            let pages = document.pages.len();
            return Err(Failure::refused(
                format!("没有第 {page} 页：文档共 {pages} 页"),
                format!("there is no page {page}: the document has {pages} pages"),
            ));
        }
        for index in 0..document.pages.len() {
            if args.page.is_none_or(|page| page == index + 1) {
                let rows = page_rows(&package, document, index)?;
                let text = match args.json {
                    true => as_json(number + 1, index + 1, &rows),
                    false => as_text(index + 1, &rows, context),
                };
                print(&text)?;
            }
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn page_rows(package: &Package, document: &Document, index: usize) -> Result<Vec<Vec<TextLine>>, Failure> {
    let failed = |error: ofd::Error| {
        let page = index + 1;
        Failure::refused(
            format!("第 {page} 页无法读取：{}", ofd_words(&error)),
            format!("page {page} cannot be read: {error}"),
        )
    };
    let read = |path: &PartPath| {
        let bytes = package.read(path)?;
        PageContent::read(&bytes, package.limits())
    };
    let page = &document.pages[index];
    let Some(path) = page.loc.path() else {
        return Ok(Vec::new());
    };
    let content = read(path).map_err(failed)?;
    let mut wanted: Vec<u32> = page.templates.iter().map(|used| used.template_id).collect();
    let mut seen = HashSet::new();
    let mut templates = Vec::new();
    while let Some(id) = wanted.pop() {
        let template = document.templates.iter().find(|template| template.id == Some(id));
        if let Some(template) = template
            && seen.insert(id)
            && seen.len() <= TEMPLATES_MAX
            && let Some(path) = template.loc.path()
        {
            templates.push(read(path).map_err(failed)?);
            wanted.extend(template.templates.iter().map(|used| used.template_id));
        }
    }
    Ok(rows(&content, &templates.iter().collect::<Vec<_>>()))
}

fn as_text(page: usize, rows: &[Vec<TextLine>], context: &Context) -> String {
    let mut out = context
        .language
        .pick(format!("第 {page} 页\n"), format!("page {page}\n"));
    for line in rows.iter().flatten() {
        let _ = writeln!(out, "{:8.2} {:8.2}  {}", line.bounds.x, line.bounds.y, line.text);
    }
    out
}

fn as_json(document: usize, page: usize, rows: &[Vec<TextLine>]) -> String {
    let micrometres = |mm: f64| (mm * 1000.0).round() / 1000.0;
    let lines: Vec<_> = rows
        .iter()
        .enumerate()
        .flat_map(|(row, lines)| lines.iter().map(move |line| (row + 1, line)))
        .map(|(row, line)| {
            json!({
                "row": row,
                "x": micrometres(line.bounds.x),
                "y": micrometres(line.bounds.y),
                "width": micrometres(line.bounds.width),
                "height": micrometres(line.bounds.height),
                "text": line.text,
            })
        })
        .collect();
    let object = json!({ "schema": SCHEMA, "document": document, "page": page, "lines": lines });
    format!("{object}\n")
}
