//! Every known entry: by slot, by row key, by URL.
//!
//! A slot names one immutable version of a row: whatever changes a row gives it a new slot. A
//! retired slot stays in limbo, readable, until [`Catalog::reap`], so that a late touch or an
//! effect not yet carried out can never meet the slot's next user.

mod key;

use core::cmp::Ordering;

pub use self::key::{RowKey, Slot};

use crate::canonical::{Canonical, compare_versions};
use crate::error::{Error, Result};
use crate::hash::{Hash, UNREADABLE};
use crate::hits::Hits;
use crate::intern::{Interner, Symbol};
use crate::metadata::{Head, UNKNOWN};

/// What the catalog keeps of an entry.
#[derive(Debug)]
pub struct Entry {
    /// Layer of the row.
    pub layer: u32,
    /// Interned URL.
    pub url: Symbol,
    /// Interned version, the empty string for none.
    pub version: Symbol,
    /// Interned source, the empty string for none.
    pub source: Symbol,
    /// Content hash of the body.
    pub hash: Hash,
    /// Sizes and times, read from `meta`.
    pub head: Head,
    /// Packed metadata.
    pub meta: Box<[u8]>,
    /// Past its time: kept, but found by nobody.
    pub expired: bool,
    /// The sweep that last saw the row at the host.
    sweep: u32,
    /// Replaced or deleted; waits to be reaped.
    retired: bool,
}

impl Entry {
    /// Whether its content cannot be read at the host.
    pub fn is_damaged(&self) -> bool {
        self.hash == UNREADABLE
    }
    /// Whether nothing is known of it but the key.
    pub fn is_unknown(&self) -> bool {
        self.is_damaged() && *self.meta == *UNKNOWN
    }
}

/// The live rows of one URL.
#[derive(Debug, Default)]
struct UrlRows {
    slots: Vec<Slot>,
    /// Every row of the host is known, while the catalog as a whole is not complete.
    whole: bool,
}

/// All known entries.
#[derive(Debug)]
pub struct Catalog {
    strings: Interner,
    entries: Vec<Option<Entry>>,
    /// How often each entry was used, by slot.
    uses: Vec<u32>,
    free: Vec<Slot>,
    limbo: Vec<Slot>,
    /// By the number of the URL's symbol.
    by_url: Vec<UrlRows>,
    sweep: u32,
    live: usize,
    damaged: usize,
    body_bytes: u64,
    meta_bytes: usize,
}

impl Catalog {
    /// An empty catalog; `seed` comes from the caller's random source.
    pub fn new(seed: u64) -> Self {
        Self {
            strings: Interner::new(seed),
            entries: Vec::new(),
            uses: Vec::new(),
            free: Vec::new(),
            limbo: Vec::new(),
            by_url: Vec::new(),
            sweep: 0,
            live: 0,
            damaged: 0,
            body_bytes: 0,
            meta_bytes: 0,
        }
    }

    /// The entry in a slot, retired ones included until they are reaped.
    pub fn get(&self, slot: Slot) -> Option<&Entry> {
        self.entries.get(slot.index())?.as_ref()
    }

    /// Whether the slot holds an entry that is neither replaced nor deleted.
    pub fn is_live(&self, slot: Slot) -> bool {
        self.get(slot).is_some_and(|entry| !entry.retired)
    }

    /// How often an entry was used; what replaces it goes on counting from there.
    pub fn uses(&self, slot: Slot) -> u32 {
        self.uses.get(slot.index()).copied().unwrap_or_default()
    }

    /// Counts uses.
    pub fn count_uses(&mut self, report: &[Hits]) {
        for &[slot, count, _] in report {
            let slot = Slot::from_number(slot);
            if let Some(uses) = slot.and_then(|slot| self.uses.get_mut(slot.index())) {
                *uses = uses.saturating_add(count);
            }
        }
    }

    /// Sets how often an entry was used.
    pub fn set_uses(&mut self, slot: Slot, count: u32) {
        if let Some(uses) = self.uses.get_mut(slot.index()) {
            *uses = count;
        }
    }

