//! What the driver tells an operator, and when.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test fails by panicking")]

mod support;

use riverrun_core::clock::ManualClock;
use riverrun_core::{Millis, Result, Watermark};
use riverrun_runtime::{Build, Job, JobConfig, Operator, Output, Route, WatermarkRuns, WatermarkStrategy};
use riverrun_state::{OperatorSnapshot, RestoredState};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use support::*;

#[derive(Clone, Debug, PartialEq, Eq)]
enum Told {
    /// Values of rows, and the watermark before the first and the last.
    Rows(Vec<i64>, i64, i64),
    Watermark(i64),
    Tick,
    ProcessingTime(i64),
    End,
}
use Told::{End, ProcessingTime, Rows, Tick};

type Log = Arc<Mutex<Vec<Told>>>;

/// Writes down what it is told. Its timers stand at fixed watermarks.
#[derive(Default)]
struct Spy {
    log: Log,
    timers: Vec<i64>,
    told: i64,
    processing_timer: Option<i64>,
    whole_ticks: bool,
}

impl Operator<Events> for Spy {
    fn on_batch(&mut self, _: usize, batch: Events, runs: &WatermarkRuns, out: &mut Output<Events>) -> Result<()> {
        assert_eq!(out.watermark(), runs.before(0), "the watermark of the call is the one before the first row");
        let values = batch.iter().map(|event| event.2).collect();
        self.log.lock().unwrap().push(Rows(values, runs.before(0).0, runs.before(batch.len() - 1).0));
        Ok(())
    }

    fn on_watermark(&mut self, watermark: Watermark, _: &mut Output<Events>) -> Result<()> {
        self.told = watermark.0;
        self.log.lock().unwrap().push(Told::Watermark(watermark.0));
        Ok(())
    }

    fn next_timer(&self) -> Option<Watermark> {
        self.timers.iter().copied().filter(|timer| *timer > self.told).min().map(Watermark)
    }

    fn next_processing_timer(&self) -> Option<Millis> {
        self.processing_timer.map(Millis)
    }

    fn on_processing_time(&mut self, now: Millis, _: &mut Output<Events>) -> Result<()> {
        self.processing_timer = None;
        self.log.lock().unwrap().push(ProcessingTime(now.0));
        Ok(())
    }

    fn on_tick(&mut self, _: &mut Output<Events>) -> Result<()> {
        self.log.lock().unwrap().push(Tick);
        Ok(())
    }

    fn on_end(&mut self, _: &mut Output<Events>) -> Result<()> {
        self.log.lock().unwrap().push(End);
        Ok(())
    }

    fn needs_whole_ticks(&self) -> bool {
        self.whole_ticks
    }

    fn snapshot(&mut self) -> Result<OperatorSnapshot> {
        Ok(OperatorSnapshot::default())
    }

    fn restore(&mut self, _: RestoredState) -> Result<()> {
        Ok(())
    }
}

/// A list of (time, value), read in batches of `step`, → a spy.
fn spy_on(list: &[(i64, i64)], step: usize, spy: impl Fn() -> Spy + Send + Sync + 'static) -> Build<Events> {
    let list: Arc<Events> = Arc::new(list.iter().map(|(time, value)| (0, *time, *value)).collect());
    Arc::new(move |flow| {
        let rows = list_source(flow, "events", std::slice::from_ref(&list), step, None)?;
        let spied = flow.operator("spy", "spy", vec![(rows, Route::Local)], |_| Ok(Box::new(spy())))?;
        collect(flow, (spied, Route::Local), &Collected::default())
    })
}

const MIN: i64 = i64::MIN;
const MAX: i64 = i64::MAX;

