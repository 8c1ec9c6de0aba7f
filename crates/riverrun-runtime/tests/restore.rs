//! A snapshot of every epoch of a run, each gone on from at other parallelisms.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test fails by panicking")]

mod support;

use riverrun_core::Epoch;
use riverrun_runtime::{Job, JobConfig, JobOptions, Snapshot};
use std::sync::Arc;
use support::*;

fn config(parallelism: usize, restore: Option<Arc<Snapshot>>) -> JobConfig {
    let options = JobOptions { retained_snapshots: usize::MAX, ..JobOptions::default() };
    JobConfig { options, restore, ..JobConfig::new("test").parallelism(parallelism) }
}

#[test]
fn a_job_restored_from_any_epoch_at_any_parallelism_gives_what_the_undisturbed_one_gives() {
    let lists = ordered_lists(4, 200);
    let undisturbed = Collected::default();
    finish(&start(1, window_job(&lists, None, &undisturbed))).unwrap();

    for before in [1, 2, 4] {
        let first = Collected::default();
        let gate = Arc::new(Gate::default());
        let job = Job::start(config(before, None), window_job(&lists, Some(&gate), &first)).unwrap();
        for batches in [1, 3, 8, 5, 11, 2] {
            gate.open(batches);
            let epoch = job.trigger_epoch().unwrap();
            assert!(job.wait_epoch(epoch, PATIENCE).is_some());
        }
        gate.open(usize::MAX);
        finish(&job).unwrap();
        assert_eq!(first.all(), undisturbed.all(), "{before} workers, with barriers");

        let snapshots = job.snapshots();
        assert_eq!(snapshots.keys().copied().collect::<Vec<_>>(), (0..7).map(Epoch).collect::<Vec<_>>());
        for (epoch, snapshot) in snapshots {
            for after in [1, 2, 4] {
                let second = Collected::default();
                let job = Job::start(config(after, Some(snapshot.clone())), window_job(&lists, None, &second)).unwrap();
                finish(&job).unwrap();
                let mut events = first.until(epoch.0);
                events.extend(second.all());
                events.sort_unstable();
                assert_eq!(events, undisturbed.all(), "epoch {} of {before} workers on {after}", epoch.0);
                // The numbers go on, so that what was committed under one is never confused with another.
                assert!(second.0.lock().unwrap().keys().all(|number| *number > epoch.0));
            }
        }
    }
}

#[test]
fn the_restored_watermark_makes_late_what_was_late_before() {
    let events: Events = (0..50).map(|n| (1, 1000 + n * 20, 0)).chain([(1, 1001, 0), (1, 5000, 0)]).collect();
    let lists = vec![Arc::new(events)];
    let first = Collected::default();
    let gate = Arc::new(Gate::default());
    let job = Job::start(config(1, None), window_job(&lists, Some(&gate), &first)).unwrap();
    gate.open(3);
    let barrier = || {
        let epoch = job.trigger_epoch().unwrap();
        (epoch, job.wait_epoch(epoch, PATIENCE).unwrap())
    };
    while job.totals().first().is_none_or(|source| source.rows_out < 48) {
        barrier();
    }
    let (epoch, snapshot) = barrier();
    job.cancel();
    finish(&job).unwrap();
    for parallelism in [1, 2] {
        let second = Collected::default();
        let job = Job::start(config(parallelism, Some(snapshot.clone())), window_job(&lists, None, &second)).unwrap();
        finish(&job).unwrap();
        let counted: i64 = first.until(epoch.0).iter().chain(&second.all()).map(|event| event.2).sum();
        let late: u64 = job.totals().iter().map(|operator| operator.late).sum();
        assert_eq!(late, 1, "the row at 1001, whose window fired before the snapshot");
        assert_eq!(counted, 51);
        let mut windows: Vec<_> = first.until(epoch.0).iter().chain(&second.all()).map(|event| event.1).collect();
        windows.sort_unstable();
        windows.dedup();
        assert_eq!(windows.len(), first.until(epoch.0).len() + second.all().len(), "no window fires twice");
    }
}
