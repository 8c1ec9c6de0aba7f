//! Casts from text to booleans and numbers.

use super::numeric::{Number, fit};
use super::{ArrayCast, OnFailure, wrong_array};
use arrow::array::{ArrayRef, ArrowPrimitiveType, AsArray, BooleanArray, Decimal128Array, PrimitiveArray, StringArray};
use arrow::datatypes::{Float32Type, Float64Type, Int8Type, Int16Type, Int32Type, Int64Type};
use riverrun_core::{Error, Result};
use std::sync::Arc;

/// Why a text is no number of its type.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NumberError {
    /// Nothing is there.
    Empty,
    /// A sign and nothing else.
    OnlySign,
    /// Something that is no digit.
    InvalidCharacter,
    /// Beyond the type's range.
    Overflow,
}

/// Why a text is no DECIMAL.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DecimalError {
    /// No number.
    Malformed,
    /// More digits before the point than the type has.
    Overflow,
}

fn number_error(text: &str, error: NumberError) -> Error {
    let reason = match error {
        NumberError::Empty => "Input is empty.",
        NumberError::OnlySign => "Input has only positive or negative symbol.",
        NumberError::InvalidCharacter => "Invalid character found.",
        NumberError::Overflow => "Overflow.",
    };
    Error::failure(format!("For input string: '{text}'. {reason}"))
        .hint("TRY_CAST gives NULL where a text is no number")
}

fn decimal_error(text: &str, error: DecimalError) -> Error {
    match error {
        DecimalError::Malformed => number_error(text, NumberError::InvalidCharacter),
        DecimalError::Overflow => number_error(text, NumberError::Overflow),
    }
}

pub(super) fn strings(array: &ArrayRef) -> Result<&StringArray> {
    array.as_string_opt::<i32>().ok_or_else(|| wrong_array(array, "STRING"))
}

/// Casts each text with `parse`; `explain` makes the error of one that fails.
pub(super) fn parse_each<V, E, C>(
    array: &ArrayRef,
    on_failure: OnFailure,
    parse: impl Fn(&str) -> std::result::Result<V, E>,
    explain: impl Fn(&str, E) -> Error,
) -> Result<C>
where
    C: FromIterator<Option<V>>,
{
    strings(array)?
        .iter()
        .map(|text| match text.map(|text| (text, parse(text))) {
            None => Ok(None),
            Some((_, Ok(value))) => Ok(Some(value)),
            Some((_, Err(_))) if on_failure == OnFailure::Null => Ok(None),
            Some((text, Err(error))) => Err(explain(text, error)),
        })
        .collect()
}

pub(super) fn to_boolean(on_failure: OnFailure) -> ArrayCast {
    Arc::new(move |array| {
        let booleans: BooleanArray = parse_each(
            array,
            on_failure,
            |text| parse_boolean(text).ok_or(()),
            |text, ()| {
                Error::failure(format!("Cannot parse '{text}' as BOOLEAN."))
                    .hint("a BOOLEAN is written TRUE or FALSE; TRY_CAST gives NULL for other texts")
            },
        )?;
        Ok(Arc::new(booleans))
    })
}

/// `t`, `true`, `y`, `yes`, `1` and their opposites, in whatever case.
pub fn parse_boolean(text: &str) -> Option<bool> {
    let is = |word: &&str| text.eq_ignore_ascii_case(word);
    if ["t", "true", "y", "yes", "1"].iter().any(is) {
        Some(true)
    } else if ["f", "false", "n", "no", "0"].iter().any(is) {
        Some(false)
    } else {
        None
    }
}

pub(super) fn to_number(to: Number, on_failure: OnFailure) -> ArrayCast {
    match to {
        Number::TinyInt => integer::<Int8Type>(on_failure),
        Number::SmallInt => integer::<Int16Type>(on_failure),
        Number::Int => integer::<Int32Type>(on_failure),
        Number::BigInt => integer::<Int64Type>(on_failure),
        Number::Float => Arc::new(move |array| {
            let floats: PrimitiveArray<Float32Type> = parse_each(array, on_failure, parse_float, floating_error)?;
            Ok(Arc::new(floats))
        }),
        Number::Double => Arc::new(move |array| {
            let doubles: PrimitiveArray<Float64Type> = parse_each(array, on_failure, parse_double, floating_error)?;
            Ok(Arc::new(doubles))
        }),
    }
}

