//! Writing ZIP archives: sizes and CRC stand in the local header, so that no entry needs a data descriptor
//! (some OFD readers refuse stored entries with one), and equal input gives equal bytes.
//!
//! No ZIP64: an archive of 4 GiB, or of 65 535 entries, is refused. ZIP application note (APPNOTE) 4.3, 4.4.

use std::io::{self, Write};

use flate2::{Compress, Compression, FlushCompress, Status};

use crate::Error;

/// Most entries that the end record can count without ZIP64.
pub(crate) const ZIP_ENTRIES_MAX: usize = 0xFFFE;
/// Most bytes of an entry, and of the archive, that four-byte fields can say without ZIP64.
pub(crate) const ZIP_BYTES_MAX: u64 = 0xFFFF_FFFE;

/// General purpose bit 11: the name is UTF-8.
const FLAG_UTF8: u16 = 1 << 11;
/// General purpose bit 3: sizes and CRC follow the data.
const FLAG_DATA_DESCRIPTOR: u16 = 1 << 3;
/// 1980-01-01, the first day that MS-DOS knows: our archives carry no time of their own.
const DOS_EPOCH: DosTime = DosTime {
    time: 0,
    date: 0x0021,
};

/// How the bytes of an entry stand in the archive.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Method {
    /// As they are (method 0).
    Stored,
    /// Deflated (method 8).
    Deflated,
}

/// Date and time as MS-DOS packs them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct DosTime {
    pub(crate) time: u16,
    pub(crate) date: u16,
}

/// What the local header and the central directory say about an entry.
#[derive(Clone, Debug)]
pub(crate) struct EntryHeader<'a> {
    pub(crate) name: &'a [u8],
    pub(crate) flags: u16,
    pub(crate) method: u16,
    pub(crate) modified: DosTime,
    pub(crate) crc32: u32,
    /// Bytes after inflating.
    pub(crate) size: u64,
}

/// Writes one archive, entry after entry.
pub(crate) struct ZipWriter<W> {
    out: W,
    offset: u64,
    directory: Vec<u8>,
    entries: usize,
}

impl<W: Write> ZipWriter<W> {
    /// An archive that begins at the first byte `out` takes.
    pub(crate) fn new(out: W) -> Self {
        Self {
            out,
            offset: 0,
            directory: Vec::new(),
            entries: 0,
        }
    }

    /// An entry of ours. Deflating needs room for one compressed entry; storing needs none.
    pub(crate) fn add(&mut self, name: &str, bytes: &[u8], method: Method) -> Result<(), Error> {
        let mut header = EntryHeader {
            name: name.as_bytes(),
            flags: if name.is_ascii() { 0 } else { FLAG_UTF8 },
            method: 0,
            modified: DOS_EPOCH,
            crc32: crc32fast::hash(bytes),
            size: bytes.len() as u64,
        };
        match method {
            Method::Stored => self.add_raw(&header, bytes),
            Method::Deflated => {
                header.method = 8;
                self.add_raw(&header, &deflate(bytes)?)
            }
        }
    }

    /// An entry whose data are ready: `data` go out as they are, in the method that `header` names.
    ///
    /// Sizes and CRC come from the header, so the data descriptor flag is dropped.
    pub(crate) fn add_raw(&mut self, header: &EntryHeader<'_>, data: &[u8]) -> Result<(), Error> {
        let size = four_bytes("the size of an entry", header.size)?;
        let compressed = four_bytes("the size of an entry", data.len() as u64)?;
        let offset = four_bytes("the size of the package", self.offset)?;
        let name_len = u16::try_from(header.name.len()).map_err(|_| Error::TooMuch {
            what: "the length of an entry name in bytes",
            max: u64::from(u16::MAX),
        })?;
        if self.entries == ZIP_ENTRIES_MAX {
            return Err(Error::TooMuch {
                what: "the number of entries",
                max: ZIP_ENTRIES_MAX as u64,
            });
        }

        let mut common = Vec::with_capacity(26);
        common.extend(20_u16.to_le_bytes()); // version needed: 2.0, deflate
        common.extend((header.flags & !FLAG_DATA_DESCRIPTOR).to_le_bytes());
        common.extend(header.method.to_le_bytes());
        common.extend(header.modified.time.to_le_bytes());
        common.extend(header.modified.date.to_le_bytes());
        common.extend(header.crc32.to_le_bytes());
        common.extend(compressed.to_le_bytes());
        common.extend(size.to_le_bytes());
        common.extend(name_len.to_le_bytes());
        common.extend(0_u16.to_le_bytes()); // no extra field

        self.write(b"PK\x03\x04")?;
        self.write(&common)?;
        self.write(header.name)?;
        self.write(data)?;

        self.directory.extend(b"PK\x01\x02");
        self.directory.extend(20_u16.to_le_bytes()); // made by: MS-DOS, 2.0
        self.directory.extend(&common);
        self.directory.extend([0; 10]); // no comment, disk 0, no attributes
        self.directory.extend(offset.to_le_bytes());
        self.directory.extend(header.name);
        self.entries += 1;
        Ok(())
    }

