//! The memory tier: which bodies are in memory, within which budgets.

mod bodies;
mod expiry;
pub mod policy;
mod tier;

pub use bodies::Bodies;
pub use expiry::Expiry;
pub use tier::{Evicted, Form, Limits, Tier};
