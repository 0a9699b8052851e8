//! Fonts of folders: what they are called, and which of them stands in for a font that a package does not hold.

use std::collections::HashMap;
use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use skrifa::raw::tables::name::Name;
use skrifa::raw::{FontData, FontRead};

use crate::face::Face;

/// Folders within each other.
const DEPTH_MAX: u32 = 8;
/// Font files of all folders.
const FILES_MAX: usize = 10_000;
/// Faces of one collection.
const COLLECTION_MAX: u32 = 64;
/// Bytes of one font file.
const FILE_BYTES_MAX: u64 = 128 << 20;
/// Bytes of a `name` table.
const NAME_BYTES_MAX: u32 = 1 << 20;
/// Faces that are opened to look for one character that the wanted fonts do not have.
const LAST_RESORT_MAX: usize = 8;
/// Characters of which it is known that no font has them.
const MISSING_MAX: usize = 4096;

/// The fonts that may stand in for those which a document names but does not hold.
///
/// Only names are read at first; a font is opened when it is used.
#[derive(Default)]
pub struct FontLibrary {
    entries: Vec<Entry>,
    missing: Mutex<HashMap<char, ()>>,
}

struct Entry {
    /// Where it comes from.
    source: Source,
    index: u32,
    /// Families and full names, folded.
    names: Vec<String>,
    /// For messages.
    family: String,
    weight: u16,
    italic: bool,
    face: OnceLock<Option<Arc<Face>>>,
}

enum Source {
    File(PathBuf),
    Bytes(Arc<[u8]>),
}

/// A face as a file.
pub(crate) struct FontFile {
    pub(crate) bytes: Arc<dyn AsRef<[u8]> + Send + Sync>,
    /// Which face, in a collection.
    pub(crate) index: u32,
    pub(crate) family: String,
    /// It is the very font that was wanted.
    pub(crate) is_exact: bool,
}

/// What a document says about the font it wants.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct Wanted {
    pub(crate) name: String,
    pub(crate) family: String,
    pub(crate) bold: bool,
    pub(crate) italic: bool,
    pub(crate) serif: bool,
    pub(crate) fixed: bool,
}

impl FontLibrary {
    /// All fonts (ttf, otf, ttc, otc) in these folders and the folders inside them. What cannot be read is
    /// passed over.
    pub fn from_folders<P: AsRef<Path>>(folders: &[P]) -> Self {
        let mut files = Vec::new();
        for folder in folders {
            collect(folder.as_ref(), 0, &mut files);
        }
        files.sort();
        let mut library = Self::default();
        for path in files {
            if let Ok(mut file) = File::open(&path) {
                library.add(&mut file, || Source::File(path.clone()));
            }
        }
        library
    }

    /// Adds the faces of a font file in memory.
    pub fn add_font(&mut self, bytes: &[u8]) {
        let bytes: Arc<[u8]> = bytes.into();
        self.add(&mut std::io::Cursor::new(&bytes), || {
            Source::Bytes(Arc::clone(&bytes))
        });
    }

