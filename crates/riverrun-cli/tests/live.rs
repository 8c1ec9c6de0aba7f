//! Jobs that go on until Ctrl-C: the demo, and files that are followed.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test fails by panicking")]

mod common;

use common::{Case, Running};
use std::fs::{self, OpenOptions};
use std::io::Write;
use std::path::Path;

fn append(path: &Path, text: &str) {
    OpenOptions::new().create(true).append(true).open(path).unwrap().write_all(text.as_bytes()).unwrap();
}

#[test]
fn the_demo_prints_windows_and_ends_in_good_order_on_ctrl_c() {
    let case = Case::new();
    let mut demo =
        Running::start(case.command().args(["demo", "--out", "out", "--rate", "2000", "--speed", "240", "-p", "2"]));
    demo.wait_for("rows of windows", |lines| lines.len() > 5);
    let ended = demo.interrupt().ok();
    assert!(ended.err.contains("Ctrl-C ends it in good order"), "{}", ended.err);
    assert!(ended.err.contains("results are in out"), "{}", ended.err);
    // What was read has been written, and nothing is left half done.
    for table in ["status", "error_rate", "top_urls"] {
        assert!(!case.lines(&format!("out/{table}")).is_empty(), "no rows in {table}");
        let hidden = fs::read_dir(case.path().join("out").join(table)).unwrap().flatten();
        let hidden: Vec<_> = hidden.filter(|entry| entry.file_name().to_string_lossy().starts_with('.')).collect();
        assert!(hidden.is_empty(), "{table}: {hidden:?}");
    }
    for line in case.lines("out/status") {
        serde_json::from_str::<serde_json::Value>(&line).unwrap();
    }
}

#[test]
fn a_followed_file_may_be_rotated_and_cut() {
    let case = Case::new();
    let log = case.file("app.log", "first\n");
    case.file(
        "tail.sql",
        "CREATE TABLE log (line STRING) WITH ('connector' = 'filesystem', 'path' = 'app.log', 'format' = 'raw', 'scan.tail' = 'true');
         SELECT * FROM log;",
    );
    let mut run = Running::start(case.command().args(["run", "tail.sql", "--output", "changelog"]));
    run.wait_for_line("first");
    append(&log, "second\nhal");
    run.wait_for_line("second");
    append(&log, "f\n");
    run.wait_for_line("half");

    fs::rename(&log, case.path().join("app.log.1")).unwrap();
    // Whoever has the file open still writes to the old one.
    append(&case.path().join("app.log.1"), "last of the old\n");
    append(&log, "first of the new\n");
    run.wait_for_line("last of the old");
    run.wait_for_line("first of the new");

    fs::write(&log, "").unwrap();
    std::thread::sleep(std::time::Duration::from_millis(300));
    append(&log, "after the cut\n");
    run.wait_for_line("after the cut");
    let ended = run.interrupt().ok();
    assert_eq!(
        ended.out.lines().collect::<Vec<_>>(),
        ["first", "second", "half", "last of the old", "first of the new", "after the cut"]
            .map(|line| format!("+I[{line}]"))
    );
}

#[test]
fn what_was_read_before_ctrl_c_is_written() {
    let case = Case::new();
    let log = case.file("in/a.json", "{\"n\":1}\n{\"n\":2}\n");
    case.file(
        "copy.sql",
        "CREATE TABLE source (n INT) WITH ('connector' = 'filesystem', 'path' = 'in', 'format' = 'json', 'scan.tail' = 'true');
         CREATE TABLE seen WITH ('connector' = 'print') LIKE source (EXCLUDING OPTIONS);
         CREATE TABLE copy WITH ('connector' = 'filesystem', 'path' = 'out', 'format' = 'json') LIKE source (EXCLUDING OPTIONS);
         EXECUTE STATEMENT SET BEGIN
           INSERT INTO seen SELECT * FROM source;
           INSERT INTO copy SELECT * FROM source;
         END;",
    );
    let mut run = Running::start(case.command().args(["run", "copy.sql", "-p", "2"]));
    run.wait_for_line("2");
    append(&log, "{\"n\":3}\n");
    run.wait_for_line("3");
    assert!(case.lines("out").is_empty(), "rows are visible before their file is complete");
    run.interrupt().ok();
    assert_eq!(case.lines("out"), [r#"{"n":1}"#, r#"{"n":2}"#, r#"{"n":3}"#]);
}
