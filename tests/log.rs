//! The segment log against damage, crashes and a second writer: the right value, a miss or a coded
//! error, never a wrong value and never an old one.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test may panic"
)]

use std::collections::BTreeMap;

use fhir_schema_store::format::log::Log;
use fhir_schema_store::format::rows::{Row, unpack};
use fhir_schema_store::hash::{Hash, sha256};
use proptest::prelude::*;

const STORE: [u8; 16] = *b"0123456789abcdef";
const SEGMENT_HEADER: usize = 64;

/// The files of a directory, and what of each would survive a power cut.
#[derive(Clone, Default)]
struct Disk {
    segments: BTreeMap<String, Vec<u8>>,
    snapshot: Option<Vec<u8>>,
}

impl Disk {
    fn open(&self, writer: u64) -> Result<Log, &'static str> {
        let mut log = Log::new(STORE, writer);
        if let Some(snapshot) = &self.snapshot {
            log.load(snapshot).map_err(|error| error.code())?;
        }
        self.refresh(&mut log)?;
        Ok(log)
    }

    fn refresh(&self, log: &mut Log) -> Result<(), &'static str> {
        for (name, bytes) in &self.segments {
            let slot = log.segment(name).unwrap();
            if log.is_own(slot) || log.is_sealed(slot) {
                continue;
            }
            let scanned = usize::try_from(log.scanned(slot)).unwrap();
            if scanned == SEGMENT_HEADER {
                let header = &bytes[..bytes.len().min(SEGMENT_HEADER)];
                log.check_header(slot, header)
                    .map_err(|error| error.code())?;
            }
            let rest = bytes.get(scanned..).unwrap_or_default();
            log.scan(slot, rest).map_err(|error| error.code())?;
        }
        Ok(())
    }

    fn write(&mut self, log: &mut Log, ticket: u32) {
        let slot = log.plan_slot(ticket).unwrap();
        let file = self.segments.entry(log.name(slot)).or_default();
        assert_eq!(file.len() as u64, log.plan_offset(ticket).unwrap());
        file.extend(log.plan_bytes(ticket));
    }

    fn commit(&mut self, log: &mut Log, batch: &[(&str, Option<&str>)]) {
        let ticket = plan(log, batch);
        self.write(log, ticket);
        log.settle(ticket, true, false);
    }

    fn seal(&mut self, log: &mut Log) {
        let Some(slot) = log.active() else { return };
        let bytes = log.seal(slot).unwrap();
        self.segments
            .get_mut(&log.name(slot))
            .unwrap()
            .extend(bytes);
    }

    /// What a reader gets for a key: its text, a miss, or the code of an error.
    fn get(&self, log: &Log, key: &str) -> Result<Option<String>, &'static str> {
        let Some(row) = log.row(key.as_bytes()).map_err(|error| error.code())? else {
            return Ok(None);
        };
        assert_eq!(row.url, url(key), "the url of {key}");
        self.body(log, &row)
    }

    fn body(&self, log: &Log, row: &Row<'_>) -> Result<Option<String>, &'static str> {
        let Some(at) = log.locate(&row.hash) else {
            return Ok(None);
        };
        let base = at.offset.saturating_sub(7);
        let file = self
            .segments
            .get(&log.name(at.slot))
            .map(Vec::as_slice)
            .unwrap_or_default();
        let bytes = file
            .get(usize::try_from(base).unwrap()..)
            .unwrap_or_default();
        let place = log
            .verify(&row.hash, at, base, bytes)
            .map_err(|error| error.code())?;
        let text =
            String::from_utf8(bytes[place].to_vec()).expect("a checked body is what was put");
        assert_eq!(row.meta, text.as_bytes(), "the metadata goes with the body");
        Ok(Some(text))
    }
}

fn url(key: &str) -> &str {
    key.split('|').next().unwrap()
}

