//! One font face: which glyph a character has, and what it looks like.

use std::borrow::Cow;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use skrifa::instance::{LocationRef, Size};
use skrifa::outline::{DrawSettings, OutlinePen};
use skrifa::{FontRef, GlyphId, MetadataProvider};
use tiny_skia::{Path, PathBuilder};

/// Outlines and characters that are kept for one face.
const KEPT_MAX: usize = 8192;
/// Points of one glyph.
const GLYPH_POINTS_MAX: usize = 50_000;

/// A face, with the outlines that were used.
pub(crate) struct Face {
    /// The design is bold already.
    pub(crate) is_bold: bool,
    /// The design is slanted already.
    pub(crate) is_italic: bool,
    pub(crate) units_per_em: f32,
    data: Cow<'static, [u8]>,
    index: u32,
    kept: Mutex<Kept>,
}

#[derive(Default)]
struct Kept {
    characters: HashMap<char, Option<u32>>,
    glyphs: HashMap<u32, Glyph>,
}

/// A glyph, in units of the font, y upwards.
#[derive(Clone)]
pub(crate) struct Glyph {
    /// `None` for a blank.
    pub(crate) path: Option<Arc<Path>>,
    pub(crate) advance: f32,
}

impl Face {
    /// Reads a TrueType or OpenType font; `None` when it has no outlines that can be read.
    pub(crate) fn new(data: Vec<u8>, index: u32) -> Option<Self> {
        let mut data = data;
        if usable(&data, index).is_none() {
            // Subsets in packages lack tables that drawing outlines needs only for their sizes.
            data = with_missing_tables(&data)?;
        }
        let (units_per_em, is_bold, is_italic) = usable(&data, index)?;
        Some(Self {
            is_bold,
            is_italic,
            units_per_em,
            data: Cow::Owned(data),
            index,
            kept: Mutex::default(),
        })
    }

    /// The glyph of a character, if the font has one.
    pub(crate) fn glyph_id(&self, character: char) -> Option<u32> {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = kept.characters.get(&character) {
            return *known;
        }
        let found = self.look_up(character);
        if kept.characters.len() < KEPT_MAX {
            kept.characters.insert(character, found);
        }
        found
    }

    fn look_up(&self, character: char) -> Option<u32> {
        let font = FontRef::from_index(&self.data, self.index).ok()?;
        let map = font.charmap();
        let code = u32::from(character);
        // Symbol fonts keep their characters in a private area.
        let found = map.map(character).or_else(|| {
            (code <= 0xFF && map.is_symbol())
                .then(|| map.map(0xF000 + code))
                .flatten()
        });
        found.map(|glyph| glyph.to_u32()).filter(|glyph| *glyph != 0)
    }

    /// What a glyph looks like; blank where the font has no such glyph.
    pub(crate) fn glyph(&self, id: u32) -> Glyph {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = kept.glyphs.get(&id) {
            return known.clone();
        }
        let glyph = self.draw(id).unwrap_or(Glyph {
            path: None,
            advance: self.units_per_em,
        });
        if kept.glyphs.len() < KEPT_MAX {
            kept.glyphs.insert(id, glyph.clone());
        }
        glyph
    }

    fn draw(&self, id: u32) -> Option<Glyph> {
        let font = FontRef::from_index(&self.data, self.index).ok()?;
        let metrics = font.glyph_metrics(Size::unscaled(), LocationRef::default());
        let advance = metrics
            .advance_width(GlyphId::new(id))
            .unwrap_or(self.units_per_em);
        let path = font.outline_glyphs().get(GlyphId::new(id)).and_then(|outline| {
            let mut pen = Pen {
                builder: PathBuilder::new(),
            };
            let settings = DrawSettings::unhinted(Size::unscaled(), LocationRef::default());
            outline.draw(settings, &mut pen).ok()?;
            pen.builder.finish()
        });
        Some(Glyph {
            path: path.map(Arc::new),
            advance,
        })
    }
}

/// Units per em, bold, italic, where the font can be drawn from.
fn usable(data: &[u8], index: u32) -> Option<(f32, bool, bool)> {
    let font = FontRef::from_index(data, index).ok()?;
    font.outline_glyphs().format()?;
    let units = font
        .metrics(Size::unscaled(), LocationRef::default())
        .units_per_em;
    let attributes = font.attributes();
    Some((
        f32::from(units.max(16)),
        attributes.weight.value() >= 600.0,
        attributes.style != skrifa::attribute::Style::Normal,
    ))
}

struct Pen {
    builder: PathBuilder,
}

impl Pen {
    fn has_room(&self) -> bool {
        self.builder.len() < GLYPH_POINTS_MAX
    }
}

impl OutlinePen for Pen {
    fn move_to(&mut self, x: f32, y: f32) {
        if self.has_room() {
            self.builder.move_to(x, y);
        }
    }

