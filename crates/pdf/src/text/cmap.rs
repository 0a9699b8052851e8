//! Character maps: which bytes make a code, and what a code stands for (ISO 32000-1 §9.7.5, §9.10.3).

use std::collections::BTreeMap;

use crate::object::Object;
use crate::syntax::Parser;

/// Entries that are read of one map; more are left out.
const ENTRIES_MAX: usize = 200_000;
/// Longest code, in bytes.
const CODE_BYTES_MAX: usize = 4;

/// What is said of a range of codes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Target {
    /// Text; the last unit counts up within the range.
    Text(Vec<u16>),
    /// A glyph number; it counts up within the range.
    Cid(u32),
}

/// A map from codes to text or to glyph numbers.
#[derive(Clone, Debug, Default)]
pub(super) struct Cmap {
    /// Length in bytes, first and last code.
    spaces: Vec<(usize, u32, u32)>,
    /// By length in bytes and first code: last code and target.
    ranges: BTreeMap<(usize, u32), (u32, Target)>,
    entries: usize,
}

impl Cmap {
    /// Reads a map as far as it can be understood.
    pub(super) fn read(bytes: &[u8]) -> Self {
        let mut map = Self::default();
        let mut parser = Parser::in_stream(bytes, 0);
        let mut operands: Vec<Object> = Vec::new();
        while let Some(token) = parser.content_token() {
            let operator = match token {
                Ok(Object::Dictionary(_)) => continue,
                Ok(object) => {
                    if operands.len() < ENTRIES_MAX {
                        operands.push(object);
                    }
                    continue;
                }
                Err(operator) => operator,
            };
            match operator {
                b"endcodespacerange" => map.add_spaces(&operands),
                b"endbfchar" | b"endcidchar" => map.add_singles(&operands),
                b"endbfrange" | b"endcidrange" => map.add_ranges(&operands),
                _ => {}
            }
            operands.clear();
        }
        map
    }

    fn add_spaces(&mut self, operands: &[Object]) {
        for pair in operands.chunks_exact(2) {
            if let (Some((length, low)), Some((_, high))) = (code(&pair[0]), code(&pair[1]))
                && self.spaces.len() < 256
            {
                self.spaces.push((length, low, high));
            }
        }
    }

    fn add_singles(&mut self, operands: &[Object]) {
        for pair in operands.chunks_exact(2) {
            if let (Some((length, at)), Some(target)) = (code(&pair[0]), target(&pair[1])) {
                self.add(length, at, at, target);
            }
        }
    }

    fn add_ranges(&mut self, operands: &[Object]) {
        for triple in operands.chunks_exact(3) {
            let (Some((length, low)), Some((_, high))) = (code(&triple[0]), code(&triple[1])) else {
                continue;
            };
            if let Object::Array(targets) = &triple[2] {
                for (at, element) in (low..=high).zip(targets) {
                    if let Some(target) = target(element) {
                        self.add(length, at, at, target);
                    }
                }
            } else if let Some(target) = target(&triple[2]) {
                self.add(length, low, high, target);
            }
        }
    }

    fn add(&mut self, length: usize, low: u32, high: u32, target: Target) {
        self.entries += 1;
        if self.entries <= ENTRIES_MAX && low <= high {
            self.ranges.insert((length, low), (high, target));
        }
    }

    /// How many bytes the next code has: by the code spaces, where there are some.
    pub(super) fn code_length(&self, bytes: &[u8]) -> Option<usize> {
        (1..=CODE_BYTES_MAX.min(bytes.len())).find(|length| {
            let code = &bytes[..*length];
            // Each byte has to lie in its own range (Adobe technical note 5014).
            let inside = |low: u32, high: u32| {
                code.iter().rev().enumerate().all(|(index, byte)| {
                    let of = |bound: u32| (bound >> (8 * index)) as u8;
                    (of(low)..=of(high)).contains(byte)
                })
            };
            self.spaces
                .iter()
                .any(|(space, low, high)| space == length && inside(*low, *high))
        })
    }

