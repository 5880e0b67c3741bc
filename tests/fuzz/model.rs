//! One store, and what it should hold.

use std::fmt;

use fhir_schema_store::catalog::{RowKey, Slot};
use fhir_schema_store::hits::report;
use fhir_schema_store::memory::{Form, Limits};
use fhir_schema_store::metadata::{Head, Metadata};
use fhir_schema_store::store::{Effect, Effects, Options, Store};

use crate::naive::Naive;

const KEYS: usize = 48;
/// Bodies there are; several entries may have the same.
const BODIES: usize = 64;
const LARGEST: usize = 4096;
const LIMITS: Limits = Limits {
    bytes: 24_000,
    entries: 20,
};
/// Bookkeeping of an entry in memory, besides its key.
const OVERHEAD: usize = 96;

/// `SplitMix64`.
#[derive(Debug)]
pub(super) struct Random(pub(super) u64);

impl Random {
    fn below(&mut self, count: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        usize::try_from((mixed ^ (mixed >> 31)) % count as u64).unwrap()
    }
}

#[derive(Clone, Copy, Debug)]
struct Row {
    slot: Slot,
    body: usize,
    form: Form,
}

#[derive(Debug)]
pub(super) struct Model {
    store: Store,
    durable: bool,
    custom: bool,
    random: Random,
    urls: Vec<String>,
    rows: Vec<Option<Row>>,
    policy: Naive,
    pending: usize,
    /// Slots hit since the last drain, of which the model was told at once.
    hits: Vec<u32>,
    for_entries: u64,
    for_size: u64,
}

impl Model {
    pub(super) fn new(name: &'static str, durable: bool, random: Random) -> Self {
        let options = Options {
            memory_limit: LIMITS.bytes,
            max_entries: LIMITS.entries,
            max_entry_bytes: LARGEST,
            max_catalog: 1 << 20,
            eviction_policy: name.into(),
            durable,
            seed: random.0,
        };
        Self {
            store: Store::new(options).unwrap(),
            durable,
            custom: name == "custom",
            random,
            urls: (0..KEYS).map(|key| format!("http://x/{key}")).collect(),
            rows: vec![None; KEYS],
            policy: Naive::new(name, LIMITS),
            pending: 0,
            hits: Vec::new(),
            for_entries: 0,
            for_size: 0,
        }
    }

    pub(super) fn evictions(&self) -> u64 {
        self.for_entries + self.for_size
    }

    /// One random operation; what must hold after each is checked, and `place` named where it does not.
    pub(super) fn step(&mut self, place: &fmt::Arguments<'_>) {
        // The lower the more popular.
        let range = 1 + self.random.below(KEYS);
        let key = self.random.below(range);
        match self.random.below(20) {
            0..4 => self.put(key),
            4 => self.put_too_large(key, place),
            5 => self.forget(key),
            6..8 => self.admit(key, false),
            8..11 => self.admit(key, true),
            11 => self.add_pending(),
            12 => {
                self.store
                    .remove_pending(core::mem::take(&mut self.pending));
            }
            13 => self.drain(),
            _ => return self.hit(key),
        }
        self.check(place);
    }

    fn put(&mut self, key: usize) {
        self.drain();
        let body = self.random.below(BODIES);
        let mut effects = Effects::new();
        let fits = self.fits(key, size_of_body(body));
        let filed = self.write(key, body, size_of_body(body), &mut effects);
        if !fits {
            assert_eq!(filed.unwrap_err(), "STORAGE_FULL");
            assert!(effects.is_empty());
            return;
        }
        let (slot, _) = filed.unwrap();
        let before = self.rows[key];
        if before.is_none_or(|row| row.body != body) {
            assert!(before.is_none_or(|row| row.slot != slot));
            if let Some(row) = before.filter(|row| row.form != Form::Cold) {
                self.policy.remove(row.slot.number());
            }
            self.rows[key] = Some(Row {
                slot,
                body,
                form: Form::Cold,
            });
        }
        assert!(
            !effects
                .iter()
                .any(|effect| matches!(effect, Effect::Evicted(_, _)))
        );
        if !self.durable {
            self.admit(key, false);
        }
    }

    /// Whether a body can be in memory, decoded, beside what is not durable; with a host it need not be.
    fn fits(&self, key: usize, size: usize) -> bool {
        let key_bytes = row_key(&self.urls[key]).pack().unwrap().len();
        let weight = size + size * 7 / 4 + key_bytes + OVERHEAD;
        self.durable || self.pending + weight <= LIMITS.bytes
    }

