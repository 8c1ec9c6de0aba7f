//! What was to be printed and could not be is a failure of every command; a reader that has gone away is none.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test fails by panicking")]
#![cfg(target_os = "linux")]

mod common;

use common::{Case, Ended};
use std::process::Stdio;

/// A pipeline, a test of it, and a state directory with a checkpoint.
fn case() -> Case {
    let case = Case::new();
    case.file(
        "good.sql",
        "CREATE TABLE g (id INT) WITH ('connector' = 'datagen', 'number-of-rows' = '3');
         CREATE TABLE p (id INT) WITH ('connector' = 'filesystem', 'path' = 'out', 'format' = 'json');
         INSERT INTO p SELECT id FROM g;",
    );
    case.file("show.sql", "CREATE TABLE g (id INT); SHOW TABLES;");
    case.file("explain.sql", "EXPLAIN SELECT 1;");
    case.file("good.test", "One.\n\n== sql\nSELECT 1 AS a;\n\n== expect\na\n1\n");
    case.file("bad.test", "Two.\n\n== sql\nSELECT 2 AS a;\n\n== expect\na\n1\n");
    case.riverrun(&["run", "good.sql", "--state-dir", "state"]).ok();
    case
}

/// Everything that prints something and ends.
const COMMANDS: &[&[&str]] = &[
    &["--help"],
    &["--version"],
    &["run", "--help"],
    &["demo", "--show-sql"],
    &["connectors"],
    &["connectors", "filesystem"],
    &["functions"],
    &["functions", "UPPER"],
    &["options"],
    &["completions", "bash"],
    &["check", "good.sql"],
    &["explain", "good.sql"],
    &["explain", "good.sql", "--json"],
    &["explain", "good.sql", "--upgrade", "state"],
    &["checkpoints", "state"],
    &["checkpoints", "state", "--json"],
    &["test", "good.test"],
    &["chaos", "--list"],
    &["chaos", "good.sql", "--faults", "kill@token", "--seed", "1"],
    &["run", "show.sql"],
    &["run", "explain.sql"],
    &["run", "good.sql", "--summary", "-"],
    &["sql", "--init", "show.sql"],
];

#[test]
fn a_full_disk_behind_standard_output_fails_every_command() {
    let case = case();
    for args in COMMANDS {
        let mut command = case.command();
        command.args(*args).stdout(std::fs::File::create("/dev/full").unwrap());
        let ended = Ended::from(command.output().unwrap());
        assert_eq!(ended.code, 1, "{args:?}: {}", ended.err);
        assert!(ended.err.contains("cannot write the result: No space left on device"), "{args:?}: {}", ended.err);
    }
}

#[test]
fn a_test_that_fails_has_to_be_told_too() {
    let case = case();
    let mut command = case.command();
    command.args(["test", "bad.test"]).stdout(std::fs::File::create("/dev/full").unwrap());
    Ended::from(command.output().unwrap()).failed(1, &["cannot write the result: No space left on device"]);
}

#[test]
fn a_reader_that_has_gone_away_is_no_failure() {
    let case = case();
    for args in COMMANDS {
        if args.first() == Some(&"chaos") {
            // What it found is in its exit code, whoever reads its report.
            continue;
        }
        let mut command = case.command();
        let (reader, writer) = std::io::pipe().unwrap();
        drop(reader);
        let ended = Ended::from(command.args(*args).stdout(writer).stderr(Stdio::piped()).output().unwrap());
        assert_eq!((ended.code, ended.err.as_str()), (0, ""), "{args:?}");
    }
}

#[test]
fn a_log_that_nobody_reads_ends_nothing() {
    let case = case();
    let full = || Stdio::from(std::fs::File::create("/dev/full").unwrap());
    let gone = || Stdio::from(std::io::pipe().unwrap().1);
    let takers: [&dyn Fn() -> Stdio; 2] = [&full, &gone];
    for stderr in takers {
        for args in [&["run", "good.sql", "-v"][..], &["check", "good.sql", "-vvv"]] {
            let ended = Ended::from(case.command().args(args).stderr(stderr()).output().unwrap());
            assert_eq!(ended.code, 0, "{args:?}");
        }
        let ended = Ended::from(case.command().args(["check", "nothing.sql"]).stderr(stderr()).output().unwrap());
        assert_eq!(ended.code, 2);
    }
}
