//! Where the bytes of a package come from.

use std::fs::File;
use std::io;

/// Bytes that can be read at any place, by several threads at once.
pub trait Source: Send + Sync {
    /// Length in bytes.
    fn len(&self) -> u64;

    /// Reads at most `buf.len()` bytes from `offset` and says how many; 0 is the end.
    fn read_at(&self, buf: &mut [u8], offset: u64) -> io::Result<usize>;

    /// All bytes, when they already lie in memory: then nothing is copied.
    fn in_memory(&self) -> Option<&[u8]> {
        None
    }

    /// No bytes at all.
    fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

impl Source for File {
    /// 0 for a file whose size cannot be asked.
    fn len(&self) -> u64 {
        self.metadata().map_or(0, |metadata| metadata.len())
    }

    fn read_at(&self, buf: &mut [u8], offset: u64) -> io::Result<usize> {
        std::os::unix::fs::FileExt::read_at(self, buf, offset)
    }
}

impl Source for Vec<u8> {
    fn len(&self) -> u64 {
        self.as_slice().len() as u64
    }

    fn read_at(&self, buf: &mut [u8], offset: u64) -> io::Result<usize> {
        Ok(copy_at(self, buf, offset))
    }

    fn in_memory(&self) -> Option<&[u8]> {
        Some(self)
    }
}

impl Source for &[u8] {
    fn len(&self) -> u64 {
        <[u8]>::len(self) as u64
    }

    fn read_at(&self, buf: &mut [u8], offset: u64) -> io::Result<usize> {
        Ok(copy_at(self, buf, offset))
    }

    fn in_memory(&self) -> Option<&[u8]> {
        Some(self)
    }
}

/// Fills the whole buffer from `offset`, or fails with [`io::ErrorKind::UnexpectedEof`].
pub(crate) fn read_exact_at(source: &dyn Source, mut buf: &mut [u8], mut offset: u64) -> io::Result<()> {
    while !buf.is_empty() {
        match source.read_at(buf, offset) {
            Ok(0) => return Err(io::ErrorKind::UnexpectedEof.into()),
            Ok(count) => {
                buf = buf.get_mut(count..).ok_or(io::ErrorKind::InvalidData)?;
                offset += count as u64;
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

fn copy_at(bytes: &[u8], buf: &mut [u8], offset: u64) -> usize {
    let rest = usize::try_from(offset)
        .ok()
        .and_then(|offset| bytes.get(offset..))
        .unwrap_or_default();
    let count = rest.len().min(buf.len());
    buf[..count].copy_from_slice(&rest[..count]);
    count
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memory_is_read_at_any_place() {
        let source = b"0123456789".to_vec();
        let mut buf = [0; 4];
        assert_eq!(source.read_at(&mut buf, 8).unwrap(), 2);
        assert_eq!(&buf[..2], b"89");
        assert_eq!(source.read_at(&mut buf, u64::MAX).unwrap(), 0);
        assert!(read_exact_at(&source, &mut buf, 7).is_err());
        read_exact_at(&source, &mut buf, 6).unwrap();
        assert_eq!(&buf, b"6789");
    }
}
