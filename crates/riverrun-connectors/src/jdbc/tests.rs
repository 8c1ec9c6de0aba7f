//! The connector on SQLite files, driven by hand.

mod lookup;
mod sink;
mod source;

use super::Jdbc;
use crate::connector::{Connector, OnError, SinkFactory, SinkSpec, SourceFactory, SourceSpec};
use riverrun_core::clock::ManualClock;
use riverrun_core::{Field, Options, Result, RowBatch, Schema, TypeKind};
use riverrun_formats::json::{JsonDecoder, JsonEncoder};
use riverrun_formats::{Decoder, EncodedRows, Encoder, FormatSpec};
use riverrun_runtime::source::SourceEvent;
use riverrun_runtime::{
    JobIdentity, Sink, SinkContext, SinkState, SourceContext, SourceOutput, SourceReader, SourceState,
};
use rusqlite::Connection;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Only a broken test waits so long.
pub const PATIENCE: Duration = Duration::from_secs(60);

/// A SQLite file and a table of ours over one of its tables.
pub struct Base {
    pub folder: tempfile::TempDir,
    pub columns: Vec<(&'static str, TypeKind)>,
    pub primary_key: Vec<usize>,
    pub options: Vec<(&'static str, String)>,
}

impl Base {
    /// A database that `sql` has made, and a table of these columns over its table `t`.
    pub fn new(sql: &str, columns: &[(&'static str, TypeKind)]) -> Base {
        let folder = tempfile::tempdir().unwrap();
        let base = Base { folder, columns: columns.to_vec(), primary_key: vec![], options: vec![] };
        base.connection().execute_batch(sql).unwrap();
        base
    }

    pub fn keyed(mut self, primary_key: &[usize]) -> Base {
        self.primary_key = primary_key.to_vec();
        self
    }

    pub fn with(mut self, key: &'static str, value: &str) -> Base {
        self.options.push((key, value.to_owned()));
        self
    }

    pub fn path(&self) -> PathBuf {
        self.folder.path().join("base.db")
    }

    pub fn connection(&self) -> Connection {
        Connection::open(self.path()).unwrap()
    }

    pub fn options(&self) -> Options {
        let mut options = Options::default();
        options.set("url", format!("jdbc:sqlite:{}", self.path().display()));
        options.set("table-name", "t");
        self.options.iter().for_each(|(key, value)| options.set(*key, value.clone()));
        options
    }

    pub fn schema(&self) -> Schema {
        Schema::new(self.columns.iter().map(|(name, kind)| Field::new(*name, kind.clone().nullable())).collect())
    }

    pub fn source(&self) -> Result<Arc<dyn SourceFactory>> {
        Jdbc.source(SourceSpec {
            table: "ours".into(),
            schema: self.schema(),
            projection: (0..self.columns.len()).collect(),
            fields: Default::default(),
            metadata: Vec::new(),
            options: self.options(),
            partition_keys: Vec::new(),
            primary_key: self.primary_key.clone(),
            on_error: OnError::Fail,
            time_zone: chrono_tz::UTC,
            batch_size: 3,
        })
    }

    pub fn sink(&self) -> Result<Arc<dyn SinkFactory>> {
        Jdbc.sink(SinkSpec {
            table: "ours".into(),
            schema: self.schema(),
            metadata: Vec::new(),
            options: self.options(),
            partition_keys: Vec::new(),
            primary_key: self.primary_key.clone(),
            row_keys: None,
            overwrite: false,
            time_zone: chrono_tz::UTC,
        })
    }

    /// Rows given as JSON, with a weight each.
    pub fn rows(&self, rows: &[(i64, &str)]) -> RowBatch {
        let spec = self.format();
        let mut decoder = JsonDecoder::new(&spec).unwrap();
        for (_, row) in rows {
            decoder.decode(row.as_bytes()).unwrap();
        }
        RowBatch { weights: Some(rows.iter().map(|row| row.0).collect()), ..decoder.flush().unwrap() }
    }

    fn format(&self) -> FormatSpec {
        FormatSpec {
            schema: self.schema(),
            projection: (0..self.columns.len()).collect(),
            fields: Default::default(),
            metadata: Vec::new(),
            options: Options::default(),
            time_zone: chrono_tz::UTC,
        }
    }

    /// Rows as JSON.
    pub fn json(&self, batch: &RowBatch) -> Vec<String> {
        let mut out = EncodedRows::default();
        JsonEncoder::new(&self.format()).unwrap().encode(&batch.columns, &mut out).unwrap();
        out.iter().map(|row| String::from_utf8_lossy(row).into_owned()).collect()
    }

    /// What stands in the database: the text of one column of a query.
    pub fn found(&self, sql: &str) -> Vec<String> {
        let connection = self.connection();
        let mut statement = connection.prepare(sql).unwrap();
        statement.query_map([], |row| row.get(0)).unwrap().map(Result::unwrap).collect::<Vec<String>>()
    }
}

pub fn sink_context() -> SinkContext {
    let context = source_context(0, 1);
    SinkContext {
        worker: 0,
        parallelism: 1,
        clock: context.clock,
        metrics: context.metrics,
        waker: context.waker,
        job: context.job,
        id: "sink:ours".into(),
        key_groups: 128,
    }
}

pub fn source_context(worker: usize, parallelism: usize) -> SourceContext {
    SourceContext {
        worker,
        parallelism,
        clock: Arc::new(ManualClock::default()),
        metrics: Arc::default(),
        waker: Arc::new(|| {}),
        job: JobIdentity::ephemeral(),
    }
}

/// Polls until all is written, or for a while.
pub fn settle(sink: &mut dyn Sink<RowBatch>) -> Result<bool> {
    let end = Instant::now() + PATIENCE;
    while Instant::now() < end {
        if sink.poll()? == SinkState::Done {
            return Ok(true);
        }
        std::thread::sleep(Duration::from_millis(2));
    }
    Ok(false)
}

/// Reads until the reader has finished, or has given so many rows: the split and the row as JSON.
pub fn read(base: &Base, reader: &mut dyn SourceReader<RowBatch>, limit: usize) -> Result<Vec<(String, String)>> {
    let mut rows = Vec::new();
    let end = Instant::now() + PATIENCE;
    while rows.len() < limit {
        let mut out = SourceOutput::default();
        let state = reader.poll(&mut out)?;
        for event in out.take() {
            if let SourceEvent::Rows(split, batch) = event {
                rows.extend(base.json(&batch).into_iter().map(|row| (split.to_string(), row)));
            }
        }
        match state {
            SourceState::Finished => break,
            SourceState::Ready => {}
            SourceState::Idle(_) => std::thread::sleep(Duration::from_millis(2)),
        }
        assert!(Instant::now() < end, "the reader does not end");
    }
    Ok(rows)
}
