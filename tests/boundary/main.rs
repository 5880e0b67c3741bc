//! The wall as JavaScript meets it: codes of errors, bytes, numbers and small records.

#![cfg(target_arch = "wasm32")]
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test may panic"
)]

mod refusals;

use fhir_schema_store::wasm::{StoreHandle, sha256};
use js_sys::Reflect;
use wasm_bindgen::JsValue;
use wasm_bindgen_test::wasm_bindgen_test;

const ASK: u32 = u32::MAX;
const BODY: &[u8] = br#"{"url":"u","n":1.10}"#;

/// The number of a URL the catalog knows.
fn url_number(store: &StoreHandle, url: &str) -> u32 {
    let mut numbers = 0..100;
    numbers
        .find(|number| store.url_text(*number).as_deref() == Some(url))
        .unwrap()
}

fn member(object: &JsValue, name: &str) -> JsValue {
    Reflect::get(object, &name.into()).unwrap()
}

fn open(durable: bool) -> StoreHandle {
    StoreHandle::new(1 << 20, 10, 1024, 1 << 20, "lru".into(), durable, 7.0).unwrap()
}

/// The fields a put may set, with their places in its record.
const EXPIRES: usize = 5;
const STALE_UNTIL: usize = 6;
const ORIGIN: usize = 7;
const SOURCE_HASH: usize = 8;
const CONVERTED_AT: usize = 10;
const COST: usize = 11;
const NAME: usize = 12;
const TAGS: usize = 22;

/// The record of a put of `url|version`, with some fields changed; tags and dependencies follow.
fn put(url: &str, version: &str, changed: &[(usize, &str)]) -> String {
    let mut fields = [""; TAGS + 1];
    (fields[0], fields[1], fields[2], fields[4], fields[ORIGIN]) = ("0", url, version, "1000", "0");
    fields[TAGS] = "0";
    for &(place, text) in changed {
        fields[place] = text;
    }
    fields.join("\0")
}

/// Slot, access count, creation time, key and metadata of a packed row.
fn unpack(packed: &[u8]) -> (u32, u32, f64, Vec<u8>, Vec<u8>) {
    let number = |at: usize| u32::from_le_bytes(packed[at..at + 4].try_into().unwrap());
    let created = f64::from_le_bytes(packed[12..20].try_into().unwrap());
    let (key, meta) = packed[20..].split_at(number(8) as usize);
    (number(0), number(4), created, key.to_vec(), meta.to_vec())
}

/// Key, hash and metadata of a packed row.
fn row(store: &StoreHandle, put: &str, body: &[u8]) -> (Vec<u8>, Vec<u8>, Vec<u8>) {
    let (.., key, meta) = unpack(&store.pack(put, body.len()).unwrap());
    (key, sha256(body).into(), meta)
}

/// Lower-case hex of the SHA-256 of `bytes`.
fn hex_of(bytes: &[u8]) -> String {
    let digit = |value: u8| char::from_digit(value.into(), 16).unwrap();
    let digits = |byte: &u8| [digit(byte >> 4), digit(byte & 15)];
    sha256(bytes).iter().flat_map(digits).collect()
}

fn insert_row(store: &mut StoreHandle, put: &str, body: &[u8]) -> u32 {
    let (key, hash, meta) = row(store, put, body);
    store.insert_row(&key, &hash, &meta, 1000.0).unwrap()
}

/// An error as it arrives on the other side.
fn refused<T>(result: fhir_schema_store::Result<T>, code: &str, names: &str) {
    let error: JsValue = result.err().unwrap().into();
    let message = member(&error, "message").as_string().unwrap();
    assert_eq!(
        member(&error, "name"),
        JsValue::from("CoreError"),
        "{message}"
    );
    assert_eq!(member(&error, "code"), JsValue::from(code), "{message}");
    assert!(message.contains(names), "{message}");
}

/// The slot a request means, and whether its text is in memory.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a whole number below 2^32"
)]
fn look_up(store: &StoreHandle, request: &str) -> (u32, bool) {
    let answer = store.look_up(request);
    let has_text = answer > f64::from(u32::MAX);
    let slot = if has_text {
        answer - 4_294_967_296.0
    } else {
        answer
    };
    (slot as u32, has_text)
}

