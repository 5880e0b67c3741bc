//! What a caller reports of hits: it looks values up by itself, and counts who was hit.

use core::cmp::Reverse;
use std::collections::BTreeMap;

/// Hits of one slot since the last report, as they cross the wall: the number of the slot, which need
/// not be there; how many they were; and how many hits of any slot had come when the last of them
/// did, that one included. A report has them in any order, and may have several of one slot.
pub type Hits = [u32; 3];

/// The report of one hit of one slot.
pub const fn single(slot: u32) -> Hits {
    [slot, 1, 1]
}

/// The report of one hit of each of these slots, in this order.
pub fn one_of_each(slots: &[u32]) -> Vec<Hits> {
    let hits = slots.iter().zip(1..).map(|(&slot, last)| [slot, 1, last]);
    hits.collect()
}

/// A report of hits that came in this order, as a caller makes it that knows each slot by two names, for
/// tests.
pub fn report(slots: &[u32]) -> Vec<Hits> {
    let mut by_name = BTreeMap::new();
    for [slot, one, at] in one_of_each(slots) {
        let name = (Reverse(at % 2), slot);
        let [_, count, last] = by_name.entry(name).or_insert([slot, 0, 0]);
        *count += one;
        *last = at;
    }
    by_name.into_values().collect()
}

/// How many hits a report has.
pub fn total_count(report: &[Hits]) -> u64 {
    report.iter().map(|&[_, count, _]| u64::from(count)).sum()
}

/// How far a report moves a clock that counts hits.
pub fn hit_span(report: &[Hits]) -> u64 {
    let last = report.iter().map(|&[.., last]| last).max();
    last.unwrap_or(0).into()
}
