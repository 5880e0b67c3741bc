//! First in, first out.

use lru::LruCache;

use super::{Admission, Policy};
use crate::catalog::Slot;
use crate::hash::InnerHash;
use crate::hits::Hits;

/// Evicts the body that came first; hits do not matter.
#[derive(Debug)]
pub struct Fifo {
    /// A recency list that nobody refreshes is a queue with removal from the middle.
    queue: LruCache<Slot, (), InnerHash>,
}

impl Default for Fifo {
    fn default() -> Self {
        Self {
            queue: LruCache::unbounded_with_hasher(InnerHash::default()),
        }
    }
}

impl Fifo {
    /// Adds a slot that is not there as the last.
    pub fn push(&mut self, slot: Slot) {
        self.queue.put(slot, ());
    }
}

impl Policy for Fifo {
    fn insert(&mut self, admission: Admission) {
        self.push(admission.slot);
    }

    fn hits(&mut self, _report: &[Hits]) {}

    fn remove(&mut self, slot: Slot) {
        self.queue.pop(&slot);
    }

    fn reweigh(&mut self, _slot: Slot, _weight: usize) {}

    fn victim(&mut self) -> Option<Slot> {
        self.queue.pop_lru().map(|(slot, ())| slot)
    }

    fn len(&self) -> usize {
        self.queue.len()
    }
}
