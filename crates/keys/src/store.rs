//! The software store: a folder of keys.

use crate::disk::{self, disk};
use crate::key_file::{About, KEY_FILE_BYTES_MAX, KeyFile, PIN_TRIES_MAX, is_label};
use crate::{
    Algorithm, CERTIFICATE_BYTES_MAX, CHAIN_CERTIFICATES_MAX, Error, Kdf, KeyId, certificate, pin, pkcs8,
    pkcs12,
};
use gm::{Digest, PublicKey, SignError, Signature, Signer, SigningKey};
use jiff::Timestamp;
use rand_core::CryptoRng;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::str;

/// Wrong PINs in a row that lock a key, unless the options say otherwise.
pub const PIN_TRIES_DEFAULT: u32 = 6;
/// Biggest file that is imported, in bytes.
pub const IMPORT_BYTES_MAX: usize = 1024 * 1024;

/// A `.cer` file is Base64 with line breaks and PEM borders.
const CER_FILE_BYTES_MAX: usize = 2 * CHAIN_CERTIFICATES_MAX * CERTIFICATE_BYTES_MAX;
const MARK_FILE_BYTES_MAX: usize = 32;

/// A folder of private keys. Any number of processes may use it at once.
///
/// | file | holds |
/// | --- | --- |
/// | `ID.key` | the key, sealed under its PIN, and its count of wrong PINs |
/// | `ID.mark` | how many PIN checks were begun, so that an older `ID.key` is noticed |
/// | `ID.cer` | its certificate and those above it, PEM |
/// | `ID.lock`, `store.lock` | nothing; processes wait for each other on them |
/// | `*.new` | what a crash left half done; never read |
///
/// Only copies are deleted here: giving up a seal's key is an act with a record of its own.
#[derive(Clone, Debug)]
pub struct KeyStore {
    folder: PathBuf,
    options: Options,
}

/// How a store seals the keys it makes from now on; each key file carries its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Options {
    /// The cost of deriving a key from a PIN. Tests take a cheaper one than the default.
    pub kdf: Kdf,
    /// Wrong PINs in a row that lock a key: 1 to [`PIN_TRIES_MAX`], by default [`PIN_TRIES_DEFAULT`].
    pub tries_max: u32,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            kdf: Kdf::default(),
            tries_max: PIN_TRIES_DEFAULT,
        }
    }
}

/// What a key gets when it enters a store.
#[derive(Clone, Copy)]
pub struct NewKey<'a> {
    /// Its name for people, unique within the store: 1 to [`LABEL_CHARS_MAX`](crate::LABEL_CHARS_MAX)
    /// characters.
    pub label: &'a str,
    /// Its PIN: [`PIN_CHARS_MIN`](crate::PIN_CHARS_MIN) to [`PIN_CHARS_MAX`](crate::PIN_CHARS_MAX)
    /// characters, not all the same, not counting up or down. It is taken as it is, byte for byte in UTF-8.
    pub pin: &'a str,
    /// The time it is.
    pub now: Timestamp,
}

/// What can be known of a key without its PIN. Somebody who may write the folder may have altered it; opening
/// the key tells.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct KeyInfo {
    /// Its id.
    pub id: KeyId,
    /// Its name for people.
    pub label: String,
    /// What it is for.
    pub algorithm: Algorithm,
    /// Its public half.
    pub public_key: PublicKey,
    /// When it entered the store.
    pub created: Timestamp,
    /// When its PIN was set; R45 wants it changed periodically.
    pub pin_changed: Timestamp,
    /// Wrong PINs left before it locks; 0: it is locked.
    pub tries_left: u32,
    /// Wrong PINs in a row that lock it.
    pub tries_max: u32,
}

impl KeyStore {
    /// Opens the folder, making it (mode 0700) if it is missing.
    pub fn open(folder: &Path) -> Result<Self, Error> {
        Self::open_with(folder, Options::default())
    }

