//! When which entry's time is over.

use std::collections::BTreeSet;

use crate::catalog::Slot;

/// Entries with a limited life, the next one to expire first. Times are milliseconds since 1970.
#[derive(Debug, Default)]
pub struct Expiry {
    order: BTreeSet<(u64, Slot)>,
}

impl Expiry {
    /// Puts an entry under watch.
    pub fn insert(&mut self, at: u64, slot: Slot) {
        self.order.insert((at, slot));
    }

    /// Stops watching an entry.
    pub fn remove(&mut self, at: u64, slot: Slot) {
        self.order.remove(&(at, slot));
    }

    /// Takes out the next entry whose time is over at `now`.
    pub fn pop(&mut self, now: u64) -> Option<Slot> {
        let &(at, slot) = self.order.first()?;
        if at > now {
            return None;
        }
        self.order.pop_first();
        Some(slot)
    }

    /// Whether any entry expires at all.
    pub fn is_empty(&self) -> bool {
        self.order.is_empty()
    }
}
