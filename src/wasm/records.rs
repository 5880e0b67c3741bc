//! The records that cross the wall on cold calls, read and written member by member.

use wasm_bindgen::JsValue;

use super::object::{Reader, Writer};
use crate::catalog::RowKey;
use crate::error::Result;
use crate::hash::Hash;
use crate::metadata::{Dependency, DependencyKind, Head, Metadata, Origin, Url};
use crate::store::{Filter, Options};

/// The options of a store; the host has checked their ranges.
pub(super) fn options(object: JsValue) -> Result<Options> {
    let object = Reader::new(object);
    let count = |name| {
        let number = object.number(name).and_then(whole);
        let number = object.accept(name, number).unwrap_or_default();
        usize::try_from(number).unwrap_or(usize::MAX)
    };
    let options = Options {
        memory_limit: count("memoryLimitBytes"),
        max_entries: count("maxEntries"),
        max_entry_bytes: count("maxEntryBytes"),
        max_catalog: count("maxCatalogBytes"),
        eviction_policy: object.text("evictionPolicy").unwrap_or_default(),
        durable: object.flag("durable").unwrap_or_default(),
        seed: object.number("seed").unwrap_or_default().to_bits(),
    };
    object.finish()?;
    Ok(options)
}

/// What a put says of an entry: the parts of its row key, and the metadata.
#[derive(Debug)]
pub(super) struct PutRecord {
    pub(super) layer: u32,
    pub(super) url: String,
    pub(super) version: String,
    pub(super) source: String,
    pub(super) metadata: Metadata,
}

impl PutRecord {
    /// Reads the object JavaScript describes it with.
    pub(super) fn read(put: JsValue) -> Result<Self> {
        let put = Reader::new(put);
        let time = |name| put.number(name).map(millis);
        let now = time("now").unwrap_or_default();
        let record = Self {
            layer: put
                .number("layer")
                .and_then(|layer| put.accept("layer", whole(layer)))
                .unwrap_or_default(),
            url: put.text("url").unwrap_or_default(),
            version: put.text("version").unwrap_or_default(),
            source: put.text("source").unwrap_or_default(),
            metadata: Metadata {
                head: Head {
                    created: now,
                    updated: now,
                    expires: time("expiresAt"),
                    ..Head::default()
                },
                origin: put
                    .text("origin")
                    .and_then(|name| put.accept("origin", Origin::by_name(&name)))
                    .unwrap_or_default(),
                source_hash: put
                    .text("sourceHash")
                    .and_then(|hex| put.accept("sourceHash", parse_hash(&hex))),
                converter: put.text("converter"),
                converted_at: time("convertedAt"),
                name: put.text("name"),
                title: put.text("title"),
                description: put.text("description"),
                r#type: put.text("type"),
                kind: put.text("kind"),
                derivation: put.text("derivation"),
                base: put.text("base").map(Url),
                status: put.text("status"),
                fhir_version: put.text("fhirVersion"),
                etag: put.text("etag"),
                tags: tags(&put),
                dependencies: dependencies(&put),
                ..Metadata::default()
            },
        };
        put.finish()?;
        Ok(record)
    }
}

fn tags(put: &Reader) -> Vec<String> {
    let tag = |tag: JsValue| put.accept("tags", tag.as_string());
    put.list("tags").into_iter().filter_map(tag).collect()
}

fn dependencies(put: &Reader) -> Vec<Dependency> {
    let dependency = |edge| {
        let edge = Reader::new(edge);
        let kind = edge
            .text("kind")
            .and_then(|name| DependencyKind::by_name(&name));
        let target = edge.text("target").map(Url);
        put.accept("dependencies", kind.zip(target))
    };
    let edges = put.list("dependencies").into_iter().filter_map(dependency);
    edges
        .map(|(kind, target)| Dependency { kind, target })
        .collect()
}

/// Everything known of an entry, as the public `Metadata` has it: identity, content hash and
/// metadata in one object.
pub(super) fn metadata_object(key: &RowKey<'_>, hash: &Hash, metadata: Metadata) -> JsValue {
    let object = Writer::default();
    let some = |text: &str| (!text.is_empty()).then(|| text.to_owned());
    let texts = [
        ("canonical", Some(canonical(key))),
        ("url", some(key.url)),
        ("version", some(key.version)),
        ("source", some(key.source)),
        ("name", metadata.name),
        ("title", metadata.title),
        ("description", metadata.description),
        ("type", metadata.r#type),
        ("kind", metadata.kind),
        ("derivation", metadata.derivation),
        ("base", metadata.base.map(|base| base.0)),
        ("status", metadata.status),
        ("fhirVersion", metadata.fhir_version),
        ("origin", some(metadata.origin.name())),
        ("sourceHash", metadata.source_hash.as_ref().map(hex)),
        ("converter", metadata.converter),
        ("contentHash", Some(hex(hash))),
        ("etag", metadata.etag),
    ];
    for (name, text) in texts {
        object.set(name, text);
    }
    let head = metadata.head;
    let numbers = [
        ("layer", Some(key.layer.into())),
        ("convertedAt", metadata.converted_at.map(number)),
        ("size", Some(head.size.into())),
        ("createdAt", Some(number(head.created))),
        ("updatedAt", Some(number(head.updated))),
        ("expiresAt", head.expires.map(number)),
        ("staleUntil", head.stale_until.map(number)),
        ("accessCount", Some(head.access_count.into())),
    ];
    for (name, number) in numbers {
        object.set(name, number);
    }
    let edge = |edge: Dependency| {
        let object = Writer::default();
        object.set("kind", edge.kind.name());
        object.set("target", edge.target.0);
        object.finish()
    };
    object.set("tags", metadata.tags);
    object.set(
        "dependencies",
        metadata
            .dependencies
            .into_iter()
            .map(edge)
            .collect::<Vec<_>>(),
    );
    object.finish()
}

/// Which entries `list` takes.
pub(super) fn filter(object: JsValue) -> Result<Filter> {
    let object = Reader::new(object);
    let filter = Filter {
        url_prefix: object.text("urlPrefix"),
        package: object.text("package"),
        r#type: object.text("type"),
        tag: object.text("tag"),
        updated_before: object.number("updatedBefore").map(millis),
        expired: object.flag("expired").unwrap_or_default(),
    };
    object.finish()?;
    Ok(filter)
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

/// A number without fraction that fits 32 bits.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a float cast saturates, and the comparison refuses what it changed"
)]
fn whole(number: f64) -> Option<u32> {
    let whole = number as u32;
    (f64::from(whole).to_bits() == number.to_bits()).then_some(whole)
}

#[expect(
    clippy::cast_precision_loss,
    reason = "exact up to the year 287396, the end of JavaScript's own time"
)]
fn number(millis: u64) -> f64 {
    millis as f64
}

/// The hash that 64 hexadecimal digits spell.
fn parse_hash(text: &str) -> Option<Hash> {
    let mut hash = Hash::default();
    if text.len() != 2 * hash.len() {
        return None;
    }
    for (byte, pair) in hash.iter_mut().zip(text.as_bytes().chunks_exact(2)) {
        for &digit in pair {
            let value = char::from(digit).to_digit(16)?;
            *byte = (*byte << 4) | u8::try_from(value).ok()?;
        }
    }
    Some(hash)
}
