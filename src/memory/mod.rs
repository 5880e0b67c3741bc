//! The memory tier: which bodies are in memory, within which budgets.

mod bodies;
mod expiry;
pub mod policy;
mod tier;
mod trim;

pub use bodies::Bodies;
pub use expiry::Expiry;
pub use tier::{Cause, Evicted, Form, Limits, Tier};
pub use trim::Shed;
