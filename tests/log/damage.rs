//! Flipped bits, files cut short or misplaced; and how what was hit is healed.

use fhir_schema_store::catalog::RowKey;
use fhir_schema_store::format::log::Log;
use fhir_schema_store::format::rows::{Row, unpack};
use fhir_schema_store::hash::{Hash, UNREADABLE, sha256};

use crate::disk::{Disk, STORE, check, only, plan, sample};

/// The keys in packed rows that say they are damaged.
fn damaged(packed: &[u8]) -> Vec<String> {
    let rows = unpack(packed).unwrap().map(Result::unwrap);
    let rows = rows.filter(|row: &Row<'_>| row.hash == UNREADABLE);
    rows.map(|row| String::from_utf8_lossy(row.key).into_owned())
        .collect()
}

/// Reads a body as the host does: one that fails its check is lost.
fn read(disk: &Disk, log: &mut Log, key: &str) -> Result<Option<String>, &'static str> {
    let found = disk.get(log, key);
    if found == Err("CORRUPT") {
        let hash: Hash = log.row(key.as_bytes()).unwrap().hash;
        if let Some(at) = log.locate(&hash) {
            log.lose_body(&hash, at);
        }
    }
    found
}

/// Flips a bit of the body that reads so.
fn hit_body(disk: &mut Disk, text: &str) {
    for bytes in disk.segments.values_mut() {
        let mut body = text.as_bytes().to_vec();
        body.extend(b"FSR1");
        let at = bytes.windows(body.len()).position(|window| window == body);
        if let Some(at) = at {
            bytes[at] ^= 1;
        }
    }
}

/// Where the only ROW record of a key begins, and its length.
fn row_record(bytes: &[u8], key: &str) -> std::ops::Range<usize> {
    let at = (0..bytes.len() - 40 - key.len())
        .find(|at| {
            bytes[*at..].starts_with(b"FSR1\x02") && bytes[at + 40..].starts_with(key.as_bytes())
        })
        .unwrap();
    let next = bytes[at + 4..].windows(4).position(|it| it == b"FSR1");
    at..at + 4 + next.unwrap()
}

/// Flips a bit of the newest value of the key that has three.
fn hit_the_third_of_3(disk: &mut Disk) {
    let bytes = only(disk);
    let at = bytes
        .windows(13)
        .rposition(|window| window == b"third of 3FSR")
        .unwrap();
    bytes[at] ^= 1;
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
        assert_eq!(right, 20, "bit {bit}");
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
            let mut log = cut.open(99).unwrap();
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
        let mut log = moved.open(99).unwrap();
        assert_eq!(
            unpack(&log.index()).unwrap().count(),
            0,
            "{name} as {other}"
        );
        assert!(!log.damage().is_empty());
    }
}

#[test]
fn a_lost_row_says_so_until_a_new_write_heals_it() {
    let (mut disk, _) = sample(true);
    hit_the_third_of_3(&mut disk);
    let key = "u:3|3";
    for heal in [Some("fourth"), None] {
        let mut disk = disk.clone();
        let mut log = disk.open(99).unwrap();
        assert_eq!(disk.get(&log, key), Err("CORRUPT"), "not the second value");
        assert_eq!(damaged(&log.index()), [key]);
        assert_eq!(damaged(&log.by_url("u:3")), [key]);
        assert!(log.damage().is_empty(), "the row tells");
        let slot = log.segment(disk.segments.keys().next().unwrap()).unwrap();
        assert!(!log.is_mergeable(slot));
        disk.commit(&mut log, &[(key, heal)]);
        for mut log in [log, disk.open(100).unwrap()] {
            assert_eq!(disk.get(&log, key), Ok(heal.map(str::to_string)));
            assert!(damaged(&log.index()).is_empty());
            assert!(log.damage().is_empty());
            let slot = log.segment("seg-000001-0000000000000007.log").unwrap();
            assert!(log.is_mergeable(slot));
        }
    }
}

#[test]
fn a_lost_row_stays_lost_in_snapshots_until_it_is_healed() {
    let (mut disk, _) = sample(true);
    hit_the_third_of_3(&mut disk);
    for writer in 99..103 {
        let mut log = disk.open(writer).unwrap();
        assert_eq!(damaged(&log.index()), ["u:3|3"], "session {writer}");
        disk.snapshot = Some(log.snapshot().unwrap());
    }
    let mut log = disk.open(103).unwrap();
    disk.commit(&mut log, &[("u:3|3", Some("fourth"))]);
    disk.snapshot = Some(log.snapshot().unwrap());
    let log = disk.open(104).unwrap();
    assert!(damaged(&log.index()).is_empty());
    assert_eq!(disk.get(&log, "u:3|3"), Ok(Some("fourth".into())));
}

