//! Holds and uses: what somebody counts on stays as it was, and every sum is exact.

use std::collections::{BTreeMap, BTreeSet};

use fhir_schema_store::catalog::Slot;
use fhir_schema_store::hash::Hash;
use fhir_schema_store::memory::{Form, Hold};
use fhir_schema_store::store::Effects;

use super::{ENTRIES, LIMIT, Row, World};
use crate::{Id, key};

/// Bookkeeping per resident entry.
const OVERHEAD: usize = 96;

/// One hold, and what it was taken on.
#[derive(Clone, Debug)]
pub(super) struct Held {
    pub(super) slot: Slot,
    id: Id,
    hash: Hash,
    body: Vec<u8>,
    /// Its time was over since.
    hidden: bool,
}

impl World {
    pub(super) fn hold(&mut self, id: Id) -> Effects {
        let Some(row) = self.rows.get(&id).filter(|row| !row.expired).cloned() else {
            return Effects::new();
        };
        let weight = self.weight(&row.body, id);
        let expected = if self.is_held(row.slot) {
            Hold::Held
        } else if self.held_slots().len() >= ENTRIES {
            Hold::NoEntries
        } else if self.leased() + self.pending + weight > LIMIT {
            Hold::NoBytes
        } else {
            Hold::Held
        };
        let (hold, effects) = self.store.hold(row.slot);
        assert_eq!(hold, expected);
        if hold == Hold::Held {
            self.note_held(id);
        }
        effects
    }

    /// Notes a hold on what a row is now, and the value that goes with it.
    pub(super) fn note_held(&mut self, id: Id) {
        let Row {
            slot, hash, body, ..
        } = self.rows[&id].clone();
        self.values.insert(slot);
        self.held.push(Held {
            slot,
            id,
            hash,
            body,
            hidden: false,
        });
    }

    /// Notes that the time of an entry is over.
    pub(super) fn note_hidden(&mut self, slot: Slot) {
        for held in &mut self.held {
            held.hidden |= held.slot == slot;
        }
    }

    /// How many bodies are held, and what their values take.
    pub(super) fn held_values(&self) -> (usize, usize) {
        let distinct: BTreeMap<Slot, usize> = self
            .held
            .iter()
            .map(|held| (held.slot, decoded(held.body.len())))
            .collect();
        (distinct.len(), distinct.values().sum())
    }

    pub(super) fn release(&mut self, which: usize, kept: bool) -> Effects {
        if self.held.is_empty() {
            return Effects::new();
        }
        let Held { slot, hidden, .. } = self.held.swap_remove(which % self.held.len());
        let kept = kept || !self.durable;
        if !self.is_held(slot) {
            self.let_go(slot, kept, hidden);
        }
        self.store.release(slot, kept)
    }

    /// The last hold is taken away. What is hidden by now leaves, or is the first to leave where there
    /// is no other copy; what is visible was read until now.
    fn let_go(&mut self, slot: Slot, kept: bool, hidden: bool) {
        if !kept {
            self.values.remove(&slot);
        }
        let (durable, steady) = (self.durable, self.steady);
        let row = self.rows.values_mut().find(|row| row.slot == slot);
        match row {
            Some(row) if hidden && !durable => row.demoted = true,
            Some(row) if !hidden => row.read = steady,
            _ => self.left[1] += u64::from(hidden),
        }
    }

    pub(super) fn is_held(&self, slot: Slot) -> bool {
        self.held.iter().any(|held| held.slot == slot)
    }

    /// Whether a put of that size is taken.
    pub(super) fn fits(&self, id: Id, size: usize) -> bool {
        if self.durable {
            return self.leased() + size <= LIMIT;
        }
        let packed = key(id).pack().unwrap().len();
        let weight = size + decoded(size) + packed + OVERHEAD;
        self.leased() + self.pending + weight <= LIMIT && self.held_slots().len() < ENTRIES
    }

    pub(super) fn leased(&self) -> usize {
        let distinct: BTreeMap<Slot, &Held> =
            self.held.iter().map(|held| (held.slot, held)).collect();
        let weights = distinct
            .values()
            .map(|held| self.weight(&held.body, held.id));
        weights.sum()
    }

    pub(super) fn count_uses(&mut self, hits: &[u32]) {
        for (&id, row) in &self.rows {
            let count = hits.iter().filter(|hit| **hit == row.slot.number()).count();
            *self.uses.entry(id).or_default() += u32::try_from(count).unwrap();
        }
    }

    pub(super) fn check_holds(&self) {
        let catalog = self.store.catalog();
        for Held {
            slot,
            id,
            hash,
            body,
            hidden,
        } in &self.held
        {
            let entry = catalog.get(*slot).expect("a held slot was freed");
            assert_eq!(catalog.key(entry), key(*id), "a held slot has a new owner");
            assert_eq!(entry.hash, *hash);
            assert_eq!(entry.expired, *hidden);
            let form = self.store.form(*slot);
            let expected = if self.durable {
                Form::Decoded
            } else {
                Form::Both
            };
            assert_eq!(form, expected, "a held body left memory");
            assert!(self.durable || self.store.encoded(*slot) == Some(body));
        }
        assert_eq!(self.store.stats().leased_bytes, self.leased());
        assert!(self.leased() + self.pending <= LIMIT);
        self.check_sums();
        for (id, row) in &self.rows {
            let expected = self.uses.get(id).copied().unwrap_or_default();
            assert_eq!(catalog.uses(row.slot), expected, "uses of {id:?}");
        }
    }

    /// What is used is the sum over everything in memory, each distinct text once.
    fn check_sums(&self) {
        let rows = self
            .rows
            .iter()
            .map(|(id, row)| (row.slot, (*id, &row.body)));
        let held = self
            .held
            .iter()
            .map(|held| (held.slot, (held.id, &held.body)));
        let known: BTreeMap<Slot, (Id, &Vec<u8>)> = rows.chain(held).collect();
        let mut texts = BTreeSet::new();
        let (mut used, mut resident) = (self.pending, 0);
        for (slot, (id, body)) in known {
            let form = self.store.form(slot);
            if matches!(form, Form::Encoded | Form::Both) {
                texts.insert(body);
            }
            if matches!(form, Form::Decoded | Form::Both) {
                used += decoded(body.len());
            }
            if form != Form::Cold {
                used += key_bytes(id) + OVERHEAD;
                resident += 1;
            }
        }
        used += texts.iter().map(|text| text.len()).sum::<usize>();
        let stats = self.store.stats();
        assert_eq!(stats.used_bytes, used);
        assert_eq!(stats.resident_entries, resident);
    }

    fn held_slots(&self) -> BTreeSet<Slot> {
        self.held.iter().map(|held| held.slot).collect()
    }

    fn weight(&self, body: &[u8], id: Id) -> usize {
        let size = body.len();
        let text = if self.durable { 0 } else { size };
        text + decoded(size) + key_bytes(id) + OVERHEAD
    }
}

/// What a value takes that is decoded from so many bytes.
fn decoded(size: usize) -> usize {
    size * 7 / 4
}

fn key_bytes(id: Id) -> usize {
    key(id).url.len() + key(id).version.len()
}
