//! What tells slices apart, where it does not stand in the slice in one piece.

use fhir_schema_store::convert::convert;
use serde_json::Value;

/// A profile of a Patient with differential and snapshot.
fn profile(differential: &str, snapshot: &str) -> String {
    format!(
        r#"{{"resourceType":"StructureDefinition","url":"http://t.org/P","name":"P","kind":"resource","type":"Patient",
        "derivation":"constraint","baseDefinition":"http://hl7.org/fhir/StructureDefinition/Patient",
        "differential":{{"element":[{differential}]}},"snapshot":{{"element":[{snapshot}]}}}}"#
    )
}

/// The matches of the slices of `part`, as text, and how many warnings there were.
fn matches_of(differential: &str, snapshot: &str) -> (Vec<(String, String)>, usize) {
    let made = convert(&profile(differential, snapshot)).unwrap();
    let schema: Value = serde_json::from_str(&made.schema).unwrap();
    let slices = schema["elements"]["part"]["slicing"]["slices"]
        .as_object()
        .unwrap();
    let matches = slices.iter().map(|(name, slice)| {
        let found = slice.get("match").map_or(String::new(), Value::to_string);
        (name.clone(), found)
    });
    let warned = made.warnings.iter().filter(|one| one.kind == "slice-match");
    (matches.collect(), warned.count())
}

fn sliced(discriminators: &str) -> String {
    format!(
        r#"{{"id":"Patient","path":"Patient"}},
        {{"id":"Patient.part","path":"Patient.part","slicing":{{"discriminator":[{discriminators}],"rules":"open"}}}}"#
    )
}

