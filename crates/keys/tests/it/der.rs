//! Writing and reshaping of DER, to build what no tool at hand writes.

/// One value.
pub(crate) fn value(tag: u8, contents: &[u8]) -> Vec<u8> {
    let mut out = vec![tag];
    match contents.len() {
        length @ 0..0x80 => out.push(length as u8),
        length @ 0x80..0x100 => out.extend([0x81, length as u8]),
        length => out.extend([0x82, (length >> 8) as u8, length as u8]),
    }
    out.extend_from_slice(contents);
    out
}

pub(crate) fn sequence(fields: &[&[u8]]) -> Vec<u8> {
    value(0x30, &fields.concat())
}

/// The same values in the manner of old tools: indefinite lengths, OCTET STRINGs in segments of four bytes,
/// at every level; OCTET STRINGs that hold ASN.1 themselves are reshaped inside as well when `inside` says
/// so.
pub(crate) fn as_old_ber(der: &[u8], inside: &dyn Fn(&[u8]) -> bool) -> Vec<u8> {
    let mut out = Vec::new();
    let mut rest = der;
    while !rest.is_empty() {
        let (tag, contents, after) = split(rest);
        rest = after;
        match tag {
            0x04 => {
                let contents = if inside(contents) {
                    as_old_ber(contents, inside)
                } else {
                    contents.to_vec()
                };
                out.extend([0x24, 0x80]);
                contents
                    .chunks(4)
                    .for_each(|segment| out.extend(value(0x04, segment)));
                out.extend([0, 0]);
            }
            0x80 => {
                out.extend([0xa0, 0x80]);
                contents
                    .chunks(4)
                    .for_each(|segment| out.extend(value(0x04, segment)));
                out.extend([0, 0]);
            }
            _ if tag & 0x20 != 0 => {
                out.extend([tag, 0x80]);
                out.extend(as_old_ber(contents, inside));
                out.extend([0, 0]);
            }
            _ => out.extend(value(tag, contents)),
        }
    }
    out
}

/// Whether these bytes are one SEQUENCE, whose length says where they end.
pub(crate) fn is_sequence(bytes: &[u8]) -> bool {
    let length = match bytes {
        [0x30, 0x81, length, ..] => 3 + usize::from(*length),
        [0x30, 0x82, high, low, ..] => 4 + (usize::from(*high) << 8 | usize::from(*low)),
        [0x30, length @ ..=0x7f, ..] => 2 + usize::from(*length),
        _ => return false,
    };
    length == bytes.len()
}

#[test]
fn what_only_begins_like_a_sequence_is_none() {
    assert!(is_sequence(&sequence(&[&value(2, &[7; 200])])) && is_sequence(&[0x30, 0]));
    let random = [&[0x30, 0xf6][..], &[9; 18]].concat();
    assert!(
        !is_sequence(&random) && !is_sequence(&[0x30]) && !is_sequence(&[0x30, 5, 1]) && !is_sequence(&[])
    );
}

/// Tag and contents of the first value, and what follows it. Lengths are DER's, below 64 KiB.
pub(crate) fn split(der: &[u8]) -> (u8, &[u8], &[u8]) {
    let (header, length) = match der[1] {
        0x81 => (3, usize::from(der[2])),
        0x82 => (4, usize::from(der[2]) << 8 | usize::from(der[3])),
        length => (2, usize::from(length)),
    };
    (der[0], &der[header..header + length], &der[header + length..])
}
