//! Merging: what is live in many segments moves into one.
//!
//! A moved row keeps the version it had, so reading it beside its original changes nothing: a merge
//! can be cut off anywhere. Deletions move too, because an older write of the row may come to light
//! in a segment that took no part.

use super::log::Log;
use crate::error::Result;
use crate::hash::Hash;
use crate::map::Map;

impl Log {
    /// Names the segment a merge writes to.
    pub fn merge_target(&mut self) -> u32 {
        self.born()
    }

    /// Whether a segment may be merged: nothing in it is of a kind not known here, nor damaged as long as
    /// anything is that nobody has healed: somebody may yet save what is in it.
    pub fn is_mergeable(&self, slot: u32) -> bool {
        let known = !self.others.iter().any(|location| location.slot == slot);
        known
            && self
                .at(slot)
                .is_some_and(|segment| !(segment.gone || segment.damaged && self.ailing))
    }

    /// The bodies to be moved out of these segments: those that a row names.
    pub fn movable(&self, sources: &[u32]) -> Vec<Hash> {
        let named = self.named();
        let moved = named
            .entries()
            .iter()
            .filter(|(_, location)| location.length > 0 && sources.contains(&location.slot));
        moved.map(|(hash, _)| *hash).collect()
    }

    /// Begins a commit of moved records at the end of `target`.
    pub fn begin_move(&mut self, target: u32, created_ms: u64) {
        // Not below any seq it moves: what its COMMIT says of lost rows must outdo older writes.
        self.start(target, self.seq + 1, created_ms);
    }

    /// Moves one body.
    pub fn move_body(&mut self, hash: Hash, body: &[u8]) -> Result<()> {
        self.write_body(hash, body)
    }

    /// Moves the rows and deletions whose newest write stands in these segments.
    pub fn move_rows(&mut self, sources: &[u32]) -> Result<()> {
        let rows = core::mem::replace(&mut self.rows, Map::new(0));
        let sources = rows
            .entries()
            .iter()
            .filter(|(_, entry)| sources.contains(&entry.slot));
        let moved: Result<()> = sources.into_iter().try_for_each(|(key, entry)| {
            self.add_row(key, entry.version, entry.value.clone(), true)
        });
        self.rows = rows;
        moved
    }
}
