//! Opens encrypted PDF files by their password (ISO 32000-2 §7.6.4, the standard security handler).

use std::rc::Rc;

use aes::{Aes128, Aes256};
use cbc::cipher::block_padding::{NoPadding, Pkcs7};
use cbc::cipher::{BlockModeDecrypt, BlockModeEncrypt, KeyIvInit as _};
use pdf::{Cipher, CryptMethod, Document, Encryption, ObjectId};
use pki::HashAlgorithm;
use zeroize::Zeroizing;

/// What fills a password up to 32 bytes (§7.6.4.3.2).
const PADDING: [u8; 32] = [
    0x28, 0xBF, 0x4E, 0x5E, 0x4E, 0x75, 0x8A, 0x41, 0x64, 0x00, 0x4E, 0x56, 0xFF, 0xFA, 0x01, 0x08, 0x2E,
    0x2E, 0x00, 0xB6, 0xD0, 0x68, 0x3E, 0x80, 0x2F, 0x0C, 0xA9, 0xFE, 0x64, 0x53, 0x69, 0x7A,
];
/// Longest password of revisions 5 and 6, in bytes.
const PASSWORD_BYTES_MAX: usize = 127;
/// `/U` and `/O` of revisions 5 and 6: a digest, then two salts of 8 bytes.
const ENTRY_BYTES: usize = 48;

/// Opens the file by the password, as its user or its owner. Many files have no password for users, and open by
/// themselves. What does not open stays [locked](Document::is_locked).
///
/// # Errors
/// When the file is encrypted in a way that is not supported.
pub(crate) fn open(document: &mut Document<'_>, password: Option<&str>) -> Result<(), pdf::Error> {
    let Some(encryption) = document.encryption()? else {
        return Ok(());
    };
    let tried = [Some(""), password];
    let key = tried
        .into_iter()
        .flatten()
        .flat_map(|password| spellings(password, encryption.revision))
        .find_map(|password| key_of(&encryption, &password));
    if let Some(key) = key {
        document.open_with(encryption, Rc::new(FileKey(key)));
    }
    Ok(())
}

/// How programs write a password: up to revision 4 in an encoding of one byte, often in UTF-8 all the same.
fn spellings(password: &str, revision: u8) -> Vec<Zeroizing<Vec<u8>>> {
    let mut utf_8 = Zeroizing::new(password.as_bytes().to_vec());
    utf_8.truncate(PASSWORD_BYTES_MAX);
    let narrow: Option<Vec<u8>> = password
        .chars()
        .map(|letter| u8::try_from(u32::from(letter)).ok())
        .collect();
    match narrow {
        Some(narrow) if revision < 5 && narrow != *utf_8 => vec![Zeroizing::new(narrow), utf_8],
        _ => vec![utf_8],
    }
}

fn key_of(encryption: &Encryption, password: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
    if encryption.revision >= 5 {
        return new_key(encryption, password);
    }
    user_key(encryption, password).or_else(|| user_key(encryption, &user_password(encryption, password)))
}

/// Algorithms 2, 4 to 6: the key that a user's password gives, if it is the right one.
fn user_key(encryption: &Encryption, password: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
    let owner = encryption.owner.get(..32)?;
    let permissions = encryption.permissions.to_le_bytes();
    let mut message =
        Zeroizing::new([&padded(password)[..], owner, &permissions, &encryption.file_id].concat());
    if encryption.revision >= 4 && !encryption.metadata {
        message.extend_from_slice(&[0xFF; 4]);
    }
    let key = shortened(encryption, HashAlgorithm::Md5.digest(&message));
    let expected = if encryption.revision == 2 {
        rc4(&key, &PADDING)
    } else {
        let start = HashAlgorithm::Md5.digest(&[&PADDING[..], &encryption.file_id].concat());
        (0..20).fold(start, |data, round| rc4(&changed(&key, round), &data))
    };
    (encryption.user.get(..expected.len()) == Some(&expected[..])).then_some(key)
}

/// Algorithm 7: what the owner's password tells of the user's.
fn user_password(encryption: &Encryption, owner_password: &[u8]) -> Zeroizing<Vec<u8>> {
    let key = shortened(encryption, HashAlgorithm::Md5.digest(&padded(owner_password)));
    let start = encryption.owner.get(..32).unwrap_or_default().to_vec();
    let rounds = if encryption.revision == 2 { 1 } else { 20 };
    let rounds = (0..rounds).rev();
    Zeroizing::new(rounds.fold(start, |data, round| rc4(&changed(&key, round), &data)))
}

