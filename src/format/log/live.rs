//! What is live: the newest write of each row, and the bodies that rows name; and how much of each
//! segment that takes. All else in a segment is dead, to be left behind by a [merge](super::merge).

use super::{Entry, Location, Log, Version};
use crate::format::record;
use crate::format::row::Value;
use crate::format::segment;
use crate::format::wire::wide;
use crate::hash::Hash;
use crate::map::{Map, Place};

/// Dead bytes that are worth a merge: a block of the disk.
const BLOCK: u64 = 4096;

/// What a ROW record holds besides key and metadata: hash, length and place of the URL.
const ROW_FIELDS: usize = 36;

/// What is known of the place of a body that was never found.
pub(super) const NOWHERE: Location = Location {
    slot: u32::MAX,
    offset: 0,
    length: 0,
};

/// Bodies by their hashes.
#[derive(Debug)]
pub(super) struct Bodies(Map<Hash, Filed>);

#[derive(Clone, Copy, Debug)]
struct Filed {
    location: Location,
    /// How many rows name it.
    names: u32,
}

impl Bodies {
    pub(super) fn new(seed: u64) -> Self {
        Self(Map::new(seed))
    }

    pub(super) fn reserve(&mut self, more: usize) {
        self.0.reserve(more);
    }

    /// Where a body lies; `None` when no row and no segment speaks of it.
    pub(super) fn get(&self, hash: &Hash) -> Option<Location> {
        self.0.get(hash).map(|filed| filed.location)
    }

    /// Hashes and places of all.
    pub(super) fn all(&self) -> impl Iterator<Item = (Hash, Location)> {
        let all = self.0.entries().iter();
        all.map(|(hash, filed)| (*hash, filed.location))
    }

    /// Whether a row names it.
    pub(super) fn is_named(&self, hash: &Hash) -> bool {
        self.0.get(hash).is_some_and(|filed| filed.names > 0)
    }

    fn forget(&mut self, slot: u32) {
        for (_, filed) in self.0.iter_mut() {
            if filed.location.slot == slot && filed.names > 0 {
                filed.location = NOWHERE;
            }
        }
        self.0.retain(|filed| filed.location.slot != slot);
    }
}

impl Log {
    /// The segments more of which is dead than live, and how many bytes of each are dead.
    pub fn wasted(&self) -> Vec<(u32, u64)> {
        let wasted = self.segments.iter().zip(0..).filter_map(|(segment, slot)| {
            let records = segment.position.offset - segment::HEADER;
            let dead = records.saturating_sub(segment.live);
            let is_worth_it = dead > segment.live && (dead >= BLOCK || segment.live == 0);
            (is_worth_it && !segment.gone).then_some((slot, dead))
        });
        wasted.collect()
    }

    /// Whether there is no row.
    pub const fn is_empty(&self) -> bool {
        self.live_rows == 0
    }

    /// Whether a row names a body.
    pub fn is_named(&self, hash: &Hash) -> bool {
        self.bodies.is_named(hash)
    }

    /// Notes where a body lies; what a merge moved lies in the newer segment, and so does what was written
    /// again because it was unreadable.
    pub(super) fn place(&mut self, hash: Hash, location: Location) {
        let number = |slot: u32| self.at(slot).map(|segment| (!segment.gone, segment.id));
        let place = self.bodies.0.place(&hash);
        let Some(known) = self.bodies.0.at(place).copied() else {
            let names = 0;
            let filed = Filed { location, names };
            return self.bodies.0.insert_at(place, hash, filed);
        };
        let unread = known.location.length == 0;
        if !unread && number(location.slot) < number(known.location.slot) {
            return;
        }
        if unread && self.counting {
            self.healed.push(hash);
        }
        if known.names > 0 {
            self.bury(known.location.slot, known.location.length.into());
            self.enliven(location.slot, location.length.into());
        }
        let names = known.names;
        let filed = Filed { location, names };
        self.bodies.0.insert_at(place, hash, filed);
    }

    /// Takes in a write of a row, unless a later one is known.
    pub(super) fn write(&mut self, key: &[u8], version: Version, slot: u32, value: Option<Value>) {
        self.outdo(key, version);
        let place = self.rows.place(key);
        let known = self.rows.at(place).map(|entry| entry.version);
        if known > Some(version) {
            return;
        }
        if known == Some(version) {
            return self.move_row(key, place, slot);
        }
        let entry = Entry {
            version,
            slot,
            token: self.token,
            value,
        };
        self.enliven(slot, entry.bytes(key));
        if let Some(value) = &entry.value {
            self.live_rows += 1;
            self.add_name(value.hash, slot);
        }
        let Some(known) = self.rows.at_mut(place) else {
            return self.rows.insert_at(place, key.into(), entry);
        };
        let old = core::mem::replace(known, entry);
        self.bury(old.slot, old.bytes(key));
        if let Some(value) = &old.value {
            self.live_rows -= 1;
            self.drop_name(&value.hash);
        }
    }

    /// Forgets what lies in a segment that is no longer there; true when some of it was live.
    pub(super) fn forget_live(&mut self, slot: u32) -> bool {
        let was_live = self.at(slot).is_some_and(|segment| segment.live > 0);
        self.bodies.forget(slot);
        was_live
    }

    fn move_row(&mut self, key: &[u8], place: Place, slot: u32) {
        let Some(entry) = self.rows.at_mut(place) else {
            return;
        };
        let from = core::mem::replace(&mut entry.slot, slot);
        let bytes = entry.bytes(key);
        self.bury(from, bytes);
        self.enliven(slot, bytes);
    }

    /// A row of a segment names a body, which may not be read yet.
    fn add_name(&mut self, hash: Hash, slot: u32) {
        let place = self.bodies.0.place(&hash);
        if let Some(filed) = self.bodies.0.at_mut(place) {
            filed.names += 1;
            if filed.names == 1 {
                let Location { slot, length, .. } = filed.location;
                self.enliven(slot, length.into());
            }
            return;
        }
        let location = Location { slot, ..NOWHERE };
        let filed = Filed { location, names: 1 };
        self.bodies.0.insert_at(place, hash, filed);
        self.ailing = true;
    }

    /// The body that was to lie at `location` is unreadable, and live nowhere; false when it lies elsewhere.
    pub(super) fn displace(&mut self, hash: &Hash, location: Location) -> bool {
        let filed = self.bodies.0.get_mut(hash);
        let Some(filed) = filed.filter(|filed| filed.location == location) else {
            return false;
        };
        filed.location.length = 0;
        if filed.names > 0 {
            self.bury(location.slot, location.length.into());
        }
        true
    }

    fn drop_name(&mut self, hash: &Hash) {
        let Some(filed) = self.bodies.0.get_mut(hash) else {
            return;
        };
        filed.names = filed.names.saturating_sub(1);
        if filed.names == 0 {
            let Location { slot, length, .. } = filed.location;
            self.bury(slot, length.into());
        }
    }

    fn enliven(&mut self, slot: u32, bytes: u64) {
        if let Some(segment) = self.at_mut(slot) {
            segment.live += bytes;
        }
    }

    fn bury(&mut self, slot: u32, bytes: u64) {
        if let Some(segment) = self.at_mut(slot) {
            segment.live = segment.live.saturating_sub(bytes);
        }
    }
}

impl Entry {
    /// About the length of its record: the same whenever it is asked for.
    fn bytes(&self, key: &[u8]) -> u64 {
        let value = self.value.as_ref();
        let value = value.map_or(0, |value| ROW_FIELDS + value.meta.len());
        wide(record::HEADER + key.len() + value)
    }
}
