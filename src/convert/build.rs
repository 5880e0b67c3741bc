//! From the elements of a definition to those of its schema, one after the other.

use std::borrow::Cow;

use super::address::Address;
use super::choice_slices::ChoiceSlices;
use super::definition::{Definition, ElementDefinition, Extension};
use super::describe::{Cardinality, describe_flags};
use super::facts::Facts;
use super::json::Text;
use super::names::Names;
use super::read::items;
use super::schema::{ElementId, Schema};
use super::types;
use super::{Refusal, Warnings, values};

/// A schema and what it is made of.
#[derive(Debug)]
pub(super) struct Builder<'f, 'a> {
    pub(super) definition: &'a Definition<'a>,
    pub(super) facts: &'f Facts<'a>,
    pub(super) schema: Schema<'a>,
    pub(super) warnings: Warnings,
    pub(super) choice_slices: ChoiceSlices,
}

/// Makes the schema of a definition; adds to the warnings.
pub(super) fn build<'a>(
    definition: &'a Definition<'a>,
    facts: &Facts<'a>,
    warnings: Warnings,
) -> Result<(Schema<'a>, Warnings), Refusal> {
    let choice_slices = ChoiceSlices::all(facts);
    let mut builder = Builder {
        definition,
        facts,
        schema: Schema::new(),
        warnings,
        choice_slices,
    };
    builder.run()?;
    Ok((builder.schema, builder.warnings))
}

impl<'f, 'a> Builder<'f, 'a> {
    fn run(&mut self) -> Result<(), Refusal> {
        let facts = self.facts;
        let root = self.root_name();
        self.note_extensions(items(self.definition.extensions.as_ref()), &root);
        let mut index = 0;
        for (at, (element, address)) in (0_u32..).zip(facts.source()) {
            if address.path_to(0) != root {
                self.warnings.add("element-path", address.label, || {
                    ["it is not below ", &root, ": left out"].concat()
                });
                continue;
            }
            self.note_order(at, address);
            values::check(element, address.label)?;
            self.note_unsayable(element, address.label);
            let cardinality = Cardinality::of(element, address.label)?;
            if cardinality.max.is_some_and(|max| cardinality.min > max) {
                self.warnings.add("cardinality", address.label, || {
                    "its min is greater than its max".to_owned()
                });
            }
            if address.steps.len() == 1 {
                self.describe_root(element, cardinality);
            } else {
                let added = self.add(element, address, cardinality, index);
                added.map_err(|refusal| format!("{}: {refusal}", address.label))?;
                index += 1;
            }
        }
        let mut paths = facts.source().map(|(_, address)| &*address.path);
        match paths.clone().next() {
            Some(first)
                if !paths.any(|path| path == root || path.starts_with(&[&root, "."].concat())) =>
            {
                Err([first, ": no element is below ", &root].concat())
            }
            _ => Ok(()),
        }
    }

    /// The name that paths begin with: that of the type; of a logical model, which may have another one, that of
    /// the first element.
    fn root_name(&self) -> String {
        let name = self
            .definition
            .type_name
            .as_ref()
            .map(|name| types::tail(name.as_str()));
        let is_logical = self
            .definition
            .kind
            .as_ref()
            .is_none_or(|kind| kind.as_str() == "logical");
        let mut roots = self.facts.source().map(|(_, address)| address.path_to(0));
        let first = roots.clone().next().unwrap_or_default();
        match name {
            Some(name) if !is_logical || roots.any(|root| root == name) => name.to_owned(),
            _ => first.to_owned(),
        }
    }

    fn describe_root(&mut self, element: &'a ElementDefinition<'a>, cardinality: Cardinality) {
        self.describe(Schema::ROOT, element, None);
        let is_extension = self
            .definition
            .type_name
            .as_ref()
            .is_some_and(|name| name.as_str() == "Extension");
        let root = self.schema.at(Schema::ROOT);
        describe_flags(root, element);
        // How often an extension may be used.
        if is_extension && !self.facts.is_specialization() {
            root.min = (cardinality.min > 0).then_some(cardinality.min);
            root.max = cardinality.max;
        }
    }

