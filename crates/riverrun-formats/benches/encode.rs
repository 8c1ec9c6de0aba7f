//! How fast columns become records: MB/s and rows/s of one core, the best of several rounds.
//!
//! `cargo bench -p riverrun-formats --bench encode`

#![allow(missing_docs, clippy::expect_used)]

mod clock;

use arrow::array::{ArrayRef, Int64Array, RecordBatch, StringArray, TimestampMillisecondArray};
use riverrun_core::{Field, Options, Schema, TypeKind};
use riverrun_formats::{EncodedRows, FormatSpec, registry};
use std::hint::black_box;
use std::sync::Arc;

const ROWS: i64 = 200_000;
const BATCH: usize = 8192;
const ROUNDS: usize = 15;

fn measure(name: &str, format: &str, columns: &[(&str, TypeKind, ArrayRef)]) {
    // Arguments name the lines to measure; cargo adds `--bench`.
    let mut wanted = std::env::args().skip(1).filter(|argument| !argument.starts_with("--")).peekable();
    if wanted.peek().is_some() && !wanted.any(|argument| name.contains(&argument)) {
        return;
    }
    let schema =
        Schema::new(columns.iter().map(|(name, kind, _)| Field::new(*name, kind.clone().nullable())).collect());
    let arrays = columns.iter().map(|(_, _, array)| array.clone()).collect();
    let batch = RecordBatch::try_new(schema.to_arrow(), arrays).expect("batch");
    let spec = FormatSpec {
        projection: (0..schema.len()).collect(),
        schema,
        fields: Default::default(),
        metadata: Vec::new(),
        options: Options::default(),
        time_zone: chrono_tz::UTC,
    };
    let mut encoder = registry::format(format).expect("format").encoder(&spec).expect("encoder");
    let mut rows = EncodedRows::default();
    let mut bytes = 0;
    let best = clock::best_of(ROUNDS, || {
        bytes = 0;
        for start in (0..batch.num_rows()).step_by(BATCH) {
            rows.clear();
            let rows_left = batch.num_rows() - start;
            encoder.encode(&batch.slice(start, BATCH.min(rows_left)), &mut rows).expect("encode");
            bytes += black_box(&rows).data.len();
        }
    });
    let seconds = best.as_secs_f64();
    println!("{name:<34} {:>7.0} MB/s {:>7.2} M rows/s", bytes as f64 / 1e6 / seconds, ROWS as f64 / 1e6 / seconds);
}

fn integers(value: impl Fn(i64) -> i64) -> ArrayRef {
    Arc::new((0..ROWS).map(value).collect::<Int64Array>())
}

fn texts(value: impl Fn(i64) -> String) -> ArrayRef {
    Arc::new((0..ROWS).map(|row| Some(value(row))).collect::<StringArray>())
}

fn main() {
    let letters = |row: i64, count: i64| -> String {
        (0..count).map(|n| char::from(b'a' + ((row * 31 + n * n * 7) % 26) as u8)).collect()
    };
    let times = TimestampMillisecondArray::from_iter_values((0..ROWS).map(|row| 1_436_918_400_000 + row / 10));
    let times: ArrayRef = Arc::new(times);
    let bids = [
        ("auction", TypeKind::BigInt, integers(|row| 1000 + row / 15)),
        ("bidder", TypeKind::BigInt, integers(|row| 1000 + row * 7919 % 50_000)),
        ("price", TypeKind::BigInt, integers(|row| row * 104_729 % 100_000_000)),
        ("time", TypeKind::timestamp(3), times.clone()),
        ("extra", TypeKind::STRING, texts(|row| letters(row, 100))),
    ];
    let labels = [
        ("time", TypeKind::timestamp(3), times),
        ("channel", TypeKind::STRING, texts(|row| letters(row, 5 + row % 10))),
        ("title", TypeKind::STRING, texts(|row| format!("{}, \"{}\"", letters(row, 8), letters(row, 4)))),
    ];
    for format in ["csv", "json"] {
        measure(&format!("{format}, numbers, a time, a long text"), format, &bids);
        measure(&format!("{format}, a time, short texts"), format, &labels);
    }
}
