//! Documents and materials: files named by the SM3 of their bytes, beside the database or in a bucket.
//!
//! A document is complete and on the disk before its name is given out, so whatever row names it finds it. What a
//! crash leaves behind are files that nobody names: begun ones in `incoming`, which a start clears, and whole
//! ones, which harm nobody.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use bytes::Bytes;
use futures_util::stream::BoxStream;
use futures_util::{Stream, StreamExt as _, TryStreamExt as _};
use gm::{Digest, Sm3};
use object_store::local::LocalFileSystem;
use object_store::path::Path as Name;
use object_store::{ObjectStore, ObjectStoreExt as _, WriteMultipart};
use uuid::Uuid;

use crate::Error;

/// Bytes that are gathered before they are written to a folder.
const PART_BYTES: usize = 1024 * 1024;
/// Bytes that are gathered before they are sent to a bucket: S3 takes no smaller part but the last one.
const BUCKET_PART_BYTES: usize = 8 * 1024 * 1024;
/// Parts of one document that are being written at once.
const PARTS_AT_ONCE_MAX: usize = 2;

/// The folder of the documents, or their bucket.
#[derive(Clone, Debug)]
pub struct Documents {
    files: Arc<dyn ObjectStore>,
    /// The same as a folder, where files must be made durable by us.
    folder: Option<Arc<LocalFileSystem>>,
}

/// A document that was stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StoredDocument {
    /// SM3 over its bytes: its name.
    pub digest: Digest,
    /// How many bytes it has.
    pub bytes: u64,
}

impl Documents {
    /// Opens the folder, and makes it for its owner alone if it is missing.
    ///
    /// # Errors
    ///
    /// [`Error::Configuration`] when it cannot be made or opened.
    pub fn open(folder: &Path) -> Result<Self, Error> {
        let unusable = |reason: String| Error::Configuration {
            reason: format!("the folder of documents {}: {reason}", folder.display()),
        };
        let mut builder = std::fs::DirBuilder::new();
        #[cfg(unix)]
        std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
        builder
            .recursive(true)
            .create(folder)
            .map_err(|error| unusable(error.to_string()))?;
        let files = LocalFileSystem::new_with_prefix(folder).map_err(|error| unusable(error.to_string()))?;
        let files = Arc::new(files);
        Ok(Self::of(files.clone(), Some(files)))
    }

    pub(crate) fn of(files: Arc<dyn ObjectStore>, folder: Option<Arc<LocalFileSystem>>) -> Self {
        Self { files, folder }
    }

    /// Stores a stream of bytes, hashing while it passes; a document that is there already is stored once.
    /// `incoming` is a new identifier, under which it grows.
    ///
    /// # Errors
    ///
    /// [`Error::TooLarge`] as soon as there are more than `bytes_max` bytes; [`Error::File`] when the stream or
    /// the disk fails. Nothing is left behind then.
    pub async fn put<S>(&self, bytes: S, bytes_max: u64, incoming: Uuid) -> Result<StoredDocument, Error>
    where
        S: Stream<Item = io::Result<Bytes>> + Send,
    {
        let incoming = Name::from(format!("incoming/{incoming}"));
        let stored = self.receive(bytes, bytes_max, &incoming).await?;
        let name = name_of(&stored.digest);
        // The bytes must be on the disk before the name is, and the name before anybody hears it.
        if let Some(folder) = &self.folder {
            sync_file(path(folder, &incoming)?).await?;
        }
        self.files
            .rename(&incoming, &name)
            .await
            .map_err(failed("renamed"))?;
        if let Some(folder) = &self.folder {
            sync_folders(path(folder, &name)?).await?;
        }
        Ok(stored)
    }

    async fn receive<S>(&self, bytes: S, bytes_max: u64, incoming: &Name) -> Result<StoredDocument, Error>
    where
        S: Stream<Item = io::Result<Bytes>> + Send,
    {
        let upload = self
            .files
            .put_multipart(incoming)
            .await
            .map_err(failed("written"))?;
        let part_bytes = self.folder.as_ref().map_or(BUCKET_PART_BYTES, |_| PART_BYTES);
        let mut upload = WriteMultipart::new_with_chunk_size(upload, part_bytes);
        let mut digest = Sm3::new();
        let mut count: u64 = 0;
        let mut bytes = std::pin::pin!(bytes);
        loop {
            let part = match bytes.next().await {
                None => break,
                Some(Ok(part)) => part,
                Some(Err(source)) => {
                    let _ = upload.abort().await;
                    return Err(Error::File {
                        action: "received",
                        source,
                    });
                }
            };
            count = count.saturating_add(part.len() as u64);
            if count > bytes_max {
                let _ = upload.abort().await;
                return Err(Error::TooLarge {
                    what: "a document",
                    found: usize::try_from(count).unwrap_or(usize::MAX),
                    max: usize::try_from(bytes_max).unwrap_or(usize::MAX),
                });
            }
            digest.update(&part);
            upload
                .wait_for_capacity(PARTS_AT_ONCE_MAX)
                .await
                .map_err(failed("written"))?;
            upload.put(part);
        }
        upload.finish().await.map_err(failed("written"))?;
        Ok(StoredDocument {
            digest: digest.finish(),
            bytes: count,
        })
    }

