//! The wall as JavaScript meets it: codes of errors, bytes, numbers and small records.

#![cfg(target_arch = "wasm32")]
#![expect(clippy::unwrap_used, reason = "a test may panic")]

use fhir_schema_store::wasm::{StoreHandle, hash_matches, sha256_hex};
use js_sys::{Array, Object, Reflect};
use wasm_bindgen::JsValue;
use wasm_bindgen_test::wasm_bindgen_test;

const ASK: u32 = u32::MAX;
const BODY: &[u8] = br#"{"url":"u","n":1.10}"#;

fn object(members: &[(&str, JsValue)]) -> JsValue {
    let object = Object::new();
    for (name, value) in members {
        Reflect::set(&object, &(*name).into(), value).unwrap();
    }
    object.into()
}

fn member(object: &JsValue, name: &str) -> JsValue {
    Reflect::get(object, &name.into()).unwrap()
}

fn options(changed: &[(&str, JsValue)]) -> JsValue {
    let options = object(&[
        ("memoryLimitBytes", (1 << 20).into()),
        ("maxEntries", 10.into()),
        ("maxEntryBytes", 1024.into()),
        ("maxCatalogBytes", (1 << 20).into()),
        ("evictionPolicy", "lru".into()),
        ("durable", false.into()),
        ("seed", 7.into()),
    ]);
    for (name, value) in changed {
        Reflect::set(&options, &(*name).into(), value).unwrap();
    }
    options
}

fn open(durable: bool) -> StoreHandle {
    StoreHandle::new(options(&[("durable", durable.into())])).unwrap()
}

/// What a put of `url|version` says, with a member more or changed.
fn put(url: &str, version: &str, more: &[(&str, JsValue)]) -> JsValue {
    let put = object(&[
        ("url", url.into()),
        ("version", version.into()),
        ("source", "".into()),
        ("origin", "user".into()),
        ("tags", Array::new().into()),
        ("dependencies", Array::new().into()),
        ("now", 1000.into()),
    ]);
    for (name, value) in more {
        Reflect::set(&put, &(*name).into(), value).unwrap();
    }
    put
}

/// Key, hash and metadata of a packed row.
fn row(store: &StoreHandle, put: JsValue, body: &[u8]) -> (Vec<u8>, Vec<u8>, Vec<u8>) {
    let packed = store.pack(put, body).unwrap();
    let (hash, rest) = packed.split_at(32);
    let (length, rest) = rest.split_at(4);
    let (key, meta) = rest.split_at(u32::from_le_bytes(length.try_into().unwrap()) as usize);
    (key.to_vec(), hash.to_vec(), meta.to_vec())
}

