//! Encoded bodies by content hash: the same body is kept once, however many entries have it.

use hashbrown::HashMap;

use crate::hash::{Hash, InnerHash};

#[derive(Debug)]
struct Body {
    bytes: Box<[u8]>,
    holders: u32,
}

/// The bytes in memory, each distinct body once.
#[derive(Debug, Default)]
pub struct Bodies {
    by_hash: HashMap<Hash, Body, InnerHash>,
    bytes: usize,
}

impl Bodies {
    /// The bytes of a body that is in memory.
    pub fn get(&self, hash: &Hash) -> Option<&[u8]> {
        Some(&self.by_hash.get(hash)?.bytes)
    }

    /// Adds a holder, keeping the bytes if they are new.
    pub fn hold(&mut self, hash: Hash, bytes: &[u8]) {
        let body = self.by_hash.entry(hash).or_insert_with(|| {
            self.bytes += bytes.len();
            Body {
                bytes: bytes.into(),
                holders: 0,
            }
        });
        body.holders += 1;
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
