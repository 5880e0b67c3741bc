//! The packed form of many rows: what a host's index is, in one buffer.
//!
//! One version byte, then the rows in postcard, one after the other up to the end.

use serde::{Deserialize, Serialize};

use super::wire::{write_part, write_varint};
use crate::error::{Error, Result};
use crate::hash::{self, Hash};

/// Version byte of the packed form.
pub const VERSION: u8 = 1;

/// One entry at rest, without its body. The field order is the format.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Row<'a> {
    /// Identity: the packed [`RowKey`](crate::catalog::RowKey).
    #[serde(borrow)]
    pub key: &'a [u8],
    /// Canonical URL, without version.
    pub url: &'a str,
    /// Content hash of the body.
    #[serde(deserialize_with = "hash::unpack")]
    pub hash: Hash,
    /// Packed [`Metadata`](crate::metadata::Metadata).
    #[serde(borrow)]
    pub meta: &'a [u8],
    /// The host's revision of the row.
    pub revision: u64,
}

/// Builds the packed form row by row.
#[derive(Debug)]
pub struct Packer {
    bytes: Vec<u8>,
}

impl Default for Packer {
    fn default() -> Self {
        Self {
            bytes: vec![VERSION],
        }
    }
}

impl Packer {
    /// Appends one row.
    ///
    /// The bytes are those of `postcard`, which would take ten times as long: it goes byte by byte.
    pub fn push(&mut self, row: &Row<'_>) {
        for part in [row.key, row.url.as_bytes()] {
            write_part(&mut self.bytes, part);
        }
        self.bytes.extend_from_slice(&row.hash);
        write_part(&mut self.bytes, row.meta);
        write_varint(&mut self.bytes, row.revision);
    }

    /// The buffer.
    pub fn finish(self) -> Vec<u8> {
        self.bytes
    }
}

/// Reads the packed form; stops at the first damaged row.
pub fn unpack(packed: &[u8]) -> Result<impl Iterator<Item = Result<Row<'_>>>> {
    let mut rest = match packed.split_first() {
        Some((&VERSION, rest)) => rest,
        Some((&found, _)) => {
            return Err(Error::format_too_new(found.into(), VERSION.into()));
        }
        None => {
            return Err(Error::corrupt("index", "it is empty"));
        }
    };
    Ok(core::iter::from_fn(move || {
        if rest.is_empty() {
            return None;
        }
        let Ok((row, tail)) = postcard::take_from_bytes(rest) else {
            rest = &[];
            return Some(Err(Error::corrupt("index", "a row cannot be decoded")));
        };
        rest = tail;
        Some(Ok(row))
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_round_trip_and_are_postcard() {
        for length in [0, 1, 127, 128, 300, 20_000] {
            let part = vec![7; length];
            for revision in [0, 127, 128, 1 << 14, u64::MAX] {
                let (url, hash) = ("http://example.org", [9; 32]);
                let row = Row {
                    key: &part,
                    url,
                    hash,
                    meta: &part,
                    revision,
                };
                let mut packer = Packer::default();
                packer.push(&row);
                let bytes = packer.finish();
                assert_eq!(bytes[1..], postcard::to_allocvec(&row).unwrap());
                assert_eq!(unpack(&bytes).unwrap().next(), Some(Ok(row)));
            }
        }
    }
}
