//! JSON as it crosses the conversion: texts that may hold lone surrogates, and values that keep the
//! digits they were written with.

use std::borrow::Cow;
use std::fmt;

use serde::de::{self, Deserialize, Deserializer, Visitor};
use serde_json::value::RawValue;

use super::read::Members;

/// Nesting up to which a value is taken apart; what lies deeper is kept as it stands.
const DEEPEST: usize = 60;
/// Members of an object that is taken apart; one with more is kept as it stands.
const MOST_MEMBERS: usize = 1000;

/// A JSON string. Of lone surrogates, which JSON can hold and UTF-8 cannot, each becomes U+FFFD.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Text<'a>(pub(super) Cow<'a, str>);

impl Text<'_> {
    /// The text.
    pub(super) fn as_str(&self) -> &str {
        &self.0
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Text<'a> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct Bytes;
        impl<'de> Visitor<'de> for Bytes {
            type Value = Text<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a string")
            }

            fn visit_borrowed_bytes<E: de::Error>(self, bytes: &'de [u8]) -> Result<Text<'de>, E> {
                Ok(match std::str::from_utf8(bytes) {
                    Ok(text) => Text(Cow::Borrowed(text)),
                    Err(_) => Text(Cow::Owned(well_formed(bytes))),
                })
            }

            fn visit_bytes<E: de::Error>(self, bytes: &[u8]) -> Result<Text<'de>, E> {
                Ok(Text(Cow::Owned(well_formed(bytes))))
            }

            fn visit_borrowed_str<E: de::Error>(self, text: &'de str) -> Result<Text<'de>, E> {
                Ok(Text(Cow::Borrowed(text)))
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<Text<'de>, E> {
                Ok(Text(Cow::Owned(text.to_owned())))
            }
        }
        // Of a string as bytes, serde_json lets lone surrogates pass, three bytes each.
        from.deserialize_bytes(Bytes)
    }
}

fn well_formed(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len());
    for chunk in bytes.utf8_chunks() {
        text.push_str(chunk.valid());
        // The first byte of a surrogate is invalid by itself, and so are the two behind it.
        if chunk.invalid().first() == Some(&0xed) {
            text.push('\u{fffd}');
        }
    }
    text
}

