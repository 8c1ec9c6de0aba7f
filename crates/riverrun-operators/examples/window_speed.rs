//! How many rows per second a window aggregation takes in on one core, without source, exchange and sink.
//!
//! ```text
//! cargo run --release -p riverrun-operators --example window_speed
//! ```
//!
//! The shapes are those of Nexmark's q5 (bids per auction in hopping windows) and q7 (the highest bid of a tumbling window),
//! and counts of a web log by URL. The last line is the routing of such rows to their workers.

use arrow::array::{ArrayRef, Int64Array, RecordBatch, StringArray, TimestampMillisecondArray};
use datafusion_physical_expr::expressions::Column;
use riverrun_core::{Field, Millis, Result, RowBatch, Schema, SystemClock, TypeKind, Watermark};
use riverrun_operators::aggregate_call::AggregateCall;
use riverrun_operators::aggregates::{AggregateArgument, AggregateOptions, aggregate};
use riverrun_operators::expression::Expression;
use riverrun_operators::key_router::{KeyRouter, KeyRouterSpec};
use riverrun_operators::window::spec::{WindowAggregateSpec, WindowKind, WindowProperty, Windowing};
use riverrun_runtime::{OperatorContext, Output, Router, WatermarkRuns};
use std::sync::Arc;

const ROWS: usize = 8_192;
const BATCHES: usize = 1_000;

fn column(name: &str, index: usize) -> Expression {
    Arc::new(Column::new(name, index))
}

/// Bids: auction, price, time, URL; a million per 100 seconds, as the generator makes them by default.
fn bids(batch: usize) -> Result<RowBatch> {
    let number = |row: usize| (batch * ROWS + row) as u64;
    let random = |row: usize| (number(row) ^ 0x9E37_79B9).wrapping_mul(0xBF58_476D_1CE4_E5B9) >> 32;
    // Half of the bids go to a few hot auctions, the others to some of the last hundred.
    let auction = |row: usize| {
        let last = number(row) / 15;
        (if random(row) % 2 == 0 { last / 100 * 100 } else { last.saturating_sub(random(row) / 2 % 100) }) as i64
    };
    let columns: Vec<ArrayRef> = vec![
        Arc::new((0..ROWS).map(|row| Some(auction(row))).collect::<Int64Array>()),
        Arc::new((0..ROWS).map(|row| Some((random(row) % 10_000_000) as i64)).collect::<Int64Array>()),
        Arc::new((0..ROWS).map(|row| Some((number(row) / 10) as i64)).collect::<TimestampMillisecondArray>()),
        Arc::new((0..ROWS).map(|row| Some(format!("/products/{}", random(row) % 500))).collect::<StringArray>()),
    ];
    let schema = Schema::new(vec![
        Field::new("auction", TypeKind::BigInt.nullable()),
        Field::new("price", TypeKind::BigInt.nullable()),
        Field::new("ts", TypeKind::timestamp(3).nullable()),
        Field::new("url", TypeKind::STRING.nullable()),
    ]);
    Ok(RowBatch::append(RecordBatch::try_new(schema.to_arrow(), columns)?))
}

fn call(name: &str, arguments: Vec<Expression>) -> Result<(AggregateCall, Field)> {
    let bigint = TypeKind::BigInt.nullable();
    let types: Vec<_> = arguments.iter().map(|_| AggregateArgument::column(&bigint)).collect();
    let options = AggregateOptions { grouped: true, ..AggregateOptions::default() };
    let definition = aggregate(name).ok_or_else(|| riverrun_core::Error::bug("no such function"))?;
    let resolved = definition.bind(&types, &options)?;
    Ok((AggregateCall { function: resolved.function, arguments, filter: None }, Field::new(name, resolved.returns)))
}

