//! The store against a model so plain that it cannot be wrong: a map of rows, and a sort.

#![cfg(not(target_arch = "wasm32"))]
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::expect_used,
    clippy::panic,
    reason = "a test may panic"
)]

use std::collections::{BTreeMap, BTreeSet};

use fhir_schema_store::catalog::{RowKey, Slot};
use fhir_schema_store::hash::{Hash, sha256};
use fhir_schema_store::memory::Form;
use fhir_schema_store::metadata::{Head, Metadata};
use fhir_schema_store::store::{Effect, Effects, Filter, Options, Resolution, Store};
use proptest::collection::vec;
use proptest::prelude::*;

const URLS: [&str; 3] = ["http://x/a", "http://x/b", "urn:c"];
/// Oldest first.
const VERSIONS: [&str; 5] = ["", "1.0.0", "2.0.0-rc.1", "2.0.0", "10.0.0"];
/// The one a reader gets last: a direct put above packages, then by package version, then by name.
const SOURCES: [&str; 4] = ["p#1.0.0", "p#2.0.0", "q#2.0.0", ""];
const LIMIT: usize = 4000;
const ENTRIES: usize = 4;

/// Places in the three tables above; ordered as URLs list and as readers choose.
type Id = (usize, usize, usize);

fn key(id: Id) -> RowKey<'static> {
    RowKey {
        layer: 0,
        url: URLS[id.0],
        version: VERSIONS[id.1],
        source: SOURCES[id.2],
    }
}

#[derive(Clone, Debug)]
struct Row {
    slot: Slot,
    key: Vec<u8>,
    hash: Hash,
    meta: Vec<u8>,
    body: Vec<u8>,
    updated: u64,
    expires: Option<u64>,
    expired: bool,
    tag: bool,
}

#[derive(Clone, Debug)]
enum Step {
    Put {
        id: Id,
        size: usize,
        lives: Option<u64>,
        tag: bool,
    },
    /// A row comes again as it is, as from the host.
    Again(Id),
    Forget(Id),
    Admit {
        id: Id,
        decoded: bool,
    },
    Hit(Id),
    Drain(u64),
    Pend(usize),
    Unpend,
    /// The host lost all rows but these.
    Sweep(BTreeSet<Id>),
    Reopen,
}

fn any_id() -> impl Strategy<Value = Id> {
    (0..URLS.len(), 0..VERSIONS.len(), 0..SOURCES.len())
}

fn any_step() -> impl Strategy<Value = Step> {
    let put = (
        any_id(),
        0_usize..900,
        proptest::option::of(1_u64..50),
        any::<bool>(),
    );
    prop_oneof![
        8 => put.prop_map(|(id, size, lives, tag)| Step::Put { id, size, lives, tag }),
        1 => any_id().prop_map(Step::Again),
        2 => any_id().prop_map(Step::Forget),
        6 => (any_id(), any::<bool>()).prop_map(|(id, decoded)| Step::Admit { id, decoded }),
        4 => any_id().prop_map(Step::Hit),
        4 => (0_u64..20).prop_map(Step::Drain),
        1 => (0_usize..1500).prop_map(Step::Pend),
        1 => Just(Step::Unpend),
        1 => proptest::collection::btree_set(any_id(), 0..30).prop_map(Step::Sweep),
        1 => Just(Step::Reopen),
    ]
}

/// What a host does with the effects, and the model beside it.
struct World {
    store: Store,
    durable: bool,
    policy: &'static str,
    rows: BTreeMap<Id, Row>,
    now: u64,
    /// Slots hit since the last drain.
    ring: Vec<u32>,
    /// Slots whose decoded value the host keeps.
    values: BTreeSet<Slot>,
    pending: usize,
    puts: u64,
    drained: u64,
}

impl World {
    fn new(durable: bool, policy: &'static str) -> Self {
        let mut store = open(durable, policy);
        // An empty host: the catalog is complete without any row.
        store.start_sweep();
        store.end_sweep(&[]);
        Self {
            store,
            durable,
            policy,
            rows: BTreeMap::new(),
            now: 1000,
            ring: Vec::new(),
            values: BTreeSet::new(),
            pending: 0,
            puts: 0,
            drained: 0,
        }
    }

