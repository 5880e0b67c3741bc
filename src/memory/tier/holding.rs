//! Holding bodies in memory.

use super::{Form, Hold, Resident, Tier, decoded_weight};
use crate::catalog::Slot;
use crate::hash::Hash;
use crate::memory::policy::Admission;

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
