//! The memory tier: which bodies are in memory, within which budgets.

mod bodies;
mod expiry;
mod holds;
pub mod policy;
mod tier;

pub use bodies::Bodies;
pub use expiry::Expiry;
pub use holds::Holds;
pub use tier::{Evicted, Form, Hold, Limits, Tier};
