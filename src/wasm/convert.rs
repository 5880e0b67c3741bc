//! The converter as JavaScript calls it: bytes in; a schema and a report of it out, both JSON.

use wasm_bindgen::JsValue;
use wasm_bindgen::prelude::wasm_bindgen;

use super::error::coded;
use super::wall;
use crate::convert::{self, Conversion};
use crate::metadata::Dependency;

/// Converts a StructureDefinition in UTF-8. Returns a report
/// `{ dependencies: [[kind, target], ...], warnings: [{ kind, element, message }, ...] }`, a line feed, and the
/// schema.
#[wasm_bindgen]
pub fn convert(definition: &[u8]) -> Result<String, JsValue> {
    let text = core::str::from_utf8(definition).map_err(|_| refused("it is not UTF-8"))?;
    convert::convert(text)
        .map(|made| reported(&made))
        .map_err(|reason| refused(&reason))
}

/// What a schema needs, as `[[kind, target], ...]`.
#[wasm_bindgen]
pub fn dependencies(schema: &str) -> Result<String, JsValue> {
    let found = convert::dependencies(schema).map_err(|reason| refused(&reason))?;
    let mut out = String::new();
    write_edges(&found, &mut out);
    Ok(out)
}

fn refused(reason: &str) -> JsValue {
    coded("CONVERSION", reason)
}

fn reported(made: &Conversion) -> String {
    let mut out = "{\"dependencies\":".to_owned();
    write_edges(&made.dependencies, &mut out);
    out.push_str(",\"warnings\":[");
    for (at, warning) in made.warnings.iter().enumerate() {
        let members = [
            (",{\"kind\":", warning.kind),
            (",\"element\":", &*warning.element),
            (",\"message\":", &*warning.message),
        ];
        for (number, (name, text)) in members.into_iter().enumerate() {
            // The comma stands before all but the first.
            let start = usize::from(at == 0 && number == 0);
            out.push_str(name.get(start..).unwrap_or_default());
            convert::write_text(text, &mut out);
        }
        out.push('}');
    }
    out.push_str("]}\n");
    out.push_str(&made.schema);
    out
}

fn write_edges(dependencies: &[Dependency], out: &mut String) {
    out.push('[');
    for (at, edge) in dependencies.iter().enumerate() {
        out.push_str(if at == 0 { "[" } else { ",[" });
        let kind = wall::KINDS.get(edge.kind as usize).copied();
        convert::write_text(kind.unwrap_or_default(), out);
        out.push(',');
        convert::write_text(&edge.target.0, out);
        out.push(']');
    }
    out.push(']');
}
