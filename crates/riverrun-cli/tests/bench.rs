//! `riverrun bench`: what is refused, and a reader that has gone away.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test fails by panicking")]

mod common;

use common::{Case, Ended};
use std::io::{BufRead, BufReader};
use std::process::Stdio;

#[test]
fn no_events_and_no_workers_are_refused() {
    let bench = |args: &[&str]| Case::new().riverrun(&[&["bench", "nexmark", "--queries", "q0"], args].concat());
    bench(&["--events", "0"]).failed(2, &["'--events <N>'", "expected a number from 1 on"]);
    bench(&["-p", "0"]).failed(2, &["'--parallelism <N>'", "expected a number from 1 to 256"]);
}

#[test]
fn a_query_is_a_line_of_the_table() {
    let ended = Case::new().riverrun(&["bench", "nexmark", "--queries", "q0", "--events", "1000", "-p", "1"]).ok();
    assert!(ended.out.starts_with("1\u{2009}000 events from the generator, 1 workers, "), "{}", ended.out);
    assert!(ended.out.contains("\n\n| query | seconds |"), "{}", ended.out);
    assert!(ended.out.lines().last().unwrap().starts_with("| q0 | "), "{}", ended.out);
}

#[test]
fn a_reader_that_has_gone_away_ends_it() {
    let case = Case::new();
    let mut bench = case.command();
    bench.args(["bench", "nexmark", "--queries", "q0,q1,q2", "--events", "100000"]);
    let mut child = bench.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut first = String::new();
    // As `head -1` does.
    BufReader::new(child.stdout.take().unwrap()).read_line(&mut first).unwrap();
    assert!(first.starts_with("100\u{2009}000 events from the generator"), "{first}");
    let ended = Ended::from(child.wait_with_output().unwrap()).ok();
    assert_eq!(ended.err, "");
}
