//! An archive: entries with their bodies in one file, to be moved to another store.
//!
//! A header, blocks of entries in the order of their keys, a trailer with counts and a SHA-256 over
//! all that. Equal entries make equal bytes, wherever they are written: nothing of the store's own
//! travels, neither access counts nor revisions, and nothing is taken from a clock. Nor do the times of
//! entries travel that a package makes again: one package makes one archive, whenever it was saved.
//!
//! A block has three parts, each packed alone because each repeats itself in its own way: the texts
//! (keys, metadata, bodies), the edges, and the hashes of the sources, which nothing packs. A part goes on
//! where that of the block before it ended: its last 32 KiB are the history of the next.

mod reader;
#[cfg(test)]
mod tests;
mod writer;

pub use reader::{CATALOG_ROW_BYTES, Limits, Reader};
pub use writer::Writer;

use super::codec::HISTORY_BYTES;
use super::segment::{MAJOR, too_new};
use super::wire;
use super::wire::checksum;
use crate::error::{Error, Result};
use crate::hash::Hash;
use crate::metadata::{Dependency, Head, Metadata};

const MAGIC: [u8; 8] = *b"\x89FSA\r\n\x1a\n";

/// Bytes of the header: magic, major u16, minor u16, incompatible feature bits u32, CRC.
const HEADER: usize = 20;
/// Bytes before the parts of a block: number of entries u32, then codec u8, length u32 and packed
/// length u32 of each part.
const BLOCK_HEADER: usize = 31;
/// Bytes of the trailer: 0 u32 where a block has its number of entries, entries u32, bodies u32,
/// length of all blocks unpacked u64, SHA-256 of everything before it.
const TRAILER: usize = 52;

/// Largest block of more than one entry, unpacked.
const BLOCK_BYTES: usize = 256 * 1024;
/// Most that an entry takes beside key, metadata and body: lengths, the number of its body, a source hash.
const BESIDE: usize = 16 + size_of::<Hash>();

/// The last bytes of each part so far.
type Histories = [Vec<u8>; 3];

/// Moves a history on behind the bytes of a block.
fn move_on(history: &mut Vec<u8>, raw: &[u8]) {
    history.extend_from_slice(raw);
    let surplus = history.len().saturating_sub(HISTORY_BYTES);
    history.drain(..surplus);
}

fn header() -> Vec<u8> {
    let mut bytes = MAGIC.to_vec();
    bytes.extend_from_slice(&MAJOR.to_le_bytes());
    bytes.extend_from_slice(&[0; 6]);
    bytes.extend_from_slice(&checksum(&bytes).to_le_bytes());
    bytes
}

fn check_header(bytes: &[u8]) -> Result<()> {
    let (major, incompatible) = header_fields(bytes).ok_or(damaged("it is not an archive"))?;
    too_new(major, incompatible)
}

fn header_fields(bytes: &[u8]) -> Option<(u16, u32)> {
    let (checked, crc) = bytes.split_last_chunk()?;
    let mut reader = wire::Reader::new(checked);
    let magic: [u8; 8] = reader.array()?;
    let (major, _minor, incompatible) = (reader.u16()?, reader.u16()?, reader.u32()?);
    let whole = magic == MAGIC && u32::from_le_bytes(*crc) == checksum(checked);
    whole.then_some((major, incompatible))
}

/// What of an entry's metadata goes where.
struct Columns {
    /// Without what follows, and with the size left to the body.
    meta: Vec<u8>,
    edges: Vec<u8>,
    source_hash: Option<Hash>,
}

/// Bytes of a row whose metadata was taken apart, as [`check_row`](crate::metadata::check_row) counts them.
const fn row_bytes(key: usize, meta: usize, edges: usize) -> usize {
    // Both metadata and edges have a count of the edges.
    key + meta + edges - 1
}

/// Takes metadata apart; what belongs to the store it comes from is left out, and so is when a package or definition
/// was saved.
fn take_apart(meta: &[u8]) -> Result<Columns> {
    let mut metadata = Metadata::unpack(meta)?;
    metadata.head.size = 0;
    metadata.head.access_count = 0;
    if metadata.origin.is_repeatable() {
        metadata.head.created = 0;
        metadata.head.updated = 0;
        metadata.converted_at = None;
    }
    let edges = core::mem::take(&mut metadata.dependencies);
    let edges = postcard::to_allocvec(&edges).map_err(|_| Error::serialization("edges"))?;
    let source_hash = metadata.source_hash;
    metadata.source_hash = source_hash.map(|_| Hash::default());
    Ok(Columns {
        meta: metadata.pack()?,
        edges,
        source_hash,
    })
}

/// Puts metadata together again: `size` is that of the body, the rest is read from the parts. What came without its
/// times is stored `now`.
fn put_together(
    meta: &[u8],
    (size, now): (u32, u64),
    edges: &mut &[u8],
    hashes: &mut &[u8],
) -> Result<Metadata> {
    let mut metadata = Metadata::unpack(meta)?;
    metadata.head.size = size;
    if metadata.origin.is_repeatable() && (metadata.head.created, metadata.head.updated) == (0, 0) {
        metadata.head.created = now;
        metadata.head.updated = now;
    }
    metadata.head.access_count = 0;
    let (dependencies, rest): (Vec<Dependency>, _) = postcard::take_from_bytes(edges)
        .map_err(|_| damaged("the edges of an entry cannot be decoded"))?;
    metadata.dependencies = dependencies;
    *edges = rest;
    if metadata.source_hash.is_some() {
        let (hash, rest) = hashes
            .split_first_chunk()
            .ok_or_else(|| damaged("the source hash of an entry is missing"))?;
        metadata.source_hash = Some(*hash);
        *hashes = rest;
    }
    Ok(metadata)
}

/// Whether two packed metadata say the same of an entry: times, counts and cost aside, which tell
/// how it came to one store and not what it is.
pub fn same_content(left: &[u8], right: &[u8]) -> Result<bool> {
    let content = |packed| -> Result<Metadata> {
        let mut metadata = Metadata::unpack(packed)?;
        metadata.head = Head {
            expires: metadata.head.expires,
            stale_until: metadata.head.stale_until,
            ..Head::default()
        };
        metadata.converted_at = None;
        metadata.set_cost(0);
        Ok(metadata)
    };
    Ok(content(left)? == content(right)?)
}

fn damaged(rule: &'static str) -> Box<Error> {
    Error::corrupt("the archive", rule)
}
