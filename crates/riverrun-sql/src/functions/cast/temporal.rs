//! Casts between dates, times and timestamps, and from text.

use super::string::parse_each;
use super::{ArrayCast, OnFailure, wrong_array};
use arrow::array::{Array, ArrayRef, ArrowPrimitiveType, AsArray, PrimitiveArray, PrimitiveBuilder};
use arrow::datatypes::{
    Date32Type, Int64Type, Time32MillisecondType, TimeUnit, TimestampMicrosecondType, TimestampMillisecondType,
    TimestampNanosecondType,
};
use chrono_tz::Tz;
use riverrun_core::calendar::{days_from_civil, days_in_month};
use riverrun_core::types::timestamp_unit;
use riverrun_core::zone::{offset_at_instant, offset_at_local};
use riverrun_core::{Error, Result};
use std::sync::Arc;

const SECONDS_PER_DAY: i64 = 86_400;

/// How many of a timestamp's units make a second.
pub fn units_per_second(precision: u8) -> i64 {
    match timestamp_unit(precision) {
        TimeUnit::Second => 1,
        TimeUnit::Millisecond => 1_000,
        TimeUnit::Microsecond => 1_000_000,
        TimeUnit::Nanosecond => 1_000_000_000,
    }
}

/// A timestamp cut off (towards the past) to a precision, in that precision's own units.
pub fn truncate_units(units: i64, precision: u8) -> i64 {
    let step = match precision {
        0 => 1_000,
        1 | 4 | 7 => 100,
        2 | 5 | 8 => 10,
        _ => return units,
    };
    units - units.rem_euclid(step)
}

fn primitive<T: ArrowPrimitiveType>(array: &ArrayRef) -> Result<&PrimitiveArray<T>> {
    array.as_primitive_opt::<T>().ok_or_else(|| wrong_array(array, &T::DATA_TYPE.to_string()))
}

/// A timestamp column's values as plain numbers, without copying.
pub(crate) fn timestamp_values(array: &ArrayRef, precision: u8) -> Result<PrimitiveArray<Int64Type>> {
    Ok(match timestamp_unit(precision) {
        TimeUnit::Microsecond => primitive::<TimestampMicrosecondType>(array)?.reinterpret_cast(),
        TimeUnit::Nanosecond => primitive::<TimestampNanosecondType>(array)?.reinterpret_cast(),
        _ => primitive::<TimestampMillisecondType>(array)?.reinterpret_cast(),
    })
}

/// A timestamp column of plain numbers, without copying.
fn timestamps(values: PrimitiveArray<Int64Type>, precision: u8, local_zone: bool) -> ArrayRef {
    fn finish<T: arrow::datatypes::ArrowTimestampType>(
        values: &PrimitiveArray<Int64Type>,
        local_zone: bool,
    ) -> ArrayRef {
        Arc::new(values.reinterpret_cast::<T>().with_timezone_opt(local_zone.then_some("UTC")))
    }
    match timestamp_unit(precision) {
        TimeUnit::Microsecond => finish::<TimestampMicrosecondType>(&values, local_zone),
        TimeUnit::Nanosecond => finish::<TimestampNanosecondType>(&values, local_zone),
        _ => finish::<TimestampMillisecondType>(&values, local_zone),
    }
}

/// Seconds and nanoseconds as units of a precision. Nanoseconds reach from 1677 to 2262 only.
pub fn timestamp_from_parts(seconds: i64, nanos: i64, precision: u8) -> Result<i64> {
    let per_second = units_per_second(precision);
    seconds
        .checked_mul(per_second)
        .and_then(|units| units.checked_add(nanos / (1_000_000_000 / per_second)))
        .map(|units| truncate_units(units, precision))
        .ok_or_else(|| {
            Error::failure(format!("the time is out of the range of TIMESTAMP({precision})"))
                .hint("a precision of at most 6 reaches all years from 0001 to 9999")
        })
}

fn try_map(values: &PrimitiveArray<Int64Type>, cast: impl Fn(i64) -> Result<i64>) -> Result<PrimitiveArray<Int64Type>> {
    if values.null_count() == 0 {
        return values.values().iter().map(|&value| cast(value)).collect::<Result<Vec<_>>>().map(Into::into);
    }
    values.iter().map(|value| value.map(&cast).transpose()).collect()
}

