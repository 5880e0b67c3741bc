//! The memory tier: which bodies are in memory, within which budgets.

mod bodies;
mod clock;
mod expiry;
mod holds;
pub mod policy;
mod tier;
mod trim;
mod wheel;

pub use bodies::EncodedBodies;
pub use clock::Clock;
pub use expiry::{Expiry, Life};
pub use holds::Holds;
pub use tier::{Cause, DECODED_QUARTERS, Evicted, Form, Hold, Limits, RESIDENT_BYTES, Tier};
pub use trim::Shed;
pub use wheel::Wheel;
