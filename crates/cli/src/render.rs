//! `yinxin render`: a page of an OFD or PDF document as a picture, with its stamps. Nothing is judged: that is
//! `yinxin verify`.

use std::fs::File;
use std::io::{Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use ::render::{Document, Error, FontLibrary, Stamp, View, Warning};
use ofd::{DocBody, Limits, Ofd, Package};
use sealing::{Language, shown_stamps};
use zeroize::Zeroizing;

use crate::common::{Context, Failure, print, read_small, refuse_existing, write_bytes};
use crate::render_pdf;
use crate::words::ofd_words;

/// How PDF files begin.
const PDF_MAGIC: &[u8] = b"%PDF";

/// Where systems keep their fonts; what is not there is passed over.
pub(crate) const FONT_FOLDERS: [&str; 6] = [
    "/usr/share/fonts",
    "/usr/local/share/fonts",
    "/Library/Fonts",
    "/System/Library/Fonts",
    "C:/Windows/Fonts",
    "fonts",
];

/// 把 OFD 或 PDF 文件的一页画成图像（PNG 或 SVG），含印章；不作验证。
/// Draw a page of an OFD or PDF document as a picture (PNG or SVG), with its stamps; nothing is verified.
///
/// 图像格式由输出文件的扩展名决定。未嵌入且未安装的字体用相近的字体代替，并给出提示。
/// The extension of the output decides its format. Fonts that are neither embedded nor installed are replaced by
/// similar ones, which is told.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// OFD 或 PDF 文件 / the document
    file: PathBuf,
    /// 页码，从 1 起 / number of the page, from 1
    #[arg(long, value_name = "N", default_value_t = 1)]
    page: usize,
    /// 文件包中的第几个文档 / which document of the package
    #[arg(long, value_name = "N", default_value_t = 1)]
    document: usize,
    /// 分辨率（PNG）/ dots per inch, for PNG
    #[arg(long, default_value_t = 150.0)]
    dpi: f64,
    /// 不画印章；PDF 请用 --no-annotations / leave the stamps out; of a PDF, --no-annotations does
    #[arg(long)]
    no_stamps: bool,
    /// 不画注释 / leave the annotations out
    #[arg(long)]
    no_annotations: bool,
    /// 文件，首行为 PDF 的打开口令 / file whose first line is the password that opens a PDF
    #[arg(long, value_name = "FILE")]
    password_file: Option<PathBuf>,
    /// 字体目录，可重复；不写则用系统字体 / folder with fonts, may be repeated; the system's by default
    #[arg(long, value_name = "DIR")]
    fonts: Vec<PathBuf>,
    /// 输出文件，扩展名为 .png 或 .svg / the picture: .png or .svg
    #[arg(short, long, value_name = "OUT")]
    out: PathBuf,
    /// 输出文件已存在时覆盖 / overwrite an existing picture
    #[arg(long)]
    force: bool,
}

/// Runs the command.
pub(crate) fn run(args: &Args, context: &Context) -> Result<ExitCode, Failure> {
    let format = Format::of(&args.out)?;
    refuse_existing(&args.out, args.force)?;
    if is_pdf(&args.file)? {
        return run_pdf(args, &format, context);
    }
    let (package, ofd) = open(&args.file)?;
    let body = body(&ofd, args.document)?;
    let document = document(body, &args.file)?;
    let stamps: Vec<Stamp> = match args.no_stamps {
        true => Vec::new(),
        false => shown_stamps(&package, body).into_iter().map(stamp).collect(),
    };
    let fonts = match args.fonts.is_empty() {
        true => FontLibrary::from_folders(&FONT_FOLDERS),
        false => FontLibrary::from_folders(&args.fonts),
    };
    let pages = Document::new(&package, document, &fonts, ::render::Limits::default());
    let view = View {
        stamps: &stamps,
        annotations: !args.no_annotations,
    };
    let failed = |error: Error| Failure::refused(error_words(&error), error.to_string());
    let scene = pages.scene(args.page, &view).map_err(failed)?;
    for warning in &scene.warnings {
        tell(warning, context.language);
    }
    let bytes = match format {
        Format::Svg => scene.to_svg().map_err(failed)?.into_bytes(),
        Format::Png => scene
            .to_pixels(args.dpi)
            .and_then(|pixels| pixels.to_png())
            .map_err(failed)?,
    };
    write_bytes(&args.out, &bytes)?;
    let stamps = stamps.iter().filter(|stamp| stamp.page == args.page).count();
    let (page, pages, out) = (args.page, pages.page_count(), args.out.display());
    let (width, height) = (scene.width_mm, scene.height_mm);
    print(&context.language.pick(
        format!("{out}：第 {page} 页，共 {pages} 页，{width} × {height} mm，印章 {stamps} 处\n"),
        format!("{out}: page {page} of {pages}, {width} x {height} mm, {stamps} stamps\n"),
    ))?;
    Ok(ExitCode::SUCCESS)
}

