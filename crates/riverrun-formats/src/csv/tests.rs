use super::*;
use crate::format::EncodedRows;
use crate::testing::{check_mutations, decode_all, encode_all, frame_all, project, spec};

fn three() -> [(&'static str, TypeKind); 3] {
    [("id", TypeKind::Int), ("v", TypeKind::STRING), ("w", TypeKind::STRING)]
}

fn rows(options: &[(&str, &str)], records: &[&str]) -> Vec<String> {
    let records: Vec<&[u8]> = records.iter().map(|record| record.as_bytes()).collect();
    decode_all(&Csv, &spec(&three(), options), &records)
        .into_iter()
        .map(|row| row.replace("\"id\":", "").replace("\"v\":", "").replace("\"w\":", ""))
        .collect()
}

#[test]
fn rows_are_read_as_flink_reads_them() {
    assert_eq!(rows(&[], &["1,a,b"]), [r#"{1,"a","b"}"#]);
    assert_eq!(rows(&[], &["4,a,b,"]), [r#"{4,"a","b"}"#]);
    assert_eq!(rows(&[], &["\"5\", a ,b", " 6 ,a,b"]), [r#"{5," a ","b"}"#, r#"{6,"a","b"}"#]);
    assert_eq!(rows(&[], &["7,\"a\nb\",\"c,\"\"d\"\"\""]), [r#"{7,"a\nb","c,\"d\""}"#]);
    assert_eq!(rows(&[], &["9,a\"b, \"c\""]), [r#"{9,"a\"b"," \"c\""}"#]);
    assert_eq!(rows(&[], &["9,\"a\" ,\"\""]), [r#"{9,"a",""}"#]);
    assert_eq!(rows(&[], &["11,,"]), [r#"{11,"",""}"#]);
    assert_eq!(rows(&[], &["\u{feff}1,a,b"]), [r#"{1,"a","b"}"#]);
    assert_eq!(rows(&[], &["15,a,#b"]), [r##"{15,"a","#b"}"##]);
}

#[test]
fn a_short_row_has_the_columns_that_are_asked_for_if_it_has_as_many_fields() {
    let read = |columns: &[usize], record: &str| {
        decode_all(&Csv, &project(spec(&three(), &[]), columns), &[record.as_bytes()]).concat()
    };
    assert_eq!(read(&[0, 1], "1,x"), r#"{"id":1,"v":"x"}"#);
    assert_eq!(read(&[2], "1,x"), r#"{"w":null}"#);
    assert_eq!(read(&[0, 2], "1,x"), r#"{"id":1,"w":null}"#);
    assert_eq!(read(&[], "1,x"), "{}");
    assert_eq!(read(&[], ""), "broken: expected 3 fields, found 1");
    assert_eq!(read(&[1, 2], "1"), "broken: expected 3 fields, found 1");
    assert_eq!(read(&[0, 1, 2], "1,x"), "broken: expected 3 fields, found 2");
    assert_eq!(read(&[0], "1,x,y,z"), "broken: expected 3 fields, found 4");
}

#[test]
fn broken_rows_say_why() {
    assert_eq!(rows(&[], &["2,a"]), ["broken: expected 3 fields, found 2"]);
    assert_eq!(rows(&[], &["3,a,b,c"]), ["broken: expected 3 fields, found 4"]);
    assert_eq!(rows(&[], &["3,a,b,,"]), ["broken: expected 3 fields, found 5"]);
    assert_eq!(rows(&[], &[""]), ["broken: expected 3 fields, found 1"]);
    assert_eq!(rows(&[], &[",,"]), ["broken: column `id`: expected INT, found \"\""]);
    assert_eq!(rows(&[], &["x,a,b"]), ["broken: column `id`: expected INT, found \"x\""]);
    assert_eq!(
        rows(&[], &["10,\"a\"b,c"]),
        ["broken: field 2: expected ',' or the end of the row after the closing quote, found \"b,c\""]
    );
    assert_eq!(rows(&[], &["17,\"unclosed"]), ["broken: a field is not closed with a quote"]);
    let spec = spec(&three(), &[]);
    assert_eq!(decode_all(&Csv, &spec, &[b"1,\xff,b"]), ["broken: invalid UTF-8 at byte 2"]);
}

#[test]
fn with_ignore_parse_errors_short_rows_are_filled_and_long_ones_passed_over() {
    let found = rows(&[("ignore-parse-errors", "true")], &["two,ben,x", "3", "5,e,f,5", "", "6,g,h"]);
    assert_eq!(found, [r#"{null,"ben","x"}"#, r#"{3,null,null}"#, r#"{null,null,null}"#, r#"{6,"g","h"}"#]);
}

#[test]
fn options_change_the_dialect() {
    assert_eq!(rows(&[("field-delimiter", "\\t")], &["1\ta,b\t"]), [r#"{1,"a,b",""}"#]);
    assert_eq!(rows(&[("field-delimiter", "¦")], &["1¦a¦\"b¦c\""]), [r#"{1,"a","b¦c"}"#]);
    assert_eq!(rows(&[("quote-character", "'")], &["1,'a,b',\"c\""]), [r#"{1,"a,b","\"c\""}"#]);
    assert_eq!(rows(&[("disable-quote-character", "true")], &["1,\"a\",\"b"]), [r#"{1,"\"a\"","\"b"}"#]);
    assert_eq!(rows(&[("allow-comments", "true")], &["#x,\"y", "1,a,b"]), [r#"{1,"a","b"}"#]);
    assert_eq!(
        rows(&[("null-literal", "n/a")], &["1,n/a,x", "n/a,\"n/a\",y", "2, n/a ,"]),
        [r#"{1,null,"x"}"#, r#"{null,null,"y"}"#, r#"{2," n/a ",""}"#]
    );
    assert_eq!(rows(&[("null-literal", "")], &["1,,\"\""]), [r#"{1,null,null}"#]);
}

#[test]
fn an_escape_character_takes_meaning_away_or_gives_it() {
    let found = rows(
        &[("escape-character", "\\")],
        &[r#"1,"a\"b",x"#, r"2,c\,d,x", r#"3,"a\nb\\c",y"#, r"4,a\\,z", r#"5,\",z"#],
    );
    assert_eq!(
        found,
        [r#"{1,"a\"b","x"}"#, r#"{2,"c,d","x"}"#, r#"{3,"a\nb\\c","y"}"#, r#"{4,"a\\","z"}"#, r#"{5,"\"","z"}"#]
    );
}

#[test]
fn values_are_as_lenient_as_flink() {
    let check = |kind: TypeKind, field: &str, expected: &str| {
        let found = decode_all(&Csv, &spec(&[("v", kind.clone())], &[]), &[field.as_bytes()]).remove(0);
        let found = if found.starts_with("broken") { "!".to_owned() } else { found };
        assert_eq!(found.replace("{\"v\":", "").trim_end_matches('}'), expected, "{kind} from {field:?}");
    };
    check(TypeKind::Boolean, "", "false");
    check(TypeKind::Boolean, " TRUE", "true");
    check(TypeKind::Int, "8.9", "!");
    check(TypeKind::Double, "1.5E3", "1500.0");
    check(TypeKind::decimal(6, 2), " 12 ", "!");
    check(TypeKind::decimal(6, 2), "12345.678", "null");
    check(TypeKind::Date, "2024-2-29", "\"2024-02-29\"");
    check(TypeKind::Date, "2024-02-30", "\"2024-03-01\"");
    check(TypeKind::Time(0), "12:34", "\"12:34:00\"");
    check(TypeKind::Time(0), "24:00:00", "!");
    check(TypeKind::timestamp(3), " 2024-02-29 12:34:56", "\"2024-02-29 12:34:56\"");
    check(TypeKind::timestamp_ltz(3), "2024-02-29 12:34:56.789Z", "\"2024-02-29 12:34:56.789Z\"");
    check(TypeKind::BYTES, "aGVsbG8=", "\"aGVsbG8=\"");
}

#[test]
fn arrays_and_rows_stand_in_one_field() {
    let array = TypeKind::Array(Box::new(TypeKind::STRING.nullable()));
    let pair =
        TypeKind::Row(vec![Field::new("x", TypeKind::Int.nullable()), Field::new("y", TypeKind::STRING.nullable())]);
    let spec = spec(&[("a", array), ("r", pair)], &[]);
    let records: Vec<&[u8]> = vec![b"p;q,1;z", b", ", b"\"p;q r;\",2;", b"p,1"];
    assert_eq!(
        decode_all(&Csv, &spec, &records),
        [
            r#"{"a":["p","q"],"r":{"x":1,"y":"z"}}"#,
            r#"{"a":[],"r":null}"#,
            r#"{"a":["p","q r",""],"r":{"x":2,"y":""}}"#,
            "broken: column `r`: expected a row of 2 fields, found 1",
        ]
    );
}

#[test]
fn fields_outside_the_projection_are_not_read() {
    let spec = project(spec(&[("a", TypeKind::Int), ("b", TypeKind::Int)], &[]), &[1]);
    assert_eq!(decode_all(&Csv, &spec, &[b"bad,2"]), [r#"{"b":2}"#]);
}

#[test]
fn rows_are_written_as_flink_writes_them() {
    let texts: Vec<(String, TypeKind)> = (0..9).map(|n| (format!("c{n}"), TypeKind::STRING)).collect();
    let columns: Vec<(&str, TypeKind)> = texts.iter().map(|(name, kind)| (name.as_str(), kind.clone())).collect();
    let row = r##"{"c0":"a b","c1":" lead","c2":"x;y","c3":"#c","c4":"é","c5":"n\nl","c6":"a-b_c","c7":"abcdefghijklmnopqrstuvwx","c8":"abcdefghijklmnopqrstuvwxy"}"##;
    let write = |columns: &[(&str, TypeKind)], options: &[(&str, &str)], row: &str| {
        String::from_utf8(encode_all(&Csv, &spec(columns, options), &[row]).remove(0)).expect("UTF-8")
    };
    assert_eq!(
        write(&columns, &[], row),
        "\"a b\",\" lead\",x;y,\"#c\",é,\"n\nl\",a-b_c,abcdefghijklmnopqrstuvwx,\"abcdefghijklmnopqrstuvwxy\""
    );
    let mixed = [
        ("id", TypeKind::Int),
        ("s", TypeKind::STRING),
        ("d", TypeKind::decimal(12, 2)),
        ("ts", TypeKind::timestamp(3)),
        ("b", TypeKind::Boolean),
    ];
    let null = [("null-literal", "NULL")];
    for (row, line) in [
        (
            r#"{"id":2,"s":"a,b","d":100000,"ts":"2024-01-02 03:04:05.600","b":false}"#,
            r#"2,"a,b",1E+5,"2024-01-02 03:04:05.6",false"#,
        ),
        (
            r#"{"id":3,"s":"q\"q","d":0,"ts":"1969-12-31 23:59:59","b":true}"#,
            r#"3,"q""q",0,"1969-12-31 23:59:59",true"#,
        ),
        (r#"{"id":4}"#, "4,NULL,NULL,NULL,NULL"),
        (r#"{"s":"","d":1.5}"#, "NULL,,1.5,NULL,NULL"),
    ] {
        assert_eq!(write(&mixed, &null, row), line);
    }
    assert_eq!(
        write(&mixed[2..3], &[("write-bigdecimal-in-scientific-notation", "false")], r#"{"d":100000}"#),
        "100000.00"
    );
    assert_eq!(write(&mixed[1..2], &[("escape-character", "\\")], r#"{"s":"b\\s"}"#), r#""b\\s""#);
    assert_eq!(write(&mixed[1..2], &[("disable-quote-character", "true")], r#"{"s":"q\",q"}"#), r#"q",q"#);
}

fn written(columns: &[(&str, TypeKind)], options: &[(&str, &str)], rows: &[&str]) -> Vec<String> {
    let lines = encode_all(&Csv, &spec(columns, options), rows);
    lines.into_iter().map(|line| String::from_utf8(line).expect("UTF-8")).collect()
}

#[test]
fn texts_are_quoted_by_their_characters_and_by_how_many_java_counts() {
    let text = |options: &[(&str, &str)], text: &str| {
        let row = format!("{{\"s\":{}}}", serde_json::Value::from(text));
        written(&[("s", TypeKind::STRING)], options, &[&row]).concat()
    };
    let quoted = |text: &str| format!("\"{text}\"");
    for plain in ["é".repeat(24), "語".repeat(24), "😀".repeat(12), "x".repeat(24)] {
        assert_eq!(text(&[], &plain), plain);
    }
    for long in ["é".repeat(25), "語".repeat(25), "😀".repeat(12) + "x", "x".repeat(25), "語".repeat(200)] {
        assert_eq!(text(&[], &long), quoted(&long));
    }
    for special in ["a,b", "a\rb", "\u{1}", "+"] {
        assert_eq!(text(&[], special), quoted(special));
    }
    // Whatever sorts before the delimiter is quoted.
    assert_eq!(text(&[("field-delimiter", "|")], "ab"), quoted("ab"));
    assert_eq!(text(&[("field-delimiter", "|")], "~é"), "~é");
    assert_eq!(text(&[("field-delimiter", "é")], "~"), quoted("~"));
    assert_eq!(text(&[("field-delimiter", "é")], "êß"), quoted("êß"));
    assert_eq!(text(&[("field-delimiter", "é")], "ê語"), "ê語");
    assert_eq!(text(&[("field-delimiter", "é"), ("escape-character", "\\")], "ê\\"), r#""ê\\""#);
    assert_eq!(text(&[("field-delimiter", "\t"), ("quote-character", "\u{1}")], "a b"), "a b");
    assert_eq!(text(&[("quote-character", "'")], "it's"), "'it''s'");
}

#[test]
fn one_text_with_a_quote_among_others_is_the_one_whose_quotes_are_doubled() {
    let rows =
        [r#"{"s":"a b"}"#, r#"{"s":"\"a\",\n"}"#, r#"{"s":null}"#, r#"{"s":"it is longer than the others are"}"#];
    assert_eq!(
        written(&[("s", TypeKind::STRING)], &[], &rows),
        ["\"a b\"", "\"\"\"a\"\",\n\"", "", "\"it is longer than the others are\""]
    );
    let columns = [("s", TypeKind::STRING), ("b", TypeKind::BYTES), ("n", TypeKind::BigInt)];
    assert_eq!(
        written(&columns, &[("escape-character", "+")], &[r#"{"s":"1+1","b":"+/+/","n":-9223372036854775808}"#]),
        [r#""1++1","++/++/",-9223372036854775808"#]
    );
}

#[test]
fn times_of_all_years_and_digits_are_written() {
    let columns = [("t", TypeKind::timestamp(9)), ("z", TypeKind::timestamp_ltz(3)), ("d", TypeKind::Date)];
    let time = ("c", TypeKind::Time(3));
    let row = |t: &str, z: &str, d: &str, c: &str| format!(r#"{{"t":"{t}","z":"{z}Z","d":"{d}","c":"{c}"}}"#);
    let rows = [
        row("1969-12-31 23:59:59.999999999", "-0001-12-31 23:59:59.9", "-0001-12-31", "23:59:59.999"),
        row("2262-04-11 23:47:16.000000001", "+12345-01-02 03:04:05.67", "+10000-01-01", "00:00:00.01"),
        row("1700-02-28 00:00:00.0001", "0000-01-01 00:00:00.001", "9999-12-31", "12:00:00"),
        row("2000-02-29 10:20:30", "9999-12-31 00:00:00", "0000-02-29", "01:02:03.4"),
    ];
    let rows: Vec<&str> = rows.iter().map(String::as_str).collect();
    let columns = [&columns[..], &[time]].concat();
    assert_eq!(
        written(&columns, &[], &rows),
        [
            r#""1969-12-31 23:59:59.999999999","-0001-12-31 23:59:59.9Z",-0001-12-31,23:59:59.999"#,
            r#""2262-04-11 23:47:16.000000001","+12345-01-02 03:04:05.67Z","+10000-01-01",00:00:00.01"#,
            r#""1700-02-28 00:00:00.0001","0000-01-01 00:00:00.001Z",9999-12-31,12:00:00"#,
            r#""2000-02-29 10:20:30","9999-12-31 00:00:00Z",0000-02-29,01:02:03.4"#,
        ]
    );
    let bare = [("disable-quote-character", "true")];
    assert_eq!(written(&columns[..1], &bare, &rows[3..]), ["2000-02-29 10:20:30"]);
}

#[test]
fn timestamps_of_rows_that_follow_each_other_are_their_own() {
    let times =
        ["9999-12-31 23:59:59.9", "+10000-01-01 00:00:00", "+10000-01-01 00:00:00.5", "1969-12-31 23:59:59.999"];
    let times = [&times[..], &["1969-12-31 23:59:59", "1970-01-01 00:00:00", "1970-01-01 00:00:00.001"]].concat();
    let rows: Vec<String> = times.iter().map(|time| format!(r#"{{"t":"{time}"}}"#)).collect();
    let rows: Vec<&str> = rows.iter().map(String::as_str).collect();
    let found = written(&[("t", TypeKind::timestamp(3))], &[], &rows);
    assert_eq!(found, times.iter().map(|time| format!("\"{time}\"")).collect::<Vec<_>>());
}

#[test]
fn quotes_and_escapes_that_stand_in_times_are_doubled() {
    let write = |kind: TypeKind, options: &[(&str, &str)], value: &str| {
        written(&[("t", kind)], options, &[&format!(r#"{{"t":"{value}"}}"#)]).concat()
    };
    let timestamp = |options: &[(&str, &str)]| write(TypeKind::timestamp(9), options, "2024-01-02 03:04:05.123456");
    assert_eq!(timestamp(&[("quote-character", ":")]), ":2024-01-02 03::04::05.123456:");
    assert_eq!(timestamp(&[("quote-character", " ")]), " 2024-01-02  03:04:05.123456 ");
    assert_eq!(timestamp(&[("escape-character", "2")]), "\"220224-01-022 03:04:05.1223456\"");
    assert_eq!(timestamp(&[("escape-character", " ")]), "\"2024-01-02  03:04:05.123456\"");
    assert_eq!(write(TypeKind::Date, &[("quote-character", "-")], "2024-01-02"), "-2024--01--02-");
    assert_eq!(write(TypeKind::Time(3), &[("field-delimiter", ";")], "01:02:03"), "\"01:02:03\"");
    // With these characters a space asks for no quotes, only the length does.
    let low = [("field-delimiter", "\t"), ("quote-character", "\u{1}")];
    assert_eq!(timestamp(&low), "\"2024-01-02 03:04:05.123456\"".replace('"', "\u{1}"));
    assert_eq!(write(TypeKind::timestamp(3), &low, "2024-01-02 03:04:05.123"), "2024-01-02 03:04:05.123");
}

#[test]
fn rows_of_a_slice_are_those_that_are_written() {
    let spec = spec(&three(), &[]);
    let mut decoder = crate::json::Json.decoder(&spec).expect("decoder");
    for row in [r#"{"id":1,"v":"\"","w":"a"}"#, r#"{"id":2,"v":"b c"}"#, r#"{"id":3,"w":"d"}"#] {
        decoder.decode(row.as_bytes()).expect("row");
    }
    let batch = decoder.flush().expect("flush").columns;
    let mut lines = EncodedRows::ended_by(b'\n');
    Csv.encoder(&spec).expect("encoder").encode(&batch.slice(1, 2), &mut lines).expect("encode");
    assert_eq!(String::from_utf8_lossy(&lines.data), "2,\"b c\",\n3,,d\n");
    assert_eq!(lines.iter().map(<[u8]>::len).collect::<Vec<_>>(), [9, 5]);
}

#[test]
fn what_csv_cannot_hold_is_refused() {
    let map = TypeKind::Map(Box::new(TypeKind::STRING.not_null()), Box::new(TypeKind::Int.nullable()));
    let error = Csv.decoder(&spec(&[("m", map)], &[])).err().expect("refused");
    assert_eq!(error.message(), "column `m` of type MAP<STRING NOT NULL, INT> can't be read or written as CSV");
    let error = Csv.decoder(&spec(&three(), &[("field-delimiter", "ab")])).err().expect("refused");
    assert_eq!(error.message(), "csv.field-delimiter must be one character, and is 'ab'");
}

#[test]
fn pieces_of_any_size_hold_the_same_rows() {
    let file = "1,\"a\n\"\"b\",c\r\n#2,\"\n3,x\"y,\"z\"\n\"\"\n4,\\\"\n5,\"\\\"\n\"\n\nlast,\"open\n".as_bytes();
    for options in
        [&[][..], &[("allow-comments", "true")], &[("escape-character", "\\")], &[("disable-quote-character", "true")]]
    {
        let mut values = Options::default();
        for (key, value) in options {
            values.set(*key, *value);
        }
        let whole = frame_all(&Csv, &values, file, file.len());
        for size in 1..file.len() {
            assert_eq!(frame_all(&Csv, &values, file, size), whole, "{options:?} in pieces of {size}");
        }
    }
    let whole = frame_all(&Csv, &Options::default(), b"1,\"a\nb\"\r\n2\n", 100);
    assert_eq!(whole, [&b"1,\"a\nb\""[..], b"2"]);
}

#[test]
fn whatever_stands_in_a_row_is_a_row_or_an_error_and_harms_no_other() {
    let array = TypeKind::Array(Box::new(TypeKind::Int.nullable()));
    let columns = [("s", TypeKind::STRING), ("a", array), ("d", TypeKind::Date), ("f", TypeKind::Float)];
    for options in [&[][..], &[("escape-character", "\\"), ("ignore-parse-errors", "true")]] {
        check_mutations(&Csv, &spec(&columns, options), b"\"x, \"\"y\",1;2,2024-02-29,-1.5E3");
    }
}

#[test]
fn one_character_for_two_things_is_refused() {
    let message =
        |options: &[(&str, &str)]| Csv.decoder(&spec(&three(), options)).err().expect("refused").message().to_owned();
    assert_eq!(message(&[("field-delimiter", "\"")]), "csv.field-delimiter and csv.quote-character are both '\"'");
    assert_eq!(message(&[("quote-character", ",")]), "csv.field-delimiter and csv.quote-character are both ','");
    let escape = [("field-delimiter", "|"), ("escape-character", "|")];
    assert_eq!(message(&escape), "csv.field-delimiter and csv.escape-character are both '|'");
    // Without quotes the character is free; and a quote that is doubled may be said to be escaped by itself.
    for options in
        [&[("field-delimiter", "\""), ("disable-quote-character", "true")][..], &[("escape-character", "\"")]]
    {
        assert!(Csv.decoder(&spec(&three(), options)).is_ok(), "{options:?}");
    }
}
