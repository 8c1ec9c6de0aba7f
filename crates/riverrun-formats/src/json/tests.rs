use super::*;
use crate::format::RowFields;
use crate::testing::{check_mutations, decode_all, encode_all, frame_all, project, spec};
use riverrun_core::{Field, TypeKind};

fn decode(kind: TypeKind, options: &[(&str, &str)], value: &str) -> String {
    let record = format!(r#"{{"v":{value}}}"#);
    let rows = decode_all(&Json, &spec(&[("v", kind)], options), &[record.as_bytes()]);
    let row = rows.into_iter().next().expect("one");
    match row.strip_prefix(r#"{"v":"#).and_then(|row| row.strip_suffix('}')) {
        Some(value) => value.to_owned(),
        None => row,
    }
}

/// `value => decoded` lines; `!` for a broken record.
fn check(kind: TypeKind, table: &str) {
    for line in table.lines().map(str::trim).filter(|line| !line.is_empty()) {
        let (value, expected) = line.split_once("=>").expect("=>");
        let found = decode(kind.clone(), &[], value.trim());
        let found = if found.starts_with("broken") { "!".to_owned() } else { found };
        assert_eq!(found, expected.trim(), "{kind} from {value}");
    }
}

#[test]
fn integers_are_as_lenient_as_flink() {
    check(
        TypeKind::Int,
        r#"
        0 => 0
        -0 => 0
        8.9 => 8
        -8.9 => -8
        1e2 => 100
        1.5e-3 => 0
        2147483648 => !
        1e400 => !
        "1" => 1
        " 12 " => 12
        "+5" => 5
        "8.9" => !
        "" => !
        true => !
        [1] => !
        {"a":1} => !
        null => null
        "#,
    );
    check(TypeKind::TinyInt, "127 => 127\n 128 => !\n 8.0 => !\n \"1\" => 1");
    check(
        TypeKind::BigInt,
        "9223372036854775807 => 9223372036854775807\n 9223372036854775808 => !\n -9223372036854775808 => -9223372036854775808\n 3.4e39 => !\n 12345.678 => 12345",
    );
}

#[test]
fn booleans_are_true_only_if_they_say_so() {
    check(
        TypeKind::Boolean,
        r#"
        true => true
        "TRUE" => true
        " true " => true
        "yes" => false
        1 => false
        "" => false
        [1] => !
        "#,
    );
}

#[test]
fn doubles_are_read_as_java_reads_them() {
    check(
        TypeKind::Double,
        r#"
        1 => 1.0
        1e400 => "Infinity"
        "NaN" => "NaN"
        "-Infinity" => "-Infinity"
        "1f" => 1.0
        "inf" => !
        "nan" => !
        "" => !
        4.9e-324 => 4.9E-324
        123456789012345678901234567890 => 1.2345678901234568E29
        "#,
    );
}

#[test]
fn decimals_are_exact_and_null_when_too_large() {
    check(
        TypeKind::decimal(6, 2),
        r#"
        12345.678 => null
        9999.995 => null
        9999.994 => 9999.99
        -0.005 => -0.01
        0.005 => 0.01
        1e-7 => 0
        1.5E1 => 15
        "8.9" => 8.9
        " 12 " => 12
        "" => !
        true => !
        "#,
    );
    check(
        TypeKind::decimal(38, 10),
        "1234567890123456789012345678.0123456789 => 1234567890123456789012345678.0123456789\n -0.00000000005 => -1E-10",
    );
}

#[test]
fn strings_take_any_value_as_text() {
    check(
        TypeKind::STRING,
        r#"
        1.10 => "1.10"
        1e5 => "1e5"
        123456789012345678901234567890 => "123456789012345678901234567890"
        true => "true"
        {"a": 1.50,  "b" : [ 1 , "\u00e9" ] , "c":1e5} => "{\"a\":1.5,\"b\":[1,\"é\"],\"c\":100000.0}"
        [] => "[]"
        "tab\there \u00e9 \ud83d\ude00" => "tab\there é \uD83D\uDE00"
        "\ud83d" => "?"
        "a\qb" => !
        "\u00" => !
        "#,
    );
}

#[test]
fn dates_and_times_are_strict() {
    check(
        TypeKind::Date,
        "\"2024-02-29\" => \"2024-02-29\"\n \"2024-02-30\" => !\n \"2024-2-29\" => !\n \"-0001-01-01\" => \"-0001-01-01\"\n \"+12024-01-01\" => \"+12024-01-01\"\n 5 => !",
    );
    check(TypeKind::Time(0), "\"12:34:56.789\" => \"12:34:56.789\"\n \"12:34\" => !\n \"24:00:00\" => \"00:00:00\"");
}

#[test]
fn timestamps_follow_their_standard() {
    check(
        TypeKind::timestamp(3),
        r#"
        "2024-02-29 12:34:56" => "2024-02-29 12:34:56"
        "2024-02-29 12:34:56.123456789" => "2024-02-29 12:34:56.123"
        "2024-02-29 24:00:00" => "2024-03-01 00:00:00"
        "2024-02-30 12:34:56" => "2024-02-29 12:34:56"
        "2023-02-29 12:00:00" => "2023-02-28 12:00:00"
        "2024-02-29 12:34:56." => "2024-02-29 12:34:56"
        "1969-12-31 23:59:59.999" => "1969-12-31 23:59:59.999"
        "2024-02-29T12:34:56" => !
        "2024-02-29 12:34" => !
        "2024-02-29 12:34:56Z" => !
        " 2024-02-29 12:34:56" => !
        "2024-02-29 23:59:60" => !
        "#,
    );
    check(
        TypeKind::timestamp_ltz(3),
        "\"2024-02-29 12:34:56.7Z\" => \"2024-02-29 12:34:56.7Z\"\n \"2024-02-29 12:34:56\" => !\n \"2024-02-29 12:34:56z\" => !",
    );
    let iso = [("timestamp-format.standard", "ISO-8601")];
    for (kind, value, expected) in [
        (TypeKind::timestamp(3), "\"2024-02-29T12:34:56.5\"", "\"2024-02-29 12:34:56.5\""),
        (TypeKind::timestamp(3), "\"2024-02-29T12:34\"", "\"2024-02-29 12:34:00\""),
        (TypeKind::timestamp_ltz(3), "\"2024-02-29T12:34:56Z\"", "\"2024-02-29 12:34:56Z\""),
    ] {
        assert_eq!(decode(kind, &iso, value), expected);
    }
}

#[test]
fn nanoseconds_that_64_bits_cannot_hold_are_broken() {
    check(
        TypeKind::timestamp(9),
        "\"2024-02-29 12:34:56.123456789\" => \"2024-02-29 12:34:56.123456789\"\n \"9999-12-31 23:59:59\" => !",
    );
}

#[test]
fn bytes_are_base64() {
    check(
        TypeKind::BYTES,
        "\"aGVsbG8=\" => \"aGVsbG8=\"\n \"aGVsbG8\" => !\n \" true \" => \"true\"\n \"!!\" => !\n 5 => !\n \"\" => \"\"",
    );
}

fn row(fields: &[(&str, TypeKind)]) -> TypeKind {
    TypeKind::Row(fields.iter().map(|(name, kind)| Field::new(*name, kind.clone().nullable())).collect())
}

#[test]
fn nested_types_are_read_and_name_the_place_of_a_mistake() {
    let array = TypeKind::Array(Box::new(TypeKind::Int.nullable()));
    check(array.clone(), "[1,null,3] => [1,null,3]\n [] => []\n 5 => !\n {\"a\":1} => !\n null => null");
    let map = TypeKind::Map(Box::new(TypeKind::STRING.not_null()), Box::new(TypeKind::Int.nullable()));
    check(
        map.clone(),
        "{\"a\":1,\"b\":null} => {\"a\":1,\"b\":null}\n {\"a\":1,\"b\":2,\"a\":3} => {\"a\":3,\"b\":2}\n {} => {}\n [1] => !",
    );
    let inner = row(&[("a", TypeKind::Int), ("b", array)]);
    check(
        inner.clone(),
        "{\"b\":[1],\"a\":\"7\",\"c\":{}} => {\"a\":7,\"b\":[1]}\n {} => {\"a\":null,\"b\":null}\n [1] => !",
    );
    assert_eq!(
        decode(inner.clone(), &[], r#"{"a":1,"b":[1,"x"]}"#),
        "broken: column `v.b[1]`: expected INT, found \"x\""
    );
    let deep = TypeKind::Map(Box::new(TypeKind::STRING.not_null()), Box::new(inner.nullable()));
    assert_eq!(decode(deep, &[], r#"{"k":{"a":true}}"#), "broken: column `v['k'].a`: expected INT, found true");
    assert_eq!(decode(map, &[], r#"{"k":"x"}"#), "broken: column `v['k']`: expected INT, found \"x\"");
}

#[test]
fn with_ignore_parse_errors_only_the_broken_value_is_lost() {
    let columns = [("id", TypeKind::Int), ("v", row(&[("a", TypeKind::Int)])), ("w", TypeKind::STRING)];
    let spec = spec(&columns, &[("ignore-parse-errors", "true")]);
    let records: Vec<&[u8]> = vec![
        br#"{"id":"x","v":{"a":1},"w":"z"}"#,
        br#"{"id":[1,{"b":2}],"v":{"a":"x"},"w":"z"}"#,
        br#"{"id":1,"v":[1],"w":"z"}"#,
        br#"{"id":1"#,
        br#"{"id":2}"#,
    ];
    assert_eq!(
        decode_all(&Json, &spec, &records),
        [
            r#"{"id":null,"v":{"a":1},"w":"z"}"#,
            r#"{"id":null,"v":{"a":null},"w":"z"}"#,
            r#"{"id":1,"v":null,"w":"z"}"#,
            r#"{"id":2,"v":null,"w":null}"#,
        ]
    );
    let mut decoder = Json.decoder(&spec).expect("decoder");
    assert_eq!(decoder.decode(b"{").expect("passed over"), 0);
    assert_eq!(decoder.take_skipped(), 1);
    assert_eq!(decoder.take_skipped(), 0);
}

#[test]
fn broken_lines_say_what_was_expected_and_found() {
    let spec = spec(&[("id", TypeKind::Int), ("v", TypeKind::STRING)], &[]);
    for (record, reason) in [
        (&br#"{"id":13"#[..], "not JSON: expected `,` or `}` at byte 8, found the end of the record"),
        (br#"{"id":14,}"#, "not JSON: expected a name in double quotes at byte 9, found \"}\""),
        (b"{'id':15}", "not JSON: expected a name in double quotes at byte 1, found \"'id':15}\""),
        (br#"{"id":020}"#, "not JSON: expected a number without leading zeros at byte 6, found \"020}\""),
        (br#"{"id":5.}"#, "not JSON: expected a digit at byte 8, found \"}\""),
        (br#"{"v":tru}"#, "not JSON: expected a value at byte 5, found \"tru}\""),
        (br#"{"v":"abc"#, "not JSON: expected the closing quote of a string at byte 9, found the end of the record"),
        (br#"{"id":1 "v":2}"#, "not JSON: expected `,` or `}` at byte 8, found \"\\\"v\\\":2}\""),
        (br#"{"id":1}{"id":2}"#, "not JSON: expected the end of the record at byte 8, found \"{\\\"id\\\":2}\""),
        (br#"{"other":[1,}]}"#, "not JSON: expected a value at byte 12, found \"}]}\""),
        (b"null", "not JSON: expected an object at byte 0, found \"null\""),
        (b"[1]", "not JSON: expected an object at byte 1, found \"1]\""),
        (b"{\"v\":\"a\xff\"}", "invalid UTF-8 at byte 7"),
        (br#"{"id":"x"}"#, "column `id`: expected INT, found \"x\""),
    ] {
        assert_eq!(decode_all(&Json, &spec, &[record]), [format!("broken: {reason}")]);
    }
}

#[test]
fn a_broken_record_leaves_nothing_behind() {
    let list = TypeKind::Array(Box::new(TypeKind::STRING.nullable()));
    let spec = spec(&[("s", TypeKind::STRING), ("l", list), ("n", TypeKind::Int)], &[]);
    let records: Vec<&[u8]> = vec![
        br#"{"s":"a","l":["x"],"n":1}"#,
        br#"{"s":"gone","l":["gone","gone"],"n":"x"}"#,
        br#"[{"s":"gone"},{"s":"gone","n":"x"}]"#,
        br#"{"s":"b","l":["y","z"],"n":2}"#,
    ];
    let rows = decode_all(&Json, &spec, &records);
    assert_eq!(rows[0], r#"{"s":"a","l":["x"],"n":1}"#);
    assert_eq!(rows[3], r#"{"s":"b","l":["y","z"],"n":2}"#);
    assert!(rows[1].starts_with("broken") && rows[2].starts_with("broken"));
}

#[test]
fn an_array_is_as_many_rows_and_blank_lines_are_none() {
    let spec = spec(&[("id", TypeKind::Int)], &[]);
    let records: Vec<&[u8]> =
        vec![b"", b"  ", b"[]", br#"[{"id":5}, {"id":6}]"#, b"\xef\xbb\xbf{\"id\":21}", b" {\"id\":7} "];
    assert_eq!(decode_all(&Json, &spec, &records), [r#"{"id":5}"#, r#"{"id":6}"#, r#"{"id":21}"#, r#"{"id":7}"#]);
}

#[test]
fn names_are_case_sensitive_and_the_last_of_equal_ones_counts() {
    let spec = spec(&[("id", TypeKind::Int), ("Name", TypeKind::STRING), ("name", TypeKind::STRING)], &[]);
    let records: Vec<&[u8]> =
        vec![br#"{"ID":1,"id":2,"Name":"upper","name":"lower"}"#, br#"{"id":1,"id":2,"n\u0061me":"escaped"}"#];
    assert_eq!(
        decode_all(&Json, &spec, &records),
        [r#"{"id":2,"Name":"upper","name":"lower"}"#, r#"{"id":2,"Name":null,"name":"escaped"}"#]
    );
}

#[test]
fn only_projected_columns_are_looked_at() {
    let all = spec(&[("a", TypeKind::Int), ("b", TypeKind::Int), ("c", TypeKind::STRING)], &[]);
    let records: Vec<&[u8]> = vec![br#"{"a":"bad","b":1,"c":"x"}"#, br#"{"c":"y"}"#];
    assert_eq!(
        decode_all(&Json, &project(all.clone(), &[2, 1]), &records),
        [r#"{"c":"x","b":1}"#, r#"{"c":"y","b":null}"#]
    );
    assert_eq!(decode_all(&Json, &project(all, &[]), &records), ["{}", "{}"]);
}

#[test]
fn fields_of_a_row_that_nobody_looks_at_are_null_and_not_even_read() {
    let person = row(&[("id", TypeKind::BigInt), ("name", TypeKind::STRING), ("age", TypeKind::Int)]);
    let mut spec = spec(&[("n", TypeKind::Int), ("person", person)], &[("fail-on-missing-field", "true")]);
    spec.fields = RowFields::from([(1, [2].into())]);
    let records: [&[u8]; 5] = [
        br#"{"n":1,"person":{"id":7,"name":"Ann","age":30}}"#,
        br#"{"n":2,"person":{"age":31,"id":"no number","name":[]}}"#,
        br#"{"n":3,"person":null}"#,
        br#"{"n":4,"person":{"id":9}}"#,
        br#"{"n":5,"person":{"age":32,"name":}}"#,
    ];
    assert_eq!(
        decode_all(&Json, &spec, &records),
        [
            r#"{"n":1,"person":{"id":null,"name":null,"age":30}}"#,
            r#"{"n":2,"person":{"id":null,"name":null,"age":31}}"#,
            r#"{"n":3,"person":null}"#,
            "broken: column `person.age` is missing, and json.fail-on-missing-field is true",
            "broken: not JSON: expected a value at byte 33, found \"}}\"",
        ]
    );
}

#[test]
fn strings_of_any_length_end_at_their_quote() {
    for len in 0..100 {
        for escape in 0..=len {
            let text: String = (0..len).map(|at| if at == escape { '"' } else { 'é' }).collect();
            let ascii = text.replace('é', "e");
            let row = format!("{{\"v\":\"{}\"}}", text.replace('"', "\\\""));
            for (text, row) in [(&text, &row), (&ascii, &row.replace('é', "e"))] {
                let found = decode_all(&Json, &spec(&[("v", TypeKind::STRING)], &[]), &[row.as_bytes()]);
                let found: serde_json::Value = serde_json::from_str(&found[0]).expect("JSON");
                assert_eq!(found["v"].as_str(), Some(text.as_str()), "{row}");
            }
        }
    }
}

#[test]
fn names_that_differ_in_one_byte_are_different() {
    for len in 1..20 {
        let name = "n".repeat(len);
        for at in 0..len {
            let mut other = name.clone();
            other.replace_range(at..=at, "m");
            // The first record says which names to expect.
            let records = [format!(r#"{{"{name}":1}}"#), format!(r#"{{"{other}":2}}"#)];
            let records = records.each_ref().map(|record| record.as_bytes());
            let rows = decode_all(&Json, &spec(&[(&name, TypeKind::Int)], &[]), &records);
            assert_eq!(rows, [format!(r#"{{"{name}":1}}"#), format!(r#"{{"{name}":null}}"#)]);
        }
    }
}

#[test]
fn a_missing_field_is_broken_if_asked_for() {
    let all = spec(&[("a", TypeKind::Int), ("b", TypeKind::Int)], &[("fail-on-missing-field", "true")]);
    let rows = decode_all(&Json, &project(all, &[0]), &[br#"{"a":1}"#, br#"{"b":1}"#]);
    assert_eq!(rows, [r#"{"a":1}"#, "broken: column `a` is missing, and json.fail-on-missing-field is true"]);
    let both = spec(&[("a", TypeKind::Int)], &[("fail-on-missing-field", "true"), ("ignore-parse-errors", "true")]);
    assert!(Json.decoder(&both).is_err());
}

#[test]
fn null_where_the_type_says_not_null_is_a_broken_record() {
    let mut strict = spec(&[("id", TypeKind::Int), ("s", TypeKind::STRING)], &[]);
    strict.schema.fields[0].data_type.nullable = false;
    let records: [&[u8]; 4] = [br#"{"id":1}"#, br#"{"id":null,"s":"a"}"#, br#"{"s":"b"}"#, br#"[{"id":2},{"s":"c"}]"#];
    let reason = "broken: column `id`: NULL, and it is NOT NULL or the event time";
    assert_eq!(decode_all(&Json, &strict, &records), [r#"{"id":1,"s":null}"#, reason, reason, reason]);
    strict.options.set("ignore-parse-errors", "true");
    assert_eq!(decode_all(&Json, &strict, &records), [r#"{"id":1,"s":null}"#]);
    strict.projection = vec![1];
    assert_eq!(decode_all(&Json, &strict, &records).len(), 5, "a column that is not read is not looked at");
}

#[test]
fn not_null_holds_within_rows_and_arrays_and_not_below_a_null_row() {
    let inner = TypeKind::Row(vec![Field::new("a", TypeKind::Int.not_null())]);
    let items = TypeKind::Array(Box::new(TypeKind::Int.not_null()));
    let spec = spec(&[("r", inner), ("i", items)], &[]);
    let records: [&[u8]; 4] =
        [br#"{"r":{"a":1},"i":[1,2]}"#, br#"{"r":null,"i":null}"#, br#"{"r":{}}"#, br#"{"i":[1,null]}"#];
    assert_eq!(
        decode_all(&Json, &spec, &records),
        [
            r#"{"r":{"a":1},"i":[1,2]}"#,
            r#"{"r":null,"i":null}"#,
            "broken: column `r.a`: NULL, and it is NOT NULL or the event time",
            "broken: column `i.item`: NULL, and it is NOT NULL or the event time",
        ]
    );
}

#[test]
fn deep_nesting_is_refused_not_overflowed() {
    let spec = spec(&[("v", TypeKind::STRING)], &[]);
    let deep = format!(r#"{{"v":{}"#, "[".repeat(100_000));
    let skipped = format!(r#"{{"other":{}"#, "{\"a\":".repeat(100_000));
    for record in [deep, skipped] {
        let rows = decode_all(&Json, &spec, &[record.as_bytes()]);
        assert!(rows[0].contains("1000 levels"), "{}", rows[0]);
    }
}

#[test]
fn maps_need_string_keys() {
    let map = TypeKind::Map(Box::new(TypeKind::Int.not_null()), Box::new(TypeKind::Int.nullable()));
    let error = Json.decoder(&spec(&[("m", map)], &[])).err().expect("refused");
    assert_eq!(error.message(), "the keys of a map must be strings in JSON, and MAP<INT NOT NULL, INT> has INT");
}

#[test]
fn rows_are_written_as_flink_writes_them() {
    let columns = [
        ("b", TypeKind::Float),
        ("c", TypeKind::Double),
        ("f", TypeKind::decimal(10, 2)),
        ("g", TypeKind::decimal(10, 8)),
        ("i", TypeKind::Time(0)),
        ("t", TypeKind::Time(3)),
        ("j", TypeKind::timestamp(3)),
        ("k", TypeKind::timestamp_ltz(3)),
        ("m", TypeKind::STRING),
        ("z", TypeKind::Int),
    ];
    let row = r#"{"b":1.0E7,"c":1e10,"f":100,"g":0.00000001,"i":"12:34:56","t":"10:00:00.980","j":"2024-02-29 12:34:56.600","k":"2024-02-29 12:00:00Z","m":"q\"uo\\te \u0001é/😀","z":null}"#;
    let write = |options: &[(&str, &str)]| {
        String::from_utf8(encode_all(&Json, &spec(&columns, options), &[row]).remove(0)).expect("UTF-8")
    };
    assert_eq!(
        write(&[]),
        r#"{"b":1.0E7,"c":1.0E10,"f":1E+2,"g":1E-8,"i":"12:34:56","t":"10:00:00.98","j":"2024-02-29 12:34:56.6","k":"2024-02-29 12:00:00Z","m":"q\"uo\\te \u0001é/\uD83D\uDE00","z":null}"#
    );
    assert_eq!(
        write(&[
            ("timestamp-format.standard", "ISO-8601"),
            ("encode.decimal-as-plain-number", "true"),
            ("encode.ignore-null-fields", "true")
        ]),
        r#"{"b":1.0E7,"c":1.0E10,"f":100.00,"g":0.00000001,"i":"12:34:56","t":"10:00:00.98","j":"2024-02-29T12:34:56.6","k":"2024-02-29T12:00:00Z","m":"q\"uo\\te \u0001é/\uD83D\uDE00"}"#
    );
}

#[test]
fn pieces_of_any_size_hold_the_same_records() {
    let file = b"{\"a\":1}\r\n\n{\"b\":2}\n{\"c\":3}";
    let whole = frame_all(&Json, &Options::default(), file, file.len());
    assert_eq!(whole, [&b"{\"a\":1}"[..], b"", b"{\"b\":2}", b"{\"c\":3}"]);
    for size in 1..file.len() {
        assert_eq!(frame_all(&Json, &Options::default(), file, size), whole);
    }
}

#[test]
fn whatever_stands_in_a_record_is_a_row_or_an_error_and_harms_no_other() {
    let list = TypeKind::Array(Box::new(TypeKind::STRING.nullable()));
    let map = TypeKind::Map(Box::new(TypeKind::STRING.not_null()), Box::new(TypeKind::Double.nullable()));
    let columns = [
        ("s", TypeKind::STRING),
        ("l", list),
        ("m", map),
        ("r", row(&[("d", TypeKind::decimal(5, 2)), ("t", TypeKind::timestamp(3))])),
    ];
    let record = br#"{"s":"\u00e9","l":["a",null],"m":{"k":1e2,"k":-0.5},"r":{"t":"2024-02-29 12:34:56","d":1.50}}"#;
    for ignored in ["false", "true"] {
        check_mutations(&Json, &spec(&columns, &[("ignore-parse-errors", ignored)]), record);
    }
}
