//! Every kind of warning, each with the element it is about.

use super::{profile, warnings};

/// Whether a definition with one element, `Patient.a`, gives this warning of it and no other.
fn assert_warned(members: &str, kind: &'static str) {
    let text = profile(&format!(
        r#"{{"id":"Patient.a","path":"Patient.a",{members}}}"#
    ));
    assert_eq!(
        warnings(&text),
        [(kind, "Patient.a".to_owned())],
        "{members}"
    );
}

#[test]
fn what_the_schema_has_no_place_for_is_told() {
    for (members, kind) in [
        (
            r#""type":[{"code":"Reference","aggregation":["contained"]}]"#,
            "aggregation",
        ),
        (
            r#""type":[{"code":"Reference","versioning":"specific"}]"#,
            "aggregation",
        ),
        (
            r#""binding":{"strength":"required","valueSet":"http://v","additional":[{"purpose":"maximum","valueSet":"http://w"}]}"#,
            "additional-binding",
        ),
        (
            r#""binding":{"strength":"preferred","extension":[{"url":"http://hl7.org/fhir/StructureDefinition/elementdefinition-maxValueSet","valueCanonical":"http://w"}]}"#,
            "additional-binding",
        ),
        (
            r#""constraint":[{"key":"k","severity":"error","human":"a"}]"#,
            "expression",
        ),
        (
            r#""constraint":[{"severity":"error","human":"a","expression":"true"}]"#,
            "expression",
        ),
        (
            r#""constraint":[{"key":"k","expression":"a"},{"key":"k","expression":"b"}]"#,
            "expression",
        ),
        (
            r#""extension":[{"url":"http://hl7.org/fhir/StructureDefinition/minLength","valueInteger":2}]"#,
            "extension",
        ),
        (r#""mustHaveValue":true"#, "must-have-value"),
        (r#""valueAlternatives":["http://e"]"#, "must-have-value"),
        (r#""defaultValueString":"a""#, "default-value"),
        (r#""min":2,"max":"1""#, "cardinality"),
        (r#""min":1,"max":"0""#, "cardinality"),
    ] {
        assert_warned(members, kind);
    }
}

#[test]
fn what_is_not_below_the_root_is_left_out_and_told() {
    let text = profile(r#"{"path":"Patient"},{"path":"Observation.a","max":"0"}"#);
    assert_eq!(
        warnings(&text),
        [("element-path", "Observation.a".to_owned())]
    );
    let (conversion, _) = super::converted(&text);
    assert!(!conversion.schema.contains("excluded"));
}

#[test]
fn a_choice_of_unknown_types_is_told() {
    let text = profile(r#"{"id":"Patient.value[x]","path":"Patient.value[x]","fixedString":"a"}"#);
    assert_eq!(
        warnings(&text),
        [("choice-types", "Patient.value[x]".to_owned())]
    );
    let (_, facts) = super::converted(&text);
    let fixed = r#"{"type":"string","value":"a"}"#;
    assert_eq!(super::fact(&facts, "/value", "fixed"), Some(fixed));
}

#[test]
fn a_slice_of_several_types_that_must_be_there_is_told() {
    let text = profile(
        r#"{"id":"Patient.value[x]:s","path":"Patient.value[x]","sliceName":"s","min":1,"type":[{"code":"string"},{"code":"code"}]}"#,
    );
    assert_eq!(
        warnings(&text),
        [("choice-slice", "Patient.value[x]:s".to_owned())]
    );
    let (_, facts) = super::converted(&text);
    assert_eq!(super::fact(&facts, "/value", "required"), Some(""));
}

#[test]
fn nothing_is_left_of_no_element() {
    // All elements are somewhere else: the schema would be empty.
    let text = profile(r#"{"path":"Observation.a","max":"0"},{"path":"Group.b","max":"0"}"#);
    match fhir_schema_store::convert::convert(&text) {
        Ok(conversion) => assert!(!conversion.warnings.is_empty(), "{}", conversion.schema),
        Err(refusal) => assert!(refusal.contains("Observation"), "{refusal}"),
    }
}

#[test]
fn a_reference_to_no_element_is_told() {
    let text = super::resource(
        r##"{"id":"Patient.a","path":"Patient.a","max":"1","contentReference":"#Patient.nowhere"}"##,
    );
    assert_eq!(
        warnings(&text),
        [("content-reference", "Patient.a".to_owned())]
    );
}

#[test]
fn a_profile_that_imposes_another_is_told() {
    let text = profile(r#"{"path":"Patient.a","max":"0"}"#).replacen(
        "\"url\"",
        r#""extension":[{"url":"http://hl7.org/fhir/StructureDefinition/structuredefinition-imposeProfile","valueCanonical":"http://o"}],"url""#,
        1,
    );
    assert_eq!(warnings(&text), [("extension", "Patient".to_owned())]);
}

#[test]
fn of_an_element_that_stands_twice_the_later_one_counts() {
    let text = profile(r#"{"path":"Patient.a","max":"0"},{"path":"Patient.a","min":1,"max":"1"}"#);
    let (conversion, _) = super::converted(&text);
    assert!(conversion.schema.contains(r#""required":["a"]"#));
    assert!(!conversion.schema.contains("excluded"));
}

#[test]
fn a_value_of_another_type_than_its_name_says_is_refused() {
    for members in [
        r#""maxLength":"3""#,
        r#""maxLength":{}"#,
        r#""minValueInteger":"x""#,
        r#""maxValueDate":3"#,
        r#""fixedBoolean":"true""#,
        r#""fixedDecimal":"1.5""#,
        r#""patternCoding":"x""#,
        r#""fixedUri":["a"]"#,
    ] {
        let text = profile(&format!(r#"{{"path":"Patient.a",{members}}}"#));
        let refusal = fhir_schema_store::convert::convert(&text).unwrap_err();
        assert!(refusal.starts_with("Patient.a: "), "{refusal}");
    }
    // Null is the same as absent.
    let text = profile(r#"{"path":"Patient.a","patternCoding":null,"maxLength":null,"max":"0"}"#);
    assert_eq!(warnings(&text), []);
}
