//! PRINTF: Java's format strings.
//!
//! Source of the semantics: `java.util.Formatter` of Java 17.

use super::super::kernels::{Accept, accept_variadic, kernel, texts};
use super::super::{Argument, FunctionDef, Resolved};
use super::utf16;
use arrow::array::{Array, ArrayRef, AsArray};
use arrow::datatypes::{Float32Type, Float64Type, Int8Type, Int16Type, Int32Type, Int64Type};
use riverrun_core::format_value::format_value;
use riverrun_core::{DataType, Result, TypeKind};

const PRINTF: &str = "PRINTF(format, value, …)";

/// The functions of this file.
pub const FUNCTIONS: &[FunctionDef] = &[FunctionDef::new(
    "string",
    "PRINTF",
    PRINTF,
    "The values put into a format as of Java's String.format; NULL if the format is wrong or doesn't fit the values.",
    |_, arguments| resolve(arguments),
)];

fn resolve(arguments: &[Argument<'_>]) -> Result<Resolved> {
    let parameters = accept_variadic(PRINTF, arguments, &[Accept::Text], 1, Some(Accept::Any))?;
    let types = parameters.clone();
    let compute =
        kernel(PRINTF, move |arguments| {
            let format = arguments.text(0)?;
            let values = (1..arguments.len()).map(|position| arguments.raw(position)).collect::<Result<Vec<_>>>()?;
            let mut last: Option<(&str, Option<Vec<Piece>>)> = None;
            let mut row_values = Vec::with_capacity(values.len());
            texts(arguments.rows(), |row, out| {
                let format = format.get(row)?;
                if last.as_ref().is_none_or(|(known, _)| *known != format) {
                    last = Some((format, parse(format)));
                }
                let pieces = last.as_ref()?.1.as_ref()?;
                row_values.clear();
                row_values.extend(values.iter().zip(&types[1..]).map(|((array, constant), data_type)| {
                    Value::of(array, if *constant { 0 } else { row }, data_type)
                }));
                write(pieces, &row_values, out)
            })
        });
    Ok(Resolved { parameters, returns: TypeKind::STRING.nullable(), kernel: compute })
}

/// A value, as much as the conversions tell apart.
enum Value {
    Null,
    Boolean(bool),
    /// With the width in bits, for the two's complement of `%x` and `%o`.
    Integer(i64, u32),
    Float(f64, String),
    /// A DECIMAL's digits.
    Decimal(String),
    Other(String),
}

impl Value {
    fn of(array: &ArrayRef, row: usize, data_type: &DataType) -> Value {
        use arrow::datatypes::DataType as Arrow;
        if array.is_null(row) {
            return Value::Null;
        }
        let text = || {
            let mut text = String::new();
            // A type that can't be printed gives an empty text; there is none.
            let _ = format_value(array, row, data_type, &mut text);
            text
        };
        match array.data_type() {
            Arrow::Boolean => Value::Boolean(array.as_boolean().value(row)),
            Arrow::Int8 => Value::Integer(array.as_primitive::<Int8Type>().value(row).into(), 8),
            Arrow::Int16 => Value::Integer(array.as_primitive::<Int16Type>().value(row).into(), 16),
            Arrow::Int32 => Value::Integer(array.as_primitive::<Int32Type>().value(row).into(), 32),
            Arrow::Int64 => Value::Integer(array.as_primitive::<Int64Type>().value(row), 64),
            Arrow::Float32 => {
                let value = array.as_primitive::<Float32Type>().value(row);
                Value::Float(value.into(), text())
            }
            Arrow::Float64 => {
                let value = array.as_primitive::<Float64Type>().value(row);
                Value::Float(value, text())
            }
            Arrow::Decimal128(..) => Value::Decimal(text()),
            Arrow::Utf8 => Value::Other(array.as_string::<i32>().value(row).to_owned()),
            _ => Value::Other(text()),
        }
    }

    fn text(&self) -> String {
        match self {
            Value::Null => "null".to_owned(),
            Value::Boolean(value) => value.to_string(),
            Value::Integer(value, _) => value.to_string(),
            Value::Float(_, text) | Value::Decimal(text) | Value::Other(text) => text.clone(),
        }
    }
}

enum Piece {
    Text(String),
    Conversion(Conversion),
}

#[derive(Default)]
struct Conversion {
    /// The argument's position from 0; `None` for the one before (`%<s`).
    argument: Option<usize>,
    left: bool,
    plus: bool,
    space: bool,
    zero: bool,
    grouped: bool,
    parentheses: bool,
    alternate: bool,
    width: usize,
    precision: Option<usize>,
    letter: char,
    upper: bool,
}

/// The pieces of a format; `None` if it is wrong.
fn parse(format: &str) -> Option<Vec<Piece>> {
    let mut pieces = Vec::new();
    let mut text = String::new();
    let mut next_argument = 0;
    let mut chars = format.chars().peekable();
    while let Some(c) = chars.next() {
        if c != '%' {
            text.push(c);
            continue;
        }
        let mut conversion = Conversion::default();
        let mut number = String::new();
        let mut explicit = false;
        let mut relative = false;
        // A number is an argument's position if `$` follows, a width otherwise.
        while let Some(&digit) = chars.peek() {
            if digit.is_ascii_digit() && !(digit == '0' && number.is_empty()) {
                number.push(digit);
                chars.next();
            } else if digit == '$' && !number.is_empty() && !explicit {
                conversion.argument = Some(number.parse::<usize>().ok()?.checked_sub(1)?);
                explicit = true;
                number.clear();
                chars.next();
            } else if number.is_empty() && digit == '<' && !explicit {
                explicit = true;
                relative = true;
                chars.next();
            } else if number.is_empty() && "-#+ 0,(".contains(digit) {
                let flag = match digit {
                    '-' => &mut conversion.left,
                    '#' => &mut conversion.alternate,
                    '+' => &mut conversion.plus,
                    ' ' => &mut conversion.space,
                    '0' => &mut conversion.zero,
                    ',' => &mut conversion.grouped,
                    _ => &mut conversion.parentheses,
                };
                if std::mem::replace(flag, true) {
                    return None;
                }
                chars.next();
            } else {
                break;
            }
        }
        if !number.is_empty() {
            conversion.width = number.parse().ok().filter(|width| *width < 1 << 20)?;
        }
        if chars.next_if_eq(&'.').is_some() {
            let mut precision = String::new();
            while let Some(digit) = chars.next_if(char::is_ascii_digit) {
                precision.push(digit);
            }
            conversion.precision = Some(precision.parse().ok().filter(|precision| *precision < 1 << 20)?);
        }
        let letter = chars.next()?;
        conversion.upper = matches!(letter, 'B' | 'H' | 'S' | 'C' | 'X' | 'E' | 'G');
        conversion.letter = if conversion.upper { letter.to_ascii_lowercase() } else { letter };
        let signed = conversion.plus || conversion.space;
        if conversion.left && (conversion.zero || conversion.width == 0)
            || conversion.zero && conversion.width == 0
            || conversion.plus && conversion.space
        {
            return None;
        }
        match conversion.letter {
            'n' => {
                text.push('\n');
                continue;
            }
            '%' if conversion.width == 0 => {
                text.push('%');
                continue;
            }
            '%' | 'b' | 'h' | 's' | 'c' if signed || conversion.zero || conversion.grouped => return None,
            'd' | 'o' | 'x' | 'c' if conversion.precision.is_some() => return None,
            '%' | 'b' | 's' | 'c' | 'd' | 'o' | 'x' | 'e' | 'f' | 'g' => {}
            _ => return None,
        }
        if !explicit && conversion.letter != '%' {
            conversion.argument = Some(next_argument);
            next_argument += 1;
        } else if relative {
            conversion.argument = None;
        }
        if !text.is_empty() {
            pieces.push(Piece::Text(std::mem::take(&mut text)));
        }
        pieces.push(Piece::Conversion(conversion));
    }
    if !text.is_empty() {
        pieces.push(Piece::Text(text));
    }
    Some(pieces)
}

fn write(pieces: &[Piece], values: &[Value], out: &mut String) -> Option<()> {
    let mut last = None;
    for piece in pieces {
        let conversion = match piece {
            Piece::Text(text) => {
                out.push_str(text);
                continue;
            }
            Piece::Conversion(conversion) => conversion,
        };
        let text = if conversion.letter == '%' {
            "%".to_owned()
        } else {
            let position = conversion.argument.or(last)?;
            last = Some(position);
            conversion.convert(values.get(position)?)?
        };
        let text = if conversion.upper { text.to_uppercase() } else { text };
        let missing = conversion.width.saturating_sub(utf16::length(&text));
        if conversion.left {
            out.push_str(&text);
        }
        out.extend(std::iter::repeat_n(' ', missing));
        if !conversion.left {
            out.push_str(&text);
        }
    }
    Some(())
}

impl Conversion {
    /// The text of a value before it is padded with spaces; `None` if the value is of the wrong type.
    fn convert(&self, value: &Value) -> Option<String> {
        let cut = |text: String| match self.precision {
            Some(precision) => text.chars().take(precision).collect(),
            None => text,
        };
        match (self.letter, value) {
            ('b', Value::Boolean(value)) => Some(cut(value.to_string())),
            ('b', value) => Some(cut((!matches!(value, Value::Null)).to_string())),
            ('s', value) => Some(cut(value.text())),
            (_, Value::Null) => Some(cut("null".to_owned())),
            ('c', Value::Integer(code, _)) => char::from_u32(u32::try_from(*code).ok()?).map(String::from),
            ('d', Value::Integer(value, _)) => Some(self.signed(*value < 0, value.unsigned_abs().to_string())),
            ('x' | 'o', Value::Integer(value, bits)) => {
                let bits = *value as u64 & (u64::MAX >> (64 - bits));
                let digits = match (self.letter, self.alternate) {
                    ('x', false) => format!("{bits:x}"),
                    ('x', true) => format!("{bits:#x}"),
                    (_, false) => format!("{bits:o}"),
                    (_, true) => format!("0{bits:o}"),
                };
                let zeros = if self.zero { self.width.saturating_sub(digits.len()) } else { 0 };
                Some("0".repeat(zeros) + &digits)
            }
            ('e' | 'f' | 'g', Value::Float(value, _)) if !value.is_finite() => {
                let text = if value.is_nan() { "NaN" } else { "Infinity" };
                let plus = if self.plus && !value.is_nan() { "+" } else { "" };
                Some(if *value < 0.0 { format!("-{text}") } else { format!("{plus}{text}") })
            }
            ('e' | 'f' | 'g', Value::Float(value, _)) => {
                Some(self.signed(value.is_sign_negative(), self.float(value.abs())))
            }
            ('f', Value::Decimal(digits)) => {
                let (negative, digits) = match digits.strip_prefix('-') {
                    Some(digits) => (true, digits),
                    None => (false, digits.as_str()),
                };
                Some(self.signed(negative, round_digits(digits, self.precision.unwrap_or(6))))
            }
            ('e' | 'g', Value::Decimal(digits)) => {
                let value: f64 = digits.parse().ok()?;
                Some(self.signed(value < 0.0, self.float(value.abs())))
            }
            _ => None,
        }
    }

    fn float(&self, value: f64) -> String {
        let precision = self.precision.unwrap_or(6);
        let scientific = |precision: usize| {
            let text = format!("{value:.precision$e}");
            let (mantissa, exponent) = text.split_once('e').unwrap_or((&text, "0"));
            let exponent: i32 = exponent.parse().unwrap_or(0);
            format!("{mantissa}e{}{:02}", if exponent < 0 { '-' } else { '+' }, exponent.unsigned_abs())
        };
        match self.letter {
            'e' => scientific(precision),
            'g' => {
                let precision = precision.max(1);
                if value != 0.0 && (value < 1e-4 || value >= 10f64.powi(precision as i32)) {
                    return scientific(precision - 1);
                }
                let magnitude = if value == 0.0 { 0 } else { value.log10().floor() as i32 };
                round_digits(&plain(value), (precision as i32 - 1 - magnitude).max(0) as usize)
            }
            _ => round_digits(&plain(value), precision),
        }
    }

    /// Adds grouping, zeros and the sign to the digits of a number.
    fn signed(&self, negative: bool, digits: String) -> String {
        let mut digits = if self.grouped { group(&digits) } else { digits };
        let (before, after) = match (negative, self.parentheses) {
            (true, true) => ("(", ")"),
            (true, false) => ("-", ""),
            (false, _) if self.plus => ("+", ""),
            (false, _) if self.space => (" ", ""),
            (false, _) => ("", ""),
        };
        if self.zero {
            let missing = self.width.saturating_sub(before.len() + digits.len() + after.len());
            digits.insert_str(0, &"0".repeat(missing));
        }
        format!("{before}{digits}{after}")
    }
}

/// The shortest digits that say the number, without an exponent: what Java rounds from.
fn plain(value: f64) -> String {
    format!("{value}")
}

/// Decimal digits rounded half up to a number of places.
fn round_digits(digits: &str, places: usize) -> String {
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    if fraction.len() <= places {
        let zeros = "0".repeat(places - fraction.len());
        return if places == 0 { whole.to_owned() } else { format!("{whole}.{fraction}{zeros}") };
    }
    let mut kept: Vec<u8> = whole.bytes().chain(fraction.bytes().take(places)).collect();
    if fraction.as_bytes()[places] >= b'5' {
        let mut position = kept.len();
        loop {
            if position == 0 {
                kept.insert(0, b'1');
                break;
            }
            position -= 1;
            if kept[position] == b'9' {
                kept[position] = b'0';
            } else {
                kept[position] += 1;
                break;
            }
        }
    }
    let mut text: String = kept.into_iter().map(char::from).collect();
    if places > 0 {
        text.insert(text.len() - places, '.');
    }
    text
}

fn group(digits: &str) -> String {
    let (whole, fraction) = digits.split_at(digits.find('.').unwrap_or(digits.len()));
    let mut grouped = String::with_capacity(digits.len() + digits.len() / 3);
    for (index, digit) in whole.chars().enumerate() {
        if index > 0 && (whole.len() - index) % 3 == 0 {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped + fraction
}
