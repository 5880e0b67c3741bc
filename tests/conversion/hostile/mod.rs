//! Definitions that are wrong or far too large: a warning or a refusal that names the element or the place.

mod elements;
mod input;
mod large;
mod warnings;

use fhir_schema_store::convert::{Conversion, convert};

use crate::json::Json;
use crate::reader::{Facts, read};

/// A profile of Patient with these elements, given as JSON, in its differential.
fn profile(elements: &str) -> String {
    format!(
        r#"{{"resourceType":"StructureDefinition","url":"http://x.org/one","type":"Patient","kind":"resource",
        "derivation":"constraint","baseDefinition":"http://x.org/base","differential":{{"element":[{elements}]}}}}"#
    )
}

/// The same for a resource of its own.
fn resource(elements: &str) -> String {
    let text = profile(elements);
    text.replace("\"constraint\"", "\"specialization\"")
}

fn converted(text: &str) -> (Conversion, Facts) {
    let conversion = convert(text).unwrap();
    let schema = Json::parse(&conversion.schema).unwrap();
    let facts = read(&schema);
    (conversion, facts)
}

/// Kinds and elements of the warnings.
fn warnings(text: &str) -> Vec<(&'static str, String)> {
    let (conversion, _) = converted(text);
    for warning in &conversion.warnings {
        assert!(
            !warning.message.is_empty() && warning.message.len() < 2000,
            "{warning:?}"
        );
    }
    let warnings = conversion.warnings.into_iter();
    warnings
        .map(|warning| (warning.kind, warning.element))
        .collect()
}

/// That a definition is refused in words that say where.
fn assert_refused(text: &str, place: &str) {
    let shown: String = text.chars().take(300).collect();
    match convert(text) {
        Ok(conversion) => {
            let schema: String = conversion.schema.chars().take(300).collect();
            panic!("converted to {schema}: {shown}");
        }
        Err(refusal) => {
            assert!(
                refusal.contains(place),
                "{refusal}\nwithout {place}: {shown}"
            );
            assert!(refusal.len() < 2000, "{} bytes", refusal.len());
        }
    }
}

fn fact<'f>(facts: &'f Facts, place: &str, name: &str) -> Option<&'f str> {
    let key = (place.to_owned(), name.to_owned());
    facts.get(&key).map(String::as_str)
}

/// Items `0..count` joined by commas.
fn many(count: usize, item: impl Fn(usize) -> String) -> String {
    (0..count).map(item).collect::<Vec<_>>().join(",")
}
