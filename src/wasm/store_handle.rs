//! The store as JavaScript calls it: numbers and bytes in, numbers and bytes out.

use serde::Serialize;
use serde_wasm_bindgen::Serializer;
use wasm_bindgen::JsValue;
use wasm_bindgen::prelude::wasm_bindgen;

use super::records::{canonical, millis, number, read_put, write_metadata};
use crate::catalog::{Entry, RowKey, Slot};
use crate::error::{Error, Result};
use crate::filter::Filter;
use crate::hash::{self, Hash};
use crate::intern::Symbol;
use crate::memory::policy::Candidate;
use crate::memory::{Cause, Form};
use crate::metadata::Metadata;
use crate::store::{Effect, Effects, Options, Packed, Resolution, Store};

/// `resolve` answers this for a URL whose rows the host must be asked for.
const ASK: u32 = u32::MAX;

/// One store: identity, catalog, memory tier.
///
/// Calls that change something keep their effects until [`StoreHandle::effects`] fetches them, as
/// pairs of a code and a number: 0 evicted slot, 1 retired slot, 2 expired slot, 3 moved URL,
/// 4 slot with a limited life, 5 and nothing: [`StoreHandle::rank`] is to be called, 6 slot whose value
/// is dropped, 7 slot whose row is to be deleted. The cause of an eviction stands above the lowest four
/// bits.
#[derive(Debug)]
#[wasm_bindgen]
pub struct StoreHandle {
    store: Store,
    effects: Effects,
}

#[wasm_bindgen]
impl StoreHandle {
    /// An empty store. Sizes are in bytes; `seed` is a random number.
    #[wasm_bindgen(constructor)]
    pub fn new(
        memory_limit: usize,
        max_entries: usize,
        max_entry_bytes: usize,
        max_catalog: usize,
        eviction_policy: String,
        durable: bool,
        seed: f64,
    ) -> Result<StoreHandle> {
        let options = Options {
            memory_limit,
            max_entries,
            max_entry_bytes,
            max_catalog,
            eviction_policy,
            durable,
            seed: seed.to_bits(),
        };
        Ok(Self {
            store: Store::new(options)?,
            effects: Effects::new(),
        })
    }

    /// Limits how many hours a body stays in memory that nobody reads; 0 for any time.
    #[wasm_bindgen(js_name = setIdle)]
    pub fn set_idle(&mut self, hours: f64) {
        self.store.set_idle(millis(hours * 3_600_000.0));
    }

    /// Takes a report of hits and the clock; to be called before any other call. Three numbers for
    /// each slot that was hit: the slot, how often, and how many hits there were up to its last one.
    pub fn drain(&mut self, report: &[u32], now: f64) {
        let effects = self.store.drain(report.as_chunks().0, millis(now));
        self.effects.extend(effects);
    }

    /// The effects since they were last fetched; undefined when there are none.
    pub fn effects(&mut self) -> Option<Box<[u32]>> {
        if self.effects.is_empty() {
            return None;
        }
        let effects = core::mem::take(&mut self.effects);
        let pair = |effect| match effect {
            Effect::Evicted(slot, cause) => [(cause as u32) << 4, slot.number()],
            Effect::Retired(slot) => [1, slot.number()],
            Effect::Expired(slot) => [2, slot.number()],
            Effect::Moved(url) => [3, url.number()],
            Effect::Limited(slot) => [4, slot.number()],
            Effect::Rank => [5, 0],
            Effect::Dropped(slot) => [6, slot.number()],
            Effect::Over(slot) => [7, slot.number()],
        };
        Some(effects.into_iter().flat_map(pair).collect())
    }

    /// The slot a request means, 0 for none, 4294967295 for "ask the host".
    pub fn resolve(&self, request: &str) -> Result<u32> {
        Ok(match self.store.resolve(request)? {
            Resolution::Found(slot) => slot.number(),
            Resolution::Absent => 0,
            Resolution::Ask => ASK,
        })
    }

    /// The slot of the expired entry a request means that is still kept as stale; 0 for none.
    pub fn stale(&self, request: &str) -> Result<u32> {
        Ok(self.store.stale(request)?.map_or(0, Slot::number))
    }

