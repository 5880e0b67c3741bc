//! What names an entry: `url|version#fragment`, and which of two versions is newer.
//!
//! Byte-exact and case-sensitive, as the FHIR specification says of canonicals; nothing is
//! normalised but surrounding white space, which is trimmed.

use core::cmp::Ordering;

use crate::error::{Error, Result};

/// Longest canonical, in bytes of UTF-8.
pub const MAX_BYTES: usize = 4096;

/// A parsed canonical, borrowed from the request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Canonical<'a> {
    /// The URL, or any other name without `|`, `#` and white space.
    pub url: &'a str,
    /// The business version; `None` asks for the newest.
    pub version: Option<&'a str>,
    /// What follows `#`: part of the reference, not of the identity.
    pub fragment: Option<&'a str>,
}

impl<'a> Canonical<'a> {
    /// Splits at the first `|`, then at the first `#`; an empty version or fragment counts as none.
    pub fn parse(text: &'a str) -> Result<Self> {
        let invalid = |rule| Error::invalid_key(text, rule);
        let trimmed = text.trim();
        if trimmed.is_empty() {
            return Err(invalid("is empty"));
        }
        if trimmed.len() > MAX_BYTES {
            return Err(invalid("is longer than 4096 bytes"));
        }
        if trimmed.contains(char::is_whitespace) {
            return Err(invalid("holds white space"));
        }
        let (head, version) = trimmed.split_once('|').unwrap_or((trimmed, ""));
        let (url, url_fragment) = head.split_once('#').unwrap_or((head, ""));
        let (version, fragment) = version.split_once('#').unwrap_or((version, ""));
        if url.is_empty() {
            return Err(invalid("has no URL before its | or #"));
        }
        let some = |part: &'a str| (!part.is_empty()).then_some(part);
        Ok(Self {
            url,
            version: some(version),
            fragment: some(fragment).or(some(url_fragment)),
        })
    }

    /// Checks a URL and a version that come apart, as in a body, for use as an identity.
    pub fn of_parts(url: &'a str, version: Option<&'a str>) -> Result<Self> {
        for part in [Some(url), version].into_iter().flatten() {
            if part.contains(['|', '#']) {
                return Err(Error::invalid_key(
                    part,
                    "holds | or #, which separate its parts",
                ));
            }
            if part.contains(char::is_whitespace) {
                return Err(Error::invalid_key(part, "holds white space"));
            }
        }
        if url.is_empty() {
            return Err(Error::invalid_key(url, "is empty"));
        }
        let version = version.filter(|version| !version.is_empty());
        if url.len() + version.map_or(0, |version| version.len() + 1) > MAX_BYTES {
            return Err(Error::invalid_key(url, "is longer than 4096 bytes"));
        }
        Ok(Self {
            url,
            version,
            fragment: None,
        })
    }
}

/// Orders two versions, the newer one greater; a total order that does not depend on load order.
///
/// Dotted numbers compare part by part as numbers, a further part is newer (2.1 < 2.1.0), a
/// prerelease is older than its release and follows semver 2.0.0 item 11. They rank above all
/// other labels, such as dates, which compare in natural order: runs of digits as numbers.
pub fn compare_versions(left: &str, right: &str) -> Ordering {
    let order = match (Dotted::parse(left), Dotted::parse(right)) {
        (Some(left), Some(right)) => left.cmp(&right),
        (Some(_), None) => Ordering::Greater,
        (None, Some(_)) => Ordering::Less,
        (None, None) => compare_natural(left, right),
    };
    order.then_with(|| left.cmp(right))
}

/// A version such as 4, 4.0, 4.0.1 or 5.0.0-ballot.2.
struct Dotted<'a> {
    numbers: Vec<&'a str>,
    prerelease: Option<&'a str>,
}

impl<'a> Dotted<'a> {
    fn parse(text: &'a str) -> Option<Self> {
        let text = text
            .split_once('+')
            .map_or(text, |(version, _build)| version);
        let (core, prerelease) = match text.split_once('-') {
            Some((core, prerelease)) => (core, Some(prerelease)),
            None => (text, None),
        };
        let numbers: Vec<&str> = core.split('.').collect();
        let numeric =
            |part: &&str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
        // A lone number of four digits or more is a year or a date, not a major version.
        let lone = numbers.len() == 1 && (core.len() > 3 || prerelease.is_some());
        (numbers.iter().all(numeric) && !lone).then_some(Self {
            numbers,
            prerelease,
        })
    }

    fn cmp(&self, other: &Self) -> Ordering {
        for (left, right) in self.numbers.iter().zip(&other.numbers) {
            let order = compare_digits(left, right);
            if order.is_ne() {
                return order;
            }
        }
        let parts = self.numbers.len().cmp(&other.numbers.len());
        parts.then_with(|| match (self.prerelease, other.prerelease) {
            (None, None) => Ordering::Equal,
            (None, Some(_)) => Ordering::Greater,
            (Some(_), None) => Ordering::Less,
            (Some(left), Some(right)) => compare_prerelease(left, right),
        })
    }
}

