//! The compression function of SM3 (GB/T 32905-2016 §5.3), written once for words of several kinds: a number, or a
//! vector with the same word of several messages.

/// V(i+1) = CF(V(i), B(i)) over words of type `$word`, for functions with the attribute given (which instructions
/// they may use). Where it is used there are: `add`, `xor`, `xor3`, `rotate::<BITS>` to the left, `splat` of a number,
/// `majority` (FF) and `choose` (GG) of the later rounds.
macro_rules! compression {
    ($(#[$feature:meta])? $word:ty) => {
        $(#[$feature])?
        #[inline]
        fn compress(v: &mut [$word; 8], block: [$word; 16]) {
            let (mut s, mut w) = (*v, block);
            rounds!(s w 0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 22 23 24 25 26 27 28 29 30 31);
            rounds!(s w 32 33 34 35 36 37 38 39 40 41 42 43 44 45 46 47 48 49 50 51 52 53 54 55 56 57 58 59 60);
            rounds!(s w 61 62 63);
            for (v, s) in v.iter_mut().zip(s) {
                *v = xor(*v, s);
            }
        }

        /// Round j. What the standard moves from A to B, C and D stays where it is, and the names move; after four
        /// rounds they are back. W(j) stands in w[j mod 16] from round j − 4 on.
        $(#[$feature])?
        #[inline]
        fn round<const J: usize>(s: &mut [$word; 8], w: &mut [$word; 16]) {
            let t = if J < 16 { 0x79cc_4519_u32 } else { 0x7a87_9d8a }.rotate_left(J as u32 % 32);
            let [a, b, c, d] = std::array::from_fn(|i| (64 - J + i) % 4);
            let [e, f, g, h] = [4 + a, 4 + b, 4 + c, 4 + d];
            if J >= 12 {
                w[(J + 4) % 16] = extend::<J>(w);
            }
            let (w_j, w_j_4) = (w[J % 16], w[(J + 4) % 16]);
            let a_12 = rotate::<12>(s[a]);
            // E comes last from the round before, so it is added last.
            let ss1 = rotate::<7>(add(s[e], add(a_12, splat(t))));
            let ss2 = xor(ss1, a_12);
            let (ff, gg) = if J < 16 {
                (xor3(s[a], s[b], s[c]), xor3(s[e], s[f], s[g]))
            } else {
                (majority(s[a], s[b], s[c]), choose(s[e], s[f], s[g]))
            };
            let tt1 = add(add(add(ff, s[d]), xor(w_j, w_j_4)), ss2);
            let tt2 = add(add(add(gg, s[h]), w_j), ss1);
            s[b] = rotate::<9>(s[b]);
            s[d] = tt1;
            s[f] = rotate::<19>(s[f]);
            // P0
            s[h] = xor3(tt2, rotate::<9>(tt2), rotate::<17>(tt2));
        }

        /// W(j+4) = P1(W(j−12) ⊕ W(j−5) ⊕ (W(j+1) <<< 15)) ⊕ (W(j−9) <<< 7) ⊕ W(j−2)
        $(#[$feature])?
        #[inline]
        fn extend<const J: usize>(w: &[$word; 16]) -> $word {
            let x = xor3(w[(J + 4) % 16], w[(J + 11) % 16], rotate::<15>(w[(J + 1) % 16]));
            let p1 = xor3(x, rotate::<15>(x), rotate::<23>(x));
            xor3(p1, rotate::<7>(w[(J + 7) % 16]), w[(J + 14) % 16])
        }
    };
}

macro_rules! rounds {
    ($s:ident $w:ident $($j:literal)*) => { $(round::<$j>(&mut $s, &mut $w);)* };
}

/// One message at a time, in plain words.
macro_rules! scalar {
    ($(#[$feature:meta])?) => {
        compression!($(#[$feature])? u32);

        /// V after `blocks`.
        $(#[$feature])?
        pub(crate) fn update(v: &mut [u32; 8], blocks: &[[u8; 64]]) {
            for block in blocks {
                let mut words = [0; 16];
                for (word, bytes) in words.iter_mut().zip(block.as_chunks().0) {
                    *word = u32::from_be_bytes(*bytes);
                }
                compress(v, words);
            }
        }

        #[inline(always)]
        fn add(a: u32, b: u32) -> u32 {
            a.wrapping_add(b)
        }

        #[inline(always)]
        fn xor(a: u32, b: u32) -> u32 {
            a ^ b
        }

        #[inline(always)]
        fn xor3(a: u32, b: u32, c: u32) -> u32 {
            a ^ b ^ c
        }

        #[inline(always)]
        fn rotate<const BITS: u32>(a: u32) -> u32 {
            a.rotate_left(BITS)
        }

        #[inline(always)]
        fn splat(number: u32) -> u32 {
            number
        }

        #[inline(always)]
        fn majority(a: u32, b: u32, c: u32) -> u32 {
            ((a ^ b) & (b ^ c)) ^ b
        }

        #[inline(always)]
        fn choose(a: u32, b: u32, c: u32) -> u32 {
            (a & b) | (!a & c)
        }
    };
}

pub(super) use {compression, rounds, scalar};
