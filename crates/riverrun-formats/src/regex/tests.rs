use super::access_log::{AccessLog, LogField};
use super::*;
use crate::testing::{check_mutations, decode_all, project, spec};
use riverrun_core::TypeKind;

const LINE: &str = r#"83.149.9.216 - frank [17/May/2015:10:05:03 +0200] "GET /a?b=c HTTP/1.1" 200 203023 "http://x.com/" "Mozilla/5.0 (Macintosh; \"x\")""#;

fn combined(columns: &[(&str, TypeKind)]) -> FormatSpec {
    spec(columns, &[("pattern", "combined")])
}

#[test]
fn combined_lines_become_columns() {
    let columns = [
        ("client", TypeKind::STRING),
        ("ident", TypeKind::STRING),
        ("user", TypeKind::STRING),
        ("time", TypeKind::timestamp(3)),
        ("request", TypeKind::STRING),
        ("method", TypeKind::STRING),
        ("path", TypeKind::STRING),
        ("protocol", TypeKind::STRING),
        ("status", TypeKind::Int),
        ("bytes", TypeKind::BigInt),
        ("referer", TypeKind::STRING),
        ("agent", TypeKind::STRING),
    ];
    assert_eq!(
        decode_all(&RegexFormat, &combined(&columns), &[LINE.as_bytes()]),
        [
            r#"{"client":"83.149.9.216","ident":null,"user":"frank","time":"2015-05-17 10:05:03","request":"GET /a?b=c HTTP/1.1","method":"GET","path":"/a?b=c","protocol":"HTTP/1.1","status":200,"bytes":203023,"referer":"http://x.com/","agent":"Mozilla/5.0 (Macintosh; \\\"x\\\")"}"#
        ]
    );
}

