//! Temporal functions by themselves: zones, borders, patterns. The golden expressions cover the rest.

use super::calendar::*;
use super::format::{TimeTexts, local};
use super::pattern::{Flavour, Local, Pattern};
use crate::functions::{Argument, FunctionContext, registry};
use arrow::array::{Array, ArrayRef};
use arrow::util::display::array_value_to_string;
use chrono_tz::Tz;
use datafusion_common::ScalarValue;
use datafusion_expr::ColumnarValue;
use riverrun_core::clock::ManualClock;
use riverrun_core::{DataType, Millis, Result, TypeKind};
use std::sync::Arc;

fn context(zone: Tz) -> FunctionContext {
    FunctionContext::new(zone, Arc::new(ManualClock::new(Millis(1_710_508_455_123))))
}

/// The result of a call in a zone as text, NULL as `-`, from constants and again from columns of two rows.
fn call(zone: Tz, name: &str, arguments: &[(ScalarValue, TypeKind)]) -> Result<String> {
    let types: Vec<DataType> = arguments.iter().map(|(_, kind)| kind.clone().nullable()).collect();
    let described: Vec<_> = arguments
        .iter()
        .zip(&types)
        .map(|((value, _), data_type)| Argument { data_type, literal: Some(value) })
        .collect();
    let resolved = (registry::function(name).unwrap().resolve)(&context(zone), &described)?;
    let text = |array: &ArrayRef, row| {
        if array.is_null(row) { "-".to_owned() } else { array_value_to_string(array, row).unwrap_or_default() }
    };
    let constants: Vec<_> = arguments.iter().map(|(value, _)| ColumnarValue::Scalar(value.clone())).collect();
    let constant = text(&resolved.kernel.invoke(&constants, 1)?.into_array(1).unwrap(), 0);
    let columns: Vec<_> =
        arguments.iter().map(|(value, _)| ColumnarValue::Array(value.to_array_of_size(2).unwrap())).collect();
    let column = resolved.kernel.invoke(&columns, 2)?.into_array(2).unwrap();
    assert_eq!(column.data_type(), &resolved.returns.to_arrow());
    assert_eq!(text(&column, 1), constant, "{name} over columns");
    Ok(constant)
}

fn string(text: &str) -> (ScalarValue, TypeKind) {
    (ScalarValue::Utf8(Some(text.to_owned())), TypeKind::STRING)
}

fn long(value: i64) -> (ScalarValue, TypeKind) {
    (ScalarValue::Int64(Some(value)), TypeKind::BigInt)
}

fn millis(value: i64) -> (ScalarValue, TypeKind) {
    (ScalarValue::TimestampMillisecond(Some(value), None), TypeKind::timestamp(3))
}

fn instant(value: i64) -> (ScalarValue, TypeKind) {
    (ScalarValue::TimestampMillisecond(Some(value), Some("UTC".into())), TypeKind::timestamp_ltz(3))
}

#[test]
fn weeks_are_isos_and_those_of_the_united_states() {
    let day = |year, month, day| days(year, month, day);
    assert_eq!(iso_week(day(2020, 12, 31)), (2020, 53));
    assert_eq!(iso_week(day(2021, 1, 3)), (2020, 53));
    assert_eq!(iso_week(day(2021, 1, 4)), (2021, 1));
    assert_eq!(us_week(day(2023, 12, 31)), (2024, 1));
    assert_eq!(us_week(day(2024, 1, 7)), (2024, 2));
    assert_eq!(us_week(day(2024, 12, 28)), (2024, 52));
    assert_eq!(iso_weekday(day(1969, 12, 31)), 3);
}

#[test]
fn months_between_are_whole_and_an_earlier_time_of_day_takes_one() {
    let at = |year, month, day, time| (days(year, month, day), time);
    assert_eq!(months_between(at(2024, 1, 31, 0), at(2024, 2, 29, 0)), 1);
    assert_eq!(months_between(at(2024, 1, 31, 5), at(2024, 2, 29, 4)), 0);
    assert_eq!(months_between(at(2024, 3, 1, 0), at(2023, 3, 1, 0)), -12);
    assert_eq!(months_between(at(1969, 12, 1, 0), at(1970, 1, 1, 0)), 1);
    assert_eq!(months_between(at(2032, 7, 15, 14), at(2024, 3, 15, 13)), -101);
    assert_eq!(months_between(at(2032, 7, 15, 12), at(2024, 3, 15, 13)), -100);
    assert_eq!(months_between(at(2024, 3, 31, 5), at(2024, 2, 29, 4)), -2);
}

