//! SM4 (GB/T 32907-2016) in the modes that keys and imported files need.

use aes_gcm::aead::{Aead as _, Payload};
use aes_gcm::{AesGcm, KeyInit as _};
use sm4::Sm4;
use sm4::cipher::BlockCipherDecrypt as _;
use sm4::cipher::consts::U12;
use zeroize::Zeroizing;

type Sm4Gcm = AesGcm<Sm4, U12>;

/// Encrypts and authenticates: the ciphertext followed by a 16-byte tag. A nonce serves once per key.
pub fn seal(key: &[u8; 16], nonce: &[u8; 12], aad: &[u8], plaintext: &[u8]) -> Vec<u8> {
    Sm4Gcm::new(key.into())
        .encrypt(nonce.into(), Payload { msg: plaintext, aad })
        .expect("GCM refuses only messages over 64 GiB, which do not fit this interface's callers")
}

/// Decrypts what [`seal`] made; fails when key, nonce, `aad` or ciphertext differ in a bit.
pub fn open(
    key: &[u8; 16],
    nonce: &[u8; 12],
    aad: &[u8],
    ciphertext: &[u8],
) -> Result<Zeroizing<Vec<u8>>, BadCiphertext> {
    Sm4Gcm::new(key.into())
        .decrypt(nonce.into(), Payload { msg: ciphertext, aad })
        .map(Zeroizing::new)
        .map_err(|_| BadCiphertext)
}

/// Decrypts SM4-CBC with PKCS#7 padding, as PKCS#8 files carry it. CBC authenticates nothing: a wrong key is
/// noticed by its padding only most of the time.
pub fn cbc_decrypt(
    key: &[u8; 16],
    iv: &[u8; 16],
    ciphertext: &[u8],
) -> Result<Zeroizing<Vec<u8>>, BadCiphertext> {
    let cipher = Sm4::new(key.into());
    let mut plain = Zeroizing::new(Vec::with_capacity(ciphertext.len()));
    let (blocks, rest) = ciphertext.as_chunks::<16>();
    if blocks.is_empty() || !rest.is_empty() {
        return Err(BadCiphertext);
    }
    let mut previous = iv;
    for block in blocks {
        let mut state = (*block).into();
        cipher.decrypt_block(&mut state);
        plain.extend(state.iter().zip(previous).map(|(byte, mask)| byte ^ mask));
        previous = block;
    }
    let padding = plain.last().copied().map_or(0, usize::from);
    let length = plain
        .len()
        .checked_sub(padding)
        .filter(|_| (1..=16).contains(&padding))
        .ok_or(BadCiphertext)?;
    if plain[length..].iter().any(|byte| usize::from(*byte) != padding) {
        return Err(BadCiphertext);
    }
    plain.truncate(length);
    Ok(plain)
}

/// The ciphertext does not belong to this key, nonce and additional data.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the ciphertext does not open: wrong key or altered data")]
pub struct BadCiphertext;

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: [u8; 16] = *b"\x01\x23\x45\x67\x89\xab\xcd\xef\xfe\xdc\xba\x98\x76\x54\x32\x10";

    /// RFC 8998 appendix A.1.
    #[test]
    fn gcm_vector_of_rfc_8998() {
        let nonce = *b"\x00\x00\x12\x34\x56\x78\x00\x00\x00\x00\xab\xcd";
        let aad = b"\xfe\xed\xfa\xce\xde\xad\xbe\xef\xfe\xed\xfa\xce\xde\xad\xbe\xef\xab\xad\xda\xd2";
        let plain: Vec<u8> = [0xaau8, 0xbb, 0xcc, 0xdd, 0xee, 0xff, 0xee, 0xaa]
            .iter()
            .flat_map(|b| [*b; 8])
            .collect();
        let sealed = seal(&KEY, &nonce, aad, &plain);
        let tag = b"\x83\xde\x35\x41\xe4\xc2\xb5\x81\x77\xe0\x65\xa9\xbf\x7b\x62\xec";
        assert_eq!(sealed[..4], *b"\x17\xf3\x99\xf0");
        assert_eq!(sealed[64..], *tag);
        assert_eq!(*open(&KEY, &nonce, aad, &sealed).unwrap(), plain);
        for index in 0..sealed.len() {
            let mut altered = sealed.clone();
            altered[index] ^= 1;
            assert_eq!(open(&KEY, &nonce, aad, &altered).err(), Some(BadCiphertext));
        }
        assert_eq!(open(&KEY, &nonce, b"", &sealed).err(), Some(BadCiphertext));
    }

    /// The block example of GB/T 32907-2016 annex A, as one CBC block under a zero IV, with padding behind it.
    #[test]
    fn cbc_decrypts_and_checks_the_padding() {
        let block = *b"\x68\x1e\xdf\x34\xd2\x06\x96\x5e\x86\xb3\xe9\x4f\x53\x6e\x42\x46";
        // The standard's plaintext equals the key and does not end in valid padding.
        assert_eq!(cbc_decrypt(&KEY, &[0; 16], &block).err(), Some(BadCiphertext));
        // An IV chosen so that the same block decrypts to a full block of padding.
        let iv: [u8; 16] = std::array::from_fn(|i| KEY[i] ^ 16);
        assert_eq!(cbc_decrypt(&KEY, &iv, &block).unwrap().len(), 0);
        let iv: [u8; 16] = std::array::from_fn(|i| KEY[i] ^ if i == 15 { 1 } else { b'a' });
        assert_eq!(*cbc_decrypt(&KEY, &iv, &block).unwrap(), b"aaaaaaaaaaaaaaa");
        assert_eq!(cbc_decrypt(&KEY, &iv, &block[..15]).err(), Some(BadCiphertext));
        assert_eq!(cbc_decrypt(&KEY, &iv, b"").err(), Some(BadCiphertext));
    }
}
