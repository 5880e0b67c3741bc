//! Paths of discriminators: the restricted `FHIRPath` of `ElementDefinition.slicing.discriminator.path`.

/// Steps of a path that is followed, at most.
const DEEPEST: usize = 60;

/// A step of a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Token<'p> {
    /// An element by name.
    Field(&'p str),
    /// Of a choice, one of its types.
    OfType(&'p str),
    /// What a reference points to.
    Resolve,
    /// The extension of a URL.
    Extension(&'p str),
}

impl<'p> Token<'p> {
    /// The name, if it is one.
    pub(super) fn field(self) -> Option<&'p str> {
        match self {
            Self::Field(name) => Some(name),
            _ => None,
        }
    }
}

/// The steps of a path from the element that is sliced; none if it is not understood.
pub(super) fn tokens(path: &str) -> Option<Vec<Token<'_>>> {
    let mut tokens = Vec::new();
    if path.trim().is_empty() {
        return Some(tokens);
    }
    for part in parts(path) {
        let argument = |function: &str| {
            part.strip_prefix(function)?
                .strip_prefix('(')?
                .strip_suffix(')')
        };
        if part == "$this" {
            continue;
        }
        if part == "resolve()" {
            tokens.push(Token::Resolve);
        } else if let Some(of) = argument("ofType").or_else(|| argument("as")) {
            tokens.push(Token::OfType(type_name(of)?));
        } else if let Some(url) = argument("extension") {
            tokens.push(Token::Extension(url.trim().trim_matches(['\'', '"'])));
        } else if let Some((field, of)) = argument("").and_then(cast) {
            tokens.extend([
                Token::Field(name(field.trim())?),
                Token::OfType(type_name(of)?),
            ]);
        } else {
            tokens.push(Token::Field(name(
                part.strip_suffix("[x]").unwrap_or(part),
            )?));
        }
        if tokens.len() > DEEPEST {
            return None;
        }
    }
    Some(tokens)
}

/// Both sides of `value as Quantity`.
fn cast(text: &str) -> Option<(&str, &str)> {
    let (field, rest) = text.trim().split_once(' ')?;
    let (word, of) = rest.trim_start().split_once(' ')?;
    (word == "as").then_some((field, of))
}

fn name(text: &str) -> Option<&str> {
    let is_name = !text.is_empty()
        && text
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || c == '_' || c == '-');
    is_name.then_some(text)
}

fn type_name(text: &str) -> Option<&str> {
    let text = text.trim().trim_matches(['\'', '"']);
    name(text.strip_prefix("FHIR.").unwrap_or(text))
}

/// The parts between the dots that stand outside of brackets.
fn parts(path: &str) -> impl Iterator<Item = &str> {
    let mut depth = 0_usize;
    path.trim().split(move |c| {
        match c {
            '(' => depth += 1,
            ')' => depth = depth.saturating_sub(1),
            _ => {}
        }
        c == '.' && depth == 0
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use Token::{Extension, Field, OfType, Resolve};

    #[test]
    fn the_restricted_paths_of_fhir_are_understood() {
        for (path, expected) in [
            ("$this", vec![]),
            ("", vec![]),
            ("code.coding", vec![Field("code"), Field("coding")]),
            ("$this.resolve().code", vec![Resolve, Field("code")]),
            (
                "value.ofType(Quantity).unit",
                vec![Field("value"), OfType("Quantity"), Field("unit")],
            ),
            ("value[x]", vec![Field("value")]),
            (
                "(value as FHIR.Quantity)",
                vec![Field("value"), OfType("Quantity")],
            ),
            ("value.as('Coding')", vec![Field("value"), OfType("Coding")]),
            (
                "extension('http://a.b/c.d').value",
                vec![Extension("http://a.b/c.d"), Field("value")],
            ),
        ] {
            assert_eq!(tokens(path), Some(expected), "{path}");
        }
    }

    #[test]
    fn other_paths_are_not() {
        for path in [
            "a..b",
            "where(use = 'x')",
            "a b",
            "a[0]",
            "ofType()",
            "extension('u'",
            ".",
        ] {
            assert_eq!(tokens(path), None, "{path}");
        }
    }
}
