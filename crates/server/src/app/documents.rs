//! Documents that are to be sealed: received, read, kept under their SM3, given out to those who brought them.

use std::fs::File;
use std::io::{self, Seek as _, SeekFrom};
use std::sync::Arc;

use axum::body::Bytes;
use futures_util::stream::BoxStream;
use futures_util::{Stream, StreamExt as _};
use gm::{Digest, Sm3};
use registry::{Actor, Digest32};
use sealing::{DocumentFacts, DocumentKind, document_facts};
use serde::{Deserialize, Serialize};
use serde_json::Map;
use store::Upload;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::sync::OwnedSemaphorePermit;
use uuid::Uuid;

use super::act::{Caller, entry_about};
use super::{Error, Service};

/// Bytes that are read from a file at once.
const PART_BYTES: usize = 256 * 1024;

/// A document in a file without a name, at its beginning, that vanishes with it.
#[derive(Debug)]
pub(crate) struct Spooled {
    pub(crate) file: File,
    pub(crate) bytes: u64,
    pub(crate) digest: Digest,
}

/// What is remembered of a document that was read.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct KnownFacts {
    /// `ofd` or `pdf`.
    pub(crate) kind: String,
    pub(crate) pages: u64,
    pub(crate) blank: bool,
}

/// Whom documents and requests are noted for.
pub(crate) fn whose(actor: Actor) -> Uuid {
    match actor {
        Actor::Person(person) => person.0,
        Actor::System(system) => system.0,
        Actor::Service => Uuid::nil(),
    }
}

impl Service {
    /// A place among those who send documents; nothing when all are taken.
    pub(crate) fn document_place(&self) -> Option<OwnedSemaphorePermit> {
        Arc::clone(&self.document_places).try_acquire_owned().ok()
    }

    /// Writes a stream into a file without a name while hashing it.
    pub(crate) async fn spool<S>(&self, bytes: S, bytes_max: u64) -> Result<Spooled, Error>
    where
        S: Stream<Item = Result<Bytes, Error>> + Send,
    {
        let mut file = tokio::fs::File::from_std(self.temporary_file().map_err(Error::Disk)?);
        let (mut digest, mut count) = (Sm3::new(), 0_u64);
        let mut bytes = std::pin::pin!(bytes);
        while let Some(part) = bytes.next().await {
            let part = part?;
            count = count.saturating_add(part.len() as u64);
            if count > bytes_max {
                return Err(Error::TooLarge { bytes_max });
            }
            digest.update(&part);
            file.write_all(&part).await.map_err(Error::Disk)?;
        }
        file.flush().await.map_err(Error::Disk)?;
        let mut file = file.into_std().await;
        file.seek(SeekFrom::Start(0)).map_err(Error::Disk)?;
        Ok(Spooled {
            file,
            bytes: count,
            digest: digest.finish(),
        })
    }

    /// What reading a document says, on a thread of its own.
    pub(crate) async fn facts_of(&self, file: &File) -> Result<DocumentFacts, Error> {
        let file = file.try_clone().map_err(Error::Disk)?;
        let turn = self.document_turn().await?;
        let read = tokio::task::spawn_blocking(move || {
            let facts = document_facts(file);
            drop(turn);
            facts
        });
        Ok(read.await.map_err(|_| Error::Ended)??)
    }

    /// Waits until one more document may be read or sealed.
    pub(crate) async fn document_turn(&self) -> Result<OwnedSemaphorePermit, Error> {
        let turn = Arc::clone(&self.document_turns).acquire_owned().await;
        turn.map_err(|_| Error::Ended)
    }

