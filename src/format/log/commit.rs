//! Planning a commit: rows and bodies become the bytes of one write.
//!
//! A draft is begun, filled and ended within one call of the caller; what comes out is a plan under a
//! ticket. Bodies are not copied into it: the caller has them and writes them into the gaps of the
//! plan. It writes and syncs all of it, and only [`Log::commit_done`] makes it true here.

use super::{Location, Log, Version};
use crate::error::{Error, Result};
use crate::format::record::{self, BODY, COMMIT, DELETE, Head, MOVED, ROW, SEAL, Seed};
use crate::format::row::{Value, pack_row};
use crate::format::scan::{Commit, Fingerprint, fingerprint};
use crate::format::segment::{self, SegmentId};
use crate::format::wire::checksum;
use crate::format::wire::wide;
use crate::hash::Hash;
use crate::map::Map;

/// Longest row key, in bytes.
pub(super) const MAX_KEY: usize = 8192;

/// A commit being put together.
#[derive(Debug)]
pub(super) struct Draft {
    plan: Planned,
    seed: Seed,
    seq: u64,
    /// Checksums of the records so far.
    crcs: Vec<u8>,
    fingerprints: Vec<Fingerprint>,
    /// It rests on no other commit: its bodies are all written.
    alone: bool,
}

/// A commit being written to disk.
#[derive(Debug)]
pub(super) struct Planned {
    ticket: u32,
    slot: u32,
    /// Where the bytes go; 0 in a segment that is born with them.
    start: u64,
    end: u64,
    seq: u64,
    chain: u32,
    /// What to write, without the bodies.
    bytes: Vec<u8>,
    /// Where in `bytes` the bodies go.
    gaps: Vec<u32>,
    /// Sum of the bodies.
    gap_bytes: u64,
    bodies: Map<Hash, Location>,
    rows: Vec<(Box<[u8]>, Version, Option<Value>)>,
}

impl Log {
    /// Begins a commit at the end of the own segment, or in a new one: when there is none, when a
    /// commit is under way in it, or when `fresh` asks for it: such a commit rests on no other, its
    /// bodies are all in it. `bytes` are about as many as will come.
    pub fn begin(&mut self, created_ms: u64, fresh: bool, bytes: usize) {
        let busy = |slot: u32| self.planned.iter().any(|plan| plan.slot == slot);
        let active = self.active.filter(|slot| !fresh && !busy(*slot));
        let slot = active.unwrap_or_else(|| self.born());
        let planned = self.planned.iter().map(|plan| plan.seq).max().unwrap_or(0);
        self.start(slot, self.seq.max(planned) + 1, created_ms);
        if let Some(draft) = &mut self.draft {
            draft.plan.bytes.reserve(bytes);
            draft.alone = fresh;
        }
    }

    /// Adds a row and its body, unless the caller has found that safely there ([`Log::keeps`]); returns
    /// whether it is to write the body into the next gap of the plan.
    pub fn put(
        &mut self,
        key: &[u8],
        url: &str,
        hash: Hash,
        meta: &[u8],
        body: &[u8],
    ) -> Result<bool> {
        if key.len().max(url.len()) > MAX_KEY {
            return Err(Error::invalid_key(url, "is too long"));
        }
        let new = self.add_body(hash, body)?;
        let value = Value {
            url: url.into(),
            hash,
            meta: meta.into(),
        };
        let version = Version {
            seq: self.drafted()?.seq,
            writer: self.writer,
        };
        self.add_row(key, version, Some(value), false)?;
        Ok(new)
    }

    /// Adds a deletion.
    pub fn delete(&mut self, key: &[u8]) -> Result<()> {
        let version = Version {
            seq: self.drafted()?.seq,
            writer: self.writer,
        };
        self.add_row(key, version, None, false)
    }

    /// Ends the commit and returns its ticket.
    pub fn end(&mut self) -> Result<u32> {
        let Some(mut draft) = self.draft.take() else {
            return Err(no_draft());
        };
        let commit = Commit {
            count: u32::try_from(draft.crcs.len() / 4).unwrap_or(u32::MAX),
            crc: checksum(&draft.crcs),
            chain: draft.plan.chain,
            fingerprints: core::mem::take(&mut draft.fingerprints),
        };
        let value = commit.pack();
        draft.plan.chain = checksum(&value);
        // Twice: see the scan.
        for _ in 0..2 {
            draft.write(COMMIT, 0, (&[], &[], &value))?;
        }
        draft.plan.end = draft.plan.position();
        self.tickets = self.tickets.wrapping_add(1);
        draft.plan.ticket = self.tickets;
        self.planned.push(draft.plan);
        Ok(self.tickets)
    }

