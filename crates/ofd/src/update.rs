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
use crate::zip_writer::{Attributes, DosTime, EntryHeader, ZipWriter, pack};
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
            let (method, packed) = pack(bytes)?;
            zip.add_packed(part.entry_name(), bytes, method, &packed)?;
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
        let (method, packed) = pack(bytes)?;
        let header = EntryHeader {
            method,
            crc32: crc32fast::hash(bytes),
            size: bytes.len() as u64,
            compressed: packed.len() as u64,
            ..self.header(position)?
        };
        zip.begin(&header)?;
        zip.data(&packed)
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

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::zip_writer::Method;
    use crate::zip_writer::tests::read_back;
    use crate::{Limits, Source};

    /// The archive without entries.
    const EMPTY: &[u8] = b"PK\x05\x06\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0";

    fn path(name: &str) -> PartPath {
        PartPath::new(name).unwrap()
    }

    fn open(bytes: Vec<u8>) -> Package {
        Package::open(bytes, Limits::default()).unwrap()
    }

    fn write(update: &Update<'_>) -> Vec<u8> {
        let mut bytes = Vec::new();
        assert_eq!(update.write(&mut bytes).unwrap(), bytes.len() as u64);
        bytes
    }

    fn package(parts: &[(&str, &[u8])]) -> Package {
        let empty = open(EMPTY.to_vec());
        let mut update = Update::new(&empty);
        for (name, bytes) in parts {
            update.add(path(name), *bytes).unwrap();
        }
        open(write(&update))
    }

    /// The compressed bytes of a part.
    fn raw(package: &Package, name: &str) -> Vec<u8> {
        let entry = package.entry(&path(name)).unwrap();
        let mut bytes = vec![0; entry.compressed_size() as usize];
        read_exact_at(package.source(), &mut bytes, entry.data_offset()).unwrap();
        bytes
    }

    /// A source that is read like a file.
    struct Disk(Vec<u8>);

    impl Source for Disk {
        fn len(&self) -> u64 {
            self.0.len() as u64
        }

        fn read_at(&self, buf: &mut [u8], offset: u64) -> std::io::Result<usize> {
            self.0.read_at(buf, offset)
        }
    }

    #[test]
    fn what_shrinks_is_deflated_and_what_does_not_is_stored() {
        let package = package(&[("long.xml", &[b'a'; 3000]), ("short", b"a"), ("empty", b"")]);
        let methods: Vec<_> = package.parts().map(|entry| entry.method()).collect();
        assert_eq!(methods, [Method::Deflated, Method::Stored, Method::Stored]);
    }

    #[test]
    fn untouched_entries_keep_their_bytes_and_their_place() {
        let old = package(&[
            ("OFD.xml", b"<old/>"),
            ("a.xml", &[b'a'; 1000]),
            ("b.png", b"\x89PNG"),
        ]);
        let mut update = Update::new(&old);
        update.replace(&path("OFD.xml"), *b"<new/>").unwrap();
        update.add(path("c.dat"), *b"c").unwrap();
        let new = open(write(&update));
        let names: Vec<_> = new.entries().iter().map(|entry| entry.path().as_str()).collect();
        assert_eq!(names, ["/OFD.xml", "/a.xml", "/b.png", "/c.dat"]);
        assert_eq!(&*new.read(&path("OFD.xml")).unwrap(), b"<new/>");
        for name in ["a.xml", "b.png"] {
            assert_eq!(raw(&old, name), raw(&new, name));
        }
        assert_eq!(update.parts().count(), 4);
        assert_eq!(update.bytes(&path("c.dat")), Some(&b"c"[..]));
    }

    #[test]
    fn names_that_are_taken_or_missing() {
        let old = package(&[("a.xml", b"")]);
        let mut update = Update::new(&old);
        assert_eq!(
            update.add(path("A.xml"), *b"").unwrap_err().code(),
            "ZIP_DUPLICATE"
        );
        assert_eq!(
            update.replace(&path("b.xml"), *b"").unwrap_err().code(),
            "PART_MISSING"
        );
        update.add(path("b.xml"), *b"1").unwrap();
        assert_eq!(
            update.add(path("b.xml"), *b"").unwrap_err().code(),
            "ZIP_DUPLICATE"
        );
        update.put(path("b.xml"), *b"2").unwrap();
        update.put(path("c.xml"), *b"3").unwrap();
        update.put(path("a.xml"), *b"4").unwrap();
        let parts = [("a.xml", "4"), ("b.xml", "2"), ("c.xml", "3")];
        let expected = parts.map(|(name, bytes)| (name.to_owned(), bytes.as_bytes().to_vec()));
        assert_eq!(read_back(&write(&update)), expected);
    }

    #[test]
    fn large_entries_are_copied_from_disk_in_pieces() {
        let noise: Vec<u8> = (0..400_000_u32)
            .flat_map(|n| n.wrapping_mul(2_654_435_761).to_le_bytes())
            .collect();
        let old = package(&[("a", b"1"), ("noise.jpg", &noise), ("z", b"2")]);
        let mut bytes = vec![0; old.archive_len() as usize];
        read_exact_at(old.source(), &mut bytes, 0).unwrap();
        let disk = Package::open(Disk(bytes), Limits::default()).unwrap();
        assert!(disk.source().in_memory().is_none());
        let new = open(write(&Update::new(&disk)));
        assert_eq!(&*new.read(&path("noise.jpg")).unwrap(), noise.as_slice());
        assert_eq!(raw(&old, "noise.jpg"), raw(&new, "noise.jpg"));
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]
        #[test]
        fn any_tree_is_read_back(
            old in prop::collection::btree_map("[a-c]{1,2}(/[a-c印]{1,2}){0,2}", prop::collection::vec(any::<u8>(), 0..500), 0..8),
            new in prop::collection::btree_map("[a-c]{1,2}(/[a-c印]{1,2}){0,2}", prop::collection::vec(any::<u8>(), 0..500), 0..8),
        ) {
            let empty = open(EMPTY.to_vec());
            let mut update = Update::new(&empty);
            for (name, bytes) in &old {
                update.put(path(name), bytes.as_slice()).unwrap();
            }
            let first = open(write(&update));
            let mut update = Update::new(&first);
            for (name, bytes) in &new {
                update.put(path(name), bytes.as_slice()).unwrap();
            }
            let bytes = write(&update);
            prop_assert_eq!(&bytes, &write(&update), "equal input gives equal bytes");
            let second = open(bytes.clone());
            prop_assert_eq!(second.findings(), &[]);
            let mut expected = old;
            expected.extend(new);
            for (name, content) in &expected {
                prop_assert_eq!(&*second.read(&path(name)).unwrap(), content.as_slice());
            }
            let mut found = read_back(&bytes);
            found.sort();
            prop_assert_eq!(found, expected.into_iter().collect::<Vec<_>>());
        }
    }
}