fn plan(log: &mut Log, batch: &[(&str, Option<&str>)]) -> u32 {
    log.begin(1_000, false);
    for (key, value) in batch {
        match value {
            Some(text) => {
                let (hash, bytes): (Hash, _) = (sha256(text.as_bytes()), text.as_bytes());
                log.put(key.as_bytes(), url(key), hash, bytes, bytes)
                    .unwrap();
            }
            None => log.delete(key.as_bytes()).unwrap(),
        }
    }
    log.end().unwrap()
}

/// Twenty entries; three overwritten, one deleted, one put again with the body of another.
fn sample(seal: bool) -> (Disk, BTreeMap<String, Option<String>>) {
    let (mut disk, mut log) = (Disk::default(), Log::new(STORE, 7));
    let mut expected = BTreeMap::new();
    let mut step = |batch: &[(&str, Option<&str>)]| {
        disk.commit(&mut log, batch);
        for (key, value) in batch {
            expected.insert((*key).to_string(), value.map(str::to_string));
        }
    };
    let keys: Vec<String> = (0..20).map(|n| format!("u:{n}|{n}")).collect();
    for pair in keys.chunks(4) {
        let texts: Vec<String> = pair.iter().map(|key| format!("first of {key}")).collect();
        let batch: Vec<_> = pair
            .iter()
            .zip(&texts)
            .map(|(key, text)| (&**key, Some(&**text)))
            .collect();
        step(&batch);
    }
    step(&[(&keys[3], Some("second of 3")), (&keys[5], None)]);
    step(&[(&keys[4], Some("first of u:0|0"))]);
    step(&[
        (&keys[3], Some("third of 3")),
        (&keys[19], Some("second of 19")),
    ]);
    if seal {
        disk.seal(&mut log);
    }
    (disk, expected)
}

fn only(disk: &mut Disk) -> &mut Vec<u8> {
    disk.segments.values_mut().next().unwrap()
}

/// Every key: its newest value, a miss or an error; how many were right.
fn check(disk: &Disk, expected: &BTreeMap<String, Option<String>>, what: &str) -> usize {
    let log = match disk.open(99) {
        Ok(log) => log,
        Err(code) => {
            assert!(
                ["CORRUPT", "FORMAT_TOO_NEW"].contains(&code),
                "{what}: {code}"
            );
            return 0;
        }
    };
    let mut right = 0;
    for (key, value) in expected {
        match disk.get(&log, key) {
            Ok(found) if found == *value => right += 1,
            Ok(None) | Err("CORRUPT") => {}
            wrong => panic!("{what}: {key} is {wrong:?}, not {value:?}"),
        }
    }
    for row in unpack(&log.index().unwrap()).unwrap() {
        let row = row.unwrap();
        let key = str::from_utf8(row.key).unwrap();
        assert_eq!(
            Some(str::from_utf8(row.meta).unwrap()),
            expected[key].as_deref(),
            "{what}: {key}"
        );
    }
    right
}

#[test]
fn a_whole_segment_reads_back() {
    for seal in [false, true] {
        let (disk, expected) = sample(seal);
        assert_eq!(check(&disk, &expected, "whole"), 20);
        assert!(disk.open(99).unwrap().damage().is_empty());
    }
}

#[test]
fn every_flipped_bit_costs_at_most_what_it_hits() {
    for (seal, snapshot) in [(false, false), (true, false), (true, true)] {
        let (mut disk, expected) = sample(seal);
        if snapshot {
            disk.snapshot = Some(disk.open(99).unwrap().snapshot().unwrap());
        }
        let mut whole = 0;
        for bit in 0..only(&mut disk).len() * 8 {
            only(&mut disk)[bit / 8] ^= 1 << (bit % 8);
            let what = format!("bit {bit}, sealed {seal}, snapshot {snapshot}");
            let right = check(&disk, &expected, &what);
            // One body may be shared by two rows; a header of a newer major opens nothing.
            assert!(right >= 18, "{what}: only {right} of 20 are right");
            whole += usize::from(right == 20);
            only(&mut disk)[bit / 8] ^= 1 << (bit % 8);
        }
        assert!(whole > 0, "flips in headers and commits cost nothing");
    }
}

