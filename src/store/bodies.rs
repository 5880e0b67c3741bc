//! Bodies coming to memory, and making room for them.

use core::hash::Hasher;
use std::hash::DefaultHasher;

use super::Store;
use crate::answer::{Effect, Effects};
use crate::catalog::Slot;
use crate::hash::Hash;
use crate::memory::policy::Admission;
use crate::memory::{Evicted, Form};
use crate::metadata::cost_of;

impl Store {
    /// In which form the body of an entry is in memory.
    pub fn form(&self, slot: Slot) -> Form {
        self.tier.form(slot)
    }

    /// The bytes of a body that is in memory.
    pub fn encoded(&self, slot: Slot) -> Option<&[u8]> {
        self.tier.encoded(slot)
    }

    /// Offers the bytes of an entry to the memory tier, which takes them unless it has its body.
    pub fn admit_encoded(&mut self, slot: Slot, bytes: Box<[u8]>) -> Effects {
        if self.tier.form(slot) != Form::Cold {
            return Effects::new();
        }
        let mut effects = Effects::new();
        if let Some((admission, hash, _size, key_bytes)) = self.admission(slot) {
            self.tier.admit_encoded(admission, hash, bytes, key_bytes);
            self.note_resident(slot, &mut effects);
        }
        self.make_room(&mut effects);
        effects
    }

    /// Notes that the caller holds a value decoded from the entry's body. When the budgets do not
    /// allow it the effects evict it at once.
    pub fn admit_decoded(&mut self, slot: Slot) -> Effects {
        let mut effects = Effects::new();
        match self.admission(slot).filter(|_| !self.is_hidden(slot)) {
            Some((admission, hash, size, key_bytes)) => {
                self.tier.admit_decoded(admission, hash, size, key_bytes);
                self.note_resident(slot, &mut effects);
                self.make_room(&mut effects);
            }
            None => effects.push(Effect::Dropped(slot)),
        }
        effects
    }

    /// Counts bytes the caller holds until they are durable.
    pub fn add_pending(&mut self, bytes: usize) -> Effects {
        self.tier.add_pending(bytes);
        let mut effects = Effects::new();
        self.make_room(&mut effects);
        effects
    }

    /// Uncounts them.
    pub fn remove_pending(&mut self, bytes: usize) {
        self.tier.remove_pending(bytes);
    }

    pub(super) fn admission(&self, slot: Slot) -> Option<(Admission, Hash, usize, usize)> {
        if !self.catalog.is_live(slot) {
            return None;
        }
        let entry = self.catalog.get(slot)?;
        // Hidden, what a host has is not worth the room.
        if entry.expired && self.options.durable {
            return None;
        }
        let key = self.catalog.key(entry);
        let mut hasher = DefaultHasher::new();
        hasher.write_u64(self.options.seed);
        for part in [key.url, key.version, key.source] {
            hasher.write(part.as_bytes());
            hasher.write_u8(0xff);
        }
        let size = entry.head.size as usize;
        let admission = Admission {
            slot,
            weight: size,
            key_hash: hasher.finish(),
            cost: cost_of(&entry.meta),
        };
        Some((
            admission,
            entry.hash,
            size,
            key.url.len() + key.version.len(),
        ))
    }

    pub(super) fn make_room(&mut self, effects: &mut Effects) {
        let mut evicted = Vec::new();
        self.tier.make_room(|eviction| evicted.push(eviction));
        for Evicted { slot, cause } in evicted {
            self.note_evicted(slot, cause, effects);
        }
        if self.tier.wants_ranking() {
            effects.push(Effect::Rank);
        }
    }
}
