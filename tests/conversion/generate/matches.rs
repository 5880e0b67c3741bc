//! What tells slices apart, and what their schemas have to say of it.

use super::values::{Type, match_of};
use super::{At, Generator, typed_value};
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
    Way::Value,
    Way::ValueInPattern,
    Way::ValueBelow,
    Way::This,
    Way::ThisBelow,
    Way::TwoValues,
    Way::ValueAndExists,
    Way::TypeOfResource,
    Way::TypeOfChoice,
    Way::TypeOfTarget,
    Way::TypeOfOwnTarget,
    Way::TypeOfThis,
    Way::ProfileOfThis,
    Way::ProfileOfResource,
    Way::ProfileOfTarget,
    Way::ProfileInstead,
    Way::Exists,
    Way::Binding,
    Way::BindingOfThis,
    Way::Position,
    Way::Choice,
    Way::InChoice,
    Way::Extension,
    Way::ValueBehindTarget,
];

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
pub(super) fn one_or_many(all: &[String]) -> String {
    match all {
        [one] => quote(one),
        several => texts(several),
    }
}

pub(super) fn under(name: &str, value: &str) -> String {
    object(&[member(name, value)])
}

impl Generator<'_> {
    pub(super) fn mode(&mut self) -> Mode {
        let way = self.tape.pick(&WAYS);
        let knows_lists = self.is_new || !matches!(self.source, super::Source::Differential);
        let way = if way == Way::ValueBelow && !knows_lists {
            Way::Value
        } else {
            way
        };
        let may_repeat = matches!(
            way,
            Way::Value | Way::ValueInPattern | Way::ValueBelow | Way::TwoValues
        );
        let max = if may_repeat && knows_lists {
            self.tape.pick(&["1", "*"])
        } else {
            "1"
        };
        let path = match way {
            Way::This | Way::ThisBelow | Way::BindingOfThis => {
                self.tape.pick(&["value", "pattern"])
            }
            Way::TypeOfOwnTarget => self.tape.pick(&["resolve()", "$this.resolve()"]),
            Way::Choice => self.tape.pick(&[
                "value",
                "value.ofType(CodeableConcept)",
                "(value as CodeableConcept)",
            ]),
            Way::InChoice => self.tape.pick(&[
                "value.code",
                "value.ofType(Coding).code",
                "(value as Coding).code",
            ]),
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
    pub(super) fn step(&mut self, at: &At, max: &str) {
        if self.may_skip() {
            self.generally(at, max, Members::new());
        } else {
            self.leaf(at, max, |_, _| Members::new());
        }
    }

    /// Makes a slice one of its own: members of its element, and its match.
    pub(super) fn fill(&mut self, mode: &Mode, slice: &At, order: usize) -> (Members, String) {
        let found = match mode.way {
            Way::Value => match_of("pattern", false, &self.value_at(slice, mode.max)),
            Way::ValueInPattern => self.value_in_pattern(slice, mode.max),
            Way::ValueBelow => self.value_below(slice, mode.max),
            Way::This => return self.own_value(slice),
            Way::ThisBelow => self.values_below(slice),
            Way::TwoValues => self.two_values(slice, mode.max),
            Way::ValueAndExists => {
                let value = typed_value("pattern", &self.value_at(slice, "1"));
                let exists = typed_value("exists", &self.exists_at(slice));
                match_of("all", false, &list(&[exists, value]))
            }
            Way::Exists => match_of("exists", false, &self.exists_at(slice)),
            Way::Choice => self.value_of_choice(slice, "CodeableConcept"),
            Way::InChoice => self.value_of_choice(slice, "Coding"),
            Way::Extension => self.value_of_extension(slice),
            Way::Position => match_of("position", false, &order.to_string()),
            Way::Binding => self.binding_at(slice),
            Way::BindingOfThis => return self.own_binding(slice),
            Way::TypeOfResource => self.type_of_resource(slice),
            Way::ProfileOfResource => self.profile_of_resource(slice),
            Way::TypeOfChoice => self.type_of_choice(slice),
            Way::TypeOfTarget => self.target(slice, true),
            Way::ProfileOfTarget | Way::ValueBehindTarget => self.target(slice, false),
            Way::TypeOfOwnTarget => {
                let (reference, names) = self.reference(true);
                let own = self.say_types(&slice.places, &[reference]);
                return (own, match_of("type", true, &one_or_many(&names)));
            }
            Way::TypeOfThis => {
                let own = self.say_types(&slice.places, &[Type::bare("Patient")]);
                let value = under("resourceType", "\"Patient\"");
                return (own, match_of("type", false, &value));
            }
            Way::ProfileOfThis => return self.own_profile(slice, true),
            Way::ProfileInstead => return self.own_profile(slice, false),
        };
        (Members::new(), found)
    }
}
