//! StructureDefinitions as they are read: what a schema is made of, and nothing else.

use std::borrow::Cow;

use serde_json::value::RawValue;

use super::json::Text;
use super::read::{List, Members, OneOrMany, Parts, Read, items, not_an_object};
use super::types::CORE;

/// Extension: what a type of `FHIRPath` is in FHIR.
const FHIR_TYPE: &str = "http://hl7.org/fhir/StructureDefinition/structuredefinition-fhir-type";
/// Extension: what the text of a primitive must match.
const REGEX: &str = "http://hl7.org/fhir/StructureDefinition/regex";
/// Extension: the name of a binding in generated code.
const BINDING_NAME: &str = "http://hl7.org/fhir/StructureDefinition/elementdefinition-bindingName";
/// Extension: the element of the profile that is meant.
const PROFILE_ELEMENT: &str =
    "http://hl7.org/fhir/StructureDefinition/elementdefinition-profile-element";
/// Extensions that bind once more: R4's way of what R5 has as `additional`.
const MORE_BINDINGS: [&str; 3] = [
    "http://hl7.org/fhir/StructureDefinition/elementdefinition-maxValueSet",
    "http://hl7.org/fhir/StructureDefinition/elementdefinition-minValueSet",
    "http://hl7.org/fhir/tools/StructureDefinition/additional-binding",
];

/// Extensions that constrain data, by the end of their URLs.
const CONSTRAINTS: [&str; 7] = [
    "minLength",
    "maxSize",
    "mimeType",
    "maxDecimalPlaces",
    "elementdefinition-allowedUnits",
    "structuredefinition-imposeProfile",
    "structuredefinition-compliesWithProfile",
];

