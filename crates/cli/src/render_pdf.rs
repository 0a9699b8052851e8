//! A page of a PDF file as a picture, drawn by a process of its own: what draws PDF bounds neither its memory nor its
//! time, and files of strangers would make use of it. The system ends that process when it takes too much.

use std::io::{Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};
use std::sync::Arc;

use ::render::{Error, FontLibrary, Limits, PdfDocument, PdfPicture};
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use crate::common::{Context, Failure, read_small};
use crate::render::{Format, error_words, warning_words};

/// The name under which the program calls itself; not for people.
pub(crate) const COMMAND: &str = "render-pdf-page";
/// Memory of the process that draws, in bytes, fonts and picture included.
const MEMORY_BYTES_MAX: u64 = 2 << 30;
/// Its time on the processor, in seconds.
const CPU_SECONDS_MAX: u64 = 60;
/// Most bytes of a picture that are taken from it.
const PICTURE_BYTES_MAX: u64 = 512 << 20;
/// Most bytes of what it says first.
const HEAD_BYTES_MAX: usize = 1 << 20;

/// What is to be drawn.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// `-` is standard input, where otherwise the password stands.
    file: PathBuf,
    #[arg(long)]
    page: usize,
    #[arg(long)]
    dpi: f64,
    #[arg(long)]
    svg: bool,
    #[arg(long)]
    no_annotations: bool,
    #[arg(long)]
    fonts: Vec<PathBuf>,
}

/// What was drawn.
pub(crate) struct Drawn {
    pub(crate) picture: Vec<u8>,
    pub(crate) head: Head,
}

/// What the process says first, on one line; the picture follows.
#[derive(Serialize, Deserialize)]
pub(crate) struct Head {
    pub(crate) pages: usize,
    pub(crate) width_mm: f64,
    pub(crate) height_mm: f64,
    /// What was drawn otherwise than the document asks, in Chinese and English.
    pub(crate) warnings: Vec<(String, String)>,
}

/// The same when nothing was drawn: why, in Chinese and English.
#[derive(Serialize, Deserialize)]
#[serde(untagged)]
enum Said {
    Drawn(Head),
    Refused { zh: String, en: String },
}

/// Has a page drawn.
pub(crate) fn draw(
    file: &Path,
    (page, dpi): (usize, f64),
    format: &Format,
    annotations: bool,
    fonts: &[PathBuf],
    password: Option<&Zeroizing<String>>,
) -> Result<Drawn, Failure> {
    let program = std::env::current_exe().map_err(Failure::software)?;
    let mut command = Command::new(program);
    command.arg(COMMAND).arg(file);
    command.args(["--page", &page.to_string(), "--dpi", &dpi.to_string()]);
    if matches!(format, Format::Svg) {
        command.arg("--svg");
    }
    if !annotations {
        command.arg("--no-annotations");
    }
    for folder in fonts {
        command.arg("--fonts").arg(folder);
    }
    command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null());
    let mut child = command.spawn().map_err(Failure::software)?;
    if let Some(mut stdin) = child.stdin.take() {
        // It may have ended already; then its answer says why.
        let _ = stdin.write_all(password.map_or("", |password| password).as_bytes());
    }
    let mut answer = Vec::new();
    let read = match child.stdout.take() {
        Some(stdout) => stdout.take(PICTURE_BYTES_MAX + 1).read_to_end(&mut answer),
        None => Ok(0),
    };
    if read.is_err() || answer.len() as u64 > PICTURE_BYTES_MAX {
        // Whatever it still does, nobody waits for it.
        let _ = child.kill();
    }
    let status = child.wait().map_err(Failure::software)?;
    match status.success().then(|| split(answer)).flatten() {
        Some((Said::Drawn(head), picture)) => Ok(Drawn { picture, head }),
        Some((Said::Refused { zh, en }, _)) => Err(Failure::refused(zh, en)),
        None => Err(Failure::refused(
            format!(
                "绘制该页需要超过 {} MiB 内存或 {CPU_SECONDS_MAX} 秒，或文件使绘制程序出错：请降低分辨率；若仍不行，该文件可能是恶意构造的",
                MEMORY_BYTES_MAX >> 20
            ),
            format!(
                "drawing the page takes more than {} MiB of memory or {CPU_SECONDS_MAX} seconds, or the file breaks what draws it: lower the resolution; if that does not help, the file may be made to hurt",
                MEMORY_BYTES_MAX >> 20
            ),
        )),
    }
}

