//! What tells slices apart, and what their schemas have to say of it.

use super::elements::bound_members;
use super::values::{Type, match_of};
use super::{At, CORE, Generator, suffix, typed_value};
use crate::document::{Members, list, member, object, texts};
use crate::json::quote;

/// A way of telling slices apart.
#[derive(Clone, Copy, Debug)]
pub(super) struct Mode {
    way: Way,
    /// Max of the element that the path begins with.
    max: &'static str,
    path: &'static str,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Way {
    Value,
    ValueInPattern,
    ValueBelow,
    This,
    ThisBelow,
    TwoValues,
    ValueAndExists,
    TypeOfResource,
    TypeOfChoice,
    TypeOfTarget,
    TypeOfOwnTarget,
    TypeOfThis,
    ProfileOfThis,
    ProfileOfResource,
    ProfileOfTarget,
    ProfileInstead,
    Exists,
    Binding,
    BindingOfThis,
    Position,
    Choice,
    InChoice,
    Extension,
    ValueBehindTarget,
}

const WAYS: [Way; 24] = [
    Way::Value, Way::ValueInPattern, Way::ValueBelow, Way::This, Way::ThisBelow, Way::TwoValues, Way::ValueAndExists,
    Way::TypeOfResource, Way::TypeOfChoice, Way::TypeOfTarget, Way::TypeOfOwnTarget, Way::TypeOfThis,
    Way::ProfileOfThis, Way::ProfileOfResource, Way::ProfileOfTarget, Way::ProfileInstead, Way::Exists, Way::Binding,
    Way::BindingOfThis, Way::Position, Way::Choice, Way::InChoice, Way::Extension, Way::ValueBehindTarget,
];
const EXTENSION: &str = "http://e.org/marker";

impl Mode {
    pub(super) fn discriminators(&self) -> Vec<(&'static str, &'static str)> {
        match self.way {
            Way::Value | Way::Binding | Way::ProfileInstead => vec![("value", "code")],
            Way::ValueInPattern | Way::ValueBelow => vec![("value", "code.coding.code")],
            Way::This | Way::ThisBelow | Way::BindingOfThis => vec![(self.path, "$this")],
            Way::TwoValues => vec![("value", "code"), ("pattern", "sub.system")],
            Way::ValueAndExists => vec![("exists", "flag"), ("value", "code")],
            Way::TypeOfResource => vec![("type", "resource")],
            Way::TypeOfChoice => vec![("type", "value")],
            Way::TypeOfTarget => vec![("type", "item.resolve()")],
            Way::TypeOfOwnTarget => vec![("type", self.path)],
            Way::TypeOfThis => vec![("type", "$this")],
            Way::ProfileOfThis => vec![("profile", "$this")],
            Way::ProfileOfResource => vec![("profile", "resource")],
            Way::ProfileOfTarget => vec![("profile", "item.resolve()")],
            Way::Exists => vec![("exists", "flag")],
            Way::Position => vec![("position", "$this")],
            Way::Choice | Way::InChoice | Way::Extension => vec![("value", self.path)],
            Way::ValueBehindTarget => vec![("value", "item.resolve().code")],
        }
    }

    pub(super) fn is_by_position(&self) -> bool {
        self.way == Way::Position
    }

    /// Whether the slice's own element says nothing of it.
    pub(super) fn is_below_only(&self) -> bool {
        !matches!(
            self.way,
            Way::This
                | Way::TypeOfOwnTarget
                | Way::TypeOfThis
                | Way::ProfileOfThis
                | Way::ProfileInstead
                | Way::BindingOfThis
                | Way::Position
        )
    }

    /// Whether all that is below the slice counts.
    pub(super) fn takes_all_below(&self) -> bool {
        matches!(self.way, Way::ThisBelow | Way::BindingOfThis)
    }
}

/// A text, or a list of several.
fn one_or_many(all: &[String]) -> String {
    match all {
        [one] => quote(one),
        several => texts(several),
    }
}

fn at(name: &str, value: &str) -> String {
    object(&[member(name, value)])
}

