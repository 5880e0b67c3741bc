//! Writing an archive, block by block.

use sha2::{Digest, Sha256};

use super::{BESIDE, BLOCK_BYTES, Columns, Histories, header, move_on, row_bytes, take_apart};
use crate::catalog::RowKey;
use crate::error::Result;
use crate::format::codec;
use crate::format::wire::{wide, write_part, write_varint};
use crate::hash::Hash;
use crate::map::Map;
use crate::metadata::check_row;

/// Takes entries in the order of url, version, source and layer, and makes the bytes of an archive.
#[derive(Debug)]
pub struct Writer {
    out: Vec<u8>,
    /// Of all that went to `out`.
    hash: Sha256,
    block: Block,
    histories: Histories,
    /// The bodies written; a later entry of the same body names its place.
    bodies: Map<Hash, ()>,
    entries: u32,
    raw: u64,
}

#[derive(Debug, Default)]
struct Block {
    entries: u32,
    texts: Vec<u8>,
    edges: Vec<u8>,
    hashes: Vec<u8>,
}

impl Block {
    fn bytes(&self) -> usize {
        self.texts.len() + self.edges.len() + self.hashes.len()
    }
}

impl Default for Writer {
    fn default() -> Self {
        let mut writer = Self {
            out: Vec::new(),
            hash: Sha256::new(),
            block: Block::default(),
            histories: Histories::default(),
            bodies: Map::new(0),
            entries: 0,
            raw: 0,
        };
        writer.emit(&header());
        writer
    }
}

impl Writer {
    /// Adds an entry: packed row key, packed metadata, the body and its hash.
    pub fn add(&mut self, key: &[u8], meta: &[u8], hash: Hash, body: &[u8]) -> Result<()> {
        let Columns {
            meta,
            edges,
            source_hash,
        } = take_apart(meta)?;
        check_row(
            RowKey::unpack(key)?.url,
            row_bytes(key.len(), meta.len(), edges.len()),
        )?;
        let earlier = self.bodies.position(&hash);
        let text = if earlier.is_some() { &[] } else { body };
        let bytes = key.len() + meta.len() + edges.len() + text.len() + BESIDE;
        if self.block.entries > 0 && self.block.bytes() + bytes > BLOCK_BYTES {
            self.end_block();
        }

        let block = &mut self.block;
        block.texts.extend_from_slice(key);
        write_part(&mut block.texts, &meta);
        if let Some(place) = earlier {
            write_varint(&mut block.texts, u64::from(place) + 1);
        } else {
            write_varint(&mut block.texts, 0);
            write_part(&mut block.texts, body);
            self.bodies.insert(hash, ());
        }
        block.edges.extend_from_slice(&edges);
        block
            .hashes
            .extend_from_slice(source_hash.as_slice().as_flattened());
        block.entries += 1;
        self.entries += 1;
        Ok(())
    }

    /// The bytes made so far and not taken yet.
    pub fn take(&mut self) -> Vec<u8> {
        core::mem::take(&mut self.out)
    }

    /// The last bytes.
    pub fn finish(mut self) -> Vec<u8> {
        if self.block.entries > 0 {
            self.end_block();
        }
        // More bodies than this do not fit a 32-bit memory.
        let bodies = u32::try_from(self.bodies.entries().len()).unwrap_or(u32::MAX);
        let counts = [0, self.entries, bodies].map(u32::to_le_bytes);
        self.emit(counts.as_flattened());
        self.emit(&self.raw.to_le_bytes());
        let hash = self.hash.finalize();
        self.out.extend_from_slice(&hash);
        self.out
    }

    fn end_block(&mut self) {
        let block = core::mem::take(&mut self.block);
        self.raw += wide(block.bytes());
        let mut head = block.entries.to_le_bytes().to_vec();
        let mut parts = Vec::new();
        let raw = [block.texts, block.edges, block.hashes];
        for (raw, history) in raw.into_iter().zip(&mut self.histories) {
            let (codec, packed) = codec::pack(history, &raw);
            move_on(history, &raw);
            head.push(codec);
            for length in [raw.len(), packed.len()] {
                // No part is longer than a memory of 32 bits.
                let length = u32::try_from(length).unwrap_or(u32::MAX);
                head.extend_from_slice(&length.to_le_bytes());
            }
            parts.extend_from_slice(&packed);
        }
        self.emit(&head);
        self.emit(&parts);
    }

    fn emit(&mut self, bytes: &[u8]) {
        self.hash.update(bytes);
        self.out.extend_from_slice(bytes);
    }
}
