//! Who leaves when room is to be made.

use fhir_schema_store::catalog::Slot;
use fhir_schema_store::memory::Cause;
use fhir_schema_store::store::{Effect, Effects};

use super::World;

impl World {
    pub(super) fn trim(&mut self, bytes: usize) -> Effects {
        let before = self.store.stats();
        let mut effects = Effects::new();
        let freed = self.store.trim(bytes, Cause::Explicit, &mut effects);
        let after = self.store.stats();
        assert_eq!(freed, before.used_bytes - after.used_bytes);
        // What is held stays.
        let (held, held_bytes) = self.held_values();
        let decoded = after.decoded_bytes - held_bytes;
        let left = if self.durable {
            after.resident_entries - held
        } else {
            decoded
        };
        assert!(freed >= bytes || left == 0, "less was freed than could be");
        let encoded_left = after.encoded_bytes < before.encoded_bytes;
        assert!(
            !encoded_left || decoded == 0,
            "bytes were evicted before decoded values"
        );
        effects
    }

    /// Answers the store as long as it asks who is to leave: the oldest of an even number of candidates,
    /// the newest of an odd one.
    pub(super) fn rank(&mut self, effects: &mut Effects) {
        while effects.contains(&Effect::Rank) {
            effects.retain(|effect| *effect != Effect::Rank);
            let candidates = self.store.candidates(3);
            let mut order: Vec<u32> = candidates.iter().map(|it| it.slot.number()).collect();
            if order.len() % 2 == 1 {
                order.reverse();
            }
            let more = self.store.rank(&order);
            let chosen = Slot::from_number(order[0]).unwrap();
            assert!(matches!(more.first(), Some(Effect::Evicted(slot, _)) if *slot == chosen));
            effects.extend(more);
        }
    }
}
