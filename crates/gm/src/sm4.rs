//! SM4 (GB/T 32907-2016) in the modes that keys, stores and imported files need: GCM, CTR and CBC.
//!
//! Encrypting takes a time that depends on lengths only: nothing looks up a table with a secret or branches on one,
//! in any of the ways between which `engine.rs` chooses.

mod bitsliced;
mod engine;
mod ghash;
#[cfg(target_arch = "x86_64")]
pub(crate) mod x86;
#[cfg(target_arch = "x86_64")]
pub(crate) mod x86_ghash;

pub(crate) use ghash::Powers;

use zeroize::Zeroizing;

use crate::sm2::{declassify_byte, declassify_zero};
use engine::Engine;
use ghash::Ghash;

/// Longest message of GCM in bytes (NIST SP 800-38D §5.2.1.1: 2³⁹ − 256 bits): 64 GiB less two blocks.
pub const GCM_BYTES_MAX: u64 = (1 << 36) - 32;

/// Bytes of a GCM tag.
pub const TAG_BYTES: usize = 16;

/// Encrypts and authenticates with GCM: the ciphertext followed by a 16-byte tag. A nonce serves once per key.
///
/// # Panics
///
/// When the plaintext is longer than [`GCM_BYTES_MAX`].
pub fn seal(key: &[u8; 16], nonce: &[u8; 12], aad: &[u8], plaintext: &[u8]) -> Vec<u8> {
    assert!(
        is_gcm_length(plaintext.len()),
        "GCM encrypts at most {GCM_BYTES_MAX} bytes under one nonce"
    );
    seal_with(Engine::best(), key, nonce, aad, plaintext)
}

/// Decrypts what [`seal`] made; fails when key, nonce, `aad` or ciphertext differ in a bit. Nothing is decrypted
/// before the tag was found right.
pub fn open(
    key: &[u8; 16],
    nonce: &[u8; 12],
    aad: &[u8],
    ciphertext: &[u8],
) -> Result<Zeroizing<Vec<u8>>, BadCiphertext> {
    open_with(Engine::best(), key, nonce, aad, ciphertext)
}

/// Encrypts or decrypts `data` in CTR mode (GB/T 17964-2021 §8): `counter` is the first counter block, a 128-bit
/// number that grows by one with each block. No counter block serves twice under a key. Authenticates nothing.
pub fn ctr(key: &[u8; 16], counter: &[u8; 16], data: &mut [u8]) {
    ctr_with(Engine::best(), key, counter, data);
}

/// Encrypts in CBC mode with PKCS#7 padding. The IV is random and new for each message.
pub fn cbc_encrypt(key: &[u8; 16], iv: &[u8; 16], plaintext: &[u8]) -> Vec<u8> {
    cbc_encrypt_with(Engine::best(), key, iv, plaintext)
}

/// Decrypts SM4-CBC with PKCS#7 padding, as PKCS#8 files carry it. CBC authenticates nothing: a wrong key is
/// noticed by its padding only most of the time.
pub fn cbc_decrypt(
    key: &[u8; 16],
    iv: &[u8; 16],
    ciphertext: &[u8],
) -> Result<Zeroizing<Vec<u8>>, BadCiphertext> {
    cbc_decrypt_with(Engine::best(), key, iv, ciphertext)
}

/// The ciphertext does not belong to this key, nonce and additional data.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the ciphertext does not open: wrong key or altered data")]
pub struct BadCiphertext;

/// Bytes that are encrypted and then hashed while they are in the nearest cache.
const PIECE_BYTES: usize = 8 << 10;

/// Whether the fastest way of this processor and the portable one encrypt and authenticate alike.
pub(crate) fn ways_agree() -> bool {
    let plaintext = [0xa5; 1100];
    let sealed = |engine| seal_with(engine, &[1; 16], &[2; 12], &[3; 20], &plaintext);
    sealed(Engine::best()) == sealed(Engine::Portable)
}

fn is_gcm_length(bytes: usize) -> bool {
    bytes as u64 <= GCM_BYTES_MAX
}

fn seal_with(engine: Engine, key: &[u8; 16], nonce: &[u8; 12], aad: &[u8], plaintext: &[u8]) -> Vec<u8> {
    let gcm = Gcm::new(engine, key, nonce);
    let mut hash = gcm.begin(aad, plaintext.len());
    let mut sealed = Vec::with_capacity(plaintext.len() + TAG_BYTES);
    gcm.mask(plaintext, &mut sealed, |piece| hash.update_padded(piece));
    sealed.extend_from_slice(&gcm.tag(hash, aad.len(), plaintext.len()));
    sealed
}

