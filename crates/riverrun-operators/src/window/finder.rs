//! Finds the slice of each row of a batch.

use super::borders::{Borders, Window};
use super::local_time::LocalTime;
use super::spec::Windowing;
use crate::event_time::{null_row_time, timestamp_millis};
use crate::expression::{Expression, evaluate};
use arrow::array::{Array, RecordBatch};
use arrow::buffer::ScalarBuffer;
use riverrun_core::{Error, Result, Watermark};

/// How the rows of one operator find their slices.
#[derive(Debug)]
pub enum Finder {
    /// By their time.
    Time {
        /// The windows' borders.
        borders: Borders,
        /// The time column.
        time: Expression,
        /// The zone of the borders.
        zone: LocalTime,
    },
    /// By the windows that they carry; each is its own slice.
    Attached {
        /// `window_start`.
        start: Expression,
        /// `window_end`.
        end: Expression,
        /// The zone of the borders.
        zone: LocalTime,
    },
}

/// The times or windows of a batch's rows.
#[derive(Debug)]
pub enum RowTimes {
    /// Event time.
    Instants(ScalarBuffer<i64>),
    /// Windows.
    Windows {
        /// The windows' starts.
        starts: ScalarBuffer<i64>,
        /// The windows' ends.
        ends: ScalarBuffer<i64>,
    },
}

/// A slice, and the instants for which it is known to be the right one.
#[derive(Clone, Copy, Debug)]
pub struct Found {
    /// The slice.
    pub slice: Window,
    from: i64,
    until: i64,
}

impl Found {
    /// Whether an instant falls into this slice too.
    #[inline]
    pub fn covers(&self, instant: i64) -> bool {
        self.from <= instant && instant < self.until
    }
}

impl Finder {
    /// The finder for a windowing other than SESSION.
    pub fn new(windowing: &Windowing) -> Result<Self> {
        let zone = LocalTime::new(windowing.zone());
        Ok(match windowing {
            Windowing::Time { kind, time, .. } => {
                Finder::Time { borders: Borders::new(*kind)?, time: time.clone(), zone }
            }
            Windowing::Attached { start, end, .. } => Finder::Attached { start: start.clone(), end: end.clone(), zone },
        })
    }

    /// The zone of the borders.
    pub fn zone(&self) -> &LocalTime {
        match self {
            Finder::Time { zone, .. } | Finder::Attached { zone, .. } => zone,
        }
    }

    /// The borders, if rows come by time.
    pub fn borders(&self) -> Option<Borders> {
        match self {
            Finder::Time { borders, .. } => Some(*borders),
            Finder::Attached { .. } => None,
        }
    }

    /// What is needed of a batch.
    pub fn times(&self, batch: &RecordBatch) -> Result<RowTimes> {
        let column = |expression: &Expression| {
            let column = evaluate(expression, batch)?;
            if column.logical_null_count() > 0 {
                return Err(null_row_time());
            }
            timestamp_millis(&column)
        };
        Ok(match self {
            Finder::Time { time, .. } => RowTimes::Instants(column(time)?),
            Finder::Attached { start, end, .. } => RowTimes::Windows { starts: column(start)?, ends: column(end)? },
        })
    }

    /// The slice of an instant.
    pub fn find(&mut self, instant: i64) -> Result<Found> {
        let Finder::Time { borders, zone, .. } = self else {
            return Err(Error::bug("rows that carry their windows have no slices"));
        };
        let constant = zone.around(instant);
        let slice = borders.slice(instant.saturating_add(constant.offset));
        Ok(Found {
            slice,
            from: slice.start.saturating_sub(constant.offset).max(constant.from),
            until: slice.end.saturating_sub(constant.offset).min(constant.until),
        })
    }

    /// The first window of a slice that has not fired at this watermark.
    pub fn first_unfired(&self, slice: Window, watermark: Watermark) -> Option<Window> {
        let fired = |window: Window| self.zone().trigger(window.end) <= watermark;
        match self {
            Finder::Time { borders, .. } => borders.windows(slice).first_unfired(fired),
            Finder::Attached { .. } => Some(slice).filter(|window| !fired(*window)),
        }
    }

    /// The last window that a slice is part of.
    pub fn last_window(&self, slice: Window) -> Option<Window> {
        match self {
            Finder::Time { borders, .. } => borders.last_window(slice),
            Finder::Attached { .. } => Some(slice),
        }
    }
}