    fn run(&mut self, step: Step) {
        let before = self.answers();
        let effects = match step {
            Step::Put {
                id,
                size,
                lives,
                tag,
            } => self.put(id, size, lives, tag),
            Step::Again(id) => self.again(id),
            Step::Forget(id) => self.forget(id),
            Step::Admit { id, decoded } => self.admit(id, decoded),
            Step::Hit(id) => {
                if let Some(row) = self.rows.get(&id).filter(|row| !row.expired) {
                    self.ring.push(row.slot.number());
                }
                Effects::new()
            }
            Step::Drain(passed) => self.drain(passed),
            Step::Pend(bytes) => self.pend(bytes),
            Step::Unpend => {
                self.store.unpend(core::mem::take(&mut self.pending));
                Effects::new()
            }
            Step::Sweep(kept) => self.sweep(&kept),
            Step::Reopen => return self.reopen(),
        };
        self.apply(&effects);
        self.check();
        self.check_told(&before, &effects);
    }

    fn put(&mut self, id: Id, size: usize, lives: Option<u64>, tag: bool) -> Effects {
        self.puts += 1;
        let body = format!("{}{}", self.puts % 7, "x".repeat(size)).into_bytes();
        let expires = lives.map(|lives| self.now + lives);
        let metadata = Metadata {
            head: Head {
                created: self.now,
                updated: self.now,
                expires,
                ..Head::default()
            },
            r#type: Some(["Patient", "Group"][id.1 % 2].into()),
            tags: if tag {
                vec!["tagged".into()]
            } else {
                Vec::new()
            },
            ..Metadata::default()
        };
        let created = self
            .rows
            .get(&id)
            .map(|row| Head::unpack(&row.meta).unwrap().created);
        let (packed, meta) = self.store.pack(&key(id), metadata, body.len()).unwrap();
        let hash = sha256(&body);
        assert_eq!(
            Head::unpack(&meta).unwrap().created,
            created.unwrap_or(self.now)
        );
        let mut effects = Effects::new();
        let slot = self.learn(&packed, hash, &meta, &mut effects);
        let unchanged = self
            .rows
            .get(&id)
            .is_some_and(|old| old.hash == hash && old.meta == meta);
        assert_eq!(
            unchanged,
            self.rows.get(&id).is_some_and(|old| old.slot == slot)
        );
        if !unchanged {
            assert!(
                !self.ring.contains(&slot.number()),
                "a slot with a hit under way was reused"
            );
            assert!(!self.values.contains(&slot) || effects.contains(&Effect::Retired(slot)));
            let row = Row {
                slot,
                key: packed,
                hash,
                meta,
                body: body.clone(),
                updated: self.now,
                expires,
                expired: false,
                tag,
            };
            self.rows.insert(id, row);
        }
        if !self.durable && self.store.form(slot) == Form::Cold {
            effects.extend(self.store.admit_encoded(slot, &body));
        }
        effects
    }

    fn again(&mut self, id: Id) -> Effects {
        let mut effects = Effects::new();
        if let Some(row) = self.rows.get(&id).cloned() {
            assert_eq!(
                self.learn(&row.key, row.hash, &row.meta, &mut effects),
                row.slot
            );
            assert!(effects.is_empty());
        }
        effects
    }

    fn forget(&mut self, id: Id) -> Effects {
        let mut effects = Effects::new();
        let known = self
            .store
            .forget(&key(id).pack().unwrap(), &mut effects)
            .unwrap();
        assert_eq!(known, self.rows.remove(&id).is_some());
        effects
    }

    fn admit(&mut self, id: Id, decoded: bool) -> Effects {
        let Some(row) = self.rows.get(&id).filter(|row| !row.expired).cloned() else {
            return Effects::new();
        };
        if decoded {
            self.values.insert(row.slot);
            self.store.admit_decoded(row.slot)
        } else if self.store.form(row.slot) == Form::Cold {
            self.store.admit_encoded(row.slot, &row.body)
        } else {
            Effects::new()
        }
    }

    fn drain(&mut self, passed: u64) -> Effects {
        self.now += passed;
        let hits = core::mem::take(&mut self.ring);
        self.drained += hits.len() as u64;
        let effects = self.store.drain(&hits, self.now);
        let over = |row: &Row| !row.expired && row.expires.is_some_and(|at| at <= self.now);
        let due: Vec<Id> = self
            .rows
            .iter()
            .filter(|(_, row)| over(row))
            .map(|(&id, _)| id)
            .collect();
        for id in due {
            let row = self.rows.get_mut(&id).unwrap();
            row.expired = true;
            assert!(effects.contains(&Effect::Expired(row.slot)));
            if !self.durable {
                self.rows.remove(&id);
            }
        }
        effects
    }

    fn pend(&mut self, bytes: usize) -> Effects {
        // Whoever puts waits while more than the limit is pending.
        let bytes = bytes.min(LIMIT - self.pending);
        self.pending += bytes;
        self.store.pend(bytes)
    }

