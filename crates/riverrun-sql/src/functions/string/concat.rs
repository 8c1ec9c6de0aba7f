//! `||`, CONCAT, CONCAT_WS.

use super::super::kernels::{Accept, Arguments, accept, accept_variadic, any_nullable, kernel, texts};
use super::super::{Argument, FunctionDef, Resolved, operators};
use super::declared_length;
use arrow::array::ArrayRef;
use riverrun_core::types::MAX_LENGTH;
use riverrun_core::{Result, TypeKind};

const PIPES: &str = "string || string";
const CONCAT: &str = "CONCAT(string, …)";
const CONCAT_WS: &str = "CONCAT_WS(separator, string, …)";

/// The functions of this file.
pub const FUNCTIONS: &[FunctionDef] = &[
    FunctionDef::new("string", operators::CONCAT, PIPES, "One text after the other.", |_, arguments| {
        resolve_pipes(arguments)
    }),
    FunctionDef::new("string", "CONCAT", CONCAT, "One text after the other; NULL if any is.", |_, arguments| {
        resolve_concat(arguments)
    }),
    FunctionDef::new(
        "string",
        "CONCAT_WS",
        CONCAT_WS,
        "The texts that are not NULL, with the separator between them.",
        |_, arguments| resolve_concat_ws(arguments),
    ),
];

fn resolve_pipes(arguments: &[Argument<'_>]) -> Result<Resolved> {
    let parameters = accept(PIPES, arguments, &[Accept::Text; 2], 2)?;
    let length = declared_length(&parameters[0]).saturating_add(declared_length(&parameters[1])).min(MAX_LENGTH);
    let kind = if parameters.iter().all(|parameter| matches!(parameter.kind, TypeKind::Char(_))) {
        TypeKind::Char(length)
    } else {
        TypeKind::Varchar(length)
    };
    let returns = kind.with_nullable(any_nullable(arguments));
    Ok(Resolved { parameters, returns, kernel: kernel(operators::CONCAT, concat) })
}

fn resolve_concat(arguments: &[Argument<'_>]) -> Result<Resolved> {
    let parameters = accept_variadic(CONCAT, arguments, &[], 1, Some(Accept::Text))?;
    let returns = TypeKind::STRING.with_nullable(any_nullable(arguments));
    Ok(Resolved { parameters, returns, kernel: kernel(CONCAT, concat) })
}

fn concat(arguments: &Arguments) -> Result<ArrayRef> {
    let parts = (0..arguments.len()).map(|position| arguments.text(position)).collect::<Result<Vec<_>>>()?;
    texts(arguments.rows(), |row, out| {
        for part in &parts {
            out.push_str(part.get(row)?);
        }
        Some(())
    })
}

fn resolve_concat_ws(arguments: &[Argument<'_>]) -> Result<Resolved> {
    let parameters = accept_variadic(CONCAT_WS, arguments, &[Accept::Text], 2, Some(Accept::Text))?;
    let returns = TypeKind::STRING.with_nullable(any_nullable(arguments));
    let compute = kernel(CONCAT_WS, |arguments| {
        let separator = arguments.text(0)?;
        let parts = (1..arguments.len()).map(|position| arguments.text(position)).collect::<Result<Vec<_>>>()?;
        texts(arguments.rows(), |row, out| {
            let separator = separator.get(row)?;
            for (index, part) in parts.iter().filter_map(|part| part.get(row)).enumerate() {
                if index > 0 {
                    out.push_str(separator);
                }
                out.push_str(part);
            }
            Some(())
        })
    });
    Ok(Resolved { parameters, returns, kernel: compute })
}
