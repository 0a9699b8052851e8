//! As much of Rust's syntax as the rules need: what is code and not comment or literal, where functions end,
//! what is test code.

use std::ops::Range;

/// The source with comments and literals blanked out; every newline stays, so line numbers stay.
pub(crate) fn blank(source: &str) -> String {
    let mut out = source.as_bytes().to_vec();
    for (_, range) in not_code(source) {
        blank_range(&mut out, range);
    }
    String::from_utf8_lossy(&out).into_owned()
}

/// The source without the insides of its literals; comments and newlines stay.
pub(crate) fn without_literals(source: &str) -> String {
    let mut out = source.as_bytes().to_vec();
    for (_, range) in not_code(source)
        .into_iter()
        .rev()
        .filter(|(kind, _)| *kind == Kind::Literal)
    {
        let newlines = source[range.clone()].matches('\n').count();
        out.splice(range, std::iter::repeat_n(b'\n', newlines));
    }
    String::from_utf8_lossy(&out).into_owned()
}

/// [`blank`], with everything under `#[cfg(test)]` blanked too.
pub(crate) fn blank_with_tests(source: &str) -> String {
    let code = blank(source);
    let mut out = code.clone().into_bytes();
    for range in test_items(&code) {
        blank_range(&mut out, range);
    }
    String::from_utf8_lossy(&out).into_owned()
}

/// A function with a body, in blanked code.
pub(crate) struct Function<'a> {
    pub(crate) name: &'a str,
    /// 1-based.
    pub(crate) line: usize,
    /// From the line of `fn` to the line of the closing brace, both included.
    pub(crate) lines: usize,
}

/// Functions of blanked code, in order, nested ones too.
pub(crate) fn functions(code: &str) -> Vec<Function<'_>> {
    let mut found = Vec::new();
    for at in words(code, "fn") {
        let Some(name) = name_after(code, at + 2) else {
            continue;
        };
        let Some(end) = item_end(code, at) else { continue };
        if code.as_bytes()[end - 1] == b'}' {
            let lines = code[at..end].matches('\n').count() + 1;
            found.push(Function {
                name,
                line: line_of(code, at),
                lines,
            });
        }
    }
    found
}

/// Names of the functions marked `#[test]`, in blanked code.
pub(crate) fn test_names(code: &str) -> Vec<&str> {
    let marks = code.match_indices("#[test]").map(|(at, _)| at);
    marks
        .filter_map(|at| name_after(code, at + words(&code[at..], "fn").next()? + 2))
        .collect()
}

/// Names of the modules that stand under `#[cfg(test)]` with a file of their own, in blanked code.
pub(crate) fn test_modules(code: &str) -> Vec<&str> {
    let items = test_items(code)
        .into_iter()
        .filter(|range| code.as_bytes()[range.end - 1] == b';');
    items
        .filter_map(|r| name_after(code, r.start + words(&code[r.clone()], "mod").next()? + 3))
        .collect()
}

/// Byte offsets where `word` stands as a whole word.
pub(crate) fn words<'a>(code: &'a str, word: &'a str) -> impl Iterator<Item = usize> + 'a {
    let bytes = code.as_bytes();
    code.match_indices(word).map(|(at, _)| at).filter(move |&at| {
        let before = at == 0 || !is_word(bytes[at - 1]);
        before && bytes.get(at + word.len()).is_none_or(|byte| !is_word(*byte))
    })
}

/// 1-based line of a byte offset.
pub(crate) fn line_of(text: &str, at: usize) -> usize {
    text.as_bytes()[..at]
        .iter()
        .filter(|byte| **byte == b'\n')
        .count()
        + 1
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Comment,
    Literal,
}

/// Comments and literals, in order.
fn not_code(source: &str) -> Vec<(Kind, Range<usize>)> {
    let bytes = source.as_bytes();
    let mut found = Vec::new();
    let mut at = 0;
    while at < bytes.len() {
        let end = match bytes[at] {
            b'/' if bytes.get(at + 1) == Some(&b'/') => line_end(bytes, at),
            b'/' if bytes.get(at + 1) == Some(&b'*') => block_comment_end(bytes, at),
            b'"' => string_end(bytes, at + 1),
            b'r' if starts_word(bytes, at) => raw_string_end(bytes, at).unwrap_or(at),
            b'\'' => char_end(source, at).unwrap_or(at),
            _ => at,
        };
        if end > at {
            found.push((
                if bytes[at] == b'/' {
                    Kind::Comment
                } else {
                    Kind::Literal
                },
                at..end,
            ));
        }
        at = end.max(at + 1);
    }
    found
}

fn blank_range(out: &mut [u8], range: Range<usize>) {
    for byte in out[range].iter_mut().filter(|byte| **byte != b'\n') {
        *byte = b' ';
    }
}

/// Items under `#[cfg(test)]` and the like, from the attribute to the end of the item.
fn test_items(code: &str) -> Vec<Range<usize>> {
    let mut items: Vec<Range<usize>> = Vec::new();
    for (at, mark) in code.match_indices("#[cfg(") {
        let Some(length) = code[at..].find(")]") else {
            continue;
        };
        let condition = &code[at + mark.len()..at + length];
        let for_tests = words(condition, "test").next().is_some() && !condition.contains("not(");
        if for_tests && items.last().is_none_or(|last| at >= last.end) {
            items.push(at..item_end(code, at + length + 2).unwrap_or(code.len()));
        }
    }
    items
}

