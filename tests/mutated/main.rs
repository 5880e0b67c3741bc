//! Real definitions, changed at random: whatever comes of it is a schema or a refusal, and the same again.
//!
//! `FSS_FUZZ_DEFINITIONS` is how many are converted; `FSS_FUZZ_SEED` where they begin. The definitions are
//! those of the fixtures, and of the folders that `FSS_FUZZ_FOLDERS` names with `:` between them.

#![cfg(not(target_arch = "wasm32"))]
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test may panic"
)]

#[path = "../conversion/json.rs"]
#[expect(dead_code, reason = "others compare what it reads")]
mod json;
mod mutate;
mod random;
mod sources;

use std::collections::{BTreeMap, BTreeSet};
use std::env;
use std::io::{self, Write};
use std::panic;
use std::time::{Duration, Instant};

use fhir_schema_store::convert::{Conversion, convert, dependencies};
use serde::de::IgnoredAny;

use crate::json::Json;
use crate::random::Random;

/// Enough to see that it runs, where nobody asks for more.
const FEW: u64 = 600;
/// What lists the kinds of warnings.
const GUIDE: &str = include_str!("../../docs/guides/fhir-schema.md");
/// No definition of these sizes takes so long, on a machine that has other things to do as well.
const LONGEST: Duration = Duration::from_secs(10);

/// The kinds of warnings that the guide lists.
fn kinds() -> BTreeSet<&'static str> {
    let (_, section) = GUIDE.split_once("\n## Warnings").unwrap();
    let rows = section.lines().filter_map(|line| line.strip_prefix("| `"));
    rows.filter_map(|row| row.split('`').next()).collect()
}

/// What came of all of them.
#[derive(Debug, Default)]
struct Tally {
    converted: u64,
    refused: u64,
    longest: Duration,
    warnings: BTreeMap<&'static str, u64>,
    refusals: BTreeMap<String, u64>,
}

impl Tally {
    fn add(&mut self, result: Result<Conversion, String>, seconds: Duration) {
        self.longest = self.longest.max(seconds);
        match result {
            Ok(conversion) => {
                self.converted += 1;
                for warning in conversion.warnings {
                    *self.warnings.entry(warning.kind).or_default() += 1;
                }
            }
            Err(refusal) => {
                self.refused += 1;
                // By the sort of it: the words without names and numbers.
                let words = refusal
                    .split(' ')
                    .filter(|word| word.chars().all(|c| c.is_ascii_lowercase()));
                let sort = words.take(12).collect::<Vec<_>>().join(" ");
                *self.refusals.entry(sort).or_default() += 1;
            }
        }
    }
}

fn check(
    text: &str,
    has_elements: bool,
    again: bool,
    kinds: &BTreeSet<&str>,
) -> Result<Conversion, String> {
    let result = convert(text);
    if again {
        assert_eq!(convert(text), result, "the second time");
    }
    match &result {
        Ok(conversion) => {
            let schema = &conversion.schema;
            serde_json::from_str::<IgnoredAny>(schema).unwrap();
            assert!(
                schema.starts_with('{') && schema.contains("\"class\":"),
                "{schema}"
            );
            assert_eq!(dependencies(schema).unwrap(), conversion.dependencies);
            for warning in &conversion.warnings {
                assert!(kinds.contains(warning.kind), "{}", warning.kind);
                assert!(!warning.message.is_empty());
            }
            let is_told = conversion
                .warnings
                .iter()
                .any(|one| one.kind == "element-path");
            let says_something = schema.contains("\"elements\":{");
            assert!(
                says_something || is_told || !has_elements,
                "an empty schema"
            );
        }
        Err(refusal) => assert!(!refusal.trim().is_empty(), "refused without a word"),
    }
    result
}

#[test]
fn whatever_is_changed_it_is_a_schema_or_a_refusal() {
    let number = |name: &str| {
        let text = env::var(name).ok()?;
        Some(text.parse::<u64>().unwrap())
    };
    let wanted = number("FSS_FUZZ_DEFINITIONS").unwrap_or(FEW);
    let first = number("FSS_FUZZ_SEED").unwrap_or(1);
    let (sources, kinds) = (sources::all(), kinds());
    assert!(kinds.contains("slice-match") && sources.len() > 20);
    let (start, mut tally) = (Instant::now(), Tally::default());
    for seed in first..first + wanted {
        let mut random = Random::new(seed);
        let (text, has_elements) = mutate::mutated(&sources, &mut random);
        let begun = Instant::now();
        let result = panic::catch_unwind(|| check(&text, has_elements, seed % 4 == 0, &kinds));
        let Ok(result) = result else {
            panic!("seed {seed}, {} bytes:\n{text}", text.len());
        };
        assert!(
            begun.elapsed() < LONGEST,
            "seed {seed} takes {:?}",
            begun.elapsed()
        );
        tally.add(result, begun.elapsed());
    }
    // Not by `println!`, which nobody sees where all is well.
    let seconds = start.elapsed().as_secs_f64();
    let told = format!(
        "{wanted} definitions in {seconds:.1} s, next seed {}, {tally:?}\n",
        first + wanted
    );
    io::stderr().write_all(told.as_bytes()).unwrap();
    assert!(tally.converted > wanted / 4 && tally.refused > wanted / 50);
}

/// What nobody changed is converted, and its ids say nothing that order does not.
#[test]
fn the_definitions_themselves_are_converted() {
    for mut source in sources::all() {
        let conversion = convert(&source.compact()).unwrap();
        let url = Json::parse(&conversion.schema).unwrap();
        assert_eq!(source.get("url"), url.get("url"));
        mutate::remove_ids(&mut source);
        let without = convert(&source.compact()).unwrap();
        assert_eq!(without.schema, conversion.schema);
    }
}
