//! SM4 on any processor, without tables: 16 blocks side by side, one bit of each byte in one word
//! (GB/T 32907-2016).
//!
//! Plane j holds bit j of many bytes. The S-box is a circuit of ANDs and XORs over planes, so neither a branch nor
//! an address depends on what is encrypted.

use std::array;

use zeroize::Zeroizing;

use super::{CK, FK};

/// Blocks that are computed side by side.
const BLOCKS: usize = 16;

/// The words X of 16 blocks: bit 16k + i of plane j is bit j of byte k, counted from the least significant, of the
/// word of block i.
type Word = [u64; 8];

/// The round keys (GB/T 32907-2016 §7.3).
pub(super) fn round_keys(key: &[u8; 16]) -> [u32; 32] {
    let mut round_keys = [0; 32];
    let mut k = Zeroizing::new(FK);
    for (k, bytes) in k.iter_mut().zip(key.as_chunks().0) {
        *k ^= u32::from_be_bytes(*bytes);
    }
    for (i, round_key) in round_keys.iter_mut().enumerate() {
        let b = tau(k[(i + 1) % 4] ^ k[(i + 2) % 4] ^ k[(i + 3) % 4] ^ CK[i]);
        k[i % 4] ^= b ^ b.rotate_left(13) ^ b.rotate_left(23);
        *round_key = k[i % 4];
    }
    round_keys
}

/// Encrypts, or decrypts with the round keys in reverse order.
pub(super) fn crypt_blocks(round_keys: &[u32; 32], blocks: &mut [[u8; 16]]) {
    for blocks in blocks.chunks_mut(BLOCKS) {
        let mut x = array::from_fn(|word| load(blocks, word));
        for keys in round_keys.as_chunks::<4>().0 {
            round::<0>(&mut x, keys[0]);
            round::<1>(&mut x, keys[1]);
            round::<2>(&mut x, keys[2]);
            round::<3>(&mut x, keys[3]);
        }
        // (Y0, Y1, Y2, Y3) = (X35, X34, X33, X32)
        for (word, x) in x.into_iter().rev().enumerate() {
            store(x, word, blocks);
        }
    }
}

/// Masks `data` with the encrypted counter blocks from `counter` on, of which the last 32 bits count.
pub(super) fn xor_key_stream(round_keys: &[u32; 32], counter: &[u8; 16], data: &mut [u8]) {
    let [counter @ .., c0, c1, c2, c3] = *counter;
    let mut count = u32::from_be_bytes([c0, c1, c2, c3]);
    for data in data.chunks_mut(16 * BLOCKS) {
        let mut blocks = [[0; 16]; BLOCKS];
        for block in &mut blocks {
            let (fixed, counted) = block.split_at_mut(12);
            fixed.copy_from_slice(&counter);
            counted.copy_from_slice(&count.to_be_bytes());
            count = count.wrapping_add(1);
        }
        crypt_blocks(round_keys, &mut blocks);
        let masks = blocks.as_flattened();
        data.iter_mut().zip(masks).for_each(|(byte, mask)| *byte ^= mask);
    }
}

/// τ of one word: the S-box on each of its four bytes (GB/T 32907-2016 §6.2.1).
fn tau(word: u32) -> u32 {
    let word = u64::from(word);
    let substituted = sbox(array::from_fn(|j| word >> j & 0x0101_0101));
    (0..8).fold(0, |word, j| word | (substituted[j] as u32 & 0x0101_0101) << j)
}

/// X(i) ⊕= L(τ(X(i+1) ⊕ X(i+2) ⊕ X(i+3) ⊕ rk), where words count modulo four.
#[inline(always)]
fn round<const I: usize>(x: &mut [Word; 4], key: u32) {
    let (x1, x2, x3) = (&x[(I + 1) % 4], &x[(I + 2) % 4], &x[(I + 3) % 4]);
    let b = sbox(array::from_fn(|j| {
        // Bit j of each byte of the key, for all blocks.
        x1[j] ^ x2[j] ^ x3[j] ^ (spread(key >> j & 0x0101_0101) * 0xffff)
    }));
    // L(B) = B ⊕ (B<<<2) ⊕ (B<<<10) ⊕ (B<<<18) ⊕ (B<<<24) = B ⊕ (B<<<24) ⊕ (U<<<2), U = B ⊕ (B<<<8) ⊕ (B<<<16).
    let u: Word = array::from_fn(|j| b[j] ^ b[j].rotate_left(16) ^ b[j].rotate_left(32));
    for j in 0..8 {
        let u_2 = if j < 2 { u[j + 6].rotate_left(16) } else { u[j - 2] };
        x[I][j] = x[I][j] ^ b[j] ^ b[j].rotate_left(48) ^ u_2;
    }
}