fn meant(store: &StoreHandle, request: &str) -> u32 {
    look_up(store, request).0
}

#[wasm_bindgen_test]
fn look_up_answers_by_number() {
    let mut store = open(true);
    assert_eq!(meant(&store, "u"), ASK);
    let slot = insert_row(&mut store, &put("u", "1.0", &[]), BODY);
    assert_eq!(
        meant(&store, "u|1.0"),
        ASK,
        "there may be more rows of the URL"
    );
    store.set_whole("u");
    assert_eq!(meant(&store, "u"), slot);
    assert_eq!(meant(&store, " u|1.0#x "), slot);
    assert_eq!(meant(&store, "u|2.0"), 0);
    assert_eq!(meant(&store, "other"), ASK);
    store.start_sweep();
    store.end_sweep(&[slot]);
    assert_eq!(meant(&store, "other"), 0);
    assert_eq!(meant(&store, "u"), slot);
    assert_eq!(store.rows_of("u").unwrap()[..], [slot]);
    assert_eq!(store.canonical(slot).unwrap(), "u|1.0");
    for nobody in [0, slot + 1, ASK] {
        assert_eq!(store.canonical(nobody), None);
        assert_eq!(store.encoded(nobody), None);
        assert_eq!(store.form(nobody), 0);
        assert_eq!(store.metadata(nobody).unwrap(), None);
        assert_eq!(store.key(nobody).unwrap(), None);
        assert_eq!(store.hash(nobody), None);
        assert_eq!(store.url_text(nobody).filter(|text| text == "u|1.0"), None);
    }
}

#[wasm_bindgen_test]
fn bytes_come_back_exactly() {
    let every: Vec<u8> = (0..=255).cycle().take(1000).collect();
    for body in [&b""[..], b"{}", BODY, &every] {
        let mut store = open(false);
        let slot = insert_row(&mut store, &put("u", "", &[]), body);
        assert_eq!(store.form(slot), 0);
        assert_eq!(look_up(&store, "u"), (slot, false));
        store.admit_encoded(slot, (*body).into());
        assert_eq!(store.form(slot), 1);
        assert_eq!(store.encoded(slot).unwrap()[..], *body);
        assert_eq!(look_up(&store, "u"), (slot, true));
        store.admit_decoded(slot, true);
        assert_eq!(
            store.uses()[..3],
            [slot, u32::try_from(body.len()).unwrap(), 1]
        );
        assert_eq!(store.form(slot), 3, "without a host the bytes stay");
        assert_eq!(store.encoded(slot).unwrap()[..], *body);
        let mut next = open(true);
        next.insert_index(&store.pack_index().unwrap(), 1000.0)
            .unwrap();
        let again = meant(&next, "u");
        assert_eq!(next.hash(again), store.hash(slot));
        assert_eq!(next.key(again).unwrap(), store.key(slot).unwrap());
    }
}

