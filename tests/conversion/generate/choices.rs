//! Choices, `value[x]`, with what is below them and their slices.

use super::elements::bound_members;
use super::values::{Spots, Type};
use super::{At, Generator, suffix, typed_value};
use crate::document::{Members, list, member, object, texts};
use crate::json::{canonical, quote};

impl Generator<'_> {
    /// A choice of any kind.
    pub(super) fn choice(&mut self, parent: &At, depth: usize) {
        let stem = self.name(&["value", "onset"]);
        let at = parent.child(&format!("{stem}[x]"));
        let mut types = self.some_types(4);
        if self.tape.chance(8) {
            types.extend(self.some_types(3));
            types.sort_by(|one, other| one.name.cmp(&other.name));
            types.dedup_by(|one, other| one.name == other.name);
        }
        let texts: Vec<_> = types.iter().map(|one| one.text.clone()).collect();
        self.generally(&at, "1", vec![member("type", list(&texts))]);
        match self.tape.below(4) {
            2 if !self.is_new => self.choice_by_slices(&at, &stem, &types, depth),
            3 if !self.is_new => self.two_of_one_type(&at, &stem, &types),
            _ => self.whole_choice(&at, &stem, &types, depth),
        }
    }

    /// The element of the choice itself; it says its types, or the snapshot does.
    pub(super) fn choice_element(
        &mut self,
        at: &At,
        stem: &str,
        types: &[Type],
        more: Members,
        rich: bool,
    ) {
        let is_known = self.has_base() && self.general.contains_key(&at.path);
        let says_types = !is_known || self.tape.chance(8);
        let is_explicit = self.is_explicit();
        let min = self.tape.below(2);
        let (says_min, says_max) = (self.tape.chance(8), self.tape.chance(8));
        let min = (is_explicit || says_min).then_some(min);
        if min == Some(1) {
            self.put(&at.places, "required", "");
        }
        let mut members = bound_members(min, (is_explicit || says_max).then_some("1"));
        members.extend(more);
        self.put(&at.places, "choices", &texts(&names_of(stem, types)));
        let mut all = at.places.clone();
        let mut spots = Spots::new();
        for one in types {
            let places = at.typed(&one.name);
            self.say_typed(&places, stem, &one.name);
            self.say_profiles(&places, std::slice::from_ref(one));
            if self.is_new {
                self.put(&places, "scalar", "true");
            }
            all.extend(places.iter().cloned());
            spots.push((Some(one.name.clone()), places));
        }
        if says_types {
            let texts: Vec<_> = types.iter().map(|one| &one.text).collect();
            members.push(member("type", list(&texts)));
        }
        if rich {
            let names: Vec<_> = types.iter().map(|one| one.name.clone()).collect();
            members.extend(self.short(&all));
            members.extend(self.flags(&all));
            members.extend(self.describe(&spots, &names));
        }
        self.indexed(&all);
        self.emit(at, None, "1", members);
    }

    fn say_typed(&mut self, places: &[String], stem: &str, name: &str) {
        self.put(places, "choiceOf", &quote(stem));
        self.put(places, "type", &quote(name));
        self.need_type(name);
    }

    fn whole_choice(&mut self, at: &At, stem: &str, types: &[Type], depth: usize) {
        if !self.is_new && self.tape.chance(2) {
            self.put(&at.places, "excluded", "");
            let mut members = self.short(&at.places);
            members.extend(bound_members(Some(0), Some("0")));
            self.indexed(&at.places);
            return self.emit(at, None, "1", members);
        }
        self.choice_element(at, stem, types, Members::new(), true);
        if self.tape.chance(5) {
            let places = types.iter().flat_map(|one| at.typed(&one.name)).collect();
            let below = At {
                places,
                ..at.clone()
            };
            for _ in 0..=self.tape.below(2) {
                self.element(&below, depth + 1);
            }
        }
    }

    /// Slices of different types: each is a typed element.
    fn choice_by_slices(&mut self, at: &At, stem: &str, types: &[Type], depth: usize) {
        let slicing =
            r#"{"discriminator":[{"type":"type","path":"$this"}],"rules":"open","ordered":false}"#;
        let is_skipped = self.may_skip();
        if !is_skipped {
            let more = if self.tape.chance(10) {
                vec![member("slicing", slicing)]
            } else {
                Members::new()
            };
            self.choice_element(at, stem, types, more, false);
        }
        for one in types {
            if !self.tape.chance(10) {
                continue;
            }
            if is_skipped {
                // The snapshot has the types that the slices leave.
                self.put(&at.places, "choices", &texts(&names_of(stem, types)));
            }
            let typed_name = format!("{stem}{}", suffix(&one.name));
            let has_own_name = self.tape.chance(5);
            let name = if has_own_name {
                self.name(&["mine", "Own"])
            } else {
                typed_name.clone()
            };
            let places = at.typed(&one.name);
            self.say_typed(&places, stem, &one.name);
            let mut members = Members::new();
            if has_own_name || self.is_in_snapshot_only() || !self.has_base() || self.tape.chance(8)
            {
                members.push(member("type", list(&[&one.text])));
                self.say_profiles(&places, std::slice::from_ref(one));
            }
            let (min, max) = self.tape.pick(&[
                (None, None),
                (Some(1), None),
                (None, Some("0")),
                (Some(0), Some("1")),
            ]);
            let (min, max) = if self.is_explicit() {
                (min.or(Some(0)), max.or(Some("1")))
            } else {
                (min, max)
            };
            if min == Some(1) {
                self.put(&places, "required", "");
            }
            if max == Some("0") {
                self.put(&places, "excluded", "");
            }
            members.extend(bound_members(min, max));
            members.extend(self.short(&places));
            members.extend(self.flags(&places));
            let spots: Spots = vec![(Some(one.name.clone()), places.clone())];
            members.extend(self.describe(&spots, std::slice::from_ref(&one.name)));
            self.indexed(&places);
            let id = format!("{}:{name}", at.id);
            // A path that ends in the type is short for the slice.
            let is_short = !has_own_name && self.tape.chance(4);
            let path = match at.path.rsplit_once('.') {
                Some((above, _)) if is_short => format!("{above}.{typed_name}"),
                _ => at.path.clone(),
            };
            self.is_plain &= !is_short;
            let slice = At { id, path, places };
            self.emit(&slice, Some(&name), "1", members);
            // No snapshot has elements below the short path.
            let may_have_children = max != Some("0") && !(is_short && self.has_base());
            if may_have_children && self.tape.chance(4) {
                self.element(&slice, depth + 1);
            }
        }
    }

    /// Two slices of one type: the typed element is sliced.
    fn two_of_one_type(&mut self, at: &At, stem: &str, types: &[Type]) {
        let one = &types[0];
        let by_type = self.tape.chance(8);
        let path = match self.tape.below(3) {
            0 => "code".to_owned(),
            1 => format!("ofType({}).code", one.name),
            _ => format!("$this.as({}).code", one.name),
        };
        let by_code = format!(r#"{{"type":"value","path":"{path}"}}"#);
        let mut discriminators = vec![&*by_code];
        if by_type {
            discriminators.insert(0, r#"{"type":"type","path":"$this"}"#);
        }
        let discriminators = list(&discriminators);
        let slicing = format!(r#"{{"discriminator":{discriminators},"rules":"open"}}"#);
        self.choice_element(at, stem, types, vec![member("slicing", slicing)], false);
        let places = at.typed(&one.name);
        self.put_json(&places, "slicing discriminator", &discriminators);
        self.put(&places, "slicing rules", "\"open\"");
        for name in ["first", "second"] {
            let slice = At {
                id: format!("{}:{name}", at.id),
                path: at.path.clone(),
                places: places
                    .iter()
                    .map(|place| format!("{place}:{name}"))
                    .collect(),
            };
            let mut members = self.say_types(&slice.places, std::slice::from_ref(one));
            let min = self.tape.below(2);
            if min == 1 {
                self.put(&slice.places, "slice min", "1");
                self.put(&places, "required", "");
            }
            self.put(&slice.places, "slice max", "1");
            members.extend(bound_members(Some(min), Some("1")));
            members.extend(self.short(&slice.places));
            self.indexed(&slice.places);
            self.emit(&slice, Some(name), "1", members);
            let child = slice.child("code");
            let code = self.text();
            let mut members = self.bounds(&child, "1", false);
            self.generally(&child, "1", Members::new());
            members.extend(self.constant_of(&child.places, "fixed", "code", &code));
            self.indexed(&child.places);
            self.emit(&child, None, "1", members);
            let pattern = object(&[member("code", &*code)]);
            let by_code = typed_value("pattern", &pattern);
            let by_both = list(&[&typed_value("type", &quote(&one.name)), &by_code]);
            let found = if by_type {
                typed_value("all", &by_both)
            } else {
                by_code
            };
            self.put(&slice.places, "slice match", &canonical(&found));
        }
    }
}

/// Names of the typed elements of a choice.
fn names_of(stem: &str, types: &[Type]) -> Vec<String> {
    types
        .iter()
        .map(|one| format!("{stem}{}", suffix(&one.name)))
        .collect()
}
