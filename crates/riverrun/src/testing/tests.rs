#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test fails by panicking")]

use super::*;
use std::path::Path;

fn run_text(text: &str, options: &TestOptions) -> TestReport {
    run(&TestFile::parse(Path::new("t.test"), text.to_owned()).unwrap(), options).unwrap()
}

fn once(text: &str) -> TestReport {
    run_text(text, &TestOptions::default())
}

const SUMS: &str = "\
Sums per user.

== sql
CREATE TABLE orders (who STRING, n INT);
SELECT who, SUM(n) AS total FROM orders GROUP BY who;

== input orders
who | n
ada | 1
bob | 5
ada | 2

";

#[test]
fn rows_are_compared_whatever_their_order_and_widths() {
    let report = once(&format!("{SUMS}== expect\nwho|total\nbob|5\nada|3\n"));
    assert!(report.passed(), "{:?}", report.differences);
}

#[test]
fn other_rows_are_shown_as_a_diff_and_can_be_taken_over() {
    let report = once(&format!("{SUMS}== expect\nwho | total\nada | 4\nbob | 5\n"));
    let [Difference::Rows { block, line, diff }] = report.differences.as_slice() else { panic!("{report:?}") };
    assert_eq!((block.as_str(), *line), ("expect", 13));
    let same = |text: &str| DiffLine::Same(text.to_owned());
    assert_eq!(
        *diff,
        [
            same("who | total"),
            DiffLine::Missing("ada | 4".to_owned()),
            DiffLine::Extra("ada | 3".to_owned()),
            same("bob | 5"),
        ]
    );
    assert_eq!(report.updated, format!("{SUMS}== expect\nwho | total\nada | 3\nbob | 5\n"));
    assert!(once(&report.updated).passed());
}

#[test]
fn a_query_without_a_block_gets_one() {
    let report = once(SUMS);
    assert!(!report.passed());
    assert_eq!(report.updated, format!("{SUMS}== expect\nwho | total\nada | 3\nbob | 5\n"));
}

#[test]
fn a_snapshot_in_the_middle_changes_nothing() {
    for rows in 1..=3 {
        for parallelism in [1, 3] {
            let options = TestOptions { parallelism, checkpoint_after_rows: Some(rows), ..TestOptions::default() };
            let report = run_text(&format!("{SUMS}== expect\nwho | total\nada | 3\nbob | 5\n"), &options);
            assert!(report.passed(), "after {rows} rows at {parallelism}: {:?}", report.differences);
        }
    }
}

#[test]
fn a_test_with_fewer_rows_than_a_snapshot_needs_fails() {
    let options = TestOptions { checkpoint_after_rows: Some(4), ..TestOptions::default() };
    let report = run_text(&format!("{SUMS}== expect\nwho | total\nada | 3\nbob | 5\n"), &options);
    let differences = report.differences.as_slice();
    assert!(matches!(differences, [Difference::NoSnapshot { wanted: 4, rows: 3 }]), "{report:?}");
    // One job that has enough of them will do.
    let sql = SUMS.replacen("== sql\n", "== sql\nCREATE TABLE few (who STRING);\n", 1).replacen(
        "SELECT",
        "SELECT who FROM few;\nSELECT",
        1,
    );
    let few = "== input few\nwho\nzoe\n\n== expect\nwho\nzoe\n\n";
    let both = format!("{sql}{few}== expect\nwho | total\nada | 3\nbob | 5\n");
    let options = TestOptions { checkpoint_after_rows: Some(2), ..TestOptions::default() };
    let report = run_text(&both, &options);
    assert!(report.passed(), "{:?}", report.differences);
}

#[test]
fn a_value_that_can_not_be_read_is_told_with_its_line_of_the_test() {
    let error = |text: &str| match once(text).differences.into_iter().next() {
        Some(Difference::Error { error, .. }) => *error,
        other => panic!("{other:?}"),
    };
    let sql = "== sql\nCREATE TABLE a (id INT);\nCREATE TABLE ab (id INT);\nSELECT * FROM ab;\n\n";
    let found = error(&format!("{sql}== input a\nid\nx\n\n== input ab\nid\n1\n\n# Not a number.\nx2\n"));
    assert_eq!(found.message(), "table ab: broken record: column `id`: expected INT, found \"x2\"");
    assert_eq!(found.place(), Some(riverrun_core::Place::new(15, 1, 2)));
    let found = error(&format!("{sql}== input ab as json\n{{\"id\": 1}}\n\n{{\"id\": \"x2\"}}\n"));
    assert_eq!(found.place().map(|place| place.line), Some(9), "{found:?}");
    // The second block of a table.
    let found = error(&format!("{sql}== input ab\nid\n1\n\n== input ab\nid\n2\nx3\n"));
    assert_eq!(found.place().map(|place| place.line), Some(13), "{found:?}");
}

#[test]
fn more_workers_than_key_groups_are_refused() {
    let options = TestOptions { parallelism: 129, ..TestOptions::default() };
    let report = run_text(&format!("{SUMS}== expect\nwho | total\nada | 3\nbob | 5\n"), &options);
    let [Difference::Error { error, .. }] = report.differences.as_slice() else { panic!("{report:?}") };
    assert_eq!(error.message(), "a job can't have 129 workers");
}

