//! How the text of a file is read before its statements are: byte order marks and variables.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test fails by panicking")]

mod common;

use common::{Case, Ended};

const MARK: &str = "\u{feff}";

#[test]
fn a_byte_order_mark_is_passed_over() {
    let case = Case::new();
    case.file("q.sql", &format!("{MARK}SELECT 1 AS a;"));
    assert_eq!(case.riverrun(&["run", "q.sql", "--output", "csv"]).ok().out, "a\n1\n");
    case.file("init.sql", &format!("{MARK}CREATE TABLE t (a INT);"));
    case.file("show.sql", &format!("{MARK}SHOW TABLES;"));
    let from = |name: &str| std::fs::File::open(case.path().join(name)).unwrap();
    let mut shell = case.command();
    let ended = Ended::from(shell.args(["sql", "--init", "init.sql"]).stdin(from("show.sql")).output().unwrap()).ok();
    assert!(ended.out.contains("table name\n──────────\nt\n"), "{}", ended.out);
    let mut piped = case.command();
    let ended = Ended::from(piped.args(["run", "-", "--output", "csv"]).stdin(from("q.sql")).output().unwrap()).ok();
    assert_eq!(ended.out, "a\n1\n");
    case.file("good.test", &format!("{MARK}One.\n\n== sql\nSELECT 1 AS a;\n\n== expect\na\n1\n"));
    case.riverrun(&["test", "good.test"]).ok();
    // The place of an error is where an editor shows it.
    case.file("q.sql", &format!("{MARK}SELCT 1;"));
    case.riverrun(&["run", "q.sql"]).failed(2, &[" --> q.sql:1:1\n", "1 | SELCT 1;\n  | ^^^^^\n"]);
    case.file("bad.test", &format!("{MARK}== sql\nSELECT a;\n\n== expect\na\n1\n"));
    let ended = case.riverrun(&["test", "bad.test"]);
    assert!(ended.out.contains("bad.test:2:8\n"), "{}", ended.out);
}

#[test]
fn other_encodings_are_named() {
    let case = Case::new();
    let utf16: Vec<u8> = [0xff, 0xfe].into_iter().chain("SELECT 1;".bytes().flat_map(|byte| [byte, 0])).collect();
    std::fs::write(case.path().join("q.sql"), utf16).unwrap();
    case.riverrun(&["run", "q.sql"])
        .failed(2, &["'q.sql' is not UTF-8: byte 0", "help: it is UTF-16: save it as UTF-8"]);
}

#[test]
fn a_variable_without_its_brace_is_an_error_with_its_place() {
    let run = |sql: &str| {
        let case = Case::new();
        case.file("q.sql", sql);
        case.riverrun(&["run", "q.sql", "--output", "csv", "--var", "A=1"])
    };
    let said = ["error: the variable ${A has no closing }\n --> q.sql:1:9\n", "help: write ${A}, or U&'\\0024{' where"];
    run("SELECT '${A' AS a;").failed(2, &said);
    // A brace that closes something else, further on, does not close it.
    run("SELECT '${A' AS a, '}';").failed(2, &said);
    run("SELECT '${' AS a;").failed(2, &["the variable ${ has no closing }", "q.sql:1:9"]);
    run("SELECT 1,\n '${A B}' AS a;").failed(2, &["the variable ${A has no closing }", "q.sql:2:3"]);
    run("SELECT '${}' AS a;").failed(2, &["the variable ${} has no name", "q.sql:1:9"]);
    assert_eq!(run("SELECT '${A}$' AS a, '$' || '{A}' AS b; -- ${A\n").ok().out, "a,b\n\"1$\",\"${A}\"\n");
    assert_eq!(run("SELECT '$.{A' AS a /* ${ */;").ok().out, "a\n\"$.{A\"\n");
}
