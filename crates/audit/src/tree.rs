//! The Merkle tree over SM3 (shape of RFC 6962 §2.1), kept as its frontier.

use gm::{Digest, Sm3};

use crate::Error;

/// The digest of a leaf: SM3(0x00 ‖ entry).
pub fn leaf_digest(entry: &[u8]) -> Digest {
    let mut hasher = Sm3::new();
    hasher.update(&[0]);
    hasher.update(entry);
    hasher.finish()
}

/// The digest of an inner node: SM3(0x01 ‖ left ‖ right).
pub fn node_digest(left: &Digest, right: &Digest) -> Digest {
    let mut message = [1; 65];
    message[1..33].copy_from_slice(&left.0);
    message[33..].copy_from_slice(&right.0);
    gm::sm3(&message)
}

/// The root of the tree without leaves: SM3 of nothing.
pub fn empty_root() -> Digest {
    gm::sm3(b"")
}

/// A complete subtree: the 2^level leaves from index · 2^level.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Node {
    /// Height above the leaves, which have level 0.
    pub level: u32,
    /// Position in its level, from 0.
    pub index: u64,
}

/// The right edge of a tree: all that is needed to append and to know the root.
///
/// It holds the roots of the complete subtrees that a size consists of, one for each bit of the size that is
/// set: at most 64 digests.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Frontier {
    size: u64,
    /// From the largest subtree to the smallest.
    peaks: Vec<Digest>,
}

impl Frontier {
    /// Of the empty tree.
    pub fn new() -> Self {
        Self::default()
    }

    /// How many leaves there are.
    pub fn size(&self) -> u64 {
        self.size
    }

    /// The root of the tree.
    pub fn root(&self) -> Digest {
        fold_right(&self.peaks).unwrap_or_else(empty_root)
    }

    /// Appends a leaf and returns its index.
    pub fn append(&mut self, leaf: Digest) -> u64 {
        self.append_with(leaf, |_, _| ())
    }

    /// Appends a leaf, returns its index, and hands every complete node that this creates to `created`: the leaf
    /// first, then its ancestors that are complete now.
    ///
    /// Who stores tiles keeps those whose level is a multiple of [`TILE_HEIGHT`](crate::TILE_HEIGHT).
    pub fn append_with(&mut self, leaf: Digest, mut created: impl FnMut(Node, Digest)) -> u64 {
        let index = self.size;
        let mut digest = leaf;
        created(Node { level: 0, index }, digest);
        // As in a binary counter: each set bit at the end is a peak that now gets its right sibling.
        for level in 1..=index.trailing_ones() {
            let Some(left) = self.peaks.pop() else { break };
            digest = node_digest(&left, &digest);
            let index = index >> level;
            created(Node { level, index }, digest);
        }
        self.peaks.push(digest);
        self.size += 1;
        index
    }

    /// Size (8 bytes, big-endian), then the peaks from the largest subtree to the smallest.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = self.size.to_be_bytes().to_vec();
        self.peaks.iter().for_each(|peak| bytes.extend(peak.0));
        bytes
    }

    /// Reads [`to_bytes`](Self::to_bytes). The number of peaks must fit the size.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, Error> {
        let malformed = || Error::FrontierMalformed { bytes: bytes.len() };
        let (size, peaks) = bytes.split_first_chunk().ok_or_else(malformed)?;
        let size = u64::from_be_bytes(*size);
        let (peaks, rest) = peaks.as_chunks::<32>();
        // The size stays so far from the end of u64 that counting on never overflows.
        if !rest.is_empty() || peaks.len() != size.count_ones() as usize || size > SIZE_MAX {
            return Err(malformed());
        }
        let peaks = peaks.iter().map(|peak| Digest(*peak)).collect();
        Ok(Self { size, peaks })
    }
}

/// Leaves in a tree at most: a thousand years of ten thousand entries a second. Beyond it bytes are damaged.
const SIZE_MAX: u64 = 1 << 53;

