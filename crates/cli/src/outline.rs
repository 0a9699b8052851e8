//! What commands print beside reports: outlines of fields, tables, hexadecimal, text that cannot act on a terminal.

use std::fmt::{self, Display, Write as _};

use jiff::Timestamp;
use sealing::Language;
use unicode_width::UnicodeWidthStr as _;

/// Bytes up to which a value is written out whole: a digest, a serial number.
const WHOLE_BYTES_MAX: usize = 32;
/// Bytes that are shown of the beginning and of the end of a longer value.
const HEAD_BYTES: usize = 16;
const TAIL_BYTES: usize = 4;

/// Most lines of an outline: more than anybody reads, and few enough for memory.
const LINES_MAX: usize = 200_000;

/// Fields and the fields below them, one a line. Every value is made [`printable`].
pub(crate) struct Outline {
    text: String,
    depth: usize,
    language: Language,
    lines: usize,
}

impl Outline {
    /// An empty outline.
    pub(crate) fn new(language: Language) -> Self {
        Self {
            text: String::new(),
            depth: 0,
            language,
            lines: 0,
        }
    }

    /// In which language labels are written.
    pub(crate) fn language(&self) -> Language {
        self.language
    }

    /// The Chinese or the English one.
    pub(crate) fn pick<T>(&self, zh: T, en: T) -> T {
        self.language.pick(zh, en)
    }

    /// A field of a standard: in Chinese with the standard's name in brackets, in English that name alone.
    pub(crate) fn named(&mut self, zh: &str, name: &str, value: impl Display) {
        match self.language {
            Language::Zh => self.line(format_args!("{zh}（{name}）：{value}")),
            Language::En => self.line(format_args!("{name}: {value}")),
        }
    }

    /// A field with a label of ours.
    pub(crate) fn field(&mut self, zh: &str, en: &str, value: impl Display) {
        match self.language {
            Language::Zh => self.line(format_args!("{zh}：{value}")),
            Language::En => self.line(format_args!("{en}: {value}")),
        }
    }

    /// A field that may be missing.
    pub(crate) fn maybe(&mut self, zh: &str, name: &str, value: Option<impl Display>) {
        if let Some(value) = value {
            self.named(zh, name, value);
        }
    }

    /// A line without label.
    pub(crate) fn line(&mut self, value: impl Display) {
        self.lines += 1;
        if self.is_full() {
            return;
        }
        let value = printable(&value.to_string());
        let indent = 2 * self.depth;
        let _ = writeln!(self.text, "{:indent$}{value}", "");
    }

    /// The name of a structure in a standard, and what `below` writes under it.
    pub(crate) fn structure(&mut self, zh: &str, name: &str, below: impl FnOnce(&mut Self)) {
        match self.language {
            Language::Zh => self.line(format_args!("{zh}（{name}）")),
            Language::En => self.line(name),
        }
        self.inside(below);
    }

    /// What `below` writes, one step further in.
    pub(crate) fn inside(&mut self, below: impl FnOnce(&mut Self)) {
        self.depth += 1;
        below(self);
        self.depth -= 1;
    }

    /// Whether further lines are only counted.
    pub(crate) fn is_full(&self) -> bool {
        self.lines > LINES_MAX
    }

    /// The text, every line ended.
    pub(crate) fn finish(mut self) -> String {
        if self.is_full() {
            let more = self.lines - LINES_MAX;
            let _ = match self.language {
                Language::Zh => writeln!(self.text, "（另有 {more} 行未列出）"),
                Language::En => writeln!(self.text, "({more} more lines left out)"),
            };
        }
        self.text
    }
}

/// Hexadecimal: short values whole, of long ones the beginning, the end and the count.
pub(crate) fn hex(bytes: &[u8]) -> String {
    if bytes.len() <= WHOLE_BYTES_MAX {
        return hex::encode(bytes);
    }
    let (head, tail) = (&bytes[..HEAD_BYTES], &bytes[bytes.len() - TAIL_BYTES..]);
    format!("{}…{} ({} B)", hex::encode(head), hex::encode(tail), bytes.len())
}

/// Text from outside, without characters that would act on a terminal or turn the direction of the line: those are
/// written as `\u{1b}`.
pub(crate) fn printable(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for character in text.chars() {
        if character.is_control() || turns_direction(character) {
            let _ = write!(safe, "\\u{{{:x}}}", u32::from(character));
        } else {
            safe.push(character);
        }
    }
    safe
}

fn turns_direction(character: char) -> bool {
    matches!(
        character,
        '\u{61c}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}'
    )
}

/// Beijing time as tables have it, in either language.
pub(crate) fn short_time(time: Timestamp) -> String {
    sealing::beijing_time(time, Language::En)
}

/// Columns of text that line up, wide characters counted as two.
pub(crate) struct Table<const N: usize> {
    rows: Vec<[String; N]>,
}

impl<const N: usize> Table<N> {
    /// A table with these titles.
    pub(crate) fn new(titles: [&str; N]) -> Self {
        Self {
            rows: vec![titles.map(str::to_owned)],
        }
    }

    /// One more row; every cell is made [`printable`].
    pub(crate) fn row(&mut self, cells: [String; N]) {
        self.rows.push(cells.map(|cell| printable(&cell)));
    }

    /// Whether there are titles only.
    pub(crate) fn is_empty(&self) -> bool {
        self.rows.len() == 1
    }
}

impl<const N: usize> Display for Table<N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let width = |column: usize| self.rows.iter().map(|row| row[column].width()).max().unwrap_or(0);
        let widths: [usize; N] = std::array::from_fn(width);
        for row in &self.rows {
            let mut line = String::new();
            for (cell, width) in row.iter().zip(widths) {
                line.push_str(cell);
                line.extend(std::iter::repeat_n(' ', width - cell.width() + 2));
            }
            writeln!(f, "{}", line.trim_end())?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_would_act_on_a_terminal_is_written_out() {
        assert_eq!(
            printable("a\u{1b}[2J\n\u{202e}章\u{9b}"),
            "a\\u{1b}[2J\\u{a}\\u{202e}章\\u{9b}"
        );
    }

    #[test]
    fn long_values_are_abbreviated_and_counted() {
        assert_eq!(hex(&[0xab; 32]).len(), 64);
        assert_eq!(hex(&[1; 33]), format!("{}…01010101 (33 B)", "01".repeat(16)));
    }

    #[test]
    fn columns_line_up_though_characters_are_wide() {
        let mut table = Table::new(["标签", "x"]);
        table.row(["a".into(), "1".into()]);
        table.row(["合同专用章".into(), String::new()]);
        assert_eq!(table.to_string(), "标签        x\na           1\n合同专用章\n");
    }

    #[test]
    fn endless_outlines_end() {
        let mut outline = Outline::new(Language::En);
        for _ in 0..LINES_MAX + 7 {
            outline.line("x");
        }
        let text = outline.finish();
        assert_eq!(text.len(), 2 * LINES_MAX + "(7 more lines left out)\n".len());
    }

    #[test]
    fn fields_carry_the_name_of_the_standard_in_both_languages() {
        let text = |language| {
            let mut outline = Outline::new(language);
            outline.structure("印章", "SESeal", |outline| outline.named("版本", "version", 4));
            outline.finish()
        };
        assert_eq!(text(Language::Zh), "印章（SESeal）\n  版本（version）：4\n");
        assert_eq!(text(Language::En), "SESeal\n  version: 4\n");
    }
}
