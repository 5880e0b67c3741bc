//! Definitions that are far too large: what takes time in proportion to their size takes well under a
//! second, what takes the square of it would take minutes.

use std::time::Instant;

use super::{assert_refused, converted, fact, many, profile, resource};
use fhir_schema_store::convert::{convert, dependencies};

/// Elements, slices, types ... where one has too many: `FSS_MANY`, or as many as take no time.
fn too_many() -> usize {
    let asked = std::env::var("FSS_MANY");
    asked.map_or(5_000, |many| many.parse().unwrap())
}

/// Types of one element, at most.
const MOST_TYPES: usize = 1000;

/// Seconds that one conversion takes are written out if `FSS_SECONDS` is set.
fn timed(name: &str, text: &str) -> fhir_schema_store::convert::Conversion {
    let start = Instant::now();
    let conversion = convert(text);
    if std::env::var_os("FSS_SECONDS").is_some() {
        let (seconds, bytes) = (start.elapsed().as_secs_f64(), text.len());
        // Not by `println!`, which nobody sees where all is well.
        let told = format!("{seconds:.3} s, {bytes} bytes: {name}\n");
        std::io::Write::write_all(&mut std::io::stderr(), told.as_bytes()).unwrap();
    }
    conversion.unwrap()
}

fn slicing(path: &str, discriminator: &str) -> String {
    format!(
        r#"{{"id":"{path}","path":"{path}","slicing":{{"discriminator":[{discriminator}],"rules":"open"}}}}"#
    )
}

const BY_VALUE: &str = r#"{"type":"value","path":"b"}"#;

