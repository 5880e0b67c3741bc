//! Asking the log for rows.

use super::log::{Entry, Log, Version};
use super::rows::{Packer, Row};
use super::scan::fingerprint;
use crate::error::{Error, Result};

impl Log {
    /// The row of a key. `CORRUPT` when its newest write is unreadable: an older one is no answer.
    pub fn row(&self, key: &[u8]) -> Result<Option<Row<'_>>> {
        if self.is_lost(key) {
            return Err(Error::corrupt(
                "the newest write of a row",
                "its record does not pass its checksum",
            ));
        }
        let position = self.rows.position(key);
        let found = position.and_then(|position| self.rows.entries().get(position as usize));
        Ok(found.and_then(|(key, entry)| entry.row(key)))
    }

    /// Revision of a row: 0 when there is none, that of the unreadable write when it is lost.
    pub fn revision(&self, key: &[u8]) -> u64 {
        if let Some(version) = self.lost_version(key) {
            return version.seq;
        }
        let entry = self.rows.get(key).filter(|entry| entry.value.is_some());
        entry.map_or(0, |entry| entry.version.seq)
    }

    /// All rows, packed.
    pub fn index(&self) -> Vec<u8> {
        pack(self.live())
    }

    /// The rows of a URL, packed.
    pub fn by_url(&self, url: &str) -> Vec<u8> {
        pack(self.live().filter(|row| row.url == url))
    }

    /// The rows written after a token, packed.
    pub fn changed(&self, since: u64) -> Vec<u8> {
        let new = self
            .rows
            .entries()
            .iter()
            .filter(|(key, entry)| entry.token > since && !self.is_lost(key));
        pack(new.filter_map(|(key, entry)| entry.row(key)))
    }

    /// The keys deleted, or found unreadable, after a token: each behind its length as u32.
    pub fn deleted(&self, since: u64) -> Vec<u8> {
        let mut bytes = Vec::new();
        for (key, entry) in self
            .rows
            .entries()
            .iter()
            .filter(|(_, entry)| entry.token > since)
        {
            if entry.value.is_none() || self.is_lost(key) {
                let length = u32::try_from(key.len()).unwrap_or(u32::MAX);
                bytes.extend_from_slice(&length.to_le_bytes());
                bytes.extend_from_slice(key);
            }
        }
        bytes
    }

    fn live(&self) -> impl Iterator<Item = Row<'_>> {
        let live = self
            .rows
            .entries()
            .iter()
            .filter(|(key, _)| !self.is_lost(key));
        live.filter_map(|(key, entry)| entry.row(key))
    }

    fn is_lost(&self, key: &[u8]) -> bool {
        self.lost_version(key).is_some()
    }

    /// The unreadable write of a row, when it is the newest.
    fn lost_version(&self, key: &[u8]) -> Option<Version> {
        if self.lost.is_empty() {
            return None;
        }
        let newest = self.rows.get(key).map(|entry| entry.version);
        let key = fingerprint(key);
        let lost = self.lost.iter().filter(|(lost, _)| *lost == key);
        lost.map(|(_, version)| *version)
            .max()
            .filter(|version| Some(*version) > newest)
    }
}

impl Entry {
    fn row<'a>(&'a self, key: &'a [u8]) -> Option<Row<'a>> {
        let value = self.value.as_ref()?;
        Some(Row {
            key,
            url: &value.url,
            hash: value.hash,
            meta: &value.meta,
            revision: self.version.seq,
        })
    }
}

fn pack<'a>(rows: impl Iterator<Item = Row<'a>>) -> Vec<u8> {
    let mut packer = Packer::default();
    for row in rows {
        packer.push(&row);
    }
    packer.finish()
}
