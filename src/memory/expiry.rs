//! When which entry's time is over, and which body nobody has read for too long.

use super::clock::{Clock, LEAP};
use super::wheel::Wheel;
use crate::catalog::Slot;
use crate::hits::{Hits, single};
use crate::metadata::Head;

/// What is at the host leaves it no sooner after its end was seen, in milliseconds; longer than any
/// one step of the clock can count.
const CERTAIN: u64 = 2 * LEAP;

/// What is known of an entry's life when its row is filed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Life {
    /// It has no end.
    Unlimited,
    /// Its end is to come.
    Limited,
    /// It was written at a time that is still to come: nobody knows how old it is.
    Unknown,
    /// It is over.
    Over,
}

/// Timers of the entries with a limited life, and of the bodies in memory where they have an idle
/// time. Times are milliseconds since 1970.
///
/// Entries are hidden when the clock says so. What cannot be undone, and how long nobody has read a
/// body, goes by the time that has certainly passed: a clock set wrong loses nothing.
#[derive(Debug, Default)]
pub struct Expiry {
    clock: Clock,
    /// Ends of lives, and beginnings that are still to come.
    ends: Wheel,
    /// By the steady time: of a hidden entry when it leaves for good, of others when the body does.
    leaves: Wheel,
    /// How long a body stays in memory that nobody reads; 0 for any time.
    idle: u64,
    /// Steady time of the last read, by slot.
    read: Vec<u64>,
}

impl Expiry {
    /// Limits the time a body stays in memory that nobody reads.
    pub fn set_idle(&mut self, idle: u64) {
        self.idle = idle;
    }

    /// Takes a reading of the caller's clock.
    pub fn read_clock(&mut self, now: u64) {
        self.clock.read(now);
    }

    /// The last reading.
    pub fn wall(&self) -> u64 {
        self.clock.wall()
    }

    /// Watches an entry whose row says this of its life, at `now` by the caller's clock.
    pub fn watch(&mut self, slot: Slot, head: &Head, now: u64) -> Life {
        let Some(expires) = head.expires else {
            return Life::Unlimited;
        };
        if expires <= now {
            return Life::Over;
        }
        // Two processes may differ a little, and the clock of one may be set.
        if now.saturating_add(LEAP) < head.updated {
            self.ends.set(slot, self.clock.here(head.updated));
            return Life::Unknown;
        }
        // No put-back of the clock gives it more than its whole life.
        let whole = expires.saturating_sub(head.updated);
        let unread = now.saturating_sub(self.clock.wall());
        let latest = self
            .clock
            .time()
            .saturating_add(unread)
            .saturating_add(whole);
        self.ends.set(slot, self.clock.here(expires).min(latest));
        Life::Limited
    }

    /// The next slot whose timer of [`Expiry::watch`] has run out.
    pub fn ended(&mut self) -> Option<Slot> {
        self.ends.pop(self.clock.time())
    }

    /// Sees to it that a hidden entry leaves. `at_host`: for good, of which one must be certain.
    pub fn schedule_deletion(&mut self, slot: Slot, grace: u64, at_host: bool) {
        let least = if at_host { CERTAIN } else { 0 };
        let at = self.clock.steady().saturating_add(grace.max(least));
        self.leaves.set(slot, at);
    }

    /// The next slot that is to leave.
    pub fn due_for_deletion(&mut self) -> Option<Slot> {
        self.leaves.pop(self.clock.steady())
    }

    /// The body of an entry came to memory, or was decoded there; whether it has an idle time.
    pub fn body_resident(&mut self, slot: Slot) -> bool {
        if self.idle == 0 {
            return false;
        }
        if self.read.len() <= slot.index() {
            self.read.resize(slot.index() + 1, 0);
        }
        self.hits(&[single(slot.number())]);
        let at = self.clock.steady().saturating_add(self.idle);
        self.leaves.set(slot, at);
        true
    }

    /// These slots were read.
    pub fn hits(&mut self, report: &[Hits]) {
        if self.idle == 0 {
            return;
        }
        for slot in report
            .iter()
            .filter_map(|&[slot, ..]| Slot::from_number(slot))
        {
            if let Some(read) = self.read.get_mut(slot.index()) {
                *read = self.clock.steady();
            }
        }
    }

    /// Whether nobody has read a body, whose timer has run out, for the idle time; sets the timer
    /// anew otherwise.
    pub fn is_idle(&mut self, slot: Slot) -> bool {
        let read = self.read.get(slot.index()).copied().unwrap_or(0);
        let until = read.saturating_add(self.idle);
        let idle = until <= self.clock.steady();
        if !idle {
            self.leaves.set(slot, until);
        }
        idle
    }

    /// The body of a visible entry left memory.
    pub fn body_gone(&mut self, slot: Slot) {
        self.leaves.cancel(slot);
    }

    /// Stops watching an entry.
    pub fn forget(&mut self, slot: Slot) {
        self.ends.cancel(slot);
        self.leaves.cancel(slot);
    }

    /// Whether nothing waits for a time.
    pub fn is_empty(&self) -> bool {
        self.ends.is_empty() && self.leaves.is_empty()
    }
}
