//! The caller ranks.

use super::lists::Lists;
use super::recency::Recency;
use super::{Admission, Policy};
use crate::catalog::Slot;
use crate::hits::{Hits, single};

/// What a caller can rank an entry by; times are counted in uses of any entry.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Candidate {
    /// The entry.
    pub slot: Slot,
    /// Bytes its eviction frees.
    pub bytes: usize,
    /// Uses since it became resident, the first one included.
    pub uses: u32,
    /// Time since it was last used.
    pub idle: u32,
    /// Time since it became resident.
    pub age: u32,
    /// What it costs to bring it back.
    pub cost: u32,
}

/// Evicts in the order the caller gives, batch by batch; where it gives none, what was not used for the
/// longest time. The one used last is never a candidate: it is what room is made for.
#[derive(Debug, Default)]
pub struct Custom {
    /// By recency, once the hits are told.
    order: Lists<1>,
    recency: Recency,
    /// By slot.
    entries: Vec<Entry>,
    /// What the caller wants to leave, the worst last.
    ranked: Vec<Slot>,
}

#[derive(Clone, Copy, Debug, Default)]
struct Entry {
    uses: u32,
    /// When it became resident.
    since: u64,
    cost: u32,
}

impl Custom {
    /// Whether there is a choice, and no order of the caller's to make it by.
    pub fn wants_ranking(&self) -> bool {
        self.ranked.is_empty() && self.len() > 1
    }

    /// At most so many candidates, the one that was not used for the longest time first.
    pub fn candidates(&mut self, most: usize) -> Vec<Candidate> {
        self.apply_hits();
        let since = |time| u32::try_from(self.recency.now() - time).unwrap_or(u32::MAX);
        let mut candidates = Vec::new();
        let mut next = self.order.oldest(0);
        while let Some(slot) = next
            && candidates.len() < most
        {
            next = self.order.newer(slot);
            if next.is_some()
                && let Some(entry) = self.entries.get(slot.index())
            {
                candidates.push(Candidate {
                    slot,
                    bytes: self.order.weight_of(slot),
                    uses: entry.uses,
                    idle: since(self.recency.last(slot)),
                    age: since(entry.since),
                    cost: entry.cost,
                });
            }
        }
        candidates
    }

    /// The order in which to evict next, in place of any other; what is not resident is skipped.
    pub fn rank(&mut self, worst_first: &[u32]) {
        self.ranked.clear();
        for &number in worst_first.iter().rev() {
            if let Some(slot) = Slot::from_number(number)
                && self.order.list_of(slot).is_some()
            {
                self.ranked.push(slot);
            }
        }
    }

    fn apply_hits(&mut self) {
        for (slot, count) in self.recency.tell() {
            if self.order.list_of(slot).is_some() {
                self.order.move_to(0, slot);
                if let Some(entry) = self.entries.get_mut(slot.index()) {
                    entry.uses = entry.uses.saturating_add(count);
                }
            }
        }
    }
}

impl Policy for Custom {
    fn insert(&mut self, admission: Admission) {
        self.apply_hits();
        let slot = admission.slot;
        self.recency.admit(slot);
        if self.entries.len() <= slot.index() {
            self.entries.resize(slot.index() + 1, Entry::default());
        }
        self.order.push(0, slot, admission.weight);
        self.recency.hits(&[single(slot.number())]);
        if let Some(entry) = self.entries.get_mut(slot.index()) {
            *entry = Entry {
                uses: 0,
                since: self.recency.now(),
                cost: admission.cost,
            };
        }
    }

    fn hits(&mut self, report: &[Hits]) {
        self.recency.hits(report);
    }

    fn remove(&mut self, slot: Slot) {
        self.apply_hits();
        self.order.remove(slot);
    }

    fn reweigh(&mut self, slot: Slot, weight: usize) {
        self.order.reweigh(slot, weight);
    }

    fn victim(&mut self) -> Option<Slot> {
        self.apply_hits();
        while let Some(slot) = self.ranked.pop() {
            if self.order.remove(slot) {
                return Some(slot);
            }
        }
        let oldest = self.order.oldest(0)?;
        self.order.remove(oldest);
        Some(oldest)
    }

    fn len(&self) -> usize {
        self.order.total_len()
    }

    fn custom(&mut self) -> Option<&mut Custom> {
        Some(self)
    }
}