/// The first line, and what follows it.
fn split(mut answer: Vec<u8>) -> Option<(Said, Vec<u8>)> {
    let end = answer
        .iter()
        .take(HEAD_BYTES_MAX)
        .position(|byte| *byte == b'\n')?;
    let picture = answer.split_off(end + 1);
    let said = serde_json::from_slice(&answer).ok()?;
    Some((said, picture))
}

/// The process that draws: a line, then the picture, on standard output.
pub(crate) fn run(args: &Args, _: &Context) -> Result<ExitCode, Failure> {
    limit_itself();
    let mut password = Zeroizing::new(String::new());
    let mut bytes = Vec::new();
    if args.file == Path::new("-") {
        let read = std::io::stdin()
            .lock()
            .take(MEMORY_BYTES_MAX)
            .read_to_end(&mut bytes);
        read.map_err(Failure::software)?;
    } else {
        let read = std::io::stdin().lock().take(1024).read_to_string(&mut password);
        read.map_err(Failure::software)?;
        bytes = read_small(&args.file)?;
    }
    let fonts = Arc::new(FontLibrary::from_folders(&args.fonts));
    let password = Some(password.as_str()).filter(|password| !password.is_empty());
    let drawn = PdfDocument::read(bytes, password, fonts, Limits::default())
        .and_then(|document| picture(&document, args));
    let (said, picture) = match drawn {
        Ok((head, picture)) => (Said::Drawn(head), picture),
        Err(error) => {
            let (zh, en) = (error_words(&error), error.to_string());
            (Said::Refused { zh, en }, Vec::new())
        }
    };
    let mut answer = serde_json::to_vec(&said).map_err(Failure::software)?;
    answer.push(b'\n');
    let mut out = std::io::stdout().lock();
    let written = out.write_all(&answer).and_then(|()| out.write_all(&picture));
    written.and_then(|()| out.flush()).map_err(Failure::software)?;
    Ok(ExitCode::SUCCESS)
}

fn picture(document: &PdfDocument, args: &Args) -> Result<(Head, Vec<u8>), Error> {
    let annotations = !args.no_annotations;
    if args.svg {
        let drawn = document.to_svg(args.page, annotations)?;
        return Ok((head(document, &drawn), drawn.picture.into_bytes()));
    }
    let drawn = document.to_pixels(args.page, annotations, args.dpi)?;
    Ok((head(document, &drawn), drawn.picture.to_png()?))
}

fn head<T>(document: &PdfDocument, drawn: &PdfPicture<T>) -> Head {
    let both = |warning: &::render::Warning| (warning_words(warning), warning.to_string());
    Head {
        pages: document.page_count(),
        width_mm: drawn.width_mm,
        height_mm: drawn.height_mm,
        warnings: drawn.warnings.iter().map(both).collect(),
    }
}

/// Never more than the system allows already.
#[cfg(unix)]
fn limit_itself() {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
    for (resource, most) in [
        (Resource::As, MEMORY_BYTES_MAX),
        (Resource::Cpu, CPU_SECONDS_MAX),
        (Resource::Core, 0),
    ] {
        let hard = getrlimit(resource).maximum;
        let most = Some(hard.map_or(most, |hard| hard.min(most)));
        // Lowering a limit is always allowed.
        let _ = setrlimit(
            resource,
            Rlimit {
                current: most,
                maximum: most,
            },
        );
    }
}

#[cfg(not(unix))]
fn limit_itself() {}
