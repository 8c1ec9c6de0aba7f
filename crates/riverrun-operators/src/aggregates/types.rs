//! What the functions share when they look at the types of a call.

use super::{AggregateArgument, AggregateInput, AggregateOptions};
use riverrun_core::{DataType, Error, Result, TypeKind};

/// The one argument of a function that takes one.
pub fn single<'a, 'b>(name: &str, arguments: &'b [AggregateArgument<'a>]) -> Result<&'b AggregateArgument<'a>> {
    match arguments {
        [argument] => Ok(argument),
        _ => Err(Error::input(format!("{name} takes one argument")).detail(format!("{} were given", arguments.len()))),
    }
}

/// The one argument of a function that takes a number.
pub fn numeric<'a, 'b>(name: &str, arguments: &'b [AggregateArgument<'a>]) -> Result<&'b AggregateArgument<'a>> {
    let argument = single(name, arguments)?;
    match argument.data_type.kind.is_numeric() {
        true => Ok(argument),
        false => Err(mismatch(name, arguments, &format!("{name}(<NUMERIC>)"))),
    }
}

/// The error for arguments that a function does not take.
pub fn mismatch(name: &str, arguments: &[AggregateArgument<'_>], supported: &str) -> Error {
    let types: Vec<String> = arguments.iter().map(|argument| argument.data_type.kind.to_string()).collect();
    Error::input(format!("{name} cannot be applied to ({})", types.join(", ")))
        .detail(format!("supported: {supported}"))
}

/// Whether the result may be NULL: the argument may be, or all rows may be missing (no group keys, or a filter).
pub fn nullable_if_empty(argument: &DataType, options: &AggregateOptions) -> bool {
    argument.nullable || !options.grouped || options.filtered
}

/// The argument at this position, as it is.
pub fn input(argument: usize, arguments: &[AggregateArgument<'_>]) -> AggregateInput {
    AggregateInput { argument, data_type: arguments[argument].data_type.clone() }
}

/// The argument at this position, cast to a type.
pub fn input_as(argument: usize, arguments: &[AggregateArgument<'_>], kind: TypeKind) -> AggregateInput {
    AggregateInput { argument, data_type: kind.with_nullable(arguments[argument].data_type.nullable) }
}

/// The type of an average of numbers: the type itself, DECIMAL(38, max(6, s)) for DECIMAL(p, s).
pub fn average_type(argument: &TypeKind) -> TypeKind {
    match argument {
        TypeKind::Decimal { scale, .. } => TypeKind::decimal(38, (*scale).max(6)),
        other => other.clone(),
    }
}
