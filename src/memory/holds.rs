//! Bodies that stay in memory because somebody needs them there: pins and leases.

use crate::catalog::Slot;

/// How often each body is held. Whoever has a hold counts on the body, and on its slot naming the
/// same version of the row, whatever is put, deleted, evicted or expires meanwhile.
#[derive(Debug, Default)]
pub struct Holds {
    /// By slot.
    counts: Vec<u32>,
    entries: usize,
    bytes: usize,
}

impl Holds {
    /// Whether the body of a slot is held.
    pub fn has(&self, slot: Slot) -> bool {
        self.counts
            .get(slot.index())
            .is_some_and(|count| *count > 0)
    }

    /// Adds a hold on a body of that weight, which stays the same while it is held.
    pub fn add(&mut self, slot: Slot, weight: usize) {
        if self.counts.len() <= slot.index() {
            self.counts.resize(slot.index() + 1, 0);
        }
        if let Some(count) = self.counts.get_mut(slot.index()) {
            if *count == 0 {
                self.entries += 1;
                self.bytes += weight;
            }
            *count += 1;
        }
    }

    /// Takes a hold away; whether it was the last one.
    pub fn take(&mut self, slot: Slot, weight: usize) -> bool {
        let count = self.counts.get_mut(slot.index());
        let Some(count) = count.filter(|count| **count > 0) else {
            return false;
        };
        *count -= 1;
        if *count > 0 {
            return false;
        }
        self.entries -= 1;
        self.bytes -= weight;
        true
    }

    /// Number of bodies held.
    pub fn entries(&self) -> usize {
        self.entries
    }

    /// Bytes of the bodies held, with their bookkeeping.
    pub fn bytes(&self) -> usize {
        self.bytes
    }
}
