//! Which way SM4 and GHASH are computed: each gives the same, the fastest that this processor has is chosen when
//! the program runs. No way looks up a table with a secret, or branches on one.

use super::bitsliced;
use super::ghash::{self, Powers};
use crate::simd::Sm4Vectors;

/// A way to compute.
#[derive(Clone, Copy, Debug)]
pub(super) enum Engine {
    /// Circuits of ANDs and XORs, and products of integers: on any processor.
    Portable,
    /// With the vectors of this one.
    Vectors(Sm4Vectors),
}

impl Engine {
    /// The fastest way of this processor.
    pub(super) fn best() -> Self {
        Sm4Vectors::detect().next().map_or(Self::Portable, Self::Vectors)
    }

    /// All ways of this processor.
    #[cfg(test)]
    pub(super) fn all() -> Vec<Self> {
        let vectors = Sm4Vectors::detect().map(Self::Vectors);
        vectors.chain([Self::Portable]).collect()
    }

    /// The round keys of a key (GB/T 32907-2016 §7.3).
    pub(super) fn round_keys(self, key: &[u8; 16]) -> [u32; 32] {
        match self {
            Self::Portable => bitsliced::round_keys(key),
            Self::Vectors(vectors) => vectors.sm4_round_keys(key),
        }
    }

    /// Encrypts blocks, or decrypts them with the round keys in reverse order.
    pub(super) fn crypt_blocks(self, round_keys: &[u32; 32], blocks: &mut [[u8; 16]]) {
        match self {
            Self::Portable => bitsliced::crypt_blocks(round_keys, blocks),
            Self::Vectors(vectors) => vectors.crypt_blocks(round_keys, blocks),
        }
    }

    /// Masks `data` with the encrypted counter blocks from `counter` on, of which the last 32 bits count.
    pub(super) fn xor_key_stream(self, round_keys: &[u32; 32], counter: &[u8; 16], data: &mut [u8]) {
        match self {
            Self::Portable => bitsliced::xor_key_stream(round_keys, counter, data),
            Self::Vectors(vectors) => vectors.xor_key_stream(round_keys, counter, data),
        }
    }

    /// The powers of x·H that [`ghash`](Self::ghash) wants for at most `count` blocks at once.
    pub(super) fn ghash_powers(self, h: u128, count: usize) -> Powers {
        match self {
            Self::Portable => ghash::powers(h),
            Self::Vectors(vectors) => vectors.ghash_powers(h, count),
        }
    }

    /// GHASH goes on from Y by `blocks`.
    pub(super) fn ghash(self, powers: &Powers, y: u128, blocks: &[[u8; 16]]) -> u128 {
        match self {
            Self::Portable => ghash::update(powers, y, blocks),
            Self::Vectors(vectors) => vectors.ghash(powers, y, blocks),
        }
    }
}
