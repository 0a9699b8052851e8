//! Checkpoints: the root of a log at some size, signed (the form of C2SP tlog-checkpoint).
//!
//! ```text
//! yinxin.example.gov.cn/audit
//! 128
//! dMQO2EgZ5nFN0Rxk5LCPJ3cZ+H0dLwyl7Vd0X0jQv0M=
//! time 2026-11-22T02:00:00.000000Z
//!
//! — yinxin.example.gov.cn/audit BASE64
//! ```
//!
//! The lines are the log's origin, its size in decimal, the root in base64, and the time of signing.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use gm::{Digest, Signer};
use jiff::Timestamp;

use crate::entry::{print_time, read_time};
use crate::note::{self, NoteSignature, is_origin};
use crate::{Error, LogKey};

/// What a log commits to: its first `size` entries have this root.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Checkpoint {
    /// Which log: 1 to 128 visible ASCII characters without `+`, for example `yinxin.example.gov.cn/audit`.
    pub origin: String,
    /// How many entries.
    pub size: u64,
    /// The root of the tree over them.
    pub root: Digest,
    /// When it was signed, in whole microseconds; what is finer is not written.
    pub time: Timestamp,
}

impl Checkpoint {
    /// Signs as `name`, usually the origin.
    pub fn sign(&self, name: &str, signer: &dyn Signer) -> Result<SignedCheckpoint, Error> {
        if !is_origin(&self.origin) {
            return Err(Error::CheckpointMalformed { why: ORIGIN });
        }
        let text = self.text();
        let signature = note::sign(&text, name, signer)?;
        SignedCheckpoint::parse(&note::join(&text, &[signature]))
    }

    fn text(&self) -> String {
        let (root, time) = (STANDARD.encode(self.root.0), print_time(self.time));
        format!("{}\n{}\n{root}\ntime {time}\n", self.origin, self.size)
    }

    fn parse(text: &str) -> Result<Self, Error> {
        let malformed = |why| Error::CheckpointMalformed { why };
        let lines: Vec<&str> = text.split_terminator('\n').collect();
        let [origin, size, root, time] = lines[..] else {
            return Err(malformed("it has not the lines origin, size, root and time"));
        };
        if !is_origin(origin) {
            return Err(malformed(ORIGIN));
        }
        let size = size
            .parse()
            .map_err(|_| malformed("its size is no decimal number"))?;
        let root = STANDARD.decode(root).ok().and_then(|root| root.try_into().ok());
        let root = root
            .map(Digest)
            .ok_or(malformed("its root is not 32 bytes in base64"))?;
        let time = time.strip_prefix("time ").and_then(read_time);
        let checkpoint = Self {
            origin: origin.to_owned(),
            size,
            root,
            time: time.ok_or(malformed(
                "its time is not of the form 2026-11-22T02:00:00.000000Z",
            ))?,
        };
        if checkpoint.text() != text {
            return Err(malformed("its lines are not in their one form"));
        }
        Ok(checkpoint)
    }
}

const ORIGIN: &str = "its origin is not 1 to 128 visible ASCII characters without +";

/// A checkpoint with signatures that nobody verified yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignedCheckpoint {
    claimed: Checkpoint,
    signatures: Vec<NoteSignature>,
}

impl SignedCheckpoint {
    /// Reads the text form strictly: at most [`CHECKPOINT_BYTES_MAX`](crate::CHECKPOINT_BYTES_MAX) bytes, every
    /// line in its one form. Nothing is verified.
    pub fn parse(text: &str) -> Result<Self, Error> {
        let (text, signatures) = note::split(text)?;
        Ok(Self {
            claimed: Checkpoint::parse(text)?,
            signatures,
        })
    }

    /// The text form.
    pub fn to_text(&self) -> String {
        note::join(&self.claimed.text(), &self.signatures)
    }

    /// What it says, whoever wrote it.
    pub fn claimed(&self) -> &Checkpoint {
        &self.claimed
    }

    /// What it says, if one of `keys` signed it and no signature by one of them is broken.
    ///
    /// Signatures by other keys, such as those of witnesses, are not looked at.
    pub fn verify(&self, keys: &[LogKey]) -> Result<&Checkpoint, Error> {
        note::verify(&self.claimed.text(), &self.signatures, keys).map(|_| &self.claimed)
    }
}

#[cfg(test)]
mod tests {
    use gm::SigningKey;
    use proptest::prelude::*;
    use testkit::SeededRng;

    use super::*;

    const ORIGIN_NAME: &str = "yinxin.example.gov.cn/audit";

    fn key(seed: u64) -> SigningKey {
        SigningKey::generate(&mut SeededRng::new(seed))
    }

    fn log_key(seed: u64) -> LogKey {
        LogKey::new(ORIGIN_NAME, key(seed).public_key().clone()).unwrap()
    }

    fn checkpoint() -> Checkpoint {
        Checkpoint {
            origin: ORIGIN_NAME.into(),
            size: 128,
            root: gm::sm3(b"root"),
            time: testkit::time("2026-11-22T02:00:00Z"),
        }
    }

    #[test]
    fn the_form_is_as_documented() {
        let signed = checkpoint().sign(ORIGIN_NAME, &key(1)).unwrap();
        let text = signed.to_text();
        let root = STANDARD.encode(gm::sm3(b"root").0);
        let head = format!(
            "{ORIGIN_NAME}\n128\n{root}\ntime 2026-11-22T02:00:00.000000Z\n\n\u{2014} {ORIGIN_NAME} "
        );
        assert!(text.starts_with(&head), "{text}");
        assert_eq!(SignedCheckpoint::parse(&text), Ok(signed.clone()));
        assert_eq!(signed.verify(&[log_key(2), log_key(1)]), Ok(&checkpoint()));
        assert_eq!(signed.claimed(), &checkpoint());
    }

