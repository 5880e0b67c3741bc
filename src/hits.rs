//! What a host reports of hits: it looks values up by itself, and writes down who was hit.

use std::collections::BTreeMap;

/// Hits of one slot since the last report.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Hits {
    /// Number of the slot; there need not be such a slot.
    pub slot: u32,
    /// How many they were.
    pub count: u32,
    /// How many hits of any slot the report had when the last of them came, that one included.
    pub last: u32,
}

impl Hits {
    /// One hit of one slot, and nothing else in the report.
    pub const fn one(slot: u32) -> Self {
        Self {
            slot,
            count: 1,
            last: 1,
        }
    }
}

/// The report of one hit of each of these slots, in this order.
pub fn each(slots: &[u32]) -> Vec<Hits> {
    let hits = slots.iter().zip(1..).map(|(&slot, last)| Hits {
        slot,
        count: 1,
        last,
    });
    hits.collect()
}

/// The report of hits that came in this order, as `js/hot-map.ts` makes it: each slot once.
pub fn report(slots: &[u32]) -> Vec<Hits> {
    let mut by_slot = BTreeMap::new();
    for hit in each(slots) {
        let known = by_slot.entry(hit.slot).or_insert(Hits { count: 0, ..hit });
        known.count += 1;
        known.last = hit.last;
    }
    by_slot.into_values().collect()
}

/// How many hits a report has.
pub fn total(report: &[Hits]) -> u64 {
    report.iter().map(|hits| u64::from(hits.count)).sum()
}
