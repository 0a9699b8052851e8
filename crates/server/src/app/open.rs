//! Opening: folder, database, the service's own key; the start is the first act in the log.

use std::fs;
use std::io;
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use audit::{Actor, ActorKind, Entry, Subject};
use jiff::Timestamp;
use keys::{Kdf, KeyStore, NewKey, Options, UnlockedKey};
use registry::Profiles;
use sealing::Verifier;
use serde_json::Map;
use store::{Change, Database, Documents, Entries, PersonalKey, Store, StoreConfig};
use tokio::sync::{Semaphore, watch};
use tracing::warn;
use zeroize::Zeroizing;

use super::custody::Custody;
use super::making::Maker;
use super::revocation::Revocations;
use super::service_keys::ServiceKeys;
use super::sign_in::Cost;
use super::{Error, LogSigner, Service, master, outgoing};
use crate::config::Config;
use crate::metrics::Metrics;
use crate::outside::Outside;

/// Folder of the service's keys, below the data folder.
pub(crate) const KEYS_FOLDER: &str = "keys";
/// Label of the key that signs the log's checkpoints.
pub(crate) const LOG_KEY: &str = "log";
/// File of the master key, beside it.
pub(crate) const MASTER_FILE: &str = "master.json";
/// Folder of the documents, below the data folder.
pub(crate) const DOCUMENTS_FOLDER: &str = "documents";
/// Folder of the keys of seals, below that of the service's own keys.
const SEALS_FOLDER: &str = "seals";
/// Folder of the copies with which business systems seal, beside it.
const SERVICE_FOLDER: &str = "service";
/// The setting that holds its public half.
pub(crate) const LOG_KEY_SETTING: &str = "log.key";
/// Passwords that are hashed at the same time: each takes its memory.
const HASHINGS_MAX: usize = 2;
/// Longest time for one request to the bucket of documents, its bytes included.
const BUCKET_TIME_MAX: Duration = Duration::from_secs(600);
/// Longest first line of a file with a PIN, in bytes.
const PIN_LINE_BYTES_MAX: usize = 1024;

/// Why the service cannot be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The data folder cannot be used.
    #[error("the data folder {folder} cannot be used: {source}; let the service's user write to it")]
    Data {
        /// The folder.
        folder: String,
        /// What the system says.
        source: io::Error,
    },
    /// The file with the PIN cannot be used.
    #[error(
        "the file {file} (keys.pin_file) cannot be read: {reason}; write the PIN of the service's keys into it"
    )]
    PinFile {
        /// The file.
        file: String,
        /// What is wrong.
        reason: String,
    },
    /// The service's own keys cannot be used.
    #[error("the service's keys in {folder} cannot be used: {reason}")]
    Key {
        /// The folder of keys.
        folder: String,
        /// What is wrong, and what to do.
        reason: String,
    },
    /// The documents' folder or bucket cannot be used.
    #[error("{reason}; check the section documents and its access rights")]
    Documents {
        /// What is wrong.
        reason: String,
    },
    /// The database cannot be used.
    #[error("the database cannot be used: {reason}; check database.url")]
    Database {
        /// What is wrong.
        reason: String,
    },
}

/// The folder of documents, or their bucket.
async fn open_documents(config: &Config) -> Result<Documents, OpenError> {
    let unusable = |error: store::Error| OpenError::Documents {
        reason: error.to_string(),
    };
    let Some(s3) = &config.documents.s3 else {
        return Documents::open(&config.data.join(DOCUMENTS_FOLDER)).map_err(unusable);
    };
    let (access_key_id, secret_access_key) = match &s3.credentials_file {
        Some(file) => read_credentials(file)?,
        None => (s3.access_key_id.clone(), s3.secret_access_key.clone()),
    };
    let bucket = store::S3Config {
        endpoint: s3.endpoint.clone(),
        bucket: s3.bucket.clone(),
        region: s3.region.clone(),
        path_style: s3.path_style,
        access_key_id,
        secret_access_key,
    };
    Documents::open_s3(&bucket, outgoing::agent(BUCKET_TIME_MAX))
        .await
        .map_err(unusable)
}