fn integer<T>(on_failure: OnFailure) -> ArrayCast
where
    T: ArrowPrimitiveType,
    T::Native: TryFrom<i64>,
{
    Arc::new(move |array| {
        let parse = |text: &str| {
            parse_integer(text).and_then(|value| T::Native::try_from(value).map_err(|_| NumberError::Overflow))
        };
        let explain = |text: &str, error| number_error(text.trim_matches(' '), error);
        let numbers: PrimitiveArray<T> = parse_each(array, on_failure, parse, explain)?;
        Ok(Arc::new(numbers))
    })
}

/// An integer; blanks around it and a fraction, which is cut off, are allowed: ` 1.9 ` is 1.
pub fn parse_integer(text: &str) -> std::result::Result<i64, NumberError> {
    let text = text.trim_matches(' ').as_bytes();
    let (negative, digits) = match text {
        [] => return Err(NumberError::Empty),
        [b'-' | b'+'] => return Err(NumberError::OnlySign),
        [b'-', rest @ ..] => (true, rest),
        [b'+', rest @ ..] => (false, rest),
        rest => (false, rest),
    };
    let point = digits.iter().position(|&byte| byte == b'.').unwrap_or(digits.len());
    let (whole, fraction) = digits.split_at(point);
    if !fraction.iter().skip(1).all(u8::is_ascii_digit) {
        return Err(NumberError::InvalidCharacter);
    }
    // Accumulated below zero, where the range is larger by one.
    let mut value: i64 = 0;
    for &byte in whole {
        if !byte.is_ascii_digit() {
            return Err(NumberError::InvalidCharacter);
        }
        value = value
            .checked_mul(10)
            .and_then(|value| value.checked_sub(i64::from(byte - b'0')))
            .ok_or(NumberError::Overflow)?;
    }
    if negative { Ok(value) } else { value.checked_neg().ok_or(NumberError::Overflow) }
}

/// A text that is no floating point number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NotANumber;

fn floating_error(text: &str, _: NotANumber) -> Error {
    let trimmed = text.trim_matches(|c: char| c <= ' ');
    if trimmed.is_empty() {
        return Error::failure("empty String").hint("TRY_CAST gives NULL where a text is no number");
    }
    Error::failure(format!("For input string: \"{trimmed}\"")).hint("TRY_CAST gives NULL where a text is no number")
}

/// `Double.parseDouble`: also `1d`, `0x1p3`, `NaN`, `Infinity`, but not `inf`.
pub fn parse_double(text: &str) -> std::result::Result<f64, NotANumber> {
    parse_floating(text, |decimal| decimal.parse().ok())
}

/// `Float.parseFloat`.
pub fn parse_float(text: &str) -> std::result::Result<f32, NotANumber> {
    // Through DOUBLE for the forms that Rust doesn't read, which have few digits.
    if let Ok(value) = text.parse::<f32>()
        && is_decimal(text)
    {
        return Ok(value);
    }
    parse_floating(text, |decimal| decimal.parse::<f32>().ok().map(f64::from)).map(|value| value as f32)
}

fn is_decimal(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_digit() || matches!(byte, b'.' | b'e' | b'E' | b'+' | b'-'))
}

