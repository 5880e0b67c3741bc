//! The index snapshot: all that the segments said up to certain lengths, in one file.
//!
//! A cache that can be rebuilt: a snapshot that fails its checksum is as good as none. Magic
//! `89 'F' 'S' 'N' 0D 0A 1A 0A`, major u16, minor u16, incompatible bits u32, store 16 bytes, CRC-32C
//! of these 32 bytes and the payload u32, then the payload in postcard. In minor version 0 the CRC is of
//! the payload alone. Rows stand in the order of their keys and share
//! the beginning of the key before; a body is named once.

use serde::{Deserialize, Serialize, Serializer};

use super::live::NOWHERE;
use super::{Location, Log, Version};
use crate::error::{Error, Result};
use crate::format::row::{Value, place_in};
use crate::format::scan::{Fingerprint, Position};
use crate::format::segment::{MAJOR, SegmentId, too_new};
use crate::format::wire::Reader;
use crate::format::wire::checksum;
use crate::hash::Hash;
use crate::map::Map;
use crate::order::sorted;

const MAGIC: [u8; 8] = *b"\x89FSN\r\n\x1a\n";
const MINOR: u16 = 1;
/// Header up to its checksum.
const CHECKED: usize = 32;

#[derive(Serialize, Deserialize)]
struct Payload<'a> {
    seq: u64,
    /// In the order of their numbers; the slots below count in it. The last number is 0 for a whole
    /// segment, 1 for a damaged one, and from 2 on the seq, plus 2, before which a commit is unreadable.
    segments: Vec<(SegmentId, Position, u64)>,
    writers: Vec<u64>,
    bodies: Vec<(Hash, Location)>,
    #[serde(borrow)]
    rows: Vec<Packed<'a>>,
    lost: Vec<(Fingerprint, Version)>,
    others: Vec<Location>,
}

#[derive(Serialize, Deserialize)]
struct Packed<'a> {
    /// Bytes of the key before that this one begins with.
    shared: u32,
    #[serde(serialize_with = "whole")]
    rest: &'a [u8],
    seq: u64,
    writer: u32,
    slot: u32,
    #[serde(borrow)]
    value: Option<PackedValue<'a>>,
}

#[derive(Serialize, Deserialize)]
struct PackedValue<'a> {
    /// Length of the URL and, from 1, its place in the key; 0: it stands in `url`.
    length: u32,
    place: u32,
    url: &'a str,
    body: u32,
    #[serde(serialize_with = "whole")]
    meta: &'a [u8],
}

impl Log {
    /// The snapshot of what is known now, to be published under a new generation.
    pub fn snapshot(&mut self) -> Result<Vec<u8>> {
        self.examine();
        let payload =
            postcard::to_allocvec(&self.payload()).map_err(|_| Error::serialization("snapshot"))?;
        self.publishing = self
            .segments
            .iter()
            .map(|segment| segment.position.offset)
            .collect();
        let mut bytes = MAGIC.to_vec();
        bytes.extend_from_slice(&MAJOR.to_le_bytes());
        bytes.extend_from_slice(&MINOR.to_le_bytes());
        bytes.extend_from_slice(&[0; 4]);
        bytes.extend_from_slice(&self.store);
        let crc = checksum(&[bytes.as_slice(), payload.as_slice()].concat());
        bytes.extend_from_slice(&crc.to_le_bytes());
        bytes.extend_from_slice(&payload);
        Ok(bytes)
    }

    /// The snapshot last made is in its place, and durable.
    pub fn published(&mut self) {
        self.notes.clear();
        for (segment, covered) in self.segments.iter_mut().zip(self.publishing.drain(..)) {
            segment.covered = segment.covered.max(covered);
        }
    }

