//! Digests of parts: each part is inflated and hashed once, several side by side, large packages on some threads.

use std::collections::HashMap;
use std::panic::resume_unwind;
use std::thread;

use gm::{Digest, Sm3, sm3_update_many};
use ofd::{Package, PartPath, PartReader};

/// From this many bytes on, hashing is worth a second thread.
const PARALLEL_BYTES_MIN: u64 = 256 << 10;

/// The SM3 values of parts; an error where a part cannot be read.
pub(crate) type Digests = HashMap<PartPath, Result<Digest, ofd::Error>>;

/// Most threads for one document, unless a number is given: several documents may be verified at once.
const HASH_THREADS_MAX: usize = 4;

/// Parts that one thread inflates in turns, so that they are hashed side by side.
const SIDE_BY_SIDE_MAX: usize = 16;

/// Bytes of each of them in a turn.
const PIECE_BYTES_MAX: usize = 16 << 10;

/// Hashes `parts`, which may repeat, on at most `threads` threads; without a number, on as many as the machine has.
pub(crate) fn hash_parts(
    package: &Package,
    parts: impl IntoIterator<Item = PartPath>,
    threads: Option<usize>,
) -> Digests {
    let mut parts: Vec<_> = parts.into_iter().collect();
    parts.sort();
    parts.dedup();
    let size = |part: &PartPath| package.entry(part).map_or(0, |entry| entry.size());
    let total: u64 = parts.iter().map(size).sum();
    // To ask the machine takes longer than to hash a small document.
    let threads = match threads {
        _ if total < PARALLEL_BYTES_MIN => 1,
        Some(threads) => threads,
        None => thread::available_parallelism().map_or(1, |cores| cores.get().min(HASH_THREADS_MAX)),
    };
    // The largest first, so that those which are hashed side by side are of a size.
    parts.sort_by_cached_key(|part| std::cmp::Reverse(size(part)));
    if threads < 2 {
        return hash_side_by_side(package, &mut parts.iter())
            .into_iter()
            .collect();
    }
    thread::scope(|scope| {
        let share = |first| parts.iter().skip(first).step_by(threads);
        let work = |first| scope.spawn(move || hash_side_by_side(package, &mut share(first)));
        let threads: Vec<_> = (0..threads.min(parts.len())).map(work).collect();
        let digests = threads
            .into_iter()
            .map(|thread| thread.join().unwrap_or_else(|panic| resume_unwind(panic)));
        digests.flatten().collect()
    })
}
/// The SM3 values of all that `parts` gives.
fn hash_side_by_side(
    package: &Package,
    parts: &mut dyn Iterator<Item = &PartPath>,
) -> Vec<(PartPath, Result<Digest, ofd::Error>)> {
    let mut digests = vec![];
    let mut running = Vec::with_capacity(SIDE_BY_SIDE_MAX);
    loop {
        while running.len() < SIDE_BY_SIDE_MAX
            && let Some(part) = parts.next()
        {
            match Running::new(package, part) {
                Ok(part) => running.push(part),
                Err(error) => digests.push((part.clone(), Err(error))),
            }
        }
        if running.is_empty() {
            return digests;
        }
        let read = running.iter_mut().map(Running::read_piece);
        sm3_update_many(&mut read.collect::<Vec<_>>());
        for ended in running.extract_if(.., |part| part.outcome.is_some()) {
            let outcome = ended.outcome.unwrap_or(Ok(()));
            digests.push((ended.part.clone(), outcome.map(|()| ended.hasher.finish())));
        }
    }
}

/// A part of which some is hashed.
struct Running<'a> {
    part: &'a PartPath,
    reader: PartReader<'a>,
    hasher: Sm3,
    piece: Vec<u8>,
    /// When all is read, or reading failed.
    outcome: Option<Result<(), ofd::Error>>,
}

impl<'a> Running<'a> {
    fn new(package: &'a Package, part: &'a PartPath) -> Result<Self, ofd::Error> {
        let size = package.entry(part).map_or(0, |entry| entry.size());
        // One byte more than a small part has, so that its end is seen in the same turn.
        let piece_bytes = size.saturating_add(1).min(PIECE_BYTES_MAX as u64) as usize;
        Ok(Self {
            part,
            reader: package.reader(part)?,
            hasher: Sm3::new(),
            piece: vec![0; piece_bytes],
            outcome: None,
        })
    }

    fn read_piece(&mut self) -> (&mut Sm3, &[u8]) {
        let count = match self.reader.read(&mut self.piece) {
            Ok(count) => {
                self.outcome = (count < self.piece.len()).then_some(Ok(()));
                count
            }
            Err(error) => {
                self.outcome = Some(Err(error));
                0
            }
        };
        (&mut self.hasher, &self.piece[..count])
    }
}

/// SM3 of `prefix` and the part's bytes, hashed while they are inflated.
pub(crate) fn hash_part(
    package: &Package,
    part: &PartPath,
    prefix: Option<&Digest>,
) -> Result<Digest, ofd::Error> {
    let mut hasher = Sm3::new();
    if let Some(prefix) = prefix {
        hasher.update(&prefix.0);
    }
    package.stream(part, &mut |bytes| hasher.update(bytes))?;
    Ok(hasher.finish())
}
