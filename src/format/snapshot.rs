//! The index snapshot: all that the segments said up to certain lengths, in one file.
//!
//! A cache that can be rebuilt: a snapshot that fails its checksum is as good as none. Magic
//! `89 'F' 'S' 'N' 0D 0A 1A 0A`, major u16, minor u16, incompatible bits u32, store 16 bytes, CRC-32C
//! of the payload u32, then the payload in postcard. Rows stand in the order of their keys and share
//! the beginning of the key before; a body is named once.

use serde::{Deserialize, Serialize};

use super::log::{Entry, Location, Log, Segment, Value, Version, place_in};
use super::record::checksum;
use super::scan::{Fingerprint, Position};
use super::segment::{MAJOR, SegmentId, too_new};
use super::wire::Reader;
use crate::error::{Error, Result};
use crate::hash::Hash;

const MAGIC: [u8; 8] = *b"\x89FSN\r\n\x1a\n";

#[derive(Serialize, Deserialize)]
struct Payload<'a> {
    seq: u64,
    segments: Vec<Covered>,
    writers: Vec<u64>,
    bodies: Vec<(Hash, u32, u64, u32)>,
    #[serde(borrow)]
    rows: Vec<Packed<'a>>,
    lost: Vec<(Fingerprint, u64, u64)>,
    others: Vec<(u32, u64, u32)>,
}

#[derive(Serialize, Deserialize)]
struct Covered {
    number: u64,
    writer: u64,
    offset: u64,
    sealed: bool,
    damaged: bool,
    chain: u32,
    seq: u64,
}

#[derive(Serialize, Deserialize)]
struct Packed<'a> {
    shared: u32,
    #[serde(borrow)]
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
    #[serde(borrow)]
    meta: &'a [u8],
}

impl Log {
    /// The snapshot of what is known now, to be published under a new generation.
    pub fn snapshot(&mut self) -> Result<Vec<u8>> {
        let payload = postcard::to_allocvec(&self.payload())
            .map_err(|_| Error::Serialization { what: "snapshot" })?;
        self.publishing = self
            .segments
            .iter()
            .map(|segment| segment.position.offset)
            .collect();
        let mut bytes = MAGIC.to_vec();
        bytes.extend_from_slice(&MAJOR.to_le_bytes());
        bytes.extend_from_slice(&[0; 6]);
        bytes.extend_from_slice(&self.store);
        bytes.extend_from_slice(&checksum(&payload).to_le_bytes());
        bytes.extend_from_slice(&payload);
        Ok(bytes)
    }

    /// The snapshot last made is in its place, and durable.
    pub fn published(&mut self) {
        for (segment, covered) in self.segments.iter_mut().zip(self.publishing.drain(..)) {
            segment.covered = segment.covered.max(covered);
        }
    }