/// A JSON value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Json<'a> {
    /// As it stands in the definition.
    Raw(&'a str),
    /// A text.
    Text(Cow<'a, str>),
    /// A boolean.
    Bool(bool),
    /// A count.
    Number(usize),
    /// A list.
    Array(Vec<Json<'a>>),
    /// Members, each name once.
    Object(Vec<(Cow<'a, str>, Json<'a>)>),
}

impl<'a> Json<'a> {
    /// One member that holds `value`.
    pub(super) fn member(name: impl Into<Cow<'a, str>>, value: Self) -> Self {
        Self::Object(vec![(name.into(), value)])
    }

    /// A text, or a list of several.
    pub(super) fn one_or_many(mut texts: Vec<Cow<'a, str>>) -> Self {
        match (texts.len(), texts.pop()) {
            (1, Some(one)) => Self::Text(one),
            (_, last) => Self::Array(texts.into_iter().chain(last).map(Self::Text).collect()),
        }
    }

    /// The value with its objects and lists taken apart.
    fn opened(raw: &'a str, depth: usize) -> Self {
        let deeper = |raw: &'a RawValue| Self::opened(raw.get(), depth + 1);
        let parsed = match raw.as_bytes().first() {
            _ if depth >= DEEPEST => None,
            Some(b'{') => serde_json::from_str::<Members<'a>>(raw)
                .ok()
                .filter(|members| members.0.len() <= MOST_MEMBERS)
                .map(|members| {
                    let mut opened: Vec<(Cow<'a, str>, Self)> = Vec::new();
                    for (name, raw) in members.0 {
                        // Of a name that comes twice, the last one counts.
                        opened.retain(|(other, _)| *other != name);
                        opened.push((name, deeper(raw)));
                    }
                    Self::Object(opened)
                }),
            Some(b'[') => serde_json::from_str::<Vec<&'a RawValue>>(raw)
                .ok()
                .map(|items| Self::Array(items.into_iter().map(deeper).collect())),
            _ => None,
        };
        parsed.unwrap_or(Self::Raw(raw))
    }

    /// What the value has at a path, with the path around it; lists are looked through.
    pub(super) fn at_path(raw: &'a str, path: &[&str]) -> Option<Self> {
        if path.is_empty() {
            return Some(Self::Raw(raw));
        }
        Self::opened(raw, 0).cut_to(path)
    }

    fn cut_to(self, path: &[&str]) -> Option<Self> {
        let Some((name, rest)) = path.split_first() else {
            return Some(self);
        };
        match self {
            Self::Object(members) => members
                .into_iter()
                .find(|(member, _)| member == name)
                .and_then(|(member, value)| Some(Self::member(member, value.cut_to(rest)?))),
            Self::Array(items) => {
                let cut: Vec<_> = items
                    .into_iter()
                    .filter_map(|item| item.cut_to(path))
                    .collect();
                (!cut.is_empty()).then_some(Self::Array(cut))
            }
            _ => None,
        }
    }

    /// Both in one: members of objects are joined, items of lists pairwise. Of two values, the first stays.
    #[must_use]
    pub(super) fn joined(self, other: Self) -> Self {
        self.joined_at(other, 0)
    }

    fn joined_at(self, other: Self, depth: usize) -> Self {
        let open = |value| match value {
            Self::Raw(raw) => Self::opened(raw, depth),
            other => other,
        };
        match (open(self), open(other)) {
            (Self::Object(mut members), Self::Object(others)) => {
                for (name, value) in others {
                    match members.iter_mut().find(|(member, _)| *member == name) {
                        Some((_, here)) => {
                            let own = std::mem::replace(here, Self::Bool(false));
                            *here = own.joined_at(value, depth + 1);
                        }
                        None => members.push((name, value)),
                    }
                }
                Self::Object(members)
            }
            (Self::Array(items), Self::Array(others)) => {
                let mut others = others.into_iter();
                let mut all: Vec<_> = items
                    .into_iter()
                    .map(|item| match others.next() {
                        Some(other) => item.joined_at(other, depth + 1),
                        None => item,
                    })
                    .collect();
                all.extend(others);
                Self::Array(all)
            }
            (first, _) => first,
        }
    }

    /// Appends the value to `out`, without white space.
    pub(super) fn write(&self, out: &mut String) {
        match self {
            Self::Raw(raw) => write_compact(raw, out),
            Self::Text(text) => write_text(text, out),
            Self::Bool(value) => out.push_str(if *value { "true" } else { "false" }),
            Self::Number(number) => out.push_str(&number.to_string()),
            Self::Array(items) => {
                out.push('[');
                for (at, item) in items.iter().enumerate() {
                    if at > 0 {
                        out.push(',');
                    }
                    item.write(out);
                }
                out.push(']');
            }
            Self::Object(members) => {
                out.push('{');
                for (at, (name, value)) in members.iter().enumerate() {
                    if at > 0 {
                        out.push(',');
                    }
                    write_text(name, out);
                    out.push(':');
                    value.write(out);
                }
                out.push('}');
            }
        }
    }
}

/// Appends JSON without the white space between its parts.
pub(super) fn write_compact(raw: &str, out: &mut String) {
    let mut in_text = false;
    let mut rest = raw;
    while let Some(at) = rest.find(|c: char| match c {
        '"' | '\\' => true,
        ' ' | '\n' | '\r' | '\t' => !in_text,
        _ => false,
    }) {
        let (before, from) = rest.split_at(at);
        out.push_str(before);
        // An escape is two characters; the second is ASCII.
        let length = if from.starts_with('\\') { 2 } else { 1 };
        let (mark, behind) = from.split_at(length);
        if mark == "\"" {
            in_text = !in_text;
        }
        if !mark.trim().is_empty() {
            out.push_str(mark);
        }
        rest = behind;
    }
    out.push_str(rest);
}

/// Appends a text as a JSON string.
pub(crate) fn write_text(text: &str, out: &mut String) {
    out.push('"');
    let mut rest = text;
    while let Some(at) = rest.find(|c: char| c < ' ' || c == '"' || c == '\\') {
        let (before, from) = rest.split_at(at);
        out.push_str(before);
        let (mark, behind) = from.split_at(1);
        match mark {
            "\"" => out.push_str("\\\""),
            "\\" => out.push_str("\\\\"),
            "\n" => out.push_str("\\n"),
            "\r" => out.push_str("\\r"),
            "\t" => out.push_str("\\t"),
            _ => {
                let code = mark.as_bytes().first().copied().unwrap_or_default();
                out.push_str("\\u00");
                for digit in [code >> 4, code & 15] {
                    out.push(char::from_digit(digit.into(), 16).unwrap_or('0'));
                }
            }
        }
        rest = behind;
    }
    out.push_str(rest);
    out.push('"');
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(json: &Json<'_>) -> String {
        let mut out = String::new();
        json.write(&mut out);
        out
    }

    #[test]
    fn a_path_is_cut_out_with_its_lists() {
        let raw = r#"{"coding": [{"system": "s", "code": "a"}, {"code": "b"}], "text": "t"}"#;
        let cut = Json::at_path(raw, &["coding", "code"]).unwrap();
        assert_eq!(text(&cut), r#"{"coding":[{"code":"a"},{"code":"b"}]}"#);
        assert_eq!(Json::at_path(raw, &["coding", "display"]), None);
        assert_eq!(Json::at_path(raw, &["text", "x"]), None);
        assert_eq!(Json::at_path("[]", &[]), Some(Json::Raw("[]")));
    }

    #[test]
    fn two_values_are_joined_member_by_member_and_item_by_item() {
        let one = Json::Raw(r#"{"coding":[{"system":"s"}],"n":1.500}"#);
        let other = Json::Raw(r#"{"coding":[{"code":"a"},{"code":"b"}],"n":2}"#);
        let both = r#"{"coding":[{"system":"s","code":"a"},{"code":"b"}],"n":1.500}"#;
        assert_eq!(text(&one.joined(other)), both);
    }

    #[test]
    fn of_a_member_that_comes_twice_the_last_one_counts() {
        let cut = Json::at_path(r#"{"a":{"b":1},"a":{"b":2}}"#, &["a", "b"]).unwrap();
        assert_eq!(text(&cut), r#"{"a":{"b":2}}"#);
    }

    #[test]
    fn white_space_goes_but_not_from_texts() {
        let mut out = String::new();
        write_compact(
            "{ \"a b\\\" c\\\\\" :\t[ 1.50 ,\n\" \u{e9} \" ] }",
            &mut out,
        );
        assert_eq!(out, "{\"a b\\\" c\\\\\":[1.50,\" \u{e9} \"]}");
    }

    #[test]
    fn texts_are_escaped_as_json_has_it() {
        let given = "a\"b\\c\n\r\t\u{0}\u{1f}\u{7f}\u{1f600}";
        let mut out = String::new();
        write_text(given, &mut out);
        assert_eq!(serde_json::from_str::<String>(&out).unwrap(), given);
    }

    #[test]
    fn a_lone_surrogate_becomes_one_replacement_character() {
        for (given, expected) in [
            (r#""a\ud83db""#, "a\u{fffd}b"),
            (r#""\udc00\ud83d""#, "\u{fffd}\u{fffd}"),
            (r#""\ud83d\ude00""#, "\u{1f600}"),
        ] {
            assert_eq!(
                serde_json::from_str::<Text<'_>>(given).unwrap().as_str(),
                expected
            );
        }
    }

    #[test]
    fn what_is_nested_too_deep_is_kept_as_it_stands() {
        let deep = format!("{}1{}", "[".repeat(10_000), "]".repeat(10_000));
        let raw = format!(r#"{{"a":{deep}}}"#);
        let joined = Json::Raw(&raw).joined(Json::Raw(&raw));
        assert_eq!(text(&joined), raw);
    }
}
