//! ABS, SIGN, ROUND, TRUNCATE, CEIL, FLOOR: functions whose result is of their argument's type, or a DECIMAL of fewer digits.
//!
//! Floating point is rounded as its decimal text, as Java's `BigDecimal` does: ROUND(1.005, 2) of DOUBLE is 1.01.

use crate::functions::cast::numeric::{Number, divide_half_up, fit, power_of_ten, with_number};
use crate::functions::kernels::{Arguments, kernel, mismatch};
use crate::functions::loops::{optional_binary, unary};
use crate::functions::{Argument, FunctionDef, Kernel, Resolved, decimal};
use arrow::array::{ArrayRef, ArrowNativeTypeOp, ArrowPrimitiveType};
use arrow::datatypes::{Decimal128Type, Float32Type, Float64Type, Int8Type, Int16Type, Int32Type, Int64Type};
use datafusion_common::ScalarValue;
use riverrun_core::java_text::double_text;
use riverrun_core::{DataType, Error, Result, TypeKind};
use std::sync::Arc;

/// The functions.
pub const FUNCTIONS: &[FunctionDef] = &[
    FunctionDef {
        name: "ABS",
        aliases: &[],
        group: "math",
        syntax: "ABS(number)",
        doc: "The number without its sign; the smallest integer of a type stays as it is",
        deterministic: true,
        resolve: |_, arguments| magnitude(arguments),
    },
    FunctionDef {
        name: "SIGN",
        aliases: &[],
        group: "math",
        syntax: "SIGN(number)",
        doc: "−1, 0 or 1, of the number's type",
        deterministic: true,
        resolve: |_, arguments| sign(arguments),
    },
    FunctionDef {
        name: "ROUND",
        aliases: &[],
        group: "math",
        syntax: "ROUND(number [, digits])",
        doc: "The nearest number with so many digits behind the point, half away from zero",
        deterministic: true,
        resolve: |_, arguments| digits("ROUND(number [, digits])", Direction::Nearest, arguments),
    },
    FunctionDef {
        name: "TRUNCATE",
        aliases: &[],
        group: "math",
        syntax: "TRUNCATE(number [, digits])",
        doc: "The number cut off after so many digits behind the point",
        deterministic: true,
        resolve: |_, arguments| digits("TRUNCATE(number [, digits])", Direction::Zero, arguments),
    },
    FunctionDef {
        name: "CEIL",
        aliases: &["CEILING"],
        group: "math",
        syntax: "CEIL(number)",
        doc: "The smallest whole number that is not smaller; CEIL(time TO unit) is another function",
        deterministic: true,
        resolve: |_, arguments| whole("CEIL(number)", Direction::Up, arguments),
    },
    FunctionDef {
        name: "FLOOR",
        aliases: &[],
        group: "math",
        syntax: "FLOOR(number)",
        doc: "The largest whole number that is not larger; FLOOR(time TO unit) is another function",
        deterministic: true,
        resolve: |_, arguments| whole("FLOOR(number)", Direction::Down, arguments),
    },
];

/// Where a number is rounded to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Direction {
    /// The nearest, half away from zero.
    Nearest,
    Zero,
    Up,
    Down,
}

impl Direction {
    /// `value` as a multiple of `unit`, in units.
    #[inline]
    fn divide(self, value: i128, unit: i128) -> i128 {
        match self {
            Direction::Nearest => divide_half_up(value, unit),
            Direction::Zero => value / unit,
            Direction::Down => value.div_euclid(unit),
            Direction::Up => -((-value).div_euclid(unit)),
        }
    }
}

fn one_number<'a>(syntax: &str, arguments: &[Argument<'a>]) -> Result<&'a DataType> {
    match arguments {
        [argument] if argument.data_type.kind.is_numeric() => Ok(argument.data_type),
        _ => Err(mismatch(syntax, arguments)),
    }
}