    /// Opens the folder with other options.
    pub fn open_with(folder: &Path, options: Options) -> Result<Self, Error> {
        if !options.kdf.is_within_limits() || !(1..=PIN_TRIES_MAX).contains(&options.tries_max) {
            return Err(Error::BadOptions(options));
        }
        disk::private_folder(folder)?;
        Ok(Self {
            folder: folder.to_owned(),
            options,
        })
    }

    /// Makes a key.
    pub fn create(&self, new: &NewKey<'_>, rng: &mut dyn CryptoRng) -> Result<KeyId, Error> {
        check_new(new)?;
        self.add(&SigningKey::generate(rng), &[], new, rng)
    }

    /// Takes in a private key from a PKCS#8, EncryptedPrivateKeyInfo or EC PRIVATE KEY file, PEM or DER.
    /// Without a password, encrypted files are refused with [`Error::PasswordNeeded`].
    pub fn import_pkcs8(
        &self,
        bytes: &[u8],
        password: Option<&str>,
        new: &NewKey<'_>,
        rng: &mut dyn CryptoRng,
    ) -> Result<KeyId, Error> {
        check_new(new)?;
        check_size(bytes)?;
        self.add(&pkcs8::read(bytes, password)?, &[], new, rng)
    }

    /// Takes in the private key of a PKCS#12 file, with its certificate and those above it as far as the file
    /// has them.
    pub fn import_pkcs12(
        &self,
        bytes: &[u8],
        password: &str,
        new: &NewKey<'_>,
        rng: &mut dyn CryptoRng,
    ) -> Result<KeyId, Error> {
        check_new(new)?;
        check_size(bytes)?;
        let contents = pkcs12::read(bytes, password)?;
        self.add(&contents.key, &contents.certificates, new, rng)
    }

    /// Every key, oldest first, then the errors of key files that cannot be read.
    pub fn list(&self) -> Result<Vec<Result<KeyInfo, Error>>, Error> {
        let mut found = Vec::new();
        for entry in fs::read_dir(&self.folder).map_err(disk("list", &self.folder))? {
            let name = entry.map_err(disk("list", &self.folder))?.file_name();
            let id = name
                .to_str()
                .and_then(|name| name.strip_suffix(".key"))
                .map(str::parse::<KeyId>);
            if let Some(Ok(id)) = id {
                // A file that went away meanwhile is no error.
                found.extend(
                    self.read(id)
                        .and_then(|file| file.map(|file| self.info(&file)).transpose())
                        .transpose(),
                );
            }
        }
        found.sort_by_key(|entry| match entry {
            Ok(info) => (false, Some((info.created, info.id))),
            Err(_) => (true, None),
        });
        Ok(found)
    }

    /// The key with this id or label.
    pub fn find(&self, name: &str) -> Result<KeyInfo, Error> {
        if let Ok(id) = name.parse() {
            return self.info(&self.existing(id)?);
        }
        let mut found: Vec<KeyInfo> = self
            .list()?
            .into_iter()
            .flatten()
            .filter(|info| info.label == name)
            .collect();
        match (found.pop(), found.len()) {
            (None, _) => Err(Error::NoSuchKey(name.to_owned())),
            (Some(info), 0) => Ok(info),
            (Some(_), others) => Err(Error::AmbiguousLabel {
                label: name.to_owned(),
                count: others + 1,
            }),
        }
    }

    /// Opens a key with its PIN. The check is counted on disk before it is made; a right PIN sets the count
    /// back.
    ///
    /// A crash between the two costs a try. Nothing but [`Error::WrongPin`] and [`Error::Locked`] comes of a
    /// wrong PIN.
    pub fn unlock(&self, id: KeyId, pin: &str) -> Result<UnlockedKey, Error> {
        let _lock = self.lock(id)?;
        let (_, key) = self.check_pin(id, pin)?;
        Ok(UnlockedKey { id, key })
    }

