//! The package: a ZIP archive that can be read in one way only (GB/T 33190-2016 clause 6).
//!
//! A signature protects the bytes of parts, not of the archive. So an archive in which two readers could find
//! two documents is refused here: doubled names, headers that contradict each other, overlapping entries,
//! records outside of the directory, names that leave the package, sizes that lie. What is odd but has one
//! meaning is kept as a [`Finding`].

mod directory;
mod inflate;
mod name;
mod part_reader;
mod spans;
#[cfg(test)]
mod tests;

use std::collections::HashMap;
use std::collections::hash_map::Entry as Slot;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use crate::finding::Finding;
use crate::path::{self, BadLoc, Link, LinkOddity, PartPath};
use crate::source::{Source, read_exact_at};
use crate::zip_records::CentralHeader;
use crate::{Error, Limits, Method};

use inflate::Inflater;
pub use part_reader::PartReader;

/// Packages up to this many bytes are read in one go.
const SMALL_PACKAGE_BYTES: u64 = 1 << 20;

/// An open package. All reading is `&self` and may happen on several threads at once.
///
/// Memory: the directory, [`Limits::cache_bytes_max`], 200 KiB for each thread that streams, and what
/// [`Package::read`] returns.
pub struct Package {
    source: Box<dyn Source>,
    limits: Limits,
    directory: Directory,
    /// Folded path (see `path::fold`) to the index of its entry.
    index: HashMap<Box<str>, u32>,
    cache: Vec<OnceLock<Arc<[u8]>>>,
    cache_left: AtomicU64,
    idle: Mutex<Vec<Inflater>>,
}

/// What the archive says about its entries, checked.
struct Directory {
    entries: Vec<Entry>,
    /// Second names of entries, by position: see `name::Name`.
    other_readings: Vec<(PartPath, u32)>,
    /// The bytes of the central directory.
    headers: Vec<u8>,
    /// Where they begin in the file.
    start: u64,
    findings: Vec<Finding>,
}

/// One entry of the archive.
#[derive(Clone, Debug)]
pub struct Entry {
    path: PartPath,
    directory: bool,
    size: u64,
    compressed_size: u64,
    crc32: u32,
    method: Method,
    header_offset: u64,
    data_offset: u64,
    central_at: u32,
}

impl Entry {
    /// The name, as a path from the package root.
    pub fn path(&self) -> &PartPath {
        &self.path
    }

    /// A folder, which has no bytes.
    pub fn is_directory(&self) -> bool {
        self.directory
    }

    /// Bytes after inflating, as claimed; reading fails when they are more or fewer.
    pub fn size(&self) -> u64 {
        self.size
    }

    /// Bytes in the archive.
    pub fn compressed_size(&self) -> u64 {
        self.compressed_size
    }

    /// How the bytes stand in the archive.
    pub fn method(&self) -> Method {
        self.method
    }

    /// Where the local header begins in the file.
    pub(crate) fn header_offset(&self) -> u64 {
        self.header_offset
    }

    /// Where the compressed bytes begin in the file.
    pub(crate) fn data_offset(&self) -> u64 {
        self.data_offset
    }

    pub(crate) fn crc32(&self) -> u32 {
        self.crc32
    }
}

impl Package {
    /// Reads the directory of an archive and checks it against every local header.
    ///
    /// Entries are read, and their check sums tested, when they are asked for.
    pub fn open(source: impl Source + 'static, limits: Limits) -> Result<Self, Error> {
        let len = source.len();
        if source.in_memory().is_none() && len <= SMALL_PACKAGE_BYTES {
            let mut bytes = vec![0; len as usize];
            read_exact_at(&source, &mut bytes, 0).map_err(Error::read)?;
            return Self::open_boxed(Box::new(bytes), limits);
        }
        Self::open_boxed(Box::new(source), limits)
    }

    fn open_boxed(source: Box<dyn Source>, limits: Limits) -> Result<Self, Error> {
        let mut directory = directory::read(&*source, &limits)?;
        let index = index(&directory)?;
        spans::check(&*source, &mut directory)?;
        Ok(Self {
            source,
            cache: directory.entries.iter().map(|_| OnceLock::new()).collect(),
            cache_left: AtomicU64::new(limits.cache_bytes_max),
            limits,
            directory,
            index,
            idle: Mutex::new(Vec::new()),
        })
    }

    /// All entries, folders included, in the order of the central directory.
    pub fn entries(&self) -> &[Entry] {
        &self.directory.entries
    }

    /// All entries that are no folders.
    pub fn parts(&self) -> impl Iterator<Item = &Entry> {
        self.entries().iter().filter(|entry| !entry.directory)
    }

    /// What is odd about the archive, but has one meaning.
    pub fn findings(&self) -> &[Finding] {
        &self.directory.findings
    }

