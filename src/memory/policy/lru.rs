//! Least recently used, over the `lru` crate.

use lru::LruCache;

use super::recency::Recency;
use super::{Admission, Policy};
use crate::catalog::Slot;
use crate::hash::InnerHash;
use crate::hits::{Hits, single};

/// Evicts the body that was not used for the longest time.
///
/// The list is put in order when a victim is asked for, each slot moved once, however often it was
/// hit: the order is that of a list relinked at each hit.
#[derive(Debug)]
pub struct Lru {
    order: LruCache<Slot, (), InnerHash>,
    recency: Recency,
}

impl Default for Lru {
    fn default() -> Self {
        Self {
            order: LruCache::unbounded_with_hasher(InnerHash::default()),
            recency: Recency::default(),
        }
    }
}

impl Policy for Lru {
    fn insert(&mut self, admission: Admission) {
        let slot = admission.slot;
        self.recency.admit(slot);
        self.order.put(slot, ());
        // What was hit before stays below, also when the order is found out later.
        self.recency.hits(&[single(slot.number())]);
    }

    fn hits(&mut self, report: &[Hits]) {
        self.recency.hits(report);
    }

    fn remove(&mut self, slot: Slot) {
        self.order.pop(&slot);
    }

    fn reweigh(&mut self, _slot: Slot, _weight: usize) {}

    fn victim(&mut self) -> Option<Slot> {
        for (slot, _) in self.recency.tell() {
            self.order.promote(&slot);
        }
        self.order.pop_lru().map(|(slot, ())| slot)
    }

    fn len(&self) -> usize {
        self.order.len()
    }
}
