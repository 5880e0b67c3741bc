//! Changes of definitions: of their elements, of their JSON, of their bytes.

use crate::json::Json;
use crate::random::Random;

/// Values of all sorts, some of them right in some places.
const VALUES: [&str; 36] = [
    "null",
    "true",
    "false",
    "0",
    "1",
    "-1",
    "1.500",
    "1e10",
    "4294967295",
    "4294967296",
    "123456789012345678901234567890",
    r#""""#,
    r#""*""#,
    r#""0""#,
    r#""1""#,
    r#""2""#,
    r#""-1""#,
    r#""\ud800""#,
    r#""\u0000""#,
    r#""__proto__""#,
    r#""value[x]""#,
    r#""closed""#,
    r#""type""#,
    r#""$this""#,
    r#""resolve()""#,
    r#""value.ofType(Coding).code""#,
    r#""extension('http://e')""#,
    r##""#Observation.component""##,
    r##""#nowhere""##,
    "[]",
    "[null]",
    "{}",
    "[{}]",
    r#"[{"code":"Quantity"},{"code":"string"}]"#,
    r#"[{"code":"Extension","profile":["http://e.org/x"]}]"#,
    r#"{"discriminator":[{"type":"value","path":"code"},{"type":"type","path":"$this"}],"rules":"open"}"#,
];
/// Names of members, of elements among others.
const NAMES: [&str; 26] = [
    "id",
    "path",
    "sliceName",
    "slicing",
    "min",
    "max",
    "type",
    "contentReference",
    "binding",
    "constraint",
    "fixedUri",
    "patternCoding",
    "fixedCode",
    "minValueInteger",
    "short",
    "base",
    "profile",
    "targetProfile",
    "code",
    "key",
    "element",
    "extension",
    "mustSupport",
    "defaultValueString",
    "kind",
    "derivation",
];
/// What is put into paths, ids and names of slices.
const SNIPPETS: [&str; 14] = [
    ".",
    ":",
    "/",
    "[x]",
    "..",
    ":a",
    "/b",
    ".extension",
    ".value[x]",
    "@default",
    "__proto__",
    "\u{e9}",
    " ",
    "#",
];

/// A changed definition, as text, and whether its lists still have elements below the root.
pub(super) fn mutated(sources: &[Json], random: &mut Random) -> (String, bool) {
    let mut definition = random.pick(sources).clone();
    match random.below(8) {
        0..=3 => remove(&mut definition, "snapshot"),
        4 => remove(&mut definition, "differential"),
        _ => {}
    }
    for _ in 0..random.below(6) {
        let other = random.pick(sources);
        match random.below(10) {
            0..=6 => change_element(&mut definition, other, random),
            _ => change_any(&mut definition, random),
        }
    }
    if random.below(8) == 0 {
        let text = definition.compact();
        return (change_bytes(text.into_bytes(), random), false);
    }
    let has_elements = has_elements(&definition);
    (definition.compact(), has_elements)
}

fn remove(json: &mut Json, name: &str) {
    if let Json::Object(members) = json {
        members.retain(|(own, _)| own != name);
    }
}

fn elements(definition: &Json, list: &str) -> Vec<Json> {
    match definition.get(list).and_then(|list| list.get("element")) {
        Some(Json::List(elements)) => elements.clone(),
        _ => Vec::new(),
    }
}

fn elements_mut<'j>(definition: &'j mut Json, list: &str) -> Option<&'j mut Vec<Json>> {
    match member_mut(member_mut(definition, list)?, "element")? {
        Json::List(elements) => Some(elements),
        _ => None,
    }
}

fn member_mut<'j>(json: &'j mut Json, name: &str) -> Option<&'j mut Json> {
    let Json::Object(members) = json else {
        return None;
    };
    members
        .iter_mut()
        .find(|(own, _)| own == name)
        .map(|(_, value)| value)
}

/// Whether an element is left below the root, in the list that a schema is made of.
fn has_elements(definition: &Json) -> bool {
    let is_below = |element: &Json| {
        let path = last(element, "path").and_then(Json::text);
        path.is_some_and(|path| path.contains('.'))
    };
    let list = |name: &str| match last(definition, name).and_then(|list| last(list, "element")) {
        Some(Json::List(elements)) => elements.clone(),
        _ => Vec::new(),
    };
    let source = list("differential");
    let source = if source.is_empty() {
        list("snapshot")
    } else {
        source
    };
    source.iter().any(is_below)
}

/// Of a name that comes twice, the last one counts.
fn last<'j>(json: &'j Json, name: &str) -> Option<&'j Json> {
    let Json::Object(members) = json else {
        return None;
    };
    let named = members.iter().rev().find(|(own, _)| own == name);
    named.map(|(_, value)| value)
}

fn value(random: &mut Random) -> Json {
    Json::parse(random.word(&VALUES)).unwrap()
}

