//! The wide records that cross the wall: one string each, its fields separated by NUL, because one
//! string costs a fraction of forty object members. `js/record.ts` is the other side of this file.
//!
//! Absent texts are empty, numbers are decimal. What repeats comes last: the number of tags, the
//! tags, then a field per dependency that starts with the digit of its kind.

use core::fmt::Display;
use core::str::{FromStr, Split};

use crate::catalog::RowKey;
use crate::error::{Error, Result};
use crate::hash::Hash;
use crate::metadata::{Dependency, DependencyKind, Head, Metadata, Origin, Url};

const SEPARATOR: char = '\0';

/// Origins in the order of their digits.
const ORIGINS: [Origin; 4] = [
    Origin::User,
    Origin::Package,
    Origin::Converted,
    Origin::Resolver,
];

/// Kinds of dependency in the order of their digits.
const KINDS: [DependencyKind; 7] = [
    DependencyKind::Base,
    DependencyKind::Type,
    DependencyKind::Reference,
    DependencyKind::Extension,
    DependencyKind::Binding,
    DependencyKind::Slice,
    DependencyKind::Other,
];

/// What a put says of an entry: its row key and metadata.
pub(super) fn read_put(record: &str) -> Result<(RowKey<'_>, Metadata)> {
    let mut fields = Fields(record.split(SEPARATOR));
    let key = RowKey {
        layer: fields.number("layer")?.unwrap_or_default(),
        url: fields.next(),
        version: fields.next(),
        source: fields.next(),
    };
    let now = fields.number("now")?.unwrap_or_default();
    let head = Head {
        created: now,
        updated: now,
        expires: fields.number("expiresAt")?,
        ..Head::default()
    };
    let origin: usize = fields.number("origin")?.unwrap_or_default();
    let metadata = Metadata {
        head,
        origin: ORIGINS.get(origin).copied().unwrap_or_default(),
        source_hash: fields.text().map(|hash| parse_hash(&hash)).transpose()?,
        converter: fields.text(),
        converted_at: fields.number("convertedAt")?,
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
        tags: fields.tags()?,
        dependencies: fields.0.filter_map(dependency).collect(),
        ..Metadata::default()
    };
    Ok((key, metadata))
}

/// Everything known of an entry.
pub(super) fn write_metadata(key: &RowKey<'_>, hash: &Hash, metadata: &Metadata) -> String {
    let head = &metadata.head;
    let mut record = Record::default();
    record.number(Some(key.layer));
    for text in [key.url, key.version, key.source] {
        record.text(text);
    }
    record.text(&hex(hash));
    record.number(Some(head.size));
    record.number(Some(head.access_count));
    for time in [
        Some(head.created),
        Some(head.updated),
        head.expires,
        head.stale_until,
    ] {
        record.number(time);
    }
    record.number(ORIGINS.iter().position(|origin| *origin == metadata.origin));
    record.text(&metadata.source_hash.as_ref().map(hex).unwrap_or_default());
    record.text(metadata.converter.as_deref().unwrap_or_default());
    record.number(metadata.converted_at);
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
    record.number(Some(metadata.tags.len()));
    for tag in &metadata.tags {
        record.text(tag);
    }
    for edge in &metadata.dependencies {
        let kind = KINDS.iter().position(|kind| *kind == edge.kind);
        record.number(kind);
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

/// The fields of a record, one after the other; beyond the last one all are empty.
struct Fields<'a>(Split<'a, char>);

impl<'a> Fields<'a> {
    fn next(&mut self) -> &'a str {
        self.0.next().unwrap_or_default()
    }

    fn text(&mut self) -> Option<String> {
        Some(self.next())
            .filter(|text| !text.is_empty())
            .map(Into::into)
    }

    fn number<T: FromStr>(&mut self, name: &'static str) -> Result<Option<T>> {
        let field = self.next();
        if field.is_empty() {
            return Ok(None);
        }
        field.parse().map(Some).map_err(|_| Error::InvalidValue {
            what: name.into(),
            rule: "must be a whole number, not negative",
        })
    }

    fn tags(&mut self) -> Result<Vec<String>> {
        let count: usize = self.number("tags")?.unwrap_or_default();
        Ok(self.0.by_ref().take(count).map(Into::into).collect())
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

    fn number(&mut self, number: Option<impl Display>) {
        self.text(&number.map(|number| number.to_string()).unwrap_or_default());
    }
}

fn dependency(field: &str) -> Option<Dependency> {
    let (digit, target) = field.split_at_checked(1)?;
    Some(Dependency {
        kind: *KINDS.get(digit.parse::<usize>().ok()?)?,
        target: Url(target.into()),
    })
}

fn parse_hash(text: &str) -> Result<Hash> {
    let invalid = || Error::InvalidValue {
        what: "sourceHash".into(),
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
