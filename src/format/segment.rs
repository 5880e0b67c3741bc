//! A segment: one file, written by one writer from birth to seal, read by everybody.
//!
//! The header is 64 bytes: magic `89 'F' 'S' 'S' 0D 0A 1A 0A`, major u16, minor u16, incompatible
//! and compatible feature bits u32 each, store 16 bytes, writer 8 bytes, created u64 (milliseconds
//! since 1970), segment number u64, CRC-32C of all that.

use serde::{Deserialize, Serialize};

use super::wire::Reader;
use super::wire::checksum;
use crate::error::{Error, Result};

/// Identity of a store: 16 random bytes, made with its directory.
pub type StoreId = [u8; 16];

/// Length of a segment's header; the first record stands here.
pub const HEADER: u64 = 64;

/// Newest major version read and written.
pub const MAJOR: u16 = 1;
const MINOR: u16 = 0;
const KNOWN_INCOMPATIBLE: u32 = 0;

const MAGIC: [u8; 8] = *b"\x89FSS\r\n\x1a\n";

/// Which segment of a store: numbers grow, and writers tell two of one number apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct SegmentId {
    /// Grows by one with each segment its writer knows.
    pub number: u64,
    /// Random, one per writing process.
    pub writer: u64,
}

impl SegmentId {
    /// Name of the file.
    pub fn name(self) -> String {
        format!("seg-{:06}-{:016x}.log", self.number, self.writer)
    }

    /// The segment a file name stands for; `None` for any other file.
    pub fn parse(name: &str) -> Option<Self> {
        let (number, writer) = name
            .strip_prefix("seg-")?
            .strip_suffix(".log")?
            .split_once('-')?;
        let id = Self {
            number: number.parse().ok()?,
            writer: u64::from_str_radix(writer, 16).ok()?,
        };
        (id.name() == name).then_some(id)
    }
}

/// The header of a new segment.
pub fn header(store: &StoreId, id: SegmentId, created_ms: u64) -> Vec<u8> {
    let mut bytes = MAGIC.to_vec();
    bytes.extend_from_slice(&MAJOR.to_le_bytes());
    bytes.extend_from_slice(&MINOR.to_le_bytes());
    bytes.extend_from_slice(&[0; 8]);
    bytes.extend_from_slice(store);
    bytes.extend_from_slice(&id.writer.to_le_bytes());
    bytes.extend_from_slice(&created_ms.to_le_bytes());
    bytes.extend_from_slice(&id.number.to_le_bytes());
    bytes.extend_from_slice(&checksum(&bytes).to_le_bytes());
    bytes
}

/// Whether a header holds and is of this very segment.
///
/// A header that holds but is of a newer format is `FORMAT_TOO_NEW`. One that does not hold hides
/// nothing: its name and the records' own checksums say what the segment is.
pub fn check_header(store: &StoreId, id: SegmentId, bytes: &[u8]) -> Result<bool> {
    let Some(header) = parse_header(bytes) else {
        return Ok(false);
    };
    too_new(header.major, header.incompatible)?;
    Ok(header.store == *store && header.id == id)
}

/// The store that a segment belongs to, as its header says; `None` where that does not hold or is another
/// segment's, `FORMAT_TOO_NEW` as for [`check_header`].
pub fn store_of(id: SegmentId, bytes: &[u8]) -> Result<Option<StoreId>> {
    let Some(header) = parse_header(bytes) else {
        return Ok(None);
    };
    too_new(header.major, header.incompatible)?;
    Ok((header.id == id).then_some(header.store))
}

/// Refuses what this build does not understand.
pub fn too_new(major: u16, incompatible: u32) -> Result<()> {
    if major == MAJOR && incompatible & !KNOWN_INCOMPATIBLE == 0 {
        return Ok(());
    }
    Err(Error::format_too_new(
        u32::from(major.max(MAJOR + 1)),
        u32::from(MAJOR),
    ))
}

struct Header {
    major: u16,
    incompatible: u32,
    store: StoreId,
    id: SegmentId,
}

fn parse_header(bytes: &[u8]) -> Option<Header> {
    let mut reader = Reader::new(bytes);
    let magic: [u8; 8] = reader.array()?;
    let major = reader.u16()?;
    let _minor = reader.u16()?;
    let incompatible = reader.u32()?;
    let _compatible = reader.u32()?;
    let store = reader.array()?;
    let writer = reader.u64()?;
    let _created = reader.u64()?;
    let number = reader.u64()?;
    let crc = reader.u32()?;
    let checked = bytes
        .split_at_checked(bytes.len() - reader.rest().len() - 4)?
        .0;
    (magic == MAGIC && crc == checksum(checked)).then_some(Header {
        major,
        incompatible,
        store,
        id: SegmentId { number, writer },
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const STORE: StoreId = [7; 16];
    const ID: SegmentId = SegmentId {
        number: 3,
        writer: 0xabc,
    };

    #[test]
    fn names_round_trip_and_nothing_else_parses() {
        assert_eq!(ID.name(), "seg-000003-0000000000000abc.log");
        assert_eq!(SegmentId::parse(&ID.name()), Some(ID));
        for name in [
            "seg-3-abc.log",
            "seg-000003-0000000000000ABC.log",
            "snap-1.idx",
            "seg-.log",
        ] {
            assert_eq!(SegmentId::parse(name), None, "{name}");
        }
    }

    #[test]
    fn header_holds_only_for_its_own_segment() {
        let bytes = header(&STORE, ID, 1);
        assert_eq!(bytes.len() as u64, HEADER);
        assert_eq!(check_header(&STORE, ID, &bytes), Ok(true));
        assert_eq!(store_of(ID, &bytes), Ok(Some(STORE)));
        assert_eq!(store_of(SegmentId { number: 4, ..ID }, &bytes), Ok(None));
        assert_eq!(check_header(&[8; 16], ID, &bytes), Ok(false));
        assert_eq!(
            check_header(&STORE, SegmentId { number: 4, ..ID }, &bytes),
            Ok(false)
        );
        assert_eq!(check_header(&STORE, ID, &bytes[..60]), Ok(false));
    }

    #[test]
    fn a_newer_major_or_an_unknown_feature_is_refused() {
        for (at, value) in [(8, 2), (12, 1)] {
            let mut bytes = header(&STORE, ID, 1);
            bytes[at] = value;
            let end = bytes.len() - 4;
            let crc = checksum(&bytes[..end]);
            bytes[end..].copy_from_slice(&crc.to_le_bytes());
            assert_eq!(
                check_header(&STORE, ID, &bytes).unwrap_err().code(),
                "FORMAT_TOO_NEW"
            );
        }
    }
}
