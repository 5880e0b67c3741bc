//! Slices: what they are told apart by, how many there may be, and what holds for each.

use super::Refusal;
use super::address::Address;
use super::build::Builder;
use super::definition::{Discriminator, ElementDefinition, SlicingDefinition};
use super::describe::Cardinality;
use super::json::Text;
use super::matches::{Finder, Place};
use super::read::items;
use super::schema::{ElementId, NamedExtension, Slice, Slicing};

/// Takes what no other slice does: it needs no match.
const DEFAULT_SLICE: &str = "@default";

impl<'f, 'a> Builder<'f, 'a> {
    /// A slice with what its own element says; returns the place of its schema.
    pub(super) fn add_slice(
        &mut self,
        of: ElementId,
        parent: ElementId,
        element: &'a ElementDefinition<'a>,
        address: &'f Address<'a>,
        cardinality: Cardinality,
    ) -> Result<ElementId, Refusal> {
        let last = address.steps.len() - 1;
        let id = self.slice_schema(of, parent, address, last)?;
        self.describe_reslicing(id, element);
        let place = self.schema.at(of);
        // Data without the element would not have the slice either.
        place.is_required |= cardinality.min > 0;
        let slicing = place.slicing.as_mut();
        let slice = slicing.and_then(|slicing| slicing.slice_mut(id));
        if let Some(slice) = slice {
            slice.min = (cardinality.min > 0)
                .then_some(cardinality.min)
                .or(slice.min);
            slice.max = cardinality.max.or(slice.max);
            slice.is_constraining |= element.is_constraining == Some(true);
        }
        Ok(id)
    }

    /// The place of a slice's schema, made if it is not there.
    pub(super) fn slice_schema(
        &mut self,
        of: ElementId,
        parent: ElementId,
        address: &'f Address<'a>,
        at: usize,
    ) -> Result<ElementId, Refusal> {
        let Some((step, name)) = address
            .steps
            .get(at)
            .and_then(|step| Some((step, step.slice.as_ref()?)))
        else {
            return Ok(of);
        };
        if let Some(id) = self.schema.slice(of, name) {
            return Ok(id);
        }
        self.describe_slicing(of, address, at);
        let key = address.key_to(at);
        let is_extension =
            !step.is_choice && ["extension", "modifierExtension"].contains(&&*step.name);
        let finder = Finder::new(self.facts, key);
        let place = Place::of_slice(key, address.path_to(at));
        let found = if is_extension {
            finder.extension(&place)
        } else {
            None
        };
        let (found, lacking) = match found {
            Some(found) => (Some(found), None),
            None => finder.slice(&place, self.discriminators(address, at)),
        };
        let is_known = self
            .facts
            .of(key)
            .any(|element| element.is_constraining == Some(true));
        if let Some(lacking) = lacking
            && !is_known
            && *name != DEFAULT_SLICE
        {
            let is_own = at + 1 == address.steps.len();
            let label = if is_own { address.label } else { key };
            let said = if found.is_some() {
                "its match takes in more than its slicing means: "
            } else {
                "nothing tells which data belongs to it: "
            };
            self.warnings
                .add("slice-match", label, || [said, &lacking].concat());
        }
        let url = found.as_ref().and_then(|found| found.url.clone());
        let slice = Slice {
            name: name.clone(),
            found,
            min: None,
            max: None,
            order: self.facts.place_of_slice(address.unsliced_key_to(at), key),
            is_constraining: false,
            schema: of,
        };
        let id = self.schema.add_slice(of, slice)?;
        if let (Some(url), "extension") = (url, &*step.name) {
            let named = NamedExtension {
                name: name.clone(),
                url,
                slicing: of,
                schema: id,
            };
            self.schema.at(parent).extensions.push(named);
        }
        Ok(id)
    }

    /// How an element is sliced, as the definition says.
    pub(super) fn describe_slicing(&mut self, of: ElementId, address: &Address<'a>, at: usize) {
        let said = self.slicing(address.unsliced_key_to(at), address.path_to(at));
        let place = &mut self.schema.at(of).slicing;
        if place.is_none() {
            *place = Some(Box::new(said.map_or_else(Slicing::default, slicing_of)));
        }
    }

    /// How a slice is sliced in turn: its slices stand beside it, by the names `a/b`.
    fn describe_reslicing(&mut self, id: ElementId, element: &'a ElementDefinition<'a>) {
        if let Some(said) = &element.slicing {
            self.schema.at(id).slicing = Some(Box::new(slicing_of(said)));
        }
    }

    fn slicing(&self, key: &str, path: &str) -> Option<&'a SlicingDefinition<'a>> {
        self.facts
            .of_path(key, path)
            .find_map(|element| element.slicing.as_ref())
    }

    /// By what a slice is told from the others; a slice of a slice by what that one says.
    fn discriminators(&self, address: &Address<'a>, at: usize) -> &'a [Discriminator<'a>] {
        let unsliced = address.unsliced_key_to(at);
        let slice = address.steps.get(at).and_then(|step| step.slice.as_ref());
        let above = slice
            .and_then(|slice| slice.rsplit_once('/'))
            .map(|(above, _)| above);
        let of_above = above.and_then(|above| {
            let key = [unsliced, ":", above].concat();
            let mut said = self.facts.of(&key);
            said.find_map(|element| element.slicing.as_ref())
        });
        let said = of_above.or_else(|| self.slicing(unsliced, address.path_to(at)));
        said.map_or(&[], |slicing| items(slicing.discriminators.as_ref()))
    }
}

fn slicing_of<'a>(said: &SlicingDefinition<'a>) -> Slicing<'a> {
    let discriminators = items(said.discriminators.as_ref()).iter().map(|one| {
        let text = |text: Option<&Text<'a>>| text.map(|text| text.0.clone()).unwrap_or_default();
        (text(one.kind.as_ref()), text(one.path.as_ref()))
    });
    Slicing {
        discriminators: discriminators.collect(),
        rules: said.rules.as_ref().map(|rules| rules.0.clone()),
        is_ordered: said.is_ordered == Some(true),
        slices: Vec::new(),
    }
}