    /// The limits that everything read from this package meets.
    pub fn limits(&self) -> &Limits {
        &self.limits
    }

    /// Length of the archive in bytes.
    pub fn archive_len(&self) -> u64 {
        self.source.len()
    }

    /// The package has this part.
    pub fn contains(&self, part: &PartPath) -> bool {
        self.entry(part).is_some()
    }

    /// The entry of this part; folders are no parts.
    pub fn entry(&self, part: &PartPath) -> Option<&Entry> {
        let entry = &self.entries()[self.position(part)?];
        Some(entry)
    }

    /// The whole part, inflated, its check sum tested.
    ///
    /// Parts up to [`Limits::cache_entry_bytes_max`] are kept, so that what was read and what is hashed later are
    /// the same bytes.
    pub fn read(&self, part: &PartPath) -> Result<Arc<[u8]>, Error> {
        let position = self
            .position(part)
            .ok_or_else(|| Error::NoPart { part: part.clone() })?;
        if let Some(kept) = self.cache[position].get() {
            return Ok(kept.clone());
        }
        let entry = &self.entries()[position];
        // Believed because deflate could give as much (checked when the directory was read), and because
        // entry_bytes_max allows it.
        let mut bytes: Arc<[u8]> = std::iter::repeat_n(0, entry.size as usize).collect();
        if let Some(target) = Arc::get_mut(&mut bytes) {
            self.with_inflater(|inflater| inflater.fill(&*self.source, entry, target))?;
        }
        self.keep(position, &bytes);
        Ok(bytes)
    }

    /// Hands the part's bytes to `take` piece by piece, and says how many there were.
    ///
    /// When this fails, `take` may have seen bytes that are not to be trusted.
    pub fn stream(&self, part: &PartPath, take: &mut dyn FnMut(&[u8])) -> Result<u64, Error> {
        let position = self
            .position(part)
            .ok_or_else(|| Error::NoPart { part: part.clone() })?;
        if let Some(kept) = self.cache[position].get() {
            take(kept);
            return Ok(kept.len() as u64);
        }
        let entry = &self.entries()[position];
        self.with_inflater(|inflater| inflater.stream(&*self.source, entry, take))
    }

