//! Bodies that stay in memory because somebody needs them there: pins and leases.

use super::policy::Admission;
use super::tier::{Form, Hold, Resident, Tier, decoded_weight};
use crate::catalog::Slot;
use crate::hash::Hash;

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

impl Tier {
    /// Whether a body of that size can be resident beside what may not leave.
    pub fn fits(&self, size: usize, key_bytes: usize) -> bool {
        self.holds.bytes() + self.pending_bytes + self.weight(size, key_bytes) <= self.limits.bytes
            && self.holds.entries() < self.limits.entries
    }

    /// Whether a body of that size can be decoded without another one leaving; not if it is.
    pub fn has_room(&self, slot: Slot, size: usize, key_bytes: usize) -> bool {
        let (more, entries) = match self.form(slot) {
            Form::Cold => (self.weight(size, key_bytes), 1),
            Form::Encoded => (decoded_weight(size), 0),
            Form::Decoded | Form::Both => return false,
        };
        self.used_bytes() + more <= self.limits.bytes && self.len() + entries <= self.limits.entries
    }

    /// Keeps a body in memory, as a decoded value, until it was released as often as it was held.
    pub fn hold(
        &mut self,
        admission: Admission,
        hash: Hash,
        size: usize,
        key_bytes: usize,
    ) -> Hold {
        let slot = admission.slot;
        let weight = self.weight(size, key_bytes);
        if !self.holds.has(slot) {
            if self.holds.entries() >= self.limits.entries {
                return Hold::NoEntries;
            }
            if !self.fits(size, key_bytes) {
                return Hold::NoBytes;
            }
            self.admit_decoded(admission, hash, size, key_bytes);
            self.policy.remove(slot);
        }
        self.holds.add(slot, weight);
        Hold::Held
    }

    /// Takes a hold away; returns whether it was the last one. After that the body goes `back` to the
    /// policy, or leaves.
    pub fn release(&mut self, slot: Slot, back: Option<Admission>) -> bool {
        let weight = self.resident(slot).map_or(0, Resident::weight);
        if !self.holds.take(slot, weight) {
            return false;
        }
        match back {
            Some(admission) => self.policy.insert(Admission {
                weight,
                ..admission
            }),
            None => self.forget(slot),
        }
        true
    }

    /// Whether the body of an entry is held.
    pub fn is_held(&self, slot: Slot) -> bool {
        self.holds.has(slot)
    }

    /// Bytes of the bodies that are held; part of [`Tier::used_bytes`].
    pub fn leased_bytes(&self) -> usize {
        self.holds.bytes()
    }
}
