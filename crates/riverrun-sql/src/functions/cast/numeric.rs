//! Casts between numbers, as Java converts them: integers wrap, floating point saturates, DECIMAL rounds half up and is NULL
//! where it overflows.

use super::string::{DecimalError, parse_decimal};
use super::{ArrayCast, OnFailure, wrong_array};
use arrow::array::{ArrayRef, ArrowPrimitiveType, AsArray, BooleanArray, Decimal128Array, PrimitiveArray};
use arrow::datatypes::{Decimal128Type, Float32Type, Float64Type};
use riverrun_core::java_text::{double_text, write_decimal_plain};
use riverrun_core::{Error, Result, TypeKind};
use std::sync::Arc;

/// A number type that the machine knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "the names are SQL's")]
pub enum Number {
    TinyInt,
    SmallInt,
    Int,
    BigInt,
    Float,
    Double,
}

impl Number {
    /// The number type of this name, if the machine knows it.
    pub fn of(kind: &TypeKind) -> Option<Number> {
        Some(match kind {
            TypeKind::TinyInt => Number::TinyInt,
            TypeKind::SmallInt => Number::SmallInt,
            TypeKind::Int => Number::Int,
            TypeKind::BigInt => Number::BigInt,
            TypeKind::Float => Number::Float,
            TypeKind::Double => Number::Double,
            _ => return None,
        })
    }

    /// How many digits a whole number has at the most.
    fn digits(self) -> Option<u8> {
        match self {
            Number::TinyInt => Some(3),
            Number::SmallInt => Some(5),
            Number::Int => Some(10),
            Number::BigInt => Some(19),
            Number::Float | Number::Double => None,
        }
    }
}

/// Calls a generic function with the Arrow type of a [`Number`].
macro_rules! with_number {
    ($number:expr, $name:ident => $body:expr) => {
        match $number {
            Number::TinyInt => {
                type $name = ::arrow::datatypes::Int8Type;
                $body
            }
            Number::SmallInt => {
                type $name = ::arrow::datatypes::Int16Type;
                $body
            }
            Number::Int => {
                type $name = ::arrow::datatypes::Int32Type;
                $body
            }
            Number::BigInt => {
                type $name = ::arrow::datatypes::Int64Type;
                $body
            }
            Number::Float => {
                type $name = ::arrow::datatypes::Float32Type;
                $body
            }
            Number::Double => {
                type $name = ::arrow::datatypes::Float64Type;
                $body
            }
        }
    };
}
pub(crate) use with_number;

/// A number that converts as Java's casts do.
pub(crate) trait JavaNumber: Copy + PartialEq + Default + Send + Sync + 'static {
    /// `(long)`: floating point saturates.
    fn to_long(self) -> i64;
    /// `(double)`.
    fn to_double(self) -> f64;
    /// `(float)`, in one rounding.
    fn to_float(self) -> f32;
    /// `(int)`: wider integers wrap, floating point saturates.
    fn to_int(self) -> i32;
    /// From any other number.
    fn convert<N: JavaNumber>(from: N) -> Self;
}

macro_rules! java_number {
    ($type:ty, $convert:expr) => {
        impl JavaNumber for $type {
            #[inline]
            fn to_long(self) -> i64 {
                self as i64
            }
            #[inline]
            fn to_double(self) -> f64 {
                self as f64
            }
            #[inline]
            fn to_float(self) -> f32 {
                self as f32
            }
            #[inline]
            fn to_int(self) -> i32 {
                self as i32
            }
            #[inline]
            fn convert<N: JavaNumber>(from: N) -> Self {
                let convert: fn(N) -> $type = $convert;
                convert(from)
            }
        }
    };
}

// A floating point number becomes a byte or a short by way of int.
java_number!(i8, |from| from.to_int() as i8);
java_number!(i16, |from| from.to_int() as i16);
java_number!(i32, |from| from.to_int());
java_number!(i64, |from| from.to_long());
java_number!(f32, |from| from.to_float());
java_number!(f64, |from| from.to_double());

fn primitive<T: ArrowPrimitiveType>(array: &ArrayRef) -> Result<&PrimitiveArray<T>> {
    array.as_primitive_opt::<T>().ok_or_else(|| wrong_array(array, &T::DATA_TYPE.to_string()))
}

