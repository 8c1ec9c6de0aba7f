use super::*;

fn options(pairs: &[(&str, &str)]) -> Options {
    let mut options = Options::default();
    for (key, value) in pairs {
        let value =
            riverrun_core::options::OptionValue { text: (*value).to_owned(), key_place: None, value_place: None };
        options.insert(*key, value);
    }
    options
}

fn times(pairs: &[(&str, &str)]) -> Result<ReloadTimes> {
    // A winter's day in Berlin.
    reload_times(&options(pairs), chrono_tz::Europe::Berlin, Millis(1_700_000_000_000))
}

#[test]
fn without_an_interval_a_table_is_read_once() {
    assert_eq!(times(&[]).unwrap(), ReloadTimes::Never);
}

#[test]
fn an_interval_is_read() {
    let found = times(&[(INTERVAL.name, "10 min"), (SCHEDULE.name, "FIXED_RATE")]).unwrap();
    assert_eq!(found, ReloadTimes::Periodic { interval: Millis(600_000), fixed_rate: true });
    let error = times(&[(INTERVAL.name, "0 s")]).unwrap_err();
    assert_eq!(error.message(), "'lookup.full-cache.periodic-reload.interval' = '0 s': it must be longer than nothing");
}

#[test]
fn a_time_of_the_day_is_that_of_its_offset_or_of_the_session() {
    let at = |time| match times(&[(STRATEGY.name, "TIMED"), (TIME.name, time), (DAYS.name, "2")]) {
        Ok(ReloadTimes::Timed { at, days: 2 }) => at.0 / 60_000,
        other => panic!("{other:?}"),
    };
    assert_eq!(at("10:15Z"), 10 * 60 + 15);
    assert_eq!(at("10:15+07:00"), 3 * 60 + 15);
    assert_eq!(at("00:15:00"), 23 * 60 + 15);
    let error = times(&[(STRATEGY.name, "TIMED"), (TIME.name, "noon")]).unwrap_err();
    assert_eq!(error.message(), "'lookup.full-cache.timed-reload.iso-time' = 'noon': it is no time of the day");
    let error = times(&[(STRATEGY.name, "TIMED")]).unwrap_err();
    assert_eq!(
        error.message(),
        "'lookup.full-cache.reload-strategy' = 'TIMED' needs 'lookup.full-cache.timed-reload.iso-time'"
    );
    let error = times(&[(STRATEGY.name, "TIMED"), (TIME.name, "10:15"), (DAYS.name, "0")]).unwrap_err();
    assert_eq!(error.message(), "'lookup.full-cache.timed-reload.interval-in-days' = '0': it must be at least 1");
}