#[test]
fn fields_before_1970_are_those_of_their_day() {
    // 1969-12-31 23:59:58.999
    for (function, expected) in [("YEAR", "1969"), ("HOUR", "23"), ("SECOND", "58"), ("DAYOFMONTH", "31")] {
        assert_eq!(call(Tz::UTC, function, &[millis(-1_001)]).unwrap(), expected, "{function}");
    }
    assert_eq!(call(Tz::UTC, "EXTRACT", &[string("MILLISECOND"), millis(-1_001)]).unwrap(), "999");
}

#[test]
fn ltz_is_read_and_rounded_in_the_sessions_zone() {
    // 2024-03-31T00:30Z is 01:30 in Berlin, half an hour before its clocks skip one.
    let time = instant(1_711_845_000_000);
    assert_eq!(call(Tz::Europe__Berlin, "HOUR", std::slice::from_ref(&time)).unwrap(), "1");
    let day = call(Tz::Europe__Berlin, "FLOOR TO", &[time.clone(), string("DAY")]).unwrap();
    assert_eq!(day, "2024-03-30T23:00:00Z");
    // The day has 23 hours.
    assert_eq!(call(Tz::Europe__Berlin, "CEIL TO", &[time, string("DAY")]).unwrap(), "2024-03-31T22:00:00Z");
}

#[test]
fn of_the_two_hours_of_autumn_each_is_rounded_by_itself() {
    let round = |name: &str, value: i64, unit: &str| {
        call(Tz::America__New_York, name, &[instant(value), string(unit)]).unwrap()
    };
    // 2024-11-03T05:30Z and 06:30Z are 01:30 in New York, before and after its clocks are put back.
    let (first, second) = (1_730_611_800_000, 1_730_615_400_000);
    assert_eq!(round("FLOOR TO", first, "HOUR"), "2024-11-03T05:00:00Z");
    assert_eq!(round("CEIL TO", first, "HOUR"), "2024-11-03T06:00:00Z");
    assert_eq!(round("FLOOR TO", second, "HOUR"), "2024-11-03T06:00:00Z");
    assert_eq!(round("CEIL TO", second, "HOUR"), "2024-11-03T07:00:00Z");
    assert_eq!(round("CEIL TO", second, "MINUTE"), "2024-11-03T06:30:00Z");
    assert_eq!(round("FLOOR TO", second, "SECOND"), "2024-11-03T06:30:00Z");
    // The day has 25 hours.
    assert_eq!(round("FLOOR TO", second, "DAY"), "2024-11-03T04:00:00Z");
    assert_eq!(round("CEIL TO", second, "DAY"), "2024-11-04T05:00:00Z");
}

#[test]
fn texts_of_other_zones_follow_daylight_saving() {
    let convert =
        |text: &str| call(Tz::UTC, "CONVERT_TZ", &[string(text), string("America/New_York"), string("UTC")]).unwrap();
    assert_eq!(convert("2024-03-10 01:59:59"), "2024-03-10 06:59:59");
    assert_eq!(convert("2024-03-10 02:30:00"), "2024-03-10 07:30:00");
    assert_eq!(convert("2024-11-03 01:30:00"), "2024-11-03 06:30:00");
    assert!(call(Tz::UTC, "CONVERT_TZ", &[string("2024-01-01 00:00:00"), string("Mars"), string("UTC")]).is_err());
}

#[test]
fn unix_seconds_are_those_of_the_sessions_zone() {
    let berlin = Tz::Europe__Berlin;
    assert_eq!(call(berlin, "FROM_UNIXTIME", &[long(0)]).unwrap(), "1970-01-01 01:00:00");
    assert_eq!(call(berlin, "UNIX_TIMESTAMP", &[string("1970-01-01 01:00:00")]).unwrap(), "0");
    assert_eq!(call(berlin, "UNIX_TIMESTAMP", &[]).unwrap(), "1710508455");
}

