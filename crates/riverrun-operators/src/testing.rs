//! Tests that read like the example in a book: rows as a text table in, rows as text out.
//!
//! ```text
//! let clicks = Table::new("user STRING | n INT | ts TIME");
//! let script = "
//!     ada | 1 | 10:00:05
//!     bob | 2 | 10:00:20
//!     ~ 10:01:00
//! ";
//! ```
//!
//! A line `~ time` is a watermark; the end of a script is the end of input. `TIME` is a TIMESTAMP(3), `INSTANT` a
//! TIMESTAMP_LTZ(3); times of 2024-01-01 are written without their date. A row that begins with `-` takes back an equal one.
//!
//! [`results`] runs a script in many ways, which must all agree: in batches of any size, with room for one batch of
//! output, and restored from a snapshot after each line at another parallelism.

pub mod barriers;
mod list;
pub mod ticks;
pub mod timed;
pub mod two_inputs;

pub use list::list;

use crate::expression::Expression;
use crate::key_router::{KeyRouter, KeyRouterSpec};
use arrow::array::{
    Array, ArrayRef, AsArray, BooleanArray, Float64Array, Int32Array, Int64Array, RecordBatch, StringArray,
    TimestampMillisecondArray,
};
use arrow::datatypes::{DataType as ArrowType, Float64Type, Int32Type, Int64Type, TimestampMillisecondType};
use chrono::{DateTime, NaiveDateTime};
use datafusion_physical_expr::expressions::Column;
use riverrun_core::{Field, RowBatch, Schema, SystemClock, TypeKind, Watermark};
use riverrun_runtime::{Operator, OperatorContext, Output, Router, WatermarkRuns};
use riverrun_state::tier::StateBackend;
use riverrun_state::tier::memory::MemoryTier;
use riverrun_state::{OperatorSnapshot, RestoredState};
use std::sync::Arc;

/// How many key groups the tests have.
const KEY_GROUPS: u16 = 8;

/// A column of the input.
pub fn column(name: &str, index: usize) -> Expression {
    Arc::new(Column::new(name, index))
}

/// Milliseconds of a time as tests write it.
pub fn millis(text: &str) -> i64 {
    let text = text.trim();
    let full = if text.contains('-') { text.replace('T', " ") } else { format!("2024-01-01 {text}") };
    let full = if full.matches(':').count() == 1 { format!("{full}:00") } else { full };
    NaiveDateTime::parse_from_str(&full, "%Y-%m-%d %H:%M:%S%.f").unwrap().and_utc().timestamp_millis()
}

/// A time as tests write it.
pub fn time_text(millis: i64) -> String {
    let time = DateTime::from_timestamp_millis(millis).unwrap().naive_utc();
    let text = time.format("%Y-%m-%d %H:%M:%S%.f").to_string();
    text.strip_prefix("2024-01-01 ").unwrap_or(&text).to_owned()
}

/// The columns of a test's input.
#[derive(Clone)]
pub struct Table {
    pub schema: Schema,
}

impl Table {
    /// `name TYPE | name TYPE`.
    pub fn new(columns: &str) -> Self {
        let field = |column: &str| {
            let (name, kind) = column.trim().split_once(' ').unwrap();
            Field::new(name, kind_of(kind.trim()).nullable())
        };
        Table { schema: Schema::new(columns.split('|').map(field).collect()) }
    }

    /// The column with this name.
    pub fn column(&self, name: &str) -> Expression {
        column(name, self.schema.index_of(name).unwrap())
    }

    /// Rows as a batch.
    pub fn batch(&self, rows: &[&str]) -> RowBatch {
        let weights: Vec<i64> = rows.iter().map(|row| if row.trim().starts_with("- ") { -1 } else { 1 }).collect();
        let cells: Vec<Vec<&str>> =
            rows.iter().map(|row| row.trim().trim_start_matches("- ").split('|').map(str::trim).collect()).collect();
        let columns = self.schema.fields.iter().enumerate().map(|(index, field)| {
            let texts = cells.iter().map(|row| row[index]).map(|text| (text != "null").then_some(text));
            parse(&field.data_type.to_arrow(), texts)
        });
        let columns = RecordBatch::try_new(self.schema.to_arrow(), columns.collect()).unwrap();
        let weights = weights.contains(&-1).then(|| weights.into());
        RowBatch { columns, weights }
    }
}

