//! The small records that cross the wall on cold calls, by serde-wasm-bindgen.

use serde::{Deserialize, Serialize};

use crate::catalog::RowKey;
use crate::error::{Error, Result};
use crate::hash::Hash;
use crate::metadata::{Dependency, DependencyKind, Head, Metadata, Origin, Url};
use crate::store::{Filter, Options};

/// What the host's options say to the core.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct OptionsRecord {
    memory_limit_bytes: usize,
    max_entries: usize,
    max_entry_bytes: usize,
    max_catalog_bytes: usize,
    eviction_policy: String,
    durable: bool,
    seed: f64,
}

impl From<OptionsRecord> for Options {
    fn from(record: OptionsRecord) -> Self {
        Self {
            memory_limit: record.memory_limit_bytes,
            max_entries: record.max_entries,
            max_entry_bytes: record.max_entry_bytes,
            max_catalog: record.max_catalog_bytes,
            eviction_policy: record.eviction_policy,
            durable: record.durable,
            seed: record.seed.to_bits(),
        }
    }
}

/// A typed edge with its target in full.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct DependencyRecord {
    kind: DependencyKind,
    target: String,
}

/// What a put says of an entry.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", default)]
#[derive(Default)]
pub(super) struct PutRecord {
    layer: u32,
    url: String,
    version: String,
    source: String,
    origin: Origin,
    source_hash: Option<String>,
    converter: Option<String>,
    converted_at: Option<f64>,
    name: Option<String>,
    title: Option<String>,
    description: Option<String>,
    r#type: Option<String>,
    kind: Option<String>,
    derivation: Option<String>,
    base: Option<String>,
    status: Option<String>,
    fhir_version: Option<String>,
    etag: Option<String>,
    tags: Vec<String>,
    dependencies: Vec<DependencyRecord>,
    now: f64,
    expires_at: Option<f64>,
}

impl PutRecord {
    /// The row key the put is filed under.
    pub(super) fn key(&self) -> RowKey<'_> {
        RowKey {
            layer: self.layer,
            url: &self.url,
            version: &self.version,
            source: &self.source,
        }
    }

    /// The metadata it states.
    pub(super) fn metadata(&self) -> Result<Metadata> {
        let source_hash = self.source_hash.as_deref().map(parse_hash).transpose()?;
        let edge = |edge: &DependencyRecord| Dependency {
            kind: edge.kind,
            target: Url(edge.target.clone()),
        };
        Ok(Metadata {
            head: Head {
                created: millis(self.now),
                updated: millis(self.now),
                expires: self.expires_at.map(millis),
                ..Head::default()
            },
            origin: self.origin,
            source_hash,
            converter: self.converter.clone(),
            converted_at: self.converted_at.map(millis),
            name: self.name.clone(),
            title: self.title.clone(),
            description: self.description.clone(),
            r#type: self.r#type.clone(),
            kind: self.kind.clone(),
            derivation: self.derivation.clone(),
            base: self.base.clone().map(Url),
            status: self.status.clone(),
            fhir_version: self.fhir_version.clone(),
            etag: self.etag.clone(),
            tags: self.tags.clone(),
            dependencies: self.dependencies.iter().map(edge).collect(),
            ..Metadata::default()
        })
    }
}

/// Everything known of an entry, as the public `Metadata` has it.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct MetadataRecord {
    canonical: String,
    url: String,
    version: Option<String>,
    source: Option<String>,
    layer: u32,
    name: Option<String>,
    title: Option<String>,
    description: Option<String>,
    r#type: Option<String>,
    kind: Option<String>,
    derivation: Option<String>,
    base: Option<String>,
    status: Option<String>,
    fhir_version: Option<String>,
    tags: Vec<String>,
    origin: Origin,
    source_hash: Option<String>,
    converter: Option<String>,
    converted_at: Option<f64>,
    content_hash: String,
    size: u32,
    created_at: f64,
    updated_at: f64,
    expires_at: Option<f64>,
    stale_until: Option<f64>,
    etag: Option<String>,
    access_count: u32,
    dependencies: Vec<DependencyRecord>,
}

