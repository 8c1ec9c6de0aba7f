//! DECIMAL arithmetic: the types of its results, and exact computation rounded half up.
//!
//! A result with more digits than its type has is NULL. Source of the types: Flink 2.3, `LogicalTypeMerging`.

use super::Resolved;
use super::arithmetic::Operator;
use super::cast::numeric::{Number, decimal_to_number, decimals, divide_half_up, fit, power_of_ten};
use super::common_type::{MAX_PRECISION, exact_digits};
use super::kernels::kernel;
use super::loops::{binary, optional_binary};
use arrow::array::{Array, ArrayRef, AsArray};
use arrow::datatypes::{Decimal128Type, i256};
use riverrun_core::{DataType, Error, Result, TypeKind};

#[cfg(test)]
mod tests;

/// The digits behind the point that are kept when a type would have more than 38 digits.
const MIN_ADJUSTED_SCALE: u32 = 6;

/// Precision and scale of `a operator b`, of DECIMAL(p1, s1) and DECIMAL(p2, s2).
pub(crate) fn result_type(operator: Operator, (p1, s1): (u8, u8), (p2, s2): (u8, u8)) -> (u8, u8) {
    let [p1, s1, p2, s2] = [p1, s1, p2, s2].map(u32::from);
    let scale = s1.max(s2);
    match operator {
        Operator::Plus | Operator::Minus => adjust((p1 - s1).max(p2 - s2) + scale + 1, scale),
        Operator::Times => adjust(p1 + p2 + 1, s1 + s2),
        Operator::Divide => {
            let scale = (s1 + p2 + 1).max(6);
            adjust(p1 - s1 + s2 + scale, scale)
        }
        Operator::Remainder => adjust((p1 - s1).min(p2 - s2) + scale, scale),
    }
}

/// Takes digits from behind the point where there are more than 38.
fn adjust(precision: u32, scale: u32) -> (u8, u8) {
    let most = u32::from(MAX_PRECISION);
    if precision <= most {
        return (precision as u8, scale as u8);
    }
    let whole = precision - scale;
    let scale = most.saturating_sub(whole).max(scale.min(MIN_ADJUSTED_SCALE));
    (MAX_PRECISION, scale as u8)
}

/// An operator on two exact numbers of which at least one is DECIMAL.
pub(crate) fn operator(operator: Operator, left: &DataType, right: &DataType) -> Option<Resolved> {
    let (left_digits, right_digits) = (exact_digits(&left.kind)?, exact_digits(&right.kind)?);
    let nullable = left.nullable || right.nullable;
    let parameter = |(precision, scale), nullable| TypeKind::decimal(precision, scale).with_nullable(nullable);
    let parameters = vec![parameter(left_digits, left.nullable), parameter(right_digits, right.nullable)];
    // The remainder of whole numbers is of the divisor's type, and has no more digits than it.
    let whole_remainder = operator == Operator::Remainder && left_digits.1 == 0 && right_digits.1 == 0;
    let (precision, scale) =
        if whole_remainder { right_digits } else { result_type(operator, left_digits, right_digits) };
    let returns = if whole_remainder { right.kind.clone() } else { TypeKind::decimal(precision, scale) };
    let compute = Compute { operator, left: left_digits.1, right: right_digits.1, precision, scale };
    let integer = Number::of(&returns);
    let kernel = kernel("DECIMAL", move |arguments| {
        let values = match compute.exact() {
            Some(exact) => binary::<Decimal128Type, Decimal128Type, Decimal128Type>(arguments, exact)?,
            None => optional_binary::<Decimal128Type, Decimal128Type, Decimal128Type>(arguments, |left, right| {
                compute.apply(left, right)
            })?,
        };
        let values = with_type(values, precision, scale)?;
        integer.map_or(Ok(values.clone()), |integer| decimal_to_number(0, integer)(&values))
    });
    Some(Resolved { parameters, returns: returns.with_nullable(nullable), kernel })
}