/// Semver item 11.4: identifier by identifier, numbers below words.
fn compare_prerelease(left: &str, right: &str) -> Ordering {
    let numeric = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    let (mut left, mut right) = (left.split('.'), right.split('.'));
    loop {
        let order = match (left.next(), right.next()) {
            (None, None) => return Ordering::Equal,
            (None, Some(_)) => Ordering::Less,
            (Some(_), None) => Ordering::Greater,
            (Some(left), Some(right)) => match (numeric(left), numeric(right)) {
                (true, true) => compare_digits(left, right),
                (true, false) => Ordering::Less,
                (false, true) => Ordering::Greater,
                (false, false) => left.cmp(right),
            },
        };
        if order.is_ne() {
            return order;
        }
    }
}

/// Compares runs of digits as numbers of any length.
fn compare_digits(left: &str, right: &str) -> Ordering {
    let (left, right) = (left.trim_start_matches('0'), right.trim_start_matches('0'));
    left.len().cmp(&right.len()).then_with(|| left.cmp(right))
}

fn compare_natural(mut left: &str, mut right: &str) -> Ordering {
    while !left.is_empty() && !right.is_empty() {
        let (left_run, left_rest) = split_run(left);
        let (right_run, right_rest) = split_run(right);
        let digits = |run: &str| run.starts_with(|first: char| first.is_ascii_digit());
        let order = if digits(left_run) && digits(right_run) {
            compare_digits(left_run, right_run)
        } else {
            left_run.cmp(right_run)
        };
        if order.is_ne() {
            return order;
        }
        (left, right) = (left_rest, right_rest);
    }
    left.len().cmp(&right.len())
}

/// The leading run of digits, or of anything else, and what follows it.
fn split_run(text: &str) -> (&str, &str) {
    let digits = text.starts_with(|first: char| first.is_ascii_digit());
    let end = text
        .find(|next: char| next.is_ascii_digit() != digits)
        .unwrap_or(text.len());
    text.split_at_checked(end).unwrap_or((text, ""))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn parts(text: &str) -> (&str, Option<&str>, Option<&str>) {
        let parsed = Canonical::parse(text).unwrap();
        (parsed.url, parsed.version, parsed.fragment)
    }

    #[test]
    fn splits_at_the_first_bar_then_at_the_hash() {
        assert_eq!(parts("http://x/a"), ("http://x/a", None, None));
        assert_eq!(
            parts(" http://x/a|1.0 \n"),
            ("http://x/a", Some("1.0"), None)
        );
        assert_eq!(parts("u|1.0#vs1"), ("u", Some("1.0"), Some("vs1")));
        assert_eq!(parts("u#vs1"), ("u", None, Some("vs1")));
        assert_eq!(parts("u|"), ("u", None, None));
        assert_eq!(parts("u|1.5.0|x"), ("u", Some("1.5.0|x"), None));
    }

    #[test]
    fn refuses_what_names_nothing() {
        for text in ["", "  ", "#id", "|1.0", "a b", "a\u{a0}b", "u|1 0"] {
            assert_eq!(
                Canonical::parse(text).unwrap_err().code(),
                "INVALID_KEY",
                "{text:?}"
            );
        }
        assert!(Canonical::parse(&"x".repeat(MAX_BYTES)).is_ok());
        assert!(Canonical::parse(&"x".repeat(MAX_BYTES + 1)).is_err());
        assert!(Canonical::of_parts("a|b", None).is_err());
        assert!(Canonical::of_parts("a", Some("1#2")).is_err());
    }

    #[test]
    fn what_is_stored_can_be_asked_for_whatever_its_length() {
        for version in [1, 2, 100, MAX_BYTES / 2] {
            let version = "1".repeat(version);
            let longest = MAX_BYTES - 1 - version.len();
            for (length, fits) in [(longest, true), (longest + 1, false)] {
                let url = "x".repeat(length);
                let stored = Canonical::of_parts(&url, Some(&version)).is_ok();
                let asked = Canonical::parse(&format!("{url}|{version}")).is_ok();
                assert_eq!((stored, asked), (fits, fits), "{length}");
            }
        }
    }

    /// Expectations T5 to T8, T12 and T26 of the published resolvers' own test suites.
    #[test]
    fn orders_versions_as_the_published_resolvers_do() {
        let ascending = [
            "",
            "B",
            "2018-08-12",
            "20140403",
            "1",
            "1.0",
            "1.0.0-alpha",
            "1.0.0-alpha.2",
            "1.0.0-alpha.10",
            "1.0.0-beta",
            "1.0.0",
            "1.2",
            "1.10",
            "2",
            "2.0",
            "2.0.0-rc.1",
            "2.0.0",
            "2.1",
            "2.1.0",
            "2.1.2",
            "2.1.10",
            "4.0.1",
            "4.3.0",
        ];
        for pair in ascending.windows(2) {
            if pair == ["B", "2018-08-12"] {
                continue;
            }
            assert_eq!(
                compare_versions(pair[0], pair[1]),
                Ordering::Less,
                "{pair:?}"
            );
        }
    }

    proptest! {
        #[test]
        fn the_order_is_total(a in "[0-9.a-]{0,8}", b in "[0-9.a-]{0,8}", c in "[0-9.a-]{0,8}") {
            prop_assert_eq!(compare_versions(&a, &b), compare_versions(&b, &a).reverse());
            prop_assert_eq!(compare_versions(&a, &b).is_eq(), a == b);
            if compare_versions(&a, &b).is_le() && compare_versions(&b, &c).is_le() {
                prop_assert!(compare_versions(&a, &c).is_le());
            }
        }
    }
}
