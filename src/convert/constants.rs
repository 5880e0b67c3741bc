//! What a discriminator by value finds in a slice: constants at its path, below it, or in other slices below.

use std::borrow::Cow;

use super::definition::{BindingDefinition, ElementDefinition};
use super::discriminator::Token;
use super::json::Json;
use super::matches::{Finder, Part, Place};
use super::read::items;
use super::types::{self, TypeGroup};

/// Slices whose profiles are compared, at most.
const MOST_SLICES: usize = 1000;

impl<'a> Finder<'_, 'a> {
    /// What a discriminator by value finds: a constant, the binding, or the target that has it.
    pub(super) fn value(self, place: &Place, tokens: &[Token<'_>]) -> Option<Part<'a>> {
        let names: Option<Vec<&str>> = tokens.iter().map(|token| token.field()).collect();
        if let Some(names) = names {
            let constant = self
                .constants(&place.key)
                .find_map(|(_, raw)| Json::at_path(raw, &names));
            if let Some(value) = constant {
                return Some(Part::new("pattern", value));
            }
        }
        let found = match tokens {
            [] => self.constants_below(place).or_else(|| self.binding(place)),
            [Token::Resolve, ..] => self.own(place, &|place| self.targets(place, "profile")),
            [Token::OfType(_), rest @ ..] => self.value(place, rest),
            [Token::Extension(url), rest @ ..] => {
                let extension = place.below("extension");
                let mut slices = self.facts.slices(&extension.key);
                let key =
                    slices.find(|key| self.extension_url(key).is_some_and(|own| own == *url))?;
                let part = self.value(&extension.with_key(key), rest)?;
                let own = Json::member("url", Json::Text(Cow::Owned((*url).to_owned())));
                let value = if part.kind == "pattern" {
                    own.joined(part.value)
                } else {
                    part.value
                };
                Some(Part { value, ..part }.below("extension", true))
            }
            [Token::Field(name), Token::OfType(of), rest @ ..] => {
                self.value_of_choice(place, name, Some(of), rest)
            }
            [Token::Field(name), rest @ ..] => self
                .value_of_child(place, name, rest)
                .or_else(|| self.value_of_choice(place, name, None, rest)),
        };
        found.or_else(|| self.own(place, &|place| self.profiles(place)))
    }

    /// The profiles of the slice's type: what a discriminator does not find here stands in them.
    fn profiles(self, place: &Place) -> Option<Part<'a>> {
        let profiles = self.profiles_of(&place.key)?;
        Some(Part::new("profile", Json::one_or_many(profiles)))
    }

    /// What is found at a place, unless it is found in another slice as well: then it does not tell the two apart.
    fn own(self, place: &Place, find: &dyn Fn(&Place) -> Option<Part<'a>>) -> Option<Part<'a>> {
        let part = find(place)?;
        let unsliced = self
            .slice
            .rsplit_once(':')
            .map_or(self.slice, |(unsliced, _)| unsliced);
        let others = self.facts.slices(unsliced).take(MOST_SLICES);
        let mut others = others.filter(|other| *other != self.slice);
        let is_shared = others.any(|other| {
            let there = place.in_slice(self.slice, other);
            there.and_then(|there| find(&there)).as_ref() == Some(&part)
        });
        (!is_shared).then_some(part)
    }

    fn profiles_of(self, key: &str) -> Option<Vec<Cow<'a, str>>> {
        let mut said = self.facts.of(key).map(|one| {
            let groups = TypeGroup::of(items(one.types.as_ref()));
            groups
                .iter()
                .flat_map(TypeGroup::profiles)
                .collect::<Vec<_>>()
        });
        said.find(|profiles| !profiles.is_empty())
    }

    fn value_of_child(self, place: &Place, name: &str, rest: &[Token<'_>]) -> Option<Part<'a>> {
        let child = place.below(name);
        let repeats = self.repeats(&child, name);
        if let Some(part) = self.value(&child, rest) {
            return Some(part.below(name.to_owned(), repeats));
        }
        let parts = self.facts.slices(&child.key).filter_map(|key| {
            let slice = child.with_key(key);
            let part = self.value(&slice, rest)?;
            Some((slice, part))
        });
        let mut values = Vec::new();
        for part in self.sure(parts.collect()) {
            if part.kind != "pattern" {
                return Some(part.below(name.to_owned(), repeats));
            }
            values.push(part.value);
        }
        let value = if !repeats || values.is_empty() {
            values.into_iter().next()?
        } else {
            Json::Array(values)
        };
        Some(Part::new("pattern", Json::member(name.to_owned(), value)))
    }

    /// Of what slices have, that of those which must be there; or that of the only one.
    fn sure<T>(self, mut of_slices: Vec<(Place, T)>) -> Vec<T> {
        let is_only = of_slices.len() == 1;
        of_slices.retain(|(slice, _)| is_only || self.presence(slice) == Some(true));
        of_slices.into_iter().map(|(_, value)| value).collect()
    }

    fn value_of_choice(
        self,
        place: &Place,
        name: &str,
        of: Option<&str>,
        rest: &[Token<'_>],
    ) -> Option<Part<'a>> {
        let choice = place.below(&[name, "[x]"].concat());
        let typed = of.map(|of| place.below(&[name, &types::suffix(of)].concat()));
        let slices = self
            .facts
            .slices(&choice.key)
            .map(|key| choice.with_key(key));
        let places = [choice.clone()].into_iter().chain(slices).chain(typed);
        for place in places {
            let suffix = of.map(types::suffix).or_else(|| self.only_type(&place));
            if let (Some(suffix), Some(part)) = (suffix, self.value(&place, rest)) {
                return Some(part.below([name, &suffix].concat(), false));
            }
        }
        None
    }

    /// The end of a typed element's name, where a choice can be of one type only.
    pub(super) fn only_type(self, place: &Place) -> Option<String> {
        if let Some((suffix, _)) = self.constants(&place.key).next() {
            return Some(suffix.to_owned());
        }
        let groups = TypeGroup::of(self.facts.types(&place.key, &place.path));
        match groups.as_slice() {
            [group] => Some(group.suffix()),
            _ => None,
        }
    }

    /// Fixed values and patterns of an element, with the types that their names end in.
    fn constants(self, key: &str) -> impl Iterator<Item = (&'a str, &'a str)> {
        self.facts
            .of(key)
            .filter_map(|element: &'a ElementDefinition<'a>| {
                element
                    .constant("fixed")
                    .or_else(|| element.constant("pattern"))
            })
    }

    /// One pattern of all fixed values and patterns below an element.
    fn constants_below(self, place: &Place) -> Option<Part<'a>> {
        let mut all: Option<Json<'a>> = None;
        for key in self.facts.children(&place.key) {
            let name = key.rsplit('.').next().unwrap_or(key);
            let choice = name.strip_suffix("[x]");
            let child = place.below(name);
            let value_of = |place: &Place| {
                let own = self.constants(&place.key).next();
                let value = own.map(|(_, raw)| Json::Raw(raw));
                let value = value.or_else(|| self.constants_below(place).map(|part| part.value))?;
                let suffix = choice.and_then(|_| self.only_type(place));
                let name = [choice.unwrap_or(name), &suffix.unwrap_or_default()].concat();
                Some((name, value))
            };
            let slices = self.facts.slices(key).filter_map(|key| {
                let slice = child.with_key(key);
                let value = value_of(&slice)?;
                Some((slice, value))
            });
            let values: Vec<_> = match value_of(&child) {
                Some(value) => vec![value],
                None => self.sure(slices.collect()),
            };
            let repeats = choice.is_none() && self.repeats(&child, name);
            let found = if repeats && !values.is_empty() {
                let items = values.into_iter().map(|(_, value)| value).collect();
                Some(Json::member(name.to_owned(), Json::Array(items)))
            } else {
                let first = values.into_iter().next();
                first.map(|(name, value)| Json::member(name, value))
            };
            all = match (all, found) {
                (Some(all), Some(found)) => Some(all.joined(found)),
                (all, found) => all.or(found),
            };
        }
        all.map(|value| Part::new("pattern", value))
    }

    /// The binding of an element, where it is the slice's own: a snapshot repeats that of the type in each slice.
    fn binding(self, place: &Place) -> Option<Part<'a>> {
        let of = |element: &'a ElementDefinition<'a>| element.binding.as_ref();
        let own = self.facts.differential(&place.key).and_then(of);
        let binding = own.or_else(|| self.facts.of(&place.key).find_map(of))?;
        let set = binding.value_set()?.clone();
        let general = self.facts.general(&place.path).and_then(of);
        let strength =
            |one: &BindingDefinition<'a>| one.strength.as_ref().map(|text| text.0.clone());
        let is_general = general.is_some_and(|general| {
            general.value_set() == Some(&set) && strength(general) == strength(binding)
        });
        if own.is_none() && is_general {
            return None;
        }
        let mut value = Json::member("valueSet", Json::Text(set));
        if let Some(strength) = &binding.strength {
            value = Json::member("strength", Json::Text(strength.0.clone())).joined(value);
        }
        Some(Part::new("binding", value))
    }
}