fn kind_of(name: &str) -> TypeKind {
    match name {
        "STRING" => TypeKind::STRING,
        "INT" => TypeKind::Int,
        "BIGINT" => TypeKind::BigInt,
        "DOUBLE" => TypeKind::Double,
        "BOOLEAN" => TypeKind::Boolean,
        "TIME" => TypeKind::timestamp(3),
        "INSTANT" => TypeKind::timestamp_ltz(3),
        other => panic!("no type {other}"),
    }
}

fn parse<'a>(data_type: &ArrowType, texts: impl Iterator<Item = Option<&'a str>>) -> ArrayRef {
    match data_type {
        ArrowType::Utf8 => Arc::new(texts.collect::<StringArray>()),
        ArrowType::Int32 => Arc::new(texts.map(|t| t.map(|t| t.parse().unwrap())).collect::<Int32Array>()),
        ArrowType::Int64 => Arc::new(texts.map(|t| t.map(|t| t.parse().unwrap())).collect::<Int64Array>()),
        ArrowType::Float64 => Arc::new(texts.map(|t| t.map(|t| t.parse().unwrap())).collect::<Float64Array>()),
        ArrowType::Boolean => Arc::new(texts.map(|t| t.map(|t| t == "true")).collect::<BooleanArray>()),
        ArrowType::Timestamp(_, zone) => Arc::new(
            texts.map(|t| t.map(millis)).collect::<TimestampMillisecondArray>().with_timezone_opt(zone.clone()),
        ),
        other => panic!("no {other} in tests"),
    }
}

fn cell(column: &ArrayRef, row: usize) -> String {
    if column.is_null(row) {
        return "null".to_owned();
    }
    match column.data_type() {
        ArrowType::Utf8 => column.as_string::<i32>().value(row).to_owned(),
        ArrowType::Int32 => column.as_primitive::<Int32Type>().value(row).to_string(),
        ArrowType::Int64 => column.as_primitive::<Int64Type>().value(row).to_string(),
        ArrowType::Float64 => column.as_primitive::<Float64Type>().value(row).to_string(),
        ArrowType::Boolean => column.as_boolean().value(row).to_string(),
        ArrowType::Timestamp(..) => time_text(column.as_primitive::<TimestampMillisecondType>().value(row)),
        other => panic!("no {other} in tests"),
    }
}

/// A batch as text, one line per row.
pub fn lines(batch: &RowBatch) -> Vec<String> {
    (0..batch.num_rows())
        .map(|row| {
            let cells: Vec<String> = batch.columns.columns().iter().map(|column| cell(column, row)).collect();
            let sign = if batch.weight(row) < 0 { "- " } else { "" };
            format!("{sign}{}", cells.join(" | "))
        })
        .collect()
}

/// What an operator emits for a batch with these watermarks before its rows: the rows, each with the watermark before it.
pub fn stamped<O: Operator<RowBatch>>(
    operator: &mut O,
    port: usize,
    batch: RowBatch,
    watermarks: &[(usize, i64)],
) -> Vec<String> {
    let mut runs = WatermarkRuns::default();
    watermarks.iter().for_each(|(row, watermark)| runs.push(*row, Watermark(*watermark)));
    let mut out = Output::new(Watermark::MIN, usize::MAX);
    operator.on_batch(port, batch, &runs, &mut out).unwrap();
    let rows = |(batch, runs): (RowBatch, WatermarkRuns)| {
        let line = move |(row, line): (usize, String)| format!("{line} @ {}", runs.before(row).0);
        lines(&batch).into_iter().enumerate().map(line).collect::<Vec<_>>()
    };
    out.take().into_iter().flat_map(rows).collect()
}

/// One line of a script.
#[derive(Clone, Copy)]
enum Step<'a> {
    Row(&'a str),
    Watermark(Watermark),
}

fn steps(script: &str) -> Vec<Step<'_>> {
    let lines = script.lines().map(str::trim).filter(|line| !line.is_empty());
    lines
        .map(|line| match line.strip_prefix('~') {
            Some(time) => Step::Watermark(Watermark(millis(time))),
            None => Step::Row(line),
        })
        .collect()
}

/// One worker, with as much of the driver as operators rely on.
struct Worker<O> {
    operator: O,
    context: OperatorContext,
    watermark: Watermark,
    room: usize,
    lines: Vec<String>,
}