    /// The text of a code.
    pub(super) fn text(&self, length: usize, code: u32) -> Option<String> {
        match self.find(length, code)? {
            (Target::Text(units), offset) => {
                let mut units = units.clone();
                let last = units.last_mut()?;
                *last = last.wrapping_add(offset as u16);
                Some(String::from_utf16_lossy(&units))
            }
            (Target::Cid(_), _) => None,
        }
    }

    /// The glyph number of a code.
    pub(super) fn cid(&self, length: usize, code: u32) -> Option<u32> {
        match self.find(length, code)? {
            (Target::Cid(first), offset) => Some(first.wrapping_add(offset)),
            (Target::Text(_), _) => None,
        }
    }

    fn find(&self, length: usize, code: u32) -> Option<(&Target, u32)> {
        let ((_, low), (high, target)) = self.ranges.range((length, 0)..=(length, code)).next_back()?;
        (code <= *high).then_some((target, code - low))
    }
}

/// A code: its length in bytes and its number.
fn code(object: &Object) -> Option<(usize, u32)> {
    let bytes = &object.as_text()?.bytes;
    if bytes.is_empty() || bytes.len() > CODE_BYTES_MAX {
        return None;
    }
    Some((bytes.len(), number(bytes)))
}

/// A code as a number.
pub(super) fn number(bytes: &[u8]) -> u32 {
    bytes
        .iter()
        .fold(0, |number, byte| number << 8 | u32::from(*byte))
}

fn target(object: &Object) -> Option<Target> {
    /// Longest text of one code, in UTF-16 units.
    const UNITS_MAX: usize = 32;
    if let Some(number) = object.as_integer() {
        return u32::try_from(number).ok().map(Target::Cid);
    }
    let bytes = &object.as_text()?.bytes;
    let units: Vec<u16> = match &bytes[..] {
        [single] => vec![u16::from(*single)],
        bytes => bytes
            .chunks_exact(2)
            .map(|pair| u16::from_be_bytes([pair[0], pair[1]]))
            .take(UNITS_MAX)
            .collect(),
    };
    (!units.is_empty()).then_some(Target::Text(units))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn characters_and_ranges() {
        let map = Cmap::read(
            b"1 begincodespacerange <00> <80> <8140> <FEFE> endcodespacerange\n\
              2 beginbfchar <41> <76D6> <42> <D83DDE00> endbfchar\n\
              1 beginbfrange <8140> <8142> <0061> endbfrange\n\
              1 beginbfrange <8150> <8151> [<0066> <00660069>] endbfrange\n\
              1 begincidrange <9000> <90FF> 500 endcidrange",
        );
        assert_eq!(map.text(1, 0x41).as_deref(), Some("\u{76D6}"));
        assert_eq!(map.text(1, 0x42).as_deref(), Some("\u{1F600}"));
        assert_eq!(map.text(2, 0x8142).as_deref(), Some("c"));
        assert_eq!(map.text(2, 0x8143), None);
        assert_eq!(map.text(2, 0x8151).as_deref(), Some("fi"));
        assert_eq!(map.cid(2, 0x9010), Some(516));
        assert_eq!(map.code_length(&[0x41, 0x42]), Some(1));
        assert_eq!(map.code_length(&[0x81, 0x50]), Some(2));
        assert_eq!(map.code_length(&[0x81, 0x00]), None);
        assert_eq!(map.code_length(&[]), None);
    }

    #[test]
    fn broken_maps_say_nothing() {
        for bytes in [
            &b""[..],
            b"beginbfchar <41> endbfchar",
            b"<0000> <FFFFFFFF> <41> endbfrange",
            b"[[[[ ( <",
        ] {
            let map = Cmap::read(bytes);
            assert_eq!(map.text(1, 0x41), None);
        }
    }
}
