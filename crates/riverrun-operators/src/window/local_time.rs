//! Between instants and the local time in which windows have their borders.
//!
//! The borders of windows over TIMESTAMP_LTZ are those of local time: a day window has 23 hours in spring, and the hour
//! that comes twice in autumn is in one window. Watermarks stay instants, so that windows fire when the last instant
//! of theirs has passed.

use chrono::{DateTime, LocalResult, NaiveDateTime, Offset, TimeZone};
use chrono_tz::Tz;
use riverrun_core::Watermark;

#[cfg(test)]
mod tests;

/// In tz data zones change their offset only at whole quarters of an hour of UTC (since standard time came in).
const QUARTER: i64 = 15 * 60 * 1_000;

/// A time zone, or none: then instants are local time.
#[derive(Clone, Debug)]
pub struct LocalTime {
    zone: Option<Tz>,
    local: bool,
    cached: ConstantOffset,
}

/// A stretch of time in which local time runs along: `local = instant + offset`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ConstantOffset {
    /// The first instant.
    pub from: i64,
    /// The first instant after it.
    pub until: i64,
    /// Milliseconds to add.
    pub offset: i64,
}

impl LocalTime {
    /// The local time of a zone; `None` (or UTC) leaves instants as they are.
    pub fn new(zone: Option<Tz>) -> Self {
        let local = zone.is_some();
        let zone = zone.filter(|zone| *zone != Tz::UTC);
        LocalTime { zone, local, cached: ConstantOffset { from: i64::MAX, until: i64::MAX, offset: 0 } }
    }

    /// Whether there is a zone, be it UTC: times are TIMESTAMP_LTZ.
    pub fn is_local(&self) -> bool {
        self.local
    }

    /// The stretch around an instant. Of a single instant, if the offset changes in its quarter of an hour.
    #[inline]
    pub fn around(&mut self, instant: i64) -> ConstantOffset {
        let Some(zone) = self.zone else {
            return ConstantOffset { from: i64::MIN, until: i64::MAX, offset: 0 };
        };
        if self.cached.from <= instant && instant < self.cached.until {
            return self.cached;
        }
        let from = instant.div_euclid(QUARTER).saturating_mul(QUARTER);
        let until = from.saturating_add(QUARTER);
        let offset = offset_at(zone, instant);
        self.cached = if offset_at(zone, from) == offset && offset_at(zone, until - 1) == offset {
            ConstantOffset { from, until, offset }
        } else {
            ConstantOffset { from: instant, until: instant.saturating_add(1), offset }
        };
        self.cached
    }

    /// The local time of an instant.
    #[inline]
    pub fn of_instant(&mut self, instant: i64) -> i64 {
        instant.saturating_add(self.around(instant).offset)
    }

    /// The watermark at which a window with this local end fires: the last instant whose local time is before it.
    pub fn trigger(&self, end: i64) -> Watermark {
        let last = end.saturating_sub(1);
        let Some((zone, local)) = self.zone.zip(naive(last)) else { return Watermark(last) };
        Watermark(match zone.offset_from_local_datetime(&local) {
            LocalResult::Single(offset) => last - millis(&offset),
            LocalResult::Ambiguous(one, other) => last - millis(&one).min(millis(&other)),
            LocalResult::None => last_before_gap(zone, last),
        })
    }

    /// `window_time` of a window with this local end, as it stands in the output: local time without a zone, else the
    /// instant. As in Flink it is the first of two instants with that local time, and where the clock was put forward over it
    /// the one that an unchanged clock would have shown.
    pub fn window_time(&self, end: i64) -> i64 {
        let last = end.saturating_sub(1);
        let Some((zone, local)) = self.zone.zip(naive(last)) else { return last };
        match zone.offset_from_local_datetime(&local) {
            LocalResult::Single(offset) => last - millis(&offset),
            LocalResult::Ambiguous(one, other) => last - millis(&one).max(millis(&other)),
            LocalResult::None => last - offset_at(zone, last_before_gap(zone, last)),
        }
    }
}

fn naive(millis: i64) -> Option<NaiveDateTime> {
    DateTime::from_timestamp_millis(millis).map(|time| time.naive_utc())
}

fn millis(offset: &impl Offset) -> i64 {
    i64::from(offset.fix().local_minus_utc()) * 1_000
}

/// Times beyond what a calendar can say have no offset.
fn offset_at(zone: Tz, instant: i64) -> i64 {
    naive(instant).map_or(0, |time| millis(&zone.offset_from_utc_datetime(&time)))
}

/// The last instant before the clock was put forward over `local`.
fn last_before_gap(zone: Tz, local: i64) -> i64 {
    // The offsets of all zones lie within a day, so the change lies between these two instants.
    let (mut before, mut after) = (local - 86_400_000, local + 86_400_000);
    let old = offset_at(zone, before);
    while after - before > 1 {
        let middle = before + (after - before) / 2;
        if offset_at(zone, middle) == old { before = middle } else { after = middle }
    }
    before
}
