//! SM4 with the vectors of x86-64: many blocks side by side, word i of all of them in one vector
//! (GB/T 32907-2016).
//!
//! Safe code for certain processors; `simd.rs` calls it on those.

use std::arch::x86_64::*;

use super::{CK, FK};
use crate::simd::{load_256, load_512, store_256, store_512};

/// A·x ⊕ C into the field of AES, where GFNI and AES-NI have an inverse; the matrix as GF2P8AFFINEQB takes it.
const INTO_AES_FIELD: (u64, u8) = (0x34ac_259e_022d_bc52, 0x65);

/// A·y ⊕ C from the inverse y in the field of AES.
const FROM_AES_FIELD: (u64, u8) = (0xd72d_8e51_1e6c_8b19, 0xd3);

/// A·y ⊕ C from the S-box of AES, which is an affine function of that inverse.
const FROM_AES_SBOX: (u64, u8) = (0x4e87_acc7_b40a_9acb, 0x2f);

/// The functions that a processor has, from its vectors: `$lanes` blocks of 16 bytes in each, `$groups` groups
/// of four on their way at once. `$round` is one round on a group.
macro_rules! modes {
    ($features:literal, $lanes:literal, $groups:literal) => {
        const VECTOR_BYTES: usize = 16 * $lanes;
        const GROUP_BYTES: usize = 4 * VECTOR_BYTES;
        const CHUNK_BYTES: usize = GROUP_BYTES * $groups;

        /// X(i) … X(i+3) of 4·`$lanes` blocks.
        type Group = [Vector; 4];

        /// The round keys (GB/T 32907-2016 §7.3), each computed in every lane alike.
        #[target_feature(enable = $features)]
        pub(crate) fn round_keys(key: &[u8; 16]) -> [u32; 32] {
            let mut k = FK.map(|word| splat(word));
            for (k, bytes) in k.iter_mut().zip(key.as_chunks().0) {
                *k = xor(*k, splat(u32::from_be_bytes(*bytes)));
            }
            let mut round_keys = [0; 32];
            for (four, ck) in round_keys
                .as_chunks_mut::<4>()
                .0
                .iter_mut()
                .zip(CK.as_chunks::<4>().0)
            {
                for i in 0..4 {
                    let x = xor(k[(i + 1) % 4], xor(k[(i + 2) % 4], k[(i + 3) % 4]));
                    let b = sbox(xor(x, splat(ck[i])));
                    k[i] = xor(k[i], xor(b, xor(rotate::<13, 19>(b), rotate::<23, 9>(b))));
                    four[i] = first_word(k[i]);
                }
            }
            round_keys
        }

        /// Encrypts, or decrypts with the round keys in reverse order.
        #[target_feature(enable = $features)]
        pub(crate) fn crypt_blocks(round_keys: &[u32; 32], blocks: &mut [[u8; 16]]) {
            let (chunks, rest) = blocks.as_flattened_mut().as_chunks_mut::<CHUNK_BYTES>();
            for chunk in chunks {
                crypt_groups::<$groups>(round_keys, chunk);
            }
            match rest.len() {
                0 => {}
                1..=GROUP_BYTES => crypt_rest::<1, GROUP_BYTES>(round_keys, rest),
                _ => crypt_rest::<$groups, CHUNK_BYTES>(round_keys, rest),
            }
        }

        #[target_feature(enable = $features)]
        fn crypt_rest<const GROUPS: usize, const BYTES: usize>(round_keys: &[u32; 32], rest: &mut [u8]) {
            let mut chunk = [0; BYTES];
            chunk[..rest.len()].copy_from_slice(rest);
            crypt_groups::<GROUPS>(round_keys, &mut chunk);
            rest.copy_from_slice(&chunk[..rest.len()]);
        }

        /// So many groups on their way at once; a single one is done sooner.
        #[target_feature(enable = $features)]
        fn crypt_groups<const GROUPS: usize>(round_keys: &[u32; 32], chunk: &mut [u8]) {
            let mut groups = [[splat(0); 4]; GROUPS];
            for (group, bytes) in groups.iter_mut().zip(chunk.as_chunks::<GROUP_BYTES>().0) {
                for (vector, bytes) in group.iter_mut().zip(bytes.as_chunks::<VECTOR_BYTES>().0) {
                    *vector = swap_bytes(load(bytes));
                }
                *group = transpose(*group);
            }
            rounds(round_keys, &mut groups);
            for (group, bytes) in groups
                .into_iter()
                .zip(chunk.as_chunks_mut::<GROUP_BYTES>().0)
            {
                let vectors = transpose(group);
                for (vector, bytes) in vectors
                    .into_iter()
                    .zip(bytes.as_chunks_mut::<VECTOR_BYTES>().0)
                {
                    store(bytes, swap_bytes(vector));
                }
            }
        }

        /// Masks `data` with the encrypted counter blocks from `counter` on, of which the last 32 bits count.
        #[target_feature(enable = $features)]
        pub(crate) fn xor_key_stream(round_keys: &[u32; 32], counter: &[u8; 16], data: &mut [u8]) {
            let mut words = [0; 4];
            for (word, bytes) in words.iter_mut().zip(counter.as_chunks().0) {
                *word = u32::from_be_bytes(*bytes);
            }
            let (chunks, rest) = data.as_chunks_mut::<CHUNK_BYTES>();
            for chunk in chunks {
                xor_groups::<$groups>(round_keys, words, chunk);
                words[3] = words[3].wrapping_add(CHUNK_BYTES as u32 / 16);
            }
            match rest.len() {
                0 => {}
                1..=GROUP_BYTES => xor_rest::<1, GROUP_BYTES>(round_keys, words, rest),
                _ => xor_rest::<$groups, CHUNK_BYTES>(round_keys, words, rest),
            }
        }

        #[target_feature(enable = $features)]
        fn xor_rest<const GROUPS: usize, const BYTES: usize>(
            round_keys: &[u32; 32],
            counter: [u32; 4],
            rest: &mut [u8],
        ) {
            let mut chunk = [0; BYTES];
            chunk[..rest.len()].copy_from_slice(rest);
            xor_groups::<GROUPS>(round_keys, counter, &mut chunk);
            rest.copy_from_slice(&chunk[..rest.len()]);
        }

        #[target_feature(enable = $features)]
        fn xor_groups<const GROUPS: usize>(round_keys: &[u32; 32], counter: [u32; 4], chunk: &mut [u8]) {
            let [x0, x1, x2, x3] = counter;
            let mut groups = [[splat(0); 4]; GROUPS];
            for (i, group) in groups.iter_mut().enumerate() {
                let first = x3.wrapping_add(i as u32 * 4 * $lanes);
                *group = [splat(x0), splat(x1), splat(x2), count_from(first)];
            }
            rounds(round_keys, &mut groups);
            for (group, bytes) in groups
                .into_iter()
                .zip(chunk.as_chunks_mut::<GROUP_BYTES>().0)
            {
                let vectors = transpose(group);
                for (vector, bytes) in vectors
                    .into_iter()
                    .zip(bytes.as_chunks_mut::<VECTOR_BYTES>().0)
                {
                    store(bytes, xor(load(bytes), swap_bytes(vector)));
                }
            }
        }

        #[target_feature(enable = $features)]
        #[inline]
        fn rounds<const GROUPS: usize>(round_keys: &[u32; 32], groups: &mut [Group; GROUPS]) {
            for [k0, k1, k2, k3] in round_keys.as_chunks::<4>().0 {
                let keys = [splat(*k0), splat(*k1), splat(*k2), splat(*k3)];
                for [x0, x1, x2, x3] in groups.iter_mut() {
                    *x0 = round(*x0, [*x1, *x2, *x3], keys[0]);
                }
                for [x0, x1, x2, x3] in groups.iter_mut() {
                    *x1 = round(*x1, [*x2, *x3, *x0], keys[1]);
                }
                for [x0, x1, x2, x3] in groups.iter_mut() {
                    *x2 = round(*x2, [*x3, *x0, *x1], keys[2]);
                }
                for [x0, x1, x2, x3] in groups.iter_mut() {
                    *x3 = round(*x3, [*x0, *x1, *x2], keys[3]);
                }
            }
            // (Y0, Y1, Y2, Y3) = (X35, X34, X33, X32)
            groups.iter_mut().for_each(|group| group.reverse());
        }
    };
}

