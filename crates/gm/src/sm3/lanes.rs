//! Several SM3 messages side by side: lane i of every word belongs to message i. Which message goes through which
//! lane is decided here; the vectors are in `x86.rs`.

use super::IV;
use crate::simd::{self, Sm3Update};

/// The chaining values V(i) of each message.
pub(crate) type State<const LANES: usize> = [[u32; LANES]; 8];

/// Lanes are worth it as long as so many tenths of them have work on average: what a step on all of them costs
/// beside a step of one message alone.
const BUSY_TENTHS_MIN: usize = 20;

/// The same for eight lanes of AVX-512.
const BUSY_TENTHS_MIN_AT_ONCE: usize = 12;

/// One message, or a piece of one: V, and the blocks by which it is to go on.
pub(super) struct Job<'a> {
    pub(super) v: [u32; 8],
    /// Blocks in place.
    whole: &'a [[u8; 64]],
    /// What comes after these: none, one or two blocks, the last of the array.
    last: [[u8; 64]; 2],
    last_from: usize,
}

/// Does all jobs, with what this machine has.
pub(super) fn run(jobs: &mut [Job<'_>]) {
    // Eight lanes that are quick, unless sixteen would be busy for most of the time.
    let longest = jobs.iter().map(Job::blocks).max().unwrap_or(0);
    let long_ones = jobs.iter().filter(|job| 2 * job.blocks() >= longest).count();
    if long_ones <= 8
        && let Some(update) = simd::sm3_update_8_at_once()
    {
        run_on_lanes(jobs, BUSY_TENTHS_MIN_AT_ONCE, update);
    } else if let Some(update) = simd::sm3_update_16() {
        run_on_lanes(jobs, BUSY_TENTHS_MIN, update);
    } else if let Some(update) = simd::sm3_update_8() {
        run_on_lanes(jobs, BUSY_TENTHS_MIN, update);
    } else {
        jobs.iter_mut().for_each(Job::run_alone);
    }
}

/// Hashes on lanes as long as `busy` tenths of them have work on average; a job that is much longer than all others is
/// done alone.
fn run_on_lanes<const LANES: usize>(jobs: &mut [Job<'_>], busy: usize, update: Sm3Update<LANES>) {
    let mut order: Vec<usize> = (0..jobs.len())
        .filter(|index| jobs[*index].blocks() > 0)
        .collect();
    order.sort_by_key(|index| std::cmp::Reverse(jobs[*index].blocks()));
    let mut blocks_left: usize = jobs.iter().map(Job::blocks).sum();
    let mut waiting = order.into_iter().peekable();
    while let Some(index) =
        waiting.next_if(|index| jobs[*index].blocks().saturating_mul(busy) > blocks_left.saturating_mul(10))
    {
        blocks_left -= jobs[index].blocks();
        jobs[index].run_alone();
    }
    let mut lanes: [Option<usize>; LANES] = [None; LANES];
    let mut state = IV.map(|word| [word; LANES]);
    loop {
        for (lane, slot) in lanes.iter_mut().enumerate().filter(|(_, slot)| slot.is_none()) {
            *slot = waiting.next();
            if let Some(index) = slot {
                (0..8).for_each(|i| state[i][lane] = jobs[*index].v[i]);
            }
        }
        // All go as far as the shortest; lanes without a message repeat another's work.
        let next = lanes.iter().flatten().map(|index| jobs[*index].next_blocks());
        let Some(shortest) = next.min_by_key(|blocks| blocks.len()) else {
            return;
        };
        let count = shortest.len();
        let sources = lanes.map(|slot| slot.map_or(shortest, |index| &jobs[index].next_blocks()[..count]));
        update(&mut state, &sources);
        for (lane, slot) in lanes.iter_mut().enumerate() {
            let advanced = |index: &mut usize| jobs[*index].advance(count) == 0;
            if let Some(done) = slot.take_if(advanced) {
                jobs[done].v = state.map(|words| words[lane]);
            }
        }
    }
}

impl<'a> Job<'a> {
    /// A message, or the rest of one: of `last` the last `last_count` blocks.
    pub(super) fn new(
        v: [u32; 8],
        whole: &'a [[u8; 64]],
        (last, last_count): ([[u8; 64]; 2], usize),
    ) -> Self {
        Self {
            v,
            whole,
            last,
            last_from: 2 - last_count,
        }
    }

    fn blocks(&self) -> usize {
        self.whole.len() + self.last.len() - self.last_from
    }

    fn run_alone(&mut self) {
        simd::sm3_update(&mut self.v, self.whole);
        simd::sm3_update(&mut self.v, &self.last[self.last_from..]);
    }

    /// Blocks that stand together: at least one, unless all are done.
    fn next_blocks(&self) -> &[[u8; 64]] {
        if self.whole.is_empty() {
            &self.last[self.last_from..]
        } else {
            self.whole
        }
    }

    /// How many blocks are left after `count` of the next were done.
    fn advance(&mut self, count: usize) -> usize {
        if self.whole.is_empty() {
            self.last_from += count;
        } else {
            self.whole = &self.whole[count..];
        }
        self.blocks()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::{Digest, last_blocks, sm3, sm3_many};
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
        assert_eq!(sm3_many(messages), expected);
        for busy in [0, 10, 12, 30] {
            assert_eq!(on_lanes::<1>(messages, busy, update), expected);
            assert_eq!(on_lanes::<3>(messages, busy, update), expected);
            for update in [simd::sm3_update_8(), simd::sm3_update_8_at_once()]
                .into_iter()
                .flatten()
            {
                assert_eq!(on_lanes(messages, busy, update), expected);
            }
            if let Some(update) = simd::sm3_update_16() {
                assert_eq!(on_lanes(messages, busy, update), expected);
            }
        }
    }

    fn on_lanes<'a, const LANES: usize>(
        messages: &[&'a [u8]],
        busy: usize,
        update: Sm3Update<LANES>,
    ) -> Vec<Digest> {
        let job = |message: &&'a [u8]| {
            let (whole, rest) = message.as_chunks();
            Job::new(IV, whole, last_blocks(rest, message.len() as u64))
        };
        let mut jobs: Vec<Job<'_>> = messages.iter().map(job).collect();
        run_on_lanes(&mut jobs, busy, update);
        jobs.iter().map(|job| Digest::from_words(&job.v)).collect()
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
