//! DATE_FORMAT, TO_DATE, TO_TIMESTAMP, TO_TIMESTAMP_LTZ: datetimes ↔ text.

use super::calendar::{days, days_in_month};
use super::pattern::{Flavour, Local, Pattern};
use super::values::{self, Longs, per_second};
use super::zone;
use crate::functions::kernels::{Accept, Arguments, accept, any_nullable, built_texts, kernel, mismatch, try_texts};
use crate::functions::{Argument, FunctionContext, FunctionDef, Resolve, Resolved};
use arrow::array::{ArrayRef, AsArray};
use arrow::datatypes::{Decimal128Type, Float64Type};
use chrono_tz::Tz;
use riverrun_core::{DataType, Error, Result, TypeKind};
use std::collections::HashMap;
use std::ops::Range;

const fn function(name: &'static str, syntax: &'static str, doc: &'static str, resolve: Resolve) -> FunctionDef {
    FunctionDef { name, aliases: &[], group: "temporal", syntax, doc, deterministic: true, resolve }
}

/// The functions of this file.
pub const FUNCTIONS: &[FunctionDef] = &[
    function(
        "DATE_FORMAT",
        "DATE_FORMAT(timestamp, pattern)",
        "The timestamp as text, by a pattern of Java's DateTimeFormatter: 'yyyy-MM-dd HH:mm'.",
        date_format,
    ),
    function(
        "TO_DATE",
        "TO_DATE(string [, pattern])",
        "The date that a text names, by default as yyyy-MM-dd; NULL if it names none.",
        to_date,
    ),
    function(
        "TO_TIMESTAMP",
        "TO_TIMESTAMP(string [, pattern])",
        "The TIMESTAMP(3) that a text names, by default as yyyy-MM-dd HH:mm:ss; NULL if it names none.",
        to_timestamp,
    ),
    function(
        "TO_TIMESTAMP_LTZ",
        "TO_TIMESTAMP_LTZ(number [, precision]) or TO_TIMESTAMP_LTZ(string [, pattern [, time zone]])",
        "The instant that lies so many seconds (precision 0) or milliseconds (3) after 1970, or that a text names.",
        to_timestamp_ltz,
    ),
];

const NANOS_PER_SECOND: i64 = 1_000_000_000;

/// The pattern where none is given.
pub(super) const DEFAULT_PATTERN: &str = "yyyy-MM-dd HH:mm:ss";

/// The patterns of a call: compiled once each.
pub(super) struct Patterns {
    flavour: Flavour,
    compiled: HashMap<String, Pattern>,
}

impl Patterns {
    pub(super) fn new(flavour: Flavour) -> Self {
        Patterns { flavour, compiled: HashMap::new() }
    }

    pub(super) fn get(&mut self, text: &str) -> Result<&Pattern> {
        if !self.compiled.contains_key(text) {
            self.compiled.insert(text.to_owned(), Pattern::new(text, self.flavour)?);
        }
        self.compiled.get(text).ok_or_else(|| Error::bug("a pattern was compiled and is gone"))
    }
}

/// Instants as texts of a zone. Those of rows that follow each other are often the same: then the text is made once.
pub(super) struct TimeTexts {
    zone: Tz,
    /// How many of the instants' units a second has.
    per_second: i64,
    pattern: Option<(String, Pattern)>,
    /// Instants that have the last text.
    instants: Range<i64>,
    /// The span of local time that the last text is of, and that text.
    span: Option<(i64, i64, i64)>,
    text: String,
}

impl TimeTexts {
    pub(super) fn new(zone: Tz, per_second: i64) -> TimeTexts {
        TimeTexts { zone, per_second, pattern: None, instants: 0..0, span: None, text: String::new() }
    }

    /// The text of an instant.
    pub(super) fn get(&mut self, pattern: &str, instant: i64) -> Result<&str> {
        if self.pattern.as_ref().is_none_or(|(last, _)| last != pattern) {
            self.pattern = Some((pattern.to_owned(), Pattern::new(pattern, Flavour::Formatter)?));
            self.instants = 0..0;
            self.span = None;
        }
        if !self.instants.contains(&instant)
            && let Some((_, pattern)) = &self.pattern
        {
            let time = local(self.zone, instant, self.per_second);
            let span = Some((time.day, time.nanos / pattern.step(), time.offset));
            if self.span != span {
                self.span = span;
                self.text.clear();
                pattern.write(&time, &mut self.text);
            }
            self.instants = self.alike(instant, pattern.step());
        }
        Ok(&self.text)
    }