/// AVX-512 with GFNI.
pub(crate) mod wide {
    use super::*;

    type Vector = __m512i;

    modes!("avx512f,avx512bw,avx512vl,gfni", 4, 4);

    /// x0 ⊕ T(x1 ⊕ x2 ⊕ x3 ⊕ rk)
    #[target_feature(enable = "avx512f,avx512bw,avx512vl,gfni")]
    #[inline]
    fn round(x0: Vector, [x1, x2, x3]: [Vector; 3], key: Vector) -> Vector {
        const XOR: i32 = 0x96;
        let b = sbox(_mm512_ternarylogic_epi32::<XOR>(
            x1,
            x2,
            _mm512_xor_si512(x3, key),
        ));
        let u = _mm512_ternarylogic_epi32::<XOR>(b, _mm512_rol_epi32::<8>(b), _mm512_rol_epi32::<16>(b));
        let t = _mm512_ternarylogic_epi32::<XOR>(b, _mm512_rol_epi32::<24>(b), _mm512_rol_epi32::<2>(u));
        _mm512_xor_si512(x0, t)
    }

    #[target_feature(enable = "avx512f,avx512bw,avx512vl,gfni")]
    #[inline]
    fn sbox(x: Vector) -> Vector {
        const PRE: u8 = INTO_AES_FIELD.1;
        const POST: u8 = FROM_AES_FIELD.1;
        let x =
            _mm512_gf2p8affine_epi64_epi8::<{ PRE as i32 }>(x, _mm512_set1_epi64(INTO_AES_FIELD.0 as i64));
        let post = _mm512_set1_epi64(FROM_AES_FIELD.0 as i64);
        _mm512_gf2p8affineinv_epi64_epi8::<{ POST as i32 }>(x, post)
    }

