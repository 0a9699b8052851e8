//! Accounts of people: how they prove who they are, and what went wrong when they tried.
//!
//! The store compares nothing: password hashes, sealed secrets and certificate digests come from the caller and
//! go back to it.

use gm::Digest;
use jiff::Timestamp;
use registry::PersonId;
use uuid::Uuid;

use crate::sql::{Row, statements, values};
use crate::{Change, Chore, Error, Reader};

/// An account as it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Account {
    /// Its identifier.
    pub id: Uuid,
    /// The name to sign in with; nobody else has the same.
    pub name: String,
    /// Whose.
    pub person: PersonId,
    /// The hash of the password, as a PHC string; none where only a certificate opens.
    pub password_hash: Option<String>,
    /// When the password was last set.
    pub password_set_at: Option<Timestamp>,
    /// The secret of the one-time passwords, sealed by the caller.
    pub totp_sealed: Option<Vec<u8>>,
    /// The last time step whose one-time password was used, so that none serves twice.
    pub totp_last_step: i64,
    /// SM3 over the DER of the SM2 certificate that signs in.
    pub certificate: Option<Digest>,
    /// Failed tries since the last success.
    pub failed_tries: i64,
    /// Nobody signs in before this instant.
    pub locked_until: Option<Timestamp>,
    /// Closed for ever.
    pub closed: bool,
}

impl Reader {
    /// An account.
    pub async fn account(&mut self, id: Uuid) -> Result<Option<Account>, Error> {
        let row = self.conn().row(BY_ID, values![id]).await?;
        row.as_ref().map(account_of).transpose()
    }

    /// The account with a name.
    pub async fn account_by_name(&mut self, name: &str) -> Result<Option<Account>, Error> {
        let row = self.conn().row(BY_NAME, values![name]).await?;
        row.as_ref().map(account_of).transpose()
    }

    /// The account that a certificate opens, by the SM3 over its DER.
    pub async fn account_by_certificate(&mut self, certificate: &Digest) -> Result<Option<Account>, Error> {
        let row = self.conn().row(BY_CERTIFICATE, values![certificate]).await?;
        row.as_ref().map(account_of).transpose()
    }

    /// The account of a person.
    pub async fn account_of_person(&mut self, person: PersonId) -> Result<Option<Account>, Error> {
        let row = self.conn().row(OF_PERSON, values![person.0]).await?;
        row.as_ref().map(account_of).transpose()
    }

    /// The hashes of an account's passwords, the newest first, the present one included.
    pub async fn password_history(&mut self, account: Uuid, count_max: u32) -> Result<Vec<String>, Error> {
        let rows = self
            .conn()
            .rows(HISTORY, values![account, i64::from(count_max)])
            .await?;
        rows.iter().map(|row| row.text(0)).collect()
    }

    /// The accounts whose password was set before an instant, the oldest first.
    pub async fn passwords_set_before(
        &mut self,
        before: Timestamp,
        count_max: u32,
    ) -> Result<Vec<Account>, Error> {
        let rows = self
            .conn()
            .rows(OLD_PASSWORDS, values![before, i64::from(count_max)])
            .await?;
        rows.iter().map(account_of).collect()
    }
}

impl Change {
    /// Makes an account.
    ///
    /// # Errors
    ///
    /// [`Error::Duplicate`] when the name, the person or the certificate has an account already.
    pub async fn add_account(&mut self, account: &Account) -> Result<(), Error> {
        let parameters = values![
            account.id,
            &account.name,
            account.person.0,
            account.password_hash.as_deref(),
            account.password_set_at,
            account.totp_sealed.as_deref(),
            account.certificate.as_ref()
        ];
        self.conn().execute(INSERT, parameters).await?;
        match (&account.password_hash, account.password_set_at) {
            (Some(hash), Some(at)) => self.remember_password(account.id, hash, at).await,
            _ => Ok(()),
        }
    }

    /// Sets another password, and puts it into the history.
    pub async fn set_password(&mut self, account: Uuid, hash: &str, now: Timestamp) -> Result<(), Error> {
        let parameters = values![account, hash, now];
        self.conn()
            .execute_one(SET_PASSWORD, parameters, || missing(account))
            .await?;
        self.remember_password(account, hash, now).await
    }

    /// Gives an account a first password again, which opens nothing until its owner chose another one.
    pub async fn give_password(&mut self, account: Uuid, hash: &str, now: Timestamp) -> Result<(), Error> {
        let parameters = values![account, hash, Timestamp::UNIX_EPOCH];
        self.conn()
            .execute_one(SET_PASSWORD, parameters, || missing(account))
            .await?;
        self.remember_password(account, hash, now).await
    }

    /// The order of the history is that of the settings, also for two in one microsecond or when the clock went back.
    async fn remember_password(&mut self, account: Uuid, hash: &str, now: Timestamp) -> Result<(), Error> {
        self.conn()
            .execute(REMEMBER, values![account, now, hash])
            .await
            .map(drop)
    }