#[wasm_bindgen_test]
fn effects_are_pairs_of_code_and_number() {
    let mut store = open(false);
    assert!(store.effects().is_none());
    let first = insert_row(&mut store, &put("u", "", &[]), BODY);
    let url = url_number(&store, "u");
    assert_eq!(store.effects().unwrap()[..], [3, url]);
    assert_eq!(store.url_text(url).unwrap(), "u");
    assert!(store.effects().is_none(), "they are fetched once");
    let second = insert_row(&mut store, &put("u", "", &[(NAME, "N")]), BODY);
    assert_ne!(first, second);
    assert_eq!(store.effects().unwrap()[..], [1, first, 3, url]);
    assert_eq!(
        insert_row(&mut store, &put("u", "", &[(NAME, "N")]), BODY),
        second
    );
    assert!(
        store.effects().is_none(),
        "the same row again changes nothing"
    );
    let key = store.key(second).unwrap().unwrap();
    assert!(store.remove_row(&key).unwrap());
    assert_eq!(store.effects().unwrap()[..], [1, second, 3, url]);
    assert!(!store.remove_row(&key).unwrap());

    let mut brief = open(true);
    let slot = insert_row(&mut brief, &put("u", "", &[(EXPIRES, "2000")]), BODY);
    let url = url_number(&brief, "u");
    assert_eq!(brief.effects().unwrap()[..], [3, url, 4, slot]);
    assert!(brief.expires());
    assert!(brief.drain(&[slot, 2, 2], 1999.0).is_none());
    let ended = brief.drain(&[], 2000.0);
    assert_eq!(ended.unwrap()[..], [2, slot, 3, url]);
    assert!(brief.effects().is_none(), "they were returned");
    assert!(!brief.expires());
    brief.start_sweep();
    brief.end_sweep(&[slot]);
    assert_eq!(meant(&brief, "u"), 0);
    assert_eq!(brief.stale("u").unwrap(), slot);
    refused(brief.stale(" "), "INVALID_KEY", "is empty");

    let until = [(EXPIRES, "3000"), (STALE_UNTIL, "4000")];
    let slot = insert_row(&mut brief, &put("v", "", &until), BODY);
    let url = url_number(&brief, "v");
    assert_eq!(brief.effects().unwrap()[..], [3, url, 4, slot]);
    let ended = brief.drain(&[], 3000.0);
    assert_eq!(ended.unwrap()[..], [2, slot, 3, url]);
    assert!(brief.expires(), "it waits to be deleted");
    assert_eq!(brief.stale("v").unwrap(), slot);
    assert!(brief.drain(&[], 63_000.0).is_none());
    let over = brief.drain(&[], 123_000.0);
    assert_eq!(over.unwrap()[..], [7, slot]);
    assert_eq!(brief.stale("v").unwrap(), 0);

    let mut idle = open(false);
    idle.set_idle(500.0 / 3_600_000.0);
    idle.drain(&[], 1000.0);
    let slot = insert_row(&mut idle, &put("u", "", &[]), BODY);
    let url = url_number(&idle, "u");
    idle.admit_encoded(slot, BODY.into());
    assert_eq!(idle.effects().unwrap()[..], [3, url, 4, slot]);
    assert!(idle.drain(&[slot, 1, 1], 1499.0).is_none());
    assert!(idle.drain(&[], 1998.0).is_none());
    let ended = idle.drain(&[], 1999.0);
    // Evicted as expired, which is cause 4.
    assert_eq!(ended.unwrap()[..], [4 << 4, slot, 1, slot, 3, url]);
    assert_eq!(member(&idle.stats().unwrap(), "evictedAsExpired"), 1.0);

    let mut small = StoreHandle::new(1 << 20, 1, 1024, 1 << 20, "lru".into(), false, 7.0).unwrap();
    let slots = ["a", "b"].map(|url| insert_row(&mut small, &put(url, "", &[]), BODY));
    let url = url_number(&small, "a");
    small.effects();
    small.admit_encoded(slots[0], BODY.into());
    assert!(small.effects().is_none());
    small.admit_encoded(slots[1], BODY.into());
    // Evicted for the limit on entries, which is cause 1.
    assert_eq!(
        small.effects().unwrap()[..],
        [1 << 4, slots[0], 1, slots[0], 3, url]
    );

    let number = url_number(&small, "b");
    let flag = 4_294_967_296.0;
    let answer = small.admit_decoded(slots[1], false);
    assert!(
        (answer - f64::from(number)).abs() < f64::EPSILON,
        "{answer}"
    );
    assert!(small.effects().is_none());
    assert!(
        small.admit_decoded(slots[0], false) >= flag,
        "it has effects"
    );
    assert_eq!(small.effects().unwrap()[..], [6, slots[0]]);
    assert!(small.trim(usize::MAX, true) > 0);
    assert_eq!(small.effects().unwrap()[..], [6, slots[1]]);
    assert!(small.reserve(1 << 20, true).abs() < f64::EPSILON);
    // More than a 32-bit memory has.
    assert!((small.reserve(usize::MAX, true) + 1.0).abs() < f64::EPSILON);
    assert!(small.reserve(1 << 20, true).abs() < f64::EPSILON);
    assert!(small.effects().is_none());
    assert_eq!(small.encoded(slots[1]).as_deref(), Some(BODY));
}

