//! Jobs of several processes over TCP.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test fails by panicking")]

mod support;

use riverrun_core::{Error, Millis, Result};
use riverrun_runtime::{
    Alignment, Batch, Build, Flow, Job, JobConfig, JobHandle, JobOptions, ProcessLayout, Route, Snapshot,
    SourceContext, SourceOutput, SourceReader, SourceState, StreamId, WatermarkStrategy,
};
use riverrun_state::{OperatorSnapshot, RestoredState};
use std::net::TcpListener;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;
use support::*;

/// The settings of all processes of a job; they find each other at a port that the system chose.
fn configs(processes: usize, parallelism: usize, restore: Option<Arc<Snapshot>>) -> Vec<JobConfig> {
    let listener = Arc::new(TcpListener::bind("127.0.0.1:0").unwrap());
    let address = listener.local_addr().unwrap().to_string();
    (0..processes)
        .map(|index| JobConfig {
            processes: Some(ProcessLayout {
                listener: (index == 0).then(|| listener.clone()),
                ..ProcessLayout::new(processes, index, address.clone())
            }),
            options: JobOptions { retained_snapshots: usize::MAX, ..JobOptions::default() },
            restore: restore.clone(),
            ..JobConfig::new("test").parallelism(parallelism)
        })
        .collect()
}

/// Starts all processes of a job within this one; only what they share by TCP is shared.
fn start_all<B: Batch>(configs: Vec<JobConfig>, build: &Build<B>) -> Vec<JobHandle> {
    let threads: Vec<_> = configs
        .into_iter()
        .map(|config| {
            let build = build.clone();
            std::thread::spawn(move || Job::start(config, build).unwrap())
        })
        .collect();
    threads.into_iter().map(|thread| thread.join().unwrap()).collect()
}

fn finish_all(jobs: &[JobHandle]) -> Vec<Result<()>> {
    jobs.iter().map(finish).collect()
}

#[test]
fn several_processes_give_what_one_gives() {
    let lists = ordered_lists(4, 300);
    let expected = Collected::default();
    finish(&start(1, window_job(&lists, None, &expected))).unwrap();
    for (processes, parallelism) in [(2, 2), (2, 4), (3, 3)] {
        let collected = Collected::default();
        let jobs = start_all(configs(processes, parallelism, None), &window_job(&lists, None, &collected));
        for result in finish_all(&jobs) {
            result.unwrap();
        }
        assert_eq!(collected.all(), expected.all(), "{processes} processes, {parallelism} workers");
        let totals = jobs[0].totals();
        assert_eq!(totals[0].rows_out, 1200, "process 0 knows the totals of all");
        assert_eq!(totals[2].rows_in, expected.all().len() as u64);
    }
}

#[test]
fn a_snapshot_of_several_processes_is_gone_on_from_by_one() {
    let lists = ordered_lists(4, 200);
    let expected = Collected::default();
    finish(&start(1, window_job(&lists, None, &expected))).unwrap();
    let (first, second, third) = <(Collected, Collected, Collected)>::default();
    let gate = Arc::new(Gate::default());
    let jobs = start_all(configs(2, 4, None), &window_job(&lists, Some(&gate), &first));
    gate.open(20);
    let epoch = jobs[0].trigger_epoch().unwrap();
    let snapshot = jobs[0].wait_epoch(epoch, PATIENCE).unwrap();
    jobs[0].cancel();
    for result in finish_all(&jobs) {
        result.unwrap();
    }
    assert!(snapshot.operators.values().all(|parts| parts.len() == 4));
    let restored = JobConfig { restore: Some(snapshot.clone()), ..JobConfig::new("test") };
    finish(&Job::start(restored, window_job(&lists, None, &second)).unwrap()).unwrap();
    for result in finish_all(&start_all(configs(2, 2, Some(snapshot)), &window_job(&lists, None, &third))) {
        result.unwrap();
    }
    for rest in [second, third] {
        let mut events = first.until(epoch.0);
        events.extend(rest.all());
        events.sort_unstable();
        assert_eq!(events, expected.all());
    }
}

#[test]
fn an_error_in_one_process_is_the_error_of_all() {
    let gate = Arc::new(Gate::default());
    gate.open(usize::MAX);
    let lists = lists(4, 5000);
    let build: Build<Events> = Arc::new(move |flow| {
        let rows = list_source(flow, "events", &lists, 16, None)?;
        let last = flow.worker() + 1 == flow.parallelism();
        let broken = move |batch: Events, out: &mut riverrun_runtime::Output<Events>| {
            if last {
                Err(Error::failure("row 7 of the table is broken").hint("Mend it."))
            } else {
                forward(batch, out)
            }
        };
        let mapped = flow.operator("map", "map", vec![(rows, by_key())], |_| Ok(map(broken)))?;
        collect(flow, (mapped, by_key()), &Collected::default())
    });
    for result in finish_all(&start_all(configs(2, 4, None), &build)) {
        let error = result.unwrap_err();
        assert_eq!((error.message(), error.hint_text()), ("row 7 of the table is broken", Some("Mend it.")));
    }
}

#[test]
fn stopping_one_process_stops_all() {
    let lists = ordered_lists(4, 200);
    let gate = Arc::new(Gate::default());
    let jobs = start_all(configs(2, 2, None), &window_job(&lists, Some(&gate), &Collected::default()));
    gate.open(3);
    jobs[1].stop();
    for result in finish_all(&jobs) {
        result.unwrap();
    }
}

#[test]
fn a_parallelism_that_the_processes_cannot_share_is_refused() {
    let error = Job::start::<Events>(configs(2, 3, None).remove(0), Arc::new(|_| Ok(()))).unwrap_err();
    assert_eq!(error.message(), "a parallelism of 3 can't be shared evenly by 2 processes");
}