    /// The bytes of a document as a stream. It ends with an error if they are not those that its name says.
    ///
    /// # Errors
    ///
    /// [`Error::Missing`] when there is no such document.
    pub async fn get(&self, digest: &Digest) -> Result<BoxStream<'static, io::Result<Bytes>>, Error> {
        let found = self
            .files
            .get(&name_of(digest))
            .await
            .map_err(|error| match error {
                object_store::Error::NotFound { .. } => missing(digest),
                other => failed("read")(other),
            })?;
        let (expected, parts) = (*digest, found.into_stream().map_err(io::Error::other));
        let checked = parts.map(Some).chain(futures_util::stream::iter([None]));
        Ok(checked
            .scan(Sm3::new(), move |running, part| {
                let next = match part {
                    Some(Ok(part)) => {
                        running.update(&part);
                        Some(Ok(part))
                    }
                    Some(Err(error)) => Some(Err(error)),
                    None if running.clone().finish() == expected => None,
                    None => Some(Err(io::Error::other("the document was changed on the disk"))),
                };
                std::future::ready(next)
            })
            .boxed())
    }

    /// All bytes of a document of at most `bytes_max`, which are those that its name says.
    ///
    /// # Errors
    ///
    /// [`Error::Missing`], [`Error::TooLarge`]; [`Error::File`] when it cannot be read or was changed.
    pub async fn read(&self, digest: &Digest, bytes_max: usize) -> Result<Vec<u8>, Error> {
        let mut parts = self.get(digest).await?;
        let mut bytes = Vec::new();
        while let Some(part) = parts.next().await {
            let part = part.map_err(|source| Error::File {
                action: "read",
                source,
            })?;
            if bytes.len() + part.len() > bytes_max {
                return Err(Error::TooLarge {
                    what: "a document",
                    found: bytes.len() + part.len(),
                    max: bytes_max,
                });
            }
            bytes.extend_from_slice(&part);
        }
        Ok(bytes)
    }

    /// Whether a document is there.
    pub async fn has(&self, digest: &Digest) -> Result<bool, Error> {
        match self.files.head(&name_of(digest)).await {
            Ok(_) => Ok(true),
            Err(object_store::Error::NotFound { .. }) => Ok(false),
            Err(error) => Err(failed("read")(error)),
        }
    }

    /// Removes what a crash left unfinished; how many there were. Only at the start of the only process.
    pub async fn clear_incoming(&self) -> Result<u64, Error> {
        let incoming = Name::from("incoming");
        let names: Vec<Name> = self
            .files
            .list(Some(&incoming))
            .map_ok(|found| found.location)
            .try_collect()
            .await
            .map_err(failed("listed"))?;
        for name in &names {
            self.files.delete(name).await.map_err(failed("removed"))?;
        }
        Ok(names.len() as u64)
    }
}

fn path(folder: &LocalFileSystem, name: &Name) -> Result<PathBuf, Error> {
    folder.path_to_filesystem(name).map_err(failed("named"))
}

/// `sm3/1f/1f6d…`: the first two digits spread the files over folders.
fn name_of(digest: &Digest) -> Name {
    let text = digest.to_string();
    Name::from(format!("sm3/{}/{text}", &text[..2]))
}

fn missing(digest: &Digest) -> Error {
    Error::Missing {
        what: "document",
        key: digest.to_string(),
    }
}

fn failed(action: &'static str) -> impl Fn(object_store::Error) -> Error {
    move |error| Error::File {
        action,
        source: io::Error::other(error),
    }
}

/// `object_store` writes files without waiting for the disk, so we do.
async fn sync_file(path: PathBuf) -> Result<(), Error> {
    let file = tokio::fs::File::open(path).await.map_err(synced)?;
    file.sync_all().await.map_err(synced)
}

/// The names of the file and of its folder, which may be new, are entries of their folders.
async fn sync_folders(file: PathBuf) -> Result<(), Error> {
    for folder in file.ancestors().skip(1).take(3) {
        sync_file(folder.to_owned()).await?;
    }
    Ok(())
}

