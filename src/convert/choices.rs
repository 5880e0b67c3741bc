//! Choices, `value[x]`: the choice itself, its typed elements, and slices of it.

use std::borrow::Cow;

use super::Refusal;
use super::address::Address;
use super::build::Builder;
use super::definition::{ElementDefinition, TypeReference};
use super::describe::{Cardinality, Typed, describe_groups};
use super::facts::Repeats;
use super::names::Names;
use super::read::items;
use super::schema::{ElementId, add_new};
use super::types::TypeGroup;

/// The code of a type that stands for all.
const ANY_TYPE: &str = "*";

/// Whether an element says something that belongs to typed elements.
fn is_about_values(element: &ElementDefinition<'_>) -> bool {
    let has_constraints = !items(element.constraints.as_ref()).is_empty();
    has_constraints
        || !element.values.is_empty()
        || element.binding.is_some()
        || element.max_length.is_some()
}

/// The types of a choice by name; none if one of them stands for all.
fn groups<'a>(types: &'a [TypeReference<'a>]) -> Vec<TypeGroup<'a>> {
    let groups = TypeGroup::of(types);
    let is_open = groups.iter().any(|group| group.name == ANY_TYPE);
    if is_open { Vec::new() } else { groups }
}

impl<'f, 'a> Builder<'f, 'a> {
    /// A choice: what holds for all its types, and each of them.
    pub(super) fn add_choice(
        &mut self,
        parent: ElementId,
        element: &'a ElementDefinition<'a>,
        address: &'f Address<'a>,
        cardinality: Cardinality,
        index: usize,
    ) -> Result<(), Refusal> {
        let Some(step) = address.steps.last() else {
            return Ok(());
        };
        let choice = self.schema.child(parent, &step.name)?;
        self.describe_shortly(choice, element, index);
        if let Some(reference) = &element.content_reference {
            let message = || {
                format!(
                    "a choice has types and cannot be like {}",
                    reference.as_str()
                )
            };
            self.warnings
                .add("content-reference", address.label, message);
        }
        let types = items(element.types.as_ref());
        let given = if types.is_empty() {
            self.facts.types(&address.key, &address.path)
        } else {
            types
        };
        let mut groups = groups(given);
        self.schema.at(choice).is_excluded = cardinality.is_none();
        if cardinality.is_none() {
            return Ok(());
        }
        self.schema.at(choice).is_required |= cardinality.min > 0;
        if groups.is_empty() {
            if is_about_values(element) {
                self.note_unknown_types(address);
            }
            self.describe(choice, element, None);
            return Ok(());
        }
        self.keep_allowed(&mut groups, address);
        // Hardly any choice repeats.
        let repeats = match self.facts.repeats(&address.key, &address.path) {
            Repeats::Yes => Repeats::Yes,
            Repeats::No | Repeats::Unknown => Repeats::No,
        };
        let mut names = Vec::with_capacity(groups.len());
        for group in &groups {
            let id = self.typed_element(parent, &step.name, group)?;
            self.describe_shortly(id, element, index);
            self.describe(
                id,
                element,
                Some(Typed {
                    group,
                    all: &groups,
                }),
            );
            describe_groups(self.schema.at(id), std::slice::from_ref(group));
            self.bound(
                id,
                Cardinality {
                    min: 0,
                    ..cardinality
                },
                repeats,
            );
            names.push([&*step.name, &group.suffix()].concat().into());
        }
        self.schema.at(choice).choices = Some(names);
        Ok(())
    }

    /// Where slicing is closed, no type is allowed but those of the slices.
    fn keep_allowed(&mut self, groups: &mut Vec<TypeGroup<'a>>, address: &Address<'a>) {
        let mut said = self
            .facts
            .of(&address.key)
            .filter_map(|element| element.slicing.as_ref());
        let is_closed = said.any(|slicing| {
            slicing
                .rules
                .as_ref()
                .is_some_and(|rules| rules.as_str() == "closed")
        });
        let slices = self.facts.slices(&address.key).filter(|_| is_closed);
        let mut allowed = Names::default();
        for name in slices.flat_map(|key| self.choice_slices.types(key)) {
            allowed.number(name);
        }
        if !allowed.is_empty() {
            groups.retain(|group| allowed.has(&group.name));
        }
    }

    /// A slice of a choice: of one type, that typed element.
    pub(super) fn add_choice_slice(
        &mut self,
        parent: ElementId,
        element: &'a ElementDefinition<'a>,
        address: &'f Address<'a>,
        cardinality: Cardinality,
        index: usize,
    ) -> Result<(), Refusal> {
        let last = address.steps.len() - 1;
        let Some(step) = address.steps.last() else {
            return Ok(());
        };
        self.note_choices(parent, address, last)?;
        let groups = self.groups_of_slice(address, last);
        if groups.is_empty() {
            self.note_unknown_types(address);
        }
        if groups.is_empty() || !self.is_alone(address, last) {
            for of in self.typed_of_slice(parent, address, last, &groups)? {
                let id = self.add_slice(of, parent, element, address, cardinality)?;
                self.describe_shortly(id, element, index);
                self.describe(id, element, None);
                self.describe_types(id, element, address);
            }
            return Ok(());
        }
        if cardinality.min > 0 && groups.len() > 1 {
            let choice = self.schema.child(parent, &step.name)?;
            self.schema.at(choice).is_required = true;
            self.warnings.add("choice-slice", address.label, || {
                "it must be there and has several types: the schema says that the choice must"
                    .to_owned()
            });
        }
        let said = TypeGroup::of(items(element.types.as_ref()));
        for group in &groups {
            let id = self.typed_element(parent, &step.name, group)?;
            self.describe_shortly(id, element, index);
            self.describe(
                id,
                element,
                Some(Typed {
                    group,
                    all: &groups,
                }),
            );
            if let Some(own) = said.iter().find(|own| own.name == group.name) {
                describe_groups(self.schema.at(id), std::slice::from_ref(own));
            }
            let place = self.schema.at(id);
            place.is_required |= cardinality.min > 0 && groups.len() == 1;
            place.is_excluded |= cardinality.is_none();
        }
        Ok(())
    }

    /// The typed elements of a choice that something below it is about.
    pub(super) fn typed_elements(
        &mut self,
        parent: ElementId,
        address: &Address<'a>,
        at: usize,
    ) -> Result<Vec<ElementId>, Refusal> {
        let groups = groups(self.facts.types(address.key_to(at), address.path_to(at)));
        if groups.is_empty() {
            self.note_unknown_types(address);
        }
        self.typed_of_slice(parent, address, at, &groups)
    }

    /// Where the elements below a slice of a choice belong.
    pub(super) fn places_of_choice_slice(
        &mut self,
        parent: ElementId,
        address: &'f Address<'a>,
        at: usize,
    ) -> Result<Vec<ElementId>, Refusal> {
        self.note_choices(parent, address, at)?;
        let groups = self.groups_of_slice(address, at);
        if groups.is_empty() {
            self.note_unknown_types(address);
        }
        let typed = self.typed_of_slice(parent, address, at, &groups)?;
        if !groups.is_empty() && self.is_alone(address, at) {
            return Ok(typed);
        }
        typed
            .into_iter()
            .map(|of| self.slice_schema(of, parent, address, at))
            .collect()
    }

    /// One element for each type; without types, the choice itself.
    fn typed_of_slice(
        &mut self,
        parent: ElementId,
        address: &Address<'a>,
        at: usize,
        groups: &[TypeGroup<'a>],
    ) -> Result<Vec<ElementId>, Refusal> {
        let Some(step) = address.steps.get(at) else {
            return Ok(Vec::new());
        };
        if groups.is_empty() {
            return Ok(vec![self.schema.child(parent, &step.name)?]);
        }
        groups
            .iter()
            .map(|group| self.typed_element(parent, &step.name, group))
            .collect()
    }

    /// The types that the snapshot leaves to a choice of which the differential names one.
    fn note_choices(
        &mut self,
        parent: ElementId,
        address: &Address<'a>,
        at: usize,
    ) -> Result<(), Refusal> {
        let Some(step) = address.steps.get(at) else {
            return Ok(());
        };
        let key = address.unsliced_key_to(at);
        let known = self.schema.find(parent, &step.name);
        let has_choices = known.is_some_and(|choice| self.schema.get(choice).choices.is_some());
        if has_choices || self.facts.differential(key).is_some() {
            return Ok(());
        }
        let groups = groups(self.facts.types(key, address.path_to(at)));
        if !groups.is_empty() {
            let choice = self.schema.child(parent, &step.name)?;
            let names = groups
                .iter()
                .map(|group| [&*step.name, &group.suffix()].concat().into());
            self.schema.at(choice).choices = Some(names.collect());
        }
        Ok(())
    }

    fn typed_element(
        &mut self,
        parent: ElementId,
        choice: &str,
        group: &TypeGroup<'a>,
    ) -> Result<ElementId, Refusal> {
        let id = self
            .schema
            .child(parent, &[choice, &group.suffix()].concat())?;
        let place = self.schema.at(id);
        place
            .choice_of
            .get_or_insert_with(|| Cow::Owned(choice.to_owned()));
        add_new(&mut place.types, [group.name.clone()]);
        Ok(id)
    }

    fn groups_of_slice(&self, address: &Address<'a>, at: usize) -> Vec<TypeGroup<'a>> {
        let names = self.choice_slices.types(address.key_to(at));
        names
            .iter()
            .map(|name| TypeGroup {
                name: name.clone().into(),
                references: Vec::new(),
            })
            .collect()
    }

    fn is_alone(&self, address: &Address<'a>, at: usize) -> bool {
        self.choice_slices
            .is_alone(address.unsliced_key_to(at), address.key_to(at))
    }

    fn note_unknown_types(&mut self, address: &Address<'a>) {
        self.warnings.add("choice-types", address.label, || {
            "neither differential nor snapshot says its types: what holds for it stands at the choice".to_owned()
        });
    }
}
