//! Records and snapshots of other versions of the format.

use fhir_schema_store::format::log::Log;
use fhir_schema_store::format::record::{self, Head, SKIPPABLE, Seed};
use fhir_schema_store::format::segment::SegmentId;
use fhir_schema_store::format::wire::checksum;

use crate::disk::{Disk, STORE, check, sample};

#[test]
fn a_record_of_a_later_version_is_remembered_when_another_segment_goes() {
    let mut disk = Disk::default();
    let mut slots = Vec::new();
    let mut log = disk.open(9).unwrap();
    for writer in 1..3 {
        let mut other = Log::new(STORE, writer);
        disk.commit(&mut other, &[("a", Some("text"))]);
        let name = disk.segments.keys().last().unwrap().clone();
        let bytes = disk.segments.remove(&name).unwrap();
        let mut later = bytes[..64].to_vec();
        let seed = Seed::new(&STORE, SegmentId::parse(&name).unwrap());
        let head = Head {
            kind: 77,
            codec: 0,
            flags: SKIPPABLE,
            seq: 1,
        };
        record::write(&mut later, (&seed, 0), head, (b"k", b"m", b"v")).unwrap();
        let crc = record_crc(&later[64..]);
        let mut commit = 1_u32.to_le_bytes().to_vec();
        commit.extend(checksum(&crc).to_le_bytes());
        commit.extend(0_u32.to_le_bytes());
        let head = Head {
            kind: record::COMMIT,
            codec: 0,
            flags: 0,
            seq: 1,
        };
        record::write(&mut later, (&seed, 0), head, (&[], &[], &commit)).unwrap();
        disk.segments.insert(name.clone(), later);
        slots.push(log.segment(&name).unwrap());
    }
    disk.refresh(&mut log).unwrap();
    assert!(slots.iter().all(|slot| !log.is_mergeable(*slot)));
    log.forget(slots[1]);
    assert!(!log.is_mergeable(slots[0]), "its record is still there");
}

fn record_crc(record: &[u8]) -> [u8; 4] {
    record[32..36].try_into().unwrap()
}

#[test]
fn a_snapshot_of_the_first_minor_version_loads() {
    let (mut disk, expected) = sample(true);
    let mut snapshot = disk.open(99).unwrap().snapshot().unwrap();
    let crc = checksum(&snapshot[36..]);
    snapshot[10] = 0;
    snapshot[32..36].copy_from_slice(&crc.to_le_bytes());
    assert_eq!(Log::new(STORE, 1).load(&snapshot), Ok(true));
    disk.snapshot = Some(snapshot.clone());
    assert_eq!(check(&disk, &expected, "minor 0"), 20);
    for bit in 8 * 8..16 * 8 {
        snapshot[bit / 8] ^= 1 << (bit % 8);
        assert_eq!(Log::new(STORE, 1).load(&snapshot), Ok(false), "bit {bit}");
        snapshot[bit / 8] ^= 1 << (bit % 8);
    }
}

#[test]
fn a_whole_snapshot_of_a_newer_version_is_refused() {
    let (disk, _) = sample(true);
    let mut snapshot = disk.open(99).unwrap().snapshot().unwrap();
    snapshot[8] = 2;
    let covered = [&snapshot[..32], &snapshot[36..]].concat();
    snapshot[32..36].copy_from_slice(&checksum(&covered).to_le_bytes());
    let refused = Log::new(STORE, 1).load(&snapshot).unwrap_err();
    assert_eq!(refused.code(), "FORMAT_TOO_NEW");
}
