//! What is held in memory, what is brought there before it is asked for, and how often each entry
//! was used.

use super::{Effects, Store};
use crate::catalog::Slot;
use crate::memory::Hold;

impl Store {
    /// Keeps the body of an entry in memory, as a value the host decodes, until it is released.
    pub fn hold(&mut self, slot: Slot) -> (Hold, Effects) {
        match self.admission(slot) {
            Some((admission, hash, size, key_bytes)) => {
                let hold = self.tier.hold(admission, hash, size, key_bytes);
                (hold, self.make_room())
            }
            None => (Hold::NoBytes, Effects::new()),
        }
    }

    /// Takes a hold away. A body nobody holds any more stays, as others do, if the host keeps its
    /// value and its entry is still there.
    pub fn release(&mut self, slot: Slot, kept: bool) -> Effects {
        let visible = kept && self.catalog.get(slot).is_some_and(|entry| !entry.expired);
        let back = if visible { self.admission(slot) } else { None };
        self.tier
            .release(slot, back.map(|(admission, ..)| admission));
        self.make_room()
    }

    /// Whether the decoded body of an entry would fit into memory as it is.
    pub fn has_room(&self, slot: Slot) -> bool {
        let wanted = self.admission(slot);
        wanted.is_some_and(|(.., size, key_bytes)| self.tier.has_room(slot, size, key_bytes))
    }

    /// Counts uses the host does not log as hits.
    pub fn count_uses(&mut self, slots: &[u32]) {
        self.catalog.count_uses(slots);
    }

    /// Tells the policy of entries in the order of their use, the last one used last, without
    /// counting.
    pub fn order_by_use(&mut self, slots: &[u32]) {
        self.tier.hits(slots);
    }

    /// Three numbers for each entry that is not expired: slot, length of the body, uses.
    pub fn uses(&self) -> Vec<u32> {
        let mut numbers = Vec::new();
        for slot in self.catalog.slots() {
            if let Some(entry) = self.catalog.get(slot).filter(|entry| !entry.expired) {
                numbers.extend([slot.number(), entry.head.size, self.catalog.uses(slot)]);
            }
        }
        numbers
    }

    /// Sets how often an entry was used.
    pub fn set_uses(&mut self, slot: Slot, count: u32) {
        self.catalog.set_uses(slot, count);
    }
}
