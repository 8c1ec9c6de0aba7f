//! `+ - * / %` and the signs, over numbers.
//!
//! Integers wrap at their width; their division by zero fails the job, that of floating point gives an infinity. FLOAT against
//! DOUBLE is computed as DOUBLE and is of the left type, and either against DECIMAL is DOUBLE. DECIMAL is in [`super::decimal`];
//! dates, times and intervals have rules of their own.

use super::cast::numeric::{JavaNumber, Number, with_number};
use super::common_type::common_type;
use super::decimal;
use super::kernels::{Arguments, kernel};
use super::loops::{binary, try_binary, unary};
use super::{Argument, FunctionContext, FunctionDef, Kernel, Resolved, operators, temporal};
use arrow::array::{ArrayRef, ArrowNativeTypeOp, ArrowPrimitiveType};
use arrow::datatypes::{Decimal128Type, Float32Type, Float64Type, Int64Type};
use riverrun_core::{DataType, Error, Result, TypeKind};
use std::sync::Arc;

#[cfg(test)]
mod tests;

/// The operators.
pub const FUNCTIONS: &[FunctionDef] = &[
    FunctionDef {
        name: operators::PLUS,
        aliases: &[],
        group: "arithmetic",
        syntax: "a + b",
        doc: "The sum of two numbers, or a date, time or timestamp later by an interval",
        deterministic: true,
        resolve: |context, arguments| operator(Operator::Plus, context, arguments),
    },
    FunctionDef {
        name: operators::MINUS,
        aliases: &[],
        group: "arithmetic",
        syntax: "a - b",
        doc: "The difference of two numbers, or a date, time or timestamp earlier by an interval",
        deterministic: true,
        resolve: |context, arguments| operator(Operator::Minus, context, arguments),
    },
    FunctionDef {
        name: operators::TIMES,
        aliases: &[],
        group: "arithmetic",
        syntax: "a * b",
        doc: "The product of two numbers, or an interval several times over",
        deterministic: true,
        resolve: |context, arguments| operator(Operator::Times, context, arguments),
    },
    FunctionDef {
        name: operators::DIVIDE,
        aliases: &[],
        group: "arithmetic",
        syntax: "a / b",
        doc: "The quotient of two numbers; that of two integers is cut off to an integer",
        deterministic: true,
        resolve: |context, arguments| operator(Operator::Divide, context, arguments),
    },
    FunctionDef {
        name: operators::REMAINDER,
        aliases: &["MOD"],
        group: "arithmetic",
        syntax: "MOD(a, b)",
        doc: "What is left of a after division by b, with the sign of a; of integers and DECIMAL only",
        deterministic: true,
        resolve: |context, arguments| operator(Operator::Remainder, context, arguments),
    },
    FunctionDef {
        name: operators::NEGATE,
        aliases: &[],
        group: "arithmetic",
        syntax: "-a",
        doc: "The number or interval with the opposite sign",
        deterministic: true,
        resolve: negate,
    },
    FunctionDef {
        name: operators::IDENTITY,
        aliases: &[],
        group: "arithmetic",
        syntax: "+a",
        doc: "The number or interval itself",
        deterministic: true,
        resolve: identity,
    },
];

/// An operator on two numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Operator {
    Plus,
    Minus,
    Times,
    Divide,
    Remainder,
}

impl Operator {
    fn symbol(self) -> &'static str {
        match self {
            Operator::Plus => "+",
            Operator::Minus => "-",
            Operator::Times => "*",
            Operator::Divide => "/",
            Operator::Remainder => "%",
        }
    }
}

