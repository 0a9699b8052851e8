//! Writing ZIP archives: sizes and CRC stand in the local header, so that no entry needs a data descriptor
//! (some OFD readers refuse stored entries with one), and equal input gives equal bytes.
//!
//! ZIP64 records are written where a number needs them, and only there. ZIP application note (APPNOTE) 4.3 to 4.5.

use std::borrow::Cow;
use std::cell::RefCell;
use std::io::{self, Write};

use flate2::{Compress, Compression, FlushCompress, Status};

use crate::Error;
use crate::zip_records::{
    CENTRAL_HEADER, END, END64, END64_BYTES, END64_LOCATOR, EXTRA_ZIP64, FLAG_DESCRIPTOR, FLAG_UTF8,
    IN_ZIP64, LOCAL_HEADER,
};

/// 1980-01-01, the first day that MS-DOS knows: our archives carry no time of their own.
const DOS_EPOCH: DosTime = DosTime {
    time: 0,
    date: 0x0021,
};
/// Version 2.0, deflate; as "made by" also MS-DOS.
const VERSION_DEFLATE: u16 = 20;
/// Version 4.5, ZIP64.
const VERSION_ZIP64: u16 = 45;
/// Bytes that are gathered before they go out.
const BUFFER_BYTES: usize = 64 * 1024;
/// Shorter new parts are stored: one block of the disk is not worth the tables of deflate.
const DEFLATE_BYTES_MIN: usize = 2048;
/// How much of a new part is looked at before it is deflated.
const SAMPLE_BYTES: usize = 4096;
/// Bits of information in a byte (order-0 entropy) from which a part counts as compressed already: text in UTF-8
/// has about 5, the inside of PNG, JPEG and certificates nearly 8.
const DENSE_BITS: f64 = 7.2;

/// How the bytes of an entry stand in the archive.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Method {
    /// As they are (method 0).
    Stored,
    /// Deflated (method 8).
    Deflated,
}

impl Method {
    fn number(self) -> u16 {
        match self {
            Self::Stored => 0,
            Self::Deflated => 8,
        }
    }
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
    /// General purpose flags; that of the data descriptor is dropped.
    pub(crate) flags: u16,
    pub(crate) method: Method,
    pub(crate) modified: DosTime,
    pub(crate) crc32: u32,
    /// Bytes after inflating.
    pub(crate) size: u64,
    /// Bytes in the archive.
    pub(crate) compressed: u64,
    /// Fields of the directory only.
    pub(crate) attributes: Attributes<'a>,
    /// Extra fields of the local header, without ZIP64.
    pub(crate) local_extra: Vec<u8>,
}

/// What only the central directory says about an entry.
#[derive(Clone, Debug)]
pub(crate) struct Attributes<'a> {
    pub(crate) made_by: u16,
    pub(crate) internal: u16,
    pub(crate) external: u32,
    /// Extra fields, without ZIP64.
    pub(crate) extra: Vec<u8>,
    pub(crate) comment: &'a [u8],
}

impl Default for Attributes<'_> {
    fn default() -> Self {
        Self {
            made_by: VERSION_DEFLATE,
            internal: 0,
            external: 0,
            extra: Vec::new(),
            comment: &[],
        }
    }
}

/// Writes one archive, entry after entry.
pub(crate) struct ZipWriter<W> {
    out: W,
    buffer: Vec<u8>,
    offset: u64,
    directory: Vec<u8>,
    entries: u64,
}

impl<W: Write> ZipWriter<W> {
    /// An archive that begins at the first byte `out` takes.
    pub(crate) fn new(out: W) -> Self {
        Self {
            out,
            buffer: Vec::new(),
            offset: 0,
            directory: Vec::new(),
            entries: 0,
        }
    }

    /// An entry of ours. Deflating needs room for one compressed entry; storing needs none.
    pub(crate) fn add(&mut self, name: &str, bytes: &[u8], method: Method) -> Result<(), Error> {
        match method {
            Method::Stored => self.add_packed(name, bytes, method, bytes),
            Method::Deflated => {
                let packed = deflate(bytes)?;
                self.add_packed(name, bytes, method, &packed)
            }
        }
    }

