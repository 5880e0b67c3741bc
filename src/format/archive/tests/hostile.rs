//! Archives that were tampered with.

use proptest::collection::vec;
use proptest::prelude::*;
use sha2::{Digest, Sha256};

use super::*;
use crate::format::wire::{write_part, write_varint};
use crate::metadata::MAX_ROW_BYTES;

fn refused(archive: &[u8]) -> &'static str {
    read(archive).unwrap_err().code()
}

/// The hash made to fit what stands before it, as whoever tampers with an archive would.
fn reseal(archive: &mut Vec<u8>) {
    archive.truncate(archive.len() - size_of::<Hash>());
    let hash = Sha256::digest(&*archive);
    archive.extend_from_slice(&hash);
}

/// An archive of one block with these parts, which may say anything.
fn forged(entries: u32, parts: [(u8, u32, &[u8]); 3]) -> Vec<u8> {
    let mut archive = header();
    archive.extend_from_slice(&entries.to_le_bytes());
    for (codec, raw, packed) in &parts {
        archive.push(*codec);
        archive.extend_from_slice(&raw.to_le_bytes());
        archive.extend_from_slice(&u32::try_from(packed.len()).unwrap().to_le_bytes());
    }
    for (_, _, packed) in parts {
        archive.extend_from_slice(packed);
    }
    archive.extend_from_slice(&[0; TRAILER]);
    reseal(&mut archive);
    archive
}

/// An archive of one entry, whatever its metadata holds.
pub(super) fn archive_of(entry: &Entry, columns: &Columns) -> Vec<u8> {
    let mut texts = entry.key.clone();
    write_part(&mut texts, &columns.meta);
    write_varint(&mut texts, 0);
    write_part(&mut texts, &entry.body);
    let [raw, edges] = [&texts, &columns.edges].map(|part| u32::try_from(part.len()).unwrap());
    let mut archive = forged(
        1,
        [(0, raw, &texts), (0, edges, &columns.edges), (0, 0, b"")],
    );
    let counts = [0, 1, 1].map(u32::to_le_bytes).concat();
    let at = archive.len() - TRAILER;
    archive[at..at + 12].copy_from_slice(&counts);
    archive[at + 12..at + 20].copy_from_slice(&u64::from(raw + edges).to_le_bytes());
    reseal(&mut archive);
    archive
}

/// Where each block of an archive begins, and where its trailer does.
fn blocks_of(archive: &[u8]) -> Vec<usize> {
    let mut begins = vec![HEADER];
    loop {
        let at = *begins.last().unwrap();
        let number = |at: usize| u32::from_le_bytes(archive[at..at + 4].try_into().unwrap());
        if number(at) == 0 {
            return begins;
        }
        let packed: u32 = [9, 18, 27].map(|field| number(at + field)).iter().sum();
        begins.push(at + BLOCK_HEADER + packed as usize);
    }
}

fn several_blocks() -> Vec<u8> {
    let noise = |seed: u64| -> Vec<u8> {
        let words = (0..12_000_u64).map(|word| sha256(&(seed << 32 | word).to_le_bytes()));
        words.flat_map(|hash| hash[..16].to_vec()).collect()
    };
    let entries: Vec<_> = (0..4)
        .map(|number| plain(&format!("http://x/{number}"), &noise(number)))
        .collect();
    let archive = write(&entries);
    assert_eq!(read(&archive).unwrap(), entries);
    archive
}

proptest! {
    #[test]
    fn any_bytes_are_refused(bytes in vec(any::<u8>(), 0..400)) {
        let behind = [header(), bytes.clone()].concat();
        prop_assert!(read(&bytes).is_err());
        prop_assert!(read(&behind).is_err());
    }

    /// Whatever the parts say: an error or entries, never a panic.
    #[test]
    fn forged_parts_are_read_or_refused(
        texts in vec(0_u8..5, 0..60),
        edges in vec(0_u8..5, 0..20),
        hashes in vec(any::<u8>(), 0..70),
        entries in 0_u32..4,
    ) {
        let whole = |bytes: &[u8]| u32::try_from(bytes.len()).unwrap();
        let parts = [&texts[..], &edges, &hashes].map(|part| (0, whole(part), part));
        drop(read(&forged(entries, parts)));
    }
}

#[test]
fn every_prefix_and_every_flipped_bit_is_refused() {
    let archive = write(&[described(1), described(2), described(3)]);
    for length in 0..archive.len() {
        assert_eq!(refused(&archive[..length]), "CORRUPT", "at {length}");
    }
    for bit in 0..archive.len() * 8 {
        let mut bad = archive.clone();
        bad[bit / 8] ^= 1 << (bit % 8);
        assert!(read(&bad).is_err(), "bit {bit}");
    }
}

