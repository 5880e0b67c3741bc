//! What names a row: its slot in this process, its key everywhere.

use core::num::NonZeroU32;

use serde::{Deserialize, Serialize};

use crate::error::{Error, Result};

/// Names one immutable version of a row; crosses to JavaScript as a number, 0 being none.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Slot(NonZeroU32);

impl Slot {
    /// The slot of a number from JavaScript.
    pub fn from_number(number: u32) -> Option<Self> {
        NonZeroU32::new(number).map(Self)
    }

    /// The number that crosses to JavaScript; at least 1.
    pub fn number(self) -> u32 {
        self.0.get()
    }

    /// The slot at a place in a table, if a slot can name it.
    pub(super) fn from_index(index: usize) -> Option<Self> {
        Self::from_number(u32::try_from(index).ok()?.checked_add(1)?)
    }

    /// Place in tables by slot.
    pub fn index(self) -> usize {
        self.0.get() as usize - 1
    }
}

/// Identity of a row. Packed by postcard it is the key the host keeps; the field order is the
/// format.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RowKey<'a> {
    /// 0 is the base, others are overlays above it.
    pub layer: u32,
    /// Canonical URL.
    pub url: &'a str,
    /// Business version; empty for none.
    pub version: &'a str,
    /// `package#version`; empty for a direct put.
    pub source: &'a str,
}

impl<'a> RowKey<'a> {
    /// The packed form.
    pub fn pack(&self) -> Result<Vec<u8>> {
        postcard::to_allocvec(self).map_err(|_| Error::serialization("row key"))
    }

    /// Reads the packed form.
    pub fn unpack(packed: &'a [u8]) -> Result<Self> {
        postcard::from_bytes(packed).map_err(|_| Error::corrupt("row key", "it cannot be decoded"))
    }
}
