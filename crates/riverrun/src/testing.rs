//! Tests of pipelines: rows in, SQL, rows out, in one readable file each, run with a clock that stands still.
//!
//! ```text
//! Clicks per user and minute.
//!
//! == sql
//! CREATE TABLE clicks (who STRING, ts TIMESTAMP(3), WATERMARK FOR ts AS ts);
//! SELECT who, COUNT(*) AS n FROM clicks GROUP BY who;
//!
//! == input clicks
//! who | ts
//! ada | 2024-01-01 10:00:05
//! ada | 2024-01-01 10:00:20
//!
//! == expect
//! who | n
//! ada | 2
//! ```
//!
//! [`TestFile::read`] reads such a file, [`run`] runs it, and [`TestReport::updated`] is the file as it should be.
//! `riverrun test` is these on a command line; the book's "Testing pipelines" describes the format.

mod cells;
mod compare;
mod execute;
mod file;
mod gate;
mod redirect;
mod results;
#[cfg(test)]
mod tests;

pub use compare::{DiffLine, diff};
pub use execute::{TestOptions, run};
pub use file::{ExpectMode, TestFile};

use riverrun_core::Error;

/// What became of one test.
#[derive(Clone, Debug)]
pub struct TestReport {
    /// What is not as expected; empty where the test has passed.
    pub differences: Vec<Difference>,
    /// The file's text with what was found in the place of what was expected.
    pub updated: String,
}

impl TestReport {
    /// Whether all is as expected.
    pub fn passed(&self) -> bool {
        self.differences.is_empty()
    }
}

/// A block that is not as expected.
#[derive(Clone, Debug)]
pub enum Difference {
    /// Other rows.
    Rows {
        /// The block: `expect per_minute`.
        block: String,
        /// The line at which it stands.
        line: u32,
        /// The rows as they should be and as they are.
        diff: Vec<DiffLine>,
    },
    /// The pipeline failed, and should not have, or otherwise than it should.
    Error {
        /// What went wrong, with its place in the file.
        error: Box<Error>,
        /// The error that was expected.
        expected: Option<String>,
    },
    /// An error was expected, and none came.
    NoError {
        /// The error that was expected.
        expected: String,
        /// The line at which it stands.
        line: u32,
    },
    /// A snapshot was to be taken ([`TestOptions::checkpoint_after_rows`]), and no job of the test has read so many rows.
    NoSnapshot {
        /// After how many rows.
        wanted: u64,
        /// How many rows were read, by the job that has read most.
        rows: u64,
    },
}
