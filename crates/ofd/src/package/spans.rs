//! Local headers against the central directory, and every byte between entries.

use std::ops::Range;

use crate::Error;
use crate::finding::{Finding, FindingKind, note};
use crate::source::{Source, read_exact_at};
use crate::zip_records::{
    CENTRAL_HEADER, CentralHeader, DESCRIPTOR, END, END64, END64_LOCATOR, EXTRA_ZIP64, FLAG_DESCRIPTOR,
    FLAG_ENCRYPTED, FLAG_MASKED, FLAG_PATCHED, FLAG_STRONG_ENCRYPTION, FLAG_UTF8, IN_ZIP64, LOCAL_BYTES,
    LOCAL_HEADER, LocalHeader, extra_field, u32_at, u64_at,
};

use super::{Directory, Entry};

/// Bytes read at once while walking over local headers.
const WINDOW_BYTES: usize = 16 * 1024;
/// Flags of which the two headers may not differ.
const FLAGS_ALIKE: u16 =
    FLAG_DESCRIPTOR | FLAG_ENCRYPTED | FLAG_PATCHED | FLAG_STRONG_ENCRYPTION | FLAG_MASKED;

/// Walks the file from its first byte to the central directory, and fills in where each entry's data begin.
pub(super) fn check(source: &dyn Source, directory: &mut Directory) -> Result<(), Error> {
    let mut order: Vec<u32> = (0..directory.entries.len() as u32).collect(); // at most entries_max
    order.sort_unstable_by_key(|&index| directory.entries[index as usize].header_offset);
    let mut window = Window {
        source,
        len: source.len(),
        bytes: Vec::new(),
        start: 0,
    };

    // What comes before the first entry is a prefix, whatever is between the others is a gap.
    let mut end = 0;
    let mut previous: Option<usize> = None;
    for index in order {
        let index = index as usize;
        let start = directory.entries[index].header_offset;
        if start < end {
            return Err(overlap(directory, previous, index));
        }
        close(&mut window, directory, previous, end..start)?;
        end = open(&mut window, directory, index)?;
        previous = Some(index);
    }
    if directory.start < end {
        let entry = previous.map_or_else(String::new, |index| name(&directory.entries[index]));
        return Err(Error::ZipOverlap {
            entry,
            other: "the central directory".to_owned(),
        });
    }
    close(&mut window, directory, previous, end..directory.start)
}

/// Compares the local header with the central one, and says where the entry's data end.
fn open(window: &mut Window<'_>, directory: &mut Directory, index: usize) -> Result<u64, Error> {
    let entry = &directory.entries[index];
    let differs = |what| Error::ZipInconsistent {
        entry: name(entry),
        what,
    };
    let (central, _) = CentralHeader::read(&directory.headers[entry.central_at as usize..])
        .ok_or_else(|| differs("its central header vanished"))?;
    let limit = directory.start;
    let fixed = window.bytes(entry.header_offset, LOCAL_BYTES, limit)?;
    let local = fixed
        .and_then(LocalHeader::read)
        .ok_or_else(|| differs("there is no local header where the directory says"))?;
    let variable = usize::from(local.name_len) + usize::from(local.extra_len);
    let bytes = window
        .bytes(entry.header_offset, LOCAL_BYTES + variable, limit)?
        .ok_or_else(|| differs("its local header reaches into the directory"))?;
    let (local_name, extra) = bytes[LOCAL_BYTES..].split_at(usize::from(local.name_len));

    if local_name != central.name {
        return Err(differs("the names differ"));
    }
    if local.method != central.method {
        return Err(differs("the compression methods differ"));
    }
    if (local.flags ^ central.flags) & FLAGS_ALIKE != 0 {
        return Err(differs("the flags differ"));
    }
    // Java marks ASCII names as UTF-8 in one of the two headers only: it makes no difference there.
    if (local.flags ^ central.flags) & FLAG_UTF8 != 0 && !local_name.is_ascii() {
        return Err(differs("the name is marked as UTF-8 in one header only"));
    }
    let (size, compressed) = local_sizes(&local, extra).map_err(differs)?;
    let deferred = local.flags & FLAG_DESCRIPTOR != 0;
    let agrees = |stated: u64, known: u64| stated == known || deferred && stated == 0;
    if !agrees(size, entry.size) || !agrees(compressed, entry.compressed_size) {
        return Err(differs("the sizes differ"));
    }
    if !agrees(u64::from(local.crc32), u64::from(entry.crc32)) {
        return Err(differs("the check sums differ"));
    }

    let data_offset = entry.header_offset + (LOCAL_BYTES + variable) as u64;
    let end = data_offset
        .checked_add(entry.compressed_size)
        .filter(|&end| end <= limit)
        .ok_or_else(|| differs("its data reach into the directory"))?;
    directory.entries[index].data_offset = data_offset;
    Ok(end)
}

/// Size and compressed size as the local header states them; a deferred zip64 size counts as not stated.
fn local_sizes(local: &LocalHeader, extra: &[u8]) -> Result<(u64, u64), &'static str> {
    let stated = (u64::from(local.size), u64::from(local.compressed));
    let field = extra_field(extra, EXTRA_ZIP64).map_err(|()| "its local header has two zip64 fields")?;
    if local.size != IN_ZIP64 && local.compressed != IN_ZIP64 {
        return Ok(stated);
    }
    // 4.5.3: in the local header both sizes must be there.
    let field = field
        .filter(|field| field.len() >= 16)
        .ok_or("its local zip64 field is missing")?;
    let (size, compressed) = (u64_at(field, 0), u64_at(field, 8));
    Ok((
        if local.size == IN_ZIP64 { size } else { stated.0 },
        if local.compressed == IN_ZIP64 {
            compressed
        } else {
            stated.1
        },
    ))
}

