//! Numbers and times as Java writes them, which is how Flink prints them and casts them to text.

use crate::calendar::{MILLIS_PER_DAY, civil_from_days};
use std::fmt::Write;

/// `Double.toString`: `1.0E10`, `-0.0`, `NaN`, with the fewest digits that give the value back.
pub fn write_double(value: f64, out: &mut String) {
    if !value.is_finite() {
        return write_special(value.is_nan(), value < 0.0, out);
    }
    // Java writes at least two digits, the nearest ones: 4.9E-324, though 5E-324 would do.
    if value != 0.0 && value.abs() < 1e-300 {
        let two = format!("{value:.1e}");
        if two.parse() == Ok(value) {
            return write_scientific(&two, out);
        }
    }
    write_scientific(ryu::Buffer::new().format_finite(value), out);
}

/// `Float.toString`.
pub fn write_float(value: f32, out: &mut String) {
    if !value.is_finite() {
        return write_special(value.is_nan(), value < 0.0, out);
    }
    if value != 0.0 && value.abs() < 1e-40 {
        let two = format!("{value:.1e}");
        if two.parse() == Ok(value) {
            return write_scientific(&two, out);
        }
    }
    write_scientific(ryu::Buffer::new().format_finite(value), out);
}

/// `Double.toString` as a text of its own.
pub fn double_text(value: f64) -> String {
    let mut text = String::new();
    write_double(value, &mut text);
    text
}

/// `Float.toString` as a text of its own.
pub fn float_text(value: f32) -> String {
    let mut text = String::new();
    write_float(value, &mut text);
    text
}

fn write_special(nan: bool, negative: bool, out: &mut String) {
    out.push_str(match (nan, negative) {
        (true, _) => "NaN",
        (_, true) => "-Infinity",
        (_, false) => "Infinity",
    });
}

/// Turns ryu's notation (`1.5`, `1e16`, `1.25e-7`) into Java's: plain from 10⁻³ to below 10⁷.
fn write_scientific(shortest: &str, out: &mut String) {
    let unsigned = match shortest.strip_prefix('-') {
        Some(rest) => {
            out.push('-');
            rest
        }
        None => shortest,
    };
    let (mantissa, exponent) = match unsigned.split_once('e') {
        Some((mantissa, exponent)) => (mantissa, exponent.parse::<i32>().unwrap_or(0)),
        None => (unsigned, 0),
    };
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    // All digits without leading zeros, and the power of ten of the first.
    let mut buffer = [0u8; 40];
    let mut length = 0;
    for &digit in whole.as_bytes().iter().chain(fraction.as_bytes()) {
        if (length > 0 || digit != b'0') && length < buffer.len() {
            buffer[length] = digit;
            length += 1;
        }
    }
    if length == 0 {
        out.push_str("0.0");
        return;
    }
    let leading_zeros = whole.bytes().chain(fraction.bytes()).take_while(|&digit| digit == b'0').count() as i32;
    let power = exponent + whole.len() as i32 - 1 - leading_zeros;
    while length > 1 && buffer[length - 1] == b'0' {
        length -= 1;
    }
    let digits = std::str::from_utf8(&buffer[..length]).unwrap_or_default();
    if (-3..7).contains(&power) {
        write_plain(digits, power, out);
    } else {
        out.push_str(&digits[..1]);
        out.push('.');
        out.push_str(if length > 1 { &digits[1..] } else { "0" });
        let _ = write!(out, "E{power}");
    }
}

fn write_plain(digits: &str, power: i32, out: &mut String) {
    if power < 0 {
        out.push_str("0.");
        for _ in 0..-power - 1 {
            out.push('0');
        }
        out.push_str(digits);
        return;
    }
    let whole = power as usize + 1;
    if digits.len() <= whole {
        out.push_str(digits);
        for _ in digits.len()..whole {
            out.push('0');
        }
        out.push_str(".0");
    } else {
        out.push_str(&digits[..whole]);
        out.push('.');
        out.push_str(&digits[whole..]);
    }
}

