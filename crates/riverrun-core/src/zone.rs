//! Time zones: between instants and what clocks show, with Java's answers at daylight saving's edges.

use chrono::{DateTime, LocalResult, Offset, TimeZone};
pub use chrono_tz::Tz;

/// How far a zone's clocks are ahead of UTC at an instant, in seconds.
#[inline]
pub fn offset_at_instant(zone: Tz, epoch_seconds: i64) -> i64 {
    if zone == Tz::UTC {
        return 0;
    }
    DateTime::from_timestamp(epoch_seconds, 0)
        .map_or(0, |instant| zone.offset_from_utc_datetime(&instant.naive_utc()).fix().local_minus_utc().into())
}

/// How far a zone's clocks are ahead of UTC when they show a local time, given in seconds as if it were UTC.
///
/// As `LocalDateTime.atZone`: of the doubled hour in autumn the first is meant, and a time in spring's gap is moved on by the gap.
pub fn offset_at_local(zone: Tz, local_seconds: i64) -> i64 {
    if zone == Tz::UTC {
        return 0;
    }
    let Some(local) = DateTime::from_timestamp(local_seconds, 0).map(|local| local.naive_utc()) else {
        return 0;
    };
    match zone.offset_from_local_datetime(&local) {
        LocalResult::Single(offset) | LocalResult::Ambiguous(offset, _) => offset.fix().local_minus_utc().into(),
        // No zone skips more than a day, so the clock of a day before had the offset that held before the gap.
        LocalResult::None => offset_at_instant(zone, local_seconds - 86_400 - offset_at_instant(zone, local_seconds)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::calendar::days_from_civil;

    fn seconds(day: (i64, u32, u32), hour: i64, minute: i64) -> i64 {
        days_from_civil(day.0, day.1, day.2) * 86_400 + hour * 3_600 + minute * 60
    }

    #[test]
    fn daylight_savings_edges_are_javas() {
        let berlin = Tz::Europe__Berlin;
        assert_eq!(offset_at_local(berlin, seconds((2024, 1, 1), 12, 0)), 3_600);
        assert_eq!(offset_at_local(berlin, seconds((2024, 3, 31), 2, 30)), 3_600);
        assert_eq!(offset_at_local(berlin, seconds((2024, 3, 31), 3, 30)), 7_200);
        assert_eq!(offset_at_local(berlin, seconds((2024, 10, 27), 2, 30)), 7_200);
        assert_eq!(offset_at_instant(berlin, seconds((2024, 7, 1), 0, 0)), 7_200);
    }
}
