//! What holds for every definition.

use std::collections::BTreeSet;

use fhir_schema_store::convert::{Conversion, convert, dependencies};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::strategy::ValueTree as _;

use crate::document::{escaped, spread};
use crate::generate::{Made, generate};
use crate::json::Json;
use crate::reader::{Facts, difference, read};
use crate::tape::Tape;

/// Names of facts, and kinds of matches with whether they follow a reference; spaces are underlined.
const EVERYTHING: &str = "
    abstract all_false array base binding binding_false binding_of_a_choice choiceOf
    choices class context derivation description elementReference excluded exists_false
    fixed index isModifier isModifierReason isSummary kind max maxLength min mustSupport
    name pattern pattern_false position_false primitiveType profile_false profile_true
    profiles refers regex required scalar short slice_match slice_max slice_min
    slice_order slice_reslice slice_sliceIsConstraining slicing_discriminator
    slicing_ordered slicing_rules type type_false type_true types url version
";

/// Definitions, unless `PROPTEST_CASES` says otherwise.
const CASES: u32 = 400;

fn words() -> impl Strategy<Value = Vec<u32>> {
    vec(0..5040_u32, 0..500)
}

fn config() -> ProptestConfig {
    let default = ProptestConfig::default();
    let cases = if std::env::var_os("PROPTEST_CASES").is_some() {
        default.cases
    } else {
        CASES
    };
    ProptestConfig {
        cases,
        failure_persistence: None,
        max_shrink_iters: 20_000,
        ..default
    }
}

fn facts_of(conversion: &Conversion) -> Result<Facts, TestCaseError> {
    let schema = Json::parse(&conversion.schema).map_err(TestCaseError::fail)?;
    prop_assert_eq!(
        schema.compact().len(),
        Json::parse(&schema.compact()).unwrap().compact().len()
    );
    Ok(read(&schema))
}

fn converted(text: &str) -> Result<Conversion, TestCaseError> {
    convert(text).map_err(|refusal| TestCaseError::fail(format!("{refusal}\n{text}")))
}

/// Without what hangs on the order of the elements.
fn without_order(facts: Facts) -> Facts {
    facts
        .into_iter()
        .filter(|((_, name), _)| name != "index")
        .collect()
}

fn check_equal(expected: &Facts, found: &Facts, text: &str) -> Result<(), TestCaseError> {
    let difference = difference(expected, found);
    prop_assert!(difference.is_empty(), "\n{}\nof {}\n", difference, text);
    Ok(())
}

fn check(mut made: Made, words: &[u32]) -> Result<(), TestCaseError> {
    let text = made.document.text();
    let conversion = converted(&text)?;
    check_equal(&made.facts, &facts_of(&conversion)?, &text)?;
    prop_assert!(
        conversion.warnings.is_empty(),
        "{:?}\nof {}",
        conversion.warnings,
        text
    );

    let found: Vec<_> = conversion
        .dependencies
        .iter()
        .map(|one| (format!("{:?}", one.kind), one.target.0.clone()))
        .collect();
    let once: BTreeSet<_> = found.iter().cloned().collect();
    prop_assert_eq!(found.len(), once.len(), "a dependency twice");
    let missing: Vec<_> = made.needs.difference(&once).collect();
    let extra: Vec<_> = once.difference(&made.needs).collect();
    prop_assert!(
        missing.is_empty() && extra.is_empty(),
        "needs - {:?} + {:?}\nof {}",
        missing,
        extra,
        text
    );
    prop_assert_eq!(
        &dependencies(&conversion.schema).unwrap(),
        &conversion.dependencies
    );

    prop_assert_eq!(&converted(&text)?, &conversion, "the second time");
    let mut tape = Tape::new(words);
    let spread = spread(&text, &mut tape);
    prop_assert_eq!(
        &converted(&spread)?,
        &conversion,
        "with white space:\n{}",
        spread
    );
    let escaped = escaped(&text, &mut tape);
    let other = converted(&escaped)?;
    check_equal(&made.facts, &facts_of(&other)?, &escaped)?;
    prop_assert_eq!(&other.dependencies, &conversion.dependencies);
    prop_assert!(other.warnings.is_empty());
    if made.is_plain {
        let text = made.document.text_without_ids();
        let conversion = converted(&text)?;
        check_equal(&made.facts, &facts_of(&conversion)?, &text)?;
        prop_assert!(
            conversion.warnings.is_empty(),
            "{:?}\nof {}",
            conversion.warnings,
            text
        );
    }
    if !made.is_ordered {
        shuffle(made.document.source(), &mut tape);
        let text = made.document.text();
        let shuffled = converted(&text)?;
        let facts = without_order(facts_of(&shuffled)?);
        check_equal(&without_order(made.facts), &facts, &text)?;
        prop_assert_eq!(&shuffled.dependencies, &conversion.dependencies);
        let others = shuffled
            .warnings
            .iter()
            .find(|one| one.kind != "element-order");
        prop_assert!(others.is_none(), "{:?}\nof {}", others, text);
    }
    Ok(())
}

fn shuffle<T>(items: &mut [T], tape: &mut Tape<'_>) {
    for at in (1..items.len()).rev() {
        items.swap(at, tape.below(at + 1));
    }
}

/// A generator that no longer makes something proves nothing of it.
#[test]
fn everything_is_generated() {
    let mut runner = proptest::test_runner::TestRunner::deterministic();
    let mut names = BTreeSet::new();
    for _ in 0..1000 {
        let words = words().new_tree(&mut runner).unwrap().current();
        for ((place, name), value) in generate(&words).facts {
            let name = name.split(' ').take(2).collect::<Vec<_>>().join(" ");
            if name == "slice match" {
                let value = Json::parse(&value).unwrap();
                let resolves = value.get("resolve-ref").is_some();
                names.insert(format!(
                    "{} {resolves}",
                    value.get("type").unwrap().text().unwrap()
                ));
            }
            let is_typed = place.contains("/value") && name == "binding";
            names.insert(if is_typed {
                "binding of a choice".into()
            } else {
                name
            });
        }
    }
    let constraint =
        |name: &String| name.starts_with("constraint ") || name.starts_with("extensions ");
    names.retain(|name| {
        !constraint(name) && !name.starts_with("minValue") && !name.starts_with("maxValue")
    });
    let expected = EVERYTHING
        .split_whitespace()
        .map(|name| name.replace('_', " "));
    assert_eq!(
        names.into_iter().collect::<Vec<_>>(),
        expected.collect::<Vec<_>>()
    );
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn a_schema_says_what_its_definition_says(words in words()) {
        check(generate(&words), &words)?;
    }
}
