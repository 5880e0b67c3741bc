//! The segment log of a directory, as the `fs` adapter holds it.
//!
//! Offsets cross as numbers: a segment is far below 2^53 bytes.

use wasm_bindgen::prelude::wasm_bindgen;

use super::wall;
use crate::error::{Error, Result};
use crate::format::log::{Location, Log};
use crate::format::place;
use crate::format::rows::Packer;
use crate::format::segment::{self, SegmentId, StoreId};

/// The state of one directory. Slots name segments, tickets name planned commits.
#[wasm_bindgen]
#[derive(Debug)]
pub struct LogHandle {
    log: Log,
}

#[wasm_bindgen]
impl LogHandle {
    /// An empty log; `store` are 16 bytes, `writer` 8 random ones.
    #[wasm_bindgen(constructor)]
    pub fn new(store: &[u8], writer: &[u8]) -> Result<Self> {
        let store = fixed::<16>(store, "store")?;
        let writer = u64::from_le_bytes(fixed(writer, "writer")?);
        Ok(Self {
            log: Log::new(store, writer),
        })
    }

    /// Takes in a snapshot; false when it is damaged.
    pub fn load(&mut self, bytes: &[u8]) -> Result<bool> {
        self.log.load(bytes)
    }

    /// The slot of a segment by its file name; undefined for any other file.
    pub fn segment(&mut self, name: &str) -> Option<u32> {
        self.log.segment(name)
    }

    /// File name of a segment.
    pub fn name(&self, slot: u32) -> String {
        self.log.name(slot)
    }

    /// Slots of the segments whose files are there, or to come.
    pub fn present(&self) -> Vec<u32> {
        (0..self.log.count())
            .filter(|slot| !self.log.is_gone(*slot))
            .collect()
    }

    /// What holds of a segment, as a sum of numbers of [`wall`].
    pub fn status(&self, slot: u32) -> u32 {
        u32::from(self.log.is_gone(slot)) * wall::SEGMENT_GONE
            + u32::from(self.log.is_own(slot)) * wall::SEGMENT_OWN
            + u32::from(self.log.is_sealed(slot)) * wall::SEGMENT_SEALED
            + u32::from(self.log.is_mergeable(slot)) * wall::SEGMENT_MERGEABLE
    }

    /// Offset from which `scan` wants the segment.
    pub fn scanned(&self, slot: u32) -> f64 {
        to_js(self.log.scanned(slot))
    }

    /// Checks the header of a segment not read before.
    #[wasm_bindgen(js_name = checkHeader)]
    pub fn check_header(&mut self, slot: u32, bytes: &[u8]) -> Result<()> {
        self.log.check_header(slot, bytes)
    }

    /// Takes in a segment from `scanned` to its end; true when something was new.
    pub fn scan(&mut self, slot: u32, bytes: &[u8]) -> Result<bool> {
        self.log.scan(slot, bytes)
    }

    /// Forgets a segment whose file is gone; true when something live was only there.
    pub fn forget(&mut self, slot: u32) -> bool {
        self.log.forget(slot)
    }

    /// Wants all segments read again, before tokens count.
    pub fn rewind(&mut self) {
        self.log.rewind();
    }

    /// All files are read: tokens count from here.
    #[wasm_bindgen(js_name = startCounting)]
    pub fn start_counting(&mut self) {
        self.log.start_counting();
    }

    /// Sentences on damage that no row reports.
    pub fn damage(&mut self) -> Vec<String> {
        self.log.damage()
    }

    /// Grows with every batch taken in.
    pub fn token(&self) -> f64 {
        to_js(self.log.token())
    }

    /// All rows, packed.
    pub fn index(&self) -> Vec<u8> {
        self.log.index()
    }

    /// The row of a key, packed alone.
    pub fn row(&self, key: &[u8]) -> Option<Vec<u8>> {
        let row = self.log.row(key)?;
        let mut packer = Packer::default();
        packer.push(&row);
        Some(packer.finish())
    }

    /// The rows of a URL, packed.
    #[wasm_bindgen(js_name = byUrl)]
    pub fn by_url(&self, url: &str) -> Vec<u8> {
        self.log.by_url(url)
    }

    /// The rows written after a token, packed.
    pub fn changed(&self, since: f64) -> Vec<u8> {
        self.log.changed(from_js(since))
    }

    /// The keys deleted after a token, each behind its length as a little-endian u32.
    pub fn deleted(&self, since: f64) -> Vec<u8> {
        self.log.deleted(from_js(since))
    }

    /// Revision of a row; 0 when there is none.
    pub fn revision(&self, key: &[u8]) -> f64 {
        to_js(self.log.revision(key))
    }

