//! Our SM2, SM3 and SM4 beside RustCrypto's, an implementation with other formulas and other field arithmetic.
//!
//! Each function compares once and panics with the inputs at a difference. The tests, the example `differential`
//! and the fuzz targets `sm2` and `sm4` feed it.

use aes_gcm::KeyInit as _;
use aes_gcm::aead::{Aead as _, Payload};
use gm::{Ciphertext, DecryptionKey, Digest, PublicKey, Signature, Signer as _, SigningKey, Verifier as _};
use rand_core::CryptoRng;
use signature::hazmat::{PrehashSigner as _, PrehashVerifier as _};
use sm4::cipher::{Array, BlockCipherDecrypt as _, BlockCipherEncrypt as _};

/// One private key on both sides.
pub(crate) struct Pair {
    d: [u8; 32],
    pub(crate) ours: SigningKey,
    pub(crate) theirs: sm2::dsa::SigningKey,
}

impl Pair {
    /// Both refuse the key, or both compute the same public key.
    pub(crate) fn new(d: &[u8; 32]) -> Option<Self> {
        let theirs = sm2::dsa::SigningKey::from_slice("", d);
        let ours = SigningKey::from_bytes(d);
        assert_eq!(ours.is_ok(), theirs.is_ok(), "key {d:02x?}");
        let (Ok(ours), Ok(theirs)) = (ours, theirs) else {
            return None;
        };
        let expected = theirs.verifying_key().to_sec1_bytes();
        assert_eq!(ours.public_key().to_sec1()[..], expected[..], "key {d:02x?}");
        Some(Self { d: *d, ours, theirs })
    }

    /// The nonces of both follow RFC 6979, so even the bytes are the same.
    pub(crate) fn sign(&self, e: &[u8; 32]) -> [u8; 64] {
        let signature = self.ours.sign_digest(&Digest(*e)).expect("a key in memory");
        let expected: sm2::dsa::Signature = self.theirs.sign_prehash(e).expect("a key in memory");
        let raw = signature.to_raw();
        assert_eq!(
            raw[..],
            expected.to_bytes()[..],
            "key {:02x?} digest {e:02x?}",
            self.d
        );
        raw
    }

    /// Any two numbers: the verdicts are the same.
    pub(crate) fn verdict(&self, e: &[u8; 32], raw: &[u8; 64]) -> bool {
        let ours = Signature::from_raw(raw)
            .and_then(|signature| self.ours.public_key().verify_digest(&Digest(*e), &signature));
        let theirs = sm2::dsa::Signature::from_slice(raw)
            .and_then(|signature| self.theirs.verifying_key().verify_prehash(e, &signature));
        let d = &self.d;
        assert_eq!(
            ours.is_ok(),
            theirs.is_ok(),
            "key {d:02x?} digest {e:02x?} signature {raw:02x?}"
        );
        ours.is_ok()
    }

    /// What one side encrypts, the other one reads. The message is not empty.
    pub(crate) fn messages(&self, message: &[u8], rng: &mut impl CryptoRng) {
        let ours = DecryptionKey::from_bytes(&self.d).expect("a private key");
        let theirs = sm2::SecretKey::from_slice(&self.d).expect("a private key");
        let encrypted = ours.public_key().encrypt(message, rng).expect("not empty");
        assert_eq!(self.decrypt(&encrypted.to_raw()).as_deref(), Some(message));
        let encrypting = sm2::pke::EncryptingKey::new(theirs.public_key());
        let encrypted = encrypting.encrypt(rng, message).expect("not empty");
        // RustCrypto also sends a message that its mask of zeros leaves in clear; nobody may read that.
        let expected = (encrypted[97..] != *message).then_some(message);
        assert_eq!(self.decrypt(&encrypted).as_deref(), expected);
    }

    /// Any bytes: both refuse them, or read the same message. What RustCrypto reads beyond the standard is left out.
    pub(crate) fn decrypt(&self, raw: &[u8]) -> Option<Vec<u8>> {
        let ours = DecryptionKey::from_bytes(&self.d).expect("a private key");
        let ours = Ciphertext::from_raw(raw).and_then(|ciphertext| ours.decrypt(&ciphertext));
        let ours = ours.ok().map(|message| message.to_vec());
        if raw.first() == Some(&4) && raw.len() > 97 {
            let theirs = sm2::SecretKey::from_slice(&self.d).expect("a private key");
            let theirs = sm2::pke::DecryptingKey::new(theirs).decrypt(raw).ok();
            let expected = theirs.filter(|message| raw[97..] != *message);
            assert_eq!(ours, expected, "key {:02x?} {raw:02x?}", self.d);
        }
        ours
    }
}

