//! The segment log against damage, crashes and a second writer: the right value, a miss or a coded
//! error, never a wrong value and never an old one.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test may panic"
)]

mod crashes;
mod damage;
mod disk;
mod merges;
mod versions;
mod writers;
