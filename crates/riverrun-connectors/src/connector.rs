//! What a connector is.

use crate::scratch::{Overrides, Scratch, ScratchSpec};
use arrow::array::RecordBatch;
use riverrun_core::{DataType, Error, OptionDef, OptionType, Options, Result, RowBatch, Schema};
use riverrun_formats::RowFields;
use riverrun_runtime::{Sink, SinkContext, SourceContext, SourceReader};
use std::sync::Arc;

/// A value that the connector knows beside the record: a file's path, a message's timestamp.
#[derive(Clone, Debug)]
pub struct MetadataColumn {
    /// The key in `METADATA FROM 'key'`.
    pub key: &'static str,
    /// Its type.
    pub data_type: DataType,
    /// Whether a sink can write it too (not `VIRTUAL`).
    pub writable: bool,
    /// What it is.
    pub doc: &'static str,
}

/// What becomes of a record that can't be decoded (`on-error`).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum OnError {
    /// The job fails with the reason and the place.
    #[default]
    Fail,
    /// It is counted and passed over.
    Skip,
    /// It goes to this table, with its bytes, the reason and the place.
    Table(String),
}

/// A table that is read.
#[derive(Clone, Debug)]
pub struct SourceSpec {
    /// The table's full name, for messages and ids.
    pub table: String,
    /// Its physical columns, all of them.
    pub schema: Schema,
    /// Which physical columns the query needs, in the order in which they are to come.
    pub projection: Vec<usize>,
    /// Of physical ROW columns, by position in the schema, the fields that the query needs. Others may come as NULL; of a
    /// column that is not named here the whole ROW is needed.
    pub fields: RowFields,
    /// The keys of the metadata columns that follow them, with the types they were declared with.
    pub metadata: Vec<(String, DataType)>,
    /// The table's options.
    pub options: Options,
    /// `PARTITIONED BY`.
    pub partition_keys: Vec<String>,
    /// The positions of the PRIMARY KEY's columns in the schema; empty without one.
    pub primary_key: Vec<usize>,
    /// What becomes of broken records.
    pub on_error: OnError,
    /// The session's time zone.
    pub time_zone: chrono_tz::Tz,
    /// How many rows a batch has at the most (`execution.batch-size`).
    pub batch_size: usize,
}

/// A table that is written.
#[derive(Clone, Debug)]
pub struct SinkSpec {
    /// The table's full name.
    pub table: String,
    /// Its physical columns, which are the columns of the rows that come.
    pub schema: Schema,
    /// The writable metadata columns that follow them.
    pub metadata: Vec<(String, DataType)>,
    /// The table's options.
    pub options: Options,
    /// `PARTITIONED BY`.
    pub partition_keys: Vec<String>,
    /// The positions of the PRIMARY KEY's columns; empty without one.
    pub primary_key: Vec<usize>,
    /// The columns whose values name a row among those that come; `None` if no such columns are known.
    pub row_keys: Option<Vec<usize>>,
    /// `INSERT OVERWRITE`.
    pub overwrite: bool,
    /// The session's time zone.
    pub time_zone: chrono_tz::Tz,
}

/// What is looked up where.
#[derive(Clone, Debug)]
pub struct LookupSpec {
    /// The table's full name, for messages.
    pub table: String,
    /// Its physical columns.
    pub schema: Schema,
    /// Its options.
    pub options: Options,
    /// The columns that make up a key, by position in the schema.
    pub key: Vec<usize>,
    /// The columns that are wanted, in this order; those of the key too, so that an answer can be told apart.
    pub columns: Vec<usize>,
}

/// A table that is asked by key, from one worker.
pub trait LookupTable {
    /// Asks and waits for the answer: the wanted columns of all rows with one of these keys, which are the key's columns, in
    /// their order, without duplicates.
    fn get(&mut self, keys: RecordBatch) -> Result<RowBatch>;

    /// Asks without waiting. Questions are answered in their order.
    fn ask(&mut self, keys: RecordBatch) -> Result<()>;

    /// The answer to the oldest question that was asked so, if it is there.
    fn poll(&mut self) -> Result<Option<RowBatch>>;
}