/// Units of one precision as units of another; digits beyond it are cut off.
pub fn rescale_units(units: i64, from: u8, to: u8) -> Result<i64> {
    let (from_rate, to_rate) = (units_per_second(from), units_per_second(to));
    let rescaled = if to_rate >= from_rate {
        units.checked_mul(to_rate / from_rate).ok_or_else(|| {
            Error::failure(format!("the time is out of the range of TIMESTAMP({to})"))
                .hint("a precision of at most 6 reaches all years from 0001 to 9999")
        })?
    } else {
        units.div_euclid(from_rate / to_rate)
    };
    Ok(truncate_units(rescaled, to))
}

/// TIMESTAMP to TIMESTAMP, or TIMESTAMP_LTZ to TIMESTAMP_LTZ; `None` where the array stays as it is.
pub(super) fn change_precision(from: u8, to: u8, local_zone: bool) -> Option<ArrayCast> {
    if to >= from && timestamp_unit(from) == timestamp_unit(to) {
        return None;
    }
    Some(Arc::new(move |array| {
        let values = try_map(&timestamp_values(array, from)?, |units| rescale_units(units, from, to))?;
        Ok(timestamps(values, to, local_zone))
    }))
}

/// TIMESTAMP to TIMESTAMP_LTZ: the instant at which clocks of the zone show it.
pub(super) fn to_instant(from: u8, to: u8, zone: Tz) -> ArrayCast {
    Arc::new(move |array| {
        let rate = units_per_second(from);
        let values = try_map(&timestamp_values(array, from)?, |units| {
            rescale_units(units - offset_at_local(zone, units.div_euclid(rate)) * rate, from, to)
        })?;
        Ok(timestamps(values, to, true))
    })
}

/// TIMESTAMP_LTZ to TIMESTAMP: what clocks of the zone show.
pub(super) fn to_local(from: u8, to: u8, zone: Tz) -> ArrayCast {
    Arc::new(move |array| {
        let rate = units_per_second(from);
        let values = try_map(&timestamp_values(array, from)?, |units| {
            rescale_units(units + offset_at_instant(zone, units.div_euclid(rate)) * rate, from, to)
        })?;
        Ok(timestamps(values, to, false))
    })
}

/// The zone's offset of an instant, 0 for a plain TIMESTAMP.
fn shown_offset(zone: Option<Tz>, units: i64, rate: i64) -> i64 {
    zone.map_or(0, |zone| offset_at_instant(zone, units.div_euclid(rate)) * rate)
}

pub(super) fn date_to_timestamp(precision: u8, zone: Option<Tz>) -> ArrayCast {
    Arc::new(move |array| {
        let days: PrimitiveArray<Int64Type> = primitive::<Date32Type>(array)?.unary(i64::from);
        let values = try_map(&days, |day| {
            let seconds = day * SECONDS_PER_DAY;
            timestamp_from_parts(seconds - zone.map_or(0, |zone| offset_at_local(zone, seconds)), 0, precision)
        })?;
        Ok(timestamps(values, precision, zone.is_some()))
    })
}

/// A time of 1970-01-01.
pub(super) fn time_to_timestamp(precision: u8, zone: Option<Tz>) -> ArrayCast {
    Arc::new(move |array| {
        let millis: PrimitiveArray<Int64Type> = primitive::<Time32MillisecondType>(array)?.unary(i64::from);
        let values = try_map(&millis, |millis| {
            let seconds = millis / 1_000;
            let offset = zone.map_or(0, |zone| offset_at_local(zone, seconds));
            timestamp_from_parts(seconds - offset, millis % 1_000 * 1_000_000, precision)
        })?;
        Ok(timestamps(values, precision, zone.is_some()))
    })
}

pub(super) fn timestamp_to_date(precision: u8, zone: Option<Tz>) -> ArrayCast {
    Arc::new(move |array| {
        let rate = units_per_second(precision);
        let days: PrimitiveArray<Date32Type> = timestamp_values(array, precision)?
            .unary(|units| (units + shown_offset(zone, units, rate)).div_euclid(rate * SECONDS_PER_DAY) as i32);
        Ok(Arc::new(days))
    })
}

pub(super) fn timestamp_to_time(precision: u8, to: u8, zone: Option<Tz>) -> ArrayCast {
    Arc::new(move |array| {
        let rate = units_per_second(precision);
        let times: PrimitiveArray<Time32MillisecondType> = timestamp_values(array, precision)?.unary(|units| {
            let of_day = (units + shown_offset(zone, units, rate)).rem_euclid(rate * SECONDS_PER_DAY);
            truncate_units(of_day / (rate / 1_000), to) as i32
        });
        Ok(Arc::new(times))
    })
}

