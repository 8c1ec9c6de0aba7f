//! Times in log lines.

use crate::text::TimestampFormat;
use crate::text::time::{self, days_from_civil};
use arrow::datatypes::TimeUnit;
use chrono::format::{Item, Parsed, StrftimeItems};
use chrono::{NaiveDateTime, Timelike};
use riverrun_core::{Error, Result};

const NANOS_PER_SECOND: i64 = 1_000_000_000;

/// How timestamps are written.
#[derive(Debug)]
pub enum TimeFormat {
    /// `2024-02-29 12:34:56.789`, or with T in the middle; TIMESTAMP_LTZ with Z at the end.
    Sql,
    /// `17/May/2015:10:05:03 +0000`
    Log,
    /// As `strftime` would write it.
    Items(Vec<Item<'static>>),
}

impl TimeFormat {
    /// The format that `strftime` knows as `format`.
    pub fn new(format: &str) -> Result<TimeFormat> {
        if format == "%d/%b/%Y:%H:%M:%S %z" {
            return Ok(TimeFormat::Log);
        }
        let items: Vec<Item<'_>> = StrftimeItems::new(format).collect();
        if items.contains(&Item::Error) {
            return Err(Error::input(format!("'{format}' is no format for times"))
                .hint("write it as for strftime: %Y-%m-%dT%H:%M:%S%.f%z"));
        }
        Ok(TimeFormat::Items(items.into_iter().map(Item::to_owned).collect()))
    }

    /// A timestamp in `unit`s: the instant if `local_zone`, else the time as written.
    #[inline]
    pub fn parse(&self, text: &str, local_zone: bool, unit: TimeUnit) -> Option<i64> {
        match self {
            TimeFormat::Sql => time::parse_timestamp(text, TimestampFormat::Sql, local_zone, unit)
                .or_else(|| time::parse_timestamp(text, TimestampFormat::Iso8601, local_zone, unit)),
            TimeFormat::Log => {
                let (days, seconds, offset) = parse_log_time(text.as_bytes())?;
                let seconds = days * 86_400 + seconds - if local_zone { offset } else { 0 };
                time::timestamp(seconds.div_euclid(86_400), seconds.rem_euclid(86_400) * NANOS_PER_SECOND, unit)
            }
            TimeFormat::Items(items) => {
                let mut parsed = Parsed::new();
                chrono::format::parse(&mut parsed, text, items.iter()).ok()?;
                let offset = parsed.offset().map(i64::from);
                let written: NaiveDateTime = parsed.to_naive_datetime_with_offset(offset.unwrap_or(0) as i32).ok()?;
                let utc = written.and_utc();
                let seconds = utc.timestamp() - if local_zone { offset.unwrap_or(0) } else { 0 };
                let nanos =
                    seconds.rem_euclid(86_400) * NANOS_PER_SECOND + i64::from(written.nanosecond() % 1_000_000_000);
                time::timestamp(seconds.div_euclid(86_400), nanos, unit)
            }
        }
    }
}

/// Days, seconds of the day and the offset in seconds of `17/May/2015:10:05:03 +0000`.
#[inline]
fn parse_log_time(text: &[u8]) -> Option<(i64, i64, i64)> {
    let &[
        d1,
        d2,
        b'/',
        m1,
        m2,
        m3,
        b'/',
        y1,
        y2,
        y3,
        y4,
        b':',
        h1,
        h2,
        b':',
        n1,
        n2,
        b':',
        s1,
        s2,
        b' ',
        sign,
        o1,
        o2,
        p1,
        p2,
    ] = text
    else {
        return None;
    };
    let two = |tens: u8, ones: u8| -> Option<i64> {
        (tens.is_ascii_digit() && ones.is_ascii_digit()).then(|| i64::from(tens - b'0') * 10 + i64::from(ones - b'0'))
    };
    let month = match &[m1, m2, m3] {
        b"Jan" => 1,
        b"Feb" => 2,
        b"Mar" => 3,
        b"Apr" => 4,
        b"May" => 5,
        b"Jun" => 6,
        b"Jul" => 7,
        b"Aug" => 8,
        b"Sep" => 9,
        b"Oct" => 10,
        b"Nov" => 11,
        b"Dec" => 12,
        _ => return None,
    };
    let (day, year) = (two(d1, d2)?, two(y1, y2)? * 100 + two(y3, y4)?);
    let (hour, minute, second) = (two(h1, h2)?, two(n1, n2)?, two(s1, s2)?);
    let offset = two(o1, o2)? * 3600 + two(p1, p2)? * 60;
    let offset = match sign {
        b'+' => offset,
        b'-' => -offset,
        _ => return None,
    };
    let days = days_from_civil(year, month, day as u32);
    // A day that the month does not have would come back as another.
    let exists = (1..=31).contains(&day) && time::civil_from_days(days) == (year, month, day as u32);
    (exists && hour < 24 && minute < 60 && second < 60).then_some((days, hour * 3600 + minute * 60 + second, offset))
}
