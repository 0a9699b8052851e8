//! GHASH (NIST SP 800-38D §6.4) without tables.
//!
//! Blocks are read as 128-bit numbers with their bytes reversed, which makes the bits of a polynomial ascend. With
//! H replaced by x·H the product is then the dot product of POLYVAL (RFC 8452 §3 and appendix A):
//! a·b·x⁻¹²⁸ modulo x¹²⁸ + x¹²⁷ + x¹²⁶ + x¹²¹ + 1.

use zeroize::Zeroizing;

use super::engine::Engine;

/// Powers of H that are kept, so that as many blocks are multiplied before one reduction.
pub(crate) const POWERS: usize = 16;

/// Powers of x·H, little-endian, the highest first: H¹⁶ … H¹. The portable way keeps only the last.
pub(crate) type Powers = [u8; 16 * POWERS];

/// A running GHASH under one H.
pub(super) struct Ghash {
    engine: Engine,
    powers: Zeroizing<Powers>,
    y: Zeroizing<u128>,
}

impl Ghash {
    /// H = E(0¹²⁸), which is secret; no update is longer than `bytes_max`.
    pub(super) fn new(engine: Engine, h: &[u8; 16], bytes_max: usize) -> Self {
        let h = u128::from_be_bytes(*h);
        let carried = (h >> 127).wrapping_neg();
        let h = (h << 1) ^ (carried & (1 << 127 | 1 << 126 | 1 << 121 | 1));
        Self {
            engine,
            powers: Zeroizing::new(engine.ghash_powers(h, (bytes_max / 16).clamp(1, POWERS))),
            y: Zeroizing::new(0),
        }
    }

    /// Appends `bytes` and zeros up to a whole block.
    pub(super) fn update_padded(&mut self, bytes: &[u8]) {
        let (blocks, rest) = bytes.as_chunks::<16>();
        *self.y = self.engine.ghash(&self.powers, *self.y, blocks);
        if !rest.is_empty() {
            let mut last = [0; 16];
            last[..rest.len()].copy_from_slice(rest);
            *self.y = self.engine.ghash(&self.powers, *self.y, &[last]);
        }
    }

    /// The value after the block with the bit lengths of additional data and ciphertext.
    pub(super) fn finish(mut self, aad_bytes: usize, ciphertext_bytes: usize) -> [u8; 16] {
        let bits = ((aad_bytes as u128 * 8) << 64) | (ciphertext_bytes as u128 * 8);
        self.update_padded(&bits.to_be_bytes());
        self.y.to_be_bytes()
    }
}

/// What the portable way keeps of the powers.
pub(super) fn powers(h: u128) -> Powers {
    let mut powers = [0; 16 * POWERS];
    powers[16 * (POWERS - 1)..].copy_from_slice(&h.to_le_bytes());
    powers
}

/// Y after `blocks`, on any processor.
pub(super) fn update(powers: &Powers, y: u128, blocks: &[[u8; 16]]) -> u128 {
    let h = u128::from_le_bytes(powers.as_chunks().0[POWERS - 1]);
    blocks
        .iter()
        .fold(y, |y, block| dot(y ^ u128::from_be_bytes(*block), h))
}

/// a·b·x⁻¹²⁸.
fn dot(a: u128, b: u128) -> u128 {
    let (a0, a1) = (a as u64, (a >> 64) as u64);
    let (b0, b1) = (b as u64, (b >> 64) as u64);
    let (low, high) = (multiply(a0, b0), multiply(a1, b1));
    let middle = multiply(a0 ^ a1, b0 ^ b1) ^ low ^ high;
    let (low, high) = (low ^ middle << 64, high ^ middle >> 64);
    // Twice: the multiple of the modulus that makes the lowest 64 bits zero is added, and those are dropped.
    let folded = fold(low);
    high ^ fold(folded)
}

/// (low + m·(x¹²⁸ + x¹²⁷ + x¹²⁶ + x¹²¹ + 1))/x⁶⁴ with m the lowest 64 bits of `low`.
fn fold(low: u128) -> u128 {
    let m = u128::from(low as u64);
    low >> 64 ^ m << 63 ^ m << 62 ^ m << 57 ^ m << 64
}

/// The product of polynomials over GF(2).
fn multiply(a: u64, b: u64) -> u128 {
    let low = multiply_low(a, b);
    // The reversed product is the product of the reversed, one bit shorter than twice 64.
    let high = multiply_low(a.reverse_bits(), b.reverse_bits()).reverse_bits() >> 1;
    u128::from(high) << 64 | u128::from(low)
}

/// The lowest 64 bits of the product of polynomials, by products of integers: between any two bits of a factor
/// stand three zeros, and the carries of at most 16 ones go no further (or out at the top).
fn multiply_low(a: u64, b: u64) -> u64 {
    const EVERY_FOURTH: u64 = 0x1111_1111_1111_1111;
    let part = |number: u64, i: usize| number & EVERY_FOURTH << i;
    (0..4).fold(0, |product, i| {
        let sum = (0..4).fold(0, |sum, j| {
            sum ^ part(a, j).wrapping_mul(part(b, (4 + i - j) % 4))
        });
        product | part(sum, i)
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// GHASH from its definition, bit by bit (SP 800-38D §6.3, algorithm 1).
    fn defined(h: &[u8; 16], blocks: &[[u8; 16]]) -> [u8; 16] {
        let h = u128::from_be_bytes(*h);
        let multiply = |x: u128| {
            let (mut z, mut v) = (0, h);
            for bit in (0..128).rev() {
                if x >> bit & 1 == 1 {
                    z ^= v;
                }
                v = v >> 1 ^ if v & 1 == 1 { 0xe1 << 120 } else { 0 };
            }
            z
        };
        let y = blocks
            .iter()
            .fold(0, |y, block| multiply(y ^ u128::from_be_bytes(*block)));
        y.to_be_bytes()
    }

    #[track_caller]
    fn check(h: &[u8; 16], blocks: &[[u8; 16]]) {
        let expected = defined(h, blocks);
        for engine in Engine::all() {
            let mut ghash = Ghash::new(engine, h, 16 * blocks.len());
            ghash.update_padded(blocks.as_flattened());
            assert_eq!(
                ghash.y.to_be_bytes(),
                expected,
                "{engine:?}, {} blocks",
                blocks.len()
            );
            let mut ghash = Ghash::new(engine, h, 16);
            blocks.iter().for_each(|block| ghash.update_padded(block));
            assert_eq!(ghash.y.to_be_bytes(), expected, "{engine:?}, block by block");
        }
    }

    #[test]
    fn every_bit_of_either_factor() {
        for bit in 0..128 {
            let one = (1u128 << bit).to_be_bytes();
            check(&one, &[[0xff; 16], one]);
            check(&[0xff; 16], &[one, [0xff; 16]]);
        }
        check(&[0; 16], &[[0xff; 16]; 3]);
        check(&[0xff; 16], &[[0xff; 16]; 40]);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(60))]

        #[test]
        fn any_blocks(h in any::<[u8; 16]>(), blocks in prop::collection::vec(any::<[u8; 16]>(), 0..70)) {
            check(&h, &blocks);
        }
    }
}
