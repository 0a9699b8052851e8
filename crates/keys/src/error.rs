//! What can go wrong with keys, in sentences for people and codes for catalogues.

use crate::{CERTIFICATE_BYTES_MAX, CHAIN_CERTIFICATES_MAX, Kdf, KeyId, LABEL_CHARS_MAX, PinFault};
use std::io;
use std::path::PathBuf;

/// Why a key store did not do what was asked.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The disk said no.
    #[error("could not {action} {}", path.display())]
    Disk {
        /// What was tried: a verb such as "read".
        action: &'static str,
        /// On which file or folder.
        path: PathBuf,
        /// What the system said.
        #[source]
        source: io::Error,
    },
    /// Others may enter the folder of keys.
    #[error(
        "the key folder {} is open to others (mode {mode:o}); close it with `chmod 700`", path.display()
    )]
    FolderOpenToOthers {
        /// The folder.
        path: PathBuf,
        /// Its permission bits.
        mode: u32,
    },
    /// A file of the store is broken.
    #[error("{} is damaged: {what}; put the whole key folder back from its backup", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// In what way.
        what: &'static str,
    },
    /// The PIN is right, but somebody changed the file.
    #[error(
        "{} was altered by another hand: {what}; do not use this key, have it issued anew", path.display()
    )]
    Altered {
        /// The file.
        path: PathBuf,
        /// What was altered.
        what: &'static str,
    },
    /// The key file is older than what the store remembers of it.
    #[error(
        "{} is an older copy: fewer PIN checks stand in it than were made; if it came from a backup, put \
         back the whole key folder", path.display()
    )]
    OlderCopy {
        /// The key file.
        path: PathBuf,
    },
    /// A later program wrote the file.
    #[error(
        "{} has version {version} of the key file, which this program does not know; update it", path.display()
    )]
    NewerVersion {
        /// The key file.
        path: PathBuf,
        /// Its version.
        version: u64,
    },
    /// The key derivation a key file asks for would cost too much, or is none.
    #[error(
        "{} asks for a key derivation beyond the limits ({} KiB, {} passes, {} lanes); it was not made by \
         this program", path.display(), kdf.memory_kib, kdf.passes, kdf.lanes
    )]
    KdfOutOfLimits {
        /// The key file.
        path: PathBuf,
        /// The cost it asks for.
        kdf: Kdf,
    },

    /// The machine has not the memory that opening the key takes.
    #[error("there is too little memory to open the key: it takes {memory_kib} KiB; close other programs")]
    TooLittleMemory {
        /// Memory needed, in KiB.
        memory_kib: u32,
    },
    /// A store was opened with options that its own files could not carry.
    #[error("these key store options are out of range: {0:?}")]
    BadOptions(crate::Options),

    /// Nothing here by this id or label.
    #[error("there is no key {0:?} in this store; list the keys to see what there is")]
    NoSuchKey(String),
    /// More than one key has the label.
    #[error("{count} keys have the label {label:?}; name the one that is meant by its id")]
    AmbiguousLabel {
        /// The label.
        label: String,
        /// How many keys have it.
        count: usize,
    },
    /// The very same key is here already.
    #[error("this key is in the store already, as {id} ({label:?})")]
    KeyExists {
        /// Its id.
        id: KeyId,
        /// Its label.
        label: String,
    },
    /// Labels are unique within a store.
    #[error("another key has the label {0:?} already; choose another label")]
    LabelTaken(String),
    /// The label is no label.
    #[error(
        "the label {0:?} is not usable: 1 to {LABEL_CHARS_MAX} characters, no control characters, no blanks \
         at its ends, not the form of a key id"
    )]
    BadLabel(String),

    /// The new PIN breaks the policy.
    #[error("the new PIN is too weak: {0}; choose another")]
    WeakPin(PinFault),
    /// The new PIN is the old one.
    #[error("the new PIN is the same as the old one; choose another")]
    SamePin,
    /// The PIN is wrong.
    #[error("the PIN is wrong; {left} of {tries_max} tries are left")]
    WrongPin {
        /// Tries left before the key locks.
        left: u32,
        /// Tries there are after a right PIN.
        tries_max: u32,
    },
    /// Too many wrong PINs.
    #[error(
        "the key {id} is locked after {tries_max} wrong PINs; it cannot be unlocked here: apply to the \
         issuing authority for a PIN reset or a new key"
    )]
    Locked {
        /// The key.
        id: KeyId,
        /// Tries there were.
        tries_max: u32,
    },

    /// The certificate is not this key's.
    #[error("the certificate belongs to another key; give the certificate issued for this key first")]
    CertificateOfAnotherKey,
    /// Not a certificate, or one whose key cannot be read.
    #[error("certificate {index} of the chain cannot be read as an X.509 certificate")]
    BadCertificate {
        /// Its place in the chain, from 0.
        index: usize,
    },
    /// The chain is empty, too long, or a certificate too big.
    #[error(
        "a chain has 1 to {CHAIN_CERTIFICATES_MAX} certificates of at most {CERTIFICATE_BYTES_MAX} bytes each"
    )]
    BadChain,

    /// A foreign file is bigger than any real one.
    #[error("the file has {bytes} bytes, at most {bytes_max} are read")]
    TooBig {
        /// Its length in bytes.
        bytes: usize,
        /// The limit in bytes.
        bytes_max: usize,
    },
    /// A foreign file does not follow its standard.
    #[error("the key file cannot be read: {0}")]
    Malformed(&'static str),
    /// A foreign file is encrypted and no password was given.
    #[error("the key file is encrypted; its password is needed")]
    PasswordNeeded,
    /// A foreign file does not open.
    #[error("the password is wrong, or the key file is damaged")]
    WrongPassword,
    /// A foreign file uses something not offered here.
    #[error(
        "the key file uses something not supported: {what}{}{}",
        if oid.is_some() { " " } else { "" },
        oid.as_deref().unwrap_or_default()
    )]
    Unsupported {
        /// What it is.
        what: &'static str,
        /// Its object identifier, if it has one.
        oid: Option<String>,
    },
    /// The key is of another kind.
    #[error("the key is not an SM2 key (its algorithm or curve is {0}); seals need SM2")]
    NotSm2(String),
    /// Private and public half differ.
    #[error("the private key and the public key in the file do not belong together")]
    HalvesDiffer,
    /// A PKCS#12 file without a private key.
    #[error("the file holds no private key")]
    NoKey,
    /// A PKCS#12 file with several SM2 keys.
    #[error("the file holds {0} SM2 keys; split it so that it holds the signing key only")]
    SeveralKeys(usize),
    /// Opening the file would take too long.
    #[error("the file asks for more than {max} iterations of key derivation", max = crate::ITERATIONS_MAX)]
    TooManyIterations,
}

