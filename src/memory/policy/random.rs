//! Random replacement.

use super::deferred::{AdmissionAware, DeferredInsert};
use super::{Admission, Policy};
use crate::catalog::Slot;
use crate::hits::Hits;

/// Evicts any body, by a generator that starts from `seed`: no bookkeeping on hits, no pattern that
/// defeats it, no merit either.
pub(super) fn random(seed: u64) -> impl Policy {
    DeferredInsert::new(Random {
        slots: Vec::new(),
        places: Vec::new(),
        state: seed,
    })
}

#[derive(Debug)]
struct Random {
    slots: Vec<Slot>,
    /// By slot: its place in `slots`.
    places: Vec<usize>,
    state: u64,
}

impl Random {
    /// `SplitMix64` (Steele, Lea and Flood, 2014).
    fn next(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.state ^ (self.state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    fn take(&mut self, place: usize) -> Slot {
        let slot = self.slots.swap_remove(place);
        if let Some(moved) = self.slots.get(place)
            && let Some(known) = self.places.get_mut(moved.index())
        {
            *known = place;
        }
        slot
    }
}

impl Policy for Random {
    fn insert(&mut self, admission: Admission) {
        let slot = admission.slot;
        if self.places.len() <= slot.index() {
            self.places.resize(slot.index() + 1, 0);
        }
        if let Some(place) = self.places.get_mut(slot.index()) {
            *place = self.slots.len();
        }
        self.slots.push(slot);
    }

    fn hits(&mut self, _report: &[Hits]) {}

    fn remove(&mut self, slot: Slot) {
        let place = self.places.get(slot.index()).copied();
        if let Some(place) = place.filter(|&place| self.slots.get(place) == Some(&slot)) {
            self.take(place);
        }
    }

    fn reweigh(&mut self, _slot: Slot, _weight: usize) {}

    fn victim(&mut self) -> Option<Slot> {
        let count = u64::try_from(self.slots.len())
            .ok()
            .filter(|&count| count > 0)?;
        // The high half of a product, not a remainder: no place is likelier than another by much.
        let drawn = (u128::from(self.next()) * u128::from(count)) >> 64;
        Some(self.take(usize::try_from(drawn).ok()?))
    }

    fn len(&self) -> usize {
        self.slots.len()
    }
}

impl AdmissionAware for Random {
    fn expect(&mut self, _admission: &Admission) {}
}
