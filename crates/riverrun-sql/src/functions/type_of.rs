//! TYPEOF: the name of an expression's type.

use super::kernels::{kernel, mismatch};
use super::{Argument, FunctionContext, FunctionDef, Resolved};
use arrow::array::{ArrayRef, StringArray};
use datafusion_common::ScalarValue;
use riverrun_core::{DataType, Result, TypeKind};
use std::sync::Arc;

#[cfg(test)]
mod tests;

const SYNTAX: &str = "TYPEOF(value [, serializable])";

/// The function.
pub const FUNCTIONS: &[FunctionDef] = &[FunctionDef {
    name: "TYPEOF",
    aliases: &[],
    group: "typeof",
    syntax: SYNTAX,
    doc: "The name of the value's type; with TRUE the long form, as in VARCHAR(2147483647)",
    deterministic: true,
    resolve,
}];

fn resolve(_: &FunctionContext, arguments: &[Argument<'_>]) -> Result<Resolved> {
    // As in Flink, that a column is a time attribute is no part of the name.
    let name = match arguments {
        [value] => value.data_type.without_time_attribute().to_string(),
        [value, Argument { literal: Some(ScalarValue::Boolean(Some(long))), .. }] => {
            let data_type = value.data_type.without_time_attribute();
            if *long { long_name(&data_type) } else { data_type.to_string() }
        }
        _ => return Err(mismatch(SYNTAX, arguments)),
    };
    Ok(Resolved {
        parameters: arguments.iter().map(|argument| argument.data_type.clone()).collect(),
        returns: TypeKind::STRING.nullable(),
        kernel: kernel("TYPEOF", move |arguments| {
            let names = StringArray::from_iter_values(std::iter::repeat_n(&name, arguments.rows()));
            Ok(Arc::new(names) as ArrayRef)
        }),
    })
}

/// Flink's serializable string of a type.
fn long_name(data_type: &DataType) -> String {
    let kind = match &data_type.kind {
        TypeKind::Varchar(length) => format!("VARCHAR({length})"),
        TypeKind::Varbinary(length) => format!("VARBINARY({length})"),
        TypeKind::TimestampLtz { precision, .. } => format!("TIMESTAMP({precision}) WITH LOCAL TIME ZONE"),
        TypeKind::Array(element) => format!("ARRAY<{}>", long_name(element)),
        TypeKind::Multiset(element) => format!("MULTISET<{}>", long_name(element)),
        TypeKind::Map(key, value) => format!("MAP<{}, {}>", long_name(key), long_name(value)),
        TypeKind::Row(fields) => {
            let fields: Vec<String> = fields
                .iter()
                .map(|field| format!("`{}` {}", field.name.replace('`', "``"), long_name(&field.data_type)))
                .collect();
            format!("ROW<{}>", fields.join(", "))
        }
        kind => kind.to_string(),
    };
    if data_type.nullable || data_type.kind == TypeKind::Null { kind } else { format!("{kind} NOT NULL") }
}