/// The first bytes of a digest, taken fifty times more from revision 3 on.
fn shortened(encryption: &Encryption, mut digest: Vec<u8>) -> Zeroizing<Vec<u8>> {
    let length = encryption.key_bytes.min(16);
    if encryption.revision >= 3 {
        for _ in 0..50 {
            digest = HashAlgorithm::Md5.digest(&digest[..length]);
        }
    }
    digest.truncate(length);
    Zeroizing::new(digest)
}

fn changed(key: &[u8], round: u8) -> Zeroizing<Vec<u8>> {
    Zeroizing::new(key.iter().map(|byte| byte ^ round).collect())
}

fn padded(password: &[u8]) -> Zeroizing<Vec<u8>> {
    let filled = password.iter().chain(&PADDING).take(32).copied();
    Zeroizing::new(filled.collect())
}

/// Algorithm 2.A: revisions 5 and 6 keep the key under the passwords.
fn new_key(encryption: &Encryption, password: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
    let user = encryption.user.get(..ENTRY_BYTES)?;
    let owner = encryption.owner.get(..ENTRY_BYTES)?;
    for (entry, more, kept) in [
        (owner, user, &encryption.owner_key),
        (user, &[][..], &encryption.user_key),
    ] {
        let (digest, salts) = entry.split_at(32);
        let (to_check, to_open) = salts.split_at(8);
        if hardened(encryption.revision, password, to_check, more) == digest {
            let key = hardened(encryption.revision, password, to_open, more);
            let kept = kept.get(..32)?;
            return cbc_decrypt(&key, &[0; 16], kept).map(Zeroizing::new);
        }
    }
    None
}

/// Algorithm 2.B, which revision 5 did without.
fn hardened(revision: u8, password: &[u8], salt: &[u8], more: &[u8]) -> Vec<u8> {
    let mut key = HashAlgorithm::Sha256.digest(&[password, salt, more].concat());
    if revision == 5 {
        return key;
    }
    let mut round = 0;
    loop {
        let once = [password, &key, more].concat();
        let repeated = Zeroizing::new(once.repeat(64));
        // The block is 64 times something, so that its length fits and nothing is filled up.
        let Some(mixed) = cbc_encrypt_plain(&key[..16], &key[16..32], &repeated) else {
            return Vec::new();
        };
        // 256 is 1 modulo 3: the number modulo 3 is that of the sum of its bytes.
        let remainder: u32 = mixed[..16].iter().map(|byte| u32::from(*byte)).sum::<u32>() % 3;
        let algorithm = [
            HashAlgorithm::Sha256,
            HashAlgorithm::Sha384,
            HashAlgorithm::Sha512,
        ][remainder as usize];
        key = algorithm.digest(&mixed);
        round += 1;
        if round >= 64 && mixed.last().is_none_or(|last| u32::from(*last) + 32 <= round) {
            key.truncate(32);
            return key;
        }
    }
}

/// The key of a file.
struct FileKey(Zeroizing<Vec<u8>>);

impl FileKey {
    /// Algorithm 1: below AES-256 each object has a key of its own.
    fn of_object(&self, method: CryptMethod, id: ObjectId) -> Zeroizing<Vec<u8>> {
        if method == CryptMethod::AesV3 {
            return self.0.clone();
        }
        let salt: &[u8] = if method == CryptMethod::AesV2 {
            b"sAlT"
        } else {
            b""
        };
        let (number, generation) = (id.number.to_le_bytes(), id.generation.to_le_bytes());
        let message = Zeroizing::new([&self.0[..], &number[..3], &generation, salt].concat());
        let mut key = HashAlgorithm::Md5.digest(&message);
        key.truncate((self.0.len() + 5).min(16));
        Zeroizing::new(key)
    }
}