    /// Each word rotated to the left by `LEFT` bits, which with `RIGHT` are 32.
    #[target_feature(enable = "avx512f")]
    #[inline]
    fn rotate<const LEFT: i32, const RIGHT: i32>(x: Vector) -> Vector {
        _mm512_rol_epi32::<LEFT>(x)
    }

    #[target_feature(enable = "avx512f")]
    #[inline]
    fn first_word(x: Vector) -> u32 {
        _mm512_cvtsi512_si32(x) as u32
    }

    #[target_feature(enable = "avx512f")]
    #[inline]
    fn transpose([a, b, c, d]: Group) -> Group {
        let (ab, ab_high) = (_mm512_unpacklo_epi32(a, b), _mm512_unpackhi_epi32(a, b));
        let (cd, cd_high) = (_mm512_unpacklo_epi32(c, d), _mm512_unpackhi_epi32(c, d));
        [
            _mm512_unpacklo_epi64(ab, cd),
            _mm512_unpackhi_epi64(ab, cd),
            _mm512_unpacklo_epi64(ab_high, cd_high),
            _mm512_unpackhi_epi64(ab_high, cd_high),
        ]
    }

    /// The last words of consecutive counter blocks, in the order of [`transpose`].
    #[target_feature(enable = "avx512f")]
    #[inline]
    fn count_from(first: u32) -> Vector {
        let order = _mm512_set_epi32(15, 11, 7, 3, 14, 10, 6, 2, 13, 9, 5, 1, 12, 8, 4, 0);
        _mm512_add_epi32(splat(first), order)
    }

    #[target_feature(enable = "avx512f,avx512bw")]
    #[inline]
    fn swap_bytes(x: Vector) -> Vector {
        let order = _mm_set_epi8(12, 13, 14, 15, 8, 9, 10, 11, 4, 5, 6, 7, 0, 1, 2, 3);
        _mm512_shuffle_epi8(x, _mm512_broadcast_i32x4(order))
    }