    /// The part's bytes when they are asked for, to go through several parts side by side.
    pub fn reader(&self, part: &PartPath) -> Result<PartReader<'_>, Error> {
        let position = self.position(part);
        let position = position.ok_or_else(|| Error::NoPart { part: part.clone() })?;
        Ok(PartReader::new(self, position))
    }

    /// Where the file of a resource stands, as `FontFile`, `MediaFile` and `Profile` name it in the part `holder`.
    ///
    /// From the folder that `BaseLoc` of the part names; where the file is not there, from the part's own folder.
    pub fn resolve_resource(&self, base: &str, file: &str, holder: &PartPath) -> Link {
        let (base, file) = (base.trim(), file.trim());
        if base.is_empty() || file.is_empty() || file.starts_with(['/', '\\']) {
            return self.resolve(file, holder);
        }
        let link = self.resolve(&format!("{base}/{file}"), holder);
        if link.target.is_err() {
            let mut other = self.resolve(file, holder);
            if other.target.is_ok() {
                other.oddities.push(LinkOddity::OtherFolder);
                return other;
            }
        }
        link
    }

    /// Where the link `loc`, found in the part `holder`, leads.
    ///
    /// As it stands first; then percent-decoded, with other letter case, from the folder above the holder's and
    /// from the package root, each of which is named in the result.
    pub fn resolve(&self, loc: &str, holder: &PartPath) -> Link {
        let mut link = Link {
            loc: loc.to_owned(),
            target: Err(BadLoc::Empty),
            oddities: Vec::new(),
        };
        if loc.len() > self.limits.name_bytes_max {
            link.loc = shorten(loc);
            link.target = Err(BadLoc::TooLong {
                max: self.limits.name_bytes_max,
            });
            return link;
        }
        if path::trim(loc).len() != loc.len() {
            link.oddities.push(LinkOddity::WhiteSpace);
        }
        if loc.contains('\\') {
            link.oddities.push(LinkOddity::Backslash);
        }
        if path::trim(loc).starts_with("//") {
            link.oddities.push(LinkOddity::DoubleSlash);
        }
        link.target = match path::join(holder.folder(), loc) {
            Ok(path) if self.contains(&path) => Ok(path),
            Ok(path) => self
                .search(loc, holder, &mut link.oddities)
                .ok_or(BadLoc::Missing(path)),
            Err(bad) => Err(bad),
        };
        link
    }

    /// Looks for a part that is not where the link says.
    fn search(&self, loc: &str, holder: &PartPath, oddities: &mut Vec<LinkOddity>) -> Option<PartPath> {
        let decoded = path::percent_decode(loc);
        let folder = holder.folder();
        let above = folder[..folder.len() - 1]
            .rfind('/')
            .map_or("/", |slash| &folder[..slash + 1]);
        for (base, other_folder) in [(folder, false), (above, true), ("/", true)] {
            for (text, percent) in [(Some(loc), false), (decoded.as_deref(), true)] {
                let Some(Ok(candidate)) = text.map(|text| path::join(base, text)) else {
                    continue;
                };
                let Some(entry) = self.entry_any_case(&candidate) else {
                    continue;
                };
                for (forgiven, oddity) in [
                    (other_folder, LinkOddity::OtherFolder),
                    (percent, LinkOddity::PercentEncoded),
                    (entry.path != candidate, LinkOddity::LetterCase),
                ] {
                    if forgiven {
                        oddities.push(oddity);
                    }
                }
                return Some(entry.path.clone());
            }
        }
        None
    }

    /// Some entry, a folder maybe, has this name, upper and lower case being equal.
    pub(crate) fn is_taken(&self, part: &PartPath) -> bool {
        self.index.contains_key(&*path::fold(part.as_str()))
    }

    fn position(&self, part: &PartPath) -> Option<usize> {
        let position = *self.index.get(&*path::fold(part.as_str()))? as usize;
        let entry = &self.entries()[position];
        (entry.path == *part && !entry.directory).then_some(position)
    }

    /// The part with this name, upper and lower case being equal.
    pub(crate) fn entry_any_case(&self, part: &PartPath) -> Option<&Entry> {
        let entry = &self.entries()[*self.index.get(&*path::fold(part.as_str()))? as usize];
        (!entry.directory).then_some(entry)
    }

    /// The central header of the entry at `position`, and the bytes that are the entry's data.
    pub(crate) fn header(&self, position: usize) -> Option<CentralHeader<'_>> {
        let at = self.directory.entries.get(position)?.central_at as usize;
        CentralHeader::read(self.directory.headers.get(at..)?).map(|(header, _)| header)
    }

    pub(crate) fn source(&self) -> &dyn Source {
        &*self.source
    }

    /// Keeps a part that is small enough, while there is room.
    fn keep(&self, position: usize, bytes: &Arc<[u8]>) {
        let len = bytes.len() as u64;
        let room = |left: u64| left.checked_sub(len);
        if len <= self.limits.cache_entry_bytes_max
            && self
                .cache_left
                .fetch_update(Ordering::Relaxed, Ordering::Relaxed, room)
                .is_ok()
        {
            // Another thread may have been faster; then its bytes stay, and the room is lost.
            let _ = self.cache[position].set(bytes.clone());
        }
    }

    /// Lends the buffers of an earlier entry, or new ones.
    fn with_inflater<T>(&self, work: impl FnOnce(&mut Inflater) -> T) -> T {
        let mut inflater = self.take_inflater();
        let result = work(&mut inflater);
        self.give_back(inflater);
        result
    }

    fn take_inflater(&self) -> Inflater {
        let idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner).pop();
        idle.unwrap_or_else(Inflater::new)
    }

    fn give_back(&self, inflater: Inflater) {
        self.idle
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push(inflater);
    }
}

impl std::fmt::Debug for Package {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Package")
            .field("archive_len", &self.archive_len())
            .field("entries", &self.directory.entries.len())
            .field("findings", &self.directory.findings)
            .finish_non_exhaustive()
    }
}

/// Finds twins: no two entries may have one name, upper and lower case being equal, nor may one have the name that
/// another has in GBK. A folder may stand twice.
fn index(directory: &Directory) -> Result<HashMap<Box<str>, u32>, Error> {
    let entries = &directory.entries;
    let mut index = HashMap::with_capacity(entries.len());
    let names = entries
        .iter()
        .enumerate()
        .map(|(position, entry)| (&entry.path, position as u32)); // entries_max
    let others = directory
        .other_readings
        .iter()
        .map(|(path, position)| (path, *position));
    for (path, position) in names.chain(others) {
        let entry = &entries[position as usize];
        match index.entry(path::fold(path.as_str()).into_owned().into_boxed_str()) {
            Slot::Vacant(slot) => {
                slot.insert(position);
            }
            Slot::Occupied(slot) => {
                if !(entry.directory && entries[*slot.get() as usize].directory) {
                    return Err(Error::ZipDuplicate {
                        entry: entry.path.entry_name().to_owned(),
                    });
                }
            }
        }
    }
    Ok(index)
}

/// Enough of a text to recognise it in a message.
pub(crate) fn shorten(text: &str) -> String {
    const CHARS_MAX: usize = 256;
    match text.char_indices().nth(CHARS_MAX) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}