    /// The same with the bytes already as `method` wants them.
    pub(crate) fn add_packed(
        &mut self,
        name: &str,
        bytes: &[u8],
        method: Method,
        data: &[u8],
    ) -> Result<(), Error> {
        let header = EntryHeader {
            name: name.as_bytes(),
            flags: if name.is_ascii() { 0 } else { FLAG_UTF8 },
            method,
            modified: DOS_EPOCH,
            crc32: crc32fast::hash(bytes),
            size: bytes.len() as u64,
            compressed: data.len() as u64,
            attributes: Attributes::default(),
            local_extra: Vec::new(),
        };
        self.begin(&header)?;
        self.data(data)
    }

    /// The header of an entry; exactly `header.compressed` bytes of data must follow through
    /// [`ZipWriter::data`].
    pub(crate) fn begin(&mut self, header: &EntryHeader<'_>) -> Result<(), Error> {
        let offset = self.offset;
        let large = header.size >= u64::from(IN_ZIP64) || header.compressed >= u64::from(IN_ZIP64);
        let mut local_extra = Vec::new();
        if large {
            // 4.5.3: in the local header both sizes must be there.
            zip64_field(&mut local_extra, &[header.size, header.compressed]);
        }
        local_extra.extend(&header.local_extra);

        let far: Vec<u64> = [
            (large, header.size),
            (large, header.compressed),
            (is_long(offset), offset),
        ]
        .into_iter()
        .filter_map(|(needed, value)| needed.then_some(value))
        .collect();
        let mut extra = Vec::new();
        if !far.is_empty() {
            zip64_field(&mut extra, &far);
        }
        extra.extend(&header.attributes.extra);

        let version = if far.is_empty() {
            VERSION_DEFLATE
        } else {
            VERSION_ZIP64
        };
        let mut local = LOCAL_HEADER.to_vec();
        common_fields(&mut local, header, version, large)?;
        local.extend(short(
            "the length of the extra fields of an entry in bytes",
            local_extra.len(),
        )?);
        local.extend(header.name);
        local.extend(local_extra);
        self.write(&local)?;

        let attributes = &header.attributes;
        self.directory.extend(CENTRAL_HEADER);
        self.directory.extend(attributes.made_by.to_le_bytes());
        common_fields(&mut self.directory, header, version, large)?;
        self.directory.extend(short(
            "the length of the extra fields of an entry in bytes",
            extra.len(),
        )?);
        self.directory.extend(short(
            "the length of an entry comment in bytes",
            attributes.comment.len(),
        )?);
        self.directory.extend([0, 0]); // disk
        self.directory.extend(attributes.internal.to_le_bytes());
        self.directory.extend(attributes.external.to_le_bytes());
        self.directory.extend(four_bytes(offset).to_le_bytes());
        self.directory.extend(header.name);
        self.directory.extend(extra);
        self.directory.extend(attributes.comment);
        self.entries += 1;
        Ok(())
    }

    /// Bytes of the entry that was begun last, as they stand in the archive.
    pub(crate) fn data(&mut self, bytes: &[u8]) -> Result<(), Error> {
        Ok(self.write(bytes)?)
    }

    /// Ends the archive with its directory; gives the output back, and the length of the archive in bytes.
    pub(crate) fn finish(mut self) -> Result<(W, u64), Error> {
        let start = self.offset;
        let directory = std::mem::take(&mut self.directory);
        let length = directory.len() as u64;
        self.write(&directory)?;

        let many = self.entries >= u64::from(u16::MAX);
        if many || is_long(start) || is_long(length) {
            let end64 = self.offset;
            let mut record = END64.to_vec();
            record.extend((END64_BYTES as u64 - 12).to_le_bytes());
            record.extend(VERSION_ZIP64.to_le_bytes());
            record.extend(VERSION_ZIP64.to_le_bytes());
            record.extend([0; 8]); // disks
            for value in [self.entries, self.entries, length, start] {
                record.extend(value.to_le_bytes());
            }
            record.extend(END64_LOCATOR);
            record.extend([0; 4]); // disk
            record.extend(end64.to_le_bytes());
            record.extend(1_u32.to_le_bytes()); // disks in all
            self.write(&record)?;
        }
        let entries = u16::try_from(self.entries).unwrap_or(u16::MAX).to_le_bytes();
        let mut record = END.to_vec();
        record.extend([0; 4]); // disks
        record.extend(entries);
        record.extend(entries);
        record.extend(four_bytes(length).to_le_bytes());
        record.extend(four_bytes(start).to_le_bytes());
        record.extend([0, 0]); // no comment
        self.write(&record)?;
        self.out.write_all(&self.buffer)?;
        self.out.flush()?;
        Ok((self.out, self.offset))
    }

    fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        if self.buffer.len() + bytes.len() > BUFFER_BYTES {
            self.out.write_all(&self.buffer)?;
            self.buffer.clear();
        }
        if bytes.len() > BUFFER_BYTES {
            self.out.write_all(bytes)?;
        } else {
            self.buffer.extend(bytes);
        }
        self.offset += bytes.len() as u64;
        Ok(())
    }
}

/// What both headers say, from the version needed to the length of the name.
fn common_fields(
    out: &mut Vec<u8>,
    header: &EntryHeader<'_>,
    version: u16,
    large: bool,
) -> Result<(), Error> {
    let size = |value: u64| if large { IN_ZIP64 } else { value as u32 }; // fits: not large
    out.extend(version.to_le_bytes());
    out.extend((header.flags & !FLAG_DESCRIPTOR).to_le_bytes());
    out.extend(header.method.number().to_le_bytes());
    out.extend(header.modified.time.to_le_bytes());
    out.extend(header.modified.date.to_le_bytes());
    out.extend(header.crc32.to_le_bytes());
    out.extend(size(header.compressed).to_le_bytes());
    out.extend(size(header.size).to_le_bytes());
    out.extend(short("the length of an entry name in bytes", header.name.len())?);
    Ok(())
}

fn zip64_field(out: &mut Vec<u8>, values: &[u64]) {
    out.extend(EXTRA_ZIP64.to_le_bytes());
    out.extend((values.len() as u16 * 8).to_le_bytes()); // at most three values
    values.iter().for_each(|value| out.extend(value.to_le_bytes()));
}

/// The value, or the sign that it stands in a ZIP64 record.
fn four_bytes(value: u64) -> u32 {
    u32::try_from(value).unwrap_or(IN_ZIP64)
}

fn is_long(value: u64) -> bool {
    value >= u64::from(IN_ZIP64)
}

fn short(what: &'static str, len: usize) -> Result<[u8; 2], Error> {
    let len = u16::try_from(len).map_err(|_| Error::TooMuch {
        what,
        max: u64::from(u16::MAX),
    })?;
    Ok(len.to_le_bytes())
}

/// How to write a new part: deflated where that pays. A seal and its signature are a picture and certificates that
/// hardly shrink; a look at the beginning saves the time of trying.
pub(crate) fn pack(bytes: &[u8]) -> Result<(Method, Cow<'_, [u8]>), Error> {
    if bytes.len() >= DEFLATE_BYTES_MIN && !is_dense(&bytes[..bytes.len().min(SAMPLE_BYTES)]) {
        let deflated = deflate(bytes)?;
        if deflated.len() < bytes.len() {
            return Ok((Method::Deflated, Cow::Owned(deflated)));
        }
    }
    Ok((Method::Stored, Cow::Borrowed(bytes)))
}

thread_local! {
    /// A third of a megabyte of tables, which take longer to make than a small part takes to deflate.
    static COMPRESS: RefCell<Compress> = RefCell::new(Compress::new(Compression::default(), false));
}

/// Raw deflate of the whole, at the level that most producers use.
pub(crate) fn deflate(bytes: &[u8]) -> Result<Vec<u8>, Error> {
    COMPRESS.with_borrow_mut(|compress| {
        compress.reset();
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
    })
}