    fn line_to(&mut self, x: f32, y: f32) {
        if self.has_room() {
            self.builder.line_to(x, y);
        }
    }

    fn quad_to(&mut self, cx: f32, cy: f32, x: f32, y: f32) {
        if self.has_room() {
            self.builder.quad_to(cx, cy, x, y);
        }
    }

    fn curve_to(&mut self, ax: f32, ay: f32, bx: f32, by: f32, x: f32, y: f32) {
        if self.has_room() {
            self.builder.cubic_to(ax, ay, bx, by, x, y);
        }
    }

    fn close(&mut self) {
        self.builder.close();
    }
}

/// A table of a font file.
struct Table<'a> {
    tag: [u8; 4],
    bytes: Cow<'a, [u8]>,
}

/// The font again, with horizontal metrics made up where it has none; a bare CFF font is wrapped. `None` where
/// nothing is missing that could be made up.
fn with_missing_tables(data: &[u8]) -> Option<Vec<u8>> {
    let mut tables = if let [1, 0, 4..=16, 1..=4, ..] = data {
        vec![Table {
            tag: *b"CFF ",
            bytes: Cow::Borrowed(data),
        }]
    } else {
        read_tables(data)?
    };
    let has = |tables: &[Table<'_>], tag: &[u8; 4]| tables.iter().any(|table| &table.tag == tag);
    let add = |tables: &mut Vec<Table<'_>>, tag: &[u8; 4], bytes: Vec<u8>| {
        if !has(tables, tag) {
            tables.push(Table {
                tag: *tag,
                bytes: Cow::Owned(bytes),
            });
        }
    };
    if !has(&tables, b"glyf") && !has(&tables, b"CFF ") {
        return None;
    }
    // 1000 units per em is what CFF fonts have; times and boxes do not matter for outlines.
    let mut head = vec![0; 54];
    head[..4].copy_from_slice(&[0, 1, 0, 0]);
    head[12..16].copy_from_slice(&0x5F0F_3CF5u32.to_be_bytes());
    head[18..20].copy_from_slice(&1000u16.to_be_bytes());
    add(&mut tables, b"head", head);
    let mut maxp = vec![0; 6];
    maxp[..4].copy_from_slice(&[0, 0, 0x50, 0]);
    maxp[4..6].copy_from_slice(&u16::MAX.to_be_bytes());
    add(&mut tables, b"maxp", maxp);
    if !has(&tables, b"hhea") || !has(&tables, b"hmtx") {
        tables.retain(|table| table.tag != *b"hhea" && table.tag != *b"hmtx");
        let mut hhea = vec![0; 36];
        hhea[..4].copy_from_slice(&[0, 1, 0, 0]);
        hhea[34..36].copy_from_slice(&1u16.to_be_bytes());
        add(&mut tables, b"hhea", hhea);
        add(&mut tables, b"hmtx", vec![0x03, 0xE8, 0, 0]);
    }
    Some(write_tables(tables))
}

fn read_tables(data: &[u8]) -> Option<Vec<Table<'_>>> {
    if !matches!(data.get(..4)?, [0, 1, 0, 0] | b"OTTO" | b"true") {
        return None;
    }
    let count = u16::from_be_bytes([*data.get(4)?, *data.get(5)?]);
    let records = data.get(12..)?.chunks_exact(16).take(usize::from(count));
    let tables = records.filter_map(|record| {
        let number =
            |at: usize| u32::from_be_bytes([record[at], record[at + 1], record[at + 2], record[at + 3]]);
        let start = number(8) as usize;
        let end = start.checked_add(number(12) as usize)?.min(data.len());
        Some(Table {
            tag: [record[0], record[1], record[2], record[3]],
            bytes: Cow::Borrowed(data.get(start..end)?),
        })
    });
    Some(tables.collect())
}

fn write_tables(mut tables: Vec<Table<'_>>) -> Vec<u8> {
    tables.sort_by_key(|table| table.tag);
    tables.dedup_by_key(|table| table.tag);
    let is_cff = tables.iter().any(|table| &table.tag == b"CFF ");
    let mut out = if is_cff {
        b"OTTO".to_vec()
    } else {
        vec![0, 1, 0, 0]
    };
    // Tables of a font are at most 65 535, as counted by its own directory.
    out.extend((tables.len() as u16).to_be_bytes());
    out.extend([0; 6]);
    let mut offset = 12 + tables.len() * 16;
    for table in &tables {
        out.extend(table.tag);
        out.extend([0; 4]);
        out.extend((offset as u32).to_be_bytes());
        out.extend((table.bytes.len() as u32).to_be_bytes());
        offset += table.bytes.len().next_multiple_of(4);
    }
    for table in &tables {
        out.extend_from_slice(&table.bytes);
        out.resize(out.len().next_multiple_of(4), 0);
    }
    out
}