    /// How many faces there are.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// There is no face at all.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    fn add(&mut self, file: &mut (impl Read + Seek), source: impl Fn() -> Source) {
        for (index, offset) in face_offsets(file).unwrap_or_default().into_iter().enumerate() {
            if let Some(description) = describe(file, offset) {
                self.entries.push(Entry {
                    source: source(),
                    index: index as u32, // at most COLLECTION_MAX
                    names: description.names,
                    family: description.family,
                    weight: description.weight,
                    italic: description.italic,
                    face: OnceLock::new(),
                });
            }
        }
    }

    /// The faces to try for a font, the best first. Nothing is opened.
    pub(crate) fn candidates(&self, wanted: &Wanted) -> Vec<usize> {
        let mut found: Vec<usize> = Vec::new();
        let mut take = |name: &str| {
            let best = (0..self.entries.len())
                .filter(|index| self.entries[*index].names.iter().any(|known| known == name))
                .min_by_key(|index| self.entries[*index].distance(wanted));
            found.extend(best.filter(|best| !found.contains(best)));
        };
        for name in [&wanted.name, &wanted.family] {
            take(&fold(name));
            // "SimSun,Bold" and "方正小标宋_GBK" are families with something behind them.
            if let Some((family, _)) = name.split_once([',', '_']) {
                take(&fold(family));
            }
        }
        stand_ins(wanted).iter().for_each(|family| take(family));
        found
    }

    /// The first of the candidates that has the character; otherwise any face that has it.
    pub(crate) fn face_for(&self, candidates: &[usize], character: char) -> Option<Arc<Face>> {
        let has = |index: &usize| {
            let face = self.face(*index)?;
            face.glyph_id(character).map(|_| face)
        };
        if let Some(face) = candidates.iter().find_map(has) {
            return Some(face);
        }
        let lock = || self.missing.lock().unwrap_or_else(PoisonError::into_inner);
        if lock().contains_key(&character) {
            return None;
        }
        let others = (0..self.entries.len()).filter(|index| !candidates.contains(index));
        let found = others.take(LAST_RESORT_MAX).find_map(|index| has(&index));
        if found.is_none() && lock().len() < MISSING_MAX {
            lock().insert(character, ());
        }
        found
    }

    /// The file of the best candidate, for those who read fonts themselves.
    pub(crate) fn file_for(&self, wanted: &Wanted) -> Option<FontFile> {
        let candidates = self.candidates(wanted);
        let entry = self.entries.get(*candidates.first()?)?;
        Some(FontFile {
            bytes: Arc::new(entry.source.read()?),
            index: entry.index,
            family: entry.family.clone(),
            is_exact: self.is_exact(&candidates, wanted),
        })
    }

    /// The best candidate is the very font that is wanted.
    pub(crate) fn is_exact(&self, candidates: &[usize], wanted: &Wanted) -> bool {
        let names = [fold(&wanted.name), fold(&wanted.family)];
        let first = candidates.first().map(|first| &self.entries[*first]);
        first.is_some_and(|first| first.names.iter().any(|name| names.contains(name)))
    }

    /// What the face's family is called.
    pub(crate) fn family(&self, index: usize) -> &str {
        &self.entries[index].family
    }

    fn face(&self, index: usize) -> Option<Arc<Face>> {
        let entry = self.entries.get(index)?;
        let open = || Face::new(entry.source.read()?, entry.index).map(Arc::new);
        entry.face.get_or_init(open).clone()
    }
}

impl Source {
    fn read(&self) -> Option<Vec<u8>> {
        match self {
            Self::File(path) => {
                let mut data = Vec::new();
                let file = File::open(path).ok()?;
                file.take(FILE_BYTES_MAX).read_to_end(&mut data).ok()?;
                Some(data)
            }
            Self::Bytes(bytes) => Some(bytes.to_vec()),
        }
    }
}

impl Entry {
    fn distance(&self, wanted: &Wanted) -> u16 {
        let weight: u16 = if wanted.bold { 700 } else { 400 };
        self.weight.abs_diff(weight) + if self.italic == wanted.italic { 0 } else { 150 }
    }
}

/// Families that look like the wanted one, folded, the nearest first. All end with a face for Chinese.
fn stand_ins(wanted: &Wanted) -> Vec<&'static str> {
    let name = fold(&format!("{}{}", wanted.name, wanted.family));
    let has = |words: &[&str]| words.iter().any(|word| name.contains(word));
    let mut families: Vec<&[&'static str]> = Vec::new();
    if wanted.fixed || has(&["courier", "mono", "consol", "ocr", "等宽"]) {
        families.push(&MONO);
    } else if has(&["times", "roman", "georgia", "garamond", "cambria"]) {
        families.push(&LATIN_SERIF);
    } else if has(&["arial", "helvetica", "verdana", "tahoma", "calibri", "segoe"]) {
        families.push(&LATIN_SANS);
    }
    let chinese_first = !families.is_empty();
    if has(&["仿宋", "fangsong"]) {
        families.extend([&FANGSONG[..], &SONG]);
    } else if has(&["楷", "kai"]) {
        families.extend([&KAI[..], &SONG]);
    } else if has(&["黑", "hei", "圆", "yahei", "sans", "gothic"])
        || (has(&["arial", "helvetica", "verdana", "tahoma", "calibri", "segoe"]) && !wanted.serif)
    {
        families.extend([&HEI[..], &SONG]);
    } else {
        families.extend([&SONG[..], &HEI]);
    }
    if !chinese_first {
        families.push(&LATIN_SERIF);
    }
    families.push(&LATIN_SANS);
    families.concat()
}

