//! The proof of acts: a log to which entries are only added, and in which every later change shows.
//!
//! Every act (making a seal, using it, refusing a use, changing a policy, …) is an [`Entry`] with one canonical
//! form. The forms are the leaves of a Merkle tree over SM3 in the shape of RFC 6962; a [`Checkpoint`] is the
//! root at some size, signed with SM2. Whoever kept a checkpoint can later be shown that an entry stands in the
//! log ([`inclusion_proof`]), or that today's log continues the one of then ([`consistency_proof`]).
//!
//! This crate is arithmetic: it has no database, no clock and no files. Who stores a log keeps the entries'
//! bytes in their order, the [`Frontier`], and the hashes of [`Tile`]s, from which proofs are made. An export
//! ([`ExportWriter`]) holds the whole log, and [`check`] re-derives everything from it alone.

mod canonical;
mod check;
mod checkpoint;
mod entry;
mod error;
mod export;
mod finding;
mod note;
mod proof;
mod proof_file;
mod tile;
mod tree;

pub use check::{
    Against, CLOCK_DIFFERENCE_SECONDS_MAX, Conclusion, FINDINGS_MAX, Findings, REPORT_SCHEMA, Report, check,
};
pub use checkpoint::{Checkpoint, SignedCheckpoint};
pub use entry::{
    Actor, ActorKind, COMMITMENTS_MAX, DETAILS_BYTES_MAX, DETAILS_DEPTH_MAX, ENTRY_BYTES_MAX, Entry,
    ID_BYTES_MAX, NAME_BYTES_MAX, SALT_BYTES, Subject, act, commitment,
};
pub use error::Error;
pub use export::{EXPORT_LINE_BYTES_MAX, ExportWriter};
pub use finding::{Effect, Finding};
pub use note::{CHECKPOINT_BYTES_MAX, LogKey};
pub use proof::{
    PROOF_HASHES_MAX, consistency_nodes, consistency_proof, inclusion_nodes, inclusion_proof, root_at,
    root_nodes, verify_consistency, verify_inclusion,
};
pub use proof_file::{PROOF_FILE_BYTES_MAX, ProofFile};
pub use tile::{TILE_HASHES, TILE_HEIGHT, Tile, reader, tiles_of};
pub use tree::{Frontier, Node, empty_root, leaf_digest, node_digest};
