//! `yinxin sample`: a small document and a picture of a seal, to try things out with.

mod picture;

use std::fs;
use std::path::PathBuf;
use std::process::ExitCode;

use jiff::tz::{Offset, TimeZone};
use ofd::builder::{A4, DocumentBuilder, Drawing};

use crate::common::{Context, Failure, print, refuse_existing, write_bytes};

/// 写出样例：两页的 OFD 文件（含关键字“盖章处”）和圆形印章图像，供试用。
/// Write samples to try things out with: a two-page OFD (with the keyword 盖章处) and a picture of a round seal.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// 写到此目录 / folder to write to
    dir: PathBuf,
    /// 文件已存在时覆盖 / overwrite existing files
    #[arg(long)]
    force: bool,
}

/// Runs the command.
pub(crate) fn run(args: &Args, context: &Context) -> Result<ExitCode, Failure> {
    let dir = &args.dir;
    let (document, picture) = (dir.join("sample.ofd"), dir.join("seal.png"));
    for path in [&document, &picture] {
        refuse_existing(path, args.force)?;
    }
    fs::create_dir_all(dir).map_err(|error| Failure::output(dir, &error))?;
    write_bytes(&document, &sample_document(context).map_err(Failure::software)?)?;
    write_bytes(&picture, &picture::png().map_err(Failure::software)?)?;
    let (document, picture) = (document.display(), picture.display());
    print(&context.language.pick(
        format!("样例文档：{document}（2 页，关键字“盖章处”）\n样例印章图像：{picture}（直径 42 mm，600 dpi，仅供测试）\n"),
        format!("sample document: {document} (2 pages, keyword 盖章处)\nsample picture of a seal: {picture} (42 mm across, 600 dpi, for tests only)\n"),
    ))?;
    Ok(ExitCode::SUCCESS)
}

const PAGES: [&[&str]; 2] = [
    &[
        "本文件是印信系统的样例，仅供试用和测试，不具法律效力。",
        "",
        "一、可用 yinxin stamp 在任意页面的指定位置加盖电子印章，",
        "　　也可按关键字、骑缝、对开等方式加盖。",
        "二、加盖后，受保护的内容有任何改动，验证都将不通过。",
        "三、可用 yinxin verify 验证，用 yinxin show 查看文件内容。",
    ],
    &[
        "四、可靠的电子签名与手写签名或者盖章具有同等的法律效力",
        "　　（《中华人民共和国电子签名法》第十四条）。",
        "",
        "特此证明。",
    ],
];

fn sample_document(context: &Context) -> Result<Vec<u8>, ofd::Error> {
    let mut id = [0; 16];
    context.rng().fill_bytes(&mut id);
    let today = context.now.to_zoned(TimeZone::fixed(Offset::constant(8)));
    let mut document = DocumentBuilder::new(&hex::encode(id));
    let song = document.font("宋体");
    document
        .title("样例：试用电子印章的证明")
        .author("印信（测试）")
        .creator("yinxin");
    document.creation_date(&today.strftime("%Y-%m-%d").to_string());
    let (title, body) = (7.0, 5.0);
    for (index, lines) in PAGES.iter().enumerate() {
        let mut page = Drawing::new();
        if index == 0 {
            page = page.text(song, title, 49.0, 40.0, "关于试用电子印章的证明（样例）");
        }
        for (line, text) in lines.iter().enumerate().filter(|(_, text)| !text.is_empty()) {
            page = page.text(song, body, 30.0, 60.0 + 10.0 * line as f64, text);
        }
        if index + 1 == PAGES.len() {
            let date = today.strftime("%Y年%-m月%-d日").to_string();
            page = page
                .text(song, body, 130.0, 140.0, "（盖章处）")
                .text(song, body, 125.0, 150.0, &date);
        }
        page = page.text(song, 4.0, 103.0, 285.0, &(index + 1).to_string());
        document.page(A4, page);
    }
    document.build()
}
