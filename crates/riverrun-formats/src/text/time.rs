//! DATE, TIME and TIMESTAMP in text, as `java.time` reads and writes them.

use super::TimestampFormat;
use arrow::datatypes::TimeUnit;

const NANOS_PER_SECOND: i64 = 1_000_000_000;
const SECONDS_PER_DAY: i64 = 86_400;

/// Days since 1970-01-01 of a date in the proleptic Gregorian calendar; any month and day that exist.
pub fn days_from_civil(year: i64, month: u32, day: u32) -> i64 {
    // Howard Hinnant, "chrono-compatible low-level date algorithms": years begin in March, so that leap days end them.
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let year_of_era = year.rem_euclid(400);
    let month = i64::from(if month > 2 { month - 3 } else { month + 9 });
    let day_of_year = (153 * month + 2) / 5 + i64::from(day) - 1;
    let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    era * 146_097 + day_of_era - 719_468
}

/// Year, month and day of a count of days since 1970-01-01.
pub fn civil_from_days(days: i64) -> (i64, u32, u32) {
    let days = days + 719_468;
    let era = days.div_euclid(146_097);
    let day_of_era = days.rem_euclid(146_097);
    let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month = (5 * day_of_year + 2) / 153;
    let day = (day_of_year - (153 * month + 2) / 5 + 1) as u32;
    let month = if month < 10 { month + 3 } else { month - 9 } as u32;
    let year = era * 400 + year_of_era + i64::from(month <= 2);
    (year, month, day)
}

fn days_in_month(year: i64, month: u32) -> u32 {
    match month {
        2 if year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// Reads a text from left to right.
struct Cursor<'a> {
    rest: &'a [u8],
}

impl Cursor<'_> {
    #[inline]
    fn byte(&mut self, wanted: u8) -> Option<()> {
        let (&first, rest) = self.rest.split_first()?;
        self.rest = rest;
        (first == wanted).then_some(())
    }

    #[inline]
    fn two(&mut self) -> Option<u32> {
        let [a, b, rest @ ..] = self.rest else { return None };
        let (a, b) = (a.wrapping_sub(b'0'), b.wrapping_sub(b'0'));
        self.rest = rest;
        (a <= 9 && b <= 9).then(|| u32::from(a) * 10 + u32::from(b))
    }

    /// A year: four digits; more with a sign before them.
    #[inline]
    fn year(&mut self) -> Option<i64> {
        if let [a @ b'0'..=b'9', b @ b'0'..=b'9', c @ b'0'..=b'9', d @ b'0'..=b'9', rest @ ..] = self.rest
            && rest.first() == Some(&b'-')
        {
            self.rest = rest;
            let digit = |byte: &u8| i64::from(byte - b'0');
            return Some(((digit(a) * 10 + digit(b)) * 10 + digit(c)) * 10 + digit(d));
        }
        let (sign, digits) = match self.rest {
            [b'-', digits @ ..] => (-1, digits),
            [b'+', digits @ ..] => (1, digits),
            _ => return None,
        };
        let count = digits.iter().take_while(|byte| byte.is_ascii_digit()).count();
        let wide = count > 4 && count <= 9;
        if !(wide || count == 4 && sign < 0) {
            return None;
        }
        let year = digits[..count].iter().fold(0i64, |year, digit| year * 10 + i64::from(digit - b'0'));
        self.rest = &digits[count..];
        Some(sign * year)
    }

    /// Year, month and day; the day is at most 31.
    #[inline]
    fn date(&mut self) -> Option<(i64, u32, u32)> {
        let year = self.year()?;
        self.byte(b'-')?;
        let month = self.two()?;
        self.byte(b'-')?;
        let day = self.two()?;
        ((1..=12).contains(&month) && (1..=31).contains(&day)).then_some((year, month, day))
    }

    /// Hour and minute, then seconds, which may be left out if `short`, then a fraction: nanoseconds of the day.
    #[inline]
    fn time(&mut self, short: bool) -> Option<i64> {
        let hour = self.two()?;
        self.byte(b':')?;
        let minute = self.two()?;
        let mut second = 0;
        let mut nanos = 0;
        if self.rest.first() == Some(&b':') || !short {
            self.byte(b':')?;
            second = self.two()?;
            if let [b'.', fraction @ ..] = self.rest {
                let count = fraction.iter().take_while(|byte| byte.is_ascii_digit()).count();
                if count > 9 {
                    return None;
                }
                let digits = fraction[..count].iter().fold(0i64, |nanos, digit| nanos * 10 + i64::from(digit - b'0'));
                nanos = digits * 10i64.pow(9 - count as u32);
                self.rest = &fraction[count..];
            }
        }
        if hour == 24 && minute == 0 && second == 0 && nanos == 0 {
            return Some(SECONDS_PER_DAY * NANOS_PER_SECOND);
        }
        if hour > 23 || minute > 59 || second > 59 {
            return None;
        }
        let seconds = i64::from(hour) * 3600 + i64::from(minute) * 60 + i64::from(second);
        Some(seconds * NANOS_PER_SECOND + nanos)
    }

    fn end(&self) -> Option<()> {
        self.rest.is_empty().then_some(())
    }
}

