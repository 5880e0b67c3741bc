//! Archives there and back.

mod hostile;

use proptest::prelude::*;

use super::*;
use crate::catalog::RowKey;
use crate::hash::sha256;
use crate::metadata::{DependencyKind, Origin, Url};

const LIMITS: Limits = Limits {
    entry: 1 << 20,
    total: 64 << 20,
    catalog: 8 << 20,
    now: 1_800_000_000_000,
};

#[derive(Clone, Debug, PartialEq)]
struct Entry {
    key: Vec<u8>,
    url: String,
    hash: Hash,
    meta: Vec<u8>,
    body: Vec<u8>,
}

fn entry(url: &str, source: &str, body: &[u8], change: impl FnOnce(&mut Metadata)) -> Entry {
    let mut metadata = Metadata {
        head: Head {
            size: u32::try_from(body.len()).unwrap(),
            created: 1_700_000_000_000,
            updated: 1_700_000_000_001,
            ..Head::default()
        },
        ..Metadata::default()
    };
    change(&mut metadata);
    let key = RowKey {
        layer: 0,
        url,
        version: "1.0.0",
        source,
    };
    Entry {
        key: key.pack().unwrap(),
        url: url.into(),
        hash: sha256(body),
        meta: metadata.pack().unwrap(),
        body: body.into(),
    }
}

fn plain(url: &str, body: &[u8]) -> Entry {
    entry(url, "", body, |_| {})
}

fn described(number: usize) -> Entry {
    let body = format!("{{\"url\":\"http://x/{number:04}\",\"n\":{}}}", number % 7);
    entry(
        &format!("http://x/{number:04}"),
        "p#1.0.0",
        body.as_bytes(),
        |metadata| {
            metadata.origin = Origin::Converted;
            metadata.source_hash =
                (!number.is_multiple_of(3)).then(|| sha256(&number.to_le_bytes()));
            metadata.description = Some(format!("The {number}th"));
            metadata.dependencies = (0..number % 5)
                .map(|edge| Dependency {
                    kind: DependencyKind::Type,
                    target: Url(format!("http://hl7.org/fhir/StructureDefinition/T{edge}")),
                })
                .collect();
            metadata.extensions = vec![(9, vec![1, 2])];
        },
    )
}

/// An entry as the reader brings it: what a package makes again was stored now.
fn brought(entry: &Entry) -> Entry {
    let mut metadata = Metadata::unpack(&entry.meta).unwrap();
    if matches!(metadata.origin, Origin::Package | Origin::Converted) {
        (metadata.head.created, metadata.head.updated) = (LIMITS.now, LIMITS.now);
        metadata.converted_at = None;
    }
    Entry {
        meta: metadata.pack().unwrap(),
        ..entry.clone()
    }
}

fn write(entries: &[Entry]) -> Vec<u8> {
    let mut writer = Writer::default();
    let mut bytes = Vec::new();
    for entry in entries {
        writer
            .add(&entry.key, &entry.meta, entry.hash, &entry.body)
            .unwrap();
        bytes.extend(writer.take());
    }
    bytes.extend(writer.finish());
    bytes
}

/// Reads an archive that comes in pieces of so many bytes.
fn read_in(archive: &[u8], piece: usize, limits: Limits) -> Result<Vec<Entry>> {
    let mut reader = Reader::new(limits);
    let mut blocks = Vec::new();
    for bytes in archive.chunks(piece) {
        reader.push(bytes);
        while let Some(block) = reader.step()? {
            blocks.push(block);
        }
    }
    reader.finish()?;
    Ok(parse(&blocks))
}

fn read(archive: &[u8]) -> Result<Vec<Entry>> {
    read_in(archive, archive.len().max(1), LIMITS)
}

fn parse(blocks: &[Vec<u8>]) -> Vec<Entry> {
    let mut entries = Vec::new();
    let mut bodies = Vec::new();
    for block in blocks {
        let mut fields = wire::Reader::new(block);
        while let Some(key) = fields.u32() {
            let [url, meta, place, body] = [(); 4].map(|()| fields.u32().unwrap() as usize);
            let key = fields.take(key as usize).unwrap().to_vec();
            let url = String::from_utf8(fields.take(url).unwrap().to_vec()).unwrap();
            let meta = fields.take(meta).unwrap().to_vec();
            let body = fields.take(body).unwrap().to_vec();
            if place == 0 {
                bodies.push(body.clone());
            }
            let body = if place == 0 {
                body
            } else {
                bodies[place - 1].clone()
            };
            let hash = sha256(&body);
            entries.push(Entry {
                key,
                url,
                hash,
                meta,
                body,
            });
        }
    }
    entries
}

