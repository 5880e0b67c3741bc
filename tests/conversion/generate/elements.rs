//! Elements that are neither choices nor sliced: how often they may be there, and their types.

use super::values::{Spots, TYPES, Type};
use super::{At, CORE, Generator};
use crate::document::{Members, list, member, object, texts};
use crate::json::quote;

impl Generator<'_> {
    /// An element of any kind below `parent`, with what is below it.
    pub(super) fn element(&mut self, parent: &At, depth: usize) {
        if self.tape.is_over() {
            return;
        }
        let kinds = if depth < 2 { 12 } else { 4 };
        match self.tape.below(kinds) {
            0..=2 => self.plain(parent),
            3 => self.like(parent),
            4 | 5 => self.choice(parent, depth),
            6..=8 => self.sliced(parent, depth),
            9 => self.extensions(parent, depth),
            10 => self.label(parent),
            _ => self.backbone(parent, depth),
        }
    }

    /// Whether an element repeats, and its max where it is introduced.
    pub(super) fn repetition(&mut self) -> (bool, &'static str) {
        let repeats = self.tape.chance(8);
        let max = if repeats {
            self.tape.pick(&["*", "*", "5"])
        } else {
            "1"
        };
        (repeats, max)
    }

    /// Min and max of an element, as members and facts. Nothing is known of it but what it says itself
    /// where there is no snapshot: then it says what tells whether it repeats.
    pub(super) fn bounds(&mut self, at: &At, base_max: &str, may_exclude: bool) -> Members {
        let (min, max) = self.some_bounds(base_max, may_exclude && !self.is_new);
        let repeats = base_max != "1";
        if max == Some("0") {
            self.put(&at.places, "excluded", "");
        } else {
            let min = min.unwrap_or(0);
            let bound = max.filter(|max| *max != "*");
            if min > 0 {
                self.put(&at.places, "required", "");
            }
            if self.is_new && !repeats {
                self.put(&at.places, "scalar", "true");
            }
            if repeats && (self.is_new || min > 0 || bound.is_some()) {
                self.put(&at.places, "array", "true");
            }
            if repeats && min > 0 {
                self.put(&at.places, "min", &min.to_string());
            }
            if let (true, Some(bound)) = (repeats, bound) {
                self.put(&at.places, "max", bound);
            }
        }
        bound_members(min, max)
    }

    fn some_bounds(
        &mut self,
        base_max: &str,
        may_exclude: bool,
    ) -> (Option<usize>, Option<&'static str>) {
        let (is_explicit, has_base) = (self.is_explicit(), self.has_base());
        if may_exclude && self.tape.chance(3) {
            let min = if is_explicit || self.tape.chance(8) {
                Some(0)
            } else {
                None
            };
            return (min, Some("0"));
        }
        let says = |one: bool| is_explicit || one;
        let (says_min, says_max) = (self.tape.chance(8), self.tape.chance(8));
        if base_max == "1" {
            let min = says(says_min).then(|| self.tape.below(2));
            return (
                min,
                (says(says_max) && (is_explicit || has_base)).then_some("1"),
            );
        }
        let min = self.tape.below(4);
        let max = match (base_max, self.is_new || !has_base) {
            ("5", false) => self.tape.pick(&["5", "4", "3"]),
            ("5", true) => self.tape.pick(&["5", "3"]),
            (_, true) => self.tape.pick(&["*", "3", "4294967295"]),
            (_, false) => self.tape.pick(&["*", "3", "10"]),
        };
        let max = if has_base && !self.is_new && min < 2 && self.tape.chance(5) {
            "1"
        } else {
            max
        };
        let says_max = says(says_max);
        let says_min = if is_explicit || has_base {
            says(says_min)
        } else {
            says_min && says_max
        };
        (says_min.then_some(min), says_max.then_some(max))
    }

    /// Types of an element, as members and facts.
    pub(super) fn say_types(&mut self, places: &[String], types: &[Type]) -> Members {
        let mut names: Vec<&str> = types.iter().map(|one| one.name.as_str()).collect();
        names.dedup();
        match names.as_slice() {
            [] => return Members::new(),
            [one] => self.put(places, "type", &quote(one)),
            several => self.put(places, "types", &texts(several)),
        }
        self.say_profiles(places, types);
        for name in names {
            self.need_type(name);
        }
        vec![member(
            "type",
            list(&types.iter().map(|one| &one.text).collect::<Vec<_>>()),
        )]
    }

    pub(super) fn need_type(&mut self, name: &str) {
        let is_url = name.contains(':');
        self.need(
            "Type",
            &if is_url {
                name.to_owned()
            } else {
                format!("{CORE}{name}")
            },
        );
    }

    /// Profiles and targets of types.
    pub(super) fn say_profiles(&mut self, places: &[String], types: &[Type]) {
        let profiles: Vec<_> = types.iter().flat_map(|one| one.profiles.clone()).collect();
        let mut targets: Vec<String> = Vec::new();
        for target in types.iter().flat_map(|one| &one.targets) {
            if !targets.contains(target) {
                targets.push(target.clone());
            }
        }
        if !profiles.is_empty() {
            self.put(places, "profiles", &texts(&profiles));
        }
        if !targets.is_empty() {
            self.put(places, "refers", &texts(&targets));
        }
        let kind = if types.iter().any(|one| one.name == "Extension") {
            "Extension"
        } else {
            "Profile"
        };
        for profile in profiles {
            self.need(kind, &profile);
        }
        for target in targets {
            self.need("Reference", &target);
        }
    }

    /// Up to four types for one element, each of another name.
    pub(super) fn some_types(&mut self, most: usize) -> Vec<Type> {
        let first = self.tape.below(TYPES.len());
        let step = 1 + self.tape.below(5);
        let count = if self.tape.chance(4) {
            1 + self.tape.below(most)
        } else {
            1
        };
        let mut names: Vec<&str> = Vec::new();
        for at in 0..count {
            let name = TYPES[(first + at * step) % TYPES.len()];
            if !names.contains(&name) {
                names.push(name);
            }
        }
        names.into_iter().map(|name| self.type_of(name)).collect()
    }

    fn types_of_plain(&mut self) -> Vec<Type> {
        let of = |(name, text): (String, String)| Type {
            name,
            text,
            profiles: Vec::new(),
            targets: Vec::new(),
        };
        if self.tape.chance(1) {
            return vec![of(self.system_type())];
        }
        if self.type_name.contains(':') && self.tape.chance(5) {
            let own = self.type_name.clone();
            let name = if self.tape.chance(8) {
                own
            } else {
                "http://l.org/Other".to_owned()
            };
            return vec![Type::bare(&name)];
        }
        if self.is_new && self.tape.chance(1) {
            let own = self.type_name.clone();
            return vec![Type::bare(&own)];
        }
        if self.tape.chance(1) {
            // As releases before R4 have it: the type once for each target.
            let targets = ["http://p.org/a", "http://p.org/b"];
            let one = |target: &&str| Type {
                name: "Reference".into(),
                text: object(&[
                    member("code", quote("Reference")),
                    member("targetProfile", quote(target)),
                ]),
                profiles: Vec::new(),
                targets: vec![(*target).to_owned()],
            };
            return targets.iter().map(one).collect();
        }
        self.some_types(3)
    }

    fn plain(&mut self, parent: &At) {
        let name = self.name(&["name", "birthDate", "x-y_z"]);
        let at = parent.child(&name);
        let (_, max) = self.repetition();
        let types = if self.is_explicit() || self.tape.chance(10) {
            self.types_of_plain()
        } else {
            Vec::new()
        };
        self.generally(&at, max, Members::new());
        let mut members = self.short(&at.places);
        members.extend(self.flags(&at.places));
        members.extend(self.bounds(&at, max, true));
        members.extend(self.say_types(&at.places, &types));
        members.extend(self.regex(&at.places));
        let spots: Spots = vec![(None, at.places.clone())];
        let names: Vec<String> = types.iter().map(|one| one.name.clone()).collect();
        members.extend(self.describe(&spots, &names));
        self.indexed(&at.places);
        self.emit(&at, None, max, members);
        if !at.id.contains([':', '[']) {
            self.likeable.push(at.id);
        }
    }

    fn backbone(&mut self, parent: &At, depth: usize) {
        let name = self.name(&["group", "Part"]);
        let at = parent.child(&name);
        let (_, max) = self.repetition();
        self.generally(&at, max, Members::new());
        let name = self.tape.pick(&["BackboneElement", "Element"]);
        let types = [Type::bare(name)];
        if !at.id.contains([':', '[']) {
            self.likeable.push(at.id.clone());
        }
        if !self.may_skip() {
            let mut members = self.short(&at.places);
            members.extend(self.bounds(&at, max, false));
            members.extend(self.say_types(&at.places, &types));
            members.extend(self.constraints(&at.places));
            self.indexed(&at.places);
            self.emit(&at, None, max, members);
        }
        for _ in 0..=self.tape.below(3) {
            self.element(&at, depth + 1);
        }
    }

    /// A slice name where nothing is sliced.
    fn label(&mut self, parent: &At) {
        let name = self.name(&["labelled"]);
        let at = parent.child(&name);
        let (_, max) = self.repetition();
        if !self.has_base() {
            return;
        }
        let mut members = self.short(&at.places);
        members.extend(self.bounds(&at, max, true));
        members.extend(self.constraints(&at.places));
        self.indexed(&at.places);
        let label = At {
            id: format!("{}:one", at.id),
            ..at
        };
        self.emit(&label, Some("one"), max, members);
    }
}

pub(super) fn bound_members(min: Option<usize>, max: Option<&str>) -> Members {
    let min = min.map(|min| member("min", min.to_string()));
    min.into_iter()
        .chain(max.map(|max| member("max", quote(max))))
        .collect()
}