/// How far two sources are whose watermarks are aligned.
#[derive(Default)]
struct Pair {
    polls_of_first: AtomicUsize,
    last_has_ended: AtomicBool,
}

/// Reads on for as long as the last does.
struct First(Arc<Pair>, i64);

/// Reads on only when the first has stopped.
struct Last {
    pair: Arc<Pair>,
    time: i64,
    seen: usize,
    unchanged: usize,
}

const STEPS: i64 = 5;

impl SourceReader<Events> for First {
    fn poll(&mut self, out: &mut SourceOutput<Events>) -> Result<SourceState> {
        self.0.polls_of_first.fetch_add(1, Ordering::SeqCst);
        if self.0.last_has_ended.load(Ordering::SeqCst) {
            return Ok(SourceState::Finished);
        }
        self.1 += 100;
        out.emit("split".into(), vec![(0, self.1, 0)]);
        Ok(SourceState::Ready)
    }

    fn snapshot(&mut self) -> Result<OperatorSnapshot> {
        Ok(OperatorSnapshot::default())
    }

    fn restore(&mut self, _: RestoredState) -> Result<()> {
        Ok(())
    }
}

impl SourceReader<Events> for Last {
    fn poll(&mut self, out: &mut SourceOutput<Events>) -> Result<SourceState> {
        let polls = self.pair.polls_of_first.load(Ordering::SeqCst);
        self.unchanged = if self.seen == polls { self.unchanged + 1 } else { 0 };
        self.seen = polls;
        if self.time > 0 && self.unchanged < 20 {
            return Ok(SourceState::Idle(Some(Duration::from_millis(1))));
        }
        if self.time == STEPS * 1000 {
            self.pair.last_has_ended.store(true, Ordering::SeqCst);
            return Ok(SourceState::Finished);
        }
        self.unchanged = 0;
        self.time += 1000;
        out.emit("split".into(), vec![(1, self.time, 0)]);
        Ok(SourceState::Ready)
    }

    fn snapshot(&mut self) -> Result<OperatorSnapshot> {
        Ok(OperatorSnapshot::default())
    }

    fn restore(&mut self, _: RestoredState) -> Result<()> {
        Ok(())
    }
}

/// A source of a group that is read by one worker; the others have no rows of it.
fn aligned(
    flow: &mut Flow<'_, Events>,
    id: &str,
    worker: usize,
    reader: impl FnOnce() -> Box<dyn SourceReader<Events>>,
) -> Result<StreamId> {
    let alignment = Some(Alignment { group: "pair".to_owned(), max_drift: Millis(2500) });
    let make = |context: SourceContext| {
        if context.worker == worker { Ok(reader()) } else { Ok(Box::new(ListSource::new(&context, &[], 1)) as Box<_>) }
    };
    Ok(flow.source(id, id, make, Some(WatermarkStrategy { alignment, ..by_time(10) }))?.rows)
}

#[test]
fn a_source_waits_for_the_last_of_its_group_wherever_that_is_read() {
    for (processes, parallelism, first, last) in [(1, 1, 0, 0), (1, 2, 0, 1), (2, 2, 0, 1), (2, 2, 1, 0), (3, 3, 1, 2)]
    {
        let pair = Arc::new(Pair::default());
        let build: Build<Events> = Arc::new(move |flow| {
            let (one, other) = (pair.clone(), pair.clone());
            let ahead = aligned(flow, "ahead", first, || Box::new(First(one, 0)))?;
            let behind =
                aligned(flow, "behind", last, || Box::new(Last { pair: other, time: 0, seen: 0, unchanged: 0 }))?;
            let inputs = vec![(ahead, Route::Local), (behind, Route::Local)];
            let both = flow.operator("both", "both", inputs, |_| Ok(map(forward)))?;
            collect(flow, (both, Route::Local), &Collected::default())
        });
        let jobs = match processes {
            1 => vec![start(parallelism, build)],
            _ => start_all(configs(processes, parallelism, None), &build),
        };
        for result in finish_all(&jobs) {
            result.unwrap();
        }
    }
}

/// Process 1 of the test below: kills itself when it has seen some rows.
fn run_child(coordinator: &str) {
    let config =
        JobConfig { processes: Some(ProcessLayout::new(2, 1, coordinator)), ..JobConfig::new("test").parallelism(2) };
    let build: Build<Events> = Arc::new(|flow| {
        let rows = list_source(flow, "events", &lists(2, 100_000), 16, None)?;
        let mapped = flow.operator("map", "map", vec![(rows, by_key())], |_| Ok(map(|_, _| std::process::abort())))?;
        collect(flow, (mapped, Route::Local), &Collected::default())
    });
    let _ = finish(&Job::start(config, build).unwrap());
}

#[test]
fn a_process_that_is_killed_ends_the_job_with_its_number() {
    if let Ok(coordinator) = std::env::var("RIVERRUN_TEST_COORDINATOR") {
        return run_child(&coordinator);
    }
    let config = configs(2, 2, None).remove(0);
    let coordinator = config.processes.as_ref().unwrap().coordinator.clone();
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "a_process_that_is_killed_ends_the_job_with_its_number"])
        .env("RIVERRUN_TEST_COORDINATOR", coordinator)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let build: Build<Events> = Arc::new(|flow| {
        let rows = list_source(flow, "events", &lists(2, 100_000), 16, None)?;
        let mapped = flow.operator("map", "map", vec![(rows, by_key())], |_| Ok(map(forward)))?;
        collect(flow, (mapped, Route::Local), &Collected::default())
    });
    let error = finish(&Job::start(config, build).unwrap()).unwrap_err();
    assert_eq!(error.message(), "process 1 has ended before the job");
    child.wait().unwrap();
}
