//! StructureDefinitions as text, so that what stands there is known to the letter.

use std::fmt::Write as _;

use crate::json::quote;
use crate::tape::Tape;

/// Members in order, the values as JSON.
pub(super) type Members = Vec<(String, String)>;

#[derive(Clone, Debug)]
pub(super) struct Element {
    pub(super) id: String,
    pub(super) path: String,
    pub(super) slice: Option<String>,
    /// Max of the element where it is introduced.
    pub(super) base_max: String,
    pub(super) members: Members,
}

#[derive(Clone, Debug)]
pub(super) struct Document {
    pub(super) header: Members,
    /// Text of the member, if there is one.
    pub(super) differential: List,
    pub(super) snapshot: List,
}

#[derive(Clone, Debug)]
pub(super) enum List {
    Absent,
    /// What stands in place of an object with elements.
    Empty(&'static str),
    Elements(Vec<Element>),
}

pub(super) fn object(members: &[(String, String)]) -> String {
    let members: Vec<_> = members
        .iter()
        .map(|(name, value)| format!("{}:{value}", quote(name)))
        .collect();
    format!("{{{}}}", members.join(","))
}

pub(super) fn list<T: AsRef<str>>(items: &[T]) -> String {
    let items: Vec<_> = items.iter().map(AsRef::as_ref).collect();
    format!("[{}]", items.join(","))
}

pub(super) fn texts<T: AsRef<str>>(items: &[T]) -> String {
    list(
        &items
            .iter()
            .map(|text| quote(text.as_ref()))
            .collect::<Vec<_>>(),
    )
}

pub(super) fn member(name: &str, value: impl Into<String>) -> (String, String) {
    (name.to_owned(), value.into())
}

impl Element {
    pub(super) fn text(&self, with_id: bool, with_base: bool) -> String {
        let mut all = Members::new();
        if with_id {
            all.push(member("id", quote(&self.id)));
        }
        all.push(member("path", quote(&self.path)));
        if let Some(slice) = &self.slice {
            all.push(member("sliceName", quote(slice)));
        }
        if with_base {
            let base = [
                member("path", quote(&self.path)),
                member("min", "0"),
                member("max", quote(&self.base_max)),
            ];
            all.push(member("base", object(&base)));
        }
        all.extend(self.members.iter().cloned());
        object(&all)
    }
}

impl List {
    fn text(&self, with_ids: bool, with_base: bool) -> Option<String> {
        match self {
            Self::Absent => None,
            Self::Empty(text) => Some((*text).to_owned()),
            Self::Elements(elements) => {
                let elements: Vec<_> = elements
                    .iter()
                    .map(|element| element.text(with_ids, with_base))
                    .collect();
                Some(format!("{{\"element\":{}}}", list(&elements)))
            }
        }
    }
}

impl Document {
    pub(super) fn text(&self) -> String {
        self.write(true)
    }

    /// Without ids in the list that the schema is made of.
    pub(super) fn text_without_ids(&self) -> String {
        self.write(false)
    }

    fn write(&self, with_ids: bool) -> String {
        let mut all = self.header.clone();
        let is_source = matches!(self.differential, List::Elements(_));
        if let Some(text) = self.snapshot.text(with_ids || is_source, true) {
            all.push(member("snapshot", text));
        }
        if let Some(text) = self.differential.text(with_ids, false) {
            all.push(member("differential", text));
        }
        object(&all)
    }

    /// The elements that the schema is made of.
    pub(super) fn source(&mut self) -> &mut Vec<Element> {
        let source = match &self.differential {
            List::Elements(_) => &mut self.differential,
            _ => &mut self.snapshot,
        };
        match source {
            List::Elements(elements) => elements,
            _ => panic!("there is always a list"),
        }
    }
}

/// Compact JSON with white space between its parts.
pub(super) fn spread(json: &str, tape: &mut Tape<'_>) -> String {
    let mut out = String::new();
    let (mut in_text, mut is_escaped) = (false, false);
    for letter in json.chars() {
        let is_part = !in_text && "{}[],:".contains(letter);
        let space = if is_part {
            tape.pick(&["", " ", "\n\t", "\r\n  "])
        } else {
            ""
        };
        out.push_str(space);
        out.push(letter);
        if is_part {
            out.push_str(space);
        }
        if letter == '"' && !is_escaped {
            in_text = !in_text;
        }
        is_escaped = in_text && letter == '\\' && !is_escaped;
    }
    out
}

/// The same JSON with some of the letters of its texts, names among them, as escapes.
pub(super) fn escaped(json: &str, tape: &mut Tape<'_>) -> String {
    let mut out = String::new();
    let (mut in_text, mut letters) = (false, json.chars());
    while let Some(letter) = letters.next() {
        if letter == '"' {
            in_text = !in_text;
        }
        if in_text && letter == '\\' {
            // What is escaped already; the digits of `\u` are letters like others, and must stay.
            let kind = letters.next().unwrap();
            let rest = if kind == 'u' { 4 } else { 0 };
            out.extend([letter, kind]);
            out.extend(letters.by_ref().take(rest));
        } else if in_text && letter.is_ascii_alphanumeric() && tape.chance(2) {
            write!(out, "\\u{:04X}", u32::from(letter)).unwrap();
        } else {
            out.push(letter);
        }
    }
    out
}
