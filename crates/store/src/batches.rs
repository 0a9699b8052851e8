//! Which documents a batch holds: their digests in order, beside the request that is bound to their root.

use registry::{Digest32, UseId};

use crate::sql::{statements, values};
use crate::{Change, Error, Reader};

/// Bytes of a digest.
const DIGEST_BYTES: usize = 32;

impl Reader {
    /// The documents of a batch, in order; none if the request is no batch.
    pub async fn batch(&mut self, request: UseId) -> Result<Option<Vec<Digest32>>, Error> {
        let Some(row) = self.conn().row(BY_REQUEST, values![request.0]).await? else {
            return Ok(None);
        };
        let bytes = row.bytes(0)?;
        let (digests, rest) = bytes.as_chunks::<DIGEST_BYTES>();
        if rest.is_empty() {
            return Ok(Some(digests.iter().copied().map(Digest32).collect()));
        }
        Err(Error::Damaged {
            what: "a batch",
            reason: format!("{} bytes are no list of digests", bytes.len()),
        })
    }
}

impl Change {
    /// Keeps the documents of a new batch.
    ///
    /// # Errors
    ///
    /// [`Error::Duplicate`] when the request has some already.
    pub async fn add_batch(&mut self, request: UseId, documents: &[Digest32]) -> Result<(), Error> {
        let bytes: Vec<u8> = documents.iter().flat_map(|digest| digest.0).collect();
        let parameters = values![request.0, &bytes];
        self.conn().execute(INSERT, parameters).await.map(drop)
    }
}

statements! {
    BY_REQUEST = "SELECT documents FROM batches WHERE request = $1";
    INSERT = "INSERT INTO batches (request, documents) VALUES ($1, $2)";
}
