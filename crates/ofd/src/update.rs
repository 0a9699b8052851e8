//! A package with some parts added or replaced, everything else copied as it is.
//!
//! Entries that are not touched are neither inflated nor deflated again: their compressed bytes, names, flags,
//! times, attributes and extra fields stay. What is normalised: sizes and check sums stand in every local
//! header, data descriptors go, and so do bytes that belong to no entry and the archive's comment.

use std::collections::HashMap;
use std::io::Write;

use crate::path::{PartPath, fold};
use crate::source::read_exact_at;
use crate::zip_records::{EXTRA_ZIP64, LOCAL_BYTES, u16_at};
use crate::zip_writer::{Attributes, DosTime, EntryHeader, Method, ZipWriter, deflate};
use crate::{Error, Package};

/// Bytes copied at once.
const COPY_BYTES: usize = 256 * 1024;

/// Changes to a package, to be written as a new one.
#[derive(Debug)]
pub struct Update<'p> {
    package: &'p Package,
    replaced: HashMap<PartPath, Vec<u8>>,
    added: Vec<(PartPath, Vec<u8>)>,
}

impl<'p> Update<'p> {
    /// No change yet.
    pub fn new(package: &'p Package) -> Self {
        Self {
            package,
            replaced: HashMap::new(),
            added: Vec::new(),
        }
    }

    /// Gives a part of the package, or one that was added, other bytes. It keeps its place and its name.
    ///
    /// # Errors
    /// [`Error::NoPart`] when there is no such part.
    pub fn replace(&mut self, part: &PartPath, bytes: impl Into<Vec<u8>>) -> Result<(), Error> {
        if let Some((_, known)) = self.added.iter_mut().find(|(path, _)| path == part) {
            *known = bytes.into();
            return Ok(());
        }
        if !self.package.contains(part) {
            return Err(Error::NoPart { part: part.clone() });
        }
        self.replaced.insert(part.clone(), bytes.into());
        Ok(())
    }

    /// Adds a part behind all others.
    ///
    /// # Errors
    /// [`Error::ZipDuplicate`] when the name is taken, upper and lower case being equal.
    pub fn add(&mut self, part: PartPath, bytes: impl Into<Vec<u8>>) -> Result<(), Error> {
        let taken = self.package.is_taken(&part)
            || self
                .added
                .iter()
                .any(|(path, _)| fold(path.as_str()) == fold(part.as_str()));
        if taken {
            return Err(Error::ZipDuplicate {
                entry: part.entry_name().to_owned(),
            });
        }
        self.added.push((part, bytes.into()));
        Ok(())
    }

    /// Adds the part, or replaces it where the package has it.
    pub fn put(&mut self, part: PartPath, bytes: impl Into<Vec<u8>>) -> Result<(), Error> {
        if self.bytes(&part).is_some() || self.package.contains(&part) {
            self.replace(&part, bytes)
        } else {
            self.add(part, bytes)
        }
    }

    /// The bytes that this update gives the part; `None` when it leaves the part as it is.
    pub fn bytes(&self, part: &PartPath) -> Option<&[u8]> {
        let added = self
            .added
            .iter()
            .find(|(path, _)| path == part)
            .map(|(_, bytes)| bytes.as_slice());
        added.or_else(|| self.replaced.get(part).map(Vec::as_slice))
    }

    /// All parts of the package that comes out, in its order.
    pub fn parts(&self) -> impl Iterator<Item = &PartPath> {
        self.package
            .parts()
            .map(|entry| entry.path())
            .chain(self.added.iter().map(|(path, _)| path))
    }

    /// Writes the new package, and says how many bytes it has.
    ///
    /// Equal packages and equal changes give equal bytes. Memory: one compressed new part, and 256 KiB.
    pub fn write(&self, out: &mut dyn Write) -> Result<u64, Error> {
        let mut zip = ZipWriter::new(out);
        let mut buffer = Vec::new();
        for (position, entry) in self.package.entries().iter().enumerate() {
            match self.replaced.get(entry.path()) {
                Some(bytes) if !entry.is_directory() => self.write_replaced(&mut zip, position, bytes)?,
                _ => self.copy(&mut zip, position, &mut buffer)?,
            }
        }
        for (part, bytes) in &self.added {
            let deflated = deflate(bytes)?;
            let method = if deflated.len() < bytes.len() {
                Method::Deflated
            } else {
                Method::Stored
            };
            zip.add_deflated(part.entry_name(), bytes, method, &deflated)?;
        }
        zip.finish().map(|(_, length)| length)
    }