    /// The instants that have the text of this one, of a pattern whose texts change with every `step` nanoseconds of a day.
    fn alike(&self, instant: i64, step: i64) -> Range<i64> {
        let step = (step / (NANOS_PER_SECOND / self.per_second)).max(1);
        // Other zones change their clocks within a step.
        let since = if self.zone == Tz::UTC { instant.rem_euclid(step) } else { 0 };
        let until = if self.zone == Tz::UTC { step - since } else { 1 };
        instant.saturating_sub(since)..instant.saturating_add(until)
    }
}

pub(super) fn plain(arguments: &[Argument<'_>]) -> Vec<DataType> {
    arguments.iter().map(|argument| argument.data_type.without_time_attribute()).collect()
}

fn date_format(context: &FunctionContext, arguments: &[Argument<'_>]) -> Result<Resolved> {
    let syntax = "DATE_FORMAT(timestamp, pattern)";
    let [moment, pattern] = arguments else { return Err(mismatch(syntax, arguments)) };
    let kind = moment.data_type.kind.clone();
    if !pattern.data_type.kind.is_character() {
        return Err(mismatch(syntax, arguments));
    }
    let returns = TypeKind::STRING.nullable();
    if kind.is_character() {
        let kernel = kernel("DATE_FORMAT", move |arguments| {
            let (texts, patterns) = (arguments.text(0)?, arguments.text(1)?);
            let mut compiled = Patterns::new(Flavour::Simple);
            let default = Pattern::new(DEFAULT_PATTERN, Flavour::Simple)?;
            try_texts(arguments.rows(), |row, out| {
                let (Some(text), Some(pattern)) = (texts.get(row), patterns.get(row)) else { return Ok(None) };
                let pattern = compiled.get(pattern)?;
                let Some((day, nanos)) = default.read(text).and_then(|fields| fields.resolve(Flavour::Simple)) else {
                    return Ok(None);
                };
                pattern.write(&Local { day, nanos, offset: 0 }, out);
                Ok(Some(()))
            })
        });
        return Ok(Resolved { parameters: plain(arguments), returns, kernel });
    }
    if !kind.is_timestamp() {
        let error = mismatch(syntax, arguments);
        return Err(if kind == TypeKind::Date { error.hint("CAST the date to TIMESTAMP(3)") } else { error });
    }
    let per_second = per_second(&kind);
    let zone = if matches!(kind, TypeKind::TimestampLtz { .. }) { context.time_zone } else { Tz::UTC };
    let kernel = kernel("DATE_FORMAT", move |arguments| {
        let (moments, patterns) = (Longs::of(arguments, 0)?, arguments.text(1)?);
        let mut texts = TimeTexts::new(zone, per_second);
        built_texts(arguments.rows(), |row, column| {
            match (moments.get(row), patterns.get(row)) {
                (Some(moment), Some(pattern)) => column.push(texts.get(pattern, moment)?)?,
                _ => column.push_null(),
            }
            Ok(())
        })
    });
    Ok(Resolved { parameters: plain(arguments), returns, kernel })
}

/// An instant as the local time of a zone.
pub(super) fn local(zone: Tz, instant: i64, per_second: i64) -> Local {
    let local = zone::to_local(zone, instant, per_second);
    let per_day = per_second * 86_400;
    Local {
        day: local.div_euclid(per_day),
        nanos: local.rem_euclid(per_day) * (NANOS_PER_SECOND / per_second),
        offset: local.wrapping_sub(instant) / per_second,
    }
}

fn to_date(_context: &FunctionContext, arguments: &[Argument<'_>]) -> Result<Resolved> {
    let parameters = accept("TO_DATE(string [, pattern])", arguments, &[Accept::Text, Accept::Text], 1)?;
    let returns = TypeKind::Date.nullable();
    let date = returns.clone();
    let kernel = kernel("TO_DATE", move |arguments| {
        let (texts, patterns) = (arguments.text(0)?, arguments.text_opt(1)?);
        let mut compiled = Patterns::new(Flavour::Simple);
        values::try_column(&date, arguments.rows(), |row| {
            let Some(text) = texts.get(row) else { return Ok(None) };
            let Some(patterns) = &patterns else { return Ok(read_date(text)) };
            let Some(pattern) = patterns.get(row) else { return Ok(None) };
            let pattern = compiled.get(pattern)?;
            Ok(pattern.read(text).and_then(|fields| Some(fields.resolve(Flavour::Simple)?.0)))
        })
    });
    Ok(Resolved { parameters, returns, kernel })
}

/// `yyyy-MM-dd`, of which month and day may be missing, and behind which a time may stand.
pub(super) fn read_date(text: &str) -> Option<i64> {
    let text = match text.find(' ') {
        Some(at) if at > 0 => &text[..at],
        _ => text,
    };
    let mut parts = text.splitn(3, '-').map(|part| {
        let part = part.trim();
        (!part.is_empty() && part.len() <= 9 && part.bytes().all(|b| b.is_ascii_digit()))
            .then(|| part.parse::<u32>().ok())?
    });
    let year = i64::from(parts.next()??);
    let month = parts.next().unwrap_or(Some(1))?;
    let day = parts.next().unwrap_or(Some(1))?;
    let good = year <= 9999 && (1..=12).contains(&month) && day >= 1 && day <= days_in_month(year, month);
    good.then(|| days(year, month, i64::from(day)))
}

/// `yyyy-MM-dd` with one or two digits for month and day, and perhaps ` HH:mm:ss[.fraction]`; a day that its month has not is
/// the month's last.
pub(super) fn read_timestamp(text: &str) -> Option<(i64, i64)> {
    let (date, time) = match text.split_once(' ') {
        Some((date, time)) => (date, Some(time)),
        None => (text, None),
    };
    let number = |part: &str, least: usize, most: usize| {
        let good = (least..=most).contains(&part.len()) && part.bytes().all(|b| b.is_ascii_digit());
        if good { part.parse::<i64>().ok() } else { None }
    };
    let mut parts = date.split('-');
    let (year, month, day) = (parts.next()?, parts.next()?, parts.next()?);
    if parts.next().is_some() {
        return None;
    }
    let year = number(year, 4, 4)?;
    let month = number(month, 1, 2).filter(|month| (1..=12).contains(month))? as u32;
    let day = number(day, 1, 2).filter(|day| (1..=31).contains(day))?.min(i64::from(days_in_month(year, month)));
    let day = days(year, month, day);
    let Some(time) = time else { return Some((day, 0)) };
    let (clock, fraction) = match time.split_once('.') {
        Some((clock, fraction)) => (clock, fraction),
        None => (time, ""),
    };
    let mut parts = clock.split(':');
    let (hour, minute, second) = (parts.next()?, parts.next()?, parts.next()?);
    if parts.next().is_some() || fraction.len() > 9 || !fraction.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let below = |part: &str, limit: i64| number(part, 1, 2).filter(|value| *value < limit);
    let (hour, minute, second) = (below(hour, 25)?, below(minute, 60)?, below(second, 60)?);
    let nanos =
        fraction.bytes().chain(std::iter::repeat(b'0')).take(9).fold(0, |n, digit| n * 10 + i64::from(digit - b'0'));
    if hour == 24 {
        // 24:00 is the end of the day.
        return (minute == 0 && second == 0 && nanos == 0).then_some((day + 1, 0));
    }
    let seconds = hour * 3_600 + minute * 60 + second;
    Some((day, seconds * NANOS_PER_SECOND + nanos))
}

/// Milliseconds since 1970 of a day and its nanoseconds.
fn millis((day, nanos): (i64, i64)) -> i64 {
    day * values::DAY_MILLIS + nanos / 1_000_000
}

/// Reads a timestamp by a pattern; what has a plainer form of the default one is read too, as in Flink.
fn read_by(pattern: &Pattern, text: &str) -> Option<(i64, i64, Option<i64>)> {
    if let Some(fields) = pattern.read(text)
        && let Some((day, nanos)) = fields.resolve(Flavour::Formatter)
    {
        return Some((day, nanos, fields.offset));
    }
    read_timestamp(text.trim()).map(|(day, nanos)| (day, nanos, None))
}

fn to_timestamp(_context: &FunctionContext, arguments: &[Argument<'_>]) -> Result<Resolved> {
    let parameters = accept("TO_TIMESTAMP(string [, pattern])", arguments, &[Accept::Text, Accept::Text], 1)?;
    let returns = TypeKind::timestamp(3).nullable();
    let timestamp = returns.clone();
    let kernel = kernel("TO_TIMESTAMP", move |arguments| {
        let (texts, patterns) = (arguments.text(0)?, arguments.text_opt(1)?);
        let mut compiled = Patterns::new(Flavour::Formatter);
        values::try_column(&timestamp, arguments.rows(), |row| {
            let Some(text) = texts.get(row) else { return Ok(None) };
            let Some(patterns) = &patterns else { return Ok(read_timestamp(text).map(millis)) };
            let Some(pattern) = patterns.get(row) else { return Ok(None) };
            let read = read_by(compiled.get(pattern)?, text);
            Ok(read.map(|(day, nanos, _)| millis((day, nanos))))
        })
    });
    Ok(Resolved { parameters, returns, kernel })
}

fn to_timestamp_ltz(_context: &FunctionContext, arguments: &[Argument<'_>]) -> Result<Resolved> {
    let syntax = "TO_TIMESTAMP_LTZ(number [, precision])";
    let Some(first) = arguments.first() else { return Err(mismatch(syntax, arguments)) };
    let returns = TypeKind::timestamp_ltz(3).nullable();
    if first.data_type.kind.is_character() {
        let syntax = "TO_TIMESTAMP_LTZ(string [, pattern [, time zone]])";
        let parameters = accept(syntax, arguments, &[Accept::Text, Accept::Text, Accept::Text], 1)?;
        return Ok(Resolved {
            parameters,
            returns: returns.clone(),
            kernel: kernel("TO_TIMESTAMP_LTZ", move |arguments| text_to_instant(arguments, &returns)),
        });
    }
    if !first.data_type.kind.is_numeric() || arguments.len() > 2 {
        return Err(mismatch(syntax, arguments));
    }
    // A constant precision gives the result its own; at least milliseconds.
    let mut constant = None;
    if let Some(precision) = arguments.get(1) {
        if !precision.data_type.kind.is_integer() {
            return Err(mismatch(syntax, arguments));
        }
        if let Some(value) = precision.literal {
            let text = value.to_string();
            let digits = text.parse::<u8>().ok().filter(|digits| *digits <= 9);
            constant = Some(digits.ok_or_else(|| {
                Error::input(format!(
                    "the precision {text} is not supported: it goes from 0 (seconds) to 9 (nanoseconds)"
                ))
            })?);
        }
    }
    let returns = TypeKind::timestamp_ltz(constant.unwrap_or(3).max(3)).nullable();
    let result_digits = per_second(&returns.kind).ilog10();
    let nullable = first.data_type.nullable;
    let exact = first.data_type.kind.is_integer();
    let mut parameters = vec![match &first.data_type.kind {
        kind if kind.is_integer() => TypeKind::BigInt.with_nullable(nullable),
        TypeKind::Decimal { .. } => first.data_type.clone(),
        _ => TypeKind::Double.with_nullable(nullable),
    }];
    parameters.extend(arguments.get(1).map(|precision| TypeKind::Int.with_nullable(precision.data_type.nullable)));
    let result = returns.clone();
    let kernel = kernel("TO_TIMESTAMP_LTZ", move |arguments| {
        let precisions = arguments.int_opt(1)?;
        let units = Numbers::of(arguments, exact)?;
        values::try_column(&result, arguments.rows(), |row| {
            let digits = match precisions.as_ref().map(|precisions| precisions.get(row)) {
                None => 3,
                Some(None) => return Ok(None),
                Some(Some(digits)) => u32::try_from(digits).unwrap_or(u32::MAX),
            };
            Ok(match result_digits.checked_sub(digits) {
                Some(more) => units.get(row, 10i64.pow(more)),
                None => units.get(row, 1).map(|value| value.div_euclid(10i64.pow((digits - result_digits).min(18)))),
            })
        })
    });
    Ok(Resolved { parameters, returns, kernel })
}

/// Numbers of any type, to be counted in a smaller unit.
enum Numbers {
    Whole(Longs),
    Doubles(Vec<Option<f64>>, usize),
    /// Cut to whole ones first, as in Flink.
    Decimals(Vec<Option<i64>>, usize),
}

impl Numbers {
    fn of(arguments: &Arguments, exact: bool) -> Result<Numbers> {
        if exact {
            return Ok(Numbers::Whole(Longs::of(arguments, 0)?));
        }
        let (array, constant) = arguments.raw(0)?;
        let stride = usize::from(!constant);
        if let Some(doubles) = array.as_primitive_opt::<Float64Type>() {
            return Ok(Numbers::Doubles(doubles.iter().collect(), stride));
        }
        let Some(decimals) = array.as_primitive_opt::<Decimal128Type>() else {
            return Err(Error::bug(format!("TO_TIMESTAMP_LTZ got {}", array.data_type())));
        };
        let scale = 10i128.pow(decimals.scale().max(0) as u32);
        let whole = decimals.iter().map(|value| value.and_then(|value| i64::try_from(value / scale).ok()));
        Ok(Numbers::Decimals(whole.collect(), stride))
    }

    /// The number of a row times `factor`; `None` for NULL and what no instant can hold.
    fn get(&self, row: usize, factor: i64) -> Option<i64> {
        match self {
            Numbers::Whole(values) => values.get(row)?.checked_mul(factor),
            Numbers::Doubles(values, stride) => {
                values.get(row * stride).copied().flatten().map(|value| (value * factor as f64) as i64)
            }
            Numbers::Decimals(values, stride) => values.get(row * stride).copied().flatten()?.checked_mul(factor),
        }
    }
}

fn text_to_instant(arguments: &Arguments, returns: &DataType) -> Result<ArrayRef> {
    let (texts, patterns, zones) = (arguments.text(0)?, arguments.text_opt(1)?, arguments.text_opt(2)?);
    let mut compiled = Patterns::new(Flavour::Formatter);
    let mut zone = ZoneCache::default();
    values::try_column(returns, arguments.rows(), |row| {
        let Some(text) = texts.get(row) else { return Ok(None) };
        let read = match &patterns {
            None => read_timestamp(text).map(|(day, nanos)| (day, nanos, None)),
            Some(patterns) => match patterns.get(row) {
                Some(pattern) => read_by(compiled.get(pattern)?, text),
                None => return Ok(None),
            },
        };
        let Some((day, nanos, offset)) = read else {
            // Only the form without a pattern fails, as in Flink.
            if patterns.is_some() {
                return Ok(None);
            }
            return Err(Error::failure(format!("TO_TIMESTAMP_LTZ: '{text}' is no timestamp"))
                .hint("write it like 2024-03-15 13:14:15.123, or give its pattern as the second argument"));
        };
        let local = millis((day, nanos));
        if let Some(offset) = offset {
            return Ok(Some(local - offset * 1_000));
        }
        match &zones {
            None => Ok(Some(local)),
            Some(zones) => match zones.get(row) {
                Some(name) => Ok(Some(zone::to_instant(zone.get(name)?, local, 1_000))),
                None => Ok(None),
            },
        }
    })
}

/// The zone that was asked for last.
#[derive(Default)]
pub(super) struct ZoneCache {
    last: Option<(String, Tz)>,
}

impl ZoneCache {
    pub(super) fn get(&mut self, name: &str) -> Result<Tz> {
        if let Some((last, zone)) = &self.last
            && last == name
        {
            return Ok(*zone);
        }
        let zone = zone::named(name)?;
        self.last = Some((name.to_owned(), zone));
        Ok(zone)
    }
}

/// The type of a result that is NULL where an argument is.
pub(super) fn nullable(kind: TypeKind, arguments: &[Argument<'_>]) -> DataType {
    kind.with_nullable(any_nullable(arguments))
}
