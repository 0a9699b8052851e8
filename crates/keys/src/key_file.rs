//! One key as a file: its shape, how its private half is sealed, and how its wrong PINs are counted.
//!
//! ```json
//! {
//!   "version": 1,
//!   "key": {
//!     "header": {
//!       "id": "32 hex digits: the first half of SM3 over the public key",
//!       "label": "合同专用章",
//!       "algorithm": "SM2",
//!       "public_key": "04‖X‖Y, 130 hex digits",
//!       "created": "2026-11-21T08:00:00Z",
//!       "pin_changed": "2026-11-21T08:00:00Z",
//!       "tries_max": 6,
//!       "kdf": { "name": "argon2id", "memory_kib": 65536, "passes": 3, "lanes": 1, "salt": "32 hex digits" }
//!     },
//!     "nonce": "24 hex digits",
//!     "ciphertext": "d (32 bytes) under SM4-GCM with its 16-byte tag, 96 hex digits",
//!     "tries": { "checks": 12, "wrong": 0, "chain": "64 hex digits" }
//!   },
//!   "sm3": "SM3 over the compact JSON of \"key\": finds damage before a try is spent on it"
//! }
//! ```
//!
//! Argon2id (version 19) makes 48 bytes of PIN and salt: the SM4 key, then the key of the counter's HMAC-SM3.
//! The additional data of GCM are the version and the header as compact JSON, so no field can be altered
//! unnoticed. A file is read only if it is byte for byte what this module writes.
//!
//! Counting wrong PINs needs no secret, so that it can be done before the PIN is known to be right; setting
//! the count back does. After `checks` PIN checks of which the last `wrong` failed, `chain` is
//! HMAC-SM3(counter key, checks − wrong), hashed `wrong` times with SM3: whoever turns `wrong` back by hand
//! cannot make the `chain` that goes with it, and the next right PIN shows it.

use crate::kdf::KdfRecord;
use crate::{Error, Kdf};
use gm::{Digest, PublicKey, Signer as _, SigningKey, sm3};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::fmt;
use std::path::Path;
use std::str::FromStr;
use subtle::ConstantTimeEq as _;

/// Most wrong PINs a key may be set to bear.
pub const PIN_TRIES_MAX: u32 = 20;
/// Most characters of a label.
pub const LABEL_CHARS_MAX: usize = 64;
/// Biggest key file, in bytes; real ones have about one thousand.
pub(crate) const KEY_FILE_BYTES_MAX: usize = 8 * 1024;

const VERSION: u64 = 1;

/// The name of a key in its store: the first 16 bytes of SM3 over its public key (04‖X‖Y). The same key
/// always has the same id.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct KeyId(#[serde(with = "hex::serde")] [u8; 16]);

impl KeyId {
    /// The id of the key with this public half.
    pub fn of(public_key: &PublicKey) -> Self {
        let Digest(digest) = sm3(&public_key.to_sec1());
        Self(std::array::from_fn(|index| digest[index]))
    }
}

impl fmt::Display for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::encode(self.0))
    }
}

impl fmt::Debug for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "KeyId({self})")
    }
}

impl FromStr for KeyId {
    type Err = Error;

    /// From its 32 lower-case hex digits.
    fn from_str(text: &str) -> Result<Self, Error> {
        let mut id = [0; 16];
        match hex::decode_to_slice(text, &mut id) {
            Ok(()) if !text.contains(|c: char| c.is_ascii_uppercase()) => Ok(Self(id)),
            _ => Err(Error::NoSuchKey(text.to_owned())),
        }
    }
}

/// What a key is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub enum Algorithm {
    /// SM2 (GB/T 32918).
    #[serde(rename = "SM2")]
    Sm2,
}

/// A key file in memory, its private half sealed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct KeyFile {
    pub(crate) header: Header,
    #[serde(with = "hex::serde")]
    nonce: [u8; 12],
    #[serde(with = "hex::serde")]
    ciphertext: Vec<u8>,
    tries: Tries,
}

/// What everybody may read of a key and nobody may alter.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Header {
    pub(crate) id: KeyId,
    pub(crate) label: String,
    pub(crate) algorithm: Algorithm,
    #[serde(with = "hex::serde")]
    public_key: [u8; 65],
    pub(crate) created: Timestamp,
    pub(crate) pin_changed: Timestamp,
    pub(crate) tries_max: u32,
    kdf: KdfRecord,
}

