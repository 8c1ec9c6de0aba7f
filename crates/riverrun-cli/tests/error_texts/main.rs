//! The text of the errors that a user can cause, area by area: the place, the message, the detail, the help.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test fails by panicking")]

mod commands;
#[path = "../common/mod.rs"]
mod common;
mod options;
mod queries;
mod records;
mod statements;
mod values;

use common::Case;

/// The tables of the statements below, on one line: a statement begins on the second.
const TABLES: &str = "\
CREATE TABLE t (id INT, name STRING, flag BOOLEAN, ts TIMESTAMP(3), tags ARRAY<STRING>, m MAP<STRING, INT>, \
WATERMARK FOR ts AS ts) WITH ('connector' = 'datagen', 'number-of-rows' = '1'); \
CREATE TABLE u (id INT, name STRING, ts TIMESTAMP(3)) WITH ('connector' = 'datagen', 'number-of-rows' = '1'); \
CREATE TABLE sink (id INT, name STRING) WITH ('connector' = 'blackhole'); \
CREATE VIEW v AS SELECT id, name FROM t; \
CREATE TABLE d (id INT, name STRING, up AS UPPER(name)) \
WITH ('connector' = 'jdbc', 'url' = 'jdbc:postgresql://localhost:1/x', 'table-name' = 'd'); \
CREATE VIEW dv AS SELECT id + 1 AS id FROM d; \
CREATE TABLE o (id INT, name STRING, pt AS PROCTIME()) WITH ('connector' = 'datagen', 'number-of-rows' = '1'); \
CREATE TABLE rates (cur STRING, land STRING, ts TIMESTAMP(3), WATERMARK FOR ts AS ts, \
PRIMARY KEY (cur, land) NOT ENFORCED) WITH ('connector' = 'datagen');\n";

/// What is wrong, and below it, indented, the pieces of what is said.
fn cases(text: &str) -> Vec<(&str, Vec<&str>)> {
    let mut cases: Vec<(&str, Vec<&str>)> = Vec::new();
    for line in text.lines().filter(|line| !line.is_empty()) {
        match line.strip_prefix("  ") {
            Some(said) => cases.last_mut().unwrap().1.push(said),
            None => cases.push((line, Vec::new())),
        }
    }
    cases
}

/// Runs a command on a file of the tables and this text; that it fails with this code and says all of this.
#[track_caller]
fn fails(command: &str, sql: &str, code: i32, wrong: &str, said: &[&str]) {
    let case = Case::new();
    case.file("x.csv", "");
    case.file("f.sql", &format!("{TABLES}{sql}"));
    let ended = case.riverrun(&[command, "f.sql"]);
    assert_eq!(ended.code, code, "{wrong}\n{}{}", ended.out, ended.err);
    for text in said {
        assert!(ended.err.contains(text), "{wrong}\n`{text}` is not in:\n{}", ended.err);
    }
}

/// That a check refuses what `statement` makes of each case. The first piece said begins with `line:column`, or with a
/// dash where the place is only that of the whole statement, though an option is meant.
#[track_caller]
fn refused(text: &str, statement: impl Fn(&str) -> String) {
    for (wrong, mut said) in cases(text) {
        let (place, message) = said[0].split_once(' ').unwrap();
        let line = format!("--> f.sql:{place}\n");
        said[0] = message;
        if place != "-" {
            said.push(&line);
        }
        fails("check", &statement(wrong), 2, wrong, &said);
    }
}

/// That these statements are refused.
#[track_caller]
fn refused_statements(text: &str) {
    refused(text, str::to_owned);
}

/// That these options, on line 3, are refused for a table that begins like this.
#[track_caller]
fn refused_options(table: &str, query: &str, text: &str) {
    refused(text, |options| format!("CREATE TABLE x {table},\n{options});\n{query}"));
}