/// `BigDecimal.toPlainString` of `unscaled` × 10^−`scale`: `0.00000010`.
pub fn write_decimal_plain(unscaled: i128, scale: u8, out: &mut String) {
    let scale = usize::from(scale);
    if scale == 0 {
        let _ = write!(out, "{unscaled}");
        return;
    }
    if unscaled < 0 {
        out.push('-');
    }
    let (buffer, start) = digits(unscaled.unsigned_abs());
    let text = std::str::from_utf8(&buffer[start..]).unwrap_or_default();
    if text.len() <= scale {
        out.push_str("0.");
        for _ in text.len()..scale {
            out.push('0');
        }
        out.push_str(text);
    } else {
        let (whole, fraction) = text.split_at(text.len() - scale);
        out.push_str(whole);
        out.push('.');
        out.push_str(fraction);
    }
}

/// `BigDecimal.toString`: plain, but scientific below 10⁻⁶ (`0E-12`, `1.5E-9`).
pub fn write_decimal(unscaled: i128, scale: u8, out: &mut String) {
    let (buffer, start) = digits(unscaled.unsigned_abs());
    let text = std::str::from_utf8(&buffer[start..]).unwrap_or_default();
    let adjusted = text.len() as i32 - 1 - i32::from(scale);
    if adjusted >= -6 {
        return write_decimal_plain(unscaled, scale, out);
    }
    if unscaled < 0 {
        out.push('-');
    }
    out.push_str(&text[..1]);
    if text.len() > 1 {
        out.push('.');
        out.push_str(&text[1..]);
    }
    let _ = write!(out, "E{adjusted}");
}

/// The decimal digits of a number at the end of a buffer, and where they start.
fn digits(mut value: u128) -> ([u8; 40], usize) {
    let mut buffer = [b'0'; 40];
    let mut start = buffer.len();
    // Most values fit 64 bits, where division is much cheaper.
    while value > u128::from(u64::MAX) {
        start -= 1;
        buffer[start] = b'0' + (value % 10) as u8;
        value /= 10;
    }
    let mut low = value as u64;
    loop {
        start -= 1;
        buffer[start] = b'0' + (low % 10) as u8;
        low /= 10;
        if low == 0 {
            return (buffer, start);
        }
    }
}

/// A number with leading zeros up to `width` digits.
#[inline]
fn write_padded(value: u32, width: usize, out: &mut String) {
    let mut buffer = [b'0'; 10];
    let mut rest = value;
    let mut start = buffer.len();
    while rest > 0 || buffer.len() - start < width {
        start -= 1;
        buffer[start] = b'0' + (rest % 10) as u8;
        rest /= 10;
    }
    out.push_str(std::str::from_utf8(&buffer[start..]).unwrap_or_default());
}

/// `LocalDate.toString` of a day since 1970-01-01: `2024-03-15`, `+10000-01-01`, `-0001-01-01`.
pub fn write_date(days: i64, out: &mut String) {
    let (year, month, day) = civil_from_days(days);
    if year < 0 {
        out.push('-');
    } else if year > 9999 {
        out.push('+');
    }
    write_padded(year.unsigned_abs() as u32, 4, out);
    out.push('-');
    write_padded(month, 2, out);
    out.push('-');
    write_padded(day, 2, out);
}

/// `LocalTime.toString` of nanoseconds since midnight: seconds left out when zero, the fraction in groups of three.
pub fn write_time(nanos: i64, out: &mut String) {
    let (seconds, fraction) = write_hours_and_minutes(nanos, out);
    if seconds > 0 || fraction > 0 {
        out.push(':');
        write_padded(seconds, 2, out);
        write_fraction_groups(fraction, out);
    }
}

/// `DateTimeFormatter.ISO_INSTANT`'s time of nanoseconds since midnight: seconds always.
fn write_instant_time(nanos: i64, out: &mut String) {
    let (seconds, fraction) = write_hours_and_minutes(nanos, out);
    out.push(':');
    write_padded(seconds, 2, out);
    write_fraction_groups(fraction, out);
}

/// The time of a timestamp as CAST writes it: seconds always, and `precision` digits of the fraction.
pub fn write_time_fixed(nanos: i64, precision: u8, out: &mut String) {
    let (seconds, fraction) = write_hours_and_minutes(nanos, out);
    out.push(':');
    write_padded(seconds, 2, out);
    if precision > 0 {
        out.push('.');
        let width = usize::from(precision.min(9));
        write_padded(fraction / 10u32.pow(9 - width as u32), width, out);
    }
}

/// A TIME as CAST writes it: `10:00:00`, and of a precision beyond 0 a fraction without zeros at its end, `10:00:00.5`,
/// `10:00:00.0`.
pub fn write_time_cast(nanos: i64, precision: u8, out: &mut String) {
    write_time_fixed(nanos, precision, out);
    if precision > 0 {
        while out.ends_with('0') && !out.ends_with(".0") {
            out.pop();
        }
    }
}