/// The S-box: S(x) = A·I(A·x ⊕ C) ⊕ C with the inverse I in GF(2⁸) modulo x⁸+x⁷+x⁶+x⁵+x⁴+x²+1.
///
/// A·x ⊕ C is computed as an element of the tower GF(((2²)²)²), where inverses are short; the way back is part of
/// the second A. The tower's elements are aY + b with Y² = Y + λ, λ = 8 + 1 in GF(2⁴).
#[inline(always)]
fn sbox(x: Word) -> Word {
    let [b, a] = into_tower(x);
    // (aY + b)⁻¹ = (aY + a + b)/Δ, Δ = b·(a + b) + λ·a².
    let sum = add(a, b);
    let delta = add(multiply_16(b, sum), lambda_square(a));
    let inverse = invert_16(delta);
    out_of_tower([multiply_16(sum, inverse), multiply_16(a, inverse)])
}

/// A·x ⊕ C in the tower: b, then a.
#[inline(always)]
fn into_tower(x: Word) -> [Nibble; 2] {
    let x06 = x[0] ^ x[6];
    let x45 = x[4] ^ x[5];
    let all = x06 ^ x[1] ^ x[2];
    [
        [x06 ^ x45, x[1] ^ x45, !x[5], x[5] ^ all],
        [x[4] ^ all, !x[6], !(x[2] ^ x[7]), !(all ^ x[3] ^ x45)],
    ]
}

/// A·y ⊕ C from the tower: b, then a.
#[inline(always)]
fn out_of_tower([b, a]: [Nibble; 2]) -> Word {
    let [x0, x1, x2, x3] = b;
    let [x4, x5, x6, x7] = a;
    let (x02, x04, x12) = (x0 ^ x2, x0 ^ x4, x1 ^ x2);
    let (x13, x67) = (x1 ^ x3, x6 ^ x7);
    [
        !x02,
        !(x6 ^ x04),
        x4 ^ x12,
        x0 ^ x67,
        !(x5 ^ x13),
        x7 ^ x13,
        !(x04 ^ x1 ^ x5),
        !(x2 ^ x04 ^ x13 ^ x67),
    ]
}

/// GF(2²) modulo w² + w + 1: the coefficients of 1 and w.
type Pair = [u64; 2];

/// GF(2⁴) over GF(2²) modulo z² + z + w: the coefficients of 1 and w, z and zw.
type Nibble = [u64; 4];

#[inline(always)]
fn add<const N: usize>(a: [u64; N], b: [u64; N]) -> [u64; N] {
    array::from_fn(|i| a[i] ^ b[i])
}

#[inline(always)]
fn multiply_4(a: Pair, b: Pair) -> Pair {
    let (low, high) = (a[0] & b[0], a[1] & b[1]);
    [low ^ high, ((a[0] ^ a[1]) & (b[0] ^ b[1])) ^ low]
}

/// w·a.
#[inline(always)]
fn times_w(a: Pair) -> Pair {
    [a[1], a[0] ^ a[1]]
}

#[inline(always)]
fn multiply_16(a: Nibble, b: Nibble) -> Nibble {
    let ([a0, a1], [b0, b1]) = (halves(a), halves(b));
    let (low, high) = (multiply_4(a0, b0), multiply_4(a1, b1));
    let middle = add(multiply_4(add(a0, a1), add(b0, b1)), low);
    joined(add(low, times_w(high)), middle)
}

/// λ·a².
#[inline(always)]
fn lambda_square([a0, a1, a2, a3]: Nibble) -> Nibble {
    let a13 = a1 ^ a3;
    [a0 ^ a2 ^ a13, a13, a1, a0]
}

