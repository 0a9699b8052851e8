//! One entry's bytes, stored or deflated, in pieces: nothing that an entry claims is believed.

use flate2::{Decompress, FlushDecompress, Status};

use crate::source::{Source, read_exact_at};
use crate::{Error, Method};

use super::Entry;

/// Compressed bytes read at once from a source that is not in memory.
const INPUT_BYTES: usize = 64 * 1024;
/// Inflated bytes handed out at once.
const OUTPUT_BYTES: usize = 64 * 1024;

/// The state and the buffers of inflating, kept from entry to entry.
pub(super) struct Inflater {
    state: Decompress,
    input: Vec<u8>,
    output: Vec<u8>,
}

impl Inflater {
    pub(super) fn new() -> Self {
        Self {
            state: Decompress::new(false),
            input: Vec::new(),
            output: Vec::new(),
        }
    }

    /// Hands all bytes of the entry to `take`, in order, and says how many there were.
    pub(super) fn stream(
        &mut self,
        source: &dyn Source,
        entry: &Entry,
        take: &mut dyn FnMut(&[u8]),
    ) -> Result<u64, Error> {
        let mut output = std::mem::take(&mut self.output);
        output.resize(OUTPUT_BYTES, 0);
        let result = self.pieces(source, entry, &mut output, take);
        self.output = output;
        result
    }

    /// Fills `target`, which is as long as the entry claims to be.
    pub(super) fn fill(
        &mut self,
        source: &dyn Source,
        entry: &Entry,
        target: &mut [u8],
    ) -> Result<(), Error> {
        let mut progress = self.begin(entry);
        let mut reader = Reader::new(self, source, entry, &mut progress);
        let count = reader.read(target)?;
        // One byte more would be a lie about the size, and the end must be seen.
        if reader.read(&mut [0])? > 0 {
            return Err(more_than_claimed(entry));
        }
        finish(&reader, count as u64, crc32fast::hash(&target[..count]))
    }

    /// Forgets the entry before this one.
    pub(super) fn begin(&mut self, entry: &Entry) -> Progress {
        self.state.reset(false);
        Progress {
            unread: 0..0,
            fetched: 0,
            // Some writers give an empty entry no deflate block at all.
            ended: entry.compressed_size == 0 && entry.size == 0,
        }
    }

    fn pieces(
        &mut self,
        source: &dyn Source,
        entry: &Entry,
        output: &mut [u8],
        take: &mut dyn FnMut(&[u8]),
    ) -> Result<u64, Error> {
        let mut progress = self.begin(entry);
        let mut reader = Reader::new(self, source, entry, &mut progress);
        let mut crc = crc32fast::Hasher::new();
        let mut total: u64 = 0;
        loop {
            // One byte more than claimed is enough to know that the claim is a lie.
            let wanted = (entry.size - total).saturating_add(1).min(output.len() as u64) as usize;
            let count = reader.read(&mut output[..wanted])?;
            if count == 0 {
                break;
            }
            total += count as u64;
            if total > entry.size {
                return Err(more_than_claimed(entry));
            }
            crc.update(&output[..count]);
            take(&output[..count]);
        }
        finish(&reader, total, crc.finalize())?;
        Ok(total)
    }
}

/// How far the bytes of an entry were read.
pub(super) struct Progress {
    /// What of the buffer is unread; unused for sources in memory.
    unread: std::ops::Range<usize>,
    /// Compressed bytes consumed or buffered, of a source in memory: consumed.
    fetched: u64,
    ended: bool,
}

/// What must hold when an entry has ended.
pub(super) fn finish(reader: &Reader<'_>, total: u64, crc32: u32) -> Result<(), Error> {
    let entry = reader.entry;
    let damaged = |what| Error::ZipDamaged {
        entry: entry.path.entry_name().to_owned(),
        what,
    };
    if total != entry.size {
        return Err(damaged("it holds fewer bytes than it claims"));
    }
    if crc32 != entry.crc32 {
        return Err(damaged("its check sum does not fit"));
    }
    if !reader.is_at_end() {
        return Err(damaged("bytes follow the end of its compressed data"));
    }
    Ok(())
}

pub(super) fn more_than_claimed(entry: &Entry) -> Error {
    Error::ZipBomb {
        entry: entry.path.entry_name().to_owned(),
        what: "it gives more bytes than it claims to hold",
    }
}