    /// Puts a copy of a key, with its certificates, into another store under a PIN of its own; a wrong PIN here
    /// counts. The key itself is seen by neither caller.
    pub fn copy_to(
        &self,
        id: KeyId,
        pin: &str,
        other: &KeyStore,
        new: &NewKey<'_>,
        rng: &mut dyn CryptoRng,
    ) -> Result<(), Error> {
        check_new(new)?;
        let certificates = self.certificates(id)?;
        let _lock = self.lock(id)?;
        let (_, key) = self.check_pin(id, pin)?;
        other.add(&key, &certificates, new, rng).map(drop)
    }

    /// Gives up a copy of a key for ever. The key file goes first, so that what a crash leaves opens nothing.
    ///
    /// Only for copies: giving up a seal's own key is an act with a record of its own.
    pub fn remove_copy(&self, id: KeyId) -> Result<(), Error> {
        let _lock = self.lock(id)?;
        for extension in ["key", "cer", "mark", "lock"] {
            disk::remove(&self.path(id, extension))?;
        }
        Ok(())
    }

    /// Changes the PIN of a key; a wrong old PIN counts. The derivation of the key at rest follows this
    /// store's options from then on.
    pub fn change_pin(
        &self,
        id: KeyId,
        old: &str,
        new: &str,
        now: Timestamp,
        rng: &mut dyn CryptoRng,
    ) -> Result<(), Error> {
        pin::check(new).map_err(Error::WeakPin)?;
        if old == new {
            return Err(Error::SamePin);
        }
        let _lock = self.lock(id)?;
        let (file, key) = self.check_pin(id, old)?;
        let about = About {
            label: file.header.label.clone(),
            created: file.header.created,
            pin_changed: now,
            tries_max: self.options.tries_max,
            kdf: self.options.kdf,
            checks: file.checks(),
        };
        self.write(&KeyFile::seal(&key, new, about, rng)?)
    }

    /// Keeps a certificate chain (DER, the key's own certificate first) beside the key, in the place of an
    /// earlier one. Certificates are not secret and need no PIN; whether they are good is not judged here.
    pub fn set_certificate(&self, id: KeyId, chain: &[Vec<u8>]) -> Result<(), Error> {
        let _lock = self.lock(id)?;
        let public_key = self.info(&self.existing(id)?)?.public_key;
        certificate::check_chain(chain, &public_key)?;
        disk::replace(&self.path(id, "cer"), certificate::to_pem(chain).as_bytes())
    }

    /// The certificate chain kept beside the key (DER, its own first); empty when there is none.
    pub fn certificates(&self, id: KeyId) -> Result<Vec<Vec<u8>>, Error> {
        let public_key = self.info(&self.existing(id)?)?.public_key;
        let path = self.path(id, "cer");
        let Some(bytes) = disk::read(&path, CER_FILE_BYTES_MAX)? else {
            return Ok(Vec::new());
        };
        str::from_utf8(&bytes)
            .ok()
            .and_then(|text| certificate::from_pem(text).ok())
            .filter(|chain| certificate::check_chain(chain, &public_key).is_ok())
            .ok_or(Error::Damaged {
                path,
                what: "it does not hold the certificate of this key",
            })
    }

    /// Writes a new key; its `.key` file comes last, so that it is there with all that belongs to it or not
    /// at all.
    fn add(
        &self,
        key: &SigningKey,
        certificates: &[Vec<u8>],
        new: &NewKey<'_>,
        rng: &mut dyn CryptoRng,
    ) -> Result<KeyId, Error> {
        let _lock = disk::lock(&self.folder.join("store.lock"))?;
        let id = KeyId::of(key.public_key());
        if let Some(file) = self.read(id)? {
            return Err(Error::KeyExists {
                id,
                label: file.header.label,
            });
        }
        if self.list()?.iter().flatten().any(|info| info.label == new.label) {
            return Err(Error::LabelTaken(new.label.to_owned()));
        }
        let about = About {
            label: new.label.to_owned(),
            created: new.now,
            pin_changed: new.now,
            tries_max: self.options.tries_max,
            kdf: self.options.kdf,
            checks: 0,
        };
        let file = KeyFile::seal(key, new.pin, about, rng)?;
        if !certificates.is_empty() {
            certificate::check_chain(certificates, key.public_key())?;
            disk::replace(
                &self.path(id, "cer"),
                certificate::to_pem(certificates).as_bytes(),
            )?;
        }
        self.write_mark(&file)?;
        disk::replace(&self.path(id, "key"), &file.to_bytes())?;
        Ok(id)
    }

