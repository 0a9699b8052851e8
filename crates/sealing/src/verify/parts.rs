//! Digests of parts: each part is inflated and hashed once, large packages on two threads.

use std::collections::HashMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use gm::{Digest, Sm3};
use ofd::{Package, PartPath};

/// From this many bytes on, hashing is worth a second thread.
const PARALLEL_BYTES_MIN: u64 = 256 << 10;

/// The SM3 values of parts; an error where a part cannot be read.
pub(crate) type Digests = HashMap<PartPath, Result<Digest, ofd::Error>>;

/// Most threads for one document, unless a number is given: several documents may be verified at once.
const HASH_THREADS_MAX: usize = 4;

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
    if threads < 2 {
        let digest = |part: PartPath| (part.clone(), hash_part(package, &part, None));
        return parts.into_iter().map(digest).collect();
    }
    // The largest first, so that no thread is left alone with one at the end.
    parts.sort_by_cached_key(|part| std::cmp::Reverse(size(part)));
    let next = AtomicUsize::new(0);
    let digests = Mutex::new(Digests::with_capacity(parts.len()));
    thread::scope(|scope| {
        for _ in 0..threads.min(parts.len()) {
            scope.spawn(|| {
                while let Some(part) = parts.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let digest = hash_part(package, part, None);
                    let mut digests = digests.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
                    digests.insert(part.clone(), digest);
                }
            });
        }
    });
    digests
        .into_inner()
        .unwrap_or_else(|poisoned| poisoned.into_inner())
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