/// The root over complete subtrees that stand side by side, the largest first. None for none.
pub(crate) fn fold_right(peaks: &[Digest]) -> Option<Digest> {
    peaks
        .iter()
        .rev()
        .copied()
        .reduce(|right, left| node_digest(&left, &right))
}

/// The complete nodes that leaves `start..end` consist of, the largest first. `start` is a multiple of the
/// largest power of two below or at `end - start`, as for every range that RFC 6962 hashes.
pub(crate) fn complete_nodes(mut start: u64, end: u64) -> Vec<Node> {
    let mut nodes = Vec::new();
    while start < end {
        let level = (end - start).ilog2();
        nodes.push(Node {
            level,
            index: start >> level,
        });
        start += 1 << level;
    }
    nodes
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// MTH of RFC 6962 §2.1, as it is written there.
    pub(crate) fn naive_root(leaves: &[Digest]) -> Digest {
        match leaves {
            [] => gm::sm3(b""),
            [leaf] => *leaf,
            _ => {
                let split = leaves.len().next_power_of_two() / 2;
                let (left, right) = leaves.split_at(split);
                node_digest(&naive_root(left), &naive_root(right))
            }
        }
    }

    pub(crate) fn leaves(count: u64) -> Vec<Digest> {
        (0..count)
            .map(|i| leaf_digest(format!("entry {i}").as_bytes()))
            .collect()
    }

    #[test]
    fn roots_equal_the_definition_at_every_size() {
        let leaves = leaves(300);
        let mut frontier = Frontier::new();
        for (index, leaf) in leaves.iter().enumerate() {
            assert_eq!(frontier.root(), naive_root(&leaves[..index]), "size {index}");
            assert_eq!(frontier.append(*leaf), index as u64);
            assert_eq!(frontier.size(), index as u64 + 1);
        }
        assert_eq!(frontier.root(), naive_root(&leaves));
    }

    #[test]
    fn leaves_and_nodes_are_hashed_apart() {
        let (left, right) = (gm::sm3(b"l"), gm::sm3(b"r"));
        let forged = [left.0, right.0].concat();
        assert_ne!(leaf_digest(&forged), node_digest(&left, &right));
        assert_eq!(leaf_digest(b"x"), gm::sm3(b"\0x"));
        assert_eq!(node_digest(&left, &right), gm::sm3(&[&[1][..], &forged].concat()));
    }

    #[test]
    fn an_append_names_exactly_the_nodes_that_become_complete() {
        let leaves = leaves(70);
        let mut frontier = Frontier::new();
        let mut seen = Vec::new();
        for leaf in &leaves {
            frontier.append_with(*leaf, |node, digest| {
                let first = (node.index << node.level) as usize;
                let covered = &leaves[first..first + (1 << node.level)];
                assert_eq!(digest, naive_root(covered), "{node:?}");
                seen.push(node);
            });
            let complete = (0..7).map(|level| frontier.size() >> level).sum::<u64>();
            assert_eq!(seen.len() as u64, complete);
        }
        seen.sort();
        seen.dedup();
        assert_eq!(seen.len() as u64, (0..7).map(|level| 70 >> level).sum::<u64>());
    }

    #[test]
    fn bytes_of_a_frontier_come_back_and_others_are_refused() {
        let mut frontier = Frontier::new();
        for leaf in leaves(40) {
            let bytes = frontier.to_bytes();
            assert_eq!(Frontier::from_bytes(&bytes), Ok(frontier.clone()));
            let mut longer = bytes.clone();
            longer.extend([0; 32]);
            for bad in [&bytes[..bytes.len() - 1], &longer, &[]] {
                let refused = Err(Error::FrontierMalformed { bytes: bad.len() });
                assert_eq!(Frontier::from_bytes(bad), refused);
            }
            frontier.append(leaf);
        }
        let absurd = [&u64::MAX.to_be_bytes()[..], &[0; 64 * 32]].concat();
        assert!(Frontier::from_bytes(&absurd).is_err());
    }
}