/// Even with a hash that fits, what was changed is found or is an archive of its own.
#[test]
fn every_flipped_bit_with_a_hash_that_fits_is_read_or_refused() {
    let archive = write(&[described(1), described(2), described(3)]);
    for bit in 0..(archive.len() - size_of::<Hash>()) * 8 {
        let mut bad = archive.clone();
        bad[bit / 8] ^= 1 << (bit % 8);
        reseal(&mut bad);
        if let Ok(entries) = read(&bad) {
            assert_eq!(entries.len(), 3);
            assert!(
                entries
                    .iter()
                    .all(|entry| sha256(&entry.body) == entry.hash)
            );
        }
    }
}

#[test]
fn swapped_replayed_and_missing_blocks_are_refused() {
    let archive = several_blocks();
    let at = blocks_of(&archive);
    assert!(at.len() > 3);
    let (one, two) = (&archive[at[0]..at[1]], &archive[at[1]..at[2]]);
    let (head, tail) = (&archive[..at[0]], &archive[at[2]..]);
    for blocks in [[two, one].concat(), [one, two, two].concat(), one.to_vec()] {
        let mut bad = [head, &blocks, tail].concat();
        assert_eq!(refused(&bad), "CORRUPT");
        reseal(&mut bad);
        assert_eq!(refused(&bad), "CORRUPT");
    }
}

#[test]
fn trailing_bytes_and_a_second_archive_are_refused() {
    let archive = write(&[described(1)]);
    assert_eq!(refused(&[&archive[..], b"\0"].concat()), "CORRUPT");
    assert_eq!(refused(&archive.repeat(2)), "CORRUPT");
}

#[test]
fn a_wrong_count_is_refused() {
    for field in [4, 8, 12] {
        let mut archive = write(&[described(1)]);
        let at = archive.len() - TRAILER + field;
        archive[at] += 1;
        reseal(&mut archive);
        assert_eq!(refused(&archive), "CORRUPT");
    }
}

#[test]
fn one_key_twice_or_out_of_order_is_refused() {
    let (one, two) = (described(1), described(2));
    assert_eq!(refused(&write(&[one.clone(), one.clone()])), "CORRUPT");
    assert_eq!(refused(&write(&[two, one])), "CORRUPT");
}

#[test]
fn what_no_put_would_take_is_refused() {
    let invalid = plain("http://x/a b", b"{}");
    assert_eq!(refused(&write(&[invalid])), "INVALID_KEY");
    let nul = entry("http://x/a", "", b"{}", |it| it.name = Some("a\0b".into()));
    assert_eq!(refused(&write(&[nul])), "CORRUPT");
    let nul = entry("http://x/a", "", b"{}", |it| it.tags = vec!["\0".into()]);
    assert_eq!(refused(&write(&[nul])), "CORRUPT");
    let source = entry("http://x/a", &"s".repeat(4000), b"{}", |_| {});
    assert_eq!(refused(&write(&[source])), "CORRUPT");
    let mut above = plain("http://x/a", b"{}");
    above.key[0] = 1;
    assert_eq!(refused(&write(&[above])), "CORRUPT");
}

#[test]
fn a_newer_version_is_told_apart_from_damage() {
    for (at, value) in [(8, 2), (12, 1)] {
        let mut archive = write(&[described(1)]);
        archive[at] = value;
        let crc = checksum(&archive[..HEADER - 4]).to_le_bytes();
        archive[HEADER - 4..HEADER].copy_from_slice(&crc);
        assert_eq!(refused(&archive), "FORMAT_TOO_NEW");
    }
    let codec = forged(1, [(2, 9, b"123456789"), (0, 0, b""), (0, 0, b"")]);
    assert_eq!(refused(&codec), "FORMAT_TOO_NEW");
}

#[test]
fn claims_are_bounded_before_they_are_believed() {
    let huge = u32::MAX;
    for parts in [
        [(1, huge, &b"x"[..]), (1, huge, b"x"), (1, huge, b"x")],
        [(1, 300_000, b"x"), (0, 0, b""), (0, 0, b"")],
    ] {
        assert_eq!(refused(&forged(2, parts)), "CORRUPT");
    }
    let one = forged(1, [(1, huge, b"x"), (0, 0, b""), (0, 0, b"")]);
    assert_eq!(refused(&one), "ENTRY_TOO_LARGE");
    let longer = forged(1, [(0, 1, b"xy"), (0, 0, b""), (0, 0, b"")]);
    assert_eq!(refused(&longer), "CORRUPT");
}

