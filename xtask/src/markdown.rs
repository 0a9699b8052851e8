//! As much of Markdown as the rules need: tables, links, headings, code spans.

/// One line of a table's body: its 1-based line and its cells.
pub(crate) struct Row {
    pub(crate) line: usize,
    pub(crate) cells: Vec<String>,
}

/// A table: the cells of its head, and its rows.
pub(crate) struct Table {
    pub(crate) head: Vec<String>,
    pub(crate) rows: Vec<Row>,
}

/// All tables of a document, in order.
pub(crate) fn tables(text: &str) -> Vec<Table> {
    let mut tables: Vec<Table> = Vec::new();
    let mut inside = false;
    for (line, content) in prose(text) {
        let is_row = content.trim_start().starts_with('|');
        match (is_row, inside) {
            (false, _) => inside = false,
            (true, false) => {
                tables.push(Table {
                    head: cells(content),
                    rows: Vec::new(),
                });
                inside = true;
            }
            (true, true) => {
                let cells = cells(content);
                let ruler = cells
                    .iter()
                    .all(|cell| cell.chars().all(|c| c == '-' || c == ':'));
                if let (false, Some(table)) = (ruler, tables.last_mut()) {
                    table.rows.push(Row { line, cells });
                }
            }
        }
    }
    tables
}

/// The part of a document under the heading `title`, up to the next heading of the same or a higher level.
pub(crate) fn section<'a>(text: &'a str, title: &str) -> Option<&'a str> {
    let mut start = None;
    let (mut offset, mut fenced) = (0, false);
    for line in text.split_inclusive('\n') {
        fenced ^= line.trim_start().starts_with("```");
        match (start, heading(line).filter(|_| !fenced)) {
            (None, Some((level, name))) if name == title => start = Some((offset, level)),
            (Some((from, own)), Some((level, _))) if level <= own => return Some(&text[from..offset]),
            _ => {}
        }
        offset += line.len();
    }
    start.map(|(from, _)| &text[from..])
}

/// The headings' texts, in order.
pub(crate) fn headings(text: &str) -> impl Iterator<Item = &str> {
    prose(text).filter_map(|(_, line)| heading(line).map(|(_, name)| name))
}

/// A heading's name in links, as the usual sites make it.
pub(crate) fn anchor(heading: &str) -> String {
    let kept = heading
        .chars()
        .filter(|c| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_'));
    kept.flat_map(char::to_lowercase)
        .map(|c| if c == ' ' { '-' } else { c })
        .collect()
}

/// Targets of the links, each with its 1-based line; code is left out.
pub(crate) fn links(text: &str) -> Vec<(usize, String)> {
    let mut found = Vec::new();
    for (line, content) in prose(text) {
        let plain: String = content.split('`').step_by(2).collect::<Vec<_>>().join("``");
        for part in plain.split("](").skip(1) {
            if let Some((target, _)) = part.split_once(')') {
                found.push((line, target.to_owned()));
            }
        }
    }
    found
}

/// The code spans of a text: what stands between backticks.
pub(crate) fn code_spans(text: &str) -> impl Iterator<Item = &str> {
    text.split('`').skip(1).step_by(2)
}

/// Lines outside code blocks, each with its 1-based number.
fn prose(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let mut fenced = false;
    text.lines().enumerate().filter_map(move |(index, line)| {
        if line.trim_start().starts_with("```") {
            fenced = !fenced;
            return None;
        }
        (!fenced).then_some((index + 1, line))
    })
}

fn heading(line: &str) -> Option<(usize, &str)> {
    let level = line.bytes().take_while(|byte| *byte == b'#').count();
    let name = line[level..].strip_prefix(' ')?.trim();
    (1..=6).contains(&level).then_some((level, name))
}

fn cells(row: &str) -> Vec<String> {
    let row = row.trim().replace("\\|", "\u{1}");
    let inner = row.strip_prefix('|').unwrap_or(&row);
    let inner = inner.strip_suffix('|').unwrap_or(inner);
    inner
        .split('|')
        .map(|cell| cell.trim().replace('\u{1}', "|"))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tables_have_heads_and_rows() {
        let text =
            "x\n\n| a | b |\n| --- | :-: |\n| 1 | `2` |\n| 3 | 4 \\| 5 |\n\n```\n| no | table |\n```\n";
        let tables = tables(text);
        assert_eq!(tables.len(), 1);
        assert_eq!(tables[0].head, ["a", "b"]);
        assert_eq!(tables[0].rows[0].cells, ["1", "`2`"]);
        assert_eq!(tables[0].rows[1].cells, ["3", "4 | 5"]);
        assert_eq!(tables[0].rows[1].line, 6);
    }

    #[test]
    fn a_section_ends_at_the_next_heading_of_its_level() {
        let text = "# T\n## One\na\n### Deep\n```\n# b\n```\n## Two\nc\n";
        assert_eq!(section(text, "One"), Some("## One\na\n### Deep\n```\n# b\n```\n"));
        assert_eq!(section(text, "Two"), Some("## Two\nc\n"));
        assert_eq!(section(text, "Three"), None);
    }

    #[test]
    fn links_in_code_are_not_links() {
        let text = "[a](b.md) `[c](d)` [e](f.md#g)\n```\n[h](i)\n```\n";
        assert_eq!(links(text), [(1, "b.md".to_owned()), (1, "f.md#g".to_owned())]);
    }

    #[test]
    fn anchors_keep_letters_of_every_script() {
        assert_eq!(anchor("Walk: verify a file (验章)"), "walk-verify-a-file-验章");
    }
}