/// (uz + v)⁻¹ = (uz + u + v)/Δ, Δ = v·(u + v) + w·u²; in GF(2²) the inverse is the square.
#[inline(always)]
fn invert_16(a: Nibble) -> Nibble {
    let [v, u] = halves(a);
    let sum = add(u, v);
    let delta = add(multiply_4(v, sum), times_w(square_4(u)));
    let inverse = square_4(delta);
    joined(multiply_4(sum, inverse), multiply_4(u, inverse))
}

#[inline(always)]
fn square_4(a: Pair) -> Pair {
    [a[0] ^ a[1], a[1]]
}

#[inline(always)]
fn halves([a0, a1, a2, a3]: Nibble) -> [Pair; 2] {
    [[a0, a1], [a2, a3]]
}

#[inline(always)]
fn joined([a0, a1]: Pair, [a2, a3]: Pair) -> Nibble {
    [a0, a1, a2, a3]
}

/// Word `word` of up to 16 blocks; blocks that are not there are zeros.
fn load(blocks: &[[u8; 16]], word: usize) -> Word {
    let mut planes = [0; 8];
    for (at, block) in blocks.iter().enumerate() {
        let word = u32::from_be_bytes(block.as_chunks().0[word]);
        planes[at % 8] |= spread(word) << (at / 8 * 8);
    }
    transpose(&mut planes);
    planes
}

fn store(mut planes: Word, word: usize, blocks: &mut [[u8; 16]]) {
    transpose(&mut planes);
    for (at, block) in blocks.iter_mut().enumerate() {
        let bytes = (planes[at % 8] >> (at / 8 * 8)).to_le_bytes();
        block.as_chunks_mut().0[word] = [bytes[6], bytes[4], bytes[2], bytes[0]];
    }
}

/// Byte k of the word as byte 2k.
#[inline(always)]
fn spread(word: u32) -> u64 {
    let word = u64::from(word);
    let halves = (word | word << 16) & 0x0000_ffff_0000_ffff;
    (halves | halves << 8) & 0x00ff_00ff_00ff_00ff
}

/// Exchanges bit i of each byte of row j with bit j of the same byte of row i.
fn transpose(rows: &mut Word) {
    const MASKS: [(usize, u64); 3] = [
        (1, 0x5555_5555_5555_5555),
        (2, 0x3333_3333_3333_3333),
        (4, 0x0f0f_0f0f_0f0f_0f0f),
    ];
    for (distance, mask) in MASKS {
        for low in (0..8).filter(|row| row & distance == 0) {
            let (a, b) = (rows[low], rows[low + distance]);
            let moved = (a >> distance ^ b) & mask;
            rows[low] = a ^ moved << distance;
            rows[low + distance] = b ^ moved;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The S-box from its definition, by shifts and additions (GB/T 32907-2016 §6.2; its algebra is in the
    /// literature: E = A·I(A·x ⊕ C) ⊕ C with a circulant A).
    fn defined(x: u8) -> u8 {
        let affine = |x: u8| {
            let row = |bit: u32| (x & 0xa7u8.rotate_left(bit)).count_ones() as u8 & 1;
            (0..8).fold(0xd3, |y, bit| y ^ (row(bit) << bit))
        };
        let multiply = |a: u8, b: u8| {
            let term = |bit: u32| (u16::from(a) << bit) * u16::from(b >> bit & 1);
            let product = (0..8).fold(0, |sum, bit| sum ^ term(bit));
            let reduced = (8..16u32).rev().fold(product, |rest, bit| {
                rest ^ ((0x1f5 << (bit - 8)) * (rest >> bit & 1))
            });
            reduced as u8
        };
        // a⁻¹ = a²⁵⁴
        affine((0..254).fold(1, |power, _| multiply(power, affine(x))))
    }

    #[test]
    fn the_circuit_is_the_s_box() {
        // First row of the standard's table (§6.2.1, table 1).
        let row: Vec<u8> = (0..8).map(defined).collect();
        assert_eq!(row, [0xd6, 0x90, 0xe9, 0xfe, 0xcc, 0xe1, 0x3d, 0xb7]);
        for x in 0..=255u8 {
            let others = [x, x ^ 0x5a, !x, 7];
            let expected = others.map(defined);
            assert_eq!(tau(u32::from_be_bytes(others)).to_be_bytes(), expected);
        }
    }
}
