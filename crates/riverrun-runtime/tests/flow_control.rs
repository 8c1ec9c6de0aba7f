//! What is in flight stays bounded: with a sink that stalls, and with an operator that multiplies rows.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test fails by panicking")]

mod support;

use riverrun_core::{Epoch, Result};
use riverrun_runtime::{Job, JobConfig, JobOptions, Operator, Output, Route, Sink, SinkState, WatermarkRuns};
use riverrun_state::{OperatorSnapshot, RestoredState};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;
use support::*;

/// Takes nothing until the number of rows on their way no longer grows.
struct Stalling {
    emitted: Arc<AtomicUsize>,
    seen: usize,
    unchanged: usize,
    taken: Arc<AtomicUsize>,
}

const UNCHANGED: usize = 20;

impl Sink<Events> for Stalling {
    fn ready(&mut self) -> bool {
        self.unchanged >= UNCHANGED
    }

    fn write(&mut self, batch: Events) -> Result<()> {
        self.taken.fetch_add(batch.len(), Ordering::SeqCst);
        Ok(())
    }

    fn poll(&mut self) -> Result<SinkState> {
        if self.unchanged >= UNCHANGED {
            return Ok(SinkState::Done);
        }
        let emitted = self.emitted.load(Ordering::SeqCst);
        self.unchanged = if emitted == self.seen && emitted > 0 { self.unchanged + 1 } else { 0 };
        self.seen = emitted;
        Ok(SinkState::Pending(Some(Duration::from_millis(1))))
    }

    fn snapshot(&mut self, _: Epoch) -> Result<OperatorSnapshot> {
        Ok(OperatorSnapshot::default())
    }

    fn finish(&mut self) -> Result<()> {
        Ok(())
    }

    fn restore(&mut self, _: RestoredState) -> Result<()> {
        Ok(())
    }
}

/// Makes of each row `factor` batches of ten rows, as many at a time as there is room for.
struct Multiply {
    factor: usize,
    pending: Vec<Events>,
    row: usize,
    copy: usize,
    emitted: Arc<AtomicUsize>,
    most: Arc<AtomicUsize>,
}

impl Operator<Events> for Multiply {
    fn on_batch(&mut self, _: usize, batch: Events, _: &WatermarkRuns, out: &mut Output<Events>) -> Result<()> {
        assert!(!self.has_more(), "nothing may come between");
        self.pending.push(batch);
        self.resume(out)
    }

    fn has_more(&self) -> bool {
        !self.pending.is_empty()
    }

    fn resume(&mut self, out: &mut Output<Events>) -> Result<()> {
        let mut batches = 0;
        while let Some(batch) = self.pending.last()
            && out.has_room()
        {
            out.emit(vec![batch[self.row]; 10]);
            batches += 1;
            self.copy += 1;
            if self.copy == self.factor {
                (self.copy, self.row) = (0, self.row + 1);
            }
            if self.row == batch.len() {
                self.row = 0;
                self.pending.pop();
            }
        }
        self.emitted.fetch_add(batches * 10, Ordering::SeqCst);
        self.most.fetch_max(batches, Ordering::SeqCst);
        Ok(())
    }

    fn snapshot(&mut self) -> Result<OperatorSnapshot> {
        assert!(!self.has_more(), "a barrier waits for what belongs before it");
        Ok(OperatorSnapshot::default())
    }

    fn restore(&mut self, _: RestoredState) -> Result<()> {
        Ok(())
    }
}

/// Bytes of one event.
const EVENT: usize = std::mem::size_of::<Event>();

