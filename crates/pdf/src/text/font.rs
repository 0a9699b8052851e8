//! Fonts, as far as codes, characters and widths go (ISO 32000-1 §9.5 to §9.10).

use std::collections::HashMap;

use encoding_rs::{Encoding, GBK, MACINTOSH, UTF_16BE, WINDOWS_1252};

use super::cmap::{Cmap, number};
use crate::document::Document;
use crate::object::{Dictionary, Object};

/// Widths that are read of one font.
const WIDTHS_MAX: usize = 70_000;
/// Glyph numbers that one entry of /W may cover.
const WIDTH_RANGE_MAX: u32 = 65_536;

/// Widths of Helvetica from blank to tilde, in thousandths of an em (Adobe's font metrics).
const HELVETICA: [u16; 95] = [
    278, 278, 355, 556, 556, 889, 667, 191, 333, 333, 389, 584, 278, 333, 278, 278, 556, 556, 556, 556, 556,
    556, 556, 556, 556, 556, 278, 278, 584, 584, 584, 556, 1015, 667, 667, 722, 722, 667, 611, 778, 722, 278,
    500, 667, 556, 833, 722, 778, 667, 778, 722, 667, 611, 722, 667, 944, 667, 667, 611, 278, 278, 278, 469,
    556, 333, 556, 556, 500, 556, 556, 278, 556, 556, 222, 222, 500, 222, 833, 556, 556, 556, 556, 333, 500,
    278, 556, 500, 722, 500, 500, 500, 334, 260, 334, 584,
];
/// The same of Times.
const TIMES: [u16; 95] = [
    250, 333, 408, 500, 500, 833, 778, 180, 333, 333, 500, 564, 250, 333, 250, 278, 500, 500, 500, 500, 500,
    500, 500, 500, 500, 500, 278, 278, 564, 564, 564, 444, 921, 722, 667, 667, 722, 611, 556, 722, 722, 333,
    389, 722, 611, 889, 722, 722, 556, 722, 667, 556, 611, 722, 722, 944, 722, 722, 611, 333, 278, 333, 469,
    500, 333, 444, 500, 444, 500, 444, 333, 500, 500, 278, 278, 500, 278, 778, 500, 500, 500, 500, 333, 389,
    278, 500, 500, 722, 500, 500, 444, 480, 200, 480, 541,
];

/// What a font says of its codes.
pub(super) struct Font {
    codes: Codes,
    to_unicode: Option<Cmap>,
    widths: HashMap<u32, f64>,
    default_width: f64,
    /// Ascent and descent in thousandths of an em.
    pub(super) height: (f64, f64),
    /// Text space units of one glyph space unit.
    pub(super) scale: f64,
    pub(super) is_vertical: bool,
}