/// Between numbers that the machine knows.
pub(super) fn number_to_number(from: Number, to: Number) -> ArrayCast {
    with_number!(from, From => with_number!(to, To => Arc::new(convert_array::<From, To>)))
}

fn convert_array<F, T>(array: &ArrayRef) -> Result<ArrayRef>
where
    F: ArrowPrimitiveType,
    T: ArrowPrimitiveType,
    F::Native: JavaNumber,
    T::Native: JavaNumber,
{
    Ok(Arc::new(primitive::<F>(array)?.unary::<_, T>(T::Native::convert)))
}

pub(super) fn from_boolean(to: Number) -> ArrayCast {
    with_number!(to, To => Arc::new(|array: &ArrayRef| {
        let booleans = array.as_boolean_opt().ok_or_else(|| wrong_array(array, "BOOLEAN"))?;
        let values = booleans.iter().map(|value| value.map(|value| <To as ArrowPrimitiveType>::Native::convert(value as i32)));
        Ok(Arc::new(values.collect::<PrimitiveArray<To>>()) as ArrayRef)
    }))
}

pub(super) fn to_boolean(from: Number) -> ArrayCast {
    with_number!(from, From => Arc::new(|array: &ArrayRef| {
        let zero = <From as ArrowPrimitiveType>::Native::default();
        Ok(Arc::new(BooleanArray::from_unary(primitive::<From>(array)?, |value| value != zero)) as ArrayRef)
    }))
}

pub(super) fn boolean_to_decimal(precision: u8, scale: u8) -> ArrayCast {
    Arc::new(move |array| {
        let booleans = array.as_boolean_opt().ok_or_else(|| wrong_array(array, "BOOLEAN"))?;
        let values = booleans
            .iter()
            .map(|value| value.and_then(|value| fit(if value { power_of_ten(scale) } else { 0 }, precision)));
        decimals(values.collect(), precision, scale)
    })
}

pub(super) fn decimal_to_boolean(_scale: u8) -> ArrayCast {
    Arc::new(|array| {
        Ok(Arc::new(BooleanArray::from_unary(primitive::<Decimal128Type>(array)?, |value| value != 0)) as ArrayRef)
    })
}

/// DECIMAL to DECIMAL, rounding half up.
pub(super) fn rescale(from_scale: u8, precision: u8, scale: u8) -> ArrayCast {
    Arc::new(move |array| {
        let values: Decimal128Array = primitive::<Decimal128Type>(array)?
            .unary_opt(|value| rescale_value(value, from_scale, scale).and_then(|value| fit(value, precision)));
        decimals(values, precision, scale)
    })
}

/// DECIMAL to a number: the fraction is cut off, and what is left wraps.
pub(crate) fn decimal_to_number(scale: u8, to: Number) -> ArrayCast {
    match to {
        Number::Float => Arc::new(move |array| {
            let values = primitive::<Decimal128Type>(array)?;
            Ok(Arc::new(values.unary::<_, Float32Type>(|value| decimal_to_float(value, scale))))
        }),
        Number::Double => Arc::new(move |array| {
            let values = primitive::<Decimal128Type>(array)?;
            Ok(Arc::new(values.unary::<_, Float64Type>(|value| decimal_to_double(value, scale))))
        }),
        to => with_number!(to, To => Arc::new(move |array: &ArrayRef| {
            let divisor = power_of_ten(scale);
            let values = primitive::<Decimal128Type>(array)?;
            Ok(Arc::new(values.unary::<_, To>(|value| <To as ArrowPrimitiveType>::Native::convert((value / divisor) as i64))) as ArrayRef)
        })),
    }
}

