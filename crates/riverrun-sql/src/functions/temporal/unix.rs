//! UNIX_TIMESTAMP, FROM_UNIXTIME, CONVERT_TZ: seconds since 1970, and texts in other time zones.
//!
//! Their patterns are those of `java.text.SimpleDateFormat`.

use super::format::{DEFAULT_PATTERN as DEFAULT, Patterns, ZoneCache, local, nullable};
use super::pattern::{Fields, Flavour};
use super::values::{self, DAY_MILLIS, Longs};
use super::{current, zone};
use crate::functions::kernels::{Accept, accept, kernel, try_texts};
use crate::functions::{Argument, FunctionContext, FunctionDef, Resolve, Resolved};
use chrono_tz::Tz;
use riverrun_core::{Result, TypeKind};

const fn function(name: &'static str, syntax: &'static str, doc: &'static str, resolve: Resolve) -> FunctionDef {
    // UNIX_TIMESTAMP() is the clock: a call without arguments must not be computed once.
    FunctionDef { name, aliases: &[], group: "temporal", syntax, doc, deterministic: false, resolve }
}

/// The functions of this file.
pub const FUNCTIONS: &[FunctionDef] = &[
    function(
        "UNIX_TIMESTAMP",
        "UNIX_TIMESTAMP([string [, pattern]])",
        "Seconds since 1970: of now, or of a text in the session's time zone.",
        unix_timestamp,
    ),
    FunctionDef {
        deterministic: true,
        ..function(
            "FROM_UNIXTIME",
            "FROM_UNIXTIME(seconds [, pattern])",
            "The text of so many seconds since 1970 in the session's time zone.",
            from_unixtime,
        )
    },
    FunctionDef {
        deterministic: true,
        ..function(
            "CONVERT_TZ",
            "CONVERT_TZ(string, from zone, to zone)",
            "A text yyyy-MM-dd HH:mm:ss of one time zone in another one; NULL if it is none.",
            convert_tz,
        )
    },
];

/// The instant in milliseconds of what was read in a zone.
fn instant(fields: &Fields, zone: Tz) -> Option<i64> {
    let (day, nanos) = fields.resolve(Flavour::Simple)?;
    let local = day.checked_mul(DAY_MILLIS)?.checked_add(nanos / 1_000_000)?;
    Some(match fields.offset {
        Some(offset) => local - offset * 1_000,
        None => zone::to_later_instant(zone, local, 1_000),
    })
}

fn unix_timestamp(context: &FunctionContext, arguments: &[Argument<'_>]) -> Result<Resolved> {
    if arguments.is_empty() {
        return current::unix_seconds(context, arguments);
    }
    let syntax = "UNIX_TIMESTAMP([string [, pattern]])";
    let parameters = accept(syntax, arguments, &[Accept::Text, Accept::Text], 1)?;
    let returns = nullable(TypeKind::BigInt, arguments);
    let (result, zone) = (returns.clone(), context.time_zone);
    let kernel = kernel("UNIX_TIMESTAMP", move |arguments| {
        let (texts, patterns) = (arguments.text(0)?, arguments.text_opt(1)?);
        let mut compiled = Patterns::new(Flavour::Simple);
        values::try_column(&result, arguments.rows(), |row| {
            let Some(text) = texts.get(row) else { return Ok(None) };
            let Some(pattern) = patterns.as_ref().map_or(Some(DEFAULT), |patterns| patterns.get(row)) else {
                return Ok(None);
            };
            let read = compiled.get(pattern)?.read(text).and_then(|fields| instant(&fields, zone));
            // Flink's answer to a text that is no date.
            Ok(Some(read.map_or(i64::MIN, |millis| millis / 1_000)))
        })
    });
    Ok(Resolved { parameters, returns, kernel })
}

fn from_unixtime(context: &FunctionContext, arguments: &[Argument<'_>]) -> Result<Resolved> {
    let parameters = accept("FROM_UNIXTIME(seconds [, pattern])", arguments, &[Accept::Long, Accept::Text], 1)?;
    let zone = context.time_zone;
    let kernel = kernel("FROM_UNIXTIME", move |arguments| {
        let (seconds, patterns) = (Longs::of(arguments, 0)?, arguments.text_opt(1)?);
        let mut compiled = Patterns::new(Flavour::Simple);
        try_texts(arguments.rows(), |row, out| {
            let Some(seconds) = seconds.get(row) else { return Ok(None) };
            let Some(pattern) = patterns.as_ref().map_or(Some(DEFAULT), |patterns| patterns.get(row)) else {
                return Ok(None);
            };
            compiled.get(pattern)?.write(&local(zone, seconds, 1), out);
            Ok(Some(()))
        })
    });
    Ok(Resolved { parameters, returns: TypeKind::STRING.nullable(), kernel })
}

fn convert_tz(_context: &FunctionContext, arguments: &[Argument<'_>]) -> Result<Resolved> {
    let syntax = "CONVERT_TZ(string, from zone, to zone)";
    let parameters = accept(syntax, arguments, &[Accept::Text, Accept::Text, Accept::Text], 3)?;
    let kernel = kernel("CONVERT_TZ", move |arguments| {
        let (texts, from, to) = (arguments.text(0)?, arguments.text(1)?, arguments.text(2)?);
        let mut compiled = Patterns::new(Flavour::Simple);
        let (mut from_zone, mut to_zone) = (ZoneCache::default(), ZoneCache::default());
        try_texts(arguments.rows(), |row, out| {
            let (Some(text), Some(from), Some(to)) = (texts.get(row), from.get(row), to.get(row)) else {
                return Ok(None);
            };
            let pattern = compiled.get(DEFAULT)?;
            let (from, to) = (from_zone.get(from)?, to_zone.get(to)?);
            let Some(millis) = pattern.read(text).and_then(|fields| instant(&fields, from)) else { return Ok(None) };
            pattern.write(&local(to, millis, 1_000), out);
            Ok(Some(()))
        })
    });
    Ok(Resolved { parameters, returns: TypeKind::STRING.nullable(), kernel })
}