    fn sweep(&mut self, kept: &BTreeSet<Id>) -> Effects {
        let mut effects = Effects::new();
        // Every other one of the rows the host lost is on its way there.
        let lost: Vec<Id> = self
            .rows
            .keys()
            .filter(|id| !kept.contains(*id))
            .copied()
            .collect();
        let keep: Vec<u32> = lost
            .iter()
            .step_by(2)
            .map(|id| self.rows[id].slot.number())
            .collect();
        self.store.start_sweep();
        for row in self
            .rows
            .iter()
            .filter(|(id, _)| kept.contains(*id))
            .map(|(_, row)| row.clone())
            .collect::<Vec<_>>()
        {
            self.learn(&row.key, row.hash, &row.meta, &mut effects);
        }
        effects.extend(self.store.end_sweep(&keep));
        for id in lost.iter().skip(1).step_by(2) {
            self.rows.remove(id);
        }
        effects
    }

    /// A new store that learns the packed index of this one answers the same.
    fn reopen(&mut self) {
        let packed = self.store.pack_index().unwrap();
        let mut store = open(self.durable, self.policy);
        if self.durable {
            assert_eq!(store.resolve(URLS[0]).unwrap(), Resolution::Ask);
        }
        store.learn_index(&packed, self.now).unwrap();
        let mut rows = BTreeMap::new();
        for (&id, row) in &self.rows {
            let slot = store.catalog().find(&key(id)).unwrap();
            let entry = store.catalog().get(slot).unwrap();
            assert_eq!((entry.hash, &*entry.meta), (row.hash, &row.meta[..]));
            let expired = row.expires.is_some_and(|at| at <= self.now);
            rows.insert(
                id,
                Row {
                    slot,
                    expired,
                    ..row.clone()
                },
            );
        }
        let told = |store: &Store| {
            store
                .list(&Filter {
                    expired: true,
                    ..Filter::default()
                })
                .len()
        };
        assert_eq!(told(&store), rows.len());
        if self.durable {
            let (ring, values) = (Vec::new(), BTreeSet::new());
            self.store = store;
            (
                self.rows,
                self.ring,
                self.values,
                self.pending,
                self.drained,
            ) = (rows, ring, values, 0, 0);
            self.check();
        }
    }

    fn learn(&mut self, key: &[u8], hash: Hash, meta: &[u8], effects: &mut Effects) -> Slot {
        self.store
            .learn(key, hash, meta, self.now, effects)
            .unwrap()
    }

    fn apply(&mut self, effects: &Effects) {
        for effect in effects {
            match *effect {
                Effect::Evicted(slot) | Effect::Expired(slot) => {
                    self.values.remove(&slot);
                    if !self.durable {
                        self.rows.retain(|_, row| row.slot != slot);
                    }
                }
                Effect::Retired(slot) => {
                    self.values.remove(&slot);
                    assert!(
                        self.rows.values().all(|row| row.slot != slot),
                        "a live row was retired"
                    );
                }
                Effect::Moved(_) => {}
            }
        }
    }

    /// Every request there can be, and the row it means.
    fn answers(&self) -> BTreeMap<String, Option<Slot>> {
        let mut answers = BTreeMap::new();
        for (u, url) in URLS.iter().enumerate() {
            let visible = || {
                self.rows
                    .iter()
                    .filter(move |(id, row)| id.0 == u && !row.expired)
            };
            let newest = visible()
                .max_by_key(|(id, _)| **id)
                .map(|(_, row)| row.slot);
            answers.insert((*url).to_owned(), newest);
            for (v, version) in VERSIONS.iter().enumerate().skip(1) {
                let best = visible()
                    .filter(|(id, _)| id.1 == v)
                    .max_by_key(|(id, _)| **id);
                answers.insert(format!("{url}|{version}"), best.map(|(_, row)| row.slot));
            }
        }
        answers
    }

