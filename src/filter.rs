//! Which entries a listing takes.

use crate::catalog::{Entry, RowKey};
use crate::metadata::Metadata;

/// Conditions on an entry; all that are given must hold.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    /// URLs starting with this.
    pub url_prefix: Option<String>,
    /// Source `name` or `name#version`; names are compared without regard to case.
    pub package: Option<String>,
    /// Metadata `type`.
    pub r#type: Option<String>,
    /// One of the tags.
    pub tag: Option<String>,
    /// Last written at this time or before, in milliseconds since 1970.
    pub updated_before: Option<u64>,
    /// Expired entries too.
    pub expired: bool,
    /// Entries too whose content cannot be read; of some nothing is known but the key.
    pub damaged: bool,
}

impl Filter {
    /// Whether an entry, of that key, is taken. The metadata is unpacked only where it is asked for.
    pub fn takes(&self, key: &RowKey<'_>, entry: &Entry) -> bool {
        let expired = entry.expired && !self.expired;
        let hidden = expired || entry.is_damaged() && !self.damaged;
        let late = self
            .updated_before
            .is_some_and(|before| entry.head.updated > before || entry.is_unknown());
        let elsewhere = self
            .url_prefix
            .as_ref()
            .is_some_and(|prefix| !key.url.starts_with(prefix));
        if hidden || late || elsewhere || !self.takes_source(key.source) {
            return false;
        }
        if self.r#type.is_none() && self.tag.is_none() {
            return true;
        }
        Metadata::unpack(&entry.meta).is_ok_and(|metadata| {
            let tagged = |tag| metadata.tags.contains(tag);
            let typed = self.r#type.is_none() || self.r#type == metadata.r#type;
            typed && self.tag.as_ref().is_none_or(tagged)
        })
    }

    fn takes_source(&self, source: &str) -> bool {
        let Some(package) = &self.package else {
            return true;
        };
        let (wanted, wanted_version) = parts(package);
        let (name, version) = parts(source);
        let is_version = wanted_version.is_none() || wanted_version == version;
        !source.is_empty() && wanted.eq_ignore_ascii_case(name) && is_version
    }
}

/// Name and version of a package.
fn parts(source: &str) -> (&str, Option<&str>) {
    match source.split_once('#') {
        Some((name, version)) => (name, Some(version)),
        None => (source, None),
    }
}
