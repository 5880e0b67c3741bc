//! Rows coming into the catalog and leaving it.

use super::Store;
use super::above::Above;
use crate::answer::{Effect, Effects};
use crate::canonical::Canonical;
use crate::catalog::{RowKey, Slot};
use crate::error::{Error, Result};
use crate::format::rows;
use crate::hash::Hash;
use crate::metadata::Head;

impl Store {
    /// Takes a row into the catalog, replacing what it had under the same key; a row that is known
    /// exactly so keeps its slot, and one of a layer above the base gets none.
    pub fn insert_row(
        &mut self,
        key: &[u8],
        hash: Hash,
        meta: &[u8],
        now: u64,
        effects: &mut Effects,
    ) -> Result<Option<Slot>> {
        let packed = key;
        let key = RowKey::unpack(packed)?;
        if key.layer > 0 {
            let limit =
                self.options.max_catalog - self.catalog.bytes().min(self.options.max_catalog);
            return self.above.insert(packed, hash, meta, limit).map(|()| None);
        }
        let existing = self.catalog.find(&key);
        let row = (hash, Head::unpack(meta)?, meta);
        self.replace_row(existing, &key, row, now, effects)
            .map(Some)
    }

    pub(super) fn replace_row(
        &mut self,
        existing: Option<Slot>,
        key: &RowKey<'_>,
        (hash, head, meta): (Hash, Head, &[u8]),
        now: u64,
        effects: &mut Effects,
    ) -> Result<Slot> {
        if let Some(slot) = existing
            && self.catalog.confirm(slot, &hash, meta)
        {
            return Ok(slot);
        }
        let limit = self.options.max_catalog;
        if self.catalog.bytes() + meta.len() > limit {
            let bytes = self.catalog.bytes() + meta.len();
            return Err(Error::storage_full("catalog", bytes, limit));
        }
        let slot = self.catalog.insert(key, existing, hash, head, meta)?;
        if let Some(replaced) = existing {
            self.release_slot(replaced, effects);
        }
        if let Some(entry) = self.catalog.get(slot) {
            effects.push(Effect::ResolutionChanged(entry.url));
            self.watch(slot, now, effects);
        }
        Ok(slot)
    }

    /// Takes all rows of a packed index; the catalog is complete afterwards.
    pub fn insert_index(&mut self, packed: &[u8], now: u64) -> Result<Effects> {
        let mut effects = Effects::new();
        for row in rows::unpack(packed)? {
            let row = row?;
            self.insert_row(row.key, row.hash, row.meta, now, &mut effects)?;
        }
        self.complete = true;
        Ok(effects)
    }

    /// All rows in the packed form, for the host to keep.
    pub fn pack_index(&self) -> Result<Vec<u8>> {
        let mut packer = rows::Packer::default();
        for slot in self.catalog.slots() {
            if let Some(entry) = self.catalog.get(slot) {
                packer.push(&rows::Row {
                    key: &self.catalog.key(entry).pack()?,
                    url: self.catalog.text(entry.url).unwrap_or_default(),
                    hash: entry.hash,
                    meta: &entry.meta,
                    revision: 0,
                });
            }
        }
        self.above.pack(&mut packer)?;
        Ok(packer.finish())
    }

    /// Starts to compare the catalog with all rows of the host, which are then learned.
    pub fn start_sweep(&mut self) {
        self.catalog.start_sweep();
        self.above = Above::new(self.options.seed);
    }

    /// Forgets the rows the host no longer has, except those in `keep`, which it does not have
    /// yet; the catalog is complete afterwards.
    pub fn end_sweep(&mut self, keep: &[u32]) -> Effects {
        let mut effects = Effects::new();
        for slot in self.catalog.unseen() {
            if !keep.contains(&slot.number()) {
                self.retire(slot, &mut effects);
            }
        }
        self.complete = true;
        effects
    }

    /// Takes a row out of the catalog; returns whether it was there.
    pub fn remove_row(&mut self, key: &[u8], effects: &mut Effects) -> Result<bool> {
        self.above.remove(key);
        let Some(slot) = self.catalog.find(&RowKey::unpack(key)?) else {
            return Ok(false);
        };
        self.retire(slot, effects);
        Ok(true)
    }

    /// Notes that all rows of `url` are in the catalog, until the next change from outside.
    pub fn set_whole(&mut self, url: &str) {
        self.catalog.set_whole(url);
    }

    /// Deletes an entry.
    pub(super) fn retire(&mut self, slot: Slot, effects: &mut Effects) {
        self.catalog.retire(slot);
        self.counters.evicted_explicitly += u64::from(self.tier.remove(slot));
        self.release_slot(slot, effects);
        if let Some(entry) = self.catalog.get(slot) {
            effects.push(Effect::ResolutionChanged(entry.url));
        }
    }

    /// Lets go of all that is kept for a retired slot.
    pub(super) fn release_slot(&mut self, slot: Slot, effects: &mut Effects) {
        self.tier.remove(slot);
        self.expiry.forget(slot);
        effects.push(Effect::Retired(slot));
    }

    /// All rows of `url`, or of `url|version`.
    pub fn rows_of(&self, request: &str) -> Result<Vec<Slot>> {
        Ok(self.catalog.rows_of(&Canonical::parse(request)?))
    }
}
