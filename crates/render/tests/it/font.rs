//! A TrueType font of four figures, made here: what it looks like is known, and no fonts need to be installed.

/// Tables that are left out on purpose.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Without {
    Nothing,
    /// No `cmap`: characters have no glyphs, glyph numbers still do.
    Characters,
    /// No `hhea` and no `hmtx`, as subsets in real packages.
    Metrics,
}

/// Units of the square in which the figures stand.
const UNITS: i16 = 1000;

/// Glyph 1, 印: a square ring. Glyph 2, 章: a triangle. Glyph 3, A: the letter's left half. Glyph 4, B: a bar.
pub(crate) fn font(name: &str, without: Without) -> Vec<u8> {
    let glyphs: [&[&[(i16, i16)]]; 5] = [
        &[],
        &[
            &[(100, -100), (100, 800), (900, 800), (900, -100)],
            &[(300, 100), (700, 100), (700, 600), (300, 600)],
        ],
        &[&[(100, 0), (500, 800), (900, 0)]],
        &[&[(50, 0), (250, 700), (450, 700), (450, 0)]],
        &[&[(100, 0), (100, 700), (300, 700), (300, 0)]],
    ];
    let advances = [1000u16, 1000, 1000, 500, 500];
    let (mut glyf, mut loca) = (Vec::new(), Vec::new());
    for contours in glyphs {
        loca.extend((glyf.len() as u32).to_be_bytes());
        glyf.extend(glyph(contours));
    }
    loca.extend((glyf.len() as u32).to_be_bytes());
    let mut tables = vec![
        (*b"OS/2", os2()),
        (*b"glyf", glyf),
        (*b"head", head()),
        (*b"loca", loca),
        (*b"maxp", maxp(advances.len())),
        (*b"name", names(name)),
    ];
    if without != Without::Characters {
        tables.push((*b"cmap", cmap()));
    }
    if without != Without::Metrics {
        tables.push((*b"hhea", hhea(advances.len())));
        tables.push((
            *b"hmtx",
            advances
                .iter()
                .flat_map(|advance| [advance.to_be_bytes(), [0; 2]].concat())
                .collect(),
        ));
    }
    file(tables)
}

fn glyph(contours: &[&[(i16, i16)]]) -> Vec<u8> {
    if contours.is_empty() {
        return Vec::new();
    }
    let mut out = Vec::new();
    let points: Vec<_> = contours.concat();
    let around = |values: Vec<i16>| (*values.iter().min().unwrap(), *values.iter().max().unwrap());
    let (left, right) = around(points.iter().map(|point| point.0).collect());
    let (bottom, top) = around(points.iter().map(|point| point.1).collect());
    for value in [contours.len() as i16, left, bottom, right, top] {
        out.extend(value.to_be_bytes());
    }
    let mut end = 0;
    for contour in contours {
        end += contour.len() as u16;
        out.extend((end - 1).to_be_bytes());
    }
    out.extend([0; 2]);
    out.extend(points.iter().map(|_| 1)); // on the curve, both coordinates long
    let steps = |values: Vec<i16>| {
        let mut before = 0;
        values.into_iter().flat_map(move |value| {
            let step = value - before;
            before = value;
            step.to_be_bytes()
        })
    };
    out.extend(steps(points.iter().map(|point| point.0).collect()));
    out.extend(steps(points.iter().map(|point| point.1).collect()));
    out.resize(out.len().next_multiple_of(4), 0);
    out
}

fn head() -> Vec<u8> {
    let mut head = vec![0; 54];
    head[..4].copy_from_slice(&[0, 1, 0, 0]);
    head[12..16].copy_from_slice(&0x5F0F_3CF5u32.to_be_bytes());
    head[18..20].copy_from_slice(&UNITS.to_be_bytes());
    head[50..52].copy_from_slice(&1u16.to_be_bytes()); // long offsets in loca
    head
}

fn maxp(glyphs: usize) -> Vec<u8> {
    let mut maxp = vec![0; 32];
    maxp[..4].copy_from_slice(&[0, 1, 0, 0]);
    maxp[4..6].copy_from_slice(&(glyphs as u16).to_be_bytes());
    maxp
}

fn hhea(glyphs: usize) -> Vec<u8> {
    let mut hhea = vec![0; 36];
    hhea[..4].copy_from_slice(&[0, 1, 0, 0]);
    hhea[34..36].copy_from_slice(&(glyphs as u16).to_be_bytes());
    hhea
}

fn os2() -> Vec<u8> {
    let mut os2 = vec![0; 78];
    os2[4..6].copy_from_slice(&400u16.to_be_bytes());
    os2
}

/// Format 4, one segment for each character.
fn cmap() -> Vec<u8> {
    let characters = [('A', 3u16), ('B', 4), ('印', 1), ('章', 2)];
    let mut segments: Vec<(u16, u16)> = characters
        .map(|(character, glyph)| (character as u16, glyph))
        .to_vec();
    segments.push((0xFFFF, 0));
    let count = segments.len() as u16;
    let mut out = Vec::new();
    for value in [0, 1, 3, 1, 0, 12, 4, 16 + 8 * count, 0, count * 2, 0, 0, 0] {
        out.extend(value.to_be_bytes());
    }
    out.extend(segments.iter().flat_map(|(code, _)| code.to_be_bytes()));
    out.extend([0; 2]);
    out.extend(segments.iter().flat_map(|(code, _)| code.to_be_bytes()));
    out.extend(
        segments
            .iter()
            .flat_map(|(code, glyph)| glyph.wrapping_sub(*code).to_be_bytes()),
    );
    out.extend(segments.iter().flat_map(|_| [0; 2]));
    out
}

fn names(name: &str) -> Vec<u8> {
    let text: Vec<u8> = name.encode_utf16().flat_map(u16::to_be_bytes).collect();
    let mut out = Vec::new();
    for value in [0, 1, 18, 3, 1, 0x409, 1, text.len() as u16, 0] {
        out.extend(value.to_be_bytes());
    }
    out.extend(text);
    out
}

fn file(mut tables: Vec<([u8; 4], Vec<u8>)>) -> Vec<u8> {
    tables.sort();
    let mut out = vec![0, 1, 0, 0];
    out.extend((tables.len() as u16).to_be_bytes());
    out.extend([0; 6]);
    let mut offset = 12 + tables.len() * 16;
    for (tag, bytes) in &tables {
        out.extend(tag);
        out.extend([0; 4]);
        out.extend((offset as u32).to_be_bytes());
        out.extend((bytes.len() as u32).to_be_bytes());
        offset += bytes.len().next_multiple_of(4);
    }
    for (_, bytes) in tables {
        out.extend(bytes);
        out.resize(out.len().next_multiple_of(4), 0);
    }
    out
}
