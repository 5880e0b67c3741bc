//! What a definition says of an element, in its differential or else in its snapshot.

use super::address::Address;
use super::definition::{ElementDefinition, Source, TypeReference};
use super::names::{ByName, Names};
use super::read::items;
use super::types::TypeGroup;
use super::{Refusal, Warnings, address};

/// Whether an element repeats.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Repeats {
    /// It is a list in JSON.
    Yes,
    /// It is not.
    No,
    /// Neither differential nor snapshot says.
    Unknown,
}

/// One list of elements, by key and by path.
#[derive(Debug, Default)]
struct Elements<'a> {
    list: &'a [ElementDefinition<'a>],
    addresses: Vec<Address<'a>>,
}

/// Paths of choices, and each again with the end of the name that one of its types makes: `value[x]` and
/// `value[x]Quantity`.
fn choices(lists: [&Elements<'_>; 2]) -> Names {
    let mut choices = Names::default();
    for list in lists {
        for (element, address) in list.list.iter().zip(&list.addresses) {
            if address.path.ends_with(']') {
                choices.number(&address.path);
                for group in TypeGroup::of(items(element.types.as_ref())) {
                    choices.number(&[&*address.path, &group.suffix()].concat());
                }
            }
        }
    }
    choices
}

impl Elements<'_> {
    /// Where a path is short for a slice of a choice, that slice.
    fn spell_out(&mut self, choices: &Names, paths: &Names) {
        let is_choice = |path: &str| !paths.has(path) && choices.has(&[path, "[x]"].concat());
        let has_type = |path: &str, suffix: &str| choices.has(&[path, suffix].concat());
        for address in &mut self.addresses {
            let has_choice = address.steps.iter().any(|step| step.is_choice);
            if has_choice || !paths.has(&address.path) {
                *address = std::mem::take(address).spelled_out(&has_type, &is_choice);
            }
        }
    }

    fn paths(&self) -> Names {
        let mut paths = Names::default();
        for address in &self.addresses {
            paths.number(&address.path);
        }
        paths
    }
}

/// The elements of a definition.
#[derive(Debug)]
pub(super) struct Facts<'a> {
    differential: Elements<'a>,
    snapshot: Elements<'a>,
    /// Keys of elements, and of those that are only above others.
    keys: Names,
    /// Positions in the differential and in the snapshot.
    positions: ByName<[Option<u32>; 2]>,
    /// The slices of an element, and the elements right below one, in order.
    slices: ByName<Vec<usize>>,
    children: ByName<Vec<usize>>,
    is_specialization: bool,
}

/// What is said of an element, the last one first.
#[derive(Debug)]
pub(super) struct Said<'a>([Option<&'a ElementDefinition<'a>>; 3]);

impl<'a> Iterator for Said<'a> {
    type Item = &'a ElementDefinition<'a>;

    // Not in line: everything asks what is said.
    #[inline(never)]
    fn next(&mut self) -> Option<Self::Item> {
        self.0.iter_mut().rev().find_map(Option::take)
    }
}

impl<'a> Facts<'a> {
    /// Reads both lists. Fails if there is nothing in either.
    pub(super) fn new(source: &'a Source<'a>, warnings: &mut Warnings) -> Result<Self, Refusal> {
        let (differential, snapshot) = (&*source.differential, &*source.snapshot);
        if differential.is_empty() && snapshot.is_empty() {
            return Err("it has neither a differential nor a snapshot".to_owned());
        }
        // Nothing of a snapshot is written where there is a differential: its ids are nobody's concern.
        let mut unheard = Warnings::default();
        let of_snapshot = if differential.is_empty() {
            &mut *warnings
        } else {
            &mut unheard
        };
        let mut snapshot = Elements {
            list: snapshot,
            addresses: address::addresses(snapshot, "snapshot", of_snapshot)?,
        };
        let mut differential = Elements {
            list: differential,
            addresses: address::addresses(differential, "differential", warnings)?,
        };
        let choices = choices([&differential, &snapshot]);
        if !choices.is_empty() {
            snapshot.spell_out(&choices, &snapshot.paths());
            differential.spell_out(&choices, &snapshot.paths());
        }
        let derivation = source
            .definition
            .derivation
            .as_ref()
            .map(super::json::Text::as_str);
        let mut facts = Self {
            differential,
            snapshot,
            keys: Names::default(),
            positions: ByName::default(),
            slices: ByName::default(),
            children: ByName::default(),
            is_specialization: derivation != Some("constraint"),
        };
        facts.index();
        Ok(facts)
    }

    fn index(&mut self) {
        let lists = [&self.differential, &self.snapshot];
        let is_sliced =
            |address: &Address<'_>| address.steps.iter().any(|step| step.slice.is_some());
        let has_slices = lists
            .iter()
            .any(|list| list.addresses.iter().any(is_sliced));
        // A snapshot has all slices, in their order.
        for (list, elements) in lists.into_iter().enumerate().rev() {
            for (at, address) in (0_u32..).zip(&elements.addresses) {
                // Only matches of slices ask for what is below an element.
                for step in (1..address.steps.len()).filter(|_| has_slices) {
                    let (above, _) = self.keys.number(address.key_to(step - 1));
                    let (unsliced, is_new) = self.keys.number(address.unsliced_key_to(step));
                    if is_new {
                        self.children.at(above).push(unsliced);
                    }
                    let (key, is_new) = self.keys.number(address.key_to(step));
                    if is_new {
                        self.slices.at(unsliced).push(key);
                    }
                }
                let (key, _) = self.keys.number(&address.key);
                if let Some(position) = self.positions.at(key).get_mut(list) {
                    *position = Some(at);
                }
            }
        }
    }