/// Whether a file begins as PDF files do.
pub(crate) fn is_pdf(path: &Path) -> Result<bool, Failure> {
    let file = File::open(path).map_err(|error| Failure::input(path, &error))?;
    let mut head = Vec::new();
    let read = file.take(PDF_MAGIC.len() as u64).read_to_end(&mut head);
    read.map_err(|error| Failure::input(path, &error))?;
    Ok(head == PDF_MAGIC)
}

fn run_pdf(args: &Args, format: &Format, context: &Context) -> Result<ExitCode, Failure> {
    if args.no_stamps {
        return Err(Failure::usage(
            "PDF 的印章是注释：请用 --no-annotations 不画全部注释",
            "seals of a PDF are annotations: --no-annotations leaves all of them out",
        ));
    }
    let system: Vec<PathBuf> = FONT_FOLDERS.iter().map(PathBuf::from).collect();
    let fonts = if args.fonts.is_empty() {
        &system
    } else {
        &args.fonts
    };
    let password = args.password_file.as_deref().map(first_line).transpose()?;
    let wanted = (args.page, args.dpi);
    let annotations = !args.no_annotations;
    let drawn = render_pdf::draw(&args.file, wanted, format, annotations, fonts, password.as_ref())?;
    for (zh, en) in &drawn.head.warnings {
        let (label, text) = context.language.pick(("提示：", zh), ("note: ", en));
        let _ = writeln!(std::io::stderr(), "{label}{text}");
    }
    write_bytes(&args.out, &drawn.picture)?;
    let (page, pages, out) = (args.page, drawn.head.pages, args.out.display());
    let (width, height) = (drawn.head.width_mm, drawn.head.height_mm);
    print(&context.language.pick(
        format!("{out}：第 {page} 页，共 {pages} 页，{width:.0} × {height:.0} mm\n"),
        format!("{out}: page {page} of {pages}, {width:.0} x {height:.0} mm\n"),
    ))?;
    Ok(ExitCode::SUCCESS)
}

fn first_line(path: &Path) -> Result<Zeroizing<String>, Failure> {
    let bytes = Zeroizing::new(read_small(path)?);
    let text =
        std::str::from_utf8(&bytes).map_err(|error| Failure::unreadable(path, "不是 UTF-8 文本", error))?;
    Ok(Zeroizing::new(text.lines().next().unwrap_or_default().to_owned()))
}

pub(crate) enum Format {
    Png,
    Svg,
}

impl Format {
    fn of(out: &Path) -> Result<Self, Failure> {
        let extension = out.extension().and_then(|extension| extension.to_str());
        match extension.unwrap_or_default().to_ascii_lowercase().as_str() {
            "png" => Ok(Self::Png),
            "svg" => Ok(Self::Svg),
            _ => {
                let out = out.display();
                Err(Failure::usage(
                    format!("{out} 的扩展名不是 .png 或 .svg：请改用其中之一"),
                    format!("{out} ends neither with .png nor with .svg: choose one of them"),
                ))
            }
        }
    }
}

