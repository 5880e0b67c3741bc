//! The memory tier: which bodies are in memory, within which budgets.

mod bodies;
mod expiry;
mod holds;
pub mod policy;
mod tier;
mod trim;

pub use bodies::Bodies;
pub use expiry::Expiry;
pub use holds::Holds;
pub use tier::{Cause, Evicted, Form, Hold, Limits, Tier};
pub use trim::Shed;