impl Error {
    /// A stable word for the kind of error, by which catalogues of messages are keyed.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Disk { .. } => "key-disk",
            Self::FolderOpenToOthers { .. } => "key-folder-open-to-others",
            Self::Damaged { .. } => "key-file-damaged",
            Self::Altered { .. } => "key-file-altered",
            Self::OlderCopy { .. } => "key-file-older-copy",
            Self::NewerVersion { .. } => "key-file-newer-version",
            Self::KdfOutOfLimits { .. } => "key-file-kdf-out-of-limits",
            Self::TooLittleMemory { .. } => "key-too-little-memory",
            Self::BadOptions(_) => "key-store-options-bad",
            Self::NoSuchKey(_) => "key-unknown",
            Self::AmbiguousLabel { .. } => "key-label-ambiguous",
            Self::KeyExists { .. } => "key-exists",
            Self::LabelTaken(_) => "key-label-taken",
            Self::BadLabel(_) => "key-label-bad",
            Self::WeakPin(_) => "pin-weak",
            Self::SamePin => "pin-same",
            Self::WrongPin { .. } => "pin-wrong",
            Self::Locked { .. } => "key-locked",
            Self::CertificateOfAnotherKey => "certificate-of-another-key",
            Self::BadCertificate { .. } => "certificate-unreadable",
            Self::BadChain => "certificate-chain-bad",
            Self::TooBig { .. } => "import-too-big",
            Self::Malformed(_) => "import-malformed",
            Self::PasswordNeeded => "import-password-needed",
            Self::WrongPassword => "import-password-wrong",
            Self::Unsupported { .. } => "import-unsupported",
            Self::NotSm2(_) => "import-not-sm2",
            Self::HalvesDiffer => "import-halves-differ",
            Self::NoKey => "import-no-key",
            Self::SeveralKeys(_) => "import-several-keys",
            Self::TooManyIterations => "import-too-many-iterations",
        }
    }
}