    /// The row key of an entry.
    pub fn key(&self, entry: &Entry) -> RowKey<'_> {
        let text = |symbol| self.strings.text(symbol).unwrap_or_default();
        RowKey {
            layer: entry.layer,
            url: text(entry.url),
            version: text(entry.version),
            source: text(entry.source),
        }
    }

    /// The text of an interned URL, version or source.
    pub fn text(&self, symbol: Symbol) -> Option<&str> {
        self.strings.text(symbol)
    }

    /// The live slot of a row.
    pub fn find(&self, key: &RowKey<'_>) -> Option<Slot> {
        let url = self.strings.find(key.url)?;
        let version = self.strings.find(key.version)?;
        let source = self.strings.find(key.source)?;
        self.candidates(url).iter().copied().find(|&slot| {
            self.get(slot).is_some_and(|entry| {
                entry.layer == key.layer && entry.version == version && entry.source == source
            })
        })
    }

    /// What a reader of `canonical` gets: without a version the newest; among the sources of one
    /// version the direct put, then the higher package version. Expired entries do not take part, or
    /// only they: with the time, those that are kept as stale then.
    pub fn resolve(&self, canonical: &Canonical<'_>, stale_at: Option<u64>) -> Option<Slot> {
        let url = self.strings.find(canonical.url)?;
        let visible = self.candidates(url).iter().copied().filter_map(|slot| {
            let entry = self.get(slot)?;
            let key = self.key(entry);
            let wanted = canonical
                .version
                .is_none_or(|version| version == key.version);
            let until = entry.head.stale_until;
            let shown = match stale_at {
                Some(now) => entry.expired && until.is_none_or(|until| until > now),
                None => !entry.expired,
            };
            (wanted && shown).then_some((slot, key))
        });
        let best = visible.max_by(|(_, left), (_, right)| compare_rows(left, right));
        best.map(|(slot, _)| slot)
    }

    /// The slots of all rows of a URL, or of one version of it.
    pub fn rows_of(&self, canonical: &Canonical<'_>) -> Vec<Slot> {
        let Some(url) = self.strings.find(canonical.url) else {
            return Vec::new();
        };
        let mut slots = self.candidates(url).to_vec();
        slots.retain(|&slot| {
            self.get(slot).is_some_and(|entry| {
                let version = self.strings.text(entry.version).unwrap_or_default();
                canonical.version.is_none_or(|wanted| wanted == version)
            })
        });
        slots
    }

    /// All live slots, those of one URL together.
    pub fn slots(&self) -> impl Iterator<Item = Slot> + '_ {
        self.by_url.iter().flat_map(|rows| &rows.slots).copied()
    }

    /// Whether the row in a slot is exactly so; notes that the host still has it.
    pub fn confirm(&mut self, slot: Slot, hash: &Hash, meta: &[u8]) -> bool {
        let sweep = self.sweep;
        let Some(Some(entry)) = self.entries.get_mut(slot.index()) else {
            return false;
        };
        let same = entry.hash == *hash && *entry.meta == *meta;
        if same {
            entry.sweep = sweep;
        }
        same
    }

    /// Starts a sweep: the rows neither inserted nor confirmed from now on are unseen.
    pub fn start_sweep(&mut self) {
        self.sweep = self.sweep.wrapping_add(1);
    }

    /// The live slots the current sweep has not seen.
    pub fn unseen(&self) -> Vec<Slot> {
        let seen = |&slot: &Slot| {
            self.get(slot)
                .is_some_and(|entry| entry.sweep == self.sweep)
        };
        self.slots().filter(|slot| !seen(slot)).collect()
    }

    /// Adds an entry under a new slot; `replaced` is what [`Catalog::find`] returns for its key, and
    /// is retired.
    pub fn insert(
        &mut self,
        key: &RowKey<'_>,
        replaced: Option<Slot>,
        hash: Hash,
        head: Head,
        meta: &[u8],
    ) -> Result<Slot> {
        let slot = self.vacant()?;
        self.set_uses(slot, replaced.map_or(0, |replaced| self.uses(replaced)));
        if let Some(replaced) = replaced {
            self.retire(replaced);
        }
        let entry = Entry {
            layer: key.layer,
            url: self.strings.acquire(key.url),
            version: self.strings.acquire(key.version),
            source: self.strings.acquire(key.source),
            hash,
            head,
            meta: meta.into(),
            expired: false,
            sweep: self.sweep,
            retired: false,
        };
        self.live += 1;
        self.damaged += usize::from(entry.is_damaged());
        self.body_bytes += u64::from(entry.head.size);
        self.meta_bytes += meta.len();
        let url = entry.url.index();
        if self.by_url.len() <= url {
            self.by_url.resize_with(url + 1, UrlRows::default);
        }
        if let Some(rows) = self.by_url.get_mut(url) {
            rows.slots.push(slot);
        }
        if let Some(place) = self.entries.get_mut(slot.index()) {
            *place = Some(entry);
        }
        Ok(slot)
    }

    /// Takes an entry out of every lookup; its slot stays readable until it is reaped.
    pub fn retire(&mut self, slot: Slot) {
        let Some(Some(entry)) = self.entries.get_mut(slot.index()) else {
            return;
        };
        if entry.retired {
            return;
        }
        entry.retired = true;
        self.live -= 1;
        self.damaged -= usize::from(entry.is_damaged());
        self.body_bytes -= u64::from(entry.head.size);
        self.meta_bytes -= entry.meta.len();
        if let Some(rows) = self.by_url.get_mut(entry.url.index()) {
            rows.slots.retain(|&other| other != slot);
            rows.whole &= !rows.slots.is_empty();
        }
        self.limbo.push(slot);
    }

    /// Whether all rows of a URL are known.
    pub fn is_whole(&self, url: &str) -> bool {
        let symbol = self.strings.find(url);
        let rows = symbol.and_then(|symbol| self.by_url.get(symbol.index()));
        rows.is_some_and(|rows| rows.whole)
    }

    /// Notes that all rows of a URL are known; it must have one.
    pub fn set_whole(&mut self, url: &str) {
        if let Some(symbol) = self.strings.find(url)
            && let Some(rows) = self.by_url.get_mut(symbol.index())
        {
            rows.whole = !rows.slots.is_empty();
        }
    }

    /// Hides or shows an entry to readers.
    pub fn set_expired(&mut self, slot: Slot, expired: bool) {
        if let Some(Some(entry)) = self.entries.get_mut(slot.index()) {
            entry.expired = expired;
        }
    }

    /// Frees the retired slots but those that are held; called when no touch of theirs can be under
    /// way.
    pub fn reap(&mut self, is_held: impl Fn(Slot) -> bool) {
        for slot in core::mem::take(&mut self.limbo) {
            if is_held(slot) {
                self.limbo.push(slot);
            } else if let Some(entry) = self.entries.get_mut(slot.index()).and_then(Option::take) {
                for symbol in [entry.url, entry.version, entry.source] {
                    self.strings.release(symbol);
                }
                self.free.push(slot);
            }
        }
    }

    /// Number of live entries.
    pub fn len(&self) -> usize {
        self.live
    }

    /// The live slots of entries whose content cannot be read.
    pub fn damaged(&self) -> Vec<Slot> {
        let damaged = |slot: &Slot| self.get(*slot).is_some_and(Entry::is_damaged);
        self.slots().filter(damaged).take(self.damaged).collect()
    }

    /// Whether nothing is known.
    pub fn is_empty(&self) -> bool {
        self.live == 0
    }

    /// Sum of the bodies' sizes over the live entries.
    pub fn body_bytes(&self) -> u64 {
        self.body_bytes
    }

    /// Memory taken by the catalog.
    pub fn bytes(&self) -> usize {
        let slots = self.live * size_of::<Slot>();
        self.entries.capacity() * size_of::<Option<Entry>>()
            + self.uses.capacity() * size_of::<u32>()
            + self.meta_bytes
            + self.strings.bytes()
            + self.by_url.capacity() * size_of::<UrlRows>()
            + slots
    }

    fn candidates(&self, url: Symbol) -> &[Slot] {
        self.by_url.get(url.index()).map_or(&[], |rows| &rows.slots)
    }

    fn vacant(&mut self) -> Result<Slot> {
        if let Some(slot) = self.free.pop() {
            return Ok(slot);
        }
        let slot = Slot::from_index(self.entries.len())
            .ok_or_else(|| Error::storage_full("catalog", self.entries.len(), u32::MAX as usize))?;
        self.entries.push(None);
        self.uses.push(0);
        Ok(slot)
    }
}

/// Orders the rows of one URL, the one a reader gets greatest.
fn compare_rows(left: &RowKey<'_>, right: &RowKey<'_>) -> Ordering {
    let layers = left.layer.cmp(&right.layer);
    layers
        .then_with(|| compare_versions(left.version, right.version))
        .then_with(|| compare_sources(left.source, right.source))
}

/// A direct put above every package, then by package version, then by name, so that no result
/// depends on the order of loading.
fn compare_sources(left: &str, right: &str) -> Ordering {
    let direct = |source: &str| source.is_empty();
    let split = |source| match str::split_once(source, '#') {
        Some((name, version)) => (name, version),
        None => (source, ""),
    };
    direct(left).cmp(&direct(right)).then_with(|| {
        let ((left_name, left), (right_name, right)) = (split(left), split(right));
        compare_versions(left, right).then_with(|| left_name.cmp(right_name))
    })
}
