//! Millions of random operations: the budgets hold after each, and what is kept of them does not
//! grow. `FSS_OPERATIONS` sets how many, over all policies together.

#![cfg(not(target_arch = "wasm32"))]
#![expect(clippy::unwrap_used, reason = "a test may panic")]

use fhir_schema_store::catalog::{RowKey, Slot};
use fhir_schema_store::hash::sha256;
use fhir_schema_store::hits::report;
use fhir_schema_store::memory::Cause;
use fhir_schema_store::memory::policy::NAMES;
use fhir_schema_store::metadata::{Head, Metadata};
use fhir_schema_store::store::{Effect, Effects, Options, Resolution, Store};

const LIMIT: usize = 200_000;
const ENTRIES: usize = 60;
const URLS: u64 = 300;

/// xorshift64*.
struct Random(u64);

impl Random {
    fn below(&mut self, limit: u64) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        (self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 33) % limit
    }
}

struct Churn {
    store: Store,
    durable: bool,
    random: Random,
    now: u64,
    hits: Vec<u32>,
    pending: usize,
}

impl Churn {
    fn new(policy: &str, durable: bool) -> Self {
        let options = Options {
            memory_limit: LIMIT,
            max_entries: ENTRIES,
            max_entry_bytes: 40_000,
            max_catalog: 1 << 20,
            eviction_policy: policy.into(),
            durable,
            seed: 7,
        };
        let mut store = Store::new(options).unwrap();
        store.start_sweep();
        store.end_sweep(&[]);
        Self {
            store,
            durable,
            random: Random(0x9e37_79b9_7f4a_7c15),
            now: 1000,
            hits: Vec::new(),
            pending: 0,
        }
    }

    fn any_slot(&mut self) -> Option<Slot> {
        let url = format!("http://x/{}", self.random.below(URLS));
        match self.store.resolve(&url).unwrap() {
            Resolution::Found(slot) => Some(slot),
            Resolution::Absent | Resolution::Ask => None,
        }
    }

    fn step(&mut self) {
        match self.random.below(100) {
            0..40 => self.put(),
            40..60 => {
                if let Some(slot) = self.any_slot() {
                    self.store.admit_decoded(slot);
                }
            }
            60..85 => {
                if let Some(slot) = self.any_slot() {
                    self.hits.push(slot.number());
                }
            }
            85..92 => {
                self.now += self.random.below(3);
                let hits = core::mem::take(&mut self.hits);
                self.store.drain(&report(&hits), self.now);
            }
            92..95 => {
                let bytes = usize::try_from(self.random.below(20_000)).unwrap();
                let bytes = bytes.min(LIMIT - self.pending);
                self.pending += bytes;
                self.store.add_pending(bytes);
            }
            95..98 => self
                .store
                .remove_pending(core::mem::take(&mut self.pending)),
            98 => {
                let bytes = usize::try_from(self.random.below(100_000)).unwrap();
                self.store.trim(bytes, Cause::Explicit, &mut Effects::new());
            }
            _ => {
                let url = format!("http://x/{}", self.random.below(URLS));
                let key = key(&url).pack().unwrap();
                self.store.remove_row(&key, &mut Effects::new()).unwrap();
            }
        }
    }

    /// Says who is to leave, as long as the store asks; one that does not is not disturbed by it.
    fn rank(&mut self) {
        loop {
            let candidates = self.store.candidates(100);
            let order: Vec<u32> = candidates.iter().map(|it| it.slot.number()).collect();
            if !self.store.rank(&order).contains(&Effect::Rank) {
                break;
            }
        }
    }

    fn put(&mut self) {
        let url = format!("http://x/{}", self.random.below(URLS));
        let size = match self.random.below(20) {
            0 => self.random.below(30_000),
            _ => self.random.below(2_000),
        };
        let body = vec![b'x'; usize::try_from(size).unwrap()];
        let mut hash = sha256(url.as_bytes());
        for (byte, other) in hash.iter_mut().zip(size.to_le_bytes()) {
            *byte ^= other;
        }
        let expires = (self.random.below(4) == 0).then(|| self.now + self.random.below(100));
        let metadata = Metadata {
            head: Head {
                created: self.now,
                updated: self.now,
                expires,
                ..Head::default()
            },
            ..Metadata::default()
        };
        // As JavaScript does: whatever is put, the clock was looked at before.
        let hits = core::mem::take(&mut self.hits);
        self.store.drain(&report(&hits), self.now);
        let put = self.store.put(
            &key(&url),
            metadata,
            (hash, body.len()),
            self.now,
            &mut Effects::new(),
        );
        let (slot, _) = put.unwrap();
        if !self.durable || self.random.below(2) == 0 {
            self.store.admit_encoded(slot, body.into());
        }
    }
}

fn key(url: &str) -> RowKey<'_> {
    RowKey {
        layer: 0,
        url,
        version: "",
        source: "",
    }
}

#[test]
fn budgets_hold_after_each_of_many_operations() {
    let operations =
        std::env::var("FSS_OPERATIONS").map_or(5_000_000, |text| text.parse().unwrap());
    let each = operations / (2 * NAMES.len());
    println!("{operations} operations (FSS_OPERATIONS), {each} per policy and kind of store");
    for policy in NAMES {
        for durable in [false, true] {
            let mut churn = Churn::new(policy, durable);
            let mut early = 0;
            for step in 0..each {
                churn.step();
                churn.rank();
                let stats = churn.store.stats();
                let about = || format!("{policy}, durable {durable}, step {step}: {stats:?}");
                assert!(stats.used_bytes <= LIMIT, "{}", about());
                assert!(stats.resident_entries <= ENTRIES, "{}", about());
                assert_eq!(stats.pending_bytes, churn.pending, "{}", about());
                assert!(
                    stats.encoded_bytes + stats.decoded_bytes + stats.pending_bytes
                        <= stats.used_bytes
                );
                if step == each / 10 {
                    early = stats.catalog_bytes;
                }
            }
            let late = churn.store.stats().catalog_bytes;
            assert!(
                late <= early + early / 4,
                "{policy}: the catalog of the same {URLS} URLs grew from {early} to {late}"
            );
        }
    }
}

#[test]
fn the_catalog_counts_what_is_kept_of_each_entry_however_often_it_is_replaced() {
    let mut store = Churn::new("lru", true).store;
    let mut replace_all = |length: usize| {
        for number in 0..URLS {
            let metadata = Metadata {
                description: Some("x".repeat(length)),
                ..Metadata::default()
            };
            let url = format!("http://x/{number}");
            let body = (sha256(url.as_bytes()), 10);
            store
                .put(&key(&url), metadata, body, 1, &mut Effects::new())
                .unwrap();
            store.drain(&report(&[]), 1);
        }
        store.stats().catalog_bytes
    };
    let (short, long) = (200, 1200);
    let added = (long - short) * usize::try_from(URLS).unwrap();
    replace_all(long);
    let before = replace_all(short);
    for _ in 0..20 {
        assert_eq!(replace_all(long), before + added);
        assert_eq!(replace_all(short), before);
    }
}
