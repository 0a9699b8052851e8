//! Values as bytes.

use crate::object::{Dictionary, Object};

/// Writes a value. Streams are written by the update that holds their data.
pub(crate) fn put_object(bytes: &mut Vec<u8>, object: &Object) {
    match object {
        Object::Null => bytes.extend_from_slice(b"null"),
        Object::Boolean(value) => bytes.extend_from_slice(if *value { b"true" } else { b"false" }),
        Object::Integer(number) => bytes.extend_from_slice(number.to_string().as_bytes()),
        // All digits: a number that is written again means what it meant.
        Object::Real(number) => bytes.extend_from_slice(number.to_string().as_bytes()),
        Object::Name(name) => put_name(bytes, name),
        Object::Text(text) => put_string(bytes, &text.bytes),
        Object::Array(elements) => {
            bytes.push(b'[');
            for (index, element) in elements.iter().enumerate() {
                if index > 0 {
                    bytes.push(b' ');
                }
                put_object(bytes, element);
            }
            bytes.push(b']');
        }
        Object::Dictionary(dictionary) => put_dictionary(bytes, dictionary),
        Object::Stream(stream) => put_dictionary(bytes, &stream.dictionary),
        Object::Reference(id) => bytes.extend_from_slice(id.to_string().as_bytes()),
    }
}

pub(crate) fn put_dictionary(bytes: &mut Vec<u8>, dictionary: &Dictionary) {
    bytes.extend_from_slice(b"<<");
    for (key, value) in dictionary.iter() {
        put_name(bytes, key);
        bytes.push(b' ');
        put_object(bytes, value);
    }
    bytes.extend_from_slice(b">>");
}

/// For drawings: at most four digits behind the point: a thousandth of a millimetre is 0.003 units.
pub(crate) fn number_text(number: f64) -> String {
    let text = format!("{number:.4}");
    let text = text.trim_end_matches('0').trim_end_matches('.');
    if text.is_empty() || text == "-0" {
        "0".into()
    } else {
        text.into()
    }
}

fn put_name(bytes: &mut Vec<u8>, name: &[u8]) {
    bytes.push(b'/');
    for byte in name {
        let plain = byte.is_ascii_alphanumeric() || b"+-_.*:".contains(byte);
        if plain {
            bytes.push(*byte);
        } else {
            bytes.extend_from_slice(format!("#{byte:02x}").as_bytes());
        }
    }
}

fn put_string(bytes: &mut Vec<u8>, text: &[u8]) {
    let plain = text
        .iter()
        .all(|byte| matches!(byte, b' '..=b'~') && !b"()\\".contains(byte));
    if plain {
        bytes.push(b'(');
        bytes.extend_from_slice(text);
        bytes.push(b')');
    } else {
        bytes.push(b'<');
        for byte in text {
            bytes.extend_from_slice(format!("{byte:02x}").as_bytes());
        }
        bytes.push(b'>');
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::syntax::Parser;

    #[test]
    fn what_is_written_is_read_again() {
        let source = "<</A [1 -2.5 true null (x) <00ff> /N#20m 3 0 R]/B <</C /D>>>>";
        let object = Parser::in_stream(source.as_bytes(), 0).object().unwrap();
        let mut bytes = Vec::new();
        put_object(&mut bytes, &object);
        let again = Parser::in_stream(&bytes, 0).object().unwrap();
        let plain =
            |object: &Object| format!("{object:?}").replace("hexadecimal: true", "hexadecimal: false");
        assert_eq!(plain(&object), plain(&again));
    }

    #[test]
    fn numbers_have_no_exponents() {
        assert_eq!(number_text(0.000_01), "0");
        assert_eq!(number_text(-12.340), "-12.34");
        assert_eq!(number_text(1e9), "1000000000");
    }
}
