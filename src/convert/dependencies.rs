//! What a FHIR Schema needs: its typed edges to other definitions.

use std::borrow::Cow;

use serde_json::value::RawValue;

use super::json::Text;
use super::read::{Members, Read, not_an_object};
use super::types;
use crate::metadata::{Dependency, DependencyKind, Url};
use crate::order::sorted;

/// Types of `FHIRPath` itself: they have no definition.
const SYSTEM_TYPES: &str = "http://hl7.org/fhirpath/";
/// Elements below elements that are looked at: a path has at most 60 names.
const DEEPEST: usize = 100;

/// The edges of a schema, each once, by kind and then by target. What is not as in a FHIR Schema is not
/// looked at; it fails if the text is no JSON object.
pub(super) fn dependencies(schema: &str) -> Result<Vec<Dependency>, String> {
    let schema: Members<'_> =
        serde_json::from_str(schema).map_err(|error| not_an_object(&error))?;
    let own = schema.get("url").and_then(text);
    let mut edges = Edges {
        own,
        list: Vec::new(),
    };
    edges.add(
        DependencyKind::Base,
        schema
            .get("base")
            .and_then(text)
            .map(|base| types::canonical(&base)),
    );
    edges.value(&schema, false, 0);
    let list = edges.list;
    let order = sorted(list.len(), &|one, other| {
        let rank = |at: usize| list.get(at).map(|(kind, target)| (*kind as u8, target));
        rank(one).cmp(&rank(other))
    });
    let mut unique: Vec<Dependency> = Vec::with_capacity(order.len());
    for (kind, target) in order.into_iter().filter_map(|at| list.get(at)) {
        let edge = Dependency {
            kind: *kind,
            target: Url(target.clone()),
        };
        if unique.last() != Some(&edge) {
            unique.push(edge);
        }
    }
    Ok(unique)
}

fn text(raw: &RawValue) -> Option<Cow<'_, str>> {
    Text::read(raw).ok().map(|text| text.0)
}

/// The texts of a list, or the text that stands in its place.
fn texts(raw: &RawValue) -> Vec<Cow<'_, str>> {
    match serde_json::from_str::<Vec<&RawValue>>(raw.get()) {
        Ok(list) => list.into_iter().filter_map(text).collect(),
        Err(_) => text(raw).into_iter().collect(),
    }
}

fn object(raw: &RawValue) -> Option<Members<'_>> {
    Members::read(raw).ok()
}

struct Edges<'a> {
    own: Option<Cow<'a, str>>,
    list: Vec<(DependencyKind, String)>,
}

impl<'a> Edges<'a> {
    /// Adds targets that are canonicals of something else.
    fn add(&mut self, kind: DependencyKind, targets: impl IntoIterator<Item = Cow<'a, str>>) {
        for target in targets {
            // What is behind `#` is a part of the definition.
            let target = match target.split_once('#') {
                Some((whole, _)) => Cow::Owned(whole.to_owned()),
                None => target,
            };
            let is_own = self.own.as_ref() == Some(&target);
            if !is_own && !target.is_empty() && !target.starts_with(SYSTEM_TYPES) {
                self.list.push((kind, target.into_owned()));
            }
        }
    }

    fn element(&mut self, element: &Members<'a>, depth: usize) {
        let list = |name: &str| element.get(name).map_or_else(Vec::new, texts);
        let types: Vec<_> = ["type", "types", "defaultType"]
            .into_iter()
            .flat_map(list)
            .collect();
        let is_extension = types.iter().any(|name| name == "Extension");
        self.add(DependencyKind::Type, types.iter().map(types::canonical));
        self.add(
            DependencyKind::Type,
            list("elementReference").into_iter().take(1),
        );
        // Extensions inside of an extension have relative URLs: they are defined where they stand.
        let url = element
            .get("url")
            .and_then(text)
            .filter(|url| url.contains(':'));
        self.add(DependencyKind::Extension, url);
        self.value(element, is_extension, depth);
    }

    /// What holds for the value of an element, or of the root.
    fn value(&mut self, element: &Members<'a>, is_extension: bool, depth: usize) {
        let list = |name: &str| element.get(name).map_or_else(Vec::new, texts);
        let member =
            |of: &str, name: &str| element.get(of).and_then(object).and_then(|of| of.get(name));
        let kind = if is_extension {
            DependencyKind::Extension
        } else {
            DependencyKind::Profile
        };
        self.add(kind, list("profiles"));
        self.add(DependencyKind::Reference, list("refers"));
        self.add(
            DependencyKind::Binding,
            member("binding", "valueSet").and_then(text),
        );
        let slices = member("slicing", "slices").and_then(object);
        for (_, slice) in slices.map_or_else(Vec::new, |slices| slices.0) {
            if let Some(slice) = object(slice) {
                self.slice(&slice, depth);
            }
        }
        self.below(element, depth);
    }

    /// A slice names its schema by canonical or carries it.
    fn slice(&mut self, slice: &Members<'a>, depth: usize) {
        if let Some(schema) = slice.get("schema") {
            self.add(DependencyKind::Slice, text(schema));
            if let (Some(schema), true) = (object(schema), depth < DEEPEST) {
                self.element(&schema, depth + 1);
            }
        }
        if let Some(found) = slice.get("match") {
            self.slice_match(found, depth);
        }
    }

    fn slice_match(&mut self, found: &'a RawValue, depth: usize) {
        let Some(found) = object(found) else { return };
        let (kind, value) = (found.get("type").and_then(text), found.get("value"));
        let (Some(kind), Some(value), true) = (kind, value, depth < DEEPEST) else {
            return;
        };
        match &*kind {
            "profile" => self.add(DependencyKind::Profile, canonicals(value)),
            "binding" => self.add(DependencyKind::Binding, canonicals(value)),
            "all" => {
                for one in serde_json::from_str::<Vec<&RawValue>>(value.get()).unwrap_or_default() {
                    self.slice_match(one, depth + 1);
                }
            }
            _ => {}
        }
    }

    fn below(&mut self, parent: &Members<'a>, depth: usize) {
        if depth >= DEEPEST {
            return;
        }
        for name in ["elements", "extensions"] {
            let children = parent.get(name).and_then(object);
            for (_, child) in children.map_or_else(Vec::new, |children| children.0) {
                if let Some(child) = object(child) {
                    self.element(&child, depth + 1);
                }
            }
        }
    }
}

/// The canonicals at whatever path a match has them.
fn canonicals(raw: &RawValue) -> Vec<Cow<'_, str>> {
    match object(raw) {
        Some(members) => members
            .0
            .into_iter()
            .flat_map(|(_, value)| canonicals(value))
            .collect(),
        None => texts(raw)
            .into_iter()
            .filter(|text| text.contains(':'))
            .collect(),
    }
}