#[test]
fn a_bomb_stops_at_the_limits() {
    let big = plain("http://x/a", &vec![b' '; LIMITS.entry + 1]);
    assert_eq!(refused(&write(&[big])), "ENTRY_TOO_LARGE");

    let body = |number: u8| [vec![b' '; 250_000], vec![number]].concat();
    let entries: Vec<_> = (0..100)
        .map(|number| plain(&format!("http://x/{number:03}"), &body(number)))
        .collect();
    let archive = write(&entries);
    assert!(archive.len() < 40_000);
    let limits = Limits {
        total: 20 << 20,
        ..LIMITS
    };
    let error = read_in(&archive, 1 << 20, limits).unwrap_err();
    assert_eq!(error.code(), "STORAGE_FULL");
    assert_eq!(read(&archive).unwrap().len(), 100);
}

#[test]
fn a_million_tiny_entries_stop_at_the_catalog() {
    let mut writer = Writer::default();
    let meta = plain("http://x/a", b"{}").meta;
    let hash = sha256(b"{}");
    for number in 0..1_000_000 {
        let url = format!("{number:06}");
        let key = RowKey {
            layer: 0,
            url: &url,
            version: "",
            source: "",
        };
        writer
            .add(&key.pack().unwrap(), &meta, hash, b"{}")
            .unwrap();
    }
    let archive = writer.finish();
    assert!(archive.len() < 6_000_000);
    let mut reader = Reader::new(LIMITS);
    reader.push(&archive);
    let mut blocks = Vec::new();
    let error = loop {
        match reader.step() {
            Ok(block) => blocks.push(block.unwrap()),
            Err(error) => break error,
        }
    };
    assert_eq!(error.code(), "STORAGE_FULL");
    assert!(parse(&blocks).len() < 30_000);
}

#[test]
fn one_body_that_many_entries_name_counts_for_each() {
    let body = vec![b'x'; 1 << 20];
    let urls: Vec<_> = (0..100).map(|number| format!("u{number:03}")).collect();
    let entries: Vec<_> = urls.iter().map(|url| plain(url, &body)).collect();
    assert_eq!(read(&write(&entries[..50])).unwrap().len(), 50);
    assert_eq!(refused(&write(&entries)), "STORAGE_FULL");
}

#[test]
fn a_row_no_store_takes_is_neither_written_nor_read() {
    let long = |bytes: usize| {
        entry("http://x/a", "", b"{}", |metadata| {
            metadata.description = Some("x".repeat(bytes));
        })
    };
    let bytes = |entry: &Entry| entry.key.len() + entry.meta.len();
    let fits = MAX_ROW_BYTES - (bytes(&long(MAX_ROW_BYTES - 1000)) - (MAX_ROW_BYTES - 1000));
    let longest = long(fits);
    assert_eq!(bytes(&longest), MAX_ROW_BYTES);
    let archive = write(core::slice::from_ref(&longest));
    assert_eq!(read(&archive).unwrap(), [longest]);

    let longer = long(fits + 1);
    let Entry {
        key,
        meta,
        hash,
        body,
        ..
    } = &longer;
    let error = Writer::default().add(key, meta, *hash, body).unwrap_err();
    assert_eq!(error.code(), "ENTRY_TOO_LARGE");
    let forged = archive_of(&longer, &take_apart(meta).unwrap());
    assert_eq!(read(&forged), Err(error));
}

#[test]
fn the_largest_body_with_the_most_metadata_comes_back() {
    let body = vec![b'x'; LIMITS.entry];
    let long = |bytes: usize| {
        entry("http://x/a", "", &body, |metadata| {
            metadata.description = Some("x".repeat(bytes));
            metadata.source_hash = Some(sha256(b"source"));
        })
    };
    let shorter = long(MAX_ROW_BYTES - 1000);
    let rest = MAX_ROW_BYTES - (shorter.key.len() + shorter.meta.len());
    let largest = long(MAX_ROW_BYTES - 1000 + rest);
    assert_eq!(largest.key.len() + largest.meta.len(), MAX_ROW_BYTES);
    let archive = write(core::slice::from_ref(&largest));
    assert_eq!(read(&archive).unwrap(), [largest]);
}

/// The time that the reader gives must not make a row too long that was not when it was put.
#[test]
fn the_most_metadata_comes_back_whatever_the_clock_says() {
    let long = |bytes: usize| {
        entry("http://x/a", "p#1", b"{}", |metadata| {
            metadata.origin = Origin::Package;
            (metadata.head.created, metadata.head.updated) = (1, 1);
            metadata.description = Some("x".repeat(bytes));
        })
    };
    let shorter = long(MAX_ROW_BYTES - 1000);
    let rest = MAX_ROW_BYTES - (shorter.key.len() + shorter.meta.len());
    let longest = long(MAX_ROW_BYTES - 1000 + rest);
    let archive = write(core::slice::from_ref(&longest));
    let found = read(&archive).unwrap();
    assert_eq!(found, [brought(&longest)]);
    assert_eq!(write(&found), archive);
}
