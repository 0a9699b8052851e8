//! The one writer of a process: many units of work share one durable commit.
//!
//! Units run one after the other in one transaction, each in a savepoint, so that one that fails takes no other
//! with it. Units that arrive while the transaction runs join it. Everyone gets the answer after the COMMIT, never
//! before. When another transaction was in the way or the connection broke, the whole transaction is undone and
//! run again, so the work of a unit may run several times and does nothing but read and write through its
//! argument.

use std::any::Any;
use std::future::Future;
use std::panic::AssertUnwindSafe;
use std::pin::Pin;
use std::sync::Mutex;
use std::time::Duration;

use audit::Frontier;
use futures_util::FutureExt as _;
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinHandle;

use crate::Error;
use crate::change::{Change, Chore};
use crate::log::{self, Appended, Entries};
use crate::sql::{Conn, Fault, fault_of, statements};
use crate::store::{Pool, Store};

/// The work of a write in progress, as `Box::pin(async move { … })` makes it.
pub type Work<'t, T> = Pin<Box<dyn Future<Output = T> + Send + 't>>;

impl Store {
    /// Runs `work` as one durable change, and appends the entries that it returns in the same transaction: a
    /// change without an entry cannot be written.
    ///
    /// Returns after the commit. `work` may run several times, so it does nothing but read and write through the
    /// [`Change`]; when it returns an error, what it wrote is undone.
    ///
    /// # Errors
    ///
    /// What `work` returns; or an [`Error`] when the write could not be committed.
    pub async fn write<T, E, F>(&self, work: F) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<Error> + Send + 'static,
        F: for<'t> FnMut(&'t mut Change) -> Work<'t, Result<(T, Entries), E>> + Send + 'static,
    {
        let (reply, answer) = oneshot::channel();
        let unit = AuditedUnit {
            work,
            state: State::new(reply),
        };
        self.writer().hand_in(Box::new(unit)).await?;
        answer.await.map_err(|_| Error::Closed)?
    }

    /// Runs `work` as one durable write of what is no act: leases, sessions, reminders and the like. The
    /// [`Chore`] reaches nothing that the audit log speaks of.
    ///
    /// # Errors
    ///
    /// As for [`write`](Self::write).
    pub async fn chore<T, E, F>(&self, work: F) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<Error> + Send + 'static,
        F: for<'t> FnMut(&'t mut Chore) -> Work<'t, Result<T, E>> + Send + 'static,
    {
        let (reply, answer) = oneshot::channel();
        let unit = ChoreUnit {
            work,
            state: State::new(reply),
        };
        self.writer().hand_in(Box::new(unit)).await?;
        answer.await.map_err(|_| Error::Closed)?
    }
}

/// The writer's task and the queue to it.
pub(crate) struct Writer {
    queue: Mutex<Option<mpsc::Sender<Box<dyn Unit>>>>,
    task: Mutex<Option<JoinHandle<()>>>,
}

impl Writer {
    pub(crate) fn start(pool: Pool, group_max: usize) -> Writer {
        let (queue, waiting) = mpsc::channel(WAITING_MAX);
        let task = tokio::spawn(write_all(pool, waiting, group_max));
        Writer {
            queue: Mutex::new(Some(queue)),
            task: Mutex::new(Some(task)),
        }
    }

    /// Waits for a place in the queue, which is the back-pressure, and hands the unit in.
    async fn hand_in(&self, unit: Box<dyn Unit>) -> Result<(), Error> {
        let queue = locked(&self.queue).clone().ok_or(Error::Closed)?;
        queue.send(unit).await.map_err(|_| Error::Closed)
    }

    pub(crate) async fn stop(&self) {
        drop(locked(&self.queue).take());
        let task = locked(&self.task).take();
        if let Some(task) = task {
            // An error would be the task's panic, which its units have been told already.
            let _ = task.await;
        }
    }
}

/// Units that wait for the writer at most; more wait for a place.
const WAITING_MAX: usize = 1024;
/// How often a transaction is tried when others stand in its way.
const ATTEMPTS_MAX: u32 = 10;
/// The pause before the second attempt; it doubles up to [`PAUSE_MAX`].
const PAUSE: Duration = Duration::from_millis(5);
const PAUSE_MAX: Duration = Duration::from_millis(500);

/// A poisoned lock has a value that is as good as before: it is only taken out.
fn locked<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
}

/// Something to do in a transaction, whose maker waits for the answer.
trait Unit: Send {
    /// Does the work; `Ok` are the entries to append. The answer is kept until [`answer`](Self::answer).
    fn run<'t>(&'t mut self, change: &'t mut Change) -> Work<'t, Result<Vec<audit::Entry>, ()>>;