/// Any bytes as a public key, in every form of GB/T 32918.1: both refuse them, or read the same point.
pub(crate) fn point(bytes: &[u8]) -> bool {
    let ours = PublicKey::from_sec1(bytes).ok().map(|key| key.to_sec1());
    // RustCrypto also reads the compact form (tag 5), which the standard does not have.
    if bytes.first() != Some(&5) {
        let theirs = sm2::PublicKey::from_sec1_bytes(bytes).ok();
        let theirs = theirs.map(|key| key.to_sec1_bytes());
        assert_eq!(
            ours.as_ref().map(|key| &key[..]),
            theirs.as_deref(),
            "point {bytes:02x?}"
        );
    }
    ours.is_some()
}

/// The digest of one message, and of up to sixteen side by side.
pub(crate) fn digests(messages: &[&[u8]]) {
    let digests = gm::sm3_many(messages);
    assert_eq!(digests.len(), messages.len());
    for (message, digest) in messages.iter().zip(digests) {
        let expected = <sm3::Sm3 as sm3::Digest>::digest(message);
        assert_eq!(
            digest.0[..],
            expected[..],
            "{} bytes: {message:02x?}",
            message.len()
        );
        assert_eq!(
            gm::sm3(message),
            digest,
            "{} bytes: {message:02x?}",
            message.len()
        );
    }
}

/// GCM: the same bytes, which open again; and any bytes open for both or for neither.
pub(crate) fn gcm(key: &[u8; 16], nonce: &[u8; 12], aad: &[u8], plain: &[u8], sealed: &[u8]) {
    let theirs = aes_gcm::AesGcm::<sm4::Sm4, sm4::cipher::consts::U12>::new(&(*key).into());
    let expected = theirs.encrypt(&(*nonce).into(), Payload { msg: plain, aad });
    let ours = gm::sm4::seal(key, nonce, aad, plain);
    assert_eq!(
        Ok(&ours),
        expected.as_ref(),
        "key {key:02x?} nonce {nonce:02x?} aad {aad:02x?} plain {plain:02x?}"
    );
    for sealed in [&ours, sealed] {
        let expected = theirs.decrypt(&(*nonce).into(), Payload { msg: sealed, aad });
        let opened = gm::sm4::open(key, nonce, aad, sealed);
        assert_eq!(
            opened.ok().as_deref(),
            expected.ok().as_ref(),
            "key {key:02x?} nonce {nonce:02x?} aad {aad:02x?} sealed {sealed:02x?}"
        );
    }
}

/// CTR, with carries over the whole counter.
pub(crate) fn ctr(key: &[u8; 16], counter: &[u8; 16], data: &[u8]) {
    let cipher = sm4::Sm4::new(&(*key).into());
    let mut expected = data.to_vec();
    let mut count = u128::from_be_bytes(*counter);
    for chunk in expected.chunks_mut(16) {
        let mut mask: Array<u8, _> = count.to_be_bytes().into();
        cipher.encrypt_block(&mut mask);
        chunk.iter_mut().zip(mask).for_each(|(byte, mask)| *byte ^= mask);
        count = count.wrapping_add(1);
    }
    let mut masked = data.to_vec();
    gm::sm4::ctr(key, counter, &mut masked);
    assert_eq!(
        masked, expected,
        "key {key:02x?} counter {counter:02x?} data {data:02x?}"
    );
}

/// CBC in both directions, and any bytes as a ciphertext: the same blocks, with their padding judged alike.
pub(crate) fn cbc(key: &[u8; 16], iv: &[u8; 16], data: &[u8]) {
    let encrypted = gm::sm4::cbc_encrypt(key, iv, data);
    assert_eq!(encrypted.len(), data.len() / 16 * 16 + 16);
    for (ciphertext, expected) in [(&encrypted[..], Some(Some(data))), (data, None)] {
        let decrypted = gm::sm4::cbc_decrypt(key, iv, ciphertext).ok();
        let theirs = cbc_decrypt(key, iv, ciphertext);
        let expected = expected.unwrap_or(theirs.as_deref());
        assert_eq!(
            theirs.as_deref(),
            expected,
            "key {key:02x?} iv {iv:02x?} ciphertext {ciphertext:02x?}"
        );
        let decrypted = decrypted.as_deref().map(Vec::as_slice);
        assert_eq!(
            decrypted, expected,
            "key {key:02x?} iv {iv:02x?} ciphertext {ciphertext:02x?}"
        );
    }
}

fn cbc_decrypt(key: &[u8; 16], iv: &[u8; 16], ciphertext: &[u8]) -> Option<Vec<u8>> {
    let cipher = sm4::Sm4::new(&(*key).into());
    let (blocks, []) = ciphertext.as_chunks::<16>() else {
        return None;
    };
    let mut plain = vec![];
    for (block, previous) in blocks.iter().zip([iv].into_iter().chain(blocks)) {
        let mut state: Array<u8, _> = (*block).into();
        cipher.decrypt_block(&mut state);
        plain.extend(state.iter().zip(previous).map(|(byte, previous)| byte ^ previous));
    }
    let padding = usize::from(*plain.last()?);
    let start = plain.len().checked_sub(padding)?;
    let holds =
        (1..=16).contains(&padding) && plain[start..].iter().all(|byte| usize::from(*byte) == padding);
    holds.then(|| plain[..start].to_vec())
}
