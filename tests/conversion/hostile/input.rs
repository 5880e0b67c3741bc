//! What is no definition, or not JSON.

use super::{assert_refused, converted, fact, profile, resource};
use fhir_schema_store::convert::convert;

#[test]
fn what_is_no_definition_is_refused() {
    for text in [
        "",
        "null",
        "[]",
        "7",
        "\"StructureDefinition\"",
        "{}",
        "{\"resourceType\":null}",
        "\u{feff}",
    ] {
        let refusal = convert(text).unwrap_err();
        assert!(!refusal.is_empty(), "{text}");
    }
    assert_refused(r#"{"resourceType":"Patient"}"#, "Patient");
    let bare = r#"{"resourceType":"StructureDefinition","url":"http://x.org/a","type":"A"}"#;
    assert_refused(bare, "neither a differential nor a snapshot");
    let empty = bare.replace(
        "\"type\":\"A\"",
        r#""differential":{"element":[]},"snapshot":null"#,
    );
    assert_refused(&empty, "neither a differential nor a snapshot");
}

#[test]
fn a_definition_that_is_its_own_base_is_refused() {
    for base in ["http://x.org/one", "http://x.org/one|1.0"] {
        let text = profile(r#"{"path":"Patient"}"#).replace("http://x.org/base", base);
        assert_refused(&text, "http://x.org/one is its own base");
    }
}

#[test]
fn cut_off_anywhere_it_is_refused() {
    let whole = profile(
        r#"{"id":"Patient.a:b","path":"Patient.a","sliceName":"b","min":1,"max":"*","type":[{"code":"\ud83d\ude00"}],
        "patternCoding":{"code":"\"","x":[1.5e-3,true,null]},"unknown":[{"a":[[]]}]}"#,
    );
    assert!(convert(&whole).is_ok());
    for (at, _) in whole.char_indices() {
        let refusal = convert(&whole[..at]).unwrap_err();
        assert!(!refusal.is_empty(), "cut at {at}");
    }
}

#[test]
fn wrong_types_are_refused_by_name() {
    let element = |members: &str| {
        profile(&format!(
            r#"{{"path":"Patient"}},{{"path":"Patient.a",{members}}}"#
        ))
    };
    for (members, place) in [
        (r#""min":"1""#, "min"),
        (r#""min":1e10"#, "min"),
        (r#""min":10000000000"#, "min"),
        (r#""min":-1"#, "min"),
        (r#""min":1.5"#, "min"),
        (r#""min":true"#, "min"),
        (r#""max":3"#, "max"),
        (r#""max":[]"#, "max"),
        (r#""type":{}"#, "type"),
        (r#""type":"string""#, "type"),
        (r#""type":["string"]"#, "type"),
        (r#""type":[null]"#, "type"),
        (r#""type":[{"code":7}]"#, "code"),
        (
            r#""type":[{"code":"a"},{"code":"b","profile":{}}]"#,
            "profile",
        ),
        (
            r#""type":[{"code":"a","targetProfile":[7]}]"#,
            "targetProfile",
        ),
        (r#""id":7"#, "id"),
        (r#""sliceName":false"#, "sliceName"),
        (r#""sliceIsConstraining":"true""#, "sliceIsConstraining"),
        (r#""slicing":[]"#, "slicing"),
        (r#""slicing":{"discriminator":{}}"#, "discriminator"),
        (
            r#""slicing":{"discriminator":[{"type":1}]}"#,
            "discriminator",
        ),
        (r#""slicing":{"ordered":"no"}"#, "ordered"),
        (r#""short":{}"#, "short"),
        (r#""mustSupport":1"#, "mustSupport"),
        (r#""isModifier":"yes""#, "isModifier"),
        (r#""binding":"http://v.org/a""#, "binding"),
        (r#""binding":{"valueSet":[]}"#, "valueSet"),
        (r#""constraint":{}"#, "constraint"),
        (r#""constraint":[{"key":1}]"#, "key"),
        (r#""constraint":["k"]"#, "constraint"),
        (r#""contentReference":{}"#, "contentReference"),
        (r#""base":"a""#, "base"),
        (r#""extension":{}"#, "extension"),
    ] {
        assert_refused(&element(members), place);
        assert_refused(&element(members), "[1]");
    }
    for (members, place) in [
        (r#""differential":[]"#, "line 1, column"),
        (r#""differential":{"element":{}}"#, "line 1, column"),
        (r#""differential":{"element":["a"]}"#, "line 1, column"),
        (r#""differential":{"element":[null]}"#, "line 1, column"),
        (r#""snapshot":7"#, "line 1, column"),
        (r#""url":[]"#, "url"),
        (r#""abstract":"false""#, "abstract"),
        (r#""type":{}"#, "type"),
    ] {
        let text = format!(r#"{{"resourceType":"StructureDefinition",{members}}}"#);
        assert_refused(&text, place);
    }
}

#[test]
fn a_max_that_is_no_number_is_refused() {
    for max in ["", "-1", "1.5", "1e3", " 1", "n", "99999999999", "**"] {
        let text = profile(&format!(
            r#"{{"id":"Patient.a","path":"Patient.a","max":"{max}"}}"#
        ));
        assert_refused(&text, "Patient.a");
    }
}

#[test]
fn an_element_without_a_path_is_refused() {
    assert_refused(
        &profile(r#"{"path":"Patient"},{"id":"Patient.a"}"#),
        "differential.element[1]",
    );
    assert_refused(&profile(r#"{"path":""}"#), "differential.element[0]");
    assert_refused(&profile(r#"{"path":"Patient..a"}"#), "Patient..a");
    assert_refused(&profile(r#"{"path":"Patient.a."}"#), "Patient.a.");
}

#[test]
fn no_name_is_that_of_a_prototype() {
    for element in [
        r#"{"path":"Patient.__proto__"}"#,
        r#"{"path":"Patient.__proto__.a"}"#,
        r#"{"path":"Patient.__proto__[x]","type":[{"code":"string"}]}"#,
        r#"{"path":"Patient.\u005f_proto__"}"#,
        r#"{"id":"Patient.a:__proto__","path":"Patient.a"}"#,
        r#"{"id":"Patient.a:__proto__.b","path":"Patient.a.b"}"#,
        r#"{"path":"Patient.a","sliceName":"__proto__"}"#,
        r#"{"path":"Patient.extension","sliceName":"__proto__","type":[{"code":"Extension","profile":["http://e"]}]}"#,
        r#"{"id":"Patient.value[x]:__proto__","path":"Patient.value[x]","sliceName":"__proto__","type":[{"code":"string"}]}"#,
    ] {
        assert_refused(&profile(element), "__proto__");
    }
    let types = r#"[{"code":"string"}]"#;
    for base in ["__proto__", "constructor", "hasOwnProperty", "toString"] {
        let element = format!(
            r#"{{"path":"Patient.a","type":{types},"constraint":[{{"key":"{base}","expression":"true","severity":"error"}}]}}"#
        );
        match convert(&profile(&element)) {
            Ok(conversion) => assert!(conversion.schema.contains(base)),
            Err(refusal) => assert!(refusal.contains(base), "{refusal}"),
        }
    }
}

#[test]
fn texts_come_through_whatever_is_in_them() {
    let (conversion, facts) = converted(&resource(
        r#"{"path":"Patient"},{"path":"Patient.a","min":0,"max":"1","short":"\u0000 \udfff\ud800 \ud83d\ude00",
        "fixedString":"\u0000\udfff"}"#,
    ));
    assert_eq!(conversion.warnings, []);
    assert_eq!(
        fact(&facts, "/a", "short"),
        Some("\"\\u0000 \u{fffd}\u{fffd} \u{1f600}\"")
    );
    let fixed = r#"{"type":"string","value":"\u0000\udfff"}"#;
    assert_eq!(fact(&facts, "/a", "fixed"), Some(fixed));
}
