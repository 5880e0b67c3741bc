//! SIEVE (Zhang et al., NSDI 2024).

use super::deferred::{AdmissionAware, DeferredInsert};
use super::lists::Lists;
use super::{Admission, Policy};
use crate::catalog::Slot;
use crate::hits::Hits;

/// Evicts in the order of arrival, but gives who was used since the hand last came by another round.
/// Loops and scans longer than the cache leave it with nothing.
pub(super) fn sieve() -> impl Policy {
    DeferredInsert::new(Sieve::default())
}

#[derive(Debug, Default)]
struct Sieve {
    queue: Lists<1>,
    /// By slot.
    used: Vec<bool>,
    /// Whom to look at next; the oldest when `None`.
    hand: Option<Slot>,
}

impl Policy for Sieve {
    fn insert(&mut self, admission: Admission) {
        let slot = admission.slot;
        if self.used.len() <= slot.index() {
            self.used.resize(slot.index() + 1, false);
        }
        if let Some(used) = self.used.get_mut(slot.index()) {
            *used = false;
        }
        self.queue.push(0, slot, admission.weight);
    }

    fn hits(&mut self, report: &[Hits]) {
        for slot in report
            .iter()
            .filter_map(|&[slot, ..]| Slot::from_number(slot))
        {
            if let Some(used) = self.used.get_mut(slot.index()) {
                *used = true;
            }
        }
    }

    fn remove(&mut self, slot: Slot) {
        if self.hand == Some(slot) {
            self.hand = self.queue.newer(slot);
        }
        self.queue.remove(slot);
    }

    fn reweigh(&mut self, slot: Slot, weight: usize) {
        self.queue.reweigh(slot, weight);
    }

    fn victim(&mut self) -> Option<Slot> {
        let mut slot = self.hand.or(self.queue.oldest(0))?;
        while let Some(used) = self.used.get_mut(slot.index()).filter(|used| **used) {
            *used = false;
            slot = self.queue.newer(slot).or(self.queue.oldest(0))?;
        }
        self.hand = Some(slot);
        self.remove(slot);
        Some(slot)
    }

    fn len(&self) -> usize {
        self.queue.total_len()
    }
}

impl AdmissionAware for Sieve {
    fn expect(&mut self, _admission: &Admission) {}
}
