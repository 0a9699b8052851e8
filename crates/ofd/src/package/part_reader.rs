//! One part piece by piece, when the caller asks: for callers that go through several parts side by side.

use std::sync::Arc;

use super::inflate::{self, Inflater, Progress, Reader};
use super::{Entry, Package};
use crate::Error;

/// A part that is being read; it keeps 100 KiB until it is dropped.
pub struct PartReader<'p> {
    package: &'p Package,
    entry: &'p Entry,
    bytes: Bytes,
    total: u64,
}

enum Bytes {
    /// The part was read before, and kept.
    Kept(Arc<[u8]>),
    Inflated(Box<Inflated>),
}

struct Inflated {
    inflater: Inflater,
    progress: Progress,
    crc: crc32fast::Hasher,
}

impl<'p> PartReader<'p> {
    pub(super) fn new(package: &'p Package, position: usize) -> Self {
        let entry = &package.entries()[position];
        let bytes = match package.cache[position].get() {
            Some(kept) => Bytes::Kept(kept.clone()),
            None => {
                let mut inflater = package.take_inflater();
                let progress = inflater.begin(entry);
                Bytes::Inflated(Box::new(Inflated {
                    inflater,
                    progress,
                    crc: crc32fast::Hasher::new(),
                }))
            }
        };
        Self {
            package,
            entry,
            bytes,
            total: 0,
        }
    }

    /// Fills `output` as far as there are bytes. Less than its length means the end, and that size and check sum
    /// are right; until then, and after an error, no byte is to be trusted.
    pub fn read(&mut self, output: &mut [u8]) -> Result<usize, Error> {
        let count = match &mut self.bytes {
            Bytes::Kept(kept) => {
                // `total` counts bytes of `kept`, so it is no longer than that.
                let left = &kept[self.total as usize..];
                let count = left.len().min(output.len());
                output[..count].copy_from_slice(&left[..count]);
                count
            }
            Bytes::Inflated(inflated) => {
                let Inflated {
                    inflater,
                    progress,
                    crc,
                } = &mut **inflated;
                let mut reader = Reader::new(inflater, self.package.source(), self.entry, progress);
                // One byte more than claimed is enough to know that the claim is a lie.
                let wanted = (self.entry.size - self.total).saturating_add(1);
                let wanted = wanted.min(output.len() as u64) as usize;
                let count = reader.read(&mut output[..wanted])?;
                let total = self.total + count as u64;
                if total > self.entry.size {
                    return Err(inflate::more_than_claimed(self.entry));
                }
                crc.update(&output[..count]);
                if count < wanted {
                    inflate::finish(&reader, total, crc.clone().finalize())?;
                }
                count
            }
        };
        self.total += count as u64;
        Ok(count)
    }
}

impl Drop for PartReader<'_> {
    fn drop(&mut self) {
        let bytes = std::mem::replace(&mut self.bytes, Bytes::Kept(Arc::default()));
        if let Bytes::Inflated(inflated) = bytes {
            self.package.give_back(inflated.inflater);
        }
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::PartPath;

    /// Two parts in turns: the same one twice.
    pub(in super::super) fn read_in_pieces(
        package: &Package,
        part: &PartPath,
        piece_bytes: usize,
    ) -> Result<Vec<u8>, Error> {
        let mut readers = [package.reader(part)?, package.reader(part)?];
        let mut read = [vec![], vec![]];
        let mut piece = vec![0; piece_bytes];
        loop {
            let mut count = 0;
            for (reader, read) in readers.iter_mut().zip(&mut read) {
                count = reader.read(&mut piece)?;
                read.extend_from_slice(&piece[..count]);
            }
            if count < piece_bytes {
                assert_eq!(read[0], read[1]);
                let [read, _] = read;
                return Ok(read);
            }
        }
    }
}
