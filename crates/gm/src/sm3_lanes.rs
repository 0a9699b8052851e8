//! Several SM3 messages side by side (GB/T 32905-2016 §5.3): lane i of every word belongs to message i.
//!
//! The compression function is written over arrays, without intrinsics; `simd.rs` compiles it for machines with
//! vectors of such width, where each operation on an array is one instruction.

use crate::digest::{Digest, sm3};
use crate::simd;

/// One word of each message.
pub(crate) type Words<const LANES: usize> = [u32; LANES];

/// The chaining values V(i) of each message.
pub(crate) type State<const LANES: usize> = [Words<LANES>; 8];

/// The messages' SM3 values in their order, with what this machine has.
pub(crate) fn hash_all(messages: &[&[u8]]) -> Vec<Digest> {
    if simd::has_16_lanes() {
        hash_on_lanes(messages, 3, simd::sm3_compress_16)
    } else if simd::has_8_lanes() {
        hash_on_lanes(messages, 3, simd::sm3_compress_8)
    } else {
        messages.iter().map(|message| sm3(message)).collect()
    }
}

/// Hashes on lanes as long as `busy` of them have work on average, which is when lanes are worth it; a message
/// that is much longer than all others is hashed alone.
fn hash_on_lanes<const LANES: usize>(
    messages: &[&[u8]],
    busy: usize,
    compress: fn(&mut State<LANES>, &[Words<LANES>; 16]),
) -> Vec<Digest> {
    let mut digests = vec![Digest([0; 32]); messages.len()];
    let mut order: Vec<usize> = (0..messages.len()).collect();
    order.sort_by_key(|index| std::cmp::Reverse(messages[*index].len()));
    let mut blocks_left: usize = messages.iter().map(|message| blocks(message)).sum();
    let mut waiting = order.into_iter().peekable();
    while let Some(index) =
        waiting.next_if(|index| blocks(messages[*index]).saturating_mul(busy) > blocks_left)
    {
        digests[index] = sm3(messages[index]);
        blocks_left -= blocks(messages[index]);
    }
    let mut lanes: [Option<Lane>; LANES] = std::array::from_fn(|_| None);
    let mut state = IV.map(|word| [word; LANES]);
    loop {
        for (lane, slot) in lanes.iter_mut().enumerate().filter(|(_, slot)| slot.is_none()) {
            *slot = waiting.next().map(|index| Lane::new(index, messages[index]));
            (0..8).for_each(|i| state[i][lane] = IV[i]);
        }
        if lanes.iter().all(Option::is_none) {
            return digests;
        }
        let mut words = [[0; LANES]; 16];
        for (lane, source) in lanes
            .iter_mut()
            .enumerate()
            .filter_map(|(i, slot)| Some((i, slot.as_mut()?)))
        {
            for (word, bytes) in words.iter_mut().zip(source.next_block().as_chunks().0) {
                word[lane] = u32::from_be_bytes(*bytes);
            }
        }
        compress(&mut state, &words);
        for (lane, slot) in lanes.iter_mut().enumerate() {
            if let Some(done) = slot.take_if(|source| source.next == source.blocks) {
                for (i, chunk) in digests[done.index].0.as_chunks_mut().0.iter_mut().enumerate() {
                    *chunk = state[i][lane].to_be_bytes();
                }
            }
        }
    }
}

/// The blocks of a message with its padding.
fn blocks(message: &[u8]) -> usize {
    (message.len() + 8) / 64 + 1
}

/// A message on its way through a lane.
struct Lane<'a> {
    /// Which of the messages.
    index: usize,
    message: &'a [u8],
    blocks: usize,
    /// The block that comes next.
    next: usize,
    /// What does not fill a block, and the padding.
    tail: [u8; 128],
}

impl<'a> Lane<'a> {
    fn new(index: usize, message: &'a [u8]) -> Self {
        let rest = &message[message.len() / 64 * 64..];
        let mut tail = [0; 128];
        tail[..rest.len()].copy_from_slice(rest);
        tail[rest.len()] = 0x80;
        let end = if rest.len() < 56 { 64 } else { 128 };
        tail[end - 8..end].copy_from_slice(&(message.len() as u64 * 8).to_be_bytes());
        Self {
            index,
            message,
            blocks: blocks(message),
            next: 0,
            tail,
        }
    }

    fn next_block(&mut self) -> &[u8] {
        let (at, whole) = (self.next, self.message.len() / 64);
        self.next += 1;
        match at.checked_sub(whole) {
            None => &self.message[at * 64..][..64],
            Some(in_tail) => &self.tail[in_tail * 64..][..64],
        }
    }
}

const IV: [u32; 8] = [
    0x7380_166f,
    0x4914_b2b9,
    0x1724_42d7,
    0xda8a_0600,
    0xa96f_30bc,
    0x1631_38aa,
    0xe38d_ee4d,
    0xb0fb_0e4e,
];

