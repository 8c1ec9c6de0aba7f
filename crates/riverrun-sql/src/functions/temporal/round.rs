//! `FLOOR(t TO unit)` and `CEIL(t TO unit)`. A week begins on Sunday, a century with its year 1.

use super::arithmetic::unit_of;
use super::calendar::{civil, days, iso_weekday};
use super::units::Unit;
use super::values::{self, DAY_MILLIS, Longs, per_second};
use super::zone;
use crate::functions::kernels::{any_nullable, kernel, mismatch};
use crate::functions::{Argument, FunctionContext, FunctionDef, Resolved, operators};
use riverrun_core::{Error, Result, TypeKind};

/// The functions of this file.
pub const FUNCTIONS: &[FunctionDef] = &[
    FunctionDef {
        name: operators::FLOOR_TO,
        aliases: &[],
        group: "temporal",
        syntax: "FLOOR(datetime TO unit)",
        doc: "The beginning of the unit that the datetime lies in.",
        deterministic: true,
        resolve: |context, arguments| round(context, arguments, false),
    },
    FunctionDef {
        name: operators::CEIL_TO,
        aliases: &[],
        group: "temporal",
        syntax: "CEIL(datetime TO unit)",
        doc: "The beginning of the next unit, or the datetime itself where it is a beginning.",
        deterministic: true,
        resolve: |context, arguments| round(context, arguments, true),
    },
];

fn round(context: &FunctionContext, arguments: &[Argument<'_>], up: bool) -> Result<Resolved> {
    let syntax = if up { "CEIL(datetime TO unit)" } else { "FLOOR(datetime TO unit)" };
    let wrong = || mismatch(syntax, arguments.get(..1).unwrap_or(arguments));
    let [value, unit] = arguments else { return Err(wrong()) };
    let unit = unit_of(unit)?;
    let kind = value.data_type.kind.clone();
    if !kind.is_datetime() {
        return Err(wrong());
    }
    let is_time = matches!(kind, TypeKind::Time(_));
    let of_day = matches!(unit, Unit::Week | Unit::Day) || unit.months().is_some();
    let of_time = unit.millis().is_some() || matches!(unit, Unit::Microsecond | Unit::Nanosecond);
    if !(of_day || of_time) {
        return Err(Error::input(format!("{kind} can't be rounded to {}", unit.name()))
            .hint(format!("EXTRACT({} FROM datetime) tells this part of it", unit.name())));
    }
    let per_second = per_second(&kind);
    let zone = match kind {
        TypeKind::TimestampLtz { .. } => context.time_zone,
        _ => chrono_tz::Tz::UTC,
    };
    let per_day = per_second * 86_400;
    let is_date = kind == TypeKind::Date;
    // How many of the type's own units the unit has; one where the unit is finer than the type.
    let step = match unit {
        Unit::Microsecond => (per_second / 1_000_000).max(1),
        Unit::Nanosecond => 1,
        unit => unit.millis().unwrap_or(1).saturating_mul(per_second / 1_000),
    };
    let compute = move |value: i64| -> i64 {
        if is_date {
            return if of_day { round_day(value, unit, up) } else { value };
        }
        if is_time {
            // A time has no day to begin.
            if of_day {
                return value;
            }
            return round_to(value, step, up).rem_euclid(DAY_MILLIS);
        }
        let local = zone::to_local(zone, value, per_second);
        if !of_day {
            // Of the two hours that clocks show in autumn, the instant stays in its own.
            let offset = local.wrapping_sub(value);
            return round_to(local, step, up).wrapping_sub(offset);
        }
        let day = local.div_euclid(per_day);
        let rounded = round_day(day, unit, false);
        let begins = rounded == day && local.rem_euclid(per_day) == 0;
        let rounded = if up && !begins { next(rounded, unit) } else { rounded };
        zone::to_instant(zone, rounded.wrapping_mul(per_day), per_second)
    };
    let returns = kind.with_nullable(any_nullable(arguments)).without_time_attribute();
    let result = returns.clone();
    let kernel = kernel(if up { "CEIL TO" } else { "FLOOR TO" }, move |arguments| {
        let values = Longs::of(arguments, 0)?;
        values::column(&result, arguments.rows(), |row| values.get(row).map(compute))
    });
    let parameters = arguments.iter().map(|argument| argument.data_type.without_time_attribute()).collect();
    Ok(Resolved { parameters, returns, kernel })
}

fn round_to(value: i64, step: i64, up: bool) -> i64 {
    let floor = value.div_euclid(step).wrapping_mul(step);
    if up && floor != value { floor.wrapping_add(step) } else { floor }
}

/// The first day of the unit that a day lies in; rounded up, of the next one.
fn round_day(day: i64, unit: Unit, up: bool) -> i64 {
    let floor = match unit {
        Unit::Day => day,
        Unit::Week => day - iso_weekday(day) % 7,
        unit => {
            let date = civil(day);
            let years = |length: i64| days((date.year - 1).div_euclid(length) * length + 1, 1, 1);
            match unit {
                Unit::Millennium => years(1_000),
                Unit::Century => years(100),
                Unit::Decade => days(date.year.div_euclid(10) * 10, 1, 1),
                Unit::Year => days(date.year, 1, 1),
                Unit::Quarter => days(date.year, (date.month - 1) / 3 * 3 + 1, 1),
                _ => days(date.year, date.month, 1),
            }
        }
    };
    if up && floor != day { next(floor, unit) } else { floor }
}

/// The first day of the unit that follows the one that begins on this day.
fn next(day: i64, unit: Unit) -> i64 {
    match unit.months() {
        Some(months) => super::calendar::add_months(day, months),
        None => day + unit.millis().unwrap_or(DAY_MILLIS) / DAY_MILLIS,
    }
}
