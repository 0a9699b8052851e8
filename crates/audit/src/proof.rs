//! Inclusion and consistency proofs, made and verified (RFC 6962 §2.1.1 and §2.1.2, RFC 9162 §2.1.3 and §2.1.4).

use std::ops::Range;

use gm::Digest;

use crate::tree::{complete_nodes, empty_root, fold_right};
use crate::{Error, Node, node_digest};

/// Hashes in a proof at most: one for each level below the root, and one more for consistency.
pub const PROOF_HASHES_MAX: usize = 65;

/// Proves that the leaf at `index` stands in the tree of `size` leaves: the siblings from the leaf to the root.
///
/// `read` gives the digests of complete nodes; [`inclusion_nodes`] says beforehand which.
pub fn inclusion_proof(
    index: u64,
    size: u64,
    read: impl FnMut(Node) -> Option<Digest>,
) -> Result<Vec<Digest>, Error> {
    roots_of(inclusion_ranges(index, size)?, read)
}

/// The complete nodes that [`inclusion_proof`] reads: at most two for each level.
pub fn inclusion_nodes(index: u64, size: u64) -> Result<Vec<Node>, Error> {
    Ok(nodes_of(inclusion_ranges(index, size)?))
}

/// Proves that the tree of `size` leaves continues the tree of the first `from` leaves.
///
/// The proof is empty if `from` is 0 or `size`.
pub fn consistency_proof(
    from: u64,
    size: u64,
    read: impl FnMut(Node) -> Option<Digest>,
) -> Result<Vec<Digest>, Error> {
    roots_of(consistency_ranges(from, size)?, read)
}

/// The complete nodes that [`consistency_proof`] reads.
pub fn consistency_nodes(from: u64, size: u64) -> Result<Vec<Node>, Error> {
    Ok(nodes_of(consistency_ranges(from, size)?))
}

/// The root of the tree of the first `size` leaves, also of an earlier one than the newest.
pub fn root_at(size: u64, mut read: impl FnMut(Node) -> Option<Digest>) -> Result<Digest, Error> {
    if size == 0 {
        return Ok(empty_root());
    }
    root_of(0..size, &mut read)
}

/// The complete nodes that [`root_at`] reads.
pub fn root_nodes(size: u64) -> Vec<Node> {
    complete_nodes(0, size)
}

/// Checks that `leaf` is the leaf at `index` of the tree of `size` leaves with this `root` (RFC 9162 §2.1.3.2).
pub fn verify_inclusion(
    index: u64,
    size: u64,
    leaf: &Digest,
    proof: &[Digest],
    root: &Digest,
) -> Result<(), Error> {
    if index >= size {
        return Err(Error::OutOfRange {
            from: index,
            size,
            rule: "below",
        });
    }
    let length = || Error::ProofLength { found: proof.len() };
    let (mut node, mut last) = (index, size - 1);
    let mut digest = *leaf;
    for sibling in proof {
        if last == 0 {
            return Err(length());
        }
        if node & 1 == 1 || node == last {
            digest = node_digest(sibling, &digest);
            // At the right edge a node without sibling is carried up as it is.
            let carried = node.trailing_zeros();
            node >>= carried;
            last >>= carried;
        } else {
            digest = node_digest(&digest, sibling);
        }
        node >>= 1;
        last >>= 1;
    }
    if last != 0 {
        return Err(length());
    }
    if digest == *root {
        Ok(())
    } else {
        Err(Error::ProofMismatch)
    }
}

