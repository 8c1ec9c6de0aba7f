//! A job that is stopped, and one that has nothing to do.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test fails by panicking")]

mod support;

use riverrun_core::Result;
use riverrun_runtime::{
    Build, Job, JobConfig, Operator, Output, Route, SourceOutput, SourceReader, SourceState, WatermarkRuns,
};
use riverrun_state::tier::{GroupRange, TicketSender, TierFiles, TierTicket};
use riverrun_state::{OperatorSnapshot, RestoredState};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
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

/// One row, and then the end, unless it is to wait.
struct Single(bool, Arc<AtomicBool>);

impl SourceReader<Events> for Single {
    fn poll(&mut self, out: &mut SourceOutput<Events>) -> Result<SourceState> {
        if self.1.load(Ordering::SeqCst) {
            return Ok(SourceState::Idle(None));
        }
        if !std::mem::replace(&mut self.0, true) {
            out.emit("only".into(), vec![(1, 1, 1)]);
        }
        Ok(SourceState::Finished)
    }

    fn snapshot(&mut self) -> Result<OperatorSnapshot> {
        Ok(OperatorSnapshot {
            union: if self.0 { vec![Vec::new()] } else { Vec::new() },
            ..OperatorSnapshot::default()
        })
    }

    fn restore(&mut self, state: RestoredState) -> Result<()> {
        self.0 = !state.union.is_empty();
        Ok(())
    }
}

/// Says at the end of its input that it has ended.
struct SaysEnd;

impl Operator<Events> for SaysEnd {
    fn on_batch(&mut self, _: usize, _: Events, _: &WatermarkRuns, _: &mut Output<Events>) -> Result<()> {
        Ok(())
    }

    fn on_end(&mut self, out: &mut Output<Events>) -> Result<()> {
        out.emit(vec![(0, 0, 0)]);
        Ok(())
    }

    fn snapshot(&mut self) -> Result<OperatorSnapshot> {
        Ok(OperatorSnapshot::default())
    }

    fn restore(&mut self, _: RestoredState) -> Result<()> {
        Ok(())
    }
}

#[test]
fn the_end_of_input_stays_told_when_a_finished_job_is_started_and_stopped() {
    let (collected, waits) = (Collected::default(), Arc::new(AtomicBool::new(false)));
    let job: Build<Events> = {
        let (collected, waits) = (collected.clone(), waits.clone());
        Arc::new(move |flow| {
            let waits = waits.clone();
            let rows = flow.source("rows", "rows", |_| Ok(Box::new(Single(false, waits)) as Box<_>), None)?.rows;
            let end = flow.operator("end", "end", vec![(rows, by_key())], |_| Ok(Box::new(SaysEnd)))?;
            collect(flow, (end, Route::Local), &collected)
        })
    };
    let mut snapshot = None;
    for wait in [false, true, false] {
        waits.store(wait, Ordering::SeqCst);
        let restore = snapshot.take();
        let running = Job::start(JobConfig { restore, ..JobConfig::new("test") }, job.clone()).unwrap();
        if wait {
            running.stop();
        }
        finish(&running).unwrap();
        snapshot = running.snapshots().pop_last().map(|(_, snapshot)| snapshot);
        assert_eq!(collected.all(), [(0, 0, 0)], "the operator has told its end once");
    }
}

/// Has written what a barrier has frozen only when it is told to.
struct Slow(Option<TicketSender>, Arc<AtomicBool>);

impl Operator<Events> for Slow {
    fn on_batch(&mut self, _: usize, _: Events, _: &WatermarkRuns, _: &mut Output<Events>) -> Result<()> {
        Ok(())
    }

    fn snapshot(&mut self) -> Result<OperatorSnapshot> {
        let (sender, ticket) = TierTicket::new();
        self.0 = Some(sender);
        Ok(OperatorSnapshot::of_tier(ticket))
    }

    fn write_behind(&mut self) -> Result<bool> {
        if !self.1.load(Ordering::SeqCst) {
            return Ok(true);
        }
        if let Some(sender) = self.0.take() {
            let groups = GroupRange { first: 0, end: 1 };
            sender.keep(Ok(Arc::new(TierFiles { groups, origin: 0, files: Vec::new(), scratch: None })));
        }
        Ok(false)
    }

    fn restore(&mut self, _: RestoredState) -> Result<()> {
        Ok(())
    }
}

#[test]
fn what_a_snapshot_still_waits_for_is_written_when_the_job_is_cancelled() {
    let (collected, told) = (Collected::default(), Arc::new(AtomicBool::new(false)));
    let job: Build<Events> = {
        let (collected, told) = (collected, told.clone());
        Arc::new(move |flow| {
            let (waits, told) = (Arc::new(AtomicBool::new(true)), told.clone());
            let rows = flow.source("rows", "rows", |_| Ok(Box::new(Single(false, waits)) as Box<_>), None)?.rows;
            let slow = flow.operator("slow", "slow", vec![(rows, by_key())], |_| Ok(Box::new(Slow(None, told))))?;
            collect(flow, (slow, Route::Local), &collected)
        })
    };
    let running = Job::start(JobConfig::new("test"), job).unwrap();
    let epoch = running.trigger_epoch().unwrap();
    let snapshot = running.wait_epoch(epoch, PATIENCE).unwrap();
    running.cancel();
    std::thread::sleep(std::time::Duration::from_millis(50));
    told.store(true, Ordering::SeqCst);
    finish(&running).unwrap();
    assert!(snapshot.operators["slow"][0].state.tiers[""].wait().is_ok());
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