/// Reads `2024-02-29` as days since 1970; a day that does not exist is none.
pub fn parse_date(text: &str) -> Option<i32> {
    let mut cursor = Cursor { rest: text.as_bytes() };
    let (year, month, day) = cursor.date()?;
    cursor.end()?;
    if day > days_in_month(year, month) {
        return None;
    }
    i32::try_from(days_from_civil(year, month, day)).ok()
}

/// Reads a date as `java.sql.Date.valueOf` does: `2024-2-9` too, and 30 February as 1 March.
pub fn parse_loose_date(text: &str) -> Option<i32> {
    let mut parts = text.trim().splitn(3, '-');
    let (year, month, day) = (parts.next()?, parts.next()?, parts.next()?);
    let number = |part: &str, widths: std::ops::RangeInclusive<usize>| -> Option<u32> {
        (widths.contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_digit())).then(|| part.parse().ok())?
    };
    let (year, month, day) = (i64::from(number(year, 4..=4)?), number(month, 1..=2)?, number(day, 1..=2)?);
    if !(1..=12).contains(&month) || !(1..=31).contains(&day) {
        return None;
    }
    i32::try_from(days_from_civil(year, month, day)).ok()
}

/// Reads `12:34:56.789` as milliseconds of the day; `24:00:00` is midnight.
pub fn parse_time(text: &str) -> Option<i32> {
    let mut cursor = Cursor { rest: text.as_bytes() };
    let nanos = cursor.time(false)?;
    cursor.end()?;
    i32::try_from(nanos % (SECONDS_PER_DAY * NANOS_PER_SECOND) / 1_000_000).ok()
}

/// Reads a time as `java.time.LocalTime.parse` does: seconds may be left out, `24:00` is none.
pub fn parse_iso_time(text: &str) -> Option<i32> {
    let mut cursor = Cursor { rest: text.as_bytes() };
    let nanos = cursor.time(true)?;
    cursor.end()?;
    if nanos >= SECONDS_PER_DAY * NANOS_PER_SECOND || text.ends_with('.') {
        return None;
    }
    i32::try_from(nanos / 1_000_000).ok()
}

/// Milliseconds cut to the digits of a TIME's precision.
pub fn truncate_millis(millis: i32, precision: u8) -> i32 {
    match precision {
        0 => millis / 1000 * 1000,
        1 => millis / 100 * 100,
        2 => millis / 10 * 10,
        _ => millis,
    }
}

/// Reads a timestamp in `unit`s since 1970. A day beyond the end of its month is its last day, as in Flink.
#[inline]
pub fn parse_timestamp(text: &str, format: TimestampFormat, local_zone: bool, unit: TimeUnit) -> Option<i64> {
    let mut cursor = Cursor { rest: text.as_bytes() };
    let (year, month, day) = cursor.date()?;
    let nanos = match format {
        TimestampFormat::Sql => {
            cursor.byte(b' ')?;
            cursor.time(false)?
        }
        TimestampFormat::Iso8601 => {
            cursor.byte(b'T')?;
            cursor.time(true)?
        }
    };
    if local_zone {
        cursor.byte(b'Z')?;
    }
    cursor.end()?;
    let day = if day > 28 { day.min(days_in_month(year, month)) } else { day };
    timestamp(days_from_civil(year, month, day), nanos, unit)
}

/// A timestamp from days and nanoseconds of the day; `None` where the unit can't reach it.
#[inline]
pub fn timestamp(days: i64, nanos: i64, unit: TimeUnit) -> Option<i64> {
    let seconds = days.checked_mul(SECONDS_PER_DAY)?.checked_add(nanos / NANOS_PER_SECOND)?;
    let fraction = nanos % NANOS_PER_SECOND;
    let per_second = per_second(unit);
    seconds.checked_mul(per_second)?.checked_add(fraction / (NANOS_PER_SECOND / per_second))
}

