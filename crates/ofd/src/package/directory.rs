//! From the end record to a list of entries: every byte of the archive is accounted for, so that no two readers
//! can see two different documents in it.

use crate::finding::{Finding, FindingKind};
use crate::path::PartPath;
use crate::source::{Source, read_exact_at};
use crate::zip_records::{
    CENTRAL_HEADER, CentralHeader, END, END_BYTES, END64_BYTES, EXTRA_ZIP64, EndRecord, FLAG_ENCRYPTED,
    FLAG_MASKED, FLAG_PATCHED, FLAG_STRONG_ENCRYPTION, IN_ZIP64, LOCATOR_BYTES, extra_field, read_locator,
    u64_at,
};
use crate::{Error, Limits, Method};

use super::name;
use super::{Directory, Entry};

/// Most bytes of the archive comment (4.3.16).
const COMMENT_BYTES_MAX: u64 = u16::MAX as u64;
/// Bytes that deflate makes of one at most: 258 bytes from two bits.
const DEFLATE_RATIO_MAX: u64 = 1032;
/// Bytes by which compressing may lengthen an entry, beside its own size again.
const DEFLATE_OVERHEAD_BYTES: u64 = 1024;

/// Where the central directory lies, after everything that the end records say agrees.
#[derive(Clone, Copy, Debug)]
struct Layout {
    directory_start: u64,
    directory_len: u64,
    entries: u64,
    /// What is to be added to every offset in the archive: bytes put in front of it.
    base: u64,
}

/// Reads the end records and the central directory, and checks each header of it by itself.
pub(super) fn read(source: &dyn Source, limits: &Limits) -> Result<Directory, Error> {
    let mut findings = Vec::new();
    let layout = locate(source, limits, &mut findings)?;
    if layout.entries > limits.entries_max {
        return Err(Error::TooMuch {
            what: "the number of entries in the archive",
            max: limits.entries_max,
        });
    }
    if layout.directory_len > limits.directory_bytes_max {
        let max = limits.directory_bytes_max;
        return Err(Error::TooMuch {
            what: "the size of the archive's directory in bytes",
            max,
        });
    }
    let mut headers = vec![0; layout.directory_len as usize]; // at most directory_bytes_max
    read_exact_at(source, &mut headers, layout.directory_start).map_err(Error::read)?;

    let mut directory = Directory {
        entries: Vec::with_capacity(layout.entries as usize), // at most entries_max
        other_readings: Vec::new(),
        headers: Vec::new(),
        start: layout.directory_start,
        findings,
    };
    let mut rest = headers.as_slice();
    let mut total: u64 = 0;
    while !rest.is_empty() {
        let at = headers.len() - rest.len();
        let offset = layout.directory_start + at as u64;
        let (header, after) = CentralHeader::read(rest).ok_or(Error::ZipMalformed {
            offset,
            what: "the central directory is broken",
        })?;
        let (entry, other_reading) = read_entry(&header, at, layout.base, limits, &mut directory.findings)?;
        let position = directory.entries.len() as u32; // at most entries_max
        directory
            .other_readings
            .extend(other_reading.map(|path| (path, position)));
        total = total.saturating_add(entry.size);
        if total > limits.package_bytes_max {
            let max = limits.package_bytes_max;
            return Err(Error::TooMuch {
                what: "the size of all entries in bytes",
                max,
            });
        }
        directory.entries.push(entry);
        if directory.entries.len() as u64 > layout.entries {
            break;
        }
        rest = after;
    }
    if directory.entries.len() as u64 != layout.entries {
        return Err(Error::ZipMalformed {
            offset: layout.directory_start,
            what: "the end record counts other entries than the central directory holds",
        });
    }
    directory.headers = headers;
    Ok(directory)
}

