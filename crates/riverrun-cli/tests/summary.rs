//! What `--summary` says of a run, and where the files of results can't be written.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test fails by panicking")]

mod common;

use common::Case;
use serde_json::Value;

/// A file of rows and what copies it.
fn case() -> Case {
    let case = Case::new();
    for file in 0..4 {
        let rows: String = (0..20_000).map(|n| format!("{{\"n\":{n},\"s\":\"file {file}, row {n}\"}}\n")).collect();
        case.file(&format!("in/{file}.json"), &rows);
    }
    case
}

const COPY: &str = "
CREATE TABLE t (n INT, s STRING) WITH ('connector' = 'filesystem', 'path' = '${DIR}/in', 'format' = 'json');
CREATE TABLE copy (s STRING, c BIGINT) WITH ('connector' = 'filesystem', 'path' = '${DIR}/out', 'format' = 'json');
INSERT INTO copy SELECT s, n FROM t;";

fn summary(case: &Case, args: &[&str]) -> Value {
    let mut all = vec!["--summary", "summary.json"];
    all.extend(args);
    case.run(COPY, &all).ok();
    case.summary()
}

#[test]
fn rows_and_bytes_are_those_of_all_processes() {
    let one = summary(&case(), &["-p", "2"]);
    let two = summary(&case(), &["-p", "2", "--processes", "2"]);
    for tables in ["sources", "sinks"] {
        assert_eq!(one[tables][0]["rows"], 80_000, "{one}");
        assert_eq!(two[tables][0]["rows"], 80_000, "{two}");
        assert_eq!(one[tables][0]["bytes"], two[tables][0]["bytes"], "{one}\n{two}");
    }
}

#[cfg(target_os = "linux")]
#[test]
fn the_peak_of_memory_is_that_of_all_processes() {
    let peak = |summary: &Value| summary["peak_memory_bytes"].as_u64().unwrap();
    let one = peak(&summary(&case(), &["-p", "1"]));
    let four = peak(&summary(&case(), &["-p", "4", "--processes", "4"]));
    // Every process has the binary and its threads in memory, which is most of what so small a job takes.
    assert!(four > 2 * one, "{four} bytes for 4 processes, {one} for one");
}

#[test]
fn a_summary_that_can_not_be_written_is_told_before_anything_runs() {
    let case = case();
    let said = ["cannot write the summary to 'nowhere/summary.json'", "help:"];
    case.run(COPY, &["--summary", "nowhere/summary.json"]).failed(2, &said);
    std::fs::create_dir(case.path().join("folder")).unwrap();
    case.run(COPY, &["--summary", "folder"]).failed(2, &["cannot write the summary to 'folder'", "is a folder"]);
    assert!(!case.path().join("out").exists(), "the job has run");
}

#[test]
fn a_report_of_tests_that_can_not_be_written_is_told_before_anything_runs() {
    let case = Case::new();
    case.file("good.test", "One.\n\n== sql\nSELECT 1 AS a;\n\n== expect\na\n1\n");
    let ended = case.riverrun(&["test", "good.test", "--junit", "nowhere/report.xml"]);
    let ended = ended.failed(2, &["cannot write the report to 'nowhere/report.xml'"]);
    assert_eq!(ended.out, "");
}

#[test]
fn a_file_that_comes_to_nothing_is_left_as_it_was() {
    let case = Case::new();
    case.file("old.json", "what was there");
    // It ends before it has begun: neither is a new file left behind, nor an old one emptied.
    case.file("pipeline.sql", "SELECT 1;");
    case.riverrun(&["run", "pipeline.sql", "--processes", "2", "-p", "3", "--summary", "new.json"]).failed(2, &[]);
    case.riverrun(&["run", "pipeline.sql", "--processes", "2", "-p", "3", "--summary", "old.json"]).failed(2, &[]);
    assert!(!case.path().join("new.json").exists());
    assert_eq!(std::fs::read_to_string(case.path().join("old.json")).unwrap(), "what was there");
}
