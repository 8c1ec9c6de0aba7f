//! What the tests of the connector share: tables, and readers and writers driven by hand.

mod rotation;
mod sink;
mod source;
mod tail;

use super::Filesystem;
use crate::connector::{Connector, OnError, SinkSpec, SourceFactory, SourceSpec};
use riverrun_core::clock::ManualClock;
use riverrun_core::metrics::OperatorMetrics;
use riverrun_core::{DataType, Field, Millis, Options, Result, RowBatch, Schema, TypeKind};
use riverrun_formats::json::JsonEncoder;
use riverrun_formats::{EncodedRows, Encoder, FormatSpec};
use riverrun_runtime::source::SourceEvent;
use riverrun_runtime::{SinkContext, SourceContext, SourceOutput, SourceReader, SourceState};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

/// Only a broken test waits so long.
pub const PATIENCE: Duration = Duration::from_secs(60);

/// A table to read or write.
#[derive(Clone)]
pub struct Table {
    pub columns: Vec<(String, DataType)>,
    pub options: Vec<(String, String)>,
    pub partition_keys: Vec<String>,
    pub metadata: Vec<(String, DataType)>,
    pub projection: Option<Vec<usize>>,
    pub on_error: OnError,
    pub overwrite: bool,
    pub batch_size: usize,
}

pub fn table(columns: &[(&str, TypeKind)], path: &Path, format: &str) -> Table {
    Table {
        columns: columns.iter().map(|(name, kind)| ((*name).to_owned(), kind.clone().nullable())).collect(),
        options: vec![("path".into(), path.display().to_string()), ("format".into(), format.into())],
        partition_keys: Vec::new(),
        metadata: Vec::new(),
        projection: None,
        on_error: OnError::Fail,
        overwrite: false,
        batch_size: 100,
    }
}

impl Table {
    pub fn with(mut self, key: &str, value: &str) -> Table {
        self.options.push((key.into(), value.into()));
        self
    }

    pub fn partitioned_by(mut self, keys: &[&str]) -> Table {
        self.partition_keys = keys.iter().map(|key| (*key).to_owned()).collect();
        self
    }

    fn options(&self) -> Options {
        let mut options = Options::default();
        for (key, value) in &self.options {
            options.set(key.clone(), value.clone());
        }
        options
    }

    fn schema(&self) -> Schema {
        Schema::new(self.columns.iter().map(|(name, data_type)| Field::new(name.clone(), data_type.clone())).collect())
    }

    pub fn source(&self) -> Result<Arc<dyn SourceFactory>> {
        Filesystem.source(SourceSpec {
            table: "t".into(),
            schema: self.schema(),
            projection: self.projection.clone().unwrap_or_else(|| (0..self.columns.len()).collect()),
            fields: Default::default(),
            metadata: self.metadata.clone(),
            options: self.options(),
            partition_keys: self.partition_keys.clone(),
            primary_key: vec![],
            on_error: self.on_error.clone(),
            time_zone: chrono_tz::UTC,
            batch_size: self.batch_size,
        })
    }

    pub fn sink(&self) -> Result<Arc<dyn crate::connector::SinkFactory>> {
        Filesystem.sink(SinkSpec {
            table: "t".into(),
            schema: self.schema(),
            metadata: Vec::new(),
            options: self.options(),
            partition_keys: self.partition_keys.clone(),
            primary_key: Vec::new(),
            row_keys: None,
            overwrite: self.overwrite,
            time_zone: chrono_tz::UTC,
        })
    }
}

/// What a worker gives its readers.
pub struct Worker {
    pub clock: ManualClock,
    pub metrics: Arc<OperatorMetrics>,
    pub wakes: Arc<AtomicUsize>,
}

impl Worker {
    pub fn new() -> Worker {
        Worker { clock: ManualClock::new(Millis(1_000)), metrics: Arc::default(), wakes: Arc::new(AtomicUsize::new(0)) }
    }

    pub fn source(&self, worker: usize, parallelism: usize) -> SourceContext {
        let wakes = Arc::clone(&self.wakes);
        SourceContext {
            worker,
            parallelism,
            clock: Arc::new(self.clock.clone()),
            metrics: Arc::clone(&self.metrics),
            waker: Arc::new(move || {
                wakes.fetch_add(1, Ordering::SeqCst);
            }),
            job: riverrun_runtime::JobIdentity::ephemeral(),
        }
    }

    pub fn sink(&self, worker: usize, parallelism: usize) -> SinkContext {
        let context = self.source(worker, parallelism);
        SinkContext {
            worker,
            parallelism,
            clock: context.clock,
            metrics: context.metrics,
            waker: context.waker,
            job: context.job,
            id: "sink:t".into(),
            key_groups: 128,
        }
    }
}

/// Rows as JSON.
pub fn rows(batch: &RowBatch) -> Vec<String> {
    let schema = batch.columns.schema();
    let fields = schema.fields().iter().map(|field| {
        // The types are looked up in the arrays; these are for the names.
        Field::new(field.name().clone(), TypeKind::STRING.nullable())
    });
    let schema = Schema::new(fields.collect());
    let spec = FormatSpec {
        projection: vec![],
        fields: Default::default(),
        metadata: vec![],
        schema,
        options: Options::default(),
        time_zone: chrono_tz::UTC,
    };
    let mut out = EncodedRows::default();
    JsonEncoder::new(&spec).expect("encoder").encode(&batch.columns, &mut out).expect("encode");
    out.iter().map(|row| String::from_utf8_lossy(row).into_owned()).collect()
}

/// What a reader has done: events as text, in order.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Seen {
    pub opened: Vec<String>,
    pub rows: Vec<(String, String)>,
    pub rejected: Vec<String>,
    pub finished: Vec<String>,
}

impl Seen {
    pub fn texts(&self) -> Vec<&str> {
        self.rows.iter().map(|(_, row)| row.as_str()).collect()
    }

    pub fn sorted(&self) -> Vec<String> {
        let mut rows: Vec<String> = self.rows.iter().map(|(_, row)| row.clone()).collect();
        rows.sort();
        rows
    }
}

/// Polls once.
pub fn poll(reader: &mut dyn SourceReader<RowBatch>, seen: &mut Seen) -> Result<SourceState> {
    let mut out = SourceOutput::default();
    let state = reader.poll(&mut out)?;
    for event in out.take() {
        match event {
            SourceEvent::SplitOpened(split) => seen.opened.push(split.to_string()),
            SourceEvent::SplitFinished(split) => seen.finished.push(split.to_string()),
            SourceEvent::Rejected(batch) => seen.rejected.extend(rows(&batch)),
            SourceEvent::Rows(split, batch) => {
                assert!(seen.opened.contains(&split.to_string()), "rows of {split}, which was not announced");
                seen.rows.extend(rows(&batch).into_iter().map(|row| (split.to_string(), row)));
            }
        }
    }
    Ok(state)
}

/// Reads a bounded table to its end with so many workers.
pub fn read_all(table: &Table, parallelism: usize) -> Result<Seen> {
    let source = table.source()?;
    let worker = Worker::new();
    let mut seen = Seen::default();
    for index in 0..parallelism {
        let mut reader = source.reader(worker.source(index, parallelism))?;
        let mut polls = 0;
        while poll(reader.as_mut(), &mut seen)? != SourceState::Finished {
            polls += 1;
            assert!(polls < 1_000_000, "the reader does not end");
        }
    }
    let (mut opened, mut finished) = (seen.opened.clone(), seen.finished.clone());
    opened.sort();
    finished.sort();
    assert_eq!(opened, finished, "every split that was opened ends");
    Ok(seen)
}
