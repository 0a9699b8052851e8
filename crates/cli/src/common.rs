//! What all commands share: the context from `main`, failures with exit codes, files in and out.

use std::cell::{RefCell, RefMut};
use std::fmt::Display;
use std::fs;
use std::io::{self, Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::ValueEnum;
use gm::SelfTestFailed;
use jiff::Timestamp;
use rand_core::CryptoRng;
use sealing::Language;
use server::Outside;
use zeroize::Zeroizing;

use crate::words::io_words;

/// Largest certificate, CRL, key or picture file that is read, in bytes.
pub(crate) const SMALL_FILE_BYTES_MAX: u64 = 64 << 20;

/// What `main` read from the outside world.
pub(crate) struct Context {
    /// The time of the call.
    pub(crate) now: Timestamp,
    /// The clock, for commands that keep running.
    pub(crate) clock: fn() -> Timestamp,
    /// For messages and reports.
    pub(crate) language: Language,
    /// The system's randomness; see [`Context::rng`].
    pub(crate) rng: RefCell<Box<dyn CryptoRng>>,
    /// All variables of the environment.
    pub(crate) variables: fn() -> Vec<(String, String)>,
    /// Clock and randomness for the service.
    pub(crate) outside: fn() -> Outside,
    /// The environment's `YINXIN_PIN`.
    pub(crate) pin: Option<Zeroizing<String>>,
}

impl Context {
    /// Randomness for keys, salts, serial numbers and nonces. To be given back before it is asked for again.
    pub(crate) fn rng(&self) -> RefMut<'_, Box<dyn CryptoRng>> {
        self.rng.borrow_mut()
    }
}

/// 输出语言.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Lang {
    /// 中文
    Zh,
    /// English
    En,
}

impl From<Lang> for Language {
    fn from(lang: Lang) -> Self {
        match lang {
            Lang::Zh => Language::Zh,
            Lang::En => Language::En,
        }
    }
}

/// Why a command did not do its work: what happened and what to do, in both languages, and the exit status.
///
/// The numbers are those of BSD `sysexits.h`, so that none of them is mistaken for a verdict (0 to 3).
#[derive(Debug)]
pub(crate) struct Failure {
    status: u8,
    pub(crate) zh: String,
    en: String,
}

impl Failure {
    /// The command line asks for something contradictory.
    pub(crate) fn usage(zh: impl Into<String>, en: impl Into<String>) -> Self {
        Self {
            status: 64,
            zh: zh.into(),
            en: en.into(),
        }
    }

    /// The rules or the input forbid it.
    pub(crate) fn refused(zh: impl Into<String>, en: impl Into<String>) -> Self {
        Self {
            status: 65,
            zh: zh.into(),
            en: en.into(),
        }
    }

    /// Somebody has to do without: a server does not answer, no terminal is there to ask.
    pub(crate) fn unavailable(zh: impl Into<String>, en: impl Into<String>) -> Self {
        Self {
            status: 69,
            zh: zh.into(),
            en: en.into(),
        }
    }

    /// The PIN is wrong, the key is locked, the folder is not private.
    pub(crate) fn denied(zh: impl Into<String>, en: impl Into<String>) -> Self {
        Self {
            status: 77,
            zh: zh.into(),
            en: en.into(),
        }
    }

    /// A file cannot be read.
    pub(crate) fn input(path: &Path, error: &io::Error) -> Self {
        Self::unreadable(path, &io_words(error), error)
    }

    /// A file can be read, but is not what it should be.
    pub(crate) fn unreadable(path: &Path, zh: &str, error: impl Display) -> Self {
        let path = path.display();
        Self {
            status: 66,
            zh: format!("无法读取 {path}：{zh}"),
            en: format!("cannot read {path}: {error}"),
        }
    }

    /// A file cannot be written.
    pub(crate) fn output(path: &Path, error: &io::Error) -> Self {
        let path = path.display();
        Self {
            status: 73,
            zh: format!("无法写入 {path}：{}", io_words(error)),
            en: format!("cannot write {path}: {error}"),
        }
    }

    /// A known answer was not met.
    pub(crate) fn self_test(error: SelfTestFailed) -> Self {
        let algorithm = error.algorithm;
        Self {
            status: 70,
            zh: format!(
                "密码算法自检未通过（{algorithm}）：本程序或本机不可信，已停止运行。请重新安装程序或更换机器"
            ),
            en: format!("{error}; reinstall the program or use another machine"),
        }
    }

