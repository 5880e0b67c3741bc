//! What the core refuses, and with which code.

use fhir_schema_store::wasm::StoreHandle;
use wasm_bindgen_test::wasm_bindgen_test;

use super::*;

#[wasm_bindgen_test]
fn errors_keep_their_code_and_name_the_input() {
    let mut store = open(false);
    assert!(store.look_up("a b") < 0.0);
    refused(
        store.rows_of("a b"),
        "INVALID_KEY",
        "\"a b\" holds white space",
    );
    assert!(store.look_up("") < 0.0);
    refused(store.rows_of(""), "INVALID_KEY", "is empty");
    refused(store.rows_of("|1"), "INVALID_KEY", "has no URL");
    refused(
        store.pack(&put("a|b", "", &[]), BODY.len()),
        "INVALID_KEY",
        "a|b",
    );
    refused(
        store.pack(&put("u", "1 0", &[]), BODY.len()),
        "INVALID_KEY",
        "white space",
    );
    refused(
        store.pack(&put("u", "", &[]), 1025),
        "ENTRY_TOO_LARGE",
        "1025 bytes",
    );
    refused(
        store.insert_row(&[0xff], &[0; 32], &[], 0.0),
        "CORRUPT",
        "row key",
    );
    let (key, hash, meta) = row(&store, &put("u", "", &[]), BODY);
    refused(
        store.insert_row(&key, &hash[..31], &meta, 0.0),
        "CORRUPT",
        "32 bytes",
    );
    refused(
        store.insert_row(&key, &hash, &[], 0.0),
        "CORRUPT",
        "metadata",
    );
    refused(
        store.insert_row(&key, &hash, &[9], 0.0),
        "FORMAT_TOO_NEW",
        "format 9",
    );
    refused(store.remove_row(&[0xff]), "CORRUPT", "row key");
    refused(store.insert_index(&[], 0.0), "CORRUPT", "index");
    refused(store.insert_index(&[9], 0.0), "FORMAT_TOO_NEW", "format 9");
    refused(store.insert_index(&[1, 0xff], 0.0), "CORRUPT", "index");
    assert_eq!(meant(&store, "u"), 0, "nothing of all that was taken");
}

#[wasm_bindgen_test]
fn options_and_records_of_the_wrong_shape_are_refused() {
    let clock = StoreHandle::new(1 << 20, 10, 1024, 1 << 20, "clock".into(), false, 7.0);
    refused(clock, "INVALID_CONFIG", "evictionPolicy is \"clock\"");
    let store = open(false);
    for (place, text, name) in [
        (0, "-1", "layer"),
        (EXPIRES, "soon", "expiresAt"),
        (STALE_UNTIL, "1e22", "staleUntil"),
        (CONVERTED_AT, "1.5", "convertedAt"),
        (COST, "-1", "cost"),
        (COST, "4294967296", "cost"),
        (ORIGIN, "space", "origin"),
        (SOURCE_HASH, "abc", "sourceHash"),
        (TAGS, "many", "tags"),
    ] {
        refused(
            store.pack(&put("u", "", &[(place, text)]), BODY.len()),
            "INVALID_VALUE",
            name,
        );
    }
    refused(store.pack("", BODY.len()), "INVALID_KEY", "is empty");
    refused(store.pack("\0\0\0", BODY.len()), "INVALID_KEY", "is empty");
}
