//! Reading bodies: where they lie, and whether what was read there is whole.

use super::live::NOWHERE;
use super::{Location, Log};
use crate::error::{Error, Result};
use crate::format::record::{self, BODY, Parsed};
use crate::format::segment::HEADER;
use crate::format::wire::narrow;
use crate::hash::Hash;

impl Log {
    /// Where a body lies; `None` when the log never heard of it. Of length 0 when it was unreadable there.
    pub fn locate(&self, hash: &Hash) -> Option<Location> {
        let known = self.bodies.get(hash);
        known.filter(|location| location.slot != NOWHERE.slot)
    }

    /// The body's place within `bytes`, which were read at offset `base` of the location's segment.
    ///
    /// `CORRUPT` when the record there fails a checksum or is another body's; `FORMAT_TOO_NEW` when
    /// it has a codec not known here.
    pub fn verify(
        &self,
        hash: &Hash,
        location: Location,
        base: u64,
        bytes: &[u8],
    ) -> Result<core::ops::Range<usize>> {
        let damaged = |rule| {
            let place = format!("{} at {}", self.name(location.slot), location.offset);
            Error::corrupt(&place, rule)
        };
        let start = location.offset.checked_sub(base).and_then(narrow);
        let (Some(seed), Some(start)) = (self.seed(location.slot), start) else {
            return Err(damaged("there is no record there"));
        };
        let length = narrow(u64::from(location.length)).unwrap_or(0);
        let held = bytes
            .get(start..)
            .and_then(|rest| rest.get(..length))
            .unwrap_or_default();
        let Parsed::Whole(record) = record::parse(&seed, location.offset, held) else {
            return Err(damaged("the checksum of the record does not match"));
        };
        if record.head.kind != BODY || record.key != hash {
            return Err(damaged("a different record was found there"));
        }
        if record.head.codec != 0 {
            return Err(Error::format_too_new(u32::from(record.head.codec), 0));
        }
        let end = start + record.length();
        Ok(end - record.value.len()..end)
    }

    /// Segments with commits of which this process does not know that they are on stable storage.
    pub fn unsynced(&self) -> Vec<u32> {
        let unsynced = self.segments.iter().zip(0..).filter(|(segment, _)| {
            let safe = segment.synced.max(segment.covered).max(HEADER);
            segment.position.offset > safe && !segment.position.sealed && !segment.gone
        });
        unsynced.map(|(_, slot)| slot).collect()
    }

    /// Bytes of segments that the published snapshot has not read.
    pub fn uncovered(&self) -> u64 {
        let present = self.segments.iter().filter(|segment| !segment.gone);
        let past = present.map(|segment| {
            segment
                .position
                .offset
                .saturating_sub(segment.covered.max(HEADER))
        });
        past.sum()
    }
}
