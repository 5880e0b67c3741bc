//! Rows of layers above the base. A later version writes them; this one shows them to nobody and writes
//! them into the index it saves, so that they are there for whoever can read them.

use crate::catalog::RowKey;
use crate::error::{Error, Result};
use crate::format::rows::{Packer, Row};
use crate::hash::Hash;
use crate::map::Map;

/// Hash and metadata.
type Content = (Hash, Box<[u8]>);

/// Such rows by their packed keys.
#[derive(Debug)]
pub(super) struct Above {
    rows: Map<Box<[u8]>, Content>,
    bytes: usize,
}

impl Above {
    pub(super) fn new(seed: u64) -> Self {
        Self {
            rows: Map::new(seed),
            bytes: 0,
        }
    }

    /// Takes a row, as long as all of them are within that many bytes.
    pub(super) fn insert(
        &mut self,
        key: &[u8],
        hash: Hash,
        meta: &[u8],
        limit: usize,
    ) -> Result<()> {
        self.remove(key);
        let bytes = self.bytes + size(key, meta);
        if bytes > limit {
            return Err(Error::storage_full("catalog", bytes, limit));
        }
        self.bytes = bytes;
        self.rows.insert(key.into(), (hash, meta.into()));
        Ok(())
    }

    pub(super) fn remove(&mut self, key: &[u8]) {
        if let Some((_, meta)) = self.rows.get(key) {
            self.bytes -= size(key, meta);
            self.rows.remove(key);
        }
    }

    pub(super) fn pack(&self, packer: &mut Packer) -> Result<()> {
        for (key, (hash, meta)) in self.rows.entries() {
            packer.push(&Row {
                key,
                url: RowKey::unpack(key)?.url,
                hash: *hash,
                meta,
                revision: 0,
            });
        }
        Ok(())
    }
}

fn size(key: &[u8], meta: &[u8]) -> usize {
    key.len() + meta.len() + size_of::<Hash>()
}
