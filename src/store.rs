//! The state machine over catalog and memory tier: sans-I/O, synchronous, deterministic.
//!
//! Every call that changes something returns [`Effects`]: what the host must now do to the values
//! it holds. Rows come in one way only, by [`Store::learn`], whether they were just put, read from
//! the host or written by somebody else.

mod above;
mod holding;
mod lives;
mod ranking;
mod trim;

use core::hash::Hasher;
use std::hash::DefaultHasher;

use self::above::Above;
pub use crate::answer::{Effect, Effects, Packed, Resolution};
use crate::canonical::Canonical;
use crate::catalog::{Catalog, RowKey, Slot};
use crate::error::{Error, Result};
use crate::filter::Filter;
use crate::format::rows;
use crate::hash::Hash;
use crate::memory::policy::{self, Admission};
use crate::memory::{Evicted, Expiry, Form, Limits, Tier};
use crate::metadata::{Head, Metadata, check_row, cost_of};
use crate::order::sorted;
use crate::stats::Stats;

/// Budgets and switches, checked by [`Store::new`].
#[derive(Clone, Debug)]
pub struct Options {
    /// Limit of the memory tier in bytes, at least 1 MiB.
    pub memory_limit: usize,
    /// Bodies in memory, at least 1.
    pub max_entries: usize,
    /// Largest body in bytes, at least 1024.
    pub max_entry_bytes: usize,
    /// Limit of the catalog in bytes.
    pub max_catalog: usize,
    /// Name of the eviction policy.
    pub eviction_policy: String,
    /// There is a durable host; without one an evicted entry is gone.
    pub durable: bool,
    /// From the host's random source.
    pub seed: u64,
}

/// Identity, catalog and memory tier of one store.
#[derive(Debug)]
pub struct Store {
    options: Options,
    catalog: Catalog,
    /// What a later version keeps at the host, kept with it and shown to nobody.
    above: Above,
    tier: Tier,
    expiry: Expiry,
    /// Every row of the host is in the catalog.
    complete: bool,
    /// The largest body that came so far, in bytes.
    largest: usize,
    counters: Stats,
}

impl Store {
    /// An empty store.
    pub fn new(options: Options) -> Result<Self> {
        let limits = Limits {
            bytes: options.memory_limit,
            entries: options.max_entries,
        };
        let policy = policy::by_name(&options.eviction_policy, limits, options.seed)?;
        Ok(Self {
            catalog: Catalog::new(options.seed),
            above: Above::new(options.seed),
            tier: Tier::new(limits, policy, !options.durable),
            expiry: Expiry::default(),
            complete: !options.durable,
            largest: 0,
            counters: Stats::default(),
            options,
        })
    }

