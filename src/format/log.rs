//! The state of a store in a directory, rebuilt from its files and moved on by commits.
//!
//! The log does no I/O. The caller lists and reads files and hands the bytes in ([`Log::load`],
//! [`Log::scan`]), writes what a [commit](commit) planned and tells how that went
//! ([`Log::commit_done`], [`Log::fail`]). Nothing here depends on the order in which segments are read:
//! of two versions of a row the later (seq, writer) wins.

mod bodies;
mod commit;
mod damage;
mod live;
mod merge;
mod query;
mod snapshot;

use serde::{Deserialize, Serialize};

use self::commit::{Draft, Planned};
use self::live::Bodies;
use super::record::{BODY, DELETE, ROW, Record, SKIPPABLE, Seed};
use super::row::{Value, unpack_row};
use super::scan::{Batch, Fingerprint, Position, fingerprint, origin, scan};
use super::segment::{self, SegmentId, StoreId};
use super::wire::wide;
use crate::error::{Error, Result};
use crate::hash::Hash;
use crate::map::Map;

/// Which write of a row: the later one wins, whatever segment it stands in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Version {
    /// The commit.
    pub seq: u64,
    /// Who wrote it; tells apart two commits of one seq, made without the lock.
    pub writer: u64,
}

/// A segment as far as it is known.
#[derive(Clone, Copy, Debug)]
struct Segment {
    id: SegmentId,
    position: Position,
    /// Read by the published snapshot up to here.
    covered: u64,
    /// On stable storage up to here, as far as this process knows.
    synced: u64,
    /// Something in it was unreadable.
    damaged: bool,
    /// A commit in it is unreadable, and with it which rows it changed: one before this seq.
    unknown: Option<u64>,
    /// Its header is unreadable.
    headless: bool,
    /// It is no longer there, or never came to be.
    gone: bool,
    /// Bytes of its records that are live.
    live: u64,
}

/// The newest known write of a row.
#[derive(Clone, Debug)]
struct Entry {
    version: Version,
    /// The segment it stands in.
    slot: u32,
    /// When this log learned of it.
    token: u64,
    /// `None` is a deletion.
    value: Option<Value>,
}

/// Where a body's record lies. A length of 0 says that it could not be read where it should be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Location {
    /// The segment.
    pub slot: u32,
    /// Offset of the record.
    pub offset: u64,
    /// Length of the record; 0 where it is known to be unreadable.
    pub length: u32,
}

/// The state machine. Slots name segments, as long as the log lives.
#[derive(Debug)]
pub struct Log {
    store: StoreId,
    writer: u64,
    segments: Vec<Segment>,
    /// The own segment that takes commits.
    active: Option<u32>,
    rows: Map<Box<[u8]>, Entry>,
    /// How many of them are no deletions.
    live_rows: usize,
    bodies: Bodies,
    /// Records of kinds not known here, which a merge keeps.
    others: Vec<Location>,
    /// Keys whose newest write is unreadable, with its version.
    lost: Vec<(Fingerprint, Version)>,
    /// Bodies that were unreadable and have been found since, until their rows are reported.
    healed: Vec<Hash>,
    /// Something may be damaged that nobody has healed yet.
    ailing: bool,
    seq: u64,
    token: u64,
    /// All files were read once: whoever asks what has changed goes by tokens.
    counting: bool,
    /// What was wrong with the snapshots.
    notes: Vec<String>,
    draft: Option<Draft>,
    planned: Vec<Planned>,
    tickets: u32,
    /// What the snapshot under way covers, by slot.
    publishing: Vec<u64>,
}

impl Log {
    /// An empty log of a store; `writer` is random, one per process and log.
    pub fn new(store: StoreId, writer: u64) -> Self {
        Self {
            store,
            writer,
            segments: Vec::new(),
            active: None,
            rows: Map::new(writer),
            live_rows: 0,
            bodies: Bodies::new(writer),
            others: Vec::new(),
            lost: Vec::new(),
            healed: Vec::new(),
            ailing: false,
            seq: 0,
            token: 0,
            counting: false,
            notes: Vec::new(),
            draft: None,
            planned: Vec::new(),
            tickets: 0,
            publishing: Vec::new(),
        }
    }

    /// The slot of a segment by its file name; `None` when the name is not a segment's.
    pub fn segment(&mut self, name: &str) -> Option<u32> {
        SegmentId::parse(name).map(|id| self.slot_of(id))
    }

    /// File name of a segment; empty for a slot that was never given out.
    pub fn name(&self, slot: u32) -> String {
        self.at(slot)
            .map(|segment| segment.id.name())
            .unwrap_or_default()
    }

    /// How many slots were given out.
    pub fn count(&self) -> u32 {
        u32::try_from(self.segments.len()).unwrap_or(u32::MAX)
    }

    /// Whether the segment's file is gone, or never came to be.
    pub fn is_gone(&self, slot: u32) -> bool {
        self.at(slot).is_none_or(|segment| segment.gone)
    }

    /// Whether this log writes the segment, and so need not read it.
    pub fn is_own(&self, slot: u32) -> bool {
        self.at(slot)
            .is_some_and(|segment| segment.id.writer == self.writer)
    }

    /// Offset from which [`Log::scan`] wants the segment's bytes.
    pub fn scanned(&self, slot: u32) -> u64 {
        self.at(slot).map_or(0, |segment| segment.position.offset)
    }