    /// It is refused, and nothing else happens.
    fn put_too_large(&mut self, key: usize, place: &fmt::Arguments<'_>) {
        let mut effects = Effects::new();
        let refused = self.write(key, 0, LARGEST + 1, &mut effects);
        assert_eq!(refused.unwrap_err(), "ENTRY_TOO_LARGE", "{place}");
        assert!(effects.is_empty(), "{place}");
    }

    fn write(
        &mut self,
        key: usize,
        body: usize,
        size: usize,
        effects: &mut Effects,
    ) -> Result<(Slot, usize), &'static str> {
        let (head, hash) = (Head::default(), [u8::try_from(body).unwrap(); 32]);
        let metadata = Metadata {
            head,
            ..Metadata::default()
        };
        let row = row_key(&self.urls[key]);
        let put = self.store.put(&row, metadata, (hash, size), 1, effects);
        put.map(|(slot, packed)| (slot, packed.key.len()))
            .map_err(|error| error.code())
    }

    fn forget(&mut self, key: usize) {
        self.drain();
        let packed = row_key(&self.urls[key]).pack().unwrap();
        let mut effects = Effects::new();
        let known = self.store.remove_row(&packed, &mut effects).unwrap();
        let row = self.rows[key].take();
        assert_eq!(known, row.is_some());
        if let Some(row) = row.filter(|row| row.form != Form::Cold) {
            self.policy.remove(row.slot.number());
        }
    }

    fn admit(&mut self, key: usize, decoded: bool) {
        self.drain();
        let Some(row) = self.rows[key] else { return };
        let effects = if decoded {
            self.store.admit_decoded(row.slot)
        } else {
            let body = vec![b'x'; size_of_body(row.body)];
            self.store.admit_encoded(row.slot, body.into())
        };
        let form = match (row.form, decoded) {
            (Form::Cold, false) => Form::Encoded,
            (form, false) => form,
            (Form::Encoded | Form::Both, true) if !self.durable => Form::Both,
            (_, true) => Form::Decoded,
        };
        let (was_cold, number) = (row.form == Form::Cold, row.slot.number());
        let row = Row { form, ..row };
        self.rows[key] = Some(row);
        let weight = self.weight(key, &row);
        if was_cold {
            self.policy.insert(number, key, weight);
        } else if decoded {
            self.policy.reweigh(number, weight);
            self.policy.hit(number);
        }
        self.evict(effects);
    }

    fn hit(&mut self, key: usize) {
        if let Some(row) = self.rows[key].filter(|row| row.form != Form::Cold) {
            self.hits.push(row.slot.number());
            self.policy.hit(row.slot.number());
        }
    }

    fn drain(&mut self) {
        let effects = self
            .store
            .drain(&report(&core::mem::take(&mut self.hits)), 1);
        assert!(effects.is_empty());
    }

    fn add_pending(&mut self) {
        self.drain();
        let bytes = self
            .random
            .below(LIMITS.bytes / 2)
            .min(LIMITS.bytes - self.pending);
        self.pending += bytes;
        let effects = self.store.add_pending(bytes);
        self.evict(effects);
    }

    /// Carries effects out: one for each that left, no more than must, in the order that was foretold.
    fn evict(&mut self, mut effects: Effects) {
        let mut order = Vec::new();
        loop {
            let ranks = effects.contains(&Effect::Rank);
            for effect in effects {
                if let Effect::Evicted(slot, _) = effect {
                    self.leave(slot, &mut order);
                }
            }
            if !ranks {
                break;
            }
            assert!(order.is_empty() && self.over().is_some());
            order = self.ranked();
            effects = self
                .store
                .rank(&order.iter().rev().copied().collect::<Vec<u32>>());
        }
        assert!(self.over().is_none(), "{:?} over the limits", self.over());
    }

    /// The candidates in any order, the one to leave first last.
    fn ranked(&mut self) -> Vec<u32> {
        let most = 1 + self.random.below(5);
        let candidates = self.store.candidates(most);
        let mut order: Vec<u32> = candidates.iter().map(|it| it.slot.number()).collect();
        let oldest = self.policy.by_recency();
        let expected = &oldest[..most.min(oldest.len() - 1)];
        assert_eq!(order, expected);
        for candidate in candidates {
            let key = self.key_of(candidate.slot).unwrap();
            assert_eq!(candidate.bytes, self.weight(key, &self.rows[key].unwrap()));
            assert!(u64::from(candidate.idle) <= u64::from(candidate.age) && candidate.uses > 0);
        }
        for at in 1..order.len() {
            let other = self.random.below(at + 1);
            order.swap(at, other);
        }
        order
    }

    fn leave(&mut self, slot: Slot, order: &mut Vec<u32>) {
        let for_entries = self.over().expect("evicted without need");
        let foretold = if self.custom {
            // Without an order there is no choice: only the newcomer is left.
            order.pop().or(self.policy.by_recency().first().copied())
        } else {
            self.policy.victim()
        };
        assert_eq!(foretold.unwrap_or(slot.number()), slot.number());
        self.policy.left(slot.number());
        let key = self.key_of(slot).expect("evicted what is not here");
        let row = self.rows[key].as_mut().unwrap();
        assert_ne!(row.form, Form::Cold, "evicted what is not in memory");
        row.form = Form::Cold;
        if !self.durable {
            self.rows[key] = None;
        }
        self.for_entries += u64::from(for_entries);
        self.for_size += u64::from(!for_entries);
    }

    fn key_of(&self, slot: Slot) -> Option<usize> {
        self.rows
            .iter()
            .position(|row| row.is_some_and(|row| row.slot == slot))
    }

    fn weight(&self, key: usize, row: &Row) -> usize {
        let (encoded, decoded) = sizes(row);
        encoded + decoded + self.urls[key].len() + OVERHEAD
    }

    fn used(&self) -> usize {
        let mut used = self.pending;
        // Bodies whose bytes are here: those of many entries once.
        let mut encoded = [0; BODIES];
        for (key, row) in self.rows.iter().enumerate() {
            if let Some(row) = row.filter(|row| row.form != Form::Cold) {
                let (bytes, _) = sizes(&row);
                encoded[row.body] = encoded[row.body].max(bytes);
                used += self.weight(key, &row) - bytes;
            }
        }
        used + encoded.iter().sum::<usize>()
    }

    fn resident(&self) -> usize {
        self.rows
            .iter()
            .flatten()
            .filter(|row| row.form != Form::Cold)
            .count()
    }

    /// Whether a limit is exceeded, and whether it is that of entries.
    fn over(&self) -> Option<bool> {
        let for_entries = self.resident() > LIMITS.entries;
        (for_entries || self.used() > LIMITS.bytes && self.resident() > 0).then_some(for_entries)
    }

    fn check(&mut self, place: &fmt::Arguments<'_>) {
        let stats = self.store.stats();
        assert!(stats.used_bytes <= LIMITS.bytes, "{place}");
        assert_eq!(stats.used_bytes, self.used(), "{place}");
        assert_eq!(stats.pending_bytes, self.pending, "{place}");
        assert!(stats.resident_entries <= LIMITS.entries, "{place}");
        assert_eq!(stats.resident_entries, self.resident(), "{place}");
        assert_eq!(stats.evicted_for_entries, self.for_entries, "{place}");
        assert_eq!(stats.evicted_for_size, self.for_size, "{place}");
        for row in self.rows.iter().flatten() {
            assert_eq!(self.store.form(row.slot), row.form, "{place}");
            let encoded = self.store.encoded(row.slot).map(<[u8]>::len);
            let expected = matches!(row.form, Form::Encoded | Form::Both);
            assert_eq!(encoded, expected.then(|| size_of_body(row.body)), "{place}");
        }
    }
}

/// Bytes of the text and of the value.
fn sizes(row: &Row) -> (usize, usize) {
    let size = size_of_body(row.body);
    match row.form {
        Form::Cold => (0, 0),
        Form::Encoded => (size, 0),
        Form::Decoded => (0, size * 7 / 4),
        Form::Both => (size, size * 7 / 4),
    }
}

/// Many are small, a few are empty, one is the largest there may be.
fn size_of_body(body: usize) -> usize {
    match body {
        0..3 => 0,
        3 => LARGEST,
        _ => body * body,
    }
}

fn row_key(url: &str) -> RowKey<'_> {
    RowKey {
        layer: 0,
        url,
        version: "",
        source: "",
    }
}
