//! A store with its host, and the model beside it.

mod checks;
mod holds;
mod lives;
mod room;

use std::collections::{BTreeMap, BTreeSet};

use fhir_schema_store::catalog::Slot;
use fhir_schema_store::filter::Filter;
use fhir_schema_store::hash::{Hash, sha256};
use fhir_schema_store::intern::Symbol;
use fhir_schema_store::memory::Form;
use fhir_schema_store::metadata::{Head, Metadata};
use fhir_schema_store::store::{Effect, Effects, Options, Resolution, Store};

use self::holds::Held;
use crate::{Id, Life, Step, URLS, key};

const LIMIT: usize = 4000;
const ENTRIES: usize = 4;

#[derive(Clone, Debug)]
#[expect(clippy::struct_excessive_bools, reason = "as plain as can be")]
struct Row {
    slot: Slot,
    key: Vec<u8>,
    hash: Hash,
    meta: Vec<u8>,
    body: Vec<u8>,
    updated: u64,
    expires: Option<u64>,
    until: Option<u64>,
    /// When it is hidden: `expires`, but no later than its whole life after it was learned.
    ends: Option<u64>,
    expired: bool,
    /// It is hidden because nobody knows how old it is.
    unknown: bool,
    /// When it leaves, by the time that has certainly passed.
    leaves: Option<u64>,
    /// Its body is to leave memory before any other.
    demoted: bool,
    /// When its body was last read, by the same time.
    read: u64,
    tag: bool,
}

/// What a host does with the effects, and the model beside it.
pub(super) struct World {
    store: Store,
    durable: bool,
    policy: &'static str,
    idle: u64,
    rows: BTreeMap<Id, Row>,
    now: u64,
    /// The time that has certainly passed.
    steady: u64,
    /// Slots hit since the last drain.
    hits: Vec<u32>,
    /// Slots whose decoded value the host keeps.
    values: BTreeSet<Slot>,
    /// Slots that are held, once for each time.
    held: Vec<Held>,
    /// How often each row was used.
    uses: BTreeMap<Id, u32>,
    pending: usize,
    puts: u64,
    drained: u64,
    /// Bodies that were evicted, by cause.
    evicted: [u64; 5],
    /// Bodies that left memory with their entry, and because its time was over.
    left: [u64; 2],
}

impl World {
    pub(super) fn new(durable: bool, policy: &'static str, idle: u64) -> Self {
        let mut store = open(durable, policy, idle);
        // An empty host: the catalog is complete without any row.
        store.start_sweep();
        store.end_sweep(&[]);
        store.drain(&[], 1000);
        Self {
            store,
            durable,
            policy,
            idle,
            rows: BTreeMap::new(),
            now: 1000,
            steady: 0,
            hits: Vec::new(),
            values: BTreeSet::new(),
            held: Vec::new(),
            uses: BTreeMap::new(),
            pending: 0,
            puts: 0,
            drained: 0,
            evicted: [0; 5],
            left: [0; 2],
        }
    }

    pub(super) fn run(&mut self, step: Step) {
        let before = self.answers();
        let drains = matches!(step, Step::Drain(_));
        let mut effects = match step {
            Step::Put {
                id,
                size,
                life,
                tag,
            } => self.put(id, size, life, tag),
            Step::Again(id) => self.again(id),
            Step::Forget(id) => self.forget(id),
            Step::Admit { id, decoded } => self.admit(id, decoded),
            Step::Hit(id) => {
                if let Some(row) = self.rows.get(&id).filter(|row| !row.expired) {
                    self.hits.push(row.slot.number());
                }
                Effects::new()
            }
            Step::Hold(id) => self.hold(id),
            Step::Release { which, kept } => self.release(which, kept),
            Step::Drain(passed) => self.drain(passed),
            Step::Pend(bytes) => self.add_pending(bytes),
            Step::Unpend => {
                self.store
                    .remove_pending(core::mem::take(&mut self.pending));
                Effects::new()
            }
            Step::Trim(bytes) => self.trim(bytes),
            Step::Reserve(bytes) => {
                let mut effects = Effects::new();
                assert_eq!(self.store.reserve(bytes, true, &mut effects), Ok(0));
                assert!(effects.is_empty(), "there was no need to evict");
                effects
            }
            Step::Sweep(kept) => self.sweep(&kept),
            Step::Reopen => return self.reopen(),
        };
        self.rank(&mut effects);
        if !drains {
            self.check_order(&effects);
        }
        self.apply(&effects);
        self.check();
        self.check_told(&before, &effects);
    }

    fn put(&mut self, id: Id, size: usize, life: Option<Life>, tag: bool) -> Effects {
        self.puts += 1;
        let body = format!("{}{}", self.puts % 7, "x".repeat(size)).into_bytes();
        let fits = self.fits(id, body.len());
        let updated = self.now + life.map_or(0, |life| life.ahead);
        let expires = life.map(|life| updated + life.lives);
        let until = life.and_then(|life| Some(expires? + life.grace?));
        let metadata = Metadata {
            head: Head {
                created: self.now,
                updated,
                expires,
                stale_until: until,
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
        let hash = sha256(&body);
        let mut effects = Effects::new();
        let filed = self.store.put(
            &key(id),
            metadata,
            (hash, body.len()),
            self.now,
            &mut effects,
        );
        assert_eq!(filed.is_ok(), fits);
        let Ok((slot, packed)) = filed else {
            assert!(effects.is_empty(), "a put that was refused did something");
            return effects;
        };
        let (meta, packed) = (packed.meta, packed.key);
        assert_eq!(packed, key(id).pack().unwrap());
        assert_eq!(
            Head::unpack(&meta).unwrap().created,
            created.unwrap_or(self.now)
        );
        assert_eq!(
            effects.contains(&Effect::Limited(slot)),
            expires.is_some() && effects.contains(&Effect::ResolutionChanged(self.url(slot))),
        );
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
                !self.hits.contains(&slot.number()),
                "a slot with a hit under way was reused"
            );
            assert!(!self.is_held(slot), "a held slot was reused");
            assert!(!self.values.contains(&slot) || effects.contains(&Effect::Retired(slot)));
            let row = Row {
                slot,
                key: packed,
                hash,
                meta,
                body: body.clone(),
                updated,
                expires,
                until,
                ends: None,
                expired: false,
                unknown: false,
                leaves: None,
                demoted: false,
                read: self.steady,
                tag,
            };
            let row = self.born(row);
            self.rows.insert(id, row);
        }
        if !self.durable {
            effects.extend(self.store.admit_encoded(slot, body.into()));
        }
        effects
    }