fn open_with(
    engine: Engine,
    key: &[u8; 16],
    nonce: &[u8; 12],
    aad: &[u8],
    sealed: &[u8],
) -> Result<Zeroizing<Vec<u8>>, BadCiphertext> {
    let (ciphertext, tag) = sealed.split_last_chunk::<TAG_BYTES>().ok_or(BadCiphertext)?;
    if !is_gcm_length(ciphertext.len()) {
        return Err(BadCiphertext);
    }
    let gcm = Gcm::new(engine, key, nonce);
    let mut hash = gcm.begin(aad, ciphertext.len());
    hash.update_padded(ciphertext);
    let expected = gcm.tag(hash, aad.len(), ciphertext.len());
    let difference = u128::from_ne_bytes(expected) ^ u128::from_ne_bytes(*tag);
    if !declassify_zero(difference as u64 | (difference >> 64) as u64) {
        return Err(BadCiphertext);
    }
    let mut plaintext = Zeroizing::new(Vec::with_capacity(ciphertext.len()));
    gcm.mask(ciphertext, &mut plaintext, |_| {});
    Ok(plaintext)
}

/// GCM of one message (NIST SP 800-38D §7, RFC 8998 §2.1), with a nonce of 96 bits.
struct Gcm {
    cipher: Cipher,
    /// J0 without its last 32 bits, which count.
    nonce: [u8; 12],
    /// H = E(0¹²⁸) and the mask of the tag, and then those of the message's first blocks: one pass of any way
    /// encrypts as many blocks, so that a short message takes no other.
    first: Zeroizing<[[u8; 16]; FIRST_BLOCKS]>,
}

const FIRST_BLOCKS: usize = 16;

/// Bytes that [`Gcm::first`] masks.
const FIRST_BYTES: usize = 16 * (FIRST_BLOCKS - 2);

impl Gcm {
    fn new(engine: Engine, key: &[u8; 16], nonce: &[u8; 12]) -> Self {
        let mut gcm = Self {
            cipher: Cipher::new(engine, key),
            nonce: *nonce,
            first: Zeroizing::new([[0; 16]; FIRST_BLOCKS]),
        };
        for (block, count) in (1..FIRST_BLOCKS).zip(1..) {
            gcm.first[block] = gcm.counter_block(count);
        }
        gcm.cipher.encrypt_blocks(&mut gcm.first[..]);
        gcm
    }

    fn counter_block(&self, count: u32) -> [u8; 16] {
        let mut block = [0; 16];
        block[..12].copy_from_slice(&self.nonce);
        block[12..].copy_from_slice(&count.to_be_bytes());
        block
    }

    /// The first counter block of each piece behind the first blocks. A message of allowed length never counts
    /// past 2³².
    fn counters(&self) -> impl Iterator<Item = [u8; 16]> {
        const BLOCKS: usize = PIECE_BYTES / 16;
        (FIRST_BLOCKS as u32..=u32::MAX)
            .step_by(BLOCKS)
            .map(|count| self.counter_block(count))
    }

    /// Appends the encrypted or decrypted data, and shows it piece by piece.
    fn mask(&self, data: &[u8], masked: &mut Vec<u8>, mut show: impl FnMut(&[u8])) {
        let (first, rest) = data.split_at(data.len().min(FIRST_BYTES));
        let masks = self.first[2..].as_flattened();
        masked.extend(first.iter().zip(masks).map(|(byte, mask)| byte ^ mask));
        show(masked);
        for (piece, counter) in rest.chunks(PIECE_BYTES).zip(self.counters()) {
            let start = masked.len();
            masked.extend_from_slice(piece);
            self.cipher.xor_key_stream(&counter, &mut masked[start..]);
            show(&masked[start..]);
        }
    }

    /// GHASH after the additional data, before a message of so many bytes.
    fn begin(&self, aad: &[u8], bytes: usize) -> Ghash {
        let mut hash = Ghash::new(self.cipher.engine, &self.first[0], aad.len().max(bytes));
        hash.update_padded(aad);
        hash
    }

    fn tag(&self, hash: Ghash, aad_bytes: usize, ciphertext_bytes: usize) -> [u8; TAG_BYTES] {
        let mut tag = hash.finish(aad_bytes, ciphertext_bytes);
        xor_block(&mut tag, &self.first[1]);
        tag
    }
}

fn ctr_with(engine: Engine, key: &[u8; 16], counter: &[u8; 16], data: &mut [u8]) {
    let cipher = Cipher::new(engine, key);
    let mut counter = u128::from_be_bytes(*counter);
    let mut rest = data;
    while !rest.is_empty() {
        // The engines count in 32 bits: up to where these are zero again, and then on with the carry.
        let blocks = (1u64 << 32) - u64::from(counter as u32);
        let bytes = usize::try_from(blocks * 16).map_or(rest.len(), |bytes| bytes.min(rest.len()));
        let (now, later) = rest.split_at_mut(bytes);
        cipher.xor_key_stream(&counter.to_be_bytes(), now);
        counter = counter.wrapping_add(blocks.into());
        rest = later;
    }
}

