use super::*;
use arrow::array::{AsArray, Int64Array};
use arrow::datatypes::{DataType, Field, Int64Type, Schema};
use riverrun_core::clock::ManualClock;
use riverrun_runtime::source::SourceEvent;
use std::sync::Arc;

/// Rows that hold their index.
#[derive(Debug)]
struct Indices;

impl RowGenerator for Indices {
    fn generate(&mut self, first: u64, rows: usize) -> Result<RecordBatch> {
        let schema = Schema::new(vec![Field::new("index", DataType::Int64, false)]);
        let values = Int64Array::from_iter_values(first as i64..first as i64 + rows as i64);
        Ok(RecordBatch::try_new(Arc::new(schema), vec![Arc::new(values)])?)
    }
}

fn context(worker: usize, parallelism: usize, clock: &ManualClock) -> SourceContext {
    SourceContext {
        worker,
        parallelism,
        clock: Arc::new(clock.clone()),
        metrics: Arc::default(),
        waker: Arc::new(|| {}),
        job: riverrun_runtime::JobIdentity::ephemeral(),
    }
}

fn reader(pace: Pace, worker: usize, parallelism: usize, clock: &ManualClock) -> IndexedReader<Indices> {
    IndexedReader::new(Indices, pace, 1000, context(worker, parallelism, clock))
}

fn rows(out: &mut SourceOutput<RowBatch>) -> Vec<i64> {
    let batches = out.take().into_iter().filter_map(|event| match event {
        SourceEvent::Rows(_, batch) => Some(batch.columns.column(0).as_primitive::<Int64Type>().values().to_vec()),
        _ => None,
    });
    batches.flatten().collect()
}

#[test]
fn a_position_that_can_not_be_read_is_an_error() {
    let union = reader(UNLIMITED, 0, 1, &ManualClock::default()).snapshot().unwrap().union;
    for bytes in [&[][..], &[SNAPSHOT_VERSION + 1], &union[0][..union[0].len() - 1]] {
        let state = RestoredState { union: vec![bytes.to_vec()], ..RestoredState::default() };
        let error = reader(UNLIMITED, 0, 1, &ManualClock::default()).restore(state).unwrap_err();
        assert_eq!(error.message(), "the position of a generated table has an unknown format");
    }
}

const UNLIMITED: Pace = Pace { total: Some(100_000), per_second: None };

#[test]
fn one_worker_reads_in_the_order_of_the_index() {
    let mut reader = reader(UNLIMITED, 0, 1, &ManualClock::default());
    let (mut out, mut all) = (SourceOutput::default(), Vec::new());
    while reader.poll(&mut out).unwrap() != SourceState::Finished {
        all.extend(rows(&mut out));
    }
    assert!(all.into_iter().eq(0..100_000));
}

#[test]
fn workers_share_the_rows_also_after_a_restore_at_another_parallelism() {
    let clock = ManualClock::default();
    let (mut all, mut parts) = (Vec::new(), Vec::new());
    for (parallelism, polls) in [(3, 5), (20, 2), (2, 7), (4, usize::MAX)] {
        let mut next = Vec::new();
        for worker in 0..parallelism {
            let mut reader = reader(UNLIMITED, worker, parallelism, &clock);
            reader.restore(RestoredState::assign(&parts, worker, parallelism, 128).unwrap()).unwrap();
            let mut out = SourceOutput::default();
            for _ in 0..polls {
                if reader.poll(&mut out).unwrap() == SourceState::Finished {
                    break;
                }
            }
            all.extend(rows(&mut out));
            next.push(reader.snapshot().unwrap());
        }
        parts = next;
    }
    all.sort_unstable();
    assert!(all.into_iter().eq(0..100_000));
}

#[test]
fn a_pace_is_kept() {
    let clock = ManualClock::new(Millis(1_000));
    let mut reader = reader(Pace { total: None, per_second: Some(10.0) }, 0, 1, &clock);
    let mut out = SourceOutput::default();
    assert_eq!(reader.poll(&mut out).unwrap(), SourceState::Idle(Some(Duration::from_millis(100))));
    assert_eq!(rows(&mut out), [0]);
    clock.set(Millis(1_250));
    assert_eq!(reader.poll(&mut out).unwrap(), SourceState::Idle(Some(Duration::from_millis(50))));
    assert_eq!(rows(&mut out), [1, 2]);
}

#[test]
fn a_slow_table_is_one_split() {
    let pace = Pace { total: Some(5), per_second: Some(10.0) };
    let mut reader = reader(pace, 1, 2, &ManualClock::default());
    assert_eq!(reader.poll(&mut SourceOutput::default()).unwrap(), SourceState::Finished);
}
