//! The converter as JavaScript calls it: bytes in; a schema and a report of it out, both JSON.

use core::fmt::Display;

use serde::Serialize;
use wasm_bindgen::JsValue;
use wasm_bindgen::prelude::wasm_bindgen;

use super::error::coded;
use super::wall;
use crate::convert::{self, Warning};
use crate::metadata::Dependency;

/// What is said of a schema besides its text.
#[derive(Serialize)]
struct Report<'a> {
    dependencies: Vec<Edge<'a>>,
    warnings: Vec<Said<'a>>,
}

/// A kind and a target.
type Edge<'a> = (&'static str, &'a str);

/// A warning as JavaScript has it.
#[derive(Serialize)]
struct Said<'a> {
    kind: &'static str,
    element: &'a str,
    message: &'a str,
}

/// Converts a StructureDefinition in UTF-8. Returns the schema, and a report
/// `{ dependencies: [[kind, target], ...], warnings: [{ kind, element, message }, ...] }`.
#[wasm_bindgen]
pub fn convert(definition: &[u8]) -> Result<Vec<String>, JsValue> {
    let text = core::str::from_utf8(definition).map_err(refused)?;
    let made = convert::convert(text).map_err(refused)?;
    let report = Report {
        dependencies: edges(&made.dependencies),
        warnings: made.warnings.iter().map(said).collect(),
    };
    let report = serde_json::to_string(&report).map_err(refused)?;
    Ok(vec![made.schema, report])
}

/// What a schema needs, as `[[kind, target], ...]`.
#[wasm_bindgen]
pub fn dependencies(schema: &str) -> Result<String, JsValue> {
    let found = convert::dependencies(schema).map_err(refused)?;
    serde_json::to_string(&edges(&found)).map_err(refused)
}

fn refused(reason: impl Display) -> JsValue {
    coded("CONVERSION", &reason.to_string())
}

fn edges(dependencies: &[Dependency]) -> Vec<Edge<'_>> {
    let kind = |one: &Dependency| wall::KINDS.get(one.kind as usize).copied();
    let edge = |one| Some((kind(one)?, one.target.0.as_str()));
    dependencies.iter().filter_map(edge).collect()
}

fn said(warning: &Warning) -> Said<'_> {
    Said {
        kind: warning.kind,
        element: &warning.element,
        message: &warning.message,
    }
}