fn learn(store: &mut StoreHandle, put: JsValue, body: &[u8]) -> u32 {
    let (key, hash, meta) = row(store, put, body);
    store.learn(&key, &hash, &meta, 1000.0).unwrap()
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

#[wasm_bindgen_test]
fn errors_keep_their_code_and_name_the_input() {
    let mut store = open(false);
    refused(
        store.resolve("a b"),
        "INVALID_KEY",
        "\"a b\" holds white space",
    );
    refused(store.resolve(""), "INVALID_KEY", "is empty");
    refused(store.rows_of("|1"), "INVALID_KEY", "has no URL");
    refused(store.pack(put("a|b", "", &[]), BODY), "INVALID_KEY", "a|b");
    refused(
        store.pack(put("u", "1 0", &[]), BODY),
        "INVALID_KEY",
        "white space",
    );
    let large = vec![b' '; 1025];
    refused(
        store.pack(put("u", "", &[]), &large),
        "ENTRY_TOO_LARGE",
        "1025 bytes",
    );
    refused(
        store.learn(&[0xff], &[0; 32], &[], 0.0),
        "CORRUPT",
        "row key",
    );
    let (key, hash, meta) = row(&store, put("u", "", &[]), BODY);
    refused(
        store.learn(&key, &hash[..31], &meta, 0.0),
        "CORRUPT",
        "32 bytes",
    );
    refused(store.learn(&key, &hash, &[], 0.0), "CORRUPT", "metadata");
    refused(
        store.learn(&key, &hash, &[9], 0.0),
        "FORMAT_TOO_NEW",
        "format 9",
    );
    refused(store.forget(&[0xff]), "CORRUPT", "row key");
    refused(store.learn_index(&[], 0.0), "CORRUPT", "index");
    refused(store.learn_index(&[9], 0.0), "FORMAT_TOO_NEW", "format 9");
    refused(store.learn_index(&[1, 0xff], 0.0), "CORRUPT", "index");
    assert_eq!(
        store.resolve("u").unwrap(),
        0,
        "nothing of all that was taken"
    );
}

#[wasm_bindgen_test]
fn records_of_the_wrong_shape_are_refused() {
    let named = |name| options(&[("evictionPolicy", JsValue::from(name))]);
    refused(
        StoreHandle::new(named("clock")),
        "INVALID_CONFIG",
        "evictionPolicy",
    );
    for (name, value) in [
        ("memoryLimitBytes", JsValue::from("1 MB")),
        ("maxEntries", JsValue::NULL),
        ("maxEntries", JsValue::from(-1)),
        ("durable", JsValue::from(1)),
    ] {
        let result = StoreHandle::new(options(&[(name, value)]));
        refused(result, "INVALID_VALUE", "");
    }
    let store = open(false);
    for (name, value) in [
        ("tags", JsValue::from("red")),
        ("tags", Array::of1(&5.into()).into()),
        ("origin", JsValue::from("space")),
        (
            "dependencies",
            Array::of1(&object(&[("kind", "base".into())])).into(),
        ),
        ("sourceHash", JsValue::from("abc")),
        ("name", JsValue::from(5)),
    ] {
        refused(
            store.pack(put("u", "", &[(name, value)]), BODY),
            "INVALID_VALUE",
            "",
        );
    }
    refused(
        store.list(object(&[("tag", 5.into())])),
        "INVALID_VALUE",
        "",
    );
}

#[wasm_bindgen_test]
fn resolve_answers_by_number() {
    let mut store = open(true);
    assert_eq!(store.resolve("u").unwrap(), ASK);
    let slot = learn(&mut store, put("u", "1.0", &[]), BODY);
    assert_eq!(
        store.resolve("u|1.0").unwrap(),
        ASK,
        "there may be more rows of the URL"
    );
    store.set_whole("u");
    assert_eq!(store.resolve("u").unwrap(), slot);
    assert_eq!(store.resolve(" u|1.0#x ").unwrap(), slot);
    assert_eq!(store.resolve("u|2.0").unwrap(), 0);
    assert_eq!(store.resolve("other").unwrap(), ASK);
    store.start_sweep();
    store.end_sweep(&[slot]);
    assert_eq!(store.resolve("other").unwrap(), 0);
    assert_eq!(store.resolve("u").unwrap(), slot);
    assert_eq!(store.rows_of("u").unwrap()[..], [slot]);
    assert_eq!(store.canonical(slot).unwrap(), "u|1.0");
    for nobody in [0, slot + 1, ASK] {
        assert_eq!(store.canonical(nobody), None);
        assert_eq!(store.encoded(nobody), None);
        assert_eq!(store.form(nobody), 0);
        assert!(store.metadata(nobody).unwrap().is_undefined());
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
        let slot = learn(&mut store, put("u", "", &[]), body);
        assert_eq!(store.form(slot), 0);
        store.admit_encoded(slot, body);
        assert_eq!(store.form(slot), 1);
        assert_eq!(store.encoded(slot).unwrap()[..], *body);
        assert_eq!(store.size(slot) as usize, body.len());
        store.admit_decoded(slot);
        assert_eq!(store.form(slot), 3, "without a host the bytes stay");
        assert_eq!(store.encoded(slot).unwrap()[..], *body);
        let mut next = open(true);
        next.learn_index(&store.pack_index().unwrap(), 1000.0)
            .unwrap();
        let again = next.resolve("u").unwrap();
        assert_eq!(next.hash(again), store.hash(slot));
        assert_eq!(next.key(again).unwrap(), store.key(slot).unwrap());
    }
}

#[wasm_bindgen_test]
fn effects_are_pairs_of_code_and_number() {
    let mut store = open(false);
    assert!(!store.has_effects());
    assert!(store.effects().is_empty());
    let first = learn(&mut store, put("u", "", &[]), BODY);
    let url = store.url_of(first);
    assert!(store.has_effects());
    assert_eq!(store.effects()[..], [3, url]);
    assert_eq!(store.url_text(url).unwrap(), "u");
    assert!(!store.has_effects(), "they are fetched once");
    let second = learn(&mut store, put("u", "", &[("name", "N".into())]), BODY);
    assert_ne!(first, second);
    assert_eq!(store.effects()[..], [1, first, 3, url]);
    assert_eq!(
        learn(&mut store, put("u", "", &[("name", "N".into())]), BODY),
        second
    );
    assert!(!store.has_effects(), "the same row again changes nothing");
    let key = store.key(second).unwrap().unwrap();
    assert!(store.forget(&key).unwrap());
    assert_eq!(store.effects()[..], [1, second, 3, url]);
    assert!(!store.forget(&key).unwrap());

    let mut brief = open(true);
    let slot = learn(
        &mut brief,
        put("u", "", &[("expiresAt", 2000.into())]),
        BODY,
    );
    let url = brief.url_of(slot);
    brief.effects();
    assert!(brief.expires());
    brief.drain(&[slot, slot], 1999.0);
    assert!(!brief.has_effects());
    brief.drain(&[], 2000.0);
    assert_eq!(brief.effects()[..], [2, slot, 3, url]);
    assert!(!brief.expires());

    let mut small = StoreHandle::new(options(&[("maxEntries", 1.into())])).unwrap();
    let slots = ["a", "b"].map(|url| learn(&mut small, put(url, "", &[]), BODY));
    small.effects();
    small.admit_encoded(slots[0], BODY);
    assert!(!small.has_effects());
    small.admit_encoded(slots[1], BODY);
    let url = small.url_of(slots[0]);
    assert_eq!(small.effects()[..], [0, slots[0], 1, slots[0], 3, url]);
}

#[wasm_bindgen_test]
fn metadata_crosses_whole() {
    let mut store = open(false);
    let edge = object(&[
        ("kind", "binding".into()),
        ("target", "http://hl7.org/fhir/ValueSet/x|1".into()),
    ]);
    let hash = "0123456789abcdef".repeat(4);
    let said = [
        ("name", JsValue::from("N\u{e9}\u{1f600}")),
        ("source", "p#1.0.0".into()),
        ("tags", Array::of2(&"a".into(), &"b".into()).into()),
        ("dependencies", Array::of1(&edge).into()),
        ("sourceHash", hash.as_str().into()),
        ("convertedAt", 1_700_000_000_000.0.into()),
        ("origin", "converted".into()),
    ];
    let slot = learn(&mut store, put("http://x/u", "1.0", &said), BODY);
    let metadata = store.metadata(slot).unwrap();
    for (name, expected) in [
        ("canonical", JsValue::from("http://x/u|1.0")),
        ("url", "http://x/u".into()),
        ("version", "1.0".into()),
        ("layer", 0.into()),
        ("name", "N\u{e9}\u{1f600}".into()),
        ("source", "p#1.0.0".into()),
        ("sourceHash", hash.as_str().into()),
        ("convertedAt", 1_700_000_000_000.0.into()),
        ("createdAt", 1000.into()),
        ("origin", "converted".into()),
        ("size", 20.into()),
        ("contentHash", sha256_hex(BODY).into()),
    ] {
        assert_eq!(member(&metadata, name), expected, "{name}");
    }
    let edges = Array::from(&member(&metadata, "dependencies"));
    assert_eq!(edges.length(), 1);
    assert_eq!(member(&edges.get(0), "kind"), JsValue::from("binding"));
    assert_eq!(
        member(&edges.get(0), "target"),
        JsValue::from("http://hl7.org/fhir/ValueSet/x|1")
    );
    let filter = object(&[("tag", "b".into()), ("package", "p".into())]);
    assert_eq!(store.list(filter).unwrap()[..], [slot]);
    assert!(
        store
            .list(object(&[("tag", "c".into())]))
            .unwrap()
            .is_empty()
    );
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
        assert_eq!(sha256_hex(bytes), expected);
    }
    let mut store = open(false);
    let slot = learn(&mut store, put("u", "", &[]), BODY);
    let hash = store.hash(slot).unwrap();
    assert!(hash_matches(BODY, &hash));
    assert!(!hash_matches(b"{}", &hash));
    assert!(!hash_matches(BODY, &hash[..31]));
}