enum Codes {
    /// One byte each, and its character.
    Simple(Vec<Option<String>>),
    /// Two bytes each, which are the glyph number.
    Identity,
    /// A character map of the file, to glyph numbers.
    Embedded(Box<Cmap>),
    /// A character set: the codes say the characters themselves.
    Charset(&'static Encoding),
}

/// One code of a string.
pub(super) struct Code {
    pub(super) length: usize,
    pub(super) text: String,
    /// In glyph space.
    pub(super) width: f64,
    /// The single byte 32, to which word spacing applies.
    pub(super) is_blank: bool,
}

impl Font {
    /// Reads a font; what it does not say is guessed.
    pub(super) fn read(document: &Document<'_>, font: &Dictionary) -> Self {
        let dictionary = |from: &Dictionary, key: &str| -> Option<Dictionary> {
            let found = document.get(from, key).ok()??;
            found.as_dictionary().cloned()
        };
        let to_unicode = stream(document, font, "ToUnicode").map(|bytes| Cmap::read(&bytes));
        let is_composite = font.get("Subtype").and_then(Object::as_name) == Some(b"Type0");
        if is_composite {
            let descendant = document
                .get(font, "DescendantFonts")
                .ok()
                .flatten()
                .and_then(|list| {
                    let first = list.as_array()?.first()?.clone();
                    document.resolve(&first).ok()?.as_dictionary().cloned()
                });
            let descendant = descendant.unwrap_or_default();
            let (codes, is_vertical) = composite_codes(document, font);
            let mut made = Self {
                codes,
                to_unicode,
                widths: HashMap::new(),
                default_width: descendant.get("DW").and_then(Object::as_number).unwrap_or(1000.0),
                height: height(dictionary(&descendant, "FontDescriptor")),
                scale: 0.001,
                is_vertical,
            };
            made.read_composite_widths(document, &descendant);
            return made;
        }
        let descriptor = dictionary(font, "FontDescriptor");
        let missing = descriptor
            .as_ref()
            .and_then(|found| found.get("MissingWidth")?.as_number());
        let mut made = Self {
            codes: Codes::Simple(simple_codes(document, font)),
            to_unicode,
            widths: HashMap::new(),
            default_width: missing.filter(|width| *width > 0.0).unwrap_or(500.0),
            height: height(descriptor),
            scale: type3_scale(document, font).unwrap_or(0.001),
            is_vertical: false,
        };
        made.read_simple_widths(document, font);
        made
    }

    fn read_simple_widths(&mut self, document: &Document<'_>, font: &Dictionary) {
        let first = font.get("FirstChar").and_then(Object::as_integer).unwrap_or(0);
        let Ok(Some(widths)) = document.get(font, "Widths") else {
            return self.take_standard_widths(font);
        };
        for (index, width) in widths.as_array().unwrap_or_default().iter().enumerate().take(256) {
            let width = document.resolve(width).ok().and_then(|width| width.as_number());
            if let (Ok(code), Some(width)) = (u32::try_from(first + index as i64), width) {
                self.widths.insert(code, width);
            }
        }
    }

    /// The standard fonts give no widths of their own (ISO 32000-1 §9.6.2.2); bold ones are a little wider than this.
    fn take_standard_widths(&mut self, font: &Dictionary) {
        let name = font.get("BaseFont").and_then(Object::as_name).unwrap_or_default();
        let is = |part: &[u8]| memchr::memmem::find(name, part).is_some();
        let table = match () {
            () if is(b"Courier") => return self.default_width = 600.0,
            () if is(b"Times") => &TIMES,
            () => &HELVETICA,
        };
        self.widths
            .extend((32..).zip(table).map(|(code, width)| (code, f64::from(*width))));
    }

    /// `/W`: `c [w1 w2 …]` or `first last w` (ISO 32000-1 §9.7.4.3).
    fn read_composite_widths(&mut self, document: &Document<'_>, descendant: &Dictionary) {
        let Ok(Some(list)) = document.get(descendant, "W") else {
            return;
        };
        let mut rest = list.as_array().unwrap_or_default();
        let cid = |object: &Object| u32::try_from(object.as_integer()?).ok();
        while let [first, second, tail @ ..] = rest {
            let Some(first) = cid(first) else { return };
            let second = document.resolve(second).map(|found| found.clone());
            let Ok(second) = second else { return };
            rest = tail;
            if let Object::Array(widths) = &second {
                for (index, width) in widths.iter().enumerate().take(WIDTHS_MAX) {
                    if let Some(width) = width.as_number() {
                        self.set_width(first.saturating_add(index as u32), width);
                    }
                }
                continue;
            }
            let [width, after @ ..] = tail else { return };
            let (Some(last), Some(width)) = (cid(&second), width.as_number()) else {
                return;
            };
            rest = after;
            for cid in first..=last.min(first.saturating_add(WIDTH_RANGE_MAX)) {
                self.set_width(cid, width);
                if self.widths.len() >= WIDTHS_MAX {
                    return;
                }
            }
        }
    }

    fn set_width(&mut self, cid: u32, width: f64) {
        if self.widths.len() < WIDTHS_MAX {
            self.widths.insert(cid, width);
        }
    }

