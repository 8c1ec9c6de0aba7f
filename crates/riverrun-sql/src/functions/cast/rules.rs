//! Which casts there are, and what each one is made of.

use super::numeric::{self, Number};
use super::text::TextLength;
use super::{ArrayCast, OnFailure, binary, nested, string, temporal, text};
use arrow::array::new_null_array;
use chrono_tz::Tz;
use riverrun_core::types::MAX_LENGTH;
use riverrun_core::{Error, Result, TypeKind};
use std::sync::Arc;

/// The cast between two types; `None` if the arrays are the same.
pub(crate) fn array_cast(zone: Tz, from: &TypeKind, to: &TypeKind, on_failure: OnFailure) -> Result<Option<ArrayCast>> {
    use TypeKind::*;
    if from == to {
        return Ok(None);
    }
    let refused = || refuse(from, to);
    Ok(match (from, to) {
        (Null, to) => {
            let arrow = to.clone().nullable().to_arrow();
            Some(Arc::new(move |array| Ok(new_null_array(&arrow, array.len()))))
        }
        (Char(_) | Varchar(_), Char(_) | Varchar(_)) => text::resize(from, TextLength::of(to)),
        (Binary(_) | Varbinary(_), Char(_) | Varchar(_)) => Some(text::from_bytes(TextLength::of(to))),
        (Variant, Char(_) | Varchar(_)) => return Err(refused()),
        (from, Char(_) | Varchar(_)) => Some(text::to_text(zone, from, TextLength::of(to))),

        (Char(_) | Varchar(_), Boolean) => Some(string::to_boolean(on_failure)),
        (Char(_) | Varchar(_), Decimal { precision, scale }) => {
            Some(string::to_decimal(*precision, *scale, on_failure))
        }
        (Char(_) | Varchar(_), to) if to.is_numeric() => {
            Some(string::to_number(Number::of(to).ok_or_else(refused)?, on_failure))
        }
        (Char(_) | Varchar(_), Binary(_) | Varbinary(_)) => Some(binary::from_text(binary::ByteLength::of(to))),
        (Char(_) | Varchar(_), Date) => Some(temporal::text_to_date(on_failure)),
        (Char(_) | Varchar(_), Time(precision)) => Some(temporal::text_to_time(*precision, on_failure)),
        (Char(_) | Varchar(_), Timestamp { precision, .. }) => {
            Some(temporal::text_to_timestamp(*precision, None, on_failure))
        }
        (Char(_) | Varchar(_), TimestampLtz { precision, .. }) => {
            Some(temporal::text_to_timestamp(*precision, Some(zone), on_failure))
        }

        (Binary(_) | Varbinary(_), Binary(_) | Varbinary(_)) => binary::resize(from, binary::ByteLength::of(to)),

        (Boolean, Decimal { precision, scale }) => Some(numeric::boolean_to_decimal(*precision, *scale)),
        (Boolean, to) if to.is_numeric() => Some(numeric::from_boolean(Number::of(to).ok_or_else(refused)?)),
        (Decimal { scale, .. }, Boolean) => Some(numeric::decimal_to_boolean(*scale)),
        (from, Boolean) if from.is_numeric() => Some(numeric::to_boolean(Number::of(from).ok_or_else(refused)?)),
        (Decimal { scale: from_scale, .. }, Decimal { precision, scale }) => {
            Some(numeric::rescale(*from_scale, *precision, *scale))
        }
        (Decimal { scale, .. }, to) if to.is_numeric() => {
            Some(numeric::decimal_to_number(*scale, Number::of(to).ok_or_else(refused)?))
        }
        (from, Decimal { precision, scale }) if from.is_numeric() => {
            let from = Number::of(from).ok_or_else(refused)?;
            Some(numeric::number_to_decimal(from, *precision, *scale, on_failure))
        }
        (from, to) if from.is_numeric() && to.is_numeric() => {
            Some(numeric::number_to_number(Number::of(from).ok_or_else(refused)?, Number::of(to).ok_or_else(refused)?))
        }
        // An integer becomes months or milliseconds, whatever unit the interval is written with.
        (from, IntervalMonths) if from.is_integer() => number_to(from, Number::Int).ok_or_else(refused)?,
        (from, IntervalMillis) if from.is_integer() => number_to(from, Number::BigInt).ok_or_else(refused)?,

        (Date, Timestamp { precision, .. }) => Some(temporal::date_to_timestamp(*precision, None)),
        (Date, TimestampLtz { precision, .. }) => Some(temporal::date_to_timestamp(*precision, Some(zone))),
        (Time(a), Time(b)) => (a > b).then(|| temporal::truncate_time(*b)),
        (Time(_), Timestamp { precision, .. }) => Some(temporal::time_to_timestamp(*precision, None)),
        (Time(_), TimestampLtz { precision, .. }) => Some(temporal::time_to_timestamp(*precision, Some(zone))),
        (Timestamp { precision, .. }, Date) => Some(temporal::timestamp_to_date(*precision, None)),
        (TimestampLtz { precision, .. }, Date) => Some(temporal::timestamp_to_date(*precision, Some(zone))),
        (Timestamp { precision, .. }, Time(to)) => Some(temporal::timestamp_to_time(*precision, *to, None)),
        (TimestampLtz { precision, .. }, Time(to)) => Some(temporal::timestamp_to_time(*precision, *to, Some(zone))),
        (Timestamp { precision: a, .. }, Timestamp { precision: b, .. })
        | (TimestampLtz { precision: a, .. }, TimestampLtz { precision: b, .. }) => {
            temporal::change_precision(*a, *b, matches!(to, TimestampLtz { .. }))
        }
        (Timestamp { precision: a, .. }, TimestampLtz { precision: b, .. }) => Some(temporal::to_instant(*a, *b, zone)),
        (TimestampLtz { precision: a, .. }, Timestamp { precision: b, .. }) => Some(temporal::to_local(*a, *b, zone)),

        (Array(from), Array(to)) => nested::array(zone, from, to, on_failure)?,
        (Multiset(from), Multiset(to)) => {
            let count = TypeKind::Int.not_null();
            nested::map(zone, (from, &count), (to, &count), on_failure)?
        }
        (Map(from_key, from_value), Map(to_key, to_value)) => {
            nested::map(zone, (from_key, from_value), (to_key, to_value), on_failure)?
        }
        (Row(from), Row(to)) if from.len() == to.len() => nested::row(zone, from, to, on_failure)?,
        _ => return Err(refused()),
    })
}

fn number_to(from: &TypeKind, to: Number) -> Option<Option<ArrayCast>> {
    let from = Number::of(from)?;
    Some((from != to).then(|| numeric::number_to_number(from, to)))
}

fn refuse(from: &TypeKind, to: &TypeKind) -> Error {
    let error = Error::input(format!("cannot cast {from} to {to}"));
    match (from, to) {
        (TypeKind::Timestamp { .. }, to) if to.is_numeric() => {
            error.hint("write UNIX_TIMESTAMP(CAST(column AS STRING)) for the seconds since 1970")
        }
        (from, TypeKind::TimestampLtz { .. }) if from.is_numeric() => {
            error.hint("write TO_TIMESTAMP_LTZ(number, precision): 0 for seconds, 3 for milliseconds")
        }
        (from, TypeKind::Timestamp { .. }) if from.is_numeric() => {
            error.hint("write TO_TIMESTAMP(FROM_UNIXTIME(number)) for seconds since 1970")
        }
        _ => error,
    }
}

/// Whether values of CHAR(n) and VARCHAR(n) may have any length.
pub(super) fn is_unlimited(length: u32) -> bool {
    length == MAX_LENGTH
}
