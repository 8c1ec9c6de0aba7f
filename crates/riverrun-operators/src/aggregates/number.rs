//! Arithmetic as Flink's: integers that wrap, exact decimals, Java's casts from DOUBLE.

use super::column::Number;
use arrow::array::{
    ArrayRef, Decimal128Array, Float32Array, Float64Array, Int8Array, Int16Array, Int32Array, Int64Array,
};
use arrow::datatypes::i256;
use riverrun_core::{Error, Result, TypeKind};
use std::sync::Arc;

/// A number that can be summed in its own type.
pub trait Addend: Number + Default + Send + Sync + 'static {
    /// `self + value · weight`; integers wrap.
    fn add(self, value: Self, weight: i64) -> Self;
}

/// An integer type of SQL.
pub trait Integer: Addend + Into<i64> {
    /// The low bits, as Java narrows.
    fn narrow(wide: i64) -> Self;
}

macro_rules! integers {
    ($($number:ty)*) => {$(
        impl Addend for $number {
            #[inline(always)]
            fn add(self, value: Self, weight: i64) -> Self {
                self.wrapping_add(value.wrapping_mul(weight as $number))
            }
        }

        impl Integer for $number {
            #[inline(always)]
            fn narrow(wide: i64) -> Self {
                wide as $number
            }
        }
    )*};
}

integers!(i8 i16 i32 i64);

macro_rules! floats {
    ($($number:ty)*) => {$(
        impl Addend for $number {
            #[inline(always)]
            fn add(self, value: Self, weight: i64) -> Self {
                // Taking back subtracts the value itself: −1.0 times it could differ in the sign of a zero only.
                self + value * weight as $number
            }
        }
    )*};
}

floats!(f32 f64);

/// 10^38: the first number that has no DECIMAL.
const DECIMAL_LIMIT: i128 = 10_i128.pow(38);

/// Sums of DECIMAL, which can't overflow: 38 digits times 2⁶³ rows need 190 bits.
impl Addend for i256 {
    #[inline(always)]
    fn add(self, value: Self, weight: i64) -> Self {
        match weight {
            1 => self.wrapping_add(value),
            -1 => self.wrapping_sub(value),
            _ => self.wrapping_add(value.wrapping_mul(i256::from_i128(weight.into()))),
        }
    }
}

/// A DECIMAL's digits, or `None` if there are more than 38.
pub fn to_decimal(wide: i256) -> Option<i128> {
    wide.to_i128().filter(|value| (-DECIMAL_LIMIT < *value) && (*value < DECIMAL_LIMIT))
}

/// `sum · 10^shift / count`, half rounded away from zero; `None` if it has more than 38 digits.
pub fn divide_half_up(sum: i256, shift: u8, count: i64) -> Option<i128> {
    let scaled = sum.checked_mul(i256::from_i128(10_i128.pow(shift.into())))?;
    let divisor = i256::from_i128(count.into());
    let quotient = scaled.checked_div(divisor)?;
    let rest = scaled.checked_rem(divisor)?.wrapping_abs();
    let up = rest.wrapping_add(rest) >= divisor.wrapping_abs();
    let away = if (scaled.is_negative()) != (count < 0) { i256::MINUS_ONE } else { i256::ONE };
    to_decimal(if up { quotient.wrapping_add(away) } else { quotient })
}

/// The DECIMAL(38, scale) nearest to a DOUBLE's exact value, half rounded up as by Java's `BigDecimal`.
pub fn decimal_from_double(value: f64, scale: u8) -> Option<i128> {
    if !value.is_finite() {
        return None;
    }
    let bits = value.to_bits();
    let biased = (bits >> 52 & 0x7ff) as i32;
    let fraction = (bits & ((1 << 52) - 1)) as i128;
    // The value is mantissa · 2^exponent.
    let (mantissa, exponent) = if biased == 0 { (fraction, -1074) } else { (fraction | 1 << 52, biased - 1075) };
    let scaled = i256::from_i128(mantissa).checked_mul(i256::from_i128(10_i128.pow(scale.into())))?;
    let magnitude = match exponent {
        // 53 bits and 126 of the power leave 75: a longer shift has more than 38 digits anyway.
        75.. => return (mantissa == 0).then_some(0),
        0..75 => scaled << (exponent as u8),
        -200..0 => (scaled + (i256::ONE << (-exponent - 1) as u8)) >> (-exponent) as u8,
        _ => i256::ZERO,
    };
    to_decimal(if value < 0.0 { magnitude.wrapping_neg() } else { magnitude })
}

/// A column of a numeric type from DOUBLEs, cast as Flink casts them.
pub fn from_doubles(values: impl Iterator<Item = Option<f64>>, kind: &TypeKind) -> Result<ArrayRef> {
    Ok(match kind {
        TypeKind::TinyInt => Arc::new(values.map(|value| value.map(|value| value as i32 as i8)).collect::<Int8Array>()),
        TypeKind::SmallInt => {
            Arc::new(values.map(|value| value.map(|value| value as i32 as i16)).collect::<Int16Array>())
        }
        TypeKind::Int => Arc::new(values.map(|value| value.map(|value| value as i32)).collect::<Int32Array>()),
        TypeKind::BigInt => Arc::new(values.map(|value| value.map(|value| value as i64)).collect::<Int64Array>()),
        TypeKind::Float => Arc::new(values.map(|value| value.map(|value| value as f32)).collect::<Float32Array>()),
        TypeKind::Double => Arc::new(values.collect::<Float64Array>()),
        TypeKind::Decimal { precision, scale } => Arc::new(
            values
                .map(|value| value.and_then(|value| decimal_from_double(value, *scale)))
                .collect::<Decimal128Array>()
                .with_precision_and_scale(*precision, *scale as i8)?,
        ),
        other => return Err(Error::bug(format!("no cast from DOUBLE to {other}"))),
    })
}

#[cfg(test)]
mod tests;
