//! Where an element stands: its path taken apart, with the slices that its id names.

use std::borrow::Cow;

use super::definition::ElementDefinition;
use super::json::Text;
use super::read::items;
use super::{Refusal, Warnings};

/// Names in a path, at most: real definitions have ten.
const DEEPEST: usize = 60;
/// Types of an element, at most: FHIR has some 60.
const MOST_TYPES: usize = 1000;
/// Letters of a name in a path, at most (invariant eld-20 of `ElementDefinition`): a longer one is nobody's choice.
const LONGEST_NAME: usize = 64;
/// A member of this name would be the prototype of an object in JavaScript.
const PROTOTYPE: &str = "__proto__";

/// One name of a path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Step<'a> {
    /// The name, of a choice without `[x]`.
    pub(super) name: Cow<'a, str>,
    /// Whether it is a choice, `value[x]`.
    pub(super) is_choice: bool,
    /// The slice that is meant, if it is one.
    pub(super) slice: Option<Cow<'a, str>>,
    /// Where the step ends in the key.
    key_end: usize,
    /// Where the step ends in the path.
    path_end: usize,
}

/// Where an element stands.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Address<'a> {
    /// What the id should be: the path with the names of slices.
    pub(super) key: Cow<'a, str>,
    /// The path; in [`Address::spelled_out`], of choices by `[x]`.
    pub(super) path: Cow<'a, str>,
    /// The id as the definition has it, or else the path: what messages call the element.
    pub(super) label: &'a str,
    /// The names, the root's first.
    pub(super) steps: Vec<Step<'a>>,
}

impl<'a> Address<'a> {
    /// The key up to a step, that one included.
    pub(super) fn key_to(&self, step: usize) -> &str {
        let end = self.steps.get(step).map_or(0, |step| step.key_end);
        self.key.get(..end).unwrap_or_default()
    }

    /// The key up to a step, without the slice that the step may name.
    pub(super) fn unsliced_key_to(&self, step: usize) -> &str {
        let key = self.key_to(step);
        let slice = self.steps.get(step).and_then(|step| step.slice.as_ref());
        let length = slice.map_or(0, |slice| slice.len() + 1);
        key.get(..key.len() - length).unwrap_or(key)
    }

    /// The path up to a step, that one included.
    pub(super) fn path_to(&self, step: usize) -> &str {
        let end = self.steps.get(step).map_or(0, |step| step.path_end);
        self.path.get(..end).unwrap_or_default()
    }

    fn new(key: Cow<'a, str>, path: &'a str) -> Option<Self> {
        let mut steps = Vec::with_capacity(4);
        let (mut key_end, mut path_end) = (0, 0);
        let mut parts = key.split('.');
        for name in path.split('.') {
            let part = parts.next()?;
            key_end += part.len();
            path_end += name.len();
            steps.push(step(part, name, key_end, path_end)?);
            key_end += 1;
            path_end += 1;
        }
        parts.next().is_none().then_some(Self {
            key,
            label: path,
            path: Cow::Borrowed(path),
            steps,
        })
    }

    /// The same with typed elements as slices of their choice: `value[x]:valueQuantity` for `valueQuantity`, which
    /// is short for it. `has_type` tells whether there is a choice of that path and type, `is_choice` whether there
    /// is one of that path where there is no element.
    #[must_use]
    pub(super) fn spelled_out(
        mut self,
        has_type: &dyn Fn(&str, &str) -> bool,
        is_choice: &dyn Fn(&str) -> bool,
    ) -> Self {
        let (mut key, mut path) = (String::new(), String::new());
        for step in &mut self.steps {
            let is_plain = !step.is_choice
                && step.slice.as_ref().is_none_or(|slice| *slice == step.name)
                && step.name.len() <= LONGEST_NAME;
            step.is_choice |= is_plain && is_choice(&[&path, ".", &step.name].concat());
            let is_plain = is_plain && !step.is_choice;
            let mut ends = step
                .name
                .char_indices()
                .filter(|(at, c)| *at > 0 && c.is_ascii_uppercase());
            let choice = ends.find_map(|(end, _)| {
                let (choice, suffix) = step.name.split_at(end);
                (is_plain && has_type(&[&path, ".", choice, "[x]"].concat(), suffix))
                    .then(|| choice.to_owned())
            });
            if let Some(choice) = choice {
                step.slice = Some(std::mem::replace(&mut step.name, choice.into()));
                step.is_choice = true;
            }
            for text in [&mut key, &mut path] {
                text.push_str(if text.is_empty() { "" } else { "." });
                text.push_str(&step.name);
                text.push_str(if step.is_choice { "[x]" } else { "" });
            }
            if let Some(slice) = &step.slice {
                key.push(':');
                key.push_str(slice);
            }
            (step.key_end, step.path_end) = (key.len(), path.len());
        }
        Self {
            key: key.into(),
            path: path.into(),
            ..self
        }
    }
}