    /// Builds the row of a put (see `js/record.ts`) with a body of so many bytes. Little-endian: 0,
    /// access count and length of the key (4 bytes each), creation time (f64), key, metadata.
    pub fn pack(&self, put: &str, bytes: usize) -> Result<Box<[u8]>> {
        let (key, metadata) = read_put(put)?;
        Ok(packed(0, &self.store.pack(&key, metadata, bytes)?))
    }

    /// The same, and takes it into the catalog: the first number is its slot. The body is counted
    /// where it is `pending`: on its way to a durable host.
    pub fn put(
        &mut self,
        put: &str,
        hash: &[u8],
        bytes: usize,
        pending: bool,
        now: f64,
    ) -> Result<Box<[u8]>> {
        let body = (hash_of(hash)?, bytes);
        let (key, metadata) = read_put(put)?;
        let effects = &mut self.effects;
        let (slot, row) = self.store.put(&key, metadata, body, millis(now), effects)?;
        if pending {
            self.pend(bytes);
        }
        Ok(packed(slot.number(), &row))
    }

    /// Takes a row into the catalog; returns its slot, 0 for a row of a layer above the base.
    pub fn learn(&mut self, key: &[u8], hash: &[u8], meta: &[u8], now: f64) -> Result<u32> {
        let (hash, effects) = (hash_of(hash)?, &mut self.effects);
        let slot = self.store.learn(key, hash, meta, millis(now), effects)?;
        Ok(slot.map_or(0, Slot::number))
    }

    /// Takes all rows of a packed index.
    #[wasm_bindgen(js_name = learnIndex)]
    pub fn learn_index(&mut self, packed: &[u8], now: f64) -> Result<()> {
        let effects = self.store.learn_index(packed, millis(now))?;
        self.effects.extend(effects);
        Ok(())
    }

    /// All rows in packed form.
    #[wasm_bindgen(js_name = packIndex)]
    pub fn pack_index(&self) -> Result<Box<[u8]>> {
        Ok(self.store.pack_index()?.into())
    }

    /// Notes that all rows of a URL are known.
    #[wasm_bindgen(js_name = setWhole)]
    pub fn set_whole(&mut self, url: &str) {
        self.store.set_whole(url);
    }

    /// Starts to compare the catalog with all rows of the host.
    #[wasm_bindgen(js_name = startSweep)]
    pub fn start_sweep(&mut self) {
        self.store.start_sweep();
    }

    /// Forgets what the sweep has not seen, but for the slots in `keep`.
    #[wasm_bindgen(js_name = endSweep)]
    pub fn end_sweep(&mut self, keep: &[u32]) {
        let effects = self.store.end_sweep(keep);
        self.effects.extend(effects);
    }

    /// Takes a row out of the catalog; returns whether it was there.
    pub fn forget(&mut self, key: &[u8]) -> Result<bool> {
        self.store.forget(key, &mut self.effects)
    }

    /// The bytes of a body in memory.
    pub fn encoded(&self, slot: u32) -> Option<Box<[u8]>> {
        self.store.encoded(Slot::from_number(slot)?).map(Into::into)
    }

    /// 0 cold, 1 encoded, 2 decoded, 3 both.
    pub fn form(&self, slot: u32) -> u32 {
        match Slot::from_number(slot).map(|slot| self.store.form(slot)) {
            Some(Form::Encoded) => 1,
            Some(Form::Decoded) => 2,
            Some(Form::Both) => 3,
            Some(Form::Cold) | None => 0,
        }
    }

    /// Offers bytes to the memory tier.
    #[wasm_bindgen(js_name = admitEncoded)]
    pub fn admit_encoded(&mut self, slot: u32, bytes: Box<[u8]>) {
        if let Some(slot) = Slot::from_number(slot) {
            let effects = self.store.admit_encoded(slot, bytes);
            self.effects.extend(effects);
        }
    }

    /// Holds a body that is, or will be, decoded: 0 held, 1 too many bytes, 2 too many entries.
    pub fn hold(&mut self, slot: u32) -> u32 {
        let Some(slot) = Slot::from_number(slot) else {
            return 1;
        };
        let (hold, effects) = self.store.hold(slot);
        self.effects.extend(effects);
        hold as u32
    }

