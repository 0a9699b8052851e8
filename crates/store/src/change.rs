//! Who may touch what: a [`Reader`] reads, a [`Chore`] also writes what is no act, a [`Change`] writes everything
//! and owes the log an entry. The methods stand with their tables, in the file of each noun.

use std::ops::{Deref, DerefMut};

use crate::sql::Conn;

/// A connection for reading.
pub struct Reader {
    conn: Conn,
}

impl Reader {
    pub(crate) fn new(conn: Conn) -> Self {
        Self { conn }
    }

    pub(crate) fn conn(&mut self) -> &mut Conn {
        &mut self.conn
    }
}

/// A write in progress of what is no act: leases, sessions, reminders, idempotency keys. Reads, too.
pub struct Chore {
    reader: Reader,
}

/// A change in progress, which ends with entries for the audit log. Reads and does chores, too.
pub struct Change {
    chore: Chore,
}

impl Change {
    pub(crate) fn new(conn: Conn) -> Self {
        Self {
            chore: Chore {
                reader: Reader::new(conn),
            },
        }
    }

    pub(crate) fn chore(&mut self) -> &mut Chore {
        &mut self.chore
    }

    pub(crate) fn into_conn(self) -> Conn {
        self.chore.reader.conn
    }
}

impl Deref for Chore {
    type Target = Reader;

    fn deref(&self) -> &Reader {
        &self.reader
    }
}

impl DerefMut for Chore {
    fn deref_mut(&mut self) -> &mut Reader {
        &mut self.reader
    }
}

impl Deref for Change {
    type Target = Chore;

    fn deref(&self) -> &Chore {
        &self.chore
    }
}

impl DerefMut for Change {
    fn deref_mut(&mut self) -> &mut Chore {
        &mut self.chore
    }
}
