//! What tables that are looked up share: the options of the cache, and how a whole table is read into memory.
//!
//! Source of the semantics: Flink 2.3, `LookupOptions`.

use crate::connector::SourceFactory;
use arrow::array::RecordBatch;
use riverrun_core::metrics::OperatorMetrics;
use riverrun_core::options::parse_duration;
use riverrun_core::{Clock, Error, Millis, OptionDef, OptionType, Options, Result};
use riverrun_runtime::SourceContext;
use riverrun_runtime::identity::JobIdentity;
use riverrun_runtime::source::{SourceEvent, SourceOutput, SourceState};
use riverrun_state::RestoredState;
use std::sync::Arc;
use std::time::Duration;

#[cfg(test)]
mod tests;

/// How long to wait for a source that does not say when it goes on.
const IDLE: Duration = Duration::from_millis(50);

/// When a table that is held whole is read again.
pub const STRATEGY: OptionDef = OptionDef::new(
    "lookup.full-cache.reload-strategy",
    OptionType::OneOf(&["PERIODIC", "TIMED"]),
    Some("PERIODIC"),
    "When a table that is held whole is read again: after an interval, or at a time of the day.",
);
/// After which interval.
pub const INTERVAL: OptionDef = OptionDef::new(
    "lookup.full-cache.periodic-reload.interval",
    OptionType::Duration,
    None,
    "After how long a table that is held whole is read again; without it, never.",
);
/// How the interval is measured.
pub const SCHEDULE: OptionDef = OptionDef::new(
    "lookup.full-cache.periodic-reload.schedule-mode",
    OptionType::OneOf(&["FIXED_DELAY", "FIXED_RATE"]),
    Some("FIXED_DELAY"),
    "Whether the interval begins when reading ends (FIXED_DELAY) or when it begins (FIXED_RATE).",
);
/// At which time.
pub const TIME: OptionDef = OptionDef::new(
    "lookup.full-cache.timed-reload.iso-time",
    OptionType::Text,
    None,
    "At which time of the day a table that is held whole is read again, as 10:15, 10:15Z or 10:15+07:00; without an offset in the session's zone.",
);
/// How often that is.
pub const DAYS: OptionDef = OptionDef::new(
    "lookup.full-cache.timed-reload.interval-in-days",
    OptionType::Int,
    Some("1"),
    "Every how many days that is.",
);

/// When a table is read again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReloadTimes {
    /// Never.
    Never,
    /// After an interval; since reading began if the rate is fixed, since it ended otherwise.
    Periodic {
        /// How long.
        interval: Millis,
        /// FIXED_RATE.
        fixed_rate: bool,
    },
    /// At a time of the day.
    Timed {
        /// Since midnight, UTC.
        at: Millis,
        /// Every so many days.
        days: i64,
    },
}

/// What a table's options say of reading it again. `now` and `zone` tell the offset of a time without one.
pub fn reload_times(options: &Options, zone: chrono_tz::Tz, now: Millis) -> Result<ReloadTimes> {
    let text = |definition: &OptionDef| options.given(definition.name).map(|value| value.text.trim().to_owned());
    let refused = |definition: &OptionDef, what: &str| {
        Error::input(format!("'{}' = '{}': {what}", definition.name, text(definition).unwrap_or_default()))
            .at(options.given(definition.name).and_then(|given| given.value_place))
    };
    if text(&STRATEGY).is_some_and(|strategy| strategy.eq_ignore_ascii_case("TIMED")) {
        let Some(time) = text(&TIME) else {
            return Err(Error::input(format!("'{}' = 'TIMED' needs '{}'", STRATEGY.name, TIME.name))
                .hint(format!("'{}' = '03:00'", TIME.name)));
        };
        let at = time_of_day(&time, zone, now).ok_or_else(|| {
            refused(&TIME, "it is no time of the day").hint("write it like 10:15, 10:15Z or 10:15+07:00")
        })?;
        let days = options.int(&DAYS)?.unwrap_or(1);
        if days < 1 {
            return Err(refused(&DAYS, "it must be at least 1"));
        }
        return Ok(ReloadTimes::Timed { at, days });
    }
    let Some(interval) = text(&INTERVAL).and_then(|interval| parse_duration(&interval)) else {
        return Ok(ReloadTimes::Never);
    };
    if interval.0 <= 0 {
        return Err(refused(&INTERVAL, "it must be longer than nothing"));
    }
    let fixed_rate = text(&SCHEDULE).is_some_and(|mode| mode.eq_ignore_ascii_case("FIXED_RATE"));
    Ok(ReloadTimes::Periodic { interval, fixed_rate })
}

/// A time of the day in UTC.
fn time_of_day(text: &str, zone: chrono_tz::Tz, now: Millis) -> Option<Millis> {
    use chrono::{NaiveTime, Offset, TimeZone, Timelike};
    let (time, offset) = match text.find(['Z', 'z', '+', '-']) {
        Some(at) if text[at..].eq_ignore_ascii_case("z") => (&text[..at], 0),
        Some(at) => {
            let sign = if text[at..].starts_with('-') { -1 } else { 1 };
            let offset = NaiveTime::parse_from_str(&text[at + 1..], "%H:%M").ok()?;
            (&text[..at], sign * i64::from(offset.num_seconds_from_midnight()))
        }
        None => {
            let instant = chrono::DateTime::from_timestamp_millis(now.0)?.naive_utc();
            (text, i64::from(zone.offset_from_utc_datetime(&instant).fix().local_minus_utc()))
        }
    };
    let time =
        NaiveTime::parse_from_str(time, "%H:%M:%S").or_else(|_| NaiveTime::parse_from_str(time, "%H:%M")).ok()?;
    let seconds = (i64::from(time.num_seconds_from_midnight()) - offset).rem_euclid(86_400);
    Some(Millis(seconds * 1000))
}

/// All rows of a bounded table, read by this thread.
pub fn read_all(factory: &dyn SourceFactory, clock: Arc<dyn Clock>) -> Result<Vec<RecordBatch>> {
    let (wake, woken) = crossbeam_channel::bounded::<()>(1);
    let context = SourceContext {
        worker: 0,
        parallelism: 1,
        clock,
        metrics: Arc::new(OperatorMetrics::default()),
        waker: Arc::new(move || {
            // A call that is waiting already says all there is to say.
            let _ = wake.try_send(());
        }),
        job: JobIdentity::ephemeral(),
    };
    let mut reader = factory.reader(context)?;
    reader.restore(RestoredState::default())?;
    let mut batches = Vec::new();
    let mut out = SourceOutput::default();
    loop {
        let state = reader.poll(&mut out)?;
        for event in out.take() {
            if let SourceEvent::Rows(_, batch) = event {
                if batch.weights.is_some() {
                    return Err(Error::bug("a table of changes as a table that is held whole"));
                }
                batches.push(batch.columns);
            }
        }
        match state {
            SourceState::Ready => {}
            SourceState::Idle(wait) => {
                let _ = woken.recv_timeout(wait.unwrap_or(IDLE).min(IDLE));
            }
            SourceState::Finished => return Ok(batches),
        }
    }
}
