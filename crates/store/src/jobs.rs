//! Jobs: what is to be done later, at least once: messages to filing bodies (the outbox), reminders, expiry.
//!
//! A job is written in the transaction of what causes it, leased by one worker at a time, and finished or put
//! off. A worker that dies loses its lease when its time is over.

use jiff::Timestamp;
use serde_json::Value as Json;
use uuid::Uuid;

use crate::sql::{Row, statements, values};
use crate::{Chore, Error, Page, Reader, record};

/// A job as it stands.
#[derive(Clone, Debug, PartialEq)]
pub struct Job {
    /// Its identifier.
    pub id: Uuid,
    /// What sort of work, such as `filing` or `reminder`.
    pub kind: String,
    /// What it is about; a kind has one open job for a subject key at most.
    pub key: String,
    /// What the worker needs.
    pub body: Json,
    /// Not before this instant.
    pub due_at: Timestamp,
    /// How often it was begun.
    pub tries: i64,
    /// What went wrong last.
    pub last_failure: Option<String>,
    /// When it was done; none while it is open.
    pub done_at: Option<Timestamp>,
}

impl Reader {
    /// A job.
    pub async fn job(&mut self, id: Uuid) -> Result<Option<Job>, Error> {
        let row = self.conn().row(BY_ID, values![id]).await?;
        row.as_ref().map(job_of).transpose()
    }

    /// The open jobs of a kind, in the order of their making.
    pub async fn open_jobs(&mut self, kind: &str, page: Page<Uuid>) -> Result<Vec<Job>, Error> {
        let after = page.after.unwrap_or(Uuid::nil());
        let rows = self.conn().rows(OPEN, values![kind, after, page.limit()]).await?;
        rows.iter().map(job_of).collect()
    }
}

impl Chore {
    /// Adds a job; an open one with the same kind and key stays as it is. Whether it was added.
    pub async fn add_job(
        &mut self,
        id: Uuid,
        kind: &str,
        key: &str,
        body: &Json,
        due_at: Timestamp,
    ) -> Result<bool, Error> {
        let body = body.to_string();
        let parameters = values![id, kind, key, &body, due_at];
        Ok(self.conn().execute(INSERT, parameters).await? == 1)
    }

    /// Leases jobs of a kind that are due to `worker` until an instant, the longest due first; each counts one
    /// more try. Nobody else gets them before the lease ends.
    pub async fn lease_jobs(
        &mut self,
        kind: &str,
        worker: Uuid,
        now: Timestamp,
        until: Timestamp,
        count_max: u32,
    ) -> Result<Vec<Job>, Error> {
        let parameters = values![kind, now, worker, until, i64::from(count_max)];
        let rows = self.conn().rows(LEASE, parameters).await?;
        let mut jobs: Vec<Job> = rows.iter().map(job_of).collect::<Result<_, _>>()?;
        jobs.sort_by_key(|job| (job.due_at, job.id));
        Ok(jobs)
    }

    /// Finishes a leased job.
    ///
    /// # Errors
    ///
    /// [`Error::Missing`] when the worker no longer holds the lease: somebody else does the job.
    pub async fn finish_job(&mut self, id: Uuid, worker: Uuid, now: Timestamp) -> Result<(), Error> {
        self.conn()
            .execute_one(FINISH, values![id, worker, now], || lost(id))
            .await
    }

    /// Puts a leased job off until an instant, because it failed.
    ///
    /// # Errors
    ///
    /// As for [`finish_job`](Self::finish_job).
    pub async fn put_off_job(
        &mut self,
        id: Uuid,
        worker: Uuid,
        until: Timestamp,
        failure: &str,
    ) -> Result<(), Error> {
        self.conn()
            .execute_one(PUT_OFF, values![id, worker, until, failure], || lost(id))
            .await
    }

    /// Has an open job begun at once that waits for a later time; whether there was one. One that a worker holds stays.
    pub async fn hasten_job(&mut self, kind: &str, key: &str, now: Timestamp) -> Result<bool, Error> {
        Ok(self.conn().execute(HASTEN, values![kind, key, now]).await? == 1)
    }

    /// Forgets the jobs that were done before an instant; how many there were.
    pub async fn forget_jobs(&mut self, done_before: Timestamp) -> Result<u64, Error> {
        self.conn().execute(FORGET, values![done_before]).await
    }
}

fn lost(id: Uuid) -> Error {
    Error::Missing {
        what: "lease of this worker on job",
        key: id.to_string(),
    }
}

fn job_of(row: &Row) -> Result<Job, Error> {
    Ok(Job {
        id: row.id(0)?,
        kind: row.text(1)?,
        key: row.text(2)?,
        body: record::json(row, 3, "a job")?,
        due_at: row.time(4)?,
        tries: row.int(5)?,
        last_failure: row.opt_text(6)?,
        done_at: row.opt_time(7)?,
    })
}

macro_rules! columns {
    () => {
        "id, kind, job_key, body, due_at, tries, last_failure, done_at"
    };
}

statements! {
    BY_ID = concat!("SELECT ", columns!(), " FROM jobs WHERE id = $1");
    OPEN = concat!("SELECT ", columns!(), " FROM jobs WHERE kind = $1 AND done_at IS NULL AND id > $2
        ORDER BY id LIMIT $3");
    INSERT = "INSERT INTO jobs (id, kind, job_key, body, due_at, tries) VALUES ($1, $2, $3, $4, $5, 0)
        ON CONFLICT DO NOTHING";
    // SQLite has one writer, so nothing can be locked by somebody else.
    LEASE = concat!("UPDATE jobs SET worker = $3, leased_until = $4, tries = tries + 1 WHERE id IN (
            SELECT id FROM jobs WHERE kind = $1 AND done_at IS NULL AND due_at <= $2
                AND (leased_until IS NULL OR leased_until <= $2)
            ORDER BY due_at, id LIMIT $5
        ) RETURNING ", columns!()),
        postgres concat!("UPDATE jobs SET worker = $3, leased_until = $4, tries = tries + 1 WHERE id IN (
            SELECT id FROM jobs WHERE kind = $1 AND done_at IS NULL AND due_at <= $2
                AND (leased_until IS NULL OR leased_until <= $2)
            ORDER BY due_at, id LIMIT $5 FOR UPDATE SKIP LOCKED
        ) RETURNING ", columns!());
    FINISH = "UPDATE jobs SET done_at = $3, worker = NULL, leased_until = NULL
        WHERE id = $1 AND worker = $2 AND done_at IS NULL";
    PUT_OFF = "UPDATE jobs SET due_at = $3, last_failure = $4, worker = NULL, leased_until = NULL
        WHERE id = $1 AND worker = $2 AND done_at IS NULL";
    HASTEN = "UPDATE jobs SET due_at = $3 WHERE kind = $1 AND job_key = $2 AND done_at IS NULL
        AND due_at > $3 AND (leased_until IS NULL OR leased_until <= $3)";
    FORGET = "DELETE FROM jobs WHERE done_at < $1";
}