    /// Ends the archive with its directory, and gives the output back.
    pub(crate) fn finish(mut self) -> Result<W, Error> {
        let offset = four_bytes("the size of the package", self.offset)?;
        let directory = std::mem::take(&mut self.directory);
        let length = four_bytes("the size of the package", directory.len() as u64)?;
        // At most ZIP_ENTRIES_MAX: it fits two bytes.
        let entries = (self.entries as u16).to_le_bytes();
        self.write(&directory)?;
        self.write(b"PK\x05\x06\0\0\0\0")?;
        self.write(&entries)?;
        self.write(&entries)?;
        self.write(&length.to_le_bytes())?;
        self.write(&offset.to_le_bytes())?;
        self.write(&[0, 0])?; // no comment
        self.out.flush()?;
        Ok(self.out)
    }

    fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.out.write_all(bytes)?;
        self.offset += bytes.len() as u64;
        Ok(())
    }
}

fn four_bytes(what: &'static str, value: u64) -> Result<u32, Error> {
    if value > ZIP_BYTES_MAX {
        return Err(Error::TooMuch {
            what,
            max: ZIP_BYTES_MAX,
        });
    }
    Ok(value as u32) // fits: compared above
}

/// Raw deflate of the whole, at the level that most producers use.
pub(crate) fn deflate(bytes: &[u8]) -> Result<Vec<u8>, Error> {
    let mut compress = Compress::new(Compression::default(), false);
    let mut out = Vec::with_capacity(bytes.len() / 4 + 64);
    loop {
        let rest = &bytes[compress.total_in() as usize..]; // never more than what was given
        let status = compress
            .compress_vec(rest, &mut out, FlushCompress::Finish)
            .map_err(|error| io::Error::other(error.to_string()))?;
        if status == Status::StreamEnd {
            return Ok(out);
        }
        out.reserve((out.capacity() / 2).max(4096));
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use proptest::prelude::*;

    fn archive(entries: &[(String, Vec<u8>, bool)]) -> Vec<u8> {
        let mut zip = ZipWriter::new(Vec::new());
        for (name, bytes, stored) in entries {
            let method = if *stored { Method::Stored } else { Method::Deflated };
            zip.add(name, bytes, method).unwrap();
        }
        zip.finish().unwrap()
    }

    /// Reads an archive with a reader that is not ours.
    pub(crate) fn read_back(archive: &[u8]) -> Vec<(String, Vec<u8>)> {
        let zip = rawzip::ZipArchive::from_slice(archive).unwrap();
        let mut found = Vec::new();
        for record in zip.entries() {
            let record = record.unwrap();
            let name = String::from_utf8(record.file_path().as_ref().to_vec()).unwrap();
            let entry = zip.get_entry(record.wayfinder()).unwrap();
            let mut bytes = Vec::new();
            if record.compression_method() == rawzip::CompressionMethod::STORE {
                bytes.extend(entry.data());
            } else {
                let inflate = flate2::read::DeflateDecoder::new(entry.data());
                io::Read::read_to_end(&mut entry.verifying_reader(inflate), &mut bytes).unwrap();
            }
            found.push((name, bytes));
        }
        found
    }

    #[test]
    fn empty_archive_is_its_end_record() {
        assert_eq!(archive(&[]), *b"PK\x05\x06\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0");
    }

    #[test]
    fn names_outside_ascii_are_marked_as_utf8() {
        let bytes = archive(&[("附件.txt".to_owned(), b"x".to_vec(), true)]);
        assert_eq!(u16::from_le_bytes([bytes[6], bytes[7]]), FLAG_UTF8);
    }

    #[test]
    fn raw_entry_loses_its_data_descriptor() {
        let mut zip = ZipWriter::new(Vec::new());
        let header = EntryHeader {
            name: b"a",
            flags: FLAG_DATA_DESCRIPTOR | FLAG_UTF8,
            method: 8,
            modified: DosTime {
                time: 1,
                date: 0x5821,
            },
            crc32: crc32fast::hash(b"hello"),
            size: 5,
        };
        zip.add_raw(&header, &deflate(b"hello").unwrap()).unwrap();
        let bytes = zip.finish().unwrap();
        assert_eq!(u16::from_le_bytes([bytes[6], bytes[7]]), FLAG_UTF8);
        assert_eq!(read_back(&bytes), [("a".to_owned(), b"hello".to_vec())]);
    }

    #[test]
    fn too_many_entries_are_refused() {
        let mut zip = ZipWriter::new(io::sink());
        for _ in 0..ZIP_ENTRIES_MAX {
            zip.add("a", b"", Method::Stored).unwrap();
        }
        assert!(matches!(
            zip.add("a", b"", Method::Stored),
            Err(Error::TooMuch { max: 0xFFFE, .. })
        ));
    }

    #[test]
    fn too_large_entry_is_refused() {
        let mut zip = ZipWriter::new(io::sink());
        let header = EntryHeader {
            name: b"a",
            flags: 0,
            method: 8,
            modified: DOS_EPOCH,
            crc32: 0,
            size: 1 << 32,
        };
        assert!(matches!(zip.add_raw(&header, b""), Err(Error::TooMuch { .. })));
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]
        #[test]
        fn another_reader_finds_the_same(
            entries in prop::collection::vec(
                ("[a-z0-9/文]{1,12}", prop::collection::vec(any::<u8>(), 0..5000), any::<bool>()), 0..6)
        ) {
            let bytes = archive(&entries);
            prop_assert_eq!(&bytes, &archive(&entries));
            let expected: Vec<_> = entries.into_iter().map(|(name, bytes, _)| (name, bytes)).collect();
            prop_assert_eq!(read_back(&bytes), expected);
        }
    }
}
