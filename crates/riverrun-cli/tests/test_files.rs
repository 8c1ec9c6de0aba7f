//! `riverrun test`: the examples, a difference, an update, a report for build servers.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test fails by panicking")]

mod common;

use common::Case;
use std::path::PathBuf;

const TEST: &str = "\
== sql
CREATE TABLE t (id INT);
SELECT SUM(id) AS total FROM t;

== input t
id
1
2

== expect
total
4
";

/// The folder with the examples.
fn examples() -> PathBuf {
    std::path::absolute("../../examples/pipeline-tests").unwrap()
}

#[test]
fn the_examples_pass_at_any_parallelism() {
    let ended = Case::new().riverrun(&["test", examples().to_str().unwrap(), "-p", "1,3"]);
    assert_eq!(ended.code, 0, "{}{}", ended.out, ended.err);
    assert!(ended.out.contains("12 passed, 0 failed"), "{}", ended.out);
}

#[test]
fn the_examples_pass_restored_in_the_middle() {
    let files: Vec<String> =
        std::fs::read_dir(examples()).unwrap().map(|e| e.unwrap().path().display().to_string()).collect();
    let tests = || files.iter().map(String::as_str).filter(|file| file.ends_with(".test"));
    // Which rows are late after a restart depends on how far the watermarks of several workers had come.
    let by_one_worker = |file: &&str| file.ends_with("late_rows.test");
    let passes = |tests: Vec<&str>, workers: &str, passed: &str| {
        let ended =
            Case::new().riverrun(&[&["test", "-p", workers, "--checkpoint-after-rows", "2"], &tests[..]].concat());
        assert_eq!(ended.code, 0, "{}{}", ended.out, ended.err);
        assert!(ended.out.contains(passed), "{}", ended.out);
    };
    passes(tests().filter(|file| !by_one_worker(file)).collect(), "1,3", "10 passed, 0 failed");
    passes(tests().filter(by_one_worker).collect(), "1", "1 passed, 0 failed");
}

#[test]
fn a_difference_is_shown_and_taken_over_on_request() {
    let case = Case::new();
    let file = case.file("sums.test", TEST);
    let ended = case.riverrun(&["test", ".", "--junit", "report.xml"]);
    assert_eq!(ended.code, 1);
    let shown = "./sums.test:10: expect: rows differ\n    total\n  - 4\n  + 3\nFAILED  ./sums.test";
    assert!(ended.out.starts_with(shown), "{}", ended.out);
    let report = std::fs::read_to_string(case.path().join("report.xml")).unwrap();
    assert!(report.contains("tests=\"1\" failures=\"1\" errors=\"0\""), "{report}");
    assert!(report.contains("  - 4\n  + 3\n</failure>"), "{report}");

    assert_eq!(case.riverrun(&["test", "sums.test", "--update"]).code, 0);
    assert_eq!(std::fs::read_to_string(file).unwrap(), TEST.replace("4\n", "3\n"));
    assert_eq!(case.riverrun(&["test", "sums.test"]).code, 0);
}

#[test]
fn a_file_that_is_no_test_is_told_with_its_place() {
    let case = Case::new();
    case.file("wrong.test", "== sql\nSELECT 1;\n== expct\n");
    let ended = case.riverrun(&["test", "wrong.test"]);
    assert_eq!(ended.code, 2);
    assert!(ended.out.contains("error: there is no block `expct`\n --> wrong.test:3:1"), "{}", ended.out);
    assert!(ended.out.contains("did you mean `expect`?"), "{}", ended.out);
    let ended = case.riverrun(&["test", "nothing"]);
    assert_eq!(ended.code, 2, "{}{}", ended.out, ended.err);
}

#[test]
fn a_test_with_too_few_rows_for_its_snapshot_fails() {
    let case = Case::new();
    case.file("sums.test", &TEST.replace("4\n", "3\n"));
    let ended = case.riverrun(&["test", "sums.test", "--checkpoint-after-rows", "100000"]);
    assert_eq!(ended.code, 1, "{}{}", ended.out, ended.err);
    let said = "sums.test: no snapshot was taken: it was to come after 100000 rows, and there were 2\nFAILED";
    assert!(ended.out.contains(said), "{}", ended.out);
    case.riverrun(&["test", "sums.test", "--checkpoint-after-rows", "2"]).ok();
    // A file whose mistake is expected has no rows.
    case.file("mistake.test", "== sql\nCREATE TABLE t (id INT);\nSELECT x FROM t;\n\n== expect error\nno column 'x'\n");
    case.riverrun(&["test", "mistake.test", "--checkpoint-after-rows", "5"]).ok();
}

#[test]
fn numbers_that_prove_nothing_or_never_start_are_refused() {
    let case = Case::new();
    case.file("sums.test", &TEST.replace("4\n", "3\n"));
    let refused =
        |args: &[&str], said: &str| drop(case.riverrun(&[&["test", "sums.test"], args].concat()).failed(2, &[said]));
    refused(&["--checkpoint-after-rows", "0"], "expected a number from 1 on");
    refused(&["-p", "0"], "expected a number from 1 to 256");
    refused(&["-p", "1,1000"], "expected a number from 1 to 256");
    case.riverrun(&["run", "-", "-p", "257"]).failed(2, &["expected a number from 1 to 256"]);
    let ended = case.riverrun(&["test", "sums.test", "-p", "129"]);
    assert_eq!(ended.code, 1, "{}{}", ended.out, ended.err);
    let said = "error: a job can't have 129 workers\n  help: from 1 to 128: pipeline.max-parallelism\n";
    assert!(ended.out.contains(said), "{}", ended.out);
}

#[test]
fn a_value_that_can_not_be_read_is_shown_in_the_test_file() {
    let case = Case::new();
    case.file("sums.test", &TEST.replace("2\n", "# No number.\nx2\n"));
    let ended = case.riverrun(&["test", "sums.test"]);
    assert_eq!(ended.code, 1, "{}{}", ended.out, ended.err);
    let said = "error: table t: broken record: column `id`: expected INT, found \"x2\"\n --> sums.test:9:1\n  |\n9 | x2\n  | ^^\n";
    assert!(ended.out.starts_with(said), "{}", ended.out);
}
