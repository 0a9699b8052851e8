//! PEM (RFC 7468), as tolerantly as real files need it.

use base64::Engine as _;
use base64::alphabet;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};

use crate::Error;

/// Most blocks that are read of one text.
const BLOCKS_MAX: usize = 10_000;
/// Characters of base64 on a line (RFC 7468 §2).
const LINE_CHARACTERS: usize = 64;

const BEGIN: &[u8] = b"-----BEGIN ";
const END: &[u8] = b"-----END ";
const DASHES: &[u8] = b"-----";

/// Some software leaves the padding out, or bits set in it.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &alphabet::STANDARD,
    GeneralPurposeConfig::new()
        .with_decode_allow_trailing_bits(true)
        .with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// One block: what it says it is, and its bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PemBlock {
    /// The label, such as `CERTIFICATE`.
    pub label: String,
    /// The decoded bytes.
    pub der: Vec<u8>,
}

/// Whether a PEM block stands anywhere in `bytes`.
pub fn is_pem(bytes: &[u8]) -> bool {
    find(bytes, BEGIN).is_some()
}

/// All blocks of a text, in their order; what stands between them is passed over.
pub fn read_pem(text: &[u8]) -> Result<Vec<PemBlock>, Error> {
    let mut blocks = Vec::new();
    let mut rest = text;
    while let Some(start) = find(rest, BEGIN) {
        if blocks.len() == BLOCKS_MAX {
            return Err(Error::TooLarge {
                what: "PEM blocks (count)",
                found: BLOCKS_MAX + 1,
                max: BLOCKS_MAX,
            });
        }
        rest = &rest[start + BEGIN.len()..];
        let label_end = find(rest, DASHES).ok_or(Error::BadPem {
            problem: "a BEGIN line does not end",
        })?;
        let label = std::str::from_utf8(&rest[..label_end]).map_err(|_| Error::BadPem {
            problem: "a BEGIN line is no text",
        })?;
        rest = &rest[label_end + DASHES.len()..];
        let end = find(rest, END).ok_or(Error::BadPem {
            problem: "a block has no END line",
        })?;
        blocks.push(PemBlock {
            label: label.to_owned(),
            der: decode_base64(&rest[..end])?,
        });
        rest = &rest[end + END.len()..];
    }
    Ok(blocks)
}

/// PEM text of one block, lines ended by a line feed.
pub fn write_pem(label: &str, der: &[u8]) -> String {
    let body = BASE64.encode(der);
    let mut text = format!("-----BEGIN {label}-----\n");
    let mut rest = body.as_str();
    while !rest.is_empty() {
        let (line, after) = rest.split_at(rest.len().min(LINE_CHARACTERS));
        text.push_str(line);
        text.push('\n');
        rest = after;
    }
    text.push_str(&format!("-----END {label}-----\n"));
    text
}

/// Base64 with any white space, and with the header lines that old PEM (RFC 1421) has before an empty line.
pub(crate) fn decode_base64(text: &[u8]) -> Result<Vec<u8>, Error> {
    let body = match text.contains(&b':') {
        true => find(text, b"\n\n")
            .or_else(|| find(text, b"\n\r\n"))
            .map_or(text, |blank| &text[blank..]),
        false => text,
    };
    let symbols: Vec<u8> = body
        .iter()
        .copied()
        .filter(|byte| !byte.is_ascii_whitespace())
        .collect();
    BASE64.decode(symbols).map_err(|_| Error::BadPem {
        problem: "it holds characters that are no base64",
    })
}

fn find(bytes: &[u8], needle: &[u8]) -> Option<usize> {
    bytes.windows(needle.len()).position(|window| window == needle)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_reads_back() {
        for length in [0, 1, 47, 48, 49, 500] {
            let der = vec![7; length];
            let text = write_pem("X", &der);
            assert!(text.lines().all(|line| line.len() <= LINE_CHARACTERS));
            assert_eq!(
                read_pem(text.as_bytes()).unwrap(),
                [PemBlock {
                    label: "X".into(),
                    der
                }]
            );
        }
    }

    #[test]
    fn several_blocks_with_text_between_and_odd_lines() {
        let text = b"subject=x\n-----BEGIN A-----\r\nAQ\r\nID\r\n-----END A-----\njunk -----BEGIN B-----Kg-----END B-----";
        let blocks = read_pem(text).unwrap();
        assert_eq!(
            blocks
                .iter()
                .map(|block| block.label.as_str())
                .collect::<Vec<_>>(),
            ["A", "B"]
        );
        assert_eq!(blocks[0].der, [1, 2, 3]);
        assert_eq!(blocks[1].der, [42]);
    }

    #[test]
    fn headers_of_old_pem_are_passed_over() {
        let text = b"-----BEGIN A-----\nProc-Type: 4,ENCRYPTED\n\nAQID\n-----END A-----\n";
        assert_eq!(read_pem(text).unwrap()[0].der, [1, 2, 3]);
    }

    #[test]
    fn damaged_text_is_refused() {
        for text in [
            "-----BEGIN A",
            "-----BEGIN A-----\nAQID\n",
            "-----BEGIN A-----\nA?ID\n-----END A-----",
        ] {
            assert!(
                matches!(read_pem(text.as_bytes()), Err(Error::BadPem { .. })),
                "{text}"
            );
        }
        assert_eq!(read_pem(b"no block at all"), Ok(vec![]));
    }
}
