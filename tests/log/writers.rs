//! Several writers of one directory, and merges of what they wrote.

use std::collections::BTreeMap;

use fhir_schema_store::format::log::Log;
use fhir_schema_store::hash::sha256;

use crate::disk::{Disk, check};

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
    let mut bodies = Vec::new();
    for hash in sources
        .iter()
        .flat_map(|slot| log.movable(*slot))
        .collect::<Vec<_>>()
    {
        let text = expected
            .values()
            .flatten()
            .find(|text| sha256(text.as_bytes()) == hash)
            .unwrap();
        log.move_body(hash, text.as_bytes()).unwrap();
        bodies.push(text.clone().into_bytes());
    }
    for slot in &sources {
        assert!(log.move_rows(*slot, usize::MAX).unwrap());
    }
    let ticket = log.end().unwrap();
    disk.write(&mut log, &(ticket, bodies));
    log.commit_done(ticket, true, true);
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

#[test]
fn a_commit_of_its_own_segment_rests_on_no_other() {
    let mut disk = Disk::default();
    let mut log = disk.open(1).unwrap();
    disk.commit(&mut log, &[("a", Some("same"))]);
    for (fresh, writes) in [(false, false), (true, true)] {
        log.begin(0, fresh, 0);
        let put = log.put(b"b", "b", sha256(b"same"), b"same", b"same");
        assert_eq!(put.unwrap(), writes, "fresh: {fresh}");
        log.drop_draft();
    }
}
