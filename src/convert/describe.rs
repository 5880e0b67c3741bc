//! What an element's definition puts into its place in the schema.

use std::borrow::Cow;

use super::address::Address;
use super::build::Builder;
use super::definition::{BindingDefinition, ElementDefinition};
use super::facts::Repeats;
use super::read::items;
use super::schema::{Binding, Constant, Element, ElementId, add_new};
use super::types::{self, TypeGroup};

/// Of a choice, which of its typed elements is described.
#[derive(Clone, Copy, Debug)]
pub(super) struct Typed<'t, 'a> {
    /// Its type.
    pub(super) group: &'t TypeGroup<'a>,
    /// All types of the choice.
    pub(super) all: &'t [TypeGroup<'a>],
}

impl Typed<'_, '_> {
    /// Whether what is said of a type, such as a fixed value, is said of this one.
    fn has(self, suffix: &str) -> bool {
        self.group.suffix() == suffix || !self.all.iter().any(|other| other.suffix() == suffix)
    }

    /// Whether what is said of types of a kind is said of this one; if none is of the kind, of all.
    fn is(self, kind: fn(&str) -> bool) -> bool {
        kind(&self.group.name) || !self.all.iter().any(|other| kind(&other.name))
    }
}

/// How often an element may be there.
#[derive(Clone, Copy, Debug)]
pub(super) struct Cardinality {
    pub(super) min: u32,
    /// None: as often as it likes, or nobody says.
    pub(super) max: Option<u32>,
}

impl Cardinality {
    /// That of an element; as a sentence, what is wrong with it.
    pub(super) fn of(element: &ElementDefinition<'_>, key: &str) -> Result<Self, String> {
        let max = match element.max.as_ref().map(super::json::Text::as_str) {
            None | Some("*") => None,
            Some(max) => {
                let count = max
                    .parse()
                    .map_err(|_| format!("{key} has a max of \"{max}\", which is no number"))?;
                Some(count)
            }
        };
        Ok(Self {
            min: element.min.unwrap_or(0),
            max,
        })
    }

    /// Whether the element is prohibited.
    pub(super) fn is_none(self) -> bool {
        self.max == Some(0)
    }
}

impl<'a> Builder<'_, 'a> {
    /// Flags and the short text, which a choice has beside its typed elements.
    pub(super) fn describe_shortly(
        &mut self,
        id: ElementId,
        element: &'a ElementDefinition<'a>,
        index: usize,
    ) {
        let place = self.schema.at(id);
        place.index.get_or_insert(index);
        put(
            &mut place.short,
            element.short.as_ref().map(|short| short.0.clone()),
        );
        describe_flags(place, element);
    }

    /// Everything that is said of the value of an element.
    pub(super) fn describe(
        &mut self,
        id: ElementId,
        element: &'a ElementDefinition<'a>,
        typed: Option<Typed<'_, 'a>>,
    ) {
        let place = self.schema.at(id);
        if let Some(binding) = &element.binding
            && typed.is_none_or(|typed| typed.is(types::is_coded))
        {
            place.binding = Some(binding_of(binding));
        }
        for (start, constant) in [("fixed", &mut place.fixed), ("pattern", &mut place.pattern)] {
            if let Some((suffix, value)) = element.constant(start)
                && typed.is_none_or(|typed| typed.has(suffix))
            {
                *constant = Some(Constant {
                    type_name: types::of_suffix(suffix),
                    value,
                });
            }
        }
        place
            .constraints
            .extend(items(element.constraints.as_ref()));
        for (name, raw) in &element.values {
            let suffix = name
                .strip_prefix("minValue")
                .or_else(|| name.strip_prefix("maxValue"));
            if let Some(suffix) = suffix
                && typed.is_none_or(|typed| typed.has(suffix))
            {
                place.bounds.push((name.clone(), raw.get()));
            }
        }
        if let Some(length) = element.max_length
            && typed.is_none_or(|typed| typed.is(types::is_text))
        {
            place.bounds.push(("maxLength".into(), length.get()));
        }
        put(&mut place.regex, element.regex());
    }

    /// The types of an element that is no choice, or its contentReference.
    pub(super) fn describe_types(
        &mut self,
        id: ElementId,
        element: &'a ElementDefinition<'a>,
        address: &Address<'a>,
    ) {
        if let Some(reference) = &element.content_reference {
            let reference = self.content_reference(&reference.0, address);
            self.schema.at(id).reference = reference;
            return;
        }
        let is_value_of_primitive = self.is_value_of_primitive(address);
        let groups = TypeGroup::of(items(element.types.as_ref()));
        let place = self.schema.at(id);
        if !groups.is_empty() {
            place.types.clear();
        }
        // `string.value` is a text of FHIRPath: if it were a string, it would have a value in turn.
        let names = groups.iter().map(|group| {
            let code = group.references.iter().find_map(|one| one.code());
            code.filter(|_| is_value_of_primitive)
                .unwrap_or_else(|| group.name.clone())
        });
        add_new(&mut place.types, names);
        describe_groups(place, &groups);
    }

    /// Whether it must be there, may not, and how often. `is_new`: the definition introduces the element.
    pub(super) fn bound(&mut self, id: ElementId, cardinality: Cardinality, repeats: Repeats) {
        let is_new = self.facts.is_specialization();
        let place = self.schema.at(id);
        let Cardinality { min, max } = cardinality;
        if cardinality.is_none() {
            place.is_excluded = true;
            return;
        }
        place.is_required |= min > 0;
        match repeats {
            Repeats::Yes => {
                place.is_array |= is_new || min > 0 || max.is_some();
                place.min = (min > 0).then_some(min).or(place.min);
                place.max = max.or(place.max);
            }
            Repeats::No => place.is_scalar |= is_new,
            // If it does not repeat, it cannot be more than one either.
            Repeats::Unknown => {
                place.min = (min > 1).then_some(min).or(place.min);
                place.max = max.or(place.max);
            }
        }
    }
}

/// Flags, where they are set.
pub(super) fn describe_flags<'a>(place: &mut Element<'a>, element: &'a ElementDefinition<'a>) {
    place.must_support |= element.must_support == Some(true);
    place.is_modifier |= element.is_modifier == Some(true);
    place.is_summary |= element.is_summary == Some(true);
    if element.is_modifier == Some(true) {
        put(
            &mut place.modifier_reason,
            element.modifier_reason.as_ref().map(|text| text.0.clone()),
        );
    }
}

/// Profiles and targets of types, in place of what an earlier element said of them.
pub(super) fn describe_groups<'a>(place: &mut Element<'a>, groups: &[TypeGroup<'a>]) {
    let mut profiles = groups.iter().flat_map(TypeGroup::profiles).peekable();
    if profiles.peek().is_some() {
        place.profiles.clear();
        add_new(&mut place.profiles, profiles);
    }
    let mut targets = groups.iter().flat_map(TypeGroup::targets).peekable();
    if targets.peek().is_some() {
        place.refers.clear();
        add_new(&mut place.refers, targets);
    }
}

fn binding_of<'a>(binding: &BindingDefinition<'a>) -> Binding<'a> {
    Binding {
        strength: binding.strength.as_ref().map(|strength| strength.0.clone()),
        value_set: binding.value_set().cloned(),
        name: binding.name(),
    }
}

fn put<'a>(place: &mut Option<Cow<'a, str>>, text: Option<Cow<'a, str>>) {
    if text.is_some() {
        *place = text;
    }
}