    /// Where bodies lie: slot, offset and length for each of the hashes, which stand one behind the
    /// other. Slot -1: never heard of; length 0: unreadable.
    pub fn locate(&self, hashes: &[u8]) -> Vec<f64> {
        let (hashes, _) = hashes.as_chunks::<32>();
        let located = hashes.iter().map(|hash| match self.log.locate(hash) {
            Some(at) => [f64::from(at.slot), to_js(at.offset), f64::from(at.length)],
            None => [-1.0, 0.0, 0.0],
        });
        located.flatten().collect()
    }

    /// Which of the bodies of these hashes a commit leaves out: 1 for each that lies safely already. They
    /// are to be read and checked before.
    pub fn keeps(&self, hashes: &[u8]) -> Vec<u8> {
        let (hashes, _) = hashes.as_chunks::<32>();
        let kept = hashes.iter().map(|hash| u8::from(self.log.keeps(hash)));
        kept.collect()
    }

    /// Whether to close the open segment before a commit, which belongs in a later one.
    #[wasm_bindgen(js_name = isOutranked)]
    pub fn is_outranked(&self) -> bool {
        self.log.is_outranked()
    }

    /// Checks bodies within `bytes`, read at `base` of a segment: `places` holds offset and length
    /// of each record, as `locate` returned them. Returns begin and end of each body in `bytes`; a body that
    /// is damaged ends before it begins, and counts as absent from here on.
    pub fn verify(
        &mut self,
        slot: u32,
        base: f64,
        bytes: &[u8],
        places: &[f64],
        hashes: &[u8],
    ) -> Result<Vec<u32>> {
        let ((hashes, _), (places, _)) = (hashes.as_chunks::<32>(), places.as_chunks::<2>());
        let mut found = Vec::with_capacity(places.len() * 2);
        for (hash, [offset, length]) in hashes.iter().zip(places) {
            let length = u32::try_from(from_js(*length)).unwrap_or(0);
            let location = Location {
                slot,
                offset: from_js(*offset),
                length,
            };
            let [begin, end] = match self.log.verify(hash, location, from_js(base), bytes) {
                Err(error) if error.code() == "CORRUPT" => {
                    self.log.lose_body(hash, location);
                    [1, 0]
                }
                checked => checked.map(|range| [range.start, range.end])?,
            };
            found.push(u32::try_from(begin).unwrap_or(u32::MAX));
            found.push(u32::try_from(end).unwrap_or(u32::MAX));
        }
        Ok(found)
    }

    /// Begins a commit of about so many bytes besides its bodies, in a segment of its own when `fresh`.
    pub fn begin(&mut self, now: f64, fresh: bool, bytes: usize) {
        self.log.begin(from_js(now), fresh, bytes);
    }

    /// Adds a row and its body; true when the body goes into the next gap of the plan.
    pub fn put(
        &mut self,
        key: &[u8],
        url: &str,
        hash: &[u8],
        meta: &[u8],
        body: &[u8],
    ) -> Result<bool> {
        self.log.put(key, url, fixed(hash, "hash")?, meta, body)
    }

    /// Adds a deletion.
    pub fn delete(&mut self, key: &[u8]) -> Result<()> {
        self.log.delete(key)
    }

    /// Ends the commit and returns its ticket.
    pub fn end(&mut self) -> Result<u32> {
        self.log.end()
    }

    /// Drops a commit begun and not ended.
    #[wasm_bindgen(js_name = dropDraft)]
    pub fn drop_draft(&mut self) {
        self.log.drop_draft();
    }

    /// The segment a planned commit goes to, and where in it; at 0 the segment is born with it.
    #[wasm_bindgen(js_name = planPlace)]
    pub fn plan_place(&self, ticket: u32) -> Vec<f64> {
        let place = self.log.plan_place(ticket);
        place.map_or_else(Vec::new, |(slot, offset)| vec![slot.into(), to_js(offset)])
    }

    /// Where in its bytes the bodies go that were added to it.
    #[wasm_bindgen(js_name = planGaps)]
    pub fn plan_gaps(&self, ticket: u32) -> Vec<u32> {
        self.log.plan_gaps(ticket).to_vec()
    }

    /// Its bytes without those bodies, once.
    #[wasm_bindgen(js_name = planBytes)]
    pub fn plan_bytes(&mut self, ticket: u32) -> Vec<u8> {
        self.log.plan_bytes(ticket)
    }

    /// The commit is written: it becomes true.
    #[wasm_bindgen(js_name = commitDone)]
    pub fn commit_done(&mut self, ticket: u32, synced: bool, apart: bool) {
        self.log.commit_done(ticket, synced, apart);
    }

    /// The commit could not be written.
    pub fn fail(&mut self, ticket: u32, abandon: bool) {
        self.log.fail(ticket, abandon);
    }

