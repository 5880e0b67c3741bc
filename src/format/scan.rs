//! Reading a segment: batches, torn tails and damage.
//!
//! A batch counts when its COMMIT is read. A COMMIT is written twice, so that one flipped bit in the
//! last batch of a segment is not mistaken for a torn tail: whatever is bad and has something valid
//! behind it is damage, what is bad with nothing behind it was never acknowledged.

use serde::{Deserialize, Serialize};

use super::names::name;
use super::record::{self, COMMIT, DELETE, MOVED, Parsed, ROW, Record, SEAL, Seed};
use super::segment::HEADER;
use super::wire::checksum;
use super::wire::{Reader, narrow, wide};
use crate::hash::sha256;

/// Eight bytes that stand for a row key in a COMMIT: which keys a batch touched stays known when
/// their records are unreadable.
pub type Fingerprint = u64;

/// The fingerprint of a row key.
pub fn fingerprint(key: &[u8]) -> Fingerprint {
    let hash = sha256(key);
    u64::from_le_bytes(hash.first_chunk().copied().unwrap_or_default())
}

/// How far a segment has been read.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct Position {
    /// Everything before this offset is applied.
    pub offset: u64,
    /// Whether the writer closed it: nothing will follow.
    pub sealed: bool,
    /// Checksum of what the last COMMIT says, which the next one repeats.
    pub chain: u32,
    /// Seq of the last COMMIT.
    pub seq: u64,
}

impl Default for Position {
    fn default() -> Self {
        Self {
            offset: HEADER,
            sealed: false,
            chain: 0,
            seq: 0,
        }
    }
}

/// Records that count together.
#[derive(Debug)]
pub struct Batch<'a> {
    /// Its commit.
    pub seq: u64,
    /// What could be read of it, in the order written.
    pub records: Vec<Record<'a>>,
    /// Keys it touched whose records could not be read.
    pub lost: Vec<Fingerprint>,
    /// Those of them that could be made out all the same.
    pub named: Vec<Box<[u8]>>,
}

/// What was stepped over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Damage {
    /// A record.
    Record,
    /// A whole commit before this seq: which rows it changed is not known.
    Commit(u64),
}

/// What a scan found.
#[derive(Debug, Default)]
pub struct Scanned<'a> {
    /// Whole batches, oldest first.
    pub batches: Vec<Batch<'a>>,
    /// What was stepped over.
    pub damage: Vec<Damage>,
}

/// What a COMMIT says: it closes the records before it that carry its seq.
#[derive(Debug)]
pub struct Commit {
    /// Number of records in the batch.
    pub count: u32,
    /// Checksum of the records' checksums.
    pub crc: u32,
    /// [`Position::chain`] before this commit.
    pub chain: u32,
    /// One for each row written or deleted.
    pub fingerprints: Vec<Fingerprint>,
}

impl Commit {
    /// The value of the COMMIT record.
    pub fn pack(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(12 + 8 * self.fingerprints.len());
        for field in [self.count, self.crc, self.chain] {
            bytes.extend_from_slice(&field.to_le_bytes());
        }
        for fingerprint in &self.fingerprints {
            bytes.extend_from_slice(&fingerprint.to_le_bytes());
        }
        bytes
    }

    fn unpack(value: &[u8]) -> Option<Self> {
        let mut reader = Reader::new(value);
        let (count, crc, chain) = (reader.u32()?, reader.u32()?, reader.u32()?);
        let fingerprints = core::iter::from_fn(|| reader.u64()).collect();
        Some(Self {
            count,
            crc,
            chain,
            fingerprints,
        })
    }
}

/// Reads on from `position`; `bytes` are the segment from there to its present end.
pub fn scan<'a>(seed: &Seed, position: &mut Position, bytes: &'a [u8]) -> Scanned<'a> {
    let mut scan = Scan {
        seed,
        bytes,
        base: position.offset,
        position,
        pending: Vec::new(),
        bad: Vec::new(),
        found: Scanned::default(),
    };
    let mut at = 0;
    while let Some(rest) = bytes.get(at..).filter(|rest| !rest.is_empty()) {
        let offset = scan.base + wide(at);
        let length = match record::parse(seed, offset, rest) {
            Parsed::Whole(record) => {
                scan.accept(record);
                record.length()
            }
            Parsed::BadBody(length) => {
                scan.bad.push(offset);
                length
            }
            Parsed::BadHeader => {
                scan.bad.push(offset);
                let Some(length) = resync(seed, offset, rest) else {
                    break;
                };
                length
            }
            Parsed::Short => break,
        };
        at += length;
    }
    scan.found
}

