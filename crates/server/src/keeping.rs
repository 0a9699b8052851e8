//! What an operator does beside the service, while it runs or before it does: backup, restore, export of the log.
//!
//! A backup is a folder: `database.backup` as [`store::Store::back_up`] writes it, and beside it `documents`, copied
//! afterwards, so that every document that the rows name is in it. `database.backup` gets its name last: a folder
//! without it is no backup. The keys go to a folder of their own, because they are to be kept apart.

use std::fs::{self, File};
use std::io::{self, BufRead as _, BufReader, BufWriter, Read as _, Write};
use std::path::{Path, PathBuf};

use audit::{ExportWriter, LogKey};
use gm::{Digest, Sm3};
use keys::KeyStore;
use store::{BACKUP_LINE_BYTES_MAX, BackupReport, Database, Store, StoreConfig};

use crate::app::{DOCUMENTS_FOLDER, KEYS_FOLDER, LOG_KEY, LOG_KEY_SETTING, MASTER_FILE};
use crate::config::Config;

/// The file of the database in a backup.
const DATABASE_FILE: &str = "database.backup";
/// The folder in which documents grow; what is in it is nobody's.
const INCOMING_FOLDER: &str = "incoming";
/// Bytes that are read at once.
const CHUNK_BYTES: usize = 1 << 16;
/// Folders in folders, of documents and of keys, at most.
const DEPTH_MAX: usize = 4;

/// What was backed up, or restored: size and root of the log tell one state from every other.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Kept {
    /// Rows of the database.
    pub rows: u64,
    /// Entries of the log.
    pub log_size: u64,
    /// Root of the log.
    pub log_root: Digest,
    /// Documents.
    pub documents: u64,
    /// Files of keys.
    pub keys: u64,
}

