//! Encoded bodies by content hash: the same body is kept once, however many entries have it.

use crate::hash::Hash;
use crate::map::Map;

#[derive(Debug)]
struct Body {
    bytes: Box<[u8]>,
    holders: u32,
}

/// The bytes in memory, each distinct body once.
#[derive(Debug)]
pub struct Bodies {
    by_hash: Map<Hash, Body>,
    bytes: usize,
}

impl Default for Bodies {
    fn default() -> Self {
        Self {
            by_hash: Map::new(0),
            bytes: 0,
        }
    }
}

impl Bodies {
    /// The bytes of a body that is in memory.
    pub fn get(&self, hash: &Hash) -> Option<&[u8]> {
        Some(&self.by_hash.get(hash)?.bytes)
    }

    /// Adds a holder, keeping the bytes if they are new.
    pub fn hold(&mut self, hash: Hash, bytes: Box<[u8]>) {
        if let Some(body) = self.by_hash.get_mut(&hash) {
            body.holders += 1;
            return;
        }
        self.bytes += bytes.len();
        self.by_hash.insert(hash, Body { bytes, holders: 1 });
    }

    /// Takes a holder away; the last one frees the bytes.
    pub fn release(&mut self, hash: &Hash) {
        let Some(body) = self.by_hash.get_mut(hash) else {
            return;
        };
        body.holders -= 1;
        if body.holders == 0 {
            self.bytes -= body.bytes.len();
            self.by_hash.remove(hash);
        }
    }

    /// Bytes of all distinct bodies.
    pub fn bytes(&self) -> usize {
        self.bytes
    }
}