/// PIN checks begun in the life of the key, and how many of the last ones failed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Tries {
    checks: u64,
    wrong: u32,
    #[serde(with = "hex::serde")]
    chain: [u8; 32],
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Envelope {
    version: u64,
    key: KeyFile,
    #[serde(with = "hex::serde")]
    sm3: [u8; 32],
}

impl KeyFile {
    /// Seals a key under a PIN. `checks` are the PIN checks made before in the life of the key.
    pub(crate) fn seal(
        key: &SigningKey,
        pin: &str,
        about: About,
        rng: &mut dyn rand_core::CryptoRng,
    ) -> Result<Self, Error> {
        let About {
            label,
            created,
            pin_changed,
            tries_max,
            kdf,
            checks,
        } = about;
        let (mut salt, mut nonce) = ([0; 16], [0; 12]);
        rng.fill_bytes(&mut salt);
        rng.fill_bytes(&mut nonce);
        let header = Header {
            id: KeyId::of(key.public_key()),
            label,
            algorithm: Algorithm::Sm2,
            public_key: key.public_key().to_sec1(),
            created,
            pin_changed,
            tries_max,
            kdf: KdfRecord::new(kdf, salt),
        };
        let keys = header.kdf.derive(pin)?;
        let ciphertext = gm::sm4::seal(&keys.sm4, &nonce, &header.additional_data(), &*key.to_bytes());
        let tries = Tries {
            checks,
            wrong: 0,
            chain: keys.chain(checks, 0),
        };
        Ok(Self {
            header,
            nonce,
            ciphertext,
            tries,
        })
    }

    /// Opens the key after [`count`](Self::count), setting the count of wrong PINs back in memory.
    pub(crate) fn open(&mut self, pin: &str, path: &Path) -> Result<SigningKey, Error> {
        let altered = |what| Error::Altered {
            path: path.to_owned(),
            what,
        };
        let keys = self.header.kdf.derive(pin)?;
        let opened = gm::sm4::open(
            &keys.sm4,
            &self.nonce,
            &self.header.additional_data(),
            &self.ciphertext,
        );
        let Tries {
            checks,
            wrong,
            ref chain,
        } = self.tries;
        let counted_honestly: bool = keys.chain(checks, wrong).ct_eq(chain).into();
        let secret = match (opened, counted_honestly) {
            (Ok(secret), true) => secret,
            (Ok(_), false) => return Err(altered("its count of wrong PINs does not add up")),
            (Err(_), true) => return Err(altered("its contents do not open under the right PIN")),
            (Err(_), false) => {
                return Err(Error::WrongPin {
                    left: self.tries_left(),
                    tries_max: self.header.tries_max,
                });
            }
        };
        let key = <&[u8; 32]>::try_from(secret.as_slice())
            .ok()
            .and_then(|bytes| SigningKey::from_bytes(bytes).ok())
            .filter(|key| key.public_key().to_sec1() == self.header.public_key)
            .ok_or_else(|| altered("its private and public halves do not belong together"))?;
        self.tries = Tries {
            checks,
            wrong: 0,
            chain: keys.chain(checks, 0),
        };
        Ok(key)
    }

    /// Counts one PIN check as wrong, in memory; [`open`](Self::open) takes it back when it was right.
    pub(crate) fn count(&mut self) {
        let Tries { checks, wrong, chain } = &mut self.tries;
        *checks = checks.saturating_add(1);
        *wrong = wrong.saturating_add(1);
        *chain = sm3(&*chain).0;
    }

    /// PIN checks begun in the life of the key.
    pub(crate) fn checks(&self) -> u64 {
        self.tries.checks
    }

    /// Tries left before the key locks; 0 when it is locked.
    pub(crate) fn tries_left(&self) -> u32 {
        self.header.tries_max.saturating_sub(self.tries.wrong)
    }

    pub(crate) fn to_bytes(&self) -> Vec<u8> {
        let envelope = Envelope {
            version: VERSION,
            key: self.clone(),
            sm3: sm3(&json(self)).0,
        };
        let mut bytes =
            serde_json::to_vec_pretty(&envelope).expect("these structures have only strings for keys");
        bytes.push(b'\n');
        bytes
    }