/// Checks that the tree of `size` leaves with `root` continues the tree of `from` leaves with `from_root`
/// (RFC 9162 §2.1.4.2). Every tree continues the empty one.
pub fn verify_consistency(
    from: u64,
    size: u64,
    from_root: &Digest,
    root: &Digest,
    proof: &[Digest],
) -> Result<(), Error> {
    let hold = |holds: bool| if holds { Ok(()) } else { Err(Error::ProofMismatch) };
    if from > size {
        return Err(Error::OutOfRange {
            from,
            size,
            rule: "at most",
        });
    }
    let length = || Error::ProofLength { found: proof.len() };
    if from == 0 || from == size {
        if !proof.is_empty() {
            return Err(length());
        }
        return hold(if from == size {
            from_root == root
        } else {
            *from_root == empty_root()
        });
    }
    // A complete earlier tree is itself the first node of the proof, which is then left out.
    let (first, rest) = if from.is_power_of_two() {
        (from_root, proof)
    } else {
        proof.split_first().ok_or_else(length)?
    };
    let skipped = (from - 1).trailing_ones();
    let (mut node, mut last) = ((from - 1) >> skipped, (size - 1) >> skipped);
    let (mut old, mut new) = (*first, *first);
    for sibling in rest {
        if last == 0 {
            return Err(length());
        }
        if node & 1 == 1 || node == last {
            old = node_digest(sibling, &old);
            new = node_digest(sibling, &new);
            let carried = node.trailing_zeros();
            node >>= carried;
            last >>= carried;
        } else {
            new = node_digest(&new, sibling);
        }
        node >>= 1;
        last >>= 1;
    }
    if last != 0 {
        return Err(length());
    }
    hold(old == *from_root && new == *root)
}

/// PATH(m, D[n]) of RFC 6962 §2.1.1 as ranges of leaves, from the leaf to the root.
fn inclusion_ranges(index: u64, size: u64) -> Result<Vec<Range<u64>>, Error> {
    if index >= size {
        return Err(Error::OutOfRange {
            from: index,
            size,
            rule: "below",
        });
    }
    let (mut start, mut end) = (0, size);
    let mut ranges = Vec::new();
    while end - start > 1 {
        let middle = start + split(end - start);
        if index < middle {
            ranges.push(middle..end);
            end = middle;
        } else {
            ranges.push(start..middle);
            start = middle;
        }
    }
    ranges.reverse();
    Ok(ranges)
}

/// PROOF(m, D[n]) of RFC 6962 §2.1.2 as ranges of leaves.
fn consistency_ranges(from: u64, size: u64) -> Result<Vec<Range<u64>>, Error> {
    if from > size {
        return Err(Error::OutOfRange {
            from,
            size,
            rule: "at most",
        });
    }
    if from == 0 {
        return Ok(Vec::new());
    }
    let (mut start, mut end) = (0, size);
    let mut ranges = Vec::new();
    while from != end {
        let middle = start + split(end - start);
        if from <= middle {
            ranges.push(middle..end);
            end = middle;
        } else {
            ranges.push(start..middle);
            start = middle;
        }
    }
    // A subtree that begins with the first leaf is the earlier tree itself: its root is known.
    if start != 0 {
        ranges.push(start..end);
    }
    ranges.reverse();
    Ok(ranges)
}

/// The largest power of two below `count`, which is at least 2.
fn split(count: u64) -> u64 {
    1 << (count - 1).ilog2()
}

fn nodes_of(ranges: Vec<Range<u64>>) -> Vec<Node> {
    ranges
        .into_iter()
        .flat_map(|range| complete_nodes(range.start, range.end))
        .collect()
}

fn roots_of(
    ranges: Vec<Range<u64>>,
    mut read: impl FnMut(Node) -> Option<Digest>,
) -> Result<Vec<Digest>, Error> {
    ranges
        .into_iter()
        .map(|range| root_of(range, &mut read))
        .collect()
}

