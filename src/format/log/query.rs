//! Asking the log for rows.

use super::{Entry, Log, Version};
use crate::catalog::RowKey;
use crate::format::rows::{Packer, Row};
use crate::format::scan::fingerprint;
use crate::hash::UNREADABLE;
use crate::metadata::UNKNOWN;

impl Log {
    /// The row of a key. Its hash is [`UNREADABLE`] when its newest write or its body is: an older write
    /// is never returned.
    pub fn row<'a>(&'a self, key: &'a [u8]) -> Option<Row<'a>> {
        self.seen(key, self.rows.get(key))
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

    /// The rows written after a token, or found unreadable, or healed; packed.
    pub fn changed(&self, since: u64) -> Vec<u8> {
        let new = self
            .rows
            .entries()
            .iter()
            .filter(|(_, entry)| entry.token > since);
        pack(new.filter_map(|(key, entry)| self.seen(key, Some(entry))))
    }

    /// The keys deleted after a token: each behind its length as u32.
    pub fn deleted(&self, since: u64) -> Vec<u8> {
        let mut bytes = Vec::new();
        for (key, entry) in self
            .rows
            .entries()
            .iter()
            .filter(|(key, entry)| entry.token > since && !key.is_empty())
        {
            if self.seen(key, Some(entry)).is_none() {
                let length = u32::try_from(key.len()).unwrap_or(u32::MAX);
                bytes.extend_from_slice(&length.to_le_bytes());
                bytes.extend_from_slice(key);
            }
        }
        bytes
    }

    fn live(&self) -> impl Iterator<Item = Row<'_>> {
        let all = self.rows.entries().iter();
        all.filter_map(|(key, entry)| self.seen(key, Some(entry)))
    }

    /// A row as readers are to see it.
    fn seen<'a>(&'a self, key: &'a [u8], entry: Option<&'a Entry>) -> Option<Row<'a>> {
        let value = entry.and_then(|entry| entry.value.as_ref());
        if let Some(version) = self.lost_version(key) {
            let url = value.map(|value| &*value.url);
            let named = || RowKey::unpack(key).map_or("", |key| key.url);
            return Some(Row {
                key,
                url: url.unwrap_or_else(named),
                hash: UNREADABLE,
                meta: UNKNOWN,
                revision: version.seq,
            });
        }
        let (value, entry) = value.zip(entry)?;
        let readable = !self.ailing || self.has(&value.hash);
        Some(Row {
            key,
            url: &value.url,
            hash: if readable { value.hash } else { UNREADABLE },
            meta: &value.meta,
            revision: entry.version.seq,
        })
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

fn pack<'a>(rows: impl Iterator<Item = Row<'a>>) -> Vec<u8> {
    let mut packer = Packer::default();
    for row in rows {
        packer.push(&row);
    }
    packer.finish()
}
