//! The bytes at rest.
//!
//! | module | what it holds |
//! |---|---|
//! | [`rows`] | many rows in one buffer, as they cross to the host and back |
//! | [`log`] | the state of a store in a directory; [`draft`] (commits), [`bodies`], `damage`, [`merge`] and [`snapshot`] are its parts |
//! | [`scan`] | reading a segment: batches, torn tails, damage |
//! | [`segment`], [`record`] | the framing on disk, with its checksums |
//! | [`archive`] | entries with their bodies in one file, to be moved to another store |
//! | [`compress`] | the codecs; `deflate` packs |
//! | [`place`] | the file that makes a directory a store |

pub mod archive;
pub mod bodies;
pub mod compress;
mod damage;
mod deflate;
pub mod draft;
mod inflate;
mod live;
pub mod log;
pub mod merge;
mod names;
pub mod place;
mod query;
pub mod record;
mod row;
pub mod rows;
pub mod scan;
pub mod segment;
pub mod snapshot;
mod wire;