impl MetadataRecord {
    /// Joins identity, content hash and metadata.
    pub(super) fn new(key: &RowKey<'_>, hash: &Hash, metadata: Metadata) -> Self {
        let some = |text: &str| (!text.is_empty()).then(|| text.to_owned());
        Self {
            canonical: canonical(key),
            url: key.url.to_owned(),
            version: some(key.version),
            source: some(key.source),
            layer: key.layer,
            name: metadata.name,
            title: metadata.title,
            description: metadata.description,
            r#type: metadata.r#type,
            kind: metadata.kind,
            derivation: metadata.derivation,
            base: metadata.base.map(|base| base.0),
            status: metadata.status,
            fhir_version: metadata.fhir_version,
            tags: metadata.tags,
            origin: metadata.origin,
            source_hash: metadata.source_hash.as_ref().map(hex),
            converter: metadata.converter,
            converted_at: metadata.converted_at.map(number),
            content_hash: hex(hash),
            size: metadata.head.size,
            created_at: number(metadata.head.created),
            updated_at: number(metadata.head.updated),
            expires_at: metadata.head.expires.map(number),
            stale_until: metadata.head.stale_until.map(number),
            etag: metadata.etag,
            access_count: metadata.head.access_count,
            dependencies: metadata
                .dependencies
                .into_iter()
                .map(|edge| DependencyRecord {
                    kind: edge.kind,
                    target: edge.target.0,
                })
                .collect(),
        }
    }
}

/// Which entries `list` takes.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct FilterRecord {
    url_prefix: Option<String>,
    package: Option<String>,
    r#type: Option<String>,
    tag: Option<String>,
    updated_before: Option<f64>,
    expired: bool,
}

impl From<FilterRecord> for Filter {
    fn from(record: FilterRecord) -> Self {
        Self {
            url_prefix: record.url_prefix,
            package: record.package,
            r#type: record.r#type,
            tag: record.tag,
            updated_before: record.updated_before.map(millis),
            expired: record.expired,
        }
    }
}

/// `url|version`, or `url`.
pub(super) fn canonical(key: &RowKey<'_>) -> String {
    if key.version.is_empty() {
        key.url.to_owned()
    } else {
        [key.url, "|", key.version].concat()
    }
}

/// Lower-case hex.
pub(super) fn hex(hash: &Hash) -> String {
    let digit = |value: u8| char::from_digit(u32::from(value), 16).unwrap_or('0');
    hash.iter()
        .flat_map(|byte| [digit(byte >> 4), digit(byte & 15)])
        .collect()
}

/// JavaScript's clock as the core's, from whole milliseconds since 1970.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a float cast saturates, and a time before 1970 counts as 1970"
)]
pub(super) fn millis(number: f64) -> u64 {
    number as u64
}

#[expect(
    clippy::cast_precision_loss,
    reason = "exact up to the year 287396, the end of JavaScript's own time"
)]
fn number(millis: u64) -> f64 {
    millis as f64
}

fn parse_hash(text: &str) -> Result<Hash> {
    let invalid = || Error::InvalidValue {
        what: format!("hash {text:?}"),
        rule: "must be 64 hexadecimal digits",
    };
    let digits: Option<Vec<u32>> = text.chars().map(|digit| digit.to_digit(16)).collect();
    let digits = digits
        .filter(|digits| digits.len() == 64)
        .ok_or_else(invalid)?;
    let mut hash = Hash::default();
    for (byte, pair) in hash.iter_mut().zip(digits.chunks_exact(2)) {
        let value = pair.iter().fold(0, |value, digit| value * 16 + digit);
        *byte = u8::try_from(value).map_err(|_| invalid())?;
    }
    Ok(hash)
}
