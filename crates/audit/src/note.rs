//! Signed notes: text, a blank line, and a line for each signature (the form of C2SP signed-note).
//!
//! ```text
//! <text, each line ended>
//!
//! — NAME BASE64(key id, 4 bytes ‖ r ‖ s)
//! ```
//!
//! Keys are SM2 keys. The key id is the beginning of SM3 over the name and the key, where C2SP has SHA-256; the
//! signature type is 0xff with a name of its own, as C2SP foresees for types it does not number.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use gm::{PublicKey, Signature, Signer, Verifier as _};

use crate::Error;

/// Bytes of a signed checkpoint at most.
pub const CHECKPOINT_BYTES_MAX: usize = 8 * 1024;

/// A key that signs checkpoints: its name and its public half.
///
/// As text `NAME+ID+BASE64(0xff ‖ "SM2-SM3" ‖ 04 ‖ X ‖ Y)`, where ID is eight hexadecimal digits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogKey {
    name: String,
    key: PublicKey,
}

impl LogKey {
    /// `name` is 1 to 128 visible ASCII characters without `+`; usually it is the log's origin.
    pub fn new(name: &str, key: PublicKey) -> Result<Self, Error> {
        if !is_origin(name) {
            return Err(Error::KeyMalformed {
                why: "the name is not 1 to 128 visible ASCII characters without +",
            });
        }
        Ok(Self {
            name: name.to_owned(),
            key,
        })
    }

    /// Who signs.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The public half.
    pub fn public_key(&self) -> &PublicKey {
        &self.key
    }

    /// SM3(name ‖ 0x0A ‖ type ‖ key), its first four bytes.
    pub fn id(&self) -> [u8; 4] {
        let message = [self.name.as_bytes(), b"\n", &self.typed_key()].concat();
        let [a, b, c, d, ..] = gm::sm3(&message).0;
        [a, b, c, d]
    }

    fn typed_key(&self) -> Vec<u8> {
        [SIGNATURE_TYPE, &self.key.to_sec1()].concat()
    }

    /// Reads the text form; a line end after it is tolerated, since it is kept in files.
    pub fn parse(text: &str) -> Result<Self, Error> {
        let malformed = |why| Error::KeyMalformed { why };
        let text = text.strip_suffix('\n').unwrap_or(text);
        if text.len() > CHECKPOINT_BYTES_MAX {
            return Err(malformed("it is too long"));
        }
        let mut parts = text.splitn(3, '+');
        let (Some(name), Some(id), Some(key)) = (parts.next(), parts.next(), parts.next()) else {
            return Err(malformed("it has not three parts"));
        };
        let key = STANDARD
            .decode(key)
            .map_err(|_| malformed("the last part is not base64"))?;
        let key = key
            .strip_prefix(SIGNATURE_TYPE)
            .ok_or(malformed("it is no SM2 key"))?;
        let key = PublicKey::from_sec1(key).map_err(|_| malformed("the key is no point of the SM2 curve"))?;
        let key = Self::new(name, key)?;
        // The id also protects against a name or a key that was mistyped.
        if key.to_string() != text || hex::encode(key.id()) != id {
            return Err(malformed("the id does not fit the name and the key"));
        }
        Ok(key)
    }
}

impl fmt::Display for LogKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (id, key) = (hex::encode(self.id()), STANDARD.encode(self.typed_key()));
        write!(f, "{}+{id}+{key}", self.name)
    }
}

/// One line below the text. Of other kinds of keys only the name and the id are understood.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct NoteSignature {
    pub(crate) name: String,
    pub(crate) id: [u8; 4],
    value: Vec<u8>,
}

impl NoteSignature {
    fn line(&self) -> String {
        let value = STANDARD.encode([&self.id[..], &self.value].concat());
        format!("{LINE_START}{} {value}\n", self.name)
    }