#[test]
fn the_key_of_a_row_is_known_whichever_bit_of_its_only_record_is_flipped() {
    let (mut disk, _) = sample(true);
    let key = "u:7|7";
    for at in row_record(only(&mut disk), key) {
        for bit in 0..8 {
            only(&mut disk)[at] ^= 1 << bit;
            let mut log = disk.open(99).unwrap();
            let mut again = disk.clone();
            assert_eq!(damaged(&log.index()), [key], "bit {bit} of byte {at}");
            assert!(log.revision(key.as_bytes()) > 0);
            again.snapshot = Some(log.snapshot().unwrap());
            assert_eq!(damaged(&again.open(100).unwrap().index()), [key]);
            only(&mut disk)[at] ^= 1 << bit;
        }
    }
}

#[test]
fn the_url_of_a_row_known_by_its_key_alone_is_that_of_the_key() {
    let row = RowKey {
        layer: 0,
        url: "http://x/tea",
        version: "1.0.0",
        source: "pack#1",
    };
    let packed = row.pack().unwrap();
    let key = str::from_utf8(&packed).unwrap();
    let (mut disk, mut log) = (Disk::default(), Log::new(STORE, 7));
    disk.commit(&mut log, &[("other", Some("first"))]);
    disk.commit(&mut log, &[(key, Some("text"))]);
    let record = row_record(only(&mut disk), key);
    only(&mut disk)[record.end - 1] ^= 1;
    let log = disk.open(9).unwrap();
    assert_eq!(damaged(&log.by_url("http://x/tea")), [key]);
}

#[test]
fn what_has_no_name_is_told_until_all_is_given_up() {
    let (mut disk, _) = sample(true);
    for at in row_record(only(&mut disk), "u:7|7") {
        only(&mut disk)[at] = 0;
    }
    let mut log = disk.open(99).unwrap();
    assert_eq!(log.damage().len(), 1, "{:?}", log.damage());
    assert_eq!(disk.get(&log, "u:7|7"), Err("CORRUPT"), "asked by its key");
    disk.snapshot = Some(log.snapshot().unwrap());
    let mut log = disk.open(100).unwrap();
    assert_eq!(log.damage().len(), 1, "{:?}", log.damage());
    disk.commit(&mut log, &[("", None)]);
    assert!(log.deleted(0).is_empty() || !log.deleted(0).starts_with(&[0; 4]));
    for snapshot in [disk.snapshot.clone(), None, Some(log.snapshot().unwrap())] {
        disk.snapshot = snapshot;
        assert!(disk.open(101).unwrap().damage().is_empty());
    }
}

#[test]
fn a_commit_that_nothing_is_known_of_is_told_in_later_sessions_too() {
    let (mut disk, mut log) = (Disk::default(), Log::new(STORE, 7));
    disk.commit(&mut log, &[("a", Some("first"))]);
    let from = only(&mut disk).len();
    disk.commit(&mut log, &[("a", Some("second"))]);
    let to = only(&mut disk).len();
    disk.commit(&mut log, &[("b", Some("third"))]);
    only(&mut disk)[from..to].fill(0);
    for writer in 10..13 {
        let mut log = disk.open(writer).unwrap();
        let told = log.damage();
        assert!(told.len() == 1 && told[0].contains("not known"), "{told:?}");
        disk.snapshot = Some(log.snapshot().unwrap());
    }
    let mut log = disk.open(13).unwrap();
    disk.commit(&mut log, &[("", None)]);
    assert!(log.damage().is_empty());
    assert!(disk.open(14).unwrap().damage().is_empty());
}