    /// Closes an own segment: the bytes to append to it.
    pub fn seal(&mut self, slot: u32) -> Result<Vec<u8>> {
        self.log.seal(slot)
    }

    /// Takes no more commits into an own segment.
    pub fn abandon(&mut self, slot: u32) {
        self.log.abandon(slot);
    }

    /// Segments not known to be on stable storage.
    pub fn unsynced(&self) -> Vec<u32> {
        self.log.unsynced()
    }

    /// A segment is on stable storage up to an offset.
    pub fn synced(&mut self, slot: u32, to: f64) {
        self.log.synced(slot, from_js(to));
    }

    /// Bytes of segments that no published snapshot has read.
    pub fn uncovered(&self) -> f64 {
        to_js(self.log.uncovered())
    }

    /// The snapshot of what is known.
    pub fn snapshot(&mut self) -> Result<Vec<u8>> {
        self.log.snapshot()
    }

    /// That snapshot is in its place.
    pub fn published(&mut self) {
        self.log.published();
    }

    /// Segments more of which is dead than live: slot and dead bytes of each.
    pub fn wasted(&self) -> Vec<f64> {
        let wasted = self.log.wasted().into_iter();
        wasted
            .flat_map(|(slot, dead)| [f64::from(slot), to_js(dead)])
            .collect()
    }

    /// Whether there is no row.
    #[wasm_bindgen(js_name = isEmpty)]
    pub fn is_empty(&self) -> bool {
        self.log.is_empty()
    }

    /// Names the segment a merge writes to.
    #[wasm_bindgen(js_name = mergeTarget)]
    pub fn merge_target(&mut self) -> u32 {
        self.log.merge_target()
    }

    /// Whether anything in a segment is live.
    #[wasm_bindgen(js_name = isNeeded)]
    pub fn is_needed(&self, slot: u32) -> bool {
        self.log.is_needed(slot)
    }

    /// Whether a row names a body.
    #[wasm_bindgen(js_name = isNamed)]
    pub fn is_named(&self, hash: &[u8]) -> Result<bool> {
        Ok(self.log.is_named(&fixed(hash, "hash")?))
    }

    /// Hashes of the bodies to be moved out of a segment, one behind the other.
    pub fn movable(&self, source: u32) -> Vec<u8> {
        self.log.movable(source).concat()
    }

    /// Begins a commit of moved records.
    #[wasm_bindgen(js_name = beginMove)]
    pub fn begin_move(&mut self, target: u32, now: f64) {
        self.log.begin_move(target, from_js(now));
    }

    /// Moves a body.
    #[wasm_bindgen(js_name = moveBody)]
    pub fn move_body(&mut self, hash: &[u8], body: &[u8]) -> Result<()> {
        self.log.move_body(fixed(hash, "hash")?, body)
    }

    /// Moves rows of a segment, about so many bytes; true when those were all.
    #[wasm_bindgen(js_name = moveRows)]
    pub fn move_rows(&mut self, source: u32, bytes: usize) -> Result<bool> {
        self.log.move_rows(source, bytes)
    }
}

/// The FORMAT file of a new store of these 16 bytes.
#[wasm_bindgen(js_name = packFormat)]
pub fn pack_format(store: &[u8]) -> Result<Vec<u8>> {
    let store: StoreId = fixed(store, "store")?;
    Ok(place::pack(&store))
}

/// The 16 bytes of the store a FORMAT file names.
#[wasm_bindgen(js_name = unpackFormat)]
pub fn unpack_format(file: &[u8]) -> Result<Vec<u8>> {
    place::unpack(file).map(|store| store.to_vec())
}

/// The 16 bytes of the store that a segment belongs to, by its file name and its header; none where the
/// header does not hold.
#[wasm_bindgen(js_name = storeOfSegment)]
pub fn store_of_segment(name: &str, header: &[u8]) -> Result<Option<Vec<u8>>> {
    let Some(id) = SegmentId::parse(name) else {
        return Ok(None);
    };
    Ok(segment::store_of(id, header)?.map(|store| store.to_vec()))
}

fn fixed<const N: usize>(bytes: &[u8], what: &'static str) -> Result<[u8; N]> {
    bytes.try_into().map_err(|_| {
        let what = format!("{what} of {} bytes", bytes.len());
        Error::invalid_value(&what, "has the wrong length")
    })
}

#[expect(
    clippy::cast_precision_loss,
    reason = "offsets and counts stay below 2^53"
)]
const fn to_js(number: u64) -> f64 {
    number as f64
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "the cast saturates, and the numbers come from `to_js` or a clock"
)]
const fn from_js(number: f64) -> u64 {
    number as u64
}
