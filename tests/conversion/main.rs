//! The converter against definitions that are made together with what their schemas have to say.

#![cfg(not(target_arch = "wasm32"))]
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test may panic"
)]

mod discriminators;
mod document;
mod generate;
mod hostile;
mod json;
mod laws;
mod reader;
mod tape;
