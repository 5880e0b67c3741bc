//! What time does to entries: their ends, what is kept as stale, and bodies that nobody reads.

use super::{Effect, Effects, Store};
use crate::canonical::Canonical;
use crate::catalog::Slot;
use crate::error::Result;
use crate::hits::{Hits, total_count};
use crate::memory::{Cause, Form, Life};

impl Store {
    /// Limits the time, in milliseconds, that a body stays in memory which nobody reads; without a
    /// durable host the entry goes with it.
    pub fn set_idle(&mut self, idle: u64) {
        self.expiry.set_idle(idle);
    }

    /// Takes the caller's report of hits, and does what the clock demands. Called before anything else,
    /// so that the outcome equals that of a store that gets each hit at once.
    pub fn drain(&mut self, report: &[Hits], now: u64) -> Effects {
        self.counters.hits += total_count(report);
        self.expiry.read_clock(now);
        self.expiry.hits(report);
        self.tier.hits(report);
        self.catalog.count_uses(report);
        self.catalog.reap(|slot| self.tier.is_held(slot));
        let mut effects = Effects::new();
        while let Some(slot) = self.expiry.ended() {
            self.expire_or_revive(slot, &mut effects);
        }
        while let Some(slot) = self.expiry.due_for_deletion() {
            self.remove_ended(slot, &mut effects);
        }
        effects
    }

    /// The expired entry a request means, as long as it is kept as stale.
    pub fn stale(&self, request: &str) -> Result<Option<Slot>> {
        let canonical = Canonical::parse(request)?;
        Ok(self.catalog.resolve(&canonical, Some(self.expiry.wall())))
    }

    /// Watches an entry that was just filed.
    pub(super) fn watch(&mut self, slot: Slot, now: u64, effects: &mut Effects) {
        let Some(entry) = self.catalog.get(slot) else {
            return;
        };
        let life = self.expiry.watch(slot, &entry.head, now);
        self.catalog
            .set_expired(slot, matches!(life, Life::Unknown | Life::Over));
        if life == Life::Over {
            self.schedule_deletion(slot);
        }
        if life != Life::Unlimited {
            effects.push(Effect::Limited(slot));
        }
    }

    /// The body of an entry came to memory, or is held no longer.
    pub(super) fn note_resident(&mut self, slot: Slot, effects: &mut Effects) {
        let may_leave = !self.is_hidden(slot) && !self.tier.is_held(slot);
        if may_leave && self.expiry.body_resident(slot) {
            effects.push(Effect::Limited(slot));
        }
    }

    /// Whether an entry is kept, but found by nobody.
    pub(super) fn is_hidden(&self, slot: Slot) -> bool {
        self.catalog.get(slot).is_some_and(|entry| entry.expired)
    }

    /// The life of an entry is over, or has begun by now.
    fn expire_or_revive(&mut self, slot: Slot, effects: &mut Effects) {
        let Some(entry) = self.catalog.get(slot) else {
            return;
        };
        let moved = Effect::ResolutionChanged(entry.url);
        if entry.expired {
            effects.push(moved);
            self.watch(slot, self.expiry.wall(), effects);
            if self.tier.form(slot) != Form::Cold {
                self.note_resident(slot, effects);
            }
            return;
        }
        self.catalog.set_expired(slot, true);
        self.counters.expirations += 1;
        effects.extend([Effect::Expired(slot), moved]);
        self.schedule_deletion(slot);
    }

    /// Sees to it that a hidden entry leaves when its grace is over, if it ever is. What a host has
    /// leaves memory at once; what has no host stays there, first to go. What is held waits for its
    /// release.
    fn schedule_deletion(&mut self, slot: Slot) {
        let Some(entry) = self.catalog.get(slot) else {
            return;
        };
        let (expires, until) = (entry.head.expires, entry.head.stale_until);
        let durable = self.options.durable;
        let left = if durable {
            self.tier.remove(slot)
        } else {
            self.tier.demote(slot)
        };
        self.counters.evicted_as_expired += u64::from(left);
        self.expiry.body_gone(slot);
        if let Some(until) = until.or(expires.filter(|_| !durable)) {
            let grace = until.saturating_sub(expires.unwrap_or(until));
            self.expiry.schedule_deletion(slot, grace, durable);
        }
    }

    /// A hidden entry leaves, or a body that nobody reads.
    fn remove_ended(&mut self, slot: Slot, effects: &mut Effects) {
        match (self.is_hidden(slot), self.options.durable) {
            (true, true) => {
                effects.push(Effect::GraceEnded(slot));
                // Until the host has deleted it, it is told again.
                self.expiry.schedule_deletion(slot, 0, true);
            }
            (true, false) => {
                self.counters.evicted_as_expired += u64::from(self.tier.remove(slot));
                self.retire(slot, effects);
            }
            (false, _) => {
                if self.expiry.is_idle(slot) && self.tier.remove(slot) {
                    self.note_evicted(slot, Cause::Expired, effects);
                }
            }
        }
    }
}