fn operator(operator: Operator, context: &FunctionContext, arguments: &[Argument<'_>]) -> Result<Resolved> {
    let [left, right] = arguments else {
        // As a call it has a name of its own.
        let name = if operator == Operator::Remainder { "MOD" } else { operator.symbol() };
        return Err(Error::input(format!("{name} takes two numbers, not {}", arguments.len())));
    };
    let of_time = |kind: &TypeKind| kind.is_datetime() || kind.is_interval();
    if of_time(&left.data_type.kind) || of_time(&right.data_type.kind) {
        return of_times(operator, context, arguments);
    }
    if !left.data_type.kind.is_numeric() || !right.data_type.kind.is_numeric() {
        return Err(refuse(operator, left, right));
    }
    numbers(operator, left, right).ok_or_else(|| refuse(operator, left, right))
}

/// The operator on dates, times, timestamps and intervals.
fn of_times(operator: Operator, context: &FunctionContext, arguments: &[Argument<'_>]) -> Result<Resolved> {
    let resolved = match operator {
        Operator::Plus => temporal::plus(context, arguments),
        Operator::Minus => temporal::minus(context, arguments),
        Operator::Times => temporal::times(context, arguments),
        Operator::Divide | Operator::Remainder => None,
    };
    match (resolved, arguments) {
        (Some(resolved), _) => resolved,
        (None, [left, right]) => Err(refuse(operator, left, right)),
        (None, _) => Err(Error::bug("an operator without two operands")),
    }
}

fn refuse(operator: Operator, left: &Argument<'_>, right: &Argument<'_>) -> Error {
    let symbol = operator.symbol();
    let (left, right) = (left.data_type, right.data_type);
    let error = Error::input(format!("cannot apply {symbol} to {left} and {right}"));
    if left.kind == TypeKind::Null || right.kind == TypeKind::Null {
        return error.hint("a bare NULL has no type: write CAST(NULL AS INT), or whatever type is meant");
    }
    if operator == Operator::Remainder && left.kind.is_numeric() && right.kind.is_numeric() {
        return error.hint("% and MOD take integers and DECIMAL");
    }
    if !left.kind.is_character() && !right.kind.is_character() {
        return error;
    }
    if operator == Operator::Plus {
        return error.hint("texts are joined with ||, and become numbers by CAST");
    }
    error.hint("a text becomes a number by CAST")
}

/// The operator on two numbers; `None` if it takes no such numbers.
fn numbers(operator: Operator, left: &Argument<'_>, right: &Argument<'_>) -> Option<Resolved> {
    let (left, right) = (left.data_type, right.data_type);
    let nullable = left.nullable || right.nullable;
    let approximate = left.kind.is_approximate() || right.kind.is_approximate();
    let decimal = matches!(left.kind, TypeKind::Decimal { .. }) || matches!(right.kind, TypeKind::Decimal { .. });
    if operator == Operator::Remainder && approximate {
        return None;
    }
    if decimal && !approximate {
        return decimal::operator(operator, left, right);
    }
    let common = common_type(&[left, right]).ok()?.kind;
    if operator == Operator::Remainder {
        return integer_remainder(&common, left, right);
    }
    let compute = if approximate && (left.kind == TypeKind::Double || right.kind == TypeKind::Double) {
        TypeKind::Double
    } else {
        common.clone()
    };
    let kernel = number_kernel(operator, Number::of(&compute)?, Number::of(&common)?);
    Some(Resolved {
        parameters: vec![compute.clone().with_nullable(left.nullable), compute.with_nullable(right.nullable)],
        returns: common.with_nullable(nullable),
        kernel,
    })
}

fn number_kernel(operator: Operator, compute: Number, result: Number) -> Arc<dyn Kernel> {
    match (compute, result) {
        (Number::Float, _) => floating::<Float32Type, Float32Type>(operator, |value| value),
        (Number::Double, Number::Float) => floating::<Float64Type, Float32Type>(operator, |value| value as f32),
        (Number::Double, _) => floating::<Float64Type, Float64Type>(operator, |value| value),
        (integer, _) => with_number!(integer, T => integers::<T>(operator)),
    }
}

fn floating<T, O>(operator: Operator, round: fn(T::Native) -> O::Native) -> Arc<dyn Kernel>
where
    T: ArrowPrimitiveType,
    O: ArrowPrimitiveType,
    T::Native: ArrowNativeTypeOp,
{
    // On floating point, Arrow's wrapping operations are those of IEEE 754.
    match operator {
        Operator::Plus => kernel("+", move |a| binary::<T, T, O>(a, |l, r| round(l.add_wrapping(r)))),
        Operator::Minus => kernel("-", move |a| binary::<T, T, O>(a, |l, r| round(l.sub_wrapping(r)))),
        Operator::Times => kernel("*", move |a| binary::<T, T, O>(a, |l, r| round(l.mul_wrapping(r)))),
        Operator::Divide => kernel("/", move |a| binary::<T, T, O>(a, |l, r| round(l.div_wrapping(r)))),
        Operator::Remainder => kernel("%", move |a| binary::<T, T, O>(a, |l, r| round(l.mod_wrapping(r)))),
    }
}

fn integers<T>(operator: Operator) -> Arc<dyn Kernel>
where
    T: ArrowPrimitiveType,
    T::Native: ArrowNativeTypeOp,
{
    match operator {
        Operator::Plus => kernel("+", |a| binary::<T, T, T>(a, |l, r| l.add_wrapping(r))),
        Operator::Minus => kernel("-", |a| binary::<T, T, T>(a, |l, r| l.sub_wrapping(r))),
        Operator::Times => kernel("*", |a| binary::<T, T, T>(a, |l, r| l.mul_wrapping(r))),
        Operator::Divide => kernel("/", |a| {
            try_binary::<T, T, T>(a, |l, r| if r.is_zero() { Err(by_zero()) } else { Ok(l.div_wrapping(r)) })
        }),
        Operator::Remainder => kernel("%", |a| {
            try_binary::<T, T, T>(a, |l, r| if r.is_zero() { Err(by_zero()) } else { Ok(l.mod_wrapping(r)) })
        }),
    }
}

/// The remainder of integers, which is of the divisor's type.
fn integer_remainder(common: &TypeKind, left: &DataType, right: &DataType) -> Option<Resolved> {
    let nullable = left.nullable || right.nullable;
    let kernel = if *common == right.kind {
        with_number!(Number::of(common)?, T => integers::<T>(Operator::Remainder))
    } else {
        with_number!(Number::of(&right.kind)?, T => narrow_remainder::<T>())
    };
    let parameter = if *common == right.kind { common.clone() } else { TypeKind::BigInt };
    Some(Resolved {
        parameters: vec![parameter.clone().with_nullable(left.nullable), parameter.with_nullable(right.nullable)],
        returns: right.kind.clone().with_nullable(nullable),
        kernel,
    })
}

fn narrow_remainder<T>() -> Arc<dyn Kernel>
where
    T: ArrowPrimitiveType,
    T::Native: JavaNumber,
{
    kernel("%", |arguments| {
        try_binary::<Int64Type, Int64Type, T>(arguments, |left, right| {
            if right == 0 { Err(by_zero()) } else { Ok(T::Native::convert(left.wrapping_rem(right))) }
        })
    })
}

fn by_zero() -> Error {
    Error::failure("/ by zero").hint("NULLIF(divisor, 0) makes the quotient NULL instead")
}

fn one<'a, 'b>(symbol: &str, arguments: &'a [Argument<'b>]) -> Result<&'a Argument<'b>> {
    match arguments {
        [argument] => Ok(argument),
        _ => Err(Error::input(format!("{symbol} takes one operand, not {}", arguments.len()))),
    }
}

fn negate(context: &FunctionContext, arguments: &[Argument<'_>]) -> Result<Resolved> {
    let data_type = one("-", arguments)?.data_type;
    if let Some(resolved) = temporal::negate(context, arguments) {
        return resolved;
    }
    let kernel = match &data_type.kind {
        TypeKind::Decimal { precision, scale } => {
            let (precision, scale) = (*precision, *scale);
            kernel("NEGATE", move |arguments| {
                let negated = unary::<Decimal128Type, Decimal128Type>(arguments, |value| -value)?;
                decimal::with_type(negated, precision, scale)
            })
        }
        kind => match Number::of(kind) {
            Some(number) => with_number!(number, T => negation::<T>()),
            None => return Err(Error::input(format!("cannot apply - to {data_type}"))),
        },
    };
    Ok(Resolved { parameters: vec![data_type.clone()], returns: data_type.clone(), kernel })
}

fn negation<T>() -> Arc<dyn Kernel>
where
    T: ArrowPrimitiveType,
    T::Native: ArrowNativeTypeOp,
{
    kernel("NEGATE", |arguments| unary::<T, T>(arguments, |value| value.neg_wrapping()))
}

fn identity(_: &FunctionContext, arguments: &[Argument<'_>]) -> Result<Resolved> {
    let data_type = one("+", arguments)?.data_type;
    if !data_type.kind.is_numeric() && !data_type.kind.is_interval() {
        return Err(Error::input(format!("cannot apply + to {data_type}")));
    }
    let kernel = kernel("IDENTITY", |arguments: &Arguments| -> Result<ArrayRef> { Ok(arguments.raw(0)?.0.clone()) });
    Ok(Resolved { parameters: vec![data_type.clone()], returns: data_type.clone(), kernel })
}
