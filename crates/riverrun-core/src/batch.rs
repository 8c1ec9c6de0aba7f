//! Rows in Arrow, with signed weights where a stream can take rows back.

use arrow::array::{Array, RecordBatch, RecordBatchOptions, UInt32Array};
use arrow::buffer::ScalarBuffer;
use arrow::compute;
use arrow::datatypes::SchemaRef;
use std::fmt;

use crate::Result;

/// What a change does to its row, as users see it at the edges.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum RowKind {
    /// `+I`: a new row.
    Insert,
    /// `-U`: the row before an update.
    UpdateBefore,
    /// `+U`: the row after an update.
    UpdateAfter,
    /// `-D`: a row that is gone.
    Delete,
}

impl RowKind {
    /// Flink's short form: `+I`, `-U`, `+U`, `-D`.
    pub fn short(self) -> &'static str {
        match self {
            RowKind::Insert => "+I",
            RowKind::UpdateBefore => "-U",
            RowKind::UpdateAfter => "+U",
            RowKind::Delete => "-D",
        }
    }

    /// Whether the row is added (+1) or taken back (−1).
    pub fn weight(self) -> i64 {
        match self {
            RowKind::Insert | RowKind::UpdateAfter => 1,
            RowKind::UpdateBefore | RowKind::Delete => -1,
        }
    }
}

impl fmt::Display for RowKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.short())
    }
}

/// A batch of rows. In an append-only stream every row counts +1 and `weights` is absent.
#[derive(Clone, Debug)]
pub struct RowBatch {
    /// The columns.
    pub columns: RecordBatch,
    /// One signed weight per row: +1 adds the row, −1 takes an equal one back. `None`: all +1.
    pub weights: Option<ScalarBuffer<i64>>,
}

impl RowBatch {
    /// A batch in which every row is added.
    pub fn append(columns: RecordBatch) -> Self {
        RowBatch { columns, weights: None }
    }

    /// How many rows there are.
    pub fn num_rows(&self) -> usize {
        self.columns.num_rows()
    }

    /// The columns' schema.
    pub fn schema(&self) -> SchemaRef {
        self.columns.schema()
    }

    /// The weight of a row.
    #[inline]
    pub fn weight(&self, row: usize) -> i64 {
        self.weights.as_ref().map_or(1, |weights| weights[row])
    }

    /// The bytes that the rows take up in memory; a slice counts only its own share.
    pub fn num_bytes(&self) -> usize {
        let columns: usize = self
            .columns
            .columns()
            .iter()
            .map(|column| column.to_data().get_slice_memory_size().unwrap_or_else(|_| column.get_array_memory_size()))
            .sum();
        columns + self.weights.as_ref().map_or(0, |weights| weights.len() * 8)
    }

    /// `length` rows from `offset`, without copying.
    #[must_use]
    pub fn slice(&self, offset: usize, length: usize) -> Self {
        RowBatch {
            columns: self.columns.slice(offset, length),
            weights: self.weights.as_ref().map(|weights| weights.slice(offset, length)),
        }
    }

    /// The same rows with each weight +1 or −1: what counts twice comes twice, what counts nothing not at all.
    pub fn one_by_one(&self) -> Result<Self> {
        let Some(weights) = self.weights.as_ref().filter(|weights| weights.iter().any(|weight| weight.abs() != 1))
        else {
            return Ok(self.clone());
        };
        let times = |row: usize| std::iter::repeat_n(row as u32, weights[row].unsigned_abs() as usize);
        let rows: UInt32Array = (0..self.num_rows()).flat_map(times).collect();
        let taken = self.take(&rows)?;
        let weights = taken.weights.map(|weights| weights.iter().map(|weight| weight.signum()).collect());
        Ok(RowBatch { columns: taken.columns, weights })
    }

    /// The rows at these positions, in this order.
    pub fn take(&self, rows: &UInt32Array) -> Result<Self> {
        let columns = self.columns.columns().iter().map(|column| compute::take(column, rows, None));
        // Rows without columns are rows too: Arrow must be told how many.
        let options = RecordBatchOptions::new().with_row_count(Some(rows.len()));
        let columns =
            RecordBatch::try_new_with_options(self.columns.schema(), columns.collect::<Result<_, _>>()?, &options)?;
        let weights = self
            .weights
            .as_ref()
            .map(|weights| rows.values().iter().map(|&row| weights[row as usize]).collect::<ScalarBuffer<i64>>());
        Ok(RowBatch { columns, weights })
    }
}

impl From<RecordBatch> for RowBatch {
    fn from(columns: RecordBatch) -> Self {
        RowBatch::append(columns)
    }
}