impl Cipher for FileKey {
    fn decrypt(&self, method: CryptMethod, id: ObjectId, data: &[u8]) -> Option<Vec<u8>> {
        let key = self.of_object(method, id);
        match method {
            CryptMethod::Identity => Some(data.to_vec()),
            CryptMethod::Rc4 => Some(rc4(&key, data)),
            CryptMethod::AesV2 | CryptMethod::AesV3 if data.is_empty() => Some(Vec::new()),
            CryptMethod::AesV2 | CryptMethod::AesV3 => {
                let (start, data) = data.split_at_checked(16)?;
                let mut plain = cbc_decrypt(&key, start, data)?;
                // Some writers fill up otherwise: then all of it counts.
                let filled = usize::from(plain.last().copied().unwrap_or(0));
                if (1..=16).contains(&filled) && filled <= plain.len() {
                    plain.truncate(plain.len() - filled);
                }
                Some(plain)
            }
        }
    }

    fn encrypt(&self, method: CryptMethod, id: ObjectId, data: &[u8]) -> Vec<u8> {
        let key = self.of_object(method, id);
        match method {
            CryptMethod::Identity => data.to_vec(),
            CryptMethod::Rc4 => rc4(&key, data),
            CryptMethod::AesV2 | CryptMethod::AesV3 => {
                // Different for different plain texts and keys, which is what CBC needs, and without randomness.
                let start =
                    HashAlgorithm::Sha256.digest(&[&key[..], &id.number.to_le_bytes(), data].concat());
                let encrypted = match key.len() {
                    32 => cbc::Encryptor::<Aes256>::new_from_slices(&key, &start[..16])
                        .map(|cipher| cipher.encrypt_padded_vec::<Pkcs7>(data)),
                    _ => cbc::Encryptor::<Aes128>::new_from_slices(&key, &start[..16])
                        .map(|cipher| cipher.encrypt_padded_vec::<Pkcs7>(data)),
                };
                [&start[..16], &encrypted.unwrap_or_default()].concat()
            }
        }
    }
}

/// AES-CBC without filling; none when the lengths do not fit.
fn cbc_decrypt(key: &[u8], start: &[u8], data: &[u8]) -> Option<Vec<u8>> {
    match key.len() {
        32 => cbc::Decryptor::<Aes256>::new_from_slices(key, start)
            .ok()?
            .decrypt_padded_vec::<NoPadding>(data)
            .ok(),
        _ => cbc::Decryptor::<Aes128>::new_from_slices(key, start)
            .ok()?
            .decrypt_padded_vec::<NoPadding>(data)
            .ok(),
    }
}

fn cbc_encrypt_plain(key: &[u8], start: &[u8], data: &[u8]) -> Option<Vec<u8>> {
    let cipher = cbc::Encryptor::<Aes128>::new_from_slices(key, start).ok()?;
    data.len()
        .is_multiple_of(16)
        .then(|| cipher.encrypt_padded_vec::<NoPadding>(data))
}

/// RC4, which is broken, and which old files are encrypted with.
fn rc4(key: &[u8], data: &[u8]) -> Vec<u8> {
    let mut state: [u8; 256] = std::array::from_fn(|index| index as u8);
    let mut other: u8 = 0;
    for index in 0..256 {
        let from_key = key.get(index % key.len().max(1)).copied().unwrap_or(0);
        other = other.wrapping_add(state[index]).wrapping_add(from_key);
        state.swap(index, usize::from(other));
    }
    let (mut first, mut second) = (0_u8, 0_u8);
    data.iter()
        .map(|byte| {
            first = first.wrapping_add(1);
            second = second.wrapping_add(state[usize::from(first)]);
            state.swap(usize::from(first), usize::from(second));
            let place = state[usize::from(first)].wrapping_add(state[usize::from(second)]);
            byte ^ state[usize::from(place)]
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rc4_of_rfc_6229() {
        assert_eq!(rc4(&[1, 2, 3, 4, 5], &[0; 4]), [0xB2, 0x39, 0x63, 0x05]);
    }

    #[test]
    fn what_is_encrypted_is_decrypted() {
        let id = ObjectId {
            number: 7,
            generation: 1,
        };
        for (method, length) in [
            (CryptMethod::Identity, 16),
            (CryptMethod::Rc4, 5),
            (CryptMethod::AesV2, 16),
            (CryptMethod::AesV3, 32),
        ] {
            let key = FileKey(Zeroizing::new(vec![9; length]));
            for text in [&b""[..], b"x", b"sixteen bytes ok", &[16; 33]] {
                let encrypted = key.encrypt(method, id, text);
                assert_eq!(
                    key.decrypt(method, id, &encrypted).as_deref(),
                    Some(text),
                    "{method:?}"
                );
            }
        }
    }
}