    /// Counts, then checks, then takes the count back. The caller holds the lock of the key.
    fn check_pin(&self, id: KeyId, pin: &str) -> Result<(KeyFile, SigningKey), Error> {
        let mut file = self.existing(id)?;
        self.refuse_older_copy(&file)?;
        if file.tries_left() == 0 {
            return Err(Error::Locked {
                id,
                tries_max: file.header.tries_max,
            });
        }
        file.count();
        self.write(&file)?;
        let key = file.open(pin, &self.path(id, "key"))?;
        self.write(&file)?;
        Ok((file, key))
    }

    /// The key file goes first: its count is never behind the mark, unless somebody put an older copy in its
    /// place.
    fn write(&self, file: &KeyFile) -> Result<(), Error> {
        disk::replace(&self.path(file.header.id, "key"), &file.to_bytes())?;
        self.write_mark(file)
    }

    fn write_mark(&self, file: &KeyFile) -> Result<(), Error> {
        disk::replace(
            &self.path(file.header.id, "mark"),
            format!("{}\n", file.checks()).as_bytes(),
        )
    }

    fn refuse_older_copy(&self, file: &KeyFile) -> Result<(), Error> {
        let path = self.path(file.header.id, "mark");
        let bytes = disk::read(&path, MARK_FILE_BYTES_MAX)?.unwrap_or_default();
        let mark: u64 = str::from_utf8(&bytes)
            .ok()
            .and_then(|text| text.strip_suffix('\n')?.parse().ok())
            .ok_or(Error::Damaged {
                path,
                what: "it is missing or holds no number",
            })?;
        if file.checks() < mark {
            return Err(Error::OlderCopy {
                path: self.path(file.header.id, "key"),
            });
        }
        Ok(())
    }

    fn existing(&self, id: KeyId) -> Result<KeyFile, Error> {
        self.read(id)?.ok_or_else(|| Error::NoSuchKey(id.to_string()))
    }

    fn read(&self, id: KeyId) -> Result<Option<KeyFile>, Error> {
        let path = self.path(id, "key");
        let Some(bytes) = disk::read(&path, KEY_FILE_BYTES_MAX)? else {
            return Ok(None);
        };
        let file = KeyFile::from_bytes(&bytes, &path)?;
        if file.header.id != id {
            return Err(Error::Damaged {
                path,
                what: "it is another key's file under this name",
            });
        }
        Ok(Some(file))
    }

    fn info(&self, file: &KeyFile) -> Result<KeyInfo, Error> {
        let header = &file.header;
        let public_key = header.public_key().map_err(|_| Error::Damaged {
            path: self.path(header.id, "key"),
            what: "its public key is no point of the curve",
        })?;
        Ok(KeyInfo {
            id: header.id,
            label: header.label.clone(),
            algorithm: header.algorithm,
            public_key,
            created: header.created,
            pin_changed: header.pin_changed,
            tries_left: file.tries_left(),
            tries_max: header.tries_max,
        })
    }

    /// Taken only for a key that is there, so that wrong ids leave no files behind.
    fn lock(&self, id: KeyId) -> Result<File, Error> {
        self.existing(id)?;
        disk::lock(&self.path(id, "lock"))
    }

