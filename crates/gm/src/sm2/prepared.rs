//! Multiples of public keys: the general way for a key that is new, and a table for a key that keeps coming
//! back. Makers, certificate authorities and signers repeat all day.

use std::collections::HashMap;
use std::sync::{Arc, LazyLock, Mutex, PoisonError};

use super::comb::Comb;
use super::point::{Affine, Jacobian};
use super::scalar::Scalar;

/// A key's table is built when it is used for this many times: about when the general way has cost as much as
/// the table does.
const USES_UNTIL_PREPARED: u32 = 8;

/// Tables that the process holds at most, of 88 KB each.
const TABLES_MAX: usize = 32;

/// Keys whose uses are counted.
const COUNTED_KEYS_MAX: usize = 256;

/// \[k\]P. Variable time.
pub(super) fn mul_public(point: &Affine, k: &Scalar) -> Jacobian {
    match table(point) {
        Some(table) => table.mul_add_public(k, Jacobian::INFINITY),
        None => mul_unprepared(point, k),
    }
}

/// \[k\]P by non-adjacent form of width 5: 255 doublings and about 43 additions.
#[inline(never)]
fn mul_unprepared(point: &Affine, k: &Scalar) -> Jacobian {
    // odd[i] = (2i + 1)·P
    let first = Jacobian::from(*point);
    let twice = first.double();
    let mut odd = [first; 8];
    for i in 1..odd.len() {
        odd[i] = odd[i - 1].add_public(&twice);
    }
    let mut sum = Jacobian::INFINITY;
    for digit in non_adjacent_form(k).into_iter().rev() {
        sum = sum.double();
        if digit != 0 {
            let entry = odd[usize::from(digit.unsigned_abs()) / 2];
            sum = sum.add_public(&entry.neg_public(digit < 0));
        }
    }
    sum
}

/// k = Σ dᵢ·2ⁱ with dᵢ zero or odd, |dᵢ| ≤ 15, and after each digit at least four zeros.
fn non_adjacent_form(k: &Scalar) -> [i8; 257] {
    let bit = |i: usize| k.limbs().get(i / 64).map_or(0, |limb| limb >> (i % 64) & 1);
    let mut digits = [0; 257];
    let mut carry = 0;
    let mut i = 0;
    while i < digits.len() {
        if bit(i) == carry {
            i += 1;
            continue;
        }
        // An odd number in 1 … 31; above 15 it counts as what is missing to 32, and carries.
        let window = (0..5).map(|j| bit(i + j) << j).sum::<u64>() + carry;
        carry = window >> 4 & 1;
        digits[i] = (window as i8) - ((carry as i8) << 5);
        i += 5;
    }
    digits
}

static KEYS: LazyLock<Mutex<Keys>> = LazyLock::new(Mutex::default);

/// The table of `point`, if it has one by now.
fn table(point: &Affine) -> Option<Arc<Table>> {
    // Nothing that panics happens under the lock; if it did, the worst would be a count too few.
    let keys = || KEYS.lock().unwrap_or_else(PoisonError::into_inner);
    let found = keys().note_use(point);
    match found {
        Found::Table(table) => Some(table),
        Found::Unprepared => None,
        Found::Due => {
            // Built outside of the lock: others verify meanwhile.
            let table = Arc::new(Table::new(point));
            keys().insert(point, Arc::clone(&table));
            Some(table)
        }
    }
}

/// Points that were used lately, with the tables of the busiest.
#[derive(Default)]
struct Keys {
    entries: HashMap<[u64; 8], Entry>,
    /// Counts uses of all keys, to know which key was used last.
    clock: u64,
}

#[derive(Default)]
struct Entry {
    uses: u32,
    last_use: u64,
    table: Option<Arc<Table>>,
}

type Table = Comb<6>;

enum Found {
    Table(Arc<Table>),
    /// This caller is to build the table.
    Due,
    Unprepared,
}

impl Keys {
    fn note_use(&mut self, point: &Affine) -> Found {
        self.clock += 1;
        let key = point.to_words();
        if self.entries.len() >= COUNTED_KEYS_MAX && !self.entries.contains_key(&key) {
            // Tables are fewer than keys, so there is always a key without one; a flood of new keys cannot drive
            // out the tables of busy ones.
            let oldest = self.oldest(|entry| entry.table.is_none());
            oldest.and_then(|oldest| self.entries.remove(&oldest));
        }
        let entry = self.entries.entry(key).or_default();
        entry.last_use = self.clock;
        entry.uses = entry.uses.saturating_add(1);
        match &entry.table {
            Some(table) => Found::Table(Arc::clone(table)),
            None if entry.uses == USES_UNTIL_PREPARED => Found::Due,
            None => Found::Unprepared,
        }
    }

    fn insert(&mut self, point: &Affine, table: Arc<Table>) {
        let tables = self
            .entries
            .values()
            .filter(|entry| entry.table.is_some())
            .count();
        if tables >= TABLES_MAX {
            let oldest = self.oldest(|entry| entry.table.is_some());
            oldest.and_then(|oldest| self.entries.remove(&oldest));
        }
        let entry = self.entries.entry(point.to_words()).or_default();
        entry.last_use = self.clock;
        entry.table = Some(table);
    }