    /// The elements that the schema is made of, and where they stand.
    pub(super) fn source(
        &self,
    ) -> impl Iterator<Item = (&'a ElementDefinition<'a>, &Address<'a>)> + Clone {
        let source = if self.differential.list.is_empty() {
            &self.snapshot
        } else {
            &self.differential
        };
        source.list.iter().zip(&source.addresses)
    }

    /// Where all elements stand, in differential and snapshot.
    pub(super) fn addresses(&self) -> impl Iterator<Item = &Address<'a>> {
        self.differential
            .addresses
            .iter()
            .chain(&self.snapshot.addresses)
    }

    /// Whether the definition has a snapshot.
    pub(super) fn has_snapshot(&self) -> bool {
        !self.snapshot.list.is_empty()
    }

    /// Whether the definition makes a type, and does not constrain one.
    pub(super) fn is_specialization(&self) -> bool {
        self.is_specialization
    }

    fn positions(&self, key: &str) -> [Option<u32>; 2] {
        let positions = self.positions.get(self.keys.find(key));
        positions.copied().unwrap_or_default()
    }

    /// Position of an element in the differential, or of a definition without one in its snapshot.
    pub(super) fn position(&self, key: &str) -> Option<u32> {
        let [differential, snapshot] = self.positions(key);
        if self.differential.list.is_empty() {
            snapshot
        } else {
            differential
        }
    }

    /// Whether there is an element of this key.
    pub(super) fn has(&self, key: &str) -> bool {
        self.of(key).next().is_some()
    }

    /// What is said of an element: by the differential, then by the snapshot.
    pub(super) fn of(&self, key: &str) -> Said<'a> {
        let [differential, snapshot] = self.positions(key);
        let differential = differential.and_then(|at| self.differential.list.get(at as usize));
        let snapshot = snapshot.and_then(|at| self.snapshot.list.get(at as usize));
        Said([None, snapshot, differential])
    }

    /// What the differential says of an element.
    pub(super) fn differential(&self, key: &str) -> Option<&'a ElementDefinition<'a>> {
        let [differential, _] = self.positions(key);
        self.differential.list.get(differential? as usize)
    }

    /// What the snapshot says of a path, slices aside.
    pub(super) fn general(&self, path: &str) -> Option<&'a ElementDefinition<'a>> {
        let [_, snapshot] = self.positions(path);
        self.snapshot.list.get(snapshot? as usize)
    }

    /// The same, and at last what the snapshot says of the path in general, slices aside.
    pub(super) fn of_path(&self, key: &str, path: &str) -> Said<'a> {
        let Said([_, snapshot, differential]) = self.of(key);
        Said([self.general(path), snapshot, differential])
    }

    /// The types an element may have; empty if nobody says.
    pub(super) fn types(&self, key: &str, path: &str) -> &'a [TypeReference<'a>] {
        self.of_path(key, path)
            .map(|element| items(element.types.as_ref()))
            .find(|types| !types.is_empty())
            .unwrap_or_default()
    }

    /// Whether an element repeats in JSON.
    pub(super) fn repeats(&self, key: &str, path: &str) -> Repeats {
        let base = |element: &'a ElementDefinition<'a>| element.base.as_ref()?.max.as_ref();
        let own = |element: &'a ElementDefinition<'a>| element.max.as_ref();
        let mut said = self.of_path(key, path);
        let max = if self.is_specialization {
            said.find_map(own)
        } else {
            said.find_map(base)
        };
        match max.map(super::json::Text::as_str) {
            // An element that is prohibited where it is introduced may be either.
            Some("0") => Repeats::Unknown,
            Some("1") => Repeats::No,
            Some(_) => Repeats::Yes,
            // Nothing else may be more than one.
            None if self
                .of(key)
                .filter_map(own)
                .any(|max| !["0", "1"].contains(&max.as_str())) =>
            {
                Repeats::Yes
            }
            None => Repeats::Unknown,
        }
    }

    /// Whether a name of a slice names a slice. In some definitions it names an element that nothing slices:
    /// then the snapshot has the element by that name only.
    pub(super) fn is_sliced(&self, unsliced: &str, path: &str) -> bool {
        let has_several = self.slices(unsliced).nth(1).is_some();
        let is_known = self.has(unsliced) || self.snapshot.list.is_empty();
        has_several
            || is_known
            || self
                .of_path(unsliced, path)
                .any(|element| element.slicing.is_some())
    }

    /// Place of a slice among those of its element.
    pub(super) fn place_of_slice(&self, unsliced: &str, key: &str) -> Option<usize> {
        let slices = self.slices.get(self.keys.find(unsliced))?;
        // Keys are numbered in the order in which they come.
        slices.binary_search(&self.keys.find(key)?).ok()
    }

    /// Keys of the slices of an element.
    pub(super) fn slices(&self, key: &str) -> impl Iterator<Item = &str> + Clone {
        self.listed(&self.slices, key)
    }

    /// Keys of the elements right below one, slices aside.
    pub(super) fn children(&self, key: &str) -> impl Iterator<Item = &str> + Clone {
        self.listed(&self.children, key)
    }

    fn listed<'f>(
        &'f self,
        lists: &'f ByName<Vec<usize>>,
        key: &str,
    ) -> impl Iterator<Item = &'f str> + Clone + use<'f, 'a> {
        let numbers = lists
            .get(self.keys.find(key))
            .map_or(&[][..], Vec::as_slice);
        numbers.iter().map(|number| self.keys.text(*number))
    }
}