    /// Replaces the answer.
    fn fail(&mut self, error: Error);

    /// Tells the answer to whoever waits.
    fn answer(&mut self);
}

/// The answer of a unit, and who waits for it.
struct State<T, E> {
    result: Option<Result<T, E>>,
    reply: Option<oneshot::Sender<Result<T, E>>>,
}

impl<T, E: From<Error>> State<T, E> {
    fn new(reply: oneshot::Sender<Result<T, E>>) -> Self {
        Self {
            result: None,
            reply: Some(reply),
        }
    }

    fn fail(&mut self, error: Error) {
        self.result = Some(Err(error.into()));
    }

    /// Whoever went away in the meantime does not hear it; the write stands all the same.
    fn answer(&mut self) {
        if let (Some(reply), Some(result)) = (self.reply.take(), self.result.take()) {
            let _ = reply.send(result);
        }
    }

    /// Keeps the outcome of the work; `Ok` if it is to be committed.
    fn keep<X>(&mut self, outcome: Outcome<X, E>, split: impl FnOnce(X) -> (T, Vec<audit::Entry>)) -> Kept {
        let (result, kept) = match outcome {
            Ok(Ok(done)) => {
                let (value, entries) = split(done);
                (Ok(value), Ok(entries))
            }
            Ok(Err(error)) => (Err(error), Err(())),
            Err(panic) => {
                let message = panic_message(panic.as_ref());
                (Err(Error::Panicked { message }.into()), Err(()))
            }
        };
        self.result = Some(result);
        kept
    }
}

type Outcome<X, E> = Result<Result<X, E>, Box<dyn Any + Send>>;
type Kept = Result<Vec<audit::Entry>, ()>;

struct AuditedUnit<F, T, E> {
    work: F,
    state: State<T, E>,
}

impl<T, E, F> Unit for AuditedUnit<F, T, E>
where
    T: Send,
    E: From<Error> + Send,
    F: for<'t> FnMut(&'t mut Change) -> Work<'t, Result<(T, Entries), E>> + Send,
{
    fn run<'t>(&'t mut self, change: &'t mut Change) -> Work<'t, Kept> {
        Box::pin(async move {
            let outcome = guarded(|| (self.work)(change)).await;
            self.state
                .keep(outcome, |(value, entries)| (value, entries.into_vec()))
        })
    }

    fn fail(&mut self, error: Error) {
        self.state.fail(error);
    }

    fn answer(&mut self) {
        self.state.answer();
    }
}

struct ChoreUnit<F, T, E> {
    work: F,
    state: State<T, E>,
}

impl<T, E, F> Unit for ChoreUnit<F, T, E>
where
    T: Send,
    E: From<Error> + Send,
    F: for<'t> FnMut(&'t mut Chore) -> Work<'t, Result<T, E>> + Send,
{
    fn run<'t>(&'t mut self, change: &'t mut Change) -> Work<'t, Kept> {
        Box::pin(async move {
            let outcome = guarded(|| (self.work)(change.chore())).await;
            self.state.keep(outcome, |value| (value, Vec::new()))
        })
    }

    fn fail(&mut self, error: Error) {
        self.state.fail(error);
    }

    fn answer(&mut self) {
        self.state.answer();
    }
}

/// Runs work whose panic must not end the writer.
async fn guarded<'t, X>(work: impl FnOnce() -> Work<'t, X>) -> Result<X, Box<dyn Any + Send>> {
    let begun = std::panic::catch_unwind(AssertUnwindSafe(work))?;
    AssertUnwindSafe(begun).catch_unwind().await
}

fn panic_message(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
    text.or_else(|| panic.downcast_ref::<String>().cloned())
        .unwrap_or_else(|| "a panic without words".to_owned())
}

/// The writer's life: a group after the other until the queue is closed and empty.
async fn write_all(pool: Pool, mut waiting: mpsc::Receiver<Box<dyn Unit>>, group_max: usize) {
    while let Some(first) = waiting.recv().await {
        let mut group = vec![first];
        write_group(&pool, &mut group, &mut waiting, group_max).await;
        group.iter_mut().for_each(|unit| unit.answer());
    }
    pool.close().await;
}

/// How an attempt to write a group ended.
enum Attempt {
    Committed,
    /// Nothing was written, and another attempt may succeed.
    Again,
    /// The commit itself failed.
    Unknown(String),
    /// Nothing was written, and another attempt would fail in the same way.
    Failed(Error),
}

