//! OVER: aggregates over the rows before each row of its partition.
//!
//! Ordered by time, each row comes out once, when its results are known ([`time`]). Ordered by another column, or over rows
//! that are updated, rows that come later may change the results of earlier ones, which are then taken back ([`mod@column`]).
//!
//! Source of the semantics: Flink 2.3, "Over Aggregation".

pub mod column;
pub mod time;

use crate::aggregate_call::AggregateCall;
use crate::expression::Expression;
use crate::rank::top_n::Ranking;
use crate::sort_key::SortKey;
use riverrun_core::{Millis, Schema};

/// Aggregates over the rows before each row. The input must be routed by `keys`.
#[derive(Clone, Debug)]
pub struct OverSpec {
    /// PARTITION BY.
    pub keys: Vec<Expression>,
    /// ORDER BY.
    pub order: OverOrder,
    /// ROWS or RANGE.
    pub unit: FrameUnit,
    /// Where the frame begins; it ends with the current row.
    pub start: FrameStart,
    /// The calls. Aggregates over bounded frames must be resolved as retracting.
    pub calls: Vec<OverCallSpec>,
    /// The input's columns, then one per call.
    pub schema: Schema,
    /// How long a partition is kept that gets no rows (`table.exec.state.ttl`); `None`: for ever.
    pub ttl: Option<Millis>,
    /// How many rows a batch of results has at the most (`execution.batch-size`).
    pub batch_size: usize,
}

/// What rows are ordered by.
#[derive(Clone, Debug)]
pub enum OverOrder {
    /// An event-time column.
    EventTime(Expression),
    /// The order of arrival.
    Arrival,
    /// Another column; or any where rows are taken back.
    Column(SortKey),
}

/// What a frame counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FrameUnit {
    /// Rows.
    Rows,
    /// Values of the order: rows of the same time see each other.
    Range,
}

/// Where a frame begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FrameStart {
    /// With the first row.
    Unbounded,
    /// So many rows before the current one.
    Rows(u64),
    /// So long before the current row's time.
    Span(Millis),
}

/// What is computed.
#[derive(Clone, Debug)]
pub enum OverCallSpec {
    /// An aggregate over the frame.
    Aggregate(AggregateCall),
    /// The rank of the row among all rows so far.
    Rank(Ranking),
    /// The value of an earlier row.
    Lag {
        /// The value.
        value: Expression,
        /// How many rows before.
        rows: u32,
        /// The value where there is no such row; NULL if absent.
        default: Option<Expression>,
    },
}

impl OverSpec {
    /// How many rows before the current one LAG looks at.
    fn longest_lag(&self) -> Option<usize> {
        let lags = self.calls.iter().filter_map(|call| match call {
            OverCallSpec::Lag { rows, .. } => Some(*rows as usize),
            _ => None,
        });
        lags.max()
    }

    /// The aggregates among the calls.
    fn aggregates(&self) -> Vec<AggregateCall> {
        let calls = self.calls.iter().filter_map(|call| match call {
            OverCallSpec::Aggregate(call) => Some(call.clone()),
            _ => None,
        });
        calls.collect()
    }
}