/// A number to DECIMAL. NaN and the infinities fail, as they do in Java's `BigDecimal`.
pub(super) fn number_to_decimal(from: Number, precision: u8, scale: u8, on_failure: OnFailure) -> ArrayCast {
    match from {
        Number::Float | Number::Double => with_number!(from, From => Arc::new(move |array: &ArrayRef| {
            let values = primitive::<From>(array)?;
            let cast = values.iter().map(|value| match value.map(|value| double_to_decimal(value.to_double(), precision, scale)) {
                None | Some(Err(DecimalError::Overflow)) => Ok(None),
                Some(Ok(value)) => Ok(Some(value)),
                Some(Err(DecimalError::Malformed)) if on_failure == OnFailure::Null => Ok(None),
                Some(Err(DecimalError::Malformed)) => Err(Error::failure("NaN and the infinities are no DECIMAL")
                    .hint("TRY_CAST gives NULL for them")),
            });
            decimals(cast.collect::<Result<_>>()?, precision, scale)
        })),
        from if from.digits().is_some_and(|digits| digits + scale <= precision) => {
            with_number!(from, From => Arc::new(move |array: &ArrayRef| {
                let factor = power_of_ten(scale);
                decimals(primitive::<From>(array)?.unary(|value| i128::from(value.to_long()) * factor), precision, scale)
            }))
        }
        from => with_number!(from, From => Arc::new(move |array: &ArrayRef| {
            let factor = power_of_ten(scale);
            let values: Decimal128Array = primitive::<From>(array)?
                .unary_opt(|value| i128::from(value.to_long()).checked_mul(factor).and_then(|value| fit(value, precision)));
            decimals(values, precision, scale)
        })),
    }
}

/// An array of DECIMAL(precision, scale).
pub(crate) fn decimals(values: Decimal128Array, precision: u8, scale: u8) -> Result<ArrayRef> {
    Ok(Arc::new(values.with_precision_and_scale(precision, scale as i8)?))
}

const POWERS_OF_TEN: [i128; 39] = {
    let mut powers = [1; 39];
    let mut exponent = 1;
    while exponent < powers.len() {
        powers[exponent] = powers[exponent - 1] * 10;
        exponent += 1;
    }
    powers
};

/// 10 to the power of `exponent`, at most 38.
#[inline]
pub fn power_of_ten(exponent: u8) -> i128 {
    POWERS_OF_TEN[usize::from(exponent.min(38))]
}

/// The unscaled value, if it has at most `precision` digits.
#[inline]
pub fn fit(unscaled: i128, precision: u8) -> Option<i128> {
    (unscaled.unsigned_abs() < power_of_ten(precision) as u128).then_some(unscaled)
}

/// An unscaled value at another scale, rounded half up; `None` if it leaves 128 bits.
#[inline]
pub fn rescale_value(unscaled: i128, from: u8, to: u8) -> Option<i128> {
    if to >= from {
        unscaled.checked_mul(power_of_ten(to - from))
    } else {
        Some(divide_half_up(unscaled, power_of_ten(from - to)))
    }
}

/// The quotient, rounded half away from zero; `divisor` is positive.
#[inline]
pub fn divide_half_up(value: i128, divisor: i128) -> i128 {
    let (quotient, remainder) = (value / divisor, value % divisor);
    if remainder.unsigned_abs() >= divisor.unsigned_abs().div_ceil(2) { quotient + value.signum() } else { quotient }
}

/// `BigDecimal.doubleValue`: the nearest DOUBLE.
pub fn decimal_to_double(unscaled: i128, scale: u8) -> f64 {
    // Both operands are exact, so that the division rounds once.
    if unscaled.unsigned_abs() < 1 << 53 && scale <= 22 {
        return unscaled as f64 / power_of_ten(scale) as f64;
    }
    let mut text = String::with_capacity(42);
    write_decimal_plain(unscaled, scale, &mut text);
    text.parse().unwrap_or(f64::NAN)
}

/// `BigDecimal.floatValue`: the nearest FLOAT.
pub fn decimal_to_float(unscaled: i128, scale: u8) -> f32 {
    let mut text = String::with_capacity(42);
    write_decimal_plain(unscaled, scale, &mut text);
    text.parse().unwrap_or(f32::NAN)
}

/// A DOUBLE as DECIMAL(precision, scale), by way of its shortest text, as Flink does.
pub fn double_to_decimal(value: f64, precision: u8, scale: u8) -> std::result::Result<i128, DecimalError> {
    if !value.is_finite() {
        return Err(DecimalError::Malformed);
    }
    parse_decimal(&double_text(value), precision, scale)
}
