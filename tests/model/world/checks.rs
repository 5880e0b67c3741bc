//! What must hold after each step.

use std::collections::{BTreeMap, BTreeSet};

use fhir_schema_store::catalog::Slot;
use fhir_schema_store::filter::Filter;
use fhir_schema_store::memory::Form;
use fhir_schema_store::store::{Effect, Effects, Resolution};

use super::{ENTRIES, LIMIT, Row, World};
use crate::{Id, URLS, VERSIONS, key};

impl World {
    /// Every request there can be, and the row it means.
    pub(super) fn answers(&self) -> BTreeMap<String, Option<Slot>> {
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

    pub(super) fn check(&self) {
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
            let hidden = row.expired && self.is_held(row.slot);
            assert!(
                hidden || decoded == self.values.contains(&row.slot),
                "{id:?}"
            );
            assert!(
                hidden || !row.expired || !self.durable || self.store.form(row.slot) == Form::Cold
            );
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
        let [size, entries, explicit, pressure, idle] = self.evicted;
        let counted = [
            stats.evicted_for_size,
            stats.evicted_for_entries,
            stats.evicted_explicitly,
            stats.evicted_for_pressure,
            stats.evicted_as_expired,
        ];
        let [lost, expired] = self.left;
        let expected = [size, entries, explicit + lost, pressure, idle + expired];
        assert_eq!(counted, expected);
        assert!(stats.refusals <= size + entries);
        let watched = |row: &Row| self.is_watched(row);
        assert_eq!(self.store.expires(), self.rows.values().any(watched));
        self.check_stale();
        self.check_holds();
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
    pub(super) fn check_told(&self, before: &BTreeMap<String, Option<Slot>>, effects: &Effects) {
        let moved: BTreeSet<&str> = effects
            .iter()
            .filter_map(|effect| match effect {
                Effect::ResolutionChanged(url) => self.store.catalog().text(*url),
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
