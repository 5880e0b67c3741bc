//! What data belongs to a slice: what the discriminators of its slicing find in it.

use std::borrow::Cow;

use super::definition::{Discriminator, ElementDefinition, items};
use super::discriminator::{self, Token};
use super::facts::{Facts, Repeats};
use super::json::{Json, Text};
use super::schema::Match;
use super::types::{self, TypeGroup};

/// Elements of FHIR's data types that repeat, for snapshots that do not go down to them.
const REPEATING: [&str; 12] = [
    "coding", "extension", "modifierExtension", "given", "prefix", "suffix", "line", "profile", "security", "tag",
    "event", "contained",
];

/// An element by key and path.
#[derive(Clone, Debug)]
pub(super) struct Place {
    key: String,
    path: String,
}

impl Place {
    /// Where a slice is.
    pub(super) fn of_slice(key: &str, path: &str) -> Self {
        Self { key: key.to_owned(), path: path.to_owned() }
    }

    fn below(&self, name: &str) -> Self {
        Self { key: format!("{}.{name}", self.key), path: format!("{}.{name}", self.path) }
    }

    fn with_key(&self, key: &str) -> Self {
        Self { key: key.to_owned(), path: self.path.clone() }
    }
}

/// What a discriminator finds.
#[derive(Debug)]
struct Part<'a> {
    kind: &'static str,
    resolves: bool,
    value: Json<'a>,
}

impl<'a> Part<'a> {
    fn new(kind: &'static str, value: Json<'a>) -> Self {
        Self { kind, resolves: false, value }
    }

    /// The same below an element.
    fn below(self, name: impl Into<Cow<'a, str>>, repeats: bool) -> Self {
        // A pattern is what the data looks like; the others only name the place.
        let is_list = repeats && self.kind == "pattern";
        let value = if is_list { Json::Array(vec![self.value]) } else { self.value };
        Self { value: Json::member(name, value), ..self }
    }

    fn into_match(self) -> Match<'a> {
        Match { kind: self.kind, resolves: self.resolves, value: self.value, url: None }
    }
}

/// Looks into the definitions of slices.
#[derive(Clone, Copy, Debug)]
pub(super) struct Finder<'f, 'a> {
    facts: &'f Facts<'a>,
}

impl<'f, 'a> Finder<'f, 'a> {
    /// Over the elements of a definition.
    pub(super) fn new(facts: &'f Facts<'a>) -> Self {
        Self { facts }
    }

    /// The match of a slice; as the rest of a sentence, why there is none.
    pub(super) fn slice(self, place: &Place, discriminators: &[Discriminator<'_>]) -> Result<Match<'a>, String> {
        if discriminators.is_empty() {
            return Err("its slicing has no discriminator".to_owned());
        }
        let mut parts: Vec<Part<'a>> = Vec::new();
        for one in discriminators {
            let Some(part) = self.part(place, one) else { continue };
            match parts.iter_mut().find(|other| other.kind == "pattern" && part.kind == "pattern") {
                Some(pattern) => {
                    let value = std::mem::replace(&mut pattern.value, Json::Bool(false));
                    pattern.value = value.joined(part.value);
                }
                None => parts.push(part),
            }
        }
        if parts.len() > 1 {
            let all = parts.into_iter().map(|part| part.into_match().to_json()).collect();
            return Ok(Part::new("all", Json::Array(all)).into_match());
        }
        parts.pop().map(Part::into_match).ok_or_else(|| {
            let paths = discriminators.iter().map(|one| {
                let text = |text: Option<&Text<'_>>| text.map_or(String::new(), |text| text.as_str().to_owned());
                format!("{} of {}", text(one.kind.as_ref()), text(one.path.as_ref()))
            });
            format!("no {} in it", paths.collect::<Vec<_>>().join(", "))
        })
    }

    /// The match of a slice of extensions: by URL.
    pub(super) fn extension(self, place: &Place) -> Option<Match<'a>> {
        let url = self.extension_url(&place.key)?;
        let value = Json::member("url", Json::Text(url.clone()));
        Some(Match { url: Some(url), ..Part::new("pattern", value).into_match() })
    }

    /// The URL of the extension that a slice is: that of its profile, or the one it has as a fixed value.
    fn extension_url(self, key: &str) -> Option<Cow<'a, str>> {
        let fixed = self.facts.of(&format!("{key}.url")).find_map(|url| url.constant("fixed"));
        if let Some((_, raw)) = fixed {
            return serde_json::from_str::<Text<'a>>(raw).ok().map(|text| text.0);
        }
        let groups = self.facts.of(key).map(|element| TypeGroup::of(items(element.types.as_ref())));
        let profile = groups.flatten().find_map(|group| group.profiles().next());
        profile.map(|profile| types::url_of(&profile))
    }