    /// Keeps a document that was received, and notes who brought it (R75).
    pub(crate) async fn bring_document(
        &self,
        caller: &Caller,
        spooled: Spooled,
    ) -> Result<(Upload, KnownFacts), Error> {
        let facts = self.facts_of(&spooled.file).await?;
        let kept = self.keep(spooled.file).await?;
        if kept != spooled.digest {
            return Err(Error::Disk(io::Error::other(
                "the received file changed on the disk",
            )));
        }
        let facts = KnownFacts {
            kind: kind_name(facts.kind).to_owned(),
            pages: facts.pages as u64,
            blank: facts.blank,
        };
        let (now, acting) = (self.outside.now(), caller.acting.clone());
        let upload = Upload {
            document: spooled.digest,
            by: whose(acting.actor),
            bytes: spooled.bytes,
            facts: serde_json::to_value(&facts).map_err(|_| Error::NothingHappened)?,
            at: now,
        };
        let noted = upload.clone();
        let written = self.store.write(move |change| {
            let (upload, acting) = (noted.clone(), acting.clone());
            Box::pin(async move {
                change.add_upload(&upload).await?;
                let about = audit::Subject {
                    kind: "document".into(),
                    id: upload.document.to_string(),
                };
                let details = Map::from_iter([
                    ("bytes".to_owned(), upload.bytes.into()),
                    ("facts".to_owned(), upload.facts.clone()),
                ]);
                let entry = entry_about(&acting, "document.received", about, details, now);
                Ok::<_, Error>(((), entry.into()))
            })
        });
        written.await?;
        Ok((upload, facts))
    }

    /// Makes a file durable under its digest.
    pub(crate) async fn keep(&self, file: File) -> Result<Digest, Error> {
        let id = self.new_id();
        let stored = self.documents.put(parts_of(file), u64::MAX, id).await?;
        Ok(stored.digest)
    }

    /// A document that the caller brought.
    pub(crate) async fn own_document(
        &self,
        caller: &Caller,
        document: Digest32,
    ) -> Result<(Upload, KnownFacts), Error> {
        let mut reader = self.store.read().await?;
        let upload = reader
            .upload(whose(caller.acting.actor), &Digest(document.0))
            .await?;
        let upload = upload.ok_or(Error::NotFound { what: "document" })?;
        let facts = known(&upload)?;
        Ok((upload, facts))
    }

    /// The bytes of a kept document; the stream fails at its end if they are not those of its name.
    pub(crate) async fn document_bytes(
        &self,
        document: Digest32,
    ) -> Result<BoxStream<'static, io::Result<Bytes>>, Error> {
        self.documents
            .get(&Digest(document.0))
            .await
            .map_err(|error| match error {
                store::Error::Missing { .. } => Error::NotFound { what: "document" },
                error => error.into(),
            })
    }

    /// A kept document in a file of its own, so that what is sealed is what was hashed.
    pub(crate) async fn take_out(&self, document: Digest32) -> Result<Spooled, Error> {
        let bytes = self.document_bytes(document).await?;
        let spooled = self
            .spool(bytes.map(|part| part.map_err(Error::Disk)), u64::MAX)
            .await?;
        if spooled.digest.0 != document.0 {
            return Err(Error::Disk(io::Error::other(
                "the document was changed on the disk",
            )));
        }
        Ok(spooled)
    }
}

/// The facts that were kept with a document.
pub(crate) fn known(upload: &Upload) -> Result<KnownFacts, Error> {
    serde_json::from_value(upload.facts.clone()).map_err(|_| Error::Damaged {
        what: "a document's facts",
    })
}

pub(crate) fn kind_name(kind: DocumentKind) -> &'static str {
    match kind {
        DocumentKind::Ofd => "ofd",
        DocumentKind::Pdf => "pdf",
    }
}

/// The file from its beginning, part by part.
pub(crate) fn parts_of(mut file: File) -> impl Stream<Item = io::Result<Bytes>> + Send + 'static {
    let begun = file
        .seek(SeekFrom::Start(0))
        .map(|_| tokio::fs::File::from_std(file));
    futures_util::stream::unfold(Some(begun), |state| async move {
        let mut file = match state? {
            Ok(file) => file,
            Err(error) => return Some((Err(error), None)),
        };
        let mut part = vec![0; PART_BYTES];
        match file.read(&mut part).await {
            Ok(0) => None,
            Ok(got) => {
                part.truncate(got);
                Some((Ok(Bytes::from(part)), Some(Ok(file))))
            }
            Err(error) => Some((Err(error), None)),
        }
    })
}
