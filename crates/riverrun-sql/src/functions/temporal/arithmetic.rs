//! `+`, `-`, `*` of datetimes and intervals, TIMESTAMPADD, TIMESTAMPDIFF, `(a - b) unit`, OVERLAPS.

use super::calendar::{add_months, months_between};
use super::units::Unit;
use super::values::{self, DAY_MILLIS, Longs, per_second};
use crate::functions::kernels::{Arguments, any_nullable, booleans, kernel, mismatch};
use crate::functions::{Argument, FunctionContext, FunctionDef, Kernel, Resolved, operators};
use riverrun_core::{DataType, Error, Result, TypeKind};
use std::sync::Arc;

/// The functions of this file; `+`, `-`, `*` and NEGATE stand with the numbers and come here through [`plus`] and its kin.
pub const FUNCTIONS: &[FunctionDef] = &[
    FunctionDef {
        name: operators::TIMESTAMPADD,
        aliases: &[],
        group: "temporal",
        syntax: "TIMESTAMPADD(unit, number, datetime)",
        doc: "The datetime moved by a number of units: TIMESTAMPADD(DAY, 2, ts).",
        deterministic: true,
        resolve: timestamp_add,
    },
    FunctionDef {
        name: operators::TIMESTAMPDIFF,
        aliases: &[],
        group: "temporal",
        syntax: "TIMESTAMPDIFF(unit, start, end)",
        doc: "How many whole units lie between two datetimes.",
        deterministic: true,
        resolve: timestamp_diff,
    },
    FunctionDef {
        name: operators::MINUS_DATES,
        aliases: &[],
        group: "temporal",
        syntax: "(end - start) unit",
        doc: "The interval between two datetimes.",
        deterministic: true,
        resolve: minus_dates,
    },
    FunctionDef {
        name: operators::OVERLAPS,
        aliases: &[],
        group: "temporal",
        syntax: "(start, end) OVERLAPS (start, end)",
        doc: "Whether two periods have a moment in common; an end may be an interval.",
        deterministic: true,
        resolve: overlaps,
    },
];

