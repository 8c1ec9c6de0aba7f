//! What the planner says about windows, and the arithmetic of their borders.

use crate::expression::Expression;
use chrono_tz::Tz;
use riverrun_core::Millis;

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
    },
    /// They carry them: rows of a window function, or results of another window operator.
    Attached {
        /// `window_start`, TIMESTAMP(3).
        start: Expression,
        /// `window_end`, TIMESTAMP(3).
        end: Expression,
        /// As for [`Windowing::Time`]: the zone if the time attribute behind them is TIMESTAMP_LTZ.
        zone: Option<Tz>,
    },
}

impl Windowing {
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
