//! How fast records become columns: MB/s and rows/s of one core, the best of several rounds.
//!
//! `cargo bench -p riverrun-formats --bench decode`

#![allow(missing_docs, clippy::expect_used)]

mod clock;

use riverrun_core::{Field, Options, Schema, TypeKind};
use riverrun_formats::{FormatSpec, registry};
use std::fmt::Write;
use std::hint::black_box;

const ROWS: usize = 200_000;
const BATCH: usize = 8192;
const ROUNDS: usize = 7;

fn measure(
    name: &str,
    format: &str,
    columns: &[(&str, TypeKind)],
    projection: &[usize],
    options: &[(&str, &str)],
    text: &str,
) {
    // Arguments name the lines to measure; cargo adds `--bench`.
    let mut wanted = std::env::args().skip(1).filter(|argument| !argument.starts_with("--")).peekable();
    if wanted.peek().is_some() && !wanted.any(|argument| name.contains(&argument)) {
        return;
    }
    let fields = columns.iter().map(|(name, kind)| Field::new(*name, kind.clone().nullable()));
    let mut values = Options::default();
    for (key, value) in options {
        values.set(*key, *value);
    }
    let spec = FormatSpec {
        schema: Schema::new(fields.collect()),
        projection: projection.to_vec(),
        fields: Default::default(),
        metadata: Vec::new(),
        options: values,
        time_zone: chrono_tz::UTC,
    };
    let format = registry::format(format).expect("format");
    let best = clock::best_of(ROUNDS, || {
        let mut decoder = format.decoder(&spec).expect("decoder");
        let mut framer = format.framer(&spec.options).expect("framer");
        let mut rest = text.as_bytes();
        while let Some((content, next)) = framer.next(rest, true) {
            decoder.decode(&rest[..content]).expect("record");
            rest = &rest[next..];
            if decoder.rows() == BATCH {
                black_box(decoder.flush().expect("flush"));
            }
        }
        black_box(decoder.flush().expect("flush"));
    });
    let seconds = best.as_secs_f64();
    println!(
        "{name:<34} {:>7.0} MB/s {:>7.2} M rows/s",
        text.len() as f64 / 1e6 / seconds,
        ROWS as f64 / 1e6 / seconds
    );
}

fn main() {
    let (mut json, mut csv, mut log) = (String::new(), String::new(), String::new());
    for n in 0..ROWS {
        let (second, minute, status) = (n % 60, n / 60 % 60, [200, 200, 200, 304, 404, 500][n % 6]);
        let url = format!("/products/{}/reviews", n * 7919 % 1000);
        let _ = writeln!(
            json,
            r#"{{"ts":"2024-05-10 08:{minute:02}:{second:02}.123","client":"10.0.{}.{}","method":"GET","url":"{url}","status":{status},"bytes":{},"took":{}.25,"agent":"Mozilla/5.0 (X11; Linux x86_64)"}}"#,
            n % 256,
            n % 199,
            n % 100_000,
            n % 900
        );
        let _ = writeln!(
            csv,
            "2024-05-10 08:{minute:02}:{second:02}.123,10.0.{}.{},GET,{url},{status},{},{}.25",
            n % 256,
            n % 199,
            n % 100_000,
            n % 900
        );
        let _ = writeln!(
            log,
            r#"10.0.{}.{} - - [10/May/2024:08:{minute:02}:{second:02} +0000] "GET {url} HTTP/1.1" {status} {} "http://example.com/" "Mozilla/5.0 (X11; Linux x86_64)""#,
            n % 256,
            n % 199,
            n % 100_000
        );
    }
    let columns = [
        ("ts", TypeKind::timestamp(3)),
        ("client", TypeKind::STRING),
        ("method", TypeKind::STRING),
        ("url", TypeKind::STRING),
        ("status", TypeKind::Int),
        ("bytes", TypeKind::BigInt),
        ("took", TypeKind::Double),
    ];
    measure("json, all columns", "json", &columns, &[0, 1, 2, 3, 4, 5, 6], &[], &json);
    measure("json, 3 of 8 columns", "json", &columns, &[0, 3, 4], &[], &json);
    measure("csv, all columns", "csv", &columns, &[0, 1, 2, 3, 4, 5, 6], &[], &csv);
    measure("csv, 3 of 7 columns", "csv", &columns, &[0, 3, 4], &[], &csv);
    let columns = [
        ("client", TypeKind::STRING),
        ("time", TypeKind::timestamp(3)),
        ("path", TypeKind::STRING),
        ("status", TypeKind::Int),
        ("bytes", TypeKind::BigInt),
        ("agent", TypeKind::STRING),
    ];
    let combined = [("pattern", "combined")];
    measure("combined log, 6 columns", "regex", &columns, &[0, 1, 2, 3, 4, 5], &combined, &log);
    measure("combined log, time, path, status", "regex", &columns, &[1, 2, 3], &combined, &log);
    let pattern = r#"(?<client>\S+) \S+ \S+ \[(?<time>[^\]]*)\] "\S+ (?<path>\S+) [^"]*" (?<status>\d+) (?<bytes>\d+) "[^"]*" "(?<agent>[^"]*)""#;
    let options = [("pattern", pattern), ("timestamp-format", "%d/%b/%Y:%H:%M:%S %z")];
    measure("the same by regular expression", "regex", &columns, &[1, 2, 3], &options, &log);
    measure("raw lines", "raw", &[("line", TypeKind::STRING)], &[0], &[], &log);
}