#[test]
fn patterns_write_what_java_writes() {
    // Tuesday, 2024-01-02 03:04:05.006007008, two hours ahead of UTC.
    let time = Local { day: days(2024, 1, 2), nanos: 11_045_006_007_008, offset: 7_200 };
    for (pattern, expected) in [
        ("yyyy-MM-dd'T'HH:mm:ss.SSSSSSSSSXXX", "2024-01-02T03:04:05.006007008+02:00"),
        ("yy/M/d h:m:s a", "24/1/2 3:4:5 AM"),
        ("EEEE, d. MMMM yyyy G", "Tuesday, 2. January 2024 AD"),
        ("D QQQ w e k K n A", "2 Q1 1 3 3 3 6007008 11045006"),
        ("xx Z O", "+0200 +0200 GMT+2"),
        ("''yyyy''[ HH]", "'2024' 03"),
    ] {
        let mut out = String::new();
        Pattern::new(pattern, Flavour::Formatter).unwrap().write(&time, &mut out);
        assert_eq!(out, expected, "{pattern}");
    }
    for pattern in ["b", "yyyy-MM-dd 'open", "HHH", "{", "]", "j", "SSSSSSSSSS"] {
        assert!(Pattern::new(pattern, Flavour::Formatter).is_err(), "{pattern}");
    }
}

#[test]
fn patterns_read_what_java_reads() {
    let read = |text: &str, pattern: &str, flavour| {
        let fields = Pattern::new(pattern, flavour).unwrap().read(text)?;
        let (day, nanos) = fields.resolve(flavour)?;
        let Civil { year, month, day } = civil(day);
        Some(format!("{year}-{month}-{day} {}", nanos / 1_000_000))
    };
    let strict = |text, pattern| read(text, pattern, Flavour::Formatter);
    assert_eq!(strict("20240102030405", "yyyyMMddHHmmss").as_deref(), Some("2024-1-2 11045000"));
    assert_eq!(strict("2 Jan 2024 03 PM", "d MMM yyyy hh a").as_deref(), Some("2024-1-2 54000000"));
    assert_eq!(strict("2024-02-30", "yyyy-MM-dd").as_deref(), Some("2024-2-29 0"));
    assert_eq!(strict("2024-060", "yyyy-DDD").as_deref(), Some("2024-2-29 0"));
    assert_eq!(strict("2024-1-2", "yyyy-MM-dd"), None);
    assert_eq!(strict("2024-01-02x", "yyyy-MM-dd"), None);
    assert_eq!(strict("2024-01-02", "yyyy-MM-dd[ HH:mm]").as_deref(), Some("2024-1-2 0"));
    assert_eq!(strict("24:00", "HH:mm").as_deref(), Some("1970-1-2 0"));
    assert_eq!(strict("24:01", "HH:mm"), None);
    assert_eq!(strict("Mon, 2 Jan 2024", "EEE, d MMM yyyy"), None);
    let simple = |text, pattern| read(text, pattern, Flavour::Simple);
    assert_eq!(simple("2024-1-2", "yyyy-MM-dd").as_deref(), Some("2024-1-2 0"));
    assert_eq!(simple("2024-02-30 and more", "yyyy-MM-dd").as_deref(), Some("2024-3-1 0"));
    assert_eq!(simple("20240102", "yyyyMMdd").as_deref(), Some("2024-1-2 0"));
    assert_eq!(simple("03/Jan/2024:04:05:06 +0100", "dd/MMM/yyyy:HH:mm:ss Z").as_deref(), Some("2024-1-3 14706000"));
    assert_eq!(simple("x", "yyyy"), None);
}