/// Declares a struct that is read from a JSON object by the names of its members: null is the same as
/// absent, and what is not named is skipped.
macro_rules! read_object {
    (
        $(#[$doc:meta])*
        $name:ident { $($(#[$about:meta])* $field:ident: $type:ty = $member:literal,)* }
    ) => {
        $(#[$doc])*
        #[derive(Debug, Default)]
        pub(super) struct $name<'a> {
            $($(#[$about])* pub(super) $field: Option<$type>,)*
            /// Members whose names end in a type: `fixedUri`, `patternCoding`, `minValueDate` ...
            pub(super) values: Vec<(Cow<'a, str>, &'a RawValue)>,
        }

        impl<'a> $name<'a> {
            /// Reads the members of an object; as the rest of a sentence, why that fails.
            pub(super) fn of(members: Members<'a>) -> Result<Self, String> {
                let mut read = Self::default();
                for (member, raw) in members.0 {
                    let result = match &*member {
                        $($member => Option::read(raw).map(|value| read.$field = value),)*
                        name if is_value(name) => {
                            if raw.get() != "null" {
                                read.values.push((member.clone(), raw));
                            }
                            Ok(())
                        }
                        _ => Ok(()),
                    };
                    result.map_err(|reason| format!("{member}: {reason}"))?;
                }
                Ok(read)
            }
        }

        impl<'a> Read<'a> for $name<'a> {
            fn read(raw: &'a RawValue) -> Result<Self, String> {
                Self::of(Members::read(raw)?)
            }
        }
    };
}

/// A StructureDefinition.
#[derive(Debug, Default)]
pub(super) struct Source<'a> {
    pub(super) definition: Definition<'a>,
    pub(super) differential: Vec<ElementDefinition<'a>>,
    pub(super) snapshot: Vec<ElementDefinition<'a>>,
}

impl<'a> Source<'a> {
    /// Reads a text; as a sentence, why it cannot be.
    pub(super) fn read(text: &'a str) -> Result<Self, String> {
        let parts: Parts<'a> = serde_json::from_str(text).map_err(|error| not_an_object(&error))?;
        // A snapshot repeats the invariants of all types, and is asked for none where there is a differential.
        let unread = if parts.differential.is_empty() {
            ""
        } else {
            "constraint"
        };
        Ok(Self {
            definition: Definition::of(parts.members)?,
            differential: elements(parts.differential, "differential", "")?,
            snapshot: elements(parts.snapshot, "snapshot", unread)?,
        })
    }
}

fn elements<'a>(
    list: Vec<Members<'a>>,
    of: &str,
    unread: &str,
) -> Result<Vec<ElementDefinition<'a>>, String> {
    let read = |(at, mut members): (usize, Members<'a>)| {
        let label = ["id", "path"]
            .into_iter()
            .find_map(|name| members.get(name).map(RawValue::get));
        let label = label.unwrap_or_default();
        members.0.retain(|(name, _)| name != unread);
        let read = ElementDefinition::of(members);
        read.map_err(|reason| format!("{of}.element[{at}] {label}: {reason}"))
    };
    list.into_iter().enumerate().map(read).collect()
}

/// Members whose names end in a type.
fn is_value(name: &str) -> bool {
    [
        "fixed",
        "pattern",
        "minValue",
        "maxValue",
        "defaultValue",
        "value",
    ]
    .iter()
    .filter_map(|start| name.strip_prefix(start))
    .any(|rest| rest.starts_with(|c: char| c.is_ascii_uppercase()))
}

read_object! {
    /// What a StructureDefinition says of itself.
    Definition {
        resource_type: Text<'a> = "resourceType",
        url: Text<'a> = "url",
        version: Text<'a> = "version",
        name: Text<'a> = "name",
        kind: Text<'a> = "kind",
        is_abstract: bool = "abstract",
        description: Text<'a> = "description",
        /// Where an extension may be used.
        context: &'a RawValue = "context",
        context_invariants: &'a RawValue = "contextInvariant",
        /// Name of the type it defines or constrains.
        type_name: Text<'a> = "type",
        base: Text<'a> = "baseDefinition",
        derivation: Text<'a> = "derivation",
        extensions: List<Extension<'a>> = "extension",
    }
}

read_object! {
    /// An element of a definition.
    ElementDefinition {
        id: Text<'a> = "id",
        path: Text<'a> = "path",
        slice_name: Text<'a> = "sliceName",
        is_constraining: bool = "sliceIsConstraining",
        slicing: SlicingDefinition<'a> = "slicing",
        short: Text<'a> = "short",
        min: u32 = "min",
        max: Text<'a> = "max",
        /// What the element is where it is introduced.
        base: BaseDefinition<'a> = "base",
        content_reference: Text<'a> = "contentReference",
        types: List<TypeReference<'a>> = "type",
        max_length: &'a RawValue = "maxLength",
        constraints: List<Invariant<'a>> = "constraint",
        must_have_value: bool = "mustHaveValue",
        value_alternatives: &'a RawValue = "valueAlternatives",
        must_support: bool = "mustSupport",
        is_modifier: bool = "isModifier",
        modifier_reason: Text<'a> = "isModifierReason",
        is_summary: bool = "isSummary",
        binding: BindingDefinition<'a> = "binding",
        extensions: List<Extension<'a>> = "extension",
    }
}

read_object! {
    /// `base` of an element.
    BaseDefinition {
        max: Text<'a> = "max",
    }
}

read_object! {
    /// How an element is sliced.
    SlicingDefinition {
        discriminators: List<Discriminator<'a>> = "discriminator",
        rules: Text<'a> = "rules",
        is_ordered: bool = "ordered",
    }
}

read_object! {
    /// By what slices are told apart.
    Discriminator {
        kind: Text<'a> = "type",
        path: Text<'a> = "path",
    }
}

read_object! {
    /// A type that an element may have.
    TypeReference {
        code: Text<'a> = "code",
        profiles: OneOrMany<'a> = "profile",
        /// Extensions of the profiles, at the same places.
        profile_extensions: List<Option<Extended<'a>>> = "_profile",
        targets: OneOrMany<'a> = "targetProfile",
        aggregation: List<Text<'a>> = "aggregation",
        versioning: Text<'a> = "versioning",
        extensions: List<Extension<'a>> = "extension",
    }
}

read_object! {
    /// An invariant.
    Invariant {
        key: Text<'a> = "key",
        severity: Text<'a> = "severity",
        human: Text<'a> = "human",
        expression: Text<'a> = "expression",
    }
}

read_object! {
    /// What codes an element may have.
    BindingDefinition {
        strength: Text<'a> = "strength",
        value_set: Text<'a> = "valueSet",
        /// As R3 has it.
        value_set_uri: Text<'a> = "valueSetUri",
        /// As R3 has it.
        value_set_reference: Reference<'a> = "valueSetReference",
        additional: List<&'a RawValue> = "additional",
        extensions: List<Extension<'a>> = "extension",
    }
}

read_object! {
    /// A reference of R3.
    Reference {
        reference: Text<'a> = "reference",
    }
}

read_object! {
    /// A value's extensions.
    Extended {
        extensions: List<Extension<'a>> = "extension",
    }
}

read_object! {
    /// An extension in a definition; its value is among the values.
    Extension {
        url: Text<'a> = "url",
    }
}

impl<'a> ElementDefinition<'a> {
    /// Value and type of `fixed[x]` or `pattern[x]`.
    pub(super) fn constant(&self, start: &str) -> Option<(&str, &'a str)> {
        self.values.iter().rev().find_map(|(name, raw)| {
            let type_name = name.strip_prefix(start)?;
            (!type_name.starts_with("Value")).then(|| (type_name, raw.get()))
        })
    }

    /// The regular expression that the element's extensions or those of its types give.
    pub(super) fn regex(&self) -> Option<Cow<'a, str>> {
        let of_types = items(self.types.as_ref())
            .iter()
            .flat_map(|one| items(one.extensions.as_ref()));
        items(self.extensions.as_ref())
            .iter()
            .chain(of_types)
            .find_map(|one| one.value_of(REGEX))
    }
}

impl<'a> TypeReference<'a> {
    /// What the type is called in FHIR; of a type of `FHIRPath`, what it stands for if that is said.
    pub(super) fn name(&self) -> Option<Cow<'a, str>> {
        items(self.extensions.as_ref())
            .iter()
            .find_map(|one| one.value_of(FHIR_TYPE))
            .or_else(|| self.code.as_ref().map(|code| code.0.clone()))
    }

    /// Its profiles; of one that means an element of the profile only, with that as `#id`.
    pub(super) fn profiles(&self) -> impl Iterator<Item = Cow<'a, str>> {
        let extensions = items(self.profile_extensions.as_ref());
        let profiles = self.profiles.as_ref().map_or(&[][..], |list| &list.0);
        profiles.iter().enumerate().map(|(at, profile)| {
            let extended = extensions.get(at).and_then(Option::as_ref);
            let extensions = items(extended.and_then(|one| one.extensions.as_ref()));
            match extensions
                .iter()
                .find_map(|one| one.value_of(PROFILE_ELEMENT))
            {
                Some(element) => [profile, "#", &element].concat().into(),
                None => profile.clone(),
            }
        })
    }

    /// The code as it stands.
    pub(super) fn code(&self) -> Option<Cow<'a, str>> {
        self.code.as_ref().map(|code| code.0.clone())
    }
}

