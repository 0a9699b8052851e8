//! Digests of what signatures cover: the bytes that several of them share are hashed once.

use std::cell::RefCell;
use std::collections::HashMap;

use pdf::ByteRange;
use pki::{HashAlgorithm, Hasher};

/// Digests over the byte ranges of one file, made when they are asked for.
pub(super) struct RangeDigests<'a> {
    bytes: &'a [u8],
    /// In the order of their holes.
    ranges: Vec<ByteRange>,
    made: RefCell<HashMap<(HashAlgorithm, ByteRange), Vec<u8>>>,
}

impl<'a> RangeDigests<'a> {
    pub(super) fn new(bytes: &'a [u8], mut ranges: Vec<ByteRange>) -> Self {
        ranges.sort_by_key(|range| range.hole_start);
        Self {
            bytes,
            ranges,
            made: RefCell::default(),
        }
    }

    /// The digest of `before`, then the covered bytes.
    pub(super) fn digest(&self, algorithm: HashAlgorithm, before: &[u8], range: ByteRange) -> Vec<u8> {
        if !before.is_empty() {
            let mut hasher = Hasher::new(algorithm);
            hasher.update(before);
            return self.finish(hasher, 0, range);
        }
        if !self.made.borrow().contains_key(&(algorithm, range)) {
            self.make_all(algorithm);
        }
        self.made
            .borrow()
            .get(&(algorithm, range))
            .cloned()
            .unwrap_or_default()
    }

    /// One pass over the file: at every hole a copy of the running digest goes on behind it.
    fn make_all(&self, algorithm: HashAlgorithm) {
        let mut running = Hasher::new(algorithm);
        let mut at = 0;
        for range in &self.ranges {
            running.update(&self.bytes[at..range.hole_start]);
            at = range.hole_start;
            let digest = self.finish(running.clone(), at, *range);
            self.made.borrow_mut().insert((algorithm, *range), digest);
        }
    }

    fn finish(&self, mut hasher: Hasher, from: usize, range: ByteRange) -> Vec<u8> {
        hasher.update(&self.bytes[from..range.hole_start]);
        hasher.update(&self.bytes[range.hole_end..range.end]);
        hasher.finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shared_work_gives_the_same_digests() {
        let bytes: Vec<u8> = (0..200).collect();
        let range = |hole_start, hole_end, end| ByteRange {
            hole_start,
            hole_end,
            end,
        };
        let ranges = [
            range(150, 160, 200),
            range(20, 30, 90),
            range(20, 40, 100),
            range(0, 10, 10),
        ];
        let digests = RangeDigests::new(&bytes, ranges.to_vec());
        for range in ranges {
            let [first, second] = range.covered();
            let covered = [&bytes[first], &bytes[second]].concat();
            for algorithm in [HashAlgorithm::Sm3, HashAlgorithm::Sha256] {
                assert_eq!(digests.digest(algorithm, &[], range), algorithm.digest(&covered));
                let after = [b"Z", covered.as_slice()].concat();
                assert_eq!(digests.digest(algorithm, b"Z", range), algorithm.digest(&after));
            }
        }
    }
}