    /// Sets another secret for one-time passwords, sealed; none ends them.
    pub async fn set_totp(&mut self, account: Uuid, sealed: Option<&[u8]>) -> Result<(), Error> {
        self.conn()
            .execute_one(SET_TOTP, values![account, sealed], || missing(account))
            .await
    }

    /// Binds another certificate; none unbinds.
    ///
    /// # Errors
    ///
    /// [`Error::Duplicate`] when it opens another account.
    pub async fn set_certificate(
        &mut self,
        account: Uuid,
        certificate: Option<&Digest>,
    ) -> Result<(), Error> {
        self.conn()
            .execute_one(SET_CERTIFICATE, values![account, certificate], || {
                missing(account)
            })
            .await
    }

    /// Closes an account for ever and ends its sessions.
    pub async fn close_account(&mut self, account: Uuid) -> Result<(), Error> {
        self.conn()
            .execute_one(CLOSE, values![account], || missing(account))
            .await?;
        self.end_sessions_of(account).await.map(drop)
    }
}

impl Chore {
    /// Counts a failed try, and locks the account until an instant if one is given. How many there are now.
    pub async fn count_failed_try(&mut self, account: Uuid, lock: Option<Timestamp>) -> Result<i64, Error> {
        let row = self.conn().row(FAILED, values![account, lock]).await?;
        row.ok_or_else(|| missing(account))?.int(0)
    }

    /// Forgets the failed tries after a success, and uses up the time step of a one-time password.
    ///
    /// # Errors
    ///
    /// [`Error::Conflict`] when that step, or a later one, was used already.
    pub async fn count_success(&mut self, account: Uuid, totp_step: Option<i64>) -> Result<(), Error> {
        let used = || Error::Conflict {
            what: "one-time password of account",
            key: account.to_string(),
            expected: totp_step.unwrap_or(0),
        };
        match totp_step {
            Some(step) => {
                self.conn()
                    .execute_one(SUCCESS_WITH_STEP, values![account, step], used)
                    .await
            }
            None => {
                self.conn()
                    .execute_one(SUCCESS, values![account], || missing(account))
                    .await
            }
        }
    }
}

fn missing(account: Uuid) -> Error {
    Error::Missing {
        what: "account",
        key: account.to_string(),
    }
}

pub(crate) fn account_of(row: &Row) -> Result<Account, Error> {
    Ok(Account {
        id: row.id(0)?,
        name: row.text(1)?,
        person: PersonId(row.id(2)?),
        password_hash: row.opt_text(3)?,
        password_set_at: row.opt_time(4)?,
        totp_sealed: row.opt_bytes(5)?,
        totp_last_step: row.int(6)?,
        certificate: row.opt_digest(7)?,
        failed_tries: row.int(8)?,
        locked_until: row.opt_time(9)?,
        closed: row.int(10)? != 0,
    })
}

macro_rules! select {
    ($where:literal) => {
        concat!(
            "SELECT id, name, person, password_hash, password_set_at, totp_sealed, totp_last_step, certificate,
                failed_tries, locked_until, closed FROM accounts WHERE ",
            $where
        )
    };
}

statements! {
    BY_ID = select!("id = $1");
    BY_NAME = select!("name = $1");
    BY_CERTIFICATE = select!("certificate = $1");
    OF_PERSON = select!("person = $1 AND closed = 0");
    OLD_PASSWORDS = select!("closed = 0 AND password_set_at < $1 ORDER BY password_set_at LIMIT $2");
    HISTORY = "SELECT password_hash FROM password_history WHERE account = $1 ORDER BY set_at DESC LIMIT $2";
    INSERT = "INSERT INTO accounts (id, name, person, password_hash, password_set_at, totp_sealed, totp_last_step,
            certificate, failed_tries, locked_until, closed)
        VALUES ($1, $2, $3, $4, $5, $6, 0, $7, 0, NULL, 0)";
    SET_PASSWORD = "UPDATE accounts SET password_hash = $2, password_set_at = $3 WHERE id = $1 AND closed = 0";
    REMEMBER = "INSERT INTO password_history (account, set_at, password_hash)
        SELECT $1, COALESCE(MAX(set_at) + 1, $2), $3 FROM password_history WHERE account = $1 AND set_at >= $2";
    SET_TOTP = "UPDATE accounts SET totp_sealed = $2, totp_last_step = 0 WHERE id = $1 AND closed = 0";
    SET_CERTIFICATE = "UPDATE accounts SET certificate = $2 WHERE id = $1 AND closed = 0";
    CLOSE = "UPDATE accounts SET closed = 1, certificate = NULL WHERE id = $1 AND closed = 0";
    FAILED = "UPDATE accounts SET failed_tries = failed_tries + 1, locked_until = COALESCE($2, locked_until)
        WHERE id = $1 RETURNING failed_tries";
    SUCCESS = "UPDATE accounts SET failed_tries = 0, locked_until = NULL WHERE id = $1 AND closed = 0";
    SUCCESS_WITH_STEP = "UPDATE accounts SET failed_tries = 0, locked_until = NULL, totp_last_step = $2
        WHERE id = $1 AND closed = 0 AND totp_last_step < $2";
}
