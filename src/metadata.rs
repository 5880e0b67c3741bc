//! What is known of an entry besides its body, and its packed form V1.
//!
//! Packed: a version byte, then [`Metadata`] in postcard. The field order is the format: a field
//! is never moved or removed, what comes later goes into `extensions`, and extensions with an
//! unknown tag are carried along untouched.

use serde::{Deserialize, Serialize};

use crate::error::{Error, Result};
use crate::hash::{self, Hash};

/// Version byte of the packed form.
const VERSION: u8 = 1;

/// Tag of the extension that holds a cost, the last one: little-endian, without zeros at the end.
const COST: u16 = 1;

/// Packed metadata of an entry of which nothing is known but the key: empty and zero throughout.
pub const UNKNOWN: &[u8] = &[
    VERSION, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
];

/// Most that key and metadata of one entry take; an archive carries no more.
pub const MAX_ROW_BYTES: usize = 1024 * 1024;

/// `ENTRY_TOO_LARGE` for a row of that URL of more bytes than that.
pub fn check_row(url: &str, bytes: usize) -> Result<()> {
    if bytes <= MAX_ROW_BYTES {
        return Ok(());
    }
    Err(Error::metadata_too_large(url, bytes, MAX_ROW_BYTES))
}

/// Prefixes of nearly every URL in FHIR packages; packed as one byte. Append only: the index is
/// the format.
const PREFIXES: [&str; 8] = [
    "",
    "http://hl7.org/fhir/StructureDefinition/",
    "http://hl7.org/fhir/ValueSet/",
    "http://hl7.org/fhir/",
    "http://terminology.hl7.org/ValueSet/",
    "http://terminology.hl7.org/",
    "http://hl7.org/fhir/us/core/StructureDefinition/",
    "http://hl7.org/fhir/us/core/",
];

/// How an entry came to be here.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Origin {
    /// Put by the application.
    #[default]
    User,
    /// Stored as it stands in a package.
    Package,
    /// Made by a converter.
    Converted,
    /// Fetched by a resolver.
    Resolver,
}

impl Origin {
    /// Whether it comes from a package or a definition, which make it again at any time.
    pub const fn is_repeatable(self) -> bool {
        matches!(self, Self::Package | Self::Converted)
    }
}

/// Why one schema needs another. Append only: the place in this list is the format.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum DependencyKind {
    /// It specialises or constrains it.
    Base,
    /// An element has this type.
    Type,
    /// A reference may point to it.
    Reference,
    /// It uses this extension.
    Extension,
    /// An element is bound to this value set.
    Binding,
    /// A slice follows this schema.
    Slice,
    /// Anything else the caller wants tracked.
    Other,
    /// An element's type must conform to this profile.
    Profile,
}

/// A typed edge to the canonical an entry needs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Dependency {
    /// Why it is needed.
    pub kind: DependencyKind,
    /// Canonical as written in the schema.
    pub target: Url,
}

/// A URL that packs a well-known prefix into one byte.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Url(pub String);

impl Serialize for Url {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let longest = PREFIXES
            .iter()
            .zip(0_u8..)
            .filter_map(|(prefix, code)| Some((self.0.strip_prefix(prefix)?, code)))
            .min_by_key(|(rest, _)| rest.len());
        let (rest, code) = longest.unwrap_or((&self.0, 0));
        (code, rest).serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Url {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let (code, rest) = <(u8, &str)>::deserialize(deserializer)?;
        let prefix = PREFIXES
            .get(usize::from(code))
            .ok_or_else(|| serde::de::Error::custom("unknown URL prefix"))?;
        Ok(Self([prefix, rest].concat()))
    }
}

/// The part of the metadata the catalog reads without unpacking the rest. Times are milliseconds
/// since 1970, UTC.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Head {
    /// Length of the body in bytes.
    pub size: u32,
    /// First written.
    pub created: u64,
    /// Last written.
    pub updated: u64,
    /// Hidden from then on.
    pub expires: Option<u64>,
    /// Kept as stale until then.
    pub stale_until: Option<u64>,
    /// 0 in a row at rest: uses are counted beside the rows.
    pub access_count: u32,
}