/// A Decimal128 array with another precision and scale; the unscaled values stay.
pub(crate) fn with_type(array: ArrayRef, precision: u8, scale: u8) -> Result<ArrayRef> {
    match array.as_primitive_opt::<Decimal128Type>() {
        Some(values) => decimals(values.clone(), precision, scale),
        None => Err(Error::bug(format!("an array of {} holds no DECIMAL", array.data_type()))),
    }
}

/// One operator on values of two scales.
#[derive(Clone, Copy)]
struct Compute {
    operator: Operator,
    left: u8,
    right: u8,
    precision: u8,
    scale: u8,
}

impl Compute {
    /// The operator as it is where the type of the result has room for every result, and none is rounded.
    fn exact(self) -> Option<impl Fn(i128, i128) -> i128> {
        let lift = |scale: u8| power_of_ten(self.scale.saturating_sub(scale));
        let (left, right) = (lift(self.left), lift(self.right));
        let times = self.operator == Operator::Times && self.scale == self.left + self.right;
        let sum = matches!(self.operator, Operator::Plus | Operator::Minus) && self.scale == self.left.max(self.right);
        // At the most digits a result may have been cut to fit.
        if self.precision == MAX_PRECISION || !(times || sum) {
            return None;
        }
        let sign = if self.operator == Operator::Minus { -1 } else { 1 };
        Some(move |l: i128, r: i128| {
            // What stands in the place of a NULL may be anything.
            if times { l.wrapping_mul(r) } else { l.wrapping_mul(left).wrapping_add(r.wrapping_mul(right * sign)) }
        })
    }

    #[inline]
    fn apply(self, left: i128, right: i128) -> Result<Option<i128>> {
        if right == 0 && matches!(self.operator, Operator::Divide | Operator::Remainder) {
            return Err(Error::failure("Division by zero").hint("NULLIF(divisor, 0) makes the quotient NULL instead"));
        }
        let narrow = match self.operator {
            Operator::Plus | Operator::Minus => self.sum(left, right),
            Operator::Times => {
                left.checked_mul(right).and_then(|product| self.rescale(product, self.left + self.right))
            }
            Operator::Divide => self.quotient(left, right),
            Operator::Remainder => self.remainder(left, right),
        };
        // What leaves 128 bits on the way may still fit in the end.
        let value = match narrow {
            Some(value) => Some(value),
            None => self.apply_wide(i256::from_i128(left), i256::from_i128(right)),
        };
        Ok(value.and_then(|value| fit(value, self.precision)))
    }

    fn rescale(self, value: i128, scale: u8) -> Option<i128> {
        if scale <= self.scale {
            value.checked_mul(power_of_ten(self.scale - scale))
        } else if scale - self.scale <= 38 {
            Some(divide_half_up(value, power_of_ten(scale - self.scale)))
        } else {
            None
        }
    }

    fn sum(self, left: i128, right: i128) -> Option<i128> {
        let scale = self.left.max(self.right);
        let left = left.checked_mul(power_of_ten(scale - self.left))?;
        let right = right.checked_mul(power_of_ten(scale - self.right))?;
        let sum = if self.operator == Operator::Plus { left.checked_add(right) } else { left.checked_sub(right) };
        self.rescale(sum?, scale)
    }

    fn quotient(self, left: i128, right: i128) -> Option<i128> {
        // left / 10^s1 / (right / 10^s2) * 10^s
        let shift = i32::from(self.scale) + i32::from(self.right) - i32::from(self.left);
        if !(0..=38).contains(&shift) {
            return None;
        }
        let quotient = divide_half_up(left.checked_mul(power_of_ten(shift as u8))?, right.checked_abs()?);
        Some(if right < 0 { -quotient } else { quotient })
    }

    fn remainder(self, left: i128, right: i128) -> Option<i128> {
        let scale = self.left.max(self.right);
        let left = left.checked_mul(power_of_ten(scale - self.left))?;
        let right = right.checked_mul(power_of_ten(scale - self.right))?;
        self.rescale(left % right, scale)
    }

