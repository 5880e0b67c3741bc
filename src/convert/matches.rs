//! What data belongs to a slice: what the discriminators of its slicing find in it.

use std::borrow::Cow;

use super::definition::Discriminator;
use super::discriminator::{self, Token};
use super::facts::{Facts, Repeats};
use super::json::{Json, Text};
use super::read::items;
use super::schema::Match;
use super::types::{self, TypeGroup};

/// Elements of FHIR's data types that repeat, for snapshots that do not go down to them.
const REPEATING: [&str; 12] = [
    "coding",
    "extension",
    "modifierExtension",
    "given",
    "prefix",
    "suffix",
    "line",
    "profile",
    "security",
    "tag",
    "event",
    "contained",
];

/// An element by key and path.
#[derive(Clone, Debug)]
pub(super) struct Place {
    pub(super) key: String,
    pub(super) path: String,
}

impl Place {
    /// Where a slice is.
    pub(super) fn of_slice(key: &str, path: &str) -> Self {
        Self {
            key: key.to_owned(),
            path: path.to_owned(),
        }
    }

    pub(super) fn below(&self, name: &str) -> Self {
        Self {
            key: [&self.key, ".", name].concat(),
            path: [&self.path, ".", name].concat(),
        }
    }

    fn is_choice(&self) -> bool {
        self.path.ends_with("[x]")
    }

    /// The same place in another slice.
    pub(super) fn in_slice(&self, slice: &str, other: &str) -> Option<Self> {
        Some(self.with_key(&[other, self.key.strip_prefix(slice)?].concat()))
    }

    pub(super) fn with_key(&self, key: &str) -> Self {
        Self {
            key: key.to_owned(),
            path: self.path.clone(),
        }
    }
}

/// What a discriminator finds.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Part<'a> {
    pub(super) kind: &'static str,
    pub(super) resolves: bool,
    pub(super) value: Json<'a>,
}

impl<'a> Part<'a> {
    pub(super) fn new(kind: &'static str, value: Json<'a>) -> Self {
        Self {
            kind,
            resolves: false,
            value,
        }
    }

    /// The same below an element.
    pub(super) fn below(self, name: impl Into<Cow<'a, str>>, repeats: bool) -> Self {
        // A pattern is what the data looks like; the others only name the place.
        let is_list = repeats && self.kind == "pattern";
        let value = if is_list {
            Json::Array(vec![self.value])
        } else {
            self.value
        };
        Self {
            value: Json::member(name, value),
            ..self
        }
    }

    fn into_match(self) -> Match<'a> {
        Match {
            kind: self.kind,
            resolves: self.resolves,
            value: self.value,
            url: None,
        }
    }
}

/// Looks into the definitions of slices.
#[derive(Clone, Copy, Debug)]
pub(super) struct Finder<'f, 'a> {
    pub(super) facts: &'f Facts<'a>,
    /// Key of the slice that is to be told from the others.
    pub(super) slice: &'f str,
}

impl<'f, 'a> Finder<'f, 'a> {
    /// For a slice of a definition, by its key.
    pub(super) fn new(facts: &'f Facts<'a>, slice: &'f str) -> Self {
        Self { facts, slice }
    }

    /// The match of a slice, if there is one; and, as the rest of a sentence, what it lacks.
    pub(super) fn slice(
        self,
        place: &Place,
        discriminators: &[Discriminator<'_>],
    ) -> (Option<Match<'a>>, Option<String>) {
        if discriminators.is_empty() {
            return (None, Some("its slicing has no discriminator".to_owned()));
        }
        let mut parts: Vec<Part<'a>> = Vec::new();
        let mut lacking: Vec<String> = Vec::new();
        for one in discriminators {
            let Some(part) = self.part(place, one) else {
                let text = |text: &Option<Text<'_>>| {
                    text.as_ref()
                        .map_or(String::new(), |text| text.as_str().to_owned())
                };
                lacking.push([&*text(&one.kind), " of ", &text(&one.path)].concat());
                continue;
            };
            match parts
                .iter_mut()
                .find(|other| other.kind == "pattern" && part.kind == "pattern")
            {
                Some(pattern) => {
                    let value = std::mem::replace(&mut pattern.value, Json::Bool(false));
                    pattern.value = value.joined(part.value);
                }
                None => parts.push(part),
            }
        }
        let lacking = (!lacking.is_empty())
            .then(|| ["it has no ", &lacking.join(", no "), " of its own"].concat());
        // Type and profile of a reference's target may come to the same.
        parts.dedup();
        if parts.len() < 2 {
            return (parts.pop().map(Part::into_match), lacking);
        }
        let all = parts
            .into_iter()
            .map(|part| part.into_match().to_json())
            .collect();
        (
            Some(Part::new("all", Json::Array(all)).into_match()),
            lacking,
        )
    }