impl<O: Operator<RowBatch>> Worker<O> {
    fn call(&mut self, call: impl FnOnce(&mut O, &mut Output<RowBatch>)) {
        let mut out = Output::new(self.watermark, self.room);
        call(&mut self.operator, &mut out);
        self.take(&mut out);
        while self.operator.has_more() {
            let mut out = Output::new(self.watermark, self.room);
            self.operator.resume(&mut out).unwrap();
            self.take(&mut out);
        }
    }

    fn take(&mut self, out: &mut Output<RowBatch>) {
        let batches = out.take();
        assert!(batches.len() <= self.room, "{} batches, and room for {}", batches.len(), self.room);
        self.lines.extend(batches.iter().flat_map(|(batch, _)| lines(batch)));
    }

    fn watermark(&mut self, watermark: Watermark) {
        self.watermark = self.watermark.max(watermark);
        let watermark = self.watermark;
        self.call(|operator, out| operator.on_watermark(watermark, out).unwrap());
    }

    /// Hands a batch over, cut where the watermark passes the next timer.
    fn batch(&mut self, batch: &RowBatch, runs: &WatermarkRuns) {
        let mut position = 0;
        while position < batch.num_rows() {
            let watermark = runs.before(position).max(self.watermark);
            if watermark > self.watermark && self.operator.next_timer().is_some_and(|timer| timer <= watermark) {
                self.watermark(watermark);
            }
            self.watermark = watermark;
            let timer = self.operator.next_timer();
            let cut = runs.iter().find(|(row, later)| *row > position && timer.is_some_and(|timer| *later >= timer));
            let end = cut.map_or(batch.num_rows(), |(row, _)| row);
            let (rows, mut own) = (batch.slice(position, end - position), runs.slice(position, end - position));
            if own.before(0) < watermark {
                own = WatermarkRuns::constant(watermark);
            }
            self.call(|operator, out| operator.on_batch(0, rows, &own, out).unwrap());
            position = end;
        }
    }
}

/// How a script is run.
#[derive(Clone, Copy, Debug)]
struct Way {
    /// Watermarks and rows in one batch, as far as possible.
    whole_batches: bool,
    room: usize,
    /// The parallelism after the first, second, … line; a snapshot is taken where it changes or `restarts`.
    parallelism: &'static [usize],
    restarts: bool,
    /// Where keyed state is, likewise.
    homes: &'static [Home],
}

use Home::{Below, Log, Memory};

const WAYS: &[Way] = &[
    Way { whole_batches: false, room: usize::MAX, parallelism: &[1], restarts: false, homes: &[Memory] },
    Way { whole_batches: true, room: usize::MAX, parallelism: &[1], restarts: false, homes: &[Memory] },
    Way { whole_batches: true, room: 1, parallelism: &[1], restarts: false, homes: &[Memory] },
    Way { whole_batches: false, room: 1, parallelism: &[1], restarts: true, homes: &[Memory] },
    Way { whole_batches: false, room: usize::MAX, parallelism: &[3], restarts: false, homes: &[Memory] },
    Way { whole_batches: false, room: 1, parallelism: &[1, 3, 2, 4], restarts: true, homes: &[Memory] },
    Way { whole_batches: false, room: usize::MAX, parallelism: &[1], restarts: false, homes: &[Below] },
    Way { whole_batches: false, room: 1, parallelism: &[1, 3, 2, 4], restarts: true, homes: &[Below] },
    Way { whole_batches: false, room: 1, parallelism: &[1, 3, 2, 4], restarts: true, homes: &[Log] },
    Way { whole_batches: false, room: 1, parallelism: &[2, 1, 3], restarts: true, homes: &[Memory, Below, Log, Below] },
];

/// What an operator emits for a script, and how many rows were late: the rows in order as one worker emits them.
/// All other ways to run it must give the same rows. `keys` is what the input is routed by.
pub fn results<O: Operator<RowBatch>>(
    table: &Table,
    keys: &[Expression],
    make: impl Fn(OperatorContext) -> O,
    script: &str,
) -> (Vec<String>, u64) {
    let mut first: Option<(Vec<String>, u64)> = None;
    for way in WAYS {
        let (mut rows, late) = run(table, keys, &make, script, *way);
        match &first {
            None => first = Some((rows, late)),
            Some((expected, expected_late)) => {
                if way.parallelism == [1] && !way.restarts {
                    assert_eq!(&rows, expected, "{way:?}");
                }
                let mut expected = expected.clone();
                expected.sort();
                rows.sort();
                assert_eq!(rows, expected, "{way:?}");
                assert_eq!(late, *expected_late, "late rows, {way:?}");
            }
        }
    }
    first.unwrap()
}

