//! Decodes the filters that structure is written in (ISO 32000-1 §7.4): pictures keep their bytes.

use std::io::Read;

use crate::document::Budget;
use crate::error::{Error, limit};
use crate::limits::FILTERS_MAX;
use crate::object::{Dictionary, Object};

/// Decodes the data of a stream. Filters and their parameters stand in the dictionary itself.
pub(crate) fn decode(dictionary: &Dictionary, raw: &[u8], budget: &Budget) -> Result<Vec<u8>, Error> {
    let filters = one_or_more(dictionary.get("Filter").or_else(|| dictionary.get("F")));
    let parameters = one_or_more(dictionary.get("DecodeParms").or_else(|| dictionary.get("DP")));
    limit(filters.len(), FILTERS_MAX, "filters on one stream")?;
    let mut data = raw.to_vec();
    budget.take(data.len())?;
    for (index, filter) in filters.iter().enumerate() {
        let parameters = parameters
            .get(index)
            .and_then(|parameters| parameters.as_dictionary());
        data = match filter.as_name() {
            Some(b"FlateDecode" | b"Fl") => predict(inflate(&data, budget)?, parameters)?,
            Some(b"ASCIIHexDecode" | b"AHx") => ascii_hex(&data),
            Some(b"ASCII85Decode" | b"A85") => ascii_85(&data)?,
            // Whoever read the stream has decrypted it, or it says that there is nothing to decrypt.
            Some(b"Crypt") if index == 0 => data,
            _ => return Err(Error::Filter("a filter is not supported for structure")),
        };
    }
    Ok(data)
}

/// Deflates data for a stream with FlateDecode.
pub fn deflate(data: &[u8]) -> Vec<u8> {
    let mut deflated = Vec::new();
    let mut encoder = flate2::read::ZlibEncoder::new(data, flate2::Compression::default());
    // Reading from memory into memory does not fail.
    let _ = encoder.read_to_end(&mut deflated);
    deflated
}

fn one_or_more(value: Option<&Object>) -> Vec<&Object> {
    match value {
        None | Some(Object::Null) => Vec::new(),
        Some(Object::Array(elements)) => elements.iter().collect(),
        Some(other) => vec![other],
    }
}

fn inflate(data: &[u8], budget: &Budget) -> Result<Vec<u8>, Error> {
    let mut inflated = Vec::new();
    let allowed = budget.left();
    let mut reader = flate2::read::ZlibDecoder::new(data).take(allowed as u64 + 1);
    // Real files are often cut a few bytes before the checksum: what was inflated counts.
    if reader.read_to_end(&mut inflated).is_err() && inflated.is_empty() {
        return Err(Error::Filter("FlateDecode meets damaged data"));
    }
    budget.take(inflated.len())?;
    Ok(inflated)
}

/// Undoes the PNG predictors (§7.4.4.4).
fn predict(data: Vec<u8>, parameters: Option<&Dictionary>) -> Result<Vec<u8>, Error> {
    let number = |key, default| {
        let found = parameters
            .and_then(|parameters| parameters.get(key))
            .and_then(Object::as_integer);
        found.unwrap_or(default).clamp(0, 1 << 20) as usize
    };
    match number("Predictor", 1) {
        0 | 1 => return Ok(data),
        10..=15 => {}
        _ => return Err(Error::Filter("a predictor is not supported")),
    }
    let bits = number("Colors", 1).max(1) * number("BitsPerComponent", 8).max(1);
    let pixel = bits.div_ceil(8);
    let row = (bits * number("Columns", 1).max(1)).div_ceil(8);
    let mut previous = vec![0; row];
    let mut output = Vec::with_capacity(data.len());
    for line in data.chunks(row + 1) {
        let Some((kind, line)) = line.split_first() else {
            break;
        };
        let mut current = vec![0; row];
        for (index, byte) in line.iter().enumerate() {
            let left = index.checked_sub(pixel).map_or(0, |left| current[left]);
            let corner = index.checked_sub(pixel).map_or(0, |left| previous[left]);
            let guess = match kind {
                0 => 0,
                1 => left,
                2 => previous[index],
                3 => ((u16::from(left) + u16::from(previous[index])) / 2) as u8,
                4 => paeth(left, previous[index], corner),
                _ => return Err(Error::Filter("a PNG predictor is unknown")),
            };
            current[index] = byte.wrapping_add(guess);
        }
        output.extend_from_slice(&current[..line.len()]);
        previous = current;
    }
    Ok(output)
}