    /// The match of a slice of extensions: by URL.
    pub(super) fn extension(self, place: &Place) -> Option<Match<'a>> {
        let url = self.extension_url(&place.key)?;
        let value = Json::member("url", Json::Text(url.clone()));
        Some(Match {
            url: Some(url),
            ..Part::new("pattern", value).into_match()
        })
    }

    /// The URL of the extension that a slice is: that of its profile, or the one it has as a fixed value.
    pub(super) fn extension_url(self, key: &str) -> Option<Cow<'a, str>> {
        let fixed = self
            .facts
            .of(&[key, ".url"].concat())
            .find_map(|url| url.constant("fixed"));
        if let Some((_, raw)) = fixed {
            return serde_json::from_str::<Text<'a>>(raw)
                .ok()
                .map(|text| text.0);
        }
        let groups = self
            .facts
            .of(key)
            .map(|element| TypeGroup::of(items(element.types.as_ref())));
        let said: Vec<_> = groups
            .flatten()
            .map(|group| group.profiles().collect::<Vec<_>>())
            .collect();
        let profiles = said.iter().find(|profiles| !profiles.is_empty())?;
        // Of several, any will do: their URLs are no pattern.
        match profiles.as_slice() {
            [profile] => Some(types::url_of(profile)),
            _ => None,
        }
    }

    fn part(self, place: &Place, discriminator: &Discriminator<'_>) -> Option<Part<'a>> {
        let path = discriminator.path.as_ref().map_or("$this", Text::as_str);
        let tokens = discriminator::tokens(path)?;
        match discriminator.kind.as_ref().map_or("value", Text::as_str) {
            "value" | "pattern" => self.value(place, &tokens),
            "position" => {
                let unsliced = place.key.rsplit_once(':')?.0;
                let at = self.facts.place_of_slice(unsliced, &place.key)?;
                Some(Part::new("position", Json::Number(at)))
            }
            kind => self.located(place, &tokens, kind),
        }
    }

    /// What a discriminator finds that asks for more than values.
    fn located(self, place: &Place, tokens: &[Token<'_>], kind: &str) -> Option<Part<'a>> {
        match tokens {
            [] => self.at(place, kind, None),
            [Token::Resolve, ..] => self.targets(place, kind),
            [Token::OfType(_), rest @ ..] => self.located(place, rest, kind),
            [Token::Extension(url), ..] => {
                let extension = place.below("extension");
                let mut slices = self.facts.slices(&extension.key);
                let key =
                    slices.find(|key| self.extension_url(key).is_some_and(|own| own == *url))?;
                let own = Json::member("url", Json::Text(Cow::Owned((*url).to_owned())));
                let is_there = self.presence(&extension.with_key(key))?;
                (kind == "exists" && is_there)
                    .then(|| Part::new("pattern", own).below("extension", true))
            }
            [Token::Field(name), rest @ ..] => {
                let choice = place.below(&[name, "[x]"].concat());
                if self.facts.has(&choice.key) {
                    return self.located_in_choice(&choice, name, rest, kind);
                }
                let child = place.below(name);
                Some(
                    self.located(&child, rest, kind)?
                        .below((*name).to_owned(), false),
                )
            }
        }
    }

    fn located_in_choice(
        self,
        choice: &Place,
        name: &str,
        rest: &[Token<'_>],
        kind: &str,
    ) -> Option<Part<'a>> {
        let Some((first, behind)) = rest.split_first() else {
            return Some(
                self.at(choice, kind, Some(name))?
                    .below(name.to_owned(), false),
            );
        };
        let suffix = match first {
            Token::OfType(of) => types::suffix(of),
            // Only a reference can be followed.
            Token::Resolve => "Reference".to_owned(),
            Token::Field(_) | Token::Extension(_) => self.only_type(choice)?,
        };
        let rest = if matches!(first, Token::OfType(_)) {
            behind
        } else {
            rest
        };
        let typed = [name, &suffix].concat();
        let slices = self
            .facts
            .slices(&choice.key)
            .map(|key| choice.with_key(key));
        let mut places = [choice.clone()].into_iter().chain(slices);
        let part = places.find_map(|place| match rest {
            [] if kind == "exists" => self
                .presence(&place)
                .map(|is_there| Part::new("exists", Json::Bool(is_there))),
            _ => self.located(&place, rest, kind),
        })?;
        Some(part.below(typed, false))
    }

    fn at(self, place: &Place, kind: &str, choice: Option<&str>) -> Option<Part<'a>> {
        if kind == "exists" {
            return self
                .presence(place)
                .map(|is_there| Part::new("exists", Json::Bool(is_there)));
        }
        let slices = self.facts.slices(&place.key).map(|key| place.with_key(key));
        let places = [place.clone()].into_iter().chain(slices);
        let groups = TypeGroup::of(places.into_iter().find_map(|place| {
            let mut said = self
                .facts
                .of(&place.key)
                .map(|one| items(one.types.as_ref()));
            said.find(|types| !types.is_empty())
        })?);
        let profiles: Vec<_> = groups.iter().flat_map(TypeGroup::profiles).collect();
        if kind == "profile" {
            let cores = || {
                groups
                    .iter()
                    .map(|group| types::canonical(&group.name))
                    .collect()
            };
            let profiles = if profiles.is_empty() {
                cores()
            } else {
                profiles
            };
            return Some(Part::new("profile", Json::one_or_many(profiles)));
        }
        let names = Json::one_or_many(groups.into_iter().map(|group| group.name).collect());
        // In JSON, the name of a choice's member ends in its type; a resource has its type within.
        let value = if choice.is_some() || place.is_choice() {
            names
        } else {
            Json::member("resourceType", names)
        };
        (kind == "type").then(|| Part::new("type", value))
    }

    /// What the slice's references may point to.
    pub(super) fn targets(self, place: &Place, kind: &str) -> Option<Part<'a>> {
        let mut said = self
            .facts
            .of(&place.key)
            .map(|one| TypeGroup::of(items(one.types.as_ref())));
        let targets: Vec<_> = said.find_map(|groups| {
            let targets: Vec<_> = groups.iter().flat_map(TypeGroup::targets).collect();
            (!targets.is_empty()).then_some(targets)
        })?;
        let names: Option<Vec<Cow<'a, str>>> = targets
            .iter()
            .map(|target| types::core_type(&types::url_of(target)))
            .collect();
        let part = match names {
            Some(names) if kind == "type" => Part::new("type", Json::one_or_many(names)),
            _ => Part::new("profile", Json::one_or_many(targets)),
        };
        Some(Part {
            resolves: true,
            ..part
        })
    }

    /// Whether an element must, or must not, be there; none if it may.
    pub(super) fn presence(self, place: &Place) -> Option<bool> {
        self.facts.of(&place.key).find_map(|element| {
            if element.max.as_ref().is_some_and(|max| max.as_str() == "0") {
                return Some(false);
            }
            element.min.is_some_and(|min| min > 0).then_some(true)
        })
    }

    pub(super) fn repeats(self, place: &Place, name: &str) -> bool {
        match self.facts.repeats(&place.key, &place.path) {
            Repeats::Yes => true,
            Repeats::No => false,
            Repeats::Unknown => REPEATING.contains(&name),
        }
    }
}
