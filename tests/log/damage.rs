//! Flipped bits, files cut short or misplaced.

use fhir_schema_store::format::rows::unpack;

use crate::disk::{Disk, check, only, sample};

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
            unpack(&log.index()).unwrap().count(),
            0,
            "{name} as {other}"
        );
        assert!(!log.damage().is_empty());
    }
}

#[test]
fn damage_is_reported_and_a_new_write_heals() {
    let (mut disk, _) = sample(true);
    hit_the_third_of_3(&mut disk);
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
    hit_the_third_of_3(&mut disk);
    disk.snapshot = Some(disk.open(99).unwrap().snapshot().unwrap());
    let log = disk.open(100).unwrap();
    assert_eq!(disk.get(&log, "u:3|3"), Err("CORRUPT"));
}