    #[target_feature(enable = "avx512f")]
    #[inline]
    fn splat(word: u32) -> Vector {
        _mm512_set1_epi32(word as i32)
    }

    #[target_feature(enable = "avx512f")]
    #[inline]
    fn xor(a: Vector, b: Vector) -> Vector {
        _mm512_xor_si512(a, b)
    }

    #[target_feature(enable = "avx512f")]
    #[inline]
    fn load(bytes: &[u8; 64]) -> Vector {
        load_512(bytes)
    }

    #[target_feature(enable = "avx512f")]
    #[inline]
    fn store(bytes: &mut [u8; 64], x: Vector) {
        store_512(bytes, x);
    }
}

/// What two kinds of processors with AVX2 share; they differ in the S-box, which each defines as `sbox`.
macro_rules! avx2 {
    ($features:literal) => {
        type Vector = __m256i;

        modes!($features, 2, 2);

        /// x0 ⊕ T(x1 ⊕ x2 ⊕ x3 ⊕ rk)
        #[target_feature(enable = $features)]
        #[inline]
        fn round(x0: Vector, [x1, x2, x3]: [Vector; 3], key: Vector) -> Vector {
            let b = sbox(xor(xor(x1, x2), xor(x3, key)));
            let u = xor(b, xor(rotate_bytes::<1>(b), rotate_bytes::<2>(b)));
            xor(xor(x0, b), xor(rotate_bytes::<3>(b), rotate::<2, 30>(u)))
        }

        /// Each word rotated to the left by `LEFT` bits, which with `RIGHT` are 32.
        #[target_feature(enable = $features)]
        #[inline]
        fn rotate<const LEFT: i32, const RIGHT: i32>(x: Vector) -> Vector {
            _mm256_or_si256(_mm256_slli_epi32::<LEFT>(x), _mm256_srli_epi32::<RIGHT>(x))
        }

        #[target_feature(enable = $features)]
        #[inline]
        fn first_word(x: Vector) -> u32 {
            _mm256_cvtsi256_si32(x) as u32
        }

        /// Each word rotated to the left by N bytes.
        #[target_feature(enable = $features)]
        #[inline]
        fn rotate_bytes<const N: i32>(x: Vector) -> Vector {
            let word = 0x0302_0100_i32.rotate_left(8 * N as u32);
            let step = 0x0404_0404;
            let order = _mm_set_epi32(word + 3 * step, word + 2 * step, word + step, word);
            _mm256_shuffle_epi8(x, _mm256_broadcastsi128_si256(order))
        }

        #[target_feature(enable = $features)]
        #[inline]
        fn transpose([a, b, c, d]: Group) -> Group {
            let (ab, ab_high) = (_mm256_unpacklo_epi32(a, b), _mm256_unpackhi_epi32(a, b));
            let (cd, cd_high) = (_mm256_unpacklo_epi32(c, d), _mm256_unpackhi_epi32(c, d));
            [
                _mm256_unpacklo_epi64(ab, cd),
                _mm256_unpackhi_epi64(ab, cd),
                _mm256_unpacklo_epi64(ab_high, cd_high),
                _mm256_unpackhi_epi64(ab_high, cd_high),
            ]
        }

        /// The last words of consecutive counter blocks, in the order of [`transpose`].
        #[target_feature(enable = $features)]
        #[inline]
        fn count_from(first: u32) -> Vector {
            _mm256_add_epi32(splat(first), _mm256_set_epi32(7, 5, 3, 1, 6, 4, 2, 0))
        }

        #[target_feature(enable = $features)]
        #[inline]
        fn swap_bytes(x: Vector) -> Vector {
            let order = _mm_set_epi8(12, 13, 14, 15, 8, 9, 10, 11, 4, 5, 6, 7, 0, 1, 2, 3);
            _mm256_shuffle_epi8(x, _mm256_broadcastsi128_si256(order))
        }

        #[target_feature(enable = $features)]
        #[inline]
        fn splat(word: u32) -> Vector {
            _mm256_set1_epi32(word as i32)
        }

        #[target_feature(enable = $features)]
        #[inline]
        fn xor(a: Vector, b: Vector) -> Vector {
            _mm256_xor_si256(a, b)
        }

        #[target_feature(enable = $features)]
        #[inline]
        fn load(bytes: &[u8; 32]) -> Vector {
            load_256(bytes)
        }

        #[target_feature(enable = $features)]
        #[inline]
        fn store(bytes: &mut [u8; 32], x: Vector) {
            store_256(bytes, x);
        }
    };
}