#[test]
fn every_flipped_bit_of_a_snapshot_falls_back_on_the_segments() {
    let (mut disk, expected) = sample(true);
    disk.snapshot = Some(disk.open(99).unwrap().snapshot().unwrap());
    for bit in 0..disk.snapshot.as_ref().unwrap().len() * 8 {
        disk.snapshot.as_mut().unwrap()[bit / 8] ^= 1 << (bit % 8);
        let right = check(&disk, &expected, &format!("bit {bit} of the snapshot"));
        // Version fields say "too new", which opens nothing.
        assert!(
            right == 20 || (8..16).contains(&(bit / 8)),
            "bit {bit}: {right}"
        );
        disk.snapshot.as_mut().unwrap()[bit / 8] ^= 1 << (bit % 8);
    }
}

#[test]
fn every_truncation_is_the_state_after_some_commit() {
    let (disk, expected) = sample(false);
    let whole = disk.segments.values().next().unwrap().clone();
    let states: Vec<_> = (0..=whole.len())
        .map(|length| {
            let mut cut = disk.clone();
            only(&mut cut).truncate(length);
            let log = cut.open(99).unwrap();
            assert!(
                log.damage().is_empty(),
                "a torn tail at {length} is no damage: {:?}",
                log.damage()
            );
            let state: Vec<_> = expected
                .keys()
                .map(|key| cut.get(&log, key).unwrap())
                .collect();
            state
        })
        .collect();
    let mut distinct = states.clone();
    distinct.dedup();
    assert_eq!(
        distinct.len(),
        9,
        "nothing, and one state after each of 8 commits"
    );
    assert_eq!(
        states.last().unwrap(),
        &expected.values().cloned().collect::<Vec<_>>()
    );
}

#[test]
fn every_truncation_under_a_snapshot_gives_no_old_value() {
    let (mut disk, expected) = sample(true);
    disk.snapshot = Some(disk.open(99).unwrap().snapshot().unwrap());
    let whole = disk.segments.values().next().unwrap().clone();
    for length in 0..=whole.len() {
        only(&mut disk).truncate(length);
        check(&disk, &expected, &format!("cut at {length}"));
        only(&mut disk).clone_from(&whole);
    }
}

#[test]
fn a_block_of_another_place_does_not_pass() {
    let (disk, _) = sample(true);
    let (name, bytes) = disk.segments.iter().next().unwrap();
    for other in [
        "seg-000002-0000000000000007.log",
        "seg-000001-0000000000000008.log",
    ] {
        let moved = Disk {
            segments: [(other.to_string(), bytes.clone())].into(),
            snapshot: None,
        };
        let log = moved.open(99).unwrap();
        assert_eq!(
            unpack(&log.index().unwrap()).unwrap().count(),
            0,
            "{name} as {other}"
        );
        assert!(!log.damage().is_empty());
    }
}

#[test]
fn damage_is_reported_and_a_new_write_heals() {
    let (mut disk, _) = sample(true);
    let at = only(&mut disk)
        .windows(13)
        .rposition(|window| window == b"third of 3FSR")
        .unwrap();
    only(&mut disk)[at] ^= 1;
    let mut log = disk.open(99).unwrap();
    let key = "u:3|3";
    assert_eq!(disk.get(&log, key), Err("CORRUPT"), "not the second value");
    assert_eq!(log.damage().len(), 1, "{:?}", log.damage());
    disk.commit(&mut log, &[(key, Some("fourth"))]);
    assert_eq!(disk.get(&log, key), Ok(Some("fourth".into())));
    assert_eq!(
        disk.get(&disk.open(100).unwrap(), key),
        Ok(Some("fourth".into()))
    );
}