    /// Reads what [`to_bytes`](Self::to_bytes) wrote; `path` is for the messages.
    pub(crate) fn from_bytes(bytes: &[u8], path: &Path) -> Result<Self, Error> {
        #[derive(Deserialize)]
        struct Version {
            version: u64,
        }
        let damaged = |what| Error::Damaged {
            path: path.to_owned(),
            what,
        };
        match serde_json::from_slice(bytes) {
            Ok(Version { version }) if version > VERSION => {
                return Err(Error::NewerVersion {
                    path: path.to_owned(),
                    version,
                });
            }
            Ok(Version { version: VERSION }) => {}
            _ => return Err(damaged("it is no key file")),
        }
        let Envelope { key, sm3: stated, .. } =
            serde_json::from_slice(bytes).map_err(|_| damaged("a field is missing, unknown or malformed"))?;
        if sm3(&json(&key)).0 != stated {
            return Err(damaged("its digest does not match its contents"));
        }
        if key.to_bytes() != bytes {
            return Err(damaged("it is not written the way key files are"));
        }
        if u64::from(key.tries.wrong) > key.tries.checks {
            return Err(damaged("more wrong PINs than PIN checks stand in it"));
        }
        key.header.check(path)?;
        Ok(key)
    }
}

/// Whether a label can be shown in one line and not be taken for a [`KeyId`].
pub(crate) fn is_label(text: &str) -> bool {
    (1..=LABEL_CHARS_MAX).contains(&text.chars().count())
        && !text.chars().any(char::is_control)
        && text.trim() == text
        && KeyId::from_str(text).is_err()
}

/// What a new key file says beside the key.
pub(crate) struct About {
    pub(crate) label: String,
    pub(crate) created: Timestamp,
    pub(crate) pin_changed: Timestamp,
    pub(crate) tries_max: u32,
    pub(crate) kdf: Kdf,
    pub(crate) checks: u64,
}

impl Header {
    /// The public half, which [`check`](Self::check) found on the curve.
    pub(crate) fn public_key(&self) -> Result<PublicKey, gm::BadPublicKey> {
        PublicKey::from_sec1(&self.public_key)
    }

    fn additional_data(&self) -> Vec<u8> {
        json(&(VERSION, self))
    }

    fn check(&self, path: &Path) -> Result<(), Error> {
        if !self.kdf.kdf().is_within_limits() {
            return Err(Error::KdfOutOfLimits {
                path: path.to_owned(),
                kdf: self.kdf.kdf(),
            });
        }
        let damaged = |what| {
            Err(Error::Damaged {
                path: path.to_owned(),
                what,
            })
        };
        if !(1..=PIN_TRIES_MAX).contains(&self.tries_max) {
            return damaged("its number of tries is out of range");
        }
        if !is_label(&self.label) {
            return damaged("its label is not one this program writes");
        }
        match self.public_key() {
            Ok(key) if KeyId::of(&key) == self.id => Ok(()),
            _ => damaged("its id is not that of its public key"),
        }
    }
}