#[test]
fn a_lost_body_counts_as_absent_and_is_written_again() {
    let (mut disk, _) = sample(true);
    hit_body(&mut disk, "first of u:9|9");
    disk.snapshot = None;
    let mut log = {
        let (whole, _) = sample(true);
        let mut log = whole.open(99).unwrap();
        disk.snapshot = Some(log.snapshot().unwrap());
        disk.open(99).unwrap()
    };
    log.published();
    log.start_counting();
    let (key, text) = ("u:9|9", "first of u:9|9");
    let token = log.token();
    assert!(log.keeps(&sha256(text.as_bytes())), "nobody has read it");
    assert_eq!(read(&disk, &mut log, key), Err("CORRUPT"));
    assert_eq!(damaged(&log.index()), [key]);
    assert_eq!(
        damaged(&log.changed(token)),
        [key],
        "those who ask are told"
    );
    assert!(!log.keeps(&sha256(text.as_bytes())));
    disk.snapshot = Some(log.snapshot().unwrap());
    assert_eq!(damaged(&disk.open(100).unwrap().index()), [key]);

    let token = log.token();
    let heal = plan(&mut log, &[("other", Some(text))]);
    assert_eq!(heal.1.len(), 1, "it is written again");
    disk.write(&mut log, &heal);
    log.commit_done(heal.0, true, false);
    assert!(damaged(&log.index()).is_empty(), "for whatever row");
    let changed = log.changed(token);
    let told = unpack(&changed).unwrap().map(|row| row.unwrap().key);
    assert!(told.into_iter().any(|told| told == key.as_bytes()));
    for log in [&log, &disk.open(101).unwrap()] {
        assert_eq!(disk.get(log, key), Ok(Some(text.into())));
    }
}

#[test]
fn a_body_written_again_is_found_there_by_those_who_knew_the_damaged_one() {
    let mut disk = Disk::default();
    let (mut one, mut two) = (disk.open(1).unwrap(), disk.open(2).unwrap());
    disk.commit(&mut one, &[("a", Some("first"))]);
    disk.refresh(&mut two).unwrap();
    disk.commit(&mut two, &[("b", Some("body"))]);
    for log in [&mut one, &mut two] {
        disk.refresh(log).unwrap();
    }
    let mut three = disk.open(3).unwrap();
    let snapshot = disk.open(4).unwrap().snapshot().unwrap();
    hit_body(&mut disk, "body");
    // The writer of the segment with the lower number is the one that notices.
    assert_eq!(read(&disk, &mut one, "b"), Err("CORRUPT"));
    disk.commit(&mut one, &[("b", Some("body"))]);
    disk.refresh(&mut three).unwrap();
    for log in [&one, &three] {
        assert_eq!(disk.get(log, "b"), Ok(Some("body".into())));
    }
    disk.refresh(&mut two).unwrap();
    assert_eq!(disk.get(&two, "b"), Ok(Some("body".into())));
    for snapshot in [None, Some(snapshot), Some(one.snapshot().unwrap())] {
        disk.snapshot = snapshot;
        let five = disk.open(5).unwrap();
        assert_eq!(disk.get(&five, "b"), Ok(Some("body".into())));
    }
}

#[test]
fn a_damaged_segment_is_not_merged_until_all_is_healed() {
    let mut disk = Disk::default();
    let mut log = disk.open(1).unwrap();
    disk.commit(&mut log, &[("a", Some("first")), ("b", Some("second"))]);
    disk.seal(&mut log);
    let slot = log.segment(disk.segments.keys().next().unwrap()).unwrap();
    assert!(log.is_mergeable(slot));
    hit_body(&mut disk, "first");
    hit_body(&mut disk, "second");
    for (key, text, healed) in [("a", "first", false), ("b", "second", true)] {
        assert_eq!(read(&disk, &mut log, key), Err("CORRUPT"));
        assert!(!log.is_mergeable(slot));
        if !healed {
            assert_eq!(read(&disk, &mut log, "b"), Err("CORRUPT"));
        }
        disk.commit(&mut log, &[(key, Some(text))]);
        assert!(log.damage().is_empty(), "the rows tell");
        assert_eq!(log.is_mergeable(slot), healed);
    }
}

#[test]
fn those_who_have_read_on_are_told_of_lost_rows() {
    let mut disk = Disk::default();
    let (mut one, mut two) = (disk.open(1).unwrap(), disk.open(2).unwrap());
    disk.commit(&mut one, &[("a", Some("first")), ("b", Some("second"))]);
    disk.refresh(&mut two).unwrap();
    two.start_counting();
    let token = two.token();
    disk.commit(&mut one, &[("a", Some("third"))]);
    let bytes = only(&mut disk);
    let at = bytes.windows(9).position(|it| it == b"thirdFSR1").unwrap();
    bytes[at + 5 + 40] ^= 1;
    disk.refresh(&mut two).unwrap();
    assert_eq!(damaged(&two.changed(token)), ["a"]);
    assert!(two.deleted(token).is_empty());
}