/// Finds the end record, and the zip64 records in front of it.
fn locate(source: &dyn Source, limits: &Limits, findings: &mut Vec<Finding>) -> Result<Layout, Error> {
    let window = END_BYTES as u64 + COMMENT_BYTES_MAX + limits.tail_bytes_max;
    let window = window + (LOCATOR_BYTES + END64_BYTES) as u64;
    let tail_start = source.len().saturating_sub(window);
    let mut tail = vec![0; (source.len() - tail_start) as usize]; // at most `window`
    read_exact_at(source, &mut tail, tail_start).map_err(Error::read)?;

    let malformed = |at: usize, what| Error::ZipMalformed {
        offset: tail_start + at as u64,
        what,
    };
    let at = memchr::memmem::rfind(&tail, &END).ok_or_else(|| {
        malformed(
            tail.len(),
            "it has no end record; it is cut off, or no archive at all",
        )
    })?;
    let end = EndRecord::read(&tail[at..]).ok_or_else(|| malformed(at, "the end record is cut off"))?;
    let comment_start = at + END_BYTES;
    let tail_at = comment_start + usize::from(end.comment_len);
    if tail_at > tail.len() {
        return Err(malformed(at, "the comment is cut off"));
    }
    if end.comment_len > 0 {
        findings.push(Finding::in_archive(
            FindingKind::ZipComment,
            format!("{} bytes", end.comment_len),
        ));
    }
    if (tail.len() - tail_at) as u64 > limits.tail_bytes_max {
        return Err(malformed(tail_at, "too many bytes follow its end record"));
    }
    if tail_at < tail.len() {
        findings.push(Finding::in_archive(
            FindingKind::ZipTail,
            format!("{} bytes", tail.len() - tail_at),
        ));
    }
    if let Some(hidden) = super::spans::find_record(&tail[comment_start..]) {
        return Err(Error::ZipHidden {
            offset: tail_start + (comment_start + hidden) as u64,
        });
    }

    let (end, directory_end) = zip64(&tail, at, tail_start, end)?;
    if end.disks != (0, 0) || end.entries.0 != end.entries.1 {
        return Err(malformed(
            at,
            "it is a part of an archive split over several files",
        ));
    }
    let directory_start = directory_end
        .checked_sub(end.directory_len)
        .ok_or_else(|| malformed(at, "the central directory is larger than the file"))?;
    let base = directory_start
        .checked_sub(end.directory_offset)
        .ok_or_else(|| malformed(at, "the central directory is not where the end record says"))?;
    if base > 0 {
        refuse_second_directory(source, end.directory_offset)?;
    }
    let entries = end.entries.1;
    Ok(Layout {
        directory_start,
        directory_len: end.directory_len,
        entries,
        base,
    })
}

/// The numbers of the zip64 record, if there is one, and where the directory ends.
fn zip64(tail: &[u8], at: usize, tail_start: u64, end: EndRecord) -> Result<(EndRecord, u64), Error> {
    let offset = tail_start + at as u64;
    let malformed = |what| Error::ZipMalformed { offset, what };
    let Some(locator_at) = at.checked_sub(LOCATOR_BYTES) else {
        return Ok((end, offset));
    };
    let Some(stated) = read_locator(&tail[locator_at..]) else {
        // Without zip64 the largest values are only just possible for the count.
        let sentinel = u64::from(IN_ZIP64);
        if end.directory_len == sentinel || end.directory_offset == sentinel {
            return Err(malformed(
                "the end record refers to a zip64 record that is not there",
            ));
        }
        return Ok((end, offset));
    };
    let record_at = locator_at
        .checked_sub(END64_BYTES)
        .ok_or_else(|| malformed("the zip64 end record is not in front of its locator"))?;
    let record = EndRecord::read64(&tail[record_at..])
        .ok_or_else(|| malformed("the zip64 end record is not in front of its locator"))?;
    let record_offset = tail_start + record_at as u64;
    if stated != record_offset {
        return Err(malformed("the zip64 end record is not where its locator says"));
    }
    let agree = |small: u64, sentinel: u64, large: u64| small == sentinel || small == large;
    let long = u64::from(IN_ZIP64);
    let short = u64::from(u16::MAX);
    if !agree(end.entries.0, short, record.entries.0)
        || !agree(end.entries.1, short, record.entries.1)
        || !agree(end.directory_len, long, record.directory_len)
        || !agree(end.directory_offset, long, record.directory_offset)
    {
        return Err(malformed(
            "the end record and the zip64 end record contradict each other",
        ));
    }
    Ok((record, record_offset))
}

/// With bytes in front of the archive, readers that take offsets as they are look elsewhere: they must find
/// nothing there.
fn refuse_second_directory(source: &dyn Source, offset: u64) -> Result<(), Error> {
    let mut signature = [0; 4];
    if read_exact_at(source, &mut signature, offset).is_ok() && signature == CENTRAL_HEADER {
        return Err(Error::ZipHidden { offset });
    }
    Ok(())
}

