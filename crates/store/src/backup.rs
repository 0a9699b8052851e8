//! Backup while the service runs, and restore onto an empty store of either engine.
//!
//! ```text
//! yinxin-backup/1
//! {"migrations":90,"log_size":3,"log_root":"66c7…"}
//! table settings
//! ["name",1,1765000000000000,"true"]
//! end 1 3f2a…
//! ```
//!
//! All tables are read at one moment, and written as rows of JSON: numbers, texts, and bytes in hexadecimal. The
//! last line counts the rows and has the SM3 of everything before it. A restore believes neither: it computes the
//! root of the log from the entries that it wrote, and keeps nothing unless it is the root in the second line.

use std::io::{self, BufRead, Read as _, Write};

use futures_util::TryStreamExt as _;
use gm::{Digest, Sm3};
use serde::{Deserialize, Serialize};
use serde_json::Value as Json;
use sqlx::AssertSqlSafe;
use uuid::Uuid;

use crate::schema::MIGRATIONS;
use crate::sql::{Both, Conn, Row, Value, bound, on_engine, statements};
use crate::{Error, Store, log};

/// What a backup holds: the size and the root of its audit log tell one state from every other.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BackupReport {
    /// Rows of all tables.
    pub rows: u64,
    /// Entries of the log.
    pub log_size: u64,
    /// Root of the log.
    pub log_root: Digest,
}

/// Bytes of a row in a backup at most; longer lines are refused unread.
pub const BACKUP_LINE_BYTES_MAX: usize = 8 * 1024 * 1024;

const FIRST_LINE: &str = "yinxin-backup/1";

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Header {
    migrations: usize,
    log_size: u64,
    log_root: String,
}

impl Store {
    /// Writes a backup of everything in the database as it stands at one moment; writers go on meanwhile.
    /// Documents are not in it: their folder is copied afterwards, so that it has all that the rows name.
    ///
    /// # Errors
    ///
    /// [`Error::File`] when `out` cannot be written, [`Error::Database`] when rows cannot be read.
    pub async fn back_up<W: Write + Send>(&self, out: W) -> Result<BackupReport, Error> {
        let mut reader = self.snapshot().await?;
        let frontier = reader.log_frontier().await?;
        let mut writer = BackupWriter {
            out,
            digest: Sm3::new(),
            rows: 0,
        };
        let header = Header {
            migrations: MIGRATIONS.len(),
            log_size: frontier.size(),
            log_root: frontier.root().to_string(),
        };
        let header = serde_json::to_string(&header).map_err(Error::damaged("the head of a backup"))?;
        writer.line(FIRST_LINE)?;
        writer.line(&header)?;
        for table in tables() {
            writer.line(&format!("table {}", table.name))?;
            write_rows(reader.conn(), &table, &mut writer).await?;
        }
        writer.end()?;
        Ok(BackupReport {
            rows: writer.rows,
            log_size: frontier.size(),
            log_root: frontier.root(),
        })
    }

    /// Restores a backup into this store, which must be empty, in one transaction: all of it or nothing.
    ///
    /// # Errors
    ///
    /// [`Error::NotEmpty`] when something was ever written here; [`Error::Backup`] when the backup was cut off or
    /// changed, is another program's, or its log does not have the root that it claims.
    pub async fn restore<R: BufRead + Send>(&self, backup: R) -> Result<BackupReport, Error> {
        let mut reader = BackupReader {
            backup,
            digest: Sm3::new(),
            line: String::new(),
        };
        let header = reader.header()?;
        let mut conn = self
            .pool
            .begin()
            .await
            .map_err(Error::database("begin a transaction"))?;
        let restored = restore_into(&mut conn, &mut reader, &header).await;
        match restored {
            Ok(report) => {
                conn.commit()
                    .await
                    .map_err(Error::database("commit what was restored"))?;
                Ok(report)
            }
            Err(error) => {
                conn.rollback().await;
                Err(error)
            }
        }
    }
}

async fn restore_into<R: BufRead>(
    conn: &mut Conn,
    reader: &mut BackupReader<R>,
    header: &Header,
) -> Result<BackupReport, Error> {
    if log::lock_head(conn).await?.size() != 0 {
        return Err(Error::NotEmpty);
    }
    conn.execute(FORGET_HEAD, &[]).await?;
    let rows = reader.rows(conn).await?;
    let frontier = log::recompute(conn).await?;
    let root = frontier.root();
    if frontier.size() != header.log_size || root.to_string() != header.log_root {
        return Err(refused(
            "its log does not have the root that its second line claims",
        ));
    }
    if log::lock_head(conn).await? != frontier {
        return Err(refused("the head of its log is not that of its entries"));
    }
    Ok(BackupReport {
        rows,
        log_size: frontier.size(),
        log_root: root,
    })
}

