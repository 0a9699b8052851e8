//! Several SM3 messages side by side: lane i of every word belongs to message i. Which message goes through which
//! lane is decided here; the vectors are in `x86.rs`.

use super::{Digest, IV, last_blocks, sm3};
use crate::simd::{self, Sm3Update};

/// The chaining values V(i) of each message.
pub(crate) type State<const LANES: usize> = [[u32; LANES]; 8];

/// Lanes are worth it as long as so many of them have work on average.
const BUSY_LANES_MIN: usize = 3;

/// The messages' SM3 values in their order, with what this machine has.
pub(super) fn hash_all(messages: &[&[u8]]) -> Vec<Digest> {
    if let Some(update) = simd::sm3_update_16() {
        hash_on_lanes(messages, BUSY_LANES_MIN, update)
    } else if let Some(update) = simd::sm3_update_8() {
        hash_on_lanes(messages, BUSY_LANES_MIN, update)
    } else {
        messages.iter().map(|message| sm3(message)).collect()
    }
}

/// Hashes on lanes as long as `busy` of them have work on average; a message that is much longer than all others
/// is hashed alone.
fn hash_on_lanes<const LANES: usize>(
    messages: &[&[u8]],
    busy: usize,
    update: Sm3Update<LANES>,
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
        // All go as far as the shortest; lanes without a message repeat another's work.
        let next = lanes.iter().flatten().map(Lane::next_blocks);
        let Some(shortest) = next.min_by_key(|blocks| blocks.len()) else {
            return digests;
        };
        let count = shortest.len();
        let sources = lanes.each_ref().map(|slot| {
            slot.as_ref()
                .map_or(shortest, |lane| &lane.next_blocks()[..count])
        });
        update(&mut state, &sources);
        for (lane, slot) in lanes.iter_mut().enumerate() {
            if let Some(done) = slot.take_if(|message| message.is_done_after(count)) {
                digests[done.index] = Digest::from_words(&state.map(|words| words[lane]));
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
    /// Whole blocks that are still to come.
    whole: &'a [[u8; 64]],
    /// What does not fill a block, and the padding: the last one or two blocks.
    last: [[u8; 64]; 2],
    last_from: usize,
}

impl<'a> Lane<'a> {
    fn new(index: usize, message: &'a [u8]) -> Self {
        let (whole, rest) = message.as_chunks();
        let (last, count) = last_blocks(rest, message.len() as u64);
        Self {
            index,
            whole,
            last,
            last_from: 2 - count,
        }
    }

    /// Blocks that stand together: at least one.
    fn next_blocks(&self) -> &[[u8; 64]] {
        if self.whole.is_empty() {
            &self.last[self.last_from..]
        } else {
            self.whole
        }
    }

    fn is_done_after(&mut self, count: usize) -> bool {
        if self.whole.is_empty() {
            self.last_from += count;
        } else {
            self.whole = &self.whole[count..];
        }
        self.last_from == self.last.len()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// One message after the other, on any number of lanes.
    fn update<const LANES: usize>(state: &mut State<LANES>, messages: &[&[[u8; 64]]; LANES]) {
        for (lane, blocks) in messages.iter().enumerate() {
            assert_eq!(blocks.len(), messages[0].len());
            let mut v = state.map(|words| words[lane]);
            super::super::portable::update(&mut v, blocks);
            (0..8).for_each(|i| state[i][lane] = v[i]);
        }
    }

    /// On every number of lanes: 3 is no machine's, and shows that nothing depends on the number.
    #[track_caller]
    fn check(messages: &[&[u8]]) {
        let expected: Vec<Digest> = messages.iter().map(|message| sm3(message)).collect();
        assert_eq!(hash_all(messages), expected);
        for busy in [0, 1, 3] {
            assert_eq!(hash_on_lanes::<1>(messages, busy, update), expected);
            assert_eq!(hash_on_lanes::<3>(messages, busy, update), expected);
            if let Some(update) = simd::sm3_update_8() {
                assert_eq!(hash_on_lanes(messages, busy, update), expected);
            }
            if let Some(update) = simd::sm3_update_16() {
                assert_eq!(hash_on_lanes(messages, busy, update), expected);
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
        let long: Vec<u8> = (0..10_000u32).map(|i| (i * i / 7) as u8).collect();
        let mut messages: Vec<&[u8]> = vec![b"short"; 20];
        messages.insert(9, &long);
        check(&messages);
        let equally_long = [&long[..9000]; 19];
        check(&equally_long);
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
