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

/// Places of partitions of the topic `t`, as a checkpoint holds them.
fn saved_places(of: &[(i32, i64, Option<i64>)]) -> Vec<Vec<u8>> {
    let saved = |&(partition, offset, end): &(i32, i64, Option<i64>)| {
        encode((&("t".to_owned(), partition), &Place { offset, end })).unwrap()
    };
    of.iter().map(saved).collect()
}

#[test]
fn a_checkpoint_that_comes_before_the_partitions_are_known_keeps_all_places() {
    let mut reader = reader(0);
    // The second worker of the run before did not know yet that partition 0 was the first one's.
    let union = saved_places(&[(0, 1_902, Some(2_000)), (0, 1_105, None), (1, 808, None), (1, 807, Some(900))]);
    let known = saved_places(&[(0, 1_902, Some(2_000)), (1, 808, Some(900))]);
    reader.restore(RestoredState { union, ..RestoredState::default() }).unwrap();
    assert_eq!(reader.snapshot().unwrap().union, known);
    reader.poll(&mut SourceOutput::default()).unwrap();
    assert_eq!(reader.snapshot().unwrap().union, known);
    // Its thread waits for the broker, and need not be waited for.
    std::mem::forget(reader);
}

#[test]
fn the_state_of_an_earlier_version_is_read() {
    let without_end = b"\x01[\"t\",3,42]";
    assert_eq!(decode(without_end).unwrap(), (("t".to_owned(), 3), Place { offset: 42, end: None }));
    let error = decode(b"\x07[]").unwrap_err();
    assert_eq!(error.message(), "the state of a Kafka source in the checkpoint was written by another version");
}
