//! What is held in memory, what is brought there before it is asked for, and how often each entry
//! was used.

use super::{Effects, Store};
use crate::catalog::Slot;
use crate::hits::one_of_each;
use crate::memory::Hold;

impl Store {
    /// Keeps the body of a visible entry in memory, as a value the caller decodes, until it is released.
    pub fn hold(&mut self, slot: Slot) -> (Hold, Effects) {
        let mut effects = Effects::new();
        let admission = self.admission(slot).filter(|_| !self.is_hidden(slot));
        let Some((admission, hash, size, key_bytes)) = admission else {
            return (Hold::NoBytes, effects);
        };
        let hold = self.tier.hold(admission, hash, size, key_bytes);
        if hold == Hold::Held {
            self.expiry.body_gone(slot);
        }
        self.make_room(&mut effects);
        (hold, effects)
    }

    /// Takes a hold away. A body nobody holds any more stays, as others do, if the caller keeps its
    /// value and its entry is still there; that of a hidden entry as others of hidden entries do.
    pub fn release(&mut self, slot: Slot, kept: bool) -> Effects {
        let mut effects = Effects::new();
        let back = self.admission(slot).filter(|_| kept);
        let stays = back.is_some();
        let admission = back.map(|(admission, ..)| admission);
        if self.tier.release(slot, admission) {
            if self.is_hidden(slot) {
                let left = !stays || self.tier.demote(slot);
                self.counters.evicted_as_expired += u64::from(left);
            } else if stays {
                self.note_resident(slot, &mut effects);
            }
        }
        self.make_room(&mut effects);
        effects
    }

    /// Whether the decoded body of an entry would fit into memory as it is.
    pub fn has_room(&self, slot: Slot) -> bool {
        let wanted = self.admission(slot);
        wanted.is_some_and(|(.., size, key_bytes)| self.tier.has_room(slot, size, key_bytes))
    }

    /// Counts uses the caller does not log as hits.
    pub fn count_uses(&mut self, slots: &[u32]) {
        self.catalog.count_uses(&one_of_each(slots));
    }

    /// Tells the policy of entries in the order of their use, the last one used last, without
    /// counting.
    pub fn order_by_use(&mut self, slots: &[u32]) {
        self.tier.hits(&one_of_each(slots));
    }

    /// Four numbers for each entry that is not expired: slot, length of the body, uses, and the lower half of the
    /// time when it was first put, which tells it from a later entry of its key.
    pub fn uses(&self) -> Vec<u32> {
        let mut numbers = Vec::new();
        for slot in self.catalog.slots() {
            if let Some(entry) = self.catalog.get(slot).filter(|entry| !entry.expired) {
                numbers.extend([
                    slot.number(),
                    entry.head.size,
                    self.catalog.uses(slot),
                    lower_half(entry.head.created),
                ]);
            }
        }
        numbers
    }

    /// Sets how often an entry was used.
    pub fn set_uses(&mut self, slot: Slot, count: u32) {
        self.catalog.set_uses(slot, count);
    }
}

fn lower_half(time: u64) -> u32 {
    let [one, two, three, four, ..] = time.to_le_bytes();
    u32::from_le_bytes([one, two, three, four])
}
