//! Encrypted files (ISO 32000-2 §7.6): what the file says about its encryption, and where its strings and streams are
//! decrypted and encrypted. The cryptography itself comes from the caller, as a [`Cipher`].

use std::borrow::Cow;
use std::fmt;
use std::rc::Rc;

use crate::document::Document;
use crate::error::{Error, structure};
use crate::object::{Dictionary, Object, ObjectId, Stream};

/// Longest string of an encryption dictionary that is taken, in bytes (`/U` and `/O` have 127 in some files).
const ENTRY_BYTES_MAX: usize = 512;

/// How strings or streams are encrypted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CryptMethod {
    /// Not at all.
    Identity,
    /// RC4, with a key of its own for every object.
    Rc4,
    /// AES-128 in CBC mode, with a key of its own for every object.
    AesV2,
    /// AES-256 in CBC mode, with the key of the file.
    AesV3,
}

/// The encryption dictionary of the standard handler (§7.6.4), with what else goes into the key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Encryption {
    /// `/R`: 2 to 6.
    pub revision: u8,
    /// Length of the file's key, in bytes.
    pub key_bytes: usize,
    /// `/O`, `/U`, `/OE`, `/UE`; the last two are empty below revision 5.
    pub owner: Vec<u8>,
    /// See `owner`.
    pub user: Vec<u8>,
    /// See `owner`.
    pub owner_key: Vec<u8>,
    /// See `owner`.
    pub user_key: Vec<u8>,
    /// `/P`.
    pub permissions: i32,
    /// Whether metadata streams are encrypted.
    pub metadata: bool,
    /// For streams.
    pub streams: CryptMethod,
    /// For strings.
    pub strings: CryptMethod,
    /// The first half of the file's identifier.
    pub file_id: Vec<u8>,
}

/// Decrypts and encrypts with the key of a file.
pub trait Cipher {
    /// The plain bytes; none when they cannot be decrypted.
    fn decrypt(&self, method: CryptMethod, id: ObjectId, data: &[u8]) -> Option<Vec<u8>>;
    /// The encrypted bytes.
    fn encrypt(&self, method: CryptMethod, id: ObjectId, data: &[u8]) -> Vec<u8>;
}

/// The key of a file that was opened.
#[derive(Clone)]
pub(crate) struct Opened {
    pub(crate) encryption: Encryption,
    cipher: Rc<dyn Cipher>,
    /// The encryption dictionary's own object, which is plain.
    own: Option<u32>,
}

impl fmt::Debug for Opened {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Opened")
    }
}

impl Opened {
    pub(crate) fn new(document: &Document<'_>, encryption: Encryption, cipher: Rc<dyn Cipher>) -> Self {
        let own = document.trailer().get("Encrypt").and_then(Object::as_reference);
        Self {
            encryption,
            cipher,
            own: own.map(|id| id.number),
        }
    }

    /// The strings of an object that was read; what cannot be decrypted becomes empty.
    pub(crate) fn decrypt_strings(&self, id: ObjectId, object: &mut Object) {
        if self.own == Some(id.number) || object.as_dictionary().is_some_and(|found| found.is_type("XRef")) {
            return;
        }
        let method = self.encryption.strings;
        map_strings(object, &|data| {
            self.cipher.decrypt(method, id, data).unwrap_or_default()
        });
    }

    pub(crate) fn encrypt_strings(&self, id: ObjectId, object: &mut Object) {
        if self.own == Some(id.number) {
            return;
        }
        let method = self.encryption.strings;
        map_strings(object, &|data| self.cipher.encrypt(method, id, data));
    }

    /// How the data of a stream is encrypted: by the method for streams, unless it says otherwise (§7.4.10, §7.6.6).
    fn stream_method(&self, dictionary: &Dictionary) -> CryptMethod {
        let is_plain =
            dictionary.is_type("XRef") || (dictionary.is_type("Metadata") && !self.encryption.metadata);
        match is_plain || says_identity(dictionary) {
            true => CryptMethod::Identity,
            false => self.encryption.streams,
        }
    }

    pub(crate) fn decrypt_stream<'b>(&self, stream: &Stream, raw: &'b [u8]) -> Result<Cow<'b, [u8]>, Error> {
        match (self.stream_method(&stream.dictionary), stream.id) {
            (CryptMethod::Identity, _) => Ok(Cow::Borrowed(raw)),
            (method, Some(id)) => {
                let plain = self.cipher.decrypt(method, id, raw);
                plain
                    .map(Cow::Owned)
                    .ok_or(Error::Filter("a stream cannot be decrypted"))
            }
            (_, None) => structure("stream", "it is no object of its own"),
        }
    }

    pub(crate) fn encrypt_stream<'b>(
        &self,
        id: ObjectId,
        dictionary: &Dictionary,
        data: &'b [u8],
    ) -> Cow<'b, [u8]> {
        match self.stream_method(dictionary) {
            CryptMethod::Identity => Cow::Borrowed(data),
            method => Cow::Owned(self.cipher.encrypt(method, id, data)),
        }
    }
}

/// A stream whose first filter is the crypt filter that does nothing, which is also the one meant when none is named.
fn says_identity(dictionary: &Dictionary) -> bool {
    fn first(value: Option<&Object>) -> Option<&Object> {
        match value {
            Some(Object::Array(elements)) => elements.first(),
            other => other,
        }
    }
    if first(dictionary.get("Filter")).and_then(Object::as_name) != Some(b"Crypt") {
        return false;
    }
    let name = first(dictionary.get("DecodeParms"))
        .and_then(|parameters| parameters.as_dictionary()?.get("Name")?.as_name());
    name.is_none_or(|name| name == b"Identity")
}

