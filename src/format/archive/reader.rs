//! Reading an archive that may be hostile.
//!
//! What a block claims is limited before it is trusted. Nothing of an archive is trusted until
//! [`Reader::finish`] has accepted it.

use sha2::{Digest, Sha256};

use super::{
    BESIDE, BLOCK_BYTES, BLOCK_HEADER, HEADER, Histories, TRAILER, check_header, damaged, move_on,
    put_together, row_bytes,
};
use crate::canonical::Canonical;
use crate::catalog::RowKey;
use crate::error::{Error, Result};
use crate::format::codec;
use crate::format::wire::{self, wide};
use crate::hash::Hash;
use crate::metadata::{MAX_ROW_BYTES, Metadata, check_row};

/// Longest source, in bytes: with URL and version it must fit a host's row key.
const MAX_SOURCE: usize = 3072;
/// What a catalog keeps of an entry besides key and metadata, in bytes; rather too much.
pub const CATALOG_ROW_BYTES: usize = 400;

/// Limits on an archive, and the time.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Bytes of one body.
    pub entry: usize,
    /// Bytes of all entries, unpacked.
    pub total: u64,
    /// Bytes of all entries in a catalog.
    pub catalog: usize,
    /// When entries count as stored that bring no time, in milliseconds since 1970.
    pub now: u64,
}

/// Takes the bytes of an archive as they come, and makes entries of them, block by block.
#[derive(Debug)]
pub struct Reader {
    limits: Limits,
    unread: Vec<u8>,
    /// Of all that was read.
    hash: Sha256,
    place: Place,
    histories: Histories,
    entries: u32,
    /// Sizes of the bodies so far.
    bodies: Vec<u32>,
    raw: u64,
    /// Bytes of the bodies that entries named again: whoever stores them handles each of them.
    named_again: u64,
    catalog: usize,
    last: Option<LastKey>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    Header,
    Block,
    End,
}

/// Owned, because a block ends before the next one begins.
type LastKey = (String, String, String, u32);

/// One part of a block.
#[derive(Clone, Copy)]
struct Part {
    codec: u8,
    raw: usize,
    packed: usize,
}

impl Reader {
    /// A reader at the beginning of an archive.
    pub fn new(limits: Limits) -> Self {
        Self {
            limits,
            unread: Vec::new(),
            hash: Sha256::new(),
            place: Place::Header,
            histories: Histories::default(),
            entries: 0,
            bodies: Vec::new(),
            raw: 0,
            named_again: 0,
            catalog: 0,
            last: None,
        }
    }

    /// Takes further bytes.
    pub fn push(&mut self, bytes: &[u8]) {
        self.unread.extend_from_slice(bytes);
    }

    /// Reads one block and returns its entries, one behind the other: lengths of row key, URL and
    /// metadata, number of the body and its length, each a little-endian u32; then key, URL,
    /// metadata, body. The number is 0 for a body that stands here, or tells which of the bodies
    /// so far it is, from 1. Hashes are left to the caller, which has them faster. `None` when more bytes are wanted, or at the end.
    pub fn step(&mut self) -> Result<Option<Vec<u8>>> {
        if self.place == Place::Header {
            let Some(header) = self.unread.get(..HEADER) else {
                return Ok(None);
            };
            check_header(header)?;
            self.consume(HEADER);
            self.place = Place::Block;
        }
        if self.place == Place::End {
            return self.finish().map(|()| None);
        }
        let mut fields = wire::Reader::new(&self.unread);
        match fields.u32() {
            None => Ok(None),
            Some(0) => self.trailer().map(|()| None),
            Some(entries) => self.block(entries),
        }
    }

    /// The archive has ended. `CORRUPT` when it was not whole.
    pub fn finish(&self) -> Result<()> {
        if self.place != Place::End {
            return Err(damaged("it ends before its trailer"));
        }
        if !self.unread.is_empty() {
            return Err(damaged("there is data after its end"));
        }
        Ok(())
    }

