//! Functions of numbers that give a DOUBLE: powers, logarithms, angles. Rounding is in [`rounding`], randomness in [`random`].
//!
//! Results are those of the platform's mathematics library, which may differ from Java's in the last digit.

use super::kernels::{Accept, accept, any_nullable, kernel, mismatch, texts};
use super::loops::{binary, unary};
use super::{Argument, FunctionContext, FunctionDef, Resolved};
use arrow::array::{ArrayRef, Float64Array};
use arrow::datatypes::Float64Type;
use riverrun_core::{Result, TypeKind};
use std::fmt::Write;
use std::sync::Arc;

pub mod random;
pub mod rounding;
#[cfg(test)]
mod tests;

/// Defines a function of one number that gives a DOUBLE.
macro_rules! of_one {
    ($name:literal, $function:expr, $doc:literal) => {
        FunctionDef {
            name: $name,
            aliases: &[],
            group: "math",
            syntax: concat!($name, "(number)"),
            doc: $doc,
            deterministic: true,
            resolve: |_, arguments| of_one($name, concat!($name, "(number)"), $function, arguments),
        }
    };
}

/// Defines a constant.
macro_rules! constant {
    ($name:literal, $value:expr, $doc:literal) => {
        FunctionDef {
            name: $name,
            aliases: &[],
            group: "math",
            syntax: concat!($name, "()"),
            doc: $doc,
            deterministic: true,
            resolve: |_, arguments| constant(concat!($name, "()"), $value, arguments),
        }
    };
}

/// The functions.
pub const FUNCTIONS: &[FunctionDef] = &[
    // As Java's power of 0.5: 0.0 of -0.0, and no NaN of -Infinity.
    of_one!(
        "SQRT",
        |x: f64| if x == f64::NEG_INFINITY { f64::INFINITY } else { x.sqrt() + 0.0 },
        "The square root; NaN of a negative number"
    ),
    of_one!("EXP", f64::exp, "e to the power of a number"),
    of_one!("LN", f64::ln, "The natural logarithm"),
    of_one!("LOG10", f64::log10, "The logarithm to base 10"),
    // As in Java: the quotient of two natural logarithms.
    of_one!("LOG2", |x| x.ln() / std::f64::consts::LN_2, "The logarithm to base 2"),
    of_one!("SIN", f64::sin, "The sine of an angle in radians"),
    of_one!("COS", f64::cos, "The cosine of an angle in radians"),
    of_one!("TAN", f64::tan, "The tangent of an angle in radians"),
    of_one!("COT", |x| 1.0 / x.tan(), "The cotangent of an angle in radians"),
    of_one!("ASIN", f64::asin, "The angle whose sine is the number"),
    of_one!("ACOS", f64::acos, "The angle whose cosine is the number"),
    of_one!("ATAN", f64::atan, "The angle whose tangent is the number"),
    of_one!("SINH", f64::sinh, "The hyperbolic sine"),
    of_one!("COSH", f64::cosh, "The hyperbolic cosine"),
    of_one!("TANH", f64::tanh, "The hyperbolic tangent"),
    of_one!("DEGREES", f64::to_degrees, "Radians as degrees"),
    of_one!("RADIANS", f64::to_radians, "Degrees as radians"),
    constant!("PI", std::f64::consts::PI, "The ratio of a circle's circumference to its diameter"),
    constant!("E", std::f64::consts::E, "The base of the natural logarithm"),
    FunctionDef {
        name: "POWER",
        aliases: &[],
        group: "math",
        syntax: "POWER(base, exponent)",
        doc: "A number to the power of another",
        deterministic: true,
        resolve: |_, arguments| of_two("POWER", "POWER(base, exponent)", f64::powf, arguments),
    },
    FunctionDef {
        name: "LOG",
        aliases: &[],
        group: "math",
        syntax: "LOG([base,] number)",
        doc: "The logarithm to a base, or the natural one",
        deterministic: true,
        resolve: log,
    },
    FunctionDef {
        name: "ATAN2",
        aliases: &[],
        group: "math",
        syntax: "ATAN2(y, x)",
        doc: "The angle of a point's direction from the origin; of two DECIMALs, or of two other numbers",
        deterministic: true,
        resolve: atan2,
    },
    FunctionDef {
        name: "BIN",
        aliases: &[],
        group: "math",
        syntax: "BIN(integer)",
        doc: "An integer's binary digits; a negative one's in 64 bits",
        deterministic: true,
        resolve: bin,
    },
];