    /// Takes in a snapshot, before any segment; false when it is damaged or another store's.
    pub fn load(&mut self, bytes: &[u8]) -> Result<bool> {
        let Some((major, incompatible, payload)) = self.open(bytes) else {
            self.notes
                .push("a snapshot is unreadable, and was rebuilt from the segments".into());
            return Ok(false);
        };
        too_new(major, incompatible)?;
        let Ok(payload) = postcard::from_bytes::<Payload<'_>>(payload) else {
            self.notes
                .push("a snapshot does not unpack, and was rebuilt from the segments".into());
            return Ok(false);
        };
        self.token += 1;
        self.take_in(payload);
        Ok(true)
    }

    fn open<'a>(&self, bytes: &'a [u8]) -> Option<(u16, u32, &'a [u8])> {
        let mut reader = Reader::new(bytes);
        let magic: [u8; 8] = reader.array()?;
        let (major, minor, incompatible) = (reader.u16()?, reader.u16()?, reader.u32()?);
        let (store, crc): ([u8; 16], u32) = (reader.array()?, reader.u32()?);
        let payload = reader.rest();
        let old = (major, minor, incompatible) == (MAJOR, 0, 0);
        let checked = if old {
            checksum(payload)
        } else {
            checksum(&[bytes.get(..CHECKED)?, payload].concat())
        };
        let whole = magic == MAGIC && store == self.store && crc == checked;
        whole.then_some((major, incompatible, payload))
    }

    fn payload(&self) -> Payload<'_> {
        let (segments, places) = self.present();
        let moved = |at: &Location| Location {
            slot: places.get(at.slot as usize).copied().unwrap_or(u32::MAX),
            ..*at
        };
        // Garbage too, as long as it is there: of two copies of a body all readers take the same one.
        let mut bodies = self.named();
        for (hash, at) in self.bodies.all() {
            bodies.insert(hash, at);
        }
        let mut writers = Vec::new();
        let mut before: &[u8] = &[];
        let mut rows = Vec::new();
        let known = self.rows.entries();
        let key_of = |number: usize| known.get(number).map(|(key, _)| key);
        let order = sorted(known.len(), &|left, right| key_of(left).cmp(&key_of(right)));
        for (key, entry) in order.into_iter().filter_map(|number| known.get(number)) {
            let shared = key
                .iter()
                .zip(before)
                .take_while(|(one, other)| one == other)
                .count();
            before = key;
            rows.push(Packed {
                shared: index(shared),
                rest: key.get(shared..).unwrap_or_default(),
                seq: entry.version.seq,
                writer: position_in(&mut writers, entry.version.writer),
                slot: places.get(entry.slot as usize).copied().unwrap_or(u32::MAX),
                value: entry
                    .value
                    .as_ref()
                    .map(|value| pack_value(key, value, &bodies)),
            });
        }
        Payload {
            seq: self.seq,
            segments,
            writers,
            bodies: bodies
                .entries()
                .iter()
                .map(|(hash, at)| (*hash, moved(at)))
                .collect(),
            rows,
            lost: self.lost.clone(),
            others: self.others.iter().map(moved).collect(),
        }
    }

    /// The segments that are there, and for each slot its position among them.
    fn present(&self) -> (Vec<(SegmentId, Position, u64)>, Vec<u32>) {
        let mut present = Vec::new();
        let mut places = Vec::new();
        for segment in &self.segments {
            places.push(if segment.gone {
                u32::MAX
            } else {
                index(present.len())
            });
            if !segment.gone {
                let unknown = segment.unknown.map(|before| before + 2);
                let damage = unknown.unwrap_or(u64::from(segment.damaged));
                present.push((segment.id, segment.position, damage));
            }
        }
        (present, places)
    }

    /// The bodies that rows name, wherever they are; the others are garbage.
    pub(super) fn named(&self) -> Map<Hash, Location> {
        let mut named = Map::new(self.writer);
        for value in self
            .rows
            .entries()
            .iter()
            .filter_map(|(_, entry)| entry.value.as_ref())
        {
            let location = self.bodies.get(&value.hash).unwrap_or(NOWHERE);
            named.insert(value.hash, location);
        }
        named
    }

    fn take_in(&mut self, payload: Payload<'_>) {
        // A row without a body is noticed as it is written.
        self.ailing |= !payload.lost.is_empty()
            || payload.segments.iter().any(|(_, _, damage)| *damage > 0)
            || payload.bodies.iter().any(|(_, at)| at.length == 0);
        let mut slots = Vec::new();
        for (id, position, damage) in payload.segments {
            let slot = self.slot_of(id);
            slots.push(slot);
            if let Some(segment) = self.at_mut(slot) {
                segment.covered = position.offset;
                segment.position = position;
                segment.damaged = damage > 0;
                segment.unknown = damage.checked_sub(2);
            }
        }
        let slot = |place: u32| slots.get(place as usize).copied().unwrap_or(u32::MAX);
        let here = |at: Location| Location {
            slot: slot(at.slot),
            ..at
        };
        self.bodies.reserve(payload.bodies.len());
        self.rows.reserve(payload.rows.len());
        for (hash, at) in &payload.bodies {
            self.place(*hash, here(*at));
        }
        let mut key = Vec::new();
        for row in payload.rows {
            key.truncate(row.shared as usize);
            key.extend_from_slice(row.rest);
            let writer = payload
                .writers
                .get(row.writer as usize)
                .copied()
                .unwrap_or(0);
            let version = Version {
                seq: row.seq,
                writer,
            };
            let value = row
                .value
                .and_then(|value| unpack_value(&key, &value, &payload.bodies));
            self.write(&key, version, slot(row.slot), value);
        }
        self.others = payload.others.into_iter().map(here).collect();
        self.lost = payload.lost;
        self.seq = payload.seq;
    }
}

fn pack_value<'a>(key: &[u8], value: &'a Value, bodies: &Map<Hash, Location>) -> PackedValue<'a> {
    let place = place_in(key, value.url.as_bytes()).map(|at| u32::from(at) + 1);
    PackedValue {
        length: index(value.url.len()),
        place: place.unwrap_or(0),
        url: if place.is_some() { "" } else { &value.url },
        body: bodies.position(&value.hash).unwrap_or(0),
        meta: &value.meta,
    }
}

fn unpack_value(key: &[u8], value: &PackedValue<'_>, bodies: &[(Hash, Location)]) -> Option<Value> {
    let url = match value.place.checked_sub(1) {
        None => value.url,
        Some(at) => {
            let bytes = key.get(at as usize..)?.get(..value.length as usize)?;
            core::str::from_utf8(bytes).ok()?
        }
    };
    let (hash, _) = bodies.get(value.body as usize)?;
    Some(Value {
        url: url.into(),
        hash: *hash,
        meta: value.meta.into(),
    })
}

fn index(position: usize) -> u32 {
    u32::try_from(position).unwrap_or(u32::MAX)
}

fn position_in(writers: &mut Vec<u64>, writer: u64) -> u32 {
    let known = writers.iter().position(|known| *known == writer);
    index(known.unwrap_or_else(|| {
        writers.push(writer);
        writers.len() - 1
    }))
}

/// The same bytes as serde's own way, which goes byte by byte and takes ten times as long.
fn whole<S: Serializer>(bytes: &[u8], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_bytes(bytes)
}