/// The root over the leaves of a range that is not empty.
fn root_of(range: Range<u64>, read: &mut impl FnMut(Node) -> Option<Digest>) -> Result<Digest, Error> {
    let nodes = complete_nodes(range.start, range.end);
    let missing = |node: Node| Error::NodeMissing {
        level: node.level,
        index: node.index,
    };
    let peaks: Result<Vec<Digest>, Error> = nodes
        .iter()
        .map(|node| read(*node).ok_or_else(|| missing(*node)))
        .collect();
    Ok(fold_right(&peaks?).unwrap_or_else(empty_root))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::tree::tests::{leaves, naive_root};

    /// PATH of RFC 6962 §2.1.1, as it is written there.
    fn naive_path(index: usize, leaves: &[Digest]) -> Vec<Digest> {
        if leaves.len() <= 1 {
            return Vec::new();
        }
        let (left, right) = leaves.split_at(leaves.len().next_power_of_two() / 2);
        let (mut path, sibling) = if index < left.len() {
            (naive_path(index, left), naive_root(right))
        } else {
            (naive_path(index - left.len(), right), naive_root(left))
        };
        path.push(sibling);
        path
    }

    /// SUBPROOF of RFC 6962 §2.1.2, as it is written there.
    fn naive_subproof(from: usize, leaves: &[Digest], known: bool) -> Vec<Digest> {
        if from == leaves.len() {
            return if known {
                Vec::new()
            } else {
                vec![naive_root(leaves)]
            };
        }
        let (left, right) = leaves.split_at(leaves.len().next_power_of_two() / 2);
        let (mut proof, sibling) = if from <= left.len() {
            (naive_subproof(from, left, known), naive_root(right))
        } else {
            (naive_subproof(from - left.len(), right, false), naive_root(left))
        };
        proof.push(sibling);
        proof
    }

    fn reader(leaves: &[Digest]) -> impl Fn(Node) -> Option<Digest> {
        move |node| {
            let first = (node.index << node.level) as usize;
            leaves.get(first..first + (1 << node.level)).map(naive_root)
        }
    }

    #[test]
    fn inclusion_of_every_leaf_in_every_size() {
        let leaves = leaves(70);
        for size in 0..=70u64 {
            let tree = &leaves[..size as usize];
            let root = naive_root(tree);
            for index in 0..size {
                let proof = inclusion_proof(index, size, reader(tree)).unwrap();
                assert_eq!(proof, naive_path(index as usize, tree), "{index} of {size}");
                assert_eq!(
                    verify_inclusion(index, size, &leaves[index as usize], &proof, &root),
                    Ok(())
                );
                let named = inclusion_nodes(index, size).unwrap();
                let mut read = Vec::new();
                inclusion_proof(index, size, |node| {
                    read.push(node);
                    reader(tree)(node)
                })
                .unwrap();
                assert_eq!(read, named);
            }
            assert!(inclusion_proof(size, size, reader(tree)).is_err());
        }
    }

    #[test]
    fn consistency_of_every_pair_of_sizes() {
        let leaves = leaves(70);
        for size in 0..=70u64 {
            let tree = &leaves[..size as usize];
            let root = naive_root(tree);
            assert_eq!(root_at(size, reader(tree)), Ok(root));
            for from in 0..=size {
                let old = naive_root(&tree[..from as usize]);
                let proof = consistency_proof(from, size, reader(tree)).unwrap();
                if from > 0 {
                    assert_eq!(
                        proof,
                        naive_subproof(from as usize, tree, true),
                        "{from} to {size}"
                    );
                }
                assert_eq!(
                    verify_consistency(from, size, &old, &root, &proof),
                    Ok(()),
                    "{from} {size}"
                );
            }
            assert!(consistency_proof(size + 1, size, reader(tree)).is_err());
        }
    }

    /// Whatever is changed in a proof that holds, it holds no longer.
    #[test]
    fn a_changed_inclusion_proof_never_verifies() {
        let leaves = leaves(33);
        for size in [1u64, 2, 7, 8, 9, 31, 32, 33] {
            let tree = &leaves[..size as usize];
            let root = naive_root(tree);
            for index in 0..size {
                let leaf = &leaves[index as usize];
                let proof = inclusion_proof(index, size, reader(tree)).unwrap();
                for other in (0..=size + 1).filter(|other| *other != index) {
                    assert!(
                        verify_inclusion(other, size, leaf, &proof, &root).is_err(),
                        "{other}"
                    );
                }
                for changed in changes(&proof) {
                    assert!(verify_inclusion(index, size, leaf, &changed, &root).is_err());
                }
                assert!(verify_inclusion(index, size, &gm::sm3(b"x"), &proof, &root).is_err());
                assert!(verify_inclusion(index, size, leaf, &proof, &gm::sm3(b"x")).is_err());
            }
        }
    }

    #[test]
    fn a_changed_consistency_proof_never_verifies() {
        let leaves = leaves(33);
        for size in [1u64, 2, 7, 8, 9, 31, 32, 33] {
            let tree = &leaves[..size as usize];
            let root = naive_root(tree);
            for from in 0..=size {
                let old = naive_root(&tree[..from as usize]);
                let proof = consistency_proof(from, size, reader(tree)).unwrap();
                let check = |from, old: &Digest, root: &Digest, proof: &[Digest]| {
                    verify_consistency(from, size, old, root, proof)
                };
                for changed in changes(&proof) {
                    assert!(check(from, &old, &root, &changed).is_err(), "{from} {size}");
                }
                assert!(check(from, &gm::sm3(b"x"), &root, &proof).is_err());
                if from > 0 {
                    assert!(check(from, &old, &gm::sm3(b"x"), &proof).is_err());
                }
                assert!(verify_consistency(size + 1, size, &old, &root, &proof).is_err());
            }
        }
    }

    /// Each hash changed, left out, doubled; two swapped; one more at either end.
    fn changes(proof: &[Digest]) -> Vec<Vec<Digest>> {
        let mut all = Vec::new();
        for at in 0..proof.len() {
            let mut changed = proof.to_vec();
            changed[at].0[31] ^= 1;
            all.push(changed);
            let mut shorter = proof.to_vec();
            shorter.remove(at);
            all.push(shorter);
            let mut longer = proof.to_vec();
            longer.insert(at, proof[at]);
            all.push(longer);
            if at > 0 && proof[at] != proof[at - 1] {
                let mut swapped = proof.to_vec();
                swapped.swap(at, at - 1);
                all.push(swapped);
            }
        }
        all.push([proof, &[gm::sm3(b"more")]].concat());
        all.push([&[gm::sm3(b"more")], proof].concat());
        all
    }

    #[test]
    fn a_node_that_the_store_lost_is_named() {
        let lost = Node { level: 2, index: 1 };
        let leaves = leaves(8);
        let read = |node| (node != lost).then(|| reader(&leaves)(node)).flatten();
        let missing = Err(Error::NodeMissing { level: 2, index: 1 });
        assert_eq!(inclusion_proof(0, 8, read), missing);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(24))]

        #[test]
        fn large_trees(size in 1u64..1500, a in any::<prop::sample::Index>(), b in any::<prop::sample::Index>()) {
            let leaves = leaves(size);
            let (index, from) = (a.index(size as usize) as u64, b.index(size as usize + 1) as u64);
            let (root, old) = (naive_root(&leaves), naive_root(&leaves[..from as usize]));
            let proof = inclusion_proof(index, size, reader(&leaves)).unwrap();
            prop_assert_eq!(&proof, &naive_path(index as usize, &leaves));
            prop_assert_eq!(verify_inclusion(index, size, &leaves[index as usize], &proof, &root), Ok(()));
            let proof = consistency_proof(from, size, reader(&leaves)).unwrap();
            prop_assert_eq!(verify_consistency(from, size, &old, &root, &proof), Ok(()));
        }

        /// No numbers and no hashes make the arithmetic overflow or run long, and none verifies by chance.
        #[test]
        fn hostile_numbers(
            a in prop_oneof![any::<u64>(), 0u64..9, (0u32..64).prop_map(|bit| 1 << bit), Just(u64::MAX)],
            b in prop_oneof![any::<u64>(), 0u64..9, (0u32..64).prop_map(|bit| 1 << bit), Just(u64::MAX)],
            hashes in 0usize..70,
        ) {
            let proof: Vec<Digest> = (0..hashes).map(|i| gm::sm3(&[i as u8])).collect();
            let (one, two) = (gm::sm3(b"one"), gm::sm3(b"two"));
            prop_assert!(verify_inclusion(a, b, &one, &proof, &two).is_err());
            prop_assert!(verify_consistency(a, b, &one, &two, &proof).is_err());
            let made = inclusion_proof(a, b, |_| Some(one));
            prop_assert_eq!(made.is_ok(), a < b);
            prop_assert!(made.is_ok_and(|proof| proof.len() < PROOF_HASHES_MAX) || a >= b);
            let made = consistency_proof(a, b, |_| Some(one));
            prop_assert!(made.map_or(a > b, |proof| proof.len() <= PROOF_HASHES_MAX));
            prop_assert!(root_nodes(b).len() <= 64);
        }
    }
}