    /// The first code of some bytes, which are not empty.
    pub(super) fn next_code(&self, bytes: &[u8]) -> Code {
        let length = self.code_length(bytes).clamp(1, bytes.len());
        let own = &bytes[..length];
        let code = number(own);
        let text = self
            .to_unicode
            .as_ref()
            .and_then(|map| map.text(length, code))
            .or_else(|| self.own_text(own, code))
            .unwrap_or_default();
        let width = match &self.codes {
            Codes::Simple(_) | Codes::Identity => self.widths.get(&code).copied(),
            Codes::Embedded(map) => map
                .cid(length, code)
                .and_then(|cid| self.widths.get(&cid).copied()),
            // Their glyph numbers are not known here: characters of Western scripts are half as wide.
            Codes::Charset(_) if text.is_ascii() => Some(self.default_width / 2.0),
            Codes::Charset(_) => None,
        };
        Code {
            length,
            text,
            width: width.unwrap_or(self.default_width),
            is_blank: own == [b' '],
        }
    }

    fn code_length(&self, bytes: &[u8]) -> usize {
        match &self.codes {
            Codes::Simple(_) => 1,
            Codes::Identity => 2,
            Codes::Embedded(map) => map.code_length(bytes).unwrap_or(2),
            Codes::Charset(charset) if *charset == UTF_16BE => match bytes[0] {
                0xD8..=0xDB => 4,
                _ => 2,
            },
            Codes::Charset(_) => match bytes {
                [0x81..=0xFE, 0x30..=0x39, ..] => 4,
                [0x81..=0xFE, ..] => 2,
                _ => 1,
            },
        }
    }