/// Why nothing was kept or restored.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum KeepError {
    /// Something is there already.
    #[error("{0} exists and is not empty; name a new folder, nothing is ever overwritten")]
    Exists(PathBuf),
    /// There is no database of this service.
    #[error("there is no database {0}; check data and database.url, or has the service never been started?")]
    NoDatabase(PathBuf),
    /// The folder is no whole backup.
    #[error("{0} is no backup: it lacks database.backup, which a backup gets when it is whole")]
    NoBackup(PathBuf),
    /// The service's own keys are missing.
    #[error(
        "{0} lacks the service's keys (log, master.json); name the folder that the keys were backed up to"
    )]
    NoKeys(PathBuf),
    /// The keys belong to another installation.
    #[error(
        "the log of the backup is not signed by the key in {0} under audit.origin; take the keys and the name that belong to it"
    )]
    OtherKeys(PathBuf),
    /// A document is not what its name says.
    #[error(
        "{0} was changed: its bytes do not have the SM3 that is its name; take another copy of the backup"
    )]
    Damaged(PathBuf),
    /// The database is in use or cannot be used, or the backup is refused.
    #[error(transparent)]
    Store(#[from] store::Error),
    /// A file cannot be read or written.
    #[error("{path}: {source}")]
    File {
        /// Which.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
}

/// Backs up database and documents into the new folder `to`, and the keys into the new folder `keys_to` if one is
/// named. The service may run meanwhile.
///
/// # Errors
///
/// [`KeepError::Exists`] when a folder is not empty; what is left behind after another error is no backup.
pub async fn back_up(config: &Config, to: &Path, keys_to: Option<&Path>) -> Result<Kept, KeepError> {
    let keys = config.data.join(KEYS_FOLDER);
    if !has_keys(&keys) {
        return Err(KeepError::NoKeys(keys));
    }
    let store = open(config, true).await?;
    for folder in [Some(to), keys_to].into_iter().flatten() {
        make_new(folder)?;
    }
    let (unnamed, file) = (to.join("database.part"), to.join(DATABASE_FILE));
    let mut out = BufWriter::new(private_file(&unnamed)?);
    let report = store.back_up(&mut out).await?;
    let out = out
        .into_inner()
        .map_err(|error| failed(&unnamed)(error.into_error()))?;
    out.sync_all().map_err(failed(&unnamed))?;
    store.close().await;
    // What stands in a bucket is kept by whoever runs it.
    let documents = match &config.documents.s3 {
        Some(_) => 0,
        None => copy_below(
            &config.data.join(DOCUMENTS_FOLDER),
            &to.join(DOCUMENTS_FOLDER),
            true,
            0,
        )?,
    };
    let keys = match keys_to {
        Some(keys_to) => copy_below(&keys, keys_to, false, 0)?,
        None => 0,
    };
    fs::rename(&unnamed, &file).map_err(failed(&file))?;
    Ok(kept(report, documents, keys))
}

/// Restores the backup in `from` onto the database of the configuration, of whatever engine, which must be empty,
/// and into its data folder; the keys from `keys_from`, or they must be there already.
///
/// # Errors
///
/// [`KeepError::Store`] when the database is not empty or the backup was changed: then the database is as it was.
pub async fn restore(config: &Config, from: &Path, keys_from: Option<&Path>) -> Result<Kept, KeepError> {
    let file = from.join(DATABASE_FILE);
    if !file.is_file() {
        return Err(KeepError::NoBackup(from.to_owned()));
    }
    let keys = config.data.join(KEYS_FOLDER);
    let given = keys_from.unwrap_or(&keys);
    if !has_keys(given) {
        return Err(KeepError::NoKeys(given.to_owned()));
    }
    let store = open(config, false).await?;
    let written = store.read().await?.log_frontier().await?.size();
    if written != 0 {
        return Err(store::Error::NotEmpty.into());
    }
    if !is_log_of(&file, given, &config.audit.origin)? {
        return Err(KeepError::OtherKeys(given.to_owned()));
    }
    if let Some(keys_from) = keys_from {
        make_new(&keys)?;
        copy_below(keys_from, &keys, false, 0)?;
    }
    let restored = restore_into(&store, config, (from, &file)).await;
    store.close().await;
    if restored.is_err() && keys_from.is_some() {
        // As it was: the next try finds no keys that belong to nothing.
        let _ = fs::remove_dir_all(&keys);
    }
    let (report, documents) = restored?;
    Ok(kept(report, documents, count_below(&keys, 0)?))
}

async fn restore_into(
    store: &Store,
    config: &Config,
    (from, file): (&Path, &Path),
) -> Result<(BackupReport, u64), KeepError> {
    let documents = config.data.join(DOCUMENTS_FOLDER);
    let documents = copy_below(&from.join(DOCUMENTS_FOLDER), &documents, true, 0)?;
    let backup = File::open(file).map_err(failed(file))?;
    let report = store.restore(BufReader::new(backup)).await?;
    Ok((report, documents))
}

/// Whether the key in the folder, under the log's name, is the one that the backup names. A backup that names none
/// was cut off, which the restore says better.
fn is_log_of(backup: &Path, keys: &Path, origin: &str) -> Result<bool, KeepError> {
    let own = KeyStore::open(keys).and_then(|store| store.find(LOG_KEY));
    let own = own
        .ok()
        .and_then(|info| LogKey::new(origin, info.public_key).ok());
    let Some(own) = own.map(|own| own.to_string()) else {
        return Ok(false);
    };
    let row = format!("[\"{LOG_KEY_SETTING}\",");
    let mut reader = BufReader::new(File::open(backup).map_err(failed(backup))?);
    let mut line = Vec::new();
    loop {
        line.clear();
        let mut bounded = (&mut reader).take(BACKUP_LINE_BYTES_MAX as u64);
        if bounded.read_until(b'\n', &mut line).map_err(failed(backup))? == 0 {
            return Ok(true);
        }
        if line.starts_with(row.as_bytes()) {
            return Ok(String::from_utf8_lossy(&line).contains(&own));
        }
    }
}

/// Writes the whole log with its checkpoints to `out`, for `yinxin audit check`; how many entries it has.
///
/// # Errors
///
/// [`KeepError::NoDatabase`] when there is none; [`KeepError::Store`] when it cannot be read.
pub async fn export_log<W: Write + Send>(config: &Config, out: W) -> Result<u64, KeepError> {
    let store = open(config, true).await?;
    let unwritten = failed(Path::new("export"));
    let keys: Vec<LogKey> = log_key(&store).await?.into_iter().collect();
    let mut writer = ExportWriter::new(out, &config.audit.origin, &keys).map_err(unwritten)?;
    store.snapshot().await?.export_log(&mut writer).await?;
    store.close().await;
    let size = writer.size();
    writer.finish().map_err(failed(Path::new("export")))?;
    Ok(size)
}

/// Opens the database; one that must be there is not made.
async fn open(config: &Config, must_exist: bool) -> Result<Store, KeepError> {
    let database: Database = config.database.url.parse()?;
    if let Database::Sqlite(path) = &database
        && must_exist
        && !path.is_file()
    {
        return Err(KeepError::NoDatabase(path.clone()));
    }
    Ok(Store::open(&StoreConfig::new(database)).await?)
}

/// The key that signs the log's checkpoints, as the database names it.
async fn log_key(store: &Store) -> Result<Option<LogKey>, KeepError> {
    let setting = store.read().await?.setting(LOG_KEY_SETTING).await?;
    let text = setting.and_then(|setting| setting.value.as_str().map(str::to_owned));
    Ok(text.and_then(|text| LogKey::parse(&text).ok()))
}

fn has_keys(folder: &Path) -> bool {
    folder.join(MASTER_FILE).is_file()
        && KeyStore::open(folder).is_ok_and(|store| store.find(LOG_KEY).is_ok())
}

fn kept(report: BackupReport, documents: u64, keys: u64) -> Kept {
    Kept {
        rows: report.rows,
        log_size: report.log_size,
        log_root: report.log_root,
        documents,
        keys,
    }
}

fn failed(path: &Path) -> impl Fn(io::Error) -> KeepError {
    let path = path.to_owned();
    move |source| KeepError::File {
        path: path.clone(),
        source,
    }
}

/// A folder for its owner alone; one that exists must be empty.
fn make_new(folder: &Path) -> Result<(), KeepError> {
    if fs::read_dir(folder).is_ok_and(|mut entries| entries.next().is_some()) {
        return Err(KeepError::Exists(folder.to_owned()));
    }
    make_folder(folder)
}

fn make_folder(folder: &Path) -> Result<(), KeepError> {
    let mut builder = fs::DirBuilder::new();
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.recursive(true).create(folder).map_err(failed(folder))
}

fn private_file(path: &Path) -> Result<File, KeepError> {
    let mut options = fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path).map_err(failed(path))
}

