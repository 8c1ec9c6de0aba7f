//! How text becomes values and values text, as Flink's JSON and CSV formats do it.
//!
//! What is accepted was measured on Flink 2.3: numbers and Booleans are trimmed, dates and times are not (in CSV,
//! timestamps are and decimals are not); a Boolean is
//! true only if it says so; a decimal with too many digits is NULL; a timestamp of 30 February is its last day.

pub mod base64;
pub mod decimal;
pub mod flat;
pub mod float;
pub mod time;

use crate::columns::{Column, Values};
use riverrun_core::Field;

/// A text that is no value of the type wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NoValue;

/// How timestamps are written (`timestamp-format.standard`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum TimestampFormat {
    /// `2024-02-29 12:34:56.789`, and with `Z` at the end for TIMESTAMP_LTZ.
    #[default]
    Sql,
    /// `2024-02-29T12:34:56.789`, and with `Z` at the end for TIMESTAMP_LTZ.
    Iso8601,
}

/// How a DATE or TIME is read: Flink's CSV takes what `java.sql.Date` and `java.time.LocalTime` take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dialect {
    /// As in JSON.
    Json,
    /// As in CSV.
    Csv,
}

/// Appends the value that a text stands for. Nothing is appended if it stands for none.
#[inline]
pub fn push_text(column: &mut Column, text: &str, format: TimestampFormat, dialect: Dialect) -> Result<(), NoValue> {
    match &mut column.values {
        Values::Null(rows) => *rows += 1,
        Values::Boolean(values) => values.append(text.trim().eq_ignore_ascii_case("true")),
        Values::TinyInt(values) => values.push(integer(text)?),
        Values::SmallInt(values) => values.push(integer(text)?),
        Values::Int(values) => values.push(integer(text)?),
        Values::BigInt(values) => values.push(integer(text)?),
        Values::Float(values) => values.push(float::parse_float(text).ok_or(NoValue)?),
        Values::Double(values) => values.push(float::parse_double(text).ok_or(NoValue)?),
        Values::Decimal { values, precision, scale } => {
            let text = if dialect == Dialect::Json { text.trim() } else { text };
            match decimal::parse(text.as_bytes(), *precision, *scale).ok_or(NoValue)? {
                Some(value) => values.push(value),
                None => {
                    column.push_null();
                    return Ok(());
                }
            }
        }
        Values::Text(bytes) => bytes.push(text.as_bytes()),
        Values::Binary(bytes) => bytes.push(&base64::decode(text).ok_or(NoValue)?),
        Values::Date(values) => values.push(
            match dialect {
                Dialect::Json => time::parse_date(text),
                Dialect::Csv => time::parse_loose_date(text),
            }
            .ok_or(NoValue)?,
        ),
        Values::Time { values, precision } => values.push(
            match dialect {
                Dialect::Json => time::parse_time(text),
                Dialect::Csv => time::parse_iso_time(text).map(|millis| time::truncate_millis(millis, *precision)),
            }
            .ok_or(NoValue)?,
        ),
        Values::Timestamp { values, unit, local_zone } => {
            let text = if dialect == Dialect::Csv { text.trim() } else { text };
            values.push(time::parse_timestamp(text, format, *local_zone, *unit).ok_or(NoValue)?);
        }
        Values::Array { .. } | Values::Map { .. } | Values::Row { .. } => return Err(NoValue),
    }
    column.pushed();
    Ok(())
}

/// Reads an integer as Java does: a sign, digits, and space around them.
#[inline]
pub fn integer<T: TryFrom<i64>>(text: &str) -> Result<T, NoValue> {
    let bytes = text.trim_ascii().as_bytes();
    let (negative, digits) = match bytes {
        [b'-', digits @ ..] => (true, digits),
        [b'+', digits @ ..] => (false, digits),
        digits => (false, digits),
    };
    if digits.is_empty() {
        return Err(NoValue);
    }
    let mut value: i64 = 0;
    if digits.len() <= 18 {
        // No number of so many digits is too large.
        for &byte in digits {
            let digit = byte.wrapping_sub(b'0');
            if digit > 9 {
                return Err(NoValue);
            }
            value = value * 10 + i64::from(digit);
        }
        return T::try_from(if negative { -value } else { value }).map_err(|_| NoValue);
    }
    for &byte in digits {
        let digit = byte.wrapping_sub(b'0');
        if digit > 9 {
            return Err(NoValue);
        }
        // Counted downwards, since the smallest number has no positive counterpart.
        value = value.checked_mul(10).and_then(|value| value.checked_sub(i64::from(digit))).ok_or(NoValue)?;
    }
    let value = if negative { value } else { value.checked_neg().ok_or(NoValue)? };
    T::try_from(value).map_err(|_| NoValue)
}

/// The reason that names the column, what was expected and what was found.
pub fn mismatch(field: &Field, found: &str) -> String {
    format!("column `{}`: expected {}, found {}", field.name, field.data_type.kind, excerpt(found))
}

/// A text in quotes, shortened to what a message can show.
pub fn excerpt(text: &str) -> String {
    const SHOWN: usize = 60;
    match text.char_indices().nth(SHOWN) {
        Some((end, _)) => format!("{:?}…", &text[..end]),
        None => format!("{text:?}"),
    }
}
