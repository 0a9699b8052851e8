//! The audit log in the database: entries, the hashes from which proofs are made, the head, checkpoints.
//!
//! The head is one row. Whoever appends locks it first and so has the log to itself until the commit; therefore
//! indexes are without gaps, also when several processes share the database.

use std::collections::{BTreeMap, VecDeque};

use audit::{Frontier, Node, TILE_HASHES, TILE_HEIGHT, Tile};
use gm::Digest;
use jiff::Timestamp;

use crate::change::{Change, Reader};
use crate::sql::{Conn, Row, Value, statements, values};
use crate::{Error, Page};

/// The entries that a change appends: at least one.
#[derive(Clone, Debug)]
pub struct Entries(Vec<audit::Entry>);

impl Entries {
    /// One more entry.
    #[must_use]
    pub fn and(mut self, entry: audit::Entry) -> Self {
        self.0.push(entry);
        self
    }

    pub(crate) fn into_vec(self) -> Vec<audit::Entry> {
        self.0
    }
}

impl From<audit::Entry> for Entries {
    fn from(entry: audit::Entry) -> Self {
        Self(vec![entry])
    }
}

/// An entry as it stands in the log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LoggedEntry {
    /// Its place in the log, from 0.
    pub index: u64,
    /// Its canonical form, as it is hashed.
    pub bytes: Vec<u8>,
}

/// What is looked for in the log, from the newest entry down.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogSearch {
    /// Only entries before this place.
    pub before: u64,
    /// No entries before this place are looked at.
    pub down_to: u64,
    /// Bytes that the canonical form of an entry must hold, each of them; an empty one is held by every entry.
    pub parts: [Vec<u8>; 4],
    /// How many at most; more than [`PAGE_MAX`](crate::PAGE_MAX) are never given.
    pub limit: u32,
}

/// A signed checkpoint that was stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredCheckpoint {
    /// Entries of the log at that time.
    pub size: u64,
    /// When it was signed.
    pub signed_at: Timestamp,
    /// The signed note, as `audit::SignedCheckpoint` reads it.
    pub note: String,
}

impl Reader {
    /// The log's right edge: its size and root.
    pub async fn log_frontier(&mut self) -> Result<Frontier, Error> {
        let row = self.conn().row(HEAD, &[]).await?;
        frontier_of(row)
    }

    /// Entries from `start` on, in order, at most `count_max`.
    pub async fn log_entries(&mut self, start: u64, count_max: u32) -> Result<Vec<LoggedEntry>, Error> {
        let rows = self
            .conn()
            .rows(ENTRIES_FROM, values![int(start)?, i64::from(count_max)])
            .await?;
        rows.iter().map(entry_of).collect()
    }

    /// Entries about a subject, the newest first.
    pub async fn log_entries_about(
        &mut self,
        kind: &str,
        id: &str,
        page: Page<u64>,
    ) -> Result<Vec<LoggedEntry>, Error> {
        let before = page.after.map_or(Ok(i64::MAX), int)?;
        let parameters = values![kind, id, before, page.limit()];
        let rows = self.conn().rows(ENTRIES_ABOUT, parameters).await?;
        rows.iter().map(entry_of).collect()
    }

    /// Entries that hold what is looked for, the newest first. Every entry of the range is read by the database, so
    /// the caller keeps it short.
    pub async fn search_log(&mut self, search: &LogSearch) -> Result<Vec<LoggedEntry>, Error> {
        let (before, down_to) = (int(search.before)?, int(search.down_to)?);
        let limit = Page::<u64>::first(search.limit).limit();
        let [a, b, c, d] = &search.parts;
        let rows = self
            .conn()
            .rows(SEARCH, values![down_to, before, a, b, c, d, limit])
            .await?;
        rows.iter().map(entry_of).collect()
    }