    /// Takes a hold away; `kept` says that the host keeps the value.
    pub fn release(&mut self, slot: u32, kept: bool) {
        if let Some(slot) = Slot::from_number(slot) {
            let effects = self.store.release(slot, kept);
            self.effects.extend(effects);
        }
    }

    /// Whether a cold body would fit into memory, decoded, without another one leaving.
    #[wasm_bindgen(js_name = hasRoom)]
    pub fn has_room(&self, slot: u32) -> bool {
        Slot::from_number(slot).is_some_and(|slot| self.store.has_room(slot))
    }

    /// Takes uses that were no hits: counts them, or else ranks the entries in memory by them.
    pub fn used(&mut self, slots: &[u32], counted: bool) {
        if counted {
            self.store.count_uses(slots);
        } else {
            self.store.order_by_use(slots);
        }
    }

    /// Three numbers for each entry that is not expired: slot, length of the body, uses.
    pub fn uses(&self) -> Box<[u32]> {
        self.store.uses().into()
    }

    /// Sets how often entries were used: pairs of slot and number.
    #[wasm_bindgen(js_name = setUses)]
    pub fn set_uses(&mut self, pairs: &[u32]) {
        for pair in pairs.as_chunks::<2>().0 {
            let [slot, count] = *pair;
            if let Some(slot) = Slot::from_number(slot) {
                self.store.set_uses(slot, count);
            }
        }
    }

    /// Notes a decoded value. Returns the number of its URL, as in the effects.
    #[wasm_bindgen(js_name = admitDecoded)]
    pub fn admit_decoded(&mut self, slot: u32) -> u32 {
        let url = self.entry(slot).map_or(ASK, |entry| entry.url.number());
        if let Some(slot) = Slot::from_number(slot) {
            let effects = self.store.admit_decoded(slot);
            self.effects.extend(effects);
        }
        url
    }

    /// Frees so many bytes of memory, or what there is; returns how many it were. `pressure`: because
    /// the process has no more, and not because the caller wants them.
    pub fn trim(&mut self, bytes: usize, pressure: bool) -> usize {
        let cause = if pressure {
            Cause::Pressure
        } else {
            Cause::Explicit
        };
        self.store.trim(bytes, cause, &mut self.effects)
    }

    /// Makes sure that so many bytes can be handed over; `evict`: bodies may leave for that. Returns
    /// the bytes that were freed, and less than 0, by one more than these, when there is no room.
    pub fn reserve(&mut self, bytes: usize, evict: bool) -> f64 {
        let float = |freed: usize| f64::from(u32::try_from(freed).unwrap_or(u32::MAX));
        match self.store.reserve(bytes, evict, &mut self.effects) {
            Ok(freed) => float(freed),
            Err(freed) => -1.0 - float(freed),
        }
    }

    /// Counts bytes not yet durable.
    pub fn pend(&mut self, bytes: usize) {
        let effects = self.store.pend(bytes);
        self.effects.extend(effects);
    }

    /// Uncounts them.
    pub fn unpend(&mut self, bytes: usize) {
        self.store.unpend(bytes);
    }

    /// What can be ranked, at most so many, the one that was not used for the longest time first. Six
    /// numbers for each: slot, bytes, uses, uses of any since its last one and since it came, its cost.
    pub fn candidates(&mut self, most: usize) -> Box<[u32]> {
        let mut numbers = Vec::new();
        for candidate in self.store.candidates(most) {
            let bytes = u32::try_from(candidate.bytes).unwrap_or(u32::MAX);
            let Candidate {
                slot,
                uses,
                idle,
                age,
                cost,
                ..
            } = candidate;
            numbers.extend_from_slice(&[slot.number(), bytes, uses, idle, age, cost]);
        }
        numbers.into()
    }

    /// Evicts in the order of `slots`.
    pub fn rank(&mut self, slots: &[u32]) {
        let effects = self.store.rank(slots);
        self.effects.extend(effects);
    }

    /// The slots a filter takes, in order of their canonicals; `hidden` ones too, as a sum: 1 expired, 2 damaged.
    pub fn list(
        &self,
        url_prefix: Option<String>,
        package: Option<String>,
        r#type: Option<String>,
        tag: Option<String>,
        updated_before: Option<f64>,
        hidden: u32,
    ) -> Box<[u32]> {
        let filter = Filter {
            url_prefix,
            package,
            r#type,
            tag,
            updated_before: updated_before.map(millis),
            expired: hidden & 1 > 0,
            damaged: hidden & 2 > 0,
        };
        let slots = self.store.list(&filter);
        slots.into_iter().map(Slot::number).collect()
    }