fn paeth(left: u8, above: u8, corner: u8) -> u8 {
    let (a, b, c) = (i16::from(left), i16::from(above), i16::from(corner));
    let guess = a + b - c;
    let (to_a, to_b, to_c) = ((guess - a).abs(), (guess - b).abs(), (guess - c).abs());
    if to_a <= to_b && to_a <= to_c {
        left
    } else if to_b <= to_c {
        above
    } else {
        corner
    }
}

fn ascii_hex(data: &[u8]) -> Vec<u8> {
    let digits = data.iter().take_while(|byte| **byte != b'>');
    let digits: Vec<u8> = digits
        .filter_map(|byte| Some((*byte as char).to_digit(16)? as u8))
        .collect();
    digits
        .chunks(2)
        .map(|pair| pair[0] << 4 | pair.get(1).copied().unwrap_or(0))
        .collect()
}

fn ascii_85(data: &[u8]) -> Result<Vec<u8>, Error> {
    let mut output = Vec::with_capacity(data.len());
    let mut group: Vec<u8> = Vec::with_capacity(5);
    for byte in data {
        match byte {
            b'~' => break,
            b'z' if group.is_empty() => output.extend_from_slice(&[0; 4]),
            b'!'..=b'u' => group.push(byte - b'!'),
            _ => {}
        }
        if group.len() == 5 {
            output.extend_from_slice(&group_of_85(&group)?);
            group.clear();
        }
    }
    if group.len() > 1 {
        let kept = group.len() - 1;
        group.resize(5, 84);
        output.extend_from_slice(&group_of_85(&group)?[..kept]);
    }
    Ok(output)
}

fn group_of_85(group: &[u8]) -> Result<[u8; 4], Error> {
    let number = group
        .iter()
        .fold(0_u64, |number, digit| number * 85 + u64::from(*digit));
    let number =
        u32::try_from(number).map_err(|_| Error::Filter("ASCII85Decode meets a number above 2³²"))?;
    Ok(number.to_be_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ascii_filters() {
        assert_eq!(ascii_hex(b"48 65 6c6C6F7>"), b"Hellop");
        assert_eq!(ascii_85(b"87cURD]i,\"Ebo80~>").unwrap(), b"Hello World!");
        assert!(ascii_85(b"uuuuu").is_err());
    }

    #[test]
    fn png_predictors() {
        let mut parameters = Dictionary::default();
        parameters.set("Predictor", Object::Integer(12));
        parameters.set("Columns", Object::Integer(3));
        let rows = vec![0, 1, 2, 3, 2, 1, 1, 1, 1, 1, 1, 1, 4, 1, 0, 0, 3, 2, 2, 2];
        let expected = [1, 2, 3, 2, 3, 4, 1, 2, 3, 2, 2, 3, 3, 4, 5];
        assert_eq!(predict(rows, Some(&parameters)).unwrap(), expected);
    }

    #[test]
    fn a_bomb_meets_the_budget() {
        use std::io::Write;
        let mut encoder = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::fast());
        encoder.write_all(&vec![0; 1 << 20]).unwrap();
        let bomb = encoder.finish().unwrap();
        let budget = Budget::of(1 << 16);
        assert!(matches!(inflate(&bomb, &budget), Err(Error::Limit { .. })));
    }
}
