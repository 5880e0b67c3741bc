//! Making the row of a put.

use super::Store;
use crate::answer::{Effects, Packed};
use crate::canonical::Canonical;
use crate::catalog::{RowKey, Slot};
use crate::error::{Error, Result};
use crate::hash::Hash;
use crate::metadata::{Metadata, check_row};

impl Store {
    /// Builds a row from what a put says of a body of so many bytes; it was created when its like was.
    pub fn pack(&self, key: &RowKey<'_>, metadata: Metadata, bytes: usize) -> Result<Packed> {
        self.pack_over(self.catalog.find(key), key, metadata, bytes)
    }

    fn pack_over(
        &self,
        existing: Option<Slot>,
        key: &RowKey<'_>,
        mut metadata: Metadata,
        bytes: usize,
    ) -> Result<Packed> {
        Canonical::of_parts(key.url, Some(key.version))?;
        let limit = self.options.max_entry_bytes;
        if bytes > limit {
            return Err(Error::entry_too_large(key.url, bytes, limit));
        }
        let packed_key = key.pack()?;
        let limit = self.options.memory_limit;
        let leased = self.tier.leased_bytes();
        let fits = if self.options.durable {
            leased + bytes <= limit
        } else {
            self.tier.fits(bytes, packed_key.len())
        };
        if !fits {
            let what = match leased {
                0 => "entry",
                _ => "entry, beside what is pinned or leased,",
            };
            return Err(Error::storage_full(what, bytes, limit));
        }
        metadata.head.size = u32::try_from(bytes).unwrap_or(u32::MAX);
        if let Some(existing) = existing.and_then(|slot| self.catalog.get(slot))
            && !existing.is_unknown()
        {
            metadata.head.created = existing.head.created;
        }
        let meta = metadata.pack()?;
        check_row(key.url, packed_key.len() + meta.len())?;
        // Told with the row, and not kept in it: that would be a write per hit.
        metadata.head.access_count = existing.map_or(0, |slot| self.catalog.uses(slot));
        Ok(Packed {
            key: packed_key,
            meta,
            head: metadata.head,
        })
    }

    /// Builds a row and takes it into the catalog.
    pub fn put(
        &mut self,
        key: &RowKey<'_>,
        metadata: Metadata,
        (hash, bytes): (Hash, usize),
        now: u64,
        effects: &mut Effects,
    ) -> Result<(Slot, Packed)> {
        let existing = self.catalog.find(key);
        let row = self.pack_over(existing, key, metadata, bytes)?;
        let head = row.head.clone();
        let slot = self.replace_row(existing, key, (hash, head, &row.meta), now, effects)?;
        Ok((slot, row))
    }
}
