//! The bytes at rest.
//!
//! | module | what it holds |
//! |---|---|
//! | [`rows`] | many rows in one buffer, as they cross to the host and back |
//! | [`log`] | the state of a store in a directory: commits, bodies, damage, merges, snapshots |
//! | [`scan`] | reading a segment: batches, torn tails, damage |
//! | [`segment`], [`record`] | the framing on disk, with its checksums |
//! | [`archive`] | entries with their bodies in one file, to be moved to another store |
//! | [`codec`] | how bytes are packed |
//! | [`wire`] | little-endian fields, and checksums |
//! | [`place`] | the file that makes a directory a store |

pub mod archive;
pub mod codec;
pub mod log;
mod names;
pub mod place;
pub mod record;
mod row;
pub mod rows;
pub mod scan;
pub mod segment;
pub mod wire;