/// A function from a type to itself.
fn same_type(data_type: &DataType, kernel: Arc<dyn Kernel>) -> Resolved {
    Resolved { parameters: vec![data_type.clone()], returns: data_type.clone(), kernel }
}

/// A kernel on the unscaled values of a DECIMAL.
fn decimal_kernel(name: &'static str, precision: u8, scale: u8, op: fn(i128, i128) -> i128) -> Arc<dyn Kernel> {
    let one = power_of_ten(scale);
    kernel(name, move |arguments| {
        let values = unary::<Decimal128Type, Decimal128Type>(arguments, |value| op(value, one))?;
        decimal::with_type(values, precision, scale)
    })
}

fn magnitude(arguments: &[Argument<'_>]) -> Result<Resolved> {
    let data_type = one_number("ABS(number)", arguments)?;
    fn floating<T>(name: &'static str, abs: fn(T::Native) -> T::Native) -> Arc<dyn Kernel>
    where
        T: ArrowPrimitiveType,
    {
        kernel(name, move |arguments| unary::<T, T>(arguments, abs))
    }
    let kernel = match &data_type.kind {
        TypeKind::TinyInt => floating::<Int8Type>("ABS", i8::wrapping_abs),
        TypeKind::SmallInt => floating::<Int16Type>("ABS", i16::wrapping_abs),
        TypeKind::Int => floating::<Int32Type>("ABS", i32::wrapping_abs),
        TypeKind::BigInt => floating::<Int64Type>("ABS", i64::wrapping_abs),
        TypeKind::Float => floating::<Float32Type>("ABS", f32::abs),
        TypeKind::Double => floating::<Float64Type>("ABS", f64::abs),
        TypeKind::Decimal { precision, scale } => {
            decimal_kernel("ABS", *precision, *scale, |value, _| value.wrapping_abs())
        }
        _ => return Err(mismatch("ABS(number)", arguments)),
    };
    Ok(same_type(data_type, kernel))
}

fn sign(arguments: &[Argument<'_>]) -> Result<Resolved> {
    let data_type = one_number("SIGN(number)", arguments)?;
    fn of<T>() -> Arc<dyn Kernel>
    where
        T: ArrowPrimitiveType,
        T::Native: ArrowNativeTypeOp,
    {
        kernel("SIGN", |arguments| {
            unary::<T, T>(arguments, |value| {
                let (zero, one) = (T::Native::ZERO, T::Native::ONE);
                // NaN and both zeros stay as they are.
                if value > zero {
                    one
                } else if value < zero {
                    zero.sub_wrapping(one)
                } else {
                    value
                }
            })
        })
    }
    let kernel = match &data_type.kind {
        TypeKind::Decimal { precision, scale } => {
            decimal_kernel("SIGN", *precision, *scale, |value, one| value.signum() * one)
        }
        kind => match Number::of(kind) {
            Some(number) => with_number!(number, T => of::<T>()),
            None => return Err(mismatch("SIGN(number)", arguments)),
        },
    };
    Ok(same_type(data_type, kernel))
}

/// CEIL and FLOOR.
fn whole(syntax: &'static str, direction: Direction, arguments: &[Argument<'_>]) -> Result<Resolved> {
    let data_type = one_number(syntax, arguments)?;
    let up = direction == Direction::Up;
    let float = if up { f32::ceil } else { f32::floor };
    let double = if up { f64::ceil } else { f64::floor };
    let kernel = match &data_type.kind {
        TypeKind::Float => kernel(syntax, move |arguments| unary::<Float32Type, Float32Type>(arguments, float)),
        TypeKind::Double => kernel(syntax, move |arguments| unary::<Float64Type, Float64Type>(arguments, double)),
        TypeKind::Decimal { precision, scale } => {
            let (precision, unit) = (*precision, power_of_ten(*scale));
            let kernel = kernel(syntax, move |arguments| {
                let values = unary::<Decimal128Type, Decimal128Type>(arguments, |value| direction.divide(value, unit))?;
                decimal::with_type(values, precision, 0)
            });
            let returns = TypeKind::decimal(precision, 0).with_nullable(data_type.nullable);
            return Ok(Resolved { parameters: vec![data_type.clone()], returns, kernel });
        }
        _ => kernel(syntax, |arguments: &Arguments| Ok(arguments.raw(0)?.0.clone())),
    };
    Ok(same_type(data_type, kernel))
}

/// ROUND and TRUNCATE.
fn digits(syntax: &'static str, direction: Direction, arguments: &[Argument<'_>]) -> Result<Resolved> {
    let (number, places) = match arguments {
        [number] => (number.data_type, None),
        [number, places] => (number.data_type, Some(places)),
        _ => return Err(mismatch(syntax, arguments)),
    };
    let places_taken = places
        .is_none_or(|places| matches!(places.data_type.kind, TypeKind::TinyInt | TypeKind::SmallInt | TypeKind::Int));
    if !number.kind.is_numeric() || !places_taken {
        return Err(mismatch(syntax, arguments));
    }
    let nullable = number.nullable || places.is_some_and(|places| places.data_type.nullable);
    let mut parameters = vec![number.clone()];
    parameters.extend(places.map(|places| TypeKind::Int.with_nullable(places.data_type.nullable)));
    let (returns, kernel) = match &number.kind {
        TypeKind::Decimal { precision, scale } => {
            let constant = match places {
                None => Some(0),
                Some(places) => places.literal.and_then(constant_places),
            };
            let (to_precision, to_scale) = match constant {
                Some(places) => rounded_type(*precision, *scale, places),
                None => (*precision, *scale),
            };
            let scale = *scale;
            let round = move |value: i128, places: i32| {
                round_decimal(value, scale, places, to_scale, direction).and_then(|value| fit(value, to_precision))
            };
            let kernel = with_places::<Decimal128Type>(
                syntax,
                move |value, places| Ok(round(value, places)),
                move |values| decimal::with_type(values, to_precision, to_scale),
            );
            (TypeKind::decimal(to_precision, to_scale), kernel)
        }
        TypeKind::Float => {
            (TypeKind::Float, floating::<Float32Type>(syntax, direction, f64::from, |value| value as f32))
        }
        TypeKind::Double => {
            (TypeKind::Double, floating::<Float64Type>(syntax, direction, |value| value, |value| value))
        }
        TypeKind::TinyInt => (TypeKind::TinyInt, integers::<Int8Type>(syntax, direction, |value| value as i8)),
        TypeKind::SmallInt => (TypeKind::SmallInt, integers::<Int16Type>(syntax, direction, |value| value as i16)),
        TypeKind::Int => (TypeKind::Int, integers::<Int32Type>(syntax, direction, |value| value as i32)),
        _ => (TypeKind::BigInt, integers::<Int64Type>(syntax, direction, |value| value as i64)),
    };
    Ok(Resolved { parameters, returns: returns.with_nullable(nullable), kernel })
}

fn constant_places(literal: &ScalarValue) -> Option<i32> {
    match literal {
        ScalarValue::Int8(places) => places.map(i32::from),
        ScalarValue::Int16(places) => places.map(i32::from),
        ScalarValue::Int32(places) => *places,
        _ => None,
    }
}

/// The DECIMAL that holds every DECIMAL(precision, scale) rounded to `places`.
fn rounded_type(precision: u8, scale: u8, places: i32) -> (u8, u8) {
    if places >= i32::from(scale) {
        return (precision, scale);
    }
    let kept = places.max(0) as u8;
    // Rounding up may add a digit.
    let whole = precision - scale + 1;
    ((whole + kept).min(38), kept)
}

/// The kernel of one value and an optional number of places, 0 if it isn't given.
fn with_places<T: ArrowPrimitiveType>(
    name: &'static str,
    op: impl Fn(T::Native, i32) -> Result<Option<T::Native>> + Send + Sync + 'static,
    finish: impl Fn(ArrayRef) -> Result<ArrayRef> + Send + Sync + 'static,
) -> Arc<dyn Kernel> {
    kernel(name, move |arguments| {
        if arguments.len() == 2 {
            return finish(optional_binary::<T, Int32Type, T>(arguments, &op)?);
        }
        let values = arguments.primitive::<T>(0)?;
        let rounded = (0..arguments.rows()).map(|row| values.get(row).map_or(Ok(None), |value| op(value, 0)));
        finish(Arc::new(rounded.collect::<Result<arrow::array::PrimitiveArray<T>>>()?))
    })
}

/// An unscaled value rounded to `places` and brought to the scale of the result.
fn round_decimal(value: i128, scale: u8, places: i32, to_scale: u8, direction: Direction) -> Option<i128> {
    let dropped = i32::from(scale).saturating_sub(places);
    let rounded = if dropped <= 0 {
        return crate::functions::cast::numeric::rescale_value(value, scale, to_scale);
    } else if dropped > 38 {
        return Some(0);
    } else {
        direction.divide(value, power_of_ten(dropped as u8))
    };
    // In units of 10^-places, to units of 10^-to_scale.
    let lift = i32::from(to_scale).saturating_sub(places);
    if rounded == 0 {
        Some(0)
    } else {
        rounded.checked_mul(power_of_ten(u8::try_from(lift).ok().filter(|&lift| lift <= 38)?))
    }
}

fn integers<T>(name: &'static str, direction: Direction, wrap: fn(i128) -> T::Native) -> Arc<dyn Kernel>
where
    T: ArrowPrimitiveType,
    T::Native: Into<i128>,
{
    with_places::<T>(
        name,
        move |value, places| {
            if places >= 0 {
                return Ok(Some(value));
            }
            let unit = places.unsigned_abs();
            if unit > 38 {
                return Ok(Some(wrap(0)));
            }
            let unit = power_of_ten(unit as u8);
            // Beyond the type's range it wraps, as Java's intValue does.
            Ok(Some(wrap(direction.divide(value.into(), unit).wrapping_mul(unit))))
        },
        Ok,
    )
}

fn floating<T>(
    name: &'static str,
    direction: Direction,
    widen: fn(T::Native) -> f64,
    narrow: fn(f64) -> T::Native,
) -> Arc<dyn Kernel>
where
    T: ArrowPrimitiveType,
{
    with_places::<T>(
        name,
        move |value, places| {
            let value = widen(value);
            if !value.is_finite() {
                return Err(Error::failure(format!("{} cannot be rounded", double_text(value)))
                    .hint("NaN and the infinities have no digits: leave such rows out with CASE or WHERE"));
            }
            Ok(Some(narrow(round_text(value, places, direction))))
        },
        Ok,
    )
}

/// A DOUBLE rounded at a digit of its shortest decimal text.
fn round_text(value: f64, places: i32, direction: Direction) -> f64 {
    let text = double_text(value.abs());
    let (mantissa, exponent) = text.split_once('E').unwrap_or((&text, "0"));
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let Ok(exponent) = exponent.parse::<i32>() else {
        return value;
    };
    // The number is 0.DIGITS × 10^point.
    let point = whole.len() as i32 + exponent;
    let kept = point.saturating_add(places);
    if kept >= (whole.len() + fraction.len()) as i32 {
        return value;
    }
    let digits = || whole.bytes().chain(fraction.bytes()).map(|byte| byte - b'0');
    if kept < 0 {
        return 0.0;
    }
    let kept = kept as usize;
    let mut unscaled = digits().take(kept).fold(0u64, |number, digit| number * 10 + u64::from(digit));
    if direction == Direction::Nearest && digits().nth(kept).is_some_and(|digit| digit >= 5) {
        unscaled += 1;
    }
    let rounded: f64 = format!("{unscaled}e{}", point - kept as i32).parse().unwrap_or(value.abs());
    if value < 0.0 && rounded != 0.0 { -rounded } else { rounded }
}