/// Where the item that begins at `at` ends: after its `;`, or after the brace that closes its body.
fn item_end(code: &str, at: usize) -> Option<usize> {
    let (mut brackets, mut braces) = (0_usize, 0_usize);
    for (offset, byte) in code.as_bytes()[at..].iter().enumerate() {
        match byte {
            b'(' | b'[' => brackets += 1,
            b')' | b']' => brackets = brackets.saturating_sub(1),
            b'{' => braces += 1,
            b'}' if braces <= 1 => return Some(at + offset + 1),
            b'}' => braces -= 1,
            b';' if brackets == 0 && braces == 0 => return Some(at + offset + 1),
            _ => {}
        }
    }
    None
}

fn name_after(code: &str, at: usize) -> Option<&str> {
    let rest = code[at..].trim_start();
    let end = rest.bytes().position(|byte| !is_word(byte)).unwrap_or(rest.len());
    (end > 0).then(|| &rest[..end])
}

fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_'
}

/// Does a word begin at `at`? A literal's prefix `b` or `c` may stand before it.
fn starts_word(bytes: &[u8], at: usize) -> bool {
    let prefixed = at > 0 && matches!(bytes[at - 1], b'b' | b'c');
    let at = if prefixed { at - 1 } else { at };
    at == 0 || !is_word(bytes[at - 1])
}

fn line_end(bytes: &[u8], at: usize) -> usize {
    bytes[at..]
        .iter()
        .position(|byte| *byte == b'\n')
        .map_or(bytes.len(), |length| at + length)
}

fn block_comment_end(bytes: &[u8], at: usize) -> usize {
    let (mut depth, mut at) = (0_usize, at);
    while at + 1 < bytes.len() {
        match &bytes[at..at + 2] {
            b"/*" => (depth, at) = (depth + 1, at + 2),
            b"*/" if depth == 1 => return at + 2,
            b"*/" => (depth, at) = (depth - 1, at + 2),
            _ => at += 1,
        }
    }
    bytes.len()
}

fn string_end(bytes: &[u8], mut at: usize) -> usize {
    while at < bytes.len() && bytes[at] != b'"' {
        at += if bytes[at] == b'\\' { 2 } else { 1 };
    }
    (at + 1).min(bytes.len())
}

/// The end of `r"…"` or `r#"…"#`; none for a raw identifier.
fn raw_string_end(bytes: &[u8], at: usize) -> Option<usize> {
    let hashes = bytes[at + 1..].iter().take_while(|byte| **byte == b'#').count();
    let open = at + 1 + hashes;
    if bytes.get(open) != Some(&b'"') {
        return None;
    }
    let close = [&b"\""[..], &b"#".repeat(hashes)].concat();
    let length = bytes[open + 1..]
        .windows(close.len())
        .position(|window| window == close);
    Some(length.map_or(bytes.len(), |length| open + 1 + length + close.len()))
}

/// The end of a character literal; none for a lifetime.
fn char_end(source: &str, at: usize) -> Option<usize> {
    let mut rest = source[at + 1..].char_indices();
    let (_, first) = rest.next()?;
    if first == '\\' {
        rest.next()?;
        return rest
            .find(|(_, c)| *c == '\'')
            .map(|(offset, _)| at + 1 + offset + 1);
    }
    matches!(rest.next(), Some((_, '\''))).then(|| at + 1 + first.len_utf8() + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn comments_and_literals_are_blanked() {
        let cases = [
            ("a // unsafe\nb", "a          \nb"),
            ("a /* x /* y */ z */ b", "a                   b"),
            (r#"f("un\"safe", b"x")"#, r#"f(          , b   )"#),
            (r###"f(r#"a"b"#, br"c")"###, "f(        , b    )"),
            ("fn f<'a>(c: &'a str) { '{' }", "fn f<'a>(c: &'a str) {     }"),
            (r"['\'', '\\', '印', 'x']", "[    ,     ,      ,    ]"),
            ("r#type + var", "r#type + var"),
        ];
        for (source, expected) in cases {
            assert_eq!(blank(source), expected, "{source}");
        }
    }

    #[test]
    fn literals_are_left_out_and_lines_stay() {
        assert_eq!(
            without_literals("f(\"a\nb\"); // \"c\"\n'd'"),
            "f(\n); // \"c\"\n"
        );
    }

    #[test]
    fn function_length_counts_signature_and_braces() {
        let code = blank(
            "fn one() {}\n\nimpl X {\n    fn two(\n        a: [u8; 3],\n    ) -> bool {\n        \"}\";\n    }\n    fn declared();\n}\n",
        );
        let found: Vec<_> = functions(&code)
            .iter()
            .map(|f| (f.name, f.line, f.lines))
            .collect();
        assert_eq!(found, [("one", 1, 1), ("two", 4, 5)]);
    }

    #[test]
    fn test_code_is_told_apart() {
        let source = concat!(
            "fn a() {}\n#[cfg(test)]\nmod tests {\n    #[test]\n    fn case() {}\n}\n",
            "#[cfg(all(test, unix))]\nmod more;\n"
        );
        let code = blank(source);
        assert_eq!(test_names(&code), ["case"]);
        assert_eq!(test_modules(&code), ["more"]);
        assert_eq!(functions(&blank_with_tests(source)).len(), 1);
        assert_eq!(
            functions(&blank_with_tests("#[cfg(not(test))]\nfn kept() {}")).len(),
            1
        );
    }
}
