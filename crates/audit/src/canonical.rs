//! The one form of a JSON value: RFC 8785 (JCS), for values whose numbers are all integers.
//!
//! Fractions are refused rather than printed: their JCS form depends on how doubles are printed, and nothing in
//! an act needs them.

use serde_json::{Map, Value};

use crate::Error;

/// Appends the canonical form of `value`, nested at most `depth` levels.
pub(crate) fn write(value: &Value, depth: usize, out: &mut Vec<u8>) -> Result<(), Error> {
    match value {
        Value::Null => out.extend(b"null"),
        Value::Bool(true) => out.extend(b"true"),
        Value::Bool(false) => out.extend(b"false"),
        Value::String(text) => write_string(text, out),
        Value::Number(number) => match number.as_i64() {
            Some(integer) if integer.unsigned_abs() <= INTEGER_MAX => out.extend(integer.to_string().bytes()),
            _ => {
                return Err(Error::Number {
                    number: number.to_string(),
                });
            }
        },
        Value::Array(values) => {
            let depth = depth.checked_sub(1).ok_or(Error::DetailsTooDeep)?;
            out.push(b'[');
            for (at, value) in values.iter().enumerate() {
                out.extend(&b","[..usize::from(at > 0)]);
                write(value, depth, out)?;
            }
            out.push(b']');
        }
        Value::Object(members) => write_object(members, depth, out)?,
    }
    Ok(())
}

/// As [`write`], of an object.
pub(crate) fn write_object(
    members: &Map<String, Value>,
    depth: usize,
    out: &mut Vec<u8>,
) -> Result<(), Error> {
    let depth = depth.checked_sub(1).ok_or(Error::DetailsTooDeep)?;
    let mut members: Vec<_> = members.iter().collect();
    // RFC 8785 §3.2.3: the order of UTF-16 code units, which is not that of UTF-8.
    members.sort_by(|(a, _), (b, _)| a.encode_utf16().cmp(b.encode_utf16()));
    out.push(b'{');
    for (at, (name, value)) in members.into_iter().enumerate() {
        out.extend(&b","[..usize::from(at > 0)]);
        write_string(name, out);
        out.push(b':');
        write(value, depth, out)?;
    }
    out.push(b'}');
    Ok(())
}

/// Largest integer that every JSON reader takes exactly: 2^53 − 1 (RFC 7493 §2.2).
const INTEGER_MAX: u64 = (1 << 53) - 1;

/// RFC 8785 §3.2.2.2: only what must be escaped is, the short way where there is one.
pub(crate) fn write_string(text: &str, out: &mut Vec<u8>) {
    out.push(b'"');
    for character in text.chars() {
        match character {
            '"' => out.extend(b"\\\""),
            '\\' => out.extend(b"\\\\"),
            '\u{8}' => out.extend(b"\\b"),
            '\t' => out.extend(b"\\t"),
            '\n' => out.extend(b"\\n"),
            '\u{c}' => out.extend(b"\\f"),
            '\r' => out.extend(b"\\r"),
            '\0'..='\u{1f}' => out.extend(format!("\\u{:04x}", u32::from(character)).bytes()),
            _ => out.extend(character.encode_utf8(&mut [0; 4]).bytes()),
        }
    }
    out.push(b'"');
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn check(value: &Value, expected: Result<&str, Error>) {
        let mut out = Vec::new();
        let result = write(value, 3, &mut out).map(|()| String::from_utf8(out).unwrap());
        assert_eq!(result, expected.map(str::to_owned));
    }

    /// RFC 8785 §3.2.2 and §3.2.3, without the fractions.
    #[test]
    fn the_examples_of_the_rfc() {
        let string = "\u{20ac}$\u{f}\nA'B\"\\\\\"/";
        check(&json!(string), Ok("\"\u{20ac}$\\u000f\\nA'B\\\"\\\\\\\\\\\"/\""));
        check(
            &json!({
                "\u{20ac}": "Euro Sign",
                "\r": "Carriage Return",
                "\u{fb33}": "Hebrew Letter Dalet With Dagesh",
                "1": "One",
                "\u{1f600}": "Emoji: Grinning Face",
                "\u{80}": "Control",
                "\u{f6}": "Latin Small Letter O With Diaeresis",
            }),
            Ok(
                "{\"\\r\":\"Carriage Return\",\"1\":\"One\",\"\u{80}\":\"Control\",\
                \"\u{f6}\":\"Latin Small Letter O With Diaeresis\",\"\u{20ac}\":\"Euro Sign\",\
                \"\u{1f600}\":\"Emoji: Grinning Face\",\"\u{fb33}\":\"Hebrew Letter Dalet With Dagesh\"}",
            ),
        );
        check(&json!([null, true, false]), Ok("[null,true,false]"));
    }

    #[test]
    fn every_control_character_is_escaped_as_serde_reads_it() {
        for code in 0..0x80u8 {
            let text = char::from(code).to_string();
            let mut out = Vec::new();
            write_string(&text, &mut out);
            assert_eq!(serde_json::from_slice::<String>(&out).unwrap(), text);
        }
    }

    #[test]
    fn only_safe_integers() {
        check(&json!(9_007_199_254_740_991_i64), Ok("9007199254740991"));
        check(&json!(-9_007_199_254_740_991_i64), Ok("-9007199254740991"));
        for text in [
            "9007199254740992",
            "-9007199254740992",
            "18446744073709551615",
            "1.5",
            "1.0",
            "-0",
            "1e3",
        ] {
            let value: Value = serde_json::from_str(text).unwrap();
            let Value::Number(number) = &value else {
                panic!("{text}")
            };
            check(
                &value,
                Err(Error::Number {
                    number: number.to_string(),
                }),
            );
        }
    }

    #[test]
    fn depth_is_limited() {
        check(&json!([[[1]]]), Ok("[[[1]]]"));
        check(&json!([[[[]]]]), Err(Error::DetailsTooDeep));
        check(&json!({"a": {"b": {"c": {}}}}), Err(Error::DetailsTooDeep));
    }
}
