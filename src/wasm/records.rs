//! The wide records that cross the wall: one string each, its fields separated by NUL, because one
//! string costs a fraction of forty object members. `js/core/record.ts` is the other side of this file.
//!
//! Absent texts are empty, numbers are decimal. What repeats comes last: the number of tags, the
//! tags, then a field per dependency that starts with the digit of its kind.

use core::str::Split;

use crate::catalog::RowKey;
use crate::error::{Error, Result};
use crate::hash::Hash;
use crate::metadata::{Dependency, DependencyKind, Head, Metadata, Origin, Url};

use super::wall;

const SEPARATOR: char = '\0';

const NUMBER: &str = "must be a whole number of at least 0";

/// Origins in the order of their digits.
const ORIGINS: [Origin; wall::ORIGINS.len()] = [
    Origin::User,
    Origin::Package,
    Origin::Converted,
    Origin::Resolver,
];

/// Kinds of dependency in the order of their digits.
const KINDS: [DependencyKind; wall::KINDS.len()] = [
    DependencyKind::Base,
    DependencyKind::Type,
    DependencyKind::Reference,
    DependencyKind::Extension,
    DependencyKind::Binding,
    DependencyKind::Slice,
    DependencyKind::Other,
    DependencyKind::Profile,
];

/// What a put says of an entry: its row key and metadata.
pub(super) fn read_put(record: &str) -> Result<(RowKey<'_>, Metadata)> {
    let mut fields = Fields {
        rest: record.split(SEPARATOR),
        misfit: None,
    };
    let key = RowKey {
        layer: fields.small("layer"),
        url: fields.next(),
        version: fields.next(),
        source: fields.next(),
    };
    let now = fields.number("now").unwrap_or_default();
    let head = Head {
        created: now,
        updated: now,
        expires: fields.number("expiresAt"),
        stale_until: fields.number("staleUntil"),
        ..Head::default()
    };
    let origin = fields.small("origin") as usize;
    let (source_hash, converter) = (fields.hash("sourceHash"), fields.text());
    let converted_at = fields.number("convertedAt");
    let cost = fields.small("cost");
    let mut metadata = Metadata {
        head,
        origin: ORIGINS.get(origin).copied().unwrap_or_default(),
        source_hash,
        converter,
        converted_at,
        name: fields.text(),
        title: fields.text(),
        description: fields.text(),
        r#type: fields.text(),
        kind: fields.text(),
        derivation: fields.text(),
        base: fields.text().map(Url),
        status: fields.text(),
        fhir_version: fields.text(),
        etag: fields.text(),
        tags: fields.tags(),
        dependencies: fields.rest.by_ref().filter_map(dependency).collect(),
        ..Metadata::default()
    };
    metadata.set_cost(cost);
    match fields.misfit {
        None => Ok((key, metadata)),
        Some((name, rule)) => Err(Error::invalid_value(name, rule)),
    }
}

/// Everything known of an entry.
pub(super) fn write_metadata(key: &RowKey<'_>, hash: &Hash, metadata: &Metadata) -> String {
    let head = &metadata.head;
    let mut record = Record::default();
    record.number(Some(key.layer.into()));
    for text in [key.url, key.version, key.source] {
        record.text(text);
    }
    record.text(&hex(hash));
    record.number(Some(head.size.into()));
    record.number(Some(head.access_count.into()));
    for time in [
        Some(head.created),
        Some(head.updated),
        head.expires,
        head.stale_until,
    ] {
        record.number(time);
    }
    record.number(place(&ORIGINS, &metadata.origin));
    record.text(&metadata.source_hash.as_ref().map(hex).unwrap_or_default());
    record.text(metadata.converter.as_deref().unwrap_or_default());
    record.number(metadata.converted_at);
    record.number(metadata.cost().map(u64::from));
    let texts = [
        &metadata.name,
        &metadata.title,
        &metadata.description,
        &metadata.r#type,
        &metadata.kind,
        &metadata.derivation,
    ];
    for text in texts {
        record.text(text.as_deref().unwrap_or_default());
    }
    record.text(metadata.base.as_ref().map_or("", |base| &base.0));
    for text in [&metadata.status, &metadata.fhir_version, &metadata.etag] {
        record.text(text.as_deref().unwrap_or_default());
    }
    record.number(Some(metadata.tags.len() as u64));
    for tag in &metadata.tags {
        record.text(tag);
    }
    for edge in &metadata.dependencies {
        record.number(place(&KINDS, &edge.kind));
        record.0.push_str(&edge.target.0);
    }
    record.0
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
fn hex(hash: &Hash) -> String {
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

/// The core's clock as JavaScript's.
#[expect(
    clippy::cast_precision_loss,
    reason = "milliseconds stay below 2^53 for longer than anybody will ask"
)]
pub(super) const fn number(millis: u64) -> f64 {
    millis as f64
}

/// The fields of a record, one after the other; beyond the last one all are empty. One that is not
/// what it must be counts as empty until the end: a way out after every field costs its weight in code.
struct Fields<'a> {
    rest: Split<'a, char>,
    /// Name of the first such field, and the rule it breaks.
    misfit: Option<(&'static str, &'static str)>,
}

impl<'a> Fields<'a> {
    fn next(&mut self) -> &'a str {
        self.rest.next().unwrap_or_default()
    }

    #[inline(never)]
    fn text(&mut self) -> Option<String> {
        let field = self.next();
        (!field.is_empty()).then(|| field.into())
    }

    fn number(&mut self, name: &'static str) -> Option<u64> {
        self.parsed(name, NUMBER, |field| field.parse().ok())
    }

    fn small(&mut self, name: &'static str) -> u32 {
        let number = self.number(name).map(u32::try_from);
        let small = number.and_then(Result::ok);
        if number.is_some() && small.is_none() {
            self.misfit = self.misfit.or(Some((name, NUMBER)));
        }
        small.unwrap_or_default()
    }

    fn hash(&mut self, name: &'static str) -> Option<Hash> {
        self.parsed(name, "must be 64 hexadecimal digits", parse_hash)
    }

    fn parsed<T>(
        &mut self,
        name: &'static str,
        rule: &'static str,
        parse: impl Fn(&str) -> Option<T>,
    ) -> Option<T> {
        let field = self.next();
        let parsed = parse(field);
        if parsed.is_none() && !field.is_empty() {
            self.misfit = self.misfit.or(Some((name, rule)));
        }
        parsed
    }

    fn tags(&mut self) -> Vec<String> {
        let count = self.small("tags") as usize;
        self.rest.by_ref().take(count).map(Into::into).collect()
    }
}

/// Fields joined by the separator.
#[derive(Default)]
struct Record(String);

impl Record {
    fn text(&mut self, text: &str) {
        if !self.0.is_empty() {
            self.0.push(SEPARATOR);
        }
        self.0.push_str(text);
    }

    fn number(&mut self, number: Option<u64>) {
        self.text(&number.map(|number| number.to_string()).unwrap_or_default());
    }
}

/// The place of a value among those of its kind, which is its digit.
fn place<T: PartialEq>(values: &[T], value: &T) -> Option<u64> {
    let place = values.iter().position(|other| other == value)?;
    Some(place as u64)
}

fn dependency(field: &str) -> Option<Dependency> {
    let (digit, target) = field.split_at_checked(1)?;
    Some(Dependency {
        kind: *KINDS.get(digit.parse::<usize>().ok()?)?,
        target: Url(target.into()),
    })
}

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
