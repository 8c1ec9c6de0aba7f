//! EXTRACT and the functions of single fields: YEAR, MONTH, HOUR, …
//!
//! WEEK is the ISO week; DOW counts from Sunday = 1, ISODOW from Monday = 1. Fields below a second are those of the second.

use super::arithmetic::unit_of;
use super::calendar::{civil, day_of_year, iso_week, iso_weekday};
use super::units::Unit;
use super::values::{self, Longs, per_second};
use super::zone;
use crate::functions::kernels::{kernel, mismatch};
use crate::functions::{Argument, FunctionContext, FunctionDef, Resolved, operators};
use riverrun_core::{DataType, Error, Result, TypeKind};

const EXTRACT: &str = "EXTRACT(unit FROM datetime)";

/// Defines a function of a single field.
macro_rules! field {
    ($name:literal, $doc:literal, $unit:expr) => {
        FunctionDef::new("temporal", $name, concat!($name, "(datetime)"), $doc, |context, arguments| {
            single(context, concat!($name, "(datetime)"), arguments, $unit)
        })
    };
}

/// The functions of this file.
pub const FUNCTIONS: &[FunctionDef] = &[
    FunctionDef::new(
        "temporal",
        operators::EXTRACT,
        EXTRACT,
        "A field of a datetime or interval: EXTRACT(DAY FROM ts).",
        |context, arguments| match arguments {
            [unit, value] => extract(context, EXTRACT, unit_of(unit)?, value, arguments, 1),
            _ => Err(mismatch(EXTRACT, arguments.get(1..).unwrap_or_default())),
        },
    ),
    field!("YEAR", "The year.", Unit::Year),
    field!("QUARTER", "The quarter of the year, 1 to 4.", Unit::Quarter),
    field!("MONTH", "The month of the year, 1 to 12.", Unit::Month),
    field!("WEEK", "The ISO week of the year, 1 to 53.", Unit::Week),
    field!("DAYOFYEAR", "The day of the year, from 1.", Unit::DayOfYear),
    field!("DAYOFMONTH", "The day of the month, from 1.", Unit::Day),
    field!("DAYOFWEEK", "The day of the week, Sunday = 1.", Unit::DayOfWeek),
    field!("HOUR", "The hour of the day.", Unit::Hour),
    field!("MINUTE", "The minute of the hour.", Unit::Minute),
    field!("SECOND", "The second of the minute.", Unit::Second),
];

