//! Sets of item numbers, kept short: a batch that is worked off in order is one range.

use serde::{Deserialize, Serialize};

/// A set of numbers as ranges `[first, last]`, both inclusive, ascending and not touching.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Ranges(Vec<(u32, u32)>);

impl Ranges {
    /// Whether the number is in the set.
    pub fn contains(&self, number: u32) -> bool {
        let after = self.0.partition_point(|(first, _)| *first <= number);
        after > 0 && number <= self.0[after - 1].1
    }

    /// How many numbers there are.
    pub fn len(&self) -> u32 {
        let sizes = self
            .0
            .iter()
            .map(|(first, last)| (last - first).saturating_add(1));
        sizes.fold(0, u32::saturating_add)
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The ranges, ascending.
    pub fn iter(&self) -> impl Iterator<Item = (u32, u32)> {
        self.0.iter().copied()
    }

    /// Add a number.
    pub fn insert(&mut self, number: u32) {
        let after = self.0.partition_point(|(first, _)| *first <= number);
        if after > 0 && number <= self.0[after - 1].1 {
            return;
        }
        let extends_left = after > 0 && self.0[after - 1].1.checked_add(1) == Some(number);
        let extends_right = self
            .0
            .get(after)
            .is_some_and(|(first, _)| number.checked_add(1) == Some(*first));
        match (extends_left, extends_right) {
            (true, true) => {
                self.0[after - 1].1 = self.0[after].1;
                self.0.remove(after);
            }
            (true, false) => self.0[after - 1].1 = number,
            (false, true) => self.0[after].0 = number,
            (false, false) => self.0.insert(after, (number, number)),
        }
    }

    /// Take a number away.
    pub fn remove(&mut self, number: u32) {
        let after = self.0.partition_point(|(first, _)| *first <= number);
        if after == 0 || number > self.0[after - 1].1 {
            return;
        }
        let (first, last) = self.0.remove(after - 1);
        if number < last {
            self.0.insert(after - 1, (number + 1, last));
        }
        if first < number {
            self.0.insert(after - 1, (first, number - 1));
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;

    #[test]
    fn work_in_order_is_one_range() {
        let mut ranges = Ranges::default();
        (0..10_000).for_each(|number| ranges.insert(number));
        assert_eq!(ranges.iter().collect::<Vec<_>>(), [(0, 9_999)]);
        assert_eq!(ranges.len(), 10_000);
    }

    #[test]
    fn the_last_number_does_not_overflow() {
        let mut ranges = Ranges::default();
        [u32::MAX, u32::MAX - 1, 0]
            .into_iter()
            .for_each(|number| ranges.insert(number));
        assert!(ranges.contains(u32::MAX) && !ranges.contains(1));
        assert_eq!(ranges.len(), 3);
    }

    proptest! {
        #[test]
        fn it_is_a_set(acts in prop::collection::vec((any::<bool>(), 0_u32..24), 0..200)) {
            let (mut ranges, mut set) = (Ranges::default(), BTreeSet::new());
            for (insert, number) in acts {
                if insert {
                    ranges.insert(number);
                    set.insert(number);
                } else {
                    ranges.remove(number);
                    set.remove(&number);
                }
            }
            let listed: Vec<u32> = ranges.iter().flat_map(|(first, last)| first..=last).collect();
            prop_assert_eq!(listed, set.iter().copied().collect::<Vec<_>>());
            prop_assert_eq!(ranges.len() as usize, set.len());
            prop_assert!((0..24).all(|number| ranges.contains(number) == set.contains(&number)));
            prop_assert!(ranges.0.windows(2).all(|pair| pair[0].1 + 1 < pair[1].0));
        }
    }
}