#[test]
fn a_timestamp_is_as_written_and_a_timestamp_ltz_the_instant() {
    let time = |kind| decode_all(&RegexFormat, &combined(&[("time", kind)]), &[LINE.as_bytes()]).remove(0);
    assert_eq!(time(TypeKind::timestamp(3)), r#"{"time":"2015-05-17 10:05:03"}"#);
    assert_eq!(time(TypeKind::timestamp_ltz(3)), r#"{"time":"2015-05-17 08:05:03Z"}"#);
    assert_eq!(time(TypeKind::STRING), r#"{"time":"17/May/2015:10:05:03 +0200"}"#);
}

#[test]
fn a_dash_is_null_and_a_request_without_three_parts_has_none() {
    let columns = [
        ("bytes", TypeKind::BigInt),
        ("request", TypeKind::STRING),
        ("method", TypeKind::STRING),
        ("path", TypeKind::STRING),
    ];
    let clf = spec(&columns, &[("pattern", "clf")]);
    let lines: Vec<&[u8]> = vec![
        br#"h - - [17/May/2015:10:05:03 +0000] "-" 408 -"#,
        br#"h - - [17/May/2015:10:05:03 +0000] "GET /a b HTTP/1.0" 200 5"#,
        br#"h - - [17/May/2015:10:05:03 +0000] "\x16\x03" 400 0"#,
    ];
    assert_eq!(
        decode_all(&RegexFormat, &clf, &lines),
        [
            r#"{"bytes":null,"request":null,"method":null,"path":null}"#,
            r#"{"bytes":5,"request":"GET /a b HTTP/1.0","method":"GET","path":"/a b"}"#,
            r#"{"bytes":0,"request":"\\x16\\x03","method":null,"path":null}"#,
        ]
    );
}

#[test]
fn broken_lines_say_what_was_expected() {
    let spec = combined(&[("status", TypeKind::Int), ("time", TypeKind::timestamp(3))]);
    for (line, reason) in [
        (&b"garbage"[..], "not a line of the combined log format: expected a client and a space, found \"garbage\""),
        (b"a - - x", "not a line of the combined log format: expected [time], found \"a - - x\""),
        (
            br#"a - - [x] "r" 2000 1 "-" "-""#,
            "not a line of the combined log format: expected a status of three digits, found \"a - - [x] \\\"r\\\" 2000 1 \\\"-\\\" \\\"-\\\"\"",
        ),
        (
            br#"a - - [17/Mai/2015:10:05:03 +0000] "r" 200 1 "-" "-""#,
            "column `time`: expected TIMESTAMP(3), found \"17/Mai/2015:10:05:03 +0000\"",
        ),
        (
            br#"a - - [31/Feb/2015:10:05:03 +0000] "r" 200 1 "-" "-""#,
            "column `time`: expected TIMESTAMP(3), found \"31/Feb/2015:10:05:03 +0000\"",
        ),
        (b"\xff", "invalid UTF-8 at byte 0"),
    ] {
        assert_eq!(decode_all(&RegexFormat, &spec, &[line]), [format!("broken: {reason}")]);
    }
    assert!(decode_all(&RegexFormat, &spec, &[b""]).is_empty());
}

#[test]
fn named_groups_are_columns_by_name() {
    let columns = [("level", TypeKind::STRING), ("ms", TypeKind::Int), ("at", TypeKind::timestamp_ltz(3))];
    let pattern = r"(?<at>\S+) (?<level>[A-Z]+)(?: took (?<ms>\d*)ms)?";
    let spec = spec(&columns, &[("pattern", pattern), ("timestamp-format", "%Y-%m-%dT%H:%M:%S%.f%z")]);
    let lines: Vec<&[u8]> = vec![
        b"2024-01-02T03:04:05.678+0100 INFO took 17ms",
        b"2024-01-02T03:04:05+0000 WARN",
        b"2024-01-02T03:04:05+0000 WARN took ms",
        b"2024-01-02T03:04:05+0000 info",
        b"now INFO",
    ];
    assert_eq!(
        decode_all(&RegexFormat, &spec, &lines),
        [
            r#"{"level":"INFO","ms":17,"at":"2024-01-02 02:04:05.678Z"}"#,
            r#"{"level":"WARN","ms":null,"at":"2024-01-02 03:04:05Z"}"#,
            r#"{"level":"WARN","ms":null,"at":"2024-01-02 03:04:05Z"}"#,
            "broken: the line does not match regex.pattern: \"2024-01-02T03:04:05+0000 info\"",
            "broken: column `at`: expected TIMESTAMP_LTZ(3), found \"now\"",
        ]
    );
    assert_eq!(decode_all(&RegexFormat, &project(spec, &[1]), &lines[..1]), [r#"{"ms":17}"#]);
}

#[test]
fn a_line_must_match_as_a_whole() {
    let spec = spec(&[("a", TypeKind::Int)], &[("pattern", r"(?<a>\d+)|x")]);
    assert_eq!(decode_all(&RegexFormat, &spec, &[b"12", b"x"]), [r#"{"a":12}"#, r#"{"a":null}"#]);
    assert!(decode_all(&RegexFormat, &spec, &[b"12 "])[0].starts_with("broken"));
}

#[test]
fn mistakes_in_the_definition_are_found_at_planning() {
    let refused = |columns: &[(&str, TypeKind)], options: &[(&str, &str)]| {
        RegexFormat.decoder(&spec(columns, options)).err().expect("refused")
    };
    let error = refused(&[("statsu", TypeKind::Int)], &[("pattern", "combined")]);
    assert_eq!(error.message(), "combined has no group for column `statsu`");
    assert_eq!(error.hint_text(), Some("did you mean `status`?"));
    let error = refused(&[("agent", TypeKind::STRING)], &[("pattern", "clf")]);
    assert_eq!(error.message(), "clf has no group for column `agent`");
    let error = refused(&[("a", TypeKind::Int)], &[("pattern", "(?<a>")]);
    assert_eq!(error.message(), "regex.pattern is no regular expression");
    assert!(error.detail_text().expect("detail").contains("unclosed group"), "{error:?}");
    let error = refused(&[("a", TypeKind::timestamp(3))], &[("pattern", "(?<a>.*)"), ("timestamp-format", "%Q")]);
    assert_eq!(error.message(), "'%Q' is no format for times");
    let error = RegexFormat.encoder(&combined(&[("status", TypeKind::Int)])).err().expect("refused");
    assert_eq!(error.message(), "format 'regex' can only be read");
}

#[test]
fn ignore_parse_errors_passes_over_lines_and_empties_values() {
    let options = [("pattern", "(?<a>.*),(?<b>.*)"), ("ignore-parse-errors", "true")];
    let spec = spec(&[("a", TypeKind::Int), ("b", TypeKind::STRING)], &options);
    assert_eq!(
        decode_all(&RegexFormat, &spec, &[b"x,y", b"z", b"1,2"]),
        [r#"{"a":null,"b":"y"}"#, r#"{"a":1,"b":"2"}"#]
    );
}

/// The expressions in the documentation of `access_log`.
fn reference(log: AccessLog) -> Regex {
    let common = r#"(?<client>\S+) (?<ident>\S+) (?<user>[^\[]+) \[(?<time>[^\]]*)\] "(?<request>(?:[^"\\]|\\.)*)" (?<status>[0-9]{3}|-) (?<bytes>[0-9]+|-)"#;
    let more = r#" "(?<referer>(?:[^"\\]|\\.)*)" "(?<agent>(?:[^"\\]|\\.)*)"?"#;
    let pattern = if log == AccessLog::Combined { format!("^{common}{more}$") } else { format!("^{common}$") };
    Regex::new(&pattern).expect("pattern")
}

fn compare(log: AccessLog, regex: &Regex, line: &str) {
    let parsed = log.parse(line).ok();
    let captures = regex.captures(line);
    assert_eq!(parsed.is_some(), captures.is_some(), "{line:?}");
    let (Some(parsed), Some(captures)) = (parsed, captures) else { return };
    let request = Regex::new("^(?<method>[^ ]+) (?<path>.+) (?<protocol>[^ ]+)$").expect("pattern");
    let parts = request.captures(captures.name("request").expect("request").as_str());
    for &field in log.fields() {
        let expected = match field {
            LogField::Method | LogField::Path | LogField::Protocol => parts.as_ref().and_then(|c| c.name(field.name())),
            _ => captures.name(field.name()),
        };
        assert_eq!(parsed.get(field), expected.map(|found| found.as_str()), "{} of {line:?}", field.name());
    }
}

#[test]
fn the_fast_path_agrees_with_the_expression_on_cut_and_changed_lines() {
    let common = &LINE[..LINE.find(" \"http").expect("referer")];
    for (log, line) in [(AccessLog::Combined, LINE), (AccessLog::Common, common)] {
        let regex = reference(log);
        compare(log, &regex, line);
        for at in 0..=line.len() {
            compare(log, &regex, &line[..at]);
            compare(log, &regex, &line[at..]);
            for change in ["", " ", "\"", "\\", "[", "]", "-", "é", "\t", "0"] {
                compare(log, &regex, &format!("{}{change}{}", &line[..at], &line[at..]));
                if at < line.len() {
                    compare(log, &regex, &format!("{}{change}{}", &line[..at], &line[at + 1..]));
                }
            }
        }
    }
}

#[test]
fn the_fast_path_agrees_with_the_expression_on_a_real_log() {
    let shared = std::env::var("RIVERRUN_SHARED").unwrap_or_else(|_| "../../../shared".to_owned());
    let Ok(log) = std::fs::read_to_string(format!("{shared}/data/access.log")) else {
        eprintln!("skipped: no {shared}/data/access.log");
        return;
    };
    let regex = reference(AccessLog::Combined);
    for line in log.lines().step_by(7) {
        compare(AccessLog::Combined, &regex, line);
    }
    let broken = log.lines().filter(|line| AccessLog::Combined.parse(line).is_err()).count();
    assert_eq!(broken, 0);
}

#[test]
fn whatever_stands_in_a_line_is_a_row_or_an_error_and_harms_no_other() {
    let columns = [("time", TypeKind::timestamp_ltz(9)), ("path", TypeKind::STRING), ("bytes", TypeKind::SmallInt)];
    check_mutations(&RegexFormat, &combined(&columns), LINE.replace("203023", "2030").as_bytes());
}

#[test]
fn a_text_that_is_nearly_the_name_of_an_access_log_is_taken_for_a_slip() {
    let hint = |pattern: &str| {
        let spec = spec(&[("client", TypeKind::STRING)], &[("pattern", pattern)]);
        let error = RegexFormat.decoder(&spec).err().expect("refused");
        assert_eq!(error.message(), "regex.pattern has no group for column `client`");
        error.hint_text().map(str::to_owned)
    };
    for (pattern, name) in
        [("combind", "combined"), ("Combined", "combined"), ("CLF", "clf"), ("clf ", "clf"), ("common", "clf")]
    {
        assert_eq!(hint(pattern), Some(format!("did you mean `{name}`, for access logs?")), "{pattern}");
    }
    assert_eq!(hint("combind.*"), None);
    assert_eq!(hint("GET"), None);
}