/// Everything known of an entry that is neither its identity nor its body.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Metadata {
    /// Sizes and times.
    pub head: Head,
    /// How it came to be here.
    pub origin: Origin,
    /// SHA-256 of the source it was made from.
    #[serde(deserialize_with = "hash::unpack_optional")]
    pub source_hash: Option<Hash>,
    /// `id@version` of the converter.
    pub converter: Option<String>,
    /// When it was converted.
    pub converted_at: Option<u64>,
    /// Computer-friendly name.
    pub name: Option<String>,
    /// Human-friendly title.
    pub title: Option<String>,
    /// What it is for.
    pub description: Option<String>,
    /// FHIR type it describes.
    pub r#type: Option<String>,
    /// primitive-type, complex-type, resource or logical.
    pub kind: Option<String>,
    /// specialization or constraint.
    pub derivation: Option<String>,
    /// Canonical of what it derives from.
    pub base: Option<Url>,
    /// draft, active, retired or unknown.
    pub status: Option<String>,
    /// FHIR version it is written for.
    pub fhir_version: Option<String>,
    /// HTTP validator of the copy a resolver fetched.
    pub etag: Option<String>,
    /// The caller's labels.
    pub tags: Vec<String>,
    /// Typed edges.
    pub dependencies: Vec<Dependency>,
    /// Words to find it by.
    pub index_terms: Vec<String>,
    /// Tagged additions of later versions, kept even where unknown.
    pub extensions: Vec<(u16, Vec<u8>)>,
}

impl Metadata {
    /// The packed form.
    pub fn pack(&self) -> Result<Vec<u8>> {
        postcard::to_allocvec(&(VERSION, self)).map_err(|_| Error::serialization("metadata"))
    }

    /// Reads the packed form.
    pub fn unpack(packed: &[u8]) -> Result<Self> {
        postcard::from_bytes(postcard_part(packed)?).map_err(|_| damaged("it cannot be decoded"))
    }

    /// What it costs the caller to have the body again, if that was said.
    pub fn cost(&self) -> Option<u32> {
        let (_, bytes) = self.extensions.last().filter(|(tag, _)| *tag == COST)?;
        bytes.last().filter(|last| **last != 0)?;
        let mut cost = [0; 4];
        cost.get_mut(..bytes.len())?.copy_from_slice(bytes);
        Some(u32::from_le_bytes(cost))
    }

    /// Says what it costs, or, with 0, nothing of that.
    pub fn set_cost(&mut self, cost: u32) {
        let mut bytes = cost.to_le_bytes().to_vec();
        while bytes.last() == Some(&0) {
            bytes.pop();
        }
        self.extensions.retain(|(tag, _)| *tag != COST);
        if cost > 0 {
            self.extensions.push((COST, bytes));
        }
    }
}

/// The cost in a packed [`Metadata`], 1 where nothing is said.
pub fn cost_of(packed: &[u8]) -> u32 {
    // The extensions stand last, and this one last of them: at the end of it there is no 0.
    let said = packed.last().is_some_and(|last| *last != 0);
    let metadata = said.then(|| Metadata::unpack(packed).ok()).flatten();
    metadata.and_then(|metadata| metadata.cost()).unwrap_or(1)
}

impl Head {
    /// Reads the head of a packed [`Metadata`].
    pub fn unpack(packed: &[u8]) -> Result<Self> {
        match postcard::take_from_bytes(postcard_part(packed)?) {
            Ok((head, _rest)) => Ok(head),
            Err(_) => Err(damaged("its head cannot be decoded")),
        }
    }
}

fn postcard_part(packed: &[u8]) -> Result<&[u8]> {
    match packed.split_first() {
        Some((&VERSION, rest)) => Ok(rest),
        Some((&found, _)) => Err(Error::format_too_new(found.into(), VERSION.into())),
        None => Err(damaged("it is empty")),
    }
}