fn cbc_encrypt_with(engine: Engine, key: &[u8; 16], iv: &[u8; 16], plaintext: &[u8]) -> Vec<u8> {
    let cipher = Cipher::new(engine, key);
    let (blocks, rest) = plaintext.as_chunks::<16>();
    let mut last = [16 - rest.len() as u8; 16];
    last[..rest.len()].copy_from_slice(rest);
    let mut encrypted = Vec::with_capacity(plaintext.len() + 16);
    let mut state = [*iv];
    for block in blocks.iter().chain([&last]) {
        xor_block(&mut state[0], block);
        cipher.encrypt_blocks(&mut state);
        encrypted.extend_from_slice(&state[0]);
    }
    encrypted
}

fn cbc_decrypt_with(
    engine: Engine,
    key: &[u8; 16],
    iv: &[u8; 16],
    ciphertext: &[u8],
) -> Result<Zeroizing<Vec<u8>>, BadCiphertext> {
    let (blocks, rest) = ciphertext.as_chunks::<16>();
    if blocks.is_empty() || !rest.is_empty() {
        return Err(BadCiphertext);
    }
    let cipher = Cipher::new(engine, key);
    let mut plain = Zeroizing::new(Vec::with_capacity(ciphertext.len()));
    let mut previous = iv;
    for piece in blocks.chunks(PIECE_BYTES / 16) {
        let start = plain.len();
        plain.extend_from_slice(piece.as_flattened());
        let states = plain[start..].as_chunks_mut::<16>().0;
        cipher.decrypt_blocks(states);
        for (state, block) in states.iter_mut().zip(piece) {
            xor_block(state, previous);
            previous = block;
        }
    }
    let length = unpadded(&plain)?;
    plain.truncate(length);
    Ok(plain)
}

/// The length without PKCS#7 padding of data that ends with a block. Only what this answers becomes public.
fn unpadded(plain: &[u8]) -> Result<usize, BadCiphertext> {
    let last = plain.last_chunk::<16>().ok_or(BadCiphertext)?;
    let padding = last[15];
    // Zero or above 16; then every byte that the padding covers has its value.
    let mut wrong = u64::from(padding.wrapping_sub(1) & 0xf0);
    for (from_end, byte) in (0..16u8).zip(last.iter().rev()) {
        let covered = (u16::from(from_end).wrapping_sub(u16::from(padding)) >> 8) as u8;
        wrong |= u64::from(covered & (byte ^ padding));
    }
    if !declassify_zero(wrong) {
        return Err(BadCiphertext);
    }
    Ok(plain.len() - usize::from(declassify_byte(padding)))
}

fn xor_block(block: &mut [u8; 16], mask: &[u8; 16]) {
    *block = (u128::from_ne_bytes(*block) ^ u128::from_ne_bytes(*mask)).to_ne_bytes();
}

/// The system parameter of the key expansion (GB/T 32907-2016 §7.3).
const FK: [u32; 4] = [0xa3b1_bac6, 0x56aa_3350, 0x677d_9197, 0xb270_22dc];

/// CK(i): its bytes are 7·(4i + j) modulo 256.
const CK: [u32; 32] = {
    let mut ck = [0; 32];
    let mut byte = 0;
    while byte < 128 {
        ck[byte / 4] = ck[byte / 4] << 8 | (7 * byte as u32) & 0xff;
        byte += 1;
    }
    ck
};

/// A key made ready.
struct Cipher {
    engine: Engine,
    round_keys: Zeroizing<[u32; 32]>,
}

impl Cipher {
    fn new(engine: Engine, key: &[u8; 16]) -> Self {
        Self {
            engine,
            round_keys: Zeroizing::new(engine.round_keys(key)),
        }
    }

    fn encrypt_blocks(&self, blocks: &mut [[u8; 16]]) {
        self.engine.crypt_blocks(&self.round_keys, blocks);
    }

    fn decrypt_blocks(&self, blocks: &mut [[u8; 16]]) {
        let mut reversed = self.round_keys.clone();
        reversed.reverse();
        self.engine.crypt_blocks(&reversed, blocks);
    }

    /// Masks `data` with the encrypted counter blocks from `counter` on, of which the last 32 bits count.
    fn xor_key_stream(&self, counter: &[u8; 16], data: &mut [u8]) {
        self.engine.xor_key_stream(&self.round_keys, counter, data);
    }
}

#[cfg(test)]
mod tests;