pub(super) fn truncate_time(precision: u8) -> ArrayCast {
    Arc::new(move |array| {
        let times: PrimitiveArray<Time32MillisecondType> =
            primitive::<Time32MillisecondType>(array)?.unary(|millis| truncate_units(millis.into(), precision) as i32);
        Ok(Arc::new(times))
    })
}

pub(super) fn text_to_date(on_failure: OnFailure) -> ArrayCast {
    Arc::new(move |array| {
        let days: PrimitiveArray<Date32Type> = parse_each(
            array,
            on_failure,
            |text| parse_date(text).ok_or(()),
            |text, ()| Error::failure(format!("For input string: '{text}'.")).hint("a date is written 2024-03-15"),
        )?;
        Ok(Arc::new(days))
    })
}

/// A date, `2024-03-15`, `2024-3-5`, `2024-03` or `2024`, with blanks around its parts; a time behind a blank is ignored.
pub fn parse_date(text: &str) -> Option<i32> {
    let date = match text.find(' ') {
        Some(blank) if blank > 0 => &text[..blank],
        _ => text,
    };
    let mut parts = date.splitn(3, '-');
    let mut number = || parts.next().map(|part| parse_plain(part.trim()).ok_or(()));
    let year = number()?.ok()?;
    let month = number().unwrap_or(Ok(1)).ok()?;
    let day = number().unwrap_or(Ok(1)).ok()?;
    let valid = year <= 9999 && (1..=12).contains(&month) && (1..=days_in_month(year.into(), month)).contains(&day);
    valid.then(|| days_from_civil(year.into(), month, day) as i32)
}

fn parse_plain(digits: &str) -> Option<u32> {
    digits.bytes().all(|byte| byte.is_ascii_digit()).then(|| digits.parse().ok())?
}

pub(super) fn text_to_time(precision: u8, on_failure: OnFailure) -> ArrayCast {
    Arc::new(move |array| {
        let times: PrimitiveArray<Time32MillisecondType> = parse_each(
            array,
            on_failure,
            |text| parse_time(text).map(|millis| truncate_units(millis.into(), precision) as i32).ok_or(()),
            |text, ()| {
                Error::failure(format!("Invalid time format: '{text}'. Expected format: HH:mm:ss[.fff]"))
                    .detail("HH is 00-23, mm is 00-59, ss is 00-59")
                    .hint("TRY_CAST gives NULL where a text is no time")
            },
        )?;
        Ok(Arc::new(times))
    })
}

/// A time, `13:14:15.123`, `13:14` or `13`, in milliseconds since midnight; digits beyond are cut off.
pub fn parse_time(text: &str) -> Option<i32> {
    let mut parts = text.trim().splitn(3, ':');
    let hour = parse_plain(parts.next()?.trim()).filter(|&hour| hour < 24)?;
    let minute = match parts.next() {
        Some(minute) => parse_plain(minute.trim()).filter(|&minute| minute < 60)?,
        None => 0,
    };
    let (second, fraction) = match parts.next() {
        Some(second) => second.split_once('.').unwrap_or((second, "")),
        None => ("0", ""),
    };
    let second = parse_plain(second.trim()).filter(|&second| second < 60)?;
    let millis = parse_fraction(fraction.trim_end())? / 1_000_000;
    Some(((hour * 60 + minute) * 60 + second) as i32 * 1_000 + millis as i32)
}

/// The nanoseconds of a fraction's digits; those beyond the ninth are cut off.
fn parse_fraction(digits: &str) -> Option<u32> {
    let bytes = digits.as_bytes();
    if !bytes.iter().all(u8::is_ascii_digit) {
        return None;
    }
    Some((0..9).fold(0, |nanos, place| nanos * 10 + bytes.get(place).map_or(0, |byte| u32::from(byte - b'0'))))
}

/// Text to TIMESTAMP, or to TIMESTAMP_LTZ in a zone.
pub(super) fn text_to_timestamp(precision: u8, zone: Option<Tz>, on_failure: OnFailure) -> ArrayCast {
    Arc::new(move |array| {
        let texts = super::string::strings(array)?;
        let mut values = PrimitiveBuilder::<Int64Type>::with_capacity(texts.len());
        for text in texts {
            let Some(text) = text else {
                values.append_null();
                continue;
            };
            let parsed = parse_timestamp(text).map_err(|problem| problem.explain(text)).and_then(|(seconds, nanos)| {
                let offset = zone.map_or(0, |zone| offset_at_local(zone, seconds));
                timestamp_from_parts(seconds - offset, nanos, precision)
            });
            match parsed {
                Ok(units) => values.append_value(units),
                Err(_) if on_failure == OnFailure::Null => values.append_null(),
                Err(error) => return Err(error),
            }
        }
        Ok(timestamps(values.finish(), precision, zone.is_some()))
    })
}

