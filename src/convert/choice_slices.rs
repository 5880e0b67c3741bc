//! Slices of choices: which types each may have, and whether they tell it from the others.

use super::address::{Address, is_typed};
use super::facts::Facts;
use super::names::{ByName, Names};
use super::read::items;
use super::types::TypeGroup;

/// The slices of all choices, and the types of each.
#[derive(Debug, Default)]
pub(super) struct ChoiceSlices {
    /// Slices by key.
    keys: Names,
    types: ByName<Vec<String>>,
    /// A choice's key with the name of a type: how many of its slices have the type.
    shared: Names,
    counts: ByName<usize>,
}

impl ChoiceSlices {
    /// Those of a definition.
    pub(super) fn all(facts: &Facts<'_>) -> Self {
        let mut all = Self::default();
        for address in facts.addresses() {
            for (at, step) in address.steps.iter().enumerate() {
                let (true, Some(slice)) = (step.is_choice, &step.slice) else {
                    continue;
                };
                let (number, is_new) = all.keys.number(address.key_to(at));
                if is_new {
                    let types = types_of_slice(facts, address, at, &step.name, slice);
                    for name in &types {
                        let (number, _) = all
                            .shared
                            .number(&shared(address.unsliced_key_to(at), name));
                        *all.counts.at(number) += 1;
                    }
                    *all.types.at(number) = types;
                }
            }
        }
        all
    }

    /// Names of the types of a slice.
    pub(super) fn types(&self, key: &str) -> &[String] {
        self.types
            .get(self.keys.find(key))
            .map_or(&[], Vec::as_slice)
    }

    /// Whether a slice is the only one of its types, so that its types tell it from the others.
    pub(super) fn is_alone(&self, choice: &str, key: &str) -> bool {
        let count = |name: &String| {
            self.counts
                .get(self.shared.find(&shared(choice, name)))
                .copied()
        };
        self.types(key)
            .iter()
            .all(|name| count(name).unwrap_or_default() < 2)
    }
}

fn shared(choice: &str, type_name: &str) -> String {
    [choice, " ", type_name].concat()
}

/// Names of the types that a slice of a choice may have: as it says, or as its name does.
fn types_of_slice(
    facts: &Facts<'_>,
    address: &Address<'_>,
    at: usize,
    choice: &str,
    slice: &str,
) -> Vec<String> {
    let own = facts
        .of(address.key_to(at))
        .map(|element| items(element.types.as_ref()))
        .find(|types| !types.is_empty());
    if let Some(types) = own {
        return TypeGroup::of(types)
            .into_iter()
            .map(|group| group.name.into_owned())
            .collect();
    }
    let all = facts.types(address.unsliced_key_to(at), address.path_to(at));
    let path = address.path_to(at);
    // `valueQuantity`, as the slice's name or as the path that is short for it.
    let name = if is_typed(slice, choice) {
        slice
    } else {
        path.rsplit('.').next().unwrap_or(path)
    };
    let suffix = name.strip_prefix(choice).unwrap_or_default();
    let named = TypeGroup::of(all)
        .into_iter()
        .filter(|group| group.suffix() == suffix);
    named.map(|group| group.name.into_owned()).collect()
}