#[test]
fn a_stalled_sink_stops_the_sources_within_the_budget_and_nothing_is_lost() {
    const ROWS: usize = 20_000;
    for parallelism in [1, 2, 4] {
        let (emitted, taken) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
        let lists = lists(parallelism, ROWS);
        let (count, sum) = (emitted.clone(), taken.clone());
        let limit = 2000 * EVENT;
        let options = JobOptions { bytes_in_flight: limit, ticks_in_flight: 1000, ..JobOptions::default() };
        let job = Job::start(
            JobConfig { options, ..JobConfig::new("test").parallelism(parallelism) },
            Arc::new(move |flow| {
                let rows = list_source(flow, "events", &lists, 100, None)?;
                let counter = count.clone();
                let counted = flow.operator("count", "count", vec![(rows, by_key())], move |_| {
                    Ok(map(move |batch, out| {
                        counter.fetch_add(batch.len(), Ordering::SeqCst);
                        forward(batch, out)
                    }))
                })?;
                flow.sink("sink", "sink", (counted, Route::Local), |_| {
                    let (emitted, taken) = (count.clone(), sum.clone());
                    Ok(Box::new(Stalling { emitted, seen: 0, unchanged: 0, taken }))
                })
            }),
        )
        .unwrap();
        finish(&job).unwrap();
        assert_eq!(taken.load(Ordering::SeqCst), parallelism * ROWS);
        // Each worker may have one turn of four batches under way when the limit is reached.
        let most = limit + parallelism * 4 * 100 * EVENT * 2;
        let (left, peak) = job.bytes_in_flight();
        assert!(peak <= most, "{peak} of {most} bytes at {parallelism} workers");
        assert_eq!(left, 0);
    }
}

#[test]
fn the_ticks_in_flight_alone_stop_the_sources_too() {
    let (emitted, taken) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
    let (lists, count, sum) = (lists(1, 20_000), emitted.clone(), taken.clone());
    let options = JobOptions { ticks_in_flight: 3, ..JobOptions::default() };
    let job = Job::start(
        JobConfig { options, ..JobConfig::new("test") },
        Arc::new(move |flow| {
            let rows = list_source(flow, "events", &lists, 100, None)?;
            flow.sink("sink", "sink", (rows, Route::Local), |_| {
                count.store(1, Ordering::SeqCst);
                Ok(Box::new(Stalling { emitted: count.clone(), seen: 0, unchanged: 0, taken: sum.clone() }))
            })
        }),
    )
    .unwrap();
    finish(&job).unwrap();
    assert_eq!(taken.load(Ordering::SeqCst), 20_000);
    assert!(job.bytes_in_flight().1 <= 3 * 4 * 100 * EVENT, "{:?}", job.bytes_in_flight());
}

#[test]
fn an_operator_that_multiplies_rows_yields_and_memory_stays_flat() {
    const FACTOR: usize = 500;
    for parallelism in [1, 2] {
        let (emitted, taken, most) = <(Arc<AtomicUsize>, Arc<AtomicUsize>, Arc<AtomicUsize>)>::default();
        let lists = lists(parallelism, 64);
        let (count, sum, largest) = (emitted.clone(), taken.clone(), most.clone());
        let options = JobOptions { bytes_in_flight: 1000 * EVENT, batches_per_turn: 7, ..JobOptions::default() };
        let job = Job::start(
            JobConfig { options, ..JobConfig::new("test").parallelism(parallelism) },
            Arc::new(move |flow| {
                let rows = list_source(flow, "events", &lists, 8, None)?;
                let many = flow.operator("many", "many", vec![(rows, Route::Local)], |_| {
                    Ok(Box::new(Multiply {
                        factor: FACTOR,
                        pending: Vec::new(),
                        row: 0,
                        copy: 0,
                        emitted: count.clone(),
                        most: largest.clone(),
                    }))
                })?;
                flow.sink("sink", "sink", (many, by_key()), |_| {
                    let (emitted, taken) = (count.clone(), sum.clone());
                    Ok(Box::new(Stalling { emitted, seen: 0, unchanged: 0, taken }))
                })
            }),
        )
        .unwrap();
        finish(&job).unwrap();
        assert_eq!(taken.load(Ordering::SeqCst), parallelism * 64 * FACTOR * 10);
        assert_eq!(most.load(Ordering::SeqCst), 7);
        // Beyond the limit each worker may have one turn under way, and the rows that wait to be multiplied.
        let limit = 1000 * EVENT + parallelism * (7 * 10 + 64) * EVENT;
        assert!(job.bytes_in_flight().1 <= limit, "{:?} of {limit}", job.bytes_in_flight());
    }
}
