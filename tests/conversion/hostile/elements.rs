//! Elements that do not fit together.

use super::{converted, fact, profile, warnings};

#[test]
fn an_id_that_does_not_fit_is_not_gone_by() {
    let text = profile(
        r#"{"id":"Patient","path":"Patient"},{"id":"Observation.b","path":"Patient.a","max":"0"},
        {"id":"Patient.c.d","path":"Patient.c","max":"0"},{"id":"","path":"Patient.e","max":"0"}"#,
    );
    let (_, facts) = converted(&text);
    for place in ["/a", "/c", "/e"] {
        assert_eq!(fact(&facts, place, "excluded"), Some(""), "{place}");
    }
    let kinds: Vec<_> = warnings(&text).into_iter().map(|(kind, _)| kind).collect();
    assert_eq!(kinds, ["element-id"; 3]);
    let text = profile(
        r#"{"id":"Patient.a","path":"Patient.a","slicing":{"discriminator":[{"type":"value","path":"$this"}],"rules":"open"}},
        {"id":"Patient.a:b","path":"Patient.a","sliceName":"c","fixedCode":"x"}"#,
    );
    assert_eq!(warnings(&text), [("element-id", "Patient.a:b".to_owned())]);
    let (_, facts) = converted(&text);
    assert!(fact(&facts, "/a:b", "slice match").is_some());
}

