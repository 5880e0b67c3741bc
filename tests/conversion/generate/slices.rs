//! Elements that are sliced, their slices, and slices of those.

use super::elements::bound_members;
use super::{At, Generator};
use crate::document::{Members, list, member, object};
use crate::json::quote;

impl Generator<'_> {
    /// An element that repeats, with its slices.
    pub(super) fn sliced(&mut self, parent: &At, depth: usize) {
        let name = self.name(&["part", "longName"]);
        let at = parent.child(&name);
        let mode = self.mode();
        let discriminators: Vec<_> = mode
            .discriminators()
            .iter()
            .map(|(kind, path)| object(&[member("type", quote(kind)), member("path", quote(path))]))
            .collect();
        let discriminators = list(&discriminators);
        let rules = self.tape.pick(&["open", "closed", "openAtEnd"]);
        let is_ordered = self.tape.chance(4);
        self.is_ordered |= is_ordered || mode.is_by_position();
        let mut slicing = vec![
            member("rules", quote(rules)),
            member("discriminator", &*discriminators),
        ];
        if is_ordered || self.tape.chance(8) {
            slicing.push(member("ordered", is_ordered.to_string()));
        }
        let slicing = member("slicing", object(&slicing));
        let in_base = self.has_base() && self.tape.chance(6);
        let general = if in_base {
            vec![slicing.clone()]
        } else {
            Members::new()
        };
        self.generally(&at, "*", general);
        if !(in_base && self.may_skip()) {
            let mut members = self.bounds(&at, "*", false);
            members.extend(self.short(&at.places));
            if !in_base {
                members.push(slicing);
            }
            members.extend(self.constraints(&at.places));
            self.indexed(&at.places);
            self.emit(&at, None, "*", members);
        }
        self.put_json(&at.places, "slicing discriminator", &discriminators);
        self.put(&at.places, "slicing rules", &quote(rules));
        if is_ordered {
            self.put(&at.places, "slicing ordered", "true");
        }
        let mut order = 0;
        for _ in 0..=self.tape.below(3) {
            let name = self.name(&["s", "two words ", "\u{e9}\"\\", "a-B_"]);
            let slice = at.slice(&name);
            let reslices = !mode.is_by_position() && self.tape.chance(2);
            self.slice(&at, &slice, &name, &mode, (order, is_ordered), reslices);
            order += 1;
            if !mode.takes_all_below() && self.tape.chance(4) {
                self.element(&slice, depth + 1);
            }
            if reslices {
                let name = format!("{name}/inner");
                self.reslice(&at, &name, (order, is_ordered));
                order += 1;
            }
        }
    }

    fn slice(
        &mut self,
        at: &At,
        slice: &At,
        name: &str,
        mode: &super::matches::Mode,
        (order, is_ordered): (usize, bool),
        reslices: bool,
    ) {
        let is_skipped = mode.is_below_only() && !reslices && self.may_skip();
        let position = self.elements.len();
        if is_skipped {
            self.is_plain = false;
        } else {
            let mut members = self.slice_bounds(at, slice);
            members.extend(self.short(&slice.places));
            members.extend(self.flags(&slice.places));
            members.extend(self.constraints(&slice.places));
            if reslices {
                let discriminator = r#"[{"type":"value","path":"inner"}]"#;
                let slicing = format!(r#"{{"discriminator":{discriminator},"rules":"closed"}}"#);
                members.push(member("slicing", slicing));
                self.put_json(&slice.places, "slicing discriminator", discriminator);
                self.put(&slice.places, "slicing rules", "\"closed\"");
            }
            if self.tape.chance(2) {
                members.push(member("sliceIsConstraining", "true"));
                self.put(&slice.places, "slice sliceIsConstraining", "true");
            }
            self.indexed(&slice.places);
            self.emit_slice(slice, name, members);
        }
        let (own, found) = self.fill(mode, slice, order);
        self.put(&slice.places, "slice match", &found);
        if let Some(element) = self.elements.get_mut(position) {
            element.members.extend(own);
        }
        if is_ordered {
            self.put(&slice.places, "slice order", &order.to_string());
        }
    }

    /// A slice of a slice, told from others of that by what that says.
    fn reslice(&mut self, at: &At, name: &str, (order, is_ordered): (usize, bool)) {
        let slice = at.slice(name);
        let above = name.trim_end_matches("/inner");
        self.put(&slice.places, "slice reslice", &quote(above));
        let members = self.slice_bounds(at, &slice);
        self.indexed(&slice.places);
        self.emit_slice(&slice, name, members);
        let code = self.text();
        self.leaf(&slice.child("inner"), "1", |generator, at| {
            generator.constant_of(&at.places, "fixed", "code", &code)
        });
        let found = super::values::match_of("pattern", false, &object(&[member("inner", code)]));
        self.put(&slice.places, "slice match", &found);
        if is_ordered {
            self.put(&slice.places, "slice order", &order.to_string());
        }
    }

    /// Min and max of a slice, as members and facts.
    pub(super) fn slice_bounds(&mut self, at: &At, slice: &At) -> Members {
        let min = self.tape.below(4).saturating_sub(1);
        let max = self.tape.pick(&["*", "3", "2", "0"]);
        let min = if max == "0" { 0 } else { min };
        let (says_min, says_max) = (
            self.is_explicit() || self.tape.chance(8),
            self.is_explicit() || self.tape.chance(8),
        );
        if says_min && min > 0 {
            self.put(&slice.places, "slice min", &min.to_string());
            self.put(&at.places, "required", "");
        }
        if says_max && max != "*" {
            self.put(&slice.places, "slice max", max);
        }
        bound_members(says_min.then_some(min), says_max.then_some(max))
    }

    /// Adds the element of a slice; its id alone may name it.
    pub(super) fn emit_slice(&mut self, slice: &At, name: &str, members: Members) {
        let is_by_id = self.tape.chance(3);
        self.is_plain &= !is_by_id;
        self.emit(slice, (!is_by_id).then_some(name), "*", members);
    }
}