fn synced(source: io::Error) -> Error {
    Error::File {
        action: "made durable",
        source,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tests::run;

    fn stream(parts: &[&[u8]]) -> impl Stream<Item = io::Result<Bytes>> + Send + use<> {
        let parts: Vec<io::Result<Bytes>> = parts
            .iter()
            .map(|part| Ok(Bytes::copy_from_slice(part)))
            .collect();
        futures_util::stream::iter(parts)
    }

    fn incoming(number: u128) -> Uuid {
        Uuid::from_u128(number)
    }

    /// Files below the folder.
    fn files(folder: &Path) -> usize {
        let entries = std::fs::read_dir(folder)
            .unwrap()
            .map(|entry| entry.unwrap().path());
        entries
            .map(|path| if path.is_dir() { files(&path) } else { 1 })
            .sum()
    }

    #[test]
    fn a_document_is_named_by_its_digest_and_stored_once() {
        run(async {
            let folder = tempfile::tempdir().unwrap();
            let documents = Documents::open(&folder.path().join("documents")).unwrap();
            let big = vec![7; 3 * PART_BYTES + 5];
            for number in 0..2 {
                let stored = documents
                    .put(stream(&[&big[..10], &big[10..]]), 1 << 30, incoming(number))
                    .await;
                let digest = gm::sm3(&big);
                assert_eq!(
                    stored.unwrap(),
                    StoredDocument {
                        digest,
                        bytes: big.len() as u64
                    }
                );
                assert_eq!(documents.read(&digest, big.len()).await.unwrap(), big);
            }
            assert_eq!(files(folder.path()), 1);
            let empty = documents.put(stream(&[]), 0, incoming(3)).await.unwrap();
            assert_eq!(documents.read(&empty.digest, 0).await.unwrap(), b"");
            assert!(documents.has(&empty.digest).await.unwrap());
            let digest = gm::sm3(b"other");
            assert!(!documents.has(&digest).await.unwrap());
            assert!(matches!(
                documents.read(&digest, 9).await,
                Err(Error::Missing { .. })
            ));
        });
    }

    #[test]
    fn what_is_too_large_or_breaks_off_leaves_nothing() {
        run(async {
            let folder = tempfile::tempdir().unwrap();
            let documents = Documents::open(folder.path()).unwrap();
            let large = documents.put(stream(&[b"123", b"456"]), 5, incoming(1)).await;
            assert!(
                matches!(large, Err(Error::TooLarge { found: 6, max: 5, .. })),
                "{large:?}"
            );
            let broken = stream(&[b"123"]).chain(futures_util::stream::iter([Err(io::Error::other("gone"))]));
            let broken = documents.put(broken, 9, incoming(2)).await;
            assert!(matches!(broken, Err(Error::File { .. })), "{broken:?}");
            assert_eq!(files(folder.path()), 0);
            let stored = documents.put(stream(&[b"12345"]), 5, incoming(3)).await.unwrap();
            let large = documents.read(&stored.digest, 4).await;
            assert!(
                matches!(large, Err(Error::TooLarge { found: 5, max: 4, .. })),
                "{large:?}"
            );
        });
    }

    #[test]
    fn a_document_that_was_changed_on_the_disk_is_not_given_out_as_whole() {
        run(async {
            let folder = tempfile::tempdir().unwrap();
            let documents = Documents::open(folder.path()).unwrap();
            let stored = documents
                .put(stream(&[b"contract"]), 99, incoming(1))
                .await
                .unwrap();
            let folder = documents.folder.as_deref().unwrap();
            std::fs::write(path(folder, &name_of(&stored.digest)).unwrap(), b"contradt").unwrap();
            assert!(matches!(
                documents.read(&stored.digest, 99).await,
                Err(Error::File { .. })
            ));
        });
    }

    #[test]
    fn a_start_clears_what_was_left_unfinished() {
        run(async {
            let folder = tempfile::tempdir().unwrap();
            let documents = Documents::open(folder.path()).unwrap();
            let stored = documents.put(stream(&[b"whole"]), 99, incoming(1)).await.unwrap();
            std::fs::create_dir_all(folder.path().join("incoming")).unwrap();
            std::fs::write(folder.path().join("incoming/left"), b"ha").unwrap();
            assert_eq!(documents.clear_incoming().await.unwrap(), 1);
            assert_eq!(documents.clear_incoming().await.unwrap(), 0);
            assert!(documents.has(&stored.digest).await.unwrap());
        });
    }
}
