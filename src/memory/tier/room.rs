//! Making room: bodies leave until every budget holds, in an order that the caller may give.

use super::{Cause, Evicted, Tier};
use crate::catalog::Slot;
use crate::memory::policy::{Candidate, Policy};

impl Tier {
    /// Evicts until every budget holds, telling `evicted` of each body that left. Stops before that
    /// where the caller is to rank first; see [`Tier::wants_ranking`].
    pub fn make_room(&mut self, mut evicted: impl FnMut(Evicted)) {
        while self.len() > self.limits.entries
            && !self.wants_ranking()
            && let Some(slot) = self.evict()
        {
            evicted(Evicted {
                slot,
                cause: Cause::Entries,
            });
        }
        while self.used_bytes() > self.limits.bytes
            && !self.wants_ranking()
            && let Some(slot) = self.evict()
        {
            evicted(Evicted {
                slot,
                cause: Cause::Size,
            });
        }
    }

    /// Whether a budget is exceeded, and the caller is to say who leaves.
    pub fn wants_ranking(&mut self) -> bool {
        let over = self.len() > self.limits.entries || self.used_bytes() > self.limits.bytes;
        let custom = self.policy.custom();
        over && self.demoted.is_empty() && custom.is_some_and(|custom| custom.wants_ranking())
    }

    /// What the caller can choose from, at most so many.
    pub fn candidates(&mut self, most: usize) -> Vec<Candidate> {
        let custom = self.policy.custom();
        custom.map_or_else(Vec::new, |custom| custom.candidates(most))
    }

    /// The order in which the next ones leave.
    pub fn rank(&mut self, worst_first: &[u32]) {
        if let Some(custom) = self.policy.custom() {
            custom.rank(worst_first);
        }
    }

    fn evict(&mut self) -> Option<Slot> {
        let refused_before = self.policy.refusals();
        let slot = self.victim()?;
        // Only here: of the victims that memory is trimmed by, some stay.
        self.refusals += self.policy.refusals() - refused_before;
        self.forget(slot);
        Some(slot)
    }
}
