//! Reports of hits: the caller looks values up by itself and counts which slots were hit.

use core::cmp::Reverse;
use std::collections::BTreeMap;

/// Hits of one slot since the last report, as they cross the wall: the number of the slot, which may be
/// unknown; how many hits; and how many hits of any slot there had been at the last of them, including
/// that one. A report lists them in any order, and may list a slot several times.
pub type Hits = [u32; 3];

/// A report of one hit of one slot.
pub const fn single(slot: u32) -> Hits {
    [slot, 1, 1]
}

/// A report of one hit of each of these slots, in this order.
pub fn one_of_each(slots: &[u32]) -> Vec<Hits> {
    let hits = slots.iter().zip(1..).map(|(&slot, last)| [slot, 1, last]);
    hits.collect()
}

/// A report of hits in this order, as made by a caller that has two spellings for each slot; for tests.
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