    fn part(self, place: &Place, discriminator: &Discriminator<'_>) -> Option<Part<'a>> {
        let path = discriminator.path.as_ref().map_or("$this", Text::as_str);
        let tokens = discriminator::tokens(path)?;
        match discriminator.kind.as_ref().map_or("value", Text::as_str) {
            "value" | "pattern" => self.value(place, &tokens),
            "position" => {
                let unsliced = place.key.rsplit_once(':')?.0;
                let at = self.facts.slices(unsliced).iter().position(|key| *key == place.key)?;
                Some(Part::new("position", Json::Number(at)))
            }
            kind => self.located(place, &tokens, kind),
        }
    }

    /// What a discriminator by value finds: a constant, the binding, or the target that has it.
    fn value(self, place: &Place, tokens: &[Token<'_>]) -> Option<Part<'a>> {
        let names: Option<Vec<&str>> = tokens.iter().map(|token| token.field()).collect();
        if let Some(names) = names {
            let constant = self.constants(&place.key).find_map(|(_, raw)| Json::at_path(raw, &names));
            if let Some(value) = constant {
                return Some(Part::new("pattern", value));
            }
        }
        let found = match tokens {
            [] => self.constants_below(place).or_else(|| self.binding(&place.key)),
            [Token::Resolve, ..] => self.targets(place, "profile"),
            [Token::OfType(_), rest @ ..] => self.value(place, rest),
            [Token::Extension(url), rest @ ..] => {
                let extension = place.below("extension");
                let mut slices = self.facts.slices(&extension.key).iter();
                let key = slices.find(|key| self.extension_url(key).is_some_and(|own| own == *url))?;
                let part = self.value(&extension.with_key(key), rest)?;
                let own = Json::member("url", Json::Text(Cow::Owned((*url).to_owned())));
                let value = if part.kind == "pattern" { own.joined(part.value) } else { part.value };
                Some(Part { value, ..part }.below("extension", true))
            }
            [Token::Field(name), Token::OfType(of), rest @ ..] => self.value_of_choice(place, name, Some(of), rest),
            [Token::Field(name), rest @ ..] => self
                .value_of_child(place, name, rest)
                .or_else(|| self.value_of_choice(place, name, None, rest)),
        };
        found.or_else(|| self.profiles(place))
    }

    /// The profiles of the slice's type: what a discriminator does not find here stands in them.
    fn profiles(self, place: &Place) -> Option<Part<'a>> {
        let said = self.facts.of(&place.key).map(|one| TypeGroup::of(items(one.types.as_ref())));
        let profiles: Vec<_> = said.flatten().flat_map(|group| group.profiles().collect::<Vec<_>>()).collect();
        (!profiles.is_empty()).then(|| Part::new("profile", Json::one_or_many(profiles)))
    }

    fn value_of_child(self, place: &Place, name: &str, rest: &[Token<'_>]) -> Option<Part<'a>> {
        let child = place.below(name);
        let repeats = self.repeats(&child, name);
        if let Some(part) = self.value(&child, rest) {
            return Some(part.below(name.to_owned(), repeats));
        }
        // Of slices below: what all of them have.
        let slices = self.facts.slices(&child.key).iter().filter_map(|key| self.value(&child.with_key(key), rest));
        let mut values = Vec::new();
        for part in slices {
            if part.kind != "pattern" {
                return Some(part.below(name.to_owned(), repeats));
            }
            values.push(part.value);
        }
        if values.is_empty() {
            return None;
        }
        let value = if repeats { Json::Array(values) } else { values.into_iter().next()? };
        Some(Part::new("pattern", Json::member(name.to_owned(), value)))
    }

    fn value_of_choice(
        self,
        place: &Place,
        name: &str,
        of: Option<&str>,
        rest: &[Token<'_>],
    ) -> Option<Part<'a>> {
        let choice = place.below(&format!("{name}[x]"));
        let typed = of.map(|of| place.below(&format!("{name}{}", types::suffix(of))));
        let slices = self.facts.slices(&choice.key).iter().map(|key| choice.with_key(key));
        let places = [choice.clone()].into_iter().chain(slices).chain(typed);
        for place in places {
            let suffix = of.map(types::suffix).or_else(|| self.only_type(&place));
            if let (Some(suffix), Some(part)) = (suffix, self.value(&place, rest)) {
                return Some(part.below(format!("{name}{suffix}"), false));
            }
        }
        None
    }

    /// The end of a typed element's name, where a choice can be of one type only.
    fn only_type(self, place: &Place) -> Option<String> {
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
        self.facts.of(key).filter_map(|element: &'a ElementDefinition<'a>| {
            element.constant("fixed").or_else(|| element.constant("pattern"))
        })
    }

    /// One pattern of all fixed values and patterns below an element.
    fn constants_below(self, place: &Place) -> Option<Part<'a>> {
        let mut all: Option<Json<'a>> = None;
        for key in self.facts.children(&place.key) {
            let name = key.rsplit('.').next().unwrap_or(key);
            let choice = name.strip_suffix("[x]");
            let child = place.below(name);
            let slices = self.facts.slices(key).iter().map(|key| child.with_key(key));
            let mut values = Vec::new();
            for place in [child.clone()].into_iter().chain(slices) {
                let own = self.constants(&place.key).next();
                let value = own.map(|(_, raw)| Json::Raw(raw));
                let value = value.or_else(|| self.constants_below(&place).map(|part| part.value));
                if let Some(value) = value {
                    let typed = choice.and_then(|choice| Some(format!("{choice}{}", self.only_type(&place)?)));
                    values.push((typed.unwrap_or_else(|| name.to_owned()), value));
                }
            }
            let repeats = choice.is_none() && self.repeats(&child, name);
            let found = if repeats && !values.is_empty() {
                let items = values.into_iter().map(|(_, value)| value).collect();
                Some(Json::member(name.to_owned(), Json::Array(items)))
            } else {
                values.into_iter().next().map(|(name, value)| Json::member(name, value))
            };
            all = match (all, found) {
                (Some(all), Some(found)) => Some(all.joined(found)),
                (all, found) => all.or(found),
            };
        }
        all.map(|value| Part::new("pattern", value))
    }

    fn binding(self, key: &str) -> Option<Part<'a>> {
        let binding = self.facts.of(key).find_map(|element| element.binding.as_ref())?;
        let set = binding.value_set()?.clone();
        let mut value = Json::member("valueSet", Json::Text(set));
        if let Some(strength) = &binding.strength {
            value = Json::member("strength", Json::Text(strength.0.clone())).joined(value);
        }
        Some(Part::new("binding", value))
    }

    /// What a discriminator finds that asks for more than values.
    fn located(self, place: &Place, tokens: &[Token<'_>], kind: &str) -> Option<Part<'a>> {
        match tokens {
            [] => self.at(place, kind, None),
            [Token::Resolve, ..] => self.targets(place, kind),
            [Token::OfType(_), rest @ ..] => self.located(place, rest, kind),
            [Token::Extension(url), ..] => {
                let extension = place.below("extension");
                let mut slices = self.facts.slices(&extension.key).iter();
                let key = slices.find(|key| self.extension_url(key).is_some_and(|own| own == *url))?;
                let own = Json::member("url", Json::Text(Cow::Owned((*url).to_owned())));
                let is_there = self.presence(&extension.with_key(key))?;
                (kind == "exists" && is_there).then(|| Part::new("pattern", own).below("extension", true))
            }
            [Token::Field(name), rest @ ..] => {
                let name = name.to_owned();
                let choice = place.below(&format!("{name}[x]"));
                if self.facts.has(&choice.key) {
                    return self.at(&choice, kind, Some(name)).map(|part| part.below(name.to_owned(), false));
                }
                let child = place.below(name);
                Some(self.located(&child, rest, kind)?.below(name.to_owned(), false))
            }
        }
    }

    fn at(self, place: &Place, kind: &str, choice: Option<&str>) -> Option<Part<'a>> {
        if kind == "exists" {
            return self.presence(place).map(|is_there| Part::new("exists", Json::Bool(is_there)));
        }
        let slices = self.facts.slices(&place.key).iter().map(|key| place.with_key(key));
        let places = [place.clone()].into_iter().chain(slices);
        let groups = TypeGroup::of(places.into_iter().find_map(|place| {
            let mut said = self.facts.of(&place.key).map(|one| items(one.types.as_ref()));
            said.find(|types| !types.is_empty())
        })?);
        let profiles: Vec<_> = groups.iter().flat_map(TypeGroup::profiles).collect();
        if kind == "profile" {
            let cores = || groups.iter().map(|group| types::canonical(&group.name)).collect();
            let profiles = if profiles.is_empty() { cores() } else { profiles };
            return Some(Part::new("profile", Json::one_or_many(profiles)));
        }
        let names = Json::one_or_many(groups.into_iter().map(|group| group.name).collect());
        // In JSON, the name of a choice's member ends in its type; a resource has its type within.
        let value = if choice.is_some() { names } else { Json::member("resourceType", names) };
        (kind == "type").then(|| Part::new("type", value))
    }

    /// What the slice's references may point to.
    fn targets(self, place: &Place, kind: &str) -> Option<Part<'a>> {
        let mut said = self.facts.of(&place.key).map(|one| TypeGroup::of(items(one.types.as_ref())));
        let targets: Vec<_> = said.find_map(|groups| {
            let targets: Vec<_> = groups.iter().flat_map(TypeGroup::targets).collect();
            (!targets.is_empty()).then_some(targets)
        })?;
        let names: Option<Vec<Cow<'a, str>>> = targets
            .iter()
            .map(|target| types::url_of(target).strip_prefix(types::CORE).map(|name| name.to_owned().into()))
            .collect();
        let part = match names {
            Some(names) if kind == "type" => Part::new("type", Json::one_or_many(names)),
            _ => Part::new("profile", Json::one_or_many(targets)),
        };
        Some(Part { resolves: true, ..part })
    }

    /// Whether an element must, or must not, be there; none if it may.
    fn presence(self, place: &Place) -> Option<bool> {
        self.facts.of(&place.key).find_map(|element| {
            if element.max.as_ref().is_some_and(|max| max.as_str() == "0") {
                return Some(false);
            }
            element.min.is_some_and(|min| min > 0).then_some(true)
        })
    }

    fn repeats(self, place: &Place, name: &str) -> bool {
        match self.facts.repeats(&place.key, &place.path) {
            Repeats::Yes => true,
            Repeats::No => false,
            Repeats::Unknown => REPEATING.contains(&name),
        }
    }
}