#[test]
fn without_ids_slices_go_by_order() {
    let text = profile(
        r#"{"path":"Patient.a","slicing":{"discriminator":[{"type":"value","path":"c"}],"rules":"open"}},
        {"path":"Patient.a","sliceName":"one"},{"path":"Patient.a.c","fixedCode":"1"},
        {"path":"Patient.a.d","slicing":{"discriminator":[{"type":"value","path":"e"}],"rules":"open"}},
        {"path":"Patient.a.d","sliceName":"in"},{"path":"Patient.a.d.e","fixedCode":"2"},
        {"path":"Patient.a","sliceName":"two"},{"path":"Patient.a.c","fixedCode":"3"},{"path":"Patient.b","max":"0"}"#,
    );
    let (conversion, facts) = converted(&text);
    assert_eq!(conversion.warnings, []);
    for (place, code) in [("/a:one", 1), ("/a:one/d:in", 2), ("/a:two", 3)] {
        let name = if code == 2 { "e" } else { "c" };
        let found = format!(r#"{{"type":"pattern","value":{{"{name}":"{code}"}}}}"#);
        assert_eq!(fact(&facts, place, "slice match"), Some(&*found));
    }
    assert_eq!(fact(&facts, "/b", "excluded"), Some(""));
}

#[test]
fn order_that_is_wrong_is_told() {
    let text = profile(
        r#"{"id":"Patient.a:s.b","path":"Patient.a.b","fixedCode":"x"},{"id":"Patient.a:s","path":"Patient.a","sliceName":"s"},
        {"id":"Patient.a","path":"Patient.a","slicing":{"discriminator":[{"type":"value","path":"b"}],"rules":"open"}},
        {"id":"Patient","path":"Patient"}"#,
    );
    let (_, facts) = converted(&text);
    let found = r#"{"type":"pattern","value":{"b":"x"}}"#;
    assert_eq!(fact(&facts, "/a:s", "slice match"), Some(found));
    assert_eq!(fact(&facts, "/a", "slicing rules"), Some("\"open\""));
    let warnings = warnings(&text);
    assert!(warnings.iter().all(|(kind, _)| *kind == "element-order"));
    for element in ["Patient.a:s.b", "Patient.a:s", "Patient.a"] {
        assert!(warnings.iter().any(|(_, own)| own == element), "{element}");
    }
}

#[test]
fn of_elements_that_stand_twice_both_are_in() {
    let text = profile(
        r#"{"id":"Patient.a","path":"Patient.a","min":1,"short":"first","constraint":[{"key":"k","expression":"1"}]},
        {"id":"Patient.a","path":"Patient.a","short":"second","mustSupport":true,"constraint":[{"key":"l","expression":"2"}]}"#,
    );
    assert_eq!(
        warnings(&text),
        [("duplicate-element", "Patient.a".to_owned())]
    );
    let (_, facts) = converted(&text);
    assert_eq!(fact(&facts, "/a", "short"), Some("\"second\""));
    for name in ["required", "mustSupport", "constraint k", "constraint l"] {
        assert!(fact(&facts, "/a", name).is_some(), "{name}");
    }
    // The same slice twice, each time with what is below it.
    let slice = r#"{"id":"Patient.a:s","path":"Patient.a","sliceName":"s"},{"id":"Patient.a:s.b","path":"Patient.a.b","fixedCode":"x"}"#;
    let slicing = r#"{"id":"Patient.a","path":"Patient.a","slicing":{"discriminator":[{"type":"value","path":"b"}],"rules":"open"}}"#;
    let text = profile(&format!("{slicing},{slice},{slice}"));
    let mut warnings = warnings(&text);
    // The first child stands before the last of its slices.
    warnings.retain(|(kind, _)| *kind != "element-order");
    let twice = ["Patient.a:s", "Patient.a:s.b"].map(|id| ("duplicate-element", id.to_owned()));
    assert_eq!(warnings, twice);
}

#[test]
fn slices_that_nothing_tells_apart_are_told() {
    for slicing in [
        r#"{"rules":"open"}"#,
        r#"{"discriminator":[],"rules":"open"}"#,
        r#"{"discriminator":[{"type":"value","path":"nowhere"}],"rules":"open"}"#,
        r#"{"discriminator":[{"type":"value","path":"b.c.nowhere"}],"rules":"open"}"#,
        r#"{"discriminator":[{"type":"value","path":"b c (("}],"rules":"open"}"#,
        r#"{"discriminator":[{"type":"value","path":"where(true)"}],"rules":"open"}"#,
        r#"{"discriminator":[{"type":"value","path":""}],"rules":"open"}"#,
        r#"{"discriminator":[{"type":"value","path":"...."}],"rules":"open"}"#,
        r#"{"discriminator":[{"type":"value","path":"extension("}],"rules":"open"}"#,
        r#"{"discriminator":[{"type":"value","path":"ofType()"}],"rules":"open"}"#,
        r#"{"discriminator":[{"type":"unheard-of","path":"$this"}],"rules":"open"}"#,
        r#"{"discriminator":[{"type":"type","path":"nowhere"}],"rules":"open"}"#,
        r#"{"discriminator":[{"type":"profile","path":"resolve()"}],"rules":"open"}"#,
        r#"{"discriminator":[{"type":"exists","path":"nowhere"}],"rules":"open"}"#,
        r#"{"discriminator":[{}],"rules":"open"}"#,
    ] {
        let text = profile(&format!(
            r#"{{"id":"Patient.a","path":"Patient.a","slicing":{slicing}}},
            {{"id":"Patient.a:s","path":"Patient.a","sliceName":"s","min":1}},
            {{"id":"Patient.a:s.d","path":"Patient.a.d","min":1}}"#
        ));
        assert_eq!(
            warnings(&text),
            [("slice-match", "Patient.a:s".to_owned())],
            "{slicing}"
        );
        let (_, facts) = converted(&text);
        assert_eq!(fact(&facts, "/a:s", "slice match"), None, "{slicing}");
        assert_eq!(fact(&facts, "/a:s", "slice min"), Some("1"), "{slicing}");
    }
}

#[test]
fn fifty_types_are_fifty_typed_elements() {
    let types = super::many(50, |at| format!(r#"{{"code":"Type{at}"}}"#));
    let text = profile(&format!(
        r#"{{"id":"Patient.value[x]","path":"Patient.value[x]","type":[{types}]}},
        {{"id":"Patient.value[x].b","path":"Patient.value[x].b","max":"0"}}"#
    ));
    let (conversion, facts) = converted(&text);
    assert_eq!(conversion.warnings, []);
    for at in 0..50 {
        let place = format!("/valueType{at}");
        assert_eq!(fact(&facts, &place, "choiceOf"), Some("\"value\""));
        assert_eq!(fact(&facts, &format!("{place}/b"), "excluded"), Some(""));
    }
}
