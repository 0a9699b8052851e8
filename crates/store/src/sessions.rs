//! Sessions of accounts, and the one-time challenges that certificates and API clients answer.
//!
//! What a browser holds is known here by its SM3 only, so a copy of the database opens no session.

use gm::Digest;
use jiff::Timestamp;
use serde_json::Value as Json;
use uuid::Uuid;

use crate::sql::{Row, statements, values};
use crate::{Chore, Error, Reader, record};

/// A session.
#[derive(Clone, Debug, PartialEq)]
pub struct Session {
    /// SM3 over the token that the browser holds.
    pub token: Digest,
    /// Whose.
    pub account: Uuid,
    /// When it was begun.
    pub begun_at: Timestamp,
    /// When it was last used.
    pub used_at: Timestamp,
    /// It ends at this instant in any case.
    pub ends_at: Timestamp,
    /// What the caller wants to know of it later: network, device, factors.
    pub facts: Json,
}

impl Reader {
    /// The session of a token; whether it still holds is the caller's to judge from its times.
    pub async fn session(&mut self, token: &Digest) -> Result<Option<Session>, Error> {
        let row = self.conn().row(BY_TOKEN, values![token]).await?;
        row.as_ref().map(session_of).transpose()
    }

    /// The sessions of an account, the newest first: at most 500.
    pub async fn sessions_of(&mut self, account: Uuid) -> Result<Vec<Session>, Error> {
        let rows = self
            .conn()
            .rows(OF_ACCOUNT, values![account, i64::from(crate::PAGE_MAX)])
            .await?;
        rows.iter().map(session_of).collect()
    }
}

impl Chore {
    /// Begins a session, and ends the oldest ones so that the account has `sessions_max` at most.
    pub async fn begin_session(&mut self, session: &Session, sessions_max: u32) -> Result<(), Error> {
        let keep = i64::from(sessions_max.saturating_sub(1));
        self.conn()
            .execute(END_OLDEST, values![session.account, keep])
            .await?;
        let facts = session.facts.to_string();
        let parameters = values![
            &session.token,
            session.account,
            session.begun_at,
            session.used_at,
            session.ends_at,
            &facts
        ];
        self.conn().execute(INSERT, parameters).await.map(drop)
    }

    /// Notes that a session was used. Whether it was there.
    pub async fn touch_session(&mut self, token: &Digest, now: Timestamp) -> Result<bool, Error> {
        Ok(self.conn().execute(TOUCH, values![token, now]).await? == 1)
    }

    /// Ends a session. Whether it was there.
    pub async fn end_session(&mut self, token: &Digest) -> Result<bool, Error> {
        Ok(self.conn().execute(END, values![token]).await? == 1)
    }

    /// Ends all sessions of an account; how many there were.
    pub async fn end_sessions_of(&mut self, account: Uuid) -> Result<u64, Error> {
        self.conn().execute(END_OF_ACCOUNT, values![account]).await
    }

    /// Ends the sessions whose time is over, or that were last used before `idle_since`; how many there were.
    pub async fn end_old_sessions(&mut self, now: Timestamp, idle_since: Timestamp) -> Result<u64, Error> {
        self.conn().execute(END_OLD, values![now, idle_since]).await
    }

    /// Keeps a challenge that somebody is to answer before an instant.
    pub async fn add_challenge(
        &mut self,
        challenge: &Digest,
        purpose: &str,
        ends_at: Timestamp,
    ) -> Result<(), Error> {
        self.conn()
            .execute(ADD_CHALLENGE, values![challenge, purpose, ends_at])
            .await
            .map(drop)
    }

    /// Uses a challenge up. Whether it was there for that purpose and not too late: each serves once.
    pub async fn use_challenge(
        &mut self,
        challenge: &Digest,
        purpose: &str,
        now: Timestamp,
    ) -> Result<bool, Error> {
        Ok(self
            .conn()
            .execute(USE_CHALLENGE, values![challenge, purpose, now])
            .await?
            == 1)
    }

    /// Notes a nonce of an API client until an instant. False if it was noted before: the request is a replay.
    pub async fn note_nonce(&mut self, client: Uuid, nonce: &str, until: Timestamp) -> Result<bool, Error> {
        Ok(self
            .conn()
            .execute(NOTE_NONCE, values![client, nonce, until])
            .await?
            == 1)
    }

    /// Forgets challenges and nonces whose time is over; how many there were.
    pub async fn forget_challenges(&mut self, now: Timestamp) -> Result<u64, Error> {
        let challenges = self.conn().execute(FORGET_CHALLENGES, values![now]).await?;
        Ok(challenges + self.conn().execute(FORGET_NONCES, values![now]).await?)
    }
}

fn session_of(row: &Row) -> Result<Session, Error> {
    Ok(Session {
        token: row.digest(0)?,
        account: row.id(1)?,
        begun_at: row.time(2)?,
        used_at: row.time(3)?,
        ends_at: row.time(4)?,
        facts: record::json(row, 5, "a session")?,
    })
}

macro_rules! select {
    ($where:literal) => {
        concat!(
            "SELECT token, account, begun_at, used_at, ends_at, facts FROM sessions WHERE ",
            $where
        )
    };
}

statements! {
    BY_TOKEN = select!("token = $1");
    OF_ACCOUNT = select!("account = $1 ORDER BY begun_at DESC LIMIT $2");
    INSERT = "INSERT INTO sessions (token, account, begun_at, used_at, ends_at, facts)
        VALUES ($1, $2, $3, $4, $5, $6)";
    END_OLDEST = "DELETE FROM sessions WHERE account = $1 AND token NOT IN
        (SELECT token FROM sessions WHERE account = $1 ORDER BY begun_at DESC, token LIMIT $2)";
    TOUCH = "UPDATE sessions SET used_at = $2 WHERE token = $1 AND used_at <= $2";
    END = "DELETE FROM sessions WHERE token = $1";
    END_OF_ACCOUNT = "DELETE FROM sessions WHERE account = $1";
    END_OLD = "DELETE FROM sessions WHERE ends_at <= $1 OR used_at < $2";
    ADD_CHALLENGE = "INSERT INTO challenges (challenge, purpose, ends_at) VALUES ($1, $2, $3)";
    USE_CHALLENGE = "DELETE FROM challenges WHERE challenge = $1 AND purpose = $2 AND ends_at > $3";
    NOTE_NONCE = "INSERT INTO nonces (client, nonce, ends_at) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING";
    FORGET_CHALLENGES = "DELETE FROM challenges WHERE ends_at <= $1";
    FORGET_NONCES = "DELETE FROM nonces WHERE ends_at <= $1";
}