fn write_hours_and_minutes(nanos: i64, out: &mut String) -> (u32, u32) {
    let seconds = (nanos / 1_000_000_000) as u32;
    write_padded(seconds / 3600, 2, out);
    out.push(':');
    write_padded(seconds / 60 % 60, 2, out);
    (seconds % 60, (nanos % 1_000_000_000) as u32)
}

fn write_fraction_groups(fraction: u32, out: &mut String) {
    if fraction == 0 {
        return;
    }
    out.push('.');
    if fraction.is_multiple_of(1_000_000) {
        write_padded(fraction / 1_000_000, 3, out);
    } else if fraction.is_multiple_of(1_000) {
        write_padded(fraction / 1_000, 6, out);
    } else {
        write_padded(fraction, 9, out);
    }
}

/// Days and nanoseconds within the day of a count of `per_second` units since 1970.
#[inline]
pub fn split_timestamp(value: i64, per_second: i64) -> (i64, i64) {
    let per_day = per_second * 86_400;
    (value.div_euclid(per_day), value.rem_euclid(per_day) * (1_000_000_000 / per_second))
}

/// `LocalDateTime.toString`: `2024-03-01T10:00`.
pub fn write_timestamp(value: i64, per_second: i64, out: &mut String) {
    let (days, nanos) = split_timestamp(value, per_second);
    write_date(days, out);
    out.push('T');
    write_time(nanos, out);
}

/// `Instant.toString`: `2024-03-01T10:00:00Z`.
pub fn write_instant(value: i64, per_second: i64, out: &mut String) {
    let (days, nanos) = split_timestamp(value, per_second);
    write_date(days, out);
    out.push('T');
    write_instant_time(nanos, out);
    out.push('Z');
}

/// A timestamp as CAST writes it: `2024-03-15 13:14:15.123`, with `precision` digits of the fraction.
pub fn write_timestamp_fixed(value: i64, per_second: i64, precision: u8, out: &mut String) {
    let (days, nanos) = split_timestamp(value, per_second);
    write_date(days, out);
    out.push(' ');
    write_time_fixed(nanos, precision, out);
}

/// `Duration.toString` of milliseconds: `PT26H`, `PT-1.5S`.
pub fn write_duration(millis: i64, out: &mut String) {
    if millis == 0 {
        out.push_str("PT0S");
        return;
    }
    out.push_str("PT");
    let sign = if millis < 0 { "-" } else { "" };
    let magnitude = millis.unsigned_abs();
    let (hours, minutes) = (magnitude / 3_600_000, magnitude / 60_000 % 60);
    let (seconds, fraction) = (magnitude / 1_000 % 60, magnitude % 1_000);
    if hours > 0 {
        let _ = write!(out, "{sign}{hours}H");
    }
    if minutes > 0 {
        let _ = write!(out, "{sign}{minutes}M");
    }
    if seconds > 0 || fraction > 0 {
        let _ = write!(out, "{sign}{seconds}");
        if fraction > 0 {
            let text = format!("{fraction:03}");
            let _ = write!(out, ".{}", text.trim_end_matches('0'));
        }
        out.push('S');
    }
}

/// `Period.toString` of months: `P13M`.
pub fn write_period(months: i32, out: &mut String) {
    if months == 0 {
        out.push_str("P0D");
    } else {
        let _ = write!(out, "P{months}M");
    }
}

/// An INTERVAL DAY TO SECOND as CAST writes it: `+1 02:03:04.500`.
pub fn write_day_interval(millis: i64, out: &mut String) {
    out.push(if millis < 0 { '-' } else { '+' });
    let magnitude = millis.unsigned_abs();
    let _ = write!(out, "{} ", magnitude / MILLIS_PER_DAY as u64);
    write_time_fixed((magnitude % MILLIS_PER_DAY as u64) as i64 * 1_000_000, 3, out);
}

/// An INTERVAL YEAR TO MONTH as CAST writes it: `+1-02`.
pub fn write_month_interval(months: i32, out: &mut String) {
    let magnitude = months.unsigned_abs();
    let _ = write!(out, "{}{}-{:02}", if months < 0 { '-' } else { '+' }, magnitude / 12, magnitude % 12);
}

#[cfg(test)]
mod tests;
