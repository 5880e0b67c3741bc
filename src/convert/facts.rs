//! What a definition says of an element, in its differential or else in its snapshot.

use hashbrown::{HashMap, HashSet};

use super::address::Address;
use super::definition::{Definition, ElementDefinition, TypeReference, items};
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

/// Types of choices by path, as the ends of the names they make.
type Choices = HashMap<String, HashSet<String>>;

fn choices(lists: [&Elements<'_>; 2]) -> Choices {
    let mut choices = Choices::new();
    for list in lists {
        for (element, address) in list.list.iter().zip(&list.addresses) {
            if address.path.ends_with("[x]") {
                let types = TypeGroup::of(items(element.types.as_ref()));
                let suffixes = types.into_iter().map(|group| group.suffix());
                choices
                    .entry_ref(&*address.path)
                    .or_default()
                    .extend(suffixes);
            }
        }
    }
    choices
}

impl Elements<'_> {
    /// Where a path is short for a slice of a choice, that slice.
    fn spell_out(&mut self, choices: &Choices, paths: &HashSet<String>) {
        let is_choice =
            |path: &str| !paths.contains(path) && choices.contains_key(&format!("{path}[x]"));
        let has_type = |path: &str, suffix: &str| {
            choices
                .get(path)
                .is_some_and(|types| types.contains(suffix))
        };
        for address in &mut self.addresses {
            if !paths.contains(&*address.path) || address.path.contains("[x]") {
                *address = std::mem::take(address).spelled_out(&has_type, &is_choice);
            }
        }
    }
}

/// The elements of a definition.
#[derive(Debug)]
pub(super) struct Facts<'a> {
    differential: Elements<'a>,
    snapshot: Elements<'a>,
    /// Position of elements by key: in the differential, in the snapshot.
    by_key: HashMap<String, [Option<u32>; 2]>,
    /// Position of the first element of a path in the snapshot.
    by_path: HashMap<String, u32>,
    /// Keys of the slices of an element, and of the elements right below one, in order.
    slices: HashMap<String, Vec<String>>,
    children: HashMap<String, Vec<String>>,
    is_specialization: bool,
}

impl<'a> Facts<'a> {
    /// Reads both lists. Fails if there is nothing in either.
    pub(super) fn new(
        definition: &'a Definition<'a>,
        warnings: &mut Warnings,
    ) -> Result<Self, Refusal> {
        let list = |elements: Option<&'a super::definition::Elements<'a>>| {
            items(elements.and_then(|elements| elements.list.as_ref()))
        };
        let differential = list(definition.differential.as_ref());
        let snapshot = list(definition.snapshot.as_ref());
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
            let paths = snapshot
                .addresses
                .iter()
                .map(|one| one.path.clone().into_owned());
            let paths: HashSet<String> = paths.collect();
            for list in [&mut differential, &mut snapshot] {
                list.spell_out(&choices, &paths);
            }
        }
        let derivation = definition
            .derivation
            .as_ref()
            .map(super::json::Text::as_str);
        let mut facts = Self {
            differential,
            snapshot,
            by_key: HashMap::new(),
            by_path: HashMap::new(),
            slices: HashMap::new(),
            children: HashMap::new(),
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
        let mut known = HashSet::new();
        for (list, elements) in lists.into_iter().enumerate() {
            for (at, address) in (0_u32..).zip(&elements.addresses) {
                if let Some(place) = self
                    .by_key
                    .entry_ref(&*address.key)
                    .or_default()
                    .get_mut(list)
                {
                    *place = Some(at);
                }
                // What holds in general; a slice may be told of more.
                if list == 1 && address.key == address.path {
                    self.by_path.entry_ref(&*address.path).or_insert(at);
                }
                // Only matches of slices ask for what is below an element.
                if !has_slices {
                    continue;
                }
                for step in 1..address.steps.len() {
                    let (above, unsliced) =
                        (address.key_to(step - 1), address.unsliced_key_to(step));
                    let key = address.key_to(step);
                    if known.insert(unsliced) {
                        self.children
                            .entry_ref(above)
                            .or_default()
                            .push(unsliced.to_owned());
                    }
                    if key != unsliced && known.insert(key) {
                        self.slices
                            .entry_ref(unsliced)
                            .or_default()
                            .push(key.to_owned());
                    }
                }
            }
        }
    }

    /// The elements that the schema is made of, and where they stand.
    pub(super) fn source(&self) -> impl Iterator<Item = (&'a ElementDefinition<'a>, &Address<'a>)> {
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

    /// Whether the definition makes a type, and does not constrain one.
    pub(super) fn is_specialization(&self) -> bool {
        self.is_specialization
    }

    /// Position of an element in the differential, or of a definition without one in its snapshot.
    pub(super) fn position(&self, key: &str) -> Option<u32> {
        let [differential, snapshot] = *self.by_key.get(key)?;
        if self.differential.list.is_empty() {
            snapshot
        } else {
            differential
        }
    }

    /// Whether there is an element of this key.
    pub(super) fn has(&self, key: &str) -> bool {
        self.by_key.contains_key(key)
    }

    /// What is said of an element: by the differential, then by the snapshot.
    pub(super) fn of(&self, key: &str) -> impl Iterator<Item = &'a ElementDefinition<'a>> {
        let [differential, snapshot] = self.by_key.get(key).copied().unwrap_or_default();
        let differential = differential.and_then(|at| self.differential.list.get(at as usize));
        let snapshot = snapshot.and_then(|at| self.snapshot.list.get(at as usize));
        differential.into_iter().chain(snapshot)
    }

    /// What the differential says of an element.
    pub(super) fn differential(&self, key: &str) -> Option<&'a ElementDefinition<'a>> {
        let [differential, _] = *self.by_key.get(key)?;
        self.differential.list.get(differential? as usize)
    }

    /// What the snapshot says of a path, slices aside.
    pub(super) fn general(&self, path: &str) -> Option<&'a ElementDefinition<'a>> {
        self.by_path
            .get(path)
            .and_then(|&at| self.snapshot.list.get(at as usize))
    }

    /// The same, and at last what the snapshot says of the path in general, slices aside.
    pub(super) fn of_path(
        &self,
        key: &str,
        path: &str,
    ) -> impl Iterator<Item = &'a ElementDefinition<'a>> {
        self.of(key).chain(self.general(path))
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
        let slices = self.slices(unsliced).len() > 1;
        let is_known = self.has(unsliced) || self.snapshot.list.is_empty();
        slices
            || is_known
            || self
                .of_path(unsliced, path)
                .any(|element| element.slicing.is_some())
    }

    /// Keys of the slices of an element.
    pub(super) fn slices(&self, key: &str) -> &[String] {
        self.slices.get(key).map_or(&[], Vec::as_slice)
    }

    /// Keys of the elements right below one, slices aside.
    pub(super) fn children(&self, key: &str) -> &[String] {
        self.children.get(key).map_or(&[], Vec::as_slice)
    }
}
