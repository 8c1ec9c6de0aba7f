//! The connector print in a job with checkpoints: a reader that does not read holds none of them back, and no row is lost.
#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod common;

use common::windows::{checkpoints, kill, wait_beyond};
use common::{Case, Ended, Running};
use std::io::Read;
use std::process::{Command, Stdio};

/// Many more than a pipe holds, and enough for twenty checkpoints of a busy machine.
const ROWS: i64 = 200_000;

/// Numbers, so many per second.
fn command(case: &Case, pace: i64, args: &[&str]) -> Command {
    case.file(
        "pipeline.sql",
        &format!(
            "CREATE TABLE numbers (n BIGINT) WITH ('connector' = 'datagen', 'rows-per-second' = '{pace}',
               'fields.n.kind' = 'sequence', 'fields.n.start' = '1', 'fields.n.end' = '{ROWS}');
             CREATE TABLE seen (n BIGINT) WITH ('connector' = 'print', 'sink.parallelism' = '1');
             INSERT INTO seen SELECT n FROM numbers;"
        ),
    );
    let mut command = case.command();
    command.args(["run", "pipeline.sql", "--state-dir", "state", "-D", "execution.checkpointing.interval=100ms"]);
    command.args(args);
    command
}

/// The numbers in whole lines.
fn numbers(text: &str) -> Vec<i64> {
    let whole = text.rsplit_once('\n').map_or("", |(whole, _)| whole);
    let number = |line: &str| line.strip_prefix("+I[")?.strip_suffix(']')?.parse().ok();
    whole.lines().map(|line| number(line).unwrap_or_else(|| panic!("{line}"))).collect()
}

#[test]
fn checkpoints_pass_a_reader_that_does_not_read_and_a_kill_loses_none_of_the_rows_that_wait() {
    let case = Case::new();
    let mut child = command(&case, 10_000, &["-p", "2"]).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
    // Long after the pipe is full.
    let stalled = wait_beyond(&case, checkpoints(&case).last().copied().unwrap_or_default() + 10);
    wait_beyond(&case, stalled + 10);
    let mut out = child.stdout.take().unwrap();
    kill(child);
    let mut before = Vec::new();
    out.read_to_end(&mut before).unwrap();
    let mut seen = numbers(&String::from_utf8_lossy(&before));
    assert!(seen.len() < ROWS as usize, "nothing was left to be printed");
    let after = Ended::from(command(&case, 1_000_000, &["-p", "3"]).output().unwrap()).ok();
    seen.extend(numbers(&after.out));
    seen.sort_unstable();
    seen.dedup();
    assert_eq!(seen, (1..=ROWS).collect::<Vec<i64>>());
}

#[test]
fn a_job_that_was_stopped_goes_on_without_printing_a_row_again() {
    let case = Case::new();
    let mut running = Running::start(&mut command(&case, 20_000, &["-p", "2"]));
    running.wait_for_line("+I[2000]");
    let stopped = running.interrupt().ok();
    let ended = Ended::from(command(&case, 1_000_000, &["-p", "2"]).output().unwrap()).ok();
    let mut seen = numbers(&(stopped.out + "\n"));
    seen.extend(numbers(&ended.out));
    assert!(seen.len() == ROWS as usize, "{} rows", seen.len());
    seen.sort_unstable();
    assert_eq!(seen, (1..=ROWS).collect::<Vec<i64>>());
}
