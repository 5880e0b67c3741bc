//! One record: a header of 40 bytes with a checksum of its own, then key, meta and value.
//!
//! | bytes | field |
//! |---|---|
//! | 0 | magic `FSR1` |
//! | 4 | kind, codec (0 = stored as is), flags u16 |
//! | 8 | seq u64 |
//! | 16 | lengths of key, meta and value, length of the value before its codec: u32 each |
//! | 32 | checksum of key, meta and value |
//! | 36 | checksum of the 36 bytes before |
//!
//! All integers are little-endian. Both checksums are CRC-32C and start from the place the record
//! belongs to: store, segment and offset. A block that ended up elsewhere does not pass.

use crc::{Digest, Table};

use super::segment::SegmentId;
use super::wire::{CRC, Reader, narrow, wide};
use crate::error::{Error, Result};

/// Length of a record's header.
pub const HEADER: usize = 40;

/// A body under its content hash.
pub const BODY: u8 = 1;
/// A row: its meta holds hash, URL and metadata.
pub const ROW: u8 = 2;
/// A deleted row.
pub const DELETE: u8 = 3;
/// The end of a batch, which makes it count.
pub const COMMIT: u8 = 4;
/// The end of a segment: its writer closed it.
pub const SEAL: u8 = 5;

/// A reader that does not know the kind may go on.
pub const SKIPPABLE: u16 = 1;
/// Moved by a merge: the meta begins with the version the record had before.
pub const MOVED: u16 = 2;

const MAGIC: [u8; 4] = *b"FSR1";
const CHECKED_HEADER: usize = HEADER - 4;

/// Where checksums start from: the identity of a segment in its store.
#[derive(Clone, Copy, Debug)]
pub struct Seed([u8; 32]);

impl Seed {
    /// The seed of one segment.
    pub fn new(store: &[u8; 16], segment: SegmentId) -> Self {
        let mut seed = [0; 32];
        let parts = store.iter().copied();
        let parts = parts.chain(segment.number.to_le_bytes());
        let parts = parts.chain(segment.writer.to_le_bytes());
        for (to, from) in seed.iter_mut().zip(parts) {
            *to = from;
        }
        Self(seed)
    }

    fn digest(&self, offset: u64) -> Digest<'static, u32, Table<16>> {
        let mut digest = CRC.digest();
        digest.update(&self.0);
        digest.update(&offset.to_le_bytes());
        digest
    }
}

/// What a record says of itself besides its bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Head {
    /// One of the kinds above, or one not known here.
    pub kind: u8,
    /// How the value is coded; 0 is as it is.
    pub codec: u8,
    /// [`SKIPPABLE`], [`MOVED`].
    pub flags: u16,
    /// The commit it belongs to.
    pub seq: u64,
}

/// A record whose checksums hold.
#[derive(Clone, Copy, Debug)]
pub struct Record<'a> {
    /// Kind, codec, flags and commit.
    pub head: Head,
    /// Offset in the segment.
    pub offset: u64,
    /// Content hash or row key.
    pub key: &'a [u8],
    /// What a row says.
    pub meta: &'a [u8],
    /// A body, or what a commit says.
    pub value: &'a [u8],
    /// Checksum of key, meta and value.
    pub crc: u32,
}

impl Record<'_> {
    /// Length in the segment, header included.
    pub const fn length(&self) -> usize {
        HEADER + self.key.len() + self.meta.len() + self.value.len()
    }
}

/// What stands at an offset.
#[derive(Clone, Copy, Debug)]
pub enum Parsed<'a> {
    /// A record.
    Whole(Record<'a>),
    /// A header that holds, with less behind it than it announces.
    Short,
    /// A header that holds, with bytes behind it that do not; so many bytes in all.
    BadBody(usize),
    /// No header that holds.
    BadHeader,
}

/// Reads the record at the start of `bytes`, which lie at `offset` of the segment.
pub fn parse<'a>(seed: &Seed, offset: u64, bytes: &'a [u8]) -> Parsed<'a> {
    let Some(lengths) = header(seed, offset, bytes) else {
        return Parsed::BadHeader;
    };
    let mut body = Reader::new(bytes.get(HEADER..).unwrap_or_default());
    let (Some(key), Some(meta), Some(value)) = (
        body.take(lengths.key),
        body.take(lengths.meta),
        body.take(lengths.value),
    ) else {
        return Parsed::Short;
    };
    let record = Record {
        head: lengths.head,
        offset,
        key,
        meta,
        value,
        crc: lengths.crc,
    };
    if body_crc(seed, offset, key, meta, value) == lengths.crc {
        Parsed::Whole(record)
    } else {
        Parsed::BadBody(record.length())
    }
}