fn refused(reason: impl Into<String>) -> Error {
    Error::Backup {
        reason: reason.into(),
    }
}

/// A table by its own definition.
struct TableShape {
    name: &'static str,
    columns: Vec<(&'static str, Type)>,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Type {
    Int,
    Text,
    Bytes,
    Id,
}

/// The tables of [`MIGRATIONS`], in their order, so that a new table cannot be forgotten here.
fn tables() -> Vec<TableShape> {
    MIGRATIONS.iter().filter_map(|ddl| shape(ddl)).collect()
}

fn shape(ddl: &'static str) -> Option<TableShape> {
    let (name, columns) = ddl
        .strip_prefix("CREATE TABLE IF NOT EXISTS ")?
        .split_once(" (")?;
    let column = |line: &'static str| {
        let mut words = line.split_whitespace();
        let name = words.next()?;
        let kind = match words.next()?.trim_end_matches(',') {
            "BIGINT" => Type::Int,
            "TEXT" => Type::Text,
            "BYTEA" => Type::Bytes,
            "UUID" => Type::Id,
            _ => return None,
        };
        Some((name, kind))
    };
    Some(TableShape {
        name,
        columns: columns.lines().filter_map(column).collect(),
    })
}

impl TableShape {
    fn column_names(&self) -> String {
        self.columns
            .iter()
            .map(|(name, _)| *name)
            .collect::<Vec<_>>()
            .join(", ")
    }

    fn insert(&self) -> String {
        let places: Vec<String> = (1..=self.columns.len())
            .map(|number| format!("${number}"))
            .collect();
        format!(
            "INSERT INTO {} ({}) VALUES ({})",
            self.name,
            self.column_names(),
            places.join(", ")
        )
    }

    fn row_to_json(&self, row: &Row) -> Result<String, Error> {
        let cell = |(column, (_, kind)): (usize, &(&str, Type))| {
            Ok(match kind {
                Type::Int => Json::from(row.opt_int(column)?),
                Type::Text => Json::from(row.opt_text(column)?),
                Type::Bytes => Json::from(row.opt_bytes(column)?.map(hex::encode)),
                Type::Id => Json::from(row.opt_id(column)?.map(|id| id.to_string())),
            })
        };
        let cells: Result<Vec<Json>, Error> = self.columns.iter().enumerate().map(cell).collect();
        Ok(Json::from(cells?).to_string())
    }

    fn row_from_json(&self, line: &str) -> Option<Vec<Cell>> {
        let cells: Vec<Json> = serde_json::from_str(line).ok()?;
        if cells.len() != self.columns.len() {
            return None;
        }
        cells
            .into_iter()
            .zip(&self.columns)
            .map(|(cell, (_, kind))| Cell::of(*kind, cell))
            .collect()
    }
}

/// A value that a statement borrows.
enum Cell {
    Int(Option<i64>),
    Text(Option<String>),
    Bytes(Option<Vec<u8>>),
    Id(Option<Uuid>),
}

impl Cell {
    fn of(kind: Type, cell: Json) -> Option<Cell> {
        let text = |cell: Json| match cell {
            Json::Null => Some(None),
            Json::String(text) => Some(Some(text)),
            _ => None,
        };
        match kind {
            Type::Int if cell.is_null() => Some(Cell::Int(None)),
            Type::Int => Some(Cell::Int(Some(cell.as_i64()?))),
            Type::Text => Some(Cell::Text(text(cell)?)),
            Type::Bytes => match text(cell)? {
                None => Some(Cell::Bytes(None)),
                Some(text) => Some(Cell::Bytes(Some(hex::decode(text).ok()?))),
            },
            Type::Id => match text(cell)? {
                None => Some(Cell::Id(None)),
                Some(text) => Some(Cell::Id(Some(text.parse().ok()?))),
            },
        }
    }

    fn value(&self) -> Value<'_> {
        match self {
            Cell::Int(value) => Value::Int(*value),
            Cell::Text(value) => Value::Text(value.as_deref()),
            Cell::Bytes(value) => Value::Bytes(value.as_deref()),
            Cell::Id(value) => Value::Id(*value),
        }
    }
}

struct BackupWriter<W> {
    out: W,
    digest: Sm3,
    rows: u64,
}

impl<W: Write> BackupWriter<W> {
    fn line(&mut self, text: &str) -> Result<(), Error> {
        self.digest.update(text.as_bytes());
        self.digest.update(b"\n");
        let written = self
            .out
            .write_all(text.as_bytes())
            .and_then(|()| self.out.write_all(b"\n"));
        written.map_err(file("written"))
    }