/// How many units a second has.
pub fn per_second(unit: TimeUnit) -> i64 {
    match unit {
        TimeUnit::Second => 1,
        TimeUnit::Millisecond => 1_000,
        TimeUnit::Microsecond => 1_000_000,
        TimeUnit::Nanosecond => NANOS_PER_SECOND,
    }
}

/// The last two digits of a number.
fn two(value: u32) -> [u8; 2] {
    [b'0' + (value / 10 % 10) as u8, b'0' + (value % 10) as u8]
}

/// Appends `2024-02-29`.
pub fn write_date(out: &mut Vec<u8>, days: i64) {
    let (year, month, day) = civil_from_days(days);
    let ([m, n], [d, e]) = (two(month), two(day));
    if (0..=9999).contains(&year) {
        let ([c, b], [x, y]) = (two((year / 100) as u32), two((year % 100) as u32));
        return out.extend_from_slice(&[c, b, x, y, b'-', m, n, b'-', d, e]);
    }
    let sign = if year < 0 { '-' } else { '+' };
    out.extend_from_slice(format!("{sign}{:04}", year.unsigned_abs()).as_bytes());
    out.extend_from_slice(&[b'-', m, n, b'-', d, e]);
}

/// Appends `12:34:56`, and the fraction without trailing zeros if there is one.
pub fn write_time(out: &mut Vec<u8>, nanos_of_day: i64) {
    write_second_of_day(out, (nanos_of_day / NANOS_PER_SECOND) as u32);
    write_fraction(out, (nanos_of_day % NANOS_PER_SECOND) as u32);
}

fn write_second_of_day(out: &mut Vec<u8>, second: u32) {
    let ([h, i], [m, n], [s, t]) = (two(second / 3600), two(second / 60 % 60), two(second % 60));
    out.extend_from_slice(&[h, i, b':', m, n, b':', s, t]);
}

/// Appends `.25` for 250 000 000 nanoseconds, nothing for none.
fn write_fraction(out: &mut Vec<u8>, nanos: u32) {
    if nanos == 0 {
        return;
    }
    let (mut digits, mut count) = if nanos.is_multiple_of(1_000_000) { (nanos / 1_000_000, 3) } else { (nanos, 9) };
    while digits.is_multiple_of(10) {
        digits /= 10;
        count -= 1;
    }
    let mut text = *b".000000000";
    for place in text[1..=count].iter_mut().rev() {
        *place += (digits % 10) as u8;
        digits /= 10;
    }
    out.extend_from_slice(&text[..=count]);
}

/// Appends a timestamp, with `Z` if it is one with a local time zone.
pub fn write_timestamp(out: &mut Vec<u8>, value: i64, unit: TimeUnit, format: TimestampFormat, local_zone: bool) {
    TimestampTexts::new(unit, format, local_zone).write(out, value);
}

/// Timestamps as texts. Those that follow each other are often of the same second: then its text is made once.
#[derive(Clone, Debug)]
pub struct TimestampTexts {
    unit: TimeUnit,
    format: TimestampFormat,
    local_zone: bool,
    /// The last second since 1970, and its text if that is as long as most.
    last: Option<(i64, [u8; 19])>,
}

impl TimestampTexts {
    /// Texts of timestamps that count `unit`s, with `Z` if they are of a local time zone.
    pub fn new(unit: TimeUnit, format: TimestampFormat, local_zone: bool) -> TimestampTexts {
        TimestampTexts { unit, format, local_zone, last: None }
    }

    /// Appends a timestamp.
    pub fn write(&mut self, out: &mut Vec<u8>, value: i64) {
        let per_second = per_second(self.unit);
        let second = value.div_euclid(per_second);
        match &self.last {
            Some((last, text)) if *last == second => out.extend_from_slice(text),
            _ => {
                let start = out.len();
                self.write_second(out, second);
                self.last = out[start..].try_into().ok().map(|text| (second, text));
            }
        }
        write_fraction(out, (value.rem_euclid(per_second) * (NANOS_PER_SECOND / per_second)) as u32);
        if self.local_zone {
            out.push(b'Z');
        }
    }

    fn write_second(&self, out: &mut Vec<u8>, second: i64) {
        write_date(out, second.div_euclid(SECONDS_PER_DAY));
        out.push(match self.format {
            TimestampFormat::Sql => b' ',
            TimestampFormat::Iso8601 => b'T',
        });
        write_second_of_day(out, second.rem_euclid(SECONDS_PER_DAY) as u32);
    }
}