    /// Takes in a snapshot, before any segment; false when it is damaged or another store's.
    pub fn load(&mut self, bytes: &[u8]) -> Result<bool> {
        let Some((major, incompatible, payload)) = self.open(bytes) else {
            self.damage
                .push("a snapshot is unreadable, and was rebuilt from the segments".into());
            return Ok(false);
        };
        too_new(major, incompatible)?;
        let Ok(payload) = postcard::from_bytes::<Payload<'_>>(payload) else {
            self.damage
                .push("a snapshot does not unpack, and was rebuilt from the segments".into());
            return Ok(false);
        };
        self.token += 1;
        self.take_in(&payload);
        Ok(true)
    }

    fn open<'a>(&self, bytes: &'a [u8]) -> Option<(u16, u32, &'a [u8])> {
        let mut reader = Reader::new(bytes);
        let magic: [u8; 8] = reader.array()?;
        let (major, _minor, incompatible) = (reader.u16()?, reader.u16()?, reader.u32()?);
        let (store, crc): ([u8; 16], u32) = (reader.array()?, reader.u32()?);
        let payload = reader.rest();
        let whole = magic == MAGIC && store == self.store && crc == checksum(payload);
        whole.then_some((major, incompatible, payload))
    }

    fn payload(&self) -> Payload<'_> {
        let here: Vec<(u32, &Segment)> = (0..)
            .zip(&self.segments)
            .filter(|(_, segment)| !segment.gone)
            .collect();
        let place = |slot: u32| match here.binary_search_by_key(&slot, |(slot, _)| *slot) {
            Ok(at) => index(at),
            Err(_) => u32::MAX,
        };
        let mut writers: Vec<u64> = self
            .rows
            .values()
            .map(|entry| entry.version.writer)
            .collect();
        writers.sort_unstable();
        writers.dedup();
        // Bodies no row names are left out: they are garbage.
        let mut named: Vec<Hash> = self.values().map(|value| value.hash).collect();
        named.sort_unstable();
        named.dedup();
        let bodies = named.iter().map(|hash| {
            let nowhere = Location {
                slot: 0,
                offset: 0,
                length: 0,
            };
            let at = self.bodies.get(hash).copied().unwrap_or(nowhere);
            (*hash, place(at.slot), at.offset, at.length)
        });
        let mut before: &[u8] = &[];
        let rows = self.rows.iter().map(|(key, entry)| {
            let shared = key
                .iter()
                .zip(before)
                .take_while(|(one, other)| one == other)
                .count();
            before = key;
            Packed {
                shared: index(shared),
                rest: key.get(shared..).unwrap_or_default(),
                seq: entry.version.seq,
                writer: index(writers.binary_search(&entry.version.writer).unwrap_or(0)),
                slot: place(entry.slot),
                value: entry
                    .value
                    .as_ref()
                    .map(|value| pack_value(key, value, &named)),
            }
        });
        let lost = self
            .lost
            .iter()
            .map(|(key, version)| (*key, version.seq, version.writer));
        Payload {
            seq: self.seq,
            segments: here
                .iter()
                .map(|(_, it)| covered(it.id, &it.position, it.damaged))
                .collect(),
            rows: rows.collect(),
            bodies: bodies.collect(),
            lost: lost.collect(),
            others: self
                .others
                .iter()
                .map(|at| (place(at.slot), at.offset, at.length))
                .collect(),
            writers,
        }
    }

    fn values(&self) -> impl Iterator<Item = &Value> {
        self.rows.values().filter_map(|entry| entry.value.as_ref())
    }

    fn take_in(&mut self, payload: &Payload<'_>) {
        let slots: Vec<u32> = payload
            .segments
            .iter()
            .map(|covered| self.cover(covered))
            .collect();
        let slot = |index: u32| slots.get(index as usize).copied().unwrap_or(u32::MAX);
        self.seq = payload.seq;
        self.lost = payload
            .lost
            .iter()
            .map(|(key, seq, writer)| {
                (
                    *key,
                    Version {
                        seq: *seq,
                        writer: *writer,
                    },
                )
            })
            .collect();
        self.others = payload
            .others
            .iter()
            .map(|(at, offset, length)| Location {
                slot: slot(*at),
                offset: *offset,
                length: *length,
            })
            .collect();
        self.bodies = payload
            .bodies
            .iter()
            .map(|(hash, at, offset, length)| {
                (
                    *hash,
                    Location {
                        slot: slot(*at),
                        offset: *offset,
                        length: *length,
                    },
                )
            })
            .collect();
        let mut key = Vec::new();
        let token = self.token;
        let rows = payload.rows.iter().map(|row| {
            key.truncate(row.shared as usize);
            key.extend_from_slice(row.rest);
            let writer = payload
                .writers
                .get(row.writer as usize)
                .copied()
                .unwrap_or(0);
            let entry = Entry {
                version: Version {
                    seq: row.seq,
                    writer,
                },
                slot: slot(row.slot),
                token,
                value: row
                    .value
                    .as_ref()
                    .and_then(|value| unpack_value(&key, value, payload)),
            };
            (key.as_slice().into(), entry)
        });
        self.rows = rows.collect();
    }

    fn cover(&mut self, covered: &Covered) -> u32 {
        let slot = self.slot_of(SegmentId {
            number: covered.number,
            writer: covered.writer,
        });
        if let Some(segment) = self.at_mut(slot) {
            segment.covered = covered.offset;
            segment.damaged = covered.damaged;
            segment.position = Position {
                offset: covered.offset,
                sealed: covered.sealed,
                chain: covered.chain,
                seq: covered.seq,
            };
        }
        slot
    }
}

fn covered(id: SegmentId, position: &Position, damaged: bool) -> Covered {
    Covered {
        number: id.number,
        writer: id.writer,
        offset: position.offset,
        sealed: position.sealed,
        damaged,
        chain: position.chain,
        seq: position.seq,
    }
}

fn pack_value<'a>(key: &[u8], value: &'a Value, named: &[Hash]) -> PackedValue<'a> {
    let place = place_in(key, value.url.as_bytes()).map(|at| u32::from(at) + 1);
    PackedValue {
        length: index(value.url.len()),
        place: place.unwrap_or(0),
        url: if place.is_some() { "" } else { &value.url },
        body: index(named.binary_search(&value.hash).unwrap_or(0)),
        meta: &value.meta,
    }
}

fn unpack_value(key: &[u8], value: &PackedValue<'_>, payload: &Payload<'_>) -> Option<Value> {
    let url = match value.place.checked_sub(1) {
        None => value.url,
        Some(at) => {
            let bytes = key.get(at as usize..)?.get(..value.length as usize)?;
            core::str::from_utf8(bytes).ok()?
        }
    };
    let (hash, ..) = payload.bodies.get(value.body as usize)?;
    Some(Value {
        url: url.into(),
        hash: *hash,
        meta: value.meta.into(),
    })
}

fn index(position: usize) -> u32 {
    u32::try_from(position).unwrap_or(u32::MAX)
}