    fn add(
        &mut self,
        element: &'a ElementDefinition<'a>,
        address: &'f Address<'a>,
        cardinality: Cardinality,
        index: usize,
    ) -> Result<(), Refusal> {
        let last = address.steps.len() - 1;
        let Some(step) = address.steps.last() else {
            return Ok(());
        };
        for parent in self.places(address, last - 1)? {
            match (step.is_choice, self.slice_name(address, last)) {
                (true, None) => self.add_choice(parent, element, address, cardinality, index)?,
                (true, Some(_)) => {
                    self.add_choice_slice(parent, element, address, cardinality, index)?;
                }
                (false, slice) => {
                    let mut id = self.schema.child(parent, &step.name)?;
                    if slice.is_some() {
                        id = self.add_slice(id, parent, element, address, cardinality)?;
                    } else {
                        let repeats = self.facts.repeats(&address.key, &address.path);
                        // Of an element that stands twice, the later one counts.
                        self.schema.at(id).is_excluded = false;
                        self.bound(id, cardinality, repeats);
                        if element.slicing.is_some() {
                            self.describe_slicing(id, address, last);
                        }
                    }
                    self.describe_shortly(id, element, index);
                    self.describe(id, element, None);
                    self.describe_types(id, element, address);
                }
            }
        }
        Ok(())
    }

    /// The elements of the schema that a step of an address leads to: of a choice, each of its types.
    pub(super) fn places(
        &mut self,
        address: &'f Address<'a>,
        last: usize,
    ) -> Result<Vec<ElementId>, Refusal> {
        let mut places = vec![Schema::ROOT];
        for (at, step) in address.steps.iter().enumerate().take(last + 1).skip(1) {
            let mut below = Vec::with_capacity(places.len());
            for parent in places {
                match (step.is_choice, self.slice_name(address, at)) {
                    (true, None) => below.extend(self.typed_elements(parent, address, at)?),
                    (true, Some(_)) => {
                        below.extend(self.places_of_choice_slice(parent, address, at)?);
                    }
                    (false, None) => below.push(self.schema.child(parent, &step.name)?),
                    (false, Some(_)) => {
                        let of = self.schema.child(parent, &step.name)?;
                        below.push(self.slice_schema(of, parent, address, at)?);
                    }
                }
            }
            places = below;
        }
        Ok(places)
    }

    /// The slice that a step names, if it is one.
    fn slice_name(&self, address: &'f Address<'a>, at: usize) -> Option<&'f Cow<'a, str>> {
        let step = address.steps.get(at)?;
        let name = step.slice.as_ref()?;
        let is_extension = ["extension", "modifierExtension"].contains(&&*step.name);
        let (unsliced, path) = (address.unsliced_key_to(at), address.path_to(at));
        let is_slice = is_extension || self.facts.is_sliced(unsliced, path);
        is_slice.then_some(name)
    }

    fn note_order(&mut self, at: u32, address: &Address<'a>) {
        if self.facts.position(&address.key) != Some(at) {
            self.warnings.add("duplicate-element", address.label, || {
                "it stands twice".to_owned()
            });
        }
        let last = address.steps.len() - 1;
        let above = [
            last.checked_sub(1).map(|step| address.key_to(step)),
            Some(address.unsliced_key_to(last)),
        ];
        for above in above
            .into_iter()
            .flatten()
            .filter(|above| *above != address.key)
        {
            if self.facts.position(above).is_some_and(|other| other > at) {
                let message = || format!("it stands before {above}, which it is part of");
                self.warnings.add("element-order", address.label, message);
            }
        }
    }

