//! Reminders that were raised, and what the job that raises them looks through.

use jiff::Timestamp;
use registry::{Filing, SealRecord, SealStatus, UseRequest};
use uuid::Uuid;

use crate::accounts::account_of;
use crate::sql::{Row, statements, values};
use crate::{Account, Change, Chore, Error, Reader, record};

/// A reminder that was raised. Kind, subject and due time name it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RaisedReminder {
    /// Its stable name.
    pub kind: String,
    /// The seal, filing, use, account or system.
    pub subject: Uuid,
    /// When it is too late.
    pub due: Timestamp,
    /// The person whom it concerns.
    pub person: Option<Uuid>,
    /// The unit whose people it concerns.
    pub unit: Option<Uuid>,
    /// The authority whose officers it concerns.
    pub authority: Option<Uuid>,
    /// When it was raised first.
    pub raised_at: Timestamp,
}

/// Whose reminders.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Concerned {
    /// A person's own.
    Person(Uuid),
    /// A unit's.
    Unit(Uuid),
    /// An authority's.
    Authority(Uuid),
}

/// A place in an order of time: after this instant and identifier.
pub type Cursor = (Timestamp, Uuid);

impl Reader {
    /// The reminders of somebody that were not ended, those due first.
    pub async fn reminders(
        &mut self,
        concerned: Concerned,
        count_max: u32,
    ) -> Result<Vec<RaisedReminder>, Error> {
        let (sql, id) = match concerned {
            Concerned::Person(id) => (OF_PERSON, id),
            Concerned::Unit(id) => (OF_UNIT, id),
            Concerned::Authority(id) => (OF_AUTHORITY, id),
        };
        let rows = self.conn().rows(sql, values![id, i64::from(count_max)]).await?;
        rows.iter().map(reminder_of).collect()
    }

    /// All reminders that were not ended, in the order of their due times, from a place on.
    pub async fn open_reminders(
        &mut self,
        after: Cursor,
        count_max: u32,
    ) -> Result<Vec<RaisedReminder>, Error> {
        let parameters = values![after.0, after.1, i64::from(count_max)];
        let rows = self.conn().rows(OPEN, parameters).await?;
        rows.iter().map(reminder_of).collect()
    }

    /// Whether a reminder was raised, and was not ended.
    pub async fn reminder_is_open(
        &mut self,
        kind: &str,
        subject: Uuid,
        due: Timestamp,
    ) -> Result<Option<bool>, Error> {
        let row = self.conn().row(ONE, values![kind, subject, due]).await?;
        row.map(|row| Ok(row.int(0)? == 1)).transpose()
    }

    /// The seals in one state in the order of their ends, from a place on.
    pub async fn seals_by_end(
        &mut self,
        status: SealStatus,
        after: Cursor,
        count_max: u32,
    ) -> Result<Vec<SealRecord>, Error> {
        let parameters = values![status.name(), after.0, after.1, i64::from(count_max)];
        record::list(self.conn(), SEALS, parameters).await
    }

    /// The filings whose deadline ended before an instant and that were not accepted, from a place on.
    pub async fn filings_overdue(
        &mut self,
        before: Timestamp,
        after: Cursor,
        count_max: u32,
    ) -> Result<Vec<Filing>, Error> {
        let parameters = values![before, after.0, after.1, i64::from(count_max)];
        record::list(self.conn(), FILINGS, parameters).await
    }

    /// The approved requests that lapse before an instant, from a place on.
    pub async fn usages_by_lapse(
        &mut self,
        before: Timestamp,
        after: Cursor,
        count_max: u32,
    ) -> Result<Vec<UseRequest>, Error> {
        let parameters = values![before, after.0, after.1, i64::from(count_max)];
        record::list(self.conn(), USES, parameters).await
    }

    /// The accounts whose password was set before an instant, from a place on.
    pub async fn accounts_by_password(
        &mut self,
        before: Timestamp,
        after: Cursor,
        count_max: u32,
    ) -> Result<Vec<Account>, Error> {
        let parameters = values![before, after.0, after.1, i64::from(count_max)];
        let rows = self.conn().rows(ACCOUNTS, parameters).await?;
        rows.iter().map(account_of).collect()
    }
}

impl Change {
    /// Raises a reminder. False if it was raised before.
    pub async fn raise_reminder(&mut self, reminder: &RaisedReminder) -> Result<bool, Error> {
        let parameters = values![
            &reminder.kind,
            reminder.subject,
            reminder.due,
            reminder.person,
            reminder.unit,
            reminder.authority,
            reminder.raised_at
        ];
        Ok(self.conn().execute(INSERT, parameters).await? == 1)
    }
}

impl Chore {
    /// Ends a reminder because what it asks for was done, or opens it again because it was undone.
    pub async fn set_reminder_open(
        &mut self,
        (kind, subject, due): (&str, Uuid, Timestamp),
        open: bool,
    ) -> Result<(), Error> {
        let parameters = values![kind, subject, due, open];
        self.conn().execute(SET_OPEN, parameters).await.map(drop)
    }
}

fn reminder_of(row: &Row) -> Result<RaisedReminder, Error> {
    Ok(RaisedReminder {
        kind: row.text(0)?,
        subject: row.id(1)?,
        due: row.time(2)?,
        person: row.opt_id(3)?,
        unit: row.opt_id(4)?,
        authority: row.opt_id(5)?,
        raised_at: row.time(6)?,
    })
}

macro_rules! columns {
    () => {
        "SELECT kind, subject, due, person, unit, authority, raised_at FROM reminders WHERE open = 1 AND "
    };
}

statements! {
    OF_PERSON = concat!(columns!(), "person = $1 ORDER BY due, subject LIMIT $2");
    OF_UNIT = concat!(columns!(), "unit = $1 ORDER BY due, subject LIMIT $2");
    OF_AUTHORITY = concat!(columns!(), "authority = $1 ORDER BY due, subject LIMIT $2");
    OPEN = concat!(columns!(), "(due, subject) > ($1, $2) ORDER BY due, subject LIMIT $3");
    ONE = "SELECT open FROM reminders WHERE kind = $1 AND subject = $2 AND due = $3";
    INSERT = "INSERT INTO reminders (kind, subject, due, person, unit, authority, raised_at, open)
        VALUES ($1, $2, $3, $4, $5, $6, $7, 1) ON CONFLICT DO NOTHING";
    SET_OPEN = "UPDATE reminders SET open = $4 WHERE kind = $1 AND subject = $2 AND due = $3";
    SEALS = "SELECT state FROM seals WHERE status = $1 AND (not_after, id) > ($2, $3)
        ORDER BY not_after, id LIMIT $4";
    FILINGS = "SELECT state FROM filings WHERE open = 1 AND due < $1 AND (due, id) > ($2, $3)
        ORDER BY due, id LIMIT $4";
    USES = "SELECT state FROM usages WHERE status = 'approved' AND lapses_at < $1 AND (lapses_at, id) > ($2, $3)
        ORDER BY lapses_at, id LIMIT $4";
    ACCOUNTS = "SELECT id, name, person, password_hash, password_set_at, totp_sealed, totp_last_step, certificate,
            failed_tries, locked_until, closed
        FROM accounts WHERE closed = 0 AND password_set_at < $1 AND (password_set_at, id) > ($2, $3)
        ORDER BY password_set_at, id LIMIT $4";
}