/// Opens a package and reads what is in it.
pub(crate) fn open(path: &Path) -> Result<(Package, Ofd), Failure> {
    let file = File::open(path).map_err(|error| Failure::input(path, &error))?;
    let unreadable = |error: ofd::Error| Failure::unreadable(path, &ofd_words(&error), &error);
    let package = Package::open(file, Limits::default()).map_err(unreadable)?;
    let ofd = Ofd::read(&package).map_err(unreadable)?;
    Ok((package, ofd))
}

fn body(ofd: &Ofd, number: usize) -> Result<&DocBody, Failure> {
    let found = number.checked_sub(1).and_then(|index| ofd.bodies.get(index));
    let count = ofd.bodies.len();
    found.ok_or_else(|| {
        Failure::refused(
            format!("没有第 {number} 个文档：文件包中有 {count} 个文档"),
            format!("there is no document {number}: the package has {count}"),
        )
    })
}

/// The document of a body.
pub(crate) fn document<'a>(body: &'a DocBody, path: &Path) -> Result<&'a ofd::Document, Failure> {
    let document = body.document.as_deref();
    document.map_err(|error| Failure::unreadable(path, &ofd_words(error), error))
}

fn stamp(shown: sealing::ShownStamp) -> Stamp {
    Stamp {
        page: shown.page,
        boundary: shown.boundary,
        clip: shown.clip,
        picture: shown.picture,
    }
}

fn tell(warning: &Warning, language: Language) {
    let (label, text) = language.pick(
        ("提示：", warning_words(warning)),
        ("note: ", warning.to_string()),
    );
    let _ = writeln!(std::io::stderr(), "{label}{text}");
}

pub(crate) fn warning_words(warning: &Warning) -> String {
    match warning {
        Warning::FontSubstituted {
            name,
            used: Some(used),
        } => {
            format!(
                "字体“{name}”未嵌入也未安装，用 {used} 代替：安装该字体或用 --fonts 指定其目录，显示会更准确"
            )
        }
        Warning::FontSubstituted { name, used: None } => {
            format!("字体“{name}”未嵌入，也没有可代替的字体：请安装中文字体，或用 --fonts 指定字体目录")
        }
        Warning::FontBroken { name } => format!("嵌入的字体“{name}”无法读取，已用其他字体代替"),
        Warning::GlyphMissing { character } => {
            format!("没有字体含有字符 U+{:04X}，以空框代替", u32::from(*character))
        }
        Warning::Image { id: Some(id), .. } => {
            format!("图像 {id} 缺失或无法解码，以打叉的框代替：请向制作方索取完好的文件")
        }
        Warning::Image { id: None, .. } => "印章图像无法解码，以打叉的框代替".into(),
        Warning::ResourceMissing { id, .. } => format!("文件包中缺少标识为 {id} 的资源，用到它的内容未画出"),
        Warning::PartUnreadable { .. } => "文件包中有部件缺失或无法读取，其内容未画出".into(),
        Warning::NotDrawn { what } => format!("有内容未按标准画出（{what}）"),
        _ => "有内容未按标准画出".into(),
    }
}

pub(crate) fn error_words(error: &Error) -> String {
    match error {
        Error::NoPage { wanted, pages } => format!("没有第 {wanted} 页：文档共 {pages} 页"),
        Error::Page(cause) => format!("页面无法读取：{}", ofd_words(cause)),
        Error::PageMissing { loc } => format!("文件包中缺少该页：链接“{loc}”没有指向任何部分"),
        Error::Pdf => "这不是 PDF 文件，或已损坏到无法修复：请向发送方索取原文件".into(),
        Error::PdfPassword => "该 PDF 已加密，需要正确的打开口令：请用 --password-file 给出".into(),
        Error::NoSize => "该页没有尺寸，文档也没有（PhysicalBox），无法绘制".into(),
        Error::TooMuch { max, .. } => {
            format!("超过绘制上限 {max}：请降低分辨率；若仍不行，该页可能是恶意构造的")
        }
        Error::BadResolution { dpi } => format!("分辨率 {dpi} 不可用：请给出 1 至 4800 之间的数"),
        _ => "无法画出该页".into(),
    }
}