    /// Drops a commit begun and not ended.
    pub fn drop_draft(&mut self) {
        self.draft = None;
    }

    /// The segment a plan writes to, and where in it; at 0 the segment is born with its bytes.
    pub fn plan_place(&self, ticket: u32) -> Option<(u32, u64)> {
        let plan = self.planned.iter().find(|plan| plan.ticket == ticket)?;
        Some((plan.slot, plan.start))
    }

    /// Where in a plan's bytes the bodies go, in the order in which they were added.
    pub fn plan_gaps(&self, ticket: u32) -> &[u32] {
        let plan = self.planned.iter().find(|plan| plan.ticket == ticket);
        plan.map_or(&[], |plan| &plan.gaps)
    }

    /// A plan's bytes without the bodies, once.
    pub fn plan_bytes(&mut self, ticket: u32) -> Vec<u8> {
        let plan = self.planned.iter_mut().find(|plan| plan.ticket == ticket);
        plan.map(|plan| core::mem::take(&mut plan.bytes))
            .unwrap_or_default()
    }

    /// A plan is written and, if `synced`, on stable storage: it becomes true.
    ///
    /// The segment goes on to take commits unless it was `apart`, for this one alone.
    pub fn commit_done(&mut self, ticket: u32, synced: bool, apart: bool) {
        let Some(plan) = self.take_plan(ticket) else {
            return;
        };
        self.token += 1;
        self.seq = self.seq.max(plan.seq);
        if let Some(segment) = self.at_mut(plan.slot) {
            segment.position.offset = plan.end;
            segment.position.chain = plan.chain;
            segment.position.seq = plan.seq;
            if synced {
                segment.synced = plan.end;
            }
        }
        if !apart {
            self.active = Some(plan.slot);
        }
        for (hash, location) in plan.bodies.entries() {
            self.place(*hash, *location);
        }
        for (key, version, value) in plan.rows {
            self.write(&key, version, plan.slot, value);
        }
        self.tell_healed();
    }

    /// A plan could not be written: nothing of it is true. `abandon` the segment when what is in
    /// the file behind the last commit is not known.
    pub fn fail(&mut self, ticket: u32, abandon: bool) {
        let Some(plan) = self.take_plan(ticket) else {
            return;
        };
        if let Some(segment) = self.at_mut(plan.slot) {
            segment.gone |= segment.position.offset == segment::HEADER;
        }
        if abandon {
            self.abandon(plan.slot);
        }
    }

    /// A segment is on stable storage up to this offset.
    pub fn synced(&mut self, slot: u32, to: u64) {
        if let Some(segment) = self.at_mut(slot) {
            segment.synced = segment.synced.max(to);
        }
    }

    /// Closes an own segment: returns the bytes that say so, to be appended to it.
    pub fn seal(&mut self, slot: u32) -> Result<Vec<u8>> {
        let mut bytes = Vec::new();
        let (Some(seed), Some(segment)) = (self.seed(slot), self.at(slot).copied()) else {
            return Ok(bytes);
        };
        let head = Head {
            kind: SEAL,
            codec: 0,
            flags: 0,
            seq: segment.position.seq,
        };
        record::write(
            &mut bytes,
            (&seed, segment.position.offset),
            head,
            (&[], &[], &[]),
        )?;
        self.abandon(slot);
        if let Some(segment) = self.at_mut(slot) {
            segment.position.offset += wide(bytes.len());
            segment.position.sealed = true;
        }
        Ok(bytes)
    }

    /// Takes no more commits into an own segment that cannot be closed properly.
    pub fn abandon(&mut self, slot: u32) {
        self.active = self.active.filter(|active| *active != slot);
    }

    /// The own segment that takes commits.
    pub const fn active(&self) -> Option<u32> {
        self.active
    }

    /// A new own segment.
    pub(super) fn born(&mut self) -> u32 {
        let number = self
            .segments
            .iter()
            .map(|segment| segment.id.number)
            .max()
            .unwrap_or(0)
            + 1;
        self.slot_of(SegmentId {
            number,
            writer: self.writer,
        })
    }