    fn path(&self, id: KeyId, extension: &str) -> PathBuf {
        self.folder.join(format!("{id}.{extension}"))
    }
}

/// A private key in memory that signs. It is wiped when dropped and cannot be copied out.
pub struct UnlockedKey {
    id: KeyId,
    key: SigningKey,
}

impl UnlockedKey {
    /// Which key it is.
    pub fn id(&self) -> KeyId {
        self.id
    }

    /// The same key with nonces that also depend on `rng`: see [`SigningKey::hedged`].
    pub fn hedged(self, rng: &mut dyn CryptoRng) -> Self {
        Self {
            key: self.key.hedged(rng),
            ..self
        }
    }
}

impl Signer for UnlockedKey {
    fn public_key(&self) -> &PublicKey {
        self.key.public_key()
    }

    fn sign_digest(&self, e: &Digest) -> Result<Signature, SignError> {
        self.key.sign_digest(e)
    }
}

impl std::fmt::Debug for UnlockedKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("UnlockedKey")
            .field("id", &self.id)
            .finish_non_exhaustive()
    }
}

fn check_new(new: &NewKey<'_>) -> Result<(), Error> {
    if !is_label(new.label) {
        return Err(Error::BadLabel(new.label.to_owned()));
    }
    pin::check(new.pin).map_err(Error::WeakPin)
}

