//! The calls about bodies in memory.

use wasm_bindgen::prelude::wasm_bindgen;

use super::FLAG;
use super::StoreHandle;
use crate::catalog::Slot;
use crate::memory::policy::Candidate;
use crate::memory::{Cause, Form};
use crate::wasm::wall::{self, ASK};

#[wasm_bindgen]
impl StoreHandle {
    /// The bytes of a body in memory.
    pub fn encoded(&self, slot: u32) -> Option<Box<[u8]>> {
        self.store.encoded(Slot::from_number(slot)?).map(Into::into)
    }

    /// 0 cold, 1 encoded, 2 decoded, 3 both.
    pub fn form(&self, slot: u32) -> u32 {
        match Slot::from_number(slot).map(|slot| self.store.form(slot)) {
            Some(Form::Encoded) => 1,
            Some(Form::Decoded) => 2,
            Some(Form::Both) => 3,
            Some(Form::Cold) | None => 0,
        }
    }

    /// Offers bytes to the memory tier.
    #[wasm_bindgen(js_name = admitEncoded)]
    pub fn admit_encoded(&mut self, slot: u32, bytes: Box<[u8]>) {
        if let Some(slot) = Slot::from_number(slot) {
            let effects = self.store.admit_encoded(slot, bytes);
            self.effects.extend(effects);
        }
    }

    /// Holds a body that is, or will be, decoded: 0 held, 1 too many bytes, 2 too many entries.
    pub fn hold(&mut self, slot: u32) -> u32 {
        let Some(slot) = Slot::from_number(slot) else {
            return 1;
        };
        let (hold, effects) = self.store.hold(slot);
        self.effects.extend(effects);
        hold as u32
    }

    /// Takes a hold away; `kept` says that the caller keeps the value.
    pub fn release(&mut self, slot: u32, kept: bool) {
        if let Some(slot) = Slot::from_number(slot) {
            let effects = self.store.release(slot, kept);
            self.effects.extend(effects);
        }
    }

    /// Whether a cold body would fit into memory, decoded, without another one leaving.
    #[wasm_bindgen(js_name = hasRoom)]
    pub fn has_room(&self, slot: u32) -> bool {
        Slot::from_number(slot).is_some_and(|slot| self.store.has_room(slot))
    }

    /// Takes uses that were no hits: counts them, or else ranks the entries in memory by them.
    pub fn used(&mut self, slots: &[u32], counted: bool) {
        if counted {
            self.store.count_uses(slots);
        } else {
            self.store.order_by_use(slots);
        }
    }

    /// Four numbers for each entry that is not expired: slot, length of the body, uses, lower half of the time when it
    /// was first put.
    pub fn uses(&self) -> Box<[u32]> {
        self.store.uses().into()
    }

    /// Sets how often entries were used: pairs of slot and number.
    #[wasm_bindgen(js_name = setUses)]
    pub fn set_uses(&mut self, pairs: &[u32]) {
        for pair in pairs.as_chunks::<2>().0 {
            let [slot, count] = *pair;
            if let Some(slot) = Slot::from_number(slot) {
                self.store.set_uses(slot, count);
            }
        }
    }

    /// Notes a decoded value, and its use where it was `used`. Returns the number of its URL, as in the
    /// effects; with 4294967296 added where there are any.
    #[wasm_bindgen(js_name = admitDecoded)]
    pub fn admit_decoded(&mut self, slot: u32, used: bool) -> f64 {
        let url = self.entry(slot).map_or(ASK, |entry| entry.url.number());
        if let Some(decoded) = Slot::from_number(slot) {
            let effects = self.store.admit_decoded(decoded);
            self.effects.extend(effects);
            if used {
                self.store.count_uses(&[slot]);
            }
        }
        f64::from(url) + if self.effects.is_empty() { 0.0 } else { FLAG }
    }

    /// Frees so many bytes of memory, or what there is; returns how many it were. `pressure`: because
    /// the process has no more, and not because the caller wants them.
    pub fn trim(&mut self, bytes: usize, pressure: bool) -> usize {
        let cause = if pressure {
            Cause::Pressure
        } else {
            Cause::Explicit
        };
        self.store.trim(bytes, cause, &mut self.effects)
    }

    /// Makes sure that so many bytes can be handed over; `evict`: bodies may leave for that. Returns
    /// the bytes that were freed, and less than 0, by one more than these, when there is no room.
    pub fn reserve(&mut self, bytes: usize, evict: bool) -> f64 {
        let float = |freed: usize| f64::from(u32::try_from(freed).unwrap_or(u32::MAX));
        match self.store.reserve(bytes, evict, &mut self.effects) {
            Ok(freed) => float(freed),
            Err(freed) => -1.0 - float(freed),
        }
    }

    /// Counts bytes not yet durable.
    #[wasm_bindgen(js_name = addPending)]
    pub fn add_pending(&mut self, bytes: usize) {
        let effects = self.store.add_pending(bytes);
        self.effects.extend(effects);
    }

    /// Uncounts them.
    #[wasm_bindgen(js_name = removePending)]
    pub fn remove_pending(&mut self, bytes: usize) {
        self.store.remove_pending(bytes);
    }

    /// What can be ranked, at most so many, the one that was not used for the longest time first. Six
    /// numbers for each: slot, bytes, uses, uses of any since its last one and since it came, its cost.
    pub fn candidates(&mut self, most: usize) -> Box<[u32]> {
        let mut numbers = Vec::new();
        for candidate in self.store.candidates(most) {
            let bytes = u32::try_from(candidate.bytes).unwrap_or(u32::MAX);
            let Candidate {
                slot,
                uses,
                idle,
                age,
                cost,
                ..
            } = candidate;
            let row: [u32; wall::CANDIDATE_NUMBERS as usize] =
                [slot.number(), bytes, uses, idle, age, cost];
            numbers.extend_from_slice(&row);
        }
        numbers.into()
    }

    /// Evicts in the order of `slots`.
    pub fn rank(&mut self, slots: &[u32]) {
        let effects = self.store.rank(slots);
        self.effects.extend(effects);
    }
}