    pub(super) fn start(&mut self, slot: u32, seq: u64, created_ms: u64) {
        let Some((seed, segment)) = self.seed(slot).zip(self.at(slot).copied()) else {
            return;
        };
        let newborn = segment.position.offset == segment::HEADER;
        let plan = Planned {
            ticket: 0,
            slot,
            start: if newborn { 0 } else { segment.position.offset },
            end: 0,
            seq,
            chain: segment.position.chain,
            bytes: if newborn {
                segment::header(&self.store, segment.id, created_ms)
            } else {
                Vec::new()
            },
            gaps: Vec::new(),
            gap_bytes: 0,
            bodies: Map::new(self.writer),
            rows: Vec::new(),
        };
        self.draft = Some(Draft {
            plan,
            seed,
            seq,
            crcs: Vec::new(),
            fingerprints: Vec::new(),
            alone: false,
        });
    }

    fn add_body(&mut self, hash: Hash, body: &[u8]) -> Result<bool> {
        let safe = self.is_safe(&hash);
        let draft = self.drafted()?;
        if safe && !draft.alone || draft.plan.bodies.get(&hash).is_some() {
            return Ok(false);
        }
        self.write_body(hash, body)?;
        Ok(true)
    }

    pub(super) fn write_body(&mut self, hash: Hash, body: &[u8]) -> Result<()> {
        let draft = self.drafted()?;
        let offset = draft.plan.position();
        draft.write(BODY, 0, (&hash, &[], body))?;
        let length = u32::try_from(draft.plan.position() - offset).unwrap_or(0);
        let slot = draft.plan.slot;
        let location = Location {
            slot,
            offset,
            length,
        };
        draft.plan.bodies.insert(hash, location);
        Ok(())
    }

    pub(super) fn add_row(
        &mut self,
        key: &[u8],
        version: Version,
        value: Option<Value>,
        moved: bool,
    ) -> Result<()> {
        let draft = self.drafted()?;
        let mut meta = Vec::new();
        if moved {
            meta.extend_from_slice(&version.seq.to_le_bytes());
            meta.extend_from_slice(&version.writer.to_le_bytes());
        }
        if let Some(value) = &value {
            pack_row(&mut meta, key, value);
        }
        let kind = if value.is_some() { ROW } else { DELETE };
        draft.write(kind, if moved { MOVED } else { 0 }, (key, &meta, &[]))?;
        draft.fingerprints.push(fingerprint(key));
        draft.plan.rows.push((key.into(), version, value));
        Ok(())
    }

    fn take_plan(&mut self, ticket: u32) -> Option<Planned> {
        let at = self.planned.iter().position(|plan| plan.ticket == ticket)?;
        Some(self.planned.remove(at))
    }

    /// Bytes of the commit begun, bodies aside.
    pub(super) fn drafted_bytes(&self) -> usize {
        self.draft
            .as_ref()
            .map_or(0, |draft| draft.plan.bytes.len())
    }

    fn drafted(&mut self) -> Result<&mut Draft> {
        self.draft.as_mut().ok_or_else(no_draft)
    }

    /// Whether a body is where a power cut cannot take it: synced here, or read by a snapshot. Of one that
    /// no row names any more, not every process and snapshot knows the same copy, if any.
    pub(super) fn is_safe(&self, hash: &Hash) -> bool {
        let named = self.bodies.get(hash).filter(|_| self.is_named(hash));
        named.is_some_and(|location| {
            let end = location.offset + u64::from(location.length);
            let segment = self.at(location.slot).filter(|segment| !segment.damaged);
            location.length > 0 && segment.is_some_and(|it| end <= it.synced.max(it.covered))
        })
    }
}

fn no_draft() -> Box<Error> {
    Error::serialization("a commit that was not begun")
}

impl Planned {
    /// Offset in the segment behind what is planned so far.
    fn position(&self) -> u64 {
        self.start + wide(self.bytes.len()) + self.gap_bytes
    }
}

impl Draft {
    fn write(&mut self, kind: u8, flags: u16, parts: (&[u8], &[u8], &[u8])) -> Result<()> {
        let head = Head {
            kind,
            codec: 0,
            flags,
            seq: self.seq,
        };
        let plan = &mut self.plan;
        let place = (&self.seed, plan.start + plan.gap_bytes);
        let crc = if kind == BODY {
            let crc = record::write_but_value(&mut plan.bytes, place, head, parts)?;
            plan.gaps
                .push(u32::try_from(plan.bytes.len()).unwrap_or(u32::MAX));
            plan.gap_bytes += wide(parts.2.len());
            crc
        } else {
            record::write(&mut plan.bytes, place, head, parts)?
        };
        self.crcs.extend_from_slice(&crc.to_le_bytes());
        Ok(())
    }
}
