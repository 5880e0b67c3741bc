//! Slices of `extension`, of a profile or defined where they stand.

use super::values::Type;
use super::{At, Generator};
use crate::document::{Members, member, object, texts};
use crate::json::{canonical, quote};

const DISCRIMINATOR: &str = r#"[{"type":"value","path":"url"}]"#;

impl Generator<'_> {
    /// Some slices of the extensions of an element.
    pub(super) fn extensions(&mut self, parent: &At, depth: usize) {
        let name = self
            .tape
            .pick(&["extension", "extension", "modifierExtension"]);
        let at = parent.child(name);
        if !self.slice_extensions(&at) {
            return;
        }
        for _ in 0..=self.tape.below(3) {
            let name = self.name(&["ext", "Long-name ", "\u{e9}"]);
            if self.tape.chance(8) {
                let slice = self.profiled_extension(parent, &at, &name, None);
                if self.tape.chance(3) {
                    self.element(&slice, depth + 1);
                }
            } else {
                self.inline_extension(parent, &at, &name, depth);
            }
        }
    }

    /// The element that is sliced, here or in the snapshot or nowhere; false if it has been before.
    pub(super) fn slice_extensions(&mut self, at: &At) -> bool {
        if self.elements.iter().any(|one| one.id.starts_with(&at.id)) {
            return false;
        }
        let slicing =
            format!(r#"{{"discriminator":{DISCRIMINATOR},"rules":"open","ordered":false}}"#);
        self.generally(at, "*", vec![member("slicing", &*slicing)]);
        let is_said = self.tape.chance(8);
        if is_said || self.has_base() {
            self.put_json(&at.places, "slicing discriminator", DISCRIMINATOR);
            self.put(&at.places, "slicing rules", "\"open\"");
        }
        if is_said {
            let mut members = self.bounds(at, "*", false);
            members.push(member("slicing", slicing));
            self.indexed(&at.places);
            self.emit(at, None, "*", members);
        }
        true
    }

    /// A slice with the profile of an extension.
    pub(super) fn profiled_extension(
        &mut self,
        parent: &At,
        at: &At,
        name: &str,
        url: Option<&str>,
    ) -> At {
        let slice = at.slice(name);
        let url = url.map_or_else(|| self.name(&["http://e.org/x", "urn:e"]), str::to_owned);
        let profile = format!("{url}{}", self.tape.pick(&["", "|2.0"]));
        let text = object(&[
            member("code", quote("Extension")),
            member("profile", texts(&[&profile])),
        ]);
        let types = [Type {
            name: "Extension".into(),
            text,
            profiles: vec![profile],
            targets: Vec::new(),
        }];
        let mut members = self.slice_bounds(at, &slice);
        members.extend(self.say_types(&slice.places, &types));
        members.extend(self.short(&slice.places));
        members.extend(self.flags(&slice.places));
        members.extend(self.constraints(&slice.places));
        self.indexed(&slice.places);
        self.emit_slice(&slice, name, members);
        self.named_extension(parent, &slice, name, &url);
        slice
    }

    fn inline_extension(&mut self, parent: &At, at: &At, name: &str, depth: usize) {
        let slice = at.slice(name);
        let mut members = self.slice_bounds(at, &slice);
        if self.tape.chance(8) {
            let extension = Type::bare("Extension");
            members.extend(self.say_types(&slice.places, &[extension]));
        }
        members.extend(self.short(&slice.places));
        members.extend(self.flags(&slice.places));
        self.indexed(&slice.places);
        self.emit_slice(&slice, name, members);
        if self.tape.chance(8) {
            self.element(&slice, depth + 1);
        }
        let url = self.name(&["part", "http://e.org/inline", "sub-"]);
        let child = slice.child("url");
        self.generally(&child, "1", Members::new());
        let mut members = self.bounds(&child, "1", false);
        members.extend(self.constant_of(&child.places, "fixed", "uri", &quote(&url)));
        self.indexed(&child.places);
        self.emit(&child, None, "1", members);
        let child = slice.child("value[x]");
        let type_name = self.tape.pick(&["string", "Coding", "boolean"]);
        let one = self.type_of(type_name);
        self.choice_element(&child, "value", &[one], Members::new(), true);
        self.named_extension(parent, &slice, name, &url);
    }

    /// What `extensions` of the element has, and the match of the slice.
    fn named_extension(&mut self, parent: &At, slice: &At, name: &str, url: &str) {
        let pattern = object(&[member("url", quote(url))]);
        let found = [
            member("type", quote("pattern")),
            member("value", pattern),
            member("url", quote(url)),
        ];
        self.put(&slice.places, "slice match", &canonical(&object(&found)));
        if slice.path.ends_with(".modifierExtension") {
            return;
        }
        let mut said = vec![member("url", quote(url))];
        for fact in [
            "slice min",
            "slice max",
            "short",
            "mustSupport",
            "isModifier",
        ] {
            let key = (slice.places[0].clone(), fact.to_owned());
            if let Some(value) = self.facts.get(&key) {
                said.push(member(fact.trim_start_matches("slice "), &**value));
            }
        }
        self.put_json(
            &parent.places,
            &format!("extensions {name}"),
            &object(&said),
        );
        if url.contains(':') {
            self.need("Extension", url);
        }
    }
}