#[test]
fn nonsense_is_refused_or_null_and_never_a_panic() {
    assert_eq!(call(Tz::UTC, "TO_TIMESTAMP", &[string("9999999999-99-99 99:99:99")]).unwrap(), "-");
    assert_eq!(call(Tz::UTC, "TO_DATE", &[string("2024-é-1")]).unwrap(), "-");
    assert_eq!(call(Tz::UTC, "TO_TIMESTAMP", &[string("日本"), string("yyyy日")]).unwrap(), "-");
    assert_eq!(call(Tz::UTC, "TO_DATE", &[string("99999999999999999999"), string("yyyy")]).unwrap(), "-");
    assert!(call(Tz::UTC, "TO_TIMESTAMP_LTZ", &[string("soon")]).is_err());
    assert!(call(Tz::UTC, "TO_TIMESTAMP_LTZ", &[long(1), long(10)]).is_err());
    assert!(call(Tz::UTC, "EXTRACT", &[string("DAYS_OLD"), millis(0)]).is_err());
    for value in [i64::MAX, i64::MIN] {
        for unit in ["MILLENNIUM", "WEEK", "SECOND"] {
            for value in [value, value / 2] {
                call(Tz::Europe__Berlin, "CEIL TO", &[instant(value), string(unit)]).unwrap_or_default();
                call(Tz::UTC, "TIMESTAMPADD", &[string(unit.trim_end_matches('S')), long(value), millis(value)])
                    .unwrap_or_default();
                call(Tz::UTC, "TIMESTAMPDIFF", &[string(unit), millis(value), millis(-1)]).unwrap_or_default();
                call(Tz::UTC, "EXTRACT", &[string(unit), instant(value)]).unwrap_or_default();
            }
        }
        call(Tz::UTC, "TIMESTAMPADD", &[string("YEAR"), long(1_000), millis(value / 2)]).unwrap();
        call(Tz::UTC, "DATE_FORMAT", &[millis(value / 2), string("yyyy-MM-dd")]).unwrap();
    }
    call(Tz::UTC, "FROM_UNIXTIME", &[long(i64::MAX)]).unwrap();
    call(Tz::UTC, "TIMESTAMPADD", &[string("YEAR"), long(i64::MAX), millis(0)]).unwrap();
}

#[test]
fn a_text_is_used_again_only_within_its_span() {
    let patterns =
        ["yyyy-MM-dd", "HH:mm", "HH", "h a", "mm:ss", "ss.SSS", "n", "yyyy[ HH:mm]", "'x'", "A", "E D w", "HH xxx"];
    // Steps from nanoseconds to months, and back; Berlin puts its clocks on in the first of the months.
    let start = 1_711_846_799_000_000_000;
    let steps =
        [0, 1, 999, 1_000_000, 999_000_000, 59_000_000_000, 3_599_000_000_000, 43_200_000_000_000, 86_400_000_000_000];
    let nanos = (-1..3).flat_map(|month| steps.map(|step| start + month * 31 * 86_400_000_000_000 + step));
    let edges = [i64::MIN, i64::MIN + 1, -1, 0, -1, i64::MAX - 1, i64::MAX, i64::MIN];
    for (zone, per_second) in [(Tz::UTC, 1_000_000_000), (Tz::UTC, 1_000), (Tz::Europe__Berlin, 1_000_000_000)] {
        let mut texts = TimeTexts::new(zone, per_second);
        let instants = nanos.clone().map(|nanos| nanos / (1_000_000_000 / per_second));
        let edges = edges.map(|edge| if per_second == 1_000 { edge / 1_000 } else { edge });
        for pattern in patterns {
            let compiled = Pattern::new(pattern, Flavour::Formatter).unwrap();
            for instant in instants.clone().chain(instants.clone().take(2)).chain(edges) {
                let mut expected = String::new();
                compiled.write(&local(zone, instant, per_second), &mut expected);
                assert_eq!(texts.get(pattern, instant).unwrap(), expected, "{pattern} at {instant} in {zone}");
            }
        }
    }
}

#[test]
fn the_time_that_it_is_takes_no_precision() {
    let refused = |name: &str| call(Tz::UTC, name, &[(ScalarValue::Int32(Some(1)), TypeKind::Int)]).unwrap_err();
    assert_eq!(refused("NOW").message(), "CURRENT_TIMESTAMP takes no arguments, not even a precision");
    assert_eq!(refused("NOW").hint_text(), Some("write CURRENT_TIMESTAMP or NOW()"));
    assert_eq!(refused("LOCALTIMESTAMP").message(), "LOCALTIMESTAMP takes no arguments, not even a precision");
}