/// Whether the bytes look like noise.
fn is_dense(bytes: &[u8]) -> bool {
    let mut counts = [0_u32; 256];
    for byte in bytes {
        counts[usize::from(*byte)] += 1;
    }
    let total = bytes.len() as f64;
    let bits = |count: u32| f64::from(count) * (total / f64::from(count)).log2();
    let sum: f64 = counts.into_iter().filter(|count| *count > 0).map(bits).sum();
    sum >= DENSE_BITS * total
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
        zip.finish().unwrap().0
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
    fn what_does_not_shrink_is_stored() {
        let noise: Vec<u8> = (0..20_000_u32)
            .flat_map(|n| mixed_bits(n).to_le_bytes())
            .collect();
        let pack = |bytes: &[u8]| {
            let (method, packed) = pack(bytes).unwrap();
            (method, packed.into_owned())
        };
        assert_eq!(pack(&noise), (Method::Stored, noise.clone()));
        let text = "第 1 页 关于测试的通知".repeat(1000);
        let (method, packed) = pack(text.as_bytes());
        assert!(method == Method::Deflated && packed.len() * 10 < text.len());
        assert_eq!(
            pack(text.as_bytes()),
            (method, packed),
            "nothing of the part before is left"
        );
        assert_eq!(pack(b"x").0, Method::Stored);
        assert_eq!(pack(b"").0, Method::Stored);
    }

    /// Bits without a pattern that deflate could use.
    fn mixed_bits(n: u32) -> u32 {
        let mixed = (n ^ (n >> 15)).wrapping_mul(0x2c1b_3c6d);
        (mixed ^ (mixed >> 12)).wrapping_mul(0x297a_2d39) ^ (mixed >> 15)
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
        let data = deflate(b"hello").unwrap();
        let header = EntryHeader {
            name: b"a",
            flags: FLAG_DESCRIPTOR | FLAG_UTF8,
            method: Method::Deflated,
            modified: DosTime {
                time: 1,
                date: 0x5821,
            },
            crc32: crc32fast::hash(b"hello"),
            size: 5,
            compressed: data.len() as u64,
            attributes: Attributes::default(),
            local_extra: Vec::new(),
        };
        zip.begin(&header).unwrap();
        zip.data(&data).unwrap();
        let bytes = zip.finish().unwrap().0;
        assert_eq!(u16::from_le_bytes([bytes[6], bytes[7]]), FLAG_UTF8);
        assert_eq!(read_back(&bytes), [("a".to_owned(), b"hello".to_vec())]);
    }

    #[test]
    fn more_entries_than_two_bytes_count_need_zip64() {
        for count in [65_534, 65_535] {
            let mut zip = ZipWriter::new(Vec::new());
            for number in 0..count {
                zip.add(&number.to_string(), b"", Method::Stored).unwrap();
            }
            let bytes = zip.finish().unwrap().0;
            assert_eq!(
                rawzip::ZipArchive::from_slice(&bytes).unwrap().entries().count(),
                count
            );
            let zip64 = bytes[bytes.len() - 42..].starts_with(&END64_LOCATOR);
            assert_eq!(zip64, count > 65_534);
            let limits = crate::Limits {
                entries_max: 70_000,
                ..crate::Limits::default()
            };
            assert_eq!(
                crate::Package::open(bytes, limits).unwrap().entries().len(),
                count
            );
        }
    }

    #[test]
    fn entry_behind_four_gigabytes_has_its_offset_in_zip64() {
        let mut zip = ZipWriter::new(Vec::new());
        zip.offset = u64::from(IN_ZIP64) + 7;
        zip.add("a", b"hello", Method::Stored).unwrap();
        assert_eq!(zip.offset, u64::from(IN_ZIP64) + 7 + 30 + 1 + 5);
        let (header, rest) = crate::zip_records::CentralHeader::read(&zip.directory).unwrap();
        assert!(rest.is_empty());
        assert_eq!((header.offset, header.size, header.compressed), (IN_ZIP64, 5, 5));
        assert_eq!(header.extra, [1, 0, 8, 0, 6, 0, 0, 0, 1, 0, 0, 0]);
    }

    #[test]
    fn entry_of_four_gigabytes_has_its_sizes_in_zip64() {
        let mut zip = ZipWriter::new(Vec::new());
        let header = EntryHeader {
            name: b"a",
            flags: 0,
            method: Method::Deflated,
            modified: DOS_EPOCH,
            crc32: 0,
            size: 1 << 32,
            compressed: 1 << 24,
            attributes: Attributes::default(),
            local_extra: Vec::new(),
        };
        zip.begin(&header).unwrap();
        let (central, _) = crate::zip_records::CentralHeader::read(&zip.directory).unwrap();
        assert_eq!((central.size, central.compressed), (IN_ZIP64, IN_ZIP64));
        assert_eq!(
            central.extra,
            [1, 0, 16, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0]
        );
        assert_eq!(zip.buffer[31..], central.extra[..]);
    }

    #[test]
    fn too_long_name_is_refused() {
        let mut zip = ZipWriter::new(io::sink());
        assert!(matches!(
            zip.add(&"a".repeat(65_536), b"", Method::Stored),
            Err(Error::TooMuch { .. })
        ));
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
