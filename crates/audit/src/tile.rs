//! Tiles: the hashes that a store keeps so that proofs need few reads (the idea of C2SP tlog-tiles, over SM3).
//!
//! Of all complete nodes only those are kept whose level is a multiple of eight: the leaves, the roots of 256
//! leaves, of 65 536 leaves, and so on. A tile is 256 neighbours of one such level; every node between is hashed
//! from a part of one tile. A proof in a tree of a million entries reads five.

use std::collections::BTreeMap;

use gm::Digest;

use crate::Node;
use crate::tree::node_digest;

/// Levels of the tree that one level of tiles spans.
pub const TILE_HEIGHT: u32 = 8;

/// Hashes in a full tile.
pub const TILE_HASHES: usize = 1 << TILE_HEIGHT;

/// The nodes of level `8 · level` from `256 · index`: 256 of them, or fewer at the right edge.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Tile {
    /// Level of tiles: 0 holds leaves, 1 the roots of full tiles of level 0, …
    pub level: u32,
    /// Position in its level, from 0.
    pub index: u64,
}

impl Tile {
    /// The tile from whose hashes `node` is made.
    pub fn of(node: Node) -> Tile {
        Tile {
            level: node.level / TILE_HEIGHT,
            index: node.index >> (TILE_HEIGHT - node.level % TILE_HEIGHT),
        }
    }

    /// The first node that the tile holds; the others follow in the same level.
    pub fn first_node(self) -> Node {
        Node {
            level: self.level * TILE_HEIGHT,
            index: self.index << TILE_HEIGHT,
        }
    }

    /// How many hashes the tile has in a tree of `size` leaves: 0 to 256.
    pub fn hashes_in(self, size: u64) -> usize {
        let nodes = size.checked_shr(self.level * TILE_HEIGHT).unwrap_or(0);
        let before = self.index.saturating_mul(TILE_HASHES as u64);
        nodes.saturating_sub(before).min(TILE_HASHES as u64) as usize
    }

    /// The digest of `node`, made from the tile's hashes. None if it is not of this tile, or the tile is too
    /// short for it.
    pub fn node(self, hashes: &[Digest], node: Node) -> Option<Digest> {
        if Tile::of(node) != self {
            return None;
        }
        let height = node.level % TILE_HEIGHT;
        let in_tile = TILE_HASHES >> height;
        let first = (node.index as usize % in_tile) << height;
        let mut row = hashes.get(first..first + (1 << height))?.to_vec();
        for _ in 0..height {
            row = row
                .as_chunks()
                .0
                .iter()
                .map(|[left, right]| node_digest(left, right))
                .collect();
        }
        row.first().copied()
    }
}

/// The tiles that hold `nodes`, each once, in order: what a store reads before it makes a proof.
pub fn tiles_of(nodes: &[Node]) -> Vec<Tile> {
    let mut tiles: Vec<Tile> = nodes.iter().copied().map(Tile::of).collect();
    tiles.sort();
    tiles.dedup();
    tiles
}

/// A reader of nodes for the proof functions, over tiles that were fetched before.
pub fn reader(tiles: &BTreeMap<Tile, Vec<Digest>>) -> impl Fn(Node) -> Option<Digest> {
    |node| {
        let tile = Tile::of(node);
        tile.node(tiles.get(&tile)?, node)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tree::Frontier;
    use crate::tree::tests::{leaves, naive_root};

    /// What a store would keep after `leaves`.
    fn stored(leaves: &[Digest]) -> BTreeMap<Tile, Vec<Digest>> {
        let mut tiles: BTreeMap<Tile, Vec<Digest>> = BTreeMap::new();
        let mut frontier = Frontier::new();
        for leaf in leaves {
            frontier.append_with(*leaf, |node, digest| {
                if node.level.is_multiple_of(TILE_HEIGHT) {
                    tiles.entry(Tile::of(node)).or_default().push(digest);
                }
            });
        }
        tiles
    }

    #[test]
    fn every_complete_node_is_made_from_its_tile() {
        let leaves = leaves(1000);
        let tiles = stored(&leaves);
        let read = reader(&tiles);
        for level in 0..10 {
            for index in 0..1000u64 >> level {
                let first = (index << level) as usize;
                let expected = naive_root(&leaves[first..first + (1 << level)]);
                assert_eq!(read(Node { level, index }), Some(expected), "{level} {index}");
            }
            let beyond = Node {
                level,
                index: 1000 >> level,
            };
            assert_eq!(read(beyond), None, "{beyond:?}");
        }
    }

    #[test]
    fn a_tile_knows_how_long_it_is() {
        for size in [0, 1, 255, 256, 257, 1000] {
            let tiles = stored(&leaves(size));
            for level in 0..9 {
                for index in [0, 1, 2, 3, 4, u64::MAX] {
                    let tile = Tile { level, index };
                    let length = tiles.get(&tile).map_or(0, Vec::len);
                    assert_eq!(tile.hashes_in(size), length, "{tile:?} of {size}");
                }
            }
        }
    }

    #[test]
    fn a_node_of_another_tile_is_not_made() {
        let tile = Tile { level: 0, index: 1 };
        assert_eq!(tile.node(&leaves(256), Node { level: 0, index: 255 }), None);
        assert_eq!(tile.first_node(), Node { level: 0, index: 256 });
        let top = Node { level: 8, index: 0 };
        assert_eq!(Tile::of(top), Tile { level: 1, index: 0 });
    }
}