fn damaged(rule: &'static str) -> Box<Error> {
    Error::corrupt("metadata", rule)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::collection::vec;
    use proptest::option;
    use proptest::prelude::*;

    #[test]
    fn what_is_known_of_nothing_unpacks() {
        assert_eq!(Metadata::default().pack().unwrap(), UNKNOWN);
    }

    fn any_metadata() -> impl Strategy<Value = Metadata> {
        let texts = vec(option::of("\\PC{0,12}"), 10);
        let edges = vec(
            ("(http://hl7.org/fhir/(ValueSet/)?)?[a-z]{0,6}", 0_usize..8),
            0..9,
        );
        let extensions = vec((any::<u16>(), vec(any::<u8>(), 0..9)), 0..3);
        (
            texts,
            edges,
            extensions,
            any::<[u64; 4]>(),
            option::of(any::<[u8; 32]>()),
        )
            .prop_map(|(texts, edges, extensions, numbers, source_hash)| {
                use DependencyKind::{
                    Base, Binding, Extension, Other, Profile, Reference, Slice, Type,
                };
                let kinds = [
                    Base, Type, Reference, Extension, Binding, Slice, Other, Profile,
                ];
                let text = |index: usize| texts[index].clone();
                Metadata {
                    head: Head {
                        size: u32::try_from(numbers[0] >> 32).unwrap(),
                        created: numbers[1],
                        updated: numbers[2],
                        expires: Some(numbers[3]),
                        stale_until: None,
                        access_count: 7,
                    },
                    origin: Origin::Converted,
                    source_hash,
                    converter: text(0),
                    converted_at: Some(numbers[0]),
                    name: text(1),
                    title: text(2),
                    description: text(3),
                    r#type: text(4),
                    kind: text(5),
                    derivation: text(6),
                    base: text(7).map(Url),
                    status: text(8),
                    fhir_version: text(9),
                    etag: None,
                    tags: texts.iter().flatten().cloned().collect(),
                    dependencies: edges
                        .into_iter()
                        .map(|(target, kind)| Dependency {
                            kind: kinds[kind],
                            target: Url(target),
                        })
                        .collect(),
                    index_terms: Vec::new(),
                    extensions,
                }
            })
    }

    proptest! {
        #[test]
        fn packs_and_unpacks(metadata in any_metadata()) {
            let packed = metadata.pack().unwrap();
            prop_assert_eq!(Head::unpack(&packed).unwrap(), metadata.head.clone());
            prop_assert_eq!(Metadata::unpack(&packed).unwrap(), metadata);
        }

        #[test]
        fn any_bytes_give_metadata_or_an_error(bytes in vec(any::<u8>(), 0..200)) {
            if let Err(error) = Metadata::unpack(&bytes) {
                prop_assert!(["CORRUPT", "FORMAT_TOO_NEW"].contains(&error.code()));
            }
        }
    }

    #[test]
    fn a_cost_is_found_in_the_packed_form() {
        for cost in [1, 255, 256, 65_536, u32::MAX] {
            let mut metadata = Metadata::default();
            assert_eq!(cost_of(&metadata.pack().unwrap()), 1);
            metadata.extensions.push((9, vec![7, 0]));
            assert_eq!(cost_of(&metadata.pack().unwrap()), 1);
            metadata.set_cost(7);
            metadata.set_cost(cost);
            assert_eq!(cost_of(&metadata.pack().unwrap()), cost);
            assert_eq!(metadata.cost(), Some(cost));
            assert_eq!(metadata.extensions.len(), 2);
        }
        let none = [
            vec![(COST, vec![1; 5])],
            vec![(COST, vec![])],
            vec![(COST, vec![7, 0])],
            vec![(COST, vec![7]), (9, vec![7])],
            vec![(COST, vec![7]), (9, vec![0])],
        ];
        for extensions in none {
            let mut metadata = Metadata {
                extensions,
                ..Metadata::default()
            };
            assert_eq!(metadata.cost(), None);
            assert_eq!(cost_of(&metadata.pack().unwrap()), 1);
            metadata.set_cost(3);
            assert_eq!(cost_of(&metadata.pack().unwrap()), 3);
            metadata.set_cost(0);
            assert_eq!(metadata.cost(), None);
        }
    }

    /// The exact bytes of V1: a change here is a change of the format.
    #[test]
    fn the_packed_form_is_frozen() {
        let metadata = Metadata {
            head: Head {
                size: 300,
                created: 1,
                updated: 2,
                ..Head::default()
            },
            origin: Origin::Converted,
            name: Some("Pat".into()),
            base: Some(Url("http://hl7.org/fhir/ValueSet/x".into())),
            dependencies: vec![Dependency {
                kind: DependencyKind::Binding,
                target: Url("urn:y".into()),
            }],
            extensions: vec![(9, vec![0xff])],
            ..Metadata::default()
        };
        let expected = [
            1, 0xac, 2, 1, 2, 0, 0, 0, 2, 0, 0, 0, 1, 3, b'P', b'a', b't', 0, 0, 0, 0, 0, 1, 2, 1,
            b'x', 0, 0, 0, 0, 1, 4, 0, 5, b'u', b'r', b'n', b':', b'y', 0, 1, 9, 1, 0xff,
        ];
        assert_eq!(metadata.pack().unwrap(), expected);
    }
}
