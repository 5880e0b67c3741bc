//! Slots by a rank that changes with their uses: the lowest leaves first.

use core::cmp::{Ordering, Reverse};
use std::collections::BinaryHeap;

use super::deferred::AdmissionAware;
use super::{Admission, Policy};
use crate::catalog::Slot;
use crate::hits::{Hits, hit_span};

/// What the rank of a slot is made of.
#[derive(Clone, Copy, Debug)]
pub(super) struct Merit {
    /// Rank of the last victim.
    pub(super) base: f64,
    /// Uses since it became resident, the first one included.
    pub(super) uses: u32,
    /// Bytes it takes, at least 1.
    pub(super) weight: usize,
    /// What it costs to bring it back.
    pub(super) cost: u32,
}

/// Evicts the lowest rank; of equal ones the one that was not used for the longest time.
///
/// A hit only counts. Ranks are computed when a victim is asked for: until then nothing else they
/// are made of can change, so the order is that of a heap kept up at each hit.
#[derive(Debug)]
pub(super) struct Ranking {
    rank: fn(Merit) -> f64,
    entries: Vec<Option<Entry>>,
    heap: BinaryHeap<Reverse<Place>>,
    /// Slots whose place in the heap is out of date, each once.
    changed: Vec<Slot>,
    base: f64,
    clock: u64,
    live: usize,
}

#[derive(Clone, Copy, Debug)]
struct Entry {
    uses: u32,
    /// When it was last used; also tells its place in the heap from those it had before.
    used: u64,
    weight: usize,
    cost: u32,
    changed: bool,
}

#[derive(Clone, Copy, Debug)]
struct Place {
    rank: f64,
    used: u64,
    slot: Slot,
}

impl Ranking {
    pub(super) fn new(rank: fn(Merit) -> f64) -> Self {
        Self {
            rank,
            entries: Vec::new(),
            heap: BinaryHeap::new(),
            changed: Vec::new(),
            base: 0.0,
            clock: 0,
            live: 0,
        }
    }

    fn entry(&mut self, slot: Slot) -> Option<&mut Entry> {
        self.entries.get_mut(slot.index())?.as_mut()
    }

    fn touch(&mut self, slot: Slot, time: u64, change: impl FnOnce(&mut Entry)) {
        let Some(entry) = self.entry(slot) else {
            return;
        };
        change(entry);
        entry.used = entry.used.max(time);
        if !core::mem::replace(&mut entry.changed, true) {
            self.changed.push(slot);
        }
    }

    /// Puts the slots that changed to their places.
    fn put_in_order(&mut self) {
        for slot in core::mem::take(&mut self.changed) {
            let (rank, base) = (self.rank, self.base);
            let Some(entry) = self.entry(slot).filter(|entry| entry.changed) else {
                continue;
            };
            entry.changed = false;
            let merit = Merit {
                base,
                uses: entry.uses,
                weight: entry.weight.max(1),
                cost: entry.cost,
            };
            let (rank, used) = (rank(merit), entry.used);
            self.heap.push(Reverse(Place { rank, used, slot }));
        }
        // Places out of date stay until they come to the top, or are more than the others.
        if self.heap.len() > 2 * self.live + 64 {
            let entries = &self.entries;
            self.heap
                .retain(|Reverse(place)| is_current(entries, place));
        }
    }
}

fn is_current(entries: &[Option<Entry>], place: &Place) -> bool {
    let entry = entries.get(place.slot.index()).and_then(Option::as_ref);
    entry.is_some_and(|entry| entry.used == place.used)
}

impl Policy for Ranking {
    fn insert(&mut self, admission: Admission) {
        let slot = admission.slot;
        if self.entries.len() <= slot.index() {
            self.entries.resize(slot.index() + 1, None);
        }
        if let Some(place) = self.entries.get_mut(slot.index()) {
            *place = Some(Entry {
                uses: 1,
                used: 0,
                weight: admission.weight,
                cost: admission.cost,
                changed: false,
            });
        }
        self.live += 1;
        self.clock += 1;
        self.touch(slot, self.clock, |_| {});
    }

    fn hits(&mut self, report: &[Hits]) {
        let before = self.clock;
        for &[slot, count, last] in report {
            if let Some(slot) = Slot::from_number(slot) {
                self.touch(slot, before + u64::from(last), |entry| {
                    entry.uses = entry.uses.saturating_add(count);
                });
            }
        }
        self.clock = before + hit_span(report);
    }

    fn remove(&mut self, slot: Slot) {
        if let Some(place) = self.entries.get_mut(slot.index()) {
            self.live -= usize::from(place.take().is_some());
        }
    }

    fn reweigh(&mut self, slot: Slot, weight: usize) {
        self.clock += 1;
        self.touch(slot, self.clock, |entry| entry.weight = weight);
    }

    fn victim(&mut self) -> Option<Slot> {
        self.put_in_order();
        while let Some(Reverse(place)) = self.heap.pop() {
            if is_current(&self.entries, &place) {
                self.base = place.rank;
                self.remove(place.slot);
                return Some(place.slot);
            }
        }
        None
    }

    fn len(&self) -> usize {
        self.live
    }
}

impl AdmissionAware for Ranking {
    fn expect(&mut self, _admission: &Admission) {}
}

impl Ord for Place {
    fn cmp(&self, other: &Self) -> Ordering {
        let ranks = self.rank.total_cmp(&other.rank);
        ranks.then_with(|| self.used.cmp(&other.used))
    }
}

impl PartialOrd for Place {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Place {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for Place {}