    fn parse(line: &str) -> Option<Self> {
        let (name, value) = line.strip_prefix(LINE_START)?.split_once(' ')?;
        let value = STANDARD.decode(value).ok()?;
        let (id, value) = value.split_first_chunk()?;
        (is_origin(name) && !value.is_empty()).then(|| Self {
            name: name.to_owned(),
            id: *id,
            value: value.to_vec(),
        })
    }
}

/// Signs `text` as `name`.
pub(crate) fn sign(text: &str, name: &str, signer: &dyn Signer) -> Result<NoteSignature, Error> {
    let key = LogKey::new(name, signer.public_key().clone())?;
    let value = signer.sign(text.as_bytes())?.to_raw().to_vec();
    Ok(NoteSignature {
        name: name.to_owned(),
        id: key.id(),
        value,
    })
}

/// Text and signatures as one text.
pub(crate) fn join(text: &str, signatures: &[NoteSignature]) -> String {
    let lines: String = signatures.iter().map(NoteSignature::line).collect();
    format!("{text}\n{lines}")
}

/// Takes a note apart; nothing is verified.
pub(crate) fn split(note: &str) -> Result<(&str, Vec<NoteSignature>), Error> {
    let malformed = |why| Error::CheckpointMalformed { why };
    if note.len() > CHECKPOINT_BYTES_MAX {
        return Err(Error::CheckpointTooLong { bytes: note.len() });
    }
    if note.chars().any(|c| c.is_control() && c != '\n') {
        return Err(malformed("it has control characters"));
    }
    let at = note
        .find("\n\n")
        .ok_or(malformed("it has no blank line before signatures"))?;
    let (text, lines) = (&note[..=at], &note[at + 2..]);
    let lines = lines
        .strip_suffix('\n')
        .ok_or(malformed("its last line is not ended"))?;
    if lines.split('\n').count() > SIGNATURES_MAX {
        return Err(malformed("it has more than 16 signatures"));
    }
    let signatures: Option<Vec<_>> = lines.split('\n').map(NoteSignature::parse).collect();
    Ok((
        text,
        signatures.ok_or(malformed("a line below the blank line is no signature"))?,
    ))
}

/// Checks that one of `keys` signed `text`, and that no signature by one of them is broken. Returns that key.
pub(crate) fn verify<'k>(
    text: &str,
    signatures: &[NoteSignature],
    keys: &'k [LogKey],
) -> Result<&'k LogKey, Error> {
    let mut found = None;
    for signature in signatures {
        let is_signer = |key: &&LogKey| key.name == signature.name && key.id() == signature.id;
        let Some(key) = keys.iter().find(is_signer) else {
            continue;
        };
        let broken = |why| Error::CheckpointSignature {
            signer: key.name.clone(),
            why,
        };
        let raw = <&[u8; 64]>::try_from(&signature.value[..]).map_err(|_| gm::BadSignature::Malformed);
        let value = raw.and_then(Signature::from_raw).map_err(broken)?;
        key.key.verify(text.as_bytes(), &value).map_err(broken)?;
        found = found.or(Some(key));
    }
    found.ok_or_else(|| {
        let signer = |signature: &NoteSignature| format!("{}+{}", signature.name, hex::encode(signature.id));
        Error::CheckpointSigner {
            signers: signatures.iter().map(signer).collect::<Vec<_>>().join(", "),
        }
    })
}

/// Whether `text` can name a log or a key: no spaces that hide, no characters that look like others.
pub(crate) fn is_origin(text: &str) -> bool {
    (1..=ORIGIN_BYTES_MAX).contains(&text.len()) && text.bytes().all(|c| c.is_ascii_graphic() && c != b'+')
}

const ORIGIN_BYTES_MAX: usize = 128;

/// The log's signature and those of witnesses.
const SIGNATURES_MAX: usize = 16;

/// 0xff: a type without a number; then its name.
const SIGNATURE_TYPE: &[u8] = b"\xffSM2-SM3";

/// An em dash and a space.
const LINE_START: &str = "\u{2014} ";