    fn block(&mut self, entries: u32) -> Result<Option<Vec<u8>>> {
        let Some(parts) = parts_of(&self.unread) else {
            return Ok(None);
        };
        let total = self.bear(entries, &parts)?;
        let end = BLOCK_HEADER + parts.iter().map(|part| part.packed).sum::<usize>();
        let Some(mut packed) = self.unread.get(BLOCK_HEADER..end) else {
            return Ok(None);
        };
        let mut raw = Vec::with_capacity(parts.len());
        for (part, history) in parts.into_iter().zip(&mut self.histories) {
            let (this, rest) = packed.split_at_checked(part.packed).unwrap_or_default();
            let unpacked = codec::unpack(history, part.codec, this, part.raw)?;
            move_on(history, &unpacked);
            raw.push(unpacked);
            packed = rest;
        }
        self.consume(end);
        self.raw = total;
        let out = match raw.as_slice() {
            [texts, edges, hashes] => self.entries_of(entries, texts, edges, hashes)?,
            _ => Vec::new(),
        };
        Ok(Some(out))
    }

    /// Checks what a block claims before it is used; returns the total of all blocks with it.
    fn bear(&self, entries: u32, parts: &[Part]) -> Result<u64> {
        let claimed = parts.iter().map(|part| wide(part.raw)).sum::<u64>();
        let bytes = wire::narrow(claimed).unwrap_or(usize::MAX);
        if parts.iter().any(|part| part.packed > part.raw) {
            return Err(damaged("a block is longer packed than unpacked"));
        }
        if entries > 1 && bytes > BLOCK_BYTES {
            return Err(damaged("a block exceeds the size limit"));
        }
        let limit = self.limits.entry;
        if bytes > BLOCK_BYTES.max(limit.saturating_add(MAX_ROW_BYTES + BESIDE)) {
            return Err(Error::entry_too_large(
                "an entry of the archive",
                bytes,
                limit,
            ));
        }
        let total = self.raw + claimed;
        if total <= self.limits.total {
            return Ok(total);
        }
        Err(full("unpacked archive", total, self.limits.total))
    }