/// Explains the bytes between the end of an entry's data and the next record.
fn close(
    window: &mut Window<'_>,
    directory: &mut Directory,
    previous: Option<usize>,
    mut gap: Range<u64>,
) -> Result<(), Error> {
    if let Some(index) = previous
        && has_descriptor_flag(directory, index)
    {
        let entry = &directory.entries[index];
        let len = (gap.end - gap.start).min(24) as usize;
        let bytes = window.bytes(gap.start, len, gap.end)?.unwrap_or_default();
        match descriptor_len(bytes, entry) {
            Some(len) => gap.start += len,
            None if stated_in_local_header(window, entry, directory.start)? => {
                let path = entry.path.clone();
                note(
                    &mut directory.findings,
                    Finding::in_part(FindingKind::ZipNoDescriptor, &path, ""),
                );
            }
            None => {
                let what = "its data descriptor is missing or says something else";
                return Err(Error::ZipInconsistent {
                    entry: name(entry),
                    what,
                });
            }
        }
    }
    if gap.is_empty() {
        return Ok(());
    }
    let kind = if previous.is_none() {
        FindingKind::ZipPrefix
    } else {
        FindingKind::ZipGap
    };
    let detail = format!("{} bytes at {}", gap.end - gap.start, gap.start);
    note(&mut directory.findings, Finding::in_archive(kind, detail));
    refuse_hidden(window, gap)
}

fn has_descriptor_flag(directory: &Directory, index: usize) -> bool {
    CentralHeader::read(&directory.headers[directory.entries[index].central_at as usize..])
        .is_some_and(|(header, _)| header.flags & FLAG_DESCRIPTOR != 0)
}

/// The length of the data descriptor at the start of `bytes`, in any of its four shapes (4.3.9).
fn descriptor_len(bytes: &[u8], entry: &Entry) -> Option<u64> {
    let expected = (entry.crc32, entry.compressed_size, entry.size);
    let signed = bytes.strip_prefix(&DESCRIPTOR).map(|rest| (rest, 4));
    for (body, before) in [signed, Some((bytes, 0))].into_iter().flatten() {
        if body.len() >= 12 {
            let short = (
                u32_at(body, 0),
                u64::from(u32_at(body, 4)),
                u64::from(u32_at(body, 8)),
            );
            if short == expected {
                return Some(before + 12);
            }
        }
        if body.len() >= 20 && (u32_at(body, 0), u64_at(body, 4), u64_at(body, 12)) == expected {
            return Some(before + 20);
        }
    }
    None
}

/// The local header already says all that a descriptor would.
fn stated_in_local_header(window: &mut Window<'_>, entry: &Entry, limit: u64) -> Result<bool, Error> {
    let local = window
        .bytes(entry.header_offset, LOCAL_BYTES, limit)?
        .and_then(LocalHeader::read);
    Ok(local.is_some_and(|local| {
        local.crc32 == entry.crc32
            && u64::from(local.size) == entry.size
            && u64::from(local.compressed) == entry.compressed_size
    }))
}

/// Unexplained bytes are forgiven, records among them are not.
fn refuse_hidden(window: &mut Window<'_>, gap: Range<u64>) -> Result<(), Error> {
    let mut at = gap.start;
    while gap.end - at >= 4 {
        let len = (gap.end - at).min(WINDOW_BYTES as u64) as usize;
        let bytes = window.bytes(at, len, gap.end)?.unwrap_or_default();
        if let Some(hidden) = find_record(bytes) {
            return Err(Error::ZipHidden {
                offset: at + hidden as u64,
            });
        }
        at += len as u64 - 3; // a signature may lie across two windows
    }
    Ok(())
}

/// Where a signature of a ZIP record lies in `bytes`.
pub(super) fn find_record(bytes: &[u8]) -> Option<usize> {
    memchr::memmem::find_iter(bytes, b"PK").find(|&at| {
        bytes.get(at..at + 4).is_some_and(|signature| {
            [LOCAL_HEADER, CENTRAL_HEADER, END, END64, END64_LOCATOR]
                .iter()
                .any(|known| known == signature)
        })
    })
}

fn overlap(directory: &Directory, previous: Option<usize>, index: usize) -> Error {
    let other = name(&directory.entries[index]);
    let entry = previous.map_or_else(String::new, |previous| name(&directory.entries[previous]));
    Error::ZipOverlap { entry, other }
}

fn name(entry: &Entry) -> String {
    entry.path.entry_name().to_owned()
}

/// A view that reads ahead, so that small entries in a row cost one read.
struct Window<'a> {
    source: &'a dyn Source,
    len: u64,
    bytes: Vec<u8>,
    start: u64,
}

impl Window<'_> {
    /// `len` bytes from `offset`; `None` when they would pass `limit`.
    fn bytes(&mut self, offset: u64, len: usize, limit: u64) -> Result<Option<&[u8]>, Error> {
        if offset
            .checked_add(len as u64)
            .is_none_or(|end| end > limit.min(self.len))
        {
            return Ok(None);
        }
        if let Some(all) = self.source.in_memory() {
            return Ok(usize::try_from(offset).ok().and_then(|at| all.get(at..at + len)));
        }
        let inside = offset >= self.start && offset + len as u64 <= self.start + self.bytes.len() as u64;
        if !inside {
            let ahead = (self.len - offset).min(len.max(WINDOW_BYTES) as u64);
            self.bytes.resize(ahead as usize, 0); // at most 128 KiB: two lengths of 16 bits
            self.start = offset;
            read_exact_at(self.source, &mut self.bytes, offset).map_err(Error::read)?;
        }
        let at = (offset - self.start) as usize;
        Ok(self.bytes.get(at..at + len))
    }
}
