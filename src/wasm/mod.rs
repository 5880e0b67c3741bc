//! The wall between the core and JavaScript: only this folder names `wasm_bindgen`.
//!
//! Numbers and bytes cross; object graphs only on cold calls with small records. No export is
//! async, none calls back, and none hands out a view of Wasm memory.

mod error;
mod records;
mod store_handle;

use wasm_bindgen::prelude::wasm_bindgen;

pub use store_handle::{StoreHandle, hash_matches, sha256_hex};

/// Sends a panic's message to the console before the trap.
#[wasm_bindgen(start)]
pub fn start() {
    std::panic::set_hook(Box::new(|panic| {
        web_sys::console::error_1(&panic.to_string().into());
    }));
}
