//! W-TinyLFU (Einziger, Friedman and Manes, 2017), with a window that adapts.

use super::climber::Climber;
use super::lists::Lists;
use super::recency::Recency;
use super::sketch::{MOST, Sketch};
use super::{Admission, Policy};
use crate::catalog::Slot;
use crate::hits::Hits;
use crate::memory::Limits;

/// Newcomers, by recency.
const WINDOW: usize = 0;
/// The main part: those not used since they came there, and those that were.
const PROBATION: usize = 1;
const PROTECTED: usize = 2;
/// Share of the main part that is protected.
const PROTECTED_SHARE: f64 = 0.8;
/// Of so many of the oldest the one with the fewest uses per byte leaves.
const SAMPLE: usize = 32;

/// A newcomer passes a small window by recency; to stay in the main part it must have been asked for
/// more often than the one it would replace. Popularity outlives the entry, in a sketch.
///
/// Where bytes are the limit, what counts is uses per byte: one large body must be worth the small
/// ones it drives out. Hits are carried out at the next change, which is when they first matter.
#[derive(Debug)]
pub(super) struct WTinyLfu {
    limits: Limits,
    lists: Lists<3>,
    sketch: Sketch,
    climber: Climber,
    recency: Recency,
    /// By slot.
    key_hashes: Vec<u64>,
    /// The first of those that left the window with the last newcomer and were not yet compared with
    /// a victim; the others follow it in probation.
    candidate: Option<Slot>,
    refusals: u64,
}

impl WTinyLfu {
    pub(super) fn new(limits: Limits) -> Self {
        Self {
            limits,
            lists: Lists::default(),
            sketch: Sketch::default(),
            climber: Climber::default(),
            recency: Recency::default(),
            key_hashes: Vec::new(),
            candidate: None,
            refusals: 0,
        }
    }

    fn is_over(&self, list: usize, share: f64) -> bool {
        let over = |used: usize, limit: usize| number(used) > share * number(limit);
        over(self.lists.weight(list), self.limits.bytes)
            || over(self.lists.len(list), self.limits.entries)
    }

    /// Moves what exceeds the window on to the main part, except the newest.
    fn shift(&mut self) {
        while self.lists.len(WINDOW) > 1 && self.is_over(WINDOW, self.climber.share()) {
            let oldest = self.lists.oldest(WINDOW);
            self.move_to(PROBATION, oldest);
            self.candidate = self.candidate.or(oldest);
        }
    }

    fn move_to(&mut self, list: usize, slot: Option<Slot>) {
        if let Some(slot) = slot {
            self.lists.move_to(list, slot);
        }
    }

    /// Does what the hits since the last change demand.
    fn apply_hits(&mut self) {
        for (slot, count) in self.recency.tell() {
            if let Some(list) = self.lists.list_of(slot) {
                self.hit(slot, list, count);
            }
        }
    }

    fn hit(&mut self, slot: Slot, list: usize, count: u32) {
        for _ in 0..count.min(MOST) {
            self.sketch.add(self.key_hash(slot));
        }
        if self.candidate == Some(slot) {
            self.candidate = self.lists.newer(slot);
        }
        let to = if list == WINDOW { WINDOW } else { PROTECTED };
        self.lists.move_to(to, slot);
        let share = PROTECTED_SHARE * (1.0 - self.climber.share());
        while self.is_over(PROTECTED, share) && self.lists.len(PROTECTED) > 1 {
            self.move_to(PROBATION, self.lists.oldest(PROTECTED));
        }
        self.note(count, count);
    }

    fn note(&mut self, requests: u32, hits: u32) {
        self.climber.note(requests, hits, self.lists.total_len());
    }

    /// Whether bytes are the limit that is exceeded, and not the number of entries.
    fn is_by_bytes(&self) -> bool {
        self.lists.total_len() <= self.limits.entries
    }

    fn uses(&self, slot: Slot) -> usize {
        usize::from(self.sketch.count(self.key_hash(slot)))
    }

    fn bytes(&self, slot: Slot) -> usize {
        self.lists.weight_of(slot).max(1)
    }

    /// The one of the main part to go: the oldest, or where bytes are the limit, the one of the oldest
    /// few with the fewest uses per byte.
    fn rival(&self) -> Option<Slot> {
        let oldest = self
            .lists
            .oldest(PROBATION)
            .or(self.lists.oldest(PROTECTED))?;
        if !self.is_by_bytes() {
            return Some(oldest);
        }
        let newer = |&slot: &Slot| {
            self.lists
                .newer(slot)
                .filter(|&newer| Some(newer) != self.candidate)
        };
        let oldest_few = core::iter::successors(Some(oldest), newer).take(SAMPLE);
        oldest_few.reduce(|least, slot| {
            let less = self.uses(slot) * self.bytes(least) < self.uses(least) * self.bytes(slot);
            if less { slot } else { least }
        })
    }

    fn key_hash(&self, slot: Slot) -> u64 {
        self.key_hashes.get(slot.index()).copied().unwrap_or(0)
    }

    /// Whether the newcomer is worth more than the one it would replace.
    fn admits(&self, candidate: Slot, rival: Slot) -> bool {
        let (ours, theirs) = (self.uses(candidate), self.uses(rival));
        if self.is_by_bytes() {
            return ours * self.bytes(rival) > theirs * self.bytes(candidate);
        }
        // The newcomer was counted just now, its rival up to a round of a loop ago; and counts are rough.
        ours > 1 + theirs + theirs / 4
    }
}

impl Policy for WTinyLfu {
    fn insert(&mut self, admission: Admission) {
        self.apply_hits();
        let slot = admission.slot;
        self.recency.admit(slot);
        if self.key_hashes.len() <= slot.index() {
            self.key_hashes.resize(slot.index() + 1, 0);
        }
        if let Some(key_hash) = self.key_hashes.get_mut(slot.index()) {
            *key_hash = admission.key_hash;
        }
        self.sketch.reserve(self.lists.total_len() + 1);
        self.sketch.add(admission.key_hash);
        self.lists.push(WINDOW, slot, admission.weight);
        self.note(1, 0);
        self.candidate = None;
        self.shift();
    }

    fn hits(&mut self, report: &[Hits]) {
        self.recency.hits(report);
    }

    fn remove(&mut self, slot: Slot) {
        self.apply_hits();
        if self.candidate == Some(slot) {
            self.candidate = self.lists.newer(slot);
        }
        self.lists.remove(slot);
    }

    fn reweigh(&mut self, slot: Slot, weight: usize) {
        self.lists.reweigh(slot, weight);
        self.shift();
    }

    fn victim(&mut self) -> Option<Slot> {
        self.apply_hits();
        let victim = self.rival().or(self.lists.oldest(WINDOW))?;
        let loser = match self.candidate {
            Some(candidate) if candidate != victim => {
                self.candidate = self.lists.newer(candidate);
                if self.admits(candidate, victim) {
                    victim
                } else {
                    self.refusals += 1;
                    candidate
                }
            }
            _ => victim,
        };
        self.remove(loser);
        Some(loser)
    }

    fn len(&self) -> usize {
        self.lists.total_len()
    }

    fn refusals(&self) -> u64 {
        self.refusals
    }
}

#[expect(
    clippy::cast_precision_loss,
    reason = "sizes stay below 2^53, or mean no limit"
)]
const fn number(count: usize) -> f64 {
    count as f64
}
