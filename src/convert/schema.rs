//! A FHIR Schema in the making: elements in one list, each with the names of those below it.

use std::borrow::Cow;

use super::Refusal;
use super::definition::Invariant;
use super::json::Json;
use super::names::Names;

/// Elements of one schema, at most: more come of choices within choices only.
const MOST_ELEMENTS: usize = 250_000;

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

impl<'a> Slicing<'a> {
    fn place(&self, schema: ElementId) -> Option<usize> {
        // Schemas are made in the order of their slices.
        self.slices
            .binary_search_by_key(&schema, |slice| slice.schema)
            .ok()
    }

    /// The slice of a schema.
    pub(super) fn slice(&self, schema: ElementId) -> Option<&Slice<'a>> {
        self.slices.get(self.place(schema)?)
    }

    /// The slice of a schema, to be changed.
    pub(super) fn slice_mut(&mut self, schema: ElementId) -> Option<&mut Slice<'a>> {
        let place = self.place(schema)?;
        self.slices.get_mut(place)
    }
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
    /// Elements but the root by what they are below and their name, slices by their element and their name.
    names: Names,
    nowhere: Element<'a>,
}

impl<'a> Schema<'a> {
    /// The root.
    pub(super) const ROOT: ElementId = 0;

    /// A schema that says nothing.
    pub(super) fn new() -> Self {
        Self {
            elements: vec![Element::default()],
            names: Names::default(),
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
        let (id, is_new) = self.add(&format!("{of}.{name}"))?;
        if is_new {
            self.at(of).elements.push((name.to_owned().into(), id));
        }
        Ok(id)
    }

    /// The element of a name below another one, if it is there.
    pub(super) fn find(&self, of: ElementId, name: &str) -> Option<ElementId> {
        self.numbered(&format!("{of}.{name}"))
    }

    /// The schema of a slice of an element; none if it is not there.
    pub(super) fn slice(&self, of: ElementId, name: &str) -> Option<ElementId> {
        self.numbered(&format!("{of}:{name}"))
    }

    fn numbered(&self, name: &str) -> Option<ElementId> {
        // The root has no name.
        let number = self.names.find(name)?;
        ElementId::try_from(number + 1).ok()
    }

    /// Adds a slice to an element that has a slicing; returns its schema.
    pub(super) fn add_slice(
        &mut self,
        of: ElementId,
        mut slice: Slice<'a>,
    ) -> Result<ElementId, Refusal> {
        let (id, _) = self.add(&format!("{of}:{}", slice.name))?;
        slice.schema = id;
        let slicing = self.at(of).slicing.get_or_insert_default();
        if !slicing.is_ordered {
            slice.order = None;
        }
        slicing.slices.push(slice);
        Ok(id)
    }

    /// The element of a name, and whether it is new.
    fn add(&mut self, name: &str) -> Result<(ElementId, bool), Refusal> {
        let (number, is_new) = self.names.number(name);
        if is_new {
            self.elements.push(Element::default());
        }
        match ElementId::try_from(number + 1) {
            Ok(id) if number < MOST_ELEMENTS => Ok((id, is_new)),
            _ => Err(format!("it comes to more than {MOST_ELEMENTS} elements")),
        }
    }
}

/// Adds what a list does not have yet.
pub(super) fn add_new<'a>(
    list: &mut Vec<Cow<'a, str>>,
    texts: impl IntoIterator<Item = Cow<'a, str>>,
) {
    let mut known = Names::default();
    for text in list.iter() {
        known.number(text);
    }
    for text in texts {
        if known.number(&text).1 {
            list.push(text);
        }
    }
}
