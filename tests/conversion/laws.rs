//! What holds for every definition.

use std::collections::BTreeSet;

use fhir_schema_store::convert::{Conversion, convert, dependencies};
use proptest::collection::vec;
use proptest::prelude::*;

use crate::document::spread;
use crate::generate::{Made, generate};
use crate::json::Json;
use crate::reader::{Facts, difference, read};
use crate::tape::Tape;

/// Definitions, unless `PROPTEST_CASES` says otherwise.
const CASES: u32 = 400;

fn config() -> ProptestConfig {
    let default = ProptestConfig::default();
    let cases = if std::env::var_os("PROPTEST_CASES").is_some() { default.cases } else { CASES };
    ProptestConfig {
        cases,
        failure_persistence: None,
        max_shrink_iters: 20_000,
        ..default
    }
}

fn facts_of(conversion: &Conversion) -> Result<Facts, TestCaseError> {
    let schema = Json::parse(&conversion.schema).map_err(TestCaseError::fail)?;
    prop_assert_eq!(schema.compact().len(), Json::parse(&schema.compact()).unwrap().compact().len());
    Ok(read(&schema))
}

fn converted(text: &str) -> Result<Conversion, TestCaseError> {
    convert(text).map_err(|refusal| TestCaseError::fail(format!("{refusal}\n{text}")))
}

/// Without what hangs on the order of the elements.
fn without_order(facts: Facts) -> Facts {
    facts.into_iter().filter(|((_, name), _)| name != "index").collect()
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
    prop_assert!(conversion.warnings.is_empty(), "{:?}\nof {}", conversion.warnings, text);

    let found: Vec<_> = conversion.dependencies.iter().map(|one| (format!("{:?}", one.kind), one.target.0.clone())).collect();
    let once: BTreeSet<_> = found.iter().cloned().collect();
    prop_assert_eq!(found.len(), once.len(), "a dependency twice");
    let missing: Vec<_> = made.needs.difference(&once).collect();
    let extra: Vec<_> = once.difference(&made.needs).collect();
    prop_assert!(missing.is_empty() && extra.is_empty(), "needs - {:?} + {:?}\nof {}", missing, extra, text);
    prop_assert_eq!(&dependencies(&conversion.schema).unwrap(), &conversion.dependencies);

    prop_assert_eq!(&converted(&text)?, &conversion, "the second time");
    let mut tape = Tape::new(words);
    let spread = spread(&text, &mut tape);
    prop_assert_eq!(&converted(&spread)?, &conversion, "with white space:\n{}", spread);
    if made.is_plain {
        let text = made.document.text_without_ids();
        let conversion = converted(&text)?;
        check_equal(&made.facts, &facts_of(&conversion)?, &text)?;
        prop_assert!(conversion.warnings.is_empty(), "{:?}\nof {}", conversion.warnings, text);
    }
    if !made.is_ordered {
        shuffle(made.document.source(), &mut tape);
        let text = made.document.text();
        let shuffled = converted(&text)?;
        let facts = without_order(facts_of(&shuffled)?);
        check_equal(&without_order(made.facts), &facts, &text)?;
        prop_assert_eq!(&shuffled.dependencies, &conversion.dependencies);
        let others = shuffled.warnings.iter().find(|one| one.kind != "element-order");
        prop_assert!(others.is_none(), "{:?}\nof {}", others, text);
    }
    Ok(())
}

fn shuffle<T>(items: &mut [T], tape: &mut Tape<'_>) {
    for at in (1..items.len()).rev() {
        items.swap(at, tape.below(at + 1));
    }
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn a_schema_says_what_its_definition_says(words in vec(0..5040_u32, 0..500)) {
        check(generate(&words), &words)?;
    }
}
