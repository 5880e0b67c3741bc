//! Archives as JavaScript writes and reads them; `js/archive/` are the other side.

use wasm_bindgen::prelude::wasm_bindgen;

use super::records::millis;
use super::store_handle::hash_of;
use crate::error::Result;
use crate::format::archive::{self, Limits, Reader, Writer};

/// An archive being written.
#[derive(Debug, Default)]
#[wasm_bindgen]
pub struct ArchiveWriter {
    writer: Writer,
}

#[wasm_bindgen]
impl ArchiveWriter {
    /// An archive with nothing in it.
    #[wasm_bindgen(constructor)]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds an entry; they come in the order in which they are listed.
    pub fn add(&mut self, key: &[u8], meta: &[u8], hash: &[u8], body: &[u8]) -> Result<()> {
        self.writer.add(key, meta, hash_of(hash)?, body)
    }

    /// The bytes made so far and not taken yet.
    pub fn take(&mut self) -> Vec<u8> {
        self.writer.take()
    }

    /// The last bytes; what is added after that is another archive.
    pub fn finish(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.writer).finish()
    }
}

/// An archive being read.
#[derive(Debug)]
#[wasm_bindgen]
pub struct ArchiveReader {
    reader: Reader,
}

#[wasm_bindgen]
impl ArchiveReader {
    /// Limits in bytes: of one body, of all entries unpacked, of what a catalog keeps of them; and the time, in
    /// milliseconds since 1970.
    #[wasm_bindgen(constructor)]
    pub fn new(entry: usize, total: usize, catalog: usize, now: f64) -> Self {
        let limits = Limits {
            entry,
            total: total as u64,
            catalog,
            now: millis(now),
        };
        Self {
            reader: Reader::new(limits),
        }
    }

    /// Takes further bytes.
    pub fn push(&mut self, bytes: &[u8]) {
        self.reader.push(bytes);
    }

    /// The entries of the next block (see `src/format/archive/reader.rs`); undefined when more bytes
    /// are wanted.
    pub fn step(&mut self) -> Result<Option<Vec<u8>>> {
        self.reader.step()
    }

    /// Fails when the archive was not whole.
    pub fn finish(&self) -> Result<()> {
        self.reader.finish()
    }
}

/// Whether two packed metadata say the same, times and counts aside.
#[wasm_bindgen(js_name = sameContent)]
pub fn same_content(left: &[u8], right: &[u8]) -> Result<bool> {
    archive::same_content(left, right)
}