/// The two lines of a file of credentials.
fn read_credentials(file: &Path) -> Result<(String, String), OpenError> {
    let unusable = |reason: String| OpenError::Documents {
        reason: format!(
            "the file {} (documents.s3.credentials_file): {reason}",
            file.display()
        ),
    };
    let text = fs::read_to_string(file).map_err(|error| unusable(error.to_string()))?;
    let text = Zeroizing::new(text);
    let mut lines = text.lines().map(str::trim);
    match (lines.next(), lines.next()) {
        (Some(id), Some(secret)) if !id.is_empty() && !secret.is_empty() => {
            Ok((id.to_owned(), secret.to_owned()))
        }
        _ => Err(unusable(
            "the access key's identifier and its secret are expected on two lines".into(),
        )),
    }
}

fn no_database(error: impl Into<Error>) -> OpenError {
    OpenError::Database {
        reason: error.into().to_string(),
    }
}

impl Service {
    /// Opens everything, and writes the start into the log.
    pub(crate) async fn open(
        config: Config,
        verifier: Verifier,
        outside: Outside,
    ) -> Result<Self, OpenError> {
        let failed = |folder: &Path| {
            let folder = folder.display().to_string();
            move |source| OpenError::Data { folder, source }
        };
        fs::create_dir_all(&config.data).map_err(failed(&config.data))?;
        let pin = read_pin(&config.keys.pin_file)?;
        let folder = config.data.join(KEYS_FOLDER);
        let (keys_folder, keys_outside, memory_kib) =
            (folder.clone(), outside.clone(), config.keys.kdf_memory_kib);
        let making = config.making.clone();
        // Deriving keys from a PIN takes a good part of a second.
        let opened = tokio::task::spawn_blocking(move || {
            let cost = cost(memory_kib);
            let key = own_key(&keys_folder, &pin, cost, &keys_outside).map_err(|error| error.to_string())?;
            let master = master::open(&keys_folder.join(MASTER_FILE), &pin, cost, &keys_outside);
            let personal = Arc::new(master.map_err(|reason| format!("{MASTER_FILE}: {reason}"))?);
            let custody = open_custody(&keys_folder, cost, &personal);
            let maker = making.as_ref().map(Maker::open).transpose();
            let maker = maker.map_err(|reason| format!("[making]: {reason}"))?;
            Ok::<_, String>((key, custody.map_err(|error| error.to_string())?, personal, maker))
        });
        let unusable = |reason: String| OpenError::Key {
            folder: folder.display().to_string(),
            reason,
        };
        let opened = opened.await.map_err(|error| unusable(error.to_string()))?;
        let (key, (custody, service_keys), personal, maker) = opened.map_err(unusable)?;
        let url: Database = config.database.url.parse().map_err(no_database)?;
        let store = Store::open(&StoreConfig::new(url)).await.map_err(no_database)?;
        let documents = open_documents(&config).await?;
        let service = Self {
            documents,
            custody,
            maker,
            service_keys,
            proofs: Mutex::default(),
            batches: Mutex::default(),
            uploads: Arc::new(Semaphore::new(config.verify.uploads_max as usize)),
            verifications: Arc::new(Semaphore::new(config.verify.concurrent_max as usize)),
            document_places: Arc::new(Semaphore::new(config.documents.places_max as usize)),
            document_turns: Arc::new(Semaphore::new(config.documents.concurrent_max as usize)),
            log_signer: LogSigner {
                origin: config.audit.origin.clone(),
                key,
            },
            hashings: Arc::new(Semaphore::new(HASHINGS_MAX)),
            profiles: Arc::new(Profiles::new([]).map_err(|fault| unusable(fault.to_string()))?),
            personal,
            metrics: Metrics::new(),
            verified: Default::default(),
            stopping: watch::Sender::new(false),
            store,
            config,
            outside,
            verifier: Arc::new(verifier),
            revocations: Revocations::default(),
        };
        service.temporary_file().map_err(failed(&service.config.data))?;
        service.begin_service().await.map_err(no_database)?;
        Ok(service)
    }

    async fn begin_service(&self) -> Result<(), Error> {
        self.settle_at_start().await?;
        self.record_start().await
    }