/// What one central header says, when it is acceptable by itself, and the other reading of its name.
fn read_entry(
    header: &CentralHeader<'_>,
    at: usize,
    base: u64,
    limits: &Limits,
    findings: &mut Vec<Finding>,
) -> Result<(Entry, Option<PartPath>), Error> {
    let name = name::read(header.name, header.flags, header.extra, limits, findings)?;
    let entry = || name.path.entry_name().to_owned();
    if header.flags & (FLAG_ENCRYPTED | FLAG_STRONG_ENCRYPTION | FLAG_MASKED) != 0 {
        return Err(Error::ZipEncrypted { entry: entry() });
    }
    let method = match header.method {
        0 if header.flags & FLAG_PATCHED == 0 => Method::Stored,
        8 if header.flags & FLAG_PATCHED == 0 => Method::Deflated,
        method => {
            return Err(Error::ZipMethod {
                entry: entry(),
                method,
            });
        }
    };
    let (size, compressed, offset) =
        sizes(header).map_err(|what| Error::ZipInconsistent { entry: entry(), what })?;
    if header.disk != 0 {
        return Err(Error::ZipInconsistent {
            entry: entry(),
            what: "it is said to be on another disk",
        });
    }
    if size > limits.entry_bytes_max {
        return Err(Error::TooMuch {
            what: "the size of an entry in bytes",
            max: limits.entry_bytes_max,
        }
        .in_part(&name.path));
    }
    if name.directory && size != 0 {
        return Err(Error::ZipInconsistent {
            entry: entry(),
            what: "it is a folder and has content",
        });
    }
    refuse_lies(method, size, compressed, limits).map_err(|what| match method {
        Method::Stored => Error::ZipInconsistent { entry: entry(), what },
        Method::Deflated => Error::ZipBomb { entry: entry(), what },
    })?;
    let header_offset = offset.checked_add(base).ok_or_else(|| Error::ZipInconsistent {
        entry: entry(),
        what: "it is said to begin behind the end of all files",
    })?;
    let entry = Entry {
        path: name.path,
        directory: name.directory,
        size,
        compressed_size: compressed,
        crc32: header.crc32,
        method,
        header_offset,
        data_offset: 0,        // known when the local header is read
        central_at: at as u32, // at most directory_bytes_max
    };
    Ok((entry, name.other_reading))
}

/// Size, compressed size and offset, from the zip64 field where the header says so.
fn sizes(header: &CentralHeader<'_>) -> Result<(u64, u64, u64), &'static str> {
    let stated = [header.size, header.compressed, header.offset];
    let field = extra_field(header.extra, EXTRA_ZIP64).map_err(|()| "it has two zip64 fields")?;
    let Some(mut field) = field else {
        if stated.contains(&IN_ZIP64) {
            return Err("its zip64 field is missing");
        }
        return Ok((
            u64::from(header.size),
            u64::from(header.compressed),
            u64::from(header.offset),
        ));
    };
    let anything_inside = stated.contains(&IN_ZIP64) || header.disk == u16::MAX;
    let mut values = stated.map(u64::from);
    for (value, stated) in values.iter_mut().zip(stated) {
        // Some writers repeat what the header states: then it must be the same.
        if stated != IN_ZIP64 && anything_inside {
            continue;
        }
        let Some((eight, rest)) = field.split_at_checked(8) else {
            if stated == IN_ZIP64 {
                return Err("its zip64 field is too short");
            }
            break;
        };
        field = rest;
        let inside = u64_at(eight, 0);
        if stated != IN_ZIP64 && inside != *value {
            return Err("its zip64 field and its header differ");
        }
        *value = inside;
    }
    Ok(values.into())
}

/// Sizes that no honest compressor states.
fn refuse_lies(method: Method, size: u64, compressed: u64, limits: &Limits) -> Result<(), &'static str> {
    if method == Method::Stored {
        return if size == compressed {
            Ok(())
        } else {
            Err("it is stored, yet its two sizes differ")
        };
    }
    if compressed > size.saturating_mul(2).saturating_add(DEFLATE_OVERHEAD_BYTES) {
        return Err("it is much larger compressed than it claims to be");
    }
    if size > compressed.saturating_mul(DEFLATE_RATIO_MAX) {
        return Err("it claims more bytes than its compressed bytes can give");
    }
    if size > limits.ratio_free_bytes && size > compressed.saturating_mul(limits.ratio_max) {
        return Err("it grows beyond the accepted ratio");
    }
    Ok(())
}
