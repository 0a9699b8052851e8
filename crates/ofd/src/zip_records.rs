//! The records of a ZIP archive, as they stand (APPNOTE 4.3): no judgement here beyond "these bytes are no such
//! record".

/// Local file header (4.3.7).
pub(crate) const LOCAL_HEADER: [u8; 4] = *b"PK\x03\x04";
/// Central directory header (4.3.12).
pub(crate) const CENTRAL_HEADER: [u8; 4] = *b"PK\x01\x02";
/// End of central directory record (4.3.16).
pub(crate) const END: [u8; 4] = *b"PK\x05\x06";
/// Zip64 end of central directory record (4.3.14).
pub(crate) const END64: [u8; 4] = *b"PK\x06\x06";
/// Zip64 end of central directory locator (4.3.15).
pub(crate) const END64_LOCATOR: [u8; 4] = *b"PK\x06\x07";
/// Data descriptor (4.3.9).
pub(crate) const DESCRIPTOR: [u8; 4] = *b"PK\x07\x08";

/// Bytes of a local header without name and extra field.
pub(crate) const LOCAL_BYTES: usize = 30;
/// Bytes of a central header without name, extra field and comment.
pub(crate) const CENTRAL_BYTES: usize = 46;
/// Bytes of the end record without its comment.
pub(crate) const END_BYTES: usize = 22;
/// Bytes of the zip64 end record without extensible data.
pub(crate) const END64_BYTES: usize = 56;
/// Bytes of the zip64 locator.
pub(crate) const LOCATOR_BYTES: usize = 20;

/// General purpose bit 0: encrypted.
pub(crate) const FLAG_ENCRYPTED: u16 = 1;
/// General purpose bit 3: sizes and CRC follow the data.
pub(crate) const FLAG_DESCRIPTOR: u16 = 1 << 3;
/// General purpose bit 5: patched data.
pub(crate) const FLAG_PATCHED: u16 = 1 << 5;
/// General purpose bit 6: strong encryption.
pub(crate) const FLAG_STRONG_ENCRYPTION: u16 = 1 << 6;
/// General purpose bit 11: the name is UTF-8.
pub(crate) const FLAG_UTF8: u16 = 1 << 11;
/// General purpose bit 13: the headers are masked.
pub(crate) const FLAG_MASKED: u16 = 1 << 13;

/// Extra field of 64-bit sizes and offsets (4.5.3).
pub(crate) const EXTRA_ZIP64: u16 = 0x0001;
/// Extra field of a UTF-8 name (4.6.9, Info-ZIP Unicode Path).
pub(crate) const EXTRA_UNICODE_PATH: u16 = 0x7075;

/// A number that stands in the zip64 extra field instead.
pub(crate) const IN_ZIP64: u32 = u32::MAX;

/// One header of the central directory.
#[derive(Clone, Copy, Debug)]
pub(crate) struct CentralHeader<'a> {
    pub(crate) made_by: u16,
    pub(crate) flags: u16,
    pub(crate) method: u16,
    pub(crate) time: u16,
    pub(crate) date: u16,
    pub(crate) crc32: u32,
    pub(crate) compressed: u32,
    pub(crate) size: u32,
    pub(crate) disk: u16,
    pub(crate) internal: u16,
    pub(crate) external: u32,
    pub(crate) offset: u32,
    pub(crate) name: &'a [u8],
    pub(crate) extra: &'a [u8],
    pub(crate) comment: &'a [u8],
}

impl<'a> CentralHeader<'a> {
    /// The header at the start of `bytes`, and what follows it.
    pub(crate) fn read(bytes: &'a [u8]) -> Option<(Self, &'a [u8])> {
        let (fixed, rest) = bytes.split_at_checked(CENTRAL_BYTES)?;
        let fixed: &[u8; CENTRAL_BYTES] = fixed.try_into().ok()?;
        if fixed[..4] != CENTRAL_HEADER {
            return None;
        }
        let (name, rest) = rest.split_at_checked(usize::from(u16_at(fixed, 28)))?;
        let (extra, rest) = rest.split_at_checked(usize::from(u16_at(fixed, 30)))?;
        let (comment, rest) = rest.split_at_checked(usize::from(u16_at(fixed, 32)))?;
        let header = Self {
            made_by: u16_at(fixed, 4),
            flags: u16_at(fixed, 8),
            method: u16_at(fixed, 10),
            time: u16_at(fixed, 12),
            date: u16_at(fixed, 14),
            crc32: u32_at(fixed, 16),
            compressed: u32_at(fixed, 20),
            size: u32_at(fixed, 24),
            disk: u16_at(fixed, 34),
            internal: u16_at(fixed, 36),
            external: u32_at(fixed, 38),
            offset: u32_at(fixed, 42),
            name,
            extra,
            comment,
        };
        Some((header, rest))
    }
}