pub(crate) fn check_size(bytes: &[u8]) -> Result<(), Error> {
    if bytes.len() > IMPORT_BYTES_MAX {
        return Err(Error::TooBig {
            bytes: bytes.len(),
            bytes_max: IMPORT_BYTES_MAX,
        });
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::disk::faults::power_cut_after;
    use crate::test_support::{CHEAP, SeededRng};

    const OLD: &str = "correct horse";
    const NEW: &str = "battery staple";

    fn now() -> Timestamp {
        "2026-11-21T08:00:00Z".parse().unwrap()
    }

    fn open(folder: &Path) -> KeyStore {
        KeyStore::open_with(
            &folder.join("keys"),
            Options {
                kdf: CHEAP,
                ..Options::default()
            },
        )
        .unwrap()
    }

    fn a_key(store: &KeyStore) -> KeyId {
        store
            .create(
                &NewKey {
                    label: "one",
                    pin: OLD,
                    now: now(),
                },
                &mut SeededRng::new(1),
            )
            .unwrap()
    }

    #[test]
    fn a_copy_opens_with_its_own_pin_signs_alike_and_can_be_given_up() {
        let folder = tempfile::tempdir().unwrap();
        let (store, other) = (open(folder.path()), open(&folder.path().join("other")));
        let id = a_key(&store);
        let new = NewKey {
            label: "copy",
            pin: NEW,
            now: now(),
        };
        let copy = |pin| store.copy_to(id, pin, &other, &new, &mut SeededRng::new(3));
        assert!(matches!(copy("wrong pin"), Err(Error::WrongPin { left: 5, .. })));
        assert!(other.list().unwrap().is_empty());
        copy(OLD).unwrap();
        assert!(matches!(copy(OLD), Err(Error::KeyExists { .. })));
        assert!(other.unlock(id, OLD).is_err());
        let key = other.unlock(id, NEW).unwrap();
        assert_eq!(key.public_key(), store.unlock(id, OLD).unwrap().public_key());
        other.remove_copy(id).unwrap();
        assert!(matches!(other.unlock(id, NEW), Err(Error::NoSuchKey(_))));
        assert_eq!(
            std::fs::read_dir(folder.path().join("other/keys"))
                .unwrap()
                .count(),
            1,
            "the store's lock"
        );
        assert!(store.unlock(id, OLD).is_ok());
    }

    /// Cuts the power after every number of steps until the action ends, and calls `check` on what the disk
    /// holds.
    fn at_every_power_cut(
        prepare: impl Fn(&KeyStore),
        action: impl Fn(&KeyStore) -> Result<(), Error>,
        check: impl Fn(&KeyStore, u32, bool),
    ) -> u32 {
        for steps in 0.. {
            let folder = tempfile::tempdir().unwrap();
            let store = open(folder.path());
            prepare(&store);
            let done = power_cut_after(steps, || action(&store)).is_ok();
            check(&open(folder.path()), steps, done);
            if done {
                return steps;
            }
        }
        unreachable!("the loop has no end")
    }

    #[test]
    fn a_power_cut_during_creation_leaves_a_whole_key_or_none() {
        let create = |store: &KeyStore| {
            let new = NewKey {
                label: "one",
                pin: OLD,
                now: now(),
            };
            store.create(&new, &mut SeededRng::new(1)).map(drop)
        };
        let steps = at_every_power_cut(
            |_| {},
            create,
            |store, steps, done| {
                let keys = store.list().unwrap();
                match keys.as_slice() {
                    [] => {
                        assert!(!done, "{steps}");
                        // What the cut left does not stand in the way of another try.
                        create(store).unwrap();
                    }
                    [Ok(info)] => assert!(store.unlock(info.id, OLD).is_ok(), "{steps}"),
                    other => panic!("after {steps} steps: {other:?}"),
                }
            },
        );
        assert_eq!(steps, 12, "the mark and the key, six steps each");
    }

    #[test]
    fn a_power_cut_during_a_change_of_pin_leaves_the_old_or_the_new_pin() {
        let id = KeyId::of(SigningKey::generate(&mut SeededRng::new(1)).public_key());
        let steps = at_every_power_cut(
            |store| assert_eq!(a_key(store), id),
            |store| store.change_pin(id, OLD, NEW, now(), &mut SeededRng::new(2)),
            |store, steps, done| {
                let (old, new) = (store.unlock(id, OLD), store.unlock(id, NEW));
                assert!(old.is_ok() != new.is_ok(), "after {steps} steps: {old:?} {new:?}");
                assert!(!done || new.is_ok());
            },
        );
        assert_eq!(
            steps, 36,
            "count, set back, write anew: the key and its mark each"
        );
    }

    #[test]
    fn a_power_cut_during_unlocking_never_frees_a_try_and_costs_one_at_most() {
        let id = KeyId::of(SigningKey::generate(&mut SeededRng::new(1)).public_key());
        for pin in [OLD, NEW] {
            at_every_power_cut(
                |store| {
                    a_key(store);
                    assert!(matches!(
                        store.unlock(id, "wrong pin"),
                        Err(Error::WrongPin { left: 5, .. })
                    ));
                },
                |store| match store.unlock(id, pin) {
                    Err(Error::WrongPin { left: 4, .. }) if pin == NEW => Ok(()),
                    other => other.map(drop),
                },
                |store, steps, done| {
                    let left = store.find("one").unwrap().tries_left;
                    match (pin, done) {
                        (OLD, true) => assert_eq!(left, 6),
                        // Key and mark are written, the derivation is done: counted already, not yet taken back.
                        (OLD, false) if steps == 12 => assert_eq!(left, 4),
                        (OLD, false) => assert!([4, 5, 6].contains(&left), "{steps}: {left}"),
                        // The answer was given: the try is spent on disk.
                        (_, true) => assert_eq!(left, 4),
                        (_, false) => assert!([4, 5].contains(&left), "{steps}: {left}"),
                    }
                    assert!(store.unlock(id, OLD).is_ok());
                },
            );
        }
    }

    #[test]
    fn a_pin_that_cannot_be_counted_is_not_checked() {
        let folder = tempfile::tempdir().unwrap();
        let store = open(folder.path());
        let id = a_key(&store);
        for pin in [OLD, NEW] {
            let answer = power_cut_after(4, || store.unlock(id, pin));
            assert!(matches!(answer, Err(Error::Disk { .. })), "{answer:?}");
        }
    }
}
