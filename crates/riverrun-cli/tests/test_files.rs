//! `riverrun test`: the examples, a difference, an update, a report for build servers.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test fails by panicking")]

mod common;

use common::Case;

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

const EXAMPLES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../examples/pipeline-tests");

#[test]
fn the_examples_pass_at_any_parallelism() {
    let ended = Case::new().riverrun(&["test", EXAMPLES, "-p", "1,3"]);
    assert_eq!(ended.code, 0, "{}{}", ended.out, ended.err);
    assert!(ended.out.contains("12 passed, 0 failed"), "{}", ended.out);
}

#[test]
fn the_examples_pass_restored_in_the_middle() {
    let files: Vec<String> =
        std::fs::read_dir(EXAMPLES).unwrap().map(|e| e.unwrap().path().display().to_string()).collect();
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
