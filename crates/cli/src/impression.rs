//! `yinxin impression`: draw a seal's picture, compare an impression with the registered one.

mod compare;
mod design;
mod words;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::Subcommand;
use impression::{Font, draw};

use crate::common::{Context, Failure, print, read_small, refuse_existing, write_bytes};

use self::words::failure;

/// Where Debian's and Ubuntu's package fonts-noto-cjk puts the Song face.
const FONT: &str = "/usr/share/fonts/opentype/noto/NotoSerifCJK-Regular.ttc";

/// 印模：绘制印章图像，比对印模。
/// Impressions: draw seal pictures, compare an impression with the registered one.
#[derive(clap::Args)]
pub(crate) struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    Draw(Box<DrawArgs>),
    Compare(compare::Args),
}

/// 按规格绘制印章图像（国发〔1999〕25号；税务总局公告 2011年第7号）。
/// Draw a seal's picture to the prescribed shape.
///
/// 文字以轮廓写出，任何部分都不会重叠；字体缺字即报错。
#[derive(clap::Args)]
struct DrawArgs {
    #[command(flatten)]
    design: design::DesignArgs,
    #[command(flatten)]
    font: FontArgs,
    /// 数字和编码所用字体 / font for numbers and codes
    #[arg(long, value_name = "FILE")]
    digit_font: Option<PathBuf>,
    /// 写到此文件：.svg 或 .png / file to write
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
    /// PNG 的分辨率 / resolution of a PNG
    #[arg(long, default_value_t = 600)]
    dpi: u32,
    /// 文件已存在时覆盖 / overwrite an existing file
    #[arg(long)]
    force: bool,
}

/// The face that names are drawn with.
#[derive(clap::Args)]
struct FontArgs {
    /// 字体文件，默认思源宋体（script/setup 安装）/ font file, by default Noto Serif CJK
    #[arg(long, value_name = "FILE")]
    font: Option<PathBuf>,
    /// 字体集中的字体名 / family within a font collection
    #[arg(long, value_name = "NAME")]
    family: Option<String>,
}

impl FontArgs {
    fn load(&self) -> Result<Font, Failure> {
        let path = self.font.as_deref().unwrap_or(Path::new(FONT));
        if self.font.is_none() && !path.exists() {
            return Err(Failure::refused(
                format!(
                    "缺少默认字体 {FONT}：请运行 script/setup（安装 fonts-noto-cjk），或用 --font 指定宋体文件"
                ),
                format!(
                    "the default font {FONT} is missing: run script/setup (it installs fonts-noto-cjk), or name a Song face with --font"
                ),
            ));
        }
        font(path, self.family.as_deref())
    }
}

fn font(path: &Path, family: Option<&str>) -> Result<Font, Failure> {
    Font::read(read_small(path)?, family).map_err(|error| failure(&error))
}

/// Runs the command.
pub(crate) fn run(args: &Args, context: &Context) -> Result<ExitCode, Failure> {
    match &args.command {
        Command::Draw(args) => run_draw(args, context),
        Command::Compare(args) => compare::run(args, context),
    }
}

fn run_draw(args: &DrawArgs, context: &Context) -> Result<ExitCode, Failure> {
    refuse_existing(&args.out, args.force)?;
    let extension = args.out.extension().and_then(|extension| extension.to_str());
    let is_svg = match extension.map(str::to_ascii_lowercase).as_deref() {
        Some("svg") => true,
        Some("png") => false,
        _ => {
            return Err(Failure::usage(
                "输出文件名应以 .svg 或 .png 结尾",
                "the name of the output must end in .svg or .png",
            ));
        }
    };
    let design = args.design.design()?;
    let text = args.font.load()?;
    let digits = args
        .digit_font
        .as_deref()
        .map(|path| font(path, None))
        .transpose()?;
    let fonts = impression::Fonts {
        text: &text,
        digits: digits.as_ref(),
    };
    let drawing = draw(&design, fonts).map_err(|error| failure(&error))?;
    let bytes = if is_svg {
        drawing.svg().into_bytes()
    } else {
        drawing.png(args.dpi).map_err(|error| failure(&error))?
    };
    write_bytes(&args.out, &bytes)?;
    let (out, width, height) = (args.out.display(), drawing.width_mm, drawing.height_mm);
    print(&context.language.pick(
        format!("印章图像：{out}（{width} × {height} mm）\n"),
        format!("picture of the seal: {out} ({width} × {height} mm)\n"),
    ))?;
    Ok(ExitCode::SUCCESS)
}
