//! Least recently used, over the `lru` crate.

use lru::LruCache;

use super::{Admission, Policy};
use crate::catalog::Slot;
use crate::hash::InnerHash;

/// Hits kept back before they are applied. Only the last hit of a slot decides its place, so a
/// long log costs one relink per slot instead of one per hit.
const LOG: usize = 16 * 1024;

/// Evicts the body that was not used for the longest time.
#[derive(Debug)]
pub struct Lru {
    order: LruCache<Slot, (), InnerHash>,
    /// Numbers of slots, oldest hit first.
    log: Vec<u32>,
    /// By slot: the round in which it was last relinked.
    seen: Vec<u32>,
    round: u32,
}

impl Default for Lru {
    fn default() -> Self {
        Self {
            order: LruCache::unbounded_with_hasher(InnerHash::default()),
            log: Vec::with_capacity(LOG),
            seen: Vec::new(),
            round: 0,
        }
    }
}

impl Lru {
    /// Applies the log: the slots in it, each at its last hit, oldest first.
    fn replay(&mut self) {
        if self.log.is_empty() {
            return;
        }
        self.round = self.round.wrapping_add(1);
        if self.round == 0 {
            self.seen.fill(0);
            self.round = 1;
        }
        let (seen, round) = (&mut self.seen, self.round);
        let mut last_hits = Vec::new();
        for &number in self.log.iter().rev() {
            // Slots beyond the table have never been inserted.
            if let Some(slot) = Slot::from_number(number)
                && let Some(mark) = seen.get_mut(slot.index())
                && *mark != round
            {
                *mark = round;
                last_hits.push(slot);
            }
        }
        self.log.clear();
        for slot in last_hits.iter().rev() {
            self.order.promote(slot);
        }
    }
}

impl Policy for Lru {
    fn insert(&mut self, admission: Admission) {
        self.replay();
        let slot = admission.slot;
        if self.seen.len() <= slot.index() {
            self.seen.resize(slot.index() + 1, 0);
        }
        self.order.put(slot, ());
    }

    fn hits(&mut self, slots: &[u32]) {
        self.log.extend_from_slice(slots);
        if self.log.len() >= LOG {
            self.replay();
        }
    }

    fn remove(&mut self, slot: Slot) {
        self.replay();
        self.order.pop(&slot);
    }

    fn reweigh(&mut self, _slot: Slot, _weight: usize) {}

    fn victim(&mut self) -> Option<Slot> {
        self.replay();
        self.order.pop_lru().map(|(slot, ())| slot)
    }

    fn len(&self) -> usize {
        self.order.len()
    }
}
