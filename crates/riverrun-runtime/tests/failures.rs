//! Whatever breaks on whichever worker: the job ends with the first message, and never hangs.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test fails by panicking")]

mod support;

use riverrun_core::{Error, ErrorKind, Result};
use riverrun_runtime::{Operator, Route, SourceOutput, SourceReader, SourceState};
use riverrun_state::{OperatorSnapshot, RestoredState};
use std::sync::Arc;
use support::*;

/// Never ends.
struct Endless;

impl SourceReader<Events> for Endless {
    fn poll(&mut self, out: &mut SourceOutput<Events>) -> Result<SourceState> {
        out.emit("only".into(), vec![(0, 0, 0); 10]);
        Ok(SourceState::Ready)
    }

    fn snapshot(&mut self) -> Result<OperatorSnapshot> {
        Ok(OperatorSnapshot::default())
    }

    fn restore(&mut self, _: RestoredState) -> Result<()> {
        Ok(())
    }
}

/// An endless job in which `operator` stands between source and sink on the last worker.
fn run(parallelism: usize, operator: fn() -> Box<dyn Operator<Events>>) -> Error {
    let job = start(
        parallelism,
        Arc::new(move |flow| {
            let rows = flow.source("endless", "endless", |_| Ok(Box::new(Endless)), None)?.rows;
            let last = flow.worker() + 1 == flow.parallelism();
            let make = |_| Ok(if last { operator() } else { map(forward) });
            let mapped = flow.operator("map", "map", vec![(rows, Route::Rebalance)], make)?;
            collect(flow, (mapped, by_key()), &Collected::default())
        }),
    );
    finish(&job).unwrap_err()
}

#[test]
fn an_error_of_an_operator_ends_the_job_with_its_message() {
    for parallelism in [1, 2, 4] {
        let error = run(parallelism, || map(|_, _| Err(Error::failure("the disk is full").hint("Free some."))));
        assert_eq!(error.message(), "the disk is full");
        assert_eq!(error.hint_text(), Some("Free some."));
    }
}

#[test]
fn a_panic_ends_the_job_with_its_message() {
    for parallelism in [1, 2, 4] {
        let error = run(parallelism, || map(|_, _| panic!("index out of bounds, say")));
        assert_eq!(error.message(), format!("worker {} panicked: index out of bounds, say", parallelism - 1));
        assert_eq!(error.kind(), ErrorKind::Bug);
    }
}

#[test]
fn an_error_while_building_ends_the_job() {
    for parallelism in [1, 2, 4] {
        let job = start::<Events>(
            parallelism,
            Arc::new(move |flow| {
                let rows = flow.source("endless", "endless", |_| Ok(Box::new(Endless)), None)?.rows;
                flow.sink("sink", "sink", (rows, Route::Local), |context| {
                    if context.worker + 1 == context.parallelism {
                        return Err(Error::input("the folder does not exist"));
                    }
                    Ok(Box::new(CollectSink::new(&Collected::default())))
                })
            }),
        );
        assert_eq!(finish(&job).unwrap_err().message(), "the folder does not exist");
    }
}

#[test]
fn two_operators_with_one_id_are_refused() {
    let job = start::<Events>(
        1,
        Arc::new(|flow| {
            flow.source("same", "same", |_| Ok(Box::new(Endless)), None)?;
            flow.source("same", "same", |_| Ok(Box::new(Endless)), None).map(|_| ())
        }),
    );
    assert_eq!(finish(&job).unwrap_err().message(), "two operators of one job have the id same");
}

#[test]
fn a_cancelled_job_ends_at_once_and_without_an_error() {
    for parallelism in [1, 2, 4] {
        let job = start(
            parallelism,
            Arc::new(|flow| {
                let rows = flow.source("endless", "endless", |_| Ok(Box::new(Endless)), None)?.rows;
                collect(flow, (rows, by_key()), &Collected::default())
            }),
        );
        job.cancel();
        finish(&job).unwrap();
    }
}

#[test]
fn with_the_panic_hook_the_error_says_where() {
    riverrun_runtime::install_panic_hook();
    let error = run(2, || map(|_, _| panic!("out of luck")));
    assert_eq!(error.message(), "worker 1 panicked: out of luck");
    assert!(error.detail_text().unwrap().contains("tests/failures.rs:"), "{:?}", error.detail_text());
}