/// The step of one name in key and path; none if the two do not mean the same.
fn step<'a>(part: &str, name: &'a str, key_end: usize, path_end: usize) -> Option<Step<'a>> {
    let (own, slice) = match part.split_once(':') {
        Some((own, slice)) => (own, Some(slice.to_owned().into())),
        None => (part, None),
    };
    let (name, is_choice) = match (own.strip_suffix("[x]"), name.strip_suffix("[x]")) {
        // `valueQuantity` is short for the slice of `value[x]` that is a Quantity.
        (Some(choice), None) if is_typed(name, choice) => (Cow::Owned(choice.to_owned()), true),
        (None, Some(choice)) if is_typed(own, choice) => (Cow::Owned(own.to_owned()), false),
        (Some(_), Some(choice)) if own.starts_with(choice) => (choice.into(), true),
        (None, None) if own == name => (name.into(), false),
        _ => return None,
    };
    Some(Step {
        name,
        is_choice,
        slice,
        key_end,
        path_end,
    })
}

/// Whether a name is that of a typed element of a choice.
pub(super) fn is_typed(name: &str, choice: &str) -> bool {
    name.strip_prefix(choice)
        .is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_uppercase()))
}

/// The addresses of a list of elements: by id where it fits the path, else by path, name of the slice and
/// what came before.
pub(super) fn addresses<'a>(
    elements: &'a [ElementDefinition<'a>],
    list: &str,
    warnings: &mut Warnings,
) -> Result<Vec<Address<'a>>, Refusal> {
    // Of each element that the next one may be below: its path and key.
    let mut open: Vec<(&str, String)> = Vec::new();
    let mut all = Vec::with_capacity(elements.len());
    for (at, element) in elements.iter().enumerate() {
        let path = element.path.as_ref().map_or("", |path| path.as_str());
        check_path(path, list, at)?;
        if items(element.types.as_ref()).len() > MOST_TYPES {
            return Err(format!("{path} has more than {MOST_TYPES} types"));
        }
        let address = address_of(element, path, &open, warnings)?;
        while open.last().is_some_and(|(other, _)| !is_below(path, other)) {
            open.pop();
        }
        open.push((path, address.key.clone().into_owned()));
        all.push(address);
    }
    Ok(all)
}

fn is_below(path: &str, other: &str) -> bool {
    path.strip_prefix(other)
        .is_some_and(|rest| rest.starts_with('.'))
}

fn check_path(path: &str, list: &str, at: usize) -> Result<(), Refusal> {
    if path.is_empty() {
        return Err(format!("{list}.element[{at}] has no path"));
    }
    let shown: String = path.chars().take(200).collect();
    if path.split('.').count() > DEEPEST {
        return Err(format!("{shown} is a path of more than {DEEPEST} names"));
    }
    if path.split('.').any(str::is_empty) {
        return Err(format!("{shown} is a path with an empty name"));
    }
    if path
        .split('.')
        .any(|name| name.trim_end_matches("[x]") == PROTOTYPE)
    {
        return Err(format!("{shown} is a path with the name {PROTOTYPE}"));
    }
    Ok(())
}

fn address_of<'a>(
    element: &'a ElementDefinition<'a>,
    path: &'a str,
    open: &[(&str, String)],
    warnings: &mut Warnings,
) -> Result<Address<'a>, Refusal> {
    let slice_name = element
        .slice_name
        .as_ref()
        .map(Text::as_str)
        .filter(|name| !name.is_empty());
    let id = element.id.as_ref().map(Text::as_str);
    let of_id = id.and_then(|id| Address::new(Cow::Borrowed(id), path));
    let fits = |address: &Address<'_>| {
        let last = address.steps.last();
        let own = last.and_then(|step| step.slice.as_deref());
        let name = path.rsplit('.').next().unwrap_or(path);
        slice_name.is_none_or(|slice| {
            // The name of a typed element is its slice's, and says no more.
            own.map_or(slice == name, |own| {
                own == slice || own.ends_with(&["/", slice].concat())
            })
        })
    };
    let is_right = of_id.as_ref().is_some_and(fits);
    if let (Some(id), false) = (id, is_right) {
        let name = slice_name.map_or_else(String::new, |name| format!(" and slice {name}"));
        warnings.add("element-id", id, || {
            format!("its id does not fit its path {path}{name}")
        });
    }
    let address = match of_id {
        Some(address)
            if is_right
                || address
                    .steps
                    .last()
                    .is_some_and(|last| last.slice.is_some()) =>
        {
            address
        }
        Some(address) => {
            // The id names the slices above, but not the element's own.
            let key = [&address.key, ":", slice_name.unwrap_or_default()].concat();
            Address::new(Cow::Owned(key), path).unwrap_or(address)
        }
        None => by_order(path, slice_name, open)
            .ok_or_else(|| format!("{path} cannot be told from its slice"))?,
    };
    if address
        .steps
        .iter()
        .any(|step| step.slice.as_deref() == Some(PROTOTYPE))
    {
        return Err(format!("{path} is in a slice called {PROTOTYPE}"));
    }
    Ok(Address {
        label: id.unwrap_or(path),
        ..address
    })
}

/// The address as the elements before give it: an element is below the last one of the path above.
fn by_order<'a>(
    path: &'a str,
    slice: Option<&str>,
    open: &[(&str, String)],
) -> Option<Address<'a>> {
    let above = open.iter().rev().find(|(other, _)| is_below(path, other));
    let mut key = match above {
        Some((other, key)) => [key, path.get(other.len()..)?].concat(),
        None => path.to_owned(),
    };
    if let Some(slice) = slice {
        key.push(':');
        // A dot would end the step.
        key.push_str(&slice.replace('.', "_"));
    }
    Address::new(Cow::Owned(key), path)
}
