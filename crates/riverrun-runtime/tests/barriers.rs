//! Barriers: epochs aligned over several inputs, and what a sink is told of them.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test fails by panicking")]

mod support;

use riverrun_core::{Epoch, Result};
use riverrun_runtime::{
    JobHandle, Operator, Output, Route, Sink, SinkState, SourceOutput, SourceReader, SourceState, WatermarkRuns,
};
use riverrun_state::{OperatorSnapshot, RestoredState};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, channel};
use std::sync::{Arc, Mutex};
use support::*;

/// Emits rows that carry the number of snapshots taken so far, until it is told to end.
struct Tagged {
    snapshots: i64,
    rows_per_poll: usize,
    end: Arc<AtomicBool>,
}

impl SourceReader<Events> for Tagged {
    fn poll(&mut self, out: &mut SourceOutput<Events>) -> Result<SourceState> {
        if self.end.load(Ordering::SeqCst) {
            return Ok(SourceState::Finished);
        }
        out.emit("only".into(), (0..self.rows_per_poll).map(|key| (key as u32, 0, self.snapshots)).collect());
        Ok(SourceState::Ready)
    }

    fn snapshot(&mut self) -> Result<OperatorSnapshot> {
        self.snapshots += 1;
        Ok(OperatorSnapshot::default())
    }

    fn restore(&mut self, _: RestoredState) -> Result<()> {
        Ok(())
    }
}

/// Checks that each row comes between the two snapshots that it belongs between.
struct Aligned {
    snapshots: i64,
    rows: Arc<AtomicUsize>,
}

impl Operator<Events> for Aligned {
    fn on_batch(&mut self, port: usize, batch: Events, _: &WatermarkRuns, out: &mut Output<Events>) -> Result<()> {
        for (_, _, tag) in &batch {
            assert_eq!(*tag, self.snapshots, "a row on port {port} has crossed a barrier");
        }
        self.rows.fetch_add(batch.len(), Ordering::SeqCst);
        out.emit(batch);
        Ok(())
    }

    fn snapshot(&mut self) -> Result<OperatorSnapshot> {
        self.snapshots += 1;
        Ok(OperatorSnapshot::default())
    }

    fn restore(&mut self, _: RestoredState) -> Result<()> {
        Ok(())
    }
}

#[test]
fn rows_of_a_later_epoch_wait_until_all_inputs_have_passed_the_earlier_one() {
    for parallelism in [1, 2, 4] {
        let (end, rows) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicUsize::new(0)));
        let (stop, count) = (end.clone(), rows.clone());
        let job = start(
            parallelism,
            Arc::new(move |flow| {
                let mut source = |id: &str, rows_per_poll| {
                    let end = stop.clone();
                    let source =
                        flow.source(id, id, |_| Ok(Box::new(Tagged { snapshots: 0, rows_per_poll, end })), None);
                    source.map(|streams| streams.rows)
                };
                let (slow, fast) = (source("slow", 1)?, source("fast", 100)?);
                let inputs = vec![(slow, by_key()), (fast, by_key())];
                let rows = count.clone();
                let both = flow.operator("both", "both", inputs, |_| Ok(Box::new(Aligned { snapshots: 0, rows })))?;
                let rows = Arc::default();
                let inputs = vec![(both, Route::Rebalance)];
                let next = flow.operator("next", "next", inputs, |_| Ok(Box::new(Aligned { snapshots: 0, rows })))?;
                collect(flow, (next, Route::Single), &Collected::default())
            }),
        );
        for _ in 0..20 {
            let epoch = job.trigger_epoch().unwrap();
            assert!(job.wait_epoch(epoch, PATIENCE).is_some(), "{:?}", job.wait_timeout(PATIENCE));
        }
        end.store(true, Ordering::SeqCst);
        finish(&job).unwrap();
        assert!(rows.load(Ordering::SeqCst) > 0);
    }
}

/// Reads all it has at its first poll, in the midst of which an epoch is ended.
struct EndedWhilePolled(Receiver<JobHandle>);

impl SourceReader<Events> for EndedWhilePolled {
    fn poll(&mut self, out: &mut SourceOutput<Events>) -> Result<SourceState> {
        self.0.recv().unwrap().trigger_epoch().unwrap();
        out.emit("only".into(), vec![(1, 2, 3)]);
        Ok(SourceState::Finished)
    }

    fn snapshot(&mut self) -> Result<OperatorSnapshot> {
        Ok(OperatorSnapshot::default())
    }

    fn restore(&mut self, _: RestoredState) -> Result<()> {
        Ok(())
    }
}