/// How a table is looked up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LookupWay {
    /// It is not: its rows are versions that are kept as they come.
    None,
    /// It is asked by key, see [`Connector::lookup`].
    ByKey,
    /// All its rows are read as from a bounded source, and held in memory.
    Whole,
}

/// What changes a source gives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ProducedChanges {
    /// Only new rows.
    Append,
    /// Rows that are added and taken back, as the outside says.
    All,
    /// New versions of rows by primary key; a deletion has the key only.
    Upsert,
}

impl ProducedChanges {
    /// What comes of a table whose records have the format that its options name.
    pub fn of_format(options: &Options) -> ProducedChanges {
        let name = options.given("value.format").or_else(|| options.given("format"));
        let format = name.and_then(|name| riverrun_formats::registry::format(name.text.trim()));
        match format.is_some_and(|format| format.is_changelog()) {
            true => ProducedChanges::All,
            false => ProducedChanges::Append,
        }
    }
}

/// Makes the readers of one table, one per worker.
pub trait SourceFactory: Send + Sync {
    /// Whether the table ends by itself.
    fn bounded(&self) -> bool;

    /// The reader of one worker's share. Its batches hold the projected physical columns, then the
    /// metadata columns.
    fn reader(&self, context: SourceContext) -> Result<Box<dyn SourceReader<RowBatch>>>;
}

/// What changes a sink can take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AcceptedChanges {
    /// Only new rows.
    Append,
    /// `+I -U +U -D`.
    All,
    /// Upserts and deletes by primary key.
    Upsert,
}

/// Makes the writers of one table, one per worker.
pub trait SinkFactory: Send + Sync {
    /// What changes it can take.
    fn accepts(&self) -> AcceptedChanges {
        AcceptedChanges::Append
    }

    /// Refuses a place that can only be read, such as one file; asked where a statement writes the table.
    fn check_place(&self) -> Result<()> {
        Ok(())
    }

    /// The writer of one worker's share.
    fn writer(&self, context: SinkContext) -> Result<Box<dyn Sink<RowBatch>>>;
}

/// A kind of table: what stands in `'connector' = '…'`.
///
/// `source` and `sink` are called when a job is planned: they validate options and types,
/// and check what can be checked without reading (a path that must exist, a topic's name).
pub trait Connector: Send + Sync {
    /// The name in `'connector' = '…'`.
    fn name(&self) -> &'static str;

    /// What it is, in a sentence.
    fn doc(&self) -> &'static str;

    /// Its options, without those of the format and those in [`COMMON_OPTIONS`].
    fn options(&self) -> &'static [OptionDef];

    /// Whether it takes a `format`, and so that format's options too.
    fn takes_format(&self) -> bool {
        false
    }

    /// Whether it takes the formats of whole files too.
    fn takes_files(&self) -> bool {
        false
    }

    /// Whether its tables can be read.
    fn reads(&self) -> bool {
        true
    }

    /// Whether its tables can be written.
    fn writes(&self) -> bool {
        true
    }

    /// Whether it can put rows in the place of all that are there: `INSERT OVERWRITE`.
    fn overwrites(&self) -> bool {
        false
    }

    /// What changes come of a table with these options.
    fn changes(&self, options: &Options) -> ProducedChanges {
        match self.takes_format() {
            true => ProducedChanges::of_format(options),
            false => ProducedChanges::Append,
        }
    }

    /// How a join `FOR SYSTEM_TIME AS OF` a processing time reads a table with these options.
    fn lookups(&self, options: &Options) -> LookupWay {
        let _ = options;
        LookupWay::None
    }

    /// A connection for lookups, if it has them.
    fn lookup(&self, spec: &LookupSpec) -> Result<Box<dyn LookupTable>> {
        Err(Error::bug(format!("the connector {} has no lookups ('{}')", self.name(), spec.table)))
    }

    /// What it knows beside the record.
    fn metadata(&self) -> Vec<MetadataColumn> {
        Vec::new()
    }

    /// What makes a table leave no trace of being read: a rehearsal reads it beside whoever reads it otherwise.
    fn unnoticed(&self) -> Overrides {
        Overrides::new()
    }

    /// Whether [`Connector::scratch`] makes places.
    fn has_scratch(&self) -> bool {
        false
    }