    fn own_text(&self, bytes: &[u8], code: u32) -> Option<String> {
        match &self.codes {
            Codes::Simple(table) => table.get(code as usize)?.clone(),
            Codes::Identity | Codes::Embedded(_) => None,
            Codes::Charset(charset) => {
                let text = charset.decode_without_bom_handling_and_without_replacement(bytes)?;
                Some(text.into_owned())
            }
        }
    }
}

fn stream(document: &Document<'_>, dictionary: &Dictionary, key: &str) -> Option<Vec<u8>> {
    match &*document.get(dictionary, key).ok()?? {
        Object::Stream(stream) => document.decoded(stream).ok(),
        _ => None,
    }
}

/// How the codes of a composite font are cut and what they mean; whether it is written downwards.
fn composite_codes(document: &Document<'_>, font: &Dictionary) -> (Codes, bool) {
    let encoding = document.get(font, "Encoding").ok().flatten();
    match encoding.as_deref() {
        Some(Object::Name(name)) => {
            let name = String::from_utf8_lossy(name);
            let is_vertical = name.ends_with("-V");
            // The predefined maps of Adobe-GB1 (ISO 32000-1 table 118).
            let codes = if name.contains("UCS2") || name.contains("UTF16") {
                Codes::Charset(UTF_16BE)
            } else if name.starts_with("GB") {
                Codes::Charset(GBK)
            } else {
                Codes::Identity
            };
            (codes, is_vertical)
        }
        Some(Object::Stream(stream)) => {
            let is_vertical = stream.dictionary.get("WMode").and_then(Object::as_integer) == Some(1);
            let map = document.decoded(stream).map(|bytes| Cmap::read(&bytes));
            (Codes::Embedded(Box::new(map.unwrap_or_default())), is_vertical)
        }
        _ => (Codes::Identity, false),
    }
}

/// The characters of the 256 codes of a simple font (ISO 32000-1 §9.6.6).
fn simple_codes(document: &Document<'_>, font: &Dictionary) -> Vec<Option<String>> {
    let encoding = document.get(font, "Encoding").ok().flatten();
    let base = match encoding.as_deref() {
        Some(Object::Name(name)) => Some(name.clone()),
        Some(Object::Dictionary(encoding)) => encoding
            .get("BaseEncoding")
            .and_then(Object::as_name)
            .map(<[u8]>::to_vec),
        _ => None,
    };
    let charset = match base.as_deref() {
        Some(b"MacRomanEncoding") => MACINTOSH,
        _ => WINDOWS_1252,
    };
    let mut table: Vec<Option<String>> = (0..=255_u8)
        .map(|byte| {
            let text = charset
                .decode_without_bom_handling_and_without_replacement(&[byte])?
                .into_owned();
            Some(text)
        })
        .collect();
    let differences = match encoding.as_deref() {
        Some(Object::Dictionary(encoding)) => document.get(encoding, "Differences").ok().flatten(),
        _ => None,
    };
    let differences = differences
        .as_ref()
        .and_then(|list| list.as_array())
        .unwrap_or_default();
    let mut code = 0;
    for element in differences {
        match element {
            Object::Integer(number) => code = usize::try_from(*number).unwrap_or(usize::MAX),
            Object::Name(name) => {
                if let Some(place) = table.get_mut(code) {
                    *place = glyph_text(&String::from_utf8_lossy(name));
                }
                code = code.saturating_add(1);
            }
            _ => {}
        }
    }
    table
}

/// The character of a glyph name: those that say it themselves, and the signs of keyboards (Adobe Glyph List).
fn glyph_text(name: &str) -> Option<String> {
    const SIGNS: &str = "space  exclam !quotedbl \"numbersign #dollar $percent %ampersand &quotesingle 'parenleft (\
        parenright )asterisk *plus +comma ,hyphen -period .slash /zero 0one 1two 2three 3four 4five 5six 6seven 7\
        eight 8nine 9colon :semicolon ;less <equal =greater >question ?at @bracketleft [bracketright ]underscore _";
    let mut characters = name.chars();
    if let (Some(single), None) = (characters.next(), characters.next()) {
        return Some(single.into());
    }
    let digits = name.strip_prefix("uni").or_else(|| name.strip_prefix('u'));
    if let Some(digits) = digits.filter(|digits| (4..=6).contains(&digits.len())) {
        let code = u32::from_str_radix(digits, 16).ok();
        if let Some(character) = code.and_then(char::from_u32) {
            return Some(character.into());
        }
    }
    // Each is its name, a blank, and the sign.
    let mut rest = SIGNS;
    while let Some((sign_name, after)) = rest.split_once(' ') {
        let mut after = after.chars();
        let sign = after.next()?;
        if sign_name == name {
            return Some(sign.into());
        }
        rest = after.as_str();
    }
    None
}

fn height(descriptor: Option<Dictionary>) -> (f64, f64) {
    let number = |key| descriptor.as_ref()?.get(key)?.as_number();
    let ascent = number("Ascent").filter(|ascent| (200.0..=2000.0).contains(ascent));
    let descent = number("Descent").map(|descent| -descent.abs());
    (
        ascent.unwrap_or(880.0),
        descent.filter(|descent| *descent >= -1000.0).unwrap_or(-120.0),
    )
}

fn type3_scale(document: &Document<'_>, font: &Dictionary) -> Option<f64> {
    if font.get("Subtype").and_then(Object::as_name) != Some(b"Type3") {
        return None;
    }
    let matrix = document.get(font, "FontMatrix").ok()??;
    let scale = matrix.as_array()?.first()?.as_number()?.abs();
    (scale > 0.0).then_some(scale)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn glyph_names() {
        for (name, text) in [
            ("A", Some("A")),
            ("uni76D6", Some("盖")),
            ("u1F600", Some("😀")),
            ("space", Some(" ")),
            ("quotedbl", Some("\"")),
            ("nine", Some("9")),
            ("underscore", Some("_")),
            ("g123", None),
            ("uniD800", None),
        ] {
            assert_eq!(glyph_text(name).as_deref(), text, "{name}");
        }
    }
}