fn workers<O>(make: &impl Fn(OperatorContext) -> O, way: Way, number: usize) -> Vec<Worker<O>> {
    let room = way.room;
    let parallelism = way.parallelism[number % way.parallelism.len()];
    let home = way.homes[number % way.homes.len()];
    (0..parallelism)
        .map(|worker| {
            let context = home.of(context(worker, parallelism));
            let operator = make(context.clone());
            Worker { operator, context, watermark: Watermark::MIN, room, lines: Vec::new() }
        })
        .collect()
}

/// What an operator holds at a barrier, all of it written.
pub fn snapshot<O: Operator<RowBatch>>(operator: &mut O) -> OperatorSnapshot {
    let snapshot = operator.snapshot().unwrap();
    while operator.write_behind().unwrap() {}
    snapshot
}

/// Where an operator keeps its keyed state.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Home {
    /// In memory.
    Memory,
    /// In memory, and in a log at barriers.
    Log,
    /// Below memory, of which there is none: what may leave it does so after each tick.
    Below,
}

impl Home {
    /// All of them.
    pub const ALL: [Home; 3] = [Home::Memory, Home::Log, Home::Below];

    /// The context of a worker whose state is there.
    pub fn of(self, context: OperatorContext) -> OperatorContext {
        let memory = match self {
            Home::Memory => return context,
            Home::Log => 1 << 30,
            Home::Below => 2,
        };
        let state = StateBackend::tiered(Arc::new(MemoryTier), memory, 0).unwrap().from_bytes(0);
        OperatorContext { state, ..context }
    }
}

/// The context of one worker that has no memory for keyed state.
pub fn tiered(context: OperatorContext) -> OperatorContext {
    Home::Below.of(context)
}

/// The context of one worker.
pub fn context(worker: usize, parallelism: usize) -> OperatorContext {
    OperatorContext {
        id: "test".into(),
        state: StateBackend::in_memory(Some(Arc::new(MemoryTier))),
        worker,
        parallelism,
        key_groups: KEY_GROUPS,
        clock: Arc::new(SystemClock),
        metrics: Arc::default(),
    }
}

fn run<O: Operator<RowBatch>>(
    table: &Table,
    keys: &[Expression],
    make: &impl Fn(OperatorContext) -> O,
    script: &str,
    way: Way,
) -> (Vec<String>, u64) {
    let mut router = KeyRouter::new(KeyRouterSpec { keys: keys.to_vec(), key_groups: KEY_GROUPS });
    let mut group = workers(make, way, 0);
    let (mut rows, mut late) = (Vec::new(), 0);
    let mut collect = |group: &mut Vec<Worker<O>>| {
        for worker in group {
            rows.append(&mut worker.lines);
            late += worker.context.metrics.late.get();
        }
    };
    let steps = steps(script);
    if way.whole_batches {
        let (mut lines, mut runs) = (Vec::new(), WatermarkRuns::default());
        for step in &steps {
            match step {
                Step::Row(line) => lines.push(*line),
                Step::Watermark(watermark) => runs.push(lines.len(), *watermark),
            }
        }
        group[0].batch(&table.batch(&lines), &runs);
        group[0].watermark(runs.last());
    } else {
        for (number, step) in steps.iter().enumerate() {
            match step {
                Step::Row(line) => {
                    let batch = table.batch(&[line]);
                    let mut targets = Vec::new();
                    router.route(&batch, group.len(), &mut targets).unwrap();
                    let worker = &mut group[targets[0] as usize];
                    let watermark = worker.watermark;
                    worker.batch(&batch, &WatermarkRuns::constant(watermark));
                }
                Step::Watermark(watermark) => group.iter_mut().for_each(|worker| worker.watermark(*watermark)),
            }
            if way.restarts {
                collect(&mut group);
                let parts: Vec<_> = group.iter_mut().map(|worker| snapshot(&mut worker.operator)).collect();
                let watermark = group[0].watermark;
                group = workers(make, way, number + 1);
                let parallelism = group.len();
                for (worker, member) in group.iter_mut().enumerate() {
                    let state = RestoredState::assign(&parts, worker, parallelism, KEY_GROUPS).unwrap();
                    member.operator.restore(state).unwrap();
                    member.watermark = watermark;
                }
            }
        }
    }
    for worker in &mut group {
        worker.watermark(Watermark::MAX);
        worker.call(|operator, out| operator.on_end(out).unwrap());
    }
    collect(&mut group);
    (rows, late)
}
