//! Reading little-endian fields from bytes that may end anywhere, writing as `postcard` does, and the
//! checksum of both.

use std::sync::LazyLock;

use crc::{CRC_32_ISCSI, Crc, Table};

// Made at first use: the 16 KB of tables would not compress in the download.
pub(super) static CRC: LazyLock<Crc<u32, Table<16>>> =
    LazyLock::new(|| Crc::<u32, Table<16>>::new(&CRC_32_ISCSI));

/// CRC-32C of `bytes`.
pub fn checksum(bytes: &[u8]) -> u32 {
    CRC.checksum(bytes)
}

/// A cursor over bytes: every read returns `None` at the end instead of failing loudly.
#[derive(Clone, Copy, Debug)]
pub(super) struct Reader<'a> {
    rest: &'a [u8],
}

impl<'a> Reader<'a> {
    pub(super) const fn new(bytes: &'a [u8]) -> Self {
        Self { rest: bytes }
    }

    pub(super) const fn rest(self) -> &'a [u8] {
        self.rest
    }

    pub(super) fn take(&mut self, length: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.rest.split_at_checked(length)?;
        self.rest = rest;
        Some(taken)
    }

    pub(super) fn array<const N: usize>(&mut self) -> Option<[u8; N]> {
        let (taken, rest) = self.rest.split_first_chunk()?;
        self.rest = rest;
        Some(*taken)
    }

    pub(super) fn u8(&mut self) -> Option<u8> {
        self.array().map(u8::from_le_bytes)
    }

    pub(super) fn u16(&mut self) -> Option<u16> {
        self.array().map(u16::from_le_bytes)
    }

    pub(super) fn u32(&mut self) -> Option<u32> {
        self.array().map(u32::from_le_bytes)
    }

    pub(super) fn u64(&mut self) -> Option<u64> {
        self.array().map(u64::from_le_bytes)
    }
}

/// A length or an offset in memory, as a file keeps it.
pub(super) const fn wide(length: usize) -> u64 {
    length as u64
}

/// A position in a file as a position in memory, where it fits.
pub(super) fn narrow(position: u64) -> Option<usize> {
    usize::try_from(position).ok()
}

/// Appends a number as `postcard` writes it.
pub(super) fn write_varint(out: &mut Vec<u8>, mut number: u64) {
    loop {
        let [low, ..] = number.to_le_bytes();
        number >>= 7;
        if number == 0 {
            return out.push(low & 127);
        }
        out.push(low | 128);
    }
}

/// Appends bytes behind their length, as `postcard` writes them.
pub(super) fn write_part(out: &mut Vec<u8>, part: &[u8]) {
    write_varint(out, wide(part.len()));
    out.extend_from_slice(part);
}