/// AVX2 with GFNI.
pub(crate) mod gfni {
    use super::*;

    avx2!("avx2,gfni");

    #[target_feature(enable = "avx2,gfni")]
    #[inline]
    fn sbox(x: Vector) -> Vector {
        const PRE: u8 = INTO_AES_FIELD.1;
        const POST: u8 = FROM_AES_FIELD.1;
        let pre = _mm256_set1_epi64x(INTO_AES_FIELD.0 as i64);
        let x = _mm256_gf2p8affine_epi64_epi8::<{ PRE as i32 }>(x, pre);
        let post = _mm256_set1_epi64x(FROM_AES_FIELD.0 as i64);
        _mm256_gf2p8affineinv_epi64_epi8::<{ POST as i32 }>(x, post)
    }
}

/// AVX2 with AES-NI.
pub(crate) mod aes {
    use super::*;

    avx2!("avx2,aes");

    #[target_feature(enable = "avx2,aes")]
    #[inline]
    fn sbox(x: Vector) -> Vector {
        let x = affine(x, &nibbles(INTO_AES_FIELD));
        let halves = (_mm256_castsi256_si128(x), _mm256_extracti128_si256::<1>(x));
        // The last round of AES is its S-box and ShiftRows, before the key is added.
        let none = _mm_setzero_si128();
        let (low, high) = (
            _mm_aesenclast_si128(halves.0, none),
            _mm_aesenclast_si128(halves.1, none),
        );
        let x = _mm256_inserti128_si256::<1>(_mm256_castsi128_si256(low), high);
        let unshifted = _mm_set_epi8(3, 6, 9, 12, 15, 2, 5, 8, 11, 14, 1, 4, 7, 10, 13, 0);
        let x = _mm256_shuffle_epi8(x, _mm256_broadcastsi128_si256(unshifted));
        affine(x, &nibbles(FROM_AES_SBOX))
    }

    /// The values of an affine function at 0 … 15, and of its linear part at 0, 16 … 240. They stand in registers:
    /// choosing among them with a shuffle reads no memory.
    #[target_feature(enable = "avx2,aes")]
    #[inline]
    fn affine(x: Vector, [low, high]: &[[i64; 2]; 2]) -> Vector {
        let fifteen = _mm256_set1_epi8(15);
        let low = _mm_set_epi64x(low[1], low[0]);
        let high = _mm_set_epi64x(high[1], high[0]);
        xor(
            _mm256_shuffle_epi8(_mm256_broadcastsi128_si256(low), _mm256_and_si256(x, fifteen)),
            _mm256_shuffle_epi8(
                _mm256_broadcastsi128_si256(high),
                _mm256_and_si256(_mm256_srli_epi16::<4>(x), fifteen),
            ),
        )
    }

    #[inline(always)]
    const fn nibbles((matrix, constant): (u64, u8)) -> [[i64; 2]; 2] {
        let rows = matrix.to_be_bytes();
        let mut tables = [[0u8; 16]; 2];
        let mut nibble = 0;
        while nibble < 16 {
            let mut bit = 0;
            tables[0][nibble] = constant;
            while bit < 8 {
                tables[0][nibble] ^= ((rows[bit] & nibble as u8).count_ones() as u8 & 1) << bit;
                tables[1][nibble] ^= ((rows[bit] & (nibble as u8) << 4).count_ones() as u8 & 1) << bit;
                bit += 1;
            }
            nibble += 1;
        }
        let [low, high] = tables;
        let (low, high) = (u128::from_le_bytes(low), u128::from_le_bytes(high));
        [
            [low as i64, (low >> 64) as i64],
            [high as i64, (high >> 64) as i64],
        ]
    }
}