fn json(value: &impl Serialize) -> Vec<u8> {
    serde_json::to_vec(value).expect("these structures have only strings for keys")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::test_support::{CHEAP, SeededRng};
    use crate::{KDF_LANES_MAX, KDF_MEMORY_KIB_MAX, KDF_PASSES_MAX};

    const PIN: &str = "correct horse";

    fn sealed() -> KeyFile {
        let mut rng = SeededRng::new(1);
        let key = SigningKey::generate(&mut rng);
        let time: Timestamp = "2026-11-21T08:00:00Z".parse().unwrap();
        let about = About {
            label: "合同专用章".into(),
            created: time,
            pin_changed: time,
            tries_max: 6,
            kdf: CHEAP,
            checks: 0,
        };
        KeyFile::seal(&key, PIN, about, &mut rng).unwrap()
    }

    fn path() -> &'static Path {
        Path::new("test.key")
    }

    /// The bytes with a new digest, as somebody writes them who knows this module.
    fn forged(file: &KeyFile) -> KeyFile {
        KeyFile::from_bytes(&file.to_bytes(), path()).unwrap()
    }

    #[test]
    fn a_file_survives_the_round_trip_and_opens_under_its_pin_alone() {
        let file = sealed();
        let mut read = KeyFile::from_bytes(&file.to_bytes(), path()).unwrap();
        assert_eq!(read, file);
        read.count();
        assert!(matches!(
            read.open("wrong horse", path()),
            Err(Error::WrongPin {
                left: 5,
                tries_max: 6
            })
        ));
        read.count();
        let key = read.open(PIN, path()).unwrap();
        assert_eq!(key.public_key().to_sec1(), read.header.public_key);
        assert_eq!((read.tries_left(), read.checks()), (6, 2));
    }

    #[test]
    fn every_single_altered_byte_is_found_before_a_try_is_spent() {
        let bytes = sealed().to_bytes();
        assert!(bytes.len() < 1500, "{}", bytes.len());
        for index in 0..bytes.len() {
            for mask in [0x01, 0x20, 0x80] {
                let mut altered = bytes.clone();
                altered[index] ^= mask;
                let result = KeyFile::from_bytes(&altered, path());
                assert!(
                    matches!(result, Err(Error::Damaged { .. } | Error::NewerVersion { .. })),
                    "byte {index} ^ {mask:#x}: {result:?}"
                );
            }
            assert!(
                KeyFile::from_bytes(&bytes[..index], path()).is_err(),
                "cut at {index}"
            );
            let mut longer = bytes.clone();
            longer.insert(index, b' ');
            assert!(KeyFile::from_bytes(&longer, path()).is_err(), "blank at {index}");
        }
    }

    /// Alters one field, mends the digest, and says how opening under the right PIN ends.
    #[track_caller]
    fn opening_after(alter: impl Fn(&mut KeyFile)) -> Error {
        let mut file = sealed();
        file.count();
        alter(&mut file);
        let mut file = forged(&file);
        file.count();
        file.open(PIN, path()).unwrap_err()
    }

    #[test]
    fn a_field_altered_together_with_the_digest_is_found_when_the_key_opens() {
        let alterations: [fn(&mut KeyFile); 8] = [
            |file| file.header.label.push('2'),
            |file| file.header.created += std::time::Duration::from_secs(1),
            |file| file.header.pin_changed += std::time::Duration::from_secs(1),
            |file| file.header.tries_max = 20,
            |file| file.nonce[0] ^= 1,
            |file| file.ciphertext[0] ^= 1,
            |file| file.ciphertext[47] ^= 1,
            |file| file.ciphertext.truncate(16),
        ];
        for (index, alter) in alterations.into_iter().enumerate() {
            let error = opening_after(alter);
            assert!(
                matches!(error, Error::Altered { .. }),
                "alteration {index}: {error}"
            );
        }
        // The salt and the costs are part of the derivation: altered, no PIN is right any more.
        let alterations: [fn(&mut KeyFile); 3] = [
            |file| file.header.kdf.salt[0] ^= 1,
            |file| file.header.kdf.passes += 1,
            |file| file.header.kdf.memory_kib += 8,
        ];
        for (index, alter) in alterations.into_iter().enumerate() {
            let error = opening_after(alter);
            assert!(
                matches!(error, Error::WrongPin { .. }),
                "alteration {index}: {error}"
            );
        }
    }

    #[test]
    fn another_public_key_in_the_header_is_found() {
        let other = SigningKey::generate(&mut SeededRng::new(2));
        let error = opening_after(|file| {
            file.header.public_key = other.public_key().to_sec1();
            file.header.id = KeyId::of(other.public_key());
        });
        assert!(matches!(error, Error::Altered { .. }), "{error}");
    }

    #[test]
    fn a_count_turned_back_by_hand_is_found_by_the_next_right_pin() {
        let mut file = sealed();
        let honest = file.tries.clone();
        for _ in 0..5 {
            file.count();
        }
        for alter in [
            |tries: &mut Tries, _: &Tries| tries.wrong = 0,
            |tries: &mut Tries, _: &Tries| tries.checks += 1,
            |tries: &mut Tries, _: &Tries| tries.chain[0] ^= 1,
            // The old chain value belongs to the old number of checks.
            |tries: &mut Tries, honest: &Tries| {
                *tries = Tries {
                    checks: tries.checks,
                    ..honest.clone()
                }
            },
        ] {
            let mut altered = file.clone();
            alter(&mut altered.tries, &honest);
            let mut altered = forged(&altered);
            altered.count();
            let error = altered.open(PIN, path()).unwrap_err();
            assert!(
                matches!(
                    error,
                    Error::Altered {
                        what: "its count of wrong PINs does not add up",
                        ..
                    }
                ),
                "{error}"
            );
        }
        let mut fewer_checks = file.clone();
        fewer_checks.tries.checks = 4;
        assert!(KeyFile::from_bytes(&fewer_checks.to_bytes(), path()).is_err());
        file.count();
        assert!(file.open(PIN, path()).is_ok());
    }

    #[test]
    fn absurd_costs_are_refused_before_they_are_paid() {
        let costs: [fn(&mut KdfRecord); 6] = [
            |kdf| kdf.memory_kib = u32::MAX,
            |kdf| kdf.memory_kib = KDF_MEMORY_KIB_MAX + 1,
            |kdf| kdf.memory_kib = 0,
            |kdf| kdf.passes = KDF_PASSES_MAX + 1,
            |kdf| kdf.passes = 0,
            |kdf| kdf.lanes = KDF_LANES_MAX + 1,
        ];
        for (index, cost) in costs.into_iter().enumerate() {
            let mut file = sealed();
            cost(&mut file.header.kdf);
            let result = KeyFile::from_bytes(&file.to_bytes(), path());
            assert!(
                matches!(result, Err(Error::KdfOutOfLimits { .. })),
                "cost {index}: {result:?}"
            );
        }
    }

    #[test]
    fn hostile_headers_are_refused() {
        let alterations: [fn(&mut Header); 5] = [
            |header| header.tries_max = 0,
            |header| header.tries_max = u32::MAX,
            |header| header.label = "a\u{1b}[2J".into(),
            |header| header.public_key[64] ^= 1,
            |header| header.id = KeyId([0; 16]),
        ];
        for (index, alter) in alterations.into_iter().enumerate() {
            let mut file = sealed();
            alter(&mut file.header);
            let result = KeyFile::from_bytes(&file.to_bytes(), path());
            assert!(
                matches!(result, Err(Error::Damaged { .. })),
                "alteration {index}: {result:?}"
            );
        }
    }

    /// Files of version 1 open in every later program; this one was written by the first.
    #[test]
    fn a_file_of_the_first_program_opens() {
        let mut file = KeyFile::from_bytes(FIRST.as_bytes(), path()).unwrap();
        assert_eq!(file.to_bytes(), FIRST.as_bytes());
        assert_eq!(file.tries_left(), 4);
        file.count();
        let key = file.open(PIN, path()).unwrap();
        assert_eq!(
            KeyId::of(key.public_key()).to_string(),
            "d2c2f9059d6601eb9e86498142c18e9b"
        );
    }

    const FIRST: &str = r#"{
  "version": 1,
  "key": {
    "header": {
      "id": "d2c2f9059d6601eb9e86498142c18e9b",
      "label": "合同专用章",
      "algorithm": "SM2",
      "public_key": "04ccdbfb455d6b1040beb2ec4bb19b053c2e023464148e406adceabfa4158c49ff949508c69dd1cf86d7560fb509cad0fb2386801ded3110b4767aa6ae1a88e3aa",
      "created": "2026-11-21T08:00:00Z",
      "pin_changed": "2026-11-21T08:00:00Z",
      "tries_max": 6,
      "kdf": {
        "name": "argon2id",
        "memory_kib": 8,
        "passes": 1,
        "lanes": 1,
        "salt": "b8cea3d6660502e6a79d59a964aad9bb"
      }
    },
    "nonce": "f67d4241a3f316d7b1197580",
    "ciphertext": "bef048be68410bad9522b0fd9eb920c24d4f7a25a59fc932d0d4c52b9ba22680e3fdfba81e7fdb8633c14d2ad1f32058",
    "tries": {
      "checks": 5,
      "wrong": 2,
      "chain": "5ac79b31a9bc2fb6fb851e0da7f1836c752b1d639ac987386ceb1a68b8cf8f53"
    }
  },
  "sm3": "424cfa0bad49a24a3b8c6fe7f3dd54f60d11cf7d9438a441b1a0a782a7948a0c"
}
"#;

    #[test]
    fn a_newer_version_is_named() {
        let text = String::from_utf8(sealed().to_bytes()).unwrap();
        let newer = text.replacen("\"version\": 1", "\"version\": 2", 1);
        let error = KeyFile::from_bytes(newer.as_bytes(), path()).unwrap_err();
        assert!(matches!(error, Error::NewerVersion { version: 2, .. }), "{error}");
    }

    #[test]
    fn an_id_is_32_lower_case_hex_digits() {
        let id = KeyId::of(SigningKey::generate(&mut SeededRng::new(1)).public_key());
        assert_eq!(id.to_string().parse::<KeyId>().unwrap(), id);
        assert!(id.to_string().to_uppercase().parse::<KeyId>().is_err());
        assert!("".parse::<KeyId>().is_err());
        assert!(id.to_string()[1..].parse::<KeyId>().is_err());
    }

    #[test]
    fn labels_fit_one_line() {
        for good in ["a", "合同专用章 (1)", &"章".repeat(64)] {
            assert!(is_label(good), "{good}");
        }
        for bad in ["", " a", "a ", "a\nb", &"章".repeat(65), &"0".repeat(32)] {
            assert!(!is_label(bad), "{bad}");
        }
    }
}
