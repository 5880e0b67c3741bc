//! What the store returns: effects, resolutions, packed rows.

use crate::catalog::Slot;
use crate::intern::Symbol;
use crate::memory::Cause;
use crate::metadata::Head;

/// One thing the caller must do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Effect {
    /// Drop the decoded value of the slot; the entry stays known.
    Evicted(Slot, Cause),
    /// The same, and its bytes are still in memory.
    Dropped(Slot),
    /// The slot's entry was replaced or deleted: drop everything kept for it.
    Retired(Slot),
    /// The slot's time is over: hide its value.
    Expired(Slot),
    /// What an unversioned request for this URL resolves to may have changed.
    ResolutionChanged(Symbol),
    /// Something about the slot's entry has a limited life: watch the clock.
    Limited(Slot),
    /// A budget is exceeded until [`Store::rank`](crate::store::Store::rank) has said what to evict.
    Rank,
    /// The slot's grace period is over too: delete its row, unless the host has another.
    GraceEnded(Slot),
}

/// What the caller must do, in order.
pub type Effects = Vec<Effect>;

/// A row as a put makes it.
#[derive(Clone, Debug)]
pub struct Packed {
    /// Packed row key.
    pub key: Vec<u8>,
    /// Packed metadata.
    pub meta: Vec<u8>,
    /// Sizes and times in that metadata.
    pub head: Head,
}

/// The answer to a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Resolution {
    /// This entry.
    Found(Slot),
    /// There is none.
    Absent,
    /// The catalog does not know all rows of this URL: ask the host for them.
    Ask,
}