#[test]
fn a_batch_is_cut_only_where_the_watermark_passes_a_timer() {
    let list = [(100, 1), (200, 2), (300, 3), (400, 4), (500, 5), (600, 6)];
    let log = Log::default();
    let output = log.clone();
    let make = move || Spy { log: output.clone(), timers: vec![250, 450], ..Spy::default() };
    finish(&start(1, spy_on(&list, 6, make))).unwrap();
    // Each row moves the watermark by 100: it is 300 before row 4, and 500 before row 6.
    let expected = [
        Rows(vec![1, 2, 3], MIN, 200),
        Told::Watermark(300),
        Rows(vec![4, 5], 300, 400),
        Told::Watermark(500),
        Rows(vec![6], 500, 500),
    ];
    let log = log.lock().unwrap();
    assert_eq!(log[..5], expected);
    assert_eq!(log[5..], [Told::Watermark(600), Told::Watermark(MAX), Tick, End, Tick]);
}

#[test]
fn without_timers_a_batch_comes_whole_and_the_watermark_after_it() {
    let log = Log::default();
    let output = log.clone();
    let make = move || Spy { log: output.clone(), ..Spy::default() };
    finish(&start(1, spy_on(&[(100, 1), (200, 2), (300, 3)], 3, make))).unwrap();
    let log: Vec<Told> = log.lock().unwrap().iter().filter(|told| **told != Tick).cloned().collect();
    let expected =
        [Rows(vec![1, 2, 3], MIN, 200), Told::Watermark(200), Told::Watermark(300), Told::Watermark(MAX), End];
    assert_eq!(log, expected);
}

#[test]
fn a_timer_at_every_watermark_gives_row_by_row_processing() {
    struct EveryWatermark(Spy);
    impl Operator<Events> for EveryWatermark {
        fn on_batch(
            &mut self,
            port: usize,
            batch: Events,
            runs: &WatermarkRuns,
            out: &mut Output<Events>,
        ) -> Result<()> {
            self.0.on_batch(port, batch, runs, out)
        }
        fn on_watermark(&mut self, watermark: Watermark, out: &mut Output<Events>) -> Result<()> {
            self.0.on_watermark(watermark, out)
        }
        fn next_timer(&self) -> Option<Watermark> {
            Some(Watermark(self.0.told.saturating_add(1)))
        }
        fn snapshot(&mut self) -> Result<OperatorSnapshot> {
            self.0.snapshot()
        }
        fn restore(&mut self, state: RestoredState) -> Result<()> {
            self.0.restore(state)
        }
    }
    let log = Log::default();
    let output = log.clone();
    let list: Arc<Events> = Arc::new(vec![(0, 100, 1), (0, 105, 2), (0, 300, 3), (0, 400, 4)]);
    let build: Build<Events> = Arc::new(move |flow| {
        let rows = list_source(flow, "events", std::slice::from_ref(&list), 4, None)?;
        let make = |_| Ok(Box::new(EveryWatermark(Spy { log: output.clone(), ..Spy::default() })) as _);
        let spied = flow.operator("spy", "spy", vec![(rows, Route::Local)], make)?;
        collect(flow, (spied, Route::Local), &Collected::default())
    });
    finish(&start(1, build)).unwrap();
    let expected = [
        Rows(vec![1], MIN, MIN),
        Told::Watermark(100),
        Rows(vec![2, 3], 100, 100),
        Told::Watermark(300),
        Rows(vec![4], 300, 300),
        Told::Watermark(400),
        Told::Watermark(MAX),
    ];
    assert_eq!(*log.lock().unwrap(), expected);
}

#[test]
fn whole_ticks_come_one_after_the_other() {
    let list: Vec<(i64, i64)> = (0..200).map(|n| (n, n)).collect();
    let log = Log::default();
    let output = log.clone();
    let make = move || Spy { log: output.clone(), whole_ticks: true, ..Spy::default() };
    finish(&start(1, spy_on(&list, 4, make))).unwrap();
    let mut between_ticks = 0;
    for told in log.lock().unwrap().iter() {
        match told {
            Rows(..) => between_ticks += 1,
            Tick => between_ticks = 0,
            _ => {}
        }
        // One turn of the source is four polls.
        assert!(between_ticks <= 4);
    }
}