    fn oldest(&self, of: impl Fn(&Entry) -> bool) -> Option<[u64; 8]> {
        let candidates = self.entries.iter().filter(|(_, entry)| of(entry));
        candidates
            .min_by_key(|(_, entry)| entry.last_use)
            .map(|(key, _)| *key)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::limbs;
    use super::super::scalar::N;
    use super::super::test_support::{
        below, from_reference, reference_multiple, reference_point, reference_scalar,
    };
    use super::*;

    fn scalar(k: &limbs::Limbs) -> Scalar {
        Scalar::from_be(&limbs::to_be(k)).unwrap()
    }

    fn point(d: u64) -> Affine {
        let multiple = reference_multiple(&[d, 0, 0, 0]);
        from_reference(&multiple).unwrap()
    }

    #[track_caller]
    fn check(point: &Affine, k: &limbs::Limbs) {
        let expected = from_reference(&(reference_point(point) * reference_scalar(k)));
        let k = scalar(k);
        assert_eq!(mul_unprepared(point, &k).to_affine_public(), expected);
        let table = Table::new(point);
        assert_eq!(
            table.mul_add_public(&k, Jacobian::INFINITY).to_affine_public(),
            expected
        );
    }

    #[test]
    fn small_and_negative_multiples() {
        for small in 0..70 {
            let k = [small, 0, 0, 0];
            let minus_k = limbs::sub_mod(&[0; 4], &k, &N);
            let expected = from_reference(&(reference_point(&point(3)) * reference_scalar(&k)));
            assert_eq!(
                mul_unprepared(&point(3), &scalar(&k)).to_affine_public(),
                expected
            );
            let expected = from_reference(&(reference_point(&point(3)) * reference_scalar(&minus_k)));
            assert_eq!(
                mul_unprepared(&point(3), &scalar(&minus_k)).to_affine_public(),
                expected
            );
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(100))]

        #[test]
        fn multiples_of_any_point(d in below(N), k in below(N)) {
            let multiple = reference_multiple(&d);
            if let Some(point) = from_reference(&multiple) {
                check(&point, &k);
            }
        }

        #[test]
        fn non_adjacent_forms_add_up(k in below(N)) {
            let digits = non_adjacent_form(&scalar(&k));
            let zero = scalar(&[0; 4]);
            let sum = digits.iter().rev().fold(zero, |sum, digit| {
                let magnitude = scalar(&[u64::from(digit.unsigned_abs()), 0, 0, 0]);
                if *digit < 0 { sum + sum - magnitude } else { sum + sum + magnitude }
            });
            prop_assert_eq!(sum, scalar(&k));
            for (i, digit) in digits.iter().enumerate().filter(|(_, digit)| **digit != 0) {
                prop_assert!(digit % 2 != 0 && digit.unsigned_abs() <= 15);
                prop_assert!(digits[i + 1..].iter().take(4).all(|next| *next == 0));
            }
        }
    }

    #[test]
    fn a_key_gets_its_table_when_it_keeps_coming_back() {
        let mut keys = Keys::default();
        let busy = point(5);
        for _ in 1..USES_UNTIL_PREPARED {
            assert!(matches!(keys.note_use(&busy), Found::Unprepared));
        }
        assert!(matches!(keys.note_use(&busy), Found::Due));
        // Somebody builds; the others do not.
        assert!(matches!(keys.note_use(&busy), Found::Unprepared));
        keys.insert(&busy, Arc::new(Table::new(&busy)));
        assert!(matches!(keys.note_use(&busy), Found::Table(_)));
    }

    #[test]
    fn a_flood_of_keys_is_bounded_and_drives_out_no_table() {
        let mut keys = Keys::default();
        let busy = point(5);
        let table = Arc::new(Table::new(&busy));
        keys.insert(&busy, Arc::clone(&table));
        for d in 6..6 + 2 * COUNTED_KEYS_MAX as u64 {
            keys.note_use(&point(d));
            assert!(keys.entries.len() <= COUNTED_KEYS_MAX);
        }
        assert!(matches!(keys.note_use(&busy), Found::Table(_)));
    }

    #[test]
    fn tables_are_bounded_and_the_one_unused_for_longest_goes() {
        let mut keys = Keys::default();
        let table = Arc::new(Table::new(&point(5)));
        let points: Vec<Affine> = (1..=TABLES_MAX as u64 + 1).map(point).collect();
        for point in &points[..TABLES_MAX] {
            keys.note_use(point);
            keys.insert(point, Arc::clone(&table));
        }
        assert!(matches!(keys.note_use(&points[0]), Found::Table(_)));
        keys.note_use(&points[TABLES_MAX]);
        keys.insert(&points[TABLES_MAX], Arc::clone(&table));
        let prepared = |point: &Affine| {
            keys.entries
                .get(&point.to_words())
                .is_some_and(|e| e.table.is_some())
        };
        let with_table: Vec<bool> = points.iter().map(prepared).collect();
        assert_eq!(with_table.iter().filter(|has| **has).count(), TABLES_MAX);
        assert!(with_table[0] && !with_table[1] && with_table[TABLES_MAX]);
    }
}
