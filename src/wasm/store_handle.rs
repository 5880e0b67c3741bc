//! The store as JavaScript calls it: numbers and bytes in, numbers and bytes out.

mod catalog;
mod memory;

use serde::Serialize;
use serde_wasm_bindgen::Serializer;
use wasm_bindgen::JsValue;
use wasm_bindgen::prelude::wasm_bindgen;

use super::records::{millis, number, read_put};
use super::wall::{self, ASK};
use crate::catalog::{Entry, Slot};
use crate::error::{Error, Result};
use crate::hash::{self, Hash};
use crate::memory::Form;
use crate::store::{Effect, Effects, Options, Packed, Resolution, Store};

/// What is added to a 32-bit number to say something more.
const FLAG: f64 = 4_294_967_296.0;

/// One store: identity, catalog, memory tier.
///
/// Calls that change something keep their effects until [`StoreHandle::effects`] fetches them, as
/// pairs of a code of [`wall`] and a number.
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
    /// Returns the effects.
    pub fn drain(&mut self, report: &[u32], now: f64) -> Option<Box<[u32]>> {
        let effects = self.store.drain(report.as_chunks().0, millis(now));
        self.effects.extend(effects);
        self.effects()
    }

    /// The effects since they were last fetched; undefined when there are none.
    pub fn effects(&mut self) -> Option<Box<[u32]>> {
        if self.effects.is_empty() {
            return None;
        }
        let pair = |effect| match effect {
            Effect::Evicted(slot, cause) => [
                wall::EVICTED | (cause as u32) << wall::EFFECT_BITS,
                slot.number(),
            ],
            Effect::Retired(slot) => [wall::RETIRED, slot.number()],
            Effect::Expired(slot) => [wall::EXPIRED, slot.number()],
            Effect::ResolutionChanged(url) => [wall::RESOLUTION_CHANGED, url.number()],
            Effect::Limited(slot) => [wall::LIMITED, slot.number()],
            Effect::Rank => [wall::RANK, 0],
            Effect::Dropped(slot) => [wall::DROPPED, slot.number()],
            Effect::GraceEnded(slot) => [wall::GRACE_ENDED, slot.number()],
        };
        let effects = core::mem::take(&mut self.effects);
        Some(effects.into_iter().flat_map(pair).collect())
    }

    /// The slot a request means, 0 for none, 4294967295 for "ask the host"; with 4294967296 added where
    /// the text of its body is in memory. Below 0 for what is no canonical, of which `rowsOf` says why: a
    /// result that may be an error costs several times the look-up.
    #[wasm_bindgen(js_name = lookUp)]
    pub fn look_up(&self, request: &str) -> f64 {
        match self.store.resolve(request) {
            Ok(Resolution::Found(slot)) => {
                let has_text = matches!(self.store.form(slot), Form::Encoded | Form::Both);
                f64::from(slot.number()) + if has_text { FLAG } else { 0.0 }
            }
            Ok(Resolution::Absent) => 0.0,
            Ok(Resolution::Ask) => f64::from(ASK),
            Err(_) => -1.0,
        }
    }

    /// The slot of the expired entry a request means that is still kept as stale; 0 for none.
    pub fn stale(&self, request: &str) -> Result<u32> {
        Ok(self.store.stale(request)?.map_or(0, Slot::number))
    }

    /// Builds the row of a put (see `js/core/record.ts`) with a body of so many bytes. Little-endian: 0,
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
            self.add_pending(bytes);
        }
        Ok(packed(slot.number(), &row))
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