    fn end(&mut self) -> Result<(), Error> {
        let digest = self.digest.clone().finish();
        let written = writeln!(self.out, "end {} {digest}", self.rows).and_then(|()| self.out.flush());
        written.map_err(file("written"))
    }
}

fn file(action: &'static str) -> impl FnOnce(io::Error) -> Error {
    move |source| Error::File { action, source }
}

/// Streams the rows of a table, so that memory holds a few of them only.
async fn write_rows<W: Write>(
    conn: &mut Conn,
    table: &TableShape,
    writer: &mut BackupWriter<W>,
) -> Result<(), Error> {
    let select = format!("SELECT {} FROM {}", table.column_names(), table.name);
    let both = Both {
        sqlite: &select,
        postgres: &select,
    };
    on_engine!(conn, both, (connection, text, row) => {
        let mut rows = sqlx::query(AssertSqlSafe(text)).fetch(connection);
        while let Some(found) = rows.try_next().await.map_err(Error::database("read rows"))? {
            writer.rows += 1;
            writer.line(&table.row_to_json(&row(found))?)?;
        }
    });
    Ok(())
}

struct BackupReader<R> {
    backup: R,
    digest: Sm3,
    line: String,
}

impl<R: BufRead> BackupReader<R> {
    fn header(&mut self) -> Result<Header, Error> {
        if self.next()? != FIRST_LINE {
            return Err(refused("its first line is not that of a backup of this program"));
        }
        let line = self.next()?;
        let header: Header =
            serde_json::from_str(&line).map_err(|error| refused(format!("its second line: {error}")))?;
        if header.migrations != MIGRATIONS.len() {
            return Err(refused(format!(
                "it has {} migrations and this program {}: restore it with the version that made it, then upgrade",
                header.migrations,
                MIGRATIONS.len()
            )));
        }
        Ok(header)
    }

    /// The next line without its end; all but the last one are hashed.
    fn next(&mut self) -> Result<String, Error> {
        self.line.clear();
        let mut bounded = (&mut self.backup).take(BACKUP_LINE_BYTES_MAX as u64);
        bounded.read_line(&mut self.line).map_err(file("read"))?;
        let Some(line) = self.line.strip_suffix('\n') else {
            return Err(refused("it was cut off, or has a line that is far too long"));
        };
        if !line.starts_with("end ") {
            self.digest.update(self.line.as_bytes());
        }
        Ok(line.to_owned())
    }

    /// Puts the rows in, up to the last line, which must count and hash them; how many there were.
    async fn rows(&mut self, conn: &mut Conn) -> Result<u64, Error> {
        let tables = tables();
        let mut current: Option<(&TableShape, String)> = None;
        let mut rows = 0;
        loop {
            let line = self.next()?;
            if let Some(end) = line.strip_prefix("end ") {
                let digest = self.digest.clone().finish();
                return match end.split_once(' ') {
                    Some((count, sum)) if count == rows.to_string() && sum == digest.to_string() => Ok(rows),
                    _ => Err(refused(
                        "its last line does not fit what stands before it: it was changed",
                    )),
                };
            }
            if let Some(name) = line.strip_prefix("table ") {
                let table = tables.iter().find(|table| table.name == name);
                let table = table.ok_or_else(|| refused(format!("this program has no table {name}")))?;
                current = Some((table, table.insert()));
                continue;
            }
            let (table, insert) = current
                .as_ref()
                .ok_or_else(|| refused("it has rows before the first table"))?;
            let cells = table.row_from_json(&line);
            let cells = cells.ok_or_else(|| refused(format!("a row of {} has another shape", table.name)))?;
            insert_row(conn, insert, &cells).await?;
            rows += 1;
        }
    }
}

async fn insert_row(conn: &mut Conn, insert: &str, cells: &[Cell]) -> Result<(), Error> {
    let values: Vec<Value<'_>> = cells.iter().map(Cell::value).collect();
    let both = Both {
        sqlite: insert,
        postgres: insert,
    };
    let done = on_engine!(conn, both, (connection, text, _row) => {
        bound!(AssertSqlSafe(text), values).execute(connection).await.map(drop)
    });
    done.map_err(Error::database("write a row"))
}

statements! {
    FORGET_HEAD = "DELETE FROM log_head";
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_table_and_every_column_of_the_schema_has_a_shape() {
        let tables = tables();
        let made = MIGRATIONS.iter().filter(|ddl| ddl.starts_with("CREATE TABLE"));
        assert_eq!(tables.len(), made.clone().count());
        for (table, ddl) in tables.iter().zip(made) {
            let lines = ddl.lines().filter(|line| line.starts_with("        "));
            let columns = lines.filter(|line| !line.contains("PRIMARY KEY (")).count();
            assert_eq!(table.columns.len(), columns, "{}", table.name);
        }
    }
}
