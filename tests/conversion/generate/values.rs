//! Values, and what an element says of its value.

use super::{CORE, Generator, suffix, typed_value};
use crate::document::{Members, list, member, object, texts};
use crate::json::{canonical, canonical_text, quote};

pub(super) const FHIRPATH: &str = "http://hl7.org/fhirpath/System.";

/// Of the types below, those that an element must have to be bound (eld-11).
const CODED: [&str; 7] = [
    "CodeableConcept",
    "CodeableReference",
    "Coding",
    "Quantity",
    "code",
    "string",
    "uri",
];
/// Of the types below, those with a length.
const WITH_LENGTH: [&str; 6] = ["canonical", "code", "id", "markdown", "string", "uri"];
pub(super) const TYPES: [&str; 18] = [
    "string",
    "Coding",
    "CodeableConcept",
    "Quantity",
    "Reference",
    "code",
    "uri",
    "boolean",
    "integer",
    "decimal",
    "dateTime",
    "markdown",
    "canonical",
    "Identifier",
    "Period",
    "id",
    "CodeableReference",
    "HumanName",
];

/// Where what is said of a value belongs: of a choice, by type.
pub(super) type Spots = Vec<(Option<String>, Vec<String>)>;

fn places<'s>(spots: &'s Spots, is: impl Fn(&str) -> bool + 's) -> Vec<String> {
    let fitting = spots
        .iter()
        .filter(|(name, _)| name.as_deref().is_none_or(&is));
    fitting
        .flat_map(|(_, places)| places.iter().cloned())
        .collect()
}