    /// Whether the segment is closed and read to its end.
    pub fn is_sealed(&self, slot: u32) -> bool {
        self.at(slot).is_some_and(|segment| segment.position.sealed)
    }

    /// Checks the first 64 bytes of a segment not read before.
    pub fn check_header(&mut self, slot: u32, bytes: &[u8]) -> Result<()> {
        let Some(segment) = self.at(slot).copied() else {
            return Ok(());
        };
        let whole = wide(bytes.len()) >= segment::HEADER;
        let holds = segment::check_header(&self.store, segment.id, bytes)?;
        let headless = !holds && whole;
        self.ailing |= headless;
        if let Some(segment) = self.at_mut(slot) {
            segment.headless = headless;
        }
        Ok(())
    }

    /// Takes in a segment's bytes from [`Log::scanned`] to its end; true when a batch was new.
    pub fn scan(&mut self, slot: u32, bytes: &[u8]) -> Result<bool> {
        let Some(segment) = self.at(slot).copied() else {
            return Ok(false);
        };
        let seed = Seed::new(&self.store, segment.id);
        let mut position = segment.position;
        let found = scan(&seed, &mut position, bytes);
        for batch in &found.batches {
            known(&batch.records)?;
        }
        for damage in found.damage {
            self.note(slot, damage);
        }
        for batch in &found.batches {
            self.apply(slot, segment.id.writer, batch);
        }
        if let Some(segment) = self.at_mut(slot) {
            segment.position = position;
        }
        self.tell_healed();
        Ok(!found.batches.is_empty())
    }

    /// Forgets a segment that is no longer there. True when something live was only there: then
    /// what is known is not what a reader of the directory would find.
    pub fn forget(&mut self, slot: u32) -> bool {
        let was_live = self.forget_live(slot);
        self.ailing |= was_live;
        self.others.retain(|location| location.slot != slot);
        self.active = self.active.filter(|active| *active != slot);
        if let Some(segment) = self.at_mut(slot) {
            segment.gone = true;
            segment.live = 0;
        }
        was_live
    }

    /// Wants all segments read again from their beginning: something may lie in a part that the
    /// snapshot spoke for, and was to be elsewhere when it was made.
    pub fn rewind(&mut self) {
        self.others.clear();
        for segment in &mut self.segments {
            segment.position = Position::default();
        }
    }

    /// All files are read: from here on [`Log::token`] counts, from where it was never before.
    pub fn start_counting(&mut self) {
        self.token = self.token.max(self.seq);
        self.counting = true;
    }

    /// Grows with every batch taken in, own and foreign, and from one open to the next.
    pub const fn token(&self) -> u64 {
        self.token
    }

    fn slot_of(&mut self, id: SegmentId) -> u32 {
        let found = self.segments.iter().position(|segment| segment.id == id);
        let index = found.unwrap_or_else(|| {
            self.segments.push(Segment {
                id,
                position: Position::default(),
                covered: 0,
                synced: 0,
                damaged: false,
                unknown: None,
                headless: false,
                gone: false,
                live: 0,
            });
            self.segments.len() - 1
        });
        u32::try_from(index).unwrap_or(u32::MAX)
    }

    fn at(&self, slot: u32) -> Option<&Segment> {
        self.segments.get(slot as usize)
    }

    fn at_mut(&mut self, slot: u32) -> Option<&mut Segment> {
        self.segments.get_mut(slot as usize)
    }

    fn seed(&self, slot: u32) -> Option<Seed> {
        self.at(slot)
            .map(|segment| Seed::new(&self.store, segment.id))
    }

    fn apply(&mut self, slot: u32, writer: u64, batch: &Batch<'_>) {
        self.token += 1;
        self.seq = self.seq.max(batch.seq);
        for record in &batch.records {
            self.apply_record(slot, writer, record);
        }
        let version = Version {
            seq: batch.seq,
            writer,
        };
        self.lose(&batch.lost, &batch.named, version);
    }

    fn apply_record(&mut self, slot: u32, writer: u64, record: &Record<'_>) {
        let (origin, meta) = origin(record);
        let (seq, writer) = origin.unwrap_or((record.head.seq, writer));
        let length = u32::try_from(record.length()).unwrap_or(0);
        let location = Location {
            slot,
            offset: record.offset,
            length,
        };
        match record.head.kind {
            BODY => {
                if let Some(hash) = record.key.first_chunk() {
                    self.place(*hash, location);
                }
            }
            ROW => {
                let Some(value) = unpack_row(record.key, meta) else {
                    let named = [record.key.into()];
                    return self.lose(&[fingerprint(record.key)], &named, Version { seq, writer });
                };
                self.write(record.key, Version { seq, writer }, slot, Some(value));
            }
            DELETE => self.write(record.key, Version { seq, writer }, slot, None),
            _ => self.others.push(location),
        }
    }
}

/// Refuses a batch this build would misunderstand.
fn known(records: &[Record<'_>]) -> Result<()> {
    for record in records {
        let (kind, codec) = (record.head.kind, record.head.codec);
        let understood = match kind {
            BODY => true,
            ROW | DELETE => codec == 0,
            _ => record.head.flags & SKIPPABLE != 0,
        };
        if !understood {
            let known = u32::from(segment::MAJOR);
            return Err(Error::format_too_new(known + 1, known));
        }
    }
    Ok(())
}
