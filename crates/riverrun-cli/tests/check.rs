//! `riverrun check`, and where errors of a table's definition point.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test fails by panicking")]

mod common;

use common::{Case, Ended};

fn check(sql: &str) -> Ended {
    let case = Case::new();
    case.file("q.sql", sql);
    case.riverrun(&["check", "q.sql"])
}

#[test]
fn the_connector_of_every_table_is_checked() {
    let said = ["there is no connector 'filesystm'", "did you mean `filesystem`", "q.sql:1:44"];
    check("CREATE TABLE t (a INT) WITH ('connector' = 'filesystm');").failed(2, &said);
}

#[test]
fn the_options_of_every_table_are_checked() {
    let table = |options: &str| check(&format!("CREATE TABLE t (a INT) WITH (\n'connector' = {options});"));
    table("'print', 'print-identifer' = 'x'").failed(2, &["unknown option 'print-identifer'", "q.sql:2:"]);
    table("'datagen', 'rows-per-second' = 'many'").failed(2, &["'many' is no value for option 'rows-per-second'"]);
    table("'filesystem', 'format' = 'json'").failed(2, &["option 'path' is missing", "q.sql:2:15"]);
    table("'filesystem', 'path' = 'x'").failed(2, &["option 'format' is missing", "q.sql:2:15"]);
    table("'filesystem', 'path' = 'x', 'format' = 'jsn'").failed(2, &["there is no format 'jsn'"]);
    let delimiter = "csv.field-delimiter must be one character, and is 'abc'";
    table("'filesystem', 'path' = 'x', 'format' = 'csv', 'csv.field-delimiter' = 'abc'").failed(2, &[delimiter]);
}

#[cfg(feature = "kafka")]
#[test]
fn required_options_of_kafka_are_checked() {
    let said = ["'properties.bootstrap.servers' is missing", "q.sql:1:"];
    check("CREATE TABLE t (a INT) WITH ('connector' = 'kafka', 'topic' = 't', 'format' = 'json');").failed(2, &said);
}

#[test]
fn a_table_that_another_one_is_like_needs_no_connector() {
    let sql = "CREATE TABLE columns_of (a INT);
               CREATE TABLE t WITH ('connector' = 'datagen') LIKE columns_of;";
    check(sql).ok();
    let said = ["unknown option 'rows-per-seconds'", "q.sql:2:"];
    check(&sql.replace("'datagen'", "'datagen', 'rows-per-seconds' = '1'")).failed(2, &said);
}

#[test]
fn what_a_table_reads_need_not_be_there_where_nothing_reads_it() {
    for format in ["'json'", "'regex', 'regex.pattern' = '(?<a>.*)'"] {
        let options = format!("'connector' = 'filesystem', 'path' = 'not/yet', 'format' = {format}");
        check(&format!("CREATE TABLE t (a INT) WITH ({options});")).ok();
    }
}

#[test]
fn a_table_may_be_dropped_or_altered_before_its_use() {
    let sql = "CREATE TABLE t (a INT) WITH ('connector' = 'filesystem', 'path' = 'x');
               ALTER TABLE t SET ('format' = 'json');";
    check(sql).ok();
    check("CREATE TABLE t (a INT) WITH ('connector' = 'nothing'); DROP TABLE t;").ok();
}

#[test]
fn run_takes_a_table_that_nothing_uses_as_flink_does() {
    let case = Case::new();
    case.run("CREATE TABLE t (a INT) WITH ('connector' = 'nothing'); SELECT 1;", &[]).ok();
}

#[test]
fn a_shell_points_into_the_file_that_it_has_run_first() {
    let case = Case::new();
    case.file("init.sql", "CREATE TABLE t (a INT)\nWITH ('connector' = 'filesystem', 'format' = 'json');\n");
    let shell = |typed: &str| {
        case.file("typed.sql", typed);
        let mut shell = case.command();
        shell.args(["sql", "--init", "init.sql"]);
        shell.stdin(std::fs::File::open(case.path().join("typed.sql")).unwrap());
        Ended::from(shell.output().unwrap())
    };
    let defined = " --> init.sql:2:21\n  |\n2 | WITH ('connector' = 'filesystem', ";
    shell("SELECT 1;\nSELECT * FROM t;").failed(2, &["option 'path' is missing", defined]);
    shell("SELECT 1;\nSELECT b;").failed(2, &["no column 'b'", " --> stdin:2:8\n  |\n2 | SELECT b;"]);
}

#[test]
fn an_option_that_is_missing_is_told_at_the_definition() {
    let at = |sql: &str| {
        let case = Case::new();
        case.file("q.sql", sql);
        let ended = case.riverrun(&["run", "q.sql"]);
        assert_eq!(ended.code, 2, "{}", ended.err);
        ended.err.lines().find(|line| line.contains("-->")).unwrap_or_default().trim().to_owned()
    };
    let table =
        |options: &str, then: &str| at(&format!("CREATE TABLE t (a INT) WITH (\n'connector' = {options});\n{then}"));
    for then in ["SELECT * FROM t;", "INSERT INTO t VALUES (1);"] {
        assert_eq!(table("'filesystem', 'format' = 'json'", then), "--> q.sql:2:15");
        assert_eq!(table("'filesystem', 'path' = 'x'", then), "--> q.sql:2:15");
        if cfg!(feature = "kafka") {
            assert_eq!(table("'kafka', 'topic' = 't', 'format' = 'json'", then), "--> q.sql:2:15");
            let servers = "'properties.bootstrap.servers' = 'localhost:9'";
            assert_eq!(table(&format!("'kafka', 'format' = 'json', {servers}"), then), "--> q.sql:2:15");
            assert_eq!(table(&format!("'kafka', 'topic' = 't', {servers}"), then), "--> q.sql:2:15");
        }
        if cfg!(feature = "jdbc") {
            assert_eq!(table("'jdbc', 'table-name' = 't'", then), "--> q.sql:2:15");
            assert_eq!(table("'jdbc', 'url' = 'jdbc:sqlite:x.db'", then), "--> q.sql:2:15");
        }
    }
    // What the statement asks of a good table is told at the statement.
    assert_eq!(table("'print'", "SELECT * FROM t;"), "--> q.sql:3:1");
    // Without a connector there is nothing to point at.
    assert_eq!(at("CREATE TABLE t (a INT);\nSELECT * FROM t;"), "--> q.sql:2:1");
}
