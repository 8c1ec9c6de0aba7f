//! The summary of a run as JSON (`--summary`).

use crate::output;
use crate::progress::count;
use riverrun::JobReport;
use riverrun_core::metrics::OperatorRole;
use riverrun_core::{Error, Result};
use serde::Serialize;
use std::path::Path;
use std::time::Duration;

/// What errors call it.
const WHAT: &str = "summary";

/// What a run did.
#[derive(Debug, Default, Serialize)]
pub struct Summary {
    /// `finished`, `stopped` or `failed`.
    pub state: String,
    /// The error's message, if it failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    /// Seconds from start to end.
    pub elapsed_seconds: f64,
    /// The most memory that the process had, in bytes; of several, the sum of the most that each had.
    pub peak_memory_bytes: u64,
    /// Rows dropped because their window had closed.
    pub late_rows: u64,
    /// Broken rows that a policy skipped.
    pub skipped_rows: u64,
    /// Broken rows that went to a dead-letter table.
    pub dead_rows: u64,
    /// The longest that a checkpoint has kept an operator from its rows, in milliseconds.
    pub longest_pause_ms: f64,
    /// The tables that were read.
    pub sources: Vec<TableSummary>,
    /// The tables that were written.
    pub sinks: Vec<TableSummary>,
}

/// What happened to one table.
#[derive(Debug, Serialize)]
pub struct TableSummary {
    /// Its name.
    pub table: String,
    /// Rows read or written.
    pub rows: u64,
    /// Bytes read or written, where the connector knows.
    pub bytes: u64,
    /// Broken rows that were skipped.
    pub skipped: u64,
    /// Broken rows that became dead letters.
    pub dead: u64,
}

impl Summary {
    /// Adds what a job has counted.
    pub fn add(&mut self, report: &JobReport) {
        self.peak_memory_bytes += report.peak_memory;
        for operator in &report.totals {
            self.late_rows += operator.late;
            self.skipped_rows += operator.skipped;
            self.dead_rows += operator.dead;
            self.longest_pause_ms = self.longest_pause_ms.max(operator.pause as f64 / 1e6);
            let (rows, tables) = match operator.role {
                OperatorRole::Source => (operator.rows_out, &mut self.sources),
                OperatorRole::Sink => (operator.rows_in, &mut self.sinks),
                OperatorRole::Operator => continue,
            };
            tables.push(TableSummary {
                table: operator.name.clone(),
                rows,
                bytes: operator.bytes,
                skipped: operator.skipped,
                dead: operator.dead,
            });
        }
    }

    /// The summary in one line.
    pub fn line(&self) -> String {
        let rows = |tables: &[TableSummary]| tables.iter().map(|table| table.rows).sum::<u64>();
        let mut text =
            format!("{}: {} rows in, {} rows out", self.state, count(rows(&self.sources)), count(rows(&self.sinks)));
        for (rows, what) in [(self.late_rows, "late"), (self.skipped_rows, "skipped"), (self.dead_rows, "dead letters")]
        {
            if rows > 0 {
                text.push_str(&format!(", {} {what}", count(rows)));
            }
        }
        text
    }

    /// Writes the summary to a file; `-` is standard output.
    pub fn write(&mut self, path: &Path, elapsed: Duration) -> Result<()> {
        self.elapsed_seconds = elapsed.as_secs_f64();
        self.peak_memory_bytes += peak_memory();
        let text = serde_json::to_string_pretty(self).map_err(|error| Error::bug(error.to_string()))?;
        if path.as_os_str() == "-" {
            return output::print(&(text + "\n"));
        }
        output::write_file(path, WHAT, &(text + "\n"))
    }

    /// Sees before anything runs that the summary can be written.
    pub fn check(path: Option<&Path>) -> Result<()> {
        match path {
            Some(path) if path.as_os_str() != "-" => output::check_writable(path, WHAT),
            _ => Ok(()),
        }
    }
}

/// The most memory this process has had so far, in bytes; 0 where the system does not say.
pub fn peak_memory() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    status
        .lines()
        .find_map(|line| line.strip_prefix("VmHWM:"))
        .and_then(|rest| rest.trim().trim_end_matches("kB").trim().parse::<u64>().ok())
        .map_or(0, |kilobytes| kilobytes * 1024)
}