/// Continues each message by one block of 64 bytes, given as 16 words.
#[inline(always)]
pub(crate) fn compress<const LANES: usize>(state: &mut State<LANES>, block: &[Words<LANES>; 16]) {
    // W(j) stands in w[j mod 16] from round j − 4 on.
    let mut w = *block;
    let [mut a, mut b, mut c, mut d, mut e, mut f, mut g, mut h] = *state;
    for j in 0..64 {
        let constant = if j < 16 { 0x79cc_4519_u32 } else { 0x7a87_9d8a }.rotate_left(j as u32 % 32);
        if j >= 12 {
            w[(j + 4) % 16] = extend(&w, j + 4);
        }
        let (w_j, w_j_4) = (&w[j % 16], &w[(j + 4) % 16]);
        let a_12 = map(&a, |a| a.rotate_left(12));
        let ss1 = zip(&a_12, &e, |a, e| {
            a.wrapping_add(e).wrapping_add(constant).rotate_left(7)
        });
        let ss2 = zip(&ss1, &a_12, |ss1, a_12| ss1 ^ a_12);
        let (ff, gg) = if j < 16 {
            (
                zip3(&a, &b, &c, |a, b, c| a ^ b ^ c),
                zip3(&e, &f, &g, |e, f, g| e ^ f ^ g),
            )
        } else {
            let majority = zip3(&a, &b, &c, |a, b, c| (a & b) | (a & c) | (b & c));
            (majority, zip3(&e, &f, &g, |e, f, g| (e & f) | (!e & g)))
        };
        let tt1 = zip3(&ff, &d, &ss2, |ff, d, ss2| ff.wrapping_add(d).wrapping_add(ss2));
        let tt1 = zip3(&tt1, w_j, w_j_4, |tt1, w, w_4| tt1.wrapping_add(w ^ w_4));
        let tt2 = zip3(&gg, &h, &ss1, |gg, h, ss1| gg.wrapping_add(h).wrapping_add(ss1));
        let tt2 = zip(&tt2, w_j, u32::wrapping_add);
        (d, c, b, a) = (c, map(&b, |b| b.rotate_left(9)), a, tt1);
        (h, g, f, e) = (
            g,
            map(&f, |f| f.rotate_left(19)),
            e,
            map(&tt2, |x| x ^ x.rotate_left(9) ^ x.rotate_left(17)),
        );
    }
    for (value, new) in state.iter_mut().zip([a, b, c, d, e, f, g, h]) {
        *value = zip(value, &new, |value, new| value ^ new);
    }
}

/// W(j) from the sixteen words before it.
#[inline(always)]
fn extend<const LANES: usize>(w: &[Words<LANES>; 16], j: usize) -> Words<LANES> {
    let x = zip3(&w[j % 16], &w[(j + 7) % 16], &w[(j + 13) % 16], |x, y, z| {
        x ^ y ^ z.rotate_left(15)
    });
    let p1 = map(&x, |x| x ^ x.rotate_left(15) ^ x.rotate_left(23));
    zip3(&p1, &w[(j + 3) % 16], &w[(j + 10) % 16], |x, y, z| {
        x ^ y.rotate_left(7) ^ z
    })
}

#[inline(always)]
fn map<const LANES: usize>(a: &Words<LANES>, f: impl Fn(u32) -> u32) -> Words<LANES> {
    zip3(a, a, a, |a, _, _| f(a))
}

#[inline(always)]
fn zip<const LANES: usize>(a: &Words<LANES>, b: &Words<LANES>, f: impl Fn(u32, u32) -> u32) -> Words<LANES> {
    zip3(a, b, b, |a, b, _| f(a, b))
}

#[inline(always)]
fn zip3<const LANES: usize>(
    a: &Words<LANES>,
    b: &Words<LANES>,
    c: &Words<LANES>,
    f: impl Fn(u32, u32, u32) -> u32,
) -> Words<LANES> {
    let mut result = [0; LANES];
    for i in 0..LANES {
        result[i] = f(a[i], b[i], c[i]);
    }
    result
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// On every number of lanes: 3 is no machine's, and shows that nothing depends on the number.
    #[track_caller]
    fn check(messages: &[&[u8]]) {
        let expected: Vec<Digest> = messages.iter().map(|message| sm3(message)).collect();
        assert_eq!(hash_all(messages), expected);
        for busy in [0, 1, 3] {
            assert_eq!(hash_on_lanes::<1>(messages, busy, compress), expected);
            assert_eq!(hash_on_lanes::<3>(messages, busy, compress), expected);
            if simd::has_8_lanes() {
                assert_eq!(hash_on_lanes(messages, busy, simd::sm3_compress_8), expected);
            }
            if simd::has_16_lanes() {
                assert_eq!(hash_on_lanes(messages, busy, simd::sm3_compress_16), expected);
            }
        }
    }

    #[test]
    fn every_length_around_the_blocks() {
        let bytes: Vec<u8> = (0..300).map(|i| i as u8).collect();
        let messages: Vec<&[u8]> = (0..bytes.len()).map(|length| &bytes[..length]).collect();
        check(&messages);
        check(&[]);
        check(&[b""]);
    }

    #[test]
    fn one_long_message_among_short_ones() {
        let long = vec![7; 10_000];
        let mut messages: Vec<&[u8]> = vec![b"short"; 20];
        messages.insert(9, &long);
        check(&messages);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(40))]

        #[test]
        fn any_messages(
            messages in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..400), 0..40)
        ) {
            let messages: Vec<&[u8]> = messages.iter().map(Vec::as_slice).collect();
            check(&messages);
        }
    }
}
