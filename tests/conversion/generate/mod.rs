//! Definitions, and what their schemas have to say, both made in one go: whatever decides that a
//! constraint is put into the definition also notes it as a fact.

mod choices;
mod constants;
mod elements;
mod extensions;
mod header;
mod matches;
mod references;
mod slices;
mod targets;
mod values;

use std::collections::{BTreeMap, BTreeSet};

use crate::document::{Document, Element, List, Members, member, object};
use crate::json::{canonical, quote};
use crate::reader::Facts;
use crate::tape::Tape;

pub(super) const CORE: &str = "http://hl7.org/fhir/StructureDefinition/";

/// A definition with what is expected of its schema.
#[derive(Debug)]
pub(super) struct Made {
    pub(super) document: Document,
    pub(super) facts: Facts,
    /// Kind and target of each dependency.
    pub(super) needs: BTreeSet<(String, String)>,
    /// Whether something hangs on the order of the elements.
    pub(super) is_ordered: bool,
    /// Whether paths, slice names and order say all that ids do.
    pub(super) is_plain: bool,
}

/// Where a definition says what it says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Source {
    /// In the differential, and there is no snapshot.
    Differential,
    /// In the differential, and the snapshot knows the base.
    Both,
    /// In the snapshot; this stands where the differential would be.
    Snapshot(&'static str),
}

/// A way to an element: in the definition, and in the schema. Below a choice there are several places.
#[derive(Clone, Debug)]
struct At {
    id: String,
    path: String,
    places: Vec<String>,
}

impl At {
    fn child(&self, name: &str) -> Self {
        let schema_name = name.strip_suffix("[x]").unwrap_or(name);
        Self {
            id: format!("{}.{name}", self.id),
            path: format!("{}.{name}", self.path),
            places: self
                .places
                .iter()
                .map(|place| format!("{place}/{schema_name}"))
                .collect(),
        }
    }

    fn slice(&self, name: &str) -> Self {
        Self {
            id: format!("{}:{name}", self.id),
            path: self.path.clone(),
            places: self
                .places
                .iter()
                .map(|place| format!("{place}:{name}"))
                .collect(),
        }
    }

    /// The typed elements of a choice.
    fn typed(&self, type_name: &str) -> Vec<String> {
        let suffix = suffix(type_name);
        self.places
            .iter()
            .map(|place| format!("{place}{suffix}"))
            .collect()
    }
}

/// What a type adds to the name of a choice.
fn suffix(type_name: &str) -> String {
    let (first, rest) = type_name.split_at(1);
    format!("{}{rest}", first.to_uppercase())
}

/// What the base says of an element.
#[derive(Clone, Debug, Default)]
struct General {
    max: String,
    members: Members,
}

#[derive(Debug)]
struct Generator<'t> {
    tape: Tape<'t>,
    source: Source,
    /// Whether the definition makes a type, and does not constrain one.
    is_new: bool,
    url: String,
    type_name: String,
    elements: Vec<Element>,
    /// What the base says, by path.
    general: BTreeMap<String, General>,
    facts: Facts,
    needs: BTreeSet<(String, String)>,
    /// Elements that others may be like, by id.
    likeable: Vec<String>,
    count: usize,
    index: usize,
    is_ordered: bool,
    is_plain: bool,
}

