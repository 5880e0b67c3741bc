//! The memory tier: which bodies are in memory, within which budgets.

mod bodies;
mod clock;
mod expiry;
pub mod policy;
mod tier;
mod wheel;

pub use bodies::Bodies;
pub use clock::Clock;
pub use expiry::{Expiry, Life};
pub use tier::{Evicted, Form, Limits, Tier};
pub use wheel::Wheel;
