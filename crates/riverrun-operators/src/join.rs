//! What joins share: their kinds and conditions, the rows that a side keeps per key, and how pairs of rows become batches.

pub mod chunks;
pub mod gather;
pub mod held;
pub mod kept;
pub mod keys;
pub mod pages;
pub mod pairs;
pub mod rows;
pub mod state;

use crate::expression::{Expression, evaluate_condition};
use arrow::array::{ArrayRef, BooleanArray, RecordBatch, RecordBatchOptions};
use arrow::datatypes::{Schema as ArrowSchema, SchemaRef};
use riverrun_core::Result;
use std::fmt;
use std::sync::Arc;

/// Which rows a join gives.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum JoinKind {
    /// Pairs that match.
    Inner,
    /// Pairs that match, and left rows without a match with NULLs.
    Left,
    /// Pairs that match, and right rows without a match with NULLs.
    Right,
    /// Pairs that match, and rows of both sides without a match with NULLs.
    Full,
    /// Left rows that have a match: EXISTS, IN.
    Semi,
    /// Left rows that have none: NOT EXISTS.
    Anti,
}

/// One of the two inputs of a join; also the port at which its rows arrive.
pub const LEFT: usize = 0;
/// The other one.
pub const RIGHT: usize = 1;

impl JoinKind {
    /// Whether rows of a side without a match come out with NULLs.
    pub fn preserves(self, side: usize) -> bool {
        match self {
            JoinKind::Full => true,
            JoinKind::Left => side == LEFT,
            JoinKind::Right => side == RIGHT,
            JoinKind::Inner | JoinKind::Semi | JoinKind::Anti => false,
        }
    }

    /// Whether only left rows come out.
    pub fn is_semi(self) -> bool {
        matches!(self, JoinKind::Semi | JoinKind::Anti)
    }

    /// Whether rows that came out may have to be taken back though no input takes any back.
    pub fn retracts(self) -> bool {
        !matches!(self, JoinKind::Inner | JoinKind::Semi)
    }
}

impl fmt::Display for JoinKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            JoinKind::Inner => "inner",
            JoinKind::Left => "left",
            JoinKind::Right => "right",
            JoinKind::Full => "full",
            JoinKind::Semi => "semi",
            JoinKind::Anti => "anti",
        })
    }
}

/// A condition on a pair of rows, apart from the equality of keys.
#[derive(Clone, Debug)]
pub struct PairCondition {
    /// The condition, over `columns`.
    pub expression: Expression,
    /// The columns it reads: positions among those of the left side and then the right one.
    pub columns: Vec<usize>,
}

impl PairCondition {
    /// For which of `rows` pairs it is true; `columns` are those that it reads.
    pub fn holds(&self, columns: Vec<ArrayRef>, schema: &SchemaRef, rows: usize) -> Result<BooleanArray> {
        let fields: Vec<_> = self.columns.iter().map(|&column| schema.field(column).clone()).collect();
        let options = RecordBatchOptions::new().with_row_count(Some(rows));
        let batch = RecordBatch::try_new_with_options(Arc::new(ArrowSchema::new(fields)), columns, &options)?;
        evaluate_condition(&self.expression, &batch)
    }
}
