//! Sorting: one heap sort for whatever is sorted, a tenth of the code of a slice's sort per type.

use core::cmp::Ordering;
use std::collections::BinaryHeap;

/// The numbers below `count` in the order that `compare` gives them.
pub fn sorted(count: usize, compare: &dyn Fn(usize, usize) -> Ordering) -> Vec<usize> {
    let ranked = (0..count).map(|number| Ranked { number, compare });
    let sorted = ranked.collect::<BinaryHeap<_>>().into_sorted_vec();
    sorted.iter().map(|ranked| ranked.number).collect()
}

struct Ranked<'a> {
    number: usize,
    compare: &'a dyn Fn(usize, usize) -> Ordering,
}

impl Ord for Ranked<'_> {
    fn cmp(&self, other: &Self) -> Ordering {
        (self.compare)(self.number, other.number)
    }
}

impl PartialOrd for Ranked<'_> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Ranked<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for Ranked<'_> {}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn sorts(values in proptest::collection::vec(any::<u8>(), 0..100)) {
            let order = sorted(values.len(), &|left, right| values[left].cmp(&values[right]));
            let mut expected = values.clone();
            expected.sort_unstable();
            let sorted: Vec<u8> = order.into_iter().map(|number| values[number]).collect();
            prop_assert_eq!(sorted, expected);
        }
    }
}
