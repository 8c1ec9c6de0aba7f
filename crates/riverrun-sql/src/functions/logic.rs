//! NOT and the tests for NULL, TRUE, FALSE and UNKNOWN. AND and OR are the binder's, which evaluates their operands lazily.

use super::kernels::kernel;
use super::{Argument, FunctionContext, FunctionDef, Resolved, operators};
use arrow::array::{Array, ArrayRef, AsArray, BooleanArray};
use arrow::buffer::{BooleanBuffer, NullBuffer};
use riverrun_core::{Error, Result, TypeKind};
use std::sync::Arc;

#[cfg(test)]
mod tests;

/// Defines a test that never answers NULL.
macro_rules! truth_test {
    ($name:expr, $test:expr, $negated:expr, $doc:expr) => {
        FunctionDef {
            name: $name,
            aliases: &[],
            group: "logic",
            syntax: $name,
            doc: $doc,
            deterministic: true,
            resolve: |_, arguments| test($name, $test, $negated, arguments),
        }
    };
}

/// The operators.
pub const FUNCTIONS: &[FunctionDef] = &[
    FunctionDef {
        name: operators::NOT,
        aliases: &[],
        group: "logic",
        syntax: "NOT a",
        doc: "TRUE for FALSE, FALSE for TRUE, NULL for NULL",
        deterministic: true,
        resolve: not,
    },
    truth_test!(operators::IS_NULL, Test::Null, false, "Whether a value is NULL"),
    truth_test!(operators::IS_NOT_NULL, Test::Null, true, "Whether a value is not NULL"),
    truth_test!(operators::IS_TRUE, Test::True, false, "Whether a BOOLEAN is TRUE"),
    truth_test!(operators::IS_NOT_TRUE, Test::True, true, "Whether a BOOLEAN is FALSE or NULL"),
    truth_test!(operators::IS_FALSE, Test::False, false, "Whether a BOOLEAN is FALSE"),
    truth_test!(operators::IS_NOT_FALSE, Test::False, true, "Whether a BOOLEAN is TRUE or NULL"),
    truth_test!(operators::IS_UNKNOWN, Test::Unknown, false, "Whether a BOOLEAN is NULL"),
    truth_test!(operators::IS_NOT_UNKNOWN, Test::Unknown, true, "Whether a BOOLEAN is not NULL"),
];

#[derive(Clone, Copy, PartialEq, Eq)]
enum Test {
    Null,
    True,
    False,
    Unknown,
}

fn test(name: &'static str, test: Test, negated: bool, arguments: &[Argument<'_>]) -> Result<Resolved> {
    let [argument] = arguments else {
        return Err(Error::input(format!("{name} takes one operand, not {}", arguments.len())));
    };
    let kind = &argument.data_type.kind;
    let parameter = match (test, kind) {
        (Test::Null, _) | (_, TypeKind::Boolean) => argument.data_type.clone(),
        (_, TypeKind::Null) => TypeKind::Boolean.nullable(),
        _ => return Err(Error::input(format!("{name} takes a BOOLEAN, not {}", argument.data_type))),
    };
    let kernel = kernel(name, move |arguments| {
        let (array, _) = arguments.raw(0)?;
        let holds = match test {
            Test::Null | Test::Unknown => match array.logical_nulls() {
                Some(nulls) => !nulls.inner(),
                None => BooleanBuffer::new_unset(array.len()),
            },
            Test::True => is(booleans(array)?, true),
            Test::False => is(booleans(array)?, false),
        };
        Ok(Arc::new(BooleanArray::new(if negated { !&holds } else { holds }, None)))
    });
    Ok(Resolved { parameters: vec![parameter], returns: TypeKind::Boolean.not_null(), kernel })
}

fn booleans(array: &ArrayRef) -> Result<&BooleanArray> {
    array.as_boolean_opt().ok_or_else(|| Error::bug(format!("a BOOLEAN came as {}", array.data_type())))
}

fn is(array: &BooleanArray, value: bool) -> BooleanBuffer {
    let values = if value { array.values().clone() } else { !array.values() };
    match array.nulls().map(NullBuffer::inner) {
        Some(valid) => &values & valid,
        None => values,
    }
}

fn not(_: &FunctionContext, arguments: &[Argument<'_>]) -> Result<Resolved> {
    match arguments {
        [argument] if argument.data_type.kind == TypeKind::Boolean => Ok(Resolved {
            parameters: vec![argument.data_type.clone()],
            returns: argument.data_type.clone(),
            kernel: kernel("NOT", |arguments| {
                let array = booleans(arguments.raw(0)?.0)?;
                Ok(Arc::new(BooleanArray::new(!array.values(), array.nulls().cloned())))
            }),
        }),
        [argument] => Err(Error::input(format!("NOT takes a BOOLEAN, not {}", argument.data_type))),
        _ => Err(Error::input(format!("NOT takes one operand, not {}", arguments.len()))),
    }
}