/// Whether a header that holds stands at the start of `bytes`.
pub fn starts(seed: &Seed, offset: u64, bytes: &[u8]) -> bool {
    header(seed, offset, bytes).is_some()
}

/// Kind and length of the key, where a header that holds stands at the start of `bytes`.
pub fn outline(seed: &Seed, offset: u64, bytes: &[u8]) -> Option<(u8, usize)> {
    header(seed, offset, bytes).map(|lengths| (lengths.head.kind, lengths.key))
}

/// Where the next header that holds may begin: the position of the magic in `bytes`.
pub fn find_magic(bytes: &[u8]) -> Option<usize> {
    bytes
        .windows(MAGIC.len())
        .position(|window| window == MAGIC)
}

/// Appends a record to `out`, the first byte of which lies at `base` of the segment; returns the
/// checksum of key, meta and value.
pub fn write(
    out: &mut Vec<u8>,
    place: (&Seed, u64),
    head: Head,
    parts: (&[u8], &[u8], &[u8]),
) -> Result<u32> {
    let crc = write_but_value(out, place, head, parts)?;
    out.extend_from_slice(parts.2);
    Ok(crc)
}

/// The same for a value that somebody else puts behind it.
pub fn write_but_value(
    out: &mut Vec<u8>,
    (seed, base): (&Seed, u64),
    head: Head,
    (key, meta, value): (&[u8], &[u8], &[u8]),
) -> Result<u32> {
    let offset = base + wide(out.len());
    let length = |bytes: &[u8]| {
        u32::try_from(bytes.len()).map_err(|_| {
            let what = format!("a part of {} bytes", bytes.len());
            Error::invalid_value(&what, "is too long for a record")
        })
    };
    let (klen, mlen, vlen) = (length(key)?, length(meta)?, length(value)?);
    let crc = body_crc(seed, offset, key, meta, value);
    let mut header = Vec::with_capacity(HEADER);
    header.extend_from_slice(&MAGIC);
    header.extend_from_slice(&[head.kind, head.codec]);
    header.extend_from_slice(&head.flags.to_le_bytes());
    header.extend_from_slice(&head.seq.to_le_bytes());
    for length in [klen, mlen, vlen, vlen] {
        header.extend_from_slice(&length.to_le_bytes());
    }
    header.extend_from_slice(&crc.to_le_bytes());
    let header_crc = header_crc(seed, offset, &header);
    out.extend_from_slice(&header);
    out.extend_from_slice(&header_crc.to_le_bytes());
    out.extend_from_slice(key);
    out.extend_from_slice(meta);
    Ok(crc)
}

struct Lengths {
    head: Head,
    key: usize,
    meta: usize,
    value: usize,
    crc: u32,
}

fn header(seed: &Seed, offset: u64, bytes: &[u8]) -> Option<Lengths> {
    let mut reader = Reader::new(bytes);
    if reader.array::<4>()? != MAGIC {
        return None;
    }
    let head = Head {
        kind: reader.u8()?,
        codec: reader.u8()?,
        flags: reader.u16()?,
        seq: reader.u64()?,
    };
    let mut length = || narrow(u64::from(reader.u32()?));
    let (key, meta, value, _raw) = (length()?, length()?, length()?, length()?);
    let crc = reader.u32()?;
    let checked = bytes.get(..CHECKED_HEADER)?;
    if reader.u32()? != header_crc(seed, offset, checked) {
        return None;
    }
    Some(Lengths {
        head,
        key,
        meta,
        value,
        crc,
    })
}

fn header_crc(seed: &Seed, offset: u64, header: &[u8]) -> u32 {
    let mut digest = seed.digest(offset);
    digest.update(header);
    digest.finalize()
}

fn body_crc(seed: &Seed, offset: u64, key: &[u8], meta: &[u8], value: &[u8]) -> u32 {
    let mut digest = seed.digest(offset);
    digest.update(key);
    digest.update(meta);
    digest.update(value);
    digest.finalize()
}
