//! Idempotency keys: a request that comes twice is done once, and gets the same answer.

use gm::Digest;
use jiff::Timestamp;

use crate::sql::{statements, values};
use crate::{Chore, Error, Reader};

/// Bytes of a kept answer at most.
pub const RESPONSE_BYTES_MAX: usize = 1024 * 1024;

/// What was answered to a request with an idempotency key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeptResponse {
    /// SM3 over the request; a second request under the same key must have the same.
    pub request: Digest,
    /// The status of the answer.
    pub status: u16,
    /// The body of the answer.
    pub body: Vec<u8>,
}

impl Reader {
    /// The answer that was given under a key of a scope (an account, an API client).
    pub async fn kept_response(&mut self, scope: &str, key: &str) -> Result<Option<KeptResponse>, Error> {
        let row = self.conn().row(BY_KEY, values![scope, key]).await?;
        row.map(|row| {
            let status = u16::try_from(row.int(1)?).map_err(|error| Error::Damaged {
                what: "the status of a kept answer",
                reason: error.to_string(),
            })?;
            Ok(KeptResponse {
                request: row.digest(0)?,
                status,
                body: row.bytes(2)?,
            })
        })
        .transpose()
    }
}

impl Chore {
    /// Keeps an answer under a key, in the same transaction as what it answers.
    ///
    /// # Errors
    ///
    /// [`Error::Duplicate`] when the key was used in the meantime: what the request did is then undone, and the
    /// kept answer is the one to give. [`Error::TooLarge`] beyond [`RESPONSE_BYTES_MAX`].
    pub async fn keep_response(
        &mut self,
        scope: &str,
        key: &str,
        response: &KeptResponse,
        now: Timestamp,
    ) -> Result<(), Error> {
        if response.body.len() > RESPONSE_BYTES_MAX {
            return Err(Error::TooLarge {
                what: "an answer under an idempotency key",
                found: response.body.len(),
                max: RESPONSE_BYTES_MAX,
            });
        }
        let status = i64::from(response.status);
        let parameters = values![scope, key, &response.request, status, &response.body, now];
        self.conn().execute(INSERT, parameters).await.map(drop)
    }

    /// Forgets the keys from before an instant; how many there were.
    pub async fn forget_responses(&mut self, before: Timestamp) -> Result<u64, Error> {
        self.conn().execute(FORGET, values![before]).await
    }
}

statements! {
    BY_KEY = "SELECT request, status, body FROM idempotency_keys WHERE scope = $1 AND idempotency_key = $2";
    INSERT = "INSERT INTO idempotency_keys (scope, idempotency_key, request, status, body, kept_at)
        VALUES ($1, $2, $3, $4, $5, $6)";
    FORGET = "DELETE FROM idempotency_keys WHERE kept_at < $1";
}
