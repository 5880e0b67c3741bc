//! Elements that are like others.

use super::{At, CORE, Generator};
use crate::document::{Members, member, texts};
use crate::json::quote;

impl Generator<'_> {
    /// An element with a contentReference, to one of this definition or of another one.
    pub(super) fn like(&mut self, parent: &At) {
        let known = self.likeable.clone();
        let name = self.name(&["item"]);
        let at = parent.child(&name);
        let (_, max) = self.repetition();
        let (reference, url, id) = if known.is_empty() || self.tape.chance(5) {
            let url = self
                .tape
                .pick(&["http://x.org/fhir/StructureDefinition/Other", "urn:other"])
                .to_owned();
            let id = "Other.a.value[x].b".to_owned();
            (format!("{url}#{id}"), url, id)
        } else {
            self.is_plain = false;
            let id = known[self.tape.below(known.len())].clone();
            let is_url = self.type_name.contains(':');
            let of_type = if is_url {
                self.type_name.clone()
            } else {
                format!("{CORE}{}", self.type_name)
            };
            let url = if self.is_new {
                self.url.clone()
            } else {
                of_type
            };
            (format!("#{id}"), url, id)
        };
        let mut path = vec![url.clone()];
        for step in id.split('.').skip(1) {
            path.extend([
                "elements".to_owned(),
                step.trim_end_matches("[x]").to_owned(),
            ]);
        }
        self.put(&at.places, "elementReference", &texts(&path));
        self.need("Type", &url);
        self.generally(&at, max, Members::new());
        let mut members = self.bounds(&at, max, true);
        members.push(member("contentReference", quote(&reference)));
        members.extend(self.constraints(&at.places));
        self.indexed(&at.places);
        self.emit(&at, None, max, members);
    }
}