    /// The same in 256 bits; `None` only if the result has more than 38 digits.
    fn apply_wide(self, left: i256, right: i256) -> Option<i128> {
        let scale = self.left.max(self.right);
        let at_scale = || {
            (
                left.wrapping_mul(wide_power_of_ten(scale - self.left)),
                right.wrapping_mul(wide_power_of_ten(scale - self.right)),
            )
        };
        let (value, scale) = match self.operator {
            Operator::Plus => {
                let (left, right) = at_scale();
                (left.wrapping_add(right), scale)
            }
            Operator::Minus => {
                let (left, right) = at_scale();
                (left.wrapping_sub(right), scale)
            }
            Operator::Times => (left.wrapping_mul(right), self.left + self.right),
            Operator::Remainder => {
                let (left, right) = at_scale();
                (left.checked_rem(right)?, scale)
            }
            Operator::Divide => return self.quotient_wide(left, right),
        };
        if scale <= self.scale {
            value.checked_mul(wide_power_of_ten(self.scale - scale))?.to_i128()
        } else {
            wide_divide_half_up(value, wide_power_of_ten(scale - self.scale)).to_i128()
        }
    }

    /// The quotient digit by digit, since the dividend at its scale may have 114 digits.
    fn quotient_wide(self, left: i256, right: i256) -> Option<i128> {
        let negative = left.is_negative() != right.is_negative();
        let (mut rest, mut divisor) = (left.wrapping_abs(), right.wrapping_abs());
        let mut shift = i32::from(self.scale) + i32::from(self.right) - i32::from(self.left);
        while shift < 0 {
            divisor = divisor.checked_mul(i256::from_i128(10))?;
            shift += 1;
        }
        let mut quotient = rest.checked_div(divisor)?;
        rest = rest.checked_rem(divisor)?;
        for _ in 0..shift {
            rest = rest.checked_mul(i256::from_i128(10))?;
            let digit = rest.checked_div(divisor)?;
            rest = rest.checked_rem(divisor)?;
            quotient = quotient.checked_mul(i256::from_i128(10))?.checked_add(digit)?;
        }
        if rest.checked_mul(i256::from_i128(2))? >= divisor {
            quotient = quotient.wrapping_add(i256::ONE);
        }
        let quotient = quotient.to_i128()?;
        Some(if negative { -quotient } else { quotient })
    }
}

/// 10 to the power of `exponent`, at most 76.
fn wide_power_of_ten(exponent: u8) -> i256 {
    i256::from_i128(power_of_ten(exponent.min(38)))
        .wrapping_mul(i256::from_i128(power_of_ten(exponent.saturating_sub(38))))
}

fn wide_divide_half_up(value: i256, divisor: i256) -> i256 {
    let (quotient, rest) = (value.wrapping_div(divisor), value.wrapping_rem(divisor));
    if rest.wrapping_abs().wrapping_mul(i256::from_i128(2)) < divisor {
        quotient
    } else if value.is_negative() {
        quotient.wrapping_sub(i256::ONE)
    } else {
        quotient.wrapping_add(i256::ONE)
    }
}

/// Compares values of two scales exactly.
#[inline]
pub(crate) fn compare(left: i128, left_scale: u8, right: i128, right_scale: u8) -> std::cmp::Ordering {
    if left_scale == right_scale {
        return left.cmp(&right);
    }
    let scale = left_scale.max(right_scale);
    let narrow =
        left.checked_mul(power_of_ten(scale - left_scale)).zip(right.checked_mul(power_of_ten(scale - right_scale)));
    match narrow {
        Some((left, right)) => left.cmp(&right),
        None => i256::from_i128(left)
            .wrapping_mul(wide_power_of_ten(scale - left_scale))
            .cmp(&i256::from_i128(right).wrapping_mul(wide_power_of_ten(scale - right_scale))),
    }
}
