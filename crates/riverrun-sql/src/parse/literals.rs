//! The values of literals: dates, times, timestamps, intervals.
//!
//! Source: what Flink 2.3 accepts and refuses (`TIME '1:2:3'` is 01:02:03; `TIMESTAMP '…T…'` is an error; `TIMESTAMP WITH LOCAL
//! TIME ZONE '…'` is read in UTC, whatever `table.local-time-zone` says).

use arrow::datatypes::TimeUnit;
use datafusion_common::ScalarValue;
use riverrun_core::types::timestamp_unit;
use riverrun_core::{DataType, Error, Result, TypeKind};
use sqlparser::ast::{DateTimeField, Expr, Interval, TypedString, Value};

/// The value and type of `DATE '…'`, `TIME '…'`, `TIMESTAMP '…'` or `TIMESTAMP WITH LOCAL TIME ZONE '…'`.
pub fn typed(literal: &TypedString) -> Result<(ScalarValue, DataType)> {
    let place = super::place_of(literal.value.span);
    let Value::SingleQuotedString(text) = &literal.value.value else {
        return Err(Error::input("a literal's value is a string in single quotes")
            .hint("write it like DATE '2024-03-15'")
            .at(place));
    };
    let kind = super::types::resolve(&literal.data_type).map_err(|error| error.at(place))?.kind;
    let illegal = |name: &str, format: &str| {
        Err(Error::input(format!("'{text}' is no {name}")).detail(format!("expected: {format}")).at(place))
    };
    match kind {
        TypeKind::Date => match date(text) {
            Some(days) => Ok((ScalarValue::Date32(Some(days)), TypeKind::Date.not_null())),
            None => illegal("DATE", "yyyy-MM-dd"),
        },
        TypeKind::Time(_) => match time(text) {
            Some((nanos, digits)) => {
                let millis = (nanos / 1_000_000) as i32;
                Ok((ScalarValue::Time32Millisecond(Some(millis)), TypeKind::Time(digits).not_null()))
            }
            None => illegal("TIME", "HH:mm:ss"),
        },
        TypeKind::Timestamp { .. } | TypeKind::TimestampLtz { .. } => {
            let Some((days, nanos, digits)) = timestamp(text) else {
                return illegal("TIMESTAMP", "yyyy-MM-dd HH:mm:ss");
            };
            let kind = match kind {
                TypeKind::TimestampLtz { .. } => TypeKind::timestamp_ltz(digits),
                _ => TypeKind::timestamp(digits),
            };
            match timestamp_value(days, nanos, digits).map(|value| value.cast_to(&kind.clone().not_null().to_arrow())) {
                Some(Ok(value)) => Ok((value, kind.not_null())),
                _ => Err(Error::input(format!("'{text}' is out of range for {kind}")).at(place)),
            }
        }
        kind => Err(Error::input(format!("{kind} has no literals of its own"))
            .hint(format!("write CAST('{text}' AS {kind})"))
            .at(place)),
    }
}

fn timestamp_value(days: i32, nanos: i64, precision: u8) -> Option<ScalarValue> {
    let seconds = i64::from(days) * 86_400 + nanos / 1_000_000_000;
    let fraction = nanos % 1_000_000_000;
    Some(match timestamp_unit(precision) {
        TimeUnit::Nanosecond => {
            ScalarValue::TimestampNanosecond(Some(seconds.checked_mul(1_000_000_000)?.checked_add(fraction)?), None)
        }
        TimeUnit::Microsecond => ScalarValue::TimestampMicrosecond(Some(seconds * 1_000_000 + fraction / 1_000), None),
        _ => ScalarValue::TimestampMillisecond(Some(seconds * 1_000 + fraction / 1_000_000), None),
    })
}

/// Days since 1970 of `yyyy-MM-dd`, whose parts need no leading zeros.
fn date(text: &str) -> Option<i32> {
    let parts: Vec<&str> = text.trim().split('-').collect();
    let [year, month, day] = parts.as_slice() else { return None };
    if year.len() > 4 || month.len() > 2 || day.len() > 2 {
        return None;
    }
    let number = |part: &str| part.bytes().all(|b| b.is_ascii_digit()).then(|| part.parse::<u32>().ok()).flatten();
    let date = chrono::NaiveDate::from_ymd_opt(number(year)? as i32, number(month)?, number(day)?)?;
    Some(date.signed_duration_since(chrono::NaiveDate::default()).num_days() as i32)
}