    #[test]
    fn a_checkpoint_of_another_key_is_not_believed() {
        let signed = checkpoint().sign(ORIGIN_NAME, &key(1)).unwrap();
        for keys in [&[][..], &[log_key(2)]] {
            assert!(matches!(signed.verify(keys), Err(Error::CheckpointSigner { .. })));
        }
        let other_name = LogKey::new("other", key(1).public_key().clone()).unwrap();
        assert!(matches!(
            signed.verify(&[other_name]),
            Err(Error::CheckpointSigner { .. })
        ));
    }

    #[test]
    fn every_change_of_a_character_is_noticed() {
        let text = checkpoint().sign(ORIGIN_NAME, &key(1)).unwrap().to_text();
        for (at, old) in text.char_indices() {
            for new in ['A', '1', '\n', ' '] {
                if new == old {
                    continue;
                }
                let changed = format!("{}{new}{}", &text[..at], &text[at + old.len_utf8()..]);
                let believed =
                    SignedCheckpoint::parse(&changed).is_ok_and(|c| c.verify(&[log_key(1)]).is_ok());
                assert!(!believed, "{at}: {old:?} became {new:?}");
            }
        }
    }

    #[test]
    fn a_witness_may_sign_too_but_a_broken_signature_of_ours_is_told() {
        let signed = checkpoint().sign(ORIGIN_NAME, &key(1)).unwrap();
        let witness = format!("\u{2014} witness.example {}\n", STANDARD.encode([5; 76]));
        let both = SignedCheckpoint::parse(&(signed.to_text() + &witness)).unwrap();
        assert_eq!(both.verify(&[log_key(1)]), Ok(&checkpoint()));
        let mut later = checkpoint();
        later.size = 129;
        let later = later.sign(ORIGIN_NAME, &key(1)).unwrap().to_text();
        let (_, line) = later.split_once("\n\n").unwrap();
        let forged = SignedCheckpoint::parse(&(signed.to_text() + line)).unwrap();
        assert!(matches!(
            forged.verify(&[log_key(1)]),
            Err(Error::CheckpointSignature { .. })
        ));
    }

    #[test]
    fn other_forms_are_refused() {
        let text = checkpoint().sign(ORIGIN_NAME, &key(1)).unwrap().to_text();
        let cases = [
            ("\n128\n", "\n0128\n"),
            ("\n128\n", "\n+128\n"),
            ("\n128\n", "\n-128\n"),
            ("\n128\n", "\n99999999999999999999\n"),
            ("\n128\n", "\n128\r\n"),
            ("time ", "Time "),
            ("000000Z", "000Z"),
            ("Z\n\n", "Z\nextension\n\n"),
            ("Z\n\n", "Z\n\n\n"),
            ("Z\n\n", "Z\n"),
            ("=\n", "\n"),
            ("\u{2014} ", "- "),
        ];
        for (from, to) in cases {
            let other = text.replacen(from, to, 1);
            assert_ne!(other, text, "{from:?}");
            let refused = SignedCheckpoint::parse(&other);
            assert!(
                matches!(refused, Err(Error::CheckpointMalformed { .. })),
                "{to:?}: {refused:?}"
            );
        }
        for end in ["", "\n\n", "\nx"] {
            assert!(SignedCheckpoint::parse(&(text.trim_end().to_owned() + end)).is_err());
        }
        let line = text.split_once("\n\n").unwrap().1.repeat(17);
        assert!(
            SignedCheckpoint::parse(&format!("{}\n\n{line}", text.split_once("\n\n").unwrap().0)).is_err()
        );
        let long = "x".repeat(crate::CHECKPOINT_BYTES_MAX + 1);
        let error = Error::CheckpointTooLong { bytes: long.len() };
        assert_eq!(SignedCheckpoint::parse(&long), Err(error));
    }

    #[test]
    fn names_that_hide_something_are_refused() {
        for origin in ["", "a b", "a+b", "a\u{a0}b", "印信", "a\nb", &"a".repeat(129)] {
            let mut bad = checkpoint();
            bad.origin = origin.into();
            assert!(bad.sign(ORIGIN_NAME, &key(1)).is_err(), "{origin}");
            assert!(checkpoint().sign(origin, &key(1)).is_err(), "{origin}");
        }
    }

    #[test]
    fn a_key_as_text_comes_back_and_a_mistyped_one_is_refused() {
        let text = log_key(1).to_string();
        assert_eq!(LogKey::parse(&text), Ok(log_key(1)));
        assert_eq!(LogKey::parse(&format!("{text}\n")), Ok(log_key(1)));
        for at in 0..text.len() {
            for new in ["A", "0", "+", " "] {
                if &text[at..=at] != new {
                    let changed = format!("{}{new}{}", &text[..at], &text[at + 1..]);
                    assert!(LogKey::parse(&changed).is_err(), "{changed}");
                }
            }
        }
        assert!(LogKey::parse(&format!("{text}\n\n")).is_err());
    }

    proptest! {
        #[test]
        fn any_text_is_read_without_panic(text in "(\u{2014}? ?[a-z0-9=+/ ]{0,20}\n){0,9}") {
            prop_assert!(SignedCheckpoint::parse(&text).is_err());
            prop_assert!(LogKey::parse(&text).is_err());
        }
    }
}
