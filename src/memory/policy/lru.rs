//! Least recently used, over the `lru` crate.

use lru::LruCache;

use super::{Admission, Policy};
use crate::catalog::Slot;
use crate::hash::InnerHash;
use crate::order::sorted;

/// Evicts the body that was not used for the longest time.
///
/// A hit only writes down its time. The list is put in order when a victim is asked for, each slot
/// moved once, however often it was hit: the order is that of a list relinked at each hit.
#[derive(Debug)]
pub struct Lru {
    order: LruCache<Slot, (), InnerHash>,
    /// By slot: the time of its last use.
    used: Vec<u64>,
    /// Slots used since the list was last in order, each once.
    recent: Vec<Slot>,
    /// Counts uses.
    clock: u64,
    /// The list is in order for uses up to this time.
    ordered: u64,
}

impl Default for Lru {
    fn default() -> Self {
        Self {
            order: LruCache::unbounded_with_hasher(InnerHash::default()),
            used: Vec::new(),
            recent: Vec::new(),
            clock: 0,
            ordered: 0,
        }
    }
}

impl Lru {
    /// Moves the slots used lately to where their last use puts them.
    fn put_in_order(&mut self) {
        let slot = |number: usize| self.recent.get(number).copied();
        let time = |number: usize| self.used.get(slot(number)?.index());
        let order = sorted(self.recent.len(), &|left, right| {
            time(left).cmp(&time(right))
        });
        for slot in order.into_iter().filter_map(slot) {
            self.order.promote(&slot);
        }
        self.recent.clear();
        self.ordered = self.clock;
    }
}

impl Policy for Lru {
    fn insert(&mut self, admission: Admission) {
        let slot = admission.slot;
        if self.used.len() <= slot.index() {
            self.used.resize(slot.index() + 1, 0);
        }
        self.order.put(slot, ());
        self.hits(&[slot.number()]);
    }

    fn hits(&mut self, slots: &[u32]) {
        let (mut clock, ordered) = (self.clock, self.ordered);
        for slot in slots.iter().filter_map(|&slot| Slot::from_number(slot)) {
            // Slots beyond the table have never been inserted.
            if let Some(used) = self.used.get_mut(slot.index()) {
                if *used <= ordered {
                    self.recent.push(slot);
                }
                clock += 1;
                *used = clock;
            }
        }
        self.clock = clock;
    }

    fn remove(&mut self, slot: Slot) {
        self.order.pop(&slot);
    }

    fn reweigh(&mut self, _slot: Slot, _weight: usize) {}

    fn victim(&mut self) -> Option<Slot> {
        self.put_in_order();
        self.order.pop_lru().map(|(slot, ())| slot)
    }

    fn len(&self) -> usize {
        self.order.len()
    }
}
