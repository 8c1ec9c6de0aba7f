use super::*;
use crate::testing::millis;

fn berlin() -> LocalTime {
    LocalTime::new(Some(Tz::Europe__Berlin))
}

#[test]
fn local_time_follows_daylight_saving() {
    let mut zone = berlin();
    assert_eq!(zone.of_instant(millis("2024-03-31 00:59:59.999")), millis("2024-03-31 01:59:59.999"));
    assert_eq!(zone.of_instant(millis("2024-03-31 01:00:00")), millis("2024-03-31 03:00:00"));
    assert_eq!(zone.of_instant(millis("2024-10-27 00:30:00")), millis("2024-10-27 02:30:00"));
    assert_eq!(zone.of_instant(millis("2024-10-27 01:30:00")), millis("2024-10-27 02:30:00"));
}

#[test]
fn a_window_fires_when_its_last_instant_has_passed() {
    let zone = berlin();
    let trigger = |end| zone.trigger(millis(end)).0;
    assert_eq!(trigger("2024-06-01 00:00:00"), millis("2024-05-31 21:59:59.999"));
    // The hour from two to three comes twice: its window fires after the second time.
    assert_eq!(trigger("2024-10-27 03:00:00"), millis("2024-10-27 01:59:59.999"));
    // It doesn't come at all: its window fires when it would begin.
    assert_eq!(trigger("2024-03-31 02:30:00"), millis("2024-03-31 00:59:59.999"));
    assert_eq!(trigger("2024-03-31 03:00:00"), millis("2024-03-31 00:59:59.999"));
}

#[test]
fn a_trigger_is_the_last_instant_before_a_windows_end() {
    let mut zone = berlin();
    for day in ["2024-03-31", "2024-10-27"] {
        for quarter in 0..24 * 4 {
            let end = millis(&format!("{day} 00:00:00")) + quarter * QUARTER;
            let trigger = zone.trigger(end).0;
            assert!(zone.of_instant(trigger) < end);
            assert!(zone.of_instant(trigger + 1) >= end, "{day} {quarter}");
            assert!((1..200).all(|step| zone.of_instant(trigger + step * QUARTER) >= end), "{day} {quarter}");
        }
    }
}

#[test]
fn window_time_is_an_instant_as_flink_computes_it() {
    let zone = berlin();
    assert_eq!(zone.window_time(millis("2024-06-01 00:00:00")), millis("2024-05-31 21:59:59.999"));
    assert_eq!(zone.window_time(millis("2024-10-27 03:00:00")), millis("2024-10-27 00:59:59.999"));
    assert_eq!(zone.window_time(millis("2024-03-31 02:30:00")), millis("2024-03-31 01:29:59.999"));
    assert_eq!(LocalTime::new(None).window_time(10), 9);
}

#[test]
fn offsets_of_half_hours_count() {
    let mut zone = LocalTime::new(Some(Tz::Asia__Kathmandu));
    assert_eq!(zone.of_instant(millis("00:00:00")), millis("05:45:00"));
}

#[test]
fn times_beyond_the_calendar_do_not_fail() {
    let mut zone = berlin();
    for time in [i64::MIN, i64::MAX] {
        let _ = (zone.of_instant(time), zone.trigger(time), zone.window_time(time));
    }
}