    /// The place of the first entry that happened at `time` or later, or the log's size. Entries stand in the order
    /// of their times but for the difference of clocks, so it is found by halving.
    pub async fn log_index_at(&mut self, time: Timestamp) -> Result<u64, Error> {
        let (mut low, mut high) = (0, self.log_frontier().await?.size());
        while low < high {
            let middle = low + (high - low) / 2;
            let row = self.conn().row(HAPPENED_AT, values![int(middle)?]).await?;
            let row = row.ok_or_else(|| Error::Missing {
                what: "entry of the log",
                key: middle.to_string(),
            })?;
            if row.time(0)? < time {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        Ok(low)
    }

    /// Proves that the entry at `index` stands in the log of the first `size` entries.
    pub async fn inclusion_proof(&mut self, index: u64, size: u64) -> Result<Vec<Digest>, Error> {
        let nodes = audit::inclusion_nodes(index, size).map_err(log_fault)?;
        let tiles = self.log_tiles(&nodes).await?;
        audit::inclusion_proof(index, size, |node| node_in(&tiles, node)).map_err(log_fault)
    }

    /// Proves that the log of the first `size` entries continues the one of the first `from`.
    pub async fn consistency_proof(&mut self, from: u64, size: u64) -> Result<Vec<Digest>, Error> {
        let nodes = audit::consistency_nodes(from, size).map_err(log_fault)?;
        let tiles = self.log_tiles(&nodes).await?;
        audit::consistency_proof(from, size, |node| node_in(&tiles, node)).map_err(log_fault)
    }

    /// The root that the log had when it held `size` entries.
    pub async fn log_root_at(&mut self, size: u64) -> Result<Digest, Error> {
        let tiles = self.log_tiles(&audit::root_nodes(size)).await?;
        audit::root_at(size, |node| node_in(&tiles, node)).map_err(log_fault)
    }

    /// Checkpoints from `start` entries on, in order, at most `count_max`.
    pub async fn checkpoints(&mut self, start: u64, count_max: u32) -> Result<Vec<StoredCheckpoint>, Error> {
        let parameters = values![int(start)?, i64::from(count_max)];
        let rows = self.conn().rows(CHECKPOINTS_FROM, parameters).await?;
        rows.iter().map(checkpoint_of).collect()
    }

    /// The newest checkpoints of less than `before` entries, the newest first.
    pub async fn checkpoints_before(
        &mut self,
        before: u64,
        count_max: u32,
    ) -> Result<Vec<StoredCheckpoint>, Error> {
        let before = i64::try_from(before).unwrap_or(i64::MAX);
        let parameters = values![before, i64::from(count_max)];
        let rows = self.conn().rows(CHECKPOINTS_BEFORE, parameters).await?;
        rows.iter().map(checkpoint_of).collect()
    }

    /// The newest checkpoint.
    pub async fn newest_checkpoint(&mut self) -> Result<Option<StoredCheckpoint>, Error> {
        let row = self.conn().row(NEWEST_CHECKPOINT, &[]).await?;
        row.as_ref().map(checkpoint_of).transpose()
    }

    /// Writes the whole log, entries and checkpoints as they stand, for `audit::check`. Ask on a
    /// [`snapshot`](crate::Store::snapshot).
    pub async fn export_log<W: std::io::Write>(
        &mut self,
        out: &mut audit::ExportWriter<W>,
    ) -> Result<(), Error> {
        let mut start = Some(0);
        let mut checkpoints = VecDeque::from(self.checkpoints(0, ENTRIES_AT_ONCE as u32).await?);
        while let Some(next) = start {
            let rows = self
                .conn()
                .rows(ENTRIES_FROM, values![next, ENTRIES_AT_ONCE])
                .await?;
            start = None;
            for row in &rows {
                self.export_checkpoints(&mut checkpoints, out.size(), out).await?;
                out.entry(&row.bytes(1)?).map_err(unwritten)?;
                // Nothing follows the largest index, which only somebody else can have written.
                start = row.int(0)?.checked_add(1);
            }
        }
        // Also those beyond the last entry: they show that the log was cut.
        self.export_checkpoints(&mut checkpoints, u64::MAX, out).await
    }

    /// Writes the checkpoints of up to `size_max` entries, and reads more when none are left.
    async fn export_checkpoints<W: std::io::Write>(
        &mut self,
        checkpoints: &mut VecDeque<StoredCheckpoint>,
        size_max: u64,
        out: &mut audit::ExportWriter<W>,
    ) -> Result<(), Error> {
        while let Some(first) = checkpoints.pop_front_if(|first| first.size <= size_max) {
            out.checkpoint(&first.note).map_err(unwritten)?;
            if checkpoints.is_empty() && first.size < i64::MAX as u64 {
                let more = self.checkpoints(first.size + 1, ENTRIES_AT_ONCE as u32).await?;
                checkpoints.extend(more);
            }
        }
        Ok(())
    }

    /// The hashes of the tiles that hold `nodes`.
    async fn log_tiles(&mut self, nodes: &[Node]) -> Result<BTreeMap<Tile, Vec<Digest>>, Error> {
        let mut tiles = BTreeMap::new();
        for tile in audit::tiles_of(nodes) {
            let first = int(tile.first_node().index)?;
            let end = first.saturating_add(TILE_HASHES as i64);
            let rows = match tile.level {
                0 => self.conn().rows(LEAVES, values![first, end]).await?,
                level => {
                    let level = i64::from(level * TILE_HEIGHT);
                    self.conn().rows(NODES, values![level, first, end]).await?
                }
            };
            let hashes: Result<Vec<Digest>, Error> = rows.iter().map(|row| row.digest(0)).collect();
            tiles.insert(tile, hashes?);
        }
        Ok(tiles)
    }
}

impl crate::Chore {
    /// Keeps a signed checkpoint. The log's head is what it signs, so it is no act and no entry.
    pub async fn put_checkpoint(&mut self, checkpoint: &StoredCheckpoint) -> Result<(), Error> {
        let size = int(checkpoint.size)?;
        let parameters = values![size, checkpoint.signed_at, &checkpoint.note];
        self.conn().execute(INSERT_CHECKPOINT, parameters).await.map(drop)
    }
}

impl Change {
    pub(crate) fn conn(&mut self) -> &mut Conn {
        Reader::conn(self)
    }
}

/// Takes the log for this transaction, and where it ends.
pub(crate) async fn lock_head(conn: &mut Conn) -> Result<Frontier, Error> {
    let row = conn.row(LOCK_HEAD, &[]).await?;
    frontier_of(row)
}

/// The frontier of the entries themselves, which the head is to be compared with.
pub(crate) async fn recompute(conn: &mut Conn) -> Result<Frontier, Error> {
    let mut frontier = Frontier::new();
    loop {
        let parameters = values![int(frontier.size())?, ENTRIES_AT_ONCE];
        let rows = conn.rows(ENTRIES_FROM, parameters).await?;
        if rows.is_empty() {
            return Ok(frontier);
        }
        for row in &rows {
            let entry = entry_of(row)?;
            if entry.index != frontier.size() {
                return Err(Error::Damaged {
                    what: "the audit log",
                    reason: format!("entry {} is missing", frontier.size()),
                });
            }
            frontier.append(audit::leaf_digest(&entry.bytes));
        }
    }
}

/// Entries that are read at once by those who read all of them.
const ENTRIES_AT_ONCE: i64 = 1000;

/// Writes where the log ends now.
pub(crate) async fn store_head(conn: &mut Conn, frontier: &Frontier) -> Result<(), Error> {
    let bytes = frontier.to_bytes();
    conn.execute_one(UPDATE_HEAD, values![&bytes], missing_head).await
}

/// Entries that have their place in the log but are not written yet: those of a group are written together.
#[derive(Default)]
pub(crate) struct Appended {
    entries: Vec<Placed>,
    nodes: Vec<(Node, Digest)>,
}

struct Placed {
    index: i64,
    entry: audit::Entry,
    bytes: Vec<u8>,
    leaf: Digest,
}

impl Appended {
    /// Gives entries their place behind the head that [`lock_head`] gave; all of them or none.
    pub(crate) fn append(
        &mut self,
        frontier: &mut Frontier,
        entries: Vec<audit::Entry>,
    ) -> Result<(), Error> {
        let mut placed = Vec::with_capacity(entries.len());
        let (mut after, mut nodes) = (frontier.clone(), Vec::new());
        for entry in entries {
            let bytes = entry.to_bytes().map_err(Error::Entry)?;
            let leaf = audit::leaf_digest(&bytes);
            let index = after.append_with(leaf, |node, digest| {
                if node.level > 0 && node.level.is_multiple_of(TILE_HEIGHT) {
                    nodes.push((node, digest));
                }
            });
            placed.push(Placed {
                index: int(index)?,
                entry,
                bytes,
                leaf,
            });
        }
        *frontier = after;
        self.entries.append(&mut placed);
        self.nodes.append(&mut nodes);
        Ok(())
    }

    /// Writes them.
    pub(crate) async fn write(&self, conn: &mut Conn) -> Result<(), Error> {
        let rows: Vec<Vec<Value<'_>>> = self.entries.iter().map(Placed::row).collect();
        conn.insert_all(INSERT_ENTRY, &rows).await?;
        for (node, digest) in &self.nodes {
            let parameters = values![i64::from(node.level), int(node.index)?, digest];
            conn.execute(INSERT_NODE, parameters).await?;
        }
        Ok(())
    }
}

impl Placed {
    fn row(&self) -> Vec<Value<'_>> {
        let entry = &self.entry;
        values![
            self.index,
            entry.time,
            entry.act.as_str(),
            entry.subject.kind.as_str(),
            entry.subject.id.as_str(),
            &self.bytes,
            &self.leaf
        ]
        .to_vec()
    }
}

fn frontier_of(row: Option<Row>) -> Result<Frontier, Error> {
    let bytes = row.ok_or_else(missing_head)?.bytes(0)?;
    Frontier::from_bytes(&bytes).map_err(log_fault)
}

fn unwritten(source: std::io::Error) -> Error {
    Error::File {
        action: "written",
        source,
    }
}

fn missing_head() -> Error {
    Error::Missing {
        what: "head of",
        key: "the log".to_owned(),
    }
}

fn log_fault(error: audit::Error) -> Error {
    Error::Damaged {
        what: "the audit log",
        reason: error.to_string(),
    }
}

fn entry_of(row: &Row) -> Result<LoggedEntry, Error> {
    Ok(LoggedEntry {
        index: unsigned(row.int(0)?)?,
        bytes: row.bytes(1)?,
    })
}

fn checkpoint_of(row: &Row) -> Result<StoredCheckpoint, Error> {
    Ok(StoredCheckpoint {
        size: unsigned(row.int(0)?)?,
        signed_at: row.time(1)?,
        note: row.text(2)?,
    })
}

fn node_in(tiles: &BTreeMap<Tile, Vec<Digest>>, node: Node) -> Option<Digest> {
    let tile = Tile::of(node);
    tile.node(tiles.get(&tile)?, node)
}

fn int(index: u64) -> Result<i64, Error> {
    i64::try_from(index).map_err(|_| Error::Missing {
        what: "entry of the log",
        key: index.to_string(),
    })
}

fn unsigned(index: i64) -> Result<u64, Error> {
    u64::try_from(index).map_err(|_| Error::Damaged {
        what: "an index of the log",
        reason: format!("it is {index}"),
    })
}

statements! {
    HEAD = "SELECT frontier FROM log_head WHERE id = 1";
    LOCK_HEAD = "SELECT frontier FROM log_head WHERE id = 1",
        postgres "SELECT frontier FROM log_head WHERE id = 1 FOR UPDATE";
    UPDATE_HEAD = "UPDATE log_head SET frontier = $1 WHERE id = 1";
    INSERT_ENTRY = "INSERT INTO log_entries (idx, happened_at, act, subject_kind, subject_id, entry, leaf)
        VALUES ($1, $2, $3, $4, $5, $6, $7)";
    INSERT_NODE = "INSERT INTO log_nodes (level, idx, digest) VALUES ($1, $2, $3)";
    ENTRIES_FROM = "SELECT idx, entry FROM log_entries WHERE idx >= $1 ORDER BY idx LIMIT $2";
    ENTRIES_ABOUT = "SELECT idx, entry FROM log_entries
        WHERE subject_kind = $1 AND subject_id = $2 AND idx < $3 ORDER BY idx DESC LIMIT $4";
    LEAVES = "SELECT leaf FROM log_entries WHERE idx >= $1 AND idx < $2 ORDER BY idx";
    NODES = "SELECT digest FROM log_nodes WHERE level = $1 AND idx >= $2 AND idx < $3 ORDER BY idx";
    INSERT_CHECKPOINT = "INSERT INTO log_checkpoints (size, signed_at, note) VALUES ($1, $2, $3)
        ON CONFLICT (size) DO NOTHING";
    CHECKPOINTS_FROM = "SELECT size, signed_at, note FROM log_checkpoints WHERE size >= $1 ORDER BY size LIMIT $2";
    CHECKPOINTS_BEFORE = "SELECT size, signed_at, note FROM log_checkpoints WHERE size < $1 ORDER BY size DESC LIMIT $2";
    HAPPENED_AT = "SELECT happened_at FROM log_entries WHERE idx = $1";
    SEARCH = "SELECT idx, entry FROM log_entries WHERE idx >= $1 AND idx < $2
        AND instr(entry, $3) > 0 AND instr(entry, $4) > 0 AND instr(entry, $5) > 0 AND instr(entry, $6) > 0
        ORDER BY idx DESC LIMIT $7",
        postgres "SELECT idx, entry FROM log_entries WHERE idx >= $1 AND idx < $2
        AND position($3 IN entry) > 0 AND position($4 IN entry) > 0 AND position($5 IN entry) > 0
        AND position($6 IN entry) > 0 ORDER BY idx DESC LIMIT $7";
    NEWEST_CHECKPOINT = "SELECT size, signed_at, note FROM log_checkpoints ORDER BY size DESC LIMIT 1";
}