fn parse_floating(text: &str, decimal: impl Fn(&str) -> Option<f64>) -> std::result::Result<f64, NotANumber> {
    let text = text.trim_matches(|c: char| c <= ' ');
    let (sign, unsigned) = match text.as_bytes().first() {
        Some(b'-') => (-1.0, &text[1..]),
        Some(b'+') => (1.0, &text[1..]),
        _ => (1.0, text),
    };
    match unsigned {
        "NaN" => return Ok(f64::NAN),
        "Infinity" => return Ok(sign * f64::INFINITY),
        _ => {}
    }
    if unsigned.starts_with(['-', '+']) {
        return Err(NotANumber);
    }
    if let Some(hex) = unsigned.strip_prefix("0x").or_else(|| unsigned.strip_prefix("0X")) {
        return parse_hexadecimal(hex).map(|value| sign * value).ok_or(NotANumber);
    }
    let number = unsigned.strip_suffix(['d', 'D', 'f', 'F']).unwrap_or(unsigned);
    if !is_decimal(number) {
        return Err(NotANumber);
    }
    decimal(number).map(|value| sign * value).ok_or(NotANumber)
}

/// `1.8p3`: hexadecimal digits times a power of two.
fn parse_hexadecimal(text: &str) -> Option<f64> {
    let text = text.strip_suffix(['d', 'D', 'f', 'F']).unwrap_or(text);
    let (digits, exponent) = text.split_once(['p', 'P'])?;
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    if whole.is_empty() && fraction.is_empty() {
        return None;
    }
    let mut value = 0.0;
    for digit in whole.chars().chain(fraction.chars()) {
        value = value * 16.0 + f64::from(digit.to_digit(16)?);
    }
    let exponent: i32 = exponent.parse().ok()?;
    Some(value * 2f64.powi(exponent.saturating_sub(4 * fraction.len() as i32)))
}

pub(super) fn to_decimal(precision: u8, scale: u8, on_failure: OnFailure) -> ArrayCast {
    Arc::new(move |array| {
        let parse = |text: &str| parse_decimal(text, precision, scale);
        let values: Decimal128Array = parse_each(array, on_failure, parse, decimal_error)?;
        super::numeric::decimals(values, precision, scale)
    })
}

/// The unscaled value of a number, rounded half up to `scale`; blanks around it and an exponent are allowed.
pub fn parse_decimal(text: &str, precision: u8, scale: u8) -> std::result::Result<i128, DecimalError> {
    let text = text.trim_matches(' ').as_bytes();
    let (negative, unsigned) = match text {
        [b'-', rest @ ..] => (true, rest),
        [b'+', rest @ ..] => (false, rest),
        rest => (false, rest),
    };
    let end = unsigned.iter().position(|byte| matches!(byte, b'e' | b'E')).unwrap_or(unsigned.len());
    let exponent: i64 = match &unsigned[end..] {
        [] => 0,
        [_, digits @ ..] => std::str::from_utf8(digits)
            .ok()
            .and_then(|digits| digits.parse::<i32>().ok())
            .ok_or(DecimalError::Malformed)?
            .into(),
    };
    let mantissa = &unsigned[..end];
    let point = mantissa.iter().position(|&byte| byte == b'.').unwrap_or(mantissa.len());
    let fraction = mantissa.get(point + 1..).unwrap_or_default();
    let digits = || mantissa[..point].iter().chain(fraction).copied();
    if digits().next().is_none() || !digits().all(|byte| byte.is_ascii_digit()) {
        return Err(DecimalError::Malformed);
    }
    // How many of the digits stand before the place that the scale rounds at.
    let kept = point as i64 + exponent + i64::from(scale);
    let mut value: i128 = 0;
    for position in 0..kept.max(0) {
        // Trailing zeros of a number that is zero need no steps.
        if position as usize >= mantissa.len() && value == 0 {
            break;
        }
        let digit = digits().nth(position as usize).map_or(0, |byte| byte - b'0');
        value =
            value.checked_mul(10).and_then(|value| value.checked_add(digit.into())).ok_or(DecimalError::Overflow)?;
        if fit(value, precision).is_none() {
            return Err(DecimalError::Overflow);
        }
    }
    if kept >= 0 && digits().nth(kept as usize).is_some_and(|byte| byte >= b'5') {
        value += 1;
    }
    let value = fit(value, precision).ok_or(DecimalError::Overflow)?;
    Ok(if negative { -value } else { value })
}
