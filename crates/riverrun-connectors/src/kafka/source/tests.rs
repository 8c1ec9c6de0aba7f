#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test fails by panicking")]

use super::*;
use riverrun_core::clock::ManualClock;
use riverrun_core::{Field, Schema, TypeKind};
use riverrun_runtime::identity::JobIdentity;
use std::sync::Arc;

/// One of two workers, which can't reach its broker.
fn reader(worker: usize) -> Box<dyn SourceReader<RowBatch>> {
    let mut options = riverrun_core::Options::default();
    for (key, value) in [("topic", "t"), ("properties.bootstrap.servers", "127.0.0.1:1"), ("format", "json")] {
        options.set(key, value);
    }
    options.set("scan.startup.mode", "earliest-offset");
    let spec = SourceSpec {
        table: "t".into(),
        schema: Schema::new(vec![Field::new("id", TypeKind::Int.nullable())]),
        projection: vec![0],
        fields: Default::default(),
        metadata: Vec::new(),
        options,
        partition_keys: Vec::new(),
        primary_key: Vec::new(),
        on_error: OnError::Fail,
        time_zone: chrono_tz::UTC,
        batch_size: 3,
    };
    let context = SourceContext {
        worker,
        parallelism: 2,
        clock: Arc::new(ManualClock::default()),
        metrics: Arc::default(),
        waker: Arc::new(|| {}),
        job: JobIdentity::ephemeral(),
    };
    KafkaSource::new(spec).unwrap().reader(context).unwrap()
}

fn offsets(of: &[(i32, i64)]) -> Vec<Vec<u8>> {
    let element = |(partition, offset): &(i32, i64)| {
        [&[STATE_VERSION], serde_json::to_vec(&("t", partition, offset)).unwrap().as_slice()].concat()
    };
    of.iter().map(element).collect()
}

#[test]
fn a_checkpoint_that_comes_before_the_partitions_are_known_keeps_all_offsets() {
    let mut reader = reader(0);
    // The second worker of the run before did not know yet that partition 0 was the first one's.
    let union = offsets(&[(0, 1_902), (0, 1_105), (1, 808)]);
    reader.restore(RestoredState { union, ..RestoredState::default() }).unwrap();
    assert_eq!(reader.snapshot().unwrap().union, offsets(&[(0, 1_902), (1, 808)]));
    reader.poll(&mut SourceOutput::default()).unwrap();
    assert_eq!(reader.snapshot().unwrap().union, offsets(&[(0, 1_902), (1, 808)]));
    // Its thread waits for the broker, and need not be waited for.
    std::mem::forget(reader);
}