fn single(context: &FunctionContext, syntax: &str, arguments: &[Argument<'_>], unit: Unit) -> Result<Resolved> {
    match arguments {
        [value] => extract(context, syntax, unit, value, arguments, 0),
        _ => Err(mismatch(syntax, arguments)),
    }
}

fn extract(
    context: &FunctionContext,
    syntax: &str,
    unit: Unit,
    value: &Argument<'_>,
    arguments: &[Argument<'_>],
    position: usize,
) -> Result<Resolved> {
    let kind = &value.data_type.kind;
    let read: Box<dyn Fn(i64) -> i64 + Send + Sync> = match kind {
        TypeKind::IntervalMonths => {
            interval_of_months(unit).map(|read| Box::new(read) as _).ok_or_else(|| no_field(unit, kind))?
        }
        TypeKind::IntervalMillis => {
            interval_of_millis(unit).map(|read| Box::new(read) as _).ok_or_else(|| no_field(unit, kind))?
        }
        TypeKind::Date => match of_time(unit) {
            // A date has no time: it is midnight.
            Some(_) => Box::new(|_| 0),
            None if unit == Unit::Epoch => Box::new(|day| day * 86_400),
            None => Box::new(of_day(unit).ok_or_else(|| no_field(unit, kind))?),
        },
        TypeKind::Time(_) => {
            let of_time = of_time(unit).ok_or_else(|| no_field(unit, kind))?;
            Box::new(move |millis| of_time(millis * 1_000_000))
        }
        TypeKind::Timestamp { .. } | TypeKind::TimestampLtz { .. } => {
            let per_second = per_second(kind);
            let zone = match kind {
                TypeKind::TimestampLtz { .. } => context.time_zone,
                _ => chrono_tz::Tz::UTC,
            };
            if unit == Unit::Epoch {
                Box::new(move |value| value / per_second)
            } else {
                let per_day = per_second * 86_400;
                let nanos = 1_000_000_000 / per_second;
                match (of_time(unit), of_day(unit)) {
                    (Some(read), _) => {
                        Box::new(move |value| read(zone::to_local(zone, value, per_second).rem_euclid(per_day) * nanos))
                    }
                    (_, Some(read)) => {
                        Box::new(move |value| read(zone::to_local(zone, value, per_second).div_euclid(per_day)))
                    }
                    _ => return Err(no_field(unit, kind)),
                }
            }
        }
        _ => return Err(mismatch(syntax, std::slice::from_ref(value))),
    };
    let returns = TypeKind::BigInt.with_nullable(value.data_type.nullable);
    let bigint = returns.clone();
    let kernel = kernel("EXTRACT", move |arguments| {
        let values = Longs::of(arguments, position)?;
        values::column(&bigint, arguments.rows(), |row| values.get(row).map(&read))
    });
    let parameters: Vec<DataType> =
        arguments.iter().map(|argument| argument.data_type.without_time_attribute()).collect();
    Ok(Resolved { parameters, returns, kernel })
}

fn no_field(unit: Unit, kind: &TypeKind) -> Error {
    Error::input(format!("{kind} has no {}", unit.name()))
}

/// The field of a time of day in nanoseconds.
fn of_time(unit: Unit) -> Option<fn(i64) -> i64> {
    Some(match unit {
        Unit::Hour => |nanos| nanos / 3_600_000_000_000,
        Unit::Minute => |nanos| nanos / 60_000_000_000 % 60,
        Unit::Second => |nanos| nanos / 1_000_000_000 % 60,
        Unit::Millisecond => |nanos| nanos / 1_000_000 % 1_000,
        Unit::Microsecond => |nanos| nanos / 1_000 % 1_000_000,
        Unit::Nanosecond => |nanos| nanos % 1_000_000_000,
        _ => return None,
    })
}

/// The field of a day since 1970.
fn of_day(unit: Unit) -> Option<fn(i64) -> i64> {
    Some(match unit {
        Unit::Millennium => |day| (civil(day).year + 999).div_euclid(1_000),
        Unit::Century => |day| (civil(day).year + 99).div_euclid(100),
        Unit::Decade => |day| civil(day).year.div_euclid(10),
        Unit::Year => |day| civil(day).year,
        Unit::Quarter => |day| i64::from((civil(day).month - 1) / 3 + 1),
        Unit::Month => |day| i64::from(civil(day).month),
        Unit::Week => |day| iso_week(day).1,
        Unit::Day => |day| i64::from(civil(day).day),
        Unit::DayOfWeek => |day| iso_weekday(day) % 7 + 1,
        Unit::IsoDayOfWeek => iso_weekday,
        Unit::DayOfYear => day_of_year,
        Unit::IsoYear => |day| iso_week(day).0,
        _ => return None,
    })
}

fn interval_of_months(unit: Unit) -> Option<fn(i64) -> i64> {
    Some(match unit {
        Unit::Millennium => |months| months / 12_000,
        Unit::Century => |months| months / 1_200,
        Unit::Decade => |months| months / 120,
        Unit::Year => |months| months / 12,
        Unit::Quarter => |months| months % 12 / 3 + 1,
        Unit::Month => |months| months % 12,
        _ => return None,
    })
}

fn interval_of_millis(unit: Unit) -> Option<fn(i64) -> i64> {
    Some(match unit {
        Unit::Week => |millis| millis / 604_800_000,
        Unit::Day => |millis| millis / 86_400_000,
        Unit::Hour => |millis| millis / 3_600_000 % 24,
        Unit::Minute => |millis| millis / 60_000 % 60,
        Unit::Second => |millis| millis / 1_000 % 60,
        Unit::Millisecond => |millis| millis % 1_000,
        Unit::Microsecond => |millis| millis % 1_000 * 1_000,
        Unit::Nanosecond => |millis| millis % 1_000 * 1_000_000,
        Unit::Epoch => |millis| millis / 1_000,
        _ => return None,
    })
}
