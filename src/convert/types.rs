//! Names of types, as definitions and JSON have them.

use std::borrow::Cow;

use super::definition::TypeReference;
use super::names::Names;
use super::read::items;

/// Where the definitions of FHIR's own types are.
pub(super) const CORE: &str = "http://hl7.org/fhir/StructureDefinition/";

/// FHIR's primitive types: in the names of members their first letter is a capital.
const PRIMITIVES: [&str; 21] = [
    "base64Binary",
    "boolean",
    "canonical",
    "code",
    "date",
    "dateTime",
    "decimal",
    "id",
    "instant",
    "integer",
    "integer64",
    "markdown",
    "oid",
    "positiveInt",
    "string",
    "time",
    "unsignedInt",
    "uri",
    "url",
    "uuid",
    "xhtml",
];
/// Types that can have codes (invariant eld-11 of `ElementDefinition`), and profiles of Quantity.
const CODED: [&str; 11] = [
    "code",
    "Coding",
    "CodeableConcept",
    "CodeableReference",
    "Quantity",
    "string",
    "uri",
    "Duration",
    "Age",
    "Count",
    "Distance",
];

/// A type's entries in one element: releases before R4 repeat the type for each target.
#[derive(Debug)]
pub(super) struct TypeGroup<'a> {
    /// Name of the type.
    pub(super) name: Cow<'a, str>,
    /// What is said of it.
    pub(super) references: Vec<&'a TypeReference<'a>>,
}

impl<'a> TypeGroup<'a> {
    /// The types of an element, each once.
    pub(super) fn of(types: &'a [TypeReference<'a>]) -> Vec<Self> {
        let mut names = Names::default();
        let mut groups: Vec<Self> = Vec::new();
        for reference in types {
            let Some(name) = reference.name() else {
                continue;
            };
            let (number, _) = names.number(&name);
            match groups.get_mut(number) {
                Some(group) => group.references.push(reference),
                None => groups.push(Self {
                    name,
                    references: vec![reference],
                }),
            }
        }
        groups
    }

    /// Profiles of the type.
    pub(super) fn profiles(&self) -> impl Iterator<Item = Cow<'a, str>> {
        self.references.iter().flat_map(|one| one.profiles())
    }

    /// What a reference of the type may point to.
    pub(super) fn targets(&self) -> impl Iterator<Item = Cow<'a, str>> {
        self.references
            .iter()
            .flat_map(|one| one.targets.iter().flat_map(|list| list.0.iter().cloned()))
    }

    /// The end of a member's name that this type makes.
    pub(super) fn suffix(&self) -> String {
        suffix(&self.name)
    }
}

/// What a type adds to the name of a choice: `Quantity`, `String`.
pub(super) fn suffix(type_name: &str) -> String {
    let tail = tail(type_name);
    let mut letters = tail.chars();
    letters.next().map_or_else(String::new, |first| {
        let mut name = first.to_ascii_uppercase().to_string();
        name.push_str(letters.as_str());
        name
    })
}

/// The type of which that is the end: `uri` of `Uri`, `Coding` of `Coding`.
pub(super) fn of_suffix(suffix: &str) -> Cow<'_, str> {
    let primitive = PRIMITIVES.iter().find(|name| {
        let (start, rest) = name.split_at(1);
        suffix.strip_prefix(&start.to_ascii_uppercase()) == Some(rest)
    });
    primitive.map_or(Cow::Borrowed(suffix), |name| Cow::Borrowed(name))
}

/// The resource type that a URL defines: profiles of the core have names in small letters.
pub(super) fn core_type<'a>(url: &str) -> Option<Cow<'a, str>> {
    let name = url.strip_prefix(CORE)?;
    let is_type = name.starts_with(|c: char| c.is_ascii_uppercase())
        && name.chars().all(|c| c.is_ascii_alphanumeric());
    is_type.then(|| name.to_owned().into())
}

/// Whether a type is one of FHIR's primitive types.
pub(super) fn is_primitive(type_name: &str) -> bool {
    PRIMITIVES.contains(&type_name)
}

/// The last part of a URL, or the name.
pub(super) fn tail(type_name: &str) -> &str {
    type_name.rsplit('/').next().unwrap_or(type_name)
}

/// Whether a type can have codes. A logical model's may.
pub(super) fn is_coded(type_name: &str) -> bool {
    CODED.contains(&type_name) || type_name.contains(':')
}

/// Whether `maxLength` says something of a type.
pub(super) fn is_text(type_name: &str) -> bool {
    let texts = [
        "base64Binary",
        "canonical",
        "code",
        "id",
        "markdown",
        "oid",
        "string",
        "uri",
        "url",
        "uuid",
    ];
    texts.contains(&type_name)
}

/// Where a type is defined.
pub(super) fn canonical<'a>(type_name: &Cow<'a, str>) -> Cow<'a, str> {
    if type_name.contains(':') {
        return type_name.clone();
    }
    [CORE, type_name].concat().into()
}

/// The URL of a canonical, without the version.
pub(super) fn url_of<'a>(canonical: &Cow<'a, str>) -> Cow<'a, str> {
    match canonical.split_once('|') {
        Some((url, _)) => url.to_owned().into(),
        None => canonical.clone(),
    }
}

/// Whether a definition's type says how references to it may be given.
pub(super) fn limits_references(one: &TypeReference<'_>) -> bool {
    let versioning = one.versioning.as_ref().map(super::json::Text::as_str);
    !items(one.aggregation.as_ref()).is_empty() || versioning.is_some_and(|rule| rule != "either")
}
