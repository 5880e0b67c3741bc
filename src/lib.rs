//! The core of `fhir-schema-store`: identity, catalog, memory tier and formats.
//!
//! Everything here is synchronous and does no I/O. A call returns what is now true and what the
//! caller should do; the caller does it and reports back. Read in this order:
//!
//! | module | what it decides |
//! |---|---|
//! | [`canonical`] | what names an entry, and which of two versions is newer |
//! | [`intern`] | strings kept once, named by a number |
//! | [`map`], [`order`], [`hash`], [`hits`] | maps keyed by bytes, sorting, SHA-256, reports of hits |
//! | [`metadata`] | what is known of an entry besides its body, and its packed form |
//! | [`catalog`] | every known entry by slot, key and URL |
//! | [`memory`] | which bodies are in memory, within which budgets |
//! | [`filter`] | which entries a listing takes |
//! | [`store`], [`answer`], [`stats`] | the state machine over the three, and what it returns |
//! | [`error`] | what can fail, by code |
//! | [`format`] | the bytes at rest: rows, records, segments, snapshots |
//! | [`convert`] | StructureDefinitions to FHIR Schemas; a Wasm module of its own |
//! | `wasm` | the wall: the only place that names `wasm_bindgen` |

pub mod answer;
pub mod canonical;
pub mod catalog;
#[cfg(feature = "convert")]
pub mod convert;
pub mod error;
pub mod filter;
pub mod format;
pub mod hash;
pub mod hits;
pub mod intern;
pub mod map;
pub mod memory;
pub mod metadata;
pub mod order;
pub mod stats;
pub mod store;
#[cfg(target_arch = "wasm32")]
pub mod wasm;

pub use error::{Error, Result};