    /// Warns of what FHIR Schema has no place for.
    fn note_unsayable(&mut self, element: &ElementDefinition<'_>, label: &str) {
        let types = items(element.types.as_ref());
        if types.iter().any(types::limits_references) {
            self.warnings.add("aggregation", label, || {
                "how its references are given (aggregation, versioning) is not in the schema"
                    .to_owned()
            });
        }
        if element
            .binding
            .as_ref()
            .is_some_and(super::definition::BindingDefinition::has_more)
        {
            self.warnings.add("additional-binding", label, || {
                "its additional bindings, or largest and smallest value sets, are not in the schema".to_owned()
            });
        }
        self.note_invariants(element, label);
        self.note_extensions(items(element.extensions.as_ref()), label);
        if element.must_have_value == Some(true) || element.value_alternatives.is_some() {
            self.warnings.add("must-have-value", label, || {
                "mustHaveValue and valueAlternatives are not in the schema".to_owned()
            });
        }
        if element
            .values
            .iter()
            .any(|(name, _)| name.starts_with("defaultValue"))
        {
            self.warnings.add("default-value", label, || {
                "its default value is not in the schema".to_owned()
            });
        }
    }

    fn note_invariants(&mut self, element: &ElementDefinition<'_>, label: &str) {
        let mut keys = Names::default();
        for constraint in items(element.constraints.as_ref()) {
            let Some(key) = constraint.key.as_ref().map(Text::as_str) else {
                self.warnings.add("expression", label, || {
                    "an invariant has no key, and is not in the schema".to_owned()
                });
                continue;
            };
            if !keys.number(key).1 {
                self.warnings.add("expression", label, || {
                    [
                        "two invariants have the key ",
                        key,
                        ": the later one is in the schema",
                    ]
                    .concat()
                });
            }
            if constraint.expression.is_none() {
                self.warnings.add("expression", label, || {
                    ["its invariant ", key, " has no FHIRPath expression"].concat()
                });
            }
        }
    }

    fn note_extensions(&mut self, extensions: &[Extension<'_>], label: &str) {
        for url in extensions.iter().filter_map(Extension::constraint) {
            self.warnings.add("extension", label, || {
                ["what its extension ", url, " demands is not in the schema"].concat()
            });
        }
    }

    /// Whether an element is the value of the primitive type that is defined.
    pub(super) fn is_value_of_primitive(&self, address: &Address<'a>) -> bool {
        let is_primitive = self
            .definition
            .kind
            .as_ref()
            .is_some_and(|kind| kind.as_str() == "primitive-type");
        is_primitive
            && address.steps.len() == 2
            && address
                .steps
                .last()
                .is_some_and(|step| step.name == "value")
    }

    /// Schema and path of the element that a contentReference names.
    pub(super) fn content_reference(
        &mut self,
        reference: &str,
        address: &Address<'a>,
    ) -> Option<Vec<Cow<'a, str>>> {
        let (url, id) = reference.split_once('#').unwrap_or(("", reference));
        let is_here = url.is_empty();
        // Of a profile without snapshot, the element is in the type.
        let is_known =
            self.facts.has(id) || !(self.facts.is_specialization() || self.facts.has_snapshot());
        if is_here && !is_known {
            self.warnings.add("content-reference", address.label, || {
                [reference, " is no element"].concat()
            });
            return None;
        }
        let url = match (is_here, self.facts.is_specialization()) {
            (false, _) => url.to_owned().into(),
            (true, true) => self
                .definition
                .url
                .as_ref()
                .map(|url| url.0.clone())
                .unwrap_or_default(),
            // What a profile says of an element does not hold for those that are like it in the type.
            (true, false) => {
                let name = self
                    .definition
                    .type_name
                    .as_ref()
                    .map(|name| name.0.clone());
                types::canonical(&name.unwrap_or_default())
            }
        };
        let mut path = vec![url];
        for part in id.split('.').skip(1) {
            let (name, slice) = part
                .split_once(':')
                .map_or((part, None), |(name, slice)| (name, Some(slice)));
            let name = name.strip_suffix("[x]").unwrap_or(name);
            path.extend(["elements".into(), Cow::Owned(name.to_owned())]);
            if let Some(slice) = slice {
                path.extend([
                    "slicing".into(),
                    "slices".into(),
                    slice.to_owned().into(),
                    "schema".into(),
                ]);
            }
        }
        Some(path)
    }
}