/// Every string of a value but the signature values, which are never encrypted (§7.6.2).
fn map_strings(object: &mut Object, change: &dyn Fn(&[u8]) -> Vec<u8>) {
    match object {
        Object::Text(text) => text.bytes = change(&text.bytes),
        Object::Array(elements) => elements
            .iter_mut()
            .for_each(|element| map_strings(element, change)),
        Object::Dictionary(dictionary) => map_entries(dictionary, change),
        Object::Stream(stream) => map_entries(&mut stream.dictionary, change),
        _ => {}
    }
}

fn map_entries(dictionary: &mut Dictionary, change: &dyn Fn(&[u8]) -> Vec<u8>) {
    let is_signature = dictionary.contains("ByteRange");
    for (key, value) in dictionary.values_mut() {
        if !(is_signature && key == b"Contents") {
            map_strings(value, change);
        }
    }
}

/// What the trailer says about encryption; none when the file is not encrypted.
pub(crate) fn read_encryption(document: &Document<'_>) -> Result<Option<Encryption>, Error> {
    const WHAT: &str = "encryption dictionary";
    if !document.is_encrypted() {
        return Ok(None);
    }
    let trailer = document.trailer();
    let found = document.get(trailer, "Encrypt")?;
    let Some(dictionary) = found.as_ref().and_then(|found| found.as_dictionary()) else {
        return structure(WHAT, "it is no dictionary");
    };
    let integer = |key| -> Result<Option<i64>, Error> {
        Ok(document
            .get(dictionary, key)?
            .and_then(|value| value.as_integer()))
    };
    let text = |key| -> Result<Vec<u8>, Error> {
        let value = document.get(dictionary, key)?;
        let bytes = value.and_then(|value| Some(value.as_text()?.bytes.clone()));
        Ok(bytes
            .filter(|bytes| bytes.len() <= ENTRY_BYTES_MAX)
            .unwrap_or_default())
    };
    let is_standard = document
        .get(dictionary, "Filter")?
        .is_some_and(|name| name.as_name() == Some(b"Standard"));
    if !is_standard {
        return structure(WHAT, "the handler is not the standard one");
    }
    let (version, revision) = (integer("V")?.unwrap_or(0), integer("R")?.unwrap_or(0));
    let (streams, strings, key_bytes) = match (version, revision) {
        (1, 2..=3) => (CryptMethod::Rc4, CryptMethod::Rc4, 5),
        (2, 3) => {
            let bits = integer("Length")?.unwrap_or(40);
            let key_bytes = usize::try_from(bits / 8).unwrap_or(0);
            (CryptMethod::Rc4, CryptMethod::Rc4, key_bytes)
        }
        (4, 4) => (
            method(document, dictionary, "StmF")?,
            method(document, dictionary, "StrF")?,
            16,
        ),
        (5, 5..=6) => (
            method(document, dictionary, "StmF")?,
            method(document, dictionary, "StrF")?,
            32,
        ),
        _ => return structure(WHAT, "the version is not supported"),
    };
    let is_v3 = [streams, strings].contains(&CryptMethod::AesV3);
    if !(5..=32).contains(&key_bytes) || (version == 5) != is_v3 && streams != CryptMethod::Identity {
        return structure(WHAT, "length or methods do not fit the version");
    }
    let ids = document.get(trailer, "ID")?;
    let first = ids.and_then(|ids| Some(ids.as_array()?.first()?.as_text()?.bytes.clone()));
    let metadata = document.get(dictionary, "EncryptMetadata")?;
    Ok(Some(Encryption {
        revision: revision as u8,
        key_bytes,
        owner: text("O")?,
        user: text("U")?,
        owner_key: text("OE")?,
        user_key: text("UE")?,
        // A number of 32 bits that some write without its sign.
        permissions: integer("P")?.unwrap_or(0) as i32,
        metadata: metadata.is_none_or(|value| *value != Object::Boolean(false)),
        streams,
        strings,
        file_id: first.unwrap_or_default(),
    }))
}

/// The method of a crypt filter (§7.6.6).
fn method(document: &Document<'_>, dictionary: &Dictionary, key: &str) -> Result<CryptMethod, Error> {
    const WHAT: &str = "crypt filter";
    let name = document.get(dictionary, key)?;
    let name = match name.as_ref().and_then(|name| name.as_name()) {
        None | Some(b"Identity") => return Ok(CryptMethod::Identity),
        Some(name) => String::from_utf8_lossy(name).into_owned(),
    };
    let filters = document.get(dictionary, "CF")?;
    let Some(filters) = filters.as_ref().and_then(|filters| filters.as_dictionary()) else {
        return structure(WHAT, "there is none");
    };
    let filter = document.get(filters, &name)?;
    let Some(filter) = filter.as_ref().and_then(|filter| filter.as_dictionary()) else {
        return structure(WHAT, "it does not exist");
    };
    match document
        .get(filter, "CFM")?
        .as_ref()
        .and_then(|name| name.as_name())
    {
        Some(b"V2") => Ok(CryptMethod::Rc4),
        Some(b"AESV2") => Ok(CryptMethod::AesV2),
        Some(b"AESV3") => Ok(CryptMethod::AesV3),
        _ => structure(WHAT, "its method is not supported"),
    }
}
