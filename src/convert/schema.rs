//! A FHIR Schema in the making: elements in one list, each with the names of those below it.

use std::borrow::Cow;

use hashbrown::{HashMap, HashSet};

use super::Refusal;
use super::definition::Invariant;
use super::json::Json;

/// Elements of one schema, at most: more come of choices within choices only.
const MOST_ELEMENTS: usize = 1_000_000;

/// Position of an element in its schema.
pub(super) type ElementId = u32;

/// What a schema says of an element, or of the root.
#[derive(Debug, Default)]
#[expect(clippy::struct_excessive_bools, reason = "as many as a schema has")]
pub(super) struct Element<'a> {
    pub(super) index: Option<usize>,
    pub(super) short: Option<Cow<'a, str>>,
    /// Names of its types.
    pub(super) types: Vec<Cow<'a, str>>,
    pub(super) profiles: Vec<Cow<'a, str>>,
    pub(super) refers: Vec<Cow<'a, str>>,
    /// The schema and the path in it that this element is like.
    pub(super) reference: Option<Vec<Cow<'a, str>>>,
    pub(super) is_array: bool,
    pub(super) is_scalar: bool,
    pub(super) min: Option<u32>,
    pub(super) max: Option<u32>,
    /// Whether the element above must, or must not, have it.
    pub(super) is_required: bool,
    pub(super) is_excluded: bool,
    /// Names of the typed elements of a choice.
    pub(super) choices: Option<Vec<Cow<'a, str>>>,
    pub(super) choice_of: Option<Cow<'a, str>>,
    pub(super) binding: Option<Binding<'a>>,
    pub(super) fixed: Option<Constant<'a>>,
    pub(super) pattern: Option<Constant<'a>>,
    pub(super) constraints: Vec<&'a Invariant<'a>>,
    /// `minValue[x]`, `maxValue[x]` and `maxLength`, as they stand.
    pub(super) bounds: Vec<(Cow<'a, str>, &'a str)>,
    pub(super) regex: Option<Cow<'a, str>>,
    pub(super) must_support: bool,
    pub(super) is_modifier: bool,
    pub(super) modifier_reason: Option<Cow<'a, str>>,
    pub(super) is_summary: bool,
    pub(super) slicing: Option<Box<Slicing<'a>>>,
    pub(super) extensions: Vec<NamedExtension<'a>>,
    pub(super) elements: Vec<(Cow<'a, str>, ElementId)>,
}

/// What codes an element may have.
#[derive(Clone, Debug)]
pub(super) struct Binding<'a> {
    pub(super) strength: Option<Cow<'a, str>>,
    pub(super) value_set: Option<Cow<'a, str>>,
    pub(super) name: Option<Cow<'a, str>>,
}

/// A value that an element must have, or contain.
#[derive(Clone, Debug)]
pub(super) struct Constant<'a> {
    pub(super) type_name: Cow<'a, str>,
    pub(super) value: &'a str,
}

/// How an element is sliced.
#[derive(Debug, Default)]
pub(super) struct Slicing<'a> {
    /// Kind and path.
    pub(super) discriminators: Vec<(Cow<'a, str>, Cow<'a, str>)>,
    pub(super) rules: Option<Cow<'a, str>>,
    pub(super) is_ordered: bool,
    pub(super) slices: Vec<Slice<'a>>,
}

/// A slice.
#[derive(Debug)]
pub(super) struct Slice<'a> {
    pub(super) name: Cow<'a, str>,
    pub(super) found: Option<Match<'a>>,
    pub(super) min: Option<u32>,
    pub(super) max: Option<u32>,
    pub(super) order: Option<usize>,
    pub(super) is_constraining: bool,
    pub(super) schema: ElementId,
}

/// What data belongs to a slice.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Match<'a> {
    pub(super) kind: &'static str,
    pub(super) resolves: bool,
    pub(super) value: Json<'a>,
    /// Of a slice of extensions, their URL.
    pub(super) url: Option<Cow<'a, str>>,
}

/// An extension that a definition names.
#[derive(Debug)]
pub(super) struct NamedExtension<'a> {
    pub(super) name: Cow<'a, str>,
    pub(super) url: Cow<'a, str>,
    /// Where it is a slice.
    pub(super) slicing: ElementId,
    pub(super) schema: ElementId,
}

/// The elements of a schema, the root first.
#[derive(Debug)]
pub(super) struct Schema<'a> {
    elements: Vec<Element<'a>>,
    /// Elements by what they are below and their name; slices by their element and their name.
    by_name: HashMap<(ElementId, Kind, String), ElementId>,
    nowhere: Element<'a>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Kind {
    Child,
    Slice,
}

impl<'a> Schema<'a> {
    /// The root.
    pub(super) const ROOT: ElementId = 0;

    /// A schema that says nothing.
    pub(super) fn new() -> Self {
        Self {
            elements: vec![Element::default()],
            by_name: HashMap::new(),
            nowhere: Element::default(),
        }
    }

    /// An element.
    pub(super) fn get(&self, id: ElementId) -> &Element<'a> {
        self.elements.get(id as usize).unwrap_or(&self.nowhere)
    }

    /// An element, to be changed.
    pub(super) fn at(&mut self, id: ElementId) -> &mut Element<'a> {
        self.elements
            .get_mut(id as usize)
            .unwrap_or(&mut self.nowhere)
    }

    /// The element of a name below another one, made if it is not there.
    pub(super) fn child(&mut self, of: ElementId, name: &str) -> Result<ElementId, Refusal> {
        let key = (of, Kind::Child, name.to_owned());
        if let Some(&id) = self.by_name.get(&key) {
            return Ok(id);
        }
        let id = self.add()?;
        self.at(of).elements.push((name.to_owned().into(), id));
        self.by_name.insert(key, id);
        Ok(id)
    }

    /// The schema of a slice of an element, and its place among the slices; none if it is not there.
    pub(super) fn slice(&self, of: ElementId, name: &str) -> Option<ElementId> {
        self.by_name
            .get(&(of, Kind::Slice, name.to_owned()))
            .copied()
    }

    /// Adds a slice to an element that has a slicing; returns its schema.
    pub(super) fn add_slice(
        &mut self,
        of: ElementId,
        mut slice: Slice<'a>,
    ) -> Result<ElementId, Refusal> {
        let id = self.add()?;
        slice.schema = id;
        self.by_name
            .insert((of, Kind::Slice, slice.name.clone().into_owned()), id);
        let slicing = self.at(of).slicing.get_or_insert_default();
        if slicing.is_ordered {
            slice.order = Some(slicing.slices.len());
        }
        slicing.slices.push(slice);
        Ok(id)
    }

    fn add(&mut self) -> Result<ElementId, Refusal> {
        if self.elements.len() >= MOST_ELEMENTS {
            return Err(format!("it comes to more than {MOST_ELEMENTS} elements"));
        }
        let id = u32::try_from(self.elements.len()).unwrap_or(u32::MAX);
        self.elements.push(Element::default());
        Ok(id)
    }
}

/// Adds what a list does not have yet.
pub(super) fn add_new<'a>(
    list: &mut Vec<Cow<'a, str>>,
    texts: impl IntoIterator<Item = Cow<'a, str>>,
) {
    let mut known: HashSet<Cow<'a, str>> = list.iter().cloned().collect();
    for text in texts {
        if known.insert(text.clone()) {
            list.push(text);
        }
    }
}
