use super::super::registry::function;
use super::super::test_calls::*;
use super::super::{Argument, FunctionContext};
use super::number::write_number;
use super::path::Path;
use riverrun_core::SystemClock;
use std::sync::Arc;

const DOCUMENT: &str = r#"{"a":1,"b":{"c":[10,20,30]},"s":"txt","n":null,"t":true,"f":1.5}"#;

fn number(text: &str) -> String {
    let mut out = String::new();
    write_number(text, &mut out);
    out
}

/// What stands at a path, as JSON; `-` for nothing, `!` for an error.
fn at(json: &str, path: &str) -> String {
    match Path::new(path).map(|path| {
        path.read(json).map(|value| {
            value.map(|value| {
                let mut text = String::new();
                value.write(&mut text);
                text
            })
        })
    }) {
        Ok(Ok(Some(text))) => text,
        Ok(Ok(None)) => "-".to_owned(),
        Ok(Err(_)) | Err(_) => "!".to_owned(),
    }
}

#[test]
fn numbers_are_written_as_by_java() {
    for (text, written) in [
        ("12", "12"),
        ("-0", "0"),
        ("1.10", "1.10"),
        ("-0.0", "0.0"),
        ("1e3", "1E+3"),
        ("0.0000001", "1E-7"),
        ("0.000001", "0.000001"),
        ("1.0E10", "1.0E+10"),
        ("1.0E-5", "0.000010"),
        ("1E400", "1E+400"),
        ("123.45e1", "1234.5"),
        ("12345678901234567890", "12345678901234567890"),
    ] {
        assert_eq!(number(text), written, "{text}");
    }
}

