//! Eviction in an order that the caller gives.

use super::{Effects, Store};
use crate::memory::policy::Candidate;

impl Store {
    /// What the caller can choose from where it is asked to rank, at most so many: those that were not
    /// used for the longest time.
    pub fn candidates(&mut self, most: usize) -> Vec<Candidate> {
        self.tier.candidates(most)
    }

    /// Evicts in the order the caller gives until every budget holds, or it is asked for more. The
    /// order holds for this once.
    pub fn rank(&mut self, worst_first: &[u32]) -> Effects {
        let mut effects = Effects::new();
        self.tier.rank(worst_first);
        self.make_room(&mut effects);
        self.tier.rank(&[]);
        effects
    }
}