/// Copies the files below a folder and leaves those that are there; how many there are. `named`: each is a document,
/// whose name is the SM3 of its bytes.
fn copy_below(from: &Path, to: &Path, named: bool, depth: usize) -> Result<u64, KeepError> {
    make_folder(to)?;
    let mut count = 0;
    let entries = match fs::read_dir(from) {
        Ok(entries) => entries,
        // Nothing was ever kept there.
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(0),
        Err(error) => return Err(failed(from)(error)),
    };
    for entry in entries {
        let entry = entry.map_err(failed(from))?;
        let (path, target) = (entry.path(), to.join(entry.file_name()));
        let kind = entry.file_type().map_err(failed(&path))?;
        if kind.is_dir() && depth < DEPTH_MAX && entry.file_name() != INCOMING_FOLDER {
            count += copy_below(&path, &target, named, depth + 1)?;
        } else if kind.is_file() {
            copy_file(&path, &target, named)?;
            count += 1;
        }
    }
    File::open(to)
        .and_then(|folder| folder.sync_all())
        .map_err(failed(to))?;
    Ok(count)
}

fn count_below(folder: &Path, depth: usize) -> Result<u64, KeepError> {
    let mut count = 0;
    for entry in fs::read_dir(folder).map_err(failed(folder))? {
        let entry = entry.map_err(failed(folder))?;
        let kind = entry.file_type().map_err(failed(folder))?;
        count += match kind.is_dir() && depth < DEPTH_MAX {
            true => count_below(&entry.path(), depth + 1)?,
            false => u64::from(kind.is_file()),
        };
    }
    Ok(count)
}

/// Copies one file, hashing what passes.
fn copy_file(from: &Path, to: &Path, named: bool) -> Result<(), KeepError> {
    let mut source = File::open(from).map_err(failed(from))?;
    let mut target = match private_file(to) {
        Ok(target) => target,
        // A document that is there already has the same bytes, or it would have another name.
        Err(KeepError::File { source, .. }) if named && source.kind() == io::ErrorKind::AlreadyExists => {
            return Ok(());
        }
        Err(error) => return Err(error),
    };
    let mut digest = Sm3::new();
    let mut chunk = vec![0; CHUNK_BYTES];
    loop {
        let count = source.read(&mut chunk).map_err(failed(from))?;
        if count == 0 {
            break;
        }
        digest.update(&chunk[..count]);
        target.write_all(&chunk[..count]).map_err(failed(to))?;
    }
    target.sync_all().map_err(failed(to))?;
    if named && !is_name_of(to, &digest.finish()) {
        let _ = fs::remove_file(to);
        return Err(KeepError::Damaged(from.to_owned()));
    }
    Ok(())
}

fn is_name_of(path: &Path, digest: &Digest) -> bool {
    path.file_name().and_then(|name| name.to_str()) == Some(&digest.to_string())
}
