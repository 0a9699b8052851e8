//! The tables of the log and of the service, one statement after the other.
//!
//! Types are BIGINT (numbers, flags, UTC microseconds), TEXT (also JSON, which no statement looks into), BYTEA
//! and UUID. What is searched or unique has a column; everything else stands in the JSON beside it.

/// Statements in the order in which they run. The place in this list, from 1, is the migration's number: what was
/// released is never changed or moved, only added to.
pub(crate) const MIGRATIONS: &[&str] = &[
    // The audit log. `log_head` has one row, which is the lock of all writers.
    "CREATE TABLE IF NOT EXISTS log_head (
        id BIGINT NOT NULL PRIMARY KEY,
        frontier BYTEA NOT NULL
    )",
    "CREATE TABLE IF NOT EXISTS log_entries (
        idx BIGINT NOT NULL PRIMARY KEY,
        happened_at BIGINT NOT NULL,
        act TEXT NOT NULL,
        subject_kind TEXT NOT NULL,
        subject_id TEXT NOT NULL,
        entry BYTEA NOT NULL,
        leaf BYTEA NOT NULL
    )",
    "CREATE INDEX IF NOT EXISTS log_entries_subject ON log_entries (subject_kind, subject_id, idx)",
    "CREATE TABLE IF NOT EXISTS log_nodes (
        level BIGINT NOT NULL,
        idx BIGINT NOT NULL,
        digest BYTEA NOT NULL,
        PRIMARY KEY (level, idx)
    )",
    "CREATE TABLE IF NOT EXISTS log_checkpoints (
        size BIGINT NOT NULL PRIMARY KEY,
        signed_at BIGINT NOT NULL,
        note TEXT NOT NULL
    )",
    // The service.
    "CREATE TABLE IF NOT EXISTS settings (
        name TEXT NOT NULL PRIMARY KEY,
        version BIGINT NOT NULL,
        changed_at BIGINT NOT NULL,
        value TEXT NOT NULL
    )",
];