    fn again(&mut self, id: Id) -> Effects {
        let mut effects = Effects::new();
        if let Some(row) = self.rows.get(&id).cloned() {
            assert_eq!(
                self.insert_row(&row.key, row.hash, &row.meta, &mut effects),
                row.slot
            );
            assert!(effects.is_empty());
        }
        effects
    }

    /// Notes that the body of an entry leaves memory with it, if it is there and not held.
    fn lose(&mut self, slot: Slot) {
        self.left[0] += u64::from(self.store.form(slot) != Form::Cold && !self.is_held(slot));
    }

    fn forget(&mut self, id: Id) -> Effects {
        let mut effects = Effects::new();
        if let Some(slot) = self.rows.get(&id).map(|row| row.slot) {
            self.lose(slot);
        }
        let known = self
            .store
            .remove_row(&key(id).pack().unwrap(), &mut effects)
            .unwrap();
        assert_eq!(known, self.rows.remove(&id).is_some());
        effects
    }

    fn admit(&mut self, id: Id, decoded: bool) -> Effects {
        let Some(row) = self.rows.get(&id).filter(|row| !row.expired).cloned() else {
            return Effects::new();
        };
        if decoded || self.store.form(row.slot) == Form::Cold {
            self.read(row.slot.number());
        }
        if decoded {
            self.values.insert(row.slot);
            self.store.admit_decoded(row.slot)
        } else {
            self.store.admit_encoded(row.slot, row.body.into())
        }
    }

    fn url(&self, slot: Slot) -> Symbol {
        self.store.catalog().get(slot).unwrap().url
    }

    fn add_pending(&mut self, bytes: usize) -> Effects {
        let bytes = bytes.min(LIMIT - self.pending - self.leased());
        self.pending += bytes;
        self.store.add_pending(bytes)
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
            self.insert_row(&row.key, row.hash, &row.meta, &mut effects);
        }
        for id in lost.iter().skip(1).step_by(2) {
            self.lose(self.rows[id].slot);
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
        let mut store = open(self.durable, self.policy, self.idle);
        if self.durable {
            assert_eq!(store.resolve(URLS[0]).unwrap(), Resolution::Ask);
        }
        store.insert_index(&packed, self.now).unwrap();
        let mut rows = BTreeMap::new();
        for (&id, row) in &self.rows {
            let slot = store.catalog().find(&key(id)).unwrap();
            let entry = store.catalog().get(slot).unwrap();
            assert_eq!((entry.hash, &*entry.meta), (row.hash, &row.meta[..]));
            let row = row.clone();
            rows.insert(id, Row { slot, ..row });
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
            let (hits, values) = (Vec::new(), BTreeSet::new());
            store.drain(&[], self.now);
            self.store = store;
            self.held.clear();
            self.uses.clear();
            (
                self.rows,
                self.hits,
                self.values,
                self.pending,
                self.drained,
            ) = (rows, hits, values, 0, 0);
            (self.evicted, self.left) = ([0; 5], [0; 2]);
            self.steady = 0;
            for (id, row) in self.rows.clone() {
                let row = self.born(row);
                self.rows.insert(id, row);
            }
            self.check();
        }
    }

    fn insert_row(&mut self, key: &[u8], hash: Hash, meta: &[u8], effects: &mut Effects) -> Slot {
        self.store
            .insert_row(key, hash, meta, self.now, effects)
            .unwrap()
            .unwrap()
    }

    fn apply(&mut self, effects: &Effects) {
        for effect in effects {
            if let Effect::Evicted(_, cause) = *effect {
                self.evicted[cause as usize] += 1;
            }
            match *effect {
                Effect::Dropped(slot) => {
                    self.values.remove(&slot);
                }
                Effect::Expired(slot) => {
                    self.values.remove(&slot);
                    self.note_hidden(slot);
                }
                Effect::Evicted(slot, _) => {
                    assert!(!self.is_held(slot), "what is held was evicted");
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
                Effect::ResolutionChanged(_)
                | Effect::Limited(_)
                | Effect::Rank
                | Effect::GraceEnded(_) => {}
            }
        }
        self.uses.retain(|id, _| self.rows.contains_key(id));
    }
}

fn open(durable: bool, policy: &str, idle: u64) -> Store {
    let mut store = Store::new(Options {
        memory_limit: LIMIT,
        max_entries: ENTRIES,
        max_entry_bytes: 1024,
        max_catalog: 1 << 20,
        eviction_policy: policy.into(),
        durable,
        seed: 7,
    })
    .unwrap();
    store.set_idle(idle);
    store
}