#[test]
fn tables_that_are_written_are_caught_whatever_their_connector() {
    let text = "\
== sql
CREATE TABLE a (id INT, v STRING, at_time TIMESTAMP_LTZ(3) METADATA FROM 'timestamp') WITH ('connector' = 'kafka');
CREATE TABLE b (id INT, v STRING, PRIMARY KEY (id) NOT ENFORCED) WITH ('connector' = 'nowhere');
INSERT INTO b SELECT id, v FROM a WHERE at_time > TO_TIMESTAMP_LTZ(0, 3);

== input a
id | v | at_time
1 | x | 2024-01-01T10:00
1 | y | 2024-01-01T10:00:00Z
2 | z | 1960-01-01 10:00:00

== expect b
id | v
1 | y
";
    let report = once(text);
    assert!(report.passed(), "{:?}", report.differences);
}

#[test]
fn changes_can_be_given_and_expected() {
    let text = "\
== sql
CREATE TABLE a (id INT, v INT);
SELECT SUM(v) AS total FROM a;

== input a
op | id | v
+I | 1 | 5
-D | 1 | 5
+I | 2 | 7

== expect changelog
op | total
+I | 7
";
    let report = once(text);
    assert!(report.passed(), "{:?}", report.differences);
}

#[test]
fn values_are_written_as_they_are_shown() {
    let text = "\
== options
clock = 2024-05-01 12:30

== sql
CREATE TABLE a (s STRING, t TIMESTAMP(3), d DATE, xs ARRAY<INT>, r ROW<x INT, y STRING>);
SELECT s, t, d, xs, r, NOW() AS at_time FROM a;

== input a
s | t | d | xs | r
'a | ''b''' | 2024-01-01T10:00 | 2024-02-29 | [1, null] | {\"x\": 1}
null | null | null | null | null
'null' | null | null | null | null

== expect
s | t | d | xs | r | at_time
'a | ''b''' | 2024-01-01T10:00 | 2024-02-29 | [1, null] | +I[1, null] | 2024-05-01T12:30:00Z
'null' | null | null | null | null | 2024-05-01T12:30:00Z
null | null | null | null | null | 2024-05-01T12:30:00Z
";
    let report = once(text);
    assert!(report.passed(), "{:?}", report.differences);
}

#[test]
fn an_error_can_be_expected() {
    let sql = "== sql\nCREATE TABLE a (id INT) WITH ('connector' = 'print');\nSELECT ix FROM a;\n\n";
    assert!(once(&format!("{sql}== expect error\nno column 'ix'\n")).passed());
    let report = once(&format!("{sql}== expect error\nsomething else\n"));
    assert!(matches!(report.differences.as_slice(), [Difference::Error { expected: Some(_), .. }]));
    assert_eq!(report.updated, format!("{sql}== expect error\nno column 'ix' here\n"));
    let report = once("== sql\nSELECT 1 AS x;\n\n== expect error\nno\n\n== expect\nx\n1\n");
    assert!(matches!(report.differences.as_slice(), [Difference::NoError { line: 4, .. }]), "{report:?}");
}

#[test]
fn mistakes_in_a_file_are_told_with_their_line() {
    let parse = |text: &str| TestFile::parse(Path::new("t.test"), text.to_owned());
    let error = parse("x\n== sqls\n").unwrap_err();
    assert_eq!((error.message(), error.place().map(|place| place.line)), ("there is no block `sqls`", Some(2)));
    assert_eq!(parse("no blocks").unwrap_err().message(), "the test has no statements");

    let wrong = |text: &str| {
        let file = parse(text).unwrap();
        let error = match run(&file, &TestOptions::default()) {
            Err(error) => error,
            Ok(report) => match report.differences.into_iter().next() {
                Some(Difference::Error { error, .. }) => *error,
                other => panic!("{other:?}"),
            },
        };
        (error.message().to_owned(), error.place().map(|place| place.line))
    };
    let input = |rows: &str| format!("== sql\nCREATE TABLE a (id INT);\nSELECT * FROM a;\n== input a\n{rows}");
    assert_eq!(wrong(&input("id\n1 | 2\n")), ("the row has 2 cells, the header 1".to_owned(), Some(6)));
    assert_eq!(wrong(&input("ix\n1\n")), ("table 'a' has no column 'ix'".to_owned(), Some(5)));
    assert_eq!(
        wrong("== sql\nSELECT 1;\n== input b\nid\n"),
        ("`== input b`: the pipeline has no table 'b'".to_owned(), Some(3))
    );
    assert_eq!(
        wrong("== sql\nSELECT 1 AS x;\n== expect\nx\n1\n== expect\nx\n1\n"),
        ("there is no query for this `expect` block".to_owned(), Some(6))
    );
    assert_eq!(wrong("== options\nclock = noon\n== sql\nSELECT 1;\n"), ("'noon' is no time".to_owned(), Some(2)));
}
