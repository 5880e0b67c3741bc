//! Giving memory back: on demand, under pressure, and when Wasm memory cannot grow.

use core::hint::black_box;

use super::Store;
use crate::answer::{Effect, Effects};
use crate::catalog::Slot;
use crate::memory::Cause;

/// Bytes that stay free beside what is asked for, for all that is small.
const SPARE: usize = 64 * 1024;

impl Store {
    /// Frees `bytes` of memory, or what there is; returns how many it were. Decoded values go first,
    /// then encoded bodies. Without a durable host only decoded values go: no entry is lost.
    pub fn trim(&mut self, bytes: usize, cause: Cause, effects: &mut Effects) -> usize {
        let before = self.tier.used_bytes();
        let target = before.saturating_sub(bytes);
        if self.options.durable {
            self.shed(true, target, cause, effects);
            self.shed(false, target, cause, effects);
        } else {
            effects.extend(self.tier.undecode(target).into_iter().map(Effect::Dropped));
        }
        before - self.tier.used_bytes()
    }

    /// Makes sure that a body of so many bytes can be taken in and the largest one be read, before
    /// an allocation that fails traps. `evict`: bodies in Wasm memory may leave for that. Returns the
    /// bytes that were freed; as an error when there is no room all the same.
    pub fn reserve(
        &mut self,
        bytes: usize,
        evict: bool,
        effects: &mut Effects,
    ) -> Result<usize, usize> {
        let largest = self.largest.max(bytes);
        let room = bytes.saturating_add(largest).saturating_add(SPARE);
        let before = self.tier.used_bytes();
        // What all bodies together cannot make room for is to cost none of them.
        let evict = evict && self.tier.encoded_bytes() >= bytes;
        while !is_free(room) {
            let target = self.tier.used_bytes().saturating_sub(bytes.max(1));
            if !evict || !self.shed(false, target, Cause::Pressure, effects) {
                return Err(before - self.tier.used_bytes());
            }
        }
        self.largest = largest;
        Ok(before - self.tier.used_bytes())
    }

    /// Evicts down to `target` bytes; returns whether anything left.
    fn shed(&mut self, decoded: bool, target: usize, cause: Cause, effects: &mut Effects) -> bool {
        let shed = self.tier.shed(decoded, target);
        for slot in shed.kept {
            if let Some((admission, ..)) = self.admission(slot) {
                self.tier.readmit(admission);
            }
        }
        for &slot in &shed.evicted {
            self.note_evicted(slot, cause, effects);
        }
        !shed.evicted.is_empty()
    }

    /// Counts and reports a body that left memory; without a host the entry is gone.
    pub(super) fn note_evicted(&mut self, slot: Slot, cause: Cause, effects: &mut Effects) {
        let counter = match cause {
            Cause::Size => &mut self.counters.evicted_for_size,
            Cause::Entries => &mut self.counters.evicted_for_entries,
            Cause::Explicit => &mut self.counters.evicted_explicitly,
            Cause::Pressure => &mut self.counters.evicted_for_pressure,
            Cause::Expired => &mut self.counters.evicted_as_expired,
        };
        *counter += 1;
        self.expiry.body_gone(slot);
        effects.push(Effect::Evicted(slot, cause));
        if !self.options.durable {
            self.retire(slot, effects);
        }
    }
}

/// Whether so many bytes can be allocated in one piece. They are, and freed: what the memory grew by
/// for that stays.
fn is_free(bytes: usize) -> bool {
    let mut probe: Vec<u8> = Vec::new();
    let taken = probe.try_reserve_exact(bytes).is_ok();
    // Else the compiler may find that nobody needs the allocation.
    black_box(&probe);
    taken
}
