//! Idempotency: a change that is asked for twice under one key is made once, and answered in the same way.

use gm::Digest;
use jiff::Timestamp;
use registry::Refusal;
use serde::Serialize;
use store::{Change, KeptResponse};

use super::Error;

/// The key of a request, and what was asked for under it.
#[derive(Clone, Debug)]
pub(crate) struct Once {
    /// Whose key: keys of different accounts never meet.
    pub(crate) scope: String,
    pub(crate) key: String,
    /// SM3 over the operation, what its path names, and the body.
    pub(crate) request: Digest,
}

/// The status under which answers are kept: only what was made is.
const CREATED: u16 = 201;

impl Once {
    /// Ends the write with what was answered before, if anything was.
    pub(crate) async fn check(&self, change: &mut Change) -> Result<(), Error> {
        match change.kept_response(&self.scope, &self.key).await? {
            None => Ok(()),
            Some(kept) if kept.request == self.request => Err(Error::DoneBefore { answer: kept.body }),
            Some(_) => Err(Error::KeyReused),
        }
    }

    /// Keeps the answer in the same transaction as what was done.
    pub(crate) async fn keep(
        &self,
        change: &mut Change,
        made: &impl Serialize,
        now: Timestamp,
    ) -> Result<Vec<u8>, Error> {
        let body = serde_json::to_vec(made).map_err(|_| Error::NothingHappened)?;
        let response = KeptResponse {
            request: self.request,
            status: CREATED,
            body: body.clone(),
        };
        change
            .keep_response(&self.scope, &self.key, &response, now)
            .await?;
        Ok(body)
    }
}

/// The answer of a write, made now or before.
pub(crate) fn outcome(written: Result<Result<Vec<u8>, Refusal>, Error>) -> Result<Vec<u8>, Error> {
    match written {
        Ok(Ok(answer)) | Err(Error::DoneBefore { answer }) => Ok(answer),
        Ok(Err(refusal)) => Err(Error::Refused(Box::new(refusal))),
        Err(error) => Err(error),
    }
}