#[test]
fn a_lost_row_stays_lost_in_a_snapshot() {
    let (mut disk, _) = sample(true);
    let at = only(&mut disk)
        .windows(13)
        .rposition(|window| window == b"third of 3FSR")
        .unwrap();
    only(&mut disk)[at] ^= 1;
    disk.snapshot = Some(disk.open(99).unwrap().snapshot().unwrap());
    let log = disk.open(100).unwrap();
    assert_eq!(disk.get(&log, "u:3|3"), Err("CORRUPT"));
}

#[test]
fn two_writers_see_each_other_and_the_later_commit_wins() {
    let mut disk = Disk::default();
    let (mut one, mut two) = (disk.open(1).unwrap(), disk.open(2).unwrap());
    disk.commit(&mut one, &[("k", Some("one")), ("a", Some("same"))]);
    disk.refresh(&mut two).unwrap();
    disk.commit(&mut two, &[("k", Some("two")), ("b", Some("same"))]);
    disk.refresh(&mut one).unwrap();
    for log in [&one, &two, &disk.open(3).unwrap()] {
        assert_eq!(disk.get(log, "k"), Ok(Some("two".into())));
        assert_eq!(log.revision(b"k"), 2);
        assert_eq!(disk.get(log, "a"), disk.get(log, "b"));
    }
    // A body in another's segment may not be synced: it is written again.
    let copies = disk.segments.values().map(|bytes| {
        bytes
            .windows(8)
            .filter(|window| window == b"sameFSR1")
            .count()
    });
    assert!(copies.sum::<usize>() >= 2);
}

#[test]
fn a_merge_cut_off_anywhere_changes_nothing() {
    let mut disk = Disk::default();
    let mut expected = BTreeMap::new();
    for writer in 1..5 {
        let mut log = disk.open(writer).unwrap();
        let text = format!("by {writer}");
        let own = format!("own {writer}");
        disk.commit(
            &mut log,
            &[
                ("k", Some(&text)),
                (&own, Some(&own)),
                ("gone", Some(&text)),
            ],
        );
        disk.commit(&mut log, &[("gone", None)]);
        disk.seal(&mut log);
        expected.insert("k".to_string(), Some(text));
        expected.insert(own.clone(), Some(own));
        expected.insert("gone".to_string(), None);
    }
    let before = disk.clone();
    let mut log = disk.open(9).unwrap();
    let sources: Vec<u32> = disk
        .segments
        .keys()
        .map(|name| log.segment(name).unwrap())
        .collect();
    assert!(sources.iter().all(|slot| log.is_mergeable(*slot)));
    let target = log.merge_target();
    log.begin_move(target, 0);
    for hash in log.movable(&sources) {
        let text = expected
            .values()
            .flatten()
            .find(|text| sha256(text.as_bytes()) == hash)
            .unwrap();
        log.move_body(hash, text.as_bytes()).unwrap();
    }
    log.move_rows(&sources).unwrap();
    let ticket = log.end().unwrap();
    disk.write(&mut log, ticket);
    log.settle(ticket, true, true);
    let merged = log.name(target);
    let bytes = disk.segments[&merged].clone();
    for length in 0..=bytes.len() {
        let mut cut = before.clone();
        cut.segments
            .insert(merged.clone(), bytes[..length].to_vec());
        assert_eq!(
            check(&cut, &expected, &format!("merge cut at {length}")),
            expected.len()
        );
    }
    // Any of the sources may be deleted, in any order, with or without a snapshot.
    for kept in 0..1 << sources.len() {
        let mut left = disk.clone();
        for (at, slot) in sources.iter().enumerate() {
            if kept >> at & 1 == 0 {
                left.segments.remove(&log.name(*slot));
            }
        }
        assert_eq!(
            check(&left, &expected, &format!("kept {kept:b}")),
            expected.len()
        );
    }
    let revisions = |log: &Log| ["k", "own 1"].map(|key| log.revision(key.as_bytes()));
    assert_eq!(
        revisions(&disk.open(10).unwrap()),
        revisions(&before.open(10).unwrap())
    );
}