/// Makes a definition.
pub(super) fn generate(words: &[u32]) -> Made {
    let mut tape = Tape::new(words);
    let empty = ["", "null", "{}", r#"{"element":null}"#, r#"{"element":[]}"#];
    let source = match tape.below(4) {
        0 => Source::Differential,
        1 | 2 => Source::Both,
        _ => Source::Snapshot(tape.pick(&empty)),
    };
    let generator = Generator {
        tape,
        source,
        is_new: false,
        url: String::new(),
        type_name: String::new(),
        elements: Vec::new(),
        general: BTreeMap::new(),
        facts: Facts::new(),
        needs: BTreeSet::new(),
        likeable: Vec::new(),
        count: 0,
        index: 0,
        is_ordered: false,
        is_plain: true,
    };
    generator.run()
}

impl Generator<'_> {
    fn run(mut self) -> Made {
        let (header, kind) = self.header();
        let tail = self.type_name.rsplit('/').next().unwrap().to_owned();
        let root = At {
            id: tail.clone(),
            path: tail,
            places: vec![String::new()],
        };
        self.root(&root);
        if kind == "primitive-type" {
            self.value_of_primitive(&root);
        } else {
            for _ in 0..=self.tape.below(5) {
                self.element(&root, 0);
            }
        }
        if self.elements.is_empty() {
            self.elements.push(element_of(&root, Members::new()));
        }
        self.finish(header)
    }

    fn finish(self, header: Members) -> Made {
        let (differential, snapshot) = match self.source {
            Source::Differential => (List::Elements(self.elements), List::Absent),
            Source::Both => {
                let snapshot = snapshot(&self.general, &self.elements);
                (List::Elements(self.elements), List::Elements(snapshot))
            }
            Source::Snapshot("") => (List::Absent, List::Elements(self.elements)),
            Source::Snapshot(empty) => (List::Empty(empty), List::Elements(self.elements)),
        };
        Made {
            document: Document {
                header,
                differential,
                snapshot,
            },
            facts: self.facts,
            needs: self.needs,
            is_ordered: self.is_ordered,
            is_plain: self.is_plain,
        }
    }

    fn put(&mut self, places: &[String], name: &str, value: &str) {
        for place in places {
            let key = (place.clone(), name.to_owned());
            let before = self.facts.insert(key, value.to_owned());
            assert!(
                before.is_none_or(|before| before == value),
                "{place} {name}"
            );
        }
    }

    /// A fact whose value is JSON.
    fn put_json(&mut self, places: &[String], name: &str, json: &str) {
        self.put(places, name, &canonical(json));
    }

    fn need(&mut self, kind: &str, target: &str) {
        let target = target.split('#').next().unwrap();
        if target != self.url && !target.starts_with("http://hl7.org/fhirpath/") {
            self.needs.insert((kind.to_owned(), target.to_owned()));
        }
    }

    /// Adds an element to the definition.
    fn emit(&mut self, at: &At, slice: Option<&str>, base_max: &str, mut members: Members) {
        if self.tape.chance(1) {
            members.push(member("definition", quote("not a \"constraint\" {")));
            members.push(member("mapping", r#"[{"identity":"v2","map":"[PID-3]"}]"#));
            members.push(member("comment", "null"));
        }
        if self.tape.chance(1) {
            let name = self.tape.pick(&[
                "short",
                "min",
                "max",
                "type",
                "slicing",
                "binding",
                "constraint",
            ]);
            if !members.iter().any(|(own, _)| own == name) {
                members.push(member(name, "null"));
            }
        }
        self.elements.push(Element {
            slice: slice.map(str::to_owned),
            base_max: base_max.to_owned(),
            ..element_of(at, members)
        });
        self.index += 1;
    }

    /// Notes the position of the element that is emitted next.
    fn indexed(&mut self, places: &[String]) {
        let index = self.index.to_string();
        for place in places {
            let key = (place.clone(), "index".to_owned());
            self.facts.entry(key).or_insert_with(|| index.clone());
        }
    }

    /// What the base says of a path; nothing is known where there is no snapshot beside the differential.
    fn generally(&mut self, at: &At, max: &str, members: Members) {
        let general = self.general.entry(at.path.clone()).or_default();
        max.clone_into(&mut general.max);
        for (name, value) in members {
            if !general.members.iter().any(|(own, _)| *own == name) {
                general.members.push((name, value));
            }
        }
    }

    fn has_base(&self) -> bool {
        self.source == Source::Both
    }

    /// Whether each element has to say everything itself.
    fn is_explicit(&self) -> bool {
        self.is_new || matches!(self.source, Source::Snapshot(_))
    }

    /// Whether elements on the way to another one may be left out.
    fn may_skip(&mut self) -> bool {
        self.has_base() && !self.is_new && self.tape.chance(6)
    }

    fn name(&mut self, names: &[&str]) -> String {
        self.count += 1;
        format!("{}{}", self.tape.pick(names), self.count)
    }
}

fn element_of(at: &At, members: Members) -> Element {
    Element {
        id: at.id.clone(),
        path: at.path.clone(),
        slice: None,
        base_max: "1".into(),
        members,
    }
}

/// The snapshot beside a differential: what the base says, with what the differential says in its place.
fn snapshot(general: &BTreeMap<String, General>, elements: &[Element]) -> Vec<Element> {
    let mut all = Vec::new();
    for (path, one) in general {
        let own = elements.iter().find(|element| element.id == *path);
        let mut members = own.map_or_else(Members::new, |own| own.members.clone());
        members.retain(|(_, value)| value != "null");
        let max = [member("min", "0"), member("max", quote(&one.max))];
        for (name, value) in max.iter().chain(&one.members) {
            if !members.iter().any(|(own, _)| own == name) {
                members.push((name.clone(), value.clone()));
            }
        }
        all.push(Element {
            id: path.clone(),
            path: path.clone(),
            slice: None,
            base_max: one.max.clone(),
            members,
        });
    }
    let others = elements.iter().filter(|one| !general.contains_key(&one.id));
    all.extend(others.cloned());
    add_unsliced(&mut all, general);
    all
}

/// Where a snapshot has a slice, it has the element that is sliced.
fn add_unsliced(snapshot: &mut Vec<Element>, general: &BTreeMap<String, General>) {
    let mut known: BTreeSet<String> = snapshot.iter().map(|one| one.id.clone()).collect();
    for id in known.clone() {
        let last = id.rfind('.').unwrap_or(0);
        let Some(colon) = id[last..].find(':') else {
            continue;
        };
        let id = &id[..last + colon];
        let steps = id.split('.').map(|step| step.split(':').next().unwrap());
        let path = steps.collect::<Vec<_>>().join(".");
        if let (Some(one), true) = (general.get(&path), known.insert(id.to_owned())) {
            snapshot.push(Element {
                id: id.to_owned(),
                path,
                slice: None,
                base_max: one.max.clone(),
                members: one.members.clone(),
            });
        }
    }
}

/// `{ type: ..., value: ... }`.
fn typed_value(type_name: &str, value: &str) -> String {
    object(&[member("type", quote(type_name)), member("value", value)])
}