    fn entries_of(
        &mut self,
        entries: u32,
        mut texts: &[u8],
        mut edges: &[u8],
        mut hashes: &[u8],
    ) -> Result<Vec<u8>> {
        let mut out = Vec::with_capacity(texts.len() + edges.len() + hashes.len());
        for _ in 0..entries {
            let ((key, meta, number), rest): ((RowKey<'_>, &[u8], u32), _) =
                postcard::take_from_bytes(texts)
                    .map_err(|_| damaged("an entry cannot be decoded"))?;
            texts = rest;
            let body = if number == 0 {
                let (body, rest): (&[u8], _) = postcard::take_from_bytes(texts)
                    .map_err(|_| damaged("the body of an entry cannot be decoded"))?;
                texts = rest;
                Some(body)
            } else {
                None
            };
            let size = self.size_of_body(key.url, number, body)?;
            let edges_left = edges.len();
            let metadata = put_together(meta, (size, self.limits.now), &mut edges, &mut hashes)?;
            check_texts(&key, &metadata)?;
            self.follow(&key)?;
            let packed = key.pack()?;
            let row = row_bytes(packed.len(), meta.len(), edges_left - edges.len());
            check_row(key.url, row)?;
            let meta = metadata.pack()?;
            self.count(packed.len() + meta.len())?;
            let body = body.unwrap_or_default();
            for length in [
                packed.len(),
                key.url.len(),
                meta.len(),
                number as usize,
                body.len(),
            ] {
                let length = u32::try_from(length).unwrap_or(u32::MAX);
                out.extend_from_slice(&length.to_le_bytes());
            }
            for part in [&packed, key.url.as_bytes(), &meta, body] {
                out.extend_from_slice(part);
            }
        }
        if texts.is_empty() && edges.is_empty() && hashes.is_empty() {
            return Ok(out);
        }
        Err(damaged("a block holds data beyond its entries"))
    }

    /// Size of a body that stands here, or of an earlier one.
    fn size_of_body(&mut self, url: &str, number: u32, body: Option<&[u8]>) -> Result<u32> {
        let Some(body) = body else {
            let known = self.bodies.get(number as usize - 1).copied();
            let size =
                known.ok_or_else(|| damaged("an entry refers to a body that is not there"))?;
            self.named_again += u64::from(size);
            let total = self.raw + self.named_again;
            if total > self.limits.total {
                return Err(full("unpacked archive", total, self.limits.total));
            }
            return Ok(size);
        };
        let (bytes, limit) = (body.len(), self.limits.entry);
        if bytes > limit {
            return Err(Error::entry_too_large(url, bytes, limit));
        }
        let size = u32::try_from(bytes).unwrap_or(u32::MAX);
        self.bodies.push(size);
        Ok(size)
    }

    /// Keys must grow: so there is no key twice.
    fn follow(&mut self, key: &RowKey<'_>) -> Result<()> {
        let next = (key.url, key.version, key.source, key.layer);
        if let Some((url, version, source, layer)) = &self.last
            && (url.as_str(), version.as_str(), source.as_str(), *layer) >= next
        {
            return Err(damaged("its entries are not in order"));
        }
        self.last = Some((
            key.url.into(),
            key.version.into(),
            key.source.into(),
            key.layer,
        ));
        Ok(())
    }

    fn count(&mut self, bytes: usize) -> Result<()> {
        self.entries += 1;
        self.catalog += bytes + CATALOG_ROW_BYTES;
        if self.catalog <= self.limits.catalog {
            return Ok(());
        }
        Err(full(
            "catalog",
            wide(self.catalog),
            wide(self.limits.catalog),
        ))
    }

    fn trailer(&mut self) -> Result<()> {
        let Some(trailer) = self.unread.first_chunk::<TRAILER>() else {
            return Ok(());
        };
        let (counted, hash) = trailer.split_at(TRAILER - size_of::<Hash>());
        let mut fields = wire::Reader::new(counted);
        let said = (fields.u32(), fields.u32(), fields.u32(), fields.u64());
        let bodies = u32::try_from(self.bodies.len()).unwrap_or(u32::MAX);
        let counts = (Some(0), Some(self.entries), Some(bodies), Some(self.raw));
        self.hash.update(counted);
        let found = self.hash.finalize_reset();
        if found.as_slice() != hash {
            return Err(damaged("it does not match its hash"));
        }
        if said != counts {
            return Err(damaged(
                "its contents do not match the counts in its trailer",
            ));
        }
        self.unread.drain(..TRAILER);
        self.place = Place::End;
        Ok(())
    }

    fn consume(&mut self, length: usize) {
        self.hash
            .update(self.unread.get(..length).unwrap_or_default());
        self.unread.drain(..length);
    }
}

fn parts_of(bytes: &[u8]) -> Option<[Part; 3]> {
    let mut fields = wire::Reader::new(bytes);
    fields.u32()?;
    let mut part = || {
        Some(Part {
            codec: fields.u8()?,
            raw: fields.u32()? as usize,
            packed: fields.u32()? as usize,
        })
    };
    Some([part()?, part()?, part()?])
}

/// What a put checks of an entry: see `js/write/describe-put.ts` and `js/core/record.ts`.
fn check_texts(key: &RowKey<'_>, metadata: &Metadata) -> Result<()> {
    Canonical::of_parts(key.url, Some(key.version))?;
    if key.layer != 0 {
        return Err(damaged("an entry is in a layer above the base"));
    }
    if key.source.len() > MAX_SOURCE {
        return Err(damaged("the source of an entry is too long"));
    }
    let optional = [
        &metadata.converter,
        &metadata.name,
        &metadata.title,
        &metadata.description,
        &metadata.r#type,
        &metadata.kind,
        &metadata.derivation,
        &metadata.status,
        &metadata.fhir_version,
        &metadata.etag,
    ];
    let base = metadata.base.iter().map(|url| &url.0);
    let targets = metadata.dependencies.iter().map(|edge| &edge.target.0);
    let texts = optional.into_iter().flatten().chain(base).chain(targets);
    let mut texts = texts.chain(&metadata.tags).map(String::as_str);
    if [key.url, key.version, key.source].into_iter().any(has_nul) || texts.any(has_nul) {
        return Err(damaged("a text of an entry holds a NUL character"));
    }
    Ok(())
}

/// Records that cross to JavaScript are separated by it.
fn has_nul(text: &str) -> bool {
    text.contains('\0')
}

fn full(what: &'static str, bytes: u64, limit: u64) -> Box<Error> {
    let shown = |bytes| usize::try_from(bytes).unwrap_or(usize::MAX);
    Error::storage_full(what, shown(bytes), shown(limit))
}
