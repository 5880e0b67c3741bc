//! What a definition says of itself, and of its root.

use super::values::FHIRPATH;
use super::{At, CORE, Generator, Source};
use crate::document::{Members, member, object};
use crate::json::{canonical_text, quote};

/// Extension: what the text of a primitive must match.
const REGEX: &str = "http://hl7.org/fhir/StructureDefinition/regex";
/// Extension: what a type of `FHIRPath` is in FHIR.
const FHIR_TYPE: &str = "http://hl7.org/fhir/StructureDefinition/structuredefinition-fhir-type";

impl Generator<'_> {
    /// Members of the definition, and its kind.
    pub(super) fn header(&mut self) -> (Members, &'static str) {
        let (kind, type_name, class, derivation) = self.tape.pick(&[
            ("resource", "Patient", "profile", "constraint"),
            ("complex-type", "Extension", "extension", "constraint"),
            ("complex-type", "Coding", "profile", "constraint"),
            ("resource", "Thing", "resource", "specialization"),
            ("complex-type", "Part", "type", "specialization"),
            (
                "logical",
                "http://l.org/fhir/Model",
                "logical",
                "specialization",
            ),
            (
                "logical",
                "http://l.org/fhir/Model",
                "profile",
                "constraint",
            ),
            ("primitive-type", "lot", "type", "specialization"),
        ]);
        self.is_new = derivation == "specialization";
        type_name.clone_into(&mut self.type_name);
        self.url = match (kind, self.is_new) {
            ("logical", true) => type_name.to_owned(),
            (_, true) => format!("{CORE}{type_name}"),
            (_, false) => "http://x.org/fhir/StructureDefinition/one".to_owned(),
        };
        let base = match (self.is_new, self.tape.below(3)) {
            (true, _) => format!("{CORE}Element"),
            (false, 0) if !type_name.contains(':') => format!("{CORE}{type_name}"),
            (false, 1) => "http://x.org/base|1.0.0".to_owned(),
            (false, _) => "http://x.org/base".to_owned(),
        };
        let mut said = vec![
            member("url", quote(&self.url)),
            member("type", quote(type_name)),
            member("kind", quote(kind)),
            member("derivation", quote(derivation)),
            member("baseDefinition", quote(&base)),
        ];
        for name in ["version", "name", "description"] {
            if self.tape.chance(8) {
                let text = self.text();
                said.push(member(name, text));
            }
        }
        for (name, value) in &said {
            let name = if name == "baseDefinition" {
                "base"
            } else {
                name
            };
            let key = (String::new(), name.to_owned());
            self.facts.insert(key, canonical_text(value));
        }
        self.need("Base", &base);
        let root = [String::new()];
        self.put(&root, "class", &quote(class));
        let is_abstract = self.tape.chance(4);
        if is_abstract {
            self.put(&root, "abstract", "true");
        }
        said.push(member("abstract", is_abstract.to_string()));
        if class == "extension" {
            let context = r#"[{"type":"element","expression":"Patient.\u0061 b"}]"#;
            self.put_json(&root, "context", context);
            said.push(member("context", context));
        }
        let mut header = vec![member("resourceType", quote("StructureDefinition"))];
        header.extend(said);
        header.push(member(
            "text",
            r#"{"status":"empty","div":"<div>\"{[</div>"}"#,
        ));
        header.push(member("status", quote("active")));
        (header, kind)
    }

    pub(super) fn root(&mut self, root: &At) {
        let is_said = self.is_new || self.tape.chance(10);
        if !is_said {
            return;
        }
        let mut members = self.flags(&root.places);
        members.extend(self.constraints(&root.places));
        let is_extension = self.type_name == "Extension" && !self.is_new;
        if is_extension {
            let min = self.tape.below(2);
            let max = self.tape.pick(&["*", "1", "3"]);
            members.extend([member("min", min.to_string()), member("max", quote(max))]);
            if min > 0 {
                self.put(&root.places, "min", &min.to_string());
            }
            if max != "*" {
                self.put(&root.places, "max", max);
            }
        } else {
            members.extend([member("min", "0"), member("max", quote("*"))]);
            if !self.is_new && self.tape.chance(4) {
                members.extend(self.constant(&root.places, "pattern", "Coding"));
            }
            if !self.is_new && self.tape.chance(4) {
                members.extend(self.binding(&root.places));
            }
        }
        self.emit(root, None, "*", members);
        // The root is not counted.
        self.index = 0;
    }

    /// The element `value` of a primitive type.
    pub(super) fn value_of_primitive(&mut self, root: &At) {
        let at = root.child("value");
        let system = format!(
            "{FHIRPATH}{}",
            self.tape.pick(&["String", "Integer", "Decimal"])
        );
        let regex = self
            .tape
            .pick(&[r#""[ \\r\\n\\t\\S]+""#, r#""-?(0|[1-9]\\d*)\u0020""#]);
        let fhir_type = object(&[
            member("url", quote(FHIR_TYPE)),
            member("valueUrl", quote("string")),
        ]);
        let regex_of = object(&[member("url", quote(REGEX)), member("valueString", regex)]);
        let mut type_members = vec![member("code", quote(&system))];
        let mut members = self.flags(&at.places);
        let in_type = self.tape.chance(8);
        let named = self.tape.chance(8);
        let extensions = match (in_type, named) {
            (true, true) => vec![fhir_type, regex_of.clone()],
            (true, false) => vec![regex_of.clone()],
            (false, true) => vec![fhir_type],
            (false, false) => Vec::new(),
        };
        if !extensions.is_empty() {
            type_members.push(member("extension", crate::document::list(&extensions)));
        }
        if !in_type {
            members.push(member("extension", format!("[{regex_of}]")));
        }
        members.push(member("type", format!("[{}]", object(&type_members))));
        for (places, type_name) in [(&root.places, "primitiveType"), (&at.places, "type")] {
            self.put(places, type_name, &quote(&system));
            self.put_json(places, "regex", regex);
        }
        let min = self.tape.below(2);
        if min > 0 {
            self.put(&at.places, "required", "");
        }
        self.put(&at.places, "scalar", "true");
        members.extend([member("min", min.to_string()), member("max", quote("1"))]);
        members.extend(self.constraints(&at.places));
        self.indexed(&at.places);
        self.emit(&at, None, "1", members);
    }

    /// A type of `FHIRPath` with the FHIR type it stands for, if that is said.
    pub(super) fn system_type(&mut self) -> (String, String) {
        let code = format!("{FHIRPATH}String");
        let mut members = vec![member("code", quote(&code))];
        if self.tape.chance(4) {
            return (code, object(&members));
        }
        let name = self.tape.pick(&["string", "uri", "id"]);
        let value = self.tape.pick(&["valueUrl", "valueUri"]);
        let extension = object(&[member("url", quote(FHIR_TYPE)), member(value, quote(name))]);
        members.push(member("extension", format!("[{extension}]")));
        (name.to_owned(), object(&members))
    }

    /// What the text of an element's value must match.
    pub(super) fn regex(&mut self, places: &[String]) -> Members {
        if !self.tape.chance(1) {
            return Members::new();
        }
        let regex = r#""[A-Z]\\u0020?""#;
        self.put_json(places, "regex", regex);
        let url = self.tape.pick(&["http://e.org/other", REGEX]);
        let one = |url: &str| object(&[member("url", quote(url)), member("valueString", regex)]);
        let other = object(&[
            member("url", quote("http://e.org/other")),
            member("valueString", quote("x")),
        ]);
        let extensions = if url == REGEX {
            vec![one(REGEX), other]
        } else {
            vec![other, one(REGEX)]
        };
        vec![member("extension", crate::document::list(&extensions))]
    }

    pub(super) fn is_in_snapshot_only(&self) -> bool {
        matches!(self.source, Source::Snapshot(_))
    }
}