/// Takes the ids from the elements of the differential.
pub(super) fn remove_ids(definition: &mut Json) {
    for element in elements_mut(definition, "differential")
        .into_iter()
        .flatten()
    {
        remove(element, "id");
    }
}

/// Changes one element, or where it stands.
fn change_element(definition: &mut Json, other: &Json, random: &mut Random) {
    let list = if definition.get("differential").is_some() && random.below(4) > 0 {
        "differential"
    } else {
        "snapshot"
    };
    let donors = elements(
        other,
        if random.below(2) == 0 {
            "differential"
        } else {
            "snapshot"
        },
    );
    let Some(elements) = elements_mut(definition, list) else {
        return;
    };
    if elements.is_empty() {
        return;
    }
    let (at, to) = (random.below(elements.len()), random.below(elements.len()));
    match random.below(12) {
        0 => drop(elements.remove(at)),
        1 => elements.insert(to, elements[at].clone()),
        2 => elements.swap(at, to),
        3 => elements.truncate(at + 1),
        4 if !donors.is_empty() => elements.insert(at, random.pick(&donors).clone()),
        5 | 6 => {
            let name = random.word(&["id", "path", "sliceName"]);
            if let Some(from) = elements[to].get(name).cloned() {
                set(&mut elements[at], name, from);
            }
        }
        7 => {
            let name = random.word(&["id", "path", "sliceName"]);
            if let Some(Json::Text(text)) = member_mut(&mut elements[at], name) {
                change_text(text, random);
            }
        }
        8 => remove(&mut elements[at], random.word(&NAMES)),
        9 => set(&mut elements[at], random.word(&NAMES), value(random)),
        _ => {
            // What another element says is said here.
            let donor = if donors.is_empty() {
                &elements[to]
            } else {
                random.pick(&donors)
            };
            if let Json::Object(members) = donor.clone() {
                let (name, value) = random.pick(&members).clone();
                set(&mut elements[at], &name, value);
            }
        }
    }
}

fn set(json: &mut Json, name: &str, value: Json) {
    match member_mut(json, name) {
        Some(own) => *own = value,
        None => {
            if let Json::Object(members) = json {
                members.push((name.to_owned(), value));
            }
        }
    }
}

fn change_text(text: &mut String, random: &mut Random) {
    let places: Vec<usize> = text
        .char_indices()
        .map(|(at, _)| at)
        .chain([text.len()])
        .collect();
    let (at, to) = (*random.pick(&places), *random.pick(&places));
    let (at, to) = (at.min(to), at.max(to));
    match random.below(3) {
        0 => text.insert_str(at, random.word(&SNIPPETS)),
        1 => text.replace_range(at..to, ""),
        _ => text.replace_range(at..to, random.word(&SNIPPETS)),
    }
}

/// Changes something anywhere in a value, the deeper the rarer.
fn change_any(json: &mut Json, random: &mut Random) {
    let goes_on = random.below(6) > 0;
    match json {
        Json::Object(members) if !members.is_empty() => {
            let at = random.below(members.len());
            match random.below(5) {
                _ if goes_on => change_any(&mut members[at].1, random),
                0 => drop(members.remove(at)),
                1 => {
                    let again = members[at].clone();
                    members.push(again);
                }
                2 => random.word(&NAMES).clone_into(&mut members[at].0),
                3 => members.insert(at, (random.word(&NAMES).to_owned(), value(random))),
                _ => members[at].1 = value(random),
            }
        }
        Json::List(items) if !items.is_empty() => {
            let at = random.below(items.len());
            match random.below(4) {
                _ if goes_on => change_any(&mut items[at], random),
                0 => drop(items.remove(at)),
                1 => items.push(items[at].clone()),
                2 => items.insert(at, value(random)),
                _ => items[at] = value(random),
            }
        }
        Json::Text(text) if random.below(2) == 0 => change_text(text, random),
        _ => *json = value(random),
    }
}

/// Changes bytes: those that are no UTF-8 then become U+FFFD.
fn change_bytes(mut bytes: Vec<u8>, random: &mut Random) -> String {
    for _ in 0..=random.below(4) {
        let at = random.below(bytes.len());
        let to = (at + random.below(40)).min(bytes.len());
        match random.below(6) {
            0 => bytes[at] ^= 1 << random.below(8),
            1 => drop(bytes.drain(at..to)),
            2 => {
                let piece = bytes[at..to].to_vec();
                bytes.splice(at..at, piece);
            }
            3 => bytes.insert(at, *random.pick(b"{}[]\",:\\0-e.\x00\xff")),
            4 => bytes[at] = *random.pick(b"{}[]\",:\\0-e.\x00\xff"),
            _ if random.below(4) == 0 => bytes.truncate(at + 1),
            _ => {}
        }
        if bytes.is_empty() {
            break;
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}