    /// A place like the table's own that a rehearsal writes instead, so that the table is left alone; `None` if what is
    /// written there can't be read back and compared.
    fn scratch(&self, spec: &ScratchSpec) -> Result<Option<Scratch>> {
        let _ = spec;
        Ok(None)
    }

    /// Refuses a table that is neither source nor sink as it is defined, whatever there is outside: `riverrun check` asks for
    /// every table of a file. A connector whose `source` or `sink` looks outside has its own.
    fn check(&self, source: SourceSpec, sink: SinkSpec) -> Result<()> {
        match (self.reads(), self.writes()) {
            (_, false) => self.source(source).map(drop),
            (false, true) => self.sink(sink).map(drop),
            (true, true) => self.sink(sink).map(drop).or_else(|error| self.source(source).map(drop).map_err(|_| error)),
        }
    }

    /// The table as a source. An error that says so if it can't be read.
    fn source(&self, spec: SourceSpec) -> Result<Arc<dyn SourceFactory>>;

    /// The table as a sink. An error that says so if it can't be written.
    fn sink(&self, spec: SinkSpec) -> Result<Arc<dyn SinkFactory>>;
}

/// The options that every table takes; the planner acts on them.
pub const COMMON_OPTIONS: &[OptionDef] = &[
    OptionDef::required("connector", OptionType::Text, "Which system the table lives in."),
    OptionDef::new(
        "on-error",
        OptionType::Text,
        Some("fail"),
        "What becomes of a record that can't be decoded: fail, skip, or the name of a table it is sent to.",
    ),
    OptionDef::new(
        "scan.watermark.idle-timeout",
        OptionType::Duration,
        None,
        "After this long without rows a split no longer holds the watermark back.",
    ),
    OptionDef::new(
        "scan.watermark.max-ahead",
        OptionType::Duration,
        None,
        "A row whose time is further ahead of the clock does not move the watermark; 0 s: any row may. A TIMESTAMP is \
         compared with the clock in table.local-time-zone, a TIMESTAMP_LTZ with the instant.",
    ),
    OptionDef::new(
        "scan.watermark.emit.strategy",
        OptionType::OneOf(&["on-event", "on-periodic"]),
        Some("on-periodic"),
        "Accepted for Flink's sake, and has no effect: the watermark moves with the rows.",
    ),
    OptionDef::new(
        "scan.watermark.emit.on-event.gap",
        OptionType::Int,
        Some("1"),
        "Accepted for Flink's sake, and has no effect.",
    ),
    OptionDef::new(
        "scan.watermark.alignment.group",
        OptionType::Text,
        None,
        "Tables of one group keep step: a worker whose watermark of one is further ahead of the least in the group than \
         max-drift reads on when the others have come closer. Idle tables and workers hold nobody up.",
    ),
    OptionDef::new(
        "scan.watermark.alignment.max-drift",
        OptionType::Duration,
        None,
        "How far the watermarks of a group may be apart; without it they are not aligned.",
    ),
    OptionDef::new(
        "scan.watermark.alignment.update-interval",
        OptionType::Duration,
        Some("1 s"),
        "Accepted for Flink's sake, and has no effect: the sources of a group learn of each other at once.",
    ),
    OptionDef::new(
        "scan.parallelism",
        OptionType::Int,
        None,
        "Accepted for Flink's sake, and has no effect: all workers read the table, as far as it can be divided.",
    ),
    OptionDef::new(
        "sink.parallelism",
        OptionType::Int,
        None,
        "1: one worker writes the table. Other numbers have no effect: all workers write it.",
    ),
];

/// Whether `sink.parallelism` is 1: all rows go to one writer.
pub fn has_one_writer(options: &Options) -> bool {
    options.given("sink.parallelism").is_some_and(|value| value.text.trim().parse() == Ok(1))
}

/// Those of [`COMMON_OPTIONS`] that mean something for tables of this connector.
pub fn common_options(connector: &dyn Connector) -> impl Iterator<Item = &'static OptionDef> {
    let (reads, writes, decodes) = (connector.reads(), connector.writes(), connector.takes_format());
    COMMON_OPTIONS.iter().filter(move |option| match option.name {
        "on-error" => reads && decodes,
        name if name.starts_with("scan.") => reads,
        name if name.starts_with("sink.") => writes,
        _ => true,
    })
}
