//! Time zones: instants ↔ local times.

use chrono::{Offset, TimeZone};
use chrono_tz::Tz;
use riverrun_core::{Error, Result};

/// The offset of local time from UTC at an instant, in seconds.
fn offset_at(zone: Tz, utc_seconds: i64) -> i64 {
    match chrono::DateTime::from_timestamp(utc_seconds, 0) {
        Some(instant) => i64::from(zone.offset_from_utc_datetime(&instant.naive_utc()).fix().local_minus_utc()),
        None => 0,
    }
}

/// The local time of an instant; both count units of which `per_second` make a second.
pub fn to_local(zone: Tz, instant: i64, per_second: i64) -> i64 {
    if zone == Tz::UTC {
        return instant;
    }
    instant.wrapping_add(offset_at(zone, instant.div_euclid(per_second)) * per_second)
}

/// The instant of a local time. Of two the earlier; a time that a clock skipped is taken as that much later, as in Java.
pub fn to_instant(zone: Tz, local: i64, per_second: i64) -> i64 {
    if zone == Tz::UTC {
        return local;
    }
    let seconds = local.div_euclid(per_second);
    let offset = match chrono::DateTime::from_timestamp(seconds, 0) {
        Some(time) => match zone.offset_from_local_datetime(&time.naive_utc()) {
            chrono::LocalResult::Single(offset) => i64::from(offset.fix().local_minus_utc()),
            chrono::LocalResult::Ambiguous(a, b) => {
                // The earlier instant is the one with the larger offset.
                i64::from(a.fix().local_minus_utc().max(b.fix().local_minus_utc()))
            }
            // No rule changes twice in a day: a day before, the offset from before the gap holds.
            chrono::LocalResult::None => offset_at(zone, seconds - 86_400),
        },
        None => 0,
    };
    local.wrapping_sub(offset * per_second)
}

/// The zone of this name, or an error that says so.
pub fn named(name: &str) -> Result<Tz> {
    crate::session::time_zone(name).ok_or_else(|| Error::failure(format!("there is no time zone '{name}'")))
}
