//! The export: a whole log as one text file that is written and checked in one stream.
//!
//! ```text
//! yinxin-audit-export/1
//! origin yinxin.example.gov.cn/audit
//! key NAME+ID+BASE64
//! entry {"act":"seal.made",…}
//! checkpoint "yinxin.example.gov.cn/audit\n1\n…"
//! entry {"act":"use.intended",…}
//! end 2
//! ```
//!
//! Every line is ended by a line feed. `key` lines name the keys of the log, for the reader's information: nobody
//! trusts a key because it stands in the file that it signs. Entries stand in their order, each as its canonical
//! form; a checkpoint, as a JSON string, stands directly behind the last entry that it covers. `end` counts the
//! entries, so that a file that was cut off is told from a short log.

use std::io::{self, BufRead, Read as _, Write};

use crate::note::is_origin;
use crate::{CHECKPOINT_BYTES_MAX, ENTRY_BYTES_MAX, Error, LogKey, SignedCheckpoint, canonical};

/// Bytes of a line of an export at most. A checkpoint may grow when its line feeds are escaped.
pub const EXPORT_LINE_BYTES_MAX: usize = ENTRY_BYTES_MAX + 2 * CHECKPOINT_BYTES_MAX;

/// Writes an export, entry by entry.
///
/// It writes what it is given: whether that is a log is for [`check`](crate::check) to say.
#[derive(Debug)]
pub struct ExportWriter<W> {
    out: W,
    size: u64,
}

impl<W: Write> ExportWriter<W> {
    /// Begins the export of the log named `origin`, whose checkpoints are signed by `keys`.
    pub fn new(mut out: W, origin: &str, keys: &[LogKey]) -> io::Result<Self> {
        if !is_origin(origin) {
            let error = Error::CheckpointMalformed {
                why: "its origin is not 1 to 128 visible ASCII characters without +",
            };
            return Err(io::Error::new(io::ErrorKind::InvalidInput, error));
        }
        write!(out, "{FIRST_LINE}\norigin {origin}\n")?;
        for key in keys {
            writeln!(out, "key {key}")?;
        }
        Ok(Self { out, size: 0 })
    }

    /// How many entries were written: a checkpoint of this size goes here.
    pub fn size(&self) -> u64 {
        self.size
    }

    /// What is written to: who takes pieces away as they come takes them here.
    pub fn get_mut(&mut self) -> &mut W {
        &mut self.out
    }

    /// Adds the next entry: its canonical form, as it is stored.
    pub fn entry(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.size += 1;
        self.out.write_all(b"entry ")?;
        self.out.write_all(bytes)?;
        self.out.write_all(b"\n")
    }

    /// Adds a checkpoint's text, as it is stored, when as many entries as it covers have been written.
    pub fn checkpoint(&mut self, text: &str) -> io::Result<()> {
        let mut line = b"checkpoint ".to_vec();
        canonical::write_string(text, &mut line);
        line.push(b'\n');
        self.out.write_all(&line)
    }

    /// Ends the export, flushes it and gives back what was written to.
    pub fn finish(mut self) -> io::Result<W> {
        writeln!(self.out, "end {}", self.size)?;
        self.out.flush()?;
        Ok(self.out)
    }
}

/// A line of an export.
#[derive(Debug)]
pub(crate) enum Line<'l> {
    First,
    Origin(&'l str),
    Key(Result<LogKey, Error>),
    Entry(&'l [u8]),
    Checkpoint(Result<SignedCheckpoint, Error>),
    End(u64),
    TooLong,
    Unknown,
}

impl<'l> Line<'l> {
    fn read(line: &'l [u8]) -> Self {
        if let Some(entry) = line.strip_prefix(b"entry ") {
            return Self::Entry(entry);
        }
        let Ok(line) = str::from_utf8(line) else {
            return Self::Unknown;
        };
        if line == FIRST_LINE {
            return Self::First;
        }
        match line.split_once(' ') {
            Some(("origin", origin)) if is_origin(origin) => Self::Origin(origin),
            Some(("key", key)) => Self::Key(LogKey::parse(key)),
            Some(("checkpoint", text)) => Self::Checkpoint(read_checkpoint(text)),
            Some(("end", size)) => match size.parse::<u64>() {
                Ok(count) if count.to_string() == size => Self::End(count),
                _ => Self::Unknown,
            },
            _ => Self::Unknown,
        }
    }
}

fn read_checkpoint(text: &str) -> Result<SignedCheckpoint, Error> {
    let malformed = |why| Error::CheckpointMalformed { why };
    let note: String = serde_json::from_str(text).map_err(|_| malformed("its line is no JSON string"))?;
    let mut canonical = Vec::new();
    canonical::write_string(&note, &mut canonical);
    if canonical != text.as_bytes() {
        return Err(malformed("its line is not in its one form"));
    }
    SignedCheckpoint::parse(&note)
}

/// Reads lines without ever keeping more than one.
#[derive(Debug)]
pub(crate) struct Lines<R> {
    from: R,
    buffer: Vec<u8>,
    /// Number of the line that was read last, from 1.
    pub(crate) number: u64,
}

impl<R: BufRead> Lines<R> {
    pub(crate) fn new(from: R) -> Self {
        Self {
            from,
            buffer: Vec::new(),
            number: 0,
        }
    }

    /// The next line. None at the end, also where the last line is not ended: then it was cut off.
    pub(crate) fn next(&mut self) -> io::Result<Option<Line<'_>>> {
        self.buffer.clear();
        let mut limited = (&mut self.from).take(EXPORT_LINE_BYTES_MAX as u64 + 1);
        if limited.read_until(b'\n', &mut self.buffer)? == 0 {
            return Ok(None);
        }
        self.number += 1;
        match self.buffer.pop() {
            Some(b'\n') => Ok(Some(Line::read(&self.buffer))),
            _ if self.buffer.len() == EXPORT_LINE_BYTES_MAX => {
                self.skip_line()?;
                Ok(Some(Line::TooLong))
            }
            _ => Ok(None),
        }
    }

    fn skip_line(&mut self) -> io::Result<()> {
        loop {
            let available = self.from.fill_buf()?;
            let (used, is_end) = match available.iter().position(|byte| *byte == b'\n') {
                Some(at) => (at + 1, true),
                None => (available.len(), available.is_empty()),
            };
            self.from.consume(used);
            if is_end {
                return Ok(());
            }
        }
    }
}

const FIRST_LINE: &str = "yinxin-audit-export/1";