impl Generator<'_> {
    pub(super) fn mode(&mut self) -> Mode {
        let way = self.tape.pick(&WAYS);
        let knows_lists = self.is_new || !matches!(self.source, super::Source::Differential);
        let way = if way == Way::ProfileInstead && self.has_base() { Way::Value } else { way };
        let way = if matches!(way, Way::Binding | Way::BindingOfThis) && self.is_in_snapshot_only() { Way::Value } else { way };
        let way = if way == Way::ValueBelow && !knows_lists { Way::Value } else { way };
        let may_repeat = matches!(way, Way::Value | Way::ValueInPattern | Way::ValueBelow | Way::TwoValues);
        let max = if may_repeat && knows_lists { self.tape.pick(&["1", "*"]) } else { "1" };
        let path = match way {
            Way::This | Way::ThisBelow | Way::BindingOfThis => self.tape.pick(&["value", "pattern"]),
            Way::TypeOfOwnTarget => self.tape.pick(&["resolve()", "$this.resolve()"]),
            Way::Choice => self.tape.pick(&["value", "value.ofType(CodeableConcept)", "(value as CodeableConcept)"]),
            Way::InChoice => self.tape.pick(&["value.code", "value.ofType(Coding).code", "(value as Coding).code"]),
            Way::Extension => "extension('http://e.org/marker').value",
            _ => "",
        };
        Mode { way, max, path }
    }

    /// An element with what `say` adds to it.
    pub(super) fn leaf(&mut self, at: &At, max: &str, say: impl FnOnce(&mut Self, &At) -> Members) {
        self.generally(at, max, Members::new());
        let mut members = self.bounds(at, max, false);
        members.extend(say(self, at));
        self.indexed(&at.places);
        self.emit(at, None, max, members);
    }

    /// An element on the way to another one, which may go unsaid.
    fn step(&mut self, at: &At, max: &str) {
        if self.may_skip() {
            self.generally(at, max, Members::new());
        } else {
            self.leaf(at, max, |_, _| Members::new());
        }
    }

    /// Makes a slice one of its own: members of its element, and its match.
    pub(super) fn fill(&mut self, mode: &Mode, slice: &At, order: usize) -> (Members, String) {
        let below = |found: String| (Members::new(), found);
        let listed = |value: String| if mode.max == "1" { value } else { format!("[{value}]") };
        match mode.way {
            Way::Value => below(match_of("pattern", false, &self.value_at(slice, mode.max))),
            Way::ValueInPattern => {
                let codes = [self.text(), self.text()];
                let count = 1 + self.tape.below(2);
                let coding = |code: &String| format!(r#"{{"system":"http://s","code":{code}}}"#);
                let pattern: Vec<_> = codes.iter().take(count).map(coding).collect();
                let pattern = format!(r#"{{"coding":{},"text":"t"}}"#, list(&pattern));
                self.leaf(&slice.child("code"), mode.max, |generator, at| {
                    generator.constant_of(&at.places, "pattern", "CodeableConcept", &pattern)
                });
                let cut: Vec<_> = codes.iter().take(count).map(|code| at("code", code)).collect();
                let cut = listed(at("coding", &list(&cut)));
                below(match_of("pattern", false, &at("code", &cut)))
            }
            Way::ValueBelow => {
                let code = self.text();
                self.step(&slice.child("code"), mode.max);
                self.step(&slice.child("code").child("coding"), "*");
                self.leaf(&slice.child("code").child("coding").child("code"), "1", |generator, at| {
                    generator.constant_of(&at.places, "fixed", "code", &code)
                });
                let value = listed(format!(r#"{{"coding":[{{"code":{code}}}]}}"#));
                below(match_of("pattern", false, &at("code", &value)))
            }
            Way::This => {
                let type_name = self.tape.pick(&["CodeableConcept", "code", "Coding", "decimal", "Identifier"]);
                let kind = self.tape.pick(&["pattern", "fixed"]);
                let value = self.value(type_name);
                let own = self.constant_of(&slice.places, kind, type_name, &value);
                (own, match_of("pattern", false, &value))
            }
            Way::ThisBelow => {
                let (system, code) = (self.text(), self.text());
                for (name, type_name, value) in [("system", "uri", &system), ("code", "code", &code)] {
                    self.leaf(&slice.child(name), "1", |generator, at| {
                        generator.constant_of(&at.places, "fixed", type_name, value)
                    });
                }
                let value = object(&[member("system", system), member("code", code)]);
                below(match_of("pattern", false, &value))
            }
            Way::TwoValues => {
                let code = self.value_at(slice, mode.max);
                let system = self.text();
                self.step(&slice.child("sub"), "1");
                self.leaf(&slice.child("sub").child("system"), "1", |generator, at| {
                    generator.constant_of(&at.places, "fixed", "uri", &system)
                });
                // Both are objects of one member.
                let code = code.strip_suffix('}').unwrap();
                let value = format!(r#"{code},"sub":{{"system":{system}}}}}"#);
                below(match_of("pattern", false, &value))
            }
            Way::ValueAndExists => {
                let value = typed_value("pattern", &self.value_at(slice, "1"));
                let exists = typed_value("exists", &self.exists_at(slice));
                below(match_of("all", false, &list(&[exists, value])))
            }
            Way::Exists => below(match_of("exists", false, &self.exists_at(slice))),
            Way::TypeOfResource | Way::ProfileOfResource => {
                let is_by_type = mode.way == Way::TypeOfResource;
                let mut types = vec![Type::bare("Patient")];
                if is_by_type && self.tape.chance(4) {
                    types.push(Type::bare("Group"));
                }
                if !is_by_type {
                    types = vec![self.profiled("Patient")];
                }
                self.leaf(&slice.child("resource"), "1", |generator, at| generator.say_types(&at.places, &types));
                let names: Vec<_> = types.iter().map(|one| one.name.clone()).collect();
                let value = if is_by_type { at("resourceType", &one_or_many(&names)) } else { one_or_many(&types[0].profiles) };
                let kind = if is_by_type { "type" } else { "profile" };
                below(match_of(kind, false, &at("resource", &value)))
            }
            Way::TypeOfChoice => {
                let types = self.some_types(3);
                self.choice_element(&slice.child("value[x]"), "value", &types, Members::new(), false);
                let names: Vec<_> = types.iter().map(|one| one.name.clone()).collect();
                below(match_of("type", false, &at("value", &one_or_many(&names))))
            }
            Way::TypeOfTarget | Way::ProfileOfTarget | Way::ValueBehindTarget => {
                let (reference, names) = self.reference(mode.way == Way::TypeOfTarget);
                let kind = if mode.way == Way::TypeOfTarget { "type" } else { "profile" };
                self.leaf(&slice.child("item"), "1", |generator, at| generator.say_types(&at.places, &[reference]));
                below(match_of(kind, true, &at("item", &one_or_many(&names))))
            }
            Way::TypeOfOwnTarget => {
                let (reference, names) = self.reference(true);
                let own = self.say_types(&slice.places, &[reference]);
                (own, match_of("type", true, &one_or_many(&names)))
            }
            Way::TypeOfThis => {
                let own = self.say_types(&slice.places, &[Type::bare("Patient")]);
                (own, match_of("type", false, &at("resourceType", "\"Patient\"")))
            }
            Way::ProfileOfThis | Way::ProfileInstead => {
                let is_bare = mode.way == Way::ProfileOfThis && self.tape.chance(4);
                let one = if is_bare { Type::bare("Quantity") } else { self.profiled("Quantity") };
                let own = self.say_types(&slice.places, std::slice::from_ref(&one));
                let profiles = if is_bare { vec![format!("{CORE}Quantity")] } else { one.profiles };
                for profile in &profiles {
                    self.need("Profile", profile);
                }
                (own, match_of("profile", false, &one_or_many(&profiles)))
            }
            Way::Binding | Way::BindingOfThis => {
                let (said, fact, set) = self.new_binding();
                self.need("Binding", &set);
                let strength = fact.split("\"valueSet\"").next().unwrap();
                let value = format!("{strength}\"valueSet\":{}}}", quote(&set));
                if mode.way == Way::BindingOfThis {
                    self.put_json(&slice.places, "binding", &fact);
                    return (vec![member("binding", said)], match_of("binding", false, &value));
                }
                self.leaf(&slice.child("code"), "1", |generator, at| {
                    generator.put_json(&at.places, "binding", &fact);
                    vec![member("binding", said)]
                });
                below(match_of("binding", false, &at("code", &value)))
            }
            Way::Position => below(match_of("position", false, &order.to_string())),
            Way::Choice | Way::InChoice => {
                let type_name = if mode.way == Way::Choice { "CodeableConcept" } else { "Coding" };
                let value = self.value(type_name);
                let child = slice.child("value[x]");
                let more = self.constant_of(&child.typed(type_name), "pattern", type_name, &value);
                self.choice_element(&child, "value", &[Type::bare(type_name)], more, false);
                let code = crate::json::Json::parse(&value).unwrap();
                let code = code.get("code").map_or(value, |code| at("code", &code.compact()));
                below(match_of("pattern", false, &at(&format!("value{}", suffix(type_name)), &code)))
            }
            Way::Extension => {
                let parent = slice.child("extension");
                self.slice_extensions(&parent);
                let extension = self.profiled_extension(slice, &parent, "marker", Some(EXTENSION));
                let child = extension.child("value[x]");
                let value = self.text();
                let more = self.constant_of(&child.typed("code"), "fixed", "code", &value);
                self.choice_element(&child, "value", &[Type::bare("code")], more, false);
                let one = object(&[member("url", quote(EXTENSION)), member("valueCode", value)]);
                below(match_of("pattern", false, &at("extension", &format!("[{one}]"))))
            }
        }
    }

    /// A child `code` with a constant; what the data must contain then.
    fn value_at(&mut self, slice: &At, max: &str) -> String {
        let type_name = self.tape.pick(&["code", "CodeableConcept", "Coding", "decimal", "boolean"]);
        let kind = self.tape.pick(&["pattern", "fixed"]);
        let value = self.value(type_name);
        self.leaf(&slice.child("code"), max, |generator, at| {
            generator.constant_of(&at.places, kind, type_name, &value)
        });
        at("code", &if max == "1" { value } else { format!("[{value}]") })
    }

    /// A child `flag` that must, or must not, be there.
    fn exists_at(&mut self, slice: &At) -> String {
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
        at("flag", &is_there.to_string())
    }

    fn profiled(&mut self, name: &str) -> Type {
        let mut profiles = vec![self.name(&["http://p.org/"])];
        if self.tape.chance(5) {
            profiles.push(self.name(&["http://p.org/other|1.0-"]));
        }
        let text = object(&[member("code", quote(name)), member("profile", texts(&profiles))]);
        Type { text, profiles, ..Type::bare(name) }
    }

    /// A reference, and what a match says of its targets: names of types, or profiles.
    fn reference(&mut self, of_types: bool) -> (Type, Vec<String>) {
        let mut names = vec![self.tape.pick(&["Patient", "Group", "Device"]).to_owned()];
        if self.tape.chance(5) {
            names.push("Practitioner".to_owned());
        }
        let start = if of_types { CORE } else { "http://p.org/t-" };
        let targets: Vec<_> = names.iter().map(|name| format!("{start}{name}")).collect();
        let text = object(&[member("code", quote("Reference")), member("targetProfile", texts(&targets))]);
        let names = if of_types { names } else { targets.clone() };
        if !of_types {
            for target in &targets {
                self.need("Profile", target);
            }
        }
        (Type { text, targets, ..Type::bare("Reference") }, names)
    }
}

impl Type {
    pub(super) fn bare(name: &str) -> Self {
        Self {
            name: name.to_owned(),
            text: object(&[member("code", quote(name))]),
            profiles: Vec::new(),
            targets: Vec::new(),
        }
    }
}