    /// What a crash left open. On a database of their own no other process can be sealing; on a shared one a job
    /// settles what is old enough.
    async fn settle_at_start(&self) -> Result<(), Error> {
        if self.store.engine() == "sqlite" {
            let count = self.settle(Timestamp::MAX).await?;
            if count > 0 {
                warn!(count, "uses that were cut off were recorded as failed");
            }
            self.documents.clear_incoming().await?;
        }
        Ok(())
    }

    /// The start of a process is an act: a gap between two of them is a time without a service.
    async fn record_start(&self) -> Result<(), Error> {
        let version = env!("CARGO_PKG_VERSION").into();
        let entry = Entry {
            time: self.outside.now(),
            actor: Actor {
                kind: ActorKind::System,
                id: "yinxin".into(),
                role: None,
                unit: None,
            },
            act: "service.started".into(),
            subject: Subject {
                kind: "service".into(),
                id: self.config.audit.origin.clone(),
            },
            details: Map::from_iter([("version".to_owned(), version)]),
            commitments: Default::default(),
        };
        let key = self.log_signer.public()?.to_string();
        self.store
            .write(move |change| {
                let (entry, key) = (entry.clone(), key.clone());
                Box::pin(async move {
                    keep_log_key(change, key.into(), entry.time).await?;
                    Ok(((), Entries::from(entry)))
                })
            })
            .await
    }
}

/// One log, one key: a process with another one would sign checkpoints that nobody can verify.
async fn keep_log_key(change: &mut Change, key: serde_json::Value, now: Timestamp) -> Result<(), Error> {
    match change.setting(LOG_KEY_SETTING).await? {
        None => Ok(change.put_setting(LOG_KEY_SETTING, 0, &key, now).await?),
        Some(kept) if kept.value == key => Ok(()),
        Some(_) => Err(Error::OtherLogKey),
    }
}

/// The first line of the file.
fn read_pin(path: &Path) -> Result<Zeroizing<String>, OpenError> {
    let failed = |reason: String| OpenError::PinFile {
        file: path.display().to_string(),
        reason,
    };
    let text = fs::read_to_string(path).map_err(|error| failed(error.to_string()))?;
    let text = Zeroizing::new(text);
    let line = text.lines().next().unwrap_or_default();
    if line.is_empty() || line.len() > PIN_LINE_BYTES_MAX {
        return Err(failed("its first line is empty or too long".into()));
    }
    Ok(Zeroizing::new(line.to_owned()))
}

/// The folders of seals' keys and of the copies for business systems.
fn open_custody(
    folder: &Path,
    cost: Cost,
    personal: &Arc<PersonalKey>,
) -> Result<(Custody, ServiceKeys), keys::Error> {
    let store = KeyStore::open_with(&folder.join(SEALS_FOLDER), options(cost))?;
    let copies = ServiceKeys::new(&folder.join(SERVICE_FOLDER), Arc::clone(personal))?;
    Ok((Custody::new(store, Arc::clone(personal)), copies))
}

fn cost(memory_kib: u32) -> Cost {
    Cost {
        memory_kib,
        passes: 3,
    }
}

fn options(cost: Cost) -> Options {
    let kdf = Kdf {
        memory_kib: cost.memory_kib,
        passes: cost.passes,
        ..Kdf::default()
    };
    Options {
        kdf,
        ..Options::default()
    }
}

/// The service's key, made at the first start.
fn own_key(folder: &Path, pin: &str, cost: Cost, outside: &Outside) -> Result<UnlockedKey, keys::Error> {
    let store = KeyStore::open_with(folder, options(cost))?;
    let id = match store.find(LOG_KEY) {
        Ok(info) => info.id,
        Err(keys::Error::NoSuchKey(_)) => {
            let new = NewKey {
                label: LOG_KEY,
                pin,
                now: outside.now(),
            };
            outside.with_rng(|rng| store.create(&new, rng))?
        }
        Err(error) => return Err(error),
    };
    let key = store.unlock(id, pin)?;
    Ok(outside.with_rng(|rng| key.hedged(rng)))
}
