//! Jobs that write a SQLite database exactly once: crashed, rescaled, and with the database locked for a while.
#![cfg(feature = "jdbc")]
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test fails by panicking")]

use riverrun_connectors::datagen::Datagen;
use riverrun_connectors::jdbc::Jdbc;
use riverrun_connectors::{Connector, OnError, SinkSpec, SourceSpec};
use riverrun_core::{Field, KeyGroup, Options, RowBatch, Schema, TypeKind};
use riverrun_runtime::identity::JobIdentity;
use riverrun_runtime::{Build, CheckpointConfig, CheckpointSchedule, Job, JobConfig, JobHandle, Route};
use riverrun_state::checkpoint::{BlobStore, History, LocalStore, load};
use rusqlite::Connection;
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

const ROWS: i64 = 3_000;

/// Only a broken test waits so long.
const PATIENCE: Duration = Duration::from_secs(60);

fn options(pairs: &[(&str, &str)]) -> Options {
    let mut options = Options::default();
    pairs.iter().for_each(|(key, value)| options.set(*key, *value));
    options
}

fn schema() -> Schema {
    Schema::new(vec![Field::new("id", TypeKind::BigInt.nullable())])
}

/// Numbers from 1 on, at this pace, into the table `t`.
fn job(folder: &Path, per_second: i64, guarantee: &str) -> Build<RowBatch> {
    let (pace, end) = (per_second.to_string(), ROWS.to_string());
    let source = Datagen
        .source(SourceSpec {
            table: "numbers".into(),
            schema: schema(),
            projection: vec![0],
            fields: BTreeMap::new(),
            metadata: Vec::new(),
            options: options(&[
                ("rows-per-second", &pace),
                ("number-of-rows", &end),
                ("fields.id.kind", "sequence"),
                ("fields.id.start", "1"),
                ("fields.id.end", &end),
            ]),
            partition_keys: Vec::new(),
            primary_key: Vec::new(),
            on_error: OnError::Fail,
            time_zone: chrono_tz::UTC,
            batch_size: 64,
        })
        .unwrap();
    let url = format!("jdbc:sqlite:{}", folder.join("base.db").display());
    let sink = Jdbc
        .sink(SinkSpec {
            table: "t".into(),
            schema: schema(),
            metadata: Vec::new(),
            options: options(&[("url", &url), ("table-name", "t"), ("sink.delivery-guarantee", guarantee)]),
            partition_keys: Vec::new(),
            primary_key: Vec::new(),
            row_keys: None,
            overwrite: false,
            time_zone: chrono_tz::UTC,
        })
        .unwrap();
    Arc::new(move |flow| {
        let rows = flow.source("numbers", "numbers", |context| source.reader(context), None)?.rows;
        flow.sink("sink:t", "t", (rows, Route::Rebalance), |context| sink.writer(context))
    })
}

struct Case {
    folder: tempfile::TempDir,
    store: Arc<dyn BlobStore>,
}

impl Case {
    fn new() -> Case {
        let folder = tempfile::tempdir().unwrap();
        let store: Arc<dyn BlobStore> = Arc::new(LocalStore::new(folder.path().join("checkpoints")));
        let case = Case { folder, store };
        case.database().execute_batch("CREATE TABLE t (id INTEGER)").unwrap();
        case
    }

    fn database(&self) -> Connection {
        let connection = Connection::open(self.folder.path().join("base.db")).unwrap();
        connection.busy_timeout(PATIENCE).unwrap();
        connection
    }

    fn checkpoints(&self) -> Option<u64> {
        History::new(self.store.clone()).latest().unwrap().map(|manifest| manifest.body.id)
    }

    /// Goes on from the last checkpoint.
    fn start(&self, generation: u64, parallelism: usize, build: Build<RowBatch>) -> JobHandle {
        let manifest = History::new(self.store.clone()).latest().unwrap();
        let restore =
            manifest.as_ref().map(|manifest| Arc::new(load(&*self.store, manifest, |_: KeyGroup| true).unwrap()));
        let config = JobConfig {
            restore,
            checkpoints: Some(CheckpointConfig {
                store: self.store.clone(),
                base: manifest.map(Arc::new),
                plan: 1,
                signatures: BTreeMap::new(),
                schedule: CheckpointSchedule {
                    interval: Some(Duration::from_millis(40)),
                    ..CheckpointSchedule::default()
                },
            }),
            identity: JobIdentity { id: "job".into(), generation, checkpoints: true, rewind: false },
            ..JobConfig::new("test").parallelism(parallelism)
        };
        Job::start(config, build).unwrap()
    }

    /// How many rows there are, and how many different ones.
    fn counts(&self) -> (i64, i64) {
        let connection = self.database();
        connection
            .query_row("SELECT count(*), count(DISTINCT id) FROM t", [], |row| Ok((row.get(0)?, row.get(1)?)))
            .unwrap()
    }
}

#[test]
fn every_row_stands_once_whenever_the_job_crashes() {
    let case = Case::new();
    for generation in 1..=6 {
        let parallelism = [1, 2, 4][generation as usize % 3];
        let running = case.start(generation, parallelism, job(case.folder.path(), 2_000, "exactly-once"));
        if generation == 6 {
            running.wait().unwrap();
            break;
        }
        std::thread::sleep(Duration::from_millis(90 + generation * 37 % 150));
        running.cancel();
        running.wait().unwrap();
    }
    assert_eq!(case.counts(), (ROWS, ROWS));
}

#[test]
fn at_least_once_loses_no_row_whenever_the_job_crashes() {
    let case = Case::new();
    for generation in 1..=4 {
        let running = case.start(generation, 2, job(case.folder.path(), 3_000, "at-least-once"));
        if generation == 4 {
            running.wait().unwrap();
            break;
        }
        std::thread::sleep(Duration::from_millis(150));
        running.cancel();
        running.wait().unwrap();
    }
    let (rows, different) = case.counts();
    assert_eq!(different, ROWS);
    assert!(rows >= ROWS);
}

#[test]
fn checkpoints_complete_while_the_database_is_locked() {
    for guarantee in ["exactly-once", "at-least-once"] {
        let case = Case::new();
        let lock = case.database();
        let running = case.start(1, 2, job(case.folder.path(), 60, guarantee));
        let end = Instant::now() + PATIENCE;
        while case.counts().0 == 0 {
            assert!(Instant::now() < end, "nothing is ever written");
            std::thread::sleep(Duration::from_millis(10));
        }
        lock.execute_batch("BEGIN IMMEDIATE").unwrap();
        let before = case.checkpoints().unwrap_or_default();
        let end = Instant::now() + PATIENCE;
        while case.checkpoints().unwrap_or_default() < before + 5 {
            assert!(Instant::now() < end, "{guarantee}: checkpoints wait for the database");
            std::thread::sleep(Duration::from_millis(10));
        }
        // A crash in between changes nothing.
        running.cancel();
        running.wait().unwrap();
        lock.execute_batch("COMMIT").unwrap();
        case.start(2, 1, job(case.folder.path(), 1_000_000, guarantee)).wait().unwrap();
        let (rows, different) = case.counts();
        assert_eq!(different, ROWS, "{guarantee}");
        assert!(guarantee == "at-least-once" || rows == ROWS, "{rows} rows");
    }
}
