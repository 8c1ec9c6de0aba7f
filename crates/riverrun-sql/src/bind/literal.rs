//! Literals with the types that Flink gives them.
//!
//! | literal | type |
//! |---|---|
//! | `1`, `2147483648` | INT, BIGINT where it doesn't fit, then DECIMAL; `-2147483648` is an INT |
//! | `1.50` | DECIMAL(3, 2): as many digits as are written |
//! | `1e0` | DOUBLE |
//! | `'abc'` | CHAR(3), in code points |
//! | `x'01'` | BINARY(1) |
//! | `TRUE` | BOOLEAN |
//! | `NULL` | a type of its own, taken over from where it stands |

use crate::expr::Expr;
use datafusion_common::ScalarValue;
use riverrun_core::{DataType, Error, Result, TypeKind};
use sqlparser::ast::{self, Value};

/// The largest precision of DECIMAL.
const MAX_PRECISION: usize = 38;

/// A constant of this type.
pub fn constant(value: ScalarValue, data_type: DataType) -> Expr {
    Expr::Literal { value, data_type }
}

/// A constant string.
pub fn text(text: impl Into<String>) -> Expr {
    let text = text.into();
    // Flink counts the UTF-16 units of a literal, not its characters.
    let length = text.encode_utf16().count() as u32;
    constant(ScalarValue::Utf8(Some(text)), TypeKind::Char(length).not_null())
}

/// A constant Boolean.
pub fn boolean(value: bool) -> Expr {
    constant(ScalarValue::Boolean(Some(value)), TypeKind::Boolean.not_null())
}

/// NULL of a type.
pub fn null(data_type: &DataType) -> Result<Expr> {
    let value = ScalarValue::try_from(&data_type.to_arrow()).map_err(|error| Error::bug(error.to_string()))?;
    Ok(constant(value, data_type.with_nullable(true)))
}

/// A bare NULL.
pub fn bare_null() -> Expr {
    constant(ScalarValue::Null, TypeKind::Null.nullable())
}

/// The constant that a literal stands for.
pub fn literal(value: &Value) -> Result<Expr> {
    match value {
        Value::Number(digits, _) => number(digits),
        Value::SingleQuotedString(string)
        | Value::NationalStringLiteral(string)
        | Value::EscapedStringLiteral(string) => Ok(text(string.clone())),
        Value::HexStringLiteral(digits) => hex(digits),
        Value::Boolean(value) => Ok(boolean(*value)),
        Value::Null => Ok(bare_null()),
        other => Err(Error::input(format!("{other} is no literal of Flink SQL"))),
    }
}

fn number(digits: &str) -> Result<Expr> {
    let wrong = || Error::input(format!("'{digits}' is no number"));
    if digits.contains(['e', 'E']) {
        let value: f64 = digits.parse().map_err(|_| wrong())?;
        return Ok(constant(ScalarValue::Float64(Some(value)), TypeKind::Double.not_null()));
    }
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    if fraction.is_empty() {
        if let Ok(value) = whole.parse::<i32>() {
            return Ok(constant(ScalarValue::Int32(Some(value)), TypeKind::Int.not_null()));
        }
        if let Ok(value) = whole.parse::<i64>() {
            return Ok(constant(ScalarValue::Int64(Some(value)), TypeKind::BigInt.not_null()));
        }
    }
    let precision = (whole.len() + fraction.len()).max(1);
    if precision > MAX_PRECISION {
        return Err(Error::input(format!("the number {digits} has {precision} digits"))
            .detail(format!("DECIMAL holds at most {MAX_PRECISION} digits")));
    }
    let unscaled: i128 = format!("{whole}{fraction}").parse().map_err(|_| wrong())?;
    let (precision, scale) = (precision as u8, fraction.len() as u8);
    let value = ScalarValue::Decimal128(Some(unscaled), precision, scale as i8);
    Ok(constant(value, TypeKind::decimal(precision, scale).not_null()))
}

/// The smallest INT or BIGINT, if the number behind a minus is its: the digits alone don't fit the type.
pub fn smallest(negated: &ast::Expr) -> Option<Expr> {
    const BELOW_INT: u64 = i32::MIN.unsigned_abs() as u64;
    const BELOW_BIGINT: u64 = i64::MIN.unsigned_abs();
    match negated {
        ast::Expr::Nested(inner) => smallest(inner),
        ast::Expr::Value(literal) => {
            let Value::Number(digits, _) = &literal.value else { return None };
            match digits.parse().ok()? {
                BELOW_INT => Some(constant(ScalarValue::Int32(Some(i32::MIN)), TypeKind::Int.not_null())),
                BELOW_BIGINT => Some(constant(ScalarValue::Int64(Some(i64::MIN)), TypeKind::BigInt.not_null())),
                _ => None,
            }
        }
        _ => None,
    }
}

fn hex(digits: &str) -> Result<Expr> {
    let nibbles: Option<Vec<u32>> = digits.chars().map(|digit| digit.to_digit(16)).collect();
    let nibbles = nibbles.filter(|nibbles| nibbles.len() % 2 == 0);
    let Some(nibbles) = nibbles else {
        return Err(
            Error::input(format!("x'{digits}' is no binary literal")).detail("it takes pairs of hexadecimal digits")
        );
    };
    let bytes: Vec<u8> = nibbles.chunks(2).map(|pair| (pair[0] * 16 + pair[1]) as u8).collect();
    let data_type = TypeKind::Binary(bytes.len() as u32).not_null();
    Ok(constant(ScalarValue::Binary(Some(bytes)), data_type))
}
