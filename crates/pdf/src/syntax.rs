//! Reads values out of bytes (ISO 32000-1 §7.2, §7.3), without recursion beyond a limit and without panic.

use crate::error::{Error, limit};
use crate::limits::{NESTING_MAX, OBJECT_NUMBER_MAX};
use crate::object::{Dictionary, Object, ObjectId, PdfString, Stream};

/// Longest number token: a sign, digits, a point.
const NUMBER_BYTES_MAX: usize = 64;

/// A place in some bytes.
#[derive(Clone, Debug)]
pub(crate) struct Parser<'a> {
    bytes: &'a [u8],
    pos: usize,
    /// The bytes are those of the file, so positions mean something.
    in_file: bool,
}

/// White space (ISO 32000-1 table 1).
pub(crate) fn is_white(byte: u8) -> bool {
    matches!(byte, 0 | 9 | 10 | 12 | 13 | 32)
}

fn is_delimiter(byte: u8) -> bool {
    matches!(
        byte,
        b'(' | b')' | b'<' | b'>' | b'[' | b']' | b'{' | b'}' | b'/' | b'%'
    )
}

fn is_regular(byte: u8) -> bool {
    !is_white(byte) && !is_delimiter(byte)
}

impl<'a> Parser<'a> {
    /// At `pos` of a file.
    pub(crate) fn in_file(bytes: &'a [u8], pos: usize) -> Self {
        Self {
            bytes,
            pos,
            in_file: true,
        }
    }

    /// At `pos` of a decoded stream.
    pub(crate) fn in_stream(bytes: &'a [u8], pos: usize) -> Self {
        Self {
            bytes,
            pos,
            in_file: false,
        }
    }

    pub(crate) fn pos(&self) -> usize {
        self.pos
    }

    fn peek(&self) -> Option<u8> {
        self.bytes.get(self.pos).copied()
    }