fn measure(
    name: &str,
    kind: WindowKind,
    keys: Vec<(Expression, TypeKind)>,
    aggregate: (AggregateCall, Field),
) -> Result<()> {
    let (keys, types): (Vec<_>, Vec<_>) = keys.into_iter().unzip();
    let mut fields: Vec<Field> = types.into_iter().map(|kind| Field::new("key", kind.nullable())).collect();
    fields.push(aggregate.1);
    fields.push(Field::new("window_end", TypeKind::timestamp(3).not_null()));
    let spec = WindowAggregateSpec {
        windowing: Windowing::Time { kind, time: column("ts", 2), zone: None, processing: false },
        keys,
        aggregates: vec![aggregate.0],
        properties: vec![WindowProperty::End],
        retracting: false,
        emit: None,
        schema: Schema::new(fields),
        batch_size: ROWS,
    };
    let context = OperatorContext {
        id: "windows".into(),
        state: riverrun_state::tier::StateBackend::in_memory(None),
        worker: 0,
        parallelism: 1,
        key_groups: 128,
        clock: Arc::new(SystemClock),
        metrics: Arc::default(),
    };
    let mut operator = riverrun_operators::window::aggregate(spec, context)?;
    let batches = (0..BATCHES).map(bids).collect::<Result<Vec<_>>>()?;
    let start = cpu_time();
    let mut results = 0;
    for (number, batch) in batches.into_iter().enumerate() {
        let watermark = Watermark((number * ROWS / 10) as i64 - 4_000);
        let mut out = Output::new(watermark, usize::MAX);
        operator.on_watermark(watermark, &mut out)?;
        operator.on_batch(0, batch, &WatermarkRuns::constant(watermark), &mut out)?;
        results += out.take().iter().map(|(batch, _)| batch.num_rows()).sum::<usize>();
    }
    let seconds = (cpu_time() - start) as f64 / 1e9;
    println!("{name:<50} {:>8.1} M rows/s, {results} results", million() / seconds);
    Ok(())
}

/// Millions of rows in all.
fn million() -> f64 {
    (ROWS * BATCHES) as f64 / 1e6
}

fn route(name: &str, keys: Vec<Expression>) -> Result<()> {
    let mut router = KeyRouter::new(KeyRouterSpec { keys, key_groups: 128 });
    let batches = (0..BATCHES).map(bids).collect::<Result<Vec<_>>>()?;
    let start = cpu_time();
    let mut targets = Vec::new();
    for batch in &batches {
        targets.clear();
        router.route(batch, 2, &mut targets)?;
        for worker in 0..2 {
            let rows: Vec<u32> = (0..ROWS as u32).filter(|row| targets[*row as usize] == worker).collect();
            std::hint::black_box(batch.take(&rows.into())?);
        }
    }
    println!("{name:<50} {:>8.1} M rows/s", million() / ((cpu_time() - start) as f64 / 1e9));
    Ok(())
}

/// Nanoseconds of processor time of this process, so that a busy machine doesn't spoil the figure.
fn cpu_time() -> u64 {
    let stat = std::fs::read_to_string("/proc/self/schedstat").unwrap_or_default();
    stat.split_whitespace().next().and_then(|nanos| nanos.parse().ok()).unwrap_or_default()
}

fn main() -> Result<()> {
    let (size, slide) = (Millis(10_000), Millis(2_000));
    let price = || column("price", 1);
    let auction = || vec![(column("auction", 0), TypeKind::BigInt)];
    let url = || vec![(column("url", 3), TypeKind::STRING)];
    let hop = WindowKind::Hop { size, slide, offset: Millis(0) };
    let tumble = WindowKind::Tumble { size, offset: Millis(0) };
    measure("q5: COUNT(*) by auction, HOP 10 s every 2 s", hop, auction(), call("COUNT", Vec::new())?)?;
    measure("q7: MAX(price), TUMBLE 10 s", tumble, Vec::new(), call("MAX", vec![price()])?)?;
    measure("SUM(price) by auction, TUMBLE 10 s", tumble, auction(), call("SUM", vec![price()])?)?;
    measure("COUNT(*) by URL, TUMBLE 10 s", tumble, url(), call("COUNT", Vec::new())?)?;
    measure(
        "COUNT(*) by URL, SESSION 20 ms",
        WindowKind::Session { gap: Millis(20) },
        url(),
        call("COUNT", Vec::new())?,
    )?;
    route("routing by auction to 2 workers", vec![column("auction", 0)])?;
    route("routing by URL to 2 workers", vec![column("url", 3)])
}