/// Nanoseconds of the day, and how many digits the fraction has (9 at the most).
fn time(text: &str) -> Option<(i64, u8)> {
    let (clock, fraction) = match text.trim().split_once('.') {
        Some((clock, fraction)) => (clock, fraction),
        None => (text.trim(), ""),
    };
    let parts: Vec<&str> = clock.split(':').collect();
    let [hour, minute, second] = parts.as_slice() else { return None };
    let number = |part: &str, limit: i64| {
        let good = (1..=2).contains(&part.len()) && part.bytes().all(|b| b.is_ascii_digit());
        good.then(|| part.parse::<i64>().ok()).flatten().filter(|value| *value < limit)
    };
    if !fraction.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let digits = fraction.len().min(9);
    let nanos = fraction[..digits].bytes().fold(0i64, |value, digit| value * 10 + i64::from(digit - b'0'))
        * 10i64.pow(9 - digits as u32);
    let seconds = number(hour, 24)? * 3_600 + number(minute, 60)? * 60 + number(second, 60)?;
    Some((seconds * 1_000_000_000 + nanos, digits as u8))
}

fn timestamp(text: &str) -> Option<(i32, i64, u8)> {
    // A date alone is its midnight.
    let Some((day, clock)) = text.trim().split_once(' ') else { return Some((date(text)?, 0, 0)) };
    let (nanos, digits) = time(clock)?;
    Some((date(day)?, nanos, digits))
}

/// Whether `INTERVAL '…' first TO last` is an interval.
pub fn goes_to(first: &DateTimeField, last: &DateTimeField) -> bool {
    let months = |rank: usize| rank <= MONTH;
    match (rank(first), rank(last)) {
        (Some(from), Some(to)) => from <= to && months(from) == months(to),
        _ => false,
    }
}

/// The value and type of an INTERVAL literal.
pub fn interval(literal: &Interval) -> Result<(ScalarValue, DataType)> {
    let (text, place) = match literal.value.as_ref() {
        Expr::Value(value) => match &value.value {
            Value::SingleQuotedString(text) => (text.as_str(), super::place_of(value.span)),
            _ => return Err(Error::input("an interval's value is a string").at(super::place_of(value.span))),
        },
        _ => return Err(Error::input("an interval's value is a constant")),
    };
    let Some(first) = &literal.leading_field else {
        return Err(Error::input("an interval needs a unit").hint("write it like INTERVAL '1' DAY").at(place));
    };
    let last = literal.last_field.as_ref().unwrap_or(first);
    let (Some(from), Some(to)) = (rank(first), rank(last)) else {
        return Err(Error::input(format!("{first} is no unit of an interval")).at(place));
    };
    if !goes_to(first, last) {
        return Err(Error::input(format!("an interval can't go from {first} to {last}"))
            .hint("YEAR TO MONTH and DAY TO SECOND are the two kinds")
            .at(place));
    }
    let (negative, body) = match text.strip_prefix('-') {
        Some(body) => (true, body),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    };
    let shape = || {
        let units = if from == to { format!("{first}") } else { format!("{first} TO {last}") };
        Error::input(format!("'{text}' is no interval of {units}")).hint(example(from, to)).at(place)
    };
    let fields = split(body, from, to).ok_or_else(shape)?;
    let limit = 10i64.checked_pow(literal.leading_precision.unwrap_or(2).min(18) as u32).unwrap_or(i64::MAX);
    let mut value: i64 = 0;
    for (index, (unit, number)) in fields.iter().enumerate() {
        if index == 0 && number / scale_of_number(*unit) >= limit {
            return Err(Error::input(format!("the interval's first field has more digits than {first} allows"))
                .hint(format!(
                    "give the number of digits: INTERVAL '{text}' {first}({})",
                    number.to_string().len().min(10)
                ))
                .at(place));
        }
        if index > 0 && (*number < 0 || *number / scale_of_number(*unit) >= UNITS[*unit].1) {
            return Err(shape());
        }
        let scaled = number.checked_mul(UNITS[*unit].0 / scale_of_number(*unit));
        value = scaled.and_then(|scaled| value.checked_add(scaled)).ok_or_else(shape)?;
    }
    let value = if negative { -value } else { value };
    if from <= MONTH {
        let value = i32::try_from(value).map_err(|_| shape())?;
        return Ok((ScalarValue::Int32(Some(value)), TypeKind::IntervalMonths.not_null()));
    }
    Ok((ScalarValue::Int64(Some(value)), TypeKind::IntervalMillis.not_null()))
}