impl Generator<'_> {
    /// A JSON string.
    pub(super) fn text(&mut self) -> String {
        self.tape
            .pick(&[
                "\"a\"",
                r#""\"quoted\" \\ \/ \n\t\u0001""#,
                r#""\u00e9\ud83d\ude00""#,
                "\"\u{e9}\u{1f600}\u{fffd}\u{7f}\"",
                r#""lone \ud800""#,
                r#""\udc00\ud800 both""#,
                r#""nul \u0000 { [ , : ] }""#,
                r#""ends with \\""#,
                r#""  spaces  ""#,
                r#""__proto__""#,
            ])
            .to_owned()
    }

    pub(super) fn decimal(&mut self) -> &'static str {
        self.tape.pick(&[
            "1.500",
            "0",
            "0.10",
            "123456789012345678",
            "-0.000",
            "1E+5",
            "1e-7",
            "100000000000000000000000",
            "12345678901234567.8901234567890123450",
            "-1.0e400",
        ])
    }

    /// A value of a type, as JSON.
    pub(super) fn value(&mut self, type_name: &str) -> String {
        let text = self.text();
        let decimal = self.decimal();
        match type_name {
            "boolean" => self.tape.pick(&["true", "false"]).to_owned(),
            "integer" => self
                .tape
                .pick(&["1", "-7", "123456789012345678"])
                .to_owned(),
            "decimal" => decimal.to_owned(),
            "Coding" => format!(r#"{{"system":"http://s","code":{text},"_code":{{"id":"a"}}}}"#),
            "CodeableConcept" => {
                format!(r#"{{"coding":[{{"system":"http://s","code":{text}}}],"text":{text}}}"#)
            }
            "Quantity" => format!(r#"{{"value":{decimal},"unit":{text},"code":"kg"}}"#),
            "Identifier" => {
                format!(r#"{{"system":"urn:x","period":{{"start":"2020"}},"value":{text}}}"#)
            }
            "Reference" => format!(r#"{{"reference":"Patient/1","display":{text}}}"#),
            "CodeableReference" => format!(r#"{{"concept":{{"text":{text}}}}}"#),
            "Period" => r#"{"start":"2020-01-01T00:00:00Z","end":"2021"}"#.to_owned(),
            "HumanName" => {
                format!(r#"{{"family":{text},"given":["a",null],"_given":[null,{{"id":"b"}}]}}"#)
            }
            "dateTime" => quote("2020-02"),
            _ => text,
        }
    }

    /// Flags and the reason for one of them.
    pub(super) fn flags(&mut self, places: &[String]) -> Members {
        let mut members = Members::new();
        for name in ["mustSupport", "isModifier", "isSummary"] {
            let said = self.tape.below(6);
            if said > 3 {
                members.push(member(name, (said == 5).to_string()));
            }
            if said == 5 {
                self.put(places, name, "true");
            }
            if said == 5 && name == "isModifier" {
                let text = self.text();
                self.put(places, "isModifierReason", &canonical_text(&text));
                members.push(member("isModifierReason", text));
            }
        }
        members
    }

    pub(super) fn short(&mut self, places: &[String]) -> Members {
        if self.tape.chance(10) {
            return Members::new();
        }
        let text = self.text();
        self.put(places, "short", &canonical_text(&text));
        vec![member("short", text)]
    }

    pub(super) fn constraints(&mut self, places: &[String]) -> Members {
        let count = self.tape.below(6).saturating_sub(3);
        let mut all = Vec::new();
        for _ in 0..count {
            let key = self.name(&["k-", "ele-", "x \\\"\u{e9} ", "__"]);
            let human = self.text();
            let severity = self.tape.pick(&["error", "warning"]);
            let expression = self
                .tape
                .pick(&[r#""a.exists()""#, r#""(b = '\"') or\n c.matches('\\\\d')""#]);
            let mut said = vec![
                member("severity", quote(severity)),
                member("human", human.clone()),
                member("expression", expression),
            ];
            let fact = [
                member("severity", quote(severity)),
                member("human", canonical_text(&human)),
                member("expression", expression),
            ];
            self.put_json(places, &format!("constraint {key}"), &object(&fact));
            said.insert(self.tape.below(4), member("key", quote(&key)));
            said.push(member("xpath", quote("exists(f:a)")));
            said.push(member("source", quote("http://elsewhere")));
            all.push(object(&said));
        }
        if all.is_empty() {
            Members::new()
        } else {
            vec![member("constraint", list(&all))]
        }
    }

    /// A binding with what stands for it in the schema.
    pub(super) fn new_binding(&mut self, is_required: bool) -> (String, String, String) {
        let strength = self
            .tape
            .pick(&["required", "extensible", "preferred", "example"]);
        let strength = if is_required { "required" } else { strength };
        let set = self
            .tape
            .pick(&["http://v.org/a", "http://v.org/b|1.0", "urn:c"])
            .to_owned();
        let mut said = vec![
            member("strength", quote(strength)),
            member("valueSet", quote(&set)),
        ];
        let mut fact = said.clone();
        if self.tape.chance(5) {
            let url = format!("{CORE}elementdefinition-bindingName");
            let name = object(&[
                member("url", quote(&url)),
                member("valueString", quote("Set")),
            ]);
            said.insert(0, member("extension", format!("[{name}]")));
            fact.push(member("bindingName", quote("Set")));
        }
        if self.tape.chance(2) {
            // As R3 has it.
            let at = said
                .iter()
                .position(|(name, _)| name == "valueSet")
                .unwrap();
            said[at] = if self.tape.chance(8) {
                member("valueSetUri", quote(&set))
            } else {
                member(
                    "valueSetReference",
                    object(&[member("reference", quote(&set))]),
                )
            };
        }
        if self.tape.chance(5) {
            said.push(member("description", quote("what it is")));
        }
        (object(&said), object(&fact), set)
    }

    pub(super) fn binding(&mut self, places: &[String]) -> Members {
        let (said, fact, set) = self.new_binding(false);
        self.put_json(places, "binding", &fact);
        self.need("Binding", &set);
        vec![member("binding", said)]
    }

    /// A fixed value or a pattern of a type.
    pub(super) fn constant(&mut self, places: &[String], kind: &str, type_name: &str) -> Members {
        let value = self.value(type_name);
        self.constant_of(places, kind, type_name, &value)
    }

    pub(super) fn constant_of(
        &mut self,
        places: &[String],
        kind: &str,
        type_name: &str,
        value: &str,
    ) -> Members {
        self.put_json(places, kind, &typed_value(type_name, value));
        vec![member(&format!("{kind}{}", suffix(type_name)), value)]
    }

    /// Everything else that may be said of a value of one of these types.
    pub(super) fn describe(&mut self, spots: &Spots, types: &[String]) -> Members {
        let all = places(spots, |_| true);
        let mut members = self.constraints(&all);
        let of_choice = spots.iter().any(|(name, _)| name.is_some());
        let may_bind = types.is_empty() || types.iter().any(|name| CODED.contains(&name.as_str()));
        if may_bind && self.tape.chance(5) {
            members.extend(self.binding(&places(spots, |name| CODED.contains(&name))));
        }
        let known: Vec<&str> = types
            .iter()
            .map(String::as_str)
            .filter(|name| TYPES.contains(name))
            .collect();
        let one = if known.is_empty() {
            self.tape.pick(&TYPES)
        } else {
            self.tape.pick(&known)
        };
        let fitting = places(spots, |name| name == one);
        if (!of_choice || !known.is_empty()) && self.tape.chance(5) {
            let kind = self.tape.pick(&["pattern", "fixed"]);
            members.extend(self.constant(&fitting, kind, one));
        }
        if (!of_choice || !known.is_empty()) && self.tape.chance(3) {
            for start in ["minValue", "maxValue"] {
                let value = self.value(one);
                let name = format!("{start}{}", suffix(one));
                self.put_json(&fitting, &name, &value);
                members.push(member(&name, value));
            }
        }
        let may_be_long = types.is_empty()
            || types
                .iter()
                .any(|name| WITH_LENGTH.contains(&name.as_str()));
        if may_be_long && self.tape.chance(3) {
            let length = self.tape.pick(&["1", "20", "1048576"]);
            self.put(
                &places(spots, |name| WITH_LENGTH.contains(&name)),
                "maxLength",
                length,
            );
            members.push(member("maxLength", length));
        }
        members
    }

    /// A type with its profiles and targets: name, text, profiles, targets.
    pub(super) fn type_of(&mut self, name: &str) -> Type {
        let mut members = vec![member("code", quote(name))];
        let (mut profiles, mut targets) = (Vec::new(), Vec::new());
        if self.tape.chance(4) {
            for _ in 0..=self.tape.below(2) {
                let profile = self.name(&["http://p.org/", "urn:p:", "http://p.org/v|1.0&n="]);
                profiles.push(profile);
            }
            members.push(member("profile", texts(&profiles)));
            if self.tape.chance(3) {
                let url = format!("{CORE}elementdefinition-profile-element");
                let extension = object(&[
                    member("url", quote(&url)),
                    member("valueString", quote("A.b:c")),
                ]);
                members.push(member(
                    "_profile",
                    format!(r#"[{{"extension":[{extension}]}}]"#),
                ));
                profiles[0].push_str("#A.b:c");
            }
        }
        if ["Reference", "canonical", "CodeableReference"].contains(&name) && self.tape.chance(10) {
            for _ in 0..=self.tape.below(3) {
                let target = self.tape.pick(&["Patient", "Group", "Observation"]);
                let target = format!("{CORE}{target}");
                let other = self.name(&["http://p.org/t"]);
                targets.push(if self.tape.chance(8) { other } else { target });
            }
            targets.sort();
            targets.dedup();
            members.push(member("targetProfile", texts(&targets)));
        }
        Type {
            name: name.to_owned(),
            text: object(&members),
            profiles,
            targets,
        }
    }
}

/// One type that an element may have.
#[derive(Clone, Debug)]
pub(super) struct Type {
    pub(super) name: String,
    pub(super) text: String,
    pub(super) profiles: Vec<String>,
    pub(super) targets: Vec<String>,
}

/// A match as it stands in a schema.
pub(super) fn match_of(kind: &str, resolves: bool, value: &str) -> String {
    let mut members = vec![member("type", quote(kind)), member("value", value)];
    if resolves {
        members.push(member("resolve-ref", "true"));
    }
    canonical(&object(&members))
}