#[wasm_bindgen_test]
fn a_put_is_a_row_packed_and_learned() {
    let mut store = open(true);
    let hash = sha256(BODY);
    let (key, _, meta) = row(&store, &put("u", "1", &[]), BODY);
    let filed = store.put(&put("u", "1", &[]), &hash, BODY.len(), true, 1000.0);
    let (slot, accesses, created, filed_key, filed_meta) = unpack(&filed.unwrap());
    assert_eq!((filed_key, filed_meta), (key, meta));
    assert_eq!((accesses, created), (0, 1000.0));
    store.set_whole("u");
    assert_eq!(meant(&store, "u|1"), slot);
    let text = put("u", "1", &[(4, "2000"), (NAME, "N")]);
    let again = unpack(&store.put(&text, &hash, BODY.len(), true, 2000.0).unwrap());
    assert_ne!(again.0, slot);
    assert!((again.2 - 1000.0).abs() < 0.1, "the first creation counts");
    refused(
        store.put(&text, &hash[1..], BODY.len(), true, 1.0),
        "CORRUPT",
        "32",
    );
}

#[wasm_bindgen_test]
fn metadata_crosses_whole() {
    let mut store = open(false);
    let hash = "0123456789abcdef".repeat(4);
    let tags_and_edges = [
        "2",
        "a",
        "b\u{e9}",
        "4http://hl7.org/fhir/ValueSet/x|1",
        "0urn:y",
    ]
    .join("\0");
    let said = [
        (3, "p#1.0.0"),
        (EXPIRES, "1800000000000"),
        (ORIGIN, "2"),
        (SOURCE_HASH, &hash),
        (CONVERTED_AT, "1700000000000"),
        (COST, "4294967295"),
        (NAME, "N\u{e9}\u{1f600}"),
        (TAGS, &tags_and_edges),
    ];
    let slot = insert_row(&mut store, &put("http://x/u", "1.0", &said), BODY);
    let content = hex_of(BODY);
    let expected = [
        "0",
        "http://x/u",
        "1.0",
        "p#1.0.0",
        &content,
        "20",
        "0",
        "1000",
        "1000",
        "1800000000000",
        "",
        "2",
        &hash,
        "",
        "1700000000000",
        "4294967295",
        "N\u{e9}\u{1f600}",
        "\0\0\0\0\0\0\0\0",
        &tags_and_edges,
    ];
    assert_eq!(store.metadata(slot).unwrap().unwrap(), expected.join("\0"));
    let list = |package: Option<&str>, tag: Option<&str>, before: Option<f64>| {
        let text = |text: Option<&str>| text.map(Into::into);
        store.list(None, text(package), None, text(tag), before, 0)
    };
    assert_eq!(list(Some("p"), Some("a"), Some(1000.0))[..], [slot]);
    assert_eq!(list(Some("p#1.0.0"), None, None)[..], [slot]);
    assert!(list(Some("q"), None, None).is_empty());
    assert!(list(None, Some("c"), None).is_empty());
    assert!(list(None, None, Some(999.0)).is_empty());
    let stats = store.stats().unwrap();
    assert_eq!(member(&stats, "entries"), JsValue::from(1));
    assert_eq!(member(&stats, "totalBytes").as_f64(), Some(20.0));
}

/// Vectors of FIPS 180-4 and the NIST example files.
#[wasm_bindgen_test]
fn hashes_are_sha_256() {
    let million = vec![b'a'; 1_000_000];
    let vectors: [(&[u8], &str); 4] = [
        (
            b"",
            "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
        ),
        (
            b"abc",
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
        ),
        (
            b"abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
            "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1",
        ),
        (
            &million,
            "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0",
        ),
    ];
    for (bytes, expected) in vectors {
        assert_eq!(hex_of(bytes), expected);
    }
    let mut store = open(false);
    let slot = insert_row(&mut store, &put("u", "", &[]), BODY);
    assert_eq!(store.hash(slot).unwrap(), sha256(BODY));
}
