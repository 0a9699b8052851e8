//! The log of acts as anyone may check it: signed checkpoints, and proofs that the log only grew.

use audit::{Checkpoint, LogKey, ProofFile};
use gm::{Digest, Signer as _};
use keys::UnlockedKey;
use store::{Page, StoredCheckpoint};

use super::{Error, Service};

/// Who signs checkpoints.
#[derive(Debug)]
pub(crate) struct LogSigner {
    pub(crate) origin: String,
    pub(crate) key: UnlockedKey,
}

/// That the log of `size` entries continues the one of `from`.
#[derive(Debug)]
pub(crate) struct Consistency {
    pub(crate) from: u64,
    pub(crate) size: u64,
    pub(crate) hashes: Vec<Digest>,
}

impl LogSigner {
    /// What verifies the checkpoints.
    pub(crate) fn public(&self) -> Result<LogKey, Error> {
        Ok(LogKey::new(&self.origin, self.key.public_key().clone())?)
    }
}

impl Service {
    /// What verifies the log's checkpoints.
    pub(crate) fn log_key(&self) -> Result<LogKey, Error> {
        self.log_signer.public()
    }

    /// The newest signed checkpoint.
    pub(crate) async fn checkpoint(&self) -> Result<StoredCheckpoint, Error> {
        let newest = self.store.read().await?.newest_checkpoint().await?;
        newest.ok_or(Error::NotFound { what: "checkpoint" })
    }

    /// Signs a checkpoint if the log grew since the last one.
    pub(crate) async fn sign_checkpoint(&self) -> Result<bool, Error> {
        let mut reader = self.store.snapshot().await?;
        let frontier = reader.log_frontier().await?;
        let newest = reader
            .newest_checkpoint()
            .await?
            .map_or(0, |checkpoint| checkpoint.size);
        drop(reader);
        if frontier.size() <= newest {
            return Ok(false);
        }
        let signed_at = self.outside.now();
        let checkpoint = Checkpoint {
            origin: self.log_signer.origin.clone(),
            size: frontier.size(),
            root: frontier.root(),
            time: signed_at,
        };
        let note = checkpoint
            .sign(&self.log_signer.origin, &self.log_signer.key)?
            .to_text();
        let stored = StoredCheckpoint {
            size: frontier.size(),
            signed_at,
            note,
        };
        self.store
            .chore(move |chore| {
                let stored = stored.clone();
                Box::pin(async move { Ok::<(), Error>(chore.put_checkpoint(&stored).await?) })
            })
            .await?;
        Ok(true)
    }

    /// Proves that the entry at `index` stands in the log of `size` entries.
    pub(crate) async fn inclusion(&self, index: u64, size: u64) -> Result<Vec<Digest>, Error> {
        let mut reader = self.store.snapshot().await?;
        if index >= size || size > reader.log_frontier().await?.size() {
            return Err(Error::OutsideLog { size });
        }
        Ok(reader.inclusion_proof(index, size).await?)
    }

    /// The newest entry about something, with its place under a signed checkpoint.
    pub(crate) async fn proof_of(&self, subject: &audit::Subject) -> Result<ProofFile, Error> {
        let mut reader = self.store.read().await?;
        let found = reader
            .log_entries_about(&subject.kind, &subject.id, Page::first(1))
            .await?;
        let entry = found
            .into_iter()
            .next()
            .ok_or(Error::NotFound { what: "entry" })?;
        drop(reader);
        self.proof_at(entry.index, entry.bytes).await
    }

    /// Proves that the log of `size` entries begins with the one of `from`.
    pub(crate) async fn consistency(&self, from: u64, size: u64) -> Result<Consistency, Error> {
        let mut reader = self.store.snapshot().await?;
        if from > size || size > reader.log_frontier().await?.size() {
            return Err(Error::OutsideLog { size });
        }
        let hashes = reader.consistency_proof(from, size).await?;
        Ok(Consistency { from, size, hashes })
    }
}
