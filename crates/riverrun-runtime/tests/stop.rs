//! A job that is stopped, and one that has nothing to do.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test fails by panicking")]

mod support;

use riverrun_runtime::{Job, JobConfig};
use std::sync::Arc;
use support::*;

#[test]
fn stopping_writes_what_was_read_and_fires_nothing_before_its_time() {
    let lists = ordered_lists(1, 200);
    for parallelism in [1, 2, 4] {
        let collected = Collected::default();
        let gate = Arc::new(Gate::default());
        let job = start(parallelism, window_job(&lists, Some(&gate), &collected));
        gate.open(5);
        // The barrier makes sure that the five batches have been read.
        while job.totals().first().is_none_or(|source| source.rows_out < 80) {
            let epoch = job.trigger_epoch().unwrap();
            assert!(job.wait_epoch(epoch, PATIENCE).is_some());
        }
        job.stop();
        finish(&job).unwrap();
        let windows = collected.all();
        let last = lists[0][79].1;
        assert!(!windows.is_empty() && windows.iter().all(|window| window.1 <= last), "none fires before {last}");

        // What was not fired is in the last snapshot, and fires when the job goes on.
        let snapshot = job.snapshots().pop_last().unwrap().1;
        let second = Collected::default();
        let config = JobConfig { restore: Some(snapshot), ..JobConfig::new("test").parallelism(2) };
        finish(&Job::start(config, window_job(&lists, None, &second)).unwrap()).unwrap();
        let counted: i64 = windows.iter().chain(&second.all()).map(|window| window.2).sum();
        assert_eq!(counted, 200);
    }
}

/// Time that this process has spent on a processor, in nanoseconds.
fn processor_time() -> Option<u64> {
    let tasks = std::fs::read_dir("/proc/self/task").ok()?;
    let times = tasks.flatten().filter_map(|task| {
        let text = std::fs::read_to_string(task.path().join("schedstat")).ok()?;
        text.split_whitespace().next()?.parse::<u64>().ok()
    });
    Some(times.sum())
}

#[test]
fn an_idle_job_uses_no_processor() {
    if processor_time().is_none() {
        println!("skipped: this system has no /proc/self/task/*/schedstat");
        return;
    }
    // Alone in a process of its own, so that no other test is measured.
    if std::env::var_os("RIVERRUN_TEST_IDLE").is_none() {
        let status = std::process::Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "an_idle_job_uses_no_processor", "--quiet"])
            .env("RIVERRUN_TEST_IDLE", "1")
            .stdout(std::process::Stdio::null())
            .status();
        assert!(status.unwrap().success());
        return;
    }
    let gate = Arc::new(Gate::default());
    let job = start(4, window_job(&lists(4, 200), Some(&gate), &Collected::default()));
    gate.open(8);
    let epoch = job.trigger_epoch().unwrap();
    assert!(job.wait_epoch(epoch, PATIENCE).is_some());
    let before = processor_time().unwrap();
    let span = std::time::Duration::from_millis(800);
    assert!(job.wait_timeout(span).is_none());
    let used = processor_time().unwrap() - before;
    assert!(used < span.as_nanos() as u64 / 50, "{used} ns of {span:?}");
    job.stop();
    finish(&job).unwrap();
}
