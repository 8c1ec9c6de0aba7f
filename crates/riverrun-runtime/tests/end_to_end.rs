//! A whole job on one thread and on several.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test fails by panicking")]

mod support;

use riverrun_core::Result;
use riverrun_runtime::source::Waker;
use riverrun_runtime::{SourceContext, SourceOutput, SourceReader, SourceState};
use riverrun_state::{OperatorSnapshot, RestoredState};
use std::collections::BTreeMap;
use support::*;

#[test]
fn every_row_reaches_the_sink_at_any_parallelism() {
    let lists = lists(4, 500);
    let mut expected: Events = lists.iter().flat_map(|list| list.iter().copied()).collect();
    expected.sort_unstable();
    for parallelism in [1, 2, 4] {
        let collected = Collected::default();
        let (input, output) = (lists.clone(), collected.clone());
        let job = start(
            parallelism,
            std::sync::Arc::new(move |flow| {
                let rows = list_source(flow, "events", &input, 16, None)?;
                collect(flow, (rows, by_key()), &output)
            }),
        );
        finish(&job).unwrap();
        assert_eq!(collected.all(), expected, "{parallelism} workers");
        let totals = job.totals();
        assert_eq!(totals[0].rows_out, 2000);
        assert_eq!(totals[1].rows_in, 2000);
    }
}

#[test]
fn windows_fire_at_the_end_of_bounded_input_and_count_alike_at_any_parallelism() {
    let lists = lists(1, 2000);
    let mut expected: BTreeMap<(u32, i64), i64> = BTreeMap::new();
    for (key, time, _) in lists[0].iter() {
        *expected.entry((*key, time.div_euclid(100) * 100 + 100)).or_default() += 1;
    }
    let mut total = 0;
    for parallelism in [1, 2, 4] {
        let collected = Collected::default();
        let job = start(parallelism, window_job(&lists, None, &collected));
        finish(&job).unwrap();
        let late: u64 = job.totals().iter().map(|operator| operator.late).sum();
        let counted: i64 = collected.all().iter().map(|event| event.2).sum();
        assert_eq!(counted + late as i64, 2000, "{parallelism} workers");
        if parallelism == 1 {
            total = counted;
        }
        assert_eq!(counted, total, "{parallelism} workers");
        assert!(collected.all().iter().all(|(key, end, count)| *count <= expected[&(*key, *end)]));
    }
}

#[test]
fn a_job_ends_without_consumers_and_without_anything_at_all() {
    for parallelism in [1, 2] {
        let lists = lists(2, 100);
        let build: riverrun_runtime::Build<Events> = std::sync::Arc::new(move |flow| {
            let rows = list_source(flow, "read by an operator", &lists, 16, None)?;
            let inputs = vec![(rows, by_key())];
            flow.operator("read by nobody", "", inputs, |_| Ok(map(forward)))?;
            list_source(flow, "source read by nobody", &lists, 16, None).map(|_| ())
        });
        let job = start(parallelism, build);
        finish(&job).unwrap();
        assert!(job.totals().iter().all(|operator| operator.rows_out == 200));
        finish(&start::<Events>(parallelism, std::sync::Arc::new(|_| Ok(())))).unwrap();
    }
}

#[test]
fn a_table_of_one_split_has_the_same_late_rows_at_any_parallelism() {
    // Every fifth row comes 300 ms after its time, three windows late.
    let event = |n: i64| ((n % 7) as u32, if n % 5 == 0 { n * 10 - 300 } else { n * 10 } + 1000, n);
    let lists = vec![std::sync::Arc::new((0..500).map(event).collect::<Events>())];
    let mut expected = None;
    for parallelism in [1, 2, 4] {
        for _ in 0..5 {
            let collected = Collected::default();
            let job = start(parallelism, window_job(&lists, None, &collected));
            finish(&job).unwrap();
            let late: u64 = job.totals().iter().map(|operator| operator.late).sum();
            assert!(late > 50);
            let result = (late, collected.all());
            assert_eq!(*expected.get_or_insert_with(|| result.clone()), result, "{parallelism} workers");
        }
    }
}

/// Its rows come right after its first poll: the waker is called then, and never again.
struct Early {
    inner: ListSource,
    waker: Option<Waker>,
}

impl SourceReader<Events> for Early {
    fn poll(&mut self, out: &mut SourceOutput<Events>) -> Result<SourceState> {
        match self.waker.take() {
            Some(waker) => {
                waker();
                Ok(SourceState::Idle(None))
            }
            None => self.inner.poll(out),
        }
    }

    fn snapshot(&mut self) -> Result<OperatorSnapshot> {
        self.inner.snapshot()
    }

    fn restore(&mut self, state: RestoredState) -> Result<()> {
        self.inner.restore(state)
    }
}

#[test]
fn a_waker_that_is_called_before_the_job_has_begun_is_not_forgotten() {
    let lists = lists(1, 20);
    let collected = Collected::default();
    let (input, output) = (lists.clone(), collected.clone());
    let build: riverrun_runtime::Build<Events> = std::sync::Arc::new(move |flow| {
        let early = |context: SourceContext| {
            let inner = ListSource::new(&context, &input, 16);
            Ok(Box::new(Early { inner, waker: Some(context.waker) }) as Box<dyn SourceReader<Events>>)
        };
        let rows = flow.source("early", "early", early, None)?.rows;
        collect(flow, (rows, by_key()), &output)
    });
    finish(&start(1, build)).unwrap();
    assert_eq!(collected.all().len(), 20);
}
