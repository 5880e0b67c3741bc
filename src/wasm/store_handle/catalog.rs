//! The calls about rows and what is known of them.

use wasm_bindgen::prelude::wasm_bindgen;

use super::{StoreHandle, hash_of};
use crate::catalog::{RowKey, Slot};
use crate::error::Result;
use crate::filter::Filter;
use crate::intern::Symbol;
use crate::metadata::Metadata;
use crate::wasm::records::{canonical, millis, write_metadata};
use crate::wasm::wall;

#[wasm_bindgen]
impl StoreHandle {
    /// Takes a row into the catalog; returns its slot, 0 for a row of a layer above the base.
    #[wasm_bindgen(js_name = insertRow)]
    pub fn insert_row(&mut self, key: &[u8], hash: &[u8], meta: &[u8], now: f64) -> Result<u32> {
        let (hash, effects) = (hash_of(hash)?, &mut self.effects);
        let slot = self
            .store
            .insert_row(key, hash, meta, millis(now), effects)?;
        Ok(slot.map_or(0, Slot::number))
    }

    /// Takes all rows of a packed index.
    #[wasm_bindgen(js_name = insertIndex)]
    pub fn insert_index(&mut self, packed: &[u8], now: f64) -> Result<()> {
        let effects = self.store.insert_index(packed, millis(now))?;
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

    /// Forgets what the sweep has not seen, except the slots in `keep`.
    #[wasm_bindgen(js_name = endSweep)]
    pub fn end_sweep(&mut self, keep: &[u32]) {
        let effects = self.store.end_sweep(keep);
        self.effects.extend(effects);
    }

    /// Takes a row out of the catalog; returns whether it was there.
    #[wasm_bindgen(js_name = removeRow)]
    pub fn remove_row(&mut self, key: &[u8]) -> Result<bool> {
        self.store.remove_row(key, &mut self.effects)
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
            expired: hidden & wall::HIDDEN_EXPIRED > 0,
            damaged: hidden & wall::HIDDEN_DAMAGED > 0,
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

    /// The metadata of an entry as a record (see `js/core/record.ts`); undefined for a slot without one.
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

    /// The content hashes of entries, one after the other; zeros for a slot without one.
    pub fn hashes(&self, slots: &[u32]) -> Box<[u8]> {
        let hash = |slot: &u32| self.entry(*slot).map_or([0; 32], |entry| entry.hash);
        slots.iter().flat_map(hash).collect()
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
}
