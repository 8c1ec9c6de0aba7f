//! What `-v` and `RUST_LOG` make the binary say on standard error.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test fails by panicking")]

mod common;

use common::{Case, Ended};

const COPY: &str = "
SET 'table.local-time-zone' = 'UTC';
CREATE TABLE t (n INT) WITH ('connector' = 'filesystem', 'path' = 'in', 'format' = 'json');
CREATE TABLE copy (n INT) WITH ('connector' = 'filesystem', 'path' = 'out', 'format' = 'json');
INSERT INTO copy SELECT n + 1 FROM t;";

fn case() -> Case {
    let case = Case::new();
    case.file("in/1.json", "{\"n\":1}\n");
    case.file("in/2.json", "{\"n\":2}\n");
    case.file("copy.sql", COPY);
    case
}

/// Lines of a log that are of none of our crates.
fn foreign(ended: &Ended) -> Vec<&str> {
    let levels = [" ERROR ", " WARN ", " INFO ", " DEBUG ", " TRACE "];
    let logged = ended.err.lines().filter(|line| levels.iter().any(|level| line.contains(level)));
    logged.filter(|line| !line.split_whitespace().any(|word| word.starts_with("riverrun"))).collect()
}

#[test]
fn without_it_nothing_is_said_of_a_run_that_goes_well() {
    let ended = case().riverrun(&["run", "copy.sql", "--state-dir", "state"]).ok();
    assert_eq!(ended.err, "");
}

#[test]
fn once_it_tells_what_happens() {
    let ended = case().riverrun(&["run", "copy.sql", "-v", "-p", "2", "--state-dir", "state"]).ok();
    ended.says(&[
        // The statements as they run.
        "line 2: SET 'table.local-time-zone' = 'UTC'",
        "line 3: CREATE TABLE t (n INT) WITH (…",
        "line 5: INSERT INTO copy SELECT n + 1 FROM t",
        // The plan, with the job's workers.
        "job 0 'riverrun' starts with 2 workers",
        "Source(table=[t]",
        "Sink(table=[copy])",
        // What a source has found.
        "table t: files found: 2, bytes: 16",
        // Checkpoints, and what sinks have made known.
        "checkpoint 1 of epoch ",
        "table copy: epoch 0 is committed, new files: 1",
        "job 0 has ended: 2 rows in, 2 out",
    ]);
    assert_eq!(foreign(&ended), [""; 0], "{}", ended.err);
    assert!(!ended.err.contains("DEBUG"), "{}", ended.err);
}

#[test]
fn of_a_job_that_goes_on_it_tells_from_what() {
    let case = case();
    let generated = |pace: &str| {
        format!(
            "CREATE TABLE g (n INT) WITH ('connector' = 'datagen', 'rows-per-second' = '{pace}', 'number-of-rows' = '500');
             CREATE TABLE copy (n INT) WITH ('connector' = 'filesystem', 'path' = 'out', 'format' = 'json');
             INSERT INTO copy SELECT n FROM g;"
        )
    };
    case.file("slow.sql", &generated("10"));
    let args =
        ["run", "slow.sql", "-p", "1", "-v", "--state-dir", "state", "-D", "execution.checkpointing.interval=50ms"];
    let mut command = case.command();
    let mut running = common::Running::start(command.args(args));
    running.wait_for_error("checkpoint 2 of epoch");
    running.interrupt().ok();
    case.file("slow.sql", &generated("1000"));
    let ended = case.riverrun(&args).ok();
    ended.says(&["goes on from checkpoint "]);
}

#[test]
fn a_restart_is_told_with_its_cause() {
    let case = case();
    case.file("in/2.json", "broken\n");
    let mut args = vec!["run", "copy.sql", "-v", "-p", "1", "--state-dir", "state"];
    args.extend(["-D", "restart-strategy.type=fixed-delay", "-D", "restart-strategy.fixed-delay.attempts=1"]);
    args.extend(["-D", "restart-strategy.fixed-delay.delay=10ms"]);
    let ended = case.riverrun(&args).failed(1, &["the job has failed and is started again in 10 ms"]);
    assert_eq!(ended.err.matches("job 0 'riverrun' starts with 1 worker").count(), 2, "{}", ended.err);
}

#[test]
fn twice_it_tells_details_of_ours_alone() {
    let ended = case().riverrun(&["run", "copy.sql", "-vv", "-p", "1", "--state-dir", "state"]).ok();
    ended.says(&["DEBUG", "table t: worker 0 reads ", "in/1.json", "checkpoint 1 of epoch "]);
    assert_eq!(foreign(&ended), [""; 0], "{}", ended.err);
}

#[test]
fn three_times_it_tells_what_the_libraries_say() {
    let ended = case().riverrun(&["run", "copy.sql", "-vvv", "-p", "1"]).ok();
    assert!(!foreign(&ended).is_empty(), "{}", ended.err);
}

#[test]
fn the_processes_of_a_job_tell_too() {
    let ended = case().riverrun(&["run", "copy.sql", "-v", "-p", "2", "--processes", "2"]).ok();
    ended.says(&["process 1 of 2 has joined job 0"]);
    assert_eq!(ended.err.matches("line 3: CREATE TABLE t").count(), 1, "{}", ended.err);
}

#[test]
fn the_environment_goes_before_it() {
    let case = case();
    let with = |value: &str, args: &[&str]| {
        let mut command = case.command();
        command.args(args).env("RUST_LOG", value);
        Ended::from(command.output().unwrap()).ok()
    };
    let ended = with("sqlparser=debug", &["run", "copy.sql", "-v"]);
    assert!(!foreign(&ended).is_empty() && !ended.err.contains("line 2: SET"), "{}", ended.err);
    // What can't be read is told, and is no reason to end.
    let ended = with("riverrun=loud", &["check", "copy.sql"]);
    assert!(
        ended.err.starts_with("warning: RUST_LOG is not understood and has no effect: 'riverrun=loud'"),
        "{}",
        ended.err
    );
    assert_eq!(with("", &["check", "copy.sql"]).err, "");
}
