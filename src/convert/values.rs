//! Whether the values in a definition are of the types that their names end in.

use super::Refusal;
use super::definition::ElementDefinition;
use super::types;

/// Refuses an element with a value of the wrong JSON type.
pub(super) fn check(element: &ElementDefinition<'_>, label: &str) -> Result<(), Refusal> {
    let starts = ["fixed", "pattern", "minValue", "maxValue"];
    for (name, raw) in &element.values {
        let suffix = starts.iter().find_map(|start| name.strip_prefix(start));
        let kind = kind_of(&types::of_suffix(suffix.unwrap_or_default()));
        if suffix.is_some() && !kind.contains(raw.get()) {
            return Err([label, ": ", name, " is not ", kind.name()].concat());
        }
    }
    let length = element.max_length.map_or("0", |raw| raw.get());
    if Kind::Number.contains(length) {
        return Ok(());
    }
    Err([label, ": maxLength is not a number"].concat())
}

/// What a value is in JSON.
#[derive(Clone, Copy)]
enum Kind {
    Boolean,
    Number,
    Text,
    Object,
}

fn kind_of(type_name: &str) -> Kind {
    match type_name {
        "boolean" => Kind::Boolean,
        "decimal" | "integer" | "positiveInt" | "unsignedInt" => Kind::Number,
        name if types::is_primitive(name) => Kind::Text,
        _ => Kind::Object,
    }
}

impl Kind {
    fn contains(self, raw: &str) -> bool {
        let first = raw.chars().next().unwrap_or_default();
        match self {
            Self::Boolean => first == 't' || first == 'f',
            Self::Number => first == '-' || first.is_ascii_digit(),
            Self::Text => first == '"',
            Self::Object => first == '{',
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::Boolean => "true or false",
            Self::Number => "a number",
            Self::Text => "a text",
            Self::Object => "an object",
        }
    }
}