proptest! {
    #[test]
    fn comes_back(
        numbers in proptest::collection::btree_set(0_usize..5000, 0..40),
        piece in 1_usize..5000,
    ) {
        let entries: Vec<_> = numbers.into_iter().map(described).collect();
        let archive = write(&entries);
        let found = read_in(&archive, piece, LIMITS).unwrap();
        prop_assert_eq!(&found, &entries.iter().map(brought).collect::<Vec<_>>());
        prop_assert_eq!(write(&found), archive);
    }
}

#[test]
fn nothing_at_all_is_an_archive_too() {
    let archive = write(&[]);
    assert_eq!(archive.len(), HEADER + TRAILER);
    assert_eq!(read(&archive), Ok(Vec::new()));
}

#[test]
fn a_body_of_several_entries_is_written_once() {
    let body = sha256(b"body").repeat(500);
    let urls: Vec<_> = (0..20)
        .map(|number| format!("http://x/{number:02}"))
        .collect();
    let entries: Vec<_> = urls.iter().map(|url| plain(url, &body)).collect();
    let archive = write(&entries);
    assert!(archive.len() < 2000);
    assert_eq!(read(&archive).unwrap(), entries);
}

#[test]
fn what_belongs_to_the_store_stays_there() {
    let count = |access_count| {
        entry("http://x/a", "", b"{}", |it| {
            it.head.access_count = access_count;
        })
    };
    let archive = write(&[count(70)]);
    assert_eq!(archive, write(&[count(0)]));
    assert_eq!(read(&archive).unwrap(), [count(0)]);
}

#[test]
fn when_a_package_was_saved_is_left_out() {
    let saved = |origin, time| {
        entry("http://x/a", "p#1.0.0", b"{}", |it| {
            it.origin = origin;
            it.converted_at = Some(time);
            it.head.created = time;
            it.head.updated = time + 1;
        })
    };
    for origin in [Origin::Package, Origin::Converted] {
        let archive = write(&[saved(origin, 7)]);
        assert_eq!(archive, write(&[saved(origin, 1_700_000_000_000)]));
        let found = read(&archive).unwrap();
        assert_eq!(found, [brought(&saved(origin, 0))]);
        assert_eq!(write(&found), archive);
    }
    for origin in [Origin::User, Origin::Resolver] {
        let archive = write(&[saved(origin, 0)]);
        assert_ne!(archive, write(&[saved(origin, 7)]));
        assert_eq!(read(&archive).unwrap(), [saved(origin, 0)]);
    }
}

/// As archives were written that told when a package was saved.
#[test]
fn a_time_that_is_there_is_kept() {
    let one = entry("a", "p#1.0.0", b"{}", |it| it.origin = Origin::Converted);
    let mut columns = take_apart(&plain("a", b"{}").meta).unwrap();
    let mut metadata = Metadata::unpack(&columns.meta).unwrap();
    metadata.origin = Origin::Converted;
    columns.meta = metadata.pack().unwrap();
    assert_eq!(read(&hostile::archive_of(&one, &columns)).unwrap(), [one]);
}

#[test]
fn times_are_no_content() {
    let one = plain("http://x/a", b"{}").meta;
    let later = entry("http://x/a", "", b"{}", |it| {
        it.head.created += 1;
        it.head.access_count = 3;
        it.converted_at = Some(7);
    });
    let tagged = entry("http://x/a", "", b"{}", |it| it.tags = vec!["t".into()]);
    let mortal = entry("http://x/a", "", b"{}", |it| it.head.expires = Some(9));
    assert_eq!(same_content(&one, &later.meta), Ok(true));
    assert_eq!(same_content(&one, &tagged.meta), Ok(false));
    assert_eq!(same_content(&one, &mortal.meta), Ok(false));
}

/// The exact bytes: a change here is a change of the format.
#[test]
fn the_bytes_are_frozen() {
    let archive = write(&[plain("a", b"{}"), described(4)]);
    assert_eq!(archive[..16], *b"\x89FSA\r\n\x1a\n\x01\0\0\0\0\0\0\0");
    let hash = sha256(&archive);
    assert_eq!((archive.len(), &hash[..4]), (272, &[132, 253, 206, 39][..]));
}

#[test]
fn two_entries_that_just_fit_a_block_come_back() {
    let converted = |url: &str, length: usize| {
        let body = format!("{{\"x\":\"{}\"}}", "x".repeat(length));
        entry(url, "p#1.0.0", body.as_bytes(), |metadata| {
            metadata.origin = Origin::Package;
            metadata.source_hash = Some(sha256(url.as_bytes()));
        })
    };
    for length in BLOCK_BYTES / 2 - 400..BLOCK_BYTES / 2 - 50 {
        let entries = [converted("a", BLOCK_BYTES / 2), converted("b", length)];
        let found = read(&write(&entries)).unwrap();
        assert_eq!(found, entries.each_ref().map(brought), "{length}");
    }
}
