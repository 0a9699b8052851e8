//! The operator's list of limits: public constants of the libraries that end in `_MAX` or `_MIN`, and the defaults
//! of `Limits`, each with its value and its doc comment.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use crate::tree::Tree;

const OPENING: &str = "\
# 上限 / Limits

来自外部的一切都有上限，先于内存起作用；超出时，报告给出原因 `LIMIT_EXCEEDED` 或相应的格式错误，程序不会崩溃。
Everything from outside has a limit that is met before memory is; what exceeds one is reported, and nothing crashes.
The names end in their unit; `ofd::Limits` can be set by a program that uses the library, the others are fixed.
This page is made from the sources by `cargo xtask pages`.
";

struct Limit {
    name: String,
    value: String,
    meaning: String,
}

/// The page as Markdown.
pub(super) fn page(tree: &Tree) -> Result<String, String> {
    let mut text = String::from(OPENING);
    for name in tree.crates() {
        if name == "testkit" || !tree.has(&format!("crates/{name}/src/lib.rs")) {
            continue;
        }
        let sources = format!("crates/{name}/src/");
        let files = tree.rust().filter(|(path, _)| path.starts_with(&sources));
        let limits: Vec<Limit> = files.flat_map(|(_, text)| limits_of(text)).collect();
        if limits.is_empty() {
            continue;
        }
        let _ = write!(
            text,
            "\n## {name}\n\n| Rust | value | meaning |\n| --- | --- | --- |\n"
        );
        for Limit {
            name: limit,
            value,
            meaning,
        } in limits
        {
            // Links of rustdoc become plain code.
            let meaning = meaning.replace("[`", "`").replace("`]", "`");
            let _ = writeln!(text, "| `{name}::{limit}` | {value} | {meaning} |");
        }
    }
    Ok(text)
}

/// The limits that one source file declares, in its order.
fn limits_of(text: &str) -> Vec<Limit> {
    let defaults: BTreeMap<&str, &str> =
        text.split_once("impl Default for Limits {")
            .map_or_else(BTreeMap::new, |(_, rest)| {
                let lines = rest.lines().take_while(|line| *line != "}");
                lines
                    .filter_map(|line| line.trim().strip_suffix(',')?.split_once(": "))
                    .collect()
            });
    let is_limit = |name: &str| name.ends_with("_MAX") || name.ends_with("_MIN");
    let mut limits = Vec::new();
    let mut comment: Vec<&str> = Vec::new();
    for line in text.lines().map(str::trim) {
        if let Some(sentence) = line.strip_prefix("///") {
            comment.push(sentence.trim());
            continue;
        }
        let declared = line
            .strip_prefix("pub const ")
            .and_then(|line| line.strip_suffix(';'))
            .and_then(|line| {
                let (name, rest) = line.split_once(": ")?;
                Some((name, rest.split_once(" = ")?.1)).filter(|(name, _)| is_limit(name))
            });
        let field = line.strip_prefix("pub ").and_then(|line| line.split_once(": "));
        let field = field.and_then(|(name, _)| Some((name, *defaults.get(name)?)));
        let meaning = || {
            comment
                .iter()
                .take_while(|line| !line.is_empty())
                .copied()
                .collect::<Vec<_>>()
                .join(" ")
        };
        if let Some((name, value)) = declared {
            limits.push(Limit {
                name: name.into(),
                value: readable(name, value, text),
                meaning: meaning(),
            });
        } else if let Some((name, value)) = field {
            let value = readable(name, value, text);
            limits.push(Limit {
                name: format!("Limits::{name}"),
                value,
                meaning: meaning(),
            });
        }
        comment.clear();
    }
    limits
}

/// A value as people read it: bytes in binary units, other numbers with their thousands apart.
fn readable(name: &str, value: &str, text: &str) -> String {
    let Some(number) = number(value, text) else {
        return format!("`{value}`");
    };
    let name = name.to_lowercase();
    let units = [(1 << 30, "GiB"), (1 << 20, "MiB"), (1 << 10, "KiB")];
    let unit = units
        .into_iter()
        .find(|(size, _)| name.contains("bytes") && number >= *size && number % size == 0);
    match unit {
        Some((size, unit)) => format!("{} {unit}", number / size),
        None => {
            let digits = number.to_string();
            let groups: Vec<&str> = digits
                .as_bytes()
                .rchunks(3)
                .rev()
                .filter_map(|g| str::from_utf8(g).ok())
                .collect();
            groups.join(" ")
        }
    }
}

/// The number that a constant expression of products and shifts means.
fn number(value: &str, text: &str) -> Option<u64> {
    if let Some((left, right)) = value.split_once(" << ") {
        return number(left, text)?.checked_shl(number(right, text)?.try_into().ok()?);
    }
    if let Some((left, right)) = value.split_once(" * ") {
        return number(left, text)?.checked_mul(number(right, text)?);
    }
    let plain = value.replace('_', "");
    if let Some(digits) = plain.strip_prefix("0x") {
        return u64::from_str_radix(digits, 16).ok();
    }
    plain.parse().ok().or_else(|| {
        let declared = format!("const {value}: ");
        let (_, rest) = text.split_once(&declared)?;
        number(rest.lines().next()?.strip_suffix(';')?.split_once(" = ")?.1, "")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn limits_stand_with_value_and_meaning() {
        let source = "\
/// One mebibyte.
const MIB: u64 = 1 << 20;
/// Bytes of a seal,
/// picture included.
///
/// More here.
pub const SEAL_BYTES_MAX: usize = 16 << 20;
/// Not a limit.
pub const OTHER: usize = 1;
pub struct Limits {
    /// Entries, see [`Limits::other`].
    pub entries_max: u64,
    /// Bytes of one entry.
    pub entry_bytes_max: u64,
}
impl Default for Limits {
    fn default() -> Self {
        Self {
            entries_max: 32_768,
            entry_bytes_max: 512 * MIB,
        }
    }
}
";
        let tree = Tree::of(&[
            ("crates/ofd/src/lib.rs", source),
            ("crates/cli/src/main.rs", source),
        ]);
        let text = page(&tree).unwrap();
        let rows: Vec<&str> = text.lines().filter(|line| line.starts_with("| `")).collect();
        assert_eq!(
            rows,
            [
                "| `ofd::SEAL_BYTES_MAX` | 16 MiB | Bytes of a seal, picture included. |",
                "| `ofd::Limits::entries_max` | 32 768 | Entries, see `Limits::other`. |",
                "| `ofd::Limits::entry_bytes_max` | 512 MiB | Bytes of one entry. |",
            ]
        );
    }

    #[test]
    fn numbers_are_readable_or_left_as_they_stand() {
        assert_eq!(readable("A_MM_MAX", "2.0", ""), "`2.0`");
        assert_eq!(readable("A_MAX", "0xFFFE", ""), "65 534");
        assert_eq!(readable("A_BYTES_MAX", "64 * 1024", ""), "64 KiB");
        assert_eq!(readable("A_BYTES_MAX", "1000", ""), "1 000");
    }
}