impl<'a> BindingDefinition<'a> {
    /// The value set, in whatever release's way.
    pub(super) fn value_set(&self) -> Option<&Cow<'a, str>> {
        let of_reference = || self.value_set_reference.as_ref()?.reference.as_ref();
        let set = self
            .value_set
            .as_ref()
            .or(self.value_set_uri.as_ref())
            .or_else(of_reference);
        set.map(|text| &text.0)
    }

    /// Its name in generated code.
    pub(super) fn name(&self) -> Option<Cow<'a, str>> {
        items(self.extensions.as_ref())
            .iter()
            .find_map(|one| one.value_of(BINDING_NAME))
    }

    /// Whether there are further bindings beside it.
    pub(super) fn has_more(&self) -> bool {
        let is_more = |one: &Extension<'_>| {
            one.url
                .as_ref()
                .is_some_and(|url| MORE_BINDINGS.contains(&url.as_str()))
        };
        !items(self.additional.as_ref()).is_empty()
            || items(self.extensions.as_ref()).iter().any(is_more)
    }
}

impl<'a> Extension<'a> {
    /// The URL of an extension that constrains data.
    pub(super) fn constraint(&self) -> Option<&str> {
        let url = self.url.as_ref()?.as_str();
        let name = url.strip_prefix(CORE)?;
        CONSTRAINTS.contains(&name).then_some(url)
    }

    fn value_of(&self, url: &str) -> Option<Cow<'a, str>> {
        if self.url.as_ref()?.as_str() != url {
            return None;
        }
        let (_, raw) = self.values.first()?;
        serde_json::from_str::<Text<'a>>(raw.get())
            .ok()
            .map(|text| text.0)
    }
}
