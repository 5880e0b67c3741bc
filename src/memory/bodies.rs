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
pub struct EncodedBodies {
    by_hash: Map<Hash, Body>,
    bytes: usize,
}

impl Default for EncodedBodies {
    fn default() -> Self {
        Self {
            by_hash: Map::new(0),
            bytes: 0,
        }
    }
}

impl EncodedBodies {
    /// The bytes of a body that is in memory.
    pub fn get(&self, hash: &Hash) -> Option<&[u8]> {
        Some(&self.by_hash.get(hash)?.bytes)
    }

    /// Adds a holder, keeping the bytes if they are new.
    pub fn hold(&mut self, hash: Hash, bytes: Box<[u8]>) {
        let place = self.by_hash.place(&hash);
        if let Some(body) = self.by_hash.at_mut(place) {
            body.holders += 1;
            return;
        }
        self.bytes += bytes.len();
        let body = Body { bytes, holders: 1 };
        self.by_hash.insert_at(place, hash, body);
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