/// A step of the model: commit a batch, cut the power at a point of the unsynced bytes, reopen.
#[derive(Clone, Debug)]
enum Step {
    Commit(Vec<(u8, Option<u8>)>),
    Crash(Vec<(u8, Option<u8>)>, prop::sample::Index),
    Snapshot,
    Reopen { seal: bool },
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let batch = || {
        let batch = prop::collection::btree_map(0..6u8, prop::option::of(0..4u8), 1..4);
        batch.prop_map(|batch| batch.into_iter().collect::<Vec<_>>())
    };
    let step = prop_oneof![
        5 => batch().prop_map(Step::Commit),
        3 => (batch(), any::<prop::sample::Index>()).prop_map(|(batch, at)| Step::Crash(batch, at)),
        1 => Just(Step::Snapshot),
        1 => any::<bool>().prop_map(|seal| Step::Reopen { seal }),
    ];
    prop::collection::vec(step, 1..24)
}

fn text(key: u8, value: u8) -> String {
    // Bodies are shared between some keys, so that one is there already when another needs it.
    if value == 0 {
        "shared".into()
    } else {
        format!("{key} is {value}")
    }
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 400,
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    #[test]
    fn the_log_equals_a_map_through_crashes(steps in steps()) {
        let mut disk = Disk::default();
        let mut writer = 1;
        let mut log = disk.open(writer).unwrap();
        let mut model: BTreeMap<u8, Option<String>> = (0..6).map(|key| (key, None)).collect();
        for step in steps {
            let batch = match &step { Step::Commit(batch) | Step::Crash(batch, _) => batch.clone(), _ => vec![] };
            let texts: Vec<_> = batch.iter()
                .map(|(key, value)| (format!("k{key}"), value.map(|value| text(*key, value))))
                .collect();
            let batch_refs: Vec<_> = texts.iter().map(|(key, text)| (&**key, text.as_deref())).collect();
            match step {
                Step::Commit(batch) => {
                    disk.commit(&mut log, &batch_refs);
                    model.extend(batch.iter().zip(&texts).map(|((key, _), (_, text))| (*key, text.clone())));
                }
                Step::Crash(batch, at) => {
                    let ticket = plan(&mut log, &batch_refs);
                    let name = log.name(log.plan_slot(ticket).unwrap());
                    let start = usize::try_from(log.plan_offset(ticket).unwrap()).unwrap();
                    disk.write(&mut log, ticket);
                    let file = disk.segments.get_mut(&name).unwrap();
                    let kept = start + at.index(file.len() - start + 1);
                    file.truncate(kept);
                    writer += 1;
                    log = disk.open(writer).unwrap();
                    prop_assert!(log.damage().is_empty(), "{:?}", log.damage());
                    // All of the batch, or nothing of it.
                    let after = |key: u8| disk.get(&log, &format!("k{key}")).unwrap();
                    let mut done = model.clone();
                    done.extend(batch.iter().zip(&texts).map(|((key, _), (_, text))| (*key, text.clone())));
                    let found: BTreeMap<u8, _> = (0..6).map(|key| (key, after(key))).collect();
                    prop_assert!(found == model || found == done, "{found:?}");
                    model = found;
                }
                Step::Snapshot => {
                    disk.snapshot = Some(log.snapshot().unwrap());
                    log.published();
                }
                Step::Reopen { seal } => {
                    if seal {
                        disk.seal(&mut log);
                    }
                    writer += 1;
                    log = disk.open(writer).unwrap();
                }
            }
            for (key, value) in &model {
                prop_assert_eq!(&disk.get(&log, &format!("k{key}")).unwrap(), value);
            }
        }
    }
}