const SONG: [&str; 10] = [
    "simsun",
    "宋体",
    "nsimsun",
    "stsong",
    "notoserifcjksc",
    "notoserifsc",
    "sourcehanserifsc",
    "思源宋体",
    "songtisc",
    "arplumingcn",
];
const FANGSONG: [&str; 5] = ["fangsong", "仿宋", "fangsonggb2312", "仿宋gb2312", "stfangsong"];
const KAI: [&str; 7] = [
    "kaiti",
    "楷体",
    "kaitigb2312",
    "楷体gb2312",
    "stkaiti",
    "lxgwwenkai",
    "arplukaicn",
];
const HEI: [&str; 9] = [
    "simhei",
    "黑体",
    "microsoftyahei",
    "微软雅黑",
    "notosanscjksc",
    "notosanssc",
    "sourcehansanssc",
    "思源黑体",
    "wenquanyizenhei",
];
const MONO: [&str; 5] = [
    "couriernew",
    "liberationmono",
    "cousine",
    "notosansmonocjksc",
    "dejavusansmono",
];
const LATIN_SERIF: [&str; 4] = ["timesnewroman", "liberationserif", "tinos", "dejavuserif"];
const LATIN_SANS: [&str; 4] = ["arial", "liberationsans", "arimo", "dejavusans"];

/// Names that differ only in case, spaces and punctuation are the same.
fn fold(name: &str) -> String {
    name.chars()
        .filter(|character| character.is_alphanumeric())
        .flat_map(char::to_lowercase)
        .collect()
}

fn collect(folder: &Path, depth: u32, files: &mut Vec<PathBuf>) {
    let Ok(entries) = std::fs::read_dir(folder) else {
        return;
    };
    for entry in entries.flatten() {
        let path = entry.path();
        if path.is_dir() {
            if depth < DEPTH_MAX {
                collect(&path, depth + 1, files);
            }
        } else if files.len() < FILES_MAX && is_font(&path) {
            files.push(path);
        }
    }
}

fn is_font(path: &Path) -> bool {
    let extension = path.extension().and_then(|extension| extension.to_str());
    let extension = extension.unwrap_or_default().to_ascii_lowercase();
    matches!(extension.as_str(), "ttf" | "otf" | "ttc" | "otc")
}

struct Description {
    names: Vec<String>,
    family: String,
    weight: u16,
    italic: bool,
}

/// Where the faces of a file begin.
fn face_offsets(file: &mut (impl Read + Seek)) -> Option<Vec<u32>> {
    let head = read_at(file, 0, 12)?;
    if head.starts_with(b"ttcf") {
        let count = be32(&head[8..12]).min(COLLECTION_MAX);
        let offsets = read_at(file, 12, count * 4)?;
        return Some(offsets.chunks_exact(4).map(be32).collect());
    }
    matches!(&head[..4], [0, 1, 0, 0] | b"OTTO" | b"true").then(|| vec![0])
}

/// Reads `name` and `OS/2` and nothing else.
fn describe(file: &mut (impl Read + Seek), offset: u32) -> Option<Description> {
    let head = read_at(file, offset, 12)?;
    let count = u32::from(u16::from_be_bytes([head[4], head[5]]));
    let records = read_at(file, offset.checked_add(12)?, count * 16)?;
    let table = |tag: &[u8; 4]| records.chunks_exact(16).find(|record| record.starts_with(tag));
    let name = table(b"name")?;
    let bytes = read_at(file, be32(&name[8..12]), be32(&name[12..16]).min(NAME_BYTES_MAX))?;
    let names = Name::read(FontData::new(&bytes)).ok()?;
    let mut description = Description {
        names: Vec::new(),
        family: String::new(),
        weight: 400,
        italic: false,
    };
    for record in names.name_record() {
        // 1: family, 4: full name, 6: PostScript name, 16: typographic family.
        if !matches!(record.name_id().to_u16(), 1 | 4 | 6 | 16) {
            continue;
        }
        let Ok(text) = record.string(names.string_data()) else {
            continue;
        };
        let text: String = text.chars().take(128).collect();
        if description.family.is_empty() || (record.name_id().to_u16() == 1 && record.language_id() == 0x409)
        {
            description.family.clone_from(&text);
        }
        let folded = fold(&text);
        if !folded.is_empty() && !description.names.contains(&folded) {
            description.names.push(folded);
        }
    }
    if let Some(os2) = table(b"OS/2")
        && let Some(os2) = read_at(file, be32(&os2[8..12]), 64)
    {
        description.weight = u16::from_be_bytes([os2[4], os2[5]]);
        description.italic = os2[63] & 1 != 0;
    }
    Some(description)
}

fn read_at(file: &mut (impl Read + Seek), offset: u32, count: u32) -> Option<Vec<u8>> {
    file.seek(SeekFrom::Start(u64::from(offset))).ok()?;
    let mut bytes = vec![0; count as usize];
    file.read_exact(&mut bytes).ok()?;
    Some(bytes)
}

fn be32(bytes: &[u8]) -> u32 {
    u32::from_be_bytes([bytes[0], bytes[1], bytes[2], bytes[3]])
}