    /// The entry at `position` with its old name and other bytes.
    fn write_replaced(
        &self,
        zip: &mut ZipWriter<&mut dyn Write>,
        position: usize,
        bytes: &[u8],
    ) -> Result<(), Error> {
        let deflated = deflate(bytes)?;
        let (method, data) = if deflated.len() < bytes.len() {
            (Method::Deflated, deflated.as_slice())
        } else {
            (Method::Stored, bytes)
        };
        let header = EntryHeader {
            method,
            crc32: crc32fast::hash(bytes),
            size: bytes.len() as u64,
            compressed: data.len() as u64,
            ..self.header(position)?
        };
        zip.begin(&header)?;
        zip.data(data)
    }

    /// The entry at `position` with its compressed bytes as they are.
    fn copy(
        &self,
        zip: &mut ZipWriter<&mut dyn Write>,
        position: usize,
        buffer: &mut Vec<u8>,
    ) -> Result<(), Error> {
        let entry = &self.package.entries()[position];
        let source = self.package.source();
        let start = entry.header_offset();
        let end = entry.data_offset() + entry.compressed_size();
        let mut header = self.header(position)?;

        if let Some(all) = source.in_memory() {
            // Both offsets were checked against the length when the package was opened.
            let raw = &all[start as usize..end as usize];
            let (local, data) = raw.split_at((entry.data_offset() - start) as usize);
            header.local_extra = local_extra(local);
            zip.begin(&header)?;
            return zip.data(data);
        }
        // The local header comes with the first piece: one read for most entries.
        let mut at = start;
        while at < end {
            let len = (end - at).min(COPY_BYTES as u64) as usize;
            buffer.resize(COPY_BYTES, 0);
            read_exact_at(source, &mut buffer[..len], at).map_err(Error::read)?;
            let mut piece = &buffer[..len];
            if at == start {
                let before = (entry.data_offset() - start) as usize; // at most 128 KiB: lengths of 16 bits
                header.local_extra = local_extra(&piece[..before]);
                zip.begin(&header)?;
                piece = &piece[before..];
            }
            zip.data(piece)?;
            at += len as u64;
        }
        Ok(())
    }

    /// What the directory says about the entry at `position`.
    fn header(&self, position: usize) -> Result<EntryHeader<'p>, Error> {
        let entry = &self.package.entries()[position];
        let header = self.package.header(position).ok_or_else(|| Error::NoPart {
            part: entry.path().clone(),
        })?;
        Ok(EntryHeader {
            name: header.name,
            flags: header.flags,
            method: entry.method(),
            modified: DosTime {
                time: header.time,
                date: header.date,
            },
            crc32: entry.crc32(),
            size: entry.size(),
            compressed: entry.compressed_size(),
            attributes: Attributes {
                made_by: header.made_by,
                internal: header.internal,
                external: header.external,
                extra: without_zip64(header.extra),
                comment: header.comment,
            },
            local_extra: Vec::new(),
        })
    }
}

/// The extra fields of a local header, which has been checked before.
fn local_extra(header: &[u8]) -> Vec<u8> {
    let name = header
        .get(LOCAL_BYTES - 4..LOCAL_BYTES - 2)
        .map_or(0, |len| usize::from(u16_at(len, 0)));
    header
        .get(LOCAL_BYTES + name..)
        .map(without_zip64)
        .unwrap_or_default()
}

/// Extra fields of which ZIP64 is written anew where it is needed.
fn without_zip64(extra: &[u8]) -> Vec<u8> {
    let mut kept = Vec::with_capacity(extra.len());
    let mut rest = extra;
    while let Some((head, after)) = rest.split_at_checked(4) {
        let Some((data, after)) = after.split_at_checked(usize::from(u16_at(head, 2))) else {
            break;
        };
        if u16_at(head, 0) != EXTRA_ZIP64 {
            kept.extend(head);
            kept.extend(data);
        }
        rest = after;
    }
    kept.extend(rest); // padding
    kept
}
