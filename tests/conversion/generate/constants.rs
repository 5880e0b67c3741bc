//! Slices that are told apart by constants, bindings, or whether something is there.

use super::elements::bound_members;
use super::matches::under;
use super::values::{Type, match_of};
use super::{At, Generator, suffix};
use crate::document::{Members, list, member, object};
use crate::json::{Json, quote};

const EXTENSION: &str = "http://e.org/marker";

impl Generator<'_> {
    /// A pattern of which a part counts.
    pub(super) fn value_in_pattern(&mut self, slice: &At, max: &str) -> String {
        let listed = |value: String| {
            if max == "1" {
                value
            } else {
                format!("[{value}]")
            }
        };

        let codes = [self.text(), self.text()];
        let count = 1 + self.tape.below(2);
        let coding = |code: &String| format!(r#"{{"system":"http://s","code":{code}}}"#);
        let pattern: Vec<_> = codes.iter().take(count).map(coding).collect();
        let pattern = format!(r#"{{"coding":{},"text":"t"}}"#, list(&pattern));
        self.leaf(&slice.child("code"), max, |generator, at| {
            generator.constant_of(&at.places, "pattern", "CodeableConcept", &pattern)
        });
        let cut: Vec<_> = codes
            .iter()
            .take(count)
            .map(|code| under("code", code))
            .collect();
        let cut = listed(under("coding", &list(&cut)));
        match_of("pattern", false, &under("code", &cut))
    }

    /// A constant some elements below.
    pub(super) fn value_below(&mut self, slice: &At, max: &str) -> String {
        let listed = |value: String| {
            if max == "1" {
                value
            } else {
                format!("[{value}]")
            }
        };

        let code = self.text();
        self.step(&slice.child("code"), max);
        self.step(&slice.child("code").child("coding"), "*");
        self.leaf(
            &slice.child("code").child("coding").child("code"),
            "1",
            |generator, at| generator.constant_of(&at.places, "fixed", "code", &code),
        );
        let value = listed(format!(r#"{{"coding":[{{"code":{code}}}]}}"#));
        match_of("pattern", false, &under("code", &value))
    }

    /// A constant of the slice itself.
    pub(super) fn own_value(&mut self, slice: &At) -> (Members, String) {
        let type_name =
            self.tape
                .pick(&["CodeableConcept", "code", "Coding", "decimal", "Identifier"]);
        let kind = self.tape.pick(&["pattern", "fixed"]);
        let value = self.value(type_name);
        let own = self.constant_of(&slice.places, kind, type_name, &value);
        (own, match_of("pattern", false, &value))
    }

    /// Constants below that make up the value.
    pub(super) fn values_below(&mut self, slice: &At) -> String {
        let (system, code) = (self.text(), self.text());
        for (name, type_name, value) in [("system", "uri", &system), ("code", "code", &code)] {
            self.leaf(&slice.child(name), "1", |generator, at| {
                generator.constant_of(&at.places, "fixed", type_name, value)
            });
        }
        let value = object(&[member("system", system), member("code", code)]);
        match_of("pattern", false, &value)
    }

    /// Constants at two paths.
    pub(super) fn two_values(&mut self, slice: &At, max: &str) -> String {
        let code = self.value_at(slice, max);
        let system = self.text();
        self.step(&slice.child("sub"), "1");
        self.leaf(&slice.child("sub").child("system"), "1", |generator, at| {
            generator.constant_of(&at.places, "fixed", "uri", &system)
        });
        // Both are objects of one member.
        let code = code.strip_suffix('}').unwrap();
        let value = format!(r#"{code},"sub":{{"system":{system}}}}}"#);
        match_of("pattern", false, &value)
    }

    /// A constant of a choice of one type, or a part of it.
    pub(super) fn value_of_choice(&mut self, slice: &At, type_name: &str) -> String {
        let value = self.value(type_name);
        let child = slice.child("value[x]");
        let constant = self.constant_of(&child.typed(type_name), "pattern", type_name, &value);
        self.choice_element(&child, "value", &[Type::bare(type_name)], constant, false);
        let code = Json::parse(&value).unwrap();
        let code = code
            .get("code")
            .map_or(value, |code| under("code", &code.compact()));
        match_of(
            "pattern",
            false,
            &under(&format!("value{}", suffix(type_name)), &code),
        )
    }

    /// A constant of an extension.
    pub(super) fn value_of_extension(&mut self, slice: &At) -> String {
        let parent = slice.child("extension");
        self.slice_extensions(&parent);
        let extension = self.profiled_extension(slice, &parent, "marker", Some(EXTENSION));
        let child = extension.child("value[x]");
        let value = self.text();
        let constant = self.constant_of(&child.typed("code"), "fixed", "code", &value);
        self.choice_element(&child, "value", &[Type::bare("code")], constant, false);
        let one = object(&[member("url", quote(EXTENSION)), member("valueCode", value)]);
        match_of("pattern", false, &under("extension", &format!("[{one}]")))
    }

    /// A binding, with what a match says of it.
    fn telling_binding(&mut self) -> (String, String, String) {
        // Of weaker ones, a snapshot repeats those of the type.
        let (said, fact, set) = self.new_binding(self.is_in_snapshot_only());
        self.need("Binding", &set);
        let strength = fact.split("\"valueSet\"").next().unwrap();
        let value = format!("{strength}\"valueSet\":{}}}", quote(&set));
        (said, fact, value)
    }

    pub(super) fn binding_at(&mut self, slice: &At) -> String {
        let (said, fact, value) = self.telling_binding();
        self.leaf(&slice.child("code"), "1", |generator, at| {
            generator.put_json(&at.places, "binding", &fact);
            vec![member("binding", said)]
        });
        match_of("binding", false, &under("code", &value))
    }

    pub(super) fn own_binding(&mut self, slice: &At) -> (Members, String) {
        let (said, fact, value) = self.telling_binding();
        self.put_json(&slice.places, "binding", &fact);
        (
            vec![member("binding", said)],
            match_of("binding", false, &value),
        )
    }

    /// A child `code` with a constant; what the data must contain then.
    pub(super) fn value_at(&mut self, slice: &At, max: &str) -> String {
        let type_name =
            self.tape
                .pick(&["code", "CodeableConcept", "Coding", "decimal", "boolean"]);
        let kind = self.tape.pick(&["pattern", "fixed"]);
        let value = self.value(type_name);
        self.leaf(&slice.child("code"), max, |generator, at| {
            generator.constant_of(&at.places, kind, type_name, &value)
        });
        under(
            "code",
            &if max == "1" {
                value
            } else {
                format!("[{value}]")
            },
        )
    }

    /// A child `flag` that must, or must not, be there.
    pub(super) fn exists_at(&mut self, slice: &At) -> String {
        let child = slice.child("flag");
        let is_there = self.is_new || self.tape.chance(8);
        self.generally(&child, "1", Members::new());
        if is_there {
            self.put(&child.places, "required", "");
            if self.is_new {
                self.put(&child.places, "scalar", "true");
            }
        } else {
            self.put(&child.places, "excluded", "");
        }
        let says_max = !is_there || self.is_explicit() || self.has_base();
        let (min, max) = if is_there { (1, "1") } else { (0, "0") };
        let members = bound_members(Some(min), says_max.then_some(max));
        self.indexed(&child.places);
        self.emit(&child, None, "1", members);
        under("flag", &is_there.to_string())
    }
}