#[test]
fn a_source_that_a_barrier_brings_to_its_end_lets_the_job_end() {
    let (handle, handles) = channel();
    let handles = Mutex::new(Some(handles));
    let collected = Collected::default();
    let sink = collected.clone();
    let job = start(
        1,
        Arc::new(move |flow| {
            let handles = handles.lock().unwrap().take().unwrap();
            let rows = flow.source("source", "source", |_| Ok(Box::new(EndedWhilePolled(handles))), None)?.rows;
            collect(flow, (rows, Route::Single), &sink)
        }),
    );
    handle.send(job.clone()).unwrap();
    finish(&job).unwrap();
    assert_eq!(collected.until(0), [(1, 2, 3)]);
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Told {
    Rows(usize),
    Tick,
    Snapshot(u32),
    Finish,
    Complete(u32),
}

struct Logging {
    log: Arc<Mutex<Vec<Told>>>,
    snapshots: Arc<Mutex<Vec<u32>>>,
    parallelism: usize,
}

impl Sink<Events> for Logging {
    fn write(&mut self, batch: Events) -> Result<()> {
        self.log.lock().unwrap().push(Told::Rows(batch.len()));
        Ok(())
    }

    fn poll(&mut self) -> Result<SinkState> {
        Ok(SinkState::Done)
    }

    fn on_tick(&mut self) -> Result<()> {
        self.log.lock().unwrap().push(Told::Tick);
        Ok(())
    }

    fn snapshot(&mut self, epoch: Epoch) -> Result<OperatorSnapshot> {
        self.log.lock().unwrap().push(Told::Snapshot(epoch.0));
        self.snapshots.lock().unwrap().push(epoch.0);
        Ok(OperatorSnapshot::default())
    }

    fn on_epoch_complete(&mut self, epoch: Epoch) -> Result<()> {
        let taken = self.snapshots.lock().unwrap().iter().filter(|taken| **taken == epoch.0).count();
        assert_eq!(taken, self.parallelism, "epoch {} is complete when all have left their part", epoch.0);
        self.log.lock().unwrap().push(Told::Complete(epoch.0));
        Ok(())
    }

    fn finish(&mut self) -> Result<()> {
        self.log.lock().unwrap().push(Told::Finish);
        Ok(())
    }

    fn restore(&mut self, _: RestoredState) -> Result<()> {
        Ok(())
    }
}

#[test]
fn a_sink_sees_rows_ticks_snapshots_and_completions_in_order_up_to_the_last_epoch() {
    for parallelism in [1, 2, 4] {
        let logs: Vec<Arc<Mutex<Vec<Told>>>> = (0..parallelism).map(|_| Arc::default()).collect();
        let gate = Arc::new(Gate::default());
        let (input, output, lists) = (gate.clone(), logs.clone(), lists(parallelism, 64));
        let snapshots: Arc<Mutex<Vec<u32>>> = Arc::default();
        let job = start(
            parallelism,
            Arc::new(move |flow| {
                let rows = list_source(flow, "events", &lists, 16, Some(&input))?;
                flow.sink("sink", "sink", (rows, Route::Local), |context| {
                    let log = output[context.worker].clone();
                    Ok(Box::new(Logging { log, snapshots: snapshots.clone(), parallelism }))
                })
            }),
        );
        for _ in 0..3 {
            gate.open(parallelism);
            let epoch = job.trigger_epoch().unwrap();
            assert!(job.wait_epoch(epoch, PATIENCE).is_some());
        }
        gate.open(usize::MAX);
        finish(&job).unwrap();
        for log in logs {
            let log = log.lock().unwrap();
            let only = |keep: fn(&Told) -> bool| log.iter().copied().filter(keep).collect::<Vec<_>>();
            let snapshots = only(|told| matches!(told, Told::Snapshot(_)));
            let complete = only(|told| matches!(told, Told::Complete(_)));
            assert_eq!(snapshots, (0..4).map(Told::Snapshot).collect::<Vec<_>>());
            assert_eq!(complete, (0..4).map(Told::Complete).collect::<Vec<_>>());
            // The completion of an earlier epoch may be known only now.
            let last = [Told::Finish, Told::Snapshot(3), Told::Complete(3)];
            assert_eq!(log.iter().copied().filter(|told| last.contains(told)).collect::<Vec<_>>(), last);
            for (at, told) in log.iter().enumerate() {
                if let Told::Rows(_) = told {
                    let next = log[at..].iter().find(|told| !matches!(told, Told::Rows(_) | Told::Complete(_)));
                    assert_eq!(next, Some(&Told::Tick), "the rows of a tick are flushed at its end");
                }
            }
        }
    }
}
