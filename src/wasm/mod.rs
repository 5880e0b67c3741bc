//! The wall between the core and JavaScript: only this folder names `wasm_bindgen`.
//!
//! Numbers and bytes cross; object graphs only on cold calls with small records. No export is
//! async, none calls back, and none hands out a view of Wasm memory.

mod archive_handle;
mod error;
mod log_handle;
mod records;
mod store_handle;
pub mod wall;

use wasm_bindgen::prelude::wasm_bindgen;

use crate::format::{archive, segment};
use crate::memory::{self, Cause, Hold};

pub use archive_handle::{ArchiveReader, ArchiveWriter, same_content};
pub use log_handle::{LogHandle, pack_format, store_of_segment, unpack_format};
pub use store_handle::{StoreHandle, sha256};

// The rooms below do not know of the wall: its copies of their numbers must agree with them.
const _: () = {
    assert!(wall::SEGMENT_HEADER as u64 == segment::HEADER);
    assert!(wall::STORE_ID as usize == size_of::<segment::StoreId>());
    assert!(wall::CATALOG_ROW_BYTES as usize == archive::CATALOG_ROW_BYTES);
    assert!(wall::RESIDENT_BYTES as usize == memory::RESIDENT_BYTES);
    assert!(wall::DECODED_QUARTERS as usize == memory::DECODED_QUARTERS);
    assert!(wall::NO_BYTES == Hold::NoBytes as u32);
    assert!(wall::NO_ENTRIES == Hold::NoEntries as u32);
    assert!(wall::CAUSES.len() == Cause::Expired as usize + 1);
};

/// Sends a panic's message to the console before the trap.
#[wasm_bindgen(start)]
pub fn start() {
    std::panic::set_hook(Box::new(|panic| {
        web_sys::console::error_1(&panic.to_string().into());
    }));
}

/// Size of this instance's memory in bytes.
#[wasm_bindgen(js_name = memoryBytes)]
pub fn memory_bytes() -> f64 {
    // A 32-bit memory has at most 65536 pages.
    f64::from(u32::try_from(core::arch::wasm32::memory_size(0)).unwrap_or(u32::MAX)) * 65536.0
}
