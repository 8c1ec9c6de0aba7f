//! DataFusion's batch engine over the same files: one-minute counts by status and URL.
//!
//! Usage: `riverrun-bench-peers json|log PATH THREADS`. Prints the seconds from start of the query to its last row, and
//! the number of rows counted.

use datafusion::arrow::datatypes::{DataType, Field, Schema, TimeUnit};
use datafusion::error::{DataFusionError, Result};
use datafusion::prelude::*;
use std::time::Instant;

const JSON: &str = "SELECT date_bin(INTERVAL '1 minute', at_time) AS minute, path, status, COUNT(*) AS n
  FROM lines GROUP BY 1, 2, 3";

/// The same fields as Riverrun's combined log format takes out of a line, by cutting at brackets, quotes and spaces, which is
/// faster than a regular expression.
const LOG: &str = r#"SELECT date_bin(INTERVAL '1 minute', to_timestamp(split_part(split_part(line, '[', 2), ']', 1), '%d/%b/%Y:%H:%M:%S %z')) AS minute,
  split_part(split_part(line, '"', 2), ' ', 2) AS path, CAST(split_part(split_part(line, '"', 3), ' ', 2) AS INT) AS status, COUNT(*) AS n
  FROM lines GROUP BY 1, 2, 3"#;

fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [format, path, threads] = arguments.as_slice() else {
        return Err(DataFusionError::Configuration("usage: riverrun-bench-peers json|log PATH THREADS".into()));
    };
    let threads: usize =
        threads.parse().map_err(|_| DataFusionError::Configuration("THREADS is not a number".into()))?;
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(threads).enable_all().build()?;
    runtime.block_on(run(format, path, threads))
}

async fn run(format: &str, path: &str, threads: usize) -> Result<()> {
    let context = SessionContext::new_with_config(SessionConfig::new().with_target_partitions(threads));
    let start = Instant::now();
    let query = if format == "json" {
        let schema = Schema::new(vec![
            Field::new("at_time", DataType::Timestamp(TimeUnit::Millisecond, None), true),
            Field::new("path", DataType::Utf8, true),
            Field::new("status", DataType::Int32, true),
        ]);
        context.register_json("lines", path, JsonReadOptions::default().schema(&schema).file_extension("")).await?;
        JSON
    } else {
        let schema = Schema::new(vec![Field::new("line", DataType::Utf8, true)]);
        let options = CsvReadOptions::new().has_header(false).delimiter(1).quote(2).schema(&schema).file_extension("");
        context.register_csv("lines", path, options).await?;
        LOG
    };
    let batches = context.sql(query).await?.collect().await?;
    let elapsed = start.elapsed().as_secs_f64();
    let groups: usize = batches.iter().map(|batch| batch.num_rows()).sum();
    println!("{elapsed:.3} {groups}");
    Ok(())
}