    /// Which entry a request means.
    pub fn resolve(&self, request: &str) -> Result<Resolution> {
        let canonical = Canonical::parse(request)?;
        Ok(match self.catalog.resolve(&canonical, None) {
            _ if !self.complete && !self.catalog.is_whole(canonical.url) => Resolution::Ask,
            Some(slot) => Resolution::Found(slot),
            None => Resolution::Absent,
        })
    }

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
            return Err(Error::entry_too_large(bytes, limit));
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
        check_row(packed_key.len() + meta.len())?;
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
        let slot = self.file(existing, key, (hash, head, &row.meta), now, effects)?;
        Ok((slot, row))
    }

    /// Takes a row into the catalog, replacing what it had under the same key; a row that is known
    /// exactly so keeps its slot, and one of a layer above the base gets none.
    pub fn learn(
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
            return self.above.learn(packed, hash, meta, limit).map(|()| None);
        }
        let existing = self.catalog.find(&key);
        let row = (hash, Head::unpack(meta)?, meta);
        self.file(existing, &key, row, now, effects).map(Some)
    }

    fn file(
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
            self.leave(replaced, effects);
        }
        if let Some(entry) = self.catalog.get(slot) {
            effects.push(Effect::Moved(entry.url));
            self.watch(slot, now, effects);
        }
        Ok(slot)
    }

    /// Takes all rows of a packed index; the catalog is complete afterwards.
    pub fn learn_index(&mut self, packed: &[u8], now: u64) -> Result<Effects> {
        let mut effects = Effects::new();
        for row in rows::unpack(packed)? {
            let row = row?;
            self.learn(row.key, row.hash, row.meta, now, &mut effects)?;
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

    /// Forgets the rows the host no longer has, but for those in `keep`, which it does not have
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
    pub fn forget(&mut self, key: &[u8], effects: &mut Effects) -> Result<bool> {
        self.above.forget(key);
        let Some(slot) = self.catalog.find(&RowKey::unpack(key)?) else {
            return Ok(false);
        };
        self.retire(slot, effects);
        Ok(true)
    }

    /// In which form the body of an entry is in memory.
    pub fn form(&self, slot: Slot) -> Form {
        self.tier.form(slot)
    }

    /// The bytes of a body that is in memory.
    pub fn encoded(&self, slot: Slot) -> Option<&[u8]> {
        self.tier.encoded(slot)
    }

    /// Offers the bytes of an entry to the memory tier, which takes them unless it has its body.
    pub fn admit_encoded(&mut self, slot: Slot, bytes: Box<[u8]>) -> Effects {
        if self.tier.form(slot) != Form::Cold {
            return Effects::new();
        }
        let mut effects = Effects::new();
        if let Some((admission, hash, _size, key_bytes)) = self.admission(slot) {
            self.tier.admit_encoded(admission, hash, bytes, key_bytes);
            self.warm(slot, &mut effects);
        }
        self.make_room(&mut effects);
        effects
    }

    /// Notes that the host holds a value decoded from the entry's body. When the budgets do not
    /// allow it the effects evict it at once.
    pub fn admit_decoded(&mut self, slot: Slot) -> Effects {
        let mut effects = Effects::new();
        match self.admission(slot).filter(|_| !self.is_hidden(slot)) {
            Some((admission, hash, size, key_bytes)) => {
                self.tier.admit_decoded(admission, hash, size, key_bytes);
                self.warm(slot, &mut effects);
                self.make_room(&mut effects);
            }
            None => effects.push(Effect::Dropped(slot)),
        }
        effects
    }

    /// Counts bytes the host holds until they are durable.
    pub fn pend(&mut self, bytes: usize) -> Effects {
        self.tier.pend(bytes);
        let mut effects = Effects::new();
        self.make_room(&mut effects);
        effects
    }

    /// Uncounts them.
    pub fn unpend(&mut self, bytes: usize) {
        self.tier.unpend(bytes);
    }

    /// The entries a filter takes, ordered by URL, version, source and layer.
    pub fn list(&self, filter: &Filter) -> Vec<Slot> {
        let taken = self.catalog.slots().filter_map(|slot| {
            let entry = self.catalog.get(slot)?;
            let key = self.catalog.key(entry);
            let row = (key.url, key.version, key.source, key.layer, slot);
            filter.takes(&key, entry).then_some(row)
        });
        let taken: Vec<_> = taken.collect();
        let order = sorted(taken.len(), &|left, right| {
            taken.get(left).cmp(&taken.get(right))
        });
        let listed = order.into_iter().filter_map(|number| taken.get(number));
        listed.map(|&(.., slot)| slot).collect()
    }

    /// All rows of `url`, or of `url|version`.
    pub fn rows_of(&self, request: &str) -> Result<Vec<Slot>> {
        Ok(self.catalog.rows_of(&Canonical::parse(request)?))
    }

    /// The known entries.
    pub fn catalog(&self) -> &Catalog {
        &self.catalog
    }

    /// Whether any entry has a limited life.
    pub fn expires(&self) -> bool {
        !self.expiry.is_empty()
    }

    /// Counters and sizes.
    pub fn stats(&self) -> Stats {
        Stats {
            entries: u32::try_from(self.catalog.len()).unwrap_or(u32::MAX),
            total_bytes: self.catalog.body_bytes(),
            catalog_bytes: self.catalog.bytes(),
            resident_entries: self.tier.len(),
            used_bytes: self.tier.used_bytes(),
            limit_bytes: self.tier.limits().bytes,
            encoded_bytes: self.tier.encoded_bytes(),
            decoded_bytes: self.tier.decoded_bytes(),
            pending_bytes: self.tier.pending_bytes(),
            leased_bytes: self.tier.leased_bytes(),
            refusals: self.tier.refusals(),
            ..self.counters
        }
    }

    /// Notes that all rows of `url` are in the catalog, until the next change from outside.
    pub fn set_whole(&mut self, url: &str) {
        self.catalog.set_whole(url);
    }

    fn admission(&self, slot: Slot) -> Option<(Admission, Hash, usize, usize)> {
        if !self.catalog.is_live(slot) {
            return None;
        }
        let entry = self.catalog.get(slot)?;
        // Hidden, what a host has is not worth the room.
        if entry.expired && self.options.durable {
            return None;
        }
        let key = self.catalog.key(entry);
        let mut hasher = DefaultHasher::new();
        hasher.write_u64(self.options.seed);
        for part in [key.url, key.version, key.source] {
            hasher.write(part.as_bytes());
            hasher.write_u8(0xff);
        }
        let size = entry.head.size as usize;
        let admission = Admission {
            slot,
            weight: size,
            key_hash: hasher.finish(),
            cost: cost_of(&entry.meta),
        };
        Some((
            admission,
            entry.hash,
            size,
            key.url.len() + key.version.len(),
        ))
    }

    fn make_room(&mut self, effects: &mut Effects) {
        let mut evicted = Vec::new();
        self.tier.make_room(|eviction| evicted.push(eviction));
        for Evicted { slot, cause } in evicted {
            self.note_evicted(slot, cause, effects);
        }
        if self.tier.wants_ranking() {
            effects.push(Effect::Rank);
        }
    }

    /// Deletes an entry.
    fn retire(&mut self, slot: Slot, effects: &mut Effects) {
        self.catalog.retire(slot);
        self.counters.evicted_explicitly += u64::from(self.tier.remove(slot));
        self.leave(slot, effects);
        if let Some(entry) = self.catalog.get(slot) {
            effects.push(Effect::Moved(entry.url));
        }
    }

    /// Lets go of all that is kept for a retired slot.
    fn leave(&mut self, slot: Slot, effects: &mut Effects) {
        self.tier.remove(slot);
        self.expiry.forget(slot);
        effects.push(Effect::Retired(slot));
    }
}
