//! Slices that are told apart by types, profiles, and what their references point to.

use super::matches::{one_or_many, under};
use super::values::{Type, match_of};
use super::{At, CORE, Generator};
use crate::document::{Members, member, object, texts};
use crate::json::quote;

impl Generator<'_> {
    pub(super) fn type_of_resource(&mut self, slice: &At) -> String {
        let mut types = vec![Type::bare("Patient")];
        if self.tape.chance(4) {
            types.push(Type::bare("Group"));
        }
        self.leaf(&slice.child("resource"), "1", |generator, at| {
            generator.say_types(&at.places, &types)
        });
        let names: Vec<_> = types.iter().map(|one| one.name.clone()).collect();
        let value = under("resourceType", &one_or_many(&names));
        match_of("type", false, &under("resource", &value))
    }

    pub(super) fn profile_of_resource(&mut self, slice: &At) -> String {
        let one = self.profiled("Patient");
        self.leaf(&slice.child("resource"), "1", |generator, at| {
            generator.say_types(&at.places, std::slice::from_ref(&one))
        });
        let value = one_or_many(&one.profiles);
        match_of("profile", false, &under("resource", &value))
    }

    pub(super) fn type_of_choice(&mut self, slice: &At) -> String {
        let types = self.some_types(3);
        let child = slice.child("value[x]");
        self.choice_element(&child, "value", &types, Members::new(), false);
        let names: Vec<_> = types.iter().map(|one| one.name.clone()).collect();
        match_of("type", false, &under("value", &one_or_many(&names)))
    }

    /// What a reference below points to.
    pub(super) fn target(&mut self, slice: &At, is_by_type: bool) -> String {
        let (reference, names) = self.reference(is_by_type);
        self.leaf(&slice.child("item"), "1", |generator, at| {
            generator.say_types(&at.places, &[reference])
        });
        let kind = if is_by_type { "type" } else { "profile" };
        match_of(kind, true, &under("item", &one_or_many(&names)))
    }

    /// The profiles of the slice's type, or the type itself.
    pub(super) fn own_profile(&mut self, slice: &At, may_be_bare: bool) -> (Members, String) {
        let is_bare = may_be_bare && self.tape.chance(4);
        let one = if is_bare {
            Type::bare("Quantity")
        } else {
            self.profiled("Quantity")
        };
        let own = self.say_types(&slice.places, std::slice::from_ref(&one));
        let profiles = if is_bare {
            vec![format!("{CORE}Quantity")]
        } else {
            one.profiles
        };
        for profile in &profiles {
            self.need("Profile", profile);
        }
        (own, match_of("profile", false, &one_or_many(&profiles)))
    }

    fn profiled(&mut self, name: &str) -> Type {
        let mut profiles = vec![self.name(&["http://p.org/"])];
        if self.tape.chance(5) {
            profiles.push(self.name(&["http://p.org/other|1.0-"]));
        }
        let text = object(&[
            member("code", quote(name)),
            member("profile", texts(&profiles)),
        ]);
        Type {
            text,
            profiles,
            ..Type::bare(name)
        }
    }

    /// A reference, and what a match says of its targets: names of types, or profiles.
    pub(super) fn reference(&mut self, of_types: bool) -> (Type, Vec<String>) {
        let mut names = vec![self.tape.pick(&["Patient", "Group", "Device"]).to_owned()];
        if self.tape.chance(5) {
            names.push("Practitioner".to_owned());
        }
        // By a profile that another slice has as well, nothing could be told.
        let start = if of_types {
            CORE.to_owned()
        } else {
            self.name(&["http://p.org/t-"])
        };
        let targets: Vec<_> = names.iter().map(|name| format!("{start}{name}")).collect();
        let text = object(&[
            member("code", quote("Reference")),
            member("targetProfile", texts(&targets)),
        ]);
        let names = if of_types { names } else { targets.clone() };
        if !of_types {
            for target in &targets {
                self.need("Profile", target);
            }
        }
        (
            Type {
                text,
                targets,
                ..Type::bare("Reference")
            },
            names,
        )
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