    /// The slots of entries whose content cannot be read.
    pub fn damaged(&self) -> Box<[u32]> {
        let slots = self.store.catalog().damaged();
        slots.into_iter().map(Slot::number).collect()
    }

    /// The slots of all rows of `url`, or of `url|version`.
    #[wasm_bindgen(js_name = rowsOf)]
    pub fn rows_of(&self, request: &str) -> Result<Box<[u32]>> {
        let slots = self.store.rows_of(request)?;
        Ok(slots.into_iter().map(Slot::number).collect())
    }

    /// The metadata of an entry as a record (see `js/record.ts`); undefined for a slot without one.
    pub fn metadata(&self, slot: u32) -> Result<Option<String>> {
        let Some(entry) = self.entry(slot) else {
            return Ok(None);
        };
        let key = self.store.catalog().key(entry);
        let mut metadata = Metadata::unpack(&entry.meta)?;
        metadata.head.access_count =
            Slot::from_number(slot).map_or(0, |slot| self.store.catalog().uses(slot));
        Ok(Some(write_metadata(&key, &entry.hash, &metadata)))
    }

    /// The packed row key of an entry.
    pub fn key(&self, slot: u32) -> Result<Option<Box<[u8]>>> {
        let entry = self.entry(slot);
        let key = entry.map(|entry| self.store.catalog().key(entry).pack());
        Ok(key.transpose()?.map(Into::into))
    }

    /// The slot of a row; 0 for none.
    pub fn find(&self, key: &[u8]) -> Result<u32> {
        let slot = self.store.catalog().find(&RowKey::unpack(key)?);
        Ok(slot.map_or(0, Slot::number))
    }

    /// The packed metadata of an entry.
    pub fn meta(&self, slot: u32) -> Option<Box<[u8]>> {
        Some(self.entry(slot)?.meta.clone())
    }

    /// The content hash of an entry.
    pub fn hash(&self, slot: u32) -> Option<Box<[u8]>> {
        Some(self.entry(slot)?.hash.into())
    }

    /// `url|version` of an entry.
    pub fn canonical(&self, slot: u32) -> Option<String> {
        let entry = self.entry(slot)?;
        Some(canonical(&self.store.catalog().key(entry)))
    }

    /// The text of a URL's number.
    #[wasm_bindgen(js_name = urlText)]
    pub fn url_text(&self, url: u32) -> Option<String> {
        let text = self.store.catalog().text(Symbol::from_number(url));
        text.map(Into::into)
    }

    /// Whether any entry has a limited life.
    pub fn expires(&self) -> bool {
        self.store.expires()
    }

    /// Counters and sizes as an object.
    pub fn stats(&self) -> Result<JsValue> {
        to_js(&self.store.stats())
    }

    fn entry(&self, slot: u32) -> Option<&Entry> {
        self.store.catalog().get(Slot::from_number(slot)?)
    }
}

/// The SHA-256 of `bytes`.
#[wasm_bindgen(js_name = sha256)]
pub fn sha256(bytes: &[u8]) -> Box<[u8]> {
    hash::sha256(bytes).into()
}

fn packed(slot: u32, row: &Packed) -> Box<[u8]> {
    let Packed { key, meta, head } = row;
    let key_length = u32::try_from(key.len()).unwrap_or(u32::MAX);
    let numbers = [slot, head.access_count, key_length].map(u32::to_le_bytes);
    let created = number(head.created).to_le_bytes();
    [numbers.as_flattened(), &created, key, meta]
        .concat()
        .into()
}

pub(super) fn hash_of(bytes: &[u8]) -> Result<Hash> {
    bytes
        .try_into()
        .map_err(|_| Error::corrupt("row", "its hash is not 32 bytes long"))
}

fn to_js<T: Serialize>(value: &T) -> Result<JsValue> {
    let serializer = Serializer::new().serialize_maps_as_objects(true);
    value
        .serialize(&serializer)
        .map_err(|_| Error::serialization("record"))
}