    fn rest(&self) -> &'a [u8] {
        self.bytes.get(self.pos..).unwrap_or_default()
    }

    fn fault<T>(&self, problem: &'static str) -> Result<T, Error> {
        Err(Error::Syntax {
            at: self.pos,
            problem,
        })
    }

    /// Passes white space and comments.
    pub(crate) fn skip_white(&mut self) {
        while let Some(byte) = self.peek() {
            if byte == b'%' {
                let end = memchr::memchr2(b'\r', b'\n', self.rest());
                self.pos = end.map_or(self.bytes.len(), |end| self.pos + end);
            } else if is_white(byte) {
                self.pos += 1;
            } else {
                return;
            }
        }
    }

    /// Whether this keyword comes next; then it is passed.
    pub(crate) fn keyword(&mut self, word: &str) -> bool {
        self.skip_white();
        let found = self.rest().starts_with(word.as_bytes())
            && !self
                .bytes
                .get(self.pos + word.len())
                .copied()
                .is_some_and(is_regular);
        if found {
            self.pos += word.len();
        }
        found
    }

    /// A whole number that is not negative.
    pub(crate) fn unsigned(&mut self) -> Result<u64, Error> {
        self.skip_white();
        match self.number()? {
            Object::Integer(number) if number >= 0 => Ok(number as u64),
            _ => self.fault("a whole number is expected"),
        }
    }

    /// The next value.
    pub(crate) fn object(&mut self) -> Result<Object, Error> {
        self.value(0)
    }

    /// The next operand, or else operator, of a content stream or a character map (ISO 32000-1 §7.8.2); what is
    /// neither is passed over.
    pub(crate) fn content_token(&mut self) -> Option<Result<Object, &'a [u8]>> {
        loop {
            self.skip_white();
            let start = self.pos;
            match self.peek()? {
                b'/' | b'(' | b'[' | b'<' | b'+' | b'-' | b'.' | b'0'..=b'9' => {
                    if let Ok(object) = self.value(0) {
                        return Some(Ok(object));
                    }
                    self.pos = self.pos.max(start + 1);
                }
                byte if is_delimiter(byte) => self.pos += 1,
                _ => {
                    let rest = self.rest();
                    let length = rest
                        .iter()
                        .position(|byte| !is_regular(*byte))
                        .unwrap_or(rest.len());
                    self.pos += length;
                    return Some(Err(&rest[..length]));
                }
            }
        }
    }

    /// Passes the rest of an inline image behind its `BI` (ISO 32000-1 §8.9.7): up to an `EI` that stands alone.
    pub(crate) fn skip_inline_image(&mut self) {
        while let Some(found) = memchr::memmem::find(self.rest(), b"EI") {
            let at = self.pos + found;
            self.pos = at + 2;
            let alone = |place: Option<&u8>| place.is_none_or(|byte| is_white(*byte));
            if at > 0 && alone(self.bytes.get(at - 1)) && alone(self.bytes.get(at + 2)) {
                return;
            }
        }
        self.pos = self.bytes.len();
    }

    fn value(&mut self, depth: usize) -> Result<Object, Error> {
        limit(depth, NESTING_MAX, "arrays and dictionaries inside each other")?;
        self.skip_white();
        match self.peek() {
            None => self.fault("a value is expected, but the bytes end"),
            Some(b'/') => self.name().map(Object::Name),
            Some(b'(') => self.literal_string().map(Object::Text),
            Some(b'[') => self.array(depth),
            Some(b'<') if self.rest().starts_with(b"<<") => self.dictionary(depth).map(Object::Dictionary),
            Some(b'<') => self.hex_string().map(Object::Text),
            Some(b'+' | b'-' | b'.' | b'0'..=b'9') => self.number_or_reference(),
            Some(_) if self.keyword("true") => Ok(Object::Boolean(true)),
            Some(_) if self.keyword("false") => Ok(Object::Boolean(false)),
            Some(_) if self.keyword("null") => Ok(Object::Null),
            Some(_) => self.fault("a value is expected"),
        }
    }

    fn name(&mut self) -> Result<Vec<u8>, Error> {
        self.pos += 1;
        let mut name = Vec::new();
        while let Some(byte) = self.peek().filter(|byte| is_regular(*byte)) {
            self.pos += 1;
            let digits = self.bytes.get(self.pos..self.pos + 2);
            match digits
                .filter(|_| byte == b'#')
                .and_then(|pair| Some((hex(pair[0])?, hex(pair[1])?)))
            {
                Some((high, low)) => {
                    name.push(high << 4 | low);
                    self.pos += 2;
                }
                None => name.push(byte),
            }
        }
        Ok(name)
    }

    fn array(&mut self, depth: usize) -> Result<Object, Error> {
        self.pos += 1;
        let mut elements = Vec::new();
        loop {
            self.skip_white();
            match self.peek() {
                None => return self.fault("an array does not end"),
                Some(b']') => {
                    self.pos += 1;
                    return Ok(Object::Array(elements));
                }
                Some(_) => elements.push(self.value(depth + 1)?),
            }
        }
    }

    fn dictionary(&mut self, depth: usize) -> Result<Dictionary, Error> {
        self.pos += 2;
        let mut dictionary = Dictionary::default();
        loop {
            self.skip_white();
            match self.peek() {
                Some(b'/') => {
                    let key = self.name()?;
                    let value = self.value(depth + 1)?;
                    dictionary.insert_parsed(key, value);
                }
                Some(b'>') if self.rest().starts_with(b">>") => {
                    self.pos += 2;
                    return Ok(dictionary);
                }
                _ => return self.fault("a key or >> is expected in a dictionary"),
            }
        }
    }

    fn literal_string(&mut self) -> Result<PdfString, Error> {
        let start = self.pos;
        self.pos += 1;
        let mut bytes = Vec::new();
        let mut open = 1;
        while let Some(byte) = self.peek() {
            self.pos += 1;
            match byte {
                b'(' => open += 1,
                b')' if open == 1 => return Ok(self.string(start, bytes, false)),
                b')' => open -= 1,
                b'\\' => {
                    self.escape(&mut bytes);
                    continue;
                }
                // An end of line of any kind is one line feed.
                b'\r' => {
                    if self.peek() == Some(b'\n') {
                        self.pos += 1;
                    }
                    bytes.push(b'\n');
                    continue;
                }
                _ => {}
            }
            bytes.push(byte);
        }
        self.fault("a string does not end")
    }

    fn escape(&mut self, bytes: &mut Vec<u8>) {
        let Some(byte) = self.peek() else { return };
        self.pos += 1;
        match byte {
            b'n' => bytes.push(b'\n'),
            b'r' => bytes.push(b'\r'),
            b't' => bytes.push(b'\t'),
            b'b' => bytes.push(8),
            b'f' => bytes.push(12),
            b'\r' => {
                if self.peek() == Some(b'\n') {
                    self.pos += 1;
                }
            }
            b'\n' => {}
            b'0'..=b'7' => {
                let mut code = u32::from(byte - b'0');
                for _ in 0..2 {
                    let Some(digit) = self.peek().filter(|digit| matches!(digit, b'0'..=b'7')) else {
                        break;
                    };
                    code = code * 8 + u32::from(digit - b'0');
                    self.pos += 1;
                }
                bytes.push(code as u8);
            }
            other => bytes.push(other),
        }
    }

    fn hex_string(&mut self) -> Result<PdfString, Error> {
        let start = self.pos;
        self.pos += 1;
        let Some(length) = memchr::memchr(b'>', self.rest()) else {
            // What was looked at counts as passed.
            self.pos = self.bytes.len();
            return self.fault("a hexadecimal string does not end");
        };
        let token = &self.rest()[..length];
        // Nothing but whole pairs of digits, as signature values are written: they are long, and read often.
        if let Some(bytes) = hex_pairs(token) {
            self.pos += length + 1;
            return Ok(self.string(start, bytes, true));
        }
        let mut bytes = Vec::with_capacity(length / 2);
        let mut half = None;
        for byte in token.iter().copied().filter(|byte| !is_white(*byte)) {
            let Some(digit) = hex(byte) else {
                return self.fault("a hexadecimal string holds something else");
            };
            match half.take() {
                None => half = Some(digit),
                Some(high) => bytes.push(high << 4 | digit),
            }
        }
        if let Some(high) = half {
            bytes.push(high << 4);
        }
        self.pos += length + 1;
        Ok(self.string(start, bytes, true))
    }

    fn string(&self, start: usize, bytes: Vec<u8>, hexadecimal: bool) -> PdfString {
        PdfString {
            bytes,
            span: self.in_file.then_some(start..self.pos),
            hexadecimal,
        }
    }

    fn number(&mut self) -> Result<Object, Error> {
        let token = self.rest();
        let end = token
            .iter()
            .take(NUMBER_BYTES_MAX)
            .take_while(|byte| matches!(byte, b'+' | b'-' | b'.' | b'0'..=b'9'));
        let length = end.count();
        let text = std::str::from_utf8(&token[..length]).unwrap_or_default();
        let number = match text.parse::<i64>() {
            Ok(number) => Object::Integer(number),
            Err(_) => match text.parse::<f64>() {
                Ok(number) if number.is_finite() => Object::Real(number),
                _ => return self.fault("a number is expected"),
            },
        };
        if token.get(length).copied().is_some_and(is_regular) {
            return self.fault("a number is followed by something else");
        }
        self.pos += length;
        Ok(number)
    }

    fn number_or_reference(&mut self) -> Result<Object, Error> {
        let number = self.number()?;
        let Object::Integer(first @ 0..) = number else {
            return Ok(number);
        };
        let mut ahead = self.clone();
        match (u32::try_from(first), ahead.reference_tail()) {
            (Ok(first), Some(generation)) => {
                self.pos = ahead.pos;
                limit(first as usize, OBJECT_NUMBER_MAX as usize, "object number")?;
                Ok(Object::Reference(ObjectId {
                    number: first,
                    generation,
                }))
            }
            _ => Ok(number),
        }
    }

    /// `G R`, behind the number of a reference.
    fn reference_tail(&mut self) -> Option<u16> {
        self.skip_white();
        self.peek().filter(u8::is_ascii_digit)?;
        let Ok(Object::Integer(generation)) = self.number() else {
            return None;
        };
        let generation = u16::try_from(generation).ok()?;
        self.keyword("R").then_some(generation)
    }

    /// `N G obj`, the head of an indirect object.
    pub(crate) fn object_head(&mut self) -> Result<ObjectId, Error> {
        let number = self.unsigned()?;
        let generation = self.unsigned()?;
        match (u32::try_from(number), u16::try_from(generation)) {
            (Ok(number), Ok(generation)) if self.keyword("obj") => Ok(ObjectId { number, generation }),
            _ => self.fault("the head of an object is expected"),
        }
    }

    /// The value of an indirect object, behind its head.
    pub(crate) fn indirect_value(&mut self) -> Result<Object, Error> {
        let mut ahead = self.clone();
        if ahead.keyword("endobj") {
            return Ok(Object::Null);
        }
        let object = self.object()?;
        let Object::Dictionary(dictionary) = object else {
            return Ok(object);
        };
        if !self.keyword("stream") {
            return Ok(Object::Dictionary(dictionary));
        }
        let start = match self.rest() {
            [b'\r', b'\n', ..] => self.pos + 2,
            [b'\n' | b'\r', ..] => self.pos + 1,
            _ => self.pos,
        };
        Ok(Object::Stream(Stream {
            dictionary,
            start,
            id: None,
        }))
    }
}

