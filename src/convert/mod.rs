//! StructureDefinitions to FHIR Schemas, after the FHIR Schema specification
//! (<https://fhir-schema.github.io/fhir-schema/>). What is written, and what cannot be, is described in
//! `docs/guides/fhir-schema.md`.
//!
//! | module | what it decides |
//! |---|---|
//! | `read`, `definition` | how JSON is read, and what of a StructureDefinition |
//! | `address`, `facts` | where an element stands; what differential and snapshot say of it |
//! | `build`, `describe` | which element of the schema that is about; what it puts there |
//! | `choices`, `choice_slices`, `slices` | the typed elements of `value[x]`; its slices; slices and their bounds |
//! | `matches`, `constants`, `discriminator` | what data belongs to a slice |
//! | `schema`, `write` | the schema in the making; its text |
//! | `dependencies` | what a schema needs |
//! | `json`, `values`, `types`, `names` | values that keep their digits; of which type they are; names of types; texts by number |

mod address;
mod build;
mod choice_slices;
mod choices;
mod constants;
mod definition;
mod dependencies;
mod describe;
mod discriminator;
mod facts;
mod json;
mod matches;
mod names;
mod read;
mod schema;
mod slices;
mod types;
mod values;
mod write;

#[cfg(target_arch = "wasm32")]
pub(crate) use json::write_text;

use crate::metadata::Dependency;

/// What becomes of a StructureDefinition.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Conversion {
    /// The FHIR Schema, as compact JSON.
    pub schema: String,
    /// What the schema needs, as [`dependencies`] finds it.
    pub dependencies: Vec<Dependency>,
    /// What the schema does not say of the definition.
    pub warnings: Vec<Warning>,
}

/// Something of a definition that its schema does not say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Warning {
    /// Name of the kind, as in `docs/guides/fhir-schema.md`.
    pub kind: &'static str,
    /// Id of the element, or its path if it has none.
    pub element: String,
    /// What, and why.
    pub message: String,
}

/// Why a definition cannot be converted, as a sentence that names the element.
pub type Refusal = String;

/// Converts a StructureDefinition, given as JSON text.
pub fn convert(text: &str) -> Result<Conversion, Refusal> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let source = definition::Source::read(text)?;
    let definition = &source.definition;
    check(definition)?;
    let mut warnings = Warnings::default();
    let facts = facts::Facts::new(&source, &mut warnings)?;
    let (schema, warnings) = build::build(definition, &facts, warnings)?;
    let schema = write::write(definition, &schema);
    let dependencies = dependencies(&schema)?;
    Ok(Conversion {
        schema,
        dependencies,
        warnings: warnings.list,
    })
}

/// What a FHIR Schema, given as JSON text, needs: each edge once, by kind and then by target. A schema does
/// not need itself; the bare name of a type is the core's definition of it.
pub fn dependencies(schema: &str) -> Result<Vec<Dependency>, Refusal> {
    dependencies::dependencies(schema)
}

fn check(definition: &definition::Definition<'_>) -> Result<(), Refusal> {
    let text = |text: &'_ Option<json::Text<'_>>| {
        text.as_ref()
            .map_or(String::new(), |text| text.as_str().to_owned())
    };
    let resource_type = text(&definition.resource_type);
    if resource_type != "StructureDefinition" {
        return Err(format!(
            "it is a {resource_type}, not a StructureDefinition"
        ));
    }
    let (url, base) = (text(&definition.url), text(&definition.base));
    if !url.is_empty() && base.split('|').next() == Some(url.as_str()) {
        return Err(format!("{url} is its own base"));
    }
    Ok(())
}

/// The warnings of one conversion, each once.
#[derive(Debug, Default)]
struct Warnings {
    list: Vec<Warning>,
    known: names::Names,
}

impl Warnings {
    fn add(&mut self, kind: &'static str, element: &str, message: impl FnOnce() -> String) {
        let message = message();
        if self
            .known
            .number(&[kind, " ", element, " ", &message].concat())
            .1
        {
            let element = element.to_owned();
            self.list.push(Warning {
                kind,
                element,
                message,
            });
        }
    }
}