#[test]
fn processing_time_timers_go_by_the_jobs_clock() {
    let clock = ManualClock::new(Millis(1000));
    let log = Log::default();
    let output = log.clone();
    let gate = Arc::new(Gate::default());
    let closed = gate.clone();
    let build: Build<Events> = Arc::new(move |flow| {
        let rows = list_source(flow, "events", &[Arc::new(vec![(0, 0, 0)])], 1, Some(&closed))?;
        let spy = || Spy { log: output.clone(), processing_timer: Some(1050), ..Spy::default() };
        let spied = flow.operator("spy", "spy", vec![(rows, Route::Local)], |_| Ok(Box::new(spy())))?;
        collect(flow, (spied, Route::Local), &Collected::default())
    });
    let config = JobConfig { clock: Arc::new(clock.clone()), ..JobConfig::new("test") };
    let job = Job::start(config, build).unwrap();
    let epoch = job.trigger_epoch().unwrap();
    assert!(job.wait_epoch(epoch, PATIENCE).is_some());
    assert_eq!(*log.lock().unwrap(), []);
    clock.set(Millis(1060));
    let fired = |log: &Log| log.lock().unwrap().contains(&ProcessingTime(1060));
    while !fired(&log) {
        assert!(job.wait_timeout(Duration::from_millis(5)).is_none());
    }
    gate.open(1);
    finish(&job).unwrap();
}

#[test]
fn a_split_without_rows_holds_windows_back_until_it_is_idle() {
    let clock = ManualClock::new(Millis(0));
    let collected = Collected::default();
    let (busy, quiet) = (Arc::new(Gate::default()), Arc::new(Gate::default()));
    busy.open(1);
    let (open, closed, output) = (busy.clone(), quiet.clone(), collected.clone());
    let build: Build<Events> = Arc::new(move |flow| {
        let mut sources = Vec::new();
        for (id, gate) in [("busy", &open), ("quiet", &closed)] {
            let list: Arc<Events> = Arc::new(vec![(1, 1000, 0), (1, 1500, 0), (1, 9000, 0)]);
            let make = |context| Ok(Box::new(ListSource::new(&context, &[list], 2).gated(gate, &context)) as _);
            let strategy = WatermarkStrategy { idle_timeout: Some(Duration::from_secs(5)), ..by_time(10) };
            sources.push((flow.source(id, id, make, Some(strategy))?.rows, by_key()));
        }
        let make = |context| Ok(Box::new(WindowCount::new(context)) as _);
        let counts = flow.operator("counts", "counts", sources, make)?;
        collect(flow, (counts, Route::Local), &output)
    });
    let config = JobConfig { clock: Arc::new(clock.clone()), ..JobConfig::new("test") };
    let job = Job::start(config, build).unwrap();
    let seen = || {
        let epoch = job.trigger_epoch().unwrap();
        assert!(job.wait_epoch(epoch, PATIENCE).is_some());
        collected.all().len()
    };
    while job.totals().first().is_none_or(|source| source.rows_out < 2) {
        seen();
    }
    assert_eq!(seen(), 0, "the quiet source holds the watermark back");
    clock.set(Millis(5000));
    while seen() == 0 {
        assert!(job.wait_timeout(Duration::from_millis(5)).is_none());
    }
    assert_eq!(collected.all(), [(1, 1100, 1)]);
    busy.open(9);
    quiet.open(9);
    finish(&job).unwrap();
}

#[test]
fn a_stream_may_go_to_several_consumers_and_twice_to_one() {
    for parallelism in [1, 2, 4] {
        let (all, twice) = (Collected::default(), Collected::default());
        let (first, second, lists) = (all.clone(), twice.clone(), lists(2, 100));
        let build: Build<Events> = Arc::new(move |flow| {
            let rows = list_source(flow, "events", &lists, 16, None)?;
            let inputs = vec![(rows, by_key()), (rows, Route::Broadcast)];
            let both = flow.operator("both", "both", inputs, |_| Ok(map(forward)))?;
            collect(flow, (rows, Route::Single), &first)?;
            flow.sink("twice", "twice", (both, Route::Local), |_| Ok(Box::new(CollectSink::new(&second))))
        });
        finish(&start(parallelism, build)).unwrap();
        assert_eq!(all.all().len(), 200);
        assert_eq!(twice.all().len(), 200 * (1 + parallelism));
    }
}