/// A slice, with elements below it.
fn slice(name: &str, below: &str) -> String {
    format!(r#"{{"id":"Patient.part:{name}","path":"Patient.part","sliceName":"{name}"}}{below}"#)
}

fn below(slice: &str, path: &str, members: &str) -> String {
    format!(r#",{{"id":"Patient.part:{slice}.{path}","path":"Patient.part.{path}",{members}}}"#)
}

const VALUE: &str = r#"{"id":"Patient.part.value[x]","path":"Patient.part.value[x]",
    "type":[{"code":"Reference"},{"code":"Quantity"}]}"#;

#[test]
fn the_path_goes_on_behind_a_choice() {
    let target = |name: &str, to: &str| {
        let members =
            format!(r#""type":[{{"code":"Reference","targetProfile":["http://t.org/{to}"]}}]"#);
        slice(name, &below(name, "value[x]", &members))
    };
    let list = [
        sliced(r#"{"type":"profile","path":"value.resolve()"}"#),
        target("a", "A"),
        target("b", "B"),
    ]
    .join(",");
    let (matches, warned) = matches_of(&list, VALUE);
    let expected = |to: &str| {
        format!(
            r#"{{"type":"profile","resolve-ref":true,"value":{{"valueReference":"http://t.org/{to}"}}}}"#
        )
    };
    let expected =
        [("a", expected("A")), ("b", expected("B"))].map(|(name, text)| (name.to_owned(), text));
    assert_eq!(normal(&matches), normal(&expected));
    assert_eq!(warned, 0);
}

/// The same with the members of objects in one order.
fn normal(matches: &[(String, String)]) -> Vec<(String, Value)> {
    let parsed =
        |(name, text): &(String, String)| (name.clone(), serde_json::from_str(text).unwrap());
    matches.iter().map(parsed).collect()
}

#[test]
fn targets_that_two_slices_share_tell_neither() {
    let target = r#""type":[{"code":"Reference","targetProfile":["http://t.org/A"]}]"#;
    let list = [
        sliced(r#"{"type":"value","path":"item.resolve().code"}"#),
        slice("a", &below("a", "item", target)),
        slice("b", &below("b", "item", target)),
    ]
    .join(",");
    let (matches, warned) = matches_of(&list, "");
    assert_eq!(
        matches,
        [
            ("a".to_owned(), String::new()),
            ("b".to_owned(), String::new())
        ]
    );
    assert_eq!(warned, 2);
}

#[test]
fn a_discriminator_that_is_not_followed_is_told_beside_one_that_is() {
    let code = r#""fixedCode":"x""#;
    for second in [
        r#"{"type":"value","path":"other"}"#,
        r#"{"type":"value","path":"item.where(a = 1)"}"#,
    ] {
        let discriminators = format!(r#"{{"type":"value","path":"code"}},{second}"#);
        let list = [
            sliced(&discriminators),
            slice("a", &below("a", "code", code)),
        ]
        .join(",");
        let (matches, warned) = matches_of(&list, "");
        assert_eq!(
            normal(&matches),
            normal(&[(
                "a".to_owned(),
                r#"{"type":"pattern","value":{"code":"x"}}"#.to_owned()
            )])
        );
        assert_eq!(warned, 1, "{second}");
    }
}

#[test]
fn the_position_is_that_in_the_snapshot() {
    let slicing = sliced(r#"{"type":"position","path":"$this"}"#);
    let snapshot = [
        slicing.clone(),
        slice("a", ""),
        slice("b", ""),
        slice("c", ""),
    ]
    .join(",");
    let (matches, _) = matches_of(
        &[slicing, slice("c", ""), slice("a", "")].join(","),
        &snapshot,
    );
    let at = |position: usize| format!(r#"{{"type":"position","value":{position}}}"#);
    assert_eq!(
        normal(&matches),
        // The order of names is that of serde_json's map.
        normal(&[("a".to_owned(), at(0)), ("c".to_owned(), at(2))])
    );
}

#[test]
fn an_extension_that_may_be_any_of_several_is_told_by_its_profiles() {
    let list = r#"{"id":"Patient","path":"Patient"},
        {"id":"Patient.extension:a","path":"Patient.extension","sliceName":"a",
         "type":[{"code":"Extension","profile":["http://t.org/A","http://t.org/B"]}]}"#;
    let snapshot = r#"{"id":"Patient","path":"Patient"},
        {"id":"Patient.extension","path":"Patient.extension",
         "slicing":{"discriminator":[{"type":"value","path":"url"}],"rules":"open"}}"#;
    let made = convert(&profile(list, snapshot)).unwrap();
    let schema: Value = serde_json::from_str(&made.schema).unwrap();
    let found = &schema["elements"]["extension"]["slicing"]["slices"]["a"]["match"];
    let expected =
        serde_json::json!({"type": "profile", "value": ["http://t.org/A", "http://t.org/B"]});
    assert_eq!(*found, expected);
}

#[test]
fn closed_slicing_narrows_a_choice_whose_types_are_stated() {
    let list = r#"{"id":"Patient","path":"Patient"},
        {"id":"Patient.value[x]","path":"Patient.value[x]","type":[{"code":"string"},{"code":"Quantity"}],
         "slicing":{"discriminator":[{"type":"type","path":"$this"}],"rules":"closed"}},
        {"id":"Patient.value[x]:valueQuantity","path":"Patient.value[x]","sliceName":"valueQuantity",
         "type":[{"code":"Quantity"}]}"#;
    let made = convert(&profile(list, "")).unwrap();
    let schema: Value = serde_json::from_str(&made.schema).unwrap();
    assert_eq!(
        schema["elements"]["value"]["choices"],
        serde_json::json!(["valueQuantity"])
    );
}

#[test]
fn a_target_that_is_a_profile_of_the_core_is_no_type() {
    let target = r#""type":[{"code":"Reference","targetProfile":["http://hl7.org/fhir/StructureDefinition/vitalsigns"]}]"#;
    let list = [
        sliced(r#"{"type":"type","path":"item.resolve()"}"#),
        slice("a", &below("a", "item", target)),
    ]
    .join(",");
    let (matches, _) = matches_of(&list, "");
    assert!(matches[0].1.contains("profile"), "{matches:?}");
}

#[test]
fn a_binding_that_is_stricter_than_the_type_s_is_the_slice_s_own() {
    let binding = |strength: &str| {
        format!(r#""binding":{{"strength":"{strength}","valueSet":"http://t.org/v"}}"#)
    };
    let general = format!(
        r#"{{"id":"Patient.part","path":"Patient.part",{},
        "slicing":{{"discriminator":[{{"type":"value","path":"$this"}}],"rules":"open"}}}}"#,
        binding("example")
    );
    for (strength, expected) in [("required", 1), ("example", 0)] {
        let own = format!(
            r#"{{"id":"Patient.part:a","path":"Patient.part","sliceName":"a",{}}}"#,
            binding(strength)
        );
        let list = [r#"{"id":"Patient","path":"Patient"}"#, &general, &own].join(",");
        // From the snapshot alone, which repeats in each slice what holds in general.
        let made = convert(&profile("", &list)).unwrap();
        let found = made.schema.matches(r#""match":{"type":"binding""#).count();
        assert_eq!(found, expected, "{strength}");
    }
}

#[test]
fn a_profile_without_snapshot_may_refer_to_what_its_type_has() {
    let list = r##"{"id":"Patient","path":"Patient"},
        {"id":"Patient.part.part","path":"Patient.part.part","contentReference":"#Patient.part"}"##;
    let made = convert(&profile(list, "")).unwrap();
    assert!(made.warnings.is_empty(), "{:?}", made.warnings);
    let expected = r#"["http://hl7.org/fhir/StructureDefinition/Patient","elements","part"]"#;
    assert!(made.schema.contains(expected), "{}", made.schema);
}

#[test]
fn a_profile_of_one_type_has_no_elements_of_another() {
    let refusal = convert(&profile(
        r#"{"path":"Observation"},{"path":"Observation.a"}"#,
        "",
    ))
    .unwrap_err();
    assert!(refusal.contains("Observation"), "{refusal}");
}