/// Walks through the compressed bytes of one entry.
pub(super) struct Reader<'a> {
    state: &'a mut Decompress,
    source: &'a dyn Source,
    entry: &'a Entry,
    buffer: &'a mut Vec<u8>,
    progress: &'a mut Progress,
}

impl<'a> Reader<'a> {
    /// Goes on from `progress`, which this inflater made.
    pub(super) fn new(
        inflater: &'a mut Inflater,
        source: &'a dyn Source,
        entry: &'a Entry,
        progress: &'a mut Progress,
    ) -> Self {
        Self {
            state: &mut inflater.state,
            source,
            entry,
            buffer: &mut inflater.input,
            progress,
        }
    }

    /// Fills `output` as far as there are bytes; less than its length means the end.
    pub(super) fn read(&mut self, output: &mut [u8]) -> Result<usize, Error> {
        let mut filled = 0;
        while !self.progress.ended && filled < output.len() {
            filled += match self.entry.method {
                Method::Stored => self.copy(&mut output[filled..])?,
                Method::Deflated => self.inflate(&mut output[filled..])?,
            };
        }
        Ok(filled)
    }

    fn copy(&mut self, output: &mut [u8]) -> Result<usize, Error> {
        let count = self.left().min(output.len() as u64) as usize;
        let at = self.entry.data_offset + self.progress.fetched;
        read_exact_at(self.source, &mut output[..count], at).map_err(Error::read)?;
        self.progress.fetched += count as u64;
        self.progress.ended = self.left() == 0;
        Ok(count)
    }

    fn inflate(&mut self, output: &mut [u8]) -> Result<usize, Error> {
        self.refill()?;
        let input = match self.source.in_memory() {
            Some(all) => rest_in_memory(all, self.entry, self.progress.fetched),
            None => &self.buffer[self.progress.unread.clone()],
        };
        let (before_in, before_out) = (self.state.total_in(), self.state.total_out());
        let status = self.state.decompress(input, output, FlushDecompress::None);
        let consumed = self.state.total_in() - before_in;
        let produced = (self.state.total_out() - before_out) as usize;
        let exhausted = consumed == input.len() as u64;
        if self.source.in_memory().is_some() {
            self.progress.fetched += consumed;
        } else {
            self.progress.unread.start += consumed as usize; // at most the length of the input
        }
        match status {
            Ok(Status::StreamEnd) => self.progress.ended = true,
            Ok(_) if produced == 0 && (consumed == 0 || exhausted && self.left() == 0) => {
                return Err(self.damaged("its compressed data are cut off"));
            }
            Ok(_) => {}
            Err(_) => return Err(self.damaged("its compressed data are broken")),
        }
        Ok(produced)
    }

    /// Reads the next compressed bytes when all before are used.
    fn refill(&mut self) -> Result<(), Error> {
        if self.source.in_memory().is_some() || !self.progress.unread.is_empty() || self.left() == 0 {
            return Ok(());
        }
        let len = self.left().min(INPUT_BYTES as u64) as usize;
        self.buffer.resize(INPUT_BYTES, 0);
        let at = self.entry.data_offset + self.progress.fetched;
        read_exact_at(self.source, &mut self.buffer[..len], at).map_err(Error::read)?;
        self.progress.fetched += len as u64;
        self.progress.unread = 0..len;
        Ok(())
    }

    /// Compressed bytes not fetched yet.
    fn left(&self) -> u64 {
        self.entry.compressed_size - self.progress.fetched // fetched never passes it
    }

    fn is_at_end(&self) -> bool {
        self.progress.ended && self.progress.unread.is_empty() && self.left() == 0
    }

    fn damaged(&self, what: &'static str) -> Error {
        Error::ZipDamaged {
            entry: self.entry.path.entry_name().to_owned(),
            what,
        }
    }
}

/// The compressed bytes of `entry` after the first `skip`.
fn rest_in_memory<'a>(all: &'a [u8], entry: &Entry, skip: u64) -> &'a [u8] {
    let start = usize::try_from(entry.data_offset + skip).unwrap_or(usize::MAX);
    let end = usize::try_from(entry.data_offset + entry.compressed_size).unwrap_or(usize::MAX);
    all.get(start..end).unwrap_or_default()
}
