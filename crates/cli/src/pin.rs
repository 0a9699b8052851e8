//! PINs and passwords: from a file, from the environment, or asked for at the terminal without echo.

use std::fs::File;
use std::io::{self, BufRead as _, BufReader, Read as _};
use std::path::{Path, PathBuf};

use zeroize::Zeroizing;

use crate::common::{Context, Failure};

/// Longest line that is read as a PIN or password, in bytes.
const LINE_BYTES_MAX: u64 = 1024;

/// Where the PIN of a key comes from.
#[derive(clap::Args)]
pub(crate) struct PinArgs {
    /// 存有密钥口令的文件，“-”为标准输入；不给则取环境变量 YINXIN_PIN，再无则在终端询问 /
    /// file that holds the PIN, "-" for standard input; otherwise YINXIN_PIN, otherwise it is asked for
    #[arg(long, value_name = "FILE")]
    pin_file: Option<PathBuf>,
}

impl PinArgs {
    /// The PIN that a key has.
    pub(crate) fn existing(&self, label: &str, context: &Context) -> Result<Zeroizing<String>, Failure> {
        self.given(context).unwrap_or_else(|| {
            ask(&context.language.pick(
                format!("密钥“{label}”的口令："),
                format!("PIN of the key {label:?}: "),
            ))
        })
    }

    /// The PIN that a key is to have; at the terminal it is asked for twice.
    pub(crate) fn new_pin(&self, context: &Context) -> Result<Zeroizing<String>, Failure> {
        self.given(context).unwrap_or_else(|| ask_twice(context))
    }

    fn given(&self, context: &Context) -> Option<Result<Zeroizing<String>, Failure>> {
        match &self.pin_file {
            Some(path) => Some(read_secret(path)),
            None => context.pin.clone().map(Ok),
        }
    }
}

/// A new PIN, asked for twice.
pub(crate) fn ask_twice(context: &Context) -> Result<Zeroizing<String>, Failure> {
    let (first, again) = context.language.pick(
        ("新口令（至少 8 个字符）：", "再输入一次："),
        ("new PIN (8 characters or more): ", "again: "),
    );
    let pin = ask(first)?;
    if ask(again)? != pin {
        return Err(Failure::usage(
            "两次输入的口令不同：请重试",
            "the two PINs differ: try again",
        ));
    }
    Ok(pin)
}

/// Asks at the terminal, without echo.
pub(crate) fn ask(prompt: &str) -> Result<Zeroizing<String>, Failure> {
    let answer = rpassword::prompt_password(prompt).map_err(|error| {
        Failure::unavailable(
            format!("没有终端可以询问口令（{error}）：请用 --pin-file 或 --password-file 给出"),
            format!("there is no terminal to ask for the PIN ({error}): give --pin-file or --password-file"),
        )
    })?;
    Ok(Zeroizing::new(answer))
}

/// The one line of a file; from "-" the next line of standard input.
pub(crate) fn read_secret(path: &Path) -> Result<Zeroizing<String>, Failure> {
    if path == Path::new("-") {
        return first_line(&mut io::stdin().lock(), path);
    }
    let file = File::open(path).map_err(|error| Failure::input(path, &error))?;
    let mut file = BufReader::new(file);
    let line = first_line(&mut file, path)?;
    match file.read(&mut [0]) {
        Ok(0) => Ok(line),
        Ok(_) => Err(Failure::refused(
            format!("{} 不止一行：口令文件只能有一行", path.display()),
            format!(
                "{} has more than one line: a file with a PIN has one",
                path.display()
            ),
        )),
        Err(error) => Err(Failure::input(path, &error)),
    }
}

fn first_line(source: &mut impl io::BufRead, path: &Path) -> Result<Zeroizing<String>, Failure> {
    let mut line = Zeroizing::new(String::new());
    let count = source
        .take(LINE_BYTES_MAX)
        .read_line(&mut line)
        .map_err(|error| Failure::input(path, &error))?;
    let line = line
        .strip_suffix('\n')
        .map_or(line.as_str(), |line| line.strip_suffix('\r').unwrap_or(line));
    if count == 0 || line.len() as u64 >= LINE_BYTES_MAX {
        return Err(Failure::refused(
            format!("{} 中没有口令，或一行过长", path.display()),
            format!("{} holds no PIN, or its line is too long", path.display()),
        ));
    }
    Ok(Zeroizing::new(line.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expected: Option<&str>) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("pin");
        std::fs::write(&path, text).unwrap();
        assert_eq!(
            read_secret(&path).ok().as_ref().map(|pin| pin.as_str()),
            expected,
            "{text:?}"
        );
    }

    #[test]
    fn one_line_is_a_pin_however_it_ends() {
        for text in ["correct horse", "correct horse\n", "correct horse\r\n"] {
            check(text, Some("correct horse"));
        }
        check(" 口令 \n", Some(" 口令 "));
        check("\n", Some(""));
    }

    #[test]
    fn nothing_two_lines_and_endless_lines_are_none() {
        check("", None);
        check("one\ntwo\n", None);
        check("one\n\n", None);
        check(&"a".repeat(5000), None);
    }
}
