//! What the planner says about windows, and the arithmetic of their borders.

use crate::aggregate_call::AggregateCall;
use crate::expression::Expression;
use crate::sort_key::SortKey;
use chrono_tz::Tz;
use riverrun_core::{Millis, Schema};

/// A window function with its arguments. Borders are in milliseconds of local time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WindowKind {
    /// `TUMBLE`: windows side by side.
    Tumble {
        /// The length of each.
        size: Millis,
        /// By how much the borders are moved from multiples of the size since 1970.
        offset: Millis,
    },
    /// `HOP`: windows that overlap (or leave gaps, if the slide is longer than the size).
    Hop {
        /// The length of each.
        size: Millis,
        /// From one window's start to the next one's.
        slide: Millis,
        /// By how much the borders are moved.
        offset: Millis,
    },
    /// `CUMULATE`: windows with a common start that grow by a step up to a size.
    Cumulate {
        /// The length of the longest.
        size: Millis,
        /// By how much each is longer than the one before; a divisor of the size.
        step: Millis,
        /// By how much the borders are moved.
        offset: Millis,
    },
    /// `SESSION`: rows of a key that are never further apart than the gap.
    Session {
        /// The longest pause within a session.
        gap: Millis,
    },
}

/// How rows find their windows.
#[derive(Clone, Debug)]
pub enum Windowing {
    /// By their event time.
    Time {
        /// The window function.
        kind: WindowKind,
        /// The time column. NULL fails the job.
        time: Expression,
        /// The session's time zone if the column is TIMESTAMP_LTZ: borders are those of its local time. `None` for TIMESTAMP.
        zone: Option<Tz>,
        /// Whether the column is processing time: rows have the time at which they come, and the clock ends windows.
        processing: bool,
    },
    /// They carry them: rows of a window function, or results of another window operator.
    Attached {
        /// `window_start`, TIMESTAMP(3).
        start: Expression,
        /// `window_end`, TIMESTAMP(3).
        end: Expression,
        /// As for [`Windowing::Time`]: the zone if the time attribute behind them is TIMESTAMP_LTZ.
        zone: Option<Tz>,
        /// Whether the time attribute behind them is processing time.
        processing: bool,
    },
}

impl Windowing {
    /// Whether the clock ends windows.
    pub fn is_processing(&self) -> bool {
        match self {
            Windowing::Time { processing, .. } | Windowing::Attached { processing, .. } => *processing,
        }
    }

    /// The zone of local time, if windows are of TIMESTAMP_LTZ.
    pub fn zone(&self) -> Option<Tz> {
        match self {
            Windowing::Time { zone, .. } | Windowing::Attached { zone, .. } => *zone,
        }
    }
}

/// A property of a window that stands in the output.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WindowProperty {
    /// `window_start`: TIMESTAMP(3) of local time.
    Start,
    /// `window_end`: TIMESTAMP(3) of local time.
    End,
    /// `window_time`: the last millisecond; TIMESTAMP(3), or TIMESTAMP_LTZ(3) where the input's time is.
    Time,
}

/// When the results of a window go out beside its end. Delays are of processing time; zero is with each row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EmitStrategy {
    /// How long after a group's first row, and how often, its result goes out before the end (`table.exec.emit.early-fire.delay`).
    pub early: Option<Millis>,
    /// The same after the end (`table.exec.emit.late-fire.delay`); `None`: with each late row.
    pub late: Option<Millis>,
    /// How long after its end a window still takes rows, of event time (`table.exec.emit.allow-lateness`).
    pub lateness: Millis,
}

impl Default for EmitStrategy {
    /// Once, at the window's end.
    fn default() -> Self {
        EmitStrategy { early: None, late: None, lateness: Millis(0) }
    }
}

/// Rows of a window function used one by one: `SELECT … FROM TABLE(TUMBLE(…))`.
#[derive(Clone, Debug)]
pub struct WindowAssignSpec {
    /// The window function; its rows come by [`Windowing::Time`].
    pub windowing: Windowing,
    /// `PARTITION BY` of SESSION; empty for the others. The input must be routed by these keys (SESSION only).
    pub keys: Vec<Expression>,
    /// The schema of the output: the input's columns, then `window_start`, `window_end`, `window_time`.
    pub schema: Schema,
}

/// An aggregation per window and key, over any window function: `GROUP BY keys, window_start, window_end`.
///
/// The input must be routed by `keys`.
#[derive(Clone, Debug)]
pub struct WindowAggregateSpec {
    /// How rows find their windows. The PARTITION BY columns of a SESSION are `keys`.
    pub windowing: Windowing,
    /// The group keys apart from the window.
    pub keys: Vec<Expression>,
    /// The aggregates.
    pub aggregates: Vec<AggregateCall>,
    /// The window's properties that stand in the output.
    pub properties: Vec<WindowProperty>,
    /// Whether the input can take rows back. A window whose rows are all gone gives no result.
    pub retracting: bool,
    /// When results go out, if that is not once at the window's end; the output is updated then. Not for SESSION, nor for rows that carry their windows.
    pub emit: Option<EmitStrategy>,
    /// The schema of the output: keys, aggregates, properties, in this order.
    pub schema: Schema,
    /// How many rows a batch of results has at the most (`execution.batch-size`).
    pub batch_size: usize,
}

/// The first rows of each window and key: `ROW_NUMBER() OVER (PARTITION BY window_start, window_end, keys ORDER BY order)`
/// between two ranks. The input is append-only, and routed by `keys`.
#[derive(Clone, Debug)]
pub struct WindowTopNSpec {
    /// Where the rows' windows are: [`Windowing::Attached`].
    pub windowing: Windowing,
    /// The partition keys apart from the window.
    pub keys: Vec<Expression>,
    /// The order of the ranks; of equal rows the first to arrive comes first.
    pub order: Vec<SortKey>,
    /// The first rank that comes out, from 1.
    pub first: u64,
    /// The last rank that comes out.
    pub last: u64,
    /// Whether the rank stands in the output, as a BIGINT after the input's columns.
    pub emit_rank: bool,
    /// The schema of the output: the input's columns, and the rank.
    pub schema: Schema,
    /// How many rows a batch of results has at the most.
    pub batch_size: usize,
}

/// The first or the last row by event time of each window and key. The input is append-only, and routed by `keys`.
#[derive(Clone, Debug)]
pub struct WindowDeduplicateSpec {
    /// Where the rows' windows are: [`Windowing::Attached`].
    pub windowing: Windowing,
    /// The partition keys apart from the window.
    pub keys: Vec<Expression>,
    /// The time column that orders the rows.
    pub time: Expression,
    /// Keeps the last row (`ORDER BY time DESC`; of equal times the last to arrive), not the first.
    pub keep_last: bool,
    /// Whether the rank (always 1) stands in the output, as a BIGINT after the input's columns.
    pub emit_rank: bool,
    /// The schema of the output: the input's columns, and the rank.
    pub schema: Schema,
    /// How many rows a batch of results has at the most.
    pub batch_size: usize,
}
