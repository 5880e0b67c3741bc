//! Giving memory back before a budget demands it.

use super::policy::Admission;
use super::tier::{Form, Resident, Tier};
use crate::catalog::Slot;

/// What [`Tier::shed`] did with its victims.
#[derive(Debug, Default)]
pub struct Shed {
    /// Their bodies left memory.
    pub evicted: Vec<Slot>,
    /// Their bodies stayed. Tell the policy of them again, in this order.
    pub kept: Vec<Slot>,
}

impl Tier {
    /// Evicts in the order of the policy until no more than `target` bytes are used: the bodies that
    /// are a decoded value and nothing else, or only the others, which take Wasm memory. Those of
    /// hidden entries go before both.
    pub fn shed(&mut self, decoded: bool, target: usize) -> Shed {
        let mut shed = Shed::default();
        while self.used_bytes() > target
            && let Some(slot) = self.victim()
        {
            let demoted = self.resident(slot).is_some_and(|resident| resident.demoted);
            if demoted || (self.form(slot) == Form::Decoded) == decoded {
                self.forget(slot);
                shed.evicted.push(slot);
            } else {
                shed.kept.push(slot);
            }
        }
        shed
    }

    /// Tells the policy of a body that stayed.
    pub fn readmit(&mut self, mut admission: Admission) {
        if let Some(resident) = self.resident(admission.slot) {
            admission.weight = resident.weight();
            self.policy.insert(admission);
        }
    }

    /// Lets decoded values go whose bytes stay, until no more than `target` bytes are used. The policy
    /// is not asked: what it names as victim is lost where the bytes are the only copy.
    pub fn undecode(&mut self, target: usize) -> Vec<Slot> {
        let mut dropped = Vec::new();
        let both = |resident: &Resident| resident.form == Form::Both;
        for slot in (1..)
            .map_while(Slot::from_number)
            .take(self.residents.len())
        {
            if self.used_bytes() <= target {
                break;
            }
            let Some(mut encoded) = self.resident(slot).copied().filter(both) else {
                continue;
            };
            if self.holds.has(slot) {
                continue;
            }
            encoded.form = Form::Encoded;
            self.uncount(slot);
            self.count(&encoded);
            self.policy.reweigh(slot, encoded.weight());
            self.set(slot, Some(encoded));
            dropped.push(slot);
        }
        dropped
    }
}
