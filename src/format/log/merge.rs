//! Merging: what is live in many segments moves into one.
//!
//! A moved row keeps the version it had, so reading it beside its original changes nothing: a merge
//! can be cut off anywhere. Deletions move too, because an older write of the row may come to light
//! in a segment that took no part.

use super::Log;
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

    /// Whether anything in a segment is live: the newest write of a row, or a body that a row names.
    pub fn is_needed(&self, slot: u32) -> bool {
        let mut rows = self.rows.entries().iter();
        rows.any(|(_, entry)| entry.slot == slot) || !self.movable(slot).is_empty()
    }

    /// The bodies to be moved out of a segment: those that a row names.
    pub fn movable(&self, source: u32) -> Vec<Hash> {
        let named = self.named();
        let moved = named
            .entries()
            .iter()
            .filter(|(_, location)| location.length > 0 && location.slot == source);
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

    /// Moves rows and deletions whose newest write stands in a segment, until about so many bytes
    /// are moved; true when that was all of them.
    pub fn move_rows(&mut self, source: u32, bytes: usize) -> Result<bool> {
        let rows = core::mem::replace(&mut self.rows, Map::new(0));
        let mut standing = rows
            .entries()
            .iter()
            .filter(|(_, entry)| entry.slot == source);
        let mut moved = Ok(());
        while moved.is_ok()
            && self.drafted_bytes() < bytes
            && let Some((key, entry)) = standing.next()
        {
            moved = self.add_row(key, entry.version, entry.value.clone(), true);
        }
        let all = standing.next().is_none();
        self.rows = rows;
        moved.map(|()| all)
    }
}