/// Whether a call is about datetimes or intervals.
fn concerns(arguments: &[Argument<'_>]) -> bool {
    arguments.iter().any(|argument| argument.data_type.kind.is_datetime() || argument.data_type.kind.is_interval())
}

fn parameters(arguments: &[Argument<'_>]) -> Vec<DataType> {
    arguments.iter().map(|argument| argument.data_type.without_time_attribute()).collect()
}

/// The wider of two types that hold the same kind of value: an interval is one type, whatever its units.
fn result(kind: &TypeKind, arguments: &[Argument<'_>]) -> DataType {
    kind.clone().with_nullable(any_nullable(arguments)).without_time_attribute()
}

/// `a + b`, where an argument is a datetime or an interval.
pub fn plus(_context: &FunctionContext, arguments: &[Argument<'_>]) -> Option<Result<Resolved>> {
    concerns(arguments).then(|| {
        let [a, b] = arguments else { return Err(mismatch("+(a, b)", arguments)) };
        match (&a.data_type.kind, &b.data_type.kind) {
            (moment, interval) if moment.is_datetime() && interval.is_interval() => {
                Ok(moved(arguments, moment, 0, interval, 1, 1))
            }
            (interval, moment) if moment.is_datetime() && interval.is_interval() => {
                Ok(moved(arguments, moment, 1, interval, 0, 1))
            }
            (a, b) if a.is_interval() && a == b => Ok(intervals(arguments, a, i64::wrapping_add)),
            _ => Err(no_operator("+", arguments)),
        }
    })
}

/// `a - b`, where an argument is a datetime or an interval.
pub fn minus(_context: &FunctionContext, arguments: &[Argument<'_>]) -> Option<Result<Resolved>> {
    concerns(arguments).then(|| {
        let [a, b] = arguments else { return Err(mismatch("-(a, b)", arguments)) };
        match (&a.data_type.kind, &b.data_type.kind) {
            (moment, interval) if moment.is_datetime() && interval.is_interval() => {
                Ok(moved(arguments, moment, 0, interval, 1, -1))
            }
            (a, b) if a.is_interval() && a == b => Ok(intervals(arguments, a, i64::wrapping_sub)),
            (a, b) if a.is_datetime() && b.is_datetime() => Err(no_operator("-", arguments)
                .hint("say in which unit: TIMESTAMPDIFF(SECOND, start, end), or (a - b) SECOND for an interval")),
            _ => Err(no_operator("-", arguments)),
        }
    })
}

/// `a * b`, where an argument is an interval.
pub fn times(_context: &FunctionContext, arguments: &[Argument<'_>]) -> Option<Result<Resolved>> {
    concerns(arguments).then(|| {
        let [a, b] = arguments else { return Err(mismatch("*(a, b)", arguments)) };
        let (interval, number) = if a.data_type.kind.is_interval() { (a, b) } else { (b, a) };
        if !interval.data_type.kind.is_interval() || !number.data_type.kind.is_integer() {
            return Err(no_operator("*", arguments));
        }
        let as_long = |data_type: &DataType| match data_type.kind.is_integer() {
            true => TypeKind::BigInt.with_nullable(data_type.nullable),
            false => data_type.clone(),
        };
        let mut resolved = intervals(arguments, &interval.data_type.kind, i64::wrapping_mul);
        resolved.parameters = arguments.iter().map(|argument| as_long(argument.data_type)).collect();
        Ok(resolved)
    })
}

/// `-a`, where the argument is an interval.
pub fn negate(_context: &FunctionContext, arguments: &[Argument<'_>]) -> Option<Result<Resolved>> {
    concerns(arguments).then(|| match arguments {
        [a] if a.data_type.kind.is_interval() => {
            let returns = result(&a.data_type.kind, arguments);
            let kernel = longs("NEGATE", &returns, |values, row| Some(values[0].get(row)?.wrapping_neg()));
            Ok(Resolved { parameters: parameters(arguments), returns, kernel })
        }
        _ => Err(no_operator("-", arguments)),
    })
}

fn no_operator(symbol: &str, arguments: &[Argument<'_>]) -> Error {
    let types: Vec<String> = arguments.iter().map(|argument| argument.data_type.kind.to_string()).collect();
    Error::input(format!("there is no operator {}", types.join(&format!(" {symbol} "))))
}

/// A kernel over the arguments as integers.
fn longs(
    name: &'static str,
    returns: &DataType,
    compute: impl Fn(&[Longs], usize) -> Option<i64> + Send + Sync + 'static,
) -> Arc<dyn Kernel> {
    let returns = returns.clone();
    kernel(name, move |arguments| {
        let values = all(arguments)?;
        values::column(&returns, arguments.rows(), |row| compute(&values, row))
    })
}

fn all(arguments: &Arguments) -> Result<Vec<Longs>> {
    (0..arguments.len()).map(|position| Longs::of(arguments, position)).collect()
}

fn intervals(arguments: &[Argument<'_>], kind: &TypeKind, compute: fn(i64, i64) -> i64) -> Resolved {
    let returns = result(kind, arguments);
    let kernel =
        longs("interval", &returns, move |values, row| Some(compute(values[0].get(row)?, values[1].get(row)?)));
    Resolved { parameters: parameters(arguments), returns, kernel }
}

/// A datetime at `moment_at` moved by `sign` times the interval at `interval_at`.
fn moved(
    arguments: &[Argument<'_>],
    moment: &TypeKind,
    moment_at: usize,
    interval: &TypeKind,
    interval_at: usize,
    sign: i64,
) -> Resolved {
    let returns = result(moment, arguments);
    let step = step(moment, *interval == TypeKind::IntervalMonths);
    let kernel = longs("datetime and interval", &returns, move |values, row| {
        Some(step(values[moment_at].get(row)?, sign.wrapping_mul(values[interval_at].get(row)?)))
    });
    Resolved { parameters: parameters(arguments), returns, kernel }
}

/// How a datetime of this type is moved by months, or by milliseconds.
fn step(kind: &TypeKind, months: bool) -> impl Fn(i64, i64) -> i64 + Send + Sync + Copy + 'static {
    let per_second = per_second(kind);
    let (is_date, is_time) = (*kind == TypeKind::Date, matches!(kind, TypeKind::Time(_)));
    move |value: i64, by: i64| match (is_date, is_time, months) {
        (true, _, true) => add_months(value, by),
        (true, _, false) => value.wrapping_add(by / DAY_MILLIS),
        (_, true, true) => value,
        (_, true, false) => value.wrapping_add(by).rem_euclid(DAY_MILLIS),
        (_, _, true) => {
            let day = per_second * 86_400;
            add_months(value.div_euclid(day), by).wrapping_mul(day).wrapping_add(value.rem_euclid(day))
        }
        (_, _, false) => value.wrapping_add(by.wrapping_mul(per_second / 1_000)),
    }
}

/// The unit that a call's constant argument names.
pub(super) fn unit_of(argument: &Argument<'_>) -> Result<Unit> {
    match argument.text() {
        Some(name) => Unit::named(name),
        None => Err(Error::input("a unit of time is written as a word: DAY, HOUR, …")),
    }
}

const UNITS: &str = "YEAR, QUARTER, MONTH, WEEK, DAY, HOUR, MINUTE, SECOND and MILLISECOND are units";

fn timestamp_add(_context: &FunctionContext, arguments: &[Argument<'_>]) -> Result<Resolved> {
    let wrong = || mismatch("TIMESTAMPADD(unit, number, datetime)", arguments.get(1..).unwrap_or_default());
    let [unit, number, moment] = arguments else { return Err(wrong()) };
    let unit = unit_of(unit)?;
    let kind = &moment.data_type.kind;
    if !number.data_type.kind.is_integer() || !kind.is_datetime() {
        return Err(wrong());
    }
    let (months, factor) = match (unit.months(), unit.millis()) {
        (Some(months), _) => (true, months),
        (_, Some(millis)) => (false, millis),
        _ => return Err(Error::input(format!("TIMESTAMPADD takes no {}", unit.name())).hint(UNITS)),
    };
    let kind = match kind {
        // A day moved by hours is a moment of that day.
        TypeKind::Date if !months && factor < DAY_MILLIS => TypeKind::timestamp(6),
        // What is moved by milliseconds has them.
        TypeKind::Timestamp { precision: 0..3, .. } if unit == Unit::Millisecond => TypeKind::timestamp(3),
        TypeKind::TimestampLtz { precision: 0..3, .. } if unit == Unit::Millisecond => TypeKind::timestamp_ltz(3),
        TypeKind::Time(0..3) if unit == Unit::Millisecond => TypeKind::Time(3),
        kind => kind.clone(),
    };
    let returns = result(&kind, arguments);
    let step = step(&kind, months);
    let kernel = longs_from(1, &returns, move |values, row| {
        let by = values[0].get(row)?.wrapping_mul(factor);
        Some(step(values[1].get(row)?, by))
    });
    let mut parameters = parameters(arguments);
    parameters[1] = TypeKind::BigInt.with_nullable(number.data_type.nullable);
    parameters[2] = kind.with_nullable(moment.data_type.nullable).without_time_attribute();
    Ok(Resolved { parameters, returns, kernel })
}

/// [`longs`] of the arguments from `first` on; those before are constants that the call was resolved by.
fn longs_from(
    first: usize,
    returns: &DataType,
    compute: impl Fn(&[Longs], usize) -> Option<i64> + Send + Sync + 'static,
) -> Arc<dyn Kernel> {
    let returns = returns.clone();
    kernel("temporal", move |arguments| {
        let values: Vec<Longs> =
            (first..arguments.len()).map(|position| Longs::of(arguments, position)).collect::<Result<_>>()?;
        values::column(&returns, arguments.rows(), |row| compute(&values, row))
    })
}

/// Reads a datetime as a day and the milliseconds of that day; a time is a time of day 0.
fn moment_reader(kind: &TypeKind) -> impl Fn(i64) -> (i64, i64) + Send + Sync + Copy + 'static {
    let is_date = *kind == TypeKind::Date;
    let per_milli = per_second(kind) / 1_000;
    move |value: i64| {
        if is_date {
            return (value, 0);
        }
        let millis = value.div_euclid(per_milli);
        (millis.div_euclid(DAY_MILLIS), millis.rem_euclid(DAY_MILLIS))
    }
}

/// What a difference is counted in: how many months, milliseconds or nanoseconds the unit has.
#[derive(Clone, Copy)]
enum Measure {
    Months(i64),
    Millis(i64),
    Nanos(i64),
}

/// Reads a datetime as nanoseconds.
fn nanos_reader(kind: &TypeKind) -> impl Fn(i64) -> i128 + Send + Sync + Copy + 'static {
    let factor = if *kind == TypeKind::Date { 86_400_000_000_000 } else { 1_000_000_000 / per_second(kind) };
    move |value: i64| i128::from(value) * i128::from(factor)
}

/// Whether two datetimes can be compared in time: TIMESTAMP_LTZ and TIME only with their like.
fn comparable(a: &TypeKind, b: &TypeKind) -> bool {
    let class = |kind: &TypeKind| match kind {
        TypeKind::Date | TypeKind::Timestamp { .. } => Some(0),
        TypeKind::TimestampLtz { .. } => Some(1),
        TypeKind::Time(_) => Some(2),
        _ => None,
    };
    class(a).is_some() && class(a) == class(b)
}

/// How many digits of a second a type has.
fn digits(kind: &TypeKind) -> u8 {
    match kind {
        TypeKind::Timestamp { precision, .. }
        | TypeKind::TimestampLtz { precision, .. }
        | TypeKind::Time(precision) => *precision,
        _ => 0,
    }
}

fn millis_between(from: (i64, i64), to: (i64, i64)) -> i64 {
    to.0.wrapping_sub(from.0).wrapping_mul(DAY_MILLIS).wrapping_add(to.1 - from.1)
}

fn timestamp_diff(_context: &FunctionContext, arguments: &[Argument<'_>]) -> Result<Resolved> {
    let wrong = || mismatch("TIMESTAMPDIFF(unit, start, end)", arguments.get(1..).unwrap_or_default());
    let [unit, a, b] = arguments else { return Err(wrong()) };
    let unit = unit_of(unit)?;
    if !comparable(&a.data_type.kind, &b.data_type.kind) {
        return Err(wrong());
    }
    let (read_a, read_b) = (moment_reader(&a.data_type.kind), moment_reader(&b.data_type.kind));
    let measure = match (unit.months(), unit.millis(), unit) {
        (Some(months), ..) => Measure::Months(months),
        (_, Some(millis), _) => Measure::Millis(millis),
        (.., Unit::Microsecond) => Measure::Nanos(1_000),
        (.., Unit::Nanosecond) => Measure::Nanos(1),
        _ => return Err(Error::input(format!("TIMESTAMPDIFF takes no {}", unit.name())).hint(UNITS)),
    };
    let (nanos_a, nanos_b) = (nanos_reader(&a.data_type.kind), nanos_reader(&b.data_type.kind));
    let returns = result(if unit == Unit::Nanosecond { &TypeKind::BigInt } else { &TypeKind::Int }, arguments);
    let kernel = longs_from(1, &returns, move |values, row| {
        let (from, to) = (values[0].get(row)?, values[1].get(row)?);
        Some(match measure {
            Measure::Months(length) => months_between(read_a(from), read_b(to)) / length,
            Measure::Millis(length) => millis_between(read_a(from), read_b(to)) / length,
            // Beyond the range of the result the difference wraps.
            Measure::Nanos(length) => ((nanos_b(to) - nanos_a(from)) / i128::from(length)) as i64,
        })
    });
    Ok(Resolved { parameters: parameters(arguments), returns, kernel })
}

fn minus_dates(_context: &FunctionContext, arguments: &[Argument<'_>]) -> Result<Resolved> {
    let wrong = || mismatch("(end - start) unit", arguments.get(..2).unwrap_or(arguments));
    let [a, b, unit] = arguments else { return Err(wrong()) };
    let unit = unit_of(unit)?;
    let is_date = |argument: &Argument<'_>| argument.data_type.kind == TypeKind::Date;
    if !comparable(&a.data_type.kind, &b.data_type.kind) || is_date(a) != is_date(b) {
        return Err(wrong());
    }
    let (read_a, read_b) = (moment_reader(&a.data_type.kind), moment_reader(&b.data_type.kind));
    let months = unit.months().is_some();
    let kind = if months { TypeKind::IntervalMonths } else { TypeKind::IntervalMillis };
    let returns = result(&kind, &arguments[..2]);
    let interval = returns.clone();
    let kernel = kernel("(a - b) unit", move |arguments| {
        let (a, b) = (Longs::of(arguments, 0)?, Longs::of(arguments, 1)?);
        values::column(&interval, arguments.rows(), |row| {
            let (to, from) = (read_a(a.get(row)?), read_b(b.get(row)?));
            Some(if months { months_between(from, to) } else { millis_between(from, to) })
        })
    });
    Ok(Resolved { parameters: parameters(arguments), returns, kernel })
}

fn overlaps(_context: &FunctionContext, arguments: &[Argument<'_>]) -> Result<Resolved> {
    let wrong = || mismatch("(start, end) OVERLAPS (start, end)", arguments);
    let [a, b, c, d] = arguments else { return Err(wrong()) };
    let is_end = |argument: &&Argument<'_>| !argument.data_type.kind.is_interval();
    let moments = || [a, c].into_iter().chain([b, d].into_iter().filter(is_end)).map(|moment| &moment.data_type.kind);
    // What is less precise is compared as the most precise of them.
    let Some(finest) = moments().max_by_key(|kind| digits(kind)) else { return Err(wrong()) };
    let fits = |kind| comparable(kind, finest) && (*kind == TypeKind::Date) == (*finest == TypeKind::Date);
    if !moments().all(fits) {
        return Err(wrong());
    }
    let by_months = |end: &Argument<'_>| match end.data_type.kind {
        TypeKind::IntervalMonths => Some(true),
        TypeKind::IntervalMillis => Some(false),
        _ => None,
    };
    let (first, second) = (by_months(b), by_months(d));
    let (by_millis, by_months) = (step(finest, false), step(finest, true));
    // A period whose ends can't be compared counts as backwards, and what is compared with NULL is unknown, as in the standard.
    let period = move |start: Option<i64>, end: Option<i64>, interval: Option<bool>| {
        let end = match (interval, start, end) {
            (None, _, end) => end,
            (Some(true), Some(start), Some(by)) => Some(by_months(start, by)),
            (Some(false), Some(start), Some(by)) => Some(by_millis(start, by)),
            _ => None,
        };
        match (start, end) {
            (Some(from), Some(to)) if from <= to => (start, end),
            _ => (end, start),
        }
    };
    let parameter = |argument: &Argument<'_>| match argument.data_type.kind.is_interval() {
        true => argument.data_type.clone(),
        false => finest.clone().with_nullable(argument.data_type.nullable).without_time_attribute(),
    };
    let parameters = arguments.iter().map(parameter).collect();
    let at_most = |a: Option<i64>, b: Option<i64>| Some(a? <= b?);
    let returns = TypeKind::Boolean.with_nullable(any_nullable(arguments));
    let kernel = kernel("OVERLAPS", move |arguments| {
        let values = all(arguments)?;
        Ok(booleans(arguments.rows(), |row| {
            let a = period(values[0].get(row), values[1].get(row), first);
            let b = period(values[2].get(row), values[3].get(row), second);
            match (at_most(b.0, a.1), at_most(a.0, b.1)) {
                (Some(false), _) | (_, Some(false)) => Some(false),
                (Some(true), Some(true)) => Some(true),
                _ => None,
            }
        }))
    });
    Ok(Resolved { parameters, returns, kernel })
}
