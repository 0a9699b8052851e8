//! `yinxin verify --pages`: the pages of a PDF as they were signed beside the pages as they are shown now.

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use sealing::{Language, SignedRevision, Verifier, changed_revisions};
use zeroize::Zeroizing;

use crate::common::{Context, Failure, read_small, refuse_existing, write_bytes};
use crate::render::{FONT_FOLDERS, Format, is_pdf};
use crate::render_pdf;

/// Pages of one revision that are drawn.
const PAGES_MAX: usize = 50;
/// Enough to read small print by.
const DPI: f64 = 100.0;

/// Draws the changed pages of a file into a folder below `folder`; the page that shows them, if any changed.
pub(crate) fn draw(
    file: &Path,
    folder: &Path,
    verifier: &Verifier,
    password: Option<&Zeroizing<String>>,
    context: &Context,
) -> Result<Option<PathBuf>, Failure> {
    if !is_pdf(file)? {
        return Ok(None);
    }
    let bytes = read_small(file)?;
    let revisions = changed_revisions(verifier, &bytes);
    if revisions.is_empty() {
        return Ok(None);
    }
    let name = file.file_name().unwrap_or_default();
    let own = folder.join(name);
    refuse_existing(&own, false)?;
    fs::create_dir_all(&own).map_err(|error| Failure::output(&own, &error))?;
    let mut index = Index::new(&name.to_string_lossy(), context.language);
    for (number, revision) in revisions.iter().enumerate() {
        let signed = own.join(format!("signed-{}.pdf", number + 1));
        write_bytes(&signed, bytes.get(..revision.end).unwrap_or_default())?;
        index.begin(revision);
        let both = Both {
            signed: &signed,
            now: file,
            password,
        };
        both.draw_all(&own, number + 1, &mut index)?;
    }
    let page = own.join("index.html");
    write_bytes(&page, index.finish().as_bytes())?;
    Ok(Some(page))
}

/// A revision and what is shown now.
struct Both<'a> {
    signed: &'a Path,
    now: &'a Path,
    password: Option<&'a Zeroizing<String>>,
}

impl Both<'_> {
    fn draw_all(&self, folder: &Path, number: usize, index: &mut Index) -> Result<(), Failure> {
        // The first page of each says how many there are.
        let mut counts = [1, 1];
        let mut page = 1;
        while page <= counts[0].max(counts[1]).min(PAGES_MAX) {
            let mut drawn = [None, None];
            for (side, file) in [self.signed, self.now].into_iter().enumerate() {
                if page <= counts[side] {
                    let picture = self.draw(file, page)?;
                    counts[side] = picture.head.pages;
                    drawn[side] = Some(picture.picture);
                }
            }
            if drawn[0] != drawn[1] {
                let mut names = Vec::new();
                for (word, picture) in ["signed", "now"].into_iter().zip(drawn) {
                    let name = format!("{word}-{number}-page-{page}.png");
                    if let Some(picture) = &picture {
                        write_bytes(&folder.join(&name), picture)?;
                    }
                    names.push(picture.is_some().then_some(name));
                }
                index.pair(page, &names);
            }
            page += 1;
        }
        if counts[0].max(counts[1]) > PAGES_MAX {
            index.cut();
        }
        Ok(())
    }

    fn draw(&self, file: &Path, page: usize) -> Result<render_pdf::Drawn, Failure> {
        let fonts: Vec<PathBuf> = FONT_FOLDERS.iter().map(PathBuf::from).collect();
        render_pdf::draw(file, (page, DPI), &Format::Png, true, &fonts, self.password)
    }
}

/// The page that shows the pictures side by side.
struct Index {
    html: String,
    language: Language,
}

impl Index {
    fn new(name: &str, language: Language) -> Self {
        let title = language.pick("签章之后改动的页面", "pages changed after sealing");
        let name = escaped(name);
        let html = format!(
            "<!DOCTYPE html>\n<meta charset=\"utf-8\">\n<title>{title}: {name}</title>\n\
             <style>body{{font-family:sans-serif;margin:2em}}td{{vertical-align:top;padding:.5em}}\
             img{{max-width:45vw;border:1px solid #888}}</style>\n<h1>{title}</h1>\n<p>{name}</p>\n"
        );
        Self { html, language }
    }

    fn begin(&mut self, revision: &SignedRevision) {
        let label = self.language.pick("签名域", "signature field");
        let _ = writeln!(self.html, "<h2>{label} {}</h2>", escaped(&revision.field));
    }

    fn pair(&mut self, page: usize, names: &[Option<String>]) {
        let (label, titles) = self.language.pick(
            (format!("第 {page} 页"), ["签章时", "现在"]),
            (format!("page {page}"), ["as it was signed", "as it is now"]),
        );
        let _ = write!(self.html, "<h3>{label}</h3>\n<table><tr>");
        for (title, name) in titles.iter().zip(names) {
            let picture = match name {
                Some(name) => format!("<img src=\"{name}\" alt=\"{label}: {title}\">"),
                None => self
                    .language
                    .pick("没有这一页", "there is no such page")
                    .to_owned(),
            };
            let _ = write!(self.html, "<td>{title}<br>{picture}</td>");
        }
        self.html.push_str("</tr></table>\n");
    }

    fn cut(&mut self) {
        let words = self.language.pick(
            format!("只比较了前 {PAGES_MAX} 页。"),
            format!("Only the first {PAGES_MAX} pages were compared."),
        );
        let _ = writeln!(self.html, "<p>{words}</p>");
    }

    fn finish(self) -> String {
        self.html
    }
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
}
