//! The guide's list of reasons, made from the catalogue.

use std::fmt::Write as _;

use crate::tree::Tree;

/// The catalogue: one macro call with a row per code.
pub(crate) const CATALOGUE: &str = "crates/sealing/src/code.rs";

const OPENING: &str = "\
# 结论的原因 / Reasons for a conclusion

每条原因有固定的代码，程序可以依赖它；作用一栏说明它对结论的影响：不通过、待定，或仅作提示。
Every reason has a stable code that programs may rely on; its effect says what it does to the conclusion: failed, \
indeterminate, or nothing (a note).
The sub-indication is that of ETSI EN 319 102-1.
This page is made from the catalogue by `cargo xtask pages`; edit the catalogue, not the page.
";

struct Row<'a> {
    code: &'a str,
    effect: &'a str,
    sub: &'a str,
    zh: [&'a str; 2],
    en: [&'a str; 2],
}

/// The page as Markdown.
pub(super) fn page(tree: &Tree) -> Result<String, String> {
    list(tree.text(CATALOGUE).ok_or("there is no catalogue")?)
}

/// The list; an error names the row of the catalogue that has another form than the rest.
fn list(catalogue: &str) -> Result<String, String> {
    let (_, rows) = catalogue
        .split_once("\ncodes! {\n")
        .ok_or("there is no `codes! {` in the catalogue")?;
    let (rows, _) = rows.split_once("\n}\n").ok_or("`codes! {` does not end")?;
    let mut text = String::from(OPENING);
    for item in rows.split(";\n") {
        let (titles, item): (Vec<&str>, Vec<&str>) = item
            .lines()
            .map(str::trim)
            .filter(|line| !line.is_empty())
            .partition(|line| line.starts_with("//"));
        for title in titles {
            let title = title.trim_start_matches('/').trim().trim_end_matches('.');
            let _ = write!(
                text,
                "\n## {title}\n\n| 代码 code | 作用 effect | 原因与怎么办 | what and what to do |\n"
            );
            text.push_str("| --- | --- | --- | --- |\n");
        }
        if item.is_empty() {
            continue;
        }
        let row = parse(&item).ok_or_else(|| format!("this row has another form: {}", item.join(" ")))?;
        let cell = |[what, advice]: [&str; 2], mark: &str| {
            if advice.is_empty() {
                what.to_owned()
            } else {
                format!("{what}{mark}{advice}")
            }
        };
        let (zh, en) = (cell(row.zh, "。<br>→ "), cell(row.en, "<br>→ "));
        let sub = if row.sub.is_empty() {
            String::new()
        } else {
            format!("<br>{}", shout(row.sub))
        };
        let _ = writeln!(
            text,
            "| `{}` | {}{sub} | {zh} | {en} |",
            row.code,
            row.effect.to_lowercase()
        );
    }
    Ok(text)
}

fn parse<'a>(lines: &[&'a str]) -> Option<Row<'a>> {
    let [head, zh, en] = lines else { return None };
    let mut head = head.split('"');
    let (_, code, rest) = (head.next()?, head.next()?, head.next()?.trim());
    let (effect, sub) = rest.split_once(' ')?;
    let sub = sub
        .strip_prefix("Some(Sub::")
        .and_then(|sub| sub.split_once(')'))
        .map_or("", |(sub, _)| sub);
    let pair = |line: &'a str| {
        let mut parts = line.split('"').skip(1).step_by(2);
        Some([parts.next()?, parts.next()?])
    };
    Some(Row {
        code,
        effect,
        sub,
        zh: pair(zh.strip_prefix("zh ")?)?,
        en: pair(en.strip_prefix("en ")?)?,
    })
}

/// `HashFailure` as the standard writes it: `HASH_FAILURE`.
fn shout(name: &str) -> String {
    let mut out = String::new();
    for (index, c) in name.chars().enumerate() {
        if c.is_uppercase() && index > 0 {
            out.push('_');
        }
        out.extend(c.to_uppercase());
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_become_a_table_under_their_title() {
        let catalogue = r#"
codes! {
    // The file.
    A "A_B" Failed Some(Sub::HashFailure),
        zh "甲" / "乙",
        en "a; or not" / "b";
    C "C" Note None,
        zh "丙" / "",
        en "c" / "";
}
"#;
        let text = list(catalogue).unwrap();
        assert!(text.contains("## The file\n"));
        assert!(text.contains("| `A_B` | failed<br>HASH_FAILURE | 甲。<br>→ 乙 | a; or not<br>→ b |\n"));
        assert!(text.ends_with("| `C` | note | 丙 | c |\n"));
        assert!(list(&catalogue.replace("zh \"丙\"", "丙")).is_err());
        assert!(list("nothing").is_err());
    }
}