/// The header in front of an entry's data.
#[derive(Clone, Copy, Debug)]
pub(crate) struct LocalHeader {
    pub(crate) flags: u16,
    pub(crate) method: u16,
    pub(crate) crc32: u32,
    pub(crate) compressed: u32,
    pub(crate) size: u32,
    pub(crate) name_len: u16,
    pub(crate) extra_len: u16,
}

impl LocalHeader {
    /// The fixed part of the header at the start of `bytes`.
    pub(crate) fn read(bytes: &[u8]) -> Option<Self> {
        let fixed: &[u8; LOCAL_BYTES] = bytes.get(..LOCAL_BYTES)?.try_into().ok()?;
        (fixed[..4] == LOCAL_HEADER).then(|| Self {
            flags: u16_at(fixed, 6),
            method: u16_at(fixed, 8),
            crc32: u32_at(fixed, 14),
            compressed: u32_at(fixed, 18),
            size: u32_at(fixed, 22),
            name_len: u16_at(fixed, 26),
            extra_len: u16_at(fixed, 28),
        })
    }
}

/// The end record, or the zip64 end record, in one form.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct EndRecord {
    /// This disk, and the disk where the directory begins: both must be 0.
    pub(crate) disks: (u32, u32),
    /// Entries on this disk and in all.
    pub(crate) entries: (u64, u64),
    /// Bytes of the central directory.
    pub(crate) directory_len: u64,
    /// Where it is said to begin.
    pub(crate) directory_offset: u64,
    /// Bytes of the comment (0 in zip64).
    pub(crate) comment_len: u16,
}

impl EndRecord {
    pub(crate) fn read(bytes: &[u8]) -> Option<Self> {
        let fixed: &[u8; END_BYTES] = bytes.get(..END_BYTES)?.try_into().ok()?;
        (fixed[..4] == END).then(|| Self {
            disks: (u32::from(u16_at(fixed, 4)), u32::from(u16_at(fixed, 6))),
            entries: (u64::from(u16_at(fixed, 8)), u64::from(u16_at(fixed, 10))),
            directory_len: u64::from(u32_at(fixed, 12)),
            directory_offset: u64::from(u32_at(fixed, 16)),
            comment_len: u16_at(fixed, 20),
        })
    }

    /// The zip64 record, which must be exactly [`END64_BYTES`] long.
    pub(crate) fn read64(bytes: &[u8]) -> Option<Self> {
        let fixed: &[u8; END64_BYTES] = bytes.get(..END64_BYTES)?.try_into().ok()?;
        (fixed[..4] == END64 && u64_at(fixed, 4) == END64_BYTES as u64 - 12).then(|| Self {
            disks: (u32_at(fixed, 16), u32_at(fixed, 20)),
            entries: (u64_at(fixed, 24), u64_at(fixed, 32)),
            directory_len: u64_at(fixed, 40),
            directory_offset: u64_at(fixed, 48),
            comment_len: 0,
        })
    }
}

/// Where a zip64 locator says that the zip64 end record is; `None` when `bytes` are no locator.
pub(crate) fn read_locator(bytes: &[u8]) -> Option<u64> {
    let fixed: &[u8; LOCATOR_BYTES] = bytes.get(..LOCATOR_BYTES)?.try_into().ok()?;
    (fixed[..4] == END64_LOCATOR).then(|| u64_at(fixed, 8))
}

/// The one extra field with this identifier: `Err` when it stands twice.
pub(crate) fn extra_field(mut extra: &[u8], id: u16) -> Result<Option<&[u8]>, ()> {
    let mut found = None;
    while let Some((head, rest)) = extra.split_at_checked(4) {
        // What does not split any more is padding that some writers leave.
        let Some((data, rest)) = rest.split_at_checked(usize::from(u16_at(head, 2))) else {
            break;
        };
        if u16_at(head, 0) == id && found.replace(data).is_some() {
            return Err(());
        }
        extra = rest;
    }
    Ok(found)
}

/// Little-endian numbers; the callers pass arrays that are long enough.
pub(crate) fn u16_at(bytes: &[u8], at: usize) -> u16 {
    u16::from_le_bytes([bytes[at], bytes[at + 1]])
}

pub(crate) fn u32_at(bytes: &[u8], at: usize) -> u32 {
    u32::from_le_bytes([bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]])
}

pub(crate) fn u64_at(bytes: &[u8], at: usize) -> u64 {
    u64::from(u32_at(bytes, at)) | u64::from(u32_at(bytes, at + 4)) << 32
}