#[test]
fn many_elements() {
    let elements = many(too_many(), |at| {
        format!(r#"{{"id":"Patient.e{at}","path":"Patient.e{at}","min":1,"max":"1"}}"#)
    });
    let conversion = timed(
        "elements",
        &resource(&format!(r#"{{"path":"Patient"}},{elements}"#)),
    );
    assert!(conversion.warnings.is_empty());
    assert!(
        conversion
            .schema
            .contains(&format!("\"e{}\"", too_many() - 1))
    );
}

#[test]
fn many_elements_without_ids_in_the_wrong_order() {
    let elements = many(too_many(), |at| {
        format!(r#"{{"path":"Patient.a.e{at}","min":1}}"#)
    });
    timed(
        "no ids",
        &profile(&format!(
            r#"{elements},{{"path":"Patient.a"}},{{"path":"Patient"}}"#
        )),
    );
    let elements = many(too_many(), |_| r#"{"path":"Patient.a","min":1}"#.to_owned());
    timed("the same element", &profile(&elements));
}

#[test]
fn deep_paths() {
    let deep = vec!["a"; too_many()].join(".");
    assert_refused(
        &profile(&format!(r#"{{"path":"Patient.{deep}"}}"#)),
        "Patient.a.a",
    );
    let deep = vec!["a:s"; 59].join(".");
    let path = vec!["a"; 59].join(".");
    let text = profile(&format!(
        r#"{{"id":"Patient.{deep}","path":"Patient.{path}","max":"0"}}"#
    ));
    let (_, facts) = converted(&text);
    assert_eq!(fact(&facts, &"/a:s".repeat(59), "slice max"), Some("0"));
}

#[test]
fn choices_in_choices() {
    let types = many(50, |at| format!(r#"{{"code":"Type{at}"}}"#));
    let mut path = "Patient".to_owned();
    let mut elements = Vec::new();
    for _ in 0..6 {
        path.push_str(".value[x]");
        elements.push(format!(
            r#"{{"id":"{path}","path":"{path}","type":[{types}]}}"#
        ));
    }
    let start = Instant::now();
    assert_refused(&profile(&elements.join(",")), "value[x]");
    assert!(start.elapsed().as_secs() < 20);
}

#[test]
fn many_slices() {
    let slices = many(too_many(), |at| {
        format!(
            r#"{{"id":"Patient.a:s{at}","path":"Patient.a","sliceName":"s{at}","min":1}},
            {{"id":"Patient.a:s{at}.b","path":"Patient.a.b","fixedCode":"{at}"}}"#
        )
    });
    let conversion = timed(
        "slices",
        &profile(&format!("{},{slices}", slicing("Patient.a", BY_VALUE))),
    );
    assert!(conversion.warnings.is_empty());
}

#[test]
fn many_slices_by_position() {
    let slices = many(too_many(), |at| {
        format!(r#"{{"id":"Patient.a:s{at}","path":"Patient.a","sliceName":"s{at}"}}"#)
    });
    let by_position = slicing("Patient.a", r#"{"type":"position","path":"$this"}"#);
    let conversion = timed(
        "slices by position",
        &profile(&format!("{by_position},{slices}")),
    );
    assert!(conversion.warnings.is_empty());
}

#[test]
fn many_extensions() {
    let slices = many(too_many(), |at| {
        format!(
            r#"{{"id":"Patient.extension:s{at}","path":"Patient.extension","sliceName":"s{at}","min":1,
            "type":[{{"code":"Extension","profile":["http://e.org/{at}"]}}]}}"#
        )
    });
    let conversion = timed("extensions", &profile(&slices));
    assert!(conversion.warnings.is_empty());
    // Each of them looked for by its URL.
    let discriminator = r#"{"type":"value","path":"extension('http://e.org/nowhere').value"}"#;
    let slices = many(too_many() / 100, |at| {
        let of = format!("Patient.a:s{}", at / 10);
        format!(
            r#"{{"id":"{of}.extension:e{at}","path":"Patient.a.extension","sliceName":"e{at}",
            "type":[{{"code":"Extension","profile":["http://e.org/{at}"]}}]}}"#
        )
    });
    timed(
        "extensions sought",
        &profile(&format!("{},{slices}", slicing("Patient.a", discriminator))),
    );
}

#[test]
fn many_slices_of_a_choice() {
    for (name, of) in [("of one type", 1), ("of many types", MOST_TYPES)] {
        let types = many(of, |at| format!(r#"{{"code":"Type{at}"}}"#));
        let slices = many(too_many(), |at| {
            let of = at % of;
            format!(
                r#"{{"id":"Patient.value[x]:s{at}","path":"Patient.value[x]","sliceName":"s{at}",
                "type":[{{"code":"Type{of}"}}],"patternCode":"{at}"}}"#
            )
        });
        let choice = format!(
            r#"{{"id":"Patient.value[x]","path":"Patient.value[x]","type":[{types}],
            "slicing":{{"discriminator":[{{"type":"value","path":"$this"}}],"rules":"closed"}}}}"#
        );
        timed(
            &format!("slices of a choice {name}"),
            &profile(&format!("{choice},{slices}")),
        );
    }
}

#[test]
fn many_types() {
    for path in ["Patient.a", "Patient.value[x]"] {
        let element = |count: usize| {
            let types = many(count, |at| {
                format!(r#"{{"code":"Type{at}","profile":["http://p.org/{at}"]}}"#)
            });
            profile(&format!(
                r#"{{"id":"{path}","path":"{path}","type":[{types}]}}"#
            ))
        };
        timed(&format!("types of {path}"), &element(MOST_TYPES));
        assert_refused(&element(too_many()), path);
    }
    let types = many(too_many(), |at| {
        format!(r#"{{"code":"Reference","targetProfile":"http://p.org/{at}"}}"#)
    });
    let text = profile(&format!(r#"{{"path":"Patient.a","type":[{types}]}}"#));
    assert_refused(&text, "Patient.a");
    let targets = many(too_many(), |at| format!(r#""http://p.org/{at}""#));
    let types =
        format!(r#"[{{"code":"Reference","targetProfile":[{targets}],"profile":[{targets}]}}]"#);
    timed(
        "targets",
        &profile(&format!(r#"{{"path":"Patient.a","type":{types}}}"#)),
    );
}

#[test]
fn many_constraints_and_values() {
    let constraints = many(too_many(), |at| {
        format!(r#"{{"key":"k{at}","severity":"error","expression":"true"}}"#)
    });
    timed(
        "constraints",
        &profile(&format!(
            r#"{{"path":"Patient.a","constraint":[{constraints}]}}"#
        )),
    );
    let values = many(too_many(), |at| {
        format!(r#""minValueT{at}":{{}},"fixedT{at}":{{}}"#)
    });
    timed(
        "values",
        &profile(&format!(r#"{{"path":"Patient.a",{values}}}"#)),
    );
    let values = many(too_many(), |at| format!(r#""valueT{at}":{at}"#));
    let extension = format!(r#"[{{"url":"http://e.org/a",{values}}}]"#);
    timed(
        "values of an extension",
        &profile(&format!(
            r#"{{"path":"Patient.a","extension":{extension}}}"#
        )),
    );
}

#[test]
fn deep_and_wide_values_under_two_discriminators() {
    let deep = format!("{}1{}", r#"{"a":"#.repeat(10_000), "}".repeat(10_000));
    let wide = many(too_many(), |at| format!(r#""m{at}":[{at}]"#));
    let by_two = r#"{"type":"value","path":"b.a.a"},{"type":"value","path":"c.m9999"},{"type":"value","path":"b.a"}"#;
    let slices = format!(
        r#"{},{{"id":"Patient.a:s","path":"Patient.a","sliceName":"s"}},
        {{"id":"Patient.a:s.b","path":"Patient.a.b","patternCoding":{deep}}},
        {{"id":"Patient.a:s.c","path":"Patient.a.c","fixedCoding":{{{wide}}}}}"#,
        slicing("Patient.a", by_two)
    );
    let conversion = timed("deep and wide values", &profile(&slices));
    assert!(conversion.schema.contains("m9999"));
    let lists = format!(r#"{{"a":{}1{}}}"#, "[".repeat(10_000), "]".repeat(10_000));
    let slices = format!(
        r#"{},{{"id":"Patient.a:s","path":"Patient.a","sliceName":"s","patternCoding":{lists}}},
        {{"id":"Patient.a:s.b","path":"Patient.a.b","patternCoding":{lists}}}"#,
        slicing("Patient.a", by_two)
    );
    timed("deep lists", &profile(&slices));
}

#[test]
fn many_discriminators() {
    let discriminators = many(too_many(), |at| {
        format!(r#"{{"type":"value","path":"b{at}"}}"#)
    });
    let slices = r#"{"id":"Patient.a:s","path":"Patient.a","sliceName":"s"},{"id":"Patient.a:s.b1","path":"Patient.a.b1","fixedCode":"x"}"#;
    timed(
        "discriminators",
        &profile(&format!(
            "{},{slices}",
            slicing("Patient.a", &discriminators)
        )),
    );
    let children = many(3000, |at| {
        format!(r#"{{"id":"Patient.a:s.b{at}","path":"Patient.a.b{at}","fixedCode":"x"}}"#)
    });
    let discriminators = many(3000, |at| format!(r#"{{"type":"value","path":"b{at}"}}"#));
    let slices = format!(r#"{{"id":"Patient.a:s","path":"Patient.a","sliceName":"s"}},{children}"#);
    timed(
        "discriminators that find",
        &profile(&format!(
            "{},{slices}",
            slicing("Patient.a", &discriminators)
        )),
    );
    let path = "b.".repeat(too_many()) + "b";
    let discriminator = format!(r#"{{"type":"value","path":"{path}"}}"#);
    let slices = r#"{"id":"Patient.a:s","path":"Patient.a","sliceName":"s"},{"id":"Patient.a:s.b","path":"Patient.a.b","min":1}"#;
    timed(
        "a long path",
        &profile(&format!(
            "{},{slices}",
            slicing("Patient.a", &discriminator)
        )),
    );
    let path = "(".repeat(too_many());
    let discriminator = format!(r#"{{"type":"value","path":"{path}"}}"#);
    timed(
        "brackets",
        &profile(&format!(
            "{},{slices}",
            slicing("Patient.a", &discriminator)
        )),
    );
}

#[test]
fn long_texts() {
    let narrative = "<p>\\\"[{</p>".repeat(1_000_000);
    let text = profile(r#"{"path":"Patient","min":0}"#);
    let text = text.replacen('{', &format!(r#"{{"text":{{"div":"{narrative}"}},"#), 1);
    timed("narrative", &text);
    let name = "a".repeat(1 << 20);
    let elements = format!(
        r#"{{"id":"Patient.{name}","path":"Patient.{name}","short":"{name}"}},
        {{"id":"Patient.{name}:{name}","path":"Patient.{name}","sliceName":"{name}"}},
        {{"id":"Patient.A{name}","path":"Patient.A{name}"}}"#
    );
    timed("names", &profile(&elements));
    let name = "aB".repeat(1 << 16);
    timed(
        "capitals",
        &profile(&format!(r#"{{"path":"Patient.{name}"}}"#)),
    );
}

#[test]
fn deep_nesting_that_nobody_reads() {
    let deep = format!(
        "{}{}",
        r#"[{"a":"#.repeat(too_many()),
        "}]".repeat(too_many())
    )
    .replace(":}", ":1}");
    let text = profile(&format!(r#"{{"path":"Patient","unknown":{deep}}}"#));
    timed(
        "deep nesting",
        &text.replacen('{', &format!(r#"{{"unknown":{deep},"#), 1),
    );
    for members in [
        format!(r#""defaultValueT":{deep}"#),
        format!(r#""minValueT":{{"a":{deep}}}"#),
    ] {
        timed(
            "deep value",
            &profile(&format!(r#"{{"path":"Patient.a",{members}}}"#)),
        );
    }
    let text = profile(r#"{"path":"Patient"}"#);
    timed(
        "deep context",
        &text.replacen('{', &format!(r#"{{"context":{deep},"#), 1),
    );
}

#[test]
fn schemas_that_are_too_large_have_dependencies() {
    let deep = format!(
        "{}{{}}{}",
        r#"{"elements":{"a":"#.repeat(too_many()),
        "}}".repeat(too_many())
    );
    assert!(dependencies(&deep).unwrap().is_empty());
    let slices = r#"{"slicing":{"slices":{"a":{"schema":"#;
    let deep = format!(
        "{{\"elements\":{{\"a\":{}{{}}{}}}}}",
        slices.repeat(too_many()),
        "}}}}".repeat(too_many())
    );
    assert!(dependencies(&deep).unwrap().is_empty());
    let matches = r#"{"type":"all","value":["#.repeat(too_many());
    let deep = format!(
        r#"{{"elements":{{"a":{{"slicing":{{"slices":{{"a":{{"match":{matches}{}}}}}}}}}}}}}"#,
        "]}".repeat(too_many())
    );
    assert!(dependencies(&deep).unwrap().is_empty());
    let wide = many(too_many(), |at| {
        format!(r#""e{at}":{{"type":"T{}"}}"#, at % 1000)
    });
    let wide = dependencies(&format!(r#"{{"elements":{{{wide}}}}}"#)).unwrap();
    assert_eq!(wide.len(), 1000);
    for text in ["", "[]", "null", "7", "{", r#"{"a":1} 2"#] {
        assert!(!dependencies(text).unwrap_err().is_empty(), "{text}");
    }
}
