//! The wall between the core and JavaScript: only this folder names `wasm_bindgen`.
//!
//! Numbers and bytes cross; object graphs only on cold calls with small records. No export is
//! async, none calls back, and none hands out a view of Wasm memory.
//!
//! There are two modules of it: the feature `store` makes `core.wasm`, `convert` makes `convert.wasm`.

#[cfg(feature = "store")]
mod archive_handle;
#[cfg(feature = "convert")]
mod convert;
mod error;
#[cfg(feature = "store")]
mod log_handle;
#[cfg(feature = "store")]
mod records;
#[cfg(feature = "store")]
mod store_handle;
pub mod wall;

use wasm_bindgen::prelude::wasm_bindgen;

use crate::format::{archive, segment};
use crate::memory::{self, Cause, Hold};
use crate::metadata::DependencyKind;

#[cfg(feature = "store")]
pub use archive_handle::{ArchiveReader, ArchiveWriter, same_content};
#[cfg(feature = "convert")]
pub use convert::{convert, dependencies};
#[cfg(feature = "store")]
pub use log_handle::{LogHandle, pack_format, store_of_segment, unpack_format};
#[cfg(feature = "store")]
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
    assert!(wall::KINDS.len() == DependencyKind::Profile as usize + 1);
};

/// Has a panic's message reported before the trap.
#[wasm_bindgen(start)]
pub fn start() {
    std::panic::set_hook(Box::new(|panic| report(&panic.to_string())));
}

/// To the console: what is in the store goes on with another instance.
#[cfg(feature = "store")]
fn report(message: &str) {
    web_sys::console::error_1(&message.into());
}

/// To the caller, who names the definition that it was about.
#[cfg(not(feature = "store"))]
fn report(message: &str) {
    wasm_bindgen::throw_str(message);
}

/// Size of this instance's memory in bytes.
#[wasm_bindgen(js_name = memoryBytes)]
pub fn memory_bytes() -> f64 {
    // A 32-bit memory has at most 65536 pages.
    f64::from(u32::try_from(core::arch::wasm32::memory_size(0)).unwrap_or(u32::MAX)) * 65536.0
}