/// Writes the group, or gives all its units the reason why not.
async fn write_group(
    pool: &Pool,
    group: &mut Vec<Box<dyn Unit>>,
    waiting: &mut mpsc::Receiver<Box<dyn Unit>>,
    group_max: usize,
) {
    let mut pause = PAUSE;
    for _ in 0..ATTEMPTS_MAX {
        match attempt(pool, group, waiting, group_max).await {
            Attempt::Committed => return,
            Attempt::Again => {
                tokio::time::sleep(pause).await;
                pause = (pause * 2).min(PAUSE_MAX);
            }
            Attempt::Unknown(reason) => {
                return fail_all(group, || Error::OutcomeUnknown {
                    reason: reason.clone(),
                });
            }
            Attempt::Failed(error) => {
                let reason = error.to_string();
                return fail_all(group, || Error::Undone {
                    reason: reason.clone(),
                });
            }
        }
    }
    fail_all(group, || Error::Contended {
        attempts: ATTEMPTS_MAX,
    });
}

fn fail_all(group: &mut [Box<dyn Unit>], error: impl Fn() -> Error) {
    group.iter_mut().for_each(|unit| unit.fail(error()));
}

async fn attempt(
    pool: &Pool,
    group: &mut Vec<Box<dyn Unit>>,
    waiting: &mut mpsc::Receiver<Box<dyn Unit>>,
    group_max: usize,
) -> Attempt {
    let Ok(mut conn) = pool.begin().await else {
        return Attempt::Again;
    };
    // The head's row is the lock under which all processes write one after the other.
    let mut frontier = match log::lock_head(&mut conn).await {
        Ok(frontier) => frontier,
        Err(error) => return give_up(conn, error).await,
    };
    let before = frontier.size();
    let mut change = Change::new(conn);
    let mut appended = Appended::default();
    let mut done = 0;
    while done < group.len() {
        let place = (&mut frontier, &mut appended);
        if let Err(error) = run_unit(&mut change, group[done].as_mut(), done, place).await {
            return give_up(change.into_conn(), error).await;
        }
        done += 1;
        if done == group.len() && done < group_max {
            group.extend(waiting.try_recv().ok());
        }
    }
    let mut conn = change.into_conn();
    if frontier.size() != before
        && let Err(error) = write_log(&mut conn, &frontier, &appended).await
    {
        return give_up(conn, error).await;
    }
    match conn.commit().await {
        Ok(()) => Attempt::Committed,
        // The database says that it did not commit.
        Err(error @ sqlx::Error::Database(_)) if fault_of(&error) == Fault::Transaction => Attempt::Again,
        Err(error) => Attempt::Unknown(error.to_string()),
    }
}

async fn write_log(conn: &mut Conn, frontier: &Frontier, appended: &Appended) -> Result<(), Error> {
    appended.write(conn).await?;
    log::store_head(conn, frontier).await
}

/// Undoes the transaction; whether to try again depends on what failed.
async fn give_up(mut conn: Conn, error: Error) -> Attempt {
    let fault = conn.take_fault();
    conn.rollback().await;
    match fault {
        Some(Fault::Transaction) => Attempt::Again,
        _ => Attempt::Failed(error),
    }
}

/// Runs the unit with this number in its savepoint, which ends with the next one's or with the transaction. An error
/// is one of the whole transaction.
async fn run_unit(
    change: &mut Change,
    unit: &mut dyn Unit,
    number: usize,
    (frontier, appended): (&mut Frontier, &mut Appended),
) -> Result<(), Error> {
    let savepoint = if number == 0 { SAVEPOINT } else { NEXT };
    change.conn().run(savepoint).await?;
    let done = match unit.run(change).await {
        // A statement failed and the work hid it: what it believes to have written may not be there.
        Ok(_) if change.conn().fault().is_some() => Err(Some(Error::HiddenFailure)),
        Ok(entries) => appended.append(frontier, entries).map_err(Some),
        Err(()) => Err(None),
    };
    let Err(error) = done else { return Ok(()) };
    if change.conn().fault() == Some(Fault::Transaction) {
        return Err(error.unwrap_or(Error::HiddenFailure));
    }
    change.conn().take_fault();
    if let Some(error) = error {
        unit.fail(error);
    }
    change.conn().run(ROLLBACK_TO).await
}

statements! {
    SAVEPOINT = "SAVEPOINT unit";
    NEXT = "RELEASE SAVEPOINT unit; SAVEPOINT unit";
    ROLLBACK_TO = "ROLLBACK TO SAVEPOINT unit";
}
