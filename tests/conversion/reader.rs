//! The constraints of a FHIR Schema, read back by the contract of `docs/guides/fhir-schema.md`.
//!
//! A place is the way to an element: `/name` for an element, `:name` for a slice of it. What is said there
//! goes by the name of its member; the values are JSON, members by name. Every member of the schema becomes
//! a fact, so one that should not be there is one too many.

use std::collections::BTreeMap;

use crate::json::Json;

/// By place and name.
pub(super) type Facts = BTreeMap<(String, String), String>;

/// The facts of a schema.
pub(super) fn read(schema: &Json) -> Facts {
    let mut facts = Facts::new();
    element(schema, "", &mut facts);
    facts
}

fn put(facts: &mut Facts, place: &str, name: &str, value: String) {
    let before = facts.insert((place.to_owned(), name.to_owned()), value);
    assert_eq!(before, None, "{name} of {place} is said twice");
}

fn members(json: &Json) -> &[(String, Json)] {
    match json {
        Json::Object(members) => members,
        other => panic!("an object was expected: {}", other.canonical()),
    }
}

fn items(json: &Json) -> &[Json] {
    match json {
        Json::List(items) => items,
        other => panic!("a list was expected: {}", other.canonical()),
    }
}

fn element(json: &Json, place: &str, facts: &mut Facts) {
    for (name, value) in members(json) {
        match name.as_str() {
            "elements" => {
                for (name, child) in members(value) {
                    element(child, &format!("{place}/{name}"), facts);
                }
            }
            "required" | "excluded" => {
                for one in items(value) {
                    let child = format!("{place}/{}", one.text().unwrap());
                    put(facts, &child, name, String::new());
                }
            }
            "constraint" | "extensions" => {
                for (key, one) in members(value) {
                    put(facts, place, &format!("{name} {key}"), one.canonical());
                }
            }
            "slicing" => slicing(value, place, facts),
            _ => put(facts, place, name, value.canonical()),
        }
    }
}

fn slicing(json: &Json, place: &str, facts: &mut Facts) {
    for (name, value) in members(json) {
        if name != "slices" {
            put(facts, place, &format!("slicing {name}"), value.canonical());
            continue;
        }
        for (slice, value) in members(value) {
            let place = format!("{place}:{slice}");
            for (name, value) in members(value) {
                if name == "schema" {
                    element(value, &place, facts);
                } else {
                    put(facts, &place, &format!("slice {name}"), value.canonical());
                }
            }
        }
    }
}

/// What is in one and not in the other, a line each.
pub(super) fn difference(expected: &Facts, found: &Facts) -> String {
    let line = |sign: char, (place, name): &(String, String), value: &str| {
        format!("{sign} {place} {name}: {value}\n")
    };
    let missing = expected
        .iter()
        .filter(|(key, value)| found.get(*key) != Some(value));
    let extra = found
        .iter()
        .filter(|(key, value)| expected.get(*key) != Some(value));
    let missing = missing.map(|(key, value)| line('-', key, value));
    missing
        .chain(extra.map(|(key, value)| line('+', key, value)))
        .collect()
}