/// The value of each hexadecimal digit; 255 for other bytes.
const HEX: [u8; 256] = {
    let mut values = [255; 256];
    let mut byte = 0;
    while byte < 256 {
        if let Some(value) = (byte as u8 as char).to_digit(16) {
            values[byte] = value as u8;
        }
        byte += 1;
    }
    values
};

/// The bytes of whole pairs of digits; `None` where anything else stands.
fn hex_pairs(token: &[u8]) -> Option<Vec<u8>> {
    let (pairs, []) = token.as_chunks::<2>() else {
        return None;
    };
    let mut seen = 0;
    let bytes = pairs.iter().map(|pair| {
        let [high, low] = pair.map(|digit| HEX[usize::from(digit)]);
        seen |= high | low;
        high << 4 | low
    });
    let bytes = bytes.collect();
    (seen < 16).then_some(bytes)
}

fn hex(byte: u8) -> Option<u8> {
    (byte as char).to_digit(16).map(|digit| digit as u8)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Strings of whole pairs are read in a way of their own; white space, odd digits and others are not.
    #[test]
    fn hexadecimal_strings_are_read_alike_in_both_ways() {
        for (text, bytes) in [
            ("<00fFA9>", Some(&[0, 255, 0xA9][..])),
            ("<00 fF\nA9>", Some(&[0, 255, 0xA9])),
            ("<00fFA>", Some(&[0, 255, 0xA0])),
            ("<>", Some(&[])),
            ("<0g>", None),
            ("<0g >", None),
        ] {
            let found = read(text).ok();
            let found = found.as_ref().and_then(|object| object.as_text());
            assert_eq!(found.map(|text| &text.bytes[..]), bytes, "{text}");
        }
    }

    fn read(text: &str) -> Result<Object, Error> {
        Parser::in_file(text.as_bytes(), 0).object()
    }

    #[test]
    fn values_of_every_kind() {
        assert_eq!(read("null"), Ok(Object::Null));
        assert_eq!(read(" % x\n true"), Ok(Object::Boolean(true)));
        assert_eq!(read("-17"), Ok(Object::Integer(-17)));
        assert_eq!(read("+.5"), Ok(Object::Real(0.5)));
        assert_eq!(read("4."), Ok(Object::Real(4.0)));
        assert_eq!(read("/A#42C"), Ok(Object::name("ABC")));
        let id = ObjectId {
            number: 12,
            generation: 3,
        };
        assert_eq!(read("12 3 R"), Ok(Object::Reference(id)));
        assert_eq!(
            read("[12 3 R 7 8]"),
            Ok(Object::Array(vec![
                Object::Reference(id),
                Object::Integer(7),
                Object::Integer(8)
            ]))
        );
        let dictionary = read("<</A 1/B[2]/A 3>>").unwrap();
        let dictionary = dictionary.as_dictionary().unwrap();
        assert_eq!(dictionary.get("A"), Some(&Object::Integer(3)));
        assert!(dictionary.repeats());
    }

    #[test]
    fn strings_know_where_they_stand() {
        let text = |text: &str| read(text).unwrap().as_text().unwrap().clone();
        assert_eq!(text("(a(b)\\)\\101\\\nc\r\nd)").bytes, b"a(b))Ac\nd");
        let hexadecimal = text("  <0 1a F>");
        assert_eq!(hexadecimal.bytes, [0x01, 0xAF]);
        assert_eq!(hexadecimal.span, Some(2..10));
        assert!(hexadecimal.hexadecimal);
        assert_eq!(
            Parser::in_stream(b"(x)", 0)
                .object()
                .unwrap()
                .as_text()
                .unwrap()
                .span,
            None
        );
    }

    #[test]
    fn broken_values_are_errors() {
        for bad in [
            "", "[1", "<<1 2>>", "<</A>>", "(abc", "<0g>", "tru", "--1", "1e5", "/", "<12",
        ] {
            let result = read(bad);
            assert!(result.is_err() || bad == "/", "{bad}: {result:?}");
        }
        let deep = "[".repeat(NESTING_MAX + 2);
        assert!(matches!(read(&deep), Err(Error::Limit { .. })));
    }
}
