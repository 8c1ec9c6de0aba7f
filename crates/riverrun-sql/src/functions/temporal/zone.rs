//! Time zones: instants ↔ local times, in the units of a timestamp's precision.

use chrono_tz::Tz;
use riverrun_core::zone::{offset_at_instant, offset_at_local};
use riverrun_core::{Error, Result};

/// The local time of an instant; both count units of which `per_second` make a second.
pub fn to_local(zone: Tz, instant: i64, per_second: i64) -> i64 {
    if zone == Tz::UTC {
        return instant;
    }
    instant.wrapping_add(offset_at_instant(zone, instant.div_euclid(per_second)) * per_second)
}

/// The instant of a local time. Of two the earlier; a time that a clock skipped is taken as that much later, as in Java.
pub fn to_instant(zone: Tz, local: i64, per_second: i64) -> i64 {
    if zone == Tz::UTC {
        return local;
    }
    local.wrapping_sub(offset_at_local(zone, local.div_euclid(per_second)) * per_second)
}

/// [`to_instant`], but of two instants the later: `java.util.Calendar` takes standard time there.
pub fn to_later_instant(zone: Tz, local: i64, per_second: i64) -> i64 {
    let earlier = to_instant(zone, local, per_second);
    // No clock is put back by more than a few hours, nor by less than half an hour.
    for minutes in [60, 30, 120] {
        let later = earlier.wrapping_add(minutes * 60 * per_second);
        if to_local(zone, later, per_second) == local {
            return later;
        }
    }
    earlier
}

/// The zone of this name, or an error that says so.
pub fn named(name: &str) -> Result<Tz> {
    crate::session::time_zone(name).ok_or_else(|| Error::failure(format!("there is no time zone '{name}'")))
}
