//! Reading JSON. `serde_json` takes the text apart, once; what an element says is read of its members then, by one
//! function per kind of value, which is a quarter of the code that a visitor per struct comes to.

use std::borrow::Cow;
use std::fmt;

use serde::de::{Deserialize, Deserializer, IgnoredAny, MapAccess, Visitor};
use serde_json::value::RawValue;

use super::json::Text;

/// The members of an object as they stand, in their order. Of a name that comes twice, the last one counts, as in
/// JavaScript.
#[derive(Debug, Default)]
pub(super) struct Members<'a>(pub(super) Vec<(Cow<'a, str>, &'a RawValue)>);

impl<'a> Members<'a> {
    /// The member of a name.
    pub(super) fn get(&self, name: &str) -> Option<&'a RawValue> {
        let mut from_last = self.0.iter().rev();
        from_last
            .find(|(member, _)| member == name)
            .map(|(_, raw)| *raw)
    }
}

/// Members of most elements.
const USUAL_MEMBERS: usize = 24;

/// A value that is read of JSON text.
pub(super) trait Read<'a>: Sized {
    /// Reads the value; as the rest of a sentence, why it cannot be.
    fn read(raw: &'a RawValue) -> Result<Self, String>;
}

fn parsed<'a, T: Deserialize<'a>>(raw: &'a RawValue, expected: &str) -> Result<T, String> {
    serde_json::from_str(raw.get()).map_err(|_| unlike(raw, expected))
}

#[cold]
fn unlike(raw: &RawValue, expected: &str) -> String {
    let shown: String = raw.get().chars().take(40).collect();
    format!("{shown} is not {expected}")
}

/// Why a text cannot be taken apart; the library's own words for it are two KB of code.
pub(super) fn not_an_object(error: &serde_json::Error) -> String {
    let (line, column) = (error.line(), error.column());
    format!("line {line}, column {column}: it is not the JSON of an object with lists of elements")
}

/// Null is the same as absent.
impl<'a, T: Read<'a>> Read<'a> for Option<T> {
    fn read(raw: &'a RawValue) -> Result<Self, String> {
        if raw.get() == "null" {
            return Ok(None);
        }
        T::read(raw).map(Some)
    }
}

impl<'a> Read<'a> for Members<'a> {
    fn read(raw: &'a RawValue) -> Result<Self, String> {
        parsed(raw, "an object")
    }
}

impl<'a> Read<'a> for Text<'a> {
    fn read(raw: &'a RawValue) -> Result<Self, String> {
        parsed(raw, "a text")
    }
}

impl<'a> Read<'a> for &'a RawValue {
    fn read(raw: &'a RawValue) -> Result<Self, String> {
        Ok(raw)
    }
}

impl<'a> Read<'a> for bool {
    fn read(raw: &'a RawValue) -> Result<Self, String> {
        match raw.get() {
            "true" => Ok(true),
            "false" => Ok(false),
            _ => Err(unlike(raw, "true or false")),
        }
    }
}

impl<'a> Read<'a> for u32 {
    fn read(raw: &'a RawValue) -> Result<Self, String> {
        raw.get()
            .parse()
            .map_err(|_| unlike(raw, "a count below 4294967296"))
    }
}

/// A list; what is wrong with one of its items names it.
#[derive(Debug)]
pub(super) struct List<T>(pub(super) Vec<T>);

impl<'a, T: Read<'a>> Read<'a> for List<T> {
    fn read(raw: &'a RawValue) -> Result<Self, String> {
        let items: Vec<&RawValue> = parsed(raw, "a list")?;
        let read = |(at, raw)| T::read(raw).map_err(|reason| format!("[{at}]: {reason}"));
        items
            .into_iter()
            .enumerate()
            .map(read)
            .collect::<Result<_, _>>()
            .map(Self)
    }
}

/// The items of a list that may be absent.
pub(super) fn items<T>(list: Option<&List<T>>) -> &[T] {
    list.map_or(&[], |list| &list.0)
}

/// A list of texts; releases before R4 have one text in its place.
#[derive(Debug)]
pub(super) struct OneOrMany<'a>(pub(super) Vec<Cow<'a, str>>);

impl<'a> Read<'a> for OneOrMany<'a> {
    fn read(raw: &'a RawValue) -> Result<Self, String> {
        let texts = if raw.get().starts_with('[') {
            List::<Text<'a>>::read(raw)?.0
        } else {
            vec![Text::read(raw)?]
        };
        Ok(Self(texts.into_iter().map(|text| text.0).collect()))
    }
}

/// A StructureDefinition taken apart: its own members, and those of each element.
#[derive(Debug, Default)]
pub(super) struct Parts<'a> {
    pub(super) members: Members<'a>,
    pub(super) differential: Vec<Members<'a>>,
    pub(super) snapshot: Vec<Members<'a>>,
}

/// What of an object a visitor collects.
trait Collect<'de>: Default {
    fn take<A: MapAccess<'de>>(&mut self, name: Cow<'de, str>, map: &mut A)
    -> Result<(), A::Error>;
}

/// Of an object, what is collected of it.
struct Object<T>(std::marker::PhantomData<T>);

impl<'de, T: Collect<'de>> Visitor<'de> for Object<T> {
    type Value = T;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<T, A::Error> {
        let mut collected = T::default();
        while let Some(Text(name)) = map.next_key::<Text<'de>>()? {
            collected.take(name, &mut map)?;
        }
        Ok(collected)
    }
}

impl<'de> Collect<'de> for Members<'de> {
    fn take<A: MapAccess<'de>>(
        &mut self,
        name: Cow<'de, str>,
        map: &mut A,
    ) -> Result<(), A::Error> {
        if self.0.is_empty() {
            self.0.reserve(USUAL_MEMBERS);
        }
        self.0.push((name, map.next_value()?));
        Ok(())
    }
}

impl<'de> Collect<'de> for Parts<'de> {
    fn take<A: MapAccess<'de>>(
        &mut self,
        name: Cow<'de, str>,
        map: &mut A,
    ) -> Result<(), A::Error> {
        let list = match &*name {
            "differential" => &mut self.differential,
            "snapshot" => &mut self.snapshot,
            _ => return self.members.take(name, map),
        };
        let elements: Option<Elements<'de>> = map.next_value()?;
        *list = elements.map(|elements| elements.0).unwrap_or_default();
        Ok(())
    }
}

/// The list in a differential or a snapshot.
#[derive(Default)]
struct Elements<'a>(Vec<Members<'a>>);

impl<'de> Collect<'de> for Elements<'de> {
    fn take<A: MapAccess<'de>>(
        &mut self,
        name: Cow<'de, str>,
        map: &mut A,
    ) -> Result<(), A::Error> {
        if name == "element" {
            let list: Option<Vec<Members<'de>>> = map.next_value()?;
            self.0 = list.unwrap_or_default();
            return Ok(());
        }
        map.next_value::<IgnoredAny>().map(drop)
    }
}

macro_rules! deserialize_object {
    ($($name:ident)*) => {
        $(impl<'de: 'a, 'a> Deserialize<'de> for $name<'a> {
            fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
                from.deserialize_map(Object::<$name<'de>>(std::marker::PhantomData))
            }
        })*
    };
}

deserialize_object! { Members Parts Elements }