    fn check(&self) {
        for (request, expected) in self.answers() {
            let answer = match self.store.resolve(&request).unwrap() {
                Resolution::Found(slot) => Some(slot),
                Resolution::Absent => None,
                Resolution::Ask => panic!("the catalog is complete, and asks"),
            };
            assert_eq!(answer, expected, "{request}");
        }
        let catalog = self.store.catalog();
        assert_eq!(catalog.len(), self.rows.len());
        let mut sizes = 0;
        for (&id, row) in &self.rows {
            assert_eq!(catalog.find(&key(id)), Some(row.slot));
            let entry = catalog.get(row.slot).unwrap();
            assert_eq!((entry.hash, &*entry.meta), (row.hash, &row.meta[..]));
            assert_eq!(entry.expired, row.expired);
            sizes += row.body.len() as u64;
            if let Some(bytes) = self.store.encoded(row.slot) {
                assert_eq!(bytes, row.body);
            }
            let decoded = matches!(self.store.form(row.slot), Form::Decoded | Form::Both);
            assert_eq!(decoded, self.values.contains(&row.slot), "{id:?}");
            assert!(!row.expired || self.store.form(row.slot) == Form::Cold);
            assert!(
                self.durable || self.store.encoded(row.slot).is_some(),
                "the only copy is gone"
            );
        }
        let live: BTreeSet<Slot> = self.rows.values().map(|row| row.slot).collect();
        assert!(
            self.values.is_subset(&live),
            "a value is kept for a row that is gone"
        );
        let stats = self.store.stats();
        assert!(
            stats.used_bytes <= LIMIT,
            "{} bytes are used",
            stats.used_bytes
        );
        assert!(stats.resident_entries <= ENTRIES);
        assert_eq!(stats.pending_bytes, self.pending);
        assert_eq!(stats.total_bytes, sizes);
        assert_eq!(stats.hits, self.drained);
        let watched = |row: &Row| !row.expired && row.expires.is_some();
        assert_eq!(self.store.expires(), self.rows.values().any(watched));
        self.check_lists();
    }

    fn check_lists(&self) {
        type Taken<'a> = Box<dyn Fn(Id, &Row) -> bool + 'a>;
        let middle = self.now - 10;
        let filters: [(Filter, Taken<'_>); 6] = [
            (Filter::default(), Box::new(|_, row| !row.expired)),
            (
                Filter {
                    expired: true,
                    ..Filter::default()
                },
                Box::new(|_, _| true),
            ),
            (
                Filter {
                    url_prefix: Some("http://".into()),
                    ..Filter::default()
                },
                Box::new(|id, row| id.0 < 2 && !row.expired),
            ),
            (
                Filter {
                    package: Some("p".into()),
                    ..Filter::default()
                },
                Box::new(|id, row| id.2 < 2 && !row.expired),
            ),
            (
                Filter {
                    package: Some("p#2.0.0".into()),
                    r#type: Some("Group".into()),
                    ..Filter::default()
                },
                Box::new(|id, row| id.2 == 1 && id.1 % 2 == 1 && !row.expired),
            ),
            (
                Filter {
                    tag: Some("tagged".into()),
                    updated_before: Some(middle),
                    expired: true,
                    ..Filter::default()
                },
                Box::new(move |_, row| row.tag && row.updated <= middle),
            ),
        ];
        for (filter, taken) in filters {
            let listed: BTreeSet<Slot> = self.store.list(&filter).into_iter().collect();
            let rows = self.rows.iter().filter(|(id, row)| taken(**id, row));
            assert_eq!(
                listed,
                rows.map(|(_, row)| row.slot).collect(),
                "{filter:?}"
            );
        }
        for (u, url) in URLS.iter().enumerate() {
            let mut slots = self.store.rows_of(url).unwrap();
            slots.sort();
            let rows = self.rows.iter().filter(|(id, _)| id.0 == u);
            let mut expected: Vec<Slot> = rows.map(|(_, row)| row.slot).collect();
            expected.sort();
            assert_eq!(slots, expected);
        }
    }

    /// A host that remembers answers is told of each that has changed.
    fn check_told(&self, before: &BTreeMap<String, Option<Slot>>, effects: &Effects) {
        let moved: BTreeSet<&str> = effects
            .iter()
            .filter_map(|effect| match effect {
                Effect::Moved(url) => self.store.catalog().text(*url),
                _ => None,
            })
            .collect();
        for (request, answer) in self.answers() {
            let url = request.split('|').next().expect("a split has a first part");
            let changed = before[&request] != answer;
            assert!(
                !changed || moved.contains(url),
                "nobody was told that {request} changed"
            );
        }
    }
}

fn open(durable: bool, policy: &str) -> Store {
    Store::new(Options {
        memory_limit: LIMIT,
        max_entries: ENTRIES,
        max_entry_bytes: 1024,
        max_catalog: 1 << 20,
        eviction_policy: policy.into(),
        durable,
        seed: 7,
    })
    .unwrap()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_store_equals_its_model(
        steps in vec(any_step(), 0..120),
        durable: bool,
        fifo: bool,
    ) {
        let mut world = World::new(durable, if fifo { "fifo" } else { "lru" });
        for step in steps {
            world.run(step);
        }
    }
}
