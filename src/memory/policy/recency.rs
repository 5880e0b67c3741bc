//! Hits, written down as they come and told in order when somebody asks.

use crate::catalog::Slot;
use crate::hits::{Hits, hit_span};
use crate::order::sorted;

/// Which slots were hit since this was last asked for, how often, and in which order for the last
/// time. A report costs the same however many lists a policy keeps; nothing is lost but the order of
/// hits that others of the same slot followed.
#[derive(Debug, Default)]
pub(super) struct Recency {
    /// By slot.
    uses: Vec<Use>,
    /// Slots that were hit, each once.
    touched: Vec<Slot>,
    /// Counts hits.
    clock: u64,
    /// Hits up to this time were told.
    told: u64,
}

#[derive(Clone, Copy, Debug, Default)]
struct Use {
    /// Time of the last hit.
    last: u64,
    /// Hits that were not told.
    count: u32,
}

impl Recency {
    /// Makes a place for a slot; hits of slots without one are ignored.
    pub(super) fn admit(&mut self, slot: Slot) {
        if self.uses.len() <= slot.index() {
            self.uses.resize(slot.index() + 1, Use::default());
        }
    }

    /// Writes a report of hits down.
    pub(super) fn hits(&mut self, report: &[Hits]) {
        for &[slot, count, last] in report {
            let Some(slot) = Slot::from_number(slot) else {
                continue;
            };
            if let Some(known) = self.uses.get_mut(slot.index()) {
                if known.last <= self.told {
                    known.count = 0;
                    self.touched.push(slot);
                }
                *known = Use {
                    last: known.last.max(self.clock + u64::from(last)),
                    count: known.count.saturating_add(count),
                };
            }
        }
        self.clock += hit_span(report);
    }

    /// Number of hits written down so far.
    pub(super) const fn now(&self) -> u64 {
        self.clock
    }

    /// What that was when a slot was last hit.
    pub(super) fn last(&self, slot: Slot) -> u64 {
        self.uses.get(slot.index()).map_or(0, |known| known.last)
    }

    /// The slots hit and how often, by their last hit, oldest first. Slots may have left since.
    pub(super) fn tell(&mut self) -> Vec<(Slot, u32)> {
        let of = |number: usize| {
            let slot = *self.touched.get(number)?;
            Some((slot, *self.uses.get(slot.index())?))
        };
        let last = |number| of(number).map(|(_, known)| known.last);
        let order = sorted(self.touched.len(), &|left, right| {
            last(left).cmp(&last(right))
        });
        let told = order.into_iter().filter_map(of);
        let told = told.map(|(slot, known)| (slot, known.count)).collect();
        self.touched.clear();
        self.told = self.clock;
        told
    }
}
