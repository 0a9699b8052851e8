//! All documents of a folder at a glance: every page drawn by `yinxin render`, on one HTML page.

use std::fmt::Write as _;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Resolution of the pictures.
const DPI: &str = "60";
/// Pages of one document that are drawn, unless somebody asks for more.
const PAGES_MAX: usize = 3;

const HEAD: &str = "<!doctype html>\n<meta charset=\"utf-8\">\n<title>Contact sheet</title>\n<style>\n\
    body { font: 12px sans-serif; background: #ccc; display: flex; flex-wrap: wrap; gap: 8px }\n\
    figure { margin: 0; max-width: 320px } img { max-width: 100%; background: #fff }\n\
    figcaption { overflow-wrap: anywhere } .failed { color: #a00; background: #fff; padding: 8px }\n</style>\n";

/// What became of a folder.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Sheet {
    /// Pages that were drawn.
    pub(crate) pages: usize,
    /// Documents of which no page could be drawn.
    pub(crate) failed: usize,
}

/// Draws the OFD files of `folder` into `out`, with the program `yinxin`; writes `out/index.html`.
pub(crate) fn draw(yinxin: &Path, folder: &Path, out: &Path) -> io::Result<Sheet> {
    fs::create_dir_all(out)?;
    let mut files: Vec<PathBuf> = fs::read_dir(folder)?
        .map(|entry| entry.map(|entry| entry.path()))
        .collect::<io::Result<_>>()?;
    files.retain(|path| path.extension().is_some_and(|extension| extension == "ofd"));
    files.sort();
    let mut sheet = Sheet::default();
    let mut html = HEAD.to_owned();
    for (index, file) in files.iter().enumerate() {
        let name = file.file_name().unwrap_or_default().to_string_lossy();
        for page in 1..=PAGES_MAX {
            let picture = format!("{index:03}-{page}.png");
            let output = Command::new(yinxin)
                .args(["--lang", "en", "render", "--force", "--dpi", DPI, "--page"])
                .arg(page.to_string())
                .arg("--out")
                .arg(out.join(&picture))
                .arg(file)
                .output()?;
            let said = String::from_utf8_lossy(&output.stderr);
            if output.status.success() {
                sheet.pages += 1;
                let (name, said) = (escape(&name), escape(&said));
                let _ = writeln!(
                    html,
                    "<figure title=\"{said}\"><img src=\"{picture}\" alt=\"\"><figcaption>{name} {page}</figcaption></figure>"
                );
            } else {
                if page == 1 {
                    sheet.failed += 1;
                    let (name, said) = (escape(&name), escape(&said));
                    let _ = writeln!(html, "<figure class=\"failed\">{name}<br>{said}</figure>");
                }
                break;
            }
        }
    }
    fs::write(out.join("index.html"), html)?;
    Ok(sheet)
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('"', "&quot;")
}