#[test]
fn definite_paths() {
    for (path, found) in [
        ("$.a", "1"),
        ("a", "1"),
        ("$['a']", "1"),
        ("$[\"a\"]", "1"),
        ("$.b.c[1]", "20"),
        ("$.b.c[-1]", "30"),
        ("$.b.c[9]", "!"),
        ("lax $.b.c[9]", "-"),
        ("strict $.zzz", "!"),
        ("$.a.x", "!"),
        ("$.n", "null"),
        ("$.b", r#"{"c":[10,20,30]}"#),
        ("$['a','s','x']", r#"{"a":1,"s":"txt"}"#),
        ("$.b.c.length()", "3"),
        ("$.", "!"),
        ("", "!"),
    ] {
        assert_eq!(at(DOCUMENT, path), found, "{path}");
    }
    assert_eq!(at(r#"{"a":1,"a":{"b":2}}"#, "$.a.b"), "2");
    assert_eq!(at(r#"{"日":1}"#, "$.日"), "1");
    assert_eq!(at(r#"{"a.b":1}"#, "$.a.b"), "!");
}

#[test]
fn paths_to_several_places() {
    for (json, path, found) in [
        (r#"[{"b":1},{"c":2},{"b":3}]"#, "$[*].b", "[1,3]"),
        (r#"{"a":{"x":1,"y":2}}"#, "$.a.*", "[1,2]"),
        ("[1,2,3,4]", "$[1:3]", "[2,3]"),
        ("[1,2,3,4]", "$[-2:]", "[3,4]"),
        ("[1,2,3]", "$[5,0]", "[1]"),
        (DOCUMENT, "$..c", "[[10,20,30]]"),
        (DOCUMENT, "$..zzz", "[]"),
        (DOCUMENT, "$.zzz[*]", "!"),
        (DOCUMENT, "lax $.zzz[*]", "[]"),
        (r#"{"a":1}"#, "$.a[*]", "[]"),
        (r#"{"a":{"b":1},"c":{"b":2}}"#, "$['a','c'].b", "[1,2]"),
    ] {
        assert_eq!(at(json, path), found, "{path}");
    }
}

#[test]
fn filters() {
    let json = r#"[{"a":1,"b":"x"},{"a":2,"b":"y"},{"b":"foo"}]"#;
    for (path, found) in [
        ("$[?(@.a == 2)].b", r#"["y"]"#),
        ("$[?(@.a > 1 && @.b == \"y\")].b", r#"["y"]"#),
        ("$[?(@.a < 2 || @.a == 2)].a", "[1,2]"),
        ("$[?(!(@.a == 2))].b", r#"["x","foo"]"#),
        ("$[?(@.a)].a", "[1,2]"),
        ("$[?(@.b =~ /f.*/)].b", r#"["foo"]"#),
        ("$[?(@.a in [1, 3])].a", "[1]"),
        ("$[?(@.a == 2].b", "!"),
    ] {
        assert_eq!(at(json, path), found, "{path}");
    }
    assert_eq!(at("[1,2,3,4]", "$[?(@>2)]"), "[3,4]");
}

#[test]
fn what_is_json() {
    let is = |json: &str, kind: &str| call("IS JSON", &[text(json), text(kind)]) == "BOOLEAN NOT NULL: true";
    assert!(is(DOCUMENT, "OBJECT") && is("[1]", "ARRAY") && is("\"a\"", "SCALAR") && is(" null ", "SCALAR"));
    assert!(!is("[1]", "OBJECT") && !is("1", "ARRAY"));
    // What follows the first value is not looked at, as in Flink.
    assert!(is("{\"a\":1} x", "VALUE") && is("{}x", "VALUE") && is("1 x", "VALUE"));
    for broken in [
        "",
        "a",
        "{\"a\":1,}",
        "{'a':1}",
        "[1,]",
        "01",
        "NaN",
        "{bad",
        "\"a\nb\"",
        "\"\\q\"",
        "1.",
        "-",
        "1,2",
        "1]",
        "12:30",
        "2024-03-15",
        "1\"a\"",
    ] {
        assert!(!is(broken, "VALUE"), "{broken}");
    }
    assert!(!is(&"[".repeat(100_000), "VALUE"));
}

#[test]
fn json_value_by_its_clauses() {
    let value =
        |path: &str, clauses: &[Constant]| call("JSON_VALUE", &[&[text(DOCUMENT), text(path)], clauses].concat());
    let default = |word: &str| [text("STRING"), text("DEFAULT"), text(word), text("DEFAULT"), text("error")];
    assert_eq!(value("$.s", &[]), "STRING: txt");
    assert_eq!(value("$.a", &[text("INTEGER")]), "INT: 1");
    assert_eq!(value("$.a", &[text("DOUBLE")]), "DOUBLE: 1.0");
    assert_eq!(value("$.s", &[text("INT")]), "INT: null");
    assert_eq!(value("$.t", &[text("BOOLEAN")]), "BOOLEAN: true");
    assert_eq!(value("$.s", &[text("VARCHAR(2)")]), "VARCHAR(2): tx");
    assert_eq!(value("strict $.zzz", &default("empty")), "STRING: error");
    assert_eq!(value("lax $.zzz", &default("empty")), "STRING: empty");
    assert_eq!(value("lax $.n", &default("empty")), "STRING: empty");
    assert_eq!(value("lax $.b.c", &default("empty")), "STRING: empty");
    assert_eq!(value("$.b", &default("empty")), "STRING: error");
    assert_eq!(value("$.n", &default("empty")), "STRING: error");
    let or_error = [text("STRING"), text("NULL"), null_text(), text("ERROR")];
    assert_eq!(value("$.zzz", &or_error), "Failure: nothing stands at the JSON path $.zzz");
    assert_eq!(value("$.n", &or_error), "Failure: null stands at the strict JSON path $.n");
    assert!(value("$.a", &[text("BIGINT")]).starts_with("Input: JSON_VALUE cannot return BIGINT"));
    assert_eq!(call("JSON_VALUE", &[null_text(), text("$.a")]), "STRING: null");
    assert_eq!(call("JSON_VALUE", &[text("{bad"), text("lax $.a")]), "STRING: null");
    let of_null = [&[text(" null"), text("lax $.a")], &default("empty")[..]].concat();
    assert_eq!(call("JSON_VALUE", &of_null), "STRING: error");
}

#[test]
fn json_value_is_computed_once_where_it_stands_twice_unless_it_may_fail() {
    let context = FunctionContext::new(chrono_tz::UTC, Arc::new(SystemClock));
    let computes = |clauses: &[Constant]| {
        let written = [&[text(DOCUMENT), text("$.a")], clauses].concat();
        let arguments: Vec<_> =
            written.iter().map(|(value, data_type)| Argument { data_type, literal: Some(value) }).collect();
        let resolved = (function("JSON_VALUE").unwrap().resolve)(&context, &arguments).unwrap();
        resolved.kernel.total().map(str::to_owned)
    };
    assert!(computes(&[]).is_some());
    assert_eq!(computes(&[text("INT")]), computes(&[text("INT")]));
    assert_ne!(computes(&[text("INT")]), computes(&[text("DOUBLE")]));
    assert_eq!(computes(&[text("STRING"), text("ERROR")]), None);
    assert_eq!(computes(&[text("STRING"), text("NULL"), null_text(), text("ERROR")]), None);
}

#[test]
fn json_query_and_exists() {
    let query = |path: &str, clauses: &[&str]| {
        let mut arguments = vec![text(DOCUMENT), text(path)];
        arguments.extend(clauses.iter().map(|clause| text(clause)));
        call("JSON_QUERY", &arguments)
    };
    assert_eq!(query("$", &[]), r#"STRING: {"a":1,"b":{"c":[10,20,30]},"f":1.5,"n":null,"s":"txt","t":true}"#);
    assert_eq!(query("$.s", &[]), "STRING: null");
    assert_eq!(query("$.a", &["STRING", "CONDITIONAL"]), "STRING: [1]");
    assert_eq!(query("$.b.c", &["STRING", "CONDITIONAL"]), "STRING: [10,20,30]");
    assert_eq!(query("$.b.c", &["STRING", "UNCONDITIONAL"]), "STRING: [[10,20,30]]");
    assert_eq!(query("strict $.zzz", &["STRING", "WITHOUT", "NULL", "EMPTY ARRAY"]), "STRING: []");
    assert_eq!(query("lax $.zzz", &["STRING", "WITHOUT", "EMPTY OBJECT"]), "STRING: {}");
    assert_eq!(query("$.b.c", &["ARRAY<STRING>"]), "ARRAY<STRING>: [10, 20, 30]");
    assert_eq!(query("$.b", &["ARRAY<STRING>"]), "ARRAY<STRING>: null");
    let exists = |path: &str| call("JSON_EXISTS", &[text(DOCUMENT), text(path)]);
    assert_eq!(exists("$.a"), "BOOLEAN: true");
    assert_eq!(exists("$.n"), "BOOLEAN: false");
    assert_eq!(call("JSON_EXISTS", &[text(DOCUMENT), text("$.n"), text("TRUE")]), "BOOLEAN: true");
    assert_eq!(call("JSON_EXISTS", &[text(DOCUMENT), text("lax $.n"), text("TRUE")]), "BOOLEAN: false");
    assert_eq!(exists("$.zzz"), "BOOLEAN: false");
    assert_eq!(call("JSON_EXISTS", &[text(DOCUMENT), text("$.zzz"), text("UNKNOWN")]), "BOOLEAN: null");
}

#[test]
fn objects_sort_their_keys_and_nest_what_is_json() {
    let nested = constant("FORMAT JSON", &[constant("JSON_ARRAY", &[text("ABSENT"), int(1), null_int()])]);
    assert_eq!(
        call("JSON_OBJECT", &[text("NULL"), text("b"), nested, text("a"), text("x\n"), text("c"), null_int()]),
        r#"STRING NOT NULL: {"a":"x\n","b":[1],"c":null}"#
    );
    assert_eq!(
        call("JSON_OBJECT", &[text("ABSENT"), text("a"), int(1), text("a"), int(2), text("c"), null_int()]),
        r#"STRING NOT NULL: {"a":2}"#
    );
    assert_eq!(call("JSON_OBJECT", &[text("NULL")]), "STRING NOT NULL: {}");
    assert!(call("JSON_OBJECT", &[text("NULL"), null_text(), int(1)]).starts_with("Input: a key of JSON_OBJECT"));
    let map = constant("MAP", &[text("b"), int(1), text("a"), int(2)]);
    assert_eq!(call("JSON_STRING", &[map]), r#"STRING NOT NULL: {"a":2,"b":1}"#);
    let row = constant("ROW", &[int(1), bytes(b"hello")]);
    assert_eq!(call("JSON_STRING", &[row]), r#"STRING NOT NULL: {"EXPR$0":1,"EXPR$1":"aGVsbG8="}"#);
}

#[test]
fn quoting() {
    for (plain, quoted) in
        [("a\"b", r#""a\"b""#), ("é😀", r#""\u00e9\ud83d\ude00""#), ("", "\"\""), ("a/b\n", r#""a\/b\n""#)]
    {
        assert_eq!(call("JSON_QUOTE", &[text(plain)]), format!("STRING NOT NULL: {quoted}"));
        assert_eq!(call("JSON_UNQUOTE", &[text(quoted)]), format!("STRING NOT NULL: {plain}"));
    }
    for same in ["abc", "\"abc", "[1, 2]", r#""a\qb""#, " \"a\" ", "\""] {
        assert_eq!(call("JSON_UNQUOTE", &[text(same)]), format!("STRING NOT NULL: {same}"));
    }
    assert_eq!(call("JSON_UNQUOTE", &[text(r#""a"b""#)]), "STRING NOT NULL: a\"b");
}

#[test]
fn variants() {
    let variant = constant("PARSE_JSON", &[text(r#"{"b":[1.0, 2.50, 1e3, "x"],"a":null}"#)]);
    assert_eq!(call("ITEM", &[variant.clone(), text("a")]), "VARIANT: null");
    let list = constant("ITEM", &[variant.clone(), text("b")]);
    assert_eq!(call("JSON_STRING", std::slice::from_ref(&list)), r#"STRING: [1,2.5,1000.0,"x"]"#);
    assert_eq!(call("ITEM", &[list, int(2)]), "VARIANT: 2.5");
    assert_eq!(call("ITEM", &[variant, text("z")]), "VARIANT: null");
    assert!(call("PARSE_JSON", &[text("{\"a\":1,\"a\":2}")]).starts_with("Failure: the text is no JSON"));
    assert_eq!(call("PARSE_JSON", &[text("{\"a\":1,\"a\":2}"), boolean(true)]), "VARIANT NOT NULL: {\"a\":2}");
    assert_eq!(call("TRY_PARSE_JSON", &[text("{bad")]), "VARIANT: null");
}