/// Why a text is no timestamp.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TimestampProblem {
    /// The byte at which it stops being one.
    Syntax(usize),
    /// A part out of its range: its name, and the largest value.
    Range(&'static str, u32),
}

impl TimestampProblem {
    fn explain(self, text: &str) -> Error {
        let error = match self {
            TimestampProblem::Syntax(index) => {
                Error::failure(format!("Text '{text}' could not be parsed at index {index}"))
            }
            TimestampProblem::Range(name, largest) => {
                Error::failure(format!("Text '{text}' could not be parsed: {name} is beyond {largest}"))
            }
        };
        error.hint("a timestamp is written 2024-03-15 13:14:15.123")
    }
}

/// Seconds since 1970 and nanoseconds of `2024-03-15`, `2024-3-5 1:2:3`, `2024-03-15 13:14:15.123`. A day beyond its month's end
/// means that end (30 February is 29 February or 28), as in Java's `SMART` resolution.
pub fn parse_timestamp(text: &str) -> std::result::Result<(i64, i64), TimestampProblem> {
    use TimestampProblem::{Range, Syntax};
    let mut scan = Scan { bytes: text.as_bytes(), at: 0 };
    let year = scan.digits(4, 4)?;
    scan.literal(b'-')?;
    let month = scan.digits(1, 2)?;
    scan.literal(b'-')?;
    let day = scan.digits(1, 2)?;
    if !(1..=12).contains(&month) {
        return Err(Range("MonthOfYear", 12));
    }
    if !(1..=31).contains(&day) {
        return Err(Range("DayOfMonth", 31));
    }
    let days = days_from_civil(year.into(), month, day.min(days_in_month(year.into(), month)));
    let mut seconds = days * SECONDS_PER_DAY;
    let mut nanos = 0;
    if scan.at < text.len() {
        let start = scan.at;
        let (time, fraction) = scan.time().map_err(|problem| match problem {
            Syntax(_) => Syntax(start),
            range => range,
        })?;
        seconds += time;
        nanos = fraction;
    }
    if scan.at < text.len() {
        return Err(Syntax(scan.at));
    }
    Ok((seconds, nanos))
}

/// Reads a text from left to right.
struct Scan<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl Scan<'_> {
    fn literal(&mut self, byte: u8) -> std::result::Result<(), TimestampProblem> {
        if self.bytes.get(self.at) != Some(&byte) {
            return Err(TimestampProblem::Syntax(self.at));
        }
        self.at += 1;
        Ok(())
    }

    fn digits(&mut self, least: usize, most: usize) -> std::result::Result<u32, TimestampProblem> {
        let digits = self.bytes[self.at..].iter().take(most).take_while(|byte| byte.is_ascii_digit()).count();
        if digits < least {
            return Err(TimestampProblem::Syntax(self.at));
        }
        let value =
            self.bytes[self.at..self.at + digits].iter().fold(0, |value, byte| value * 10 + u32::from(byte - b'0'));
        self.at += digits;
        Ok(value)
    }

    /// ` 13:14:15.123`: seconds and nanoseconds of the day.
    fn time(&mut self) -> std::result::Result<(i64, i64), TimestampProblem> {
        self.literal(b' ')?;
        let hour = self.digits(1, 2)?;
        self.literal(b':')?;
        let minute = self.digits(1, 2)?;
        self.literal(b':')?;
        let second = self.digits(1, 2)?;
        // 24:00:00 is the midnight that ends the day.
        let hour_limit = if hour == 24 && minute == 0 && second == 0 { 24 } else { 23 };
        for (name, value, largest) in
            [("HourOfDay", hour, hour_limit), ("MinuteOfHour", minute, 59), ("SecondOfMinute", second, 59)]
        {
            if value > largest {
                return Err(TimestampProblem::Range(name, largest));
            }
        }
        let mut nanos = 0;
        if self.bytes.get(self.at) == Some(&b'.') {
            self.at += 1;
            let start = self.at;
            nanos = self.digits(0, 9)?;
            nanos *= 10u32.pow(9 - (self.at - start) as u32);
        }
        Ok((i64::from(hour * 3_600 + minute * 60 + second), nanos.into()))
    }
}