/// Month is the last unit that counts months.
const MONTH: usize = 2;
/// Second is the last unit.
const SECOND: usize = 7;

/// The units from the largest on: how many months or milliseconds, and how many make the next larger one in a literal.
const UNITS: [(i64, i64); 8] = [
    (12, i64::MAX),
    (3, 4),
    (1, 12),
    (604_800_000, i64::MAX),
    (86_400_000, i64::MAX),
    (3_600_000, 24),
    (60_000, 60),
    (1_000, 60),
];

fn rank(field: &DateTimeField) -> Option<usize> {
    Some(match field {
        DateTimeField::Year | DateTimeField::Years => 0,
        DateTimeField::Quarter => 1,
        DateTimeField::Month | DateTimeField::Months => MONTH,
        DateTimeField::Week(_) | DateTimeField::Weeks => 3,
        DateTimeField::Day | DateTimeField::Days => 4,
        DateTimeField::Hour | DateTimeField::Hours => 5,
        DateTimeField::Minute | DateTimeField::Minutes => 6,
        DateTimeField::Second | DateTimeField::Seconds => SECOND,
        _ => return None,
    })
}

/// Seconds are counted in milliseconds, all else in whole units.
fn scale_of_number(unit: usize) -> i64 {
    if unit == SECOND { 1_000 } else { 1 }
}

fn example(from: usize, to: usize) -> String {
    let example = match (from, to) {
        (0, MONTH) => "'2-3' YEAR TO MONTH",
        (4, SECOND) => "'1 10:00:00.5' DAY TO SECOND",
        (4, 5) => "'1 10' DAY TO HOUR",
        (4, 6) => "'1 10:30' DAY TO MINUTE",
        (5, 6) => "'10:30' HOUR TO MINUTE",
        (5, SECOND) => "'10:30:00' HOUR TO SECOND",
        (6, SECOND) => "'30:00' MINUTE TO SECOND",
        (SECOND, SECOND) => "'1.5' SECOND",
        _ => "'1' DAY",
    };
    format!("write it like INTERVAL {example}")
}

/// The numbers of the fields from `from` to `to`; seconds as milliseconds.
fn split(body: &str, from: usize, to: usize) -> Option<Vec<(usize, i64)>> {
    let mut rest = body.trim();
    let mut fields = Vec::new();
    let mut unit = from;
    loop {
        let separator = match unit {
            0 => '-',
            4 => ' ',
            _ => ':',
        };
        let part = if unit == to {
            rest
        } else {
            let (part, behind) = rest.split_once(separator)?;
            rest = behind;
            part
        };
        let number = if unit == SECOND { seconds(part)? } else { whole(part)? };
        fields.push((unit, number));
        if unit == to {
            return Some(fields);
        }
        // Neither quarters nor weeks stand between two other units.
        unit += if unit == 0 { 2 } else { 1 };
    }
}

fn whole(text: &str) -> Option<i64> {
    let text = text.trim();
    (!text.is_empty() && text.bytes().all(|b| b.is_ascii_digit())).then(|| text.parse().ok()).flatten()
}

/// Seconds with a fraction of up to nine digits, in milliseconds, cut.
fn seconds(text: &str) -> Option<i64> {
    let (number, fraction) = text.trim().split_once('.').unwrap_or((text.trim(), ""));
    if fraction.len() > 9 || !fraction.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let millis = fraction
        .bytes()
        .chain(std::iter::repeat(b'0'))
        .take(3)
        .fold(0, |value, digit| value * 10 + i64::from(digit - b'0'));
    whole(number)?.checked_mul(1_000)?.checked_add(millis)
}