    /// A program error or a broken machine.
    pub(crate) fn software(text: impl Display) -> Self {
        Self {
            status: 70,
            zh: format!("程序自检或内部错误：{text}"),
            en: format!("internal error: {text}"),
        }
    }

    /// Prints to standard error; the exit status.
    pub(crate) fn print(&self, language: Language) -> ExitCode {
        let (label, text) = language.pick(("错误：", &self.zh), ("error: ", &self.en));
        let _ = writeln!(io::stderr(), "{label}{text}");
        ExitCode::from(self.status)
    }
}

/// Writes to standard output.
pub(crate) fn print(text: &str) -> Result<(), Failure> {
    let written = io::stdout().lock().write_all(text.as_bytes());
    match written {
        // The reader of a pipe went away: nothing more to say.
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
            Err(Failure::output(Path::new("-"), &error))
        }
        _ => Ok(()),
    }
}

/// Reads a small file whole.
pub(crate) fn read_small(path: &Path) -> Result<Vec<u8>, Failure> {
    let file = fs::File::open(path).map_err(|error| Failure::input(path, &error))?;
    let mut bytes = Vec::new();
    let read = file.take(SMALL_FILE_BYTES_MAX + 1).read_to_end(&mut bytes);
    read.map_err(|error| Failure::input(path, &error))?;
    if bytes.len() as u64 > SMALL_FILE_BYTES_MAX {
        let zh = format!("文件超过上限 {SMALL_FILE_BYTES_MAX} 字节");
        let en = format!("larger than {SMALL_FILE_BYTES_MAX} bytes");
        return Err(Failure::unreadable(path, &zh, en));
    }
    Ok(bytes)
}

/// Writes a file as a whole or not at all: a temporary file beside it, then renamed.
pub(crate) fn write_whole(
    path: &Path,
    write: impl FnOnce(&mut fs::File) -> io::Result<()>,
) -> Result<(), Failure> {
    let mut temporary = path.as_os_str().to_owned();
    temporary.push(".part");
    let temporary = PathBuf::from(temporary);
    let outcome = fs::File::create(&temporary).and_then(|mut file| {
        write(&mut file)?;
        file.sync_all()?;
        fs::rename(&temporary, path)
    });
    outcome.map_err(|error| {
        let _ = fs::remove_file(&temporary);
        Failure::output(path, &error)
    })
}

/// Writes these bytes as a whole file, or leaves what was there.
pub(crate) fn write_bytes(path: &Path, bytes: &[u8]) -> Result<(), Failure> {
    write_whole(path, |file| file.write_all(bytes))
}

/// As [`write_whole`], but an existing file is only replaced when `force` says so.
pub(crate) fn write_new(
    path: &Path,
    force: bool,
    write: impl FnOnce(&mut fs::File) -> io::Result<()>,
) -> Result<(), Failure> {
    refuse_existing(path, force)?;
    write_whole(path, write)
}

/// Refuses a file that is there already, unless `force` says that it is to be replaced.
pub(crate) fn refuse_existing(path: &Path, force: bool) -> Result<(), Failure> {
    if force || !path.exists() {
        return Ok(());
    }
    let shown = path.display();
    Err(Failure::refused(
        format!("{shown} 已存在：请换一个文件名，或用 --force 覆盖"),
        format!("{shown} exists: choose another name, or overwrite it with --force"),
    ))
}

/// The files named by `paths`: files as they are, folders with everything below them, in a stable order.
pub(crate) fn files_below(paths: &[PathBuf]) -> Result<Vec<PathBuf>, Failure> {
    let mut files = Vec::new();
    for path in paths {
        push_files(path, &mut files)?;
    }
    Ok(files)
}

fn push_files(path: &Path, files: &mut Vec<PathBuf>) -> Result<(), Failure> {
    let kind = fs::metadata(path).map_err(|error| Failure::input(path, &error))?;
    if !kind.is_dir() {
        files.push(path.to_owned());
        return Ok(());
    }
    let mut folders = vec![path.to_owned()];
    let start = files.len();
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).map_err(|error| Failure::input(&folder, &error))? {
            let entry = entry.map_err(|error| Failure::input(&folder, &error))?;
            // Links are not followed: a link to a parent would never end.
            let kind = entry
                .file_type()
                .map_err(|error| Failure::input(&entry.path(), &error))?;
            if kind.is_dir() {
                folders.push(entry.path());
            } else if kind.is_file() {
                files.push(entry.path());
            }
        }
    }
    files[start..].sort();
    Ok(())
}