/// Distance to the next header that holds.
fn resync(seed: &Seed, offset: u64, bytes: &[u8]) -> Option<usize> {
    let mut at = 1;
    loop {
        let rest = bytes.get(at..)?;
        at += record::find_magic(rest)?;
        if record::starts(seed, offset + wide(at), bytes.get(at..)?) {
            return Some(at);
        }
        at += 1;
    }
}

struct Scan<'p, 'a> {
    seed: &'p Seed,
    bytes: &'a [u8],
    base: u64,
    position: &'p mut Position,
    /// Records since the last COMMIT.
    pending: Vec<Record<'a>>,
    /// Offsets of what did not read since then.
    bad: Vec<u64>,
    found: Scanned<'a>,
}

impl<'a> Scan<'_, 'a> {
    fn accept(&mut self, record: Record<'a>) {
        match record.head.kind {
            COMMIT => self.close(&record),
            SEAL => {
                self.report();
                self.close_orphans(|_| true);
                self.position.sealed = true;
            }
            _ => {
                self.pending.push(record);
                return;
            }
        }
        self.position.offset = record.offset + wide(record.length());
    }

    fn close(&mut self, record: &Record<'a>) {
        let bad = self.report();
        let seq = record.head.seq;
        let echo = seq == self.position.seq && self.pending.is_empty();
        let Some(commit) = Commit::unpack(record.value).filter(|_| !echo) else {
            return;
        };
        self.close_orphans(|record| record.head.seq != seq);
        if commit.chain != self.position.chain {
            self.found.damage.push(Damage::Commit(seq));
        }
        let records = core::mem::take(&mut self.pending);
        let lost = if narrow(u64::from(commit.count)) == Some(records.len()) {
            Vec::new()
        } else {
            let read: Vec<_> = row_keys(&records).map(fingerprint).collect();
            let lost = commit.fingerprints.into_iter();
            lost.filter(|fingerprint| !read.contains(fingerprint))
                .collect()
        };
        self.position.seq = seq;
        self.position.chain = checksum(record.value);
        let named = self.names(&bad, &lost);
        self.found.batches.push(Batch {
            seq,
            records,
            lost,
            named,
        });
    }

    /// Records whose own COMMIT is unreadable: a later one proves that theirs was written.
    fn close_orphans(&mut self, orphan: impl Fn(&Record<'a>) -> bool) {
        let (orphans, mine) = core::mem::take(&mut self.pending)
            .into_iter()
            .partition(orphan);
        self.pending = mine;
        let orphans: Vec<Record<'a>> = orphans;
        for records in orphans.chunk_by(|one, next| one.head.seq == next.head.seq) {
            let seq = records.first().map_or(0, |record| record.head.seq);
            self.found.batches.push(Batch {
                seq,
                records: records.to_vec(),
                lost: Vec::new(),
                named: Vec::new(),
            });
        }
    }

    /// Reports what was unreadable since the last COMMIT; returns where it lies.
    fn report(&mut self) -> Vec<u64> {
        let bad = core::mem::take(&mut self.bad);
        self.found.damage.extend(bad.iter().map(|_| Damage::Record));
        bad
    }

    /// The lost keys that can be made out in what is bad.
    fn names(&self, bad: &[u64], lost: &[Fingerprint]) -> Vec<Box<[u8]>> {
        if lost.is_empty() {
            return Vec::new();
        }
        let named = bad.iter().filter_map(|offset| {
            let rest = self.bytes.get(narrow(offset - self.base)?..)?;
            name(self.seed, *offset, rest, lost)
        });
        named.collect()
    }
}

fn row_keys<'r, 'a: 'r>(records: &'r [Record<'a>]) -> impl Iterator<Item = &'a [u8]> + 'r {
    let rows = records
        .iter()
        .filter(|record| matches!(record.head.kind, ROW | DELETE));
    rows.map(|record| record.key)
}

/// The version a moved record had before: it stands before its meta.
pub fn origin<'a>(record: &Record<'a>) -> (Option<(u64, u64)>, &'a [u8]) {
    let mut meta = Reader::new(record.meta);
    if record.head.flags & MOVED == 0 {
        return (None, meta.rest());
    }
    (meta.u64().zip(meta.u64()), meta.rest())
}
