//! What the runtime itself costs: rows/s of batches that are only passed on, and of batches exchanged by key.
//!
//! `cargo bench -p riverrun-runtime` prints a table; 8-byte columns, 4,096 rows per batch.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a benchmark fails by panicking")]

use arrow::array::{ArrayRef, Int64Array, RecordBatch};
use riverrun_core::{Epoch, Result, RowBatch};
use riverrun_runtime::{
    Build, Job, JobConfig, ProcessLayout, Route, Router, Sink, SinkState, SourceOutput, SourceReader, SourceState,
    WatermarkStrategy,
};
use riverrun_state::{OperatorSnapshot, RestoredState};
use std::net::TcpListener;
use std::sync::Arc;
use std::time::Instant;

const ROWS: usize = 4096;

/// Gives the same batch again and again.
struct Generator {
    batch: RowBatch,
    left: usize,
}

impl SourceReader<RowBatch> for Generator {
    fn poll(&mut self, out: &mut SourceOutput<RowBatch>) -> Result<SourceState> {
        if self.left == 0 {
            return Ok(SourceState::Finished);
        }
        self.left -= 1;
        out.emit("only".into(), self.batch.clone());
        Ok(SourceState::Ready)
    }

    fn snapshot(&mut self) -> Result<OperatorSnapshot> {
        Ok(OperatorSnapshot::default())
    }

    fn restore(&mut self, _: RestoredState) -> Result<()> {
        Ok(())
    }
}

/// Takes everything.
struct Blackhole;

impl Sink<RowBatch> for Blackhole {
    fn write(&mut self, _: RowBatch) -> Result<()> {
        Ok(())
    }

    fn poll(&mut self) -> Result<SinkState> {
        Ok(SinkState::Done)
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

/// By the first column, which costs next to nothing to hash.
struct ByFirst;

impl Router<RowBatch> for ByFirst {
    fn route(&mut self, batch: &RowBatch, parallelism: usize, targets: &mut Vec<u32>) -> Result<()> {
        let column = batch.columns.column(0).as_any().downcast_ref::<Int64Array>().unwrap();
        targets.extend(column.values().iter().map(|key| (*key as usize % parallelism) as u32));
        Ok(())
    }
}

fn sample() -> RowBatch {
    let column = |step: i64| Arc::new(Int64Array::from_iter_values((0..ROWS as i64).map(|row| row * step))) as ArrayRef;
    RowBatch::append(RecordBatch::try_from_iter([("a", column(1)), ("b", column(7)), ("c", column(31))]).unwrap())
}

fn build(batches: usize, exchange: bool) -> Build<RowBatch> {
    let batch = sample();
    Arc::new(move |flow| {
        let left = batches / flow.parallelism();
        let strategy = WatermarkStrategy::<RowBatch> {
            expression: Box::new(|batch| {
                let column = batch.columns.column(0).as_any().downcast_ref::<Int64Array>().unwrap();
                Ok(column.values().to_vec())
            }),
            interval: riverrun_core::Millis(200),
            idle_timeout: None,
            max_ahead: None,
            alignment: None,
        };
        let source = Generator { batch: batch.clone(), left };
        let rows = flow.source("source", "source", |_| Ok(Box::new(source)), Some(strategy))?.rows;
        let route = if exchange { Route::By(Box::new(ByFirst)) } else { Route::Local };
        flow.sink("sink", "sink", (rows, route), |_| Ok(Box::new(Blackhole)))
    })
}

fn measure(name: &str, configs: Vec<JobConfig>, batches: usize, exchange: bool) {
    let start = Instant::now();
    let build = build(batches, exchange);
    let threads: Vec<_> = configs
        .into_iter()
        .map(|config| {
            let build = build.clone();
            std::thread::spawn(move || Job::start(config, build).unwrap().wait().unwrap())
        })
        .collect();
    for thread in threads {
        thread.join().unwrap();
    }
    let seconds = start.elapsed().as_secs_f64();
    println!("{name:<44} {:>8.1} M rows/s", (batches * ROWS) as f64 / seconds / 1e6);
}

fn main() {
    let config = |parallelism| vec![JobConfig::new("bench").parallelism(parallelism)];
    measure("1 worker, passed on", config(1), 20_000, false);
    measure("2 workers, passed on", config(2), 20_000, false);
    measure("2 workers, exchanged by key", config(2), 10_000, true);
    let listener = Arc::new(TcpListener::bind("127.0.0.1:0").unwrap());
    let address = listener.local_addr().unwrap().to_string();
    let process = |index| JobConfig {
        processes: Some(ProcessLayout {
            listener: (index == 0).then(|| listener.clone()),
            ..ProcessLayout::new(2, index, address.clone())
        }),
        ..JobConfig::new("bench").parallelism(2)
    };
    measure("2 processes over TCP, exchanged by key", vec![process(0), process(1)], 4_000, true);
}