/// A DOUBLE for each argument.
fn doubles(arguments: &[Argument<'_>]) -> Vec<riverrun_core::DataType> {
    arguments.iter().map(|argument| TypeKind::Double.with_nullable(argument.data_type.nullable)).collect()
}

fn all_numbers(arguments: &[Argument<'_>]) -> bool {
    arguments.iter().all(|argument| argument.data_type.kind.is_numeric())
}

fn of_one(
    name: &'static str,
    syntax: &'static str,
    function: fn(f64) -> f64,
    arguments: &[Argument<'_>],
) -> Result<Resolved> {
    if arguments.len() != 1 || !all_numbers(arguments) {
        return Err(mismatch(syntax, arguments));
    }
    Ok(Resolved {
        parameters: doubles(arguments),
        returns: TypeKind::Double.with_nullable(any_nullable(arguments)),
        kernel: kernel(name, move |arguments| unary::<Float64Type, Float64Type>(arguments, function)),
    })
}

fn of_two(
    name: &'static str,
    syntax: &'static str,
    function: fn(f64, f64) -> f64,
    arguments: &[Argument<'_>],
) -> Result<Resolved> {
    if arguments.len() != 2 || !all_numbers(arguments) {
        return Err(mismatch(syntax, arguments));
    }
    Ok(Resolved {
        parameters: doubles(arguments),
        returns: TypeKind::Double.with_nullable(any_nullable(arguments)),
        kernel: kernel(name, move |arguments| binary::<Float64Type, Float64Type, Float64Type>(arguments, function)),
    })
}

fn constant(syntax: &'static str, value: f64, arguments: &[Argument<'_>]) -> Result<Resolved> {
    if !arguments.is_empty() {
        return Err(mismatch(syntax, arguments));
    }
    Ok(Resolved {
        parameters: Vec::new(),
        returns: TypeKind::Double.not_null(),
        kernel: kernel(syntax, move |arguments| {
            Ok(Arc::new(Float64Array::from_value(value, arguments.rows())) as ArrayRef)
        }),
    })
}

fn log(_: &FunctionContext, arguments: &[Argument<'_>]) -> Result<Resolved> {
    const SYNTAX: &str = "LOG([base,] number)";
    if arguments.len() == 1 {
        return of_one("LOG", SYNTAX, f64::ln, arguments);
    }
    // Zero has no sign: the quotient may be −0.
    of_two("LOG", SYNTAX, |base, number| number.ln() / base.ln() + 0.0, arguments)
}

fn atan2(_: &FunctionContext, arguments: &[Argument<'_>]) -> Result<Resolved> {
    const SYNTAX: &str = "ATAN2(y, x)";
    let decimals = |argument: &&Argument<'_>| matches!(argument.data_type.kind, TypeKind::Decimal { .. });
    if arguments.iter().filter(decimals).count() == 1 {
        return Err(mismatch(SYNTAX, arguments));
    }
    of_two("ATAN2", SYNTAX, f64::atan2, arguments)
}

fn bin(_: &FunctionContext, arguments: &[Argument<'_>]) -> Result<Resolved> {
    Ok(Resolved {
        parameters: accept("BIN(integer)", arguments, &[Accept::Long], 1)?,
        returns: TypeKind::STRING.with_nullable(any_nullable(arguments)),
        kernel: kernel("BIN", |arguments| {
            let values = arguments.long(0)?;
            texts(arguments.rows(), |row, out| {
                let _ = write!(out, "{:b}", values.get(row)?);
                Some(())
            })
        }),
    })
}
